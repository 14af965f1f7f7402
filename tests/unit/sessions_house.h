/* SPDX-License-Identifier: Apache-2.0 */
/* The real list of people without a card, the real timetable, and a campaign that invites them to it. */
#ifndef MOIDAN_TESTS_SESSIONS_HOUSE_H
#define MOIDAN_TESTS_SESSIONS_HOUSE_H

#include "campaign/sessions.h"
#include "campaign_house.h"
#include "roster/listing.h"
#include "roster/roster.h"

static struct test_house home;
static int64_t campaign_id;
static char *quota_text; /* of the last quota_of() */

static inline void import_people(void)
{
	struct roster_options o = {
	    .who = "test", .unit_kind = "ấp", .this_year = 2023, .list_year = 2023};
	struct roster_result result;
	struct err e = ERR_INIT;
	struct programme *p = programme_load(home.house.dir, "cccd", &e);

	if (p == NULL || roster_import(home.st, p, TESTS_DIR "/data/my-phu-dong/cccd-ton.csv",
				       &o, &result, &e) < 0)
		fail_msg("%s", e.text);
	roster_result_free(&result);
	programme_free(p);
}

struct timetable {
	struct session list[16];
	size_t n;
};

static inline int timetable_row(const struct listing_row *r, void *arg, struct err *e)
{
	struct timetable *t = arg;
	struct session *s = &t->list[t->n++];
	int ignored;

	*s = (struct session){.programme = mem_strdup("cccd"),
			      .place = mem_strdup(listing_value(r, "noi")),
			      .team = mem_strdup(listing_value(r, "phu_trach")),
			      .seats = (int)strtol(listing_value(r, "so_luot"), NULL, 10)};
	assert_true(listing_day(listing_value(r, "ngay"), 2023, &s->day));
	assert_true(listing_hours(listing_value(r, "tu"), &s->opens, &ignored));
	assert_true(listing_hours(listing_value(r, "den"), &s->closes, &ignored));
	return campaign_place_unit(home.st, s->place, &s->unit_id, e);
}

/* The timetable that the police sent; its sessions get the numbers 1 to 5. */
static inline void import_timetable(void)
{
	struct timetable t = {.n = 0};
	enum session_put what[16];

	TEST_OK(listing_read(home.house.dir, "sessions",
			     TESTS_DIR "/data/my-phu-dong/lich-thu-nhan.csv", NULL,
			     timetable_row, &t, &why));
	assert_int_equal(t.n, 5);
	for (int again = 0; again < 2; again++) {
		TEST_OK(campaign_sessions_put(home.st, &home.house, t.list, t.n, what, "test",
					      &why));
		for (size_t i = 0; i < t.n; i++) {
			assert_int_equal(what[i], again ? SESSION_SAME : SESSION_NEW);
			assert_int_equal(t.list[i].id, t.list[0].id + (int64_t)i);
		}
	}
	assert_true(t.list[0].unit_id > 0 && t.list[1].unit_id > 0);
	assert_int_not_equal(t.list[0].unit_id, t.list[1].unit_id);
	assert_int_equal(t.list[3].unit_id, 0);
	for (size_t i = 0; i < t.n; i++)
		session_clear(&t.list[i]);
}

static inline int set_up(void **state)
{
	(void)state;
	test_house_open(&home);
	campaign_id = 0;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	test_house_close(&home);
	free(quota_text);
	quota_text = NULL;
	return 0;
}

static inline struct session session_of(int64_t id)
{
	struct session s = {0};
	struct err e = ERR_INIT;

	assert_int_equal(store_session_get(home.st, id, &s, &e), 1);
	return s;
}

static inline int taken_of(int64_t id)
{
	struct session s = session_of(id);
	int taken = s.taken;

	session_clear(&s);
	return taken;
}

static inline void create(bool quota)
{
	struct campaign c = test_campaign("mời làm CCCD", "cccd", "A3", "{}");

	c.quota = quota;
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	campaign_id = c.id;
}

static inline void preview(struct campaign_preview *out)
{
	test_preview(&home, campaign_id, out);
}

/* One pass of the fan-out at the present hour, in batches; what it planned. */
static inline int64_t pass(size_t batch)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	bool more = true;
	int64_t total = 0;

	assert_int_equal(store_campaign_get(home.st, campaign_id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	while (more) {
		size_t planned = 0, faults = 0;

		TEST_OK(store_begin(home.st, &why));
		TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), batch, &planned,
					 &faults, &more, &why));
		TEST_OK(store_commit(home.st, &why));
		assert_int_equal(faults, 0);
		total += (int64_t)planned;
	}
	campaign_plan_free(p);
	campaign_clear(&c);
	return total;
}

static inline void run(void)
{
	TEST_OK(campaign_approve(home.st, &home.house, campaign_id, "duyet", true, &why));
	TEST_OK(campaign_start(home.st, &home.house, campaign_id, "duyet", &why));
}

/* What is queued by now and due goes out: every message of every running campaign, as the claim has it.
 * Texts are kept, in order. */
static struct {
	char *text[400];
	int64_t recipient[400];
	size_t n;
} sent;

static struct eligibility asked;

static inline struct claim_verdict ask(const struct message_candidate *c, void *arg)
{
	struct claim_verdict v = campaign_decide(c, arg);

	if (v.decision == CLAIM_SEND) {
		assert_true(sent.n < 400);
		sent.recipient[sent.n] = c->recipient_id;
		sent.text[sent.n++] = mem_strdup(c->text);
	}
	return v;
}

static inline void forget_sent(void)
{
	for (size_t i = 0; i < sent.n; i++)
		free(sent.text[i]);
	sent.n = 0;
}

struct running {
	int64_t ids[8];
	int n;
};

static inline void running_campaign(const struct campaign *c, void *arg)
{
	struct running *r = arg;

	r->ids[r->n++] = c->id;
}

static inline void send_due(void)
{
	struct message_claimed out[400];
	struct running all = {.n = 0};
	int64_t now = clock_now_ms();

	TEST_OK(store_campaign_list(home.st, CAMPAIGN_RUNNING, running_campaign, &all, &why));
	for (int i = 0; i < all.n; i++) {
		struct message_claim claim = {.campaign_id = all.ids[i],
					      .now = now,
					      .max = 400,
					      .max_segments = 100000,
					      .provider_id = 1,
					      .civil_day = civil_day_of(now),
					      .iso_week = civil_iso_week(civil_day_of(now)),
					      .decide = ask,
					      .arg = &asked};
		struct campaign c = {0};
		size_t n = 0, examined = 0;
		struct err e = ERR_INIT;

		assert_int_equal(store_campaign_get(home.st, all.ids[i], &c, &e), 1);
		asked = (struct eligibility){.st = home.st, .house = &home.house, .now = now};
		asked.plan = campaign_plan_new(home.st, &home.house, &c, &e);
		assert_non_null(asked.plan);
		TEST_OK(store_begin(home.st, &why));
		TEST_OK(store_message_claim(home.st, &claim, out, &n, &examined, &why));
		for (size_t k = 0; k < n; k++) {
			struct message_result r = {.id = out[k].id,
						   .attempt = out[k].attempt,
						   .event = MESSAGE_EV_ACCEPTED,
						   .at = now,
						   .due_at = now + CLOCK_DAY_MS,
						   .provider_id = 1};

			TEST_OK(store_message_finish(home.st, &r, 1, &why));
			free(out[k].text);
		}
		TEST_OK(store_commit(home.st, &why));
		campaign_plan_free((struct campaign_plan *)(uintptr_t)asked.plan);
		campaign_clear(&c);
	}
}

static inline void at(int yyyymmdd, int hour, int minute)
{
	clock_set_virtual(test_at(yyyymmdd, hour, minute));
}

static inline int sent_with(const char *words)
{
	int n = 0;

	for (size_t i = 0; i < sent.n; i++)
		n += strstr(sent.text[i], words) != NULL;
	return n;
}

/* Everybody invited to the session, in order. */
static inline bool person(const struct seat *s, void *arg)
{
	int64_t *ids = arg;

	while (*ids != 0)
		ids++;
	*ids = s->recipient_id;
	return true;
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
