/* SPDX-License-Identifier: Apache-2.0 */
/* What a clerk gives to the visit that it serves. */
#ifndef MOIDAN_WEB_DESK_H
#define MOIDAN_WEB_DESK_H

#include "web/errand.h"
#include "web/visit.h"

/* The clerk's own connections, opened when first asked for. NULL with e. */
struct store *clerk_reader(struct clerk *c, struct err *e);
struct store *clerk_writer(struct clerk *c, struct err *e);
void clerk_changed(struct clerk *c);
/* Seconds to wait when who visits does so too often, else 0. */
int clerk_too_often(struct clerk *c, const struct visit *v);
/* Tries at passwords: seconds to wait, else 0. known: a machine that has signed in to the account. */
int clerk_try_password(struct clerk *c, const char *account, const char *address, bool known);
/* It was the right one. */
void clerk_password_right(struct clerk *c, const char *account, const char *address);

/* A test of a provider, which goes to any number and into no books: seconds to wait, else 0. */
int clerk_try_provider(struct clerk *c);

/* What is done once the visit is answered: by the same clerk, in a visit of nobody that sees the same house. It may
 * take its time; arg is fn's. One a visit. */
typedef void (*clerk_errand)(struct visit *v, void *arg);
void clerk_afterwards(struct clerk *c, clerk_errand fn, void *arg);
/* How far such work is. */
struct errands *clerk_errands(struct clerk *c);

/* Draws what key stands for, which is expensive and may be a little old; NULL with e. Ends v's snapshot if it
 * likes. */
typedef json_t *(*clerk_draw)(struct visit *v, const char *key, struct err *e);

struct clerk_drawing {
	const char *key;
	clerk_draw draw;
	const char *as_of; /* what it depends on, as text: drawn as of something else it is no more; NULL: time alone */
	bool dear;	   /* it takes too long to be waited for */
};

/* A new reference to what is drawn, kept for all clerks. What is cheap is drawn anew each time. What is not is
 * given as it was last drawn, and drawn anew after the visit when that was a while ago. What is dear nobody waits
 * for: while nothing is drawn yet, NULL with e (EX_TEMPFAIL) and v->retry_after, and it is drawn after the visit.
 * NULL with e. */
json_t *clerk_cached(struct clerk *c, const struct clerk_drawing *what, struct visit *v,
		     struct err *e);
/* -1 with e and v->retry_after: it is being counted. */
int clerk_comes_again(struct visit *v, struct err *e);
/* Whether something that reads so many rows is dear. */
bool clerk_is_dear(int64_t rows);

#endif
