/* SPDX-License-Identifier: Apache-2.0 */
/* moidan session: the timetable of the machine, who is invited where, who came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/sessions.h"
#include "cli/cli.h"
#include "report/document.h"
#include "roster/listing.h"
#include "text/phone.h"
#include "text/vi.h"

static const char *const seat_names[] = {"invited", "came", "absent", "freed"};
static const char *const seat_titles[] = {"đã mời", "đã đến", "vắng", "đã trả chỗ"};

static void session_hours(const struct session *s, char out[16])
{
	(void)snprintf(out, 16, "%02u:%02u-%02u:%02u", (unsigned)s->opens / 60 % 25,
		       (unsigned)s->opens % 60, (unsigned)s->closes / 60 % 25,
		       (unsigned)s->closes % 60);
}

static json_t *session_json(const struct session *s)
{
	char day[16], hours[16];

	civil_day_format_iso(s->day, day);
	session_hours(s, hours);
	return json_pack("{s:I,s:s,s:s,s:s#,s:s,s:s,s:i,s:i,s:i,s:s?,s:s?,s:s,s:s?}", "id",
			 (json_int_t)s->id, "programme", s->programme, "day", day, "opens",
			 hours, 5, "closes", hours + 6, "place", s->place, "seats", s->seats,
			 "taken", s->taken, "free", s->seats - s->taken, "team", s->team,
			 "documents", s->documents, "state",
			 s->state == SESSION_OPEN ? "open" : "cancelled", "reason", s->reason);
}

/* ---- the programme that has sessions ------------------------------------------------------- */

static bool session_has_seats(const struct programme *p)
{
	for (size_t i = 0; i < p->audiences.n; i++)
		if (programme_audience_at(p, (int)i)->seat)
			return true;
	return false;
}

/* By name, or the only one whose invitations take seats. NULL with e. */
static const struct programme *session_programme(struct cli *c, const char *name, struct err *e)
{
	const struct programme *only = NULL;

	if (name != NULL) {
		only = house_programme(c->house, name);
		if (only == NULL)
			(void)err_set(e, EX_USAGE, "không có chương trình \"%s\"", name);
		return only;
	}
	for (size_t i = 0; i < c->house->n_programmes; i++) {
		if (!session_has_seats(c->house->programmes[i]))
			continue;
		if (only != NULL) {
			(void)err_set(e, EX_USAGE,
				      "nhiều chương trình có lịch hẹn: dùng --programme");
			return NULL;
		}
		only = c->house->programmes[i];
	}
	if (only == NULL)
		(void)err_set(e, EX_CONFIG,
			      "không chương trình nào có đối tượng \"seat: true\"");
	return only;
}

/* ---- import -------------------------------------------------------------------------------- */

struct session_import {
	struct cli *c;
	const char *programme;
	struct session *list;
	int *rows;
	size_t n, cap, cap_rows;
	int year;
};

static int session_import_row(const struct listing_row *r, void *arg, struct err *e)
{
	struct session_import *im = arg;
	const char *place = listing_value(r, "noi"), *seats = listing_value(r, "so_luot"),
		   *unit = listing_value(r, "ap");
	struct session s = {.programme = (char *)(uintptr_t)im->programme};

	if (listing_period(r, im->year, &s.day, &s.opens, &s.closes, e) < 0)
		return -1;
	s.seats = (int)strtol(seats, NULL, 10);
	if (strspn(seats, "0123456789") != strlen(seats) || s.seats < 1 || s.seats > 100000)
		return err_set(e, EX_DATAERR, "dòng %d: số lượt “%s” phải là số từ 1",
			       r->number, seats);
	if (*place == '\0')
		return err_set(e, EX_DATAERR, "dòng %d: chưa có nơi", r->number);
	if (campaign_place_unit(im->c->store, *unit != '\0' ? unit : place, &s.unit_id, e) < 0)
		return -1;
	s.place = mem_strdup(place);
	s.team = mem_strdup(listing_value(r, "phu_trach"));
	s.documents = mem_strdup(listing_value(r, "giay_to"));
	im->list = mem_grow(im->list, &im->cap, im->n + 1, sizeof(*im->list));
	im->rows = mem_grow(im->rows, &im->cap_rows, im->n + 1, sizeof(*im->rows));
	im->rows[im->n] = r->number;
	im->list[im->n++] = s;
	return 0;
}

static void session_import_free(struct session_import *im)
{
	for (size_t i = 0; i < im->n; i++) {
		free(im->list[i].place);
		free(im->list[i].team);
		free(im->list[i].documents);
	}
	free(im->list);
	free(im->rows);
}

static int session_import_print(struct cli *c, const struct session_import *im,
				const enum session_put *what)
{
	static const char *const names[] = {"new", "changed", "same"};
	static const char *const titles[] = {"thêm", "cập nhật", "không đổi"};
	int n[3] = {0}, seats = 0;
	json_t *list = json_array();

	for (size_t i = 0; i < im->n; i++) {
		json_t *j = session_json(&im->list[i]);

		n[what[i]]++;
		seats += im->list[i].seats;
		json_object_set_new(j, "row", json_integer(im->rows[i]));
		json_object_set_new(j, "put", json_string(names[what[i]]));
		json_array_append_new(list, j);
	}
	if (c->json)
		return cli_print_json(list);
	json_decref(list);
	(void)printf("%zu buổi, %d lượt:", im->n, seats);
	for (int i = 0; i < 3; i++)
		(void)printf(" %s %d%s", titles[i], n[i], i < 2 ? "," : "\n");
	return 0;
}

/* Reads the file and writes what it says; *what gets one a session, yours. */
static int session_import_put(struct session_import *im, const char *path, const char *encoding,
			      enum session_put **what, struct err *e)
{
	if (listing_read(im->c->house->cfg.descriptions, "sessions", path, encoding,
			 session_import_row, im, e) < 0)
		return -1;
	*what = mem_calloc(im->n + 1, sizeof(**what));
	return campaign_sessions_put(im->c->store, &im->c->house->campaign, im->list, im->n,
				     *what, cli_who(), e);
}

int session_load(struct cli *c, const char *programme, const char *path, struct err *e)
{
	struct session_import im = {
	    .c = c, .programme = programme, .year = civil_from_ms(clock_now_ms()).year};
	enum session_put *what = NULL;
	int rc = session_import_put(&im, path, NULL, &what, e);

	free(what);
	session_import_free(&im);
	return rc;
}

/* moidan import sessions FILE [--programme P] [--encoding NAME]: called with argv[1] = "sessions". */
int session_import(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *programme = NULL, *encoding = NULL;
	const struct cli_option options[] = {{.name = "programme", .text = &programme},
					     {.name = "encoding", .text = &encoding},
					     {.name = NULL}};
	struct session_import im = {.c = c, .year = civil_from_ms(clock_now_ms()).year};
	enum session_put *what = NULL;
	const struct programme *p;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 2, 2, e) < 0 || cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	p = session_programme(c, programme, e);
	if (p == NULL)
		return -1;
	im.programme = p->name;
	if (session_import_put(&im, argv[2], encoding, &what, e) == 0) {
		cli_changed(c);
		rc = session_import_print(c, &im, what);
	}
	free(what);
	session_import_free(&im);
	return rc;
}

/* ---- reading ------------------------------------------------------------------------------- */

struct session_rows {
	json_t *list;
	bool text;
};

static void session_row(const struct session *s, void *arg)
{
	struct session_rows *rows = arg;
	char day[16], hours[16];

	if (!rows->text) {
		json_array_append_new(rows->list, session_json(s));
		return;
	}
	civil_day_format_vi(s->day, day);
	session_hours(s, hours);
	(void)printf("%4lld  %s  %s  ", (long long)s->id, day, hours);
	cli_cell(s->place, 36);
	(void)printf("  %4d/%d lượt%s%s%s\n", s->taken, s->seats,
		     s->state == SESSION_CANCELLED ? "  ĐÃ HỦY" : "",
		     s->reason != NULL ? ": " : "", s->reason != NULL ? s->reason : "");
}

static int session_list(struct cli *c, int argc, char **argv, struct err *e)
{
	bool all = false;
	const char *programme = NULL;
	const struct cli_option options[] = {{.name = "all", .flag = &all},
					     {.name = "programme", .text = &programme},
					     {.name = NULL}};
	struct session_rows rows = {.list = json_array()};

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0 ||
	    cli_open(c, STORE_READER, e) < 0) {
		json_decref(rows.list);
		return -1;
	}
	rows.text = !c->json;
	if (store_session_list(c->store, programme, all ? 0 : civil_day_of(clock_now_ms()),
			       session_row, &rows, e) < 0) {
		json_decref(rows.list);
		return -1;
	}
	if (c->json)
		return cli_print_json(rows.list);
	json_decref(rows.list);
	return 0;
}

static int session_named(struct cli *c, const char *text, struct session *out, struct err *e)
{
	int64_t id = cli_id(text, e);
	int rc = id < 0 ? -1 : store_session_get(c->store, id, out, e);

	if (rc == 0 && id > 0)
		return err_set(e, EX_NOINPUT, "không có buổi số %s", text);
	return rc < 0 ? -1 : 0;
}

static void session_head(const struct session *s)
{
	char day[16], hours[16];

	civil_day_format_vi(s->day, day);
	session_hours(s, hours);
	(void)printf("Buổi số %lld: %s, %s, %s\n", (long long)s->id, day, hours, s->place);
	if (s->team != NULL && *s->team != '\0')
		(void)printf("Phụ trách: %s\n", s->team);
	if (s->documents != NULL && *s->documents != '\0')
		(void)printf("Giấy tờ mang theo: %s\n", s->documents);
	if (s->state == SESSION_CANCELLED)
		(void)printf("ĐÃ HỦY%s%s\n", s->reason != NULL ? ": " : "",
			     s->reason != NULL ? s->reason : "");
}

static void session_left_out(const struct session_people *p)
{
	if (p->left_out > 0)
		(void)printf("Không ghi tên %d người đã mất hoặc nghi đã mất.\n", p->left_out);
}

static int session_show(struct cli *c, int argc, char **argv, struct err *e)
{
	struct session s = {0};
	struct session_people p;
	char *subject;
	json_t *row;
	size_t i;
	int rc = -1;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    session_named(c, argv[1], &s, e) < 0)
		return -1;
	subject = mem_printf("session/%lld", (long long)s.id);
	rc = cli_audit(c, "session.show", subject, "", e);
	free(subject);
	if (rc < 0 || report_session_people(c->store, s.id, &p, e) < 0) {
		rc = -1;
		goto out;
	}
	if (c->json) {
		json_t *j = session_json(&s);

		for (int k = 0; k < 3; k++)
			json_object_set_new(j, seat_names[k], json_integer(p.by_state[k]));
		json_object_set_new(j, "left_out", json_integer(p.left_out));
		json_object_set_new(j, "people", p.list);
		rc = cli_print_json(j);
		goto out;
	}
	session_head(&s);
	(void)printf("Đã giữ %d/%d lượt: đã mời %d, đã đến %d, vắng %d\n", s.taken, s.seats,
		     p.by_state[SEAT_INVITED], p.by_state[SEAT_CAME], p.by_state[SEAT_ABSENT]);
	session_left_out(&p);
	json_array_foreach(p.list, i, row)
	{
		(void)printf("  ");
		cli_cell(cli_text(row, "key"), 10);
		cli_cell(cli_text(row, "name"), 30);
		(void)printf("  %s\n", cli_text(row, "title"));
	}
	json_decref(p.list);
	rc = 0;
out:
	session_clear(&s);
	return rc;
}

/* The sheet that lies on the table: to be printed, signed, and typed back with `session attend`. */
static int session_sheet(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *out = NULL;
	const struct cli_option options[] = {{.name = "out", .text = &out}, {.name = NULL}};
	struct session s = {0};
	struct session_people p;
	char *subject;
	json_t *row;
	size_t i;
	int rc;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 || session_named(c, argv[1], &s, e) < 0)
		return -1;
	subject = mem_printf("session/%lld", (long long)s.id);
	rc = cli_audit(c, "session.sheet", subject, "", e);
	free(subject);
	if (rc < 0 || report_session_people(c->store, s.id, &p, e) < 0) {
		session_clear(&s);
		return -1;
	}
	if (c->json || out != NULL) {
		rc = out != NULL ? report_session_sheet(&c->house->report, &s, &p, out,
							clock_now_ms(), e)
				 : 0;
		if (rc == 0 && c->json)
			rc = cli_print_json(json_incref(p.list));
		else if (rc == 0)
			(void)printf("%s: %zu người\n", out, json_array_size(p.list));
		json_decref(p.list);
		session_clear(&s);
		return rc;
	}
	(void)printf("%s\nDANH SÁCH NGƯỜI ĐƯỢC MỜI\n", c->house->cfg.unit.office);
	session_head(&s);
	(void)printf("\n%-4s", "STT");
	cli_cell("Mã", 10);
	cli_cell("Họ và tên", 30);
	cli_cell("Năm sinh", 10);
	cli_cell("Tổ", 10);
	(void)printf("Có mặt  Ký tên\n");
	json_array_foreach(p.list, i, row)
	{
		(void)printf("%-4zu", i + 1);
		cli_cell(cli_text(row, "key"), 10);
		cli_cell(cli_text(row, "name"), 30);
		cli_cell(cli_text(row, "birth_year"), 10);
		cli_cell(cli_text(row, "group"), 10);
		(void)printf("[ ]     ____________________\n");
	}
	(void)printf("\n");
	session_left_out(&p);
	(void)printf("Cộng: %zu người. Người lập: %s\n", json_array_size(p.list), cli_who());
	json_decref(p.list);
	session_clear(&s);
	return 0;
}

/* ---- changing ------------------------------------------------------------------------------ */

/* Options that say where and when; what is left out stays as it is in s. */
struct session_wish {
	const char *day, *hours, *place, *unit, *team, *documents;
	long seats;
};

static int session_apply(struct cli *c, const struct session_wish *w, struct session *s,
			 struct err *e)
{
	int64_t day;
	int until;

	if (w->day != NULL) {
		if (conf_parse_date(w->day, &day) < 0)
			return err_set(e, EX_USAGE,
				       "--day phải viết như 12/06/2023, không phải \"%s\"",
				       w->day);
		s->day = (civil_day)day;
	}
	if (w->hours != NULL) {
		if (!listing_hours(w->hours, &s->opens, &until) || until < 0)
			return err_set(e, EX_USAGE,
				       "--hours phải viết như 07:30-11:00, không phải \"%s\"",
				       w->hours);
		s->closes = until;
	}
	if (w->place != NULL) {
		free(s->place);
		s->place = mem_strdup(w->place);
	}
	if (w->team != NULL) {
		free(s->team);
		s->team = mem_strdup(w->team);
	}
	if (w->documents != NULL) {
		free(s->documents);
		s->documents = mem_strdup(w->documents);
	}
	if (w->seats > 0)
		s->seats = (int)w->seats;
	if (w->place != NULL || w->unit != NULL)
		return campaign_place_unit(c->store, w->unit != NULL ? w->unit : s->place,
					   &s->unit_id, e);
	return 0;
}

static int session_add(struct cli *c, int argc, char **argv, struct err *e)
{
	struct session_wish w = {.day = NULL};
	const char *programme = NULL;
	const struct cli_option options[] = {
	    {.name = "programme", .text = &programme},
	    {.name = "day", .text = &w.day},
	    {.name = "hours", .text = &w.hours},
	    {.name = "place", .text = &w.place},
	    {.name = "unit", .text = &w.unit},
	    {.name = "team", .text = &w.team},
	    {.name = "documents", .text = &w.documents},
	    {.name = "seats", .number = &w.seats},
	    {.name = NULL},
	};
	const struct programme *p;
	struct session s = {0};
	enum session_put what;
	int rc;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (w.day == NULL || w.hours == NULL || w.place == NULL || w.seats <= 0)
		return err_set(e, EX_USAGE,
			       "session add --day D --hours H-H --place P --seats N");
	if (cli_open(c, STORE_WRITER, e) < 0 ||
	    (p = session_programme(c, programme, e)) == NULL)
		return -1;
	s.programme = mem_strdup(p->name);
	rc = session_apply(c, &w, &s, e);
	if (rc == 0)
		rc = campaign_sessions_put(c->store, &c->house->campaign, &s, 1, &what,
					   cli_who(), e);
	if (rc == 0) {
		cli_changed(c);
		rc = c->json ? cli_print_json(session_json(&s)) : 0;
		if (!c->json)
			(void)printf("Buổi số %lld.\n", (long long)s.id);
	}
	session_clear(&s);
	return rc;
}

static int session_changed(struct cli *c, const struct session_change *n)
{
	cli_changed(c);
	if (c->json)
		return cli_print_json(json_pack("{s:i,s:i,s:i}", "corrected", n->corrected,
						"withdrawn", n->withdrawn, "by_hand",
						n->by_hand));
	(void)printf(
	    "Đã mời và được đính chính: %d; chưa kịp mời, sẽ mời lại: %d; phải báo trực "
	    "tiếp: %d\n",
	    n->corrected, n->withdrawn, n->by_hand);
	return 0;
}

static int session_cancel(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *reason = "hoãn";
	const struct cli_option options[] = {{.name = "reason", .text = &reason},
					     {.name = NULL}};
	struct session_change n = {0};
	int64_t id;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 ||
	    campaign_session_cancel(c->store, &c->house->campaign, id, reason, cli_who(), &n,
				    e) < 0)
		return -1;
	return session_changed(c, &n);
}

static int session_move(struct cli *c, int argc, char **argv, struct err *e)
{
	struct session_wish w = {.day = NULL};
	const struct cli_option options[] = {{.name = "day", .text = &w.day},
					     {.name = "hours", .text = &w.hours},
					     {.name = "place", .text = &w.place},
					     {.name = "unit", .text = &w.unit},
					     {.name = NULL}};
	struct session s = {0};
	struct session_change n = {0};
	int rc;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0)
		return -1;
	if (w.day == NULL && w.hours == NULL && w.place == NULL)
		return err_set(e, EX_USAGE, "session move ID --day, --hours hoặc --place");
	if (cli_open(c, STORE_WRITER, e) < 0 || session_named(c, argv[1], &s, e) < 0)
		return -1;
	rc = session_apply(c, &w, &s, e);
	if (rc == 0)
		rc = campaign_session_move(c->store, &c->house->campaign, s.id, &s, cli_who(),
					   &n, e);
	session_clear(&s);
	return rc < 0 ? -1 : session_changed(c, &n);
}

/* The recipient KEY of the session's programme. */
static int session_recipient(struct cli *c, int64_t session_id, const char *key, int64_t *id,
			     struct err *e)
{
	struct session s = {0};
	struct recipient r = {0};
	int rc = store_session_get(c->store, session_id, &s, e);

	if (rc == 0)
		return err_set(e, EX_NOINPUT, "không có buổi số %lld", (long long)session_id);
	if (rc > 0)
		rc = store_recipient_find(c->store, s.programme, key, &r, e);
	if (rc == 0)
		rc = err_set(e, EX_NOINPUT, "không có mã \"%s\" trong chương trình \"%s\"", key,
			     s.programme);
	*id = r.id;
	recipient_clear(&r);
	session_clear(&s);
	return rc < 0 ? -1 : 0;
}

static int session_attend_rest(struct cli *c, int64_t id, struct err *e)
{
	int n = 0;

	if (campaign_session_close(c->store, id, cli_who(), &n, e) < 0)
		return -1;
	cli_changed(c);
	if (c->json)
		return cli_print_json(json_pack("{s:i}", "absent", n));
	(void)printf("Ghi vắng %d người; ai chưa mời đủ số lần sẽ được mời lại buổi sau.\n", n);
	return 0;
}

static int session_attend(struct cli *c, int argc, char **argv, struct err *e)
{
	bool rest = false, seated = false;
	const struct cli_option options[] = {{.name = "rest-absent", .flag = &rest},
					     {.name = NULL}};
	int n = cli_parse(c, argc, argv, options, 1, 3, e), rc = 0;
	int64_t id = 0, recipient = 0;
	enum seat_state came;

	if (n < 0 || (id = cli_id(argv[1], e)) < 0)
		return -1;
	if (rest ? n != 1 : n != 3)
		return err_set(e, EX_USAGE,
			       "session attend ID MÃ came|absent, hoặc ID --rest-absent");
	if (cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	if (rest)
		return session_attend_rest(c, id, e);
	if (strcmp(argv[3], "came") != 0 && strcmp(argv[3], "absent") != 0)
		return err_set(e, EX_USAGE, "\"%s\": came hoặc absent", argv[3]);
	came = argv[3][0] == 'c' ? SEAT_CAME : SEAT_ABSENT;
	if (session_recipient(c, id, argv[2], &recipient, e) < 0)
		return -1;
	rc = campaign_session_attend(c->store, &c->house->campaign, id, recipient, came,
				     cli_who(), &seated, e);
	if (rc < 0)
		return -1;
	cli_changed(c);
	(void)printf("%s: %s\n", argv[2],
		     rc == 0 && !seated ? "không có lịch hẹn ở buổi này, không ghi gì"
					: seat_titles[came]);
	return 0;
}

static int session_seat(struct cli *c, int argc, char **argv, struct err *e)
{
	int64_t id = 0, recipient = 0;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 ||
	    session_recipient(c, id, argv[2], &recipient, e) < 0)
		return -1;
	rc = campaign_session_seat(c->store, id, recipient, cli_who(), e);
	if (rc == 0)
		return err_set(e, EX_DATAERR,
			       "buổi số %s hết chỗ hoặc đã hủy, hoặc người này đã có lịch hẹn",
			       argv[1]);
	if (rc > 0)
		(void)printf("%s: đã giữ một lượt ở buổi số %s (chưa nhắn tin)\n", argv[2],
			     argv[1]);
	return rc < 0 ? -1 : 0;
}

int cmd_session(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"list", session_list},	{"show", session_show},	  {"add", session_add},
	    {"cancel", session_cancel}, {"move", session_move},	  {"attend", session_attend},
	    {"seat", session_seat},	{"sheet", session_sheet}, {NULL, NULL},
	};

	return cli_verb(c, verbs, argc, argv);
}
