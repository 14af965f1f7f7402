/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that officers wrote in the place of files, version by version. */
#ifndef MOIDAN_STORE_TEXT_VERSION_H
#define MOIDAN_STORE_TEXT_VERSION_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Text is borrowed by put and by the callback of list. */
struct text_version {
	char *name; /* of the file that it stands for: "sms/vneid/a1.txt" */
	int version; /* from 1 on */
	char *text; /* NULL: the file's own again */
	char *who;
	int64_t at;
};

/* What counts now: 1, *version and *text (yours to free(); NULL: the file's); 0: the file, as nobody wrote
 * anything (*version is 0, *text NULL); -1. */
int store_text_now(struct store *st, const char *name, int *version, char **text,
		   struct err *e);
/* Writes t as the version that follows seen; t->version is set. 1; 0 when another was written meanwhile; -1.
 * Audited. In a transaction. */
int store_text_put(struct store *st, struct text_version *t, int seen, struct err *e);
/* How many were ever saved: grows with each. */
MUST_CHECK int store_text_count(struct store *st, int64_t *n, struct err *e);
/* Newest first; name NULL = all. */
MUST_CHECK int store_text_list(struct store *st, const char *name,
			       void (*fn)(const struct text_version *t, void *arg), void *arg,
			       struct err *e);

#endif
