/* SPDX-License-Identifier: Apache-2.0 */
/* The weekly clockwork over many weeks, through whatever may happen to it, and what it did. */
#ifndef MOIDAN_TESTS_REPORT_WEEKS_H
#define MOIDAN_TESTS_REPORT_WEEKS_H

#include "report_house.h"
#include "store/message.h"

#define WEEKS_HEADS	3 /* in the list of officials: Tân Phú, Tân Mỹ, Tân Đông */
#define WEEKS_RECEIVERS 2
#define WEEKS_FIRST	report_at(20230605, 0, 0) /* Monday of week 23 */
#define WEEKS_ALL                                                                              \
	395 /* from then to the end of 2030, up to which the calendar knows the holidays */
#define WEEKS_SEEN 128

/* xorshift64: the same each time. */
static inline uint64_t weeks_dice(uint64_t *seed, uint64_t sides)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % sides;
}

/* How often what of which week, counted from a first one; first: when its Monday begins. */
struct weeks_seen {
	int64_t first;
	int digests[WEEKS_SEEN], jobs[WEEKS_SEEN];
	int64_t job_due[WEEKS_SEEN];
};

static inline size_t weeks_index(const struct weeks_seen *s, int week)
{
	civil_day days = civil_iso_week_monday(week) - civil_day_of(s->first);

	assert_in_range(days, 0, 7 * (WEEKS_SEEN - 1));
	return (size_t)days / 7;
}

static inline bool weeks_see_message(const struct message_row *r, void *arg)
{
	struct weeks_seen *s = arg;

	s->digests[weeks_index(s, r->step)]++;
	return true;
}

static inline void weeks_see_job(const struct job *j, void *arg)
{
	struct weeks_seen *s = arg;

	s->jobs[weeks_index(s, j->week)]++;
	s->job_due[weeks_index(s, j->week)] = j->due_at;
}

static inline struct weeks_seen weeks_look(struct report_test *t, int64_t first)
{
	static const struct message_filter all = {.state = -1};
	struct weeks_seen s = {.first = first};
	struct err e = ERR_INIT;

	world_must(store_message_list(t->w.st, &all, 100000, weeks_see_message, &s, &e), &e,
		   "list");
	world_must(store_job_list(t->w.st, NULL, 0, 100000, weeks_see_job, &s, &e), &e, "jobs");
	return s;
}

/* One turn of the clockwork, and what may happen to it. */
static inline void weeks_turn(struct report_test *t, uint64_t *seed)
{
	int64_t now = clock_now_ms();

	switch (weeks_dice(seed, 16)) {
	case 0: /* a crash: nothing of it happened, until it is started again */
		(void)report_test_tick(t, false);
		world_reopen(&t->w);
		(void)report_test_tick(t, true);
		break;
	case 1:
		(void)report_test_tick(t, true);
		world_reopen(&t->w);
		break;
	case 2:
		(void)report_test_tick(t, true);
		clock_jump_virtual(-CLOCK_HOUR_MS);
		(void)report_test_tick(t, true);
		break;
	case 3: /* a wrong clock for a moment */
		clock_jump_virtual((int64_t)weeks_dice(seed, 5 * 7) * CLOCK_DAY_MS);
		(void)report_test_tick(t, true);
		clock_set_virtual(now);
		(void)report_test_tick(t, true);
		break;
	default:
		(void)report_test_tick(t, true);
		(void)report_test_tick(t, true);
	}
}

/* Until end, an hour to hours apart, with crashes before the commit, restarts, turns for nothing, and a clock
 * that is set back an hour, or forth and back. */
static inline void weeks_live(struct report_test *t, uint64_t *seed, int64_t now, int64_t end,
			      uint64_t hours)
{
	for (; now < end;
	     now += CLOCK_HOUR_MS + (int64_t)weeks_dice(seed, hours * 60) * CLOCK_MINUTE_MS) {
		clock_set_virtual(now);
		weeks_turn(t, seed);
	}
	/* Sunday evening of the last week */
	(void)report_test_tick_at(t, end - 29 * CLOCK_HOUR_MS);
}

#endif
