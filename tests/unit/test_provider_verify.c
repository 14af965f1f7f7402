/* SPDX-License-Identifier: Apache-2.0 */
/* Whose callback it is: the token of its address, and signatures of each kind that a description can
 * ask for. The signatures below were made by another program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/digest.h"
#include "provider/provider.h"

#define KEY   "khoa-bi-mat-0123"
#define TOKEN "0123456789abcdef0123456789abcdef"

static char directory[] = "/tmp/moidan-test-verify-XXXXXX";

/* A provider whose description ends in the given lines; its secret "key" is KEY. from: where it calls from,
 * of n. NULL with e. */
static struct provider *try(const char *verify, char **from, size_t n, struct err *e)
{
	char name[] = "fuzz", *dir = mem_printf("%s/providers", directory),
	     *path = mem_printf("%s/fuzz.yaml", dir);
	struct provider_config cfg = {
	    .name = name, .description = name, .secrets = json_pack("{s:s}", "key", KEY)};
	struct provider *p;
	FILE *f;

	cfg.callback_from = (struct conf_list){.items = from, .n = n};
	(void)mkdir(dir, 0700);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fprintf(
	    f,
	    "provider: fuzz\ntitle: Thử\nchannel: sms\nbase_url: https://x.example\n"
	    "secrets: [{name: key}]\n"
	    "reference: {duplicates: none}\n"
	    "send:\n  method: POST\n  path: /s\n"
	    "  form: {to: \"{{to|phone:0}}\", t: \"{{text}}\", k: \"{{secret.key}}\"}\n"
	    "  reply:\n    format: json\n    fields: {code: /c, id: /i}\n"
	    "  rules:\n    - when: {code: \"0\"}\n      class: ok\n"
	    "%s",
	    verify);
	(void)fclose(f);
	p = provider_new(&cfg, directory, e);
	json_decref(cfg.secrets);
	(void)unlink(path);
	free(path);
	free(dir);
	return p;
}

static struct provider *make(const char *verify)
{
	struct err e = ERR_INIT;
	struct provider *p = try(verify, NULL, 0, &e);

	if (p == NULL)
		fail_msg("%s", e.text);
	return p;
}

#define RECEIPTS                                                                               \
	"receipts:\n  method: POST\n  format: json\n  fields: {id: /id}\n"                     \
	"  states:\n    - when: {id: {present: true}}\n      state: delivered\n"

struct call {
	const char *method, *url, *query, *body;
	const char *names[3], *values[3]; /* headers */
};

static bool holds(const struct provider *p, const struct call *in)
{
	struct http_header headers[3];
	struct callback_request c = {.method = in->method,
				     .url = in->url,
				     .query = in->query != NULL ? in->query : "",
				     .body = in->body != NULL ? in->body : "",
				     .headers = headers,
				     .token = TOKEN};

	c.body_len = strlen(c.body);
	for (; c.n_headers < 3 && in->names[c.n_headers] != NULL; c.n_headers++)
		headers[c.n_headers] =
		    (struct http_header){in->names[c.n_headers], in->values[c.n_headers]};
	return provider_callback_verify(p, &c, TOKEN);
}

/* ---- the token -------------------------------------------------------------------------------- */

static void the_token_is_exactly_ours_and_not_short(void **state)
{
	static const char *const wrong[] = {"",
					    "0123456789abcdef0123456789abcde",
					    "0123456789abcdef0123456789abcdef0",
					    "0123456789abcdef0123456789abcdeF",
					    "1123456789abcdef0123456789abcdef",
					    NULL};
	struct provider *p = make(RECEIPTS);
	struct callback_request c = {.method = "POST", .query = "", .body = "", .token = TOKEN};

	(void)state;
	assert_true(provider_callback_verify(p, &c, TOKEN));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		c.token = wrong[i];
		assert_false(provider_callback_verify(p, &c, TOKEN));
	}
	/* a token of ours that is short is no token */
	c.token = "0123456789abcde";
	assert_false(provider_callback_verify(p, &c, c.token));
	c.token = "0123456789abcdef";
	assert_true(provider_callback_verify(p, &c, c.token));
	provider_free(p);
}

static void who_sends_no_callbacks_is_not_believed(void **state)
{
	struct provider *p = make("");
	struct callback_request c = {.method = "POST", .query = "", .body = "", .token = TOKEN};

	(void)state;
	assert_false(provider_callback_verify(p, &c, TOKEN));
	provider_free(p);
	/* whoever only brings what citizens answer is */
	p = make("replies:\n  method: POST\n  format: json\n  fields: {from: /f, text: /t}\n");
	assert_true(provider_callback_verify(p, &c, TOKEN));
	provider_free(p);
}

/* ---- signatures ------------------------------------------------------------------------------- */

#define URL_SORTED                                                                             \
	RECEIPTS "verify:\n  header: X-Signature\n  algorithm: sha1\n"                         \
		 "  key: \"{{secret.key}}\"\n  encoding: base64\n  of: [[url, sorted]]\n"

static void a_url_and_sorted_parameters(void **state)
{
	static const char plain[] = "Um2w/wFgHWbHMGRPjRUlE6ydO7w=";
	struct provider *p = make(URL_SORTED);
	struct call c = {.method = "POST",
			 .url = "https://gw.example/cb?x=1",
			 .body = "b=2&a=2&a=1&a=2", /* in any order, repeated ones once */
			 .names = {"Date", "x-signature"},
			 .values = {"x", plain}};

	(void)state;
	assert_true(holds(p, &c));
	c.body = "a=1&a=2&b=3";
	assert_false(holds(p, &c));
	c.body = "a=1&a=2&b=2&c=";
	assert_false(holds(p, &c));
	c.body = "a=1&b=2";
	assert_false(holds(p, &c));
	c.body = "a=1&a=2&b=2";
	assert_true(holds(p, &c));
	c.url = "https://gw.example/cb?x=2";
	assert_false(holds(p, &c));
	c.url = NULL;
	assert_false(holds(p, &c));
	c.url = "gw.example/cb?x=1";
	assert_false(holds(p, &c));
	provider_free(p);
}

/* With the port that the scheme implies, without it, or as it was called. */
static void a_port_in_the_url_does_not_matter_where_it_is_implied(void **state)
{
	static const struct {
		const char *url, *signature;
		bool fits;
	} rows[] = {
	    {"https://gw.example/cb?x=1", "Q6ckTh4uiYE4i26rONNDMpLqi7Q=", true},
	    {"https://gw.example:443/cb?x=1", "Q6ckTh4uiYE4i26rONNDMpLqi7Q=", true},
	    {"https://gw.example:443/cb?x=1", "Um2w/wFgHWbHMGRPjRUlE6ydO7w=", true},
	    {"http://gw.example/cb?x=1", "yOFWjckhF4LUoSU/osFU/qFc/JQ=", true},
	    {"http://gw.example:8080/cb?x=1", "L1B38vqn0zXzExAatMA0UNBHZWY=", true},
	    {"http://gw.example:8080/cb?x=1", "cED1u1pnH4XtvAyUYIBAhkM22mk=", true},
	    {"https://gw.example/cb?x=1", "yOFWjckhF4LUoSU/osFU/qFc/JQ=", false},
	};
	struct provider *p = make(URL_SORTED);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct call c = {.method = "POST",
				       .url = rows[i].url,
				       .body = "a=1&a=2&b=2",
				       .names = {"X-Signature"},
				       .values = {rows[i].signature}};

		if (holds(p, &c) != rows[i].fits)
			fail_msg("%s with %s", rows[i].url, rows[i].signature);
	}
	provider_free(p);
}

/* Nothing to sort is nothing to add; more than can be looked at is nothing that could be believed. */
static void an_url_alone_and_far_too_many_parameters(void **state)
{
	struct provider *p = make(URL_SORTED);
	struct call c = {.method = "POST",
			 .url = "https://gw.example/cb?x=1",
			 .body = "",
			 .names = {"X-Signature"},
			 .values = {"qpTHWBtmzaggTid036JptQHBT/s="}};
	char many[1200] = "a=1";

	(void)state;
	assert_true(holds(p, &c));
	for (int i = 0; i < 256; i++)
		(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "&a=1");
	c.body = many;
	assert_false(holds(p, &c));
	provider_free(p);
	p = make(RECEIPTS "verify:\n  header: X-Signature\n  algorithm: sha1\n"
			  "  key: \"{{secret.key}}\"\n  encoding: base64\n  of: [[url]]\n");
	assert_true(holds(p, &c));
	c.values[0] = "cRVfVczFcJE6RLf2UwnBp5lDnjI="; /* of https://gw.example:443/cb?x=1 */
	assert_true(holds(p, &c));
	c.url = "https://gw.example/cb?x=2";
	assert_false(holds(p, &c));
	provider_free(p);
}

static void pairs_whose_signature_is_in_a_header(void **state)
{
	struct provider *p =
	    make(RECEIPTS "verify:\n  header: X-Signature\n  algorithm: sha1\n"
			  "  key: \"{{secret.key}}\"\n  encoding: base64\n  of: [[pairs]]\n");
	struct call c = {.method = "POST",
			 .body = "b=2&a=1",
			 .names = {"X-Signature"},
			 .values = {"HqzrmPosiwkQdLG5wIwVFgB77AA="}}; /* of "&a=1&b=2" */

	(void)state;
	assert_true(holds(p, &c));
	c.body = "b=2";
	assert_false(holds(p, &c));
	provider_free(p);
	/* However short: it is what they gave. */
	p = make(RECEIPTS "verify:\n  header: X-Key\n  equals: \"k\"\n");
	c = (struct call){.method = "POST", .body = "", .names = {"X-Key"}, .values = {"k"}};
	assert_true(holds(p, &c));
	c.values[0] = "";
	assert_false(holds(p, &c));
	provider_free(p);
}

/* The example in the documentation of one that signs so. */
static void the_example_that_everybody_knows(void **state)
{
	struct provider *p = make(
	    RECEIPTS "verify:\n  header: X-Signature\n  algorithm: sha1\n  key: \"12345\"\n"
		     "  encoding: base64\n  of: [[url, sorted]]\n");
	const struct call c = {.method = "POST",
			       .url = "https://mycompany.com/myapp.php?foo=1&bar=2",
			       .body = "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&"
				       "Digits=1234&From=%2B14158675310&To=%2B18005551212",
			       .names = {"X-Signature"},
			       .values = {"GvWf1cFY/Q7PnoempGyD5oXAezc="}};

	(void)state;
	assert_true(holds(p, &c));
	provider_free(p);
}

static void pairs_of_a_query_without_their_signature(void **state)
{
	struct provider *p = make(RECEIPTS "verify:\n  field: sign\n  algorithm: md5\n"
					   "  of: [[pairs, \"text:{{secret.key}}\"]]\n");
	struct call c = {.method = "GET", .body = "a=9"};
	static const char *const good[] = {
	    "c=1%262&b=&a=x%3Dy&sign=a72406555bec6505bc3f7b7d4c4310df",
	    "sign=A72406555BEC6505BC3F7B7D4C4310DF&a=x%3Dy&b=&c=1%262",
	};
	static const char *const bad[] = {
	    "c=1%262&b=&a=x%3Dy",
	    "c=1%262&b=&a=x%3Dy&sign=",
	    "c=1%262&b=&a=x%3Dy&sign=a72406555bec6505bc3f7b7d4c4310de",
	    "c=1%262&b=&a=x%3Dy&sign=a72406555bec6505bc3f7b7d4c4310dfa",
	    "c=1%262&b=1&a=x%3Dy&sign=a72406555bec6505bc3f7b7d4c4310df",
	    "c=1%262&b=&a=x%3Dy&a=x%3Dy&sign=a72406555bec6505bc3f7b7d4c4310df",
	    "c=1%262&b=&a=x%3Dy&sign=a72406555bec6505bc3f7b7d4c4310df&sign=1",
	    "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		c.query = good[i];
		assert_true(holds(p, &c));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c.query = bad[i];
		if (holds(p, &c))
			fail_msg("holds: %s", bad[i]);
	}
	/* a POST brings them in its body */
	c = (struct call){.method = "POST", .query = "a=9", .body = good[0]};
	assert_true(holds(p, &c));
	c = (struct call){.method = "POST", .query = good[0], .body = ""};
	assert_false(holds(p, &c));
	provider_free(p);
}

static void a_body_byte_by_byte_with_a_prefix(void **state)
{
	static const char right[] =
	    "c61037c5accc96e1f081e3bf080bf340a9387656238229049e756c66a3de317b";
	struct provider *p =
	    make(RECEIPTS "verify:\n  header: X-Hub\n  strip: [\"sha256=\", \"v1=\"]\n"
			  "  key: \"{{secret.key}}\"\n  of: [[body]]\n");
	char text[600] = "sha256=";
	struct call c = {.method = "POST",
			 .body = "{\"id\":\"7\",\"t\":12}",
			 .names = {"X-Hub"},
			 .values = {text}};

	(void)state;
	(void)strcat(text, right);
	assert_true(holds(p, &c));
	c.values[0] = right;
	assert_true(holds(p, &c));
	c.body = "{\"id\":\"7\", \"t\":12}";
	assert_false(holds(p, &c));
	c.body = "{\"id\":\"7\",\"t\":12}";
	(void)snprintf(text, sizeof(text), "v1=%s", right);
	c.values[0] = text;
	assert_true(holds(p, &c));
	/* one prefix, once */
	(void)snprintf(text, sizeof(text), "v1=v1=%s", right);
	assert_false(holds(p, &c));
	(void)snprintf(text, sizeof(text), "v2=%s", right);
	assert_false(holds(p, &c));
	/* no signature, an empty one, one without an end */
	c.names[0] = NULL;
	assert_false(holds(p, &c));
	c.names[0] = "X-Hub";
	c.values[0] = "";
	assert_false(holds(p, &c));
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	c.values[0] = text;
	assert_false(holds(p, &c));
	/* nothing is signed too */
	c.body = "";
	c.values[0] = "940a885d471cc623470f3c37f15b06121606e5d1cc8a7e09907590a55dd116f7";
	assert_true(holds(p, &c));
	provider_free(p);
}

static void fields_and_headers_of_which_one_list_must_fit(void **state)
{
	struct provider *p =
	    make(RECEIPTS "verify:\n  field: /sig\n"
			  "  of: [[\"field:/id\", \"header:X-Time\", \"text:{{secret.key}}\"],"
			  " [\"field:/id\", \"field:/t\", \"text:{{secret.key}}\"]]\n");
	struct call c = {
	    .method = "POST",
	    .body = "{\"id\":\"7\",\"t\":12,\"sig\":"
		    "\"0ff35e755c64a2bcf999f435e7c52a786c94e2da7d39cbd7368c8c4e0813e982\"}"};

	(void)state;
	assert_true(holds(p, &c));
	c.body = "{\"id\":\"7\",\"sig\":"
		 "\"2bdd3098b63877b6305aee779fc28cdd90936338eaeddae530262fcb4ae010c3\"}";
	assert_false(holds(p, &c));
	c.names[0] = "x-time";
	c.values[0] = "99";
	assert_true(holds(p, &c));
	c.values[0] = "98";
	assert_false(holds(p, &c));
	c.body = "{\"id\":\"7\",\"t\":12}";
	assert_false(holds(p, &c));
	c.body = "{\"id\":\"7\",\"t\":12,\"sig\":null}";
	assert_false(holds(p, &c));
	c.body = "not JSON";
	assert_false(holds(p, &c));
	provider_free(p);
}

static void a_field_of_a_form_stands_there_once(void **state)
{
	static const char right[] =
	    "f67b8c6b7a27b418fe9c567f9fbc76326d7d98f486d7bea8c907cadd59955146";
	struct provider *p = make(RECEIPTS "verify:\n  header: X-Sig\n"
					   "  of: [[\"field:id\", \"text:{{secret.key}}\"]]\n");
	struct call c = {
	    .method = "POST", .body = "id=7&x=1", .names = {"X-Sig"}, .values = {right}};

	(void)state;
	assert_true(holds(p, &c));
	c.body = "id=7&id=7";
	assert_false(holds(p, &c));
	c.body = "x=7";
	assert_false(holds(p, &c));
	provider_free(p);
}

/* ---- when, and from where -------------------------------------------------------------------- */

#define NOW_MS INT64_C(1686798000000)

/* The body "{}" with a time, signed as the description below asks. */
static enum callback_verdict judge_signed_at(const struct provider *p, const char *time)
{
	unsigned char digest[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], *input = mem_printf("{\"id\":\"7\"}%s", time);
	struct http_header headers[2] = {{"X-Time", time}, {"X-Sig", hex}};
	struct callback_request c = {.method = "POST",
				     .query = "",
				     .body = "{\"id\":\"7\"}",
				     .body_len = 10,
				     .headers = headers,
				     .n_headers = 2,
				     .token = TOKEN};
	size_t n = digest_of(DIGEST_SHA256, KEY, strlen(KEY), input, strlen(input), digest);

	(void)sodium_bin2hex(hex, sizeof(hex), digest, n);
	free(input);
	return provider_callback_judge(p, &c, TOKEN);
}

static void what_was_signed_long_ago_or_in_the_future_is_stale(void **state)
{
	static const struct {
		int age; /* s */
		enum callback_verdict verdict;
	} cases[] = {{0, CALLBACK_GENUINE},    {3600, CALLBACK_GENUINE},
		     {3601, CALLBACK_STALE},   {-300, CALLBACK_GENUINE},
		     {-301, CALLBACK_STALE},   {864000, CALLBACK_STALE},
		     {-864000, CALLBACK_STALE}};
	static const char *const none[] = {"", "0", "-1", "soon", "99999999999999999999"};
	struct provider *p =
	    make(RECEIPTS "verify:\n  header: X-Sig\n  key: \"{{secret.key}}\"\n"
			  "  of: [[body, \"header:X-Time\"]]\n  time: [\"header:X-Time\"]\n"
			  "  tolerance: 1h\n  ahead: 5m\n");
	char text[32];

	(void)state;
	clock_set_virtual(NOW_MS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "%lld",
			       (long long)(NOW_MS / 1000 - cases[i].age));
		assert_int_equal(judge_signed_at(p, text), cases[i].verdict);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(judge_signed_at(p, none[i]), CALLBACK_STALE);
	clock_set_real();
	provider_free(p);
}

static void a_time_that_is_not_signed_is_refused(void **state)
{
	static const char *const cases[][2] = {
	    {"  of: [[body]]\n  time: [\"header:X-Time\"]\n", "each list of"},
	    {"  of: [[\"header:X-Time\", body], [body]]\n  time: [\"header:X-Time\"]\n",
	     "each list of"},
	    {"  of: [[\"field:/a\"]]\n  time: [\"field:/b\"]\n", "each list of"},
	    {"  of: [[body]]\n", "each list of"},
	    {"  of: [[body]]\n  time: [body]\n", "header:NAME or field:PLACE"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		char *text = mem_printf(
		    RECEIPTS "verify:\n  header: X-Sig\n%s  tolerance: 1h\n", cases[i][0]);
		struct provider *p = try(text, NULL, 0, &e);

		if (p != NULL || strstr(e.text, cases[i][1]) == NULL)
			fail_msg("\"%s\" instead of \"%s\"", e.text, cases[i][1]);
		free(text);
	}
	provider_free(make(RECEIPTS "verify:\n  header: X-Sig\n  of: [[body]]\n"
				    "  time: [\"field:/at\"]\n  tolerance: 1h\n"));
}

static void who_calls_from_elsewhere_is_not_heard(void **state)
{
	static const struct {
		const char *address;
		enum callback_verdict verdict;
	} cases[] = {{"203.0.113.7", CALLBACK_GENUINE},
		     {"203.0.113.8", CALLBACK_ELSEWHERE},
		     {"198.51.100.0", CALLBACK_GENUINE},
		     {"198.51.103.255", CALLBACK_GENUINE},
		     {"198.51.104.0", CALLBACK_ELSEWHERE},
		     {"198.51.99.255", CALLBACK_ELSEWHERE},
		     {"::ffff:203.0.113.7", CALLBACK_GENUINE},
		     {"2001:db8:1::9", CALLBACK_GENUINE},
		     {"2001:db8:2::9", CALLBACK_ELSEWHERE},
		     {"127.0.0.1", CALLBACK_ELSEWHERE},
		     {"203.0.113.7, 203.0.113.8", CALLBACK_ELSEWHERE},
		     {"", CALLBACK_ELSEWHERE},
		     {NULL, CALLBACK_ELSEWHERE}};
	char a[] = "203.0.113.7", b[] = "198.51.100.0/22", c6[] = "2001:db8:1::/48";
	char *from[] = {a, b, c6};
	struct err e = ERR_INIT;
	struct provider *p = try(RECEIPTS, from, 3, &e);
	struct callback_request c = {.method = "POST", .query = "", .body = "", .token = TOKEN};

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.address = cases[i].address;
		assert_int_equal(provider_callback_judge(p, &c, TOKEN), cases[i].verdict);
		/* Who does not know the token is told nothing of it. */
		c.token = "0123456789abcdef0123456789abcdee";
		assert_int_equal(provider_callback_judge(p, &c, TOKEN), CALLBACK_FORGED);
		c.token = TOKEN;
	}
	provider_free(p);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const wrong[] = {"",
					    "203.0.113",
					    "203.0.113.7/33",
					    "203.0.113.7/",
					    "203.0.113.7/24",
					    "203.0.113.0/-1",
					    "2001:db8::/129",
					    "sms.example",
					    "203.0.113.0/24 "};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *from[] = {(char *)(uintptr_t)wrong[i]};
		struct err e = ERR_INIT;

		assert_null(try(RECEIPTS, from, 1, &e));
		assert_non_null(strstr(e.text, "is no address or net"));
		assert_int_equal(e.code, EX_CONFIG);
	}
}

static void a_fixed_value_as_it_is(void **state)
{
	struct provider *p = make(RECEIPTS "verify:\n  header: X-Key\n  strip: [\"Bearer \"]\n"
					   "  equals: \"{{secret.key}}\"\n");
	struct call c = {.method = "POST", .names = {"X-Key"}, .values = {KEY}};

	(void)state;
	assert_true(holds(p, &c));
	c.values[0] = "Bearer " KEY;
	assert_true(holds(p, &c));
	c.values[0] = "KHOA-BI-MAT-0123";
	assert_false(holds(p, &c));
	c.values[0] = "khoa-Bi-mat-0123";
	assert_false(holds(p, &c));
	c.values[0] = KEY "4";
	assert_false(holds(p, &c));
	c.values[0] = "";
	assert_false(holds(p, &c));
	c.names[0] = NULL;
	assert_false(holds(p, &c));
	provider_free(p);
	/* capitals of a fixed value are no hexadecimal ones */
	p = make(RECEIPTS "verify:\n  header: X-Key\n  equals: \"ABCDEF\"\n");
	c = (struct call){.method = "POST", .names = {"X-Key"}, .values = {"ABCDEF"}};
	assert_true(holds(p, &c));
	c.values[0] = "abcdef";
	assert_false(holds(p, &c));
	provider_free(p);
}

/* ---- what it says ----------------------------------------------------------------------------- */

/* Whoever has no room for all must not take some and answer that all are taken. */
static void more_than_there_is_room_for_is_refused(void **state)
{
	static const char body[] = "{\"all\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]}";
	struct provider *p = make(
	    "receipts:\n  method: POST\n  format: json\n  each: /all\n  fields: {id: /id}\n"
	    "  states:\n    - when: {id: {present: true}}\n      state: delivered\n");
	const struct callback_request c = {.method = "POST",
					   .query = "",
					   .body = body,
					   .body_len = sizeof(body) - 1,
					   .token = TOKEN};
	struct receipt out[3];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(provider_callback_parse(p, &c, out, 3, &e), 3);
	assert_int_equal(e.code, 0);
	assert_string_equal(out[2].provider_ref, "c");
	assert_int_equal(provider_callback_parse(p, &c, out, 2, &e), -1);
	assert_non_null(strstr(e.text, "more than 2"));
	provider_free(p);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL;
}

static int end(void **state)
{
	char *dir = mem_printf("%s/providers", directory);

	(void)state;
	(void)rmdir(dir);
	free(dir);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_token_is_exactly_ours_and_not_short),
	    cmocka_unit_test(who_sends_no_callbacks_is_not_believed),
	    cmocka_unit_test(a_url_and_sorted_parameters),
	    cmocka_unit_test(a_port_in_the_url_does_not_matter_where_it_is_implied),
	    cmocka_unit_test(an_url_alone_and_far_too_many_parameters),
	    cmocka_unit_test(pairs_whose_signature_is_in_a_header),
	    cmocka_unit_test(the_example_that_everybody_knows),
	    cmocka_unit_test(pairs_of_a_query_without_their_signature),
	    cmocka_unit_test(a_body_byte_by_byte_with_a_prefix),
	    cmocka_unit_test(fields_and_headers_of_which_one_list_must_fit),
	    cmocka_unit_test(a_field_of_a_form_stands_there_once),
	    cmocka_unit_test(what_was_signed_long_ago_or_in_the_future_is_stale),
	    cmocka_unit_test(a_time_that_is_not_signed_is_refused),
	    cmocka_unit_test(who_calls_from_elsewhere_is_not_heard),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(a_fixed_value_as_it_is),
	    cmocka_unit_test(more_than_there_is_room_for_is_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
