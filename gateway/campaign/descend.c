/* SPDX-License-Identifier: Apache-2.0 */
/* From one rung of the ladder to the next: what was decided about the message
 * above and the message below are committed together. */
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "campaign/fan_out.h"
#include "provider/provider.h"
#include "store/rung.h"

/* Rungs looked at and people planned at once. */
#define DESCEND_BATCH  200
#define DESCEND_LINKED 64

enum descend_what {
	DESCEND_STAY,	 /* nothing to do */
	DESCEND_GO,	 /* to the next rung */
	DESCEND_REACHED, /* after all: off the rungs below */
	DESCEND_EXPIRE,	 /* a letter or a visit that was not handed over in time */
};

/* What the end of a rung means: the pure part. */
static enum descend_what descend_judge(const struct ladder *l, const struct rung_end *end,
				       int64_t now)
{
	const struct ladder_rung *r = &l->rungs[end->rung < l->n ? end->rung : l->n - 1];
	unsigned by = 0;

	switch (end->state) {
	case MESSAGE_DELIVERED:
		return DESCEND_REACHED;
	case MESSAGE_QUEUED:
	case MESSAGE_HELD:
		return r->paper && end->expires_at <= now ? DESCEND_EXPIRE : DESCEND_STAY;
	case MESSAGE_SENT:
	case MESSAGE_NO_RECEIPT:
		return end->onward > 0 ? DESCEND_GO : DESCEND_STAY;
	case MESSAGE_CANCELLED: /* skipped: no other cancellation is noted */
		return DESCEND_GO;
	case MESSAGE_UNDELIVERED:
		by = LADDER_UNDELIVERED;
		break;
	case MESSAGE_FAILED:
	case MESSAGE_ABANDONED:
		by = LADDER_FAILED;
		break;
	case MESSAGE_REJECTED:
		by = end->class == OUTCOME_FALLBACK ? LADDER_FALLBACK
		     : end->class == OUTCOME_BADNUM ? LADDER_BADNUM
						    : LADDER_CONTENT;
		break;
	default:
		break;
	}
	return (r->ends & by) != 0 ? DESCEND_GO : DESCEND_STAY;
}

/* Plans what was collected. */
static int descend_flush(struct fan_out *f, size_t *planned, struct err *e)
{
	size_t n = 0, linked = 0;

	if (store_message_plan(f->st, f->items, f->n, &n, &linked, e) < 0)
		return -1;
	*planned += n;
	for (size_t i = 0; i < f->n; i++)
		free((char *)(uintptr_t)f->items[i].text);
	f->n = 0;
	return 0;
}

/* The session that an invitation of this step names, while its seat is kept: 1, 0, -1. */
static int descend_session(struct fan_out *f, int64_t recipient_id, int step,
			   struct session *out, struct err *e)
{
	struct seat s;
	int rc = store_seat_of(f->st, recipient_id, &s, e);

	if (rc <= 0 || s.campaign_id != f->writer.plan->row->id || s.since != step / PLAN_ROUND)
		return rc < 0 ? -1 : 0;
	return store_session_get(f->st, s.session_id, out, e);
}

/* One person onto a rung, if they would still be written to. Reminders do not go down: what is printed
 * and carried is the invitation. */
static int descend_person(struct fan_out *f, int64_t recipient_id, int step, int rung,
			  size_t *planned, struct err *e)
{
	const struct campaign_plan *p = f->writer.plan;
	struct session session = {0};
	struct fan_out_about about = {.round = step / PLAN_ROUND};
	struct recipient r = {0};
	int audience = -1, rc;

	if (p->steps && step % PLAN_ROUND != 0)
		return 0;
	rc = store_recipient_get(f->st, recipient_id, &r, e);
	if (rc > 0)
		(void)plan_judge(p, &r, plan_units_find(&f->units, r.unit_id), &audience);
	/* Of those who need no seat nobody has one. */
	if (audience >= 0 && p->audiences[audience].seat) {
		rc = descend_session(f, recipient_id, step, &session, e);
		about.session = &session;
	}
	if (rc > 0)
		rc = fan_out_add(f, &r, rung, &about, e);
	recipient_clear(&r);
	session_clear(&session);
	if (rc >= 0 && f->n == DESCEND_BATCH)
		return descend_flush(f, planned, e);
	return rc < 0 ? -1 : 0;
}

/* Everybody for whom this message stood. */
static int descend_go(struct fan_out *f, const struct rung_end *end, size_t *planned,
		      struct err *e)
{
	const struct ladder *l = &f->writer.plan->ladder;
	int64_t linked[DESCEND_LINKED], after = 0;
	size_t n = 0;

	if (end->rung + 1 >= l->n)
		return 0;
	/* A SIM has SMS by itself; an account elsewhere is there or not. */
	if (end->class == OUTCOME_FALLBACK && end->contact_id != 0 &&
	    (end->state == MESSAGE_REJECTED || end->state == MESSAGE_UNDELIVERED) &&
	    strcmp(l->rungs[end->rung].channel, "sms") != 0 &&
	    store_contact_set_absent(f->st, end->contact_id, l->rungs[end->rung].channel,
				     clock_now_ms(), e) < 0)
		return -1;
	if (descend_person(f, end->recipient_id, end->step, end->rung + 1, planned, e) < 0)
		return -1;
	do {
		if (store_rung_linked(f->st, end->message_id, &after, linked, DESCEND_LINKED,
				      &n, e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			if (descend_person(f, linked[i], end->step, end->rung + 1, planned, e) <
			    0)
				return -1;
		}
	} while (n == DESCEND_LINKED);
	return 0;
}

/* Also those for whom it stood were reached by it. */
static int descend_reached(struct fan_out *f, const struct rung_end *end, struct err *e)
{
	static const char reason[] = "đã nhận được ở nấc trước";
	int64_t linked[DESCEND_LINKED], after = 0, campaign = f->writer.plan->row->id;
	size_t n = 0, withdrawn = 0;

	if (store_rung_withdraw(f->st, campaign, end->recipient_id, end->step, end->rung,
				reason, &withdrawn, e) < 0)
		return -1;
	do {
		if (store_rung_linked(f->st, end->message_id, &after, linked, DESCEND_LINKED,
				      &n, e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			if (store_rung_withdraw(f->st, campaign, linked[i], end->step,
						end->rung, reason, &withdrawn, e) < 0)
				return -1;
		}
	} while (n == DESCEND_LINKED);
	return 0;
}

static int descend_one(struct fan_out *f, const struct rung_end *end, int64_t now,
		       size_t *planned, struct err *e)
{
	int rc = 0;

	if (store_rung_looked(f->st, end->message_id, e) < 0)
		return -1;
	switch (descend_judge(&f->writer.plan->ladder, end, now)) {
	case DESCEND_GO:
		rc = descend_go(f, end, planned, e);
		break;
	case DESCEND_REACHED:
		rc = descend_reached(f, end, e);
		break;
	case DESCEND_EXPIRE:
		rc = store_message_event(f->st, end->message_id, MESSAGE_EV_EXPIRE, 0,
					 "không giao kịp hạn", e);
		break;
	case DESCEND_STAY:
		break;
	}
	return rc < 0 ? -1 : 0;
}

int campaign_descend(struct store *st, const struct campaign_plan *p, struct campaign *c,
		     int64_t now, size_t batch, size_t *planned, bool *more, struct err *e)
{
	struct rung_end ends[DESCEND_BATCH];
	size_t n = 0, max = batch < DESCEND_BATCH ? batch : DESCEND_BATCH;
	struct fan_out f;
	int rc;

	*planned = 0;
	*more = false;
	if (store_rung_ends(st, c->id, now, ends, max, &n, e) < 0)
		return -1;
	if (n == 0)
		return 0;
	rc = fan_out_open(&f, st, p, c, now, e);
	for (size_t i = 0; rc > 0 && i < n; i++) {
		if (descend_one(&f, &ends[i], now, planned, e) < 0)
			rc = -1;
	}
	if (rc > 0)
		rc = descend_flush(&f, planned, e);
	*more = rc >= 0 && n == max && c->state == CAMPAIGN_RUNNING;
	fan_out_close(&f);
	FAILPOINT("descend.done");
	return rc < 0 ? -1 : 0;
}

const char *campaign_paper_void(struct store *st, const struct campaign_plan *p,
				int64_t recipient_id, bool *failed)
{
	struct recipient r = {0};
	struct plan_units units = {0};
	struct err e = ERR_INIT;
	enum exclusion why = EXCLUDED_COUNT;
	const char *reason = NULL;
	int audience = -1, rc = store_recipient_get(st, recipient_id, &r, &e);

	if (rc == 0) {
		reason = "không còn trong danh sách";
	} else if (rc > 0 && plan_units_load(&units, st, &e) == 0) {
		why = plan_judge(p, &r, plan_units_find(&units, r.unit_id), &audience);
		if (why == EXCLUDED_NOT_IN_AUDIENCE &&
		    programme_state_at(p->programme, r.state)->done)
			reason = "đã làm xong";
		else if (why != EXCLUDED_COUNT && !exclusion_of_number(why))
			reason = exclusion_vi(why);
	} else {
		rc = -1;
	}
	*failed = rc < 0;
	plan_units_free(&units);
	recipient_clear(&r);
	return reason;
}
