/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/layout.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/vi.h"

/* A heading stands among the first rows or not at all. */
#define LAYOUT_MAX_TITLE_ROWS 60

/* ---- headings ---------------------------------------------------------------------------- */

struct layout_spelling {
	char *fold;
	int column, rank; /* of the programme; an earlier spelling is a better one */
};

struct layout_spellings {
	struct layout_spelling *items;
	size_t n, cap;
};

/* One or two rows read as a heading. */
struct layout_heading {
	int of[LAYOUT_MAX_COLUMNS], n, matched;
};

static int layout_spelling_compare(const void *a, const void *b)
{
	const struct layout_spelling *x = a, *y = b;

	return strcmp(x->fold, y->fold);
}

static void layout_spellings_make(const struct programme *p, struct layout_spellings *out)
{
	const struct programme_column *c = p->columns.items;

	for (size_t i = 0; i < p->columns.n; i++) {
		char **texts = c[i].spellings.items;

		for (size_t k = 0; k < c[i].spellings.n; k++) {
			out->items =
			    mem_grow(out->items, &out->cap, out->n + 1, sizeof(*out->items));
			out->items[out->n++] =
			    (struct layout_spelling){vi_fold(texts[k]), (int)i, (int)k};
		}
	}
	if (out->n > 0)
		qsort(out->items, out->n, sizeof(*out->items), layout_spelling_compare);
}

static int layout_spelling_column(const struct layout_spellings *s, const char *text)
{
	char *fold = vi_fold(text);
	int column = -1;

	for (size_t i = 0; i < s->n && column < 0; i++)
		column = strcmp(s->items[i].fold, fold) == 0 ? s->items[i].column : -1;
	free(fold);
	return column;
}

/* What a person says counts before every spelling. */
static void layout_spellings_hand(struct layout_spellings *s, const struct layout_hand *hand)
{
	for (size_t i = 0; hand != NULL && i < hand->n; i++) {
		const char *equals = strrchr(hand->items[i], '=');
		int column = equals == NULL ? -1 : layout_spelling_column(s, equals + 1);
		char *heading, *fold;
		bool there = false;

		if (column < 0)
			continue;
		heading = mem_strndup(hand->items[i], (size_t)(equals - hand->items[i]));
		fold = vi_fold(heading);
		free(heading);
		for (size_t k = 0; k < s->n; k++) {
			if (strcmp(s->items[k].fold, fold) != 0)
				continue;
			s->items[k].column = column;
			s->items[k].rank = -1;
			there = true;
		}
		if (there) {
			free(fold);
			continue;
		}
		s->items = mem_grow(s->items, &s->cap, s->n + 1, sizeof(*s->items));
		s->items[s->n++] = (struct layout_spelling){fold, column, -1};
	}
	if (s->n > 0)
		qsort(s->items, s->n, sizeof(*s->items), layout_spelling_compare);
}

static void layout_spellings_clear(struct layout_spellings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].fold);
	free(s->items);
}

static const struct layout_spelling *layout_match(const struct layout_spellings *s, char *fold)
{
	struct layout_spelling key = {.fold = fold};

	return *fold == '\0'
		   ? NULL
		   : bsearch(&key, s->items, s->n, sizeof(*s->items), layout_spelling_compare);
}

/* A heading's cell folded: whole, and without what stands in parentheses. Yours to free(). */
static char *layout_fold(const char *text, bool parentheses)
{
	char *copy, *out = NULL, *open, *close;

	if (parentheses)
		return vi_fold(text);
	copy = mem_strdup(text);
	while ((open = strchr(copy, '(')) != NULL) {
		close = strchr(open, ')');
		memset(open, ' ', close == NULL ? strlen(open) : (size_t)(close - open) + 1);
	}
	out = vi_fold(copy);
	free(copy);
	return out;
}

/* What the cell at column i of a heading means. top: the text of the row above it that stretches over
 * it, "" for none. */
static const struct layout_spelling *layout_match_cell(const struct layout_spellings *s,
						       const char *top, const char *text)
{
	const struct layout_spelling *hit = NULL;

	for (int parentheses = 1; parentheses >= 0 && hit == NULL; parentheses--) {
		char *a = layout_fold(top, parentheses), *b = layout_fold(text, parentheses);
		char *both = mem_printf("%s %s", a, b);

		if (*a != '\0' && *b != '\0')
			hit = layout_match(s, both);
		if (hit == NULL)
			hit = layout_match(s, *b != '\0' ? b : a);
		free(a);
		free(b);
		free(both);
	}
	return hit;
}

/* Reads rows index … index + rows - 1 as a heading. */
static void layout_read_heading(const struct sheet *s, const struct layout_spellings *sp,
				int index, int rows, struct layout_heading *out)
{
	int rank[LAYOUT_MAX_COLUMNS], place[LAYOUT_MAX_COLUMNS];
	char *top[LAYOUT_MAX_COLUMNS] = {NULL};
	struct sheet_row row = sheet_row_at(s, index);
	int over = row.n < LAYOUT_MAX_COLUMNS ? row.n : LAYOUT_MAX_COLUMNS;

	out->matched = 0;
	for (int i = 0; i < LAYOUT_MAX_COLUMNS; i++)
		out->of[i] = place[i] = -1;
	if (rows == 2) {
		for (int i = 0; i < over; i++)
			top[i] = mem_strdup(row.cells[i].text);
		row = sheet_row_at(s, index + 1);
	}
	out->n = row.n > over ? row.n : over;
	if (out->n > LAYOUT_MAX_COLUMNS)
		out->n = LAYOUT_MAX_COLUMNS;
	for (int i = 0, from = 0; i < out->n; i++) {
		const char *text = i < row.n ? row.cells[i].text : "";
		const struct layout_spelling *hit;

		/* A text merged over several columns stands in the first of them. */
		if (rows == 2 && ((i < over && top[i][0] != '\0') || *text == '\0'))
			from = i;
		hit = layout_match_cell(sp, rows == 2 && from < over ? top[from] : "", text);
		if (hit == NULL)
			continue;
		if (place[hit->column] < 0) {
			out->matched++;
		} else if (rank[hit->column] <= hit->rank) {
			continue;
		} else {
			out->of[place[hit->column]] = -1;
		}
		place[hit->column] = i;
		rank[hit->column] = hit->rank;
		out->of[i] = hit->column;
	}
	for (int i = 0; i < over; i++)
		free(top[i]);
}

static bool layout_has(const struct layout_heading *h, const struct programme *p, int field,
		       const char *name)
{
	const struct programme_column *c = p->columns.items;

	for (int i = 0; i < h->n; i++) {
		if (h->of[i] >= 0 && c[h->of[i]].field == field &&
		    strcmp(c[h->of[i]].name, name) == 0)
			return true;
	}
	return false;
}

/* Whether a required column is there, perhaps in two parts. */
static bool layout_satisfied(const struct layout_heading *h, const struct programme *p,
			     const struct programme_column *c)
{
	if (layout_has(h, p, c->field, c->name))
		return true;
	if (c->field == COLUMN_NAME)
		return layout_has(h, p, COLUMN_GIVEN_NAME, "");
	if (c->field == COLUMN_BIRTH)
		return layout_has(h, p, COLUMN_BIRTH_MALE, "") ||
		       layout_has(h, p, COLUMN_BIRTH_FEMALE, "");
	return false;
}

static bool layout_complete(const struct layout_heading *h, const struct programme *p)
{
	const struct programme_column *c = p->columns.items;

	for (size_t i = 0; i < p->columns.n; i++) {
		if (c[i].required && !layout_satisfied(h, p, &c[i]))
			return false;
	}
	return h->matched >= 2;
}

static void layout_explain(const struct sheet *s, const struct programme *p,
			   const struct layout_heading *h, int index, char why[512])
{
	const struct programme_column *c = p->columns.items;
	struct buf missing = BUF_INIT(200), found = BUF_INIT(200);
	struct sheet_row row = sheet_row_at(s, index);

	for (size_t i = 0; i < p->columns.n; i++) {
		if (c[i].required && !layout_satisfied(h, p, &c[i]))
			(void)buf_addf(&missing, "%s“%s”", missing.len > 0 ? ", " : "",
				       ((char **)c[i].spellings.items)[0]);
	}
	for (int i = 0; i < row.n; i++) {
		if (row.cells[i].text[0] != '\0' && strlen(row.cells[i].text) < 60)
			(void)buf_addf(&found, "%s“%s”", found.len > 0 ? ", " : "",
				       row.cells[i].text);
	}
	(void)snprintf(
	    why, 512,
	    "Không tìm thấy cột %s của danh sách “%s” (có mà tên khác thì ghép cột bằng tay); các "
	    "cột đọc được ở dòng %d: %s",
	    missing.len > 0 ? buf_text(&missing) : "nào", p->title, row.number,
	    found.len > 0 ? buf_text(&found) : "không có");
	buf_free(&missing);
	buf_free(&found);
}

static void layout_take(const struct sheet *s, const struct programme *p,
			const struct layout_heading *h, struct layout *out)
{
	const struct programme_column *c = p->columns.items;
	struct sheet_row row;
	int name;

	out->n = h->n;
	out->matched = h->matched;
	memcpy(out->of, h->of, sizeof(out->of));
	for (int f = 0; f < COLUMN_FIELD_COUNT; f++)
		out->at[f] = -1;
	for (int i = h->n - 1; i >= 0; i--) {
		if (h->of[i] >= 0)
			out->at[c[h->of[i]].field] = i;
	}
	if (out->at[COLUMN_NAME] < 0)
		out->at[COLUMN_NAME] = out->at[COLUMN_GIVEN_NAME];
	else
		out->at[COLUMN_GIVEN_NAME] = out->at[COLUMN_FAMILY_NAME] = -1;
	name = out->at[COLUMN_NAME];
	row = sheet_row_at(s, out->heading + out->heading_rows - 1);
	if (name < 0) { /* a list that is not of people */
		out->name_heading = mem_strdup("");
		return;
	}
	if (name >= row.n || row.cells[name].text[0] == '\0')
		row = sheet_row_at(s, out->heading);
	out->name_heading = mem_strdup(name < row.n ? row.cells[name].text : "");
}

int layout_hand_check(const struct layout_hand *hand, const struct programme *p, struct err *e)
{
	const struct programme_column *c = p->columns.items;
	struct buf known = BUF_INIT(400);
	struct layout_spellings sp = {0};
	int rc = 0;

	layout_spellings_make(p, &sp);
	for (size_t i = 0; i < p->columns.n; i++)
		(void)buf_addf(&known, "%s%s", i > 0 ? ", " : "",
			       ((char **)c[i].spellings.items)[0]);
	for (size_t i = 0; rc == 0 && i < hand->n; i++) {
		const char *equals = strrchr(hand->items[i], '=');

		if (equals == NULL || equals == hand->items[i] ||
		    layout_spelling_column(&sp, equals + 1) < 0)
			rc = err_set(e, EX_DATAERR,
				     "ghép cột \"%s\": phải là TÊN TRONG TỆP=CỘT, cột là một "
				     "trong: %s",
				     hand->items[i], buf_text(&known));
	}
	layout_spellings_clear(&sp);
	buf_free(&known);
	return rc;
}

int layout_find(const struct sheet *s, const struct programme *p,
		const struct layout_hand *hand, struct layout *out, char why[512])
{
	int rows = s->n_rows < LAYOUT_MAX_TITLE_ROWS ? s->n_rows : LAYOUT_MAX_TITLE_ROWS;
	struct layout_spellings sp = {0};
	struct layout_heading one, two, next, best = {.matched = -1};
	int best_at = 0, found = 0;

	memset(out, 0, sizeof(*out));
	layout_spellings_make(p, &sp);
	layout_spellings_hand(&sp, hand);
	for (int i = 0; i < rows && !found; i++) {
		layout_read_heading(s, &sp, i, 1, &one);
		two = next = (struct layout_heading){.matched = 0};
		if (i + 1 < s->n_rows) {
			layout_read_heading(s, &sp, i, 2, &two);
			layout_read_heading(s, &sp, i + 1, 1, &next);
		}
		out->heading = i;
		if (two.matched > one.matched && two.matched > next.matched &&
		    layout_complete(&two, p)) {
			out->heading_rows = 2;
			layout_take(s, p, &two, out);
			found = 1;
		} else if (layout_complete(&one, p)) {
			out->heading_rows = 1;
			layout_take(s, p, &one, out);
			found = 1;
		} else if (one.matched > best.matched) {
			best = one;
			best_at = i;
		}
	}
	if (!found)
		layout_explain(s, p, &best, best_at, why);
	layout_spellings_clear(&sp);
	return found;
}

void layout_clear(struct layout *l)
{
	free(l->name_heading);
	memset(l, 0, sizeof(*l));
}

/* ---- rows ---------------------------------------------------------------------------------- */

void layout_walk_clear(struct layout_walk *w)
{
	free(w->unit);
	free(w->group);
	memset(w, 0, sizeof(*w));
}

static const struct cell layout_no_cell = {.kind = CELL_EMPTY, .text = "", .raw = ""};

const struct cell *layout_cell(const struct layout *l, const struct sheet_row *row,
			       enum column_field field)
{
	int i = l->at[field];

	return i >= 0 && i < row->n ? &row->cells[i] : &layout_no_cell;
}

static bool layout_blank(const struct cell *c)
{
	return c->text[strspn(c->text, " \t\r\n")] == '\0';
}

static bool layout_filled(const struct layout *l, const struct sheet_row *row,
			  enum column_field field)
{
	return !layout_blank(layout_cell(l, row, field));
}

static bool layout_starts(const char *fold, const char *word)
{
	size_t n = strlen(word);

	return strncmp(fold, word, n) == 0 && (fold[n] == '\0' || fold[n] == ' ');
}

/* "Tổng cộng", "Cộng", "Tổng số hộ": a total; of a hamlet: *sub. */
static bool layout_is_total(const char *text, bool *sub)
{
	char *fold = vi_fold(text);
	bool total = strcmp(fold, "tong") == 0 || strcmp(fold, "cong") == 0 ||
		     layout_starts(fold, "tong cong") || layout_starts(fold, "tong so") ||
		     layout_starts(fold, "cong ap") || layout_starts(fold, "cong khom") ||
		     layout_starts(fold, "cong to") || layout_starts(fold, "cong toan");

	*sub = (layout_starts(fold, "cong") && !layout_starts(fold, "cong toan")) ||
	       strstr(fold, " ap ") != NULL || strstr(fold, " khom ") != NULL;
	free(fold);
	return total;
}

/* The first count in a row: a number, or digits with dots between thousands. -1 = none. */
static int64_t layout_count(const struct sheet_row *row)
{
	for (int i = 0; i < row->n; i++) {
		const struct cell *c = &row->cells[i];
		const char *p = c->text;
		int64_t v = 0;
		int digits = 0;

		if (c->kind == CELL_NUMBER && !c->date && c->number >= 0 && c->number < 1e12)
			return (int64_t)c->number;
		p += strcspn(p, "0123456789");
		for (;
		     isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]));
		     p++) {
			if (*p == '.')
				continue;
			v = v * 10 + (*p - '0');
			if (++digits > 12)
				break;
		}
		if (digits > 0 && digits <= 12)
			return v;
	}
	return -1;
}

bool layout_unit_kind(const char *text, const char **kind, const char **name)
{
	static const struct {
		const char *fold, *kind;
		int words;
	} kinds[] = {{"ap", "ấp", 1},
		     {"khom", "khóm", 1},
		     {"thon", "thôn", 1},
		     {"khu pho", "khu phố", 2},
		     {"to dan pho", "tổ dân phố", 3}};
	char *fold = vi_fold(text);
	bool found = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !found; i++) {
		const char *p = text;

		if (!layout_starts(fold, kinds[i].fold) || fold[strlen(kinds[i].fold)] == '\0')
			continue;
		for (int w = 0; w < kinds[i].words; w++) {
			p += strcspn(p, " :");
			p += strspn(p, " :");
		}
		if (*p == '\0')
			continue;
		*kind = kinds[i].kind;
		*name = p;
		found = true;
	}
	free(fold);
	return found;
}

/* "I", "2.", "a)": what stands before a title and counts it. */
static size_t layout_enumerator(const char *text)
{
	size_t n = strspn(text, "0123456789IVXivx");

	if (n == 0 && isalpha((unsigned char)text[0]))
		n = 1;
	if (n == 0 || n > 5)
		return 0;
	if (text[n] == '\0')
		return n;
	if (strchr(".)/-:", text[n]) == NULL)
		return 0;
	return n + strspn(text + n, ".)/-: ");
}

static bool layout_is_count(const char *text)
{
	size_t n = strspn(text, "0123456789.");

	return n > 0 && n <= 7 && text[n] == '\0';
}

/* A title between the rows: "I. Ấp Tân Phú", "Tổ 5". Kept in w. */
static bool layout_title(const struct layout *l, const struct sheet_row *row,
			 struct layout_walk *w)
{
	const char *title = NULL, *kind, *name;
	char *clean, *fold;
	bool unit, group;
	int at = -1;

	for (int i = 0; i < row->n; i++) {
		const char *text = row->cells[i].text + strspn(row->cells[i].text, " ");

		if (*text == '\0' || layout_is_count(text) ||
		    text[layout_enumerator(text)] == '\0')
			continue;
		if (title != NULL)
			return false;
		title = text + layout_enumerator(text);
		at = i;
	}
	if (title == NULL || (layout_filled(l, row, COLUMN_NAME) && at != l->at[COLUMN_NAME]))
		return false;
	clean = vi_clean(title);
	if (clean == NULL)
		return false;
	clean[strcspn(clean, ":(;")] = '\0';
	fold = vi_fold(clean);
	unit = layout_unit_kind(clean, &kind, &name) && strlen(fold) < 40;
	group = layout_starts(fold, "to") &&
		isdigit((unsigned char)fold[strcspn(fold, "0123456789")]) && strlen(fold) < 24;
	free(fold);
	if (unit || group) {
		char **keep = unit ? &w->unit : &w->group;

		free(*keep);
		*keep = clean;
		if (unit) {
			free(w->group);
			w->group = NULL;
		}
		return true;
	}
	free(clean);
	return false;
}

/* A line of those who sign: "Ngày … tháng … năm …", "NGƯỜI LẬP", "TM. UBND XÃ". */
static bool layout_is_signature(const char *text)
{
	static const char *const starts[] = {
	    "nguoi lap", "lap bieu", "lap bang",  "nguoi tong hop", "tm",
	    "kt",	 "tl",	     "chu tich",  "pho chu tich",   "truong cong an",
	    "xac nhan",	 "ky ten",   "ky ghi ro", "ky va ghi ro",   "ghi ro ho ten",
	    "noi nhan",	 "nguoi ky", "can bo lap"};
	char *fold = vi_fold(text);
	const char *day = strstr(fold, "ngay");
	bool hit = day != NULL && strstr(day, "thang") != NULL && strstr(day, "nam") != NULL;

	for (size_t k = 0; k < sizeof(starts) / sizeof(starts[0]) && !hit; k++)
		hit = layout_starts(fold, starts[k]);
	free(fold);
	return hit;
}

static bool layout_has_signature(const struct sheet_row *row)
{
	for (int i = 0; i < row->n; i++) {
		if (!layout_blank(&row->cells[i]) && layout_is_signature(row->cells[i].text))
			return true;
	}
	return false;
}

static bool layout_has_digit(const struct layout *l, const struct sheet_row *row,
			     enum column_field field)
{
	const char *text = layout_cell(l, row, field)->text;

	return text[strcspn(text, "0123456789")] != '\0';
}

/* "(1)", "2", "B": the row that numbers the columns has such a thing under the names too. */
static bool layout_is_numbering(const char *text)
{
	char *fold = vi_fold(text);
	size_t digits = strspn(fold, "0123456789 ");
	bool hit = fold[0] != '\0' &&
		   (fold[digits] == '\0' || (fold[1] == '\0' && isalpha((unsigned char)*fold)));

	free(fold);
	return hit;
}

/* A total anywhere in the first two cells that hold something; kept in w. */
static bool layout_total(const struct sheet_row *row, struct layout_walk *w)
{
	int seen = 0;
	bool sub;

	for (int i = 0; i < row->n && seen < 2; i++) {
		int64_t n;

		if (layout_blank(&row->cells[i]))
			continue;
		seen++;
		if (row->cells[i].kind != CELL_TEXT ||
		    !layout_is_total(row->cells[i].text, &sub))
			continue;
		n = layout_count(row);
		if (n >= 0 && sub)
			w->subtotals = (w->subtotals < 0 ? 0 : w->subtotals) + n;
		else if (n >= 0)
			w->total = n;
		return true;
	}
	return false;
}

/* How many of the programme's columns hold something, but for number, hamlet and group. */
static int layout_substance(const struct layout *l, const struct sheet_row *row)
{
	int n = 0;

	for (int i = 0; i < row->n && i < l->n; i++) {
		if (l->of[i] >= 0 && i != l->at[COLUMN_NUMBER] && i != l->at[COLUMN_UNIT] &&
		    i != l->at[COLUMN_GROUP] && !layout_blank(&row->cells[i]))
			n++;
	}
	return n;
}

/* A row that says of itself that it is somebody's: a name with a code, a number or a birth. */
static bool layout_is_plain_record(const struct layout *l, const struct sheet_row *row)
{
	const char *name = layout_cell(l, row, COLUMN_NAME)->text;
	bool sub;

	name += strspn(name, " \t");
	/* T and C begin "Tổng cộng" and "Cộng"; short or bracketed ones may be a numbering. */
	if (strlen(name) < 4 || *name == '(' || isdigit((unsigned char)*name) ||
	    (strchr("TtCc", *name) != NULL && layout_is_total(name, &sub)) ||
	    strcmp(name, l->name_heading) == 0)
		return false;
	return layout_filled(l, row, COLUMN_KEY) || layout_filled(l, row, COLUMN_BIRTH) ||
	       (layout_filled(l, row, COLUMN_PHONE) && layout_substance(l, row) > 2);
}

enum layout_line layout_judge(const struct layout *l, const struct sheet_row *row, int index,
			      struct layout_walk *w)
{
	const char *name = layout_cell(l, row, COLUMN_NAME)->text;
	bool named = layout_filled(l, row, COLUMN_NAME), sure;
	int substance;

	if (!w->signature && layout_is_plain_record(l, row))
		return LINE_RECORD;
	if (layout_total(row, w) || (named && strcmp(name, l->name_heading) == 0) ||
	    (named && layout_is_numbering(name)) || layout_title(l, row, w))
		return LINE_SKIP;
	substance = layout_substance(l, row);
	sure = layout_is_count(layout_cell(l, row, COLUMN_NUMBER)->text) ||
	       layout_has_digit(l, row, COLUMN_KEY) || layout_has_digit(l, row, COLUMN_PHONE) ||
	       layout_has_digit(l, row, COLUMN_BIRTH);
	if (named ? !sure &&
			(substance < 2 ? layout_has_signature(row) : layout_is_signature(name))
		  : layout_has_signature(row)) {
		w->signature = true;
		return LINE_SKIP;
	}
	if (w->signature && !sure)
		return LINE_SKIP;
	if (named)
		return sure || substance >= 2 ? LINE_RECORD : LINE_STRAY;
	/* The lower row of a heading whose parts the programme does not know; a number alone. */
	if (substance == 0 || (index == l->heading + l->heading_rows && !sure))
		return LINE_SKIP;
	return LINE_NAMELESS;
}
