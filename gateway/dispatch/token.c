/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/once.h"
#include "store/token.h"

enum {
	TOKEN_BUSY_MS = 300,	/* somebody else fetches: look again after */
	TOKEN_RETRY_MS = 30000, /* a fetch that failed: the n-th time n times that */
	TOKEN_RETRY_MAX = 600000,
	TOKEN_YOUNG_MS = 600000, /* one that is refused so soon is not refused for its age */
	TOKEN_WAIT_MS = 60000,	 /* a command waits so long for another's fetch */
};

struct token_entry {
	const struct provider *p;
	const struct provider_facts *f;
	struct store_token known; /* as committed */
	bool read;		  /* known is what the store has */
	int lock;		  /* held while a fetch is under way; -1 */
	bool fetching;		  /* a sender is at it */
	bool refused;		  /* known.access is no good any more */
	bool tell, fetch;	  /* orders that wait */
	int failures;
	int64_t next_try;
	bool news;     /* a sender said something since the last turn */
	bool answered; /* answer waits to be recorded */
	struct provider_token answer;

	/* of the turn under way */
	bool recorded, took;
	struct store_token next;
	bool has_next;
};

struct token_book {
	struct store *st;
	struct token_entry *entries;
	size_t n;
};

struct token_book *token_book_new(struct store *st, struct provider *const *providers, size_t n)
{
	struct token_book *b = mem_calloc(1, sizeof(*b));

	b->st = st;
	b->n = n;
	b->entries = mem_calloc(n, sizeof(*b->entries));
	for (size_t i = 0; i < n; i++) {
		b->entries[i].p = providers[i];
		b->entries[i].f = provider_facts(providers[i]);
		b->entries[i].lock = -1;
	}
	return b;
}

void token_book_free(struct token_book *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		struct token_entry *t = &b->entries[i];

		store_token_unlock(t->lock);
		store_token_free(&t->known);
		store_token_free(&t->next);
		provider_token_free(&t->answer);
	}
	free(b->entries);
	free(b);
}

void token_book_take(struct token_book *b, const struct token_answer *a)
{
	struct token_entry *t = &b->entries[a->route];

	t->news = true;
	if (!a->refused) {
		t->fetching = false;
		t->answered = true;
		provider_token_free(&t->answer);
		t->answer = a->token;
	} else if (a->generation == t->known.generation && !t->refused) {
		log_warn("dispatch", "token_refused", "provider=%s", t->f->name);
		t->refused = true;
		t->read = false; /* another may have fetched the next */
	}
}

void token_book_refresh(struct token_book *b)
{
	for (size_t i = 0; i < b->n; i++) {
		b->entries[i].read = false;
		b->entries[i].next_try = 0;
	}
}

/* What to fetch with; NULL when nothing is needed, "" when only a person can give it. */
static const char *token_refresh_of(const struct provider_facts *f, const struct store_token *t)
{
	if (!f->token_refresh)
		return NULL;
	if (t->refresh != NULL && *t->refresh != '\0')
		return t->refresh;
	return f->token_first;
}

/* Records what a fetch brought. Inside a transaction. */
static int token_record(struct store *st, const struct provider_facts *f,
			const struct provider_token *t, int64_t now, struct err *e)
{
	FAILPOINT("token.answered");
	switch (t->result) {
	case TOKEN_OK:
		return store_token_put(st, f->name, t->access, t->refresh, t->expires_at, now,
				       e);
	case TOKEN_DEAD:
		return store_token_kill(st, f->name, t->reason, now, e);
	default:
		return 0;
	}
}

static int token_read_again(struct token_book *b, struct token_entry *t, struct err *e)
{
	store_token_free(&t->next);
	t->has_next = true;
	return store_token_get(b->st, t->f->name, &t->next, e) < 0 ? -1 : 0;
}

/* The state that the turn under way will leave. */
static const struct store_token *token_now(const struct token_entry *t)
{
	return t->has_next ? &t->next : &t->known;
}

static bool token_is_due(const struct token_entry *t, int64_t now)
{
	const struct store_token *k = token_now(t);
	const char *refresh = token_refresh_of(t->f, k);

	if (t->fetching || now < t->next_try || k->dead_at != 0 ||
	    (refresh != NULL && *refresh == '\0'))
		return false;
	return k->generation == 0 || t->refused || k->expires_at - t->f->token_before_ms <= now;
}

/* Takes the lock for a fetch, unless another has it or has just fetched. */
static int token_start(struct token_book *b, struct token_entry *t, int64_t now, struct err *e)
{
	int64_t before = token_now(t)->generation;
	struct err why = ERR_INIT;

	t->lock = store_token_lock(b->st, t->f->name, &why);
	if (t->lock < 0) {
		t->next_try = now + TOKEN_BUSY_MS;
		if (why.code != 0)
			log_warn("dispatch", "token_lock", "reason=\"%s\"", why.text);
		return 0;
	}
	t->took = true;
	if (token_read_again(b, t, e) < 0)
		return -1;
	if (t->next.generation == before) {
		t->fetch = true;
		return 0;
	}
	store_token_unlock(t->lock);
	t->lock = -1;
	t->took = false;
	return 0;
}

static int token_turn(struct token_book *b, struct token_entry *t, int64_t now, struct err *e)
{
	t->recorded = t->took = t->has_next = false;
	if (t->answered) {
		if (token_record(b->st, t->f, &t->answer, now, e) < 0)
			return -1;
		t->recorded = true;
	}
	if ((t->recorded || !t->read) && token_read_again(b, t, e) < 0)
		return -1;
	if (t->recorded || token_now(t)->generation != t->known.generation)
		return 0;
	if (t->refused && t->known.dead_at == 0 && now - t->known.fetched_at < TOKEN_YOUNG_MS) {
		/* Not age: a new one would be refused as well, and burn the refresh token. */
		if (store_token_kill(b->st, t->f->name, "a token that is quite new is refused",
				     now, e) < 0)
			return -1;
		return token_read_again(b, t, e);
	}
	return token_is_due(t, now) ? token_start(b, t, now, e) : 0;
}

int token_book_turn(struct token_book *b, int64_t now, struct err *e)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->entries[i].f->token && token_turn(b, &b->entries[i], now, e) < 0)
			return -1;
	}
	return 0;
}

/* A fetch is over, whatever it brought. */
static void token_end(struct token_entry *t)
{
	const struct provider_token *a = &t->answer;
	int64_t wait;

	FAILPOINT("token.committed");
	store_token_unlock(t->lock);
	t->lock = -1;
	if (a->result == TOKEN_OK) {
		t->failures = 0;
		log_info("dispatch", "token_fetched", "provider=%s", t->f->name);
	} else {
		wait = (int64_t)++t->failures * TOKEN_RETRY_MS;
		t->next_try =
		    clock_now_ms() + (wait < TOKEN_RETRY_MAX ? wait : TOKEN_RETRY_MAX);
		log_error("dispatch",
			  a->result == TOKEN_DEAD ? "token_dead" : "token_not_fetched",
			  "provider=%s reason=\"%s\"", t->f->name, a->reason);
	}
	provider_token_free(&t->answer);
	t->answered = false;
}

void token_book_committed(struct token_book *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct token_entry *t = &b->entries[i];

		if (t->has_next) {
			if (t->next.generation != t->known.generation) {
				t->tell = t->next.dead_at == 0;
				t->refused = false;
			}
			store_token_free(&t->known);
			t->known = t->next;
			t->next = (struct store_token){0};
			t->has_next = false;
			t->read = true;
		}
		if (t->recorded)
			token_end(t);
		t->news = t->recorded = t->took = false;
		t->fetching = t->fetching || t->fetch;
	}
}

void token_book_rolled_back(struct token_book *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct token_entry *t = &b->entries[i];

		if (t->took) {
			store_token_unlock(t->lock);
			t->lock = -1;
			t->fetch = false;
		}
		store_token_free(&t->next);
		t->has_next = t->recorded = t->took = false;
	}
}

bool token_book_order(struct token_book *b, struct token_order *out)
{
	for (size_t i = 0; i < b->n; i++) {
		struct token_entry *t = &b->entries[i];
		const char *refresh = token_refresh_of(t->f, &t->known);

		if (!t->tell && !t->fetch)
			continue;
		*out = (struct token_order){
		    .route = (int)i, .fetch = !t->tell, .generation = t->known.generation};
		out->text = mem_strdup(t->tell		 ? t->known.access
				       : refresh != NULL ? refresh
							 : "");
		*(t->tell ? &t->tell : &t->fetch) = false;
		return true;
	}
	return false;
}

bool token_book_ready(const struct token_book *b, size_t route, int64_t now)
{
	const struct token_entry *t = &b->entries[route];
	const struct store_token *k = token_now(t);

	if (!t->f->token)
		return true;
	return k->generation > 0 && k->dead_at == 0 && *k->access != '\0' &&
	       k->expires_at > now && !(t->refused && k->generation == t->known.generation);
}

bool token_book_waiting(const struct token_book *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct token_entry *t = &b->entries[i];

		if (t->f->token && (t->news || !t->read))
			return true;
	}
	return false;
}

bool token_book_busy(const struct token_book *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->entries[i].fetching || b->entries[i].answered)
			return true;
	}
	return false;
}

int64_t token_book_wake(const struct token_book *b)
{
	int64_t wake = INT64_MAX;

	for (size_t i = 0; i < b->n; i++) {
		const struct token_entry *t = &b->entries[i];
		const char *refresh = token_refresh_of(t->f, &t->known);
		int64_t at = t->known.expires_at - t->f->token_before_ms;

		if (!t->f->token || t->fetching || t->known.dead_at != 0 ||
		    (refresh != NULL && *refresh == '\0'))
			continue;
		if (t->known.generation == 0 || t->refused)
			at = 0;
		at = t->next_try > at ? t->next_try : at;
		wake = at < wake ? at : wake;
	}
	return wake;
}

/* ---- for people -------------------------------------------------------------------------------- */

const char *token_state_name(enum token_state s)
{
	static const char *const names[] = {"none", "missing", "waiting", "good", "dead"};

	return names[s];
}

int token_report(struct store *st, const struct provider *p, struct token_report *out,
		 struct err *e)
{
	const struct provider_facts *f = provider_facts(p);
	struct store_token t = {0};
	const char *refresh;

	*out = (struct token_report){.state = TOKEN_STATE_NONE};
	if (!f->token)
		return 0;
	if (store_token_get(st, f->name, &t, e) < 0)
		return -1;
	refresh = token_refresh_of(f, &t);
	out->expires_at = t.expires_at;
	out->dead_at = t.dead_at;
	(void)snprintf(out->reason, sizeof(out->reason), "%s",
		       t.reason != NULL ? t.reason : "");
	if (t.dead_at != 0)
		out->state = TOKEN_STATE_DEAD;
	else if (t.generation > 0 && t.expires_at > clock_now_ms())
		out->state = TOKEN_STATE_GOOD;
	else
		out->state = refresh != NULL && *refresh == '\0' ? TOKEN_STATE_MISSING
								 : TOKEN_STATE_WAITING;
	store_token_free(&t);
	return 0;
}

/* ---- for commands ------------------------------------------------------------------------------ */

/* A request for a token, and what it brought. */
struct token_call {
	const struct provider *p;
	bool exchange; /* of a consent's code */
	struct provider_token got;
};

static void token_on_reply(const struct http_reply *reply, void *arg)
{
	struct token_call *c = arg;

	provider_read_token(c->p, reply, &c->got);
}

/* Records it in a transaction of its own, the very next thing that happens. */
static int token_commit(struct store *st, const struct provider *p,
			const struct provider_token *got, struct err *e)
{
	if (store_begin(st, e) < 0)
		return -1;
	if (token_record(st, provider_facts(p), got, clock_now_ms(), e) < 0) {
		store_rollback(st);
		return -1;
	}
	if (store_commit(st, e) < 0)
		return -1;
	FAILPOINT("token.committed");
	return 0;
}

static int token_fetch(struct store *st, const struct provider *p,
		       const struct provider_request *r, struct token_call *c, struct err *e)
{
	const struct provider_facts *f = provider_facts(p);

	if (http_once(&f->http, &r->http, token_on_reply, c, e) < 0)
		return -1;
	/* A code that is no good says nothing about the token that there is. */
	if ((c->got.result != TOKEN_DEAD || !c->exchange) &&
	    token_commit(st, p, &c->got, e) < 0)
		return -1;
	if (c->got.result == TOKEN_OK)
		return 0;
	return err_set(e, c->got.result == TOKEN_DEAD ? EX_NOPERM : EX_TEMPFAIL,
		       "%s: no token: %s", f->name, c->got.reason);
}

/* Waits until nobody else fetches. A descriptor, or -1 with e. */
static int token_wait_lock(struct store *st, const char *name, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	int64_t until = clock_mono_ms() + TOKEN_WAIT_MS;
	struct err why = ERR_INIT;
	int fd;

	while ((fd = store_token_lock(st, name, &why)) < 0) {
		if (why.code != 0)
			return err_set(e, why.code, "%s", why.text);
		if (clock_mono_ms() > until)
			return err_set(e, EX_TEMPFAIL, "%s: somebody else fetches its token",
				       name);
		(void)nanosleep(&pause, NULL);
	}
	return fd;
}

/* 1 with *out when the store has one that is good for a while, 0 when one must be fetched, -1. */
static int token_from_store(struct store *st, const struct provider_facts *f,
			    struct store_token *t, char **out, struct err *e)
{
	store_token_free(t);
	if (store_token_get(st, f->name, t, e) < 0)
		return -1;
	if (t->dead_at != 0)
		return err_set(e, EX_NOPERM, "%s: a person must authorise it again: %s",
			       f->name, t->reason != NULL ? t->reason : "");
	if (t->generation == 0 || t->expires_at - CLOCK_MINUTE_MS <= clock_now_ms())
		return 0;
	log_redact(t->access);
	*out = mem_strdup(t->access);
	return 1;
}

int token_obtain(struct store *st, const struct provider *p, char **out, struct err *e)
{
	const struct provider_facts *f = provider_facts(p);
	struct token_call c = {.p = p};
	struct store_token t = {0};
	struct provider_request r;
	int fd = -1, rc;

	*out = NULL;
	if (!f->token)
		return 0;
	provider_request_init(&r);
	rc = token_from_store(st, f, &t, out, e);
	if (rc == 0) {
		fd = token_wait_lock(st, f->name, e);
		/* another may have been quicker */
		rc = fd < 0 ? -1 : token_from_store(st, f, &t, out, e);
	}
	if (rc == 0) {
		rc = provider_build_token(p, token_refresh_of(f, &t), &r, e);
		if (rc == 0)
			rc = token_fetch(st, p, &r, &c, e);
		if (rc == 0)
			*out = mem_strdup(c.got.access);
	}
	store_token_unlock(fd);
	store_token_free(&t);
	provider_token_free(&c.got);
	provider_request_free(&r);
	return rc < 0 ? -1 : 0;
}

int token_authorize(struct store *st, const struct provider *p,
		    const struct provider_consent *c, const char *code, int64_t *expires_at,
		    struct err *e)
{
	struct token_call call = {.p = p, .exchange = true};
	struct provider_request r;
	int fd = token_wait_lock(st, provider_facts(p)->name, e);
	int rc = -1;

	provider_request_init(&r);
	if (fd >= 0 && provider_build_exchange(p, c, code, &r, e) == 0)
		rc = token_fetch(st, p, &r, &call, e);
	*expires_at = call.got.expires_at;
	store_token_unlock(fd);
	provider_token_free(&call.got);
	provider_request_free(&r);
	return rc;
}
