/* SPDX-License-Identifier: Apache-2.0 */
/* When people may be written to: hours in civil time, working days, holidays,
 * the days on which offices are closed, and how often one number. */
#ifndef MOIDAN_CAMPAIGN_CALENDAR_H
#define MOIDAN_CAMPAIGN_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/conf.h"

/* One element of `hours.hamlets`: days on which a hamlet's office is closed beside the holidays. */
struct hours_hamlet {
	char *unit;		 /* "Tân Phú" */
	struct conf_list closed; /* char *: as holidays */
};
/* `hours:` of moidan.yaml. The outer limits 07:00–22:00 (Decree 91/2020/NĐ-CP) cannot be widened. */
struct hours_config {
	int64_t from, to;	   /* minutes of the day; from > to wraps past midnight */
	bool weekends;		   /* also Saturday and Sunday */
	struct conf_list holidays; /* char *: "2027-02-05" or "2027-02-05..2027-02-11" */
	struct conf_list worked;   /* char *: Saturdays that are worked */
	struct conf_list hamlets;  /* struct hours_hamlet */
};
/* from 07:30, to 19:00, no weekends. */
extern const struct conf_table hours_config_table;

/* `caps:` of moidan.yaml: messages to one number by civil day and ISO week. House defaults 1 a day,
 * 2 a week; never above the law's 3 a day. */
struct caps_config {
	int64_t per_day, per_week;
	int64_t complaints; /* so many who do not want it, or are strangers, halt a campaign; 10 */
};
extern const struct conf_table caps_config_table;

struct calendar;

/* Compiles the hours; the table of Tết and public holidays 2023–2030 is built in and added to by
 * hours->holidays. A day in hours->worked is worked even where the table says holiday, but giao thừa
 * to mùng 3 stay closed whatever is configured. Of later years only the feasts of the solar calendar
 * are known, which is logged when they begin. NULL with e (EX_CONFIG: a date that cannot be read,
 * hours that leave nothing between 07:00 and 22:00). */
struct calendar *calendar_new(const struct hours_config *hours, struct err *e);
void calendar_free(struct calendar *c);

bool calendar_is_holiday(const struct calendar *c, civil_day day);
/* Monday to Friday and no holiday, or a worked Saturday. */
bool calendar_is_working_day(const struct calendar *c, civil_day day);
civil_day calendar_working_day_before(const struct calendar *c,
				      civil_day day); /* day itself counts */
int calendar_working_days(const struct calendar *c, civil_day from,
			  civil_day to); /* inclusive */

/* ---- offices -----------------------------------------------------------------------------
 *
 * hamlet is a unit's name without its kind, NULL or "" for the commune's own offices: they are open on
 * working days, a hamlet's on those that are not its own days off. */

/* "Ấp Tân Phú" and "Tân Phú" are one hamlet, however lists and operators write it. */
bool calendar_same_hamlet(const char *a, const char *b);
bool calendar_office_open(const struct calendar *c, const char *hamlet, civil_day day);
/* Days on which it is open, both ends counted. */
int calendar_office_days(const struct calendar *c, const char *hamlet, civil_day from,
			 civil_day to);
/* Whether a message that sends people to an office ("thứ 2-6") may go out on a day: people come the same
 * day or on the next weekday, so the office must be open on both. */
bool calendar_visit_day(const struct calendar *c, const char *hamlet, civil_day day);
/* The first moment >= t that is open (calendar_next_open) and on such a day; INT64_MAX when there is none
 * within 60 days. */
int64_t calendar_next_visit(const struct calendar *c, const char *hamlet, int64_t t);
/* Whether some hamlet, and not the whole commune, is closed on a day or the two weekdays around it: only
 * then need anybody ask whose message it is. */
bool calendar_hamlets_differ(const struct calendar *c, civil_day day);

/* Whether a bulk message may be sent at t; and the first moment >= t at which one may (t itself
 * when open). INT64_MAX when there is none within 60 days. */
bool calendar_open(const struct calendar *c, int64_t t);
int64_t calendar_next_open(const struct calendar *c, int64_t t);
/* The end of the window that t lies in (t when closed). */
int64_t calendar_window_end(const struct calendar *c, int64_t t);

#endif
