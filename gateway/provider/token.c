/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: those a provider lends for a while (OAuth and its kin, RFC 6749), and
 * those made for one request (RFC 7519). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/digest.h"
#include "provider/parts.h"

enum { TOKEN_TEXT_MAX = 4096, TOKEN_URL_MAX = 8192 };

int provider_tokens_compile(struct provider *p, const struct ydoc *doc, struct err *e)
{
	const struct description *d = &p->d;
	const json_t *token = json_object_get(doc->root, "token"),
		     *authorize = json_object_get(doc->root, "authorize");
	bool uses = provider_ask_uses(&p->send, VAR_TOKEN);

	if (uses != json_is_object(token))
		return ydoc_error(
		    doc, doc->root, "send", 0, e,
		    "{{token}} in \"send\" and the section \"token\" come together");
	if (!uses)
		return 0;
	if (provider_ask_compile(p, doc, doc->root, "token", &d->token.request,
				 PROGRAM_VARS_TOKEN, &p->token, e) < 0 ||
	    provider_rules_compile(doc, json_object_get(token, "rules"),
				   &d->token.request.rules, &p->token.fields, &p->token_rules,
				   e) < 0)
		return -1;
	if (d->token.first != NULL &&
	    provider_constant_text(p, doc, token, "first", d->token.first, &p->token_first, e) <
		0)
		return -1;
	p->token_access = fields_find(&p->token.fields, "access");
	p->token_refresh = fields_find(&p->token.fields, "refresh");
	p->token_expires = fields_find(&p->token.fields, "expires");
	if (p->token_access < 0)
		return ydoc_error(doc, token, "reply", 0, e, "the field access is missing");
	if (!json_is_object(authorize))
		return 0;
	if (provider_ask_compile(p, doc, authorize, "consent", &d->authorize.consent,
				 PROGRAM_VARS_CONSENT, &p->consent, e) < 0)
		return -1;
	return provider_ask_compile(p, doc, authorize, "exchange", &d->authorize.exchange,
				    PROGRAM_VARS_EXCHANGE, &p->exchange, e);
}

static void token_now(char now[24])
{
	(void)snprintf(now, 24, "%lld", (long long)(clock_now_ms() / CLOCK_SECOND_MS));
}

int provider_build_token(const struct provider *p, const char *refresh,
			 struct provider_request *r, struct err *e)
{
	struct program_values v;
	char now[24];

	if (p->token.method == NULL)
		return err_set(e, EX_DATAERR, "%s has no tokens", p->name);
	if (provider_ask_uses(&p->token, VAR_REFRESH) && (refresh == NULL || *refresh == '\0'))
		return err_set(e, EX_NOPERM, "%s: nobody has authorised it yet", p->name);
	token_now(now);
	program_values_init(&v);
	v.var[VAR_NOW] = now;
	v.var[VAR_REFRESH] = refresh != NULL ? refresh : "";
	return provider_ask_build(&p->token, &v, r, e);
}

int provider_consent_url(const struct provider *p, const struct provider_consent *c,
			 struct buf *out, struct err *e)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	char challenge[64];
	struct program_values v;

	if (p->consent.method == NULL)
		return err_set(e, EX_DATAERR, "%s asks nobody for consent", p->name);
	(void)crypto_hash_sha256(digest, (const unsigned char *)c->verifier,
				 strlen(c->verifier));
	(void)sodium_bin2base64(challenge, sizeof(challenge), digest, sizeof(digest),
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	program_values_init(&v);
	v.var[VAR_CHALLENGE] = challenge;
	v.var[VAR_STATE] = c->state;
	v.var[VAR_REDIRECT] = c->redirect;
	return program_run(&p->consent.url, &v, out, e);
}

int provider_build_exchange(const struct provider *p, const struct provider_consent *c,
			    const char *code, struct provider_request *r, struct err *e)
{
	struct program_values v;
	char now[24];

	if (p->exchange.method == NULL)
		return err_set(e, EX_DATAERR, "%s asks nobody for consent", p->name);
	token_now(now);
	program_values_init(&v);
	v.var[VAR_NOW] = now;
	v.var[VAR_CODE] = code;
	v.var[VAR_VERIFIER] = c->verifier;
	v.var[VAR_REDIRECT] = c->redirect;
	return provider_ask_build(&p->exchange, &v, r, e);
}

/* A token as it can stand in a header; yours, NULL when it cannot. */
static char *token_text(const char *value)
{
	size_t len = value == NULL ? 0 : strlen(value);

	if (len == 0 || len > TOKEN_TEXT_MAX)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (value[i] <= ' ' || value[i] >= 0x7f)
			return NULL;
	}
	log_redact(value);
	return mem_strdup(value);
}

/* When it ends; what is not said is as described. */
static int64_t token_ends(const struct provider *p, const char *value)
{
	int64_t now = clock_now_ms(), n;

	if (value == NULL || *value == '\0' || strlen(value) > 15 ||
	    strspn(value, "0123456789") != strlen(value))
		return now + p->d.token.lifetime_ms;
	n = strtoll(value, NULL, 10);
	switch (p->d.token.expires) {
	case EXPIRES_MILLISECONDS:
		return n;
	case EXPIRES_AT:
		return n * CLOCK_SECOND_MS;
	default:
		return now + n * CLOCK_SECOND_MS;
	}
}

static void token_answered(const struct provider *p, const struct http_reply *reply,
			   struct provider_token *out)
{
	struct values v = {0};
	struct err why = ERR_INIT;
	const struct provider_rule *rule;

	provider_ask_read(&p->token, reply, &v, &why);
	rule = provider_rules_find(&p->token_rules, &v);
	if (p->token.code >= 0)
		provider_clean(v.value[p->token.code], out->code, sizeof(out->code));
	if (rule != NULL && rule->class == OUTCOME_OK)
		out->access = token_text(v.value[p->token_access]);
	if (out->access != NULL) {
		out->result = TOKEN_OK;
		if (p->token_refresh >= 0)
			out->refresh = token_text(v.value[p->token_refresh]);
		out->expires_at =
		    token_ends(p, p->token_expires >= 0 ? v.value[p->token_expires] : NULL);
	} else {
		const char *reason = rule != NULL && rule->reason != NULL
					 ? rule->reason
					 : "an answer that is not described";

		if (rule != NULL && rule->class != OUTCOME_OK && rule->class != OUTCOME_RETRY &&
		    rule->class != OUTCOME_RATE && rule->class != OUTCOME_UNCERTAIN)
			out->result = TOKEN_DEAD;
		(void)snprintf(out->reason, sizeof(out->reason), "HTTP %d%s%s: %.*s",
			       reply->status, *out->code != '\0' ? ", " : "", out->code,
			       buf_fit(reason, 100), reason);
	}
	values_free(&v);
}

void provider_read_token(const struct provider *p, const struct http_reply *reply,
			 struct provider_token *out)
{
	*out = (struct provider_token){.result = TOKEN_LATER};
	if (reply->phase == HTTP_ANSWERED)
		token_answered(p, reply, out);
	else
		(void)snprintf(out->reason, sizeof(out->reason), "%s", reply->error);
}

void provider_token_free(struct provider_token *t)
{
	mem_free_secret(t->access, t->access != NULL ? strlen(t->access) : 0);
	mem_free_secret(t->refresh, t->refresh != NULL ? strlen(t->refresh) : 0);
	*t = (struct provider_token){.result = TOKEN_LATER};
}

/* ---- made for one request --------------------------------------------------------------------- */

int provider_jwt_compile(struct provider *p, const struct ydoc *doc, struct err *e)
{
	const json_t *at = json_object_get(doc->root, "jwt");
	struct program_source src = {.doc = doc,
				     .constants = p->constants,
				     .n_constants = p->n_constants,
				     .vars = PROGRAM_VARS_JWT};

	if (!json_is_object(at))
		return provider_ask_uses(&p->send, VAR_JWT)
			   ? ydoc_error(doc, doc->root, "send", 0, e,
					"{{jwt}} needs the section \"jwt\"")
			   : 0;
	if (p->d.jwt.key == NULL || !json_is_object(p->d.jwt.header) ||
	    !json_is_object(p->d.jwt.payload))
		return ydoc_error(doc, doc->root, "jwt", 0, e,
				  "\"jwt\" needs key, header and payload");
	if (provider_constant_text(p, doc, at, "key", p->d.jwt.key, &p->jwt_key, e) < 0 ||
	    program_add_json(&p->jwt_header, &src, at, "header", e) < 0)
		return -1;
	return program_add_json(&p->jwt_payload, &src, at, "payload", e);
}

static int jwt_part(const struct program *program, const struct program_values *v,
		    struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT(TOKEN_TEXT_MAX);
	char encoded[2 * TOKEN_TEXT_MAX];
	int rc = program_run(program, v, &text, e);

	if (rc == 0)
		rc = buf_adds(out, sodium_bin2base64(encoded, sizeof(encoded),
						     (const unsigned char *)buf_text(&text),
						     text.len,
						     sodium_base64_VARIANT_URLSAFE_NO_PADDING));
	buf_free(&text);
	return rc;
}

int provider_jwt_put(const struct provider *p, struct program_values *v, struct buf *out,
		     struct err *e)
{
	unsigned char digest[DIGEST_MAX];
	char expires[24], signature[64];
	size_t n;

	if (p->jwt_key == NULL)
		return 0;
	(void)snprintf(expires, sizeof(expires), "%lld",
		       (long long)((clock_now_ms() + p->d.jwt.lifetime_ms) / CLOCK_SECOND_MS));
	v->var[VAR_EXPIRES] = expires;
	if (jwt_part(&p->jwt_header, v, out, e) < 0)
		return -1;
	(void)buf_addc(out, '.');
	if (jwt_part(&p->jwt_payload, v, out, e) < 0)
		return -1;
	n = digest_of(DIGEST_SHA256, p->jwt_key, strlen(p->jwt_key), buf_text(out), out->len,
		      digest);
	(void)buf_addf(out, ".%s",
		       sodium_bin2base64(signature, sizeof(signature), digest, n,
					 sodium_base64_VARIANT_URLSAFE_NO_PADDING));
	v->var[VAR_EXPIRES] = "";
	v->var[VAR_JWT] = buf_text(out);
	return 0;
}
