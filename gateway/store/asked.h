/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of messages while their provider is asked about them, and by what the uncertain
 * were settled. */
#ifndef MOIDAN_STORE_ASKED_H
#define MOIDAN_STORE_ASKED_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct message_asked {
	int asked; /* how often */
	int64_t
	    absent_at; /* when the provider first said that it has no such message; 0 = not */
};
/* Zeroes when it was not asked yet. */
MUST_CHECK int store_asked_get(struct store *st, int64_t message_id, struct message_asked *out,
			       struct err *e);
/* NULL forgets it. In a transaction. */
MUST_CHECK int store_asked_set(struct store *st, int64_t message_id,
			       const struct message_asked *a, struct err *e);

/* Numbers are stored. */
enum message_settled_by {
	SETTLED_BY_DEDUP = 0,	/* sent again to a provider that knows it */
	SETTLED_BY_QUERY = 1,	/* asked for */
	SETTLED_BY_ECHO = 2,	/* a receipt */
	SETTLED_BY_OFFICER = 3, /* a person decided */
	SETTLED_BY_COUNT
};
const char *message_settled_name(enum message_settled_by how); /* "dedup" … */

/* One more. In a transaction. */
MUST_CHECK int store_settled_add(struct store *st, enum message_settled_by how, struct err *e);
MUST_CHECK int store_settled_counts(struct store *st, int64_t out[SETTLED_BY_COUNT],
				    struct err *e);

#endif
