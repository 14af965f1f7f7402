/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the whole, put back without sending anything twice; and the ballast. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/campaign.h"
#include "store/private.h"
#include "store/report.h"

#define BALLAST_BYTES (16 << 20)

/* ---- ballast ------------------------------------------------------------------------------ */

void ballast_make(const char *path)
{
	char *name = mem_printf("%s-ballast", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = fd < 0 ? errno : posix_fallocate(fd, 0, BALLAST_BYTES);

	if (rc != 0) {
		log_warn("store", "no_ballast", "path=%s error=\"%s\"", name, strerror(rc));
		(void)unlink(name);
	}
	if (fd >= 0)
		(void)close(fd);
	free(name);
}

bool ballast_drop(const char *path)
{
	char *name = mem_printf("%s-ballast", path);
	bool was = unlink(name) == 0;

	free(name);
	return was;
}

/* ---- files -------------------------------------------------------------------------------- */

static void file_remove(const char *path, const char *suffix)
{
	char *name = mem_printf("%s%s", path, suffix);

	(void)unlink(name);
	free(name);
}

/* Takes away a database that is of no use, with what SQLite keeps beside it. */
static void file_remove_database(const char *path)
{
	file_remove(path, "");
	file_remove(path, "-wal");
	file_remove(path, "-shm");
	file_remove(path, "-journal");
	file_remove(path, "-writer");
	file_remove(path, "-lock");
}

/* The rename is on disk when this returns. */
static int file_rename(const char *from, const char *to, struct err *e)
{
	char *dir = mem_strdup(to);
	char *slash = strrchr(dir, '/');
	int fd, rc = -1;

	if (slash == dir)
		slash[1] = '\0';
	else if (slash != NULL)
		*slash = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || rename(from, to) != 0 || fsync(fd) != 0)
		(void)err_set(e, EX_IOERR, "%s: %s", to, err_os(errno));
	else
		rc = 0;
	if (fd >= 0)
		(void)close(fd);
	free(dir);
	return rc;
}

/* ---- backup -------------------------------------------------------------------------------- */

/* The whole of a copy is sound. */
static int backup_verify(const char *path, struct err *e)
{
	struct store *st = NULL;
	int rc;

	if (store_open(path, STORE_READER, &st, e) != 0)
		return -1;
	rc = store_check(st, e);
	store_close(st);
	return rc;
}

int store_backup(struct store *st, const char *to, struct err *e)
{
	char *part = mem_printf("%s.part", to);
	int rc = -1;

	if (st->writing)
		store_fatal("backup", 0, "in a transaction");
	if (access(to, F_OK) == 0) {
		(void)err_set(e, EX_CANTCREAT, "%s đã có", to);
		goto out;
	}
	file_remove_database(part);
	if (store_make_file(part, true, e) == 0 && db_copy(st->db, part, e) == 0 &&
	    backup_verify(part, e) == 0)
		rc = file_rename(part, to, e);
	file_remove_database(part);
out:
	free(part);
	return rc;
}

/* ---- restore ------------------------------------------------------------------------------- */

/* Everything that may have been sent since the copy was made waits for a person. The moves are the
 * law's: what was being sent is unknown, and what is unknown or queued is held. */
static int restore_hold_messages(struct store *st, int64_t *n, struct err *e)
{
	static const char HOLD[] =
	    "UPDATE message SET state = $1, reason = $2 WHERE state IN ($3, $4, $5)";
	static const char FORGET[] = "DELETE FROM message_count";
	static const char COUNT[] =
	    "INSERT INTO message_count(campaign_id, rung, state, n, segments)"
	    " SELECT campaign_id, rung, state, count(*), sum(segments) FROM message"
	    " GROUP BY campaign_id, rung, state";
	enum message_state unsure, held, held_too;
	struct db_stmt *s;

	if (!message_next(MESSAGE_SENDING, MESSAGE_EV_UNKNOWN, &unsure) ||
	    !message_next(unsure, MESSAGE_EV_HOLD, &held) ||
	    !message_next(MESSAGE_QUEUED, MESSAGE_EV_HOLD, &held_too) || held != held_too)
		store_fatal("illegal_move", 0, "restore");
	if ((s = db_query(st->db, HOLD, e)) == NULL)
		return -1;
	db_put_int(s, held);
	db_put_text(s, "khôi phục từ bản sao lưu: có thể đã gửi sau đó");
	db_put_int(s, MESSAGE_QUEUED);
	db_put_int(s, MESSAGE_SENDING);
	db_put_int(s, MESSAGE_UNCERTAIN);
	if (db_run(s, e) != 0)
		return -1;
	*n = db_changes(st->db);
	if (db_run(db_query(st->db, FORGET, e), e) != 0)
		return -1;
	return db_run(db_query(st->db, COUNT, e), e);
}

/* Campaigns would plan, and jobs push, what the lost days already did. */
static int restore_hold_rest(struct store *st, struct err *e)
{
	static const char PAUSE[] =
	    "UPDATE campaign SET state = $1, halt_reason = $2 WHERE state = $3";
	static const char JOBS[] =
	    "UPDATE job SET state = $1, result = $2 WHERE state IN ($3, $4)";
	struct db_stmt *s = db_query(st->db, PAUSE, e);

	if (s == NULL)
		return -1;
	db_put_int(s, CAMPAIGN_PAUSED);
	db_put_text(s, "đã khôi phục từ bản sao lưu");
	db_put_int(s, CAMPAIGN_RUNNING);
	if (db_run(s, e) != 0 || (s = db_query(st->db, JOBS, e)) == NULL)
		return -1;
	db_put_int(s, JOB_UNCERTAIN);
	db_put_text(s, "khôi phục từ bản sao lưu: có thể đã làm sau đó");
	db_put_int(s, JOB_WAITING);
	db_put_int(s, JOB_RUNNING);
	return db_run(s, e);
}

/* Makes the copy a database of its own. */
static int restore_change(const char *path, struct err *e)
{
	struct store *st = NULL;
	char now[32], detail[64];
	int64_t held = 0;
	int rc = -1;

	if (store_open(path, STORE_WRITER, &st, e) != 0)
		return -1;
	if (store_check(st, e) != 0 || store_begin(st, e) != 0)
		goto out;
	(void)snprintf(now, sizeof(now), "%" PRId64, clock_now_ms());
	if (store_new_instance(st, e) != 0 || store_meta_set(st, "restored_at", now, e) != 0 ||
	    restore_hold_messages(st, &held, e) != 0 || restore_hold_rest(st, e) != 0)
		goto out;
	(void)snprintf(detail, sizeof(detail), "held=%" PRId64, held);
	if (store_audit(st, "moidan", "store.restore", "store", detail, e) != 0 ||
	    store_commit(st, e) != 0)
		goto out;
	/* Nobody else knows this file yet: its WAL may go into it. */
	rc = db_checkpoint(st->db, e);
out:
	store_close(st);
	return rc;
}

/* The place is free, or what stands there may go: its WAL must not be read into the new file. */
static int restore_clear_place(const char *path, bool force, struct err *e)
{
	struct db *old = NULL;
	struct err why = ERR_INIT;

	if (access(path, F_OK) != 0)
		return 0;
	if (!force)
		return err_set(e, EX_CANTCREAT, "%s đã có", path);
	/* Damaged or not: whole before, whole after. */
	if (db_open(path, DB_WRITE, &old, &why) != 0 || db_checkpoint(old, &why) != 0)
		log_warn("store", "replaced_damaged", "path=%s error=\"%s\"", path, why.text);
	db_close(old);
	file_remove(path, "-wal");
	file_remove(path, "-shm");
	return 0;
}

static int restore_copy(const char *from, const char *to, struct err *e)
{
	struct db *src = NULL;
	int rc = -1;

	file_remove_database(to);
	if (store_make_file(to, true, e) == 0 && db_open(from, DB_READ, &src, e) == 0)
		rc = db_copy(src, to, e);
	db_close(src);
	return rc;
}

int store_restore(const char *from, const char *path, bool force, struct err *e)
{
	char *part = mem_printf("%s-restore", path);
	int daemon_fd = -1, writer_fd = -1, rc = -1;

	daemon_fd = lock_open(path, "-lock", e);
	writer_fd = daemon_fd < 0 ? -1 : lock_open(path, "-writer", e);
	if (writer_fd < 0 || lock_daemon(daemon_fd, e) != 0 ||
	    lock_writer(writer_fd, 1000, e) != 0)
		goto out;
	if (access(path, F_OK) == 0 && !force) {
		(void)err_set(e, EX_CANTCREAT, "%s đã có", path);
		goto out;
	}
	if (restore_copy(from, part, e) == 0 && restore_change(part, e) == 0 &&
	    restore_clear_place(path, force, e) == 0)
		rc = file_rename(part, path, e);
	file_remove_database(part);
out:
	if (daemon_fd >= 0)
		(void)close(daemon_fd);
	if (writer_fd >= 0)
		(void)close(writer_fd);
	free(part);
	return rc;
}
