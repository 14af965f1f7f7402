/* SPDX-License-Identifier: Apache-2.0 */
#include "store/asked.h"

#include <string.h>

#include "store/private.h"

int store_asked_get(struct store *st, int64_t message_id, struct message_asked *out,
		    struct err *e)
{
	static const char GET[] =
	    "SELECT asked, absent_at FROM message_asked WHERE message_id = $1";
	struct db_stmt *s = db_query(st->db, GET, e);
	int rc;

	*out = (struct message_asked){0};
	if (s == NULL)
		return -1;
	db_put_int(s, message_id);
	rc = db_step(s, e);
	if (rc == 1) {
		out->asked = db_get_int32(s);
		out->absent_at = db_get_int(s);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

int store_asked_set(struct store *st, int64_t message_id, const struct message_asked *a,
		    struct err *e)
{
	static const char FORGET[] = "DELETE FROM message_asked WHERE message_id = $1";
	static const char SET[] =
	    "INSERT INTO message_asked(message_id, asked, absent_at) VALUES ($1, $2, $3)"
	    " ON CONFLICT (message_id) DO UPDATE SET asked = excluded.asked,"
	    " absent_at = excluded.absent_at";
	struct db_stmt *s = db_query(st->db, a != NULL ? SET : FORGET, e);

	store_want_transaction(st, "asked_set");
	if (s == NULL)
		return -1;
	db_put_int(s, message_id);
	if (a != NULL) {
		db_put_int(s, a->asked);
		db_put_int(s, a->absent_at);
	}
	return db_run(s, e);
}

const char *message_settled_name(enum message_settled_by how)
{
	static const char *const names[SETTLED_BY_COUNT] = {"dedup", "query", "echo",
							    "officer"};

	return (unsigned)how < SETTLED_BY_COUNT ? names[how] : "?";
}

int store_settled_add(struct store *st, enum message_settled_by how, struct err *e)
{
	static const char ADD[] = "INSERT INTO message_settled(how, n) VALUES ($1, 1)"
				  " ON CONFLICT (how) DO UPDATE SET n = message_settled.n + 1";
	struct db_stmt *s = db_query(st->db, ADD, e);

	store_want_transaction(st, "settled_add");
	if (s == NULL)
		return -1;
	db_put_int(s, how);
	return db_run(s, e);
}

int store_settled_counts(struct store *st, int64_t out[SETTLED_BY_COUNT], struct err *e)
{
	static const char COUNTS[] = "SELECT how, n FROM message_settled";
	struct db_stmt *s = db_query(st->db, COUNTS, e);
	int rc;

	memset(out, 0, SETTLED_BY_COUNT * sizeof(*out));
	if (s == NULL)
		return -1;
	while ((rc = db_step(s, e)) == 1) {
		int64_t how = db_get_int(s), n = db_get_int(s);

		if (how >= 0 && how < SETTLED_BY_COUNT)
			out[how] = n;
	}
	db_done(s);
	return rc;
}
