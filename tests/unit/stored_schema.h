/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOIDAN_TESTS_STORED_SCHEMA_H
#define MOIDAN_TESTS_STORED_SCHEMA_H

#include <jansson.h>
#include <stdlib.h>

/* The schema (taken over) is the one that the repository ships at path. UPDATE=1 writes it there. */
static inline void assert_schema_is_stored(json_t *schema, const char *path)
{
	json_t *stored;

	(void)json_object_set_new(schema, "$schema",
				  json_string("https://json-schema.org/draft/2020-12/schema"));
	if (getenv("UPDATE") != NULL)
		assert_int_equal(json_dump_file(schema, path, JSON_INDENT(2) | JSON_SORT_KEYS),
				 0);
	stored = json_load_file(path, 0, NULL);
	if (!json_equal(schema, stored))
		fail_msg("%s is old: run this test with UPDATE=1", path);
	json_decref(schema);
	json_decref(stored);
}

#endif
