/* SPDX-License-Identifier: Apache-2.0 */
/* moidan import PROGRAMME FILE: a list into the store, and what was made of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "text/vi.h"

#define IMPORT_SHOWN 20

static void import_number(const char *label, int64_t n)
{
	char text[32];

	vi_number(n, text);
	(void)printf("  ");
	cli_cell(label, 44);
	cli_cell(text, -8);
	(void)printf("\n");
}

static void import_findings(const char *title, const struct roster_reject *list, size_t n)
{
	if (n == 0)
		return;
	(void)printf("\n%s:\n", title);
	for (size_t i = 0; i < n && i < IMPORT_SHOWN; i++) {
		const struct roster_reject *r = &list[i];

		(void)printf("  dòng %d%s%s: %s\n", r->row, *r->column != '\0' ? ", cột " : "",
			     r->column, r->reason);
	}
	if (n > IMPORT_SHOWN)
		(void)printf("  … và %zu dòng nữa (xem bằng --json hoặc --rejects TỆP)\n",
			     n - IMPORT_SHOWN);
}

void import_print(const struct programme *p, const struct roster_result *r)
{
	char row[64];

	(void)snprintf(row, sizeof(row), "Số %s trong danh sách", p->row);
	(void)printf("%s\n", p->title);
	(void)printf("  (%s, %s, hàng tiêu đề %s)\n", r->format, r->encoding, r->heading_rows);
	import_number(row, r->rows);
	import_number("Nhận", r->accepted);
	import_number("  thêm mới", r->added);
	import_number("  cập nhật", r->updated);
	import_number("  không đổi", r->same);
	import_number("Từ chối", r->rejected);
	import_number("Tạm giữ: nghi đã mất, chờ cán bộ quyết định", r->held);
	import_number("Số di động nhắn tin được", r->phones_ok);
	import_number("Số cố định (vào danh sách đến nhà)", r->phones_landline);
	import_number("Đầu số chưa rõ (vẫn nhắn tin)", r->phones_unknown_range);
	import_number("Không có số điện thoại", r->phones_missing);
	import_number("Số điện thoại không đọc được", r->phones_invalid);
	import_number("Số 11 chữ số đã đổi sang 10 (năm 2018)", r->phones_migrated);
	import_number("Số cần xác nhận lại (076/077)", r->phones_confirm);
	import_number("Số dùng chung cho nhiều dòng", r->phones_shared);
	if (r->total_stated >= 0 && r->total_stated != r->rows) {
		char stated[32], counted[32];

		vi_number(r->total_stated, stated);
		vi_number(r->rows, counted);
		(void)printf(
		    "  Lưu ý: dòng tổng cộng của danh sách ghi %s, đếm được %s; giữ cả hai "
		    "số.\n",
		    stated, counted);
	}
}

/* One command line's worth of import. */
static int import_run(struct cli *c, const struct programme *p, const char *file,
		      const struct roster_options *o, struct err *e)
{
	struct roster_result r = {0};
	int rc = roster_import(c->store, p, file, o, &r, e);

	if (rc == 0 && c->json) {
		rc = cli_print_json(roster_result_json(&r)) == 0 ? 0 : -1;
	} else if (rc == 0) {
		if (o->dry_run)
			(void)printf("CHẠY THỬ: chưa ghi gì.\n");
		import_print(p, &r);
		import_findings("Dòng bị từ chối", r.rejects, r.n_rejects);
		import_findings("Dòng nên xem lại", r.notes, r.n_notes);
		if (o->rejects != NULL && r.n_rejects > 0)
			(void)printf("\nĐã ghi các dòng bị từ chối vào %s\n", o->rejects);
	}
	roster_result_free(&r);
	return rc;
}

int cmd_import(struct cli *c, int argc, char **argv)
{
	struct roster_options o = {.who = cli_who()};
	struct err e = ERR_INIT;
	long list_year = civil_from_ms(clock_now_ms()).year;
	const struct programme *p;
	const struct cli_option options[] = {
	    {.name = "dry-run", .flag = &o.dry_run},
	    {.name = "rejects", .text = &o.rejects},
	    {.name = "encoding", .text = &o.encoding},
	    {.name = "list-year", .number = &list_year},
	    {.name = NULL},
	};

	if (argc > 1 && strcmp(argv[1], "duty") == 0)
		return duty_import(c, argc, argv, &e) < 0 ? cli_fail(&e) : 0;
	if (argc > 1 && strcmp(argv[1], "sessions") == 0)
		return session_import(c, argc, argv, &e) == 0 ? 0 : cli_fail(&e);
	if (cli_parse(c, argc, argv, options, 2, 2, &e) < 0 || cli_house(c, &e) < 0)
		return cli_fail(&e);
	p = house_programme(c->house, argv[1]);
	if (p == NULL) {
		(void)err_set(&e, EX_USAGE, "không có chương trình \"%s\" trong %s/programmes",
			      argv[1], c->house->cfg.descriptions);
		return cli_fail(&e);
	}
	o.list_year = (int)list_year;
	o.unit_kind = c->house->cfg.unit.hamlet;
	if (cli_open(c, STORE_WRITER, &e) < 0 || import_run(c, p, argv[2], &o, &e) < 0)
		return cli_fail(&e);
	if (!o.dry_run)
		cli_changed(c);
	return 0;
}
