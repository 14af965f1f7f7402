/* SPDX-License-Identifier: Apache-2.0 */
#include "store/subordinate.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/private.h"

static void subordinate_sha256(struct db_stmt *s, void *out)
{
	(void)snprintf(out, 65, "%s", db_get_text(s));
}

static int subordinate_find(struct store *st, const char *commune, int week, char sha256[65],
			    struct err *e)
{
	static const char FIND[] =
	    "SELECT sha256 FROM subordinate WHERE commune = $1 AND week = $2";
	struct db_stmt *s = db_query(st->db, FIND, e);

	if (s == NULL)
		return -1;
	db_put_text(s, commune);
	db_put_int(s, week);
	return db_run_row(s, subordinate_sha256, sha256, e);
}

int store_subordinate_put(struct store *st, const char *commune, int week, const char *ref,
			  const char *body, size_t len, int64_t at, enum subordinate_put *what,
			  struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO subordinate(commune, week, ref, body, sha256, received_at)"
	    " VALUES ($1, $2, $3, $4, $5, $6)";
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[65], known[65], *text;
	struct db_stmt *s;
	int rc = subordinate_find(st, commune, week, known, e);

	store_want_transaction(st, "subordinate_put");
	if (rc < 0)
		return -1;
	(void)crypto_hash_sha256(hash, (const unsigned char *)body, len);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	if (rc == 1) {
		*what = strcmp(hex, known) == 0 ? SUBORDINATE_KNOWN : SUBORDINATE_OTHER;
		return 0;
	}
	if ((s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	text = mem_strndup(body, len);
	db_put_text(s, commune);
	db_put_int(s, week);
	db_put_text(s, ref);
	db_put_text(s, text);
	db_put_text(s, hex);
	db_put_int(s, at);
	*what = SUBORDINATE_TAKEN;
	rc = db_run(s, e);
	free(text);
	return rc;
}

int store_subordinate_get(struct store *st, const char *commune, int week, char **body,
			  int64_t *received_at, struct err *e)
{
	static const char GET[] = "SELECT body, received_at FROM subordinate"
				  " WHERE commune = $1 AND week = $2";
	struct db_stmt *s = db_query(st->db, GET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, commune);
	db_put_int(s, week);
	rc = db_step(s, e);
	if (rc == 1) {
		*body = db_get_string(s);
		*received_at = db_get_int(s);
	}
	db_done(s);
	return rc;
}
