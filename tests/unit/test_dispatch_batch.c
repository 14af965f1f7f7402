/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that go together in one request, as the outbox puts them together and counts them. */
#include "outbox_desk.h"

/* Of the last turn: its requests by size, as text: "3 3 1". */
static const char *sizes(const struct desk *d)
{
	static char text[1024];
	size_t at = 0, n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < d->n; i++) {
		n++;
		if (d->items[i].more)
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%zu", at ? " " : "", n);
		n = 0;
	}
	assert_int_equal(n, 0); /* the last of a turn closes its request */
	return text;
}

static int64_t in_flight(const struct desk *d)
{
	struct outbox_stats s;

	outbox_stats_get(d->o, &s);
	return s.in_flight;
}

static void open_with(struct desk *d, const char *description, int64_t requests)
{
	memset(d, 0, sizeof(*d));
	clock_set_virtual(NINE);
	world_open(&d->w, NULL);
	world_add_provider(&d->w, "chinh", description, 9, requests, 100000);
	d->room = DESK_ROOM;
	desk_outbox(d);
}

static void requests_are_filled_and_counted(void **state)
{
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 2);
	world_add_households(&d.w, 1, 250);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 200);
	assert_string_equal(sizes(&d), "100 100");
	assert_int_equal(in_flight(&d), 200);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENDING), 200);
	/* Two requests are under way, and no third. */
	assert_int_equal(desk_turn(&d, NULL, 0), 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENDING), 200);
	desk_close(&d);
}

static void room_comes_with_the_last_result_of_a_request(void **state)
{
	struct outbox_result r[200];
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 2);
	world_add_households(&d.w, 1, 250);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 200);
	for (size_t i = 0; i < 200; i++)
		r[i] = desk_answer(&d.items[i], OUTCOME_OK);
	assert_int_equal(desk_turn(&d, r, 99), 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 99);
	assert_int_equal(in_flight(&d), 101);
	assert_int_equal(desk_turn(&d, r + 99, 1), 50);
	assert_string_equal(sizes(&d), "50");
	assert_int_equal(in_flight(&d), 150);
	assert_int_equal(desk_turn(&d, r + 100, 100), 0);
	assert_int_equal(in_flight(&d), 50);
	desk_close(&d);
}

/* A turn that was rolled back has taken nothing. */
static void a_turn_rolled_back_leaves_no_request(void **state)
{
	struct outbox_turn t;
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 2);
	world_add_households(&d.w, 1, 30);
	(void)desk_campaign(&d, "một", LANE_BULK);
	t = desk_begin(&d, NULL, 0);
	world_must(store_begin(d.w.st, &d.e), &d.e, "begin");
	world_must(outbox_prepare(d.o, &t, &d.e), &d.e, "prepare");
	assert_int_equal(t.n_items, 30);
	store_rollback(d.w.st);
	outbox_rolled_back(d.o, &t);
	assert_int_equal(in_flight(&d), 0);
	assert_int_equal(desk_run(&d), 30);
	assert_string_equal(sizes(&d), "30");
	assert_int_equal(in_flight(&d), 30);
	desk_close(&d);
}

/* Refused as a whole: each tells for itself what for, among others or not. */
static void what_was_refused_goes_alone(void **state)
{
	struct outbox_result r[30];
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 10);
	world_add_households(&d.w, 1, 6);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 6);
	for (size_t i = 0; i < 6; i++) {
		r[i] = desk_answer(&d.items[i], OUTCOME_RETRY);
		r[i].outcome.wait_ms = 1000;
	}
	assert_int_equal(desk_turn(&d, r, 6), 0);
	desk_to(&d, NINE + 2000);
	assert_int_equal(desk_run(&d), 6);
	assert_string_equal(sizes(&d), "1 1 1 1 1 1");
	for (size_t i = 0; i < d.n; i++)
		assert_int_equal(d.items[i].msg.generation, 2);
	desk_close(&d);
}

/* What is alone is no more at once than requests may be. */
static void single_ones_take_a_request_each(void **state)
{
	struct outbox_result r[30];
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 4);
	world_add_households(&d.w, 1, 30);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 30);
	for (size_t i = 0; i < 30; i++) {
		r[i] = desk_answer(&d.items[i], OUTCOME_RETRY);
		r[i].outcome.wait_ms = 1000;
	}
	assert_int_equal(desk_turn(&d, r, 30), 0);
	desk_to(&d, NINE + 2000);
	assert_int_equal(desk_run(&d), 4);
	assert_string_equal(sizes(&d), "1 1 1 1");
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 4);
	desk_close(&d);
}

/* It was proved not sent: nothing was refused, and they may go together again. */
static void what_never_left_goes_together_again(void **state)
{
	struct outbox_result r[8];
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 4);
	world_add_households(&d.w, 1, 8);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 8);
	for (size_t i = 0; i < 8; i++) {
		r[i] = desk_answer(&d.items[i], OUTCOME_RETRY);
		r[i].outcome.not_sent = true;
		r[i].outcome.wait_ms = 1000;
	}
	assert_int_equal(desk_turn(&d, r, 8), 0);
	desk_to(&d, NINE + 2000);
	assert_int_equal(desk_run(&d), 8);
	assert_string_equal(sizes(&d), "8");
	desk_close(&d);
}

/* The uncertain of a lost answer are sent again one by one. */
static void the_uncertain_are_settled_alone(void **state)
{
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 16);
	world_add_households(&d.w, 1, 5);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 5);
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_UNCERTAIN), 5);
	desk_to(&d, NINE + 11 * CLOCK_MINUTE_MS);
	assert_int_equal(desk_run(&d), 5);
	assert_string_equal(sizes(&d), "1 1 1 1 1");
	for (size_t i = 0; i < d.n; i++)
		assert_true(d.items[i].resend);
	(void)desk_answer_all(&d, OUTCOME_OK_DUP);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 5);
	assert_int_equal(in_flight(&d), 0);
	desk_close(&d);
}

/* Dead in the middle: all of a request may have been sent. */
static void after_a_crash_all_of_a_request_is_uncertain(void **state)
{
	struct outbox_result r[5];
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 16);
	world_add_households(&d.w, 1, 5);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 5);
	for (size_t i = 0; i < 5; i++)
		r[i] = desk_answer(&d.items[i], OUTCOME_OK);
	(void)desk_turn(&d, r, 2);
	desk_crash(&d);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 2);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_UNCERTAIN), 3);
	desk_close(&d);
}

static void only_the_same_text_goes_together_where_the_answer_has_no_ids(void **state)
{
	struct desk d;

	(void)state;
	open_with(&d, "stringee", 3);
	world_add_households(&d.w, 1, 5); /* all of one name */
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 5);
	assert_string_equal(sizes(&d), "5");
	assert_string_equal(d.items[0].msg.text, d.items[4].msg.text);
	assert_true(provider_batch_joins(d.w.providers[0], "một", "một"));
	assert_false(provider_batch_joins(d.w.providers[0], "một", "hai"));
	desk_close(&d);
}

/* A provider in trouble is in trouble once a request, not once a message. */
static void a_request_that_fails_is_one_failure(void **state)
{
	struct desk d;

	(void)state;
	open_with(&d, "infobip", 4);
	world_add_households(&d.w, 1, 60);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 60);
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	world_add_households(&d.w, 61, 5);
	d.w.caps.per_day = 5;
	(void)desk_campaign(&d, "hai", LANE_BULK);
	/* 8 in a row would have paused it. */
	assert_int_equal(desk_run(&d), 65);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_filled_and_counted),
	    cmocka_unit_test(room_comes_with_the_last_result_of_a_request),
	    cmocka_unit_test(a_turn_rolled_back_leaves_no_request),
	    cmocka_unit_test(what_was_refused_goes_alone),
	    cmocka_unit_test(single_ones_take_a_request_each),
	    cmocka_unit_test(what_never_left_goes_together_again),
	    cmocka_unit_test(the_uncertain_are_settled_alone),
	    cmocka_unit_test(after_a_crash_all_of_a_request_is_uncertain),
	    cmocka_unit_test(only_the_same_text_goes_together_where_the_answer_has_no_ids),
	    cmocka_unit_test(a_request_that_fails_is_one_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
