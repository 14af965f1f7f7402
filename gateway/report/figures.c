/* SPDX-License-Identifier: Apache-2.0 */
#include "report/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "report/appendix.h"
#include "report/gather.h"
#include "report/heads.h"
#include "report/report.h"
#include "report/teams.h"
#include "report/week.h"
#include "roster/programme.h"
#include "store/audience.h"
#include "text/vdate.h"
#include "text/vi.h"

#define FIGURES_SCAN 1000
/* More than a year of weeks is no campaign. */
#define FIGURES_WEEKS 60

/* What is counted of one unit of one programme, or of all its units. */
struct figures_row {
	int64_t unit_id;
	int64_t total, done, no_phone, held, held_deceased, gone;
	int64_t by_state[PROGRAMME_MAX_STATES];
	int64_t birth[4];
	int64_t invited, delivered, undelivered, messages, segments;
	int64_t came, unreachable;
	int64_t *reached; /* by target */
};

struct figures {
	const struct programme *p;
	const struct units *units;
	struct figures_row *rows;
	size_t n, cap;
	int64_t last_id;
	size_t scanned;
	bool list_only; /* no messages, nobody who came */
};

static struct figures_row *figures_row_of(struct figures *f, int64_t unit_id)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->rows[i].unit_id == unit_id)
			return &f->rows[i];
	}
	f->rows = mem_grow(f->rows, &f->cap, f->n + 1, sizeof(*f->rows));
	f->rows[f->n] = (struct figures_row){
	    .unit_id = unit_id, .reached = mem_calloc(f->p->targets.n + 1, sizeof(int64_t))};
	return &f->rows[f->n++];
}

static void figures_free(struct figures *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->rows[i].reached);
	free(f->rows);
}

/* n rows of a list that agree in all that is counted. */
static void figures_take(struct figures *f, const struct recipient *r, int64_t n)
{
	struct figures_row *row = figures_row_of(f, r->unit_id);
	const struct unit *u = units_find(f->units, r->unit_id);
	struct predicate_row seen = {.r = r, .unit_name = u != NULL ? u->name : NULL};
	const struct programme_state *state = programme_state_at(f->p, r->state);

	if (r->hold == HOLD_GONE) {
		row->gone += n;
		return;
	}
	row->total += n;
	if (r->state >= 0 && r->state < PROGRAMME_MAX_STATES)
		row->by_state[r->state] += n;
	row->done += state != NULL && state->done ? n : 0;
	row->no_phone += r->contact_id == 0 && r->hold != HOLD_PURGED ? n : 0;
	if (r->contact_id != 0 &&
	    (r->contact_flags & (CONTACT_DEAD_NUMBER | CONTACT_WRONG_PERSON)) != 0)
		row->unreachable += n;
	row->held += r->hold != HOLD_NONE && r->hold != HOLD_PURGED ? n : 0;
	if (r->hold == HOLD_DECEASED || r->hold == HOLD_DECEASED_SUSPECTED)
		row->held_deceased += n;
	if (r->birth_precision >= DATE_NONE && r->birth_precision <= DATE_DAY)
		row->birth[r->birth_precision] += n;
	for (size_t t = 0; t < f->p->targets.n; t++)
		row->reached[t] += programme_target_reached(f->p, t, &seen) ? n : 0;
}

static bool figures_take_recipient(const struct recipient *r, void *arg)
{
	struct figures *f = arg;

	f->last_id = r->id;
	f->scanned++;
	figures_take(f, r, 1);
	return true;
}

static void figures_take_kind(const struct recipient *r, int64_t n, void *arg)
{
	figures_take(arg, r, n);
}

static void figures_take_messages(const struct message_figures *m, void *arg)
{
	struct figures_row *row = figures_row_of(arg, m->unit_id);

	row->invited = m->invited;
	row->delivered = m->delivered;
	row->undelivered = m->undelivered;
	row->messages = m->messages;
	row->segments = m->segments;
}

static void figures_take_came(int64_t unit_id, int64_t came, void *arg)
{
	figures_row_of(arg, unit_id)->came = came;
}

static void figures_add(struct figures_row *sum, const struct figures_row *row, size_t targets)
{
	sum->total += row->total;
	sum->done += row->done;
	sum->no_phone += row->no_phone;
	sum->held += row->held;
	sum->held_deceased += row->held_deceased;
	sum->gone += row->gone;
	for (size_t i = 0; i < PROGRAMME_MAX_STATES; i++)
		sum->by_state[i] += row->by_state[i];
	for (size_t i = 0; i < 4; i++)
		sum->birth[i] += row->birth[i];
	sum->came += row->came;
	sum->unreachable += row->unreachable;
	sum->invited += row->invited;
	sum->delivered += row->delivered;
	sum->undelivered += row->undelivered;
	sum->messages += row->messages;
	sum->segments += row->segments;
	for (size_t t = 0; t < targets; t++)
		sum->reached[t] += row->reached[t];
}

/* The list: by the kinds kept beside its rows, unless a target looks at what only the rows say. */
static int figures_count_list(struct figures *f, struct store *st, struct err *e)
{
	if (programme_targets_by_kind(f->p))
		return store_recipient_kinds(st, f->p->name, figures_take_kind, f, e);
	do {
		f->scanned = 0;
		if (store_recipient_scan(st, f->p->name, f->last_id, FIGURES_SCAN, true,
					 figures_take_recipient, f, e) < 0)
			return -1;
	} while (f->scanned == FIGURES_SCAN);
	return 0;
}

static int figures_count(struct figures *f, struct store *st, struct err *e)
{
	if (figures_count_list(f, st, e) < 0)
		return -1;
	if (f->list_only)
		return 0;
	if (store_message_figures(st, f->p->name, figures_take_messages, f, e) < 0)
		return -1;
	return store_came_figures(st, f->p->name, figures_take_came, f, e);
}

/* ---- as JSON --------------------------------------------------------------------------- */

static void figures_set(json_t *o, const char *key, int64_t v)
{
	json_object_set_new(o, key, json_integer(v));
}

static const struct programme_target *figures_target(const struct programme *p, size_t t)
{
	return &((const struct programme_target *)p->targets.items)[t];
}

static json_t *figures_row_json(const struct figures *f, const struct figures_row *row,
				int64_t price)
{
	const struct programme_state *states = f->p->states.items;
	json_t *o = json_object(), *by_state = json_object(), *reached = json_object();

	figures_set(o, "total", row->total);
	figures_set(o, "done", row->done);
	for (size_t i = 0; i < f->p->states.n && i < PROGRAMME_MAX_STATES; i++)
		figures_set(by_state, states[i].name, row->by_state[i]);
	json_object_set_new(o, "states", by_state);
	for (size_t t = 0; t < f->p->targets.n; t++)
		figures_set(reached, figures_target(f->p, t)->id, row->reached[t]);
	json_object_set_new(o, "reached", reached);
	figures_set(o, "no_phone", row->no_phone);
	figures_set(o, "held", row->held);
	figures_set(o, "held_deceased", row->held_deceased);
	figures_set(o, "gone", row->gone);
	json_object_set_new(o, "birth",
			    json_pack("{s:I,s:I,s:I,s:I}", "day",
				      (json_int_t)row->birth[DATE_DAY], "month",
				      (json_int_t)row->birth[DATE_MONTH], "year",
				      (json_int_t)row->birth[DATE_YEAR], "none",
				      (json_int_t)row->birth[DATE_NONE]));
	figures_set(o, "invited", row->invited);
	figures_set(o, "delivered", row->delivered);
	figures_set(o, "undelivered", row->undelivered);
	figures_set(o, "came", row->came);
	figures_set(o, "unreachable", row->unreachable);
	figures_set(o, "messages", row->messages);
	figures_set(o, "segments", row->segments);
	figures_set(o, "cost", row->segments * price);
	return o;
}

json_t *figures_percent(int64_t part, int64_t whole)
{
	if (whole <= 0)
		return json_null();
	/* NOLINTNEXTLINE(bugprone-integer-division): rounded to thousandths first */
	return json_real((double)((part * 1000 + whole / 2) / whole) / 10.0);
}

/* The assigned target and the count of the list stand side by side: neither is made from the other. */
static json_t *figures_target_json(const struct programme_target *t, int64_t count,
				   int64_t reached)
{
	const struct programme_share *shares = t->by_unit.items;
	json_t *o = json_object(), *by_unit = json_array();
	int64_t sum = 0;
	char day[16];

	json_object_set_new(o, "id", json_string(t->id));
	json_object_set_new(o, "title", json_string(t->title));
	json_object_set_new(o, "unit", json_string(t->unit));
	figures_set(o, "assigned", t->assigned);
	figures_set(o, "count", count);
	figures_set(o, "reached", reached);
	json_object_set_new(o, "percent_of_assigned", figures_percent(reached, t->assigned));
	json_object_set_new(o, "percent_of_count", figures_percent(reached, count));
	if (t->deadline != 0) {
		civil_day_format_iso((civil_day)t->deadline, day);
		json_object_set_new(o, "deadline", json_string(day));
		json_object_set_new(o, "deadline_inclusive", json_boolean(t->inclusive));
	}
	json_object_set_new(o, "source", json_string(t->source != NULL ? t->source : ""));
	for (size_t i = 0; i < t->by_unit.n; i++) {
		sum += shares[i].assigned;
		json_array_append_new(by_unit,
				      json_pack("{s:s,s:I}", "unit", shares[i].unit, "assigned",
						(json_int_t)shares[i].assigned));
	}
	json_object_set_new(o, "assigned_by_unit", by_unit);
	figures_set(o, "assigned_sum", t->by_unit.n > 0 ? sum : t->assigned);
	return o;
}

size_t figures_rank(const struct programme *p, const struct unit *u)
{
	char *const *listed = p->units.items;
	size_t rank = p->units.n;
	char *fold;

	if (u == NULL)
		return rank + 1;
	fold = vi_fold(u->name);
	for (size_t i = 0; i < p->units.n && rank == p->units.n; i++) {
		char *other = vi_fold(listed[i]);

		if (strcmp(other, fold) == 0)
			rank = i;
		free(other);
	}
	free(fold);
	return rank;
}

static json_t *figures_units_json(struct figures *f, int64_t price)
{
	json_t *list = json_array();
	size_t *ranks = mem_calloc(f->n + 1, sizeof(*ranks)); /* dear: names are folded */

	for (size_t i = 0; i < f->n; i++)
		ranks[i] = figures_rank(f->p, units_find(f->units, f->rows[i].unit_id));
	for (size_t rank = 0; rank <= f->p->units.n + 1; rank++) {
		for (size_t i = 0; i < f->n; i++) {
			const struct unit *u = units_find(f->units, f->rows[i].unit_id);
			json_t *o;

			if (ranks[i] != rank)
				continue;
			o = figures_row_json(f, &f->rows[i], price);
			json_object_set_new(o, "unit", json_string(u != NULL ? u->name : ""));
			json_object_set_new(o, "kind", json_string(u != NULL ? u->kind : ""));
			json_array_append_new(list, o);
		}
	}
	free(ranks);
	return list;
}

static int figures_by_unit(const void *a, const void *b)
{
	const struct figures_row *x = a, *y = b;

	return x->unit_id < y->unit_id ? -1 : x->unit_id > y->unit_id;
}

static json_t *figures_programme(struct store *st, const struct report_house *h,
				 const struct programme *p, const struct units *units,
				 bool list_only, struct err *e)
{
	struct figures f = {.p = p, .units = units, .list_only = list_only};
	struct figures_row sum = {.reached = mem_calloc(p->targets.n + 1, sizeof(int64_t))};
	const struct programme_state *states = p->states.items;
	json_t *o = NULL, *list;

	if (figures_count(&f, st, e) < 0)
		goto out;
	/* Units that no programme puts in order stand as they came to be known, in every table the same. */
	if (f.n > 0)
		qsort(f.rows, f.n, sizeof(*f.rows), figures_by_unit);
	for (size_t i = 0; i < f.n; i++)
		figures_add(&sum, &f.rows[i], p->targets.n);
	o = json_pack("{s:s,s:s,s:s}", "name", p->name, "title", p->title, "row", p->row);
	list = json_array();
	for (size_t i = 0; i < p->states.n; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:b}", "name", states[i].name,
						      "title", states[i].title, "done",
						      states[i].done));
	json_object_set_new(o, "states", list);
	list = json_array();
	for (size_t t = 0; t < p->targets.n; t++)
		json_array_append_new(
		    list, figures_target_json(figures_target(p, t), sum.total, sum.reached[t]));
	json_object_set_new(o, "targets", list);
	json_object_set_new(o, "units", figures_units_json(&f, h->house->price_per_segment));
	json_object_set_new(o, "total",
			    figures_row_json(&f, &sum, h->house->price_per_segment));
out:
	figures_free(&f);
	free(sum.reached);
	return o;
}

/* Every hamlet of the figures once, with what is known of its head. */
static json_t *figures_heads(const json_t *programmes, const struct heads *heads)
{
	json_t *list = json_array();
	size_t i, k, m;
	const json_t *p, *u, *seen;

	json_array_foreach(programmes, i, p)
	{
		json_array_foreach(json_object_get(p, "units"), k, u)
		{
			const char *unit = json_string_value(json_object_get(u, "unit"));
			const char *kind = json_string_value(json_object_get(u, "kind"));
			bool known = *unit == '\0';

			json_array_foreach(list, m, seen)
			{
				const json_t *name = json_object_get(seen, "unit");

				known = known || strcmp(json_string_value(name), unit) == 0;
			}
			if (!known)
				json_array_append_new(
				    list,
				    json_pack(
					"{s:s,s:s,s:s}", "unit", unit, "kind", kind, "head",
					head_status_name(heads_status(heads, unit, kind))));
		}
	}
	return list;
}

static json_t *figures_frame(const struct report_house *h, int iso_week, int64_t now)
{
	civil_day monday = civil_iso_week_monday(iso_week);
	char from[16], to[16], week[16], at[32], day[16], shown[32];

	civil_day_format_iso(monday, from);
	civil_day_format_iso(monday + 6, to);
	clock_format_rfc3339(now, at);
	civil_day_format_iso(civil_day_of(now), day);
	clock_format_vi(now, shown);
	(void)snprintf(week, sizeof(week), "%d-W%02d", iso_week / 100, iso_week % 100);
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "week", week, "from", from,
			 "to", to, "drawn_at", at, "drawn_on", day, "drawn", shown, "office",
			 h->house->office, "commune", h->house->commune, "parent",
			 h->parent != NULL ? h->parent : "");
}

json_t *figures_draw(struct store *st, const struct report_house *h, int iso_week, int64_t now,
		     struct err *e)
{
	struct units units = {.items = NULL};
	struct heads heads = {.items = NULL};
	json_t *o = NULL, *list = json_array(), *appendices;

	if (units_load(&units, st, e) < 0 ||
	    heads_load(&heads, st, h, h->cfg->digest_audience, &units, e) < 0)
		goto out;
	for (size_t i = 0; i < h->n_programmes; i++) {
		json_t *p = figures_programme(st, h, h->programmes[i], &units, false, e);

		if (p == NULL)
			goto out;
		json_array_append_new(list, p);
	}
	appendices = appendix_draw(st, h, &units, now, e);
	if (appendices == NULL)
		goto out;
	o = figures_frame(h, iso_week, now);
	json_object_set_new(o, "appendices", appendices);
	json_object_set(o, "programmes", list);
	json_object_set_new(o, "heads", figures_heads(list, &heads));
	if (gather_add(st, h, iso_week, o, e) < 0) {
		json_decref(o);
		o = NULL;
	}
out:
	json_decref(list);
	heads_free(&heads);
	units_free(&units);
	return o;
}

json_t *report_progress(struct store *st, const struct report_house *h, int64_t now,
			struct err *e)
{
	struct units units = {.items = NULL};
	json_t *o = NULL, *list = json_array(), *p = list;
	int week = civil_iso_week(civil_day_of(now));

	if (units_load(&units, st, e) < 0)
		p = NULL;
	for (size_t i = 0; p != NULL && i < h->n_programmes; i++) {
		p = figures_programme(st, h, h->programmes[i], &units, true, e);
		if (p != NULL)
			json_array_append_new(list, p);
	}
	if (p != NULL) {
		o = figures_frame(h, week, now);
		json_object_set(o, "programmes", list);
	}
	if (o != NULL && gather_add(st, h, week, o, e) < 0) {
		json_decref(o);
		o = NULL;
	}
	json_decref(list);
	units_free(&units);
	return o;
}

/* ---- frozen ---------------------------------------------------------------------------- */

static int figures_parse(const char *text, int iso_week, json_t **out, struct err *e)
{
	*out = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (*out == NULL)
		return err_set(e, EX_DATAERR, "the frozen figures of week %d cannot be read",
			       iso_week);
	return 0;
}

/* The newest frozen figures of a week before *week that were drawn before that moment, which is as "drawn_at"
 * has it: a week that was filled in later shows what was there later. 1 with *week and *out (yours)/0/-1. */
static int figures_earlier(struct store *st, int *week, const char *drawn_at, json_t **out,
			   struct err *e)
{
	for (;;) {
		char *text = NULL;
		int rc = store_figures_before(st, REPORT_FIGURES, *week, week, &text, e);

		*out = NULL;
		if (rc > 0)
			rc = figures_parse(text, *week, out, e) < 0 ? -1 : 1;
		free(text);
		if (rc <= 0 || strcmp(figures_text(*out, "drawn_at"), drawn_at) < 0)
			return rc;
		json_decref(*out);
	}
}

int figures_compare(struct store *st, int iso_week, json_t *figures, struct err *e)
{
	json_t *before;

	if (figures_earlier(st, &iso_week, figures_text(figures, "drawn_at"), &before, e) < 0)
		return -1;
	json_object_set_new(figures, "before", before != NULL ? before : json_null());
	return 0;
}

int figures_oldest(struct store *st, const json_t *figures, json_t **out, struct err *e)
{
	const char *drawn_at = figures_text(figures, "drawn_at");
	int week = 0, rc = 1;

	*out = NULL;
	if (report_week_parse(figures_text(figures, "week"), 0, &week, e) < 0)
		return -1;
	for (int i = 0; rc > 0 && i < FIGURES_WEEKS; i++) {
		json_t *older;

		rc = figures_earlier(st, &week, drawn_at, &older, e);
		if (rc > 0) {
			json_decref(*out);
			*out = older;
			drawn_at = figures_text(older, "drawn_at");
		}
	}
	if (rc >= 0)
		return 0;
	json_decref(*out);
	*out = NULL;
	return -1;
}

json_t *report_figures(struct store *st, const struct report_house *h, int iso_week,
		       int64_t now, struct err *e)
{
	json_t *o;

	if (store_read_begin(st, e) < 0)
		return NULL;
	o = figures_draw(st, h, iso_week, now, e);
	if (o != NULL && (figures_compare(st, iso_week, o, e) < 0 ||
			  teams_add(st, iso_week, INT64_MAX, o, e) < 0)) {
		json_decref(o);
		o = NULL;
	}
	store_read_end(st);
	return o;
}

int report_frozen(struct store *st, int iso_week, json_t **figures, struct err *e)
{
	char *text = NULL;
	char sha[65];
	int64_t at, until = INT64_MAX;
	int rc = store_figures_get(st, REPORT_FIGURES, iso_week, &text, &at, sha, e);

	*figures = NULL;
	if (rc <= 0)
		return rc;
	if (figures_parse(text, iso_week, figures, e) < 0 ||
	    figures_compare(st, iso_week, *figures, e) < 0 ||
	    release_closed_at(st, iso_week, &until, e) < 0 ||
	    teams_add(st, iso_week, until, *figures, e) < 0) {
		json_decref(*figures);
		*figures = NULL;
		rc = -1;
	}
	free(text);
	return rc;
}

/* ---- reading the model ----------------------------------------------------------------- */

int64_t figures_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

const char *figures_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

bool figures_follow(const json_t *figures)
{
	struct err ignored = ERR_INIT;
	int week, before;

	return report_week_parse(figures_text(figures, "week"), 0, &week, &ignored) == 0 &&
	       report_week_parse(figures_text(json_object_get(figures, "before"), "week"), 0,
				 &before, &ignored) == 0 &&
	       civil_iso_week(civil_iso_week_monday(week) - 7) == before;
}

static const json_t *figures_named(const json_t *list, const char *key, const char *name)
{
	size_t i;
	const json_t *o;

	json_array_foreach(list, i, o)
	{
		if (strcmp(figures_text(o, key), name) == 0)
			return o;
	}
	return NULL;
}

const json_t *figures_programme_of(const json_t *figures, const char *name)
{
	return figures_named(json_object_get(figures, "programmes"), "name", name);
}

const json_t *figures_unit_of(const json_t *programme, const char *unit)
{
	return figures_named(json_object_get(programme, "units"), "unit", unit);
}

int64_t figures_from_state(const json_t *programme, const json_t *row, size_t from)
{
	const json_t *states = json_object_get(programme, "states");
	const json_t *counts = json_object_get(row, "states");
	int64_t sum = 0;

	for (size_t i = from; i < json_array_size(states); i++)
		sum += figures_int(counts, figures_text(json_array_get(states, i), "name"));
	return sum;
}
