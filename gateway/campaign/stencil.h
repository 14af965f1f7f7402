/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: a text whose every hole is the name, the form of address,
 * the hamlet or the group of a row, with all else filled in once, accented and
 * not, and counted. A campaign's rows differ by those alone; copying pieces is
 * an order of magnitude faster than rendering, folding and counting each text.
 *
 * A stencil answers for what it surely knows: clean Vietnamese values, all of
 * them there. For anything else it says no, and the template does the work. */
#ifndef MOIDAN_CAMPAIGN_STENCIL_H
#define MOIDAN_CAMPAIGN_STENCIL_H

#include <stdbool.h>
#include <stddef.h>

#include "text/sms.h"

enum stencil_hole { STENCIL_NAME, STENCIL_TITLE, STENCIL_UNIT, STENCIL_GROUP, STENCIL_HOLES };

struct stencil;

/* What stands for a hole in a text that stencil_new() cuts: a character that people never use. */
const char *stencil_mark(enum stencil_hole hole);

/* Cuts an accented text at its marks. NULL when it cannot be counted piece by piece: it needs no UCS-2
 * even accented, or more than plain GSM-7 unaccented. */
struct stencil *stencil_new(const char *text);
void stencil_free(struct stencil *s);

/* What goes into the holes; NULL where there is nothing. Borrowed. */
struct stencil_values {
	const char *of[STENCIL_HOLES];
};

struct stencil_text {
	char *without; /* yours to free() */
	char *with;    /* yours to free(); NULL unless asked for */
	struct sms_count without_count, with_count;
};

/* true and *out; false when a value that is needed is missing or not plain Vietnamese. */
bool stencil_fill(const struct stencil *s, const struct stencil_values *v, bool want_accents,
		  struct stencil_text *out);

#endif
