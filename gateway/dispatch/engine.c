/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/engine.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/queue.h"
#include "dispatch/sender.h"
#include "dispatch/token.h"

/* Commands and receipts that may wait for the store thread (one for every connection that the web
 * server lets in, and some more), and that share one transaction. */
#define ENGINE_POSTS	  16384
#define ENGINE_POSTS_TURN 512
/* After a full disk or somebody else's long transaction. */
#define ENGINE_RETRY_MS CLOCK_SECOND_MS
/* A WAL larger than this is held by somebody who reads one old snapshot for ever: nothing more is sent
 * until it can be cut off. Ten times what a large import leaves. */
#define ENGINE_WAL_MAX (INT64_C(256) << 20)

/* A command on its way to the store thread and back. */
struct engine_post {
	int (*fn)(struct store *st, void *arg, struct err *e);
	void (*done)(int rc, const struct err *e, void *arg);
	void *arg;
	int rc;
	struct err e;
};

/* A request to change over; done: NULL = there is none. */
struct engine_change {
	struct engine_config cfg;
	int64_t until; /* monotonic */
	bool ended;
	int rc;
	struct err e;
	void (*done)(int rc, const struct err *e, void *arg);
	void *arg;
};

struct engine {
	struct engine_config cfg;
	struct store *st;
	struct outbox *outbox;
	pthread_t thread;
	int bell, alarm;

	struct sender_route *routes;
	struct sender **senders;
	size_t n_senders, next_sender, cap; /* cap: what may be in flight at once */
	struct token_book *tokens;
	struct queue *results, *posts, *answers, *token_answers;
	atomic_int waiting_posts; /* posted and not yet answered */

	/* the store thread's own */
	struct outbox_result *pending; /* taken, not yet committed */
	size_t n_pending;
	struct outbox_item *items;
	struct engine_post *batch[ENGINE_POSTS_TURN];
	size_t n_batch;
	int64_t wake;	  /* wall clock: the next turn by time alone */
	int64_t alarm_at; /* what the alarm is set to */
	int64_t retry_at; /* monotonic: in trouble until then; 0 = not */
	int64_t wal_max,
	    pinned_at; /* monotonic: when to look again at a WAL that is held; 0 = none */

	atomic_bool refresh, fatal;
	atomic_bool stopping;
	atomic_llong stop_by;	 /* monotonic */
	atomic_llong busy_since; /* monotonic; 0 = waiting for work */

	pthread_mutex_t lock; /* of the following */
	struct outbox_stats stats;
	struct engine_change change;
	struct err fatal_err;

	/* the caller's loop */
	int answer_bell;
	struct event *answered;
	void (*on_fatal)(const struct err *e, void *arg);
	void *fatal_arg;
	bool fatal_told;
};

/* ---- senders ------------------------------------------------------------------------------ */

/* What came too late is recorded by nobody: a fetch is waited for before. */
static void engine_tokens_close(struct engine *en)
{
	struct token_answer a;

	while (en->token_answers != NULL && queue_pop(en->token_answers, &a, 1) > 0)
		provider_token_free(&a.token);
	queue_free(en->token_answers);
	token_book_free(en->tokens);
	en->token_answers = NULL;
	en->tokens = NULL;
}

static void engine_senders_close(struct engine *en)
{
	for (size_t i = 0; i < en->n_senders; i++)
		sender_free(en->senders[i]);
	for (size_t i = 0; en->routes != NULL && i < en->cfg.n_providers; i++)
		free(en->routes[i].callback_url);
	engine_tokens_close(en);
	queue_free(en->results);
	free(en->senders);
	free(en->routes);
	free(en->items);
	en->results = NULL;
	en->senders = NULL;
	en->routes = NULL;
	en->items = NULL;
	en->n_senders = 0;
}

/* Threads, queues and room for en->cfg. */
static int engine_senders_open(struct engine *en, struct err *e)
{
	const struct engine_config *cfg = &en->cfg;

	en->cap = 0;
	en->routes = mem_calloc(cfg->n_providers, sizeof(*en->routes));
	for (size_t i = 0; i < cfg->n_providers; i++) {
		const struct provider_facts *f = provider_facts(cfg->providers[i]);

		en->cap += (size_t)f->in_flight * f->batch;
		en->routes[i].provider = cfg->providers[i];
		if (cfg->callback_base != NULL && f->receipts)
			en->routes[i].callback_url =
			    mem_printf("%s/%s/%s", cfg->callback_base, f->name,
				       cfg->callback_token(f->name, cfg->callback_arg));
	}
	en->tokens = token_book_new(en->st, cfg->providers, cfg->n_providers);
	en->token_answers =
	    queue_new(sizeof(struct token_answer), en->cap + cfg->n_providers, en->bell);
	en->results = queue_new(sizeof(struct outbox_result), en->cap, en->bell);
	en->pending = mem_realloc(en->pending, en->cap, sizeof(*en->pending));
	en->items = mem_calloc((size_t)cfg->dispatch.batch, sizeof(*en->items));
	en->senders = mem_calloc((size_t)cfg->dispatch.senders, sizeof(struct sender *));
	for (int64_t i = 0; i < cfg->dispatch.senders; i++) {
		en->senders[i] =
		    sender_new(store_instance(en->st), en->routes, cfg->n_providers, en->cap,
			       en->results, en->token_answers, e);
		if (en->senders[i] == NULL)
			return -1;
		en->n_senders++;
	}
	return 0;
}

/* Hands what was claimed to the senders in equal parts, so that each keeps its connections busy; what goes in one
 * request stays together. */
static void engine_give(struct engine *en, const struct outbox_item *items, size_t n)
{
	size_t share = (n + en->n_senders - 1) / en->n_senders;

	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < share ? n - at : share;
		while (at + part < n && items[at + part - 1].more)
			part++;
		sender_give(en->senders[en->next_sender], items + at, part);
		en->next_sender = (en->next_sender + 1) % en->n_senders;
	}
}

/* ---- the store thread ----------------------------------------------------------------------- */

static void engine_set_alarm(struct engine *en)
{
	if (en->wake == en->alarm_at)
		return;
	en->alarm_at = en->wake;
	clock_set_alarm(en->alarm, en->wake);
}

static void engine_read_alarm(struct engine *en)
{
	uint64_t n;
	ssize_t got = read(en->alarm, &n, sizeof(n));

	if (got < 0 && errno == ECANCELED) {
		log_warn("dispatch", "clock_set", "now_ms=%lld", (long long)clock_now_ms());
		atomic_store(&en->refresh, true);
	}
	en->alarm_at = 0;
}

/* What is awaited without the wall clock: the end of a retry, of a drain, of a change. */
static int engine_timeout(struct engine *en)
{
	int64_t now = clock_mono_ms();
	int64_t until = INT64_MAX;

	if (en->retry_at != 0)
		until = en->retry_at;
	else if (en->wake <= clock_now_ms())
		return 0;
	if (en->pinned_at != 0 && en->pinned_at < until)
		until = en->pinned_at;
	if (atomic_load(&en->stopping) && atomic_load(&en->stop_by) < until)
		until = atomic_load(&en->stop_by);
	(void)pthread_mutex_lock(&en->lock);
	if (en->change.done != NULL && !en->change.ended && en->change.until < until)
		until = en->change.until;
	(void)pthread_mutex_unlock(&en->lock);
	if (until == INT64_MAX)
		return -1;
	return until > now ? (int)(until - now < 60000 ? until - now : 60000) : 0;
}

static void engine_wait(struct engine *en)
{
	/* In trouble what is due stays due: the alarm would only ring. */
	struct pollfd fds[2] = {{.fd = en->bell, .events = POLLIN},
				{.fd = en->retry_at == 0 ? en->alarm : -1, .events = POLLIN}};
	int timeout = engine_timeout(en);

	if (timeout != 0) {
		engine_set_alarm(en);
		atomic_store(&en->busy_since, 0);
	}
	(void)poll(fds, 2, timeout);
	atomic_store(&en->busy_since, clock_mono_ms());
	if (fds[0].revents != 0)
		bell_clear(en->bell);
	if (fds[1].revents != 0)
		engine_read_alarm(en);
}

/* The process must end: what is on disk is the truth, and only a restart reads it. */
static void engine_die(struct engine *en, const struct err *e)
{
	log_error("dispatch", "fatal", "code=%d reason=\"%s\"", e->code, e->text);
	(void)pthread_mutex_lock(&en->lock);
	en->fatal_err = *e;
	atomic_store(&en->fatal, true);
	(void)pthread_mutex_unlock(&en->lock);
	bell_ring(en->answer_bell);
}

static void engine_answer(struct engine *en, const struct err *e)
{
	for (size_t i = 0; i < en->n_batch; i++) {
		struct engine_post *p = en->batch[i];

		if (e != NULL) {
			p->rc = -1;
			p->e = *e;
		}
	}
	/* Its room is what may be posted. */
	if (queue_push(en->answers, en->batch, en->n_batch) < 0)
		abort();
	en->n_batch = 0;
}

/* Commands, each undone alone when it fails. */
static int engine_run_posts(struct engine *en, struct err *e)
{
	for (size_t i = 0; i < en->n_batch; i++) {
		struct engine_post *p = en->batch[i];

		if (store_nest_begin(en->st, e) < 0)
			return -1;
		p->rc = p->fn(en->st, p->arg, &p->e);
		if (store_nest_end(en->st, p->rc >= 0, e) < 0)
			return -1;
	}
	if (en->n_batch > 0)
		outbox_refresh(en->outbox);
	return 0;
}

/* Unless something speaks against it. */
static void engine_claim_again(struct engine *en)
{
	outbox_set_claiming(en->outbox, en->pinned_at == 0 && en->retry_at == 0);
	en->wake = 0;
}

/* The WAL has a ceiling: above it results, receipts and commands are still written, but nothing that could
 * wait. */
static void engine_watch_wal(struct engine *en)
{
	int64_t bytes = store_wal_bytes(en->st);
	struct err e = ERR_INIT;
	int rc;

	if (en->pinned_at == 0 && bytes <= en->wal_max)
		return;
	if (en->pinned_at == 0)
		log_error("dispatch", "wal_held",
			  "bytes=%lld note=\"somebody reads the database without an end\"",
			  (long long)bytes);
	else if (clock_mono_ms() < en->pinned_at)
		return;
	rc = store_checkpoint(en->st, &e);
	if (rc < 0)
		log_error("dispatch", "checkpoint", "reason=\"%s\"", e.text);
	en->pinned_at = rc == 1 ? 0 : clock_mono_ms() + ENGINE_RETRY_MS;
	if (rc == 1)
		log_info("dispatch", "wal_free", "bytes=%lld", (long long)bytes);
	engine_claim_again(en);
}

/* What the tokens allow, then the outbox's work, in the open transaction. */
static int engine_prepare(struct engine *en, struct outbox_turn *t, struct err *e)
{
	if (token_book_turn(en->tokens, t->now, e) < 0)
		return -1;
	for (size_t i = 0; i < en->cfg.n_providers; i++)
		outbox_set_ready(en->outbox, i, token_book_ready(en->tokens, i, t->now));
	return outbox_prepare(en->outbox, t, e);
}

/* Tokens that are committed, to all who show them, before any message; a fetch to one. */
static void engine_give_orders(struct engine *en)
{
	struct token_order order;

	token_book_committed(en->tokens);
	while (token_book_order(en->tokens, &order)) {
		for (size_t i = 1; !order.fetch && i < en->n_senders; i++) {
			struct token_order copy = order;

			copy.text = mem_strdup(order.text);
			sender_order(en->senders[i], &copy);
		}
		sender_order(en->senders[0], &order);
	}
}

/* Nothing of the turn happened: try again later, or end. */
static void engine_trouble(struct engine *en, const struct err *e)
{
	engine_answer(en, e);
	if (e->code != EX_UNAVAILABLE && e->code != EX_TEMPFAIL) {
		engine_die(en, e);
		return;
	}
	if (en->retry_at == 0)
		log_error("dispatch", "store_unavailable", "reason=\"%s\"", e->text);
	en->retry_at = clock_mono_ms() + ENGINE_RETRY_MS;
	outbox_set_claiming(en->outbox, false);
}

static void engine_turn(struct engine *en)
{
	struct outbox_turn t = {.now = clock_now_ms(),
				.results = en->pending,
				.n_results = en->n_pending,
				.items = en->items,
				.room = (size_t)en->cfg.dispatch.batch};
	struct err e = ERR_INIT;
	int rc;

	if (store_begin(en->st, &e) < 0) {
		engine_trouble(en, &e);
		return;
	}
	rc = engine_run_posts(en, &e);
	if (rc == 0)
		rc = engine_prepare(en, &t, &e);
	if (rc < 0)
		store_rollback(en->st);
	else
		rc = store_commit(en->st, &e);
	if (rc < 0) {
		outbox_rolled_back(en->outbox, &t);
		token_book_rolled_back(en->tokens);
		engine_trouble(en, &e);
		return;
	}
	outbox_committed(en->outbox);
	engine_give_orders(en);
	en->n_pending = 0;
	en->wake = token_book_wake(en->tokens);
	en->wake = t.wake < en->wake ? t.wake : en->wake;
	if (t.n_items > 0)
		FAILPOINT("give.before");
	engine_give(en, t.items, t.n_items);
	if (t.n_items > 0)
		FAILPOINT("give.after");
	if (en->n_batch > 0) {
		FAILPOINT("answer.before");
		engine_answer(en, NULL);
	}
	if (en->retry_at != 0) {
		log_info("dispatch", "store_available", "results=%zu", t.n_results);
		en->retry_at = 0;
		engine_claim_again(en);
	}
	(void)pthread_mutex_lock(&en->lock);
	outbox_stats_get(en->outbox, &en->stats);
	(void)pthread_mutex_unlock(&en->lock);
}

static int64_t engine_in_flight(struct engine *en)
{
	struct outbox_stats s;

	outbox_stats_get(en->outbox, &s);
	return s.in_flight;
}

static int engine_change_over(struct engine *en, const struct engine_config *cfg, struct err *e)
{
	struct err ignored = ERR_INIT;
	struct engine_config old = en->cfg;

	engine_senders_close(en);
	en->cfg = *cfg;
	if (outbox_reconfigure(en->outbox, &en->cfg.dispatch, cfg->house, cfg->providers,
			       cfg->n_providers, e) == 0 &&
	    engine_senders_open(en, e) == 0)
		return 0;
	engine_senders_close(en);
	en->cfg = old;
	if (outbox_reconfigure(en->outbox, &en->cfg.dispatch, old.house, old.providers,
			       old.n_providers, &ignored) < 0 ||
	    engine_senders_open(en, &ignored) < 0)
		engine_die(en, e);
	return -1;
}

/* A change of configuration waits until nothing is in flight: no sender touches the old one then. */
static void engine_change(struct engine *en)
{
	struct engine_change *c = &en->change; /* ours until it has ended */
	bool idle = engine_in_flight(en) == 0 && !token_book_busy(en->tokens), wanted;

	(void)pthread_mutex_lock(&en->lock);
	wanted = c->done != NULL && !c->ended;
	(void)pthread_mutex_unlock(&en->lock);
	if (!wanted)
		return;
	outbox_set_claiming(en->outbox, false);
	if (!idle && clock_mono_ms() < c->until && !atomic_load(&en->fatal))
		return;
	c->rc = idle ? engine_change_over(en, &c->cfg, &c->e)
		     : err_set(&c->e, EX_TEMPFAIL,
			       "a provider does not answer: nothing changed");
	engine_claim_again(en);
	outbox_refresh(en->outbox);
	(void)pthread_mutex_lock(&en->lock);
	c->ended = true;
	(void)pthread_mutex_unlock(&en->lock);
	bell_ring(en->answer_bell);
}

static bool engine_has_work(struct engine *en)
{
	if (en->retry_at != 0)
		return clock_mono_ms() >= en->retry_at;
	return en->n_pending > 0 || en->n_batch > 0 || token_book_waiting(en->tokens) ||
	       en->wake <= clock_now_ms();
}

static void *engine_main(void *arg)
{
	struct engine *en = arg;
	struct token_answer token;

	while (!atomic_load(&en->fatal)) {
		bool stopping, more;

		engine_wait(en);
		stopping = atomic_load(&en->stopping);
		if (stopping)
			outbox_set_claiming(en->outbox, false);
		if (atomic_exchange(&en->refresh, false)) {
			outbox_refresh(en->outbox);
			token_book_refresh(en->tokens);
			en->wake = 0;
		}
		while (queue_pop(en->token_answers, &token, 1) > 0)
			token_book_take(en->tokens, &token);
		en->n_pending += queue_pop(en->results, en->pending + en->n_pending,
					   en->cap - en->n_pending);
		en->n_batch += queue_pop(en->posts, en->batch + en->n_batch,
					 ENGINE_POSTS_TURN - en->n_batch);
		/* More may be waiting than fits, and the bell has been read. */
		more = en->n_batch == ENGINE_POSTS_TURN;
		if (more)
			bell_ring(en->bell);
		if (engine_has_work(en))
			engine_turn(en);
		engine_watch_wal(en);
		engine_change(en);
		if (stopping && !more && en->n_batch == 0 &&
		    ((engine_in_flight(en) == 0 && !token_book_busy(en->tokens)) ||
		     clock_mono_ms() >= atomic_load(&en->stop_by)))
			break;
	}
	return NULL;
}

/* ---- the caller's side ----------------------------------------------------------------------- */

/* Says what became of a change. done may ask for the next. */
static void engine_tell_change(struct engine *en)
{
	struct engine_change c = {.done = NULL};

	(void)pthread_mutex_lock(&en->lock);
	if (en->change.ended) {
		c = en->change;
		en->change = (struct engine_change){.done = NULL};
	}
	(void)pthread_mutex_unlock(&en->lock);
	if (c.done != NULL)
		c.done(c.rc, &c.e, c.arg);
}

static void engine_on_answers(evutil_socket_t fd, short what, void *arg)
{
	struct engine *en = arg;
	struct engine_post *p;

	(void)fd;
	(void)what;
	bell_clear(en->answer_bell);
	while (queue_pop(en->answers, (void *)&p, 1) == 1) {
		atomic_fetch_sub(&en->waiting_posts, 1);
		if (p->done != NULL)
			p->done(p->rc, &p->e, p->arg);
		free(p);
	}
	engine_tell_change(en);
	if (atomic_load(&en->fatal) && !en->fatal_told) {
		struct err e;

		en->fatal_told = true;
		(void)pthread_mutex_lock(&en->lock);
		e = en->fatal_err;
		(void)pthread_mutex_unlock(&en->lock);
		en->on_fatal(&e, en->fatal_arg);
	}
}

static int engine_open(struct engine *en, struct event_base *base, struct err *e)
{
	const struct engine_config *cfg = &en->cfg;
	uint64_t seed = (uint64_t)clock_now_ms() ^ (uint64_t)store_epoch(en->st) << 40;
	sigset_t all, before;
	int rc;

	en->alarm = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (en->alarm < 0)
		return err_set(e, EX_OSERR, "timerfd: %s", strerror(errno));
	en->answered =
	    event_new(base, en->answer_bell, EV_READ | EV_PERSIST, engine_on_answers, en);
	if (en->answered == NULL || event_add(en->answered, NULL) < 0)
		return err_set(e, EX_OSERR, "no event for the engine");
	en->outbox = outbox_new(en->st, &cfg->dispatch, cfg->house, cfg->providers,
				cfg->n_providers, seed, e);
	if (en->outbox == NULL)
		return -1;
	http_global_init();
	if (engine_senders_open(en, e) < 0)
		return -1;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&en->thread, NULL, engine_main, en);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(e, EX_OSERR, "no thread for the store: %s", strerror(rc));
	return 0;
}

static void engine_free(struct engine *en)
{
	if (en->answered != NULL)
		event_free(en->answered);
	engine_senders_close(en);
	outbox_free(en->outbox);
	store_close(en->st);
	queue_free(en->posts);
	queue_free(en->answers);
	(void)pthread_mutex_destroy(&en->lock);
	(void)close(en->bell);
	(void)close(en->answer_bell);
	if (en->alarm >= 0)
		(void)close(en->alarm);
	free(en->pending);
	free(en);
}

struct engine *engine_new(struct event_base *base, struct store *st,
			  const struct engine_config *cfg,
			  void (*on_fatal)(const struct err *e, void *arg), void *arg,
			  struct err *e)
{
	struct engine *en = mem_calloc(1, sizeof(*en));

	en->cfg = *cfg;
	en->st = st;
	en->on_fatal = on_fatal;
	en->fatal_arg = arg;
	en->alarm = -1;
	en->wal_max = ENGINE_WAL_MAX;
#if MOIDAN_FAILPOINTS
	if (getenv("MOIDAN_TEST_WAL_MAX") != NULL)
		en->wal_max = strtoll(getenv("MOIDAN_TEST_WAL_MAX"), NULL, 10);
#endif
	en->bell = bell_new();
	en->answer_bell = bell_new();
	en->posts = queue_new(sizeof(struct engine_post *), ENGINE_POSTS, en->bell);
	en->answers = queue_new(sizeof(struct engine_post *), ENGINE_POSTS, en->answer_bell);
	(void)pthread_mutex_init(&en->lock, NULL);
	if (engine_open(en, base, e) < 0) {
		engine_free(en);
		return NULL;
	}
	return en;
}

void engine_stop(struct engine *en, int64_t wait_ms)
{
	struct err late = ERR_INIT;

	if (en == NULL)
		return;
	atomic_store(&en->stop_by, clock_mono_ms() + wait_ms);
	atomic_store(&en->stopping, true);
	bell_ring(en->bell);
	(void)pthread_join(en->thread, NULL);
	en->fatal_told = true;
	en->change.done = NULL;
	/* What came too late to be done. */
	(void)err_set(&late, EX_TEMPFAIL, "the engine has stopped");
	while ((en->n_batch = queue_pop(en->posts, (void *)en->batch, ENGINE_POSTS_TURN)) > 0) {
		engine_answer(en, &late);
		engine_on_answers(-1, 0, en);
	}
	engine_on_answers(-1, 0, en);
	engine_free(en);
}

void engine_wake(struct engine *en)
{
	atomic_store(&en->refresh, true);
	bell_ring(en->bell);
}

int engine_post(struct engine *en, int (*fn)(struct store *st, void *arg, struct err *e),
		void (*done)(int rc, const struct err *e, void *arg), void *arg)
{
	struct engine_post *p;

	if (atomic_load(&en->stopping) || atomic_load(&en->fatal))
		return -1;
	/* Answers need room too: what is under way both ways is bounded. */
	if (atomic_fetch_add(&en->waiting_posts, 1) >= ENGINE_POSTS) {
		atomic_fetch_sub(&en->waiting_posts, 1);
		return -1;
	}
	p = mem_calloc(1, sizeof(*p));
	*p = (struct engine_post){.fn = fn, .done = done, .arg = arg};
	if (queue_push(en->posts, &p, 1) < 0)
		abort();
	return 0;
}

void engine_stats(struct engine *en, struct outbox_stats *out)
{
	(void)pthread_mutex_lock(&en->lock);
	*out = en->stats;
	(void)pthread_mutex_unlock(&en->lock);
}

int64_t engine_stalled_ms(struct engine *en)
{
	int64_t since = atomic_load(&en->busy_since);

	return since == 0 ? 0 : clock_mono_ms() - since;
}

void engine_reconfigure(struct engine *en, const struct engine_config *cfg, int64_t wait_ms,
			void (*done)(int rc, const struct err *e, void *arg), void *arg)
{
	(void)pthread_mutex_lock(&en->lock);
	en->change = (struct engine_change){
	    .cfg = *cfg, .until = clock_mono_ms() + wait_ms, .done = done, .arg = arg};
	(void)pthread_mutex_unlock(&en->lock);
	bell_ring(en->bell);
}
