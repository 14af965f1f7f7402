/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "text/vi.h"
#include "vectors.h"

static void assert_gives(char *(*fn)(const char *), const char *in, const char *want)
{
	char *got = fn(in);

	if (got == NULL || strcmp(got, want) != 0)
		fail_msg("\"%s\" gave \"%s\", not \"%s\"", in, got == NULL ? "NULL" : got,
			 want);
	free(got);
}

static void only_utf8_is_taken_for_utf8(void **state)
{
	static const char *const bad[] = {
	    "\xC0\x80",		"\xE0\x80\x80", "\xED\xA0\x80", "\xC3",
	    "\xF4\x90\x80\x80", "\xF8",		"\x80",		"a\xFF"};
	uint32_t cp;
	char out[4];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(vi_utf8_valid(bad[i], strlen(bad[i])));
		assert_null(vi_nfc(bad[i]));
		assert_null(vi_clean(bad[i]));
	}
	assert_int_equal(vi_utf8_next("ế", 3, &cp), 3);
	assert_int_equal(cp, 0x1EBF);
	assert_int_equal(vi_utf8_next("ế", 2, &cp), 0);
	for (cp = 1; cp < 0x110000; cp = cp == 0xD7FF ? 0xE000 : cp + 1) {
		uint32_t back;
		size_t n = vi_utf8_put(cp, out);

		if (vi_utf8_next(out, n, &back) != n || back != cp)
			fail_msg("U+%04X does not come back", cp);
	}
}

static void letters_of_every_keyboard_become_one_spelling(void **state)
{
	(void)state;
	/* decomposed as macOS does, as Windows-1258 does, with the tone first */
	assert_gives(vi_nfc, "Nguye\xCC\x82\xCC\x83n", "Nguyễn");
	assert_gives(vi_nfc, "Nguy\xC3\xAA\xCC\x83n", "Nguyễn");
	assert_gives(vi_nfc, "Nguy\xE1\xBA\xBD\xCC\x82n", "Nguyễn");
	assert_gives(vi_nfc, "Nguye\xCC\x83\xCC\x82n", "Nguyễn");
	assert_gives(vi_nfc, "L\xC3\xAA\xCC\xA3", "Lệ");
	assert_gives(vi_nfc, "L\xE1\xBA\xB9\xCC\x82", "Lệ");
	assert_gives(vi_nfc, "u\xCC\x81\xCC\x9B", "ứ");
	assert_gives(vi_nfc, "a\xCC\x80\xCC\x86", "ằ");
	/* already in order; other scripts by their own rules */
	assert_gives(vi_nfc, "Đặng Thị Út", "Đặng Thị Út");
	assert_gives(vi_nfc, "\xE2\x84\xAB", "Å");
	assert_gives(vi_nfc, "\xE1\x84\x80\xE1\x85\xA1", "가");
	/* a second tone stays where it is */
	assert_gives(vi_nfc, "a\xCC\x81\xCC\x80", "á\xCC\x80");
	assert_gives(vi_nfc, "", "");
}

/* Letters with marks are composed by themselves; any other mark in the text, and all of it goes the whole way. */
static void both_ways_to_compose_give_the_same(void **state)
{
	static const uint32_t letters[] = {'a',	   'A',	   'e',	   'o',	   'u',	   'y',	  'I',
					   'd',	   'n',	   ' ',	   0xE2,   0x103,  0xEA,  0xF4,
					   0x1A1,  0x1B0,  0x111,  0xE1,   0x1EBD, 0x1ECD, 0x1EE8,
					   0x1EF9, 0xF1,   0x2019, 0x1E9B, 0xA8},
			      marks[] = {0,	 0x300,	 0x301, 0x302, 0x303, 0x306,
					 0x309, 0x30A, 0x31B, 0x323, 0x327, 0x345, 0xFB1E};

	(void)state;
	for (size_t l = 0; l < sizeof(letters) / sizeof(letters[0]); l++) {
		for (size_t m = 0; m < 13 * 13 * 13; m++) {
			const uint32_t with[3] = {marks[m / 169], marks[m / 13 % 13],
						  marks[m % 13]};
			char text[64], *alone, *among;
			size_t n = vi_utf8_put('x', text);

			n += vi_utf8_put(letters[l], text + n);
			for (size_t i = 0; i < 3; i++)
				n += with[i] == 0 ? 0 : vi_utf8_put(with[i], text + n);
			n += vi_utf8_put('z', text + n);
			text[n] = '\0';
			alone = vi_nfc(text);
			/* n and tilde are no Vietnamese letter */
			memcpy(text + n, "n\xCC\x83", 4);
			among = vi_nfc(text);
			assert_non_null(alone);
			assert_non_null(among);
			assert_string_equal(among + strlen(among) - 2, "ñ");
			among[strlen(among) - 2] = '\0';
			assert_string_equal(alone, among);
			free(alone);
			free(among);
		}
	}
}

static void endless_marks_are_cut_off(void **state)
{
	char *s = mem_calloc(200001, 1), *got;

	(void)state;
	/* two marks of different classes in turn are the worst there is to sort */
	for (size_t i = 0; i < 200000; i += 4)
		memcpy(s + i, "\xCC\x81\xCC\xA3", 4);
	got = vi_nfc(s);
	assert_int_equal(strlen(got), 60);
	free(got);
	free(s);
}

static void cells_are_cleaned_for_storing(void **state)
{
	(void)state;
	assert_gives(vi_clean, "  Nguyễn \xC2\xA0 Văn\t\r\nAn ", "Nguyễn Văn An");
	assert_gives(vi_clean,
		     "\xEF\xBB\xBF"
		     "Ấp\xE2\x80\x8B Tân\xE2\x80\xAE Phú\x07",
		     "Ấp Tân Phú");
	assert_gives(vi_clean, "e\xE2\x80\x8D\xCC\x82", "ê");
	assert_gives(vi_clean, " \t", "");
}

static void the_unaccented_form_is_ascii(void **state)
{
	(void)state;
	assert_gives(vi_unaccent, "Đặng Thị Ỷ, ĐƯỜNG SỐ 2", "Dang Thi Y, DUONG SO 2");
	assert_gives(vi_unaccent,
		     "“Kính mời” – ‘xin’…\xC2\xA0"
		     "ạ",
		     "\"Kinh moi\" - 'xin'... a");
	assert_gives(vi_unaccent, "e\xCC\x82\xCC\xA3 \xC3\xB1 \xEF\xBC\xA1", "e n A");
	assert_gives(vi_unaccent, "50.000\xE2\x82\xAB\r\nhết`", "50.000d\nhet'");
	assert_gives(vi_unaccent, "ភូមិ 中", "ភូមិ 中");
	assert_gives(vi_unaccent,
		     "\xFF"
		     "é\xC3",
		     "\xFF"
		     "e\xC3");
}

static void spellings_of_one_heading_are_equal(void **state)
{
	(void)state;
	assert_gives(vi_fold, "  Họ, chữ đệm\nvà tên: ", "ho chu dem va ten");
	assert_gives(vi_fold, "SỐ ĐIỆN-THOẠI", "so dien thoai");
	assert_gives(vi_fold, "Ông/Bà", "ong ba");
	assert_gives(vi_fold, "Nguyễn Thị Mỹ", "nguyen thi mi");
	assert_gives(vi_fold, "Nguyễn Thị Mĩ", "nguyen thi mi");
	assert_gives(vi_fold, "Quý Lý Kỳ Hỷ Tỷ Sỹ Vỹ", "qui li ki hi ti si vi");
	/* but these are other words */
	assert_gives(vi_fold, "Thúy Huỳnh Nguyệt Tây Ý", "thuy huynh nguyet tay y");
	assert_gives(vi_fold, "Hoà Hòa", "hoa hoa");
	assert_gives(vi_fold, "***", "");
	assert_true(vi_same_but_marks_left_out("huỷ", "Hủy"));
	assert_true(vi_same_but_marks_left_out(" Dưng.", "Dừng"));
	assert_true(vi_same_but_marks_left_out("du\u031B\u0300ng", "Dừng"));
	assert_true(vi_same_but_marks_left_out("Mĩ dung", "Mỹ Dũng"));
	assert_true(vi_same_but_marks_left_out("T\u200BC", "TC"));
	assert_true(vi_same_but_marks_left_out("\u202E\uFF34\uFF23", "TC"));
	assert_true(vi_same_but_marks_left_out("d\u00ADừng", "Dừng"));
	assert_false(vi_same_but_marks_left_out("Đ\u200Búng", "Dừng"));
	assert_false(vi_same_but_marks_left_out("Đúng", "Dừng"));
	assert_false(vi_same_but_marks_left_out("dụng", "Dừng"));
	assert_false(vi_same_but_marks_left_out("dừng", "Dung"));
}

static void case_needs_no_locale(void **state)
{
	(void)state;
	assert_gives(vi_lower, "ĐẶNG THỊ ÚT ỸƠ", "đặng thị út ỹơ");
	assert_gives(vi_upper, "đặng thị út ỹơ ñ", "ĐẶNG THỊ ÚT ỸƠ Ñ");
	assert_gives(vi_lower, "A\xFFÊ", "a\xFFê");
	assert_gives(vi_upper, "ɐ", "Ɐ");
}

static void names_come_in_their_usual_case(void **state)
{
	(void)state;
	assert_gives(vi_name_case, "NGUYỄN THỊ ÚT", "Nguyễn Thị Út");
	assert_gives(vi_name_case, "nguyễn thị út", "Nguyễn Thị Út");
	assert_gives(vi_name_case, "Chau Sóc Kha", "Chau Sóc Kha");
	assert_gives(vi_name_case, "  LÊ   VĂN TÁM ", "Lê Văn Tám");
	assert_gives(vi_name_case, "H'HEN NIÊ", "H'Hen Niê");
	assert_gives(vi_name_case, "Trần McArthur", "Trần McArthur");
	/* what TCVN3 leaves of capitals with accents */
	assert_gives(vi_name_case, "NGUYễN THị NHƯ ý", "Nguyễn Thị Như Ý");
	assert_gives(vi_name_case, "Đặng Thị út", "Đặng Thị Út");
	assert_gives(vi_name_case, "", "");
}

static int by_sort_key(const void *a, const void *b)
{
	char *x = vi_name_sort_key(*(const char *const *)a);
	char *y = vi_name_sort_key(*(const char *const *)b);
	int order = strcmp(x, y);

	free(x);
	free(y);
	return order;
}

static void names_stand_in_the_order_of_the_dictionary(void **state)
{
	json_t *root = vectors_load("names_sorted.json");
	json_t *input = json_object_get(root, "input");
	json_t *want = json_object_get(root, "sorted_by_given_name");
	const char *names[64];
	size_t n = json_array_size(input);

	(void)state;
	assert_in_range(n, 31, 64);
	for (size_t i = 0; i < n; i++)
		names[i] = json_string_value(json_array_get(input, i));
	qsort(names, n, sizeof(names[0]), by_sort_key);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(names[i], json_string_value(json_array_get(want, i)));
	json_decref(root);
}

static void every_letter_of_the_tables_is_known(void **state)
{
	json_t *root = vectors_load("legacy_tables.json");
	const char *letter;
	json_t *v;
	size_t n = 0;

	(void)state;
	json_object_foreach(root, letter, v)
	{
		char *lower = vi_lower(letter), *upper = vi_upper(letter),
		     *ascii = vi_unaccent(letter);

		assert_true(strcmp(letter, lower) == 0 || strcmp(letter, upper) == 0);
		assert_string_not_equal(lower, upper);
		assert_int_equal(strlen(ascii), 1);
		free(lower);
		free(upper);
		free(ascii);
		n++;
	}
	assert_int_equal(n, 134);
	json_decref(root);
}

static void numbers_have_dots(void **state)
{
	static const struct {
		int64_t n;
		const char *want;
	} cases[] = {{0, "0"},	      {999, "999"},
		     {1057, "1.057"}, {-1234567, "-1.234.567"},
		     {-123, "-123"},  {INT64_MIN, "-9.223.372.036.854.775.808"}};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		vi_number(cases[i].n, out);
		assert_string_equal(out, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_utf8_is_taken_for_utf8),
	    cmocka_unit_test(letters_of_every_keyboard_become_one_spelling),
	    cmocka_unit_test(both_ways_to_compose_give_the_same),
	    cmocka_unit_test(endless_marks_are_cut_off),
	    cmocka_unit_test(cells_are_cleaned_for_storing),
	    cmocka_unit_test(the_unaccented_form_is_ascii),
	    cmocka_unit_test(spellings_of_one_heading_are_equal),
	    cmocka_unit_test(case_needs_no_locale),
	    cmocka_unit_test(names_come_in_their_usual_case),
	    cmocka_unit_test(names_stand_in_the_order_of_the_dictionary),
	    cmocka_unit_test(every_letter_of_the_tables_is_known),
	    cmocka_unit_test(numbers_have_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
