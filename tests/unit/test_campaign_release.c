/* SPDX-License-Identifier: Apache-2.0 */
/* Two people, one hash: what is released is what was submitted; and what stops a campaign that runs. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign_house.h"

#define PEOPLE 30

static struct test_house home;
static int64_t id;

static void put(int i)
{
	char key[16], phone[16];

	(void)snprintf(key, sizeof(key), "H-%03d", i);
	(void)snprintf(phone, sizeof(phone), "0912%06d", i);
	test_put(home.st, "vneid", key, "Nguyễn Văn Thử", phone, 0, HOLD_NONE, "{}");
}

static int set_up(void **state)
{
	(void)state;
	test_house_open(&home);
	TEST_OK(store_begin(home.st, &why));
	for (int i = 0; i < PEOPLE; i++)
		put(i);
	TEST_OK(store_commit(home.st, &why));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_house_close(&home);
	return 0;
}

static void create_with(const char *name, int64_t budget, int64_t catch_up)
{
	struct campaign c = test_campaign(name, "vneid", "A1", "{}");

	c.budget = budget;
	c.catch_up = catch_up;
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	id = c.id;
}

static int approve(const char *who)
{
	struct err e = ERR_INIT;
	int rc = campaign_approve(home.st, &home.house, id, who, true, &e);

	return rc == 0 ? 0 : e.code;
}

static struct campaign row(void)
{
	struct campaign c = {0};
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	return c;
}

static enum campaign_state state_now(void)
{
	struct campaign c = row();
	enum campaign_state s = c.state;

	campaign_clear(&c);
	return s;
}

static void run(void)
{
	struct campaign c;
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned = 0, faults = 0;
	bool more = true;

	assert_int_equal(approve("duyet"), 0);
	TEST_OK(campaign_start(home.st, &home.house, id, "duyet", &why));
	c = row();
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	TEST_OK(store_begin(home.st, &why));
	while (more)
		TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), 500, &planned, &faults,
					 &more, &why));
	TEST_OK(store_commit(home.st, &why));
	campaign_plan_free(p);
	campaign_clear(&c);
}

/* Claims what is due; each ends as `event` says. How many there were. */
static size_t claim(enum message_event event)
{
	struct message_claimed out[PEOPLE];
	struct campaign c = row();
	struct err e = ERR_INIT;
	struct eligibility who = {.st = home.st, .house = &home.house, .now = clock_now_ms()};
	struct message_claim q = {.campaign_id = id,
				  .now = who.now,
				  .max = PEOPLE,
				  .max_segments = 1000,
				  .provider_id = 1,
				  .civil_day = civil_day_of(who.now),
				  .iso_week = civil_iso_week(civil_day_of(who.now)),
				  .decide = campaign_decide,
				  .arg = &who};
	struct campaign_plan *p = campaign_plan_new(home.st, &home.house, &c, &e);
	size_t n = 0, examined = 0;

	who.plan = p;
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(store_message_claim(home.st, &q, out, &n, &examined, &why));
	for (size_t i = 0; i < n; i++) {
		struct message_result r = {
		    .id = out[i].id,
		    .attempt = out[i].attempt,
		    .event = event,
		    .at = who.now,
		    .due_at = event == MESSAGE_EV_ACCEPTED ? who.now + CLOCK_DAY_MS : who.now,
		    .provider_id = 1};

		TEST_OK(store_message_finish(home.st, &r, 1, &why));
		free(out[i].text);
	}
	TEST_OK(store_commit(home.st, &why));
	campaign_plan_free(p);
	campaign_clear(&c);
	return n;
}

static int64_t count(enum message_state s)
{
	struct message_counts n;

	TEST_OK(store_message_counts(home.st, id, 0, &n, &why));
	return n.by_state[s];
}

static void what_was_submitted_is_what_is_approved(void **state)
{
	(void)state;
	create_with("một", 0, 0);
	TEST_OK(campaign_submit(home.st, &home.house, id, "soan", &why));
	assert_int_equal(state_now(), CAMPAIGN_SUBMITTED);
	assert_int_equal(approve("soan"), EX_NOPERM);
	/* The list changes between: it is another campaign that was submitted. */
	TEST_OK(store_begin(home.st, &why));
	put(PEOPLE);
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(approve("duyet"), EX_DATAERR);
	assert_int_equal(state_now(), CAMPAIGN_SUBMITTED);
	TEST_OK(campaign_submit(home.st, &home.house, id, "soan", &why));
	assert_int_equal(approve("duyet"), 0);
	/* And between approval and start. */
	home.house.price_per_segment = 400;
	assert_int_equal(campaign_start(home.st, &home.house, id, "duyet", &(struct err){0}),
			 -1);
	home.house.price_per_segment = 350;
	TEST_OK(campaign_start(home.st, &home.house, id, "duyet", &why));
	assert_int_equal(campaign_submit(home.st, &home.house, id, "soan", &(struct err){0}),
			 -1);
}

static void one_person_releases_only_what_is_small(void **state)
{
	(void)state;
	create_with("một", 0, 0);
	home.house.one_person_below = PEOPLE;
	assert_int_equal(approve("soan"), EX_NOPERM);
	home.house.one_person_below = PEOPLE + 1;
	assert_int_equal(approve("soan"), 0);
}

static void more_than_the_budget_is_not_released(void **state)
{
	(void)state;
	create_with("một", PEOPLE * 350 - 1, 0);
	assert_int_equal(approve("duyet"), EX_DATAERR);
	create_with("hai", PEOPLE * 350, 0);
	assert_int_equal(approve("duyet"), 0);
}

static void who_got_the_same_text_today_is_pointed_out(void **state)
{
	struct campaign_preview v;
	struct campaign_plan *p;
	struct campaign c;
	struct err e = ERR_INIT;

	(void)state;
	create_with("một", 0, 0);
	run();
	assert_int_equal(claim(MESSAGE_EV_ACCEPTED), PEOPLE);
	for (int day = 0; day < 2; day++) {
		create_with(day == 0 ? "hai" : "ba", 0, 0);
		c = row();
		p = campaign_plan_new(home.st, &home.house, &c, &e);
		assert_non_null(p);
		TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &v, &why));
		assert_int_equal(v.repeated, day == 0 ? PEOPLE : 0);
		campaign_preview_free(&v);
		campaign_plan_free(p);
		campaign_clear(&c);
		clock_advance_virtual(CLOCK_DAY_MS);
	}
}

static void only_the_failed_are_retried(void **state)
{
	int64_t n = 0;

	(void)state;
	create_with("một", 0, 0);
	run();
	assert_int_equal(claim(MESSAGE_EV_GIVE_UP), PEOPLE);
	assert_int_equal(count(MESSAGE_FAILED), PEOPLE);
	TEST_OK(campaign_retry_failed(home.st, id, "duyet", &n, &why));
	assert_int_equal(n, PEOPLE);
	assert_int_equal(count(MESSAGE_QUEUED), PEOPLE);
	assert_int_equal(claim(MESSAGE_EV_ACCEPTED), PEOPLE);
	TEST_OK(campaign_retry_failed(home.st, id, "duyet", &n, &why));
	assert_int_equal(n, 0);
	assert_int_equal(count(MESSAGE_SENT), PEOPLE);
}

static void nothing_stale_is_sent_after_an_outage(void **state)
{
	(void)state;
	create_with("một", 0, 4 * CLOCK_HOUR_MS);
	run();
	clock_advance_virtual(4 * CLOCK_HOUR_MS + 1);
	assert_int_equal(claim(MESSAGE_EV_ACCEPTED), 0);
	assert_int_equal(count(MESSAGE_EXPIRED), PEOPLE);
}

static void a_pause_holds_at_the_next_claim_and_a_cancel_withdraws(void **state)
{
	(void)state;
	create_with("một", 0, 0);
	run();
	TEST_OK(campaign_pause(home.st, id, "duyet", &why));
	assert_int_equal(state_now(), CAMPAIGN_PAUSED);
	TEST_OK(campaign_resume(home.st, id, "duyet", &why));
	TEST_OK(campaign_cancel(home.st, id, "duyet", &why));
	assert_int_equal(count(MESSAGE_CANCELLED), PEOPLE);
	assert_int_equal(claim(MESSAGE_EV_ACCEPTED), 0);
}

static int complain(int i)
{
	uint64_t number = UINT64_C(84912000000) + (uint64_t)i;
	struct err e = ERR_INIT;
	int rc;

	TEST_OK(store_begin(home.st, &why));
	TEST_OK(store_contact_flags(home.st, number, CONTACT_OPTED_OUT, 0, "test", &why));
	rc = campaign_complained(home.st, &home.house, number, &e);
	TEST_OK(store_commit(home.st, &why));
	return rc;
}

static void so_many_complaints_halt_a_campaign(void **state)
{
	struct campaign c;

	(void)state;
	home.caps.complaints = 3;
	create_with("một", 0, 0);
	run();
	assert_int_equal(complain(1), 0); /* nobody was written to yet */
	assert_int_equal(claim(MESSAGE_EV_ACCEPTED), PEOPLE - 1);
	assert_int_equal(complain(2), 0);
	assert_int_equal(complain(3), 0);
	assert_int_equal(complain(3), 0); /* the same one again */
	assert_int_equal(complain(4), 1);
	assert_int_equal(state_now(), CAMPAIGN_HALTED);
	c = row();
	assert_non_null(c.halt_reason);
	campaign_clear(&c);
	TEST_OK(campaign_resume(home.st, id, "duyet", &why));
}

#define RELEASE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RELEASE_TEST(what_was_submitted_is_what_is_approved),
	    RELEASE_TEST(one_person_releases_only_what_is_small),
	    RELEASE_TEST(more_than_the_budget_is_not_released),
	    RELEASE_TEST(who_got_the_same_text_today_is_pointed_out),
	    RELEASE_TEST(only_the_failed_are_retried),
	    RELEASE_TEST(nothing_stale_is_sent_after_an_outage),
	    RELEASE_TEST(a_pause_holds_at_the_next_claim_and_a_cancel_withdraws),
	    RELEASE_TEST(so_many_complaints_halt_a_campaign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
