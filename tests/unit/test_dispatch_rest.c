/* SPDX-License-Identifier: Apache-2.0 */
/* A provider rests when its quota is used up, until midnight or until an officer says so. */
#include "dispatch/officer.h"
#include "store/health.h"
#include "unit/outbox_desk.h"

#define NEXT_DAY (MIDNIGHT + CLOCK_DAY_MS)

static struct outbox_result over_the_limit(const struct outbox_item *item)
{
	struct outbox_result r = desk_answer(item, OUTCOME_RATE);

	r.outcome.rest = true;
	r.outcome.wait_until_minute = 0;
	(void)snprintf(r.outcome.reason, sizeof(r.outcome.reason), "over the daily limit");
	return r;
}

static void assert_rests_until(struct desk *d, int64_t want, const char *why_want)
{
	int64_t until = -1;
	char *why = NULL;
	int rc = store_provider_rest_get(d->w.st, 1, &until, &why, &d->e);

	assert_int_equal(rc, want != 0);
	assert_true(until == want);
	if (rc == 1)
		assert_string_equal(why, why_want);
	free(why);
}

static void a_quota_that_is_used_up_lets_the_provider_rest(void **state)
{
	struct outbox_result r;
	struct desk d;

	(void)state;
	desk_open(&d, "esms");
	world_add_households(&d.w, 1, 300);
	(void)desk_campaign(&d, "một", LANE_URGENT);
	assert_int_equal(desk_run(&d), 100);
	assert_rests_until(&d, 0, NULL);
	r = over_the_limit(&d.items[0]);
	/* Nothing more is tried, whatever room there is. */
	assert_int_equal(desk_turn(&d, &r, 1), 0);
	assert_rests_until(&d, NEXT_DAY, "rate : over the daily limit");
	desk_to(&d, NEXT_DAY - 1);
	assert_int_equal(desk_turn(&d, NULL, 0), 0);
	/* Nor by the next process. */
	desk_crash(&d);
	desk_to(&d, NEXT_DAY - 1);
	assert_int_equal(desk_turn(&d, NULL, 0), 0);
	desk_to(&d, NEXT_DAY);
	assert_true(desk_run(&d) > 0);
	desk_close(&d);
}

/* A provider that rests, with more to send. */
static void rest_open(struct desk *d)
{
	struct outbox_result r;

	desk_open(d, "esms");
	world_add_households(&d->w, 1, 150);
	(void)desk_campaign(d, "một", LANE_URGENT);
	assert_int_equal(desk_run(d), 100);
	r = over_the_limit(&d->items[0]);
	assert_int_equal(desk_turn(d, &r, 1), 0);
}

static void a_rest_ends_when_somebody_says_so(void **state)
{
	struct desk d;

	(void)state;
	rest_open(&d);
	desk_do(&d, store_provider_rest_set(d.w.st, 1, 0, "", &d.e));
	assert_int_equal(desk_turn(&d, NULL, 0), 1);
	desk_close(&d);
}

/* Whoever says so by command or console ends both: what stopped it, and the rest. */
static void an_officer_resumes_what_stopped_and_rests(void **state)
{
	struct desk d;

	(void)state;
	rest_open(&d);
	desk_do(&d, store_provider_stop(d.w.st, 1, "hết tiền", &d.e));
	assert_int_equal(officer_provider_resume(d.w.st, 1, "chinh", "test", &d.e), 0);
	assert_rests_until(&d, 0, NULL);
	assert_int_equal(desk_turn(&d, NULL, 0), 1);
	desk_close(&d);
}

/* The last of the quota was accepted: the next would be refused. */
static void a_quota_that_was_counted_down_lets_the_provider_rest(void **state)
{
	struct outbox_result r[3];
	struct desk d;

	(void)state;
	/* eSMS tells no quota; one that tells it, of which all else stays. */
	desk_open(&d, "esms");
	((struct provider_facts *)(uintptr_t)provider_facts(d.w.providers[0]))->quota_renews =
	    0;
	world_add_households(&d.w, 1, 150);
	(void)desk_campaign(&d, "một", LANE_URGENT);
	assert_int_equal(desk_run(&d), 100);
	for (int i = 0; i < 3; i++) {
		r[i] = desk_answer(&d.items[i], OUTCOME_OK);
		r[i].outcome.quota_left = 2 - i;
	}
	assert_int_equal(desk_turn(&d, r, 2), 2);
	assert_rests_until(&d, 0, NULL);
	assert_int_equal(desk_turn(&d, r + 2, 1), 0);
	assert_rests_until(&d, NEXT_DAY, "0 messages are left of its quota");
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_quota_that_is_used_up_lets_the_provider_rest),
	    cmocka_unit_test(a_rest_ends_when_somebody_says_so),
	    cmocka_unit_test(an_officer_resumes_what_stopped_and_rests),
	    cmocka_unit_test(a_quota_that_was_counted_down_lets_the_provider_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
