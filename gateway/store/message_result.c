/* SPDX-License-Identifier: Apache-2.0 */
/* What came of attempts, and what people and timers do with messages. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/campaign.h"
#include "store/private.h"

static bool result_is_ours(enum message_event ev)
{
	return ev == MESSAGE_EV_ACCEPTED || ev == MESSAGE_EV_NOT_SENT ||
	       ev == MESSAGE_EV_GIVE_UP || ev == MESSAGE_EV_REFUSED || ev == MESSAGE_EV_UNKNOWN;
}

static const char *result_text(const char *s)
{
	return s[0] ? s : NULL;
}

/* The row after an attempt. */
static int result_write(struct store *st, const struct message_now *m,
			const struct message_result *r, struct err *e)
{
	static const char WRITE[] =
	    "UPDATE message SET state = $1, due_at = $2, generation = $3, sent_at = CASE"
	    " WHEN $4 >= 0 THEN $4 WHEN sent_at > 0 THEN sent_at ELSE claimed_at END,"
	    " final_at = $5, class = $6, http_status = $7, code = $8, provider_ref = $9,"
	    " reason = $10 WHERE id = $11";
	struct db_stmt *s = db_query(st->db, WRITE, e);
	bool again = r->event == MESSAGE_EV_NOT_SENT && r->new_generation;

	if (s == NULL)
		return -1;
	db_put_int(s, m->state);
	db_put_int(s, r->due_at);
	db_put_int(s, m->generation + (again ? 1 : 0));
	/* The uncertain keep when this reference first left: how long it is remembered counts from there. */
	db_put_int(s, r->event == MESSAGE_EV_ACCEPTED  ? r->at
		      : r->event == MESSAGE_EV_UNKNOWN ? -1
						       : 0);
	db_put_int(s, message_is_final(m->state) ? r->at : 0);
	db_put_int(s, r->class);
	db_put_int(s, r->http_status);
	db_put_text(s, result_text(r->code));
	db_put_text(s, result_text(r->provider_ref));
	db_put_text(s, result_text(r->reason));
	db_put_int(s, m->id);
	return db_run(s, e);
}

/* What nearly every result is: accepted, still the current attempt, of no ladder, and its caller knows
 * the rest of the row that matters. 1; 0 when it is not so, and nothing was done; -1. */
static int result_accepted(struct store *st, const struct message_result *r, struct err *e)
{
	static const char ACCEPT[] =
	    "UPDATE message SET state = $1, due_at = $2, sent_at = $3, class = $4,"
	    " http_status = $5, code = $6, provider_ref = $7, reason = $8"
	    " WHERE id = $9 AND state = $10 AND attempts = $11 AND rung = 0 AND onward = 0";
	struct message_now m = {.id = r->id,
				.campaign_id = r->campaign_id,
				.segments = r->segments,
				.state = MESSAGE_SENDING};
	enum message_state to;
	struct db_stmt *s;

	if (r->event != MESSAGE_EV_ACCEPTED || r->campaign_id == 0 ||
	    !message_next(m.state, r->event, &to))
		return 0;
	if ((s = db_query(st->db, ACCEPT, e)) == NULL)
		return -1;
	db_put_int(s, to);
	db_put_int(s, r->due_at);
	db_put_int(s, r->at);
	db_put_int(s, r->class);
	db_put_int(s, r->http_status);
	db_put_text(s, result_text(r->code));
	db_put_text(s, result_text(r->provider_ref));
	db_put_text(s, result_text(r->reason));
	db_put_int(s, r->id);
	db_put_int(s, m.state);
	db_put_int(s, r->attempt);
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) == 0)
		return 0;
	(void)message_move(st, &m, r->event);
	return 1;
}

static int result_index(struct store *st, const struct message_result *r, struct err *e)
{
	if (!r->index_ref || !r->provider_ref[0])
		return 0;
	return message_ref_known(st, r->id, r->provider_id, r->provider_ref, e);
}

static int result_one(struct store *st, const struct message_result *r, struct err *e)
{
	struct message_now m;
	bool late;
	int rc = result_accepted(st, r, e);

	if (rc != 0)
		return rc < 0 ? -1 : result_index(st, r, e);
	rc = message_load(st, r->id, &m, e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(e, EX_DATAERR, "there is no message %" PRId64, r->id);
	if (!result_is_ours(r->event))
		store_fatal("illegal_result", r->id, message_event_name(r->event));
	late = m.state != MESSAGE_SENDING || m.attempts != r->attempt;
	if (late || r->event != MESSAGE_EV_ACCEPTED) {
		if (message_log_attempt(st, &m, r, late, e) != 0)
			return -1;
	}
	if (!late) {
		(void)message_move(st, &m, r->event);
		if (result_write(st, &m, r, e) != 0)
			return -1;
		/* Proved not sent: it was nothing that the number's owner got. */
		if ((r->event == MESSAGE_EV_NOT_SENT || r->event == MESSAGE_EV_GIVE_UP ||
		     r->event == MESSAGE_EV_REFUSED) &&
		    message_give_back(st, &m, e) != 0)
			return -1;
	}
	return result_index(st, r, e);
}

int store_message_finish(struct store *st, const struct message_result *r, size_t n,
			 struct err *e)
{
	store_want_transaction(st, "finish");
	for (size_t i = 0; i < n; i++) {
		if (result_one(st, &r[i], e) != 0)
			return -1;
	}
	FAILPOINT("finish.done");
	return 0;
}

/* ---- start-up ---------------------------------------------------------------------------- */

static int recover_one(struct store *st, int64_t id, int64_t now, struct err *e)
{
	static const char UNSURE[] =
	    "UPDATE message SET state = $1, due_at = $2, reason = $3,"
	    " sent_at = CASE WHEN sent_at > 0 THEN sent_at ELSE claimed_at END WHERE id = $4";
	struct message_result r = {.id = id,
				   .event = MESSAGE_EV_UNKNOWN,
				   .at = now,
				   .reason = "the gateway stopped while it was being sent"};
	struct message_now m;
	struct db_stmt *s;

	if (message_load(st, id, &m, e) != 1)
		return -1;
	r.attempt = m.attempts;
	if (message_log_attempt(st, &m, &r, false, e) != 0 ||
	    (s = db_query(st->db, UNSURE, e)) == NULL)
		return -1;
	db_put_int(s, message_move(st, &m, MESSAGE_EV_UNKNOWN));
	db_put_int(s, now);
	db_put_text(s, r.reason);
	db_put_int(s, id);
	return db_run(s, e);
}

/* Whether any message is being sent: no index says which, and a table is long. 1/0/-1 */
static int recover_any(struct store *st, struct err *e)
{
	static const char ANY[] =
	    "SELECT 1 FROM message_count WHERE state = 2 AND n > 0 LIMIT 1";
	int64_t one;

	return db_run_int(db_query(st->db, ANY, e), &one, e);
}

/* The next of those that an older epoch was sending, after the id. */
static int recover_find(struct store *st, int64_t after, int64_t *ids, size_t max, size_t *n,
			struct err *e)
{
	static const char NEXT[] = "SELECT id FROM message WHERE id > $1 AND state = 2"
				   " AND epoch < $2 ORDER BY id LIMIT $3";
	struct db_stmt *s = db_query(st->db, NEXT, e);
	int rc;

	*n = 0;
	if (s == NULL)
		return -1;
	db_put_int(s, after);
	db_put_int(s, st->epoch);
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1)
		ids[(*n)++] = db_get_int(s);
	db_done(s);
	return rc;
}

int store_message_recover(struct store *st, size_t *n, struct err *e)
{
	int64_t now = clock_now_ms(), ids[64];
	size_t got = 64;
	int rc;

	store_want_transaction(st, "recover");
	*n = 0;
	ids[63] = 0;
	rc = recover_any(st, e);
	while (rc > 0 && got == 64) {
		if (recover_find(st, ids[63], ids, 64, &got, e) != 0)
			return -1;
		for (size_t i = 0; i < got; i++) {
			if (recover_one(st, ids[i], now, e) != 0)
				return -1;
		}
		*n += got;
	}
	FAILPOINT("recover.done");
	return rc < 0 ? -1 : 0;
}

/* ---- what is due --------------------------------------------------------------------------- */

int store_message_due(struct store *st, enum message_state state, int64_t now,
		      struct message_open *out, size_t max, size_t *n, struct err *e)
{
	static const char DUE[] =
	    "SELECT id, campaign_id, due_at, sent_at, expires_at, provider_id, attempts, "
	    "generation, claimed_at"
	    " FROM message WHERE state = $1 AND state BETWEEN 3 AND 4 AND due_at <= $2"
	    " ORDER BY due_at LIMIT $3";
	struct db_stmt *s = db_query(st->db, DUE, e);
	int rc;

	*n = 0;
	if (s == NULL)
		return -1;
	db_put_int(s, state);
	db_put_int(s, now);
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		struct message_open *o = &out[(*n)++];

		o->id = db_get_int(s);
		o->campaign_id = db_get_int(s);
		o->due_at = db_get_int(s);
		o->sent_at = db_get_int(s);
		o->expires_at = db_get_int(s);
		o->provider_id = db_get_int32(s);
		o->attempts = db_get_int32(s);
		o->generation = db_get_int32(s);
		o->claimed_at = db_get_int(s);
		o->state = state;
	}
	db_done(s);
	return rc;
}

int store_message_first_due(struct store *st, enum message_state state, int64_t *due_at,
			    struct err *e)
{
	static const char QUEUED[] =
	    "SELECT m.due_at FROM message_count c JOIN message m ON m.id = (SELECT q.id FROM "
	    "message q WHERE q.campaign_id = c.campaign_id AND q.rung = c.rung AND q.state = 1"
	    " ORDER BY q.due_at LIMIT 1) WHERE c.state = 1 AND c.n > 0"
	    " ORDER BY m.due_at LIMIT 1";
	static const char OPEN[] =
	    "SELECT due_at FROM message WHERE state = $1 AND state BETWEEN 3 AND 4"
	    " ORDER BY due_at LIMIT 1";
	struct db_stmt *s;

	if (state == MESSAGE_QUEUED)
		return db_run_int(db_query(st->db, QUEUED, e), due_at, e);
	if ((s = db_query(st->db, OPEN, e)) == NULL)
		return -1;
	db_put_int(s, state);
	return db_run_int(s, due_at, e);
}

int store_message_postpone(struct store *st, int64_t id, int64_t due_at, struct err *e)
{
	static const char LATER[] = "UPDATE message SET due_at = $1 WHERE id = $2";
	struct db_stmt *s = db_query(st->db, LATER, e);

	store_want_transaction(st, "postpone");
	if (s == NULL)
		return -1;
	db_put_int(s, due_at);
	db_put_int(s, id);
	return db_run(s, e);
}

int store_message_clock_back(struct store *st, int64_t by, struct err *e)
{
	static const char SENDING[] =
	    "UPDATE message SET claimed_at = claimed_at - $1,"
	    " sent_at = CASE WHEN sent_at > 0 THEN sent_at - $1 ELSE sent_at END,"
	    " due_at = CASE WHEN due_at < $2 THEN due_at - $1 ELSE due_at END"
	    " WHERE state = 2";
	static const char UNCERTAIN[] =
	    "UPDATE message SET claimed_at = claimed_at - $1,"
	    " sent_at = CASE WHEN sent_at > 0 THEN sent_at - $1 ELSE sent_at END,"
	    " due_at = CASE WHEN due_at < $2 THEN due_at - $1 ELSE due_at END"
	    " WHERE state = 3 AND state BETWEEN 3 AND 4";
	int sending;

	store_want_transaction(st, "clock_back");
	sending = recover_any(st, e);
	if (sending < 0)
		return -1;
	for (int i = sending > 0 ? 0 : 1; i < 2; i++) {
		struct db_stmt *s = db_query(st->db, i == 0 ? SENDING : UNCERTAIN, e);

		if (s == NULL)
			return -1;
		db_put_int(s, by);
		db_put_int(s, INT64_MAX);
		if (db_run(s, e) != 0)
			return -1;
	}
	return 0;
}

/* ---- people and timers ---------------------------------------------------------------------- */

/* The row after an event. A due time that is not said stays, but what was accepted is looked at for
 * silence from now on; a reason that is not said stays. */
static int event_write(struct store *st, const struct message_now *m, enum message_event ev,
		       int64_t due_at, const char *reason, int64_t now, struct err *e)
{
	static const char WRITE[] =
	    "UPDATE message SET state = $1, due_at = CASE WHEN $2 > 0 THEN $2 ELSE due_at END,"
	    " reason = COALESCE($3, reason), final_at = $4, generation = $5, linked_to = CASE"
	    " WHEN $6 THEN linked_to ELSE NULL END, sent_at = CASE WHEN $7 THEN $8 ELSE "
	    "sent_at END"
	    " WHERE id = $9";
	struct db_stmt *s = db_query(st->db, WRITE, e);

	if (s == NULL)
		return -1;
	db_put_int(s, m->state);
	db_put_int(s, due_at == 0 && m->state == MESSAGE_SENT ? now : due_at);
	db_put_text(s, reason);
	db_put_int(s, message_is_final(m->state) ? now : 0);
	/* What failed was proved not sent: a new try is a new message to the provider. */
	db_put_int(s, m->generation + (ev == MESSAGE_EV_RETRY ? 1 : 0));
	db_put_int(s, m->state == MESSAGE_LINKED);
	db_put_int(s, ev == MESSAGE_EV_ACCEPTED || ev == MESSAGE_EV_RECEIPT_SEEN ||
			  ev == MESSAGE_EV_HAND_OVER);
	db_put_int(s, ev == MESSAGE_EV_HAND_OVER ? now : m->claimed_at);
	db_put_int(s, m->id);
	return db_run(s, e);
}

static int event_apply(struct store *st, struct message_now *m, enum message_event ev,
		       int64_t due_at, const char *reason, struct err *e)
{
	enum message_state from = m->state;

	(void)message_move(st, m, ev);
	if (event_write(st, m, ev, due_at, reason, clock_now_ms(), e) != 0)
		return -1;
	if (ev == MESSAGE_EV_REQUEUE && message_give_back(st, m, e) != 0)
		return -1;
	if (from != MESSAGE_LINKED && (ev == MESSAGE_EV_CANCEL || ev == MESSAGE_EV_EXPIRE))
		return message_promote(st, m, e);
	return 0;
}

/* Events that bring data of their own have verbs of their own. */
static void event_want_plain(int64_t id, enum message_event ev)
{
	switch (ev) {
	case MESSAGE_EV_CLAIM:
	case MESSAGE_EV_RESEND:
	case MESSAGE_EV_LINK:
	case MESSAGE_EV_PROMOTE:
	case MESSAGE_EV_NOT_SENT:
	case MESSAGE_EV_GIVE_UP:
	case MESSAGE_EV_REFUSED:
	case MESSAGE_EV_UNKNOWN:
		store_fatal("illegal_event", id, message_event_name(ev));
	default:
		break;
	}
}

int store_message_event(struct store *st, int64_t id, enum message_event ev, int64_t due_at,
			const char *reason, struct err *e)
{
	enum message_state to;
	struct message_now m;
	int rc;

	store_want_transaction(st, "event");
	event_want_plain(id, ev);
	rc = message_load(st, id, &m, e);
	if (rc < 0)
		return -1;
	if (rc == 0 || !message_next(m.state, ev, &to) ||
	    (m.state == MESSAGE_SENDING && ev == MESSAGE_EV_ACCEPTED))
		return 0;
	/* Who went down the ladder is not written to on a rung above again. */
	if (ev == MESSAGE_EV_RETRY && m.onward != 0 && (rc = rung_has_below(st, &m, e)) != 0)
		return rc < 0 ? -1 : 0;
	return event_apply(st, &m, ev, due_at, reason, e) == 0 ? 1 : -1;
}

/* The next rows of a campaign in a state. Queued ones by their own index: they leave it as they
 * change. Others by the unique key, from where the last batch ended. */
static int sweep_ids(struct store *st, int64_t campaign_id, enum message_state from,
		     int64_t *ids, size_t max, size_t *n, struct err *e)
{
	static const char QUEUED[] =
	    "SELECT id, recipient_id, step, rung FROM message WHERE campaign_id = $1"
	    " AND state = 1 ORDER BY rung, due_at LIMIT $2";
	static const char REST[] =
	    "SELECT id, recipient_id, step, rung FROM message WHERE campaign_id = $1"
	    " AND (recipient_id, step, rung) > ($2, $3, $4) AND state = $5"
	    " ORDER BY recipient_id, step, rung LIMIT $6";
	struct db_stmt *s = db_query(st->db, from == MESSAGE_QUEUED ? QUEUED : REST, e);
	int rc;

	*n = 0;
	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	if (from != MESSAGE_QUEUED) {
		db_put_int(s, st->sweep.recipient_id);
		db_put_int(s, st->sweep.step);
		db_put_int(s, st->sweep.rung);
		db_put_int(s, from);
	}
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		ids[(*n)++] = db_get_int(s);
		st->sweep.recipient_id = db_get_int(s);
		st->sweep.step = db_get_int(s);
		st->sweep.rung = db_get_int(s);
	}
	db_done(s);
	return rc;
}

int store_message_event_campaign(struct store *st, int64_t campaign_id, enum message_state from,
				 enum message_event ev, const char *reason, size_t batch,
				 size_t *changed, struct err *e)
{
	enum message_state to;
	int64_t ids[256];
	size_t n = 0, want = 0;

	store_want_transaction(st, "event_campaign");
	event_want_plain(0, ev);
	*changed = 0;
	if (!message_next(from, ev, &to))
		return err_set(e, EX_DATAERR, "%s is not for messages that are %s",
			       message_event_name(ev), message_state_name(from));
	if (st->sweep.campaign_id != campaign_id || st->sweep.from != (int)from ||
	    st->sweep.event != (int)ev) {
		memset(&st->sweep, 0, sizeof(st->sweep));
		st->sweep.campaign_id = campaign_id;
		st->sweep.from = (int)from;
		st->sweep.event = (int)ev;
	}
	do {
		want = batch - *changed < 256 ? batch - *changed : 256;
		if (sweep_ids(st, campaign_id, from, ids, want, &n, e) != 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			int rc = store_message_event(st, ids[i], ev, 0, reason, e);

			if (rc < 0)
				return -1;
			*changed += (size_t)rc;
		}
	} while (n == want && *changed < batch && n > 0);
	if (n == want && n > 0)
		return 1;
	memset(&st->sweep, 0, sizeof(st->sweep));
	return 0;
}

int store_message_withdraw(struct store *st, size_t batch, struct err *e)
{
	static const char NEXT[] =
	    "SELECT n.campaign_id, n.state FROM message_count n"
	    " JOIN campaign c ON c.id = n.campaign_id"
	    " WHERE n.state IN (0, 1) AND n.n > 0 AND c.state = $1 LIMIT 1";
	struct db_stmt *s = db_query(st->db, NEXT, e);
	enum message_state from = MESSAGE_HELD;
	int64_t campaign = 0;
	size_t changed = 0;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, CAMPAIGN_CANCELLED);
	rc = db_step(s, e);
	if (rc == 1) {
		campaign = db_get_int(s);
		from = (enum message_state)db_get_int32(s);
	}
	db_done(s);
	if (rc <= 0)
		return rc;
	rc = store_message_event_campaign(st, campaign, from, MESSAGE_EV_CANCEL,
					  "chiến dịch đã hủy", batch, &changed, e);
	return rc < 0 ? -1 : 1;
}
