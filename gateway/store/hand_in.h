/* SPDX-License-Identifier: Apache-2.0 */
/* What teams hand in for a week: figures as they count them, and what they have to say. Nothing is ever
 * changed: a correction is a further row. */
#ifndef MOIDAN_STORE_HAND_IN_H
#define MOIDAN_STORE_HAND_IN_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Borrowed, by the verb that writes and by callbacks. */
struct hand_in {
	int64_t id;
	int week; /* ISO, 202324 */
	int64_t unit_id; /* 0 = the commune's own team */
	const char *figures; /* JSON object */
	const char *difficulties, *proposals; /* "" = nothing */
	int64_t at;
	const char *who, *way;
};

/* In a transaction. */
MUST_CHECK int store_hand_in_add(struct store *st, const struct hand_in *in, struct err *e);
/* The newest of each team of a week that came at until or before, by unit. */
MUST_CHECK int store_hand_in_list(struct store *st, int week, int64_t until,
				  void (*fn)(const struct hand_in *in, void *arg), void *arg,
				  struct err *e);

#endif
