/* SPDX-License-Identifier: Apache-2.0 */
#include "store/campaign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/private.h"

const char *campaign_state_name(enum campaign_state s)
{
	static const char *const names[] = {
	    [CAMPAIGN_DRAFT] = "draft",		[CAMPAIGN_SUBMITTED] = "submitted",
	    [CAMPAIGN_APPROVED] = "approved",	[CAMPAIGN_RUNNING] = "running",
	    [CAMPAIGN_PAUSED] = "paused",	[CAMPAIGN_HALTED] = "halted",
	    [CAMPAIGN_CANCELLED] = "cancelled",
	};

	return (unsigned)s <= CAMPAIGN_CANCELLED ? names[s] : "?";
}

void campaign_clear(struct campaign *c)
{
	free(c->name);
	free(c->programme);
	free(c->audiences);
	free(c->channel);
	free(c->ladder);
	free(c->parameters);
	free(c->created_by);
	free(c->approved_by);
	free(c->hash);
	free(c->halt_reason);
	free(c->submitted_hash);
	free(c->only_when);
	*c = (struct campaign){0};
}

struct campaign campaign_copy(const struct campaign *from)
{
	struct campaign to = *from;

	to.name = mem_strdup(from->name);
	to.programme = mem_strdup(from->programme);
	to.audiences = mem_strdup(from->audiences);
	to.channel = mem_strdup(from->channel);
	to.ladder = mem_strdup(from->ladder);
	to.parameters = mem_strdup(from->parameters);
	to.created_by = mem_strdup(from->created_by);
	to.approved_by = mem_strdup(from->approved_by);
	to.hash = mem_strdup(from->hash);
	to.halt_reason = mem_strdup(from->halt_reason);
	to.submitted_hash = mem_strdup(from->submitted_hash);
	to.only_when = mem_strdup(from->only_when);
	return to;
}

static void campaign_put(struct db_stmt *s, const struct campaign *c)
{
	db_put_text(s, c->name);
	db_put_text(s, c->programme);
	db_put_text(s, c->audiences);
	db_put_text(s, c->channel);
	db_put_text(s, c->parameters);
	db_put_int(s, c->state);
	db_put_int(s, c->lane);
	db_put_int(s, c->accents);
	db_put_int(s, c->step);
	db_put_int(s, c->stream);
	db_put_int(s, c->cursor);
	db_put_int(s, c->starts_at);
	db_put_int(s, c->expires_at);
	db_put_int(s, c->created_at);
	db_put_int(s, c->started_at);
	db_put_int(s, c->finished_at);
	db_put_text(s, c->created_by);
	db_put_text(s, c->approved_by);
	db_put_text(s, c->hash);
	db_put_text(s, c->halt_reason);
	db_put_text(s, c->ladder);
	db_put_int(s, c->quota);
	db_put_int(s, c->pass_at);
	db_put_int(s, c->budget);
	db_put_int(s, c->catch_up);
	db_put_text(s, c->submitted_hash);
	db_put_text(s, c->only_when);
}

#define COLUMNS                                                                                \
	"id, name, programme, audiences, channel, parameters, state, lane, accents, step,"     \
	" stream, fan_out_cursor, starts_at, expires_at, created_at, started_at, finished_at," \
	" created_by, approved_by, hash, halt_reason, ladder, quota, pass_at, budget,"         \
	" catch_up, submitted_hash, only_when"

static void campaign_read(struct db_stmt *s, void *row)
{
	struct campaign *c = row;

	*c = (struct campaign){0};
	c->id = db_get_int(s);
	c->name = db_get_string(s);
	c->programme = db_get_string(s);
	c->audiences = db_get_string(s);
	c->channel = db_get_string(s);
	c->parameters = db_get_string(s);
	c->state = (enum campaign_state)db_get_int32(s);
	c->lane = (enum lane)db_get_int32(s);
	c->accents = db_get_int32(s);
	c->step = db_get_int32(s);
	c->stream = db_get_int(s) != 0;
	c->cursor = db_get_int(s);
	c->starts_at = db_get_int(s);
	c->expires_at = db_get_int(s);
	c->created_at = db_get_int(s);
	c->started_at = db_get_int(s);
	c->finished_at = db_get_int(s);
	c->created_by = db_get_string(s);
	c->approved_by = db_get_string(s);
	c->hash = db_get_string(s);
	c->halt_reason = db_get_string(s);
	c->ladder = db_get_string(s);
	c->quota = db_get_int(s) != 0;
	c->pass_at = db_get_int(s);
	c->budget = db_get_int(s);
	c->catch_up = db_get_int(s);
	c->submitted_hash = db_get_string(s);
	c->only_when = db_get_string(s);
}

/* 1/0/-1: whether another campaign has this name. */
static int campaign_name_taken(struct store *st, const struct campaign *c, struct err *e)
{
	static const char TAKEN[] = "SELECT id FROM campaign WHERE name = $1 AND id <> $2";
	struct db_stmt *s = db_query(st->db, TAKEN, e);
	int64_t id;

	if (s == NULL)
		return -1;
	db_put_text(s, c->name);
	db_put_int(s, c->id);
	return db_run_int(s, &id, e);
}

int store_campaign_add(struct store *st, struct campaign *c, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO campaign(name, programme, audiences, channel, parameters, state, lane,"
	    " accents, step, stream, fan_out_cursor, starts_at, expires_at, created_at,"
	    " started_at, finished_at, created_by, approved_by, hash, halt_reason, ladder,"
	    " quota, pass_at, budget, catch_up, submitted_hash, only_when)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
	    " $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)";
	struct db_stmt *s;
	int rc;

	store_want_transaction(st, "campaign_add");
	c->id = 0;
	rc = campaign_name_taken(st, c, e);
	if (rc == 1)
		return err_set(e, EX_DATAERR, "đã có chiến dịch tên \"%s\"", c->name);
	if (rc < 0 || (s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	campaign_put(s, c);
	if (db_run(s, e) != 0)
		return -1;
	c->id = db_last_id(st->db);
	return 0;
}

int store_campaign_update(struct store *st, const struct campaign *c, struct err *e)
{
	static const char UPDATE[] =
	    "UPDATE campaign SET name = $1, programme = $2, audiences = $3, channel = $4,"
	    " parameters = $5, state = $6, lane = $7, accents = $8, step = $9, stream = $10,"
	    " fan_out_cursor = $11, starts_at = $12, expires_at = $13, created_at = $14,"
	    " started_at = $15, finished_at = $16, created_by = $17, approved_by = $18,"
	    " hash = $19, halt_reason = $20, ladder = $21, quota = $22, pass_at = $23,"
	    " budget = $24, catch_up = $25, submitted_hash = $26, only_when = $27 WHERE id = "
	    "$28";
	struct db_stmt *s;
	int rc;

	store_want_transaction(st, "campaign_update");
	rc = campaign_name_taken(st, c, e);
	if (rc == 1)
		return err_set(e, EX_DATAERR, "đã có chiến dịch tên \"%s\"", c->name);
	if (rc < 0 || (s = db_query(st->db, UPDATE, e)) == NULL)
		return -1;
	campaign_put(s, c);
	db_put_int(s, c->id);
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) != 1)
		return err_set(e, EX_DATAERR, "there is no campaign %" PRId64, c->id);
	return 0;
}

int store_campaign_get(struct store *st, int64_t id, struct campaign *out, struct err *e)
{
	static const char GET[] = "SELECT " COLUMNS " FROM campaign WHERE id = $1";
	struct db_stmt *s = db_query(st->db, GET, e);

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	return db_run_row(s, campaign_read, out, e);
}

int store_campaign_find(struct store *st, const char *name, struct campaign *out, struct err *e)
{
	static const char FIND[] = "SELECT " COLUMNS " FROM campaign WHERE name = $1";
	struct db_stmt *s = db_query(st->db, FIND, e);

	if (s == NULL)
		return -1;
	db_put_text(s, name);
	return db_run_row(s, campaign_read, out, e);
}

int store_campaign_list(struct store *st, int state,
			void (*fn)(const struct campaign *c, void *arg), void *arg,
			struct err *e)
{
	static const char LIST[] = "SELECT " COLUMNS " FROM campaign"
				   " WHERE $1 < 0 OR state = $1 ORDER BY id";
	struct db_stmt *s = db_query(st->db, LIST, e);
	struct campaign c;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, state);
	while ((rc = db_step(s, e)) == 1) {
		campaign_read(s, &c);
		fn(&c, arg);
		campaign_clear(&c);
	}
	db_done(s);
	return rc;
}

/* ---- texts ------------------------------------------------------------------------------ */

int store_template_put(struct store *st, const char *name, const char *text, int64_t *id,
		       struct err *e)
{
	static const char FIND[] = "SELECT id FROM template WHERE name = $1 AND hash = $2";
	static const char ADD[] =
	    "INSERT INTO template(name, hash, text, created_at) VALUES ($1, $2, $3, $4)";
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * crypto_hash_sha256_BYTES + 1];
	struct db_stmt *s = db_query(st->db, FIND, e);
	int rc;

	store_want_transaction(st, "template_put");
	if (s == NULL)
		return -1;
	(void)crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	db_put_text(s, name);
	db_put_text(s, hex);
	rc = db_run_int(s, id, e);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if ((s = db_query(st->db, ADD, e)) == NULL)
		return -1;
	db_put_text(s, name);
	db_put_text(s, hex);
	db_put_text(s, text);
	db_put_int(s, clock_now_ms());
	if (db_run(s, e) != 0)
		return -1;
	*id = db_last_id(st->db);
	return 0;
}

int store_template_get(struct store *st, int64_t id, char **name, char **text, struct err *e)
{
	static const char GET[] = "SELECT name, text FROM template WHERE id = $1";
	struct db_stmt *s = db_query(st->db, GET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, id);
	rc = db_step(s, e);
	if (rc == 1) {
		*name = db_get_string(s);
		*text = db_get_string(s);
	}
	db_done(s);
	return rc;
}

/* ---- providers -------------------------------------------------------------------------- */

int store_provider_put(struct store *st, const char *name, int *id, struct err *e)
{
	static const char FIND[] = "SELECT id FROM provider WHERE name = $1";
	static const char ADD[] = "INSERT INTO provider(name) VALUES ($1)";
	struct db_stmt *s = db_query(st->db, FIND, e);
	int64_t found = 0;
	int rc;

	store_want_transaction(st, "provider_put");
	if (s == NULL)
		return -1;
	db_put_text(s, name);
	rc = db_run_int(s, &found, e);
	if (rc == 0) {
		if ((s = db_query(st->db, ADD, e)) == NULL)
			return -1;
		db_put_text(s, name);
		rc = db_run(s, e);
		found = db_last_id(st->db);
	}
	*id = (int)found;
	return rc < 0 ? -1 : 0;
}

int store_provider_stop(struct store *st, int id, const char *reason, struct err *e)
{
	static const char STOP[] =
	    "UPDATE provider SET stopped_reason = $1, stopped_at = $2 WHERE id = $3";
	struct db_stmt *s = db_query(st->db, STOP, e);

	store_want_transaction(st, "provider_stop");
	if (s == NULL)
		return -1;
	db_put_text(s, reason);
	db_put_int(s, reason ? clock_now_ms() : 0);
	db_put_int(s, id);
	return db_run(s, e);
}

int store_provider_list(struct store *st,
			void (*fn)(int id, const char *name, const char *stopped_reason,
				   int64_t since, void *arg),
			void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT id, name, stopped_reason, stopped_at FROM provider ORDER BY id";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc = -1;

	while (s != NULL && (rc = db_step(s, e)) == 1) {
		int id = db_get_int32(s);
		const char *name = db_get_text(s);
		const char *reason = db_get_text(s);

		fn(id, name, reason, db_get_int(s), arg);
	}
	db_done(s);
	return rc;
}
