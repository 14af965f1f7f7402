/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/health.h"

#include <stddef.h>

#include "base/clock.h"

#define HEALTH_STEP    10
#define HEALTH_ANSWERS 20 /* fewer say nothing of how slow it is */
#define HEALTH_MINUTE  CLOCK_MINUTE_MS
#define HEALTH_QUARTER (15 * CLOCK_MINUTE_MS)
#define HEALTH_DRIFT   (5 * CLOCK_MINUTE_MS)

#define FIELD(name) .key = #name, .offset = offsetof(struct health_config, name)

static const struct conf_field health_fields[] = {
    /* The fuse lets no more than some twenty through. */
    {FIELD(errors), .type = CONF_INT, .fallback = "10", .min = 1, .max = 20,
     .help = "errors in a minute that take a tenth of its share"},
    {FIELD(late), .type = CONF_DURATION, .fallback = "5s", .min = 100,
     .max = 10 * CLOCK_MINUTE_MS, .help = "an answer that took so long is slow"},
    {FIELD(slow), .type = CONF_INT, .fallback = "15", .min = 1, .max = 100,
     .help = "hundredths of its answers that are slow and take a tenth of its share"},
    {FIELD(quiet), .type = CONF_DURATION, .fallback = "15m", .min = CLOCK_MINUTE_MS,
     .max = CLOCK_DAY_MS, .help = "so long without either, and its share comes back"},
    {.key = NULL},
};
const struct conf_table health_config_table = {"the health of providers",
					       sizeof(struct health_config), health_fields};

void health_init(struct health *h, int weight)
{
	*h = (struct health){.weight = weight};
}

/* A clock that was set back begins anew. */
static bool health_over(int64_t from, int64_t now, int64_t length)
{
	return now < from || now - from >= length;
}

void health_answer(struct health *h, const struct health_config *cfg, int64_t now, bool trouble,
		   int64_t took_ms)
{
	if (health_over(h->minute, now, HEALTH_MINUTE)) {
		h->minute = now;
		h->errors = 0;
	}
	if (health_over(h->quarter, now, HEALTH_QUARTER)) {
		h->quarter = now;
		h->answers = h->slow = 0;
	}
	h->answers++;
	h->errors += trouble;
	h->slow += took_ms >= cfg->late;
	if (trouble || took_ms >= cfg->late)
		h->trouble_at = now;
}

bool health_is_slow(const struct health *h, const struct health_config *cfg)
{
	return h->answers >= HEALTH_ANSWERS && h->slow * 100 >= h->answers * cfg->slow;
}

static int health_change(struct health *h, int64_t now, int by)
{
	h->weight += by;
	h->changed_at = now;
	h->errors = 0;
	h->answers = h->slow = 0;
	return by;
}

int health_judge(struct health *h, const struct health_config *cfg, int64_t now,
		 bool others_slow, const char **why)
{
	bool errors = h->errors >= cfg->errors && now - h->minute < HEALTH_MINUTE;
	bool slow = health_is_slow(h, cfg) && !others_slow;

	if (now < h->changed_at)
		h->changed_at = now;
	if ((errors || slow) && h->weight > HEALTH_LEAST &&
	    (h->changed_at == 0 || now - h->changed_at >= HEALTH_MINUTE)) {
		*why = errors ? "nhiều lỗi trong một phút" : "trả lời chậm";
		return health_change(h, now, -HEALTH_STEP);
	}
	if (h->weight < HEALTH_FULL && now - h->changed_at >= HEALTH_DRIFT &&
	    now - h->trouble_at >= cfg->quiet) {
		*why = "không còn lỗi";
		return health_change(h, now, HEALTH_STEP);
	}
	return 0;
}
