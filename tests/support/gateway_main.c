/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's engine and callbacks as a program that can be killed, over a world in a directory.
 *
 *   gateway make DIR N                 N households and one running campaign to them
 *   gateway serve DIR PROVIDER_PORT CALLBACK_PORT DESCRIPTION IN_FLIGHT RATE
 *                                      sends until SIGTERM
 *   gateway requeue DIR                an officer who asked: what is uncertain never arrived
 *   gateway look DIR                   messages by state, as JSON
 *   gateway check DIR                  the same with the report's figures; is the database sound?
 *
 * MOIDAN_TEST_SHIFT sets its clock, in seconds away from the machine's. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "dispatch/engine.h"
#include "store/report.h"
#include "support/world.h"
#include "web/web.h"

#define GATEWAY_NAME  "sms"
#define GATEWAY_TOKEN "thu-nghiem-0123456789abcdef"

struct gateway {
	struct event_base *base;
	int code;
};

static const char *gateway_token(const char *provider, void *arg)
{
	(void)arg;
	return strcmp(provider, GATEWAY_NAME) == 0 ? GATEWAY_TOKEN : NULL;
}

static void gateway_on_fatal(const struct err *e, void *arg)
{
	struct gateway *g = arg;

	g->code = e->code;
	(void)event_base_loopbreak(g->base);
}

static void gateway_on_term(evutil_socket_t number, short what, void *arg)
{
	struct gateway *g = arg;

	(void)number;
	(void)what;
	(void)event_base_loopbreak(g->base);
}

static int gateway_make(const char *dir, int64_t n)
{
	struct world w;

	world_open(&w, dir);
	world_add_households(&w, 1, n);
	(void)world_add_campaign(&w, "một", LANE_BULK, clock_now_ms(),
				 clock_now_ms() + 14 * CLOCK_DAY_MS);
	world_close(&w);
	return 0;
}

static int gateway_serve(char **argv)
{
	struct gateway g = {.base = event_base_new()};
	struct event *term = evsignal_new(g.base, SIGTERM, gateway_on_term, &g);
	struct err e = ERR_INIT;
	struct engine *engine;
	struct web *web;
	struct world w;
	char listen[32], callbacks[64];

	(void)signal(SIGPIPE, SIG_IGN);
	(void)event_add(term, NULL);
	world_open(&w, argv[0]);
	world_add_provider(&w, GATEWAY_NAME, argv[3], (int)strtol(argv[1], NULL, 10),
			   strtol(argv[4], NULL, 10), strtol(argv[5], NULL, 10));
	w.dispatch.senders = 2;
	w.dispatch.settle_after = 300;
	w.dispatch.backoff = 200;
	w.dispatch.max_attempts = 100;
	(void)snprintf(listen, sizeof(listen), "127.0.0.1:%s", argv[2]);
	(void)snprintf(callbacks, sizeof(callbacks), "http://%s/callbacks", listen);
	const struct engine_config ec = {.dispatch = w.dispatch,
					 .house = &w.house,
					 .providers = w.providers,
					 .n_providers = 1,
					 .callback_base = callbacks,
					 .callback_token = gateway_token};
	const struct web_config wc = {.listen = listen,
				      .database = w.db,
				      .providers = w.providers,
				      .n_providers = 1,
				      .callback_token = gateway_token};
	engine = engine_new(g.base, w.st, &ec, gateway_on_fatal, &g, &e);
	w.st = NULL;
	world_must(engine ? 0 : -1, &e, "engine");
	web = web_new(g.base, engine, &wc, &e);
	world_must(web ? 0 : -1, &e, "web");
	(void)event_base_dispatch(g.base);
	engine_stop(engine, g.code ? 0 : 20 * CLOCK_SECOND_MS);
	web_free(web);
	event_free(term);
	event_base_free(g.base);
	world_close(&w);
	return g.code;
}

static int gateway_requeue(const char *dir)
{
	enum { ROOM = 1000 };
	static struct message_open open[ROOM];
	struct err e = ERR_INIT;
	struct world w;
	size_t n = 0;

	world_open(&w, dir);
	world_must(store_begin(w.st, &e), &e, "begin");
	world_must(
	    store_message_due(w.st, MESSAGE_UNCERTAIN, INT64_MAX, open, ROOM, &n, &e), &e,
	    "uncertain");
	for (size_t i = 0; i < n; i++)
		world_must(store_message_event(w.st, open[i].id, MESSAGE_EV_REQUEUE,
					       clock_now_ms(), "cán bộ", &e),
			   &e, "requeue");
	world_must(store_commit(w.st, &e), &e, "commit");
	world_close(&w);
	(void)printf("%zu\n", n);
	return 0;
}

/* What the weekly report draws on; there is one unit. */
static void gateway_on_figures(const struct message_figures *f, void *arg)
{
	(void)arg;
	(void)printf(",\"report_messages\":%lld,\"report_segments\":%lld",
		     (long long)f->messages, (long long)f->segments);
}

static int gateway_look(const char *dir, bool check)
{
	struct message_counts n;
	struct err e = ERR_INIT;
	struct store *st;
	char db[300];

	(void)snprintf(db, sizeof(db), "%s/moidan.db", dir);
	world_must(store_open(db, STORE_READER, &st, &e), &e, "store");
	if (check)
		world_must(store_check(st, &e), &e, "check");
	world_must(store_message_counts(st, 0, 0, &n, &e), &e, "counts");
	(void)printf("{\"total\":%lld", (long long)n.total);
	if (check)
		world_must(store_message_figures(st, "vneid", gateway_on_figures, NULL, &e), &e,
			   "figures");
	store_close(st);
	for (int s = 0; s <= MESSAGE_LINKED; s++) {
		if (n.by_state[s] > 0)
			(void)printf(",\"%s\":%lld", message_state_name((enum message_state)s),
				     (long long)n.by_state[s]);
	}
	(void)printf("}\n");
	return 0;
}

int main(int argc, char **argv)
{
	const char *shift = getenv("MOIDAN_TEST_SHIFT");

	if (shift != NULL)
		clock_set_shift(strtoll(shift, NULL, 10) * CLOCK_SECOND_MS);
	log_set_level(LOG_LEVEL_ERROR);
	if (argc == 4 && strcmp(argv[1], "make") == 0)
		return gateway_make(argv[2], strtoll(argv[3], NULL, 10));
	if (argc == 8 && strcmp(argv[1], "serve") == 0)
		return gateway_serve(argv + 2);
	if (argc == 3 && strcmp(argv[1], "requeue") == 0)
		return gateway_requeue(argv[2]);
	if (argc == 3 && strcmp(argv[1], "look") == 0)
		return gateway_look(argv[2], false);
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return gateway_look(argv[2], true);
	return EX_USAGE;
}
