/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "web/route.h"

static const struct route table[] = {
    {.methods = ROUTE_GET | ROUTE_POST, .pattern = "/callbacks/:provider/:token"},
    {.methods = ROUTE_GET, .pattern = "/healthz"},
    {.methods = ROUTE_GET, .pattern = "/things/:id"},
    {.methods = ROUTE_POST, .pattern = "/things/:id"},
    {.methods = ROUTE_GET, .pattern = "/"},
};

static int find(unsigned method, const char *path, const struct route **r,
		struct route_params *p, unsigned *allowed)
{
	return route_find(table, sizeof(table) / sizeof(table[0]), method, path, r, p, allowed);
}

static void a_path_finds_its_row_and_parameters(void **state)
{
	const struct route *r;
	struct route_params p;
	unsigned allowed;

	(void)state;
	assert_int_equal(find(ROUTE_GET, "/callbacks/esms/k3f9", &r, &p, &allowed), 1);
	assert_ptr_equal(r, &table[0]);
	assert_int_equal(p.n, 2);
	assert_string_equal(p.value[0], "esms");
	assert_string_equal(p.value[1], "k3f9");
	assert_int_equal(find(ROUTE_POST, "/things/7", &r, &p, &allowed), 1);
	assert_ptr_equal(r, &table[3]);
	assert_int_equal(find(ROUTE_GET, "/", &r, &p, &allowed), 1);
	assert_ptr_equal(r, &table[4]);
}

static void unknown_paths_and_methods_are_told_apart(void **state)
{
	static const char *const none[] = {
	    "/healthz/",	"/health",	 "/healthzz",	     "/callbacks/esms",
	    "/callbacks/esms/", "/callbacks//x", "/callbacks/a/b/c", ""};
	const struct route *r;
	struct route_params p;
	unsigned allowed;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (find(ROUTE_GET, none[i], &r, &p, &allowed) != 0)
			fail_msg("%s", none[i]);
	}
	assert_int_equal(find(ROUTE_POST, "/healthz", &r, &p, &allowed), -1);
	assert_int_equal(allowed, ROUTE_GET);
	assert_int_equal(find(0, "/things/7", &r, &p, &allowed), -1);
	assert_int_equal(allowed, ROUTE_GET | ROUTE_POST);
}

static void a_parameter_too_long_fits_nothing(void **state)
{
	char path[400] = "/things/";
	const struct route *r;
	struct route_params p;
	unsigned allowed;

	(void)state;
	memset(path + 8, 'a', ROUTE_PARAM_MAX - 1);
	assert_int_equal(find(ROUTE_GET, path, &r, &p, &allowed), 1);
	memset(path + 8, 'a', ROUTE_PARAM_MAX);
	assert_int_equal(find(ROUTE_GET, path, &r, &p, &allowed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_finds_its_row_and_parameters),
	    cmocka_unit_test(unknown_paths_and_methods_are_told_apart),
	    cmocka_unit_test(a_parameter_too_long_fits_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
