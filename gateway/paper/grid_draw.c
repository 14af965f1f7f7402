/* SPDX-License-Identifier: Apache-2.0 */
/* A grid on the page. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "paper/sheet.h"

#define GRID_PT	       11.0
#define GRID_SMALL_PT  9.5
#define GRID_PAD_X     (1.2 * SHEET_MM)
#define GRID_PAD_Y     (0.8 * SHEET_MM)
#define GRID_SMALL_Y   (0.3 * SHEET_MM)
#define GRID_LINE      0.5
#define GRID_TICK      0.93 /* of the size of letters */
#define GRID_HEAD_MIN  7.5 /* points */
#define GRID_MAX_LINES 8   /* of a cell: what is longer ends in an ellipsis */

struct grid_drawing {
	struct paper *p;
	const struct grid *g;
	double *x; /* columns + 1 edges */
	double *head_height;
	double head_total, head_pt;
	double pt, pad_y;
};

static struct pen_style grid_style(const struct grid_drawing *d, enum grid_align align,
				   bool bold)
{
	static const PangoAlignment of[] = {PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER,
					    PANGO_ALIGN_RIGHT};

	return (struct pen_style){.pt = d->pt, .bold = bold, .align = of[align]};
}

static void grid_edges(struct grid_drawing *d)
{
	double fixed = 0, share = 0, shares = 0;

	for (size_t c = 0; c < d->g->columns; c++) {
		fixed += d->g->column[c].mm * SHEET_MM;
		shares += d->g->column[c].mm <= 0;
	}
	if (shares > 0)
		share = (SHEET_INNER - fixed) / shares;
	d->x[0] = SHEET_LEFT;
	for (size_t c = 0; c < d->g->columns; c++) {
		double mm = d->g->column[c].mm;

		d->x[c + 1] = d->x[c] + (mm > 0 ? mm * SHEET_MM : share);
	}
}

static double grid_text_height(const struct grid_drawing *d, const struct grid_cell *cell,
			       size_t c, const struct pen_style *s)
{
	double width = d->x[c + cell->across] - d->x[c] - 2 * GRID_PAD_X;

	return pen_set(&d->p->pen, s, cell->text, width, GRID_MAX_LINES) + 2 * d->pad_y;
}

static void grid_frame(const struct grid_drawing *d, double x, double y, double width,
		       double height)
{
	cairo_t *cr = d->p->pen.cr;

	cairo_set_line_width(cr, GRID_LINE);
	cairo_rectangle(cr, x, y, width, height);
	cairo_stroke(cr);
}

/* text in the middle of its cell, upright */
static void grid_cell(const struct grid_drawing *d, const struct grid_cell *cell, size_t c,
		      const struct pen_style *s, double y, double height)
{
	double x = d->x[c], width = d->x[c + cell->across] - x, text;

	grid_frame(d, x, y, width, height);
	if (cell->kind == GRID_BOX) {
		const double box = d->pt * GRID_TICK;

		grid_frame(d, x + (width - box) / 2, y + (height - box) / 2, box, box);
		return;
	}
	text = grid_text_height(d, cell, c, s);
	pen_show(&d->p->pen, x + GRID_PAD_X, y + (height - text) / 2 + d->pad_y);
}

static struct pen_style grid_head_style(const struct grid_drawing *d)
{
	struct pen_style s = grid_style(d, GRID_CENTRE, true);

	s.pt = d->head_pt;
	return s;
}

/* The widest word of a heading, as large as the body. */
static double grid_widest_word(const struct grid_drawing *d, const char *text)
{
	struct pen_style s = grid_style(d, GRID_LEFT, true);
	struct pen *n = &d->p->pen;
	char *copy = mem_strdup(text), *rest = copy, *word;
	double widest = 0;
	int width;

	while ((word = strsep(&rest, " ")) != NULL) {
		(void)pen_set(n, &s, word, 0, 0);
		pango_layout_get_size(n->layout, &width, NULL);
		if ((double)width / PANGO_SCALE > widest)
			widest = (double)width / PANGO_SCALE;
	}
	free(copy);
	return widest;
}

/* Headings get smaller rather than have a word cut in two. */
static void grid_fit_head(struct grid_drawing *d)
{
	const struct grid *g = d->g;

	d->head_pt = d->pt;
	for (size_t i = 0; i < g->head_rows * g->columns; i++) {
		const struct grid_cell *cell = &g->head[i];
		size_t c = i % g->columns;
		double room, widest;

		if (cell->kind == GRID_COVERED || cell->text == NULL)
			continue;
		room = d->x[c + cell->across] - d->x[c] - 2 * GRID_PAD_X - 0.5;
		widest = grid_widest_word(d, cell->text);
		if (widest > room && d->pt * room / widest < d->head_pt)
			d->head_pt = d->pt * room / widest;
	}
	if (d->head_pt < GRID_HEAD_MIN)
		d->head_pt = GRID_HEAD_MIN;
}

/* Rows of the heading as high as their cells want; one that reaches down stretches its last row. */
static void grid_measure_head(struct grid_drawing *d)
{
	struct pen_style s = grid_head_style(d);
	const struct grid *g = d->g;

	for (size_t pass = 1; pass <= g->head_rows; pass++) {
		for (size_t i = 0; i < g->head_rows * g->columns; i++) {
			const struct grid_cell *cell = &g->head[i];
			size_t row = i / g->columns;
			double want, have = 0;

			if (cell->kind == GRID_COVERED || cell->text == NULL ||
			    cell->down != pass)
				continue;
			want = grid_text_height(d, cell, i % g->columns, &s);
			for (size_t r = row; r < row + pass; r++)
				have += d->head_height[r];
			if (want > have)
				d->head_height[row + pass - 1] += want - have;
		}
	}
	for (size_t r = 0; r < g->head_rows; r++)
		d->head_total += d->head_height[r];
}

static void grid_draw_head(struct grid_drawing *d)
{
	struct pen_style s = grid_head_style(d);
	const struct grid *g = d->g;

	for (size_t row = 0; row < g->head_rows; row++) {
		for (size_t c = 0; c < g->columns; c++) {
			const struct grid_cell *cell = &g->head[row * g->columns + c];
			double height = 0;

			if (cell->kind == GRID_COVERED || cell->text == NULL)
				continue;
			for (size_t r = row; r < row + cell->down; r++)
				height += d->head_height[r];
			grid_cell(d, cell, c, &s, d->p->y, height);
		}
		d->p->y += d->head_height[row];
	}
}

/* A section is one cell over all columns. */
static struct grid_cell grid_shown(const struct grid_drawing *d, size_t r, size_t c)
{
	struct grid_cell cell = *grid_at(d->g, r, c);

	if (d->g->rows[r] == GRID_SECTION)
		cell.across = d->g->columns;
	return cell;
}

static struct pen_style grid_cell_style(const struct grid_drawing *d, size_t r, size_t c)
{
	bool section = d->g->rows[r] == GRID_SECTION;

	return grid_style(d, section ? GRID_LEFT : d->g->column[c].align,
			  d->g->rows[r] != GRID_ROW);
}

static double grid_row_height(const struct grid_drawing *d, size_t r)
{
	double height = 0;

	for (size_t c = 0; c < d->g->columns; c++) {
		struct grid_cell cell = grid_shown(d, r, c);
		struct pen_style s = grid_cell_style(d, r, c);
		double want = cell.kind == GRID_COVERED ? 0
			      : cell.kind == GRID_BOX	? d->pt * GRID_TICK + 2 * d->pad_y
							: grid_text_height(d, &cell, c, &s);

		height = want > height ? want : height;
	}
	return height;
}

static void grid_draw_row(struct grid_drawing *d, size_t r, double height)
{
	for (size_t c = 0; c < d->g->columns; c++) {
		struct grid_cell cell = grid_shown(d, r, c);
		struct pen_style s = grid_cell_style(d, r, c);

		if (cell.kind != GRID_COVERED)
			grid_cell(d, &cell, c, &s, d->p->y, height);
	}
	d->p->y += height;
}

void paper_grid(struct paper *p, const struct grid *g)
{
	struct grid_drawing d = {.p = p,
				 .g = g,
				 .pt = g->small ? GRID_SMALL_PT : GRID_PT,
				 .pad_y = g->small ? GRID_SMALL_Y : GRID_PAD_Y};
	double height, next = 0;

	d.x = mem_calloc(g->columns + 1, sizeof(*d.x));
	d.head_height = mem_calloc(g->head_rows, sizeof(*d.head_height));
	grid_edges(&d);
	grid_fit_head(&d);
	grid_measure_head(&d);
	next = g->n_rows > 0 ? grid_row_height(&d, 0) : 0;
	p->y += sheet_is_fresh(p) ? 0 : 3;
	sheet_need(p, d.head_total + 2 * next);
	grid_draw_head(&d);
	for (size_t r = 0; r < g->n_rows; r++) {
		height = next;
		next = r + 1 < g->n_rows ? grid_row_height(&d, r + 1) : 0;
		/* a section goes with its first row, a total with the row before it */
		if (height + (g->rows[r] == GRID_SECTION ||
				      (r + 2 == g->n_rows && g->rows[r + 1] == GRID_TOTAL)
				  ? next
				  : 0) >
		    sheet_room(p)) {
			sheet_break(p);
			grid_draw_head(&d);
		}
		grid_draw_row(&d, r, height);
	}
	p->y += 6;
	free(d.x);
	free(d.head_height);
}
