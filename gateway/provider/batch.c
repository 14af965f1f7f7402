/* SPDX-License-Identifier: Apache-2.0 */
/* Several messages in one request, and its one answer split among them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/parts.h"

/* A message that has to go alone waits that long, so that those of one batch do not go at once. */
#define BATCH_ALONE_MS CLOCK_SECOND_MS

int provider_batch_compile(struct provider *p, const struct ydoc *doc, struct err *e)
{
	const struct description_batch *d = &p->d.batch;
	const json_t *at = json_object_get(doc->root, "batch"), *rules = at;
	const struct conf_list *list = &d->request.rules;
	unsigned vars = PROGRAM_VARS_COMMON | PROGRAM_VAR(VAR_CB_URL) | PROGRAM_MESSAGES;

	if (!json_is_object(at))
		return 0;
	if (d->same == SAME_TEMPLATE && !p->d.text.parameters)
		return ydoc_error(doc, at, "same", 0, e, "there are no templates here");
	if (d->same == SAME_TEMPLATE)
		vars |= PROGRAM_VAR(VAR_TEMPLATE);
	if (d->same == SAME_TEXT)
		vars |= PROGRAM_VAR(VAR_TEXT) | PROGRAM_VAR(VAR_UNICODE);
	if (provider_ask_compile(p, doc, doc->root, "batch", &d->request, vars, &p->batch, e) <
	    0)
		return -1;
	if (json_object_get(at, "rules") == NULL) {
		rules = json_object_get(doc->root, "send");
		list = &p->d.send.rules;
	}
	p->batch_ref = fields_find(&p->batch.fields, "ref");
	p->batch_phone = fields_find(&p->batch.fields, "phone");
	if (d->request.reply.each == NULL)
		return ydoc_error(doc, doc->root, "batch", 0, e,
				  "\"each\" is missing: where it says what came of each");
	/* What cannot be told apart afterwards must be the same. */
	if (d->same != SAME_TEXT &&
	    (p->batch.id < 0 || (p->batch_ref < 0 && p->batch_phone < 0)))
		return ydoc_error(
		    doc, at, "reply", 0, e,
		    "messages of different texts go together only where the "
		    "answer gives each its id, and ref or phone says whose it is");
	return provider_rules_compile(doc, json_object_get(rules, "rules"), list,
				      &p->batch.fields, &p->batch_rules, e);
}

int provider_check_send(const struct provider *p, const struct provider_message *m,
			struct err *e)
{
	const json_t *parameters;
	const char *template;
	json_t *form = NULL;
	int rc = provider_message_check(p, m, e);

	if (rc == 0 && p->facts.parameters)
		rc = provider_message_form(p, m, &template, &parameters, &form, e);
	json_decref(form);
	return rc;
}

bool provider_batch_joins(const struct provider *p, const char *text, const char *that)
{
	struct provider_message m[2] = {{.text = text}, {.text = that}};
	const char *template[2] = {NULL, NULL};
	json_t *form[2] = {NULL, NULL};
	const json_t *ignored;
	struct err e = ERR_INIT;
	bool joins;

	if (p->d.batch.same != SAME_TEMPLATE)
		return p->d.batch.same == SAME_NOTHING || strcmp(text, that) == 0;
	joins = provider_message_form(p, &m[0], &template[0], &ignored, &form[0], &e) == 0 &&
		provider_message_form(p, &m[1], &template[1], &ignored, &form[1], &e) == 0 &&
		strcmp(template[0], template[1]) == 0;
	json_decref(form[0]);
	json_decref(form[1]);
	return joins;
}

/* ---- the request ---------------------------------------------------------------------------- */

/* What the program goes through, and what it borrows. */
struct batch_values {
	struct program_message *messages;
	char (*to)[24];
	json_t **forms;
	size_t n;
};

static void batch_values_free(struct batch_values *b)
{
	for (size_t i = 0; i < b->n; i++)
		json_decref(b->forms[i]);
	free(b->forms);
	free(b->to);
	free(b->messages);
}

static int batch_values_fill(const struct provider *p, const struct provider_message *m,
			     size_t n, struct batch_values *b, struct err *e)
{
	*b = (struct batch_values){.messages = mem_calloc(n, sizeof(*b->messages)),
				   .to = mem_calloc(n, sizeof(*b->to)),
				   .forms = mem_calloc(n, sizeof(json_t *)),
				   .n = n};
	for (size_t i = 0; i < n; i++) {
		struct program_message *out = &b->messages[i];

		if (provider_message_check(p, &m[i], e) < 0)
			return -1;
		(void)buf_digits(b->to[i], m[i].to);
		*out = (struct program_message){.to = b->to[i],
						.text = m[i].text,
						.ref = m[i].ref,
						.unicode = m[i].ucs2 ? "1" : "0",
						.template = ""};
		if (!p->facts.parameters)
			continue;
		out->text = "";
		if (provider_message_form(p, &m[i], &out->template, &out->parameters,
					  &b->forms[i], e) < 0)
			return -1;
	}
	return 0;
}

int provider_build_batch(const struct provider *p, const struct provider_message *m, size_t n,
			 struct provider_request *r, struct err *e)
{
	struct batch_values b = {0};
	struct program_values v;
	int64_t seconds = clock_now_ms() / CLOCK_SECOND_MS;
	char now[24];
	int rc;

	if (n == 0 || n > p->facts.batch)
		return err_set(e, EX_SOFTWARE, "%s takes 1 to %zu messages at once", p->name,
			       p->facts.batch);
	(void)buf_digits(now, seconds > 0 ? (uint64_t)seconds : 0);
	program_values_init(&v);
	v.var[VAR_NOW] = now;
	v.var[VAR_CB_URL] = m[0].callback_url != NULL ? m[0].callback_url : "";
	rc = batch_values_fill(p, m, n, &b, e);
	if (rc == 0) {
		v.var[VAR_REF] = m[0].ref; /* a JWT is of the whole */
		v.var[VAR_TEXT] = b.messages[0].text;
		v.var[VAR_UNICODE] = b.messages[0].unicode;
		v.var[VAR_TEMPLATE] = b.messages[0].template;
		v.messages = b.messages;
		v.n_messages = n;
		rc = provider_ask_open(p, &p->batch, &v, m[0].token, r, e);
	}
	batch_values_free(&b);
	return rc;
}

/* ---- its answer ------------------------------------------------------------------------------ */

static void batch_unknown(struct outcome *o, const char *why)
{
	o->class = OUTCOME_UNCERTAIN;
	o->wait_ms = -1;
	o->wait_until_minute = -1;
	o->token_refused = false;
	(void)snprintf(o->reason, sizeof(o->reason), "%s", why);
}

/* The request as a whole was answered, without a word about each. */
static void batch_whole(const struct provider *p, const struct http_reply *reply,
			const struct values *v, const struct err *why, struct outcome *out)
{
	provider_outcome_read(&p->batch, &p->batch_rules, reply, v, why, out);
	out->provider_ref[0] = '\0';
	switch (out->class) {
	case OUTCOME_OK:
	case OUTCOME_OK_DUP:
		batch_unknown(out, "accepted, but not said which");
		break;
	case OUTCOME_BADNUM:
	case OUTCOME_CONTENT:
	case OUTCOME_FALLBACK:
		/* One of them is at fault, and the others must not pay for it. */
		out->class = OUTCOME_RETRY;
		out->wait_ms = BATCH_ALONE_MS;
		(void)snprintf(out->reason, sizeof(out->reason),
			       "refused together with others: goes alone");
		break;
	default:
		break;
	}
}

/* Whose the element is: its place among the n, or n. */
static size_t batch_owner(const struct provider *p, const struct provider_message *m, size_t n,
			  size_t place, const struct values *v)
{
	const char *ref = p->batch_ref >= 0 ? v->value[p->batch_ref] : NULL;
	const char *phone = p->batch_phone >= 0 ? v->value[p->batch_phone] : NULL;
	uint64_t number = provider_phone(phone);

	if (p->batch_ref < 0 && p->batch_phone < 0)
		return place;
	for (size_t i = 0; i < n; i++) {
		if ((p->batch_ref < 0 || (ref != NULL && strcmp(ref, m[i].ref) == 0)) &&
		    (p->batch_phone < 0 || number == m[i].to))
			return i;
	}
	return n;
}

static void batch_split(const struct provider *p, const struct provider_message *m, size_t n,
			const struct http_reply *reply, const json_t *list,
			const struct values *whole, struct outcome *out)
{
	size_t elements = json_array_size(list);
	int *said = mem_calloc(n, sizeof(*said));
	bool by_place = p->batch_ref < 0 && p->batch_phone < 0;

	for (size_t k = 0; k < elements && (!by_place || elements == n); k++) {
		struct values v = {0};
		struct err none = ERR_INIT;
		size_t i;

		values_read_json(&p->batch.fields, json_array_get(list, k), &v);
		v.value[FIELD_STATUS] = whole->value[FIELD_STATUS];
		v.value[FIELD_BODY] = whole->value[FIELD_BODY];
		i = batch_owner(p, m, n, k, &v);
		if (i < n && said[i]++ == 0)
			provider_outcome_read(&p->batch, &p->batch_rules, reply, &v, &none,
					      &out[i]);
		values_free(&v);
	}
	for (size_t i = 0; i < n; i++) {
		if (said[i] != 1)
			batch_unknown(&out[i], said[i] == 0 ? "the answer does not speak of it"
							    : "the answer speaks of it twice");
	}
	free(said);
}

void provider_classify_batch(const struct provider *p, const struct provider_message *m,
			     size_t n, const struct http_reply *reply, struct outcome *out)
{
	struct values v = {0};
	struct err why = ERR_INIT;
	const json_t *list;

	for (size_t i = 0; i < n; i++)
		provider_outcome_init(&out[i], reply);
	if (reply->phase != HTTP_ANSWERED)
		return;
	provider_ask_read(&p->batch, reply, &v, &why);
	list = values_pointer(v.root, p->d.batch.request.reply.each);
	if (json_array_size(list) > 0) {
		batch_split(p, m, n, reply, list, &v, out);
	} else {
		for (size_t i = 0; i < n; i++)
			batch_whole(p, reply, &v, &why, &out[i]);
	}
	values_free(&v);
}
