/* SPDX-License-Identifier: Apache-2.0 */
#include "store/purge.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "store/account.h"
#include "store/message.h"
#include "store/private.h"
#include "store/recipient.h"
#include "store/session.h"

/* Rows of one transaction: others get their turn in between. */
#define PURGE_ROWS 500
/* Two weeks, in ms: so much longer stays what a report that waits to be confirmed may still say. */
#define PURGE_WEEKS "1209600000"

/* One kind of row. find gets the limit, the last id and how many: ids, and whether each may go. */
struct purge_kind {
	const char *find;
	int (*blank)(struct store *st, int64_t id, int64_t now, struct err *e);
};

/* The words, and those of whoever refused them: a provider may have repeated a number. Classes and codes
 * stay. */
static int purge_text(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char TEXT[] = "DELETE FROM message_text WHERE message_id = $1";
	static const char REASON[] =
	    "UPDATE message SET reason = NULL WHERE id = $1 AND reason IS NOT NULL";
	static const char TRIED[] =
	    "UPDATE attempt SET reason = NULL WHERE message_id = $1 AND reason IS NOT NULL";

	(void)now;
	if (db_run_with(st->db, TEXT, id, e) != 0 || db_run_with(st->db, REASON, id, e) != 0)
		return -1;
	return db_run_with(st->db, TRIED, id, e);
}

static int purge_receipt(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char RAW[] = "UPDATE receipt SET raw = NULL WHERE id = $1";

	(void)now;
	return db_run_with(st->db, RAW, id, e);
}

static int purge_orphan(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char ORPHAN[] = "DELETE FROM receipt_orphan WHERE id = $1";

	(void)now;
	return db_run_with(st->db, ORPHAN, id, e);
}

/* What was made of it stays, and so does the number as long as it is known: how often it declined counts.
 * Its key may be made of number and words. */
static int purge_reply(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char REPLY[] =
	    "UPDATE reply SET text = '', raw = NULL, ref = 'purged-' || id,"
	    " number = CASE WHEN number IN (SELECT c.number FROM contact c) THEN number ELSE 0 "
	    "END"
	    " WHERE id = $1";

	(void)now;
	return db_run_with(st->db, REPLY, id, e);
}

static int purge_job(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char JOB[] = "UPDATE job SET payload = NULL WHERE id = $1";

	(void)now;
	return db_run_with(st->db, JOB, id, e);
}

/* Year and sex stay for the figures; who it was does not, and nobody writes to the row again. */
static int purge_person(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char LEAVE[] = "UPDATE contact SET recipients = recipients - 1 WHERE id ="
				    " (SELECT contact_id FROM recipient WHERE id = $1)";
	static const char BLANK[] =
	    "UPDATE recipient SET list_key = 'purged-' || id, name = NULL, name_fold = NULL,"
	    " name_sort = NULL, group_name = NULL, number = 0, numbers_more = NULL,"
	    " birth_month = 0, birth_day = 0, facts = NULL, facts_kind = '', reach = 0, raw = "
	    "NULL, hold_reason = NULL,"
	    " list_hold_reason = NULL, contact_id = NULL, rev = rev + 1, state_set_at = $1,"
	    " hold = CASE WHEN hold IN (0, 3) THEN $2 ELSE hold END WHERE id = $3";
	static const char FORMER[] = "DELETE FROM import_before WHERE recipient_id = $1";
	struct db_stmt *s;

	if (search_drop(st, id, e) != 0 || db_run_with(st->db, LEAVE, id, e) != 0 ||
	    db_run_with(st->db, FORMER, id, e) != 0 || (s = db_query(st->db, BLANK, e)) == NULL)
		return -1;
	db_put_int(s, now);
	db_put_int(s, HOLD_PURGED);
	db_put_int(s, id);
	return db_run(s, e);
}

/* Numbers are unique: one that is gone is minus its id. */
static int purge_number(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char REPLIES[] =
	    "UPDATE reply SET text = '', raw = NULL, ref = 'purged-' || id, number = 0"
	    " WHERE number = (SELECT c.number FROM contact c WHERE c.id = $1)";
	static const char NUMBER[] = "UPDATE contact SET number = -id, flags = 0 WHERE id = $1";

	(void)now;
	return db_run_with(st->db, REPLIES, id, e) != 0 ? -1
							: db_run_with(st->db, NUMBER, id, e);
}

/* Who sat where on a day that is long over. */
static int purge_duty(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char DUTY[] = "DELETE FROM duty WHERE id = $1";

	(void)now;
	return db_run_with(st->db, DUTY, id, e);
}

static int purge_told(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char TOLD[] = "DELETE FROM duty_told WHERE id = $1";

	(void)now;
	return db_run_with(st->db, TOLD, id, e);
}

/* What a team wrote beside its figures may name somebody; what it counted stays. */
static int purge_hand_in(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char HAND_IN[] =
	    "UPDATE hand_in SET difficulties = '', proposals = '' WHERE id = $1";

	(void)now;
	return db_run_with(st->db, HAND_IN, id, e);
}

/* One transaction. *last is the id to go on behind; *more: there may be further rows. */
static int purge_some(struct store *st, const struct purge_kind *k, int64_t before,
		      int64_t *last, int64_t *n, bool *more, struct err *e)
{
	int64_t ids[PURGE_ROWS], now = clock_now_ms();
	size_t found = 0, seen = 0;
	struct db_stmt *s;
	int rc = -1;

	if (store_begin(st, e) != 0)
		return -1;
	if ((s = db_query(st->db, k->find, e)) == NULL)
		goto out;
	db_put_int(s, before);
	db_put_int(s, *last);
	db_put_int(s, PURGE_ROWS);
	while ((rc = db_step(s, e)) == 1) {
		*last = db_get_int(s);
		if (db_get_int(s) != 0)
			ids[found++] = *last;
		seen++;
	}
	db_done(s);
	for (size_t i = 0; rc == 0 && i < found; i++)
		rc = k->blank(st, ids[i], now, e);
	*more = seen == PURGE_ROWS;
	*n += rc == 0 ? (int64_t)found : 0;
out:
	return store_end(st, rc, e);
}

static int purge_kind(struct store *st, const struct purge_kind *k, int64_t before, int64_t *n,
		      struct err *e)
{
	int64_t last = 0;
	bool more = true;

	while (more) {
		if (purge_some(st, k, before, &last, n, &more, e) != 0)
			return -1;
	}
	return 0;
}

/* What somebody asked for under a key, with the answer; who came in from where, and could have. */
static int purge_visits(struct store *st, int64_t before, struct err *e)
{
	if (store_begin(st, e) != 0)
		return -1;
	return store_end(st, store_login_purge(st, before, before, before, e), e);
}

/* Lists that nobody can take back any more. */
static int purge_former(struct store *st, struct err *e)
{
	static const char FORMER[] = "DELETE FROM import_before WHERE import_id IN"
				     " (SELECT id FROM import WHERE at < $1)";

	return db_run_with(st->db, FORMER, clock_now_ms() - IMPORT_UNDO_MS, e);
}

/* The same words in what gateways below handed up; their figures stay. A summary without them has no
 * reference any more. Few rows, and none is read twice: one transaction. */
static int purge_subordinates(struct store *st, int64_t before, int64_t *n, struct err *e)
{
	static const char WORDS[] =
	    "UPDATE subordinate SET ref = '', body = CASE WHEN json_valid(body) THEN"
	    " json_remove(body, '$.data.text', '$.data.figures.teams') ELSE '{}' END"
	    " WHERE ref <> '' AND received_at + " PURGE_WEEKS " < $1";
	struct db_stmt *s;

	if (store_begin(st, e) != 0)
		return -1;
	s = db_query(st->db, WORDS, e);
	if (s != NULL)
		db_put_int(s, before);
	if (s == NULL || db_run(s, e) != 0)
		return store_end(st, -1, e);
	*n += db_changes(st->db);
	return store_end(st, 0, e);
}

/* Kinds that no row is of any more say what was known of whom they were made. */
static int purge_kinds(struct store *st, struct err *e)
{
	static const char KINDS[] = "DELETE FROM recipient_kind WHERE n <= 0";

	return db_run(db_query(st->db, KINDS, e), e);
}

/* The index of names keeps what was taken out of it until it is merged. */
static int purge_finish(struct store *st, const struct purge_counts *n, struct err *e)
{
	static const char MERGE[] =
	    "INSERT INTO recipient_search(recipient_search) SELECT 'optimize'"
	    " WHERE $1 > 0 OR EXISTS (SELECT 1 FROM import WHERE undone_at <> 0)";
	struct db_stmt *s;
	char detail[160];

	(void)snprintf(detail, sizeof(detail),
		       "texts=%" PRId64 " receipts=%" PRId64 " people=%" PRId64
		       " numbers=%" PRId64,
		       n->texts, n->receipts, n->people, n->numbers);
	if (store_begin(st, e) != 0)
		return -1;
	s = db_query(st->db, MERGE, e);
	if (s != NULL)
		db_put_int(s, n->people);
	if (db_run(s, e) != 0 || purge_kinds(st, e) != 0 || purge_former(st, e) != 0 ||
	    store_audit(st, "moidan", "store.purge", "store", detail, e) != 0) {
		store_rollback(st);
		return -1;
	}
	return store_commit(st, e);
}

int store_purge(struct store *st, const struct purge_limits *before, struct purge_counts *n,
		struct err *e)
{
	/* States up to SENT may still need their words. */
	static const struct purge_kind texts = {
	    "SELECT t.message_id, m.state > 4 AND m.planned_at < $1 FROM message_text t"
	    " JOIN message m ON m.id = t.message_id WHERE t.message_id > $2"
	    " ORDER BY t.message_id LIMIT $3",
	    purge_text};
	static const struct purge_kind receipts = {
	    "SELECT id, raw IS NOT NULL AND received_at < $1 FROM receipt WHERE id > $2"
	    " ORDER BY id LIMIT $3",
	    purge_receipt};
	static const struct purge_kind orphans = {
	    "SELECT id, received_at < $1 FROM receipt_orphan WHERE id > $2 ORDER BY id LIMIT "
	    "$3",
	    purge_orphan};
	static const struct purge_kind replies = {
	    "SELECT id, ref <> 'purged-' || id AND open = 0 AND received_at < $1 FROM reply"
	    " WHERE id > $2 ORDER BY id LIMIT $3",
	    purge_reply};
	static const struct purge_kind hand_ins = {
	    "SELECT id, (difficulties <> '' OR proposals <> '') AND at + " PURGE_WEEKS
	    " < $1 FROM hand_in WHERE id > $2 ORDER BY id LIMIT $3",
	    purge_hand_in};
	static const struct purge_kind jobs = {"SELECT id, payload IS NOT NULL AND state > 1 "
					       "AND due_at < $1 FROM job WHERE id > $2"
					       " ORDER BY id LIMIT $3",
					       purge_job};
	static const struct purge_kind people = {
	    "SELECT r.id, r.programme <> '' AND r.list_key <> 'purged-' || r.id AND "
	    "r.state_set_at < $1 AND NOT "
	    "EXISTS (SELECT 1"
	    " FROM import i WHERE i.id = r.import_id AND i.at >= $1) AND NOT EXISTS (SELECT 1"
	    " FROM campaign c JOIN message m ON m.campaign_id = c.id AND m.recipient_id = r.id"
	    " WHERE m.planned_at >= $1 OR m.state <= 4) FROM recipient r WHERE r.id > $2"
	    " ORDER BY r.id LIMIT $3",
	    purge_person};
	static const struct purge_kind duties = {
	    "SELECT id, (day + 1) * 86400000 < $1 FROM duty WHERE id > $2 ORDER BY id LIMIT $3",
	    purge_duty};
	static const struct purge_kind told = {"SELECT id, (day + 1) * 86400000 < $1 FROM "
					       "duty_told WHERE id > $2 ORDER BY id LIMIT "
					       "$3",
					       purge_told};
	/* 3: opted out, wrong person. */
	static const struct purge_kind numbers = {
	    "SELECT c.id, c.number > 0 AND c.recipients <= 0 AND (c.flags & 3) = 0 AND"
	    " $1 = $1 FROM contact c WHERE c.id > $2 ORDER BY c.id LIMIT $3",
	    purge_number};

	if (purge_kind(st, &texts, before->texts, &n->texts, e) != 0 ||
	    purge_kind(st, &receipts, before->receipts, &n->receipts, e) != 0 ||
	    purge_kind(st, &orphans, before->receipts, &n->receipts, e) != 0 ||
	    purge_kind(st, &replies, before->texts, &n->texts, e) != 0 ||
	    purge_kind(st, &hand_ins, before->texts, &n->texts, e) != 0 ||
	    purge_subordinates(st, before->texts, &n->texts, e) != 0 ||
	    purge_kind(st, &jobs, before->receipts, &n->receipts, e) != 0 ||
	    purge_visits(st, before->receipts, e) != 0 ||
	    purge_kind(st, &people, before->people, &n->people, e) != 0 ||
	    purge_kind(st, &duties, before->people, &n->people, e) != 0 ||
	    purge_kind(st, &told, before->people, &n->people, e) != 0 ||
	    purge_kind(st, &numbers, before->people, &n->numbers, e) != 0)
		return -1;
	return purge_finish(st, n, e);
}

int store_compact(struct store *st, struct err *e)
{
	int rc;

	if (st->mode != STORE_DAEMON || st->writing || st->reading)
		store_fatal("compact", 0, "not the daemon's, or in a transaction");
	if (lock_writer(st->writer_fd, 1000, e) != 0)
		return -1;
	rc = db_vacuum(st->db, e);
	if (rc == 0)
		rc = db_checkpoint_try(st->db, e);
	lock_writer_release(st->writer_fd);
	if (rc == 0)
		return err_set(e, EX_TEMPFAIL, "somebody is reading the database");
	return rc < 0 ? -1 : 0;
}

/* ---- one person ----------------------------------------------------------------------------- */

#define ERASE_MESSAGES 256

struct erase_message {
	int64_t id;
	enum message_state state;
};

/* The next messages of a recipient, behind one. */
static int erase_messages(struct store *st, int64_t recipient_id, int64_t after,
			  struct erase_message *out, size_t *n, struct err *e)
{
	static const char OF[] =
	    "SELECT m.id, m.state FROM message m WHERE m.campaign_id IN"
	    " (SELECT k.id FROM campaign k) AND m.recipient_id = $1 AND m.id > $2"
	    " ORDER BY m.id LIMIT $3";
	struct db_stmt *s = db_query(st->db, OF, e);
	int rc;

	*n = 0;
	if (s == NULL)
		return -1;
	db_put_int(s, recipient_id);
	db_put_int(s, after);
	db_put_int(s, ERASE_MESSAGES);
	while ((rc = db_step(s, e)) == 1) {
		out[*n].id = db_get_int(s);
		out[(*n)++].state = (enum message_state)db_get_int32(s);
	}
	db_done(s);
	return rc;
}

/* What they answered from a number that is theirs alone, unless an officer has to read it first; reports
 * that nobody could place. */
static int erase_replies(struct store *st, int64_t recipient_id, struct err *e)
{
	static const char REPLIES[] =
	    "UPDATE reply SET text = '', raw = NULL, ref = 'purged-' || id WHERE open = 0"
	    " AND number IN (SELECT c.number FROM recipient r JOIN contact c ON c.id = "
	    "r.contact_id"
	    " WHERE r.id = $1 AND c.recipients <= 1)";
	static const char ORPHANS[] =
	    "DELETE FROM receipt_orphan WHERE phone IN (SELECT c.number FROM recipient r"
	    " JOIN contact c ON c.id = r.contact_id WHERE r.id = $1 AND c.recipients <= 1)";

	return db_run_with(st->db, REPLIES, recipient_id, e) != 0
		   ? -1
		   : db_run_with(st->db, ORPHANS, recipient_id, e);
}

static int erase_message(struct store *st, const struct erase_message *m, int *open,
			 struct err *e)
{
	static const char RAW[] = "UPDATE receipt SET raw = NULL WHERE message_id = $1";
	enum message_state state = m->state;

	if (state == MESSAGE_QUEUED || state == MESSAGE_HELD || state == MESSAGE_LINKED) {
		if (store_message_event(st, m->id, MESSAGE_EV_CANCEL, 0, "xóa theo yêu cầu",
					e) < 0)
			return -1;
		state = MESSAGE_CANCELLED;
	}
	if (!message_is_final(state)) {
		(*open)++;
		return 0;
	}
	return purge_text(st, m->id, 0, e) != 0 ? -1 : db_run_with(st->db, RAW, m->id, e);
}

/* 1 and *id of the number that only this row has and that may go; 0, -1. */
static int erase_number(struct store *st, int64_t recipient_id, int64_t *id, struct err *e)
{
	static const char LAST[] =
	    "SELECT c.id FROM recipient r JOIN contact c ON c.id = r.contact_id"
	    " WHERE r.id = $1 AND c.recipients <= 1 AND (c.flags & $2) = 0";
	struct db_stmt *s = db_query(st->db, LAST, e);

	if (s == NULL)
		return -1;
	db_put_int(s, recipient_id);
	db_put_int(s, CONTACT_OPTED_OUT | CONTACT_WRONG_PERSON);
	return db_run_int(s, id, e);
}

/* Numbers that the row had before a list changed it, and that nobody has now. */
static int erase_former(struct store *st, int64_t recipient_id, int64_t now, struct err *e)
{
	static const char ONE[] =
	    "SELECT c.id FROM import_before b JOIN contact c ON c.number = b.number"
	    " WHERE b.recipient_id = $1 AND c.recipients = 0 AND (c.flags & $2) = 0 LIMIT 1";
	struct db_stmt *s;
	int64_t id;
	int rc;

	do {
		if ((s = db_query(st->db, ONE, e)) == NULL)
			return -1;
		db_put_int(s, recipient_id);
		db_put_int(s, CONTACT_OPTED_OUT | CONTACT_WRONG_PERSON);
		rc = db_run_int(s, &id, e);
		if (rc > 0 && purge_number(st, id, now, e) != 0)
			return -1;
	} while (rc > 0);
	return rc;
}

int store_recipient_erase(struct store *st, int64_t id, const char *who, int *open,
			  struct err *e)
{
	struct erase_message list[ERASE_MESSAGES];
	struct seat seat;
	int64_t after = 0, number = 0, now = clock_now_ms();
	char subject[40];
	size_t n;
	int rc;

	store_want_transaction(st, "recipient_erase");
	*open = 0;
	do {
		if (erase_messages(st, id, after, list, &n, e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			if (erase_message(st, &list[i], open, e) < 0)
				return -1;
		after = n > 0 ? list[n - 1].id : after;
	} while (n == ERASE_MESSAGES);
	rc = store_seat_of(st, id, &seat, e);
	if (rc < 0 || (rc > 0 && store_seat_set(st, seat.id, SEAT_FREED, e) < 0))
		return -1;
	if (erase_replies(st, id, e) != 0)
		return -1;
	/* Messages under way still need their number. */
	if (*open == 0 && erase_former(st, id, now, e) < 0)
		return -1;
	rc = erase_number(st, id, &number, e);
	if (rc < 0 || purge_person(st, id, now, e) != 0)
		return -1;
	if (db_changes(st->db) == 0)
		return 0;
	if (purge_kinds(st, e) != 0)
		return -1;
	if (rc > 0 && *open == 0 && purge_number(st, number, now, e) != 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "recipient/%" PRId64, id);
	return store_audit(st, who, "recipient.erase", subject, "", e) == 0 ? 1 : -1;
}
