/* SPDX-License-Identifier: Apache-2.0 */
#include "report/gather.h"

#include <stdlib.h>
#include <string.h>

#include "report/figures.h"
#include "report/rollup.h"
#include "text/vi.h"

/* Adds every count of more to sum, whatever they are called and however deep they stand. */
static void gather_sum(json_t *sum, const json_t *more)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)more, key, v)
	{
		if (json_is_integer(v)) {
			json_object_set_new(
			    sum, key,
			    json_integer(figures_int(sum, key) + json_integer_value(v)));
		} else if (json_is_object(v)) {
			if (!json_is_object(json_object_get(sum, key)))
				json_object_set_new(sum, key, json_object());
			gather_sum(json_object_get(sum, key), v);
		}
	}
}

static json_t *gather_named(const json_t *list, const char *key, const char *name)
{
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
	{
		if (strcmp(figures_text(o, key), name) == 0)
			return o;
	}
	return NULL;
}

/* The list of that key, which is made where there is none: what others sent need not have ours. */
static json_t *gather_list(json_t *o, const char *key)
{
	if (!json_is_array(json_object_get(o, key)))
		json_object_set_new(o, key, json_array());
	return json_object_get(o, key);
}

/* ---- targets ------------------------------------------------------------------------------ */

/* A target of nobody yet. */
static void gather_clear_target(json_t *t)
{
	static const char *const counts[] = {"assigned", "count", "reached", "assigned_sum"};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(t, counts[i], json_integer(0));
	json_object_set_new(t, "assigned_by_unit", json_array());
}

static void gather_target(json_t *targets, const json_t *theirs, const char *commune)
{
	json_t *t = gather_named(targets, "id", figures_text(theirs, "id")), *counts;
	int64_t assigned = figures_int(theirs, "assigned");

	if (t == NULL) {
		t = json_deep_copy(theirs);
		gather_clear_target(t);
		json_array_append_new(targets, t);
	}
	counts =
	    json_pack("{s:I, s:I, s:I, s:I}", "assigned", (json_int_t)assigned, "assigned_sum",
		      (json_int_t)assigned, "count", (json_int_t)figures_int(theirs, "count"),
		      "reached", (json_int_t)figures_int(theirs, "reached"));
	gather_sum(t, counts);
	json_decref(counts);
	json_array_append_new(
	    gather_list(t, "assigned_by_unit"),
	    json_pack("{s:s, s:I}", "unit", commune, "assigned", (json_int_t)assigned));
	json_object_set_new(
	    t, "percent_of_assigned",
	    figures_percent(figures_int(t, "reached"), figures_int(t, "assigned")));
	json_object_set_new(
	    t, "percent_of_count",
	    figures_percent(figures_int(t, "reached"), figures_int(t, "count")));
}

/* ---- programmes --------------------------------------------------------------------------- */

/* Ours of that name; what was not reported here until now begins empty. */
static json_t *gather_programme_of(json_t *programmes, const json_t *theirs)
{
	json_t *p = gather_named(programmes, "name", figures_text(theirs, "name")), *t;
	size_t i;

	if (p == NULL) {
		p = json_deep_copy(theirs);
		json_object_set_new(p, "units", json_array());
		json_object_set_new(p, "total", json_object());
		json_array_append_new(programmes, p);
	}
	if (figures_int(json_object_get(p, "total"), "total") == 0 &&
	    json_array_size(json_object_get(p, "units")) == 0) {
		json_array_foreach(gather_list(p, "targets"), i, t) gather_clear_target(t);
	}
	return p;
}

static void gather_programme(json_t *programmes, const json_t *theirs, const char *commune)
{
	json_t *p = gather_programme_of(programmes, theirs);
	const json_t *total = json_object_get(theirs, "total"), *t;
	json_t *row = json_is_object(total) ? json_deep_copy(total) : json_object();
	size_t i;

	gather_sum(json_object_get(p, "total"), row);
	json_object_set_new(row, "unit", json_string(commune));
	json_object_set_new(row, "kind", json_string(""));
	json_array_append_new(gather_list(p, "units"), row);
	json_array_foreach(json_object_get(theirs, "targets"), i, t)
	{
		if (json_is_object(t))
			gather_target(gather_list(p, "targets"), t, commune);
	}
}

/* ---- appendices --------------------------------------------------------------------------- */

/* Whether it counts nobody; what is to be invited a day is no count. */
static bool gather_is_empty(const json_t *appendix, const json_t *row)
{
	const json_t *columns = json_object_get(appendix, "columns"), *n;
	size_t i;

	json_array_foreach(json_object_get(row, "counts"), i, n)
	{
		if (json_integer_value(n) != 0 &&
		    !json_is_true(json_object_get(json_array_get(columns, i), "daily")))
			return false;
	}
	return true;
}

/* Ours of that number, without rows of nobody ("Toàn xã" of a list that we do not have). Each commune is a
 * row, also where a commune has but one. */
static json_t *gather_appendix_of(json_t *appendices, const json_t *theirs)
{
	json_t *a = gather_named(appendices, "number", figures_text(theirs, "number")), *rows;

	if (a == NULL) {
		a = json_deep_copy(theirs);
		json_object_set_new(a, "rows", json_array());
		json_array_append_new(appendices, a);
	}
	rows = json_object_get(a, "rows");
	for (size_t i = json_array_size(rows); i-- > 0;) {
		const json_t *row = json_array_get(rows, i);

		if (*figures_text(row, "name") == '\0' && gather_is_empty(a, row))
			json_array_remove(rows, i);
	}
	json_object_set_new(a, "by_unit", json_true());
	json_object_set_new(a, "handed_in", json_false()); /* no team of ours counts it */
	return a;
}

/* The sum of their column of the same group and title; 0 when they have none. */
static int64_t gather_column(const json_t *theirs, const json_t *column)
{
	const json_t *columns = json_object_get(theirs, "columns"), *c, *row;
	int64_t sum = 0;
	size_t i, k;

	json_array_foreach(columns, i, c)
	{
		if (strcmp(figures_text(c, "group"), figures_text(column, "group")) != 0 ||
		    strcmp(figures_text(c, "title"), figures_text(column, "title")) != 0)
			continue;
		json_array_foreach(json_object_get(theirs, "rows"), k, row) sum +=
		    json_integer_value(json_array_get(json_object_get(row, "counts"), i));
	}
	return sum;
}

static void gather_appendix(json_t *appendices, const json_t *theirs, const char *commune)
{
	json_t *a = gather_appendix_of(appendices, theirs), *counts = json_array();
	char *shown = vi_first_upper(commune);
	const json_t *c;
	size_t i;

	json_array_foreach(json_object_get(a, "columns"), i, c)
	    json_array_append_new(counts, json_integer(gather_column(theirs, c)));
	json_array_append_new(
	    gather_list(a, "rows"),
	    json_pack("{s:s, s:s, s:o}", "unit", shown, "name", commune, "counts", counts));
	free(shown);
}

/* ---- all of them -------------------------------------------------------------------------- */

/* Figures of one's progress have no appendices, and get none from others. */
static void gather_one(json_t *figures, const json_t *theirs, const char *commune)
{
	json_t *appendices = json_object_get(figures, "appendices");
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(theirs, "programmes"), i, o)
	{
		if (json_is_object(o))
			gather_programme(json_object_get(figures, "programmes"), o, commune);
	}
	json_array_foreach(json_object_get(theirs, "appendices"), i, o)
	{
		if (json_is_object(o) && json_is_array(appendices))
			gather_appendix(appendices, o, commune);
	}
}

int gather_add(struct store *st, const struct report_house *h, int iso_week, json_t *figures,
	       struct err *e)
{
	const struct report_commune *all = h->cfg->communes.items;
	json_t *list = json_array();

	for (size_t i = 0; i < h->cfg->communes.n; i++) {
		json_t *theirs = NULL;
		int64_t at = 0;
		int rc = rollup_figures(st, all[i].name, iso_week, &theirs, &at, e);

		if (rc < 0) {
			json_decref(list);
			return -1;
		}
		if (rc > 0)
			gather_one(figures, theirs, all[i].name);
		json_decref(theirs);
		json_array_append_new(list, json_pack("{s:s, s:I, s:b}", "name", all[i].name,
						      "received_at", (json_int_t)at, "missing",
						      rc == 0));
	}
	if (h->cfg->communes.n > 0)
		json_object_set(figures, "communes", list);
	json_decref(list);
	return 0;
}
