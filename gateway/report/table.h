/* SPDX-License-Identifier: Apache-2.0 */
/* A table of figures in plain text, aligned by what a terminal shows and not by
 * bytes. The first row is the heading, whose words are wrapped; the last one is
 * the total. The first column is text, the others are numbers. */
#ifndef MOIDAN_REPORT_TABLE_H
#define MOIDAN_REPORT_TABLE_H

#include <stddef.h>

struct table {
	size_t columns;
	size_t n, cap; /* cells */
	char **cells;  /* row by row */
};

/* Adds the next cell, row by row from the left. Copied. */
void table_add(struct table *t, const char *text);
void table_addf(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Gives each line of a table of whole rows to fn, without line end. */
void table_lines(const struct table *t, void (*fn)(const char *line, void *arg), void *arg);
void table_free(struct table *t);

/* How many cells of a terminal a text takes. */
size_t table_width(const char *utf8);

#endif
