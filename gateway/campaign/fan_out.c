/* SPDX-License-Identifier: Apache-2.0 */
/* A running campaign's rows, a batch at a time: planned messages and the cursor
 * that moved over them are committed together. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/plan.h"

#define FAN_OUT_BATCH 500

struct fan_out {
	struct plan_writer writer;
	struct plan_units units;
	struct message_plan *items;
	size_t n, rows, faults;
	int64_t template_ids[PLAN_MAX_AUDIENCES];
	int64_t due_at, cursor;
	int day;
};

/* One planned row. Its text is ours until it is written. */
static void fan_out_add(struct fan_out *f, const struct recipient *r, int audience,
			const struct plan_message *m)
{
	const struct campaign_plan *p = f->writer.plan;

	f->items[f->n++] = (struct message_plan){.campaign_id = p->row->id,
						 .recipient_id = r->id,
						 .step = p->row->step,
						 .contact_id = r->contact_id,
						 .shared = r->contact_shared > 1,
						 .template_id = f->template_ids[audience],
						 .audience = audience,
						 .recipient_rev = r->rev,
						 .due_at = f->due_at,
						 .expires_at = plan_expires_at(p, audience),
						 .day = f->day,
						 .ucs2 = m->count.ucs2,
						 .segments = m->count.segments,
						 .text = m->text};
}

static bool fan_out_row(const struct recipient *r, void *arg)
{
	struct fan_out *f = arg;
	const struct plan_unit *unit = plan_units_find(&f->units, r->unit_id);
	struct plan_message m = {0};
	struct err e = ERR_INIT;
	int audience = -1;

	f->rows++;
	f->cursor = r->id;
	if (plan_judge(f->writer.plan, r, unit, &audience) != EXCLUDED_COUNT)
		return true;
	if (plan_render(&f->writer, audience, r, unit, &m, &e) < 0) {
		/* The row is named by its id alone: e may quote the list's own code. */
		log_warn("campaign", "row_not_rendered", "campaign=%lld recipient=%lld",
			 (long long)f->writer.plan->row->id, (long long)r->id);
		f->faults++;
		return true;
	}
	fan_out_add(f, r, audience, &m);
	return true;
}

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

static int fan_out_batch(struct store *st, struct fan_out *f, struct campaign *c, size_t batch,
			 size_t *planned, struct err *e)
{
	const struct campaign_plan *p = f->writer.plan;
	size_t linked = 0;

	for (int i = 0; i < p->n_audiences; i++)
		if (store_template_put(st, p->audiences[i].a->sms, p->audiences[i].file,
				       &f->template_ids[i], e) < 0)
			return -1;
	if (plan_units_load(&f->units, st, e) < 0 ||
	    store_recipient_scan(st, c->programme, c->cursor, batch, true, fan_out_row, f, e) <
		0 ||
	    store_message_plan(st, f->items, f->n, planned, &linked, e) < 0)
		return -1;
	c->cursor = f->rows < batch ? -1 : f->cursor;
	return store_campaign_update(st, c, e);
}

int campaign_fan_out(struct store *st, const struct campaign_plan *p, struct campaign *c,
		     int64_t now, size_t batch, size_t *planned, size_t *faults, bool *more,
		     struct err *e)
{
	struct fan_out f = {.due_at = now > c->starts_at ? now : c->starts_at,
			    .cursor = c->cursor};
	int64_t opens = calendar_next_open(p->house->calendar, f.due_at);
	int rc;

	*planned = *faults = 0;
	*more = false;
	if (c->cursor < 0)
		return 0;
	if (c->stream) { /* is fed message by message */
		c->cursor = -1;
		return store_campaign_update(st, c, e);
	}
	rc = fan_out_texts_hold(st, p, e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return fan_out_halt(st, c, e);
	if (batch == 0)
		batch = FAN_OUT_BATCH;
	f.day = civil_day_of(opens == INT64_MAX ? f.due_at : opens);
	f.items = mem_calloc(batch, sizeof(*f.items));
	plan_writer_init(&f.writer, p);
	rc = fan_out_batch(st, &f, c, batch, planned, e);
	*faults = f.faults;
	*more = rc == 0 && c->cursor >= 0;
	for (size_t i = 0; i < f.n; i++)
		free((char *)(uintptr_t)f.items[i].text);
	free(f.items);
	plan_units_free(&f.units);
	plan_writer_free(&f.writer);
	return rc;
}
