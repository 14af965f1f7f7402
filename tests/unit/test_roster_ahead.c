/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sqlite3.h>

#include "lists.h"
#include "roster/ahead.h"
#include "roster/row_ahead.h"

/* ---- slots ---------------------------------------------------------------------------------------- */

#define SLOTS 4

/* Numbers from 1 to last, each kept in memory of its own; from `bad` on each is an error. */
struct counting {
	int last, bad, filled, filling;
};

struct counted {
	int *n;
	bool failed;
};

static int counted_kept; /* counted only when no thread is left */

static bool counting_fill(void *arg, void *slot)
{
	struct counting *c = arg;
	struct counted *s = slot;

	c->filling++;
	if (c->filled == c->last)
		return false;
	free(s->n);
	s->n = mem_calloc(1, sizeof(*s->n));
	*s->n = ++c->filled;
	s->failed = c->bad > 0 && c->filled >= c->bad;
	return true;
}

static void counted_clear(void *slot)
{
	struct counted *s = slot;

	counted_kept += s->n != NULL;
	free(s->n);
}

static struct ahead *counting_start(struct counting *c, bool thread)
{
	counted_kept = 0;
	return ahead_start(&(struct ahead_work){.arg = c,
						.slot = sizeof(struct counted),
						.slots = SLOTS,
						.fill = counting_fill,
						.clear = counted_clear},
			   thread);
}

static void slots_come_in_order_and_end(void **state)
{
	(void)state;
	for (int thread = 0; thread < 2; thread++) {
		for (int last = 0; last < 50; last++) {
			struct counting c = {.last = last};
			struct ahead *a = counting_start(&c, thread);
			const struct counted *s;
			int n = 0;

			while ((s = ahead_next(a)) != NULL)
				assert_int_equal(*s->n, ++n);
			assert_int_equal(n, last);
			/* and stay at the end */
			assert_null(ahead_next(a));
			assert_null(ahead_next(a));
			ahead_end(a);
			assert_int_equal(c.filled, last);
			/* nobody asks for more of what said that there is no more */
			assert_int_equal(c.filling, last + 1);
			assert_int_equal(counted_kept, last < SLOTS ? last : SLOTS);
		}
	}
}

static void nothing_is_done_further_ahead_than_there_are_slots(void **state)
{
	(void)state;
	for (int thread = 0; thread < 2; thread++) {
		for (int taken = 0; taken < 40; taken++) {
			struct counting c = {.last = 1000000};
			struct ahead *a = counting_start(&c, thread);

			for (int i = 0; i < taken; i++)
				assert_int_equal(*((struct counted *)ahead_next(a))->n, i + 1);
			ahead_end(a);
			assert_true(c.filled >= taken);
			/* the one that is in use is one of them */
			assert_true(c.filled <= (taken == 0 ? 0 : taken - 1) + SLOTS);
			assert_int_equal(counted_kept, c.filled < SLOTS ? c.filled : SLOTS);
		}
	}
	ahead_end(NULL);
}

static void an_error_comes_after_what_went_well_before_it(void **state)
{
	(void)state;
	for (int thread = 0; thread < 2; thread++) {
		for (int bad = 1; bad < 20; bad++) {
			struct counting c = {.last = 1000000, .bad = bad};
			struct ahead *a = counting_start(&c, thread);
			const struct counted *s;
			int n = 0;

			while ((s = ahead_next(a)) != NULL && !s->failed)
				assert_int_equal(*s->n, ++n);
			assert_non_null(s);
			assert_int_equal(n, bad - 1);
			ahead_end(a);
		}
	}
}

/* ---- rows ------------------------------------------------------------------------------------------- */

struct reading {
	struct sheet sheet;
	struct layout layout;
	struct roster_options o;
	struct roster_result out;
	struct row_reader rd;
};

static struct reading *reading_open(struct lists_home *h, const char *file)
{
	struct reading *r = mem_calloc(1, sizeof(*r));
	char why[512];

	r->o = lists_options();
	if (sheet_read(file, -1, NULL, NULL, &r->sheet, &h->e) < 0)
		fail_msg("%s", h->e.text);
	assert_int_equal(layout_find(&r->sheet, h->p, NULL, &r->layout, why), 1);
	row_reader_init(&r->rd, h->p, &r->o, &r->sheet, &r->layout, &r->out);
	return r;
}

static void reading_close(struct reading *r)
{
	row_reader_clear(&r->rd);
	roster_result_free(&r->out);
	layout_clear(&r->layout);
	sheet_free(&r->sheet);
	free(r);
}

static char *row_print(const struct row *row)
{
	const struct recipient *r = &row->r;

	return mem_printf("%d %s|%s|%s|%s|%d|%d|%" PRIu64 "|%d|%s|%s|%d|%s|%s", r->source_row,
			  r->key, r->group, r->name, r->name_sort, r->sex, r->birth_year,
			  r->number, r->state, r->facts, r->facts_kind, (int)r->hold, r->raw,
			  row->unit == NULL ? "" : row->unit->name);
}

static void rows_read_ahead_are_those_read_one_by_one(void **state)
{
	struct lists_home *h = lists_open("vneid");
	struct reading *one = reading_open(h, LISTS "ho-dan.xlsx"),
		       *other = reading_open(h, LISTS "ho-dan.xlsx");
	struct row_ahead *a;
	struct row *got, want;
	json_t *x, *y;

	(void)state;
	assert_true(one->sheet.n_rows > 2 * ROW_AHEAD_MAX); /* else there is no thread */
	row_look_over(&one->rd);
	a = row_ahead_start(&other->rd);
	for (int i = one->layout.heading + one->layout.heading_rows; i < one->sheet.n_rows;
	     i++) {
		char *p, *q;

		if (!row_read(&one->rd, i, &want))
			continue;
		got = row_ahead_next(a);
		assert_non_null(got);
		p = row_print(got);
		q = row_print(&want);
		assert_string_equal(p, q);
		free(p);
		free(q);
		row_clear(&want);
	}
	assert_null(row_ahead_next(a));
	row_ahead_end(a);
	x = roster_result_json(&one->out);
	y = roster_result_json(&other->out);
	assert_int_equal(one->out.accepted, HOUSEHOLDS);
	assert_true(json_equal(x, y));
	json_decref(x);
	json_decref(y);
	reading_close(one);
	reading_close(other);
	lists_close(h);
}

static void reading_can_be_given_up_at_any_row(void **state)
{
	struct lists_home *h = lists_open("vneid");

	(void)state;
	for (int taken = 0; taken <= HOUSEHOLDS; taken += 89) {
		struct reading *r = reading_open(h, LISTS "ho-dan.csv");
		struct row_ahead *a = row_ahead_start(&r->rd);

		for (int i = 0; i < taken; i++)
			assert_non_null(row_ahead_next(a));
		row_ahead_end(a);
		/* the reader is ours again, and was not far ahead */
		assert_true(r->out.accepted >= taken);
		assert_true(r->out.accepted <= taken + ROW_AHEAD_MAX);
		reading_close(r);
	}
	row_ahead_end(NULL);
	lists_close(h);
}

/* ---- the import --------------------------------------------------------------------------------------- */

static void sql(const struct lists_home *h, const char *text)
{
	char *path = lists_path(h, "moidan.db");
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	free(path);
}

static void one_more(const struct import_record *r, void *arg)
{
	(void)r;
	++*(int *)arg;
}

static void a_store_that_refuses_a_row_ends_the_reading_and_keeps_nothing(void **state)
{
	static const int rows[] = {0, 1, 63, 64, 65, 640, HOUSEHOLDS - 1};
	struct lists_home *h = lists_open("vneid");
	struct roster_options o = lists_options();
	struct roster_result r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *refuse =
		    mem_printf("CREATE TRIGGER refuse BEFORE INSERT ON recipient WHEN"
			       " (SELECT count(*) FROM recipient) = %d BEGIN"
			       " SELECT RAISE(ABORT, 'no such row, please'); END",
			       rows[i]);
		struct recipient who = {0};
		int n = 0;

		sql(h, refuse);
		h->e = (struct err)ERR_INIT;
		assert_int_equal(roster_import(h->st, h->p, LISTS "ho-dan.csv", &o, &r, &h->e),
				 -1);
		assert_non_null(strstr(h->e.text, "no such row, please"));
		roster_result_free(&r);
		assert_int_equal(store_recipient_find(h->st, "vneid", "TP-0001", &who, &h->e),
				 0);
		assert_int_equal(store_import_list(h->st, NULL, 10, one_more, &n, &h->e), 0);
		assert_int_equal(n, 0);
		sql(h, "DROP TRIGGER refuse");
		free(refuse);
	}
	lists_import(h, LISTS "ho-dan.csv", &o, &r);
	assert_int_equal(r.added, HOUSEHOLDS);
	roster_result_free(&r);
	lists_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slots_come_in_order_and_end),
	    cmocka_unit_test(nothing_is_done_further_ahead_than_there_are_slots),
	    cmocka_unit_test(an_error_comes_after_what_went_well_before_it),
	    cmocka_unit_test(rows_read_ahead_are_those_read_one_by_one),
	    cmocka_unit_test(reading_can_be_given_up_at_any_row),
	    cmocka_unit_test(a_store_that_refuses_a_row_ends_the_reading_and_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
