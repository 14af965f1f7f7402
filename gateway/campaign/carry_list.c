/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/carry_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/rung.h"
#include "text/vi.h"

/* ---- who ------------------------------------------------------------------------------- */

struct carry_pass {
	struct carry_list *list;
	struct store *st;
	const struct campaign_plan *p;
	const struct carry_request *q;
	enum handed_kind kind;
	int64_t unit_id; /* -1 = any */
};

static char *carry_copy(const char *s)
{
	return s != NULL ? mem_strdup(s) : NULL;
}

/* Place of a hamlet: as the programme lists them, then the others as they came, then none. */
static size_t carry_rank(const struct campaign_plan *p, const struct plan_unit *u)
{
	char *const *listed = p->programme->units.items;
	char *fold = u != NULL ? vi_fold(u->name) : NULL;
	size_t rank = p->programme->units.n;

	for (size_t i = 0; fold != NULL && i < p->programme->units.n; i++) {
		char *other = vi_fold(listed[i]);

		if (other != NULL && strcmp(fold, other) == 0)
			rank = i;
		free(other);
	}
	free(fold);
	if (u == NULL)
		return SIZE_MAX;
	return rank < p->programme->units.n ? rank : rank + (size_t)u->id;
}

/* Adds r, unless it is not to be addressed: the dead, the held, the done. */
static void carry_add(struct carry_pass *w, const struct recipient *r, int64_t message_id)
{
	struct carry_list *l = w->list;
	const struct plan_unit *unit = plan_units_find(&l->units, r->unit_id);
	struct carry_person *c;
	int audience = -1;
	enum exclusion why;

	if (w->unit_id >= 0 && r->unit_id != w->unit_id)
		return;
	why = plan_judge(w->p, r, unit, &audience);
	if (audience < 0 ||
	    (!exclusion_of_number(why) && (message_id == 0 || why != EXCLUDED_COUNT)))
		return;
	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	c = &l->items[l->n++];
	*c = (struct carry_person){
	    .r = {.id = r->id,
		  .key = carry_copy(r->key),
		  .unit_id = r->unit_id,
		  .group = carry_copy(r->group),
		  .name = carry_copy(r->name),
		  .sex = r->sex,
		  .birth_year = r->birth_year,
		  .facts = carry_copy(r->facts),
		  .source_row = r->source_row},
	    .sort = vi_name_sort_key(r->name != NULL ? r->name : ""),
	    .group_sort = vi_fold(r->group != NULL ? r->group : ""),
	    .rank = carry_rank(w->p, unit),
	    .audience = audience,
	    .why = why,
	    .message_id = message_id,
	};
}

static bool carry_take(const struct recipient *r, void *arg)
{
	carry_add(arg, r, 0);
	return true;
}

/* ---- those whom the ladder has brought here ------------------------------------------------ */

struct carry_rung {
	struct {
		int64_t message_id, recipient_id;
		bool handed;
	} * items;
	size_t n, cap;
};

static bool carry_take_rung(const struct rung_person *p, void *arg)
{
	struct carry_rung *all = arg;

	if (p->state != MESSAGE_QUEUED && p->state != MESSAGE_SENT)
		return true; /* held, or its end is known */
	all->items = mem_grow(all->items, &all->cap, all->n + 1, sizeof(*all->items));
	all->items[all->n].message_id = p->message_id;
	all->items[all->n].recipient_id = p->recipient_id;
	all->items[all->n++].handed = p->state == MESSAGE_SENT;
	return true;
}

static int carry_load_rung(struct carry_pass *w, int rung, struct err *e)
{
	struct carry_rung all = {.items = NULL};
	int rc = store_rung_list(w->st, w->p->row->id, rung, -1, carry_take_rung, &all, e);

	for (size_t i = 0; rc >= 0 && i < all.n; i++) {
		struct recipient r = {0};
		size_t before = w->list->n;

		rc = store_recipient_get(w->st, all.items[i].recipient_id, &r, e);
		if (rc > 0)
			carry_add(w, &r, all.items[i].message_id);
		if (w->list->n > before && all.items[i].handed)
			w->list->items[before].handed_at = -1;
		recipient_clear(&r);
	}
	free(all.items);
	return rc < 0 ? -1 : 0;
}

static void carry_person_free(struct carry_person *c)
{
	recipient_clear(&c->r);
	free(c->sort);
	free(c->group_sort);
}

static int carry_compare(const void *a, const void *b)
{
	const struct carry_person *x = a, *y = b;
	int order;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	order = vi_compare_natural(x->group_sort, y->group_sort);
	if (order == 0)
		order = strcmp(x->sort, y->sort);
	return order != 0 ? order : (x->r.id > y->r.id) - (x->r.id < y->r.id);
}

/* Looks up what was handed over, and takes those out who have their letter. */
static int carry_look_up(struct carry_pass *w, struct err *e)
{
	struct carry_list *l = w->list;
	bool all = w->q->again || w->kind == HANDED_VISIT;
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct carry_person *c = &l->items[i];
		int rc;

		/* a message of its own says itself whether it was handed over; this says when */
		if (c->message_id == 0 || c->handed_at != 0) {
			rc = store_handed_get(w->st, w->p->row->id, w->kind, c->r.id,
					      &c->handed_at, e);
			if (rc < 0)
				return -1;
		}
		if (c->handed_at != 0 && !all) {
			l->left_out++;
			carry_person_free(c);
			memset(c, 0, sizeof(*c));
			continue;
		}
		if (kept != i) {
			l->items[kept] = *c;
			memset(c, 0, sizeof(*c));
		}
		kept++;
	}
	l->n = kept;
	return 0;
}

const struct plan_unit *carry_unit_named(const struct plan_units *all, const char *name)
{
	const struct plan_unit *found = NULL;
	char *want = vi_fold(name);

	for (size_t i = 0; want != NULL && i < all->n && found == NULL; i++) {
		char *plain = vi_fold(all->items[i].name),
		     *label = vi_fold(all->items[i].label);

		if (strcmp(plain, want) == 0 || strcmp(label, want) == 0)
			found = &all->items[i];
		free(plain);
		free(label);
	}
	free(want);
	return found;
}

static int carry_find_unit(struct carry_pass *w, struct err *e)
{
	const struct plan_unit *found;

	w->unit_id = -1;
	if (w->q->unit == NULL)
		return 0;
	found = carry_unit_named(&w->list->units, w->q->unit);
	if (found == NULL)
		return err_set(e, EX_NOINPUT, "không có đơn vị nào tên \"%s\"", w->q->unit);
	w->unit_id = found->id;
	return 0;
}

int carry_list_load(struct carry_list *l, struct store *st, const struct campaign_plan *p,
		    enum handed_kind kind, const struct carry_request *q, struct err *e)
{
	struct carry_pass w = {.list = l, .st = st, .p = p, .q = q, .kind = kind};
	int rung = ladder_find(&p->ladder, kind == HANDED_LETTER ? "letter" : "visit"), rc;

	memset(l, 0, sizeof(*l));
	rc = plan_units_load(&l->units, st, e);
	if (rc == 0)
		rc = carry_find_unit(&w, e);
	if (rc == 0 && rung >= 0)
		rc = carry_load_rung(&w, rung, e);
	else if (rc == 0)
		rc = store_recipient_scan(st, p->row->programme, 0, SIZE_MAX, true, carry_take,
					  &w, e);
	if (rc == 0)
		rc = carry_look_up(&w, e);
	if (rc == 0 && l->n > 0)
		qsort(l->items, l->n, sizeof(*l->items), carry_compare);
	return rc;
}

void carry_list_free(struct carry_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		carry_person_free(&l->items[i]);
	free(l->items);
	plan_units_free(&l->units);
	memset(l, 0, sizeof(*l));
}

size_t carry_list_hamlet(const struct carry_list *l, size_t i)
{
	size_t end = i;

	while (end < l->n && l->items[end].r.unit_id == l->items[i].r.unit_id)
		end++;
	return end;
}

const char *carry_list_label(struct carry_list *l, size_t i)
{
	const struct plan_unit *u = plan_units_find(&l->units, l->items[i].r.unit_id);

	return u != NULL ? u->label : "";
}

/* ---- texts ----------------------------------------------------------------------------- */

char *carry_text_file(const struct campaign_plan *p, const char *kind, int audience)
{
	char *id = vi_lower(p->audiences[audience].a->id);
	char *file = mem_printf("%s/%s/%s.txt", kind, p->programme->name, id);

	free(id);
	return file;
}

int carry_text_load(struct carry_text *t, const struct campaign_plan *p, const char *file,
		    const char *place, const json_t *more, struct err *e)
{
	char *text = plan_read_file(p->house, file, e);
	int rc = text == NULL ? -1 : 0;

	memset(t, 0, sizeof(*t));
	if (rc == 0)
		rc = plan_text_compile(p, &t->body, file, text, strlen(text), more, e);
	if (rc == 0 && place != NULL && plan_text_uses(&t->body, PLAN_PLACE))
		rc = plan_text_compile(p, &t->place, file, place, strlen(place), more, e);
	free(text);
	return rc;
}

int carry_check(const struct campaign_plan *p, const char *kind, int audience, struct err *e)
{
	char *file = carry_text_file(p, kind, audience);
	char *path = mem_printf("%s/%s", p->house->templates, file);
	json_t *more = carry_more(p, clock_now_ms(), 0, "");
	struct carry_text t = {0};
	int rc = 0;

	if (access(path, F_OK) == 0) {
		rc = carry_text_load(&t, p, file, p->audiences[audience].a->place, more, e);
		carry_text_free(&t);
		rc = rc < 0 ? -1 : 1;
	}
	json_decref(more);
	free(path);
	free(file);
	return rc;
}

void carry_text_free(struct carry_text *t)
{
	plan_text_free(&t->body);
	plan_text_free(&t->place);
}

int carry_text_write(const struct carry_text *t, struct plan_writer *w, struct buf *out,
		     struct err *e)
{
	if (t->place.t != NULL && plan_write_text(w, &t->place, &w->place, e) < 0)
		return -1;
	return plan_write_text(w, &t->body, out, e);
}

json_t *carry_more(const struct campaign_plan *p, int64_t now, int64_t count,
		   const char *hamlet)
{
	char today[16];

	civil_day_format_iso(civil_day_of(now), today);
	return json_pack("{s:s, s:s, s:o, s:s}", "ngay_in", today, "chien_dich", p->row->name,
			 "so_luong", json_sprintf("%lld", (long long)count), "dia_ban", hamlet);
}
