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

json_t *report_session_order(json_t *take)
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
			 const json_t *people, const char *path, int64_t now, struct err *e)
{
	struct buf text = BUF_INIT(SESSION_TEXT_MAX);
	char today[16], day[16], from[8], to[8];
	struct paper *p = NULL;
	json_t *model;
	int rc;

	civil_day_format_iso(civil_day_of(now), today);
	civil_day_format_iso(s->day, day);
	model = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}",
			  "co_quan", h->house->office, "xa", h->house->commune, "ten_the",
			  h->house->card_name, "ngay_in", today, "ngay", day, "tu",
			  session_clock(s->opens, from), "den", session_clock(s->closes, to),
			  "noi", s->place, "phu_trach", s->team != NULL ? s->team : "",
			  "giay_to", s->documents != NULL ? s->documents : "", "so_nguoi",
			  (json_int_t)json_array_size(people), "so_buoi", (json_int_t)s->id);
	rc = view_render(h->house->templates, SESSION_TEXT, 0, model, &text, e) > 0 ? 0 : -1;
	json_decref(model);
	if (rc == 0)
		rc = paper_open(path, "Danh sách buổi đặt máy", &p, e);
	if (rc == 0)
		rc = paper_write(p, buf_text(&text), session_place, (void *)(uintptr_t)people,
				 e);
	if (rc == 0) {
		rc = paper_close(p, e);
	} else {
		paper_abandon(p);
		rc = -1;
	}
	buf_free(&text);
	return rc;
}
