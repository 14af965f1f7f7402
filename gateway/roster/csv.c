/* SPDX-License-Identifier: Apache-2.0 */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "roster/sheet_store.h"
#include "text/vi.h"

#define CSV_CHUNK ((size_t)64 << 10)
/* What the delimiter is judged by. */
#define CSV_SAMPLE_LINES 64

/* How many of one delimiter stand outside quotes in each of the first lines. */
struct csv_tally {
	int counts[CSV_SAMPLE_LINES];
	int n;
};

static void csv_tally(const char *p, size_t len, char delimiter, struct csv_tally *t)
{
	bool quoted = false;
	int count = 0;

	t->n = 0;
	for (size_t i = 0; i <= len && t->n < CSV_SAMPLE_LINES; i++) {
		if (i == len || (!quoted && p[i] == '\n')) {
			t->counts[t->n++] = count;
			count = 0;
			quoted = false;
		} else if (p[i] == '"') {
			quoted = !quoted;
		} else if (p[i] == delimiter && !quoted) {
			count++;
		}
	}
}

/* The delimiter that stands most often equally often in a line: title lines have few, commas inside
 * texts come irregularly. */
static char csv_delimiter(const char *p, size_t len)
{
	static const char candidates[] = {',', ';', '\t', '|'};
	char best = ',';
	long best_score = 0;

	for (size_t c = 0; c < sizeof(candidates); c++) {
		struct csv_tally t;
		long score = 0;

		csv_tally(p, len, candidates[c], &t);
		for (int i = 0; i < t.n; i++) {
			long same = 0;

			for (int k = 0; k < t.n; k++)
				same += t.counts[k] == t.counts[i];
			if (same * t.counts[i] > score)
				score = same * t.counts[i];
		}
		if (score > best_score) {
			best_score = score;
			best = candidates[c];
		}
	}
	return best;
}

struct csv_reading {
	struct sheet *sheet;
	struct err *err;
	bool failed;
	int number; /* of the record under way */
	int column;
	bool opened;
	int ended_by; /* the byte that ended the record before, 0 when another field came since */
};

/* Bytes of a legacy encoding as CP1252 shows them: unlike the bytes, this can be kept as UTF-8. */
static void csv_as_cp1252(const unsigned char *p, size_t n, char *out, size_t *len)
{
	static const uint16_t high[32] = {
	    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
	    0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
	    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	    0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

	*len = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t cp = p[i] >= 0x80 && p[i] < 0xa0 ? high[p[i] - 0x80] : p[i];

		*len += vi_utf8_put(cp, out + *len);
	}
}

static bool csv_is_plain(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] < ' ' || p[i] > 0x7e)
			return false;
	}
	return true;
}

static int csv_put(struct csv_reading *r, const void *data, size_t n)
{
	struct sheet_store *s = r->sheet->store;
	enum encoding enc = r->sheet->encoding.encoding;
	struct sheet_cell c = {.column = (uint16_t)r->column, .kind = CELL_TEXT};
	char *made;
	size_t len;
	int rc;

	if (!r->opened && sheet_store_line(s, r->number, r->err) < 0)
		return -1;
	r->opened = true;
	if (r->sheet->encoding.mojibake || enc <= ENCODING_UTF16BE || csv_is_plain(data, n)) {
		if (sheet_store_text(s, data, n, &c.raw, r->err) < 0)
			return -1;
		c.at = c.raw;
		return sheet_store_cell(s, &c, r->err);
	}
	made = encoding_decode(enc, data, n, &len);
	rc = sheet_store_text(s, made, len, &c.at, r->err);
	free(made);
	if (rc < 0)
		return -1;
	made = mem_realloc(NULL, n, 4);
	csv_as_cp1252(data, n, made, &len);
	rc = sheet_store_text(s, made, len, &c.raw, r->err);
	free(made);
	return rc < 0 ? -1 : sheet_store_cell(s, &c, r->err);
}

static void csv_on_field(void *data, size_t n, void *arg)
{
	struct csv_reading *r = arg;

	r->ended_by = 0;
	if (r->failed)
		return;
	/* A line of thousands of delimiters is no list; empty cells beyond the limit do no harm. */
	if (n > 0 && csv_put(r, data, n) < 0)
		r->failed = true;
	if (r->column < UINT16_MAX)
		r->column++;
}

static void csv_on_record(int c, void *arg)
{
	struct csv_reading *r = arg;

	/* The LF of a CR LF ends no second record. */
	if (c == '\n' && r->ended_by == '\r') {
		r->ended_by = 0;
		return;
	}
	r->ended_by = c;
	r->number++;
	r->column = 0;
	r->opened = false;
}

int sheet_csv_read(char *bytes, size_t len, struct sheet *s, struct err *e)
{
	struct csv_reading r = {.sheet = s, .err = e, .number = 1};
	struct csv_parser p;
	int rc = -1;

	/* Excel's own way of naming the delimiter; no row of the list. */
	if (len >= 6 && strncasecmp(bytes, "sep=", 4) == 0 &&
	    (bytes[5] == '\r' || bytes[5] == '\n')) {
		size_t skip = bytes[5] == '\r' && bytes[6] == '\n' ? 7 : 6;

		s->delimiter = bytes[4];
		bytes += skip;
		len -= skip;
	} else {
		s->delimiter = csv_delimiter(bytes, len);
	}
	if (csv_init(&p, CSV_REPALL_NL) != 0)
		return err_set(e, EX_SOFTWARE, "libcsv does not start");
	csv_set_delim(&p, (unsigned char)s->delimiter);
	csv_set_realloc_func(&p, realloc);
	csv_set_blk_size(&p, CSV_CHUNK);
	for (size_t at = 0; at < len && !r.failed; at += CSV_CHUNK) {
		size_t n = len - at < CSV_CHUNK ? len - at : CSV_CHUNK;

		if (csv_parse(&p, bytes + at, n, csv_on_field, csv_on_record, &r) != n) {
			(void)err_set(e, EX_DATAERR, "tệp csv bị hỏng ở dòng %d", r.number);
			goto out;
		}
	}
	if (r.failed)
		goto out;
	(void)csv_set_opts(&p, CSV_STRICT | CSV_STRICT_FINI);
	if (csv_fini(&p, csv_on_field, csv_on_record, &r) != 0) {
		(void)err_set(
		    e, EX_DATAERR,
		    "dòng %d có dấu ngoặc kép mở ra mà không đóng lại: tệp bị cắt cụt "
		    "hoặc thiếu dấu \"",
		    r.number);
		goto out;
	}
	if (!r.failed)
		rc = 0;
out:
	csv_free(&p);
	return rc;
}
