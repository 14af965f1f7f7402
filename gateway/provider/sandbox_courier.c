/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/sandbox_courier.h"

#include <event2/event.h>
#include <event2/http.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"

#define COURIER_CONNECTIONS 8 /* to each receiver */
#define COURIER_TIMEOUT_S   5
#define COURIER_TRIES	    1000 /* an hour */
#define COURIER_BACKOFF_MS  250	 /* doubled from try to try … */
#define COURIER_DOUBLINGS   4	 /* … so often */

struct receiver;

struct parcel {
	LIST_ENTRY(parcel) all;
	STAILQ_ENTRY(parcel) line;
	struct receiver *to;
	struct event *timer;
	char *target; /* path and query */
	int tries;
};

/* One connection, and what it carries just now. */
struct rider {
	struct receiver *to;
	struct evhttp_connection *conn;
	struct parcel *carries;
};

struct receiver {
	struct receiver *next;
	struct courier *courier;
	char *name; /* as in Host */
	struct rider riders[COURIER_CONNECTIONS];
	STAILQ_HEAD(, parcel) line;
};

struct courier {
	struct event_base *base;
	struct receiver *receivers;
	LIST_HEAD(, parcel) parcels;
};

/* The address behind a host that may be called, NULL for any other. Names are not looked up. */
static const char *courier_address(const struct evhttp_uri *uri)
{
	const char *scheme = evhttp_uri_get_scheme(uri), *host = evhttp_uri_get_host(uri);

	if (scheme == NULL || strcmp(scheme, "http") != 0 || host == NULL ||
	    evhttp_uri_get_userinfo(uri) != NULL)
		return NULL;
	if (strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0)
		return "127.0.0.1";
	return strcmp(host, "[::1]") == 0 ? "::1" : NULL;
}

static int courier_port(const struct evhttp_uri *uri)
{
	int port = evhttp_uri_get_port(uri);

	return port < 0 ? 80 : port;
}

bool courier_may_call(const char *url)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	bool may = uri != NULL && courier_address(uri) != NULL && courier_port(uri) > 0 &&
		   courier_port(uri) <= UINT16_MAX;

	if (uri != NULL)
		evhttp_uri_free(uri);
	return may;
}

static struct receiver *courier_receiver(struct courier *c, const struct evhttp_uri *uri)
{
	const char *address = courier_address(uri);
	int port = courier_port(uri);
	char *name = mem_printf("%s:%d", evhttp_uri_get_host(uri), port);
	struct receiver *r = c->receivers;

	while (r != NULL && strcmp(r->name, name) != 0)
		r = r->next;
	if (r != NULL) {
		free(name);
		return r;
	}
	r = mem_calloc(1, sizeof(*r));
	r->courier = c;
	r->name = name;
	STAILQ_INIT(&r->line);
	for (int i = 0; i < COURIER_CONNECTIONS; i++) {
		r->riders[i].to = r;
		r->riders[i].conn =
		    evhttp_connection_base_new(c->base, NULL, address, (ev_uint16_t)port);
		evhttp_connection_set_timeout(r->riders[i].conn, COURIER_TIMEOUT_S);
	}
	r->next = c->receivers;
	c->receivers = r;
	return r;
}

static void parcel_free(struct parcel *p)
{
	LIST_REMOVE(p, all);
	event_free(p->timer);
	free(p->target);
	free(p);
}

static void parcel_wait(struct parcel *p, int ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	evtimer_add(p->timer, &tv);
}

static void parcel_failed(struct parcel *p, int status)
{
	if (++p->tries < COURIER_TRIES) {
		int doublings =
		    p->tries <= COURIER_DOUBLINGS ? p->tries - 1 : COURIER_DOUBLINGS;

		parcel_wait(p, COURIER_BACKOFF_MS << doublings);
		return;
	}
	log_warn("sandbox", "receipt_given_up", "to=%s status=%d tries=%d", p->to->name, status,
		 p->tries);
	parcel_free(p);
}

static void receiver_pump(struct receiver *r);

static void rider_on_done(struct evhttp_request *req, void *arg)
{
	struct rider *rider = arg;
	struct parcel *p = rider->carries;
	int status = req == NULL ? 0 : evhttp_request_get_response_code(req);

	rider->carries = NULL;
	if (status >= 200 && status <= 299)
		parcel_free(p);
	else
		parcel_failed(p, status);
	receiver_pump(rider->to);
}

static void rider_take(struct rider *rider, struct parcel *p)
{
	struct evhttp_request *req = evhttp_request_new(rider_on_done, rider);

	evhttp_add_header(evhttp_request_get_output_headers(req), "Host", rider->to->name);
	rider->carries = p;
	if (evhttp_make_request(rider->conn, req, EVHTTP_REQ_GET, p->target) < 0) {
		rider->carries = NULL;
		parcel_failed(p, 0);
	}
}

/* Gives what stands in line to those who are free. */
static void receiver_pump(struct receiver *r)
{
	for (int i = 0; i < COURIER_CONNECTIONS && !STAILQ_EMPTY(&r->line); i++) {
		struct parcel *p = STAILQ_FIRST(&r->line);

		if (r->riders[i].carries != NULL)
			continue;
		STAILQ_REMOVE_HEAD(&r->line, line);
		rider_take(&r->riders[i], p);
	}
}

static void parcel_on_time(evutil_socket_t fd, short what, void *arg)
{
	struct parcel *p = arg;

	(void)fd;
	(void)what;
	STAILQ_INSERT_TAIL(&p->to->line, p, line);
	receiver_pump(p->to);
}

void courier_post(struct courier *c, const char *url, const char *query, int delay_ms)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	struct parcel *p = mem_calloc(1, sizeof(*p));
	const char *path = evhttp_uri_get_path(uri), *before = evhttp_uri_get_query(uri);

	p->to = courier_receiver(c, uri);
	p->target = mem_printf("%s?%s%s%s", path[0] == '\0' ? "/" : path,
			       before == NULL ? "" : before, before == NULL ? "" : "&", query);
	p->timer = evtimer_new(c->base, parcel_on_time, p);
	LIST_INSERT_HEAD(&c->parcels, p, all);
	evhttp_uri_free(uri);
	parcel_wait(p, delay_ms);
}

struct courier *courier_new(struct event_base *base)
{
	struct courier *c = mem_calloc(1, sizeof(*c));

	c->base = base;
	LIST_INIT(&c->parcels);
	return c;
}

void courier_free(struct courier *c)
{
	if (c == NULL)
		return;
	while (c->receivers != NULL) {
		struct receiver *r = c->receivers;

		c->receivers = r->next;
		for (int i = 0; i < COURIER_CONNECTIONS; i++)
			evhttp_connection_free(r->riders[i].conn);
		free(r->name);
		free(r);
	}
	while (!LIST_EMPTY(&c->parcels))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list */
		parcel_free(LIST_FIRST(&c->parcels));
	free(c);
}
