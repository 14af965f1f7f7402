/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/account.h"
#include "store/private.h"
#include "store/schema.h"

#define WAIT_MS		 30000
#define CHECKPOINT_PAGES 4000

void store_fatal(const char *event, int64_t id, const char *what)
{
	log_error("store", event, "id=%" PRId64 " what=%s", id, what);
	abort();
}

void store_want_transaction(const struct store *st, const char *verb)
{
	if (!st->writing)
		store_fatal("no_transaction", 0, verb);
}

/* ---- opening --------------------------------------------------------------------------- */

int store_make_file(const char *path, bool must_be_new, struct err *e)
{
	/* Only ever a file that was not there: a second descriptor of an open database, once
	 * closed, would take SQLite's locks with it. */
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0) {
		lock_give(fd, path);
		return close(fd);
	}
	if (errno == EEXIST && !must_be_new)
		return 0;
	return err_set(e, EX_CANTCREAT, "%s: %s", path, err_os(errno));
}

int store_new_instance(struct store *st, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char text[7];

	for (int i = 0; i < 6; i++)
		text[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
	text[6] = '\0';
	memcpy(st->instance, text, sizeof(text));
	return store_meta_set(st, "instance", text, e);
}

static int store_load_identity(struct store *st, struct err *e)
{
	char *instance = NULL, *epoch = NULL;
	int rc;

	rc = store_meta_get(st, "instance", &instance, e);
	if (rc == 1 && strlen(instance) == 6)
		memcpy(st->instance, instance, 7);
	else if (rc >= 0)
		rc = err_set(e, EX_DATAERR, "the database has no instance id");
	if (rc == 1)
		rc = store_meta_get(st, "epoch", &epoch, e);
	if (rc == 1)
		st->epoch = strtoll(epoch, NULL, 10);
	free(instance);
	free(epoch);
	return rc < 0 ? -1 : 0;
}

static int store_quick_check(struct store *st, const char *pragma, struct err *e)
{
	struct db_stmt *s = db_query(st->db, pragma, e);
	const char *text;
	int rc = -1;

	if (s != NULL && (rc = db_step(s, e)) == 1) {
		text = db_get_text(s);
		rc = text != NULL && strcmp(text, "ok") == 0
			 ? 0
			 : err_set(e, EX_DATAERR, "the database is damaged: %s",
				   text ? text : "");
	}
	db_done(s);
	return rc;
}

/* A schema is brought up to date only when no daemon of an older version works on it. */
static int store_migrate(struct store *st, struct err *e)
{
	int fd, rc;

	if (st->mode == STORE_DAEMON)
		return schema_migrate(st, e);
	fd = lock_open(st->path, "-lock", e);
	if (fd < 0)
		return -1;
	rc = lock_daemon(fd, e);
	if (rc == 0)
		rc = schema_migrate(st, e);
	else
		err_context(e, "the schema has to be brought up to date; restart the daemon");
	(void)close(fd);
	return rc;
}

/* Under the daemon's lock. */
static int store_raise_epoch(struct store *st, struct err *e)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, st->epoch + 1);
	if (lock_mark_compare(st->daemon_fd, st->instance, st->epoch, e) != 0 ||
	    store_begin(st, e) != 0)
		return -1;
	/* Whatever was under way is not any more. */
	if (store_meta_set(st, "epoch", text, e) != 0 || store_api_call_recover(st, e) != 0) {
		store_rollback(st);
		return -1;
	}
	if (store_commit(st, e) != 0)
		return -1;
	st->epoch++;
	return lock_mark(st->daemon_fd, st->instance, st->epoch, e);
}

static int store_open_reader(struct store *st, struct err *e)
{
	int rc;

	if (db_open(st->path, DB_READ, &st->db, e) != 0)
		return -1;
	rc = schema_compare(st, e);
	if (rc == 1)
		rc = err_set(e, EX_CONFIG,
			     "the database has an older schema: start the daemon once");
	return rc;
}

/* Under the writer's lock. */
static int store_open_writer(struct store *st, struct err *e)
{
	static const char QUICK[] = "PRAGMA quick_check(1)";
	int rc;

	if (store_make_file(st->path, false, e) != 0 ||
	    db_open(st->path, DB_WRITE, &st->db, e) != 0)
		return -1;
	if (st->mode == STORE_DAEMON) {
		if (db_checkpoint(st->db, e) != 0 || store_quick_check(st, QUICK, e) != 0)
			return -1;
		db_autocheckpoint(st->db, CHECKPOINT_PAGES);
	}
	rc = schema_compare(st, e);
	return rc == 1 ? store_migrate(st, e) : rc;
}

static int store_open_locked(struct store *st, struct err *e)
{
	int rc;

	if (st->mode == STORE_READER)
		return store_open_reader(st, e);
	st->writer_fd = lock_open(st->path, "-writer", e);
	if (st->writer_fd < 0)
		return -1;
	if (st->mode == STORE_DAEMON) {
		st->daemon_fd = lock_open(st->path, "-lock", e);
		if (st->daemon_fd < 0 || lock_daemon(st->daemon_fd, e) != 0)
			return -1;
		st->daemon = true;
	}
	if (lock_writer(st->writer_fd, WAIT_MS, e) != 0)
		return -1;
	rc = store_open_writer(st, e);
	lock_writer_release(st->writer_fd);
	return rc;
}

int store_open(const char *path, enum store_mode mode, struct store **out, struct err *e)
{
	struct store *st = mem_calloc(1, sizeof(*st));

	if (sodium_init() < 0)
		store_fatal("no_random", 0, "libsodium");
	st->path = mem_strdup(path);
	st->mode = mode;
	st->writer_fd = -1;
	st->daemon_fd = -1;
	if (store_open_locked(st, e) != 0 || store_load_identity(st, e) != 0 ||
	    (mode == STORE_DAEMON && store_raise_epoch(st, e) != 0)) {
		err_context(e, "%s", path);
		store_close(st);
		return -1;
	}
	if (mode == STORE_DAEMON) {
		FAILPOINT("open.done");
		ballast_make(path);
		log_info("store", "opened", "path=%s instance=%s epoch=%" PRId64, path,
			 st->instance, st->epoch);
	}
	*out = st;
	return 0;
}

void store_close(struct store *st)
{
	struct err e = ERR_INIT;

	if (st == NULL)
		return;
	if (st->writing)
		store_rollback(st);
	store_read_end(st);
	if (st->mode == STORE_DAEMON && st->db != NULL && !st->broken &&
	    lock_writer(st->writer_fd, WAIT_MS, &e) == 0) {
		if (db_checkpoint(st->db, &e) != 0)
			log_warn("store", "checkpoint_failed", "error=\"%s\"", e.text);
		lock_writer_release(st->writer_fd);
	}
	db_close(st->db);
	if (st->writer_fd >= 0)
		(void)close(st->writer_fd);
	if (st->daemon_fd >= 0) {
		/* Also when a child that was forked still has the descriptor. */
		if (st->daemon)
			lock_daemon_release(st->daemon_fd);
		(void)close(st->daemon_fd);
	}
	kind_forget(st);
	free(st->deltas);
	free(st->ends);
	free(st->path);
	free(st);
}

const char *store_instance(const struct store *st)
{
	return st->instance;
}

int64_t store_epoch(const struct store *st)
{
	return st->epoch;
}

int store_daemon_pid(const char *path)
{
	return lock_daemon_pid(path);
}

void store_wake_daemon(const char *path)
{
	int pid = lock_daemon_pid(path);

	if (pid > 0)
		(void)kill(pid, SIGUSR1);
}

/* ---- transactions ---------------------------------------------------------------------- */

int store_begin(struct store *st, struct err *e)
{
	static const char BEGIN[] = "BEGIN IMMEDIATE";

	if (st->writing || st->reading || st->mode == STORE_READER)
		store_fatal("begin", 0, "not a writer, or in a transaction");
	if (st->broken)
		return err_set(e, EX_IOERR,
			       "a commit failed: its outcome has to be read from disk");
	if (lock_writer(st->writer_fd, WAIT_MS, e) != 0)
		return -1;
	if (db_run(db_query(st->db, BEGIN, e), e) != 0) {
		lock_writer_release(st->writer_fd);
		return -1;
	}
	st->writing = true;
	return 0;
}

/* Where the keys of a list fall anywhere in their index, a tenth of its time is pages that come and go. */
int store_begin_large(struct store *st, struct err *e)
{
	if (store_begin(st, e) != 0)
		return -1;
	st->large = true;
	if (db_cache(st->db, DB_CACHE_LARGE, e) == 0)
		return 0;
	store_rollback(st);
	return -1;
}

/* The transaction is over, whichever way. */
static void store_over(struct store *st)
{
	struct err e = ERR_INIT;

	if (!db_rollback(st->db))
		st->broken = true;
	st->writing = false;
	st->n_deltas = 0;
	st->n_ends = 0;
	st->import_id = 0;
	st->search_from = 0;
	st->search_rows = 0;
	kind_forget(st);
	if (st->large && db_cache(st->db, DB_CACHE_USUAL, &e) != 0)
		log_warn("store", "cache_stays_large", "error=\"%s\"", e.text);
	st->large = false;
	lock_writer_release(st->writer_fd);
	if (db_was_full(st->db) && ballast_drop(st->path))
		log_warn("store", "ballast_dropped", "path=%s", st->path);
}

void store_with_commit(struct store *st, int (*fn)(struct store *st, void *arg, struct err *e),
		       void *arg)
{
	st->with_commit = fn;
	st->with_commit_arg = arg;
}

static int store_do_with(struct store *st, struct err *e)
{
	int (*fn)(struct store * st, void *arg, struct err *e) = st->with_commit;

	st->with_commit = NULL;
	return fn != NULL ? fn(st, st->with_commit_arg, e) : 0;
}

int store_commit(struct store *st, struct err *e)
{
	struct err why = ERR_INIT;
	int rc;

	store_want_transaction(st, "commit");
	rc = store_do_with(st, &why);
	if (rc == 0)
		rc = message_moves_flush(st, &why);
	if (rc == 0)
		rc = kind_flush(st, &why);
	if (rc == 0)
		rc = search_flush(st, &why);
	if (rc == 0) {
		FAILPOINT("commit.before");
		rc = db_commit(st->db, &why);
		FAILPOINT("commit.after");
		/* An error of the disk while it was told to keep the page: perhaps it did. */
		if (rc != 0 && why.code == EX_IOERR)
			st->broken = true;
	}
	store_over(st);
	if (rc != 0)
		return err_set(e, why.code, "commit: %s", why.text);
	return 0;
}

void store_rollback(struct store *st)
{
	if (st->writing)
		store_over(st);
}

int store_end(struct store *st, int rc, struct err *e)
{
	if (rc >= 0)
		return store_commit(st, e) == 0 ? rc : -1;
	store_rollback(st);
	return -1;
}

int store_nest_begin(struct store *st, struct err *e)
{
	static const char NEST[] = "SAVEPOINT nest";

	store_want_transaction(st, "nest");
	if (message_moves_flush(st, e) != 0 || kind_flush(st, e) != 0)
		return -1;
	return db_run(db_query(st->db, NEST, e), e);
}

int store_nest_end(struct store *st, bool keep, struct err *e)
{
	static const char KEEP[] = "RELEASE nest";

	store_want_transaction(st, "nest");
	if (keep)
		return message_moves_flush(st, e) != 0 || kind_flush(st, e) != 0
			   ? -1
			   : db_run(db_query(st->db, KEEP, e), e);
	kind_forget(st);
	st->n_deltas = 0;
	st->n_ends = 0;
	st->import_id = 0;
	return db_exec(st->db, "ROLLBACK TO nest; RELEASE nest", e);
}

int64_t store_wal_bytes(const struct store *st)
{
	return db_wal_bytes(st->db);
}

int store_checkpoint(struct store *st, struct err *e)
{
	struct err busy = ERR_INIT;
	int rc;

	if (st->mode != STORE_DAEMON || st->writing || st->reading)
		store_fatal("checkpoint", 0, "not the daemon's, or in a transaction");
	if (lock_writer(st->writer_fd, 0, &busy) != 0)
		return 0;
	rc = db_checkpoint_try(st->db, e);
	lock_writer_release(st->writer_fd);
	return rc;
}

int store_read_begin(struct store *st, struct err *e)
{
	static const char BEGIN[] = "BEGIN";
	static const char SNAPSHOT[] = "SELECT 1 FROM meta LIMIT 1";
	int64_t one;

	if (st->writing || st->reading)
		return 0;
	if (db_run(db_query(st->db, BEGIN, e), e) != 0)
		return -1;
	st->reading = true;
	/* The snapshot is taken by the first read, not by BEGIN. */
	if (db_run_int(db_query(st->db, SNAPSHOT, e), &one, e) < 0) {
		store_read_end(st);
		return -1;
	}
	return 0;
}

void store_read_end(struct store *st)
{
	if (!st->reading)
		return;
	st->reading = false;
	(void)db_rollback(st->db);
}

/* ---- health, sizes, settings ------------------------------------------------------------ */

static int store_check_keys(struct store *st, struct err *e)
{
	static const char KEYS[] = "PRAGMA foreign_key_check";
	struct db_stmt *s = db_query(st->db, KEYS, e);
	int rc = s ? db_step(s, e) : -1;

	if (rc == 1) {
		const char *table = db_get_text(s);

		rc = err_set(e, EX_DATAERR, "row %" PRId64 " of %s points nowhere",
			     db_get_int(s), table ? table : "?");
	}
	db_done(s);
	return rc;
}

/* Every message is counted in the state that it is in. */
static int store_check_counts(struct store *st, struct err *e)
{
	static const char COUNTS[] =
	    "SELECT campaign_id FROM ("
	    " SELECT campaign_id, rung, state, count(*) AS n, sum(segments) AS segments"
	    " FROM message GROUP BY campaign_id, rung, state"
	    " UNION ALL SELECT campaign_id, rung, state, -n, -segments FROM message_count) AS "
	    "both_sides"
	    " GROUP BY campaign_id, rung, state HAVING sum(n) <> 0 OR sum(segments) <> 0 LIMIT "
	    "1";
	int64_t campaign = 0;
	int rc = db_run_int(db_query(st->db, COUNTS, e), &campaign, e);

	if (rc == 1)
		return err_set(e, EX_DATAERR,
			       "the messages of campaign %" PRId64 " are not what was counted",
			       campaign);
	return rc;
}

int store_check(struct store *st, struct err *e)
{
	static const char FULL[] = "PRAGMA integrity_check(1)";

	if (store_quick_check(st, FULL, e) != 0 || store_check_keys(st, e) != 0)
		return -1;
	return store_check_counts(st, e);
}

static int64_t store_file_bytes(const char *path, const char *suffix)
{
	char *name = mem_printf("%s%s", path, suffix);
	struct stat sb;
	int64_t n = stat(name, &sb) == 0 ? (int64_t)sb.st_size : 0;

	free(name);
	return n;
}

int store_sizes(struct store *st, struct store_sizes *out, struct err *e)
{
	/* Rows are never deleted: the last id is their number. */
	static const char MESSAGES[] = "SELECT max(id) FROM message";
	static const char RECIPIENTS[] = "SELECT max(id) FROM recipient";
	struct statvfs fs;

	*out = (struct store_sizes){.db_bytes = store_file_bytes(st->path, ""),
				    .wal_bytes = store_file_bytes(st->path, "-wal")};
	if (statvfs(st->path, &fs) != 0)
		return err_set(e, EX_IOERR, "%s: %s", st->path, strerror(errno));
	out->free_disk_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (db_run_int(db_query(st->db, MESSAGES, e), &out->rows_message, e) < 0 ||
	    db_run_int(db_query(st->db, RECIPIENTS, e), &out->rows_recipient, e) < 0)
		return -1;
	return 0;
}

int store_meta_set(struct store *st, const char *key, const char *value, struct err *e)
{
	static const char SET[] = "INSERT INTO meta(name, value) VALUES ($1, $2)"
				  " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
	struct db_stmt *s = db_query(st->db, SET, e);

	if (s == NULL)
		return -1;
	db_put_text(s, key);
	db_put_text(s, value);
	return db_run(s, e);
}

int store_meta_get(struct store *st, const char *key, char **value, struct err *e)
{
	static const char GET[] = "SELECT value FROM meta WHERE name = $1";
	struct db_stmt *s = db_query(st->db, GET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, key);
	rc = db_step(s, e);
	if (rc == 1)
		*value = db_get_string(s);
	db_done(s);
	return rc;
}
