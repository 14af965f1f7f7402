/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions: an error names file, line and key; a value is escaped as the place needs where it stands,
 * whatever it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/provider.h"

#define HEAD "provider: x\ntitle: X\nbase_url: https://x.example\n"

static char dir[64] = "/tmp/moidan-description-XXXXXX";

static int setup(void **state)
{
	char *folder;
	int rc;

	(void)state;
	assert_non_null(mkdtemp(dir));
	folder = mem_printf("%s/providers", dir);
	rc = mkdir(folder, 0700);
	free(folder);
	return rc;
}

static int teardown(void **state)
{
	char *command = mem_printf("rm -r %s", dir);
	int rc = system(command);

	(void)state;
	free(command);
	return rc;
}

static struct provider *load(const char *text, struct err *e)
{
	struct provider_config cfg = {.name = (char *)(uintptr_t) "x"};
	char *path = mem_printf("%s/providers/x.yaml", dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	free(path);
	return provider_new(&cfg, dir, e);
}

static void what_is_wrong_is_named_with_file_line_and_key(void **state)
{
	static const struct {
		const char *text, *error; /* after the directory */
	} cases[] = {
	    {HEAD, "x.yaml:1:1: \"send\" is missing"},
	    {HEAD "sned: {}\n", "x.yaml:4:1: unknown key \"sned\""},
	    {HEAD "send:\n  json: {a: \"{{tx}}\"}\n",
	     "x.yaml:5:10: unknown value {{tx}}; known: to, text"},
	    {HEAD "send:\n  json: {a: \"{{cfg.a}}\"}\n",
	     "x.yaml:5:10: unknown value {{cfg.a}}"},
	    {HEAD "send:\n  json: {a: \"{{id}}\"}\n", "x.yaml:5:10: unknown value {{id}}"},
	    {HEAD "send:\n  json: {a: \"{{to\"}\n", "x.yaml:5:10: \"a\": {{ without }}"},
	    {HEAD "send:\n  json: {a: \"{{#to}}x{{/to}}\"}\n",
	     "x.yaml:5:10: \"a\": sections have no place"},
	    {HEAD "send:\n  json: {a: \"{{to|fone:84}}\"}\n", "x.yaml:5:10: \"a\": value:1:"},
	    {HEAD "send:\n  json: {a: b}\n  form: {c: d}\n",
	     "x.yaml:4:1: a POST has one of json, form and raw"},
	    {HEAD "send:\n  method: GET\n  json: {a: b}\n", "x.yaml:4:1: a POST has one of"},
	    {HEAD "send:\n  path: a\n  json: {a: b}\n",
	     "x.yaml:5:3: \"path\" must begin with /"},
	    {HEAD "send:\n  json: {\"a?\": \"{{cb_url}}\"}\n",
	     "x.yaml:5:10: at least one member must always"},
	    {HEAD "send:\n  headers: {\"a b\": c}\n  json: {a: b}\n",
	     "x.yaml:5:13: \"a b\" is no header name"},
	    {HEAD
	     "send:\n  json: {a: b}\n  rules:\n    - when: {codee: \"1\"}\n      class: ok\n",
	     "x.yaml:7:14: \"codee\" is not among the fields"},
	    {HEAD "send:\n  json: {a: b}\n  rules:\n    - class: fine\n",
	     "x.yaml:7:7: \"class\""},
	    {HEAD "send:\n  json: {a: b}\n  rules:\n    - when: {status: {like: x}}\n      "
		  "class: ok\n",
	     "x.yaml:7:23: unknown test \"like\""},
	    {HEAD "send:\n  json: {a: b}\n  reply:\n    fields: {id: data}\n",
	     "x.yaml:7:14: \"id\" must be a JSON pointer"},
	    {HEAD "send:\n  json: {a: {$each: people, $item: x}}\n",
	     "x.yaml:5:14: \"$each\" goes through the parameters, or the messages"},
	    {HEAD "send:\n  json: {a: {$each: messages, $item: x}}\n",
	     "x.yaml:5:14: there are no messages here"},
	    {HEAD "send:\n  json: {a: b}\nbatch:\n  json: {a: \"{{to}}\"}\n",
	     "x.yaml:7:10: unknown value {{to}}"},
	    {HEAD "send:\n  json: {a: b}\nbatch:\n  json: {a: b}\n",
	     "x.yaml:6:1: \"each\" is missing: where it says"},
	    {HEAD "send:\n  json: {a: b}\nbatch:\n  json: {a: b}\n  reply: {each: /l, fields: "
		  "{id: /i}}\n",
	     "x.yaml:8:3: messages of different texts go together only where"},
	    {HEAD "send:\n  json: {a: b}\nbatch:\n  json: {a: b}\n  reply: {each: /l, fields: "
		  "{ref: /i}}\n",
	     "x.yaml:8:3: messages of different texts go together only where"},
	    {HEAD "send:\n  json: {a: b}\nbatch:\n  same: template\n  json: {a: b}\n",
	     "x.yaml:7:3: there are no templates here"},
	    {HEAD "send:\n  json: {a: \"{{token}}\"}\n",
	     "x.yaml:4:1: {{token}} in \"send\" and the section \"token\""},
	    {HEAD "send:\n  json: {a: \"{{jwt}}\"}\n",
	     "x.yaml:4:1: {{jwt}} needs the section \"jwt\""},
	    {HEAD "send:\n  json: {a: b}\nquery:\n  method: GET\n",
	     "x.yaml:6:1: a question names its message"},
	    {HEAD "send:\n  json: {a: b}\nreceipts:\n  fields: {state: /s}\n",
	     "x.yaml:7:3: a receipt needs the field id or ref"},
	    {HEAD "send:\n  json: {a: b}\nreceipts:\n  method: GET\n  format: json\n  fields: "
		  "{id: /s}\n",
	     "x.yaml:8:3: a GET has its fields in the query"},
	    {HEAD "send:\n  json: {a: b}\nreplies:\n  fields: {from: /s}\n",
	     "x.yaml:7:3: a reply needs the fields from and text"},
	    {HEAD "send:\n  json: {a: b}\nverify:\n  header: X\n  of: [[bodi]]\n",
	     "x.yaml:8:9: a part is text:"},
	    {HEAD "send:\n  json: {a: b}\nverify:\n  of: [[body]]\n",
	     "x.yaml:6:1: the signature is in one header"},
	    {HEAD "reference: {duplicates: reference}\nsend:\n  json: {a: b}\n",
	     "x.yaml:4:13: a reference is recognised for how long"},
	    {"provider: x\ntitle: X\nbase_url: ftp://x\nsend:\n  json: {a: b}\n",
	     "base_url must begin with https://"},
	    {HEAD "secrets:\n  - name: key\nsend:\n  json: {a: \"{{secret.key}}\"}\n",
	     "secrets.key is missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct provider *p = load(cases[i].text, &e);

		if (p != NULL || strstr(e.text, cases[i].error) == NULL)
			fail_msg("\"%s\" instead of \"%s\"", e.text, cases[i].error);
		assert_int_equal(e.code, EX_CONFIG);
	}
}

/* Every place at once. */
static const char places[] =
    HEAD "send:\n"
	 "  path: /a/{{text}}\n"
	 "  query: {q: \"{{text}}\", \"{{text}}\": n}\n"
	 "  headers: {X-Fixed: a}\n"
	 "  json: {a: \"{{text}}\", b: [\"x{{text}}y\", true, 5], c: {d: \"{{to|int}}\"}}\n";

static struct provider *load_good(const char *text)
{
	struct err e = ERR_INIT;
	struct provider *p = load(text, &e);

	if (p == NULL)
		fail_msg("%s", e.text);
	return p;
}

static int build(const struct provider *p, const char *text, struct provider_request *r,
		 struct err *e)
{
	const struct provider_message m = {
	    .to = UINT64_C(84912000111), .text = text, .ref = "m-1", .ucs2 = true};

	return provider_build_send(p, &m, r, e);
}

/* Texts that would break out, if anything could. */
static const char *const nasty[] = {
    "\"},\"to\":\"84900000000", "\\\"", "&to=1", "#x",	      "?a=b",
    "</Content><To>1</To>",	"]]>",	"&amp;", "%00%0d%0a", "{{secret.key}}",
    "Kính mời “ông”",		"'",	"a b+c", "\t",	      "//evil.example/",
};

static void whatever_stands_in_a_text_stays_a_value_of_the_url_and_the_json(void **state)
{
	struct provider *p = load_good(places);
	struct provider_request r;

	(void)state;
	provider_request_init(&r);
	for (size_t i = 0; i < sizeof(nasty) / sizeof(nasty[0]); i++) {
		struct err e = ERR_INIT;
		json_t *root;
		const char *url;

		assert_int_equal(build(p, nasty[i], &r, &e), 0);
		root = json_loads(r.http.body, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		assert_int_equal(json_object_size(root), 3);
		assert_string_equal(json_string_value(json_object_get(root, "a")), nasty[i]);
		assert_int_equal(
		    json_integer_value(json_object_get(json_object_get(root, "c"), "d")),
		    INT64_C(84912000111));
		json_decref(root);
		url = r.http.url;
		assert_memory_equal(url, "https://x.example/a/", 20);
		/* one question mark, one ampersand, two equals: those of the description */
		assert_non_null(strchr(url, '?'));
		assert_null(strchr(strchr(url, '?') + 1, '?'));
		assert_null(strchr(strchr(url, '&') + 1, '&'));
		assert_null(strchr(url, '#'));
		for (const char *c = url + 20; *c != '\0'; c++) {
			if (strchr("?&=%-._~", *c) == NULL && !(*c >= '0' && *c <= '9') &&
			    !((*c | 32) >= 'a' && (*c | 32) <= 'z'))
				fail_msg("'%c' stands bare in %s", *c, url);
		}
	}
	provider_request_free(&r);
	provider_free(p);
}

static void whatever_stands_in_a_text_stays_a_value_of_a_form(void **state)
{
	struct provider *p = load_good(HEAD "send:\n  form: {a: \"{{text}}\", b: c}\n");
	struct provider_request r;

	(void)state;
	provider_request_init(&r);
	for (size_t i = 0; i < sizeof(nasty) / sizeof(nasty[0]); i++) {
		struct err e = ERR_INIT;
		const char *end;

		assert_int_equal(build(p, nasty[i], &r, &e), 0);
		end = strchr(r.http.body, '&');
		assert_non_null(end);
		assert_string_equal(end, "&b=c");
	}
	provider_request_free(&r);
	provider_free(p);
}

static void whatever_stands_in_a_text_stays_a_value_of_the_xml(void **state)
{
	struct provider *p = load_good(HEAD "send:\n  raw: {type: text/xml, escape: xml, text: "
					    "\"<a b='{{text}}'>{{text}}</a>\"}\n");
	struct provider_request r;

	(void)state;
	provider_request_init(&r);
	for (size_t i = 0; i < sizeof(nasty) / sizeof(nasty[0]); i++) {
		struct err e = ERR_INIT;
		int open = 0, quotes = 0;

		assert_int_equal(build(p, nasty[i], &r, &e), 0);
		for (const char *c = r.http.body; *c != '\0'; c++) {
			open += *c == '<';
			quotes += *c == '\'';
		}
		assert_int_equal(open, 2);
		assert_int_equal(quotes, 2);
	}
	provider_request_free(&r);
	provider_free(p);
}

static void no_line_of_a_header_can_be_begun_by_a_text(void **state)
{
	struct provider *p =
	    load_good(HEAD "send:\n  headers: {X-A: \"{{text}}\"}\n  json: {a: b}\n");
	static const char *const breaks[] = {"a\r\nX-B: c", "a\nb", "a\x7f", "\x1b[0m"};
	struct provider_request r;

	(void)state;
	provider_request_init(&r);
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(build(p, breaks[i], &r, &e), -1);
		assert_string_equal(e.text, "a control character cannot stand in a header");
	}
	provider_request_free(&r);
	provider_free(p);
}

static void a_member_with_a_question_mark_is_left_out_when_it_is_empty(void **state)
{
	struct provider *p = load_good(
	    HEAD "send:\n  json: {a: b, \"cb?\": \"{{cb_url}}\", \"d?\": \"{{text}}\"}\n");
	struct provider_message m = {.to = UINT64_C(84912000111), .text = "t", .ref = "m-1"};
	struct provider_request r;
	struct err e = ERR_INIT;

	(void)state;
	provider_request_init(&r);
	assert_int_equal(provider_build_send(p, &m, &r, &e), 0);
	assert_string_equal(r.http.body, "{\"a\":\"b\",\"d\":\"t\"}");
	m.callback_url = "https://g/";
	assert_int_equal(provider_build_send(p, &m, &r, &e), 0);
	assert_string_equal(r.http.body, "{\"a\":\"b\",\"cb\":\"https://g/\",\"d\":\"t\"}");
	provider_request_free(&r);
	provider_free(p);
}

static void parameters_become_an_object_a_list_pairs_and_fields(void **state)
{
	static const char *const how[][2] = {
	    {"json: {p: {$each: parameters, \"{{name}}\": \"{{value}}\"}}",
	     "{\"p\":{\"ten\":\"B \\\"H\\\"\",\"so\":\"7\"}}"},
	    {"json: {p: {$each: parameters, $item: \"{{value}}\"}}",
	     "{\"p\":[\"B \\\"H\\\"\",\"7\"]}"},
	    {"json: {p: {$each: parameters, $item: {NUM: \"{{index}}\", C: \"{{value}}\"}}}",
	     "{\"p\":[{\"NUM\":\"1\",\"C\":\"B \\\"H\\\"\"},{\"NUM\":\"2\",\"C\":\"7\"}]}"},
	    {"form: {t: \"{{template}}\", \"param_{{index}}\": {$each: parameters, $item: "
	     "\"{{value}}\"}}",
	     "t=12&param_1=B%20%22H%22&param_2=7"},
	};
	const struct provider_message m = {
	    .to = UINT64_C(84912000111),
	    .text =
		"{\"template\":\"12\",\"parameters\":{\"ten\":\"B \\\"H\\\"\",\"so\":\"7\"}}",
	    .ref = "m-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		char *text =
		    mem_printf(HEAD "text: {parameters: true}\nsend:\n  %s\n", how[i][0]);
		struct provider *p = load_good(text);
		struct provider_request r;
		struct err e = ERR_INIT;

		provider_request_init(&r);
		if (provider_build_send(p, &m, &r, &e) < 0)
			fail_msg("%s", e.text);
		assert_string_equal(r.http.body, how[i][1]);
		provider_request_free(&r);
		provider_free(p);
		free(text);
	}
}

static void messages_go_together_each_with_its_own(void **state)
{
	static const char text[] = HEAD
	    "text: {parameters: true}\nsend:\n  json: {a: b}\nbatch:\n  same: template\n"
	    "  json: {t: \"{{template}}\", n: \"{{now|int}}\", m: {$each: messages, $item: "
	    "{to: \"{{to|phone:0}}\", \"r?\": \"{{ref}}\", x: \"\", p: {$each: parameters, "
	    "$item: \"{{value}}\"}}}}\n"
	    "  reply: {each: /l, fields: {phone: /p, id: /i}}\n";
	struct provider_message m[] = {
	    {.to = UINT64_C(84912000111),
	     .text = "{\"template\":\"12\",\"parameters\":{\"ten\":\"B\"}}",
	     .ref = "m-1"},
	    {.to = UINT64_C(84912000222),
	     .text = "{\"template\":\"12\",\"parameters\":{\"ten\":\"\\\"C\",\"d\":\"e\"}}",
	     .ref = "m-2"},
	    {.text = "{\"template\":\"13\",\"parameters\":{\"ten\":\"B\"}}"}};
	struct provider *p = load_good(text);
	struct provider_request r;
	struct err e = ERR_INIT;

	(void)state;
	clock_set_virtual(INT64_C(1686794400000));
	provider_request_init(&r);
	assert_int_equal(provider_facts(p)->batch, 100);
	assert_true(provider_batch_joins(p, m[1].text, m[0].text));
	assert_false(provider_batch_joins(p, m[2].text, m[0].text));
	assert_false(provider_batch_joins(p, "", m[0].text));
	if (provider_build_batch(p, m, 2, &r, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(
	    r.http.body,
	    "{\"t\":\"12\",\"n\":1686794400,\"m\":[{\"to\":\"0912000111\",\"x\":\"\",\"p\":["
	    "\"B\"]"
	    ",\"r\":\"m-1\"},{\"to\":\"0912000222\",\"x\":\"\",\"p\":[\"\\\"C\",\"e\"],\"r\":"
	    "\"m-2\"}]}");
	assert_int_equal(provider_build_batch(p, m, 0, &r, &e), -1);
	assert_int_equal(provider_build_batch(p, m, 101, &r, &e), -1);
	provider_request_free(&r);
	provider_free(p);
	clock_set_real();
}

static void a_request_can_be_shown_without_its_secrets(void **state)
{
	struct provider_config cfg = {.name = (char *)(uintptr_t) "x"};
	struct provider_request r;
	struct provider *p;
	struct err e = ERR_INIT;

	(void)state;
	cfg.secrets = json_pack("{s:s}", "key", "very-secret");
	provider_free(load(
	    HEAD "secrets:\n  - name: key\nsend:\n"
		 "  headers: {X-Key: \"{{secret.key}}\", X-Digest: \"{{secret.key|sha256}}\"}\n"
		 "  basic: {user: u, password: \"{{secret.key}}\"}\n"
		 "  json: {a: \"{{secret.key}}\"}\n",
	    &e));
	err_clear(&e);
	provider_request_init(&r);
	p = provider_new_masked(&cfg, dir, &e);
	assert_non_null(p);
	assert_int_equal(provider_build_example(p, &r, &e), 0);
	assert_string_equal(r.http.body, "{\"a\":\"[key]\"}");
	for (size_t i = 0; i < r.http.n_headers; i++)
		assert_null(strstr(r.http.headers[i], "very-secret"));
	assert_string_equal(r.http.headers[0], "Authorization: Basic dTpba2V5XQ==");
	provider_request_free(&r);
	provider_free(p);
	json_decref(cfg.secrets);
}

static struct provider *draft(const char *text, struct err *e)
{
	err_clear(e);
	return provider_new_draft("thử (1).yaml", text, strlen(text), e);
}

/* What is about to be placed is read as what is placed, but looks for nothing outside of itself. */
static void a_draft_is_read_without_an_account(void **state)
{
	struct err e = ERR_INIT;
	struct provider *p;
	json_t *o;

	(void)state;
	assert_int_equal(setenv("MOIDAN_SECRET_X_KEY", "very-secret", 1), 0);
	assert_int_equal(setenv("MOIDAN_SECRET_X_PIN_FILE", "/proc/self/environ", 1), 0);
	p = draft(HEAD "settings:\n  - {name: brand, required: true}\n"
		       "  - {name: kind, required: true, allowed: [a, b]}\n  - {name: more}\n"
		       "secrets: [{name: key, help: whose}, {name: pin}]\nsend:\n"
		       "  path: /send\n  headers: {X-Key: \"{{secret.key}}\"}\n"
		       "  json: {b: \"{{cfg.brand}}\", k: \"{{cfg.kind}}\", \"m?\": \"{{cfg.more}}\","
		       " p: \"{{secret.pin}}\", t: \"{{text}}\"}\n"
		       "  rules:\n    - {when: {status: {from: 200, to: 299}}, class: ok, reason: taken}\n"
		       "receipts:\n  method: GET\n  format: query\n  fields: {ref: r, s: s}\n"
		       "  states: [{when: {s: \"1\"}, state: delivered}]\n",
		  &e);
	assert_string_equal(e.text, "");
	o = provider_show(p, &e);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "name")), "x");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(o, "request"), "body")),
	    "{\"b\":\"[brand]\",\"k\":\"a\",\"p\":\"[pin]\",\"t\":\"Tin thu\"}");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(o, "request"), "url")),
	    "https://x.example/send");
	assert_int_equal(json_array_size(json_object_get(o, "rules")), 1);
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(json_object_get(o, "states"), 0), "state")),
			    "delivered");
	json_decref(o);
	provider_free(p);
	(void)unsetenv("MOIDAN_SECRET_X_KEY");
	(void)unsetenv("MOIDAN_SECRET_X_PIN_FILE");
}

static void a_draft_is_refused_where_it_stands(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {"provider: x\n title: X\n", "thử (1).yaml:2:"},
	    {"provider: x\ntitle: X\nbase_url: https://x.example\nsned:\n  path: /\n",
	     "thử (1).yaml:4:1: unknown key \"sned\""},
	    {"provider: ../x\ntitle: X\nbase_url: https://x.example\nsend:\n  path: /\n",
	     "thử (1).yaml:1:1: a provider's name"},
	    {"provider: x\ntitle: X\nbase_url: ftp://x.example\nsend:\n  path: /\n",
	     "thử (1).yaml:3:1: base_url must begin with https://"},
	    {"provider: x\ntitle: X\nbase_url: https://x.example\n", "\"send\" is missing"},
	    {"provider: x\ntitle: !include /etc/passwd\n", "thử (1).yaml:2:"},
	    {HEAD "send:\n  path: /\n  json: {a: \"{{secret.none}}\"}\n", "thử (1).yaml:6:"},
	    {"", "thử (1).yaml"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(draft(bad[i].text, &e));
		assert_int_equal(e.code, EX_CONFIG);
		if (strstr(e.text, bad[i].says) == NULL)
			fail_msg("%zu: %s", i, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_wrong_is_named_with_file_line_and_key),
	    cmocka_unit_test(whatever_stands_in_a_text_stays_a_value_of_the_url_and_the_json),
	    cmocka_unit_test(whatever_stands_in_a_text_stays_a_value_of_a_form),
	    cmocka_unit_test(whatever_stands_in_a_text_stays_a_value_of_the_xml),
	    cmocka_unit_test(no_line_of_a_header_can_be_begun_by_a_text),
	    cmocka_unit_test(a_member_with_a_question_mark_is_left_out_when_it_is_empty),
	    cmocka_unit_test(parameters_become_an_object_a_list_pairs_and_fields),
	    cmocka_unit_test(messages_go_together_each_with_its_own),
	    cmocka_unit_test(a_request_can_be_shown_without_its_secrets),
	    cmocka_unit_test(a_draft_is_read_without_an_account),
	    cmocka_unit_test(a_draft_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
