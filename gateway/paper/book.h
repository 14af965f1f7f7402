/* SPDX-License-Identifier: Apache-2.0 */
/* An xlsx to be read by people and their programs. Text is text whatever it
 * begins with: "=1+1", "+84…", "-", "@x" are never a formula, not even after
 * somebody edits the cell; numbers are numbers. */
#ifndef MOIDAN_PAPER_BOOK_H
#define MOIDAN_PAPER_BOOK_H

#include <stdbool.h>

#include "base/err.h"
#include "paper/grid.h"

struct book;

/* The file appears at path whole, when it is closed. streaming: rows leave memory as they are finished,
 * for lists of any length; then there are no grids. 0, or -1 (EX_CANTCREAT). */
MUST_CHECK int book_open(const char *path, bool streaming, struct book **out, struct err *e);
/* Takes b: 0, or -1 (EX_CANTCREAT). */
MUST_CHECK int book_close(struct book *b, struct err *e);
/* Takes b; nothing is left of the file. NULL is allowed. */
void book_abandon(struct book *b);

/* The sheet that is written from now on, from its first row. The name is cut to 31 characters and loses
 * what a name of a sheet must not hold. */
void book_sheet(struct book *b, const char *name);
/* Width of a column in characters. */
void book_width(struct book *b, int column, double characters);
/* A cell of the row at hand. What no cell holds (more than 32,767 bytes) is cut; "" is no cell. */
void book_text(struct book *b, int column, const char *text, bool bold);
void book_next(struct book *b);

/* A sheet of its own with a grid below lines of title ("\n" between them): headings merged as on paper,
 * sums as formulas. */
void book_grid(struct book *b, const char *name, const char *title, const struct grid *g);

#endif
