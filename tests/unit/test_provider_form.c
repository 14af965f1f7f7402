/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of registered templates: what fits, what does not, and what is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/form.h"
#include "text/template.h"

static const char form_text[] = "template: \"123\"\n"
				"parameters:\n"
				"  - {name: ten, value: \"{{ten}}\", max: 6}\n"
				"  - {name: so, value: \"1\", max: 3, type: number}\n"
				"  - {name: ngay, value: \"{{ngay}}\", max: 10, type: date}\n"
				"text: Kính mời <ten>, số <so>, ngày <ngay>.\n";

static void read_form(struct form *f)
{
	struct err e = ERR_INIT;

	if (form_read("m.yaml", form_text, strlen(form_text), f, &e) < 0)
		fail_msg("%s", e.text);
}

static void a_message_holds_template_parameters_in_order_and_wording(void **state)
{
	const char *values[] = {"Bà Hai", "12", "15/06/2023"};
	struct buf out = BUF_INIT(4096);
	struct err e = ERR_INIT;
	struct form f;
	char *wording;

	(void)state;
	read_form(&f);
	assert_int_equal(form_write(&f, values, &out, &e), 0);
	assert_string_equal(
	    buf_text(&out),
	    "{\"template\":\"123\",\"parameters\":{\"ten\":\"Bà Hai\",\"so\":\"12\","
	    "\"ngay\":\"15/06/2023\"},\"text\":\"Kính mời Bà Hai, số 12, ngày "
	    "15/06/2023.\"}");
	wording = form_wording(buf_text(&out));
	assert_string_equal(wording, "Kính mời Bà Hai, số 12, ngày 15/06/2023.");
	free(wording);
	buf_free(&out);
	form_free(&f);
}

static void a_value_with_quotes_and_marks_stays_a_value(void **state)
{
	const char *values[] = {"\"<so>\"", "12", "15/06/2023"};
	struct buf out = BUF_INIT(4096);
	struct err e = ERR_INIT;
	struct form f;
	json_t *root;

	(void)state;
	read_form(&f);
	assert_int_equal(form_write(&f, values, &out, &e), 0);
	root = json_loads(buf_text(&out), 0, NULL);
	assert_non_null(root);
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(root, "parameters"), "ten")),
	    "\"<so>\"");
	assert_string_equal(json_string_value(json_object_get(root, "text")),
			    "Kính mời \"<so>\", số 12, ngày 15/06/2023.");
	json_decref(root);
	buf_free(&out);
	form_free(&f);
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
	static const struct {
		const char *values[3];
		const char *error;
	} cases[] = {
	    {{"", "1", "15/06/2023"}, "tham số ten trống"},
	    {{"Bà Haii", "1", "15/06/2023"}, "tham số ten dài 7 ký tự, mẫu chỉ cho 6"},
	    {{"Bà Hai", "1a", "15/06/2023"}, "tham số so phải là số"},
	    {{"Bà Hai", "1234", "15/06/2023"}, "tham số so dài 4 ký tự, mẫu chỉ cho 3"},
	    {{"Bà Hai", "1", "30/02/2023"}, "tham số ngay phải là ngày dd/mm/yyyy"},
	    {{"Bà Hai", "1", "2023-06-15"}, "tham số ngay phải là ngày dd/mm/yyyy"},
	};
	struct form f;

	(void)state;
	read_form(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT(4096);
		struct err e = ERR_INIT;

		assert_int_equal(form_write(&f, cases[i].values, &out, &e), -1);
		assert_string_equal(e.text, cases[i].error);
		assert_int_equal(out.len, 0);
		buf_free(&out);
	}
	form_free(&f);
}

static void a_file_that_contradicts_itself_is_refused_with_its_line(void **state)
{
	static const char *const cases[][2] = {
	    {"template: \"1\"\nparameters:\n  - {name: ten, value: x, max: 3}\ntext: xin "
	     "chào\n",
	     "m.yaml:3:6: the wording (text) has no <ten>"},
	    {"template: \"1\"\nparameters:\n  - {name: ten, value: x, max: 3}\n"
	     "text: xin <ten> <ho>\n",
	     "m.yaml:4:1: the wording has <ho>, which is no parameter"},
	    {"template: \"1\"\nparameters:\n  - {name: ten, value: x, max: 3}\n"
	     "  - {name: ten, value: x, max: 3}\ntext: xin <ten>\n",
	     "m.yaml:4:6: \"ten\" is no name or stands there twice"},
	    {"template: \"1\"\nparameters:\n  - {name: ten, value: \"{{ten\", max: 3}\n"
	     "text: xin <ten>\n",
	     "m.yaml:3:17: value:1:1: "},
	    {"template: \"1\"\nparameters: []\ntext: xin\n", "m.yaml:2:1: \"parameters\""},
	    {"template: \"a b\"\nparameters:\n  - {name: ten, value: x, max: 3}\n"
	     "text: xin <ten>\n",
	     "m.yaml:1:1: \"template\" is letters and digits"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct form f;
		struct err e = ERR_INIT;

		assert_int_equal(form_read("m.yaml", cases[i][0], strlen(cases[i][0]), &f, &e),
				 -1);
		if (strncmp(e.text, cases[i][1], strlen(cases[i][1])) != 0)
			fail_msg("\"%s\" does not begin \"%s\"", e.text, cases[i][1]);
	}
}

static void what_is_no_such_message_is_read_as_it_stands(void **state)
{
	static const char *const texts[] = {"Kính mời", "{", "{\"a\":1}", "{\"text\":\"x\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *wording = form_wording(texts[i]);

		assert_string_equal(wording, texts[i]);
		free(wording);
	}
}

static void the_shipped_ones_are_sound_and_not_registered(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(SOURCE_DIR "/templates/zalo/*/*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 6);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct err e = ERR_INIT;
		struct form f;

		if (form_load(found.gl_pathv[i], &f, &e) < 0)
			fail_msg("%s", e.text);
		assert_false(form_registered(&f));
		form_free(&f);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_holds_template_parameters_in_order_and_wording),
	    cmocka_unit_test(a_value_with_quotes_and_marks_stays_a_value),
	    cmocka_unit_test(what_does_not_fit_is_refused_by_name),
	    cmocka_unit_test(a_file_that_contradicts_itself_is_refused_with_its_line),
	    cmocka_unit_test(what_is_no_such_message_is_read_as_it_stands),
	    cmocka_unit_test(the_shipped_ones_are_sound_and_not_registered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
