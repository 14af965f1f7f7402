/* SPDX-License-Identifier: Apache-2.0 */
/* Personal data goes when its time is over; what was counted stays counted.
 * Rows keep their ids, states and dates: references, caps and figures hang on
 * them. Decree 13/2023/NĐ-CP: no longer than the purpose needs. */
#ifndef MOIDAN_STORE_PURGE_H
#define MOIDAN_STORE_PURGE_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Moments, UTC ms; what is older goes. */
struct purge_limits {
	int64_t
	    texts; /* the words of messages that have come to an end, and of answers; two weeks longer those
			* that teams wrote beside their figures, here and below */
	int64_t
	    receipts; /* receipts as they came, those of nobody, kept answers, what was pushed */
	int64_t
	    people; /* rows of lists: not imported, changed or written to since; duty rotas */
};

struct purge_counts {
	int64_t texts, receipts, people, numbers;
};

/* Blanks in short transactions of its own, beside a daemon. A number that declined, or is a wrong one, is
 * kept so that it stays unheard. Adds to *n. 0 / -1 */
MUST_CHECK int store_purge(struct store *st, const struct purge_limits *before,
			   struct purge_counts *n, struct err *e);

/* Blanks one person at once, at their own request: queued messages are withdrawn, the words of those that
 * are over go, a seat is given back, a number that nobody else has goes unless it has to stay unheard.
 * *open counts messages under way, whose words stay until they are settled (and then a purge takes
 * them). What was counted stays counted. Audited. 1, 0 when there is no such row, -1. In a
 * transaction. */
int store_recipient_erase(struct store *st, int64_t id, const char *who, int *open,
			  struct err *e);

/* Writes the file anew without what was blanked, and cuts off the WAL. Of a STORE_DAEMON, nobody else
 * reading: -1 with EX_TEMPFAIL when somebody does. */
MUST_CHECK int store_compact(struct store *st, struct err *e);

#endif
