/* SPDX-License-Identifier: Apache-2.0 */
/* A person's way down a campaign's ladder. Each rung is a message of its own; the store notes in the
 * same transaction as a move whether its person may have to go on, and when that is to be looked at. */
#ifndef MOIDAN_STORE_RUNG_H
#define MOIDAN_STORE_RUNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/message.h"
#include "store/store.h"

/* message_plan.onward of a rung with another below that silence does not end. */
#define RUNG_NO_WAIT (-1)

/* A message that may be the end of its rung. */
struct rung_end {
	int64_t message_id, recipient_id, contact_id, due_at, expires_at, sent_at, onward;
	int step, rung, class;
	enum message_state state;
};

/* Those of a campaign that are to be looked at by now, longest due first. Also sees what the open
 * transaction did. */
MUST_CHECK int store_rung_ends(struct store *st, int64_t campaign_id, int64_t now,
			       struct rung_end *out, size_t max, size_t *n, struct err *e);
/* It was looked at. In a transaction. */
MUST_CHECK int store_rung_looked(struct store *st, int64_t message_id, struct err *e);
/* When the next of a campaign is to be looked at: 1 and *due_at, 0 when there is none, -1. */
int store_rung_next(struct store *st, int64_t campaign_id, int64_t *due_at, struct err *e);

/* Recipients whose message is linked to this one: they go where its own goes. At most max after
 * after_id (a message id); *last is where the next call goes on. */
MUST_CHECK int store_rung_linked(struct store *st, int64_t message_id, int64_t *after_id,
				 int64_t *recipients, size_t max, size_t *n, struct err *e);

/* Cancels what is queued for a recipient on the rungs below one, which reached them after all. *n says
 * how many. In a transaction. */
MUST_CHECK int store_rung_withdraw(struct store *st, int64_t campaign_id, int64_t recipient_id,
				   int step, int rung, const char *reason, size_t *n,
				   struct err *e);

/* Whether the number was found out after `since` to have no account on a channel: 1/0/-1. */
int store_contact_absent(struct store *st, int64_t contact_id, const char *channel,
			 int64_t since, struct err *e);
/* It was found out again, or (at 0) is no longer so. In a transaction. */
MUST_CHECK int store_contact_set_absent(struct store *st, int64_t contact_id,
					const char *channel, int64_t at, struct err *e);

/* Messages of a rung by state. */
MUST_CHECK int store_rung_counts(struct store *st, int64_t campaign_id, int rung,
				 struct message_counts *out, struct err *e);

/* ---- letters, visits, and whom nothing reached ---------------------------------------------- */

/* The last message of a recipient on a rung, and where they live. Text is borrowed. */
struct rung_person {
	int64_t message_id, recipient_id, unit_id, due_at, expires_at;
	int step, rung, sex, class, hold, recipient_state;
	unsigned contact_flags;
	enum message_state state;
	uint64_t number;
	const char *key, *name, *name_sort, *group, *unit, *reason;
};

/* Messages of a campaign on a rung in a state (-1 = any), by hamlet, group and given name. fn returns
 * false to stop. */
MUST_CHECK int store_rung_list(struct store *st, int64_t campaign_id, int rung, int state,
			       bool (*fn)(const struct rung_person *p, void *arg), void *arg,
			       struct err *e);
/* Each recipient of a campaign whom no rung reached so far and who waits for none: the last message
 * tells why. Ordered likewise. */
MUST_CHECK int store_rung_unreached(struct store *st, int64_t campaign_id,
				    bool (*fn)(const struct rung_person *p, void *arg),
				    void *arg, struct err *e);

enum rung_word {
	RUNG_HANDED_OVER, /* given to whoever carries it */
	RUNG_DELIVERED,	  /* the person has it, or was met */
	RUNG_RETURNED	  /* nobody there */
};

/* What an officer says of a letter or a visit; audited. 1 done, 0 not possible in its state or not a
 * letter or visit, -1. In a transaction. */
int store_rung_say(struct store *st, int64_t message_id, enum rung_word word, const char *who,
		   struct err *e);

#endif
