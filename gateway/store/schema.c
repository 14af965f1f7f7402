/* SPDX-License-Identifier: Apache-2.0 */
#include "store/schema.h"

#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/private.h"

/* Of the text of a step: a step that was released is never edited. */
static void schema_checksum(const struct schema_step *step, char out[65])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, (const unsigned char *)step->sql, strlen(step->sql));
	(void)sodium_bin2hex(out, 65, hash, sizeof(hash));
}

static int schema_is_there(struct store *st, bool *there, struct err *e)
{
	static const char TABLES[] =
	    "SELECT count(*), COALESCE(sum(name = 'schema_migration'), 0)"
	    " FROM sqlite_master WHERE type = 'table'";
	struct db_stmt *s = db_query(st->db, TABLES, e);
	int64_t tables = 0, ours = 0;
	int rc;

	if (s == NULL)
		return -1;
	rc = db_step(s, e);
	if (rc == 1) {
		tables = db_get_int(s);
		ours = db_get_int(s);
	}
	db_done(s);
	if (rc < 0)
		return -1;
	if (tables > 0 && ours == 0)
		return err_set(e, EX_CONFIG, "this is some other program's database");
	*there = ours > 0;
	return 0;
}

/* The steps that the file has been through must be our first ones, unchanged. */
static int schema_count_steps(struct store *st, int *n, struct err *e)
{
	static const char STEPS[] =
	    "SELECT version, checksum FROM schema_migration ORDER BY version";
	struct db_stmt *s = db_query(st->db, STEPS, e);
	int rc = -1;

	*n = 0;
	while (s != NULL && (rc = db_step(s, e)) == 1) {
		int version = db_get_int32(s);
		const struct schema_step *step = &schema_steps[*n];
		char want[65];

		if (step->version == 0) {
			rc =
			    err_set(e, EX_CONFIG,
				    "the database has schema %d, this program knows %d: it was "
				    "written by a newer version",
				    version, *n);
			break;
		}
		schema_checksum(step, want);
		if (version != step->version || strcmp(db_get_text(s), want) != 0) {
			rc = err_set(e, EX_CONFIG,
				     "schema step %d of the database is not this program's",
				     version);
			break;
		}
		(*n)++;
	}
	db_done(s);
	return rc;
}

int schema_compare(struct store *st, struct err *e)
{
	bool there = false;
	int n = 0;

	if (schema_is_there(st, &there, e) != 0)
		return -1;
	if (there && schema_count_steps(st, &n, e) != 0)
		return -1;
	return schema_steps[n].version == 0 ? 0 : 1;
}

static int schema_step_run(struct store *st, const struct schema_step *step, struct err *e)
{
	static const char DONE[] = "INSERT INTO schema_migration(version, name, checksum, at)"
				   " VALUES ($1, $2, $3, $4)";
	struct db_stmt *s;
	char checksum[65];

	if (db_exec(st->db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (db_exec(st->db,
		    "CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER PRIMARY KEY,"
		    " name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL)",
		    e) != 0 ||
	    db_exec(st->db, step->sql, e) != 0 || (s = db_query(st->db, DONE, e)) == NULL)
		goto back;
	schema_checksum(step, checksum);
	db_put_int(s, step->version);
	db_put_text(s, step->name);
	db_put_text(s, checksum);
	db_put_int(s, clock_now_ms());
	if (db_run(s, e) != 0 || (step->version == 1 && store_new_instance(st, e) != 0) ||
	    db_commit(st->db, e) != 0)
		goto back;
	log_info("store", "schema", "version=%d name=%s", step->version, step->name);
	return 0;
back:
	err_context(e, "schema step %d", step->version);
	(void)db_rollback(st->db);
	return -1;
}

int schema_migrate(struct store *st, struct err *e)
{
	bool there = false;
	int n = 0;

	if (schema_is_there(st, &there, e) != 0)
		return -1;
	if (there && schema_count_steps(st, &n, e) != 0)
		return -1;
	for (; schema_steps[n].version != 0; n++) {
		if (schema_step_run(st, &schema_steps[n], e) != 0)
			return -1;
	}
	return 0;
}
