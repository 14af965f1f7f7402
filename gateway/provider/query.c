/* SPDX-License-Identifier: Apache-2.0 */
/* Asking what became of a message. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "provider/parts.h"

static const char *const found_names[] = {"unknown", "accepted", "delivered", "undelivered",
					  "not_found"};

const char *found_state_name(enum found_state s)
{
	return found_names[s];
}

int provider_build_query(const struct provider *p, const struct provider_query *q,
			 struct provider_request *r, struct err *e)
{
	struct program_values v;
	char to[24], now[24], sent[24];
	bool by_id = provider_ask_uses(&p->query, VAR_ID);

	if (p->query.method == NULL)
		return err_set(e, EX_DATAERR, "%s cannot be asked", p->name);
	if (by_id && (q->provider_ref == NULL || *q->provider_ref == '\0'))
		return err_set(e, EX_DATAERR, "%s is asked by its own reference", p->name);
	(void)snprintf(to, sizeof(to), "%llu", (unsigned long long)q->to);
	(void)snprintf(now, sizeof(now), "%lld", (long long)(clock_now_ms() / CLOCK_SECOND_MS));
	(void)snprintf(sent, sizeof(sent), "%lld",
		       (long long)(q->sent_at_ms / CLOCK_SECOND_MS));
	program_values_init(&v);
	v.var[VAR_TO] = to;
	v.var[VAR_REF] = q->ref;
	v.var[VAR_ID] = by_id ? q->provider_ref : "";
	v.var[VAR_SENT_AT] = sent;
	v.var[VAR_NOW] = now;
	return provider_ask_open(p, &p->query, &v, q->token, r, e);
}

static void found_answered(const struct provider *p, const struct http_reply *reply,
			   struct found *out)
{
	int time = fields_find(&p->query.fields, "time");
	struct values v = {0};
	struct err why = ERR_INIT;

	provider_ask_read(&p->query, reply, &v, &why);
	out->state = (enum found_state)provider_states_find(&p->found, &v, FOUND_UNKNOWN,
							    &out->error_class);
	if (p->query.id >= 0)
		provider_clean(v.value[p->query.id], out->provider_ref,
			       sizeof(out->provider_ref));
	if (p->query.code >= 0)
		provider_clean(v.value[p->query.code], out->code, sizeof(out->code));
	if (time >= 0)
		out->at_ms = provider_time(p->d.query.time, v.value[time]);
	if (out->state == FOUND_UNKNOWN)
		(void)snprintf(out->reason, sizeof(out->reason), "HTTP %d%s%.*s", reply->status,
			       why.code != 0 ? ", " : ", an answer that is not described",
			       buf_fit(why.text, 100), why.text);
	values_free(&v);
}

void provider_classify_query(const struct provider *p, const struct http_reply *reply,
			     struct found *out)
{
	*out = (struct found){.state = FOUND_UNKNOWN,
			      .error_class = OUTCOME_FALLBACK,
			      .http_status = reply->status};
	if (reply->phase == HTTP_ANSWERED)
		found_answered(p, reply, out);
	else
		(void)snprintf(out->reason, sizeof(out->reason), "%s", reply->error);
}

int provider_build_balance(const struct provider *p, const char *token,
			   struct provider_request *r, struct err *e)
{
	struct program_values v;
	char now[24];

	if (p->balance.method == NULL)
		return err_set(e, EX_DATAERR, "%s tells no balance", p->name);
	(void)snprintf(now, sizeof(now), "%lld", (long long)(clock_now_ms() / CLOCK_SECOND_MS));
	program_values_init(&v);
	v.var[VAR_NOW] = now;
	return provider_ask_open(p, &p->balance, &v, token, r, e);
}

int provider_read_balance(const struct provider *p, const struct http_reply *reply,
			  char out[64], struct err *e)
{
	int field = fields_find(&p->balance.fields, "balance");
	const struct provider_rule *rule;
	struct values v = {0};
	int rc = 0;

	out[0] = '\0';
	if (reply->phase != HTTP_ANSWERED)
		return err_set(e, EX_UNAVAILABLE, "%s: %s", p->name, reply->error);
	provider_ask_read(&p->balance, reply, &v, NULL);
	rule = provider_rules_find(&p->balance_rules, &v);
	if (rule == NULL || rule->class == OUTCOME_OK)
		provider_clean(v.value[field], out, 64);
	if (out[0] == '\0')
		rc = err_set(e, EX_UNAVAILABLE, "%s: HTTP %d, %s", p->name, reply->status,
			     rule != NULL && rule->reason != NULL
				 ? rule->reason
				 : "an answer that is not described");
	values_free(&v);
	return rc;
}
