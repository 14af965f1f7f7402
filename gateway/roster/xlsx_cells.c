/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/xlsx_cells.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"

#define XLSX_MAX_COLUMNS 16384
#define XLSX_MAX_MERGES	 ((size_t)1 << 16)
/* The last day that a spreadsheet knows: 31/12/9999. */
#define XLSX_LAST_SERIAL 2958466.0

/* ---- number formats ------------------------------------------------------------------------- */

/* Whether a format code shows a date: a letter of date or time outside quotes, brackets, escapes. */
static bool xlsx_code_is_date(const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p == '"' || *p == '[') {
			p = strchr(p + 1, *p == '"' ? '"' : ']');
			if (p == NULL)
				return false;
		} else if (*p == '\\' || *p == '_' || *p == '*') {
			if (*++p == '\0')
				return false;
		} else if (strncasecmp(p, "General", 7) == 0) {
			p += 6;
		} else if (strchr("dmyhsDMYHS", *p) != NULL) {
			return true;
		}
	}
	return false;
}

static bool xlsx_format_is_date(const struct xlsx_formats *f, int id)
{
	/* ECMA-376 part 1, 18.8.30: the built-in ones, with those of East Asian editions. */
	if ((id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
	    (id >= 50 && id <= 58))
		return true;
	for (size_t i = 0; i < f->n_custom; i++) {
		if (f->custom[i] == id)
			return true;
	}
	return false;
}

void xlsx_styles_start(void *arg, const char *name, const char **atts)
{
	struct xlsx_styles *s = arg;
	struct xlsx_formats *f = s->formats;
	const char *id = xlsx_attribute(atts, "numFmtId");
	const char *code = xlsx_attribute(atts, "formatCode");

	name = xlsx_local_name(name);
	if (strcmp(name, "cellXfs") == 0) {
		s->in_cell_formats = true;
	} else if (strcmp(name, "numFmt") == 0 && id != NULL && code != NULL) {
		if (f->n_custom >= 4096 || !xlsx_code_is_date(code))
			return;
		f->custom =
		    mem_grow(f->custom, &f->cap_custom, f->n_custom + 1, sizeof(*f->custom));
		f->custom[f->n_custom++] = (int)strtol(id, NULL, 10);
	} else if (strcmp(name, "xf") == 0 && s->in_cell_formats && f->n_dates < 65536) {
		f->dates = mem_grow(f->dates, &f->cap_dates, f->n_dates + 1, sizeof(*f->dates));
		f->dates[f->n_dates++] =
		    id != NULL && xlsx_format_is_date(f, (int)strtol(id, NULL, 10));
	}
}

void xlsx_styles_end(void *arg, const char *name)
{
	struct xlsx_styles *s = arg;

	if (strcmp(xlsx_local_name(name), "cellXfs") == 0)
		s->in_cell_formats = false;
}

void xlsx_formats_clear(struct xlsx_formats *f)
{
	free(f->custom);
	free(f->dates);
	memset(f, 0, sizeof(*f));
}

/* ---- text ------------------------------------------------------------------------------------ */

/* VISCII and VPS have capitals among the control characters: kept, cleaning drops what is none. */
static char xlsx_unescaped(unsigned v)
{
	return v == 0 || (v >= '\t' && v <= '\r') ? ' ' : (char)v;
}

/* Undoes "_x000D_", the way a control character is written in a cell. */
static void xlsx_unescape(struct buf *b)
{
	size_t out = 0;

	for (size_t i = 0; i < b->len; i++) {
		unsigned v = 0;
		size_t k;

		if (b->len - i >= 7 && b->data[i] == '_' && b->data[i + 1] == 'x' &&
		    b->data[i + 6] == '_') {
			for (k = 2; k < 6 && isxdigit((unsigned char)b->data[i + k]); k++) {
				unsigned char c = (unsigned char)b->data[i + k];

				v = v * 16 +
				    (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
			}
			if (k == 6 && v < 0x80) {
				b->data[out++] = xlsx_unescaped(v);
				i += 6;
				continue;
			}
		}
		b->data[out++] = b->data[i];
	}
	b->len = out;
}

static int xlsx_store_text(struct sheet_store *s, struct buf *text, uint32_t *at, struct err *e)
{
	if (text->len > 0 && memmem(text->data, text->len, "_x", 2) != NULL)
		xlsx_unescape(text);
	return sheet_store_text(s, text->len > 0 ? text->data : "", text->len, at, e);
}

/* Text of an element in parts as expat hands it over; too long is found when it is stored. */
static void xlsx_add_chars(struct buf *b, const char *p, int n)
{
	size_t room = b->max - b->len;

	(void)buf_add(b, p, (size_t)n < room ? (size_t)n : room);
}

/* ---- shared strings ---------------------------------------------------------------------------- */

void xlsx_strings_init(struct xlsx_strings *s, struct sheet_store *store, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->part.err = e;
	s->store = store;
	buf_init(&s->text, store->limits->max_cell + 1);
}

void xlsx_strings_clear(struct xlsx_strings *s)
{
	buf_free(&s->text);
}

void xlsx_strings_start(void *arg, const char *name, const char **atts)
{
	struct xlsx_strings *s = arg;

	(void)atts;
	name = xlsx_local_name(name);
	if (strcmp(name, "si") == 0)
		buf_reset(&s->text);
	else if (strcmp(name, "rPh") == 0)
		s->phonetic++;
	else if (strcmp(name, "t") == 0)
		s->in_text = s->phonetic == 0;
}

void xlsx_strings_end(void *arg, const char *name)
{
	struct xlsx_strings *s = arg;
	struct sheet_store *store = s->store;
	uint32_t at;

	name = xlsx_local_name(name);
	if (strcmp(name, "t") == 0) {
		s->in_text = false;
	} else if (strcmp(name, "rPh") == 0) {
		s->phonetic--;
	} else if (strcmp(name, "si") == 0 && !s->part.failed) {
		if (xlsx_store_text(store, &s->text, &at, s->part.err) < 0) {
			xlsx_part_fail(&s->part);
			return;
		}
		store->shared = mem_grow(store->shared, &store->cap_shared, store->n_shared + 1,
					 sizeof(*store->shared));
		store->shared[store->n_shared++] = (struct sheet_text){.raw = at, .text = at};
	}
}

void xlsx_strings_chars(void *arg, const char *p, int n)
{
	struct xlsx_strings *s = arg;

	if (s->in_text)
		xlsx_add_chars(&s->text, p, n);
}

/* ---- cells ------------------------------------------------------------------------------------- */

/* "AB12" to column 27 and row 12; either may be wanted alone. 0 or -1. */
static int xlsx_reference(const char *ref, int *column, int *row)
{
	long c = 0, r = 0;
	const char *p = ref;

	for (; *p >= 'A' && *p <= 'Z' && c < 100000; p++)
		c = c * 26 + (*p - 'A' + 1);
	if (c == 0 || c > XLSX_MAX_COLUMNS)
		return -1;
	for (; *p >= '0' && *p <= '9' && r < 100000000; p++)
		r = r * 10 + (*p - '0');
	if (r < 1 || (*p != '\0' && *p != ':'))
		return -1;
	*column = (int)c - 1;
	*row = (int)r;
	return 0;
}

void xlsx_cells_init(struct xlsx_cells *c, struct sheet_store *store,
		     const struct xlsx_formats *formats, bool system_1904, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->part.err = e;
	c->store = store;
	c->formats = formats;
	c->system_1904 = system_1904;
	buf_init(&c->text, store->limits->max_cell + 1);
}

void xlsx_cells_clear(struct xlsx_cells *c)
{
	buf_free(&c->text);
}

static void xlsx_cells_broken(struct xlsx_cells *c, const char *what)
{
	(void)err_set(c->part.err, EX_DATAERR,
		      "tệp .xlsx bị hỏng (%s, gần dòng %d): hãy mở bằng Excel rồi lưu lại",
		      what, c->row);
	xlsx_part_fail(&c->part);
}

static void xlsx_cells_row(struct xlsx_cells *c, const char **atts)
{
	const char *r = xlsx_attribute(atts, "r");
	long number = r == NULL ? c->row + 1L : strtol(r, NULL, 10);

	c->column = -1;
	c->opened = false;
	if (number <= c->row || number > 100000000) {
		xlsx_cells_broken(c, "số dòng vô lý");
		return;
	}
	c->row = (int)number;
}

static enum xlsx_cell_type xlsx_cells_type(const char *t)
{
	static const char *const types[] = {"n", "s", "str", "inlineStr", "b", "e"};

	/* Nearly all of them. */
	if (t[0] == 's' && t[1] == '\0')
		return XLSX_SHARED;
	if (t[0] == 'i' && strcmp(t, types[XLSX_INLINE]) == 0)
		return XLSX_INLINE;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(t, types[i]) == 0)
			return (enum xlsx_cell_type)i;
	}
	return strcmp(t, "d") == 0 ? XLSX_STRING : XLSX_NUMBER;
}

static void xlsx_cells_cell(struct xlsx_cells *c, const char **atts)
{
	const char *ref = NULL;
	long style = 0;
	int row = c->row;

	c->type = XLSX_NUMBER;
	for (; *atts != NULL; atts += 2) {
		if (atts[0][0] == '\0' || atts[0][1] != '\0')
			continue;
		if (atts[0][0] == 'r')
			ref = atts[1];
		else if (atts[0][0] == 't')
			c->type = xlsx_cells_type(atts[1]);
		else if (atts[0][0] == 's')
			style = strtol(atts[1], NULL, 10);
	}
	if (ref == NULL && c->column < XLSX_MAX_COLUMNS) {
		c->column++;
	} else if (ref == NULL || xlsx_reference(ref, &c->column, &row) < 0 || row != c->row) {
		xlsx_cells_broken(c, "tên ô vô lý");
		return;
	}
	c->date = style >= 0 && (size_t)style < c->formats->n_dates && c->formats->dates[style];
	buf_reset(&c->text);
}

static void xlsx_cells_merge(struct xlsx_cells *c, const char **atts)
{
	struct sheet_store *s = c->store;
	const char *ref = xlsx_attribute(atts, "ref");
	const char *colon = ref == NULL ? NULL : strchr(ref, ':');
	int column, last_column, row, last_row;

	/* Only a column of several rows says something about each of them. */
	if (colon == NULL || xlsx_reference(ref, &column, &row) < 0 ||
	    xlsx_reference(colon + 1, &last_column, &last_row) < 0 || column != last_column ||
	    last_row <= row || column >= s->limits->max_columns ||
	    s->n_merges >= XLSX_MAX_MERGES)
		return;
	s->merges = mem_grow(s->merges, &s->cap_merges, s->n_merges + 1, sizeof(*s->merges));
	s->merges[s->n_merges++] =
	    (struct sheet_merge){.first = row, .last = last_row, .column = (uint16_t)column};
}

void xlsx_cells_start(void *arg, const char *name, const char **atts)
{
	struct xlsx_cells *c = arg;

	name = xlsx_local_name(name);
	/* Nearly every element is one of these three. */
	switch (name[0] != '\0' && name[1] == '\0' ? name[0] : ' ') {
	case 'c':
		xlsx_cells_cell(c, atts);
		return;
	case 'v':
		c->in_text = c->type != XLSX_INLINE;
		return;
	case 't':
		c->in_text = c->type == XLSX_INLINE && c->phonetic == 0;
		return;
	default:
		break;
	}
	if (strcmp(name, "row") == 0)
		xlsx_cells_row(c, atts);
	else if (strcmp(name, "rPh") == 0)
		c->phonetic++;
	else if (strcmp(name, "mergeCell") == 0)
		xlsx_cells_merge(c, atts);
}

/* Nearly every number is one that a person reads as it stands: some figures, no zero before them. */
static bool xlsx_is_plain_count(const char *raw, size_t n)
{
	return n > 0 && n <= 15 && strspn(raw, "0123456789") == n && (n == 1 || raw[0] != '0');
}

/* A number: its raw form, and as a person reads it. Anything else in such a cell is text. */
static int xlsx_cells_number(struct xlsx_cells *c, struct sheet_cell *cell)
{
	char text[400], *end;
	const char *raw = buf_text(&c->text);
	double v;

	if (sheet_store_text(c->store, raw, c->text.len, &cell->raw, c->part.err) < 0)
		return -1;
	cell->at = cell->raw;
	if (!c->date && xlsx_is_plain_count(raw, c->text.len)) {
		cell->kind = CELL_NUMBER;
		return 0;
	}
	v = strtod(raw, &end);
	if (*end != '\0' || strspn(raw, "0123456789+-.eE") != c->text.len || v > 1e300 ||
	    v < -1e300) {
		cell->kind = CELL_TEXT;
		return 0;
	}
	cell->kind = CELL_NUMBER;
	cell->date = c->date && v >= 0 && v < XLSX_LAST_SERIAL;
	if (cell->date)
		sheet_date_text(v, c->system_1904, text);
	else
		sheet_number_text(v, text);
	if (strcmp(text, raw) == 0)
		return 0;
	return sheet_store_text(c->store, text, strlen(text), &cell->at, c->part.err);
}

static int xlsx_cells_value(struct xlsx_cells *c, struct sheet_cell *cell)
{
	const char *text = buf_text(&c->text);
	unsigned long index;

	switch (c->type) {
	case XLSX_NUMBER:
		return xlsx_cells_number(c, cell);
	case XLSX_SHARED:
		index = strtoul(text, NULL, 10);
		if (index >= c->store->n_shared) {
			xlsx_cells_broken(c, "chuỗi chung không có");
			return -1;
		}
		cell->kind = CELL_TEXT;
		cell->shared = true;
		cell->at = (uint32_t)index;
		return 0;
	case XLSX_BOOL:
		cell->kind = CELL_BOOL;
		text = strcmp(text, "0") == 0 ? "FALSE" : "TRUE";
		break;
	case XLSX_ERROR:
		cell->kind = CELL_ERROR;
		break;
	default:
		cell->kind = CELL_TEXT;
		if (xlsx_store_text(c->store, &c->text, &cell->raw, c->part.err) < 0)
			return -1;
		cell->at = cell->raw;
		return 0;
	}
	if (sheet_store_text(c->store, text, strlen(text), &cell->raw, c->part.err) < 0)
		return -1;
	cell->at = cell->raw;
	return 0;
}

static void xlsx_cells_close(struct xlsx_cells *c)
{
	struct sheet_cell cell = {.column = (uint16_t)c->column};

	/* A stopped parser still hands over what it had in its hands. */
	if (c->text.len == 0 || c->part.failed)
		return;
	if (!c->opened && sheet_store_line(c->store, c->row, c->part.err) < 0) {
		xlsx_part_fail(&c->part);
		return;
	}
	c->opened = true;
	if (xlsx_cells_value(c, &cell) < 0 ||
	    sheet_store_cell(c->store, &cell, c->part.err) < 0)
		xlsx_part_fail(&c->part);
}

void xlsx_cells_end(void *arg, const char *name)
{
	struct xlsx_cells *c = arg;

	name = xlsx_local_name(name);
	switch (name[0] != '\0' && name[1] == '\0' ? name[0] : ' ') {
	case 'c':
		xlsx_cells_close(c);
		return;
	case 'v':
	case 't':
		c->in_text = false;
		return;
	default:
		if (strcmp(name, "rPh") == 0)
			c->phonetic--;
	}
}

void xlsx_cells_chars(void *arg, const char *p, int n)
{
	struct xlsx_cells *c = arg;

	if (c->in_text)
		xlsx_add_chars(&c->text, p, n);
}
