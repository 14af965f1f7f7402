/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/rejects.h"

#include "paper/book.h"

#define REJECTS_REASON_WIDTH 60

static void rejects_row(struct book *b, const struct sheet *sheet, int index,
			const char *reason, int reason_column, bool bold)
{
	struct sheet_row row = sheet_row_at(sheet, index);

	for (int i = 0; i < row.n; i++)
		book_text(b, i, row.cells[i].text, bold);
	book_text(b, reason_column, reason, bold);
	book_next(b);
}

int rejects_write(const char *path, const struct sheet *sheet, const struct layout *l,
		  const struct roster_result *result, const int *rows, struct err *e)
{
	struct book *b;
	int width = l->n;

	if (book_open(path, true, &b, e) < 0)
		return -1;
	book_sheet(b, "Dòng bị từ chối");
	for (size_t i = 0; i < result->n_rejects; i++) {
		struct sheet_row row = sheet_row_at(sheet, rows[i]);

		width = row.n > width ? row.n : width;
	}
	book_width(b, width, REJECTS_REASON_WIDTH);
	for (int i = 0; i < l->heading_rows; i++)
		rejects_row(b, sheet, l->heading + i, i + 1 == l->heading_rows ? "Lý do" : "",
			    width, true);
	for (size_t i = 0; i < result->n_rejects; i++)
		rejects_row(b, sheet, rows[i], result->rejects[i].reason, width, false);
	return book_close(b, e);
}
