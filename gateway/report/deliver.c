/* SPDX-License-Identifier: Apache-2.0 */
#include "report/deliver.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/handover.h"

#define DELIVER_RUNS	4
#define DELIVER_ALARMS	64 /* jobs whose alarms are remembered */
#define DELIVER_LIST	64 /* newest jobs that are looked at for lateness */
#define DELIVER_GIVE_UP (3 * CLOCK_DAY_MS)
#define DELIVER_WAIT	CLOCK_MINUTE_MS
#define DELIVER_WAIT_MAX CLOCK_HOUR_MS
#define DELIVER_TROUBLE	(5 * CLOCK_MINUTE_MS) /* after a turn of the clockwork that failed */
#define DELIVER_AHEAD	(366 * CLOCK_DAY_MS)

/* A job that is not done although it should be: 1 at push_by, 2 at the deadline. */
struct deliver_late {
	int64_t id;
	int week, level;
};

struct deliver_run {
	struct deliver *d;
	bool used;
	struct job job;
	struct handover *handover;
};

struct deliver {
	struct event_base *base;
	struct engine *en;
	const struct report_house *h;
	struct handover_config *receivers;
	int timer_fd, bell_fd;
	struct event *timer, *bell;
	struct deliver_run runs[DELIVER_RUNS];
	struct deliver_late alarms[DELIVER_ALARMS];
	size_t n_alarms;
	char instance[16];
	int64_t wake;
	size_t posts;	/* under way at the engine */
	bool recovered, /* what an earlier process left running waits again */
	    looking, again, closed;
};

/* One look: the clockwork is turned and due jobs are taken, in two transactions, so that what is wrong
 * with one holds up neither. */
struct deliver_look {
	struct deliver *d;
	const struct report_house *h;
	int64_t now, wake;
	bool recover;
	char instance[16];
	struct job jobs[DELIVER_RUNS];
	size_t n, room;
	struct deliver_late late[DELIVER_LIST];
	size_t n_late;
};

struct deliver_result {
	struct deliver *d;
	int64_t id, due_at, now;
	enum job_state state;
	char text[160];
};

static void deliver_start(struct deliver *d, struct job *job);

static void deliver_unpost(struct deliver *d)
{
	d->posts--;
	if (d->closed && d->posts == 0)
		free(d);
}

/* ---- when to look ------------------------------------------------------------------------ */

/* CANCEL_ON_SET: a wall clock that was set is told at once, and then what is due now is looked for. */
static void deliver_arm(struct deliver *d, int64_t at)
{
	struct itimerspec when = {.it_interval = {0}};
	int64_t now = clock_now_ms();
	int64_t wait = at <= now ? 1 : at - now < DELIVER_AHEAD ? at - now : DELIVER_AHEAD;

	(void)clock_gettime(CLOCK_REALTIME, &when.it_value);
	when.it_value.tv_sec += wait / 1000;
	when.it_value.tv_nsec += wait % 1000 * 1000000;
	if (when.it_value.tv_nsec >= 1000000000) {
		when.it_value.tv_sec++;
		when.it_value.tv_nsec -= 1000000000;
	}
	(void)timerfd_settime(d->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
			      NULL);
}

static void deliver_on_timer(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0 && errno == EAGAIN)
		return;
	deliver_wake(arg);
}

/* ---- alarms ------------------------------------------------------------------------------ */

struct deliver_scan {
	struct deliver_look *look;
};

static void deliver_see(const struct job *j, void *arg)
{
	struct deliver_look *look = arg;
	int64_t push_by = report_schedule_of(look->h, j->week).push_by;
	int64_t next = INT64_MAX;
	int level = 0;

	if (j->state == JOB_DONE || j->state == JOB_FAILED)
		return;
	if (look->now < push_by && push_by < j->deadline)
		next = push_by;
	else if (look->now < j->deadline)
		next = j->deadline;
	if (next < look->wake)
		look->wake = next;
	if (look->now >= j->deadline)
		level = 2;
	else if (look->now >= push_by)
		level = 1;
	if (level > 0 && look->n_late < DELIVER_LIST)
		look->late[look->n_late++] =
		    (struct deliver_late){.id = j->id, .week = j->week, .level = level};
}

static void deliver_alarm(struct deliver *d, const struct deliver_late *late)
{
	struct deliver_late *known = NULL;

	for (size_t i = 0; i < d->n_alarms && i < DELIVER_ALARMS; i++) {
		if (d->alarms[i].id == late->id)
			known = &d->alarms[i];
	}
	if (known != NULL && known->level >= late->level)
		return;
	if (known == NULL)
		known = &d->alarms[d->n_alarms++ % DELIVER_ALARMS];
	*known = *late;
	log_error("report", "report_late", "week=%d job=%" PRId64 " passed=%s", late->week,
		  late->id, late->level > 1 ? "deadline" : "push_by");
}

/* ---- a look ------------------------------------------------------------------------------ */

static int deliver_tick(struct store *st, void *arg, struct err *e)
{
	struct deliver_look *look = arg;

	return report_tick(st, look->h, look->now, &look->wake, e);
}

static void deliver_ticked(int rc, const struct err *e, void *arg)
{
	struct deliver_look *look = arg;

	if (rc < 0) {
		log_error("report", "tick_failed", "reason=\"%s\"", e->text);
		look->wake = look->now + DELIVER_TROUBLE;
	}
	/* The second post carries the look on; its answer is still to come. */
	look->d->posts--;
}

static int deliver_take(struct store *st, void *arg, struct err *e)
{
	struct deliver_look *look = arg;
	int64_t due = INT64_MAX;
	int rc = 1;

	(void)snprintf(look->instance, sizeof(look->instance), "%s", store_instance(st));
	if (look->recover && store_job_recover(st, e) < 0)
		return -1;
	while (look->n < look->room && rc > 0) {
		rc = store_job_take(st, look->now, &look->jobs[look->n], e);
		look->n += rc > 0;
	}
	if (rc < 0 ||
	    store_job_list(st, REPORT_JOB_PUSH, DELIVER_LIST, deliver_see, look, e) < 0 ||
	    store_job_list(st, REPORT_JOB_EMAIL, DELIVER_LIST, deliver_see, look, e) < 0 ||
	    store_job_next_due(st, &due, e) < 0)
		return -1;
	/* With no room the end of a run looks again. */
	if (look->n < look->room && due < look->wake)
		look->wake = due;
	return 0;
}

static void deliver_taken(int rc, const struct err *e, void *arg)
{
	struct deliver_look *look = arg;
	struct deliver *d = look->d;

	if (rc < 0) {
		log_error("report", "jobs_failed", "reason=\"%s\"", e->text);
		look->wake = look->now + DELIVER_TROUBLE;
	}
	if (rc == 0 && !d->closed) {
		d->recovered = true;
		memcpy(d->instance, look->instance, sizeof(d->instance));
		for (size_t i = 0; i < look->n_late; i++)
			deliver_alarm(d, &look->late[i]);
		for (size_t i = 0; i < look->n; i++)
			deliver_start(d, &look->jobs[i]);
		look->n = 0;
	}
	for (size_t i = 0; i < look->n; i++)
		job_clear(&look->jobs[i]);
	d->looking = false;
	if (!d->closed) {
		deliver_arm(d, look->wake);
		if (d->again)
			deliver_wake(d);
	}
	free(look);
	deliver_unpost(d);
}

void deliver_wake(struct deliver *d)
{
	struct deliver_look *look;

	if (d->looking) {
		d->again = true;
		return;
	}
	d->again = false;
	look = mem_calloc(1, sizeof(*look));
	look->d = d;
	look->h = d->h;
	look->now = clock_now_ms();
	look->wake = INT64_MAX;
	look->recover = !d->recovered;
	for (size_t i = 0; i < DELIVER_RUNS; i++)
		look->room += !d->runs[i].used;
	if (engine_post(d->en, deliver_tick, deliver_ticked, look) < 0) {
		free(look);
		deliver_arm(d, clock_now_ms() + CLOCK_SECOND_MS);
		return;
	}
	d->posts++;
	d->looking = true;
	/* Whoever could post once can post twice, unless the engine stops: then the answer to the first
	 * still comes. */
	if (engine_post(d->en, deliver_take, deliver_taken, look) == 0)
		d->posts++;
}
