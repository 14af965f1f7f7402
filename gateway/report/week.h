/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: a week at work, and handing its summary over. */
#ifndef MOIDAN_REPORT_WEEK_H
#define MOIDAN_REPORT_WEEK_H

#include "report/heads.h"
#include "report/report.h"

/* All borrowed; st is in a transaction. */
struct week {
	struct store *st;
	const struct report_house *h;
	struct report_schedule s;
	int64_t now;
	struct err *e;
};

/* Remembers that the week had this; *first when it had not. */
MUST_CHECK int week_mark(const struct week *w, const char *kind, bool *first);
/* Whether it had: 1/0/-1. */
int week_marked(const struct week *w, const char *kind);

/* The stream of a name, made when it is not there. */
MUST_CHECK int week_stream(const struct week *w, const char *name, enum lane lane, int64_t *id);
/* One message of a stream to an official, once a week; *planned counts it. */
MUST_CHECK int week_plan(const struct week *w, int64_t campaign_id, int64_t template_id,
			 const struct head *head, int64_t until, const char *text,
			 size_t *planned);
/* To come again at that moment, or before. */
void week_wake(int64_t *wake, int64_t at);

/* notices.c: reminds the teams, tells the police who is late, that the draft is ready and that it is
 * late. A text that cannot be written holds up nothing. */
MUST_CHECK int notices_turn(const struct week *w, int64_t *wake);
/* Text NAME, of which the first body that fits one unaccented segment is taken; appends. -1 with e
 * (EX_DATAERR when none does). */
MUST_CHECK int notices_text(const struct report_house *h, const char *name, const json_t *model,
			    struct buf *out, struct err *e);

/* unread.c: from digest_at on. Tells the police, once a week, how many answers of citizens wait for an officer;
 * nobody when there are none. */
MUST_CHECK int unread_turn(const struct week *w);

/* release.c: whether a job waits for somebody: not when it is over, nor when its receiver is configured no more
 * (its tries go on for a while, in case it comes back, and nothing is late for want of them). */
bool release_waits(const struct reports_config *c, const struct job *j);
/* release.c: whether something of the week is still to be confirmed or handed over: 1/0/-1. */
int release_open(const struct week *w);
/* release.c: since when nothing of the week changes any more: it was confirmed, or went out by itself. *at is left
 * alone when neither is so. */
MUST_CHECK int release_closed_at(struct store *st, int iso_week, int64_t *at, struct err *e);
/* release.c: from ready_at on. Makes the jobs of the week that are not there yet, or the draft that waits
 * for a person. */
MUST_CHECK int release_turn(const struct week *w);

/* papers.c: the summary to be signed and as a workbook, as "papers" of a job holds them. Yours; NULL
 * with e. */
json_t *papers_draw(struct store *st, const struct report_house *h, const json_t *figures,
		    struct err *e);

#endif
