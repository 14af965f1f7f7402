/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/pace.h"

#include <limits.h>

#include "base/clock.h"

#define PACE_SEGMENT   1000 /* tokens */
#define PACE_BURST_MS  250  /* what may be saved up: a quarter of a second */
#define PACE_FUSE      8    /* failures in a row */
#define PACE_PAUSE_MAX (60 * CLOCK_SECOND_MS)

static int64_t pace_burst(const struct pace *p)
{
	int64_t burst = p->rate * PACE_BURST_MS;

	return burst > PACE_SEGMENT ? burst : PACE_SEGMENT;
}

void pace_init(struct pace *p, int64_t rate, int64_t limit)
{
	*p = (struct pace){.rate = rate, .limit = limit, .tokens = PACE_SEGMENT};
}

void pace_set(struct pace *p, int64_t rate, int64_t limit)
{
	p->rate = rate;
	p->limit = limit;
	if (p->tokens > pace_burst(p))
		p->tokens = pace_burst(p);
}

/* A wall clock that was set back gives nothing, one that was set forward gives one burst. */
static void pace_refill(struct pace *p, int64_t now)
{
	int64_t burst = pace_burst(p);
	int64_t passed = now - p->refilled_at;

	p->refilled_at = now;
	if (passed <= 0)
		return;
	if (passed > CLOCK_HOUR_MS)
		passed = CLOCK_HOUR_MS;
	p->tokens += passed * p->rate;
	if (p->tokens > burst)
		p->tokens = burst;
}

int64_t pace_room(const struct pace *p, int64_t now)
{
	int64_t limit = p->failures >= PACE_FUSE ? 1 : p->limit;

	if (now < p->paused_until || p->in_flight >= limit)
		return 0;
	return limit - p->in_flight;
}

int pace_segments(struct pace *p, int64_t now)
{
	int64_t whole;

	if (p->rate == 0)
		return INT_MAX;
	pace_refill(p, now);
	whole = p->tokens / PACE_SEGMENT;
	if (whole <= 0)
		return 0;
	return whole < INT_MAX ? (int)whole : INT_MAX;
}

void pace_take(struct pace *p, int segments)
{
	p->in_flight++;
	if (p->rate != 0)
		p->tokens -= (int64_t)segments * PACE_SEGMENT;
}

void pace_give_back(struct pace *p)
{
	if (p->in_flight > 0)
		p->in_flight--;
}

void pace_take_along(struct pace *p, int segments)
{
	pace_take(p, segments);
	p->in_flight--;
	p->along++;
}

void pace_give_back_along(struct pace *p)
{
	if (p->along > 0)
		p->along--;
}

int64_t pace_next(struct pace *p, int64_t now)
{
	int64_t at = now > p->paused_until ? now : p->paused_until;

	if (pace_room(p, at) == 0)
		return INT64_MAX;
	if (pace_segments(p, now) == 0) {
		/* Worth waking for is a whole burst: rates of thousands go in handfuls. */
		int64_t missing = pace_burst(p) - p->tokens;
		int64_t full = now + (missing + p->rate - 1) / p->rate;

		if (full > at)
			at = full;
	}
	return at;
}

void pace_pause(struct pace *p, int64_t until)
{
	if (until > p->paused_until)
		p->paused_until = until;
}

void pace_worked(struct pace *p)
{
	p->failures = 0;
	p->trips = 0;
}

bool pace_failed(struct pace *p, int64_t now)
{
	int64_t pause = CLOCK_SECOND_MS;

	if (p->failures < PACE_FUSE)
		p->failures++;
	/* What was under way when it blew fails too, and is no news. */
	if (p->failures < PACE_FUSE || now < p->paused_until)
		return false;
	for (int i = 0; i < p->trips && pause < PACE_PAUSE_MAX; i++)
		pause *= 2;
	p->trips++;
	pace_pause(p, now + (pause < PACE_PAUSE_MAX ? pause : PACE_PAUSE_MAX));
	return true;
}
