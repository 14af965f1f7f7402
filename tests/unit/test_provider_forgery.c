/* SPDX-License-Identifier: Apache-2.0 */
/* Signed callbacks, changed in every way: none is taken for the provider's. FORGERIES=1000000 tries that
 * many; by default fewer, so that the check stays short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/digest.h"
#include "provider/provider.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

/* A call that is the provider's, as it is signed. */
struct signed_call {
	const char *description, *settings, *secrets;
	const char *url;
	const char *header; /* of the signature; NULL = the body's last field */
	const char *stamp;  /* header of the timestamp; NULL = none */
	const char *stamped; /* what stands in it */
	enum digest_algorithm algorithm;
	const char *key; /* NULL = a plain digest */
	bool base64;
	const char *before, *after; /* of the input, around the body and the timestamp */
	const char *body, *input;   /* input: in place of the body */
};

static const struct signed_call calls[] = {
    {.description = "zalo-zns",
     .settings = "{\"app_id\":\"111\"}",
     .secrets = "{\"app_secret\":\"app-secret\",\"oa_secret\":\"oa-secret\"}",
     .header = "X-ZEvent-Signature",
     .stamp = "X-ZEvent-Timestamp",
     .stamped = "1686798061999",
     .algorithm = DIGEST_SHA256,
     .before = "111",
     .after = "oa-secret",
     .body = "{\"event_name\":\"user_received_message\",\"message\":{\"msg_id\":\"a1\","
	     "\"tracking_id\":\"m-17-1\",\"delivery_time\":\"1686798061200\"},"
	     "\"timestamp\":\"1686798061300\"}"},
    {.description = "android-sms",
     .settings = "{\"username\":\"sms\"}",
     .secrets = "{\"password\":\"pass-word\",\"signing_key\":\"signing-key\"}",
     .header = "X-Signature",
     .stamp = "X-Timestamp",
     .stamped = "1686798061",
     .algorithm = DIGEST_SHA256,
     .key = "signing-key",
     .body = "{\"event\":\"sms:delivered\",\"payload\":{\"messageId\":\"m-17-1\"}}"},
    {.description = "twilio",
     .settings = "{\"account_sid\":\"AC1\",\"from\":\"XA\"}",
     .secrets = "{\"auth_token\":\"auth-token\"}",
     .url = "https://gw.example/callbacks/twilio/" TOKEN,
     .header = "X-Twilio-Signature",
     .algorithm = DIGEST_SHA1,
     .key = "auth-token",
     .base64 = true,
     .body = "MessageSid=SM1&MessageStatus=delivered&To=84912000111",
     .input = "https://gw.example/callbacks/twilio/" TOKEN
	      "MessageSidSM1MessageStatusdeliveredTo84912000111"},
    {.description = "vonage",
     .settings = "{\"api_key\":\"k1\",\"from\":\"XA\"}",
     .secrets = "{\"api_secret\":\"api-secret\",\"signature_secret\":\"signature-secret\"}",
     .algorithm = DIGEST_SHA256,
     .key = "signature-secret",
     .body = "messageId=0A1&msisdn=84912000111&status=delivered&timestamp=1686798061",
     .input = "&messageId=0A1&msisdn=84912000111&status=delivered&timestamp=1686798061"},
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]), TEXT_MAX = 1024 };

/* One call as it is made; what is mutated is these texts. */
struct made_call {
	char body[TEXT_MAX], signature[TEXT_MAX], stamp[64], token[64], url[256];
	bool has_signature;
};

static struct provider *providers[CALLS];
static struct made_call originals[CALLS];

static uint64_t seed = 42;

static uint64_t random_below(uint64_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % n;
}

static void sign(const struct signed_call *s, struct made_call *m)
{
	unsigned char digest[DIGEST_MAX];
	char *input, text[128];
	size_t n;

	(void)snprintf(m->stamp, sizeof(m->stamp), "%s", s->stamp != NULL ? s->stamped : "");
	(void)snprintf(m->body, sizeof(m->body), "%s", s->body);
	(void)snprintf(m->token, sizeof(m->token), "%s", TOKEN);
	(void)snprintf(m->url, sizeof(m->url), "%s", s->url != NULL ? s->url : "");
	input = mem_printf("%s%s%s%s", s->before ? s->before : "",
			   s->input ? s->input : s->body, m->stamp, s->after ? s->after : "");
	n = digest_of(s->algorithm, s->key, s->key ? strlen(s->key) : 0, input, strlen(input),
		      digest);
	free(input);
	if (s->base64)
		(void)sodium_bin2base64(text, sizeof(text), digest, n,
					sodium_base64_VARIANT_ORIGINAL);
	else
		(void)sodium_bin2hex(text, sizeof(text), digest, n);
	(void)snprintf(m->signature, sizeof(m->signature), "%s", text);
	m->has_signature = true;
}

/* Whether a call is taken for the provider's. *n: receipts that are read from it then. */
static bool verified(size_t i, const struct made_call *m, struct receipt *receipt, int *n)
{
	const struct signed_call *s = &calls[i];
	struct http_header headers[2];
	char *body = s->header == NULL && m->has_signature
			 ? mem_printf("%s&sig=%s", m->body, m->signature)
			 : mem_strdup(m->body);
	struct callback_request c = {.method = "POST",
				     .query = "",
				     .headers = headers,
				     .body = body,
				     .body_len = strlen(body),
				     .token = m->token,
				     .url = m->url[0] != '\0' ? m->url : NULL};
	struct err e = ERR_INIT;
	bool rc;

	if (s->header != NULL && m->has_signature)
		headers[c.n_headers++] = (struct http_header){s->header, m->signature};
	if (s->stamp != NULL)
		headers[c.n_headers++] = (struct http_header){s->stamp, m->stamp};
	rc = provider_callback_verify(providers[i], &c, TOKEN);
	*n = rc ? provider_callback_parse(providers[i], &c, receipt, 1, &e) : 0;
	free(body);
	return rc;
}

static int setup(void **state)
{
	(void)state;
	clock_set_virtual(INT64_C(1686798062000)); /* a moment after they were signed */
	for (size_t i = 0; i < CALLS; i++) {
		struct provider_config cfg = {.name = (char *)(uintptr_t)calls[i].description};
		struct err e = ERR_INIT;

		cfg.base_url = strcmp(cfg.name, "android-sms") == 0
				   ? (char *)(uintptr_t) "http://127.0.0.1:8080"
				   : NULL;
		cfg.settings = json_loads(calls[i].settings, 0, NULL);
		cfg.secrets = json_loads(calls[i].secrets, 0, NULL);
		providers[i] = provider_new(&cfg, SOURCE_DIR "/config", &e);
		json_decref(cfg.settings);
		json_decref(cfg.secrets);
		if (providers[i] == NULL) {
			(void)fprintf(stderr, "%s\n", e.text);
			return -1;
		}
		sign(&calls[i], &originals[i]);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < CALLS; i++)
		provider_free(providers[i]);
	return 0;
}

static void what_the_provider_signed_is_the_providers(void **state)
{
	struct receipt receipt;
	int n;

	(void)state;
	for (size_t i = 0; i < CALLS; i++) {
		if (!verified(i, &originals[i], &receipt, &n) || n != 1)
			fail_msg("%s", calls[i].description);
	}
}

/* Another letter or digit at a random place: never the same text otherwise written. */
static void change(char *text)
{
	static const char signs[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(text), at = random_below(n);
	char was = text[at];

	do
		text[at] = signs[random_below(sizeof(signs) - 1)];
	while ((text[at] | 32) == (was | 32));
}

/* Two different neighbours in each other's place; no mark of a form, since one rule runs names and values
 * together: a border moved between them is the same text to it. */
static bool swap(char *text)
{
	size_t n = strlen(text), at = random_below(n - 1);
	char first = text[at];

	if ((first | 32) == (text[at + 1] | 32) || strchr("=&", first) != NULL ||
	    strchr("=&", text[at + 1]) != NULL)
		return false;
	text[at] = text[at + 1];
	text[at + 1] = first;
	return true;
}

/* In one of many ways another call than the original; false when it came out the same. */
static bool forge(size_t i, struct made_call *m)
{
	size_t other = (i + 1 + random_below(CALLS - 1)) % CALLS;

	switch (random_below(12)) {
	case 0:
		change(m->body);
		return true;
	case 1:
		change(m->signature);
		return true;
	case 2:
		change(m->token);
		return true;
	case 3:
		m->body[strlen(m->body) - 1 - random_below(strlen(m->body) - 1)] = '\0';
		return true;
	case 4:
		m->signature[random_below(strlen(m->signature))] = '\0';
		return true;
	case 5:
		(void)strcat(m->body, random_below(2) != 0 ? "x" : "&a=b");
		return true;
	case 6:
		m->has_signature = false;
		return true;
	case 7:
		(void)snprintf(m->signature, sizeof(m->signature), "%s",
			       originals[other].signature);
		return true;
	case 8:
		return swap(m->signature);
	case 9:
		return swap(m->body);
	case 10:
		if (m->stamp[0] != '\0')
			change(m->stamp);
		else if (m->url[0] != '\0')
			change(m->url + strlen("https://gw.example/"));
		else
			return false;
		return true;
	default:
		(void)strcat(m->signature, random_below(2) != 0 ? "0" : " ");
		return true;
	}
}

static bool same(const struct made_call *a, const struct made_call *b)
{
	return strcmp(a->body, b->body) == 0 && strcmp(a->signature, b->signature) == 0 &&
	       strcmp(a->stamp, b->stamp) == 0 && strcmp(a->token, b->token) == 0 &&
	       strcmp(a->url, b->url) == 0 && a->has_signature == b->has_signature;
}

static void of_a_great_many_forgeries_none_is_taken(void **state)
{
	const char *env = getenv("FORGERIES");
	long tries = env != NULL ? strtol(env, NULL, 10) : 100000, forged = 0;
	struct receipt receipt;
	int n;

	(void)state;
	while (forged < tries) {
		size_t i = random_below(CALLS);
		struct made_call m = originals[i];

		if (!forge(i, &m))
			continue;
		/* one on top of the other, now and then */
		while (random_below(4) == 0 && m.body[1] != '\0' && m.body[2] != '\0' &&
		       strlen(m.body) < TEXT_MAX / 2 && strlen(m.signature) > 2 &&
		       strlen(m.signature) < TEXT_MAX / 2)
			if (random_below(2) != 0)
				change(m.body);
			else
				change(m.signature);
		if (same(&m, &originals[i]))
			continue; /* the second change undid the first */
		forged++;
		if (verified(i, &m, &receipt, &n))
			fail_msg("%s took body \"%s\", signature \"%s\"", calls[i].description,
				 m.body, m.signature);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_provider_signed_is_the_providers),
	    cmocka_unit_test(of_a_great_many_forgeries_none_is_taken),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
