/* SPDX-License-Identifier: Apache-2.0 */
/* The duty rota: who sits where on which day. */
#ifndef MOIDAN_STORE_DUTY_H
#define MOIDAN_STORE_DUTY_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/store.h"

/* Text is borrowed by the verbs that write and by the callback that reads. */
struct duty {
	int64_t id;
	civil_day day;
	int opens, closes; /* minutes of the day */
	char *place;	   /* "Văn phòng ấp Tân Phú", "Bộ phận Một cửa" */
	int64_t unit_id;   /* of a hamlet's office; 0 = the commune's */
	char *name;
	uint64_t number; /* 0 = as the list of officials has it */
};

/* By day, beginning, place and name: made (1), or brought up to date (0). -1. d->id is set. In a
 * transaction. */
int store_duty_put(struct store *st, struct duty *d, struct err *e);
/* 1/0/-1. In a transaction. */
int store_duty_remove(struct store *st, int64_t id, struct err *e);
/* In order of day, hour, place and name; from … to, both counted. */
MUST_CHECK int store_duty_list(struct store *st, civil_day from, civil_day to,
			       void (*fn)(const struct duty *d, void *arg), void *arg,
			       struct err *e);
/* The first day after `day` on which somebody is on duty: 1, 0 there is none, -1. */
int store_duty_next(struct store *st, civil_day day, civil_day *next, struct err *e);

/* Notes that a message told its person of these hours (day, opens, closes, place of d). In a transaction. */
MUST_CHECK int store_duty_told(struct store *st, int64_t message_id, const struct duty *d,
			       struct err *e);
/* Whatever messages said of a day, by person, then in the order in which they were written; d has day, hours and
 * place, borrowed. */
MUST_CHECK int store_duty_told_list(struct store *st, civil_day day,
				    void (*fn)(int64_t recipient_id, int64_t message_id,
					       const struct duty *d, void *arg),
				    void *arg, struct err *e);

#endif
