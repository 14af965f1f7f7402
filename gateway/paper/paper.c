/* SPDX-License-Identifier: Apache-2.0 */
/* The file and its pages. */
#include "paper/paper.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "paper/sheet.h"

/* A page number is 13 to 14 points (Decree 30/2020, Appendix I, I.6). */
#define PAPER_NUMBER_PT	 13.0
#define PAPER_NUMBER_TOP (10 * SHEET_MM)

static cairo_status_t paper_put(void *arg, const unsigned char *bytes, unsigned len)
{
	struct paper *p = arg;

	return fwrite(bytes, 1, len, p->f) == len ? CAIRO_STATUS_SUCCESS
						  : CAIRO_STATUS_WRITE_ERROR;
}

int paper_open(const char *path, const char *title, struct paper **out, struct err *e)
{
	struct paper *p = mem_calloc(1, sizeof(*p));
	char now[32];

	*out = NULL;
	p->path = mem_strdup(path);
	p->part = mem_printf("%s.part", path);
	p->f = fopen(p->part, "wbe");
	if (p->f == NULL) {
		(void)err_set(e, EX_CANTCREAT, "không tạo được tệp %s: %s", path,
			      err_os(errno));
		free(p->part);
		free(p->path);
		free(p);
		return -1;
	}
	p->surface =
	    cairo_pdf_surface_create_for_stream(paper_put, p, SHEET_WIDTH, SHEET_HEIGHT);
	cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATOR,
				       "moidan " MOIDAN_VERSION);
	clock_format_rfc3339(clock_now_ms(), now);
	cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATE_DATE, now);
	pen_open(&p->pen, p->surface);
	p->pages = p->number = 1;
	p->y = SHEET_TOP;
	*out = p;
	return 0;
}

static void paper_free(struct paper *p)
{
	free(p->receivers);
	free(p->part);
	free(p->path);
	free(p);
}

int paper_close(struct paper *p, struct err *e)
{
	cairo_status_t status;
	int rc = 0, flushed, closed;

	cairo_show_page(p->pen.cr);
	pen_close(&p->pen);
	cairo_surface_finish(p->surface);
	status = cairo_surface_status(p->surface);
	cairo_surface_destroy(p->surface);
	flushed = fflush(p->f) == EOF ? -1 : fsync(fileno(p->f));
	closed = fclose(p->f);
	if (status == CAIRO_STATUS_WRITE_ERROR || flushed < 0 || closed == EOF)
		rc =
		    err_set(e, EX_IOERR, "không ghi được tệp %s: %s", p->path, err_os(errno));
	else if (status != CAIRO_STATUS_SUCCESS)
		rc = err_set(e, EX_SOFTWARE, "không vẽ được tệp %s: %s", p->path,
			     cairo_status_to_string(status));
	else if (rename(p->part, p->path) < 0)
		rc = err_set(e, EX_CANTCREAT, "không đặt được tệp %s: %s", p->path,
			     err_os(errno));
	if (rc < 0)
		(void)unlink(p->part);
	paper_free(p);
	return rc;
}

void paper_abandon(struct paper *p)
{
	if (p == NULL)
		return;
	pen_close(&p->pen);
	cairo_surface_finish(p->surface);
	cairo_surface_destroy(p->surface);
	(void)fclose(p->f);
	(void)unlink(p->part);
	paper_free(p);
}

unsigned paper_pages(const struct paper *p)
{
	return p->pages;
}

double sheet_room(const struct paper *p)
{
	return SHEET_HEIGHT - SHEET_BOTTOM - p->y;
}

bool sheet_is_fresh(const struct paper *p)
{
	return p->y <= SHEET_TOP;
}

static void sheet_next(struct paper *p)
{
	cairo_show_page(p->pen.cr);
	p->pages++;
	p->y = SHEET_TOP;
}

void sheet_break(struct paper *p)
{
	static const struct pen_style style = {.pt = PAPER_NUMBER_PT,
					       .align = PANGO_ALIGN_CENTER};
	PangoLayout *busy = p->pen.layout; /* perhaps half drawn */
	char number[16];

	sheet_next(p);
	p->number++;
	(void)snprintf(number, sizeof(number), "%u", p->number);
	p->pen.layout = pango_layout_new(p->pen.context);
	pen_label(&p->pen, &style, number, SHEET_LEFT + SHEET_INNER / 2, PAPER_NUMBER_TOP);
	g_object_unref(p->pen.layout);
	p->pen.layout = busy;
}

void sheet_need(struct paper *p, double height)
{
	if (height > sheet_room(p) && !sheet_is_fresh(p))
		sheet_break(p);
}

void paper_begin(struct paper *p)
{
	free(p->receivers);
	p->receivers = NULL;
	if (p->pages > 1 || !sheet_is_fresh(p))
		sheet_next(p);
	p->number = 1;
}

/* Line by line, so that a paragraph can go on overleaf; neither its first nor its last line stands alone. */
void sheet_paragraph(struct paper *p, const struct pen_style *s, const char *text, double x,
		     double width)
{
	double height = pen_set(&p->pen, s, text, width, 0);
	int lines = pango_layout_get_line_count(p->pen.layout), i = 0;
	double step = height / lines;
	PangoLayoutIter *iter;

	sheet_need(p, lines > 1 ? 2 * step : step);
	iter = pango_layout_get_iter(p->pen.layout);
	do {
		PangoRectangle box;
		int left = lines - i, base = pango_layout_iter_get_baseline(iter), top, bottom;

		if (step > sheet_room(p) ||
		    (left == 2 && lines > 2 && 2 * step > sheet_room(p)))
			sheet_need(p, SHEET_HEIGHT);
		pango_layout_iter_get_line_extents(iter, NULL, &box);
		pango_layout_iter_get_line_yrange(iter, &top, &bottom);
		cairo_move_to(p->pen.cr, x + (double)box.x / PANGO_SCALE,
			      p->y + (double)(base - top) / PANGO_SCALE);
		pango_cairo_show_layout_line(p->pen.cr,
					     pango_layout_iter_get_line_readonly(iter));
		p->y += (double)(bottom - top) / PANGO_SCALE;
		i++;
	} while (pango_layout_iter_next_line(iter));
	pango_layout_iter_free(iter);
}
