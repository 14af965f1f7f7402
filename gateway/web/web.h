/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP face: evhttp on loopback, one table row a route. */
#ifndef MOIDAN_WEB_WEB_H
#define MOIDAN_WEB_WEB_H

#include <stddef.h>

#include "base/err.h"
#include "dispatch/engine.h"
#include "provider/provider.h"
#include "store/store.h"

struct event_base;
struct web;

struct web_config {
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
void web_free(struct web *w);
void web_reconfigure(struct web *w, const struct web_config *cfg);

#endif
