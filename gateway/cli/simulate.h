/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: Plan 46 on a virtual clock. simulate.c is the clockwork, sim_days.c what happens on
 * which day and what people do, sim_print.c the tables. */
#ifndef MOIDAN_CLI_SIMULATE_H
#define MOIDAN_CLI_SIMULATE_H

#include "cli/cli.h"
#include "dispatch/outbox.h"

/* Something that is still to happen. */
enum sim_kind {
	SIM_RESULT,  /* the provider's answer to a message */
	SIM_RECEIPT, /* what became of it */
	SIM_COME,    /* somebody comes to the counter */
	SIM_CLOSE,   /* a session is over */
	SIM_DAY,     /* a day begins */
};

struct sim_event {
	int64_t at, order;
	enum sim_kind kind;
	int64_t id; /* of the message, recipient, session */
	int64_t campaign_id, recipient_id;
	uint64_t number;
	int attempt, provider_id;
	bool good; /* accepted, delivered */
};

struct simulation {
	struct cli *c;
	char *home;
	struct outbox *o;
	uint64_t luck;
	long come,
	    absent; /* per cent: of those reached who come; of those with a seat who do not */
	struct sim_event *events; /* a heap by time, then order */
	size_t n_events, cap_events;
	int64_t order, wake, report_at, end;
	int64_t campaigns[3]; /* vneid, vneid after the first deadline, cccd; 0 = not yet */
	int64_t sent, delivered, turns;
	json_t *days, *weeks, *sessions;
};

#define SIM_CAMPAIGNS 3

/* simulate.c */
void sim_add(struct simulation *s, const struct sim_event *ev);
bool sim_chance(struct simulation *s, long per_mille);
int64_t sim_below(struct simulation *s, int64_t n);

/* sim_days.c: 0 or -1. */
MUST_CHECK int sim_begin(struct simulation *s, struct err *e);
MUST_CHECK int sim_day(struct simulation *s, struct err *e);
MUST_CHECK int sim_reached(struct simulation *s, const struct sim_event *receipt,
			   struct err *e);
MUST_CHECK int sim_come(struct simulation *s, const struct sim_event *ev, struct err *e);
MUST_CHECK int sim_close(struct simulation *s, const struct sim_event *ev, struct err *e);

/* sim_print.c */
MUST_CHECK int sim_collect(struct simulation *s, struct err *e);
int sim_print(struct simulation *s);

#endif
