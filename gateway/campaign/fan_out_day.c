/* SPDX-License-Identifier: Apache-2.0 */
/* The day's quota, over the hamlets: who waits where; each hamlet's part; what a hamlet's sessions have no seat for
 * goes to the others. A list of any length goes through in parts, each a transaction of its own; what the next part
 * must know is kept with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/fan_out.h"

/* Rows looked at for each message that a batch has room for. */
#define FAN_OUT_DAY_ROWS 8
/* Where a pass stands; nothing, or of another day: it begins. */
#define FAN_OUT_DAY_KEY "campaign.%lld.pass"
/* The cursor of a campaign in the middle of a pass, which has one of its own. */
#define FAN_OUT_DAY_UNDER_WAY 1

enum day_phase {
	DAY_COUNT, /* who waits where; also the day's quota, when it has none yet */
	DAY_SHARE, /* as many of each hamlet as its share */
	DAY_REST,  /* anybody, up to the quota */
	DAY_OVER
};

struct day_pass {
	struct fan_out *f;
	const struct campaign *c;
	enum day_phase phase;
	bool counts; /* the quota is being found */
	int64_t cursor;
	struct quota_pass quota;
	struct campaign_day day;
};

struct fan_out_share *fan_out_share(struct fan_out *f, int64_t unit_id)
{
	for (size_t i = 0; i < f->n_shares; i++)
		if (f->shares[i].unit_id == unit_id)
			return &f->shares[i];
	f->shares = mem_grow(f->shares, &f->cap_shares, f->n_shares + 1, sizeof(*f->shares));
	f->shares[f->n_shares] = (struct fan_out_share){.unit_id = unit_id};
	return &f->shares[f->n_shares++];
}

/* Each hamlet's part is in proportion to those of it who wait, the largest remainders first: nobody's
 * hamlet waits until another is through. */
static void day_divide(struct fan_out *f)
{
	int64_t total = 0, given = 0;

	for (size_t i = 0; i < f->n_shares; i++)
		total += f->shares[i].waiting;
	for (size_t i = 0; i < f->n_shares; i++) {
		struct fan_out_share *s = &f->shares[i];

		s->share = total <= f->allowed ? s->waiting : f->allowed * s->waiting / total;
		given += s->share;
	}
	while (given < f->allowed && given < total) {
		struct fan_out_share *best = NULL;
		int64_t most = -1;

		for (size_t i = 0; i < f->n_shares; i++) {
			struct fan_out_share *s = &f->shares[i];
			int64_t rest = f->allowed * s->waiting - s->share * total;

			if (s->share < s->waiting && (best == NULL || rest > most)) {
				best = s;
				most = rest;
			}
		}
		if (best == NULL)
			break;
		best->share++;
		given++;
	}
}

/* ---- where it stands ------------------------------------------------------------------------- */

static int day_save(const struct day_pass *w, struct err *e)
{
	char *key = mem_printf(FAN_OUT_DAY_KEY, (long long)w->c->id), *text;
	json_t *shares = json_array(), *o;
	int rc;

	for (size_t i = 0; i < w->f->n_shares; i++)
		json_array_append_new(shares, json_pack("[I, I, I]",
							(json_int_t)w->f->shares[i].unit_id,
							(json_int_t)w->f->shares[i].waiting,
							(json_int_t)w->f->shares[i].share));
	o = json_pack("{s:i, s:i, s:b, s:I, s:I, s:o}", "day", w->f->day, "phase", w->phase,
		      "counts", w->counts, "cursor", (json_int_t)w->cursor, "left",
		      (json_int_t)w->f->left, "shares", shares);
	if (w->counts)
		json_object_set_new(o, "quota", quota_pass_save(&w->quota));
	text = w->phase == DAY_OVER ? mem_strdup("") : json_dumps(o, JSON_COMPACT);
	rc = store_meta_set(w->f->st, key, text, e);
	json_decref(o);
	free(text);
	free(key);
	return rc;
}

static void day_restore(struct day_pass *w, const json_t *o)
{
	const json_t *row;
	size_t i;

	w->phase = (enum day_phase)json_integer_value(json_object_get(o, "phase"));
	w->counts = json_is_true(json_object_get(o, "counts"));
	w->cursor = json_integer_value(json_object_get(o, "cursor"));
	w->f->left = json_integer_value(json_object_get(o, "left"));
	json_array_foreach(json_object_get(o, "shares"), i, row)
	{
		struct fan_out_share *s =
		    fan_out_share(w->f, json_integer_value(json_array_get(row, 0)));

		s->waiting = json_integer_value(json_array_get(row, 1));
		s->share = json_integer_value(json_array_get(row, 2));
	}
	if (w->counts)
		quota_pass_load(&w->quota, json_object_get(o, "quota"));
}

int fan_out_day_begins(struct fan_out *f, struct campaign *c, struct err *e)
{
	char *key = mem_printf(FAN_OUT_DAY_KEY, (long long)c->id), *text = NULL;
	int rc = c->cursor > 0 ? store_meta_get(f->st, key, &text, e) : 0;

	f->kept = text != NULL ? json_loads(text, 0, NULL) : NULL;
	if (json_integer_value(json_object_get(f->kept, "day")) != f->day) {
		json_decref(f->kept);
		f->kept = NULL;
	}
	if (f->kept == NULL && rc >= 0)
		c->cursor = 0;
	free(text);
	free(key);
	return rc < 0 ? -1 : 0;
}

/* The day's quota, if it has one, and where the pass stands. */
static int day_load(struct day_pass *w, struct err *e)
{
	struct fan_out *f = w->f;
	int rc = store_campaign_day_get(f->st, w->c->id, f->day, &w->day, e);

	w->counts = rc == 0;
	quota_pass_begin(&w->quota, f->writer.plan, f->day);
	if (f->kept != NULL)
		day_restore(w, f->kept);
	return rc < 0 ? -1 : 0;
}

/* ---- its parts ------------------------------------------------------------------------------- */

static void day_allow(struct day_pass *w)
{
	w->f->allowed = w->day.quota > w->day.planned ? w->day.quota - w->day.planned : 0;
}

/* Nobody more today, whoever waits. */
static void day_nobody(struct day_pass *w)
{
	w->phase = DAY_OVER;
	w->f->left = 1;
}

/* Everybody was looked at: how many of each hamlet. */
static int day_counted(struct day_pass *w, struct err *e)
{
	struct fan_out *f = w->f;

	if (w->counts && quota_pass_write(&w->quota, f->st, &w->day, e) < 0)
		return -1;
	w->counts = false;
	day_allow(w);
	f->left = 0;
	for (size_t i = 0; i < f->n_shares; i++)
		f->left += f->shares[i].waiting;
	day_divide(f);
	if (f->allowed == 0)
		day_nobody(w);
	return 0;
}

/* Looks at the next rows of a phase; the phase is over at the end of the list, or when nobody more may be invited. */
static int day_step(struct day_pass *w, size_t rows, size_t *planned, struct err *e)
{
	struct fan_out *f = w->f;
	size_t before = f->rows;
	int64_t invited = f->invited;
	bool full;

	f->counting = w->phase == DAY_COUNT;
	f->sharing = w->phase == DAY_SHARE;
	f->quota = f->counting && w->counts ? &w->quota : NULL;
	if (f->counting)
		f->allowed = INT64_MAX;
	if (fan_out_scan(f, w->cursor, rows, e) < 0)
		return -1;
	full = f->n >= f->room;
	if (fan_out_write(f, planned, e) < 0)
		return -1;
	f->left -= f->invited - invited;
	w->cursor = f->cursor;
	if (!f->counting && f->invited >= f->allowed) {
		w->phase = DAY_OVER;
	} else if (f->rows - before < rows && !full) {
		w->cursor = 0;
		if (w->phase++ == DAY_COUNT)
			return day_counted(w, e);
	}
	return 0;
}

int fan_out_day(struct fan_out *f, struct campaign *c, size_t batch, size_t *planned,
		bool *over, struct err *e)
{
	struct day_pass w = {.f = f, .c = c};
	size_t most = batch * FAN_OUT_DAY_ROWS;
	int rc = day_load(&w, e);

	f->room = batch;
	if (rc == 0 && !w.counts) {
		day_allow(&w);
		if (f->allowed == 0)
			day_nobody(&w);
	}
	while (rc == 0 && w.phase != DAY_OVER && f->rows < most && *planned < batch)
		rc = day_step(&w, most - f->rows, planned, e);
	*over = w.phase == DAY_OVER;
	if (rc == 0 && f->invited > 0) {
		w.day.planned += f->invited;
		rc = store_campaign_day_put(f->st, c->id, &w.day, e);
	}
	if (rc == 0)
		rc = day_save(&w, e);
	if (!*over) {
		c->cursor = FAN_OUT_DAY_UNDER_WAY;
		c->pass_at = 0;
	}
	free(w.day.arithmetic);
	return rc;
}
