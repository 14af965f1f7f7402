/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery receipts: is it the provider who calls, and what does it say. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/parts.h"

enum { RECEIPT_BODY_MAX = 256 * 1024 };

/* By the choices of a state's class (description.c), after "". */
static const enum outcome_class receipt_classes[] = {
    OUTCOME_FALLBACK, OUTCOME_RETRY,	OUTCOME_RATE,	OUTCOME_BADNUM,
    OUTCOME_CONTENT,  OUTCOME_FALLBACK, OUTCOME_CONFIG, OUTCOME_MONEY};

int provider_receipts_compile(struct provider *p, const struct ydoc *doc, struct err *e)
{
	const struct description_receipts *r = &p->d.receipts;
	const struct description_state *s = r->states.items;
	const json_t *at = json_object_get(doc->root, "receipts");
	const json_t *states = json_object_get(at, "states");
	const struct fields *f = &p->receipt_fields;

	if ((r->format == CALLBACK_QUERY) != (r->method == METHOD_GET))
		return ydoc_error(doc, at, "format", 0, e,
				  "a GET has its fields in the query, a POST in its body");
	if (r->each != NULL && (r->format != CALLBACK_JSON || r->each[0] != '/'))
		return ydoc_error(doc, at, "each", 0, e, "\"each\" is a pointer into JSON");
	if (fields_compile(doc, at, r->format == CALLBACK_JSON, &p->receipt_fields, e) < 0)
		return -1;
	p->receipt_id = fields_find(f, "id");
	p->receipt_ref = fields_find(f, "ref");
	p->receipt_phone = fields_find(f, "phone");
	p->receipt_code = fields_find(f, "code");
	p->receipt_time = fields_find(f, "time");
	if (p->receipt_id < 0 && p->receipt_ref < 0)
		return ydoc_error(doc, at, "fields", 0, e,
				  "a receipt needs the field id or ref to find its message");
	if (condition_compile(doc, at, f, &p->receipt_when, e) < 0)
		return -1;
	p->states = mem_calloc(r->states.n, sizeof(*p->states));
	for (size_t i = 0; i < r->states.n; i++) {
		struct provider_state *state = &p->states[i];

		state->state = (enum receipt_state)s[i].state;
		state->has_class = s[i].class > 0;
		state->class = receipt_classes[s[i].class];
		if (condition_compile(doc, json_array_get(states, i), f, &state->when, e) < 0)
			return -1;
		p->n_states = i + 1;
	}
	return provider_rules_compile(doc, json_object_get(at, "errors"), &r->errors, f,
				      &p->errors, e);
}

void provider_receipts_free(struct provider *p)
{
	for (size_t i = 0; i < p->n_states; i++)
		condition_free(&p->states[i].when);
	free(p->states);
	condition_free(&p->receipt_when);
	provider_rules_free(&p->errors);
	fields_free(&p->receipt_fields);
}

bool provider_callback_verify(const struct provider *p, const struct callback_request *c,
			      const char *token_wanted)
{
	size_t len = strlen(token_wanted);

	if (!p->facts.receipts || len < 16 || c->token == NULL || strlen(c->token) != len)
		return false;
	return sodium_memcmp(c->token, token_wanted, len) == 0;
}

/* "0912345678", "84912345678" or "+84912345678"; 0 for anything else. */
static uint64_t receipt_phone(const char *text)
{
	size_t len;

	if (text == NULL)
		return 0;
	if (*text == '+')
		text++;
	len = strlen(text);
	if (len < 9 || len > 15 || strspn(text, "0123456789") != len)
		return 0;
	if (text[0] != '0')
		return strtoull(text, NULL, 10);
	return len == 10 ? UINT64_C(84000000000) + strtoull(text, NULL, 10) : 0;
}

static int64_t receipt_time(const struct provider *p, const char *text)
{
	int64_t n;

	if (text == NULL || *text == '\0' || strlen(text) > 15 ||
	    strspn(text, "0123456789") != strlen(text))
		return 0;
	n = strtoll(text, NULL, 10);
	return p->d.receipts.time == TIME_SECONDS ? n * CLOCK_SECOND_MS : n;
}

static const char *receipt_value(const struct values *v, int field)
{
	return field < 0 ? NULL : v->value[field];
}

/* 1 with *out, 0 when it is no receipt, -1 with e when it names no message. */
static int receipt_read(const struct provider *p, const struct values *v, struct receipt *out,
			struct err *e)
{
	const struct provider_rule *rule;
	size_t i = 0;

	*out = (struct receipt){.state = RECEIPT_UNKNOWN, .error_class = OUTCOME_FALLBACK};
	if (!condition_holds(&p->receipt_when, v))
		return 0;
	provider_clean(receipt_value(v, p->receipt_id), out->provider_ref,
		       sizeof(out->provider_ref));
	provider_clean(receipt_value(v, p->receipt_ref), out->ref, sizeof(out->ref));
	provider_clean(receipt_value(v, p->receipt_code), out->code, sizeof(out->code));
	if (out->provider_ref[0] == '\0' && out->ref[0] == '\0')
		return err_set(e, EX_DATAERR, "the receipt names no message");
	out->phone = receipt_phone(receipt_value(v, p->receipt_phone));
	out->at_ms = receipt_time(p, receipt_value(v, p->receipt_time));
	while (i < p->n_states && !condition_holds(&p->states[i].when, v))
		i++;
	if (i == p->n_states)
		return 1;
	out->state = p->states[i].state;
	if (out->state != RECEIPT_UNDELIVERED)
		return 1;
	if (p->states[i].has_class) {
		out->error_class = p->states[i].class;
	} else {
		rule = provider_rules_find(&p->errors, v);
		if (rule != NULL)
			out->error_class = rule->class;
	}
	return 1;
}

static int receipt_parse_json(const struct provider *p, const struct callback_request *c,
			      struct receipt *out, size_t max, struct err *e)
{
	json_t *root = values_parse_json(c->body, c->body_len, e);
	const json_t *list = root;
	size_t n = 1;
	int found = 0, rc = 0;

	if (root == NULL)
		return -1;
	if (p->d.receipts.each != NULL) {
		list = values_pointer(root, p->d.receipts.each);
		n = json_array_size(list);
	}
	for (size_t i = 0; i < n && (size_t)found < max && rc >= 0; i++) {
		struct values v = {0};

		values_read_json(&p->receipt_fields,
				 p->d.receipts.each ? json_array_get(list, i) : root, &v);
		rc = receipt_read(p, &v, &out[found], e);
		found += rc > 0;
		values_free(&v);
	}
	json_decref(root);
	return rc < 0 ? -1 : found;
}

int provider_callback_parse(const struct provider *p, const struct callback_request *c,
			    struct receipt *out, size_t max, struct err *e)
{
	bool query = p->d.receipts.format == CALLBACK_QUERY;
	const char *text = query ? c->query : c->body;
	size_t len = query ? strlen(c->query) : c->body_len;
	struct values v = {0};
	int rc;

	if (!p->facts.receipts)
		return err_set(e, EX_DATAERR, "%s sends no receipts", p->name);
	if (strcmp(c->method, query ? "GET" : "POST") != 0)
		return err_set(e, EX_DATAERR, "%s calls with another method", p->name);
	if (max == 0 || len > RECEIPT_BODY_MAX)
		return err_set(e, EX_DATAERR, "the callback is too long");
	if (p->d.receipts.format == CALLBACK_JSON)
		return receipt_parse_json(p, c, out, max, e);
	rc = values_read_form(&p->receipt_fields, text, len, &v, e);
	if (rc == 0)
		rc = receipt_read(p, &v, out, e);
	values_free(&v);
	return rc;
}

void provider_callback_answer(const struct provider *p, int *status, const char **content_type,
			      const char **body)
{
	const struct description_answer *a = &p->d.receipts.answer;

	*status = p->facts.receipts ? (int)a->status : 404;
	*content_type = a->type;
	*body = a->body;
}
