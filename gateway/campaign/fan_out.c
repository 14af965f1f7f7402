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

static void fan_out_fault(struct fan_out *f, const struct recipient *r)
{
	/* The row is named by its id alone: the error may quote the list's own code. */
	log_warn("campaign", "row_not_rendered", "campaign=%lld recipient=%lld",
		 (long long)f->writer.plan->row->id, (long long)r->id);
	f->faults++;
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
	fan_out_fault(f, r);
	return false;
}

static struct message_plan *fan_out_room(struct fan_out *f)
{
	f->items = mem_grow(f->items, &f->cap, f->n + 1, sizeof(*f->items));
	return &f->items[f->n];
}

/* What was due and did not go for so long is not sent any more. */
static void fan_out_catch_up(const struct fan_out *f, struct message_plan *item, int64_t due)
{
	if (f->catch_up > 0 && due + f->catch_up < item->expires_at)
		item->expires_at = due + f->catch_up;
}

int fan_out_add(struct fan_out *f, const struct recipient *r, int rung,
		const struct fan_out_about *about, struct err *e)
{
	const struct campaign_plan *p = f->writer.plan;
	const struct ladder_rung *l = &p->ladder.rungs[rung];
	struct plan_message m = {0};
	struct message_plan *item;
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
	plan_writer_session(&f->writer, about != NULL ? about->session : NULL);
	if (!l->paper && skip == NULL && !fan_out_render(f, r, audience, rung, &m))
		return 0;
	item = fan_out_room(f);
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
	if (about != NULL && about->session != NULL) {
		item->step = PLAN_STEP(about->round, 0);
		/* Each has an hour of its own: nobody's invitation stands for another's. */
		item->shared = false;
		if (session_begins(about->session) < item->expires_at)
			item->expires_at = session_begins(about->session);
	}
	if (!l->paper)
		fan_out_catch_up(f, item, f->opens);
	f->n++;
	return 1;
}

/* ---- what goes with an invitation ---------------------------------------------------------- */

/* The reminders of r's invitation, by SMS where the ladder has it; none of them goes down the ladder. One
 * that cannot be written is a fault of its own. */
static void fan_out_steps(struct fan_out *f, const struct recipient *r, int audience,
			  const struct fan_out_about *about)
{
	const struct campaign_plan *p = f->writer.plan;
	const struct plan_audience *a = &p->audiences[audience];
	int64_t happens =
	    about->session != NULL ? session_begins(about->session) : plan_happens(p);
	int rung = ladder_find(&p->ladder, "sms");

	for (int k = 0; rung >= 0 && k < a->n_steps; k++) {
		int64_t due = plan_step_due(p, a->steps[k].s, f->opens, happens);
		struct plan_message m = {0};
		struct message_plan *item;
		struct err e = ERR_INIT;

		if (due == 0)
			continue;
		f->writer.form = false;
		if (plan_render_text(&f->writer, &a->steps[k].text, r,
				     plan_units_find(&f->units, r->unit_id), &m, &e) < 0) {
			fan_out_fault(f, r);
			continue;
		}
		item = fan_out_room(f);
		*item = (struct message_plan){.campaign_id = p->row->id,
					      .recipient_id = r->id,
					      .step = PLAN_STEP(about->round, k + 1),
					      .rung = rung,
					      .contact_id = r->contact_id,
					      .shared = about->session == NULL &&
							r->contact_shared > 1,
					      .template_id = f->step_ids[audience][k],
					      .audience = audience,
					      .recipient_rev = r->rev,
					      .due_at = due,
					      .expires_at = plan_expires_at(p, audience),
					      .day = civil_day_of(due),
					      .ucs2 = m.count.ucs2,
					      .segments = m.count.segments,
					      .text = m.text};
		if (happens < item->expires_at)
			item->expires_at = happens;
		fan_out_catch_up(f, item, due);
		f->n++;
	}
}

static void fan_out_take(struct fan_out *f, const struct recipient *r, int audience,
			 const struct fan_out_about *about, struct session *session)
{
	session->taken++;
	f->seats = mem_grow(f->seats, &f->cap_seats, f->n_seats + 1, sizeof(*f->seats));
	f->seats[f->n_seats++] = (struct seat){.session_id = session->id,
					       .recipient_id = r->id,
					       .campaign_id = f->writer.plan->row->id,
					       .since = about->round,
					       .round = about->round,
					       .audience = audience};
}

/* Takes the seats. Between the look and here nobody could: it is one transaction. */
static int fan_out_sit(struct fan_out *f, struct err *e)
{
	for (size_t i = 0; i < f->n_seats; i++) {
		int rc = store_seat_take(f->st, &f->seats[i], e);

		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(e, EX_SOFTWARE, "a seat of session %lld is gone",
				       (long long)f->seats[i].session_id);
	}
	return 0;
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
		 struct campaign *c, int64_t now, struct err *e)
{
	const struct ladder_config *l = p->house->ladder;
	int rc;

	memset(f, 0, sizeof(*f));
	plan_writer_init(&f->writer, p);
	f->st = st;
	f->due_at = now > c->starts_at ? now : c->starts_at;
	f->absent_since = now - (l != NULL ? l->absent_for : FAN_OUT_ABSENT);
	f->opens = calendar_next_open(p->house->calendar, f->due_at);
	if (f->opens == INT64_MAX)
		f->opens = f->due_at;
	f->day = civil_day_of(f->opens);
	f->catch_up = c->catch_up;
	f->allowed = -1;
	rc = fan_out_texts_hold(st, p, e);
	if (rc == 0)
		return fan_out_halt(st, c, e);
	for (int i = 0; rc > 0 && i < p->n_audiences; i++) {
		const struct plan_audience *a = &p->audiences[i];

		if (store_template_put(st, a->a->sms, a->file, &f->template_ids[i], e) < 0)
			rc = -1;
		for (int k = 0; rc > 0 && k < a->n_steps; k++)
			if (store_template_put(st, a->steps[k].as.sms, a->steps[k].text.file,
					       &f->step_ids[i][k], e) < 0)
				rc = -1;
	}
	if (rc > 0 && plan_units_load(&f->units, st, e) < 0)
		rc = -1;
	return rc;
}

void fan_out_close(struct fan_out *f)
{
	for (size_t i = 0; i < f->n; i++)
		free((char *)(uintptr_t)f->items[i].text);
	free(f->items);
	free(f->seats);
	seating_free(&f->seating);
	plan_units_free(&f->units);
	plan_writer_free(&f->writer);
}

/* Whether r gets a session: 1 and *about, *session; 0; -1. */
static int fan_out_seat(struct fan_out *f, const struct recipient *r, int audience,
			struct fan_out_about *about, struct session **session)
{
	int why = seating_judge(&f->seating, f->st, f->writer.plan, audience, r, session,
				&about->round, f->e);

	about->session = *session;
	f->failed = why < 0;
	return why < 0 ? -1 : why == EXCLUDED_COUNT;
}

static bool fan_out_row(const struct recipient *r, void *arg)
{
	struct fan_out *f = arg;
	const struct campaign_plan *p = f->writer.plan;
	struct fan_out_about about = {.session = NULL};
	struct session *session = NULL;
	int audience = -1, rc;

	f->rows++;
	f->cursor = r->id;
	if (p->steps) {
		enum exclusion why =
		    plan_judge(p, r, plan_units_find(&f->units, r->unit_id), &audience);

		if (why != EXCLUDED_COUNT &&
		    (!exclusion_of_number(why) || ladder_paper(&p->ladder, 0) < 0))
			return true;
		if (p->audiences[audience].seat) {
			rc = fan_out_seat(f, r, audience, &about, &session);
			if (rc <= 0)
				return rc == 0;
		}
		rc = fan_out_add(f, r, 0, &about, f->e);
		if (rc > 0 && why == EXCLUDED_COUNT)
			fan_out_steps(f, r, audience, &about);
		if (rc > 0 && session != NULL)
			fan_out_take(f, r, audience, &about, session);
	} else {
		rc = fan_out_add(f, r, 0, NULL, f->e);
	}
	f->invited += rc > 0;
	return rc >= 0 && (f->allowed < 0 || f->invited < f->allowed);
}

/* Where the next batch begins, and when. A campaign that goes over its list again (for people who did
 * not come, for sessions that were added) begins anew each working morning; one with a quota goes on
 * where it stopped. */
static void fan_out_next(const struct fan_out *f, struct campaign *c, size_t batch)
{
	const struct campaign_plan *p = f->writer.plan;
	bool enough = f->allowed >= 0 && f->invited >= f->allowed;
	bool end = f->rows < batch && !enough;

	c->pass_at = 0;
	if (!enough && !end) {
		c->cursor = f->cursor;
		return;
	}
	if (end && !p->seats) {
		c->cursor = -1;
		return;
	}
	c->cursor = p->seats ? 0 : f->rows > 0 ? f->cursor : c->cursor;
	c->pass_at = calendar_next_open(p->house->calendar,
					civil_day_start_ms(civil_day_of(f->opens) + 1));
	if (c->pass_at >= c->expires_at)
		c->cursor = -1;
}

/* One batch, once the campaign is open for it. */
static int fan_out_batch(struct fan_out *f, struct campaign *c, int64_t now, size_t batch,
			 size_t *planned, struct err *e)
{
	const struct campaign_plan *p = f->writer.plan;
	struct campaign_day day = {0};
	size_t linked = 0;
	int rc = 0;

	f->e = e;
	if (c->quota)
		rc = quota_today(f->st, p, f->opens, &day, &f->allowed, e);
	if (rc == 0 && p->seats && c->cursor == 0)
		rc = seating_sweep(f->st, p, civil_day_of(now), e);
	if (rc == 0)
		rc = seating_load(&f->seating, f->st, p, f->opens, e);
	if (rc == 0 && f->allowed != 0)
		rc = store_recipient_scan(f->st, c->programme, c->cursor, batch, true,
					  fan_out_row, f, e);
	if (f->failed)
		rc = -1;
	if (rc == 0)
		rc = store_message_plan(f->st, f->items, f->n, planned, &linked, e);
	if (rc == 0)
		rc = fan_out_sit(f, e);
	if (rc == 0) {
		fan_out_next(f, c, batch);
		rc = store_campaign_update(f->st, c, e);
	}
	if (rc == 0 && c->quota && f->invited > 0) {
		day.planned += f->invited;
		rc = store_campaign_day_put(f->st, c->id, &day, e);
	}
	free(day.arithmetic);
	return rc;
}

int campaign_fan_out(struct store *st, const struct campaign_plan *p, struct campaign *c,
		     int64_t now, size_t batch, size_t *planned, size_t *faults, bool *more,
		     struct err *e)
{
	struct fan_out f;
	int rc;

	*planned = *faults = 0;
	*more = false;
	if (c->cursor < 0)
		return 0;
	if (c->stream) { /* is fed message by message */
		c->cursor = -1;
		return store_campaign_update(st, c, e);
	}
	if (now < c->pass_at)
		return 0;
	rc = fan_out_open(&f, st, p, c, now, e);
	if (rc > 0) {
		rc = fan_out_batch(&f, c, now, batch > 0 ? batch : FAN_OUT_BATCH, planned, e);
		*faults = f.faults;
		*more = rc == 0 && c->cursor >= 0 && c->pass_at <= now;
	}
	fan_out_close(&f);
	return rc;
}
