/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds agree with the rows, whatever happens to rows, in whatever order, in one transaction or in several. */
#include "store_sql.h"

#include "store/audience.h"

#define STEPS	  1200
#define PEOPLE	  60
#define NUMBERS	  20
#define MANY_ROWS 2500 /* more kinds than are kept until the commit */

static unsigned walk_next(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

/* One row for each kind that its rows and the table do not agree on. */
#define AGREE                                                                                  \
	"SELECT count(*) FROM (SELECT 1 FROM (SELECT programme, COALESCE(unit_id, 0) AS u,"    \
	" state, hold, sex, birth_precision, CASE WHEN birth_year >= 2000 THEN birth_year"     \
	" ELSE 0 END AS y, phone_status, phone_flags, reach, facts_kind AS facts, 1 AS n"      \
	" FROM recipient UNION ALL SELECT programme, unit_id, state, hold, sex,"               \
	" birth_precision, birth_year, phone_status, phone_flags, reach, facts, -n FROM"       \
	" recipient_kind) AS both_sides GROUP BY programme, u, state, hold, sex,"              \
	" birth_precision, y, phone_status, phone_flags, reach, facts HAVING sum(n) <> 0)"
/* Rows whose reach is not what is known of their number now. */
#define REACH                                                                                  \
	"SELECT count(*) FROM recipient r LEFT JOIN contact c ON c.id = r.contact_id WHERE"    \
	" r.reach <> COALESCE(16 | (c.flags & 15) | CASE WHEN c.recipients > 1 THEN 32"        \
	" ELSE 0 END, 0)"

static int64_t ask(const struct fixture *f, const char *text)
{
	sqlite3_stmt *s;
	sqlite3 *db;
	int64_t v;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	v = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return v;
}

static void walk_put(struct fixture *f, unsigned *seed)
{
	static const char *const facts[] = {"{}", "{\"app\":\"co\"}", "{\"app\":\"khong\"}"};
	char key[16];
	enum recipient_put what;
	struct recipient r = {
	    .key = key,
	    .name = "Lê Văn Mẫu",
	    .name_fold = "le van mau",
	    .name_sort = "mau le van",
	    .raw = "[]",
	    .state = (int)walk_next(seed, 2),
	    .sex = (int)walk_next(seed, 2),
	    .birth_year = 1999 + (int)walk_next(seed, 3),
	    .number = walk_next(seed, 5) == 0 ? 0 : FIRST + walk_next(seed, NUMBERS)};

	(void)snprintf(key, sizeof(key), "TP-%u", walk_next(seed, PEOPLE));
	r.facts = r.facts_kind = (char *)(uintptr_t)facts[walk_next(seed, 3)];
	OK(store_recipient_put(f->st, "vneid", &r, &what, &f->e));
}

/* One thing that may happen to a row, or to what is known of a number. */
static void walk_step(struct fixture *f, unsigned *seed)
{
	int64_t id = 1 + walk_next(seed, PEOPLE);

	switch (walk_next(seed, 10)) {
	case 0:
		assert_true(store_recipient_hold(f->st, id,
						 (enum recipient_hold)walk_next(seed, 3),
						 "vì sao", "an", &f->e) >= 0);
		break;
	case 1:
		assert_true(store_recipient_set_state(f->st, id, (int)walk_next(seed, 3), "an",
						      &f->e) >= 0);
		break;
	case 2:
		OK(store_contact_flags(f->st, FIRST + walk_next(seed, NUMBERS),
				       walk_next(seed, 16), walk_next(seed, 16), "an", &f->e));
		break;
	default:
		walk_put(f, seed);
	}
}

static void kinds_agree_with_rows_after_whatever_happened(void **state)
{
	struct fixture *f = *state;
	unsigned seed = 46;

	for (int done = 0; done < STEPS;) {
		int steps = 1 + (int)walk_next(&seed, 40);
		bool nest;

		OK(store_begin(f->st, &f->e));
		for (int i = 0; i < steps; i++) {
			nest = walk_next(&seed, 8) == 0;
			if (nest)
				OK(store_nest_begin(f->st, &f->e));
			walk_step(f, &seed);
			walk_step(f, &seed);
			if (nest)
				OK(store_nest_end(f->st, walk_next(&seed, 2) == 0, &f->e));
		}
		if (walk_next(&seed, 4) == 0)
			store_rollback(f->st);
		else
			OK(store_commit(f->st, &f->e));
		done += steps;
		assert_int_equal(ask(f, AGREE), 0);
		assert_int_equal(ask(f, REACH), 0);
	}
	assert_true(ask(f, "SELECT count(*) FROM recipient_kind WHERE n > 0") > 20);
	assert_int_equal(ask(f, "SELECT sum(n) FROM recipient_kind"),
			 ask(f, "SELECT count(*) FROM recipient"));
}

static void add_up(const struct recipient *r, int64_t n, void *arg)
{
	int64_t *sum = arg;

	(void)r;
	*sum += n;
}

static void new_rows_are_counted_before_the_commit_too(void **state)
{
	struct fixture *f = *state;
	int64_t sum = 0;

	OK(store_begin(f->st, &f->e));
	for (int i = 0; i < MANY_ROWS; i++) {
		char key[16], facts[32];
		enum recipient_put what;
		struct recipient r = {.key = key,
				      .name = "Lê Văn Mẫu",
				      .name_fold = "le van mau",
				      .name_sort = "mau le van",
				      .raw = "[]",
				      .facts = facts,
				      .facts_kind = facts};

		(void)snprintf(key, sizeof(key), "TP-%d", i);
		(void)snprintf(facts, sizeof(facts), "{\"app\":\"%d\"}", i);
		OK(store_recipient_put(f->st, "vneid", &r, &what, &f->e));
		assert_int_equal(what, RECIPIENT_NEW);
	}
	OK(store_recipient_kinds(f->st, "vneid", add_up, &sum, &f->e));
	assert_int_equal(sum, MANY_ROWS);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(ask(f, AGREE), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM recipient_kind"), MANY_ROWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(kinds_agree_with_rows_after_whatever_happened),
	    STORE_TEST(new_rows_are_counted_before_the_commit_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
