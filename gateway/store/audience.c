/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audience.h"

#include "store/private.h"

/* Bits of recipient.reach. */
#define REACH_FLAGS  15
#define REACH_THERE  16
#define REACH_SHARED 32

static void audience_reach(struct recipient *r, int reach)
{
	r->contact_id = (reach & REACH_THERE) != 0;
	r->contact_flags = (unsigned)reach & REACH_FLAGS;
	r->contact_shared = (reach & REACH_SHARED) != 0 ? 2 : (int)r->contact_id;
}

int store_recipient_kinds(struct store *st, const char *programme,
			  void (*fn)(const struct recipient *r, int64_t n, void *arg),
			  void *arg, struct err *e)
{
	static const char KINDS[] =
	    "SELECT unit_id, state, hold, sex, birth_precision, birth_year, phone_status,"
	    " phone_flags, reach, facts, n FROM recipient_kind WHERE programme = $1 AND n > 0";
	struct db_stmt *s;
	int rc;

	if (kind_flush(st, e) != 0 || (s = db_query(st->db, KINDS, e)) == NULL)
		return -1;
	db_put_text(s, programme);
	while ((rc = db_step(s, e)) == 1) {
		struct recipient r = {.unit_id = db_get_int(s)};

		r.state = db_get_int32(s);
		r.hold = (enum recipient_hold)db_get_int32(s);
		r.sex = db_get_int32(s);
		r.birth_precision = db_get_int32(s);
		r.birth_year = db_get_int32(s);
		r.phone_status = db_get_int32(s);
		r.phone_flags = (unsigned)db_get_int(s);
		audience_reach(&r, db_get_int32(s));
		r.facts = (char *)(uintptr_t)db_get_text(s);
		fn(&r, db_get_int(s), arg);
	}
	db_done(s);
	return rc;
}

int store_recipient_born(struct store *st, const char *programme, int year,
			 void (*fn)(const struct recipient *r, void *arg), void *arg,
			 struct err *e)
{
	/* "= $2" would have the index read from 2000 on: the bound of the index itself hides it. */
	static const char BORN[] =
	    "SELECT birth_month, birth_day, unit_id, state, hold, sex, birth_precision,"
	    " phone_status, phone_flags, reach, facts_kind FROM recipient"
	    " WHERE programme = $1 AND birth_year BETWEEN $2 AND $2 AND birth_year >= 2000";
	struct db_stmt *s = db_query(st->db, BORN, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	db_put_int(s, year);
	while ((rc = db_step(s, e)) == 1) {
		struct recipient r = {.birth_year = year};

		r.birth_month = db_get_int32(s);
		r.birth_day = db_get_int32(s);
		r.unit_id = db_get_int(s);
		r.state = db_get_int32(s);
		r.hold = (enum recipient_hold)db_get_int32(s);
		r.sex = db_get_int32(s);
		r.birth_precision = db_get_int32(s);
		r.phone_status = db_get_int32(s);
		r.phone_flags = (unsigned)db_get_int(s);
		audience_reach(&r, db_get_int32(s));
		r.facts = (char *)(uintptr_t)db_get_text(s);
		fn(&r, arg);
	}
	db_done(s);
	return rc;
}

int store_recipient_last(struct store *st, const char *programme, int64_t *id, struct err *e)
{
	static const char LAST[] =
	    "SELECT id FROM recipient WHERE programme = $1 ORDER BY id DESC LIMIT 1";
	struct db_stmt *s = db_query(st->db, LAST, e);

	*id = 0;
	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	return db_run_int(s, id, e) < 0 ? -1 : 0;
}

int store_audience_put(struct store *st, const struct audience *a, struct err *e)
{
	static const char PUT[] =
	    "INSERT INTO audience(programme, name, predicate, who, at) VALUES ($1, $2, $3, $4,"
	    " $5) ON CONFLICT (programme, name) DO UPDATE SET predicate = excluded.predicate,"
	    " who = excluded.who, at = excluded.at";
	struct db_stmt *s = db_query(st->db, PUT, e);

	store_want_transaction(st, "audience_put");
	if (s == NULL)
		return -1;
	db_put_text(s, a->programme);
	db_put_text(s, a->name);
	db_put_text(s, a->predicate);
	db_put_text(s, a->who);
	db_put_int(s, a->at);
	return db_run(s, e);
}

int store_audience_remove(struct store *st, const char *programme, const char *name,
			  struct err *e)
{
	static const char REMOVE[] = "DELETE FROM audience WHERE programme = $1 AND name = $2";
	struct db_stmt *s = db_query(st->db, REMOVE, e);

	store_want_transaction(st, "audience_remove");
	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	db_put_text(s, name);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) == 1;
}

int store_audience_list(struct store *st, const char *programme,
			void (*fn)(const struct audience *a, void *arg), void *arg,
			struct err *e)
{
	static const char LIST[] = "SELECT id, programme, name, predicate, who, at FROM audience"
				   " WHERE ($1 IS NULL OR programme = $1) ORDER BY programme, name";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	while ((rc = db_step(s, e)) == 1) {
		struct audience a = {.id = db_get_int(s)};

		a.programme = (char *)(uintptr_t)db_get_text(s);
		a.name = (char *)(uintptr_t)db_get_text(s);
		a.predicate = (char *)(uintptr_t)db_get_text(s);
		a.who = (char *)(uintptr_t)db_get_text(s);
		a.at = db_get_int(s);
		fn(&a, arg);
	}
	db_done(s);
	return rc;
}
