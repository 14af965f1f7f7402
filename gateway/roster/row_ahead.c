/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/row_ahead.h"

#include <stdlib.h>

#include "base/mem.h"
#include "roster/ahead.h"

/* Rows change hands so many at a time: a lock for each would cost what reading a row does. */
#define ROW_BATCH 64

/* The texts of its rows stand one behind the other: they come out of another processor's cache. */
struct row_batch {
	struct row rows[ROW_BATCH];
	int n;
	char *texts;
	size_t cap;
};

struct row_ahead {
	struct row_reader *rd;
	int next; /* row of the sheet; -1 = not looked over yet */
	struct ahead *ahead;
	/* Of whoever asks. */
	struct row_batch *open;
	int at;
};

static void row_batch_pack(struct row_batch *b)
{
	size_t n = 0;
	char *at;

	for (int i = 0; i < b->n; i++)
		n += recipient_text_bytes(&b->rows[i].r);
	at = b->texts = mem_grow(b->texts, &b->cap, n, 1);
	for (int i = 0; i < b->n; i++)
		at = recipient_pack(&b->rows[i].r, at);
}

static void row_batch_clear(void *slot)
{
	struct row_batch *b = slot;

	free(b->texts);
}

static bool row_batch_fill(void *arg, void *slot)
{
	struct row_ahead *a = arg;
	struct row_batch *b = slot;

	b->n = 0;
	if (a->next < 0) {
		row_look_over(a->rd);
		a->next = a->rd->l->heading + a->rd->l->heading_rows;
	}
	for (; a->next < a->rd->sheet->n_rows && b->n < ROW_BATCH; a->next++)
		b->n += row_read(a->rd, a->next, &b->rows[b->n]);
	row_batch_pack(b);
	return b->n > 0;
}

struct row_ahead *row_ahead_start(struct row_reader *rd)
{
	struct row_ahead *a = mem_calloc(1, sizeof(*a));
	const struct ahead_work work = {.arg = a,
					.slot = sizeof(struct row_batch),
					.slots = ROW_AHEAD_MAX / ROW_BATCH,
					.fill = row_batch_fill,
					.clear = row_batch_clear};

	a->rd = rd;
	a->next = -1;
	a->ahead = ahead_start(&work, rd->sheet->n_rows > ROW_AHEAD_MAX);
	return a;
}

struct row *row_ahead_next(struct row_ahead *a)
{
	if (a->open == NULL || a->at == a->open->n) {
		a->open = ahead_next(a->ahead);
		a->at = 0;
	}
	return a->open == NULL ? NULL : &a->open->rows[a->at++];
}

void row_ahead_end(struct row_ahead *a)
{
	if (a == NULL)
		return;
	ahead_end(a->ahead);
	free(a);
}
