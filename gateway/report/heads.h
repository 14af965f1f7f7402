/* SPDX-License-Identifier: Apache-2.0 */
/* Which officials are written to, by hamlet: those of an audience of their list. */
#ifndef MOIDAN_REPORT_HEADS_H
#define MOIDAN_REPORT_HEADS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "report/report.h"
#include "store/recipient.h"
#include "store/store.h"

/* The units of the house, by id. */
struct units {
	struct unit *items;
	size_t n, cap;
};
MUST_CHECK int units_load(struct units *u, struct store *st, struct err *e);
void units_free(struct units *u);
/* NULL when there is none of that id. */
const struct unit *units_find(const struct units *u, int64_t id);

/* Whether a list means that unit, be its kind written before its name or not. */
bool heads_same_unit(const char *name, const struct unit *u);

enum head_status { HEAD_OK, HEAD_MISSING, HEAD_NO_PHONE, HEAD_HELD };
const char *head_status_name(enum head_status s); /* "ok", "missing", "no_phone", "held" */

struct head {
	int64_t recipient_id, contact_id, rev;
	enum head_status status;
	char *unit_fold; /* name of the hamlet without its kind, folded */
};
struct heads {
	struct head *items;
	size_t n, cap;
};
/* Empty when there is no list of officials or it has no such audience (logged by the caller). */
MUST_CHECK int heads_load(struct heads *out, struct store *st, const struct report_house *h,
			  const char *audience, const struct units *u, struct err *e);
void heads_free(struct heads *hs);
/* The next head of a hamlet after item *i (start with 0), NULL when there is none left. Two heads of
 * one hamlet both get its digest, one head of two hamlets gets two. */
const struct head *heads_of(const struct heads *hs, const char *unit, const char *kind,
			    size_t *i);
/* The best that can be said of a hamlet: OK when one of its heads can be written to. */
enum head_status heads_status(const struct heads *hs, const char *unit, const char *kind);

#endif
