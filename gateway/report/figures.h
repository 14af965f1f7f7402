/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: figures without the week before, and readers of the model. */
#ifndef MOIDAN_REPORT_FIGURES_H
#define MOIDAN_REPORT_FIGURES_H

#include <jansson.h>

#include "report/report.h"

/* The text of a digest, under templates/. */
#define REPORT_DIGEST_TEXT "digest/hamlet.txt"

/* What is frozen: report_figures() without "before". In a transaction. Yours; NULL with e. */
json_t *figures_draw(struct store *st, const struct report_house *h, int iso_week, int64_t now,
		     struct err *e);
/* Puts "before" beside figures of a week. */
MUST_CHECK int figures_compare(struct store *st, int iso_week, json_t *figures, struct err *e);
/* Whether "before" is of the very week before: what has changed since is of this week. */
bool figures_follow(const json_t *figures);
/* The oldest frozen figures of a week before those at hand that were drawn before them, too; *out NULL when there
 * are none. Yours. */
MUST_CHECK int figures_oldest(struct store *st, const json_t *figures, json_t **out,
			      struct err *e);

/* Members of the model; 0, "" or NULL when it lacks them. Borrowed. */
int64_t figures_int(const json_t *o, const char *key);
const char *figures_text(const json_t *o, const char *key);
/* The programme of that name, the unit of that name in a programme. */
const json_t *figures_programme_of(const json_t *figures, const char *name);
const json_t *figures_unit_of(const json_t *programme, const char *unit);

/* Place of a unit in tables: as the programme lists them, then the others, then "no unit" (NULL). */
size_t figures_rank(const struct programme *p, const struct unit *u);
/* Per cent to one decimal, or null when there is nothing to compare with. */
json_t *figures_percent(int64_t part, int64_t whole);
/* Rows of a unit (or total) in the programme's state number from or a later one. */
int64_t figures_from_state(const json_t *programme, const json_t *row, size_t from);

#endif
