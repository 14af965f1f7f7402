/* SPDX-License-Identifier: Apache-2.0 */
/* A text with marks, line by line. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "paper/sheet.h"

/* 1 to 1.27 cm, and 6 points or more between paragraphs (Decree 30/2020, Appendix I, II.6). */
#define MARK_INDENT (10 * SHEET_MM)
#define MARK_AFTER   6.0
#define MARK_KEEP   (30 * SHEET_MM)
#define MARK_SIGN   (50 * SHEET_MM)
#define MARK_SUBJECT "## "

struct mark {
	const char *sign;
	struct pen_style style;
	double before, after;
	double
	    keep; /* room that must follow on the same page: a heading is never the last line */
};

static const struct mark mark_paragraph = {
    "", {.pt = SHEET_BODY_PT, .justify = true, .indent = MARK_INDENT}, 0, MARK_AFTER, 0};

/* The longer sign first. */
static const struct mark marks[] = {
    {"### ",
     {.pt = SHEET_BODY_PT, .bold = true, .indent = MARK_INDENT},
     3,
     MARK_AFTER,
     MARK_KEEP},
    {MARK_SUBJECT,
     {.pt = SHEET_BODY_PT, .bold = true, .align = PANGO_ALIGN_CENTER},
     0,
     8,
     MARK_KEEP},
    {"# ", {.pt = 14, .bold = true, .align = PANGO_ALIGN_CENTER}, 10, 2, MARK_KEEP},
    {"- ", {.pt = SHEET_BODY_PT, .justify = true, .indent = MARK_INDENT}, 0, MARK_AFTER, 0},
    {">/ ",
     {.pt = SHEET_BODY_PT, .italic = true, .align = PANGO_ALIGN_CENTER},
     0,
     MARK_AFTER,
     0},
    {"> ", {.pt = SHEET_BODY_PT, .align = PANGO_ALIGN_CENTER}, 0, MARK_AFTER, 0},
    {"/ ", {.pt = 11, .italic = true, .justify = true}, 2, 3, 0},
};

struct mark_run {
	struct paper *p;
	paper_place_fn *place;
	void *arg;
	int line;
	const char *rest; /* of the text, behind this line */
	bool headed;	  /* a head stands above that has no subject yet */
	struct err *e;
};

/* A signature never stands on a page alone: what it takes when only receivers come before it, else 0.
 * Roughly, which is enough to keep the last paragraph beside it. */
static double mark_sign_follows(const struct mark_run *run)
{
	double receivers = 30;

	for (const char *s = run->rest; s != NULL && *s != '\0';) {
		if (strncmp(s, "%to ", 4) == 0)
			receivers += 14;
		else if (strncmp(s, "%sign ", 6) == 0)
			return receivers > MARK_SIGN ? receivers : MARK_SIGN;
		else if (*s != '\n')
			return 0;
		s = strchr(s, '\n');
		s += s != NULL;
	}
	return 0;
}

static void mark_set(struct mark_run *run, const struct mark *m, const char *text)
{
	struct paper *p = run->p;
	double sign = mark_sign_follows(run);

	if (m->keep > 0)
		sheet_need(p, m->before + m->keep);
	if (sign > 0)
		sheet_need(p, sign + m->before + m->after +
				  pen_set(&p->pen, &m->style, text, SHEET_INNER, 0));
	p->y += sheet_is_fresh(p) ? 0 : m->before;
	sheet_paragraph(p, &m->style, text, SHEET_LEFT, SHEET_INNER);
	if (run->headed && strcmp(m->sign, MARK_SUBJECT) == 0) {
		decree_subject_rule(p);
		run->headed = false;
	}
	p->y += m->after;
}

/* "@28 TEXT"; false when it is none. */
static bool mark_large(struct mark_run *run, const char *line)
{
	struct mark m = {.sign = "@", .style = {.bold = true, .align = PANGO_ALIGN_CENTER}};
	char *end;
	long pt = strtol(line + 1, &end, 10);

	if (*line != '@' || pt < 6 || pt > 120 || *end != ' ')
		return false;
	m.style.pt = (double)pt;
	m.after = m.style.pt / 4;
	mark_set(run, &m, end + 1);
	return true;
}

static void mark_head(struct paper *p, char *text)
{
	static char none[1];
	char *fields[5], *rest = text;

	for (size_t i = 0; i < 5; i++) {
		char *field = rest != NULL ? strsep(&rest, "|") : NULL, *end;

		fields[i] = field != NULL ? field + strspn(field, " ") : none;
		for (end = fields[i] + strlen(fields[i]); end > fields[i] && end[-1] == ' ';)
			*--end = '\0';
	}
	decree_head(p, fields);
}

static void mark_receiver(struct paper *p, const char *text)
{
	char *more =
	    p->receivers == NULL ? mem_strdup(text) : mem_printf("%s\n%s", p->receivers, text);

	free(p->receivers);
	p->receivers = more;
}

/* A line that begins with '%'. */
static int mark_order(struct mark_run *run, char *line)
{
	static const char *const orders[] = {"%head ", "%about ", "%to ",
					     "%sign ", "%page",	  "%begin"};
	size_t i = 0, n = sizeof(orders) / sizeof(orders[0]);

	while (i < n && strncmp(line, orders[i], strlen(orders[i])) != 0)
		i++;
	line += i < n ? strlen(orders[i]) : 0;
	switch (i) {
	case 0:
		mark_head(run->p, line);
		run->headed = true;
		return 0;
	case 1:
		decree_about(run->p, line);
		return 0;
	case 2:
		mark_receiver(run->p, line);
		return 0;
	case 3:
		decree_sign(run->p, line);
		return 0;
	case 4:
		sheet_break(run->p);
		return 0;
	case 5:
		paper_begin(run->p);
		return 0;
	default:
		return err_set(run->e, EX_CONFIG,
			       "dòng %d: \"%s\" không phải là dấu dàn trang (%%head, %%about, "
			       "%%to, %%sign, %%page, %%begin)",
			       run->line, line);
	}
}

static int mark_place(struct mark_run *run, char *line, size_t len)
{
	line[len - 1] = '\0';
	if (run->place != NULL && run->place(run->p, line + 1, run->arg))
		return 0;
	return err_set(run->e, EX_CONFIG, "dòng %d: không có gì tên \"%s\" để vẽ ở đây",
		       run->line, line + 1);
}

static int mark_line(struct mark_run *run, char *line)
{
	size_t len = strlen(line);
	const struct mark *m = &mark_paragraph;

	if (len == 0)
		return 0;
	if (*line == '%')
		return mark_order(run, line);
	if (*line == '[' && line[len - 1] == ']')
		return mark_place(run, line, len);
	if (mark_large(run, line))
		return 0;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (strncmp(line, marks[i].sign, strlen(marks[i].sign)) == 0) {
			m = &marks[i];
			break;
		}
	}
	/* an item keeps its dash */
	mark_set(run, m, *m->sign == '-' ? line : line + strlen(m->sign));
	return 0;
}

int paper_write(struct paper *p, const char *text, paper_place_fn *place, void *arg,
		struct err *e)
{
	struct mark_run run = {.p = p, .place = place, .arg = arg, .e = e};
	char *copy = mem_strdup(text), *rest = copy, *line;
	int rc = 0;

	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		run.line++;
		run.rest = rest;
		rc = mark_line(&run, line);
	}
	free(copy);
	return rc;
}
