/* SPDX-License-Identifier: Apache-2.0 */
/* Each file is read back by the tools of others: pdftotext, pdffonts, pdftoppm and zbarimg. */
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

#include "base/mem.h"
#include "folder.h"
#include "paper/paper.h"
#include "said_by.h"

/* What a command says that finds the file as $f. */
static char *tell(const char *command, const char *name)
{
	char *whole = mem_printf("f=%s/%s; %s", dir, name, command), *said = said_by(whole);

	free(whole);
	return said;
}

static void assert_follows(const char *text, const char *const *pieces)
{
	const char *at = text;

	for (; *pieces != NULL; pieces++) {
		const char *found = strstr(at, *pieces);

		if (found == NULL)
			fail_msg("\"%s\" does not follow in:\n%s", *pieces, text);
		at = found + strlen(*pieces);
	}
}

static struct paper *paper_named(const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);
	struct err e = ERR_INIT;
	struct paper *p;

	if (paper_open(path, "Thử", &p, &e) < 0)
		fail_msg("%s", e.text);
	free(path);
	return p;
}

static void paper_done(struct paper *p)
{
	struct err e = ERR_INIT;

	if (paper_close(p, &e) < 0)
		fail_msg("%s", e.text);
}

static void write_text(struct paper *p, const char *text, paper_place_fn *place)
{
	struct err e = ERR_INIT;

	if (paper_write(p, text, place, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static const char report[] =
    "%head Công an huyện Thoại Sơn | Ủy ban nhân dân xã Mỹ Phú Đông | Số:     /BC-UBND | "
    "xã Mỹ Phú Đông | 2023-06-08\n"
    "# BÁO CÁO\n"
    "## Kết quả tuần 23 năm 2023\n"
    "> Kính gửi: Công an huyện.\n"
    "Bà con **đã tạo tài khoản** định danh điện tử mức 2 để sử dụng các dịch vụ công trực "
    "tuyến; "
    "những hộ còn lại được mời trong tuần tới.\n"
    "- Quyết liệt rà soát.\n"
    "Trên đây là báo cáo./.\n"
    "%to - Như trên;\n"
    "%to - Lưu: VT.\n"
    "%sign TM. ỦY BAN NHÂN DÂN | CHỦ TỊCH\n";

static void a_document_has_the_form_of_the_decree_and_reads_in_order(void **state)
{
	static const char *const order[] = {"CÔNG AN HUYỆN THOẠI SƠN",
					    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
					    "Độc lập - Tự do - Hạnh phúc",
					    "Mỹ Phú Đông, ngày 08 tháng 6 năm 2023",
					    "BÁO CÁO",
					    "Kết quả tuần 23 năm 2023",
					    "Kính gửi: Công an huyện.",
					    "Bà con đã tạo tài khoản định danh điện tử mức 2",
					    "- Quyết liệt rà soát.",
					    "Trên đây là báo cáo./.",
					    "Nơi nhận:",
					    "TM. ỦY BAN NHÂN DÂN",
					    "CHỦ TỊCH",
					    "Lưu: VT.",
					    NULL};
	struct paper *p = paper_named("form.pdf");
	char *text, *fonts, *info;

	(void)state;
	write_text(p, report, NULL);
	assert_int_equal(paper_pages(p), 1);
	paper_done(p);
	text = tell("pdftotext -layout $f -", "form.pdf");
	assert_follows(text, order);
	fonts = tell("pdffonts $f | tail -n +3", "form.pdf");
	assert_non_null(strstr(fonts, "Bold"));
	for (char *rest = fonts, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';)
		if (strstr(line, " yes yes yes ") ==
		    NULL) /* embedded, a subset, with Unicode */
			fail_msg("%s", line);
	info = tell("pdfinfo $f", "form.pdf");
	assert_non_null(strstr(info, "A4"));
	free(info);
	free(fonts);
	free(text);
}

static void margins_are_those_of_the_decree(void **state)
{
	const double width = 210 * 72 / 25.4, height = 297 * 72 / 25.4, mm = 72 / 25.4;
	double left = width, right = 0, top = height, bottom = 0;
	struct paper *p = paper_named("margins.pdf");
	struct buf text = BUF_INIT(1u << 20);
	char *words;

	(void)state;
	for (int i = 0; i < 400; i++)
		(void)buf_adds(&text, "Triển khai thực hiện mô hình điểm về công dân số ");
	write_text(p, buf_text(&text), NULL);
	paper_done(p);
	buf_free(&text);
	words = tell("pdftotext -l 1 -bbox $f - | grep '<word'", "margins.pdf");
	for (char *rest = words, *line; (line = strsep(&rest, "\n")) != NULL;) {
		double x1, y1, x2, y2;

		if (sscanf(line, " <word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\"",
			   &x1, &y1, &x2, &y2) != 4)
			continue;
		left = x1 < left ? x1 : left;
		top = y1 < top ? y1 : top;
		right = x2 > right ? x2 : right;
		bottom = y2 > bottom ? y2 : bottom;
	}
	free(words);
	assert_true(left > 29.5 * mm && left < 31 * mm);
	assert_true(width - right > 19.5 * mm && width - right < 20.5 * mm);
	assert_true(top > 19 * mm && top < 25 * mm);
	assert_true(height - bottom > 19 * mm && height - bottom < 27 * mm);
}

static void pages_are_numbered_from_the_second_of_each_document(void **state)
{
	struct paper *p = paper_named("numbers.pdf");
	char *text;
	static const char *const order[] = {"một", "\f", "2\n", "hai", "\f",
					    "ba",  "\f", "2\n", "bốn", NULL};

	(void)state;
	write_text(p, "một\n%page\nhai\n", NULL);
	write_text(p, "%begin\nba\n%page\nbốn\n", NULL);
	assert_int_equal(paper_pages(p), 4);
	paper_done(p);
	text = tell("pdftotext $f -", "numbers.pdf");
	assert_follows(text, order);
	assert_null(strchr(text, '1'));
	assert_null(strchr(text, '3'));
	free(text);
}

static bool place_list(struct paper *p, const char *name, void *arg)
{
	static const struct grid_column columns[] = {
	    {12, GRID_CENTRE}, {0, GRID_LEFT}, {20, GRID_RIGHT}, {16, GRID_CENTRE}};
	struct grid *g = grid_new(4, columns, 2);

	(void)arg;
	grid_head(g, "Stt", 1, 2);
	grid_head(g, "Họ và tên", 1, 2);
	grid_head(g, "Kết quả", 2, 1);
	grid_head(g, "Số hộ", 1, 1);
	grid_head(g, "Gặp", 1, 1);
	for (int i = 0; i < 120; i++) {
		char who[64];

		if (i % 40 == 0)
			grid_section(g, i == 0 ? "Tổ 1" : "Tổ khác");
		(void)snprintf(who, sizeof(who), "Dòng số %d", i);
		grid_number(g, i + 1);
		grid_text(g, who);
		grid_number(g, 10);
		grid_box(g);
	}
	grid_sums(g, "Tổng cộng");
	assert_int_equal(grid_at(g, g->n_rows - 1, 2)->number, 1200);
	paper_grid(p, g);
	grid_free(g);
	return strcmp(name, "danh-sach") == 0;
}

static void a_table_repeats_its_heading_and_loses_no_row(void **state)
{
	struct paper *p = paper_named("table.pdf");
	char *text;
	int headings = 0;
	unsigned pages;

	(void)state;
	write_text(p, "Danh sách:\n[danh-sach]\n", place_list);
	pages = paper_pages(p);
	assert_in_range(pages, 3, 5);
	paper_done(p);
	text = tell("pdftotext -layout $f -", "table.pdf");
	for (const char *s = text; (s = strstr(s, "Họ và tên")) != NULL; s++)
		headings++;
	assert_int_equal(headings, pages);
	for (int i = 0; i < 120; i++) {
		char who[64];

		(void)snprintf(who, sizeof(who), "Dòng số %d ", i);
		if (strstr(text, who) == NULL)
			fail_msg("%s is not there", who);
	}
	assert_non_null(strstr(text, "1.200"));
	free(text);
}

static void a_paragraph_goes_on_overleaf_whole(void **state)
{
	struct paper *p = paper_named("long.pdf");
	struct buf text = BUF_INIT(1u << 20);
	char *got;

	(void)state;
	for (int i = 0; i < 3000; i++)
		(void)buf_addf(&text, "chữ%d ", i);
	write_text(p, buf_text(&text), NULL);
	assert_true(paper_pages(p) > 3);
	paper_done(p);
	got = tell("pdftotext -nopgbrk $f - | tr '\\n' ' '", "long.pdf");
	for (int i = 0; i < 3000; i++) {
		char word[32];

		(void)snprintf(word, sizeof(word), "chữ%d ", i);
		if (strstr(got, word) == NULL)
			fail_msg("%s is lost", word);
	}
	free(got);
	buf_free(&text);
}

static void a_signature_is_never_alone_on_a_page(void **state)
{
	/* whatever the room: one of these lengths leaves none for the signature */
	for (int lines = 26; lines < 42; lines++) {
		struct paper *p = paper_named("sign.pdf");
		char *got, *last;

		(void)state;
		for (int i = 0; i < lines; i++)
			write_text(p, "Một dòng.\n", NULL);
		write_text(p, "Dòng cuối.\n%to - Lưu: VT.\n%sign CHỦ TỊCH\n", NULL);
		paper_done(p);
		got = tell("pdftotext $f -", "sign.pdf");
		last = strstr(got, "Dòng cuối.");
		assert_non_null(last);
		assert_non_null(strstr(last, "CHỦ TỊCH"));
		assert_true(strcspn(last, "\f") > (size_t)(strstr(last, "CHỦ TỊCH") - last));
		free(got);
	}
}

static void a_code_is_read_by_a_reader(void **state)
{
	struct paper *p = paper_named("qr.pdf");
	struct err e = ERR_INIT;
	char *text, *big = mem_calloc(1, 4001);

	(void)state;
	assert_int_equal(paper_qr(p, "https://vneid.gov.vn", 90, &e), 0);
	memset(big, 'x', 4000);
	assert_int_equal(paper_qr(p, big, 90, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	paper_done(p);
	text = tell("pdftoppm -r 100 -png $f >$f.png && zbarimg -q --raw $f.png", "qr.pdf");
	assert_string_equal(text, "https://vneid.gov.vn\n");
	free(text);
	free(big);
}

/* Draws the path as a browser would, four dots a unit. */
static void picture_of_path(const char *path, int side, const char *name)
{
	int width = side * 4, x, y, len, used;
	char *dots = mem_calloc((size_t)width, (size_t)width), *file = mem_printf("%s/%s", dir, name);
	FILE *f;

	for (; sscanf(path, "M%d %dh%dv1h-%*dz%n", &x, &y, &len, &used) == 3; path += used) {
		assert_true(x >= 4 && y >= 4 && len > 0 && x + len <= side - 4 && y < side - 4);
		for (int row = 4 * y; row < 4 * y + 4; row++)
			memset(dots + (ptrdiff_t)row * width + (ptrdiff_t)4 * x, 1, (size_t)4 * (size_t)len);
	}
	assert_string_equal(path, "");
	f = fopen(file, "we");
	assert_non_null(f);
	(void)fprintf(f, "P1 %d %d\n", width, width);
	for (int i = 0; i < width * width; i++)
		(void)fprintf(f, "%c\n", '0' + dots[i]);
	assert_int_equal(fclose(f), 0);
	free(file);
	free(dots);
}

static void a_code_for_a_page_is_read_too(void **state)
{
	const char *uri = "otpauth://totp/moidan:tran.duyet?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=moidan";
	struct buf path = BUF_INIT(64u << 10), small = BUF_INIT(100);
	char *text, *said = mem_printf("%s\n", uri);
	struct err e = ERR_INIT;
	int side;

	(void)state;
	assert_int_equal(qr_path(uri, &path, &side, &e), 0);
	picture_of_path(buf_text(&path), side, "qr.pbm");
	text = tell("zbarimg -q --raw $f", "qr.pbm");
	assert_string_equal(text, said);
	assert_int_equal(qr_path(uri, &small, &side, &e), -1);
	free(text);
	free(said);
	buf_free(&path);
	buf_free(&small);
}

static void a_chart_names_its_target_and_deadline(void **state)
{
	const civil_day days[] = {19500, 19507, 19514};
	const int64_t values[] = {614, 640, 1102};
	const struct chart chart = {.title = "Hộ có tài khoản",
				    .unit = "hộ",
				    .target = 1057,
				    .deadline = 19528,
				    .n = 3,
				    .day = days,
				    .value = values};
	const struct chart empty = {.title = "Chưa có gì", .unit = "hộ"};
	static const char *const order[] = {"Hộ có tài khoản",
					    "Chỉ tiêu 1.057 hộ",
					    "Hạn 20/06/2023",
					    "614",
					    "1.102",
					    "Chưa có gì",
					    NULL};
	struct paper *p = paper_named("chart.pdf");
	char *svg = mem_printf("%s/chart.svg", dir), *text;
	struct err e = ERR_INIT;

	(void)state;
	paper_chart(p, &chart);
	paper_chart(p, &empty);
	paper_done(p);
	text = tell("pdftotext -raw $f -", "chart.pdf");
	assert_follows(text, order);
	free(text);
	assert_int_equal(chart_svg(&chart, svg, &e), 0);
	text = tell("head -c 5 $f", "chart.svg");
	assert_string_equal(text, "<?xml");
	free(text);
	free(svg);
}

/* Text in an SVG is drawn as shapes: rsvg is not there to read it, so the picture is counted. */
static size_t occurrences(const char *path, const char *what)
{
	char *line = NULL;
	size_t cap = 0, n = 0;
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	while (getline(&line, &cap, f) > 0) {
		for (const char *p = line; (p = strstr(p, what)) != NULL; p += strlen(what))
			n++;
	}
	free(line);
	(void)fclose(f);
	return n;
}

static void bars_show_what_is_done_of_what_and_of_what_was_assigned(void **state)
{
	const struct bar items[] = {
	    {.label = "ấp Tân Phú", .done = 120, .total = 375, .target = 339},
	    {.label = "ấp có tên dài đến mức không thể vừa một dòng của hình", .total = 10},
	    {.label = "ấp Tân Đông", .done = 9, .total = 9, .target = 443}};
	struct bars b = {.title = "hộ có tài khoản định danh điện tử mức 2",
			 .done = "Đã xong",
			 .total = "Tổng số",
			 .target = "Chỉ tiêu",
			 .n = 3,
			 .items = items};
	char *svg = mem_printf("%s/bars.svg", dir);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(bars_svg(&b, svg, &e), 0);
	/* three bars' whole and done with their keys, the done of the second being nothing; targets of two, and theirs */
	assert_int_equal(occurrences(svg, "rgb(84%"), 4);
	assert_int_equal(occurrences(svg, "rgb(4%"), 3);
	assert_int_equal(occurrences(svg, "rgb(70%"), 3);
	/* as wide as a telephone, whatever stands in it */
	assert_int_equal(occurrences(svg, "width=\"330"), 1);
	b.n = 0;
	assert_int_equal(bars_svg(&b, svg, &e), 0);
	free(svg);
	b.n = 3;
	assert_int_equal(bars_svg(&b, "/nowhere/bars.svg", &e), -1);
	assert_int_equal(e.code, EX_CANTCREAT);
}

static void a_mark_that_is_none_is_named_by_its_line(void **state)
{
	struct paper *p = paper_named("mark.pdf");
	struct err e = ERR_INIT;
	char *left;

	(void)state;
	assert_int_equal(paper_write(p, "một\n%haed x\n", NULL, NULL, &e), -1);
	assert_int_equal(e.code, EX_CONFIG);
	assert_non_null(strstr(e.text, "dòng 2"));
	err_clear(&e);
	assert_int_equal(paper_write(p, "[bang]\n", NULL, NULL, &e), -1);
	assert_non_null(strstr(e.text, "\"bang\""));
	paper_abandon(p);
	left = tell("ls $f* 2>/dev/null | wc -l", "mark.pdf");
	assert_string_equal(left, "0\n");
	free(left);
}

static void what_cannot_be_written_is_said_and_leaves_nothing(void **state)
{
	struct err e = ERR_INIT;
	struct paper *p;
	char *path = mem_printf("%s/none/x.pdf", dir);

	(void)state;
	assert_int_equal(paper_open(path, "x", &p, &e), -1);
	assert_int_equal(e.code, EX_CANTCREAT);
	assert_null(p);
	free(path);
	err_clear(&e);
	path = mem_printf("%s/taken-XXXXXX", dir);
	assert_non_null(mkdtemp(path));
	assert_int_equal(paper_open(path, "x", &p, &e), 0);
	assert_int_equal(paper_close(p, &e), -1); /* a directory stands there */
	assert_int_equal(e.code, EX_CANTCREAT);
	free(path);
}

static void dates_have_zeros_where_the_decree_wants_them(void **state)
{
	static const struct {
		int y, m, d;
		const char *want;
	} rows[] = {
	    {2023, 6, 8, "ngày 08 tháng 6 năm 2023"},
	    {2024, 3, 5, "ngày 05 tháng 3 năm 2024"},
	    {2024, 2, 1, "ngày 01 tháng 02 năm 2024"},
	    {2023, 12, 31, "ngày 31 tháng 12 năm 2023"},
	    {2023, 10, 10, "ngày 10 tháng 10 năm 2023"},
	    {2023, 6, 0, "ngày        tháng 6 năm 2023"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		paper_date(rows[i].y, rows[i].m, rows[i].d, out);
		assert_string_equal(out, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_document_has_the_form_of_the_decree_and_reads_in_order),
	    cmocka_unit_test(margins_are_those_of_the_decree),
	    cmocka_unit_test(pages_are_numbered_from_the_second_of_each_document),
	    cmocka_unit_test(a_table_repeats_its_heading_and_loses_no_row),
	    cmocka_unit_test(a_paragraph_goes_on_overleaf_whole),
	    cmocka_unit_test(a_signature_is_never_alone_on_a_page),
	    cmocka_unit_test(a_code_is_read_by_a_reader),
	    cmocka_unit_test(a_code_for_a_page_is_read_too),
	    cmocka_unit_test(a_chart_names_its_target_and_deadline),
	    cmocka_unit_test(bars_show_what_is_done_of_what_and_of_what_was_assigned),
	    cmocka_unit_test(a_mark_that_is_none_is_named_by_its_line),
	    cmocka_unit_test(what_cannot_be_written_is_said_and_leaves_nothing),
	    cmocka_unit_test(dates_have_zeros_where_the_decree_wants_them),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
