/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>

#define CIVIL_OFFSET_MS (7 * CLOCK_HOUR_MS)
/* An alarm later than this rings in between. */
#define CLOCK_ALARM_MAX_MS (3650 * CLOCK_DAY_MS)

static struct {
	bool virtual;
	int64_t wall_ms;
	int64_t mono_ms;
	_Atomic int64_t shift_ms; /* set while threads ask what time it is */
} clock_state;

static int64_t clock_read(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	if (clock_state.virtual)
		return clock_state.wall_ms;
	return clock_read(CLOCK_REALTIME) + clock_state.shift_ms;
}

int64_t clock_mono_ms(void)
{
	return clock_state.virtual ? clock_state.mono_ms : clock_read(CLOCK_MONOTONIC);
}

void clock_set_alarm(int timer_fd, int64_t at_ms)
{
	int64_t limit = clock_now_ms() + CLOCK_ALARM_MAX_MS;
	int64_t at = (at_ms < limit ? at_ms : limit) - clock_state.shift_ms;
	struct itimerspec when = {0};

	/* Zero would turn it off. */
	at = at > 1 ? at : 1;
	when.it_value.tv_sec = at / 1000;
	when.it_value.tv_nsec = at % 1000 * 1000000;
	(void)timerfd_settime(timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
			      NULL);
}

void clock_set_virtual(int64_t now_ms)
{
	if (!clock_state.virtual)
		clock_state.mono_ms = 1000000;
	clock_state.virtual = true;
	clock_state.wall_ms = now_ms;
}

void clock_advance_virtual(int64_t delta_ms)
{
	clock_state.wall_ms += delta_ms;
	clock_state.mono_ms += delta_ms;
}

void clock_jump_virtual(int64_t delta_ms)
{
	clock_state.wall_ms += delta_ms;
}

void clock_set_real(void)
{
	clock_state.virtual = false;
}

void clock_set_shift(int64_t offset_ms)
{
	clock_state.shift_ms = offset_ms;
}

bool clock_is_virtual(void)
{
	return clock_state.virtual;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

/* Days from civil and back: the proleptic Gregorian calendar in 400-year eras of 146097 days,
 * years beginning in March so that the leap day is the last of its year. */
static int64_t days_from_date(int year, int month, int dom)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = floor_div(y, 400);
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + dom - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

void civil_day_split(civil_day day, int *year, int *month, int *dom)
{
	int64_t z = (int64_t)day + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*dom = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

civil_day civil_day_from_date(int year, int month, int dom, bool *ok)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int last = month >= 1 && month <= 12 ? lengths[month - 1] + (month == 2 && leap) : 0;

	*ok = year >= 1 && year <= 9999 && dom >= 1 && dom <= last;
	return *ok ? (civil_day)days_from_date(year, month, dom) : -1;
}

civil_day civil_day_of(int64_t utc_ms)
{
	return (civil_day)floor_div(utc_ms + CIVIL_OFFSET_MS, CLOCK_DAY_MS);
}

int64_t civil_day_start_ms(civil_day day)
{
	return (int64_t)day * CLOCK_DAY_MS - CIVIL_OFFSET_MS;
}

int civil_minute_of_day(int64_t utc_ms)
{
	return (int)((utc_ms - civil_day_start_ms(civil_day_of(utc_ms))) / CLOCK_MINUTE_MS);
}

int civil_weekday(civil_day day)
{
	/* 1970-01-01 was a Thursday (4). */
	return (int)((((int64_t)day + 3) % 7 + 7) % 7) + 1;
}

struct civil civil_from_ms(int64_t utc_ms)
{
	civil_day day = civil_day_of(utc_ms);
	int64_t rest = (utc_ms - civil_day_start_ms(day)) / CLOCK_SECOND_MS;
	struct civil c = {0};

	civil_day_split(day, &c.year, &c.month, &c.day);
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	c.weekday = civil_weekday(day);
	return c;
}

int64_t civil_to_ms(const struct civil *c)
{
	int64_t days = days_from_date(c->year, c->month, c->day);

	return days * CLOCK_DAY_MS + c->hour * CLOCK_HOUR_MS + c->minute * CLOCK_MINUTE_MS +
	       c->second * CLOCK_SECOND_MS - CIVIL_OFFSET_MS;
}

int civil_iso_week(civil_day day)
{
	/* The week belongs to the year that holds its Thursday. */
	civil_day thursday = day - civil_weekday(day) + 4;
	int year, month, dom;
	civil_day first;

	civil_day_split(thursday, &year, &month, &dom);
	first = (civil_day)days_from_date(year, 1, 1);
	return year * 100 + (thursday - first) / 7 + 1;
}

civil_day civil_iso_week_monday(int iso_week)
{
	/* 4 January is always in week 1. */
	civil_day fourth = (civil_day)days_from_date(iso_week / 100, 1, 4);

	return fourth - civil_weekday(fourth) + 1 + (iso_week % 100 - 1) * 7;
}

void clock_format_rfc3339(int64_t utc_ms, char out[32])
{
	/* civil_from_ms adds seven hours: take them off first to read UTC. */
	struct civil c = civil_from_ms(utc_ms - CIVIL_OFFSET_MS);

	(void)snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year % 10000,
		       c.month % 100, c.day % 100, c.hour % 100, c.minute % 100, c.second % 100,
		       (int)(utc_ms - floor_div(utc_ms, 1000) * 1000));
}

void clock_format_vi(int64_t utc_ms, char out[32])
{
	struct civil c = civil_from_ms(utc_ms);

	(void)snprintf(out, 32, "%02d:%02d %02d/%02d/%04d", c.hour % 100, c.minute % 100,
		       c.day % 100, c.month % 100, c.year % 10000);
}

void civil_day_format_vi(civil_day day, char out[16])
{
	int y, m, d;

	civil_day_split(day, &y, &m, &d);
	(void)snprintf(out, 16, "%02d/%02d/%04d", d % 100, m % 100, y % 10000);
}

void civil_day_format_iso(civil_day day, char out[16])
{
	int y, m, d;

	civil_day_split(day, &y, &m, &d);
	(void)snprintf(out, 16, "%04d-%02d-%02d", y % 10000, m % 100, d % 100);
}
