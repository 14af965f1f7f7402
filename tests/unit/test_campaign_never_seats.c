/* SPDX-License-Identifier: Apache-2.0 */
/* The property that matters most, with sessions, reminders and corrections: whatever happens to people
 * and sessions, in whatever order, nothing goes out to the dead or the held, and no seat is sold twice.
 * SEQUENCES=100000 lives through that many lives of people; ctest through a few thousand. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign/sessions.h"
#include "campaign_house.h"

#include <sys/stat.h>

#define PEOPLE	 500
#define SESSIONS 12
#define ROUNDS	 9

static struct {
	struct test_house home;
	struct {
		int64_t id;
		bool dead, held, opted_out;
	} people[PEOPLE];
	int by_id[PEOPLE * 4];
	struct eligibility who;
	int64_t campaign;
	uint64_t seed;
	/* what was seen, so that the property is not met by doing nothing */
	int sent, dropped, corrected, dead, came, absent, moved, cancelled;
} t;

static int below(int n)
{
	t.seed = t.seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)((t.seed >> 33) % (uint64_t)n);
}

static void put(int i, enum recipient_hold hold)
{
	char key[16], phone[16];

	(void)snprintf(key, sizeof(key), "C-%03d", i);
	(void)snprintf(phone, sizeof(phone), "0912%06d", i);
	test_put(t.home.st, "cccd", key, "Nguyễn Văn Thử", phone, 0, hold, "{}");
}

static void add_session(int day)
{
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230609) + day,
			    .opens = 450 + below(4) * 60,
			    .closes = 1000,
			    .place = (char[]){"Công an xã"},
			    .seats = 40 + below(80)};
	struct err e = ERR_INIT;

	/* The same hour again with fewer seats than are promised is refused. */
	if (campaign_sessions_put(t.home.st, &t.home.house, &s, 1, NULL, "test", &e) < 0)
		assert_int_equal(e.code, EX_DATAERR);
}

/* One thing that happens to somebody. */
static void happen(int i)
{
	struct err e = ERR_INIT;
	struct store *st = t.home.st;

	TEST_OK(store_begin(st, &why));
	switch (below(6)) {
	case 0:
		assert_int_equal(store_recipient_hold(st, t.people[i].id, HOLD_DECEASED,
						      "giấy báo tử", "test", &e),
				 1);
		t.people[i].dead = true;
		break;
	case 1: /* a list says so */
		put(i, HOLD_DECEASED_SUSPECTED);
		t.people[i].dead = true;
		break;
	case 2: /* the same list once more: it lifts nothing */
		put(i, t.people[i].dead ? HOLD_DECEASED_SUSPECTED : HOLD_NONE);
		break;
	case 3:
		if (!t.people[i].dead) {
			t.people[i].held = !t.people[i].held;
			assert_int_equal(
			    store_recipient_hold(st, t.people[i].id,
						 t.people[i].held ? HOLD_OFFICER : HOLD_NONE,
						 "hỏi lại", "test", &e),
			    1);
		}
		break;
	case 4:
		TEST_OK(store_contact_flags(st, UINT64_C(84912000000) + (uint64_t)i,
					    CONTACT_OPTED_OUT, 0, "test", &why));
		t.people[i].opted_out = true;
		break;
	default:
		break;
	}
	TEST_OK(store_commit(st, &why));
}

/* One thing that happens to a session. Many are refused: they are over, full, off. */
static void change(int64_t id)
{
	struct session to = {.day = civil_day_of(clock_now_ms()) + 1 + below(5),
			     .opens = 480,
			     .closes = 960,
			     .place = (char[]){"Văn phòng ấp Tân Phú"}};
	struct session_change n = {0};
	struct err e = ERR_INIT;
	bool seated = false;
	int absent = 0, i = below(PEOPLE);

	switch (below(5)) {
	case 0:
		t.cancelled += campaign_session_cancel(t.home.st, &t.home.house, id, "máy hỏng",
						       "test", &n, &e) == 0;
		break;
	case 1:
		t.moved += campaign_session_move(t.home.st, &t.home.house, id, &to, "test", &n,
						 &e) == 0;
		break;
	case 2:
		t.came += campaign_session_attend(t.home.st, &t.home.house, id, t.people[i].id,
						  SEAT_CAME, "test", &seated, &e) == 1;
		break;
	case 3:
		if (campaign_session_close(t.home.st, id, "test", &absent, &e) == 0)
			t.absent += absent;
		break;
	default:
		if (campaign_session_seat(t.home.st, id, t.people[i].id, "test", &e) == 1)
			assert_false(t.people[i].dead || t.people[i].held);
		break;
	}
	t.corrected += n.corrected;
}

static struct claim_verdict checked(const struct message_candidate *c, void *arg)
{
	struct claim_verdict v = campaign_decide(c, arg);
	int i = t.by_id[c->recipient_id];

	if (v.decision != CLAIM_SEND) {
		t.dropped += v.decision == CLAIM_CANCEL || v.decision == CLAIM_EXPIRE;
		return v;
	}
	assert_int_equal(t.people[i].id, c->recipient_id);
	assert_false(t.people[i].dead);
	assert_false(t.people[i].held);
	assert_false(t.people[i].opted_out);
	t.sent++;
	return v;
}

static void running(const struct campaign *c, void *arg)
{
	int64_t *ids = arg;

	while (*ids != 0)
		ids++;
	*ids = c->id;
}

/* Some of what is due goes out; some of it comes back. */
static void claim_some(void)
{
	struct message_claimed out[PEOPLE];
	int64_t ids[8] = {0}, now = clock_now_ms();

	TEST_OK(store_campaign_list(t.home.st, CAMPAIGN_RUNNING, running, ids, &why));
	for (int k = 0; ids[k] != 0; k++) {
		struct message_claim q = {.campaign_id = ids[k],
					  .now = now,
					  .max = (size_t)(50 + below(PEOPLE - 50)),
					  .max_segments = 1 << 20,
					  .provider_id = 1,
					  .civil_day = civil_day_of(now),
					  .iso_week = civil_iso_week(civil_day_of(now)),
					  .decide = checked,
					  .arg = &t.who};
		struct campaign c = {0};
		struct campaign_plan *p;
		struct err e = ERR_INIT;
		size_t n = 0, examined = 0;

		assert_int_equal(store_campaign_get(t.home.st, ids[k], &c, &e), 1);
		p = campaign_plan_new(t.home.st, &t.home.house, &c, &e);
		assert_non_null(p);
		t.who = (struct eligibility){
		    .st = t.home.st, .house = &t.home.house, .now = now, .plan = p};
		TEST_OK(store_begin(t.home.st, &why));
		TEST_OK(store_message_claim(t.home.st, &q, out, &n, &examined, &why));
		for (size_t i = 0; i < n; i++) {
			bool back = below(5) == 0;
			struct message_result r = {.id = out[i].id,
						   .attempt = out[i].attempt,
						   .event = back ? MESSAGE_EV_NOT_SENT
								 : MESSAGE_EV_ACCEPTED,
						   .at = now,
						   .due_at = now + CLOCK_HOUR_MS,
						   .provider_id = 1};

			TEST_OK(store_message_finish(t.home.st, &r, 1, &why));
			free(out[i].text);
		}
		TEST_OK(store_commit(t.home.st, &why));
		campaign_plan_free(p);
		campaign_clear(&c);
	}
}

static void pass(void)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	bool more = true;

	assert_int_equal(store_campaign_get(t.home.st, t.campaign, &c, &e), 1);
	p = campaign_plan_new(t.home.st, &t.home.house, &c, &e);
	assert_non_null(p);
	while (more) {
		size_t planned = 0, faults = 0;

		TEST_OK(store_begin(t.home.st, &why));
		TEST_OK(campaign_fan_out(t.home.st, p, &c, clock_now_ms(), 200, &planned,
					 &faults, &more, &why));
		TEST_OK(store_commit(t.home.st, &why));
	}
	campaign_plan_free(p);
	campaign_clear(&c);
}

static bool count_seat(const struct seat *s, void *arg)
{
	int *n = arg;

	(*n)++;
	return s != NULL;
}

static void check_session(const struct session *s, void *arg)
{
	int n = 0;

	(void)arg;
	TEST_OK(store_seat_list(t.home.st, s->id, count_seat, &n, &why));
	assert_int_equal(n, s->taken);
	assert_true(s->taken <= s->seats);
}

/* One commune's weeks: each of its people lives through an order of events of their own. */
static void live(void)
{
	struct campaign c = test_campaign("không bao giờ", "cccd", "A3", "{}");
	int provider;

	memset(t.people, 0, sizeof(t.people));
	test_house_open(&t.home);
	t.home.caps.per_day = t.home.caps.per_week = 3;
	TEST_OK(store_begin(t.home.st, &why));
	TEST_OK(store_provider_put(t.home.st, "esms", &provider, &why));
	for (int i = 0; i < PEOPLE; i++) {
		struct recipient r = {0};
		struct err e = ERR_INIT;
		char key[16];

		put(i, HOLD_NONE);
		(void)snprintf(key, sizeof(key), "C-%03d", i);
		assert_int_equal(store_recipient_find(t.home.st, "cccd", key, &r, &e), 1);
		t.people[i].id = r.id;
		t.by_id[r.id] = i;
		recipient_clear(&r);
	}
	TEST_OK(store_commit(t.home.st, &why));
	for (int k = 0; k < SESSIONS / 2; k++)
		add_session(k);
	TEST_OK(campaign_create(t.home.st, &t.home.house, &c, "soan", &why));
	TEST_OK(campaign_approve(t.home.st, &t.home.house, c.id, "duyet", true, &why));
	TEST_OK(campaign_start(t.home.st, &t.home.house, c.id, "duyet", &why));
	t.campaign = c.id;
	for (int round = 0; round < ROUNDS; round++) {
		for (int k = below(PEOPLE / 8); k > 0; k--)
			happen(below(PEOPLE));
		pass();
		for (int k = below(PEOPLE / 8); k > 0; k--)
			happen(below(PEOPLE));
		claim_some();
		for (int k = below(SESSIONS); k > 0; k--)
			change(1 + below(SESSIONS));
		add_session(round);
		claim_some();
		clock_advance_virtual((2 + below(28)) * CLOCK_HOUR_MS);
	}
	TEST_OK(store_session_list(t.home.st, NULL, 0, check_session, NULL, &why));
	for (int i = 0; i < PEOPLE; i++)
		t.dead += t.people[i].dead;
	test_house_close(&t.home);
}

static void nothing_about_a_session_is_ever_sent_to_the_dead(void **state)
{
	const char *asked = getenv("SEQUENCES");
	int lives = asked != NULL ? (int)strtol(asked, NULL, 10) / PEOPLE : 4;

	(void)state;
	for (int i = 0; i < lives; i++) {
		t.seed = 46 + (uint64_t)i;
		live();
	}
	assert_true(t.sent > 200 * lives);
	assert_true(t.dropped > 10 * lives);
	assert_true(t.dead > 20 * lives);
	assert_true(t.corrected > 0 && t.moved > 0 && t.cancelled > 0);
	assert_true(t.came > 0 && t.absent > 0);
	print_message(
	    "%d lives: %d sent, %d dropped, %d dead, %d corrected, %d moved, %d cancelled, "
	    "%d came, %d absent\n",
	    lives * PEOPLE, t.sent, t.dropped, t.dead, t.corrected, t.moved, t.cancelled,
	    t.came, t.absent);
}

/* ---- a year with Tết -------------------------------------------------------------------------- */

/* The shipped programme with a deadline of 2027, in the test's own folder. */
static void move_to_2027(void)
{
	char *path = mem_printf("%s/programmes", t.home.dir), *text = mem_calloc(1, 1 << 20),
	     *at;
	FILE *f = fopen(SOURCE_DIR "/config/programmes/cccd.yaml", "rbe");

	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 1000);
	assert_int_equal(fclose(f), 0);
	at = strstr(text, "deadline: 20/06/2023");
	assert_non_null(at);
	memcpy(at, "deadline: 26/02/2027", strlen("deadline: 26/02/2027"));
	assert_int_equal(mkdir(path, 0700), 0);
	test_write(&t.home, "programmes/cccd.yaml", text);
	t.home.house.dir = t.home.dir;
	free(text);
	free(path);
}

/* Tết Đinh Mùi: mùng 1 is 06/02/2027; 05/02 to 11/02 are off. */
static void nobody_is_invited_or_reminded_over_tet(void **state)
{
	struct programme_step eve = {.when = STEP_BEFORE, .days = 1};
	struct campaign c = test_campaign("tết", "cccd", "A3", "{}");
	struct campaign_quota q;
	struct campaign_plan *p;
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20270212),
			    .opens = 480,
			    .closes = 660,
			    .place = (char[]){"Công an xã"},
			    .seats = 500};
	struct seating seating;
	struct err e = ERR_INIT;

	(void)state;
	test_house_open(&t.home);
	move_to_2027();
	clock_set_virtual(test_at(20270125, 9, 0));
	c.starts_at = test_at(20270125, 9, 0);
	c.expires_at = test_at(20270301, 0, 0);
	c.quota = true;
	TEST_OK(store_begin(t.home.st, &why));
	put(1, HOLD_NONE);
	TEST_OK(store_commit(t.home.st, &why));
	p = campaign_plan_new(t.home.st, &t.home.house, &c, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	/* 25/01 to 26/02: five weeks of five days, but for Friday 05/02 and Monday to Thursday 08–11/02. */
	TEST_OK(campaign_quota(t.home.st, p, test_day(20270125), &q, &why));
	assert_int_equal(q.days, 20);
	assert_int_equal(q.base, 5); /* 97 ÷ 20 = 4,9 */
	/* The eve of the first day after Tết is the last one before it. */
	assert_int_equal(
	    plan_step_due(p, &eve, test_at(20270201, 9, 0), test_at(20270212, 8, 0)),
	    test_at(20270204, 7, 30));
	/* Whoever would be told on giao thừa is told when it is over: too late for that session. */
	TEST_OK(campaign_sessions_put(t.home.st, &t.home.house, &s, 1, NULL, "test", &why));
	TEST_OK(seating_load(&seating, t.home.st, p,
			     calendar_next_open(t.home.calendar, test_at(20270205, 9, 0)),
			     &why));
	assert_int_equal(seating.n, 0);
	seating_free(&seating);
	TEST_OK(seating_load(&seating, t.home.st, p,
			     calendar_next_open(t.home.calendar, test_at(20270204, 9, 0)),
			     &why));
	assert_int_equal(seating.n, 1);
	seating_free(&seating);
	campaign_plan_free(p);
	test_house_close(&t.home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_about_a_session_is_ever_sent_to_the_dead),
	    cmocka_unit_test(nobody_is_invited_or_reminded_over_tet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
