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
#include "text/legacy.h"
#include "text/vi.h"
#include "vectors.h"

static const enum encoding five[] = {ENCODING_TCVN3, ENCODING_VNI, ENCODING_VISCII,
				     ENCODING_VPS, ENCODING_CP1258};
#define N_FIVE (sizeof(five) / sizeof(five[0]))

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void add_hex(struct buf *b, const char *hex)
{
	for (; *hex != '\0'; hex += 2)
		assert_int_equal(
		    buf_addc(b, (char)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]))), 0);
}

static void assert_decodes(enum encoding enc, const char *hex, const char *want)
{
	struct buf bytes = BUF_INIT(1000);
	size_t len;
	char *got;

	add_hex(&bytes, hex);
	got = encoding_decode(enc, buf_text(&bytes), bytes.len, &len);
	if (strcmp(got, want) != 0)
		fail_msg("%s %s gave \"%s\", not \"%s\"", encoding_name(enc), hex, got, want);
	assert_int_equal(len, strlen(want));
	free(got);
	buf_free(&bytes);
}

static void the_samples_come_out_as_they_were_written(void **state)
{
	json_t *root = vectors_load("encodings.json"), *v;
	size_t i, len;

	(void)state;
	json_array_foreach(root, i, v)
	{
		const char *nfc = vectors_str(v, "nfc");
		char *got;

		for (size_t k = 0; k < N_FIVE; k++)
			assert_decodes(five[k], vectors_str(v, encoding_name(five[k])),
				       five[k] == ENCODING_TCVN3
					   ? vectors_str(v, "tcvn3_decodes_to")
					   : nfc);
		assert_decodes(ENCODING_UTF8, vectors_str(v, "nfd_utf8"), nfc);
		got =
		    encoding_unmojibake(ENCODING_TCVN3, vectors_str(v, "tcvn3_in_xlsx"), &len);
		assert_string_equal(got, vectors_str(v, "tcvn3_decodes_to"));
		free(got);
		got = encoding_unmojibake(ENCODING_VNI, vectors_str(v, "vni_in_xlsx"), &len);
		assert_string_equal(got, nfc);
		free(got);
	}
	assert_true(i >= 11);
	json_decref(root);
}

static void every_letter_of_every_table_is_decoded(void **state)
{
	json_t *root = vectors_load("legacy_tables.json"), *v;
	const char *letter;
	size_t n = 0;

	(void)state;
	json_object_foreach(root, letter, v)
	{
		for (size_t k = 0; k < N_FIVE; k++) {
			const char *hex =
			    json_string_value(json_object_get(v, encoding_name(five[k])));

			if (hex == NULL) /* TCVN3's accented capitals, and Ỗ of VPS */
				continue;
			assert_decodes(five[k], hex, letter);
			n++;
		}
	}
	assert_int_equal(n, 5 * 134 - 60 - 1);
	json_decref(root);
}

static void what_means_nothing_becomes_a_mark(void **state)
{
	(void)state;
	assert_decodes(ENCODING_TCVN3, "41ff00", "A\xEF\xBF\xBD\xEF\xBF\xBD");
	/* a mark of VNI without its letter; U+2026 as Windows has it */
	assert_decodes(ENCODING_VNI, "6ef885", "n\xEF\xBF\xBD…");
	assert_decodes(ENCODING_UTF8, "61ffe1bb", "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_decodes(ENCODING_UTF16LE, "3dd800de41", "😀\xEF\xBF\xBD");
	assert_decodes(ENCODING_UTF16BE, "d83d0041dc00",
		       "\xEF\xBF\xBD"
		       "A\xEF\xBF\xBD");
}

/* The household list in an encoding, as an office would have it. */
static void encode_list(enum encoding enc, struct buf *out)
{
	json_t *tables = vectors_load("legacy_tables.json");
	size_t len;
	char *file = vectors_file("my-phu-dong/ho-dan.csv", &len);
	char *list = vi_nfc(file + 3); /* without its byte-order mark; some rows are in NFD */

	free(file);
	len = strlen(list);
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = vi_utf8_next(list + i, len - i, &cp);
		char *letter = mem_strndup(list + i, n), *lower = vi_lower(letter);
		const char *hex = json_string_value(
		    json_object_get(json_object_get(tables, letter), encoding_name(enc)));

		if (cp >= 0x80 && hex == NULL)
			hex = json_string_value(json_object_get(json_object_get(tables, lower),
								encoding_name(enc)));
		if (enc == ENCODING_UTF16LE || enc == ENCODING_UTF16BE) {
			char u[2] = {(char)(cp & 0xFF), (char)(cp >> 8)};
			char r[2] = {u[1], u[0]};

			assert_int_equal(buf_add(out, enc == ENCODING_UTF16LE ? u : r, 2), 0);
		} else if (enc == ENCODING_UTF8 || cp < 0x80) {
			assert_int_equal(buf_add(out, list + i, n), 0);
		} else {
			add_hex(out, hex);
		}
		free(letter);
		free(lower);
		i += n;
	}
	free(list);
	json_decref(tables);
}

static void a_whole_list_tells_its_encoding(void **state)
{
	(void)state;
	for (enum encoding enc = ENCODING_UTF8; enc < ENCODING_COUNT; enc++) {
		struct buf list = BUF_INIT(1 << 20);
		struct encoding_guess g;

		encode_list(enc, &list);
		/* whole, and cut off somewhere */
		for (size_t cut = 0; cut < 3; cut++) {
			g = encoding_guess(list.data, list.len - cut);
			if (g.encoding != enc || g.mojibake || !g.sure || g.bom != 0)
				fail_msg("%s was taken for %s, mojibake %d, sure %d",
					 encoding_name(enc), encoding_name(g.encoding),
					 g.mojibake, g.sure);
		}
		/* a byte spoilt on the way changes nothing */
		if (enc != ENCODING_UTF16LE && enc != ENCODING_UTF16BE) {
			list.data[5000] = '\xFF';
			assert_int_equal(encoding_guess(list.data, list.len).encoding, enc);
		}
		buf_free(&list);
	}
}

static void a_list_pasted_into_excel_tells_its_encoding(void **state)
{
	(void)state;
	for (size_t k = 0; k < N_FIVE + 1; k++) {
		enum encoding enc = k < N_FIVE ? five[k] : ENCODING_UTF8;
		struct buf list = BUF_INIT(1 << 20), utf8 = BUF_INIT(1 << 20);
		struct encoding_guess g;

		encode_list(enc, &list);
		/* what Excel stores: the bytes as CP1252 characters */
		for (size_t i = 0; i < list.len; i++) {
			static const char *const high[32] = {
			    "€", NULL, "‚",  "ƒ", "„",	"…",  "†", "‡",	 "ˆ", "‰", "Š",
			    "‹", "Œ",  NULL, "Ž", NULL, NULL, "‘", "’",	 "“", "”", "•",
			    "–", "—",  "˜",  "™", "š",	"›",  "œ", NULL, "ž", "Ÿ"};
			unsigned char c = (unsigned char)list.data[i];
			char put[4];
			size_t n = vi_utf8_put(c, put);

			if (c >= 0x80 && c < 0xA0 && high[c - 0x80] != NULL)
				assert_int_equal(buf_adds(&utf8, high[c - 0x80]), 0);
			else
				assert_int_equal(buf_add(&utf8, put, n), 0);
		}
		g = encoding_guess_mojibake(buf_text(&utf8), utf8.len);
		if (g.encoding != enc || !g.mojibake || !g.sure)
			fail_msg("%s was taken for %s, mojibake %d, sure %d",
				 encoding_name(enc), encoding_name(g.encoding), g.mojibake,
				 g.sure);
		g = encoding_guess(buf_text(&utf8), utf8.len);
		assert_int_equal(g.encoding, enc);
		assert_true(g.mojibake);
		buf_free(&list);
		buf_free(&utf8);
	}
}

static void a_dozen_cells_are_enough(void **state)
{
	json_t *root = vectors_load("encodings.json"), *v;
	size_t i;

	(void)state;
	for (size_t k = 0; k < N_FIVE; k++) {
		struct buf cells = BUF_INIT(10000);

		json_array_foreach(root, i, v)
		{
			add_hex(&cells, vectors_str(v, encoding_name(five[k])));
			assert_int_equal(buf_addc(&cells, '\n'), 0);
		}
		assert_int_equal(encoding_guess(buf_text(&cells), cells.len).encoding, five[k]);
		buf_free(&cells);
	}
	json_decref(root);
}

static void good_text_is_not_called_mojibake(void **state)
{
	static const char *const texts[] = {
	    "", "STT;Ho ten\n1;An\n",
	    "Họ và tên;Năm sinh\nNéang Sa Rươl;1950\nChau Sóc Kha;1960\n",
	    "Ho\xCC\xA3 va\xCC\x80 te\xCC\x82n\nNguye\xCC\x82\xCC\x83n Va\xCC\x86n An\n",
	    "café, naïve, Zürich"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct encoding_guess g = encoding_guess(texts[i], strlen(texts[i]));

		assert_int_equal(g.encoding, ENCODING_UTF8);
		assert_false(g.mojibake);
	}
}

static void byte_order_marks_are_counted(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum encoding encoding;
		int bom;
	} cases[] = {
	    {"\xEF\xBB\xBFHọ tên", 11, ENCODING_UTF8, 3},
	    {"\xFF\xFEH\0", 4, ENCODING_UTF16LE, 2},
	    {"\xFE\xFF\0H", 4, ENCODING_UTF16BE, 2},
	    {"\xFF\xFE", 2, ENCODING_UTF16LE, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct encoding_guess g = encoding_guess(cases[i].bytes, cases[i].len);

		assert_int_equal(g.encoding, cases[i].encoding);
		assert_int_equal(g.bom, cases[i].bom);
	}
}

static void encodings_go_by_the_names_offices_use(void **state)
{
	static const struct {
		const char *name;
		enum encoding want;
	} cases[] = {
	    {"UTF-8", ENCODING_UTF8},	       {"abc", ENCODING_TCVN3},
	    {"TCVN3 (ABC)", ENCODING_TCVN3},   {"VNI-Windows", ENCODING_VNI},
	    {"windows-1258", ENCODING_CP1258}, {".VnTime", ENCODING_TCVN3},
	    {"UTF-16LE", ENCODING_UTF16LE},    {"viscii", ENCODING_VISCII},
	};
	enum encoding enc;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(encoding_from_name(cases[i].name, &enc), 1);
		assert_int_equal(enc, cases[i].want);
	}
	for (enc = ENCODING_UTF8; enc < ENCODING_COUNT; enc++) {
		enum encoding back;

		assert_int_equal(encoding_from_name(encoding_name(enc), &back), 1);
		assert_int_equal(back, enc);
	}
	assert_int_equal(encoding_from_name("latin-9", &enc), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_samples_come_out_as_they_were_written),
	    cmocka_unit_test(every_letter_of_every_table_is_decoded),
	    cmocka_unit_test(what_means_nothing_becomes_a_mark),
	    cmocka_unit_test(a_whole_list_tells_its_encoding),
	    cmocka_unit_test(a_list_pasted_into_excel_tells_its_encoding),
	    cmocka_unit_test(a_dozen_cells_are_enough),
	    cmocka_unit_test(good_text_is_not_called_mojibake),
	    cmocka_unit_test(byte_order_marks_are_counted),
	    cmocka_unit_test(encodings_go_by_the_names_offices_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
