/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/vi.h"

#define TABLE_LINE_MAX 4096

void table_add(struct table *t, const char *text)
{
	t->cells = mem_grow(t->cells, &t->cap, t->n + 1, sizeof(*t->cells));
	t->cells[t->n++] = mem_strdup(text);
}

void table_addf(struct table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->cells = mem_grow(t->cells, &t->cap, t->n + 1, sizeof(*t->cells));
	t->cells[t->n++] = mem_vprintf(fmt, ap);
	va_end(ap);
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->n = t->cap = 0;
}

static size_t table_width_n(const char *s, size_t len)
{
	size_t width = 0;

	while (len > 0) {
		uint32_t cp;
		size_t n = vi_utf8_next(s, len, &cp);
		int w;

		if (n == 0) /* not UTF-8: a replacement character is shown */
			return width + len;
		w = utf8proc_charwidth((utf8proc_int32_t)cp);
		width += w > 0 ? (size_t)w : 0;
		s += n;
		len -= n;
	}
	return width;
}

size_t table_width(const char *utf8)
{
	return table_width_n(utf8, strlen(utf8));
}

/* One line of a heading: as many words of *rest as fit into width, at least one. */
static size_t table_wrap(const char *rest, size_t width)
{
	size_t end = strcspn(rest, " ");

	for (;;) {
		size_t next = end;

		if (rest[next] == '\0')
			return next;
		next += 1 + strcspn(rest + next + 1, " ");
		if (table_width_n(rest, next) > width)
			return end;
		end = next;
	}
}

static size_t table_heading_lines(const char *heading, size_t width)
{
	size_t lines = 0;

	while (*heading != '\0') {
		heading += table_wrap(heading, width);
		heading += strspn(heading, " ");
		lines++;
	}
	return lines;
}

static size_t table_longest_word(const char *s)
{
	size_t longest = 0;

	while (*s != '\0') {
		size_t n = strcspn(s, " ");
		size_t w = table_width_n(s, n);

		if (w > longest)
			longest = w;
		s += n;
		s += strspn(s, " ");
	}
	return longest;
}

static void table_pad(struct buf *line, size_t n)
{
	while (n-- > 0)
		(void)buf_addc(line, ' ');
}

static void table_put(struct buf *line, size_t column, size_t width, const char *s, size_t len)
{
	size_t pad = width - table_width_n(s, len);

	table_pad(line, column == 0 ? 0 : 2);
	if (column > 0)
		table_pad(line, pad);
	(void)buf_add(line, s, len);
	if (column == 0)
		table_pad(line, pad);
}

static void table_flush(struct buf *line, void (*fn)(const char *line, void *arg), void *arg)
{
	while (line->len > 0 && line->data[line->len - 1] == ' ')
		line->data[--line->len] = '\0';
	fn(buf_text(line), arg);
	buf_reset(line);
}

static void table_heading(const struct table *t, const size_t *width, struct buf *line,
			  void (*fn)(const char *line, void *arg), void *arg)
{
	size_t lines = 0;
	size_t *height = mem_calloc(t->columns, sizeof(*height));
	const char **rest = mem_calloc(t->columns, sizeof(*rest));

	for (size_t c = 0; c < t->columns; c++) {
		rest[c] = t->cells[c];
		height[c] = table_heading_lines(rest[c], width[c]);
		if (height[c] > lines)
			lines = height[c];
	}
	for (size_t l = lines; l > 0; l--) {
		for (size_t c = 0; c < t->columns; c++) {
			size_t n = 0;

			if (height[c] >= l) /* short headings stand on the rule */
				n = table_wrap(rest[c], width[c]);
			table_put(line, c, width[c], rest[c], n);
			rest[c] += n;
			rest[c] += n > 0 ? strspn(rest[c], " ") : 0;
		}
		table_flush(line, fn, arg);
	}
	free(height);
	free(rest);
}

static void table_rule(const struct table *t, const size_t *width, struct buf *line,
		       void (*fn)(const char *line, void *arg), void *arg)
{
	for (size_t c = 0; c < t->columns; c++) {
		table_pad(line, c == 0 ? 0 : 2);
		for (size_t i = 0; i < width[c]; i++)
			(void)buf_addc(line, '-');
	}
	table_flush(line, fn, arg);
}

void table_lines(const struct table *t, void (*fn)(const char *line, void *arg), void *arg)
{
	struct buf line = BUF_INIT(TABLE_LINE_MAX);
	size_t rows = t->n / t->columns;
	size_t *width = mem_calloc(t->columns, sizeof(*width));

	for (size_t c = 0; c < t->columns; c++) {
		width[c] = table_longest_word(t->cells[c]);
		for (size_t r = 1; r < rows; r++) {
			size_t w = table_width(t->cells[r * t->columns + c]);

			if (w > width[c])
				width[c] = w;
		}
	}
	table_heading(t, width, &line, fn, arg);
	table_rule(t, width, &line, fn, arg);
	for (size_t r = 1; r < rows; r++) {
		if (r + 1 == rows && rows > 2)
			table_rule(t, width, &line, fn, arg);
		for (size_t c = 0; c < t->columns; c++) {
			const char *cell = t->cells[r * t->columns + c];

			table_put(&line, c, width[c], cell, strlen(cell));
		}
		table_flush(&line, fn, arg);
	}
	buf_free(&line);
	free(width);
}
