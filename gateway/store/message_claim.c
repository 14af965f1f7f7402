/* SPDX-License-Identifier: Apache-2.0 */
/* Taking due messages: whoever sends has them as SENDING on disk first. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "store/private.h"

/* Rows are read ahead of their decisions in chunks: changing rows under a running query is not
 * defined, and a decision may read the store itself. */
#define CHUNK 64

/* A row that was taken and has to be written. */
struct claim_sent {
	int64_t id, contact_id;
};

/* A candidate with a text of its own. */
struct claim_row {
	struct message_candidate c;
	char *text;
};

/* Source of the join order: the queue's index drives, the rest is found by primary key. */
#define CANDIDATE                                                                              \
	"SELECT m.id, m.recipient_id, m.contact_id, m.template_id, m.step, m.rung, m.onward,"  \
	" m.audience, m.attempts, m.generation, m.segments, m.ucs2, m.due_at, m.expires_at,"   \
	" m.recipient_rev, t.text, r.rev, r.state, r.hold, c.number, c.flags, c.day,"          \
	" c.day_count, c.week, c.week_count, c.recipients"                                     \
	" FROM message m CROSS JOIN message_text t ON t.message_id = m.id"                     \
	" CROSS JOIN recipient r ON r.id = m.recipient_id"                                     \
	" CROSS JOIN contact c ON c.id = m.contact_id"

static const char DUE[] = CANDIDATE
    " WHERE m.campaign_id = $1 AND m.rung = $2 AND m.state = 1 AND m.due_at <= $3"
    " ORDER BY m.due_at LIMIT $4";
static const char ONE[] = CANDIDATE " WHERE m.id = $1";

static void claim_read(struct db_stmt *s, int64_t campaign_id, struct claim_row *row)
{
	struct message_candidate *c = &row->c;

	*c = (struct message_candidate){.campaign_id = campaign_id};
	c->id = db_get_int(s);
	c->recipient_id = db_get_int(s);
	c->contact_id = db_get_int(s);
	c->template_id = db_get_int(s);
	c->step = db_get_int32(s);
	c->rung = db_get_int32(s);
	c->onward = db_get_int(s);
	c->audience = db_get_int32(s);
	c->attempts = db_get_int32(s);
	c->generation = db_get_int32(s);
	c->segments = db_get_int32(s);
	c->ucs2 = db_get_int(s) != 0;
	c->due_at = db_get_int(s);
	c->expires_at = db_get_int(s);
	c->planned_rev = db_get_int(s);
	row->text = db_get_string(s);
	c->text = row->text;
	c->recipient_rev = db_get_int(s);
	c->recipient_state = db_get_int32(s);
	c->recipient_hold = db_get_int32(s);
	c->number = (uint64_t)db_get_int(s);
	c->contact_flags = (unsigned)db_get_int(s);
	c->contact_day = db_get_int32(s);
	c->contact_day_count = db_get_int32(s);
	c->contact_week = db_get_int32(s);
	c->contact_week_count = db_get_int32(s);
	c->contact_shared = db_get_int32(s);
}

int store_message_candidate(struct store *st, int64_t id, struct message_candidate *out,
			    struct err *e)
{
	struct db_stmt *s = db_query(st->db, ONE, e);
	struct claim_row row;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_step(s, e);
	if (rc == 1) {
		claim_read(s, 0, &row);
		free(row.text);
		*out = row.c;
		out->text = NULL;
	}
	db_done(s);
	return rc;
}

static int claim_fetch(struct store *st, const struct message_claim *q, size_t max,
		       struct claim_row *rows, size_t *n, struct err *e)
{
	struct db_stmt *s = db_query(st->db, DUE, e);
	int rc;

	*n = 0;
	if (s == NULL)
		return -1;
	db_put_int(s, q->campaign_id);
	db_put_int(s, q->rung);
	db_put_int(s, q->now);
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1)
		claim_read(s, q->campaign_id, &rows[(*n)++]);
	db_done(s);
	return rc;
}

static struct message_now claim_now(const struct message_candidate *c)
{
	return (struct message_now){.id = c->id,
				    .campaign_id = c->campaign_id,
				    .contact_id = c->contact_id,
				    .recipient_id = c->recipient_id,
				    .state = MESSAGE_QUEUED,
				    .attempts = c->attempts,
				    .generation = c->generation,
				    .segments = c->segments,
				    .rung = c->rung,
				    .onward = c->onward};
}

/* Counts against the caps of the numbers first … last, each once. */
static int claim_count_contacts(struct store *st, const struct message_claim *q, int64_t first,
				int64_t last, struct err *e)
{
	static const char COUNT[] =
	    "UPDATE contact SET day_count = CASE WHEN day = $1 THEN day_count + 1 ELSE 1 END,"
	    " week_count = CASE WHEN week = $2 THEN week_count + 1 ELSE 1 END, day = $1, week "
	    "= $2"
	    " WHERE id BETWEEN $3 AND $4";
	struct db_stmt *s = db_query(st->db, COUNT, e);

	if (s == NULL)
		return -1;
	db_put_int(s, q->civil_day);
	db_put_int(s, q->iso_week);
	db_put_int(s, first);
	db_put_int(s, last);
	return db_run(s, e);
}

/* The rows first … last, all of them queued, are being sent. */
static int claim_write(struct store *st, const struct message_claim *q, int64_t first,
		       int64_t last, struct err *e)
{
	static const char SEND[] =
	    "UPDATE message SET state = $1, attempts = attempts + 1, epoch = $2,"
	    " provider_id = $3, claimed_at = $4 WHERE id BETWEEN $5 AND $6";
	struct db_stmt *s = db_query(st->db, SEND, e);
	enum message_state to;

	if (s == NULL)
		return -1;
	if (!message_next(MESSAGE_QUEUED, MESSAGE_EV_CLAIM, &to))
		store_fatal("illegal_move", first, message_event_name(MESSAGE_EV_CLAIM));
	db_put_int(s, to);
	db_put_int(s, st->epoch);
	db_put_int(s, q->provider_id);
	db_put_int(s, q->now);
	db_put_int(s, first);
	db_put_int(s, last);
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) != last - first + 1)
		return err_set(e, EX_SOFTWARE, "message %" PRId64 " was not there to claim",
			       first);
	return 0;
}

/* Ids that follow one another, as those of one fan-out and of one list do, take one statement. */
static int claim_write_all(struct store *st, const struct message_claim *q,
			   const struct claim_sent *sent, size_t n, struct err *e)
{
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && sent[end].id == sent[end - 1].id + 1; end++)
			;
		if (claim_write(st, q, sent[i].id, sent[end - 1].id, e) != 0)
			return -1;
	}
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1;
		     end < n && sent[end].contact_id == sent[end - 1].contact_id + 1; end++)
			;
		if (claim_count_contacts(st, q, sent[i].contact_id, sent[end - 1].contact_id,
					 e) != 0)
			return -1;
	}
	return 0;
}

/* Takes the row; claim_write_all() writes it. */
static void claim_send(struct store *st, const struct message_claim *q, struct claim_row *row,
		       struct message_claimed *out)
{
	struct message_now m = claim_now(&row->c);

	(void)message_move(st, &m, MESSAGE_EV_CLAIM);
	*out = (struct message_claimed){.id = m.id,
					.campaign_id = m.campaign_id,
					.number = row->c.number,
					.text = row->text,
					.segments = m.segments,
					.attempt = m.attempts + 1,
					.generation = m.generation,
					.ucs2 = row->c.ucs2,
					.provider_id = q->provider_id};
	row->text = NULL;
}

static int claim_drop(struct store *st, const struct message_claim *q,
		      const struct message_candidate *c, enum message_event ev,
		      const char *reason, struct err *e)
{
	static const char DROP[] =
	    "UPDATE message SET state = $1, reason = $2, final_at = $3 WHERE id = $4";
	struct message_now m = claim_now(c);
	struct db_stmt *s = db_query(st->db, DROP, e);

	if (s == NULL)
		return -1;
	db_put_int(s, message_move(st, &m, ev));
	db_put_text(s, reason);
	db_put_int(s, q->now);
	db_put_int(s, m.id);
	return db_run(s, e) != 0 ? -1 : message_promote(st, &m, e);
}

/* Its person has another number now. Whoever was linked to it has the old one still. */
static int claim_redirect(struct store *st, const struct message_candidate *c,
			  int64_t contact_id, struct err *e)
{
	/* To another number it is another message, for the provider too. */
	static const char TO[] = "UPDATE message SET contact_id = $1,"
				 " generation = generation + (attempts > 0) WHERE id = $2";
	struct message_now m = claim_now(c);
	struct db_stmt *s = db_query(st->db, TO, e);

	if (s == NULL)
		return -1;
	db_put_int(s, contact_id);
	db_put_int(s, c->id);
	return db_run(s, e) != 0 ? -1 : message_promote(st, &m, e);
}

static int claim_postpone(struct store *st, const struct message_claim *q, int64_t id,
			  const struct claim_verdict *v, struct err *e)
{
	static const char LATER[] = "UPDATE message SET due_at = $1, reason = $2 WHERE id = $3";
	struct db_stmt *s = db_query(st->db, LATER, e);

	if (s == NULL)
		return -1;
	/* Never into what is due now: the batch would meet it again. */
	db_put_int(s, v->due_at > q->now ? v->due_at : q->now + 1);
	db_put_text(s, v->reason);
	db_put_int(s, id);
	return db_run(s, e);
}

/* Rows read ahead know their number's counts from before this one was taken. */
static void claim_tell(const struct message_claim *q, const struct message_candidate *taken,
		       struct claim_row *rest, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct message_candidate *c = &rest[i].c;

		if (c->contact_id != taken->contact_id)
			continue;
		c->contact_day_count =
		    c->contact_day == q->civil_day ? c->contact_day_count + 1 : 1;
		c->contact_week_count =
		    c->contact_week == q->iso_week ? c->contact_week_count + 1 : 1;
		c->contact_day = q->civil_day;
		c->contact_week = q->iso_week;
	}
}

/* The text that goes out is another than was planned. */
static int claim_rewrite(struct store *st, struct claim_row *row, struct claim_verdict *v,
			 struct err *e)
{
	static const char TEXT[] = "UPDATE message_text SET text = $1 WHERE message_id = $2";
	static const char COUNT[] = "UPDATE message SET segments = $1, ucs2 = $2 WHERE id = $3";
	struct message_candidate *c = &row->c;
	struct db_stmt *s = db_query(st->db, TEXT, e);

	free(row->text);
	c->text = row->text = v->text;
	v->text = NULL;
	if (s == NULL)
		return -1;
	db_put_text(s, c->text);
	db_put_int(s, c->id);
	if (db_run(s, e) != 0 || (s = db_query(st->db, COUNT, e)) == NULL)
		return -1;
	db_put_int(s, v->segments);
	db_put_int(s, v->ucs2);
	db_put_int(s, c->id);
	message_count(st, c->campaign_id, c->rung, MESSAGE_QUEUED, 0,
		      v->segments - c->segments);
	c->segments = v->segments;
	c->ucs2 = v->ucs2;
	return db_run(s, e);
}

struct claim_state {
	size_t n, examined;
	int64_t segments;
	bool stop;
	struct claim_sent sent[CHUNK]; /* of the chunk */
	size_t n_sent;
};

/* Decides about one row; rest more were read after it. */
static int claim_decide(struct store *st, const struct message_claim *q, struct claim_row *row,
			size_t rest, struct message_claimed *out, struct claim_state *cs,
			struct err *e)
{
	const struct message_candidate *c = &row->c;
	struct claim_verdict v;

	v = q->decide(c, q->arg);
	if (v.text != NULL && v.decision == CLAIM_SEND && claim_rewrite(st, row, &v, e) < 0)
		return -1;
	free(v.text);
	if (v.decision == CLAIM_SEND && cs->segments > 0 &&
	    cs->segments + c->segments > q->max_segments)
		v.decision = CLAIM_STOP;
	if (v.decision != CLAIM_STOP)
		cs->examined++;
	if (v.contact_id != 0)
		return claim_redirect(st, c, v.contact_id, e);
	switch (v.decision) {
	case CLAIM_SEND:
		cs->segments += c->segments;
		cs->stop = cs->segments >= q->max_segments;
		claim_tell(q, c, row + 1, rest);
		cs->sent[cs->n_sent++] = (struct claim_sent){c->id, c->contact_id};
		claim_send(st, q, row, &out[cs->n++]);
		break;
	case CLAIM_CANCEL:
		return claim_drop(st, q, c, MESSAGE_EV_CANCEL, v.reason, e);
	case CLAIM_SKIP:
		return claim_drop(st, q, c, MESSAGE_EV_SKIP, v.reason, e);
	case CLAIM_EXPIRE:
		return claim_drop(st, q, c, MESSAGE_EV_EXPIRE, v.reason, e);
	case CLAIM_POSTPONE:
		return claim_postpone(st, q, c->id, &v, e);
	case CLAIM_STOP:
		cs->stop = true;
		break;
	}
	return 0;
}

int store_message_claim(struct store *st, const struct message_claim *q,
			struct message_claimed *out, size_t *n, size_t *examined, struct err *e)
{
	struct claim_row rows[CHUNK];
	struct claim_state cs = {.stop = q->max_segments <= 0};
	size_t got = CHUNK, want = CHUNK;
	int rc = 0;

	store_want_transaction(st, "claim");
	while (rc == 0 && !cs.stop && got == want && cs.n < q->max) {
		want = q->max - cs.n < CHUNK ? q->max - cs.n : CHUNK;
		rc = claim_fetch(st, q, want, rows, &got, e);
		for (size_t i = 0; i < got; i++) {
			if (rc == 0 && !cs.stop)
				rc = claim_decide(st, q, &rows[i], got - i - 1, out, &cs, e);
			free(rows[i].text);
		}
		if (rc == 0)
			rc = claim_write_all(st, q, cs.sent, cs.n_sent, e);
		cs.n_sent = 0;
	}
	if (rc != 0) {
		for (size_t i = 0; i < cs.n; i++)
			free(out[i].text);
		cs.n = 0;
	}
	*n = cs.n;
	*examined = cs.examined;
	FAILPOINT("claim.done");
	return rc;
}

int store_message_next_due(struct store *st, int64_t campaign_id, int rung, int64_t *due_at,
			   struct err *e)
{
	static const char NEXT[] =
	    "SELECT due_at FROM message WHERE campaign_id = $1 AND rung = $2 AND state = 1"
	    " ORDER BY due_at LIMIT 1";
	struct db_stmt *s = db_query(st->db, NEXT, e);

	if (s == NULL)
		return -1;
	db_put_int(s, campaign_id);
	db_put_int(s, rung);
	return db_run_int(s, due_at, e);
}

int store_message_resend(struct store *st, int64_t id, int64_t now, struct message_claimed *out,
			 struct err *e)
{
	static const char WHAT[] =
	    "SELECT t.text, m.ucs2, c.number FROM message m"
	    " JOIN message_text t ON t.message_id = m.id JOIN contact c ON c.id = m.contact_id"
	    " WHERE m.id = $1";
	static const char AGAIN[] = "UPDATE message SET state = $1, attempts = $2, epoch = $3,"
				    " claimed_at = $4 WHERE id = $5";
	struct message_claim today = {.civil_day = civil_day_of(now)};
	struct message_now m;
	struct db_stmt *s;
	int rc;

	store_want_transaction(st, "resend");
	today.iso_week = civil_iso_week(today.civil_day);
	rc = message_load(st, id, &m, e);
	if (rc < 0)
		return -1;
	if (rc == 0 || m.state != MESSAGE_UNCERTAIN)
		return err_set(e, EX_DATAERR, "message %" PRId64 " is not uncertain", id);
	if (civil_day_of(m.claimed_at) != today.civil_day &&
	    claim_count_contacts(st, &today, m.contact_id, m.contact_id, e) != 0)
		return -1;
	if ((s = db_query(st->db, AGAIN, e)) == NULL)
		return -1;
	db_put_int(s, message_move(st, &m, MESSAGE_EV_RESEND));
	db_put_int(s, ++m.attempts);
	db_put_int(s, st->epoch);
	db_put_int(s, now);
	db_put_int(s, id);
	if (db_run(s, e) != 0 || (s = db_query(st->db, WHAT, e)) == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_step(s, e);
	if (rc == 1) {
		*out = (struct message_claimed){.id = id,
						.campaign_id = m.campaign_id,
						.segments = m.segments,
						.attempt = m.attempts,
						.generation = m.generation,
						.provider_id = m.provider_id};
		out->text = db_get_string(s);
		out->ucs2 = db_get_int(s) != 0;
		out->number = (uint64_t)db_get_int(s);
	}
	db_done(s);
	return rc == 1 ? 0 : -1;
}
