/* SPDX-License-Identifier: Apache-2.0 */
#include "paper/grid.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"

struct grid *grid_new(size_t n, const struct grid_column *column, size_t head_rows)
{
	struct grid *g = mem_calloc(1, sizeof(*g));

	g->columns = n;
	g->column = mem_calloc(n, sizeof(*g->column));
	memcpy(g->column, column, n * sizeof(*g->column));
	g->head_rows = head_rows;
	g->head = mem_calloc(n * head_rows, sizeof(*g->head));
	return g;
}

void grid_free(struct grid *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->head_rows * g->columns; i++)
		free(g->head[i].text);
	for (size_t i = 0; i < g->n; i++)
		free(g->cells[i].text);
	free(g->head);
	free(g->cells);
	free(g->rows);
	free(g->column);
	free(g);
}

void grid_head(struct grid *g, const char *text, size_t across, size_t down)
{
	size_t at = 0;

	while (g->head[at].kind == GRID_COVERED || g->head[at].text != NULL)
		at++;
	for (size_t r = 0; r < down; r++)
		for (size_t c = 0; c < across; c++)
			g->head[at + r * g->columns + c].kind = GRID_COVERED;
	g->head[at] = (struct grid_cell){
	    .kind = GRID_TEXT, .text = mem_strdup(text), .across = across, .down = down};
}

static struct grid_cell *grid_next(struct grid *g)
{
	if (g->n % g->columns == 0) {
		g->rows = mem_grow(g->rows, &g->rows_cap, g->n_rows + 1, sizeof(*g->rows));
		g->rows[g->n_rows++] = GRID_ROW;
	}
	g->cells = mem_grow(g->cells, &g->cells_cap, g->n + 1, sizeof(*g->cells));
	g->cells[g->n] = (struct grid_cell){.kind = GRID_TEXT, .across = 1, .down = 1};
	return &g->cells[g->n++];
}

void grid_text(struct grid *g, const char *text)
{
	grid_next(g)->text = mem_strdup(text);
}

void grid_number(struct grid *g, int64_t v)
{
	struct grid_cell *c = grid_next(g);
	char text[32];

	vi_number(v, text);
	c->kind = GRID_NUMBER;
	c->number = v;
	c->text = mem_strdup(text);
}

void grid_tenths(struct grid *g, int64_t tenths)
{
	struct grid_cell *c = grid_next(g);

	c->kind = GRID_NUMBER;
	c->look = GRID_TENTHS;
	c->number = tenths;
	c->text = mem_printf("%" PRId64 ",%" PRId64, tenths / 10, tenths % 10);
}

void grid_signed(struct grid *g, int64_t v)
{
	struct grid_cell *c = grid_next(g);
	char text[32];

	vi_number(v < 0 ? -v : v, text);
	c->kind = GRID_NUMBER;
	c->look = GRID_SIGNED;
	c->number = v;
	c->text = mem_printf("%s%s", v > 0 ? "+" : v < 0 ? "-" : "", text);
}

void grid_box(struct grid *g)
{
	struct grid_cell *c = grid_next(g);

	c->kind = GRID_BOX;
	c->text = mem_strdup("");
}

void grid_section(struct grid *g, const char *text)
{
	grid_text(g, text);
	for (size_t i = 1; i < g->columns; i++) {
		struct grid_cell *c = grid_next(g);

		c->kind = GRID_COVERED;
		c->text = mem_strdup("");
	}
	g->rows[g->n_rows - 1] = GRID_SECTION;
}

void grid_total(struct grid *g)
{
	g->rows[g->n_rows - 1] = GRID_TOTAL;
}

/* Whether column c holds numbers, and their sum. */
static bool grid_sum(const struct grid *g, size_t rows, size_t c, int64_t *sum)
{
	bool numbers = false;

	*sum = 0;
	for (size_t r = 0; r < rows; r++) {
		const struct grid_cell *cell = grid_at(g, r, c);

		if (g->rows[r] != GRID_ROW || cell->kind != GRID_NUMBER)
			continue;
		numbers = true;
		*sum += cell->number;
	}
	return numbers;
}

void grid_sums(struct grid *g, const char *label)
{
	size_t rows = g->n_rows;

	/* the first column counts the rows */
	for (size_t c = 0; c < g->columns; c++) {
		int64_t sum;
		bool numbers = grid_sum(g, rows, c, &sum) && c > 0;

		if (numbers)
			grid_number(g, sum);
		else
			grid_text(g, c == 1 ? label : "");
		g->cells[g->n - 1].sum = numbers;
	}
	grid_total(g);
}

void grid_mark_sums(struct grid *g)
{
	size_t last = g->n_rows - 1;

	for (size_t c = 0; g->n_rows > 0 && c < g->columns; c++) {
		struct grid_cell *cell = &g->cells[last * g->columns + c];
		int64_t sum;

		cell->sum = cell->kind == GRID_NUMBER && cell->look != GRID_TENTHS &&
			    grid_sum(g, last, c, &sum) && sum == cell->number;
	}
}

const struct grid_cell *grid_at(const struct grid *g, size_t r, size_t c)
{
	return &g->cells[r * g->columns + c];
}
