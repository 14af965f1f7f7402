/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "campaign/calendar.h"

static civil_day day(int yyyymmdd)
{
	bool ok;
	civil_day d =
	    civil_day_from_date(yyyymmdd / 10000, yyyymmdd / 100 % 100, yyyymmdd % 100, &ok);

	assert_true(ok);
	return d;
}

static int64_t at(int yyyymmdd, int hour, int minute)
{
	return civil_day_start_ms(day(yyyymmdd)) + hour * CLOCK_HOUR_MS +
	       minute * CLOCK_MINUTE_MS;
}

/* A calendar from the text of an `hours:` section. */
static struct calendar *from_yaml(const char *text, struct err *e)
{
	struct hours_config h;
	struct ydoc doc;
	struct calendar *c;

	assert_int_equal(ydoc_load_text("hours.yaml", text, strlen(text), &doc, e), 0);
	assert_int_equal(conf_read(&doc, doc.root, &hours_config_table, NULL, &h, e), 0);
	c = calendar_new(&h, e);
	conf_free(&hours_config_table, &h);
	ydoc_free(&doc);
	return c;
}

static struct calendar *calendar_of(const char *text)
{
	struct err e = ERR_INIT;
	struct calendar *c = from_yaml(text, &e);

	if (c == NULL)
		fail_msg("%s", e.text);
	return c;
}

static void the_default_is_half_past_seven_to_nineteen_on_working_days(void **state)
{
	struct calendar *c = calendar_of("{}");

	(void)state;
	/* Thursday 08/06/2023 */
	assert_false(calendar_open(c, at(20230608, 7, 30) - 1));
	assert_true(calendar_open(c, at(20230608, 7, 30)));
	assert_true(calendar_open(c, at(20230608, 19, 0) - 1));
	assert_false(calendar_open(c, at(20230608, 19, 0)));
	assert_int_equal(calendar_window_end(c, at(20230608, 9, 0)), at(20230608, 19, 0));
	/* Saturday, Sunday: closed until Monday morning */
	assert_false(calendar_open(c, at(20230610, 9, 0)));
	assert_int_equal(calendar_next_open(c, at(20230609, 19, 0)), at(20230612, 7, 30));
	assert_int_equal(calendar_window_end(c, at(20230610, 9, 0)), at(20230610, 9, 0));
	calendar_free(c);
	c = calendar_of("weekends: true");
	assert_true(calendar_open(c, at(20230610, 9, 0)));
	assert_true(calendar_open(c, at(20230611, 9, 0)));
	/* a holiday stays one, also on a week-end */
	assert_false(calendar_open(c, at(20230429, 9, 0)));
	calendar_free(c);
}

static void the_known_holidays_are_closed_and_their_swapped_saturdays_worked(void **state)
{
	static const int off[] = {20230102, 20230120, 20230126, 20230503, 20230904, 20240208,
				  20240214, 20240418, 20240429, 20240903, 20250127, 20250407,
				  20250502, 20250901, 20260102, 20260216, 20260220, 20260427,
				  20260831, 20270205, 20270211, 20270416, 20270503, 20280103,
				  20280131, 20280502, 20290212, 20290904, 20300201, 20300207};
	static const int worked[] = {20240504, 20250426, 20260110, 20260822};
	static const int plain[] = {20230119, 20230127, 20230608, 20240215, 20240502,
				    20250203, 20250505, 20260223, 20270212, 20300208};
	struct calendar *c = calendar_of("{}");

	(void)state;
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		if (!calendar_is_holiday(c, day(off[i])) ||
		    calendar_is_working_day(c, day(off[i])))
			fail_msg("%d should be off", off[i]);
	}
	for (size_t i = 0; i < sizeof(worked) / sizeof(worked[0]); i++) {
		assert_int_equal(civil_weekday(day(worked[i])), 6);
		assert_true(calendar_is_working_day(c, day(worked[i])));
		assert_true(calendar_open(c, at(worked[i], 9, 0)));
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!calendar_is_working_day(c, day(plain[i])))
			fail_msg("%d should be worked", plain[i]);
	}
	calendar_free(c);
}

static void tet_of_2030_is_the_one_of_viet_nam_and_nothing_opens_it(void **state)
{
	struct calendar *c =
	    calendar_of("weekends: true\nworked: [2030-01-28..2030-02-10]\nfrom: \"00:00\"\n"
			"to: \"24:00\"\n");

	(void)state;
	/* giao thừa 01/02, mùng 1 02/02 (in China 03/02), mùng 3 04/02 */
	assert_true(calendar_open(c, at(20300131, 21, 59)));
	for (int d = 20300201; d <= 20300204; d++)
		for (int m = 0; m < 1440; m += 7)
			assert_false(calendar_open(c, at(d, 0, m)));
	/* mùng 4 is a holiday that an operator may have swapped */
	assert_true(calendar_open(c, at(20300205, 9, 0)));
	assert_int_equal(calendar_next_open(c, at(20300131, 22, 0)), at(20300205, 7, 0));
	calendar_free(c);
}

static void the_operator_adds_days_off_and_worked_saturdays(void **state)
{
	struct calendar *c = calendar_of("holidays: [24/11/2027, 2028-02-01..2028-02-03]\n"
					 "worked: [2027-11-27]\n");

	(void)state;
	assert_false(calendar_is_working_day(c, day(20271124)));
	assert_true(calendar_is_working_day(c, day(20271127)));
	assert_true(calendar_is_holiday(c, day(20280201)));
	assert_true(calendar_is_holiday(c, day(20280203)));
	assert_false(calendar_is_holiday(c, day(20280204)));
	calendar_free(c);
}

static void the_years_after_the_table_know_the_solar_feasts(void **state)
{
	struct calendar *c = calendar_of("holidays: [2035-02-07..2035-02-12]");

	(void)state;
	assert_true(calendar_is_holiday(c, day(20350101)));
	assert_true(calendar_is_holiday(c, day(20350430)));
	assert_true(calendar_is_holiday(c, day(20350902)));
	assert_true(calendar_is_holiday(c, day(20350208)));
	assert_false(calendar_is_holiday(c, day(20350213)));
	/* far outside, only the week is known */
	assert_false(calendar_is_holiday(c, day(19750430)));
	assert_true(calendar_is_working_day(c, day(21000111)));
	calendar_free(c);
}

static void hours_never_reach_beyond_the_law(void **state)
{
	struct calendar *c = calendar_of("from: \"05:00\"\nto: \"23:30\"\n");
	struct err e = ERR_INIT;

	(void)state;
	assert_false(calendar_open(c, at(20230608, 6, 59)));
	assert_true(calendar_open(c, at(20230608, 7, 0)));
	assert_true(calendar_open(c, at(20230608, 21, 59)));
	assert_false(calendar_open(c, at(20230608, 22, 0)));
	calendar_free(c);
	assert_null(from_yaml("from: \"22:30\"\nto: \"06:00\"\n", &e));
	assert_int_equal(e.code, EX_CONFIG);
	err_clear(&e);
	assert_null(from_yaml("from: \"09:00\"\nto: \"09:00\"\n", &e));
	assert_non_null(strstr(e.text, "no minute"));
}

static void a_window_that_wraps_is_the_evening_and_the_next_morning(void **state)
{
	struct calendar *c = calendar_of("from: \"18:00\"\nto: \"08:30\"\n");

	(void)state;
	/* Friday 09/06/2023 */
	assert_true(calendar_open(c, at(20230609, 7, 0)));
	assert_false(calendar_open(c, at(20230609, 8, 30)));
	assert_int_equal(calendar_next_open(c, at(20230609, 8, 30)), at(20230609, 18, 0));
	assert_int_equal(calendar_window_end(c, at(20230609, 20, 0)), at(20230609, 22, 0));
	/* the night is closed, and Saturday morning is a Saturday */
	assert_int_equal(calendar_next_open(c, at(20230609, 22, 0)), at(20230612, 7, 0));
	calendar_free(c);
}

static void dates_that_cannot_be_read_are_errors(void **state)
{
	static const struct {
		const char *yaml, *want;
	} cases[] = {
	    {"holidays: [2027-02-30]", "hours.holidays: \"2027-02-30\" is no date"},
	    {"holidays: [tet]", "is no date"},
	    {"holidays: [\"2027-02-05..\"]", "is no date"},
	    {"holidays: [2027-02-05..2027-02-01]", "ends before it begins"},
	    {"worked: [2022-02-05]", "hours.worked: \"2022-02-05\" lies outside the years"},
	    {"worked: [2022-12-31..2023-01-01]", "lies outside"},
	    {"worked: [2059-12-31..2060-01-01]", "lies outside"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(from_yaml(cases[i].yaml, &e));
		assert_int_equal(e.code, EX_CONFIG);
		if (strstr(e.text, cases[i].want) == NULL)
			fail_msg("%s said: %s", cases[i].yaml, e.text);
	}
}

static void working_days_are_counted_as_the_plan_counts_them(void **state)
{
	struct calendar *c = calendar_of("{}");

	(void)state;
	/* From 08/6 to 20/6/2023 there are nine. */
	assert_int_equal(calendar_working_days(c, day(20230608), day(20230620)), 9);
	assert_int_equal(calendar_working_days(c, day(20230620), day(20230608)), 0);
	assert_int_equal(calendar_working_day_before(c, day(20230608)), day(20230608));
	/* Wednesday 25/01/2023 is mùng 4 Tết: the working day before is Thursday 19/01. */
	assert_int_equal(calendar_working_day_before(c, day(20230125)), day(20230119));
	calendar_free(c);
}

/* The property over eight years, against the definition said once more, plainly: a moment is open when
 * its day is and its minute lies in the window, and next_open is the first such moment. */
static void over_eight_years_every_sampled_minute_agrees_with_the_definition(void **state)
{
	static const struct {
		const char *yaml;
		int from, to;
		bool weekends;
	} windows[] = {
	    {"{}", 450, 1140, false},
	    {"{from: \"05:00\", to: \"23:00\", weekends: true}", 300, 1380, true},
	    {"{from: \"17:00\", to: \"08:00\"}", 1020, 480, false},
	    {"{from: \"21:00\", to: \"02:00\", weekends: true}", 1260, 120, true},
	};

	(void)state;
	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		struct calendar *c = calendar_of(windows[w].yaml);
		int64_t first_open = INT64_MAX;

		/* backwards, so that the first open moment after t is always at hand */
		for (int64_t t = at(20301231, 23, 59); t >= at(20230101, 0, 0);) {
			int from = windows[w].from, to = windows[w].to;
			int m = civil_minute_of_day(t);
			civil_day d = civil_day_of(t);
			bool inside = from < to ? m >= from && m < to : m >= from || m < to;
			bool want = inside && m >= 420 && m < 1320 &&
				    !calendar_is_holiday(c, d) &&
				    (windows[w].weekends || calendar_is_working_day(c, d));

			if (want)
				first_open = t;
			if (calendar_open(c, t) != want)
				fail_msg("window %zu, minute %lld", w, (long long)t);
			if (first_open != INT64_MAX && calendar_next_open(c, t) != first_open)
				fail_msg("next_open of window %zu, minute %lld", w,
					 (long long)t);
			if (want && calendar_window_end(c, t) <= t)
				fail_msg("end of window %zu, minute %lld", w, (long long)t);
			/* The walk may step over the first minute of a window only where it is
			 * not asked about: whole and half hours, as all windows here begin. */
			t -= d % 8 == 0 ? CLOCK_MINUTE_MS
					: (m % 30 == 0 ? 30 : m % 30) * CLOCK_MINUTE_MS;
		}
		calendar_free(c);
	}
}

static void nobody_is_sent_to_an_office_before_it_closes(void **state)
{
	struct calendar *c = calendar_of("{}");

	(void)state;
	/* An ordinary week: Friday's message says "thứ 2-6" and brings people on Monday. */
	assert_true(calendar_visit_day(c, NULL, day(20230609)));
	assert_true(calendar_visit_day(
	    c, NULL, day(20230610))); /* a Saturday, if they are written to then */
	/* Tết 2026: 14/02 to 22/02. The last day before it would bring them on the Monday in between. */
	assert_true(calendar_visit_day(c, NULL, day(20260212)));
	assert_false(calendar_visit_day(c, NULL, day(20260213)));
	assert_int_equal(calendar_next_visit(c, NULL, at(20260213, 9, 0)), at(20260223, 7, 30));
	assert_int_equal(calendar_next_visit(c, NULL, at(20260212, 9, 0)), at(20260212, 9, 0));
	/* A feast of one day, and the worked Saturday of 2025. */
	assert_false(calendar_visit_day(c, NULL, day(20240417)));
	assert_true(calendar_visit_day(c, NULL, day(20240419)));
	assert_true(calendar_visit_day(c, NULL, day(20250426)));
	calendar_free(c);
}

/* 2026, a year with Tết in February, day by day against the decision of that year. */
static void a_year_with_tet_has_the_working_days_that_were_decided(void **state)
{
	struct calendar *c = calendar_of("{}");
	/* Monday to Friday less the days off, and the Saturdays worked for them */
	static const int months[] = {21, 15, 22, 20, 20, 22, 23, 21, 20, 22, 21, 23};
	int total = 0;

	(void)state;
	for (int m = 1; m <= 12; m++) {
		civil_day first = day(20260000 + m * 100 + 1);
		civil_day next = m == 12 ? day(20270101) : day(20260000 + (m + 1) * 100 + 1);
		int n = calendar_working_days(c, first, next - 1);

		if (n != months[m - 1])
			fail_msg("month %d: %d working days", m, n);
		total += n;
	}
	assert_int_equal(total, 250);
	/* nobody is written to between the last day before Tết and the first after it */
	assert_int_equal(calendar_next_open(c, at(20260213, 19, 0)), at(20260223, 7, 30));
	calendar_free(c);
}

static void a_hamlets_own_days_off_are_its_own(void **state)
{
	struct calendar *c =
	    calendar_of("hamlets:\n"
			"  - {unit: Tân Phú, closed: [2023-06-12..2023-06-13, 2023-06-15]}\n"
			"  - {unit: Ấp Tân Mỹ, closed: [2023-06-12]}\n");
	struct err e = ERR_INIT;

	(void)state;
	assert_false(calendar_office_open(c, "Tân Phú", day(20230612)));
	assert_false(calendar_office_open(c, "TÂN PHÚ", day(20230613)));
	assert_true(calendar_office_open(c, "Tân Mỹ", day(20230613)));
	assert_false(calendar_office_open(c, "Tân Mỹ", day(20230612))); /* with its kind or without */
	assert_false(calendar_office_open(c, "ấp Tân Phú", day(20230612)));
	assert_true(calendar_office_open(c, "Tân Đông", day(20230612)));
	assert_true(calendar_office_open(c, NULL, day(20230612)));
	assert_false(calendar_office_open(c, "Tân Đông", day(20230611))); /* a Sunday */
	assert_int_equal(calendar_office_days(c, "Tân Phú", day(20230608), day(20230620)), 6);
	assert_int_equal(calendar_office_days(c, "Tân Mỹ", day(20230608), day(20230620)), 8);
	assert_int_equal(calendar_office_days(c, NULL, day(20230608), day(20230620)), 9);
	/* On Friday 09/6 people of Tân Phú are not told to come on Monday; others are. */
	assert_false(calendar_visit_day(c, "Tân Phú", day(20230609)));
	assert_true(calendar_visit_day(c, "Tân Đông", day(20230609)));
	assert_int_equal(calendar_next_visit(c, "Tân Phú", at(20230609, 9, 0)),
			 at(20230616, 7, 30));
	assert_true(calendar_hamlets_differ(c, day(20230609)));
	assert_false(calendar_hamlets_differ(c, day(20230607)));
	calendar_free(c);
	assert_null(from_yaml("hamlets: [{unit: Tân Phú, closed: [12/6]}]", &e));
	assert_non_null(strstr(e.text, "hours.hamlets"));
}

static void caps_have_house_defaults_below_the_law(void **state)
{
	static const char *const bad[] = {"per_day: 4", "per_day: 0", "per_week: 0"};
	struct caps_config caps;
	struct ydoc doc;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(conf_read(NULL, NULL, &caps_config_table, NULL, &caps, &e), 0);
	assert_int_equal(caps.per_day, 1);
	assert_int_equal(caps.per_week, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		assert_int_equal(ydoc_load_text("c", bad[i], strlen(bad[i]), &doc, &e), 0);
		assert_int_equal(conf_read(&doc, doc.root, &caps_config_table, NULL, &caps, &e),
				 -1);
		ydoc_free(&doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_default_is_half_past_seven_to_nineteen_on_working_days),
	    cmocka_unit_test(the_known_holidays_are_closed_and_their_swapped_saturdays_worked),
	    cmocka_unit_test(tet_of_2030_is_the_one_of_viet_nam_and_nothing_opens_it),
	    cmocka_unit_test(the_operator_adds_days_off_and_worked_saturdays),
	    cmocka_unit_test(the_years_after_the_table_know_the_solar_feasts),
	    cmocka_unit_test(hours_never_reach_beyond_the_law),
	    cmocka_unit_test(a_window_that_wraps_is_the_evening_and_the_next_morning),
	    cmocka_unit_test(dates_that_cannot_be_read_are_errors),
	    cmocka_unit_test(working_days_are_counted_as_the_plan_counts_them),
	    cmocka_unit_test(over_eight_years_every_sampled_minute_agrees_with_the_definition),
	    cmocka_unit_test(nobody_is_sent_to_an_office_before_it_closes),
	    cmocka_unit_test(a_year_with_tet_has_the_working_days_that_were_decided),
	    cmocka_unit_test(a_hamlets_own_days_off_are_its_own),
	    cmocka_unit_test(caps_have_house_defaults_below_the_law),
	};

	clock_set_virtual(INT64_C(1686182400000)); /* 08/06/2023 07:00 */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
