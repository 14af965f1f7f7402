/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: decides what is claimed, what an answer means, when to try again,
 * how the uncertain is settled. One struct, no threads, no sockets, no clock of
 * its own: the store thread drives it, and so do tests and the simulation, step
 * by step on a virtual clock. */
#ifndef MOIDAN_DISPATCH_OUTBOX_H
#define MOIDAN_DISPATCH_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "campaign/campaign.h"
#include "dispatch/health.h"
#include "provider/provider.h"
#include "store/message.h"
#include "store/store.h"

/* `dispatch:` of moidan.yaml. */
struct dispatch_config {
	int64_t senders;	 /* threads that talk to providers; 1 */
	int64_t batch;		 /* messages claimed together; 200 */
	int64_t max_attempts;	 /* tries that were refused for now or proved not sent; 8 */
	int64_t backoff;	 /* first wait; the n-th is n² times it, with jitter; 60 s */
	int64_t receipt_silence; /* SENT without a receipt for so long is NO_RECEIPT; 72 h */
	int64_t settle_after;	 /* uncertain: first look after; 10 min */
	int64_t ask_silent;	 /* SENT without a receipt: its provider is asked after; 6 h */
	int64_t halt_after;	 /* refused texts in a row that halt a campaign; 50 */
	struct health_config health;
};
extern const struct conf_table dispatch_config_table;

/* What goes to a sender: a claimed message with its provider. */
struct outbox_item {
	struct message_claimed msg;
	const struct provider *provider;
	int route;   /* its place among the providers that the outbox was given */
	bool resend; /* again from UNCERTAIN, under the same reference */
	bool query;  /* not sent but asked about; text is the provider's reference or NULL */
	bool more;   /* the next item goes in the same request */
	int64_t sent_at; /* of a query: when the attempt was claimed */
};

/* What comes back. Everything but outcome (found of a query) and at is copied from the item. */
struct outbox_result {
	int64_t id, campaign_id;
	uint64_t number;
	int segments;
	int attempt;
	int provider_id;
	bool resend, query;
	bool more; /* the result of another message of the same request comes after it */
	union {
		struct outcome outcome;
		struct found found;
	};
	int64_t at, sent_at;
};

struct outbox;

/* Providers, house and configuration are borrowed. Recovers: SENDING of older epochs becomes UNCERTAIN
 * in a transaction of its own, before anything else. seed is of the jitter. NULL with e. */
struct outbox *outbox_new(struct store *st, const struct dispatch_config *cfg,
			  const struct campaign_house *house, struct provider *const *providers,
			  size_t n_providers, uint64_t seed, struct err *e);
void outbox_free(struct outbox *o);

/* One turn of work. */
struct outbox_turn {
	int64_t now; /* wall clock, ms */
	const struct outbox_result *results;
	size_t n_results;
	struct outbox_item
	    *items;  /* where claims are put; their texts are the caller's to free() */
	size_t room; /* at most so many */

	size_t n_items; /* out */
	/* out: when there will next be something to do by time alone; <= now: at once; INT64_MAX:
	 * never, only a result, a command or a refresh brings work. */
	int64_t wake;
};

/* Works inside the caller's transaction, which other work may share: first the results, then what is
 * due (settling, silence, fan-out of running campaigns), then claims. Ends with exactly one of
 * outbox_committed() (only then may an item be sent) and outbox_rolled_back(). 0, or -1 with e: the
 * caller has to roll back. Nothing is remembered of a turn that was rolled back: the same results are
 * given again. */
MUST_CHECK int outbox_prepare(struct outbox *o, struct outbox_turn *t, struct err *e);
void outbox_committed(struct outbox *o);
/* Frees the texts of t's items and empties it. */
void outbox_rolled_back(struct outbox *o, struct outbox_turn *t);

/* begin, prepare, commit. -1 as store_begin and store_commit: then nothing of the turn happened;
 * EX_IOERR means end the process; after EX_UNAVAILABLE (disk full) give the same results again. */
MUST_CHECK int outbox_turn(struct outbox *o, struct outbox_turn *t, struct err *e);

/* New hours, caps, providers, house after a reload; when nothing is in flight. */
MUST_CHECK int outbox_reconfigure(struct outbox *o, const struct dispatch_config *cfg,
				  const struct campaign_house *house,
				  struct provider *const *providers, size_t n_providers,
				  struct err *e);

/* Something was changed behind its back (a command, a receipt): look at the store again. */
void outbox_refresh(struct outbox *o);

/* Whether the provider at this place among those given may be used now: false while it waits for a token. For
 * the turns that follow. */
void outbox_set_ready(struct outbox *o, size_t route, bool ready);

/* No more claims (drain, disk full), or claims again. */
void outbox_set_claiming(struct outbox *o, bool on);

struct outbox_stats {
	int64_t claimed, accepted, not_sent, refused, uncertain, settled, expired, cancelled,
	    planned;
	int64_t in_flight;
};
void outbox_stats_get(const struct outbox *o, struct outbox_stats *out);

/* The wait before try n (1 = the second try): n² times base with ±20 % jitter, at most 6 h. */
int64_t outbox_backoff_ms(int64_t base_ms, int n, uint64_t *seed);

#endif
