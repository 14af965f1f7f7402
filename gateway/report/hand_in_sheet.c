/* SPDX-License-Identifier: Apache-2.0 */
#include "report/hand_in_sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/hand_in.h"
#include "paper/book.h"
#include "report/figures.h"
#include "report/heads.h"
#include "report/teams.h"
#include "roster/sheet.h"
#include "text/vi.h"

#define SHEET_UNIT	   "Đơn vị"
#define SHEET_DIFFICULTIES "Khó khăn, vướng mắc"
#define SHEET_PROPOSALS	   "Đề xuất"

/* ---- the form ---------------------------------------------------------------------------- */

static const json_t *sheet_first_hamlet(const json_t *figures)
{
	const json_t *team;
	size_t i;

	json_array_foreach(json_object_get(figures, "teams"), i, team)
	{
		if (*figures_text(team, "unit") != '\0')
			return team;
	}
	return NULL;
}

static struct grid *sheet_grid(const json_t *figures, const json_t *fields)
{
	size_t n = json_array_size(fields), i;
	struct grid_column *columns = mem_calloc(n + 3, sizeof(*columns));
	const json_t *team, *f;
	struct grid *g;

	columns[0].mm = 40;
	for (i = 0; i < n; i++)
		columns[i + 1] = (struct grid_column){28, GRID_RIGHT};
	columns[n + 1].mm = columns[n + 2].mm = 70;
	g = grid_new(n + 3, columns, 1);
	free(columns);
	grid_head(g, SHEET_UNIT, 1, 1);
	json_array_foreach(fields, i, f) grid_head(g, figures_text(f, "title"), 1, 1);
	grid_head(g, SHEET_DIFFICULTIES, 1, 1);
	grid_head(g, SHEET_PROPOSALS, 1, 1);
	json_array_foreach(json_object_get(figures, "teams"), i, team)
	{
		if (*figures_text(team, "unit") == '\0')
			continue;
		grid_text(g, figures_text(team, "unit"));
		for (size_t c = 0; c < n + 2; c++)
			grid_text(g, "");
	}
	return g;
}

int hand_in_form(const json_t *figures, const char *path, struct err *e)
{
	const json_t *fields = json_object_get(sheet_first_hamlet(figures), "fields");
	struct book *b;
	struct grid *g;
	char *title;

	if (json_array_size(fields) == 0)
		return err_set(e, EX_NOINPUT, "chưa có ấp nào để báo số liệu");
	if (book_open(path, false, &b, e) < 0)
		return -1;
	g = sheet_grid(figures, fields);
	title = mem_printf("SỐ LIỆU CỦA TỔ CÔNG NGHỆ SỐ\nTuần %s; để trống ô không đếm",
			   figures_text(figures, "week"));
	book_grid(b, "Số liệu", title, g);
	free(title);
	grid_free(g);
	return book_close(b, e);
}

/* ---- reading ----------------------------------------------------------------------------- */

struct sheet_form {
	struct hand_in_field fields[HAND_IN_FIELDS];
	size_t n_fields;
	int unit, difficulties, proposals, of[HAND_IN_FIELDS]; /* columns; -1 = none */
	const char *agency; /* kind of the units that are no hamlets and have no team */
	struct units units;
	int *rows; /* of units: where it was read; 0 = not yet */
};

/* Titles are compared as lists write them: any case, line breaks, spaces. */
static bool sheet_same(const char *a, const char *b)
{
	char *x = vi_fold(a), *y = vi_fold(b), *to = x;
	bool same;

	for (char *s = x; *s != '\0'; s++)
		*to++ = *s == '\n' || *s == '\r' ? ' ' : *s;
	*to = '\0';
	same = strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

/* Whether this row is the heading: then the columns are known. */
static bool sheet_heading(struct sheet_form *f, const struct sheet_row *row)
{
	size_t found = 0;

	f->unit = f->difficulties = f->proposals = -1;
	for (size_t k = 0; k < f->n_fields; k++)
		f->of[k] = -1;
	for (int i = 0; i < row->n; i++) {
		const char *text = row->cells[i].text;

		if (sheet_same(text, SHEET_UNIT) || sheet_same(text, "Ấp"))
			f->unit = i;
		else if (sheet_same(text, SHEET_DIFFICULTIES))
			f->difficulties = i;
		else if (sheet_same(text, SHEET_PROPOSALS))
			f->proposals = i;
		for (size_t k = 0; k < f->n_fields; k++) {
			if (f->of[k] < 0 && sheet_same(text, f->fields[k].title)) {
				f->of[k] = i;
				found++;
			}
		}
	}
	return f->unit >= 0 && found > 0;
}

static const char *sheet_cell(const struct sheet_row *row, int column)
{
	const char *text = column >= 0 && column < row->n ? row->cells[column].text : "";

	return text + strspn(text, " ");
}

/* The hamlet that a row is of, with its kind before it ("Ấp Tân Phú") or without, and not for the second time. */
static int sheet_hamlet(struct sheet_form *f, const char *name, int row, int64_t *id,
			struct err *e)
{
	const char *agency = f->agency != NULL ? f->agency : "";

	for (size_t i = 0; i < f->units.n; i++) {
		const struct unit *u = &f->units.items[i];

		if ((*agency != '\0' && strcmp(u->kind, agency) == 0) ||
		    !heads_same_unit(name, u))
			continue;
		if (f->rows[i] != 0)
			return err_set(e, EX_DATAERR, "\"%s\" đã ghi ở hàng %d", name,
				       f->rows[i]);
		f->rows[i] = row;
		*id = u->id;
		return 0;
	}
	return err_set(e, EX_DATAERR, "không có ấp nào tên \"%s\"", name);
}

/* 1: a team's row, taken in; 0: nothing of the kind; -1. */
static int sheet_take(struct store *st, const struct report_house *h, struct sheet_form *f,
		      const struct sheet_row *row, const struct hand_in *in, struct err *e)
{
	const char *values[HAND_IN_FIELDS], *unit = sheet_cell(row, f->unit);
	struct hand_in one = *in;
	bool any = false;
	int rc;

	one.difficulties = sheet_cell(row, f->difficulties);
	one.proposals = sheet_cell(row, f->proposals);
	for (size_t k = 0; k < f->n_fields; k++) {
		values[k] = sheet_cell(row, f->of[k]);
		any = any || *values[k] != '\0';
	}
	if (*unit == '\0' || (!any && *one.difficulties == '\0' && *one.proposals == '\0') ||
	    sheet_same(unit, "Tổng cộng") || sheet_same(unit, "Cộng"))
		return 0;
	rc = sheet_hamlet(f, unit, row->number, &one.unit_id, e);
	if (rc == 0)
		rc = hand_in_take(st, h->programmes, h->n_programmes, &one, values, f->n_fields,
				  e);
	if (rc < 0)
		err_context(e, "hàng %d", row->number);
	return rc < 0 ? -1 : 1;
}

int hand_in_read(struct store *st, const struct report_house *h, const char *path,
		 const struct hand_in *in, size_t *n, struct err *e)
{
	struct sheet_form f = {
	    .n_fields = hand_in_fields(h->programmes, h->n_programmes, false, f.fields),
	    .agency = h->officials != NULL ? h->officials->unit_kind : NULL};
	struct sheet sheet;
	bool heading = false;
	int rc = 0;

	*n = 0;
	if (sheet_read(path, -1, NULL, NULL, &sheet, e) < 0)
		return -1;
	rc = units_load(&f.units, st, e);
	f.rows = mem_calloc(f.units.n + 1, sizeof(*f.rows));
	for (int i = 0; rc >= 0 && i < sheet.n_rows; i++) {
		struct sheet_row row = sheet_row_at(&sheet, i);

		if (!heading)
			heading = sheet_heading(&f, &row);
		else
			rc = sheet_take(st, h, &f, &row, in, e);
		*n += rc > 0;
	}
	sheet_free(&sheet);
	units_free(&f.units);
	free(f.rows);
	if (rc < 0)
		return -1;
	if (!heading)
		return err_set(e, EX_DATAERR,
			       "tệp này không có hàng tiêu đề \"" SHEET_UNIT
			       "\" và các cột số liệu như \"%s\"",
			       f.n_fields > 0 ? f.fields[0].title : "");
	if (*n == 0)
		return err_set(e, EX_DATAERR, "tệp này chưa ghi số liệu của ấp nào");
	return 0;
}
