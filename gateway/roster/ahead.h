/* SPDX-License-Identifier: Apache-2.0 */
/* Work that a thread of its own does a little ahead of whoever needs it: slots
 * of a ring, filled in order and handed over in that order. What there is to
 * say of how it went stands in the slot. */
#ifndef MOIDAN_ROSTER_AHEAD_H
#define MOIDAN_ROSTER_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

struct ahead_work {
	void *arg;
	size_t slot;  /* bytes; zeroed before the first use */
	size_t slots; /* so many at most are filled before they are asked for, the one in use among them */
	/* Fills a slot, which is as it was left. False: there is nothing left. */
	bool (*fill)(void *arg, void *slot);
	/* Frees what a slot holds when all is over. NULL = nothing. */
	void (*clear)(void *slot);
};

struct ahead;

/* Starts; arg is the thread's until ahead_end(). thread false, or none to be had: slots are filled when they are
 * asked for, with the same outcome. Never NULL. */
struct ahead *ahead_start(const struct ahead_work *w, bool thread);

/* The next slot, yours until the next call; NULL when there is none left. */
void *ahead_next(struct ahead *a);

/* Stops, at the end or before it: arg is yours again. NULL is allowed. */
void ahead_end(struct ahead *a);

#endif
