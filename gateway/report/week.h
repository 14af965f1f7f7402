/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: a week at work, and handing its summary over. */
#ifndef MOIDAN_REPORT_WEEK_H
#define MOIDAN_REPORT_WEEK_H

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

/* release.c: from ready_at on. Makes the jobs of the week that are not there yet, or the draft that waits
 * for a person. */
MUST_CHECK int release_turn(const struct week *w);

/* papers.c: the summary to be signed and as a workbook, as "papers" of a job holds them. Yours; NULL
 * with e. */
json_t *papers_draw(struct store *st, const struct report_house *h, const json_t *figures,
		    struct err *e);

#endif
