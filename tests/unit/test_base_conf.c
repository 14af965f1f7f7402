/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"

struct inner {
	char *name;
	int64_t rate;
};

struct outer {
	char *database;
	int64_t timeout;
	int64_t at;
	int64_t day;
	bool on;
	int mode;
	struct conf_list tags;
	struct conf_list items;
	struct inner one;
	json_t *tree;
};

static const struct conf_field inner_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct inner, name),
     .required = true,
     .help = "what it is called"},
    {.key = "rate",
     .type = CONF_INT,
     .offset = offsetof(struct inner, rate),
     .fallback = "5",
     .min = 1,
     .max = 100},
    {.key = NULL},
};
static const struct conf_table inner_table = {"an item", sizeof(struct inner), inner_fields};
static const struct conf_field one_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct inner, name),
     .fallback = "x"},
    {.key = "rate", .type = CONF_INT, .offset = offsetof(struct inner, rate), .fallback = "5"},
    {.key = NULL},
};
static const struct conf_table one_table = {"one", sizeof(struct inner), one_fields};
static const char *const modes[] = {"slow", "fast", NULL};
static const struct conf_field outer_fields[] = {
    {.key = "database", .type = CONF_STRING, .offset = offsetof(struct outer, database)},
    {.key = "timeout",
     .type = CONF_DURATION,
     .offset = offsetof(struct outer, timeout),
     .fallback = "30s",
     .min = 1000,
     .max = 60000},
    {.key = "at", .type = CONF_TIME, .offset = offsetof(struct outer, at), .fallback = "17:30"},
    {.key = "day", .type = CONF_DATE, .offset = offsetof(struct outer, day)},
    {.key = "on", .type = CONF_BOOL, .offset = offsetof(struct outer, on), .fallback = "true"},
    {.key = "mode",
     .type = CONF_CHOICE,
     .offset = offsetof(struct outer, mode),
     .choices = modes,
     .fallback = "fast"},
    {.key = "tags", .type = CONF_STRINGS, .offset = offsetof(struct outer, tags)},
    {.key = "items",
     .type = CONF_OBJECTS,
     .offset = offsetof(struct outer, items),
     .table = &inner_table},
    {.key = "one",
     .type = CONF_OBJECT,
     .offset = offsetof(struct outer, one),
     .table = &one_table},
    {.key = "tree", .type = CONF_TREE, .offset = offsetof(struct outer, tree)},
    {.key = NULL},
};
static const struct conf_table outer_table = {"the test file", sizeof(struct outer),
					      outer_fields};

static int read_text(const char *text, struct outer *out, struct err *e)
{
	struct ydoc doc;
	int rc;

	if (ydoc_load_text("t.yaml", text, strlen(text), &doc, e) < 0)
		return -1;
	rc = conf_read(&doc, doc.root, &outer_table, "MOIDANTEST", out, e);
	ydoc_free(&doc);
	return rc;
}

static void a_file_is_read_with_its_defaults(void **state)
{
	struct outer o;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(read_text("database: /tmp/x.db\n"
				   "day: 20/06/2023\n"
				   "tags: [a, 007, 'c d']\n"
				   "items:\n  - name: one\n  - {name: two, rate: 7}\n"
				   "tree: {a: [1, true]}\n",
				   &o, &e),
			 0);
	assert_string_equal(o.database, "/tmp/x.db");
	assert_int_equal(o.timeout, 30000);
	assert_int_equal(o.at, 17 * 60 + 30);
	assert_int_equal(o.day, 19528);
	assert_true(o.on);
	assert_int_equal(o.mode, 1);
	assert_int_equal(o.tags.n, 3);
	assert_string_equal(((char **)o.tags.items)[1], "007");
	assert_int_equal(o.items.n, 2);
	assert_string_equal(((struct inner *)o.items.items)[1].name, "two");
	assert_int_equal(((struct inner *)o.items.items)[0].rate, 5);
	assert_string_equal(o.one.name, "x");
	assert_true(json_is_array(json_object_get(o.tree, "a")));
	conf_free(&outer_table, &o);
}

static void an_error_names_file_line_column_key_and_what_is_allowed(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"database: x\ntimeoot: 3s\n",
	     "t.yaml:2:1: unknown key \"timeoot\" in the test file; known: database, timeout"},
	    {"timeout: 3\n", "t.yaml:1:1: \"timeout\" must be a duration such as 30s"},
	    {"timeout: 3h\n", "t.yaml:1:1: \"timeout\" must be a duration"},
	    {"on: yes\n", "t.yaml:1:1: \"on\" must be true or false"},
	    {"mode: medium\n", "t.yaml:1:1: \"mode\" must be \"slow\" or \"fast\""},
	    {"day: 30/02/2023\n", "t.yaml:1:1: \"day\" must be a date"},
	    {"items:\n  - name: a\n    rate: 500\n",
	     "t.yaml:3:5: \"rate\" must be a whole number from 1 to 100"},
	    {"items:\n  - rate: 5\n", "\"name\" is missing: what it is called"},
	    {"items: 3\n", "t.yaml:1:1: \"items\" must be a list, each element an item"},
	    {"tags: [[1]]\n", "t.yaml:1:8: must be text"},
	    {"a: 1\na: 2\n", "t.yaml:2:1: the key \"a\" stands twice"},
	    {"a: &x 1\nb: *x\n", "t.yaml:1:4: anchors and tags are not used here"},
	    {"database: 'x\n", "t.yaml:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outer o;
		struct err e = ERR_INIT;

		assert_int_equal(read_text(cases[i].text, &o, &e), -1);
		assert_int_equal(e.code, EX_CONFIG);
		if (strstr(e.text, cases[i].want) == NULL)
			fail_msg("case %zu said: %s", i, e.text);
	}
}

static void the_environment_stands_above_the_file(void **state)
{
	struct outer o;
	struct err e = ERR_INIT;

	(void)state;
	setenv("MOIDANTEST_TIMEOUT", "5s", 1);
	setenv("MOIDANTEST_ONE_NAME", "env", 1);
	assert_int_equal(read_text("timeout: 7s\n", &o, &e), 0);
	assert_int_equal(o.timeout, 5000);
	assert_string_equal(o.one.name, "env");
	conf_free(&outer_table, &o);
	setenv("MOIDANTEST_TIMEOUT", "soon", 1);
	assert_int_equal(read_text("timeout: 7s\n", &o, &e), -1);
	assert_non_null(strstr(e.text, "MOIDANTEST_TIMEOUT"));
	unsetenv("MOIDANTEST_TIMEOUT");
	unsetenv("MOIDANTEST_ONE_NAME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_read_with_its_defaults),
	    cmocka_unit_test(an_error_names_file_line_column_key_and_what_is_allowed),
	    cmocka_unit_test(the_environment_stands_above_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
