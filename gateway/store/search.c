/* SPDX-License-Identifier: Apache-2.0 */
/* The index that people are found by: what it holds of a row is made from the row in SQL, so that what
 * is taken out is what was put in. */
#include "store/private.h"

#define SEARCH_ENTRY                                                                           \
	" COALESCE(name_fold, '') || ' ' || lower(list_key),"                                  \
	" substr(number, -1, 1) || substr(number, -2, 1) || substr(number, -3, 1) ||"          \
	" substr(number, -4, 1) || substr(number, -5, 1) || substr(number, -6, 1) ||"          \
	" substr(number, -7, 1) || substr(number, -8, 1) || substr(number, -9, 1),"            \
	" 'p' || programme || ' u' || COALESCE(unit_id, 0) FROM recipient WHERE id = $1"

int search_add(struct store *st, int64_t id, struct err *e)
{
	static const char ADD[] = "INSERT INTO recipient_search(rowid, name, digits, place)"
				  " SELECT id," SEARCH_ENTRY;
	struct db_stmt *s = db_query(st->db, ADD, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	return db_run(s, e);
}

int search_drop(struct store *st, int64_t id, struct err *e)
{
	static const char DROP[] =
	    "INSERT INTO recipient_search(recipient_search, rowid, name, digits, place)"
	    " SELECT 'delete', id," SEARCH_ENTRY;
	struct db_stmt *s = db_query(st->db, DROP, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	return db_run(s, e);
}
