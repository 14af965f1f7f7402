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
#include "provider/provider.h"
#include "store/message.h"
#include "store/store.h"

/* `dispatch:` of moidan.yaml. */
struct dispatch_config {
	int64_t senders;          /* threads that talk to providers; 1 */
	int64_t batch;            /* messages claimed, and results committed, together; 200 */
	int64_t max_attempts;     /* proved-not-sent tries; 8 */
	int64_t backoff;          /* first wait; the n-th is n² times it, with jitter; 60 s */
	int64_t receipt_silence;  /* SENT without a receipt for so long is NO_RECEIPT; 72 h */
	int64_t settle_after;     /* uncertain: first look after; 10 min */
	int64_t halt_after;       /* permanent errors in a row that halt a campaign; 50 */
};
extern const struct conf_table dispatch_config_table;

/* What goes to a sender: a claimed message with its provider. */
struct outbox_item {
	struct message_claimed msg;
	const struct provider *provider;
	int sender;               /* which sender has it */
};

/* What comes back. */
struct outbox_result {
	int64_t id;
	int attempt;
	int provider_id;
	int segments;
	bool resend;              /* it was sent again from UNCERTAIN */
	struct outcome outcome;
	int64_t at;
};

struct outbox;

/* Providers, house and configuration are borrowed. Recovers: SENDING of older epochs becomes UNCERTAIN
 * in a transaction of its own, before anything else. seed is of the jitter. NULL with e. */
struct outbox *outbox_new(struct store *st, const struct dispatch_config *cfg,
			  const struct campaign_house *house, struct provider *const *providers,
			  size_t n_providers, uint64_t seed, struct err *e);
void outbox_free(struct outbox *o);

/* One turn of work in one transaction: first the results, then what is due (fan-out of running
 * campaigns, settling, silence), then claims for at most `room` messages into out. *n says how many;
 * *wake when (wall clock, ms) there will next be something to do by time alone, INT64_MAX = never.
 * Returns 0, or -1: then nothing of the turn happened; EX_IOERR means end the process; for
 * EX_UNAVAILABLE (disk full) the same results may be given again later. */
MUST_CHECK int outbox_turn(struct outbox *o, int64_t now, const struct outbox_result *results,
			   size_t n_results, size_t room, struct outbox_item *out, size_t *n,
			   int64_t *wake, struct err *e);

/* New hours, caps, providers, house after a reload; between turns. */
void outbox_reconfigure(struct outbox *o, const struct dispatch_config *cfg,
			const struct campaign_house *house, struct provider *const *providers,
			size_t n_providers);

/* Forgets cached campaigns: something was changed by a command. */
void outbox_refresh(struct outbox *o);

/* No more claims (drain). */
void outbox_stop_claiming(struct outbox *o);

struct outbox_stats {
	int64_t claimed, accepted, not_sent, refused, uncertain, settled, expired, cancelled, planned;
	int64_t in_flight;
};
void outbox_stats_get(const struct outbox *o, struct outbox_stats *out);

/* The wait before try n (1 = the second try): quadratic with ±20 % jitter, at most 6 h. */
int64_t outbox_backoff_ms(int64_t base_ms, int n, uint64_t *seed);

#endif
