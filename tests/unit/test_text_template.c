/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/template.h"

/* Values from a JSON object; lists are arrays of objects or strings. */
struct values {
	json_t *stack[8];
	size_t depth;
};

static const json_t *values_find(const struct values *v, const char *name)
{
	for (size_t i = v->depth; i > 0; i--) {
		const json_t *top = v->stack[i - 1];

		if (strcmp(name, ".") == 0 && json_is_string(top))
			return top;
		if (json_object_get(top, name) != NULL)
			return json_object_get(top, name);
	}
	return NULL;
}

static const char *values_get(void *arg, size_t var, const char *name)
{
	(void)var;
	return json_string_value(values_find(arg, name));
}

static int values_count(void *arg, size_t var, const char *name)
{
	const json_t *list = values_find(arg, name);

	(void)var;
	return json_is_array(list) ? (int)json_array_size(list) : -1;
}

static void values_enter(void *arg, size_t var, const char *name, int index)
{
	struct values *v = arg;
	json_t *element = json_array_get(values_find(v, name), (size_t)index);

	(void)var;
	v->stack[v->depth++] = element;
}

static void values_leave(void *arg)
{
	struct values *v = arg;

	v->depth--;
}

static struct template *compile(const char *text)
{
	struct err e = ERR_INIT;
	struct template *t = template_compile("t.txt", text, strlen(text), NULL, &e);

	if (t == NULL)
		fail_msg("\"%s\": %s", text, e.text);
	return t;
}

/* Renders text over the JSON values; the result, or the error's text. free() it. */
static char *render(const char *text, const char *values, template_escape_fn escape)
{
	struct template *t = compile(text);
	struct values v = {.depth = 1};
	struct template_source src = {.get = values_get,
				      .count = values_count,
				      .enter = values_enter,
				      .leave = values_leave,
				      .arg = &v};
	struct buf out = BUF_INIT(1000);
	struct err e = ERR_INIT;
	int rc;

	v.stack[0] = json_loads(values, 0, NULL);
	assert_non_null(v.stack[0]);
	rc = template_render(t, &src, escape, &out, &e);
	assert_int_equal(v.depth, 1);
	json_decref(v.stack[0]);
	template_free(t);
	if (rc == 0)
		return buf_take(&out);
	assert_int_equal(e.code, EX_DATAERR);
	buf_free(&out);
	return strdup(e.text);
}

static void assert_renders(const char *text, const char *values, const char *want)
{
	char *got = render(text, values, template_escape_none);

	if (strcmp(got, want) != 0)
		fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, got, want);
	free(got);
}

static void values_fill_the_holes_once(void **state)
{
	(void)state;
	assert_renders("Kính mời {{xung}} {{ ten }}.\n",
		       "{\"xung\":\"Ông\",\"ten\":\"Lê Văn Tám\"}", "Kính mời Ông Lê Văn Tám.");
	/* a value is never read as a template again */
	assert_renders("{{a}}", "{\"a\":\"{{b}}\",\"b\":\"x\"}", "{{b}}");
	assert_renders("{\"a\":{\"n\":{{n}}}}", "{\"n\":\"5\"}", "{\"a\":{\"n\":5}}");
	assert_renders("", "{}", "");
	assert_renders("e\xCC\x82 {{! lời dặn }}.", "{}", "ê .");
}

static void sections_keep_or_drop_what_they_hold(void **state)
{
	static const char *const t = "A{{#han}} trước {{han}}{{/han}}{{^han}} sớm{{/han}}.";

	(void)state;
	assert_renders(t, "{\"han\":\"20/6\"}", "A trước 20/6.");
	assert_renders(t, "{\"han\":\"\"}", "A sớm.");
	assert_renders(t, "{}", "A sớm.");
	assert_renders("{{#ds}}{{ten}}{{#sdt}}: {{sdt}}{{/sdt}};{{/ds}}{{^ds}}không có{{/ds}}",
		       "{\"ds\":[{\"ten\":\"An\",\"sdt\":\"1\"},{\"ten\":\"Ba\"}]}",
		       "An: 1;Ba;");
	assert_renders("{{#ds}}x{{/ds}}{{^ds}}không có{{/ds}}", "{\"ds\":[]}", "không có");
	assert_renders("{{#ds}}[{{.}}]{{/ds}}", "{\"ds\":[\"a\",\"b\"]}", "[a][b]");
}

static void marks_alone_on_a_line_leave_no_line(void **state)
{
	(void)state;
	assert_renders("a\n{{#ds}}\n- {{.}}\n{{/ds}}\nb\n", "{\"ds\":[\"x\",\"y\"]}",
		       "a\n- x\n- y\nb");
	assert_renders("{{! đầu\n dòng hai }}\na\n  {{#x}}  \r\nb\n{{/x}}", "{\"x\":\"1\"}",
		       "a\nb\n");
	assert_renders("a {{#x}}\nb{{/x}}\n", "{\"x\":\"1\"}", "a \nb");
}

static void filters_apply_from_left_to_right(void **state)
{
	static const char *const values =
	    "{\"ten\":\"  Nguyễn Văn An "
	    "\",\"n\":\"1057\",\"am\":\"-5\",\"ngay\":\"2023-06-15\","
	    "\"cn\":\"2023-06-18T07:00\",\"gio\":\"08:00\",\"nam\":\"Nam\",\"nu\":\"nữ\","
	    "\"rong\":\"\",\"ap\":\"ấp Tân Phú\",\"dang\":\"đặng\"}";

	(void)state;
	assert_renders("{{ten|trim|upper}}", values, "NGUYỄN VĂN AN");
	assert_renders("{{ten|trim|unaccent|lower|max:13}}", values, "nguyen van an");
	assert_renders("{{n|number}} {{am|number}}", values, "1.057 -5");
	assert_renders("{{ngay|date:d/M}} {{ngay|date:dd/MM/yyyy}} {{ngay|date}}", values,
		       "15/6 15/06/2023 15/06/2023");
	assert_renders("{{ngay|date:thu d/M}}, {{cn|date:thu, d/M}}", values,
		       "thứ Năm 15/6, Chủ nhật, 18/6");
	assert_renders("{{ngay|date:Thu}} {{gio|time}}", values, "Thứ Năm 8 giờ 00");
	assert_renders("{{ap|capital}}|{{dang|capital}}|{{rong|capital}}|{{n|capital}}", values,
		       "Ấp Tân Phú|Đặng||1057");
	assert_renders("{{nam|title}} {{nu|title}} {{rong|title}}", values, "Ông Bà Ông/Bà");
	assert_renders("{{khong|date:d/M|default:chưa rõ}} {{rong|default:-}} {{n|default:-}}",
		       values, "chưa rõ - 1057");
}

static int filter_twice(const char *in, const char *arg, struct buf *out, struct err *e)
{
	if (strcmp(in, "bad") == 0)
		return err_set(e, EX_DATAERR, "không nhân đôi được");
	return buf_addf(out, "%s%s%s", in, arg, in);
}

static const char *same_value(void *arg, size_t var, const char *name)
{
	(void)var;
	(void)name;
	return arg;
}

static void a_caller_brings_its_own_filters(void **state)
{
	static const struct template_filter more[] = {{"twice", filter_twice}, {NULL, NULL}};
	struct template_source src = {.get = same_value};
	struct buf out = BUF_INIT(100);
	struct err e = ERR_INIT;
	struct template *t = template_compile("t", "{{a|twice:+|upper}}", 19, more, &e);
	char good[] = "x", bad[] = "bad";

	(void)state;
	assert_non_null(t);
	src.arg = good;
	assert_int_equal(template_render(t, &src, template_escape_none, &out, &e), 0);
	assert_string_equal(buf_text(&out), "X+X");
	src.arg = bad;
	assert_int_equal(template_render(t, &src, template_escape_none, &out, &e), -1);
	assert_string_equal(e.text, "t:1:1: {{a}}: không nhân đôi được");
	buf_free(&out);
	template_free(t);
}

static void a_hole_that_cannot_be_filled_is_named(void **state)
{
	static const struct {
		const char *text, *values, *want;
	} cases[] = {
	    {"Mời\nÔng {{ten}}", "{}", "t.txt:2:5: {{ten}}: thiếu giá trị"},
	    {"{{ten|max:3}}", "{\"ten\":\"Nghĩa\"}",
	     "t.txt:1:1: {{ten}}: giá trị dài 5 ký tự, nhiều nhất là 3"},
	    {"{{n|number}}", "{\"n\":\"1.5\"}",
	     "t.txt:1:1: {{n}}: giá trị không phải là số nguyên"},
	    {"{{n|date}}", "{\"n\":\"2023-02-30\"}",
	     "t.txt:1:1: {{n}}: giá trị không phải là ngày dạng 2023-06-15"},
	    {"{{n|date}}", "{\"n\":\"202\"}",
	     "t.txt:1:1: {{n}}: giá trị không phải là ngày dạng 2023-06-15"},
	    {"{{n|time}}", "{\"n\":\"25:00\"}",
	     "t.txt:1:1: {{n}}: giá trị không phải là giờ dạng 08:00"},
	    {"{{#ds}}{{.}}{{.}}{{/ds}}",
	     "{\"ds\":["
	     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\","
	     "\"1\",\"1\",\"1\",{}]}",
	     "t.txt:1:8: {{.}}: thiếu giá trị"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_renders(cases[i].text, cases[i].values, cases[i].want);
}

static void output_stops_at_its_ceiling(void **state)
{
	char values[700];

	(void)state;
	(void)snprintf(values, sizeof(values), "{\"a\":\"%0600d\"}", 0);
	assert_renders("{{a}}{{a}}", values, "t.txt:1:6: {{a}}: văn bản quá dài");
}

static void a_template_with_a_mistake_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"Ông {{ten", "t.txt:1:5: {{ is not closed"},
	    {"{{ten\n}}", "t.txt:1:1: {{ is not closed on its line"},
	    {"a\nĐây {{tên}}", "t.txt:2:5: \"tên\" is no name of a variable"},
	    {"{{}}", "t.txt:1:1: the name of a variable is missing"},
	    {"{{#a}}\n{{b}}", "t.txt:1:1: {{#a}} is not closed"},
	    {"{{#a}}{{/b}}", "t.txt:1:7: {{/b}} stands where {{/a}} of line 1 is due"},
	    {"{{/a}}", "t.txt:1:1: {{/a}} closes nothing"},
	    {"{{a|nonsense}}", "t.txt:1:1: there is no filter \"nonsense\""},
	    {"{{a|max}}", "the filter \"max\" wants a number"},
	    {"{{a|date:DD/MM}}", "the filter \"date\" wants a form"},
	    {"{{a|upper:x}}", "the filter \"upper\" takes no argument"},
	    {"\xFF", "t.txt: is not UTF-8"},
	    {"{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#"
	     "a}}"
	     "{{#a}}{{#a}}{{#a}}",
	     "t.txt:1:97: sections are nested too deep"},
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err_clear(&e);
		assert_null(
		    template_compile("t.txt", cases[i].text, strlen(cases[i].text), NULL, &e));
		assert_int_equal(e.code, EX_CONFIG);
		if (strstr(e.text, cases[i].want) == NULL)
			fail_msg("case %zu said: %s", i, e.text);
	}
	err_clear(&e);
	assert_null(template_compile("t.txt", "a\0b", 3, NULL, &e));
	assert_string_equal(e.text, "t.txt: is not text");
}

static void variables_are_listed_in_order_with_those_that_must_be(void **state)
{
	struct template *t =
	    compile("{{ten}}{{#han}}{{han}} {{noi}}{{/han}}{{ten}}{{ghi|default:x}}"
		    "{{^k}}{{k}}{{/k}}{{#m}}{{/m}}");
	static const struct {
		const char *name;
		bool required;
	} want[] = {{"ten", true},  {"han", false}, {"noi", true},
		    {"ghi", false}, {"k", true},    {"m", false}};

	(void)state;
	assert_int_equal(template_n_vars(t), 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(template_var(t, i), want[i].name);
		assert_int_equal(template_var_required(t, i), want[i].required);
	}
	assert_false(template_is_raw(t));
	template_free(t);
	t = compile("{{{a}}}");
	assert_true(template_is_raw(t));
	template_free(t);
}

static void every_place_has_its_escaper(void **state)
{
	static const char *const values =
	    "{\"a\":\"<b> & \\\"x\\\" 'y'\\\\\\n\\u0007ế\\u202e\"}";
	static const struct {
		template_escape_fn escape;
		const char *want;
	} cases[] = {
	    {template_escape_none, "<b> & \"x\" 'y'\\\n\aế\xE2\x80\xAE"},
	    {template_escape_html,
	     "&lt;b&gt; &amp; &quot;x&quot; &#39;y&#39;\\\n\aế\xE2\x80\xAE"},
	    {template_escape_xml, "&lt;b&gt; &amp; &quot;x&quot; &#39;y&#39;\\\nế\xE2\x80\xAE"},
	    {template_escape_json, "<b> & \\\"x\\\" 'y'\\\\\\n\\u0007ế\xE2\x80\xAE"},
	    {template_escape_url,
	     "%3Cb%3E%20%26%20%22x%22%20%27y%27%5C%0A%07%E1%BA%BF%E2%80%AE"},
	    {template_escape_text, "<b> & \"x\" 'y'\\ ế"},
	};
	struct buf out = BUF_INIT(100);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = render("{{a}}", values, cases[i].escape);

		assert_string_equal(got, cases[i].want);
		free(got);
		got = render("{{{a}}}", values, cases[i].escape);
		assert_string_equal(got, cases[0].want);
		free(got);
	}
	/* what is not UTF-8 never leaves where UTF-8 is due */
	assert_int_equal(template_escape_json("\xFF", &out), 0);
	assert_int_equal(template_escape_html("\xFF", &out), 0);
	assert_int_equal(template_escape_text("\xFF", &out), 0);
	assert_string_equal(buf_text(&out), "\\ufffd\xEF\xBF\xBD");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_fill_the_holes_once),
	    cmocka_unit_test(sections_keep_or_drop_what_they_hold),
	    cmocka_unit_test(marks_alone_on_a_line_leave_no_line),
	    cmocka_unit_test(filters_apply_from_left_to_right),
	    cmocka_unit_test(a_caller_brings_its_own_filters),
	    cmocka_unit_test(a_hole_that_cannot_be_filled_is_named),
	    cmocka_unit_test(output_stops_at_its_ceiling),
	    cmocka_unit_test(a_template_with_a_mistake_is_refused_with_its_place),
	    cmocka_unit_test(variables_are_listed_in_order_with_those_that_must_be),
	    cmocka_unit_test(every_place_has_its_escaper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
