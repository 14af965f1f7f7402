/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: what the weekly summary says, for whoever sets it. */
#ifndef MOIDAN_REPORT_WEEKLY_H
#define MOIDAN_REPORT_WEEKLY_H

#include <jansson.h>

#include "base/err.h"
#include "report/table.h"

/* The values of templates/report/weekly.txt. Yours; NULL with e (EX_DATAERR). */
json_t *weekly_model(const json_t *figures, struct err *e);
/* The heading of what has changed since "before": "Tuần này", or since which week. Yours. */
char *weekly_since(const json_t *figures);
/* A programme's table; before is the same of an earlier week, or NULL; change is the heading of what has changed
 * since (weekly_since()). Free it. */
void weekly_table(const json_t *p, const json_t *before, const char *change, struct table *out);

#endif
