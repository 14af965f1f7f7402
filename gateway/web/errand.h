/* SPDX-License-Identifier: Apache-2.0 */
/* Work that goes on after its visit was answered, and how far it is: kept in memory for whoever looks. What it
 * leaves is on disk; when the gateway ends in the middle, it is as if it had not been begun. */
#ifndef MOIDAN_WEB_ERRAND_H
#define MOIDAN_WEB_ERRAND_H

#include <stdbool.h>

#include "base/err.h"
#include "web/secret.h"

enum errand_state {
	ERRAND_CHECKING,  /* a list is read */
	ERRAND_IMPORTING, /* it is taken in */
	ERRAND_REFUSED,	  /* neither came to an end: see why */
	ERRAND_IMPORTED,
};
const char *errand_state_name(enum errand_state s); /* "checking" … */

struct errand {
	char token[SECRET_TOKEN]; /* of the upload; "" = a place that is free */
	char who[80], file[256];
	enum errand_state state;
	int done, of;	/* lines; of 0 = not known yet */
	struct err why; /* of ERRAND_REFUSED */
	int64_t begun;	/* in which order they were */
};

/* Thread-safe. */
struct errands;
struct errands *errands_new(void);
void errands_free(struct errands *all);
/* False when one is under way for the token, or there is no room: all are under way. One that is over makes room. */
bool errands_begin(struct errands *all, const char *token, const char *who, const char *file,
		   enum errand_state state);
void errands_step(struct errands *all, const char *token, int done, int of);
/* It is over: ERRAND_REFUSED, with why, or ERRAND_IMPORTED. */
void errands_end(struct errands *all, const char *token, enum errand_state state,
		 const struct err *why);
/* It is over, and what came of it stands elsewhere. */
void errands_forget(struct errands *all, const char *token);
/* Whether there is one of who's. */
bool errands_look(struct errands *all, const char *token, const char *who, struct errand *out);
bool errand_under_way(const struct errand *one);

#endif
