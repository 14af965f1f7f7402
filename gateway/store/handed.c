/* SPDX-License-Identifier: Apache-2.0 */
#include "store/handed.h"

#include "store/private.h"

int store_handed_add(struct store *st, int64_t campaign_id, enum handed_kind kind,
		     int64_t recipient_id, int64_t at, const char *who, struct err *e)
{
	static const char ADD[] = "INSERT INTO handed(campaign_id, kind, recipient_id, at, who)"
				  " VALUES ($1, $2, $3, $4, $5)"
				  " ON CONFLICT (campaign_id, kind, recipient_id) DO NOTHING";
	struct db_stmt *s = db_query(st->db, ADD, e);

	store_want_transaction(st, "handed_add");
	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, kind);
	db_put_int(s, recipient_id);
	db_put_int(s, at);
	db_put_text(s, who);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) == 1;
}

int store_handed_get(struct store *st, int64_t campaign_id, enum handed_kind kind,
		     int64_t recipient_id, int64_t *at, struct err *e)
{
	static const char GET[] = "SELECT at FROM handed"
				  " WHERE campaign_id = $1 AND kind = $2 AND recipient_id = $3";
	struct db_stmt *s = db_query(st->db, GET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, kind);
	db_put_int(s, recipient_id);
	rc = db_step(s, e);
	if (rc == 1)
		*at = db_get_int(s);
	db_done(s);
	return rc;
}
