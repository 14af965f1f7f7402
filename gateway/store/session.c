/* SPDX-License-Identifier: Apache-2.0 */
#include "store/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/private.h"
#include "text/vi.h"

void session_clear(struct session *s)
{
	free(s->programme);
	free(s->place);
	free(s->team);
	free(s->documents);
	free(s->reason);
	*s = (struct session){0};
}

int64_t session_begins(const struct session *s)
{
	return civil_day_start_ms(s->day) + s->opens * CLOCK_MINUTE_MS;
}

#define COLUMNS                                                                                \
	"id, programme, day, opens, closes, place, unit_id, seats, taken, team, documents,"    \
	" state, reason"

static void session_read(struct db_stmt *s, void *row)
{
	struct session *out = row;

	*out = (struct session){0};
	out->id = db_get_int(s);
	out->programme = db_get_string(s);
	out->day = db_get_int32(s);
	out->opens = db_get_int32(s);
	out->closes = db_get_int32(s);
	out->place = db_get_string(s);
	out->unit_id = db_get_int(s);
	out->seats = db_get_int32(s);
	out->taken = db_get_int32(s);
	out->team = db_get_string(s);
	out->documents = db_get_string(s);
	out->state = (enum session_state)db_get_int32(s);
	out->reason = db_get_string(s);
}

/* 1 and *id of another open session that stands at the same place and time. */
static int session_standing(struct store *st, const struct session *s, int64_t *id,
			    struct err *e)
{
	static const char THERE[] =
	    "SELECT id FROM session WHERE programme = $1 AND day = $2 AND opens = $3"
	    " AND place_fold = $4 AND state = 0 AND id <> $5";
	struct db_stmt *q = db_query(st->db, THERE, e);
	char *fold = vi_fold(s->place);
	int rc = -1;

	if (q != NULL) {
		db_put_text(q, s->programme);
		db_put_int(q, s->day);
		db_put_int(q, s->opens);
		db_put_text(q, fold);
		db_put_int(q, s->id);
		rc = db_run_int(q, id, e);
	}
	free(fold);
	return rc;
}

/* The nine columns that are written whenever a session is. */
static void session_put(struct db_stmt *q, const struct session *s, const char *fold)
{
	db_put_int(q, s->day);
	db_put_int(q, s->opens);
	db_put_int(q, s->closes);
	db_put_text(q, s->place);
	db_put_text(q, fold);
	db_put_id(q, s->unit_id);
	db_put_int(q, s->seats);
	db_put_text(q, s->team);
	db_put_text(q, s->documents);
}

static int session_add(struct store *st, struct session *s, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO session(day, opens, closes, place, place_fold, unit_id, seats, team,"
	    " documents, programme) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
	struct db_stmt *q = db_query(st->db, ADD, e);
	char *fold = vi_fold(s->place);
	int rc = -1;

	if (q != NULL) {
		session_put(q, s, fold);
		db_put_text(q, s->programme);
		rc = db_run(q, e);
	}
	free(fold);
	if (rc == 0)
		s->id = db_last_id(st->db);
	return rc;
}

static bool session_same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

int store_session_put(struct store *st, struct session *s, enum session_put *what,
		      struct err *e)
{
	struct session now = {0};
	int64_t id = 0;
	int rc;

	store_want_transaction(st, "session_put");
	s->id = 0;
	rc = session_standing(st, s, &id, e);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		*what = SESSION_NEW;
		return session_add(st, s, e);
	}
	s->id = id;
	if (store_session_get(st, id, &now, e) != 1)
		return -1;
	*what = now.closes == s->closes && now.seats == s->seats && now.unit_id == s->unit_id &&
			session_same_text(now.team, s->team) &&
			session_same_text(now.documents, s->documents)
		    ? SESSION_SAME
		    : SESSION_CHANGED;
	rc = *what == SESSION_SAME ? 0 : store_session_update(st, s, e);
	session_clear(&now);
	return rc;
}

int store_session_update(struct store *st, const struct session *s, struct err *e)
{
	static const char TAKEN[] = "SELECT taken FROM session WHERE id = $1";
	static const char UPDATE[] =
	    "UPDATE session SET day = $1, opens = $2, closes = $3, place = $4, place_fold = $5,"
	    " unit_id = $6, seats = $7, team = $8, documents = $9, state = $10, reason = $11"
	    " WHERE id = $12";
	struct db_stmt *q = db_query(st->db, TAKEN, e);
	int64_t other = 0, taken = 0;
	char *fold;
	int rc;

	store_want_transaction(st, "session_update");
	if (q == NULL)
		return -1;
	db_put_int(q, s->id);
	rc = db_run_int(q, &taken, e);
	if (rc <= 0)
		return rc < 0 ? -1 : err_set(e, EX_DATAERR, "không có buổi số %" PRId64, s->id);
	if (taken > s->seats)
		return err_set(e, EX_DATAERR,
			       "buổi số %" PRId64 " đã hẹn %" PRId64
			       " người, không thể còn %d lượt",
			       s->id, taken, s->seats);
	rc = s->state == SESSION_OPEN ? session_standing(st, s, &other, e) : 0;
	if (rc != 0)
		return rc < 0 ? -1
			      : err_set(e, EX_DATAERR, "nơi và giờ ấy đã có buổi số %" PRId64,
					other);
	if ((q = db_query(st->db, UPDATE, e)) == NULL)
		return -1;
	fold = vi_fold(s->place);
	session_put(q, s, fold);
	db_put_int(q, s->state);
	db_put_text(q, s->reason);
	db_put_int(q, s->id);
	rc = db_run(q, e);
	free(fold);
	return rc;
}

int store_session_get(struct store *st, int64_t id, struct session *out, struct err *e)
{
	static const char GET[] = "SELECT " COLUMNS " FROM session WHERE id = $1";
	struct db_stmt *q = db_query(st->db, GET, e);

	if (q == NULL)
		return -1;
	db_put_int(q, id);
	return db_run_row(q, session_read, out, e);
}

int store_session_list(struct store *st, const char *programme, civil_day from_day,
		       void (*fn)(const struct session *s, void *arg), void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT " COLUMNS " FROM session WHERE ($1 IS NULL OR programme = $1) AND day >= $2"
	    " ORDER BY day, opens, id";
	struct db_stmt *q = db_query(st->db, LIST, e);
	struct session s;
	int rc;

	if (q == NULL)
		return -1;
	db_put_text(q, programme);
	db_put_int(q, from_day);
	while ((rc = db_step(q, e)) == 1) {
		session_read(q, &s);
		fn(&s, arg);
		session_clear(&s);
	}
	db_done(q);
	return rc;
}

/* ---- the quota of a day ------------------------------------------------------------------- */

int store_campaign_day_get(struct store *st, int64_t campaign_id, civil_day day,
			   struct campaign_day *out, struct err *e)
{
	static const char GET[] = "SELECT quota, planned, arithmetic FROM campaign_day"
				  " WHERE campaign_id = $1 AND day = $2";
	struct db_stmt *q = db_query(st->db, GET, e);
	int rc;

	*out = (struct campaign_day){.day = day};
	if (q == NULL)
		return -1;
	db_put_int(q, campaign_id);
	db_put_int(q, day);
	rc = db_step(q, e);
	if (rc == 1) {
		out->quota = db_get_int(q);
		out->planned = db_get_int(q);
		out->arithmetic = db_get_string(q);
	}
	db_done(q);
	return rc;
}

int store_campaign_day_put(struct store *st, int64_t campaign_id, const struct campaign_day *d,
			   struct err *e)
{
	static const char PUT[] =
	    "INSERT INTO campaign_day(campaign_id, day, quota, planned, arithmetic)"
	    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (campaign_id, day) DO UPDATE SET"
	    " quota = excluded.quota, planned = excluded.planned,"
	    " arithmetic = excluded.arithmetic";
	struct db_stmt *q = db_query(st->db, PUT, e);

	store_want_transaction(st, "campaign_day_put");
	if (q == NULL)
		return -1;
	db_put_int(q, campaign_id);
	db_put_int(q, d->day);
	db_put_int(q, d->quota);
	db_put_int(q, d->planned);
	db_put_text(q, d->arithmetic);
	return db_run(q, e);
}

int store_campaign_day_list(struct store *st, int64_t campaign_id,
			    void (*fn)(const struct campaign_day *d, void *arg), void *arg,
			    struct err *e)
{
	static const char LIST[] = "SELECT day, quota, planned, arithmetic FROM campaign_day"
				   " WHERE campaign_id = $1 ORDER BY day";
	struct db_stmt *q = db_query(st->db, LIST, e);
	int rc;

	if (q == NULL)
		return -1;
	db_put_int(q, campaign_id);
	while ((rc = db_step(q, e)) == 1) {
		struct campaign_day d = {0};

		d.day = db_get_int32(q);
		d.quota = db_get_int(q);
		d.planned = db_get_int(q);
		d.arithmetic = db_get_string(q);
		fn(&d, arg);
		free(d.arithmetic);
	}
	db_done(q);
	return rc;
}

int store_campaign_pass_now(struct store *st, const char *programme, struct err *e)
{
	static const char NOW[] =
	    "UPDATE campaign SET pass_at = 0 WHERE programme = $1 AND fan_out_cursor >= 0";
	struct db_stmt *q = db_query(st->db, NOW, e);

	store_want_transaction(st, "campaign_pass_now");
	if (q == NULL)
		return -1;
	db_put_text(q, programme);
	return db_run(q, e);
}
