/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP face: evhttp on loopback, one table row a route. */
#ifndef MOIDAN_WEB_WEB_H
#define MOIDAN_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/shared.h"
#include "campaign/campaign.h"
#include "campaign/reply.h"
#include "dispatch/engine.h"
#include "provider/provider.h"
#include "report/report.h"
#include "roster/programme.h"
#include "store/store.h"

struct event_base;
struct web;

/* What the console shows and works with. Borrowed, read-only. */
struct web_house {
	const struct campaign_house *campaign; /* NULL: there is no console */
	const struct report_house *report;
	struct programme *const *programmes;
	size_t n_programmes;
	struct provider *const *providers;
	size_t n_providers;
	const char *database;
	const char *templates; /* directory of texts, console/ among them */
	const char *config;    /* the file of the configuration, as it was found */
	const struct conf_table *settings_table; /* of settings; NULL: nothing is shown */
	const void *settings;
	const char *unit_kind; /* "ấp" */
	const char *public_url, *console_url; /* "" when not set */
	bool two_person;
	int64_t receipt_silence; /* ms */
	const struct reply_words *replies; /* NULL: answers of citizens are not taken */
	const char *officials;		   /* programme of those who may enter results */
};

struct web_config {
	struct web_house house;
	struct shared *held;  /* what keeps all this; NULL: the caller does */
	const char *listen;   /* "127.0.0.1:8080" */
	const char *database; /* pages read on connections of their own */
	struct provider *const *providers;
	size_t n_providers;
	/* The token a provider's callbacks must carry; NULL = unknown provider. */
	const char *(*callback_token)(const char *provider, void *arg);
	void *callback_arg;
};

/* Binds and serves on base. en is borrowed. NULL with e (EX_UNAVAILABLE: address in use). */
struct web *web_new(struct event_base *base, struct engine *en, const struct web_config *cfg,
		    struct err *e);
/* The port it is bound to (listen may ask for 0). */
int web_port(const struct web *w);
/* Waits for what officers have under way and serves no more visits: before engine_stop(). */
void web_stop(struct web *w);
void web_free(struct web *w);
/* Who comes from now on sees the new configuration; the old one is held (cfg->held) as long as somebody looks at
 * it. -1 with e: pages that cannot be used; then the old ones are shown still, of the new house. */
MUST_CHECK int web_reconfigure(struct web *w, const struct web_config *cfg, struct err *e);

#endif
