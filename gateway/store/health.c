/* SPDX-License-Identifier: Apache-2.0 */
#include "store/health.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "store/private.h"

int store_provider_weight_get(struct store *st, int id, int *weight, struct err *e)
{
	static const char GET[] = "SELECT weight FROM provider WHERE id = $1";
	struct db_stmt *s = db_query(st->db, GET, e);
	int64_t v = 100;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_run_int(s, &v, e);
	*weight = (int)v;
	return rc;
}

int store_provider_weight_set(struct store *st, int id, int weight, int64_t at,
			      const char *reason, struct err *e)
{
	static const char SET[] = "UPDATE provider SET weight = $1 WHERE id = $2";
	static const char KEEP[] =
	    "INSERT INTO provider_weight(provider_id, at, weight, reason)"
	    " VALUES ($1, $2, $3, $4)";
	struct db_stmt *s = db_query(st->db, SET, e);

	store_want_transaction(st, "provider_weight");
	if (s == NULL)
		return -1;
	db_put_int(s, weight);
	db_put_int(s, id);
	if (db_run(s, e) != 0 || (s = db_query(st->db, KEEP, e)) == NULL)
		return -1;
	db_put_int(s, id);
	db_put_int(s, at);
	db_put_int(s, weight);
	db_put_text(s, reason);
	return db_run(s, e);
}

int store_provider_weights(struct store *st, size_t max,
			   void (*fn)(const char *provider, int64_t at, int weight,
				      const char *reason, void *arg),
			   void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT p.name, w.at, w.weight, w.reason FROM provider_weight w"
	    " JOIN provider p ON p.id = w.provider_id ORDER BY w.id DESC LIMIT $1";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, (int64_t)max);
	while ((rc = db_step(s, e)) == 1) {
		const char *name = db_get_text(s);
		int64_t at = db_get_int(s);
		int weight = db_get_int32(s);

		fn(name, at, weight, db_get_text(s), arg);
	}
	db_done(s);
	return rc;
}

/* It stands in meta: few providers rest, and none for long. */
int store_provider_rest_get(struct store *st, int id, int64_t *until, char **why, struct err *e)
{
	char *key = mem_printf("provider.%d.rest", id), *text = NULL, *end;
	int rc = store_meta_get(st, key, &text, e);

	free(key);
	*until = 0;
	if (rc > 0 && *text != '\0') {
		*until = strtoll(text, &end, 10);
		*why = mem_strdup(*end == ' ' ? end + 1 : "");
	}
	free(text);
	return rc < 0 ? -1 : *until > 0;
}

int store_provider_rest_set(struct store *st, int id, int64_t until, const char *why,
			    struct err *e)
{
	char *key = mem_printf("provider.%d.rest", id);
	char *text = until > 0 ? mem_printf("%" PRId64 " %s", until, why) : mem_strdup("");
	int rc;

	store_want_transaction(st, "provider_rest");
	rc = store_meta_set(st, key, text, e);
	free(key);
	free(text);
	return rc;
}
