/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/listing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "roster/layout.h"
#include "text/vdate.h"
#include "text/vi.h"

#define LISTING_MAX_COLUMNS 32

const char *listing_value(const struct listing_row *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->names[i], name) == 0)
			return r->values[i];
	return "";
}

/* A cell without the spaces and the invisible around it; yours. */
static char *listing_clean(const char *text)
{
	char *clean = vi_clean(text);

	return clean != NULL ? clean : mem_strdup("");
}

/* "Tổng cộng", "Người lập biểu": whoever makes a timetable signs and adds it up. */
static bool listing_is_remark(const char *text)
{
	static const char *const starts[] = {"tong", "cong", "nguoi lap", "noi nhan",
					     "ghi chu"};
	char *fold = vi_fold(text);
	bool hit = false;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]) && !hit; i++) {
		size_t n = strlen(starts[i]);

		hit = strncmp(fold, starts[i], n) == 0 && (fold[n] == '\0' || fold[n] == ' ');
	}
	free(fold);
	return hit;
}

struct listing {
	const struct programme *p;
	struct layout layout;
	const char *names[LISTING_MAX_COLUMNS];
	char *values[LISTING_MAX_COLUMNS];
};

/* Lays the row out by column of the table. false: nothing of a list stands there. */
static bool listing_lay_out(struct listing *l, const struct sheet_row *row)
{
	int n = (int)l->p->columns.n, filled = 0, first = -1;

	for (int c = 0; c < n; c++) {
		free(l->values[c]);
		l->values[c] = NULL;
	}
	for (int i = 0; i < row->n; i++) {
		int c = i < l->layout.n ? l->layout.of[i] : -1;

		if (first < 0 && row->cells[i].text[0] != '\0')
			first = i;
		if (c < 0)
			continue;
		free(l->values[c]);
		l->values[c] = listing_clean(row->cells[i].text);
		filled += l->values[c][0] != '\0';
	}
	for (int c = 0; c < n; c++)
		if (l->values[c] == NULL)
			l->values[c] = mem_strdup("");
	return filled > 0 && !listing_is_remark(row->cells[first].text);
}

static int listing_rows(struct listing *l, const struct sheet *s,
			int (*fn)(const struct listing_row *r, void *arg, struct err *e),
			void *arg, struct err *e)
{
	const struct programme_column *c = l->p->columns.items;
	int rc = 0;

	for (size_t i = 0; i < l->p->columns.n; i++)
		l->names[i] = c[i].name;
	for (int i = l->layout.heading + l->layout.heading_rows; rc == 0 && i < s->n_rows;
	     i++) {
		struct sheet_row row = sheet_row_at(s, i);
		struct listing_row out = {.number = row.number,
					  .n = (int)l->p->columns.n,
					  .names = l->names,
					  .values = (const char *const *)l->values};

		if (listing_lay_out(l, &row))
			rc = fn(&out, arg, e);
	}
	for (size_t i = 0; i < l->p->columns.n; i++)
		free(l->values[i]);
	return rc;
}

int listing_read(const char *dir, const char *name, const char *path, const char *encoding,
		 int (*fn)(const struct listing_row *r, void *arg, struct err *e), void *arg,
		 struct err *e)
{
	const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	char *file = mem_printf("%s/lists/%s.yaml", dir, name), why[512] = "";
	struct programme *p = programme_columns_load(file, e);
	struct listing l = {.p = p};
	struct sheet sheet;
	int rc = -1;

	free(file);
	if (p == NULL || sheet_read(path, -1, encoding, NULL, &sheet, e) < 0)
		goto out;
	if (layout_find(&sheet, p, NULL, &l.layout, why) == 1)
		rc = listing_rows(&l, &sheet, fn, arg, e);
	else
		rc = err_set(e, EX_DATAERR, "“%s”: %s", base, why);
	layout_clear(&l.layout);
	sheet_free(&sheet);
out:
	programme_free(p);
	return rc;
}

bool listing_day(const char *text, int this_year, civil_day *day)
{
	const char *digits = text + strcspn(text, "0123456789");
	struct vdate d = vdate_parse(digits, false, this_year + 1);
	bool ok = false;

	if (d.precision != DATE_DAY || d.invalid)
		return false;
	*day = civil_day_from_date(d.year, d.month, d.day, &ok);
	return ok;
}

/* One time at *at, which moves behind it. */
static bool listing_time(const char **at, int *minute)
{
	char *end;
	const char *p = *at + strcspn(*at, "0123456789");
	long hour = strtol(p, &end, 10), rest = 0;

	if (end == p || hour > 24)
		return false;
	p = end + strspn(end, " ");
	if (strncmp(p, "giờ", strlen("giờ")) == 0)
		p += strlen("giờ");
	else if (*p == ':' || tolower((unsigned char)*p) == 'h' ||
		 tolower((unsigned char)*p) == 'g')
		p++;
	p += strspn(p, " ");
	if (isdigit((unsigned char)*p)) {
		rest = strtol(p, &end, 10);
		p = end;
	}
	if (*p == ':') /* seconds */
		p += 1 + strspn(p + 1, "0123456789");
	*at = p;
	*minute = (int)(hour * 60 + rest);
	return rest < 60 && *minute <= 1440;
}

bool listing_hours(const char *text, int *from, int *to)
{
	char *end;
	double day = strtod(text, &end);

	*to = -1;
	if (end > text && *end == '\0' && day > 0 && day < 1) {
		*from = (int)(day * 1440 + 0.5);
		return true;
	}
	if (!listing_time(&text, from))
		return false;
	if (text[strcspn(text, "0123456789")] != '\0' && !listing_time(&text, to))
		return false;
	return true;
}

int listing_period(const struct listing_row *r, int this_year, civil_day *day, int *opens,
		   int *closes, struct err *e)
{
	const char *on = listing_value(r, "ngay"), *from = listing_value(r, "tu"),
		   *to = listing_value(r, "den");
	int ignored;

	if (!listing_day(on, this_year, day))
		return err_set(e, EX_DATAERR,
			       "dòng %d: “%s” không phải là ngày, như 12/06/2023", r->number,
			       on);
	if (!listing_hours(from, opens, closes))
		return err_set(e, EX_DATAERR, "dòng %d: “%s” không phải là giờ, như 07:30",
			       r->number, from);
	if (*to != '\0' && !listing_hours(to, closes, &ignored))
		return err_set(e, EX_DATAERR, "dòng %d: “%s” không phải là giờ, như 11:00",
			       r->number, to);
	return *closes >= 0
		   ? 0
		   : err_set(e, EX_DATAERR, "dòng %d: chưa có giờ kết thúc", r->number);
}
