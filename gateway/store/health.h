/* SPDX-License-Identifier: Apache-2.0 */
/* The share that a provider has of its channel, and why it changed. */
#ifndef MOIDAN_STORE_HEALTH_H
#define MOIDAN_STORE_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* In hundredths of what it is configured for: 1/0/-1. */
int store_provider_weight_get(struct store *st, int id, int *weight, struct err *e);
/* Changes it and keeps why. In a transaction. */
MUST_CHECK int store_provider_weight_set(struct store *st, int id, int weight, int64_t at,
					 const char *reason, struct err *e);
/* The changes, newest first. Borrowed. */
MUST_CHECK int store_provider_weights(struct store *st, size_t max,
				      void (*fn)(const char *provider, int64_t at, int weight,
						 const char *reason, void *arg),
				      void *arg, struct err *e);

/* Until when a provider as a whole is left alone, and why (a quota that is used up): 1 and *why, yours; 0 when
 * it never was, or is used again; -1. The moment may have passed. */
int store_provider_rest_get(struct store *st, int id, int64_t *until, char **why,
			    struct err *e);
/* until 0: it is used again. In a transaction. */
MUST_CHECK int store_provider_rest_set(struct store *st, int id, int64_t until, const char *why,
				       struct err *e);

#endif
