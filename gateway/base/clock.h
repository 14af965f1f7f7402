/* SPDX-License-Identifier: Apache-2.0 */
/* Time. The store keeps UTC in milliseconds; people live in civil time, which
 * in Viet Nam is UTC+7 all year, so no time-zone database is asked. Durations
 * are measured on the monotonic clock: a wall clock that jumps resends nothing. */
#ifndef MOIDAN_BASE_CLOCK_H
#define MOIDAN_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SECOND_MS INT64_C(1000)
#define CLOCK_MINUTE_MS (60 * CLOCK_SECOND_MS)
#define CLOCK_HOUR_MS	(60 * CLOCK_MINUTE_MS)
#define CLOCK_DAY_MS	(24 * CLOCK_HOUR_MS)

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now_ms(void);

/* Milliseconds that only ever grow, from an unknown start. */
int64_t clock_mono_ms(void);

/* Sets a timerfd of CLOCK_REALTIME so that it rings at a moment of clock_now_ms(), be the wall clock set
 * meanwhile or not; read() fails with ECANCELED when it was set: look at what is due now. */
void clock_set_alarm(int timer_fd, int64_t at_ms);

/* Stops both clocks and sets the wall clock; tests and `simulate` drive time with these. */
void clock_set_virtual(int64_t now_ms);
void clock_advance_virtual(int64_t delta_ms); /* both clocks */
void clock_jump_virtual(int64_t delta_ms);    /* the wall clock alone, as an operator would */
/* Both clocks go with the machine's again; a shift stays. */
void clock_set_real(void);

/* The wall clock goes on, offset_ms away from the machine's; the demo lives in June 2023 with it. */
void clock_set_shift(int64_t offset_ms);
/* Whether the clocks stand still until they are told to go on. */
bool clock_is_virtual(void);

/* A civil day: days since 1970-01-01 in UTC+7. Day arithmetic is plain addition. */
typedef int32_t civil_day;

struct civil {
	int year, month, day;	  /* 1-based month and day */
	int hour, minute, second; /* 24 h */
	int weekday;		  /* ISO: 1 = thứ Hai … 7 = Chủ nhật */
};

/* Date, time and weekday in Viet Nam of a moment. */
struct civil civil_from_ms(int64_t utc_ms);
/* The moment of a date and time in Viet Nam, UTC ms. Minute 60 is the next hour, hour 24 the next
 * day. */
int64_t civil_to_ms(const struct civil *c); /* weekday is not read */
/* The day in Viet Nam of a moment; it changes at 17:00 UTC. */
civil_day civil_day_of(int64_t utc_ms);
int64_t civil_day_start_ms(civil_day day); /* 00:00 civil, as UTC ms */
int civil_minute_of_day(int64_t utc_ms);   /* 0 … 1439 */
int civil_weekday(civil_day day);	   /* 1 … 7 */
/* Its date: month 1 … 12, day of the month 1 … 31. */
void civil_day_split(civil_day day, int *year, int *month, int *dom);

/* The day of a date, or -1 in *ok=false when the date does not exist (30/2). */
civil_day civil_day_from_date(int year, int month, int dom, bool *ok);

/* ISO 8601 week: year*100 + week, e.g. 202324. */
int civil_iso_week(civil_day day);
civil_day civil_iso_week_monday(int iso_week); /* 202324 -> Monday of that week */

/* "2023-06-08T01:23:45.678Z"; out holds at least 25 bytes. */
void clock_format_rfc3339(int64_t utc_ms, char out[32]);
/* "08:30 01/12/2026" in civil time. */
void clock_format_vi(int64_t utc_ms, char out[32]);
/* "01/12/2026". */
void civil_day_format_vi(civil_day day, char out[16]);
/* "2026-12-01". */
void civil_day_format_iso(civil_day day, char out[16]);

#endif
