/* SPDX-License-Identifier: Apache-2.0 */
/* What a clerk gives to the visit that it serves. */
#ifndef MOIDAN_WEB_DESK_H
#define MOIDAN_WEB_DESK_H

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

/* What is expensive to draw and may be a little old: figures of the dashboard. Kept for all clerks. */
struct desk_cache {
	json_t *value;
	int64_t drawn_mono, took_ms;
};
/* A new reference to the value under key, drawn by draw() when there is none, or when it is older than
 * fresh_ms and drawing takes longer than cheap_ms (then it is drawn again at once if it is cheap). NULL
 * with e. */
json_t *clerk_cached(struct clerk *c, const char *key,
		     json_t *(*draw)(struct visit *v, struct err *e), struct visit *v,
		     struct err *e);

#endif
