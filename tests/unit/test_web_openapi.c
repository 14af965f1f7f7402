/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.yaml and the table of routes say the same: every address, method and input, and no other. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "web/server.h"
#include "web/visit.h"

static int setup(void **state)
{
	struct ydoc *doc = calloc(1, sizeof(*doc));
	struct err e = ERR_INIT;

	if (ydoc_load_file(SOURCE_DIR "/gateway/web/openapi.yaml", doc, &e) < 0)
		fail_msg("%s", e.text);
	*state = doc;
	return 0;
}

static int teardown(void **state)
{
	ydoc_free(*state);
	free(*state);
	return 0;
}

/* "/a/:id/b" as "/a/{id}/b". */
static void path_of(const struct route *r, char out[128])
{
	const char *p = r->pattern;

	while (*p != '\0') {
		size_t n;

		if (*p != ':') {
			*out++ = *p++;
			continue;
		}
		n = strcspn(++p, "/");
		out += sprintf(out, "{%.*s}", (int)n, p);
		p += n;
	}
	*out = '\0';
}

static const json_t *operation_of(const struct ydoc *doc, const struct route *r)
{
	char path[128];
	const json_t *o;

	path_of(r, path);
	o = json_object_get(json_object_get(json_object_get(doc->root, "paths"), path),
			    r->methods == ROUTE_GET ? "get" : "post");
	if (o == NULL)
		fail_msg("%s is not described", path);
	return o;
}

static const json_t *parameter(const json_t *o, const char *name, const char *in)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(o, "parameters"), i, p)
	{
		if (strcmp(json_string_value(json_object_get(p, "name")), name) == 0 &&
		    strcmp(json_string_value(json_object_get(p, "in")), in) == 0)
			return p;
	}
	return NULL;
}

static const json_t *body_schema(const json_t *o)
{
	json_t *content = json_object_get(json_object_get(o, "requestBody"), "content");
	const char *type;
	json_t *media;

	json_object_foreach(content, type, media) return json_object_get(media, "schema");
	return NULL;
}

static bool is_required(const json_t *schema, const char *name)
{
	const json_t *n;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, n)
	{
		if (strcmp(json_string_value(n), name) == 0)
			return true;
	}
	return false;
}

static void check_input(const struct route *r, const json_t *o, const struct route_input *in)
{
	const json_t *p, *schema;

	if (r->methods == ROUTE_GET) {
		p = parameter(o, in->name, "query");
		if (p == NULL)
			fail_msg("GET %s: %s is not described", r->pattern, in->name);
		assert_int_equal(json_is_true(json_object_get(p, "required")), in->required);
		schema = json_object_get(p, "schema");
	} else {
		p = body_schema(o);
		schema = json_object_get(json_object_get(p, "properties"), in->name);
		if (schema == NULL)
			fail_msg("POST %s: %s is not described", r->pattern, in->name);
		if (is_required(p, in->name) != in->required)
			fail_msg("POST %s: is %s required?", r->pattern, in->name);
	}
	if (in->type == INPUT_CHOICE) {
		const json_t *choice;
		char joined[256] = "";
		size_t i;

		json_array_foreach(json_object_get(schema, "enum"), i, choice)
		{
			strcat(joined, i > 0 ? "|" : "");
			strcat(joined, json_string_value(choice));
		}
		assert_string_equal(joined, in->choices);
	}
}

static size_t count_inputs(const struct route *r, const json_t *o)
{
	size_t n = 0, i;
	const json_t *p;

	if (r->methods == ROUTE_POST)
		return json_object_size(json_object_get(body_schema(o), "properties"));
	json_array_foreach(json_object_get(o, "parameters"), i, p) n +=
	    strcmp(json_string_value(json_object_get(p, "in")), "query") == 0;
	return n;
}

static void every_route_is_described(void **state)
{
	const struct ydoc *doc = *state;
	json_t *paths = json_object_get(doc->root, "paths"), *item;
	size_t described = 0, routes = 0;
	const char *path;

	for (size_t i = 0; i < web_n_routes; i++) {
		const struct route *r = &web_routes[i];
		const json_t *o;
		size_t n = 0;

		if (r->serve == NULL)
			continue;
		routes++;
		o = operation_of(doc, r);
		for (; r->inputs[n].name != NULL; n++)
			check_input(r, o, &r->inputs[n]);
		if (count_inputs(r, o) != n)
			fail_msg("%s: something is described that is not taken", r->pattern);
		if ((parameter(o, "Idempotency-Key", "header") != NULL) != r->once)
			fail_msg("%s: Idempotency-Key", r->pattern);
		assert_non_null(json_object_get(json_object_get(o, "responses"), "default"));
	}
	json_object_foreach(paths, path, item) described += json_object_size(item);
	assert_int_equal(described, routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_route_is_described, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
