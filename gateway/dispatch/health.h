/* SPDX-License-Identifier: Apache-2.0 */
/* How well a provider answers, and the share of its channel that follows from it: errors and slowness take
 * ten hundredths away, quiet gives them back, slowly, so that it does not swing. Pure; time comes in as
 * an argument. Source of the shape of the rules: ten down at once, at most one change a minute, ten up
 * every five minutes after some quiet, and none when all are slow alike. */
#ifndef MOIDAN_DISPATCH_HEALTH_H
#define MOIDAN_DISPATCH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"

/* `dispatch.health:` of moidan.yaml. */
struct health_config {
	int64_t errors; /* so many in a minute: down; 10 */
	int64_t late;	/* an answer after so long (ms) is slow; 5 s */
	int64_t slow;	/* so many hundredths of its answers are: down; 15 */
	int64_t quiet;	/* so long (ms) without either: up again; 15 min */
};
extern const struct conf_table health_config_table;

#define HEALTH_FULL  100
#define HEALTH_LEAST 10 /* enough to see whether it works again */

struct health {
	int weight;		 /* hundredths */
	int64_t minute, quarter; /* when the windows under way began */
	int errors;		 /* in this minute */
	int answers, slow;	 /* in this quarter of an hour */
	int64_t trouble_at;	 /* the last error or slow spell; 0 = none */
	int64_t changed_at;
};

void health_init(struct health *h, int weight);

/* One answer: whether it spoke of a provider in trouble, and how long it took (0 = not known). */
void health_answer(struct health *h, const struct health_config *cfg, int64_t now, bool trouble,
		   int64_t took_ms);

/* Whether so many of its answers are late that it counts as slow. */
bool health_is_slow(const struct health *h, const struct health_config *cfg);

/* The change that is due, already made: −10, +10 or 0; why is static. others_slow: every other provider
 * of the channel is slow as well. */
int health_judge(struct health *h, const struct health_config *cfg, int64_t now,
		 bool others_slow, const char **why);

#endif
