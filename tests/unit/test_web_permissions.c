/* SPDX-License-Identifier: Apache-2.0 */
/* tests/data/permissions.csv says for every address of the console who may use it; the table of routes
 * must say the same, row by row. tests/flow/permissions.py asks the daemon. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "web/server.h"
#include "web/visit.h"

static const char *const names[] = {"viewer", "author", "approver", "administrator",
				    "hamlet", "read",	"write",    "send"};

static unsigned may_of(size_t who)
{
	static const unsigned keys[] = {MAY_LOOK_OWN | MAY_LOOK,
					MAY_EDIT | MAY_COMPOSE | MAY_HAND_IN, MAY_SEND};

	return who < ROLE_COUNT ? door_may((enum account_role)who) : keys[who - ROLE_COUNT];
}

/* Who may, as the file writes it. */
static void route_who(const struct route *r, char out[128])
{
	*out = '\0';
	if (r->permission == ROUTE_GUEST) {
		strcpy(out, "everybody");
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (r->permission == ROUTE_MAY && (may_of(i) & r->may) == 0)
			continue;
		if (*out != '\0')
			strcat(out, " ");
		strcat(out, names[i]);
	}
}

static void every_route_is_listed_with_who_may(void **state)
{
	FILE *f = fopen(TESTS_DIR "/data/permissions.csv", "re");
	char line[256], want[256], who[128];

	(void)state;
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	for (size_t i = 0; i < web_n_routes; i++) {
		const struct route *r = &web_routes[i];

		/* What is for machines is no console, and has no visitors. */
		if (r->serve == NULL) {
			assert_true(r->permission == ROUTE_PUBLIC ||
				    r->permission == ROUTE_LOCAL ||
				    r->permission == ROUTE_CALLBACK);
			continue;
		}
		assert_true(r->permission == ROUTE_GUEST || r->permission == ROUTE_SIGNED ||
			    (r->permission == ROUTE_MAY && r->may != 0));
		assert_true(r->methods == ROUTE_GET || r->methods == ROUTE_POST);
		route_who(r, who);
		(void)snprintf(want, sizeof(want), "%s,%s,%s\n",
			       r->methods == ROUTE_GET ? "GET" : "POST", r->pattern, who);
		if (fgets(line, sizeof(line), f) == NULL)
			strcpy(line, "nothing\n");
		if (strcmp(line, want) != 0)
			fail_msg("the table says %sthe file says %s", want, line);
	}
	if (fgets(line, sizeof(line), f) != NULL)
		fail_msg("there is no such route: %s", line);
	fclose(f);
}

static void nobody_approves_who_composes_and_machines_never(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unsigned may = may_of(i);

		assert_false((may & MAY_COMPOSE) != 0 && (may & MAY_APPROVE) != 0);
		assert_false((may & MAY_RULE) != 0 && (may & (MAY_APPROVE | MAY_COMPOSE)) != 0);
		assert_false(i >= ROLE_COUNT &&
			     (may & (MAY_APPROVE | MAY_UNMASK | MAY_RULE)) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_route_is_listed_with_who_may),
	    cmocka_unit_test(nobody_approves_who_composes_and_machines_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
