/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign_home.h"
#include "roster/roster.h"

/* Of the invented lists under tests/data/my-phu-dong. */
#define HOUSEHOLDS 1157
#define A1_ROWS	   543
#define A2_ROWS	   446
/* Of them with a mobile number in truth.csv, no two alike; and of these in no range that is known. */
#define A1_NUMBERS 480
#define A1_UNKNOWN 26
#define A2_NUMBERS 389
#define A2_UNKNOWN 16

static void import_list(const char *programme, const char *file)
{
	struct roster_options o = {
	    .who = "test", .unit_kind = "ấp", .this_year = 2023, .list_year = 2023};
	char *path = mem_printf("%s/data/my-phu-dong/%s", TESTS_DIR, file);
	struct roster_result result;
	struct err e = ERR_INIT;
	struct programme *p = programme_load(home.house.dir, programme, &e);

	if (p == NULL || roster_import(home.st, p, path, &o, &result, &e) < 0)
		fail_msg("%s", e.text);
	roster_result_free(&result);
	programme_free(p);
	free(path);
}

static int64_t create(const char *name, const char *programme, const char *audiences,
		      const char *parameters)
{
	struct campaign c = test_campaign(name, programme, audiences, parameters);

	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	assert_true(c.id > 0);
	return c.id;
}

static int64_t all_rows(const struct campaign_preview *v)
{
	int64_t n = v->messages + v->n_faults;

	for (int x = 0; x < EXCLUDED_COUNT; x++)
		n += v->excluded[x];
	return n;
}

static enum campaign_state state_of(int64_t id)
{
	struct campaign c = {0};
	enum campaign_state s;
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	s = c.state;
	campaign_clear(&c);
	return s;
}

/* Fans the campaign out to its end, a transaction a batch; returns the rows it planned. */
static size_t fan_out(int64_t id, size_t batch, bool from_the_start)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t total = 0;
	bool more = true;

	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	if (from_the_start)
		c.cursor = 0;
	while (more) {
		size_t planned = 0, faults = 0;

		TEST_OK(store_begin(home.st, &why));
		TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), batch, &planned,
					 &faults, &more, &why));
		TEST_OK(store_commit(home.st, &why));
		assert_int_equal(faults, 0);
		total += planned;
	}
	assert_int_equal(c.cursor, -1);
	campaign_plan_free(p);
	campaign_clear(&c);
	return total;
}

static struct message_counts counts_of(int64_t id)
{
	struct message_counts n;

	TEST_OK(store_message_counts(home.st, id, 0, &n, &why));
	return n;
}

static void start(int64_t id)
{
	TEST_OK(campaign_approve(home.st, &home.house, id, "duyet", true, &why));
	TEST_OK(campaign_start(home.st, &home.house, id, "duyet", &why));
	assert_int_equal(state_of(id), CAMPAIGN_RUNNING);
}

/* ---- the list of Mỹ Phú Đông -------------------------------------------------------------- */

static void the_preview_counts_every_household_once_and_its_money_adds_up(void **state)
{
	struct campaign_preview v;
	int64_t id, by_segments = 0;

	(void)state;
	import_list("vneid", "ho-dan.csv");
	id = create("ca hai", "vneid", "A1,A2", "{}");
	test_preview(&home, id, &v);
	assert_int_equal(v.recipients, HOUSEHOLDS);
	assert_int_equal(all_rows(&v), HOUSEHOLDS);
	assert_int_equal(v.excluded[EXCLUDED_NOT_IN_AUDIENCE], HOUSEHOLDS - A1_ROWS - A2_ROWS);
	assert_int_equal(v.messages, A1_NUMBERS + A2_NUMBERS);
	assert_int_equal(v.unknown_range, A1_UNKNOWN + A2_UNKNOWN);
	assert_int_equal(v.messages + v.excluded[EXCLUDED_NO_PHONE], A1_ROWS + A2_ROWS);
	assert_int_equal(v.by_audience[0] + v.by_audience[1], v.messages);
	assert_int_equal(v.n_faults, 0);
	for (int s = 1; s < 8; s++)
		by_segments += s * v.by_segments[s];
	assert_int_equal(by_segments, v.segments);
	/* every text fits one unaccented segment */
	assert_int_equal(v.segments, v.messages);
	assert_int_equal(v.segments, v.segments_without);
	assert_true(v.segments_with > 2 * v.segments);
	assert_int_equal(v.cost, v.segments * 350);
	assert_int_equal(v.n_samples, 5);
	for (int i = 0; i < v.n_samples; i++) {
		assert_int_equal(strncmp(v.samples[i].text, "UBND xa My Phu Dong", 19), 0);
		assert_non_null(strstr(v.samples[i].masked, "•"));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(v.samples[i].text, v.samples[k].text);
	}
	assert_string_equal(v.samples[0].audience, "A1");
	assert_string_equal(v.samples[1].audience, "A2");
	assert_true(v.longest.count.units <= 160);
	campaign_preview_free(&v);
}

static void each_audience_is_found_whole(void **state)
{
	static const struct {
		const char *audience;
		int64_t rows, numbers, unknown;
	} cases[] = {{"A1", A1_ROWS, A1_NUMBERS, A1_UNKNOWN},
		     {"A2", A2_ROWS, A2_NUMBERS, A2_UNKNOWN}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t id = create(cases[i].audience, "vneid", cases[i].audience, "{}");
		struct campaign_preview v;

		test_preview(&home, id, &v);
		assert_int_equal(all_rows(&v), HOUSEHOLDS);
		assert_int_equal(HOUSEHOLDS - v.excluded[EXCLUDED_NOT_IN_AUDIENCE],
				 cases[i].rows);
		/* who is not written to has no number that can be texted */
		assert_int_equal(v.messages, cases[i].numbers);
		assert_int_equal(v.unknown_range, cases[i].unknown);
		assert_int_equal(v.messages + v.excluded[EXCLUDED_NO_PHONE], cases[i].rows);
		campaign_preview_free(&v);
	}
}

static void a_preview_is_the_same_twice_and_another_when_anything_changes(void **state)
{
	int64_t id = create("hash", "vneid", "A1", "{}");
	struct campaign_preview a, b;
	struct recipient r = {0};
	struct err e = ERR_INIT;

	(void)state;
	test_preview(&home, id, &a);
	test_preview(&home, id, &b);
	assert_string_equal(a.hash, b.hash);
	assert_int_equal(strlen(a.hash), 64);
	campaign_preview_free(&b);
	/* one household has its account now */
	assert_int_equal(store_recipient_find(home.st, "vneid", "TP-0002", &r, &e), 1);
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_set_state(home.st, r.id, 1, "test", &e), 1);
	TEST_OK(store_commit(home.st, &why));
	test_preview(&home, id, &b);
	assert_string_not_equal(a.hash, b.hash);
	assert_int_equal(b.messages, a.messages - 1);
	campaign_preview_free(&b);
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_set_state(home.st, r.id, 0, "test", &e), 1);
	TEST_OK(store_commit(home.st, &why));
	test_preview(&home, id, &b);
	assert_string_equal(a.hash, b.hash);
	campaign_preview_free(&b);
	/* the price */
	home.house.price_per_segment = 351;
	test_preview(&home, id, &b);
	assert_string_not_equal(a.hash, b.hash);
	campaign_preview_free(&b);
	home.house.price_per_segment = 350;
	campaign_preview_free(&a);
	recipient_clear(&r);
}

static void two_people_release_a_campaign_and_only_what_they_saw(void **state)
{
	int64_t id = create("hai nguoi", "vneid", "A1", "{}");
	struct recipient r = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(campaign_start(home.st, &home.house, id, "duyet", &e), -1);
	err_clear(&e);
	assert_int_equal(campaign_approve(home.st, &home.house, id, "soan", true, &e), -1);
	assert_int_equal(e.code, EX_NOPERM);
	assert_int_equal(state_of(id), CAMPAIGN_DRAFT);
	TEST_OK(campaign_approve(home.st, &home.house, id, "duyet", true, &why));
	assert_int_equal(state_of(id), CAMPAIGN_APPROVED);
	/* the list changes after the approval */
	assert_int_equal(store_recipient_find(home.st, "vneid", "TP-0006", &r, &e), 1);
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_set_state(home.st, r.id, 1, "test", &e), 1);
	TEST_OK(store_commit(home.st, &why));
	err_clear(&e);
	assert_int_equal(campaign_start(home.st, &home.house, id, "duyet", &e), -1);
	assert_non_null(strstr(e.text, "thay đổi sau khi duyệt"));
	assert_int_equal(state_of(id), CAMPAIGN_APPROVED);
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_set_state(home.st, r.id, 0, "test", &e), 1);
	TEST_OK(store_commit(home.st, &why));
	TEST_OK(campaign_start(home.st, &home.house, id, "duyet", &why));
	/* starting what runs changes nothing */
	TEST_OK(campaign_start(home.st, &home.house, id, "duyet", &why));
	assert_int_equal(state_of(id), CAMPAIGN_RUNNING);
	TEST_OK(campaign_pause(home.st, id, "duyet", &why));
	TEST_OK(campaign_resume(home.st, id, "duyet", &why));
	err_clear(&e);
	assert_int_equal(campaign_resume(home.st, id, "duyet", &e), -1);
	TEST_OK(campaign_cancel(home.st, id, "duyet", &why));
	assert_int_equal(state_of(id), CAMPAIGN_CANCELLED);
	err_clear(&e);
	assert_int_equal(campaign_cancel(home.st, id, "duyet", &e), -1);
	recipient_clear(&r);
	/* one person may, where the configuration does not ask for two */
	id = create("mot nguoi", "vneid", "A1", "{}");
	TEST_OK(campaign_approve(home.st, &home.house, id, "soan", false, &why));
	TEST_OK(store_audit_verify(home.st, &why));
}

static void fanning_out_twice_or_from_the_middle_adds_nothing(void **state)
{
	int64_t id = create("phat", "vneid", "A1,A2", "{}");
	struct campaign_preview v;
	struct message_counts n;
	struct campaign c = {0};
	struct err e = ERR_INIT;

	(void)state;
	start(id);
	test_preview(&home, id, &v);
	assert_int_equal(fan_out(id, 100, false), v.messages + v.excluded[EXCLUDED_SHARED]);
	n = counts_of(id);
	assert_int_equal(n.by_state[MESSAGE_QUEUED], v.messages);
	assert_int_equal(n.by_state[MESSAGE_LINKED], v.excluded[EXCLUDED_SHARED]);
	assert_int_equal(fan_out(id, 37, true), 0);
	assert_int_equal(fan_out(id, 0, true), 0);
	assert_int_equal(counts_of(id).total, n.total);
	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	assert_int_equal(campaign_is_finished(home.st, &c, &e), 0);
	TEST_OK(campaign_cancel(home.st, id, "duyet", &why));
	assert_int_equal(counts_of(id).by_state[MESSAGE_CANCELLED], v.messages);
	assert_int_equal(campaign_is_finished(home.st, &c, &e), 1);
	campaign_clear(&c);
	campaign_preview_free(&v);
}

static void a_batch_that_is_rolled_back_leaves_neither_rows_nor_cursor(void **state)
{
	int64_t id = create("lui", "vneid", "A1", "{}");
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned, faults;
	bool more;

	(void)state;
	start(id);
	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), 200, &planned, &faults, &more,
				 &why));
	assert_true(planned > 0 && more && c.cursor > 0);
	store_rollback(home.st);
	assert_int_equal(counts_of(id).total, 0);
	campaign_plan_free(p);
	campaign_clear(&c);
	assert_true(fan_out(id, 200, false) > 400);
	TEST_OK(campaign_cancel(home.st, id, "duyet", &why));
}

static void texts_that_change_after_the_start_halt_the_campaign(void **state)
{
	int64_t id = create("doi ban mau", "vneid", "A1", "{}");
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned, faults;
	bool more;

	(void)state;
	start(id);
	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	free(p->audiences[0].file);
	p->audiences[0].file = mem_strdup("another text");
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), 200, &planned, &faults, &more,
				 &why));
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(planned, 0);
	assert_false(more);
	assert_int_equal(state_of(id), CAMPAIGN_HALTED);
	assert_int_equal(counts_of(id).total, 0);
	campaign_plan_free(p);
	campaign_clear(&c);
	/* seen and approved again, it goes on */
	start(id);
	assert_true(fan_out(id, 0, false) > 400);
	TEST_OK(campaign_cancel(home.st, id, "duyet", &why));
}

static void a_campaign_cancelled_in_the_middle_of_its_fan_out_is_finished(void **state)
{
	int64_t id = create("huy giua chung", "vneid", "A1", "{}");
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned, faults;
	bool more;

	(void)state;
	start(id);
	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), 200, &planned, &faults, &more,
				 &why));
	TEST_OK(store_commit(home.st, &why));
	assert_true(more);
	campaign_plan_free(p);
	TEST_OK(campaign_cancel(home.st, id, "duyet", &why));
	campaign_clear(&c);
	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	assert_int_equal(campaign_is_finished(home.st, &c, &e), 1);
	assert_int_equal(counts_of(id).by_state[MESSAGE_CANCELLED], (int64_t)planned);
	campaign_clear(&c);
}

static void the_dead_are_in_nobody_s_preview(void **state)
{
	int64_t id;
	struct campaign_preview v;

	(void)state;
	import_list("cccd", "cccd-ton.csv");
	id = create("cccd", "cccd", "A3,A4,A5,A6,A17",
		    "{\"ngay\":\"16/06/2023\",\"gio\":\"13:30\"}");
	test_preview(&home, id, &v);
	assert_int_equal(v.recipients, 98);
	assert_int_equal(all_rows(&v), 98);
	assert_int_equal(v.excluded[EXCLUDED_DECEASED], 2);
	assert_int_equal(v.excluded[EXCLUDED_NOT_IN_AUDIENCE], 0);
	assert_int_equal(v.n_faults, 0);
	assert_int_equal(v.segments, v.messages);
	campaign_preview_free(&v);
}

/* ---- decide ------------------------------------------------------------------------------- */

static struct message_candidate candidate(const struct recipient *r)
{
	return (struct message_candidate){.recipient_id = r->id,
					  .contact_id = r->contact_id,
					  .due_at = test_at(20230608, 9, 0),
					  .expires_at = test_at(20230621, 0, 0),
					  .planned_rev = r->rev,
					  .recipient_rev = r->rev,
					  .recipient_state = r->state,
					  .recipient_hold = HOLD_NONE,
					  .number = r->number,
					  .text = ""};
}

static void caps_postpone_to_the_next_open_day_or_week_or_expire(void **state)
{
	struct eligibility who = {.st = home.st, .house = &home.house};
	struct recipient r = {.id = 1, .contact_id = 1, .rev = 1};
	struct message_candidate c = candidate(&r);
	struct claim_verdict v;

	(void)state;
	who.now = test_at(20230608, 10, 0); /* Thursday */
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_SEND);
	c.contact_day = test_day(20230608);
	c.contact_week = civil_iso_week(c.contact_day);
	c.contact_day_count = c.contact_week_count = 1;
	v = campaign_decide(&c, &who);
	assert_int_equal(v.decision, CLAIM_POSTPONE);
	assert_int_equal(v.due_at, test_at(20230609, 7, 30));
	/* the day after, its second of the week */
	who.now = v.due_at;
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_SEND);
	c.contact_day = test_day(20230609);
	c.contact_week_count = 2;
	v = campaign_decide(&c, &who);
	assert_int_equal(v.decision, CLAIM_POSTPONE);
	assert_int_equal(v.due_at, test_at(20230612, 7, 30));
	/* too late by then */
	c.expires_at = test_at(20230612, 7, 30);
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_EXPIRE);
	c.expires_at = who.now;
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_EXPIRE);
}

/* What was delayed until the eve of Tết waits until somebody is there again. */
static void an_invitation_to_an_office_waits_while_that_is_closed(void **state)
{
	struct campaign row = test_campaign("truoc tet", "vneid", "A1", "{}");
	struct eligibility who = {.st = home.st, .house = &home.house};
	struct recipient r = {.id = 1, .contact_id = 1, .rev = 1};
	struct message_candidate c = candidate(&r);
	struct claim_verdict v;
	struct err e = ERR_INIT;
	struct campaign_plan *p;

	(void)state;
	row.starts_at = test_at(20260202, 9, 0);
	row.expires_at = test_at(20260301, 0, 0);
	p = campaign_plan_new(home.st, &home.house, &row, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	who.plan = p;
	c.expires_at = row.expires_at;
	who.now = test_at(20260212, 9, 0);
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_SEND);
	who.now = test_at(20260213, 9, 0);
	v = campaign_decide(&c, &who);
	assert_int_equal(v.decision, CLAIM_POSTPONE);
	assert_int_equal(v.due_at, test_at(20260223, 7, 30));
	c.expires_at = test_at(20260223, 0, 0);
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_EXPIRE);
	campaign_plan_free(p);
	/* Nor does a campaign invite to such a day itself. */
	row.programme = (char *)(uintptr_t) "cccd";
	row.audiences = (char *)(uintptr_t) "A3";
	row.parameters = (char *)(uintptr_t) "{\"ngay\": \"17/02/2026\", \"gio\": \"08:00\"}";
	assert_null(campaign_plan_new(home.st, &home.house, &row, &e));
	assert_non_null(strstr(e.text, "ngày nghỉ"));
}

static void holds_and_flags_cancel_before_anything_else(void **state)
{
	static const struct {
		int hold;
		unsigned flags;
		const char *why;
	} cases[] = {{HOLD_DECEASED_SUSPECTED, 0, "đã mất hoặc nghi đã mất"},
		     {HOLD_DECEASED, CONTACT_OPTED_OUT, "đã mất hoặc nghi đã mất"},
		     {HOLD_OFFICER, 0, "đang tạm giữ"},
		     {HOLD_GONE, 0, "đang tạm giữ"},
		     {HOLD_NONE, CONTACT_OPTED_OUT, "đã đề nghị không nhận tin"},
		     {HOLD_NONE, CONTACT_WRONG_PERSON, "số của người khác"},
		     {HOLD_NONE, CONTACT_DEAD_NUMBER, "số không còn dùng"}};
	struct eligibility who = {
	    .st = home.st, .house = &home.house, .now = test_at(20230608, 10, 0)};
	struct recipient r = {.id = 1, .contact_id = 1, .rev = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message_candidate c = candidate(&r);
		struct claim_verdict v;

		c.recipient_hold = cases[i].hold;
		c.contact_flags = cases[i].flags;
		v = campaign_decide(&c, &who);
		assert_int_equal(v.decision, CLAIM_CANCEL);
		assert_string_equal(v.reason, cases[i].why);
		/* also when it expired, or is capped */
		c.expires_at = who.now;
		assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_CANCEL);
	}
	{
		struct message_candidate c = candidate(&r);

		c.contact_flags = CONTACT_UNCONFIRMED | CONTACT_REACHED;
		assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_SEND);
	}
}

static void a_row_that_changed_is_read_and_judged_again(void **state)
{
	struct campaign row = test_campaign("doi", "vneid", "A1", "{}");
	struct eligibility who = {
	    .st = home.st, .house = &home.house, .now = test_at(20230608, 10, 0)};
	struct err e = ERR_INIT;
	struct recipient r = {0};
	struct message_candidate c;
	struct campaign_plan *p = campaign_plan_new(home.st, &home.house, &row, &e);
	struct claim_verdict v;

	(void)state;
	assert_non_null(p);
	who.plan = p;
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", "X-1", "Lê Thị Mười", "0912000777", 0, HOLD_NONE, "{}");
	assert_int_equal(store_recipient_find(home.st, "vneid", "X-1", &r, &e), 1);
	c = candidate(&r);
	/* something changed that does not matter: what is sent is as it would be written now */
	c.recipient_rev++;
	v = campaign_decide(&c, &who);
	assert_int_equal(v.decision, CLAIM_SEND);
	assert_non_null(strstr(v.text, "Ba Le Thi Muoi"));
	c.text = v.text;
	assert_null(campaign_decide(&c, &who).text);
	/* done meanwhile */
	assert_int_equal(store_recipient_set_state(home.st, r.id, 2, "test", &e), 1);
	v = campaign_decide(&c, &who);
	assert_int_equal(v.decision, CLAIM_CANCEL);
	assert_string_equal(v.reason, "đã làm xong, không cần gửi");
	/* in between: another audience's, with another text */
	assert_int_equal(store_recipient_set_state(home.st, r.id, 1, "test", &e), 1);
	v = campaign_decide(&c, &who);
	assert_int_equal(v.decision, CLAIM_CANCEL);
	assert_int_equal(store_recipient_set_state(home.st, r.id, 0, "test", &e), 1);
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_SEND);
	free((char *)(uintptr_t)c.text);
	c.text = "";
	/* another number */
	c.contact_id++;
	v = campaign_decide(&c, &who);
	assert_int_equal(v.decision, CLAIM_CANCEL);
	assert_string_equal(v.reason, "số điện thoại đã thay đổi");
	assert_int_equal(v.contact_id, r.contact_id);
	/* no longer there */
	c.recipient_id = INT64_C(1) << 40;
	assert_int_equal(campaign_decide(&c, &who).decision, CLAIM_CANCEL);
	store_rollback(home.st);
	recipient_clear(&r);
	campaign_plan_free(p);
}

/* ---- numbers that need confirming, numbers that are shared --------------------------------- */

static void a_strangers_number_waits_and_an_unknown_range_does_not(void **state)
{
	struct err e = ERR_INIT;
	struct campaign row = test_campaign("so", "nghi", "A1", "{}");
	struct campaign_preview v;
	struct campaign_plan *p;

	(void)state;
	row.programme = (char *)(uintptr_t) "vneid";
	p = campaign_plan_new(home.st, &home.house, &row, &e);
	assert_non_null(p);
	TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &v, &why));
	{
		int64_t messages = v.messages, doubtful = v.excluded[EXCLUDED_UNCONFIRMED];
		int64_t no_phone = v.excluded[EXCLUDED_NO_PHONE], unknown = v.unknown_range;
		json_t *j;

		campaign_preview_free(&v);
		TEST_OK(store_begin(home.st, &why));
		/* renumbered in 2018: sent to */
		test_put(home.st, "vneid", "Y-1", "Lê A", "01682000999", 0, HOLD_NONE, "{}");
		/* 076 with the tail of a landline of An Giang: not yet */
		test_put(home.st, "vneid", "Y-2", "Lê B", "0763847123", 0, HOLD_NONE, "{}");
		/* a range that no table has: sent to, and said */
		test_put(home.st, "vneid", "Y-3", "Lê C", "0540000999", 0, HOLD_NONE, "{}");
		/* a landline is visited */
		test_put(home.st, "vneid", "Y-4", "Lê D", "02963881999", 0, HOLD_NONE, "{}");
		TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &v, &why));
		assert_int_equal(v.messages, messages + 2);
		assert_int_equal(v.unknown_range, unknown + 1);
		assert_int_equal(v.excluded[EXCLUDED_UNCONFIRMED], doubtful + 1);
		assert_int_equal(v.excluded[EXCLUDED_NO_PHONE], no_phone + 1);
		j = campaign_preview_json(p, &v);
		assert_int_equal(json_integer_value(json_object_get(
				     json_object_get(j, "warnings"), "unknown_range")),
				 unknown + 1);
		assert_int_equal(json_integer_value(json_object_get(
				     json_object_get(j, "excluded"), "unconfirmed")),
				 doubtful + 1);
		json_decref(j);
		campaign_preview_free(&v);
		TEST_OK(store_contact_flags(home.st, 84763847123u, 0, CONTACT_UNCONFIRMED,
					    "test", &why));
		TEST_OK(store_contact_flags(home.st, 84540000999u, CONTACT_REACHED, 0, "test",
					    &why));
		TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &v, &why));
		assert_int_equal(v.messages, messages + 3);
		assert_int_equal(v.unknown_range, unknown);
		assert_int_equal(v.excluded[EXCLUDED_UNCONFIRMED], doubtful);
		campaign_preview_free(&v);
		/* the provider says that it is none: visited from now on */
		TEST_OK(store_contact_flags(home.st, 84540000999u, CONTACT_DEAD_NUMBER,
					    CONTACT_REACHED, "test", &why));
		TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &v, &why));
		assert_int_equal(v.messages, messages + 2);
		assert_int_equal(v.unknown_range, unknown);
		assert_int_equal(v.excluded[EXCLUDED_NO_PHONE], no_phone + 2);
		campaign_preview_free(&v);
		store_rollback(home.st);
	}
	campaign_plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_preview_counts_every_household_once_and_its_money_adds_up),
	    cmocka_unit_test(each_audience_is_found_whole),
	    cmocka_unit_test(a_preview_is_the_same_twice_and_another_when_anything_changes),
	    cmocka_unit_test(two_people_release_a_campaign_and_only_what_they_saw),
	    cmocka_unit_test(fanning_out_twice_or_from_the_middle_adds_nothing),
	    cmocka_unit_test(a_batch_that_is_rolled_back_leaves_neither_rows_nor_cursor),
	    cmocka_unit_test(texts_that_change_after_the_start_halt_the_campaign),
	    cmocka_unit_test(a_campaign_cancelled_in_the_middle_of_its_fan_out_is_finished),
	    cmocka_unit_test(the_dead_are_in_nobody_s_preview),
	    cmocka_unit_test(caps_postpone_to_the_next_open_day_or_week_or_expire),
	    cmocka_unit_test(an_invitation_to_an_office_waits_while_that_is_closed),
	    cmocka_unit_test(holds_and_flags_cancel_before_anything_else),
	    cmocka_unit_test(a_row_that_changed_is_read_and_judged_again),
	    cmocka_unit_test(a_strangers_number_waits_and_an_unknown_range_does_not),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
