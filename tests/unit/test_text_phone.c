/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "text/phone.h"
#include "vectors.h"

/* The vectors' words for what phone.h calls otherwise. */
static enum phone_status wanted_status(const char *status, const char *reason,
				       const char *input)
{
	if (strncmp(status, "ok", 2) == 0)
		return PHONE_OK;
	if (strcmp(status, "empty") == 0 || strcmp(input, "không có") == 0)
		return PHONE_MISSING;
	if (strcmp(reason, "unassigned_range") == 0)
		return PHONE_UNKNOWN_RANGE;
	if (strcmp(reason, "landline") == 0)
		return PHONE_LANDLINE;
	if (strcmp(reason, "foreign") == 0)
		return PHONE_FOREIGN;
	if (strcmp(input, "113") == 0 || strcmp(input, "156") == 0)
		return PHONE_SERVICE;
	return PHONE_INVALID;
}

static unsigned wanted_flags(const json_t *vector)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = {
	    {"lost_leading_zero", PHONE_LOST_ZERO},
	    {"2018_renumbering", PHONE_MIGRATED_2018},
	    {"old_landline_076_077_ambiguity", PHONE_CONFIRM},
	};
	unsigned flags = json_object_get(vector, "extra") != NULL ? PHONE_ALTERNATES : 0;
	const json_t *list = json_object_get(vector, "flags");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *flag = json_string_value(json_array_get(list, i));
		unsigned bit = 0;

		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (strcmp(flag, names[k].name) == 0)
				bit = names[k].bit;
		assert_int_not_equal(bit, 0);
		flags |= bit;
	}
	return flags;
}

static void every_spelling_of_the_vectors_is_read(void **state)
{
	json_t *root = vectors_load("phones.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach(root, i, v)
	{
		const char *input = vectors_str(v, "input");
		const char *reason = json_string_value(json_object_get(v, "reason"));
		const char *e164 = json_string_value(json_object_get(v, "e164"));
		enum phone_status want = wanted_status(vectors_str(v, "status"),
						       reason == NULL ? "" : reason, input);
		struct phone p = phone_parse(input, 0);
		const json_t *extra = json_object_get(v, "extra");
		char out[24];

		phone_format_e164(p.number, out);
		if (p.status != want || (e164 != NULL && strcmp(out, e164) != 0) ||
		    (want == PHONE_OK && p.flags != wanted_flags(v)))
			fail_msg("\"%s\" gave %s %s flags %x", input,
				 phone_status_name(p.status), out, p.flags);
		assert_int_equal(p.status == PHONE_OK, p.reason == NULL);
		assert_int_equal(p.n_others, json_array_size(extra));
		for (int k = 0; k < p.n_others; k++) {
			phone_format_e164(p.others[k], out);
			assert_string_equal(
			    out, json_string_value(json_array_get(extra, (size_t)k)));
		}
	}
	assert_true(i >= 50);
	json_decref(root);
}

struct reading {
	const char *cell;
	int year;
	enum phone_status status;
	uint64_t number;
	unsigned flags;
};

static void assert_readings(const struct reading *r, size_t n)
{
	for (; n > 0; n--, r++) {
		struct phone p = phone_parse(r->cell, r->year);

		if (p.status != r->status || p.number != r->number || p.flags != r->flags)
			fail_msg("\"%s\" gave %s %llu flags %x", r->cell,
				 phone_status_name(p.status), (unsigned long long)p.number,
				 p.flags);
	}
}

#define ASSERT_READINGS(r) assert_readings(r, sizeof(r) / sizeof((r)[0]))

static void cells_of_real_lists_are_read(void **state)
{
	static const struct reading cells[] = {
	    {"+84 (0) 912 345 678", 0, PHONE_OK, 84912345678, 0},
	    {"０９１２３４５６７８", 0, PHONE_OK, 84912345678, 0},
	    {"0912\xC2\xA0"
	     "345\xC2\xA0"
	     "678",
	     0, PHONE_OK, 84912345678, 0},
	    {"\xE2\x80\xAD"
	     "0912345678\xE2\x80\xAC",
	     0, PHONE_OK, 84912345678, 0},
	    {"841234567", 0, PHONE_OK, 84841234567, PHONE_LOST_ZERO},
	    {"8401681234567", 0, PHONE_OK, 84381234567, PHONE_MIGRATED_2018},
	    {"84912345678.0", 0, PHONE_OK, 84912345678, 0},
	    {"9,12345678E+8", 0, PHONE_OK, 84912345678, PHONE_LOST_ZERO},
	    {"9.1234567E+08", 0, PHONE_OK, 84912345670, PHONE_LOST_ZERO},
	    {"912,345,678", 0, PHONE_OK, 84912345678, PHONE_LOST_ZERO},
	    {"ĐT: 0912345678", 0, PHONE_OK, 84912345678, 0},
	    {"sđt0912345678", 0, PHONE_OK, 84912345678, 0},
	    {"0912345678 (con trai)", 0, PHONE_OK, 84912345678, PHONE_TEXT_AROUND},
	    {"Nhà số 5, 0912345678", 0, PHONE_OK, 84912345678, PHONE_TEXT_AROUND},
	    {"0912345678 0987654321", 0, PHONE_OK, 84912345678, PHONE_ALTERNATES},
	    {"0912 345 678 0987 654 321", 0, PHONE_OK, 84912345678, PHONE_ALTERNATES},
	    {"02963847123; 0912345678", 0, PHONE_OK, 84912345678, PHONE_ALTERNATES},
	    {"0912345678\n0912345678", 0, PHONE_OK, 84912345678, 0},
	    {"091234567 / 0987654321", 0, PHONE_OK, 84987654321, 0},
	    {"2963847123", 0, PHONE_LANDLINE, 842963847123, PHONE_LOST_ZERO},
	    {"+84 296 3847 123", 0, PHONE_LANDLINE, 842963847123, 0},
	    {"O912345678", 0, PHONE_INVALID, 0, PHONE_TEXT_AROUND},
	    {"O912345678 / 0987654321", 0, PHONE_OK, 84987654321, PHONE_TEXT_AROUND},
	    {"0912345678 - 0987654321", 0, PHONE_INVALID, 0, 0},
	    {"070000002", 0, PHONE_INVALID, 0, 0},
	    {"09123456789", 0, PHONE_INVALID, 0, 0},
	    {"01301234567", 0, PHONE_INVALID, 0, 0},
	    {"0612345678", 0, PHONE_INVALID, 0, 0},
	    {"1900 0368", 0, PHONE_SERVICE, 0, 0},
	    {"0692345678", 0, PHONE_SERVICE, 0, 0},
	    {"0800123456", 0, PHONE_SERVICE, 0, 0},
	    {"115", 0, PHONE_SERVICE, 0, 0},
	    {"00855 12 345 678", 0, PHONE_FOREIGN, 85512345678, 0},
	};

	(void)state;
	ASSERT_READINGS(cells);
}

static void cells_that_say_there_is_none_are_missing(void **state)
{
	static const char *const cells[] = {"",
					    " ",
					    "-",
					    "--",
					    "x",
					    "X",
					    "ko",
					    "Ko có",
					    "k",
					    "không",
					    "Không có",
					    "KHÔNG CÓ SỐ",
					    "chưa có",
					    "chưa có sđt",
					    "n/a",
					    "…",
					    "?",
					    "kg co",
					    "Kho\xCC\x82ng"};
	static const char *const others[] = {"đã mất", "hỏi con trai", "\xFF\xFE",
					     "Nguyễn Văn An"};

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		if (phone_parse(cells[i], 0).status != PHONE_MISSING)
			fail_msg("\"%s\" is not missing", cells[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (phone_parse(others[i], 0).status != PHONE_INVALID)
			fail_msg("\"%s\" is not invalid", others[i]);
}

static void old_landlines_of_an_giang_are_not_taken_for_mobiles(void **state)
{
	static const struct reading cells[] = {
	    {"0763847123", 2016, PHONE_OK, 84763847123, PHONE_CONFIRM},
	    {"0763847123", 2023, PHONE_OK, 84763847123, PHONE_CONFIRM},
	    {"0761847123", 2018, PHONE_OK, 84761847123, PHONE_CONFIRM},
	    {"0761847123", 2019, PHONE_OK, 84761847123, 0},
	    {"761847123", 0, PHONE_OK, 84761847123, PHONE_CONFIRM | PHONE_LOST_ZERO},
	    {"01263847123", 2016, PHONE_OK, 84763847123, PHONE_MIGRATED_2018},
	    {"0783847123", 2016, PHONE_OK, 84783847123, 0},
	};

	(void)state;
	ASSERT_READINGS(cells);
}

static void all_rules_of_2018_are_known(void **state)
{
	static const char *const rules[] = {
	    "162 32", "163 33", "164 34", "165 35", "166 36", "167 37", "168 38",
	    "169 39", "120 70", "121 79", "122 77", "126 76", "128 78", "123 83",
	    "124 84", "125 85", "127 81", "129 82", "186 56", "188 58", "199 59"};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char cell[24], want[24], got[24];
		struct phone p;

		(void)snprintf(cell, sizeof(cell), "0%.3s1234567", rules[i]);
		(void)snprintf(want, sizeof(want), "0%.2s1234567", rules[i] + 4);
		p = phone_parse(cell, 0);
		phone_format_national(p.number, got);
		assert_string_equal(got, want);
		assert_int_equal(p.flags, PHONE_MIGRATED_2018);
	}
}

static void the_lists_of_my_phu_dong_agree_with_what_is_true(void **state)
{
	size_t len, rows = 0, texts = 0, unknown = 0;
	char *list = vectors_file("my-phu-dong/ho-dan.csv", &len);
	char *truth = vectors_file("my-phu-dong/truth.csv", &len), *l = list, *t = truth;

	(void)state;
	/* both keep the households in one order; cells hold no quotes */
	(void)strsep(&l, "\n");
	(void)strsep(&t, "\n");
	while (l != NULL && *l != '\0' && t != NULL && *t != '\0') {
		char *row = strsep(&l, "\n"), *fact = strsep(&t, "\n");
		char *cells[8], *code = strsep(&fact, ","), *phone = strsep(&fact, ","),
				got[24];
		struct phone p;

		for (size_t i = 0; i < 8; i++)
			cells[i] = strsep(&row, ";");
		assert_string_equal(cells[1], code);
		p = phone_parse(cells[7], 2023);
		phone_format_national(p.number, got);
		/* the lists also hold 0520…, 0890… and others that no range names */
		if (p.status != PHONE_OK && p.status != PHONE_UNKNOWN_RANGE)
			got[0] = '\0';
		if (strcmp(phone, got) != 0)
			fail_msg("%s: \"%s\" gave %s", code, cells[7],
				 phone_status_name(p.status));
		rows++;
		texts += p.status == PHONE_OK;
		unknown += p.status == PHONE_UNKNOWN_RANGE;
	}
	assert_int_equal(rows, 1157);
	assert_int_equal(texts + unknown, 1157 - 140);
	assert_int_equal(unknown, 54);
	free(list);
	free(truth);
}

static void numbers_are_written_and_masked(void **state)
{
	char out[32];

	(void)state;
	phone_format_national(84912345678, out);
	assert_string_equal(out, "0912345678");
	phone_format_national(842963847123, out);
	assert_string_equal(out, "02963847123");
	phone_format_national(85512345678, out);
	assert_string_equal(out, "+85512345678");
	phone_format_e164(0, out);
	assert_string_equal(out, "");
	phone_mask(84912345678, out);
	assert_string_equal(out, "+84•••••678");
	phone_mask(85512345008, out);
	assert_string_equal(out, "+•••••008");
	phone_mask(0, out);
	assert_string_equal(out, "");
}

static void operators_are_told_by_range(void **state)
{
	(void)state;
	assert_string_equal(phone_operator(84962345678), "Viettel");
	assert_string_equal(phone_operator(84872345678), "Itel");
	assert_string_equal(phone_operator(84559123456), "Wintel");
	assert_string_equal(phone_operator(84951234567), "");
	assert_string_equal(phone_operator(842963847123), "");
	assert_string_equal(phone_operator(0), "");
	assert_string_equal(phone_flag_name(PHONE_CONFIRM), "needs_confirmation");
	assert_null(phone_flag_name(1U << 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_spelling_of_the_vectors_is_read),
	    cmocka_unit_test(cells_of_real_lists_are_read),
	    cmocka_unit_test(cells_that_say_there_is_none_are_missing),
	    cmocka_unit_test(old_landlines_of_an_giang_are_not_taken_for_mobiles),
	    cmocka_unit_test(all_rules_of_2018_are_known),
	    cmocka_unit_test(the_lists_of_my_phu_dong_agree_with_what_is_true),
	    cmocka_unit_test(numbers_are_written_and_masked),
	    cmocka_unit_test(operators_are_told_by_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
