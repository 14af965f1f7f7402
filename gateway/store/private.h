/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the store: the connection's struct, its locks, and the one door
 * through which a message changes its state. */
#ifndef MOIDAN_STORE_PRIVATE_H
#define MOIDAN_STORE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/message.h"
#include "store/recipient.h"
#include "store/store.h"

/* How many messages came into, or left, a state of a campaign in the open transaction. */
struct store_delta {
	int64_t campaign_id, n, segments;
	int rung, state;
};

/* What a move of the open transaction means for its person's way down the ladder. */
struct store_end {
	int64_t message_id, campaign_id, due_at; /* due_at: 0 = not to be looked at (any more) */
	bool if_gone; /* only when nothing is kept of it: it went down before */
};

struct store {
	struct db *db;
	char *path;
	enum store_mode mode;
	int writer_fd; /* PATH-writer; -1 for readers */
	int daemon_fd; /* PATH-lock; -1 unless this is the daemon */
	bool daemon; /* daemon_fd is locked */
	bool writing, reading;
	bool large; /* the transaction has a larger cache */
	bool broken; /* a commit's outcome is unknown: nothing more is written */
	char instance[8];
	int64_t epoch;
	int (*with_commit)(struct store *st, void *arg, struct err *e); /* NULL = nothing */
	void *with_commit_arg;
	struct store_delta *deltas;
	size_t n_deltas, cap_deltas;
	struct store_end *ends;
	size_t n_ends, cap_ends;
	/* the list that rows are being put from */
	int64_t import_id, import_at;
	bool new_rows, new_numbers; /* the one before was */
	struct kinds *kinds; /* of the new rows of the open transaction; NULL = none */
	int64_t search_from; /* rows from this one on are not in recipient_search yet; 0 = all are */
	int64_t search_rows; /* how many those are */
	/* where the last batch of store_message_event_campaign ended */
	struct {
		int64_t campaign_id, recipient_id, step, rung;
		int from, event;
	} sweep;
};

/* ---- lock.c --------------------------------------------------------------------------- */

/* Opens (makes, 0600) PATH and its suffix; the descriptor does not survive exec. -1 with e. */
int lock_open(const char *path, const char *suffix, struct err *e);
/* A file that root has just made beside the database at path belongs to whoever owns the directory, as
 * SQLite does with its own: the daemon must be able to open it. */
void lock_give(int fd, const char *path);
/* Takes a lock file of lock_open() for oneself; false when another has it. It ends with the descriptor. */
bool lock_try(int fd);
/* Waits for the right to write, at most ms; EX_TEMPFAIL after that. First come, first served. */
MUST_CHECK int lock_writer(int fd, int64_t ms, struct err *e);
void lock_writer_release(int fd);
/* Becomes the daemon of PATH-lock: 0; -1 with EX_TEMPFAIL naming the pid that is. */
MUST_CHECK int lock_daemon(int fd, struct err *e);
void lock_daemon_release(int fd);
/* What was opened last stands in the lock file: a database of the same name that has seen fewer starts is a
 * copy that somebody put there, or has lost its log. 0, or -1 with EX_DATAERR. */
MUST_CHECK int lock_mark_compare(int fd, const char *instance, int64_t epoch, struct err *e);
MUST_CHECK int lock_mark(int fd, const char *instance, int64_t epoch, struct err *e);
/* Whether somebody is the daemon, without disturbing them: their pid, else 0. */
int lock_daemon_pid(const char *path);

/* ---- store.c -------------------------------------------------------------------------- */

/* Ends the process: a verb that changes something was called outside of a transaction, or a message
 * was about to make a move that the law does not know. */
_Noreturn void store_fatal(const char *event, int64_t id, const char *what);
void store_want_transaction(const struct store *st, const char *verb);
/* Makes a random instance id and writes it. In a transaction. */
MUST_CHECK int store_new_instance(struct store *st, struct err *e);
/* Makes the 0600 file at path when there is none. */
MUST_CHECK int store_make_file(const char *path, bool must_be_new, struct err *e);

/* ---- backup.c -------------------------------------------------------------------------- */

/* 16 MiB beside the database that can be given up when the disk is full. */
void ballast_make(const char *path);
/* Whether there was one to give up. */
bool ballast_drop(const char *path);

/* ---- message.c: the one door ----------------------------------------------------------- */

/* What a state change has to know of a message. */
struct message_now {
	int64_t id, campaign_id, contact_id, recipient_id, due_at, claimed_at;
	enum message_state state;
	int attempts, generation, provider_id, segments, day, rung;
	int64_t epoch, onward;
};

/* 1/0/-1 */
int message_load(struct store *st, int64_t id, struct message_now *m, struct err *e);

/* The state that ev leads to from m's; fatal when the law does not know the move. Counts the move for
 * the commit; the caller writes the row. */
enum message_state message_move(struct store *st, struct message_now *m, enum message_event ev);
/* A new row in a state. */
void message_count(struct store *st, int64_t campaign_id, int rung, enum message_state state,
		   int64_t n, int64_t segments);
/* Writes what moves collected: counts, and ends of rungs. */
MUST_CHECK int message_moves_flush(struct store *st, struct err *e);

/* ---- rung.c ---------------------------------------------------------------------------- */

/* Remembers what the move of m, which has a rung below, from a state by an event means for it. */
void rung_moved(struct store *st, const struct message_now *m, enum message_state from,
		enum message_event ev);
/* A letter or a visit is void when it was not handed over by then. */
void rung_watch(struct store *st, int64_t message_id, int64_t campaign_id, int64_t due_at);
/* Whether the person of m went on to a rung below: 1/0/-1. */
int rung_has_below(struct store *st, const struct message_now *m, struct err *e);
MUST_CHECK int rung_ends_flush(struct store *st, struct err *e);

/* The row will not be sent: the first of those linked to it takes its place. */
MUST_CHECK int message_promote(struct store *st, const struct message_now *m, struct err *e);
/* It was counted against the caps of its number, and proved not sent. */
MUST_CHECK int message_give_back(struct store *st, const struct message_now *m, struct err *e);
/* One line of the attempt log. late: evidence that changed nothing. */
MUST_CHECK int message_log_attempt(struct store *st, const struct message_now *m,
				   const struct message_result *r, bool late, struct err *e);

/* ---- recipient.c ------------------------------------------------------------------------ */

/* A number that can be texted; id 0: none. */
struct contact {
	int64_t id, recipients;
	unsigned flags;
	bool made; /* for the row that is being put, and counts it already */
};

/* The contact of a row's number: none when it cannot be texted. A number whose holder may have changed
 * is made unconfirmed once; what is known of it later stays. */
MUST_CHECK int contact_of_row(struct store *st, const struct recipient *r, struct contact *c,
			      struct err *e);
/* So many rows more (or less) have the contact; id 0 is nobody's. */
MUST_CHECK int contact_count(struct store *st, int64_t id, int delta, struct err *e);
/* What is known of a row's number, as schema/0010_audience.sql has it. The contact counts the row itself
 * only after this: from one to two it tells both of them. */
int contact_reach(const struct contact *c);

/* ---- import_undo.c ---------------------------------------------------------------------- */

/* Writes down a row as it is, before a list changes it; hold_after: as the list will leave it. */
MUST_CHECK int import_keep(struct store *st, int64_t import_id, int64_t id, int hold_after,
			   struct err *e);

/* ---- kind.c ----------------------------------------------------------------------------- */

/* Counts a row that was just inserted, at the latest for the commit. facts: as in facts_kind. */
MUST_CHECK int kind_new(struct store *st, const char *programme, const struct recipient *r,
			const char *facts, int reach, struct err *e);
/* Tells recipient_kind what was counted: before it is read, or a savepoint begins or ends. */
MUST_CHECK int kind_flush(struct store *st, struct err *e);
/* The rows are taken back. */
void kind_forget(struct store *st);

/* ---- search.c --------------------------------------------------------------------------- */

/* A row that was just inserted is looked for from the commit on: the index writes a piece of its tree
 * for each statement, and takes more than half of an import row by row. */
void search_new(struct store *st, int64_t id);
MUST_CHECK int search_flush(struct store *st, struct err *e);
/* Puts a row into the index that people are found by, or takes it out: before its name, number, unit or
 * code change, or are blanked. In a transaction. */
MUST_CHECK int search_add(struct store *st, int64_t id, struct err *e);
MUST_CHECK int search_drop(struct store *st, int64_t id, struct err *e);
/* The same for all rows with ids from … until, in one statement. */
MUST_CHECK int search_drop_run(struct store *st, int64_t from, int64_t until, struct err *e);

/* ---- message_receipt.c ------------------------------------------------------------------ */

/* The provider's reference of a message became known: index it, apply what waited for it. */
MUST_CHECK int message_ref_known(struct store *st, int64_t id, int provider_id, const char *ref,
				 struct err *e);

#endif
