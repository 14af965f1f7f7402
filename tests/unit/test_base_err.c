/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "base/err.h"

#include <string.h>

static void the_first_error_is_the_one_that_counts(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, EX_DATAERR, "dòng %d", 3), -1);
	assert_int_equal(err_set(&e, EX_CONFIG, "sau đó"), -1);
	assert_int_equal(e.code, EX_DATAERR);
	err_context(&e, "%s", "ho-dan.csv");
	assert_string_equal(e.text, "ho-dan.csv: dòng 3");
	err_clear(&e);
	err_context(&e, "không có lỗi");
	assert_string_equal(e.text, "");
	assert_int_equal(err_set(NULL, EX_DATAERR, "không ai nghe"), -1);
}

/* Characters of one to four bytes, so many that the last that fits is cut at each of its bytes. */
static void what_does_not_fit_ends_with_a_whole_character(void **state)
{
	static const char *const characters[] = {"n", "đ", "ậ", "\U0001F4E9"};
	char many[sizeof(((struct err *)0)->text) * 2];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t size = strlen(characters[i]);

		for (size_t shift = 0; shift < 4; shift++) {
			struct err e = ERR_INIT;
			size_t n = shift, room = sizeof(e.text) - 1;

			memset(many, 'x', shift);
			for (; n + size < sizeof(many); n += size)
				memcpy(many + n, characters[i], size);
			many[n] = '\0';
			assert_int_equal(err_set(&e, EX_DATAERR, "%s", many), -1);
			assert_int_equal(strlen(e.text), shift + (room - shift) / size * size);
			assert_memory_equal(e.text, many, strlen(e.text));
			err_context(&e, "tep"); /* with ": " five bytes more */
			assert_int_equal(strlen(e.text),
					 5 + shift + (room - 5 - shift) / size * size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_error_is_the_one_that_counts),
	    cmocka_unit_test(what_does_not_fit_ends_with_a_whole_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
