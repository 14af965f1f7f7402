/* SPDX-License-Identifier: Apache-2.0 */
/* How far each of several has come, for a screen: the name and the numbers above each bar, so that neither long names
 * nor short bars are in their way, and as wide as a telephone shows without making it smaller. */
#include <cairo-svg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "paper/sheet.h"
#include "text/vi.h"

#define BARS_WIDTH  330.0
#define BARS_SIDE   6.0
#define BARS_PT	    12.0
#define BARS_BAR    13.0
#define BARS_LINE   18.0 /* of text above a bar */
#define BARS_ROW    (BARS_LINE + BARS_BAR + 7)

struct bars_frame {
	struct pen *n;
	const struct bars *b;
	double width; /* of the longest bar */
	int64_t most; /* what it stands for */
	double y;
};

static double bars_x(const struct bars_frame *f, int64_t value)
{
	return BARS_SIDE + f->width * (double)value / (double)f->most;
}

static void bars_fill(const struct bars_frame *f, double x, double width, const double colour[3])
{
	cairo_set_source_rgb(f->n->cr, colour[0], colour[1], colour[2]);
	cairo_rectangle(f->n->cr, x, f->y, width, BARS_BAR);
	cairo_fill(f->n->cr);
}

static void bars_text(const struct bars_frame *f, const char *text, double x, PangoAlignment a,
		      bool bold)
{
	struct pen_style s = {.pt = BARS_PT, .align = a, .bold = bold};

	cairo_set_source_rgb(f->n->cr, 0.11, 0.14, 0.13);
	pen_label(f->n, &s, text, x, f->y);
}

/* The place that a bar has to reach. */
static void bars_tick(const struct bars_frame *f, double x)
{
	cairo_set_source_rgb(f->n->cr, 0.70, 0.17, 0.22);
	cairo_rectangle(f->n->cr, x - 1.5, f->y - 2.5, 3, BARS_BAR + 5);
	cairo_fill(f->n->cr);
}

static const double bars_green[3] = {0.04, 0.36, 0.23}, bars_grey[3] = {0.84, 0.87, 0.85};

static void bars_one(struct bars_frame *f, const struct bar *one)
{
	char done[32], total[32], *numbers;
	struct pen_style name = {.pt = BARS_PT};

	vi_number(one->done, done);
	vi_number(one->total, total);
	numbers = mem_printf("%s/%s", done, total);
	bars_text(f, numbers, BARS_WIDTH - BARS_SIDE, PANGO_ALIGN_RIGHT, true);
	free(numbers);
	(void)pen_set(f->n, &name, one->label, BARS_WIDTH - 2 * BARS_SIDE - 110, 1);
	pen_show(f->n, BARS_SIDE, f->y);
	f->y += BARS_LINE;
	bars_fill(f, BARS_SIDE, bars_x(f, one->total) - BARS_SIDE, bars_grey);
	bars_fill(f, BARS_SIDE, bars_x(f, one->done) - BARS_SIDE, bars_green);
	if (one->target > 0)
		bars_tick(f, bars_x(f, one->target));
	f->y += BARS_ROW - BARS_LINE;
}

/* What the colours are; where the words do not fit beside each other, below. */
static double bars_key(struct bars_frame *f, double x, const char *word, const double *colour)
{
	struct pen_style s = {.pt = BARS_PT - 1};
	int width;

	(void)pen_set(f->n, &s, word, 0, 0);
	pango_layout_get_size(f->n->layout, &width, NULL);
	if (x > BARS_SIDE && x + 16 + (double)width / PANGO_SCALE > BARS_WIDTH - BARS_SIDE) {
		x = BARS_SIDE;
		f->y += BARS_LINE;
	}
	if (colour != NULL)
		bars_fill(f, x, 11, colour);
	else
		bars_tick(f, x + 5);
	cairo_set_source_rgb(f->n->cr, 0.11, 0.14, 0.13);
	(void)pen_set(f->n, &s, word, 0, 0);
	pen_show(f->n, x + 16, f->y - 1);
	return x + 16 + (double)width / PANGO_SCALE + 14;
}

static void bars_draw(struct bars_frame *f)
{
	const struct bars *b = f->b;
	struct pen_style title = {.pt = BARS_PT + 1, .bold = true};
	bool aimed = false;
	double x;

	f->most = 1;
	for (size_t i = 0; i < b->n; i++) {
		const struct bar *one = &b->items[i];

		f->most = one->total > f->most ? one->total : f->most;
		f->most = one->done > f->most ? one->done : f->most;
		f->most = one->target > f->most ? one->target : f->most;
		aimed = aimed || one->target > 0;
	}
	cairo_set_source_rgb(f->n->cr, 0.11, 0.14, 0.13);
	f->y = pen_set(f->n, &title, b->title, BARS_WIDTH - 2 * BARS_SIDE, 0) + 8;
	pen_show(f->n, BARS_SIDE, 2);
	for (size_t i = 0; i < b->n; i++)
		bars_one(f, &b->items[i]);
	f->y += 4;
	x = bars_key(f, BARS_SIDE, b->done, bars_green);
	x = bars_key(f, x, b->total, bars_grey);
	if (aimed)
		(void)bars_key(f, x, b->target, NULL);
}

/* Draws b on surface, which it takes; *height is where the picture ends. */
static cairo_status_t bars_on(cairo_surface_t *surface, const struct bars *b, double *height)
{
	struct pen pen;
	struct bars_frame f = {.n = &pen, .b = b, .width = BARS_WIDTH - 2 * BARS_SIDE};
	cairo_status_t status;

	pen_open(&pen, surface);
	bars_draw(&f);
	pen_close(&pen);
	*height = f.y + BARS_LINE;
	cairo_surface_finish(surface);
	status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	return status;
}

int bars_svg(const struct bars *b, const char *path, struct err *e)
{
	double height;
	cairo_status_t status =
	    bars_on(cairo_recording_surface_create(CAIRO_CONTENT_COLOR, NULL), b, &height);

	/* How high it has to be is known once it is drawn. */
	if (status == CAIRO_STATUS_SUCCESS)
		status =
		    bars_on(cairo_svg_surface_create(path, BARS_WIDTH, height), b, &height);
	if (status != CAIRO_STATUS_SUCCESS)
		return err_set(e, EX_CANTCREAT, "không ghi được tệp %s: %s", path,
			       cairo_status_to_string(status));
	return 0;
}
