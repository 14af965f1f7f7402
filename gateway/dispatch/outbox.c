/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/outbox_impl.h"
#include "store/health.h"
#include "store/rung.h"
#include "store/text_version.h"

/* Rungs that ended looked at in one turn. */
#define OUTBOX_DESCEND 200
/* Recipients planned in one turn: about 10 ms of work, so that answers are never kept waiting. */
#define OUTBOX_FAN_OUT 1000
/* A clock that is only kept right goes back by less than this. */
#define OUTBOX_CLOCK_SLACK CLOCK_SECOND_MS
/* Rows of cancelled campaigns withdrawn in one turn. */
#define OUTBOX_WITHDRAW 1000
/* A notice keeps to the hours of Decree 91/2020/NĐ-CP; only an urgent one goes at any time. */
#define OUTBOX_NOTICE_FROM (7 * 60)
#define OUTBOX_NOTICE_TO   (22 * 60)

/* ---- what is running ---------------------------------------------------------------------- */

static void outbox_work_free(struct outbox_work *w)
{
	if (w == NULL)
		return;
	campaign_plan_free(w->plan);
	campaign_clear(&w->row);
	free(w);
}

struct outbox_work *outbox_work_by_id(struct outbox *o, int64_t campaign_id)
{
	for (size_t i = 0; i < o->n_work; i++) {
		if (o->work[i]->row.id == campaign_id)
			return o->work[i];
	}
	return NULL;
}

void outbox_work_changed(struct outbox_work *w)
{
	for (int i = 0; i < w->ladder.n; i++)
		w->rungs[i].due_known = false;
	w->ends_known = false;
}

int outbox_work_end(struct outbox *o, struct outbox_work *w, int64_t *at, struct err *e)
{
	int rc;

	if (w->ladder.n > 1 && !w->ends_known) {
		rc = store_rung_next(o->st, w->row.id, &w->next_end, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			w->next_end = INT64_MAX;
		w->ends_known = true;
	}
	*at = w->ladder.n > 1 ? w->next_end : INT64_MAX;
	return 0;
}

static void outbox_work_climb(struct outbox_work *w)
{
	struct err ignored = ERR_INIT;

	/* What cannot be read halts the campaign when its plan is made. */
	if (ladder_parse(w->row.ladder, w->row.channel, &w->ladder, &ignored) < 0 &&
	    ladder_parse(NULL, w->row.channel, &w->ladder, &ignored) < 0)
		w->ladder.n = 0;
	for (int i = 0; i < w->ladder.n; i++)
		w->rungs[i] = (struct outbox_rung){.channel = w->ladder.rungs[i].channel,
						   .paper = w->ladder.rungs[i].paper};
}

int outbox_work_reload(struct outbox *o, struct outbox_work *w, struct err *e)
{
	struct campaign now = {0};
	int rc = store_campaign_get(o->st, w->row.id, &now, e);

	if (rc <= 0 || now.state != CAMPAIGN_RUNNING) {
		campaign_clear(&now);
		o->refresh = true;
		return rc < 0 ? -1 : 0;
	}
	/* The plan has borrowed the row's texts, which do not change while it runs. */
	w->row.cursor = now.cursor;
	w->row.pass_at = now.pass_at;
	w->row.starts_at = now.starts_at;
	w->row.expires_at = now.expires_at;
	campaign_clear(&now);
	return 1;
}

int outbox_work_plan(struct outbox *o, struct outbox_work *w, struct err *e)
{
	struct err why = ERR_INIT;

	if (w->plan != NULL)
		return 1;
	w->plan = campaign_plan_new(o->st, o->house, &w->row, &why);
	if (w->plan != NULL)
		return 1;
	return outbox_work_halt(o, w, why.text, e);
}

int outbox_work_halt(struct outbox *o, struct outbox_work *w, const char *reason, struct err *e)
{
	struct campaign now = {0};
	int rc = store_campaign_get(o->st, w->row.id, &now, e);

	o->refresh = true;
	if (rc > 0 && now.state == CAMPAIGN_RUNNING) {
		log_error("dispatch", "campaign_halted", "campaign=%lld reason=\"%s\"",
			  (long long)now.id, reason);
		now.state = CAMPAIGN_HALTED;
		free(now.halt_reason);
		now.halt_reason = mem_strdup(reason);
		rc = store_campaign_update(o->st, &now, e);
	}
	campaign_clear(&now);
	return rc < 0 ? -1 : 0;
}

static void outbox_on_campaign(const struct campaign *c, void *arg)
{
	struct outbox *o = arg;
	struct outbox_work *w = outbox_work_by_id(o, c->id);

	if (w == NULL) {
		w = mem_calloc(1, sizeof(*w));
		w->row = campaign_copy(c);
		outbox_work_climb(w);
		o->work = mem_grow(o->work, &o->cap_work, o->n_work + 1,
				   sizeof(struct outbox_work *));
		o->work[o->n_work++] = w;
	}
	w->row.cursor = c->cursor;
	w->row.pass_at = c->pass_at;
	w->row.starts_at = c->starts_at;
	w->row.expires_at = c->expires_at;
	outbox_work_changed(w);
	w->blocked_until = 0;
	w->seen = true;
}

static void outbox_on_provider(int id, const char *name, const char *stopped_reason,
			       int64_t since, void *arg)
{
	struct outbox *o = arg;
	struct outbox_route *r = outbox_route_by_id(o, id);

	(void)name;
	(void)since;
	if (r != NULL)
		r->stopped = stopped_reason != NULL;
}

/* A text was saved: plans are made anew, and see whether it is theirs. */
static int outbox_texts(struct outbox *o, struct err *e)
{
	int64_t texts;

	if (store_text_count(o->st, &texts, e) < 0)
		return -1;
	for (size_t i = 0; texts != o->texts && i < o->n_work; i++) {
		campaign_plan_free(o->work[i]->plan);
		o->work[i]->plan = NULL;
	}
	o->texts = texts;
	return 0;
}

static int outbox_reread(struct outbox *o, struct err *e)
{
	size_t kept = 0;
	int rc;

	for (size_t i = 0; i < o->n_work; i++)
		o->work[i]->seen = false;
	if (outbox_texts(o, e) < 0 ||
	    store_campaign_list(o->st, CAMPAIGN_RUNNING, outbox_on_campaign, o, e) < 0 ||
	    store_provider_list(o->st, outbox_on_provider, o, e) < 0)
		return -1;
	for (size_t i = 0; i < o->n_routes; i++) {
		if (outbox_rest_read(o, &o->routes[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < o->n_work; i++) {
		if (o->work[i]->seen)
			o->work[kept++] = o->work[i];
		else
			outbox_work_free(o->work[i]);
	}
	o->n_work = kept;
	o->settle_at = 0;
	o->silence_at = 0;
	rc = o->claiming ? store_message_withdraw(o->st, OUTBOX_WITHDRAW, e) : 0;
	o->refresh = rc > 0;
	return rc < 0 ? -1 : 0;
}

static void outbox_forget_work(struct outbox *o)
{
	for (size_t i = 0; i < o->n_work; i++)
		outbox_work_free(o->work[i]);
	o->n_work = 0;
}

/* ---- life --------------------------------------------------------------------------------- */

struct outbox_route *outbox_route_by_id(struct outbox *o, int provider_id)
{
	for (size_t i = 0; i < o->n_routes; i++) {
		if (o->routes[i].id == provider_id)
			return &o->routes[i];
	}
	return NULL;
}

/* In a transaction. What is paused and was spent stays so for a provider that is still there. */
static int outbox_set_routes(struct outbox *o, struct provider *const *providers, size_t n,
			     struct err *e)
{
	struct outbox_route *routes = mem_calloc(n, sizeof(*routes));

	for (size_t i = 0; i < n; i++) {
		struct outbox_route *r = &routes[i];
		const struct outbox_route *old;
		int weight = HEALTH_FULL;

		r->provider = providers[i];
		r->facts = provider_facts(r->provider);
		if (store_provider_put(o->st, r->facts->name, &r->id, e) < 0) {
			free(routes);
			return -1;
		}
		old = outbox_route_by_id(o, r->id);
		pace_init(&r->pace, r->facts->rate_per_second, r->facts->in_flight);
		if (store_provider_weight_get(o->st, r->id, &weight, e) < 0) {
			free(routes);
			return -1;
		}
		health_init(&r->health, weight);
		if (old != NULL) {
			r->pace = old->pace;
			r->health = old->health;
			r->turn = old->turn;
			pace_set(&r->pace, r->facts->rate_per_second, r->facts->in_flight);
		}
	}
	free(o->routes);
	free(o->saved);
	o->routes = routes;
	o->saved = mem_calloc(n, sizeof(*o->saved));
	o->n_routes = n;
	return 0;
}

int outbox_reconfigure(struct outbox *o, const struct dispatch_config *cfg,
		       const struct campaign_house *house, struct provider *const *providers,
		       size_t n_providers, struct err *e)
{
	outbox_forget_work(o);
	o->cfg = cfg;
	o->house = house;
	o->refresh = true;
	if (store_begin(o->st, e) < 0)
		return -1;
	if (outbox_set_routes(o, providers, n_providers, e) < 0) {
		store_rollback(o->st);
		return -1;
	}
	return store_commit(o->st, e);
}

static int outbox_recover(struct outbox *o, struct err *e)
{
	size_t n = 0;

	if (store_begin(o->st, e) < 0)
		return -1;
	if (store_message_recover(o->st, &n, e) < 0) {
		store_rollback(o->st);
		return -1;
	}
	if (store_commit(o->st, e) < 0)
		return -1;
	if (n > 0)
		log_warn("dispatch", "recovered", "uncertain=%zu", n);
	return 0;
}

struct outbox *outbox_new(struct store *st, const struct dispatch_config *cfg,
			  const struct campaign_house *house, struct provider *const *providers,
			  size_t n_providers, uint64_t seed, struct err *e)
{
	struct outbox *o = mem_calloc(1, sizeof(*o));

	o->st = st;
	o->seed = seed;
	o->claiming = true;
	o->last_now = clock_now_ms();
	if (outbox_recover(o, e) < 0 ||
	    outbox_reconfigure(o, cfg, house, providers, n_providers, e) < 0) {
		outbox_free(o);
		return NULL;
	}
	return o;
}

void outbox_free(struct outbox *o)
{
	if (o == NULL)
		return;
	outbox_forget_work(o);
	free(o->work);
	free(o->routes);
	free(o->saved);
	free(o);
}

void outbox_refresh(struct outbox *o)
{
	o->refresh = true;
}

void outbox_set_ready(struct outbox *o, size_t route, bool ready)
{
	o->routes[route].waiting = !ready;
}

void outbox_set_claiming(struct outbox *o, bool on)
{
	o->refresh = o->refresh || (on && !o->claiming);
	o->claiming = on;
}

void outbox_stats_get(const struct outbox *o, struct outbox_stats *out)
{
	*out = o->stats;
	out->in_flight = 0;
	for (size_t i = 0; i < o->n_routes; i++)
		out->in_flight += o->routes[i].pace.in_flight + o->routes[i].pace.along;
}

int64_t outbox_hours_next(const struct outbox *o, enum lane lane, int64_t now)
{
	int minute = civil_minute_of_day(now);
	civil_day day = civil_day_of(now);

	if (lane == LANE_BULK)
		return calendar_next_open(o->house->calendar, now);
	if (lane == LANE_URGENT || (minute >= OUTBOX_NOTICE_FROM && minute < OUTBOX_NOTICE_TO))
		return now;
	if (minute >= OUTBOX_NOTICE_TO)
		day++;
	return civil_day_start_ms(day) + OUTBOX_NOTICE_FROM * CLOCK_MINUTE_MS;
}

/* ---- a turn ------------------------------------------------------------------------------- */

/* One campaign's next batch; campaigns take turns. *more: something is left for the next turn; *pass:
 * when the next campaign goes over its list. */
static int outbox_fan_out(struct outbox *o, int64_t now, bool *more, int64_t *pass,
			  struct err *e)
{
	bool done = false;

	*more = false;
	*pass = INT64_MAX;
	for (size_t k = 0; k < o->n_work; k++) {
		struct outbox_work *w = o->work[(o->first + k) % o->n_work];
		size_t planned = 0, faults = 0;
		bool rest = false;
		int rc;

		if (w->row.cursor < 0 || now < w->blocked_until)
			continue;
		if (now < w->row.pass_at) {
			*pass = w->row.pass_at < *pass ? w->row.pass_at : *pass;
			continue;
		}
		if (done) {
			*more = true;
			continue;
		}
		rc = outbox_work_reload(o, w, e);
		if (rc > 0)
			rc = outbox_work_plan(o, w, e);
		if (rc < 0)
			return -1;
		if (rc == 0 || w->row.cursor < 0)
			continue;
		if (campaign_fan_out(o->st, w->plan, &w->row, now, OUTBOX_FAN_OUT, &planned,
				     &faults, &rest, e) < 0)
			return -1;
		if (faults > 0)
			log_warn("dispatch", "fan_out_faults", "campaign=%lld faults=%zu",
				 (long long)w->row.id, faults);
		o->turn_stats.planned += (int64_t)planned;
		outbox_work_changed(w);
		*more = *more || rest;
		if (w->row.cursor >= 0 && w->row.pass_at > now)
			*pass = w->row.pass_at < *pass ? w->row.pass_at : *pass;
		done = true;
	}
	return 0;
}

/* People whose rung ended go to the next: an index says when the first is due, and nothing else is
 * looked at. */
static int outbox_descend(struct outbox *o, int64_t now, bool *more, struct err *e)
{
	for (size_t k = 0; k < o->n_work; k++) {
		struct outbox_work *w = o->work[k];
		int64_t at = INT64_MAX;
		size_t planned = 0;
		bool rest = false;
		int rc;

		if (outbox_work_end(o, w, &at, e) < 0)
			return -1;
		if (at > now || now < w->blocked_until)
			continue;
		rc = outbox_work_reload(o, w, e);
		if (rc > 0)
			rc = outbox_work_plan(o, w, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		if (campaign_descend(o->st, w->plan, &w->row, now, OUTBOX_DESCEND, &planned,
				     &rest, e) < 0)
			return -1;
		o->turn_stats.planned += (int64_t)planned;
		o->refresh = o->refresh || w->row.state != CAMPAIGN_RUNNING;
		outbox_work_changed(w);
		/* Whoever was skipped on the next rung too is looked at in the next turn. */
		*more = *more || rest || planned > 0;
	}
	return 0;
}

static int64_t outbox_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A wall clock that was set back: pauses end when they were meant to, and the uncertain are as old as
 * they are, so that none is sent again after its provider has forgotten it. */
static int outbox_tell_time(struct outbox *o, int64_t now, struct err *e)
{
	int64_t back = o->last_now - now;

	o->now = now;
	if (back <= OUTBOX_CLOCK_SLACK)
		return 0;
	log_warn("dispatch", "clock_set_back", "by_ms=%lld", (long long)back);
	for (size_t i = 0; i < o->n_routes; i++)
		o->routes[i].pace.paused_until -= back;
	o->refresh = true;
	return store_message_clock_back(o->st, back, e);
}

int outbox_prepare(struct outbox *o, struct outbox_turn *t, struct err *e)
{
	bool more = false;
	int64_t wake = INT64_MAX, pass = INT64_MAX;

	t->n_items = 0;
	t->wake = INT64_MAX;
	memset(&o->turn_stats, 0, sizeof(o->turn_stats));
	for (size_t i = 0; i < o->n_routes; i++)
		o->saved[i] = o->routes[i];

	if (outbox_tell_time(o, t->now, e) < 0)
		return -1;
	/* Also before the results: after a turn that was rolled back they are judged by what is stored. */
	if (o->refresh && outbox_reread(o, e) < 0)
		return -1;
	if (outbox_results(o, t, e) < 0 || outbox_weigh(o, t->now, e) < 0)
		return -1;
	if (!o->claiming)
		return 0;
	if (o->refresh && outbox_reread(o, e) < 0)
		return -1;
	if (outbox_fan_out(o, t->now, &more, &pass, e) < 0 || outbox_settle(o, t, e) < 0 ||
	    outbox_descend(o, t->now, &more, e) < 0 || outbox_claim(o, t, e) < 0 ||
	    outbox_claim_wake(o, t->now, &wake, e) < 0)
		return -1;
	o->refresh = o->refresh || o->came_back;
	o->came_back = false;
	t->wake = more || o->refresh ? t->now : outbox_min(wake, pass);
	t->wake = outbox_min(t->wake, outbox_min(o->settle_at, o->silence_at));
	o->first++;
	return 0;
}

void outbox_committed(struct outbox *o)
{
	const struct outbox_stats *d = &o->turn_stats;

	if (o->now > o->last_now || o->last_now - o->now > OUTBOX_CLOCK_SLACK)
		o->last_now = o->now;
	o->stats.claimed += d->claimed;
	o->stats.accepted += d->accepted;
	o->stats.not_sent += d->not_sent;
	o->stats.refused += d->refused;
	o->stats.uncertain += d->uncertain;
	o->stats.settled += d->settled;
	o->stats.expired += d->expired;
	o->stats.cancelled += d->cancelled;
	o->stats.planned += d->planned;
}

void outbox_rolled_back(struct outbox *o, struct outbox_turn *t)
{
	for (size_t i = 0; i < t->n_items; i++)
		free(t->items[i].msg.text);
	t->n_items = 0;
	for (size_t i = 0; i < o->n_routes; i++)
		o->routes[i] = o->saved[i];
	/* Cursors and cached times may speak of what did not happen. */
	outbox_forget_work(o);
	o->refresh = true;
}

int outbox_turn(struct outbox *o, struct outbox_turn *t, struct err *e)
{
	t->n_items = 0;
	t->wake = INT64_MAX;
	if (store_begin(o->st, e) < 0)
		return -1;
	if (outbox_prepare(o, t, e) < 0) {
		store_rollback(o->st);
		outbox_rolled_back(o, t);
		return -1;
	}
	if (store_commit(o->st, e) < 0) {
		outbox_rolled_back(o, t);
		return -1;
	}
	outbox_committed(o);
	return 0;
}
