/* SPDX-License-Identifier: Apache-2.0 */
/* Wednesday: what the teams count, beside what the lists say. A hamlet's officer sees and hands in the
 * own hamlet's alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/hand_in.h"
#include "report/hand_in_sheet.h"
#include "report/report.h"
#include "web/model.h"
#include "web/screen.h"

static json_t *hand_in_figures(struct visit *v, int *week, struct err *e)
{
	int64_t now = clock_now_ms();
	bool frozen;

	if (report_week_parse(visit_text(v, "week"), now, week, e) < 0)
		return NULL;
	return model_figures_of(v, *week, &frozen, e);
}

static json_int_t hand_in_unit(const json_t *team)
{
	return json_integer_value(json_object_get(team, "unit_id"));
}

/* As it stands in the form: "" where nothing was said. */
static void hand_in_show(json_t *team)
{
	json_t *f;
	size_t i;

	visit_time(team, "at", json_integer_value(json_object_get(team, "at")));
	json_object_set_new(team, "own_team", json_boolean(hand_in_unit(team) == 0));
	json_object_set_new(
	    team, "any_differs",
	    json_boolean(json_integer_value(json_object_get(team, "differs")) > 0));
	json_array_foreach(json_object_get(team, "fields"), i, f)
	{
		const json_t *said = json_object_get(f, "said");

		json_object_set_new(
		    f, "shown",
		    json_is_integer(said)
			? json_sprintf("%lld", (long long)json_integer_value(said))
			: json_string(""));
	}
}

int screen_hand_in(struct visit *v, struct err *e)
{
	json_t *figures, *teams = json_array(), *team;
	int64_t unit = v->who.unit_id != 0 ? v->who.unit_id : visit_int(v, "unit");
	char name[16];
	size_t i;
	int week;

	figures = hand_in_figures(v, &week, e);
	if (figures == NULL) {
		json_decref(teams);
		return -1;
	}
	(void)snprintf(name, sizeof(name), "%d-W%02d", week / 100, week % 100);
	v->model = json_pack("{s:s, s:o, s:s, s:O, s:b}", "week", name, "teams", teams,
			     "unit_kind", v->house->unit_kind, "commune",
			     json_object_get(figures, "commune"), "whole", v->who.unit_id == 0);
	json_array_foreach(json_object_get(figures, "teams"), i, team)
	{
		/* nobody of a hamlet sees another */
		if (v->who.unit_id != 0 && hand_in_unit(team) != v->who.unit_id)
			continue;
		hand_in_show(team);
		json_array_append(teams, team);
		if (hand_in_unit(team) == unit)
			json_object_set_new(v->model, "one", json_pack("[O]", team));
	}
	json_decref(figures);
	return 0;
}

static int hand_in_begin(struct visit *v, struct hand_in *in, struct err *e)
{
	*in = (struct hand_in){.unit_id =
				   v->who.unit_id != 0 ? v->who.unit_id : visit_int(v, "unit"),
			       .difficulties = visit_text(v, "difficulties"),
			       .proposals = visit_text(v, "proposals"),
			       .at = clock_now_ms(),
			       .who = v->who.name,
			       .way = "console"};
	if (report_week_parse(visit_text(v, "week"), in->at, &in->week, e) < 0)
		return -1;
	return 0;
}

static int hand_in_end(struct visit *v, struct store *w, int rc, int week, int64_t unit,
		       struct err *e)
{
	if (store_end(w, rc, e) < 0)
		return -1;
	return visit_go(v, "/hand-in?week=%d-W%02d&unit=%lld&done=handed_in", week / 100,
			week % 100, (long long)unit);
}

int screen_hand_in_post(struct visit *v, struct err *e)
{
	const struct report_house *h = v->house->report;
	const json_t *list = visit_several(v, "figure"), *one;
	const char *values[HAND_IN_FIELDS];
	struct store *w = visit_writer(v, e);
	struct hand_in in;
	size_t i;

	if (hand_in_begin(v, &in, e) < 0)
		return -1;
	if (json_array_size(list) > HAND_IN_FIELDS)
		return say(e, EX_DATAERR, "too_many_figures", TEXT_OF(HAND_IN_FIELDS), NULL);
	json_array_foreach(list, i, one) values[i] = json_string_value(one);
	if (w == NULL || store_begin(w, e) < 0)
		return -1;
	return hand_in_end(v, w,
			   hand_in_take(w, h->programmes, h->n_programmes, &in, values,
					json_array_size(list), e),
			   in.week, in.unit_id, e);
}

static int hand_in_take_sheet(struct visit *v, const char *path, void *arg, struct err *e)
{
	struct store *w = visit_writer(v, e);
	struct hand_in *in = arg;
	size_t n;

	if (w == NULL || store_begin(w, e) < 0)
		return -1;
	return hand_in_end(v, w, hand_in_read(w, v->house->report, path, in, &n, e), in->week,
			   0, e);
}

int screen_hand_in_sheet(struct visit *v, struct err *e)
{
	struct hand_in in;

	if (hand_in_begin(v, &in, e) < 0)
		return -1;
	in.way = "sheet";
	return visit_with_upload(v, hand_in_take_sheet, &in, e);
}

static int hand_in_draw(struct visit *v, const char *path, void *arg, struct err *e)
{
	(void)v;
	return hand_in_form(arg, path, e);
}

int screen_hand_in_form(struct visit *v, struct err *e)
{
	int week, rc = -1;
	json_t *figures = hand_in_figures(v, &week, e);

	if (figures != NULL)
		rc = visit_answer_drawn(
		    v, hand_in_draw, figures, VISIT_XLSX,
		    mem_printf("so-lieu-tuan-%d-W%02d.xlsx", week / 100, week % 100), e);
	json_decref(figures);
	return rc;
}
