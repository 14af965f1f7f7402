/* SPDX-License-Identifier: Apache-2.0 */
/* moidan import PROGRAMME FILE: a list into the store, and what was made of it; import list, undo. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "roster/undo.h"
#include "text/vi.h"

#define IMPORT_SHOWN	  20
#define IMPORT_FIRST_YEAR 1990
#define IMPORT_LAST_YEAR  2100

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
		(void)printf("  … và %zu dòng nữa (xem đủ bằng --json)\n", n - IMPORT_SHOWN);
}

/* The first of the programme's targets that the plan puts a number to; NULL = none. */
static const struct programme_target *import_target(const struct programme *p)
{
	const struct programme_target *t = p->targets.items;

	for (size_t i = 0; i < p->targets.n; i++) {
		if (t[i].assigned > 0)
			return &t[i];
	}
	return NULL;
}

static void import_totals(const struct programme *p, const struct roster_result *r)
{
	const struct programme_target *t = import_target(p);
	char stated[32], counted[32];

	vi_number(r->rows, counted);
	if (r->total_stated >= 0 && r->total_stated != r->rows) {
		vi_number(r->total_stated, stated);
		(void)printf(
		    "  Lưu ý: dòng tổng cộng của danh sách ghi %s, đếm được %s; giữ cả hai "
		    "số.\n",
		    stated, counted);
	}
	if (t != NULL && t->assigned != r->rows) {
		vi_number(t->assigned, stated);
		(void)printf("  Lưu ý: chỉ tiêu giao %s %s (%s), danh sách này có %s.\n",
			     stated, t->unit, t->source, counted);
	}
}

json_t *import_json(const struct programme *p, const struct roster_result *r)
{
	const struct programme_target *t = import_target(p);
	json_t *j = roster_result_json(r);

	(void)json_object_set_new(j, "total_assigned",
				  t != NULL ? json_integer(t->assigned) : json_null());
	(void)json_object_set_new(j, "programme", json_string(p->name));
	return j;
}

int import_list_year(long year, struct roster_options *o, struct err *e)
{
	if (year < IMPORT_FIRST_YEAR || year > IMPORT_LAST_YEAR)
		return err_set(e, EX_USAGE, "--list-year là năm lập danh sách, từ %d đến %d",
			       IMPORT_FIRST_YEAR, IMPORT_LAST_YEAR);
	o->list_year = (int)year;
	return 0;
}

void import_print(const struct programme *p, const struct roster_result *r, bool written)
{
	char row[64];

	(void)snprintf(row, sizeof(row), "Số %s trong danh sách", p->row);
	(void)printf("%s\n", p->title);
	(void)printf("  (%s, %s, hàng tiêu đề %s)\n", r->format, r->encoding, r->heading_rows);
	import_number(row, r->rows);
	import_number("Nhận", r->accepted);
	if (written) {
		import_number("  thêm mới", r->added);
		import_number("  cập nhật", r->updated);
		import_number("  không đổi", r->same);
	}
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
	import_totals(p, r);
	if (*r->unused != '\0')
		(void)printf("  Cột không dùng đến: %s\n", r->unused);
	import_findings("Dòng bị từ chối", r->rejects, r->n_rejects);
	import_findings("Dòng nên xem lại", r->notes, r->n_notes);
}

/* One command line's worth of import. */
static int import_run(struct cli *c, const struct programme *p, const char *file,
		      const struct roster_options *o, struct err *e)
{
	struct roster_result r = {0};
	int rc = roster_import(c->store, p, file, o, &r, e);

	if (rc == 0 && c->json) {
		rc = cli_print_json(import_json(p, &r)) == 0 ? 0 : -1;
	} else if (rc == 0) {
		if (o->dry_run)
			(void)printf("CHẠY THỬ: chưa ghi gì.\n");
		import_print(p, &r, true);
		if (o->rejects != NULL && r.n_rejects > 0)
			(void)printf("\nĐã ghi các dòng bị từ chối vào %s\n", o->rejects);
	}
	roster_result_free(&r);
	return rc;
}

static void import_no_programme(const struct cli *c, const char *name, struct err *e)
{
	struct buf known = BUF_INIT(600);

	for (size_t i = 0; i < c->house->n_programmes; i++)
		(void)buf_addf(&known, "%s, ", c->house->programmes[i]->name);
	(void)err_set(e, EX_USAGE,
		      "không có chương trình \"%s\" trong %s/programmes; có: %ssessions", name,
		      c->house->cfg.descriptions, buf_text(&known));
	buf_free(&known);
}

/* ---- what was taken in, and taking it back ---------------------------------------------------- */

static void import_row(const struct import_record *r, void *arg)
{
	char at[32];
	json_t *o;

	if (arg == NULL) {
		clock_format_vi(r->at, at);
		(void)printf("%6lld  %s  ", (long long)r->id, at);
		cli_cell(r->programme, 10);
		cli_cell(r->file != NULL ? r->file : "", 32);
		(void)printf("  thêm %d, cập nhật %d, không đổi %d%s\n", r->added, r->updated,
			     r->same, r->undone_at != 0 ? "; đã hoàn tác" : "");
		return;
	}
	o = json_pack("{s:I, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:b}", "id",
		      (json_int_t)r->id, "programme", r->programme, "file",
		      r->file != NULL ? r->file : "", "who", r->who != NULL ? r->who : "",
		      "rows", r->rows, "added", r->added, "updated", r->updated, "same", r->same,
		      "rejected", r->rejected, "undoable", r->undoable);
	clock_format_rfc3339(r->at, at);
	json_object_set_new(o, "at", json_string(at));
	clock_format_rfc3339(r->undone_at, at);
	json_object_set_new(o, "undone_at",
			    r->undone_at != 0 ? json_string(at) : json_null());
	json_array_append_new(arg, o);
}

static int import_list(struct cli *c, int argc, char **argv, struct err *e)
{
	long limit = IMPORT_SHOWN;
	const char *programme = NULL;
	const struct cli_option options[] = {{.name = "limit", .number = &limit},
					     {.name = "programme", .text = &programme},
					     {.name = NULL}};
	json_t *list;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (limit < 1)
		return err_set(e, EX_USAGE, "--limit phải là số từ 1");
	if (cli_open(c, STORE_READER, e) < 0)
		return -1;
	list = c->json ? json_array() : NULL;
	if (store_import_list(c->store, programme, (size_t)limit, import_row, list, e) < 0) {
		json_decref(list);
		return -1;
	}
	return c->json ? cli_print_json(list) : 0;
}

static int import_undo(struct cli *c, int argc, char **argv, struct err *e)
{
	bool dry_run = false;
	const struct cli_option options[] = {{.name = "dry-run", .flag = &dry_run},
					     {.name = NULL}};
	struct import_undone u;
	int64_t id;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, dry_run ? STORE_READER : STORE_WRITER, e) < 0 ||
	    (dry_run ? roster_undo_look(c->store, id, &u, e)
		     : roster_undo(c->store, id, cli_who(), &u, e)) < 0)
		return -1;
	if (!dry_run)
		cli_changed(c);
	if (c->json)
		return cli_print_json(roster_undone_json(&u));
	if (u.already)
		(void)printf("Lần nhập này đã được hoàn tác, không còn gì để hoàn tác.\n");
	else if (dry_run)
		(void)printf("CHẠY THỬ: chưa ghi gì.\n");
	import_number("Bỏ khỏi danh sách", u.removed);
	import_number("Trở lại như trước", u.restored);
	import_number("Giữ: có trong danh sách nhập sau", u.kept_listed);
	import_number("Giữ: cán bộ đã ghi khác", u.kept_decided);
	import_number("Giữ: đã được nhắn, hẹn hoặc giao giấy", u.kept_written);
	return 0;
}

int cmd_import(struct cli *c, int argc, char **argv)
{
	struct roster_options o = {.who = cli_who()};
	struct err e = ERR_INIT;
	long list_year = civil_from_ms(clock_now_ms()).year;
	const struct programme *p;
	struct cli_texts columns = {.n = 0};
	const struct cli_option options[] = {
	    {.name = "column", .texts = &columns},
	    {.name = "dry-run", .flag = &o.dry_run},
	    {.name = "rejects", .text = &o.rejects},
	    {.name = "encoding", .text = &o.encoding},
	    {.name = "list-year", .number = &list_year},
	    {.name = NULL},
	};

	if (argc > 1 && strcmp(argv[1], "duty") == 0)
		return duty_import(c, argc, argv, &e) < 0 ? cli_fail(&e) : 0;
	if (argc > 1 && strcmp(argv[1], "list") == 0)
		return import_list(c, argc - 1, argv + 1, &e) < 0 ? cli_fail(&e) : 0;
	if (argc > 1 && strcmp(argv[1], "undo") == 0)
		return import_undo(c, argc - 1, argv + 1, &e) < 0 ? cli_fail(&e) : 0;
	if (argc > 1 && strcmp(argv[1], "sessions") == 0)
		return session_import(c, argc, argv, &e) == 0 ? 0 : cli_fail(&e);
	if (cli_parse(c, argc, argv, options, 2, 2, &e) < 0 ||
	    import_list_year(list_year, &o, &e) < 0 || cli_house(c, &e) < 0)
		return cli_fail(&e);
	p = house_programme(c->house, argv[1]);
	if (p == NULL) {
		import_no_programme(c, argv[1], &e);
		return cli_fail(&e);
	}
	o.columns = columns.items;
	o.n_columns = (size_t)columns.n;
	o.unit_kind = c->house->cfg.unit.hamlet;
	o.others = (const struct programme *const *)c->house->programmes;
	o.n_others = c->house->n_programmes;
	if (cli_open(c, STORE_WRITER, &e) < 0 || import_run(c, p, argv[2], &o, &e) < 0)
		return cli_fail(&e);
	if (!o.dry_run)
		cli_changed(c);
	return 0;
}
