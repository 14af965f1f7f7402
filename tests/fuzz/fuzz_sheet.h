/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of any list that was read, or refused. */
#ifndef MOIDAN_TESTS_FUZZ_SHEET_H
#define MOIDAN_TESTS_FUZZ_SHEET_H

#include "fuzz.h"
#include "roster/sheet.h"
#include "text/vi.h"

static inline void fuzz_check_cell(const struct cell *c)
{
	FUZZ_CHECK(c->text != NULL && c->raw != NULL);
	FUZZ_CHECK(vi_utf8_valid(c->text, strlen(c->text)));
	FUZZ_CHECK(vi_utf8_valid(c->raw, strlen(c->raw)));
	FUZZ_CHECK(c->kind >= CELL_EMPTY && c->kind <= CELL_ERROR);
}

/* Reads path; true when it is a list. */
static inline bool fuzz_sheet(const char *path, const char *encoding)
{
	static const struct sheet_limits limits = {.max_file = 1 << 20,
						   .max_unpacked = 4 << 20,
						   .max_ratio = 200,
						   .max_rows = 100000,
						   .max_columns = 64,
						   .max_cell = 4096,
						   .max_text = 1 << 20};
	struct err e = ERR_INIT;
	struct sheet s;
	int last = 0;

	if (sheet_read(path, -1, encoding, &limits, &s, &e) < 0) {
		FUZZ_CHECK(e.code != 0 && e.text[0] != '\0');
		FUZZ_CHECK(vi_utf8_valid(e.text, strlen(e.text)));
		return false;
	}
	FUZZ_CHECK(e.code == 0 && s.n_rows > 0 && s.n_worksheets > 0);
	for (int i = 0; i < s.n_rows; i++) {
		struct sheet_row row = sheet_row_at(&s, i);

		FUZZ_CHECK(row.number > last && row.number <= limits.max_rows);
		FUZZ_CHECK(row.n >= 0 && row.n <= limits.max_columns);
		last = row.number;
		for (int k = 0; k < row.n; k++)
			fuzz_check_cell(&row.cells[k]);
	}
	sheet_free(&s);
	return true;
}

#endif
