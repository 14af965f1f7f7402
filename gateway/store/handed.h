/* SPDX-License-Identifier: Apache-2.0 */
/* Paper that was given to whoever carries it. */
#ifndef MOIDAN_STORE_HANDED_H
#define MOIDAN_STORE_HANDED_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Numbers are stored. */
enum handed_kind { HANDED_LETTER = 1, HANDED_VISIT = 2 };

/* Notes it once a (campaign, kind, recipient): 1 noted, 0 it was before, -1. In a transaction. */
int store_handed_add(struct store *st, int64_t campaign_id, enum handed_kind kind,
		     int64_t recipient_id, int64_t at, const char *who, struct err *e);
/* When: 1 and *at, 0 never, -1. */
int store_handed_get(struct store *st, int64_t campaign_id, enum handed_kind kind,
		     int64_t recipient_id, int64_t *at, struct err *e);

#endif
