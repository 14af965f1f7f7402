/* SPDX-License-Identifier: Apache-2.0 */
/* Plays one recorded conversation against a provider's description:
 *
 *   case CONFIG-DIRECTORY CASE-DIRECTORY
 *
 * CASE-DIRECTORY/case.yaml says what goes in and what must come out, and
 * ../account.yaml whose account it is (an element of `providers:`). What comes
 * out is laid beside what is expected key by key; a key that is not known, and
 * an input without an expectation, fail the case. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/mem.h"
#include "provider/provider.h"

enum { CASE_BODY_MAX = 1024 * 1024, CASE_LIST_MAX = 64 };

/* What our callback addresses end in. */
static const char case_token[] = "0123456789abcdef0123456789abcdef";

#define AT(type, member) .offset = offsetof(struct type, member)

struct case_send {
	char *to, *text, *ref, *callback_url, *token;
	json_t *form; /* in place of text: {template:, parameters:} */
	bool ucs2;
};
static const struct conf_field send_fields[] = {
    {.key = "to", .type = CONF_STRING, AT(case_send, to), .fallback = ""},
    {.key = "text", .type = CONF_STRING, AT(case_send, text), .fallback = ""},
    {.key = "ref", .type = CONF_STRING, AT(case_send, ref), .fallback = ""},
    {.key = "callback_url", .type = CONF_STRING, AT(case_send, callback_url)},
    {.key = "token", .type = CONF_STRING, AT(case_send, token)},
    {.key = "form", .type = CONF_TREE, AT(case_send, form)},
    {.key = "ucs2", .type = CONF_BOOL, AT(case_send, ucs2)},
    {.key = NULL},
};
static const struct conf_table send_table = {"send", sizeof(struct case_send), send_fields};

struct case_reply {
	int phase;
	int64_t status;
	json_t *headers;
	char *body, *body_file, *error;
};
/* In the order of enum http_phase. */
static const char *const phases[] = {"not_sent", "maybe_sent", "answered", NULL};
static const struct conf_field reply_fields[] = {
    {.key = "phase",
     .type = CONF_CHOICE,
     AT(case_reply, phase),
     .choices = phases,
     .fallback = "answered"},
    {.key = "status", .type = CONF_INT, AT(case_reply, status)},
    {.key = "headers", .type = CONF_TREE, AT(case_reply, headers)},
    {.key = "body", .type = CONF_STRING, AT(case_reply, body), .fallback = ""},
    {.key = "body_file", .type = CONF_STRING, AT(case_reply, body_file)},
    {.key = "error", .type = CONF_STRING, AT(case_reply, error), .fallback = ""},
    {.key = NULL},
};
static const struct conf_table reply_table = {"reply", sizeof(struct case_reply), reply_fields};

struct case_callback {
	char *method, *token, *url, *query, *body;
	json_t *headers;
};
static const struct conf_field callback_fields[] = {
    {.key = "method", .type = CONF_STRING, AT(case_callback, method), .fallback = ""},
    {.key = "token", .type = CONF_STRING, AT(case_callback, token), .fallback = ""},
    {.key = "url", .type = CONF_STRING, AT(case_callback, url)},
    {.key = "query", .type = CONF_STRING, AT(case_callback, query), .fallback = ""},
    {.key = "body", .type = CONF_STRING, AT(case_callback, body), .fallback = ""},
    {.key = "headers", .type = CONF_TREE, AT(case_callback, headers)},
    {.key = NULL},
};
static const struct conf_table callback_table = {"callback", sizeof(struct case_callback),
						 callback_fields};

/* What a request for a token, a consent or a balance is made of. */
struct case_token {
	char *refresh, *code, *verifier, *state, *redirect, *token;
};
static const struct conf_field token_fields[] = {
    {.key = "refresh", .type = CONF_STRING, AT(case_token, refresh)},
    {.key = "code", .type = CONF_STRING, AT(case_token, code), .fallback = ""},
    {.key = "verifier", .type = CONF_STRING, AT(case_token, verifier), .fallback = ""},
    {.key = "state", .type = CONF_STRING, AT(case_token, state), .fallback = ""},
    {.key = "redirect", .type = CONF_STRING, AT(case_token, redirect), .fallback = ""},
    {.key = "token", .type = CONF_STRING, AT(case_token, token)},
    {.key = NULL},
};
static const struct conf_table token_table = {"token", sizeof(struct case_token), token_fields};

struct case_query {
	char *to, *ref, *provider_ref, *token;
	int64_t sent_at_ms;
};
static const struct conf_field query_fields[] = {
    {.key = "to", .type = CONF_STRING, AT(case_query, to), .fallback = ""},
    {.key = "ref", .type = CONF_STRING, AT(case_query, ref), .fallback = ""},
    {.key = "provider_ref", .type = CONF_STRING, AT(case_query, provider_ref), .fallback = ""},
    {.key = "token", .type = CONF_STRING, AT(case_query, token)},
    {.key = "sent_at_ms", .type = CONF_INT, AT(case_query, sent_at_ms)},
    {.key = NULL},
};
static const struct conf_table query_table = {"query", sizeof(struct case_query), query_fields};

/* What is expected stays a tree: its keys are those of what comes out. */
struct recorded {
	struct case_send send;
	struct case_reply reply;
	struct case_query query;
	struct case_token token, exchange, consent, balance;
	struct case_callback callback;
	struct conf_list batch; /* struct case_send */
	json_t *request, *outcome, *outcomes, *found, *lent, *money, *receipts, *inbound;
};
static const struct conf_field case_fields[] = {
    {.key = "send", .type = CONF_OBJECT, AT(recorded, send), .table = &send_table},
    {.key = "batch", .type = CONF_OBJECTS, AT(recorded, batch), .table = &send_table},
    {.key = "query", .type = CONF_OBJECT, AT(recorded, query), .table = &query_table},
    {.key = "token", .type = CONF_OBJECT, AT(recorded, token), .table = &token_table},
    {.key = "exchange", .type = CONF_OBJECT, AT(recorded, exchange), .table = &token_table},
    {.key = "consent", .type = CONF_OBJECT, AT(recorded, consent), .table = &token_table},
    {.key = "balance", .type = CONF_OBJECT, AT(recorded, balance), .table = &token_table},
    {.key = "request", .type = CONF_TREE, AT(recorded, request)},
    {.key = "reply", .type = CONF_OBJECT, AT(recorded, reply), .table = &reply_table},
    {.key = "outcome", .type = CONF_TREE, AT(recorded, outcome)},
    {.key = "outcomes", .type = CONF_TREE, AT(recorded, outcomes)},
    {.key = "found", .type = CONF_TREE, AT(recorded, found)},
    {.key = "lent", .type = CONF_TREE, AT(recorded, lent)},
    {.key = "money", .type = CONF_TREE, AT(recorded, money)},
    {.key = "callback", .type = CONF_OBJECT, AT(recorded, callback), .table = &callback_table},
    {.key = "receipts", .type = CONF_TREE, AT(recorded, receipts)},
    {.key = "inbound", .type = CONF_TREE, AT(recorded, inbound)},
    {.key = NULL},
};
static const struct conf_table case_table = {"a case", sizeof(struct recorded), case_fields};

struct played {
	const char *folder;
	struct ydoc doc;
	struct recorded c;
	struct provider *provider;
};

/* ---- comparing ------------------------------------------------------------------------------ */

static char *case_scalar(const json_t *v)
{
	if (json_is_string(v))
		return mem_strdup(json_string_value(v));
	return json_dumps(v, JSON_ENCODE_ANY);
}

/* Each key of want, an object of case.yaml, must be one of got, with that value. Takes got. */
static int case_compare(const struct played *p, const char *what, const json_t *want,
			json_t *got, struct err *e)
{
	const char *key;
	json_t *value;
	int rc = 0;

	if (!json_is_object(want))
		rc = ydoc_error(&p->doc, p->doc.root, what, 0, e, "%s: keys and values", what);
	json_object_foreach((json_t *)(uintptr_t)want, key, value)
	{
		json_t *is = json_object_get(got, key);
		char *a, *b;

		if (is == NULL) {
			rc = ydoc_error(&p->doc, want, key, 0, e, "unknown key %s in %s", key,
					what);
			break;
		}
		a = case_scalar(value);
		b = case_scalar(is);
		if (json_is_object(value) || json_is_array(value) ? !json_equal(value, is)
								  : strcmp(a, b) != 0)
			rc = ydoc_error(&p->doc, want, key, 0, e,
					"%s: %s is %.400s, not %.300s", what, key, b, a);
		free(a);
		free(b);
		if (rc < 0)
			break;
	}
	json_decref(got);
	return rc;
}

static bool case_has(const struct played *p, const char *key)
{
	return json_object_get(p->doc.root, key) != NULL;
}

/* ---- requests and answers ------------------------------------------------------------------- */

static json_t *case_request_tree(const struct http_request *r)
{
	json_t *headers = json_array(), *body = NULL, *out;

	for (size_t i = 0; i < r->n_headers; i++)
		json_array_append_new(headers, json_string(r->headers[i]));
	if (r->body != NULL)
		body = json_loadb(r->body, r->body_len, JSON_REJECT_DUPLICATES, NULL);
	out = json_pack("{s:s, s:s, s:o, s:s, s:s}", "method", r->method, "url", r->url,
			"headers", headers, "body", r->body ? r->body : "", "refused", "");
	json_object_set_new(out, "json", body != NULL ? body : json_null());
	return out;
}

/* rc and why are of building r. */
static int case_compare_request(const struct played *p, int built,
				const struct provider_request *r, const struct err *why,
				struct err *e)
{
	return case_compare(p, "request", p->c.request,
			    built == 0 ? case_request_tree(&r->http)
				       : json_pack("{s:s}", "refused", why->text),
			    e);
}

static int case_play_send(const struct played *p, struct provider_request *r, struct err *e)
{
	const struct case_send *s = &p->c.send;
	char *form = s->form != NULL ? json_dumps(s->form, JSON_COMPACT) : NULL;
	struct provider_message m = {.to = strtoull(s->to, NULL, 10),
				     .text = form != NULL ? form : s->text,
				     .token = s->token,
				     .ucs2 = s->ucs2,
				     .ref = s->ref,
				     .callback_url = s->callback_url};
	struct err why = ERR_INIT;
	int built = provider_build_send(p->provider, &m, r, &why);

	free(form);
	return case_compare_request(p, built, r, &why, e);
}

/* The messages of a batch; the forms among their texts are put into forms, yours to free. */
static void case_batch(const struct played *p, struct provider_message *out, char **forms)
{
	const struct case_send *s = p->c.batch.items;

	for (size_t i = 0; i < p->c.batch.n && i < CASE_LIST_MAX; i++) {
		forms[i] = s[i].form != NULL ? json_dumps(s[i].form, JSON_COMPACT) : NULL;
		out[i] =
		    (struct provider_message){.to = strtoull(s[i].to, NULL, 10),
					      .text = forms[i] != NULL ? forms[i] : s[i].text,
					      .token = s[i].token,
					      .ucs2 = s[i].ucs2,
					      .ref = s[i].ref,
					      .callback_url = s[i].callback_url};
	}
}

static int case_play_batch(const struct played *p, struct provider_request *r, struct err *e)
{
	struct provider_message m[CASE_LIST_MAX];
	char *forms[CASE_LIST_MAX] = {0};
	struct err why = ERR_INIT;
	int built;

	case_batch(p, m, forms);
	built = provider_build_batch(p->provider, m, p->c.batch.n, r, &why);
	for (size_t i = 0; i < CASE_LIST_MAX; i++)
		free(forms[i]);
	return case_compare_request(p, built, r, &why, e);
}

static int case_play_query(const struct played *p, struct provider_request *r, struct err *e)
{
	const struct case_query *q = &p->c.query;
	struct provider_query query = {.to = strtoull(q->to, NULL, 10),
				       .ref = q->ref,
				       .provider_ref = q->provider_ref,
				       .token = q->token,
				       .sent_at_ms = q->sent_at_ms};
	struct err why = ERR_INIT;
	int built = provider_build_query(p->provider, &query, r, &why);

	return case_compare_request(p, built, r, &why, e);
}

/* The requests around the sending: what brings a token, what asks for money. */
static int case_play_token(const struct played *p, struct provider_request *r, struct err *e)
{
	const struct case_token *x = &p->c.exchange, *c = &p->c.consent;
	struct err why = ERR_INIT;
	int built;

	if (case_has(p, "token")) {
		built = provider_build_token(p->provider, p->c.token.refresh, r, &why);
	} else if (case_has(p, "exchange")) {
		built = provider_build_exchange(
		    p->provider, &(struct provider_consent){x->verifier, x->state, x->redirect},
		    x->code, r, &why);
	} else if (case_has(p, "balance")) {
		built = provider_build_balance(p->provider, p->c.balance.token, r, &why);
	} else {
		r->http = (struct http_request){.method = "GET", .url = ""};
		built = provider_consent_url(
		    p->provider, &(struct provider_consent){c->verifier, c->state, c->redirect},
		    &r->url, &why);
		r->http.url = buf_text(&r->url);
	}
	return case_compare_request(p, built, r, &why, e);
}

static int case_play_request(const struct played *p, struct err *e)
{
	struct provider_request r;
	int rc;

	provider_request_init(&r);
	if (case_has(p, "send"))
		rc = case_play_send(p, &r, e);
	else if (case_has(p, "batch"))
		rc = case_play_batch(p, &r, e);
	else if (case_has(p, "query"))
		rc = case_play_query(p, &r, e);
	else
		rc = case_play_token(p, &r, e);
	provider_request_free(&r);
	return rc;
}

static int case_read_file(const struct played *p, const char *name, struct buf *out,
			  struct err *e)
{
	char *path = mem_printf("%s/%s", p->folder, name), chunk[4096];
	FILE *f = fopen(path, "re");
	size_t n;
	int rc = 0;

	if (f == NULL)
		rc = err_set(e, EX_NOINPUT, "%s: cannot be read", path);
	while (f != NULL && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		(void)buf_add(out, chunk, n);
	if (f != NULL)
		(void)fclose(f);
	free(path);
	return rc;
}

static size_t case_headers(const json_t *tree, struct http_header *out)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)(uintptr_t)tree, name, value)
	{
		if (n < CASE_LIST_MAX)
			out[n++] = (struct http_header){name, json_string_value(value)};
	}
	return n;
}

/* What http.c would hand over; body and headers are filled by what it points to. */
static int case_answer(const struct played *p, struct buf *body, struct http_header *headers,
		       struct http_reply *out, struct err *e)
{
	const struct case_reply *in = &p->c.reply;

	if (in->body_file != NULL && case_read_file(p, in->body_file, body, e) < 0)
		return -1;
	if (in->body_file == NULL)
		(void)buf_adds(body, in->body);
	*out = (struct http_reply){.phase = (enum http_phase)in->phase,
				   .status = (int)in->status,
				   .body = buf_text(body),
				   .len = body->len,
				   .headers = headers,
				   .n_headers = case_headers(in->headers, headers)};
	(void)snprintf(out->error, sizeof(out->error), "%s", in->error);
	return 0;
}

static json_t *case_outcome_tree(const struct outcome *o)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:i, s:i, s:b, s:b, s:I}", "class",
			 outcome_class_name(o->class), "code", o->code, "provider_ref",
			 o->provider_ref, "reason", o->reason, "not_sent", o->not_sent,
			 "wait_ms", (json_int_t)o->wait_ms, "wait_until_minute",
			 o->wait_until_minute, "http_status", o->http_status, "token_refused",
			 o->token_refused, "rest", o->rest, "quota_left",
			 (json_int_t)o->quota_left);
}

static int case_compare_outcome(const struct played *p, const struct http_reply *reply,
				struct err *e)
{
	struct outcome o;

	provider_classify(p->provider, reply, &o);
	return case_compare(p, "outcome", p->c.outcome, case_outcome_tree(&o), e);
}

/* Of each message of a batch, in their order. */
static int case_compare_outcomes(const struct played *p, const struct http_reply *reply,
				 struct err *e)
{
	struct provider_message m[CASE_LIST_MAX];
	struct outcome *o = mem_calloc(CASE_LIST_MAX, sizeof(*o));
	char *forms[CASE_LIST_MAX] = {0};
	size_t n = p->c.batch.n;
	int rc = 0;

	if (n > CASE_LIST_MAX || json_array_size(p->c.outcomes) != n)
		rc = ydoc_error(&p->doc, p->doc.root, "outcomes", 0, e,
				"outcomes: one for each of the batch");
	case_batch(p, m, forms);
	if (rc == 0)
		provider_classify_batch(p->provider, m, n, reply, o);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = case_compare(p, "outcomes", json_array_get(p->c.outcomes, i),
				  case_outcome_tree(&o[i]), e);
	for (size_t i = 0; i < CASE_LIST_MAX; i++)
		free(forms[i]);
	free(o);
	return rc;
}

static int case_compare_found(const struct played *p, const struct http_reply *reply,
			      struct err *e)
{
	struct found f;

	provider_classify_query(p->provider, reply, &f);
	return case_compare(
	    p, "found", p->c.found,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "state", found_state_name(f.state),
		      "error_class", outcome_class_name(f.error_class), "code", f.code,
		      "provider_ref", f.provider_ref, "reason", f.reason, "at_ms",
		      (json_int_t)f.at_ms, "http_status", f.http_status),
	    e);
}

static int case_compare_lent(const struct played *p, const struct http_reply *reply,
			     struct err *e)
{
	static const char *const results[] = {"later", "ok", "dead"};
	struct provider_token t;
	int rc;

	provider_read_token(p->provider, reply, &t);
	rc = case_compare(p, "lent", p->c.lent,
			  json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "result",
				    results[t.result], "access", t.access ? t.access : "",
				    "refresh", t.refresh ? t.refresh : "", "expires_at",
				    (json_int_t)t.expires_at, "code", t.code, "reason",
				    t.reason),
			  e);
	provider_token_free(&t);
	return rc;
}

static int case_compare_money(const struct played *p, const struct http_reply *reply,
			      struct err *e)
{
	struct err why = ERR_INIT;
	char balance[64];
	bool told = provider_read_balance(p->provider, reply, balance, &why) == 0;

	return case_compare(
	    p, "money", p->c.money,
	    json_pack("{s:b, s:s, s:s}", "told", told, "balance", balance, "error", why.text),
	    e);
}

static int case_play_reply(const struct played *p, struct err *e)
{
	struct http_header headers[CASE_LIST_MAX];
	struct buf body = BUF_INIT(CASE_BODY_MAX);
	struct http_reply reply;
	int rc = case_answer(p, &body, headers, &reply, e);

	if (rc == 0 && case_has(p, "outcome"))
		rc = case_compare_outcome(p, &reply, e);
	if (rc == 0 && case_has(p, "outcomes"))
		rc = case_compare_outcomes(p, &reply, e);
	if (rc == 0 && case_has(p, "found"))
		rc = case_compare_found(p, &reply, e);
	if (rc == 0 && case_has(p, "lent"))
		rc = case_compare_lent(p, &reply, e);
	if (rc == 0 && case_has(p, "money"))
		rc = case_compare_money(p, &reply, e);
	buf_free(&body);
	return rc;
}

/* ---- callbacks ------------------------------------------------------------------------------ */

static json_t *case_phone(uint64_t phone)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)phone);
	return json_string(text);
}

static json_t *case_receipt_tree(const struct receipt *r)
{
	static const char *const states[] = {"delivered", "undelivered", "in_flight",
					     "unknown"};

	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:I}", "state", states[r->state],
			 "provider_ref", r->provider_ref, "ref", r->ref, "phone",
			 case_phone(r->phone), "code", r->code, "error_class",
			 outcome_class_name(r->error_class), "at_ms", (json_int_t)r->at_ms);
}

/* The list of what was read beside the one expected. Takes got. */
static int case_compare_list(const struct played *p, const char *what, const json_t *want,
			     json_t *got, struct err *e)
{
	const json_t *list = json_object_get(want, "list");
	size_t n = json_array_size(got);
	int rc = 0;

	if (list != NULL && json_array_size(list) != n)
		rc = ydoc_error(&p->doc, want, "list", 0, e, "%s: there are %zu", what, n);
	for (size_t i = 0; rc == 0 && list != NULL && i < n; i++)
		rc = case_compare(p, what, json_array_get(list, i),
				  json_incref(json_array_get(got, i)), e);
	json_decref(got);
	return rc;
}

static json_t *case_inbound_tree(const struct inbound *in)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:I}", "from", case_phone(in->from), "to",
			 case_phone(in->to), "text", in->text, "provider_ref", in->provider_ref,
			 "at_ms", (json_int_t)in->at_ms);
}

/* What a call was understood as; n -1 when it was not. */
struct case_heard {
	bool verified;
	int n;
	json_t *list;
	struct err why;
	int status;
	const char *type, *body;
};

static int case_compare_heard(const struct played *p, const char *what, const json_t *want,
			      const struct case_heard *h, struct err *e)
{
	json_t *got = json_pack("{s:b, s:b, s:i, s:{s:i, s:s, s:s}}", "verified", h->verified,
				"understood", h->n >= 0, "n", h->n, "answer", "status",
				h->status, "type", h->type, "body", h->body);

	/* Each element is compared by the keys it has. */
	if (json_object_get(want, "list") != NULL)
		json_object_set(got, "list", json_object_get(want, "list"));
	if (case_compare(p, what, want, got, e) < 0)
		return -1;
	/* What is not said otherwise is the provider's call, and understood. */
	if (json_object_get(want, "verified") == NULL && !h->verified)
		return ydoc_error(&p->doc, p->doc.root, "callback", 0, e, "is not verified");
	if (h->verified && json_object_get(want, "understood") == NULL && h->n < 0)
		return ydoc_error(&p->doc, p->doc.root, "callback", 0, e, "%s", h->why.text);
	return case_compare_list(p, what, want, json_incref(h->list), e);
}

static int case_hear_receipts(const struct played *p, const struct callback_request *call,
			      bool verified, struct err *e)
{
	struct receipt receipts[CASE_LIST_MAX];
	struct case_heard h = {.verified = verified, .n = -1, .list = json_array()};
	int rc;

	if (verified)
		h.n =
		    provider_callback_parse(p->provider, call, receipts, CASE_LIST_MAX, &h.why);
	for (int i = 0; i < h.n; i++)
		json_array_append_new(h.list, case_receipt_tree(&receipts[i]));
	provider_callback_answer(p->provider, &h.status, &h.type, &h.body);
	rc = case_compare_heard(p, "receipts", p->c.receipts, &h, e);
	json_decref(h.list);
	return rc;
}

static int case_hear_inbound(const struct played *p, const struct callback_request *call,
			     bool verified, struct err *e)
{
	struct inbound *inbound = mem_calloc(CASE_LIST_MAX, sizeof(*inbound));
	struct case_heard h = {.verified = verified, .n = -1, .list = json_array()};
	int rc;

	if (verified)
		h.n = provider_callback_inbound(p->provider, call, inbound, CASE_LIST_MAX,
						&h.why);
	for (int i = 0; i < h.n; i++)
		json_array_append_new(h.list, case_inbound_tree(&inbound[i]));
	provider_inbound_answer(p->provider, &h.status, &h.type, &h.body);
	rc = case_compare_heard(p, "inbound", p->c.inbound, &h, e);
	json_decref(h.list);
	free(inbound);
	return rc;
}

static int case_play_callback(const struct played *p, struct err *e)
{
	const struct case_callback *in = &p->c.callback;
	struct http_header headers[CASE_LIST_MAX];
	struct callback_request call = {.method = in->method,
					.query = in->query,
					.headers = headers,
					.n_headers = case_headers(in->headers, headers),
					.body = in->body,
					.body_len = strlen(in->body),
					.token = in->token,
					.url = in->url};
	bool verified = provider_callback_verify(p->provider, &call, case_token);

	if (case_has(p, "receipts") && case_hear_receipts(p, &call, verified, e) < 0)
		return -1;
	return case_has(p, "inbound") ? case_hear_inbound(p, &call, verified, e) : 0;
}

/* ---- one case ------------------------------------------------------------------------------- */

/* How many of the keys, a NULL-ended list, there are. */
static int case_count(const struct played *p, const char *const *keys)
{
	int n = 0;

	for (; *keys != NULL; keys++)
		n += case_has(p, *keys);
	return n;
}

/* What goes in and what must come out stand there together. */
static int case_check(const struct played *p, struct err *e)
{
	static const char *const asks[] = {"send",     "batch",	  "query",   "token",
					   "exchange", "consent", "balance", NULL};
	static const char *const meanings[] = {"outcome", "outcomes", "found",
					       "lent",	  "money",    NULL};
	static const char *const heard[] = {"receipts", "inbound", NULL};

	if (json_object_size(p->doc.root) == 0)
		return ydoc_error(&p->doc, NULL, NULL, 0, e, "nothing is played");
	if (case_has(p, "outcomes") && !case_has(p, "batch"))
		return ydoc_error(&p->doc, NULL, NULL, 0, e, "\"outcomes\" are of a \"batch\"");
	if (case_count(p, asks) != case_has(p, "request"))
		return ydoc_error(&p->doc, NULL, NULL, 0, e,
				  "one request goes in (send, query …), and \"request\" is it");
	if (case_count(p, meanings) != case_has(p, "reply"))
		return ydoc_error(
		    &p->doc, NULL, NULL, 0, e,
		    "\"reply\" and what it means (outcome, found …) come together");
	if ((case_count(p, heard) > 0) != case_has(p, "callback"))
		return ydoc_error(&p->doc, NULL, NULL, 0, e,
				  "\"callback\" and receipts or inbound come together");
	return 0;
}

static int case_play(const struct played *p, struct err *e)
{
	if (case_check(p, e) < 0)
		return -1;
	if (case_has(p, "request") && case_play_request(p, e) < 0)
		return -1;
	if (case_has(p, "reply") && case_play_reply(p, e) < 0)
		return -1;
	return case_has(p, "callback") ? case_play_callback(p, e) : 0;
}

static int case_account(const char *config, const char *folder, struct provider **out,
			struct err *e)
{
	char *path = mem_printf("%s/../account.yaml", folder);
	struct provider_config cfg = {0};
	struct ydoc doc = {0};
	int rc = ydoc_load_file(path, &doc, e);

	if (rc == 0)
		rc = conf_read(&doc, doc.root, &provider_config_table, NULL, &cfg, e);
	if (rc == 0) {
		*out = provider_new(&cfg, config, e);
		rc = *out != NULL ? 0 : -1;
		conf_free(&provider_config_table, &cfg);
	}
	ydoc_free(&doc);
	free(path);
	return rc;
}

int main(int argc, char **argv)
{
	struct played p = {0};
	struct err e = ERR_INIT;
	char *path;
	int rc;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: %s CONFIG-DIRECTORY CASE-DIRECTORY\n", argv[0]);
		return EX_USAGE;
	}
	p.folder = argv[2];
	/* Thursday 15/06/2023, 10:00 in Viet Nam. */
	clock_set_virtual(INT64_C(1686798000000));
	path = mem_printf("%s/case.yaml", p.folder);
	rc = case_account(argv[1], p.folder, &p.provider, &e);
	if (rc == 0)
		rc = ydoc_load_file(path, &p.doc, &e);
	if (rc == 0)
		rc = conf_read(&p.doc, p.doc.root, &case_table, NULL, &p.c, &e);
	if (rc == 0) {
		rc = case_play(&p, &e);
		conf_free(&case_table, &p.c);
	}
	if (rc < 0)
		(void)fprintf(stderr, "%s\n", e.text);
	ydoc_free(&p.doc);
	provider_free(p.provider);
	free(path);
	return rc < 0 ? 1 : 0;
}
