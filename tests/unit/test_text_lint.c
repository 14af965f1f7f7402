/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "text/lint.h"
#include "text/vi.h"
#include "vectors.h"

static const char *const offices[] = {"UBND xã Mỹ Phú Đông", "Công an xã", NULL};
static const char *const places[] = {"Văn phòng ấp", "Công an xã", "Tư pháp - Hộ tịch", NULL};
static const struct lint_rules house = {
    .offices = offices, .places = places, .max_segments_unaccented = 1};
static const struct lint_rules bare = {.hosts = NULL};

static void assert_clean(const char *text, const struct lint_rules *rules)
{
	struct lint_finding f[4];

	if (lint_text(text, rules, f, 4) != 0)
		fail_msg("\"%s\" has %s: %s", text, f[0].rule, f[0].message);
}

static void assert_finds(const char *text, const struct lint_rules *rules, const char *rule,
			 const char *at)
{
	struct lint_finding f[8];
	size_t n = lint_text(text, rules, f, 8);
	bool found = false;

	for (size_t i = 0; i < n && i < 8; i++) {
		assert_true(vi_utf8_valid(f[i].message, strlen(f[i].message)));
		found |= strcmp(f[i].rule, rule) == 0 &&
			 (at == NULL || strncmp(text + f[i].offset, at, strlen(at)) == 0);
	}
	if (!found)
		fail_msg("\"%s\" has no %s at %s but %s", text, rule, at == NULL ? "any" : at,
			 n > 0 ? f[0].rule : "nothing");
}

static void our_own_messages_are_accepted(void **state)
{
	json_t *root = vectors_load("messages.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach(root, i, v)
	{
		/* M1 … M6 go to citizens and name an office and a place */
		const struct lint_rules *rules = i < 6 ? &house : &bare;

		assert_clean(vectors_str(v, "vi"), rules);
		assert_clean(vectors_str(v, "ascii"), rules);
		if (json_object_get(v, "vi_short") != NULL)
			assert_clean(vectors_str(v, "vi_short"), &bare);
	}
	assert_int_equal(i, 12);
	json_decref(root);
}

static void what_looks_like_a_scam_is_refused(void **state)
{
	static const struct {
		const char *text, *rule, *at;
	} cases[] = {
	    {"Mời Ông vào http://vneid.gov.vn để làm", "link", "http"},
	    {"Xem tại vneid.gov.vn.", "link", "vneid"},
	    {"Xem vneid.gov.vn.xyz/a", "link", "vneid"},
	    {"Xem bit.ly/abc", "link", "bit"},
	    {"Xem Bit.Ly", "link", "Bit"},
	    {"Vào 45.67.89.10 ngay", "link", "45"},
	    {"Gửi về congan@gmail.com", "link", "congan"},
	    {"Xem vneid．gov．vn", "link", "vneid"},
	    {"Bấm vào đây để kích hoạt", "link", "Bấm"},
	    {"Bam vao day de kich hoat", "link", "Bam"},
	    {"Mời kết bạn Zalo với cán bộ", "link", "kết"},
	    {"Đã gửi thư cho chúng tôi.Xin cảm ơn", "link", "tôi"},
	    {"Đọc mã OTP cho cán bộ", "otp", "OTP"},
	    {"Doc ma xac thuc cho can bo", "otp", "ma xac"},
	    {"Không cho ai biết mật khẩu", "otp", "mật"},
	    {"Vui lòng chuyển khoản lệ phí", "money", "chuyển"},
	    {"Vui long chuyen khoan le phi", "money", "chuyen"},
	    {"Ông đã trúng thưởng", "money", "trúng"},
	    {"Quá hạn sẽ bị phạt tiền", "threat", "phạt"},
	    {"Qua han se bi phat tien", "threat", "bi phat"},
	    {"Tài khoản sẽ bị khoá", "threat", "khoá"},
	    {"Việc khẩn cấp", "threat", "khẩn"},
	    {"Đề nghị chụp CCCD gửi lại", "personal_data", "chụp"},
	    {"CCCD 089079000123 của Ông", "digits", "089"},
	    {"CCCD 089 079 000 123 của Ông", "digits", "089"},
	    {"CMND 351234567", "digits", "351"},
	    {"Mã của Ông là 482913", "digits", "482"},
	    {"Mã của Ông là 4829", "digits", "4829"},
	    {"Gọi 0912 345 678 gặp cán bộ", "callback", "0912"},
	    {"Gọi +84912345678", "callback", "849"},
	    {"MỜI Ông đến", "capitals", "MỜI"},
	    {"Mời Ông NGUYỄN VĂN An", "capitals", "NGUYỄN"},
	    {"Mời Ông đến ngay!", "exclamation", "!"},
	    {"Mời\xE2\x80\x8B Ông", "hidden_character", "\xE2\x80\x8B"},
	    {"M\xFFi Ông", "hidden_character", "\xFF"},
	    {"Mời Ông 😀", "costly_character", "😀"},
	    {"Mời [Ông]", "costly_character", "["},
	    {"Giá 5 €", "costly_character", "€"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_finds(cases[i].text, &bare, cases[i].rule, cases[i].at);
}

static void innocent_texts_are_not_suspected(void **state)
{
	static const char *const texts[] = {
	    "Văn phòng ấp phát thẻ, khóm phát thanh", /* phạt is not phát */
	    "Phat the tai Van phong ap",
	    "Kế hoạch ngày 08/6/2023, năm 2024, 8 giờ 30, 09:15, thứ 2-6",
	    "Tổng đài 1900 0368, gọi 02963 847 123 hoặc 156",
	    "Đã tạo 1.057 trên 1.157 hộ, đạt 91,4%",
	    "Công an xã không hỏi mã OTP, mật khẩu và không thu tiền",
	    "Mời đến UBND TP.Long Xuyên, BS.An, v.v. “Xin cảm ơn” – Công an xã…",
	    "Trường A1, B2.",
	    "Khoa học, ngan ngừa, số 46/KH-UBND",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_clean(texts[i], &bare);
}

static void only_exact_hosts_may_be_linked(void **state)
{
	static const char *const hosts[] = {"vneid.gov.vn", "dichvucong.gov.vn", NULL};
	static const struct lint_rules rules = {.hosts = hosts};
	static const char *const good[] = {"https://vneid.gov.vn", "Xem vneid.gov.vn.",
					   "(https://dichvucong.gov.vn/p/home)",
					   "https://VNEID.gov.vn"};
	static const char *const bad[] = {
	    "http://vneid.gov.vn",	     "https://vneid.gov.vn.xyz",
	    "https://vneid-gov.vn",	     "https://xvneid.gov.vn",
	    "https://vneid.gov.vn@evil.com", "https://vneid\xD0\xB0.gov.vn",
	    "https://evil.com/vneid.gov.vn"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct lint_finding f;
		size_t n = lint_text(good[i], &rules, &f, 1);

		if (n > 0 && strcmp(f.rule, "link") == 0)
			fail_msg("%s is refused", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_finds(bad[i], &rules, "link", NULL);
}

static void a_message_says_who_and_where_in_one_part(void **state)
{
	static const char *const capitals[] = {"UBND", "ABC", NULL};
	static const struct lint_rules strict = {.forbidden = "#&%", .capitals = capitals};
	struct buf b = BUF_INIT(1000);
	char *name;

	(void)state;
	assert_finds("Mời Ông đến Văn phòng ấp", &house, "office_missing", NULL);
	assert_finds("UBND xã Mỹ Phú Đông mời Ông làm CCCD", &house, "place_missing", NULL);
	assert_clean("UBND XA MY PHU DONG moi Ong den Van phong ap",
		     &(struct lint_rules){
			 .offices = offices,
			 .places = places,
			 .capitals = (const char *const[]){"UBND", "PHU", "DONG", NULL}});
	for (int i = 0; i < 33; i++)
		assert_int_equal(buf_adds(&b, "mười "), 0);
	name = mem_printf("%s", buf_text(&b));
	assert_finds(name, &house, "too_long", NULL);
	assert_clean(name, &bare);
	free(name);
	buf_free(&b);
	assert_finds("Họp ấp & xã", &strict, "forbidden_character", "&");
	assert_clean("ABC", &strict);
	assert_finds("CCCD", &strict, "capitals", "CCCD");
}

static void findings_beyond_the_room_are_counted(void **state)
{
	struct lint_finding f[1];

	(void)state;
	assert_int_equal(lint_text("!!!", &bare, f, 1), 3);
	assert_int_equal(lint_text("!!!", &bare, NULL, 0), 3);
	assert_int_equal(lint_text("", &bare, f, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(our_own_messages_are_accepted),
	    cmocka_unit_test(what_looks_like_a_scam_is_refused),
	    cmocka_unit_test(innocent_texts_are_not_suspected),
	    cmocka_unit_test(only_exact_hosts_may_be_linked),
	    cmocka_unit_test(a_message_says_who_and_where_in_one_part),
	    cmocka_unit_test(findings_beyond_the_room_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
