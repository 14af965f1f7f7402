/* SPDX-License-Identifier: Apache-2.0 */
/* A table made once and shown twice: drawn on a page (paper.h) and written into
 * a workbook (book.h). Filled from the left, row by row. */
#ifndef MOIDAN_PAPER_GRID_H
#define MOIDAN_PAPER_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum grid_align { GRID_LEFT, GRID_CENTRE, GRID_RIGHT };

struct grid_column {
	double mm; /* width; 0 = an equal share of what is left */
	enum grid_align align;
};

enum grid_kind {
	GRID_TEXT,
	GRID_NUMBER,
	GRID_BOX,     /* an empty box, to be ticked by hand */
	GRID_COVERED, /* a heading reaches over it from the left or from above */
};

/* How a number is shown: 1.057; 58,4 (of tenths); +12. */
enum grid_look { GRID_PLAIN, GRID_TENTHS, GRID_SIGNED };

struct grid_cell {
	enum grid_kind kind;
	char *text; /* as it is shown; "" for a box */
	int64_t number;
	enum grid_look look; /* of a number */
	bool sum;	     /* a number that is the sum of those above it */
	size_t across, down; /* of a heading: columns and rows that it takes */
};

enum grid_row_kind { GRID_ROW, GRID_SECTION, GRID_TOTAL };

struct grid {
	size_t columns;
	bool small; /* drawn in small letters, close together: to be set by whoever makes it */
	struct grid_column *column;
	size_t head_rows;
	struct grid_cell *head; /* head_rows × columns */
	size_t n, cells_cap;	/* cells of the body, whole rows of columns */
	struct grid_cell *cells;
	enum grid_row_kind *rows;
	size_t n_rows, rows_cap;
};

/* column: n of them, copied. head_rows 1 … 4. */
struct grid *grid_new(size_t n, const struct grid_column *column, size_t head_rows);
void grid_free(struct grid *g);

/* The next heading, left to right and row by row, skipping what others cover. */
void grid_head(struct grid *g, const char *text, size_t across, size_t down);

/* The next cell of the body. Copied. */
void grid_text(struct grid *g, const char *text);
void grid_number(struct grid *g, int64_t v); /* shown as 1.057 */
void grid_tenths(struct grid *g, int64_t tenths); /* 584 is shown as 58,4 */
void grid_signed(struct grid *g, int64_t v);	 /* shown as +12, -3, 0 */
void grid_box(struct grid *g);
/* A row of its own, over all columns: "Tổ 1 (15 hộ)". Between whole rows. */
void grid_section(struct grid *g, const char *text);
/* The last row: label in the second column (the first one counts), and under each further column that
 * holds numbers their sum. */
void grid_sums(struct grid *g, const char *label);
/* Says of each number of the last row that it is the sum of those above it, where it is. */
void grid_mark_sums(struct grid *g);
/* Makes the row that was begun or finished last a total, shown in bold. */
void grid_total(struct grid *g);

/* Cell of row r (of n_rows), column c. */
const struct grid_cell *grid_at(const struct grid *g, size_t r, size_t c);

#endif
