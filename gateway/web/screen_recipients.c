/* SPDX-License-Identifier: Apache-2.0 */
/* People: found without accents or by last digits, one person's way, what an officer decides. A hamlet's
 * officer sees the own hamlet; whoever is elsewhere is not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "campaign/campaign.h"
#include "roster/programme.h"
#include "text/phone.h"
#include "web/model.h"
#include "web/screen.h"

#define PEOPLE_PAGE 40
#define PEOPLE_TOLD 50 /* messages of one person */

struct people_page {
	struct visit *v;
	json_t *units, *list;
	size_t n;
	int64_t last;
	struct buf seen; /* ids, for the audit */
};

static bool recipients_row(const char *programme, const struct recipient *r, void *arg)
{
	struct people_page *p = arg;

	if (p->n++ == PEOPLE_PAGE)
		return false;
	p->last = r->id;
	(void)buf_addf(&p->seen, "%lld,", (long long)r->id);
	json_array_append_new(p->list, model_recipient(p->v, p->units, programme, r));
	return true;
}

int screen_recipients(struct visit *v, struct err *e)
{
	const char *programme = visit_text(v, "programme");
	struct recipient_search f = {.text = visit_text(v, "q"),
				     .programme = *programme != '\0' ? programme : NULL,
				     .unit_id = visit_int(v, "unit"),
				     .held = *visit_text(v, "held") != '\0',
				     .after_id = visit_int(v, "after"),
				     .shown_digits =
					 visit_may(v, MAY_UNMASK) ? 0 : PHONE_SHOWN};
	struct people_page p = {.v = v, .list = json_array(), .seen = BUF_INIT(4096)};
	int rc = 0;

	if (v->who.unit_id != 0)
		f.unit_id = v->who.unit_id;
	p.units = model_units(v, e);
	v->model = json_pack("{s:o, s:s, s:s, s:b, s:o, s:I}", "items", p.list, "q", f.text,
			     "programme", programme, "held", f.held, "programmes",
			     model_programmes(v, programme), "unit", (json_int_t)f.unit_id);
	if (p.units == NULL)
		return -1;
	if (v->who.unit_id == 0)
		json_object_set_new(v->model, "units", model_unit_choices(p.units, f.unit_id));
	if (store_recipient_search(v->st, &f, PEOPLE_PAGE + 1, recipients_row, &p, e) < 0) {
		json_decref(p.units);
		buf_free(&p.seen);
		return -1;
	}
	json_decref(p.units);
	if (p.n > PEOPLE_PAGE)
		json_object_set_new(v->model, "next", json_integer(p.last));
	if (p.seen.len > 0) {
		char *ids = mem_printf("ids=,%s", buf_text(&p.seen));

		rc = visit_audit(v, "recipient.list", "recipients", ids, e);
		free(ids);
	}
	buf_free(&p.seen);
	return rc;
}

/* ---- one person ------------------------------------------------------------------------------ */

/* The row of the address as st has it, if the visitor may see it; yours to clear. */
static int recipients_open(const struct visit *v, struct store *st, struct recipient *r,
			   struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	int found = id < 0 ? -1 : store_recipient_get(st, id, r, e);

	if (found == 1 && v->who.unit_id != 0 && r->unit_id != v->who.unit_id) {
		recipient_clear(r);
		found = 0;
	}
	if (found == 0)
		return say(e, EX_NOINPUT, "no_recipient", NULL);
	return found < 0 ? -1 : 0;
}

struct people_story {
	json_t *list, *names;
};

static bool recipients_message(const struct message_row *r, void *arg)
{
	struct people_story *s = arg;
	json_t *o = model_message(r);
	char key[24];

	(void)snprintf(key, sizeof(key), "%lld", (long long)r->campaign_id);
	json_object_set(o, "campaign_name", json_object_get(s->names, key));
	json_object_set_new(o, "text", json_string(r->text != NULL ? r->text : ""));
	json_array_append_new(s->list, o);
	return true;
}

static json_t *recipients_states(const struct visit *v, const char *programme, int now)
{
	const struct programme *p = model_programme(v, programme);
	json_t *list = json_array();

	for (size_t i = 0; p != NULL && i < p->states.n; i++) {
		const struct programme_state *s = programme_state_at(p, (int)i);

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:b}", "name", s->name, "title",
						s->title, "chosen", (int)i == now));
	}
	return list;
}

int screen_recipient(struct visit *v, struct err *e)
{
	struct people_story story = {.list = json_array()};
	struct message_filter f = {.state = -1};
	struct recipient r = {0};
	char *programme = NULL, *subject;
	json_t *units = NULL;
	int rc = -1;

	if (recipients_open(v, v->st, &r, e) < 0 ||
	    store_recipient_programme(v->st, r.id, &programme, e) != 1 ||
	    (units = model_units(v, e)) == NULL ||
	    (story.names = model_campaign_names(v, e)) == NULL)
		goto out;
	f.recipient_id = r.id;
	if (store_message_list(v->st, &f, PEOPLE_TOLD, recipients_message, &story, e) < 0)
		goto out;
	v->model = model_recipient(v, units, programme, &r);
	visit_word_reasons(v, story.list);
	json_object_set(v->model, "messages", story.list);
	json_object_set_new(v->model, "states", recipients_states(v, programme, r.state));
	json_object_set_new(v->model, "row", json_integer(r.source_row));
	json_object_set_new(v->model, "has_number", json_boolean(r.number != 0));
	v->etag = mem_printf("\"%lld\"", (long long)r.rev);
	subject = mem_printf("recipient/%lld", (long long)r.id);
	rc = visit_audit(v, "recipient.show", subject, "", e);
	free(subject);
out:
	free(programme);
	json_decref(units);
	json_decref(story.names);
	json_decref(story.list);
	recipient_clear(&r);
	return rc;
}

/* That the row is still as it was shown: a form says so by rev, another system by If-Match. */
static int recipients_unchanged(struct visit *v, const struct recipient *r, struct err *e)
{
	char etag[32];

	(void)snprintf(etag, sizeof(etag), "\"%lld\"", (long long)r->rev);
	if (v->who.key && v->if_match == NULL)
		return visit_refuse(v, 428, e, "if_match");
	if (v->if_match != NULL ? strcmp(v->if_match, etag) != 0
				: visit_int(v, "rev") != r->rev)
		return visit_refuse(v, 412, e, "person_changed");
	return 0;
}

/* One decision in its transaction, in which the row is looked at again: of two who saw the same row, one
 * decides. said is what the page then says. */
static int recipients_decide(struct visit *v,
			     int (*decide)(struct visit *v, struct store *w,
					   const struct recipient *r, struct err *e),
			     const char *said, struct err *e)
{
	struct recipient r = {0};
	struct store *w = visit_writer(v, e);
	int rc;

	if (w == NULL || store_begin(w, e) < 0)
		return -1;
	rc = recipients_open(v, w, &r, e);
	if (rc == 0)
		rc = recipients_unchanged(v, &r, e);
	if (rc == 0)
		rc = decide(v, w, &r, e);
	rc = store_end(w, rc, e);
	if (rc == 0) {
		visit_changed(v);
		rc = visit_go(v, "/recipients/%lld?done=%s", (long long)r.id, said);
	}
	recipient_clear(&r);
	return rc;
}

static int decide_hold(struct visit *v, struct store *w, const struct recipient *r,
		       struct err *e)
{
	bool deceased = strcmp(visit_text(v, "kind"), "deceased") == 0;
	const char *reason = visit_text(v, "reason");

	return store_recipient_hold(w, r->id, deceased ? HOLD_DECEASED : HOLD_OFFICER,
				    *reason != '\0' ? reason
				    : deceased	    ? "đã mất"
						    : "cán bộ giữ lại",
				    v->who.name, e) == 1
		   ? 0
		   : -1;
}

int screen_recipient_hold(struct visit *v, struct err *e)
{
	return recipients_decide(v, decide_hold, "held", e);
}

static int decide_release(struct visit *v, struct store *w, const struct recipient *r,
			  struct err *e)
{
	return store_recipient_hold(w, r->id, HOLD_NONE, "cán bộ cho nhắn", v->who.name, e) == 1
		   ? 0
		   : -1;
}

int screen_recipient_release(struct visit *v, struct err *e)
{
	return recipients_decide(v, decide_release, "released", e);
}

static int decide_state(struct visit *v, struct store *w, const struct recipient *r,
			struct err *e)
{
	char *programme = NULL;
	const struct programme *p = NULL;
	int state = -1;

	if (store_recipient_programme(v->st, r->id, &programme, e) == 1)
		p = model_programme(v, programme);
	if (p != NULL)
		state = programme_state_find(p, visit_text(v, "to"));
	free(programme);
	if (state < 0)
		return say(e, EX_DATAERR, "no_such_result", NULL);
	return store_recipient_set_state(w, r->id, state, v->who.name, e) == 1 ? 0 : -1;
}

int screen_recipient_state(struct visit *v, struct err *e)
{
	return recipients_decide(v, decide_state, "state", e);
}

static int decide_contact(struct visit *v, struct store *w, const struct recipient *r,
			  struct err *e)
{
	static const struct {
		const char *word;
		unsigned set, clear;
	} words[] = {
	    {"opted-out", CONTACT_OPTED_OUT, 0},
	    {"not-opted-out", 0, CONTACT_OPTED_OUT},
	    {"wrong-person", CONTACT_WRONG_PERSON, 0},
	    {"confirmed", 0, CONTACT_WRONG_PERSON | CONTACT_UNCONFIRMED | CONTACT_DEAD_NUMBER}};
	size_t i = 0;

	if (r->number == 0)
		return say(e, EX_DATAERR, "no_number", NULL);
	while (strcmp(words[i].word, visit_text(v, "is")) != 0)
		i++;
	if (store_contact_flags(w, r->number, words[i].set, words[i].clear, v->who.name, e) < 0)
		return -1;
	return words[i].set != 0 && campaign_complained(w, v->house->campaign, r->number, e) < 0
		   ? -1
		   : 0;
}

int screen_recipient_contact(struct visit *v, struct err *e)
{
	return recipients_decide(v, decide_contact, "contact", e);
}

/* The whole number, once, and that it was shown. */
int screen_recipient_number(struct visit *v, struct err *e)
{
	struct recipient r = {0};
	char subject[40], number[24];
	int rc = -1;

	if (recipients_open(v, v->st, &r, e) < 0)
		goto out;
	(void)snprintf(subject, sizeof(subject), "recipient/%lld", (long long)r.id);
	rc = visit_audit(v, "recipient.unmask", subject, "", e);
	if (rc == 0)
		rc = screen_recipient(v, e);
	if (rc == 0) {
		phone_format_national(r.number, number);
		json_object_set_new(v->model, "number", json_string(number));
		json_object_set_new(v->model, "unmasked", json_true());
	}
out:
	recipient_clear(&r);
	return rc;
}
