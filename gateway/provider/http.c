/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/http.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "provider/address.h"

enum {
	/* libcurl's work per call grows with the handles in a multi: many in flight take several. */
	HTTP_LANE_CALLS = 64,
	HTTP_MAX_HEADERS = 64,
	HTTP_HEADER_BYTES = 32 * 1024,
	/* Also the longest body before which libcurl does not ask for leave ("Expect: 100-continue"). */
	HTTP_REQUEST_BYTES = 1024 * 1024,
	/* The longer a connection has been idle, the likelier it is closed just as we write. */
	HTTP_IDLE_SECONDS = 20,
};

/* A parsed origin (scheme, host, port), shared by the calls that go to it. */
struct http_target {
	unsigned refs;
	char *url;
	size_t len;
	CURLU *parsed;
};

/* Request headers, shared likewise. */
struct http_headset {
	unsigned refs;
	struct curl_slist *list, *own; /* own: the last, when we added it */
};

struct http_lane {
	struct http *http;
	CURLM *multi;
	struct event timer;
	int64_t due_us;	  /* when libcurl wants to be called; INT64_MAX = never */
	int64_t armed_us; /* when the timer goes off; INT64_MAX = not armed */
	int calls;
};

/* A descriptor that is watched. While a kept connection idles its read event stays armed: the next
 * request needs it again, and each change costs a system call. */
struct http_sock {
	struct http_lane *lane;
	curl_socket_t fd;
	int want;   /* the CURL_POLL_… bits libcurl asked for */
	bool owned; /* opened by http_sock_open(), so that we see it closed */
	bool reading, writing;
	struct event read, write;
};

struct http_call {
	struct http_call *next_free, *next_all;
	struct http *http;
	struct http_lane *lane; /* NULL when not under way */
	CURL *easy;
	struct http_target *target;
	struct http_headset *headset;
	struct buf path;       /* what is asked of the target, its query with it */
	struct buf sent;       /* the request's body */
	struct buf head, body; /* of the answer; head as name NUL value NUL … */
	size_t name_at[HTTP_MAX_HEADERS], value_at[HTTP_MAX_HEADERS];
	size_t n_headers;
	int requests; /* how often libcurl was about to write the request */
	bool refused_address;
	int64_t started_us;
	http_done_fn done;
	void *arg;
};

struct http {
	struct event_base *base;
	struct http_limits limits;
	struct http_lane *lanes;
	int n_lanes;
	int calls;
	struct http_call *free, *all;
	struct http_target *target;   /* the last one used */
	struct http_headset *headset; /* the last one used */
	struct http_sock **socks;     /* by descriptor */
	size_t cap_socks;
};

static void http_init_curl(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

void http_global_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, http_init_curl);
}

/* Sockets wait in real time, even where the house's clock is virtual. */
static int64_t http_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void http_lane_finish(struct http_lane *lane);

static void http_sock_watch(struct event *ev, bool *armed, bool want)
{
	if (*armed == want)
		return;
	if (want)
		(void)event_add(ev, NULL);
	else
		(void)event_del(ev);
	*armed = want;
}

static void http_sock_ready(evutil_socket_t fd, short what, void *arg)
{
	struct http_sock *s = arg;
	struct http_lane *lane = s->lane;
	int mask = 0, running;

	if ((what & EV_READ) != 0) {
		if ((s->want & CURL_POLL_IN) != 0)
			mask |= CURL_CSELECT_IN;
		else /* closed while idle: libcurl finds out before it uses it again */
			http_sock_watch(&s->read, &s->reading, false);
	}
	if ((what & EV_WRITE) != 0 && (s->want & CURL_POLL_OUT) != 0)
		mask |= CURL_CSELECT_OUT;
	if (mask == 0)
		return;
	(void)curl_multi_socket_action(lane->multi, fd, mask, &running);
	http_lane_finish(lane);
}

static struct http_sock *http_sock_new(struct http_lane *lane, curl_socket_t fd, bool owned)
{
	struct http *h = lane->http;
	struct http_sock *s = mem_calloc(1, sizeof(*s));
	size_t before = h->cap_socks;

	h->socks = mem_grow((void *)h->socks, &h->cap_socks, (size_t)fd + 1,
			    sizeof(struct http_sock *));
	if (h->cap_socks > before)
		memset((void *)(h->socks + before), 0,
		       (h->cap_socks - before) * sizeof(struct http_sock *));
	*s = (struct http_sock){.lane = lane, .fd = fd, .owned = owned};
	event_assign(&s->read, h->base, fd, EV_READ | EV_PERSIST, http_sock_ready, s);
	event_assign(&s->write, h->base, fd, EV_WRITE | EV_PERSIST, http_sock_ready, s);
	h->socks[fd] = s;
	return s;
}

static void http_sock_free(struct http *h, struct http_sock *s)
{
	if (s == NULL)
		return;
	http_sock_watch(&s->read, &s->reading, false);
	http_sock_watch(&s->write, &s->writing, false);
	h->socks[s->fd] = NULL;
	free(s);
}

static curl_socket_t http_sock_open(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct http_call *c = arg;
	int fd;

	(void)purpose;
	if (!c->http->limits.allow_private && !address_is_public(&addr->addr)) {
		c->refused_address = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	(void)http_sock_new(c->lane, fd, true);
	return fd;
}

static int http_sock_close(void *arg, curl_socket_t fd)
{
	struct http *h = arg;

	if ((size_t)fd < h->cap_socks)
		http_sock_free(h, h->socks[fd]);
	return close(fd);
}

/* libcurl says what it waits for on a descriptor. */
static int http_sock_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct http_lane *lane = arg;
	struct http *h = lane->http;
	struct http_sock *s = (size_t)fd < h->cap_socks ? h->socks[fd] : NULL;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL &&
		    !s->owned) { /* the resolver's own pipe: it may close it any time */
			http_sock_free(h, s);
			return 0;
		}
		what = 0;
	}
	if (s == NULL) {
		if (what == 0)
			return 0;
		s = http_sock_new(lane, fd, false);
	}
	s->want = what;
	if ((what & CURL_POLL_IN) != 0)
		http_sock_watch(&s->read, &s->reading, true);
	http_sock_watch(&s->write, &s->writing, (what & CURL_POLL_OUT) != 0);
	return 0;
}

/* Never later than asked; an earlier alarm that is already set serves as well. */
static void http_lane_arm(struct http_lane *lane, int64_t now)
{
	int64_t left = lane->due_us > now ? lane->due_us - now : 0;
	struct timeval tv = {.tv_sec = left / 1000000, .tv_usec = left % 1000000};

	lane->armed_us = lane->due_us;
	(void)event_add(&lane->timer, &tv);
}

static int http_lane_deadline(CURLM *multi, long ms, void *arg)
{
	struct http_lane *lane = arg;
	int64_t now = http_now_us();

	(void)multi;
	lane->due_us = ms < 0 ? INT64_MAX : now + (int64_t)ms * 1000;
	if (lane->due_us < lane->armed_us)
		http_lane_arm(lane, now);
	return 0;
}

static void http_lane_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct http_lane *lane = arg;
	int64_t now = http_now_us();
	int running;

	(void)fd;
	(void)what;
	lane->armed_us = INT64_MAX;
	if (lane->due_us > now) {
		if (lane->due_us != INT64_MAX)
			http_lane_arm(lane, now);
		return;
	}
	lane->due_us = INT64_MAX;
	(void)curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	http_lane_finish(lane);
}

static void http_target_unref(struct http_target *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	curl_url_cleanup(t->parsed);
	free(t->url);
	free(t);
}

static void http_headset_unref(struct http_headset *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	curl_slist_free_all(s->list);
	free(s);
}

/* The body of an answer. libcurl's own limit (CURLOPT_MAXFILESIZE) lets chunked and length-less
 * answers through on the versions we run on. */
static size_t http_call_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	return buf_add(&c->body, p, size * n) == 0 ? n * size : 0;
}

static size_t http_call_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	const char *colon, *value, *end;

	n *= size;
	end = p + n;
	while (end > p && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	if (n > 5 && memcmp(p, "HTTP/", 5) == 0) { /* of a 1xx before: start again */
		buf_reset(&c->head);
		c->n_headers = 0;
		return n;
	}
	colon = memchr(p, ':', (size_t)(end - p));
	if (colon == NULL || c->n_headers == HTTP_MAX_HEADERS)
		return n;
	value = colon + 1;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	c->name_at[c->n_headers] = c->head.len;
	(void)buf_add(&c->head, p, (size_t)(colon - p));
	(void)buf_addc(&c->head, '\0');
	c->value_at[c->n_headers] = c->head.len;
	(void)buf_add(&c->head, value, (size_t)(end - value));
	(void)buf_addc(&c->head, '\0');
	c->n_headers++;
	return c->head.overflow ? 0 : n;
}

/* libcurl is connected and about to write the request. That happens once: when a kept connection
 * dies without an answer libcurl would write it again on a new one, a GET as well as a POST, and
 * here it is stopped. It is also the proof: until here no byte of the request has left. */
static int http_call_begins(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct http_call *c = arg;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	return c->requests++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static void http_call_setup(struct http_call *c)
{
	const struct http_limits *l = &c->http->limits;
	CURL *e = c->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, c);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* A look-up that outlasts the deadline is left to end by itself; libcurl would wait for it,
	 * and with it every other call of this thread. */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, l->allow_http ? "http,https" : "https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)l->connect_timeout_ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)l->total_timeout_ms);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)HTTP_IDLE_SECONDS);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, http_call_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, http_call_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, http_call_begins);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, http_sock_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, http_sock_close);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, c->http);
}

static struct http_call *http_call_get(struct http *h)
{
	struct http_call *c = h->free;

	if (c != NULL) {
		h->free = c->next_free;
		return c;
	}
	c = mem_calloc(1, sizeof(*c));
	c->http = h;
	c->easy = curl_easy_init();
	if (c->easy == NULL)
		abort();
	buf_init(&c->path, HTTP_REQUEST_BYTES);
	buf_init(&c->sent, HTTP_REQUEST_BYTES);
	buf_init(&c->head, HTTP_HEADER_BYTES);
	buf_init(&c->body, h->limits.max_body);
	http_call_setup(c);
	c->next_all = h->all;
	h->all = c;
	return c;
}

static void http_call_put(struct http_call *c)
{
	/* One large answer must not stay in memory for ever. */
	if (c->body.cap > 16384)
		buf_free(&c->body);
	c->next_free = c->http->free;
	c->http->free = c;
}

/* In words of our own: libcurl's name hosts and addresses. */
static void http_call_explain(const struct http_call *c, CURLcode code, char out[160])
{
	long os = 0;

	curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os);
	if (c->body.overflow)
		(void)snprintf(out, 160, "the answer is longer than %zu bytes", c->body.max);
	else if (c->head.overflow)
		(void)snprintf(out, 160, "the answer's headers are too long");
	else if (c->requests > 1)
		(void)snprintf(out, 160, "the kept connection ended without an answer");
	else if (c->refused_address && c->requests == 0)
		(void)snprintf(out, 160, "the address is private and allow_private is not set");
	else if (os != 0 && c->requests == 0)
		(void)snprintf(out, 160, "%s: %s", curl_easy_strerror(code), strerror((int)os));
	else
		(void)snprintf(out, 160, "%s", curl_easy_strerror(code));
}

static void http_call_done(struct http_call *c, CURLcode code)
{
	struct http_reply r = {.body = "", .elapsed_us = http_now_us() - c->started_us};
	struct http_header headers[HTTP_MAX_HEADERS];
	long status = 0;

	if (code == CURLE_OK) {
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
		r.phase = HTTP_ANSWERED;
		r.status = (int)status;
		r.body = buf_text(&c->body);
		r.len = c->body.len;
		for (size_t i = 0; i < c->n_headers; i++) {
			headers[i].name = c->head.data + c->name_at[i];
			headers[i].value = c->head.data + c->value_at[i];
		}
		r.headers = headers;
		r.n_headers = c->n_headers;
	} else {
		r.phase = c->requests == 0 ? HTTP_NOT_SENT : HTTP_MAYBE_SENT;
		http_call_explain(c, code, r.error);
	}
	curl_multi_remove_handle(c->lane->multi, c->easy);
	c->lane->calls--;
	c->lane = NULL;
	c->http->calls--;
	c->done(&r, c->arg);
	http_call_put(c);
}

static void http_lane_finish(struct http_lane *lane)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(lane->multi, &left)) != NULL) {
		CURLcode code = m->data.result;
		char *c = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
		http_call_done((struct http_call *)(void *)c, code);
	}
}

static void http_lane_open(struct http *h, struct http_lane *lane)
{
	*lane = (struct http_lane){.http = h, .due_us = INT64_MAX, .armed_us = INT64_MAX};
	lane->multi = curl_multi_init();
	if (lane->multi == NULL)
		abort();
	evtimer_assign(&lane->timer, h->base, http_lane_alarm, lane);
	curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, http_sock_wanted);
	curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
	curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, http_lane_deadline);
	curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
	curl_multi_setopt(lane->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_LANE_CALLS);
}

struct http *http_new(struct event_base *base, const struct http_limits *limits, struct err *e)
{
	struct http *h;

	if (limits->in_flight < 1 || limits->in_flight > 65536 || limits->max_body == 0 ||
	    limits->connect_timeout_ms <= 0 || limits->total_timeout_ms <= 0) {
		(void)err_set(e, EX_SOFTWARE, "http: limits out of range");
		return NULL;
	}
	http_global_init();
	h = mem_calloc(1, sizeof(*h));
	h->base = base;
	h->limits = *limits;
	h->n_lanes = (limits->in_flight + HTTP_LANE_CALLS - 1) / HTTP_LANE_CALLS;
	h->lanes = mem_calloc((size_t)h->n_lanes, sizeof(*h->lanes));
	for (int i = 0; i < h->n_lanes; i++)
		http_lane_open(h, &h->lanes[i]);
	return h;
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	for (struct http_call *c = h->all, *next; c != NULL; c = next) {
		next = c->next_all;
		if (c->lane != NULL)
			curl_multi_remove_handle(c->lane->multi, c->easy);
		curl_easy_cleanup(c->easy);
		http_target_unref(c->target);
		http_headset_unref(c->headset);
		buf_free(&c->path);
		buf_free(&c->sent);
		buf_free(&c->head);
		buf_free(&c->body);
		free(c);
	}
	for (int i = 0; i < h->n_lanes; i++) {
		curl_multi_cleanup(h->lanes[i].multi);
		(void)event_del(&h->lanes[i].timer);
	}
	for (size_t i = 0; i < h->cap_socks; i++)
		http_sock_free(h, h->socks[i]);
	http_target_unref(h->target);
	http_headset_unref(h->headset);
	free((void *)h->socks);
	free(h->lanes);
	free(h);
}

/* Parses an origin, without user name. NULL with e. */
static struct http_target *http_target_new(const struct http *h, const char *url, size_t len,
					   struct err *e)
{
	struct http_target *t = mem_calloc(1, sizeof(*t));
	char *scheme = NULL;
	bool allowed;

	t->refs = 1;
	t->url = mem_strndup(url, len);
	t->len = len;
	t->parsed = curl_url();
	if (t->parsed == NULL)
		abort();
	if (curl_url_set(t->parsed, CURLUPART_URL, t->url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(t->parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
		http_target_unref(t);
		(void)err_set(e, EX_CONFIG, "not an absolute URL without user name");
		return NULL;
	}
	allowed = strcmp(scheme, "https") == 0 ||
		  (h->limits.allow_http && strcmp(scheme, "http") == 0);
	curl_free(scheme);
	if (!allowed) {
		http_target_unref(t);
		(void)err_set(e, EX_CONFIG, "the URL must begin with https://%s",
			      h->limits.allow_http ? " or http://" : "");
		return NULL;
	}
	return t;
}

/* Makes h->target the parsed origin of url; *path is the rest of it. libcurl would look at each of its
 * characters three times for each request. */
static int http_aim(struct http *h, const char *url, const char **path, struct err *e)
{
	const char *host = strstr(url, "://");
	size_t len, end;
	struct http_target *t;

	for (end = 0; url[end] > ' ' && url[end] < 0x7f; end++)
		;
	if (url[end] != '\0')
		return err_set(e, EX_CONFIG, "the URL holds a character that must be escaped");
	if (end >= HTTP_REQUEST_BYTES)
		return err_set(e, EX_DATAERR, "the URL is longer than 1 MiB");
	len = host == NULL ? end : (size_t)(host - url) + 3;
	while (len < end && url[len] != '/' && url[len] != '?' && url[len] != '#')
		len++;
	*path = url + len;
	if (h->target != NULL && h->target->len == len && memcmp(h->target->url, url, len) == 0)
		return 0;
	t = http_target_new(h, url, len, e);
	if (t == NULL)
		return -1;
	http_target_unref(h->target);
	h->target = t;
	return 0;
}

/* The call asks for path, which is what stands in a URL after the host: perhaps nothing, perhaps only a
 * query, perhaps with a fragment, which stays here. */
static void http_call_ask(struct http_call *c, const char *path)
{
	const char *hash = strchr(path, '#');
	size_t len = hash != NULL ? (size_t)(hash - path) : strlen(path);
	size_t slash = *path != '/';

	if (c->path.len == len + slash && memcmp(c->path.data + slash, path, len) == 0)
		return;
	buf_reset(&c->path);
	(void)buf_add(&c->path, "/", slash);
	(void)buf_add(&c->path, path, len);
	curl_easy_setopt(c->easy, CURLOPT_REQUEST_TARGET, buf_text(&c->path));
}

static bool http_headers_equal(const struct http_headset *s, const struct http_request *req)
{
	const struct curl_slist *have = s->list;

	for (size_t i = 0; i < req->n_headers; i++, have = have->next) {
		if (have == s->own || strcmp(have->data, req->headers[i]) != 0)
			return false;
	}
	return have == s->own;
}

static bool http_header_valid(const char *line)
{
	size_t name = strcspn(line, ":");

	if (name == 0 || line[name] != ':' || strcspn(line, " \t") < name)
		return false;
	for (const char *p = line; *p != '\0'; p++) {
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return false;
	}
	return true;
}

/* The node that was added. */
static struct curl_slist *http_headset_add(struct http_headset *s, const char *line)
{
	struct curl_slist *list = curl_slist_append(s->list, line);

	if (list == NULL)
		abort();
	s->list = list;
	while (list->next != NULL)
		list = list->next;
	return list;
}

/* Makes h->headset the request's headers. */
static int http_dress(struct http *h, const struct http_request *req, struct err *e)
{
	struct http_headset *s;
	bool named = false;

	if (h->headset != NULL && http_headers_equal(h->headset, req))
		return 0;
	for (size_t i = 0; i < req->n_headers; i++) {
		if (!http_header_valid(req->headers[i]))
			return err_set(e, EX_DATAERR, "a request header is malformed");
	}
	s = mem_calloc(1, sizeof(*s));
	s->refs = 1;
	for (size_t i = 0; i < req->n_headers; i++) {
		named = named || strncasecmp(req->headers[i], "User-Agent:", 11) == 0;
		(void)http_headset_add(s, req->headers[i]);
	}
	/* CURLOPT_USERAGENT would be formatted twice for each request. */
	if (!named)
		s->own = http_headset_add(s, "User-Agent: moidan/" MOIDAN_VERSION);
	http_headset_unref(h->headset);
	h->headset = s;
	return 0;
}

/* Gives the call what differs from the request it carried last. */
static void http_call_load(struct http_call *c, const struct http_request *req,
			   const char *path, bool post)
{
	struct http *h = c->http;

	if (c->target != h->target) {
		http_target_unref(c->target);
		c->target = h->target;
		c->target->refs++;
		curl_easy_setopt(c->easy, CURLOPT_CURLU, c->target->parsed);
	}
	http_call_ask(c, path);
	if (c->headset != h->headset) {
		http_headset_unref(c->headset);
		c->headset = h->headset;
		c->headset->refs++;
		curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headset->list);
	}
	if (post) {
		buf_reset(&c->sent);
		(void)buf_add(&c->sent, req->body, req->body_len);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, buf_text(&c->sent));
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE, (long)c->sent.len);
	} else {
		curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	}
	buf_reset(&c->head);
	buf_reset(&c->body);
	c->n_headers = 0;
	c->requests = 0;
	c->refused_address = false;
	c->started_us = http_now_us();
}

int http_send(struct http *h, const struct http_request *req, http_done_fn done, void *arg,
	      struct err *e)
{
	bool post = strcmp(req->method, "POST") == 0;
	struct http_lane *lane = h->lanes;
	struct http_call *c;
	const char *path = "";

	if (h->calls >= h->limits.in_flight)
		return err_set(e, EX_TEMPFAIL, "%d requests are under way already", h->calls);
	if (!post && (strcmp(req->method, "GET") != 0 || req->body_len > 0))
		return err_set(e, EX_CONFIG, "only GET without a body and POST are sent");
	if (req->body_len > HTTP_REQUEST_BYTES)
		return err_set(e, EX_DATAERR, "the request is longer than 1 MiB");
	if (http_aim(h, req->url, &path, e) < 0 || http_dress(h, req, e) < 0)
		return -1;
	while (lane->calls >= HTTP_LANE_CALLS)
		lane++;
	c = http_call_get(h);
	http_call_load(c, req, path, post);
	c->done = done;
	c->arg = arg;
	c->lane = lane;
	lane->calls++;
	h->calls++;
	if (curl_multi_add_handle(lane->multi, c->easy) != CURLM_OK)
		abort(); /* a handle that is in use twice, or no memory */
	return 0;
}

int http_in_flight(const struct http *h)
{
	return h->calls;
}

const char *http_reply_header(const struct http_reply *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	}
	return NULL;
}

bool http_is_loopback(const char *url)
{
	static const char *const hosts[] = {"127.0.0.1", "[::1]", "localhost"};
	const char *host = strstr(url, "://");
	size_t all, len;

	if (host == NULL)
		return false;
	host += 3;
	all = strcspn(host, "/?#");
	/* "http://localhost:x@elsewhere/" */
	if (memchr(host, '@', all) != NULL)
		return false;
	len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (strlen(hosts[i]) == len && strncmp(hosts[i], host, len) == 0)
			return true;
	}
	return false;
}
