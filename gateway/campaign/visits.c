/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of those to be visited: who, what to say, and room to note what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "campaign/carry_list.h"
#include "paper/book.h"
#include "paper/paper.h"
#include "text/vi.h"

#define VISITS_TEXT_MAX (64u * 1024)
#define VISITS_LIST	"visit/list.txt"

struct visits {
	const struct campaign_plan *p;
	const struct carry_request *q;
	struct carry_list list;
	struct plan_writer writer;
	struct paper *paper;
	struct book *book;
	struct carry_result *out;
	size_t from, to; /* the hamlet at hand */
	struct err *e;
};

static int64_t visits_of_audience(const struct visits *w, int audience)
{
	int64_t n = 0;

	for (size_t i = w->from; i < w->to; i++)
		n += w->list.items[i].audience == audience;
	return n;
}

static int64_t visits_of_group(const struct visits *w, size_t i)
{
	int64_t n = 0;

	for (size_t k = w->from; k < w->to; k++)
		n += strcmp(w->list.items[k].group_sort, w->list.items[i].group_sort) == 0;
	return n;
}

/* What to say to each audience that is on the list: a text without a person in it. */
static int visits_say(struct visits *w, struct buf *out)
{
	json_t *more = carry_more(w->p, w->q->now, 0, "");
	struct recipient nobody = {0};
	struct buf text = BUF_INIT(VISITS_TEXT_MAX);
	int rc = 0;

	w->writer.r = &nobody;
	w->writer.unit = plan_units_find(&w->list.units, w->list.items[w->from].r.unit_id);
	for (int a = 0; rc == 0 && a < w->p->n_audiences; a++) {
		const struct programme_audience *audience = w->p->audiences[a].a;
		int64_t n = visits_of_audience(w, a);
		char *file = carry_text_file(w->p, "visit", a);
		struct carry_text t = {0};
		char count[32];

		if (n > 0) {
			rc = carry_text_load(&t, w->p, file,
					     w->p->place_parameter != NULL
						 ? w->p->place_parameter
						 : audience->place,
					     more, w->e);
			if (rc == 0)
				rc = carry_text_write(&t, &w->writer, &text, w->e);
			vi_number(n, count);
			if (rc == 0)
				rc = buf_addf(out, "**%s: %s (%s %s).** %s\n", audience->id,
					      audience->title, count, w->p->programme->row,
					      buf_text(&text));
			carry_text_free(&t);
		}
		free(file);
	}
	buf_free(&text);
	json_decref(more);
	return rc;
}

static void visits_head(struct grid *g)
{
	grid_head(g, "Stt", 1, 2);
	grid_head(g, "Họ và tên", 1, 2);
	grid_head(g, "Mã", 1, 2);
	grid_head(g, "Đối tượng", 1, 2);
	grid_head(g, "Kết quả (đánh dấu)", 3, 1);
	grid_head(g, "Số điện thoại mới", 1, 2);
	grid_head(g, "Ghi chú", 1, 2);
	grid_head(g, "Sẽ đến", 1, 1);
	grid_head(g, "Đã có", 1, 1);
	grid_head(g, "Không gặp", 1, 1);
}

static void visits_row(const struct visits *w, struct grid *g, size_t i)
{
	const struct carry_person *c = &w->list.items[i];
	char note[64] = "", day[16];

	if (c->why == EXCLUDED_UNCONFIRMED)
		(void)snprintf(note, sizeof(note), "hỏi lại số");
	else if (c->why == EXCLUDED_WRONG_PERSON)
		(void)snprintf(note, sizeof(note), "số cũ của người khác");
	else if (c->handed_at > 0) {
		civil_day_format_vi(civil_day_of(c->handed_at), day);
		day[5] = '\0';
		(void)snprintf(note, sizeof(note), "đã giao %s", day);
	}
	grid_number(g, (int64_t)(i - w->from + 1));
	grid_text(g, c->r.name != NULL ? c->r.name : "");
	grid_text(g, c->r.key != NULL ? c->r.key : "");
	grid_text(g, w->p->audiences[c->audience].a->id);
	grid_box(g);
	grid_box(g);
	grid_box(g);
	grid_text(g, "");
	grid_text(g, note);
}

static struct grid *visits_grid(const struct visits *w)
{
	static const struct grid_column columns[] = {
	    {9, GRID_CENTRE},  {0, GRID_LEFT},	  {18, GRID_LEFT},
	    {14, GRID_CENTRE}, {10, GRID_CENTRE}, {10, GRID_CENTRE},
	    {13, GRID_CENTRE}, {24, GRID_LEFT},	  {20, GRID_LEFT}};
	struct grid *g = grid_new(9, columns, 2);
	const char *last = NULL;

	visits_head(g);
	for (size_t i = w->from; i < w->to; i++) {
		const struct carry_person *c = &w->list.items[i];
		const char *group =
		    c->r.group != NULL && *c->r.group != '\0' ? c->r.group : "Chưa rõ tổ";
		char title[160], count[32];

		if (last == NULL || strcmp(last, c->group_sort) != 0) {
			vi_number(visits_of_group(w, i), count);
			(void)snprintf(title, sizeof(title), "%.*s (%s %s)",
				       buf_fit(group, 100), group, count, w->p->programme->row);
			grid_section(g, title);
			last = c->group_sort;
		}
		visits_row(w, g, i);
	}
	return g;
}

static bool visits_place(struct paper *p, const char *name, void *arg)
{
	struct visits *w = arg;
	struct buf text = BUF_INIT(VISITS_TEXT_MAX);
	bool known = true;

	if (strcmp(name, "danh_sach") == 0) {
		struct grid *g = visits_grid(w);

		paper_grid(p, g);
		grid_free(g);
	} else if (strcmp(name, "noi_dung") == 0) {
		/* what goes wrong here is in w->e */
		known = visits_say(w, &text) == 0 &&
			paper_write(p, buf_text(&text), NULL, NULL, w->e) == 0;
	} else {
		known = false;
	}
	buf_free(&text);
	return known;
}

static void visits_sheet(struct visits *w, const char *hamlet)
{
	struct grid *g = visits_grid(w);
	char *title = mem_printf("DANH SÁCH ĐẾN NHÀ: %s\n%s", hamlet, w->p->row->name);

	book_grid(w->book, *hamlet != '\0' ? hamlet : "Chưa rõ", title, g);
	free(title);
	grid_free(g);
}

static int visits_hamlet(struct visits *w)
{
	const char *hamlet = carry_list_label(&w->list, w->from);
	json_t *more = carry_more(w->p, w->q->now, (int64_t)(w->to - w->from),
				  *hamlet != '\0' ? hamlet : "chưa rõ địa bàn");
	struct recipient nobody = {0};
	struct buf text = BUF_INIT(VISITS_TEXT_MAX);
	struct carry_text t;
	int rc = carry_text_load(&t, w->p, VISITS_LIST, NULL, more, w->e);

	w->writer.r = &nobody;
	w->writer.unit = NULL;
	if (rc == 0)
		rc = carry_text_write(&t, &w->writer, &text, w->e);
	if (rc == 0) {
		paper_begin(w->paper);
		rc = paper_write(w->paper, buf_text(&text), visits_place, w, w->e);
	}
	if (rc == 0 && w->book != NULL)
		visits_sheet(w, hamlet);
	w->writer.r = NULL;
	w->out->units++;
	w->out->people += (int64_t)(w->to - w->from);
	buf_free(&text);
	carry_text_free(&t);
	json_decref(more);
	return rc;
}

static int visits_all(struct visits *w, const char *pdf, const char *xlsx)
{
	int rc = 0;

	if (w->list.n == 0)
		return err_set(w->e, EX_NOINPUT,
			       "không có ai cần đến nhà: mọi người đều có số nhắn tin được");
	if (paper_open(pdf, w->p->row->name, &w->paper, w->e) < 0)
		return -1;
	if (xlsx != NULL)
		rc = book_open(xlsx, false, &w->book, w->e);
	for (; rc == 0 && w->from < w->list.n; w->from = w->to) {
		w->to = carry_list_hamlet(&w->list, w->from);
		rc = visits_hamlet(w);
	}
	w->out->pages = paper_pages(w->paper);
	if (rc < 0) {
		paper_abandon(w->paper);
		book_abandon(w->book);
		return -1;
	}
	rc = paper_close(w->paper, w->e);
	if (w->book != NULL && book_close(w->book, w->e) < 0)
		rc = -1;
	return rc;
}

int carry_visits(struct store *st, const struct campaign_plan *p, const char *pdf,
		 const char *xlsx, const struct carry_request *q, struct carry_result *out,
		 struct err *e)
{
	struct visits w = {.p = p, .q = q, .out = out, .e = e};
	int rc;

	memset(out, 0, sizeof(*out));
	plan_writer_init(&w.writer, p);
	rc = carry_list_load(&w.list, st, p, HANDED_VISIT, q, e);
	if (rc == 0)
		rc = visits_all(&w, pdf, xlsx);
	plan_writer_free(&w.writer);
	carry_list_free(&w.list);
	return rc;
}
