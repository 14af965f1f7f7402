/* SPDX-License-Identifier: Apache-2.0 */
#include "store/report.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/private.h"

/* ---- figures ------------------------------------------------------------------------------ */

int store_figures_freeze(struct store *st, const char *kind, int week, const char *json,
			 int64_t at, bool *frozen, struct err *e)
{
	static const char FREEZE[] =
	    "INSERT INTO figures(kind, week, json, sha256, at) VALUES ($1, $2, $3, $4, $5)"
	    " ON CONFLICT (kind, week) DO NOTHING";
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * crypto_hash_sha256_BYTES + 1];
	struct db_stmt *s = db_query(st->db, FREEZE, e);

	store_want_transaction(st, "figures_freeze");
	if (s == NULL)
		return -1;
	(void)crypto_hash_sha256(hash, (const unsigned char *)json, strlen(json));
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	db_put_text(s, kind);
	db_put_int(s, week);
	db_put_text(s, json);
	db_put_text(s, hex);
	db_put_int(s, at);
	if (db_run(s, e) != 0)
		return -1;
	*frozen = db_changes(st->db) == 1;
	return 0;
}

int store_figures_get(struct store *st, const char *kind, int week, char **json, int64_t *at,
		      char sha256[65], struct err *e)
{
	static const char GET[] =
	    "SELECT json, at, sha256 FROM figures WHERE kind = $1 AND week = $2";
	struct db_stmt *s = db_query(st->db, GET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, kind);
	db_put_int(s, week);
	rc = db_step(s, e);
	if (rc == 1) {
		*json = db_get_string(s);
		*at = db_get_int(s);
		(void)snprintf(sha256, 65, "%s", db_get_text(s));
	}
	db_done(s);
	return rc;
}

int store_figures_before(struct store *st, const char *kind, int week, int *found, char **json,
			 struct err *e)
{
	static const char BEFORE[] =
	    "SELECT week, json FROM figures WHERE kind = $1 AND week < $2"
	    " ORDER BY week DESC LIMIT 1";
	struct db_stmt *s = db_query(st->db, BEFORE, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, kind);
	db_put_int(s, week);
	rc = db_step(s, e);
	if (rc == 1) {
		*found = db_get_int32(s);
		*json = db_get_string(s);
	}
	db_done(s);
	return rc;
}

/* ---- jobs --------------------------------------------------------------------------------- */

#define COLUMNS                                                                                \
	"id, kind, target, week, state, attempts, due_at, deadline, done_at, payload, result"

void job_clear(struct job *j)
{
	free(j->kind);
	free(j->target);
	free(j->payload);
	free(j->result);
	*j = (struct job){0};
}

static void job_read(struct db_stmt *s, struct job *j)
{
	*j = (struct job){0};
	j->id = db_get_int(s);
	j->kind = db_get_string(s);
	j->target = db_get_string(s);
	j->week = db_get_int32(s);
	j->state = (enum job_state)db_get_int32(s);
	j->attempts = db_get_int32(s);
	j->due_at = db_get_int(s);
	j->deadline = db_get_int(s);
	j->done_at = db_get_int(s);
	j->payload = db_get_string(s);
	j->result = db_get_string(s);
}

int store_job_add(struct store *st, const struct job *j, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO job(kind, week, target, state, attempts, due_at, deadline, done_at,"
	    " payload, result) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	    " ON CONFLICT (kind, week, target) DO NOTHING";
	struct db_stmt *s = db_query(st->db, ADD, e);

	store_want_transaction(st, "job_add");
	if (s == NULL)
		return -1;
	db_put_text(s, j->kind);
	db_put_int(s, j->week);
	db_put_text(s, j->target);
	db_put_int(s, j->state);
	db_put_int(s, j->attempts);
	db_put_int(s, j->due_at);
	db_put_int(s, j->deadline);
	db_put_int(s, j->done_at);
	db_put_text(s, j->payload);
	db_put_text(s, j->result);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) == 1;
}

int store_job_take(struct store *st, int64_t now, struct job *out, struct err *e)
{
	static const char NEXT[] =
	    "SELECT " COLUMNS " FROM job WHERE state = 0 AND due_at <= $1"
	    " ORDER BY due_at, id LIMIT 1";
	static const char TAKE[] = "UPDATE job SET state = $1, attempts = $2 WHERE id = $3";
	struct db_stmt *s = db_query(st->db, NEXT, e);
	int rc;

	store_want_transaction(st, "job_take");
	if (s == NULL)
		return -1;
	db_put_int(s, now);
	rc = db_step(s, e);
	if (rc == 1)
		job_read(s, out);
	db_done(s);
	if (rc != 1)
		return rc;
	out->state = JOB_RUNNING;
	out->attempts++;
	if ((s = db_query(st->db, TAKE, e)) != NULL) {
		db_put_int(s, out->state);
		db_put_int(s, out->attempts);
		db_put_int(s, out->id);
		if (db_run(s, e) == 0)
			return 1;
	}
	job_clear(out);
	return -1;
}

int store_job_finish(struct store *st, int64_t id, enum job_state state, int64_t due_at,
		     int64_t now, const char *result, struct err *e)
{
	static const char FINISH[] =
	    "UPDATE job SET state = $1, due_at = $2, done_at = $3, result = $4 WHERE id = $5";
	struct db_stmt *s = db_query(st->db, FINISH, e);

	store_want_transaction(st, "job_finish");
	if (s == NULL)
		return -1;
	db_put_int(s, state);
	db_put_int(s, due_at);
	db_put_int(s, state == JOB_WAITING ? 0 : now);
	db_put_text(s, result);
	db_put_int(s, id);
	return db_run(s, e);
}

int store_job_recover(struct store *st, struct err *e)
{
	static const char RECOVER[] = "UPDATE job SET state = 0 WHERE state = 1";

	store_want_transaction(st, "job_recover");
	return db_run(db_query(st->db, RECOVER, e), e);
}

int store_job_next_due(struct store *st, int64_t *due_at, struct err *e)
{
	static const char NEXT[] =
	    "SELECT due_at FROM job WHERE state = 0 ORDER BY due_at LIMIT 1";

	return db_run_int(db_query(st->db, NEXT, e), due_at, e);
}

int store_job_list(struct store *st, const char *kind, int week, size_t max,
		   void (*fn)(const struct job *j, void *arg), void *arg, struct err *e)
{
	static const char LIST[] = "SELECT " COLUMNS " FROM job WHERE ($1 IS NULL OR kind = $1)"
				   " AND ($2 = 0 OR week = $2) ORDER BY id DESC LIMIT $3";
	struct db_stmt *s = db_query(st->db, LIST, e);
	struct job j;
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, kind);
	db_put_int(s, week);
	db_put_int(s, max > INT64_MAX ? INT64_MAX : (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		job_read(s, &j);
		fn(&j, arg);
		job_clear(&j);
	}
	db_done(s);
	return rc;
}
