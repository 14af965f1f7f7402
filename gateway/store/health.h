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

#endif
