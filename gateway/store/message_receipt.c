/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: kept as they came under a unique key, applied in the same
 * transaction, early, late, twice or against each other. */
#include <stdio.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "store/asked.h"
#include "store/private.h"
#include "store/recipient.h"

/* The message that a receipt speaks of: 1/0/-1. */
static int receipt_find(struct store *st, const struct message_receipt *r, int64_t *id,
			struct err *e)
{
	static const char BY_REF[] =
	    "SELECT message_id FROM provider_ref WHERE provider_id = $1 AND ref = $2";
	struct db_stmt *s;

	*id = r->message_id;
	if (r->message_id > 0)
		return 1;
	if (r->provider_ref[0] == '\0')
		return 0;
	if ((s = db_query(st->db, BY_REF, e)) == NULL)
		return -1;
	db_put_int(s, r->provider_id);
	db_put_text(s, r->provider_ref);
	return db_run_int(s, id, e);
}

/* Its row, when whoever reports is who was given it, and the number that the receipt names is the
 * message's: 1/0/-1. Another provider, or who has got at its path, has nothing to say about it. */
static int receipt_load(struct store *st, const struct message_receipt *r,
			struct message_now *m, struct err *e)
{
	static const char NUMBER[] = "SELECT number FROM contact WHERE id = $1";
	struct db_stmt *s;
	int64_t id, number = 0;
	int rc = receipt_find(st, r, &id, e);

	if (rc == 1)
		rc = message_load(st, id, m, e);
	if (rc == 1 && m->provider_id != r->provider_id)
		return 0;
	if (rc != 1 || r->phone == 0)
		return rc;
	if ((s = db_query(st->db, NUMBER, e)) == NULL)
		return -1;
	db_put_int(s, m->contact_id);
	rc = db_run_int(s, &number, e);
	return rc < 0 ? -1 : (uint64_t)number == r->phone;
}

/* What a receipt means for a message in a state: the pure part. */
static enum receipt_fate receipt_judge(enum message_state state, enum message_event ev)
{
	enum message_state to;

	if (message_next(state, ev, &to))
		return to != state ? RECEIPT_APPLIED : RECEIPT_NO_CHANGE;
	switch (state) {
	case MESSAGE_DELIVERED:
		return ev == MESSAGE_EV_RECEIPT_FAILED ? RECEIPT_CONFLICT : RECEIPT_NO_CHANGE;
	case MESSAGE_UNDELIVERED:
		return ev == MESSAGE_EV_RECEIPT_DELIVERED ? RECEIPT_CONFLICT
							  : RECEIPT_NO_CHANGE;
	case MESSAGE_REJECTED:
	case MESSAGE_FAILED:
		return ev == MESSAGE_EV_RECEIPT_FAILED ? RECEIPT_NO_CHANGE : RECEIPT_CONFLICT;
	default:
		return RECEIPT_CONFLICT;
	}
}

static int receipt_write(struct store *st, const struct message_now *m,
			 const struct message_receipt *r, struct err *e)
{
	static const char WRITE[] =
	    "UPDATE message SET state = $1, final_at = $2, class = $3, code = COALESCE($4, "
	    "code),"
	    " sent_at = CASE WHEN sent_at > 0 THEN sent_at WHEN claimed_at > 0 THEN claimed_at"
	    " ELSE $5 END, provider_ref = COALESCE(provider_ref, $6),"
	    " due_at = CASE WHEN $1 = 4 THEN $7 ELSE due_at END WHERE id = $8";
	static const char REACHED[] =
	    "UPDATE contact SET flags = flags | $1 WHERE id = $2 AND (flags & $1) = 0";
	struct db_stmt *s = db_query(st->db, WRITE, e);
	int64_t at = r->at > 0 ? r->at : r->received_at;

	if (s == NULL)
		return -1;
	db_put_int(s, m->state);
	db_put_int(s, message_is_final(m->state) ? at : 0);
	db_put_int(s, r->event == MESSAGE_EV_RECEIPT_FAILED ? r->class : 0);
	db_put_text(s, r->event == MESSAGE_EV_RECEIPT_FAILED && r->code[0] ? r->code : NULL);
	db_put_int(s, at);
	db_put_text(s, r->provider_ref[0] ? r->provider_ref : NULL);
	/* Accepted: from here on silence is looked at. */
	db_put_int(s, r->received_at);
	db_put_int(s, m->id);
	if (db_run(s, e) != 0)
		return -1;
	if (m->state != MESSAGE_DELIVERED)
		return 0;
	if ((s = db_query(st->db, REACHED, e)) == NULL)
		return -1;
	db_put_int(s, CONTACT_REACHED);
	db_put_int(s, m->contact_id);
	return db_run(s, e);
}

/* 1 stored, 0 was there, -1 */
static int receipt_keep(struct store *st, const struct message_now *m,
			const struct message_receipt *r, enum receipt_fate fate, struct err *e)
{
	static const char KEEP[] =
	    "INSERT INTO receipt(message_id, provider_id, event, code, at, class, received_at,"
	    " provider_ref, fate, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	    " ON CONFLICT (message_id, provider_id, event, code, at) DO NOTHING";
	struct db_stmt *s = db_query(st->db, KEEP, e);

	if (s == NULL)
		return -1;
	db_put_int(s, m->id);
	db_put_int(s, r->provider_id);
	db_put_int(s, r->event);
	db_put_text(s, r->code);
	db_put_int(s, r->at);
	db_put_int(s, r->class);
	db_put_int(s, r->received_at);
	db_put_text(s, r->provider_ref);
	db_put_int(s, fate);
	db_put_bytes(s, r->raw, r->raw_len);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) > 0;
}

static int receipt_keep_orphan(struct store *st, const struct message_receipt *r, struct err *e)
{
	static const char KEEP[] =
	    "INSERT INTO receipt_orphan(provider_id, provider_ref, message_id, event, code, at,"
	    " phone, class, received_at, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	    " ON CONFLICT (provider_id, provider_ref, message_id, event, code, at, phone)"
	    " DO NOTHING";
	struct db_stmt *s = db_query(st->db, KEEP, e);

	if (s == NULL)
		return -1;
	db_put_int(s, r->provider_id);
	db_put_text(s, r->provider_ref);
	db_put_int(s, r->message_id);
	db_put_int(s, r->event);
	db_put_text(s, r->code);
	db_put_int(s, r->at);
	db_put_int(s, (int64_t)r->phone);
	db_put_int(s, r->class);
	db_put_int(s, r->received_at);
	db_put_bytes(s, r->raw, r->raw_len);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) > 0;
}

static int receipt_one(struct store *st, const struct message_receipt *r,
		       enum receipt_fate *fate, struct err *e)
{
	struct message_now m = {0};
	int rc = receipt_load(st, r, &m, e);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		rc = receipt_keep_orphan(st, r, e);
		*fate = rc == 1 ? RECEIPT_ORPHAN : RECEIPT_REPEATED;
		return rc < 0 ? -1 : 0;
	}
	*fate = receipt_judge(m.state, r->event);
	rc = receipt_keep(st, &m, r, *fate, e);
	if (rc == 0)
		*fate = RECEIPT_REPEATED;
	if (rc != 1 || *fate != RECEIPT_APPLIED)
		return rc < 0 ? -1 : 0;
	if (m.state == MESSAGE_UNCERTAIN &&
	    store_settled_add(st, r->asked ? SETTLED_BY_QUERY : SETTLED_BY_ECHO, e) != 0)
		return -1;
	(void)message_move(st, &m, r->event);
	return receipt_write(st, &m, r, e);
}

int store_message_receipts(struct store *st, const struct message_receipt *r, size_t n,
			   enum receipt_fate *fates, struct err *e)
{
	enum receipt_fate fate;

	store_want_transaction(st, "receipts");
	for (size_t i = 0; i < n; i++) {
		if (r[i].event != MESSAGE_EV_RECEIPT_DELIVERED &&
		    r[i].event != MESSAGE_EV_RECEIPT_FAILED &&
		    r[i].event != MESSAGE_EV_RECEIPT_SEEN)
			store_fatal("illegal_receipt", r[i].message_id,
				    message_event_name(r[i].event));
		if (receipt_one(st, &r[i], &fate, e) != 0)
			return -1;
		if (fates != NULL)
			fates[i] = fate;
	}
	FAILPOINT("receipts.done");
	return 0;
}

/* ---- orphans ------------------------------------------------------------------------------ */

/* Reads the oldest orphan of a reference after `after`; its raw bytes are yours. 1/0/-1 */
static int orphan_next(struct store *st, int provider_id, const char *ref, int64_t *after,
		       struct message_receipt *r, struct err *e)
{
	static const char NEXT[] =
	    "SELECT id, event, code, at, phone, class, received_at, raw FROM receipt_orphan"
	    " WHERE provider_id = $1 AND provider_ref = $2 AND message_id = 0 AND id > $3"
	    " ORDER BY id LIMIT 1";
	struct db_stmt *s = db_query(st->db, NEXT, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, provider_id);
	db_put_text(s, ref);
	db_put_int(s, *after);
	rc = db_step(s, e);
	if (rc == 1) {
		const char *raw;

		*r = (struct message_receipt){.provider_id = provider_id};
		*after = db_get_int(s);
		r->event = (enum message_event)db_get_int32(s);
		(void)snprintf(r->code, sizeof(r->code), "%s", db_get_text(s));
		r->at = db_get_int(s);
		r->phone = (uint64_t)db_get_int(s);
		r->class = db_get_int32(s);
		r->received_at = db_get_int(s);
		raw = db_get_bytes(s, &r->raw_len);
		r->raw = raw ? mem_strndup(raw, r->raw_len) : NULL;
		(void)snprintf(r->provider_ref, sizeof(r->provider_ref), "%s", ref);
	}
	db_done(s);
	return rc;
}

static int orphan_forget(struct store *st, int64_t id, struct err *e)
{
	static const char FORGET[] = "DELETE FROM receipt_orphan WHERE id = $1";

	return db_run_with(st->db, FORGET, id, e);
}

int message_ref_known(struct store *st, int64_t id, int provider_id, const char *ref,
		      struct err *e)
{
	static const char INDEX[] =
	    "INSERT INTO provider_ref(provider_id, ref, message_id) VALUES ($1, $2, $3)"
	    " ON CONFLICT (provider_id, ref) DO NOTHING";
	struct db_stmt *s = db_query(st->db, INDEX, e);
	struct message_receipt r;
	int64_t orphan = 0;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, provider_id);
	db_put_text(s, ref);
	db_put_int(s, id);
	if (db_run(s, e) != 0)
		return -1;
	while ((rc = orphan_next(st, provider_id, ref, &orphan, &r, e)) == 1) {
		enum receipt_fate fate;
		char *raw = (char *)(uintptr_t)r.raw;

		rc = receipt_one(st, &r, &fate, e);
		free(raw);
		/* One whose phone is not the message's stays where it is. */
		if (rc != 0 || (fate != RECEIPT_REPEATED && fate != RECEIPT_ORPHAN &&
				orphan_forget(st, orphan, e) != 0))
			return -1;
	}
	return rc;
}
