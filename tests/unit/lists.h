/* SPDX-License-Identifier: Apache-2.0 */
/* The invented lists under tests/data/my-phu-dong in all the clothes that lists come in, and a house to
 * import them into: the shipped programmes, a real store in a folder of its own. */
#ifndef MOIDAN_TESTS_LISTS_H
#define MOIDAN_TESTS_LISTS_H

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utf8proc.h>
#include <xlsxwriter.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "roster/roster.h"
#include "text/phone.h"
#include "text/vi.h"
#include "vectors.h"

#define LISTS	   TESTS_DIR "/data/my-phu-dong/"
#define HOUSEHOLDS 1157

struct lists_home {
	char dir[64];
	struct store *st;
	struct programme *p;
	struct err e;
};

static inline struct lists_home *lists_open(const char *programme)
{
	struct lists_home *h = mem_calloc(1, sizeof(*h));
	char *db;

	clock_set_virtual(INT64_C(1686200000000)); /* 08/06/2023 */
	(void)snprintf(h->dir, sizeof(h->dir), "/tmp/moidan-lists-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	db = mem_printf("%s/moidan.db", h->dir);
	if (store_open(db, STORE_WRITER, &h->st, &h->e) < 0)
		fail_msg("%s", h->e.text);
	free(db);
	h->p = programme_load(SOURCE_DIR "/config", programme, &h->e);
	if (h->p == NULL)
		fail_msg("%s", h->e.text);
	return h;
}

static inline int lists_remove(const char *path, const struct stat *sb, int type,
			       struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void lists_close(struct lists_home *h)
{
	store_close(h->st);
	programme_free(h->p);
	(void)nftw(h->dir, lists_remove, 8, FTW_DEPTH | FTW_PHYS);
	clock_set_real();
	free(h);
}

/* Yours to free(). */
static inline char *lists_path(const struct lists_home *h, const char *name)
{
	return mem_printf("%s/%s", h->dir, name);
}

static inline void lists_write(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wbe");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static inline struct roster_options lists_options(void)
{
	return (struct roster_options){
	    .who = "test", .unit_kind = "ấp", .this_year = 2023, .list_year = 2023};
}

/* Imports path, which must go well. out is yours to clear. */
static inline void lists_import(struct lists_home *h, const char *path,
				const struct roster_options *o, struct roster_result *out)
{
	err_clear(&h->e);
	if (roster_import(h->st, h->p, path, o, out, &h->e) < 0)
		fail_msg("%s: %s", path, h->e.text);
}

/* Imports path, which must be refused as bad data with something said that holds `says`. */
static inline void lists_refuse(struct lists_home *h, const char *path, const char *says)
{
	struct roster_options o = lists_options();
	struct roster_result r;

	err_clear(&h->e);
	if (roster_import(h->st, h->p, path, &o, &r, &h->e) == 0)
		fail_msg("%s was taken: %d rows", path, r.rows);
	if (h->e.code != EX_DATAERR || strstr(h->e.text, says) == NULL)
		fail_msg("%s: code %d: %s", path, h->e.code, h->e.text);
	roster_result_free(&r);
}

/* ---- what the store holds --------------------------------------------------------------------- */

struct lists_print {
	struct lists_home *h;
	struct buf text;
	bool with_keys;
	int rows;
	int64_t revs;
};

static inline bool lists_print_row(const struct recipient *r, void *arg)
{
	struct lists_print *p = arg;

	(void)buf_addf(&p->text,
		       "%s %s sex=%d birth=%d:%d-%d-%d unit=%" PRId64 " %s number=%" PRIu64
		       " %d/%u %s state=%d hold=%d %s\n",
		       p->with_keys ? r->key : "", r->name, r->sex, r->birth_precision,
		       r->birth_year, r->birth_month, r->birth_day, r->unit_id,
		       r->group != NULL ? r->group : "", r->number, r->phone_status,
		       r->phone_flags, r->numbers_more != NULL ? r->numbers_more : "", r->state,
		       (int)r->hold, r->facts);
	p->rows++;
	p->revs += r->rev;
	return true;
}

/* Everything that is known of everybody, as text; yours to free(). rows and revs may be NULL. */
static inline char *lists_print(struct lists_home *h, bool with_keys, int *rows, int64_t *revs)
{
	struct lists_print p = {
	    .h = h, .text = BUF_INIT((size_t)1 << 26), .with_keys = with_keys};

	if (store_recipient_scan(h->st, h->p->name, 0, SIZE_MAX, false, lists_print_row, &p,
				 &h->e) < 0)
		fail_msg("%s", h->e.text);
	if (rows != NULL)
		*rows = p.rows;
	if (revs != NULL)
		*revs = p.revs;
	return buf_take(&p.text);
}

/* Shows the first line that differs. */
static inline void lists_assert_same(const char *what, const char *got, const char *want)
{
	for (int line = 1; *got != '\0' || *want != '\0'; line++) {
		size_t a = strcspn(got, "\n"), b = strcspn(want, "\n");

		if (a != b || memcmp(got, want, a) != 0)
			fail_msg("%s, line %d:\n got  %.*s\n want %.*s", what, line, (int)a,
				 got, (int)b, want);
		got += a + (got[a] != '\0');
		want += b + (want[b] != '\0');
	}
}

/* Every household of truth.csv stands in the store with its number and its state, and nobody else. */
static inline void lists_assert_truth(struct lists_home *h)
{
	static const char *const states[] = {"none", "account", "app"};
	size_t len;
	char *truth = vectors_file("my-phu-dong/truth.csv", &len), *next = truth, *line;
	int rows = 0, stored;

	(void)strsep(&next, "\n");
	while ((line = strsep(&next, "\n")) != NULL && *line != '\0') {
		char *code = strsep(&line, ","), *phone = strsep(&line, ","), number[24] = "";
		struct recipient r = {0};

		if (store_recipient_find(h->st, "vneid", code, &r, &h->e) != 1)
			fail_msg("%s is missing", code);
		if (r.phone_status == PHONE_OK || r.phone_status == PHONE_UNKNOWN_RANGE)
			phone_format_national(r.number, number);
		if (strcmp(number, phone) != 0)
			fail_msg("%s has \"%s\", not \"%s\"", code, number, phone);
		if (strncmp(line, states[r.state], strlen(states[r.state])) != 0)
			fail_msg("%s is in state %d, not %s", code, r.state, line);
		recipient_clear(&r);
		rows++;
	}
	assert_int_equal(rows, HOUSEHOLDS);
	free(lists_print(h, true, &stored, NULL));
	assert_int_equal(stored, HOUSEHOLDS);
	free(truth);
}

/* ---- a list as cells ---------------------------------------------------------------------------- */

#define GRID_COLUMNS 11

struct grid {
	char *bytes;
	char **cells; /* GRID_COLUMNS a row; "" for none */
	int rows;
};

/* The households: row 0 is the heading. No cell of them holds a quote, a comma or a tab. */
static inline struct grid grid_households(void)
{
	struct grid g = {0};
	size_t len, cap = 0;
	char *next, *line, *file = vectors_file("my-phu-dong/ho-dan.csv", &len);

	/* some of its names have their accents apart */
	next = g.bytes = vi_nfc(file + 3);
	len = strlen(g.bytes);
	free(file);
	while ((line = strsep(&next, "\n")) != NULL && *line != '\0') {
		line[strcspn(line, "\r")] = '\0';
		g.cells = mem_grow(g.cells, &cap, (size_t)(g.rows + 1) * GRID_COLUMNS,
				   sizeof(*g.cells));
		for (int c = 0; c < GRID_COLUMNS; c++) {
			char *cell = line == NULL ? NULL : strsep(&line, ";");

			g.cells[g.rows * GRID_COLUMNS + c] =
			    cell == NULL ? g.bytes + len : cell;
		}
		g.rows++;
	}
	assert_int_equal(g.rows, HOUSEHOLDS + 1);
	return g;
}

static inline void grid_free(struct grid *g)
{
	free(g->cells);
	free(g->bytes);
}

static inline const char *grid_at(const struct grid *g, int row, int column)
{
	return g->cells[row * GRID_COLUMNS + column];
}

/* ---- encodings ---------------------------------------------------------------------------------- */

enum dress {
	DRESS_UTF8,
	DRESS_BOM,
	DRESS_NFD,
	DRESS_UTF16LE,
	DRESS_UTF16BE,
	DRESS_TCVN3,
	DRESS_VNI,
	DRESS_VISCII,
	DRESS_VPS,
	DRESS_CP1258,
	DRESS_COUNT
};

static const struct {
	const char *name;
	enum encoding encoding;
} dresses[DRESS_COUNT] = {
    {"utf-8", ENCODING_UTF8},	    {"utf-8 with a BOM", ENCODING_UTF8},
    {"nfd", ENCODING_UTF8},	    {"utf-16le", ENCODING_UTF16LE},
    {"utf-16be", ENCODING_UTF16BE}, {"tcvn3", ENCODING_TCVN3},
    {"vni", ENCODING_VNI},	    {"viscii", ENCODING_VISCII},
    {"vps", ENCODING_VPS},	    {"cp1258", ENCODING_CP1258},
};

/* Text in a legacy encoding, by the tables that came from outside. TCVN3 has no accented capitals. */
static inline void lists_legacy(const json_t *tables, enum dress d, const char *text,
				struct buf *out)
{
	size_t n;
	uint32_t cp;

	for (; *text != '\0'; text += n) {
		char letter[8] = "", *low;
		const char *hex;

		n = vi_utf8_next(text, strlen(text), &cp);
		assert_true(n > 0);
		if (cp < 0x80) {
			(void)buf_addc(out, (char)cp);
			continue;
		}
		memcpy(letter, text, n);
		hex = json_string_value(
		    json_object_get(json_object_get(tables, letter), dresses[d].name));
		if (hex == NULL) {
			low = vi_lower(letter);
			hex = json_string_value(
			    json_object_get(json_object_get(tables, low), dresses[d].name));
			free(low);
		}
		if (hex == NULL)
			fail_msg("%s has no %s", dresses[d].name, letter);
		for (; *hex != '\0'; hex += 2) {
			unsigned byte;

			assert_int_equal(sscanf(hex, "%2x", &byte), 1);
			(void)buf_addc(out, (char)byte);
		}
	}
}

static inline void lists_utf16(const char *text, bool big, struct buf *out)
{
	size_t n;
	uint32_t cp = 0xfeff;

	for (;; text += n) {
		(void)buf_addc(out, (char)(big ? cp >> 8 : cp & 0xff));
		(void)buf_addc(out, (char)(big ? cp & 0xff : cp >> 8));
		if (*text == '\0')
			return;
		n = vi_utf8_next(text, strlen(text), &cp);
		assert_true(n > 0 && cp < 0x10000);
	}
}

/* A whole text in dress d. */
static inline void lists_dress(const char *text, enum dress d, struct buf *out)
{
	json_t *tables;
	char *apart;

	switch (d) {
	case DRESS_BOM:
		(void)buf_adds(out, "\xef\xbb\xbf");
		(void)buf_adds(out, text);
		break;
	case DRESS_UTF8:
		(void)buf_adds(out, text);
		break;
	case DRESS_NFD:
		apart = (char *)utf8proc_NFD((const utf8proc_uint8_t *)text);
		(void)buf_adds(out, apart);
		free(apart);
		break;
	case DRESS_UTF16LE:
	case DRESS_UTF16BE:
		lists_utf16(text, d == DRESS_UTF16BE, out);
		break;
	default:
		tables = vectors_load("legacy_tables.json");
		lists_legacy(tables, d, text, out);
		json_decref(tables);
	}
}

/* The grid as a csv in dress d. */
static inline void grid_csv(const struct grid *g, const char *path, char delimiter,
			    const char *line_end, enum dress d)
{
	struct buf plain = BUF_INIT((size_t)1 << 24), worn = BUF_INIT((size_t)1 << 24);

	for (int r = 0; r < g->rows; r++) {
		for (int c = 0; c < GRID_COLUMNS; c++) {
			if (c > 0)
				(void)buf_addc(&plain, delimiter);
			(void)buf_adds(&plain, grid_at(g, r, c));
		}
		(void)buf_adds(&plain, line_end);
	}
	lists_dress(buf_text(&plain), d, &worn);
	lists_write(path, worn.data, worn.len);
	buf_free(&plain);
	buf_free(&worn);
}

/* Bytes as CP1252 shows them: what a legacy font's text is in an xlsx. */
static inline void lists_mojibake(const struct buf *bytes, struct buf *out)
{
	static const uint16_t high[32] = {
	    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
	    0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
	    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	    0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

	for (size_t i = 0; i < bytes->len; i++) {
		unsigned char b = (unsigned char)bytes->data[i];
		char utf8[4];
		size_t n = vi_utf8_put(b >= 0x80 && b < 0xa0 ? high[b - 0x80] : b, utf8);

		(void)buf_add(out, utf8, n);
	}
}

/* The grid as an xlsx, each text in dress d (legacy ones as mojibake). */
static inline void grid_xlsx(const struct grid *g, const char *path, enum dress d)
{
	lxw_workbook *book = workbook_new(path);
	lxw_worksheet *sheet = workbook_add_worksheet(book, "Danh sách");
	json_t *tables = vectors_load("legacy_tables.json");

	for (int r = 0; r < g->rows; r++) {
		for (int c = 0; c < GRID_COLUMNS; c++) {
			struct buf worn = BUF_INIT(1000), shown = BUF_INIT(4000);
			const char *text = grid_at(g, r, c);

			if (*text == '\0')
				continue;
			if (d >= DRESS_TCVN3) {
				lists_legacy(tables, d, text, &worn);
				lists_mojibake(&worn, &shown);
			} else {
				lists_dress(text, d, &shown);
			}
			assert_int_equal(worksheet_write_string(sheet, (lxw_row_t)r,
								(lxw_col_t)c, buf_text(&shown),
								NULL),
					 LXW_NO_ERROR);
			buf_free(&worn);
			buf_free(&shown);
		}
	}
	json_decref(tables);
	assert_int_equal(workbook_close(book), LXW_NO_ERROR);
}

#endif
