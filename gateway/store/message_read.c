/* SPDX-License-Identifier: Apache-2.0 */
/* Messages read: one, a page of them, their attempts, their numbers. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/private.h"

#define ROW                                                                                    \
	"SELECT m.id, m.campaign_id, m.recipient_id, m.linked_to, m.step, m.rung, m.attempts," \
	" m.segments, m.provider_id, m.class, m.http_status, m.state, c.number, m.ucs2,"       \
	" m.planned_at, m.due_at, m.expires_at, m.sent_at, m.final_at, t.text, m.reason,"      \
	" m.code, m.provider_ref FROM message m JOIN contact c ON c.id = m.contact_id"         \
	" LEFT JOIN message_text t ON t.message_id = m.id"

static void message_read(struct db_stmt *s, void *row)
{
	struct message_row *r = row;

	*r = (struct message_row){0};
	r->id = db_get_int(s);
	r->campaign_id = db_get_int(s);
	r->recipient_id = db_get_int(s);
	r->linked_to = db_get_int(s);
	r->step = db_get_int32(s);
	r->rung = db_get_int32(s);
	r->attempts = db_get_int32(s);
	r->segments = db_get_int32(s);
	r->provider_id = db_get_int32(s);
	r->class = db_get_int32(s);
	r->http_status = db_get_int32(s);
	r->state = (enum message_state)db_get_int32(s);
	r->number = (uint64_t)db_get_int(s);
	r->ucs2 = db_get_int(s) != 0;
	r->planned_at = db_get_int(s);
	r->due_at = db_get_int(s);
	r->expires_at = db_get_int(s);
	r->sent_at = db_get_int(s);
	r->final_at = db_get_int(s);
	r->text = db_get_string(s);
	r->reason = db_get_string(s);
	r->code = db_get_string(s);
	r->provider_ref = db_get_string(s);
}

int store_message_get(struct store *st, int64_t id, struct message_row *out, struct err *e)
{
	static const char GET[] = ROW " WHERE m.id = $1";
	struct db_stmt *s = db_query(st->db, GET, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	return db_run_row(s, message_read, out, e);
}

int store_message_last(struct store *st, int64_t *id, struct err *e)
{
	static const char LAST[] = "SELECT max(id) FROM message";

	*id = 0;
	return db_run_int(db_query(st->db, LAST, e), id, e) < 0 ? -1 : 0;
}

/* Beyond so many messages of the campaigns in question, finding their first takes longer than looking. */
#define MESSAGE_BEGIN_MAX 1500000

#define CAMPAIGNS_WITH                                                                         \
	"(SELECT k.campaign_id FROM message_count k WHERE ($1 = 0 OR k.campaign_id = $1)"      \
	" AND ($2 < 0 OR k.state = $2) AND k.n > 0)"

/* A statement that names CAMPAIGNS_WITH, with one number. */
static int message_of_campaigns(struct store *st, const char *sql, const struct message_filter *f,
				int64_t *out, struct err *e)
{
	struct db_stmt *s = db_query(st->db, sql, e);

	if (s == NULL)
		return -1;
	db_put_int(s, f->campaign_id);
	db_put_int(s, f->state);
	return db_run_int(s, out, e) < 0 ? -1 : 0;
}

int store_message_begin(struct store *st, const struct message_filter *f, int64_t *id,
			struct err *e)
{
	static const char SIZE[] = "SELECT COALESCE(sum(n.n), 0) FROM message_count n"
				   " WHERE n.campaign_id IN " CAMPAIGNS_WITH;
	/* +: along the key of their campaigns, not along all ids. */
	static const char FIRST[] = "SELECT COALESCE(min(+m.id), 0) FROM message m WHERE "
				    "m.campaign_id IN " CAMPAIGNS_WITH;
	int64_t size = 0;

	*id = 0;
	if (message_of_campaigns(st, SIZE, f, &size, e) < 0)
		return -1;
	if (size == 0)
		*id = INT64_MAX;
	if (size == 0 || size > MESSAGE_BEGIN_MAX)
		return 0;
	return message_of_campaigns(st, FIRST, f, id, e);
}

static struct db_stmt *message_put_filter(struct db_stmt *s, const struct message_filter *f)
{
	if (s == NULL)
		return NULL;
	db_put_int(s, f->campaign_id);
	db_put_int(s, f->recipient_id);
	db_put_int(s, f->state);
	db_put_int(s, (int64_t)f->number);
	db_put_int(s, f->after_id);
	db_put_int(s, f->until_id != 0 ? f->until_id : INT64_MAX);
	return s;
}

static int message_list(struct db_stmt *s, size_t max,
			bool (*fn)(const struct message_row *r, void *arg), void *arg,
			struct err *e)
{
	struct message_row r;
	bool more = true;
	int rc = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, max > INT64_MAX ? INT64_MAX : (int64_t)max);
	while (more && (rc = db_step(s, e)) == 1) {
		message_read(s, &r);
		more = fn(&r, arg);
		message_row_clear(&r);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

/* Whether somebody has that number now: 1, 0; -1. */
static int message_number_is_ours(struct store *st, uint64_t number, struct err *e)
{
	static const char OWNED[] = "SELECT EXISTS (SELECT 1 FROM contact k JOIN recipient r"
				    " ON r.contact_id = k.id WHERE k.number = $1)";
	struct db_stmt *s = db_query(st->db, OWNED, e);
	int64_t yes = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, (int64_t)number);
	return db_run_int(s, &yes, e) < 0 ? -1 : yes != 0;
}

int store_message_list(struct store *st, const struct message_filter *f, size_t max,
		       bool (*fn)(const struct message_row *r, void *arg), void *arg,
		       struct err *e)
{
	/* By the unique key, campaign by campaign; along the ids where nobody is named. */
	static const char OF_RECIPIENT[] = ROW
	    " WHERE m.campaign_id IN (SELECT k.id FROM campaign k WHERE $1 = 0 OR k.id = $1)"
	    " AND m.recipient_id = $2 AND ($3 < 0 OR m.state = $3)"
	    " AND ($4 = 0 OR c.number = $4) AND m.id > $5 AND m.id <= $6 ORDER BY m.id LIMIT "
	    "$7";
	static const char OF_NUMBER[] = ROW
	    " WHERE m.campaign_id IN (SELECT k.id FROM campaign k WHERE $1 = 0 OR k.id = $1)"
	    " AND $2 = 0 AND ($3 < 0 OR m.state = $3) AND m.recipient_id IN (SELECT r.id FROM"
	    " contact k JOIN recipient r ON r.contact_id = k.id WHERE k.number = $4)"
	    " AND c.number = $4 AND m.id > $5 AND m.id <= $6 ORDER BY m.id LIMIT $7";
	static const char ANY[] = ROW
	    " WHERE ($1 = 0 OR m.campaign_id = $1) AND $2 = 0 AND ($3 < 0 OR m.state = $3)"
	    " AND ($4 = 0 OR m.contact_id = (SELECT k.id FROM contact k WHERE k.number = $4))"
	    " AND m.id > $5 AND m.id <= $6 ORDER BY m.id LIMIT $7";
	struct message_filter from = *f;
	int64_t begin;
	int ours;

	if (f->recipient_id != 0)
		return message_list(message_put_filter(db_query(st->db, OF_RECIPIENT, e), f),
				    max, fn, arg, e);
	ours = f->number != 0 ? message_number_is_ours(st, f->number, e) : 0;
	if (ours != 0)
		return ours < 0
			   ? -1
			   : message_list(message_put_filter(db_query(st->db, OF_NUMBER, e), f),
					  max, fn, arg, e);
	/* Who goes on from somewhere, or so far and no further, has looked for the beginning. */
	if ((f->campaign_id != 0 || f->state >= 0) && f->after_id == 0 && f->until_id == 0) {
		if (store_message_begin(st, f, &begin, e) < 0)
			return -1;
		if (begin > from.after_id)
			from.after_id = begin == INT64_MAX ? begin : begin - 1;
	}
	return message_list(message_put_filter(db_query(st->db, ANY, e), &from), max, fn, arg,
			    e);
}

/* The columns from the attempt's number on, in the order of both statements below. */
static struct message_attempt attempt_read(struct db_stmt *s)
{
	struct message_attempt a = {.n = db_get_int32(s)};

	a.generation = db_get_int32(s);
	a.provider_id = db_get_int32(s);
	a.class = db_get_int32(s);
	a.http_status = db_get_int32(s);
	a.epoch = db_get_int(s);
	a.started_at = db_get_int(s);
	a.ended_at = db_get_int(s);
	a.code = db_get_text(s);
	a.provider_ref = db_get_text(s);
	a.reason = db_get_text(s);
	return a;
}

static int attempts_logged(struct store *st, int64_t id, int *last,
			   void (*fn)(const struct message_attempt *a, void *arg), void *arg,
			   struct err *e)
{
	static const char LOGGED[] =
	    "SELECT seq, n, generation, provider_id, class, http_status, epoch, started_at,"
	    " ended_at, code, provider_ref, reason FROM attempt WHERE message_id = $1"
	    " ORDER BY n, seq";
	struct db_stmt *s = db_query(st->db, LOGGED, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	while ((rc = db_step(s, e)) == 1) {
		bool is_result = db_get_int32(s) == 0;
		struct message_attempt a = attempt_read(s);

		if (is_result)
			*last = a.n;
		fn(&a, arg);
	}
	db_done(s);
	return rc;
}

int store_message_attempts(struct store *st, int64_t id,
			   void (*fn)(const struct message_attempt *a, void *arg), void *arg,
			   struct err *e)
{
	static const char CURRENT[] =
	    "SELECT attempts, generation, provider_id, class, http_status, epoch, claimed_at,"
	    " sent_at, code, provider_ref, reason FROM message WHERE id = $1 AND attempts > $2";
	struct db_stmt *s;
	int last = 0, rc;

	if (attempts_logged(st, id, &last, fn, arg, e) != 0 ||
	    (s = db_query(st->db, CURRENT, e)) == NULL)
		return -1;
	db_put_int(s, id);
	db_put_int(s, last);
	rc = db_step(s, e);
	if (rc == 1) {
		struct message_attempt a = attempt_read(s);

		fn(&a, arg);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

int store_message_counts(struct store *st, int64_t campaign_id, int64_t unit_id,
			 struct message_counts *out, struct err *e)
{
	static const char ALL[] = "SELECT state, sum(n), sum(segments) FROM message_count"
				  " WHERE $1 = 0 OR campaign_id = $1 GROUP BY state";
	static const char OF_UNIT[] =
	    "SELECT m.state, count(*), sum(m.segments) FROM recipient r"
	    " JOIN message m ON m.recipient_id = r.id AND m.campaign_id IN"
	    " (SELECT k.id FROM campaign k WHERE $1 = 0 OR k.id = $1)"
	    " WHERE r.unit_id = $2 GROUP BY m.state";
	struct db_stmt *s = db_query(st->db, unit_id ? OF_UNIT : ALL, e);
	int rc;

	*out = (struct message_counts){0};
	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	if (unit_id)
		db_put_int(s, unit_id);
	while ((rc = db_step(s, e)) == 1) {
		int state = db_get_int32(s);
		int64_t n = db_get_int(s), segments = db_get_int(s);

		if (state < 0 || state > MESSAGE_LINKED)
			continue;
		out->by_state[state] = n;
		out->total += n;
		if (message_was_accepted((enum message_state)state))
			out->segments_accepted += segments;
		else if (state <= MESSAGE_UNCERTAIN)
			out->segments_open += segments;
	}
	db_done(s);
	return rc;
}

int store_message_day(struct store *st, civil_day day,
		      void (*fn)(int64_t campaign_id, int64_t sent, int64_t delivered, void *arg),
		      void *arg, struct err *e)
{
	static const char DAY[] = "SELECT campaign_id, sent, delivered FROM message_day"
				  " WHERE day = $1 ORDER BY campaign_id";
	struct db_stmt *s = db_query(st->db, DAY, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, day);
	while ((rc = db_step(s, e)) == 1) {
		int64_t campaign_id = db_get_int(s), sent = db_get_int(s);

		fn(campaign_id, sent, db_get_int(s), arg);
	}
	db_done(s);
	return rc;
}

int store_message_due_before(struct store *st, int64_t before,
			     void (*fn)(int64_t campaign_id, int64_t n, void *arg), void *arg,
			     struct err *e)
{
	/* The counts say in which campaigns and rungs there are any. */
	static const char DUE[] =
	    "SELECT c.campaign_id, sum((SELECT count(*) FROM message m WHERE m.state = 1"
	    " AND m.campaign_id = c.campaign_id AND m.rung = c.rung AND m.due_at < $1)) AS due"
	    " FROM message_count c WHERE c.state = 1 AND c.n > 0 GROUP BY c.campaign_id"
	    " ORDER BY c.campaign_id";
	struct db_stmt *s = db_query(st->db, DUE, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, before);
	while ((rc = db_step(s, e)) == 1) {
		int64_t campaign_id = db_get_int(s), n = db_get_int(s);

		if (n > 0)
			fn(campaign_id, n, arg);
	}
	db_done(s);
	return rc;
}
