/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a provider to us: is it the provider, and what does it say. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/parts.h"
#include "text/vi.h"

enum { CALL_BODY_MAX = 256 * 1024 };

static int incoming_compile(const struct ydoc *doc, const char *key,
			    const struct description_incoming *d, struct provider_incoming *out,
			    struct err *e)
{
	const json_t *at = json_object_get(doc->root, key);
	const struct fields *f = &out->fields;

	if (!json_is_object(at))
		return 0;
	if ((d->format == CALLBACK_QUERY) != (d->method == METHOD_GET))
		return ydoc_error(doc, at, "format", 0, e,
				  "a GET has its fields in the query, a POST in its body");
	if (d->each != NULL && (d->format != CALLBACK_JSON || d->each[0] != '/'))
		return ydoc_error(doc, at, "each", 0, e, "\"each\" is a pointer into JSON");
	if (fields_compile(doc, at, d->format == CALLBACK_JSON, &out->fields, e) < 0)
		return -1;
	out->d = d;
	out->id = fields_find(f, "id");
	out->ref = fields_find(f, "ref");
	out->phone = fields_find(f, "phone");
	out->code = fields_find(f, "code");
	out->time = fields_find(f, "time");
	out->from = fields_find(f, "from");
	out->to = fields_find(f, "to");
	out->text = fields_find(f, "text");
	return condition_compile(doc, at, f, &out->when, e);
}

int provider_incoming_compile(struct provider *p, const struct ydoc *doc, struct err *e)
{
	const json_t *receipts = json_object_get(doc->root, "receipts"),
		     *replies = json_object_get(doc->root, "replies");

	if (incoming_compile(doc, "receipts", &p->d.receipts.in, &p->receipts, e) < 0 ||
	    incoming_compile(doc, "replies", &p->d.replies, &p->replies, e) < 0)
		return -1;
	if (p->receipts.d != NULL && p->receipts.id < 0 && p->receipts.ref < 0)
		return ydoc_error(doc, receipts, "fields", 0, e,
				  "a receipt needs the field id or ref to find its message");
	if (p->replies.d != NULL && (p->replies.from < 0 || p->replies.text < 0))
		return ydoc_error(doc, replies, "fields", 0, e,
				  "a reply needs the fields from and text");
	return provider_states_compile(doc, receipts, &p->d.receipts.states,
				       &p->d.receipts.errors, &p->receipts.fields, &p->states,
				       e);
}

void provider_incoming_free(struct provider *p)
{
	provider_states_free(&p->states);
	condition_free(&p->receipts.when);
	condition_free(&p->replies.when);
	fields_free(&p->receipts.fields);
	fields_free(&p->replies.fields);
}

enum callback_verdict provider_callback_judge(const struct provider *p,
					      const struct callback_request *c,
					      const char *token_wanted)
{
	size_t len = strlen(token_wanted);

	if ((!p->facts.receipts && !p->facts.replies) || len < 16 || c->token == NULL ||
	    strlen(c->token) != len || sodium_memcmp(c->token, token_wanted, len) != 0)
		return CALLBACK_FORGED;
	return provider_verify_judge(p, c);
}

bool provider_callback_verify(const struct provider *p, const struct callback_request *c,
			      const char *token_wanted)
{
	return provider_callback_judge(p, c, token_wanted) == CALLBACK_GENUINE;
}

uint64_t provider_phone(const char *text)
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

/* The next n digits of *text as a number; *ok false when they are none. */
static int time_digits(const char **text, size_t n, bool *ok)
{
	int v = 0;

	for (size_t i = 0; i < n && *ok; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			*ok = false;
		else
			v = v * 10 + (**text - '0');
	}
	return v;
}

/* A moment of civil time, or 0. */
static int64_t time_civil(const struct civil *c, bool ok)
{
	bool exists = true;

	(void)civil_day_from_date(c->year, c->month, c->day, &exists);
	if (!ok || !exists || c->hour > 23 || c->minute > 59 || c->second > 60)
		return 0;
	return civil_to_ms(c);
}

/* "20230615100000" or "2306151000", in Viet Nam. */
static int64_t time_from_digits(const char *t)
{
	size_t len = strlen(t);
	bool ok = len == 14 || len == 10;
	struct civil c = {0};

	c.year = len == 14 ? time_digits(&t, 4, &ok) : 2000 + time_digits(&t, 2, &ok);
	c.month = time_digits(&t, 2, &ok);
	c.day = time_digits(&t, 2, &ok);
	c.hour = time_digits(&t, 2, &ok);
	c.minute = time_digits(&t, 2, &ok);
	c.second = len == 14 ? time_digits(&t, 2, &ok) : 0;
	return time_civil(&c, ok);
}

/* "2023-06-15T10:00:00.000+07:00", with Z, +0700 or no zone (then Viet Nam's), 'T' or a space. */
static int64_t time_from_iso(const char *t)
{
	bool ok = true;
	struct civil c = {0};
	int64_t ms, zone = 7 * CLOCK_HOUR_MS;

	c.year = time_digits(&t, 4, &ok);
	ok = ok && *t++ == '-';
	c.month = time_digits(&t, 2, &ok);
	ok = ok && *t++ == '-';
	c.day = time_digits(&t, 2, &ok);
	ok = ok && (*t == 'T' || *t == ' ');
	t += ok;
	c.hour = time_digits(&t, 2, &ok);
	ok = ok && *t++ == ':';
	c.minute = time_digits(&t, 2, &ok);
	if (ok && *t == ':') {
		t++;
		c.second = time_digits(&t, 2, &ok);
	}
	if (ok && *t == '.')
		t += 1 + strspn(t + 1, "0123456789");
	ms = time_civil(&c, ok);
	if (ms == 0 || *t == '\0')
		return ms;
	if (*t == 'Z' && t[1] == '\0') {
		zone = 0;
	} else if (*t == '+' || *t == '-') {
		int sign = *t++ == '-' ? -1 : 1;

		zone = time_digits(&t, 2, &ok) * CLOCK_HOUR_MS;
		t += *t == ':';
		zone = sign * (zone + time_digits(&t, 2, &ok) * CLOCK_MINUTE_MS);
		ok = ok && *t == '\0';
	} else {
		ok = false;
	}
	return ok ? ms + 7 * CLOCK_HOUR_MS - zone : 0;
}

int64_t provider_time(int format, const char *text)
{
	int64_t n;

	if (text == NULL || *text == '\0')
		return 0;
	if (format == TIME_ISO)
		return time_from_iso(text);
	if (format == TIME_DIGITS)
		return time_from_digits(text);
	if (strlen(text) > 15 || strspn(text, "0123456789") != strlen(text))
		return 0;
	n = strtoll(text, NULL, 10);
	return format == TIME_SECONDS ? n * CLOCK_SECOND_MS : n;
}

static const char *call_value(const struct values *v, int field)
{
	return field < 0 ? NULL : v->value[field];
}

/* What is made of one element of a call: 1 when it is put at index `found` of out, 0 when it is of another
 * kind, -1 with e. */
typedef int (*call_read_fn)(const struct provider *p, const struct values *v, void *out,
			    size_t found, struct err *e);

/* One element that cannot be understood does not spoil the others. */
static int call_read_json(const struct provider *p, const struct provider_incoming *in,
			  const struct callback_request *c, call_read_fn fn, void *out,
			  size_t max, struct err *e)
{
	json_t *root = values_parse_json(c->body, c->body_len, e);
	const json_t *list = root;
	struct err why = ERR_INIT;
	size_t n = 1, found = 0;

	if (root == NULL)
		return -1;
	if (in->d->each != NULL) {
		list = values_pointer(root, in->d->each);
		n = json_array_size(list);
	}
	for (size_t i = 0; i < n; i++) {
		struct values v = {0};

		if (found == max) {
			json_decref(root);
			return err_set(e, EX_DATAERR, "the callback holds more than %zu", max);
		}
		values_read_json(&in->fields, in->d->each ? json_array_get(list, i) : root, &v);
		values_read_headers(&in->fields, c->headers, c->n_headers, &v);
		found += fn(p, &v, out, found, &why) > 0;
		values_free(&v);
	}
	json_decref(root);
	if (why.code == 0)
		return (int)found;
	if (found == 0)
		return err_set(e, why.code, "%s", why.text);
	log_warn("provider", "callback_partly_read", "provider=%s elements=%zu read=%zu",
		 p->name, n, found);
	return (int)found;
}

/* Whether a call comes as `in` is described. */
static bool call_fits(const struct provider_incoming *in, const struct callback_request *c)
{
	return in->d != NULL &&
	       strcmp(c->method, in->d->format == CALLBACK_QUERY ? "GET" : "POST") == 0;
}

static int call_read(const struct provider *p, const struct provider_incoming *in,
		     const struct callback_request *c, call_read_fn fn, void *out, size_t max,
		     struct err *e)
{
	const struct provider_incoming *other = in == &p->receipts ? &p->replies : &p->receipts;
	bool query;
	const char *text;
	size_t len;
	struct values v = {0};
	int rc;

	if (!call_fits(in, c)) {
		if (call_fits(other, c))
			return 0;
		return err_set(e, EX_DATAERR, "%s does not call so", p->name);
	}
	query = in->d->format == CALLBACK_QUERY;
	text = query ? c->query : c->body;
	len = query ? strlen(c->query) : c->body_len;
	if (max == 0 || len > CALL_BODY_MAX)
		return err_set(e, EX_DATAERR, "the callback is too long");
	if (in->d->format == CALLBACK_JSON)
		return call_read_json(p, in, c, fn, out, max, e);
	rc = values_read_form(&in->fields, text, len, &v, e);
	values_read_headers(&in->fields, c->headers, c->n_headers, &v);
	if (rc == 0)
		rc = fn(p, &v, out, 0, e);
	values_free(&v);
	return rc;
}

/* ---- receipts -------------------------------------------------------------------------------- */

static int receipt_read(const struct provider *p, const struct values *v, void *list,
			size_t found, struct err *e)
{
	struct receipt *out = (struct receipt *)list + found;
	const struct provider_incoming *in = &p->receipts;

	*out = (struct receipt){.state = RECEIPT_UNKNOWN, .error_class = OUTCOME_FALLBACK};
	if (!condition_holds(&in->when, v))
		return 0;
	provider_clean(call_value(v, in->id), out->provider_ref, sizeof(out->provider_ref));
	provider_clean(call_value(v, in->ref), out->ref, sizeof(out->ref));
	provider_clean(call_value(v, in->code), out->code, sizeof(out->code));
	if (out->provider_ref[0] == '\0' && out->ref[0] == '\0')
		return err_set(e, EX_DATAERR, "the receipt names no message");
	out->phone = provider_phone(call_value(v, in->phone));
	out->at_ms = provider_time(in->d->time, call_value(v, in->time));
	out->state = (enum receipt_state)provider_states_find(&p->states, v, RECEIPT_UNKNOWN,
							      &out->error_class);
	if (out->state != RECEIPT_UNDELIVERED)
		out->error_class = OUTCOME_FALLBACK;
	return 1;
}

int provider_callback_parse(const struct provider *p, const struct callback_request *c,
			    struct receipt *out, size_t max, struct err *e)
{
	return call_read(p, &p->receipts, c, receipt_read, out, max, e);
}

static void call_answer(const struct provider_incoming *in, int *status,
			const char **content_type, const char **body)
{
	*status = in->d != NULL ? (int)in->d->answer.status : 404;
	*content_type = in->d != NULL ? in->d->answer.type : "text/plain";
	*body = in->d != NULL ? in->d->answer.body : "";
}

void provider_callback_answer(const struct provider *p, int *status, const char **content_type,
			      const char **body)
{
	call_answer(p->receipts.d != NULL ? &p->receipts : &p->replies, status, content_type,
		    body);
}

/* ---- what citizens answer --------------------------------------------------------------------- */

/* As people can read it: NFC, one line, no control characters, cut at a character when too long. */
static void inbound_text(const char *in, char *out, size_t size)
{
	char *nfc = vi_nfc(in);
	size_t at = 0, len = strlen(nfc);

	for (size_t i = 0; i < len;) {
		utf8proc_int32_t cp;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)nfc + i,
						      (utf8proc_ssize_t)(len - i), &cp);

		if (n <= 0 || at + (size_t)n >= size)
			break;
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			out[at++] = ' ';
		else
			for (utf8proc_ssize_t k = 0; k < n; k++)
				out[at++] = nfc[i + (size_t)k];
		i += (size_t)n;
	}
	out[at] = '\0';
	free(nfc);
}

static int inbound_read(const struct provider *p, const struct values *v, void *list,
			size_t found, struct err *e)
{
	struct inbound *out = (struct inbound *)list + found;
	const struct provider_incoming *in = &p->replies;
	const char *text = call_value(v, in->text);

	memset(out, 0, sizeof(*out));
	if (!condition_holds(&in->when, v))
		return 0;
	out->from = provider_phone(call_value(v, in->from));
	if (out->from == 0 || text == NULL)
		return err_set(e, EX_DATAERR, "the reply lacks its sender or its text");
	out->to = provider_phone(call_value(v, in->to));
	out->at_ms = provider_time(in->d->time, call_value(v, in->time));
	provider_clean(call_value(v, in->id), out->provider_ref, sizeof(out->provider_ref));
	inbound_text(text, out->text, sizeof(out->text));
	return 1;
}

int provider_callback_inbound(const struct provider *p, const struct callback_request *c,
			      struct inbound *out, size_t max, struct err *e)
{
	return call_read(p, &p->replies, c, inbound_read, out, max, e);
}

void provider_inbound_answer(const struct provider *p, int *status, const char **content_type,
			     const char **body)
{
	call_answer(&p->replies, status, content_type, body);
}
