/* SPDX-License-Identifier: Apache-2.0 */
#include "store/reply.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "store/private.h"

/* What says neither id nor time is the same again when it comes again so soon. */
#define REPLY_AGAIN (10 * CLOCK_MINUTE_MS)

static const struct {
	const char *name, *vi;
} reply_kinds[REPLY_KINDS] = {
    [REPLY_UNKNOWN] = {"unknown", "chưa hiểu"},
    [REPLY_OPT_OUT] = {"opt_out", "dừng nhận tin"},
    [REPLY_WRONG_PERSON] = {"wrong_person", "sai người"},
    [REPLY_WILL_COME] = {"will_come", "sẽ đến"},
    [REPLY_RESULT] = {"result", "báo kết quả"},
    [REPLY_REFUSED] = {"refused", "không nhận kết quả"},
    [REPLY_FIGURES] = {"figures", "báo số liệu tuần"},
};

const char *reply_kind_name(enum reply_kind k)
{
	return (unsigned)k < REPLY_KINDS ? reply_kinds[k].name : "?";
}

const char *reply_kind_vi(enum reply_kind k)
{
	return (unsigned)k < REPLY_KINDS ? reply_kinds[k].vi : "?";
}

int reply_kind_from_name(const char *name, enum reply_kind *k)
{
	for (int i = 0; i < REPLY_KINDS; i++) {
		if (strcmp(reply_kinds[i].name, name) == 0) {
			*k = (enum reply_kind)i;
			return 1;
		}
	}
	return 0;
}

/* The key of one that its provider gave none: number, time and text. */
static char *reply_ref(const struct reply *r)
{
	unsigned char hash[16];
	int64_t when = r->at != 0 ? r->at : r->received_at / REPLY_AGAIN;
	char *text = mem_printf("%" PRIu64 "\n%" PRId64 "\n%s", r->number, when, r->text);
	char hex[2 * sizeof(hash) + 1];

	(void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, strlen(text),
				 NULL, 0);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	free(text);
	return mem_printf("=%s", hex);
}

int store_reply_add(struct store *st, struct reply *r, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO reply(provider_id, ref, number, text, at, received_at, kind, open,"
	    " recipient_id, note, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	    " ON CONFLICT (provider_id, ref) DO NOTHING";
	char *ref = r->ref[0] != '\0' ? mem_strdup(r->ref) : reply_ref(r);
	struct db_stmt *s = db_query(st->db, ADD, e);
	int rc = -1;

	store_want_transaction(st, "reply_add");
	if (s == NULL)
		goto out;
	db_put_int(s, r->provider_id);
	db_put_text(s, ref);
	db_put_int(s, (int64_t)r->number);
	db_put_text(s, r->text);
	db_put_int(s, r->at);
	db_put_int(s, r->received_at);
	db_put_int(s, r->kind);
	db_put_int(s, r->open);
	db_put_id(s, r->recipient_id);
	db_put_text(s, r->note);
	db_put_bytes(s, r->raw, r->raw_len);
	if (db_run(s, e) != 0)
		goto out;
	rc = db_changes(st->db) > 0;
	if (rc == 1)
		r->id = db_last_id(st->db);
	FAILPOINT("reply.added");
out:
	free(ref);
	return rc;
}

int store_reply_set(struct store *st, int64_t id, enum reply_kind kind, bool open,
		    int64_t recipient_id, const char *note, struct err *e)
{
	static const char SET[] = "UPDATE reply SET kind = $1, open = $2, recipient_id = $3,"
				  " note = COALESCE($4, note) WHERE id = $5";
	struct db_stmt *s = db_query(st->db, SET, e);

	store_want_transaction(st, "reply_set");
	if (s == NULL)
		return -1;
	db_put_int(s, kind);
	db_put_int(s, open);
	db_put_id(s, recipient_id);
	db_put_text(s, note);
	db_put_int(s, id);
	return db_run(s, e) != 0 ? -1 : db_changes(st->db) > 0;
}

int store_reply_list(struct store *st, const struct reply_filter *f, size_t max,
		     bool (*fn)(const struct reply *r, void *arg), void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT id, provider_id, ref, number, text, at, received_at, kind, open,"
	    " recipient_id, note FROM reply WHERE ($1 = 0 OR id = $1) AND (open = 1 OR $2 = 0)"
	    " AND received_at >= $3 AND id > $4 ORDER BY id LIMIT $5";
	struct db_stmt *s = db_query(st->db, LIST, e);
	bool more = true;
	int rc = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, f->id);
	db_put_int(s, f->open);
	db_put_int(s, f->since);
	db_put_int(s, f->after_id);
	db_put_int(s, max > INT64_MAX ? INT64_MAX : (int64_t)max);
	while (more && (rc = db_step(s, e)) == 1) {
		struct reply r = {.id = db_get_int(s)};

		r.provider_id = db_get_int32(s);
		r.ref = db_get_text(s);
		r.number = (uint64_t)db_get_int(s);
		r.text = db_get_text(s);
		r.at = db_get_int(s);
		r.received_at = db_get_int(s);
		r.kind = (enum reply_kind)db_get_int32(s);
		r.open = db_get_int(s) != 0;
		r.recipient_id = db_get_int(s);
		r.note = db_get_text(s);
		more = fn(&r, arg);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

int store_reply_open(struct store *st, int64_t *n, struct err *e)
{
	static const char OPEN[] = "SELECT count(*) FROM reply WHERE open = 1";

	return db_run_int(db_query(st->db, OPEN, e), n, e) < 0 ? -1 : 0;
}

int store_reply_before(struct store *st, uint64_t number, enum reply_kind kind,
		       int64_t before_id, int64_t *n, struct err *e)
{
	static const char BEFORE[] =
	    "SELECT count(*) FROM reply WHERE number = $1 AND id < $2 AND kind = $3";
	struct db_stmt *s = db_query(st->db, BEFORE, e);

	if (s == NULL)
		return -1;
	db_put_int(s, (int64_t)number);
	db_put_int(s, before_id);
	db_put_int(s, kind);
	return db_run_int(s, n, e) < 0 ? -1 : 0;
}

int store_number_recipients(struct store *st, uint64_t number,
			    bool (*fn)(int64_t id, int64_t contact_id, int64_t unit_id,
				       const char *programme, void *arg),
			    void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT r.id, r.contact_id, r.unit_id, r.programme FROM contact c"
	    " JOIN recipient r ON r.contact_id = c.id WHERE c.number = $1 ORDER BY r.id";
	struct db_stmt *s = db_query(st->db, LIST, e);
	bool more = true;
	int rc = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, (int64_t)number);
	while (more && (rc = db_step(s, e)) == 1) {
		int64_t id = db_get_int(s), contact = db_get_int(s), unit = db_get_int(s);

		more = fn(id, contact, unit, db_get_text(s), arg);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}
