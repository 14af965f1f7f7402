/* SPDX-License-Identifier: Apache-2.0 */
/* What happens between the fan-out and the moment at which a message leaves. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/stat.h>

#include "campaign/duty.h"
#include "campaign_home.h"

static struct campaign row;
static struct campaign_plan *plan;

static void draft_only(const char *name, const char *audience, const char *only)
{
	struct err e = ERR_INIT;

	row = test_campaign(name, "vneid", audience, "{}");
	row.only_when = (char *)(uintptr_t)only;
	TEST_OK(campaign_create(home.st, &home.house, &row, "soan", &why));
	plan = campaign_plan_new(home.st, &home.house, &row, &e);
	if (plan == NULL)
		fail_msg("%s", e.text);
}

static void draft(const char *audience)
{
	draft_only("giữa chừng", audience, NULL);
}

/* One batch of the fan-out. */
static size_t fan_out(size_t batch, bool *more)
{
	size_t planned, faults;

	TEST_OK(store_begin(home.st, &why));
	TEST_OK(campaign_fan_out(home.st, plan, &row, clock_now_ms(), batch, &planned, &faults,
				 more, &why));
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(faults, 0);
	return planned;
}

static void done(void)
{
	campaign_plan_free(plan);
	plan = NULL;
}

/* Claims one message that is due; its text, yours. */
static char *claim_one(void)
{
	struct message_claimed out[1];
	struct eligibility who = {.st = home.st,
				  .plan = plan,
				  .house = &home.house,
				  .now = clock_now_ms(),
				  .batch = decide_batch_new()};
	struct message_claim claim = {.campaign_id = row.id,
				      .now = clock_now_ms(),
				      .max = 1,
				      .max_segments = 100,
				      .provider_id = 1,
				      .civil_day = civil_day_of(clock_now_ms()),
				      .decide = campaign_decide,
				      .arg = &who};
	size_t n, examined;

	claim.iso_week = civil_iso_week(claim.civil_day);
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(store_message_claim(home.st, &claim, out, &n, &examined, &why));
	TEST_OK(store_commit(home.st, &why));
	decide_batch_free(who.batch);
	assert_int_equal(n, 1);
	assert_int_equal(out[0].segments, sms_count(out[0].text).segments);
	return out[0].text;
}

static void has(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void household(const char *key, const char *name, const char *phone, int state)
{
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", key, name, phone, state, HOLD_NONE,
		 "{\"tai_khoan\":\"co\"}");
	TEST_OK(store_commit(home.st, &why));
}

/* The row is of another hamlet, and of another name, now. */
static void change(const char *key, const char *hamlet, const char *name)
{
	struct recipient r = {0};
	enum recipient_put what;
	struct err e = ERR_INIT;

	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_find(home.st, "vneid", key, &r, &e), 1);
	TEST_OK(store_unit_put(home.st, "ấp", hamlet, 0, &r.unit_id, &why));
	free(r.name);
	r.name = mem_strdup(name);
	TEST_OK(store_recipient_put(home.st, "vneid", &r, &what, &why));
	TEST_OK(store_commit(home.st, &why));
	recipient_clear(&r);
}

/* Another hamlet has another office, and a name that was wrong is put right. */
static void
whoever_moved_is_sent_to_the_office_of_the_hamlet_that_they_live_in_now(void **state)
{
	char *text;
	bool more;

	(void)state;
	household("TP-1", "Trần Thị Bích", "0912345678", 1);
	draft("A2");
	assert_int_equal(fan_out(0, &more), 1);
	change("TP-1", "Tân Mỹ", "Trần Thị Biết");
	text = claim_one();
	has(text, "Ba Tran Thi Biet");
	has(text, "Van phong ap Tan My");
	free(text);
	done();
}

/* The list corrects a number: the message goes there, and whoever was linked to it is told at the old one. */
static void a_number_that_is_corrected_gets_the_message(void **state)
{
	struct message_claimed out[4];
	struct eligibility who = {0};
	struct message_claim claim = {.max = 4, .max_segments = 100, .provider_id = 1};
	size_t n, examined;
	bool more;

	(void)state;
	household("Z-1", "Lê Thị Lan", "0912000111", 0);
	household("Z-2", "Trần Văn Hậu", "0912000111", 0);
	draft("A1");
	assert_int_equal(fan_out(0, &more), 2);
	household("Z-1", "Lê Thị Lan", "0912000333", 0);
	who = (struct eligibility){
	    .st = home.st, .plan = plan, .house = &home.house, .now = clock_now_ms()};
	claim.campaign_id = row.id;
	claim.now = who.now;
	claim.civil_day = civil_day_of(who.now);
	claim.iso_week = civil_iso_week(claim.civil_day);
	claim.decide = campaign_decide;
	claim.arg = &who;
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(store_message_claim(home.st, &claim, out, &n, &examined, &why));
	assert_int_equal(n, 0);
	TEST_OK(store_message_claim(home.st, &claim, out, &n, &examined, &why));
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		bool first = out[i].number == UINT64_C(84912000333);

		assert_true(first || out[i].number == UINT64_C(84912000111));
		has(out[i].text, first ? "Ba Le Thi Lan mang" : "Ba Tran Van Hau mang");
		free(out[i].text);
	}
	TEST_OK(store_check(home.st, &why));
	done();
}

static struct duty shift(int day, const char *name)
{
	return (struct duty){.day = test_day(day),
			     .opens = 450,
			     .closes = 660,
			     .place = (char[]){"Văn phòng ấp Tân Phú"},
			     .name = (char *)(uintptr_t)name};
}

static void put_duty(struct duty *list, size_t n)
{
	struct duty_change change;

	for (size_t i = 0; i < n; i++)
		TEST_OK(campaign_duty_check(home.st, &home.house, &list[i], &why));
	TEST_OK(campaign_duty_put(home.st, list, n, true, "test", &change, &why));
}

/* The rota is read when the message leaves: shifts are swapped, and a message that had to wait beyond the hours that
 * it named says the next ones. */
static void an_invitation_names_whoever_is_on_duty_when_it_leaves(void **state)
{
	char place[] = "Văn phòng ấp Tân Phú";
	struct duty list[] = {shift(20230609, "Lê Thị Lan"), shift(20230612, "Trần Văn Hậu")};
	char *text;
	bool more;

	(void)state;
	list[0].place = list[1].place = place;
	household("TP-1", "Trần Thị Bích", "0912345678", 1);
	household("TP-2", "Võ Thị Mai", "0912345679", 1);
	put_duty(list, 2);
	draft("A2");
	assert_int_equal(fan_out(0, &more), 2);
	list[0].name = (char[]){"Ngô Thị Ba"};
	put_duty(list, 1);
	text = claim_one();
	has(text, "gap Ngo Thi Ba (7h30-11h thu Sau 9/6)");
	free(text);
	/* nothing could be sent until the day after */
	clock_set_virtual(test_at(20230609, 15, 0));
	text = claim_one();
	has(text, "gap Tran Van Hau (7h30-11h thu Hai 12/6)");
	free(text);
	done();
}

/* A list longer than a batch: what is sent names those too whom the fan-out has not come to yet, as the preview has
 * it, since they get no message of their own. */
static void one_message_names_those_too_who_are_planned_after_it_left(void **state)
{
	struct message_counts n;
	char *text;
	bool more;

	(void)state;
	household("Z-1", "Lê Thị Lan", "0912000111", 0);
	household("Z-2", "Trần Văn Hậu", "0912000111", 0);
	household("Z-3", "Võ Thị Mai", "0912000111", 0);
	draft("A1");
	assert_int_equal(fan_out(1, &more), 1);
	assert_true(more);
	text = claim_one();
	has(text, "Ba Le Thi Lan, Ba Tran Van Hau va Ba Vo Thi Mai");
	free(text);
	while (more)
		(void)fan_out(1, &more);
	TEST_OK(store_message_counts(home.st, row.id, 0, &n, &why));
	assert_int_equal(n.by_state[MESSAGE_SENDING], 1);
	assert_int_equal(n.by_state[MESSAGE_LINKED], 2);
	assert_int_equal(n.total, 3);
	done();
}

/* Copies the shipped programme into a folder of its own, with one line for another. */
static void programme_with(const char *line, const char *other)
{
	char *text = mem_calloc(1, 65536), *at, *path;
	FILE *f = fopen(SOURCE_DIR "/config/programmes/vneid.yaml", "rb");

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	assert_int_equal(fclose(f), 0);
	at = strstr(text, line);
	assert_non_null(at);
	path = mem_printf("%s/programmes", home.dir);
	(void)mkdir(path, 0700);
	free(path);
	path = mem_printf("%.*s%s%s", (int)(at - text), text, other, at + strlen(line));
	test_write(&home, "programmes/vneid.yaml", path);
	free(path);
	free(text);
	home.house.dir = home.dir;
}

/* Reminders as well: one for all, who are all named. */
static void a_reminder_to_a_shared_number_names_all_of_them(void **state)
{
	static const char line[] = "    sms: sms/vneid/a1.txt\n";
	struct campaign_preview v;
	int segments;
	char *text;
	bool more;

	(void)state;
	text = mem_printf("%s    steps:\n      - when: after\n        days: 4\n        %s",
			  line, line + 4);
	programme_with(line, text);
	free(text);
	household("Z-1", "Lê Thị Lan", "0912000111", 0);
	household("Z-2", "Trần Văn Hậu", "0912000111", 0);
	household("Z-3", "Nguyễn Thị Phương Thảo", "0912000111", 0);
	household("Z-4", "Nguyễn Thị Phương Thanh", "0912000111", 0);
	household("Z-5", "Nguyễn Thị Phương Trang", "0912000111", 0);
	draft("A1");
	test_preview(&home, row.id, &v);
	assert_int_equal(fan_out(0, &more), 10);
	text = claim_one();
	segments = sms_count(text).segments;
	free(text);
	clock_set_virtual(test_at(20230612, 9, 0));
	text = claim_one();
	has(text, "Ba Le Thi Lan, Ba Tran Van Hau");
	has(text, "va Ba Nguyen Thi Phuong Trang");
	segments += sms_count(text).segments;
	free(text);
	/* and are paid for as they were approved */
	assert_int_equal(v.messages, 1);
	assert_int_equal(v.reminders, 1);
	assert_int_equal(v.segments, segments);
	campaign_preview_free(&v);
	done();
}

/* What did not arrive stands for nobody who is planned after it. */
static void a_message_that_did_not_arrive_stands_for_nobody(void **state)
{
	struct message_counts n;
	bool more;

	(void)state;
	household("Z-1", "Lê Thị Lan", "0912000111", 0);
	household("Z-2", "Trần Văn Hậu", "0912000111", 0);
	draft("A1");
	assert_int_equal(fan_out(1, &more), 1);
	free(claim_one());
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_message_event(home.st, 1, MESSAGE_EV_RECEIPT_FAILED, 0, NULL,
					     &(struct err){0}),
			 1);
	TEST_OK(store_commit(home.st, &why));
	while (more)
		(void)fan_out(1, &more);
	TEST_OK(store_message_counts(home.st, row.id, 0, &n, &why));
	assert_int_equal(n.by_state[MESSAGE_UNDELIVERED], 1);
	assert_int_equal(n.by_state[MESSAGE_QUEUED], 1);
	done();
}

/* A message of another campaign stands for nobody whom it does not name. */
static void two_campaigns_that_share_a_number_leave_nobody_untold(void **state)
{
	struct message_counts n;
	char *text;
	bool more;

	(void)state;
	household("Z-1", "Lê Thị Lan", "0912000111", 0);
	household("Z-2", "Trần Văn Hậu", "0912000111", 0);
	change("Z-2", "Tân Mỹ", "Trần Văn Hậu");
	draft_only("một", "A1", "unit = \"Tân Phú\"");
	assert_int_equal(fan_out(0, &more), 1);
	text = claim_one();
	assert_null(strstr(text, "Hau"));
	free(text);
	done();
	draft_only("hai", "A1", "unit = \"Tân Mỹ\"");
	assert_int_equal(fan_out(0, &more), 1);
	TEST_OK(store_message_counts(home.st, row.id, 0, &n, &why));
	assert_int_equal(n.by_state[MESSAGE_LINKED], 0);
	assert_int_equal(n.by_state[MESSAGE_QUEUED], 1);
	done();
	/* whom it does name, it stands for */
	draft_only("ba", "A1", "unit = \"Tân Mỹ\"");
	assert_int_equal(fan_out(0, &more), 1);
	TEST_OK(store_message_counts(home.st, row.id, 0, &n, &why));
	assert_int_equal(n.by_state[MESSAGE_LINKED], 1);
	done();
}

/* What two people released was for certain people. */
static void an_audience_that_changes_after_the_start_halts_the_campaign(void **state)
{
	static const char line[] = "when: state = none\n";
	struct err e = ERR_INIT;
	bool more;

	(void)state;
	programme_with(line, line);
	household("TP-1", "Lê Thị Lan", "0912000111", 0);
	household("TP-2", "Trần Văn Hậu", "0912000222", 1);
	draft("A1");
	TEST_OK(campaign_approve(home.st, &home.house, row.id, "duyet", true, &why));
	TEST_OK(campaign_start(home.st, &home.house, row.id, "duyet", &why));
	done();
	programme_with(line, "when: state < app\n");
	plan = campaign_plan_new(home.st, &home.house, &row, &e);
	assert_non_null(plan);
	row.state = CAMPAIGN_RUNNING;
	assert_int_equal(fan_out(0, &more), 0);
	assert_int_equal(row.state, CAMPAIGN_HALTED);
	free(row.halt_reason);
	done();
}

#define BETWEEN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BETWEEN_TEST(
		whoever_moved_is_sent_to_the_office_of_the_hamlet_that_they_live_in_now),
	    BETWEEN_TEST(a_number_that_is_corrected_gets_the_message),
	    BETWEEN_TEST(an_invitation_names_whoever_is_on_duty_when_it_leaves),
	    BETWEEN_TEST(one_message_names_those_too_who_are_planned_after_it_left),
	    BETWEEN_TEST(a_reminder_to_a_shared_number_names_all_of_them),
	    BETWEEN_TEST(a_message_that_did_not_arrive_stands_for_nobody),
	    BETWEEN_TEST(two_campaigns_that_share_a_number_leave_nobody_untold),
	    BETWEEN_TEST(an_audience_that_changes_after_the_start_halts_the_campaign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
