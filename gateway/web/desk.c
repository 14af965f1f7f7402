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
#include "web/say.h"
#include "web/server.h"

/* SECRET_PASSWORDS may be hashing passwords; the others go on. */
#define DESK_CLERKS 4
/* Visits that wait in a line: a page takes milliseconds, an import seconds. */
#define DESK_WAITING 256
/* Visits that the loop has given and not got back. */
#define DESK_UNDER_WAY (3 * DESK_WAITING)
#define DESK_CACHED  16
/* What takes no longer is drawn anew each time; else it is drawn anew after so long. */
#define DESK_CHEAP_MS 25
#define DESK_FRESH_MS (20 * CLOCK_SECOND_MS)
/* … or after so many times as long as it took. */
#define DESK_SHARE 10
/* More than a person notices: a million rows take seconds. */
#define DESK_DEAR_ROWS 100000
/* After so long whoever waits for something dear asks again. */
#define DESK_COUNTING_S 2

struct desk_cache {
	char *key; /* NULL: free */
	clerk_draw draw;
	char *as_of, *asked; /* of value; of what is to be drawn */
	json_t *value;
	struct err failed; /* why the last could not be drawn: said once */
	int64_t asked_mono, drawn_mono, took_ms;
	int drawing; /* by so many clerks: the place is taken */
	bool wanted; /* whoever is free draws it */
};

struct desk_job {
	struct visit *visit;
	void *arg;
	struct edition *edition; /* held until the clerk is done with all that the visit left */
};

struct desk_line {
	struct desk_job jobs[DESK_WAITING]; /* a ring */
	size_t first, n;
};

struct clerk {
	struct desk *desk;
	struct edition *edition; /* of the job in hand */
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
	pthread_cond_t come; /* a visit, or its turn, or the end */
	struct desk_line others, passwords;
	int hashing; /* clerks who serve the latter */
	bool closing;
	size_t under_way; /* the loop's own */
	struct queue *served; /* struct desk_job */
	int bell;
	struct event *served_ev;
	struct errands *errands;
	struct throttle *visits, *passwords_at, *passwords_of, *passwords_known, *tests;
	pthread_mutex_t cache_lock; /* of the following; the loop alone changes edition */
	struct edition *edition;    /* of the visits to come: what is cached is of it */
	struct desk_cache cache[DESK_CACHED];
};

/* ---- what a clerk gives ------------------------------------------------------------------ */

static struct store *clerk_open(struct clerk *c, enum store_mode mode, struct store **st,
				struct err *e)
{
	if (*st == NULL && store_open(c->edition->house.database, mode, st, e) < 0)
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

static void desk_cache_forget(struct desk_cache *k)
{
	free(k->key);
	free(k->as_of);
	free(k->asked);
	json_decref(k->value);
	*k = (struct desk_cache){.key = NULL};
}

/* The place of a drawing: its own, a free one, or that of the one that was asked for longest ago; NULL when all
 * are being drawn. With the lock. */
static struct desk_cache *desk_cache_place(struct desk *d, const struct clerk_drawing *what)
{
	struct desk_cache *place = NULL;

	for (size_t i = 0; i < DESK_CACHED; i++) {
		struct desk_cache *k = &d->cache[i];

		if (k->key != NULL && strcmp(k->key, what->key) == 0)
			return k;
		if (k->drawing == 0 && (place == NULL || k->asked_mono < place->asked_mono))
			place = k;
	}
	if (place != NULL) {
		desk_cache_forget(place);
		place->key = mem_strdup(what->key);
		place->draw = what->draw;
	}
	return place;
}

/* Whether two say that nothing has changed; NULL is neither. */
static bool desk_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* k->drawing keeps the place meanwhile. */
static json_t *desk_draw(struct desk *d, struct desk_cache *k, const struct clerk_drawing *what,
			 struct visit *v, struct err *e)
{
	int64_t from = clock_mono_ms();
	json_t *value = what->draw(v, what->key, e);

	if (k == NULL)
		return value;
	(void)pthread_mutex_lock(&d->cache_lock);
	k->drawing--;
	if (v->clerk->edition == d->edition) {
		json_decref(k->value);
		k->value = json_incref(value);
		free(k->as_of);
		k->as_of = mem_strdup(what->as_of);
		if (value == NULL && what->dear)
			k->failed = *e;
		k->drawn_mono = clock_mono_ms();
		k->took_ms = k->drawn_mono - from;
	}
	(void)pthread_mutex_unlock(&d->cache_lock);
	return value;
}

/* How old it may become: drawing it is not to be all that a clerk does. */
static int64_t desk_fresh_ms(const struct desk_cache *k)
{
	int64_t ms = k->took_ms * DESK_SHARE;

	return ms > DESK_FRESH_MS ? ms : DESK_FRESH_MS;
}

bool clerk_is_dear(int64_t rows)
{
	int64_t most = DESK_DEAR_ROWS;

#if MOIDAN_FAILPOINTS
	if (getenv("MOIDAN_TEST_DEAR") != NULL)
		most = strtoll(getenv("MOIDAN_TEST_DEAR"), NULL, 10);
#endif
	return rows > most;
}

int clerk_comes_again(struct visit *v, struct err *e)
{
	v->retry_after = DESK_COUNTING_S;
	return say(e, EX_TEMPFAIL, "counting", NULL);
}

json_t *clerk_cached(struct clerk *c, const struct clerk_drawing *what, struct visit *v,
		     struct err *e)
{
	struct desk *d = c->desk;
	struct desk_cache *k;
	json_t *value = NULL;
	bool given = false;

	(void)pthread_mutex_lock(&d->cache_lock);
	/* Who came in an edition that is over neither finds nor leaves anything here. */
	k = c->edition == d->edition ? desk_cache_place(d, what) : NULL;
	if (k != NULL) {
		k->asked_mono = clock_mono_ms();
		given = k->value != NULL && desk_same(k->as_of, what->as_of) &&
			(what->dear || k->took_ms > DESK_CHEAP_MS);
		value = given ? json_incref(k->value) : NULL;
		if (k->failed.code != 0) {
			*e = k->failed;
			err_clear(&k->failed);
			given = true;
		}
		if (given ? k->asked_mono - k->drawn_mono > desk_fresh_ms(k) : what->dear) {
			k->wanted = k->drawing == 0;
			free(k->asked);
			k->asked = mem_strdup(what->as_of);
		}
		k->drawing += !given && !what->dear;
	}
	(void)pthread_mutex_unlock(&d->cache_lock);
	if (given)
		return value;
	if (!what->dear)
		return desk_draw(d, k, what, v, e);
	(void)clerk_comes_again(v, e);
	return NULL;
}

/* Draws what a visit found to be old, or not drawn yet. */
static void clerk_redraw(struct clerk *c)
{
	struct desk *d = c->desk;
	struct visit v = {.clerk = c, .house = &c->edition->house, .pages = c->edition->pages};
	struct clerk_drawing what = {.key = NULL};
	struct desk_cache *k = NULL;
	struct err e = ERR_INIT;

	(void)pthread_mutex_lock(&d->cache_lock);
	for (size_t i = 0; i < DESK_CACHED && k == NULL && c->edition == d->edition; i++) {
		if (d->cache[i].wanted)
			k = &d->cache[i];
	}
	if (k != NULL) {
		k->wanted = false;
		k->drawing++;
		what = (struct clerk_drawing){.key = k->key,
					      .draw = k->draw,
					      .as_of = mem_strdup(k->asked),
					      .dear = true};
	}
	(void)pthread_mutex_unlock(&d->cache_lock);
	if (k == NULL)
		return;
	v.st = clerk_reader(c, &e);
	if (v.st != NULL && store_read_begin(v.st, &e) == 0) {
		json_decref(desk_draw(d, k, &what, &v, &e));
		store_read_end(v.st);
	} else {
		(void)pthread_mutex_lock(&d->cache_lock);
		k->drawing--;
		(void)pthread_mutex_unlock(&d->cache_lock);
	}
	free((char *)(uintptr_t)what.as_of);
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
	struct visit v = {.clerk = c, .house = &c->edition->house, .pages = c->edition->pages};
	clerk_errand fn = c->errand;

	c->errand = NULL;
	if (fn != NULL)
		fn(&v, c->errand_arg);
}

/* ---- threads ----------------------------------------------------------------------------- */

/* The line whose turn it is: passwords wait for each other, and nobody else for them. NULL: nobody's. */
static struct desk_line *desk_turn(struct desk *d)
{
	if (d->passwords.n > 0 && d->hashing < SECRET_PASSWORDS)
		return &d->passwords;
	return d->others.n > 0 ? &d->others : NULL;
}

static void desk_line_take(struct desk_line *l, struct desk_job *job)
{
	*job = l->jobs[l->first];
	l->first = (l->first + 1) % DESK_WAITING;
	l->n--;
}

static bool desk_take(struct desk *d, struct desk_job *job)
{
	struct desk_line *line = NULL;

	(void)pthread_mutex_lock(&d->lock);
	while (!d->closing && (line = desk_turn(d)) == NULL)
		(void)pthread_cond_wait(&d->come, &d->lock);
	if (!d->closing) {
		desk_line_take(line, job);
		d->hashing += line == &d->passwords;
	}
	(void)pthread_mutex_unlock(&d->lock);
	return line != NULL && !d->closing;
}

/* Served was one of the passwords: the next may be. */
static void desk_hashed(struct desk *d)
{
	(void)pthread_mutex_lock(&d->lock);
	d->hashing--;
	(void)pthread_cond_signal(&d->come);
	(void)pthread_mutex_unlock(&d->lock);
}

static void *desk_main(void *arg)
{
	struct clerk *c = arg;
	struct desk *d = c->desk;
	struct desk_job job;

	while (desk_take(d, &job)) {
		bool hashed = job.visit->route->hashes;

		c->edition = job.edition;
		job.visit->clerk = c;
		job.visit->house = &job.edition->house;
		job.visit->pages = job.edition->pages;
		visit_serve(job.visit);
		/* There is room for all that are under way. */
		if (queue_push(d->served, &job, 1) < 0)
			abort();
		if (hashed)
			desk_hashed(d);
		clerk_run_errand(c);
		clerk_redraw(c);
		shared_drop(job.edition->held);
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
	while (queue_pop(d->served, &job, 1) > 0) {
		d->under_way--;
		d->done(job.visit, job.arg);
	}
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
	d->bell = bell_new();
	d->served = queue_new(sizeof(struct desk_job), DESK_UNDER_WAY, d->bell);
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

void desk_change(struct desk *d, struct edition *ed)
{
	(void)shared_hold(ed->held);
	(void)pthread_mutex_lock(&d->cache_lock);
	if (d->edition != NULL)
		shared_drop(d->edition->held);
	d->edition = ed;
	for (size_t i = 0; i < DESK_CACHED; i++) {
		struct desk_cache *k = &d->cache[i];

		if (k->drawing == 0) {
			desk_cache_forget(k);
			continue;
		}
		/* Its place is taken until it is drawn, which is then nobody's. */
		json_decref(k->value);
		k->value = NULL;
		free(k->as_of);
		k->as_of = NULL;
		err_clear(&k->failed);
	}
	(void)pthread_mutex_unlock(&d->cache_lock);
}

int desk_serve(struct desk *d, struct visit *v, void *arg)
{
	struct desk_line *l = v->route->hashes ? &d->passwords : &d->others;
	int rc = -1;

	(void)pthread_mutex_lock(&d->lock);
	if (l->n < DESK_WAITING && d->under_way < DESK_UNDER_WAY) {
		l->jobs[(l->first + l->n++) % DESK_WAITING] =
		    (struct desk_job){.visit = v, .arg = arg, .edition = d->edition};
		(void)shared_hold(d->edition->held);
		d->under_way++;
		(void)pthread_cond_signal(&d->come);
		rc = 0;
	}
	(void)pthread_mutex_unlock(&d->lock);
	return rc;
}

static void desk_line_free(struct desk_line *l)
{
	struct desk_job job;

	while (l->n > 0) {
		desk_line_take(l, &job);
		visit_free(job.visit);
		shared_drop(job.edition->held);
	}
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
	desk_line_free(&d->others);
	desk_line_free(&d->passwords);
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
		desk_cache_forget(&d->cache[i]);
	if (d->edition != NULL)
		shared_drop(d->edition->held);
	(void)pthread_mutex_destroy(&d->cache_lock);
	(void)pthread_cond_destroy(&d->come);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}
