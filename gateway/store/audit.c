/* SPDX-License-Identifier: Apache-2.0 */
/* Each row's hash covers the row before it: nothing in the middle can be changed
 * or taken out without the chain showing where. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/account.h"
#include "store/private.h"

#define HASH_BYTES crypto_hash_sha256_BYTES

static void audit_add_text(crypto_hash_sha256_state *h, const char *text)
{
	uint64_t len = strlen(text);

	/* The length first: "ab" + "c" is not "a" + "bc". */
	(void)crypto_hash_sha256_update(h, (const unsigned char *)&len, sizeof(len));
	(void)crypto_hash_sha256_update(h, (const unsigned char *)text, len);
}

static void audit_hash(const unsigned char before[HASH_BYTES], int64_t at,
		       const char *const fields[4], unsigned char out[HASH_BYTES])
{
	crypto_hash_sha256_state h;

	(void)crypto_hash_sha256_init(&h);
	(void)crypto_hash_sha256_update(&h, before, HASH_BYTES);
	(void)crypto_hash_sha256_update(&h, (const unsigned char *)&at, sizeof(at));
	for (int i = 0; i < 4; i++)
		audit_add_text(&h, fields[i]);
	(void)crypto_hash_sha256_final(&h, out);
}

static int audit_last(struct store *st, unsigned char out[HASH_BYTES], struct err *e)
{
	static const char LAST[] = "SELECT hash FROM audit ORDER BY id DESC LIMIT 1";
	struct db_stmt *s = db_query(st->db, LAST, e);
	int rc;

	memset(out, 0, HASH_BYTES);
	if (s == NULL)
		return -1;
	rc = db_step(s, e);
	if (rc == 1) {
		size_t n;
		const void *p = db_get_bytes(s, &n);

		if (n == HASH_BYTES)
			memcpy(out, p, n);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

int store_audit(struct store *st, const char *who, const char *what, const char *subject,
		const char *detail, struct err *e)
{
	static const char ADD[] = "INSERT INTO audit(at, who, what, subject, detail, hash)"
				  " VALUES ($1, $2, $3, $4, $5, $6)";
	const char *const fields[4] = {who ? who : "", what, subject ? subject : "",
				       detail ? detail : ""};
	unsigned char before[HASH_BYTES], hash[HASH_BYTES];
	int64_t at = clock_now_ms();
	struct db_stmt *s;

	store_want_transaction(st, "audit");
	if (audit_last(st, before, e) != 0 || (s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	audit_hash(before, at, fields, hash);
	db_put_int(s, at);
	for (int i = 0; i < 4; i++)
		db_put_text(s, fields[i]);
	db_put_bytes(s, hash, sizeof(hash));
	return db_run(s, e);
}

int store_audit_now(struct store *st, const char *who, const char *what, const char *subject,
		    const char *detail, struct err *e)
{
	if (store_begin(st, e) < 0)
		return -1;
	if (store_audit(st, who, what, subject, detail, e) < 0) {
		store_rollback(st);
		return -1;
	}
	return store_commit(st, e);
}

int store_audit_of(struct store *st, const char *subject,
		   void (*fn)(int64_t at, const char *who, const char *what, const char *detail,
			      void *arg),
		   void *arg, struct err *e)
{
	static const char OF[] =
	    "SELECT at, who, what, detail FROM audit WHERE subject = $1 ORDER BY id";
	struct db_stmt *s = db_query(st->db, OF, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, subject);
	while ((rc = db_step(s, e)) == 1) {
		int64_t at = db_get_int(s);
		const char *who = db_get_text(s);
		const char *what = db_get_text(s);

		fn(at, who, what, db_get_text(s), arg);
	}
	db_done(s);
	return rc;
}

int store_audit_verify(struct store *st, struct err *e)
{
	static const char ALL[] =
	    "SELECT id, at, who, what, subject, detail, hash FROM audit ORDER BY id";
	struct db_stmt *s = db_query(st->db, ALL, e);
	unsigned char before[HASH_BYTES] = {0};
	int64_t want_id = 1;
	int rc = -1;

	while (s != NULL && (rc = db_step(s, e)) == 1) {
		unsigned char hash[HASH_BYTES];
		const char *fields[4];
		const void *kept;
		int64_t id = db_get_int(s), at = db_get_int(s);
		size_t n;

		for (int i = 0; i < 4; i++)
			fields[i] = db_get_text(s);
		kept = db_get_bytes(s, &n);
		audit_hash(before, at, fields, hash);
		if (id != want_id++ || n != HASH_BYTES || memcmp(hash, kept, n) != 0) {
			rc = err_set(e, EX_DATAERR, "audit: the chain breaks at row %" PRId64,
				     id);
			break;
		}
		memcpy(before, hash, sizeof(before));
	}
	db_done(s);
	return rc;
}

int64_t store_audit_hash(struct store *st, int64_t id, char hex[65], struct err *e)
{
	static const char HASH[] = "SELECT id, hash FROM audit WHERE id = $1 OR $1 = 0"
				   " ORDER BY id DESC LIMIT 1";
	struct db_stmt *s = db_query(st->db, HASH, e);
	int64_t found = 0;
	int rc;

	hex[0] = '\0';
	if (s == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_step(s, e);
	if (rc == 1) {
		const void *bytes;
		size_t n;

		found = db_get_int(s);
		bytes = db_get_bytes(s, &n);
		if (n == HASH_BYTES)
			(void)sodium_bin2hex(hex, 65, bytes, n);
	}
	db_done(s);
	return rc < 0 ? -1 : found;
}

static int audit_each(struct db_stmt *s, void (*fn)(const struct audit_row *r, void *arg),
		      void *arg, struct err *e)
{
	struct audit_row r;
	int rc;

	while ((rc = db_step(s, e)) == 1) {
		r.id = db_get_int(s);
		r.at = db_get_int(s);
		r.who = db_get_text(s);
		r.what = db_get_text(s);
		r.subject = db_get_text(s);
		r.detail = db_get_text(s);
		fn(&r, arg);
	}
	db_done(s);
	return rc;
}

int store_audit_list(struct store *st, int64_t before_id, size_t max,
		     void (*fn)(const struct audit_row *r, void *arg), void *arg, struct err *e)
{
	static const char LIST[] = "SELECT id, at, who, what, subject, detail FROM audit"
				   " WHERE id < $1 ORDER BY id DESC LIMIT $2";
	struct db_stmt *s = db_query(st->db, LIST, e);

	if (s == NULL)
		return -1;
	db_put_int(s, before_id > 0 ? before_id : INT64_MAX);
	db_put_int(s, (int64_t)max);
	return audit_each(s, fn, arg, e);
}

int store_audit_person(struct store *st, int64_t recipient_id,
		       void (*fn)(const struct audit_row *r, void *arg), void *arg,
		       struct err *e)
{
	static const char PERSON[] =
	    "SELECT id, at, who, what, subject, detail FROM audit WHERE subject = 'recipient/' "
	    "|| $1"
	    " OR subject = 'contact/' || (SELECT contact_id FROM recipient WHERE id = $1)"
	    " OR detail LIKE '%,' || $1 || ',%' ORDER BY id";
	struct db_stmt *s = db_query(st->db, PERSON, e);

	if (s == NULL)
		return -1;
	db_put_int(s, recipient_id);
	return audit_each(s, fn, arg, e);
}

int store_mark(struct store *st, char out[STORE_MARK], struct err *e)
{
	/* Officers who sign in, look somebody up or print a list are no news of it, and there is always one. */
	static const char *const lasts[] = {
	    "SELECT max(id) FROM import",
	    "SELECT id FROM audit WHERE what NOT GLOB 'account.*' AND what NOT IN"
	    " ('recipient.show', 'recipient.unmask', 'recipient.list', 'recipient.export',"
	    " 'message.show', 'session.show', 'session.sheet', 'report.hamlet',"
	    " 'audience.samples', 'provider.test') ORDER BY id DESC LIMIT 1"};
	int64_t last[2] = {0};

	for (int i = 0; i < 2; i++) {
		if (db_run_int(db_query(st->db, lasts[i], e), &last[i], e) < 0)
			return -1;
	}
	(void)snprintf(out, STORE_MARK, "%" PRId64 ".%" PRId64, last[0], last[1]);
	return 0;
}
