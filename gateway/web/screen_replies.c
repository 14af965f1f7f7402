/* SPDX-License-Identifier: Apache-2.0 */
/* What people answered, and the officer's word on what nobody understood. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/reply.h"
#include "text/phone.h"
#include "web/model.h"
#include "web/screen.h"

#define REPLIES_PAGE 40

struct replies_page {
	json_t *list;
	size_t n;
	int64_t last;
};

static bool replies_row(const struct reply *r, void *arg)
{
	struct replies_page *p = arg;
	char masked[32];
	json_t *o;

	if (p->n++ == REPLIES_PAGE)
		return false;
	p->last = r->id;
	phone_mask(r->number, masked);
	o = json_pack("{s:I, s:s, s:s, s:b, s:s}", "id", (json_int_t)r->id, "number", masked,
		      "kind", reply_kind_name(r->kind), "open", r->open, "text",
		      r->text != NULL ? r->text : "");
	if (r->note != NULL)
		json_object_set_new(o, "note", json_string(r->note));
	if (r->recipient_id != 0)
		json_object_set_new(o, "recipient", json_integer(r->recipient_id));
	visit_time(o, "received_at", r->received_at);
	json_array_append_new(p->list, o);
	return true;
}

int screen_replies(struct visit *v, struct err *e)
{
	bool all = *visit_text(v, "all") != '\0';
	struct reply_filter f = {.open = !all, .after_id = visit_int(v, "after")};
	struct replies_page p = {.list = json_array()};

	v->model = json_pack("{s:o, s:b}", "items", p.list, "all", all);
	if (store_reply_list(v->st, &f, REPLIES_PAGE + 1, replies_row, &p, e) < 0)
		return -1;
	if (p.n > REPLIES_PAGE)
		json_object_set_new(v->model, "next", json_integer(p.last));
	return 0;
}

int screen_reply_settle(struct visit *v, struct err *e)
{
	static const struct {
		const char *word;
		enum reply_kind kind;
	} words[] = {{"nothing", REPLY_UNKNOWN},
		     {"opt-out", REPLY_OPT_OUT},
		     {"wrong-person", REPLY_WRONG_PERSON},
		     {"will-come", REPLY_WILL_COME}};
	struct reply_house h = {.house = v->house->campaign,
				.words = v->house->replies,
				.officials = v->house->officials,
				.programmes = v->house->programmes,
				.n_programmes = v->house->n_programmes};
	struct store *w = visit_writer(v, e);
	int64_t id = visit_id(v, 0, e);
	size_t i = 0;
	int rc;

	while (strcmp(words[i].word, visit_text(v, "as")) != 0)
		i++;
	if (id < 0 || w == NULL || store_begin(w, e) < 0)
		return -1;
	rc = reply_settle(w, &h, id, words[i].kind, v->who.name, e);
	if (rc <= 0) {
		store_rollback(w);
		return rc == 0 ? say(e, EX_DATAERR, "reply_not_open", NULL)
			       : -1;
	}
	if (store_commit(w, e) < 0)
		return -1;
	visit_changed(v);
	return visit_go(v, "/replies?done=reply");
}
