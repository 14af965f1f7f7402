/* SPDX-License-Identifier: Apache-2.0 */
/* What the outbox claims, when, and what it never claims. */
#include "unit/outbox_desk.h"

/* What another process sees. */
static int64_t desk_seen(struct desk *d, enum message_state state)
{
	struct message_counts counts;
	struct store *reader;

	world_must(store_open(d->w.db, STORE_READER, &reader, &d->e), &d->e, "reader");
	world_must(store_message_counts(reader, 0, 0, &counts, &d->e), &d->e, "counts");
	store_close(reader);
	return counts.by_state[state];
}

/* ---- claims --------------------------------------------------------------------------------- */

static void claims_are_on_disk_before_an_item_is_handed_out(void **state)
{
	struct outbox_turn t;
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 5);
	(void)desk_campaign(&d, "một", LANE_BULK);
	t = desk_begin(&d, NULL, 0);
	world_must(store_begin(d.w.st, &d.e), &d.e, "begin");
	world_must(outbox_prepare(d.o, &t, &d.e), &d.e, "prepare");
	d.n = t.n_items;
	assert_int_equal(d.n, 5);
	assert_int_equal(desk_seen(&d, MESSAGE_SENDING), 0);
	world_must(store_commit(d.w.st, &d.e), &d.e, "commit");
	outbox_committed(d.o);
	assert_int_equal(desk_seen(&d, MESSAGE_SENDING), 5);
	for (size_t i = 0; i < d.n; i++) {
		assert_int_equal(d.items[i].msg.attempt, 1);
		assert_int_equal(d.items[i].msg.generation, 1);
		assert_false(d.items[i].resend);
		assert_non_null(strstr(d.items[i].msg.text, "UBND"));
	}
	assert_int_equal(desk_turn(&d, NULL, 0), 0);
	desk_close(&d);
}

static void a_second_run_adds_nothing(void **state)
{
	struct campaign c = {0};
	struct desk d;
	int64_t id;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 7);
	id = desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 7);
	(void)desk_answer_all(&d, OUTCOME_OK);
	/* As if the cursor had been lost. */
	world_must(store_campaign_get(d.w.st, id, &c, &d.e), &d.e, "campaign");
	c.cursor = 0;
	desk_do(&d, store_campaign_update(d.w.st, &c, &d.e));
	campaign_clear(&c);
	clock_advance_virtual(7 * CLOCK_DAY_MS);
	assert_int_equal(desk_run(&d), 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 0);
	desk_close(&d);
}

/* ---- who ------------------------------------------------------------------------------------- */

static void who_may_not_be_written_to_any_more_is_not(void **state)
{
	static const char *const reasons[] = {"đã mất hoặc nghi đã mất",
					      "đang tạm giữ",
					      "đã đề nghị không nhận tin",
					      "số của người khác",
					      "số không còn dùng",
					      "đã làm xong, không cần gửi",
					      "đã chuyển sang đối tượng khác"};
	struct store *st;
	struct desk d;
	struct err *e = &d.e;
	int64_t id[8];

	(void)state;
	desk_open(&d, "esms");
	st = d.w.st;
	for (unsigned i = 0; i < 8; i++) {
		char key[8];

		(void)snprintf(key, sizeof(key), "H-%u", i);
		id[i] = world_add_household(&d.w, key, NUMBER + i);
	}
	desk_to(&d, MIDNIGHT + 6 * CLOCK_HOUR_MS);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 8);
	desk_do(&d, store_recipient_hold(st, id[0], HOLD_DECEASED_SUSPECTED, "", "thu", e));
	desk_do(&d, store_recipient_hold(st, id[1], HOLD_OFFICER, "", "thu", e));
	desk_do(&d, store_contact_flags(st, NUMBER + 2, CONTACT_OPTED_OUT, 0, "thu", e));
	desk_do(&d, store_contact_flags(st, NUMBER + 3, CONTACT_WRONG_PERSON, 0, "thu", e));
	desk_do(&d, store_contact_flags(st, NUMBER + 4, CONTACT_DEAD_NUMBER, 0, "thu", e));
	desk_do(&d, store_recipient_set_state(st, id[5], 2, "thu", e));
	desk_do(&d, store_recipient_set_state(st, id[6], 1, "thu", e));
	desk_to(&d, NINE);
	assert_int_equal(desk_run(&d), 1);
	assert_true(d.items[0].msg.number == NUMBER + 7);
	/* Messages are planned in the order of the list. */
	for (int i = 0; i < 7; i++) {
		if (i != 6)
			desk_assert_reason(&d, i + 1, MESSAGE_CANCELLED, reasons[i]);
		else
			assert_state(&d, i + 1, MESSAGE_CANCELLED);
	}
	desk_close(&d);
}

static void one_number_gets_one_message_for_all_who_share_it(void **state)
{
	struct desk d;
	int64_t first;

	(void)state;
	desk_open(&d, "esms");
	first = world_add_household(&d.w, "A", NUMBER);
	(void)world_add_household(&d.w, "B", NUMBER);
	(void)world_add_household(&d.w, "C", NUMBER);
	(void)world_add_household(&d.w, "D", NUMBER + 1);
	desk_to(&d, MIDNIGHT + 6 * CLOCK_HOUR_MS);
	(void)desk_campaign(&d, "một", LANE_BULK);
	(void)desk_run(&d);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_LINKED), 2);
	/* The one that stands for the number falls away: the next takes its place. */
	desk_do(&d, store_recipient_hold(d.w.st, first, HOLD_DECEASED, "", "thu", &d.e));
	desk_to(&d, NINE);
	assert_int_equal(desk_run(&d), 2);
	assert_state(&d, 1, MESSAGE_CANCELLED);
	assert_state(&d, 2, MESSAGE_SENDING);
	assert_state(&d, 3, MESSAGE_LINKED);
	assert_true((d.items[0].msg.number == NUMBER) != (d.items[1].msg.number == NUMBER));
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
	assert_state(&d, 4, MESSAGE_SENT);
	desk_close(&d);
}

/* ---- when ------------------------------------------------------------------------------------ */

static void bulk_keeps_to_the_house_s_hours(void **state)
{
	static const struct {
		int64_t at, wake; /* from midnight of a Thursday */
	} days[] = {
	    {6 * CLOCK_HOUR_MS, 7 * CLOCK_HOUR_MS + 30 * CLOCK_MINUTE_MS},
	    {19 * CLOCK_HOUR_MS, CLOCK_DAY_MS + 7 * CLOCK_HOUR_MS + 30 * CLOCK_MINUTE_MS},
	    {CLOCK_DAY_MS + 20 * CLOCK_HOUR_MS, /* Friday evening */
	     4 * CLOCK_DAY_MS + 7 * CLOCK_HOUR_MS + 30 * CLOCK_MINUTE_MS},
	};
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	d.w.dispatch.receipt_silence = 30 * CLOCK_DAY_MS; /* wakes nobody here */
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		char name[2] = {(char)('a' + i), 0};

		desk_to(&d, MIDNIGHT + days[i].at);
		(void)world_add_household(&d.w, name, NUMBER + i);
		(void)desk_campaign(&d, name, LANE_BULK);
		assert_int_equal(desk_run(&d), 0);
		assert_true(d.wake == MIDNIGHT + days[i].wake);
		desk_to(&d, d.wake - 1);
		assert_int_equal(desk_turn(&d, NULL, 0), 0);
		desk_to(&d, d.wake);
		assert_true(desk_turn(&d, NULL, 0) > 0);
		(void)desk_answer_all(&d, OUTCOME_OK);
	}
	desk_close(&d);
}

static void nothing_goes_on_a_holiday(void **state)
{
	struct desk d;
	/* Quốc khánh: Thứ Sáu 01/9/2023 to Monday the 4th. */
	struct civil thursday = {.year = 2023, .month = 8, .day = 31, .hour = 20};
	struct civil tuesday = {.year = 2023, .month = 9, .day = 5, .hour = 7, .minute = 30};

	(void)state;
	desk_open(&d, "esms");
	desk_to(&d, civil_to_ms(&thursday));
	world_add_households(&d.w, 1, 1);
	(void)desk_campaign(&d, "một", LANE_BULK);
	(void)desk_run(&d);
	assert_true(d.wake == civil_to_ms(&tuesday));
	desk_to(&d, d.wake);
	assert_int_equal(desk_turn(&d, NULL, 0), 1);
	desk_close(&d);
}

static void a_notice_keeps_to_the_law_and_urgent_to_nothing(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 1);
	desk_to(&d, MIDNIGHT + 23 * CLOCK_HOUR_MS);
	(void)desk_campaign(&d, "thông báo", LANE_NOTICE);
	assert_int_equal(desk_run(&d), 0);
	assert_true(d.wake == MIDNIGHT + CLOCK_DAY_MS + 7 * CLOCK_HOUR_MS);
	(void)desk_campaign(&d, "khẩn", LANE_URGENT);
	assert_int_equal(desk_run(&d), 1);
	desk_close(&d);
}

static void nothing_goes_before_its_start_or_after_its_end(void **state)
{
	struct desk d;
	int64_t id;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 3);
	id = world_add_campaign(&d.w, "một", LANE_BULK, NINE + CLOCK_HOUR_MS,
				NINE + 2 * CLOCK_HOUR_MS);
	outbox_refresh(d.o);
	assert_int_equal(desk_run(&d), 0);
	desk_to(&d, NINE + 2 * CLOCK_HOUR_MS);
	assert_int_equal(desk_run(&d), 0);
	assert_int_equal(world_count(&d.w, id, MESSAGE_EXPIRED), 3);
	assert_true(d.wake == INT64_MAX);
	desk_close(&d);
}

/* ---- how much -------------------------------------------------------------------------------- */

static void a_number_is_never_over_its_caps(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms"); /* one a day, two a week */
	d.w.dispatch.receipt_silence = d.w.dispatch.ask_silent = 30 * CLOCK_DAY_MS;
	world_add_households(&d.w, 1, 1);
	(void)desk_campaign(&d, "một", LANE_BULK);
	(void)desk_campaign(&d, "hai", LANE_BULK);
	(void)desk_campaign(&d, "ba", LANE_URGENT);
	assert_int_equal(desk_run(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_OK);
	while (d.wake <= clock_now_ms())
		(void)desk_turn(&d, NULL, 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 2);
	/* Friday: the second of the week. The third waits for Monday. */
	assert_true(d.wake == MIDNIGHT + CLOCK_DAY_MS + 450 * CLOCK_MINUTE_MS);
	desk_to(&d, d.wake);
	assert_int_equal(desk_run(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_OK);
	while (d.wake <= clock_now_ms())
		(void)desk_turn(&d, NULL, 0);
	assert_true(d.wake == MIDNIGHT + 4 * CLOCK_DAY_MS + 450 * CLOCK_MINUTE_MS);
	desk_to(&d, d.wake);
	assert_int_equal(desk_run(&d), 1);
	desk_close(&d);
}

static void what_was_proved_not_sent_counts_against_no_cap(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 1);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_RETRY);
	desk_to(&d, d.wake);
	assert_int_equal(desk_run(&d), 1);
	assert_int_equal(d.items[0].msg.attempt, 2);
	desk_close(&d);
}

/* A clock that is set forward and back again must not give a number a second day. */
static void a_clock_set_back_opens_no_cap(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	d.w.caps.per_week = 3;
	world_add_households(&d.w, 1, 1);
	(void)desk_campaign(&d, "một", LANE_BULK);
	(void)desk_campaign(&d, "hai", LANE_BULK);
	assert_int_equal(desk_run(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_OK);
	clock_jump_virtual(CLOCK_DAY_MS);
	outbox_refresh(d.o);
	assert_int_equal(desk_run(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_OK);
	clock_jump_virtual(-CLOCK_DAY_MS);
	(void)desk_campaign(&d, "ba", LANE_BULK);
	assert_int_equal(desk_run(&d), 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 1);
	desk_close(&d);
}

static void in_flight_is_never_more_than_the_provider_s_limit(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms"); /* 100 */
	world_add_households(&d.w, 1, 250);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 100);
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 100);
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 50);
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 250);
	desk_close(&d);
}

static void lanes_go_first_and_campaigns_share(void **state)
{
	struct desk d;
	int64_t bulk[2], urgent;
	int of[2] = {0, 0};

	(void)state;
	desk_open(&d, "esms");
	d.w.caps.per_day = 3;
	d.w.caps.per_week = 3;
	world_add_households(&d.w, 1, 40);
	bulk[0] = desk_campaign(&d, "một", LANE_BULK);
	bulk[1] = desk_campaign(&d, "hai", LANE_BULK);
	d.room = 20;
	/* Each turn plans one campaign's batch. */
	(void)desk_run(&d);
	(void)desk_answer_all(&d, OUTCOME_OK);
	(void)desk_answer_all(&d, OUTCOME_OK);
	for (size_t i = 0; i < d.n; i++)
		of[d.items[i].msg.campaign_id == bulk[1]]++;
	assert_int_equal(of[0], 10);
	assert_int_equal(of[1], 10);
	urgent = desk_campaign(&d, "khẩn", LANE_URGENT);
	(void)desk_answer_all(&d, OUTCOME_OK);
	assert_int_equal(d.n, 20);
	for (size_t i = 0; i < d.n; i++)
		assert_true(d.items[i].msg.campaign_id == urgent);
	desk_close(&d);
}

static void what_is_paused_or_cancelled_is_not_claimed(void **state)
{
	struct desk d;
	int64_t id;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 10);
	d.room = 4;
	id = desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 4);
	/* Without a refresh too: the claim reads the campaign itself. */
	world_must(campaign_pause(d.w.st, id, "thu", &d.e), &d.e, "pause");
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
	world_must(campaign_resume(d.w.st, id, "thu", &d.e), &d.e, "resume");
	outbox_refresh(d.o);
	assert_int_equal(desk_run(&d), 4);
	world_must(campaign_cancel(d.w.st, id, "thu", &d.e), &d.e, "cancel");
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
	assert_int_equal(world_count(&d.w, id, MESSAGE_CANCELLED), 2);
	assert_int_equal(world_count(&d.w, id, MESSAGE_SENT), 8);
	desk_close(&d);
}

static void a_drain_claims_nothing_and_records_everything(void **state)
{
	struct outbox_stats s;
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 150);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 100);
	outbox_set_claiming(d.o, false);
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
	outbox_stats_get(d.o, &s);
	assert_int_equal(s.in_flight, 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 100);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 50);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(claims_are_on_disk_before_an_item_is_handed_out),
	    cmocka_unit_test(a_second_run_adds_nothing),
	    cmocka_unit_test(who_may_not_be_written_to_any_more_is_not),
	    cmocka_unit_test(one_number_gets_one_message_for_all_who_share_it),
	    cmocka_unit_test(bulk_keeps_to_the_house_s_hours),
	    cmocka_unit_test(nothing_goes_on_a_holiday),
	    cmocka_unit_test(a_notice_keeps_to_the_law_and_urgent_to_nothing),
	    cmocka_unit_test(nothing_goes_before_its_start_or_after_its_end),
	    cmocka_unit_test(a_number_is_never_over_its_caps),
	    cmocka_unit_test(what_was_proved_not_sent_counts_against_no_cap),
	    cmocka_unit_test(a_clock_set_back_opens_no_cap),
	    cmocka_unit_test(in_flight_is_never_more_than_the_provider_s_limit),
	    cmocka_unit_test(lanes_go_first_and_campaigns_share),
	    cmocka_unit_test(what_is_paused_or_cancelled_is_not_claimed),
	    cmocka_unit_test(a_drain_claims_nothing_and_records_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
