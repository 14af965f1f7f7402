/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of lists written: what the list says, what an officer decided, and the
 * numbers that both share. */
#include "store/recipient.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/private.h"
#include "text/phone.h"

const char *recipient_hold_name(enum recipient_hold h)
{
	static const char *const names[] = {
	    [HOLD_NONE] = "none",	  [HOLD_DECEASED_SUSPECTED] = "deceased?",
	    [HOLD_DECEASED] = "deceased", [HOLD_OFFICER] = "officer",
	    [HOLD_GONE] = "gone",	  [HOLD_PURGED] = "purged",
	};

	return (unsigned)h <= HOLD_PURGED ? names[h] : "?";
}

/* All that is a recipient's own. */
static const size_t recipient_texts[] = {
    offsetof(struct recipient, key),	     offsetof(struct recipient, group),
    offsetof(struct recipient, name),	     offsetof(struct recipient, name_fold),
    offsetof(struct recipient, name_sort),   offsetof(struct recipient, numbers_more),
    offsetof(struct recipient, facts),	     offsetof(struct recipient, facts_kind),
    offsetof(struct recipient, hold_reason), offsetof(struct recipient, raw),
};
#define RECIPIENT_TEXTS (sizeof(recipient_texts) / sizeof(recipient_texts[0]))

static char **recipient_text(struct recipient *r, size_t i)
{
	return (char **)(void *)((char *)r + recipient_texts[i]);
}

void recipient_clear(struct recipient *r)
{
	for (size_t i = 0; i < RECIPIENT_TEXTS; i++)
		free(*recipient_text(r, i));
	*r = (struct recipient){0};
}

size_t recipient_text_bytes(const struct recipient *r)
{
	struct recipient copy = *r;
	size_t n = 0;

	for (size_t i = 0; i < RECIPIENT_TEXTS; i++) {
		const char *text = *recipient_text(&copy, i);

		n += text == NULL ? 0 : strlen(text) + 1;
	}
	return n;
}

char *recipient_pack(struct recipient *r, char *to)
{
	for (size_t i = 0; i < RECIPIENT_TEXTS; i++) {
		char **text = recipient_text(r, i);
		size_t n = *text == NULL ? 0 : strlen(*text) + 1;

		if (n == 0)
			continue;
		memcpy(to, *text, n);
		free(*text);
		*text = to;
		to += n;
	}
	return to;
}

/* What the store has of a row that is put again. Text lives until the statement is put back. */
struct recipient_known {
	int64_t id, rev, contact_id, unit_id, number, state_set_at;
	int state, hold, list_state, list_hold;
	const char *list_hold_reason, *hold_reason, *facts, *name;
	bool same_details; /* what does not matter to sending */
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* ---- numbers ---------------------------------------------------------------------------- */

static void contact_read(struct db_stmt *s, void *out)
{
	struct contact *c = out;

	c->id = db_get_int(s);
	c->flags = (unsigned)db_get_int(s);
	c->recipients = db_get_int(s);
}

/* 1/0/-1 */
static int contact_find(struct store *st, uint64_t number, struct contact *c, struct err *e)
{
	static const char FIND[] =
	    "SELECT id, flags, recipients FROM contact WHERE number = $1";
	struct db_stmt *s = db_query(st->db, FIND, e);

	*c = (struct contact){0};
	if (s == NULL)
		return -1;
	db_put_int(s, (int64_t)number);
	return db_run_row(s, contact_read, c, e);
}

/* c says with which flags, and how many rows have it; gets its id. 1; 0 when there is one of that number; -1 */
static int contact_add(struct store *st, uint64_t number, struct contact *c, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO contact(number, flags, recipients) VALUES ($1, $2, $3)"
	    " ON CONFLICT (number) DO NOTHING";
	struct db_stmt *s = db_query(st->db, ADD, e);

	if (s == NULL)
		return -1;
	db_put_int(s, (int64_t)number);
	db_put_int(s, c->flags);
	db_put_int(s, c->recipients);
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) == 0)
		return 0;
	c->id = db_last_id(st->db);
	return 1;
}

int store_contact_find(struct store *st, uint64_t number, int64_t *id, struct err *e)
{
	struct contact c;
	int rc = contact_find(st, number, &c, e);

	if (rc == 1)
		*id = c.id;
	return rc;
}

/* Makes the contact of a row's number: 1; 0 when there is one; -1. A number whose holder may have changed is
 * made unconfirmed once; what is known of it later stays. */
static int contact_make(struct store *st, const struct recipient *r, struct contact *c,
			struct err *e)
{
	bool unsure = (r->phone_flags & (PHONE_MIGRATED_2018 | PHONE_CONFIRM)) != 0;

	*c = (struct contact){
	    .flags = unsure ? CONTACT_UNCONFIRMED : 0, .recipients = 1, .made = true};
	return contact_add(st, r->number, c, e);
}

/* Looked for before it is made, or the other way round, as it was with the row before: a list's numbers are
 * mostly new, or mostly known. */
int contact_of_row(struct store *st, const struct recipient *r, struct contact *c,
		   struct err *e)
{
	int rc = 0;

	*c = (struct contact){0};
	if (r->number == 0 ||
	    (r->phone_status != PHONE_OK && r->phone_status != PHONE_UNKNOWN_RANGE))
		return 0;
	if (st->new_numbers)
		rc = contact_make(st, r, c, e);
	if (rc == 0)
		rc = contact_find(st, r->number, c, e);
	if (rc == 0)
		rc = contact_make(st, r, c, e);
	st->new_numbers = c->made;
	return rc < 0 ? -1 : 0;
}

int contact_reach(const struct contact *c)
{
	return c->id == 0 ? 0 : 16 | (int)(c->flags & 15) | (c->recipients > 1 ? 32 : 0);
}

int contact_count(struct store *st, int64_t id, int delta, struct err *e)
{
	static const char COUNT[] =
	    "UPDATE contact SET recipients = recipients + $1 WHERE id = $2";
	struct db_stmt *s;

	if (id == 0)
		return 0;
	if ((s = db_query(st->db, COUNT, e)) == NULL)
		return -1;
	db_put_int(s, delta);
	db_put_int(s, id);
	return db_run(s, e);
}

int store_contact_flags_get(struct store *st, uint64_t number, unsigned *flags, struct err *e)
{
	static const char GET[] = "SELECT flags FROM contact WHERE number = $1";
	struct db_stmt *s = db_query(st->db, GET, e);
	int64_t v = 0;
	int rc;

	if (s == NULL)
		return -1;
	db_put_int(s, (int64_t)number);
	rc = db_run_int(s, &v, e);
	*flags = (unsigned)v;
	return rc;
}

int store_contact_flags(struct store *st, uint64_t number, unsigned set, unsigned clear,
			const char *who, struct err *e)
{
	static const char FLAGS[] =
	    "UPDATE contact SET flags = (flags | $1) & ~$2 WHERE id = $3";
	struct contact c;
	struct db_stmt *s;
	char subject[40], detail[64];
	int rc;

	store_want_transaction(st, "contact_flags");
	rc = contact_find(st, number, &c, e);
	if (rc == 0)
		rc = contact_add(st, number, &c, e);
	if (rc < 0 || (s = db_query(st->db, FLAGS, e)) == NULL)
		return -1;
	db_put_int(s, set);
	db_put_int(s, clear);
	db_put_int(s, c.id);
	if (db_run(s, e) != 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "contact/%" PRId64, c.id);
	(void)snprintf(detail, sizeof(detail), "set=%u clear=%u", set, clear);
	return store_audit(st, who, "contact.flags", subject, detail, e);
}

/* ---- putting a row ---------------------------------------------------------------------- */

/* Details in one order for both statements that write them and the one that compares them. */
static void recipient_put_details(struct db_stmt *s, const struct recipient *r)
{
	db_put_int(s, r->sex);
	db_put_int(s, r->birth_precision);
	db_put_int(s, r->birth_year);
	db_put_int(s, r->birth_month);
	db_put_int(s, r->birth_day);
	db_put_int(s, r->phone_status);
	db_put_int(s, r->phone_flags);
	db_put_text(s, r->numbers_more);
	db_put_text(s, r->group);
	db_put_text(s, r->name_fold);
	db_put_text(s, r->name_sort);
}

static bool recipient_same_details(struct db_stmt *s, const struct recipient *r)
{
	const int64_t numbers[] = {r->sex,	   r->birth_precision, r->birth_year,
				   r->birth_month, r->birth_day,       r->phone_status,
				   r->phone_flags};
	const char *const texts[] = {r->numbers_more, r->group, r->name_fold, r->name_sort};
	bool same = true;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		same = db_get_int(s) == numbers[i] && same;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		same = same_text(db_get_text(s), texts[i]) && same;
	return same;
}

static const char FIND_ROW[] =
    "SELECT id, rev, contact_id, unit_id, number, state_set_at, state, hold, list_state,"
    " list_hold, list_hold_reason, hold_reason, facts, name, sex, birth_precision,"
    " birth_year, birth_month, birth_day, phone_status, phone_flags, numbers_more, group_name,"
    " name_fold, name_sort FROM recipient WHERE programme = $1 AND list_key = $2";

static void recipient_read_known(struct db_stmt *s, const struct recipient *r,
				 struct recipient_known *k)
{
	k->id = db_get_int(s);
	k->rev = db_get_int(s);
	k->contact_id = db_get_int(s);
	k->unit_id = db_get_int(s);
	k->number = db_get_int(s);
	k->state_set_at = db_get_int(s);
	k->state = db_get_int32(s);
	k->hold = db_get_int32(s);
	k->list_state = db_get_int32(s);
	k->list_hold = db_get_int32(s);
	k->list_hold_reason = db_get_text(s);
	k->hold_reason = db_get_text(s);
	k->facts = db_get_text(s);
	k->name = db_get_text(s);
	k->same_details = recipient_same_details(s, r);
}

/* The date of the list that is being put. */
static int recipient_list_date(struct store *st, int64_t import_id, int64_t *at, struct err *e)
{
	static const char AT[] = "SELECT at FROM import WHERE id = $1";
	struct db_stmt *s;

	if (import_id != 0 && st->import_id != import_id) {
		if ((s = db_query(st->db, AT, e)) == NULL)
			return -1;
		db_put_int(s, import_id);
		if (db_run_int(s, &st->import_at, e) < 0)
			return -1;
		st->import_id = import_id;
	}
	*at = import_id != 0 ? st->import_at : clock_now_ms();
	return 0;
}

/* What holds after the list said r: the list counts where it says something new. An officer's hold
 * and a decision about death stay; a suspicion stays until somebody decides; who was gone is back. */
static void recipient_decide_hold(const struct recipient_known *k, const struct recipient *r,
				  int *hold, const char **reason)
{
	bool news =
	    (int)r->hold != k->list_hold || !same_text(r->hold_reason, k->list_hold_reason);

	*hold = k->hold;
	*reason = k->hold_reason;
	if (k->hold == HOLD_GONE || (k->hold == HOLD_NONE && news)) {
		*hold = (int)r->hold;
		*reason = r->hold_reason;
	}
}

/* A list has no news when it repeats itself, and is old when an officer spoke after its date. */
static int recipient_decide_state(const struct recipient_known *k, const struct recipient *r,
				  int64_t list_date)
{
	if (r->state == k->list_state || k->state_set_at > list_date)
		return k->state;
	return r->state;
}

static const char *recipient_facts_kind(const struct recipient *r)
{
	const char *facts = r->facts_kind != NULL ? r->facts_kind : r->facts;

	return facts != NULL ? facts : "";
}

/* Binds what ADD and UPDATE have in common, from the contact to the reach. */
static void recipient_put_row(struct db_stmt *s, const struct recipient *r,
			      const char *hold_reason, int reach)
{
	db_put_id(s, r->contact_id);
	db_put_id(s, r->unit_id);
	db_put_id(s, r->import_id);
	db_put_int(s, r->source_row);
	db_put_int(s, r->state);
	db_put_int(s, r->hold);
	db_put_text(s, r->hold_reason);
	db_put_int(s, (int64_t)r->number);
	db_put_text(s, r->name);
	db_put_text(s, hold_reason);
	db_put_text(s, r->facts);
	db_put_text(s, r->raw);
	recipient_put_details(s, r);
	db_put_text(s, recipient_facts_kind(r));
	db_put_int(s, reach);
}

/* 1; 0 when the programme has such a row; -1 */
static int recipient_insert(struct store *st, const char *programme, struct recipient *r,
			    const struct contact *c, struct err *e)
{
	static const char ADD[] =
	    "INSERT INTO recipient(programme, list_key, state, hold, rev, contact_id, unit_id,"
	    " import_id, source_row, list_state, list_hold, list_hold_reason, number, name,"
	    " hold_reason, facts, raw, sex, birth_precision, birth_year, birth_month,"
	    " birth_day, phone_status, phone_flags, numbers_more, group_name, name_fold, "
	    "name_sort, facts_kind, reach)"
	    " VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
	    " $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)"
	    " ON CONFLICT (programme, list_key) DO NOTHING";
	struct db_stmt *s = db_query(st->db, ADD, e);

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	db_put_text(s, r->key);
	db_put_int(s, r->state);
	db_put_int(s, r->hold);
	recipient_put_row(s, r, r->hold_reason, contact_reach(c));
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) == 0)
		return 0;
	r->id = db_last_id(st->db);
	r->rev = 1;
	search_new(st, r->id);
	if (kind_new(st, programme, r, recipient_facts_kind(r), contact_reach(c), e) != 0)
		return -1;
	return contact_count(st, c->made ? 0 : c->id, 1, e) == 0 ? 1 : -1;
}

/* The list has the row as it was: only where it stands may have changed. */
static int recipient_seen(struct store *st, const struct recipient *r, struct err *e)
{
	static const char SEEN[] =
	    "UPDATE recipient SET import_id = $1, source_row = $2, raw = $3"
	    " WHERE id = $4";
	struct db_stmt *s = db_query(st->db, SEEN, e);

	if (s == NULL)
		return -1;
	db_put_id(s, r->import_id);
	db_put_int(s, r->source_row);
	db_put_text(s, r->raw);
	db_put_int(s, r->id);
	return db_run(s, e);
}

static int recipient_update(struct store *st, const struct recipient *r, int state, int hold,
			    const char *hold_reason, int reach, struct err *e)
{
	static const char UPDATE[] =
	    "UPDATE recipient SET state = $1, hold = $2, rev = $3, contact_id = $4, unit_id = "
	    "$5,"
	    " import_id = $6, source_row = $7, list_state = $8, list_hold = $9,"
	    " list_hold_reason = $10, number = $11, name = $12, hold_reason = $13, facts = $14,"
	    " raw = $15, sex = $16, birth_precision = $17, birth_year = $18, birth_month = $19,"
	    " birth_day = $20, phone_status = $21, phone_flags = $22, numbers_more = $23,"
	    " group_name = $24, name_fold = $25, name_sort = $26, facts_kind = $27,"
	    " reach = $28 WHERE id = $29";
	struct db_stmt *s = db_query(st->db, UPDATE, e);

	if (s == NULL)
		return -1;
	db_put_int(s, state);
	db_put_int(s, hold);
	db_put_int(s, r->rev);
	recipient_put_row(s, r, hold_reason, reach);
	db_put_int(s, r->id);
	return db_run(s, e);
}

/* The row is there: what differs? */
static int recipient_merge(struct store *st, struct recipient *r,
			   const struct recipient_known *k, const struct contact *c,
			   enum recipient_put *what, struct err *e)
{
	const char *hold_reason;
	int64_t date;
	int hold, state;
	bool matters, said, sought;

	if (recipient_list_date(st, r->import_id, &date, e) != 0)
		return -1;
	recipient_decide_hold(k, r, &hold, &hold_reason);
	state = recipient_decide_state(k, r, date);
	matters = state != k->state || hold != k->hold || k->number != (int64_t)r->number ||
		  k->contact_id != r->contact_id || k->unit_id != r->unit_id ||
		  !same_text(k->facts, r->facts) || !same_text(k->name, r->name);
	said = r->state != k->list_state || (int)r->hold != k->list_hold ||
	       !same_text(r->hold_reason, k->list_hold_reason);
	r->id = k->id;
	r->rev = k->rev + (matters ? 1 : 0);
	if (!matters && !said && k->same_details) {
		*what = RECIPIENT_SAME;
		return recipient_seen(st, r, e);
	}
	*what = RECIPIENT_UPDATED;
	sought = k->number != (int64_t)r->number || k->unit_id != r->unit_id ||
		 !same_text(k->name, r->name) || !k->same_details;
	if (import_keep(st, r->import_id, r->id, hold, e) != 0 ||
	    (sought && search_drop(st, r->id, e) != 0) ||
	    recipient_update(st, r, state, hold, hold_reason, contact_reach(c), e) != 0 ||
	    (sought && search_add(st, r->id, e) != 0))
		return -1;
	if (k->contact_id == r->contact_id)
		return 0;
	if (contact_count(st, k->contact_id, -1, e) != 0)
		return -1;
	return contact_count(st, c->made ? 0 : c->id, 1, e);
}

/* Puts a row that is there already: 1; 0 when it is not; -1 */
static int recipient_put_known(struct store *st, const char *programme, struct recipient *r,
			       const struct contact *c, enum recipient_put *what, struct err *e)
{
	struct recipient_known known = {0};
	struct db_stmt *s = db_query(st->db, FIND_ROW, e);
	int rc;

	if (s == NULL)
		return -1;
	db_put_text(s, programme);
	db_put_text(s, r->key);
	rc = db_step(s, e);
	if (rc == 1) {
		recipient_read_known(s, r, &known);
		rc = recipient_merge(st, r, &known, c, what, e) == 0 ? 1 : -1;
	}
	db_done(s);
	return rc;
}

int store_recipient_put(struct store *st, const char *programme, struct recipient *r,
			enum recipient_put *what, struct err *e)
{
	struct contact c;
	int rc = 0;

	store_want_transaction(st, "recipient_put");
	if (contact_of_row(st, r, &c, e) != 0)
		return -1;
	r->contact_id = c.id;
	*what = RECIPIENT_NEW;
	/* As with numbers: what the row before was, this one probably is. */
	if (st->new_rows)
		rc = recipient_insert(st, programme, r, &c, e);
	if (rc == 0)
		rc = recipient_put_known(st, programme, r, &c, what, e);
	if (rc == 0)
		rc = recipient_insert(st, programme, r, &c, e);
	st->new_rows = *what == RECIPIENT_NEW;
	return rc < 0 ? -1 : 0;
}

/* ---- deciding --------------------------------------------------------------------------- */

static int recipient_audit(struct store *st, const char *who, const char *what, int64_t id,
			   const char *detail, struct err *e)
{
	char subject[40];

	(void)snprintf(subject, sizeof(subject), "recipient/%" PRId64, id);
	return store_audit(st, who, what, subject, detail, e) == 0 ? 1 : -1;
}

int store_recipient_hold(struct store *st, int64_t id, enum recipient_hold hold,
			 const char *reason, const char *who, struct err *e)
{
	static const char HOLD[] =
	    "UPDATE recipient SET hold = $1, hold_reason = $2, rev = rev + 1 WHERE id = $3";
	struct db_stmt *s = db_query(st->db, HOLD, e);

	store_want_transaction(st, "recipient_hold");
	if (s == NULL)
		return -1;
	db_put_int(s, hold);
	db_put_text(s, reason);
	db_put_int(s, id);
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) == 0)
		return 0;
	return recipient_audit(st, who, "recipient.hold", id, recipient_hold_name(hold), e);
}

int store_recipient_set_state(struct store *st, int64_t id, int state, const char *who,
			      struct err *e)
{
	static const char SET[] = "UPDATE recipient SET state = $1, state_set_at = $2,"
				  " rev = rev + 1 WHERE id = $3";
	struct db_stmt *s = db_query(st->db, SET, e);
	char detail[32];

	store_want_transaction(st, "recipient_set_state");
	if (s == NULL)
		return -1;
	db_put_int(s, state);
	db_put_int(s, clock_now_ms());
	db_put_int(s, id);
	if (db_run(s, e) != 0)
		return -1;
	if (db_changes(st->db) == 0)
		return 0;
	(void)snprintf(detail, sizeof(detail), "state=%d", state);
	return recipient_audit(st, who, "recipient.state", id, detail, e);
}
