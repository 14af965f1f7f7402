/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "campaign_home.h"

static struct campaign_plan *plan_of(const struct campaign *c)
{
	struct err e = ERR_INIT;
	struct campaign_plan *p = campaign_plan_new(home.st, &home.house, c, &e);

	if (p == NULL)
		fail_msg("%s", e.text);
	return p;
}

/* One message to name, yours to free(). */
static char *render(const struct campaign_plan *p, int audience, const char *name, int sex,
		    struct sms_count *count)
{
	char group[] = "Tổ 1", key[] = "K-1", unit_name[] = "Tân Đông", label[] = "ấp Tân Đông",
	     facts[] = "{}";
	struct plan_unit unit = {.id = 1, .name = unit_name, .label = label};
	struct recipient r = {.key = key,
			      .name = (char *)(uintptr_t)name,
			      .group = group,
			      .sex = sex,
			      .birth_year = 1965,
			      .facts = facts};
	struct plan_message m = {0};
	struct plan_writer w;

	plan_writer_init(&w, p);
	TEST_OK(plan_render(&w, audience, &r, &unit, &m, &why));
	plan_writer_free(&w);
	*count = m.count;
	return m.text;
}

#define SESSION "{\"ngay\":\"15/06/2023\",\"gio\":\"07:30\"}"
static const struct {
	const char *programme, *audience, *parameters, *want;
} texts[] = {
    {"vneid", "A1", "{}",
     "UBND xa My Phu Dong kinh moi Ba Nguyen Thi Be Ngan mang CCCD, dien thoai den Cong an xa "
     "lam dinh danh muc 2, han 20/6. Hoi Van phong ap Tan Dong, thu 2-6."},
    {"vneid", "A2", "{}",
     "UBND xa My Phu Dong: Ba Nguyen Thi Be Ngan da co dinh danh muc 2. Kinh moi mang dien "
     "thoai den Van phong ap Tan Dong (thu 2-6) de duoc giup cai VNeID."},
    {"cccd", "A3", SESSION,
     "UBND xa My Phu Dong kinh moi Ba Nguyen Thi Be Ngan den Van phong ap Tan Dong luc 7 gio "
     "30 thu Nam 15/6 lam the CCCD. Xin mang theo giay to tuy than."},
    {"cccd", "A4", "{}",
     "UBND xa My Phu Dong kinh moi Ba Nguyen Thi Be Ngan den Tu phap - Ho tich xa (thu 2-6) "
     "bo sung ngay, thang sinh de lam CCCD. Xin mang khai sinh, giay to cu."},
    {"cccd", "A5", "{}",
     "UBND xa My Phu Dong kinh moi Ba Nguyen Thi Be Ngan (tam tru ap Tan Dong) mang giay to "
     "den Cong an xa, thu 2-6, de duoc huong dan noi lam CCCD thuan tien."},
    {"cccd", "A6", "{}",
     "UBND xa My Phu Dong kinh gui Ba Nguyen Thi Be Ngan dang o xa: xin goi Tu phap - Ho tich "
     "xa, so 02963881234, thu 2-6, de duoc huong dan lam CCCD noi dang o."},
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static void every_audience_reads_who_where_when_and_what_to_bring(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct campaign c = test_campaign("c", texts[i].programme, texts[i].audience,
						  texts[i].parameters);
		struct campaign_plan *p = plan_of(&c);
		struct sms_count n;
		char *text = render(p, 0, "Nguyễn Thị Bé Ngân", 2, &n);

		assert_string_equal(text, texts[i].want);
		assert_int_equal(n.segments, 1);
		free(text);
		campaign_plan_free(p);
	}
}

static void one_unaccented_segment_holds_any_name_up_to_thirty_letters(void **state)
{
	static const char *const names[] = {"Lê An", "Nguyễn Thị Bé Ngân",
					    "Nguyễn Hoàng Phước An",
					    "Công Tằng Tôn Nữ Hoàng Thị Bé"};

	(void)state;
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct campaign c = test_campaign("c", texts[i].programme, texts[i].audience,
						  texts[i].parameters);
		struct campaign_plan *p = plan_of(&c);

		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			for (int sex = 0; sex < 3; sex++) {
				struct sms_count n;
				char *text = render(p, 0, names[k], sex, &n);
				char *plain = vi_unaccent(names[k]);

				if (n.segments != 1 || n.ucs2)
					fail_msg("%d units: %s", n.units, text);
				/* a name is never cut */
				assert_non_null(strstr(text, plain));
				assert_ptr_equal(strstr(text, "UBND xa My Phu Dong"), text);
				free(plain);
				free(text);
			}
		}
		campaign_plan_free(p);
	}
}

static void other_communes_and_the_new_card_fit_too(void **state)
{
	static const char *const offices[] = {"UBND xã Tây Phú", "UBND phường Bình Đức",
					      "UBND xã Vĩnh Thạnh Trung"};
	const char *office = home.house.office, *card = home.house.card_name;

	(void)state;
	home.house.card_name = "căn cước";
	for (size_t k = 0; k < sizeof(offices) / sizeof(offices[0]); k++) {
		home.house.office = offices[k];
		for (size_t i = 0; i < N_TEXTS; i++) {
			struct campaign c = test_campaign(
			    "c", texts[i].programme, texts[i].audience, texts[i].parameters);
			struct campaign_plan *p = plan_of(&c);
			struct sms_count n;
			char *text = render(p, 0, "Nguyễn Hoàng Phước An", 0, &n);

			if (n.segments != 1)
				fail_msg("%d units: %s", n.units, text);
			free(text);
			campaign_plan_free(p);
		}
	}
	home.house.office = office;
	home.house.card_name = card;
}

static void a_long_name_gets_the_shorter_body(void **state)
{
	struct campaign c = test_campaign("c", "vneid", "A1", "{}");
	struct campaign_plan *p = plan_of(&c);
	struct sms_count n;
	char *text;

	(void)state;
	text = render(p, 0, "Công Tằng Tôn Nữ Hoàng Thị Bé", 0, &n);
	assert_string_equal(
	    text, "UBND xa My Phu Dong kinh moi Ong/Ba Cong Tang Ton Nu Hoang Thi Be "
		  "mang CCCD, dien thoai den Cong an xa (thu 2-6) lam dinh danh muc 2, "
		  "han 20/6.");
	free(text);
	campaign_plan_free(p);
}

static void accents_are_kept_dropped_or_kept_only_when_free(void **state)
{
	static const struct {
		enum sms_accents policy;
		bool ucs2;
		int segments;
	} cases[] = {{SMS_WITH_ACCENTS, true, 3},
		     {SMS_WITHOUT_ACCENTS, false, 1},
		     {SMS_CHEAPEST, false, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct campaign c = test_campaign("c", "vneid", "A2", "{}");
		struct campaign_plan *p;
		struct sms_count n;
		char *text;

		c.accents = (int)cases[i].policy;
		p = plan_of(&c);
		text = render(p, 0, "Trần Thị Bích", 2, &n);
		assert_int_equal(n.ucs2, cases[i].ucs2);
		assert_int_equal(n.segments, cases[i].segments);
		assert_int_equal(strstr(text, "Bà Trần Thị Bích") != NULL, cases[i].ucs2);
		free(text);
		campaign_plan_free(p);
	}
	/* a provider without UCS-2 gets none */
	{
		struct campaign c = test_campaign("c", "vneid", "A2", "{}");
		struct campaign_plan *p;
		struct sms_count n;

		c.accents = SMS_WITH_ACCENTS;
		home.house.can_ucs2 = false;
		p = plan_of(&c);
		free(render(p, 0, "Trần Thị Bích", 2, &n));
		home.house.can_ucs2 = true;
		assert_false(n.ucs2);
		campaign_plan_free(p);
	}
}

static void no_text_holds_a_link_a_number_of_a_person_or_a_threat(void **state)
{
	static const char *const never[] = {"http", "www", ".vn", "OTP",  "mat khau",
					    "phat", "phi", "!",	  "khan", "ngay sinh 1965",
					    "1965"};

	(void)state;
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct campaign c = test_campaign("c", texts[i].programme, texts[i].audience,
						  texts[i].parameters);
		struct campaign_plan *p = plan_of(&c);
		struct sms_count n;
		char *text = render(p, 0, "Lê Văn Tám", 1, &n);

		for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++)
			if (strstr(text, never[k]) != NULL)
				fail_msg("\"%s\" in: %s", never[k], text);
		free(text);
		campaign_plan_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_audience_reads_who_where_when_and_what_to_bring),
	    cmocka_unit_test(one_unaccented_segment_holds_any_name_up_to_thirty_letters),
	    cmocka_unit_test(other_communes_and_the_new_card_fit_too),
	    cmocka_unit_test(a_long_name_gets_the_shorter_body),
	    cmocka_unit_test(accents_are_kept_dropped_or_kept_only_when_free),
	    cmocka_unit_test(no_text_holds_a_link_a_number_of_a_person_or_a_threat),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
