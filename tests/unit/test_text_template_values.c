/* SPDX-License-Identifier: Apache-2.0 */
/* What people write of themselves stays what it is, wherever it is put: no value is read as a template, ends its
 * place, or hides what it says. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <ctype.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "text/template.h"

#define VALUES 1000000

static uint64_t luck = 46;

/* SplitMix64. */
static uint64_t random_below(uint64_t n)
{
	uint64_t z = luck += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % n;
}

/* A value of up to twelve pieces, some of them marks of one language or another. */
static void make_value(char out[256])
{
	static const char *const pieces[] = {"Nguyễn",
					     "Thị",
					     " ",
					     "Ư",
					     "đ",
					     "e\xCC\x82",
					     "{{",
					     "}}",
					     "{{b}}",
					     "{{{a}}}",
					     "{{#a}}",
					     "{{/a}}",
					     "{{! x }}",
					     "|max:1",
					     "<",
					     ">",
					     "&",
					     "&lt;",
					     "&#39;",
					     "\"",
					     "'",
					     "\\",
					     "\\u0041",
					     "</script>",
					     "<!--",
					     "]]>",
					     "%41",
					     "%00",
					     "+",
					     "?a=b&c",
					     "https://a.vn/",
					     "\n",
					     "\r",
					     "\t",
					     "\x01",
					     "\x1B[2J",
					     "\x7F",
					     "\xC2\x85",
					     "\xE2\x80\xAE",
					     "\xE2\x80\x8F",
					     "\xE2\x81\xA7",
					     "\xE2\x80\x8B",
					     "\xEF\xBB\xBF",
					     "\xD8\x9C",
					     "=1+1",
					     "@x",
					     ";",
					     "--",
					     "\xF0\x9F\x98\x80"};
	uint64_t n = random_below(13);

	out[0] = '\0';
	for (uint64_t i = 0; i < n; i++) {
		const char *piece = pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))];

		strncat(out, piece, 255 - strlen(out));
	}
}

static const char *pair_get(void *arg, size_t var, const char *name)
{
	char(*pair)[256] = arg;

	(void)var;
	return *pair[name[0] == 'b'] != '\0' ? pair[name[0] == 'b'] : NULL;
}

static char *escaped(const char *value, template_escape_fn escape)
{
	struct buf out = BUF_INIT(4096);

	assert_int_equal(escape(value, &out), 0);
	return buf_take(&out);
}

/* ---- what each place must make of a value, found by other means ------------------------------------ */

/* Undoes the five entities; NULL when there is a mark that is none of them. */
static char *from_entities(const char *s)
{
	static const struct {
		const char *name;
		char c;
	} marks[] = {
	    {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&#39;", '\''}};
	char *out = calloc(1, strlen(s) + 1), *to = out;

	while (*s != '\0') {
		size_t i = 0;

		if (strchr("<>\"'", *s) != NULL)
			break;
		if (*s != '&') {
			*to++ = *s++;
			continue;
		}
		while (i < 5 && strncmp(s, marks[i].name, strlen(marks[i].name)) != 0)
			i++;
		if (i == 5)
			break;
		*to++ = marks[i].c;
		s += strlen(marks[i].name);
	}
	if (*s == '\0')
		return out;
	free(out);
	return NULL;
}

static void check_html(const char *value, const char *got)
{
	char *back = from_entities(got);

	assert_non_null(back);
	assert_string_equal(back, value);
	free(back);
}

/* XML has no way to write most controls: they are gone. */
static void check_xml(const char *value, const char *got)
{
	char *back = from_entities(got), want[256];
	size_t n = 0;

	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x20 || strchr("\t\n\r", *c) != NULL)
			want[n++] = *c;
	want[n] = '\0';
	assert_non_null(back);
	assert_string_equal(back, want);
	free(back);
}

static void check_json(const char *value, const char *got)
{
	char text[2048];
	json_t *back;

	(void)snprintf(text, sizeof(text), "[\"%s\"]", got);
	back = json_loads(text, 0, NULL);
	assert_non_null(back);
	assert_int_equal(json_array_size(back), 1);
	assert_string_equal(json_string_value(json_array_get(back, 0)), value);
	json_decref(back);
}

static void check_url(const char *value, const char *got)
{
	for (; *got != '\0'; value++) {
		if (*got == '%') {
			char hex[3] = {got[1], got[1] != '\0' ? got[2] : '\0', '\0'};

			assert_true(isxdigit((unsigned char)hex[0]) &&
				    isxdigit((unsigned char)hex[1]));
			assert_int_equal((char)strtol(hex, NULL, 16), *value);
			got += 3;
		} else {
			assert_true(isalnum((unsigned char)*got) ||
				    strchr("-._~", *got) != NULL);
			assert_int_equal(*got++, *value);
		}
	}
	assert_int_equal(*value, '\0');
}

/* By Unicode's own tables: nothing that moves the eye or the cursor. */
static bool is_invisible(utf8proc_int32_t cp)
{
	const utf8proc_property_t *p = utf8proc_get_property(cp);

	if (p->category == UTF8PROC_CATEGORY_CC)
		return true;
	switch (p->bidi_class) {
	case UTF8PROC_BIDI_CLASS_LRE:
	case UTF8PROC_BIDI_CLASS_RLE:
	case UTF8PROC_BIDI_CLASS_LRO:
	case UTF8PROC_BIDI_CLASS_RLO:
	case UTF8PROC_BIDI_CLASS_PDF:
	case UTF8PROC_BIDI_CLASS_LRI:
	case UTF8PROC_BIDI_CLASS_RLI:
	case UTF8PROC_BIDI_CLASS_FSI:
	case UTF8PROC_BIDI_CLASS_PDI:
		return true;
	default:
		return p->category == UTF8PROC_CATEGORY_CF;
	}
}

/* What can be seen is all there, in order, and nothing else. */
static void check_text(const char *value, const char *got)
{
	const utf8proc_uint8_t *from = (const utf8proc_uint8_t *)value;
	utf8proc_int32_t cp;
	char want[600];
	size_t n = 0;

	for (utf8proc_ssize_t len; *from != '\0'; from += len) {
		len = utf8proc_iterate(from, -1, &cp);
		assert_true(len > 0);
		if (cp == '\t' || cp == '\n') {
			want[n++] = ' ';
		} else if (!is_invisible(cp)) {
			memcpy(want + n, from, (size_t)len);
			n += (size_t)len;
		}
	}
	want[n] = '\0';
	assert_string_equal(got, want);
}

static void check_none(const char *value, const char *got)
{
	assert_string_equal(got, value);
}

/* ---- values --------------------------------------------------------------------------------------- */

static const struct {
	template_escape_fn escape;
	void (*check)(const char *value, const char *got);
} places[] = {{template_escape_none, check_none}, {template_escape_html, check_html},
	      {template_escape_xml, check_xml},	  {template_escape_json, check_json},
	      {template_escape_url, check_url},	  {template_escape_text, check_text}};

static struct template *compile(const char *text)
{
	struct err e = ERR_INIT;
	struct template *t = template_compile("t", text, strlen(text), NULL, &e);

	if (t == NULL)
		fail_msg("%s: %s", text, e.text);
	return t;
}

static void no_value_is_read_as_a_template_or_leaves_its_place(void **state)
{
	static const char *const texts[] = {
	    "<{{a}}>{{#b}}[{{b}}]{{/b}}{{^b}}-{{/b}}.",
	    "{{b|default:}}{{#a}}({{a}}){{/a}}{{^a}}-{{/a}}{{b|default:}}"};
	struct template *t[2] = {compile(texts[0]), compile(texts[1])};

	(void)state;
	for (long i = 0; i < VALUES; i += 2) {
		size_t place = random_below(6), k = random_below(2);
		char pair[2][256], want[8192], *a, *b;
		const struct template_source src = {.get = pair_get, .arg = pair};
		struct buf out = BUF_INIT(8192);
		struct err e = ERR_INIT;

		make_value(pair[0]);
		make_value(pair[1]);
		a = escaped(pair[0], places[place].escape);
		b = escaped(pair[1], places[place].escape);
		places[place].check(pair[0], a);
		places[place].check(pair[1], b);
		if (k == 0)
			(void)snprintf(want, sizeof(want), "<%s>%s%s%s.", a,
				       *pair[1] != '\0' ? "[" : "-", b,
				       *pair[1] != '\0' ? "]" : "");
		else
			(void)snprintf(want, sizeof(want), "%s%s%s%s%s", b,
				       *pair[0] != '\0' ? "(" : "-", a,
				       *pair[0] != '\0' ? ")" : "", b);
		if (k == 0 && *pair[0] == '\0') {
			/* A hole that must be filled is never left open. */
			assert_int_equal(
			    template_render(t[k], &src, places[place].escape, &out, &e), -1);
		} else {
			if (template_render(t[k], &src, places[place].escape, &out, &e) < 0)
				fail_msg("%s", e.text);
			assert_string_equal(buf_text(&out), want);
		}
		buf_free(&out);
		free(a);
		free(b);
	}
	template_free(t[0]);
	template_free(t[1]);
}

static void what_is_longer_than_its_place_is_refused_whole(void **state)
{
	struct template *t = compile("{{a|max:30}}");
	long values = VALUES / 20, refused = 0;

	(void)state;
	for (long i = 0; i < values; i++) {
		char pair[2][256] = {"", "x"};
		const struct template_source src = {.get = pair_get, .arg = pair};
		struct buf out = BUF_INIT(8192);
		struct err e = ERR_INIT;
		size_t n = 0;

		do {
			make_value(pair[0]);
		} while (pair[0][0] == '\0');
		for (const char *c = pair[0]; *c != '\0'; c++)
			n += ((unsigned char)*c & 0xC0) != 0x80;
		if (template_render(t, &src, template_escape_none, &out, &e) < 0) {
			assert_true(n > 30);
			assert_int_equal(out.len, 0);
			refused++;
		} else {
			assert_true(n <= 30);
			assert_string_equal(buf_text(&out), pair[0]);
		}
		buf_free(&out);
	}
	assert_true(refused > values / 10);
	template_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_value_is_read_as_a_template_or_leaves_its_place),
	    cmocka_unit_test(what_is_longer_than_its_place_is_refused_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
