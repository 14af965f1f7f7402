/* SPDX-License-Identifier: Apache-2.0 */
/* moidan serve: the floors put together on one loop, from the first signal handler to the drain. */
#include <event2/event.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shared.h"
#include "cli/callback_address.h"
#include "cli/cli.h"
#include "dispatch/engine.h"
#include "report/deliver.h"
#include "web/web.h"

/* A drain waits for answers that are under way; systemd's TimeoutStopSec is longer. */
#define SERVE_DRAIN_MS (25 * CLOCK_SECOND_MS)
/* A reload waits for the same. */
#define SERVE_RELOAD_MS (15 * CLOCK_SECOND_MS)
/* Longer than any commit, checkpoint or import of ours holds the store. */
#define SERVE_STALLED_MS (60 * CLOCK_SECOND_MS)
/* Ten thousand callbacks at once, and the connections to providers beside them. */
#define SERVE_FILES 16384

/* The path segment that proves a callback to be a provider's. */
struct serve_token {
	struct serve_token *next;
	char *provider;
	char text[CALLBACK_TOKEN];
};

struct serve {
	struct cli *c;
	struct house *house, *next; /* next: of a reload under way */
	struct shared *held, *next_held;
	bool again;	     /* a reload was asked for meanwhile */
	struct store *store; /* until the engine takes it */
	struct event_base *base;
	struct event *signals[5], *watchdog;
	size_t n_signals;
	struct engine *engine;
	struct deliver *deliver;
	struct web *web;
	unsigned char key[CALLBACK_KEY];
	struct serve_token *tokens;
	struct err fatal;
};

/* ---- callbacks' tokens ------------------------------------------------------------------- */

static const char *serve_token(const char *provider, void *arg)
{
	struct serve *s = arg;

	for (const struct serve_token *t = s->tokens; t != NULL; t = t->next) {
		if (strcmp(t->provider, provider) == 0)
			return t->text;
	}
	return NULL;
}

static void serve_make_tokens(struct serve *s, const struct house *h)
{
	for (size_t i = 0; i < h->n_providers; i++) {
		const char *name = provider_facts(h->providers[i])->name;
		struct serve_token *t;

		if (serve_token(name, s) != NULL)
			continue;
		t = mem_calloc(1, sizeof(*t));
		t->provider = mem_strdup(name);
		callback_token_make(s->key, name, t->text);
		log_redact(t->text);
		t->next = s->tokens;
		s->tokens = t;
	}
}

/* ---- what the floors get ----------------------------------------------------------------- */

static struct engine_config serve_engine_config(struct serve *s, const struct house *h)
{
	return (struct engine_config){.dispatch = h->cfg.dispatch,
				      .house = &h->campaign,
				      .providers = h->providers,
				      .n_providers = h->n_providers,
				      .callback_base = h->callbacks,
				      .callback_token = serve_token,
				      .callback_arg = s};
}

static struct web_config serve_web_config(struct serve *s, const struct house *h,
					  struct shared *held)
{
	return (struct web_config){.house = {.campaign = &h->campaign,
					     .report = &h->report,
					     .programmes = h->programmes,
					     .n_programmes = h->n_programmes,
					     .providers = h->providers,
					     .n_providers = h->n_providers,
					     .database = h->cfg.database,
					     .templates = h->cfg.templates,
					     .config = h->path,
					     .settings_table = &config_table,
					     .settings = &h->cfg,
					     .unit_kind = h->cfg.unit.hamlet,
					     .public_url = h->cfg.public_url,
					     .console_url = h->cfg.console_url,
					     .two_person = h->cfg.two_person,
					     .receipt_silence = h->cfg.dispatch.receipt_silence,
					     .replies = &h->replies,
					     .officials = h->cfg.reports.digest_programme},
				   .held = held,
				   .listen = h->cfg.listen,
				   .database = h->cfg.database,
				   .providers = h->providers,
				   .n_providers = h->n_providers,
				   .callback_token = serve_token,
				   .callback_arg = s};
}

static void serve_on_fatal(const struct err *e, void *arg)
{
	struct serve *s = arg;

	log_error("serve", "fatal", "reason=\"%s\"", e->text);
	s->fatal = *e;
	(void)event_base_loopbreak(s->base);
}

/* ---- signals ----------------------------------------------------------------------------- */

static void serve_house_end(void *house)
{
	house_free(house);
}

static void serve_reload(struct serve *s);

/* The end of a reload. held: what is not needed here any more. */
static void serve_reloaded(struct serve *s, struct shared *held, const struct err *e)
{
	if (e == NULL) {
		log_info("serve", "reloaded", "providers=%zu", s->house->n_providers);
	} else {
		log_set_level((enum log_level)s->house->cfg.log_level);
		log_error("serve", "reload_refused", "reason=\"%s\"", e->text);
	}
	shared_drop(held);
	s->next = NULL;
	s->next_held = NULL;
	(void)sd_notify(0, "READY=1");
	if (s->again)
		serve_reload(s);
}

/* The engine has changed over, or has not. */
static void serve_changed(int rc, const struct err *e, void *arg)
{
	struct serve *s = arg;
	struct shared *before = s->held;
	struct web_config web;
	struct err ignored = ERR_INIT;

	if (rc < 0) {
		if (deliver_reconfigure(s->deliver, &s->house->report, s->held, &ignored) < 0)
			serve_on_fatal(&ignored, s);
		serve_reloaded(s, s->next_held, e);
		return;
	}
	s->house = s->next;
	s->held = s->next_held;
	web = serve_web_config(s, s->house, s->held);
	/* What only shows must not keep the rest from changing. */
	if (web_reconfigure(s->web, &web, &ignored) < 0)
		log_error("serve", "pages_kept", "reason=\"%s\"", ignored.text);
	serve_reloaded(s, before, NULL);
}

/* Begins to change over to s->next: all of it, or the old one goes on. */
static int serve_change(struct serve *s, struct err *e)
{
	const struct house *h = s->next;
	struct engine_config engine;

	if (house_check_hamlets(h, e) < 0)
		return -1;
	if (strcmp(h->cfg.database, s->house->cfg.database) != 0 ||
	    strcmp(h->cfg.listen, s->house->cfg.listen) != 0)
		return err_set(e, EX_CONFIG,
			       "%s: \"database\" and \"listen\" change with a restart only",
			       h->path);
	serve_make_tokens(s, h);
	engine = serve_engine_config(s, h);
	if (deliver_reconfigure(s->deliver, &h->report, s->next_held, e) < 0)
		return -1;
	engine_reconfigure(s->engine, &engine, SERVE_RELOAD_MS, serve_changed, s);
	return 0;
}

/* Waits for nothing: what is sent, counted or read in meanwhile goes on as it began. */
static void serve_reload(struct serve *s)
{
	struct err e = ERR_INIT;

	s->again = s->next != NULL;
	if (s->again)
		return;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
			 (long long)clock_mono_ms() * 1000);
	s->next = house_load(s->c->config_path, &e);
	if (s->next != NULL) {
		s->next_held = shared_new(serve_house_end, s->next);
		if (serve_change(s, &e) == 0)
			return;
	}
	serve_reloaded(s, s->next_held, &e);
}

static void serve_on_signal(evutil_socket_t number, short what, void *arg)
{
	struct serve *s = arg;

	(void)what;
	switch (number) {
	case SIGHUP:
		/* Before everything is up there is nothing to change. */
		if (s->web != NULL)
			serve_reload(s);
		break;
	case SIGUSR1:
		if (s->engine != NULL)
			engine_wake(s->engine);
		if (s->deliver != NULL)
			deliver_wake(s->deliver);
		break;
	default:
		(void)event_base_loopbreak(s->base);
	}
}

static int serve_signals(struct serve *s, struct err *e)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		s->signals[i] = evsignal_new(s->base, numbers[i], serve_on_signal, s);
		if (s->signals[i] == NULL || event_add(s->signals[i], NULL) < 0)
			return err_set(e, EX_OSERR, "no handler for signal %d", numbers[i]);
		s->n_signals = i + 1;
	}
	return 0;
}

/* ---- the watchdog ------------------------------------------------------------------------ */

static void serve_on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	struct serve *s = arg;
	struct outbox_stats n;

	(void)fd;
	(void)what;
	if (engine_stalled_ms(s->engine) >= SERVE_STALLED_MS)
		return;
	engine_stats(s->engine, &n);
	(void)sd_notifyf(0, "WATCHDOG=1\nSTATUS=%lld accepted, %lld in flight, %lld uncertain",
			 (long long)n.accepted, (long long)n.in_flight, (long long)n.uncertain);
}

static int serve_watchdog(struct serve *s, struct err *e)
{
	uint64_t usec = 0;
	struct timeval half;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	half.tv_sec = (time_t)(usec / 2000000);
	half.tv_usec = (suseconds_t)(usec / 2 % 1000000);
	s->watchdog = event_new(s->base, -1, EV_PERSIST, serve_on_watchdog, s);
	if (s->watchdog == NULL || event_add(s->watchdog, &half) < 0)
		return err_set(e, EX_OSERR, "no timer for the watchdog");
	return 0;
}

/* ---- life -------------------------------------------------------------------------------- */

/* Before anything is read or said. Numbers, names and secrets are in this memory: no core file, nobody
 * attaches. */
static void serve_limits(void)
{
	struct rlimit none = {0, 0}, files;

	/* A log that nobody reads and a file that may not grow are errors of a write, not the end. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < SERVE_FILES) {
		files.rlim_cur = files.rlim_max < SERVE_FILES ? files.rlim_max : SERVE_FILES;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int serve_open(struct serve *s, struct err *e)
{
	struct engine_config engine;
	struct web_config web;
	struct store *store;
	struct err why = ERR_INIT;

	s->base = event_base_new();
	if (s->base == NULL)
		return err_set(e, EX_OSERR, "event_base_new");
	/* Nobody may be there to see to it: that must not keep everybody else's messages, nor the store from being
	 * brought up to date, which only this does. */
	if (house_check_hamlets(s->house, &why) < 0)
		log_error("config", "hamlet_unknown", "reason=\"%s\"", why.text);
	/* Before the store: from then on commands send signals. */
	if (serve_signals(s, e) < 0 ||
	    store_open(s->house->cfg.database, STORE_DAEMON, &s->store, e) < 0 ||
	    callback_key_load(s->store, s->key, e) < 0)
		return -1;
	serve_make_tokens(s, s->house);
	engine = serve_engine_config(s, s->house);
	web = serve_web_config(s, s->house, s->held);
	store = s->store;
	s->store = NULL;
	s->engine = engine_new(s->base, store, &engine, serve_on_fatal, s, e);
	if (s->engine == NULL)
		return -1;
	s->deliver = deliver_new(s->base, s->engine, &s->house->report, s->held, e);
	if (s->deliver == NULL)
		return -1;
	s->web = web_new(s->base, s->engine, &web, e);
	if (s->web == NULL || serve_watchdog(s, e) < 0)
		return -1;
	return 0;
}

/* Receipts that are on their way are repeated by their providers. */
static void serve_close(struct serve *s)
{
	struct serve_token *t;
	sigset_t all;

	deliver_free(s->deliver);
	web_stop(s->web);
	engine_stop(s->engine, s->fatal.code != 0 ? 0 : SERVE_DRAIN_MS);
	/* Who is told twice to end does so once: without our handlers the second would kill. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	web_free(s->web);
	store_close(s->store);
	for (size_t i = 0; i < s->n_signals; i++)
		event_free(s->signals[i]);
	if (s->watchdog != NULL)
		event_free(s->watchdog);
	if (s->base != NULL)
		event_base_free(s->base);
	shared_drop(s->next_held);
	shared_drop(s->held);
	while ((t = s->tokens) != NULL) {
		s->tokens = t->next;
		free(t->provider);
		mem_free_secret((char *)t, sizeof(*t));
	}
	sodium_memzero(s->key, sizeof(s->key));
}

int cmd_serve(struct cli *c, int argc, char **argv)
{
	struct serve s = {.c = c, .fatal = ERR_INIT};
	struct err e = ERR_INIT;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 0, 0, &e) < 0)
		return cli_fail(&e);
	serve_limits();
	if (cli_house(c, &e) < 0)
		return cli_fail(&e);
	s.house = c->house;
	s.held = shared_new(serve_house_end, s.house);
	log_set_level((enum log_level)s.house->cfg.log_level);
	c->house = NULL; /* a reload replaces it */
	rc = serve_open(&s, &e);
	if (rc == 0) {
		log_info("serve", "started", "version=%s port=%d providers=%zu", MOIDAN_VERSION,
			 web_port(s.web), s.house->n_providers);
		(void)sd_notify(0, "READY=1");
		(void)event_base_dispatch(s.base);
		(void)sd_notify(0, "STOPPING=1");
		log_info("serve", "stopping", "wait_ms=%d", (int)SERVE_DRAIN_MS);
		e = s.fatal;
	}
	serve_close(&s);
	if (e.code != 0)
		return cli_fail(&e);
	log_info("serve", "stopped", "version=%s", MOIDAN_VERSION);
	return 0;
}
