/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the store: the migrations of schema/, embedded when it was built. */
#ifndef MOIDAN_STORE_SCHEMA_H
#define MOIDAN_STORE_SCHEMA_H

#include "base/err.h"

struct schema_step {
	int version; /* 1, 2 …; 0 ends the array */
	const char *name;
	const char *sql;
};
extern const struct schema_step schema_steps[];

struct store;

/* 0 = the file's schema is this program's; 1 = it is older (or empty); -1 with EX_CONFIG when it is
 * newer, or was made by other texts than ours. */
int schema_compare(struct store *st, struct err *e);
/* Brings it up to date, one transaction a step, under the writer's lock. */
MUST_CHECK int schema_migrate(struct store *st, struct err *e);

#endif
