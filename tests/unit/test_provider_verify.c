/* SPDX-License-Identifier: Apache-2.0 */
/* Whose callback it is: the token of its address, and signatures of each kind that a description can
 * ask for. The signatures below were made by another program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "provider/provider.h"

#define KEY   "khoa-bi-mat-0123"
#define TOKEN "0123456789abcdef0123456789abcdef"

static char directory[] = "/tmp/moidan-test-verify-XXXXXX";

/* A provider whose description ends in the given lines; its secret "key" is KEY. */
static struct provider *make(const char *verify)
{
	char name[] = "fuzz", *dir = mem_printf("%s/providers", directory),
	     *path = mem_printf("%s/fuzz.yaml", dir);
	struct provider_config cfg = {
	    .name = name, .description = name, .secrets = json_pack("{s:s}", "key", KEY)};
	struct err e = ERR_INIT;
	struct provider *p;
	FILE *f;

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
	p = provider_new(&cfg, directory, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	json_decref(cfg.secrets);
	(void)unlink(path);
	free(path);
	free(dir);
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
	    cmocka_unit_test(the_example_that_everybody_knows),
	    cmocka_unit_test(pairs_of_a_query_without_their_signature),
	    cmocka_unit_test(a_body_byte_by_byte_with_a_prefix),
	    cmocka_unit_test(fields_and_headers_of_which_one_list_must_fit),
	    cmocka_unit_test(a_field_of_a_form_stands_there_once),
	    cmocka_unit_test(a_fixed_value_as_it_is),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
