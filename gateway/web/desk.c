/* SPDX-License-Identifier: Apache-2.0 */
/* The clerks: threads that serve visits, each with its own connections to the store, as so many commands
 * would be. The loop gives them visits and gets them back answered; they share nothing but the queue,
 * the throttles and what is cached. */
#include "web/desk.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/engine.h"
#include "dispatch/queue.h"
#include "web/server.h"

/* Two may be hashing passwords; the others go on. */
#define DESK_CLERKS 4
/* Visits that wait: a page takes milliseconds, an import seconds. */
#define DESK_WAITING 256
#define DESK_CACHED  8
/* What takes no longer is drawn anew each time; else it is drawn anew after so long. */
#define DESK_CHEAP_MS 25
#define DESK_FRESH_MS (20 * CLOCK_SECOND_MS)

struct desk_cache {
	const char *key; /* static */
	clerk_draw draw;
	json_t *value;
	int64_t drawn_mono, took_ms;
	bool wanted; /* old: whoever is free draws it anew */
};

struct desk_job {
	struct visit *visit;
	void *arg;
};

struct clerk {
	struct desk *desk;
	pthread_t thread;
	bool running;
	struct store *reader, *writer;
	clerk_errand errand; /* after the answer; NULL = nothing */
	void *errand_arg;
};

struct desk {
	struct web *web;
	struct event_base *base;
	void (*done)(struct visit *v, void *arg);
	struct clerk clerks[DESK_CLERKS];
	pthread_mutex_t lock;
	pthread_cond_t come; /* a visit, or the end */
	struct desk_job waiting[DESK_WAITING];
	size_t first, n;
	bool closing;
	struct queue *served; /* struct desk_job */
	int bell;
	struct event *served_ev;
	pthread_rwlock_t house_lock; /* held for reading while a visit is served */
	const struct web_house *house;
	const struct page_set *pages;
	struct errands *errands;
	struct throttle *visits, *passwords_at, *passwords_of, *passwords_known, *tests;
	pthread_mutex_t cache_lock;
	struct desk_cache cache[DESK_CACHED];
};

/* ---- what a clerk gives ------------------------------------------------------------------ */

static struct store *clerk_open(struct clerk *c, enum store_mode mode, struct store **st,
				struct err *e)
{
	if (*st == NULL && store_open(c->desk->web->cfg.database, mode, st, e) < 0)
		return NULL;
	return *st;
}

struct store *clerk_reader(struct clerk *c, struct err *e)
{
	return clerk_open(c, STORE_READER, &c->reader, e);
}

struct store *clerk_writer(struct clerk *c, struct err *e)
{
	return clerk_open(c, STORE_WRITER, &c->writer, e);
}

void clerk_changed(struct clerk *c)
{
	engine_wake(c->desk->web->engine);
}

int clerk_too_often(struct clerk *c, const struct visit *v)
{
	return throttle_take(c->desk->visits, v->who.key ? "key" : "account", v->who.name,
			     clock_mono_ms());
}

int clerk_try_password(struct clerk *c, const char *account, const char *address, bool known)
{
	int64_t now = clock_mono_ms();
	int wait;

	if (known)
		return throttle_take(c->desk->passwords_known, "known", account, now);
	wait = throttle_take(c->desk->passwords_at, "address", address, now);
	return wait > 0 ? wait : throttle_take(c->desk->passwords_of, "account", account, now);
}

void clerk_password_right(struct clerk *c, const char *account, const char *address)
{
	throttle_forget(c->desk->passwords_known, "known", account);
	throttle_forget(c->desk->passwords_at, "address", address);
}

int clerk_try_provider(struct clerk *c)
{
	return throttle_take(c->desk->tests, "test", "", clock_mono_ms());
}

/* The place of key, NULL when there are too many; with the lock. */
static struct desk_cache *desk_cache_place(struct desk *d, const char *key, clerk_draw draw)
{
	for (size_t i = 0; i < DESK_CACHED; i++) {
		struct desk_cache *k = &d->cache[i];

		if (k->key == NULL)
			*k = (struct desk_cache){.key = key, .draw = draw};
		if (strcmp(k->key, key) == 0)
			return k;
	}
	return NULL;
}

static json_t *desk_draw(struct desk *d, struct desk_cache *k, clerk_draw draw, struct visit *v,
			 struct err *e)
{
	int64_t from = clock_mono_ms();
	json_t *value = draw(v, e);

	if (value == NULL || k == NULL)
		return value;
	(void)pthread_mutex_lock(&d->cache_lock);
	json_decref(k->value);
	k->value = json_incref(value);
	k->drawn_mono = clock_mono_ms();
	k->took_ms = k->drawn_mono - from;
	(void)pthread_mutex_unlock(&d->cache_lock);
	return value;
}

json_t *clerk_cached(struct clerk *c, const char *key, clerk_draw draw, struct visit *v,
		     struct err *e)
{
	struct desk *d = c->desk;
	struct desk_cache *k;
	json_t *value = NULL;

	(void)pthread_mutex_lock(&d->cache_lock);
	k = desk_cache_place(d, key, draw);
	if (k != NULL && k->value != NULL && k->took_ms > DESK_CHEAP_MS) {
		value = json_incref(k->value);
		k->wanted = clock_mono_ms() - k->drawn_mono > DESK_FRESH_MS;
	}
	(void)pthread_mutex_unlock(&d->cache_lock);
	return value != NULL ? value : desk_draw(d, k, draw, v, e);
}

/* Draws anew what a visit found to be old. */
static void clerk_redraw(struct clerk *c)
{
	struct desk *d = c->desk;
	struct visit v = {.clerk = c, .house = d->house, .pages = d->pages};
	struct desk_cache *k = NULL;
	struct err e = ERR_INIT;

	(void)pthread_mutex_lock(&d->cache_lock);
	for (size_t i = 0; i < DESK_CACHED && k == NULL; i++) {
		if (d->cache[i].wanted)
			k = &d->cache[i];
	}
	if (k != NULL)
		k->wanted = false;
	(void)pthread_mutex_unlock(&d->cache_lock);
	if (k == NULL)
		return;
	v.st = clerk_reader(c, &e);
	if (v.st == NULL || store_read_begin(v.st, &e) < 0)
		return;
	json_decref(desk_draw(d, k, k->draw, &v, &e));
	store_read_end(v.st);
}

void clerk_afterwards(struct clerk *c, clerk_errand fn, void *arg)
{
	c->errand = fn;
	c->errand_arg = arg;
}

struct errands *clerk_errands(struct clerk *c)
{
	return c->desk->errands;
}

static void clerk_run_errand(struct clerk *c)
{
	struct visit v = {.clerk = c, .house = c->desk->house, .pages = c->desk->pages};
	clerk_errand fn = c->errand;

	c->errand = NULL;
	if (fn != NULL)
		fn(&v, c->errand_arg);
}

/* ---- threads ----------------------------------------------------------------------------- */

static bool desk_take(struct desk *d, struct desk_job *job)
{
	(void)pthread_mutex_lock(&d->lock);
	while (d->n == 0 && !d->closing)
		(void)pthread_cond_wait(&d->come, &d->lock);
	if (d->closing) {
		(void)pthread_mutex_unlock(&d->lock);
		return false;
	}
	*job = d->waiting[d->first];
	d->first = (d->first + 1) % DESK_WAITING;
	d->n--;
	(void)pthread_mutex_unlock(&d->lock);
	return true;
}

static void *desk_main(void *arg)
{
	struct clerk *c = arg;
	struct desk *d = c->desk;
	struct desk_job job;

	while (desk_take(d, &job)) {
		(void)pthread_rwlock_rdlock(&d->house_lock);
		job.visit->clerk = c;
		job.visit->house = d->house;
		job.visit->pages = d->pages;
		visit_serve(job.visit);
		/* There is room: no more are under way than can wait and be served. */
		if (queue_push(d->served, &job, 1) < 0)
			abort();
		clerk_run_errand(c);
		clerk_redraw(c);
		(void)pthread_rwlock_unlock(&d->house_lock);
	}
	store_close(c->reader);
	store_close(c->writer);
	return NULL;
}

static void desk_on_served(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	struct desk_job job;

	(void)fd;
	(void)what;
	bell_clear(d->bell);
	while (queue_pop(d->served, &job, 1) > 0)
		d->done(job.visit, job.arg);
}

static int desk_start(struct desk *d, struct err *e)
{
	sigset_t all, before;
	int rc = 0;

	d->served_ev = event_new(d->base, d->bell, EV_READ | EV_PERSIST, desk_on_served, d);
	if (d->served_ev == NULL || event_add(d->served_ev, NULL) < 0)
		return err_set(e, EX_OSERR, "no event for the clerks");
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; rc == 0 && i < DESK_CLERKS; i++) {
		d->clerks[i].desk = d;
		rc = pthread_create(&d->clerks[i].thread, NULL, desk_main, &d->clerks[i]);
		d->clerks[i].running = rc == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : err_set(e, EX_OSERR, "no thread for a clerk: %s", strerror(rc));
}

struct desk *desk_new(struct web *w, struct event_base *base,
		      void (*done)(struct visit *v, void *arg), struct err *e)
{
	struct desk *d = mem_calloc(1, sizeof(*d));

	d->web = w;
	d->base = base;
	d->done = done;
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->come, NULL);
	(void)pthread_mutex_init(&d->cache_lock, NULL);
	(void)pthread_rwlock_init(&d->house_lock, NULL);
	d->bell = bell_new();
	d->served = queue_new(sizeof(struct desk_job), 2 * DESK_WAITING, d->bell);
	d->errands = errands_new();
	d->visits = throttle_new(200, 20);
	/* Ten wrong passwords a minute are looked at, from one address, of one account. */
	d->passwords_at = throttle_new(5, 12 * CLOCK_SECOND_MS);
	d->passwords_of = throttle_new(5, 12 * CLOCK_SECOND_MS);
	d->passwords_known = throttle_new(5, 12 * CLOCK_SECOND_MS);
	/* Of all officers and providers together: nobody pumps messages through it. */
	d->tests = throttle_new(5, CLOCK_MINUTE_MS);
	if (desk_start(d, e) < 0) {
		desk_free(d);
		return NULL;
	}
	return d;
}

void desk_change(struct desk *d, const struct web_house *house, const struct page_set *pages)
{
	(void)pthread_rwlock_wrlock(&d->house_lock);
	d->house = house;
	d->pages = pages;
	(void)pthread_rwlock_unlock(&d->house_lock);
}

void desk_pause(struct desk *d, bool pause)
{
	if (pause)
		(void)pthread_rwlock_wrlock(&d->house_lock);
	else
		(void)pthread_rwlock_unlock(&d->house_lock);
}

int desk_serve(struct desk *d, struct visit *v, void *arg)
{
	int rc = -1;

	(void)pthread_mutex_lock(&d->lock);
	if (d->n < DESK_WAITING) {
		d->waiting[(d->first + d->n++) % DESK_WAITING] =
		    (struct desk_job){.visit = v, .arg = arg};
		(void)pthread_cond_signal(&d->come);
		rc = 0;
	}
	(void)pthread_mutex_unlock(&d->lock);
	return rc;
}

void desk_free(struct desk *d)
{
	struct desk_job job;

	if (d == NULL)
		return;
	(void)pthread_mutex_lock(&d->lock);
	d->closing = true;
	(void)pthread_cond_broadcast(&d->come);
	(void)pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < DESK_CLERKS; i++) {
		if (d->clerks[i].running)
			(void)pthread_join(d->clerks[i].thread, NULL);
	}
	for (; d->n > 0; d->n--) {
		visit_free(d->waiting[d->first].visit);
		d->first = (d->first + 1) % DESK_WAITING;
	}
	while (queue_pop(d->served, &job, 1) > 0)
		visit_free(job.visit);
	if (d->served_ev != NULL)
		event_free(d->served_ev);
	queue_free(d->served);
	(void)close(d->bell);
	errands_free(d->errands);
	throttle_free(d->visits);
	throttle_free(d->passwords_at);
	throttle_free(d->passwords_of);
	throttle_free(d->passwords_known);
	throttle_free(d->tests);
	for (size_t i = 0; i < DESK_CACHED; i++)
		json_decref(d->cache[i].value);
	(void)pthread_rwlock_destroy(&d->house_lock);
	(void)pthread_mutex_destroy(&d->cache_lock);
	(void)pthread_cond_destroy(&d->come);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}
