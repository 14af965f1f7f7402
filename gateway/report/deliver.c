/* SPDX-License-Identifier: Apache-2.0 */
#include "report/deliver.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shared.h"
#include "dispatch/queue.h"
#include "report/handover.h"
#include "report/week.h"

#define DELIVER_RUNS	 4
#define DELIVER_LIST	 64 /* newest jobs of a kind that are looked at for lateness */
#define DELIVER_ALARMS	 (3 * DELIVER_LIST)
#define DELIVER_GIVE_UP	 (3 * CLOCK_DAY_MS)
#define DELIVER_WAIT	 CLOCK_MINUTE_MS /* the n-th is n² times it */
#define DELIVER_WAIT_MAX CLOCK_HOUR_MS
#define DELIVER_TROUBLE	 CLOCK_MINUTE_MS /* after a look that failed */

/* A job that is not done although it should be. */
struct deliver_late {
	int64_t id;
	int week;
	int level; /* 1 at push_by, 2 at the deadline */
};

/* A job in hand, until what came of it is committed. */
struct deliver_run {
	bool used, ended;
	struct job job;
	struct handover *handover;
	struct handover_result result;
};

/* One look: the clockwork is turned, then what ended is recorded and what is due is taken, in two
 * transactions, so that what is wrong with one holds up neither. */
struct deliver_look {
	const struct report_house *h;
	struct shared *held; /* h is */
	int64_t now, wake;
	struct deliver_run *ended[DELIVER_RUNS];
	struct job jobs[DELIVER_RUNS];
	size_t n_ended, n_jobs, room;
	char instance[32];
	struct deliver_late late[DELIVER_ALARMS];
	size_t n_late;
};

struct deliver {
	struct event_base *base;
	struct engine *en;
	struct receivers *receivers;
	int timer_fd, bell;
	struct event *timer, *belled;
	struct deliver_run runs[DELIVER_RUNS];
	struct deliver_late alarms[DELIVER_ALARMS];
	size_t n_alarms;
	bool looking, again;
	bool recovered; /* what an earlier process left running waits again */
	bool closed;	/* only the answer to a look is waited for */
	atomic_bool closing;
	const struct report_house *h; /* of the looks to come */
	struct shared *held;

	struct deliver_look look; /* the store thread's own while looking */
};

/* ---- alarms ------------------------------------------------------------------------------- */

static void deliver_see(const struct job *j, void *arg)
{
	struct deliver *d = arg;
	struct deliver_look *look = &d->look;
	int64_t push_by = report_schedule_of(look->h, j->week).push_by;
	int level = look->now >= j->deadline ? 2 : look->now >= push_by ? 1 : 0;
	int64_t next = level == 0 && push_by < j->deadline ? push_by : j->deadline;

	if (!release_waits(d->h->cfg, j))
		return;
	if (level < 2 && next < look->wake)
		look->wake = next;
	if (level > 0 && look->n_late < DELIVER_ALARMS)
		look->late[look->n_late++] =
		    (struct deliver_late){.id = j->id, .week = j->week, .level = level};
}

/* Once a moment, in the life of a process. */
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

/* ---- what came of it ---------------------------------------------------------------------- */

static int64_t deliver_wait(const struct deliver_run *run)
{
	int64_t n = run->job.attempts < 60 ? run->job.attempts : 60;
	int64_t wait = n * n * DELIVER_WAIT;

	if (wait < run->result.wait_ms)
		wait = run->result.wait_ms;
	if (run->result.end == HANDOVER_REFUSED || wait > DELIVER_WAIT_MAX)
		wait = DELIVER_WAIT_MAX;
	return wait;
}

static enum job_state deliver_state(const struct deliver_run *run, int64_t now)
{
	if (run->result.end == HANDOVER_DONE)
		return JOB_DONE;
	return now < run->job.deadline + DELIVER_GIVE_UP ? JOB_WAITING : JOB_FAILED;
}

static int deliver_record(struct store *st, const struct deliver_run *run, int64_t now,
			  struct err *e)
{
	enum job_state state = deliver_state(run, now);

	return store_job_finish(st, run->job.id, state,
				state == JOB_WAITING ? now + deliver_wait(run)
						     : run->job.due_at,
				now, run->result.text, e);
}

static void deliver_tell(const struct deliver_run *run, int64_t now)
{
	const struct job *j = &run->job;
	enum job_state state = deliver_state(run, now);
	/* An error is new when it is not what was recorded last. */
	bool news = j->result == NULL || strcmp(j->result, run->result.text) != 0;
	enum log_level level =
	    state == JOB_DONE ? LOG_LEVEL_INFO
	    : state == JOB_FAILED || (run->result.end == HANDOVER_REFUSED && news)
		? LOG_LEVEL_ERROR
		: LOG_LEVEL_WARN;

	log_write(level, "report",
		  state == JOB_DONE			? "report_delivered"
		  : state == JOB_FAILED			? "report_failed"
		  : run->result.end == HANDOVER_REFUSED ? "report_refused"
							: "report_not_delivered",
		  "kind=%s week=%d job=%" PRId64 " attempt=%d result=\"%s\"", j->kind, j->week,
		  j->id, j->attempts, run->result.text);
}

static void deliver_run_end(struct deliver_run *run)
{
	handover_free(run->handover);
	job_clear(&run->job);
	*run = (struct deliver_run){.used = false};
}

/* ---- a look ------------------------------------------------------------------------------- */

static int deliver_tick(struct store *st, void *arg, struct err *e)
{
	struct deliver *d = arg;

	if (atomic_load(&d->closing))
		return 0;
	return report_tick(st, d->look.h, d->look.now, &d->look.wake, e);
}

static int deliver_take(struct store *st, struct deliver *d, struct err *e)
{
	struct deliver_look *look = &d->look;
	int64_t due = INT64_MAX;
	int rc = 1;

	(void)snprintf(look->instance, sizeof(look->instance), "%s", store_instance(st));
	if (!d->recovered && store_job_recover(st, e) < 0)
		return -1;
	while (look->n_jobs < look->room && rc > 0) {
		rc = store_job_take(st, look->now, &look->jobs[look->n_jobs], e);
		look->n_jobs += rc > 0;
	}
	if (rc < 0 ||
	    store_job_list(st, REPORT_JOB_PUSH, 0, DELIVER_LIST, deliver_see, d, e) < 0 ||
	    store_job_list(st, REPORT_JOB_EMAIL, 0, DELIVER_LIST, deliver_see, d, e) < 0 ||
	    store_job_list(st, REPORT_JOB_CONFIRM, 0, DELIVER_LIST, deliver_see, d, e) < 0)
		return -1;
	rc = store_job_next_due(st, &due, e);
	/* With no room the end of a run looks again. */
	if (rc > 0 && look->n_jobs < look->room && due < look->wake)
		look->wake = due;
	return rc < 0 ? -1 : 0;
}

static int deliver_work(struct store *st, void *arg, struct err *e)
{
	struct deliver *d = arg;

	for (size_t i = 0; i < d->look.n_ended; i++) {
		if (deliver_record(st, d->look.ended[i], d->look.now, e) < 0)
			return -1;
	}
	if (atomic_load(&d->closing) || !d->look.h->cfg->enabled)
		return 0;
	return deliver_take(st, d, e);
}

static void deliver_start(struct deliver *d, struct job *job)
{
	struct deliver_run *run = d->runs;

	while (run->used)
		run++;
	*run = (struct deliver_run){.used = true, .job = *job};
	run->handover = handover_start(d->receivers, &run->job, d->look.instance, d->bell);
}

static void deliver_destroy(struct deliver *d)
{
	for (size_t i = 0; i < DELIVER_RUNS; i++)
		deliver_run_end(&d->runs[i]);
	shared_drop(d->held);
	free(d);
}

static void deliver_look_end(struct deliver *d)
{
	d->looking = false;
	shared_drop(d->look.held);
	d->look.held = NULL;
}

/* After the commit: now what was taken may leave the house. */
static void deliver_worked(int rc, const struct err *e, void *arg)
{
	struct deliver *d = arg;
	struct deliver_look *look = &d->look;

	deliver_look_end(d);
	if (rc < 0) {
		log_error("report", "jobs_failed", "reason=\"%s\"", e->text);
		look->wake = look->now + DELIVER_TROUBLE;
		look->n_late = 0;
	}
	for (size_t i = 0; rc == 0 && i < look->n_ended; i++) {
		deliver_tell(look->ended[i], look->now);
		deliver_run_end(look->ended[i]);
	}
	for (size_t i = 0; i < look->n_late; i++)
		deliver_alarm(d, &look->late[i]);
	for (size_t i = 0; i < look->n_jobs; i++) {
		if (rc == 0 && !d->closed)
			deliver_start(d, &look->jobs[i]);
		else
			job_clear(&look->jobs[i]);
	}
	if (d->closed) {
		deliver_destroy(d);
		return;
	}
	d->recovered = d->recovered || (rc == 0 && *look->instance != '\0');
	clock_set_alarm(d->timer_fd, look->wake);
	if (d->again)
		deliver_wake(d);
}

static void deliver_ticked(int rc, const struct err *e, void *arg)
{
	struct deliver *d = arg;
	struct deliver_look *look = &d->look;

	if (d->closed) {
		deliver_look_end(d);
		deliver_destroy(d);
		return;
	}
	if (rc < 0) {
		log_error("report", "tick_failed", "reason=\"%s\"", e->text);
		look->wake = look->now + DELIVER_TROUBLE;
	}
	for (size_t i = 0; i < DELIVER_RUNS; i++) {
		if (d->runs[i].ended)
			look->ended[look->n_ended++] = &d->runs[i];
		look->room += !d->runs[i].used;
	}
	if (engine_post(d->en, deliver_work, deliver_worked, d) < 0) {
		struct err busy = ERR_INIT;

		look->n_ended = 0;
		(void)err_set(&busy, EX_TEMPFAIL, "the store does not take work");
		deliver_worked(-1, &busy, d);
	}
}

void deliver_wake(struct deliver *d)
{
	if (d->looking) {
		d->again = true;
		return;
	}
	d->again = false;
	d->look = (struct deliver_look){
	    .h = d->h, .held = shared_hold(d->held), .now = clock_now_ms(), .wake = INT64_MAX};
	d->looking = true;
	if (engine_post(d->en, deliver_tick, deliver_ticked, d) == 0)
		return;
	deliver_look_end(d);
	clock_set_alarm(d->timer_fd, d->look.now + CLOCK_SECOND_MS);
}

/* ---- the caller's loop -------------------------------------------------------------------- */

static void deliver_on_timer(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0 && errno == EAGAIN)
		return;
	deliver_wake(arg);
}

/* Out of the callbacks of http, so that connections may be closed. */
static void deliver_gather(struct deliver *d)
{
	for (size_t i = 0; i < DELIVER_RUNS; i++) {
		struct deliver_run *run = &d->runs[i];

		if (run->handover == NULL || !handover_ended(run->handover, &run->result))
			continue;
		handover_free(run->handover);
		run->handover = NULL;
		run->ended = true;
	}
}

static void deliver_on_bell(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	bell_clear(fd);
	deliver_gather(arg);
	deliver_wake(arg);
}

static int deliver_open(struct deliver *d, struct err *e)
{
	d->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (d->timer_fd < 0)
		return err_set(e, EX_OSERR, "timerfd: %s", strerror(errno));
	d->timer = event_new(d->base, d->timer_fd, EV_READ | EV_PERSIST, deliver_on_timer, d);
	d->belled = event_new(d->base, d->bell, EV_READ | EV_PERSIST, deliver_on_bell, d);
	if (d->timer == NULL || d->belled == NULL || event_add(d->timer, NULL) < 0 ||
	    event_add(d->belled, NULL) < 0)
		return err_set(e, EX_OSERR, "no event for reports");
	return 0;
}

struct deliver *deliver_new(struct event_base *base, struct engine *en,
			    const struct report_house *h, struct shared *held, struct err *e)
{
	struct deliver *d = mem_calloc(1, sizeof(*d));

	d->base = base;
	d->en = en;
	d->h = h;
	d->held = shared_hold(held);
	d->timer_fd = -1;
	d->bell = bell_new();
	d->receivers = receivers_new(base, h->cfg, e);
	if (d->receivers == NULL || deliver_open(d, e) < 0) {
		deliver_free(d);
		return NULL;
	}
	deliver_wake(d);
	return d;
}

/* What ended after the last look, for the store thread: d may be gone by then. */
struct deliver_last {
	int64_t now;
	struct deliver_run ended[DELIVER_RUNS];
	size_t n;
};

static int deliver_record_last(struct store *st, void *arg, struct err *e)
{
	const struct deliver_last *last = arg;

	for (size_t i = 0; i < last->n; i++) {
		if (deliver_record(st, &last->ended[i], last->now, e) < 0)
			return -1;
	}
	return 0;
}

static void deliver_recorded_last(int rc, const struct err *e, void *arg)
{
	/* Otherwise they are handed over again, under the same name. */
	if (rc < 0)
		log_warn("report", "results_lost", "reason=\"%s\"", e->text);
	free(arg);
}

static void deliver_close_runs(struct deliver *d)
{
	struct deliver_last *last = mem_calloc(1, sizeof(*last));

	last->now = clock_now_ms();
	for (size_t i = 0; i < DELIVER_RUNS; i++) {
		if (d->runs[i].handover != NULL)
			handover_wait(d->runs[i].handover);
	}
	deliver_gather(d);
	for (size_t i = 0; i < DELIVER_RUNS; i++) {
		handover_free(d->runs[i].handover);
		d->runs[i].handover = NULL;
		if (d->runs[i].ended)
			last->ended[last->n++] = d->runs[i];
	}
	if (last->n == 0 ||
	    engine_post(d->en, deliver_record_last, deliver_recorded_last, last) < 0)
		free(last);
}

void deliver_free(struct deliver *d)
{
	if (d == NULL)
		return;
	atomic_store(&d->closing, true);
	if (d->timer != NULL)
		event_free(d->timer);
	if (d->belled != NULL)
		event_free(d->belled);
	deliver_close_runs(d);
	receivers_unref(d->receivers);
	(void)close(d->bell);
	if (d->timer_fd >= 0)
		(void)close(d->timer_fd);
	d->closed = true;
	if (!d->looking)
		deliver_destroy(d);
}

int deliver_reconfigure(struct deliver *d, const struct report_house *h, struct shared *held,
			struct err *e)
{
	struct receivers *r = receivers_new(d->base, h->cfg, e);

	if (r == NULL)
		return -1;
	receivers_unref(d->receivers);
	d->receivers = r;
	d->h = h;
	shared_hold(held);
	shared_drop(d->held);
	d->held = held;
	deliver_wake(d);
	return 0;
}
