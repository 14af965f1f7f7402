/* SPDX-License-Identifier: Apache-2.0 */
#include "report/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "paper/book.h"
#include "paper/paper.h"
#include "report/figures.h"
#include "report/ranking.h"
#include "report/view.h"
#include "report/weekly.h"

#define DOCUMENT_TEXT_MAX (256u * 1024)
/* Frozen weeks that a chart shows at most. */
#define DOCUMENT_WEEKS 60
#define DOCUMENT_INNER 160.0 /* mm */

struct document {
	struct store *st;
	const json_t *figures;
	json_t *oldest; /* figures of the first frozen week, or NULL */
	struct err *e;
};

/* ---- tables ---------------------------------------------------------------------------- */

/* "1.157", "58,4" and "+12" as numbers; anything else is text. */
static void document_cell(struct grid *g, const char *text)
{
	bool sign = *text == '+' || *text == '-';
	const char *digits = text + sign, *comma = strchr(digits, ',');
	int64_t value = 0;

	if (*digits == '\0' || strspn(digits, "0123456789.,") != strlen(digits)) {
		grid_text(g, text);
		return;
	}
	for (const char *s = digits; *s != '\0'; s++)
		value = *s >= '0' && *s <= '9' ? value * 10 + (*s - '0') : value;
	if (comma != NULL)
		grid_tenths(g, value);
	else if (sign)
		grid_signed(g, *text == '-' ? -value : value);
	else
		grid_number(g, value);
}

static struct grid *document_programme(const json_t *p, const json_t *before,
				       const char *change)
{
	struct table t;
	struct grid_column *columns;
	struct grid *g;
	double width;

	weekly_table(p, before, change, &t);
	columns = mem_calloc(t.columns, sizeof(*columns));
	width = (DOCUMENT_INNER - 24) / (double)(t.columns - 1);
	for (size_t c = 1; c < t.columns; c++)
		columns[c] =
		    (struct grid_column){.mm = width < 20 ? width : 20, .align = GRID_RIGHT};
	g = grid_new(t.columns, columns, 1);
	for (size_t c = 0; c < t.columns; c++)
		grid_head(g, t.cells[c], 1, 1);
	for (size_t i = t.columns; i < t.n; i++)
		document_cell(g, t.cells[i]);
	grid_total(g);
	grid_mark_sums(g);
	table_free(&t);
	free(columns);
	return g;
}

static const json_t *document_appendix(const json_t *figures, const char *number)
{
	size_t i;
	const json_t *a;

	json_array_foreach(json_object_get(figures, "appendices"), i, a)
	{
		if (strcmp(figures_text(a, "number"), number) == 0)
			return a;
	}
	return NULL;
}

/* Headings of neighbouring columns of one group stand under it. */
static void document_heads(struct grid *g, const json_t *columns)
{
	size_t n = json_array_size(columns), i = 0;

	grid_head(g, "Stt", 1, 2);
	grid_head(g, "Đơn vị", 1, 2);
	while (i < n) {
		const char *group = figures_text(json_array_get(columns, i), "group");
		size_t end = i + 1;

		while (*group != '\0' && end < n &&
		       strcmp(figures_text(json_array_get(columns, end), "group"), group) == 0)
			end++;
		if (*group != '\0')
			grid_head(g, group, end - i, 1);
		else
			grid_head(g, figures_text(json_array_get(columns, i), "title"), 1, 2);
		i = end;
	}
	for (i = 0; i < n; i++) {
		const json_t *c = json_array_get(columns, i);

		if (*figures_text(c, "group") != '\0')
			grid_head(g, figures_text(c, "title"), 1, 1);
	}
}

static struct grid *document_appendix_grid(const json_t *a)
{
	const json_t *columns = json_object_get(a, "columns"), *row;
	size_t n = json_array_size(columns), i;
	struct grid_column *widths = mem_calloc(n + 2, sizeof(*widths));
	double width = (DOCUMENT_INNER - 8 - 20) / (double)(n > 0 ? n : 1);
	struct grid *g;

	widths[0] = (struct grid_column){9, GRID_CENTRE};
	for (i = 0; i < n; i++)
		widths[i + 2] = (struct grid_column){width < 21 ? width : 21, GRID_RIGHT};
	g = grid_new(n + 2, widths, 2);
	document_heads(g, columns);
	json_array_foreach(json_object_get(a, "rows"), i, row)
	{
		const json_t *counts = json_object_get(row, "counts");

		grid_number(g, (int64_t)i + 1);
		grid_text(g, figures_text(row, "unit"));
		for (size_t c = 0; c < n; c++) {
			if (json_is_true(json_object_get(json_array_get(columns, c), "empty")))
				grid_text(g, "");
			else
				grid_number(g, json_integer_value(json_array_get(counts, c)));
		}
	}
	if (json_is_true(json_object_get(a, "by_unit")))
		grid_sums(g, "Tổng cộng");
	free(widths);
	return g;
}

/* ---- the chart ------------------------------------------------------------------------- */

struct document_chart {
	struct chart chart;
	char title[256];
	civil_day days[DOCUMENT_WEEKS];
	int64_t values[DOCUMENT_WEEKS];
};

static civil_day document_day(const char *iso)
{
	int64_t day = 0;

	return conf_parse_date(iso, &day) == 0 ? (civil_day)day : 0;
}

/* Puts what the programme's first target had reached in front of what is there: weeks come backwards. */
static void document_point(struct document_chart *c, const json_t *figures,
			   const char *programme)
{
	const json_t *p = figures_programme_of(figures, programme);
	const json_t *target = json_array_get(json_object_get(p, "targets"), 0);
	civil_day day = document_day(figures_text(figures, "drawn_on"));

	if (target == NULL || day == 0 || c->chart.n == DOCUMENT_WEEKS ||
	    (c->chart.n > 0 && day >= c->days[0]))
		return;
	memmove(c->days + 1, c->days, c->chart.n * sizeof(*c->days));
	memmove(c->values + 1, c->values, c->chart.n * sizeof(*c->values));
	c->days[0] = day;
	c->values[0] = figures_int(target, "reached");
	c->chart.n++;
}

/* 1; 0 when the programme has no target; -1. Borrows from figures. */
static int document_chart(struct store *st, const json_t *figures, const char *programme,
			  struct document_chart *c, struct err *e)
{
	const json_t *p = figures_programme_of(figures, programme);
	const json_t *target = json_array_get(json_object_get(p, "targets"), 0);
	int year, week = 0;

	memset(c, 0, sizeof(*c));
	if (target == NULL)
		return 0;
	if (sscanf(figures_text(figures, "week"), "%d-W%d", &year, &week) == 2)
		week += year * 100;
	(void)snprintf(c->title, sizeof(c->title), "Tiến độ: %s",
		       figures_text(target, "title"));
	c->chart.title = c->title;
	c->chart.unit = figures_text(target, "unit");
	c->chart.target = figures_int(target, "assigned");
	c->chart.deadline = document_day(figures_text(target, "deadline"));
	if (c->chart.deadline != 0 &&
	    json_is_false(json_object_get(target, "deadline_inclusive")))
		c->chart.deadline--;
	document_point(c, figures, programme);
	for (size_t i = 0; i < DOCUMENT_WEEKS; i++) {
		char *text = NULL;
		int rc = store_figures_before(st, REPORT_FIGURES, week, &week, &text, e);
		json_t *old = rc > 0 ? json_loads(text, 0, NULL) : NULL;

		if (old != NULL)
			document_point(c, old, programme);
		json_decref(old);
		free(text);
		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
	}
	c->chart.day = c->days;
	c->chart.value = c->values;
	return 1;
}

int report_chart_svg(struct store *st, const json_t *figures, const char *programme,
		     const char *path, struct err *e)
{
	struct document_chart c;
	int rc = document_chart(st, figures, programme, &c, e);

	if (rc == 0)
		return err_set(e, EX_NOINPUT, "\"%s\" không có chỉ tiêu trong số liệu",
			       programme);
	return rc < 0 ? -1 : chart_svg(&c.chart, path, e);
}

/* ---- the report ------------------------------------------------------------------------ */

static void document_grid(struct paper *p, struct grid *take)
{
	paper_grid(p, take);
	grid_free(take);
}

static bool document_place(struct paper *p, const char *name, void *arg)
{
	struct document *d = arg;
	const json_t *before = json_object_get(d->figures, "before");
	const char *what = strchr(name, ' ');
	const json_t *programme, *appendix;
	struct document_chart c;
	int rc;

	if (what == NULL)
		return false;
	what++;
	if (strncmp(name, "phu_luc ", 8) == 0) {
		appendix = document_appendix(d->figures, what);
		if (appendix != NULL)
			document_grid(p, document_appendix_grid(appendix));
		return appendix != NULL;
	}
	programme = figures_programme_of(d->figures, what);
	if (programme == NULL)
		return false;
	if (strncmp(name, "xep_hang ", 9) == 0) {
		struct grid *ranks = ranking_grid(d->figures, d->oldest, what);

		if (ranks != NULL)
			document_grid(p, ranks);
		return true;
	}
	if (strncmp(name, "bang ", 5) == 0 || strncmp(name, "bang_dot ", 9) == 0) {
		bool whole = name[4] == '_';
		char *change = whole ? mem_strdup("Cả đợt") : weekly_since(d->figures);

		before = figures_programme_of(whole ? d->oldest : before, what);
		document_grid(p, document_programme(programme, before, change));
		free(change);
		return true;
	}
	rc = strncmp(name, "bieu_do ", 8) == 0
		 ? document_chart(d->st, d->figures, what, &c, d->e)
		 : -1;
	if (rc > 0)
		paper_chart(p, &c.chart);
	return rc >= 0;
}

/* The day of the summary, or of the figures where they were drawn later. */
static void document_day_signed(const struct report_house *h, const json_t *figures,
				char out[16])
{
	const char *drawn = figures_text(figures, "drawn_on");
	struct err ignored = ERR_INIT;
	civil_day day;
	int week;

	(void)snprintf(out, 16, "%s", drawn);
	if (report_week_parse(figures_text(figures, "week"), 0, &week, &ignored) < 0)
		return;
	day = civil_day_of(report_schedule_of(h, week).ready_at);
	if (day > document_day(drawn))
		civil_day_format_iso(day, out);
}

static json_t *document_model(const struct report_house *h, const json_t *figures,
			      const json_t *oldest, struct err *e)
{
	json_t *model = weekly_model(figures, e), *list;
	char day[16], words[64];
	int year, month, dom;
	size_t i;
	const json_t *a;

	if (model == NULL)
		return NULL;
	list = json_array();
	json_array_foreach(json_object_get(figures, "appendices"), i, a)
	    json_array_append_new(list, json_pack("{s:s, s:s}", "so", figures_text(a, "number"),
						  "tieu_de", figures_text(a, "title")));
	json_object_set_new(model, "phu_luc", list);
	json_object_set_new(model, "xa", json_string(h->house->commune));
	document_day_signed(h, figures, day);
	json_object_set(model, "tu_dot",
			json_object_get(oldest != NULL ? oldest : figures, "from"));
	json_object_set_new(model, "ngay_ky", json_string(day));
	if (sscanf(day, "%d-%d-%d", &year, &month, &dom) == 3) {
		paper_date(year, month, dom, words);
		json_object_set_new(model, "ngay_thang", json_string(words));
	}
	return model;
}

int report_weekly_pdf(struct store *st, const struct report_house *h, const json_t *figures,
		      const char *name, const char *path, struct err *e)
{
	struct document d = {.st = st, .figures = figures, .e = e};
	json_t *model = NULL;
	struct buf text = BUF_INIT(DOCUMENT_TEXT_MAX);
	char *file = mem_printf("report/%s", name);
	struct paper *p = NULL;
	int rc = -1;

	if (figures_oldest(st, figures, &d.oldest, e) == 0)
		model = document_model(h, figures, d.oldest, e);
	if (model != NULL)
		rc = view_render(h->house->templates, file, 0, model, &text, e);
	if (rc > 0)
		rc = paper_open(path, "Báo cáo", &p, e);
	if (rc == 0)
		rc = paper_write(p, buf_text(&text), document_place, &d, e);
	if (rc == 0) {
		rc = paper_close(p, e);
	} else {
		/* the text is wrong, or the place that it goes to */
		if (p != NULL || e->code != EX_CANTCREAT)
			err_context(e, "%s", file);
		paper_abandon(p);
		rc = -1;
	}
	buf_free(&text);
	json_decref(model);
	json_decref(d.oldest);
	free(file);
	return rc;
}

int report_weekly_xlsx(const json_t *figures, const char *path, struct err *e)
{
	const json_t *before = json_object_get(figures, "before"), *p, *a;
	char *change;
	struct book *b;
	size_t i;

	if (book_open(path, false, &b, e) < 0)
		return -1;
	change = weekly_since(figures);
	json_array_foreach(json_object_get(figures, "programmes"), i, p)
	{
		struct grid *g = document_programme(
		    p, figures_programme_of(before, figures_text(p, "name")), change);
		char *title =
		    mem_printf("%s\nTuần %s; số liệu lúc %s", figures_text(p, "title"),
			       figures_text(figures, "week"), figures_text(figures, "drawn"));

		book_grid(b, figures_text(p, "name"), title, g);
		grid_free(g);
		free(title);
	}
	free(change);
	json_array_foreach(json_object_get(figures, "appendices"), i, a)
	{
		struct grid *g = document_appendix_grid(a);
		char *name = mem_printf("Phụ lục %s", figures_text(a, "number"));
		char *title = mem_printf("PHỤ LỤC %s\n%s", figures_text(a, "number"),
					 figures_text(a, "title"));

		book_grid(b, name, title, g);
		grid_free(g);
		free(name);
		free(title);
	}
	return book_close(b, e);
}
