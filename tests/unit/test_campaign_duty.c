/* SPDX-License-Identifier: Apache-2.0 */
/* The duty rota: never on a closed day, said to those on it the evening before, and to those who are sent
 * there. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign/duty.h"
#include "campaign_home.h"

#define EVENING (17 * 60 + 30)

static struct duty shift(int day, int opens, int closes, const char *place, const char *name)
{
	return (struct duty){.day = test_day(day),
			     .opens = opens,
			     .closes = closes,
			     .place = (char *)(uintptr_t)place,
			     .name = (char *)(uintptr_t)name};
}

static void put(struct duty *list, size_t n, bool replace, struct duty_change *out)
{
	for (size_t i = 0; i < n; i++)
		TEST_OK(campaign_duty_check(home.st, &home.house, &list[i], &why));
	TEST_OK(campaign_duty_put(home.st, list, n, replace, "test", out, &why));
}

static void person(const char *programme, const char *key, const char *name, const char *phone,
		   const char *facts, int state)
{
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, programme, key, name, phone, state, HOLD_NONE, facts);
	TEST_OK(store_commit(home.st, &why));
}

static void a_rota_stands_only_on_days_that_the_office_is_open(void **state)
{
	struct duty saturday = shift(20230610, 450, 660, "Bộ phận Một cửa", "Lê Thị Lan");
	struct duty feast = shift(20230901, 450, 660, "Bộ phận Một cửa", "Lê Thị Lan");
	struct duty backwards = shift(20230609, 660, 450, "Bộ phận Một cửa", "Lê Thị Lan");
	struct duty nobody = shift(20230609, 450, 660, "Bộ phận Một cửa", "");
	struct duty *bad[] = {&saturday, &feast, &backwards, &nobody};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(campaign_duty_check(home.st, &home.house, bad[i], &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
	}
}

static void count(const struct duty *d, void *arg)
{
	(void)d;
	(*(int *)arg)++;
}

static void a_new_rota_replaces_what_stood_there_and_nothing_else(void **state)
{
	struct duty list[] = {
	    shift(20230612, 450, 660, "Bộ phận Một cửa", "Lê Thị Lan"),
	    shift(20230612, 810, 1020, "Bộ phận Một cửa", "Trần Văn Hậu"),
	    shift(20230613, 450, 660, "Bộ phận Một cửa", "Lê Thị Lan"),
	};
	struct duty changed[] = {shift(20230612, 450, 690, "Bộ phận một cửa", "Lê Thị Lan"),
				 shift(20230612, 810, 1020, "Bộ phận Một cửa", "Võ Thị Mai")};
	struct duty_change n;
	int left = 0;

	(void)state;
	put(list, 3, true, &n);
	assert_int_equal(n.added, 3);
	put(list, 3, true, &n);
	assert_int_equal(n.added + n.removed, 0);
	assert_int_equal(n.same, 3);
	put(changed, 2, true, &n);
	assert_int_equal(n.added, 1);
	assert_int_equal(n.same, 1);
	assert_int_equal(n.removed, 1);
	TEST_OK(store_duty_list(home.st, 0, INT32_MAX, count, &left, &why));
	assert_int_equal(left, 3);
	TEST_OK(store_audit_verify(home.st, &why));
}

/* What is queued, in order: text, number of segments, when it is void. */
struct queued {
	char *text[8];
	int64_t expires_at[8];
	size_t n;
};

static bool queued_take(const struct message_row *m, void *arg)
{
	struct queued *q = arg;

	assert_true(q->n < 8);
	q->text[q->n] = mem_strdup(m->text);
	q->expires_at[q->n++] = m->expires_at;
	return true;
}

static void queued_load(struct queued *q)
{
	struct message_filter f = {.state = MESSAGE_QUEUED};

	for (size_t i = 0; i < q->n; i++)
		free(q->text[i]);
	q->n = 0;
	TEST_OK(store_message_list(home.st, &f, 8, queued_take, q, &why));
}

static int64_t tick(int day, int hour, int minute)
{
	int64_t wake = INT64_MAX;

	clock_set_virtual(test_at(day, hour, minute));
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(campaign_duty_tick(home.st, &home.house, "officials", EVENING, clock_now_ms(),
				   &wake, &why));
	TEST_OK(store_commit(home.st, &why));
	return wake;
}

static void those_on_duty_are_reminded_once_the_evening_before(void **state)
{
	struct duty list[] = {
	    shift(20230612, 450, 660, "Văn phòng ấp Tân Phú", "Lê Thị Lan"),
	    shift(20230612, 810, 1020, "Bộ phận Một cửa", "Lê Thị Lan"),
	    shift(20230612, 450, 660, "Bộ phận Một cửa", "Không Có Trong Danh Sách"),
	    shift(20230613, 450, 660, "Văn phòng ấp Tân Phú", "Trần Văn Hậu"),
	};
	struct duty_change n;
	struct queued q = {.n = 0};

	(void)state;
	person("officials", "CB-1", "Lê Thị Lan", "0912345678", "{\"chuc_vu\":\"thanh_vien\"}",
	       0);
	person("officials", "CB-2", "Trần Văn Hậu", "0912345679",
	       "{\"chuc_vu\":\"thanh_vien\"}", 0);
	put(list, 4, true, &n);
	/* Sunday before 17:30: not yet, and when. */
	assert_int_equal(tick(20230611, 17, 29), test_at(20230611, 17, 30));
	queued_load(&q);
	assert_int_equal(q.n, 0);
	assert_int_equal(tick(20230611, 17, 30), test_at(20230612, 17, 30));
	queued_load(&q);
	assert_int_equal(q.n, 1);
	assert_string_equal(
	    q.text[0], "UBND xa My Phu Dong nhac Ba Le Thi Lan truc thu Hai 12/6: 7h30-11h tai "
		       "Van phong ap Tan Phu; 13h30-17h tai Bo phan Mot cua. Neu khong truc "
		       "duoc, xin bao To truong de doi nguoi.");
	assert_int_equal(q.expires_at[0], test_at(20230612, 7, 30));
	/* Not twice, whenever it is looked at. */
	(void)tick(20230611, 21, 0);
	(void)tick(20230612, 7, 0);
	queued_load(&q);
	assert_int_equal(q.n, 1);
	/* Nothing ran in the evening: still in the morning, until it begins. */
	(void)tick(20230613, 7, 29);
	queued_load(&q);
	assert_int_equal(q.n, 2);
	assert_non_null(strstr(q.text[1], "Tran Van Hau truc thu Ba 13/6"));
	for (size_t i = 0; i < q.n; i++)
		free(q.text[i]);
}

static void whoever_is_late_to_know_is_not_told(void **state)
{
	struct duty one = shift(20230612, 450, 660, "Bộ phận Một cửa", "Lê Thị Lan");
	struct duty_change n;
	struct queued q = {.n = 0};

	(void)state;
	person("officials", "CB-1", "Lê Thị Lan", "0912345678", "{\"chuc_vu\":\"thanh_vien\"}",
	       0);
	put(&one, 1, true, &n);
	(void)tick(20230612, 7, 30); /* has begun */
	queued_load(&q);
	assert_int_equal(q.n, 0);
}

/* What is queued now, each as it would go out, put together. */
static char *all_queued(void)
{
	struct queued q = {.n = 0};
	char *all = mem_strdup("");

	queued_load(&q);
	for (size_t i = 0; i < q.n; i++) {
		char *more = mem_printf("%s%s\n", all, q.text[i]);

		free(all);
		free(q.text[i]);
		all = more;
	}
	return all;
}

static void check_queued(const char *expected)
{
	char *all = all_queued();

	assert_string_equal(all, expected);
	free(all);
}

static void stream_take(const struct campaign *c, void *arg)
{
	*(int64_t *)arg = c->id;
}

static struct claim_verdict let_go(const struct message_candidate *c, void *arg)
{
	return campaign_decide(c, arg);
}

/* All that is queued and may go leaves. */
static void send_all(void)
{
	struct eligibility who = {
	    .st = home.st, .house = &home.house, .now = clock_now_ms()};
	struct message_claim claim = {.now = who.now,
				      .max = 8,
				      .max_segments = 100,
				      .provider_id = 1,
				      .civil_day = civil_day_of(who.now),
				      .decide = let_go,
				      .arg = &who};
	struct message_claimed out[8];
	struct campaign c = {0};
	struct err e = ERR_INIT;
	size_t n = 0, examined = 0;

	claim.iso_week = civil_iso_week(claim.civil_day);
	TEST_OK(store_campaign_list(home.st, CAMPAIGN_RUNNING, stream_take, &claim.campaign_id,
				    &why));
	assert_int_equal(store_campaign_get(home.st, claim.campaign_id, &c, &e), 1);
	who.plan = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(who.plan);
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(store_message_claim(home.st, &claim, out, &n, &examined, &why));
	for (size_t i = 0; i < n; i++) {
		struct message_result r = {.id = out[i].id,
					   .attempt = out[i].attempt,
					   .event = MESSAGE_EV_ACCEPTED,
					   .at = who.now,
					   .due_at = who.now + CLOCK_DAY_MS,
					   .provider_id = 1};

		TEST_OK(store_message_finish(home.st, &r, 1, &why));
		free(out[i].text);
	}
	TEST_OK(store_commit(home.st, &why));
	campaign_plan_free((struct campaign_plan *)(uintptr_t)who.plan);
	campaign_clear(&c);
}

#define SAYS "UBND xa My Phu Dong bao "
#define REMINDS "UBND xa My Phu Dong nhac "
#define ASKS " Neu khong truc duoc, xin bao To truong de doi nguoi.\n"

static void two_officials(void)
{
	person("officials", "CB-1", "Lê Thị Lan", "0912345678", "{}", 0);
	person("officials", "CB-2", "Trần Văn Hậu", "0912345679", "{}", 0);
}

static void a_rota_that_changes_after_the_reminder_is_corrected_once(void **state)
{
	struct duty lan[] = {shift(20230612, 450, 660, "Một cửa", "Lê Thị Lan"),
			     shift(20230612, 810, 1020, "Một cửa", "Lê Thị Lan")};
	struct duty hau = shift(20230612, 450, 660, "Một cửa", "Trần Văn Hậu");
	struct duty both[] = {hau, lan[1]};
	struct duty_change n;

	(void)state;
	two_officials();
	put(lan, 1, true, &n);
	(void)tick(20230611, 17, 30);
	check_queued(REMINDS "Ba Le Thi Lan truc thu Hai 12/6: 7h30-11h tai Mot cua." ASKS);
	send_all();
	/* Hậu takes the morning: he is told, and she that she need not come; each once */
	put(&hau, 1, true, &n);
	(void)tick(20230611, 18, 0);
	(void)tick(20230611, 18, 1);
	check_queued(REMINDS
		     "Ba Tran Van Hau truc thu Hai 12/6: 7h30-11h tai Mot cua." ASKS SAYS
		     "Ba Le Thi Lan: lich truc thu Hai 12/6 da doi, Ba khong con truc 7h30-11h tai "
		     "Mot cua.\n");
	send_all();
	/* she has the afternoon after all: she hears it, he does not hear again */
	put(both, 2, true, &n);
	(void)tick(20230611, 18, 30);
	(void)tick(20230611, 20, 0);
	check_queued(SAYS "Ba Le Thi Lan: lich truc thu Hai 12/6 da doi, nay la 13h30-17h tai "
			  "Mot cua. Xin theo lich moi nay.\n");
	send_all();
	/* another spelling of the place is no change; nor is what happens in the evening of the day */
	both[0].place = (char *)(uintptr_t)"MỘT CỬA";
	put(both, 2, true, &n);
	(void)tick(20230611, 21, 0);
	(void)tick(20230612, 7, 0);
	(void)tick(20230612, 18, 0);
	check_queued("");
	TEST_OK(store_audit_verify(home.st, &why));
}

static void what_has_not_left_is_withdrawn_and_says_nothing_of_a_change(void **state)
{
	struct duty lan = shift(20230612, 450, 660, "Một cửa", "Lê Thị Lan");
	struct duty hau = shift(20230612, 450, 660, "Một cửa", "Trần Văn Hậu");
	struct duty later = shift(20230612, 480, 660, "Một cửa", "Trần Văn Hậu");
	struct duty_change n;

	(void)state;
	two_officials();
	put(&lan, 1, true, &n);
	(void)tick(20230611, 17, 30);
	put(&hau, 1, true, &n);
	(void)tick(20230611, 17, 31);
	check_queued(REMINDS "Ba Tran Van Hau truc thu Hai 12/6: 7h30-11h tai Mot cua." ASKS);
	put(&later, 1, true, &n);
	(void)tick(20230611, 17, 32);
	check_queued(REMINDS "Ba Tran Van Hau truc thu Hai 12/6: 8h-11h tai Mot cua." ASKS);
	send_all();
	/* there and back again before it leaves: nothing is to be said */
	put(&hau, 1, true, &n);
	(void)tick(20230611, 17, 33);
	check_queued(SAYS "Ba Tran Van Hau: lich truc thu Hai 12/6 da doi, nay la 7h30-11h tai "
			  "Mot cua. Xin theo lich moi nay.\n");
	put(&later, 1, true, &n);
	(void)tick(20230611, 17, 34);
	(void)tick(20230611, 17, 35);
	check_queued("");
}

static void what_is_over_is_not_corrected(void **state)
{
	struct duty day[] = {shift(20230612, 450, 660, "Một cửa", "Lê Thị Lan"),
			     shift(20230612, 810, 1020, "Một cửa", "Lê Thị Lan")};
	struct duty afternoon = shift(20230612, 810, 1020, "Một cửa", "Lê Thị Lan");
	struct duty hau = shift(20230612, 810, 1020, "Một cửa", "Trần Văn Hậu");
	struct duty_change n;

	(void)state;
	two_officials();
	put(day, 2, true, &n);
	(void)tick(20230611, 17, 30);
	send_all();
	/* who really sat there in the morning is written down at noon */
	put(&afternoon, 1, true, &n);
	(void)tick(20230612, 12, 0);
	check_queued("");
	put(&hau, 1, true, &n);
	(void)tick(20230612, 12, 30);
	check_queued(REMINDS
		     "Ba Tran Van Hau truc thu Hai 12/6: 13h30-17h tai Mot cua." ASKS SAYS
		     "Ba Le Thi Lan: lich truc thu Hai 12/6 da doi, Ba khong con truc 13h30-17h tai "
		     "Mot cua.\n");
	/* two of her name in the list now: the rota still has it, so she is not told that she is off */
	send_all();
	put(&afternoon, 1, true, &n);
	person("officials", "CB-3", "Lê Thị Lan", "0912345670", "{}", 0);
	(void)tick(20230612, 12, 45);
	check_queued(SAYS "Ba Tran Van Hau: lich truc thu Hai 12/6 da doi, Ba khong con truc "
			  "13h30-17h tai Mot cua.\n");
}

static void two_of_the_same_name_are_told_by_somebody(void **state)
{
	struct duty one = shift(20230612, 450, 660, "Bộ phận Một cửa", "Lê Thị Lan");
	struct duty_change n;
	struct recipient r = {0};
	struct err e = ERR_INIT;

	(void)state;
	person("officials", "CB-1", "Lê Thị Lan", "0912345678", "{}", 0);
	person("officials", "CB-2", "Lê Thị Lan", "0912345679", "{}", 0);
	put(&one, 1, true, &n);
	assert_int_equal(campaign_duty_official(home.st, "officials", &one, &r, &e), 0);
	/* unless the rota has their number */
	one.number = phone_parse("0912345679", 2023).number;
	assert_int_equal(campaign_duty_official(home.st, "officials", &one, &r, &e), 1);
	assert_string_equal(r.key, "CB-2");
	recipient_clear(&r);
}

/* One number, two names of the rota, two ends: said once, until the later one. */
static void who_stands_in_the_rota_twice_is_told_once(void **state)
{
	struct duty list[] = {shift(20230612, 450, 660, "Một cửa", "Lan"),
			      shift(20230612, 450, 690, "Một cửa", "Lê Thị Lan")};
	struct duty_change n;

	(void)state;
	two_officials();
	for (size_t i = 0; i < 2; i++)
		list[i].number = phone_parse("0912345678", 2023).number;
	put(list, 2, true, &n);
	assert_int_equal(n.added, 2);
	(void)tick(20230611, 17, 30);
	check_queued(REMINDS "Ba Le Thi Lan truc thu Hai 12/6: 7h30-11h30 tai Mot cua." ASKS);
	send_all();
	for (int i = 0; i < 3; i++) {
		(void)tick(20230611, 18, i);
		check_queued("");
	}
	/* Shorter than was said: that is a change. */
	list[1].closes = 675;
	put(list, 2, true, &n);
	(void)tick(20230611, 19, 0);
	check_queued(SAYS "Ba Le Thi Lan: lich truc thu Hai 12/6 da doi, nay la 7h30-11h15 tai "
			  "Mot cua. Xin theo lich moi nay.\n");
	send_all();
	(void)tick(20230611, 19, 1);
	check_queued("");
}

/* The invitation of A2 goes to the helper at the hamlet's office: whom, where, when. */
static void an_invitation_says_whom_to_ask_where_and_when(void **state)
{
	struct duty list[] = {
	    shift(20230608, 450, 660, "Văn phòng ấp Tân Phú",
		  "Võ Thị Mai"), /* today: too late */
	    shift(20230609, 450, 660, "Văn phòng ấp Tân Phú", "Lê Thị Lan"),
	    shift(20230612, 450, 660, "Văn phòng ấp Tân Phú", "Trần Văn Hậu"),
	};
	struct campaign c = test_campaign("cai VNeID", "vneid", "A2", "{}");
	struct campaign_preview v;
	struct campaign_plan *p;
	struct duty_change n;
	struct queued q = {.n = 0};
	struct err e = ERR_INIT;
	size_t planned, faults;
	bool more;

	(void)state;
	person("vneid", "TP-1", "Trần Thị Bích", "0912345678", "{\"tai_khoan\":\"co\"}", 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &v, &why));
	assert_non_null(strstr(v.samples[0].text, "da co dinh danh muc 2"));
	assert_non_null(strstr(v.samples[0].text, "Van phong ap Tan Phu (thu 2-6)"));
	campaign_preview_free(&v);
	put(list, 3, true, &n);
	TEST_OK(campaign_preview(home.st, p, clock_now_ms(), &v, &why));
	assert_string_equal(
	    v.samples[0].text,
	    "UBND xa My Phu Dong kinh moi Ba Tran Thi Bich mang dien thoai den Van "
	    "phong ap Tan Phu gap Le Thi Lan (7h30-11h thu Sau 9/6) de duoc giup cai "
	    "VNeID.");
	assert_int_equal(v.samples[0].count.segments, 1);
	campaign_preview_free(&v);
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), 0, &planned, &faults, &more,
				 &why));
	TEST_OK(store_commit(home.st, &why));
	queued_load(&q);
	assert_int_equal(q.n, 1);
	assert_non_null(strstr(q.text[0], "gap Le Thi Lan (7h30-11h thu Sau 9/6)"));
	free(q.text[0]);
	campaign_plan_free(p);
}

#define DUTY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    DUTY_TEST(a_rota_stands_only_on_days_that_the_office_is_open),
	    DUTY_TEST(a_new_rota_replaces_what_stood_there_and_nothing_else),
	    DUTY_TEST(those_on_duty_are_reminded_once_the_evening_before),
	    DUTY_TEST(whoever_is_late_to_know_is_not_told),
	    DUTY_TEST(a_rota_that_changes_after_the_reminder_is_corrected_once),
	    DUTY_TEST(what_has_not_left_is_withdrawn_and_says_nothing_of_a_change),
	    DUTY_TEST(what_is_over_is_not_corrected),
	    DUTY_TEST(two_of_the_same_name_are_told_by_somebody),
	    DUTY_TEST(who_stands_in_the_rota_twice_is_told_once),
	    DUTY_TEST(an_invitation_says_whom_to_ask_where_and_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
