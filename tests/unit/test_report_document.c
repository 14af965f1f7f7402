/* SPDX-License-Identifier: Apache-2.0 */
/* The week on paper, read back by pdftotext and by our own reader of lists. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "report/document.h"
#include "report_house.h"
#include "roster/sheet.h"
#include "said_by.h"
#include "store/purge.h"

/* What pdftotext finds in a file of dir; yours. */
static char *text_of(const char *name)
{
	char *command = mem_printf("pdftotext -layout %s/%s -", dir, name);
	char *said = said_by(command);

	free(command);
	return said;
}

/* Words of a line are apart by any number of spaces. */
static void assert_follows(const char *text, const char *const *pieces)
{
	char *flat = mem_calloc(1, strlen(text) + 1), *out = flat;
	const char *at = flat;

	for (; *text != '\0'; text++)
		if (*text != ' ' || out == flat || out[-1] != ' ')
			*out++ = *text;
	for (; *pieces != NULL; pieces++) {
		const char *found = strstr(at, *pieces);

		if (found == NULL)
			fail_msg("\"%s\" does not follow in:\n%s", *pieces, at);
		at = found + strlen(*pieces);
	}
	free(flat);
}

static json_t *draw(struct report_test *t, int week, int yyyymmdd)
{
	struct err e = ERR_INIT;
	json_t *figures;

	figures = report_figures(t->w.st, &t->h, week, report_at(yyyymmdd, 17, 30), &e);
	world_must(figures != NULL ? 0 : -1, &e, "figures");
	return figures;
}

static void import_all(struct report_test *t)
{
	report_test_import(t, t->programmes[0], "ho-dan.csv");
	report_test_import(t, t->programmes[1], "cccd-ton.csv");
	report_test_import(t, t->officials, "can-bo.csv");
}

/* The plan's own numbers: Appendix I adds up to 98, II to 63, III to 1.157. From 08/6 to 20/6 there are
 * nine working days: 97 over 9 is 11 a day. */
static void the_week_has_the_form_of_the_decree_and_the_numbers_of_the_plan(void **state)
{
	static const char *const order[] = {
	    "ỦY BAN NHÂN DÂN",
	    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
	    "XÃ MỸ PHÚ ĐÔNG",
	    "Độc lập - Tự do - Hạnh phúc",
	    "/BC-UBND",
	    "ngày 08 tháng 6 năm 2023",
	    "BÁO CÁO",
	    "tuần 23 năm 2023",
	    "Kính gửi: Công an huyện Thoại Sơn",
	    "I. KẾT QUẢ THỰC HIỆN",
	    "đạt 614 hộ",
	    "58,1% chỉ tiêu giao (1.057)",
	    "53,1% danh sách (1.157)",
	    "kế hoạch giao 1.057, cộng theo danh sách 1.157",
	    "Chỉ tiêu 1.057 hộ",
	    "Hạn 20/06/2023",
	    "II. KHÓ KHĂN",
	    "./.",
	    "Nơi nhận:",
	    "TM. ỦY BAN NHÂN DÂN",
	    "PHỤ LỤC I\n",
	    "(kèm theo Báo cáo số /BC-UBND ngày 08 tháng 6 năm 2023)",
	    "1 Toàn xã 94 22 72 1 0 1 3 3 0 11",
	    "PHỤ LỤC II\n",
	    "Tổng cộng 63 63 0 63",
	    "PHỤ LỤC III\n",
	    "1 Ấp Tân Phú 339 186 153 50",
	    "2 Ấp Tân Mỹ 375 169 206 60",
	    "3 Ấp Tân Đông 443 259 184 58",
	    "Tổng cộng 1.157 614 543 168",
	    NULL};
	/* 58,46 > 54,87 > 45,07; nobody yet has a card, so all are level */
	static const char *const final[] = {"BÁO CÁO TỔNG KẾT",
					    "II. XẾP HẠNG CÁC ẤP",
					    "1 Ấp Tân Đông 443 259 58,5",
					    "2 Ấp Tân Phú 339 186 54,9",
					    "3 Ấp Tân Mỹ 375 169 45,1",
					    "1 Ấp Tân Phú 33 0 0,0",
					    "1 Ấp Tân Mỹ 33 0 0,0",
					    "1 Ấp Tân Đông 32 0 0,0",
					    "III. KHÓ KHĂN",
					    NULL};
	struct report_test t;
	struct err e = ERR_INIT;
	char *path = mem_printf("%s/week.pdf", dir), *text;
	json_t *figures;

	(void)state;
	report_test_open(&t, NULL);
	import_all(&t);
	figures = draw(&t, 202323, 20230608);
	if (report_weekly_pdf(t.w.st, &t.h, figures, "weekly-paper.txt", path, &e) < 0)
		fail_msg("%s", e.text);
	text = text_of("week.pdf");
	assert_follows(text, order);
	free(text);
	if (report_weekly_pdf(t.w.st, &t.h, figures, "final-paper.txt", path, &e) < 0)
		fail_msg("%s", e.text);
	text = text_of("week.pdf");
	assert_follows(text, final);
	free(text);
	json_decref(figures);
	free(path);
	report_test_close(&t);
}

static void the_workbook_has_the_same_tables_with_sums_that_are_sums(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	char *path = mem_printf("%s/week.xlsx", dir);
	json_t *figures;
	struct sheet s;
	struct sheet_row row;
	static const double want[] = {1157, 614, 543, 168};

	(void)state;
	report_test_open(&t, NULL);
	import_all(&t);
	figures = draw(&t, 202323, 20230608);
	assert_int_equal(report_weekly_xlsx(figures, path, &e), 0);
	json_decref(figures);
	/* a share is a number too, and the last row adds up */
	assert_int_equal(sheet_read(path, 0, NULL, NULL, &s, &e), 0);
	row = sheet_row_at(&s, s.n_rows - 1);
	assert_string_equal(row.cells[0].text, "Cộng");
	assert_int_equal(row.cells[1].kind, CELL_NUMBER);
	assert_int_equal((int)row.cells[1].number, 1157);
	assert_int_equal(row.cells[7].kind, CELL_NUMBER);
	assert_true(row.cells[7].number > 53.0 && row.cells[7].number < 53.2);
	sheet_free(&s);
	assert_int_equal(sheet_read(path, 4, NULL, NULL, &s, &e), 0);
	assert_int_equal(s.n_worksheets, 5);
	assert_string_equal(s.name, "Phụ lục III");
	row = sheet_row_at(&s, s.n_rows - 1);
	assert_string_equal(row.cells[1].text, "Tổng cộng");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(row.cells[i + 2].kind, CELL_NUMBER);
		assert_true(row.cells[i + 2].number == want[i]);
	}
	sheet_free(&s);
	free(path);
	report_test_close(&t);
}

/* Two frozen weeks and this one: three points, in order of time. */
static void the_chart_goes_over_the_frozen_weeks(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	struct recipient r = {0};
	char *path = mem_printf("%s/chart.pdf", dir), *svg = mem_printf("%s/chart.svg", dir),
	     *text;
	static const int weeks[][2] = {{202321, 20230524}, {202322, 20230531}};
	json_t *figures;
	bool frozen;

	(void)state;
	report_test_open(&t, NULL);
	import_all(&t);
	for (int i = 0; i < 2; i++) {
		char *json;

		figures = draw(&t, weeks[i][0], weeks[i][1]);
		json = json_dumps(figures, 0);
		world_must(store_begin(t.w.st, &e), &e, "begin");
		world_must(store_figures_freeze(t.w.st, REPORT_FIGURES, weeks[i][0], json, 1,
						&frozen, &e),
			   &e, "freeze");
		world_must(store_commit(t.w.st, &e), &e, "commit");
		free(json);
		json_decref(figures);
	}
	world_must(store_recipient_find(t.w.st, "vneid", "TP-0001", &r, &e) == 1 ? 0 : -1, &e,
		   "find");
	world_must(store_begin(t.w.st, &e), &e, "begin");
	world_must(store_recipient_set_state(t.w.st, r.id, 1, "officer", &e) == 1 ? 0 : -1, &e,
		   "set");
	world_must(store_commit(t.w.st, &e), &e, "commit");
	recipient_clear(&r);
	figures = draw(&t, 202323, 20230607);
	assert_int_equal(report_chart_svg(t.w.st, figures, "vneid", svg, &e), 0);
	assert_int_equal(report_chart_svg(t.w.st, figures, "none", svg, &e), -1);
	assert_int_equal(e.code, EX_NOINPUT);
	err_clear(&e);
	assert_int_equal(report_weekly_pdf(t.w.st, &t.h, figures, "weekly-paper.txt", path, &e),
			 0);
	text = text_of("chart.pdf");
	assert_non_null(strstr(text, "Tiến độ: hộ có tài khoản"));
	assert_non_null(strstr(text, "trong tuần +1"));
	assert_non_null(strstr(text, "24/05"));
	free(text);
	json_decref(figures);
	free(path);
	free(svg);
	report_test_close(&t);
}

static void the_dead_and_the_dateless_are_on_paper_for_the_civil_status_office(void **state)
{
	static const char *const order[] = {"DANH SÁCH",
					    "Chỉ dùng bản giấy",
					    "2 trường hợp",
					    "Lê Đức Tài",
					    "CC-004",
					    "Lê Thị Kim Lài",
					    "Thiếu ngày hoặc tháng sinh: 23 trường hợp",
					    "Ấp Tân Phú",
					    "Nguyễn Thị Kim Huệ",
					    "CC-016",
					    "Nguyễn Quốc Trường",
					    "…/…/1943",
					    NULL};
	struct report_test t;
	struct err e = ERR_INIT;
	char *path = mem_printf("%s/civil.pdf", dir), *text;

	(void)state;
	report_test_open(&t, NULL);
	import_all(&t);
	if (report_civil_status(t.w.st, &t.h, path, report_at(20230608, 8, 0), &e) < 0)
		fail_msg("%s", e.text);
	text = text_of("civil.pdf");
	assert_follows(text, order);
	assert_null(strstr(text, "TP-0001")); /* a list of years asks nobody for a day */
	assert_null(strstr(text, "CC-075"));  /* has a whole date */
	free(text);
	free(path);
	report_test_close(&t);
}

static int erase(struct store *st, void *arg, struct err *e)
{
	struct recipient r = {0};
	int open, rc = store_recipient_find(st, "cccd", arg, &r, e);

	if (rc > 0)
		rc = store_recipient_erase(st, r.id, "thu", &open, e);
	recipient_clear(&r);
	return rc == 1 ? 0 : -1;
}

/* Of whom nothing is kept any more there is nothing to look into. */
static void who_was_erased_is_on_no_list(void **state)
{
	static const char *const order[] = {"1 trường hợp", "Lê Thị Kim Lài",
					    "Thiếu ngày hoặc tháng sinh: 22 trường hợp", NULL};
	struct report_test t;
	struct err e = ERR_INIT;
	char *path = mem_printf("%s/civil.pdf", dir), *text;

	(void)state;
	report_test_open(&t, NULL);
	import_all(&t);
	world_do(&t.w, erase, (char[]){"CC-004"}); /* dead */
	world_do(&t.w, erase, (char[]){"CC-016"}); /* without a day of birth */
	if (report_civil_status(t.w.st, &t.h, path, report_at(20230608, 8, 0), &e) < 0)
		fail_msg("%s", e.text);
	text = text_of("civil.pdf");
	assert_null(strstr(text, "purged"));
	assert_follows(text, order);
	free(text);
	free(path);
	report_test_close(&t);
}

static void a_hamlet_head_gets_counts_and_whom_to_visit(void **state)
{
	static const char *const order[] = {
	    "BẢN TIN TUẦN",
	    "ẤP TÂN PHÚ",
	    "Kính gửi: Trưởng ấp Tân Phú",
	    "186/339 hộ",
	    "đã cài VNeID 50 hộ",
	    "Xin đến nhà:",
	    "Việc: 1: chưa có tài khoản mức 2; 2: có tài khoản mức 2, "
	    "chưa cài VNeID; 3: ",
	    "Định danh điện tử mức 2 và VNeID",
	    "1 1 ",
	    "TP-0015 2 2 1 ",
	    "3 1 Nguyễn Thị Ngọc Xuyến TP-0001 1 4 2 ",
	    "Thu nhận hồ sơ cấp CCCD",
	    "không gửi qua Zalo",
	    NULL};
	struct report_test t;
	struct err e = ERR_INIT;
	char *path = mem_printf("%s/hamlet.pdf", dir), *text;
	json_t *figures;

	(void)state;
	report_test_open(&t, NULL);
	import_all(&t);
	figures = draw(&t, 202323, 20230608);
	if (report_hamlet_pdf(t.w.st, &t.h, figures, "Tân Phú", path, &e) < 0)
		fail_msg("%s", e.text);
	text = text_of("hamlet.pdf");
	assert_follows(text, order);
	assert_null(strstr(text, "Lê Đức Tài")); /* of this hamlet, and dead */
	assert_null(strstr(text, "TM-"));
	assert_string_equal(strchr(text, '\f'), "\f"); /* one page */
	free(text);
	assert_int_equal(report_hamlet_pdf(t.w.st, &t.h, figures, "Tân Tân", path, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	json_decref(figures);
	free(path);
	report_test_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_week_has_the_form_of_the_decree_and_the_numbers_of_the_plan),
	    cmocka_unit_test(the_workbook_has_the_same_tables_with_sums_that_are_sums),
	    cmocka_unit_test(the_chart_goes_over_the_frozen_weeks),
	    cmocka_unit_test(a_hamlet_head_gets_counts_and_whom_to_visit),
	    cmocka_unit_test(
		the_dead_and_the_dateless_are_on_paper_for_the_civil_status_office),
	    cmocka_unit_test(who_was_erased_is_on_no_list),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
