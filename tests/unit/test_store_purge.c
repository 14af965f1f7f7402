/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <sqlite3.h>

#include "store/purge.h"

#define NUMBER	 INT64_C(84912777000) /* invented */
#define REVERSED "000777219"

/* Every table, and the columns whose text stays when everything in it is over its time. A new table, and a new
 * column that keeps what is written into it, fails here until it is purged, or stands here with a reason. */
static const struct {
	const char *table, *stays;
} tables[] = {
    /* Those who work with it, until an administrator disables them. */
    {"account", "name title password totp created_by"},
    {"account_link", ""},
    {"account_session", ""},
    {"api_call", ""},
    {"api_key", "name hash created_by"},
    /* Why a provider refused is over with the words it refused; its codes and references are nobody's name. */
    {"attempt", "code provider_ref"},
    {"audience", "programme name predicate who"},
    {"campaign", "name programme audiences channel parameters created_by approved_by hash"
		 " halt_reason ladder submitted_hash only_when"},
    {"campaign_day", "arithmetic"},
    {"complaint", ""},
    {"contact", ""},
    {"contact_absent", "channel"},
    {"duty", ""},
    {"duty_told", ""},
    {"figures", "kind json sha256"},
    {"handed", "who"},		    /* the officer */
    {"hand_in", "figures who way"}, /* what a team counted, and the officer */
    {"import", "programme file sha256 who encoding undone_by"},
    {"import_before", ""},
    {"job", "kind target result"},
    {"message", "code provider_ref"},
    {"message_asked", ""},
    {"message_count", ""},
    {"message_day", ""},
    {"message_settled", ""},
    {"message_shared", ""},
    {"message_text", ""},
    {"provider", "name stopped_reason"},
    {"provider_ref", "ref"},
    {"provider_weight", "reason"},
    {"receipt", "code provider_ref"},
    {"receipt_orphan", ""},
    {"recipient", "programme"},
    {"recipient_kind", "programme"}, /* made by triggers and kind.c, from recipient */
    {"reply", "note"},		     /* why it was not followed: words of ours */
    {"rung_end", ""},
    {"seat", ""},
    {"session", "programme place place_fold team documents reason"},
    {"subordinate", "commune sha256"}, /* see what_those_below_counted_stays */
    {"template", "name hash text"},
    {"text_version", "name text who"}, /* the office's words; values are filled in later */
    {"token", "provider access refresh reason"},
    {"unit", "kind name name_fold"},
};

/* What is not 1 in the row of its table: so that everything is over and nobody has declined. */
static const struct {
	const char *column;
	int64_t value;
} numbers[] = {
    {"message.state", MESSAGE_DELIVERED},
    {"job.state", 2},
    {"reply.open", 0},
    {"contact.flags", 0},
    {"contact.number", NUMBER},
    {"recipient.number", NUMBER},
    {"reply.number", NUMBER},
    {"receipt_orphan.phone", NUMBER},
};

static sqlite3 *open_raw(const struct fixture *f)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	return db;
}

static void run(sqlite3 *db, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

static int64_t ask(sqlite3 *db, const char *text)
{
	sqlite3_stmt *s;
	int64_t v;

	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	v = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	return v;
}

/* Calls fn for each column of a table; type is as declared. */
static void each_column(sqlite3 *db, const char *table,
			void (*fn)(const char *table, const char *column, const char *type,
				   void *arg),
			void *arg)
{
	char text[128];
	sqlite3_stmt *s;

	(void)snprintf(text, sizeof(text), "PRAGMA table_info(%s)", table);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW)
		fn(table, (const char *)sqlite3_column_text(s, 1),
		   (const char *)sqlite3_column_text(s, 2), arg);
	(void)sqlite3_finalize(s);
}

struct filling {
	char names[1024], values[4096];
};

static void fill_column(const char *table, const char *column, const char *type, void *arg)
{
	struct filling *f = arg;
	size_t at = strlen(f->names), to = strlen(f->values);
	char whole[128];
	int64_t n = 1;

	(void)snprintf(whole, sizeof(whole), "%s.%s", table, column);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		n = strcmp(numbers[i].column, whole) == 0 ? numbers[i].value : n;
	(void)snprintf(f->names + at, sizeof(f->names) - at, ", %s" + (at == 0 ? 2 : 0),
		       column);
	if (strcmp(type, "INTEGER") == 0)
		(void)snprintf(f->values + to, sizeof(f->values) - to,
			       ", %lld" + (to == 0 ? 2 : 0), (long long)n);
	else
		(void)snprintf(f->values + to, sizeof(f->values) - to,
			       ", 'canary %s'" + (to == 0 ? 2 : 0), whole);
}

static void fill_table(sqlite3 *db, const char *table)
{
	struct filling f = {.names = ""};
	char text[6000];

	each_column(db, table, fill_column, &f);
	(void)snprintf(text, sizeof(text), "INSERT INTO %s(%s) VALUES (%s)", table, f.names,
		       f.values);
	run(db, text);
}

struct remains {
	sqlite3 *db;
	char text[1024]; /* " column column" */
};

static void look(const char *table, const char *column, const char *type, void *arg)
{
	struct remains *r = arg;
	char text[256];
	size_t at = strlen(r->text);

	(void)type;
	(void)snprintf(
	    text, sizeof(text),
	    "SELECT count(*) FROM %s WHERE CAST(%s AS TEXT) LIKE 'canary%%' OR %s = %lld",
	    table, column, column, (long long)NUMBER);
	if (ask(r->db, text) > 0)
		(void)snprintf(r->text + at, sizeof(r->text) - at, " %s" + (at == 0), column);
}

/* Whether two lists parted by spaces hold the same words. */
static bool same_words(const char *a, const char *b)
{
	char one[1024], *save, *word;
	size_t n = 0, m = 0;

	(void)snprintf(one, sizeof(one), "%s", a);
	for (word = strtok_r(one, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		char padded[1030], wanted[130];

		(void)snprintf(padded, sizeof(padded), " %s ", b);
		(void)snprintf(wanted, sizeof(wanted), " %.126s ", word);
		if (strstr(padded, wanted) == NULL)
			return false;
		n++;
	}
	(void)snprintf(one, sizeof(one), "%s", b);
	for (word = strtok_r(one, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
		m++;
	return n == m;
}

/* meta and schema_migration are about the file. The audit is never cut: its chain would break. The index of people is no table of
 * ours. */
#define OTHERS                                                                                 \
	"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('meta', "        \
	"'audit', 'schema_migration')"                                                         \
	" AND name NOT LIKE 'recipient_search%' AND name NOT LIKE 'sqlite_%'"

static void every_table_is_known_and_gives_up_what_is_over(void **state)
{
	static const char INDEX[] =
	    "INSERT INTO recipient_search(rowid, name, digits, place) SELECT id, name_fold || "
	    "' '"
	    " || lower(list_key), '" REVERSED "', 'p' || programme || ' u' || unit_id FROM"
	    " recipient";
	struct fixture *f = *state;
	const struct purge_limits before = {T0, T0, T0};
	const size_t n_tables = sizeof(tables) / sizeof(tables[0]);
	struct purge_counts n = {0};
	struct remains r = {0};
	sqlite3_stmt *s;
	size_t known = 0;

	fixture_close(f);
	r.db = open_raw(f);
	run(r.db, "DELETE FROM campaign; DELETE FROM template; DELETE FROM provider");
	assert_int_equal(sqlite3_prepare_v2(r.db, OTHERS, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		size_t i = 0;

		while (i < n_tables && strcmp(tables[i].table, name) != 0)
			i++;
		if (i == n_tables)
			fail_msg("%s: what becomes of its rows?", name);
		known++;
	}
	(void)sqlite3_finalize(s);
	assert_int_equal(known, n_tables);
	for (size_t i = 0; i < n_tables; i++)
		if (strcmp(tables[i].table, "recipient_kind") != 0)
			fill_table(r.db, tables[i].table);
	run(r.db, INDEX);
	assert_int_equal(sqlite3_close(r.db), SQLITE_OK);

	fixture_open(f, STORE_DAEMON);
	OK(store_purge(f->st, &before, &n, &f->e));
	OK(store_compact(f->st, &f->e));
	fixture_close(f);
	r.db = open_raw(f);
	for (size_t i = 0; i < n_tables; i++) {
		r.text[0] = '\0';
		each_column(r.db, tables[i].table, look, &r);
		if (!same_words(r.text, tables[i].stays))
			fail_msg("%s keeps: %s; should: %s", tables[i].table, r.text,
				 tables[i].stays);
	}
	assert_int_equal(ask(r.db,
			     "SELECT count(*) FROM recipient_search WHERE recipient_search"
			     " MATCH 'canary OR " REVERSED "'"),
			 0);
	assert_int_equal(sqlite3_close(r.db), SQLITE_OK);
	fixture_open(f, STORE_DAEMON);
}

static void what_is_not_over_stays(void **state)
{
	struct fixture *f = *state;
	const struct purge_limits before = {0, 0, 0};
	struct purge_counts n = {0};
	struct remains r = {0};

	fixture_close(f);
	r.db = open_raw(f);
	run(r.db, "DELETE FROM campaign; DELETE FROM template; DELETE FROM provider");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].table, "recipient_kind") != 0)
			fill_table(r.db, tables[i].table);
	assert_int_equal(sqlite3_close(r.db), SQLITE_OK);
	fixture_open(f, STORE_DAEMON);
	OK(store_purge(f->st, &before, &n, &f->e));
	assert_int_equal(n.texts + n.receipts + n.people + n.numbers, 0);
	fixture_close(f);
	r.db = open_raw(f);
	assert_int_equal(ask(r.db, "SELECT count(*) FROM message_text"), 1);
	assert_int_equal(ask(r.db, "SELECT count(*) FROM reply WHERE text LIKE 'canary%'"), 1);
	assert_int_equal(ask(r.db, "SELECT count(*) FROM recipient WHERE name LIKE 'canary%'"),
			 1);
	assert_int_equal(ask(r.db, "SELECT count(*) FROM account_session"), 1);
	assert_int_equal(
	    ask(r.db, "SELECT count(*) FROM hand_in WHERE difficulties LIKE 'canary%'"), 1);
	assert_int_equal(sqlite3_close(r.db), SQLITE_OK);
	fixture_open(f, STORE_DAEMON);
}

static void what_those_below_counted_stays(void **state)
{
	static const char ROWS[] =
	    "DELETE FROM subordinate; INSERT INTO subordinate(commune, week, ref, body, sha256,"
	    " received_at) VALUES ('xa', 202324, 'r', '{\"data\": {\"text\": \"canary\","
	    " \"figures\": {\"teams\": [{\"difficulties\": \"canary\"}], \"programmes\":"
	    " [{\"total\": {\"total\": 1157}, \"percent\": 53.1}]}}}', 's', 1),"
	    " ('xa', 202325, 'r', '{\"data\": {\"text\": \"late\"}}', 's', 9000000000)";
	struct fixture *f = *state;
	/* fifteen days after the first came, which is then over, and before the second */
	const struct purge_limits before = {INT64_C(15) * 86400000, 0, 0};
	struct purge_counts n = {0};
	sqlite3 *db;

	fixture_close(f);
	db = open_raw(f);
	run(db, ROWS);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture_open(f, STORE_DAEMON);
	OK(store_purge(f->st, &before, &n, &f->e));
	assert_int_equal(n.texts, 1);
	OK(store_purge(f->st, &before, &n, &f->e));
	assert_int_equal(n.texts, 1); /* once */
	fixture_close(f);
	db = open_raw(f);
	assert_int_equal(ask(db, "SELECT count(*) FROM subordinate WHERE body LIKE '%canary%'"),
			 0);
	assert_int_equal(
	    ask(db, "SELECT json_extract(body, '$.data.figures.programmes[0].total.total')"
		    " FROM subordinate WHERE week = 202324"),
	    1157);
	assert_int_equal(ask(db, "SELECT count(*) FROM subordinate WHERE body LIKE '%53.1%'"),
			 1);
	assert_int_equal(ask(db, "SELECT count(*) FROM subordinate WHERE body LIKE '%late%'"),
			 1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture_open(f, STORE_DAEMON);
}

/* Two people share the second number; the third declined, and stays unheard. */
static void who_is_erased_leaves_no_answers_but_those_of_others(void **state)
{
	static const char ROWS[] =
	    "UPDATE recipient SET contact_id = 2, number = number - 2 WHERE id = 4;"
	    "UPDATE contact SET recipients = 2 WHERE id = 2; UPDATE contact SET recipients = 0"
	    " WHERE id = 4; UPDATE contact SET flags = 1 WHERE id = 3;"
	    "INSERT INTO reply(provider_id, ref, number, text, at, received_at, kind, open, "
	    "raw)"
	    " SELECT 1, 'r' || id, number, 'canary', 1, 1, 0, 0, 'canary' FROM contact WHERE "
	    "id > 0;"
	    "INSERT INTO receipt_orphan(provider_id, provider_ref, message_id, event, code, at,"
	    " phone, class, received_at) SELECT 1, 'r' || id, 0, 1, '', 1, number, 0, 1 FROM "
	    "contact"
	    " WHERE id > 0";
	struct fixture *f = *state;
	sqlite3 *db;
	int open;

	fixture_people(f, 4, false);
	fixture_close(f);
	db = open_raw(f);
	run(db, ROWS);
	run(db, "UPDATE recipient SET facts_kind = 'canary ' || id");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture_open(f, STORE_DAEMON);
	OK(store_begin(f->st, &f->e));
	for (int id = 1; id <= 3; id++)
		assert_int_equal(store_recipient_erase(f->st, id, "an", &open, &f->e), 1);
	OK(store_commit(f->st, &f->e));
	fixture_close(f);
	db = open_raw(f);
	/* The first number is gone, the second is somebody's, the third is known to have declined. */
	assert_int_equal(ask(db, "SELECT number FROM contact WHERE id = 1"), -1);
	assert_int_equal(ask(db, "SELECT number FROM reply WHERE id = 1"), 0);
	assert_int_equal(ask(db, "SELECT number FROM reply WHERE id = 2"), FIRST + 1);
	assert_int_equal(ask(db, "SELECT number FROM reply WHERE id = 3"), FIRST + 2);
	assert_int_equal(ask(db, "SELECT sum(id) FROM reply WHERE text = 'canary'"), 2 + 4);
	assert_int_equal(ask(db, "SELECT sum(id) FROM receipt_orphan"), 2 + 4);
	assert_int_equal(
	    ask(db, "SELECT count(*) FROM recipient_kind WHERE facts LIKE 'canary%'"), 1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture_open(f, STORE_DAEMON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(every_table_is_known_and_gives_up_what_is_over),
	    STORE_TEST(what_is_not_over_stays),
	    STORE_TEST(what_those_below_counted_stays),
	    STORE_TEST(who_is_erased_leaves_no_answers_but_those_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
