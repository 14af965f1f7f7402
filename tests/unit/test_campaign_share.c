/* SPDX-License-Identifier: Apache-2.0 */
/* One number, several households: one message that names all who must come. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign_home.h"

static bool first_id(const struct message_row *m, void *arg)
{
	*(int64_t *)arg = m->id;
	return false;
}

static void a_shared_number_gets_one_message_for_all_its_households(void **state)
{
	struct test_house own;
	struct campaign c = test_campaign("chung so", "vneid", "A1", "{}");
	struct campaign_preview v;
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned, faults;
	bool more;

	(void)state;
	test_house_open(&own);
	TEST_OK(store_begin(own.st, &why));
	for (int i = 0; i < 4; i++) {
		char key[16], name[32];

		(void)snprintf(key, sizeof(key), "Z-%d", i);
		(void)snprintf(name, sizeof(name), "Lê Thị %c", 'A' + i);
		test_put(own.st, "vneid", key, name, i < 3 ? "0912000111" : "0912000222", 0,
			 HOLD_NONE, "{}");
	}
	TEST_OK(store_commit(own.st, &why));
	TEST_OK(campaign_create(own.st, &own.house, &c, "soan", &why));
	p = campaign_plan_new(own.st, &own.house, &c, &e);
	assert_non_null(p);
	TEST_OK(campaign_preview(own.st, p, clock_now_ms(), &v, &why));
	assert_int_equal(v.messages, 2);
	assert_int_equal(v.excluded[EXCLUDED_SHARED], 2);
	assert_int_equal(v.cost, 700);
	TEST_OK(store_begin(own.st, &why));
	TEST_OK(
	    campaign_fan_out(own.st, p, &c, clock_now_ms(), 0, &planned, &faults, &more, &why));
	TEST_OK(store_commit(own.st, &why));
	{
		struct message_counts n;

		TEST_OK(store_message_counts(own.st, c.id, 0, &n, &why));
		assert_int_equal(n.by_state[MESSAGE_QUEUED], 2);
		assert_int_equal(n.by_state[MESSAGE_LINKED], 2);
	}
	campaign_preview_free(&v);
	campaign_plan_free(p);
	test_house_close(&own);
	clock_set_virtual(test_at(20230608, 9, 0));
}

/* What the claim of the only message that is due makes of it. */
static struct claim_verdict claim_first(struct test_house *t, const struct campaign_plan *p,
					const struct campaign *c, int64_t *id)
{
	struct message_filter f = {.campaign_id = c->id, .state = MESSAGE_QUEUED};
	struct eligibility who = {
	    .st = t->st, .plan = p, .house = &t->house, .now = clock_now_ms()};
	struct message_candidate m;
	struct err e = ERR_INIT;

	*id = 0;
	TEST_OK(store_message_list(t->st, &f, 1, first_id, id, &why));
	assert_int_equal(store_message_candidate(t->st, *id, &m, &e), 1);
	m.campaign_id = c->id;
	return campaign_decide(&m, &who);
}

/* Three households with one number, and a campaign for them in own; its plan is yours. */
static struct campaign_plan *three_who_share(struct test_house *own, struct campaign *c)
{
	static const char *const names[] = {"Lê Thị Lan", "Trần Văn Hậu", "Võ Thị Mai"};
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	test_house_open(own);
	TEST_OK(store_begin(own->st, &why));
	for (int i = 0; i < 3; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "Z-%d", i);
		test_put(own->st, "vneid", key, names[i], "0912000111", 0, HOLD_NONE, "{}");
	}
	TEST_OK(store_commit(own->st, &why));
	TEST_OK(campaign_create(own->st, &own->house, c, "soan", &why));
	p = campaign_plan_new(own->st, &own->house, c, &e);
	assert_non_null(p);
	return p;
}

/* One message names all who must come; whoever died, declined or is done by then is not named. */
static void one_message_names_all_who_share_the_number(void **state)
{
	struct test_house own;
	struct campaign c = test_campaign("chung so", "vneid", "A1", "{}");
	struct campaign_preview v;
	struct campaign_plan *p;
	struct claim_verdict got;
	struct err e = ERR_INIT;
	size_t planned, faults;
	int64_t id;
	bool more;

	(void)state;
	p = three_who_share(&own, &c);
	TEST_OK(campaign_preview(own.st, p, clock_now_ms(), &v, &why));
	assert_int_equal(v.messages, 1);
	assert_non_null(
	    strstr(v.samples[0].text, "Ba Le Thi Lan, Ba Tran Van Hau va Ba Vo Thi Mai"));
	assert_int_equal(v.cost, 350 * v.samples[0].count.segments);
	campaign_preview_free(&v);
	TEST_OK(store_begin(own.st, &why));
	TEST_OK(
	    campaign_fan_out(own.st, p, &c, clock_now_ms(), 0, &planned, &faults, &more, &why));
	TEST_OK(store_commit(own.st, &why));
	got = claim_first(&own, p, &c, &id);
	assert_int_equal(got.decision, CLAIM_SEND);
	assert_non_null(strstr(got.text, "Ba Le Thi Lan, Ba Tran Van Hau va Ba Vo Thi Mai"));
	free(got.text);
	/* One of them dies, one is done: the first alone, as it was planned. */
	TEST_OK(store_begin(own.st, &why));
	assert_int_equal(store_recipient_hold(own.st, 2, HOLD_DECEASED, "mất", "test", &e), 1);
	TEST_OK(store_commit(own.st, &why));
	got = claim_first(&own, p, &c, &id);
	assert_non_null(strstr(got.text, "Ba Le Thi Lan va Ba Vo Thi Mai"));
	assert_null(strstr(got.text, "Hau"));
	free(got.text);
	TEST_OK(store_begin(own.st, &why));
	assert_int_equal(store_recipient_set_state(own.st, 3, 2, "test", &e), 1);
	TEST_OK(store_commit(own.st, &why));
	got = claim_first(&own, p, &c, &id);
	assert_int_equal(got.decision, CLAIM_SEND);
	assert_null(got.text);
	campaign_plan_free(p);
	test_house_close(&own);
	clock_set_virtual(test_at(20230608, 9, 0));
}

/* The first of them dies: the next stands for those who are left, in what is really sent and counted. */
static void whoever_comes_next_stands_for_the_others(void **state)
{
	struct test_house own;
	struct campaign c = test_campaign("chung so", "vneid", "A1", "{}");
	struct message_claimed out[4];
	struct message_claim claim = {.max = 4, .max_segments = 100, .provider_id = 1};
	struct eligibility who = {0};
	struct message_counts n;
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned, faults, got, examined;
	bool more;

	(void)state;
	p = three_who_share(&own, &c);
	TEST_OK(store_begin(own.st, &why));
	TEST_OK(
	    campaign_fan_out(own.st, p, &c, clock_now_ms(), 0, &planned, &faults, &more, &why));
	assert_int_equal(store_recipient_hold(own.st, 1, HOLD_DECEASED, "mất", "test", &e), 1);
	who = (struct eligibility){
	    .st = own.st, .plan = p, .house = &own.house, .now = clock_now_ms()};
	claim.campaign_id = c.id;
	claim.now = clock_now_ms();
	claim.civil_day = civil_day_of(claim.now);
	claim.iso_week = civil_iso_week(claim.civil_day);
	claim.decide = campaign_decide;
	claim.arg = &who;
	who.batch = decide_batch_new();
	TEST_OK(store_message_claim(own.st, &claim, out, &got, &examined, &why));
	if (got == 0) /* the next was promoted in the meantime */
		TEST_OK(store_message_claim(own.st, &claim, out, &got, &examined, &why));
	assert_int_equal(got, 1);
	assert_non_null(strstr(out[0].text, "Ba Tran Van Hau va Ba Vo Thi Mai"));
	assert_null(strstr(out[0].text, "Lan"));
	assert_int_equal(out[0].segments, sms_count(out[0].text).segments);
	free(out[0].text);
	decide_batch_free(who.batch);
	TEST_OK(store_commit(own.st, &why));
	/* what was counted is what is there */
	TEST_OK(store_message_counts(own.st, c.id, 0, &n, &why));
	assert_int_equal(n.by_state[MESSAGE_SENDING], 1);
	assert_int_equal(n.by_state[MESSAGE_LINKED], 1);
	assert_int_equal(n.by_state[MESSAGE_CANCELLED], 1);
	TEST_OK(store_check(own.st, &why));
	campaign_plan_free(p);
	test_house_close(&own);
	clock_set_virtual(test_at(20230608, 9, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_shared_number_gets_one_message_for_all_its_households),
	    cmocka_unit_test(one_message_names_all_who_share_the_number),
	    cmocka_unit_test(whoever_comes_next_stands_for_the_others),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
