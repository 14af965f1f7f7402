/* SPDX-License-Identifier: Apache-2.0 */
/* Audiences composed by name and counted at once: what the kinds say is what the rows say, whatever happened to
 * them. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign/audience.h"
#include "campaign_house.h"
#include "roster/roster.h"
#include "store/purge.h"

static struct test_house home;
static struct programme *cccd, *vneid, *officials;

static struct programme *import(const char *name, const char *file)
{
	struct roster_options o = {
	    .who = "test", .unit_kind = "ấp", .this_year = 2023, .list_year = 2023};
	struct roster_result result;
	struct err e = ERR_INIT;
	struct programme *p = programme_load(home.house.dir, name, &e);
	char *path = mem_printf(TESTS_DIR "/data/my-phu-dong/%s", file);

	if (p == NULL || roster_import(home.st, p, path, &o, &result, &e) < 0)
		fail_msg("%s", e.text);
	roster_result_free(&result);
	free(path);
	return p;
}

static int set_up(void **state)
{
	(void)state;
	test_house_open(&home);
	cccd = import("cccd", "cccd-ton.csv");
	vneid = import("vneid", "ho-dan.csv");
	officials = import("officials", "can-bo.csv");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	programme_free(cccd);
	programme_free(vneid);
	programme_free(officials);
	test_house_close(&home);
	return 0;
}

static void count(const struct programme *p, const char *text, struct audience_count *n)
{
	struct audience_names saved;

	TEST_OK(audience_names_load(&saved, home.st, p->name, &why));
	TEST_OK(audience_count(home.st, p, text, &saved.names, true, n, &why));
	audience_names_free(&saved);
}

static int64_t members(const struct programme *p, const char *text)
{
	struct audience_count n;
	int64_t out;

	count(p, text, &n);
	out = n.members;
	audience_count_free(&n);
	return out;
}

/* The same by looking at every row. */
struct slow {
	struct predicate *q;
	struct plan_units units;
	int64_t rows, members, reachable;
};

static bool slow_row(const struct recipient *r, void *arg)
{
	struct slow *s = arg;
	const struct plan_unit *u = plan_units_find(&s->units, r->unit_id);
	struct predicate_row row = {.r = r, .unit_name = u != NULL ? u->name : NULL};

	s->rows++;
	if (predicate_holds(s->q, &row)) {
		s->members++;
		s->reachable +=
		    r->hold == HOLD_NONE && plan_judge_number(r) == EXCLUDED_COUNT;
	}
	return true;
}

static void expect_as_the_rows_say(const struct programme *p, const char *text)
{
	struct slow s = {.q = NULL};
	struct audience_count n;
	struct err e = ERR_INIT;
	int64_t all = 0;

	s.q = predicate_compile(p, text, NULL, &e);
	if (s.q == NULL)
		fail_msg("%s: %s", text, e.text);
	TEST_OK(plan_units_load(&s.units, home.st, &why));
	TEST_OK(store_recipient_scan(home.st, p->name, 0, SIZE_MAX, true, slow_row, &s, &why));
	count(p, text, &n);
	for (int x = 0; x < EXCLUDED_COUNT; x++)
		all += n.excluded[x];
	if (n.recipients != s.rows || n.members != s.members || n.reachable != s.reachable ||
	    all + n.reachable != n.recipients)
		fail_msg("%s: %s: %lld of %lld, %lld reachable; the rows say %lld of %lld, %lld",
			 p->name, text, (long long)n.members, (long long)n.recipients,
			 (long long)n.reachable, (long long)s.members, (long long)s.rows,
			 (long long)s.reachable);
	assert_int_equal(n.n_samples, n.reachable < AUDIENCE_SAMPLES ? n.reachable : AUDIENCE_SAMPLES);
	audience_count_free(&n);
	predicate_free(s.q);
	plan_units_free(&s.units);
}

static void expect_all(void)
{
	static const char *const households[] = {
	    "A1", "A2", "A7", "A16", "A18", "A19", "not A1", "A1 and not A18 and unit = \"Tân Phú\"",
	    "number = opted-out or number = dead", "phone = missing", "group = \"Tổ 1\"",
	    "fact.smartphone = khong", "fact.away = co", "sex = 2 and hold = none"};
	static const char *const persons[] = {
	    "A3", "A4", "A5", "A6", "A17", "thieu_tuoi", "age < 14", "age >= 18 and age < 60",
	    "A17 and shared = no", "birth < day", "A3 or A17", "not (age >= 17)", "number = ok"};

	for (size_t i = 0; i < sizeof(households) / sizeof(households[0]); i++)
		expect_as_the_rows_say(vneid, households[i]);
	for (size_t i = 0; i < sizeof(persons) / sizeof(persons[0]); i++)
		expect_as_the_rows_say(cccd, persons[i]);
	expect_as_the_rows_say(officials, "A8");
	expect_as_the_rows_say(officials, "A9");
	expect_as_the_rows_say(officials, "A10");
}

static uint64_t luck = 46;

static int64_t dice(int64_t n)
{
	luck ^= luck << 13;
	luck ^= luck >> 7;
	luck ^= luck << 17;
	return (int64_t)(luck % (uint64_t)n);
}

/* Something that happens to lists: officers, receipts, replies, a new list, the law. */
static void happen(int64_t last)
{
	int64_t id = 1 + dice(last);
	struct recipient r = {0};
	enum recipient_put what;
	struct err e = ERR_INIT;
	char *programme = NULL;

	assert_int_equal(store_recipient_get(home.st, id, &r, &e), 1);
	assert_int_equal(store_recipient_programme(home.st, id, &programme, &e), 1);
	switch (dice(7)) {
	case 0:
		assert_true(store_recipient_hold(home.st, id, (enum recipient_hold)dice(5), "thử",
						 "test", &e) > 0);
		break;
	case 1:
		assert_true(store_recipient_set_state(home.st, id, (int)dice(3), "test", &e) > 0);
		break;
	case 2:
	case 3:
		if (r.number != 0)
			TEST_OK(store_contact_flags(home.st, r.number, 1u << dice(5), 1u << dice(5),
						    "test", &why));
		break;
	case 4: /* another number, perhaps somebody's */
		r.number = UINT64_C(84912000000) + (uint64_t)dice(40);
		r.phone_status = PHONE_OK;
		TEST_OK(store_recipient_put(home.st, programme, &r, &what, &why));
		break;
	case 5:
		r.birth_precision = 3;
		r.birth_year = 2000 + (int)dice(12);
		r.birth_month = 1 + (int)dice(12);
		r.birth_day = 1 + (int)dice(28);
		r.unit_id = 1 + dice(3);
		TEST_OK(store_recipient_put(home.st, programme, &r, &what, &why));
		break;
	default:
		if (dice(10) == 0) {
			int open;

			assert_true(store_recipient_erase(home.st, id, "test", &open, &e) >= 0);
		}
	}
	free(programme);
	recipient_clear(&r);
}

static void counts_are_those_of_the_rows_whatever_happens_to_them(void **state)
{
	int64_t last = 0;

	(void)state;
	expect_all();
	TEST_OK(store_recipient_last(home.st, "officials", &last, &why));
	for (int round = 0; round < 8; round++) {
		TEST_OK(store_begin(home.st, &why));
		for (int i = 0; i < 60; i++)
			happen(last);
		TEST_OK(store_commit(home.st, &why));
		expect_all();
	}
}

static void the_audiences_of_the_plan_are_found(void **state)
{
	(void)state;
	assert_int_equal(members(vneid, "A1") + members(vneid, "A2") + members(vneid, "A7") +
			     members(vneid, "not (A1 or A2 or A7)"),
			 1157);
	assert_true(members(cccd, "A4") > 0 && members(cccd, "A6") > 0);
	assert_true(members(cccd, "A17") > 0);
	assert_int_equal(members(cccd, "A17 and A3"), 0);
	assert_true(members(officials, "A8") > 0 && members(officials, "A9") > 0);
	assert_int_equal(members(officials, "A10"), 3);
	assert_int_equal(members(officials, "to_truong and not A9"), 0);
	assert_true(members(vneid, "A16") > 0);
	assert_int_equal(members(vneid, "A18"), 0); /* this list has no shared number */
}

static void names_are_saved_and_made_of_each_other(void **state)
{
	struct audience_count n;
	struct err e = ERR_INIT;

	(void)state;
	TEST_OK(audience_save(home.st, vneid, "xa trung tâm", "unit in (\"Tân Phú\", \"Tân Mỹ\")",
			      "soan", &why));
	TEST_OK(audience_save(home.st, vneid, "gap", "A1 and not \"xa trung tâm\"", "soan", &why));
	count(vneid, "gap", &n);
	assert_int_equal(n.members, members(vneid, "A1 and unit = \"Tân Đông\""));
	assert_null(strstr(n.expanded, "gap"));
	assert_null(strstr(n.expanded, "A1"));
	assert_non_null(strstr(n.expanded, "\"Tân Phú\""));
	/* what it stands for means the same */
	assert_int_equal(members(vneid, n.expanded), n.members);
	audience_count_free(&n);
	/* nothing means itself, a name means one thing, and what others are made of stays */
	assert_int_equal(audience_save(home.st, vneid, "xa trung tâm", "not gap", "soan", &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	err_clear(&e);
	assert_int_equal(audience_save(home.st, vneid, "A18", "state = none", "soan", &e), -1);
	err_clear(&e);
	assert_int_equal(audience_save(home.st, vneid, "state", "state = none", "soan", &e), -1);
	err_clear(&e);
	assert_int_equal(audience_save(home.st, vneid, "moi", "state = khong_co", "soan", &e), -1);
	err_clear(&e);
	assert_int_equal(audience_remove(home.st, vneid, "xa trung tâm", "soan", &e), -1);
	err_clear(&e);
	assert_int_equal(audience_remove(home.st, vneid, "gap", "soan", &e), 1);
	assert_int_equal(audience_remove(home.st, vneid, "gap", "soan", &e), 0);
	TEST_OK(store_audit_verify(home.st, &why));
}

/* "chỉ những hộ …": what is approved is what the name stood for that day. */
static void a_campaign_goes_to_those_only_for_whom_it_holds(void **state)
{
	struct campaign c = test_campaign("chi mot ap", "vneid", "A1,A2", "{}");
	struct campaign_preview all, some;
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	(void)state;
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &all, &why));
	campaign_plan_free(p);
	c.only_when = (char *)(uintptr_t) "unit = \"Tân Mỹ\" and not A18";
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &some, &why));
	assert_int_equal(some.messages,
			 members(vneid, "(A1 or A2) and unit = \"Tân Mỹ\" and not A18 and "
					"hold = none and number = ok"));
	assert_true(some.messages > 0 && some.messages < all.messages);
	assert_string_not_equal(some.hash, all.hash);
	campaign_preview_free(&all);
	campaign_preview_free(&some);
	campaign_plan_free(p);
	c.only_when = (char *)(uintptr_t) "unit = ";
	assert_null(campaign_plan_new(home.st, &home.house, &c, &e));
}

#define AUDIENCE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AUDIENCE_TEST(the_audiences_of_the_plan_are_found),
	    AUDIENCE_TEST(names_are_saved_and_made_of_each_other),
	    AUDIENCE_TEST(a_campaign_goes_to_those_only_for_whom_it_holds),
	    AUDIENCE_TEST(counts_are_those_of_the_rows_whatever_happens_to_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
