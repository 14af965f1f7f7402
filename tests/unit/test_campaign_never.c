/* SPDX-License-Identifier: Apache-2.0 */
/* The property that matters most: whatever happens to the lists, in whatever order, nothing goes out to
 * the dead, the held, those who opted out or are somebody else, nor to who is done. SEQUENCES=100000 lives through
 * that many; ctest through one list's. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign_house.h"

#define ROWS   12000
#define ROUNDS 5

/* What the test knows of a row, apart from the store. Holds and flags are never lifted here; a death is
 * for good in any case. */
struct truth {
	int64_t id;
	bool dead, held, opted_out, wrong, moved, sent;
	int best_state; /* states only go forward */
};

static struct {
	struct test_house home;
	struct truth rows[ROWS];
	int64_t by_id[ROWS * 2];
	struct eligibility who;
	unsigned seed;
	int sent, cancelled, other, named, redirected;
} t;

static unsigned next_random(unsigned below)
{
	t.seed = t.seed * 1664525u + 1013904223u;
	return (t.seed >> 8) % below;
}

/* Every tenth number is shared by two rows. */
static uint64_t number_of(int row)
{
	return 84912000000u + (uint64_t)(row % 10 == 9 ? row - 1 : row);
}

static void put_row(int row, const char *phone_suffix, int state, enum recipient_hold hold)
{
	char key[32], name[48], phone[32];

	(void)snprintf(key, sizeof(key), "R-%05d", row);
	(void)snprintf(name, sizeof(name), "Nguyễn Văn Thứ %c%c", 'A' + row % 26,
		       'a' + row / 26 % 26);
	if (phone_suffix != NULL)
		(void)snprintf(phone, sizeof(phone), "%s", phone_suffix);
	else
		phone_format_national(number_of(row), phone);
	test_put(t.home.st, "vneid", key, name, phone, state, hold, "{}");
}

/* One thing that happens to a row, as officers and lists do it. */
static void happen(int row)
{
	struct truth *w = &t.rows[row];
	char phone[32];
	struct err e = ERR_INIT;

	switch (next_random(9)) {
	case 0: /* an officer sets a state */
		w->best_state = (int)next_random(2) + 1;
		assert_int_equal(
		    store_recipient_set_state(t.home.st, w->id, w->best_state, "test", &e), 1);
		break;
	case 1: /* a later list says that it is done */
		put_row(row, NULL, 2, HOLD_NONE);
		break;
	case 2: /* a later list says dead */
		put_row(row, NULL, 0, HOLD_DECEASED_SUSPECTED);
		w->dead = true;
		break;
	case 3:
		assert_int_equal(store_recipient_hold(t.home.st, w->id, HOLD_DECEASED,
						      "giấy báo tử", "test", &e),
				 1);
		w->dead = true;
		break;
	case 4:
		assert_int_equal(
		    store_recipient_hold(t.home.st, w->id, HOLD_OFFICER, "hỏi lại", "test", &e),
		    1);
		w->held = true;
		break;
	case 5:
		TEST_OK(store_contact_flags(t.home.st, number_of(row), CONTACT_OPTED_OUT, 0,
					    "test", &why));
		w->opted_out = true;
		break;
	case 6:
		TEST_OK(store_contact_flags(t.home.st, number_of(row), CONTACT_WRONG_PERSON, 0,
					    "test", &why));
		w->wrong = true;
		break;
	case 7: /* the list corrects the number */
		(void)snprintf(phone, sizeof(phone), "0977%06d", row);
		put_row(row, phone, 0, HOLD_NONE);
		w->moved = true;
		break;
	default: /* the same list once more */
		if (!w->dead && !w->moved)
			put_row(row, NULL, 0, HOLD_NONE);
		break;
	}
}

/* Numbers are shared: a flag set through one row holds for the other. */
static bool number_is_flagged(int row)
{
	int other = row % 10 == 9 ? row - 1 : row % 10 == 8 ? row + 1 : row;

	return t.rows[row].opted_out || t.rows[row].wrong || t.rows[other].opted_out ||
	       t.rows[other].wrong;
}

/* Who shares the number is named in the one message for both: nobody whom nothing may be sent to is. */
static void check_named(int row)
{
	int other = row % 10 == 9 ? row - 1 : row + 1;
	struct recipient now = {0};
	struct err e = ERR_INIT;

	assert_true(row % 10 >= 8);
	assert_false(t.rows[other].dead);
	assert_false(t.rows[other].held);
	assert_false(t.rows[other].moved);
	assert_int_equal(store_recipient_get(t.home.st, t.rows[other].id, &now, &e), 1);
	assert_int_equal(now.hold, HOLD_NONE);
	assert_int_equal(now.state, 0);
	recipient_clear(&now);
	t.named++;
}

static struct claim_verdict checked_decide(const struct message_candidate *c, void *arg)
{
	struct claim_verdict v = campaign_decide(c, arg);
	int row = (int)t.by_id[c->recipient_id];
	struct recipient now = {0};
	struct err e = ERR_INIT;

	t.sent += v.decision == CLAIM_SEND;
	t.cancelled += v.decision == CLAIM_CANCEL && v.contact_id == 0;
	t.other += v.decision != CLAIM_SEND && v.decision != CLAIM_CANCEL;
	if (v.decision != CLAIM_SEND)
		return v;
	assert_false(t.rows[row].dead);
	assert_false(t.rows[row].held);
	/* a number that was corrected gets it, and the old one never */
	if (t.rows[row].moved)
		assert_int_equal(c->number, 84977000000u + (uint64_t)row);
	else
		assert_false(number_is_flagged(row));
	assert_false(t.rows[row].sent);
	t.redirected += t.rows[row].moved;
	t.rows[row].sent = true;
	if (v.text != NULL)
		check_named(row);
	/* and as the store has it now */
	assert_int_equal(store_recipient_get(t.home.st, c->recipient_id, &now, &e), 1);
	assert_int_equal(now.hold, HOLD_NONE);
	assert_int_equal(now.state, 0);
	recipient_clear(&now);
	return v;
}

static void claim_some(int64_t campaign_id, int64_t now, size_t max)
{
	struct message_claimed *out = mem_calloc(max, sizeof(*out));
	struct message_claim claim = {.campaign_id = campaign_id,
				      .now = now,
				      .max = max,
				      .max_segments = 1 << 20,
				      .provider_id = 1,
				      .civil_day = civil_day_of(now),
				      .iso_week = civil_iso_week(civil_day_of(now)),
				      .decide = checked_decide,
				      .arg = &t.who};
	size_t n = 0, examined = 0;

	t.who.now = now;
	TEST_OK(store_message_claim(t.home.st, &claim, out, &n, &examined, &why));
	for (size_t i = 0; i < n; i++)
		free(out[i].text);
	free(out);
}

/* A list of people from its import to the last message. */
static void live(unsigned seed)
{
	struct campaign c = test_campaign("khong bao gio", "vneid", "A1", "{}");
	struct err e = ERR_INIT;
	size_t planned = 0, faults = 0;
	bool more = true;
	int64_t now = test_at(20230608, 9, 0);
	int provider;

	memset(&t, 0, sizeof(t));
	t.seed = seed;
	test_house_open(&t.home);
	TEST_OK(store_begin(t.home.st, &why));
	TEST_OK(store_provider_put(t.home.st, "esms", &provider, &why));
	for (int i = 0; i < ROWS; i++) {
		struct recipient r = {0};
		char key[32];

		put_row(i, NULL, 0, HOLD_NONE);
		(void)snprintf(key, sizeof(key), "R-%05d", i);
		assert_int_equal(store_recipient_find(t.home.st, "vneid", key, &r, &e), 1);
		assert_true(r.id > 0 && r.id < ROWS * 2);
		t.rows[i].id = r.id;
		t.by_id[r.id] = i;
		recipient_clear(&r);
	}
	TEST_OK(store_commit(t.home.st, &why));
	TEST_OK(campaign_create(t.home.st, &t.home.house, &c, "soan", &why));
	t.who = (struct eligibility){.st = t.home.st, .house = &t.home.house};
	t.who.plan = campaign_plan_new(t.home.st, &t.home.house, &c, &e);
	assert_non_null(t.who.plan);
	TEST_OK(store_begin(t.home.st, &why));
	while (more)
		TEST_OK(campaign_fan_out(t.home.st, t.who.plan, &c, now, 2000, &planned,
					 &faults, &more, &why));
	TEST_OK(store_commit(t.home.st, &why));

	/* Each row lives through a sequence of its own: up to 4 events a round for a third of them,
	 * between claims that take a part of the queue. */
	for (int round = 0; round < ROUNDS; round++) {
		TEST_OK(store_begin(t.home.st, &why));
		for (int i = 0; i < ROWS; i++)
			for (unsigned k = next_random(3) == 0 ? next_random(4) + 1 : 0; k > 0;
			     k--)
				happen(i);
		claim_some(c.id, now, round < ROUNDS - 1 ? 1500 : ROWS);
		TEST_OK(store_commit(t.home.st, &why));
		now += CLOCK_HOUR_MS;
	}
	/* the property is not met by sending nothing, nor by sending everything */
	assert_true(t.sent > 3000);
	assert_true(t.cancelled > 3000);
	assert_true(t.named > 100);
	assert_true(t.redirected > 100);
	campaign_plan_free((struct campaign_plan *)(uintptr_t)t.who.plan);
	test_house_close(&t.home);
}

static void nothing_is_ever_sent_to_whom_nothing_may_be_sent(void **state)
{
	const char *asked = getenv("SEQUENCES");
	int lists = asked != NULL ? (int)strtol(asked, NULL, 10) / ROWS + 1 : 1;

	(void)state;
	for (int i = 0; i < lists; i++)
		live(20230608 + (unsigned)i);
	print_message("%d sequences\n", lists * ROWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_ever_sent_to_whom_nothing_may_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
