/* SPDX-License-Identifier: Apache-2.0 */
#include "store/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/private.h"

#define ACCOUNT_NAME_MAX 40

static const char *const role_names[ROLE_COUNT] = {"viewer", "author", "approver",
						   "administrator", "hamlet"};

const char *account_role_name(enum account_role r)
{
	return role_names[r];
}

int account_role_from_name(const char *name, enum account_role *r)
{
	for (int i = 0; i < ROLE_COUNT; i++) {
		if (strcmp(role_names[i], name) == 0) {
			*r = (enum account_role)i;
			return 1;
		}
	}
	return 0;
}

bool account_role_wants_totp(enum account_role r)
{
	return r == ROLE_APPROVER || r == ROLE_ADMINISTRATOR;
}

void account_clear(struct account *a)
{
	free(a->name);
	free(a->title);
	free(a->created_by);
	if (a->password != NULL)
		mem_free_secret(a->password, strlen(a->password));
	explicit_bzero(a->totp, sizeof(a->totp));
	*a = (struct account){0};
}

#define ACCOUNT_COLUMNS                                                                        \
	"a.id, a.name, a.title, a.role, a.unit_id, a.password, a.totp, a.totp_step,"           \
	" a.disabled, a.created_at, a.created_by, a.login_at"

static void account_read(struct db_stmt *s, void *row)
{
	struct account *a = row;
	const void *totp;
	size_t n;

	*a = (struct account){0};
	a->id = db_get_int(s);
	a->name = db_get_string(s);
	a->title = db_get_string(s);
	a->role = (enum account_role)db_get_int32(s);
	a->unit_id = db_get_int(s);
	a->password = db_get_string(s);
	totp = db_get_bytes(s, &n);
	if (n == ACCOUNT_TOTP) {
		memcpy(a->totp, totp, n);
		a->has_totp = true;
	}
	a->totp_step = db_get_int(s);
	a->disabled = db_get_int(s) != 0;
	a->created_at = db_get_int(s);
	a->created_by = db_get_string(s);
	a->login_at = db_get_int(s);
}

static bool account_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n < 2 || n > ACCOUNT_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool letter =
		    (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');

		if (!letter && (i == 0 || i == n - 1 || strchr(".-_", name[i]) == NULL))
			return false;
	}
	return true;
}

static int account_audit(struct store *st, const char *who, const char *what, const char *name,
			 const char *detail, struct err *e)
{
	char *subject = mem_printf("account:%s", name);
	int rc = store_audit(st, who, what, subject, detail, e);

	free(subject);
	return rc;
}

int store_account_add(struct store *st, struct account *a, const char *who, struct err *e)
{
	static const char ADD[] = "INSERT INTO account(name, title, role, unit_id, created_at,"
				  " created_by) VALUES ($1, $2, $3, $4, $5, $6)";
	struct account other = {0};
	struct db_stmt *s;
	int rc;

	store_want_transaction(st, "account_add");
	if (!account_name_ok(a->name))
		return err_set(
		    e, EX_DATAERR,
		    "tên đăng nhập gồm 2 đến %d chữ thường không dấu, chữ số, và . - "
		    "_ ở giữa, không phải \"%s\"",
		    ACCOUNT_NAME_MAX, a->name);
	if ((a->role == ROLE_HAMLET) != (a->unit_id != 0))
		return err_set(e, EX_DATAERR,
			       "tài khoản của ấp phải có tên ấp, tài khoản khác thì không");
	rc = store_account_find(st, a->name, &other, e);
	account_clear(&other);
	if (rc == 1)
		return err_set(e, EX_DATAERR, "đã có tài khoản \"%s\"", a->name);
	if (rc < 0 || (s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	db_put_text(s, a->name);
	db_put_text(s, a->title);
	db_put_int(s, a->role);
	db_put_id(s, a->unit_id);
	db_put_int(s, clock_now_ms());
	db_put_text(s, who);
	if (db_run(s, e) != 0)
		return -1;
	a->id = db_last_id(st->db);
	return account_audit(st, who, "account.add", a->name, account_role_name(a->role), e);
}

int store_account_find(struct store *st, const char *name, struct account *out, struct err *e)
{
	static const char FIND[] =
	    "SELECT " ACCOUNT_COLUMNS " FROM account a WHERE a.name = $1";
	struct db_stmt *s = db_query(st->db, FIND, e);

	if (s == NULL)
		return -1;
	db_put_text(s, name);
	return db_run_row(s, account_read, out, e);
}

int store_account_get(struct store *st, int64_t id, struct account *out, struct err *e)
{
	static const char GET[] = "SELECT " ACCOUNT_COLUMNS " FROM account a WHERE a.id = $1";
	struct db_stmt *s = db_query(st->db, GET, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	return db_run_row(s, account_read, out, e);
}

int store_account_list(struct store *st, void (*fn)(const struct account *a, void *arg),
		       void *arg, struct err *e)
{
	static const char LIST[] = "SELECT " ACCOUNT_COLUMNS " FROM account a ORDER BY a.name";
	struct db_stmt *s = db_query(st->db, LIST, e);
	struct account a;
	int rc = -1;

	while (s != NULL && (rc = db_step(s, e)) == 1) {
		account_read(s, &a);
		fn(&a, arg);
		account_clear(&a);
	}
	db_done(s);
	return rc;
}

/* Nobody is in by this account any more, nor has a link to come in. */
static int account_shut(struct store *st, int64_t id, struct err *e)
{
	static const char LOGINS[] = "DELETE FROM account_session WHERE account_id = $1";
	static const char LINKS[] = "DELETE FROM account_link WHERE account_id = $1";
	struct db_stmt *s = db_query(st->db, LOGINS, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	if (db_run(s, e) != 0 || (s = db_query(st->db, LINKS, e)) == NULL)
		return -1;
	db_put_int(s, id);
	return db_run(s, e);
}

int store_account_secrets(struct store *st, const struct account *a, const char *password,
			  const unsigned char *totp, const char *who, struct err *e)
{
	static const char SET[] = "UPDATE account SET password = $1, totp = COALESCE($2, totp),"
				  " totp_step = CASE WHEN $3 THEN 0 ELSE totp_step END"
				  " WHERE id = $4";
	struct db_stmt *s = db_query(st->db, SET, e);

	store_want_transaction(st, "account_secrets");
	if (s == NULL)
		return -1;
	db_put_text(s, password);
	if (totp != NULL)
		db_put_bytes(s, totp, ACCOUNT_TOTP);
	else
		db_put_text(s, NULL);
	db_put_int(s, totp != NULL);
	db_put_int(s, a->id);
	if (db_run(s, e) != 0 || account_shut(st, a->id, e) != 0)
		return -1;
	return account_audit(st, who, "account.password", a->name,
			     totp != NULL ? "password, totp" : "password", e);
}

int store_account_disable(struct store *st, const struct account *a, bool disabled,
			  const char *who, struct err *e)
{
	static const char OTHERS[] = "SELECT count(*) FROM account WHERE role = $1 AND id <> $2"
				     " AND disabled = 0 AND password IS NOT NULL";
	static const char SET[] = "UPDATE account SET disabled = $1 WHERE id = $2";
	struct db_stmt *s;
	int64_t others = 0;

	store_want_transaction(st, "account_disable");
	if (disabled && a->role == ROLE_ADMINISTRATOR) {
		if ((s = db_query(st->db, OTHERS, e)) == NULL)
			return -1;
		db_put_int(s, ROLE_ADMINISTRATOR);
		db_put_int(s, a->id);
		if (db_run_int(s, &others, e) < 0)
			return -1;
		if (others == 0)
			return err_set(
			    e, EX_NOPERM,
			    "đây là quản trị viên cuối cùng còn vào được: không khóa "
			    "được");
	}
	if ((s = db_query(st->db, SET, e)) == NULL)
		return -1;
	db_put_int(s, disabled);
	db_put_int(s, a->id);
	if (db_run(s, e) != 0 || account_shut(st, a->id, e) != 0)
		return -1;
	return account_audit(st, who, disabled ? "account.disable" : "account.enable", a->name,
			     "", e);
}

int store_account_login(struct store *st, const struct account *a, int64_t totp_step,
			int64_t now, struct err *e)
{
	static const char SET[] = "UPDATE account SET login_at = $1, totp_step = max(totp_step,"
				  " $2) WHERE id = $3 AND ($2 = 0 OR totp_step < $2)"
				  " AND disabled = 0 AND password = $4";
	struct db_stmt *s = db_query(st->db, SET, e);

	store_want_transaction(st, "account_login");
	if (s == NULL)
		return -1;
	db_put_int(s, now);
	db_put_int(s, totp_step);
	db_put_int(s, a->id);
	db_put_text(s, a->password);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) > 0;
}

/* ---- logins ---------------------------------------------------------------------------- */

int store_login_add(struct store *st, const unsigned char hash[ACCOUNT_HASH],
		    int64_t account_id, const char *address, int64_t now, struct err *e)
{
	static const char ADD[] = "INSERT INTO account_session(hash, account_id, created_at,"
				  " seen_at, address) VALUES ($1, $2, $3, $3, $4)";
	struct db_stmt *s = db_query(st->db, ADD, e);

	store_want_transaction(st, "login_add");
	if (s == NULL)
		return -1;
	db_put_bytes(s, hash, ACCOUNT_HASH);
	db_put_int(s, account_id);
	db_put_int(s, now);
	db_put_text(s, address);
	return db_run(s, e);
}

int store_login_find(struct store *st, const unsigned char hash[ACCOUNT_HASH],
		     struct login *out, struct account *a, struct err *e)
{
	static const char FIND[] =
	    "SELECT s.created_at, s.seen_at, " ACCOUNT_COLUMNS " FROM account_session s"
	    " JOIN account a ON a.id = s.account_id WHERE s.hash = $1 AND a.disabled = 0";
	struct db_stmt *s = db_query(st->db, FIND, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_bytes(s, hash, ACCOUNT_HASH);
	rc = db_step(s, e);
	if (rc == 1) {
		out->created_at = db_get_int(s);
		out->seen_at = db_get_int(s);
		account_read(s, a);
	}
	db_done(s);
	return rc;
}

int store_login_seen(struct store *st, const unsigned char hash[ACCOUNT_HASH], int64_t now,
		     struct err *e)
{
	static const char SET[] = "UPDATE account_session SET seen_at = $1 WHERE hash = $2";
	struct db_stmt *s = db_query(st->db, SET, e);

	store_want_transaction(st, "login_seen");
	if (s == NULL)
		return -1;
	db_put_int(s, now);
	db_put_bytes(s, hash, ACCOUNT_HASH);
	return db_run(s, e);
}

int store_login_end(struct store *st, const unsigned char hash[ACCOUNT_HASH], struct err *e)
{
	static const char END[] = "DELETE FROM account_session WHERE hash = $1";
	struct db_stmt *s = db_query(st->db, END, e);

	store_want_transaction(st, "login_end");
	if (s == NULL)
		return -1;
	db_put_bytes(s, hash, ACCOUNT_HASH);
	return db_run(s, e);
}

int store_login_purge(struct store *st, int64_t idle_before, int64_t begun_before, int64_t now,
		      struct err *e)
{
	static const char LOGINS[] =
	    "DELETE FROM account_session WHERE seen_at < $1 OR created_at < $2";
	static const char LINKS[] = "DELETE FROM account_link WHERE expires_at <= $1";
	static const char CALLS[] = "DELETE FROM api_call WHERE at < $1";
	struct db_stmt *s = db_query(st->db, LOGINS, e);

	store_want_transaction(st, "login_purge");
	if (s == NULL)
		return -1;
	db_put_int(s, idle_before);
	db_put_int(s, begun_before);
	if (db_run(s, e) != 0 || (s = db_query(st->db, LINKS, e)) == NULL)
		return -1;
	db_put_int(s, now);
	if (db_run(s, e) != 0 || (s = db_query(st->db, CALLS, e)) == NULL)
		return -1;
	db_put_int(s, now - 2 * CLOCK_DAY_MS);
	return db_run(s, e);
}

/* ---- links ------------------------------------------------------------------------------- */

int store_link_add(struct store *st, const unsigned char hash[ACCOUNT_HASH], int64_t account_id,
		   const unsigned char totp[ACCOUNT_TOTP], int64_t expires_at, const char *who,
		   struct err *e)
{
	static const char OLD[] = "DELETE FROM account_link WHERE account_id = $1";
	static const char ADD[] = "INSERT INTO account_link(hash, account_id, expires_at, totp)"
				  " VALUES ($1, $2, $3, $4)";
	struct account a = {0};
	struct db_stmt *s = db_query(st->db, OLD, e);
	int rc;

	store_want_transaction(st, "link_add");
	if (s == NULL)
		return -1;
	db_put_int(s, account_id);
	if (db_run(s, e) != 0 || (s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	db_put_bytes(s, hash, ACCOUNT_HASH);
	db_put_int(s, account_id);
	db_put_int(s, expires_at);
	db_put_bytes(s, totp, ACCOUNT_TOTP);
	if (db_run(s, e) != 0 || store_account_get(st, account_id, &a, e) != 1)
		return -1;
	rc = account_audit(st, who, "account.link", a.name, "", e);
	account_clear(&a);
	return rc;
}

int store_link_find(struct store *st, const unsigned char hash[ACCOUNT_HASH], int64_t now,
		    struct account *a, unsigned char totp[ACCOUNT_TOTP], struct err *e)
{
	static const char FIND[] =
	    "SELECT l.totp, " ACCOUNT_COLUMNS " FROM account_link l"
	    " JOIN account a ON a.id = l.account_id"
	    " WHERE l.hash = $1 AND l.expires_at > $2 AND a.disabled = 0";
	struct db_stmt *s = db_query(st->db, FIND, e);
	const void *bytes;
	size_t n;
	int rc;

	if (s == NULL)
		return -1;
	db_put_bytes(s, hash, ACCOUNT_HASH);
	db_put_int(s, now);
	rc = db_step(s, e);
	if (rc == 1) {
		bytes = db_get_bytes(s, &n);
		memset(totp, 0, ACCOUNT_TOTP);
		if (n == ACCOUNT_TOTP)
			memcpy(totp, bytes, n);
		account_read(s, a);
	}
	db_done(s);
	return rc;
}

int store_link_take(struct store *st, const unsigned char hash[ACCOUNT_HASH], int64_t now,
		    struct err *e)
{
	static const char TAKE[] =
	    "DELETE FROM account_link WHERE hash = $1 AND expires_at > $2";
	struct db_stmt *s = db_query(st->db, TAKE, e);

	store_want_transaction(st, "link_take");
	if (s == NULL)
		return -1;
	db_put_bytes(s, hash, ACCOUNT_HASH);
	db_put_int(s, now);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) > 0;
}
