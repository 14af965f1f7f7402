/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/row.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/mem.h"
#include "roster/row_cells.h"
#include "text/lint.h"
#include "text/phone.h"
#include "text/vi.h"

/* More would only bury the others; the counts stay exact. */
#define ROW_MAX_NOTES 5000
/* The age from which a person counts as perhaps dead until somebody has looked. */
#define ROW_OLD 100

/* ---- seen before ----------------------------------------------------------------------------- */

static struct row_seen_slot *row_seen_at(struct row_seen *s, uint64_t hash)
{
	size_t i = hash & (s->cap - 1);

	while (s->slots[i].hash != 0 && s->slots[i].hash != hash)
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

/* The number beside hash; a new one is 0. */
static int *row_seen(struct row_seen *s, uint64_t hash)
{
	struct row_seen_slot *slot;

	hash += hash == 0;
	if (s->n * 2 >= s->cap) {
		struct row_seen old = *s;

		s->cap = old.cap == 0 ? 1024 : old.cap * 2;
		s->slots = mem_calloc(s->cap, sizeof(*s->slots));
		for (size_t i = 0; i < old.cap; i++) {
			if (old.slots[i].hash != 0)
				*row_seen_at(s, old.slots[i].hash) = old.slots[i];
		}
		free(old.slots);
	}
	slot = row_seen_at(s, hash);
	if (slot->hash == 0) {
		slot->hash = hash;
		s->n++;
	}
	return &slot->value;
}

static uint64_t row_hash(const char *text)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES] = "moidan rosters";
	uint64_t out;

	crypto_shorthash((unsigned char *)&out, (const unsigned char *)text, strlen(text), key);
	return out;
}

struct row_memo *row_memo(struct row_reader *rd, int i, const char *text)
{
	struct row_memo *m;
	unsigned hash = 0;

	text += strspn(text, " ");
	for (const char *p = text; *p != '\0'; p++)
		hash = hash * 31 + (unsigned char)*p;
	m = &rd->memo[(size_t)i * ROW_MEMOS + hash % ROW_MEMOS];
	if (m->text == NULL || strcmp(m->text, text) != 0) {
		free(m->text);
		*m = (struct row_memo){.text = mem_strdup(text)};
	}
	return m;
}

const char *row_memo_value(struct row_reader *rd, int i, struct row_memo *m)
{
	if (!(m->known & ROW_KNOWN_VALUE))
		m->value = programme_fact_value(rd->p, (size_t)rd->l->of[i], m->text);
	m->known |= ROW_KNOWN_VALUE;
	return m->value;
}

/* ---- findings ---------------------------------------------------------------------------------- */

static void row_finding(struct roster_reject *f, const struct sheet_row *row, int column,
			const char *value, char *reason)
{
	memset(f, 0, sizeof(*f));
	f->row = row->number;
	if (column >= 0)
		sheet_column_name(column, f->column);
	f->value = mem_strdup(value);
	f->reason = reason;
}

void row_note(struct row_reader *rd, const struct sheet_row *row, int column, const char *value,
	      const char *fmt, ...)
{
	struct roster_result *out = rd->out;
	va_list ap;

	if (out->n_notes >= ROW_MAX_NOTES)
		return;
	out->notes =
	    mem_grow(out->notes, &out->cap_notes, out->n_notes + 1, sizeof(*out->notes));
	va_start(ap, fmt);
	row_finding(&out->notes[out->n_notes++], row, column, value, mem_vprintf(fmt, ap));
	va_end(ap);
}

__attribute__((format(printf, 6, 7))) static void
row_reject(struct row_reader *rd, const struct sheet_row *row, int index, int column,
	   const char *value, const char *fmt, ...)
{
	struct roster_result *out = rd->out;
	va_list ap;

	out->rejects = mem_grow(out->rejects, &out->cap_rejects, out->n_rejects + 1,
				sizeof(*out->rejects));
	rd->reject_index = mem_grow(rd->reject_index, &rd->cap_reject_index, out->n_rejects + 1,
				    sizeof(*rd->reject_index));
	rd->reject_index[out->n_rejects] = index;
	va_start(ap, fmt);
	row_finding(&out->rejects[out->n_rejects++], row, column, value, mem_vprintf(fmt, ap));
	va_end(ap);
	out->rejected++;
}

/* What a row was understood to say, besides what the recipient keeps. */
struct row_said {
	struct vdate birth;
	enum column_field birth_column;
	struct phone phone;
	char *remark; /* behind the name; NULL */
};

/* ---- the parts of a row -------------------------------------------------------------------------- */

static const struct cell *row_cell(const struct row_reader *rd, const struct sheet_row *row,
				   enum column_field field)
{
	return layout_cell(rd->l, row, field);
}

/* The name in its usual form, without remarks. Yours to free(). *remark (yours, or NULL) is what was
 * written behind it: "(đã mất)", "- chết 2019". */
static char *row_name(const struct row_reader *rd, const struct sheet_row *row, char **remark)
{
	const char *family = row_cell(rd, row, COLUMN_FAMILY_NAME)->text;
	const char *given = row_cell(rd, row, COLUMN_NAME)->text;
	char *whole = *family == '\0' ? NULL : mem_printf("%s %s", family, given);
	char *clean = vi_clean(whole == NULL ? given : whole), *name;
	const char *dash;
	size_t cut;

	free(whole);
	*remark = NULL;
	cut = strcspn(clean, "(;,[");
	dash = strstr(clean, " - ");
	if (dash != NULL && (size_t)(dash - clean) < cut)
		cut = (size_t)(dash - clean);
	if (clean[cut] != '\0') {
		*remark = mem_strdup(clean + cut);
		clean[cut] = '\0';
		while (cut > 0 && clean[cut - 1] == ' ')
			clean[--cut] = '\0';
	}
	/* TCVN3 has no accented capitals: "NGUYễN" is how it writes "NGUYỄN". */
	if (rd->sheet->encoding.encoding == ENCODING_TCVN3) {
		whole = vi_lower(clean);
		free(clean);
		clean = whole;
	}
	name = vi_name_case(clean);
	free(clean);
	return name;
}

/* A hamlet's name is a name; an agency's is words, written as its list does where that has both cases:
 * "Khối vận xã", "Công an". Yours. */
static char *row_unit_name(const char *name, bool agency)
{
	char *upper = vi_upper(name), *lower = vi_lower(name);
	bool written = agency && strcmp(upper, name) != 0 && strcmp(lower, name) != 0;

	free(upper);
	free(lower);
	return written ? mem_strdup(name) : vi_name_case(name);
}

/* The hamlet or agency of the row, NULL when the list says none. */
static struct row_unit *row_unit(struct row_reader *rd, const struct sheet_row *row)
{
	const char *text = row_cell(rd, row, COLUMN_UNIT)->text, *kind = NULL, *name;
	struct row_unit *u;
	char *clean;
	int *at;

	if (text[strspn(text, " ")] == '\0')
		text = rd->walk.unit == NULL ? "" : rd->walk.unit;
	if (*text == '\0')
		return NULL;
	at = row_seen(&rd->unit_at, row_hash(text));
	if (*at > 0)
		return rd->units[*at - 1];
	clean = vi_clean(text);
	name = clean;
	if (!layout_unit_kind(clean, &kind, &name))
		kind = rd->p->unit_kind != NULL ? rd->p->unit_kind : rd->o->unit_kind;
	rd->units = mem_grow(rd->units, &rd->cap_units, rd->n_units + 1, sizeof(*rd->units));
	u = rd->units[rd->n_units++] = mem_calloc(1, sizeof(*u));
	*at = (int)rd->n_units;
	u->cell = mem_strdup(text);
	u->kind = mem_strdup(kind == NULL ? "ấp" : kind);
	u->name = row_unit_name(name, kind != NULL && kind == rd->p->unit_kind);
	u->fold = vi_fold(u->name);
	u->known = rd->p->units.n == 0;
	free(clean);
	for (size_t i = 0; i < rd->p->units.n && !u->known; i++) {
		const char *own = ((char **)rd->p->units.items)[i];
		char *fold;

		(void)layout_unit_kind(own, &kind, &own);
		fold = vi_fold(own);
		u->known = strcmp(fold, u->fold) == 0;
		free(fold);
	}
	return u;
}

/* The birth of a row, of whichever column holds it; sex when the column tells it. */
static struct vdate row_birth(const struct row_reader *rd, const struct sheet_row *row,
			      enum column_field *field)
{
	static const enum column_field fields[] = {COLUMN_BIRTH, COLUMN_BIRTH_MALE,
						   COLUMN_BIRTH_FEMALE};
	const struct cell *c = &(const struct cell){.text = ""};

	*field = COLUMN_BIRTH;
	for (size_t i = 0; i < 3; i++) {
		c = row_cell(rd, row, fields[i]);
		if (c->text[strspn(c->text, " ")] != '\0') {
			*field = fields[i];
			break;
		}
	}
	if (c->kind == CELL_NUMBER && (c->date || (c->number >= 1 && c->number < 100000)))
		return vdate_from_serial(c->number, rd->sheet->system_1904, rd->this_year);
	return vdate_parse(c->text, rd->month_first, rd->this_year);
}

/* What tells people apart where the list has no codes: folded name, year of birth, hamlet. Yours. */
static char *row_key(const char *name_fold, int birth_year, const struct row_unit *unit)
{
	return mem_printf("%s|%d|%s", name_fold, birth_year, unit == NULL ? "" : unit->fold);
}

static char *row_base_key(struct row_reader *rd, const struct sheet_row *row)
{
	enum column_field field;
	struct vdate birth = row_birth(rd, row, &field);
	char *remark, *name = row_name(rd, row, &remark), *fold = vi_fold(name), *key;

	key = row_key(fold, birth.year, row_unit(rd, row));
	free(remark);
	free(name);
	free(fold);
	return key;
}

/* ---- recipient ------------------------------------------------------------------------------------ */

static void row_hold(struct row_reader *rd, const struct sheet_row *row, struct recipient *r,
		     int column, const char *value, char *reason)
{
	row_note(rd, row, column, value, "%s: giữ lại, không nhắn tin, chờ cán bộ quyết định",
		 reason);
	if (r->hold == HOLD_NONE) {
		r->hold = HOLD_DECEASED_SUSPECTED;
		r->hold_reason = reason;
	} else {
		free(reason);
	}
}

/* Holds the row when text says dead. */
static void row_listen(struct row_reader *rd, const struct sheet_row *row, struct recipient *r,
		       int column, const char *text)
{
	const char *word = note_find(rd->deceased, rd->alive, text);

	if (word != NULL)
		row_hold(rd, row, r, column, text,
			 mem_printf("danh sách ghi “%s”, có chữ “%s”", text, word));
}

/* Every text of the row may say that somebody is dead, whatever its column is for. Names, codes,
 * hamlets and what was understood as a status do not. */
static void row_listen_all(struct row_reader *rd, const struct sheet_row *row,
			   struct recipient *r)
{
	const struct programme_column *columns = rd->p->columns.items;

	for (int i = 0; i < row->n && i < LAYOUT_MAX_COLUMNS; i++) {
		const struct programme_column *c =
		    i < rd->l->n && rd->l->of[i] >= 0 ? &columns[rd->l->of[i]] : NULL;
		const char *text = row->cells[i].text;
		struct row_memo *m;

		if (row->cells[i].kind != CELL_TEXT || strlen(text) < 3 ||
		    (c != NULL && c->field != COLUMN_PHONE && c->field != COLUMN_NOTE &&
		     c->field != COLUMN_BIRTH && c->field != COLUMN_FACT))
			continue;
		if (c != NULL && c->field != COLUMN_NOTE && c->field != COLUMN_FACT) {
			const char *p = text;

			while (*p != '\0' && !isalpha((unsigned char)*p) &&
			       (unsigned char)*p < 0x80)
				p++;
			if (*p == '\0')
				continue;
		}
		m = row_memo(rd, i, text);
		if (c != NULL && c->values != NULL && row_memo_value(rd, i, m) != NULL)
			continue; /* a status that was understood */
		if (!(m->known & ROW_KNOWN_SILENT))
			m->silent = note_find(rd->deceased, rd->alive, m->text) == NULL;
		m->known |= ROW_KNOWN_SILENT;
		if (!m->silent)
			row_listen(rd, row, r, i, text);
	}
}

static void row_take_birth(const struct row_reader *rd, const struct sheet_row *row,
			   struct recipient *r, struct row_said *said)
{
	enum column_field field;
	struct vdate d = row_birth(rd, row, &field);

	said->birth = d;
	said->birth_column = field;
	r->birth_precision = d.precision;
	r->birth_year = d.year;
	r->birth_month = d.month;
	r->birth_day = d.day;
	if (field != COLUMN_BIRTH)
		r->sex = field == COLUMN_BIRTH_MALE ? 1 : 2;
}

static void row_report_birth(struct row_reader *rd, const struct sheet_row *row,
			     struct recipient *r, const struct row_said *said)
{
	int *const counts[] = {&rd->out->dates_none, &rd->out->dates_year,
			       &rd->out->dates_month, &rd->out->dates_day};
	const struct vdate d = said->birth;
	const char *text = row_cell(rd, row, said->birth_column)->text;
	int column = rd->l->at[said->birth_column];

	++*counts[d.precision];
	if (d.invalid)
		row_note(rd, row, column, text,
			 "ngày sinh không có thật hoặc không đọc được: coi như %s",
			 d.year > 0 ? "chỉ biết năm sinh" : "chưa có ngày sinh");
	else if (d.ambiguous)
		row_note(rd, row, column, text,
			 "ngày sinh chưa rõ (đọc là %02d/%02d/%04d): xem lại", d.day, d.month,
			 d.year);
	if (d.year > 0 && rd->this_year - d.year >= ROW_OLD)
		row_hold(rd, row, r, column, text,
			 mem_printf("sinh năm %d, đã %d tuổi", d.year, rd->this_year - d.year));
}

static int row_sex_of(const char *text)
{
	static const struct {
		const char *fold;
		int sex;
	} words[] = {{"nam", 1}, {"nu", 2},   {"trai", 1},   {"gai", 2}, {"m", 1},
		     {"f", 2},	 {"male", 1}, {"female", 2}, {"ong", 1}, {"ba", 2}};
	char *fold = vi_fold(text);
	int sex = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(fold, words[i].fold) == 0)
			sex = words[i].sex;
	}
	free(fold);
	return sex;
}

static void row_take_sex(struct row_reader *rd, const struct sheet_row *row,
			 struct recipient *r)
{
	const char *text = row_cell(rd, row, COLUMN_SEX)->text;
	struct row_memo *m;

	if (*text == '\0')
		return;
	m = row_memo(rd, rd->l->at[COLUMN_SEX], text);
	if (!(m->known & ROW_KNOWN_SEX))
		m->sex = row_sex_of(m->text);
	m->known |= ROW_KNOWN_SEX;
	r->sex = m->sex;
}

/* All telephone columns of the row as one cell. Yours to free(). */
static char *row_phone_text(const struct row_reader *rd, const struct sheet_row *row)
{
	const struct programme_column *c = rd->p->columns.items;
	struct buf all = BUF_INIT(4096);

	for (int i = 0; i < row->n && i < rd->l->n; i++) {
		if (rd->l->of[i] < 0 || c[rd->l->of[i]].field != COLUMN_PHONE ||
		    row->cells[i].text[0] == '\0')
			continue;
		if (all.len > 0)
			(void)buf_adds(&all, "; ");
		(void)buf_adds(&all, row->cells[i].text);
	}
	return buf_take(&all);
}

static void row_count_phone(struct roster_result *out, const struct phone *ph)
{
	switch (ph->status) {
	case PHONE_OK:
		out->phones_ok++;
		break;
	case PHONE_MISSING:
		out->phones_missing++;
		break;
	case PHONE_LANDLINE:
		out->phones_landline++;
		break;
	case PHONE_UNKNOWN_RANGE:
		out->phones_unknown_range++;
		break;
	default:
		out->phones_invalid++;
	}
	out->phones_migrated += (ph->flags & PHONE_MIGRATED_2018) != 0;
	out->phones_confirm += (ph->flags & PHONE_CONFIRM) != 0;
}

static void row_take_phone(const struct row_reader *rd, const struct sheet_row *row,
			   struct recipient *r, struct phone *ph)
{
	char *text = row_phone_text(rd, row);
	struct buf more = BUF_INIT(256);

	*ph = phone_parse(text, rd->o->list_year);
	r->phone_status = (int)ph->status;
	r->phone_flags = ph->flags;
	r->number = ph->status == PHONE_OK || ph->status == PHONE_LANDLINE ||
			    ph->status == PHONE_UNKNOWN_RANGE
			? ph->number
			: 0;
	for (int i = 0; i < ph->n_others; i++)
		(void)buf_addf(&more, "%s%llu", i > 0 ? " " : "",
			       (unsigned long long)ph->others[i]);
	r->numbers_more = more.len > 0 ? buf_take(&more) : NULL;
	free(text);
}

/* What is to be said and counted of the number of an accepted row. */
static void row_report_phone(struct row_reader *rd, const struct sheet_row *row,
			     const struct phone *ph)
{
	int column = rd->l->at[COLUMN_PHONE], *shared;
	const char *text = row_cell(rd, row, COLUMN_PHONE)->text;

	row_count_phone(rd->out, ph);
	if (ph->status != PHONE_OK && ph->status != PHONE_MISSING &&
	    ph->status != PHONE_LANDLINE)
		row_note(rd, row, column, text, "%s%s", ph->reason == NULL ? "" : ph->reason,
			 ph->status == PHONE_UNKNOWN_RANGE
			     ? ""
			     : "; vẫn giữ người này trong danh sách để đến nhà");
	else if (ph->flags & PHONE_MIGRATED_2018)
		row_note(
		    rd, row, column, text,
		    "số 11 chữ số từ trước 2018, đã đổi sang đầu số mới: hỏi lại một lần, có "
		    "thể đã đổi chủ");
	else if (ph->flags & PHONE_CONFIRM)
		row_note(rd, row, column, text,
			 "có thể là số máy bàn cũ của An Giang, Kiên Giang: hỏi lại một lần");
	if (ph->status == PHONE_OK || ph->status == PHONE_UNKNOWN_RANGE) {
		shared = row_seen(&rd->numbers, ph->number);
		if (++*shared > 1)
			rd->out->phones_shared += *shared == 2 ? 2 : 1;
	}
}

static void row_check_identity(struct row_reader *rd, const struct sheet_row *row,
			       const struct recipient *r)
{
	struct identity id;
	char value[32];

	if (!row_identity(row_cell(rd, row, COLUMN_IDENTITY)->text, &id))
		return;
	(void)snprintf(value, sizeof(value), "…%s", id.last4);
	if (r->sex != 0 && id.sex != r->sex)
		row_note(rd, row, rd->l->at[COLUMN_IDENTITY], value,
			 "số định danh là của %s, cột giới tính ghi khác: xem lại",
			 id.sex == 1 ? "nam" : "nữ");
	if (r->birth_year != 0 && id.year != r->birth_year)
		row_note(rd, row, rd->l->at[COLUMN_IDENTITY], value,
			 "số định danh là của người sinh năm %d, cột năm sinh ghi %d: xem lại",
			 id.year, r->birth_year);
}

/* The key of a row without a code. Names that occur twice are told apart by all that is known. */
static char *row_made_key(struct row_reader *rd, const struct sheet_row *row,
			  const struct recipient *r)
{
	char *key = row_key(r->name_fold, r->birth_year, row_unit(rd, row)), *longer, *group;

	if (rd->twins.n == 0 || *row_seen(&rd->twins, row_hash(key)) < 2)
		return key;
	group = vi_fold(r->group == NULL ? "" : r->group);
	longer = mem_printf("%s|%02d%02d|%s|%llu", key, r->birth_month, r->birth_day, group,
			    (unsigned long long)r->number);
	row_note(
	    rd, row, rd->l->at[COLUMN_NAME], r->name,
	    "có người khác cùng tên, cùng năm sinh, cùng ấp: coi là hai người; nên thêm cột "
	    "mã để không nhầm");
	free(group);
	free(key);
	return longer;
}

/* Sets the key. False when an earlier row of the file has it: then the row is refused. */
static bool row_take_key(struct row_reader *rd, const struct sheet_row *row, int index,
			 struct recipient *r)
{
	const struct cell *code = row_cell(rd, row, COLUMN_KEY);
	int column = rd->l->at[COLUMN_KEY], *first;

	r->key = vi_clean(code->text);
	if (r->key[0] == '\0') {
		free(r->key);
		r->key = row_made_key(rd, row, r);
		if (column >= 0)
			row_note(rd, row, column, "",
				 "thiếu mã: nhận ra người này bằng tên, năm sinh và ấp");
		column = -1;
	}
	first = row_seen(&rd->keys, row_hash(r->key));
	if (*first == 0) {
		*first = row->number;
		return true;
	}
	if (column >= 0)
		row_reject(rd, row, index, column, code->text,
			   "mã “%s” đã có ở dòng %d: mỗi mã chỉ dùng cho một %s", r->key,
			   *first, rd->p->row);
	else
		row_reject(
		    rd, row, index, rd->l->at[COLUMN_NAME], r->name,
		    "trùng với dòng %d (cùng tên, ngày sinh, ấp, tổ, số điện thoại): nếu "
		    "là hai %s khác nhau thì thêm cột mã",
		    *first, rd->p->row);
	return false;
}

static void row_take_raw(struct row_reader *rd, const struct sheet_row *row,
			 struct recipient *r)
{
	buf_reset(&rd->raw);
	(void)buf_addc(&rd->raw, '[');
	for (int i = 0; i < row->n; i++) {
		const char *text = row->cells[i].raw;
		size_t n = strlen(text);

		(void)buf_adds(&rd->raw, i > 0 ? ",\"" : "\"");
		/* An identity number is personal data that nothing here needs. */
		if (i == rd->l->at[COLUMN_IDENTITY] && n > 4) {
			(void)buf_adds(&rd->raw, "…");
			text += n - 4;
		}
		row_json_escape(&rd->raw, text);
		(void)buf_addc(&rd->raw, '"');
	}
	(void)buf_addc(&rd->raw, ']');
	r->raw = mem_strdup(buf_text(&rd->raw));
}

/* Refuses what cannot be used at all; what is left belongs to somebody. */
static bool row_usable(struct row_reader *rd, const struct sheet_row *cells, int index,
		       enum layout_line line, const struct row *row)
{
	int name = rd->l->at[COLUMN_NAME];

	if (line == LINE_NAMELESS || row->r.name_fold[0] == '\0')
		row_reject(rd, cells, index, name, row_cell(rd, cells, COLUMN_NAME)->text,
			   "thiếu họ và tên: không biết là %s nào", rd->p->row);
	else if (line == LINE_STRAY)
		row_reject(rd, cells, index, name, row->r.name,
			   "dòng chỉ có một ô chữ, không rõ có phải là một %s không",
			   rd->p->row);
	else if (row->unit != NULL && !row->unit->known)
		row_reject(rd, cells, index, rd->l->at[COLUMN_UNIT], row->unit->cell,
			   "“%s” không có trong danh mục ấp của chương trình", row->unit->name);
	else if (lint_has_address(row->r.name))
		row_reject(rd, cells, index, name, row->r.name,
			   "tên có đường dẫn hoặc tên miền: không in vào tin nhắn được");
	else
		return true;
	return false;
}

/* What the row says beside its fields: that somebody died, above all. */
static void row_report(struct row_reader *rd, const struct sheet_row *cells, struct row *row,
		       const struct row_said *said)
{
	struct recipient *r = &row->r;
	int name = rd->l->at[COLUMN_NAME];

	row_report_birth(rd, cells, r, said);
	row_report_phone(rd, cells, &said->phone);
	row_listen_all(rd, cells, r);
	if (said->remark != NULL) {
		row_note(rd, cells, name, said->remark,
			 "phần sau tên được coi là ghi chú, không in vào tin nhắn");
		row_listen(rd, cells, r, name, said->remark);
	}
	if (strstr(r->name, "\xef\xbf\xbd") != NULL)
		row_note(rd, cells, name, r->name,
			 "tên có ký tự không đọc được: xem lại bảng mã của tệp");
	if (row->unit == NULL)
		row_note(rd, cells, rd->l->at[COLUMN_UNIT], "", "không rõ ấp nào");
	row_check_identity(rd, cells, r);
	rd->out->held += r->hold != HOLD_NONE;
	rd->out->accepted++;
}

bool row_read(struct row_reader *rd, int index, struct row *row)
{
	struct sheet_row cells = sheet_row_at(rd->sheet, index);
	enum layout_line line = layout_judge(rd->l, &cells, index, &rd->walk);
	struct recipient *r = &row->r;
	struct predicate_row judged = {.r = r};
	const char *group = row_cell(rd, &cells, COLUMN_GROUP)->text;
	struct row_said said = {0};
	bool accepted;

	memset(row, 0, sizeof(*row));
	row->index = index;
	if (line == LINE_SKIP)
		return false;
	rd->out->rows++;
	row->unit = row_unit(rd, &cells);
	r->name = row_name(rd, &cells, &said.remark);
	r->name_fold = vi_fold(r->name);
	r->name_sort = vi_name_sort_key(r->name);
	group = *group == '\0' && rd->walk.group != NULL ? rd->walk.group : group;
	r->group = vi_clean(row_plain(rd, &cells, rd->l->at[COLUMN_GROUP], group));
	row_take_sex(rd, &cells, r);
	row_take_birth(rd, &cells, r, &said);
	row_take_phone(rd, &cells, r, &said.phone);
	accepted =
	    row_usable(rd, &cells, index, line, row) && row_take_key(rd, &cells, index, r);
	if (accepted) {
		row_take_facts(rd, &cells, r);
		row_take_raw(rd, &cells, r);
		row_report(rd, &cells, row, &said);
		r->source_row = cells.number;
		judged.unit_name = row->unit == NULL ? NULL : row->unit->name;
		r->state = programme_state_of(rd->p, &judged);
	} else {
		row_clear(row);
	}
	free(said.remark);
	return accepted;
}

void row_clear(struct row *row)
{
	recipient_clear(&row->r);
	memset(row, 0, sizeof(*row));
}

/* ---- the reader -------------------------------------------------------------------------------------- */

void row_look_over(struct row_reader *rd)
{
	struct vdate_column dates = {0};
	bool count = rd->l->at[COLUMN_KEY] < 0;

	for (int i = rd->l->heading + rd->l->heading_rows; i < rd->sheet->n_rows; i++) {
		struct sheet_row row = sheet_row_at(rd->sheet, i);
		const struct cell *birth = row_cell(rd, &row, COLUMN_BIRTH);

		if (birth->kind == CELL_TEXT)
			vdate_column_feed(&dates, birth->text);
	}
	rd->month_first = vdate_column_month_first(&dates);
	for (int i = rd->l->heading + rd->l->heading_rows; count && i < rd->sheet->n_rows;
	     i++) {
		struct sheet_row row = sheet_row_at(rd->sheet, i);
		char *key;

		if (layout_judge(rd->l, &row, i, &rd->walk) != LINE_RECORD)
			continue;
		key = row_base_key(rd, &row);
		++*row_seen(&rd->twins, row_hash(key));
		free(key);
	}
	layout_walk_clear(&rd->walk);
	rd->walk.total = rd->walk.subtotals = -1;
}

void row_reader_init(struct row_reader *rd, const struct programme *p,
		     const struct roster_options *o, const struct sheet *sheet,
		     const struct layout *l, struct roster_result *out)
{
	memset(rd, 0, sizeof(*rd));
	rd->p = p;
	rd->o = o;
	rd->sheet = sheet;
	rd->l = l;
	rd->out = out;
	rd->this_year = o->this_year != 0 ? o->this_year : civil_from_ms(clock_now_ms()).year;
	rd->deceased = note_phrases_make(&p->deceased);
	rd->alive = note_phrases_make(&p->alive);
	rd->away = note_phrases_make(&p->away);
	buf_init(&rd->facts, (size_t)1 << 20);
	buf_init(&rd->kind, (size_t)1 << 20);
	buf_init(&rd->raw, (size_t)4 << 20);
	rd->memo = mem_calloc((size_t)LAYOUT_MAX_COLUMNS * ROW_MEMOS, sizeof(*rd->memo));
	row_find_absent(rd);
	rd->walk.total = rd->walk.subtotals = -1;
}

void row_reader_clear(struct row_reader *rd)
{
	layout_walk_clear(&rd->walk);
	note_phrases_free(rd->deceased);
	note_phrases_free(rd->alive);
	note_phrases_free(rd->away);
	for (size_t i = 0; i < rd->n_units; i++) {
		free(rd->units[i]->cell);
		free(rd->units[i]->name);
		free(rd->units[i]->fold);
		free(rd->units[i]->kind);
		free(rd->units[i]);
	}
	for (size_t i = 0; i < (size_t)LAYOUT_MAX_COLUMNS * ROW_MEMOS; i++)
		free(rd->memo[i].text);
	free(rd->memo);
	free(rd->absent);
	free(rd->units);
	free(rd->keys.slots);
	free(rd->numbers.slots);
	free(rd->twins.slots);
	free(rd->unit_at.slots);
	free(rd->reject_index);
	buf_free(&rd->facts);
	buf_free(&rd->kind);
	buf_free(&rd->raw);
	memset(rd, 0, sizeof(*rd));
}
