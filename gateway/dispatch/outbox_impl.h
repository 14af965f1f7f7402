/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the outbox, for the files that make it up: outbox.c (life,
 * turns, what is running), claim.c, settle.c (results, the uncertain, silence). */
#ifndef MOIDAN_DISPATCH_OUTBOX_IMPL_H
#define MOIDAN_DISPATCH_OUTBOX_IMPL_H

#include "dispatch/health.h"
#include "dispatch/outbox.h"
#include "dispatch/pace.h"

/* A provider as the outbox sees it. */
struct outbox_route {
	const struct provider *provider;
	const struct provider_facts *facts;
	int id;	      /* in the store */
	bool stopped; /* must not be used before somebody looked */
	bool waiting; /* for a token */
	int64_t
	    rest_until; /* a quota was used up; 0 = it does not rest. The pace is paused as long */
	struct pace pace;
	struct health health;
	int64_t turn; /* who has the least goes next: the share of its channel that it had */
};

/* A rung of a running campaign, as the claims see it. */
struct outbox_rung {
	const char *channel; /* of the ladder beside it */
	bool paper;	     /* nobody claims it */
	bool due_known;	     /* next_due is no later than the first queued message's time */
	int64_t next_due;    /* INT64_MAX: none is queued */
};

/* A running campaign. */
struct outbox_work {
	struct campaign row;	    /* read again in each transaction that claims or fans out */
	struct campaign_plan *plan; /* made when first needed */
	bool seen;		    /* by the refresh under way */
	struct ladder ladder;
	struct outbox_rung rungs[LADDER_MAX]; /* ladder.n */
	bool ends_known; /* next_end is no later than the first rung that may have ended */
	int64_t next_end;
	int64_t blocked_until; /* after trouble */
	int refused_in_row;    /* texts refused without one accepted between */
};

struct outbox {
	int64_t texts; /* how many versions of texts there were when the plans were made */
	struct store *st;
	const struct dispatch_config *cfg;
	const struct campaign_house *house;
	struct outbox_route *routes;
	struct outbox_route *saved; /* the routes before the turn */
	size_t n_routes;
	struct outbox_work **work;
	size_t n_work, cap_work;
	size_t first; /* round robin: who claims first in the next turn */
	bool refresh; /* read campaigns and providers again */
	bool claiming;
	bool came_back; /* messages of campaigns that do not run: the next turn sees to them */
	uint64_t seed;
	int64_t now, last_now; /* of this turn, and the latest that was committed */
	int64_t settle_at;     /* no uncertain message is due before */
	bool settle_blocked;   /* re-sends wait for room at their provider */
	int64_t silence_at;    /* no sent message falls silent before */
	struct outbox_stats stats, turn_stats;
};

struct outbox_route *outbox_route_by_id(struct outbox *o, int provider_id);
struct outbox_work *outbox_work_by_id(struct outbox *o, int64_t campaign_id);
/* Something was queued, or is no longer: look again what is due. */
void outbox_work_changed(struct outbox_work *w);
/* When the first rung of w that may have ended is to be looked at; INT64_MAX: none. */
MUST_CHECK int outbox_work_end(struct outbox *o, struct outbox_work *w, int64_t *at,
			       struct err *e);

/* Reads w's row again: 1 when it still runs, 0 when not, -1. */
int outbox_work_reload(struct outbox *o, struct outbox_work *w, struct err *e);
/* Makes the plan when there is none: 1, 0 when it cannot be made (then the campaign is halted), -1. */
int outbox_work_plan(struct outbox *o, struct outbox_work *w, struct err *e);
MUST_CHECK int outbox_work_halt(struct outbox *o, struct outbox_work *w, const char *reason,
				struct err *e);

/* The first moment >= now at which a campaign of this lane may send. */
int64_t outbox_hours_next(const struct outbox *o, enum lane lane, int64_t now);

/* ---- ask.c */

enum ask_what {
	ASK_NOTHING, /* it cannot be asked, or was often enough */
	ASK_ASKED,   /* the question is among the items */
	ASK_LATER,   /* its provider has no room, or must not be used */
	ASK_FULL     /* the turn has no room */
};
/* Asks about an uncertain message, or one that is silent. */
MUST_CHECK int ask_message(struct outbox *o, struct outbox_turn *t, struct outbox_route *route,
			   const struct message_open *m, enum ask_what *what, struct err *e);
/* What the provider says. */
MUST_CHECK int ask_answer(struct outbox *o, const struct outbox_result *r, struct err *e);

/* Records the results of t. */
MUST_CHECK int outbox_results(struct outbox *o, struct outbox_turn *t, struct err *e);
/* Settles and gives up waiting where it is time. Appends re-sends to t's items. */
MUST_CHECK int outbox_settle(struct outbox *o, struct outbox_turn *t, struct err *e);
/* A provider whose quota is used up rests, across restarts; reads it again. In a transaction. */
MUST_CHECK int outbox_rest_read(struct outbox *o, struct outbox_route *r, struct err *e);
/* Shifts weight between the providers of a channel where it is due. */
MUST_CHECK int outbox_weigh(struct outbox *o, int64_t now, struct err *e);

/* Fills what is left of t's room with due messages. */
MUST_CHECK int outbox_claim(struct outbox *o, struct outbox_turn *t, struct err *e);
/* The earliest moment at which one of the running campaigns has something to send. */
MUST_CHECK int outbox_claim_wake(struct outbox *o, int64_t now, int64_t *wake, struct err *e);

#endif
