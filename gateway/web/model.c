/* SPDX-License-Identifier: Apache-2.0 */
#include "web/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "report/report.h"
#include "roster/programme.h"
#include "text/phone.h"
#include "web/desk.h"
#include "web/say.h"

void model_key(int64_t id, char out[24])
{
	(void)snprintf(out, 24, "%" PRId64, id);
}

static void model_take_unit(const struct unit *u, void *arg)
{
	char key[24], *label = mem_printf("%s %s", u->kind, u->name);

	model_key(u->id, key);
	json_object_set_new(arg, key, json_string(label));
	free(label);
}

json_t *model_units(struct visit *v, struct err *e)
{
	json_t *units = json_object();

	if (store_unit_list(v->st, model_take_unit, units, e) < 0) {
		json_decref(units);
		return NULL;
	}
	return units;
}

const char *model_unit(const json_t *units, int64_t id)
{
	char key[24];
	const char *label;

	model_key(id, key);
	label = json_string_value(json_object_get(units, key));
	return label != NULL ? label : "";
}

json_t *model_unit_choices(const json_t *units, int64_t chosen)
{
	json_t *list = json_array(), *label;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)units, key, label)
	{
		json_int_t id = strtoll(key, NULL, 10);

		json_array_append_new(list, json_pack("{s:I, s:O, s:b}", "id", id, "name",
						      label, "chosen", id == chosen));
	}
	return list;
}

json_t *model_programmes(const struct visit *v, const char *chosen)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->house->n_programmes; i++) {
		const struct programme *p = v->house->programmes[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name", p->name,
						      "title", p->title, "row", p->row,
						      "chosen", strcmp(p->name, chosen) == 0));
	}
	return list;
}

const struct programme *model_programme(const struct visit *v, const char *name)
{
	for (size_t i = 0; i < v->house->n_programmes; i++) {
		if (strcmp(v->house->programmes[i]->name, name) == 0)
			return v->house->programmes[i];
	}
	return NULL;
}

json_t *model_recipient(const struct visit *v, const json_t *units, const char *programme,
			const struct recipient *r)
{
	const struct programme *p = model_programme(v, programme);
	const struct programme_state *s = p != NULL ? programme_state_at(p, r->state) : NULL;
	char masked[32];

	phone_mask(r->number, masked);
	return json_pack(
	    "{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:I, s:b, s:b}", "id",
	    (json_int_t)r->id, "key", r->key != NULL ? r->key : "", "name",
	    r->name != NULL ? r->name : "", "number", masked, "programme", programme,
	    "programme_title", p != NULL ? p->title : programme, "unit",
	    model_unit(units, r->unit_id), "group", r->group != NULL ? r->group : "", "state",
	    s != NULL ? s->title : "", "done", s != NULL && s->done, "held",
	    r->hold != HOLD_NONE, "hold_reason", r->hold_reason != NULL ? r->hold_reason : "",
	    "rev", (json_int_t)r->rev, "opted_out", (r->contact_flags & CONTACT_OPTED_OUT) != 0,
	    "wrong_person", (r->contact_flags & CONTACT_WRONG_PERSON) != 0);
}

json_t *model_message(const struct message_row *r)
{
	char masked[32];
	json_t *o;

	phone_mask(r->number, masked);
	o = json_pack("{s:I, s:I, s:I, s:s, s:s, s:i, s:i, s:b}", "id", (json_int_t)r->id,
		      "campaign", (json_int_t)r->campaign_id, "recipient",
		      (json_int_t)r->recipient_id, "state", message_state_name(r->state),
		      "number", masked, "attempts", r->attempts, "segments", r->segments,
		      "accented", r->ucs2);
	if (r->reason != NULL && *r->reason != '\0')
		json_object_set_new(o, "reason", json_string(r->reason));
	if (r->code != NULL && *r->code != '\0')
		json_object_set_new(o, "code", json_string(r->code));
	visit_time(o, "due_at", r->due_at);
	visit_time(o, "expires_at", r->expires_at);
	visit_time(o, "planned_at", r->planned_at);
	visit_time(o, "sent_at", r->sent_at);
	visit_time(o, "final_at", r->final_at);
	return o;
}

json_t *model_session(const struct session *s, const json_t *units, civil_day today)
{
	char day[16];
	json_t *o;

	civil_day_format_iso(s->day, day);
	o = json_pack("{s:I, s:s, s:o, s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:b, s:b}", "id",
		      (json_int_t)s->id, "day", day, "hours",
		      json_sprintf("%02d:%02d–%02d:%02d", s->opens / 60, s->opens % 60,
				   s->closes / 60, s->closes % 60),
		      "place", s->place, "unit", model_unit(units, s->unit_id), "seats",
		      s->seats, "taken", s->taken, "team", s->team != NULL ? s->team : "",
		      "documents", s->documents != NULL ? s->documents : "", "reason",
		      s->reason != NULL ? s->reason : "", "cancelled",
		      s->state == SESSION_CANCELLED, "past", s->day < today);
	json_object_set_new(o, "full", json_boolean(s->taken >= s->seats));
	return o;
}

json_t *model_campaign(const struct campaign *k)
{
	json_t *o =
	    json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "id", (json_int_t)k->id,
		      "name", k->name, "programme", k->programme, "audiences",
		      k->audiences != NULL ? k->audiences : "", /* a stream may name none */
		      "channel", k->channel, "state", campaign_state_name(k->state), "stream",
		      k->stream, "fan_out_done", k->cursor == -1);

	if (k->only_when != NULL)
		json_object_set_new(o, "only", json_string(k->only_when));
	if (k->created_by != NULL)
		json_object_set_new(o, "created_by", json_string(k->created_by));
	if (k->approved_by != NULL)
		json_object_set_new(o, "approved_by", json_string(k->approved_by));
	if (k->halt_reason != NULL)
		json_object_set_new(o, "halt_reason", json_string(k->halt_reason));
	visit_time(o, "starts_at", k->starts_at);
	visit_time(o, "expires_at", k->expires_at);
	visit_time(o, "created_at", k->created_at);
	visit_time(o, "started_at", k->started_at);
	return o;
}

json_t *model_counts(const struct message_counts *n)
{
	json_t *states = json_array();
	int64_t finished = 0;

	for (int s = 0; s < 32; s++) {
		if (n->by_state[s] == 0 || message_state_name((enum message_state)s) == NULL)
			continue;
		if (s >= MESSAGE_SENT)
			finished += n->by_state[s];
		json_array_append_new(states,
				      json_pack("{s:s, s:I}", "state",
						message_state_name((enum message_state)s), "n",
						(json_int_t)n->by_state[s]));
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "total",
			 (json_int_t)n->total, "finished", (json_int_t)finished, "queued",
			 (json_int_t)n->by_state[MESSAGE_QUEUED], "delivered",
			 (json_int_t)n->by_state[MESSAGE_DELIVERED], "uncertain",
			 (json_int_t)n->by_state[MESSAGE_UNCERTAIN], "failed",
			 (json_int_t)n->by_state[MESSAGE_FAILED], "segments",
			 (json_int_t)n->segments_accepted, "states", states);
}

static void model_take_campaign(const struct campaign *k, void *arg)
{
	char key[24];

	model_key(k->id, key);
	json_object_set_new(arg, key, json_string(k->name));
}

json_t *model_campaign_names(struct visit *v, struct err *e)
{
	json_t *names = json_object();

	if (store_campaign_list(v->st, -1, model_take_campaign, names, e) < 0) {
		json_decref(names);
		return NULL;
	}
	return names;
}

static json_t *model_draw_figures(struct visit *v, const char *key, struct err *e)
{
	int64_t now = clock_now_ms();

	(void)key;
	store_read_end(v->st); /* it makes a snapshot of its own */
	return report_figures(v->st, v->house->report, civil_iso_week(civil_day_of(now)), now,
			      e);
}

json_t *model_figures_now(struct visit *v, struct err *e)
{
	struct clerk_drawing figures = {.key = "figures", .draw = model_draw_figures};
	struct message_counts n;
	char week[16];

	if (store_message_counts(v->st, 0, 0, &n, e) < 0)
		return NULL;
	/* Those of last week are not this week's. */
	(void)snprintf(week, sizeof(week), "%d", civil_iso_week(civil_day_of(clock_now_ms())));
	figures.as_of = week;
	figures.dear = clerk_is_dear(n.total);
	return clerk_cached(v->clerk, &figures, v, e);
}

json_t *model_figures_of(struct visit *v, int week, bool *frozen, struct err *e)
{
	int64_t now = clock_now_ms();
	json_t *figures = NULL, *shared;
	char name[16];
	int found = report_frozen(v->st, week, &figures, e);

	*frozen = found == 1;
	if (found != 0)
		return figures;
	if (week != civil_iso_week(civil_day_of(now))) {
		(void)snprintf(name, sizeof(name), "%d-W%02d", week / 100, week % 100);
		(void)say(e, EX_NOINPUT, "not_frozen", name, NULL);
		return NULL;
	}
	shared = model_figures_now(v, e);
	if (shared == NULL)
		return NULL;
	(void)snprintf(name, sizeof(name), "%d-W%02d", week / 100, week % 100);
	figures = json_deep_copy(shared);
	json_decref(shared);
	/* drawn before midnight of Sunday */
	if (strcmp(json_string_value(json_object_get(figures, "week")), name) != 0) {
		json_decref(figures);
		(void)clerk_comes_again(v, e);
		return NULL;
	}
	/* what a team has just handed in is there at once */
	if (report_teams(v->st, week, figures, e) < 0) {
		json_decref(figures);
		return NULL;
	}
	return figures;
}
