/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rung.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "store/private.h"

/* ---- what moves mean ------------------------------------------------------------------------ */

static struct store_end *rung_note(struct store *st, int64_t message_id, int64_t campaign_id,
				   int64_t due_at)
{
	struct store_end *end;

	st->ends = mem_grow(st->ends, &st->cap_ends, st->n_ends + 1, sizeof(*st->ends));
	end = &st->ends[st->n_ends++];
	*end = (struct store_end){
	    .message_id = message_id, .campaign_id = campaign_id, .due_at = due_at};
	return end;
}

void rung_watch(struct store *st, int64_t message_id, int64_t campaign_id, int64_t due_at)
{
	if (due_at != 0)
		(void)rung_note(st, message_id, campaign_id, due_at);
}

void rung_moved(struct store *st, const struct message_now *m, enum message_state from,
		enum message_event ev)
{
	int64_t now = clock_now_ms();

	switch (m->state) {
	case MESSAGE_SENT:
		(void)rung_note(st, m->id, m->campaign_id, m->onward > 0 ? now + m->onward : 0);
		break;
	case MESSAGE_UNDELIVERED:
	case MESSAGE_REJECTED:
	case MESSAGE_FAILED:
	case MESSAGE_ABANDONED:
		(void)rung_note(st, m->id, m->campaign_id, now);
		break;
	case MESSAGE_DELIVERED:
		/* Late, perhaps after the person went down: then what waits below is withdrawn. */
		(void)rung_note(st, m->id, m->campaign_id, 0);
		rung_note(st, m->id, m->campaign_id, now)->if_gone = m->onward > 0;
		break;
	case MESSAGE_CANCELLED:
		(void)rung_note(st, m->id, m->campaign_id, ev == MESSAGE_EV_SKIP ? now : 0);
		break;
	case MESSAGE_NO_RECEIPT: /* its wait goes on */
	case MESSAGE_SENDING:
	case MESSAGE_UNCERTAIN:
	case MESSAGE_LINKED:
		break;
	case MESSAGE_HELD:
	case MESSAGE_QUEUED:
	case MESSAGE_EXPIRED:
		if (from != MESSAGE_SENDING && from != MESSAGE_LINKED)
			(void)rung_note(st, m->id, m->campaign_id, 0);
		break;
	}
}

/* Whether something was kept of it. */
static int rung_forget(struct store *st, int64_t message_id, bool *kept, struct err *e)
{
	static const char FORGET[] = "DELETE FROM rung_end WHERE message_id = $1";
	struct db_stmt *s = db_query(st->db, FORGET, e);

	if (s == NULL)
		return -1;
	db_put_int(s, message_id);
	if (db_run(s, e) != 0)
		return -1;
	*kept = db_changes(st->db) > 0;
	return 0;
}

static int rung_keep(struct store *st, const struct store_end *end, struct err *e)
{
	static const char KEEP[] =
	    "INSERT INTO rung_end(message_id, campaign_id, due_at) VALUES ($1, $2, $3)"
	    " ON CONFLICT (message_id) DO UPDATE SET due_at = excluded.due_at";
	struct db_stmt *s = db_query(st->db, KEEP, e);

	if (s == NULL)
		return -1;
	db_put_int(s, end->message_id);
	db_put_int(s, end->campaign_id);
	db_put_int(s, end->due_at);
	return db_run(s, e);
}

int rung_ends_flush(struct store *st, struct err *e)
{
	bool kept = false;

	for (size_t i = 0; i < st->n_ends; i++) {
		const struct store_end *end = &st->ends[i];
		int rc = 0;

		/* An end that follows the forgetting of its own message asks what that found. */
		if (end->due_at == 0)
			rc = rung_forget(st, end->message_id, &kept, e);
		else if (!end->if_gone || !kept)
			rc = rung_keep(st, end, e);
		if (rc != 0)
			return -1;
	}
	st->n_ends = 0;
	return 0;
}

/* ---- ends ----------------------------------------------------------------------------------- */

int store_rung_ends(struct store *st, int64_t campaign_id, int64_t now, struct rung_end *out,
		    size_t max, size_t *n, struct err *e)
{
	static const char DUE[] =
	    "SELECT m.id, m.recipient_id, m.contact_id, d.due_at, m.expires_at, m.sent_at,"
	    " m.onward, m.step, m.rung, m.class, m.state FROM rung_end d"
	    " CROSS JOIN message m ON m.id = d.message_id"
	    " WHERE d.campaign_id = $1 AND d.due_at <= $2 ORDER BY d.due_at LIMIT $3";
	struct db_stmt *s;
	int rc;

	*n = 0;
	if (rung_ends_flush(st, e) != 0 || (s = db_query(st->db, DUE, e)) == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, now);
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		struct rung_end *end = &out[(*n)++];

		end->message_id = db_get_int(s);
		end->recipient_id = db_get_int(s);
		end->contact_id = db_get_int(s);
		end->due_at = db_get_int(s);
		end->expires_at = db_get_int(s);
		end->sent_at = db_get_int(s);
		end->onward = db_get_int(s);
		end->step = db_get_int32(s);
		end->rung = db_get_int32(s);
		end->class = db_get_int32(s);
		end->state = (enum message_state)db_get_int32(s);
	}
	db_done(s);
	return rc;
}

int store_rung_looked(struct store *st, int64_t message_id, struct err *e)
{
	bool kept;

	store_want_transaction(st, "rung_looked");
	return rung_forget(st, message_id, &kept, e);
}

int store_rung_next(struct store *st, int64_t campaign_id, int64_t *due_at, struct err *e)
{
	static const char NEXT[] = "SELECT due_at FROM rung_end WHERE campaign_id = $1"
				   " ORDER BY due_at LIMIT 1";
	struct db_stmt *s;

	if ((st->n_ends > 0 && rung_ends_flush(st, e) != 0) ||
	    (s = db_query(st->db, NEXT, e)) == NULL)
		return -1;
	db_put_int(s, campaign_id);
	return db_run_int(s, due_at, e);
}

int store_rung_linked(struct store *st, int64_t message_id, int64_t *after_id,
		      int64_t *recipients, size_t max, size_t *n, struct err *e)
{
	static const char LINKED[] = "SELECT id, recipient_id FROM message WHERE linked_to = $1"
				     " AND state = $2 AND id > $3 ORDER BY id LIMIT $4";
	struct db_stmt *s = db_query(st->db, LINKED, e);
	int rc;

	*n = 0;
	if (s == NULL)
		return -1;
	db_put_int(s, message_id);
	db_put_int(s, MESSAGE_LINKED);
	db_put_int(s, *after_id);
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		*after_id = db_get_int(s);
		recipients[(*n)++] = db_get_int(s);
	}
	db_done(s);
	return rc;
}

int store_rung_withdraw(struct store *st, int64_t campaign_id, int64_t recipient_id, int step,
			int rung, const char *reason, size_t *n, struct err *e)
{
	static const char BELOW[] =
	    "SELECT id FROM message WHERE campaign_id = $1 AND recipient_id = $2 AND step = $3"
	    " AND rung > $4 AND state IN ($5, $6) ORDER BY rung LIMIT 1";
	int64_t id;
	int rc;

	store_want_transaction(st, "rung_withdraw");
	*n = 0;
	for (;;) {
		struct db_stmt *s = db_query(st->db, BELOW, e);

		if (s == NULL)
			return -1;
		db_put_int(s, campaign_id);
		db_put_int(s, recipient_id);
		db_put_int(s, step);
		db_put_int(s, rung);
		db_put_int(s, MESSAGE_QUEUED);
		db_put_int(s, MESSAGE_HELD);
		rc = db_run_int(s, &id, e);
		if (rc <= 0)
			return rc;
		rc = store_message_event(st, id, MESSAGE_EV_CANCEL, 0, reason, e);
		if (rc <= 0)
			return rc < 0 ? -1 : err_set(e, EX_SOFTWARE, "a queued message stays");
		(*n)++;
	}
}

int rung_has_below(struct store *st, const struct message_now *m, struct err *e)
{
	static const char BELOW[] =
	    "SELECT b.id FROM message a JOIN message b ON b.campaign_id = a.campaign_id"
	    " AND b.recipient_id = a.recipient_id AND b.step = a.step AND b.rung > a.rung"
	    " WHERE a.id = $1 LIMIT 1";
	struct db_stmt *s = db_query(st->db, BELOW, e);
	int64_t id;

	if (s == NULL)
		return -1;
	db_put_int(s, m->id);
	return db_run_int(s, &id, e);
}

/* ---- absent --------------------------------------------------------------------------------- */

int store_contact_absent(struct store *st, int64_t contact_id, const char *channel,
			 int64_t since, struct err *e)
{
	static const char ABSENT[] = "SELECT at FROM contact_absent"
				     " WHERE contact_id = $1 AND channel = $2 AND at > $3";
	struct db_stmt *s = db_query(st->db, ABSENT, e);
	int64_t at;

	if (s == NULL)
		return -1;
	db_put_int(s, contact_id);
	db_put_text(s, channel);
	db_put_int(s, since);
	return db_run_int(s, &at, e);
}

int store_contact_set_absent(struct store *st, int64_t contact_id, const char *channel,
			     int64_t at, struct err *e)
{
	static const char SET[] =
	    "INSERT INTO contact_absent(contact_id, channel, at) VALUES ($1, $2, $3)"
	    " ON CONFLICT (contact_id, channel) DO UPDATE SET at = excluded.at";
	struct db_stmt *s = db_query(st->db, SET, e);

	store_want_transaction(st, "contact_set_absent");
	if (s == NULL)
		return -1;
	db_put_int(s, contact_id);
	db_put_text(s, channel);
	db_put_int(s, at);
	return db_run(s, e);
}

/* ---- reading -------------------------------------------------------------------------------- */

int store_rung_counts(struct store *st, int64_t campaign_id, int rung,
		      struct message_counts *out, struct err *e)
{
	static const char COUNTS[] = "SELECT state, n FROM message_count"
				     " WHERE campaign_id = $1 AND rung = $2";
	struct db_stmt *s = db_query(st->db, COUNTS, e);
	int rc;

	*out = (struct message_counts){0};
	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, rung);
	while ((rc = db_step(s, e)) == 1) {
		int state = db_get_int32(s);

		if (state < 0 || state > MESSAGE_LINKED)
			continue;
		out->by_state[state] = db_get_int(s);
		out->total += out->by_state[state];
	}
	db_done(s);
	return rc;
}

#define PERSON                                                                                 \
	"SELECT m.id, m.recipient_id, r.unit_id, m.due_at, m.expires_at, m.step, m.rung,"      \
	" r.sex, m.class, r.hold, r.state, c.flags, m.state, r.number, r.list_key, r.name,"    \
	" r.name_sort, r.group_name, u.name, m.reason FROM message m"                          \
	" JOIN recipient r ON r.id = m.recipient_id LEFT JOIN contact c ON c.id = "            \
	"r.contact_id"                                                                         \
	" LEFT JOIN unit u ON u.id = r.unit_id"
#define PERSON_ORDER " ORDER BY u.name_fold, r.group_name, r.name_sort, r.id"

static void rung_read_person(struct db_stmt *s, struct rung_person *p)
{
	p->message_id = db_get_int(s);
	p->recipient_id = db_get_int(s);
	p->unit_id = db_get_int(s);
	p->due_at = db_get_int(s);
	p->expires_at = db_get_int(s);
	p->step = db_get_int32(s);
	p->rung = db_get_int32(s);
	p->sex = db_get_int32(s);
	p->class = db_get_int32(s);
	p->hold = db_get_int32(s);
	p->recipient_state = db_get_int32(s);
	p->contact_flags = (unsigned)db_get_int(s);
	p->state = (enum message_state)db_get_int32(s);
	p->number = (uint64_t)db_get_int(s);
	p->key = db_get_text(s);
	p->name = db_get_text(s);
	p->name_sort = db_get_text(s);
	p->group = db_get_text(s);
	p->unit = db_get_text(s);
	p->reason = db_get_text(s);
}

static int rung_each(struct db_stmt *s, bool (*fn)(const struct rung_person *p, void *arg),
		     void *arg, struct err *e)
{
	struct rung_person p;
	bool more = true;
	int rc = 0;

	while (more && (rc = db_step(s, e)) == 1) {
		rung_read_person(s, &p);
		more = fn(&p, arg);
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

int store_rung_list(struct store *st, int64_t campaign_id, int rung, int state,
		    bool (*fn)(const struct rung_person *p, void *arg), void *arg,
		    struct err *e)
{
	static const char LIST[] = PERSON " WHERE m.campaign_id = $1 AND m.rung = $2 AND ($3 < "
					  "0 OR m.state = $3)" PERSON_ORDER;
	struct db_stmt *s = db_query(st->db, LIST, e);

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, rung);
	db_put_int(s, state);
	return rung_each(s, fn, arg, e);
}

/* 10 = delivered; 0 … 4 are open; 5: perhaps; 17 stands or falls with another's. Whoever has one of
 * those on any rung has been reached, may have been, or waits. */
int store_rung_unreached(struct store *st, int64_t campaign_id,
			 bool (*fn)(const struct rung_person *p, void *arg), void *arg,
			 struct err *e)
{
	static const char LIST[] = PERSON
	    " WHERE m.campaign_id = $1 AND NOT EXISTS (SELECT 1 FROM message k"
	    " LEFT JOIN message o ON o.id = k.linked_to WHERE k.campaign_id = $1"
	    " AND k.recipient_id = m.recipient_id AND k.step = m.step AND (k.rung > m.rung"
	    " OR k.state <= 5 OR k.state = 10 OR (k.state = 17 AND (o.state <= 5"
	    " OR o.state = 10))))" PERSON_ORDER;
	struct db_stmt *s = db_query(st->db, LIST, e);

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	return rung_each(s, fn, arg, e);
}

/* ---- an officer's word ----------------------------------------------------------------------- */

int store_rung_say(struct store *st, int64_t message_id, enum rung_word word, const char *who,
		   struct err *e)
{
	static const struct {
		enum message_event event;
		const char *what, *reason;
	} words[] = {
	    [RUNG_HANDED_OVER] = {MESSAGE_EV_HAND_OVER, "message.handed_over", "đã giao đi"},
	    [RUNG_DELIVERED] = {MESSAGE_EV_RECEIPT_DELIVERED, "message.delivered",
				"đã giao tận tay"},
	    [RUNG_RETURNED] = {MESSAGE_EV_RECEIPT_FAILED, "message.returned",
			       "không gặp hoặc bị trả lại"},
	};
	struct message_now m;
	char subject[40];
	int rc;

	store_want_transaction(st, "rung_say");
	rc = message_load(st, message_id, &m, e);
	/* Letters and visits alone have no segments: they go through no provider. */
	if (rc <= 0 || m.segments != 0)
		return rc < 0 ? -1 : 0;
	if (m.state == MESSAGE_QUEUED && word != RUNG_HANDED_OVER) {
		rc = store_message_event(st, message_id, MESSAGE_EV_HAND_OVER, 0, NULL, e);
		if (rc <= 0)
			return rc;
	}
	rc = store_message_event(st, message_id, words[word].event,
				 word == RUNG_HANDED_OVER ? clock_now_ms() : 0,
				 words[word].reason, e);
	if (rc <= 0)
		return rc;
	FAILPOINT("rung.said");
	(void)snprintf(subject, sizeof(subject), "message:%" PRId64, message_id);
	return store_audit(st, who, words[word].what, subject, NULL, e) == 0 ? 1 : -1;
}
