/* SPDX-License-Identifier: Apache-2.0 */
/* The index that people are found by: what it holds of a row is made from the row in SQL, so that what
 * is taken out is what was put in. */
#include "store/private.h"

/* The last nine digits backwards. As one number they cost a tenth of what nine texts cost; there are fewer only
 * where there is no number, or a short one. */
#define SEARCH_DIGITS                                                                          \
	" CASE WHEN number >= 100000000 THEN substr(1000000000 + number % 10 * 100000000 +"    \
	" number / 10 % 10 * 10000000 + number / 100 % 10 * 1000000 +"                         \
	" number / 1000 % 10 * 100000 + number / 10000 % 10 * 10000 +"                         \
	" number / 100000 % 10 * 1000 + number / 1000000 % 10 * 100 +"                         \
	" number / 10000000 % 10 * 10 + number / 100000000 % 10, 2)"                           \
	" ELSE substr(number, -1, 1) || substr(number, -2, 1) || substr(number, -3, 1) ||"     \
	" substr(number, -4, 1) || substr(number, -5, 1) || substr(number, -6, 1) ||"          \
	" substr(number, -7, 1) || substr(number, -8, 1) || substr(number, -9, 1) END"
/* A key that was made for want of a code begins with the name: its words need to be said once only. */
#define SEARCH_NAME                                                                            \
	" CASE WHEN substr(list_key, 1, length(name_fold) + 1) = name_fold || '|' THEN ''"     \
	" ELSE COALESCE(name_fold, '') || ' ' END || lower(list_key)"
#define SEARCH_ENTRY                                                                           \
	SEARCH_NAME "," SEARCH_DIGITS ","                                                      \
		    " 'p' || programme || ' u' || COALESCE(unit_id, 0) FROM recipient"
/* New rows that make several pieces of the index. */
#define SEARCH_LARGE  10000
#define SEARCH_MERGE  4 /* as FTS5 has it */
#define SEARCH_PIECES 128
#define SEARCH_ADD                                                                             \
	"INSERT INTO recipient_search(rowid, name, digits, place) SELECT id," SEARCH_ENTRY
#define SEARCH_DROP                                                                            \
	"INSERT INTO recipient_search(recipient_search, rowid, name, digits, place)"           \
	" SELECT 'delete', id," SEARCH_ENTRY

/* Ids only grow within a transaction, unless the last ones were deleted in it: what is not smaller than
 * the first new one is new. */
static bool search_waits(const struct store *st, int64_t id)
{
	return st->search_from != 0 && id >= st->search_from;
}

void search_new(struct store *st, int64_t id)
{
	if (!search_waits(st, id)) {
		st->search_from = id;
		st->search_rows = 0;
	}
	st->search_rows++;
}

/* Rows written at once stay in the pieces that they were written in, some 4,000 in each: to make one of them is a tenth
 * of the time of a list. Whoever seeks looks into all, in less than a ms. What is written later merges them by and by
 * (https://www.sqlite.org/fts5.html#the_automerge_configuration_option), or all of them when there are too many. In
 * the open transaction. */
static int search_merge_at(struct store *st, int pieces, struct err *e)
{
	static const char OFTEN[] =
	    "INSERT INTO recipient_search(recipient_search, rank) VALUES ('automerge', $1)";
	static const char AT_ONCE[] =
	    "INSERT INTO recipient_search(recipient_search, rank) VALUES ('crisismerge', $1)";

	if (db_run_with(st->db, AT_ONCE, SEARCH_PIECES, e) != 0)
		return -1;
	return db_run_with(st->db, OFTEN, pieces, e);
}

int search_flush(struct store *st, struct err *e)
{
	static const char ADD[] = SEARCH_ADD " WHERE id >= $1";
	bool large = st->search_rows >= SEARCH_LARGE;
	int64_t from = st->search_from;

	st->search_from = 0;
	st->search_rows = 0;
	if (from == 0)
		return 0;
	if (large && search_merge_at(st, 0, e) != 0)
		return -1;
	if (db_run_with(st->db, ADD, from, e) != 0)
		return -1;
	return large ? search_merge_at(st, SEARCH_MERGE, e) : 0;
}

int search_add(struct store *st, int64_t id, struct err *e)
{
	static const char ADD[] = SEARCH_ADD " WHERE id = $1";

	return search_waits(st, id) ? 0 : db_run_with(st->db, ADD, id, e);
}

int search_drop(struct store *st, int64_t id, struct err *e)
{
	/* Whoever was purged or taken back is in the index no more: taking out twice breaks its totals for good. */
	static const char DROP[] =
	    SEARCH_DROP " WHERE id = $1 AND programme <> '' AND list_key <> 'purged-' || id";

	return search_waits(st, id) ? 0 : db_run_with(st->db, DROP, id, e);
}

int search_drop_run(struct store *st, int64_t from, int64_t until, struct err *e)
{
	static const char DROP[] = SEARCH_DROP " WHERE id BETWEEN $1 AND $2";
	struct db_stmt *s = db_query(st->db, DROP, e);

	if (s == NULL)
		return -1;
	db_put_int(s, from);
	db_put_int(s, until);
	return db_run(s, e);
}
