/* SPDX-License-Identifier: Apache-2.0 */
/* Documents on A4, as PDF, in the form of Decree 30/2020/NĐ-CP (Appendix I):
 * margins 30, 20, 20, 20 mm, a serif of the metrics of Times New Roman in black,
 * page numbers in the top margin from the second page on. Pure drawing: what a
 * document says is a text with marks, made by whoever knows (templates/). */
#ifndef MOIDAN_PAPER_PAPER_H
#define MOIDAN_PAPER_PAPER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "paper/grid.h"

struct paper;

/* Begins a file at path; it appears there whole when it is closed. title stands in its properties.
 * 0, or -1 (EX_CANTCREAT). Pages go out as they are full: memory does not grow with their number. */
MUST_CHECK int paper_open(const char *path, const char *title, struct paper **out,
			  struct err *e);
/* Ends the file and takes p, whatever it returns: 0, or -1 (EX_CANTCREAT, EX_IOERR). */
MUST_CHECK int paper_close(struct paper *p, struct err *e);
/* Takes p; nothing is left of the file. NULL is allowed. */
void paper_abandon(struct paper *p);

/* Begins a document within the file: a new page, numbered from 1. The first needs none. */
void paper_begin(struct paper *p);
/* Pages so far. */
unsigned paper_pages(const struct paper *p);

/* Draws what stands in a text as a line "[NAME]"; false when it knows no such name. */
typedef bool paper_place_fn(struct paper *p, const char *name, void *arg);

/* Sets a text. Every line is a paragraph, justified, its first line indented; **bold**; empty lines say
 * nothing. Marks at the beginning of a line:
 *   %head SUPERIOR | OFFICE | NUMBER | PLACE | YYYY-MM-DD   the head of a document; what is empty is
 *                 left out, a date "YYYY-MM-00" leaves the day open. PLACE may be the commune's full name
 *   %about TEXT   the abstract of a letter, under its number
 *   %to TEXT      a receiver, for %sign
 *   %sign LINE | LINE …   receivers at the left, who signs at the right, room for it; never parted
 *   %page         a new page
 *   %begin        a document of its own: a new page, numbered from 1, as each appendix has it
 *   # ## ###      type of the document, subject, heading
 *   - TEXT        an item; "> TEXT" is centred, ">/ TEXT" slanted too; "/ TEXT" is
 *                 small and slanted
 *   @NN TEXT      centred, bold, of NN points
 *   [NAME]        place draws it
 * 0, or -1 naming the line (EX_CONFIG). */
MUST_CHECK int paper_write(struct paper *p, const char *text, paper_place_fn *place, void *arg,
			   struct err *e);

/* A table over the width of the page; its heading stands again on each page. */
void paper_grid(struct paper *p, const struct grid *g);

/* A QR code (level Q) of text, centred, with its quiet zone. -1 (EX_DATAERR) when it does not fit. */
MUST_CHECK int paper_qr(struct paper *p, const char *text, double mm, struct err *e);

/* The code (level M) of text for a page: the path of an SVG picture of side × side units, a module a unit, with its
 * quiet zone. -1 (EX_DATAERR) when it does not fit. */
MUST_CHECK int qr_path(const char *text, struct buf *path, int *side, struct err *e);

/* What was reached, day by day, against a target and its last good day. */
struct chart {
	const char *title;
	const char *unit;   /* of the numbers: "hộ" */
	int64_t target;	    /* 0 = none */
	civil_day deadline; /* last good day; 0 = none */
	size_t n;	    /* points, in order of days */
	const civil_day *day;
	const int64_t *value;
};
void paper_chart(struct paper *p, const struct chart *c);
/* The same as a picture of its own. 0, or -1 (EX_CANTCREAT). */
MUST_CHECK int chart_svg(const struct chart *c, const char *path, struct err *e);

/* How far each of several has come, one bar below the other, as a picture for a screen: narrow enough to be read on
 * a telephone. Words are the caller's. */
struct bar {
	const char *label; /* "ấp Tân Phú" */
	int64_t done, total, target; /* target: 0 = none */
};
struct bars {
	const char *title;
	const char *done, *total, *target; /* what the three are called */
	size_t n;
	const struct bar *items;
};
/* 0, or -1 (EX_CANTCREAT). */
MUST_CHECK int bars_svg(const struct bars *b, const char *path, struct err *e);

/* "ngày 08 tháng 6 năm 2023": a zero before days 1 to 9 and months 1 and 2 (Decree 30/2020, Appendix I,
 * II.4). dom 0 leaves room for the day. out holds at least 64 bytes. */
void paper_date(int year, int month, int dom, char out[64]);

#endif
