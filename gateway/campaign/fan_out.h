/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: messages being planned, on whichever rung. */
#ifndef MOIDAN_CAMPAIGN_FAN_OUT_H
#define MOIDAN_CAMPAIGN_FAN_OUT_H

#include "campaign/plan.h"

/* What an invitation is about, where that is not the campaign alone. */
struct fan_out_about {
	const struct session *session; /* NULL = none */
	int round;
};

struct fan_out {
	struct store *st;
	struct plan_writer writer;
	struct plan_units units;
	struct seating seating;
	struct message_plan *items; /* their texts are ours until they are written */
	size_t n, cap, rows, faults;
	struct seat *seats; /* to be taken with the items */
	size_t n_seats, cap_seats;
	int64_t invited; /* people, in this batch */
	struct fan_out_share {
		int64_t unit_id, waiting, share;
	} * shares; /* of the day's quota, by hamlet */
	size_t n_shares, cap_shares;
	int64_t left; /* of those who wait, after this batch */
	struct quota_pass *quota; /* counts along for the day's quota; NULL */
	size_t room;		  /* messages of this batch, where a quota holds */
	bool counting,
	    sharing;	 /* a look at who waits; only as many of each hamlet as its share */
	int64_t allowed; /* so many more today; -1 = any number */
	json_t *kept;	 /* what is kept of today's pass, when that goes on; NULL */
	int64_t budget;	 /* segments that may still be planned; -1 = any number */
	int64_t template_ids[PLAN_MAX_AUDIENCES], step_ids[PLAN_MAX_AUDIENCES][PLAN_ROUND];
	int64_t due_at, opens, cursor, absent_since, catch_up;
	int day;
	struct err *e; /* of a read that failed inside a scan */
	bool failed;
};

/* Ready for messages that go out from now on; 1, 0 when the texts are not those that
 * campaign_start() saw: then the campaign has been HALTED; -1. To be closed in any case. */
MUST_CHECK int fan_out_open(struct fan_out *f, struct store *st, const struct campaign_plan *p,
			    struct campaign *c, int64_t now, struct err *e);
void fan_out_close(struct fan_out *f);

/* Adds r's invitation on a rung, if r is written to: 1, 0 (why: it is not, or could not be rendered),
 * -1. about NULL = the campaign alone. */
MUST_CHECK int fan_out_add(struct fan_out *f, const struct recipient *r, int rung,
			   const struct fan_out_about *about, struct err *e);

/* Looks at so many rows after one, and writes what came of it. */
MUST_CHECK int fan_out_scan(struct fan_out *f, int64_t after, size_t rows, struct err *e);
MUST_CHECK int fan_out_write(struct fan_out *f, size_t *planned, struct err *e);

/* fan_out_day.c: a hamlet's part of the day's quota. */
struct fan_out_share *fan_out_share(struct fan_out *f, int64_t unit_id);
/* Reads what is kept of the pass. Sets the campaign's cursor to 0 where one begins: the one that it was in may have
 * been cut off by the night. */
MUST_CHECK int fan_out_day_begins(struct fan_out *f, struct campaign *c, struct err *e);
/* The next part of the day's pass. *over: it has come to its end; else the campaign's cursor says that it goes on. */
MUST_CHECK int fan_out_day(struct fan_out *f, struct campaign *c, size_t batch, size_t *planned,
			   bool *over, struct err *e);

#endif
