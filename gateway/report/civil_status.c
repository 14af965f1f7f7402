/* SPDX-License-Identifier: Apache-2.0 */
/* The two lists for Tư pháp – Hộ tịch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "paper/paper.h"
#include "report/document.h"
#include "report/heads.h"
#include "report/view.h"
#include "roster/programme.h"
#include "text/vdate.h"
#include "text/vi.h"

#define CIVIL_TEXT     "report/civil-status.txt"
#define CIVIL_TEXT_MAX (64u * 1024)

struct civil_row {
	char *name, *key, *group, *birth, *why, *sort;
	int64_t unit_id;
	size_t programme;
};

struct civil_rows {
	struct civil_row *items;
	size_t n, cap;
};

struct civil_lists {
	const struct programme *p;
	struct units units;
	struct civil_rows dead, birth;
	size_t programme; /* being read */
	bool days;	  /* it knows whole birth dates */
};

static char *civil_birth(const struct recipient *r)
{
	switch (r->birth_precision) {
	case DATE_DAY:
		return mem_printf("%02d/%02d/%d", r->birth_day, r->birth_month, r->birth_year);
	case DATE_MONTH:
		return mem_printf("…/%02d/%d", r->birth_month, r->birth_year);
	case DATE_YEAR:
		return mem_printf("…/…/%d", r->birth_year);
	default:
		return mem_strdup("không có");
	}
}

static char *civil_copy(const char *s)
{
	return mem_strdup(s != NULL ? s : "");
}

static void civil_add(const struct civil_lists *c, struct civil_rows *rows,
		      const struct recipient *r, const char *why)
{
	rows->items = mem_grow(rows->items, &rows->cap, rows->n + 1, sizeof(*rows->items));
	rows->items[rows->n++] = (struct civil_row){
	    .name = civil_copy(r->name),
	    .key = civil_copy(r->key),
	    .group = civil_copy(r->group),
	    .birth = civil_birth(r),
	    .why = civil_copy(why),
	    .sort = vi_name_sort_key(r->name != NULL ? r->name : ""),
	    .unit_id = r->unit_id,
	    .programme = c->programme,
	};
}

static bool civil_take(const struct recipient *r, void *arg)
{
	struct civil_lists *c = arg;
	const struct programme_state *state = programme_state_at(c->p, r->state);

	/* of whom nothing is kept any more there is nothing to look into, dead or not */
	if (r->hold == HOLD_GONE || r->hold == HOLD_PURGED || r->name == NULL)
		return true;
	c->days = c->days || r->birth_precision == DATE_DAY;
	if (r->hold == HOLD_DECEASED || r->hold == HOLD_DECEASED_SUSPECTED)
		civil_add(c, &c->dead, r,
			  r->hold_reason != NULL && *r->hold_reason != '\0' ? r->hold_reason
			  : r->hold == HOLD_DECEASED			    ? "đã mất"
						     : "nghi đã mất");
	else if (r->birth_precision != DATE_DAY && (state == NULL || !state->done))
		civil_add(c, &c->birth, r, state != NULL ? state->title : "");
	return true;
}

static void civil_row_free(struct civil_row *r)
{
	free(r->name);
	free(r->key);
	free(r->group);
	free(r->birth);
	free(r->why);
	free(r->sort);
}

static void civil_rows_cut(struct civil_rows *rows, size_t n)
{
	while (rows->n > n)
		civil_row_free(&rows->items[--rows->n]);
}

/* By programme, hamlet, and given name. */
static int civil_compare(const void *a, const void *b)
{
	const struct civil_row *x = a, *y = b;

	if (x->programme != y->programme)
		return x->programme < y->programme ? -1 : 1;
	if (x->unit_id != y->unit_id)
		return x->unit_id < y->unit_id ? -1 : 1;
	return strcmp(x->sort, y->sort);
}

static int civil_read(struct civil_lists *c, struct store *st, const struct report_house *h,
		      struct err *e)
{
	if (units_load(&c->units, st, e) < 0)
		return -1;
	for (c->programme = 0; c->programme < h->n_programmes; c->programme++) {
		size_t before = c->birth.n;

		c->p = h->programmes[c->programme];
		c->days = false;
		if (store_recipient_scan(st, c->p->name, 0, SIZE_MAX, true, civil_take, c, e) <
		    0)
			return -1;
		if (!c->days) /* a list of years asks nobody for a day */
			civil_rows_cut(&c->birth, before);
	}
	if (c->dead.n > 0)
		qsort(c->dead.items, c->dead.n, sizeof(*c->dead.items), civil_compare);
	if (c->birth.n > 0)
		qsort(c->birth.items, c->birth.n, sizeof(*c->birth.items), civil_compare);
	return 0;
}

static void civil_section(const struct civil_lists *c, struct grid *g,
			  const struct civil_rows *rows, size_t i)
{
	const struct civil_row *r = &rows->items[i];
	const struct unit *u = units_find(&c->units, r->unit_id);
	char *label, *title;

	if (i > 0 && rows->items[i - 1].unit_id == r->unit_id &&
	    rows->items[i - 1].programme == r->programme)
		return;
	label =
	    u != NULL ? mem_printf("%s %s", u->kind, u->name) : mem_strdup("chưa rõ địa bàn");
	title = vi_first_upper(label);
	free(label);
	grid_section(g, title);
	free(title);
}

static struct grid *civil_grid(const struct civil_lists *c, const struct civil_rows *rows,
			       const char *why)
{
	static const struct grid_column columns[] = {
	    {9, GRID_CENTRE},  {0, GRID_LEFT},	{17, GRID_LEFT}, {14, GRID_LEFT},
	    {21, GRID_CENTRE}, {38, GRID_LEFT}, {19, GRID_LEFT}};
	struct grid *g = grid_new(7, columns, 1);

	grid_head(g, "Stt", 1, 1);
	grid_head(g, "Họ và tên", 1, 1);
	grid_head(g, "Mã", 1, 1);
	grid_head(g, "Tổ", 1, 1);
	grid_head(g, "Ngày sinh", 1, 1);
	grid_head(g, why, 1, 1);
	grid_head(g, "Kết quả", 1, 1);
	for (size_t i = 0; i < rows->n; i++) {
		const struct civil_row *r = &rows->items[i];

		civil_section(c, g, rows, i);
		grid_number(g, (int64_t)i + 1);
		grid_text(g, r->name);
		grid_text(g, r->key);
		grid_text(g, r->group);
		grid_text(g, r->birth);
		grid_text(g, r->why);
		grid_text(g, "");
	}
	return g;
}

static bool civil_place(struct paper *p, const char *name, void *arg)
{
	const struct civil_lists *c = arg;
	struct grid *g;

	if (strcmp(name, "da_mat") == 0)
		g = civil_grid(c, &c->dead, "Ghi trong danh sách");
	else if (strcmp(name, "thieu_ngay_sinh") == 0)
		g = civil_grid(c, &c->birth, "Tình trạng");
	else
		return false;
	paper_grid(p, g);
	grid_free(g);
	return true;
}

int report_civil_status(struct store *st, const struct report_house *h, const char *path,
			int64_t now, struct err *e)
{
	struct civil_lists c = {.programme = 0};
	struct buf text = BUF_INIT(CIVIL_TEXT_MAX);
	struct paper *p = NULL;
	json_t *model = NULL;
	char today[16];
	int rc = civil_read(&c, st, h, e);

	if (rc == 0) {
		civil_day_format_iso(civil_day_of(now), today);
		model = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "co_quan",
				  h->house->office, "xa", h->house->commune, "ngay_in", today,
				  "so_da_mat", (json_int_t)c.dead.n, "so_thieu",
				  (json_int_t)c.birth.n, "co_da_mat", c.dead.n > 0 ? "1" : "",
				  "co_thieu", c.birth.n > 0 ? "1" : "");
		rc = view_render(h->house->templates, CIVIL_TEXT, 0, model, &text, e);
	}
	if (rc > 0)
		rc = paper_open(path, "Tư pháp - Hộ tịch", &p, e);
	if (rc == 0)
		rc = paper_write(p, buf_text(&text), civil_place, &c, e);
	if (rc == 0) {
		rc = paper_close(p, e);
	} else {
		paper_abandon(p);
		rc = -1;
	}
	json_decref(model);
	buf_free(&text);
	civil_rows_cut(&c.dead, 0);
	civil_rows_cut(&c.birth, 0);
	free(c.dead.items);
	free(c.birth.items);
	units_free(&c.units);
	return rc;
}
