/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of lists read. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/audience.h"
#include "store/private.h"
#include "store/recipient.h"
#include "text/vi.h"

#define ROW                                                                                    \
	"r.id, r.list_key, r.unit_id, r.group_name, r.name, r.sex, r.birth_precision,"         \
	" r.birth_year, r.birth_month, r.birth_day, r.number, r.phone_status, r.phone_flags,"  \
	" r.numbers_more, r.contact_id, c.recipients, c.flags, r.state, r.facts, r.hold,"      \
	" r.hold_reason, r.rev, r.import_id, r.source_row"
#define WHOLE_ROW ROW ", r.name_fold, r.name_sort, r.raw"
#define TABLES	  " FROM recipient r LEFT JOIN contact c ON c.id = r.contact_id"

/* The struct's text is not const because its owner frees it; borrowed text is only looked at. */
static char *recipient_text(struct db_stmt *s)
{
	return (char *)(uintptr_t)db_get_text(s);
}

/* The text in out lives as long as the statement stands on the row: nothing here is freed. */
static void recipient_borrow(struct db_stmt *s, bool whole, struct recipient *out)
{
	*out = (struct recipient){0};
	out->id = db_get_int(s);
	out->key = recipient_text(s);
	out->unit_id = db_get_int(s);
	out->group = recipient_text(s);
	out->name = recipient_text(s);
	out->sex = db_get_int32(s);
	out->birth_precision = db_get_int32(s);
	out->birth_year = db_get_int32(s);
	out->birth_month = db_get_int32(s);
	out->birth_day = db_get_int32(s);
	out->number = (uint64_t)db_get_int(s);
	out->phone_status = db_get_int32(s);
	out->phone_flags = (unsigned)db_get_int(s);
	out->numbers_more = recipient_text(s);
	out->contact_id = db_get_int(s);
	out->contact_shared = db_get_int32(s);
	out->contact_flags = (unsigned)db_get_int(s);
	out->state = db_get_int32(s);
	out->facts = recipient_text(s);
	out->hold = (enum recipient_hold)db_get_int32(s);
	out->hold_reason = recipient_text(s);
	out->rev = db_get_int(s);
	out->import_id = db_get_int(s);
	out->source_row = db_get_int32(s);
	if (whole) {
		out->name_fold = recipient_text(s);
		out->name_sort = recipient_text(s);
		out->raw = recipient_text(s);
	}
}

static void recipient_own(struct recipient *r)
{
	char **const texts[] = {&r->key,       &r->group,	&r->name,
				&r->name_fold, &r->name_sort,	&r->numbers_more,
				&r->facts,     &r->hold_reason, &r->raw};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = mem_strdup(*texts[i]);
}

int store_recipient_scan(struct store *st, const char *programme, int64_t after_id, size_t max,
			 bool fast, bool (*fn)(const struct recipient *r, void *arg), void *arg,
			 struct err *e)
{
	static const char FAST[] =
	    "SELECT " ROW TABLES " WHERE r.programme = $1 AND r.id > $2 ORDER BY r.id LIMIT $3";
	static const char WHOLE[] =
	    "SELECT " WHOLE_ROW TABLES
	    " WHERE r.programme = $1 AND r.id > $2 ORDER BY r.id LIMIT $3";
	struct db_stmt *s = db_query(st->db, fast ? FAST : WHOLE, e);
	struct recipient r;
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	db_put_int(s, after_id);
	db_put_int(s, max > INT64_MAX ? INT64_MAX : (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		recipient_borrow(s, !fast, &r);
		if (!fn(&r, arg)) {
			rc = 0;
			break;
		}
	}
	db_done(s);
	return rc;
}

static void recipient_read(struct db_stmt *s, void *out)
{
	recipient_borrow(s, true, out);
	recipient_own(out);
}

int store_recipient_get(struct store *st, int64_t id, struct recipient *out, struct err *e)
{
	static const char GET[] =
	    "SELECT " WHOLE_ROW TABLES " WHERE r.id = $1 AND r.programme <> ''";
	struct db_stmt *s = db_query(st->db, GET, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	return db_run_row(s, recipient_read, out, e);
}

int store_recipient_find(struct store *st, const char *programme, const char *key,
			 struct recipient *out, struct err *e)
{
	static const char FIND[] =
	    "SELECT " WHOLE_ROW TABLES " WHERE r.programme = $1 AND r.list_key = $2";
	struct db_stmt *s = db_query(st->db, FIND, e);

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	db_put_text(s, key);
	return db_run_row(s, recipient_read, out, e);
}

/* One group of rows that agree in everything that is counted. */
static void recipient_count_group(struct db_stmt *s, struct recipient_counts *c)
{
	int state = db_get_int32(s), hold = db_get_int32(s), precision = db_get_int32(s);
	int texted = db_get_int32(s);
	int64_t n = db_get_int(s);

	c->total += n;
	if (state >= 0 && state < 16)
		c->by_state[state] += n;
	if (precision >= 0 && precision < 4)
		c->by_birth_precision[precision] += n;
	if (!texted)
		c->no_phone += n;
	if (hold != HOLD_NONE)
		c->held += n;
	if (hold == HOLD_DECEASED || hold == HOLD_DECEASED_SUSPECTED)
		c->held_deceased += n;
}

int store_recipient_counts(struct store *st, const char *programme,
			   void (*fn)(const struct recipient_counts *c, void *arg), void *arg,
			   struct err *e)
{
	static const char COUNTS[] =
	    "SELECT COALESCE(unit_id, 0), state, hold, birth_precision, contact_id IS NOT NULL,"
	    " count(*) FROM recipient WHERE programme = $1 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1";
	struct db_stmt *s = db_query(st->db, COUNTS, e);
	struct recipient_counts c = {0};
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	while ((rc = db_step(s, e)) == 1) {
		int64_t unit = db_get_int(s);

		if (c.total > 0 && unit != c.unit_id) {
			fn(&c, arg);
			c = (struct recipient_counts){0};
		}
		c.unit_id = unit;
		recipient_count_group(s, &c);
	}
	if (rc == 0 && c.total > 0)
		fn(&c, arg);
	db_done(s);
	return rc;
}

/* ---- search ------------------------------------------------------------------------------ */

#define SEARCH_WORDS 8
/* Digits of a whole number, without what stands before it. */
#define SEARCH_WHOLE 9
/* So many held rows are looked at one by one: the index would go over all of a name to find those few. */
#define SEARCH_HELD 5000

static void search_and(struct buf *q)
{
	if (q->len > 0)
		(void)buf_adds(q, " AND ");
}

/* What of a word may be the end of a number (09…, 84… and +84… are all written), from *digits on; 0: nothing.
 * shown: as in struct recipient_search. */
static size_t search_digits(const char *word, size_t len, int shown, const char **digits)
{
	size_t skip = 0;

	if (strspn(word, "0123456789") < len || len < 3)
		return 0;
	if (len == 11 && strncmp(word, "84", 2) == 0)
		skip = 2;
	else if (len == 10 && *word == '0')
		skip = 1;
	*digits = word + skip;
	len -= skip;
	return shown > 0 && len > (size_t)shown && len < SEARCH_WHOLE ? 0 : len;
}

/* Digits are the end of a number, or a part of the list's code. Folded words hold nothing but letters and digits,
 * so that quotes are safe. */
static void search_word(struct buf *q, const char *word, size_t len, int shown)
{
	const char *digits = word;
	size_t n = search_digits(word, len, shown, &digits);

	search_and(q);
	if (n == 0) {
		(void)buf_addf(q, "name:\"%.*s\"*", (int)len, word);
		return;
	}
	(void)buf_adds(q, "(digits:\"");
	while (n > 0)
		(void)buf_addc(q, digits[--n]);
	(void)buf_addf(q, "\"* OR name:\"%.*s\"*)", (int)len, word);
}

/* Nothing but digits is one number, however it was spaced. */
static void search_join_digits(char *fold)
{
	size_t n = 0;

	if (strspn(fold, "0123456789 ") < strlen(fold))
		return;
	for (const char *p = fold; *p != '\0'; p++) {
		if (*p != ' ')
			fold[n++] = *p;
	}
	fold[n] = '\0';
}

/* The next run of ASCII letters and digits from *at on; its length, 0 at the end. What else there is parts
 * words, as it does in the index: nothing that could mean something to the query gets into it. */
static size_t search_run(const char **at)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	*at += strcspn(*at, plain);
	return strspn(*at, plain);
}

/* The words of text, the programme and the unit as a query of recipient_search. False: what was asked for
 * holds no word, and nobody is found by it. */
static bool search_build(const struct recipient_search *f, const char *fold, struct buf *q)
{
	const char *at = fold;
	bool asked = f->text != NULL && *f->text != '\0';
	size_t len;

	for (int words = 0; words < SEARCH_WORDS && (len = search_run(&at)) > 0; words++) {
		search_word(q, at, len, f->shown_digits);
		at += len;
	}
	if (asked && q->len == 0)
		return false;
	if (f->programme != NULL) {
		const char *before = "p";

		at = f->programme;
		if (search_run(&at) == 0 || at != f->programme)
			return false;
		for (; (len = search_run(&at)) > 0; at += len) {
			search_and(q);
			(void)buf_addf(q, "place:\"%s%.*s\"", before, (int)len, at);
			before = "";
		}
	}
	if (f->unit_id != 0) {
		search_and(q);
		(void)buf_addf(q, "place:\"u%" PRId64 "\"", f->unit_id);
	}
	return true;
}

/* Whether a word of text begins so, as the index parts words. */
static bool search_begins(const char *text, const char *word, size_t len)
{
	bool inside = false;

	for (const char *p = text; p != NULL && *p != '\0'; p++) {
		bool letter = (unsigned char)*p >= 0x80 || isalnum((unsigned char)*p);

		if (letter && !inside && strncasecmp(p, word, len) == 0)
			return true;
		inside = letter;
	}
	return false;
}

/* What a query of search_build() says of names and numbers, of one row. */
static bool search_fits(const char *fold, int shown, const char *name_fold,
			const struct recipient *r)
{
	char number[24];
	const char *at = fold, *last;
	size_t len;

	(void)snprintf(number, sizeof(number), "%" PRIu64, r->number);
	last = strlen(number) > SEARCH_WHOLE ? number + strlen(number) - SEARCH_WHOLE : number;
	for (int words = 0; words < SEARCH_WORDS && (len = search_run(&at)) > 0; words++) {
		const char *digits = at;
		size_t n = search_digits(at, len, shown, &digits), had = strlen(last);

		if (!search_begins(name_fold, at, len) && !search_begins(r->key, at, len) &&
		    (n == 0 || n > had || strncmp(last + had - n, digits, n) != 0))
			return false;
		at += len;
	}
	return true;
}

struct search_out {
	size_t max;
	bool (*fn)(const char *programme, const struct recipient *r, void *arg);
	void *arg;
};

/* Few are held: each is looked at. */
static int search_held(struct store *st, const struct recipient_search *f, const char *fold,
		       const struct search_out *out, struct err *e)
{
	static const char HELD[] =
	    "SELECT r.programme, COALESCE(r.name_fold, ''), " ROW TABLES
	    " WHERE r.hold BETWEEN 1 AND 3 AND r.id > $1 AND ($2 = '' OR r.programme = $2)"
	    " AND ($3 = 0 OR r.unit_id = $3) ORDER BY r.id";
	struct db_stmt *s = db_query(st->db, HELD, e);
	struct recipient r;
	size_t n = 0;
	int rc = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, f->after_id);
	db_put_text(s, f->programme != NULL ? f->programme : "");
	db_put_int(s, f->unit_id);
	while (n < out->max && (rc = db_step(s, e)) == 1) {
		const char *programme = db_get_text(s), *name_fold = db_get_text(s);

		recipient_borrow(s, false, &r);
		if (!search_fits(fold, f->shown_digits, name_fold, &r))
			continue;
		n++;
		if (!out->fn(programme, &r, out->arg)) {
			rc = 0;
			break;
		}
	}
	db_done(s);
	return rc < 0 ? -1 : 0;
}

/* Whether they are so few: 1/0/-1. */
static int search_few_held(struct store *st, struct err *e)
{
	static const char FEW[] = "SELECT count(*) FROM (SELECT 1 FROM recipient WHERE hold"
				  " BETWEEN 1 AND 3 LIMIT $1)";
	struct db_stmt *s = db_query(st->db, FEW, e);
	int64_t n = 0;

	if (s == NULL)
		return -1;
	db_put_int(s, SEARCH_HELD + 1);
	return db_run_int(s, &n, e) < 0 ? -1 : n <= SEARCH_HELD;
}

static int search_index(struct store *st, const struct recipient_search *f, const struct buf *q,
			const struct search_out *out, struct err *e)
{
	static const char FOUND[] =
	    "SELECT r.programme, " ROW " FROM recipient_search x JOIN recipient r ON r.id ="
	    " x.rowid LEFT JOIN contact c ON c.id = r.contact_id WHERE recipient_search MATCH "
	    "$1"
	    " AND x.rowid > $2 AND ($3 = 0 OR r.hold BETWEEN 1 AND 3) ORDER BY x.rowid LIMIT "
	    "$4";
	static const char HELD[] = "SELECT r.programme, " ROW TABLES
				   " WHERE r.hold BETWEEN 1 AND 3 AND r.id > $1 ORDER BY r.id"
				   " LIMIT $2";
	static const char ALL[] = "SELECT r.programme, " ROW TABLES
				  " WHERE r.id > $1 AND r.programme <> '' ORDER BY r.id"
				  " LIMIT $2";
	struct db_stmt *s = db_query(st->db, q->len > 0 ? FOUND : f->held ? HELD : ALL, e);
	struct recipient r;
	int rc;

	if (s == NULL)
		return -1;
	if (q->len > 0)
		db_put_text(s, buf_text(q));
	db_put_int(s, f->after_id);
	if (q->len > 0)
		db_put_int(s, f->held);
	db_put_int(s, (int64_t)out->max);
	while ((rc = db_step(s, e)) == 1) {
		const char *programme = db_get_text(s);

		recipient_borrow(s, false, &r);
		if (!out->fn(programme, &r, out->arg)) {
			rc = 0;
			break;
		}
	}
	db_done(s);
	return rc;
}

int store_recipient_search(struct store *st, const struct recipient_search *f, size_t max,
			   bool (*fn)(const char *programme, const struct recipient *r,
				      void *arg),
			   void *arg, struct err *e)
{
	const struct search_out out = {.max = max, .fn = fn, .arg = arg};
	char *fold = vi_fold(f->text != NULL ? f->text : "");
	struct buf q = BUF_INIT(4096);
	int rc = 0, few = 0;

	search_join_digits(fold);
	if (search_build(f, fold, &q)) {
		few = f->held && q.len > 0 ? search_few_held(st, e) : 0;
		rc = few < 0	  ? -1
		     : q.overflow ? err_set(e, EX_DATAERR, "tìm nhiều chữ quá")
		     : few > 0	  ? search_held(st, f, fold, &out, e)
				  : search_index(st, f, &q, &out, e);
	}
	buf_free(&q);
	free(fold);
	return rc;
}

int store_recipient_programme(struct store *st, int64_t id, char **programme, struct err *e)
{
	static const char OF[] = "SELECT programme FROM recipient WHERE id = $1";
	struct db_stmt *s = db_query(st->db, OF, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_step(s, e);
	if (rc == 1)
		*programme = db_get_string(s);
	db_done(s);
	return rc;
}
