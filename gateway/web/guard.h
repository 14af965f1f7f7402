/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the raw bytes of one HTTP/1 request and decides whether evhttp may see
 * them. evhttp lets through much that two parsers can read differently (a
 * second Content-Length, "+3", a space before the colon, NUL, no Host): here
 * exactly one reading is possible, everything else is refused. No I/O.
 *
 * Framing is by Content-Length alone (RFC 9112 §6.3 lets a server answer 411);
 * a proxy in front turns chunked bodies into that. */
#ifndef MOIDAN_WEB_GUARD_H
#define MOIDAN_WEB_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define GUARD_HEAD_MAX	  8192u	 /* request line and headers, bytes */
#define GUARD_BODY_MAX	  65536u /* bytes */
#define GUARD_HEADERS_MAX 64	 /* header lines */

enum guard_result {
	GUARD_MORE,	/* so far so good */
	GUARD_COMPLETE, /* guard_bytes() is one whole request */
	GUARD_REFUSED	/* status and reason say why; nothing of it may go on */
};

/* Why a request was refused; guard_reason_name() is its label in the metrics. */
enum guard_reason {
	GUARD_OK,
	GUARD_BAD_LINE, /* request line or line ending */
	GUARD_BAD_METHOD,
	GUARD_BAD_TARGET,
	GUARD_BAD_VERSION,
	GUARD_BAD_HEADER,
	GUARD_BAD_HOST,
	GUARD_BAD_LENGTH,
	GUARD_BAD_ENCODING, /* Transfer-Encoding */
	GUARD_BAD_EXPECT,
	GUARD_HEAD_TOO_LARGE,
	GUARD_BODY_TOO_LARGE,
	GUARD_NO_ROOM,	/* keeps() failed */
	GUARD_TOO_SLOW, /* set by the keeper of the deadline */
	GUARD_REASON_COUNT
};
const char *guard_reason_name(enum guard_reason r);
int guard_reason_status(enum guard_reason r); /* the HTTP status to answer with */

struct guard {
	struct buf bytes; /* the request as far as it has come */
	size_t line;	  /* where the line that is being read begins */
	size_t head_len;  /* 0 until the head is complete */
	size_t body_len;
	int n_lines;
	unsigned seen; /* which framing headers came */
	bool may_have_body;
	bool keeping;	     /* the body goes to keeps() */
	bool wants_continue; /* head complete, "Expect: 100-continue", body still to come */
	enum guard_reason reason;
	/* Asked, with the whole head, for a body larger than GUARD_BODY_MAX: how many bytes it may have.
	 * NULL: no more than that. */
	size_t (*admits)(const char *head, size_t len, void *arg);
	void *admits_arg;
	/* Given the bytes of such a body one after the other, false where it cannot keep them; the request's
	 * Content-Length reads 0 then. NULL: they come into bytes as others do. */
	bool (*keeps)(const char *p, size_t n, void *arg);
	void *keeps_arg;
	size_t kept;	  /* so many were given */
	size_t length_at; /* where the digits of Content-Length stand in bytes, and how many */
	size_t length_n;
};

void guard_init(struct guard *g);
void guard_free(struct guard *g);
/* Ready for the next request of the connection. */
void guard_reset(struct guard *g);

/* Takes bytes of the stream, at most to the end of the request. *used says how many; the rest belongs
 * to the next one. After COMPLETE or REFUSED only guard_reset() may follow. */
enum guard_result guard_feed(struct guard *g, const char *p, size_t n, size_t *used);

/* Whether a request has begun. */
bool guard_begun(const struct guard *g);

#endif
