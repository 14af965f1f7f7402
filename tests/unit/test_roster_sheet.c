/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "folder.h"
#include "lists.h"
#include "xlsx_parts.h"

static struct sheet read_sheet(const char *path, int worksheet, const char *encoding)
{
	struct err e = ERR_INIT;
	struct sheet s;

	if (sheet_read(path, worksheet, encoding, NULL, &s, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static struct sheet read_text(const char *text, const char *encoding)
{
	const char *path = folder_file("list.csv");

	lists_write(path, text, strlen(text));
	return read_sheet(path, -1, encoding);
}

/* "text" of the cell; "" where there is none. */
static const char *at(const struct sheet *s, int row, int column)
{
	struct sheet_row r = sheet_row_at(s, row);

	return column < r.n ? r.cells[column].text : "";
}

#define ASSERT_AT(s, row, column, want) assert_string_equal(at(&(s), row, column), want)

static void a_list_is_the_same_as_csv_and_as_xlsx(void **state)
{
	static const char *const names[] = {"ho-dan", "cccd-ton"};
	static const char delimiters[] = {';', ','};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *path = mem_printf(LISTS "%s.csv", names[i]);
		struct sheet csv = read_sheet(path, -1, NULL), xlsx;

		free(path);
		path = mem_printf(LISTS "%s.xlsx", names[i]);
		xlsx = read_sheet(path, -1, NULL);
		free(path);
		assert_string_equal(csv.format, "csv");
		assert_string_equal(xlsx.format, "xlsx");
		assert_int_equal(csv.delimiter, delimiters[i]);
		assert_true(csv.encoding.sure && xlsx.encoding.sure);
		/* three title lines more, of the households a total below */
		assert_int_equal(xlsx.n_rows, csv.n_rows + (i == 0 ? 4 : 3));
		assert_int_equal(sheet_row_at(&xlsx, 3).number, 6);
		for (int r = 0; r < csv.n_rows; r++) {
			int n = sheet_row_at(&csv, r).n;

			for (int c = 0; c < n; c++) {
				/* but for spaces at the ends, which a csv does not keep */
				char *want = vi_clean(at(&csv, r, c));
				char *got = vi_clean(at(&xlsx, r + 3, c));

				assert_string_equal(got, want);
				free(want);
				free(got);
			}
		}
		sheet_free(&csv);
		sheet_free(&xlsx);
	}
}

static void quotes_delimiters_and_line_ends_inside_cells_are_kept(void **state)
{
	struct sheet s =
	    read_text("STT,Tên,Ghi chú\r\n1,\"Lê \"\"Út\"\" An\",\"xã A, ấp B\"\r\n\r\n"
		      "2,\"Bùi\nVăn Hai\",;\r\n",
		      NULL);

	(void)state;
	assert_int_equal(s.delimiter, ',');
	assert_int_equal(s.n_rows, 3);
	ASSERT_AT(s, 1, 1, "Lê \"Út\" An");
	ASSERT_AT(s, 1, 2, "xã A, ấp B");
	ASSERT_AT(s, 2, 1, "Bùi\nVăn Hai");
	ASSERT_AT(s, 2, 2, ";");
	/* the empty line is counted, as a spreadsheet does */
	assert_int_equal(sheet_row_at(&s, 2).number, 4);
	sheet_free(&s);
	/* Excel's own word on the delimiter is no row */
	s = read_text("sep=|\nTên|Ghi chú; thêm; nữa\nAn|;;;;;\n", NULL);
	assert_int_equal(s.delimiter, '|');
	assert_int_equal(s.n_rows, 2);
	ASSERT_AT(s, 1, 0, "An");
	sheet_free(&s);
}

static void numbers_and_dates_are_read_as_a_person_reads_them(void **state)
{
	static const char styles[] = XLSX_XML
	    "<styleSheet xmlns=\"" XLSX_NS "\"><numFmts count=\"2\">"
	    "<numFmt numFmtId=\"164\" formatCode=\"dd\\/mm\\/yyyy;@\"/>"
	    "<numFmt numFmtId=\"165\" formatCode=\"#,##0&quot; dong&quot;\"/></numFmts>"
	    "<cellXfs count=\"4\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>"
	    "<xf numFmtId=\"164\"/><xf numFmtId=\"165\"/></cellXfs></styleSheet>";
	static const struct {
		const char *style, *value, *text;
		bool date;
	} cells[] = {
	    {"0", "912345678", "912345678", false},
	    {"0", "9.12345678E8", "912345678", false},
	    {"0", "912345678.0", "912345678", false},
	    {"0", "89079000123", "89079000123", false},
	    {"0", "0.5", "0.5", false},
	    {"0", "1E-3", "0.001", false},
	    {"0", "-3", "-3", false},
	    {"0", "0", "0", false},
	    {"0", "007", "7", false},
	    {"1", "25569", "01/01/1970", true},
	    {"2", "45091.5", "14/06/2023 12:00", true},
	    {"2", "1", "01/01/1900", true},
	    {"2", "60", "29/02/1900", true},
	    {"2", "61", "01/03/1900", true},
	    {"3", "45091", "45091", false},
	    {"1", "-5", "-5", false},
	    {"1", "99999999", "99999999", false},
	};
	struct buf sheet = BUF_INIT(10000);
	struct xlsx_file files[] = {{"xl/styles.xml", styles, 0},
				    {"xl/worksheets/sheet1.xml", NULL, 0}};
	size_t n = sizeof(cells) / sizeof(cells[0]);
	struct sheet s;

	(void)state;
	(void)buf_adds(&sheet, XLSX_XML "<worksheet xmlns=\"" XLSX_NS "\"><sheetData>");
	for (size_t i = 0; i < n; i++)
		(void)buf_addf(&sheet,
			       "<row r=\"%zu\"><c r=\"A%zu\" s=\"%s\"><v>%s</v></c></row>",
			       i + 1, i + 1, cells[i].style, cells[i].value);
	(void)buf_adds(&sheet, "</sheetData></worksheet>");
	files[1].data = buf_text(&sheet);
	xlsx_pack(folder_file("n.xlsx"), files, 2);
	s = read_sheet(folder_file("n.xlsx"), -1, NULL);
	assert_int_equal(s.n_rows, n);
	for (size_t i = 0; i < n; i++) {
		struct sheet_row row = sheet_row_at(&s, (int)i);

		if (row.cells[0].kind != CELL_NUMBER || row.cells[0].date != cells[i].date ||
		    strcmp(row.cells[0].text, cells[i].text) != 0)
			fail_msg("%s: %s", cells[i].value, row.cells[0].text);
		assert_string_equal(row.cells[0].raw, cells[i].value);
		assert_true(row.cells[0].number == strtod(cells[i].value, NULL));
	}
	sheet_free(&s);
	buf_free(&sheet);
}

static void a_workbook_of_a_mac_counts_from_1904(void **state)
{
	static const struct xlsx_file files[] = {
	    {"xl/workbook.xml",
	     XLSX_XML "<workbook xmlns=\"" XLSX_NS "\" xmlns:r=\"" XLSX_REL
		      "\"><workbookPr date1904=\"1\"/><sheets><sheet name=\"A\" sheetId=\"1\" "
		      "r:id=\"rId1\"/></sheets></workbook>",
	     0},
	    {"xl/styles.xml",
	     XLSX_XML "<styleSheet xmlns=\"" XLSX_NS
		      "\"><cellXfs><xf numFmtId=\"14\"/></cellXfs></styleSheet>",
	     0},
	    {"xl/worksheets/sheet1.xml",
	     XLSX_SHEET("<row r=\"1\">" XLSX_N("A1", "24107") "</row>"), 0},
	};
	struct sheet s;

	(void)state;
	xlsx_pack(folder_file("mac.xlsx"), files, 3);
	s = read_sheet(folder_file("mac.xlsx"), -1, NULL);
	assert_true(s.system_1904);
	ASSERT_AT(s, 0, 0, "01/01/1970");
	sheet_free(&s);
}

static void strings_are_whole_whatever_they_are_made_of(void **state)
{
	static const struct xlsx_file files[] = {
	    {"xl/sharedStrings.xml",
	     XLSX_XML "<sst xmlns=\"" XLSX_NS "\"><si><t>An</t></si>"
		      "<si><r><rPr><b/></rPr><t xml:space=\"preserve\">Lê </t></r><r><t>Văn "
		      "Út</t></r><rPh sb=\"0\" eb=\"1\"><t>レ</t></rPh></si>"
		      "<si><t>dòng_x000D_\nhai</t></si><si><t>a &amp; b</t></si></sst>",
	     0},
	    {"xl/worksheets/sheet1.xml",
	     XLSX_SHEET(
		 "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\" "
		 "t=\"s\"><v>0</v></c><c r=\"D2\" t=\"s\"><v>2</v></c></row>"
		 "<row><c t=\"s\"><v>3</v></c><c t=\"b\"><v>1</v></c><c "
		 "t=\"e\"><v>#REF!</v></c><c t=\"str\"><f>A1</f><v>công thức</v></c></row>"
		 "<row/><row r=\"9\">" XLSX_T("C9", "cuối") "</row>"),
	     0},
	};
	struct sheet s;

	(void)state;
	xlsx_pack(folder_file("s.xlsx"), files, 2);
	s = read_sheet(folder_file("s.xlsx"), -1, NULL);
	assert_string_equal(s.name, "Danh sách");
	assert_int_equal(s.n_rows, 3);
	ASSERT_AT(s, 0, 0, "Lê Văn Út");
	ASSERT_AT(s, 0, 1, "An");
	ASSERT_AT(s, 0, 2, "");
	ASSERT_AT(s, 0, 3, "dòng \nhai");
	ASSERT_AT(s, 1, 0, "a & b");
	assert_int_equal(sheet_row_at(&s, 1).cells[1].kind, CELL_BOOL);
	assert_int_equal(sheet_row_at(&s, 1).cells[2].kind, CELL_ERROR);
	ASSERT_AT(s, 1, 3, "công thức");
	assert_int_equal(sheet_row_at(&s, 1).number, 3);
	assert_int_equal(sheet_row_at(&s, 2).number, 9);
	ASSERT_AT(s, 2, 2, "cuối");
	sheet_free(&s);
}

static void a_cell_merged_downwards_counts_for_each_row(void **state)
{
	/* clang-format off */
	static const char sheet[] = XLSX_XML
	    "<worksheet xmlns=\"" XLSX_NS "\"><sheetData>"
	    "<row r=\"1\">" XLSX_T("A1", "Tân Phú") XLSX_T("B1", "An") "</row>"
	    "<row r=\"2\">" XLSX_T("B2", "Bình") "</row>"
	    "<row r=\"3\">" XLSX_T("B3", "Chi") "</row>"
	    "<row r=\"4\">" XLSX_T("A4", "TIÊU ĐỀ") "</row>"
	    "</sheetData><mergeCells><mergeCell ref=\"A1:A3\"/>"
	    "<mergeCell ref=\"A4:C4\"/><mergeCell ref=\"bogus\"/></mergeCells></worksheet>";
	/* clang-format on */
	struct sheet s;

	(void)state;
	xlsx_pack_sheet(folder_file("m.xlsx"), sheet);
	s = read_sheet(folder_file("m.xlsx"), -1, NULL);
	for (int r = 0; r < 3; r++)
		ASSERT_AT(s, r, 0, "Tân Phú");
	ASSERT_AT(s, 2, 1, "Chi");
	assert_int_equal(sheet_row_at(&s, 3).n, 1);
	sheet_free(&s);
}

static void the_first_visible_sheet_that_holds_something_is_read(void **state)
{
	static const char type[] = XLSX_REL "/worksheet";
	char *relations = mem_printf(
	    XLSX_XML "<Relationships xmlns=\"" XLSX_PKG "\">"
		     "<Relationship Id=\"a\" Type=\"%s\" Target=\"worksheets/hidden.xml\"/>"
		     "<Relationship Id=\"b\" Type=\"%s\" Target=\"/xl/worksheets/empty.xml\"/>"
		     "<Relationship Id=\"c\" Type=\"%s\" Target=\"../xl/worksheets/list.xml\"/>"
		     "</Relationships>",
	    type, type, type);
	const struct xlsx_file files[] = {
	    {"xl/workbook.xml",
	     XLSX_XML "<workbook xmlns=\"" XLSX_NS "\" xmlns:r=\"" XLSX_REL "\"><sheets>"
		      "<sheet name=\"Ẩn\" sheetId=\"1\" state=\"hidden\" r:id=\"a\"/>"
		      "<sheet name=\"Trống\" sheetId=\"2\" r:id=\"b\"/>"
		      "<sheet name=\"Hộ dân\" sheetId=\"3\" r:id=\"c\"/></sheets></workbook>",
	     0},
	    {"xl/_rels/workbook.xml.rels", relations, 0},
	    {"xl/worksheets/hidden.xml",
	     XLSX_SHEET("<row r=\"1\">" XLSX_T("A1", "ẩn") "</row>"), 0},
	    {"xl/worksheets/empty.xml", XLSX_SHEET(""), 0},
	    {"xl/worksheets/list.xml", XLSX_SHEET("<row r=\"1\">" XLSX_T("A1", "hộ") "</row>"),
	     0},
	};
	struct sheet s;
	struct err e = ERR_INIT;

	(void)state;
	xlsx_pack(folder_file("w.xlsx"), files, 5);
	s = read_sheet(folder_file("w.xlsx"), -1, NULL);
	assert_int_equal(s.n_worksheets, 3);
	assert_string_equal(s.name, "Hộ dân");
	ASSERT_AT(s, 0, 0, "hộ");
	sheet_free(&s);
	/* the hidden come last */
	s = read_sheet(folder_file("w.xlsx"), 2, NULL);
	assert_string_equal(s.name, "Ẩn");
	sheet_free(&s);
	assert_int_equal(sheet_read(folder_file("w.xlsx"), 0, NULL, NULL, &s, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	err_clear(&e);
	assert_int_equal(sheet_read(folder_file("w.xlsx"), 3, NULL, NULL, &s, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	free(relations);
}

static void what_stood_in_the_file_is_kept_beside_what_it_means(void **state)
{
	struct sheet s;
	struct sheet_row row;

	(void)state;
	/* TCVN3 as CP1252 shows it */
	s = read_text("Hä vµ tªn\nNguyÔn V¨n An\nTrÇn ThÞ BÝch\nLª Hoµng Phóc\nTr­¬ng ThÞ Mü\n",
		      NULL);
	assert_true(s.encoding.mojibake);
	assert_int_equal(s.encoding.encoding, ENCODING_TCVN3);
	row = sheet_row_at(&s, 1);
	assert_string_equal(row.cells[0].text, "Nguyễn Văn An");
	assert_string_equal(row.cells[0].raw, "NguyÔn V¨n An");
	ASSERT_AT(s, 4, 0, "Trương Thị Mỹ");
	sheet_free(&s);
	/* and cut off in the middle of a character */
	s = read_text("Hä vµ tªn\nNguyÔn V¨n An\nTrÇn ThÞ BÝch\nTr­¬ng ThÞ M\xc3", NULL);
	assert_true(s.encoding.mojibake);
	row = sheet_row_at(&s, 3);
	assert_string_equal(row.cells[0].raw, "Tr­¬ng ThÞ M\uFFFD");
	assert_non_null(strstr(row.cells[0].text, "Trương Thị M"));
	sheet_free(&s);
	/* the same as bytes */
	s = read_text("H\xe4 v\xb5 t\xaan\nNguy\xd4n V\xa8n An\nTr\xc7n Th\xde B\xdd"
		      "ch\n",
		      NULL);
	assert_false(s.encoding.mojibake);
	row = sheet_row_at(&s, 1);
	assert_string_equal(row.cells[0].text, "Nguyễn Văn An");
	assert_string_equal(row.cells[0].raw, "NguyÔn V¨n An");
	sheet_free(&s);
	/* accents apart */
	s = read_text("Tên\nNguye\u0302\u0303n Thi\u0323 U\u0301t\n", NULL);
	row = sheet_row_at(&s, 1);
	assert_string_equal(row.cells[0].text, "Nguyễn Thị Út");
	assert_string_equal(row.cells[0].raw, "Nguye\u0302\u0303n Thi\u0323 U\u0301t");
	sheet_free(&s);
}

static void an_encoding_that_is_said_is_used(void **state)
{
	static const char one[] = "T\xaan\nL\xaa\n"; /* too short to be sure of */
	struct sheet s;
	struct err e = ERR_INIT;

	(void)state;
	s = read_text(one, "ABC");
	ASSERT_AT(s, 1, 0, "Lê");
	assert_true(s.encoding.sure);
	sheet_free(&s);
	assert_int_equal(sheet_read(folder_file("list.csv"), -1, "ebcdic", NULL, &s, &e), -1);
	assert_int_equal(e.code, EX_USAGE);
	assert_non_null(strstr(e.text, "tcvn3"));
	/* in a spreadsheet it can only be mojibake */
	xlsx_pack_sheet(folder_file("e.xlsx"),
			XLSX_SHEET("<row r=\"1\">" XLSX_T("A1", "Lª") "</row>"));
	s = read_sheet(folder_file("e.xlsx"), -1, "tcvn3");
	ASSERT_AT(s, 0, 0, "Lê");
	sheet_free(&s);
}

static void what_is_no_list_is_refused_with_advice(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *says;
	} cases[] = {
	    {"", 0, "rỗng"},
	    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, ".xlsx"},
	    {"%PDF-1.7\n", 9, "PDF"},
	    {"<html><table>", 13, "trang web"},
	    {"<?xml version=\"1.0\"?>", 21, "XML"},
	    {"{\\rtf1", 6, "Word"},
	    {"\x1f\x8b\x08\x00", 4, "giải nén"},
	    {"\x89PNG\r\n\x1a\n", 8, "ảnh"},
	    {"\x7f"
	     "ELF\x02\x01\x01\x00\x00",
	     9, "không phải"},
	    {"\n\n\n", 3, "không có dòng nào"},
	    {",,,\n,,,\n", 8, "không có dòng nào"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct sheet s;

		lists_write(folder_file("x"), cases[i].bytes, cases[i].n);
		assert_int_equal(sheet_read(folder_file("x"), -1, NULL, NULL, &s, &e), -1);
		if (e.code != EX_DATAERR || strstr(e.text, cases[i].says) == NULL ||
		    strstr(e.text, "“x”") == NULL)
			fail_msg("%zu: code %d: %s", i, e.code, e.text);
	}
}

static void other_packages_are_told_by_their_parts(void **state)
{
	static const struct {
		struct xlsx_file files[2];
		const char *says;
	} cases[] = {
	    {{{"content.xml", "<a/>", 0}, {"_rels/.rels", NULL, 0}}, ".ods"},
	    {{{"word/document.xml", "<a/>", 0}, {"_rels/.rels", NULL, 0}}, "Word"},
	    {{{"xl/workbook.bin", "x", 0}, {"_rels/.rels", NULL, 0}}, ".xlsb"},
	    {{{"danh-sach.csv", "a,b", 0}, {"_rels/.rels", NULL, 0}}, "giải nén"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct sheet s;

		xlsx_pack(folder_file("p.xlsx"), cases[i].files, 2);
		assert_int_equal(sheet_read(folder_file("p.xlsx"), -1, NULL, NULL, &s, &e), -1);
		if (e.code != EX_DATAERR || strstr(e.text, cases[i].says) == NULL)
			fail_msg("%zu: code %d: %s", i, e.code, e.text);
	}
}

static void a_file_that_cannot_be_read_is_no_input(void **state)
{
	struct err e = ERR_INIT;
	struct sheet s;

	(void)state;
	assert_int_equal(sheet_read(folder_file("nowhere.csv"), -1, NULL, NULL, &s, &e), -1);
	assert_int_equal(e.code, EX_NOINPUT);
	err_clear(&e);
	assert_int_equal(sheet_read(dir, -1, NULL, NULL, &s, &e), -1);
	assert_int_equal(e.code, EX_NOINPUT);
}

static void columns_have_the_names_a_spreadsheet_gives_them(void **state)
{
	static const struct {
		int index;
		const char *name;
	} cases[] = {{0, "A"},	  {25, "Z"},	{26, "AA"},
		     {701, "ZZ"}, {702, "AAA"}, {16383, "XFD"}};
	char name[8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sheet_column_name(cases[i].index, name);
		assert_string_equal(name, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_is_the_same_as_csv_and_as_xlsx),
	    cmocka_unit_test(quotes_delimiters_and_line_ends_inside_cells_are_kept),
	    cmocka_unit_test(numbers_and_dates_are_read_as_a_person_reads_them),
	    cmocka_unit_test(a_workbook_of_a_mac_counts_from_1904),
	    cmocka_unit_test(strings_are_whole_whatever_they_are_made_of),
	    cmocka_unit_test(a_cell_merged_downwards_counts_for_each_row),
	    cmocka_unit_test(the_first_visible_sheet_that_holds_something_is_read),
	    cmocka_unit_test(what_stood_in_the_file_is_kept_beside_what_it_means),
	    cmocka_unit_test(an_encoding_that_is_said_is_used),
	    cmocka_unit_test(what_is_no_list_is_refused_with_advice),
	    cmocka_unit_test(other_packages_are_told_by_their_parts),
	    cmocka_unit_test(a_file_that_cannot_be_read_is_no_input),
	    cmocka_unit_test(columns_have_the_names_a_spreadsheet_gives_them),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
