/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <limits.h>

#include "dispatch/pace.h"

#define T0 INT64_C(1700000000000)

/* Takes as much as there is at every wake-up for ms milliseconds; returns the segments. */
static int64_t spend(struct pace *p, int64_t from, int64_t ms, int segments)
{
	int64_t total = 0;

	for (int64_t now = from; now < from + ms;) {
		int64_t next;

		while (pace_segments(p, now) > 0) {
			pace_take(p, segments);
			pace_give_back(p);
			total += segments;
		}
		next = pace_next(p, now);
		assert_true(next > now);
		now = next;
	}
	return total;
}

static void a_rate_is_kept_over_time(void **state)
{
	static const int64_t rates[] = {1, 3, 10, 250, 5000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct pace p;
		int64_t total;

		pace_init(&p, rates[i], 16);
		total = spend(&p, T0, 60000, 1);
		assert_true(total >= rates[i] * 58);
		assert_true(total <= rates[i] * 61 + 1);
	}
}

static void a_long_message_is_paid_for_afterwards(void **state)
{
	struct pace p;
	int64_t total;

	(void)state;
	pace_init(&p, 2, 16);
	assert_int_equal(pace_segments(&p, T0), 1);
	pace_take(&p, 5);
	assert_int_equal(pace_segments(&p, T0 + 1500), 0);
	assert_int_equal(pace_segments(&p, T0 + 2600), 1);
	pace_init(&p, 10, 16);
	total = spend(&p, T0, 60000, 3);
	assert_in_range(total, 580, 610);
}

static void no_rate_is_no_limit(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0, 16);
	for (int i = 0; i < 1000; i++) {
		pace_take(&p, 3);
		pace_give_back(&p);
	}
	assert_int_equal(pace_segments(&p, T0), INT_MAX);
	assert_int_equal(pace_next(&p, T0), T0);
}

static void a_clock_set_back_gives_nothing_and_forward_one_burst(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 100, 1000);
	(void)pace_segments(&p, T0);
	p.tokens = 0;
	assert_int_equal(pace_segments(&p, T0 - 3600000), 0);
	assert_int_equal(pace_segments(&p, T0 + 3600000), 25);
}

static void in_flight_is_bounded_and_only_results_make_room(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0, 2);
	assert_int_equal(pace_room(&p, T0), 2);
	pace_take(&p, 1);
	pace_take(&p, 1);
	assert_int_equal(pace_room(&p, T0), 0);
	assert_int_equal(pace_next(&p, T0), INT64_MAX);
	pace_give_back(&p);
	assert_int_equal(pace_room(&p, T0), 1);
}

static void what_goes_along_takes_segments_and_no_room(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 100, 2);
	(void)pace_segments(&p, T0);
	assert_int_equal(pace_segments(&p, T0 + 1000), 25);
	pace_take(&p, 1);
	pace_take_along(&p, 4);
	pace_take_along(&p, 1);
	assert_int_equal(pace_segments(&p, T0 + 1000), 19);
	assert_int_equal(pace_room(&p, T0), 1);
	assert_int_equal(p.along, 2);
	pace_give_back_along(&p);
	pace_give_back_along(&p);
	pace_give_back(&p);
	assert_int_equal(p.in_flight + p.along, 0);
}

static void a_pause_asked_for_is_kept(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0, 16);
	pace_pause(&p, T0 + 5000);
	pace_pause(&p, T0 + 2000);
	assert_int_equal(pace_room(&p, T0 + 4999), 0);
	assert_int_equal(pace_next(&p, T0), T0 + 5000);
	assert_int_equal(pace_room(&p, T0 + 5000), 16);
}

/* What is under way when a provider goes down fails together, and counts as one outage. */
static void the_fuse_blows_probes_and_mends(void **state)
{
	struct pace p;
	int64_t now = T0;
	int64_t wait = 1000;

	(void)state;
	pace_init(&p, 0, 16);
	for (int i = 0; i < 7; i++)
		assert_false(pace_failed(&p, now));
	assert_int_equal(pace_room(&p, now), 16);
	assert_true(pace_failed(&p, now));
	for (int i = 0; i < 8; i++)
		assert_false(pace_failed(&p, now));
	assert_int_equal(pace_next(&p, now), now + 1000);
	for (int i = 0; i < 10; i++) {
		now = pace_next(&p, now);
		assert_int_equal(pace_room(&p, now), 1); /* a probe */
		wait = wait * 2 < 60000 ? wait * 2 : 60000;
		assert_true(pace_failed(&p, now));
		assert_int_equal(pace_next(&p, now) - now, wait);
	}
	now = pace_next(&p, now);
	pace_worked(&p);
	assert_int_equal(pace_room(&p, now), 16);
	assert_false(pace_failed(&p, now));
}

static void new_limits_keep_what_is_under_way(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1000, 16);
	pace_take(&p, 1);
	pace_pause(&p, T0 + 1000);
	pace_set(&p, 10, 4);
	assert_int_equal(p.in_flight, 1);
	assert_int_equal(pace_room(&p, T0), 0);
	assert_int_equal(pace_room(&p, T0 + 1000), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rate_is_kept_over_time),
	    cmocka_unit_test(a_long_message_is_paid_for_afterwards),
	    cmocka_unit_test(no_rate_is_no_limit),
	    cmocka_unit_test(a_clock_set_back_gives_nothing_and_forward_one_burst),
	    cmocka_unit_test(in_flight_is_bounded_and_only_results_make_room),
	    cmocka_unit_test(what_goes_along_takes_segments_and_no_room),
	    cmocka_unit_test(a_pause_asked_for_is_kept),
	    cmocka_unit_test(the_fuse_blows_probes_and_mends),
	    cmocka_unit_test(new_limits_keep_what_is_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
