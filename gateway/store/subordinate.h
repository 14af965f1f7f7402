/* SPDX-License-Identifier: Apache-2.0 */
/* Summaries that gateways below handed up. */
#ifndef MOIDAN_STORE_SUBORDINATE_H
#define MOIDAN_STORE_SUBORDINATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

enum subordinate_put {
	SUBORDINATE_TAKEN,
	SUBORDINATE_KNOWN, /* came before, word for word */
	SUBORDINATE_OTHER  /* another one of that week came before: it stays */
};
/* body: JSON text of len bytes. In a transaction. */
MUST_CHECK int store_subordinate_put(struct store *st, const char *commune, int week,
				     const char *ref, const char *body, size_t len, int64_t at,
				     enum subordinate_put *what, struct err *e);
/* 1/0/-1; body is yours to free(). */
int store_subordinate_get(struct store *st, const char *commune, int week, char **body,
			  int64_t *received_at, struct err *e);

#endif
