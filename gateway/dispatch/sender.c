/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/sender.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"

/* Items started in one round of the loop. Answers that have come meanwhile go before the next ones: a provider
 * that keeps up has few connections open at once, which are still in the caches, however many messages may be
 * in flight. */
#define SENDER_ROUND 32
/* Results handed on at once. */
#define SENDER_RESULTS 128
/* How long a result waits for others while more are under way: a commit costs the store as much for one
 * as for many, and touches the same pages. */
#define SENDER_GATHER_US 500

/* A message under way. */
struct sender_call {
	struct sender_call *next; /* in the list of free ones */
	struct sender *sender;
	struct outbox_item item; /* without its text */
	int64_t token;		 /* the generation of the one it shows */
};

/* Messages under way in one request. */
struct sender_batch {
	struct sender *sender;
	struct sender_batch *next, *prev; /* of all of the sender */
	size_t n;
	struct sender_call **calls;
	char (*refs)[48];
};

/* What a route shows to its provider. */
struct sender_token {
	char *text;
	int64_t generation;
};

/* A fetch under way. */
struct sender_fetch {
	struct sender *sender;
	int route;
};

struct sender {
	pthread_t thread;
	struct event_base *base;
	int bell;
	atomic_bool stop;
	struct queue *in, *results, *orders, *tokens;
	struct sender_token *shown;	   /* one per route */
	struct event *rung, *next, *flush; /* next: what this round left */
	const char *instance;
	const struct sender_route *routes;
	size_t n_routes;
	struct http **pools; /* one per route */
	struct provider_request request;
	struct sender_call *calls, *free;
	struct sender_batch *batches;
	struct outbox_item *gathered; /* of one request, of which not all came yet */
	size_t n_gathered, cap_gathered;
	size_t under_way; /* calls */
	struct outbox_result done[SENDER_RESULTS];
	size_t n_done;
};

static void sender_flush(struct sender *s)
{
	(void)event_del(s->flush);
	FAILPOINT("result.before");
	if (queue_push(s->results, s->done, s->n_done) < 0) {
		log_error("dispatch", "results_overflow", "n=%zu", s->n_done);
		abort(); /* its room is what may be in flight */
	}
	s->n_done = 0;
	FAILPOINT("result.after");
}

static void sender_on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	sender_flush(arg);
}

/* Where the call's result goes, without outcome; sender_call_end() hands it on. Not kept with the call: calls that
 * wait for a slow provider are many, and none of them is in the caches. */
static struct outbox_result *sender_result(const struct sender_call *c)
{
	const struct outbox_item *item = &c->item;
	struct outbox_result *r = &c->sender->done[c->sender->n_done];

	*r = (struct outbox_result){.id = item->msg.id,
				    .campaign_id = item->msg.campaign_id,
				    .number = item->msg.number,
				    .segments = item->msg.segments,
				    .attempt = item->msg.attempt,
				    .provider_id = item->msg.provider_id,
				    .resend = item->resend,
				    .query = item->query,
				    .more = item->more,
				    .at = clock_now_ms(),
				    .sent_at = item->sent_at};
	return r;
}

/* Results go together: those of a round when it leaves nothing under way. */
static void sender_call_end(struct sender_call *c)
{
	static const struct timeval gather = {.tv_usec = SENDER_GATHER_US};
	struct sender *s = c->sender;

	s->n_done++;
	c->next = s->free;
	s->free = c;
	s->under_way--;
	if (s->n_done == SENDER_RESULTS)
		sender_flush(s);
	else if (s->under_way == 0)
		event_active(s->flush, EV_TIMEOUT, 0);
	else if (s->n_done == 1)
		(void)event_add(s->flush, &gather);
}

/* Their room is what may be in flight, and a fetch per route. */
static void sender_answer(struct sender *s, const struct token_answer *a)
{
	if (queue_push(s->tokens, a, 1) < 0) {
		log_error("dispatch", "tokens_overflow", "route=%d", a->route);
		abort();
	}
}

static void sender_on_reply(const struct http_reply *reply, void *arg)
{
	struct sender_call *c = arg;
	struct outbox_result *r = sender_result(c);

	FAILPOINT("reply.before");
	if (r->query)
		provider_classify_query(c->item.provider, reply, &r->found);
	else
		provider_classify(c->item.provider, reply, &r->outcome);
	if (!r->query && r->outcome.token_refused)
		sender_answer(c->sender, &(struct token_answer){.route = c->item.route,
								.refused = true,
								.generation = c->token});
	sender_call_end(c);
}

/* It never left: class says whether it may later. */
static void sender_refuse(struct sender_call *c, enum outcome_class class, bool not_sent,
			  const struct err *why)
{
	struct outcome *o = &sender_result(c)->outcome;

	o->class = class;
	o->not_sent = not_sent;
	o->wait_ms = -1;
	o->wait_until_minute = -1;
	o->quota_left = -1;
	(void)snprintf(o->reason, sizeof(o->reason), "%.*s", buf_fit(why->text, 159),
		       why->text);
	sender_call_end(c);
}

/* A question that cannot be asked has no answer. */
static void sender_ask(struct sender *s, struct sender_call *c, const struct outbox_item *item,
		       const char *ref)
{
	const struct provider_query q = {.to = item->msg.number,
					 .ref = ref,
					 .provider_ref = item->msg.text,
					 .sent_at_ms = item->sent_at,
					 .token = s->shown[item->route].text};
	struct err e = ERR_INIT;
	struct found *f;

	if (provider_build_query(c->item.provider, &q, &s->request, &e) == 0 &&
	    http_send(s->pools[item->route], &s->request.http, sender_on_reply, c, &e) == 0)
		return;
	f = &sender_result(c)->found;
	*f = (struct found){.state = FOUND_UNKNOWN};
	(void)snprintf(f->reason, sizeof(f->reason), "%.*s", buf_fit(e.text, 159), e.text);
	sender_call_end(c);
}

/* A free call, for the item; its reference into ref. */
static struct sender_call *sender_call_of(struct sender *s, const struct outbox_item *item,
					  char ref[48])
{
	struct sender_call *c = s->free;

	s->free = c->next;
	s->under_way++;
	c->token = s->shown[item->route].generation;
	c->item = *item;
	c->item.msg.text = NULL;
	if (!item->query)
		c->item.sent_at = clock_now_ms();
	message_ref_format(s->instance, item->msg.id, item->msg.generation, ref);
	return c;
}

static struct provider_message sender_message(const struct sender *s,
					      const struct outbox_item *item, const char *ref)
{
	return (struct provider_message){.to = item->msg.number,
					 .text = item->msg.text,
					 .ucs2 = item->msg.ucs2,
					 .ref = ref,
					 .callback_url = s->routes[item->route].callback_url,
					 .token = s->shown[item->route].text};
}

static void sender_start(struct sender *s, const struct outbox_item *item)
{
	struct err e = ERR_INIT;
	char ref[48];
	struct sender_call *c = sender_call_of(s, item, ref);
	struct provider_message m = sender_message(s, item, ref);

	FAILPOINT("send.before");
	if (item->query)
		sender_ask(s, c, item, ref);
	else if (provider_build_send(item->provider, &m, &s->request, &e) < 0)
		sender_refuse(c, OUTCOME_CONTENT, false, &e);
	else if (http_send(s->pools[item->route], &s->request.http, sender_on_reply, c, &e) < 0)
		sender_refuse(c, OUTCOME_RETRY, true, &e);
	free(item->msg.text);
	FAILPOINT("send.after");
}

/* ---- several messages in one request -------------------------------------------------------- */

static struct sender_batch *sender_batch_new(struct sender *s, size_t n)
{
	struct sender_batch *b = mem_calloc(1, sizeof(*b));

	*b = (struct sender_batch){.sender = s,
				   .next = s->batches,
				   .calls = mem_calloc(n, sizeof(struct sender_call *)),
				   .refs = mem_calloc(n, sizeof(*b->refs))};
	if (b->next != NULL)
		b->next->prev = b;
	s->batches = b;
	return b;
}

static void sender_batch_free(struct sender_batch *b)
{
	if (b->next != NULL)
		b->next->prev = b->prev;
	if (b->prev != NULL)
		b->prev->next = b->next;
	else
		b->sender->batches = b->next;
	free(b->calls);
	free(b->refs);
	free(b);
}

/* The last result of a request says that it is over. */
static void sender_on_batch(const struct http_reply *reply, void *arg)
{
	struct sender_batch *b = arg;
	struct provider_message *m = mem_calloc(b->n, sizeof(*m));
	struct outcome *out = mem_calloc(b->n, sizeof(*out));
	bool refused = false;

	FAILPOINT("batch.reply");
	for (size_t i = 0; i < b->n; i++)
		m[i] = (struct provider_message){.to = b->calls[i]->item.msg.number,
						 .ref = b->refs[i]};
	provider_classify_batch(b->calls[0]->item.provider, m, b->n, reply, out);
	for (size_t i = 0; i < b->n; i++) {
		struct sender_call *c = b->calls[i];

		if (out[i].token_refused && !refused)
			sender_answer(b->sender,
				      &(struct token_answer){.route = c->item.route,
							     .refused = true,
							     .generation = c->token});
		refused = refused || out[i].token_refused;
		c->item.more = i + 1 < b->n;
		sender_result(c)->outcome = out[i];
		sender_call_end(c);
	}
	free(m);
	free(out);
	sender_batch_free(b);
}

/* None of them left. not_sent: nor will the next, as things are; else each is tried alone. */
static void sender_batch_refuse(struct sender_batch *b, bool not_sent, const struct err *why)
{
	for (size_t i = 0; i < b->n; i++) {
		b->calls[i]->item.more = i + 1 < b->n;
		sender_refuse(b->calls[i], OUTCOME_RETRY, not_sent, why);
	}
	sender_batch_free(b);
}

/* What does not fit the description is refused by itself, and the others go; with room in m for all. */
static size_t sender_batch_fill(struct sender *s, struct sender_batch *b,
				struct provider_message *m)
{
	size_t left = s->n_gathered;

	for (size_t i = 0; i < s->n_gathered; i++) {
		const struct outbox_item *item = &s->gathered[i];
		struct sender_call *c = sender_call_of(s, item, b->refs[b->n]);
		struct err e = ERR_INIT;

		m[b->n] = sender_message(s, item, b->refs[b->n]);
		if (provider_check_send(item->provider, &m[b->n], &e) == 0) {
			b->calls[b->n++] = c;
			continue;
		}
		c->item.more = --left > 0;
		sender_refuse(c, OUTCOME_CONTENT, false, &e);
	}
	return left;
}

static void sender_start_batch(struct sender *s)
{
	struct provider_message *m = mem_calloc(s->n_gathered, sizeof(*m));
	struct sender_batch *b = sender_batch_new(s, s->n_gathered);
	int route = s->gathered[0].route;
	struct err e = ERR_INIT;

	FAILPOINT("batch.before");
	if (sender_batch_fill(s, b, m) == 0)
		sender_batch_free(b);
	else if (provider_build_batch(s->routes[route].provider, m, b->n, &s->request, &e) < 0)
		sender_batch_refuse(b, false, &e);
	else if (http_send(s->pools[route], &s->request.http, sender_on_batch, b, &e) < 0)
		sender_batch_refuse(b, true, &e);
	for (size_t i = 0; i < s->n_gathered; i++)
		free(s->gathered[i].msg.text);
	s->n_gathered = 0;
	free(m);
	FAILPOINT("batch.after");
}

/* Starts it, or keeps it until all that go in its request are there. */
static void sender_take(struct sender *s, const struct outbox_item *item)
{
	if (!item->more && s->n_gathered == 0) {
		sender_start(s, item);
		return;
	}
	s->gathered =
	    mem_grow(s->gathered, &s->cap_gathered, s->n_gathered + 1, sizeof(*s->gathered));
	s->gathered[s->n_gathered++] = *item;
	if (!item->more)
		sender_start_batch(s);
}

static void sender_on_token(const struct http_reply *reply, void *arg)
{
	struct sender_fetch *f = arg;
	struct token_answer a = {.route = f->route};

	provider_read_token(f->sender->routes[f->route].provider, reply, &a.token);
	sender_answer(f->sender, &a);
	free(f);
}

static void sender_fetch(struct sender *s, const struct token_order *o)
{
	struct sender_fetch *f = mem_calloc(1, sizeof(*f));
	struct token_answer failed = {.route = o->route};
	struct err e = ERR_INIT;

	*f = (struct sender_fetch){.sender = s, .route = o->route};
	if (provider_build_token(s->routes[o->route].provider, o->text, &s->request, &e) == 0 &&
	    http_send(s->pools[o->route], &s->request.http, sender_on_token, f, &e) == 0)
		return;
	free(f);
	(void)snprintf(failed.token.reason, sizeof(failed.token.reason), "%.*s",
		       buf_fit(e.text, 159), e.text);
	sender_answer(s, &failed);
}

/* The order's text is spent. */
static void sender_obey(struct sender *s, struct token_order *o)
{
	struct sender_token *shown = &s->shown[o->route];

	if (o->fetch) {
		sender_fetch(s, o);
		mem_free_secret(o->text, strlen(o->text));
		return;
	}
	mem_free_secret(shown->text, shown->text != NULL ? strlen(shown->text) : 0);
	*shown = (struct sender_token){.text = o->text, .generation = o->generation};
}

static void sender_on_next(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval after_answers = {0};
	struct sender *s = arg;
	struct outbox_item items[SENDER_ROUND];
	struct token_order order;
	size_t n;

	(void)fd;
	(void)what;
	/* What orders them to show a token was there before them. */
	n = queue_pop(s->in, items, SENDER_ROUND);
	while (queue_pop(s->orders, &order, 1) > 0)
		sender_obey(s, &order);
	for (size_t i = 0; i < n; i++)
		sender_take(s, &items[i]);
	/* The bell rings again only for what comes into an empty queue. */
	if (n == SENDER_ROUND)
		(void)event_add(s->next, &after_answers);
}

static void sender_on_bell(evutil_socket_t fd, short what, void *arg)
{
	struct sender *s = arg;

	bell_clear(s->bell);
	if (atomic_load(&s->stop))
		(void)event_base_loopbreak(s->base);
	else if (event_pending(s->next, EV_TIMEOUT, NULL) == 0)
		sender_on_next(fd, what, s);
}

static void *sender_main(void *arg)
{
	struct sender *s = arg;

	(void)event_base_dispatch(s->base);
	return NULL;
}

static int sender_open(struct sender *s, struct err *e)
{
	s->base = event_base_new();
	if (s->base == NULL)
		return err_set(e, EX_OSERR, "no event loop for a sender");
	s->rung = event_new(s->base, s->bell, EV_READ | EV_PERSIST, sender_on_bell, s);
	s->next = event_new(s->base, -1, 0, sender_on_next, s);
	s->flush = event_new(s->base, -1, 0, sender_on_flush, s);
	if (s->rung == NULL || s->next == NULL || s->flush == NULL ||
	    event_add(s->rung, NULL) < 0)
		return err_set(e, EX_OSERR, "no events for a sender");
	for (size_t i = 0; i < s->n_routes; i++) {
		const struct provider_facts *f = provider_facts(s->routes[i].provider);
		struct http_limits limits = f->http;

		/* and a fetch of a token */
		limits.in_flight = (int)f->in_flight + (f->token ? 1 : 0);
		s->pools[i] = http_new(s->base, &limits, e);
		if (s->pools[i] == NULL)
			return -1;
	}
	return 0;
}

static void sender_close(struct sender *s)
{
	struct outbox_item item;
	struct token_order order;

	while (queue_pop(s->in, &item, 1) > 0)
		free(item.msg.text);
	for (size_t i = 0; i < s->n_gathered; i++)
		free(s->gathered[i].msg.text);
	free(s->gathered);
	while (s->batches != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list */
		sender_batch_free(s->batches);
	while (queue_pop(s->orders, &order, 1) > 0)
		mem_free_secret(order.text, strlen(order.text));
	for (size_t i = 0; i < s->n_routes; i++) {
		http_free(s->pools[i]);
		mem_free_secret(s->shown[i].text,
				s->shown[i].text != NULL ? strlen(s->shown[i].text) : 0);
	}
	free(s->shown);
	queue_free(s->orders);
	if (s->rung != NULL)
		event_free(s->rung);
	if (s->next != NULL)
		event_free(s->next);
	if (s->flush != NULL)
		event_free(s->flush);
	if (s->base != NULL)
		event_base_free(s->base);
	provider_request_free(&s->request);
	queue_free(s->in);
	(void)close(s->bell);
	free(s->pools);
	free(s->calls);
	free(s);
}

/* Signals are the caller's loop's business. */
static int sender_spawn(struct sender *s)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&s->thread, NULL, sender_main, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct sender *sender_new(const char *instance, const struct sender_route *routes,
			  size_t n_routes, size_t cap, struct queue *results,
			  struct queue *tokens, struct err *e)
{
	struct sender *s = mem_calloc(1, sizeof(*s));
	int rc;

	s->instance = instance;
	s->routes = routes;
	s->n_routes = n_routes;
	s->results = results;
	s->tokens = tokens;
	s->shown = mem_calloc(n_routes, sizeof(*s->shown));
	s->bell = bell_new();
	s->in = queue_new(sizeof(struct outbox_item), cap, s->bell);
	/* Of a route at most one fetch waits here, and the tokens that follow each other. */
	s->orders = queue_new(sizeof(struct token_order), 16 * n_routes + 16, s->bell);
	s->pools = mem_calloc(n_routes, sizeof(struct http *));
	provider_request_init(&s->request);
	s->calls = mem_calloc(cap, sizeof(*s->calls));
	for (size_t i = 0; i < cap; i++) {
		s->calls[i].sender = s;
		s->calls[i].next = s->free;
		s->free = &s->calls[i];
	}
	if (sender_open(s, e) < 0) {
		sender_close(s);
		return NULL;
	}
	rc = sender_spawn(s);
	if (rc != 0) {
		(void)err_set(e, EX_OSERR, "no thread for a sender: %s", strerror(rc));
		sender_close(s);
		return NULL;
	}
	return s;
}

void sender_give(struct sender *s, const struct outbox_item *items, size_t n)
{
	if (queue_push(s->in, items, n) < 0) {
		log_error("dispatch", "items_overflow", "n=%zu", n);
		abort(); /* its room is what may be in flight */
	}
}

void sender_order(struct sender *s, const struct token_order *order)
{
	if (queue_push(s->orders, order, 1) < 0) {
		log_error("dispatch", "orders_overflow", "route=%d", order->route);
		abort();
	}
}

void sender_free(struct sender *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stop, true);
	bell_ring(s->bell);
	(void)pthread_join(s->thread, NULL);
	sender_close(s);
}
