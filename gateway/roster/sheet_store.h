/* SPDX-License-Identifier: Apache-2.0 */
/* Where a sheet keeps its cells: one run of text, one of cells, one of rows,
 * no allocation for a cell. Only the readers of the formats use this. */
#ifndef MOIDAN_ROSTER_SHEET_STORE_H
#define MOIDAN_ROSTER_SHEET_STORE_H

#include <stdint.h>

#include "roster/sheet.h"

/* Where a text stands; equal offsets mean that the text is as it came. */
struct sheet_text {
	uint32_t raw, text;
};

struct sheet_cell {
	uint32_t at; /* offset of its text, or index of a shared one */
	uint32_t raw;
	uint16_t column;
	uint8_t kind;
	bool shared : 1, date : 1;
};

struct sheet_line {
	int number;
	uint32_t first; /* cell */
};

struct sheet_store {
	const struct sheet_limits *limits;
	char *text;
	size_t text_len, text_cap;
	struct sheet_cell *cells;
	size_t n_cells, cap_cells;
	struct sheet_line *lines;
	size_t n_lines, cap_lines;
	struct sheet_text *shared; /* the shared strings of an xlsx */
	size_t n_shared, cap_shared;
	struct sheet_merge { /* one column, several rows: the first cell counts for all */
		int first, last;
		uint16_t column;
	} * merges;
	size_t n_merges, cap_merges;
	struct cell *row; /* laid out by sheet_row_at */
	size_t cap_row;
};

/* Copies n bytes and a NUL. 0, or -1 when the list would outgrow its limits. */
MUST_CHECK int sheet_store_text(struct sheet_store *s, const char *p, size_t n, uint32_t *at,
				struct err *e);
/* Opens row number, which must be beyond the one before. */
MUST_CHECK int sheet_store_line(struct sheet_store *s, int number, struct err *e);
/* Puts a cell into the open row, columns ascending. */
MUST_CHECK int sheet_store_cell(struct sheet_store *s, const struct sheet_cell *c,
				struct err *e);

/* A csv from the bytes of its file, which may be changed. */
MUST_CHECK int sheet_csv_read(char *bytes, size_t len, struct sheet *s, struct err *e);
/* An xlsx; s->encoding is filled in by the caller afterwards. */
MUST_CHECK int sheet_xlsx_read(const char *path, int worksheet, struct sheet *s, struct err *e);

/* The serial number of a date cell as a person reads it: "05/06/1979", with time where it has one. */
void sheet_date_text(double serial, bool system_1904, char out[32]);
/* A number as a person reads it, without exponent. */
void sheet_number_text(double v, char out[400]);
/* Whether text of a UTF-8 file is certainly NFC already: nothing in it but letters that NFC keeps. */
bool sheet_text_is_nfc(const char *s, size_t n);

#endif
