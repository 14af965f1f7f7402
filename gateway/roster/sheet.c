/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/sheet.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "roster/sheet_store.h"
#include "text/vi.h"

/* More cells than any list of people holds: 200,000 rows of 80 columns. */
#define SHEET_MAX_CELLS ((size_t)16 << 20)
/* Some 600 rows: what the encoding is judged by. */
#define SHEET_SAMPLE ((size_t)64 << 10)

const struct sheet_limits sheet_limits_default = {
    .max_file = (size_t)64 << 20,
    .max_unpacked = (size_t)1 << 30,
    .max_ratio = 200,
    .max_rows = 1048576,
    .max_columns = 256,
    .max_cell = (size_t)64 << 10,
    .max_text = (size_t)256 << 20,
};

void sheet_column_name(int index, char out[8])
{
	char back[8];
	int n = 0, at = 0;

	for (int i = index + 1; i > 0 && n < 7; i = (i - 1) / 26)
		back[n++] = (char)('A' + (i - 1) % 26);
	while (n > 0)
		out[at++] = back[--n];
	out[at] = '\0';
}

void sheet_number_text(double v, char out[400])
{
	char *end;

	if (floor(v) == v) {
		(void)snprintf(out, 400, "%.0f", v);
		return;
	}
	(void)snprintf(out, 400, "%.15g", v);
	if (strpbrk(out, "eE") == NULL)
		return;
	(void)snprintf(out, 400, "%.18f", v);
	end = out + strlen(out);
	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
}

void sheet_date_text(double serial, bool system_1904, char out[32])
{
	double day = floor(serial);
	int minute = (int)((serial - day) * 1440 + 0.5), y, m, d;
	char time[16] = "";

	if (minute == 1440) {
		minute = 0;
		day += 1;
	}
	if (minute != 0)
		(void)snprintf(time, sizeof(time), "%02d:%02d", minute / 60, minute % 60);
	if (day == 0 && time[0] != '\0') {
		(void)snprintf(out, 32, "%s", time);
		return;
	}
	/* Day 60 of the 1900 system is 29/02/1900, which never was. */
	if (!system_1904 && day == 60) {
		(void)snprintf(out, 32, "29/02/1900");
		return;
	}
	if (system_1904)
		day += 1462;
	else if (day < 60)
		day += 1;
	civil_day_split((civil_day)(day - 25569), &y, &m, &d);
	(void)snprintf(out, 32, "%02d/%02d/%04d%s%s", d, m, y, time[0] ? " " : "", time);
}

bool sheet_text_is_nfc(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		if (*p < 0x80) {
			p++;
		} else if (*p >= 0xc2 && *p <= 0xc6 && end - p >= 2 && (p[1] & 0xc0) == 0x80) {
			p += 2; /* Latin, up to U+01BF */
		} else if (*p == 0xe1 && end - p >= 3 && p[1] >= 0xb8 && p[1] <= 0xbb &&
			   (p[2] & 0xc0) == 0x80) {
			p += 3; /* Latin Extended Additional, where most of Vietnamese is */
		} else {
			return false;
		}
	}
	return true;
}

/* ---- the store ------------------------------------------------------------------------- */

int sheet_store_text(struct sheet_store *s, const char *p, size_t n, uint32_t *at,
		     struct err *e)
{
	if (n > s->limits->max_cell)
		return err_set(e, EX_DATAERR,
			       "có một ô chứa hơn %zu ký tự: đây không phải là danh sách, hoặc "
			       "một dấu ngoặc kép mở ra mà không đóng lại",
			       s->limits->max_cell);
	if (s->text_len + n + 1 > s->limits->max_text)
		return err_set(e, EX_DATAERR,
			       "danh sách quá lớn: hơn %zu MB chữ; hãy tách thành nhiều tệp",
			       s->limits->max_text >> 20);
	s->text = mem_grow(s->text, &s->text_cap, s->text_len + n + 1, 1);
	memcpy(s->text + s->text_len, p, n);
	s->text[s->text_len + n] = '\0';
	*at = (uint32_t)s->text_len;
	s->text_len += n + 1;
	return 0;
}

int sheet_store_line(struct sheet_store *s, int number, struct err *e)
{
	if (number > s->limits->max_rows)
		return err_set(e, EX_DATAERR,
			       "danh sách có hơn %d dòng; hãy tách thành nhiều tệp",
			       s->limits->max_rows);
	if (number < 1 || (s->n_lines > 0 && number <= s->lines[s->n_lines - 1].number))
		return err_set(e, EX_DATAERR,
			       "tệp bị hỏng: các dòng không theo thứ tự (dòng %d); hãy mở tệp "
			       "bằng Excel rồi lưu lại",
			       number);
	/* A line without cells leaves its place to the next. */
	if (s->n_lines > 0 && s->lines[s->n_lines - 1].first == s->n_cells)
		s->n_lines--;
	s->lines = mem_grow(s->lines, &s->cap_lines, s->n_lines + 1, sizeof(*s->lines));
	s->lines[s->n_lines++] =
	    (struct sheet_line){.number = number, .first = (uint32_t)s->n_cells};
	return 0;
}

int sheet_store_cell(struct sheet_store *s, const struct sheet_cell *c, struct err *e)
{
	if (c->column >= s->limits->max_columns)
		return err_set(e, EX_DATAERR,
			       "danh sách có hơn %d cột: hãy xóa các cột thừa ở bên phải",
			       s->limits->max_columns);
	if (s->n_cells > s->lines[s->n_lines - 1].first &&
	    s->cells[s->n_cells - 1].column >= c->column)
		return err_set(e, EX_DATAERR,
			       "tệp bị hỏng: các ô của dòng %d không theo thứ tự; hãy mở tệp "
			       "bằng Excel rồi lưu lại",
			       s->lines[s->n_lines - 1].number);
	if (s->n_cells >= SHEET_MAX_CELLS)
		return err_set(e, EX_DATAERR,
			       "danh sách có hơn %zu ô; hãy tách thành nhiều tệp",
			       SHEET_MAX_CELLS);
	s->cells = mem_grow(s->cells, &s->cap_cells, s->n_cells + 1, sizeof(*s->cells));
	s->cells[s->n_cells++] = *c;
	return 0;
}

static void sheet_store_free(struct sheet_store *s)
{
	if (s == NULL)
		return;
	free(s->text);
	free(s->cells);
	free(s->lines);
	free(s->shared);
	free(s->merges);
	free(s->row);
	free(s);
}

/* ---- text as it is meant ---------------------------------------------------------------- */

/* Bytes that are no UTF-8 in a file that is: what can be read of them, in place of what was stored. */
static int sheet_settle_raw(struct sheet_store *s, uint32_t *raw, struct err *e)
{
	const char *p = s->text + *raw;
	size_t len;
	char *made = encoding_decode(ENCODING_UTF8, p, strlen(p), &len);
	int rc = sheet_store_text(s, made, len, raw, e);

	free(made);
	return rc;
}

/* Brings one stored text into NFC, out of a legacy encoding if need be. */
static int sheet_settle_text(struct sheet_store *s, const struct encoding_guess *g,
			     uint32_t *raw, uint32_t *text, struct err *e)
{
	const char *p = s->text + *raw;
	size_t n = strlen(p), len = 0;
	char *made = NULL;
	int rc;

	*text = *raw;
	if (g->mojibake) {
		const unsigned char *q = (const unsigned char *)p;

		while (*q >= ' ' && *q < 0x7f)
			q++;
		if (*q == '\0')
			return 0;
		if (!vi_utf8_valid(p, n) && sheet_settle_raw(s, raw, e) < 0)
			return -1;
		made = encoding_unmojibake(g->encoding, s->text + *raw, &len);
	} else if (sheet_text_is_nfc(p, n)) {
		return 0;
	} else if ((made = vi_nfc(p)) != NULL) {
		len = strlen(made);
		if (strcmp(made, p) == 0) {
			free(made);
			return 0;
		}
	} else {
		rc = sheet_settle_raw(s, raw, e);
		*text = *raw;
		return rc;
	}
	rc = sheet_store_text(s, made, len, text, e);
	free(made);
	return rc;
}

static int sheet_settle(struct sheet_store *s, const struct encoding_guess *g, struct err *e)
{
	for (size_t i = 0; i < s->n_shared; i++) {
		if (sheet_settle_text(s, g, &s->shared[i].raw, &s->shared[i].text, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->n_cells; i++) {
		struct sheet_cell *c = &s->cells[i];

		if (c->kind == CELL_TEXT && !c->shared &&
		    sheet_settle_text(s, g, &c->raw, &c->at, e) < 0)
			return -1;
	}
	return 0;
}

/* The texts of a sheet, joined by newlines: what the encoding is judged by. */
static void sheet_sample(const struct sheet_store *s, struct buf *out)
{
	for (size_t i = 0; i < s->n_shared && out->len < SHEET_SAMPLE; i++) {
		(void)buf_adds(out, s->text + s->shared[i].raw);
		(void)buf_addc(out, '\n');
	}
	for (size_t i = 0; i < s->n_cells && out->len < SHEET_SAMPLE; i++) {
		if (s->cells[i].kind != CELL_TEXT || s->cells[i].shared)
			continue;
		(void)buf_adds(out, s->text + s->cells[i].raw);
		(void)buf_addc(out, '\n');
	}
}

/* ---- merged cells ------------------------------------------------------------------------ */

static int sheet_merge_compare(const void *a, const void *b)
{
	const struct sheet_merge *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Repeats the first cell of a column merged over several rows in each of them: "Tân Phú" written
 * once beside forty households means all forty. */
static int sheet_spread_merges(struct sheet_store *s, struct err *e)
{
	struct sheet_store old = *s;
	struct {
		int last;
		struct sheet_cell cell;
	} * open;
	size_t m = 0;
	int rc = 0;

	if (s->n_merges == 0 || s->n_lines == 0)
		return 0;
	qsort(s->merges, s->n_merges, sizeof(*s->merges), sheet_merge_compare);
	open = mem_calloc((size_t)s->limits->max_columns, sizeof(*open));
	s->cells = NULL;
	s->n_cells = s->cap_cells = 0;
	for (size_t i = 0; i < old.n_lines && rc == 0; i++) {
		int number = old.lines[i].number, column = 0;
		size_t at = old.lines[i].first;
		size_t end = i + 1 < old.n_lines ? old.lines[i + 1].first : old.n_cells;

		s->lines[i].first = (uint32_t)s->n_cells;
		s->n_lines = i + 1;
		for (; m < s->n_merges && s->merges[m].first <= number; m++) {
			for (size_t k = at; s->merges[m].first == number && k < end; k++) {
				if (old.cells[k].column != s->merges[m].column)
					continue;
				open[s->merges[m].column].last = s->merges[m].last;
				open[s->merges[m].column].cell = old.cells[k];
			}
		}
		for (; column < s->limits->max_columns && rc == 0; column++) {
			if (at < end && old.cells[at].column == column)
				rc = sheet_store_cell(s, &old.cells[at++], e);
			else if (open[column].last >= number)
				rc = sheet_store_cell(s, &open[column].cell, e);
		}
	}
	free(old.cells);
	free(open);
	return rc;
}

/* ---- rows --------------------------------------------------------------------------------- */

static void sheet_lay_cell(const struct sheet_store *s, const struct sheet_cell *c,
			   struct cell *out)
{
	out->kind = (enum cell_kind)c->kind;
	out->date = c->date;
	if (c->shared) {
		out->text = s->text + s->shared[c->at].text;
		out->raw = s->text + s->shared[c->at].raw;
	} else {
		out->text = s->text + c->at;
		out->raw = s->text + c->raw;
	}
	out->number = c->kind == CELL_NUMBER ? strtod(out->raw, NULL) : 0;
}

struct sheet_row sheet_row_at(const struct sheet *sheet, int index)
{
	struct sheet_store *s = sheet->store;
	const struct sheet_line *line = &s->lines[index];
	size_t end = (size_t)index + 1 < s->n_lines ? line[1].first : s->n_cells;
	struct sheet_row row = {.number = line->number};

	row.n = end > line->first ? s->cells[end - 1].column + 1 : 0;
	s->row = mem_grow(s->row, &s->cap_row, (size_t)row.n, sizeof(*s->row));
	for (int i = 0; i < row.n; i++)
		s->row[i] = (struct cell){.kind = CELL_EMPTY, .text = "", .raw = ""};
	for (size_t i = line->first; i < end; i++)
		sheet_lay_cell(s, &s->cells[i], &s->row[s->cells[i].column]);
	row.cells = s->row;
	return row;
}

/* ---- files -------------------------------------------------------------------------------- */

/* What people hand in instead of a list, told by the first bytes. */
static const char *sheet_refusal(const char *head, size_t n)
{
	static const struct {
		const char *magic;
		size_t n;
		const char *say;
	} known[] = {
	    {"\xd0\xcf\x11\xe0", 4,
	     "tệp .xls kiểu cũ hoặc có đặt mật khẩu: hãy mở bằng Excel, bỏ mật khẩu, chọn "
	     "“Lưu thành” (Save As) và lưu thành .xlsx"},
	    {"\x09\x08\x10\x00", 4,
	     "tệp .xls kiểu cũ: hãy mở bằng Excel, chọn “Lưu thành” (Save As) và lưu thành "
	     ".xlsx"},
	    {"%PDF", 4, "đây là tệp PDF: hãy dùng tệp Excel (.xlsx) hoặc .csv gốc"},
	    {"<html", 5,
	     "đây là trang web mang đuôi bảng tính: hãy mở bằng Excel rồi lưu thành .xlsx"},
	    {"<table", 6,
	     "đây là trang web mang đuôi bảng tính: hãy mở bằng Excel rồi lưu thành .xlsx"},
	    {"<!DOCTYPE", 9,
	     "đây là trang web mang đuôi bảng tính: hãy mở bằng Excel rồi lưu thành .xlsx"},
	    {"<?xml", 5, "đây là tệp XML: hãy mở bằng Excel rồi lưu thành .xlsx"},
	    {"{\\rtf", 5, "đây là văn bản Word: hãy chép bảng sang Excel rồi lưu thành .xlsx"},
	    {"Rar!", 4, "đây là tệp nén: hãy giải nén rồi nhập tệp .xlsx hoặc .csv bên trong"},
	    {"7z\xbc\xaf", 4,
	     "đây là tệp nén: hãy giải nén rồi nhập tệp .xlsx hoặc .csv bên trong"},
	    {"\x1f\x8b", 2,
	     "đây là tệp nén: hãy giải nén rồi nhập tệp .xlsx hoặc .csv bên trong"},
	    {"\x89PNG", 4, "đây là tệp ảnh: hãy dùng tệp Excel (.xlsx) hoặc .csv"},
	    {"\xff\xd8\xff", 3, "đây là tệp ảnh: hãy dùng tệp Excel (.xlsx) hoặc .csv"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (n >= known[i].n && strncasecmp(head, known[i].magic, known[i].n) == 0)
			return known[i].say;
	}
	return NULL;
}

/* The whole file. 0 or -1. Yours to free(). */
static int sheet_load(const char *path, size_t max, char **out, size_t *len, struct err *e)
{
	struct stat st;
	char *bytes = NULL;
	size_t n = 0;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)err_set(e, EX_NOINPUT, "không mở được tệp: %s", err_os(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)err_set(e, EX_NOINPUT, "%s",
			      S_ISDIR(st.st_mode) ? err_os(EISDIR)
						  : "đây không phải là một tệp");
		goto out;
	}
	if ((size_t)st.st_size > max) {
		(void)err_set(
		    e, EX_DATAERR,
		    "tệp quá lớn: %lld MB, nhiều nhất là %zu MB; hãy tách thành nhiều tệp",
		    (long long)st.st_size >> 20, max >> 20);
		goto out;
	}
	bytes = mem_realloc(NULL, (size_t)st.st_size + 1, 1);
	while (n < (size_t)st.st_size &&
	       (got = read(fd, bytes + n, (size_t)st.st_size - n)) > 0)
		n += (size_t)got;
	if (got < 0) {
		(void)err_set(e, EX_IOERR, "không đọc được tệp: %s", err_os(errno));
		free(bytes);
		bytes = NULL;
	} else {
		bytes[n] = '\0';
	}
out:
	if (fd >= 0)
		close(fd);
	*out = bytes;
	*len = n;
	return bytes == NULL ? -1 : 0;
}

/* What the caller says the encoding is. For text that is UTF-8 by its container, another encoding
 * can only be mojibake. */
static int sheet_override(const char *name, bool utf8, struct encoding_guess *g, struct err *e)
{
	enum encoding enc;

	if (name == NULL)
		return 0;
	if (encoding_from_name(name, &enc) != 1)
		return err_set(e, EX_USAGE,
			       "bảng mã “%s” không có; dùng được: utf-8, utf-16le, utf-16be, "
			       "tcvn3, vni, viscii, vps, cp1258",
			       name);
	g->encoding = utf8 && enc <= ENCODING_UTF16BE ? ENCODING_UTF8 : enc;
	g->mojibake = utf8 && enc > ENCODING_UTF16BE;
	g->sure = true;
	return 0;
}

static int sheet_read_csv(char **bytes, size_t len, const char *encoding, struct sheet *s,
			  struct err *e)
{
	struct encoding_guess *g = &s->encoding;
	char *text;
	int rc;

	*g = encoding_guess(*bytes, len < SHEET_SAMPLE ? len : SHEET_SAMPLE);
	if (sheet_override(encoding, g->mojibake, g, e) < 0)
		return -1;
	len -= (size_t)g->bom;
	memmove(*bytes, *bytes + g->bom, len + 1);
	if (g->encoding == ENCODING_UTF16LE || g->encoding == ENCODING_UTF16BE) {
		text = encoding_decode(g->encoding, *bytes, len, &len);
		free(*bytes);
		*bytes = text;
	}
	if (memchr(*bytes, 0, len) != NULL)
		return err_set(e, EX_DATAERR,
			       "đây không phải là danh sách: tệp không phải .xlsx cũng không "
			       "phải .csv");
	s->format = "csv";
	s->n_worksheets = 1;
	s->name = mem_strdup("");
	rc = sheet_csv_read(*bytes, len, s, e);
	free(*bytes);
	*bytes = NULL;
	if (rc < 0)
		return -1;
	return g->encoding <= ENCODING_UTF16BE || g->mojibake ? sheet_settle(s->store, g, e)
							      : 0;
}

static int sheet_read_xlsx(const char *path, int worksheet, const char *encoding,
			   struct sheet *s, struct err *e)
{
	struct buf sample = BUF_INIT(4 * SHEET_SAMPLE);
	int rc = -1;

	s->format = "xlsx";
	if (sheet_xlsx_read(path, worksheet, s, e) < 0)
		goto out;
	sheet_sample(s->store, &sample);
	s->encoding = encoding_guess_mojibake(buf_text(&sample), sample.len);
	if (sheet_override(encoding, true, &s->encoding, e) < 0 ||
	    sheet_settle(s->store, &s->encoding, e) < 0 || sheet_spread_merges(s->store, e) < 0)
		goto out;
	rc = 0;
out:
	buf_free(&sample);
	return rc;
}

int sheet_read(const char *path, int worksheet, const char *encoding,
	       const struct sheet_limits *limits, struct sheet *out, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL || slash[1] == '\0' ? path : slash + 1;
	const char *refusal;
	char *bytes = NULL;
	size_t len;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	out->store = mem_calloc(1, sizeof(*out->store));
	out->store->limits = limits == NULL ? &sheet_limits_default : limits;
	if (sheet_load(path, out->store->limits->max_file, &bytes, &len, e) < 0)
		goto out;
	if (len == 0) {
		(void)err_set(e, EX_DATAERR, "tệp rỗng");
		goto out;
	}
	refusal = sheet_refusal(bytes, len);
	if (refusal != NULL) {
		(void)err_set(e, EX_DATAERR, "%s", refusal);
		goto out;
	}
	if (len >= 4 && memcmp(bytes, "PK\3\4", 4) == 0) {
		free(bytes);
		bytes = NULL;
		rc = sheet_read_xlsx(path, worksheet, encoding, out, e);
	} else {
		rc = sheet_read_csv(&bytes, len, encoding, out, e);
	}
	if (rc == 0 && out->store->n_cells == 0)
		rc = err_set(e, EX_DATAERR, "không có dòng nào trong tệp");
out:
	free(bytes);
	if (rc < 0) {
		err_context(e, "“%s”", base);
		sheet_free(out);
		return -1;
	}
	if (out->store->lines[out->store->n_lines - 1].first == out->store->n_cells)
		out->store->n_lines--;
	out->n_rows = (int)out->store->n_lines;
	return 0;
}

void sheet_free(struct sheet *s)
{
	sheet_store_free(s->store);
	free(s->name);
	memset(s, 0, sizeof(*s));
}
