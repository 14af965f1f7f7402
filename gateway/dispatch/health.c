/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/health.h"

#include "base/clock.h"

#define HEALTH_STEP    10
#define HEALTH_ERRORS  10 /* in a minute; the fuse lets no more than some twenty through */
#define HEALTH_LATE    (5 * CLOCK_SECOND_MS) /* an answer after so long is slow */
#define HEALTH_ANSWERS 20		     /* fewer say nothing */
#define HEALTH_SLOW    15		     /* hundredths of them */
#define HEALTH_MINUTE  CLOCK_MINUTE_MS
#define HEALTH_QUARTER (15 * CLOCK_MINUTE_MS)
#define HEALTH_QUIET   (15 * CLOCK_MINUTE_MS)
#define HEALTH_DRIFT   (5 * CLOCK_MINUTE_MS)

void health_init(struct health *h, int weight)
{
	*h = (struct health){.weight = weight};
}

/* A clock that was set back begins anew. */
static bool health_over(int64_t from, int64_t now, int64_t length)
{
	return now < from || now - from >= length;
}

void health_answer(struct health *h, int64_t now, bool trouble, int64_t took_ms)
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
	h->slow += took_ms >= HEALTH_LATE;
	if (trouble || took_ms >= HEALTH_LATE)
		h->trouble_at = now;
}

bool health_is_slow(const struct health *h)
{
	return h->answers >= HEALTH_ANSWERS && h->slow * 100 >= h->answers * HEALTH_SLOW;
}

static int health_change(struct health *h, int64_t now, int by)
{
	h->weight += by;
	h->changed_at = now;
	h->errors = 0;
	h->answers = h->slow = 0;
	return by;
}

int health_judge(struct health *h, int64_t now, bool others_slow, const char **why)
{
	bool errors = h->errors >= HEALTH_ERRORS && now - h->minute < HEALTH_MINUTE;
	bool slow = health_is_slow(h) && !others_slow;

	if (now < h->changed_at)
		h->changed_at = now;
	if ((errors || slow) && h->weight > HEALTH_LEAST &&
	    (h->changed_at == 0 || now - h->changed_at >= HEALTH_MINUTE)) {
		*why = errors ? "nhiều lỗi trong một phút" : "trả lời chậm";
		return health_change(h, now, -HEALTH_STEP);
	}
	if (h->weight < HEALTH_FULL && now - h->changed_at >= HEALTH_DRIFT &&
	    now - h->trouble_at >= HEALTH_QUIET) {
		*why = "15 phút không có lỗi";
		return health_change(h, now, HEALTH_STEP);
	}
	return 0;
}
