/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/private.h"
#include "store/recipient.h"
#include "store/report.h"

/* What happened to a row of the list, by all messages to it. A byte a row: grouping ten million messages by their
 * row takes SQL a minute, and this pass seconds. */
enum figures_seen {
	SEEN_LEFT = 1,
	SEEN_ARRIVED = 2,
	SEEN_BOUNCED = 4,
	SEEN_GONE = 8,
	SEEN_ROW = 16, /* there is such a row */
};

struct figures_pass {
	struct message_figures *units;
	size_t n_units, cap_units;
	struct figures_of {
		uint16_t unit; /* index in units */
		uint8_t seen;
	} * rows; /* by id */
	int64_t last;
};

static bool figures_left(int state)
{
	return state == MESSAGE_UNCERTAIN || state == MESSAGE_SENT ||
	       state == MESSAGE_NO_RECEIPT || state == MESSAGE_DELIVERED ||
	       state == MESSAGE_UNDELIVERED;
}

static uint16_t figures_unit(struct figures_pass *p, int64_t unit_id)
{
	for (size_t i = 0; i < p->n_units; i++) {
		if (p->units[i].unit_id == unit_id)
			return (uint16_t)i;
	}
	p->units = mem_grow(p->units, &p->cap_units, p->n_units + 1, sizeof(*p->units));
	p->units[p->n_units] = (struct message_figures){.unit_id = unit_id};
	return (uint16_t)p->n_units++;
}

/* The row of a list with this id; NULL for what came after the rows were read, or is gone. */
static struct figures_of *figures_row(struct figures_pass *p, int64_t id)
{
	return id > 0 && id <= p->last ? &p->rows[id] : NULL;
}

/* Where each row belongs. */
static int figures_rows(struct figures_pass *p, struct store *st, const char *programme,
			struct err *e)
{
	static const char LAST[] = "SELECT max(id) FROM recipient";
	static const char ROWS[] =
	    "SELECT id, COALESCE(unit_id, 0), hold FROM recipient WHERE programme = $1";
	struct db_stmt *s;
	int rc;

	if (db_run_int(db_query(st->db, LAST, e), &p->last, e) < 0 ||
	    (s = db_query(st->db, ROWS, e)) == NULL)
		return -1;
	db_put_text(s, programme);
	p->rows = mem_calloc((size_t)p->last + 1, sizeof(*p->rows));
	while ((rc = db_step(s, e)) > 0) {
		struct figures_of *row = figures_row(p, db_get_int(s));

		if (row == NULL)
			continue;
		row->unit = figures_unit(p, db_get_int(s));
		row->seen = db_get_int32(s) == HOLD_GONE ? SEEN_ROW | SEEN_GONE : SEEN_ROW;
	}
	db_done(s);
	return rc;
}

static int figures_messages(struct figures_pass *p, struct store *st, const char *programme,
			    struct err *e)
{
	/* 17 = linked: what became of the other is what became of it. */
	static const char MESSAGES[] =
	    "SELECT m.recipient_id, m.state, m.segments, CASE WHEN m.state = 17 THEN"
	    " (SELECT o.state FROM message o WHERE o.id = m.linked_to) ELSE m.state END"
	    " FROM campaign c CROSS JOIN message m ON m.campaign_id = c.id"
	    " WHERE c.programme = $1 AND c.stream = 0";
	struct db_stmt *s = db_query(st->db, MESSAGES, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	while ((rc = db_step(s, e)) > 0) {
		struct figures_of *row = figures_row(p, db_get_int(s));
		struct message_figures *u;
		bool left = figures_left(db_get_int32(s));
		int64_t segments = db_get_int(s);
		int fate = db_get_int32(s);

		if (row == NULL || (row->seen & SEEN_ROW) == 0)
			continue;
		u = &p->units[row->unit];
		u->messages += left;
		u->segments += left ? segments : 0;
		row->seen |= figures_left(fate) ? SEEN_LEFT : 0;
		row->seen |= fate == MESSAGE_DELIVERED ? SEEN_ARRIVED : 0;
		row->seen |= fate == MESSAGE_UNDELIVERED ? SEEN_BOUNCED : 0;
	}
	db_done(s);
	return rc;
}

static int figures_by_unit(const void *a, const void *b)
{
	const struct message_figures *x = a, *y = b;

	return x->unit_id < y->unit_id ? -1 : x->unit_id > y->unit_id;
}

int store_message_figures(struct store *st, const char *programme,
			  void (*fn)(const struct message_figures *f, void *arg), void *arg,
			  struct err *e)
{
	struct figures_pass p = {.units = NULL};
	int rc = figures_rows(&p, st, programme, e);

	if (rc == 0)
		rc = figures_messages(&p, st, programme, e);
	for (int64_t i = 0; rc == 0 && i <= p.last; i++) {
		unsigned seen = p.rows[i].seen;
		struct message_figures *u;

		if ((seen & (SEEN_ROW | SEEN_GONE)) != SEEN_ROW)
			continue;
		u = &p.units[p.rows[i].unit];
		u->invited += (seen & SEEN_LEFT) != 0;
		u->delivered += (seen & SEEN_ARRIVED) != 0;
		u->undelivered += (seen & (SEEN_ARRIVED | SEEN_BOUNCED)) == SEEN_BOUNCED;
	}
	if (rc == 0 && p.n_units > 0)
		qsort(p.units, p.n_units, sizeof(*p.units), figures_by_unit);
	/* Units that nothing went out to are not told of. */
	for (size_t i = 0; rc == 0 && i < p.n_units; i++) {
		if (p.units[i].messages > 0 || p.units[i].invited > 0)
			fn(&p.units[i], arg);
	}
	free(p.units);
	free(p.rows);
	return rc;
}

int store_came_figures(struct store *st, const char *programme,
		       void (*fn)(int64_t unit_id, int64_t came, void *arg), void *arg,
		       struct err *e)
{
	/* seat.state 1 = came, recipient.hold 4 = gone */
	static const char CAME[] =
	    "SELECT COALESCE(r.unit_id, 0), COUNT(DISTINCT r.id)"
	    " FROM session s JOIN seat a ON a.session_id = s.id AND a.state = 1"
	    " JOIN recipient r ON r.id = a.recipient_id WHERE s.programme = $1 AND r.hold <> 4"
	    " GROUP BY 1 ORDER BY 1";
	struct db_stmt *s = db_query(st->db, CAME, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	while ((rc = db_step(s, e)) > 0) {
		int64_t unit_id = db_get_int(s);

		fn(unit_id, db_get_int(s), arg);
	}
	db_done(s);
	return rc;
}
