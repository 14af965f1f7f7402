/* SPDX-License-Identifier: Apache-2.0 */
/* Frozen figures, and the jobs that carry them out of the house once. */
#ifndef MOIDAN_STORE_REPORT_H
#define MOIDAN_STORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* What went out for a programme, by unit of its rows (0 = none): the rows that a message left for or
 * that are linked to one that left, those of them that the provider says it reached (failed to reach,
 * with every one), and the messages and segments themselves. Streams are not counted. */
struct message_figures {
	int64_t unit_id;
	int64_t invited, delivered, undelivered; /* rows still in the list */
	int64_t messages, segments;
};
MUST_CHECK int store_message_figures(struct store *st, const char *programme,
				     void (*fn)(const struct message_figures *f, void *arg),
				     void *arg, struct err *e);

/* How many rows of a programme that are still in the list came to a session, by unit. */
MUST_CHECK int store_came_figures(struct store *st, const char *programme,
				  void (*fn)(int64_t unit_id, int64_t came, void *arg),
				  void *arg, struct err *e);

/* Freezes figures (a JSON text) under (kind, ISO week): the first stays, *frozen says whether this call
 * froze them. In a transaction. */
MUST_CHECK int store_figures_freeze(struct store *st, const char *kind, int week, const char *json,
				    int64_t at, bool *frozen, struct err *e);
/* 1/0/-1; json is yours to free(). *at: when they were frozen. sha256 is 65 bytes of hex. */
int store_figures_get(struct store *st, const char *kind, int week, char **json, int64_t *at,
		      char sha256[65], struct err *e);
/* The newest week before week: 1/0/-1. */
int store_figures_before(struct store *st, const char *kind, int week, int *found, char **json,
			 struct err *e);

/* A job is done once a (kind, week, target): "weekly-push" 202324 "https://…". */
enum job_state { JOB_WAITING = 0, JOB_RUNNING = 1, JOB_DONE = 2, JOB_FAILED = 3, JOB_UNCERTAIN = 4 };
struct job {
	int64_t id;
	char *kind, *target;
	int week;
	enum job_state state;
	int attempts;
	int64_t due_at, deadline, done_at;
	char *payload; /* what is handed over, frozen with the job */
	char *result;
};
void job_clear(struct job *j);
/* Makes the job when it is not there: 1 made, 0 was there, -1. In a transaction. */
int store_job_add(struct store *st, const struct job *j, struct err *e);
/* The waiting job with the earliest due_at <= now: 1/0/-1 (marked RUNNING, attempts + 1). In a
 * transaction. */
int store_job_take(struct store *st, int64_t now, struct job *out, struct err *e);
MUST_CHECK int store_job_finish(struct store *st, int64_t id, enum job_state state, int64_t due_at,
				int64_t now, const char *result, struct err *e);
/* RUNNING at start-up: WAITING again (their receivers know them by id). In a transaction. */
MUST_CHECK int store_job_recover(struct store *st, struct err *e);
int store_job_next_due(struct store *st, int64_t *due_at, struct err *e);
/* The newest first; kind NULL: of any, week 0: of any. */
MUST_CHECK int store_job_list(struct store *st, const char *kind, int week, size_t max,
			      void (*fn)(const struct job *j, void *arg), void *arg,
			      struct err *e);

#endif
