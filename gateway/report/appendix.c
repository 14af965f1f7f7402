/* SPDX-License-Identifier: Apache-2.0 */
#include "report/appendix.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/figures.h"
#include "roster/programme.h"
#include "store/audience.h"
#include "text/vi.h"

struct appendix_row {
	int64_t unit_id;
	size_t rank;
	int64_t *counts; /* by column */
};

struct appendix {
	const struct programme *p;
	const struct units *units;
	struct appendix_row *rows;
	size_t n, cap;
	int64_t reached, daily; /* of the first target; for each working day */
};

static struct appendix_row *appendix_row_of(struct appendix *a, int64_t unit_id)
{
	if (!a->p->appendix.by_unit)
		unit_id = 0;
	for (size_t i = 0; i < a->n; i++) {
		if (a->rows[i].unit_id == unit_id)
			return &a->rows[i];
	}
	a->rows = mem_grow(a->rows, &a->cap, a->n + 1, sizeof(*a->rows));
	a->rows[a->n] = (struct appendix_row){
	    .unit_id = unit_id,
	    .counts = mem_calloc(a->p->appendix.columns.n + 1, sizeof(int64_t))};
	return &a->rows[a->n++];
}

/* n rows of a list that agree in all that is counted. */
static void appendix_count(const struct recipient *r, int64_t n, void *arg)
{
	struct appendix *a = arg;
	const struct unit *u = units_find(a->units, r->unit_id);
	struct predicate_row seen = {.r = r, .unit_name = u != NULL ? u->name : NULL};
	struct appendix_row *row;

	if (r->hold == HOLD_GONE) /* counts where nothing does; a unit may be gone with it */
		return;
	if (a->p->targets.n > 0 && programme_target_reached(a->p, 0, &seen))
		a->reached += n;
	row = appendix_row_of(a, r->unit_id);
	for (size_t i = 0; i < a->p->appendix.columns.n; i++)
		row->counts[i] += programme_figure_counts(a->p, i, &seen) ? n : 0;
}

static bool appendix_take(const struct recipient *r, void *arg)
{
	appendix_count(r, 1, arg);
	return true;
}

static int appendix_by_unit(const void *a, const void *b)
{
	const struct appendix_row *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->unit_id < y->unit_id ? -1 : x->unit_id > y->unit_id;
}

/* By the kinds kept beside the rows of the list, unless a column looks at what only the rows say. Rows stand as
 * in the other tables of the programme. */
static int appendix_read(struct appendix *a, struct store *st, struct err *e)
{
	int rc =
	    programme_appendix_by_kind(a->p)
		? store_recipient_kinds(st, a->p->name, appendix_count, a, e)
		: store_recipient_scan(st, a->p->name, 0, SIZE_MAX, true, appendix_take, a, e);

	for (size_t i = 0; i < a->n; i++)
		a->rows[i].rank = figures_rank(a->p, units_find(a->units, a->rows[i].unit_id));
	if (a->n > 0)
		qsort(a->rows, a->n, sizeof(*a->rows), appendix_by_unit);
	return rc;
}

/* "Chỉ tiêu mời dân hàng ngày": what is left to the target, over the working days that are left to its
 * deadline, rounded up; the whole once it is over. */
static void appendix_set_daily(struct appendix *a, const struct calendar *calendar, int64_t now)
{
	const struct programme_target *t = a->p->targets.items;
	civil_day today = civil_day_of(now), last;
	int64_t left, days;

	if (a->p->targets.n == 0 || t->deadline == 0)
		return;
	last = (civil_day)(t->inclusive ? t->deadline : t->deadline - 1);
	left = t->assigned - a->reached;
	days = last >= today ? calendar_working_days(calendar, today, last) : 0;
	if (left > 0)
		a->daily = days > 0 ? (left + days - 1) / days : left;
}

static json_t *appendix_columns(const struct appendix *a)
{
	const struct programme_figure *f = a->p->appendix.columns.items;
	json_t *list = json_array();

	for (size_t i = 0; i < a->p->appendix.columns.n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b}", "group",
						      f[i].group, "title", f[i].title, "empty",
						      *f[i].when == '\0' && !f[i].daily,
						      "daily", f[i].daily));
	return list;
}

static json_t *appendix_row(const struct appendix *a, const struct appendix_row *row)
{
	const struct programme_figure *f = a->p->appendix.columns.items;
	const struct unit *u = units_find(a->units, row->unit_id);
	json_t *counts = json_array();
	char *name, *shown;
	json_t *o;

	for (size_t i = 0; i < a->p->appendix.columns.n; i++)
		json_array_append_new(counts,
				      json_integer(f[i].daily ? a->daily : row->counts[i]));
	if (!a->p->appendix.by_unit)
		name = mem_strdup(a->p->appendix.total);
	else if (u == NULL)
		name = mem_strdup("Chưa rõ");
	else if (*u->kind == '\0' ||
		 (a->p->unit_kind != NULL && strcmp(u->kind, a->p->unit_kind) == 0))
		name = mem_strdup(u->name);
	else
		name = mem_printf("%s %s", u->kind, u->name);
	shown = vi_first_upper(name);
	o = json_pack("{s:s, s:s, s:o}", "unit", shown, "name", u != NULL ? u->name : "",
		      "counts", counts);
	free(shown);
	free(name);
	return o;
}

static json_t *appendix_one(struct store *st, const struct programme *p,
			    const struct report_house *h, const struct units *units,
			    int64_t now, struct err *e)
{
	struct appendix a = {.p = p, .units = units};
	json_t *rows = json_array(), *o = NULL;

	if (!p->appendix.by_unit)
		(void)appendix_row_of(&a, 0);
	if (appendix_read(&a, st, e) < 0)
		goto out;
	appendix_set_daily(&a, h->house->calendar, now);
	for (size_t i = 0; i < a.n; i++)
		json_array_append_new(rows, appendix_row(&a, &a.rows[i]));
	o = json_pack("{s:s, s:s, s:b, s:o, s:O}", "number", p->appendix.number, "title",
		      p->appendix.title, "by_unit", p->appendix.by_unit, "columns",
		      appendix_columns(&a), "rows", rows);
out:
	for (size_t i = 0; i < a.n; i++)
		free(a.rows[i].counts);
	free(a.rows);
	json_decref(rows);
	return o;
}

/* Adds it where its number belongs: "I" < "II" < "III", and so on as texts do. */
static void appendix_insert(json_t *list, json_t *one)
{
	size_t at = 0;

	while (at < json_array_size(list) &&
	       strcmp(figures_text(json_array_get(list, at), "number"),
		      figures_text(one, "number")) <= 0)
		at++;
	json_array_insert_new(list, at, one);
}

json_t *appendix_draw(struct store *st, const struct report_house *h, const struct units *units,
		      int64_t now, struct err *e)
{
	json_t *list = json_array();
	bool officials = h->officials == NULL;

	for (size_t i = 0; i <= h->n_programmes; i++) {
		const struct programme *p = i < h->n_programmes ? h->programmes[i] : NULL;
		json_t *one;

		officials = officials || p == h->officials;
		if (p == NULL && !officials)
			p = h->officials;
		if (p == NULL || *p->appendix.number == '\0')
			continue;
		one = appendix_one(st, p, h, units, now, e);
		if (one == NULL) {
			json_decref(list);
			return NULL;
		}
		/* what the teams count on their own */
		json_object_set_new(one, "handed_in", json_boolean(p != h->officials));
		appendix_insert(list, one);
	}
	return list;
}
