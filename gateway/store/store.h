/* SPDX-License-Identifier: Apache-2.0 */
/* The truth. The only floor that knows SQL; everything above speaks nouns and
 * verbs. One struct store is one connection and is used by one thread.
 *
 * Exactly one connection at a time writes or checkpoints, across processes:
 * each transaction of a writer is held under an flock on PATH-writer, because
 * the SQLite of Debian 12 can damage a WAL when two connections write and
 * checkpoint at once. Only the daemon's writer checkpoints. WAL, FULL.
 *
 * Verbs that change something want an open transaction (store_begin) and are
 * batch-shaped; whoever runs them decides what is committed together. */
#ifndef MOIDAN_STORE_STORE_H
#define MOIDAN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;

enum store_mode {
	STORE_READER, /* query_only; for pages, reports, reading commands */
	STORE_WRITER, /* a command's short writes beside or without a daemon; never checkpoints */
	STORE_DAEMON /* the daemon's writer: takes the daemon lock, raises the epoch, checkpoints */
};

/* Opens path and brings its schema up to date (a writer; the file is created when it does not
 * exist). A reader or an older binary in front of a newer schema refuses (EX_CONFIG). DAEMON: -1 with
 * EX_TEMPFAIL when another daemon holds PATH-lock, naming its pid. Checks the file's health
 * (quick_check for a daemon): a damaged file is refused (EX_DATAERR), never sent from. */
MUST_CHECK int store_open(const char *path, enum store_mode mode, struct store **out,
			  struct err *e);
void store_close(struct store *st);

/* One write transaction. begin: 0, or -1 (EX_TEMPFAIL after 30 s of somebody else writing, EX_IOERR).
 * commit: 0, or -1; then the outcome is unknown for EX_IOERR: send nothing, end the process, recover
 * from disk. EX_UNAVAILABLE: the disk is full, nothing was committed, the transaction was rolled
 * back and the ballast file was given up once to make room for a second try. */
MUST_CHECK int store_begin(struct store *st, struct err *e);
/* The same for a transaction of a whole list, which may want 8 MB more for its pages until it is over. */
MUST_CHECK int store_begin_large(struct store *st, struct err *e);
MUST_CHECK int store_commit(struct store *st, struct err *e);
void store_rollback(struct store *st);
/* Ends a transaction by what was done in it: rc as it came, committed; -1 and nothing of it where rc is -1. */
MUST_CHECK int store_end(struct store *st, int rc, struct err *e);

/* Done once, in the next transaction that this store commits, after all else of it: where it fails (-1 with e), nothing
 * is committed. fn NULL: not any more. */
void store_with_commit(struct store *st, int (*fn)(struct store *st, void *arg, struct err *e),
		       void *arg);

/* A part of the open transaction that can be undone alone: what is shared by several callers goes on
 * when one of them fails. Not nested deeper. */
MUST_CHECK int store_nest_begin(struct store *st, struct err *e);
MUST_CHECK int store_nest_end(struct store *st, bool keep, struct err *e);

/* How large the WAL was after the last commit of this store. It grows beyond a few MB only while somebody
 * reads one old snapshot all the time. */
int64_t store_wal_bytes(const struct store *st);
/* Moves the WAL into the file and cuts it off: 1 done, 0 a reader or writer is in the way, -1. Of the
 * daemon's store, outside of a transaction. Waits for nobody. */
int store_checkpoint(struct store *st, struct err *e);

/* Opens a read snapshot, so that several reads agree; ends with store_read_end. */
MUST_CHECK int store_read_begin(struct store *st, struct err *e);
void store_read_end(struct store *st);

/* This database's identity: 6 letters and digits made when it was created, part of every reference;
 * a restored copy gets a new one. Borrowed. */
const char *store_instance(const struct store *st);
/* Raised by each daemon that opens the store. */
int64_t store_epoch(const struct store *st);

/* Copies the database to a new file while others go on, verifies it (integrity_check). */
MUST_CHECK int store_backup(struct store *st, const char *to, struct err *e);
/* Puts a verified copy in the place of path (which must not exist or force be set): gives it a new
 * instance id and holds everything that was queued or under way until an officer releases it. */
MUST_CHECK int store_restore(const char *from, const char *path, bool force, struct err *e);

/* The pid of the daemon that holds the store at path, 0 when there is none. Commands that changed
 * something send it SIGUSR1, so that it looks at once (nothing polls); a daemon has its handler in
 * place before it opens the store. */
int store_daemon_pid(const char *path);
void store_wake_daemon(const char *path);

/* integrity_check and foreign_key_check. 0 = sound, -1 with e. */
MUST_CHECK int store_check(struct store *st, struct err *e);

struct store_sizes {
	int64_t db_bytes, wal_bytes, free_disk_bytes, rows_message, rows_recipient;
};
MUST_CHECK int store_sizes(struct store *st, struct store_sizes *out, struct err *e);

/* Small settings that belong to the data (held after a restore, frozen unit names …). */
MUST_CHECK int store_meta_set(struct store *st, const char *key, const char *value,
			      struct err *e);
/* 1 found (value yours to free()), 0 not, -1. */
int store_meta_get(struct store *st, const char *key, char **value, struct err *e);

/* Where lists, texts and decisions stand, as text: the same as before, and no list came in or was taken back, no
 * officer has decided anything since. What people answer, what is sent, and who signs in or looks somebody up do
 * not change it. */
#define STORE_MARK 64
MUST_CHECK int store_mark(struct store *st, char out[STORE_MARK], struct err *e);

/* Append-only, hash-chained: who did what to what. detail without personal data. */
MUST_CHECK int store_audit(struct store *st, const char *who, const char *what,
			   const char *subject, const char *detail, struct err *e);
/* The same in a transaction of its own: before something is shown or tried. st must be a writer's. */
MUST_CHECK int store_audit_now(struct store *st, const char *who, const char *what,
			       const char *subject, const char *detail, struct err *e);
/* Calls fn for each row about a subject, in order. Borrowed. */
MUST_CHECK int store_audit_of(struct store *st, const char *subject,
			      void (*fn)(int64_t at, const char *who, const char *what,
					 const char *detail, void *arg),
			      void *arg, struct err *e);
/* 0 = the chain holds; -1 with e naming the first row that does not. */
MUST_CHECK int store_audit_verify(struct store *st, struct err *e);

#endif
