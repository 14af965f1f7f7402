/* SPDX-License-Identifier: Apache-2.0 */
/* Small readings of single cells. */
#ifndef MOIDAN_ROSTER_ROW_CELLS_H
#define MOIDAN_ROSTER_ROW_CELLS_H

#include <stdbool.h>

#include "base/buf.h"

/* A text inside a JSON string. */
void row_json_escape(struct buf *out, const char *text);

/* What a personal number of 12 digits says (Decree 137/2015, Art. 13: province, century and sex, year,
 * serial). An 11-digit one has lost its zero. */
struct identity {
	int sex, year;
	char last4[5];
};
/* False when the cell holds no such number. */
bool row_identity(const char *text, struct identity *out);

#endif
