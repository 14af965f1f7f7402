/* SPDX-License-Identifier: Apache-2.0 */
/* The fan-out's rows: one for each (campaign, recipient, step, rung), whoever
 * comes how often. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/private.h"

/* So many texts are written by one statement. */
#define PLAN_TEXTS 16

/* Texts of new rows, which are not written yet; borrowed. */
struct plan_texts {
	int64_t id[PLAN_TEXTS];
	const char *text[PLAN_TEXTS];
	size_t n;
};

/* The message that stands for a shared number that day: 1/0/-1. One that will not be sent, or that
 * failed, stands for nobody; one of a rung above is what did not reach them. One of another campaign, which does not
 * know who is planned here, stands only for whom it names: whose own it is or was linked to it, or who would be told
 * the same to the letter. */
static int plan_find_shared(struct store *st, const struct message_plan *p, int64_t *id,
			    struct err *e)
{
	static const char FIND[] =
	    "SELECT m.id FROM message_shared h JOIN message m ON m.id = h.message_id"
	    " WHERE h.contact_id = $1 AND h.day = $2 AND h.template_id = $3"
	    " AND m.contact_id = h.contact_id"
	    " AND m.state NOT IN ($4, $5, $6, $7, $8, $9)"
	    " AND CASE WHEN m.campaign_id = $10 THEN m.rung = $11 ELSE m.recipient_id = $12"
	    " OR EXISTS (SELECT 1 FROM message x WHERE x.campaign_id = m.campaign_id"
	    " AND x.recipient_id = $12 AND x.linked_to = m.id)"
	    " OR EXISTS (SELECT 1 FROM message_text t WHERE t.message_id = m.id"
	    " AND t.text = $13) END";
	struct db_stmt *s = db_query(st->db, FIND, e);

	if (s == NULL)
		return -1;
	db_put_int(s, p->contact_id);
	db_put_int(s, p->day);
	db_put_int(s, p->template_id);
	db_put_int(s, MESSAGE_CANCELLED);
	db_put_int(s, MESSAGE_EXPIRED);
	db_put_int(s, MESSAGE_FAILED);
	db_put_int(s, MESSAGE_REJECTED);
	db_put_int(s, MESSAGE_ABANDONED);
	db_put_int(s, MESSAGE_UNDELIVERED);
	db_put_int(s, p->campaign_id);
	db_put_int(s, p->rung);
	db_put_int(s, p->recipient_id);
	db_put_text(s, p->text);
	return db_run_int(s, id, e);
}

static int plan_stand_for(struct store *st, const struct message_plan *p, int64_t id,
			  struct err *e)
{
	static const char STAND[] =
	    "INSERT INTO message_shared(contact_id, day, template_id, message_id)"
	    " VALUES ($1, $2, $3, $4) ON CONFLICT (contact_id, day, template_id)"
	    " DO UPDATE SET message_id = excluded.message_id";
	struct db_stmt *s = db_query(st->db, STAND, e);

	if (s == NULL)
		return -1;
	db_put_int(s, p->contact_id);
	db_put_int(s, p->day);
	db_put_int(s, p->template_id);
	db_put_int(s, id);
	return db_run(s, e);
}

/* *id is 0 when the row was there already. */
static int plan_insert(struct store *st, const struct message_plan *p, enum message_state state,
		       int64_t linked_to, int64_t now, int64_t *id, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO message(campaign_id, recipient_id, step, state, due_at, expires_at,"
	    " contact_id, segments, ucs2, audience, template_id, recipient_rev, day, "
	    "planned_at,"
	    " linked_to, rung, onward, reason, final_at) VALUES ($1, $2, $3, $4, $5, $6, $7,"
	    " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
	    " ON CONFLICT (campaign_id, recipient_id, step, rung) DO NOTHING";
	struct db_stmt *s = db_query(st->db, ADD, e);

	if (s == NULL)
		return -1;
	db_put_int(s, p->campaign_id);
	db_put_int(s, p->recipient_id);
	db_put_int(s, p->step);
	db_put_int(s, state);
	db_put_int(s, p->due_at);
	db_put_int(s, p->expires_at);
	db_put_int(s, p->contact_id);
	db_put_int(s, p->segments);
	db_put_int(s, p->ucs2);
	db_put_int(s, p->audience);
	db_put_int(s, p->template_id);
	db_put_int(s, p->recipient_rev);
	db_put_int(s, p->day);
	db_put_int(s, now);
	db_put_id(s, linked_to);
	db_put_int(s, p->rung);
	db_put_int(s, p->onward);
	db_put_text(s, p->skip);
	db_put_int(s, p->skip != NULL ? now : 0);
	if (db_run(s, e) != 0)
		return -1;
	*id = db_changes(st->db) > 0 ? db_last_id(st->db) : 0;
	return 0;
}

static int plan_put_texts(struct store *st, const char *sql, const struct plan_texts *t,
			  size_t from, size_t n, struct err *e)
{
	struct db_stmt *s = db_query(st->db, sql, e);

	if (s == NULL)
		return -1;
	for (size_t i = from; i < from + n; i++) {
		db_put_int(s, t->id[i]);
		db_put_text(s, t->text[i]);
	}
	return db_run(s, e);
}

/* A statement costs as much to begin and end as a row to write. */
static int plan_write_texts(struct store *st, struct plan_texts *t, struct err *e)
{
	static const char ONE[] = "INSERT INTO message_text(message_id, text) VALUES ($1, $2)";
	static const char ALL[] =
	    "INSERT INTO message_text(message_id, text) VALUES ($1, $2), ($3, $4), ($5, $6),"
	    " ($7, $8), ($9, $10), ($11, $12), ($13, $14), ($15, $16), ($17, $18), ($19, $20),"
	    " ($21, $22), ($23, $24), ($25, $26), ($27, $28), ($29, $30), ($31, $32)";
	int rc = 0;

	if (t->n == PLAN_TEXTS)
		rc = plan_put_texts(st, ALL, t, 0, t->n, e);
	for (size_t i = 0; t->n < PLAN_TEXTS && i < t->n && rc == 0; i++)
		rc = plan_put_texts(st, ONE, t, i, 1, e);
	t->n = 0;
	return rc;
}

static int plan_one(struct store *st, const struct message_plan *p, int64_t now,
		    struct plan_texts *texts, size_t *inserted, size_t *linked, struct err *e)
{
	enum message_state state = MESSAGE_QUEUED;
	int64_t first = 0, id = 0;
	int rc;

	if (p->skip != NULL && !message_next(MESSAGE_QUEUED, MESSAGE_EV_SKIP, &state))
		store_fatal("illegal_move", 0, "skip");
	if (p->shared && p->skip == NULL) {
		/* A second run must not find the row itself and think it somebody else's. */
		rc = store_message_at(st, p->campaign_id, p->recipient_id, p->step, p->rung,
				      &first, e);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		rc = plan_find_shared(st, p, &first, e);
		if (rc < 0)
			return -1;
		if (rc == 1 && !message_next(MESSAGE_QUEUED, MESSAGE_EV_LINK, &state))
			store_fatal("illegal_move", first, "link");
	}
	if (plan_insert(st, p, state, first, now, &id, e) != 0)
		return -1;
	if (id == 0)
		return 0;
	texts->id[texts->n] = id;
	texts->text[texts->n++] = p->text;
	if (texts->n == PLAN_TEXTS && plan_write_texts(st, texts, e) != 0)
		return -1;
	message_count(st, p->campaign_id, p->rung, state, 1, p->segments);
	(*inserted)++;
	if (state == MESSAGE_LINKED)
		(*linked)++;
	if (p->skip != NULL)
		rung_watch(st, id, p->campaign_id, p->onward != 0 ? now : 0);
	else if (p->segments == 0)
		rung_watch(st, id, p->campaign_id, p->expires_at);
	else if (p->shared && first == 0)
		return plan_stand_for(st, p, id, e);
	return 0;
}

int store_message_plan(struct store *st, const struct message_plan *items, size_t n,
		       size_t *inserted, size_t *linked, struct err *e)
{
	struct plan_texts texts = {.n = 0};
	int64_t now = clock_now_ms();

	store_want_transaction(st, "plan");
	*inserted = 0;
	*linked = 0;
	for (size_t i = 0; i < n; i++) {
		if (plan_one(st, &items[i], now, &texts, inserted, linked, e) != 0)
			return -1;
	}
	if (plan_write_texts(st, &texts, e) != 0)
		return -1;
	FAILPOINT("plan.done");
	return 0;
}

int store_message_step(struct store *st, int64_t campaign_id, int64_t recipient_id, int *step,
		       struct err *e)
{
	static const char NEXT[] = "SELECT COALESCE(MAX(step), -1) + 1 FROM message"
				   " WHERE campaign_id = $1 AND recipient_id = $2";
	struct db_stmt *s = db_query(st->db, NEXT, e);
	int64_t next = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, recipient_id);
	if (db_run_int(s, &next, e) < 0)
		return -1;
	*step = (int)next;
	return 0;
}

int store_message_at(struct store *st, int64_t campaign_id, int64_t recipient_id, int step,
		     int rung, int64_t *id, struct err *e)
{
	static const char AT[] = "SELECT id FROM message WHERE campaign_id = $1"
				 " AND recipient_id = $2 AND step = $3"
				 " AND ($4 < 0 OR rung = $4) LIMIT 1";
	struct db_stmt *s = db_query(st->db, AT, e);

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, recipient_id);
	db_put_int(s, step);
	db_put_int(s, rung);
	return db_run_int(s, id, e);
}
