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
#include "text/sms.h"
#include "text/vi.h"
#include "vectors.h"

static void texts_are_counted_as_networks_count_them(void **state)
{
	json_t *root = vectors_load("segments.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		struct sms_count c = sms_count(vectors_str(v, "text"));
		/* where the two tools differ, parts are cut at code-point borders */
		const json_t *segments =
		    json_is_true(json_object_get(v, "agree"))
			? json_object_get(v, "segments")
			: json_object_get(json_object_get(v, "split_sms"), "segments");

		if (c.units != json_integer_value(json_object_get(v, "units")) ||
		    c.segments != json_integer_value(segments) ||
		    c.ucs2 != (strcmp(vectors_str(v, "encoding"), "UCS-2") == 0))
			fail_msg("%s: %d units, %d segments, ucs2 %d", vectors_str(v, "id"),
				 c.units, c.segments, c.ucs2);
	}
	assert_true(i >= 30);
	json_decref(root);
}

static void the_sample_messages_cost_what_the_plan_says(void **state)
{
	json_t *root = vectors_load("messages.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach(root, i, v)
	{
		struct sms_count c = sms_count(vectors_str(v, "vi"));
		char *ascii = vi_unaccent(vectors_str(v, "vi"));

		assert_int_equal(c.units, json_integer_value(json_object_get(v, "vi_units")));
		assert_int_equal(c.segments,
				 json_integer_value(json_object_get(v, "vi_segments")));
		assert_string_equal(ascii, vectors_str(v, "ascii"));
		c = sms_count(ascii);
		assert_false(c.ucs2);
		assert_int_equal(c.units,
				 json_integer_value(json_object_get(v, "ascii_septets")));
		assert_int_equal(c.segments,
				 json_integer_value(json_object_get(v, "ascii_segments")));
		free(ascii);
		if (json_object_get(v, "vi_short") == NULL)
			continue;
		c = sms_count(vectors_str(v, "vi_short"));
		assert_int_equal(c.segments,
				 json_integer_value(json_object_get(v, "vi_short_segments")));
	}
	assert_int_equal(i, 12);
	json_decref(root);
}

/* n times unit, then tail. */
static struct sms_count count_of(const char *unit, int n, const char *tail)
{
	struct buf b = BUF_INIT(4096);
	struct sms_count c;

	for (int i = 0; i < n; i++)
		assert_int_equal(buf_adds(&b, unit), 0);
	assert_int_equal(buf_adds(&b, tail), 0);
	c = sms_count(buf_text(&b));
	buf_free(&b);
	return c;
}

static void borders_are_where_the_standard_has_them(void **state)
{
	static const struct {
		const char *unit;
		int n;
		const char *tail;
		int segments, room;
	} cases[] = {
	    {"a", 159, "", 1, 1},   {"a", 160, "", 1, 0},   {"a", 161, "", 2, 145},
	    {"a", 306, "", 2, 0},   {"a", 307, "", 3, 152}, {"a", 459, "", 3, 0},
	    {"a", 460, "", 4, 152}, {"€", 80, "", 1, 0},    {"€", 81, "", 2, 143},
	    {"đ", 70, "", 1, 0},    {"đ", 71, "", 2, 63},   {"đ", 134, "", 2, 0},
	    {"đ", 135, "", 3, 66},  {"😀", 35, "", 1, 0},    {"😀", 36, "", 2, 61},
	    {"a", 159, "ạ", 3, 41}, {"đ", 66, "😀đđ", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sms_count c = count_of(cases[i].unit, cases[i].n, cases[i].tail);

		if (c.segments != cases[i].segments || c.room_left != cases[i].room)
			fail_msg("case %zu: %d segments, room %d", i, c.segments, c.room_left);
	}
}

static void the_first_character_that_costs_double_is_named(void **state)
{
	char out[5];

	(void)state;
	assert_int_equal(sms_first_non_gsm("Kinh moi à è é ì ò ù É €", out), -1);
	assert_int_equal(sms_first_non_gsm("Moi Ong\xC2\xA0"
					   "An",
					   out),
			 7);
	assert_string_equal(out, "\xC2\xA0");
	assert_int_equal(sms_first_non_gsm("`", out), 0);
	assert_int_equal(sms_first_non_gsm("\xFF", out), 0);
	assert_string_equal(out, "\xEF\xBF\xBD");
}

static void accents_are_dropped_only_where_that_is_cheaper(void **state)
{
	static const char shorty[] = "Kính mời Ông An đến Văn phòng ấp.";
	static const char longy[] =
	    "Kính mời Ông/Bà đến Văn phòng ấp để được hướng dẫn cài đặt "
	    "ứng dụng định danh điện tử VNeID.\r\nXin cảm ơn.";
	struct sms_count c;
	char *s;

	(void)state;
	s = sms_apply_accents(shorty, SMS_CHEAPEST, &c);
	assert_string_equal(s, shorty);
	assert_int_equal(c.segments, 1);
	free(s);
	s = sms_apply_accents(longy, SMS_CHEAPEST, &c);
	assert_string_equal(s, "Kinh moi Ong/Ba den Van phong ap de duoc huong dan cai dat "
			       "ung dung dinh danh dien tu VNeID.\nXin cam on.");
	assert_int_equal(c.segments, 1);
	assert_false(c.ucs2);
	free(s);
	s = sms_apply_accents(longy, SMS_WITH_ACCENTS, &c);
	assert_int_equal(c.segments, 2);
	assert_null(strchr(s, '\r'));
	free(s);
	/* NFD is brought to NFC before it is counted */
	s = sms_apply_accents("e\xCC\x82\xCC\x81", SMS_WITH_ACCENTS, &c);
	assert_string_equal(s, "ế");
	assert_int_equal(c.units, 1);
	free(s);
	s = sms_apply_accents("\xFF", SMS_WITHOUT_ACCENTS, &c);
	assert_int_equal(c.units, -1);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_are_counted_as_networks_count_them),
	    cmocka_unit_test(the_sample_messages_cost_what_the_plan_says),
	    cmocka_unit_test(borders_are_where_the_standard_has_them),
	    cmocka_unit_test(the_first_character_that_costs_double_is_named),
	    cmocka_unit_test(accents_are_dropped_only_where_that_is_cheaper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
