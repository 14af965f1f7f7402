/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/page.h"
#include "web/server.h"
#include "web/visit.h"

/* Connections wait here while others are answered. */
#define WEB_BACKLOG 4096
/* At most so many at once, and never the descriptors that the house itself needs. */
#define WEB_CONNECTIONS	    10240
#define WEB_OWN_DESCRIPTORS 256
/* A long list is checked, and taken in, before it is answered. */
#define WEB_REPLY_MS (120 * CLOCK_SECOND_MS)

/* The connection went before the answer. */
static void web_on_lost(void *arg)
{
	struct web_request *r = arg;

	/* evhttp has let go of it when it is no longer on a connection. */
	if (evhttp_request_get_connection(r->ev) == NULL)
		evhttp_request_free(r->ev);
	r->ev = NULL;
}

/* What does not get in has no language yet: it is said in both. */
static const char *web_on_refused(enum guard_reason why, void *arg)
{
	struct web *web = arg;
	struct err e = ERR_INIT;
	char word[32], *vi, *en;
	bool worded;

	web->refused[why]++;
	log_debug("web", "refused", "reason=%s", guard_reason_name(why));
	if (web->edition->pages == NULL)
		return NULL;
	(void)snprintf(word, sizeof(word), "guard_%s", guard_reason_name(why));
	(void)say(&e, EX_DATAERR, word, NULL);
	vi = say_text(web->edition->pages, PAGE_VI, &e, &worded);
	en = say_text(web->edition->pages, PAGE_EN, &e, &worded);
	(void)snprintf(web->refusal, sizeof(web->refusal), "%s / %s", vi, en);
	free(vi);
	free(en);
	return web->refusal;
}

static unsigned web_method(struct web_request *r)
{
	switch (evhttp_request_get_command(r->ev)) {
	case EVHTTP_REQ_HEAD:
		r->head = true;
		r->method = "GET";
		return ROUTE_GET;
	case EVHTTP_REQ_GET:
		r->method = "GET";
		return ROUTE_GET;
	case EVHTTP_REQ_POST:
		r->method = "POST";
		return ROUTE_POST;
	default:
		r->method = "";
		return 0;
	}
}

struct store *web_reader(struct web *web)
{
	struct err e = ERR_INIT;

	if (web->reader == NULL &&
	    store_open(web->cfg.database, STORE_READER, &web->reader, &e) < 0)
		log_error("web", "no_reader", "reason=\"%s\"", e.text);
	return web->reader;
}

/* From this machine and not handed on by the proxy, which names whom it speaks for. */
static bool web_is_local(const struct web_request *r)
{
	const struct sockaddr *sa =
	    evhttp_connection_get_addr(evhttp_request_get_connection(r->ev));

	if (web_request_header(r, "X-Forwarded-For") != NULL ||
	    web_request_header(r, "Forwarded") != NULL || sa == NULL)
		return false;
	if (sa->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)sa)->sin6_addr);
	return sa->sa_family == AF_INET &&
	       ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24 == 127;
}

static void web_refuse_method(struct web_request *r, unsigned allowed)
{
	web_header(r, "Allow",
		   allowed == ROUTE_GET	   ? "GET, HEAD"
		   : allowed == ROUTE_POST ? "POST"
					   : "GET, HEAD, POST");
	web_refuse_word(r, 405, "method");
}

/* A large body lies in a file: it is looked at there, and is never in memory as a whole. */
static void web_map_body(struct web_request *r)
{
	int fd = gate_take_body(r->web->gate, r->ev, &r->mapped_len);
	void *at;

	if (fd < 0)
		return;
	/* A NUL follows it, as it does other bodies. */
	if (ftruncate(fd, (off_t)r->mapped_len + 1) == 0) {
		at = mmap(NULL, r->mapped_len + 1, PROT_READ, MAP_SHARED, fd, 0);
		r->mapped = at != MAP_FAILED ? at : NULL;
	}
	if (r->mapped == NULL) {
		log_error("web", "upload_not_mapped", "error=\"%s\"", strerror(errno));
		r->mapped_len = 0;
	}
	(void)close(fd);
}

static void web_on_request(struct evhttp_request *ev, void *arg)
{
	struct web *web = arg;
	struct web_request *r = mem_calloc(1, sizeof(*r));
	static const char api[] = "/api/v1/";
	const char *uri = evhttp_request_get_uri(ev), *q;
	unsigned method, allowed;
	int found;

	r->web = web;
	r->ev = ev;
	r->held = shared_hold(web->edition->held);
	/* The same handlers answer other systems there, in JSON. */
	if (strncmp(uri, api, sizeof(api) - 1) == 0) {
		r->api = true;
		uri += sizeof(api) - 2;
	}
	q = strchr(uri, '?');
	r->path = q == NULL ? mem_strdup(uri) : mem_strndup(uri, (size_t)(q - uri));
	r->query = mem_strdup(q == NULL ? "" : q + 1);
	r->next = web->requests;
	if (r->next != NULL)
		r->next->prev = r;
	web->requests = r;
	gate_request_begins(web->gate, ev, web_on_lost, r);
	web_map_body(r);
	method = web_method(r);
	found = route_find(web_routes, web_n_routes, method, r->path, &r->route, &r->params,
			   &allowed);
	if (found < 0)
		web_refuse_method(r, allowed);
	else if (found == 0 || (r->route->permission == ROUTE_LOCAL && !web_is_local(r)) ||
		 (r->route->serve != NULL && web->desk == NULL))
		web_refuse_word(r, 404, "not_found");
	else if (r->route->serve != NULL &&
		 (r->route->handler == NULL || web_request_header(r, "Authorization") == NULL))
		web_visit(r);
	else
		r->route->handler(r);
}

int web_reconfigure(struct web *w, const struct web_config *cfg, struct err *e)
{
	struct err why = ERR_INIT;
	struct edition *ed = edition_new(cfg, w->edition, &why);

	if (w->desk != NULL)
		desk_change(w->desk, ed);
	if (w->edition != NULL)
		shared_drop(w->edition->held);
	w->edition = ed;
	w->cfg = *cfg;
	for (struct web_slot *s = w->slots; s != NULL; s = s->next)
		s->provider = NULL;
	for (size_t i = 0; i < cfg->n_providers; i++) {
		const char *name = provider_facts(cfg->providers[i])->name;
		struct web_slot *s = w->slots;

		while (s != NULL && strcmp(s->name, name) != 0)
			s = s->next;
		if (s == NULL) {
			s = mem_calloc(1, sizeof(*s));
			s->name = mem_strdup(name);
			s->next = w->slots;
			w->slots = s;
		}
		s->provider = cfg->providers[i];
	}
	return why.code == 0 ? 0 : err_set(e, why.code, "%s", why.text);
}

static int web_open_desk(struct web *w, struct err *e)
{
	if (w->edition->pages == NULL)
		return 0;
	if (!page_has_bootstrap(w->edition->pages))
		log_warn("web", "no_bootstrap", "package=libjs-bootstrap5");
	w->desk = desk_new(w, w->base, web_visit_served, e);
	if (w->desk == NULL)
		return -1;
	desk_change(w->desk, w->edition);
	return 0;
}

static size_t web_connections_max(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0 || lim.rlim_cur == RLIM_INFINITY ||
	    lim.rlim_cur >= WEB_CONNECTIONS + WEB_OWN_DESCRIPTORS)
		return WEB_CONNECTIONS;
	return lim.rlim_cur > 2 * WEB_OWN_DESCRIPTORS ? lim.rlim_cur - WEB_OWN_DESCRIPTORS
						      : WEB_OWN_DESCRIPTORS;
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT" in figures: names are not looked up. Port 0 is any that is free, which
 * libevent takes for an error; an address alone means the same to it. */
static int web_parse_listen(const char *listen, struct sockaddr_storage *sa, int *len)
{
	const char *port = strrchr(listen, ':');
	char *address;
	int rc;

	if (port == NULL)
		return -1;
	if (strcmp(port, ":0") != 0)
		return evutil_parse_sockaddr_port(listen, (struct sockaddr *)sa, len);
	address = mem_strndup(listen, (size_t)(port - listen));
	rc = evutil_parse_sockaddr_port(address, (struct sockaddr *)sa, len);
	free(address);
	return rc;
}

/* Binds cfg->listen. */
static int web_bind(struct web *w, const char *listen, struct err *e)
{
	const struct gate_limits limits = {.connections = web_connections_max(),
					   .request_ms = 10 * CLOCK_SECOND_MS,
					   .idle_ms = 30 * CLOCK_SECOND_MS,
					   .reply_ms = WEB_REPLY_MS};
	struct sockaddr_storage sa;
	struct evconnlistener *l;
	int len = sizeof(sa);

	if (web_parse_listen(listen, &sa, &len) < 0)
		return err_set(e, EX_CONFIG, "listen: \"%s\" is not ADDRESS:PORT", listen);
	l = evconnlistener_new_bind(w->base, NULL, NULL,
				    LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE |
					LEV_OPT_CLOSE_ON_EXEC,
				    WEB_BACKLOG, (struct sockaddr *)&sa, len);
	if (l == NULL)
		return err_set(e, EX_UNAVAILABLE, "listen: %s: %s", listen, err_os(errno));
	w->gate = gate_new(w->base, w->http, l, &limits, web_on_refused, w);
	gate_admit(w->gate, web_admits, w, WEB_UPLOAD_MS, w->cfg.database);
	w->bound = evhttp_bind_listener(w->http, l);
	return 0;
}

struct web *web_new(struct event_base *base, struct engine *en, const struct web_config *cfg,
		    struct err *e)
{
	struct web *w = mem_calloc(1, sizeof(*w));

	w->base = base;
	w->engine = en;
	w->started_at = clock_now_ms();
	w->receipts = mem_calloc(WEB_RECEIPTS_MAX, sizeof(*w->receipts));
	w->replies = mem_calloc(WEB_REPLIES_MAX, sizeof(*w->replies));
	w->uploads = throttle_new(6, 10 * CLOCK_SECOND_MS);
	w->rollups = throttle_new(30, CLOCK_SECOND_MS);
	w->live = live_new(w);
	w->answers = mem_calloc(web_n_routes + 1, sizeof(*w->answers));
	buf_init(&w->figures, 1 << 20);
	if (web_reconfigure(w, cfg, e) < 0 || web_open_desk(w, e) < 0)
		goto fail;
	w->http = evhttp_new(base);
	if (w->http == NULL) {
		err_set(e, EX_OSERR, "evhttp");
		goto fail;
	}
	/* The gate is the wall; these are the moat behind it. */
	evhttp_set_max_headers_size(w->http, GUARD_HEAD_MAX);
	evhttp_set_max_body_size(w->http, WEB_UPLOAD_MAX);
	evhttp_set_allowed_methods(w->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
						EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH |
						EVHTTP_REQ_DELETE);
	evhttp_set_gencb(w->http, web_on_request, w);
	if (web_bind(w, cfg->listen, e) < 0)
		goto fail;
	log_info("web", "listening", "address=%s port=%d", cfg->listen, web_port(w));
	return w;
fail:
	web_free(w);
	return NULL;
}

int web_port(const struct web *w)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	memset(&sa, 0, sizeof(sa));
	if (getsockname(evhttp_bound_socket_get_fd(w->bound), (struct sockaddr *)&sa, &len) < 0)
		return -1;
	return ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port
					      : ((struct sockaddr_in *)&sa)->sin_port);
}

void web_stop(struct web *w)
{
	if (w == NULL)
		return;
	desk_free(w->desk);
	w->desk = NULL;
}

void web_free(struct web *w)
{
	if (w == NULL)
		return;
	web_stop(w);
	if (w->gate != NULL)
		gate_stop(w->gate);
	if (w->http != NULL)
		evhttp_free(w->http);
	gate_free(w->gate);
	live_free(w->live);
	/* What was waiting for the store has lost its connection by now. */
	while (w->requests != NULL)
		web_reply(w->requests, 503, "text/plain", "", 0);
	while (w->slots != NULL) {
		struct web_slot *s = w->slots;

		w->slots = s->next;
		free(s->name);
		free(s);
	}
	store_close(w->reader);
	if (w->edition != NULL)
		shared_drop(w->edition->held);
	throttle_free(w->uploads);
	throttle_free(w->rollups);
	buf_free(&w->figures);
	free(w->receipts);
	free(w->replies);
	free(w->answers);
	free(w);
}
