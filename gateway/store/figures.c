/* SPDX-License-Identifier: Apache-2.0 */
#include "store/private.h"
#include "store/report.h"

/* States 3, 4, 5, 10, 11 of message.h have left, or may have; 17 is linked to another. */
#define FIGURES_LEFT(m)	   m ".state IN (3, 4, 5, 10, 11)"
#define FIGURES_ANY(what)  "MAX(CASE WHEN " what " THEN 1 ELSE 0 END)"
#define FIGURES_ROWS(what) "SUM(CASE WHEN hold <> 4 AND " what " THEN 1 ELSE 0 END)"

/* clang-format off */
static const char figures_sql[] =
    "SELECT unit_id, " FIGURES_ROWS("gone_out = 1") ", " FIGURES_ROWS("arrived = 1") ", "
    FIGURES_ROWS("bounced = 1 AND arrived = 0") ", SUM(messages), SUM(segments)"
    " FROM (SELECT COALESCE(r.unit_id, 0) AS unit_id, r.hold AS hold, "
    FIGURES_ANY(FIGURES_LEFT("m") " OR (m.state = 17 AND " FIGURES_LEFT("o") ")") " AS gone_out, "
    FIGURES_ANY("m.state = 10 OR (m.state = 17 AND o.state = 10)") " AS arrived, "
    FIGURES_ANY("m.state = 11 OR (m.state = 17 AND o.state = 11)") " AS bounced,"
    " SUM(CASE WHEN " FIGURES_LEFT("m") " THEN 1 ELSE 0 END) AS messages,"
    " SUM(CASE WHEN " FIGURES_LEFT("m") " THEN m.segments ELSE 0 END) AS segments"
    " FROM campaign c JOIN message m ON m.campaign_id = c.id"
    " JOIN recipient r ON r.id = m.recipient_id LEFT JOIN message o ON o.id = m.linked_to"
    " WHERE c.programme = $1 AND c.stream = 0 GROUP BY r.id) AS written_to"
    " GROUP BY unit_id ORDER BY unit_id";
/* clang-format on */

int store_message_figures(struct store *st, const char *programme,
			  void (*fn)(const struct message_figures *f, void *arg), void *arg,
			  struct err *e)
{
	struct db_stmt *s = db_query(st->db, figures_sql, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	while ((rc = db_step(s, e)) > 0) {
		struct message_figures f = {.unit_id = db_get_int(s)};

		f.invited = db_get_int(s);
		f.delivered = db_get_int(s);
		f.undelivered = db_get_int(s);
		f.messages = db_get_int(s);
		f.segments = db_get_int(s);
		fn(&f, arg);
	}
	db_done(s);
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
