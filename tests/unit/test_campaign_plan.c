/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/stat.h>

#include "campaign_house.h"

static struct test_house home;

#define GOOD "{{co_quan}} kính mời {{danh_xung}} {{ten}} đến {{noi_lam}} làm định danh mức 2."

static int set_up(void **state)
{
	(void)state;
	test_house_open(&home);
	test_own_texts(&home);
	test_write(&home, "sms/vneid/a2.txt", GOOD);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_house_close(&home);
	return 0;
}

/* The plan of a campaign to A1 with this text, or NULL and why. */
static struct campaign_plan *plan_with(const char *text, const char *parameters,
				       struct campaign *c, struct err *e)
{
	test_write(&home, "sms/vneid/a1.txt", text);
	*c = test_campaign("c", "vneid", "A1", parameters);
	return campaign_plan_new(home.st, &home.house, c, e);
}

static void what_is_wrong_is_said_before_anything_is_queued(void **state)
{
	static const struct {
		const char *text, *parameters, *want;
	} cases[] = {
	    {GOOD " Hạn {{han_chot}}.", "{}", "chưa có giá trị cho {{han_chot}}"},
	    {GOOD " {{ten_la}}", "{\"ten_khac\":\"x\"}", "{{ten_la}}"},
	    {GOOD " {{fact.khong_co}}", "{}", "không có cột nào tên \"khong_co\""},
	    {GOOD " {{ten", "{}", "sms/vneid/a1.txt:1:"},
	    {GOOD, "{\"han\":\"cuối tháng\"}", "tham số \"han\" phải là ngày"},
	    {GOOD " Đến {{gio|time}} ngày {{ngay|date:d/M}}.",
	     "{\"ngay\":\"15/06/2023\",\"gio\":\"sáng\"}", "tham số \"gio\" phải là giờ"},
	    {GOOD, "{\"han\":[1]}", "tham số \"han\" phải là chữ hoặc số"},
	    {GOOD, "[]", "không phải là JSON"},
	    {GOOD, "{\"noi_lam\":\"{{noi_lam}}\"}", "nhắc lại chính nó"},
	    /* what people would take for a scam, or cannot place */
	    {"Kính mời {{danh_xung}} {{ten}} đến {{noi_lam}} làm định danh mức 2.", "{}",
	     "sms/vneid/a1.txt"},
	    {"{{co_quan}} kính mời {{danh_xung}} {{ten}} làm định danh mức 2.", "{}",
	     "sms/vneid/a1.txt"},
	    {GOOD " Xem http://dinhdanh.vn/abc", "{}", "sms/vneid/a1.txt"},
	    {GOOD "\n---\n" GOOD
		  " Xin mang theo giấy tờ tùy thân, điện thoại, và nhắc người thân "
		  "trong gia đình cùng đến làm cho đủ, xin cảm ơn nhiều.",
	     "{}", "sms/vneid/a1.txt"},
	    {"\xff\xfe", "{}", "không phải là chữ UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct campaign c;

		assert_null(plan_with(cases[i].text, cases[i].parameters, &c, &e));
		if (e.code == 0 || strstr(e.text, cases[i].want) == NULL)
			fail_msg("case %zu said: %s", i, e.text);
	}
}

static void an_audience_must_exist_have_a_text_and_not_be_held(void **state)
{
	static const struct {
		const char *programme, *audiences, *want;
	} cases[] = {
	    {"vneid", "A9", "không có đối tượng \"A9\""},
	    {"vneid", "A1,A7", "không bao giờ được nhắn tin"},
	    {"vneid", " , ", "chưa chọn đối tượng nào"},
	    {"khong", "A1", "khong"},
	    {"cccd", "A5", "không đọc được bản mẫu"},
	    {"officials", "truong_ap", "chưa có bản mẫu"},
	};

	(void)state;
	test_write(&home, "sms/vneid/a1.txt", GOOD);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct campaign c =
		    test_campaign("c", cases[i].programme, cases[i].audiences, "{}");
		struct err e = ERR_INIT;

		assert_null(campaign_plan_new(home.st, &home.house, &c, &e));
		if (strstr(e.text, cases[i].want) == NULL)
			fail_msg("case %zu said: %s", i, e.text);
	}
}

/* The message to a row, or NULL and why. */
static char *message_to(const struct campaign_plan *p, const struct recipient *r,
			const struct plan_unit *unit, struct err *e)
{
	struct plan_message m = {0};
	struct plan_writer w;

	plan_writer_init(&w, p);
	if (plan_render(&w, 0, r, unit, &m, e) < 0)
		m.text = NULL;
	plan_writer_free(&w);
	return m.text;
}

static void a_missing_value_names_template_line_variable_and_row(void **state)
{
	char key[] = "TP-0042", name[] = "Lê Thị Út", empty[] = "";
	struct recipient r = {.key = key, .name = name, .source_row = 48};
	struct err e = ERR_INIT;
	struct campaign c;
	struct campaign_plan *p =
	    plan_with(GOOD "\nHỏi Văn phòng {{ap}}, thứ 2-6.", "{}", &c, &e);

	(void)state;
	assert_non_null(p);
	assert_null(message_to(p, &r, NULL, &e));
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.text, "dòng 48, mã TP-0042"));
	assert_non_null(strstr(e.text, "sms/vneid/a1.txt:2:"));
	assert_non_null(strstr(e.text, "{{ap}}"));
	assert_null(strstr(e.text, "Lê Thị Út"));
	/* an empty name is a missing one */
	err_clear(&e);
	r.name = empty;
	assert_null(message_to(p, &r, NULL, &e));
	assert_non_null(strstr(e.text, "{{ten}}"));
	campaign_plan_free(p);
}

static void people_are_addressed_by_sex_and_minors_as_citizens(void **state)
{
	static const struct {
		int sex, year;
		const char *want;
	} cases[] = {{1, 1960, "Ong Le Sang"},
		     {2, 0, "Ba Le Sang"},
		     {0, 1960, "Ong/Ba Le Sang"},
		     {1, 2008, "cong dan Le Sang"},
		     {2, 2005, "Ba Le Sang"}};
	char key[] = "1", name[] = "Lê Sang";
	struct err e = ERR_INIT;
	struct campaign c;
	struct campaign_plan *p = plan_with(GOOD, "{}", &c, &e);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recipient r = {
		    .key = key, .name = name, .sex = cases[i].sex, .birth_year = cases[i].year};
		char *text = message_to(p, &r, NULL, &e);

		assert_non_null(text);
		assert_non_null(strstr(text, cases[i].want));
		free(text);
	}
	campaign_plan_free(p);
}

static void the_deadline_is_the_earliest_that_is_not_over(void **state)
{
	static const struct {
		int starts;
		const char *parameters, *want;
		int void_after; /* last day on which it may go out; 0 = no limit */
	} cases[] = {
	    /* "đến 20/6" and "trước 30/6" of the plan */
	    {20230608, "{}", "han 20/6.", 20230620},
	    {20230620, "{}", "han 20/6.", 20230620},
	    {20230621, "{}", "han 29/6.", 20230629},
	    {20230630, "{}", "muc 2.", 0},
	    {20230608, "{\"han\":\"2023-06-16\"}", "han 16/6.", 20230616},
	    {20230608, "{\"han\":\"16/06/2023\"}", "han 16/6.", 20230616},
	};
	char key[] = "1", name[] = "Lê Sang";
	struct recipient r = {.key = key, .name = name, .sex = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct campaign c = test_campaign("c", "vneid", "A1", cases[i].parameters);
		struct err e = ERR_INIT;
		struct campaign_plan *p;
		char *text;

		test_write(
		    &home, "sms/vneid/a1.txt",
		    "{{co_quan}} kính mời {{danh_xung}} {{ten}} đến {{noi_lam}} làm định "
		    "danh mức 2{{#han}}, hạn {{han|date:d/M}}{{/han}}.");
		c.starts_at = test_at(cases[i].starts, 9, 0);
		c.expires_at = test_at(20231231, 0, 0);
		p = campaign_plan_new(home.st, &home.house, &c, &e);
		assert_non_null(p);
		text = message_to(p, &r, NULL, &e);
		if (strstr(text, cases[i].want) == NULL)
			fail_msg("case %zu: %s", i, text);
		assert_int_equal(plan_expires_at(p, 0),
				 cases[i].void_after == 0
				     ? c.expires_at
				     : test_at(cases[i].void_after, 24, 0));
		free(text);
		campaign_plan_free(p);
	}
}

static void an_invitation_is_void_from_its_hour_on(void **state)
{
	struct err e = ERR_INIT;
	struct campaign c;
	struct campaign_plan *p =
	    plan_with(GOOD " Đến {{gio|time}} {{ngay|date:thu d/M}}.",
		      "{\"ngay\":\"13/06/2023\",\"gio\":\"07:30\"}", &c, &e);

	(void)state;
	assert_non_null(p);
	assert_int_equal(plan_expires_at(p, 0), test_at(20230613, 7, 30));
	campaign_plan_free(p);
}

static void the_place_may_name_the_hamlet(void **state)
{
	char key[] = "1", name[] = "Lê Sang", unit_name[] = "Tân Mỹ", label[] = "ấp Tân Mỹ";
	struct recipient r = {.key = key, .name = name, .sex = 1};
	struct plan_unit unit = {.id = 3, .name = unit_name, .label = label};
	struct err e = ERR_INIT;
	struct campaign c;
	struct campaign_plan *p = plan_with(GOOD, "{\"noi_lam\":\"Văn phòng {{ap}}\"}", &c, &e);
	char *text;

	(void)state;
	assert_non_null(p);
	text = message_to(p, &r, &unit, &e);
	assert_non_null(strstr(text, "den Van phong ap Tan My lam"));
	free(text);
	/* without a hamlet there is no place to name */
	assert_null(message_to(p, &r, NULL, &e));
	assert_non_null(strstr(e.text, "{{ap}}"));
	campaign_plan_free(p);
}

static void a_value_is_never_read_as_a_template_again(void **state)
{
	char key[] = "1", name[] = "{{co_quan}} {{#ten}}";
	struct recipient r = {.key = key, .name = name, .sex = 1};
	struct err e = ERR_INIT;
	struct campaign c;
	struct campaign_plan *p = plan_with(GOOD, "{}", &c, &e);
	char *text;

	(void)state;
	assert_non_null(p);
	text = message_to(p, &r, NULL, &e);
	assert_non_null(text);
	assert_non_null(strstr(text, "Ong {{co_quan}} {{#ten}} den"));
	free(text);
	campaign_plan_free(p);
}

static void a_text_longer_than_the_provider_takes_is_refused_by_row(void **state)
{
	char key[] = "1", name[] = "Lê Sang";
	struct recipient r = {.key = key, .name = name, .sex = 1, .source_row = 9};
	struct err e = ERR_INIT;
	struct campaign c;
	struct campaign_plan *p;

	(void)state;
	test_write(&home, "sms/vneid/a1.txt", GOOD);
	c = test_campaign("c", "vneid", "A1", "{}");
	c.accents = SMS_WITH_ACCENTS;
	home.house.max_segments = 1;
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	assert_null(message_to(p, &r, NULL, &e));
	assert_non_null(strstr(e.text, "dòng 9"));
	assert_non_null(strstr(e.text, "chỉ nhận 1"));
	home.house.max_segments = 0;
	campaign_plan_free(p);
}

static void a_hold_audience_wins_wherever_it_stands(void **state)
{
	static const char programme[] =
	    "title: Thử\n"
	    "row: người\n"
	    "columns:\n"
	    "  - {field: name, required: true, spellings: [Họ và tên]}\n"
	    "  - {field: phone, spellings: [SĐT]}\n"
	    "  - {field: fact, name: tang, spellings: [Tang], values: {co: [x]}}\n"
	    "  - {field: fact, name: xong, spellings: [Xong], values: {co: [x]}}\n"
	    "states:\n"
	    "  - {name: none, title: chưa}\n"
	    "  - {name: xong, title: rồi, done: true, when: fact.xong = co}\n"
	    "audiences:\n"
	    "  - {id: A1, title: mọi người, when: state = none, sms: sms/vneid/a1.txt, "
	    "place: Công an xã}\n"
	    "  - {id: A7, title: nhà có tang, when: fact.tang = co, hold: true}\n";
	char key[] = "1", name[] = "Lê Sang", mourning[] = "{\"tang\":\"co\"}", none[] = "{}";
	struct recipient r = {.key = key, .name = name, .contact_id = 1, .facts = mourning};
	struct campaign c = test_campaign("c", "thu", "A1", "{}");
	const char *shipped = home.house.dir;
	struct err e = ERR_INIT;
	struct campaign_plan *p;
	int audience;
	char *dir = mem_printf("%s/programmes", home.dir);

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	free(dir);
	test_write(&home, "programmes/thu.yaml", programme);
	test_write(&home, "sms/vneid/a1.txt", GOOD);
	home.house.dir = home.dir;
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	home.house.dir = shipped;
	if (p == NULL)
		fail_msg("%s", e.text);
	assert_int_equal(plan_judge(p, &r, NULL, &audience), EXCLUDED_HELD);
	r.facts = none;
	assert_int_equal(plan_judge(p, &r, NULL, &audience), EXCLUDED_COUNT);
	assert_int_equal(audience, 0);
	r.hold = HOLD_DECEASED_SUSPECTED;
	assert_int_equal(plan_judge(p, &r, NULL, &audience), EXCLUDED_DECEASED);
	campaign_plan_free(p);
}

static void a_stream_needs_no_text_of_its_own(void **state)
{
	struct campaign c = test_campaign("digest", "officials", "truong_ap", "{}");
	struct err e = ERR_INIT;
	struct campaign_plan *p;

	(void)state;
	c.stream = true;
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	assert_string_equal(campaign_plan_programme(p)->name, "officials");
	campaign_plan_free(p);
	c = test_campaign("notices", "", "", "{}");
	c.stream = true;
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	assert_null(campaign_plan_programme(p));
	campaign_plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_wrong_is_said_before_anything_is_queued),
	    cmocka_unit_test(an_audience_must_exist_have_a_text_and_not_be_held),
	    cmocka_unit_test(a_missing_value_names_template_line_variable_and_row),
	    cmocka_unit_test(people_are_addressed_by_sex_and_minors_as_citizens),
	    cmocka_unit_test(the_deadline_is_the_earliest_that_is_not_over),
	    cmocka_unit_test(an_invitation_is_void_from_its_hour_on),
	    cmocka_unit_test(the_place_may_name_the_hamlet),
	    cmocka_unit_test(a_value_is_never_read_as_a_template_again),
	    cmocka_unit_test(a_text_longer_than_the_provider_takes_is_refused_by_row),
	    cmocka_unit_test(a_hold_audience_wins_wherever_it_stands),
	    cmocka_unit_test(a_stream_needs_no_text_of_its_own),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
