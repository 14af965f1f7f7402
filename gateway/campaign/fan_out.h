/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: messages being planned, on whichever rung. */
#ifndef MOIDAN_CAMPAIGN_FAN_OUT_H
#define MOIDAN_CAMPAIGN_FAN_OUT_H

#include "campaign/plan.h"

struct fan_out {
	struct store *st;
	struct plan_writer writer;
	struct plan_units units;
	struct message_plan *items; /* their texts are ours until they are written */
	size_t n, rows, faults;
	int64_t template_ids[PLAN_MAX_AUDIENCES];
	int64_t due_at, cursor, absent_since;
	int day;
	struct err *e; /* of a read that failed inside a scan */
	bool failed;
};

/* Room for max messages that go out from now on; 1, 0 when the texts are not those that
 * campaign_start() saw: then the campaign has been HALTED; -1. To be closed in any case. */
MUST_CHECK int fan_out_open(struct fan_out *f, struct store *st, const struct campaign_plan *p,
			    struct campaign *c, int64_t now, size_t max, struct err *e);
void fan_out_close(struct fan_out *f);

/* Adds r's message on a rung, if r is written to: 1, 0 (why: it is not, or could not be rendered), -1. */
MUST_CHECK int fan_out_add(struct fan_out *f, const struct recipient *r, int rung,
			   struct err *e);

#endif
