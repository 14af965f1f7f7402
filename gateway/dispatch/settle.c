/* SPDX-License-Identifier: Apache-2.0 */
/* Results in, and what time does to messages that were sent: the uncertain are
 * settled, the silent are given up on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/judge.h"
#include "dispatch/outbox_impl.h"
#include "store/asked.h"
#include "store/health.h"
#include "store/recipient.h"

/* Rows looked at in one turn. */
#define SETTLE_BATCH 200

/* ---- results ------------------------------------------------------------------------------ */

/* What an answer says about its provider as a whole. */
static void settle_pace(const struct outbox *o, struct outbox_route *route,
			const struct outbox_result *r, int64_t due_at)
{
	const struct outcome *oc = &r->outcome;
	bool trouble = oc->not_sent || oc->class == OUTCOME_UNCERTAIN ||
		       (oc->class == OUTCOME_RETRY && oc->http_status >= 500);

	/* A request is counted once, whatever it carried. */
	if (r->more) {
		pace_give_back_along(&route->pace);
		return;
	}
	pace_give_back(&route->pace);
	health_answer(&route->health, &o->cfg->health, r->at, trouble,
		      r->sent_at > 0 && r->at > r->sent_at ? r->at - r->sent_at : 0);
	if (!trouble) {
		pace_worked(&route->pace);
	} else if (pace_failed(&route->pace, r->at)) {
		log_warn("dispatch", "provider_in_trouble",
			 "provider=%s pause_ms=%lld reason=\"%s\"", route->facts->name,
			 (long long)(route->pace.paused_until - r->at), oc->reason);
	}
	/* A status speaks about us, a code in a 200 about one message (a quota of its number). */
	if ((oc->http_status == 429 || oc->http_status == 503) && oc->wait_ms >= 0)
		pace_pause(&route->pace, due_at);
}

static int settle_stop_provider(struct outbox *o, struct outbox_route *route,
				const struct outbox_result *r, struct err *e)
{
	char reason[224];

	if (route->stopped)
		return 0;
	(void)snprintf(reason, sizeof(reason), "%s %s: %s",
		       outcome_class_name(r->outcome.class), r->outcome.code,
		       r->outcome.reason);
	if (store_provider_stop(o->st, route->id, reason, e) < 0)
		return -1;
	route->stopped = true;
	o->refresh = true;
	log_error("dispatch", "provider_stopped", "provider=%s reason=\"%s\"",
		  route->facts->name, reason);
	return 0;
}

int outbox_rest_read(struct outbox *o, struct outbox_route *r, struct err *e)
{
	int64_t until = 0;
	char *why = NULL;
	int rc = store_provider_rest_get(o->st, r->id, &until, &why, e);

	free(why);
	if (rc < 0)
		return -1;
	/* Somebody said that it may be used again. */
	if (until == 0 && r->rest_until > 0 && r->pace.paused_until == r->rest_until)
		r->pace.paused_until = 0;
	r->rest_until = until;
	pace_pause(&r->pace, until);
	return 0;
}

/* A quota of our account is used up: nothing more is tried until it begins anew, or everything in the queue would
 * be refused one by one. */
static int settle_rest(struct outbox *o, struct outbox_route *route,
		       const struct outbox_result *r, int64_t due_at, struct err *e)
{
	const struct outcome *oc = &r->outcome;
	int64_t until = oc->rest ? due_at : 0;
	char why[224], at[32];

	if (!oc->rest && oc->quota_left == 0 && route->facts->quota_renews >= 0) {
		until = civil_day_start_ms(civil_day_of(r->at)) +
			route->facts->quota_renews * CLOCK_MINUTE_MS;
		until += until > r->at ? 0 : CLOCK_DAY_MS;
	}
	if (until <= r->at || until <= route->rest_until)
		return 0;
	if (oc->rest)
		(void)snprintf(why, sizeof(why), "%s %s: %s", outcome_class_name(oc->class),
			       oc->code, oc->reason);
	else
		(void)snprintf(why, sizeof(why), "0 messages are left of its quota");
	clock_format_rfc3339(until, at);
	log_warn("dispatch", "provider_rests", "provider=%s until=%s reason=\"%s\"",
		 route->facts->name, at, why);
	route->rest_until = until;
	pace_pause(&route->pace, until);
	return store_provider_rest_set(o->st, route->id, until, why, e);
}

static int settle_campaign(struct outbox *o, const struct outbox_result *r,
			   const struct judgement *j, struct err *e)
{
	struct outbox_work *w = outbox_work_by_id(o, r->campaign_id);

	/* Of one that was cancelled, what comes back is withdrawn. */
	if (w == NULL) {
		o->came_back = o->came_back || j->event == MESSAGE_EV_NOT_SENT;
		return 0;
	}
	if (j->event == MESSAGE_EV_NOT_SENT || w->ladder.n > 1)
		outbox_work_changed(w);
	if (j->event == MESSAGE_EV_ACCEPTED)
		w->refused_in_row = 0;
	if (r->outcome.class != OUTCOME_CONTENT)
		return 0;
	if (++w->refused_in_row < o->cfg->halt_after)
		return 0;
	w->refused_in_row = 0;
	return outbox_work_halt(o, w, "nhà cung cấp liên tiếp từ chối nội dung tin nhắn", e);
}

static void settle_count(struct outbox *o, const struct judgement *j, bool resend)
{
	struct outbox_stats *s = &o->turn_stats;

	switch (j->event) {
	case MESSAGE_EV_ACCEPTED:
		s->accepted++;
		s->settled += resend;
		break;
	case MESSAGE_EV_REFUSED:
		s->refused++;
		s->settled += resend;
		break;
	case MESSAGE_EV_UNKNOWN:
		s->uncertain++;
		break;
	default:
		s->not_sent++;
		break;
	}
}

static void settle_record(const struct outbox_result *r, const struct judgement *j,
			  const struct provider_facts *facts, struct message_result *out)
{
	memset(out, 0, sizeof(*out));
	out->id = r->id;
	out->campaign_id = r->campaign_id;
	out->segments = r->segments;
	out->attempt = r->attempt;
	out->event = j->event;
	out->at = r->at;
	out->due_at = j->due_at;
	out->new_generation = j->new_generation;
	out->index_ref = facts->receipts && !facts->receipt_by_ref;
	out->provider_id = r->provider_id;
	out->class = (int)r->outcome.class;
	out->http_status = r->outcome.http_status;
	memcpy(out->code, r->outcome.code, sizeof(out->code));
	memcpy(out->provider_ref, r->outcome.provider_ref, sizeof(out->provider_ref));
	memcpy(out->reason, r->outcome.reason, sizeof(out->reason));
}

static int settle_result(struct outbox *o, const struct outbox_result *r,
			 struct message_result *out, struct err *e)
{
	struct outbox_route *route = outbox_route_by_id(o, r->provider_id);
	struct judgement j;

	if (route == NULL)
		return err_set(e, EX_SOFTWARE,
			       "a result of provider %d, which is not configured",
			       r->provider_id);
	j = judge_result(r, route->facts, o->cfg, &o->seed);
	settle_pace(o, route, r, j.due_at);
	settle_count(o, &j, r->resend);
	if (r->resend && j.event != MESSAGE_EV_UNKNOWN &&
	    store_settled_add(o->st, SETTLED_BY_DEDUP, e) < 0)
		return -1;
	settle_record(r, &j, route->facts, out);
	if (j.event == MESSAGE_EV_UNKNOWN && j.due_at < o->settle_at)
		o->settle_at = j.due_at;
	if (j.event == MESSAGE_EV_ACCEPTED && j.due_at < o->silence_at)
		o->silence_at = j.due_at;
	if (j.stop_provider && settle_stop_provider(o, route, r, e) < 0)
		return -1;
	if ((r->outcome.rest || r->outcome.quota_left == 0) &&
	    settle_rest(o, route, r, j.due_at, e) < 0)
		return -1;
	if (j.dead_number && store_contact_flags(o->st, r->number, CONTACT_DEAD_NUMBER, 0,
						 route->facts->name, e) < 0)
		return -1;
	return settle_campaign(o, r, &j, e);
}

/* Whether every other provider of r's channel that may be used is slow; *n says how many there are. */
static bool settle_others_slow(const struct outbox *o, const struct outbox_route *r, int *n)
{
	bool slow = true;

	*n = 0;
	for (size_t i = 0; i < o->n_routes; i++) {
		const struct outbox_route *k = &o->routes[i];

		if (k == r || k->stopped || strcmp(k->facts->channel, r->facts->channel) != 0)
			continue;
		(*n)++;
		slow = slow && health_is_slow(&k->health, &o->cfg->health);
	}
	return *n > 0 && slow;
}

int outbox_weigh(struct outbox *o, int64_t now, struct err *e)
{
	for (size_t i = 0; i < o->n_routes; i++) {
		struct outbox_route *r = &o->routes[i];
		const char *why = NULL;
		bool slow;
		int others, by;

		slow = settle_others_slow(o, r, &others);
		/* Alone, it has all there is, whatever it is worth. */
		if (r->stopped || (others == 0 && r->health.weight == HEALTH_FULL))
			continue;
		by = health_judge(&r->health, &o->cfg->health, now, slow, &why);
		if (by == 0)
			continue;
		if (store_provider_weight_set(o->st, r->id, r->health.weight, now, why, e) < 0)
			return -1;
		log_write(by < 0 ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "dispatch",
			  "provider_weight", "provider=%s weight=%d reason=\"%s\"",
			  r->facts->name, r->health.weight, why);
	}
	return 0;
}

int outbox_results(struct outbox *o, struct outbox_turn *t, struct err *e)
{
	struct message_result *list;
	size_t n = 0;
	int rc = 0;

	if (t->n_results == 0)
		return 0;
	if (o->settle_blocked)
		o->settle_at = 0; /* room for a re-send */
	list = mem_calloc(t->n_results, sizeof(*list));
	for (size_t i = 0; i < t->n_results && rc == 0; i++)
		rc = t->results[i].query ? ask_answer(o, &t->results[i], e)
					 : settle_result(o, &t->results[i], &list[n++], e);
	if (rc == 0)
		rc = store_message_finish(o->st, list, n, e);
	free(list);
	return rc;
}

/* ---- the uncertain -------------------------------------------------------------------------- */

/* Sends m again under its old reference. The caller knows that there is room. */
static int settle_resend(struct outbox *o, struct outbox_turn *t, struct outbox_route *route,
			 const struct message_open *m, struct err *e)
{
	struct outbox_item *item = &t->items[t->n_items];

	*item = (struct outbox_item){.resend = true};
	if (store_message_resend(o->st, m->id, t->now, &item->msg, e) < 0)
		return -1;
	item->provider = route->provider;
	item->route = (int)(route - o->routes);
	t->n_items++;
	pace_take(&route->pace, item->msg.segments);
	o->turn_stats.claimed++;
	FAILPOINT("resend.done");
	return 0;
}

/* Whether the message could be claimed today: whoever died, declined or has done it since is not
 * written to again. Its number's caps counted it on the day of its last try. */
static int settle_ask(struct outbox *o, struct outbox_work *w, const struct message_open *m,
		      int64_t now, struct claim_verdict *v, struct err *e)
{
	struct eligibility who = {.st = o->st, .house = o->house, .now = now};
	struct message_candidate c;
	int rc;

	*v = (struct claim_verdict){.decision = CLAIM_STOP};
	rc = w == NULL ? 0 : outbox_work_reload(o, w, e);
	if (rc > 0)
		rc = outbox_work_plan(o, w, e);
	if (rc > 0)
		rc = store_message_candidate(o->st, m->id, &c, e);
	if (rc <= 0)
		return rc;
	if (c.contact_day == civil_day_of(now) && civil_day_of(m->claimed_at) == c.contact_day)
		c.contact_day = c.contact_week = 0;
	who.plan = w->plan;
	*v = campaign_decide(&c, &who);
	/* What may have arrived goes again as it was, whoever it would name now. */
	free(v->text);
	v->text = NULL;
	return 0;
}

/* Waits for a receipt that names it, or for an officer. */
static int settle_wait(struct outbox *o, const struct message_open *m,
		       const struct outbox_route *route, int64_t now, struct err *e)
{
	struct provider_facts facts = {.settle = SETTLE_NONE};
	int64_t due_at = JUDGE_NEVER;

	if (route != NULL) {
		facts = *route->facts;
		facts.settle = SETTLE_NONE;
		facts.query_by_ref = false;
	}
	if (judge_uncertain(&facts, o->cfg, m->sent_at, m->expires_at, now, &due_at) ==
	    JUDGE_OFFICER)
		log_warn("dispatch", "officer_needed", "message=%lld state=uncertain",
			 (long long)m->id);
	return store_message_postpone(o->st, m->id, due_at, e);
}

/* Asks the provider; what was asked often enough waits for its receipt, or for an officer. */
static int settle_question(struct outbox *o, struct outbox_turn *t, struct outbox_route *route,
			   const struct message_open *m, bool *full, int64_t *again,
			   struct err *e)
{
	enum ask_what what;
	int64_t next;

	if (ask_message(o, t, route, m, &what, e) < 0)
		return -1;
	switch (what) {
	case ASK_NOTHING:
		return settle_wait(o, m, route, t->now, e);
	case ASK_LATER:
		if (route == NULL || route->stopped || route->waiting)
			return store_message_postpone(o->st, m->id,
						      t->now + o->cfg->settle_after, e);
		next = pace_next(&route->pace, t->now);
		o->settle_blocked = true;
		*again = next < *again ? next : *again;
		break;
	case ASK_FULL:
		*full = true;
		break;
	case ASK_ASKED:
		break;
	}
	return 0;
}

/* One uncertain message whose time has come. *full: no more fits into this turn. */
static int settle_one(struct outbox *o, struct outbox_turn *t, const struct message_open *m,
		      bool *full, int64_t *again, struct err *e)
{
	struct outbox_route *route = outbox_route_by_id(o, m->provider_id);
	struct outbox_work *w = outbox_work_by_id(o, m->campaign_id);
	struct claim_verdict may;
	enum judge_settle how;
	int64_t next;

	how = judge_uncertain(route ? route->facts : NULL, o->cfg, m->sent_at, m->expires_at,
			      t->now, &next);
	if (how == JUDGE_ASK)
		return settle_question(o, t, route, m, full, again, e);
	if (how == JUDGE_WAIT)
		return store_message_postpone(o->st, m->id, next, e);
	if (how == JUDGE_OFFICER || route == NULL)
		return settle_wait(o, m, route, t->now, e);
	if (settle_ask(o, w, m, t->now, &may, e) < 0)
		return -1;
	/* Nor to whom this rung cannot reach any more. */
	if (may.decision == CLAIM_CANCEL || may.decision == CLAIM_SKIP ||
	    may.decision == CLAIM_EXPIRE)
		return settle_wait(o, m, route, t->now, e);
	if (may.decision == CLAIM_POSTPONE)
		return store_message_postpone(o->st, m->id, may.due_at, e);
	/* What a person paused, or a provider that must not be used, waits; its window goes on. */
	if (may.decision == CLAIM_STOP || route->stopped || route->waiting)
		return store_message_postpone(o->st, m->id, t->now + o->cfg->settle_after, e);
	next = w->row.starts_at > t->now ? w->row.starts_at
					 : outbox_hours_next(o, w->row.lane, t->now);
	if (next > t->now)
		return store_message_postpone(o->st, m->id, next, e);
	next = pace_next(&route->pace, t->now);
	if (next > t->now) {
		o->settle_blocked = true;
		*again = next < *again ? next : *again;
		return 0;
	}
	if (t->n_items == t->room) {
		*full = true;
		return 0;
	}
	return settle_resend(o, t, route, m, e);
}

static int settle_uncertain(struct outbox *o, struct outbox_turn *t, struct err *e)
{
	struct message_open open[SETTLE_BATCH];
	int64_t again = INT64_MAX, first = INT64_MAX;
	bool full = false;
	size_t n = 0;
	int rc;

	o->settle_blocked = false;

	if (store_message_due(o->st, MESSAGE_UNCERTAIN, t->now, open, SETTLE_BATCH, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !full; i++) {
		if (settle_one(o, t, &open[i], &full, &again, e) < 0)
			return -1;
	}
	if (full || o->settle_blocked) {
		o->settle_at = full ? t->now : again;
		return 0;
	}
	rc = store_message_first_due(o->st, MESSAGE_UNCERTAIN, &first, e);
	if (rc < 0)
		return -1;
	o->settle_at = rc > 0 ? first : INT64_MAX;
	return 0;
}

/* ---- silence ------------------------------------------------------------------------------- */

/* A message that a receipt on the way or an officer called sent is due before its time is over. */
static int settle_silent(struct outbox *o, struct outbox_turn *t, const struct message_open *m,
			 struct err *e)
{
	struct outbox_route *route = outbox_route_by_id(o, m->provider_id);
	int64_t sent_at = m->sent_at < t->now ? m->sent_at : t->now, ask_at, over;
	enum ask_what what = ASK_NOTHING;

	/* No provider: a letter or a visit that was handed over. */
	if (route == NULL)
		ask_at = over = sent_at + (m->provider_id == 0 ? o->cfg->receipt_silence : 0);
	else
		judge_silence(route->facts, o->cfg, sent_at, &ask_at, &over);
	if (over <= t->now)
		return store_message_event(o->st, m->id, MESSAGE_EV_SILENCE, 0, NULL, e) < 0
			   ? -1
			   : 0;
	if (ask_at > t->now)
		return store_message_postpone(o->st, m->id, ask_at, e);
	if (ask_message(o, t, route, m, &what, e) < 0)
		return -1;
	if (what == ASK_ASKED)
		return 0;
	return store_message_postpone(o->st, m->id,
				      what == ASK_NOTHING ? over : t->now + CLOCK_MINUTE_MS, e);
}

static int settle_silence(struct outbox *o, struct outbox_turn *t, struct err *e)
{
	struct message_open open[SETTLE_BATCH];
	int64_t first = INT64_MAX;
	size_t n = 0;
	int rc;

	if (store_message_due(o->st, MESSAGE_SENT, t->now, open, SETTLE_BATCH, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (settle_silent(o, t, &open[i], e) < 0)
			return -1;
	}
	rc = store_message_first_due(o->st, MESSAGE_SENT, &first, e);
	if (rc < 0)
		return -1;
	o->silence_at = rc > 0 ? first : INT64_MAX;
	return 0;
}

int outbox_settle(struct outbox *o, struct outbox_turn *t, struct err *e)
{
	if (o->settle_at <= t->now && settle_uncertain(o, t, e) < 0)
		return -1;
	if (o->silence_at <= t->now && settle_silence(o, t, e) < 0)
		return -1;
	return 0;
}
