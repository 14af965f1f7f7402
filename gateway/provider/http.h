/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests on a libevent loop, by libcurl. Only http.c and mail.c know curl.
 *
 * What matters to a gateway is not only the answer but whether a request can
 * have reached the other side. libcurl writes a request again on a new
 * connection when a kept-alive one dies without an answer: one message would
 * become two. CURLOPT_PREREQFUNCTION is called before each writing; the second
 * is refused there, for a GET as well as a POST, and connections can be kept.
 * (A body through CURLOPT_READFUNCTION with a refusing CURLOPT_SEEKFUNCTION
 * guards a POST only, and costs a system call a request.) */
#ifndef MOIDAN_PROVIDER_HTTP_H
#define MOIDAN_PROVIDER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct event_base;
struct http;

struct http_limits {
	int in_flight; /* requests under way at once; more are refused by http_send */
	int64_t connect_timeout_ms; /* DNS, TCP and TLS */
	int64_t total_timeout_ms;   /* the whole request, a dripping answer included */
	size_t max_body; /* bytes of an answer that are kept; a longer one is HTTP_MAYBE_SENT */
	bool allow_http; /* plain http:// as well as https:// */
	bool allow_private; /* loopback and private addresses (tests, Kannel next door) */
};

/* One pool for one provider on one loop: connections, cookies and credentials never cross pools.
 * NULL with e. */
struct http *http_new(struct event_base *base, const struct http_limits *limits, struct err *e);

/* Ends what is under way without calling anybody back; not from inside a done callback. NULL is
 * allowed. */
void http_free(struct http *h);

/* Readies libcurl; once is enough, further calls do nothing. http_new() and mail_send() call it. In a
 * program with threads call it before the first is started. */
void http_global_init(void);

enum http_phase {
	HTTP_NOT_SENT, /* proved: no byte of the request reached a server (DNS, connect, TLS, refused) */
	HTTP_MAYBE_SENT, /* the request left, wholly or in part, and no complete answer came back */
	HTTP_ANSWERED /* a complete answer: status and body are valid */
};

struct http_header {
	const char *name; /* as it came; compare without case */
	const char *value;
};

struct http_reply {
	enum http_phase phase;
	int status;	  /* 200 …; 0 unless ANSWERED */
	const char *body; /* NUL-terminated after len bytes; borrowed for the callback */
	size_t len;
	const struct http_header *headers;
	size_t n_headers;
	char error[160]; /* what went wrong, without URL or secrets; "" when ANSWERED */
	int64_t elapsed_us;
};

/* The value of a header of the reply, NULL when absent. */
const char *http_reply_header(const struct http_reply *r, const char *name);

struct http_request {
	const char *method;	    /* "GET" or "POST" */
	const char *url;	    /* absolute */
	const char *const *headers; /* "Name: value", no CR or LF in them (refused) */
	size_t n_headers;
	const char *body; /* NULL for none; copied */
	size_t body_len;
};

typedef void (*http_done_fn)(const struct http_reply *reply, void *arg);

/* Starts a request; done is called later from the loop, once, never from inside this call.
 * 0, or -1 with e when it cannot be started (nothing was sent, done is not called): bad URL,
 * scheme not allowed, control characters, pool full. */
MUST_CHECK int http_send(struct http *h, const struct http_request *req, http_done_fn done,
			 void *arg, struct err *e);

int http_in_flight(const struct http *h);

/* Whether an absolute URL, of any scheme and without user name, names this machine: 127.0.0.1, [::1] or
 * localhost. Plain text is good enough there. */
bool http_is_loopback(const char *url);

#endif
