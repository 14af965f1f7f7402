/* SPDX-License-Identifier: Apache-2.0 */
/* The first page: what waits for whoever looks, what is under way, whether it can go out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "provider/provider.h"
#include "store/campaign.h"
#include "store/health.h"
#include "store/message.h"
#include "store/recipient.h"
#include "web/model.h"
#include "web/screen.h"

struct home {
	struct visit *v;
	json_t *waiting, *running, *providers, *resting, *states;
	struct err *e;
	int rc;
};

static void home_campaign(const struct campaign *k, void *arg)
{
	struct home *h = arg;
	json_t *o;

	if (k->stream || k->state == CAMPAIGN_CANCELLED)
		return;
	o = json_pack("{s:I, s:s, s:s, s:s?}", "id", (json_int_t)k->id, "name", k->name,
		      "state", campaign_state_name(k->state), "created_by", k->created_by);
	if (k->state == CAMPAIGN_SUBMITTED) {
		json_object_set_new(o, "mine",
				    json_boolean(k->created_by != NULL &&
						 strcmp(k->created_by, h->v->who.name) == 0));
		json_array_append_new(h->waiting, o);
	} else if (k->state >= CAMPAIGN_RUNNING) {
		struct message_counts n;

		if (store_message_counts(h->v->st, k->id, 0, &n, h->e) < 0)
			h->rc = -1;
		json_object_set_new(o, "total", json_integer(n.total));
		json_object_set_new(o, "sent",
				    json_integer(n.by_state[MESSAGE_SENT] +
						 n.by_state[MESSAGE_NO_RECEIPT] +
						 n.by_state[MESSAGE_DELIVERED] +
						 n.by_state[MESSAGE_UNDELIVERED]));
		json_object_set_new(o, "delivered",
				    json_integer(n.by_state[MESSAGE_DELIVERED]));
		json_object_set_new(o, "queued", json_integer(n.by_state[MESSAGE_QUEUED]));
		/* What is over stands on its own page. */
		if (k->state != CAMPAIGN_RUNNING || k->cursor != -1 ||
		    n.by_state[MESSAGE_QUEUED] + n.by_state[MESSAGE_SENDING] +
			    n.by_state[MESSAGE_UNCERTAIN] >
			0)
			json_array_append(h->running, o);
		json_decref(o);
	} else {
		json_decref(o);
	}
}

/* Those that are configured, all at work until something else is known of them. */
static json_t *home_providers(const struct web_house *house)
{
	json_t *list = json_array();

	for (size_t i = 0; i < house->n_providers; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:b}", "name",
				    provider_facts(house->providers[i])->name, "title",
				    provider_facts(house->providers[i])->title, "is", "works",
				    "works", true));
	return list;
}

static void home_provider_is(struct home *h, const char *name, const char *is)
{
	json_t *o;
	size_t i;

	json_array_foreach(h->states, i, o)
	{
		if (strcmp(json_string_value(json_object_get(o, "name")), name) != 0)
			continue;
		json_object_set_new(o, "is", json_string(is));
		json_object_set_new(o, "works", json_false());
	}
}

static void home_provider(int id, const char *name, const char *stopped, int64_t since,
			  void *arg)
{
	struct home *h = arg;
	struct err ignored = ERR_INIT;
	int64_t until;
	char *why = NULL;
	json_t *o;

	if (store_provider_rest_get(h->v->st, id, &until, &why, &ignored) > 0 &&
	    until > clock_now_ms()) {
		home_provider_is(h, name, "rests");
		o = json_pack("{s:s, s:s}", "name", name, "reason", why);
		visit_time(o, "until", until);
		visit_word_reasons(h->v, o);
		json_array_append_new(h->resting, o);
	}
	free(why);
	if (stopped == NULL)
		return;
	home_provider_is(h, name, "stopped");
	o = json_pack("{s:s, s:s}", "name", name, "reason", stopped);
	visit_time(o, "since", since);
	visit_word_reasons(h->v, o);
	json_array_append_new(h->providers, o);
}

static bool home_count_held(const char *programme, const struct recipient *r, void *arg)
{
	(void)programme;
	(void)r;
	++*(int *)arg;
	return true;
}

/* The week's summary, when it waits for somebody's word. */
static int home_report(struct visit *v, struct err *e)
{
	int64_t now = clock_now_ms();
	int week = civil_iso_week(civil_day_of(now));
	json_t *o = report_standing(v->st, v->house->report, week, now, e);
	char name[16];

	if (o == NULL)
		return -1;
	if (json_is_true(json_object_get(o, "to_confirm"))) {
		json_t *waits = json_object();

		(void)snprintf(name, sizeof(name), "%d-W%02d", week / 100, week % 100);
		json_object_set_new(waits, "week", json_string(name));
		json_object_set(waits, "late", json_object_get(o, "late"));
		visit_time(waits, "deadline",
			   json_integer_value(json_object_get(o, "deadline")));
		json_object_set_new(v->model, "report", waits);
	}
	json_decref(o);
	return 0;
}

int screen_home(struct visit *v, struct err *e)
{
	struct home h = {.v = v,
			 .waiting = json_array(),
			 .running = json_array(),
			 .providers = json_array(),
			 .resting = json_array(),
			 .states = home_providers(v->house),
			 .e = e};
	struct recipient_search held = {.held = true};
	struct message_counts n;
	int n_held = 0;

	v->model = json_pack("{s:o, s:o, s:o, s:o, s:o}", "waiting", h.waiting, "running",
			     h.running, "providers", h.providers, "resting", h.resting,
			     "provider_states", h.states);
	visit_time(v->model, "now", clock_now_ms());
	if (visit_may(v, MAY_LOOK)) {
		if (store_campaign_list(v->st, -1, home_campaign, &h, e) < 0 || h.rc < 0 ||
		    store_provider_list(v->st, home_provider, &h, e) < 0 ||
		    store_message_counts(v->st, 0, 0, &n, e) < 0 ||
		    store_recipient_search(v->st, &held, 1000, home_count_held, &n_held, e) <
			0 ||
		    home_report(v, e) < 0)
			return -1;
		json_object_set_new(v->model, "uncertain",
				    json_integer(n.by_state[MESSAGE_UNCERTAIN]));
		json_object_set_new(v->model, "failed",
				    json_integer(n.by_state[MESSAGE_FAILED]));
		json_object_set_new(v->model, "delivered",
				    json_integer(n.by_state[MESSAGE_DELIVERED]));
		json_object_set_new(v->model, "queued",
				    json_integer(n.by_state[MESSAGE_QUEUED]));
		json_object_set_new(v->model, "held", json_integer(n_held));
		json_object_set_new(v->model, "uncertain_any",
				    json_boolean(n.by_state[MESSAGE_UNCERTAIN] > 0));
		json_object_set_new(v->model, "failed_any",
				    json_boolean(n.by_state[MESSAGE_FAILED] > 0));
		json_object_set_new(v->model, "held_any", json_boolean(n_held > 0));
		json_object_set_new(
		    v->model, "cost",
		    json_integer(n.segments_accepted * v->house->campaign->price_per_segment));
	}
	return today_fill(v, e) < 0 || progress_fill(v, e) < 0 ? -1 : 0;
}
