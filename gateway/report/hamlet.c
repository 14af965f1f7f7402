/* SPDX-License-Identifier: Apache-2.0 */
/* What a hamlet head is given: counts, and whom to visit. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "paper/paper.h"
#include "report/digest.h"
#include "report/document.h"
#include "report/heads.h"
#include "report/view.h"
#include "roster/programme.h"
#include "text/vi.h"

#define HAMLET_TEXT	"digest/hamlet-paper.txt"
#define HAMLET_TEXT_MAX (64u * 1024)

struct hamlet_row {
	char *name, *key, *group, *sort, *group_sort;
	const char *state; /* borrowed from the programme */
	size_t programme;
};

struct hamlet {
	const struct report_house *h;
	int64_t unit_id;
	size_t programme; /* being read */
	struct hamlet_row *items;
	size_t n, cap;
};

static bool hamlet_take(const struct recipient *r, void *arg)
{
	struct hamlet *w = arg;
	const struct programme_state *state =
	    programme_state_at(w->h->programmes[w->programme], r->state);
	bool number = r->contact_id != 0 &&
		      (r->contact_flags & (CONTACT_DEAD_NUMBER | CONTACT_WRONG_PERSON)) == 0;

	if (r->unit_id != w->unit_id || r->hold != HOLD_NONE || number || state == NULL ||
	    state->done || (r->contact_flags & CONTACT_OPTED_OUT) != 0)
		return true;
	w->items = mem_grow(w->items, &w->cap, w->n + 1, sizeof(*w->items));
	w->items[w->n++] = (struct hamlet_row){
	    .name = mem_strdup(r->name != NULL ? r->name : ""),
	    .key = mem_strdup(r->key != NULL ? r->key : ""),
	    .group = mem_strdup(r->group != NULL ? r->group : ""),
	    .sort = vi_name_sort_key(r->name != NULL ? r->name : ""),
	    .group_sort = vi_fold(r->group != NULL ? r->group : ""),
	    .state = state->title,
	    .programme = w->programme,
	};
	return true;
}

static int hamlet_compare(const void *a, const void *b)
{
	const struct hamlet_row *x = a, *y = b;
	int order;

	if (x->programme != y->programme)
		return x->programme < y->programme ? -1 : 1;
	order = vi_compare_natural(x->group_sort, y->group_sort);
	return order != 0 ? order : strcmp(x->sort, y->sort);
}

static int hamlet_read(struct hamlet *w, struct store *st, const char *unit, struct err *e)
{
	int rc = store_unit_find(st, unit, &w->unit_id, e);

	if (rc == 0)
		return err_set(e, EX_DATAERR, "không có đơn vị nào tên \"%s\"", unit);
	for (w->programme = 0; rc >= 0 && w->programme < w->h->n_programmes; w->programme++)
		rc = store_recipient_scan(st, w->h->programmes[w->programme]->name, 0, SIZE_MAX,
					  true, hamlet_take, w, e);
	if (rc >= 0 && w->n > 0)
		qsort(w->items, w->n, sizeof(*w->items), hamlet_compare);
	return rc < 0 ? -1 : 0;
}

static bool hamlet_place(struct paper *p, const char *name, void *arg)
{
	static const struct grid_column columns[] = {{10, GRID_CENTRE}, {15, GRID_LEFT},
						     {0, GRID_LEFT},	{18, GRID_LEFT},
						     {58, GRID_LEFT},	{16, GRID_CENTRE}};
	const struct hamlet *w = arg;
	struct grid *g;

	if (strcmp(name, "den_nha") != 0)
		return false;
	g = grid_new(6, columns, 1);
	grid_head(g, "Stt", 1, 1);
	grid_head(g, "Tổ", 1, 1);
	grid_head(g, "Họ và tên", 1, 1);
	grid_head(g, "Mã", 1, 1);
	grid_head(g, "Tình trạng", 1, 1);
	grid_head(g, "Đã gặp", 1, 1);
	for (size_t i = 0; i < w->n; i++) {
		const struct hamlet_row *r = &w->items[i];

		if (i == 0 || w->items[i - 1].programme != r->programme)
			grid_section(g, w->h->programmes[r->programme]->title);
		grid_number(g, (int64_t)i + 1);
		grid_text(g, r->group);
		grid_text(g, r->name);
		grid_text(g, r->key);
		grid_text(g, r->state);
		grid_box(g);
	}
	paper_grid(p, g);
	grid_free(g);
	return true;
}

static void hamlet_free(struct hamlet *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->items[i].name);
		free(w->items[i].key);
		free(w->items[i].group);
		free(w->items[i].sort);
		free(w->items[i].group_sort);
	}
	free(w->items);
}

int report_hamlet_pdf(struct store *st, const struct report_house *h, const json_t *figures,
		      const char *unit, const char *path, struct err *e)
{
	struct hamlet w = {.h = h};
	json_t *model = digest_model(h, figures, unit, e);
	struct buf text = BUF_INIT(HAMLET_TEXT_MAX);
	struct paper *p = NULL;
	int rc = model == NULL ? -1 : hamlet_read(&w, st, unit, e);

	if (rc == 0) {
		json_object_set_new(model, "xa", json_string(h->house->commune));
		json_object_set_new(model, "so_den_nha", json_integer((json_int_t)w.n));
		json_object_set_new(model, "co_den_nha", json_string(w.n > 0 ? "1" : ""));
		rc = view_render(h->house->templates, HAMLET_TEXT, 0, model, &text, e);
	}
	if (rc > 0)
		rc = paper_open(path, "Bản tin tuần", &p, e);
	if (rc == 0)
		rc = paper_write(p, buf_text(&text), hamlet_place, &w, e);
	if (rc == 0) {
		rc = paper_close(p, e);
	} else {
		paper_abandon(p);
		rc = -1;
	}
	hamlet_free(&w);
	buf_free(&text);
	json_decref(model);
	return rc;
}
