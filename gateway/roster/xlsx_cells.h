/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of an xlsx that hold what a reader sees: number formats, shared
 * strings, cells. Handlers for expat, run by xlsx.c. */
#ifndef MOIDAN_ROSTER_XLSX_CELLS_H
#define MOIDAN_ROSTER_XLSX_CELLS_H

#include <expat.h>

#include "base/buf.h"
#include "roster/sheet_store.h"

/* What every part under way has first. */
struct xlsx_part {
	XML_Parser parser;
	struct err *err;
	bool failed; /* a handler set err and stopped the parser */
};

const char *xlsx_local_name(const char *name);
/* NULL when it is not there. */
const char *xlsx_attribute(const char *const *atts, const char *name);
void xlsx_part_fail(struct xlsx_part *part);

/* Which styles show a number as a date. */
struct xlsx_formats {
	int *custom; /* ids of number formats that are dates */
	size_t n_custom, cap_custom;
	bool *dates; /* by style index */
	size_t n_dates, cap_dates;
};
void xlsx_formats_clear(struct xlsx_formats *f);

struct xlsx_styles {
	struct xlsx_part part;
	struct xlsx_formats *formats;
	bool in_cell_formats;
};
void xlsx_styles_start(void *arg, const char *name, const char **atts);
void xlsx_styles_end(void *arg, const char *name);

struct xlsx_strings {
	struct xlsx_part part;
	struct sheet_store *store;
	struct buf text;
	bool in_text;
	int phonetic; /* depth of readings written above a word: not part of it */
};
void xlsx_strings_init(struct xlsx_strings *s, struct sheet_store *store, struct err *e);
void xlsx_strings_clear(struct xlsx_strings *s);
void xlsx_strings_start(void *arg, const char *name, const char **atts);
void xlsx_strings_end(void *arg, const char *name);
void xlsx_strings_chars(void *arg, const char *p, int n);

struct xlsx_cells {
	struct xlsx_part part;
	struct sheet_store *store;
	const struct xlsx_formats *formats;
	bool system_1904;
	struct buf text;
	int row;     /* number of the open row */
	int column;  /* of the open cell; -1 before the first */
	bool opened; /* the row stands in the store */
	enum xlsx_cell_type {
		XLSX_NUMBER,
		XLSX_SHARED,
		XLSX_STRING,
		XLSX_INLINE,
		XLSX_BOOL,
		XLSX_ERROR
	} type;
	bool date;
	bool in_text;
	int phonetic;
};
void xlsx_cells_init(struct xlsx_cells *c, struct sheet_store *store,
		     const struct xlsx_formats *formats, bool system_1904, struct err *e);
void xlsx_cells_clear(struct xlsx_cells *c);
void xlsx_cells_start(void *arg, const char *name, const char **atts);
void xlsx_cells_end(void *arg, const char *name);
void xlsx_cells_chars(void *arg, const char *p, int n);

#endif
