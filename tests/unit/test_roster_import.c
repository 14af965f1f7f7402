/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lists.h"

/* ---- the lists as they are ---------------------------------------------------------------------- */

static void every_household_goes_in_as_the_truth_has_it(void **state)
{
	static const struct {
		const char *file, *format, *heading;
		int64_t total;
	} lists[] = {{LISTS "ho-dan.csv", "csv", "1", -1},
		     {LISTS "ho-dan.xlsx", "xlsx", "6", 1057}};
	char *first = NULL;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lists_home *h = lists_open("vneid");
		struct roster_options o = lists_options();
		struct roster_result r;
		char *print;

		lists_import(h, lists[i].file, &o, &r);
		assert_string_equal(r.format, lists[i].format);
		assert_string_equal(r.encoding, "utf-8");
		assert_string_equal(r.heading_rows, lists[i].heading);
		assert_int_equal(r.rows, HOUSEHOLDS);
		assert_int_equal(r.accepted, HOUSEHOLDS);
		assert_int_equal(r.rejected, 0);
		assert_int_equal(r.added, HOUSEHOLDS);
		assert_int_equal(r.updated + r.same, 0);
		assert_int_equal(r.held, 0);
		/* truth.csv has 1.017 numbers, of which 54 in ranges that no table knows */
		assert_int_equal(r.phones_ok, 1017 - 54);
		assert_int_equal(r.phones_unknown_range, 54);
		assert_int_equal(r.phones_landline + r.phones_missing + r.phones_invalid,
				 HOUSEHOLDS - 1017);
		assert_int_equal(r.dates_year, HOUSEHOLDS);
		assert_int_equal(r.total_stated, lists[i].total);
		lists_assert_truth(h);
		print = lists_print(h, true, NULL, NULL);
		if (first == NULL)
			first = print;
		else
			lists_assert_same(lists[i].file, print, first);
		if (print != first)
			free(print);
		roster_result_free(&r);
		lists_close(h);
	}
	free(first);
}

static void people_without_a_card_go_in_with_what_is_known_of_their_birth(void **state)
{
	static const char *const files[] = {LISTS "cccd-ton.csv", LISTS "cccd-ton.xlsx"};
	static const struct {
		const char *key;
		int precision, year, month, day;
		enum recipient_hold hold;
		const char *fact;
	} people[] = {
	    {"CC-075", 3, 1976, 12, 14, HOLD_NONE, "\"cu_tru\":\"thuong_tru\""},
	    {"CC-003", 1, 1936, 0, 0, HOLD_NONE, "\"cu_tru\":\"thuong_tru\""},
	    {"CC-002", 0, 0, 0, 0, HOLD_NONE, "\"cu_tru\":\"thuong_tru\""},
	    {"CC-097", 1, 1958, 0, 0, HOLD_NONE, "\"cu_tru\":\"ngoai_dia_ban\""},
	    {"CC-095", 3, 2000, 7, 17, HOLD_NONE, "\"cu_tru\":\"tam_tru\""},
	    {"CC-056", 3, 1948, 6, 11, HOLD_NONE, "\"away\":\"co\""},
	    {"CC-004", 0, 0, 0, 0, HOLD_DECEASED_SUSPECTED, "đã chết, chưa khai tử"},
	    {"CC-012", 1, 1957, 0, 0, HOLD_DECEASED_SUSPECTED, "đã chết, chưa khai tử"},
	};

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		struct lists_home *h = lists_open("cccd");
		struct roster_options o = lists_options();
		struct roster_result r;

		lists_import(h, files[f], &o, &r);
		assert_int_equal(r.rows, 98);
		assert_int_equal(r.accepted, 98);
		/* Phụ lục I: 72 + 1 with a full birth, 22 + 3 without */
		assert_int_equal(r.dates_day, 73);
		assert_int_equal(r.dates_month + r.dates_year + r.dates_none, 25);
		assert_int_equal(r.held, 2);
		for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
			struct recipient who = {0};

			assert_int_equal(
			    store_recipient_find(h->st, "cccd", people[i].key, &who, &h->e), 1);
			assert_int_equal(who.birth_precision, people[i].precision);
			assert_int_equal(who.birth_year, people[i].year);
			assert_int_equal(who.birth_month, people[i].month);
			assert_int_equal(who.birth_day, people[i].day);
			assert_int_equal(who.hold, people[i].hold);
			if (strstr(who.facts, people[i].fact) == NULL)
				fail_msg("%s: %s", people[i].key, who.facts);
			recipient_clear(&who);
		}
		roster_result_free(&r);
		lists_close(h);
	}
}

static void officials_are_told_apart_without_codes(void **state)
{
	struct lists_home *h = lists_open("officials");
	struct roster_options o = lists_options();
	struct roster_result r;

	(void)state;
	lists_import(h, LISTS "can-bo.csv", &o, &r);
	assert_int_equal(r.rows, 63);
	assert_int_equal(r.accepted, 63);
	roster_result_free(&r);
	lists_import(h, LISTS "can-bo.csv", &o, &r);
	assert_int_equal(r.same, 63);
	assert_int_equal(r.added + r.updated, 0);
	roster_result_free(&r);
	lists_close(h);
}

/* ---- in other clothes ----------------------------------------------------------------------------- */

/* One that the plain list gives; yours to free(). */
static char *plain_print(void)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	char *print;

	lists_import(h, LISTS "ho-dan.csv", &o, &r);
	roster_result_free(&r);
	print = lists_print(h, true, NULL, NULL);
	lists_close(h);
	return print;
}

static void assert_dressed(const struct grid *g, enum dress d, bool xlsx, const char *want)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	char *path = lists_path(h, xlsx ? "list.xlsx" : "list.csv"), *got, *what;
	enum encoding enc = dresses[d].encoding;

	if (xlsx)
		grid_xlsx(g, path, d);
	else
		grid_csv(g, path, ';', "\r\n", d);
	lists_import(h, path, &o, &r);
	what = mem_printf("%s as %s", dresses[d].name, r.format);
	if (strcmp(r.encoding, encoding_name(xlsx && d < DRESS_TCVN3 ? ENCODING_UTF8 : enc)) !=
	    0)
		fail_msg("%s was read as %s", what, r.encoding);
	got = lists_print(h, true, NULL, NULL);
	lists_assert_same(what, got, want);
	lists_assert_truth(h);
	free(got);
	free(what);
	free(path);
	roster_result_free(&r);
	lists_close(h);
}

static void the_same_people_come_out_of_every_encoding(void **state)
{
	struct grid g = grid_households();
	char *want = plain_print();

	(void)state;
	for (int d = 0; d < DRESS_COUNT; d++)
		assert_dressed(&g, (enum dress)d, false, want);
	free(want);
	grid_free(&g);
}

static void the_same_people_come_out_of_mojibake_in_an_xlsx(void **state)
{
	struct grid g = grid_households();
	char *want = plain_print();

	(void)state;
	assert_dressed(&g, DRESS_NFD, true, want);
	for (int d = DRESS_TCVN3; d < DRESS_COUNT; d++)
		assert_dressed(&g, (enum dress)d, true, want);
	free(want);
	grid_free(&g);
}

static void delimiters_and_line_ends_are_found(void **state)
{
	static const char delimiters[] = {',', ';', '\t', '|'};
	static const char *const ends[] = {"\n", "\r\n", "\r"};
	struct grid g = grid_households();
	char *want = plain_print();

	(void)state;
	g.rows = 200;
	for (size_t i = 0; i < sizeof(delimiters); i++) {
		for (size_t k = 0; k < 3; k++) {
			struct lists_home *h = lists_open("vneid");
			struct roster_options o = lists_options();
			struct roster_result r;
			char *path = lists_path(h, "list.txt"), *got;

			grid_csv(&g, path, delimiters[i], ends[k], DRESS_UTF8);
			lists_import(h, path, &o, &r);
			assert_int_equal(r.accepted, 199);
			got = lists_print(h, true, NULL, NULL);
			assert_memory_equal(got, want, strlen(got));
			free(got);
			free(path);
			roster_result_free(&r);
			lists_close(h);
		}
	}
	free(want);
	grid_free(&g);
}

/* ---- as an office keeps it -------------------------------------------------------------------------- */

/* The columns of the office's list: the households' without the hamlet. */
static const int office_columns[] = {0, 1, 2, 3, 4, 6, 7, 8, 9, 10};
#define OFFICE_COLUMNS 10
#define OFFICE_ROWS    1300
#define OFFICE_HEADING 6 /* the upper of its two rows */

/* Borrowed texts; NULL = empty. */
struct office {
	const char *cells[OFFICE_ROWS][OFFICE_COLUMNS];
	int rows;
};

static void office_put(struct office *s, int a, const char *left, int b, const char *right)
{
	s->cells[s->rows][a] = left;
	s->cells[s->rows][b] = right;
	s->rows++;
}

static void office_begin(struct office *s, const struct grid *g)
{
	static const char *const numbers[] = {"(1)", "(2)", "(3)", "(4)", "(5)",
					      "(6)", "(7)", "(8)", "(9)", "(10)"};

	office_put(s, 0, "UBND XÃ MỸ PHÚ ĐÔNG", 5, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM");
	office_put(s, 0, "CÔNG AN XÃ", 5, "Độc lập - Tự do - Hạnh phúc");
	s->rows++;
	s->cells[s->rows++][0] = "DANH SÁCH HỘ DÂN CÀI ĐẶT ĐỊNH DANH ĐIỆN TỬ MỨC 2";
	s->cells[s->rows++][0] = "(Kèm theo Kế hoạch số 46/KH-UBND ngày 08 tháng 6 năm 2023)";
	s->rows++;
	for (int i = 0; i < OFFICE_COLUMNS; i++) {
		s->cells[s->rows][i] = grid_at(g, 0, office_columns[i]);
		s->cells[s->rows + 2][i] = numbers[i];
	}
	s->cells[s->rows + 1][7] = s->cells[s->rows][7];
	s->cells[s->rows + 1][8] = s->cells[s->rows][8];
	s->cells[s->rows][7] = "Tình hình thực hiện";
	s->cells[s->rows][8] = NULL;
	s->rows += 3;
}

static void office_hamlet(struct office *s, const struct grid *g, const char *number,
			  const char *hamlet, const char *count)
{
	int seen = 0;

	office_put(s, 0, number, 2, hamlet);
	for (int r = 1; r < g->rows; r++) {
		if (strstr(hamlet, grid_at(g, r, 5)) == NULL)
			continue;
		for (int i = 0; i < OFFICE_COLUMNS; i++)
			s->cells[s->rows][i] = grid_at(g, r, office_columns[i]);
		s->rows++;
		s->rows += ++seen % 100 == 0; /* somebody left a line free */
	}
	office_put(s, 2, "Cộng ấp", 6, count);
}

static void office_end(struct office *s)
{
	office_put(s, 2, "Tổng cộng", 6, "1.057 hộ");
	s->rows++;
	s->cells[s->rows++][6] = "Mỹ Phú Đông, ngày 08 tháng 6 năm 2023";
	office_put(s, 2, "NGƯỜI LẬP BẢNG", 6, "TM. ỦY BAN NHÂN DÂN");
	office_put(s, 2, "(Ký, ghi rõ họ tên)", 6, "KT. CHỦ TỊCH");
	s->rows += 3;
	office_put(s, 2, "Nguyễn Văn Mẫu", 6, "Trần Thị Ví Dụ");
}

static void office_csv(const struct office *s, const char *path)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	for (int r = 0; r < s->rows; r++) {
		for (int i = 0; i < OFFICE_COLUMNS; i++)
			(void)fprintf(f, "%s\"%s\"", i > 0 ? "," : "",
				      s->cells[r][i] != NULL ? s->cells[r][i] : "");
		(void)fputs("\r\n", f);
	}
	assert_int_equal(fclose(f), 0);
}

/* With the heading's cells merged, counts and years as numbers. */
static void office_xlsx(const struct office *s, const char *path)
{
	lxw_workbook *book = workbook_new(path);
	lxw_worksheet *sheet = workbook_add_worksheet(book, "Phụ lục III");

	for (int r = 0; r < s->rows; r++) {
		for (int i = 0; i < OFFICE_COLUMNS; i++) {
			const char *text = s->cells[r][i];
			lxw_row_t row = (lxw_row_t)r;
			lxw_col_t column = (lxw_col_t)i;

			if (text == NULL || *text == '\0')
				continue;
			if (r == OFFICE_HEADING && i != 7)
				(void)worksheet_merge_range(sheet, row, column, row + 1, column,
							    text, NULL);
			else if (r == OFFICE_HEADING)
				(void)worksheet_merge_range(sheet, row, 7, row, 8, text, NULL);
			else if ((i == 0 || i == 4) && text[strspn(text, "0123456789")] == '\0')
				(void)worksheet_write_number(sheet, row, column,
							     strtod(text, NULL), NULL);
			else
				(void)worksheet_write_string(sheet, row, column, text, NULL);
		}
	}
	assert_int_equal(workbook_close(book), LXW_NO_ERROR);
}

static void titles_totals_and_signatures_are_no_people(void **state)
{
	/* merged down, the lower row of a heading has all of it */
	static const struct {
		const char *file, *heading;
	} forms[] = {{"office.csv", "7-8"}, {"office.xlsx", "8"}};
	struct grid g = grid_households();
	struct office *s = mem_calloc(1, sizeof(*s));
	char *want = plain_print();

	(void)state;
	office_begin(s, &g);
	office_hamlet(s, &g, "I", "Ấp Tân Phú", "339");
	office_hamlet(s, &g, "II", "Ấp Tân Mỹ", "375");
	office_hamlet(s, &g, "III", "Ấp Tân Đông", "443");
	office_end(s);
	for (size_t i = 0; i < 2; i++) {
		struct lists_home *h = lists_open("vneid");
		struct roster_options o = lists_options();
		struct roster_result r;
		char *path = lists_path(h, forms[i].file), *got;

		if (i == 0)
			office_csv(s, path);
		else
			office_xlsx(s, path);
		lists_import(h, path, &o, &r);
		for (size_t k = 0; k < r.n_rejects; k++)
			print_message("row %d: %s\n", r.rejects[k].row, r.rejects[k].reason);
		assert_string_equal(r.heading_rows, forms[i].heading);
		assert_int_equal(r.rows, HOUSEHOLDS);
		assert_int_equal(r.accepted, HOUSEHOLDS);
		assert_int_equal(r.rejected, 0);
		assert_int_equal(r.total_stated, 1057);
		/* the hamlets came from the titles between the rows */
		got = lists_print(h, true, NULL, NULL);
		lists_assert_same(forms[i].file, got, want);
		lists_assert_truth(h);
		free(got);
		free(path);
		roster_result_free(&r);
		lists_close(h);
	}
	free(want);
	free(s);
	grid_free(&g);
}

/* ---- what is refused ------------------------------------------------------------------------------- */

static const char faulty[] =
    "STT;Mã hộ;Họ và tên chủ hộ;Giới tính;Năm sinh;Ấp;Tổ;Số điện thoại;TK định danh mức 2;Đã "
    "cài "
    "VNeID;Ghi chú\n"
    "1;TP-9001;Nguyễn Thị Một;Nữ;1970;Tân Phú;Tổ 1;0912000001;Chưa tạo;;\n"
    "2;TP-9002;;Nam;1971;Tân Phú;Tổ 1;0912000002;Chưa tạo;;\n"
    "3;TP-9001;Trần Văn Ba;Nam;1972;Tân Phú;Tổ 1;0912000003;Đã tạo;;\n"
    "4;TP-9004;Lê Văn Bốn (đã mất);Nam;1973;Tân Phú;Tổ 1;0912000004;Chưa tạo;;\n"
    "5;TP-9005;=Phạm Thị Năm;Nữ;1974;Tân Phú;Tổ 1;12;Đã tạo;;mất CCCD\n";

static void refused_rows_come_back_in_a_sheet_with_the_reason(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	struct sheet sheet;
	struct sheet_row row;
	char *path = lists_path(h, "list.csv"), *rejects = lists_path(h, "rejects.xlsx");

	(void)state;
	lists_write(path, faulty, sizeof(faulty) - 1);
	o.rejects = rejects;
	lists_import(h, path, &o, &r);
	assert_int_equal(r.rows, 5);
	assert_int_equal(r.accepted, 3);
	assert_int_equal(r.held, 1);
	assert_int_equal(r.rejected, 2);
	assert_int_equal(r.n_rejects, 2);
	assert_int_equal(r.rejects[0].row, 3);
	assert_string_equal(r.rejects[0].column, "C");
	assert_int_equal(r.rejects[1].row, 4);
	assert_string_equal(r.rejects[1].column, "B");
	assert_string_equal(r.rejects[1].value, "TP-9001");
	assert_non_null(strstr(r.rejects[1].reason, "dòng 2"));

	if (sheet_read(rejects, -1, NULL, NULL, &sheet, &h->e) < 0)
		fail_msg("%s", h->e.text);
	assert_string_equal(sheet.format, "xlsx");
	assert_int_equal(sheet.n_rows, 3);
	row = sheet_row_at(&sheet, 0);
	assert_int_equal(row.n, 12);
	assert_string_equal(row.cells[2].text, "Họ và tên chủ hộ");
	assert_string_equal(row.cells[11].text, "Lý do");
	row = sheet_row_at(&sheet, 1);
	assert_string_equal(row.cells[1].text, "TP-9002");
	/* a number keeps its zero */
	assert_string_equal(row.cells[7].text, "0912000002");
	assert_string_equal(row.cells[11].text, r.rejects[0].reason);
	row = sheet_row_at(&sheet, 2);
	assert_string_equal(row.cells[2].text, "Trần Văn Ba");
	assert_string_equal(row.cells[11].text, r.rejects[1].reason);
	sheet_free(&sheet);
	roster_result_free(&r);
	free(path);
	free(rejects);
	lists_close(h);
}

/* A message says whatever a list says of a person; an address in it would be ours. */
static void no_address_comes_in_with_a_person(void **state)
{
	static const char list[] =
	    "STT;Mã hộ;Họ và tên chủ hộ;Giới tính;Năm sinh;Ấp;Tổ;Số điện thoại;TK định danh "
	    "mức 2;Đã "
	    "cài "
	    "VNeID;Ghi chú\n"
	    "1;TP-1;Nguyễn Thị vay-tien.top;Nữ;1970;Tân Phú;Tổ 1;0912000001;Chưa tạo;;\n"
	    "2;TP-2;http://1.2.3.4 Trần Văn Hai;Nam;1971;Tân Phú;Tổ 1;0912000002;Chưa tạo;;\n"
	    "3;TP-3;Lê Thị Ba;Nữ;1972;Tân Phú;bit.ly/tien;0912000003;Chưa tạo;;\n"
	    "4;TP-4;Ng.Văn.Bốn;Nam;1973;Tân Phú;Tổ 1/2;0912000004;Chưa tạo;;\n"
	    "5;TP-5;Phạm WWW。CONGAN。VN;Nam;1974;Tân Phú;Tổ 1;0912000005;Chưa tạo;;\n";
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	char *path = lists_path(h, "list.csv"), *print;

	(void)state;
	lists_write(path, list, sizeof(list) - 1);
	lists_import(h, path, &o, &r);
	assert_int_equal(r.rows, 5);
	assert_int_equal(r.rejected, 3);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(r.rejects[i].reason, "đường dẫn"));
	print = lists_print(h, true, NULL, NULL);
	assert_non_null(strstr(print, "Lê Thị Ba"));
	assert_non_null(strstr(print, "Tổ 1/2"));
	assert_null(strstr(print, "bit.ly"));
	free(print);
	roster_result_free(&r);
	free(path);
	lists_close(h);
}

static void refused_rows_can_be_corrected_and_handed_in_again(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	char *path = lists_path(h, "list.csv"), *rejects = lists_path(h, "rejects.xlsx");
	int rows;

	(void)state;
	lists_write(path, faulty, sizeof(faulty) - 1);
	o.rejects = rejects;
	lists_import(h, path, &o, &r);
	roster_result_free(&r);
	/* the sheet of refused rows is a list: the one with a name goes in */
	o.rejects = NULL;
	lists_import(h, rejects, &o, &r);
	assert_int_equal(r.rows, 2);
	assert_int_equal(r.accepted, 1);
	assert_int_equal(r.updated, 1); /* TP-9001 is there: by key */
	roster_result_free(&r);
	free(lists_print(h, true, &rows, NULL));
	assert_int_equal(rows, 3);
	free(path);
	free(rejects);
	lists_close(h);
}

/* ---- once, twice, later, never --------------------------------------------------------------------- */

static void count_unit(const struct unit *u, void *arg)
{
	(void)u;
	++*(int *)arg;
}

struct last_import {
	int n;
	int rows, added, updated, same;
	int64_t total;
	char file[64];
};

static void keep_import(const struct import_record *r, void *arg)
{
	struct last_import *last = arg;

	if (last->n++ > 0)
		return;
	last->rows = r->rows;
	last->added = r->added;
	last->updated = r->updated;
	last->same = r->same;
	last->total = r->total_stated;
	(void)snprintf(last->file, sizeof(last->file), "%s", r->file);
}

static struct last_import imports(struct lists_home *h)
{
	struct last_import last = {0};

	if (store_import_list(h->st, NULL, 100, keep_import, &last, &h->e) < 0)
		fail_msg("%s", h->e.text);
	return last;
}

static void assert_untouched(struct lists_home *h)
{
	int units = 0, rows;

	free(lists_print(h, true, &rows, NULL));
	assert_int_equal(rows, 0);
	assert_int_equal(store_unit_list(h->st, count_unit, &units, &h->e), 0);
	assert_int_equal(units, 0);
	assert_int_equal(imports(h).n, 0);
	if (store_check(h->st, &h->e) < 0)
		fail_msg("%s", h->e.text);
}

static void a_dry_run_says_the_same_and_writes_nothing(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;

	(void)state;
	o.dry_run = true;
	lists_import(h, LISTS "ho-dan.xlsx", &o, &r);
	assert_int_equal(r.accepted, HOUSEHOLDS);
	assert_int_equal(r.added, HOUSEHOLDS);
	assert_int_equal(r.total_stated, 1057);
	roster_result_free(&r);
	assert_untouched(h);
	lists_close(h);
}

static void the_same_file_again_changes_nothing(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	int64_t revs, revs_after;
	char *before, *after;

	(void)state;
	lists_import(h, LISTS "ho-dan.csv", &o, &r);
	roster_result_free(&r);
	before = lists_print(h, true, NULL, &revs);
	lists_import(h, LISTS "ho-dan.csv", &o, &r);
	assert_int_equal(r.same, HOUSEHOLDS);
	assert_int_equal(r.added + r.updated, 0);
	roster_result_free(&r);
	/* nor does it as a spreadsheet */
	lists_import(h, LISTS "ho-dan.xlsx", &o, &r);
	assert_int_equal(r.same, HOUSEHOLDS);
	assert_int_equal(r.added + r.updated, 0);
	roster_result_free(&r);
	after = lists_print(h, true, NULL, &revs_after);
	lists_assert_same("again", after, before);
	assert_int_equal(revs, revs_after);
	free(before);
	free(after);
	lists_close(h);
}

static void a_later_file_updates_by_key_and_says_how_many(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct grid g = grid_households();
	struct roster_options o = lists_options();
	struct roster_result r;
	struct recipient who = {0};
	char *path = lists_path(h, "later.csv");
	char state_cell[] = "Đã tạo", new_phone[] = "0912999999", new_code[] = "TP-9999";

	(void)state;
	lists_import(h, LISTS "ho-dan.csv", &o, &r);
	roster_result_free(&r);
	/* three made an account, one has a new number, one moved away and another came */
	g.cells[1 * GRID_COLUMNS + 8] = state_cell;
	g.cells[2 * GRID_COLUMNS + 8] = state_cell;
	g.cells[6 * GRID_COLUMNS + 8] = state_cell;
	g.cells[3 * GRID_COLUMNS + 7] = new_phone;
	g.cells[4 * GRID_COLUMNS + 1] = new_code;
	grid_csv(&g, path, ';', "\n", DRESS_UTF8);
	clock_advance_virtual(7 * CLOCK_DAY_MS);
	lists_import(h, path, &o, &r);
	assert_int_equal(r.added, 1);
	assert_int_equal(r.updated, 4);
	assert_int_equal(r.same, HOUSEHOLDS - 5);
	roster_result_free(&r);
	assert_int_equal(imports(h).n, 2);
	assert_int_equal(imports(h).updated, 4);
	assert_int_equal(store_recipient_find(h->st, "vneid", "TP-0002", &who, &h->e), 1);
	assert_int_equal(who.state, 1);
	assert_int_equal(who.rev, 2);
	recipient_clear(&who);
	assert_int_equal(store_recipient_find(h->st, "vneid", "TP-0003", &who, &h->e), 1);
	assert_int_equal(who.number, UINT64_C(84912999999));
	recipient_clear(&who);
	/* who is not in the later list stays */
	assert_int_equal(store_recipient_find(h->st, "vneid", "TP-0004", &who, &h->e), 1);
	recipient_clear(&who);
	free(path);
	grid_free(&g);
	lists_close(h);
}

static void the_list_s_own_total_is_kept_beside_the_count(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	json_t *j;

	(void)state;
	lists_import(h, LISTS "ho-dan.xlsx", &o, &r);
	j = roster_result_json(&r);
	assert_int_equal(json_integer_value(json_object_get(j, "total_stated")), 1057);
	assert_int_equal(json_integer_value(json_object_get(j, "rows")), 1157);
	json_decref(j);
	roster_result_free(&r);
	assert_int_equal(imports(h).total, 1057);
	assert_int_equal(imports(h).rows, 1157);
	assert_string_equal(imports(h).file, "ho-dan.xlsx");
	lists_close(h);
}

static void what_is_left_out_of_a_list_is_said(void **state)
{
	static const struct {
		const char *text, *unused, *note;
	} lists[] = {
	    {"Mã hộ,Họ và tên chủ hộ,Nghề nghiệp,Ấp,Số để gọi,TK định danh mức 2\n"
	     "1,Trần Văn A,Nông,Tân Phú,0912000001,Chưa tạo\n",
	     "“Nghề nghiệp”, “Số để gọi”", "không thấy cột số điện thoại"},
	    {"Mã hộ,Họ và tên chủ hộ,Ấp,SĐT,TK định danh mức 2\n"
	     "1,Trần Văn A,Tân Phú,0912000001,Chưa tạo\n",
	     "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lists_home *h = lists_open("vneid");
		struct roster_options o = lists_options();
		struct roster_result r;
		char *path = lists_path(h, "l.csv");

		lists_write(path, lists[i].text, strlen(lists[i].text));
		lists_import(h, path, &o, &r);
		assert_string_equal(r.unused, lists[i].unused);
		assert_int_equal(r.n_notes, lists[i].note != NULL);
		if (lists[i].note != NULL) {
			assert_non_null(strstr(r.notes[0].reason, lists[i].note));
			assert_int_equal(r.notes[0].row, 1);
			assert_string_equal(r.notes[0].column, "");
		}
		roster_result_free(&r);
		free(path);
		lists_close(h);
	}
}

static void an_import_that_fails_leaves_nothing(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;
	char *path = lists_path(h, "list.csv"),
	     *nowhere = lists_path(h, "no/such/rejects.xlsx");

	(void)state;
	/* all is written by the time the rejects cannot be */
	lists_write(path, faulty, sizeof(faulty) - 1);
	o.rejects = nowhere;
	assert_int_equal(roster_import(h->st, h->p, path, &o, &r, &h->e), -1);
	assert_int_equal(h->e.code, EX_CANTCREAT);
	roster_result_free(&r);
	assert_untouched(h);
	/* a list of something else */
	lists_refuse(h, LISTS "lich-thu-nhan.csv", "Họ và tên chủ hộ");
	assert_untouched(h);
	/* and then it goes in */
	o.rejects = NULL;
	lists_import(h, path, &o, &r);
	assert_int_equal(r.added, 3);
	roster_result_free(&r);
	free(path);
	free(nowhere);
	lists_close(h);
}

static void an_import_that_runs_out_of_disk_leaves_nothing(void **state)
{
	struct lists_home *h = lists_open("vneid");
	char *db = lists_path(h, "moidan.db");
	int status;
	pid_t child;

	(void)state;
	store_close(h->st);
	h->st = NULL;
	child = fork();
	if (child == 0) {
		struct rlimit small = {(rlim_t)256 << 10, (rlim_t)256 << 10};
		struct roster_options o = lists_options();
		struct roster_result r;

		(void)signal(SIGXFSZ, SIG_IGN);
		if (store_open(db, STORE_WRITER, &h->st, &h->e) < 0 ||
		    setrlimit(RLIMIT_FSIZE, &small) < 0)
			_exit(2);
		_exit(roster_import(h->st, h->p, LISTS "ho-dan.csv", &o, &r, &h->e) == 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	/* it said so, or stopped rather than go on */
	assert_true(!WIFEXITED(status) || WEXITSTATUS(status) == 0 ||
		    WEXITSTATUS(status) == EX_IOERR);
	if (store_open(db, STORE_WRITER, &h->st, &h->e) < 0)
		fail_msg("%s", h->e.text);
	assert_untouched(h);
	free(db);
	lists_close(h);
}

struct told {
	int n, last, of;
};

static void on_progress(int done, int of, void *arg)
{
	struct told *t = arg;

	assert_true(t->n == 0 ? done == 0 : done > t->last);
	assert_true(done <= of);
	t->n++;
	t->last = done;
	t->of = of;
}

/* Whoever waits hears of each thousand lines, whether they are taken in or only looked at. */
static void it_is_told_how_far_a_list_is(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lists_home *h = lists_open("vneid");
		struct roster_options o = lists_options();
		struct roster_result r;
		struct told told = {.n = 0};

		o.dry_run = i == 0;
		o.progress = on_progress;
		o.progress_arg = &told;
		lists_import(h, LISTS "ho-dan.csv", &o, &r);
		assert_int_equal(told.n, 2);
		assert_int_equal(told.last, 1024);
		assert_int_equal(told.of, HOUSEHOLDS);
		roster_result_free(&r);
		lists_close(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_household_goes_in_as_the_truth_has_it),
	    cmocka_unit_test(people_without_a_card_go_in_with_what_is_known_of_their_birth),
	    cmocka_unit_test(officials_are_told_apart_without_codes),
	    cmocka_unit_test(the_same_people_come_out_of_every_encoding),
	    cmocka_unit_test(the_same_people_come_out_of_mojibake_in_an_xlsx),
	    cmocka_unit_test(delimiters_and_line_ends_are_found),
	    cmocka_unit_test(titles_totals_and_signatures_are_no_people),
	    cmocka_unit_test(refused_rows_come_back_in_a_sheet_with_the_reason),
	    cmocka_unit_test(no_address_comes_in_with_a_person),
	    cmocka_unit_test(refused_rows_can_be_corrected_and_handed_in_again),
	    cmocka_unit_test(a_dry_run_says_the_same_and_writes_nothing),
	    cmocka_unit_test(the_same_file_again_changes_nothing),
	    cmocka_unit_test(a_later_file_updates_by_key_and_says_how_many),
	    cmocka_unit_test(the_list_s_own_total_is_kept_beside_the_count),
	    cmocka_unit_test(what_is_left_out_of_a_list_is_said),
	    cmocka_unit_test(it_is_told_how_far_a_list_is),
	    cmocka_unit_test(an_import_that_fails_leaves_nothing),
	    cmocka_unit_test(an_import_that_runs_out_of_disk_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
