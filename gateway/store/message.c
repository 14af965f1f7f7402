/* SPDX-License-Identifier: Apache-2.0 */
/* The one door through which a message changes its state, and what every change
 * brings along: counts, links, caps, the attempt log. */
#include "store/message.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/campaign.h"
#include "store/private.h"

void message_row_clear(struct message_row *r)
{
	free(r->text);
	free(r->reason);
	free(r->code);
	free(r->provider_ref);
	*r = (struct message_row){0};
}

int message_load(struct store *st, int64_t id, struct message_now *m, struct err *e)
{
	static const char LOAD[] =
	    "SELECT id, campaign_id, contact_id, recipient_id, due_at, claimed_at, state, "
	    "attempts,"
	    " generation, provider_id, segments, day, epoch, rung, onward"
	    " FROM message WHERE id = $1";
	struct db_stmt *s = db_query(st->db, LOAD, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_step(s, e);
	if (rc == 1) {
		m->id = db_get_int(s);
		m->campaign_id = db_get_int(s);
		m->contact_id = db_get_int(s);
		m->recipient_id = db_get_int(s);
		m->due_at = db_get_int(s);
		m->claimed_at = db_get_int(s);
		m->state = (enum message_state)db_get_int32(s);
		m->attempts = db_get_int32(s);
		m->generation = db_get_int32(s);
		m->provider_id = db_get_int32(s);
		m->segments = db_get_int32(s);
		m->day = db_get_int32(s);
		m->epoch = db_get_int(s);
		m->rung = db_get_int32(s);
		m->onward = db_get_int(s);
	}
	db_done(s);
	return rc;
}

/* ---- state and counts ------------------------------------------------------------------- */

void message_count(struct store *st, int64_t campaign_id, int rung, enum message_state state,
		   int64_t n, int64_t segments)
{
	struct store_delta *d;
	size_t i;

	/* A batch touches one or two campaigns and a handful of states. */
	for (i = st->n_deltas; i > 0; i--) {
		d = &st->deltas[i - 1];
		if (d->campaign_id == campaign_id && d->state == (int)state && d->rung == rung)
			break;
	}
	if (i == 0) {
		st->deltas = mem_grow(st->deltas, &st->cap_deltas, st->n_deltas + 1,
				      sizeof(*st->deltas));
		d = &st->deltas[st->n_deltas++];
		*d = (struct store_delta){
		    .campaign_id = campaign_id, .rung = rung, .state = (int)state};
	}
	d->n += n;
	d->segments += segments;
}

/* What moves of the open transaction add to the day's messages of the campaign of the nth delta; false when an
 * earlier delta was of the same campaign. */
static bool message_day_of(const struct store *st, size_t nth, int64_t *sent, int64_t *delivered)
{
	int64_t campaign_id = st->deltas[nth].campaign_id;

	*sent = *delivered = 0;
	for (size_t i = 0; i < nth; i++) {
		if (st->deltas[i].campaign_id == campaign_id)
			return false;
	}
	for (size_t i = nth; i < st->n_deltas; i++) {
		const struct store_delta *d = &st->deltas[i];

		if (d->campaign_id != campaign_id)
			continue;
		if (message_was_accepted((enum message_state)d->state))
			*sent += d->n;
		if (d->state == MESSAGE_DELIVERED)
			*delivered += d->n;
	}
	return true;
}

static int message_day_flush(struct store *st, struct err *e)
{
	static const char ADD[] = "INSERT INTO message_day(day, campaign_id, sent, delivered)"
				  " VALUES ($1, $2, $3, $4)"
				  " ON CONFLICT (day, campaign_id) DO UPDATE SET"
				  " sent = message_day.sent + excluded.sent,"
				  " delivered = message_day.delivered + excluded.delivered";
	civil_day today = civil_day_of(clock_now_ms());

	for (size_t i = 0; i < st->n_deltas; i++) {
		int64_t sent, delivered;
		struct db_stmt *s;

		if (!message_day_of(st, i, &sent, &delivered) || (sent == 0 && delivered == 0))
			continue;
		if ((s = db_query(st->db, ADD, e)) == NULL)
			return -1;
		db_put_int(s, today);
		db_put_int(s, st->deltas[i].campaign_id);
		db_put_int(s, sent);
		db_put_int(s, delivered);
		if (db_run(s, e) != 0)
			return -1;
	}
	return 0;
}

int message_moves_flush(struct store *st, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO message_count(campaign_id, rung, state, n, segments)"
	    " VALUES ($1, $2, $3, $4, $5)"
	    " ON CONFLICT (campaign_id, rung, state) DO UPDATE SET n = message_count.n + excluded.n,"
	    " segments = message_count.segments + excluded.segments";

	for (size_t i = 0; i < st->n_deltas; i++) {
		const struct store_delta *d = &st->deltas[i];
		struct db_stmt *s = db_query(st->db, ADD, e);

		if (s == NULL)
			return -1;
		db_put_int(s, d->campaign_id);
		db_put_int(s, d->rung);
		db_put_int(s, d->state);
		db_put_int(s, d->n);
		db_put_int(s, d->segments);
		if (db_run(s, e) != 0)
			return -1;
	}
	if (message_day_flush(st, e) != 0)
		return -1;
	st->n_deltas = 0;
	return st->n_ends > 0 ? rung_ends_flush(st, e) : 0;
}

enum message_state message_move(struct store *st, struct message_now *m, enum message_event ev)
{
	enum message_state from = m->state, to;

	if (!message_next(from, ev, &to))
		store_fatal("illegal_move", m->id, message_event_name(ev));
	if (to != from) {
		message_count(st, m->campaign_id, m->rung, from, -1, -m->segments);
		message_count(st, m->campaign_id, m->rung, to, 1, m->segments);
		m->state = to;
		if (m->onward != 0)
			rung_moved(st, m, from, ev);
	}
	return to;
}

/* ---- links ------------------------------------------------------------------------------ */

static int message_run_two(struct store *st, const char *sql, int64_t a, int64_t b,
			   struct err *e)
{
	struct db_stmt *s = db_query(st->db, sql, e);

	if (s == NULL)
		return -1;
	db_put_int(s, a);
	db_put_int(s, b);
	return db_run(s, e);
}

int message_promote(struct store *st, const struct message_now *m, struct err *e)
{
	/* Nobody takes from the queue of a cancelled campaign. */
	static const char FIRST[] =
	    "SELECT m.id FROM message m JOIN campaign c ON c.id = m.campaign_id"
	    " WHERE m.linked_to = $1 AND c.state <> $2 ORDER BY m.id LIMIT 1";
	static const char QUEUE[] =
	    "UPDATE message SET state = $1, linked_to = NULL, reason = NULL WHERE id = $2";
	static const char OTHERS[] = "UPDATE message SET linked_to = $1 WHERE linked_to = $2";
	static const char STANDS[] =
	    "UPDATE message_shared SET message_id = $1 WHERE contact_id = $2 AND day = $3"
	    " AND template_id = (SELECT template_id FROM message WHERE id = $1)";
	struct message_now next;
	struct db_stmt *s = db_query(st->db, FIRST, e);
	int64_t id = 0;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, m->id);
	db_put_int(s, CAMPAIGN_CANCELLED);
	rc = db_run_int(s, &id, e);
	if (rc <= 0)
		return rc;
	if (message_load(st, id, &next, e) != 1)
		return -1;
	if (message_run_two(st, QUEUE, message_move(st, &next, MESSAGE_EV_PROMOTE), id, e) !=
		0 ||
	    message_run_two(st, OTHERS, id, m->id, e) != 0 ||
	    (s = db_query(st->db, STANDS, e)) == NULL)
		return -1;
	db_put_int(s, id);
	db_put_int(s, next.contact_id);
	db_put_int(s, next.day);
	return db_run(s, e);
}

/* ---- caps and the attempt log ------------------------------------------------------------- */

int message_give_back(struct store *st, const struct message_now *m, struct err *e)
{
	static const char BACK[] =
	    "UPDATE contact SET day_count = day_count - (day = $1 AND day_count > 0),"
	    " week_count = week_count - (week = $2 AND week_count > 0) WHERE id = $3";
	struct db_stmt *s = db_query(st->db, BACK, e);
	civil_day day = civil_day_of(m->claimed_at);

	if (s == NULL)
		return -1;
	db_put_int(s, day);
	db_put_int(s, civil_iso_week(day));
	db_put_int(s, m->contact_id);
	return db_run(s, e);
}

int message_log_attempt(struct store *st, const struct message_now *m,
			const struct message_result *r, bool late, struct err *e)
{
	static const char SEQ[] =
	    "SELECT max(seq) + 1 FROM attempt WHERE message_id = $1 AND n = $2";
	static const char ADD[] =
	    "INSERT INTO attempt(message_id, n, seq, generation, provider_id, epoch, "
	    "started_at,"
	    " ended_at, event, class, http_status, code, provider_ref, reason)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
	bool current = r->attempt == m->attempts;
	struct db_stmt *s = db_query(st->db, SEQ, e);
	int64_t seq = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, m->id);
	db_put_int(s, r->attempt);
	if (db_run_int(s, &seq, e) < 0 || (s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	if (late && seq == 0)
		seq = 1;
	db_put_int(s, m->id);
	db_put_int(s, r->attempt);
	db_put_int(s, seq);
	db_put_int(s, current ? m->generation : 0);
	db_put_int(s, r->provider_id ? r->provider_id : m->provider_id);
	db_put_int(s, current ? m->epoch : 0);
	db_put_int(s, current ? m->claimed_at : 0);
	db_put_int(s, r->at);
	db_put_int(s, r->event);
	db_put_int(s, r->class);
	db_put_int(s, r->http_status);
	db_put_text(s, r->code[0] ? r->code : NULL);
	db_put_text(s, r->provider_ref[0] ? r->provider_ref : NULL);
	db_put_text(s, r->reason[0] ? r->reason : NULL);
	return db_run(s, e);
}
