/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign/hand_in.h"
#include "campaign/reply.h"
#include "campaign_house.h"

#define CITIZEN	       "0912345001"
#define CITIZEN_NUMBER UINT64_C(84912345001)
#define OFFICIAL       UINT64_C(84912345900)
#define STRANGER       UINT64_C(84912345777)

static struct test_house home;
static struct reply_words words;
static struct programme *programmes[2];
static struct reply_house house;
static int counted;

/* Somebody's row in a unit of their own. */
static void put(const char *programme, const char *key, const char *phone, const char *unit)
{
	struct recipient r = {0};
	enum recipient_put what;
	struct err e = ERR_INIT;

	test_put(home.st, programme, key, "Lê Thị Thử", phone, 0, HOLD_NONE, "{}");
	assert_int_equal(store_recipient_find(home.st, programme, key, &r, &e), 1);
	TEST_OK(store_unit_put(home.st, "ấp", unit, 0, &r.unit_id, &why));
	TEST_OK(store_recipient_put(home.st, programme, &r, &what, &why));
	recipient_clear(&r);
}

static int set_up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	test_house_open(&home);
	TEST_OK(reply_words_load(SOURCE_DIR "/config", &words, &why));
	programmes[0] = programme_load(home.house.dir, "officials", &e);
	programmes[1] = programme_load(home.house.dir, "vneid", &e);
	assert_non_null(programmes[0]);
	assert_non_null(programmes[1]);
	house = (struct reply_house){.house = &home.house,
				     .words = &words,
				     .officials = "officials",
				     .programmes = programmes,
				     .n_programmes = 2,
				     .reported = programmes + 1,
				     .n_reported = 1};
	TEST_OK(store_begin(home.st, &why));
	put("vneid", "TP-0001", CITIZEN, "Tân Phú");
	put("vneid", "TP-0002", CITIZEN, "Tân Phú");
	put("vneid", "TD-0001", "0912345002", "Tân Đông");
	put("officials", "CB-01", "0912345900", "Tân Phú");
	TEST_OK(store_commit(home.st, &why));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	programme_free(programmes[0]);
	programme_free(programmes[1]);
	conf_free(&reply_words_table, &words);
	test_house_close(&home);
	return 0;
}

/* The answer is taken; returns what reply_take() does. */
static int take(uint64_t number, const char *text, struct reply *r)
{
	static int n;
	char ref[16];
	int rc;

	(void)snprintf(ref, sizeof(ref), "MO-%d", ++n);
	*r = (struct reply){.provider_id = 1,
			    .ref = ref,
			    .number = number,
			    .text = text,
			    .received_at = clock_now_ms(),
			    .raw = text,
			    .raw_len = strlen(text)};
	TEST_OK(store_begin(home.st, &why));
	{
		struct err e = ERR_INIT;

		rc = reply_take(home.st, &house, r, &e);
		if (rc < 0)
			fail_msg("%s", e.text);
	}
	TEST_OK(store_commit(home.st, &why));
	r->text = r->ref = r->raw = NULL;
	return rc;
}

static unsigned flags_of(uint64_t number)
{
	unsigned flags = 0;
	struct err e = ERR_INIT;

	assert_true(store_contact_flags_get(home.st, number, &flags, &e) >= 0);
	return flags;
}

static bool count_message(const struct message_row *r, void *arg)
{
	struct campaign c = {0};
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(home.st, r->campaign_id, &c, &e), 1);
	assert_string_equal(c.name, REPLY_CAMPAIGN);
	campaign_clear(&c);
	if (arg != NULL)
		(void)snprintf(arg, 400, "%s", r->text);
	counted++;
	return true;
}

static int confirmations(char text[400])
{
	const struct message_filter f = {.state = -1};

	counted = 0;
	TEST_OK(store_message_list(home.st, &f, 100, count_message, text, &why));
	return counted;
}

static void words_are_compared_whole_with_and_without_marks(void **state)
{
	static const struct {
		const char *text;
		enum reply_kind kind;
	} cases[] = {
	    {"TC", REPLY_OPT_OUT},
	    {" tc. ", REPLY_OPT_OUT},
	    {"từ chối", REPLY_OPT_OUT},
	    {"TU CHOI", REPLY_OPT_OUT},
	    {"Dừng nhận tin!", REPLY_OPT_OUT},
	    {"NGUNG NHAN", REPLY_OPT_OUT},
	    {"hủy", REPLY_OPT_OUT},
	    {"huỷ", REPLY_OPT_OUT},
	    /* marks that were left out, and others: "đúng" agrees, "dùng" may be meant for "dừng" */
	    {"dừng", REPLY_OPT_OUT},
	    {"dưng", REPLY_OPT_OUT},
	    {"DUNG", REPLY_OPT_OUT},
	    {"Đúng", REPLY_UNKNOWN},
	    {"đứng", REPLY_UNKNOWN},
	    {"dụng", REPLY_UNKNOWN},
	    {"Không phải tôi", REPLY_WRONG_PERSON},
	    {"SAI SO", REPLY_WRONG_PERSON},
	    {"se den", REPLY_WILL_COME},
	    /* part of a sentence is no order */
	    {"TC nhé", REPLY_UNKNOWN},
	    {"tôi không từ chối", REPLY_UNKNOWN},
	    {"dừng ở đâu vậy", REPLY_UNKNOWN},
	    {"", REPLY_UNKNOWN},
	    {"?", REPLY_UNKNOWN},
	    {"KQTP-0001 account", REPLY_UNKNOWN},
	    {"kq tp-0001 account", REPLY_RESULT},
	    {"KQ", REPLY_RESULT},
	    {"sl 443 259", REPLY_FIGURES},
	    {"SLA", REPLY_UNKNOWN},
	};
	char code[64], result[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum reply_kind kind = reply_read(&words, cases[i].text, code, result);

		if (kind != cases[i].kind)
			fail_msg("\"%s\" is %s", cases[i].text, reply_kind_name(kind));
	}
	assert_int_equal(reply_read(&words, "KQ  TP-0001   Đã có tài khoản ", code, result),
			 REPLY_RESULT);
	assert_string_equal(code, "TP-0001");
	assert_string_equal(result, "da co tai khoan");
}

static void who_declines_gets_nothing_more_and_is_told_so_once(void **state)
{
	char text[400] = "";
	struct reply r;

	(void)state;
	assert_int_equal(take(CITIZEN_NUMBER, "TU CHOI", &r), 1);
	assert_true((flags_of(CITIZEN_NUMBER) & CONTACT_OPTED_OUT) != 0);
	assert_int_equal(r.kind, REPLY_OPT_OUT);
	assert_false(r.open);
	assert_int_equal(confirmations(text), 1);
	assert_string_equal(
	    text, "UBND xa My Phu Dong: da ghi nhan de nghi khong nhan tin nhac luc 09:00 ngay "
		  "8/6. Viec ngung tin khong anh huong quyen loi cua Ong/Ba. Can ho tro: Van "
		  "phong ap.");
	assert_true(sms_count(text).segments == 1);
	/* Again, and again: said once. */
	assert_int_equal(take(CITIZEN_NUMBER, "TC", &r), 1);
	assert_int_equal(confirmations(NULL), 1);
	/* Staff undo it; who declines anew is told anew. */
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(
	    store_contact_flags(home.st, CITIZEN_NUMBER, 0, CONTACT_OPTED_OUT, "thu", &why));
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(take(CITIZEN_NUMBER, "dừng", &r), 1);
	assert_int_equal(confirmations(NULL), 2);
	/* Who stands in no list is written to by nobody. */
	assert_int_equal(take(STRANGER, "TC", &r), 1);
	assert_true((flags_of(STRANGER) & CONTACT_OPTED_OUT) != 0);
	assert_int_equal(confirmations(NULL), 2);
	TEST_OK(store_audit_verify(home.st, &why));
}

static struct claim_verdict let_go(const struct message_candidate *c, void *arg)
{
	(void)c;
	(void)arg;
	return (struct claim_verdict){.decision = CLAIM_SEND};
}

/* A running campaign that has written to recipients 1 and 3. */
static int64_t written_to(void)
{
	static const int64_t ids[] = {1, 3};
	struct campaign c = test_campaign("da gui", "vneid", "A1", "{}");
	struct message_claimed out[4];
	struct message_claim claim = {.max = 4,
				      .max_segments = 10,
				      .provider_id = 1,
				      .now = clock_now_ms(),
				      .civil_day = civil_day_of(clock_now_ms()),
				      .decide = let_go};
	size_t n, more;

	c.state = CAMPAIGN_RUNNING;
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(store_campaign_add(home.st, &c, &why));
	for (size_t i = 0; i < 2; i++) {
		struct recipient r = {0};
		struct message_plan m = {.campaign_id = c.id,
					 .recipient_id = ids[i],
					 .template_id = 1,
					 .due_at = clock_now_ms(),
					 .expires_at = clock_now_ms() + CLOCK_DAY_MS,
					 .segments = 1,
					 .text = "thu"};
		struct err e = ERR_INIT;

		assert_int_equal(store_recipient_get(home.st, ids[i], &r, &e), 1);
		m.contact_id = r.contact_id;
		m.recipient_rev = r.rev;
		recipient_clear(&r);
		TEST_OK(store_message_plan(home.st, &m, 1, &n, &more, &why));
	}
	claim.campaign_id = c.id;
	claim.iso_week = civil_iso_week(claim.civil_day);
	TEST_OK(store_message_claim(home.st, &claim, out, &n, &more, &why));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		struct message_result r = {.id = out[i].id,
					   .attempt = out[i].attempt,
					   .event = MESSAGE_EV_ACCEPTED,
					   .at = clock_now_ms(),
					   .due_at = clock_now_ms() + CLOCK_DAY_MS,
					   .provider_id = 1};

		TEST_OK(store_message_finish(home.st, &r, 1, &why));
		free(out[i].text);
	}
	TEST_OK(store_commit(home.st, &why));
	return c.id;
}

static enum campaign_state campaign_state_of(int64_t id, bool *said)
{
	struct campaign c = {0};
	enum campaign_state s;
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(home.st, id, &c, &e), 1);
	s = c.state;
	*said = c.halt_reason != NULL;
	campaign_clear(&c);
	return s;
}

/* What people answer by SMS counts against the campaign that wrote to them, once a person; so many halt it. */
static void so_many_answers_that_complain_halt_the_campaign(void **state)
{
	struct reply r;
	int64_t id;
	bool said;

	(void)state;
	home.caps.complaints = 2;
	id = written_to();
	assert_int_equal(take(CITIZEN_NUMBER, "TU CHOI", &r), 1);
	assert_int_equal(take(CITIZEN_NUMBER, "TC", &r), 1); /* the same person again */
	assert_int_equal(take(STRANGER, "TC", &r), 1);	     /* whom it did not write to */
	assert_int_equal(campaign_state_of(id, &said), CAMPAIGN_RUNNING);
	assert_int_equal(take(UINT64_C(84912345002), "NHAM SO", &r), 1);
	assert_int_equal(r.kind, REPLY_WRONG_PERSON);
	assert_int_equal(campaign_state_of(id, &said), CAMPAIGN_HALTED);
	assert_true(said);
}

/* The confirmation goes out to who wants nothing else; nothing else does. */
static void the_confirmation_is_the_one_message_that_may_go(void **state)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct message_candidate m;
	struct eligibility who = {.st = home.st, .house = &home.house};
	struct err e = ERR_INIT;
	struct reply r;

	(void)state;
	assert_int_equal(take(CITIZEN_NUMBER, "TC", &r), 1);
	assert_int_equal(store_campaign_find(home.st, REPLY_CAMPAIGN, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	assert_int_equal(store_message_candidate(home.st, 1, &m, &e), 1);
	who.now = clock_now_ms();
	who.plan = p;
	m.contact_day = civil_day_of(who.now);
	m.contact_day_count = 3;
	assert_int_equal(campaign_decide(&m, &who).decision, CLAIM_SEND);
	who.plan = NULL;
	assert_int_equal(campaign_decide(&m, &who).decision, CLAIM_CANCEL);
	campaign_plan_free(p);
	campaign_clear(&c);
}

static void a_wrong_number_is_not_written_to_again(void **state)
{
	struct reply r;

	(void)state;
	assert_int_equal(take(CITIZEN_NUMBER, "Nhầm số", &r), 1);
	assert_int_equal(flags_of(CITIZEN_NUMBER),
			 flags_of(CITIZEN_NUMBER) | CONTACT_WRONG_PERSON);
	assert_int_equal(confirmations(NULL), 0);
}

static int state_of(const char *key)
{
	struct recipient r = {0};
	struct err e = ERR_INIT;
	int s;

	assert_int_equal(store_recipient_find(home.st, "vneid", key, &r, &e), 1);
	s = r.state;
	recipient_clear(&r);
	return s;
}

static void an_official_enters_results_of_their_own_hamlet_only(void **state)
{
	static const struct {
		uint64_t number;
		const char *text, *why;
	} refused[] = {
	    {OFFICIAL, "KQ TD-0001 account", "mã này thuộc ấp khác"},
	    {OFFICIAL, "KQ TP-9999 account", "không có mã này"},
	    {OFFICIAL, "KQ TP-0001 xong", "kết quả không có trong chương trình"},
	    {OFFICIAL, "KQ", "không có mã này"},
	    {CITIZEN_NUMBER, "KQ TP-0001 account", "số này không phải của cán bộ ấp nào"},
	    {STRANGER, "KQ TP-0001 account", "số này không phải của cán bộ ấp nào"},
	};
	struct reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(take(refused[i].number, refused[i].text, &r), 1);
		assert_int_equal(r.kind, REPLY_REFUSED);
		assert_true(r.open);
	}
	assert_int_equal(state_of("TP-0001"), 0);
	assert_int_equal(state_of("TD-0001"), 0);
	assert_int_equal(take(OFFICIAL, "kq tp-0001 ACCOUNT", &r), 1);
	assert_int_equal(r.kind, REPLY_RESULT);
	assert_int_equal(state_of("TP-0001"), programme_state_find(programmes[1], "account"));
}

static void hold(const char *programme, const char *key, enum recipient_hold hold)
{
	struct recipient r = {0};
	struct err e = ERR_INIT;

	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_find(home.st, programme, key, &r, &e), 1);
	assert_int_equal(store_recipient_hold(home.st, r.id, hold, "thử", "test", &e), 1);
	TEST_OK(store_commit(home.st, &why));
	recipient_clear(&r);
}

static void who_is_no_official_any_more_enters_nothing(void **state)
{
	struct reply r;

	(void)state;
	hold("officials", "CB-01", HOLD_GONE);
	assert_int_equal(take(OFFICIAL, "KQ TP-0001 account", &r), 1);
	assert_int_equal(r.kind, REPLY_REFUSED);
	assert_int_equal(state_of("TP-0001"), 0);
	assert_int_equal(take(OFFICIAL, "SL 443 259 184 58", &r), 1);
	assert_int_equal(r.kind, REPLY_REFUSED);
}

/* Two rows have the number, and the first is of somebody who died. */
static bool confirmed_to(const struct message_row *m, void *arg)
{
	*(int64_t *)arg = m->recipient_id;
	return false;
}

static void the_confirmation_goes_to_somebody_who_lives(void **state)
{
	const struct message_filter f = {.state = -1};
	struct recipient second = {0};
	struct err e = ERR_INIT;
	struct reply r;
	int64_t to = 0;

	(void)state;
	hold("vneid", "TP-0001", HOLD_DECEASED);
	assert_int_equal(take(CITIZEN_NUMBER, "TU CHOI", &r), 1);
	TEST_OK(store_message_list(home.st, &f, 1, confirmed_to, &to, &why));
	assert_int_equal(store_recipient_find(home.st, "vneid", "TP-0002", &second, &e), 1);
	assert_int_equal(to, second.id);
	recipient_clear(&second);
}

static void what_comes_twice_counts_once(void **state)
{
	struct reply r = {.provider_id = 1,
			  .ref = "",
			  .number = CITIZEN_NUMBER,
			  .text = "mai tôi bận, hôm khác được không",
			  .at = 1000};
	struct err e = ERR_INIT;
	int64_t open;

	(void)state;
	TEST_OK(store_begin(home.st, &why));
	r.received_at = clock_now_ms();
	assert_int_equal(reply_take(home.st, &house, &r, &e), 1);
	assert_int_equal(reply_take(home.st, &house, &r, &e), 0);
	r.at = 2000;
	assert_int_equal(reply_take(home.st, &house, &r, &e), 1);
	TEST_OK(store_commit(home.st, &why));
	TEST_OK(store_reply_open(home.st, &open, &why));
	assert_int_equal(open, 2);
}

static void an_officer_says_what_nobody_understood(void **state)
{
	struct err e = ERR_INIT;
	struct reply r;
	int64_t open;

	(void)state;
	assert_int_equal(take(CITIZEN_NUMBER, "làm ơn đừng gửi cho tôi nữa nha", &r), 1);
	assert_true(r.open);
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(reply_settle(home.st, &house, r.id, REPLY_OPT_OUT, "thu", &e), 1);
	assert_int_equal(reply_settle(home.st, &house, r.id, REPLY_OPT_OUT, "thu", &e), 0);
	TEST_OK(store_commit(home.st, &why));
	assert_true((flags_of(CITIZEN_NUMBER) & CONTACT_OPTED_OUT) != 0);
	assert_int_equal(confirmations(NULL), 1);
	TEST_OK(store_reply_open(home.st, &open, &why));
	assert_int_equal(open, 0);
}

#define REPLY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void take_hand_in(const struct hand_in *in, void *arg)
{
	(void)snprintf(arg, 400, "%d %s %s|%s|%s", in->week, in->figures, in->difficulties,
		       in->way, in->who);
}

static void an_official_hands_in_the_figures_of_the_own_hamlet(void **state)
{
	char said[400] = "";
	struct reply r;

	(void)state;
	assert_int_equal(take(OFFICIAL, "SL 443 259, 184 58 thiếu máy, mưa", &r), 1);
	assert_int_equal(r.kind, REPLY_FIGURES);
	assert_false(r.open);
	TEST_OK(store_hand_in_list(home.st, 202323, INT64_MAX, take_hand_in, said, &why));
	assert_non_null(strstr(said, "202323 {\"III.1\":443,\"III.2\":259,\"III.3\":184,"
				     "\"III.4\":58} thiếu máy, mưa|sms|recipient/"));
	/* a thousand and 57, or two numbers? nobody guesses */
	assert_int_equal(take(OFFICIAL, "SL 1,057 259 184 58", &r), 1);
	assert_int_equal(r.kind, REPLY_REFUSED);
	assert_int_equal(take(OFFICIAL, "SL:444 259 184 58 hỏng 3 máy", &r), 1);
	assert_int_equal(r.kind, REPLY_FIGURES);
	TEST_OK(store_hand_in_list(home.st, 202323, INT64_MAX, take_hand_in, said, &why));
	assert_non_null(strstr(said, "\"III.1\":444,\"III.2\":259,\"III.3\":184,\"III.4\":58} "
				     "hỏng 3 máy|sms"));
	/* too few, and somebody who is no official: refused, and an officer sees it */
	assert_int_equal(take(OFFICIAL, "SL 443 259", &r), 1);
	assert_int_equal(r.kind, REPLY_REFUSED);
	assert_true(r.open);
	assert_int_equal(take(CITIZEN_NUMBER, "SL 1 2 3 4", &r), 1);
	assert_int_equal(r.kind, REPLY_REFUSED);
	TEST_OK(store_hand_in_list(home.st, 202323, INT64_MAX, take_hand_in, said, &why));
	assert_non_null(strstr(said, "\"III.2\":259"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REPLY_TEST(words_are_compared_whole_with_and_without_marks),
	    REPLY_TEST(who_declines_gets_nothing_more_and_is_told_so_once),
	    REPLY_TEST(so_many_answers_that_complain_halt_the_campaign),
	    REPLY_TEST(the_confirmation_is_the_one_message_that_may_go),
	    REPLY_TEST(a_wrong_number_is_not_written_to_again),
	    REPLY_TEST(an_official_enters_results_of_their_own_hamlet_only),
	    REPLY_TEST(an_official_hands_in_the_figures_of_the_own_hamlet),
	    REPLY_TEST(who_is_no_official_any_more_enters_nothing),
	    REPLY_TEST(the_confirmation_goes_to_somebody_who_lives),
	    REPLY_TEST(what_comes_twice_counts_once),
	    REPLY_TEST(an_officer_says_what_nobody_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
