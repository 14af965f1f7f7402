/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that talks to providers: a libevent loop with one pool of
 * connections per provider. Claimed messages come in by a queue, what became
 * of them goes out by another; it knows neither store nor rules. */
#ifndef MOIDAN_DISPATCH_SENDER_H
#define MOIDAN_DISPATCH_SENDER_H

#include <stddef.h>

#include "base/err.h"
#include "dispatch/outbox.h"
#include "dispatch/queue.h"
#include "dispatch/token.h"

struct sender;

/* One provider as the senders see it. */
struct sender_route {
	const struct provider *provider;
	char *callback_url; /* NULL = none */
};

/* instance (of the references), routes and the two queues are borrowed. results must have room for all that
 * is ever in flight at once, cap says how much that is; tokens (of struct token_answer) for that and one
 * fetch per route. NULL with e. The thread starts at once. */
struct sender *sender_new(const char *instance, const struct sender_route *routes,
			  size_t n_routes, size_t cap, struct queue *results,
			  struct queue *tokens, struct err *e);

/* Gives it n messages; their texts are the sender's from here on. */
void sender_give(struct sender *s, const struct outbox_item *items, size_t n);

/* Gives it an order, which it carries out before any message that is given later; its text is the sender's
 * from here on. */
void sender_order(struct sender *s, const struct token_order *order);

/* Ends the thread; what is under way is cut off and reports nothing. NULL is allowed. */
void sender_free(struct sender *s);

#endif
