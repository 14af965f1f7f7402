/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <errno.h>
#include <libgen.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define BUSY_MS	    2000
#define FRAME_BYTES (4096 + 24)
#define CACHE_SLOTS 256 /* a power of two, more than twice the statements of the floor */

struct db_stmt {
	struct db *db;
	const char *sql;
	sqlite3_stmt *stmt;
	int next;   /* parameter to bind, from 1; then column to read, from 0 */
	int params; /* how many there are */
	bool stepped, busy, kept;
};

struct db {
	sqlite3 *conn;
	bool full;
	int wal_pages, checkpoint_at;
	size_t n;
	struct db_stmt *slots[CACHE_SLOTS];
};

static _Noreturn void db_misuse(const char *sql, const char *what)
{
	log_error("store", "misuse", "what=\"%s\" sql=\"%.80s\"", what, sql);
	abort();
}

/* The file is not there, or not ours: for somebody to see to. Else nothing could be made beside it for want of
 * room or descriptors, which passes. SQLite's own errno is that of a second try, and says neither. */
static int db_cannot_open(sqlite3 *conn)
{
	const char *path = sqlite3_db_filename(conn, "main");
	char *copy;
	bool ours;

	if (sqlite3_system_errno(conn) == EMFILE || sqlite3_system_errno(conn) == ENFILE)
		return EX_OSERR;
	if (path == NULL || access(path, R_OK | W_OK) != 0)
		return EX_NOINPUT;
	copy = mem_strdup(path);
	ours = access(dirname(copy), W_OK) == 0;
	free(copy);
	return ours ? EX_UNAVAILABLE : EX_NOPERM;
}

/* What went wrong, as a sysexits code. */
static int db_code(sqlite3 *conn, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return EX_UNAVAILABLE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EX_TEMPFAIL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
		return EX_DATAERR;
	case SQLITE_CANTOPEN:
		return db_cannot_open(conn);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return EX_NOPERM;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_SCHEMA:
		return EX_SOFTWARE;
	default:
		return EX_IOERR;
	}
}

/* What people meet, in their words; NULL: what SQLite says. */
static const char *db_words(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return "ổ đĩa đã đầy";
	case SQLITE_READONLY:
		return "tệp chỉ đọc được";
	case SQLITE_CANTOPEN:
		return "không mở được tệp";
	case SQLITE_NOTADB:
		return "tệp không phải là cơ sở dữ liệu";
	case SQLITE_CORRUPT:
		return "tệp bị hỏng";
	case SQLITE_IOERR:
		return "ổ đĩa bị lỗi khi đọc hoặc ghi";
	default:
		return NULL;
	}
}

static int db_fail(struct db *db, int rc, struct err *e)
{
	const char *words = db_words(rc);

	if (rc == SQLITE_NOMEM)
		db_misuse("", "out of memory");
	if ((rc & 0xff) == SQLITE_FULL)
		db->full = true;
	return err_set(e, db_code(db->conn, rc), "cơ sở dữ liệu: %s (SQLite %d)",
		       words != NULL ? words : sqlite3_errmsg(db->conn),
		       sqlite3_extended_errcode(db->conn));
}

static void db_library_init(void)
{
	/* No counting of memory under a global lock; before the first connection or not at all. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* SQLite says nothing when it does not know a setting, or cannot keep to it. */
static int db_verify(struct db *db, enum db_access access, struct err *e)
{
	static const struct {
		const char *sql;
		int64_t want;
		bool writer; /* of a writer too */
	} settings[] = {
	    {"PRAGMA synchronous", 2, true},	{"PRAGMA foreign_keys", 1, true},
	    {"PRAGMA trusted_schema", 0, true}, {"PRAGMA cell_size_check", 1, true},
	    {"PRAGMA secure_delete", 1, true},	{"PRAGMA query_only", 1, false},
	};
	static const char JOURNAL[] = "PRAGMA journal_mode";
	int defensive = 0, extensions = 1, rc;
	struct db_stmt *s;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		int64_t got = -1;

		if (access == DB_WRITE && !settings[i].writer)
			continue;
		if (db_run_int(db_query(db, settings[i].sql, e), &got, e) < 0)
			return -1;
		if (got != settings[i].want)
			return err_set(e, EX_SOFTWARE, "SQLite does not keep to \"%s\"",
				       settings[i].sql);
	}
	/* A reader may come before there is anything. */
	if ((s = db_query(db, JOURNAL, e)) == NULL || (rc = db_step(s, e)) < 0) {
		db_done(s);
		return -1;
	}
	if (access == DB_WRITE && (rc == 0 || strcmp(db_get_text(s), "wal") != 0))
		rc = err_set(e, EX_SOFTWARE, "SQLite does not keep a write-ahead log here");
	db_done(s);
	if (rc < 0)
		return -1;
	(void)sqlite3_db_config(db->conn, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
	(void)sqlite3_db_config(db->conn, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1,
				&extensions);
	if (defensive != 1 || extensions != 0 ||
	    sqlite3_limit(db->conn, SQLITE_LIMIT_ATTACHED, -1) != 0)
		return err_set(e, EX_SOFTWARE, "SQLite cannot be closed as it has to be");
	return 0;
}

/* Each connection serves one thread, reads no schema it does not trust, loads nothing. */
static int db_settle(struct db *db, enum db_access access, struct err *e)
{
	static const char common[] = "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
				     "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
				     "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
				     "PRAGMA secure_delete=ON;";
	static const char writing[] = "PRAGMA journal_mode=WAL;"
				      "PRAGMA journal_size_limit=67108864;";
	static const char reading[] = "PRAGMA cache_size=-2048; PRAGMA query_only=ON;";

	(void)sqlite3_extended_result_codes(db->conn, 1);
	/* Writers wait for each other by a lock of their own; this is for whoever meets a WAL that
	 * somebody is just recovering after a crash. */
	(void)sqlite3_busy_timeout(db->conn, BUSY_MS);
	(void)sqlite3_db_config(db->conn, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->conn, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db->conn, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	(void)sqlite3_db_config(db->conn, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	/* A plan that depends on the values would be made anew whenever one changes. */
	(void)sqlite3_db_config(db->conn, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	(void)sqlite3_limit(db->conn, SQLITE_LIMIT_ATTACHED, 0);
	db_autocheckpoint(db, 0);
	if (db_exec(db, common, e) != 0 ||
	    db_exec(db, access == DB_WRITE ? writing : reading, e) != 0 ||
	    (access == DB_WRITE && db_cache(db, DB_CACHE_USUAL, e) != 0))
		return -1;
	return db_verify(db, access, e);
}

int db_open(const char *path, enum db_access access, struct db **out, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct db *db = mem_calloc(1, sizeof(*db));
	int rc;

	(void)pthread_once(&once, db_library_init);
	/* Also a reader opens for writing: it has to be able to rebuild the WAL's index. */
	rc =
	    sqlite3_open_v2(path, &db->conn, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK) {
		(void)db_fail(db, rc, e);
		db_close(db);
		return -1;
	}
	if (db_settle(db, access, e) != 0) {
		db_close(db);
		return -1;
	}
	*out = db;
	return 0;
}

static void db_stmt_free(struct db_stmt *s)
{
	(void)sqlite3_finalize(s->stmt);
	free(s);
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		if (db->slots[i] != NULL)
			db_stmt_free(db->slots[i]);
	}
	if (sqlite3_close(db->conn) != SQLITE_OK)
		db_misuse("", "closed with a statement in use");
	free(db);
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(db->conn, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_fail(db, rc, e);
}

static struct db_stmt *db_prepare(struct db *db, const char *sql, bool kept, struct err *e)
{
	struct db_stmt *s = mem_calloc(1, sizeof(*s));
	int rc = sqlite3_prepare_v3(db->conn, sql, -1, kept ? SQLITE_PREPARE_PERSISTENT : 0,
				    &s->stmt, NULL);

	if (rc != SQLITE_OK) {
		(void)db_fail(db, rc, e);
		free(s);
		return NULL;
	}
	s->db = db;
	s->sql = sql;
	s->kept = kept;
	s->params = sqlite3_bind_parameter_count(s->stmt);
	for (int i = 1; i <= s->params; i++) {
		char want[16];
		const char *name = sqlite3_bind_parameter_name(s->stmt, i);

		(void)snprintf(want, sizeof(want), "$%d", i);
		if (name == NULL || strcmp(name, want) != 0)
			db_misuse(sql, "parameters out of order");
	}
	return s;
}

struct db_stmt *db_query(struct db *db, const char *sql, struct err *e)
{
	size_t i = ((uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15)) >> 56;
	struct db_stmt *s;

	for (; (s = db->slots[i % CACHE_SLOTS]) != NULL && s->sql != sql; i++)
		;
	if (s == NULL) {
		bool kept = db->n < CACHE_SLOTS / 2;

		s = db_prepare(db, sql, kept, e);
		if (s != NULL && kept) {
			db->slots[i % CACHE_SLOTS] = s;
			db->n++;
		}
	} else if (s->busy) {
		/* A callback asks what its caller is just reading. */
		s = db_prepare(db, sql, false, e);
	}
	if (s == NULL)
		return NULL;
	s->busy = true;
	s->stepped = false;
	s->next = 1;
	return s;
}

static int db_next_param(struct db_stmt *s)
{
	if (s->stepped || s->next > s->params)
		db_misuse(s->sql, "one parameter too many");
	return s->next++;
}

void db_put_int(struct db_stmt *s, int64_t v)
{
	(void)sqlite3_bind_int64(s->stmt, db_next_param(s), v);
}

void db_put_id(struct db_stmt *s, int64_t id)
{
	if (id == 0)
		(void)sqlite3_bind_null(s->stmt, db_next_param(s));
	else
		(void)sqlite3_bind_int64(s->stmt, db_next_param(s), id);
}

void db_put_text(struct db_stmt *s, const char *text)
{
	(void)sqlite3_bind_text(s->stmt, db_next_param(s), text, -1, SQLITE_STATIC);
}

void db_put_bytes(struct db_stmt *s, const void *p, size_t n)
{
	(void)sqlite3_bind_blob64(s->stmt, db_next_param(s), p, n, SQLITE_STATIC);
}

int db_step(struct db_stmt *s, struct err *e)
{
	int rc;

	if (!s->stepped && s->next != s->params + 1)
		db_misuse(s->sql, "parameters missing");
	s->stepped = true;
	s->next = 0;
	rc = sqlite3_step(s->stmt);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_fail(s->db, rc, e);
}

int64_t db_get_int(struct db_stmt *s)
{
	return sqlite3_column_int64(s->stmt, s->next++);
}

int db_get_int32(struct db_stmt *s)
{
	return sqlite3_column_int(s->stmt, s->next++);
}

const char *db_get_text(struct db_stmt *s)
{
	return (const char *)sqlite3_column_text(s->stmt, s->next++);
}

const void *db_get_bytes(struct db_stmt *s, size_t *n)
{
	const void *p = sqlite3_column_blob(s->stmt, s->next);

	*n = (size_t)sqlite3_column_bytes(s->stmt, s->next++);
	return p;
}

char *db_get_string(struct db_stmt *s)
{
	return mem_strdup(db_get_text(s));
}

void db_done(struct db_stmt *s)
{
	if (s == NULL)
		return;
	if (!s->kept) {
		db_stmt_free(s);
		return;
	}
	(void)sqlite3_reset(s->stmt);
	s->busy = false;
}

int db_run(struct db_stmt *s, struct err *e)
{
	int rc;

	if (s == NULL)
		return -1;
	while ((rc = db_step(s, e)) > 0)
		;
	db_done(s);
	return rc;
}

int db_run_with(struct db *db, const char *sql, int64_t v, struct err *e)
{
	struct db_stmt *s = db_query(db, sql, e);

	if (s == NULL)
		return -1;
	db_put_int(s, v);
	return db_run(s, e);
}

int db_run_int(struct db_stmt *s, int64_t *v, struct err *e)
{
	int rc;

	if (s == NULL)
		return -1;
	rc = db_step(s, e);
	if (rc == 1)
		*v = db_get_int(s);
	db_done(s);
	return rc;
}

int db_run_row(struct db_stmt *s, db_row_fn read, void *out, struct err *e)
{
	int rc;

	if (s == NULL)
		return -1;
	rc = db_step(s, e);
	if (rc == 1)
		read(s, out);
	db_done(s);
	return rc;
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->conn);
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->conn);
}

bool db_was_full(struct db *db)
{
	bool full = db->full;

	db->full = false;
	return full;
}

int db_commit(struct db *db, struct err *e)
{
	static const char COMMIT[] = "COMMIT";
	struct db_stmt *s = db_query(db, COMMIT, e);

	return db_run(s, e);
}

bool db_rollback(struct db *db)
{
	/* SQLite undoes it by itself after some errors. */
	if (sqlite3_get_autocommit(db->conn) == 0)
		(void)sqlite3_exec(db->conn, "ROLLBACK", NULL, NULL, NULL);
	return sqlite3_get_autocommit(db->conn) != 0;
}

int db_checkpoint(struct db *db, struct err *e)
{
	int rc =
	    sqlite3_wal_checkpoint_v2(db->conn, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	/* A reader holds the WAL: what could be moved was moved, the rest waits for the next time. */
	return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : db_fail(db, rc, e);
}

int db_checkpoint_try(struct db *db, struct err *e)
{
	int rc;

	(void)sqlite3_busy_timeout(db->conn, 0);
	rc = sqlite3_wal_checkpoint_v2(db->conn, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(db->conn, BUSY_MS);
	if (rc == SQLITE_BUSY)
		return 0;
	if (rc != SQLITE_OK)
		return db_fail(db, rc, e);
	db->wal_pages = 0;
	return 1;
}

/* What SQLite's own automatic checkpoint does, and remembers how large the WAL is. */
static int db_on_commit(void *arg, sqlite3 *conn, const char *name, int pages)
{
	struct db *db = arg;

	db->wal_pages = pages;
	if (db->checkpoint_at > 0 && pages >= db->checkpoint_at)
		(void)sqlite3_wal_checkpoint_v2(conn, name, SQLITE_CHECKPOINT_PASSIVE, NULL,
						NULL);
	return SQLITE_OK;
}

void db_autocheckpoint(struct db *db, int pages)
{
	db->checkpoint_at = pages;
	(void)sqlite3_wal_hook(db->conn, db_on_commit, db);
}

int db_cache(struct db *db, enum db_cache_size size, struct err *e)
{
	if (size == DB_CACHE_LARGE)
		return db_exec(db, "PRAGMA cache_size=-16384", e);
	return db_exec(db, "PRAGMA cache_size=-8192", e);
}

int64_t db_wal_bytes(const struct db *db)
{
	return (int64_t)db->wal_pages * FRAME_BYTES;
}

int db_vacuum(struct db *db, struct err *e)
{
	int rc;

	/* SQLite attaches its scratch file. */
	(void)sqlite3_limit(db->conn, SQLITE_LIMIT_ATTACHED, 1);
	rc = db_exec(db, "VACUUM", e);
	(void)sqlite3_limit(db->conn, SQLITE_LIMIT_ATTACHED, 0);
	return rc;
}

int db_copy(struct db *db, const char *to, struct err *e)
{
	sqlite3 *dst = NULL;
	sqlite3_backup *backup = NULL;
	int rc, ret = -1;

	rc = sqlite3_open_v2(to, &dst, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK && (backup = sqlite3_backup_init(dst, "main", db->conn, "main"))) {
		/* All pages in one step: one snapshot, never begun again because others write. */
		(void)sqlite3_backup_step(backup, -1);
		rc = sqlite3_backup_finish(backup);
	} else if (rc == SQLITE_OK) {
		rc = sqlite3_errcode(dst);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(dst, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		ret = 0;
	else
		(void)err_set(e, db_code(dst, rc), "copy of the database: %s",
			      sqlite3_errmsg(dst));
	(void)sqlite3_close(dst);
	return ret;
}
