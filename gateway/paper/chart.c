/* SPDX-License-Identifier: Apache-2.0 */
/* Progress against a target and its deadline, for a page and for a screen. */
#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>

#include "paper/sheet.h"
#include "text/vi.h"

#define CHART_HEIGHT (62 * SHEET_MM)
#define CHART_PT     10.0
#define CHART_LEFT   46.0
#define CHART_RIGHT  12.0
#define CHART_TOP    24.0
#define CHART_BOTTOM 30.0
#define CHART_STEPS  4 /* lines across, about */

struct chart_frame {
	struct pen *n;
	const struct chart *c;
	double left, top, width, height; /* of the field */
	civil_day from, to;
	int64_t top_value;
};

/* 1, 2 or 5 times a power of ten, so that a few of them make up max. */
static int64_t chart_step(int64_t max)
{
	static const int64_t nice[] = {1, 2, 5};
	int64_t power = 1;

	for (;; power *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (nice[i] * power * CHART_STEPS >= max)
				return nice[i] * power;
		}
	}
}

static double chart_x(const struct chart_frame *f, civil_day day)
{
	return f->left + f->width * (day - f->from) / (f->to - f->from);
}

static double chart_y(const struct chart_frame *f, int64_t value)
{
	return f->top + f->height * (1 - (double)value / (double)f->top_value);
}

static void chart_scale(struct chart_frame *f)
{
	const struct chart *c = f->c;
	int64_t max = c->target > 0 ? c->target : 1, step;

	f->from = c->n > 0 ? c->day[0] : c->deadline;
	f->to = c->n > 0 ? c->day[c->n - 1] : c->deadline;
	for (size_t i = 0; i < c->n; i++)
		max = c->value[i] > max ? c->value[i] : max;
	if (c->deadline != 0 && c->deadline > f->to)
		f->to = c->deadline;
	if (c->deadline != 0 && c->deadline < f->from)
		f->from = c->deadline;
	f->from -= 2; /* air beside the first and the last day */
	f->to += 2;
	step = chart_step(max);
	f->top_value = (max + step - 1) / step * step;
}

static void chart_line(const struct chart_frame *f, double x1, double y1, double x2, double y2,
		       double width, double dash)
{
	cairo_t *cr = f->n->cr;

	cairo_set_line_width(cr, width);
	cairo_set_dash(cr, &dash, dash > 0 ? 1 : 0, 0);
	cairo_move_to(cr, x1, y1);
	cairo_line_to(cr, x2, y2);
	cairo_stroke(cr);
	cairo_set_dash(cr, NULL, 0, 0);
}

static void chart_label(const struct chart_frame *f, const char *text, double x, double y,
			PangoAlignment align, bool bold)
{
	struct pen_style s = {.pt = CHART_PT, .align = align, .bold = bold};

	pen_label(f->n, &s, text, x, y);
}

static void chart_axes(const struct chart_frame *f)
{
	int64_t step = chart_step(f->top_value);
	int days = f->to - f->from, every = days <= 16 ? 2 : (days / 8 + 6) / 7 * 7;
	char text[40];

	for (int64_t v = 0; v <= f->top_value; v += step) {
		double y = chart_y(f, v);

		cairo_set_source_rgb(f->n->cr, 0.8, 0.8, 0.8);
		chart_line(f, f->left, y, f->left + f->width, y, 0.4, 0);
		cairo_set_source_rgb(f->n->cr, 0, 0, 0);
		vi_number(v, text);
		chart_label(f, text, f->left - 5, y - CHART_PT * 0.6, PANGO_ALIGN_RIGHT, false);
	}
	for (civil_day d = f->from + 2; d <= f->to; d += every) {
		double x = chart_x(f, d);
		char full[16];

		civil_day_format_vi(d, full);
		full[5] = '\0'; /* day and month */
		chart_line(f, x, f->top + f->height, x, f->top + f->height + 3, 0.6, 0);
		chart_label(f, full, x, f->top + f->height + 4, PANGO_ALIGN_CENTER, false);
	}
	chart_line(f, f->left, f->top, f->left, f->top + f->height, 0.8, 0);
	chart_line(f, f->left, f->top + f->height, f->left + f->width, f->top + f->height, 0.8,
		   0);
}

/* Where the word about the deadline stands, left of x: as low as no point, number or line is in its way. */
static double chart_deadline_y(const struct chart_frame *f, double x)
{
	const struct chart *c = f->c;
	const double low = f->height - CHART_PT * 1.5;
	double best = f->top + low;

	for (int i = 0; i < 4; i++) {
		double y = f->top + low * (4 - i) / 4.0;
		bool free = c->target <= 0 || chart_y(f, c->target) < y - CHART_PT / 2 ||
			    chart_y(f, c->target) > y + CHART_PT * 1.5;

		for (size_t k = 0; k < c->n; k++) {
			double px = chart_x(f, c->day[k]), py = chart_y(f, c->value[k]);

			free = free && (px < x - 96 || px > x + 14 || py < y - 4 ||
					py > y + CHART_PT * 3);
		}
		if (free)
			return y;
		best = i == 0 ? y : best;
	}
	return best;
}

static void chart_goal(const struct chart_frame *f)
{
	const struct chart *c = f->c;
	char number[32], day[16], text[96];

	if (c->target > 0) {
		double y = chart_y(f, c->target);

		vi_number(c->target, number);
		(void)snprintf(text, sizeof(text), "Chỉ tiêu %s %s", number, c->unit);
		chart_line(f, f->left, y, f->left + f->width, y, 1.0, 5);
		/* under its line where the title is just above */
		chart_label(f, text, f->left + 4,
			    y - f->top < CHART_PT * 1.3 ? y + 1 : y - CHART_PT * 1.3,
			    PANGO_ALIGN_LEFT, true);
	}
	if (c->deadline != 0) {
		double x = chart_x(f, c->deadline);

		civil_day_format_vi(c->deadline, day);
		(void)snprintf(text, sizeof(text), "Hạn %s", day);
		chart_line(f, x, f->top, x, f->top + f->height, 1.0, 2);
		chart_label(f, text, x - 3, chart_deadline_y(f, x), PANGO_ALIGN_RIGHT, false);
	}
}

static void chart_points(const struct chart_frame *f)
{
	const struct chart *c = f->c;
	cairo_t *cr = f->n->cr;
	char text[32];

	cairo_set_line_width(cr, 1.6);
	cairo_new_path(cr);
	for (size_t i = 0; i < c->n; i++)
		cairo_line_to(cr, chart_x(f, c->day[i]), chart_y(f, c->value[i]));
	cairo_stroke(cr);
	for (size_t i = 0; i < c->n; i++) {
		double x = chart_x(f, c->day[i]), y = chart_y(f, c->value[i]);

		cairo_new_path(cr);
		cairo_arc(cr, x, y, 2.4, 0, 6.2832);
		cairo_fill(cr);
		/* the first and the last always, the others while there is room */
		if (c->n <= 10 || i == 0 || i + 1 == c->n) {
			vi_number(c->value[i], text);
			chart_label(f, text, x, y - CHART_PT * 1.6, PANGO_ALIGN_CENTER, false);
		}
	}
}

void chart_draw(struct pen *n, const struct chart *c, double width, double height)
{
	struct chart_frame f = {.n = n,
				.c = c,
				.left = CHART_LEFT,
				.top = CHART_TOP,
				.width = width - CHART_LEFT - CHART_RIGHT,
				.height = height - CHART_TOP - CHART_BOTTOM};

	chart_scale(&f);
	cairo_set_source_rgb(n->cr, 0, 0, 0);
	chart_label(&f, c->title, width / 2, 2, PANGO_ALIGN_CENTER, true);
	chart_axes(&f);
	chart_goal(&f);
	chart_points(&f);
}

void paper_chart(struct paper *p, const struct chart *c)
{
	p->y += sheet_is_fresh(p) ? 0 : 4;
	sheet_need(p, CHART_HEIGHT);
	cairo_save(p->pen.cr);
	cairo_translate(p->pen.cr, SHEET_LEFT, p->y);
	chart_draw(&p->pen, c, SHEET_INNER, CHART_HEIGHT);
	cairo_restore(p->pen.cr);
	p->y += CHART_HEIGHT;
}

int chart_svg(const struct chart *c, const char *path, struct err *e)
{
	cairo_surface_t *surface = cairo_svg_surface_create(path, SHEET_INNER, CHART_HEIGHT);
	struct pen pen;
	cairo_status_t status;

	pen_open(&pen, surface);
	chart_draw(&pen, c, SHEET_INNER, CHART_HEIGHT);
	pen_close(&pen);
	cairo_surface_finish(surface);
	status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (status != CAIRO_STATUS_SUCCESS)
		return err_set(e, EX_CANTCREAT, "không ghi được tệp %s: %s", path,
			       cairo_status_to_string(status));
	return 0;
}
