/* SPDX-License-Identifier: Apache-2.0 */
#include "web/gate.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "web/server.h"

/* How long a refused peer may take to read the answer and go. */
#define GATE_LINGER_MS 2000
/* How long nobody is let in after an accept() that failed. */
#define GATE_PAUSE_MS 1000
/* What may pile up behind a request that is being answered. */
#define GATE_AHEAD_MAX (GUARD_HEAD_MAX + GUARD_BODY_MAX)

enum gate_state {
	GATE_IDLE,	/* no byte of a request yet */
	GATE_READING,	/* a request is coming in */
	GATE_ANSWERING, /* evhttp has it */
	GATE_CLOSING	/* refused: what still comes is thrown away */
};

struct gate_conn {
	struct gate *gate;
	struct gate_conn *prev, *next;
	struct bufferevent *bev;
	struct evhttp_connection *evcon; /* NULL until evhttp has made it */
	evutil_socket_t fd;
	enum gate_state state;
	bool releasing; /* the input callback is looking at our own bytes */
	bool uploading; /* a large body was let in and has its own deadline */
	struct guard guard;
	int body;		/* the file of a large body; -1 = none */
	size_t body_len;	/* once it is whole */
	struct evbuffer *ahead; /* came in, not looked at */
	struct event *timer;
	void (*lost)(void *arg);
	void *lost_arg;
};

struct gate {
	struct event_base *base;
	struct evconnlistener *listener;
	struct gate_limits limits;
	const char *(*refused)(enum guard_reason why, void *arg);
	void *arg;
	size_t (*admits)(const char *head, size_t len, void *arg);
	void *admits_arg;
	int64_t upload_ms;
	char *spool; /* beside which large bodies are kept; NULL: in memory */
	struct gate_conn *conns;
	struct gate_conn *
	    *by_fd; /* evhttp tells no owner: a connection is found by its socket */
	size_t cap_fd, n_conns;
	bool full;
};

static void gate_deadline(struct gate_conn *c, int64_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	evtimer_add(c->timer, &tv);
}

/* Ends a connection from outside evhttp: its next read meets the end of the stream. */
static void gate_hang_up(struct gate_conn *c, int how)
{
	if (c->fd >= 0)
		(void)shutdown(c->fd, how);
}

static void gate_body_close(struct gate_conn *c)
{
	if (c->body >= 0)
		(void)close(c->body);
	c->body = -1;
	c->body_len = 0;
}

/* Answers in evhttp's place, which has seen nothing of this request and has nothing left to write:
 * the socket's buffer is empty, one send() is enough. */
static void gate_refuse(struct gate_conn *c, enum guard_reason why)
{
	struct buf out = BUF_INIT(4096);
	int status = guard_reason_status(why);
	const char *text = c->gate->refused(why, c->gate->arg);
	char *body = web_problem_text(status, web_problem_kind(status),
				      text != NULL ? text : guard_reason_name(why));

	(void)buf_addf(&out,
		       "HTTP/1.1 %d Refused\r\nContent-Type: application/problem+json\r\n"
		       "%sContent-Length: %zu\r\nCache-Control: no-store\r\n"
		       "X-Content-Type-Options: nosniff\r\n"
		       "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
		       "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n%s",
		       status, text != NULL ? "Content-Language: vi, en\r\n" : "", strlen(body),
		       body);
	free(body);
	if (c->fd >= 0)
		(void)send(c->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_free(&out);
	c->state = GATE_CLOSING;
	gate_body_close(c);
	evbuffer_drain(c->ahead, evbuffer_get_length(c->ahead));
	gate_hang_up(c, SHUT_WR);
	gate_deadline(c, GATE_LINGER_MS);
}

/* A file that is gone when nobody has it open any more. */
static int gate_body_open(const char *beside)
{
	char *path = mem_printf("%s-upload-XXXXXX", beside);
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd >= 0)
		(void)unlink(path);
	else
		log_error("web", "no_upload_file", "path=%s error=\"%s\"", path,
			  strerror(errno));
	free(path);
	return fd;
}

/* struct guard's keeps(). */
static bool gate_keep(const char *p, size_t n, void *arg)
{
	struct gate_conn *c = arg;

	if (c->body < 0)
		c->body = gate_body_open(c->gate->spool);
	while (c->body >= 0 && n > 0) {
		ssize_t done = write(c->body, p, n);

		if (done <= 0) {
			log_error("web", "upload_not_kept", "error=\"%s\"", strerror(errno));
			gate_body_close(c);
			return false;
		}
		p += done;
		n -= (size_t)done;
	}
	return c->body >= 0;
}

/* Hands a whole request to evhttp. Its input is closed at the end except while it reads. */
static void gate_release(struct gate_conn *c)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);

	c->body_len = c->guard.kept;
	c->releasing = true;
	evbuffer_unfreeze(input, 0);
	evbuffer_add(input, c->guard.bytes.data, c->guard.bytes.len);
	evbuffer_freeze(input, 0);
	c->releasing = false;
	guard_reset(&c->guard);
	c->uploading = false;
	c->state = GATE_ANSWERING;
	gate_deadline(c, c->gate->limits.reply_ms);
}

/* Looks at what has come in, up to the end of one request. */
static void gate_pump(struct gate_conn *c)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	enum guard_result r = GUARD_MORE;
	struct evbuffer_iovec v;
	size_t used;

	while (r == GUARD_MORE && evbuffer_peek(c->ahead, -1, NULL, &v, 1) > 0 &&
	       v.iov_len > 0) {
		r = guard_feed(&c->guard, v.iov_base, v.iov_len, &used);
		evbuffer_drain(c->ahead, used);
	}
	if (r == GUARD_REFUSED) {
		gate_refuse(c, c->guard.reason);
	} else if (r == GUARD_COMPLETE) {
		gate_release(c);
	} else if (guard_begun(&c->guard) && c->state == GATE_IDLE) {
		c->state = GATE_READING;
		gate_deadline(c, c->gate->limits.request_ms);
	}
	if (c->state == GATE_READING && c->guard.head_len > 0 &&
	    c->guard.body_len > GUARD_BODY_MAX && !c->uploading) {
		c->uploading = true;
		gate_deadline(c, c->gate->upload_ms);
	}
	if (c->state == GATE_READING && c->guard.wants_continue) {
		c->guard.wants_continue = false;
		(void)send(c->fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

/* Runs inside the socket's read, before evhttp is told that there is something. */
static void gate_on_input(struct evbuffer *input, const struct evbuffer_cb_info *info,
			  void *arg)
{
	struct gate_conn *c = arg;

	if (c->releasing || info->n_added == 0)
		return;
	if (c->state == GATE_CLOSING) {
		evbuffer_drain(input, evbuffer_get_length(input));
		return;
	}
	evbuffer_add_buffer(c->ahead, input);
	if (c->state != GATE_ANSWERING)
		gate_pump(c);
	else if (evbuffer_get_length(c->ahead) > GATE_AHEAD_MAX)
		gate_hang_up(c, SHUT_RDWR);
}

static void gate_conn_free(struct gate_conn *c)
{
	struct gate *g = c->gate;

	if (c->fd >= 0 && (size_t)c->fd < g->cap_fd && g->by_fd[c->fd] == c)
		g->by_fd[c->fd] = NULL;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		g->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	g->n_conns--;
	if (g->full && g->listener != NULL) {
		g->full = false;
		evconnlistener_enable(g->listener);
	}
	gate_body_close(c);
	event_free(c->timer);
	evbuffer_free(c->ahead);
	guard_free(&c->guard);
	free(c);
}

static void gate_on_close(struct evhttp_connection *evcon, void *arg)
{
	struct gate_conn *c = arg;

	(void)evcon;
	evbuffer_remove_cb(bufferevent_get_input(c->bev), gate_on_input, c);
	if (c->lost != NULL)
		c->lost(c->lost_arg);
	gate_conn_free(c);
}

/* evhttp gave up on a connection that it had hardly made, and let go of the bufferevent. */
static void gate_conn_orphan(struct gate_conn *c)
{
	evbuffer_remove_cb(bufferevent_get_input(c->bev), gate_on_input, c);
	bufferevent_decref(c->bev);
	gate_conn_free(c);
}

/* The connection has been made around our bufferevent: learn its socket and its end. evhttp puts the
 * connection into its bufferevent as the callbacks' argument. */
static void gate_made(struct gate_conn *c)
{
	struct gate *g = c->gate;
	void *evcon = NULL;

	bufferevent_getcb(c->bev, NULL, NULL, NULL, &evcon);
	if (evcon == NULL) {
		gate_conn_orphan(c);
		return;
	}
	c->evcon = evcon;
	c->fd = bufferevent_getfd(c->bev);
	if ((size_t)c->fd >= g->cap_fd) {
		size_t had = g->cap_fd;

		g->by_fd = mem_grow(g->by_fd, &g->cap_fd, (size_t)c->fd + 1, sizeof(*g->by_fd));
		memset(g->by_fd + had, 0, (g->cap_fd - had) * sizeof(*g->by_fd));
	}
	g->by_fd[c->fd] = c;
	evhttp_connection_set_closecb(c->evcon, gate_on_close, c);
	bufferevent_decref(c->bev);
	gate_deadline(c, g->limits.idle_ms);
}

static void gate_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct gate_conn *c = arg;

	(void)fd;
	(void)what;
	if (c->evcon == NULL)
		gate_made(c);
	else if (c->state == GATE_READING)
		gate_refuse(c, GUARD_TOO_SLOW);
	else
		gate_hang_up(c, SHUT_RDWR);
}

static struct bufferevent *gate_on_accept(struct event_base *base, void *arg)
{
	struct gate *g = arg;
	struct gate_conn *c;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL)
		return NULL;
	c = mem_calloc(1, sizeof(*c));
	c->gate = g;
	c->bev = bev;
	c->fd = -1;
	c->ahead = evbuffer_new();
	guard_init(&c->guard);
	c->guard.admits = g->admits;
	c->guard.admits_arg = g->admits_arg;
	c->body = -1;
	if (g->spool != NULL) {
		c->guard.keeps = gate_keep;
		c->guard.keeps_arg = c;
	}
	c->next = g->conns;
	if (g->conns != NULL)
		g->conns->prev = c;
	g->conns = c;
	if (++g->n_conns >= g->limits.connections) {
		g->full = true;
		evconnlistener_disable(g->listener);
		log_warn("web", "connections_full", "n=%zu", g->n_conns);
	}
	evbuffer_add_cb(bufferevent_get_input(bev), gate_on_input, c);
	/* Until gate_made(), which runs in this turn of the loop and so before any byte is read, the
	 * bufferevent must outlive whatever evhttp does with it. */
	bufferevent_incref(bev);
	c->timer = event_new(base, -1, 0, gate_on_timer, c);
	event_active(c->timer, EV_TIMEOUT, 0);
	return bev;
}

static void gate_on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(arg);
}

/* There is no descriptor left, or no memory: who comes waits in the backlog. Asked again at once
 * accept() would fail as fast as the processor can ask. */
static void gate_on_accept_failed(struct evconnlistener *l, void *http)
{
	static const struct timeval pause = {.tv_sec = GATE_PAUSE_MS / 1000,
					     .tv_usec = GATE_PAUSE_MS % 1000 * 1000};

	(void)http;
	log_warn("web", "accept_failed", "error=\"%s\"", strerror(errno));
	if (event_base_once(evconnlistener_get_base(l), -1, EV_TIMEOUT, gate_on_pause_over, l,
			    &pause) == 0)
		evconnlistener_disable(l);
}

struct gate *gate_new(struct event_base *base, struct evhttp *http,
		      struct evconnlistener *listener, const struct gate_limits *limits,
		      const char *(*refused)(enum guard_reason why, void *arg), void *arg)
{
	struct gate *g = mem_calloc(1, sizeof(*g));
	int yes = 1;

	/* Those it accepts inherit it: a page is sent in pieces, and Nagle would keep the last of them until the
	 * browser acknowledges the others, which it puts off for 40 ms. */
	(void)setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &yes,
			 sizeof(yes));
	g->base = base;
	g->listener = listener;
	g->limits = *limits;
	g->refused = refused;
	g->arg = arg;
	evhttp_set_bevcb(http, gate_on_accept, g);
	evconnlistener_set_error_cb(listener, gate_on_accept_failed);
	return g;
}

void gate_admit(struct gate *g, size_t (*admits)(const char *head, size_t len, void *arg),
		void *arg, int64_t upload_ms, const char *path)
{
	g->spool = mem_strdup(path);
	g->admits = admits;
	g->admits_arg = arg;
	g->upload_ms = upload_ms;
}

static struct gate_conn *gate_conn_of(struct gate *g, struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	evutil_socket_t fd;

	if (evcon == NULL)
		return NULL;
	fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evcon));
	return fd >= 0 && (size_t)fd < g->cap_fd ? g->by_fd[fd] : NULL;
}

/* The answer is out; evhttp now goes on to the next request, or closes. */
static void gate_on_complete(struct evhttp_request *req, void *arg)
{
	struct gate_conn *c = arg;

	(void)req;
	c->state = GATE_IDLE;
	gate_body_close(c);
	gate_deadline(c, c->gate->limits.idle_ms);
	if (evbuffer_get_length(c->ahead) > 0)
		gate_pump(c);
}

int gate_take_body(struct gate *g, struct evhttp_request *req, size_t *len)
{
	struct gate_conn *c = gate_conn_of(g, req);
	int fd = c != NULL ? c->body : -1;

	*len = fd >= 0 ? c->body_len : 0;
	if (fd >= 0)
		c->body = -1;
	return fd;
}

void gate_request_begins(struct gate *g, struct evhttp_request *req, void (*lost)(void *arg),
			 void *arg)
{
	struct gate_conn *c = gate_conn_of(g, req);

	if (c == NULL)
		return;
	c->lost = lost;
	c->lost_arg = arg;
	evhttp_request_set_on_complete_cb(req, gate_on_complete, c);
}

void gate_request_answered(struct gate *g, struct evhttp_request *req)
{
	struct gate_conn *c = gate_conn_of(g, req);

	if (c != NULL)
		c->lost = NULL;
}

void gate_hang_up_request(struct gate *g, struct evhttp_request *req)
{
	struct gate_conn *c = gate_conn_of(g, req);

	if (c != NULL)
		gate_hang_up(c, SHUT_RDWR);
}

size_t gate_connections(const struct gate *g)
{
	return g->n_conns;
}

void gate_stop(struct gate *g)
{
	evconnlistener_disable(g->listener);
	g->listener = NULL;
}

void gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	while (g->conns != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list */
		gate_conn_orphan(g->conns);
	free(g->by_fd);
	free(g->spool);
	free(g);
}
