/* SPDX-License-Identifier: Apache-2.0 */
/* What another system asks for under an Idempotency-Key is done once, and answered each time as it was
 * then: by clerks and by the loop alike. */
#ifndef MOIDAN_WEB_ONCE_H
#define MOIDAN_WEB_ONCE_H

#include "base/err.h"
#include "store/account.h"
#include "store/store.h"

/* One request of a client under its key. */
struct once {
	char *client, *key;
	unsigned char request[ACCOUNT_HASH]; /* of what was asked for */
};

/* Of the API key api_key_id; path (without /api/v1) and body are what the key stands for. 0 with *o, yours to
 * clear; -1 with e when the header is missing or too long (400). */
MUST_CHECK int once_begin(struct once *o, int64_t api_key_id, const char *key, const char *path,
			  const void *body, size_t len, struct err *e);
void once_clear(struct once *o);

/* Whether the key was used before: 0 no; 1 with *status and *answer (yours to free()) as they were; -1 with
 * e: *status is 422 (for something else), 409 (still under way) or 0 (the store failed). */
int once_find(struct store *st, const struct once *o, int *status, char **answer,
	      struct err *e);
/* Keeps the answer; status 0 = under way. In a transaction: best that of the work. */
MUST_CHECK int once_keep(struct store *st, const struct once *o, int status, const char *answer,
			 struct err *e);
/* It was refused: the key may be used again. In a transaction. */
MUST_CHECK int once_forget(struct store *st, const struct once *o, struct err *e);

#endif
