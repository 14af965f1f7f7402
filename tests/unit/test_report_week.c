/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/stat.h>
#include <unistd.h>

#include "report_weeks.h"

#define WEEKS 10000

static const char REPORTS[] =
    "{\"confirm\": false, \"collect\": false, \"police_audience\": \"\","
    " \"push\": [{\"url\": \"https://cong-an.example/moidan\"}],"
    " \"email\": {\"server\": \"smtps://thu.example\","
    " \"from\": \"moidan@xa.example\","
    " \"to\": [\"cong-an@huyen.example\"]}}";

/* ---- when ---------------------------------------------------------------------------------- */

static void assert_moved_back_no_further_than_needed(const struct calendar *c, int64_t at,
						     civil_day nominal)
{
	civil_day day = civil_day_of(at);

	assert_true(calendar_is_working_day(c, day));
	assert_true(day <= nominal);
	for (civil_day d = day + 1; d <= nominal; d++)
		assert_false(calendar_is_working_day(c, d));
}

static struct reports_config any_config(uint64_t *seed)
{
	struct reports_config c = {.enabled = true};

	c.digest_weekday = 1 + (int64_t)weeks_dice(seed, 7);
	c.digest_at = (int64_t)weeks_dice(seed, REPORT_DIGEST_UNTIL);
	c.weekly_weekday = 1 + (int64_t)weeks_dice(seed, 7);
	c.weekly_deadline = (int64_t)weeks_dice(seed, REPORT_DIGEST_UNTIL);
	c.weekly_push_by = (int64_t)weeks_dice(seed, (uint64_t)c.weekly_deadline + 1);
	c.weekly_ready_at = (int64_t)weeks_dice(seed, (uint64_t)c.weekly_push_by + 1);
	c.email.server = (char[]){""};
	return c;
}

static void the_moments_of_each_of_ten_thousand_weeks_are_in_order(void **state)
{
	struct report_test t;
	uint64_t seed = 46;
	int64_t last_deadline = 0;
	civil_day monday;

	(void)state;
	report_test_open(&t, NULL);
	monday = civil_day_of(WEEKS_FIRST);
	for (int i = 0; i < WEEKS; i++, monday += 7) {
		int week = civil_iso_week(monday);
		struct reports_config cfg = any_config(&seed);
		struct report_house any = t.h;
		struct report_schedule s = report_schedule_of(&t.h, week), x;
		struct err e = ERR_INIT;

		assert_int_equal(s.iso_week, week);
		/* the usual configuration: never before what was due a week earlier */
		assert_true(s.deadline >= last_deadline);
		last_deadline = s.deadline;
		/* the teams hand in before the summary is drawn of what they say */
		assert_true(s.remind_at < s.collect_until && s.late_at <= s.ready_at);
		assert_true(calendar_is_working_day(t.w.calendar, civil_day_of(s.late_at)));
		/* any that is accepted */
		any.cfg = &cfg;
		cfg.email.server = (char[]){""};
		assert_int_equal(reports_config_check(&cfg, NULL, &e), 0);
		x = report_schedule_of(&any, week);
		assert_true(x.ready_at <= x.push_by && x.push_by <= x.deadline);
		assert_true(x.digest_at < x.digest_until && x.deadline < x.digest_until);
		assert_true(x.digest_until < civil_day_start_ms(monday + 7));
		assert_moved_back_no_further_than_needed(
		    t.w.calendar, x.digest_at, monday + (civil_day)cfg.digest_weekday - 1);
		assert_moved_back_no_further_than_needed(
		    t.w.calendar, x.ready_at, monday + (civil_day)cfg.weekly_weekday - 1);
		assert_int_equal(civil_day_of(x.ready_at), civil_day_of(x.deadline));
		/* report_tick() looks three weeks ahead */
		assert_true(civil_day_start_ms(monday) - x.ready_at < 3 * 7 * CLOCK_DAY_MS);
		assert_true(civil_day_start_ms(monday) - x.digest_at < 3 * 7 * CLOCK_DAY_MS);
	}
	report_test_close(&t);
}

static void a_usual_week_is_wednesday_evening_and_thursday_morning(void **state)
{
	struct report_test t;
	struct report_schedule s;

	(void)state;
	report_test_open(&t, NULL);
	s = report_schedule_of(&t.h, 202324);
	assert_int_equal(s.digest_at, report_at(20230614, 17, 30));
	assert_int_equal(s.ready_at, report_at(20230615, 7, 0));
	assert_int_equal(s.push_by, report_at(20230615, 8, 30));
	assert_int_equal(s.deadline, report_at(20230615, 9, 0));
	assert_int_equal(s.digest_until, report_at(20230618, 20, 0));
	report_test_close(&t);
}

/* Off from Thursday 08/02 to Wednesday 14/02/2024. */
static void before_tet_everything_moves_to_the_last_day_of_work(void **state)
{
	struct report_test t;
	struct report_schedule s;

	(void)state;
	report_test_open(&t, NULL);
	s = report_schedule_of(&t.h, 202406);
	assert_int_equal(s.digest_at, report_at(20240207, 17, 30));
	assert_int_equal(s.ready_at, report_at(20240207, 7, 0));
	assert_int_equal(s.deadline, report_at(20240207, 9, 0));
	/* the teams the day before, as in any week */
	assert_int_equal(s.remind_at, report_at(20240206, 15, 0));
	assert_int_equal(s.late_at, report_at(20240206, 17, 30));
	s = report_schedule_of(&t.h, 202407);
	assert_int_equal(s.digest_at, report_at(20240207, 17, 30)); /* a week earlier */
	assert_int_equal(s.ready_at, report_at(20240215, 7, 0));
	report_test_close(&t);
}

/* ---- what was done --------------------------------------------------------------------------- */

static void week_open(struct report_test *t, int64_t now)
{
	clock_set_virtual(now);
	report_test_open(t, json_loads(REPORTS, 0, NULL));
	report_test_people(t);
}

static void week_close(struct report_test *t)
{
	report_test_close(t);
	clock_set_real();
}

static void assert_each_week_once(const struct weeks_seen *s, int first, int last)
{
	for (size_t i = weeks_index(s, first); i <= weeks_index(s, last); i++) {
		assert_int_equal(s->digests[i], WEEKS_HEADS);
		assert_int_equal(s->jobs[i], WEEKS_RECEIVERS);
	}
}

static void who_only_comes_when_told_misses_nothing(void **state)
{
	struct report_test t;
	struct weeks_seen s;
	int64_t now = WEEKS_FIRST;
	int turns = 0;

	(void)state;
	week_open(&t, now);
	/* over Tết of 2024 and far beyond */
	while (now < report_at(20240701, 0, 0)) {
		int64_t wake = report_test_tick_at(&t, now);

		assert_true(wake > now);
		now = wake;
		turns++;
	}
	s = weeks_look(&t, WEEKS_FIRST);
	assert_each_week_once(&s, 202323, 202426);
	/* two turns a week, and the first: nothing is polled */
	assert_in_range(turns, 56 * 2 - 4, 56 * 2 + 1);
	week_close(&t);
}

static void each_week_has_its_own_once_whatever_happens(void **state)
{
	struct report_test t;
	struct weeks_seen s;
	uint64_t seed = 1057;

	(void)state;
	week_open(&t, WEEKS_FIRST);
	weeks_live(&t, &seed, WEEKS_FIRST, report_at(20231002, 0, 0), 20);
	s = weeks_look(&t, WEEKS_FIRST);
	assert_each_week_once(&s, 202323, 202339);
	week_close(&t);
}

static void a_clock_that_was_a_year_ahead_loses_no_week(void **state)
{
	struct report_test t;
	struct weeks_seen s;

	(void)state;
	week_open(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, report_at(20240613, 8, 0));
	(void)report_test_tick_at(&t, report_at(20230608, 8, 0));
	(void)report_test_tick_at(&t, report_at(20230615, 8, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_each_week_once(&s, 202323, 202324);
	week_close(&t);
}

static void a_clock_that_was_ahead_at_the_first_start_is_not_believed_for_ever(void **state)
{
	struct report_test t;
	struct weeks_seen s;

	(void)state;
	week_open(&t, report_at(20240701, 8, 0));
	(void)report_test_tick_at(&t, report_at(20240701, 8, 0));
	(void)report_test_tick_at(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, report_at(20230608, 8, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_each_week_once(&s, 202323, 202323);
	week_close(&t);
}

/* ---- late ---------------------------------------------------------------------------------------- */

static void who_starts_after_the_deadline_begins_with_the_next_week(void **state)
{
	struct report_test t;
	struct weeks_seen s;

	(void)state;
	week_open(&t, report_at(20230609, 12, 0));
	assert_int_equal(report_test_tick_at(&t, report_at(20230609, 12, 0)),
			 report_at(20230614, 17, 30));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_int_equal(s.digests[0] + s.jobs[0], 0);
	(void)report_test_tick_at(&t, report_at(20230615, 7, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_int_equal(s.digests[0] + s.jobs[0], 0);
	assert_each_week_once(&s, 202324, 202324);
	week_close(&t);
}

static void what_was_off_until_friday_still_sends_the_week(void **state)
{
	struct report_test t;
	struct weeks_seen s;

	(void)state;
	week_open(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, report_at(20230609, 12, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_each_week_once(&s, 202323, 202323);
	assert_int_equal(s.job_due[0], report_at(20230609, 12, 0));
	week_close(&t);
}

static void a_week_that_passed_is_summed_up_late_without_digests(void **state)
{
	struct report_test t;
	struct weeks_seen s;

	(void)state;
	week_open(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, WEEKS_FIRST);
	/* off for three weeks: of the first two the figures are gone */
	(void)report_test_tick_at(&t, report_at(20230627, 8, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_int_equal(s.digests[0] + s.digests[1] + s.digests[2], 0);
	assert_int_equal(s.jobs[0] + s.jobs[1], 0);
	assert_int_equal(s.jobs[2], WEEKS_RECEIVERS);
	week_close(&t);
}

static void digests_are_void_from_sunday_evening(void **state)
{
	struct report_test t;
	struct weeks_seen s;

	(void)state;
	week_open(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, report_at(20230611, 20, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_int_equal(s.digests[0], 0);
	assert_int_equal(s.jobs[0], WEEKS_RECEIVERS);
	week_close(&t);
}

/* ---- with what ------------------------------------------------------------------------------------ */

static void first_payload(const struct job *j, void *arg)
{
	json_t **o = arg;

	json_decref(*o);
	*o = json_loads(j->payload, 0, NULL);
}

static bool first_text(const struct message_row *r, void *arg)
{
	(void)snprintf(arg, 1000, "%s", r->text);
	return false;
}

/* One household of Tân Phú more, between the digests and the summary. */
static void summary_and_digests_show_the_same_frozen_numbers(void **state)
{
	static const struct message_filter all = {.state = -1};
	struct report_test t;
	struct err e = ERR_INIT;
	char text[1000] = "";
	json_t *payload = NULL;
	const json_t *total;

	(void)state;
	week_open(&t, WEEKS_FIRST);
	(void)report_test_tick_at(&t, report_at(20230607, 17, 30));
	(void)world_add_household(&t.w, "MOI-0001", UINT64_C(84900001234));
	(void)report_test_tick_at(&t, report_at(20230608, 7, 0));
	world_must(store_message_list(t.w.st, &all, 1, first_text, text, &e), &e, "list");
	assert_non_null(strstr(text, "/339 ho"));
	world_must(store_job_list(t.w.st, NULL, 0, 1, first_payload, &payload, &e), &e, "jobs");
	total = json_object_get(
	    json_array_get(
		json_object_get(json_object_get(json_object_get(payload, "data"), "figures"),
				"programmes"),
		0),
	    "total");
	assert_int_equal(json_integer_value(json_object_get(total, "total")), 1157);
	assert_non_null(
	    strstr(json_string_value(json_object_get(json_object_get(payload, "data"), "text")),
		   "1.157"));
	json_decref(payload);
	week_close(&t);
}

static void copy(const char *from, const char *to)
{
	char data[65536];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	n = fread(data, 1, sizeof(data), in);
	assert_int_equal(fwrite(data, 1, n, out), n);
	(void)fclose(in);
	(void)fclose(out);
}

/* A directory for texts of our own: those of the digest and of the summary, to be copied there, and what they lie in. */
static void own_texts(const struct report_test *t, char path[4][320])
{
	static const char *const parts[] = {"/digest/hamlet.txt", "/report/weekly.txt",
					    "/digest", "/report"};

	for (size_t i = 0; i < 4; i++)
		(void)snprintf(path[i], sizeof(path[i]), "%s%s", t->w.dir, parts[i]);
	assert_int_equal(mkdir(path[2], 0700) | mkdir(path[3], 0700), 0);
}

static void a_text_that_is_broken_holds_up_neither_the_summary_nor_for_ever(void **state)
{
	struct report_test t;
	struct weeks_seen s;
	char path[4][320];

	(void)state;
	week_open(&t, WEEKS_FIRST);
	own_texts(&t, path);
	copy(SOURCE_DIR "/templates/report/weekly.txt", path[1]);
	t.w.house.templates = t.w.dir;
	(void)report_test_tick_at(&t, report_at(20230608, 8, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_int_equal(s.digests[0], 0);
	assert_int_equal(s.jobs[0], WEEKS_RECEIVERS);
	copy(SOURCE_DIR "/templates/digest/hamlet.txt", path[0]);
	(void)report_test_tick_at(&t, report_at(20230608, 9, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_each_week_once(&s, 202323, 202323);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(remove(path[i]), 0);
	week_close(&t);
}

static void a_summary_that_is_broken_holds_up_neither_the_digests_nor_for_ever(void **state)
{
	struct report_test t;
	struct weeks_seen s;
	char path[4][320];

	(void)state;
	week_open(&t, WEEKS_FIRST);
	own_texts(&t, path);
	copy(SOURCE_DIR "/templates/digest/hamlet.txt", path[0]);
	t.w.house.templates = t.w.dir;
	/* also of the week before, which asks for its own each time */
	(void)report_test_tick_at(&t, report_at(20230608, 8, 0));
	(void)report_test_tick_at(&t, report_at(20230614, 18, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_int_equal(s.digests[0], WEEKS_HEADS);
	assert_int_equal(s.digests[1], WEEKS_HEADS);
	assert_int_equal(s.jobs[0] + s.jobs[1], 0);
	copy(SOURCE_DIR "/templates/report/weekly.txt", path[1]);
	(void)report_test_tick_at(&t, report_at(20230615, 9, 0));
	s = weeks_look(&t, WEEKS_FIRST);
	assert_each_week_once(&s, 202323, 202324);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(remove(path[i]), 0);
	week_close(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_moments_of_each_of_ten_thousand_weeks_are_in_order),
	    cmocka_unit_test(a_usual_week_is_wednesday_evening_and_thursday_morning),
	    cmocka_unit_test(before_tet_everything_moves_to_the_last_day_of_work),
	    cmocka_unit_test(who_only_comes_when_told_misses_nothing),
	    cmocka_unit_test(each_week_has_its_own_once_whatever_happens),
	    cmocka_unit_test(a_clock_that_was_a_year_ahead_loses_no_week),
	    cmocka_unit_test(
		a_clock_that_was_ahead_at_the_first_start_is_not_believed_for_ever),
	    cmocka_unit_test(who_starts_after_the_deadline_begins_with_the_next_week),
	    cmocka_unit_test(what_was_off_until_friday_still_sends_the_week),
	    cmocka_unit_test(a_week_that_passed_is_summed_up_late_without_digests),
	    cmocka_unit_test(digests_are_void_from_sunday_evening),
	    cmocka_unit_test(summary_and_digests_show_the_same_frozen_numbers),
	    cmocka_unit_test(
		a_summary_that_is_broken_holds_up_neither_the_digests_nor_for_ever),
	    cmocka_unit_test(a_text_that_is_broken_holds_up_neither_the_summary_nor_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
