/* SPDX-License-Identifier: Apache-2.0 */
/* Plain SQL on the file of a fixture, as damage, another version or somebody with the file would do it. */
#ifndef TESTS_STORE_SQL_H
#define TESTS_STORE_SQL_H

#include "store_fixture.h"

#include <sqlite3.h>

/* Whether the database lets it be done. */
static inline bool sql_try(struct fixture *f, const char *text)
{
	sqlite3 *db;
	int rc;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	rc = sqlite3_exec(db, text, NULL, NULL, NULL);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return rc == SQLITE_OK;
}

static inline void sql(struct fixture *f, const char *text)
{
	assert_true(sql_try(f, text));
}

#endif
