/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that providers lend, by the provider's name. Only one process fetches
 * a provider's next at a time: the lock is beside the database and ends with
 * whoever held it. */
#ifndef MOIDAN_STORE_TOKEN_H
#define MOIDAN_STORE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct store_token {
	int64_t generation;	/* raised by each new one; 0 = there is none */
	char *access, *refresh; /* never NULL when generation > 0; refresh "" = none came */
	int64_t expires_at, fetched_at; /* ms */
	int64_t dead_at;		/* since when a person is needed; 0 = not */
	char *reason;			/* why; NULL = none */
};

/* 1 and *out (empty it with store_token_free()), 0 when there is none, -1. */
int store_token_get(struct store *st, const char *provider, struct store_token *out,
		    struct err *e);
void store_token_free(struct store_token *t);

/* In the open transaction: a new pair, which is alive. refresh NULL keeps the old one. */
MUST_CHECK int store_token_put(struct store *st, const char *provider, const char *access,
			       const char *refresh, int64_t expires_at, int64_t now,
			       struct err *e);
/* In the open transaction: nothing but a person helps. Also where there is no token yet. */
MUST_CHECK int store_token_kill(struct store *st, const char *provider, const char *reason,
				int64_t now, struct err *e);

/* In the open transaction: forgets it, dead or alive; the next is fetched with what the account gives. */
MUST_CHECK int store_token_forget(struct store *st, const char *provider, struct err *e);

/* The lock of a provider's tokens, without waiting: a descriptor, or -1 when another holds it (then e is
 * empty) or it cannot be had (e). Threads of one process exclude each other too. */
int store_token_lock(struct store *st, const char *provider, struct err *e);
void store_token_unlock(int fd);

#endif
