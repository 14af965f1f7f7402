/* SPDX-License-Identifier: Apache-2.0 */
/* A campaign's ladder: the channels that a person is tried on, one after the other, and what lets them
 * go on to the next. Data, stored with the campaign as it was written:
 *
 *     zalo:24h,sms:72h,letter,visit
 *     zalo:24h:fallback+badnum,sms:72h,visit
 *
 * CHANNEL[:WAIT][:END+END…]. WAIT: so long without proof of delivery ends the rung too; a letter or a
 * visit without one stays until an officer says what became of it, any other rung has 72 h. END: which
 * answers end it: undelivered, fallback (not on this channel), badnum, content, failed (tries used up,
 * or given up while uncertain). Without any: all but content, which is a fault of the text that an
 * officer has to see. */
#ifndef MOIDAN_CAMPAIGN_LADDER_H
#define MOIDAN_CAMPAIGN_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

#define LADDER_MAX 8

/* `ladder:` of moidan.yaml. */
struct ladder_config {
	int64_t absent_for; /* how long a number is known to have no account on a channel */
};
extern const struct conf_table ladder_config_table;

enum ladder_end {
	LADDER_UNDELIVERED = 1 << 0,
	LADDER_FALLBACK = 1 << 1,
	LADDER_BADNUM = 1 << 2,
	LADDER_CONTENT = 1 << 3,
	LADDER_FAILED = 1 << 4,
};

struct ladder_rung {
	char channel[16];
	int64_t wait;  /* ms of silence; 0 = none */
	unsigned ends; /* enum ladder_end */
	bool paper;    /* a letter or a visit: carried by people, not by a provider */
};

struct ladder {
	struct ladder_rung rungs[LADDER_MAX];
	int n;
};

/* Reads text; NULL or "" is one rung, the channel. -1 with e (EX_DATAERR, Vietnamese). */
MUST_CHECK int ladder_parse(const char *text, const char *channel, struct ladder *out,
			    struct err *e);

/* message_plan.onward of a rung. */
int64_t ladder_onward(const struct ladder *l, int rung);

/* The rung of a channel; -1 when there is none. */
int ladder_find(const struct ladder *l, const char *channel);

/* The first rung from here on that people carry; -1 when there is none. */
int ladder_paper(const struct ladder *l, int from);

/* "Zalo", "SMS", "thư", "đến nhà"; another channel's own name. */
const char *ladder_channel_vi(const char *channel);

#endif
