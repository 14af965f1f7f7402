/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the store: a thin layer over one connection. Statements are named
 * by the address of their text, prepared once and kept. Parameters are $1, $2 …
 * in the order in which they first appear; they are bound, and columns are
 * read, one after the other. */
#ifndef MOIDAN_STORE_DB_H
#define MOIDAN_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct db_stmt;

enum db_access { DB_READ, DB_WRITE };

/* Opens an existing file, or (DB_WRITE) an empty one. Errors: EX_NOINPUT, EX_IOERR, EX_DATAERR … */
MUST_CHECK int db_open(const char *path, enum db_access access, struct db **out, struct err *e);
void db_close(struct db *db);

/* Runs one or more statements without parameters or rows. */
MUST_CHECK int db_exec(struct db *db, const char *sql, struct err *e);

/* The statement of this text, ready to be bound; NULL with e. sql must live as long as the
 * connection. To be given back with db_done() or db_run(). */
struct db_stmt *db_query(struct db *db, const char *sql, struct err *e);

/* Bind the next parameter. Text and bytes are borrowed until db_done; NULL is NULL. */
void db_put_int(struct db_stmt *s, int64_t v);
void db_put_text(struct db_stmt *s, const char *text);
void db_put_bytes(struct db_stmt *s, const void *p, size_t n);
/* An id where 0 stands for NULL. */
void db_put_id(struct db_stmt *s, int64_t id);

/* 1 = a row, 0 = no more, -1 = failed. The statement stays yours. */
int db_step(struct db_stmt *s, struct err *e);

/* Read the next column of the row. Text is borrowed until the next step; NULL columns give 0/NULL. */
int64_t db_get_int(struct db_stmt *s);
int db_get_int32(struct db_stmt *s);
const char *db_get_text(struct db_stmt *s);
const void *db_get_bytes(struct db_stmt *s, size_t *n);
char *db_get_string(struct db_stmt *s); /* yours to free(); NULL for NULL */

/* Puts it back. NULL is allowed. */
void db_done(struct db_stmt *s);
/* Runs to the end and puts it back. 0 / -1 */
MUST_CHECK int db_run(struct db_stmt *s, struct err *e);
/* Likewise of this text, with this number as its one parameter. */
MUST_CHECK int db_run_with(struct db *db, const char *sql, int64_t v, struct err *e);
/* A statement with at most one row of at most one number: 1 and *v (0 for NULL), 0, -1. Puts back. */
int db_run_int(struct db_stmt *s, int64_t *v, struct err *e);

/* Reads the columns of a row into a struct. */
typedef void (*db_row_fn)(struct db_stmt *s, void *out);
/* A statement with at most one row: 1 and read(s, out), 0, -1. Puts back. */
int db_run_row(struct db_stmt *s, db_row_fn read, void *out, struct err *e);

int64_t db_changes(struct db *db); /* rows that the last statement changed */
int64_t db_last_id(struct db *db);
/* Whether some statement failed because the disk is full since this was last asked. */
bool db_was_full(struct db *db);

/* COMMIT: 0; -1 with EX_UNAVAILABLE (disk full: nothing was committed), EX_IOERR (unknown) … */
MUST_CHECK int db_commit(struct db *db, struct err *e);

/* Undoes the open transaction, if there is one still. false: it could not be undone. */
bool db_rollback(struct db *db);

/* wal_checkpoint(TRUNCATE): everything into the file. */
MUST_CHECK int db_checkpoint(struct db *db, struct err *e);
/* The same without waiting for anybody: 1 done, 0 a reader is in the way, -1. */
int db_checkpoint_try(struct db *db, struct err *e);
/* From now on commits move the WAL into the file when it has so many pages; 0 = never. */
void db_autocheckpoint(struct db *db, int pages);
/* How much of the database is kept in memory: 8 MB as a writer starts, or 16. */
enum db_cache_size { DB_CACHE_USUAL, DB_CACHE_LARGE };
MUST_CHECK int db_cache(struct db *db, enum db_cache_size size, struct err *e);
/* How large the WAL was at the last commit. */
int64_t db_wal_bytes(const struct db *db);

/* Writes the whole file anew. Outside of a transaction. */
MUST_CHECK int db_vacuum(struct db *db, struct err *e);

/* Copies the whole database that db sees into the empty file `to`, left without a WAL. */
MUST_CHECK int db_copy(struct db *db, const char *to, struct err *e);

#endif
