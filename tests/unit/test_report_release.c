/* SPDX-License-Identifier: Apache-2.0 */
/* Thursday: a draft, a person's word, and then the summary goes, once. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "report_house.h"

#define MONDAY report_at(20230612, 8, 0)
#define DRAFT  report_at(20230615, 7, 0)
#define WEEK   202324

static const char REPORTS[] = "{\"push\": [{\"url\": \"https://cong-an.example/moidan\"}],"
			      " \"email\": {\"server\": \"smtps://thu.example\","
			      " \"from\": \"moidan@xa.example\","
			      " \"to\": [\"cong-an@huyen.example\"]}}";

static void open_week(struct report_test *t)
{
	clock_set_virtual(MONDAY);
	report_test_open(t, json_loads(REPORTS, 0, NULL));
	report_test_people(t);
	(void)report_test_tick_at(t, MONDAY);
}

static int confirm(struct report_test *t, int week, const char *seen, struct err *e)
{
	int rc;

	world_must(store_begin(t->w.st, e), e, "begin");
	rc = report_confirm(t->w.st, &t->h, week, seen, "duyet", clock_now_ms(), e);
	if (rc < 0)
		store_rollback(t->w.st);
	else
		world_must(store_commit(t->w.st, e), e, "commit");
	return rc;
}

struct seen {
	int confirm, push, email, open, confirm_state;
	int64_t confirm_due, confirm_deadline;
	size_t papers;
};

static void see(const struct job *j, void *arg)
{
	struct seen *s = arg;
	json_t *payload = json_loads(j->payload, 0, NULL);

	s->open += j->state == JOB_WAITING;
	if (strcmp(j->kind, REPORT_JOB_CONFIRM) == 0) {
		s->confirm++;
		s->confirm_state = (int)j->state;
		s->confirm_due = j->due_at;
		s->confirm_deadline = j->deadline;
	} else if (strcmp(j->kind, REPORT_JOB_EMAIL) == 0) {
		s->email++;
		s->papers = json_array_size(json_object_get(payload, "papers"));
	} else {
		s->push++;
		assert_null(json_object_get(payload, "papers"));
	}
	json_decref(payload);
}

static struct seen look(struct report_test *t)
{
	struct seen s = {.confirm = 0};
	struct err e = ERR_INIT;

	world_must(store_job_list(t->w.st, NULL, 0, 100, see, &s, &e), &e, "jobs");
	return s;
}

static void close_week(struct report_test *t)
{
	report_test_close(t);
	clock_set_real();
}

static void nothing_goes_out_before_somebody_has_said_so(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	struct seen s;
	struct job j;

	(void)state;
	open_week(&t);
	(void)report_test_tick_at(&t, report_at(20230614, 17, 30));
	assert_int_equal(look(&t).confirm, 0);
	(void)report_test_tick_at(&t, DRAFT);
	(void)report_test_tick_at(&t, report_at(20230615, 10, 0));
	s = look(&t);
	assert_int_equal(s.confirm, 1);
	assert_int_equal(s.push + s.email, 0);
	assert_int_equal(s.confirm_deadline, report_at(20230615, 9, 0));
	/* nobody carries a draft, however late it is */
	world_must(store_begin(t.w.st, &e), &e, "begin");
	assert_int_equal(store_job_take(t.w.st, report_at(20300101, 0, 0), &j, &e), 0);
	store_rollback(t.w.st);
	assert_int_equal(confirm(&t, WEEK, NULL, &e), 0);
	s = look(&t);
	assert_int_equal(s.push, 1);
	assert_int_equal(s.email, 1);
	assert_int_equal(s.papers, 2);
	assert_int_equal(s.open, 2); /* the draft is settled */
	(void)report_test_tick_at(&t, report_at(20230616, 10, 0));
	assert_int_equal(look(&t).open, 2);
	close_week(&t);
}

static void who_confirms_says_so_once_about_what_was_read(void **state)
{
	struct report_test t;
	struct buf text = BUF_INIT(1u << 20);
	struct err e = ERR_INIT;
	json_t *figures = NULL, *o;
	char seen[65];

	(void)state;
	open_week(&t);
	assert_int_equal(confirm(&t, WEEK, NULL, &e), -1);
	assert_int_equal(e.code, EX_NOINPUT);
	(void)report_test_tick_at(&t, DRAFT);
	err_clear(&e);
	assert_int_equal(confirm(&t, WEEK, "00", &e), -1);
	assert_int_equal(e.code, EX_TEMPFAIL);
	err_clear(&e);
	assert_int_equal(report_frozen(t.w.st, WEEK, &figures, &e), 1);
	world_must(report_weekly_text(&t.h, figures, &text, &e), &e, "text");
	report_seen(buf_text(&text), seen);
	o = report_standing(t.w.st, &t.h, WEEK, report_at(20230615, 8, 31), &e);
	assert_true(json_is_true(json_object_get(o, "to_confirm")));
	assert_true(json_is_true(json_object_get(o, "late")));
	json_decref(o);
	world_must(confirm(&t, WEEK, seen, &e), &e, "confirm");
	assert_int_equal(confirm(&t, WEEK, seen, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	err_clear(&e);
	o = report_standing(t.w.st, &t.h, WEEK, report_at(20230615, 8, 0), &e);
	assert_string_equal(json_string_value(json_object_get(o, "confirmed_by")), "duyet");
	assert_false(json_is_true(json_object_get(o, "to_confirm")));
	assert_int_equal(json_array_size(json_object_get(o, "jobs")), 2);
	/* a receiver is known by its host alone */
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(json_object_get(o, "jobs"), 1), "to")),
			    "huyen.example");
	json_decref(o);
	json_decref(figures);
	buf_free(&text);
	close_week(&t);
}

static void a_receiver_that_is_added_later_gets_what_was_confirmed(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	char **to;

	(void)state;
	open_week(&t);
	(void)report_test_tick_at(&t, DRAFT);
	world_must(confirm(&t, WEEK, NULL, &e), &e, "confirm");
	to = t.cfg.email.to.items;
	free(to[0]);
	to[0] = mem_strdup("dung-roi@huyen.example");
	(void)report_test_tick_at(&t, report_at(20230615, 11, 0));
	assert_int_equal(look(&t).email, 2);
	(void)report_test_tick_at(&t, report_at(20230615, 12, 0));
	assert_int_equal(look(&t).email, 2);
	close_week(&t);
}

/* Nobody has to confirm any more: nothing waits for it, and nothing is late for want of it. */
static void a_draft_is_settled_when_nobody_has_to_confirm_any_more(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	struct seen s;
	json_t *o;

	(void)state;
	open_week(&t);
	(void)report_test_tick_at(&t, DRAFT);
	assert_int_equal(look(&t).open, 1);
	t.cfg.confirm = false;
	(void)report_test_tick_at(&t, DRAFT + CLOCK_HOUR_MS);
	s = look(&t);
	assert_int_equal(s.push + s.email, 2);
	assert_int_equal(s.open, 2);
	o = report_standing(t.w.st, &t.h, WEEK, clock_now_ms(), &e);
	assert_int_equal(json_array_size(json_object_get(o, "jobs")), 2);
	json_decref(o);
	close_week(&t);
}

static void find_draft(const struct job *j, void *arg)
{
	int64_t *id = arg;

	if (strcmp(j->kind, REPORT_JOB_CONFIRM) == 0)
		*id = j->id;
}

/* A restore cannot know what became of any job since the copy was made. */
static void a_draft_of_a_copy_is_settled_by_whoever_confirms(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	int64_t id = 0;

	(void)state;
	open_week(&t);
	(void)report_test_tick_at(&t, DRAFT);
	world_must(store_job_list(t.w.st, NULL, WEEK, 10, find_draft, &id, &e), &e, "list");
	world_must(store_begin(t.w.st, &e), &e, "begin");
	world_must(store_job_finish(t.w.st, id, JOB_UNCERTAIN, INT64_MAX, DRAFT, "", &e), &e,
		   "restore");
	world_must(store_commit(t.w.st, &e), &e, "commit");
	world_must(confirm(&t, WEEK, NULL, &e), &e, "confirm");
	assert_int_equal(look(&t).confirm_state, JOB_DONE);
	close_week(&t);
}

static void what_went_out_by_itself_is_no_draft_afterwards(void **state)
{
	struct report_test t;

	(void)state;
	open_week(&t);
	t.cfg.confirm = false;
	(void)report_test_tick_at(&t, DRAFT);
	assert_int_equal(look(&t).push, 1);
	t.cfg.confirm = true;
	(void)report_test_tick_at(&t, DRAFT + CLOCK_HOUR_MS);
	assert_int_equal(look(&t).confirm, 0);
	close_week(&t);
}

static int backfill(struct report_test *t, int week, struct err *e)
{
	int rc;

	world_must(store_begin(t->w.st, e), e, "begin");
	rc = report_backfill(t->w.st, &t->h, week, "soan", clock_now_ms(), e);
	if (rc < 0)
		store_rollback(t->w.st);
	else
		world_must(store_commit(t->w.st, e), e, "commit");
	return rc;
}

/* The plan is of 08/6 and counts from 25/5. */
static void weeks_before_the_gateway_are_drawn_later_and_say_so(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	json_t *figures = NULL;

	(void)state;
	open_week(&t);
	assert_int_equal(backfill(&t, WEEK, &e), -1);
	assert_int_equal(e.code, EX_USAGE);
	err_clear(&e);
	world_must(backfill(&t, 202321, &e), &e, "backfill");
	assert_int_equal(backfill(&t, 202321, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	err_clear(&e);
	assert_int_equal(report_frozen(t.w.st, 202321, &figures, &e), 1);
	assert_string_equal(json_string_value(json_object_get(figures, "from")), "2023-05-22");
	assert_string_equal(json_string_value(json_object_get(figures, "drawn_on")),
			    "2023-06-12");
	json_decref(figures);
	/* nothing goes out by itself, then once confirmed it does */
	(void)report_test_tick_at(&t, MONDAY + CLOCK_HOUR_MS);
	assert_int_equal(look(&t).push, 0);
	world_must(confirm(&t, 202321, NULL, &e), &e, "confirm");
	assert_int_equal(look(&t).push, 1);
	close_week(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_goes_out_before_somebody_has_said_so),
	    cmocka_unit_test(who_confirms_says_so_once_about_what_was_read),
	    cmocka_unit_test(a_receiver_that_is_added_later_gets_what_was_confirmed),
	    cmocka_unit_test(a_draft_is_settled_when_nobody_has_to_confirm_any_more),
	    cmocka_unit_test(a_draft_of_a_copy_is_settled_by_whoever_confirms),
	    cmocka_unit_test(what_went_out_by_itself_is_no_draft_afterwards),
	    cmocka_unit_test(weeks_before_the_gateway_are_drawn_later_and_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
