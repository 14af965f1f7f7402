/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: the figures of those below in one's own, for whoever hands them up further. */
#ifndef MOIDAN_REPORT_GATHER_H
#define MOIDAN_REPORT_GATHER_H

#include <jansson.h>

#include "report/report.h"

/* Adds to figures of a week what each of `reports.communes` handed up for it: a row for each in programmes and
 * appendices, sums in their totals and targets, and "communes": [{"name", "received_at" (UTC ms), "missing": bool}].
 * They stay figures like any other, so that they can be printed, frozen, and handed up in turn. What a programme
 * file of ours assigns counts only where we have rows of our own: otherwise it is another's plan. Nothing is
 * done where nobody is below. */
MUST_CHECK int gather_add(struct store *st, const struct report_house *h, int iso_week,
			  json_t *figures, struct err *e);

#endif
