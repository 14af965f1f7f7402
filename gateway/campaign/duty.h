/* SPDX-License-Identifier: Apache-2.0 */
/* The duty rota (Plan 46, V.6: "luân phiên trực tại Bộ phận Một cửa xã"; III.4: "trực từ thứ 2 đến thứ 6 hàng
 * tuần tại Văn phòng ấp"): entered, checked against the days that offices are open, and said to those on it
 * the evening before. What people are told of it is in plan.h: {{truc_ten}}, {{truc_noi}}, … */
#ifndef MOIDAN_CAMPAIGN_DUTY_H
#define MOIDAN_CAMPAIGN_DUTY_H

#include <stdbool.h>

#include "campaign/campaign.h"
#include "store/duty.h"

#define DUTY_TEXT	  "sms/duty/remind.txt"
#define DUTY_TEXT_CHANGED "sms/duty/changed.txt"
#define DUTY_TEXT_OFF	  "sms/duty/off.txt"

/* The hamlet is found by the place where unit_id is 0. -1 with EX_DATAERR (Vietnamese, naming the day) when a
 * field is missing, it ends before it begins, or the office is closed on that day. */
MUST_CHECK int campaign_duty_check(struct store *st, const struct campaign_house *house,
				   struct duty *d, struct err *e);

/* Hours ("07:30-11:00", "7h30-11h") and a mobile number ("" = as the list of officials has it) as somebody wrote
 * them; -1 with EX_DATAERR (Vietnamese). */
MUST_CHECK int campaign_duty_fill(struct duty *d, const char *hours, const char *phone,
				  struct err *e);

struct duty_list {
	struct duty *items; /* their texts are the list's */
	size_t n, cap;
};
void duty_list_free(struct duty_list *l);
/* Reads a rota (xlsx, csv; columns in config/lists/duty.yaml) and checks each row: all of them, or -1 with e
 * (EX_DATAERR, names the row). hamlet: what one is called ("ấp"). encoding NULL = decide. */
MUST_CHECK int campaign_duty_read(struct store *st, const struct campaign_house *house,
				  const char *hamlet, const char *path, const char *encoding,
				  struct duty_list *out, struct err *e);
/* {"id", "day", "opens", "closes", "place", "name", "number"}, the number masked; yours. */
json_t *campaign_duty_json(const struct duty *d);
/* The names of those whom no reminder would reach, once each; yours, NULL with e. */
MUST_CHECK json_t *campaign_duty_unreached(struct store *st, const char *officials,
					   const struct duty_list *l, struct err *e);

struct duty_change {
	int added, same, removed;
};
/* Writes a rota, all or none; where it speaks of a place on a day, whatever stood there before and is not in
 * it goes (replace). Audited. */
MUST_CHECK int campaign_duty_put(struct store *st, struct duty *list, size_t n, bool replace,
				 const char *who, struct duty_change *out, struct err *e);
/* 1/0/-1; audited. */
int campaign_duty_remove(struct store *st, int64_t id, const char *who, struct err *e);

/* The row of the list of officials that is reminded of d: by number, else by name, of several the one of the
 * same hamlet. 1 and *out (yours to clear), 0 nobody or not surely, -1. */
int campaign_duty_official(struct store *st, const char *officials, const struct duty *d,
			   struct recipient *out, struct err *e);

/* Plans what is due by now: a reminder to each from the minute `evening` of the day before until their first hour
 * begins, whatever happened in between; and, where the rota is no longer what they were told, what holds now: new hours,
 * or that they are not on duty any more. Once each; what has not left yet is withdrawn instead. *wake: when to come
 * again, if that is sooner than what it holds. For the store thread, in a transaction. */
MUST_CHECK int campaign_duty_tick(struct store *st, const struct campaign_house *house,
				  const char *officials, int evening, int64_t now,
				  int64_t *wake, struct err *e);

/* "7h30-11h", "13h30-17h". out holds 24 bytes. */
void duty_hours(int opens, int closes, char out[24]);

#endif
