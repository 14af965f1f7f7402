/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

static char last[8192];

static void keep(const char *line, void *arg)
{
	(void)arg;
	(void)snprintf(last, sizeof(last), "%s", line);
}

static void secrets_never_reach_a_line(void **state)
{
	(void)state;
	log_redact("hunter2-key");
	log_info("test", "sent", "url=\"https://x/?k=hunter2-key&a=1\"");
	assert_null(strstr(last, "hunter2"));
	assert_non_null(strstr(last, "k=•••&a=1"));
}

static void control_characters_cannot_forge_a_line(void **state)
{
	(void)state;
	log_info("test", "reply", "text=\"a\nlevel=error\x1b[2J\"");
	assert_null(strchr(last, '\n'));
	assert_null(strchr(last, '\x1b'));
	assert_non_null(strstr(last, "a\\x0alevel=error\\x1b[2J"));
}

static void lines_below_the_level_are_not_written(void **state)
{
	(void)state;
	last[0] = '\0';
	log_debug("test", "quiet", "x=1");
	assert_string_equal(last, "");
}

static void a_buf_never_passes_its_ceiling(void **state)
{
	struct buf b = BUF_INIT(5);

	(void)state;
	assert_int_equal(buf_adds(&b, "abc"), 0);
	assert_int_equal(buf_adds(&b, "def"), -1);
	assert_true(b.overflow);
	assert_string_equal(buf_text(&b), "abc");
	assert_int_equal(buf_addf(&b, "%d", 12), 0);
	assert_int_equal(buf_addc(&b, 'x'), -1);
	assert_string_equal(buf_text(&b), "abc12");
	buf_free(&b);
	assert_string_equal(buf_text(&b), "");
}

static int setup(void **state)
{
	(void)state;
	log_set_sink(keep, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(secrets_never_reach_a_line),
	    cmocka_unit_test(control_characters_cannot_forge_a_line),
	    cmocka_unit_test(lines_below_the_level_are_not_written),
	    cmocka_unit_test(a_buf_never_passes_its_ceiling),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
