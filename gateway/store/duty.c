/* SPDX-License-Identifier: Apache-2.0 */
#include "store/duty.h"

#include <stdlib.h>

#include "store/private.h"
#include "text/vi.h"

static int duty_find(struct store *st, const struct duty *d, const char *place,
		     const char *name, int64_t *id, struct err *e)
{
	static const char FIND[] = "SELECT id FROM duty WHERE day = $1 AND opens = $2"
				   " AND place_fold = $3 AND name_fold = $4";
	struct db_stmt *s = db_query(st->db, FIND, e);

	if (s == NULL)
		return -1;
	db_put_int(s, d->day);
	db_put_int(s, d->opens);
	db_put_text(s, place);
	db_put_text(s, name);
	return db_run_int(s, id, e);
}

static int duty_write(struct store *st, const struct duty *d, const char *place,
		      const char *name, struct err *e)
{
	static const char PUT[] =
	    "INSERT INTO duty(day, opens, closes, place, place_fold, unit_id, name, name_fold,"
	    " number) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	    " ON CONFLICT (day, opens, place_fold, name_fold) DO UPDATE SET"
	    " closes = excluded.closes, place = excluded.place, unit_id = excluded.unit_id,"
	    " name = excluded.name, number = excluded.number";
	struct db_stmt *s = db_query(st->db, PUT, e);

	if (s == NULL)
		return -1;
	db_put_int(s, d->day);
	db_put_int(s, d->opens);
	db_put_int(s, d->closes);
	db_put_text(s, d->place);
	db_put_text(s, place);
	db_put_id(s, d->unit_id);
	db_put_text(s, d->name);
	db_put_text(s, name);
	db_put_int(s, (int64_t)d->number);
	return db_run(s, e);
}

int store_duty_put(struct store *st, struct duty *d, struct err *e)
{
	char *place = vi_fold(d->place), *name = vi_fold(d->name);
	int there;

	store_want_transaction(st, "duty_put");
	d->id = 0;
	there = duty_find(st, d, place, name, &d->id, e);
	if (there >= 0 && (duty_write(st, d, place, name, e) < 0 ||
			   duty_find(st, d, place, name, &d->id, e) < 0))
		there = -1;
	free(place);
	free(name);
	return there < 0 ? -1 : there == 0;
}

int store_duty_remove(struct store *st, int64_t id, struct err *e)
{
	static const char REMOVE[] = "DELETE FROM duty WHERE id = $1";
	struct db_stmt *s = db_query(st->db, REMOVE, e);

	store_want_transaction(st, "duty_remove");
	if (s == NULL)
		return -1;
	db_put_int(s, id);
	if (db_run(s, e) != 0)
		return -1;
	return db_changes(st->db) == 1;
}

int store_duty_list(struct store *st, civil_day from, civil_day to,
		    void (*fn)(const struct duty *d, void *arg), void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT id, day, opens, closes, place, unit_id, name, number FROM duty"
	    " WHERE day BETWEEN $1 AND $2 ORDER BY day, opens, place_fold, name_fold";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, from);
	db_put_int(s, to);
	while ((rc = db_step(s, e)) == 1) {
		struct duty d = {.id = db_get_int(s)};

		d.day = db_get_int32(s);
		d.opens = db_get_int32(s);
		d.closes = db_get_int32(s);
		d.place = (char *)(uintptr_t)db_get_text(s);
		d.unit_id = db_get_int(s);
		d.name = (char *)(uintptr_t)db_get_text(s);
		d.number = (uint64_t)db_get_int(s);
		fn(&d, arg);
	}
	db_done(s);
	return rc;
}

int store_duty_next(struct store *st, civil_day day, civil_day *next, struct err *e)
{
	static const char NEXT[] = "SELECT day FROM duty WHERE day > $1 ORDER BY day LIMIT 1";
	struct db_stmt *s = db_query(st->db, NEXT, e);
	int64_t found = 0;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, day);
	rc = db_run_int(s, &found, e);
	*next = (civil_day)found;
	return rc;
}

int store_duty_told(struct store *st, int64_t message_id, const struct duty *d, struct err *e)
{
	static const char TOLD[] =
	    "INSERT INTO duty_told(message_id, day, opens, closes, place)"
	    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (message_id, opens, place) DO NOTHING";
	struct db_stmt *s = db_query(st->db, TOLD, e);

	store_want_transaction(st, "duty_told");
	if (s == NULL)
		return -1;
	db_put_int(s, message_id);
	db_put_int(s, d->day);
	db_put_int(s, d->opens);
	db_put_int(s, d->closes);
	db_put_text(s, d->place);
	return db_run(s, e);
}

int store_duty_told_list(struct store *st, civil_day day,
			 void (*fn)(int64_t recipient_id, int64_t message_id,
				    const struct duty *d, void *arg),
			 void *arg, struct err *e)
{
	static const char LIST[] =
	    "SELECT m.recipient_id, t.message_id, t.opens, t.closes, t.place FROM duty_told t"
	    " JOIN message m ON m.id = t.message_id WHERE t.day = $1"
	    " ORDER BY m.recipient_id, t.message_id, t.opens, t.id";
	struct db_stmt *s = db_query(st->db, LIST, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, day);
	while ((rc = db_step(s, e)) == 1) {
		int64_t recipient = db_get_int(s), message = db_get_int(s);
		struct duty d = {.day = day};

		d.opens = db_get_int32(s);
		d.closes = db_get_int32(s);
		d.place = (char *)(uintptr_t)db_get_text(s);
		fn(recipient, message, &d, arg);
	}
	db_done(s);
	return rc;
}
