/* SPDX-License-Identifier: Apache-2.0 */
#include "store/hand_in.h"

#include "store/private.h"

int store_hand_in_add(struct store *st, const struct hand_in *in, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO hand_in(week, unit_id, figures, difficulties, proposals, at, who, way)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
	struct db_stmt *s = db_query(st->db, ADD, e);

	store_want_transaction(st, "hand_in_add");
	if (s == NULL)
		return -1;
	db_put_int(s, in->week);
	db_put_int(s, in->unit_id);
	db_put_text(s, in->figures);
	db_put_text(s, in->difficulties);
	db_put_text(s, in->proposals);
	db_put_int(s, in->at);
	db_put_text(s, in->who);
	db_put_text(s, in->way);
	return db_run(s, e);
}

int store_hand_in_list(struct store *st, int week, int64_t until,
		       void (*fn)(const struct hand_in *in, void *arg), void *arg,
		       struct err *e)
{
	static const char LIST[] =
	    "SELECT id, week, unit_id, figures, difficulties, proposals, at, who, way"
	    " FROM hand_in WHERE id IN (SELECT MAX(id) FROM hand_in"
	    " WHERE week = $1 AND at <= $2 GROUP BY unit_id) ORDER BY unit_id";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, week);
	db_put_int(s, until);
	while ((rc = db_step(s, e)) == 1) {
		struct hand_in in = {.id = db_get_int(s)};

		in.week = db_get_int32(s);
		in.unit_id = db_get_int(s);
		in.figures = db_get_text(s);
		in.difficulties = db_get_text(s);
		in.proposals = db_get_text(s);
		in.at = db_get_int(s);
		in.who = db_get_text(s);
		in.way = db_get_text(s);
		fn(&in, arg);
	}
	db_done(s);
	return rc;
}
