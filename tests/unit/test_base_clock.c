/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static void civil_time_is_utc_plus_seven(void **state)
{
	struct civil c = civil_from_ms(INT64_C(1686186000000)); /* 2023-06-08T01:00:00Z */

	(void)state;
	assert_int_equal(c.year, 2023);
	assert_int_equal(c.month, 6);
	assert_int_equal(c.day, 8);
	assert_int_equal(c.hour, 8);
	assert_int_equal(c.weekday, 4); /* the day of Plan 46 was a Thursday */
	assert_true(civil_to_ms(&c) == INT64_C(1686186000000));
}

static void dates_that_do_not_exist_are_refused(void **state)
{
	bool ok;

	(void)state;
	(void)civil_day_from_date(2023, 2, 30, &ok);
	assert_false(ok);
	(void)civil_day_from_date(2023, 2, 29, &ok);
	assert_false(ok);
	(void)civil_day_from_date(2024, 2, 29, &ok);
	assert_true(ok);
	(void)civil_day_from_date(1900, 2, 29, &ok);
	assert_false(ok);
	(void)civil_day_from_date(2023, 13, 1, &ok);
	assert_false(ok);
}

static void every_day_of_four_centuries_goes_there_and_back(void **state)
{
	bool ok;
	civil_day first = civil_day_from_date(1800, 1, 1, &ok);

	(void)state;
	for (civil_day d = first; d < first + 146097; d++) {
		int y, m, dom;

		civil_day_split(d, &y, &m, &dom);
		assert_int_equal(civil_day_from_date(y, m, dom, &ok), d);
		assert_true(ok);
	}
}

static void iso_weeks_belong_to_the_year_of_their_thursday(void **state)
{
	static const struct {
		int y, m, d, week;
	} cases[] = {{2023, 6, 14, 202324}, {2021, 1, 3, 202053}, {2024, 12, 30, 202501},
		     {2026, 1, 1, 202601},  {2023, 1, 1, 202252}, {2020, 12, 31, 202053}};
	bool ok;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		civil_day d = civil_day_from_date(cases[i].y, cases[i].m, cases[i].d, &ok);
		civil_day monday = civil_iso_week_monday(cases[i].week);

		assert_int_equal(civil_iso_week(d), cases[i].week);
		assert_int_equal(civil_weekday(monday), 1);
		assert_true(monday <= d && d < monday + 7);
	}
}

static void times_are_written_as_people_and_machines_read_them(void **state)
{
	char out[32];

	(void)state;
	clock_format_vi(INT64_C(1686186000000), out);
	assert_string_equal(out, "08:00 08/06/2023");
	clock_format_rfc3339(INT64_C(1686186000123), out);
	assert_string_equal(out, "2023-06-08T01:00:00.123Z");
}

static void a_wall_jump_leaves_the_monotonic_clock_alone(void **state)
{
	int64_t mono;

	(void)state;
	clock_set_virtual(INT64_C(1686186000000));
	mono = clock_mono_ms();
	clock_jump_virtual(-CLOCK_DAY_MS);
	assert_true(clock_mono_ms() == mono);
	clock_advance_virtual(5);
	assert_true(clock_mono_ms() == mono + 5);
	clock_set_real();
}

static void an_alarm_rings_at_a_moment_of_the_shifted_clock(void **state)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t from;

	(void)state;
	clock_set_shift(-1000 * CLOCK_DAY_MS);
	from = clock_now_ms();
	/* Long enough that a busy machine asks before it. */
	clock_set_alarm(fd, from + 1000);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true(clock_now_ms() >= from + 999);
	clock_set_alarm(fd, INT64_MAX);
	assert_int_equal(poll(&p, 1, 20), 0);
	clock_set_shift(0);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(civil_time_is_utc_plus_seven),
	    cmocka_unit_test(dates_that_do_not_exist_are_refused),
	    cmocka_unit_test(every_day_of_four_centuries_goes_there_and_back),
	    cmocka_unit_test(iso_weeks_belong_to_the_year_of_their_thursday),
	    cmocka_unit_test(times_are_written_as_people_and_machines_read_them),
	    cmocka_unit_test(an_alarm_rings_at_a_moment_of_the_shifted_clock),
	    cmocka_unit_test(a_wall_jump_leaves_the_monotonic_clock_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
