/* SPDX-License-Identifier: Apache-2.0 */
/* Further messages to those who were invited: days after, and thanks to whoever came. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/stat.h>

#include "campaign/sessions.h"
#include "campaign_home.h"

static struct test_house home;
static int64_t campaign_id;

/* The shipped programme with something more under a line of it, in a folder of its own. */
static void programme_with(const char *name, const char *line, const char *more)
{
	char *from = mem_printf(SOURCE_DIR "/config/programmes/%s.yaml", name);
	char *to = mem_printf("%s/programmes/%s.yaml", home.dir, name);
	char *dir = mem_printf("%s/programmes", home.dir), *text = mem_calloc(1, 65536), *at;
	FILE *f = fopen(from, "rb");

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	assert_int_equal(fclose(f), 0);
	at = strstr(text, line);
	assert_non_null(at);
	at += strlen(line);
	(void)mkdir(dir, 0700);
	f = fopen(to, "wb");
	assert_non_null(f);
	assert_true(fprintf(f, "%.*s%s%s", (int)(at - text), text, more, at) > 0);
	assert_int_equal(fclose(f), 0);
	home.house.dir = home.dir;
	free(from);
	free(to);
	free(dir);
	free(text);
}

static void person(const char *programme, const char *key, const char *name, const char *phone)
{
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, programme, key, name, phone, 0, HOLD_NONE, "{}");
	TEST_OK(store_commit(home.st, &why));
}

static void run(const char *programme, const char *audience)
{
	struct campaign c = test_campaign("mời", programme, audience, "{}");
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned, faults;
	bool more;

	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	campaign_id = c.id;
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), 0, &planned, &faults, &more,
				 &why));
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(faults, 0);
	campaign_plan_free(p);
}

struct queued {
	int64_t campaign[8], recipient[8], due[8];
	char text[8][200];
	int step[8];
	size_t n;
};

static bool queued_take(const struct message_row *m, void *arg)
{
	struct queued *q = arg;

	assert_true(q->n < 8);
	q->campaign[q->n] = m->campaign_id;
	q->recipient[q->n] = m->recipient_id;
	q->due[q->n] = m->due_at;
	q->step[q->n] = m->step;
	(void)snprintf(q->text[q->n++], sizeof(q->text[0]), "%s", m->text);
	return true;
}

static struct queued queued(void)
{
	struct message_filter f = {.state = MESSAGE_QUEUED};
	struct queued q = {.n = 0};

	TEST_OK(store_message_list(home.st, &f, 8, queued_take, &q, &why));
	return q;
}

static enum claim_decision decide(size_t i, const struct queued *q)
{
	struct message_filter f = {.state = MESSAGE_QUEUED, .recipient_id = q->recipient[i]};
	struct campaign c = {0};
	struct message_candidate m;
	struct eligibility who = {.st = home.st, .house = &home.house, .now = q->due[i]};
	struct err e = ERR_INIT;
	enum claim_decision d;
	int64_t id = 0;

	(void)f;
	assert_int_equal(store_campaign_get(home.st, q->campaign[i], &c, &e), 1);
	who.plan = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(who.plan);
	for (id = 1; id < 100; id++) {
		if (store_message_candidate(home.st, id, &m, &e) == 1 &&
		    m.recipient_id == q->recipient[i] && m.step == q->step[i])
			break;
	}
	m.campaign_id = q->campaign[i];
	d = campaign_decide(&m, &who).decision;
	campaign_plan_free((struct campaign_plan *)(uintptr_t)who.plan);
	campaign_clear(&c);
	return d;
}

/* "after: 3": three days after the invitation, or when the next day is open; not to whoever is done by then. */
static void a_step_after_reminds_those_who_are_not_done(void **state)
{
	struct queued q;
	struct err e = ERR_INIT;

	(void)state;
	programme_with("vneid", "    sms: sms/vneid/a1.txt\n",
		       "    steps:\n      - when: after\n        days: 3\n        sms: "
		       "sms/vneid/a1.txt\n");
	person("vneid", "TP-1", "Nguyễn Văn An", "0912345678");
	person("vneid", "TP-2", "Trần Thị Bích", "0912345679");
	run("vneid", "A1"); /* Thursday 08/06 */
	q = queued();
	assert_int_equal(q.n, 4);
	for (size_t i = 0; i < q.n; i++)
		/* the 11th is a Sunday */
		assert_int_equal(q.due[i], q.step[i] == 0 ? test_at(20230608, 9, 0)
							  : test_at(20230612, 7, 30));
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_set_state(home.st, 1, 1, "test", &e), 1);
	TEST_OK(store_commit(home.st, &why));
	for (size_t i = 0; i < q.n; i++)
		if (q.step[i] != 0)
			assert_int_equal(decide(i, &q),
					 q.recipient[i] == 1 ? CLAIM_CANCEL : CLAIM_SEND);
}

/* "came": thanks, once, to whoever came; nothing to whoever did not, nor twice when it is corrected. */
static void whoever_came_is_thanked_once(void **state)
{
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230609),
			    .opens = 480,
			    .closes = 600,
			    .place = (char[]){"Công an xã"},
			    .seats = 20};
	struct queued q;
	struct err e = ERR_INIT;
	struct recipient r = {0};
	size_t thanks = 0;
	bool seated;
	int absent;

	(void)state;
	programme_with("cccd", "        sms: sms/cccd/a3-nhac.txt\n",
		       "      - when: came\n        sms: sms/cccd/a4.txt\n");
	person("cccd", "CC-1", "Nguyễn Văn An", "0912345678");
	person("cccd", "CC-2", "Trần Thị Bích", "0912345679");
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	run("cccd", "A3");
	clock_set_virtual(test_at(20230609, 9, 0));
	for (int twice = 0; twice < 2; twice++)
		assert_int_equal(campaign_session_attend(home.st, &home.house, s.id, 1,
							 SEAT_CAME, "test", &seated, &e),
				 twice == 0);
	TEST_OK(campaign_session_close(home.st, s.id, "test", &absent, &why));
	assert_int_equal(absent, 1);
	q = queued();
	for (size_t i = 0; i < q.n; i++)
		if (q.campaign[i] != campaign_id) {
			thanks++;
			assert_int_equal(q.recipient[i], 1);
			assert_int_equal(decide(i, &q), CLAIM_SEND);
		}
	assert_int_equal(thanks, 1);
	/* nor is whoever turns out not to have come */
	assert_int_equal(campaign_session_attend(home.st, &home.house, s.id, 2, SEAT_CAME,
						 "test", &seated, &e),
			 1);
	assert_int_equal(campaign_session_attend(home.st, &home.house, s.id, 2, SEAT_ABSENT,
						 "test", &seated, &e),
			 1);
	q = queued();
	for (size_t i = 0; i < q.n; i++)
		assert_true(q.campaign[i] == campaign_id || q.recipient[i] == 1);
	/* who came is done: nothing reminds them any more */
	assert_int_equal(store_recipient_get(home.st, 1, &r, &e), 1);
	assert_int_equal(r.state, 1);
	recipient_clear(&r);
	for (size_t i = 0; i < q.n; i++)
		if (q.campaign[i] == campaign_id && q.recipient[i] == 1)
			assert_int_equal(decide(i, &q), CLAIM_CANCEL);
}

/* Who is on duty on the day of a reminder nobody knows when it is written. */
static void a_reminder_that_names_whoever_is_on_duty_is_refused(void **state)
{
	struct campaign c = test_campaign("mời", "vneid", "A1", "{}");
	struct err e = ERR_INIT;

	(void)state;
	programme_with("vneid", "    sms: sms/vneid/a1.txt\n",
		       "    steps:\n      - when: after\n        days: 3\n        sms: "
		       "sms/vneid/a2.txt\n");
	assert_int_equal(campaign_create(home.st, &home.house, &c, "soan", &e), -1);
	assert_int_equal(e.code, EX_CONFIG);
	assert_non_null(strstr(e.text, "ai đang trực"));
}

#define STEP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STEP_TEST(a_step_after_reminds_those_who_are_not_done),
	    STEP_TEST(whoever_came_is_thanked_once),
	    STEP_TEST(a_reminder_that_names_whoever_is_on_duty_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
