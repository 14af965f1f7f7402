/* SPDX-License-Identifier: Apache-2.0 */
#include "text/vdate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "text/vi.h"

#define VDATE_CELL_MAX	 128
#define VDATE_FIELDS_MAX 4
#define VDATE_YEAR_FIRST 1900

/* One number of a date as written; digits 0: a place left open ("xx", nothing between
 * slashes). */
struct vdate_field {
	int value;
	int digits;
};

/* A cell taken to pieces. */
struct vdate_cell {
	struct vdate_field fields[VDATE_FIELDS_MAX];
	int n;
	bool labelled; /* "ngày … tháng … năm": the order is said */
	bool none;     /* says that there is no date */
	bool odd;      /* holds what belongs to no date */
	char eight[9]; /* the digits of a lone field of eight */
};

static bool vdate_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool vdate_is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool vdate_word_in(const char *w, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && memcmp(w, *words, n) == 0)
			return true;
	return false;
}

static void vdate_add(struct vdate_cell *c, int value, int digits)
{
	if (c->n == VDATE_FIELDS_MAX) {
		c->odd = true;
		return;
	}
	c->fields[c->n++] = (struct vdate_field){.value = value, .digits = digits};
}

/* The word of n letters at w. */
static void vdate_word(struct vdate_cell *c, const char *w, size_t n)
{
	static const char *const labels[] = {"ngay", "thang",  "nam", "sinh", "sn",
					     "ns",   "khoang", "t",   NULL};
	static const char *const none[] = {"khong", "ko", "k",	  "kg",
					   "chua",  "na", "null", NULL};
	static const char *const filler[] = {"ro", "co", "biet", "nho", "a", "n", NULL};

	if (strspn(w, "x") >= n)
		vdate_add(c, 0, 0);
	else if (vdate_word_in(w, n, labels))
		c->labelled |= w[0] == 't' || (w[0] == 'n' && n > 2);
	else if (vdate_word_in(w, n, none))
		c->none = true;
	else if (!vdate_word_in(w, n, filler))
		c->odd = true;
}

/* The digits at s; returns how many there are. */
static size_t vdate_number(struct vdate_cell *c, const char *s)
{
	size_t n = strspn(s, "0123456789");
	int value = 0;

	for (size_t i = 0; i < n && i < 8; i++)
		value = value * 10 + (s[i] - '0');
	vdate_add(c, value, n > 8 ? 9 : (int)n);
	if (n == 8)
		memcpy(c->eight, s, n);
	return n;
}

/* Cuts off a time of day: "0:00:00", "T00:00:00Z", "12:00 AM". */
static void vdate_cut_time(char *s)
{
	char *colon = strchr(s, ':');

	if (colon == NULL || colon == s || !vdate_is_digit(colon[-1]) ||
	    !vdate_is_digit(colon[1]))
		return;
	while (colon > s && vdate_is_digit(colon[-1]))
		colon--;
	if (colon > s && colon[-1] == 't')
		colon--;
	*colon = '\0';
}

static struct vdate_cell vdate_take_apart(const char *cell)
{
	struct vdate_cell c = {.n = 0};
	char room[VDATE_CELL_MAX + 1], *s = room, *made = NULL, *ascii;
	size_t len = strnlen(cell, VDATE_CELL_MAX + 1);
	bool slash = true; /* nothing stands since the last slash, or the start */

	if (len > VDATE_CELL_MAX) {
		c.odd = true;
		return c;
	}
	if (cell[strspn(cell, "0123456789/-. ")] == '\0') {
		memcpy(room, cell, len + 1);
	} else {
		ascii = vi_unaccent(cell);
		s = made = vi_lower(ascii);
		free(ascii);
	}
	vdate_cut_time(s);
	for (size_t i = 0; s[i] != '\0';) {
		size_t n = 1;

		if (vdate_is_digit(s[i])) {
			n = vdate_number(&c, s + i);
			slash = false;
		} else if (vdate_is_letter(s[i])) {
			while (vdate_is_letter(s[i + n]))
				n++;
			vdate_word(&c, s + i, n);
			slash = false;
		} else if (s[i] == '/') {
			if (slash)
				vdate_add(&c, 0, 0);
			slash = true;
		} else {
			c.odd |= (unsigned char)s[i] >= 0x80;
		}
		i += n;
	}
	free(made);
	return c;
}

/* The year of a field of two or four digits; 0 when it is none. */
static int vdate_year(const struct vdate_field *f, int this_year, bool *ambiguous)
{
	if (f->digits == 4)
		return f->value >= VDATE_YEAR_FIRST && f->value <= this_year ? f->value : 0;
	if (f->digits != 2)
		return 0;
	if (f->value > this_year % 100)
		return 1900 + f->value;
	*ambiguous = true;
	return 2000 + f->value;
}

/* Fills d from parts of which day and month may be 0 (unknown). */
static void vdate_fill(struct vdate *d, int year, int month, int day)
{
	bool ok = false;

	d->year = year;
	d->precision = DATE_YEAR;
	if (month == 0)
		return;
	if (month > 12) {
		d->invalid = true;
		return;
	}
	if (day > 0) {
		(void)civil_day_from_date(year, month, day, &ok);
		if (!ok) {
			d->invalid = true;
			return;
		}
		d->day = day;
	}
	d->month = month;
	d->precision = day > 0 ? DATE_DAY : DATE_MONTH;
}

/* The one year of four digits that stands in c, 0 if there is none or several. */
static int vdate_clear_year(const struct vdate_cell *c, int this_year)
{
	int year = 0, found = 0;

	for (int i = 0; i < c->n; i++) {
		bool ambiguous;
		int y = c->fields[i].digits == 4
			    ? vdate_year(&c->fields[i], this_year, &ambiguous)
			    : 0;

		found += y != 0;
		year = y != 0 ? y : year;
	}
	return found == 1 ? year : 0;
}

/* Two digits at p as a number. */
static int vdate_two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* One field: a year, yyyymmdd, ddmmyyyy or a serial number. Whether it was one. */
static bool vdate_one(struct vdate *d, const struct vdate_cell *c, int this_year)
{
	const struct vdate_field *f = &c->fields[0];
	const char *e = c->eight;
	int year;

	switch (f->digits) {
	case 2:
	case 4:
		year = vdate_year(f, this_year, &d->ambiguous);
		if (year != 0)
			vdate_fill(d, year, 0, 0);
		return year != 0;
	case 5:
		*d = vdate_from_serial(f->value, false, this_year);
		return !d->invalid;
	case 8:
		year = vdate_two(e) * 100 + vdate_two(e + 2);
		if (year >= VDATE_YEAR_FIRST && year <= this_year) {
			vdate_fill(d, year, vdate_two(e + 4), vdate_two(e + 6));
			return true;
		}
		year = vdate_two(e + 4) * 100 + vdate_two(e + 6);
		if (year < VDATE_YEAR_FIRST || year > this_year)
			return false;
		vdate_fill(d, year, vdate_two(e + 2), vdate_two(e));
		return true;
	default:
		return false;
	}
}

/* mm/yyyy, yyyy-mm, mm/yy where it can be no day and month. */
static bool vdate_two_fields(struct vdate *d, const struct vdate_cell *c, int this_year)
{
	const struct vdate_field *f = c->fields;
	bool year_first = f[0].digits == 4;
	int year = vdate_year(&f[!year_first], this_year, &d->ambiguous);
	const struct vdate_field *month = &f[year_first];

	if (year == 0 || month->digits > 2 ||
	    (f[1].digits == 2 && !year_first && f[1].value <= 31))
		return false;
	vdate_fill(d, year, month->value, 0);
	return true;
}

static bool vdate_three_fields(struct vdate *d, const struct vdate_cell *c, bool month_first,
			       int this_year)
{
	const struct vdate_field *f = c->fields;
	bool year_first = f[0].digits == 4;
	const struct vdate_field *year = &f[year_first ? 0 : 2], *month = &f[1],
				 *day = &f[year_first ? 2 : 0];
	int y = vdate_year(year, this_year, &d->ambiguous);

	if (month_first && !year_first && !c->labelled) {
		month = &f[0];
		day = &f[1];
	}
	if (y == 0 || month->digits > 2 || day->digits > 2)
		return false;
	vdate_fill(d, y, month->value, day->value);
	return true;
}

struct vdate vdate_parse(const char *cell, bool month_first, int this_year)
{
	struct vdate_cell c = vdate_take_apart(cell);
	struct vdate d = {.precision = DATE_NONE};
	bool ok = false;

	if (c.n == 1 && c.fields[0].digits == 0 && !c.odd)
		return d; /* a lone "x" */
	if (c.n == 0 && !c.odd)
		return d;
	if (!c.odd && !c.none) {
		if (c.n == 1)
			ok = vdate_one(&d, &c, this_year);
		else if (c.n == 2)
			ok = vdate_two_fields(&d, &c, this_year);
		else if (c.n == 3)
			ok = vdate_three_fields(&d, &c, month_first, this_year);
	}
	if (ok)
		return d;
	d = (struct vdate){.invalid = true, .year = vdate_clear_year(&c, this_year)};
	d.precision = d.year != 0 ? DATE_YEAR : DATE_NONE;
	return d;
}

struct vdate vdate_from_serial(double serial, bool system_1904, int this_year)
{
	struct vdate d = {.precision = DATE_NONE}, bad = {.invalid = true};
	int year, month, day, days;
	civil_day start;
	bool ok, whole;

	if (serial == 0)
		return d;
	if (!(serial >= 1 && serial < 1e8))
		return bad;
	days = (int)serial;
	whole = (double)days == serial;
	if (whole && days >= VDATE_YEAR_FIRST && days <= this_year) {
		vdate_fill(&d, days, 0, 0);
		return d;
	}
	if (whole && days >= 10000000) {
		char digits[16];

		(void)snprintf(digits, sizeof(digits), "%d", days);
		return vdate_parse(digits, false, this_year);
	}
	/* Excel takes 1900 for a leap year: day 60 does not exist, those before it are one
	 * off */
	if (system_1904)
		days += 1462;
	else if (days == 60)
		return bad;
	else if (days < 60)
		days++;
	start = civil_day_from_date(1899, 12, 30, &ok);
	civil_day_split(start + days, &year, &month, &day);
	if (year < VDATE_YEAR_FIRST || year > this_year)
		return bad;
	vdate_fill(&d, year, month, day);
	return d;
}

void vdate_column_feed(struct vdate_column *c, const char *cell)
{
	struct vdate_cell parts = vdate_take_apart(cell);

	if (parts.n != 3 || parts.odd || parts.labelled || parts.fields[0].digits > 2 ||
	    parts.fields[1].digits > 2)
		return;
	c->first_over_12 |= parts.fields[0].value > 12;
	c->second_over_12 |= parts.fields[1].value > 12;
}

bool vdate_column_month_first(const struct vdate_column *c)
{
	return c->second_over_12 && !c->first_over_12;
}
