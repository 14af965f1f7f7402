/* SPDX-License-Identifier: Apache-2.0 */
/* How many are invited on a day and of which hamlet, and where that leads. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "base/yaml.h"
#include "campaign/forecast.h"
#include "sessions_house.h"

/* ---- the quota ------------------------------------------------------------------------------ */

static void quota_of(const char *programme, const char *audiences, int day,
		     struct campaign_quota *q)
{
	struct campaign c = test_campaign("chỉ tiêu", programme, audiences, "{}");
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	c.quota = true;
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	if (p == NULL || campaign_quota(home.st, p, test_day(day), q, &e) < 0)
		fail_msg("%s", e.text);
	free(quota_text);
	quota_text = campaign_quota_text(q);
	campaign_plan_free(p);
}

static void ninety_seven_cases_in_nine_working_days_are_eleven_a_day(void **state)
{
	struct campaign_quota q;

	(void)state;
	import_people();
	import_timetable();
	quota_of("cccd", "A3", 20230608, &q);
	assert_int_equal(q.left, 97);
	assert_int_equal(q.days, 9);
	assert_int_equal(q.base, 11);
	assert_int_equal(q.raised, 11);
	assert_int_equal(q.quota, 11);
	assert_int_equal(q.seats, 130);
	assert_non_null(strstr(quota_text, "97 ÷ 9 ngày = 10,8 → 11"));
	/* Later in the month fewer days are left; on the last day all that is left, if there were seats. */
	quota_of("cccd", "A3", 20230619, &q);
	assert_int_equal(q.days, 2);
	assert_int_equal(q.base, 49);
	assert_int_equal(q.seats, 0);
	assert_int_equal(q.quota, 0);
	assert_int_equal(q.cap, QUOTA_BY_SEATS);
}

/* A name that has no room ends with a whole letter: half of one is not JSON, and the hamlet would be missing. */
static void a_long_name_of_a_hamlet_is_cut_between_letters(void **state)
{
	struct campaign c = test_campaign("chỉ tiêu", "vneid", "A1", "{}");
	struct plan_unit unit = {.id = 7, .label = (char[]){"ấp"}};
	struct quota_pass w;
	struct recipient r = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	json_t *j;

	(void)state;
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", "TP-1", "Nguyễn Văn Thử", "0912345678", 0, HOLD_NONE, "{}");
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(store_recipient_get(home.st, 1, &r, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	for (size_t before = 58; before < 64; before++) {
		unit.name = mem_printf("%.*sữữ", (int)before,
				       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		quota_pass_begin(&w, p, test_day(20230608));
		quota_pass_row(&w, &r, &unit);
		assert_int_equal(w.q.n_hamlets, 1);
		j = quota_pass_save(&w);
		assert_int_equal(json_array_size(json_object_get(j, "hamlets")), 1);
		json_decref(j);
		free(unit.name);
	}
	campaign_plan_free(p);
	recipient_clear(&r);
}

static void of_two_deadlines_for_one_target_the_earlier_rules(void **state)
{
	struct campaign_quota q;

	(void)state;
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", "TP-1", "Nguyễn Văn Thử", "0912345678", 0, HOLD_NONE, "{}");
	TEST_OK(store_commit(home.st, &why));
	quota_of("vneid", "A1", 20230608, &q);
	assert_int_equal(q.n_targets, 2);
	assert_int_equal(q.ruling, 0);
	assert_int_equal(q.targets[0].last, test_day(20230620)); /* "đến ngày 20/6" */
	assert_int_equal(q.targets[1].last, test_day(20230629)); /* "trước ngày 30/6" */
	assert_int_equal(q.days, 9);
	/* Once the first is over, the second: 21, 22, 23, 26, 27, 28, 29. */
	quota_of("vneid", "A1", 20230621, &q);
	assert_int_equal(q.ruling, 1);
	assert_int_equal(q.days, 7);
	quota_of("vneid", "A1", 20230703, &q);
	assert_int_equal(q.days, 1);
}

static void a_campaign_invites_no_more_a_day_than_its_quota(void **state)
{
	struct campaign_day day;
	struct err e = ERR_INIT;
	int taken = 0;

	(void)state;
	import_people();
	import_timetable();
	create(true);
	run();
	(void)pass(4);
	for (int i = 1; i <= 5; i++)
		taken += taken_of(i);
	assert_int_equal(taken, 11);
	assert_int_equal(
	    store_campaign_day_get(home.st, campaign_id, test_day(20230608), &day, &e), 1);
	assert_int_equal(day.quota, 11);
	assert_int_equal(day.planned, 11);
	assert_non_null(strstr(day.arithmetic, "\"working_days\":9"));
	free(day.arithmetic);
	/* Not again today; the next morning, of what is left by then. */
	at(20230608, 17, 0);
	assert_int_equal(pass(500), 0);
	at(20230609, 7, 30);
	(void)pass(500);
	assert_int_equal(
	    store_campaign_day_get(home.st, campaign_id, test_day(20230609), &day, &e), 1);
	assert_int_equal(day.quota, 13); /* 97 ÷ 8 = 12,1 */
	assert_int_equal(day.planned, 13);
	free(day.arithmetic);
}

/* An invitation brings a reminder with it, which is paid for too. */
static void a_quota_stops_where_the_budget_ends_reminders_counted(void **state)
{
	struct campaign c = test_campaign("mời làm CCCD", "cccd", "A3", "{}");
	struct message_counts n;

	(void)state;
	import_people();
	import_timetable();
	c.quota = true;
	c.budget = 7 * 350;
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	campaign_id = c.id;
	run();
	(void)pass(2);
	TEST_OK(store_message_counts(home.st, campaign_id, 0, &n, &why));
	assert_true(n.total > 4);
	assert_true((n.segments_accepted + n.segments_open) * 350 <= c.budget);
	at(20230609, 7, 30);
	(void)pass(500);
	TEST_OK(store_message_counts(home.st, campaign_id, 0, &n, &why));
	assert_true((n.segments_accepted + n.segments_open) * 350 <= c.budget);
}

/* How many of each hamlet have a seat; in the order of units. */
static void seats_by_hamlet(int n[4])
{
	int64_t ids[400] = {0};
	struct recipient r = {0};
	struct err e = ERR_INIT;

	memset(n, 0, 4 * sizeof(*n));
	for (int i = 1; i <= 5; i++) {
		memset(ids, 0, sizeof(ids));
		TEST_OK(store_seat_list(home.st, i, person, ids, &why));
		for (int k = 0; ids[k] != 0; k++) {
			assert_int_equal(store_recipient_get(home.st, ids[k], &r, &e), 1);
			assert_true(r.unit_id >= 0 && r.unit_id < 4);
			n[r.unit_id]++;
			recipient_clear(&r);
		}
	}
}

/* The list stands hamlet by hamlet; the day's eleven do not. */
static void no_hamlet_waits_until_another_is_through(void **state)
{
	struct campaign_quota q;
	int n[4];

	(void)state;
	import_people();
	import_timetable();
	create(true);
	run();
	quota_of("cccd", "A3", 20230608, &q);
	assert_int_equal(q.n_hamlets, 3);
	(void)pass(500);
	seats_by_hamlet(n);
	assert_int_equal(n[1] + n[2] + n[3], 11);
	for (int i = 1; i <= 3; i++)
		if (n[i] < 3 || n[i] > 5) /* a third of the people each */
			fail_msg("hamlet %d: %d of 11", i, n[i]);
}

/* One part of the pass, as after a restart: nothing is known but what is written. Whether there is more. */
static bool part(size_t batch, size_t *planned)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t faults;
	bool more;

	assert_int_equal(store_campaign_get(home.st, campaign_id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), batch, planned, &faults, &more,
				 &why));
	campaign_plan_free(p);
	campaign_clear(&c);
	return more;
}

static char *arithmetic(void)
{
	struct campaign_day day;
	struct err e = ERR_INIT;

	assert_int_equal(
	    store_campaign_day_get(home.st, campaign_id, test_day(20230608), &day, &e), 1);
	assert_int_equal(day.planned, 11);
	return day.arithmetic;
}

/* A list that is too long for one transaction: the same quota, with the same arithmetic, over the same hamlets. */
static void a_pass_in_parts_comes_to_the_same(void **state)
{
	char *whole, *parts;
	int n[4], m[4], calls = 0;
	size_t planned;
	bool more = true;

	(void)state;
	import_people();
	import_timetable();
	create(true);
	run();
	TEST_OK(store_begin(home.st, &why));
	assert_false(part(100000, &planned));
	whole = arithmetic();
	seats_by_hamlet(n);
	store_rollback(home.st);
	while (more) {
		TEST_OK(store_begin(home.st, &why));
		more = part(2, &planned);
		TEST_OK(store_commit(home.st, &why));
		/* two people, and what goes with the last of them */
		assert_true(planned <= 6);
		calls++;
	}
	parts = arithmetic();
	seats_by_hamlet(m);
	assert_string_equal(parts, whole);
	assert_memory_equal(m, n, sizeof(n));
	assert_true(calls > 10);
	free(whole);
	free(parts);
}

/* *arg, a recipient, becomes 0 when they have a seat. */
static bool seated(const struct seat *s, void *arg)
{
	int64_t *id = arg;

	if (s->recipient_id == *id)
		*id = 0;
	return true;
}

/* A pass that night overtakes is not gone on with; the next day's begins as every morning does. */
static void a_pass_that_begins_anew_gives_back_the_seats_first(void **state)
{
	int64_t ids[200] = {0}, id;
	size_t planned;

	(void)state;
	import_people();
	import_timetable();
	create(true);
	run();
	(void)pass(500);
	TEST_OK(store_seat_list(home.st, 2, person, ids, &why));
	assert_true(ids[0] != 0);
	at(20230609, 7, 30);
	TEST_OK(store_begin(home.st, &why));
	assert_true(part(1, &planned));
	assert_int_equal(store_recipient_hold(home.st, ids[0], HOLD_DECEASED, "giấy báo tử",
					      "test", &(struct err){0}),
			 1);
	/* On the same day it goes on. */
	assert_true(part(1, &planned));
	TEST_OK(store_commit(home.st, &why));
	id = ids[0];
	TEST_OK(store_seat_list(home.st, 2, seated, &id, &why));
	assert_int_equal(id, 0);
	at(20230612, 7, 30);
	(void)pass(1);
	id = ids[0];
	TEST_OK(store_seat_list(home.st, 2, seated, &id, &why));
	assert_int_equal(id, ids[0]);
}

/* The house's calendar with these hours; the caller puts back what there was. */
static void closed(const char *hours)
{
	struct hours_config h;
	struct ydoc doc;
	struct err e = ERR_INIT;

	assert_int_equal(ydoc_load_text("hours", hours, strlen(hours), &doc, &e), 0);
	assert_int_equal(conf_read(&doc, doc.root, &hours_config_table, NULL, &h, &e), 0);
	home.calendar = calendar_new(&h, &e);
	assert_non_null(home.calendar);
	home.house.calendar = home.calendar;
	conf_free(&hours_config_table, &h);
	ydoc_free(&doc);
}

/* Of the 443 households that are left, a hamlet does its part in fewer days when its office is closed. */
static void a_hamlets_days_off_raise_the_quota_and_hold_its_invitations(void **state)
{
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230612),
			    .opens = 480,
			    .closes = 600,
			    .place = (char[]){"Văn phòng ấp Tân Phú"},
			    .seats = 20};
	struct calendar *before = home.calendar;
	struct campaign_quota q;
	struct err e = ERR_INIT;
	int64_t due = 0;

	(void)state;
	closed("hamlets:\n  - {unit: Tân Phú, closed: [2023-06-09..2023-06-13]}\n");
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", "TP-1", "Nguyễn Văn Thử", "0912345678", 0, HOLD_NONE, "{}");
	TEST_OK(store_commit(home.st, &why));
	/* 1.057 left ÷ 9 days would be 118; in the six days that the only hamlet works: 176,2 → 177 */
	quota_of("vneid", "A1", 20230608, &q);
	assert_true(q.differ);
	assert_int_equal(q.days, 9);
	assert_int_equal(q.hamlets[0].days, 6);
	assert_int_equal(q.base, 177);
	assert_non_null(strstr(quota_text, "Tân Phú 1 người, 6 ngày → 177"));
	/* No session where it is closed, nor on a holiday. */
	TEST_OK(campaign_place_unit(home.st, s.place, &s.unit_id, &why));
	assert_int_equal(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &e),
			 -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.text, "ấp Tân Phú nghỉ"));
	s.day = test_day(20230901);
	err_clear(&e);
	assert_int_equal(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &e),
			 -1);
	assert_non_null(strstr(e.text, "ngày nghỉ lễ"));
	/* "Hỏi Văn phòng ấp Tân Phú, thứ 2-6": not on the day before its days off. */
	{
		struct campaign c = test_campaign("cho", "vneid", "A1", "{}");

		TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
		campaign_id = c.id;
	}
	run();
	assert_int_equal(pass(10), 1);
	assert_int_equal(store_message_next_due(home.st, campaign_id, 0, &due, &e), 1);
	assert_int_equal(due, test_at(20230614, 7, 30));
	calendar_free(home.calendar);
	home.house.calendar = home.calendar = before;
}

static void those_who_do_not_come_raise_the_quota(void **state)
{
	struct session s = {.programme = (char *)(uintptr_t) "cccd",
			    .day = test_day(20230609),
			    .opens = 480,
			    .closes = 600,
			    .place = (char *)(uintptr_t) "Công an xã",
			    .seats = 20};
	struct campaign_quota q;
	int64_t ids[200] = {0};
	struct err e = ERR_INIT;
	int n;

	(void)state;
	import_people();
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	create(false);
	run();
	(void)pass(500);
	TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
	at(20230609, 12, 0);
	for (int i = 0; i < 15; i++) {
		bool seated;

		assert_int_equal(campaign_session_attend(home.st, &home.house, 1, ids[i],
							 SEAT_CAME, "test", &seated, &e),
				 1);
	}
	TEST_OK(campaign_session_close(home.st, 1, "test", &n, &why));
	assert_int_equal(n, 5);
	s.day = test_day(20230616);
	s.seats = 15;
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	/* 97 − 15 = 82 in the 8 working days 09/6 to 20/6: 11; a quarter does not come: 15. */
	quota_of("cccd", "A3", 20230609, &q);
	assert_int_equal(q.left, 82);
	assert_int_equal(q.days, 8);
	assert_int_equal(q.base, 11);
	assert_int_equal(q.no_show, 250);
	assert_int_equal(q.raised, 15);
	assert_int_equal(q.quota, 15);
}

static void forecast_of(int come, struct campaign_forecast *f)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(home.st, campaign_id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	if (p == NULL ||
	    campaign_forecast(home.st, p, civil_day_of(clock_now_ms()), come, f, &e) < 0)
		fail_msg("%s", e.text);
	campaign_plan_free(p);
	campaign_clear(&c);
}

/* 60 of the list can be texted; 97 are wanted. */
static void the_forecast_says_which_deadline_breaks_and_what_saves_it(void **state)
{
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230616),
			    .opens = 480,
			    .closes = 600,
			    .place = (char[]){"Công an xã"},
			    .seats = 20};
	struct campaign_forecast f;
	struct campaign_preview v;
	int64_t wanted;

	(void)state;
	import_people();
	create(true);
	preview(&v);
	wanted = v.excluded[EXCLUDED_NO_SEAT];
	campaign_preview_free(&v);
	/* Seats for 20 only: the others need two or three sessions more, before the 20th. */
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	forecast_of(100, &f);
	assert_int_equal(f.to_invite, wanted);
	assert_int_equal(f.all_invited, 0);
	assert_int_equal(f.breaks, 0);
	assert_int_equal(f.left_at[0], 97 - 20);
	assert_int_equal(f.more_seats, wanted - 20);
	assert_int_equal(f.more_sessions, (wanted - 20 + 19) / 20);
	/* With seats for all of them, the rest are those whom no message reaches. */
	import_timetable();
	forecast_of(100, &f);
	assert_int_equal(f.more_seats, 0);
	assert_int_equal(f.left_at[0], 97 - wanted);
	assert_int_equal(f.visits, 97 - wanted);
	assert_true(f.all_invited > test_day(20230608) && f.all_invited <= test_day(20230616));
	assert_int_equal(f.all_came, 0);
	/* If half stay away, fewer come by then. */
	forecast_of(50, &f);
	assert_true(f.left_at[0] > 97 - wanted);
}

/* Three office days after the 8th are the 13th, or, where the hamlet's own office is closed, the 21st: the deadline is
 * the 20th. */
static void a_hamlets_days_off_are_in_the_forecast(void **state)
{
	struct calendar *before = home.calendar;
	struct campaign c = test_campaign("dự báo", "vneid", "A1", "{}");
	struct campaign_forecast open, shut;

	(void)state;
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", "TP-1", "Nguyễn Văn Thử", "0912345678", 0, HOLD_NONE, "{}");
	TEST_OK(store_commit(home.st, &why));
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	campaign_id = c.id;
	forecast_of(100, &open);
	closed("hamlets:\n  - {unit: Tân Phú, closed: [2023-06-09..2023-06-16]}\n");
	forecast_of(100, &shut);
	assert_int_equal(open.left_at[open.quota.ruling], 1057 - 1);
	assert_int_equal(shut.left_at[shut.quota.ruling], 1057);
	calendar_free(home.calendar);
	home.house.calendar = home.calendar = before;
}

/* Whose office is closed has fewer days to do its part in: they are invited sooner, in the forecast too. */
static void a_hamlets_days_off_hurry_the_forecast(void **state)
{
	struct calendar *before = home.calendar;
	struct campaign_forecast even, uneven;

	(void)state;
	import_people();
	import_timetable();
	create(true);
	forecast_of(100, &even);
	closed("hamlets:\n  - {unit: Tân Phú, closed: [2023-06-09..2023-06-19]}\n"
	       "  - {unit: Tân Mỹ, closed: [2023-06-09..2023-06-19]}\n");
	forecast_of(100, &uneven);
	assert_true(uneven.all_invited < even.all_invited);
	assert_true(uneven.quota.differ);
	calendar_free(home.calendar);
	home.house.calendar = home.calendar = before;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SESSION_TEST(ninety_seven_cases_in_nine_working_days_are_eleven_a_day),
	    SESSION_TEST(a_long_name_of_a_hamlet_is_cut_between_letters),
	    SESSION_TEST(of_two_deadlines_for_one_target_the_earlier_rules),
	    SESSION_TEST(a_campaign_invites_no_more_a_day_than_its_quota),
	    SESSION_TEST(a_quota_stops_where_the_budget_ends_reminders_counted),
	    SESSION_TEST(a_pass_in_parts_comes_to_the_same),
	    SESSION_TEST(a_pass_that_begins_anew_gives_back_the_seats_first),
	    SESSION_TEST(no_hamlet_waits_until_another_is_through),
	    SESSION_TEST(a_hamlets_days_off_raise_the_quota_and_hold_its_invitations),
	    SESSION_TEST(those_who_do_not_come_raise_the_quota),
	    SESSION_TEST(a_hamlets_days_off_are_in_the_forecast),
	    SESSION_TEST(a_hamlets_days_off_hurry_the_forecast),
	    SESSION_TEST(the_forecast_says_which_deadline_breaks_and_what_saves_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
