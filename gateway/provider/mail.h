/* SPDX-License-Identifier: Apache-2.0 */
/* One e-mail by SMTP, built as MIME with encoded headers (RFC 2047, 2231). */
#ifndef MOIDAN_PROVIDER_MAIL_H
#define MOIDAN_PROVIDER_MAIL_H

#include <stddef.h>

#include "base/err.h"

struct mail_attachment {
	const char *filename; /* UTF-8 */
	const char *type;     /* "application/json" … */
	const char *data;
	size_t len;
};

struct mail {
	const char *url;  /* "smtp://host:25" or "smtps://host:465" */
	const char *user; /* NULL = no login */
	const char *password;
	const char *from;      /* address alone */
	const char *const *to; /* addresses, NULL-terminated */
	const char *subject;   /* UTF-8 */
	const char *text;      /* UTF-8 body */
	const char
	    *message_id; /* "<…@…>": the same for each try, so that a receiver can tell */
	const struct mail_attachment *attachments;
	size_t n_attachments;
	long timeout_ms;
};

/* Delivers to the server, blocking; call it from a thread that may wait. 0, or -1 with e:
 * EX_TEMPFAIL (try again), EX_UNAVAILABLE (refused for good), EX_CONFIG. */
MUST_CHECK int mail_send(const struct mail *m, struct err *e);

/* The message as it goes out (headers and body, CRLF), for tests and --dry-run. Yours to free(). */
char *mail_format(const struct mail *m, size_t *len);

#endif
