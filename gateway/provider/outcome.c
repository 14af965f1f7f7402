/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means: the description's rules, then what HTTP proves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "provider/parts.h"

static const char *const outcome_names[OUTCOME_COUNT] = {
    "ok",      "ok_dup",   "retry",  "rate",  "badnum",
    "content", "fallback", "config", "money", "uncertain"};

const char *outcome_class_name(enum outcome_class c)
{
	return outcome_names[c];
}

int provider_rules_compile(const struct ydoc *doc, const json_t *list,
			   const struct conf_list *rules, const struct fields *f,
			   struct provider_rules *out, struct err *e)
{
	const struct description_rule *r = rules->items;

	*out = (struct provider_rules){.items = mem_calloc(rules->n, sizeof(*out->items))};
	for (size_t i = 0; i < rules->n; i++) {
		const json_t *at = json_array_get(list, i);
		struct provider_rule *rule = &out->items[i];
		int64_t minute = -1;

		*rule = (struct provider_rule){.class = (enum outcome_class)r[i].class,
					       .reason = r[i].reason,
					       .wait_header = r[i].wait_header,
					       .refresh_token = r[i].refresh_token,
					       .rest = r[i].rest,
					       .wait_ms = r[i].wait_ms};
		if (r[i].wait_until != NULL && conf_parse_time(r[i].wait_until, &minute) < 0)
			return ydoc_error(
			    doc, at, "wait_until", 0, e,
			    "\"wait_until\" must be a time of day such as \"06:00\"");
		rule->wait_until = (int)minute;
		if (condition_compile(doc, at, f, &rule->when, e) < 0)
			return -1;
		out->n = i + 1;
	}
	return 0;
}

void provider_rules_free(struct provider_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		condition_free(&r->items[i].when);
	free(r->items);
	*r = (struct provider_rules){0};
}

const struct provider_rule *provider_rules_find(const struct provider_rules *r,
						const struct values *v)
{
	for (size_t i = 0; i < r->n; i++) {
		if (condition_holds(&r->items[i].when, v))
			return &r->items[i];
	}
	return NULL;
}

/* By the choices of a state's class (description_ask.c), after "". */
static const enum outcome_class state_classes[] = {
    OUTCOME_FALLBACK, OUTCOME_RETRY,	OUTCOME_RATE,	OUTCOME_BADNUM,
    OUTCOME_CONTENT,  OUTCOME_FALLBACK, OUTCOME_CONFIG, OUTCOME_MONEY};

int provider_states_compile(const struct ydoc *doc, const json_t *parent,
			    const struct conf_list *states, const struct conf_list *errors,
			    const struct fields *f, struct provider_states *out, struct err *e)
{
	const struct description_state *s = states->items;
	const json_t *list = json_object_get(parent, "states");

	out->items = mem_calloc(states->n, sizeof(*out->items));
	for (size_t i = 0; i < states->n; i++) {
		struct provider_state *state = &out->items[i];

		state->state = s[i].state;
		state->has_class = s[i].class > 0;
		state->class = state_classes[s[i].class];
		if (condition_compile(doc, json_array_get(list, i), f, &state->when, e) < 0)
			return -1;
		out->n = i + 1;
	}
	return provider_rules_compile(doc, json_object_get(parent, "errors"), errors, f,
				      &out->errors, e);
}

void provider_states_free(struct provider_states *s)
{
	for (size_t i = 0; i < s->n; i++)
		condition_free(&s->items[i].when);
	free(s->items);
	provider_rules_free(&s->errors);
	*s = (struct provider_states){0};
}

int provider_states_find(const struct provider_states *s, const struct values *v, int otherwise,
			 enum outcome_class *class)
{
	const struct provider_rule *rule;

	*class = OUTCOME_FALLBACK;
	for (size_t i = 0; i < s->n; i++) {
		if (!condition_holds(&s->items[i].when, v))
			continue;
		if (s->items[i].has_class) {
			*class = s->items[i].class;
		} else {
			rule = provider_rules_find(&s->errors, v);
			if (rule != NULL)
				*class = rule->class;
		}
		return s->items[i].state;
	}
	return otherwise;
}

void provider_clean(const char *in, char *out, size_t size)
{
	size_t len = in == NULL ? 0 : strlen(in);

	out[0] = '\0';
	if (len >= size)
		return;
	for (size_t i = 0; i < len; i++) {
		if (in[i] <= ' ' || in[i] >= 0x7f)
			return;
	}
	if (len > 0)
		memcpy(out, in, len + 1);
}

/* Seconds or a date (RFC 9110 §10.2.3) as milliseconds from now, within 1 s … 6 h: a provider may
 * ask for patience, not for eternity. -1 when it says nothing that can be read. */
static int64_t outcome_wait(const char *text)
{
	int64_t ms;
	size_t digits;
	struct tm tm = {0};
	const char *end;

	if (text == NULL)
		return -1;
	digits = strspn(text, "0123456789");
	if (digits > 0 && text[digits] == '\0') {
		ms = digits > 9 ? INT64_MAX : strtoll(text, NULL, 10) * CLOCK_SECOND_MS;
	} else {
		end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
		if (end == NULL || *end != '\0')
			return -1;
		ms = (int64_t)timegm(&tm) * CLOCK_SECOND_MS - clock_now_ms();
	}
	if (ms < CLOCK_SECOND_MS)
		ms = CLOCK_SECOND_MS;
	return ms > 6 * CLOCK_HOUR_MS ? 6 * CLOCK_HOUR_MS : ms;
}

/* What the status alone proves, where no rule of the description knows better. A 4xx says that the
 * request was not acted upon; which one is at fault, the message or our account, it does not say,
 * and CONFIG loses no message: it stops and tells, where CONTENT would burn the whole queue on a
 * wrong address. 408 and 409 do not even say the first. */
static enum outcome_class outcome_by_status(int status)
{
	if (status == 429)
		return OUTCOME_RATE;
	if (status == 408 || status == 409 || status < 400 || status > 499)
		return OUTCOME_UNCERTAIN;
	return OUTCOME_CONFIG;
}

static void outcome_by_rule(const struct provider_rule *rule, const struct http_reply *reply,
			    struct outcome *out)
{
	out->class = rule->class;
	if (rule->reason != NULL)
		(void)snprintf(out->reason, sizeof(out->reason), "%s", rule->reason);
	if (rule->wait_header != NULL)
		out->wait_ms = outcome_wait(http_reply_header(reply, rule->wait_header));
	if (out->wait_ms < 0 && rule->wait_ms > 0)
		out->wait_ms = rule->wait_ms;
	out->wait_until_minute = rule->wait_until;
	out->token_refused = rule->refresh_token;
	out->rest = rule->rest;
}

/* "4999" as a number; -1 when it is none. */
static int64_t outcome_quota(const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len == 0 || len > 15 || strspn(text, "0123456789") != len)
		return -1;
	return strtoll(text, NULL, 10);
}

void provider_outcome_read(const struct provider_ask *a, const struct provider_rules *rules,
			   const struct http_reply *reply, const struct values *v,
			   const struct err *why, struct outcome *out)
{
	const struct provider_rule *rule = provider_rules_find(rules, v);

	if (a->code >= 0)
		provider_clean(v->value[a->code], out->code, sizeof(out->code));
	if (a->id >= 0)
		provider_clean(v->value[a->id], out->provider_ref, sizeof(out->provider_ref));
	if (a->quota >= 0)
		out->quota_left = outcome_quota(v->value[a->quota]);
	if (rule != NULL) {
		outcome_by_rule(rule, reply, out);
	} else {
		out->class = outcome_by_status(reply->status);
		if (why->code != 0)
			(void)snprintf(out->reason, sizeof(out->reason), "HTTP %d, %.*s",
				       reply->status, buf_fit(why->text, 100), why->text);
		else
			(void)snprintf(out->reason, sizeof(out->reason),
				       "HTTP %d, an answer that is not described",
				       reply->status);
	}
	if (out->wait_ms < 0 && (out->class == OUTCOME_RETRY || out->class == OUTCOME_RATE))
		out->wait_ms = outcome_wait(http_reply_header(reply, "Retry-After"));
}

static bool outcome_accepted(const struct outcome *o)
{
	return o->class == OUTCOME_OK || o->class == OUTCOME_OK_DUP;
}

/* Several parts of one message: all were accepted, or none for the reason that is worst (the classes
 * stand in their order), or some. Then a part of it has left, and it must not be sent again as a whole. */
static void outcome_of_parts(const struct provider *p, const struct http_reply *reply,
			     const json_t *list, const struct values *whole,
			     struct outcome *out)
{
	const struct outcome empty = *out;
	size_t accepted = 0, n = json_array_size(list);

	for (size_t i = 0; i < n; i++) {
		struct values v = {0};
		struct err none = ERR_INIT;
		struct outcome one = empty;

		values_read_json(&p->send.fields, json_array_get(list, i), &v);
		v.value[FIELD_STATUS] = whole->value[FIELD_STATUS];
		v.value[FIELD_BODY] = whole->value[FIELD_BODY];
		provider_outcome_read(&p->send, &p->rules, reply, &v, &none, &one);
		accepted += outcome_accepted(&one);
		if (i == 0 || one.class > out->class)
			*out = one;
		values_free(&v);
	}
	if (accepted == 0 || accepted == n)
		return;
	out->class = OUTCOME_UNCERTAIN;
	out->wait_ms = -1;
	out->wait_until_minute = -1;
	out->token_refused = false;
	(void)snprintf(out->reason, sizeof(out->reason), "%zu of %zu parts were accepted",
		       accepted, n);
}

static void outcome_answered(const struct provider *p, const struct http_reply *reply,
			     struct outcome *out)
{
	struct values v = {0};
	struct err why = ERR_INIT;
	const json_t *list = NULL;

	provider_ask_read(&p->send, reply, &v, &why);
	if (p->d.send.reply.each != NULL)
		list = values_pointer(v.root, p->d.send.reply.each);
	if (json_array_size(list) > 0)
		outcome_of_parts(p, reply, list, &v, out);
	else
		provider_outcome_read(&p->send, &p->rules, reply, &v, &why, out);
	values_free(&v);
}

void provider_outcome_init(struct outcome *out, const struct http_reply *reply)
{
	*out = (struct outcome){.class = OUTCOME_UNCERTAIN,
				.wait_ms = -1,
				.wait_until_minute = -1,
				.quota_left = -1,
				.http_status = reply->status};
	if (reply->phase == HTTP_ANSWERED)
		return;
	if (reply->phase == HTTP_NOT_SENT) {
		out->class = OUTCOME_RETRY;
		out->not_sent = true;
	}
	(void)snprintf(out->reason, sizeof(out->reason), "%s", reply->error);
}

void provider_classify(const struct provider *p, const struct http_reply *reply,
		       struct outcome *out)
{
	provider_outcome_init(out, reply);
	if (reply->phase == HTTP_ANSWERED)
		outcome_answered(p, reply, out);
}
