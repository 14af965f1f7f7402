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

/* When a message of a may go: it sends nobody to an office that is closed then. */
static int64_t fan_out_due(const struct fan_out *f, const struct plan_audience *a,
			   const struct plan_unit *unit)
{
	const struct calendar *c = f->writer.plan->house->calendar;
	const char *hamlet = plan_office(a, unit);
	int64_t due;

	if (!a->office || calendar_visit_day(c, hamlet, f->day))
		return f->due_at;
	due = calendar_next_visit(c, hamlet, f->opens);
	return due != INT64_MAX ? due : f->due_at;
}

int fan_out_add(struct fan_out *f, const struct recipient *r, int rung,
		const struct fan_out_about *about, struct err *e)
{
	const struct campaign_plan *p = f->writer.plan;
	const struct ladder_rung *l = &p->ladder.rungs[rung];
	struct plan_message m = {0};
	struct message_plan *item;
	int audience = -1;
	const struct plan_unit *unit = plan_units_find(&f->units, r->unit_id);
	enum exclusion why = plan_judge(p, r, unit, &audience);
	const char *skip;
	int64_t due;

	if (why != EXCLUDED_COUNT &&
	    (!exclusion_of_number(why) || ladder_paper(&p->ladder, rung) < 0))
		return 0;
	skip = fan_out_barrier(f, r, rung, why, e);
	if (f->failed)
		return -1;
	plan_writer_session(&f->writer, about != NULL ? about->session : NULL);
	if (!l->paper && skip == NULL && !fan_out_render(f, r, audience, rung, &m))
		return 0;
	due = fan_out_due(f, &p->audiences[audience], unit);
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
				      .due_at = l->paper ? INT64_MAX : due,
				      .expires_at = plan_expires_at(p, audience),
				      .day = due == f->due_at ? f->day : civil_day_of(due),
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

static int fan_out_halt(struct store *st, struct campaign *c, struct err *e)
{
	log_error("campaign", "halted", "campaign=%lld reason=texts_changed", (long long)c->id);
	c->state = CAMPAIGN_HALTED;
	free(c->halt_reason);
	c->halt_reason =
	    mem_strdup("bản mẫu hoặc đối tượng đã thay đổi sau khi duyệt: cần duyệt lại");
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
	f->allowed = f->budget = -1;
	rc = plan_texts_hold(st, p, e);
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
	if (rc > 0 && (plan_units_load(&f->units, st, e) < 0 ||
		       plan_units_duty(&f->units, st, p, f->day, e) < 0))
		rc = -1;
	return rc;
}

void fan_out_close(struct fan_out *f)
{
	for (size_t i = 0; i < f->n; i++)
		free((char *)(uintptr_t)f->items[i].text);
	json_decref(f->kept);
	free(f->items);
	free(f->seats);
	free(f->shares);
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

/* Whether r is looked at in this pass of a campaign with a quota: 1, 0, -1. Nobody is planned twice. */
static int fan_out_turn(struct fan_out *f, const struct recipient *r, int audience)
{
	const struct campaign_plan *p = f->writer.plan;
	struct fan_out_share *s;
	struct seat_history history;
	int64_t planned;
	int rc;

	if (p->audiences[audience].seat) {
		rc = store_seat_history(f->st, r->id, p->row->id, &history, f->e);
		if (rc == 0)
			rc = history.open ||
			     history.invited >= p->audiences[audience].a->invitations;
	} else {
		rc = store_message_at(f->st, p->row->id, r->id, p->row->step, -1, &planned,
				      f->e);
	}
	f->failed = rc < 0;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	s = fan_out_share(f, r->unit_id);
	s->waiting += f->counting;
	return f->counting || (f->sharing && s->share == 0) ? 0 : 1;
}

/* Whether the budget still pays for the items from the nth on, which are one person's: an invitation with its
 * reminders. They are taken back when it does not, and nobody more is invited today. */
static bool fan_out_pay(struct fan_out *f, size_t nth)
{
	int64_t segments = 0;

	for (size_t i = nth; i < f->n; i++)
		segments += f->items[i].segments;
	if (f->budget < 0 || segments <= f->budget) {
		f->budget -= f->budget < 0 ? 0 : segments;
		return true;
	}
	while (f->n > nth)
		free((char *)(uintptr_t)f->items[--f->n].text);
	f->allowed = f->invited;
	return false;
}

static bool fan_out_row(const struct recipient *r, void *arg)
{
	struct fan_out *f = arg;
	size_t nth = f->n;
	const struct campaign_plan *p = f->writer.plan;
	struct fan_out_about about = {.session = NULL};
	struct session *session = NULL;
	int audience = -1, rc;

	f->rows++;
	f->cursor = r->id;
	if (f->quota != NULL)
		quota_pass_row(f->quota, r, plan_units_find(&f->units, r->unit_id));
	if (p->steps || f->allowed >= 0) {
		enum exclusion why =
		    plan_judge(p, r, plan_units_find(&f->units, r->unit_id), &audience);

		if (why != EXCLUDED_COUNT &&
		    (!exclusion_of_number(why) || ladder_paper(&p->ladder, 0) < 0))
			return true;
		rc = f->allowed >= 0 ? fan_out_turn(f, r, audience) : 1;
		if (rc <= 0)
			return rc == 0;
		if (p->audiences[audience].seat) {
			rc = fan_out_seat(f, r, audience, &about, &session);
			if (rc <= 0)
				return rc == 0;
		}
		rc = fan_out_add(f, r, 0, &about, f->e);
		if (rc > 0 && why == EXCLUDED_COUNT)
			fan_out_steps(f, r, audience, &about);
		if (rc > 0 && !fan_out_pay(f, nth))
			return false;
		if (rc > 0 && session != NULL)
			fan_out_take(f, r, audience, &about, session);
	} else {
		rc = fan_out_add(f, r, 0, NULL, f->e);
	}
	f->invited += rc > 0;
	if (rc > 0 && f->sharing)
		fan_out_share(f, r->unit_id)->share--;
	return rc >= 0 && (f->allowed < 0 || (f->invited < f->allowed && f->n < f->room));
}

/* Where the next batch begins, and when. A campaign that goes over its list again (for people who did
 * not come, for sessions that were added, for those beyond the day's quota) begins anew each working
 * morning. */
static void fan_out_next(const struct fan_out *f, struct campaign *c, size_t batch)
{
	const struct campaign_plan *p = f->writer.plan;
	bool end = f->allowed >= 0 ? f->left == 0 : f->rows < batch;

	c->pass_at = 0;
	if (f->allowed < 0 && !end) {
		c->cursor = f->cursor;
		return;
	}
	if (end && !p->seats) {
		c->cursor = -1;
		return;
	}
	c->cursor = 0;
	c->pass_at = calendar_next_open(p->house->calendar,
					civil_day_start_ms(civil_day_of(f->opens) + 1));
	if (c->pass_at >= c->expires_at)
		c->cursor = -1;
}

int fan_out_write(struct fan_out *f, size_t *planned, struct err *e)
{
	size_t inserted = 0, linked = 0;
	int rc = store_message_plan(f->st, f->items, f->n, &inserted, &linked, e);

	if (rc == 0)
		rc = fan_out_sit(f, e);
	for (size_t i = 0; i < f->n; i++)
		free((char *)(uintptr_t)f->items[i].text);
	f->n = f->n_seats = 0;
	*planned += inserted;
	return rc;
}

int fan_out_scan(struct fan_out *f, int64_t after, size_t rows, struct err *e)
{
	int rc = store_recipient_scan(f->st, f->writer.plan->row->programme, after, rows, true,
				      fan_out_row, f, e);

	return f->failed ? -1 : rc;
}

/* One batch, once the campaign is open for it. */
static int fan_out_batch(struct fan_out *f, struct campaign *c, int64_t now, size_t batch,
			 size_t *planned, struct err *e)
{
	const struct campaign_plan *p = f->writer.plan;
	bool over = true;
	int rc = 0;

	f->e = e;
	if (c->quota)
		rc = fan_out_day_begins(f, c, e) < 0 ? -1
						     : quota_budget(f->st, p, &f->budget, e);
	if (rc == 0 && p->seats && c->cursor == 0)
		rc = seating_sweep(f->st, p, civil_day_of(now), e);
	if (rc == 0)
		rc = seating_load(&f->seating, f->st, p, f->opens, e);
	if (rc == 0 && c->quota)
		rc = fan_out_day(f, c, batch, planned, &over, e);
	else if (rc == 0)
		rc = fan_out_scan(f, c->cursor, batch, e);
	if (rc == 0 && !c->quota)
		rc = fan_out_write(f, planned, e);
	if (rc < 0)
		return -1;
	if (over)
		fan_out_next(f, c, batch);
	return store_campaign_update(f->st, c, e);
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
