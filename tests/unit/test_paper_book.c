/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/mem.h"
#include "folder.h"
#include "paper/book.h"
#include "roster/sheet.h"

static const char *const evil[] = {"=1+1",     "=HYPERLINK(\"http://x.example\")",
				   "+84912",   "-",
				   "@SUM(A1)", "0912000001",
				   "\t=1+1",   "{=1}"};
#define N_EVIL (sizeof(evil) / sizeof(evil[0]))

/* A part of the file as it lies in it; yours. */
static char *part_of(const char *path, const char *name)
{
	zip_t *z = zip_open(path, ZIP_RDONLY, NULL);
	zip_file_t *f;
	char *text = mem_calloc(1, 1u << 20);

	assert_non_null(z);
	f = zip_fopen(z, name, 0);
	assert_non_null(f);
	assert_true(zip_fread(f, text, (1u << 20) - 1) > 0);
	zip_fclose(f);
	zip_discard(z);
	return text;
}

static struct book *open_book(const char *path, bool streaming)
{
	struct err e = ERR_INIT;
	struct book *b;

	if (book_open(path, streaming, &b, &e) < 0)
		fail_msg("%s", e.text);
	return b;
}

static void read_back(const char *path, struct sheet *out)
{
	struct err e = ERR_INIT;

	if (sheet_read(path, -1, NULL, NULL, out, &e) < 0)
		fail_msg("%s", e.text);
}

static void text_is_never_a_formula(void **state)
{
	for (int streaming = 0; streaming < 2; streaming++) {
		char *path = mem_printf("%s/evil%d.xlsx", dir, streaming), *xml;
		struct book *b = open_book(path, streaming);
		struct err e = ERR_INIT;
		struct sheet s;

		(void)state;
		book_sheet(b, "Tên [rất] dài: của một trang tính quá dài");
		for (size_t i = 0; i < N_EVIL; i++) {
			book_text(b, 0, evil[i], i % 2 == 0);
			book_next(b);
		}
		assert_int_equal(book_close(b, &e), 0);
		read_back(path, &s);
		assert_int_equal(s.n_rows, N_EVIL);
		for (int i = 0; i < s.n_rows; i++) {
			struct sheet_row row = sheet_row_at(&s, i);

			assert_int_equal(row.cells[0].kind, CELL_TEXT);
			assert_string_equal(row.cells[0].raw, evil[i]);
		}
		sheet_free(&s);
		xml = part_of(path, "xl/worksheets/sheet1.xml");
		assert_null(strstr(xml, "<f>"));
		assert_null(strstr(xml, "<hyperlink"));
		free(xml);
		/* both looks of text are of the format "@": typing over it stays text */
		xml = part_of(path, "xl/styles.xml");
		assert_non_null(strstr(xml, "numFmtId=\"49\""));
		free(xml);
		free(path);
	}
}

static struct grid *hamlets(void)
{
	static const struct grid_column columns[] = {
	    {12, GRID_CENTRE}, {0, GRID_LEFT}, {25, GRID_RIGHT}, {25, GRID_RIGHT}};
	struct grid *g = grid_new(4, columns, 2);

	grid_head(g, "Stt", 1, 2);
	grid_head(g, "Đơn vị", 1, 2);
	grid_head(g, "Số hộ", 2, 1);
	grid_head(g, "Tổng", 1, 1);
	grid_head(g, "Đã tạo", 1, 1);
	for (int i = 0; i < 3; i++) {
		grid_number(g, i + 1);
		grid_text(g, evil[i]);
		grid_number(g, 300 + i);
		grid_number(g, 100 * i);
	}
	grid_sums(g, "Tổng cộng");
	return g;
}

static void numbers_are_numbers_and_sums_are_formulas(void **state)
{
	char *path = mem_printf("%s/grid.xlsx", dir), *xml;
	struct book *b = open_book(path, false);
	struct err e = ERR_INIT;
	struct grid *g = hamlets();
	struct sheet s;
	struct sheet_row row;

	(void)state;
	book_grid(b, "Phụ lục III", "PHỤ LỤC III\nChỉ tiêu các ấp", g);
	book_grid(b, "Phụ lục III", "tên đã có", g); /* gets a name of its own */
	grid_free(g);
	assert_int_equal(book_close(b, &e), 0);
	read_back(path, &s);
	row = sheet_row_at(&s, s.n_rows - 1);
	assert_string_equal(row.cells[1].text, "Tổng cộng");
	assert_int_equal(row.cells[2].kind, CELL_NUMBER);
	assert_true(row.cells[2].number == 903);
	assert_true(row.cells[3].number == 300);
	row = sheet_row_at(&s, s.n_rows - 2);
	assert_int_equal(row.cells[1].kind, CELL_TEXT);
	assert_int_equal(row.cells[2].kind, CELL_NUMBER);
	assert_int_equal(s.n_worksheets, 2);
	sheet_free(&s);
	xml = part_of(path, "xl/worksheets/sheet1.xml");
	assert_non_null(strstr(xml, "<f>SUM(C6:C8)</f><v>903</v>"));
	assert_null(strstr(xml, "<f>1+1"));
	assert_non_null(strstr(xml, "<mergeCell ref=\"C4:D4\"/>"));
	free(xml);
	free(path);
}

static void what_cannot_be_written_is_said_and_leaves_nothing(void **state)
{
	char *path = mem_printf("%s/none/x.xlsx", dir);
	struct book *b = NULL;
	struct err e = ERR_INIT;
	char *told;

	(void)state;
	assert_int_equal(book_open(path, false, &b, &e), -1);
	assert_int_equal(e.code, EX_CANTCREAT);
	told = mem_printf("không tạo được tệp %s: không có tệp hoặc thư mục này", path);
	assert_string_equal(e.text, told);
	free(told);
	free(path);
	path = mem_printf("%s/away.xlsx", dir);
	book_abandon(open_book(path, false));
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_never_a_formula),
	    cmocka_unit_test(numbers_are_numbers_and_sums_are_formulas),
	    cmocka_unit_test(what_cannot_be_written_is_said_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
