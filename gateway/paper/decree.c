/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a page an official document: Decree 30/2020/NĐ-CP, Appendix I, II. */
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "paper/sheet.h"
#include "text/vi.h"

/* Issuing body to the left, quốc hiệu and tiêu ngữ to the right (boxes 1 to 4 of the Decree's figure). */
#define DECREE_LEFT	(64 * SHEET_MM)
#define DECREE_GAP	(3 * SHEET_MM)
#define DECREE_HEAD_PT	12.0
#define DECREE_MOTTO_PT 13.0
#define DECREE_LINE	0.7
/* Room for a signature and a seal. */
#define DECREE_SIGNATURE (30 * SHEET_MM)

/* Lines of one column of the head or foot, one below the other. */
struct decree_column {
	struct paper *p;
	double x, width, y;
};

static void decree_line(struct decree_column *c, const struct pen_style *s, const char *text)
{
	double height = pen_set(&c->p->pen, s, text, c->width, 0);

	pen_show(&c->p->pen, c->x, c->y);
	c->y += height;
}

/* A rule below the line that was drawn last: share of its length, centred. */
static void decree_rule(struct decree_column *c, double share)
{
	cairo_t *cr = c->p->pen.cr;
	double middle = c->x + c->width / 2, half;
	int width;

	pango_layout_get_size(c->p->pen.layout, &width, NULL);
	half = (double)width / PANGO_SCALE * share / 2;
	cairo_set_line_width(cr, DECREE_LINE);
	cairo_move_to(cr, middle - half, c->y + 3);
	cairo_line_to(cr, middle + half, c->y + 3);
	cairo_stroke(cr);
	c->y += 5;
}

/* The name of the place: "xã Mỹ Phú Đông" issues at Mỹ Phú Đông; one that is called by a number keeps its
 * kind ("Phường 1"). Appendix I, II.4. */
static char *decree_place(const char *name)
{
	static const char *const kinds[] = {"xã ",    "phường ", "thị trấn ", "đặc khu ",
					    "huyện ", "quận ",	 "thị xã "};
	char *lower = vi_lower(name), *place = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && place == NULL; i++) {
		size_t n = strlen(kinds[i]);

		if (lower != NULL && strncmp(lower, kinds[i], n) == 0 &&
		    strchr("0123456789", name[n]) == NULL)
			place = mem_strdup(name + n);
	}
	free(lower);
	return place != NULL ? place : mem_strdup(name);
}

void paper_date(int year, int month, int dom, char out[64])
{
	char day[8] = "      ";

	if (dom > 0)
		(void)snprintf(day, sizeof(day), "%02d", dom % 100);
	(void)snprintf(out, 64,
		       month <= 2 ? "ngày %s tháng %02d năm %d" : "ngày %s tháng %d năm %d",
		       day, month % 100, year);
}

/* "Mỹ Phú Đông, ngày 08 tháng 6 năm 2023"; yours. */
static char *decree_place_and_date(const char *name, const char *iso)
{
	char *place = decree_place(name), *line;
	int year, month, dom;
	char date[64] = "";

	if (sscanf(iso, "%d-%d-%d", &year, &month, &dom) == 3)
		paper_date(year, month, dom, date);
	line = mem_printf("%s%s%s", place, *place != '\0' && *date != '\0' ? ", " : "", date);
	free(place);
	return line;
}

static void decree_upper(struct decree_column *c, const struct pen_style *s, const char *text)
{
	char *upper = vi_upper(text);

	decree_line(c, s, upper != NULL ? upper : text);
	free(upper);
}

/* The issuing body is written out, in two lines as offices do ("ỦY BAN NHÂN DÂN", "XÃ MỸ PHÚ ĐÔNG"); only
 * its superior may be shortened. Appendix I, II.2. */
static void decree_office(struct decree_column *c, const struct pen_style *s, const char *name)
{
	static const char SHORT[] = "UBND ";
	bool is_short = strncmp(name, SHORT, strlen(SHORT)) == 0;
	char *whole = is_short ? mem_printf("Ủy ban nhân dân\n%s", name + strlen(SHORT))
			       : mem_strdup(name);

	decree_upper(c, s, whole);
	free(whole);
}

void decree_head(struct paper *p, char *fields[5])
{
	const struct pen_style plain = {.pt = DECREE_HEAD_PT, .align = PANGO_ALIGN_CENTER};
	const struct pen_style bold = {
	    .pt = DECREE_HEAD_PT, .align = PANGO_ALIGN_CENTER, .bold = true};
	const struct pen_style motto = {
	    .pt = DECREE_MOTTO_PT, .align = PANGO_ALIGN_CENTER, .bold = true};
	const struct pen_style number = {.pt = SHEET_BODY_PT, .align = PANGO_ALIGN_CENTER};
	const struct pen_style date = {
	    .pt = SHEET_BODY_PT, .align = PANGO_ALIGN_CENTER, .italic = true};
	struct decree_column l = {p, SHEET_LEFT, DECREE_LEFT, 0};
	struct decree_column r = {p, SHEET_LEFT + DECREE_LEFT + DECREE_GAP,
				  SHEET_INNER - DECREE_LEFT - DECREE_GAP, 0};
	char *line = decree_place_and_date(fields[3], fields[4]);

	sheet_need(p, 40 * SHEET_MM);
	l.y = r.y = p->y;
	if (*fields[0] != '\0')
		decree_upper(&l, &plain, fields[0]);
	decree_office(&l, &bold, fields[1]);
	decree_rule(&l, 0.4);
	decree_line(&r, &bold, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM");
	decree_line(&r, &motto, "Độc lập - Tự do - Hạnh phúc");
	decree_rule(&r, 1.0);
	l.y = r.y = (l.y > r.y ? l.y : r.y) + 3;
	if (*fields[2] != '\0')
		decree_line(&l, &number, fields[2]);
	if (*line != '\0')
		decree_line(&r, &date, line);
	p->y = (l.y > r.y ? l.y : r.y) + 4;
	free(line);
}

void decree_subject_rule(struct paper *p)
{
	struct decree_column c = {p, SHEET_LEFT, SHEET_INNER, p->y};

	decree_rule(&c, 0.4);
	p->y = c.y;
}

void decree_about(struct paper *p, const char *text)
{
	const struct pen_style style = {.pt = DECREE_HEAD_PT, .align = PANGO_ALIGN_CENTER};
	struct decree_column l = {p, SHEET_LEFT, DECREE_LEFT, p->y - 4};

	decree_line(&l, &style, text);
	p->y = l.y + 4;
}

/* Draws, or measures only: c->y moves either way. */
static void decree_lines(struct decree_column *c, const struct pen_style *s, const char *text,
			 const char *separator, bool draw)
{
	char *copy = mem_strdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, separator)) != NULL) {
		line += strspn(line, " ");
		if (draw)
			decree_line(c, s, line);
		else
			c->y += pen_set(&c->p->pen, s, line, c->width, 0);
	}
	free(copy);
}

void decree_sign(struct paper *p, const char *lines)
{
	const struct pen_style heading = {.pt = 12, .bold = true, .italic = true};
	const struct pen_style small = {.pt = 11};
	const struct pen_style title = {
	    .pt = SHEET_BODY_PT, .bold = true, .align = PANGO_ALIGN_CENTER};
	struct decree_column l = {p, SHEET_LEFT, DECREE_LEFT + 12 * SHEET_MM, 0}, r = l;
	double height;

	r.x = SHEET_LEFT + SHEET_INNER / 2;
	r.width = SHEET_INNER / 2;
	decree_lines(&r, &title, lines, "|", false);
	height = r.y + DECREE_SIGNATURE;
	if (p->receivers != NULL) {
		decree_lines(&l, &heading, "Nơi nhận:", "\n", false);
		decree_lines(&l, &small, p->receivers, "\n", false);
		height = l.y > height ? l.y : height;
	}
	p->y += 8;
	sheet_need(p, height);
	l.y = r.y = p->y;
	if (p->receivers != NULL) {
		decree_lines(&l, &heading, "Nơi nhận:", "\n", true);
		decree_lines(&l, &small, p->receivers, "\n", true);
	}
	decree_lines(&r, &title, lines, "|", true);
	p->y += height;
	free(p->receivers);
	p->receivers = NULL;
}
