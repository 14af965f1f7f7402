/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer, no answer, a receipt, a crash and a full disk make of a message. */
#include "dispatch/officer.h"
#include "store/health.h"
#include "store/private.h"
#include "unit/outbox_desk.h"

/* One household, one campaign, one item under way. */
static void desk_one(struct desk *d, const char *description)
{
	desk_open(d, description);
	world_add_households(&d->w, 1, 1);
	(void)desk_campaign(d, "một", LANE_BULK);
	assert_int_equal(desk_run(d), 1);
}

/* ---- refused for now ------------------------------------------------------------------------- */

static void waits_grow_and_tries_end(void **state)
{
	struct desk d;

	(void)state;
	desk_one(&d, "esms");
	d.w.dispatch.max_attempts = 4;
	for (int n = 1; n <= 4; n++) {
		int64_t base = d.w.dispatch.backoff * n * n, wait;

		assert_int_equal(d.items[0].msg.attempt, n);
		/* A definite refusal used the reference up. */
		assert_int_equal(d.items[0].msg.generation, n);
		assert_int_equal(desk_answer_all(&d, OUTCOME_RETRY), 0);
		if (n == 4)
			break;
		assert_state(&d, 1, MESSAGE_QUEUED);
		wait = desk_due(&d, 1) - clock_now_ms();
		assert_true(wait >= base * 8 / 10 && wait <= base * 12 / 10 + 1);
		assert_true(d.wake == desk_due(&d, 1));
		desk_to(&d, d.wake - 1);
		assert_int_equal(desk_turn(&d, NULL, 0), 0);
		desk_to(&d, d.wake);
		assert_int_equal(desk_turn(&d, NULL, 0), 1);
	}
	assert_state(&d, 1, MESSAGE_FAILED);
	assert_true(d.wake == INT64_MAX);
	desk_close(&d);
}

static void what_never_left_keeps_its_reference(void **state)
{
	struct outbox_result r;
	struct desk d;

	(void)state;
	desk_one(&d, "esms");
	r = desk_answer(&d.items[0], OUTCOME_RETRY);
	r.outcome.not_sent = true;
	assert_int_equal(desk_turn(&d, &r, 1), 0);
	desk_to(&d, d.wake);
	assert_int_equal(desk_turn(&d, NULL, 0), 1);
	assert_int_equal(d.items[0].msg.generation, 1);
	assert_int_equal(d.items[0].msg.attempt, 2);
	desk_close(&d);
}

/* Retry-After holds for the provider, is honoured, and clamped to 1 s … 6 h. */
static void retry_after_is_honoured_and_clamped(void **state)
{
	static const struct {
		int64_t asked, waits;
	} cases[] = {{0, CLOCK_SECOND_MS},
		     {5 * CLOCK_SECOND_MS, 5 * CLOCK_SECOND_MS},
		     {CLOCK_HOUR_MS, CLOCK_HOUR_MS},
		     {INT64_C(1000000000000), 6 * CLOCK_HOUR_MS}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outbox_result r;
		struct desk d;

		desk_open(&d, "esms");
		d.room = 1;
		world_add_households(&d.w, 1, 2);
		(void)desk_campaign(&d, "một", LANE_BULK);
		assert_int_equal(desk_run(&d), 1);
		r = desk_answer(&d.items[0], OUTCOME_RATE);
		r.outcome.http_status = 429;
		r.outcome.wait_ms = cases[i].asked;
		/* The other message waits as well. */
		assert_int_equal(desk_turn(&d, &r, 1), 0);
		assert_true(d.wake == clock_now_ms() + cases[i].waits);
		desk_to(&d, d.wake);
		assert_int_equal(desk_turn(&d, NULL, 0), 1);
		desk_close(&d);
	}
}

/* The clock was a year ahead when the provider asked for a pause. */
static void a_pause_ends_although_the_clock_was_set_back(void **state)
{
	struct outbox_result r;
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	d.room = 1;
	world_add_households(&d.w, 1, 2);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 1);
	clock_jump_virtual(364 * CLOCK_DAY_MS);
	outbox_refresh(d.o);
	r = desk_answer(&d.items[0], OUTCOME_RATE);
	r.outcome.http_status = 429;
	r.outcome.wait_ms = CLOCK_MINUTE_MS;
	d.room = 0; /* nothing is looked at in the wrong year */
	assert_int_equal(desk_turn(&d, &r, 1), 0);
	d.room = 1;
	clock_jump_virtual(-364 * CLOCK_DAY_MS);
	outbox_refresh(d.o);
	assert_int_equal(desk_turn(&d, NULL, 0), 0);
	assert_true(d.wake <= clock_now_ms() + CLOCK_MINUTE_MS);
	desk_to(&d, d.wake);
	assert_int_equal(desk_run(&d), 1);
	desk_close(&d);
}

/* ---- refused for good ------------------------------------------------------------------------ */

static void a_dead_number_is_remembered(void **state)
{
	struct desk d;

	(void)state;
	desk_one(&d, "esms");
	assert_int_equal(desk_answer_all(&d, OUTCOME_BADNUM), 0);
	assert_state(&d, 1, MESSAGE_REJECTED);
	(void)desk_campaign(&d, "hai", LANE_BULK);
	clock_advance_virtual(CLOCK_DAY_MS);
	assert_int_equal(desk_run(&d), 0);
	desk_close(&d);
}

static void texts_refused_in_a_row_halt_their_campaign(void **state)
{
	struct campaign c = {0};
	struct desk d;
	int64_t id;

	(void)state;
	desk_open(&d, "esms");
	d.w.dispatch.halt_after = 5;
	d.room = 4;
	world_add_households(&d.w, 1, 30);
	id = desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 4);
	assert_int_equal(desk_answer_all(&d, OUTCOME_CONTENT), 4);
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 4);
	assert_int_equal(desk_answer_all(&d, OUTCOME_CONTENT), 4);
	assert_int_equal(desk_answer_all(&d, OUTCOME_CONTENT), 0);
	world_must(store_campaign_get(d.w.st, id, &c, &d.e), &d.e, "campaign");
	assert_int_equal(c.state, CAMPAIGN_HALTED);
	assert_non_null(c.halt_reason);
	campaign_clear(&c);
	assert_int_equal(world_count(&d.w, id, MESSAGE_QUEUED), 30 - 16);
	desk_close(&d);
}

/* No money: the provider stops, its queue goes on with the next; nothing is lost or counted. */
static void a_provider_that_must_not_be_used_is_left_for_the_next(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_provider(&d.w, "phu", "kannel", 9, 100, 100000);
	desk_outbox(&d);
	world_add_households(&d.w, 1, 3);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 3);
	assert_int_equal(d.items[0].route, 0);
	(void)desk_answer_all(&d, OUTCOME_MONEY);
	if (d.n == 0)
		(void)desk_run(&d);
	assert_int_equal(d.n, 3);
	assert_int_equal(d.items[0].route, 1);
	assert_int_equal(d.items[0].msg.generation, 2);
	desk_crash(&d);
	assert_int_equal(desk_run(&d), 0);
	desk_close(&d);
}

/* ---- uncertain ------------------------------------------------------------------------------- */

/* Class A: the same reference, the same provider, while the window lasts. */
static void the_uncertain_go_again_where_references_are_known(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "kannel");
	world_add_provider(&d.w, "phu", "esms", 9, 100, 100000);
	desk_outbox(&d);
	desk_do(&d, store_provider_stop(d.w.st, 1, "thử", &d.e));
	world_add_households(&d.w, 1, 1);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 1);
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	/* The first provider may be used again: never for this one. */
	desk_do(&d, store_provider_stop(d.w.st, 1, NULL, &d.e));
	(void)desk_turn(&d, NULL, 0);
	assert_true(d.wake == NINE + d.w.dispatch.settle_after);
	desk_to(&d, d.wake);
	assert_int_equal(desk_turn(&d, NULL, 0), 1);
	assert_true(d.items[0].resend);
	assert_int_equal(d.items[0].route, 1);
	assert_int_equal(d.items[0].msg.generation, 1);
	assert_int_equal(d.items[0].msg.attempt, 2);
	/* "Not now" says nothing about the first try. */
	assert_int_equal(desk_answer_all(&d, OUTCOME_RETRY), 0);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	desk_to(&d, d.wake);
	assert_int_equal(desk_turn(&d, NULL, 0), 1);
	assert_int_equal(d.items[0].msg.generation, 1);
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK_DUP), 0);
	assert_state(&d, 1, MESSAGE_SENT);
	desk_close(&d);
}

static void a_window_that_is_over_is_for_an_officer(void **state)
{
	struct desk d;

	(void)state;
	desk_one(&d, "esms"); /* 24 h, and eSMS's receipts echo our reference */
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	desk_to(&d, NINE + 24 * CLOCK_HOUR_MS / 5 * 4);
	assert_int_equal(desk_run(&d), 0);
	assert_true(d.wake == NINE + d.w.dispatch.receipt_silence);
	desk_to(&d, d.wake);
	assert_int_equal(desk_run(&d), 0);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	assert_true(desk_due(&d, 1) == INT64_MAX);
	assert_true(d.wake == INT64_MAX);
	desk_close(&d);
}

/* Class C. */
static void an_echo_settles_the_uncertain(void **state)
{
	struct desk d;

	(void)state;
	desk_one(&d, "kannel");
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	desk_to(&d, NINE + CLOCK_HOUR_MS);
	assert_int_equal(desk_run(&d), 0);
	assert_true(d.wake == NINE + d.w.dispatch.receipt_silence);
	assert_int_equal(desk_receipt(&d, 1, NULL, MESSAGE_EV_RECEIPT_DELIVERED),
			 RECEIPT_APPLIED);
	assert_state(&d, 1, MESSAGE_DELIVERED);
	desk_close(&d);
}

/* Class D. */
static void without_any_promise_an_officer_decides(void **state)
{
	struct desk d;
	struct err e = ERR_INIT;

	(void)state;
	desk_one(&d, "speedsms");
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	assert_true(desk_due(&d, 1) == INT64_MAX);
	clock_advance_virtual(4 * CLOCK_DAY_MS);
	outbox_refresh(d.o);
	assert_int_equal(desk_run(&d), 0);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	desk_do(&d,
		store_message_event(d.w.st, 1, MESSAGE_EV_REQUEUE, clock_now_ms(), "thử", &e));
	assert_int_equal(desk_run(&d), 1);
	assert_int_equal(d.items[0].msg.generation, 1);
	desk_close(&d);
}

static void who_died_or_declined_meanwhile_is_not_sent_to_again(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 4);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 4);
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	desk_do(&d, store_contact_flags(d.w.st, UINT64_C(84900000001), CONTACT_OPTED_OUT, 0,
					"thu", &d.e));
	desk_do(&d, store_recipient_hold(d.w.st, 2, HOLD_DECEASED, "", "thu", &d.e));
	desk_do(&d, store_recipient_set_state(d.w.st, 3, 2, "thu", &d.e));
	desk_to(&d, NINE + d.w.dispatch.settle_after);
	assert_int_equal(desk_run(&d), 1);
	assert_true(d.items[0].msg.number == UINT64_C(84900000004));
	for (int i = 1; i <= 3; i++)
		assert_state(&d, i, MESSAGE_UNCERTAIN);
	assert_int_equal(desk_receipt(&d, 1, NULL, MESSAGE_EV_RECEIPT_DELIVERED),
			 RECEIPT_APPLIED);
	desk_close(&d);
}

static void outside_of_the_hours_nothing_is_sent_again(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "infobip");
	world_add_households(&d.w, 1, 1);
	desk_to(&d, MIDNIGHT + 18 * CLOCK_HOUR_MS + 59 * CLOCK_MINUTE_MS);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 1);
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	desk_to(&d, d.wake);
	assert_int_equal(desk_run(&d), 0);
	assert_true(d.wake == MIDNIGHT + CLOCK_DAY_MS + 450 * CLOCK_MINUTE_MS);
	desk_to(&d, d.wake);
	assert_int_equal(desk_run(&d), 1);
	desk_close(&d);
}

/* What is remembered until midnight only waits for its receipt instead, however long that takes. */
static void what_is_forgotten_at_midnight_is_not_sent_again(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 1);
	desk_to(&d, MIDNIGHT + 18 * CLOCK_HOUR_MS + 59 * CLOCK_MINUTE_MS);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 1);
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	for (int i = 0; i < 20 && d.wake != INT64_MAX; i++) {
		desk_to(&d, d.wake);
		assert_int_equal(desk_run(&d), 0);
	}
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	assert_int_equal(desk_receipt(&d, 1, NULL, MESSAGE_EV_RECEIPT_DELIVERED),
			 RECEIPT_APPLIED);
	assert_state(&d, 1, MESSAGE_DELIVERED);
	desk_close(&d);
}

/* ---- receipts, silence ------------------------------------------------------------------------ */

static void a_receipt_may_come_before_the_answer(void **state)
{
	struct outbox_result r;
	struct desk d;

	(void)state;
	desk_one(&d, "speedsms"); /* its receipts name its own reference only */
	r = desk_answer(&d.items[0], OUTCOME_OK);
	(void)snprintf(r.outcome.provider_ref, sizeof(r.outcome.provider_ref), "T-1");
	assert_int_equal(desk_receipt(&d, 0, "T-1", MESSAGE_EV_RECEIPT_DELIVERED),
			 RECEIPT_ORPHAN);
	assert_int_equal(desk_turn(&d, &r, 1), 0);
	assert_state(&d, 1, MESSAGE_DELIVERED);
	desk_close(&d);
}

static void a_late_answer_changes_no_state(void **state)
{
	struct outbox_result r;
	struct outbox_stats s;
	struct desk d;

	(void)state;
	desk_one(&d, "esms");
	r = desk_answer(&d.items[0], OUTCOME_RETRY);
	assert_int_equal(desk_receipt(&d, 1, NULL, MESSAGE_EV_RECEIPT_FAILED), RECEIPT_APPLIED);
	assert_int_equal(desk_turn(&d, &r, 1), 0);
	assert_state(&d, 1, MESSAGE_UNDELIVERED);
	outbox_stats_get(d.o, &s);
	assert_int_equal(s.in_flight, 0);
	desk_close(&d);
}

static void silence_is_waited_for_and_a_late_receipt_counts(void **state)
{
	struct desk d;

	(void)state;
	desk_one(&d, "kannel");
	assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
	assert_true(d.wake == NINE + d.w.dispatch.receipt_silence);
	desk_to(&d, d.wake - 1);
	(void)desk_run(&d);
	assert_state(&d, 1, MESSAGE_SENT);
	desk_to(&d, d.wake);
	(void)desk_run(&d);
	assert_state(&d, 1, MESSAGE_NO_RECEIPT);
	assert_int_equal(desk_receipt(&d, 1, NULL, MESSAGE_EV_RECEIPT_DELIVERED),
			 RECEIPT_APPLIED);
	assert_int_equal(desk_receipt(&d, 1, NULL, MESSAGE_EV_RECEIPT_FAILED),
			 RECEIPT_CONFLICT);
	assert_state(&d, 1, MESSAGE_DELIVERED);
	desk_close(&d);
}

/* "The network has it" proves that it was accepted, whatever the answer was: then silence counts from
 * there, neither at once nor never. */
static void a_receipt_on_the_way_starts_the_wait_for_the_last(void **state)
{
	static const bool answered[] = {false, true};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct desk d;

		desk_one(&d, "kannel");
		if (answered[i])
			(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
		clock_advance_virtual(CLOCK_MINUTE_MS);
		assert_int_equal(desk_receipt(&d, 1, NULL, MESSAGE_EV_RECEIPT_SEEN),
				 RECEIPT_APPLIED);
		(void)desk_run(&d);
		assert_state(&d, 1, MESSAGE_SENT);
		assert_true(d.wake >= NINE + d.w.dispatch.receipt_silence);
		assert_true(d.wake <= NINE + d.w.dispatch.receipt_silence + CLOCK_MINUTE_MS);
		desk_to(&d, d.wake);
		(void)desk_run(&d);
		assert_state(&d, 1, MESSAGE_NO_RECEIPT);
		desk_close(&d);
	}
}

static void what_an_officer_calls_sent_comes_to_an_end(void **state)
{
	struct desk d;

	(void)state;
	desk_one(&d, "speedsms");
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	desk_do(&d, store_message_event(d.w.st, 1, MESSAGE_EV_ACCEPTED, 0, "thử", &d.e));
	(void)desk_run(&d);
	for (int i = 0; i < 40 && world_state(&d.w, 1) == MESSAGE_SENT; i++) {
		assert_true(d.wake < INT64_MAX);
		desk_to(&d, d.wake);
		(void)desk_run(&d);
	}
	assert_true(clock_now_ms() >= NINE + d.w.dispatch.receipt_silence);
	assert_state(&d, 1, MESSAGE_NO_RECEIPT);
	desk_close(&d);
}

/* ---- crashes, full disks ---------------------------------------------------------------------- */

static void what_was_under_way_at_a_crash_is_uncertain(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	d.room = 6;
	world_add_households(&d.w, 1, 10);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 6);
	desk_crash(&d);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_UNCERTAIN), 6);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 4);
	d.room = DESK_ROOM;
	assert_int_equal(desk_run(&d), 10);
	for (size_t i = 0; i < d.n; i++)
		assert_int_equal(d.items[i].msg.generation, 1);
	desk_close(&d);
}

/* Prepares a turn and rolls it back. */
static void desk_roll_back(struct desk *d, const struct outbox_result *r, size_t n)
{
	struct outbox_turn t = desk_begin(d, r, n);

	world_must(store_begin(d->w.st, &d->e), &d->e, "begin");
	world_must(outbox_prepare(d->o, &t, &d->e), &d->e, "prepare");
	store_rollback(d->w.st);
	outbox_rolled_back(d->o, &t);
	assert_int_equal(t.n_items, 0);
}

static void nothing_is_remembered_of_a_turn_that_was_rolled_back(void **state)
{
	struct outbox_result r[4];
	struct outbox_stats s;
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	d.room = 4;
	world_add_households(&d.w, 1, 30);
	(void)desk_campaign(&d, "một", LANE_BULK);
	desk_roll_back(&d, NULL, 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 0);
	assert_int_equal(desk_run(&d), 4);
	for (int i = 0; i < 4; i++)
		r[i] = desk_answer(&d.items[i], OUTCOME_OK);
	desk_roll_back(&d, r, 4);
	outbox_stats_get(d.o, &s);
	assert_int_equal(s.in_flight, 4);
	assert_int_equal(s.accepted, 0);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENDING), 4);
	assert_int_equal(desk_turn(&d, r, 4), 4);
	outbox_stats_get(d.o, &s);
	assert_int_equal(s.accepted, 4);
	assert_int_equal(s.in_flight, 4);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 4);
	desk_close(&d);
}

/* … but the same results mean the same the second time. */
static void a_stop_and_a_halt_survive_a_rolled_back_turn(void **state)
{
	struct outbox_result r[4];
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	d.room = 4;
	d.w.dispatch.halt_after = 4;
	world_add_households(&d.w, 1, 30);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 4);
	for (int i = 0; i < 4; i++)
		r[i] = desk_answer(&d.items[i], OUTCOME_CONTENT);
	desk_roll_back(&d, r, 4);
	assert_int_equal(desk_turn(&d, r, 4), 0);
	assert_int_equal(desk_run(&d), 0);
	desk_close(&d);

	desk_open(&d, "esms");
	d.room = 4;
	world_add_households(&d.w, 1, 30);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 4);
	for (int i = 0; i < 4; i++)
		r[i] = desk_answer(&d.items[i], OUTCOME_MONEY);
	desk_roll_back(&d, r, 4);
	assert_int_equal(desk_turn(&d, r, 4), 0);
	assert_int_equal(desk_run(&d), 0);
	desk_close(&d);
}

/* The database may grow no more. */
static void desk_set_full(struct desk *d, bool full)
{
	world_must(db_exec(d->w.st->db,
			   full ? "PRAGMA max_page_count=1" : "PRAGMA max_page_count=1000000",
			   &d->e),
		   &d->e, "max_page_count");
}

static void a_full_disk_loses_nothing(void **state)
{
	struct outbox_result r[DESK_ROOM];
	struct outbox_turn t;
	struct desk d;
	size_t n;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 300);
	(void)desk_campaign(&d, "một", LANE_BULK);
	desk_set_full(&d, true);
	t = desk_begin(&d, NULL, 0);
	assert_int_equal(outbox_turn(d.o, &t, &d.e), -1);
	assert_int_equal(d.e.code, EX_UNAVAILABLE);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_QUEUED), 0);
	desk_set_full(&d, false);
	n = desk_run(&d);
	assert_int_equal(n, 100);
	/* Refusals write an attempt each: that needs room. */
	for (size_t i = 0; i < n; i++) {
		r[i] = desk_answer(&d.items[i], OUTCOME_CONTENT);
		memset(r[i].outcome.reason, 'x', sizeof(r[i].outcome.reason) - 1);
	}
	d.w.dispatch.halt_after = 1000;
	desk_set_full(&d, true);
	t = desk_begin(&d, r, n);
	assert_int_equal(outbox_turn(d.o, &t, &d.e), -1);
	assert_int_equal(d.e.code, EX_UNAVAILABLE);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENDING), 100);
	desk_set_full(&d, false);
	assert_int_equal(desk_turn(&d, r, n), 100);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_REJECTED), 100);
	world_must(store_check(d.w.st, &d.e), &d.e, "check");
	desk_close(&d);
}

/* A command that finds the disk full fails alone or with its turn; the store goes on after it. */
static void a_command_on_a_full_disk_ends_as_a_full_disk(void **state)
{
	struct desk d;
	char *big = calloc(1, 200001);
	int rc;

	(void)state;
	memset(big, 'x', 200000);
	desk_open(&d, "esms");
	desk_set_full(&d, true);
	world_must(store_begin(d.w.st, &d.e), &d.e, "begin");
	world_must(store_nest_begin(d.w.st, &d.e), &d.e, "nest");
	assert_int_equal(store_meta_set(d.w.st, "thử", big, &d.e), -1);
	rc = store_nest_end(d.w.st, false, &d.e);
	if (rc == 0)
		rc = store_commit(d.w.st, &d.e);
	else
		store_rollback(d.w.st);
	if (rc != 0)
		assert_int_equal(d.e.code, EX_UNAVAILABLE);
	desk_set_full(&d, false);
	desk_do(&d, store_meta_set(d.w.st, "thử", big, &d.e));
	desk_close(&d);
	free(big);
}

/* Sent at nine; the provider remembers for a day. Twelve hours later the clock is set back by twelve:
 * the message is still twelve hours old, and past the window seven hours on. */
static void a_clock_set_back_makes_the_uncertain_no_younger(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 1);
	(void)desk_campaign(&d, "một", LANE_URGENT);
	assert_int_equal(desk_run(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	outbox_set_claiming(d.o, false);
	clock_advance_virtual(12 * CLOCK_HOUR_MS);
	(void)desk_turn(&d, NULL, 0);
	clock_jump_virtual(-12 * CLOCK_HOUR_MS);
	(void)desk_turn(&d, NULL, 0);
	clock_advance_virtual(8 * CLOCK_HOUR_MS);
	outbox_set_claiming(d.o, true);
	assert_int_equal(desk_run(&d), 0);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	desk_close(&d);
}

/* Uncertain since yesterday; its number may get one message a day. */
static void desk_another_day(bool had_one)
{
	struct desk d;

	desk_open(&d, "infobip");
	world_add_households(&d.w, 1, 1);
	desk_to(&d, MIDNIGHT + 18 * CLOCK_HOUR_MS + 59 * CLOCK_MINUTE_MS);
	(void)desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 1);
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	if (had_one) {
		desk_to(&d, MIDNIGHT + CLOCK_DAY_MS + 7 * CLOCK_HOUR_MS);
		(void)desk_campaign(&d, "khẩn", LANE_URGENT);
		assert_int_equal(desk_run(&d), 1);
		assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
		desk_to(&d, MIDNIGHT + CLOCK_DAY_MS + 450 * CLOCK_MINUTE_MS);
		assert_int_equal(desk_run(&d), 0);
		assert_state(&d, 1, MESSAGE_UNCERTAIN);
	} else {
		desk_to(&d, MIDNIGHT + CLOCK_DAY_MS + 450 * CLOCK_MINUTE_MS);
		assert_int_equal(desk_run(&d), 1);
		assert_true(d.items[0].resend);
		assert_int_equal(desk_answer_all(&d, OUTCOME_OK), 0);
		(void)desk_campaign(&d, "khẩn", LANE_URGENT);
		assert_int_equal(desk_run(&d), 0);
	}
	desk_close(&d);
}

static void sent_again_on_another_day_it_counts_that_day(void **state)
{
	(void)state;
	desk_another_day(false);
	desk_another_day(true);
}

/* ---- what was cancelled ------------------------------------------------------------------------ */

static void what_comes_back_to_a_cancelled_campaign_is_withdrawn(void **state)
{
	struct desk d;
	int64_t id;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 2);
	id = desk_campaign(&d, "một", LANE_BULK);
	assert_int_equal(desk_run(&d), 2);
	world_must(campaign_cancel(d.w.st, id, "thu", &d.e), &d.e, "cancel");
	outbox_refresh(d.o);
	assert_int_equal(desk_answer_all(&d, OUTCOME_RETRY), 0);
	while (d.wake <= clock_now_ms())
		(void)desk_turn(&d, NULL, 0);
	assert_int_equal(world_count(&d.w, id, MESSAGE_CANCELLED), 2);
	desk_close(&d);
}

static void who_takes_a_dropped_message_s_place_is_not_kept_waiting(void **state)
{
	struct desk d;
	int64_t first;

	(void)state;
	desk_open(&d, "esms");
	first = world_add_household(&d.w, "A", NUMBER);
	(void)world_add_household(&d.w, "B", NUMBER);
	desk_to(&d, MIDNIGHT + 6 * CLOCK_HOUR_MS);
	(void)desk_campaign(&d, "một", LANE_BULK);
	(void)desk_run(&d);
	/* The same text on the same day: all of it hangs on the first campaign's first message. */
	(void)desk_campaign(&d, "hai", LANE_NOTICE);
	(void)desk_run(&d);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_LINKED), 3);
	desk_do(&d, store_message_event(d.w.st, 2, MESSAGE_EV_CANCEL, 0, "thử", &d.e));
	desk_do(&d, store_recipient_hold(d.w.st, first, HOLD_DECEASED, "", "thu", &d.e));
	(void)desk_run(&d);
	desk_to(&d, NINE);
	assert_int_equal(desk_run(&d), 1);
	assert_true(d.items[0].msg.id == 4);
	desk_close(&d);
}

/* ---- quotas --------------------------------------------------------------------------------- */

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(waits_grow_and_tries_end),
	    cmocka_unit_test(what_never_left_keeps_its_reference),
	    cmocka_unit_test(retry_after_is_honoured_and_clamped),
	    cmocka_unit_test(a_pause_ends_although_the_clock_was_set_back),
	    cmocka_unit_test(a_dead_number_is_remembered),
	    cmocka_unit_test(texts_refused_in_a_row_halt_their_campaign),
	    cmocka_unit_test(a_provider_that_must_not_be_used_is_left_for_the_next),
	    cmocka_unit_test(the_uncertain_go_again_where_references_are_known),
	    cmocka_unit_test(a_window_that_is_over_is_for_an_officer),
	    cmocka_unit_test(an_echo_settles_the_uncertain),
	    cmocka_unit_test(without_any_promise_an_officer_decides),
	    cmocka_unit_test(who_died_or_declined_meanwhile_is_not_sent_to_again),
	    cmocka_unit_test(outside_of_the_hours_nothing_is_sent_again),
	    cmocka_unit_test(what_is_forgotten_at_midnight_is_not_sent_again),
	    cmocka_unit_test(a_receipt_may_come_before_the_answer),
	    cmocka_unit_test(a_late_answer_changes_no_state),
	    cmocka_unit_test(silence_is_waited_for_and_a_late_receipt_counts),
	    cmocka_unit_test(a_receipt_on_the_way_starts_the_wait_for_the_last),
	    cmocka_unit_test(what_an_officer_calls_sent_comes_to_an_end),
	    cmocka_unit_test(what_was_under_way_at_a_crash_is_uncertain),
	    cmocka_unit_test(nothing_is_remembered_of_a_turn_that_was_rolled_back),
	    cmocka_unit_test(a_stop_and_a_halt_survive_a_rolled_back_turn),
	    cmocka_unit_test(a_full_disk_loses_nothing),
	    cmocka_unit_test(a_command_on_a_full_disk_ends_as_a_full_disk),
	    cmocka_unit_test(a_clock_set_back_makes_the_uncertain_no_younger),
	    cmocka_unit_test(sent_again_on_another_day_it_counts_that_day),
	    cmocka_unit_test(what_comes_back_to_a_cancelled_campaign_is_withdrawn),
	    cmocka_unit_test(who_takes_a_dropped_message_s_place_is_not_kept_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
