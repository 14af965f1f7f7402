/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a list counted by kind, and predicates that somebody gave a name. */
#ifndef MOIDAN_STORE_AUDIENCE_H
#define MOIDAN_STORE_AUDIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/recipient.h"

/* Calls fn for each kind of row in a programme's list and how many there are. r has what rows of a kind have
 * in common: unit, state, hold, sex, precision and (since 2000, else 0) year of birth, status and flags of the
 * telephone, whether there is a contact and what is known of it, facts with listed values. Borrowed. */
MUST_CHECK int store_recipient_kinds(struct store *st, const char *programme,
				     void (*fn)(const struct recipient *r, int64_t n, void *arg),
				     void *arg, struct err *e);
/* Calls fn for each row of a programme that was born in year, 2000 or later: with its day of birth, else as a kind
 * of one. */
MUST_CHECK int store_recipient_born(struct store *st, const char *programme, int year,
				    void (*fn)(const struct recipient *r, void *arg), void *arg,
				    struct err *e);
/* The largest id in the list; 0 = it is empty. */
MUST_CHECK int store_recipient_last(struct store *st, const char *programme, int64_t *id,
				    struct err *e);

/* Text is borrowed by put and by the callback of list. */
struct audience {
	int64_t id, at;
	char *programme, *name, *predicate, *who;
};
/* By programme and name: made, or changed. In a transaction. */
MUST_CHECK int store_audience_put(struct store *st, const struct audience *a, struct err *e);
/* 1/0/-1. In a transaction. */
int store_audience_remove(struct store *st, const char *programme, const char *name,
			  struct err *e);
/* programme NULL = all; by programme and name. */
MUST_CHECK int store_audience_list(struct store *st, const char *programme,
				   void (*fn)(const struct audience *a, void *arg), void *arg,
				   struct err *e);

#endif
