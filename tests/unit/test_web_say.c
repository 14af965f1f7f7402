/* SPDX-License-Identifier: Apache-2.0 */
/* What the floors below the console say in Vietnamese, put over for whoever asked in English. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "web/say.h"

static struct page_set *pages;

static int load(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	pages = page_set_load(SOURCE_DIR "/templates", &e);
	if (pages == NULL)
		print_error("%s\n", e.text);
	return pages == NULL ? -1 : 0;
}

static int unload(void **state)
{
	(void)state;
	page_set_free(pages);
	return 0;
}

static void assert_said(enum page_language l, const char *vi, const char *want,
			bool want_worded)
{
	struct err e = ERR_INIT;
	bool worded;
	char *said;

	(void)err_set(&e, EX_DATAERR, "%s", vi);
	said = say_text(pages, l, &e, &worded);
	assert_string_equal(said, want);
	assert_int_equal(worded, want_worded);
	free(said);
}

static void a_sentence_is_put_over_with_what_fills_it(void **state)
{
	static const char *const rows[][2] = {
	    {"không có chiến dịch số 999", "there is no campaign no. 999"},
	    {"tuần phải viết như 2023-W24, không phải \"x\"",
	     "a week must look like 2023-W24, not \"x\""},
	    {"buổi số 7 đã hẹn 25 người, không thể còn 20 lượt",
	     "session no. 7 has 25 people already, it cannot have 20 seats"},
	    {"cần 3 số, từ \"ky_nay\" đến \"luy_ke\"; có 2 số",
	     "3 figures are needed, from \"ky_nay\" to \"luy_ke\"; there are 2"},
	    {"tệp rỗng", "the file is empty"},
	    {"cơ sở dữ liệu: disk I/O error (SQLite 10)",
	     "the database: disk I/O error (SQLite 10)"},
	    {"sms/vneid/a1.txt: chưa có giá trị cho {{noi_lam}}: hãy thêm tham số \"noi_lam\" "
	     "vào "
	     "chiến dịch",
	     "sms/vneid/a1.txt: there is no value for {{noi_lam}}: add a parameter \"noi_lam\" "
	     "to "
	     "the campaign"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_said(PAGE_EN, rows[i][0], rows[i][1], true);
		assert_said(PAGE_VI, rows[i][0], rows[i][0], true);
	}
}

static void what_fills_it_may_be_a_sentence_or_a_word(void **state)
{
	(void)state;
	assert_said(PAGE_EN, "chiến dịch \"Mời\" đang gửi: không duyệt được",
		    "the campaign \"Mời\" is under way: you cannot approve it", true);
	assert_said(
	    PAGE_EN, "tin số 3 ở trạng thái “đã đến máy”: chỉ quyết định được tin chưa rõ",
	    "message no. 3 is “delivered”: only what is uncertain can be settled", true);
	assert_said(
	    PAGE_EN, "dòng 12, mã TP-0001: sms/vneid/a1.txt:2:4: {{ten}}: thiếu giá trị",
	    "row 12, code TP-0001: sms/vneid/a1.txt:2:4: {{ten}}: a value is missing", true);
	assert_said(
	    PAGE_EN, "chiến dịch \"Mời\" không có ai để gửi: mã TP-1: tin quá dài",
	    "the campaign \"Mời\" has nobody to write to: code TP-1: the message is too long",
	    true);
}

/* A campaign may be called like a word of ours. */
static void a_name_stays_a_name(void **state)
{
	(void)state;
	assert_said(PAGE_EN, "đã có chiến dịch tên \"đã gửi\"",
		    "there is a campaign \"đã gửi\" already", true);
	assert_said(PAGE_EN, "không có đơn vị nào tên \"tệp rỗng\"",
		    "there is no unit \"tệp rỗng\"", true);
}

static void what_nobody_put_over_stays_as_it_is(void **state)
{
	(void)state;
	assert_said(PAGE_EN, "không có chiến dịch số ", "không có chiến dịch số ", false);
	assert_said(PAGE_EN, "không có gì cả", "không có gì cả", false);
	assert_said(PAGE_EN, "tệp rỗng hơn", "tệp rỗng hơn", false);
	assert_said(PAGE_EN, "", "", false);
}

/* Conditions are written by officers and refused by a floor that speaks English. */
static void what_is_said_in_english_is_put_over_as_well(void **state)
{
	static const char en[] = "no column has this fact, at \"x = 1\" of \"fact.x = 1\"";

	(void)state;
	assert_said(PAGE_VI, en,
		    "không có cột nào tên như vậy, ở chỗ \"x = 1\" của \"fact.x = 1\"", true);
	assert_said(PAGE_EN, en, en, true);
}

/* So do descriptions of providers, in what is kept with a message or a provider that stopped. */
static void reasons_of_providers_are_put_over(void **state)
{
	(void)state;
	assert_said(PAGE_VI, "the number is blocked in the provider's system",
		    "số này bị chặn ở nhà cung cấp", true);
	assert_said(PAGE_VI, "money 103: the balance is too low",
		    "hết tiền (mã 103): tài khoản không đủ tiền", true);
	assert_said(PAGE_VI, "HTTP 429, not JSON (line 1, column 1)",
		    "nhà cung cấp đang bận (HTTP 429): sẽ tự gửi lại", true);
	assert_said(PAGE_VI, "HTTP 503, not JSON (line 1, column 1)",
		    "nhà cung cấp trả lời không đúng dạng (HTTP 503)", true);
	assert_said(PAGE_VI, "what nobody has words for", "what nobody has words for", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sentence_is_put_over_with_what_fills_it),
	    cmocka_unit_test(what_fills_it_may_be_a_sentence_or_a_word),
	    cmocka_unit_test(a_name_stays_a_name),
	    cmocka_unit_test(what_is_said_in_english_is_put_over_as_well),
	    cmocka_unit_test(reasons_of_providers_are_put_over),
	    cmocka_unit_test(what_nobody_put_over_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
