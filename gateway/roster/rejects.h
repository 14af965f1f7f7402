/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOIDAN_ROSTER_REJECTS_H
#define MOIDAN_ROSTER_REJECTS_H

#include "roster/layout.h"
#include "roster/roster.h"

/* Writes the refused rows as they stood, under the list's own heading, with the reason in a last
 * column, to path (xlsx). rows: the row of the sheet of each reject. 0, or -1 (EX_CANTCREAT). */
MUST_CHECK int rejects_write(const char *path, const struct sheet *sheet,
			     const struct layout *l, const struct roster_result *result,
			     const int *rows, struct err *e);

#endif
