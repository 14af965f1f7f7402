/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that are too much, or broken: each is refused, with what is wrong, and in little memory. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "folder.h"
#include "lists.h"
#include "xlsx_parts.h"

static void refuses(const char *path, const struct sheet_limits *limits, const char *says)
{
	struct err e = ERR_INIT;
	struct sheet s;

	assert_int_equal(sheet_read(path, -1, NULL, limits, &s, &e), -1);
	assert_null(s.store);
	if (e.code != EX_DATAERR || strstr(e.text, says) == NULL)
		fail_msg("code %d: %s (not: %s)", e.code, e.text, says);
}

static void refuses_text(const char *text, size_t n, const struct sheet_limits *limits,
			 const char *says)
{
	lists_write(folder_file("list.csv"), text, n);
	refuses(folder_file("list.csv"), limits, says);
}

static void refuses_sheet(const char *sheet, const struct sheet_limits *limits,
			  const char *says)
{
	xlsx_pack_sheet(folder_file("list.xlsx"), sheet);
	refuses(folder_file("list.xlsx"), limits, says);
}

/* A worksheet of so many rows of three cells; with 20,000 it is several MiB. Yours to free(). */
static char *large_sheet(int rows, const char *end)
{
	struct buf b = BUF_INIT((size_t)16 << 20);

	(void)buf_adds(&b, XLSX_XML "<worksheet xmlns=\"" XLSX_NS "\"><sheetData>");
	for (int i = 1; i <= rows; i++)
		(void)buf_addf(&b,
			       "<row r=\"%d\">" XLSX_T("A%d", "Nguyễn Văn %d")
				   XLSX_N("B%d", "%d") XLSX_T("C%d", "Tổ %d") "</row>",
			       i, i, i * 7919, i, i, i, i % 40);
	(void)buf_adds(&b, end);
	return buf_take(&b);
}

static void a_large_worksheet_is_whole(void **state)
{
	char *sheet = large_sheet(20000, "</sheetData></worksheet>"), want[64];
	struct err e = ERR_INIT;
	struct sheet s;

	(void)state;
	assert_true(strlen(sheet) > (size_t)2 << 20);
	xlsx_pack_sheet(folder_file("list.xlsx"), sheet);
	if (sheet_read(folder_file("list.xlsx"), -1, NULL, NULL, &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(s.n_rows, 20000);
	for (int i = 0; i < s.n_rows; i++) {
		struct sheet_row row = sheet_row_at(&s, i);

		assert_int_equal(row.n, 3);
		assert_int_equal(row.number, i + 1);
		(void)snprintf(want, sizeof(want), "Nguyễn Văn %d", (i + 1) * 7919);
		assert_string_equal(row.cells[0].text, want);
		assert_true(row.cells[1].kind == CELL_NUMBER && row.cells[1].number == i + 1);
	}
	sheet_free(&s);
	free(sheet);
}

/* The same file, cut off at many places, or with a byte of it changed where the worksheet is packed. */
static void what_is_left_of_a_file_is_no_list(void **state)
{
	char *sheet = large_sheet(20000, "</sheetData></worksheet>"), *bytes;
	struct stat st;
	size_t size;
	FILE *f;

	(void)state;
	xlsx_pack_sheet(folder_file("list.xlsx"), sheet);
	assert_int_equal(stat(folder_file("list.xlsx"), &st), 0);
	size = (size_t)st.st_size;
	bytes = mem_calloc(size, 1);
	f = fopen(folder_file("list.xlsx"), "rbe");
	assert_non_null(f);
	assert_int_equal(fread(bytes, 1, size, f), size);
	(void)fclose(f);
	for (size_t i = 1; i <= 16; i++) {
		lists_write(folder_file("cut.xlsx"), bytes, size * i / 17);
		refuses(folder_file("cut.xlsx"), NULL, "bị cắt cụt hoặc bị hỏng");
	}
	/* the worksheet comes first; its check sum tells */
	for (size_t i = 1; i <= 8; i++) {
		size_t at = size * i / 10;

		bytes[at] = (char)(bytes[at] ^ 0x10);
		lists_write(folder_file("bad.xlsx"), bytes, size);
		refuses(folder_file("bad.xlsx"), NULL, "bị hỏng");
		bytes[at] = (char)(bytes[at] ^ 0x10);
	}
	free(bytes);
	free(sheet);
}

static void xml_that_breaks_far_down_is_refused(void **state)
{
	static const struct {
		const char *end, *says;
	} cases[] = {
	    {"<row r=\"20001\"><c r=\"A20001\"></row></sheetData></worksheet>", "bị hỏng"},
	    {"", "bị hỏng"},
	    /* by what it says, not by how it is written */
	    {"<row r=\"7\">" XLSX_N("A7", "1") "</row></sheetData></worksheet>",
	     "số dòng vô lý, gần dòng 20000"},
	    {"<row r=\"20001\"><c r=\"A20001\" "
	     "t=\"s\"><v>9</v></c></row></sheetData></worksheet>",
	     "chuỗi chung không có, gần dòng 20001"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *sheet = large_sheet(20000, cases[i].end);

		refuses_sheet(sheet, NULL, cases[i].says);
		free(sheet);
	}
}

static void what_unpacks_to_far_more_than_it_is_is_refused(void **state)
{
	/* 1,000 : 1, and inside one cell */
	struct buf b = BUF_INIT((size_t)64 << 20);
	size_t n = (size_t)32 << 20;
	char *spaces = mem_calloc(n + 1, 1);
	struct sheet_limits small = sheet_limits_default;
	char *sheet;

	(void)state;
	memset(spaces, ' ', n);
	(void)buf_adds(&b, XLSX_XML "<worksheet xmlns=\"" XLSX_NS "\">");
	(void)buf_add(&b, spaces, n);
	(void)buf_adds(&b, "<sheetData><row r=\"1\">" XLSX_T("A1", "x") "</row></sheetData>"
									"</worksheet>");
	refuses_sheet(buf_text(&b), NULL, "bung ra quá lớn");
	buf_free(&b);
	free(spaces);
	/* all parts together */
	sheet = large_sheet(20000, "</sheetData></worksheet>");
	small.max_unpacked = (size_t)1 << 20;
	refuses_sheet(sheet, &small, "bung ra quá lớn");
	free(sheet);
}

static void a_cell_may_be_so_long_and_no_longer(void **state)
{
	size_t n = (size_t)8 << 20;
	char *text = mem_calloc(n + 256, 1);

	(void)state;
	memset(text, 'a', n);
	memcpy(text, "x;y\n\"", 5);
	text[n - 1] = '"';
	refuses_text(text, n, NULL, "một ô chứa hơn 65536 ký tự");
	/* in a worksheet that is no bomb by its ratio: what differs does not pack */
	(void)strcpy(text,
		     XLSX_XML "<worksheet xmlns=\"" XLSX_NS
			      "\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>");
	for (size_t at = strlen(text); at < (size_t)200000; at += 10)
		(void)snprintf(text + at, 11, "%010u", (unsigned)(at * 2654435761U));
	(void)strcpy(text + strlen(text), "</t></is></c></row></sheetData></worksheet>");
	refuses_sheet(text, NULL, "một ô chứa hơn 65536 ký tự");
	free(text);
}

static void entities_are_not_even_declared(void **state)
{
	(void)state;
	refuses_sheet(XLSX_XML
		      "<!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>"
		      "<worksheet xmlns=\"" XLSX_NS "\"><sheetData><row r=\"1\">"
		      "<c r=\"A1\" t=\"inlineStr\"><is><t>&b;</t></is></c></row></sheetData>"
		      "</worksheet>",
		      NULL, "DOCTYPE");
	refuses_sheet(XLSX_XML
		      "<!DOCTYPE w [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"
		      "<worksheet xmlns=\"" XLSX_NS "\"><sheetData><row r=\"1\">"
		      "<c r=\"A1\" t=\"inlineStr\"><is><t>&a;</t></is></c></row></sheetData>"
		      "</worksheet>",
		      NULL, "DOCTYPE");
}

static void rows_columns_and_texts_are_counted(void **state)
{
	struct sheet_limits few = sheet_limits_default;
	char many[1024];

	(void)state;
	few.max_rows = 3;
	refuses_text("a\nb\nc\nd\n", 8, &few, "hơn 3 dòng");
	few = sheet_limits_default;
	few.max_text = 8;
	refuses_text("abcd;efgh\n", 10, &few, "danh sách quá lớn");
	few = sheet_limits_default;
	few.max_file = 4;
	refuses_text("abcd;efgh\n", 10, &few, "tệp quá lớn");
	memset(many, ';', 300);
	many[300] = 'x';
	refuses_text(many, 301, NULL, "hơn 256 cột");
	refuses_sheet(XLSX_SHEET("<row r=\"1\">" XLSX_N("XFD1", "1") "</row>"), NULL,
		      "hơn 256 cột");
	refuses_sheet(XLSX_SHEET("<row r=\"1048577\">" XLSX_N("A1048577", "1") "</row>"), NULL,
		      "hơn 1048576 dòng");
	refuses_text("a;b\n\"c;d\n", 9, NULL, "không đóng lại");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_large_worksheet_is_whole),
	    cmocka_unit_test(what_is_left_of_a_file_is_no_list),
	    cmocka_unit_test(xml_that_breaks_far_down_is_refused),
	    cmocka_unit_test(what_unpacks_to_far_more_than_it_is_is_refused),
	    cmocka_unit_test(a_cell_may_be_so_long_and_no_longer),
	    cmocka_unit_test(entities_are_not_even_declared),
	    cmocka_unit_test(rows_columns_and_texts_are_counted),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
