/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tests/data/ in tests. */
#ifndef MOIDAN_TESTS_VECTORS_H
#define MOIDAN_TESTS_VECTORS_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* The JSON of tests/data/vectors/NAME. json_decref() it. */
static inline json_t *vectors_load(const char *name)
{
	char *path = mem_printf("%s/data/vectors/%s", TESTS_DIR, name);
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);

	if (root == NULL)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	free(path);
	return root;
}

static inline const char *vectors_str(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	if (s == NULL)
		fail_msg("the vector has no \"%s\"", key);
	return s;
}

/* The whole of tests/data/NAME. free() it. */
static inline char *vectors_file(const char *name, size_t *len)
{
	char *path = mem_printf("%s/data/%s", TESTS_DIR, name), *text;
	FILE *f = fopen(path, "rb");
	long size;

	if (f == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size >= 0);
	rewind(f);
	text = mem_calloc((size_t)size + 1, 1);
	*len = fread(text, 1, (size_t)size, f);
	assert_int_equal(*len, size);
	(void)fclose(f);
	free(path);
	return text;
}

#endif
