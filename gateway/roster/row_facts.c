/* SPDX-License-Identifier: Apache-2.0 */
/* What a list says of a person beside who it is: the facts of its columns and the remarks of its notes. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "roster/row.h"
#include "roster/row_cells.h"
#include "text/lint.h"
#include "text/vi.h"

/* One more member of a JSON object that was begun with its brace. */
static void row_member(struct buf *b, const char *name, const char *value)
{
	(void)buf_adds(b, b->len > 1 ? ",\"" : "\"");
	row_json_escape(b, name);
	(void)buf_adds(b, "\":\"");
	row_json_escape(b, value);
	(void)buf_addc(b, '"');
}

const char *row_plain(struct row_reader *rd, const struct sheet_row *row, int i,
		      const char *text)
{
	if (!lint_has_address(text))
		return text;
	row_note(rd, row, i, text, "có đường dẫn hoặc tên miền: coi như để trống");
	return "";
}

/* The canonical value of a fact's cell; "" when it says nothing. Borrowed. */
static const char *row_fact(struct row_reader *rd, const struct sheet_row *row, int i)
{
	const struct programme_column *c =
	    &((const struct programme_column *)rd->p->columns.items)[rd->l->of[i]];
	const char *text = i < row->n ? row->cells[i].text : "", *value;

	text += strspn(text, " ");
	if (c->values == NULL)
		return *text == '\0' && c->empty != NULL ? c->empty
							 : row_plain(rd, row, i, text);
	value = row_memo_value(rd, i, row_memo(rd, i, text));
	if (value != NULL)
		return value;
	row_note(rd, row, i, text, "không hiểu “%s” ở cột này: coi như để trống", text);
	return c->empty == NULL ? "" : c->empty;
}

/* With listed values it is one that rows are counted by, too. */
static void row_fact_add(struct row_reader *rd, const struct programme_column *c,
			 const char *value)
{
	row_member(&rd->facts, c->name, value);
	if (c->values != NULL)
		row_member(&rd->kind, c->name, value);
}

void row_find_absent(struct row_reader *rd)
{
	const struct programme_column *c = rd->p->columns.items;

	rd->absent = mem_calloc(rd->p->columns.n, sizeof(*rd->absent));
	for (size_t k = 0; k < rd->p->columns.n; k++) {
		bool there = false;

		for (int i = 0; i < rd->l->n && !there; i++)
			there = rd->l->of[i] == (int)k;
		if (!there && c[k].field == COLUMN_FACT && c[k].empty != NULL &&
		    c[k].empty[0] != '\0')
			rd->absent[rd->n_absent++] = k;
	}
}

/* Whether a note says that somebody lives elsewhere. */
static bool row_says_away(struct row_reader *rd, const char *note)
{
	struct row_memo *m = row_memo(rd, rd->l->at[COLUMN_NOTE], note);

	if (!(m->known & ROW_KNOWN_AWAY))
		m->away = note_find(rd->away, NULL, m->text) != NULL;
	m->known |= ROW_KNOWN_AWAY;
	return m->away;
}

void row_take_facts(struct row_reader *rd, const struct sheet_row *row, struct recipient *r)
{
	const struct programme_column *c = rd->p->columns.items;
	const char *note = layout_cell(rd->l, row, COLUMN_NOTE)->text, *value;
	char *clean;

	buf_reset(&rd->facts);
	buf_reset(&rd->kind);
	(void)buf_addc(&rd->facts, '{');
	(void)buf_addc(&rd->kind, '{');
	for (int i = 0; i < rd->l->n; i++) {
		if (rd->l->of[i] < 0 || c[rd->l->of[i]].field != COLUMN_FACT)
			continue;
		value = row_fact(rd, row, i);
		if (*value == '\0')
			continue;
		clean = vi_clean(value);
		row_fact_add(rd, &c[rd->l->of[i]], clean);
		free(clean);
	}
	/* A column that the list does not have is as if it were empty. */
	for (size_t k = 0; k < rd->n_absent; k++)
		row_fact_add(rd, &c[rd->absent[k]], c[rd->absent[k]].empty);
	if (*note != '\0') {
		clean = vi_clean(note);
		if (*clean != '\0')
			row_member(&rd->facts, "note", clean);
		if (row_says_away(rd, note)) {
			row_member(&rd->facts, "away", "co");
			row_member(&rd->kind, "away", "co");
		}
		free(clean);
	}
	(void)buf_addc(&rd->facts, '}');
	(void)buf_addc(&rd->kind, '}');
	r->facts = mem_strdup(buf_text(&rd->facts));
	r->facts_kind = mem_strdup(buf_text(&rd->kind));
}
