/* SPDX-License-Identifier: Apache-2.0 */
/* Other systems: their keys, and the answers that were given to them once. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/account.h"
#include "store/private.h"

void api_key_clear(struct api_key *k)
{
	free(k->name);
	free(k->created_by);
	*k = (struct api_key){0};
}

static int api_key_audit(struct store *st, const char *who, const char *what, const char *name,
			 struct err *e)
{
	char *subject = mem_printf("api-key:%s", name);
	int rc = store_audit(st, who, what, subject, "", e);

	free(subject);
	return rc;
}

int store_api_key_add(struct store *st, struct api_key *k,
		      const unsigned char hash[ACCOUNT_HASH], const char *who, struct err *e)
{
	static const char TAKEN[] = "SELECT id FROM api_key WHERE name = $1";
	static const char ADD[] =
	    "INSERT INTO api_key(name, hash, scopes, created_at, created_by)"
	    " VALUES ($1, $2, $3, $4, $5)";
	struct db_stmt *s = db_query(st->db, TAKEN, e);
	int64_t id;
	int rc;

	store_want_transaction(st, "api_key_add");
	if (s == NULL)
		return -1;
	db_put_text(s, k->name);
	rc = db_run_int(s, &id, e);
	if (rc == 1)
		return err_set(e, EX_DATAERR, "đã có khóa tên \"%s\"", k->name);
	if (rc < 0 || (s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	db_put_text(s, k->name);
	db_put_bytes(s, hash, ACCOUNT_HASH);
	db_put_int(s, k->scopes);
	db_put_int(s, clock_now_ms());
	db_put_text(s, who);
	if (db_run(s, e) != 0)
		return -1;
	k->id = db_last_id(st->db);
	return api_key_audit(st, who, "api-key.add", k->name, e);
}

#define KEY_COLUMNS "id, name, scopes, created_at, created_by, revoked_at"

static void api_key_read(struct db_stmt *s, struct api_key *k)
{
	k->id = db_get_int(s);
	k->name = db_get_string(s);
	k->scopes = (unsigned)db_get_int(s);
	k->created_at = db_get_int(s);
	k->created_by = db_get_string(s);
	k->revoked_at = db_get_int(s);
}

int store_api_key_find(struct store *st, const unsigned char hash[ACCOUNT_HASH],
		       struct api_key *out, struct err *e)
{
	static const char FIND[] =
	    "SELECT " KEY_COLUMNS " FROM api_key WHERE hash = $1 AND revoked_at = 0";
	struct db_stmt *s = db_query(st->db, FIND, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_bytes(s, hash, ACCOUNT_HASH);
	rc = db_step(s, e);
	if (rc == 1)
		api_key_read(s, out);
	db_done(s);
	return rc;
}

int store_api_key_revoke(struct store *st, int64_t id, const char *who, struct err *e)
{
	static const char NAME[] = "SELECT name FROM api_key WHERE id = $1 AND revoked_at = 0";
	static const char SET[] = "UPDATE api_key SET revoked_at = $1 WHERE id = $2";
	struct db_stmt *s = db_query(st->db, NAME, e);
	char *name = NULL;
	int rc;

	store_want_transaction(st, "api_key_revoke");
	if (s == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_step(s, e);
	if (rc == 1)
		name = db_get_string(s);
	db_done(s);
	if (rc != 1)
		return rc;
	rc = -1;
	if ((s = db_query(st->db, SET, e)) != NULL) {
		db_put_int(s, clock_now_ms());
		db_put_int(s, id);
		if (db_run(s, e) == 0 && api_key_audit(st, who, "api-key.revoke", name, e) == 0)
			rc = 1;
	}
	free(name);
	return rc;
}

int store_api_key_list(struct store *st, void (*fn)(const struct api_key *k, void *arg),
		       void *arg, struct err *e)
{
	static const char LIST[] = "SELECT " KEY_COLUMNS " FROM api_key ORDER BY name";
	struct db_stmt *s = db_query(st->db, LIST, e);
	struct api_key k;
	int rc = -1;

	while (s != NULL && (rc = db_step(s, e)) == 1) {
		api_key_read(s, &k);
		fn(&k, arg);
		api_key_clear(&k);
	}
	db_done(s);
	return rc;
}

/* ---- answers ----------------------------------------------------------------------------- */

void api_call_clear(struct api_call *c)
{
	free(c->answer);
	*c = (struct api_call){0};
}

int store_api_call_find(struct store *st, const char *client, const char *key,
			struct api_call *out, struct err *e)
{
	static const char FIND[] =
	    "SELECT request, status, answer FROM api_call WHERE client = $1 AND key = $2";
	struct db_stmt *s = db_query(st->db, FIND, e);
	const void *request;
	size_t n;
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, client);
	db_put_text(s, key);
	rc = db_step(s, e);
	if (rc == 1) {
		request = db_get_bytes(s, &n);
		if (n == ACCOUNT_HASH)
			memcpy(out->request, request, n);
		out->status = db_get_int32(s);
		out->answer = db_get_string(s);
	}
	db_done(s);
	return rc;
}

int store_api_call_put(struct store *st, const char *client, const char *key,
		       const struct api_call *c, int64_t now, struct err *e)
{
	static const char PUT[] =
	    "INSERT INTO api_call(client, key, request, status, answer, at)"
	    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (client, key)"
	    " DO UPDATE SET status = excluded.status, answer = excluded.answer";
	struct db_stmt *s = db_query(st->db, PUT, e);

	store_want_transaction(st, "api_call_put");
	if (s == NULL)
		return -1;
	db_put_text(s, client);
	db_put_text(s, key);
	db_put_bytes(s, c->request, ACCOUNT_HASH);
	db_put_int(s, c->status);
	db_put_text(s, c->answer != NULL ? c->answer : "");
	db_put_int(s, now);
	return db_run(s, e);
}

int store_api_call_drop(struct store *st, const char *client, const char *key, struct err *e)
{
	static const char DROP[] = "DELETE FROM api_call WHERE client = $1 AND key = $2"
				   " AND status = 0";
	struct db_stmt *s = db_query(st->db, DROP, e);

	store_want_transaction(st, "api_call_drop");
	if (s == NULL)
		return -1;
	db_put_text(s, client);
	db_put_text(s, key);
	return db_run(s, e);
}

int store_api_call_recover(struct store *st, struct err *e)
{
	static const char RECOVER[] = "DELETE FROM api_call WHERE status = 0";

	store_want_transaction(st, "api_call_recover");
	return db_run(db_query(st->db, RECOVER, e), e);
}
