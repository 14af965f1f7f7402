/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: the page that is being filled. Lengths are points, y grows downwards. */
#ifndef MOIDAN_PAPER_SHEET_H
#define MOIDAN_PAPER_SHEET_H

#include <cairo.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stdio.h>

#include "paper/paper.h"

#define SHEET_MM (72.0 / 25.4)

/* Decree 30/2020, Appendix I, I: A4; 20–25 mm above and below, 30–35 left, 15–20 right. */
#define SHEET_WIDTH  (210 * SHEET_MM)
#define SHEET_HEIGHT (297 * SHEET_MM)
#define SHEET_LEFT   (30 * SHEET_MM)
#define SHEET_RIGHT  (20 * SHEET_MM)
#define SHEET_TOP    (20 * SHEET_MM)
#define SHEET_BOTTOM (20 * SHEET_MM)
#define SHEET_INNER  (SHEET_WIDTH - SHEET_LEFT - SHEET_RIGHT)

#define SHEET_BODY_PT 13.0
#define SHEET_FONT    "Times New Roman,Liberation Serif,serif"

/* Text on a surface: fonts of its own, one layout for everything. */
struct pen {
	cairo_t *cr;
	PangoFontMap *map;
	PangoContext *context;
	PangoLayout *layout;
};
void pen_open(struct pen *n, cairo_surface_t *surface);
void pen_close(struct pen *n);

struct pen_style {
	double pt;
	bool bold, italic, justify;
	PangoAlignment align;
	double indent; /* of the first line; negative: of the others */
};
/* Puts text into the layout, width points wide (0 = one line); **…** is bold. Lines that do not fit
 * into max_lines (0 = any) end in an ellipsis. Returns its height. */
double pen_set(struct pen *n, const struct pen_style *s, const char *text, double width,
	       int max_lines);
/* Draws what was set, its upper left corner at x, y. */
void pen_show(struct pen *n, double x, double y);
/* Sets a line and draws it at x, y: from there, around there, up to there. */
void pen_label(struct pen *n, const struct pen_style *s, const char *text, double x, double y);

struct paper {
	char *path, *part; /* part: what is written, until it is whole */
	FILE *f;
	cairo_surface_t *surface;
	struct pen pen;
	double y;		/* where the next thing stands */
	unsigned pages, number; /* in the file; of this page in its document */
	char *receivers;	/* of %to so far */
};

double sheet_room(const struct paper *p); /* to the end of the page */
bool sheet_is_fresh(const struct paper *p);
void sheet_break(struct paper *p); /* the next page of the document */
/* Makes sure that height is there, on the next page if need be. */
void sheet_need(struct paper *p, double height);
/* A paragraph that may run over pages, between x and x + width. */
void sheet_paragraph(struct paper *p, const struct pen_style *s, const char *text, double x,
		     double width);

/* The head and the foot of an official document. */
void decree_head(struct paper *p, char *fields[5]);
/* Under the subject, which was set last: a third to half as long (Appendix I, II.5). */
void decree_subject_rule(struct paper *p);
void decree_about(struct paper *p, const char *text);
void decree_sign(struct paper *p, const char *lines);

/* c in a picture of width × height, its upper left corner at the origin. */
void chart_draw(struct pen *n, const struct chart *c, double width, double height);

#endif
