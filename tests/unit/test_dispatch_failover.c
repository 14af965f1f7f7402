/* SPDX-License-Identifier: Apache-2.0 */
/* Two providers of one channel, on a virtual clock: shares, trouble, and who is never asked twice. */
#include "dispatch/health.h"
#include "store/health.h"
#include "unit/outbox_desk.h"

static void failover_open(struct desk *d, int64_t people)
{
	desk_open(d, "esms");
	world_add_provider(&d->w, "phu", "esms", 9, 100, 100000);
	d->w.caps.per_day = d->w.caps.per_week = 100;
	d->room = 10;
	desk_outbox(d);
	world_add_households(&d->w, 1, people);
	(void)desk_campaign(d, "một", LANE_BULK);
}

/* Goes on until n messages were claimed; by[] counts them per provider. Each is answered as class_of
 * says. */
static void failover_run(struct desk *d, size_t n, size_t by[2],
			 enum outcome_class (*class_of)(const struct outbox_item *item))
{
	size_t seen = 0;

	for (int i = 0; i < 2000 && seen < n; i++) {
		struct outbox_result r[DESK_ROOM];
		size_t k = d->n;

		for (size_t m = 0; m < k; m++) {
			by[d->items[m].route]++;
			r[m] = desk_answer(&d->items[m], class_of(&d->items[m]));
		}
		seen += k;
		if (desk_turn(d, r, k) == 0 && d->wake > clock_now_ms() && d->wake < INT64_MAX)
			desk_to(d, d->wake < clock_now_ms() + CLOCK_MINUTE_MS
				       ? d->wake
				       : clock_now_ms() + CLOCK_SECOND_MS);
	}
}

static enum outcome_class all_well(const struct outbox_item *item)
{
	(void)item;
	return OUTCOME_OK;
}

static enum outcome_class first_has_no_money(const struct outbox_item *item)
{
	return item->route == 0 ? OUTCOME_MONEY : OUTCOME_OK;
}

static enum outcome_class first_is_silent(const struct outbox_item *item)
{
	return item->route == 0 ? OUTCOME_UNCERTAIN : OUTCOME_OK;
}

static void both_have_their_share(void **state)
{
	size_t by[2] = {0};
	struct desk d;

	(void)state;
	failover_open(&d, 200);
	failover_run(&d, 200, by, all_well);
	assert_int_equal(by[0] + by[1], 200);
	assert_true(by[0] >= 90 && by[0] <= 110);
	desk_close(&d);
}

static void out_of_money_stops_one_and_the_other_takes_over(void **state)
{
	size_t by[2] = {0};
	struct desk d;

	(void)state;
	failover_open(&d, 100);
	failover_run(&d, 110, by, first_has_no_money);
	/* One batch found it out, was proved not sent, and went to the other: nobody is lost. */
	assert_true(by[0] <= 10);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 100);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_UNCERTAIN), 0);
	desk_close(&d);
}

static void what_may_have_been_sent_stays_with_its_provider(void **state)
{
	size_t by[2] = {0}, resent = 0;
	struct desk d;

	(void)state;
	failover_open(&d, 60);
	failover_run(&d, 60, by, first_is_silent);
	assert_true(by[0] > 0 && by[1] > by[0]);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_UNCERTAIN), by[0]);
	/* It is sent again under its reference, to nobody else. */
	for (int i = 0; i < 400 && resent < by[0]; i++) {
		struct outbox_result r[DESK_ROOM];
		size_t n = d.n;

		for (size_t k = 0; k < n; k++) {
			assert_true(d.items[k].resend && d.items[k].route == 0);
			r[k] = desk_answer(&d.items[k], OUTCOME_OK_DUP);
		}
		resent += n;
		if (desk_turn(&d, r, n) == 0 && d.wake < INT64_MAX)
			desk_to(&d, d.wake);
	}
	assert_int_equal(resent, by[0]);
	assert_int_equal(world_count(&d.w, 0, MESSAGE_SENT), 60);
	desk_close(&d);
}

static void weights_say(const char *provider, int64_t at, int weight, const char *reason,
			void *arg)
{
	char *out = arg;

	(void)at;
	(void)snprintf(out + strlen(out), 400 - strlen(out), "%s %d %s; ", provider, weight,
		       reason);
}

/* A share is shifted with a reason that is kept, and comes back by itself when it is quiet. */
static void errors_shift_the_share_and_quiet_gives_it_back(void **state)
{
	char said[400] = "";
	size_t by[2] = {0};
	struct desk d;
	int weight = 0;

	(void)state;
	failover_open(&d, 60);
	failover_run(&d, 60, by, first_is_silent);
	assert_int_equal(store_provider_weight_get(d.w.st, 1, &weight, &d.e), 1);
	assert_int_equal(weight, 90);
	assert_int_equal(store_provider_weights(d.w.st, 10, weights_say, said, &d.e), 0);
	assert_string_equal(said, "chinh 90 nhiều lỗi trong một phút; ");
	/* It outlives the process. */
	desk_crash(&d);
	clock_advance_virtual(20 * CLOCK_MINUTE_MS);
	(void)desk_turn(&d, NULL, 0);
	assert_int_equal(store_provider_weight_get(d.w.st, 1, &weight, &d.e), 1);
	assert_int_equal(weight, 100);
	desk_close(&d);
}

static void one_alone_keeps_what_it_has(void **state)
{
	size_t by[2] = {0};
	int weight = 0;
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	d.room = 10;
	world_add_households(&d.w, 1, 30);
	(void)desk_campaign(&d, "một", LANE_BULK);
	failover_run(&d, 30, by, first_is_silent);
	assert_int_equal(store_provider_weight_get(d.w.st, 1, &weight, &d.e), 1);
	assert_int_equal(weight, 100);
	desk_close(&d);
}

/* ---- the rules alone -------------------------------------------------------------------------- */

static const struct health_config usual = {
    .errors = 10, .late = 5 * CLOCK_SECOND_MS, .slow = 15, .quiet = 15 * CLOCK_MINUTE_MS};

static void a_share_does_not_swing(void **state)
{
	struct health h;
	const char *why = NULL;
	int64_t now = NINE;
	int downs = 0, ups = 0, last = 0;

	(void)state;
	health_init(&h, HEALTH_FULL);
	/* Ten minutes of errors, then two hours of quiet. */
	for (int s = 0; s < 130 * 60; s++, now += CLOCK_SECOND_MS) {
		int by;

		health_answer(&h, &usual, now, s < 600, 100);
		by = health_judge(&h, &usual, now, false, &why);
		if (by == 0)
			continue;
		downs += by < 0;
		ups += by > 0;
		/* Down once a minute at most, up every five after fifteen of quiet, never both. */
		assert_true(last == 0 || s - last >= (by < 0 ? 60 : 300));
		assert_true(by < 0 || s >= 600 + 15 * 60 - 1);
		last = s;
	}
	assert_int_equal(downs, 9);
	assert_int_equal(ups, 9);
	assert_int_equal(h.weight, HEALTH_FULL);
}

static void few_errors_and_common_slowness_shift_nothing(void **state)
{
	struct health h;
	const char *why = NULL;
	int64_t now = NINE;

	(void)state;
	health_init(&h, HEALTH_FULL);
	for (int s = 0; s < 600; s++, now += CLOCK_SECOND_MS) {
		health_answer(&h, &usual, now, s % 10 == 0, 100);
		assert_int_equal(health_judge(&h, &usual, now, false, &why), 0);
	}
	health_init(&h, HEALTH_FULL);
	for (int i = 0; i < 100; i++, now += CLOCK_SECOND_MS) {
		health_answer(&h, &usual, now, false, 20 * CLOCK_SECOND_MS);
		assert_int_equal(health_judge(&h, &usual, now, true, &why), 0);
	}
	assert_int_equal(health_judge(&h, &usual, now, false, &why), -10);
	assert_string_equal(why, "trả lời chậm");
}

/* Two errors a minute, answers of a second: nothing to worry about usually. */
static void what_counts_as_trouble_is_configured(void **state)
{
	const struct health_config strict = {
	    .errors = 2, .late = CLOCK_SECOND_MS, .slow = 50, .quiet = CLOCK_MINUTE_MS};
	struct health h, other;
	const char *why = NULL;
	int64_t now = NINE;

	(void)state;
	health_init(&h, HEALTH_FULL);
	health_init(&other, HEALTH_FULL);
	for (int i = 0; i < 2; i++, now += CLOCK_SECOND_MS) {
		health_answer(&h, &strict, now, true, 100);
		health_answer(&other, &usual, now, true, 100);
	}
	assert_int_equal(health_judge(&other, &usual, now, false, &why), 0);
	assert_int_equal(health_judge(&h, &strict, now, false, &why), -10);
	now += 5 * CLOCK_MINUTE_MS;
	assert_int_equal(health_judge(&h, &strict, now, false, &why), 10);
	for (int i = 0; i < 20; i++)
		health_answer(&h, &strict, now, false, i < 9 ? CLOCK_SECOND_MS : 100);
	assert_false(health_is_slow(&h, &strict));
	for (int i = 0; i < 4; i++)
		health_answer(&h, &strict, now, false, CLOCK_SECOND_MS);
	assert_true(health_is_slow(&h, &strict));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_have_their_share),
	    cmocka_unit_test(out_of_money_stops_one_and_the_other_takes_over),
	    cmocka_unit_test(what_may_have_been_sent_stays_with_its_provider),
	    cmocka_unit_test(errors_shift_the_share_and_quiet_gives_it_back),
	    cmocka_unit_test(one_alone_keeps_what_it_has),
	    cmocka_unit_test(a_share_does_not_swing),
	    cmocka_unit_test(few_errors_and_common_slowness_shift_nothing),
	    cmocka_unit_test(what_counts_as_trouble_is_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
