/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/rejects.h"

#include <stdlib.h>
#include <string.h>

#include <xlsxwriter.h>

#include "base/mem.h"

/* The most that a cell of an xlsx holds is 32,767 characters. */
#define REJECTS_MAX_CELL 32767

/* Always as text: "=…" is no formula, a number keeps its zero. */
static void rejects_cell(lxw_worksheet *ws, int row, int column, const char *text,
			 lxw_format *format)
{
	char *cut = NULL;

	if (*text == '\0')
		return;
	if (strlen(text) > REJECTS_MAX_CELL) {
		size_t n = REJECTS_MAX_CELL;

		while ((text[n] & 0xc0) == 0x80)
			n--;
		cut = mem_strndup(text, n);
		text = cut;
	}
	(void)worksheet_write_string(ws, (lxw_row_t)row, (lxw_col_t)column, text, format);
	free(cut);
}

static void rejects_row(lxw_worksheet *ws, int at, const struct sheet *sheet, int index,
			const char *reason, int reason_column, lxw_format *format)
{
	struct sheet_row row = sheet_row_at(sheet, index);

	for (int i = 0; i < row.n; i++)
		rejects_cell(ws, at, i, row.cells[i].text, format);
	rejects_cell(ws, at, reason_column, reason, format);
}

int rejects_write(const char *path, const struct sheet *sheet, const struct layout *l,
		  const struct roster_result *result, const int *rows, struct err *e)
{
	lxw_workbook_options options = {.constant_memory = LXW_TRUE};
	lxw_workbook *book = workbook_new_opt(path, &options);
	lxw_worksheet *ws;
	lxw_format *bold;
	int width = l->n, at = 0;
	lxw_error code;

	if (book == NULL)
		return err_set(e, EX_CANTCREAT, "không tạo được tệp %s", path);
	ws = workbook_add_worksheet(book, "Dòng bị từ chối");
	bold = workbook_add_format(book);
	format_set_bold(bold);
	for (size_t i = 0; i < result->n_rejects; i++) {
		struct sheet_row row = sheet_row_at(sheet, rows[i]);

		width = row.n > width ? row.n : width;
	}
	(void)worksheet_set_column(ws, (lxw_col_t)width, (lxw_col_t)width, 60, NULL);
	for (int i = 0; i < l->heading_rows; i++, at++)
		rejects_row(ws, at, sheet, l->heading + i,
			    i + 1 == l->heading_rows ? "Lý do" : "", width, bold);
	for (size_t i = 0; i < result->n_rejects; i++, at++)
		rejects_row(ws, at, sheet, rows[i], result->rejects[i].reason, width, NULL);
	code = workbook_close(book);
	if (code != LXW_NO_ERROR)
		return err_set(e, EX_CANTCREAT, "không ghi được tệp %s: %s", path,
			       lxw_strerror(code));
	return 0;
}
