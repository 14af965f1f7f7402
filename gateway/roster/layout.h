/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a sheet the list is: its heading, which column is which, and for
 * each row below whether it is a person, a hamlet's title, a total or none. */
#ifndef MOIDAN_ROSTER_LAYOUT_H
#define MOIDAN_ROSTER_LAYOUT_H

#include <stdint.h>

#include "roster/programme.h"
#include "roster/sheet.h"

#define LAYOUT_MAX_COLUMNS 256

struct layout {
	int heading, heading_rows;  /* row index in the sheet; 1 or 2 */
	int n;			    /* columns of the heading */
	int of[LAYOUT_MAX_COLUMNS]; /* programme column that sheet column i is, -1 = none */
	int at[COLUMN_FIELD_COUNT]; /* sheet column of a field, -1 = none; not for facts */
	int matched;		    /* how many columns of the programme were found */
	char *name_heading; /* text of the heading over the names: it may stand again below */
};

/* Columns that a person named: "HEADING=COLUMN", the heading as it stands in the sheet and any spelling of
 * the programme's column. Borrowed. */
struct layout_hand {
	const char *const *items;
	size_t n;
};
/* Whether p knows each of them: 0, or -1 with e (EX_DATAERR, with the columns there are). */
MUST_CHECK int layout_hand_check(const struct layout_hand *hand, const struct programme *p,
				 struct err *e);

/* 1 found, 0 when the sheet has no such list: then why (512 bytes) says in Vietnamese which columns
 * are missing and which were read. hand may be NULL. Free with layout_clear(). */
int layout_find(const struct sheet *s, const struct programme *p,
		const struct layout_hand *hand, struct layout *out, char why[512]);
void layout_clear(struct layout *l);

enum layout_line {
	LINE_SKIP,     /* empty, numbering, heading again, signature, remark */
	LINE_RECORD,   /* a person or household */
	LINE_NAMELESS, /* somebody without a name */
	LINE_STRAY     /* a single text under the names: somebody, or a remark */
};

/* What was read on the way down: titles of hamlets and groups, totals, the signatures. */
struct layout_walk {
	char *unit, *group; /* of the titles above; NULL */
	bool signature;
	int64_t total, subtotals; /* -1 = none */
};
void layout_walk_clear(struct layout_walk *w);

/* What a row below the heading is. Rows must be fed in order. index counts in the sheet. */
enum layout_line layout_judge(const struct layout *l, const struct sheet_row *row, int index,
			      struct layout_walk *w);

/* The cell of a field, or an empty one. */
const struct cell *layout_cell(const struct layout *l, const struct sheet_row *row,
			       enum column_field field);

/* Whether text is a hamlet with its kind before it ("Ấp Tân Phú"): *name is then where its name starts
 * in text and *kind the kind as it is written ("ấp"). text is cleaned. */
bool layout_unit_kind(const char *text, const char **kind, const char **name);

#endif
