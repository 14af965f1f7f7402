/* SPDX-License-Identifier: Apache-2.0 */
/* Stands between the sockets and evhttp: holds each request back until guard
 * has seen it whole, under absolute deadlines; answers what is refused itself;
 * stops accepting when there are enough connections. evhttp has none of this. */
#ifndef MOIDAN_WEB_GATE_H
#define MOIDAN_WEB_GATE_H

#include <stddef.h>
#include <stdint.h>

#include "web/guard.h"

struct evconnlistener;
struct event_base;
struct evhttp;
struct evhttp_request;
struct gate;

struct gate_limits {
	size_t connections; /* open at once; more wait in the kernel's queue */
	int64_t request_ms; /* from a request's first byte to its last */
	int64_t idle_ms;    /* without any request: just connected, or kept alive */
	int64_t reply_ms;   /* from the whole request to the last byte of its answer */
};

/* Puts itself in front of http, which listener feeds (both borrowed). refused is called for each
 * request that does not pass, and says in a sentence why; NULL: the reason's name will do. */
struct gate *gate_new(struct event_base *base, struct evhttp *http,
		      struct evconnlistener *listener, const struct gate_limits *limits,
		      const char *(*refused)(enum guard_reason why, void *arg), void *arg);

/* Lets larger bodies in where admits says so (see guard.h); they have upload_ms to arrive, and are kept in files
 * beside path that have no name. */
void gate_admit(struct gate *g, size_t (*admits)(const char *head, size_t len, void *arg), void *arg,
		int64_t upload_ms, const char *path);
/* The file of such a body, yours to close; -1: the request has its body as others do. To be asked once, by the
 * handler. */
int gate_take_body(struct gate *g, struct evhttp_request *req, size_t *len);

/* To be called first by the handler of each request: when its answer is out, the next request of the
 * connection may pass. lost (or NULL) is called when the connection goes before the answer; the
 * request is evhttp's then and must not be touched again. */
void gate_request_begins(struct gate *g, struct evhttp_request *req, void (*lost)(void *arg),
			 void *arg);
/* The answer has been handed to evhttp: lost will not be called. */
void gate_request_answered(struct gate *g, struct evhttp_request *req);

/* Ends the connection of a request that is being answered: lost is called, in a later turn of the loop. */
void gate_hang_up_request(struct gate *g, struct evhttp_request *req);

size_t gate_connections(const struct gate *g);

/* Accepts no more. Before evhttp_free(), which takes the listener with it and ends all connections. */
void gate_stop(struct gate *g);
/* After evhttp_free(). NULL is allowed. */
void gate_free(struct gate *g);

#endif
