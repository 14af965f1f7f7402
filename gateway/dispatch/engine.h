/* SPDX-License-Identifier: Apache-2.0 */
/* The threads: one that owns the writing store and the outbox, and senders,
 * each a libevent loop with its own pools of connections. They exchange batches
 * over bounded queues with a wake-up; nothing is shared but those. The caller's
 * loop (evhttp, timers, signals) posts work to the store thread and gets told
 * after the commit. */
#ifndef MOIDAN_DISPATCH_ENGINE_H
#define MOIDAN_DISPATCH_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/outbox.h"

struct event_base;
struct engine;

struct engine_config {
	struct dispatch_config dispatch;
	const struct campaign_house *house;
	struct provider *const *providers; /* borrowed, like all in here */
	size_t n_providers;
	const char *
	    callback_base; /* "https://host/callbacks": /PROVIDER/TOKEN is added; NULL = none */
	/* The token of a provider's callback URL (made once, kept in the store's meta). */
	const char *(*callback_token)(const char *provider, void *arg);
	void *callback_arg;
};

/* Takes st (a STORE_DAEMON), also on failure. base is the caller's loop. The threads start at once.
 * on_fatal is called on the caller's loop when the process must end (a commit whose outcome is
 * unknown); it should exit with the code in e. */
struct engine *engine_new(struct event_base *base, struct store *st,
			  const struct engine_config *cfg,
			  void (*on_fatal)(const struct err *e, void *arg), void *arg,
			  struct err *e);

/* Drains: no new claims; waits for what is in flight (at most wait_ms), commits its results, stops the
 * threads, closes the store. Blocking. What did not answer in time stays SENDING for recovery. */
void engine_stop(struct engine *en, int64_t wait_ms);

/* Look again at once: a command changed something, or the clock was set. Thread-safe. */
void engine_wake(struct engine *en);

/* Runs fn on the store thread inside a transaction that others share; done (or NULL) on the caller's
 * loop after the commit, with fn's return value (-1: rolled back alone, e says why). arg goes to both.
 * Posts from one caller are committed in order. -1 when the queue is full or the engine is stopping
 * (answer 503): then neither is called. What was posted before engine_stop() is done by it. */
int engine_post(struct engine *en, int (*fn)(struct store *st, void *arg, struct err *e),
		void (*done)(int rc, const struct err *e, void *arg), void *arg);

void engine_stats(struct engine *en, struct outbox_stats *out);
/* Monotonic ms since the store thread last finished a turn or found nothing to do: the watchdog's
 * sign of life. */
int64_t engine_stalled_ms(struct engine *en);

/* New configuration whole: once what is in flight was answered and committed (at most wait_ms), nothing being
 * claimed meanwhile, it changes over. done is called on the caller's loop: 0, and nothing of the old
 * configuration is in use; or -1 with e, and nothing of the new. Until then both may not be freed. One at a
 * time; engine_stop() forgets it. */
void engine_reconfigure(struct engine *en, const struct engine_config *cfg, int64_t wait_ms,
			void (*done)(int rc, const struct err *e, void *arg), void *arg);

#endif
