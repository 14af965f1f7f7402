/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/vdate.h"

/* As a line: "1979-06-05", "1979-06", "1979", "", with "!" for invalid and "?" for
 * ambiguous. */
static void show(struct vdate d, char out[32])
{
	const char *mark = d.invalid ? "!" : d.ambiguous ? "?" : "";

	if (d.precision == DATE_DAY)
		(void)snprintf(out, 32, "%04d-%02d-%02d%s", d.year, d.month, d.day, mark);
	else if (d.precision == DATE_MONTH)
		(void)snprintf(out, 32, "%04d-%02d%s", d.year, d.month, mark);
	else if (d.precision == DATE_YEAR)
		(void)snprintf(out, 32, "%04d%s", d.year, mark);
	else
		(void)snprintf(out, 32, "%s", mark);
}

static void every_way_to_write_a_birth_date_is_read(void **state)
{
	static const struct {
		const char *cell, *want;
	} cases[] = {
	    {"05/06/1979", "1979-06-05"},
	    {"5/6/1979", "1979-06-05"},
	    {" 05-06-1979 ", "1979-06-05"},
	    {"05.06.1979", "1979-06-05"},
	    {"05 06 1979", "1979-06-05"},
	    {"1979-06-05", "1979-06-05"},
	    {"1979/6/5", "1979-06-05"},
	    {"19790605", "1979-06-05"},
	    {"05061979", "1979-06-05"},
	    {"ngày 5 tháng 6 năm 1979", "1979-06-05"},
	    {"Ngày 05 tháng 06 năm 1979.", "1979-06-05"},
	    {"05/06/1979 0:00:00", "1979-06-05"},
	    {"1979-06-05T00:00:00Z", "1979-06-05"},
	    {"6/5/1979 12:00:00 AM", "1979-05-06"},
	    {"29/02/2000", "2000-02-29"},
	    {"5/6/79", "1979-06-05"},
	    {"5/6/12", "2012-06-05?"},
	    {"06/1979", "1979-06"},
	    {"tháng 6 năm 1979", "1979-06"},
	    {"1979-06", "1979-06"},
	    {"00/06/1979", "1979-06"},
	    {"xx/06/1979", "1979-06"},
	    {"1950", "1950"},
	    {"'1950", "1950"},
	    {"SN 1950", "1950"},
	    {"SN: 1950", "1950"},
	    {"Sinh năm 1950", "1950"},
	    {"00/00/1950", "1950"},
	    {"0/0/1950", "1950"},
	    {"--/--/1950", "1950"},
	    {"../../1950", "1950"},
	    {"xx/xx/1950", "1950"},
	    {"//1950", "1950"},
	    {"15/xx/1950", "1950"},
	    {"05/--/1950", "1950"},
	    {"1950?", "1950"},
	    {"khoảng 1950", "1950"},
	    {"50", "1950"},
	    {"28646", "1978-06-05"},
	    {"", ""},
	    {"-", ""},
	    {"x", ""},
	    {"không rõ", ""},
	    {"Không có", ""},
	    {"chưa rõ", ""},
	    /* nothing rolls over */
	    {"30/02/1950", "1950!"},
	    {"31/4/1950", "1950!"},
	    {"29/02/1900", "1900!"},
	    {"5/13/1950", "1950!"},
	    {"15/8 ÂL", "!"},
	    {"15/8/1950 âm lịch", "1950!"},
	    {"15/8", "!"},
	    {"Nguyễn Văn An", "!"},
	    {"05/06/1850", "!"},
	    {"05/06/2030", "!"},
	    {"5/6/197", "!"},
	    {"1/2/3/4/5/6", "!"},
	    {"99999999999999999999", "!"},
	    {"\xFF\xFE", "!"},
	};
	char got[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		show(vdate_parse(cases[i].cell, false, 2023), got);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("\"%s\" gave \"%s\", not \"%s\"", cases[i].cell, got,
				 cases[i].want);
	}
}

static void a_column_is_american_only_throughout(void **state)
{
	static const char *const american[] = {"05/25/1979", "1/2/1980", "", "1950", NULL};
	static const char *const mixed[] = {"05/25/1979", "25/05/1979", NULL};
	static const char *const undecided[] = {"1/2/1980", "ngày 1 tháng 25 năm 1980",
						"1980-12-25", NULL};
	static const struct {
		const char *const *cells;
		bool want;
	} cases[] = {{american, true}, {mixed, false}, {undecided, false}};
	char got[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vdate_column c = {false, false};

		for (const char *const *cell = cases[i].cells; *cell != NULL; cell++)
			vdate_column_feed(&c, *cell);
		assert_int_equal(vdate_column_month_first(&c), cases[i].want);
	}
	show(vdate_parse("05/25/1979", true, 2023), got);
	assert_string_equal(got, "1979-05-25");
	show(vdate_parse("1979-05-06", true, 2023), got);
	assert_string_equal(got, "1979-05-06");
	show(vdate_parse("ngày 5 tháng 6 năm 1979", true, 2023), got);
	assert_string_equal(got, "1979-06-05");
}

static void serial_numbers_are_days_since_1900(void **state)
{
	static const struct {
		double serial;
		bool system_1904;
		const char *want;
	} cases[] = {
	    {25569, false, "1970-01-01"},
	    {25569.75, false, "1970-01-01"},
	    {24107, true, "1970-01-01"},
	    {1, false, "1900-01-01"},
	    {59, false, "1900-02-28"},
	    {60, false, "!"},
	    {61, false, "1900-03-01"},
	    {1950, false, "1950"},
	    {1950.5, false, "1905-05-03"},
	    {2023, false, "2023"},
	    {2024, false, "1905-07-16"},
	    {19790605, false, "1979-06-05"},
	    {0, false, ""},
	    {-5, false, "!"},
	    {1e300, false, "!"},
	    {90000, false, "!"},
	};
	char got[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		show(vdate_from_serial(cases[i].serial, cases[i].system_1904, 2023), got);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%f gave \"%s\", not \"%s\"", cases[i].serial, got,
				 cases[i].want);
	}
	assert_true(vdate_from_serial((double)NAN, false, 2023).invalid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_way_to_write_a_birth_date_is_read),
	    cmocka_unit_test(a_column_is_american_only_throughout),
	    cmocka_unit_test(serial_numbers_are_days_since_1900),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
