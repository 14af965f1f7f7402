/* SPDX-License-Identifier: Apache-2.0 */
/* An answer read in one pass says what its tree says, or the tree is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/rules.h"

enum { MUTATIONS = 200000 };

/* What descriptions ask for: members, one inside another, an element, one with an escape. */
static struct fields wanted(void)
{
	static const char *const at[] = {"/code", "/id", "/data/id", "/list/0", "/a~1b", "/"};
	struct fields f = {.n = FIELD_BODY + 1};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		f.field[f.n++].at = mem_strdup(at[i]);
	return f;
}

/* Without the one that holds an escape, which only a tree can read. */
static struct fields plain(void)
{
	struct fields f = wanted();

	for (size_t i = 0; i < f.n; i++) {
		if (f.field[i].at != NULL && strcmp(f.field[i].at, "/a~1b") == 0) {
			free(f.field[i].at);
			f.field[i] = f.field[--f.n];
		}
	}
	f.field[f.n] = f.field[FIELD_STATUS];
	return f;
}

/* 1 when read in one pass, and then as the tree has it; 0 when left to the tree. */
static int compare(const struct fields *f, const char *text, size_t len)
{
	struct values fast = {0}, tree = {0};
	struct err e = ERR_INIT;
	int read = values_read_flat(f, text, len, &fast);

	if (read) {
		tree.root = values_parse_json(text, len, &e);
		if (tree.root == NULL)
			fail_msg("taken, but no JSON: %.*s", (int)len, text);
		values_read_json(f, tree.root, &tree);
	}
	for (size_t i = FIELD_BODY + 1; i < f->n; i++) {
		if (fast.value[i] == NULL && tree.value[i] == NULL)
			continue;
		if (fast.value[i] == NULL || tree.value[i] == NULL ||
		    strcmp(fast.value[i], tree.value[i]) != 0)
			fail_msg("%s of %.*s: %s, but %s", f->field[i].at, (int)len, text,
				 fast.value[i] ? fast.value[i] : "(none)",
				 tree.value[i] ? tree.value[i] : "(none)");
	}
	values_free(&fast);
	values_free(&tree);
	return read;
}

static const char *const simple[] = {
    "{\"code\":\"100\",\"id\":\"c3f0\",\"n\":0}",
    " { \"code\" : 100 ,\t\"id\":-118,\r\n\"\": \"empty name\" } \n",
    "{\"code\":true,\"id\":false,\"data\":null}",
    "{\"data/id\":\"no member of data\",\"data\":\"x\",\"code\":999999999999999}",
    "{\"code\":\" spaces stay \",\"id\":\"\"}",
    "{\"code\":0,\"id\":\"{[,:]}\"}",
};

static void simple_answers_need_no_tree(void **state)
{
	struct fields f = plain();

	(void)state;
	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
		if (compare(&f, simple[i], strlen(simple[i])) != 1)
			fail_msg("not taken: %s", simple[i]);
	}
	fields_free(&f);
}

static void everything_else_is_left_to_the_tree(void **state)
{
	static const char *const other[] = {
	    "",
	    "{",
	    "{}",
	    "[]",
	    "\"100\"",
	    "{\"code\":\"100\"",
	    "{\"code\":\"100\"}}",
	    "{\"code\":\"100\"} x",
	    "{\"code\":\"100\",}",
	    "{\"code\":\"1\",\"code\":\"2\"}",
	    "{\"x\":1,\"code\":\"1\",\"x\":2}",
	    "{\"code\":{\"id\":1}}",
	    "{\"code\":[1]}",
	    "{\"code\":1.5}",
	    "{\"code\":1e3}",
	    "{\"code\":01}",
	    "{\"code\":-0}",
	    "{\"code\":-}",
	    "{\"code\":+1}",
	    "{\"code\":1234567890123456}",
	    "{\"code\":\"a\\u0000b\"}",
	    "{\"code\":\"\\\"\"}",
	    "{\"code\":\"tab\there\"}",
	    "{\"code\":\"\xc4\x91\"}",
	    "{\"code\":\"\xff\"}",
	    "{\"c\\u006fde\":1}",
	    "{code:1}",
	    "{\"code\":nul}",
	    "{\"code\":nullx}",
	    "{\"code\":trues}",
	    "{\"code\":'1'}",
	    "{\"code\" 1}",
	    "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,"
	    "\"10\":1,\"11\":1,\"12\":1,\"13\":1,\"14\":1,\"15\":1,\"16\":1,\"17\":1}",
	};
	struct fields f = plain(), escaped = wanted();

	(void)state;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		if (compare(&f, other[i], strlen(other[i])) != 0)
			fail_msg("taken: %s", other[i]);
	}
	assert_int_equal(compare(&f, "{\"code\":1}\0", 11), 0);
	assert_int_equal(compare(&escaped, simple[0], strlen(simple[0])), 0);
	fields_free(&f);
	fields_free(&escaped);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void what_is_taken_says_what_its_tree_says_however_it_is_bent(void **state)
{
	static const char salt[] = "{}[]\",:\\ \t\n-01.9eEtrufalsn/~\x7f\x80\xc4\x00";
	struct fields f = plain();
	uint32_t seed = 1;
	int taken = 0;

	(void)state;
	for (int i = 0; i < MUTATIONS; i++) {
		char text[128];
		size_t len = strlen(simple[(size_t)i % (sizeof(simple) / sizeof(simple[0]))]);

		memcpy(text, simple[(size_t)i % (sizeof(simple) / sizeof(simple[0]))], len);
		for (uint32_t k = next(&seed) % 3; k < 3; k++) {
			size_t at = next(&seed) % len;

			switch (next(&seed) % 3) {
			case 0: /* another character */
				text[at] = salt[next(&seed) % sizeof(salt)];
				break;
			case 1: /* one less */
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
				break;
			default: /* one twice */
				memmove(text + at + 1, text + at, len - at);
				len++;
				break;
			}
		}
		taken += compare(&f, text, len);
	}
	/* Some are bent into other plain answers. */
	assert_in_range(taken, MUTATIONS / 100, MUTATIONS / 2);
	fields_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(simple_answers_need_no_tree),
	    cmocka_unit_test(everything_else_is_left_to_the_tree),
	    cmocka_unit_test(what_is_taken_says_what_its_tree_says_however_it_is_bent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
