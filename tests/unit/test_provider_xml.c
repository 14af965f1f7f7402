/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider/rules.h"

/* Reads two fields, at /Envelope/Body/code and /Envelope/Body/note. */
static int read_xml(const char *text, size_t len, struct values *v, struct err *e)
{
	struct fields f = {.n = FIELD_BODY + 3};

	f.field[FIELD_BODY + 1].name = (char[]){"code"};
	f.field[FIELD_BODY + 1].at = (char[]){"/Envelope/Body/code"};
	f.field[FIELD_BODY + 2].name = (char[]){"note"};
	f.field[FIELD_BODY + 2].at = (char[]){"/Envelope/Body/note"};
	return values_read_xml(&f, text, len, v, e);
}

static void expect(const char *text, const char *code, const char *note)
{
	struct err e = ERR_INIT;
	struct values v = {0};

	if (read_xml(text, strlen(text), &v, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	for (int i = 0; i < 2; i++) {
		const char *want = i == 0 ? code : note, *got = v.value[FIELD_BODY + 1 + i];

		if (want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, want);
	}
	values_free(&v);
}

static void refused(const char *text, const char *why)
{
	struct err e = ERR_INIT;
	struct values v = {0};

	assert_int_equal(read_xml(text, strlen(text), &v, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_string_equal(e.text, why);
	values_free(&v);
}

static void elements_are_found_by_their_local_names(void **state)
{
	(void)state;
	expect("<s:Envelope xmlns:s=\"u:x\"><s:Body><code>0</code><n:note xmlns:n=\"u:y\">Đã "
	       "nhận &lt;1&gt;"
	       "</n:note></s:Body></s:Envelope>",
	       "0", "Đã nhận <1>");
	/* The first counts; what is elsewhere or within does not. */
	expect("<Envelope><Head><code>9</code></Head><Body><code>1</code><code>2</code></"
	       "Body></Envelope>",
	       "1", NULL);
	expect("<Envelope><Body><code>1<b>x</b>2</code><note/></Body></Envelope>", "1x2", "");
	expect("<code>1</code>", NULL, NULL);
	expect("<Envelope><Body><note><![CDATA[a<b]]></note></Body></Envelope>", NULL, "a<b");
}

static void other_encodings_come_out_whole(void **state)
{
	char text[1200], want[1001];
	size_t n;

	(void)state;
	/* As many bytes again as UTF-8. */
	n = (size_t)snprintf(
	    text, sizeof(text),
	    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Envelope><Body><note>");
	for (int i = 0; i < 500; i++) {
		text[n++] = (char)0xE9;
		memcpy(want + (size_t)2 * (size_t)i, "\xC3\xA9", 2);
	}
	want[1000] = '\0';
	(void)snprintf(text + n, sizeof(text) - n, "</note></Body></Envelope>");
	expect(text, NULL, want);
}

static void what_could_grow_or_is_broken_is_refused(void **state)
{
	char deep[400] = "", name[1200];

	(void)state;
	refused("<!DOCTYPE a [<!ENTITY b "
		"\"xxxx\">]><Envelope><Body><code>&b;</code></Body></Envelope>",
		"XML with a document type");
	refused("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Envelope/>",
		"XML with a document type");
	refused("<Envelope><Body><code>&b;</code></Body></Envelope>", "not XML");
	refused("<Envelope><Body><code>0</code></Body>", "not XML");
	refused("{\"code\":0}", "not XML");
	refused("", "not XML");
	for (int i = 0; i < 33; i++)
		strcat(deep, "<a>");
	refused(deep, "XML nested too deeply");
	name[0] = '<';
	memset(name + 1, 'n', 1100);
	(void)snprintf(name + 1101, sizeof(name) - 1101, "/>");
	refused(name, "XML with names too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(elements_are_found_by_their_local_names),
	    cmocka_unit_test(other_encodings_come_out_whole),
	    cmocka_unit_test(what_could_grow_or_is_broken_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
