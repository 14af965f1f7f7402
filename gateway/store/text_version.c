/* SPDX-License-Identifier: Apache-2.0 */
#include "store/text_version.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/private.h"

struct text_now {
	int version;
	char *text;
};

static void text_read_now(struct db_stmt *s, void *out)
{
	struct text_now *n = out;

	n->version = db_get_int32(s);
	n->text = db_get_string(s);
}

int store_text_now(struct store *st, const char *name, int *version, char **text, struct err *e)
{
	static const char NOW[] = "SELECT version, text FROM text_version WHERE name = $1"
				  " ORDER BY version DESC LIMIT 1";
	struct db_stmt *s = db_query(st->db, NOW, e);
	struct text_now n = {0};
	int rc;

	*version = 0;
	*text = NULL;
	if (s == NULL)
		return -1;
	db_put_text(s, name);
	rc = db_run_row(s, text_read_now, &n, e);
	*version = n.version;
	*text = n.text;
	return rc;
}

int store_text_put(struct store *st, struct text_version *t, int seen, struct err *e)
{
	static const char LAST[] = "SELECT max(version) FROM text_version WHERE name = $1";
	static const char ADD[] = "INSERT INTO text_version(name, version, text, who, at)"
				  " VALUES ($1, $2, $3, $4, $5)";
	struct db_stmt *s = db_query(st->db, LAST, e);
	char subject[300], detail[40];
	int64_t last = 0;

	store_want_transaction(st, "text_put");
	if (s == NULL)
		return -1;
	db_put_text(s, t->name);
	if (db_run_int(s, &last, e) < 0)
		return -1;
	if (last != seen)
		return 0;
	t->version = seen + 1;
	if ((s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	db_put_text(s, t->name);
	db_put_int(s, t->version);
	db_put_text(s, t->text);
	db_put_text(s, t->who);
	db_put_int(s, clock_now_ms());
	if (db_run(s, e) != 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "text/%s", t->name);
	(void)snprintf(detail, sizeof(detail), "version=%d%s", t->version,
		       t->text == NULL ? " as the file" : "");
	return store_audit(st, t->who, "text.save", subject, detail, e) == 0 ? 1 : -1;
}

int store_text_count(struct store *st, int64_t *n, struct err *e)
{
	static const char COUNT[] = "SELECT count(*) FROM text_version";

	return db_run_int(db_query(st->db, COUNT, e), n, e) < 0 ? -1 : 0;
}

int store_text_list(struct store *st, const char *name,
		    void (*fn)(const struct text_version *t, void *arg), void *arg,
		    struct err *e)
{
	static const char LIST[] = "SELECT name, version, text, who, at FROM text_version"
				   " WHERE $1 IS NULL OR name = $1 ORDER BY name, version DESC";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, name);
	while ((rc = db_step(s, e)) == 1) {
		struct text_version t;

		t.name = (char *)(uintptr_t)db_get_text(s);
		t.version = db_get_int32(s);
		t.text = (char *)(uintptr_t)db_get_text(s);
		t.who = (char *)(uintptr_t)db_get_text(s);
		t.at = db_get_int(s);
		fn(&t, arg);
	}
	db_done(s);
	return rc;
}
