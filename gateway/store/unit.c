/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "store/private.h"
#include "store/recipient.h"
#include "text/vi.h"

int store_unit_put(struct store *st, const char *kind, const char *name, int64_t parent_id,
		   int64_t *id, struct err *e)
{
	static const char FIND[] =
	    "SELECT id FROM unit WHERE name_fold = $1 AND COALESCE(parent_id, 0) = $2";
	static const char ADD[] =
	    "INSERT INTO unit(parent_id, kind, name, name_fold) VALUES ($1, $2, $3, $4)";
	struct db_stmt *s;
	char *fold;
	int rc = -1;

	store_want_transaction(st, "unit_put");
	fold = vi_fold(name);
	if ((s = db_query(st->db, FIND, e)) == NULL)
		goto out;
	db_put_text(s, fold);
	db_put_int(s, parent_id);
	rc = db_run_int(s, id, e);
	if (rc != 0 || (s = db_query(st->db, ADD, e)) == NULL) {
		rc = rc == 1 ? 0 : -1;
		goto out;
	}
	db_put_id(s, parent_id);
	db_put_text(s, kind);
	db_put_text(s, name);
	db_put_text(s, fold);
	rc = db_run(s, e);
	*id = db_last_id(st->db);
out:
	free(fold);
	return rc;
}

int store_unit_find(struct store *st, const char *name, int64_t *id, struct err *e)
{
	static const char FIND[] =
	    "SELECT id FROM unit WHERE name_fold = $1 ORDER BY id LIMIT 1";
	struct db_stmt *s = db_query(st->db, FIND, e);
	char *fold = vi_fold(name);
	int rc = -1;

	if (s != NULL) {
		db_put_text(s, fold);
		rc = db_run_int(s, id, e);
	}
	free(fold);
	return rc;
}

int store_unit_list(struct store *st, void (*fn)(const struct unit *u, void *arg), void *arg,
		    struct err *e)
{
	static const char LIST[] =
	    "SELECT id, COALESCE(parent_id, 0), kind, name FROM unit ORDER BY id";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc = -1;

	while (s != NULL && (rc = db_step(s, e)) == 1) {
		struct unit u = {0};

		u.id = db_get_int(s);
		u.parent_id = db_get_int(s);
		u.kind = db_get_string(s);
		u.name = db_get_string(s);
		fn(&u, arg);
		free(u.kind);
		free(u.name);
	}
	db_done(s);
	return rc;
}
