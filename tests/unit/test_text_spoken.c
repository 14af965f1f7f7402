/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "text/spoken.h"

static const struct {
	int64_t n;
	const char *words;
} numbers[] = {
    {0, "không"},
    {1, "một"},
    {4, "bốn"},
    {5, "năm"},
    {10, "mười"},
    {11, "mười một"},
    {14, "mười bốn"},
    {15, "mười lăm"},
    {20, "hai mươi"},
    {21, "hai mươi mốt"},
    {24, "hai mươi tư"},
    {25, "hai mươi lăm"},
    {30, "ba mươi"},
    {31, "ba mươi mốt"},
    {44, "bốn mươi tư"},
    {55, "năm mươi lăm"},
    {91, "chín mươi mốt"},
    {97, "chín mươi bảy"},
    {100, "một trăm"},
    {101, "một trăm lẻ một"},
    {104, "một trăm lẻ bốn"},
    {105, "một trăm lẻ năm"},
    {110, "một trăm mười"},
    {111, "một trăm mười một"},
    {115, "một trăm mười lăm"},
    {121, "một trăm hai mươi mốt"},
    {186, "một trăm tám mươi sáu"},
    {300, "ba trăm"},
    {443, "bốn trăm bốn mươi ba"},
    {614, "sáu trăm mười bốn"},
    {999, "chín trăm chín mươi chín"},
    {1000, "một nghìn"},
    {1001, "một nghìn không trăm lẻ một"},
    {1005, "một nghìn không trăm lẻ năm"},
    {1010, "một nghìn không trăm mười"},
    {1057, "một nghìn không trăm năm mươi bảy"},
    {1100, "một nghìn một trăm"},
    {1157, "một nghìn một trăm năm mươi bảy"},
    {2023, "hai nghìn không trăm hai mươi ba"},
    {10000, "mười nghìn"},
    {15015, "mười lăm nghìn không trăm mười lăm"},
    {21021, "hai mươi mốt nghìn không trăm hai mươi mốt"},
    {100000, "một trăm nghìn"},
    {105005, "một trăm lẻ năm nghìn không trăm lẻ năm"},
    {380950, "ba trăm tám mươi nghìn chín trăm năm mươi"},
    {999999, "chín trăm chín mươi chín nghìn chín trăm chín mươi chín"},
    {1000000, "một triệu"},
    {1000001, "một triệu không trăm lẻ một"},
    {2500000000, "hai tỷ năm trăm triệu"},
    {-21, "âm hai mươi mốt"},
    {INT64_MIN,
     "âm chín tỷ tỷ hai trăm hai mươi ba triệu tỷ ba trăm bảy mươi hai nghìn tỷ không "
     "trăm ba mươi sáu tỷ tám trăm năm mươi tư triệu bảy trăm bảy mươi lăm nghìn tám "
     "trăm lẻ tám"},
};

static void numbers_are_said_as_people_say_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf out = BUF_INIT(1000);

		spoken_number(numbers[i].n, &out);
		assert_string_equal(buf_text(&out), numbers[i].words);
		buf_free(&out);
	}
}

/* Read back digit by digit: no two numbers below a million are said alike, nor without a word. */
static int64_t said_value(const char *words)
{
	static const char *const digits[] = {"không", "một", "hai", "ba",  "bốn",
					     "năm",   "sáu", "bảy", "tám", "chín"};
	int64_t total = 0, group = 0, last = 0;
	char *copy = strdup(words), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		for (int d = 0; d < 10; d++)
			last = strcmp(word, digits[d]) == 0 ? d : last;
		if (strcmp(word, "mốt") == 0)
			last = 1;
		else if (strcmp(word, "tư") == 0)
			last = 4;
		else if (strcmp(word, "lăm") == 0)
			last = 5;
		else if (strcmp(word, "trăm") == 0 || strcmp(word, "mươi") == 0 ||
			 strcmp(word, "mười") == 0) {
			group += strcmp(word, "trăm") == 0   ? last * 100
				 : strcmp(word, "mươi") == 0 ? last * 10
							     : 10;
			last = 0;
		} else if (strcmp(word, "nghìn") == 0) {
			total = (total + group + last) * 1000;
			group = last = 0;
		}
	}
	free(copy);
	return total + group + last;
}

static void every_number_below_a_million_can_be_heard_back(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	for (int64_t n = 0; n < 1000000; n += n < 20000 ? 1 : 37) {
		buf_reset(&out);
		spoken_number(n, &out);
		if (said_value(buf_text(&out)) != n)
			fail_msg("%lld is said \"%s\"", (long long)n, buf_text(&out));
	}
	buf_free(&out);
}

static const char table[] = "# chữ viết tắt\n"
			    "CCCD = căn cước công dân\n"
			    "UBND = Ủy ban nhân dân\n"
			    "ứng dụng VNeID = ứng dụng định danh quốc gia\n"
			    "VNeID = Vi-en-i-đi\n";

static const struct {
	const char *text, *said; /* NULL: it cannot be said */
} texts[] = {
    {"UBND xã mời bà con làm CCCD.", "Ủy ban nhân dân xã mời bà con làm căn cước công dân."},
    {"mở ứng dụng VNeID, VNeID.", "mở ứng dụng định danh quốc gia, Vi-en-i-đi."},
    {"mức 2", "mức hai"},
    {"lúc 8 giờ 00 thứ Năm, ngày 15/6", "lúc tám giờ sáng thứ Năm, ngày mười lăm tháng sáu"},
    {"8 giờ 30", "tám giờ ba mươi sáng"},
    {"13:30", "một giờ ba mươi chiều"},
    {"19 giờ", "bảy giờ tối"},
    {"11:00", "mười một giờ trưa"},
    {"trước 20/6/2023", "trước ngày hai mươi tháng sáu năm hai nghìn không trăm hai mươi ba"},
    {"05/04", "ngày mùng năm tháng Tư"},
    {"1.057 hộ, đạt 58,1 %.",
     "một nghìn không trăm năm mươi bảy hộ, đạt năm mươi tám phẩy một phần trăm."},
    {"100%", "một trăm phần trăm"},
    {"thứ 2-6", "thứ Hai đến thứ Sáu"},
    {"thứ 4 hàng tuần", "thứ Tư hàng tuần"},
    {"số 1900 0368.", "số một chín không không, không ba sáu tám."},
    {"gọi 02963 000 000", "gọi không hai chín sáu ba, không không không, không không không"},
    {"SĐT của hộ", NULL},
    {"tổ B2", NULL},
    {"2x", NULL},
    {"ĐĂNG ký VNeIDx", NULL},
};

static void texts_are_said_or_refused_never_spelled_by_guess(void **state)
{
	struct err e = ERR_INIT;
	struct spoken_table *t = spoken_table_read("bảng", table, &e);

	(void)state;
	assert_non_null(t);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf out = BUF_INIT(1000);
		int rc = spoken_text(t, texts[i].text, &out, &e);

		assert_int_equal(rc, texts[i].said != NULL ? 0 : -1);
		if (texts[i].said != NULL)
			assert_string_equal(buf_text(&out), texts[i].said);
		else
			assert_int_equal(e.code, EX_DATAERR);
		err_clear(&e);
		buf_free(&out);
	}
	spoken_table_free(t);
	assert_null(spoken_table_read("bảng", "CCCD căn cước\n", &e));
	assert_non_null(strstr(e.text, "bảng:1"));
}

static void syllables_are_counted(void **state)
{
	(void)state;
	assert_int_equal(spoken_syllables(""), 0);
	assert_int_equal(spoken_syllables("Kính thưa bà con ấp Tân Đông."), 7);
	assert_int_equal(spoken_syllables("Tư pháp – Hộ tịch, Vi-en-i-đi"), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_said_as_people_say_them),
	    cmocka_unit_test(every_number_below_a_million_can_be_heard_back),
	    cmocka_unit_test(texts_are_said_or_refused_never_spelled_by_guess),
	    cmocka_unit_test(syllables_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
