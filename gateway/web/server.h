/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share. Nobody outside includes it. */
#ifndef MOIDAN_WEB_SERVER_H
#define MOIDAN_WEB_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/message.h"
#include "web/edition.h"
#include "web/gate.h"
#include "web/route.h"
#include "web/web.h"

struct desk;
struct bufferevent;
struct evbuffer;
struct evhttp_bound_socket;
struct live;
struct throttle;
struct visit;

/* Receipts that one call may carry, and answers of citizens: more than a body has room for. */
#define WEB_RECEIPTS_MAX 4096
#define WEB_REPLIES_MAX	 2048

/* A list that an officer uploads: a million rows are about so much, over a slow line. */
#define WEB_UPLOAD_MAX ((size_t)32 << 20)
#define WEB_UPLOAD_MS  INT64_C(180000)

/* One request from the first byte of its handler until web_reply(). */
struct web_request {
	struct web *web;
	struct evhttp_request *ev; /* NULL once the connection is lost */
	const struct route *route;
	struct route_params params;
	const char *method; /* "GET", "POST"; HEAD is GET */
	bool head;
	char *path, *query; /* without /api/v1; query is "" when there is none */
	bool api;	    /* came by /api/v1 */
	bool page;	    /* the answer is a page: it may load its own styles and scripts */
	char *mapped;	    /* the body, when it was too large for memory */
	size_t mapped_len;
	struct shared *held; /* its edition: the house that its work looks at */
	void *work;	    /* what the handler keeps while it waits for the store */
	void (*work_free)(void *work);
	struct web_request *prev, *next;
};

/* Counters of one provider; kept by name across reloads. */
struct web_slot {
	struct web_slot *next;
	char *name;
	const struct provider *provider; /* NULL: no longer configured */
	int id;				 /* the store's number, 0 = not yet known */
	int64_t fates[RECEIPT_FATE_COUNT];
	int64_t misread; /* verified, but not understood */
};

enum web_callback_refusal {
	WEB_CB_TOKEN,
	WEB_CB_STALE,
	WEB_CB_ADDRESS,
	WEB_CB_MISREAD,
	WEB_CB_BUSY,
	WEB_CB_REFUSALS
};

struct web {
	struct event_base *base;
	struct engine *engine;
	struct web_config cfg; /* providers are looked up through slots */
	struct evhttp *http;
	struct evhttp_bound_socket *bound;
	struct gate *gate;
	struct desk *desk;	/* NULL: no console */
	struct live *live;
	struct edition *edition; /* of the requests to come */
	struct throttle *uploads, *rollups;
	struct web_request *requests; /* under way */
	struct web_slot *slots;
	struct receipt *receipts; /* room for one call's */
	struct inbound *replies;  /* likewise */
	struct store *reader;	  /* for figures; opened when first asked for */
	struct buf figures;	  /* metrics of the store as last read */
	int64_t figures_at;	  /* monotonic; 0 = never */
	int64_t ready_at;	  /* monotonic: the store last proved writable */
	int64_t started_at;
	int64_t refused[GUARD_REASON_COUNT];
	char refusal[600]; /* what the last of them was told */
	int64_t callbacks_refused[WEB_CB_REFUSALS];
	int64_t (
	    *answers)[6]; /* per route, by hundreds of the status; the last row: no route */
};

extern const struct route web_routes[];
extern const size_t web_n_routes;

/* Each answers r and frees it; exactly one is called for each request, now or later. */
void web_reply(struct web_request *r, int status, const char *content_type, const void *body,
	       size_t len);
/* The file from its beginning to its end; takes fd. */
void web_reply_file(struct web_request *r, int status, const char *content_type, int fd);
void web_reply_json(struct web_request *r, int status, json_t *take);
/* The kind of problem that a status stands for. Static. */
const char *web_problem_kind(int status);
/* RFC 9457. kind ends "urn:moidan:problem:"; detail is for whoever called. */
void web_problem(struct web_request *r, int status, const char *kind, const char *detail);
/* What it answers; yours. */
char *web_problem_text(int status, const char *kind, const char *detail);

/* Refuses what came to the console before a clerk saw it, in words and language as visit.h has them: a page for
 * people. Frees r. */
void web_refuse(struct web_request *r, int status, const struct err *e);
void web_refuse_word(struct web_request *r, int status, const char *word);

/* Before the reply. */
void web_header(struct web_request *r, const char *name, const char *value);
/* Who asks: the peer, or whom the proxy on this machine speaks for; "" when that is not known. */
void web_request_address(const struct web_request *r, char *out, size_t size);
/* A header of the request, NULL when absent. */
const char *web_request_header(const struct web_request *r, const char *name);
/* The body, borrowed until the reply. */
const char *web_request_body(struct web_request *r, size_t *len);

/* Instead of web_reply(): an answer in pieces. From web_stream_begin() on, where r->ev is not NULL, until
 * web_stream_end(), which frees r; r->ev becomes NULL when the connection goes. */
void web_stream_begin(struct web_request *r, const char *content_type);
void web_stream(struct web_request *r, struct evbuffer *piece);
void web_stream_end(struct web_request *r);
/* What it goes out by, while r->ev is not NULL. */
struct bufferevent *web_stream_of(const struct web_request *r);

/* The loop's own connection to the store, for what takes no time; NULL when it cannot be opened. */
struct store *web_reader(struct web *web);

/* live.c: progress of campaigns, to many at once. */
#define LIVE_TYPE      "text/event-stream; charset=utf-8"
#define LIVE_RETRY_MS  2000
#define LIVE_EVENT_MAX ((size_t)1 << 16)
struct live *live_new(struct web *w);
/* After evhttp_free(). NULL is allowed. */
void live_free(struct live *live);
/* The counts and the state of a campaign as JSON, yours; over: nothing moves any more. 1/0/-1. */
int live_draw(struct store *st, int64_t campaign_id, char **data, bool *over, struct err *e);
/* An event that tells them, appended. */
void live_event(const char *data, struct buf *out);
/* Answers r with the first event and all that come. */
void live_join(struct web_request *r, int64_t campaign_id, const void *first, size_t len);
/* How many listen, and how many were hung up since the start because they did not read. */
size_t live_listeners(const struct live *live, int64_t *dropped);

/* console.c: hands r to a clerk, who answers it. */
void web_visit(struct web_request *r);
/* On the loop, once it was served. */
void web_visit_served(struct visit *v, void *arg);

/* How large a body this head may bring: an upload of somebody who may, now and then. For gate_admit(). */
size_t web_admits(const char *head, size_t len, void *web);

/* Handlers. */
void web_handle_static(struct web_request *r);
void web_handle_openapi(struct web_request *r);
void web_handle_callback(struct web_request *r);
void web_handle_notice(struct web_request *r);
void web_handle_rollup(struct web_request *r);
void web_handle_healthz(struct web_request *r);
void web_handle_readyz(struct web_request *r);
void web_handle_metrics(struct web_request *r);

#endif
