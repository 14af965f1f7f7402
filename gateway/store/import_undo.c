/* SPDX-License-Identifier: Apache-2.0 */
/* A list taken back: who came with it goes, what it changed is as it was. Rows are never deleted (their ids stand
 * in the audit): one that goes is blanked and belongs to no programme any more, so that nothing counts it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/private.h"
#include "store/recipient.h"

/* Values of a row that a list may change, under one name in both tables. */
#define KEPT                                                                                   \
	"source_row, state, state_set_at, hold, unit_id, list_state, list_hold,"               \
	" list_hold_reason, number, name, hold_reason, facts, raw, sex, birth_precision,"      \
	" birth_year, birth_month, birth_day, phone_status, phone_flags, numbers_more,"        \
	" group_name, name_fold, name_sort, facts_kind"

int import_keep(struct store *st, int64_t import_id, int64_t id, int hold_after, struct err *e)
{
	/* A row that a list names twice was last left as the second line has it. */
	static const char KEEP[] =
	    "INSERT INTO import_before(import_id, recipient_id, hold_after, last_import, " KEPT
	    ") SELECT $1, id, $2, import_id, " KEPT " FROM recipient WHERE id = $3"
	    " ON CONFLICT (import_id, recipient_id) DO UPDATE SET hold_after = "
	    "excluded.hold_after";
	struct db_stmt *s;

	if (import_id == 0)
		return 0;
	if ((s = db_query(st->db, KEEP, e)) == NULL)
		return -1;
	db_put_int(s, import_id);
	db_put_int(s, hold_after);
	db_put_int(s, id);
	return db_run(s, e);
}

int store_recipient_before(struct store *st, int64_t id,
			   void (*fn)(const struct recipient_before *b, void *arg), void *arg,
			   struct err *e)
{
	static const char LIST[] =
	    "SELECT i.at, i.file, i.programme, b.name, b.number, b.numbers_more, b.group_name,"
	    " b.birth_day, b.birth_month, b.birth_year, b.state, b.hold, b.hold_reason, b.facts, b.raw"
	    " FROM import_before b JOIN import i ON i.id = b.import_id WHERE b.recipient_id = $1"
	    " ORDER BY b.import_id";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc = -1;

	if (s != NULL)
		db_put_int(s, id);
	while (s != NULL && (rc = db_step(s, e)) == 1) {
		struct recipient_before b = {.at = db_get_int(s)};

		b.file = db_get_text(s);
		b.programme = db_get_text(s);
		b.name = db_get_text(s);
		b.number = (uint64_t)db_get_int(s);
		b.numbers_more = db_get_text(s);
		b.group = db_get_text(s);
		b.birth_day = db_get_int32(s);
		b.birth_month = db_get_int32(s);
		b.birth_year = db_get_int32(s);
		b.state = db_get_int32(s);
		b.hold = (enum recipient_hold)db_get_int32(s);
		b.hold_reason = db_get_text(s);
		b.facts = db_get_text(s);
		b.raw = db_get_text(s);
		fn(&b, arg);
	}
	db_done(s);
	return rc;
}

/* ---- what may go -------------------------------------------------------------------------- */

/* What becomes of a row that the list brought or changed. */
enum fate { FATE_NOT_OURS, FATE_GOES, FATE_LISTED, FATE_DECIDED, FATE_WRITTEN };

struct undo {
	struct store *st;
	int64_t id, at, undone_at;
	bool kept;	     /* what it changed was written down */
	int64_t from, until; /* ids of the rows it brought; until < from: none */
	int64_t next;	     /* the first list of the programme after it that stands */
	char *programme;
	unsigned char *fates; /* of from … until */
	int64_t *changed;     /* rows that get their former values */
	size_t n_changed, cap_changed;
	struct import_undone *out;
};

static void undo_read(struct db_stmt *s, void *arg)
{
	struct undo *u = arg;

	u->programme = db_get_string(s);
	u->at = db_get_int(s);
	u->undone_at = db_get_int(s);
	u->from = db_get_int(s);
	u->until = db_get_int(s);
	u->kept = u->from > 0;
}

/* 1/0/-1 */
static int undo_open(struct undo *u, struct err *e)
{
	static const char IMPORT[] =
	    "SELECT programme, at, undone_at, new_from, new_until FROM import WHERE id = $1";
	static const char NEXT[] =
	    "SELECT min(id) FROM import WHERE programme = $1 AND id > $2 AND undone_at = 0";
	struct db_stmt *s = db_query(u->st->db, IMPORT, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, u->id);
	rc = db_run_row(s, undo_read, u, e);
	if (rc != 1)
		return rc;
	if ((s = db_query(u->st->db, NEXT, e)) == NULL)
		return -1;
	db_put_text(s, u->programme);
	db_put_int(s, u->id);
	if (db_run_int(s, &u->next, e) < 0)
		return -1;
	u->next = u->next != 0 ? u->next : INT64_MAX;
	u->fates = mem_calloc(u->until >= u->from ? (size_t)(u->until - u->from) + 1 : 1, 1);
	return 1;
}

static void undo_count(struct undo *u, enum fate f)
{
	u->out->kept_listed += f == FATE_LISTED;
	u->out->kept_decided += f == FATE_DECIDED;
	u->out->kept_written += f == FATE_WRITTEN;
}

/* Of those it brought: named by a later list, or an officer said something of them since? */
static int undo_look_at_new(struct undo *u, struct err *e)
{
	static const char NEW[] =
	    "SELECT id, import_id IS NULL OR import_id >= $1, state_set_at <> 0 OR hold <> "
	    "list_hold"
	    " FROM recipient WHERE id BETWEEN $2 AND $3 AND programme = $4";
	struct db_stmt *s = db_query(u->st->db, NEW, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, u->next);
	db_put_int(s, u->from);
	db_put_int(s, u->until);
	db_put_text(s, u->programme);
	while ((rc = db_step(s, e)) == 1) {
		int64_t id = db_get_int(s);
		bool listed = db_get_int(s) != 0, decided = db_get_int(s) != 0;

		u->fates[id - u->from] = decided  ? FATE_DECIDED
					 : listed ? FATE_LISTED
						  : FATE_GOES;
	}
	db_done(s);
	return rc;
}

/* Whoever was written to, has or had an appointment, a letter, an answer that counts. */
static int undo_look_at_written(struct undo *u, struct err *e)
{
	static const char WRITTEN[] =
	    "SELECT m.recipient_id FROM campaign k CROSS JOIN message m ON m.campaign_id = k.id"
	    " AND m.recipient_id BETWEEN $1 AND $2"
	    " UNION ALL SELECT recipient_id FROM seat WHERE recipient_id BETWEEN $1 AND $2"
	    " UNION ALL SELECT h.recipient_id FROM campaign k CROSS JOIN handed h ON"
	    " h.campaign_id = k.id AND h.kind IN (1, 2) AND h.recipient_id BETWEEN $1 AND $2"
	    " UNION ALL SELECT recipient_id FROM reply WHERE recipient_id BETWEEN $1 AND $2";
	struct db_stmt *s = db_query(u->st->db, WRITTEN, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, u->from);
	db_put_int(s, u->until);
	while ((rc = db_step(s, e)) == 1) {
		unsigned char *f = &u->fates[db_get_int(s) - u->from];

		*f = *f == FATE_NOT_OURS ? FATE_NOT_OURS : FATE_WRITTEN;
	}
	db_done(s);
	return rc;
}

static int undo_look_at_changed(struct undo *u, struct err *e)
{
	static const char CHANGED[] =
	    "SELECT b.recipient_id, r.import_id IS NULL OR r.import_id >= $1,"
	    " r.state_set_at <> b.state_set_at OR r.hold <> b.hold_after"
	    " FROM import_before b CROSS JOIN recipient r ON r.id = b.recipient_id"
	    " WHERE b.import_id = $2 AND b.recipient_id < $3 AND r.programme = $4";
	struct db_stmt *s = db_query(u->st->db, CHANGED, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, u->next);
	db_put_int(s, u->id);
	db_put_int(s, u->from);
	db_put_text(s, u->programme);
	while ((rc = db_step(s, e)) == 1) {
		int64_t id = db_get_int(s);
		bool listed = db_get_int(s) != 0, decided = db_get_int(s) != 0;

		undo_count(u, decided ? FATE_DECIDED : listed ? FATE_LISTED : FATE_NOT_OURS);
		if (listed || decided)
			continue;
		u->changed = mem_grow(u->changed, &u->cap_changed, u->n_changed + 1,
				      sizeof(*u->changed));
		u->changed[u->n_changed++] = id;
	}
	db_done(s);
	return rc;
}

/* ---- taking back --------------------------------------------------------------------------- */

static int undo_run_range(struct store *st, const char *sql, int64_t from, int64_t until,
			  struct err *e)
{
	struct db_stmt *s = db_query(st->db, sql, e);

	if (s == NULL)
		return -1;
	db_put_int(s, from);
	db_put_int(s, until);
	return db_run(s, e);
}

/* A run of rows that all go. */
static int undo_remove(struct store *st, int64_t from, int64_t until, struct err *e)
{
	static const char LEAVE[] =
	    "UPDATE contact SET recipients = recipients - (SELECT count(*) FROM recipient r"
	    " WHERE r.contact_id = contact.id AND r.id BETWEEN $1 AND $2)"
	    " WHERE id IN (SELECT contact_id FROM recipient WHERE id BETWEEN $1 AND $2)";
	static const char FORMER[] =
	    "DELETE FROM import_before WHERE recipient_id BETWEEN $1 AND $2";
	static const char BLANK[] =
	    "UPDATE recipient SET programme = '', list_key = 'undone-' || id, state = 0,"
	    " list_state = 0, hold = 5, list_hold = 5, hold_reason = NULL,"
	    " list_hold_reason = NULL, rev = rev + 1, contact_id = NULL, unit_id = NULL,"
	    " sex = 0, birth_precision = 0, birth_year = 0, birth_month = 0, birth_day = 0,"
	    " number = 0, phone_status = 0, phone_flags = 0, numbers_more = NULL, group_name ="
	    " NULL, name = NULL, name_fold = NULL, name_sort = NULL, facts = NULL, facts_kind "
	    "= '',"
	    " reach = 0, raw = NULL WHERE id BETWEEN $1 AND $2";

	return search_drop_run(st, from, until, e) != 0 ||
		       undo_run_range(st, LEAVE, from, until, e) != 0 ||
		       undo_run_range(st, FORMER, from, until, e) != 0
		   ? -1
		   : undo_run_range(st, BLANK, from, until, e);
}

/* Each run of rows that all go. */
static int undo_remove_all(struct undo *u, struct err *e)
{
	int64_t n = u->until - u->from + 1, i = 0;

	while (i < n) {
		int64_t first = i;

		while (i < n && u->fates[i] == FATE_GOES)
			i++;
		if (i > first && undo_remove(u->st, u->from + first, u->from + i - 1, e) != 0)
			return -1;
		i++;
	}
	return 0;
}

struct undo_former {
	int64_t contact_id; /* as it is now */
	struct recipient r; /* the former number and what is known of it */
	bool sought;
};

static void undo_read_former(struct db_stmt *s, void *arg)
{
	struct undo_former *f = arg;

	f->contact_id = db_get_int(s);
	f->sought = db_get_int(s) != 0;
	f->r.number = (uint64_t)db_get_int(s);
	f->r.phone_status = db_get_int32(s);
	f->r.phone_flags = (unsigned)db_get_int(s);
}

static int undo_restore(struct undo *u, int64_t id, struct err *e)
{
	static const char FORMER[] =
	    "SELECT r.contact_id, r.number <> b.number OR r.unit_id IS NOT b.unit_id OR"
	    " r.name_fold IS NOT b.name_fold, b.number, b.phone_status, b.phone_flags"
	    " FROM import_before b JOIN recipient r ON r.id = b.recipient_id"
	    " WHERE b.import_id = $1 AND b.recipient_id = $2";
	static const char RESTORE[] =
	    "UPDATE recipient SET (import_id, " KEPT ") = (SELECT last_import, " KEPT
	    " FROM import_before b WHERE b.import_id = $1 AND b.recipient_id = recipient.id),"
	    " contact_id = $2, rev = rev + 1, reach = $3 WHERE id = $4";
	/* Those of later lists too: none of them stands any more, or the row would not be as before this one. */
	static const char GONE[] =
	    "DELETE FROM import_before WHERE import_id >= $1 AND recipient_id = $2";
	struct store *st = u->st;
	struct undo_former f = {.contact_id = 0};
	struct db_stmt *s = db_query(st->db, FORMER, e);
	struct contact c;

	if (s == NULL)
		return -1;
	db_put_int(s, u->id);
	db_put_int(s, id);
	if (db_run_row(s, undo_read_former, &f, e) != 1 ||
	    contact_of_row(st, &f.r, &c, e) != 0 || (f.sought && search_drop(st, id, e) != 0) ||
	    (s = db_query(st->db, RESTORE, e)) == NULL)
		return -1;
	db_put_int(s, u->id);
	db_put_id(s, c.id);
	db_put_int(s, contact_reach(&c));
	db_put_int(s, id);
	if (db_run(s, e) != 0 || (f.sought && search_add(st, id, e) != 0))
		return -1;
	if (f.contact_id != c.id && (contact_count(st, f.contact_id, -1, e) != 0 ||
				     contact_count(st, c.made ? 0 : c.id, 1, e) != 0))
		return -1;
	return undo_run_range(st, GONE, u->id, id, e);
}

static int undo_mark(struct undo *u, const char *who, struct err *e)
{
	static const char MARK[] = "UPDATE import SET undone_at = $1, undone_by = $2"
				   " WHERE id = $3 AND undone_at = 0";
	struct db_stmt *s = db_query(u->st->db, MARK, e);
	char subject[40], detail[120];

	if (s == NULL)
		return -1;
	db_put_int(s, clock_now_ms());
	db_put_text(s, who);
	db_put_int(s, u->id);
	if (db_run(s, e) != 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "import/%" PRId64, u->id);
	(void)snprintf(detail, sizeof(detail),
		       "removed=%d restored=%d listed=%d decided=%d written=%d",
		       u->out->removed, u->out->restored, u->out->kept_listed,
		       u->out->kept_decided, u->out->kept_written);
	return store_audit(u->st, who, "import.undo", subject, detail, e);
}

/* What would be done, and whether anything can be: 0, or -1 with e. Reads alone. */
static int undo_look(struct undo *u, struct err *e)
{
	struct import_undone *out = u->out;

	if (!u->kept)
		return err_set(e, EX_DATAERR,
			       "danh sách này nhập khi chương trình chưa giữ giá trị cũ: không "
			       "hoàn tác được");
	if (clock_now_ms() - u->at > IMPORT_UNDO_MS)
		return err_set(e, EX_DATAERR,
			       "danh sách này nhập đã quá %d ngày: giá trị cũ không còn giữ",
			       (int)(IMPORT_UNDO_MS / CLOCK_DAY_MS));
	if (undo_look_at_new(u, e) != 0 || undo_look_at_written(u, e) != 0 ||
	    undo_look_at_changed(u, e) != 0)
		return -1;
	for (int64_t i = 0; i <= u->until - u->from; i++) {
		out->removed += u->fates[i] == FATE_GOES;
		undo_count(u, u->fates[i]);
	}
	out->restored = (int)u->n_changed;
	if (out->removed + out->restored > 0)
		return 0;
	out->already = u->undone_at != 0;
	if (!out->already && out->kept_listed + out->kept_decided + out->kept_written > 0)
		return err_set(
		    e, EX_DATAERR,
		    "không hoàn tác được dòng nào: %d có trong danh sách nhập sau "
		    "(hoàn tác danh sách đó trước), %d cán bộ đã ghi khác, %d đã được "
		    "nhắn, hẹn hoặc giao giấy",
		    out->kept_listed, out->kept_decided, out->kept_written);
	return 0;
}

static int undo_do(struct undo *u, const char *who, struct err *e)
{
	if (u->out->already)
		return 0;
	if (undo_remove_all(u, e) != 0)
		return -1;
	for (size_t i = 0; i < u->n_changed; i++) {
		if (undo_restore(u, u->changed[i], e) != 0)
			return -1;
	}
	return undo_mark(u, who, e);
}

int store_import_undo(struct store *st, int64_t id, const char *who, struct import_undone *out,
		      struct err *e)
{
	struct undo u = {.st = st, .id = id, .out = out};
	int rc;

	*out = (struct import_undone){0};
	rc = undo_open(&u, e);
	if (rc == 1 && undo_look(&u, e) < 0)
		rc = -1;
	if (rc == 1 && who != NULL) {
		store_want_transaction(st, "import_undo");
		if (undo_do(&u, who, e) < 0)
			rc = -1;
	}
	free(u.programme);
	free(u.fates);
	free(u.changed);
	return rc;
}
