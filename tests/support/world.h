/* SPDX-License-Identifier: Apache-2.0 */
/* A commune to test with: a real store in a file, the shipped programmes, texts
 * and providers, invented households. What goes wrong in making it ends the
 * process: it is the test's ground, not its subject. */
#ifndef MOIDAN_TESTS_WORLD_H
#define MOIDAN_TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "campaign/campaign.h"
#include "dispatch/outbox.h"
#include "provider/provider.h"
#include "store/campaign.h"
#include "store/recipient.h"
#include "store/store.h"

#define WORLD_MAX_PROVIDERS 8

struct world {
	char dir[256];
	char db[272];
	bool own_dir; /* removed by world_close() */
	struct store *st;
	struct hours_config hours;
	struct caps_config caps;
	struct calendar *calendar;
	struct campaign_house house;
	struct provider *providers[WORLD_MAX_PROVIDERS];
	size_t n_providers;
	struct dispatch_config dispatch;
};

/* dir NULL: a fresh temporary directory below TMPDIR or /tmp. Opens the store as a daemon. */
void world_open(struct world *w, const char *dir);
/* The store closed and opened again, as by the next process. */
void world_reopen(struct world *w);
/* Closes what is open. */
void world_close(struct world *w);

/* One more provider "NAME" of a shipped description, at 127.0.0.1:port. */
void world_add_provider(struct world *w, const char *name, const char *description, int port,
			int64_t in_flight, int64_t rate);

/* Households 1 … n (by which = first … first+n-1) of the programme vneid, without account, each with a
 * number of its own: 84900000000 + which. */
void world_add_households(struct world *w, int64_t first, int64_t n);
/* One household with this number; returns its id. */
int64_t world_add_household(struct world *w, const char *key, uint64_t number);

/* A running campaign of A1 over all of them, planned by the outbox's fan-out. Returns its id. */
int64_t world_add_campaign(struct world *w, const char *name, enum lane lane, int64_t starts_at,
			   int64_t expires_at);

/* How many messages of a campaign (0 = all) are in a state. */
int64_t world_count(struct world *w, int64_t campaign_id, enum message_state state);
enum message_state world_state(struct world *w, int64_t message_id);

/* Runs fn(st, arg) in a transaction of its own. */
void world_do(struct world *w, int (*fn)(struct store *st, void *arg, struct err *e),
	      void *arg);

/* Ends the process with e's text when rc is negative. */
void world_must(int rc, const struct err *e, const char *what);

#endif
