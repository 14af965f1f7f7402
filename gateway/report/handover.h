/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: one job handed over once, by HTTP POST or by e-mail.
 * Whether and when it is tried again is the caller's business. */
#ifndef MOIDAN_REPORT_HANDOVER_H
#define MOIDAN_REPORT_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "report/report.h"
#include "store/report.h"

struct event_base;

/* Who receives, with secrets and connections; copied from the configuration. Counted: each job under
 * way keeps the receivers that it began with. */
struct receivers;

/* Checks the configuration, reads and redacts its secrets. NULL with e (EX_CONFIG). */
struct receivers *receivers_new(struct event_base *base, const struct reports_config *c,
				struct err *e);
/* Not from inside a callback of http. NULL is allowed. */
void receivers_unref(struct receivers *r);

enum handover_end {
	HANDOVER_DONE,
	HANDOVER_LATER,	 /* try again soon */
	HANDOVER_REFUSED /* the receiver or our configuration is wrong */
};
struct handover_result {
	enum handover_end end;
	int64_t wait_ms; /* not to be tried again before; 0 = the receiver did not say */
	char text[160];	 /* what happened, without addresses and secrets */
};

struct handover;

/* Begins. bell is rung when it has ended, be that at once. job is borrowed until handover_free(). */
struct handover *handover_start(struct receivers *r, const struct job *job,
				const char *instance, int bell);
/* Whether it has ended, and how. */
bool handover_ended(struct handover *h, struct handover_result *out);
/* Until an e-mail under way has ended: 25 s at most. */
void handover_wait(struct handover *h);
/* A POST under way ends unheard, with the connections of its receivers: let those go, too, before the
 * loop runs again. NULL is allowed. */
void handover_free(struct handover *h);

#endif
