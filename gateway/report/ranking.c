/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ranking.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/figures.h"
#include "text/vi.h"

struct ranking_row {
	const char *unit, *kind;
	int64_t total, reached, gained;
	bool was; /* there at the beginning */
};

static int64_t ranking_reached(const json_t *p, const json_t *row)
{
	const json_t *target = json_array_get(json_object_get(p, "targets"), 0);

	return target != NULL
		   ? figures_int(json_object_get(row, "reached"), figures_text(target, "id"))
		   : figures_int(row, "done");
}

/* a.reached / a.total against b's, without fractions (and exactly, below 2^26 people); a unit of nobody comes
 * last. */
static int ranking_compare(const void *a, const void *b)
{
	const struct ranking_row *x = a, *y = b;
	double left = (double)x->reached * (double)y->total;
	double right = (double)y->reached * (double)x->total;

	if (x->total == 0 || y->total == 0)
		return (x->total == 0) - (y->total == 0);
	return (left < right) - (left > right);
}

static struct grid *ranking_fill(const struct ranking_row *rows, size_t n, bool gained)
{
	static const struct grid_column columns[] = {{16, GRID_CENTRE}, {0, GRID_LEFT},
						     {26, GRID_RIGHT},	{26, GRID_RIGHT},
						     {22, GRID_RIGHT},	{28, GRID_RIGHT}};
	struct grid *g = grid_new(gained ? 6 : 5, columns, 1);
	int64_t rank = 1;

	grid_head(g, "Hạng", 1, 1);
	grid_head(g, "Đơn vị", 1, 1);
	grid_head(g, "Danh sách", 1, 1);
	grid_head(g, "Đạt", 1, 1);
	grid_head(g, "Tỷ lệ %", 1, 1);
	if (gained)
		grid_head(g, "Tăng cả đợt", 1, 1);
	for (size_t i = 0; i < n; i++) {
		const struct ranking_row *r = &rows[i];
		char *name = *r->kind != '\0' ? mem_printf("%s %s", r->kind, r->unit)
					      : mem_strdup(r->unit);
		char *shown = vi_first_upper(name);

		if (i > 0 && ranking_compare(&rows[i - 1], r) != 0)
			rank = (int64_t)i + 1;
		grid_number(g, rank);
		grid_text(g, shown);
		grid_number(g, r->total);
		grid_number(g, r->reached);
		grid_tenths(g,
			    r->total > 0 ? (r->reached * 1000 + r->total / 2) / r->total : 0);
		if (gained && r->was)
			grid_signed(g, r->gained);
		else if (gained)
			grid_text(g, "-");
		free(shown);
		free(name);
	}
	return g;
}

struct grid *ranking_grid(const json_t *figures, const json_t *oldest, const char *programme)
{
	const json_t *p = figures_programme_of(figures, programme);
	const json_t *units = json_object_get(p, "units"), *u, *was, *then;
	struct ranking_row *rows;
	struct grid *g = NULL;
	size_t i, n = 0;

	was = figures_programme_of(oldest, programme);
	rows = mem_calloc(json_array_size(units) + 1, sizeof(*rows));
	json_array_foreach(units, i, u)
	{
		const char *unit = figures_text(u, "unit");
		int64_t reached = ranking_reached(p, u);

		then = figures_unit_of(was, unit);
		if (*unit == '\0')
			continue;
		rows[n++] = (struct ranking_row){.unit = unit,
						 .kind = figures_text(u, "kind"),
						 .total = figures_int(u, "total"),
						 .reached = reached,
						 .gained = reached - ranking_reached(p, then),
						 .was = then != NULL};
	}
	if (n > 0) {
		qsort(rows, n, sizeof(*rows), ranking_compare);
		g = ranking_fill(rows, n, was != NULL);
	}
	free(rows);
	return g;
}
