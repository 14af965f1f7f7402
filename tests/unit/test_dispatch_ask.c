/* SPDX-License-Identifier: Apache-2.0 */
/* Providers asked what became of messages: the uncertain, and those without a receipt. */
#include <unistd.h>

#include "store/asked.h"
#include "unit/outbox_desk.h"

/* One household, one item under way; the shipped provider, asked by our reference instead of its own. */
static void ask_open(struct desk *d, bool by_ref)
{
	char path[300], line[4096];
	FILE *in = fopen(SOURCE_DIR "/config/providers/esms.yaml", "re"), *out;

	memset(d, 0, sizeof(*d));
	clock_set_virtual(NINE);
	world_open(&d->w, NULL);
	(void)snprintf(path, sizeof(path), "%s/asked-esms.yaml", d->w.dir);
	out = fopen(path, "we");
	assert_non_null(in);
	assert_non_null(out);
	while (fgets(line, sizeof(line), in) != NULL) {
		char *at = by_ref ? strstr(line, "\"{{id}}\"") : NULL;

		if (at != NULL)
			(void)strcpy(at, "\"{{ref}}\"\n");
		if (by_ref && strncmp(line, "  duplicates:", 13) == 0)
			(void)strcpy(line, "  duplicates: none\n");
		if (by_ref && strncmp(line, "  window: 24h", 13) == 0)
			continue;
		(void)fputs(line, out);
	}
	(void)fclose(in);
	assert_int_equal(fclose(out), 0);
	world_add_provider(&d->w, "chinh", path, 9, 100, 100000);
	assert_int_equal(unlink(path), 0);
	d->room = DESK_ROOM;
	desk_outbox(d);
	world_add_households(&d->w, 1, 1);
	(void)desk_campaign(d, "một", LANE_BULK);
	assert_int_equal(desk_run(d), 1);
	assert_false(d->items[0].query);
}

/* Waits until something is asked; fails when it is not at that moment. */
static void ask_at(struct desk *d, int64_t at)
{
	(void)desk_run(d);
	for (int i = 0; i < 10 && d->n == 0; i++) {
		desk_to(d, d->wake);
		(void)desk_run(d);
	}
	assert_int_equal(d->n, 1);
	assert_true(d->items[0].query);
	if (at != 0)
		assert_true(clock_now_ms() == at);
}

static size_t ask_answered(struct desk *d, enum found_state found)
{
	struct outbox_result r = {.id = d->items[0].msg.id,
				  .campaign_id = d->items[0].msg.campaign_id,
				  .number = d->items[0].msg.number,
				  .attempt = d->items[0].msg.attempt,
				  .provider_id = d->items[0].msg.provider_id,
				  .query = true,
				  .found = {.state = found, .error_class = OUTCOME_FALLBACK},
				  .at = clock_now_ms(),
				  .sent_at = d->items[0].sent_at};

	return desk_turn(d, &r, 1);
}

static int64_t ask_settled(struct desk *d, enum message_settled_by how)
{
	int64_t n[SETTLED_BY_COUNT];

	assert_int_equal(store_settled_counts(d->w.st, n, &d->e), 0);
	return n[how];
}

static void an_uncertain_message_is_asked_for_and_found(void **state)
{
	static const struct {
		enum found_state found;
		enum message_state state;
	} cases[] = {{FOUND_ACCEPTED, MESSAGE_SENT},
		     {FOUND_DELIVERED, MESSAGE_DELIVERED},
		     {FOUND_UNDELIVERED, MESSAGE_UNDELIVERED}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct desk d;

		ask_open(&d, true);
		assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
		ask_at(&d, NINE + d.w.dispatch.settle_after);
		assert_int_equal(ask_answered(&d, cases[i].found), 0);
		assert_state(&d, 1, cases[i].state);
		assert_int_equal(ask_settled(&d, SETTLED_BY_QUERY), 1);
		assert_int_equal(ask_settled(&d, SETTLED_BY_ECHO), 0);
		desk_close(&d);
	}
}

static void not_found_proves_nothing_sent_only_when_it_is_said_twice(void **state)
{
	struct desk d;
	int64_t first;

	(void)state;
	ask_open(&d, true);
	(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	ask_at(&d, NINE + d.w.dispatch.settle_after);
	first = clock_now_ms();
	assert_int_equal(ask_answered(&d, FOUND_NOT), 0);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	ask_at(&d, first + 5 * CLOCK_MINUTE_MS);
	/* Sent again as if it never had been, with the reference that nobody has seen. */
	assert_int_equal(ask_answered(&d, FOUND_NOT), 1);
	assert_false(d.items[0].query);
	assert_int_equal(d.items[0].msg.attempt, 2);
	assert_int_equal(d.items[0].msg.generation, 1);
	assert_int_equal(ask_settled(&d, SETTLED_BY_QUERY), 1);
	desk_close(&d);
}

static void not_found_and_then_found_is_found(void **state)
{
	struct desk d;

	(void)state;
	ask_open(&d, true);
	(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	ask_at(&d, 0);
	(void)ask_answered(&d, FOUND_NOT);
	ask_at(&d, 0);
	(void)ask_answered(&d, FOUND_ACCEPTED);
	assert_state(&d, 1, MESSAGE_SENT);
	desk_close(&d);
}

static void who_does_not_answer_is_asked_less_and_less_often_and_not_for_ever(void **state)
{
	int64_t before = 0, last = 0;
	struct desk d;
	int asked = 0;

	(void)state;
	ask_open(&d, true);
	(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	for (int i = 0; i < 200 && clock_now_ms() < NINE + 10 * CLOCK_DAY_MS; i++) {
		desk_to(&d,
			d.wake < NINE + 10 * CLOCK_DAY_MS ? d.wake : NINE + 10 * CLOCK_DAY_MS);
		(void)desk_run(&d);
		if (d.n == 0)
			continue;
		assert_true(d.items[0].query);
		assert_true(asked < 3 || clock_now_ms() - last >= before / 2);
		before = clock_now_ms() - last;
		last = clock_now_ms();
		asked++;
		/* One in three answers is lost on the way. */
		if (i % 3 != 0)
			(void)ask_answered(&d, FOUND_UNKNOWN);
	}
	assert_true(asked >= 10 && asked <= 20);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	desk_close(&d);
}

static void an_answer_about_an_older_attempt_counts_for_nothing(void **state)
{
	struct outbox_result r;
	struct desk d;

	(void)state;
	ask_open(&d, true);
	(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	ask_at(&d, 0);
	r = (struct outbox_result){.id = 1,
				   .attempt = 1,
				   .provider_id = d.items[0].msg.provider_id,
				   .query = true,
				   .found = {.state = FOUND_DELIVERED}};
	/* An officer knows better meanwhile, and it is sent again. */
	desk_do(&d, store_message_event(d.w.st, 1, MESSAGE_EV_REQUEUE, clock_now_ms(), "thử",
					&d.e));
	(void)desk_run(&d);
	assert_state(&d, 1, MESSAGE_SENDING);
	r.at = clock_now_ms();
	(void)desk_turn(&d, &r, 1);
	assert_state(&d, 1, MESSAGE_SENDING);
	desk_close(&d);
}

static void a_silent_message_is_asked_for_by_the_providers_own_reference(void **state)
{
	struct outbox_result r;
	struct desk d;

	(void)state;
	ask_open(&d, false);
	r = desk_answer(&d.items[0], OUTCOME_OK);
	(void)strcpy(r.outcome.provider_ref, "P-1");
	assert_int_equal(desk_turn(&d, &r, 1), 0);
	ask_at(&d, NINE + d.w.dispatch.ask_silent);
	assert_string_equal(d.items[0].msg.text, "P-1");
	(void)ask_answered(&d, FOUND_ACCEPTED);
	assert_state(&d, 1, MESSAGE_SENT);
	ask_at(&d, 0);
	(void)ask_answered(&d, FOUND_DELIVERED);
	assert_state(&d, 1, MESSAGE_DELIVERED);
	/* It was never uncertain. */
	assert_int_equal(ask_settled(&d, SETTLED_BY_QUERY), 0);
	desk_close(&d);
}

static void silence_ends_although_nobody_answers(void **state)
{
	struct outbox_result r;
	struct desk d;

	(void)state;
	ask_open(&d, false);
	r = desk_answer(&d.items[0], OUTCOME_OK);
	(void)strcpy(r.outcome.provider_ref, "P-1");
	(void)desk_turn(&d, &r, 1);
	for (int i = 0; i < 100 && world_state(&d.w, 1) == MESSAGE_SENT; i++) {
		desk_to(&d, d.wake);
		(void)desk_run(&d);
		if (d.n > 0)
			(void)ask_answered(&d, FOUND_UNKNOWN);
	}
	assert_state(&d, 1, MESSAGE_NO_RECEIPT);
	assert_true(clock_now_ms() == NINE + d.w.dispatch.receipt_silence);
	desk_close(&d);
}

static void a_crash_while_asking_asks_again(void **state)
{
	struct desk d;

	(void)state;
	ask_open(&d, true);
	(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	ask_at(&d, 0);
	desk_crash(&d);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	ask_at(&d, 0);
	(void)ask_answered(&d, FOUND_ACCEPTED);
	assert_state(&d, 1, MESSAGE_SENT);
	desk_close(&d);
}

/* Its time to be asked after comes, although nobody could say at the crash when that is. */
static void what_was_under_way_at_a_crash_is_asked_after_in_time(void **state)
{
	struct desk d;

	(void)state;
	ask_open(&d, true);
	desk_crash(&d);
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	ask_at(&d, NINE + d.w.dispatch.settle_after);
	(void)ask_answered(&d, FOUND_ACCEPTED);
	assert_state(&d, 1, MESSAGE_SENT);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_uncertain_message_is_asked_for_and_found),
	    cmocka_unit_test(not_found_proves_nothing_sent_only_when_it_is_said_twice),
	    cmocka_unit_test(not_found_and_then_found_is_found),
	    cmocka_unit_test(who_does_not_answer_is_asked_less_and_less_often_and_not_for_ever),
	    cmocka_unit_test(an_answer_about_an_older_attempt_counts_for_nothing),
	    cmocka_unit_test(a_silent_message_is_asked_for_by_the_providers_own_reference),
	    cmocka_unit_test(silence_ends_although_nobody_answers),
	    cmocka_unit_test(a_crash_while_asking_asks_again),
	    cmocka_unit_test(what_was_under_way_at_a_crash_is_asked_after_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
