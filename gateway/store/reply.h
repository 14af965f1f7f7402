/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of citizens and officials: kept as they came, once each. */
#ifndef MOIDAN_STORE_REPLY_H
#define MOIDAN_STORE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Numbers are stored. */
enum reply_kind {
	REPLY_UNKNOWN = 0,      /* nobody understood it */
	REPLY_OPT_OUT = 1,
	REPLY_WRONG_PERSON = 2,
	REPLY_WILL_COME = 3,
	REPLY_RESULT = 4,       /* an official entered a result */
	REPLY_REFUSED = 5,      /* tried to: a wrong hamlet, an unknown code */
	REPLY_FIGURES = 6,      /* an official handed in the week's figures */
	REPLY_KINDS
};
const char *reply_kind_name(enum reply_kind k); /* "opt_out" … */
const char *reply_kind_vi(enum reply_kind k);
int reply_kind_from_name(const char *name, enum reply_kind *k); /* 1/0 */

/* Text is borrowed by the verbs that write, and by callbacks. */
struct reply {
	int64_t id;
	int provider_id;
	const char *ref; /* the provider's id of it; "" = none */
	uint64_t number;
	const char *text;
	int64_t at, received_at; /* at: 0 = not said */
	enum reply_kind kind;
	bool open;
	int64_t recipient_id;
	const char *note;
	const char *raw; /* only written */
	size_t raw_len;
};

/* 1 and r->id, 0 when it was there before, -1. In a transaction. */
int store_reply_add(struct store *st, struct reply *r, struct err *e);
/* What was made of it. In a transaction. 1/0/-1 */
int store_reply_set(struct store *st, int64_t id, enum reply_kind kind, bool open,
		    int64_t recipient_id, const char *note, struct err *e);

struct reply_filter {
	int64_t id;       /* 0 = any */
	bool open;        /* only those that wait for an officer */
	int64_t since;    /* received then or later; 0 = any */
	int64_t after_id; /* keyset */
};
MUST_CHECK int store_reply_list(struct store *st, const struct reply_filter *f, size_t max,
				bool (*fn)(const struct reply *r, void *arg), void *arg,
				struct err *e);
/* How many wait for an officer. */
MUST_CHECK int store_reply_open(struct store *st, int64_t *n, struct err *e);
/* How many of a kind came from a number before. */
MUST_CHECK int store_reply_before(struct store *st, uint64_t number, enum reply_kind kind,
				  int64_t before_id, int64_t *n, struct err *e);

/* Whose number it is: calls fn for each row, of all programmes; false stops. */
MUST_CHECK int store_number_recipients(struct store *st, uint64_t number,
				       bool (*fn)(int64_t id, int64_t contact_id, int64_t unit_id,
						  const char *programme, void *arg),
				       void *arg, struct err *e);

#endif
