/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "store/private.h"
#include "store/recipient.h"

static void import_put_counts(struct db_stmt *s, const struct import_record *r)
{
	db_put_int(s, r->rows);
	db_put_int(s, r->accepted);
	db_put_int(s, r->rejected);
	db_put_int(s, r->added);
	db_put_int(s, r->updated);
	db_put_int(s, r->same);
	db_put_int(s, r->held);
	db_put_int(s, r->total_stated);
}

int store_import_add(struct store *st, struct import_record *rec, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO import(programme, file, sha256, who, encoding, at, rows_read, "
	    "accepted,"
	    " rejected, added, updated, same, held, total_stated, new_from)"
	    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
	    " COALESCE(max(id), 0) + 1 FROM recipient";
	struct db_stmt *s = db_query(st->db, ADD, e);

	store_want_transaction(st, "import_add");
	if (s == NULL)
		return -1;
	db_put_text(s, rec->programme);
	db_put_text(s, rec->file);
	db_put_text(s, rec->sha256);
	db_put_text(s, rec->who);
	db_put_text(s, rec->encoding);
	db_put_int(s, rec->at);
	import_put_counts(s, rec);
	if (db_run(s, e) != 0)
		return -1;
	rec->id = db_last_id(st->db);
	return 0;
}

int store_import_finish(struct store *st, const struct import_record *rec, struct err *e)
{
	static const char FINISH[] =
	    "UPDATE import SET rows_read = $1, accepted = $2, rejected = $3, added = $4,"
	    " updated = $5, same = $6, held = $7, total_stated = $8, encoding = $9, sha256 = $10,"
	    " new_until = (SELECT COALESCE(max(id), 0) FROM recipient) WHERE id = $11";
	struct db_stmt *s = db_query(st->db, FINISH, e);

	store_want_transaction(st, "import_finish");
	if (s == NULL)
		return -1;
	import_put_counts(s, rec);
	db_put_text(s, rec->encoding);
	db_put_text(s, rec->sha256);
	db_put_int(s, rec->id);
	return db_run(s, e);
}

int store_import_list(struct store *st, const char *programme, size_t max,
		      void (*fn)(const struct import_record *r, void *arg), void *arg,
		      struct err *e)
{
	static const char LIST[] =
	    "SELECT id, programme, file, sha256, who, encoding, at, rows_read, accepted,"
	    " rejected, added, updated, same, held, total_stated, undone_at, undone_by,"
	    " new_from IS NOT NULL AND (undone_at = 0"
	    " OR EXISTS (SELECT 1 FROM import_before b WHERE b.import_id = import.id)"
	    " OR EXISTS (SELECT 1 FROM recipient r WHERE r.programme = import.programme"
	    " AND r.id BETWEEN import.new_from AND import.new_until)) FROM import"
	    " WHERE $1 IS NULL OR programme = $1 ORDER BY id DESC LIMIT $2";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int64_t kept_since = clock_now_ms() - IMPORT_UNDO_MS;
	int rc = -1;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		struct import_record r = {0};

		r.id = db_get_int(s);
		r.programme = db_get_string(s);
		r.file = db_get_string(s);
		r.sha256 = db_get_string(s);
		r.who = db_get_string(s);
		r.encoding = db_get_string(s);
		r.at = db_get_int(s);
		r.rows = db_get_int32(s);
		r.accepted = db_get_int32(s);
		r.rejected = db_get_int32(s);
		r.added = db_get_int32(s);
		r.updated = db_get_int32(s);
		r.same = db_get_int32(s);
		r.held = db_get_int32(s);
		r.total_stated = db_get_int(s);
		r.undone_at = db_get_int(s);
		r.undone_by = db_get_string(s);
		r.undoable = db_get_int(s) != 0 && r.at >= kept_since;
		fn(&r, arg);
		free(r.programme);
		free(r.file);
		free(r.sha256);
		free(r.who);
		free(r.encoding);
		free(r.undone_by);
	}
	db_done(s);
	return rc;
}
