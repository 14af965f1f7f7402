/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/calendar.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "text/vi.h"

/* Decree 91/2020/NĐ-CP: 07:00–22:00, whatever is configured. */
#define CALENDAR_EARLIEST 420
#define CALENDAR_LATEST	  1320

/* How far calendar_next_open() looks. The longest block known is nine days. */
#define CALENDAR_HORIZON 60

/* Days told one by one: 2023-01-01 … 2059-12-31. Outside them only the weekday and the fixed feasts
 * speak. */
#define CALENDAR_FIRST_YEAR 2023
#define CALENDAR_LAST_YEAR  2059

enum calendar_mark {
	CALENDAR_OFF = 1 << 0,	  /* public holiday, or a day off in its place */
	CALENDAR_WORKED = 1 << 1, /* a rest day that is worked instead */
	CALENDAR_TET =
	    1 << 2, /* giao thừa to mùng 3: nobody is written to, whatever is configured */
};

struct calendar_span {
	int from, to; /* yyyymmdd, inclusive */
};

/* Days off of civil servants. 2023–2026: as decided each year by the Prime Minister (blocks with their
 * swapped Saturdays below). 2027–2030 are not decided yet: the legal days of Art. 112 of the Labour
 * Code 2019 (01/01; Tết 5 days, taken as giao thừa to mùng 4; Giỗ Tổ 10/3 lunar; 30/4; 01/5; 02/9 and
 * its neighbour), and for those on a weekly rest day the next working day (Art. 111). An operator
 * adds what is decided in `hours.holidays` and `hours.worked`. */
static const struct calendar_span calendar_off[] = {
    {20230101, 20230102}, {20230120, 20230126}, {20230429, 20230503}, {20230901, 20230904},
    {20240101, 20240101}, {20240208, 20240214}, {20240418, 20240418}, {20240427, 20240501},
    {20240831, 20240903}, {20250101, 20250101}, {20250125, 20250202}, {20250407, 20250407},
    {20250430, 20250504}, {20250830, 20250902}, {20260101, 20260104}, {20260214, 20260222},
    {20260425, 20260427}, {20260430, 20260503}, {20260829, 20260902}, {20270101, 20270101},
    {20270205, 20270211}, {20270416, 20270416}, {20270430, 20270503}, {20270902, 20270903},
    {20280101, 20280103}, {20280125, 20280131}, {20280404, 20280404}, {20280430, 20280502},
    {20280901, 20280904}, {20290101, 20290101}, {20290212, 20290216}, {20290423, 20290423},
    {20290430, 20290501}, {20290902, 20290904}, {20300101, 20300101}, {20300201, 20300207},
    {20300412, 20300412}, {20300430, 20300501}, {20300902, 20300903},
};

/* Saturdays worked for a bridged day, by the same decisions. */
static const int calendar_worked[] = {20240504, 20250426, 20260110, 20260822};

/* Mùng 1 Tết in Viet Nam (UTC+7). Three published calendars agree, and the new moons were computed
 * independently. A Chinese calendar would be a day late in 2030: its new moon is 23:07 here. */
static const int calendar_tet[] = {20230122, 20240210, 20250129, 20260217,
				   20270206, 20280126, 20290213, 20300202};

/* Feasts on a date of the solar year, for the years without a table. */
static const struct {
	int month, day;
} calendar_fixed[] = {{1, 1}, {4, 30}, {5, 1}, {9, 2}};

/* Days on which one hamlet's office is closed. */
struct calendar_hamlet {
	char *fold; /* its name, folded */
	struct {
		civil_day from, to;
	} * closed;
	size_t n;
};

struct calendar {
	struct {
		int from, to; /* minutes of the day, [from, to) */
	} piece[2];	      /* in order of the day */
	int n_pieces;
	bool weekends;
	struct calendar_hamlet *hamlets;
	size_t n_hamlets;
	civil_day first;
	int n_days;
	unsigned char marks[]; /* enum calendar_mark of first + i */
};

static const struct conf_field hours_hamlet_fields[] = {
    {.key = "unit",
     .type = CONF_STRING,
     .offset = offsetof(struct hours_hamlet, unit),
     .required = true,
     .help = "the hamlet: Tân Phú"},
    {.key = "closed",
     .type = CONF_STRINGS,
     .offset = offsetof(struct hours_hamlet, closed),
     .help = "days on which its office is closed: 2027-03-01 or 2027-03-01..2027-03-02"},
    {.key = NULL},
};
static const struct conf_table hours_hamlet_table = {
    "a hamlet's own days off", sizeof(struct hours_hamlet), hours_hamlet_fields};

#define HOURS(member) .offset = offsetof(struct hours_config, member)
static const struct conf_field hours_fields[] = {
    {.key = "from",
     .type = CONF_TIME,
     HOURS(from),
     .fallback = "07:30",
     .help = "from when on people may be written to; never before 07:00"},
    {.key = "to",
     .type = CONF_TIME,
     HOURS(to),
     .fallback = "19:00",
     .help = "until when; never after 22:00; before `from`: the window wraps past midnight"},
    {.key = "weekends",
     .type = CONF_BOOL,
     HOURS(weekends),
     .fallback = "false",
     .help = "also on Saturdays and Sundays"},
    {.key = "holidays",
     .type = CONF_STRINGS,
     HOURS(holidays),
     .help = "days off beside the built-in table 2023-2030: 2027-02-05 or "
	     "2027-02-05..2027-02-11"},
    {.key = "worked",
     .type = CONF_STRINGS,
     HOURS(worked),
     .help = "Saturdays that are worked instead of a day off: 2026-08-22"},
    {.key = "hamlets",
     .type = CONF_OBJECTS,
     HOURS(hamlets),
     .table = &hours_hamlet_table,
     .max = 200,
     .help = "hamlets whose offices are closed on further days"},
    {.key = NULL},
};
const struct conf_table hours_config_table = {"the hours of sending",
					      sizeof(struct hours_config), hours_fields};

#define CAPS(member) .offset = offsetof(struct caps_config, member)
static const struct conf_field caps_fields[] = {
    {.key = "per_day",
     .type = CONF_INT,
     CAPS(per_day),
     .fallback = "1",
     .min = 1,
     .max = 3,
     .help = "messages to one number on one day"},
    {.key = "per_week",
     .type = CONF_INT,
     CAPS(per_week),
     .fallback = "2",
     .min = 1,
     .max = 21,
     .help = "messages to one number from Monday to Sunday"},
    {.key = "complaints",
     .type = CONF_INT,
     CAPS(complaints),
     .fallback = "10",
     .min = 1,
     .max = 1000000,
     .help = "so many people who ask not to be written to, or are strangers, halt a campaign"},
    {.key = NULL},
};
const struct conf_table caps_config_table = {"how often one number is written to",
					     sizeof(struct caps_config), caps_fields};

static civil_day calendar_day(int yyyymmdd)
{
	bool ok;

	return civil_day_from_date(yyyymmdd / 10000, yyyymmdd / 100 % 100, yyyymmdd % 100, &ok);
}

static unsigned calendar_marks(const struct calendar *c, civil_day day)
{
	return day >= c->first && day - c->first < c->n_days ? c->marks[day - c->first] : 0;
}

static void calendar_mark_span(struct calendar *c, civil_day from, civil_day to, unsigned mark)
{
	for (civil_day d = from; d <= to; d++)
		c->marks[d - c->first] = (unsigned char)(c->marks[d - c->first] | mark);
}

static void calendar_mark_builtin(struct calendar *c)
{
	int table_ends =
	    calendar_tet[sizeof(calendar_tet) / sizeof(calendar_tet[0]) - 1] / 10000;

	for (size_t i = 0; i < sizeof(calendar_off) / sizeof(calendar_off[0]); i++)
		calendar_mark_span(c, calendar_day(calendar_off[i].from),
				   calendar_day(calendar_off[i].to), CALENDAR_OFF);
	for (size_t i = 0; i < sizeof(calendar_worked) / sizeof(calendar_worked[0]); i++)
		calendar_mark_span(c, calendar_day(calendar_worked[i]),
				   calendar_day(calendar_worked[i]), CALENDAR_WORKED);
	for (size_t i = 0; i < sizeof(calendar_tet) / sizeof(calendar_tet[0]); i++) {
		civil_day mung_1 = calendar_day(calendar_tet[i]);

		calendar_mark_span(c, mung_1 - 1, mung_1 + 2, CALENDAR_OFF | CALENDAR_TET);
	}
	for (int year = table_ends + 1; year <= CALENDAR_LAST_YEAR; year++) {
		for (size_t i = 0; i < sizeof(calendar_fixed) / sizeof(calendar_fixed[0]);
		     i++) {
			civil_day d =
			    calendar_day(year * 10000 + calendar_fixed[i].month * 100 +
					 calendar_fixed[i].day);

			calendar_mark_span(c, d, d, CALENDAR_OFF);
		}
	}
	if (civil_from_ms(clock_now_ms()).year > table_ends)
		log_warn("calendar", "no_tet_known",
			 "since=%d hint=\"enter Tet in hours.holidays\"", table_ends + 1);
}

/* Reads "2027-02-05" or "2027-02-05..2027-02-11". */
static int calendar_read_span(const struct calendar *c, const char *key, const char *text,
			      civil_day *first, civil_day *last, struct err *e)
{
	const char *dots = strstr(text, "..");
	size_t n = dots != NULL ? (size_t)(dots - text) : strlen(text);
	char *begin = mem_strndup(text, n);
	int64_t from = 0, to = 0;
	int rc = 0;

	if (conf_parse_date(begin, &from) < 0 ||
	    conf_parse_date(dots != NULL ? dots + 2 : begin, &to) < 0)
		rc = err_set(e, EX_CONFIG,
			     "hours.%s: \"%s\" is no date such as 2027-02-05 or "
			     "2027-02-05..2027-02-11",
			     key, text);
	else if (from > to)
		rc = err_set(e, EX_CONFIG, "hours.%s: \"%s\" ends before it begins", key, text);
	else if (from < c->first || to >= c->first + c->n_days)
		rc = err_set(e, EX_CONFIG, "hours.%s: \"%s\" lies outside the years %d to %d",
			     key, text, CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR);
	*first = (civil_day)from;
	*last = (civil_day)to;
	free(begin);
	return rc;
}

static int calendar_mark_config(struct calendar *c, const char *key, const char *text,
				unsigned mark, struct err *e)
{
	civil_day from, to;

	if (calendar_read_span(c, key, text, &from, &to, e) < 0)
		return -1;
	calendar_mark_span(c, from, to, mark);
	return 0;
}

/* The same for every spelling. Yours. */
static char *calendar_hamlet_fold(const char *name)
{
	static const char *const kinds[] = {"ap ", "thon ", "khom ", "buon ", "lang ", "ban "};
	char *fold = vi_fold(name);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i]);

		if (strncmp(fold, kinds[i], n) == 0 && fold[n] != '\0') {
			memmove(fold, fold + n, strlen(fold + n) + 1);
			break;
		}
	}
	return fold;
}

bool calendar_same_hamlet(const char *a, const char *b)
{
	char *x = calendar_hamlet_fold(a), *y = calendar_hamlet_fold(b);
	bool same = strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

static int calendar_add_hamlets(struct calendar *c, const struct conf_list *list, struct err *e)
{
	const struct hours_hamlet *h = list->items;

	c->hamlets = mem_calloc(list->n, sizeof(*c->hamlets));
	for (size_t i = 0; i < list->n; i++) {
		struct calendar_hamlet *to = &c->hamlets[c->n_hamlets++];

		to->fold = calendar_hamlet_fold(h[i].unit);
		to->closed = mem_calloc(h[i].closed.n, sizeof(*to->closed));
		for (size_t k = 0; k < h[i].closed.n; k++, to->n++)
			if (calendar_read_span(c, "hamlets", ((char **)h[i].closed.items)[k],
					       &to->closed[k].from, &to->closed[k].to, e) < 0)
				return -1;
	}
	return 0;
}

/* Keeps what of [from, to) lies inside the law's limits. */
static void calendar_add_piece(struct calendar *c, int64_t from, int64_t to)
{
	int a = from < CALENDAR_EARLIEST ? CALENDAR_EARLIEST : (int)from;
	int b = to > CALENDAR_LATEST ? CALENDAR_LATEST : (int)to;

	if (a >= b)
		return;
	c->piece[c->n_pieces].from = a;
	c->piece[c->n_pieces].to = b;
	c->n_pieces++;
}

struct calendar *calendar_new(const struct hours_config *hours, struct err *e)
{
	civil_day first = calendar_day(CALENDAR_FIRST_YEAR * 10000 + 101);
	int n_days = calendar_day((CALENDAR_LAST_YEAR + 1) * 10000 + 101) - first;
	struct calendar *c = mem_calloc(1, sizeof(*c) + (size_t)n_days);

	c->first = first;
	c->n_days = n_days;
	c->weekends = hours->weekends;
	/* A window that wraps is the evening of a day and the morning of the next; each moment is
	 * judged by its own day. */
	if (hours->from > hours->to) {
		calendar_add_piece(c, 0, hours->to);
		calendar_add_piece(c, hours->from, 1440);
	} else {
		calendar_add_piece(c, hours->from, hours->to);
	}
	if (c->n_pieces == 0) {
		err_set(e, EX_CONFIG,
			"hours: from %02d:%02d to %02d:%02d leaves no minute between 07:00 and "
			"22:00",
			(int)hours->from / 60, (int)hours->from % 60, (int)hours->to / 60,
			(int)hours->to % 60);
		goto fail;
	}
	calendar_mark_builtin(c);
	for (size_t i = 0; i < hours->holidays.n; i++)
		if (calendar_mark_config(c, "holidays", ((char **)hours->holidays.items)[i],
					 CALENDAR_OFF, e) < 0)
			goto fail;
	for (size_t i = 0; i < hours->worked.n; i++)
		if (calendar_mark_config(c, "worked", ((char **)hours->worked.items)[i],
					 CALENDAR_WORKED, e) < 0)
			goto fail;
	if (calendar_add_hamlets(c, &hours->hamlets, e) < 0)
		goto fail;
	return c;
fail:
	calendar_free(c);
	return NULL;
}

void calendar_free(struct calendar *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_hamlets; i++) {
		free(c->hamlets[i].fold);
		free(c->hamlets[i].closed);
	}
	free(c->hamlets);
	free(c);
}

bool calendar_is_holiday(const struct calendar *c, civil_day day)
{
	unsigned m = calendar_marks(c, day);

	return (m & CALENDAR_TET) != 0 ||
	       (m & (CALENDAR_OFF | CALENDAR_WORKED)) == CALENDAR_OFF;
}

static bool calendar_is_workday_of_week(const struct calendar *c, civil_day day)
{
	return civil_weekday(day) <= 5 || (calendar_marks(c, day) & CALENDAR_WORKED) != 0;
}

bool calendar_is_working_day(const struct calendar *c, civil_day day)
{
	return calendar_is_workday_of_week(c, day) && !calendar_is_holiday(c, day);
}

civil_day calendar_working_day_before(const struct calendar *c, civil_day day)
{
	civil_day d = day;

	while (!calendar_is_working_day(c, d) && day - d < CALENDAR_HORIZON)
		d--;
	return d;
}

int calendar_working_days(const struct calendar *c, civil_day from, civil_day to)
{
	int n = 0;

	for (civil_day d = from; d <= to; d++)
		n += calendar_is_working_day(c, d);
	return n;
}

/* ---- offices ------------------------------------------------------------------------------ */

static bool calendar_hamlet_closed(const struct calendar_hamlet *h, civil_day day)
{
	for (size_t i = 0; i < h->n; i++)
		if (day >= h->closed[i].from && day <= h->closed[i].to)
			return true;
	return false;
}

bool calendar_office_open(const struct calendar *c, const char *hamlet, civil_day day)
{
	char *fold;
	bool open = calendar_is_working_day(c, day);

	if (!open || c->n_hamlets == 0 || hamlet == NULL || *hamlet == '\0')
		return open;
	fold = calendar_hamlet_fold(hamlet);
	for (size_t i = 0; i < c->n_hamlets && open; i++)
		open = strcmp(c->hamlets[i].fold, fold) != 0 ||
		       !calendar_hamlet_closed(&c->hamlets[i], day);
	free(fold);
	return open;
}

int calendar_office_days(const struct calendar *c, const char *hamlet, civil_day from,
			 civil_day to)
{
	int n = 0;

	for (civil_day d = from; d <= to; d++)
		n += calendar_office_open(c, hamlet, d);
	return n;
}

/* The day after, but for weekends: everybody knows that those are closed. */
static civil_day calendar_weekday_after(civil_day day)
{
	do {
		day++;
	} while (civil_weekday(day) > 5);
	return day;
}

bool calendar_visit_day(const struct calendar *c, const char *hamlet, civil_day day)
{
	return (civil_weekday(day) > 5 || calendar_office_open(c, hamlet, day)) &&
	       calendar_office_open(c, hamlet, calendar_weekday_after(day));
}

bool calendar_hamlets_differ(const struct calendar *c, civil_day day)
{
	for (size_t i = 0; i < c->n_hamlets; i++)
		if (calendar_hamlet_closed(&c->hamlets[i], day) ||
		    calendar_hamlet_closed(&c->hamlets[i], calendar_weekday_after(day)))
			return true;
	return false;
}

int64_t calendar_next_visit(const struct calendar *c, const char *hamlet, int64_t t)
{
	civil_day last = civil_day_of(t) + CALENDAR_HORIZON;
	int64_t at = calendar_next_open(c, t);

	while (at != INT64_MAX && civil_day_of(at) <= last &&
	       !calendar_visit_day(c, hamlet, civil_day_of(at)))
		at = calendar_next_open(c, civil_day_start_ms(civil_day_of(at) + 1));
	return at == INT64_MAX || civil_day_of(at) > last ? INT64_MAX : at;
}

static bool calendar_day_open(const struct calendar *c, civil_day day)
{
	return (c->weekends || calendar_is_workday_of_week(c, day)) &&
	       !calendar_is_holiday(c, day);
}

int64_t calendar_window_end(const struct calendar *c, int64_t t)
{
	civil_day day = civil_day_of(t);
	int minute = civil_minute_of_day(t);

	if (!calendar_day_open(c, day))
		return t;
	for (int i = 0; i < c->n_pieces; i++)
		if (minute >= c->piece[i].from && minute < c->piece[i].to)
			return civil_day_start_ms(day) + c->piece[i].to * CLOCK_MINUTE_MS;
	return t;
}

bool calendar_open(const struct calendar *c, int64_t t)
{
	return calendar_window_end(c, t) != t;
}

int64_t calendar_next_open(const struct calendar *c, int64_t t)
{
	civil_day today = civil_day_of(t);

	for (civil_day d = today; d <= today + CALENDAR_HORIZON; d++) {
		if (!calendar_day_open(c, d))
			continue;
		for (int i = 0; i < c->n_pieces; i++) {
			int64_t start =
			    civil_day_start_ms(d) + c->piece[i].from * CLOCK_MINUTE_MS;
			int64_t end = civil_day_start_ms(d) + c->piece[i].to * CLOCK_MINUTE_MS;

			if (t < end)
				return t > start ? t : start;
		}
	}
	return INT64_MAX;
}
