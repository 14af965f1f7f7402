/* SPDX-License-Identifier: Apache-2.0 */
/* Seats: taken and given back only together with their session's count, which the
 * schema keeps between nothing and all. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/private.h"
#include "store/session.h"

#define COLUMNS "id, session_id, recipient_id, campaign_id, since, round, audience, state"

static void seat_read(struct db_stmt *s, void *row)
{
	struct seat *out = row;

	*out = (struct seat){0};
	out->id = db_get_int(s);
	out->session_id = db_get_int(s);
	out->recipient_id = db_get_int(s);
	out->campaign_id = db_get_int(s);
	out->since = db_get_int32(s);
	out->round = db_get_int32(s);
	out->audience = db_get_int32(s);
	out->state = (enum seat_state)db_get_int32(s);
}

/* 1/0/-1 */
static int seat_has_open(struct store *st, int64_t recipient_id, struct err *e)
{
	static const char OPEN[] = "SELECT id FROM seat WHERE recipient_id = $1 AND state = 0";
	struct db_stmt *s = db_query(st->db, OPEN, e);
	int64_t id;

	if (s == NULL)
		return -1;
	db_put_int(s, recipient_id);
	return db_run_int(s, &id, e);
}

/* Moves the session's count by one; *moved is false when it has no room for that. */
static int seat_count(struct store *st, int64_t session_id, int by, bool *moved, struct err *e)
{
	static const char COUNT[] =
	    "UPDATE session SET taken = taken + $1 WHERE id = $2 AND ($1 < 0 OR state = 0)"
	    " AND taken + $1 BETWEEN 0 AND seats";
	struct db_stmt *s = db_query(st->db, COUNT, e);

	if (s == NULL)
		return -1;
	db_put_int(s, by);
	db_put_int(s, session_id);
	if (db_run(s, e) != 0)
		return -1;
	*moved = db_changes(st->db) == 1;
	return 0;
}

int store_seat_take(struct store *st, struct seat *s, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO seat(session_id, recipient_id, campaign_id, since, round, audience,"
	    " taken_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
	struct db_stmt *q;
	bool moved = false;
	int rc;

	store_want_transaction(st, "seat_take");
	rc = seat_has_open(st, s->recipient_id, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (seat_count(st, s->session_id, 1, &moved, e) < 0)
		return -1;
	if (!moved)
		return 0;
	if ((q = db_query(st->db, ADD, e)) == NULL)
		return -1;
	db_put_int(q, s->session_id);
	db_put_int(q, s->recipient_id);
	db_put_id(q, s->campaign_id);
	db_put_int(q, s->since);
	db_put_int(q, s->round);
	db_put_int(q, s->audience);
	db_put_int(q, clock_now_ms());
	if (db_run(q, e) != 0)
		return -1;
	s->id = db_last_id(st->db);
	s->state = SEAT_INVITED;
	FAILPOINT("seat.taken");
	return 1;
}

static int seat_get(struct store *st, int64_t id, struct seat *out, struct err *e)
{
	static const char GET[] = "SELECT " COLUMNS " FROM seat WHERE id = $1";
	struct db_stmt *s = db_query(st->db, GET, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	return db_run_row(s, seat_read, out, e);
}

/* What an officer finds out about somebody who was invited, and may have got wrong. */
static bool seat_may(enum seat_state from, enum seat_state to)
{
	bool settled = to == SEAT_CAME || to == SEAT_ABSENT;

	if (from == SEAT_INVITED)
		return to != SEAT_INVITED;
	return from != to && from != SEAT_FREED && settled;
}

int store_seat_set(struct store *st, int64_t id, enum seat_state to, struct err *e)
{
	static const char SET[] = "UPDATE seat SET state = $1, settled_at = $2 WHERE id = $3";
	struct db_stmt *s;
	struct seat now = {0};
	bool moved = true;
	int rc;

	store_want_transaction(st, "seat_set");
	rc = seat_get(st, id, &now, e);
	if (rc <= 0)
		return rc;
	if (!seat_may(now.state, to))
		return 0;
	if (to == SEAT_FREED && seat_count(st, now.session_id, -1, &moved, e) < 0)
		return -1;
	if (!moved)
		store_fatal("seat_count", id, "free");
	if ((s = db_query(st->db, SET, e)) == NULL)
		return -1;
	db_put_int(s, to);
	db_put_int(s, clock_now_ms());
	db_put_int(s, id);
	return db_run(s, e) == 0 ? 1 : -1;
}

int store_seat_round(struct store *st, int64_t id, int round, struct err *e)
{
	static const char ROUND[] = "UPDATE seat SET round = $1 WHERE id = $2";
	struct db_stmt *s = db_query(st->db, ROUND, e);

	store_want_transaction(st, "seat_round");
	if (s == NULL)
		return -1;
	db_put_int(s, round);
	db_put_int(s, id);
	return db_run(s, e);
}

static int seat_each(struct db_stmt *s, bool (*fn)(const struct seat *s, void *arg), void *arg,
		     struct err *e)
{
	struct seat seat;
	int rc;

	while ((rc = db_step(s, e)) == 1) {
		seat_read(s, &seat);
		if (!fn(&seat, arg)) {
			rc = 0;
			break;
		}
	}
	db_done(s);
	return rc;
}

int store_seat_list(struct store *st, int64_t session_id,
		    bool (*fn)(const struct seat *s, void *arg), void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT " COLUMNS " FROM seat WHERE session_id = $1 AND state <> 3 ORDER BY id";
	struct db_stmt *s = db_query(st->db, LIST, e);

	if (s == NULL)
		return -1;
	db_put_int(s, session_id);
	return seat_each(s, fn, arg, e);
}

int store_seat_count_of_unit(struct store *st, int64_t session_id, int64_t unit_id, int64_t *n,
			     struct err *e)
{
	static const char COUNT[] =
	    "SELECT count(*) FROM seat s JOIN recipient r ON r.id = s.recipient_id"
	    " WHERE s.session_id = $1 AND s.state <> 3 AND r.unit_id = $2";
	struct db_stmt *s = db_query(st->db, COUNT, e);

	if (s == NULL)
		return -1;
	db_put_int(s, session_id);
	db_put_int(s, unit_id);
	return db_run_int(s, n, e) < 0 ? -1 : 0;
}

int store_seat_open(struct store *st, int64_t campaign_id, civil_day from_day,
		    bool (*fn)(const struct seat *s, void *arg), void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT s.id, s.session_id, s.recipient_id, s.campaign_id, s.since, s.round, "
	    "s.audience,"
	    " s.state FROM session x JOIN seat s ON s.session_id = x.id AND s.state = 0"
	    " WHERE x.day >= $1 AND s.campaign_id = $2 ORDER BY s.id";
	struct db_stmt *s = db_query(st->db, LIST, e);

	if (s == NULL)
		return -1;
	db_put_int(s, from_day);
	db_put_int(s, campaign_id);
	return seat_each(s, fn, arg, e);
}

int store_seat_find(struct store *st, int64_t session_id, int64_t recipient_id,
		    struct seat *out, struct err *e)
{
	static const char FIND[] =
	    "SELECT " COLUMNS " FROM seat WHERE recipient_id = $1 AND session_id = $2"
	    " AND state <> 3 ORDER BY id DESC LIMIT 1";
	struct db_stmt *s = db_query(st->db, FIND, e);

	if (s == NULL)
		return -1;
	db_put_int(s, recipient_id);
	db_put_int(s, session_id);
	return db_run_row(s, seat_read, out, e);
}

int store_seat_of(struct store *st, int64_t recipient_id, struct seat *out, struct err *e)
{
	static const char OPEN[] =
	    "SELECT " COLUMNS " FROM seat WHERE recipient_id = $1 AND state = 0";
	struct db_stmt *s = db_query(st->db, OPEN, e);

	if (s == NULL)
		return -1;
	db_put_int(s, recipient_id);
	return db_run_row(s, seat_read, out, e);
}

int store_seat_each_of(struct store *st, int64_t recipient_id,
		       bool (*fn)(const struct seat *s, void *arg), void *arg, struct err *e)
{
	static const char OF[] =
	    "SELECT " COLUMNS " FROM seat WHERE recipient_id = $1 ORDER BY id";
	struct db_stmt *s = db_query(st->db, OF, e);

	if (s == NULL)
		return -1;
	db_put_int(s, recipient_id);
	return seat_each(s, fn, arg, e);
}

int store_seat_history(struct store *st, int64_t recipient_id, int64_t campaign_id,
		       struct seat_history *out, struct err *e)
{
	static const char SEATS[] =
	    "SELECT COALESCE(sum(state = 0), 0), COALESCE(sum(state <> 3), 0),"
	    " COALESCE(max(CASE WHEN campaign_id = $1 THEN round END) + 1, 0)"
	    " FROM seat WHERE recipient_id = $2";
	struct db_stmt *s = db_query(st->db, SEATS, e);
	int rc;

	*out = (struct seat_history){0};
	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, recipient_id);
	rc = db_step(s, e);
	if (rc == 1) {
		out->open = db_get_int(s) > 0;
		out->invited = db_get_int32(s);
		out->rounds = db_get_int32(s);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

int store_seat_counts(struct store *st, const char *programme, struct seat_counts *out,
		      struct err *e)
{
	static const char COUNTS[] =
	    "SELECT COALESCE(sum(s.state = 1), 0), COALESCE(sum(s.state = 2), 0),"
	    " COALESCE(sum(s.state = 0), 0)"
	    " FROM session x JOIN seat s ON s.session_id = x.id"
	    " WHERE $1 IS NULL OR x.programme = $1";
	struct db_stmt *s = db_query(st->db, COUNTS, e);
	int rc;

	*out = (struct seat_counts){0};
	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	rc = db_step(s, e);
	if (rc == 1) {
		out->came = db_get_int(s);
		out->absent = db_get_int(s);
		out->open = db_get_int(s);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

/* ---- the messages of a seat --------------------------------------------------------------- */

int store_message_steps(struct store *st, int64_t campaign_id, int64_t recipient_id, int from,
			int to,
			bool (*fn)(int64_t id, int step, enum message_state state, void *arg),
			void *arg, struct err *e)
{
	static const char STEPS[] =
	    "SELECT id, step, state FROM message WHERE campaign_id = $1 AND recipient_id = $2"
	    " AND step BETWEEN $3 AND $4 ORDER BY step";
	struct db_stmt *s = db_query(st->db, STEPS, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, recipient_id);
	db_put_int(s, from);
	db_put_int(s, to);
	while ((rc = db_step(s, e)) == 1) {
		int64_t id = db_get_int(s);
		int step = db_get_int32(s);

		if (!fn(id, step, (enum message_state)db_get_int32(s), arg)) {
			rc = 0;
			break;
		}
	}
	db_done(s);
	return rc;
}

int store_message_void(struct store *st, int64_t campaign_id, int64_t recipient_id, int from,
		       int to, int64_t at, struct err *e)
{
	static const char VOID[] =
	    "UPDATE message SET expires_at = $1 WHERE campaign_id = $2 AND recipient_id = $3"
	    " AND step BETWEEN $4 AND $5 AND expires_at > $1";
	struct db_stmt *s = db_query(st->db, VOID, e);

	store_want_transaction(st, "message_void");
	if (s == NULL)
		return -1;
	db_put_int(s, at);
	db_put_int(s, campaign_id);
	db_put_int(s, recipient_id);
	db_put_int(s, from);
	db_put_int(s, to);
	return db_run(s, e);
}

/* ---- complaints --------------------------------------------------------------------------- */

/* 1/0/-1 */
static int complaint_wrote(struct store *st, int64_t campaign_id, int64_t contact_id,
			   int64_t since, struct err *e)
{
	static const char WROTE[] =
	    "SELECT m.id FROM recipient r JOIN message m ON m.campaign_id = $1"
	    " AND m.recipient_id = r.id AND m.sent_at >= $2 WHERE r.contact_id = $3 LIMIT 1";
	struct db_stmt *s = db_query(st->db, WROTE, e);
	int64_t id;

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, since);
	db_put_int(s, contact_id);
	return db_run_int(s, &id, e);
}

int store_complaint_add(struct store *st, int64_t campaign_id, int64_t contact_id,
			int64_t since, int64_t *count, struct err *e)
{
	static const char ADD[] = "INSERT INTO complaint(campaign_id, contact_id, at)"
				  " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
	static const char COUNT[] = "SELECT count(*) FROM complaint WHERE campaign_id = $1";
	struct db_stmt *s;
	int rc = complaint_wrote(st, campaign_id, contact_id, since, e);

	store_want_transaction(st, "complaint_add");
	if (rc <= 0)
		return rc;
	if ((s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, contact_id);
	db_put_int(s, clock_now_ms());
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) == 0)
		return 0;
	if ((s = db_query(st->db, COUNT, e)) == NULL)
		return -1;
	db_put_int(s, campaign_id);
	return db_run_int(s, count, e);
}

int store_message_reached(struct store *st, const char *text, int64_t since,
			  int64_t but_campaign, void (*fn)(int64_t contact_id, void *arg),
			  void *arg, struct err *e)
{
	static const char REACHED[] =
	    "SELECT m.contact_id FROM campaign c JOIN message m ON m.campaign_id = c.id"
	    " WHERE c.started_at > 0 AND c.id <> $1 AND m.sent_at >= $2"
	    " AND m.template_id IN (SELECT id FROM template WHERE name = $3)";
	struct db_stmt *s = db_query(st->db, REACHED, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, but_campaign);
	db_put_int(s, since);
	db_put_text(s, text);
	while ((rc = db_step(s, e)) == 1)
		fn(db_get_int(s), arg);
	db_done(s);
	return rc;
}
