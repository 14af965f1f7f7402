/* SPDX-License-Identifier: Apache-2.0 */
/* Who goes next: lanes first, then running campaigns in turn, each as far as
 * its hours and its provider's pace allow. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/outbox_impl.h"

/* How long a campaign is left alone that says it has work but gives none. */
#define CLAIM_RETRY_MS CLOCK_SECOND_MS

/* What one message costs a provider's turn: the more weight, the less. */
#define CLAIM_STRIDE 1000000

/* Of the texts of one request, and what stands around each: a request has at most 256 KiB, and some characters
 * of a text become two or more in it. */
#define CLAIM_BYTES (96 * 1024)
#define CLAIM_FRAME 512

static int64_t claim_weight(const struct outbox_route *r)
{
	int64_t w = r->facts->weight * r->health.weight;

	return w > 0 ? w : 1;
}

static bool claim_may(const struct outbox_route *r, const struct outbox_rung *g)
{
	return !r->stopped && strcmp(r->facts->channel, g->channel) == 0;
}

/* Whether a should rather be used than b: one with a weight before one that only stands by, one with room
 * before one without, whose turn it is; else the order of the configuration. */
static bool claim_rather(struct outbox_route *a, struct outbox_route *b, int64_t now)
{
	int64_t at_a = pace_next(&a->pace, now), at_b = pace_next(&b->pace, now);
	bool room_a = at_a <= now, room_b = at_b <= now;
	bool works_a = room_a || a->pace.paused_until <= now;
	bool works_b = room_b || b->pace.paused_until <= now;

	/* One that stands by is not used because the other is busy, but when it is in trouble. */
	if ((a->facts->weight == 0) != (b->facts->weight == 0))
		return a->facts->weight != 0 ? works_a || !works_b : works_a && !works_b;
	if (room_a != room_b)
		return room_a;
	return room_a ? a->turn < b->turn : at_a < at_b;
}

/* The provider of the rung's channel that goes next. NULL: none may be used. */
static struct outbox_route *claim_route(struct outbox *o, const struct outbox_rung *g,
					int64_t now)
{
	struct outbox_route *best = NULL;

	for (size_t i = 0; i < o->n_routes; i++) {
		struct outbox_route *r = &o->routes[i];

		if (claim_may(r, g) && (best == NULL || claim_rather(r, best, now)))
			best = r;
	}
	/* Who could not be used meanwhile has nothing to catch up on. */
	for (size_t i = 0; best != NULL && i < o->n_routes; i++) {
		struct outbox_route *r = &o->routes[i];

		if (strcmp(r->facts->channel, g->channel) == 0 && r->turn < best->turn)
			r->turn = best->turn;
	}
	return best;
}

/* The first moment at which w may claim, whatever it has queued: now, or later; INT64_MAX when no time
 * alone allows it. */
static int64_t claim_gate(struct outbox *o, const struct outbox_work *w, struct outbox_route *r,
			  int64_t now)
{
	int64_t at, next;

	if (r == NULL)
		return INT64_MAX;
	at = outbox_hours_next(o, w->row.lane, now);
	next = pace_next(&r->pace, now);
	at = next > at ? next : at;
	at = w->row.starts_at > at ? w->row.starts_at : at;
	return w->blocked_until > at ? w->blocked_until : at;
}

/* When the first queued message of w on a rung is due. */
static int claim_due(struct outbox *o, const struct outbox_work *w, struct outbox_rung *g,
		     int64_t *due_at, struct err *e)
{
	int rc;

	if (!g->due_known) {
		rc = store_message_next_due(o->st, w->row.id, (int)(g - w->rungs), &g->next_due,
					    e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			g->next_due = INT64_MAX;
		g->due_known = true;
	}
	*due_at = g->next_due;
	return 0;
}

/* Messages put together into requests of one provider, as they are claimed. */
struct claim_pack {
	const struct provider *provider;
	size_t max, room;	   /* messages of one request, and requests, at most */
	size_t requests, n, bytes; /* so far; n and bytes of the one that is open */
	char *text;		   /* of its first */
	uint64_t *numbers;	   /* its n, so that none is there twice */
	bool *joins;		   /* of each message: it goes along with the one before */
	size_t got;
};

/* Also what is tried again goes alone: one that was refused together with others can tell what for. */
static bool claim_pack_joins(const struct claim_pack *p, const struct message_candidate *c,
			     const char *text, size_t bytes)
{
	if (p->n == 0 || p->n == p->max || p->bytes + bytes > CLAIM_BYTES || c->generation > 1)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		if (p->numbers[i] == c->number)
			return false;
	}
	return provider_batch_joins(p->provider, text, p->text);
}

/* Puts it with others or into a new request; false when there is no room for one. */
static bool claim_pack_add(struct claim_pack *p, const struct message_candidate *c,
			   const char *text)
{
	size_t bytes = strlen(text) + CLAIM_FRAME;
	bool joins = claim_pack_joins(p, c, text, bytes);

	if (!joins && p->requests == p->room)
		return false;
	if (!joins) {
		p->requests++;
		p->n = p->bytes = 0;
		free(p->text);
		p->text = mem_strdup(text);
	}
	p->bytes += bytes;
	p->numbers[p->n++] = c->number;
	/* Nothing joins what goes alone. */
	if (c->generation > 1)
		p->n = p->max;
	p->joins[p->got++] = joins;
	return true;
}

/* campaign_decide, counted. */
struct claim_ask {
	struct eligibility who;
	struct outbox_stats *stats;
	struct claim_pack *pack; /* NULL = each goes alone */
	bool stopped, dropped;
};

static struct claim_verdict claim_decide(const struct message_candidate *c, void *arg)
{
	struct claim_ask *ask = arg;
	struct claim_verdict v = campaign_decide(c, &ask->who);

	if (v.decision == CLAIM_SEND && ask->pack != NULL &&
	    !claim_pack_add(ask->pack, c, v.text != NULL ? v.text : c->text)) {
		v.decision = CLAIM_STOP;
		return v;
	}
	ask->dropped = ask->dropped || v.decision == CLAIM_CANCEL || v.decision == CLAIM_SKIP ||
		       v.decision == CLAIM_EXPIRE;
	ask->stats->cancelled += v.decision == CLAIM_CANCEL || v.decision == CLAIM_SKIP;
	ask->stats->expired += v.decision == CLAIM_EXPIRE;
	ask->stopped = ask->stopped || v.decision == CLAIM_STOP;
	return v;
}

static void claim_take(struct outbox *o, struct outbox_turn *t, struct outbox_route *r,
		       const struct message_claimed *got, size_t n,
		       const struct claim_pack *pack)
{
	for (size_t i = 0; i < n; i++) {
		bool joins = pack != NULL && pack->joins[i];

		if (joins)
			t->items[t->n_items - 1].more = true;
		t->items[t->n_items++] = (struct outbox_item){
		    .msg = got[i], .provider = r->provider, .route = (int)(r - o->routes)};
		if (joins)
			pace_take_along(&r->pace, got[i].segments);
		else
			pace_take(&r->pace, got[i].segments);
	}
	r->turn += (int64_t)n * CLAIM_STRIDE / claim_weight(r);
	o->turn_stats.claimed += (int64_t)n;
}

/* The claim itself: of at most c->max messages, where room is how many requests r may make. */
static int claim_from(struct outbox *o, struct outbox_turn *t, struct outbox_route *r,
		      struct message_claim *c, size_t room, size_t *examined, struct err *e)
{
	struct claim_ask *ask = c->arg;
	struct claim_pack pack = {
	    .provider = r->provider, .max = r->facts->batch, .room = room};
	struct message_claimed *got;
	size_t n = 0, most;
	int rc;

	most = pack.max > 1 && room < c->max ? room * pack.max : room;
	c->max = most < c->max ? most : c->max;
	if (pack.max > 1) {
		pack.numbers = mem_calloc(pack.max, sizeof(*pack.numbers));
		pack.joins = mem_calloc(c->max, sizeof(*pack.joins));
		ask->pack = &pack;
	}
	got = mem_calloc(c->max, sizeof(*got));
	rc = store_message_claim(o->st, c, got, &n, examined, e);
	/* On failure too: what was taken is freed with the turn's items. */
	claim_take(o, t, r, got, n, ask->pack);
	ask->pack = NULL;
	free(got);
	free(pack.text);
	free(pack.numbers);
	free(pack.joins);
	return rc;
}

/* Claims at most max messages of w on a rung. *more: it has more that is due, and room. */
static int claim_rung(struct outbox *o, struct outbox_work *w, struct outbox_rung *g,
		      struct outbox_turn *t, size_t max, bool *more, struct err *e)
{
	struct outbox_route *r = claim_route(o, g, t->now);
	struct claim_ask ask = {.who = {.st = o->st, .house = o->house, .now = t->now},
				.stats = &o->turn_stats};
	struct message_claim c = {.campaign_id = w->row.id,
				  .rung = (int)(g - w->rungs),
				  .now = t->now,
				  .civil_day = civil_day_of(t->now),
				  .decide = claim_decide,
				  .arg = &ask};
	size_t examined = 0;
	int64_t due_at = INT64_MAX;
	int rc;

	*more = false;
	if (r == NULL || claim_gate(o, w, r, t->now) > t->now)
		return 0;
	if (claim_due(o, w, g, &due_at, e) < 0)
		return -1;
	if (due_at > t->now)
		return 0;
	rc = outbox_work_reload(o, w, e);
	if (rc > 0)
		rc = outbox_work_plan(o, w, e);
	if (rc <= 0)
		return rc;
	ask.who.plan = w->plan;
	c.iso_week = civil_iso_week(c.civil_day);
	c.provider_id = r->id;
	c.max_segments = pace_segments(&r->pace, t->now);
	c.max = max;
	ask.who.batch = decide_batch_new();
	rc = claim_from(o, t, r, &c, (size_t)pace_room(&r->pace, t->now), &examined, e);
	decide_batch_free(ask.who.batch);
	if (rc < 0)
		return -1;
	g->due_known = false;
	/* Who was linked to a dropped row takes its place, in whichever campaign that is. */
	for (size_t i = 0; ask.dropped && i < o->n_work; i++)
		outbox_work_changed(o->work[i]);
	if (examined == 0 || ask.stopped) {
		w->blocked_until = t->now + CLAIM_RETRY_MS;
		return 0;
	}
	if (claim_due(o, w, g, &due_at, e) < 0)
		return -1;
	*more = due_at <= t->now && claim_gate(o, w, r, t->now) <= t->now;
	return 0;
}

/* The rungs one after the other: whoever waits longest stands further down. */
static int claim_work(struct outbox *o, struct outbox_work *w, struct outbox_turn *t,
		      size_t max, bool *more, struct err *e)
{
	size_t end = t->n_items + max;

	for (int i = w->ladder.n - 1; i >= 0 && t->n_items < end; i--) {
		bool rest = false;

		if (!w->rungs[i].paper &&
		    claim_rung(o, w, &w->rungs[i], t, end - t->n_items, &rest, e) < 0)
			return -1;
		*more = *more || rest;
	}
	return 0;
}

/* Goes round the campaigns of one lane, each taking its share, until nothing is due or no room is
 * left. */
static int claim_lane(struct outbox *o, struct outbox_turn *t, enum lane lane, struct err *e)
{
	size_t takers = 0;

	for (size_t i = 0; i < o->n_work; i++)
		takers += o->work[i]->row.lane == lane;
	while (takers > 0 && t->n_items < t->room) {
		size_t share = (t->room - t->n_items + takers - 1) / takers;
		size_t hungry = 0, before = t->n_items;

		for (size_t k = 0; k < o->n_work && t->n_items < t->room; k++) {
			struct outbox_work *w = o->work[(o->first + k) % o->n_work];
			size_t left = t->room - t->n_items;
			bool more = false;

			if (w->row.lane != lane)
				continue;
			if (claim_work(o, w, t, share < left ? share : left, &more, e) < 0)
				return -1;
			hungry += more;
		}
		/* A round of nothing but cancelled rows ends the turn; the next goes on. */
		if (t->n_items == before)
			break;
		takers = hungry;
	}
	return 0;
}

int outbox_claim(struct outbox *o, struct outbox_turn *t, struct err *e)
{
	for (int lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
		if (claim_lane(o, t, (enum lane)lane, e) < 0)
			return -1;
	}
	return 0;
}

int outbox_claim_wake(struct outbox *o, int64_t now, int64_t *wake, struct err *e)
{
	*wake = INT64_MAX;
	for (size_t i = 0; i < o->n_work; i++) {
		struct outbox_work *w = o->work[i];
		int64_t end = INT64_MAX;

		for (int k = 0; k < w->ladder.n; k++) {
			struct outbox_rung *g = &w->rungs[k];
			int64_t at = g->paper ? INT64_MAX
					      : claim_gate(o, w, claim_route(o, g, now), now);
			int64_t due_at = INT64_MAX;

			/* Blocked but by a result: that result makes the next turn. */
			if (at == INT64_MAX)
				continue;
			if (claim_due(o, w, g, &due_at, e) < 0)
				return -1;
			at = due_at > at ? due_at : at;
			*wake = at < *wake ? at : *wake;
		}
		if (outbox_work_end(o, w, &end, e) < 0)
			return -1;
		end = w->blocked_until > end ? w->blocked_until : end;
		*wake = end < *wake ? end : *wake;
	}
	return 0;
}
