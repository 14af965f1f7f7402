/* SPDX-License-Identifier: Apache-2.0 */
/* The sheet that lies on the table of a session. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "paper/paper.h"
#include "report/document.h"
#include "report/figures.h"
#include "report/view.h"
#include "store/recipient.h"
#include "text/phone.h"

#define SESSION_TEXT	 "report/session.txt"
#define SESSION_TEXT_MAX (64u * 1024)
/* Lines for those who come without an appointment. */
#define SESSION_EMPTY 5

static int session_compare(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	const char *s = json_string_value(json_object_get(*x, "sort"));
	const char *t = json_string_value(json_object_get(*y, "sort"));

	return strcmp(s != NULL ? s : "", t != NULL ? t : "");
}

/* take in order of its member "sort", which is taken out. Yours. */
static json_t *session_order(json_t *take)
{
	size_t n = json_array_size(take);
	json_t **rows = mem_calloc(n + 1, sizeof(json_t *)), *out = json_array();

	for (size_t i = 0; i < n; i++)
		rows[i] = json_array_get(take, i);
	qsort(rows, n, sizeof(json_t *), session_compare);
	for (size_t i = 0; i < n; i++) {
		json_object_del(rows[i], "sort");
		json_array_append(out, rows[i]);
	}
	free(rows);
	json_decref(take);
	return out;
}

struct session_gather {
	struct store *st;
	struct session_people *out;
	struct err *e;
	int rc;
};

static bool session_person(const struct seat *s, void *arg)
{
	static const char *const names[][2] = {[SEAT_INVITED] = {"invited", "đã mời"},
					       [SEAT_CAME] = {"came", "đã đến"},
					       [SEAT_ABSENT] = {"absent", "vắng"}};
	struct session_gather *g = arg;
	struct recipient r = {0};
	char masked[32], birth[8] = "";
	int found = store_recipient_get(g->st, s->recipient_id, &r, g->e);

	if (found == 1 && (r.hold == HOLD_DECEASED || r.hold == HOLD_DECEASED_SUSPECTED)) {
		g->out->left_out++;
	} else if (found == 1) {
		phone_mask(r.number, masked);
		if (r.birth_year > 0)
			(void)snprintf(birth, sizeof(birth), "%d", r.birth_year % 10000);
		g->out->by_state[s->state]++;
		json_array_append_new(
		    g->out->list,
		    json_pack("{s:I, s:s, s:s?, s:s?, s:s, s:s?, s:I, s:s, s:s, s:s, s:b, s:b}",
			      "recipient", (json_int_t)r.id, "key", r.key, "name", r.name,
			      "sort", r.name_sort, "birth_year", birth, "group", r.group,
			      "unit_id", (json_int_t)r.unit_id, "number", masked, "state",
			      names[s->state][0], "title", names[s->state][1], "by_hand",
			      s->campaign_id == 0, "open", s->state == SEAT_INVITED));
	}
	recipient_clear(&r);
	g->rc = found < 0 ? -1 : 0;
	return found >= 0;
}

int report_session_people(struct store *st, int64_t session_id, struct session_people *out,
			  struct err *e)
{
	struct session_gather g = {.st = st, .out = out, .e = e};

	*out = (struct session_people){.list = json_array()};
	if (store_seat_list(st, session_id, session_person, &g, e) < 0 || g.rc < 0) {
		json_decref(out->list);
		out->list = NULL;
		return -1;
	}
	out->list = session_order(out->list);
	return 0;
}

static bool session_place(struct paper *p, const char *name, void *arg)
{
	static const struct grid_column columns[] = {
	    {10, GRID_CENTRE}, {20, GRID_LEFT},	  {0, GRID_LEFT}, {16, GRID_CENTRE},
	    {16, GRID_LEFT},   {14, GRID_CENTRE}, {34, GRID_LEFT}};
	const json_t *people = arg, *person;
	struct grid *g;
	size_t i;

	if (strcmp(name, "danh_sach") != 0)
		return false;
	g = grid_new(7, columns, 1);
	grid_head(g, "Stt", 1, 1);
	grid_head(g, "Mã", 1, 1);
	grid_head(g, "Họ và tên", 1, 1);
	grid_head(g, "Năm sinh", 1, 1);
	grid_head(g, "Tổ", 1, 1);
	grid_head(g, "Có mặt", 1, 1);
	grid_head(g, "Ký tên", 1, 1);
	json_array_foreach(people, i, person)
	{
		grid_number(g, (int64_t)i + 1);
		grid_text(g, figures_text(person, "key"));
		grid_text(g, figures_text(person, "name"));
		grid_text(g, figures_text(person, "birth_year"));
		grid_text(g, figures_text(person, "group"));
		grid_box(g);
		grid_text(g, "");
	}
	grid_section(g, "Đến không hẹn trước");
	for (int k = 0; k < SESSION_EMPTY; k++) {
		grid_number(g, (int64_t)json_array_size(people) + k + 1);
		for (int c = 0; c < 4; c++)
			grid_text(g, "");
		grid_box(g);
		grid_text(g, "");
	}
	paper_grid(p, g);
	grid_free(g);
	return true;
}

static const char *session_clock(int minute, char out[8])
{
	(void)snprintf(out, 8, "%02u:%02u", (unsigned)minute / 60 % 25, (unsigned)minute % 60);
	return out;
}

int report_session_sheet(const struct report_house *h, const struct session *s,
			 const struct session_people *people, const char *path, int64_t now,
			 struct err *e)
{
	struct buf text = BUF_INIT(SESSION_TEXT_MAX);
	char today[16], day[16], from[8], to[8];
	struct paper *p = NULL;
	json_t *model;
	int rc;

	civil_day_format_iso(civil_day_of(now), today);
	civil_day_format_iso(s->day, day);
	model = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}",
			  "co_quan", h->house->office, "xa", h->house->commune, "ten_the",
			  h->house->card_name, "ngay_in", today, "ngay", day, "tu",
			  session_clock(s->opens, from), "den", session_clock(s->closes, to),
			  "noi", s->place, "phu_trach", s->team != NULL ? s->team : "",
			  "giay_to", s->documents != NULL ? s->documents : "", "so_nguoi",
			  (json_int_t)json_array_size(people->list), "so_buoi",
			  (json_int_t)s->id, "khong_ghi", "");
	/* Nobody left out is nothing to be said. */
	if (people->left_out > 0)
		json_object_set_new(model, "khong_ghi", json_sprintf("%d", people->left_out));
	rc = view_render(h->house->templates, SESSION_TEXT, 0, model, &text, e) > 0 ? 0 : -1;
	json_decref(model);
	if (rc == 0)
		rc = paper_open(path, "Danh sách buổi đặt máy", &p, e);
	if (rc == 0)
		rc = paper_write(p, buf_text(&text), session_place,
				 people->list, e);
	if (rc == 0) {
		rc = paper_close(p, e);
	} else {
		paper_abandon(p);
		rc = -1;
	}
	buf_free(&text);
	return rc;
}
