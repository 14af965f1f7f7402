/* SPDX-License-Identifier: Apache-2.0 */
/* How far each hamlet has come against what it was assigned: for the first page, and as a picture. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "paper/paper.h"
#include "report/report.h"
#include "web/page.h"
#include "web/screen.h"

/* What a unit was assigned of a target; 0 when it has no share of its own. */
static json_int_t progress_share(const json_t *target, const char *unit)
{
	const json_t *share;
	size_t i;

	json_array_foreach(json_object_get(target, "assigned_by_unit"), i, share)
	{
		if (strcmp(json_string_value(json_object_get(share, "unit")), unit) == 0)
			return json_integer_value(json_object_get(share, "assigned"));
	}
	return 0;
}

/* A row of a unit: how many of its people are where the target wants them. */
static json_t *progress_unit(const json_t *u, const json_t *target)
{
	const char *id = json_string_value(json_object_get(target, "id"));
	const char *unit = json_string_value(json_object_get(u, "unit"));
	json_int_t assigned = progress_share(target, unit);
	json_int_t total = json_integer_value(json_object_get(u, "total"));
	json_int_t done =
	    json_integer_value(json_object_get(json_object_get(u, "reached"), id));
	json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:I}", "kind",
			      json_string_value(json_object_get(u, "kind")), "unit", unit,
			      "total", total, "done", done, "percent",
			      total > 0 ? done * 100 / total : 0);

	if (assigned > 0)
		json_object_set_new(o, "share", json_integer(assigned));
	return o;
}

/* What a hamlet's officer is told of a target: the own hamlet's share, nothing of the others, of whom the
 * commune's numbers would tell. */
static void progress_own(json_t *o, const json_t *target, const char *own)
{
	const json_t *unit = json_array_get(json_object_get(o, "units"), 0);
	json_int_t share = progress_share(target, own);

	json_object_del(o, "assigned");
	if (share > 0)
		json_object_set_new(o, "assigned", json_integer(share));
	json_object_set_new(o, "reached",
			    json_integer(json_integer_value(json_object_get(unit, "done"))));
	json_object_set_new(o, "count",
			    json_integer(json_integer_value(json_object_get(unit, "total"))));
}

/* A target of a programme, with the hamlets beside each other. own: one unit alone, NULL = all. */
static json_t *progress_target(const json_t *p, const json_t *t, const char *own)
{
	static const char *const same[] = {"title",   "assigned", "reached",
					   "count",   "deadline", "id"};
	json_t *units = json_array(), *o = json_object(), *row;
	const json_t *u;
	bool shares = false;
	size_t i;

	json_array_foreach(json_object_get(p, "units"), i, u)
	{
		const char *unit = json_string_value(json_object_get(u, "unit"));

		if (own != NULL && strcmp(own, unit) != 0)
			continue;
		row = progress_unit(u, t);
		shares = shares || json_object_get(row, "share") != NULL;
		json_array_append_new(units, row);
	}
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		json_object_set(o, same[i], json_object_get(t, same[i]));
	json_object_set(o, "row", json_object_get(t, "unit"));
	json_object_set(o, "programme", json_object_get(p, "name"));
	json_object_set_new(o, "units", units);
	json_object_set_new(o, "listed", json_boolean(json_array_size(units) > 0));
	json_object_set_new(o, "shares", json_boolean(shares));
	json_object_set_new(o, "chart", json_false());
	if (own != NULL)
		progress_own(o, t, own);
	return o;
}

/* The one of a programme's targets from `from` on of which a picture is shown: the first that is not over, else the
 * first. */
static void progress_choose(json_t *list, size_t from, const char *today)
{
	size_t chosen = from;

	for (size_t i = json_array_size(list); i > from; i--) {
		const char *deadline =
		    json_string_value(json_object_get(json_array_get(list, i - 1), "deadline"));

		if (deadline == NULL || strcmp(deadline, today) >= 0)
			chosen = i - 1;
	}
	if (json_array_size(json_object_get(json_array_get(list, chosen), "units")) > 0)
		json_object_set_new(json_array_get(list, chosen), "chart", json_true());
}

/* Each programme's targets. */
static json_t *progress_list(const json_t *figures, const char *own)
{
	json_t *list = json_array();
	const json_t *p, *t;
	char today[16];
	size_t i, k;

	civil_day_format_iso(civil_day_of(clock_now_ms()), today);
	json_array_foreach(json_object_get(figures, "programmes"), i, p)
	{
		size_t from = json_array_size(list);

		json_array_foreach(json_object_get(p, "targets"), k, t)
		    json_array_append_new(list, progress_target(p, t, own));
		progress_choose(list, from, today);
	}
	return list;
}

struct progress_name {
	int64_t id;
	char *name;
};

static void progress_name(const struct unit *u, void *arg)
{
	struct progress_name *n = arg;

	if (u->id == n->id)
		n->name = mem_strdup(u->name);
}

/* What v may see of it; *drawn_at is a new reference. Yours; NULL with e. */
static json_t *progress_of(struct visit *v, json_t **drawn_at, struct err *e)
{
	struct progress_name own = {.id = v->who.unit_id};
	json_t *figures, *list = NULL;

	if (own.id != 0 && store_unit_list(v->st, progress_name, &own, e) < 0)
		return NULL;
	if (own.id != 0 && own.name == NULL) {
		(void)say(e, EX_NOPERM, "no_hamlet_of_account", NULL);
		return NULL;
	}
	figures = report_progress(v->st, v->house->report, clock_now_ms(), e);
	if (figures != NULL) {
		list = progress_list(figures, own.name);
		*drawn_at = json_incref(json_object_get(figures, "drawn_at"));
	}
	json_decref(figures);
	free(own.name);
	return list;
}

int progress_fill(struct visit *v, struct err *e)
{
	json_t *drawn_at, *list = progress_of(v, &drawn_at, e);

	if (list == NULL)
		return -1;
	json_object_set_new(v->model, "progress", list);
	json_object_set_new(v->model, "drawn_at", drawn_at);
	return 0;
}

/* ---- as a picture ---------------------------------------------------------------------------- */

static char *progress_label(const struct visit *v, const json_t *u)
{
	const char *unit = json_string_value(json_object_get(u, "unit"));

	return *unit == '\0' ? mem_strdup(page_word(v->pages, v->language, "home.no_unit"))
			     : mem_printf("%s %s", json_string_value(json_object_get(u, "kind")), unit);
}

static int progress_draw(struct visit *v, const char *path, void *arg, struct err *e)
{
	const json_t *target = arg, *units = json_object_get(target, "units"), *u;
	size_t n = json_array_size(units), i;
	struct bar *items = mem_calloc(n + 1, sizeof(*items));
	char **labels = mem_calloc(n + 1, sizeof(*labels));
	struct bars b = {.title = json_string_value(json_object_get(target, "title")),
			 .done = page_word(v->pages, v->language, "home.done"),
			 .total = page_word(v->pages, v->language, "home.total"),
			 .target = page_word(v->pages, v->language, "home.assigned_share"),
			 .n = n,
			 .items = items};
	int rc;

	json_array_foreach(units, i, u)
	{
		labels[i] = progress_label(v, u);
		items[i] = (struct bar){
		    .label = labels[i],
		    .done = json_integer_value(json_object_get(u, "done")),
		    .total = json_integer_value(json_object_get(u, "total")),
		    .target = json_integer_value(json_object_get(u, "share")),
		};
	}
	rc = bars_svg(&b, path, e);
	for (i = 0; i < n; i++)
		free(labels[i]);
	free(labels);
	free(items);
	return rc;
}

int screen_progress(struct visit *v, struct err *e)
{
	const json_t *t, *target = NULL;
	json_t *drawn_at, *list = progress_of(v, &drawn_at, e);
	size_t i;
	int rc;

	if (list == NULL)
		return -1;
	json_array_foreach(list, i, t)
	{
		if (strcmp(json_string_value(json_object_get(t, "programme")),
			   v->params.value[0]) == 0 &&
		    strcmp(json_string_value(json_object_get(t, "id")), v->params.value[1]) == 0)
			target = t;
	}
	rc = target == NULL
		 ? say(e, EX_NOINPUT, "no_target", NULL)
		 : visit_answer_drawn(v, progress_draw, (void *)(uintptr_t)target,
				      "image/svg+xml; charset=utf-8", NULL, e);
	json_decref(drawn_at);
	json_decref(list);
	return rc;
}
