/* SPDX-License-Identifier: Apache-2.0 */
/* A running campaign's rows, a batch at a time: planned messages and the cursor
 * that moved over them are committed together. */
#include "campaign/fan_out.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/rung.h"

#define FAN_OUT_BATCH 500
/* How long a channel's "no account" holds when the house does not say. */
#define FAN_OUT_ABSENT (30 * CLOCK_DAY_MS)

/* ---- one message ------------------------------------------------------------------------- */

/* Why this rung's channel cannot reach r; NULL when it may. `why` is what speaks against the number. */
static const char *fan_out_barrier(struct fan_out *f, const struct recipient *r, int rung,
				   enum exclusion why, struct err *e)
{
	const struct ladder_rung *l = &f->writer.plan->ladder.rungs[rung];
	int rc;

	if (l->paper)
		return NULL;
	if (why != EXCLUDED_COUNT)
		return exclusion_vi(why);
	if (f->writer.plan->ladder.n == 1)
		return NULL;
	rc = store_contact_absent(f->st, r->contact_id, l->channel, f->absent_since, e);
	f->failed = rc < 0;
	return rc > 0 ? "số này không có tài khoản trên kênh" : NULL;
}

static bool fan_out_render(struct fan_out *f, const struct recipient *r, int audience, int rung,
			   struct plan_message *m)
{
	const struct campaign_plan *p = f->writer.plan;
	const struct plan_unit *unit = plan_units_find(&f->units, r->unit_id);
	struct err e = ERR_INIT;

	f->writer.form = strcmp(p->ladder.rungs[rung].channel, "sms") != 0;
	if (plan_render(&f->writer, audience, r, unit, m, &e) == 0)
		return true;
	/* The row is named by its id alone: e may quote the list's own code. */
	log_warn("campaign", "row_not_rendered", "campaign=%lld recipient=%lld",
		 (long long)p->row->id, (long long)r->id);
	f->faults++;
	return false;
}

int fan_out_add(struct fan_out *f, const struct recipient *r, int rung, struct err *e)
{
	const struct campaign_plan *p = f->writer.plan;
	const struct ladder_rung *l = &p->ladder.rungs[rung];
	struct plan_message m = {0};
	struct message_plan *item = &f->items[f->n];
	int audience = -1;
	enum exclusion why =
	    plan_judge(p, r, plan_units_find(&f->units, r->unit_id), &audience);
	const char *skip;

	if (why != EXCLUDED_COUNT &&
	    (!exclusion_of_number(why) || ladder_paper(&p->ladder, rung) < 0))
		return 0;
	skip = fan_out_barrier(f, r, rung, why, e);
	if (f->failed)
		return -1;
	if (!l->paper && skip == NULL && !fan_out_render(f, r, audience, rung, &m))
		return 0;
	*item = (struct message_plan){.campaign_id = p->row->id,
				      .recipient_id = r->id,
				      .step = p->row->step,
				      .rung = rung,
				      .onward = ladder_onward(&p->ladder, rung),
				      .skip = skip,
				      .contact_id = r->contact_id,
				      .shared = r->contact_shared > 1 && !l->paper,
				      .template_id = f->template_ids[audience],
				      .audience = audience,
				      .recipient_rev = r->rev,
				      .due_at = l->paper ? INT64_MAX : f->due_at,
				      .expires_at = plan_expires_at(p, audience),
				      .day = f->day,
				      .ucs2 = m.count.ucs2,
				      .segments = m.count.segments,
				      .text = m.text != NULL ? m.text : mem_strdup("")};
	f->n++;
	return 1;
}

/* ---- a batch ------------------------------------------------------------------------------- */

/* Whether the texts are those that were approved; a campaign that was not started by campaign_start()
 * has no record of them. 1/0/-1 */
static int fan_out_texts_hold(struct store *st, const struct campaign_plan *p, struct err *e)
{
	char *key = mem_printf(CAMPAIGN_TEXTS_KEY, (long long)p->row->id), *frozen = NULL;
	char now[65];
	int rc = store_meta_get(st, key, &frozen, e);

	if (rc > 0) {
		plan_texts_hash(p, now);
		rc = strcmp(frozen, now) == 0;
	} else if (rc == 0) {
		rc = 1;
	}
	free(frozen);
	free(key);
	return rc;
}

static int fan_out_halt(struct store *st, struct campaign *c, struct err *e)
{
	log_error("campaign", "halted", "campaign=%lld reason=texts_changed", (long long)c->id);
	c->state = CAMPAIGN_HALTED;
	free(c->halt_reason);
	c->halt_reason = mem_strdup("bản mẫu đã thay đổi sau khi duyệt: cần duyệt lại");
	return store_campaign_update(st, c, e);
}

int fan_out_open(struct fan_out *f, struct store *st, const struct campaign_plan *p,
		 struct campaign *c, int64_t now, size_t max, struct err *e)
{
	const struct ladder_config *l = p->house->ladder;
	int64_t opens;
	int rc;

	memset(f, 0, sizeof(*f));
	plan_writer_init(&f->writer, p);
	f->st = st;
	f->due_at = now > c->starts_at ? now : c->starts_at;
	f->absent_since = now - (l != NULL ? l->absent_for : FAN_OUT_ABSENT);
	opens = calendar_next_open(p->house->calendar, f->due_at);
	f->day = civil_day_of(opens == INT64_MAX ? f->due_at : opens);
	f->items = mem_calloc(max, sizeof(*f->items));
	rc = fan_out_texts_hold(st, p, e);
	if (rc == 0)
		return fan_out_halt(st, c, e);
	for (int i = 0; rc > 0 && i < p->n_audiences; i++)
		if (store_template_put(st, p->audiences[i].a->sms, p->audiences[i].file,
				       &f->template_ids[i], e) < 0)
			rc = -1;
	if (rc > 0 && plan_units_load(&f->units, st, e) < 0)
		rc = -1;
	return rc;
}

void fan_out_close(struct fan_out *f)
{
	for (size_t i = 0; i < f->n; i++)
		free((char *)(uintptr_t)f->items[i].text);
	free(f->items);
	plan_units_free(&f->units);
	plan_writer_free(&f->writer);
}

static bool fan_out_row(const struct recipient *r, void *arg)
{
	struct fan_out *f = arg;

	f->rows++;
	f->cursor = r->id;
	return fan_out_add(f, r, 0, f->e) >= 0;
}

int campaign_fan_out(struct store *st, const struct campaign_plan *p, struct campaign *c,
		     int64_t now, size_t batch, size_t *planned, size_t *faults, bool *more,
		     struct err *e)
{
	struct fan_out f;
	size_t linked = 0;
	int rc;

	*planned = *faults = 0;
	*more = false;
	if (c->cursor < 0)
		return 0;
	if (c->stream) { /* is fed message by message */
		c->cursor = -1;
		return store_campaign_update(st, c, e);
	}
	if (batch == 0)
		batch = FAN_OUT_BATCH;
	rc = fan_out_open(&f, st, p, c, now, batch, e);
	if (rc > 0) {
		f.e = e;
		rc = store_recipient_scan(st, c->programme, c->cursor, batch, true, fan_out_row,
					  &f, e);
		if (f.failed)
			rc = -1;
		if (rc == 0)
			rc = store_message_plan(st, f.items, f.n, planned, &linked, e);
		if (rc == 0) {
			c->cursor = f.rows < batch ? -1 : f.cursor;
			rc = store_campaign_update(st, c, e);
		}
		*faults = f.faults;
		*more = rc == 0 && c->cursor >= 0;
	}
	fan_out_close(&f);
	return rc;
}
