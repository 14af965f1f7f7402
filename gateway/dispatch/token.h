/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that providers lend for a while. A refresh token is often good for one
 * use, so its rules are strict: one fetch at a time, across threads and
 * processes (store_token_lock); after taking the lock the store is read again,
 * since another may have been quicker; what came is committed before its first
 * use. A token that only a person can renew is a state of the store.
 *
 * The book belongs to the store thread. A sender fetches: it gets an order and
 * gives an answer, the next turn commits it, and only then all senders get it. */
#ifndef MOIDAN_DISPATCH_TOKEN_H
#define MOIDAN_DISPATCH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "provider/provider.h"
#include "store/store.h"

/* To a sender. */
struct token_order {
	int route;
	bool fetch; /* a new one, with text as the refresh token; else show text from now on */
	int64_t generation;
	char *text; /* the receiver's, to be wiped */
};

/* From a sender. */
struct token_answer {
	int route;
	bool refused;		     /* a message was refused for its token alone … */
	int64_t generation;	     /* … for this one */
	struct provider_token token; /* of a fetch */
};

struct token_book;

/* All is borrowed. */
struct token_book *token_book_new(struct store *st, struct provider *const *providers,
				  size_t n);
/* Gives its locks back. */
void token_book_free(struct token_book *b);

/* Keeps an answer for the next turn, and takes what is in it. */
void token_book_take(struct token_book *b, const struct token_answer *a);
/* Looks at the store again: a command may have brought a token. */
void token_book_refresh(struct token_book *b);

/* Inside the caller's transaction: records the answers, sees what is due. Ends with exactly one of
 * _committed and _rolled_back; after the latter the same answers are recorded again. */
MUST_CHECK int token_book_turn(struct token_book *b, int64_t now, struct err *e);
void token_book_committed(struct token_book *b);
void token_book_rolled_back(struct token_book *b);

/* After a commit: the orders one by one; false when there are no more. Those that fetch are for one
 * sender, the others for all of them. */
bool token_book_order(struct token_book *b, struct token_order *out);

/* Whether messages may go there: the turn under way counts as committed. */
bool token_book_ready(const struct token_book *b, size_t route, int64_t now);
/* Whether answers wait to be recorded, or a fetch is under way. */
bool token_book_waiting(const struct token_book *b);
bool token_book_busy(const struct token_book *b);
/* When there is next something to do by time alone; INT64_MAX: never. */
int64_t token_book_wake(const struct token_book *b);

/* How it stands with a provider's token, for people. */
enum token_state {
	TOKEN_STATE_NONE,    /* it wants none */
	TOKEN_STATE_MISSING, /* a person must authorise it first */
	TOKEN_STATE_WAITING, /* none at hand: one is fetched when it is needed */
	TOKEN_STATE_GOOD,
	TOKEN_STATE_DEAD /* a person must authorise it again */
};
struct token_report {
	enum token_state state;
	int64_t expires_at; /* of a GOOD one */
	int64_t dead_at;
	char reason[160]; /* of a DEAD one */
};
MUST_CHECK int token_report(struct store *st, const struct provider *p,
			    struct token_report *out, struct err *e);
const char *token_state_name(enum token_state s); /* "none", "missing", … */

/* For a command, beside a daemon or without one: the token to show to p now, fetched if need be. Waits for
 * whoever else fetches. *out is yours, NULL where p has none. st is a writer without a transaction. */
MUST_CHECK int token_obtain(struct store *st, const struct provider *p, char **out,
			    struct err *e);
/* Turns the code that a person's consent brought into a token, and commits it. */
MUST_CHECK int token_authorize(struct store *st, const struct provider *p,
			       const struct provider_consent *c, const char *code,
			       int64_t *expires_at, struct err *e);

#endif
