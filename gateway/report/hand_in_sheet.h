/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of the hamlets' teams as a workbook: the form to be filled in, and reading it back, or the
 * office's own table of the same columns. */
#ifndef MOIDAN_REPORT_HAND_IN_SHEET_H
#define MOIDAN_REPORT_HAND_IN_SHEET_H

#include "report/report.h"

/* A row for each hamlet of the figures, with empty cells under the columns that are counted. */
MUST_CHECK int hand_in_form(const json_t *figures, const char *path, struct err *e);

/* Takes in each row of the first sheet that holds something under one of the columns, known by their
 * titles in any order; other columns are passed over. For the caller's transaction: all rows or none.
 * way is "sheet", the week in->week, by in->who; *n how many teams. 0, or -1 with e (EX_DATAERR: which
 * row, what is allowed). */
struct hand_in;
MUST_CHECK int hand_in_read(struct store *st, const struct report_house *h, const char *path,
			    const struct hand_in *in, size_t *n, struct err *e);

#endif
