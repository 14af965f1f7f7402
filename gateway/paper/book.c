/* SPDX-License-Identifier: Apache-2.0 */
#include "paper/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/mem.h"
#include "text/vi.h"

#define BOOK_MAX_CELL 32767
#define BOOK_MAX_NAME 31
/* The built-in format "@": what is typed over such a cell stays text. */
#define BOOK_AS_TEXT 49
#define BOOK_FONT    "Times New Roman"
/* Millimetres of paper to characters of a column. */
#define BOOK_PER_MM 0.55
/* Points of a line. */
#define BOOK_LINE 16.0
/* A grid of more columns is printed lengthwise. */
#define BOOK_UPRIGHT 8

enum book_look { LOOK_TEXT, LOOK_BOLD, LOOK_TITLE, LOOK_HEAD, LOOK_ROW, LOOK_TOTAL, LOOKS };

struct book {
	char *path, *part;
	lxw_workbook *book;
	lxw_worksheet *sheet;
	lxw_format *text[LOOKS], *number[LOOKS], *tenths[LOOKS], *sign[LOOKS];
	int row;
};

static lxw_format *book_format(struct book *b, enum book_look look)
{
	lxw_format *f = workbook_add_format(b->book);

	format_set_font_name(f, BOOK_FONT);
	format_set_font_size(f, 12);
	if (look == LOOK_BOLD || look == LOOK_TITLE || look == LOOK_HEAD || look == LOOK_TOTAL)
		format_set_bold(f);
	if (look == LOOK_HEAD || look == LOOK_ROW || look == LOOK_TOTAL) {
		format_set_border(f, LXW_BORDER_THIN);
		format_set_text_wrap(f);
		format_set_align(f, LXW_ALIGN_VERTICAL_CENTER);
	}
	if (look == LOOK_HEAD || look == LOOK_TITLE)
		format_set_align(f, LXW_ALIGN_CENTER);
	return f;
}

static void book_free(struct book *b)
{
	free(b->part);
	free(b->path);
	free(b);
}

static bool book_can_create(const char *part, struct err *e)
{
	FILE *f = fopen(part, "wbe");

	if (f == NULL)
		(void)err_set(e, EX_CANTCREAT, "%s", err_os(errno));
	else
		(void)fclose(f);
	return f != NULL;
}

int book_open(const char *path, bool streaming, struct book **out, struct err *e)
{
	struct book *b = mem_calloc(1, sizeof(*b));
	lxw_workbook_options options = {.constant_memory = streaming};

	*out = NULL;
	b->path = mem_strdup(path);
	b->part = mem_printf("%s.part", path);
	/* The library would only find out when all is written, and prints that itself. */
	b->book = book_can_create(b->part, e) ? workbook_new_opt(b->part, &options) : NULL;
	if (b->book == NULL) {
		err_context(e, "không tạo được tệp %s", path);
		book_free(b);
		return err_set(e, EX_CANTCREAT, "không tạo được tệp %s", path);
	}
	for (int look = 0; look < LOOKS; look++) {
		b->text[look] = book_format(b, (enum book_look)look);
		format_set_num_format_index(b->text[look], BOOK_AS_TEXT);
		b->number[look] = book_format(b, (enum book_look)look);
		format_set_num_format(b->number[look], "#,##0");
		b->tenths[look] = book_format(b, (enum book_look)look);
		format_set_num_format(b->tenths[look], "0.0");
		b->sign[look] = book_format(b, (enum book_look)look);
		format_set_num_format(b->sign[look], "+#,##0;-#,##0;0");
	}
	*out = b;
	return 0;
}

int book_close(struct book *b, struct err *e)
{
	lxw_error code;
	int rc = 0;

	if (b->sheet == NULL)
		book_sheet(b, "1");
	errno = 0;
	code = workbook_close(b->book);
	if (code != LXW_NO_ERROR)
		rc = err_set(e, EX_IOERR, "không ghi được tệp %s: %s", b->path,
			     errno != 0 ? err_os(errno) : lxw_strerror(code));
	else if (rename(b->part, b->path) < 0)
		rc = err_set(e, EX_CANTCREAT, "không ghi được tệp %s: %s", b->path,
			     err_os(errno));
	if (rc < 0)
		(void)unlink(b->part);
	book_free(b);
	return rc;
}

void book_abandon(struct book *b)
{
	if (b == NULL)
		return;
	lxw_workbook_free(b->book);
	(void)unlink(b->part);
	book_free(b);
}

/* s, cut after max characters (bytes where they are fewer), never inside one; yours. */
static char *book_cut(const char *s, size_t max_characters, size_t max_bytes)
{
	size_t at = 0, len = strlen(s), n = 0;
	uint32_t cp;

	while (at < len && n < max_characters) {
		size_t step = vi_utf8_next(s + at, len - at, &cp);

		if (step == 0 || at + step > max_bytes)
			break;
		at += step;
		n++;
	}
	return mem_strndup(s, at);
}

void book_sheet(struct book *b, const char *name)
{
	char *cut = book_cut(name, BOOK_MAX_NAME, BOOK_MAX_CELL);

	for (char *s = cut; *s != '\0'; s++)
		*s = strchr("[]:*?/\\'", *s) != NULL ? ' ' : *s;
	b->sheet = workbook_add_worksheet(b->book, cut);
	if (b->sheet == NULL) /* taken, or nothing is left of it */
		b->sheet = workbook_add_worksheet(b->book, NULL);
	worksheet_set_paper(b->sheet, 9); /* A4 */
	worksheet_fit_to_pages(b->sheet, 1, 0);
	b->row = 0;
	free(cut);
}

void book_width(struct book *b, int column, double characters)
{
	(void)worksheet_set_column(b->sheet, (lxw_col_t)column, (lxw_col_t)column, characters,
				   NULL);
}

static void book_put(struct book *b, int row, int column, const char *text, enum book_look look)
{
	char *cut =
	    strlen(text) > BOOK_MAX_CELL ? book_cut(text, BOOK_MAX_CELL, BOOK_MAX_CELL) : NULL;

	(void)worksheet_write_string(b->sheet, (lxw_row_t)row, (lxw_col_t)column,
				     cut != NULL ? cut : text, b->text[look]);
	free(cut);
}

void book_text(struct book *b, int column, const char *text, bool bold)
{
	if (*text != '\0')
		book_put(b, b->row, column, text, bold ? LOOK_BOLD : LOOK_TEXT);
}

void book_next(struct book *b)
{
	b->row++;
}

/* ---- grids ----------------------------------------------------------------------------- */

static void book_merge(struct book *b, int row, size_t column, size_t across, size_t down,
		       const char *text, enum book_look look)
{
	if (across * down > 1)
		(void)worksheet_merge_range(b->sheet, (lxw_row_t)row, (lxw_col_t)column,
					    (lxw_row_t)(row + (int)down - 1),
					    (lxw_col_t)(column + across - 1), text,
					    b->text[look]);
	else
		book_put(b, row, (int)column, text, look);
}

/* Lines that a heading takes in the width of its columns; words are not broken. */
static double book_lines(const struct grid *g, size_t column, const struct grid_cell *cell)
{
	double width = 0, at = 0, lines = 1;
	const char *text = cell->text;

	for (size_t c = 0; c < cell->across; c++)
		width +=
		    g->column[column + c].mm > 0 ? g->column[column + c].mm * BOOK_PER_MM : 24;
	while (*text != '\0') {
		size_t bytes = strcspn(text, " ");
		double word = 1;

		for (size_t i = 0; i < bytes; i++)
			word += ((unsigned char)text[i] & 0xC0) != 0x80;
		if (at > 0 && at + word > width) {
			lines++;
			at = 0;
		}
		at += word;
		text += bytes + (text[bytes] == ' ');
	}
	return lines;
}

/* Programs that do not measure wrapped text show a row as high as it is said to be. */
static void book_head_heights(struct book *b, const struct grid *g)
{
	for (size_t r = 0; r < g->head_rows; r++) {
		double most = 1;

		for (size_t c = 0; c < g->columns; c++) {
			const struct grid_cell *cell = &g->head[r * g->columns + c];
			double lines;

			if (cell->kind == GRID_COVERED || cell->text == NULL)
				continue;
			lines = book_lines(g, c, cell) / (double)cell->down;
			most = lines > most ? lines : most;
		}
		(void)worksheet_set_row(b->sheet, (lxw_row_t)(b->row + (int)r),
					most * BOOK_LINE + 4, NULL);
	}
}

static void book_grid_head(struct book *b, const struct grid *g)
{
	for (size_t i = 0; i < g->head_rows * g->columns; i++) {
		const struct grid_cell *cell = &g->head[i];

		if (cell->kind != GRID_COVERED && cell->text != NULL)
			book_merge(b, b->row + (int)(i / g->columns), i % g->columns,
				   cell->across, cell->down, cell->text, LOOK_HEAD);
	}
	book_head_heights(b, g);
	b->row += (int)g->head_rows;
	worksheet_freeze_panes(b->sheet, (lxw_row_t)b->row, 0);
	(void)worksheet_repeat_rows(b->sheet, (lxw_row_t)(b->row - (int)g->head_rows),
				    (lxw_row_t)(b->row - 1));
}

static lxw_format *book_number(const struct book *b, const struct grid_cell *cell,
			       enum book_look look)
{
	return cell->look == GRID_TENTHS   ? b->tenths[look]
	       : cell->look == GRID_SIGNED ? b->sign[look]
					   : b->number[look];
}

/* The sum as a formula over the rows of the body above it; its value stands beside for whoever does not
 * calculate. Sections in between hold no numbers. */
static void book_sum(struct book *b, int first, size_t column, const struct grid_cell *cell)
{
	char from[16], to[16], formula[48];

	lxw_rowcol_to_cell(from, (lxw_row_t)first, (lxw_col_t)column);
	lxw_rowcol_to_cell(to, (lxw_row_t)(b->row - 1), (lxw_col_t)column);
	(void)snprintf(formula, sizeof(formula), "=SUM(%s:%s)", from, to);
	(void)worksheet_write_formula_num(b->sheet, (lxw_row_t)b->row, (lxw_col_t)column,
					  formula, book_number(b, cell, LOOK_TOTAL),
					  (double)cell->number);
}

static void book_grid_row(struct book *b, const struct grid *g, size_t r, int first)
{
	enum book_look look = g->rows[r] == GRID_ROW ? LOOK_ROW : LOOK_TOTAL;

	if (g->rows[r] == GRID_SECTION) {
		book_merge(b, b->row, 0, g->columns, 1, grid_at(g, r, 0)->text, LOOK_TOTAL);
		return;
	}
	for (size_t c = 0; c < g->columns; c++) {
		const struct grid_cell *cell = grid_at(g, r, c);

		if (cell->kind == GRID_NUMBER && cell->sum)
			book_sum(b, first, c, cell);
		else if (cell->kind == GRID_NUMBER)
			(void)worksheet_write_number(b->sheet, (lxw_row_t)b->row, (lxw_col_t)c,
						     cell->look == GRID_TENTHS
							 ? (double)cell->number / 10.0
							 : (double)cell->number,
						     book_number(b, cell, look));
		else
			book_put(b, b->row, (int)c, cell->text, look);
	}
}

void book_grid(struct book *b, const char *name, const char *title, const struct grid *g)
{
	char *copy = mem_strdup(title), *rest = copy, *line;
	int first;

	book_sheet(b, name);
	for (size_t c = 0; c < g->columns; c++)
		book_width(b, (int)c, g->column[c].mm > 0 ? g->column[c].mm * BOOK_PER_MM : 24);
	if (g->columns > BOOK_UPRIGHT)
		worksheet_set_landscape(b->sheet);
	while ((line = strsep(&rest, "\n")) != NULL) {
		book_merge(b, b->row, 0, g->columns, 1, line, LOOK_TITLE);
		b->row++;
	}
	b->row++;
	book_grid_head(b, g);
	first = b->row;
	for (size_t r = 0; r < g->n_rows; r++, b->row++)
		book_grid_row(b, g, r, first);
	free(copy);
}
