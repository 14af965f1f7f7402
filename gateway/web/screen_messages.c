/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: what became of each, in plain words; the officer's word on the uncertain and the failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dispatch/officer.h"
#include "text/phone.h"
#include "web/model.h"
#include "web/screen.h"

#define MESSAGES_PAGE 40
/* Ids that are looked through at once, and for how long a page goes on with that. */
#define MESSAGES_SPAN	 20000
#define MESSAGES_LOOK_MS 100

struct messages_page {
	json_t *list, *names;
	size_t n;
	int64_t last;
};

static bool messages_row(const struct message_row *r, void *arg)
{
	struct messages_page *p = arg;
	char key[24];
	json_t *o;

	if (p->n++ == MESSAGES_PAGE)
		return false;
	p->last = r->id;
	o = model_message(r);
	(void)snprintf(key, sizeof(key), "%lld", (long long)r->campaign_id);
	json_object_set(o, "campaign_name", json_object_get(p->names, key));
	json_array_append_new(p->list, o);
	return true;
}

static json_t *messages_states(const char *chosen)
{
	json_t *list = json_array();

	for (int s = 0; s <= MESSAGE_LINKED; s++) {
		const char *name = message_state_name((enum message_state)s);

		if (*name != '?') /* between the states that are open and those that are over nothing stands */
			json_array_append_new(list,
					      json_pack("{s:s, s:b}", "state", name, "chosen",
							strcmp(name, chosen) == 0));
	}
	return list;
}

/* A whole number, or nothing: last digits are looked for among people. */
static int messages_number(struct visit *v, struct message_filter *f, struct err *e)
{
	const char *text = visit_text(v, "number");
	struct phone ph;

	if (*text == '\0')
		return 0;
	ph = phone_parse(text, 0);
	if (ph.number == 0)
		return visit_refuse(v, 422, e, "whole_number");
	f->number = ph.number;
	return 0;
}

/* A page of them, or what can be looked through in the time that a page may take: rare ones stand far apart, and a
 * page may hold fewer than there is room for, and say from where to go on. */
static int messages_look(struct visit *v, struct message_filter *f, struct messages_page *p,
			 struct err *e)
{
	int64_t until = clock_mono_ms() + MESSAGES_LOOK_MS, last, begin = 0;

	if (store_message_last(v->st, &last, e) < 0 ||
	    store_message_begin(v->st, f, &begin, e) < 0)
		return -1;
	if (f->number == 0 && begin > f->after_id)
		f->after_id = begin - 1;
	while (p->n <= MESSAGES_PAGE && f->after_id < last) {
		f->until_id = f->number != 0 ? 0 : f->after_id + MESSAGES_SPAN;
		if (store_message_list(v->st, f, MESSAGES_PAGE + 1 - p->n, messages_row, p, e) <
		    0)
			return -1;
		f->after_id = f->number != 0 ? last : f->until_id;
		if (p->n <= MESSAGES_PAGE && f->after_id < last && clock_mono_ms() > until) {
			p->last = f->after_id;
			return 1;
		}
	}
	return p->n > MESSAGES_PAGE;
}

int screen_messages(struct visit *v, struct err *e)
{
	const char *state = visit_text(v, "state");
	struct message_filter f = {.state = -1,
				   .campaign_id = visit_int(v, "campaign"),
				   .after_id = visit_int(v, "after")};
	struct messages_page p = {.list = json_array()};
	enum message_state wanted;
	int more;

	v->model = json_pack("{s:o, s:s, s:I, s:o, s:s}", "items", p.list, "state_filter",
			     state, "campaign", (json_int_t)f.campaign_id, "states",
			     messages_states(state), "number", visit_text(v, "number"));
	if (*state != '\0') {
		if (message_state_from_name(state, &wanted) == 0)
			return visit_refuse(v, 422, e, "no_state");
		f.state = (int)wanted;
	}
	if (messages_number(v, &f, e) < 0 || (p.names = model_campaign_names(v, e)) == NULL)
		return -1;
	more = messages_look(v, &f, &p, e);
	json_decref(p.names);
	visit_word_reasons(v, p.list);
	if (more > 0)
		json_object_set_new(v->model, "next", json_integer(p.last));
	return more < 0 ? -1 : 0;
}

static void messages_attempt(const struct message_attempt *a, void *arg)
{
	json_t *o = json_pack("{s:i, s:i}", "n", a->n, "http_status", a->http_status);

	if (a->code != NULL && *a->code != '\0')
		json_object_set_new(o, "code", json_string(a->code));
	if (a->reason != NULL && *a->reason != '\0')
		json_object_set_new(o, "reason", json_string(a->reason));
	visit_time(o, "started_at", a->started_at);
	visit_time(o, "ended_at", a->ended_at);
	json_array_append_new(arg, o);
}

int screen_message(struct visit *v, struct err *e)
{
	struct message_row r = {0};
	struct campaign k = {0};
	int64_t id = visit_id(v, 0, e);
	json_t *attempts;
	int found = id < 0 ? -1 : store_message_get(v->st, id, &r, e);

	if (found == 0)
		return say(e, EX_NOINPUT, "no_message", NULL);
	if (found < 0)
		return -1;
	attempts = json_array();
	v->model = model_message(&r);
	json_object_set_new(v->model, "text", json_string(r.text != NULL ? r.text : ""));
	json_object_set_new(v->model, "attempts_log", attempts);
	json_object_set_new(v->model, "can_settle", json_boolean(r.state == MESSAGE_UNCERTAIN));
	json_object_set_new(v->model, "can_retry", json_boolean(r.state == MESSAGE_FAILED));
	found = store_message_attempts(v->st, id, messages_attempt, attempts, e);
	visit_word_reasons(v, v->model);
	visit_word_reasons(v, attempts);
	if (found == 0 && store_campaign_get(v->st, r.campaign_id, &k, e) == 1)
		json_object_set_new(v->model, "campaign_name", json_string(k.name));
	campaign_clear(&k);
	message_row_clear(&r);
	return found;
}

int screen_message_settle(struct visit *v, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	struct store *w = visit_writer(v, e);
	const char *said;

	if (id < 0 || w == NULL ||
	    officer_message_settle(w, id, visit_text(v, "as"), v->house->receipt_silence,
				   v->who.name, &said, e) < 0)
		return -1;
	visit_changed(v);
	return visit_go(v, "/messages/%lld?done=settled", (long long)id);
}

int screen_message_retry(struct visit *v, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	struct store *w = visit_writer(v, e);

	if (id < 0 || w == NULL || officer_message_retry(w, id, v->who.name, e) < 0)
		return -1;
	visit_changed(v);
	return visit_go(v, "/messages/%lld?done=retried", (long long)id);
}
