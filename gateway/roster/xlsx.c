/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an xlsx that a list needs (ECMA-376 part 1, chapter 18): the
 * package's relations, the workbook, number formats, shared strings and one
 * worksheet, each streamed from the zip through expat. */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/buf.h"
#include "base/mem.h"
#include "roster/ahead.h"
#include "roster/sheet_store.h"
#include "roster/xlsx_cells.h"

#define XLSX_MAX_ENTRIES    4096
#define XLSX_MAX_WORKSHEETS 256
#define XLSX_LARGE	    ((size_t)1 << 20) /* bytes unpacked */
#define XLSX_BROKEN	    "tệp .xlsx bị cắt cụt hoặc bị hỏng (%s): hãy mở bằng Excel rồi lưu lại"

struct xlsx_worksheet {
	char *name, *relation;
	char *path; /* NULL: a chart */
	bool hidden;
};

struct xlsx {
	zip_t *zip;
	struct sheet *sheet;
	size_t unpacked; /* of all parts so far */
	char *workbook, *strings, *styles;
	struct xlsx_worksheet *worksheets;
	size_t n_worksheets, cap_worksheets;
	struct xlsx_formats formats;
};

/* ---- one part through expat ----------------------------------------------------------------- */

const char *xlsx_local_name(const char *name)
{
	const char *colon;

	/* Nearly all of them, "c", "v", "r": */
	if (name[0] == '\0' || name[1] == '\0')
		return name;
	colon = strrchr(name, ':');
	return colon == NULL ? name : colon + 1;
}

const char *xlsx_attribute(const char *const *atts, const char *name)
{
	for (; *atts != NULL; atts += 2) {
		if (strcmp(xlsx_local_name(atts[0]), name) == 0)
			return atts[1];
	}
	return NULL;
}

void xlsx_part_fail(struct xlsx_part *part)
{
	part->failed = true;
	(void)XML_StopParser(part->parser, XML_FALSE);
}

/* Entities can only be declared in a DOCTYPE, and no spreadsheet has one. */
static void xlsx_on_doctype(void *arg, const char *name, const char *system_id,
			    const char *public_id, int subset)
{
	struct xlsx_part *part = arg;

	(void)name;
	(void)system_id;
	(void)public_id;
	(void)subset;
	(void)err_set(part->err, EX_DATAERR,
		      "tệp .xlsx có khai báo DOCTYPE, không bảng tính nào cần đến: không đọc");
	xlsx_part_fail(part);
}

/* -1, with the error of the handler that stopped the parser or else of the file. */
static int xlsx_broken(const struct xlsx_part *part, const char *name)
{
	return part->failed ? -1 : err_set(part->err, EX_DATAERR, XLSX_BROKEN, name);
}

/* A piece of a part as it comes out of the zip. */
struct xlsx_chunk {
	zip_int64_t n; /* -1 = it could not be had */
	char bytes[32768];
};

static bool xlsx_chunk_fill(void *file, void *slot)
{
	struct xlsx_chunk *c = slot;

	c->n = zip_fread(file, c->bytes, sizeof(c->bytes));
	return c->n != 0;
}

/* Unpacks and parses, the one ahead of the other in a part that is large by its own account. */
static int xlsx_inflate(struct xlsx *x, zip_file_t *file, const zip_stat_t *st,
			struct xlsx_part *part)
{
	const struct sheet_limits *limits = x->sheet->store->limits;
	const struct ahead_work work = {.arg = file,
					.slot = sizeof(struct xlsx_chunk),
					.slots = 8,
					.fill = xlsx_chunk_fill};
	struct ahead *chunks = ahead_start(&work, st->size > XLSX_LARGE);
	const struct xlsx_chunk *c;
	size_t total = 0;
	int rc = 0;

	while (rc == 0 && (c = ahead_next(chunks)) != NULL) {
		size_t n = c->n > 0 ? (size_t)c->n : 0;

		total += n;
		x->unpacked += n;
		if (x->unpacked > limits->max_unpacked ||
		    (total > XLSX_LARGE && total / limits->max_ratio > (size_t)st->comp_size))
			rc = err_set(part->err, EX_DATAERR,
				     "tệp .xlsx bung ra quá lớn so với kích thước thật: không "
				     "phải là danh sách, không đọc");
		else if (c->n < 0 ||
			 XML_Parse(part->parser, c->bytes, (int)n, 0) != XML_STATUS_OK)
			rc = xlsx_broken(part, st->name);
	}
	ahead_end(chunks);
	if (rc == 0 && XML_Parse(part->parser, "", 0, 1) != XML_STATUS_OK)
		rc = xlsx_broken(part, st->name);
	return rc;
}

/* Runs a part through its handlers. 1, 0 when the package has no such part, -1 with part->err. */
static int xlsx_parse(struct xlsx *x, const char *path, struct xlsx_part *part,
		      XML_StartElementHandler start, XML_EndElementHandler end,
		      XML_CharacterDataHandler chars)
{
	zip_file_t *file = NULL;
	zip_stat_t st;
	int rc = -1;

	if (zip_stat(x->zip, path, ZIP_FL_NOCASE, &st) < 0)
		return 0;
	file = zip_fopen_index(x->zip, st.index, 0);
	if (file == NULL)
		return err_set(part->err, EX_DATAERR, XLSX_BROKEN, path);
	part->parser = XML_ParserCreate(NULL);
	if (part->parser == NULL)
		abort();
	XML_SetUserData(part->parser, part);
	XML_SetElementHandler(part->parser, start, end);
	XML_SetCharacterDataHandler(part->parser, chars);
	XML_SetStartDoctypeDeclHandler(part->parser, xlsx_on_doctype);
	if (xlsx_inflate(x, file, &st, part) == 0)
		rc = 1;
	XML_ParserFree(part->parser);
	part->parser = NULL;
	(void)zip_fclose(file);
	return rc;
}

/* ---- relations --------------------------------------------------------------------------------- */

struct xlsx_relations {
	struct xlsx_part part;
	struct xlsx *x;
	const char *base; /* the part they belong to: targets are relative to its folder */
};

/* "xl/workbook.xml" and "worksheets/sheet1.xml" make "xl/worksheets/sheet1.xml". */
static char *xlsx_resolve(const char *base, const char *target)
{
	const char *slash = strrchr(base, '/');
	size_t dir = slash == NULL ? 0 : (size_t)(slash - base);

	if (*target == '/')
		return mem_strdup(target + 1);
	while (strncmp(target, "../", 3) == 0 || strncmp(target, "./", 2) == 0) {
		if (target[1] == '.') {
			while (dir > 0 && base[--dir] != '/')
				;
			target++;
		}
		target += 2;
	}
	return mem_printf("%.*s%s%s", (int)dir, base, dir > 0 ? "/" : "", target);
}

static bool xlsx_type_is(const char *type, const char *kind)
{
	const char *slash = strrchr(type, '/');

	return slash != NULL && strcmp(slash + 1, kind) == 0;
}

static void xlsx_keep(char **where, char *value)
{
	free(*where);
	*where = value;
}

static void xlsx_on_relation(void *arg, const char *name, const char **atts)
{
	struct xlsx_relations *r = arg;
	const char *type = xlsx_attribute(atts, "Type");
	const char *target = xlsx_attribute(atts, "Target");
	const char *id = xlsx_attribute(atts, "Id");
	struct xlsx *x = r->x;

	if (strcmp(xlsx_local_name(name), "Relationship") != 0 || type == NULL ||
	    target == NULL || id == NULL)
		return;
	if (xlsx_type_is(type, "officeDocument"))
		xlsx_keep(&x->workbook, xlsx_resolve(r->base, target));
	else if (xlsx_type_is(type, "sharedStrings"))
		xlsx_keep(&x->strings, xlsx_resolve(r->base, target));
	else if (xlsx_type_is(type, "styles"))
		xlsx_keep(&x->styles, xlsx_resolve(r->base, target));
	else if (xlsx_type_is(type, "worksheet")) {
		for (size_t i = 0; i < x->n_worksheets; i++) {
			if (strcmp(x->worksheets[i].relation, id) == 0)
				xlsx_keep(&x->worksheets[i].path,
					  xlsx_resolve(r->base, target));
		}
	}
}

static int xlsx_read_relations(struct xlsx *x, const char *of, struct err *e)
{
	struct xlsx_relations r = {.part = {.err = e}, .x = x, .base = of};
	const char *slash = strrchr(of, '/');
	int dir = slash == NULL ? 0 : (int)(slash - of) + 1;
	char *path = mem_printf("%.*s_rels/%s.rels", dir, of, of + dir);
	int rc = xlsx_parse(x, path, &r.part, xlsx_on_relation, NULL, NULL);

	free(path);
	return rc;
}

/* ---- workbook ----------------------------------------------------------------------------------- */

struct xlsx_workbook {
	struct xlsx_part part;
	struct xlsx *x;
};

static void xlsx_on_workbook(void *arg, const char *name, const char **atts)
{
	struct xlsx_workbook *w = arg;
	struct xlsx *x = w->x;
	const char *id = xlsx_attribute(atts, "id"), *v;
	struct xlsx_worksheet *ws;

	name = xlsx_local_name(name);
	if (strcmp(name, "workbookPr") == 0) {
		v = xlsx_attribute(atts, "date1904");
		x->sheet->system_1904 =
		    v != NULL && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
	} else if (strcmp(name, "sheet") == 0 && id != NULL &&
		   x->n_worksheets < XLSX_MAX_WORKSHEETS) {
		x->worksheets = mem_grow(x->worksheets, &x->cap_worksheets, x->n_worksheets + 1,
					 sizeof(*x->worksheets));
		ws = &x->worksheets[x->n_worksheets++];
		memset(ws, 0, sizeof(*ws));
		v = xlsx_attribute(atts, "name");
		ws->name = mem_strdup(v == NULL ? "" : v);
		ws->relation = mem_strdup(id);
		v = xlsx_attribute(atts, "state");
		ws->hidden = v != NULL && strcmp(v, "visible") != 0;
	}
}

/* What a zip without a workbook is. */
static int xlsx_not_a_workbook(struct xlsx *x, struct err *e)
{
	static const struct {
		const char *part, *say;
	} known[] = {
	    {"content.xml", "tệp .ods của LibreOffice: hãy lưu thành .xlsx"},
	    {"xl/workbook.bin", "tệp .xlsb: hãy mở bằng Excel rồi lưu thành .xlsx"},
	    {"word/document.xml", "đây là văn bản Word: hãy chép bảng sang Excel rồi lưu thành "
				  ".xlsx"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (zip_name_locate(x->zip, known[i].part, 0) >= 0)
			return err_set(e, EX_DATAERR, "%s", known[i].say);
	}
	return err_set(e, EX_DATAERR,
		       "đây là tệp nén, không phải bảng tính: hãy giải nén rồi nhập tệp .xlsx "
		       "hoặc .csv bên trong");
}

static int xlsx_read_workbook(struct xlsx *x, struct err *e)
{
	struct xlsx_workbook w = {.part = {.err = e}, .x = x};
	size_t kept = 0;

	if (xlsx_read_relations(x, "", e) < 0)
		return -1;
	if (x->workbook == NULL || strstr(x->workbook, ".xml") == NULL ||
	    zip_name_locate(x->zip, x->workbook, ZIP_FL_NOCASE) < 0)
		return xlsx_not_a_workbook(x, e);
	if (xlsx_parse(x, x->workbook, &w.part, xlsx_on_workbook, NULL, NULL) < 0)
		return -1;
	if (x->n_worksheets == 0)
		return xlsx_not_a_workbook(x, e);
	if (xlsx_read_relations(x, x->workbook, e) < 0)
		return -1;
	/* Charts go; the visible come before the hidden. */
	for (int hidden = 0; hidden < 2; hidden++) {
		for (size_t i = kept; i < x->n_worksheets; i++) {
			struct xlsx_worksheet ws = x->worksheets[i];

			if (ws.path == NULL || ws.hidden != hidden)
				continue;
			memmove(&x->worksheets[kept + 1], &x->worksheets[kept],
				(i - kept) * sizeof(ws));
			x->worksheets[kept++] = ws;
		}
	}
	x->sheet->n_worksheets = (int)kept;
	if (kept == 0)
		return err_set(e, EX_DATAERR, "tệp .xlsx không có trang tính nào");
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static int xlsx_read_worksheet(struct xlsx *x, int index, struct err *e)
{
	struct sheet_store *s = x->sheet->store;
	struct xlsx_cells c;
	int rc;

	s->n_lines = s->n_merges = 0;
	xlsx_cells_init(&c, s, &x->formats, x->sheet->system_1904, e);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a workbook without any was refused */
	rc = xlsx_parse(x, x->worksheets[index].path, &c.part, xlsx_cells_start, xlsx_cells_end,
			xlsx_cells_chars);
	xlsx_cells_clear(&c);
	if (rc == 0)
		return err_set(e, EX_DATAERR, XLSX_BROKEN, x->worksheets[index].path);
	return rc < 0 ? -1 : 0;
}

static int xlsx_read_parts(struct xlsx *x, int worksheet, struct err *e)
{
	struct sheet *sheet = x->sheet;
	struct xlsx_strings strings;
	struct xlsx_styles styles = {.part = {.err = e}, .formats = &x->formats};
	int rc, i = worksheet < 0 ? 0 : worksheet;

	if (xlsx_read_workbook(x, e) < 0)
		return -1;
	if (worksheet >= sheet->n_worksheets)
		return err_set(e, EX_DATAERR, "tệp chỉ có %d trang tính", sheet->n_worksheets);
	if (x->styles != NULL && xlsx_parse(x, x->styles, &styles.part, xlsx_styles_start,
					    xlsx_styles_end, NULL) < 0)
		return -1;
	if (x->strings != NULL) {
		xlsx_strings_init(&strings, sheet->store, e);
		rc = xlsx_parse(x, x->strings, &strings.part, xlsx_strings_start,
				xlsx_strings_end, xlsx_strings_chars);
		xlsx_strings_clear(&strings);
		if (rc < 0)
			return -1;
	}
	for (;; i++) {
		if (xlsx_read_worksheet(x, i, e) < 0)
			return -1;
		if (sheet->store->n_cells > 0 || worksheet >= 0 || i + 1 == sheet->n_worksheets)
			break;
	}
	sheet->name = mem_strdup(x->worksheets[i].name);
	return 0;
}

static void xlsx_clear(struct xlsx *x)
{
	if (x->zip != NULL)
		zip_discard(x->zip);
	for (size_t i = 0; i < x->n_worksheets; i++) {
		free(x->worksheets[i].name);
		free(x->worksheets[i].relation);
		free(x->worksheets[i].path);
	}
	free(x->worksheets);
	free(x->workbook);
	free(x->strings);
	free(x->styles);
	xlsx_formats_clear(&x->formats);
}

int sheet_xlsx_read(const char *path, int worksheet, struct sheet *s, struct err *e)
{
	struct xlsx x = {.sheet = s};
	int code = 0, rc = -1;

	x.zip = zip_open(path, ZIP_RDONLY, &code);
	if (x.zip == NULL) {
		(void)err_set(e, EX_DATAERR, XLSX_BROKEN, "không mở được");
		goto out;
	}
	if (zip_get_num_entries(x.zip, 0) > XLSX_MAX_ENTRIES) {
		(void)err_set(e, EX_DATAERR, "tệp .xlsx có quá nhiều phần: không đọc");
		goto out;
	}
	rc = xlsx_read_parts(&x, worksheet, e);
out:
	xlsx_clear(&x);
	return rc;
}
