/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/audience.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"
#include "text/vdate.h"

/* Rows looked at behind each of ten places of the list, before the whole of it is read for samples. */
#define AUDIENCE_PROBE 2000
/* More years of birth since 2000 than there are. */
#define AUDIENCE_YEARS 200

/* ---- saved names --------------------------------------------------------------------------- */

static const char *audience_find(void *arg, const char *name)
{
	const struct audience_names *all = arg;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->items[i].name, name) == 0)
			return all->items[i].predicate;
	return NULL;
}

static void audience_take(const struct audience *a, void *arg)
{
	struct audience_names *all = arg;

	all->items = mem_grow(all->items, &all->cap, all->n + 1, sizeof(*all->items));
	all->items[all->n].name = mem_strdup(a->name);
	all->items[all->n++].predicate = mem_strdup(a->predicate);
}

int audience_names_load(struct audience_names *all, struct store *st, const char *programme,
			struct err *e)
{
	memset(all, 0, sizeof(*all));
	all->names = (struct predicate_names){.find = audience_find, .arg = all};
	return store_audience_list(st, programme, audience_take, all, e);
}

void audience_names_free(struct audience_names *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->items[i].name);
		free(all->items[i].predicate);
	}
	free(all->items);
	memset(all, 0, sizeof(*all));
}

/* ---- counting ------------------------------------------------------------------------------- */

struct audience_pass {
	struct audience_count *out;
	const struct programme *p;
	struct predicate *q;
	struct plan_units units;
	unsigned looks;
	int years[AUDIENCE_YEARS]; /* of birth in which some are old enough and some are not */
	int n_years;
	int64_t seen, want, last; /* of the samples */
};

static bool audience_holds(struct audience_pass *w, const struct recipient *r)
{
	const struct plan_unit *unit = plan_units_find(&w->units, r->unit_id);
	struct predicate_row row = {.r = r, .unit_name = unit != NULL ? unit->name : NULL};

	return predicate_holds(w->q, &row);
}

/* Why a member is not written to; EXCLUDED_COUNT when it is. */
static enum exclusion audience_why(const struct recipient *r)
{
	if (r->hold == HOLD_DECEASED || r->hold == HOLD_DECEASED_SUSPECTED)
		return EXCLUDED_DECEASED;
	if (r->hold != HOLD_NONE)
		return EXCLUDED_HELD;
	return plan_judge_number(r);
}

static struct audience_hamlet *audience_hamlet(struct audience_count *c, int64_t unit_id)
{
	int i = 0;

	while (i < c->n_hamlets && c->hamlets[i].unit_id != unit_id)
		i++;
	if (i == c->n_hamlets && i < AUDIENCE_HAMLETS)
		c->hamlets[c->n_hamlets++].unit_id = unit_id;
	return &c->hamlets[i < AUDIENCE_HAMLETS ? i : AUDIENCE_HAMLETS - 1];
}

static void audience_add(struct audience_pass *w, const struct recipient *r, bool holds,
			 int64_t n)
{
	struct audience_count *c = w->out;
	struct audience_hamlet *h;
	enum exclusion why;

	c->recipients += n;
	if (!holds) {
		c->excluded[EXCLUDED_NOT_IN_AUDIENCE] += n;
		return;
	}
	c->members += n;
	h = audience_hamlet(c, r->unit_id);
	h->members += n;
	why = audience_why(r);
	if (why != EXCLUDED_COUNT) {
		c->excluded[why] += n;
		return;
	}
	c->reachable += n;
	h->reachable += n;
	c->shared += r->contact_shared > 1 ? n : 0;
}

/* The rows of this year are looked at one by one. */
static void audience_near(struct audience_pass *w, int year)
{
	int i = 0;

	while (i < w->n_years && w->years[i] != year)
		i++;
	if (i == w->n_years && i < AUDIENCE_YEARS)
		w->years[w->n_years++] = year;
}

/* As if they were born on another day of their year. */
static bool audience_born(struct audience_pass *w, const struct recipient *kind, int month,
			  int day)
{
	struct recipient r = *kind;

	r.birth_year = kind->birth_year == 0 ? 1999 : kind->birth_year;
	r.birth_month = month;
	r.birth_day = day;
	return audience_holds(w, &r);
}

/* Kinds tell the year of birth, and age changes on a day of it: where it matters on which, the rows are looked
 * at. Whoever was born before 2000 is older than any age that a kind is asked for (PREDICATE_DETAIL). */
static bool audience_certain(struct audience_pass *w, const struct recipient *kind, bool *holds)
{
	if ((w->looks & PREDICATE_AGE) == 0 || kind->birth_precision == DATE_NONE) {
		*holds = audience_holds(w, kind);
		return true;
	}
	*holds = audience_born(w, kind, 12, 31);
	return kind->birth_year == 0 || *holds == audience_born(w, kind, 1, 1);
}

static void audience_kind(const struct recipient *kind, int64_t n, void *arg)
{
	struct audience_pass *w = arg;
	bool holds = false;

	if (audience_certain(w, kind, &holds))
		audience_add(w, kind, holds, n);
	else
		audience_near(w, kind->birth_year);
}

static bool audience_row(const struct recipient *r, void *arg)
{
	struct audience_pass *w = arg;

	audience_add(w, r, audience_holds(w, r), 1);
	return true;
}

/* A row of a year in which it matters: its kind may have been certain, and counted, all the same. */
static void audience_near_row(const struct recipient *r, void *arg)
{
	struct audience_pass *w = arg;
	bool holds = audience_holds(w, r);

	if (r->birth_precision != DATE_NONE &&
	    (holds != audience_born(w, r, 12, 31) || holds != audience_born(w, r, 1, 1)))
		audience_add(w, r, holds, 1);
}

static int audience_count_rows(struct audience_pass *w, struct store *st, struct err *e)
{
	w->out->by_rows = true;
	return store_recipient_scan(st, w->p->name, 0, SIZE_MAX, true, audience_row, w, e);
}

static int audience_count_kinds(struct audience_pass *w, struct store *st, struct err *e)
{
	if (store_recipient_kinds(st, w->p->name, audience_kind, w, e) < 0)
		return -1;
	for (int i = 0; i < w->n_years; i++)
		if (store_recipient_born(st, w->p->name, w->years[i], audience_near_row, w, e) <
		    0)
			return -1;
	return 0;
}

/* ---- samples --------------------------------------------------------------------------------- */

static bool audience_sample(const struct recipient *r, void *arg)
{
	struct audience_pass *w = arg;
	struct recipient *to = &w->out->samples[w->out->n_samples];

	if (r->id <= w->last || !audience_holds(w, r) || audience_why(r) != EXCLUDED_COUNT)
		return true;
	w->last = r->id;
	*to = (struct recipient){.id = r->id,
				 .key = r->key != NULL ? mem_strdup(r->key) : NULL,
				 .name = r->name != NULL ? mem_strdup(r->name) : NULL,
				 .group = r->group != NULL ? mem_strdup(r->group) : NULL,
				 .number = r->number,
				 .unit_id = r->unit_id,
				 .state = r->state};
	w->out->n_samples++;
	w->seen++;
	return w->seen < w->want && w->out->n_samples < AUDIENCE_SAMPLES;
}

static int audience_samples(struct audience_pass *w, struct store *st, struct err *e)
{
	int64_t last;

	if (store_recipient_last(st, w->p->name, &last, e) < 0)
		return -1;
	for (int i = 0; i < AUDIENCE_SAMPLES; i++) {
		int64_t from = last * i / AUDIENCE_SAMPLES;

		w->seen = 0;
		w->want = 1;
		if (store_recipient_scan(st, w->p->name, from > w->last ? from : w->last,
					 AUDIENCE_PROBE, true, audience_sample, w, e) < 0)
			return -1;
	}
	if (w->out->n_samples == AUDIENCE_SAMPLES || w->out->n_samples >= w->out->reachable)
		return 0;
	/* They are few: all of them. */
	for (int i = 0; i < w->out->n_samples; i++)
		recipient_clear(&w->out->samples[i]);
	w->out->n_samples = 0;
	w->last = w->seen = 0;
	w->want = w->out->reachable;
	return store_recipient_scan(st, w->p->name, 0, SIZE_MAX, true, audience_sample, w, e);
}

/* ---- a count --------------------------------------------------------------------------------- */

int audience_count(struct store *st, const struct programme *p, const char *text,
		   const struct predicate_names *names, bool samples,
		   struct audience_count *out, struct err *e)
{
	struct audience_pass w = {.out = out, .p = p};
	int rc;

	memset(out, 0, sizeof(*out));
	w.q = predicate_compile_named(p, text, NULL, names, &out->expanded, e);
	if (w.q == NULL) {
		e->code = EX_DATAERR;
		return -1;
	}
	w.looks = predicate_looks(w.q);
	rc = plan_units_load(&w.units, st, e);
	if (rc == 0)
		rc = (w.looks & PREDICATE_DETAIL) != 0 ? audience_count_rows(&w, st, e)
						       : audience_count_kinds(&w, st, e);
	if (rc == 0 && samples)
		rc = audience_samples(&w, st, e);
	plan_units_free(&w.units);
	predicate_free(w.q);
	if (rc < 0)
		audience_count_free(out);
	return rc;
}

void audience_count_free(struct audience_count *c)
{
	for (int i = 0; i < c->n_samples; i++)
		recipient_clear(&c->samples[i]);
	free(c->expanded);
	memset(c, 0, sizeof(*c));
}

/* ---- saving ---------------------------------------------------------------------------------- */

static int audience_end(struct store *st, const struct programme *p, const char *what,
			const char *who, const char *detail, int rc, struct err *e)
{
	char *subject = mem_printf("audience/%s", p->name);

	if (rc >= 0 && store_audit(st, who, what, subject, detail, e) < 0)
		rc = -1;
	free(subject);
	return store_end(st, rc, e);
}

/* Everything that is saved must go on to mean something: nothing may mean itself. */
static int audience_check_all(struct store *st, const struct programme *p, struct err *e)
{
	struct audience_names all;
	int rc = audience_names_load(&all, st, p->name, e);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct predicate *q = predicate_compile_named(
		    p, all.items[i].predicate, all.items[i].name, &all.names, NULL, e);

		if (q == NULL) {
			e->code = EX_DATAERR;
			rc = -1;
		}
		predicate_free(q);
	}
	audience_names_free(&all);
	return rc;
}

int audience_save(struct store *st, const struct programme *p, const char *name,
		  const char *text, const char *who, struct err *e)
{
	struct audience a = {.programme = p->name,
			     .name = (char *)(uintptr_t)name,
			     .predicate = (char *)(uintptr_t)text,
			     .who = (char *)(uintptr_t)who,
			     .at = clock_now_ms()};
	int rc;

	if (!predicate_name_free(p, name))
		return err_set(e, EX_DATAERR,
			       "\"%s\" không đặt làm tên được: trùng một đối tượng của chương "
			       "trình, một từ của điều kiện, hoặc có dấu nháy",
			       name);
	if (store_begin(st, e) < 0)
		return -1;
	rc = store_audience_put(st, &a, e);
	if (rc == 0)
		rc = audience_check_all(st, p, e);
	return audience_end(st, p, "audience.save", who, name, rc, e);
}

int audience_remove(struct store *st, const struct programme *p, const char *name,
		    const char *who, struct err *e)
{
	int rc;

	if (store_begin(st, e) < 0)
		return -1;
	rc = store_audience_remove(st, p->name, name, e);
	/* not while others are made of it */
	if (rc > 0 && audience_check_all(st, p, e) < 0)
		rc = -1;
	return audience_end(st, p, "audience.remove", who, name, rc, e);
}
