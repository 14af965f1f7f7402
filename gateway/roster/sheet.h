/* SPDX-License-Identifier: Apache-2.0 */
/* A list as a grid of cells, whatever it was saved as: xlsx, or csv with
 * comma, semicolon or tab, told apart by content. Text comes out as UTF-8 NFC
 * whatever encoding it went in with. Cells are kept packed (a list of 200,000
 * rows takes some 50 MB) and are laid out a row at a time. */
#ifndef MOIDAN_ROSTER_SHEET_H
#define MOIDAN_ROSTER_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "text/legacy.h"

enum cell_kind { CELL_EMPTY, CELL_TEXT, CELL_NUMBER, CELL_BOOL, CELL_ERROR };

struct cell {
	enum cell_kind kind;
	bool date;     /* a number shown as a date in the sheet */
	double number; /* for CELL_NUMBER */
	const char
	    *text; /* NFC, never NULL; of a number: as a person would read it, no exponent */
	const char *raw; /* as it stood in the file, UTF-8 (undecoded mojibake included) */
};

struct sheet_row {
	int number; /* as the spreadsheet counts, from 1 */
	int n;	    /* up to the last cell that holds something */
	const struct cell *cells;
};

struct sheet {
	const char *format; /* "xlsx", "csv" */
	char delimiter;	    /* of a csv */
	char *name;	    /* of the worksheet; "" */
	struct encoding_guess encoding;
	bool system_1904;
	int n_worksheets; /* 1 for a csv */
	int n_rows;	  /* rows that hold something */
	/* private */
	struct sheet_store *store;
};

struct sheet_limits {
	size_t max_file;     /* bytes; default 64 MiB */
	size_t max_unpacked; /* bytes of all parts of an xlsx; default 1 GiB */
	size_t max_ratio; /* unpacked : packed of one part beyond its first MiB; default 200 */
	int max_rows;	  /* default 1,048,576, the most a spreadsheet holds */
	int max_columns;  /* default 256 */
	size_t max_cell;  /* bytes; default 64 KiB */
	size_t max_text;  /* bytes of all cells together; default 256 MiB */
};
extern const struct sheet_limits sheet_limits_default;

/* Reads a whole list. worksheet: index, or -1 = the first visible one that holds something. encoding
 * NULL = decide for the file; else one of encoding_from_name(). limits NULL = defaults. 0, or -1 with
 * e (EX_NOINPUT, EX_USAGE for the encoding, EX_DATAERR; Vietnamese, naming what is wrong and what to
 * do: an .xls is to be saved as .xlsx, a truncated file, a bomb, …). Free with sheet_free(). */
MUST_CHECK int sheet_read(const char *path, int worksheet, const char *encoding,
			  const struct sheet_limits *limits, struct sheet *out, struct err *e);
void sheet_free(struct sheet *s);

/* Row index 0 … n_rows - 1, laid out in memory of the sheet: good until the next call. */
struct sheet_row sheet_row_at(const struct sheet *s, int index);

/* "A", "B" … "AA" for column index 0, 1 … out holds 8 bytes. */
void sheet_column_name(int index, char out[8]);

#endif
