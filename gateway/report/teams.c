/* SPDX-License-Identifier: Apache-2.0 */
#include "report/teams.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/hand_in.h"
#include "report/figures.h"
#include "report/heads.h"
#include "store/hand_in.h"

struct teams {
	json_t *list;
};

static int64_t teams_unit_id(const struct units *units, const char *name, const char *kind)
{
	for (size_t i = 0; i < units->n; i++) {
		if (strcmp(units->items[i].name, name) == 0 &&
		    strcmp(units->items[i].kind, kind) == 0)
			return units->items[i].id;
	}
	return -1;
}

/* The row of a hamlet, or the only one of an appendix without hamlets; NULL when there is none. */
static const json_t *teams_row(const json_t *appendix, const char *unit)
{
	const json_t *rows = json_object_get(appendix, "rows"), *row;
	size_t i;

	if (*unit == '\0')
		return json_array_get(rows, 0);
	json_array_foreach(rows, i, row)
	{
		if (strcmp(figures_text(row, "name"), unit) == 0)
			return row;
	}
	return NULL;
}

static void teams_appendix_fields(const json_t *a, const char *unit, json_t *fields)
{
	const json_t *counts = json_object_get(teams_row(a, unit), "counts"), *c;
	struct hand_in_field field;
	size_t i;

	json_array_foreach(json_object_get(a, "columns"), i, c)
	{
		if (hand_in_field_of(figures_text(a, "number"), i, figures_text(c, "group"),
				     figures_text(c, "title"),
				     json_is_true(json_object_get(c, "empty")),
				     json_is_true(json_object_get(c, "daily")), &field))
			json_array_append_new(
			    fields, json_pack("{s:s, s:s, s:n, s:I, s:b}", "key", field.key,
					      "title", field.title, "said", "counted",
					      json_integer_value(json_array_get(counts, i)),
					      "differs", 0));
	}
}

static json_t *teams_fields(const json_t *figures, const char *unit)
{
	json_t *fields = json_array();
	const json_t *a;
	size_t i;

	json_array_foreach(json_object_get(figures, "appendices"), i, a)
	{
		if (json_is_true(json_object_get(a, "handed_in")) &&
		    json_is_true(json_object_get(a, "by_unit")) == (*unit != '\0'))
			teams_appendix_fields(a, unit, fields);
	}
	return fields;
}

static void teams_append(json_t *list, const json_t *figures, const char *unit,
			 const char *kind, int64_t unit_id)
{
	json_array_append_new(
	    list, json_pack("{s:s, s:s, s:I, s:b, s:I, s:s, s:s, s:o, s:i, s:s, s:s}", "unit",
			    unit, "kind", kind, "unit_id", (json_int_t)unit_id, "handed_in", 0,
			    "at", (json_int_t)0, "who", "", "way", "", "fields",
			    teams_fields(figures, unit), "differs", 0, "difficulties", "",
			    "proposals", ""));
}

static void teams_take(const struct hand_in *in, void *arg)
{
	const struct teams *t = arg;
	json_t *team, *said = json_loads(in->figures, 0, NULL), *f;
	int differs = 0;
	size_t i, k;

	json_array_foreach(t->list, i, team)
	{
		if (figures_int(team, "unit_id") == in->unit_id)
			break;
	}
	team = json_array_get(t->list, i);
	json_array_foreach(json_object_get(team, "fields"), k, f)
	{
		const json_t *n = json_object_get(said, figures_text(f, "key"));
		bool other = n != NULL && json_integer_value(n) != figures_int(f, "counted");

		if (n != NULL)
			json_object_set(f, "said", (json_t *)(uintptr_t)n);
		json_object_set_new(f, "differs", json_boolean(other));
		differs += other;
	}
	if (team != NULL) {
		json_object_set_new(team, "handed_in", json_true());
		json_object_set_new(team, "at", json_integer(in->at));
		json_object_set_new(team, "who", json_string(in->who));
		json_object_set_new(team, "way", json_string(in->way));
		json_object_set_new(team, "differs", json_integer(differs));
		json_object_set_new(team, "difficulties", json_string(in->difficulties));
		json_object_set_new(team, "proposals", json_string(in->proposals));
	}
	json_decref(said);
}

int teams_add(struct store *st, int iso_week, int64_t until, json_t *figures, struct err *e)
{
	struct teams t = {.list = json_array()};
	struct units units = {.items = NULL};
	const json_t *hamlet;
	size_t i;
	int rc = units_load(&units, st, e);

	json_array_foreach(json_object_get(figures, "heads"), i, hamlet)
	{
		const char *unit = figures_text(hamlet, "unit");
		const char *kind = figures_text(hamlet, "kind");

		if (*unit != '\0')
			teams_append(t.list, figures, unit, kind,
				     teams_unit_id(&units, unit, kind));
	}
	teams_append(t.list, figures, "", "", 0);
	if (rc == 0)
		rc = store_hand_in_list(st, iso_week, until, teams_take, &t, e);
	units_free(&units);
	json_object_set_new(figures, "teams", t.list);
	return rc;
}

char *teams_name(const json_t *figures, const json_t *team)
{
	const char *unit = figures_text(team, "unit"), *kind = figures_text(team, "kind");

	if (*unit == '\0')
		return mem_strdup(figures_text(figures, "commune"));
	return *kind != '\0' ? mem_printf("%s %s", kind, unit) : mem_strdup(unit);
}

int report_teams(struct store *st, int iso_week, json_t *figures, struct err *e)
{
	return teams_add(st, iso_week, INT64_MAX, figures, e);
}
