/* SPDX-License-Identifier: Apache-2.0 */
#include "store/token.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/private.h"

int store_token_get(struct store *st, const char *provider, struct store_token *out,
		    struct err *e)
{
	static const char GET[] = "SELECT generation, access, refresh, expires_at, fetched_at,"
				  " dead_at, reason FROM token WHERE provider = $1";
	struct db_stmt *s = db_query(st->db, GET, e);
	int rc;

	*out = (struct store_token){0};
	if (s == NULL)
		return -1;
	db_put_text(s, provider);
	rc = db_step(s, e);
	if (rc == 1) {
		out->generation = db_get_int(s);
		out->access = db_get_string(s);
		out->refresh = db_get_string(s);
		out->expires_at = db_get_int(s);
		out->fetched_at = db_get_int(s);
		out->dead_at = db_get_int(s);
		out->reason = db_get_string(s);
	}
	db_done(s);
	return rc;
}

void store_token_free(struct store_token *t)
{
	mem_free_secret(t->access, t->access != NULL ? strlen(t->access) : 0);
	mem_free_secret(t->refresh, t->refresh != NULL ? strlen(t->refresh) : 0);
	free(t->reason);
	*t = (struct store_token){0};
}

int store_token_put(struct store *st, const char *provider, const char *access,
		    const char *refresh, int64_t expires_at, int64_t now, struct err *e)
{
	static const char PUT[] =
	    "INSERT INTO token(provider, generation, access, refresh, expires_at, fetched_at)"
	    " VALUES ($1, 1, $2, COALESCE($3, ''), $4, $5)"
	    " ON CONFLICT (provider) DO UPDATE SET generation = generation + 1,"
	    " access = excluded.access, refresh = COALESCE($3, refresh),"
	    " expires_at = excluded.expires_at, fetched_at = excluded.fetched_at, dead_at = 0,"
	    " reason = NULL";
	struct db_stmt *s = db_query(st->db, PUT, e);

	if (s == NULL)
		return -1;
	db_put_text(s, provider);
	db_put_text(s, access);
	db_put_text(s, refresh);
	db_put_int(s, expires_at);
	db_put_int(s, now);
	return db_run(s, e);
}

int store_token_kill(struct store *st, const char *provider, const char *reason, int64_t now,
		     struct err *e)
{
	static const char KILL[] =
	    "INSERT INTO token(provider, generation, access, refresh, expires_at, fetched_at,"
	    " dead_at, reason) VALUES ($1, 1, '', '', 0, $2, $2, $3)"
	    " ON CONFLICT (provider) DO UPDATE SET generation = generation + 1,"
	    " dead_at = excluded.dead_at, reason = excluded.reason";
	struct db_stmt *s = db_query(st->db, KILL, e);

	if (s == NULL)
		return -1;
	db_put_text(s, provider);
	db_put_int(s, now);
	db_put_text(s, reason);
	return db_run(s, e);
}

int store_token_forget(struct store *st, const char *provider, struct err *e)
{
	static const char FORGET[] =
	    "UPDATE token SET generation = generation + 1, access = '', refresh = '',"
	    " expires_at = 0, dead_at = 0, reason = NULL WHERE provider = $1";
	struct db_stmt *s = db_query(st->db, FORGET, e);

	if (s == NULL)
		return -1;
	db_put_text(s, provider);
	return db_run(s, e);
}

int store_token_lock(struct store *st, const char *provider, struct err *e)
{
	char *suffix = mem_printf("-token-%s", provider);
	int fd = lock_open(st->path, suffix, e);

	free(suffix);
	if (fd >= 0 && !lock_try(fd)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

void store_token_unlock(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}
