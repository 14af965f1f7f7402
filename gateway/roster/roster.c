/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "roster/ahead.h"
#include "roster/rejects.h"
#include "roster/row.h"
#include "roster/row_ahead.h"
#include "text/legacy.h"

/* Lines between two words about how far it is. */
#define ROSTER_TOLD 1024

/* A list found in a file. */
struct roster_list {
	struct sheet sheet;
	struct layout layout;
	const struct programme *p;
};

static void roster_list_clear(struct roster_list *list)
{
	layout_clear(&list->layout);
	sheet_free(&list->sheet);
}

/* Reads the file and finds, in the first worksheet that has one, the list that fits best. 0 or -1. */
static int roster_open(const struct programme *const *ps, size_t n, const char *path,
		       const struct roster_options *o, struct roster_list *out, struct err *e)
{
	const struct layout_hand hand = {.items = o->columns, .n = o->n_columns};
	const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	char why[512] = "", first_why[512] = "";
	int worksheets = 1;

	memset(out, 0, sizeof(*out));
	for (int w = -1; w < worksheets; w++) {
		struct err local = ERR_INIT;

		if (w >= 0 && worksheets == 1)
			break;
		if (sheet_read(path, w, o->encoding, NULL, &out->sheet, &local) < 0) {
			if (w < 0)
				return err_set(e, local.code, "%s", local.text);
			continue; /* an empty worksheet between others */
		}
		worksheets = out->sheet.n_worksheets;
		for (size_t i = 0; i < n; i++) {
			struct layout l;

			if (layout_find(&out->sheet, ps[i], &hand, &l, why) == 1 &&
			    (out->p == NULL || l.matched > out->layout.matched)) {
				layout_clear(&out->layout);
				out->layout = l;
				out->p = ps[i];
			} else {
				layout_clear(&l);
			}
			if (first_why[0] == '\0')
				memcpy(first_why, why, sizeof(why));
		}
		if (out->p != NULL)
			return 0;
		sheet_free(&out->sheet);
	}
	return err_set(e, EX_DATAERR, "“%s”: %s", base, first_why);
}

static void roster_describe(const struct roster_list *list, struct roster_result *out)
{
	const struct layout *l = &list->layout;
	int first = sheet_row_at(&list->sheet, l->heading).number;

	(void)snprintf(out->encoding, sizeof(out->encoding), "%s",
		       encoding_name(list->sheet.encoding.encoding));
	(void)snprintf(out->format, sizeof(out->format), "%s", list->sheet.format);
	if (l->heading_rows == 1)
		(void)snprintf(out->heading_rows, sizeof(out->heading_rows), "%d", first);
	else
		(void)snprintf(out->heading_rows, sizeof(out->heading_rows), "%d-%d", first,
			       sheet_row_at(&list->sheet, l->heading + 1).number);
}

/* An encoding that was guessed and may be wrong: the officer is shown what came out. */
static void roster_doubt(struct row_reader *rd)
{
	const struct sheet *s = rd->sheet;
	const struct layout *l = rd->l;
	struct buf names = BUF_INIT(300);
	struct sheet_row row = {0};

	if (s->encoding.sure || rd->o->encoding != NULL)
		return;
	for (int i = l->heading + l->heading_rows, seen = 0; i < s->n_rows && seen < 5; i++) {
		row = sheet_row_at(s, i);
		if (layout_cell(l, &row, COLUMN_NAME)->text[0] == '\0')
			continue;
		(void)buf_addf(&names, "%s%s", seen++ > 0 ? "; " : "",
			       layout_cell(l, &row, COLUMN_NAME)->text);
	}
	row = sheet_row_at(s, l->heading);
	row_note(
	    rd, &row, -1, "",
	    "bảng mã đoán là %s nhưng chưa chắc: xem vài tên sau đây, nếu sai thì nhập lại "
	    "với --encoding: %s",
	    encoding_name(s->encoding.encoding), buf_text(&names));
	buf_free(&names);
}

/* The wrong list under the right command is the mistake that costs most. */
static void roster_suspect(struct row_reader *rd)
{
	struct sheet_row row = sheet_row_at(rd->sheet, rd->l->heading);
	const struct programme *better = NULL;
	int most = rd->l->matched;
	char why[512];

	for (size_t i = 0; i < rd->o->n_others; i++) {
		const struct programme *p = rd->o->others[i];
		struct layout l;

		if (p != rd->p && layout_find(rd->sheet, p, NULL, &l, why) == 1 &&
		    l.matched > most) {
			most = l.matched;
			better = p;
		}
		if (p != rd->p)
			layout_clear(&l);
	}
	if (better != NULL)
		row_note(rd, &row, -1, "",
			 "danh sách này giống “%s” (%s) hơn: khớp %d cột, với “%s” chỉ %d cột; xem "
			 "lại có nhập nhầm không",
			 better->title, better->name, most, rd->p->title, rd->l->matched);
}

/* The heading over a column, the lower of two. */
static const char *roster_heading(const struct row_reader *rd, int column)
{
	const struct layout *l = rd->l;

	for (int i = l->heading_rows - 1; i >= 0; i--) {
		struct sheet_row row = sheet_row_at(rd->sheet, l->heading + i);

		if (column < row.n && row.cells[column].text[0] != '\0')
			return row.cells[column].text;
	}
	return "";
}

/* A column that no spelling knows is left out in silence: the numbers of a whole list, say. */
static void roster_left_out(struct row_reader *rd)
{
	const struct programme_column *c = rd->p->columns.items;
	struct sheet_row row = sheet_row_at(rd->sheet, rd->l->heading);
	struct buf unused = BUF_INIT(600);

	for (int i = 0; i < rd->l->n; i++) {
		const char *text = roster_heading(rd, i);

		if (rd->l->of[i] < 0 && *text != '\0' && buf_fit(text, 60) == (int)strlen(text))
			(void)buf_addf(&unused, "%s“%s”", unused.len > 0 ? ", " : "", text);
	}
	rd->out->unused = mem_strdup(buf_text(&unused));
	buf_free(&unused);
	for (size_t i = 0; rd->l->at[COLUMN_PHONE] < 0 && i < rd->p->columns.n; i++) {
		if (c[i].field == COLUMN_PHONE)
			row_note(rd, &row, -1, "",
				 "không thấy cột số điện thoại: không nhắn tin được cho ai trong "
				 "danh sách này; nếu một cột không dùng đến là số điện thoại thì "
				 "ghép bằng tay cột ấy với “%s”",
				 ((char **)c[i].spellings.items)[0]);
	}
}

static void roster_finish(const struct row_reader *rd)
{
	rd->out->total_stated = rd->walk.total >= 0 ? rd->walk.total : rd->walk.subtotals;
}

#define ROSTER_HASH (2 * crypto_hash_sha256_BYTES + 1)

/* The hash of a file's bytes in hex; "" when it cannot be read again. */
static bool roster_sha256(void *path, void *slot)
{
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES], chunk[65536];
	FILE *f = fopen(path, "rbe");
	char *out = slot;
	size_t n;

	out[0] = '\0';
	if (f == NULL)
		return true;
	(void)crypto_hash_sha256_init(&state);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		(void)crypto_hash_sha256_update(&state, chunk, n);
	(void)crypto_hash_sha256_final(&state, hash);
	(void)sodium_bin2hex(out, ROSTER_HASH, hash, sizeof(hash));
	(void)fclose(f);
	return true;
}

static int roster_put(struct store *st, struct import_record *rec, struct row *row,
		      struct err *e)
{
	enum recipient_put what;

	if (row->unit != NULL && row->unit->id == 0 &&
	    store_unit_put(st, row->unit->kind, row->unit->name, 0, &row->unit->id, e) < 0)
		return -1;
	row->r.unit_id = row->unit == NULL ? 0 : row->unit->id;
	row->r.import_id = rec->id;
	if (store_recipient_put(st, rec->programme, &row->r, &what, e) < 0)
		return -1;
	rec->added += what == RECIPIENT_NEW;
	rec->updated += what == RECIPIENT_UPDATED;
	rec->same += what == RECIPIENT_SAME;
	return 0;
}

/* Rows are read while those before them are put: a list takes as long as the longer of the two. */
static int roster_put_all(struct store *st, const struct row_reader *rd,
			  struct row_ahead *ahead, struct import_record *rec, struct err *e)
{
	const struct roster_options *o = rd->o;
	int first = rd->l->heading + rd->l->heading_rows, of = rd->sheet->n_rows - first;
	int told = -ROSTER_TOLD, rc = 0;
	struct row *row;

	while (rc == 0 && (row = row_ahead_next(ahead)) != NULL) {
		int done = row->index - first;

		if (o->progress != NULL && done >= told + ROSTER_TOLD) {
			told = done - done % ROSTER_TOLD;
			o->progress(told, of, o->progress_arg);
		}
		rc = roster_put(st, rec, row, e);
	}
	return rc;
}

/* What the file is called. A name need not be UTF-8; the history that shows it must. Yours to free. */
static char *roster_file(const char *path)
{
	const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	size_t len;

	return encoding_decode(ENCODING_UTF8, base, strlen(base), &len);
}

static int roster_write(struct store *st, struct row_reader *rd, const char *path, char *file,
			struct err *e)
{
	struct roster_result *out = rd->out;
	const struct ahead_work hash = {.arg = (void *)(uintptr_t)path,
					.slot = ROSTER_HASH,
					.slots = 1,
					.fill = roster_sha256};
	struct ahead *hashed = ahead_start(&hash, rd->sheet->n_rows > ROW_AHEAD_MAX);
	struct row_ahead *ahead = row_ahead_start(rd);
	char subject[40];
	int rc = -1;
	struct import_record rec = {.programme = rd->p->name,
				    .file = file,
				    .sha256 = (char[]){""},
				    .who = (char *)(uintptr_t)(rd->o->who ? rd->o->who : ""),
				    .encoding = out->encoding,
				    .at = clock_now_ms(),
				    .total_stated = -1};

	if (store_import_add(st, &rec, e) == 0)
		rc = roster_put_all(st, rd, ahead, &rec, e);
	row_ahead_end(ahead);
	if (rc < 0)
		goto out;
	roster_finish(rd);
	rec.sha256 = ahead_next(hashed);
	out->added = rec.added;
	out->updated = rec.updated;
	out->same = rec.same;
	rec.rows = out->rows;
	rec.accepted = out->accepted;
	rec.rejected = out->rejected;
	rec.held = out->held;
	rec.total_stated = out->total_stated;
	(void)snprintf(subject, sizeof(subject), "import/%lld", (long long)rec.id);
	rc = store_import_finish(st, &rec, e);
	if (rc == 0)
		rc = store_audit(st, rec.who, "import", subject, rd->p->name, e);
out:
	ahead_end(hashed);
	return rc;
}

/* The list of another programme, chosen by mistake, is called by its name. e says already why it is none of p. */
static void roster_name_other(const struct programme *p, const char *path,
			      const struct roster_options *o, struct err *e)
{
	const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	struct roster_options plain = {.encoding = o->encoding};
	struct roster_list list;
	struct err none = ERR_INIT;

	if (e->code != EX_DATAERR || o->n_others == 0 ||
	    roster_open(o->others, o->n_others, path, &plain, &list, &none) < 0)
		return;
	if (list.p != p) {
		err_clear(e);
		(void)err_set(e, EX_DATAERR,
			      "“%s”: đây là danh sách “%s” (%s), không phải “%s”: hãy chọn đúng "
			      "chương trình",
			      base, list.p->title, list.p->name, p->title);
	}
	roster_list_clear(&list);
}

int roster_import(struct store *st, const struct programme *p, const char *path,
		  const struct roster_options *o, struct roster_result *out, struct err *e)
{
	struct roster_list list;
	struct row_reader rd;
	char *file;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (layout_hand_check(&(struct layout_hand){o->columns, o->n_columns}, p, e) < 0)
		return -1;
	if (roster_open(&p, 1, path, o, &list, e) < 0) {
		roster_name_other(p, path, o, e);
		return -1;
	}
	file = roster_file(path);
	roster_describe(&list, out);
	row_reader_init(&rd, p, o, &list.sheet, &list.layout, out);
	roster_doubt(&rd);
	roster_suspect(&rd);
	roster_left_out(&rd);
	if (store_begin_large(st, e) < 0)
		goto out;
	if (roster_write(st, &rd, path, file, e) < 0)
		goto undo;
	if (o->rejects != NULL &&
	    rejects_write(o->rejects, &list.sheet, &list.layout, out, rd.reject_index, e) < 0)
		goto undo;
	if (o->dry_run) {
		store_rollback(st);
		rc = 0;
	} else {
		rc = store_commit(st, e);
	}
	if (rc == 0)
		log_info("roster", o->dry_run ? "import_tried" : "imported",
			 "programme=%s rows=%d accepted=%d rejected=%d added=%d updated=%d "
			 "same=%d held=%d",
			 p->name, out->rows, out->accepted, out->rejected, out->added,
			 out->updated, out->same, out->held);
	goto out;
undo:
	store_rollback(st);
out:
	row_reader_clear(&rd);
	roster_list_clear(&list);
	free(file);
	return rc;
}

int roster_inspect(const struct programme *const *programmes, size_t n, const char *path,
		   const struct roster_options *o, const struct programme **which,
		   struct roster_result *out, struct err *e)
{
	struct roster_list list;
	struct row_reader rd;
	struct row row;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (roster_open(programmes, n, path, o, &list, e) < 0)
		return -1;
	*which = list.p;
	roster_describe(&list, out);
	row_reader_init(&rd, list.p, o, &list.sheet, &list.layout, out);
	roster_doubt(&rd);
	roster_left_out(&rd);
	row_look_over(&rd);
	for (int i = list.layout.heading + list.layout.heading_rows; i < list.sheet.n_rows;
	     i++) {
		if (row_read(&rd, i, &row))
			row_clear(&row);
	}
	roster_finish(&rd);
	if (o->rejects != NULL)
		rc = rejects_write(o->rejects, &list.sheet, &list.layout, out, rd.reject_index,
				   e);
	row_reader_clear(&rd);
	roster_list_clear(&list);
	return rc;
}

static void roster_findings_free(struct roster_reject *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].value);
		free(list[i].reason);
	}
	free(list);
}

void roster_result_free(struct roster_result *r)
{
	roster_findings_free(r->rejects, r->n_rejects);
	roster_findings_free(r->notes, r->n_notes);
	free(r->unused);
	memset(r, 0, sizeof(*r));
}

static json_t *roster_findings_json(const struct roster_reject *list, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(all,
					    json_pack("{s:i,s:s,s:s,s:s}", "row", list[i].row,
						      "column", list[i].column, "value",
						      list[i].value, "reason", list[i].reason));
	return all;
}

json_t *roster_result_json(const struct roster_result *r)
{
	json_t *j = json_pack(
	    "{s:s,s:s,s:s,s:i,s:i,s:o,s:i,s:i,s:i,s:i,s:i,s:o}", "encoding", r->encoding,
	    "format", r->format, "heading_rows", r->heading_rows, "rows", r->rows, "accepted",
	    r->accepted, "rejected", roster_findings_json(r->rejects, r->n_rejects),
	    "rejected_count", r->rejected, "added", r->added, "updated", r->updated, "same",
	    r->same, "held", r->held, "notes", roster_findings_json(r->notes, r->n_notes));

	(void)json_object_set_new(j, "unused", json_string(r->unused != NULL ? r->unused : ""));
	(void)json_object_set_new(
	    j, "phones",
	    json_pack("{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i}", "ok", r->phones_ok, "landline",
		      r->phones_landline, "missing", r->phones_missing, "invalid",
		      r->phones_invalid, "unknown_range", r->phones_unknown_range, "migrated",
		      r->phones_migrated, "confirm", r->phones_confirm, "shared",
		      r->phones_shared));
	(void)json_object_set_new(j, "dates",
				  json_pack("{s:i,s:i,s:i,s:i}", "day", r->dates_day, "month",
					    r->dates_month, "year", r->dates_year, "none",
					    r->dates_none));
	(void)json_object_set_new(j, "total_stated",
				  r->total_stated < 0 ? json_null()
						      : json_integer(r->total_stated));
	return j;
}
