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
#define HAMLET_HALF	6 /* columns for one of the two who share a row */

struct hamlet_row {
	char *name, *key, *group, *sort, *group_sort;
	size_t programme, state;
};

struct hamlet {
	const struct report_house *h;
	int64_t unit_id;
	size_t programme; /* being read */
	struct hamlet_row *items;
	size_t n, cap;
	/* [programme][state]: the number under which what is to be done there is explained; 0 = with nobody */
	int (*task)[PROGRAMME_MAX_STATES];
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
	    .state = (size_t)r->state,
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

/* "1: chưa có tài khoản mức 2; 2: …": numbers the states that somebody on the list is in. Yours. */
static char *hamlet_tasks(struct hamlet *w)
{
	struct buf text = BUF_INIT(HAMLET_TEXT_MAX);
	int n = 0;

	w->task = mem_calloc(w->h->n_programmes + 1, sizeof(*w->task));
	for (size_t i = 0; i < w->n; i++)
		w->task[w->items[i].programme][w->items[i].state] = 1;
	for (size_t p = 0; p < w->h->n_programmes; p++) {
		for (size_t s = 0; s < PROGRAMME_MAX_STATES; s++) {
			if (w->task[p][s] == 0)
				continue;
			w->task[p][s] = ++n;
			(void)buf_addf(&text, "%s%d: %s", n > 1 ? "; " : "", n,
				       programme_state_at(w->h->programmes[p], (int)s)->title);
		}
	}
	return text.len > 0 ? buf_take(&text) : mem_strdup("");
}

static void hamlet_cells(const struct hamlet *w, struct grid *g, size_t i)
{
	static const char GROUP[] = "Tổ ";
	const struct hamlet_row *r = &w->items[i];
	bool said = strncmp(r->group, GROUP, strlen(GROUP)) == 0; /* the heading says it */

	grid_number(g, (int64_t)i + 1);
	grid_text(g, r->group + (said ? strlen(GROUP) : 0));
	grid_text(g, r->name);
	grid_text(g, r->key);
	grid_number(g, w->task[r->programme][r->state]);
	grid_box(g);
}

/* Two people a row, in small letters: a head carries one page along, not a book. */
static bool hamlet_place(struct paper *p, const char *name, void *arg)
{
	static const char *const heads[HAMLET_HALF] = {"Stt", "Tổ",   "Họ và tên",
						       "Mã",  "Việc", "Gặp"};
	static const struct grid_column half[HAMLET_HALF] = {
	    {6, GRID_CENTRE},  {6, GRID_CENTRE},   {0, GRID_LEFT},
	    {16.2, GRID_LEFT}, {7.5, GRID_CENTRE}, {7.5, GRID_CENTRE}};
	struct grid_column columns[2 * HAMLET_HALF];
	const struct hamlet *w = arg;
	struct grid *g;

	if (strcmp(name, "den_nha") != 0)
		return false;
	for (size_t c = 0; c < 2 * HAMLET_HALF; c++)
		columns[c] = half[c % HAMLET_HALF];
	g = grid_new(2 * HAMLET_HALF, columns, 1);
	g->small = true;
	for (size_t c = 0; c < 2 * HAMLET_HALF; c++)
		grid_head(g, heads[c % HAMLET_HALF], 1, 1);
	for (size_t i = 0; i < w->n; i++) {
		bool last = i + 1 == w->n || w->items[i + 1].programme != w->items[i].programme;

		if (i == 0 || w->items[i - 1].programme != w->items[i].programme)
			grid_section(g, w->h->programmes[w->items[i].programme]->title);
		hamlet_cells(w, g, i);
		for (size_t c = g->n % (2 * HAMLET_HALF); last && c > 0 && c < 2 * HAMLET_HALF;
		     c++)
			grid_text(g, "");
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
	free(w->task);
}

int report_hamlet_pdf(struct store *st, const struct report_house *h, const json_t *figures,
		      const char *unit, const char *path, struct err *e)
{
	struct hamlet w = {.h = h};
	json_t *model = digest_model(h, figures, unit, e);
	struct buf text = BUF_INIT(HAMLET_TEXT_MAX);
	struct paper *p = NULL;
	char *tasks;
	int rc = model == NULL ? -1 : hamlet_read(&w, st, unit, e);

	if (rc == 0) {
		json_object_set_new(model, "xa", json_string(h->house->commune));
		tasks = hamlet_tasks(&w);
		json_object_set_new(model, "viec", json_string(tasks));
		free(tasks);
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
