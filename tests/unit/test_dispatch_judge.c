/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "base/clock.h"
#include "dispatch/judge.h"

static const struct dispatch_config cfg = {.max_attempts = 8,
					   .backoff = 60 * CLOCK_SECOND_MS,
					   .receipt_silence = 72 * CLOCK_HOUR_MS,
					   .settle_after = 10 * CLOCK_MINUTE_MS,
					   .halt_after = 50};
static const struct provider_facts dedups = {
    .settle = SETTLE_DEDUP, .dedup_window_ms = 24 * CLOCK_HOUR_MS, .receipts = true};
static const struct provider_facts echoes = {
    .settle = SETTLE_ECHO, .receipts = true, .receipt_by_ref = true};
static const struct provider_facts promises_nothing = {.settle = SETTLE_NONE};

/* Thứ Năm 15/6/2023, 09:00 in Việt Nam. */
static const int64_t nine = INT64_C(1686794400000);

static struct outbox_result result(enum outcome_class class, int attempt)
{
	return (struct outbox_result){
	    .id = 7,
	    .attempt = attempt,
	    .at = nine,
	    .outcome = {.class = class, .wait_ms = -1, .wait_until_minute = -1}};
}

static struct judgement judge(const struct outbox_result *r, const struct provider_facts *f)
{
	uint64_t seed = 1;

	return judge_result(r, f, &cfg, &seed);
}

/* Every class, the first time and again from UNCERTAIN. */
static void every_class_means_one_event(void **state)
{
	static const struct {
		enum outcome_class class;
		enum message_event first, again;
	} law[] = {
	    {OUTCOME_OK, MESSAGE_EV_ACCEPTED, MESSAGE_EV_ACCEPTED},
	    {OUTCOME_OK_DUP, MESSAGE_EV_ACCEPTED, MESSAGE_EV_ACCEPTED},
	    {OUTCOME_RETRY, MESSAGE_EV_NOT_SENT, MESSAGE_EV_UNKNOWN},
	    {OUTCOME_RATE, MESSAGE_EV_NOT_SENT, MESSAGE_EV_UNKNOWN},
	    {OUTCOME_BADNUM, MESSAGE_EV_REFUSED, MESSAGE_EV_REFUSED},
	    {OUTCOME_CONTENT, MESSAGE_EV_REFUSED, MESSAGE_EV_REFUSED},
	    {OUTCOME_FALLBACK, MESSAGE_EV_REFUSED, MESSAGE_EV_REFUSED},
	    {OUTCOME_CONFIG, MESSAGE_EV_NOT_SENT, MESSAGE_EV_UNKNOWN},
	    {OUTCOME_MONEY, MESSAGE_EV_NOT_SENT, MESSAGE_EV_UNKNOWN},
	    {OUTCOME_UNCERTAIN, MESSAGE_EV_UNKNOWN, MESSAGE_EV_UNKNOWN},
	};

	(void)state;
	assert_int_equal(sizeof(law) / sizeof(law[0]), OUTCOME_COUNT);
	for (size_t i = 0; i < OUTCOME_COUNT; i++) {
		struct outbox_result r = result(law[i].class, 1);

		assert_int_equal(judge(&r, &dedups).event, law[i].first);
		r.resend = true;
		assert_int_equal(judge(&r, &dedups).event, law[i].again);
		assert_false(judge(&r, &dedups).new_generation);
	}
}

static void tries_are_counted_but_waiting_is_not(void **state)
{
	struct outbox_result r = result(OUTCOME_RETRY, 7);

	(void)state;
	assert_int_equal(judge(&r, &dedups).event, MESSAGE_EV_NOT_SENT);
	r.attempt = 8;
	assert_int_equal(judge(&r, &dedups).event, MESSAGE_EV_GIVE_UP);
	r.outcome.class = OUTCOME_RATE;
	assert_int_equal(judge(&r, &dedups).event, MESSAGE_EV_NOT_SENT);
	r.outcome.class = OUTCOME_MONEY;
	assert_int_equal(judge(&r, &dedups).event, MESSAGE_EV_NOT_SENT);
}

static void only_an_answered_refusal_uses_the_reference_up(void **state)
{
	struct outbox_result r = result(OUTCOME_RETRY, 1);

	(void)state;
	assert_true(judge(&r, &dedups).new_generation);
	r.outcome.not_sent = true;
	assert_false(judge(&r, &dedups).new_generation);
}

static void the_account_stops_the_provider_and_a_number_is_remembered(void **state)
{
	struct outbox_result r = result(OUTCOME_MONEY, 1);

	(void)state;
	assert_true(judge(&r, &dedups).stop_provider);
	assert_int_equal(judge(&r, &dedups).due_at, nine);
	r.resend = true;
	assert_true(judge(&r, &dedups).stop_provider);
	r = result(OUTCOME_BADNUM, 1);
	assert_false(judge(&r, &dedups).stop_provider);
	assert_true(judge(&r, &dedups).dead_number);
	r = result(OUTCOME_CONTENT, 1);
	assert_false(judge(&r, &dedups).dead_number);
}

static void the_next_try_is_when_the_provider_asked(void **state)
{
	struct outbox_result r = result(OUTCOME_RATE, 3);

	(void)state;
	r.outcome.wait_ms = 90 * CLOCK_SECOND_MS;
	assert_int_equal(judge(&r, &dedups).due_at, nine + 90 * CLOCK_SECOND_MS);
	r.outcome.wait_ms = 0;
	assert_int_equal(judge(&r, &dedups).due_at, nine + CLOCK_SECOND_MS);
	r.outcome.wait_ms = 1000 * CLOCK_HOUR_MS;
	assert_int_equal(judge(&r, &dedups).due_at, nine + 6 * CLOCK_HOUR_MS);
	r.outcome.wait_ms = -1;
	r.outcome.wait_until_minute = 13 * 60;
	assert_int_equal(judge(&r, &dedups).due_at, nine + 4 * CLOCK_HOUR_MS);
	r.outcome.wait_until_minute = 8 * 60;
	assert_int_equal(judge(&r, &dedups).due_at, nine + 23 * CLOCK_HOUR_MS);
}

static void backing_off_is_quadratic_with_jitter_and_a_ceiling(void **state)
{
	uint64_t seed = 42;
	bool differs = false;

	(void)state;
	for (int n = 1; n <= 30; n++) {
		int64_t whole = INT64_C(60000) * n * n;
		int64_t wait = outbox_backoff_ms(60000, n, &seed);

		if (whole > 6 * CLOCK_HOUR_MS)
			whole = 6 * CLOCK_HOUR_MS;
		assert_true(wait >= whole * 8 / 10 && wait <= whole * 12 / 10);
		assert_true(wait <= 6 * CLOCK_HOUR_MS);
		differs = differs || wait != whole;
	}
	assert_true(differs);
	assert_true(outbox_backoff_ms(CLOCK_HOUR_MS, 1000000, &seed) <= 6 * CLOCK_HOUR_MS);
	assert_true(outbox_backoff_ms(0, 0, &seed) >= 0);
}

static void silence_begins_at_once_where_no_receipts_come(void **state)
{
	struct outbox_result r = result(OUTCOME_OK, 1);

	(void)state;
	assert_int_equal(judge(&r, &echoes).due_at, nine + 72 * CLOCK_HOUR_MS);
	assert_int_equal(judge(&r, &promises_nothing).due_at, nine);
}

static void an_unknown_outcome_waits_as_the_provider_allows(void **state)
{
	struct outbox_result r = result(OUTCOME_UNCERTAIN, 1);

	(void)state;
	assert_int_equal(judge(&r, &dedups).due_at, nine + 10 * CLOCK_MINUTE_MS);
	assert_int_equal(judge(&r, &echoes).due_at, nine + 72 * CLOCK_HOUR_MS);
	assert_int_equal(judge(&r, &promises_nothing).due_at, JUDGE_NEVER);
	r = result(OUTCOME_RETRY, 2);
	r.resend = true;
	r.outcome.wait_ms = CLOCK_HOUR_MS;
	assert_int_equal(judge(&r, &dedups).due_at, nine + CLOCK_HOUR_MS);
}

static void the_uncertain_are_settled_by_what_the_provider_promises(void **state)
{
	int64_t due = 0;
	int64_t later = nine + 100 * CLOCK_HOUR_MS;

	(void)state;
#define SETTLE(facts, sent, now) judge_uncertain(facts, &cfg, sent, later, now, &due)
	/* A: within 0.8 of the window of 24 h */
	assert_int_equal(SETTLE(&dedups, nine, nine), JUDGE_RESEND);
	assert_int_equal(SETTLE(&dedups, nine, nine + 19 * CLOCK_HOUR_MS), JUDGE_RESEND);
	assert_int_equal(SETTLE(&dedups, nine, nine + 20 * CLOCK_HOUR_MS), JUDGE_OFFICER);
	/* a clock that was set back: its age is not known */
	assert_int_equal(SETTLE(&dedups, nine, nine - 1), JUDGE_OFFICER);
	/* expired: not sent again */
	assert_int_equal(judge_uncertain(&dedups, &cfg, nine, nine + 5, nine + 5, &due),
			 JUDGE_OFFICER);
	/* C */
	assert_int_equal(SETTLE(&echoes, nine, nine + CLOCK_HOUR_MS), JUDGE_WAIT);
	assert_int_equal(due, nine + 72 * CLOCK_HOUR_MS);
	assert_int_equal(SETTLE(&echoes, nine, nine + 72 * CLOCK_HOUR_MS), JUDGE_OFFICER);
	/* D, and a provider that is gone */
	assert_int_equal(SETTLE(&promises_nothing, nine, nine), JUDGE_OFFICER);
	assert_int_equal(SETTLE(NULL, nine, nine), JUDGE_OFFICER);
#undef SETTLE
}

/* Its memory ends at midnight: what is sent again after that may arrive twice. */
static void a_reference_of_yesterday_is_not_sent_again(void **state)
{
	const struct provider_facts by_day = {.settle = SETTLE_DEDUP,
					      .dedup_window_ms = 24 * CLOCK_HOUR_MS,
					      .dedup_same_day = true};
	const int64_t midnight = nine + 15 * CLOCK_HOUR_MS, evening = midnight - CLOCK_HOUR_MS;
	const int64_t quarter = 15 * CLOCK_MINUTE_MS;
	int64_t due = 0;

	(void)state;
#define SETTLE(facts, now) judge_uncertain(facts, &cfg, evening, INT64_MAX, now, &due)
	assert_int_equal(SETTLE(&by_day, midnight - quarter - 1), JUDGE_RESEND);
	assert_int_equal(SETTLE(&by_day, midnight - quarter), JUDGE_OFFICER);
	assert_int_equal(SETTLE(&by_day, midnight + 1), JUDGE_OFFICER);
	assert_int_equal(SETTLE(&dedups, midnight + 1), JUDGE_RESEND);
#undef SETTLE
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_class_means_one_event),
	    cmocka_unit_test(tries_are_counted_but_waiting_is_not),
	    cmocka_unit_test(only_an_answered_refusal_uses_the_reference_up),
	    cmocka_unit_test(the_account_stops_the_provider_and_a_number_is_remembered),
	    cmocka_unit_test(the_next_try_is_when_the_provider_asked),
	    cmocka_unit_test(backing_off_is_quadratic_with_jitter_and_a_ceiling),
	    cmocka_unit_test(silence_begins_at_once_where_no_receipts_come),
	    cmocka_unit_test(an_unknown_outcome_waits_as_the_provider_allows),
	    cmocka_unit_test(the_uncertain_are_settled_by_what_the_provider_promises),
	    cmocka_unit_test(a_reference_of_yesterday_is_not_sent_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
