/* SPDX-License-Identifier: Apache-2.0 */
/* What has changed since: figures are compared with what was there before them, like with like, or with
 * nothing. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "report/figures.h"
#include "report_progress.h"

/* Frozen figures of a week, which are there. Yours. */
static json_t *frozen(struct report_test *t, int week)
{
	struct err e = ERR_INIT;
	json_t *f = NULL;

	if (report_frozen(t->w.st, week, &f, &e) != 1)
		fail_msg("%d: %s", week, e.text);
	return f;
}

static char *digest_of(const struct report_test *t, const json_t *figures, const char *unit)
{
	struct buf out = BUF_INIT(2000);
	struct err e = ERR_INIT;

	world_must(report_digest_text(&t->h, figures, unit, &out, &e), &e, "digest");
	return buf_take(&out);
}

/* Week 24, which brought twelve, beside week 23. */
static json_t *two_weeks(struct report_test *t)
{
	figures_open(t);
	(void)report_test_tick_at(t, report_at(20230607, 17, 30));
	twelve_get_an_account(t);
	(void)report_test_tick_at(t, report_at(20230614, 17, 30));
	return frozen(t, 202324);
}

static int fill_in(struct store *st, void *arg, struct err *e)
{
	const struct report_test *t = arg;

	return report_backfill(st, &t->h, 202322, "soan", clock_now_ms(), e);
}

/* What was there on 16/6 is no earlier than what was there on 14/6, whatever week it is put under. */
static void a_week_that_was_filled_in_later_is_no_week_before(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	json_t *f, *oldest = NULL;
	char *text;

	(void)state;
	figures_open(&t);
	(void)report_test_tick_at(&t, report_at(20230614, 17, 30));
	twelve_get_an_account(&t);
	clock_set_virtual(report_at(20230616, 9, 0));
	world_do(&t.w, fill_in, &t);
	f = frozen(&t, 202324);
	assert_true(json_is_null(json_object_get(f, "before")));
	json_decref(f);
	(void)report_test_tick_at(&t, report_at(20230621, 17, 30));
	f = frozen(&t, 202325);
	text = weekly_text(&t, f);
	assert_non_null(strstr(text, "(tuần này +12)"));
	free(text);
	world_must(figures_oldest(t.w.st, f, &oldest, &e), &e, "oldest");
	assert_string_equal(json_string_value(json_object_get(oldest, "week")), "2023-W24");
	json_decref(oldest);
	json_decref(f);
	figures_close(&t);
}

/* Off for two weeks: of the one before it is all that is known, and it was drawn at the same moment. */
static void what_weeks_brought_is_not_said_to_be_of_this_week(void **state)
{
	static const int late[] = {202325, 202326};
	struct report_test t;

	(void)state;
	figures_open(&t);
	(void)report_test_tick_at(&t, report_at(20230607, 17, 30));
	twelve_get_an_account(&t);
	(void)report_test_tick_at(&t, report_at(20230628, 17, 30));
	for (size_t i = 0; i < 2; i++) {
		json_t *f = frozen(&t, late[i]);
		char *text = weekly_text(&t, f), *digest = digest_of(&t, f, "Tân Phú");

		assert_string_equal(
		    json_string_value(json_object_get(json_object_get(f, "before"), "week")),
		    "2023-W23");
		assert_non_null(strstr(text, "So với tuần 23/2023."));
		assert_non_null(strstr(text, "(so với tuần 23/2023 +12)"));
		assert_null(strstr(text, "tuần này"));
		assert_null(strstr(text, " Tuần ")); /* heads a column */
		assert_null(strstr(digest, "tuan nay"));
		free(digest);
		free(text);
		json_decref(f);
	}
	figures_close(&t);
}

/* A list that came in between is no progress of its people. */
static void a_hamlet_that_was_not_there_is_compared_with_nothing(void **state)
{
	struct report_test t;
	json_t *f = two_weeks(&t), *units;
	char *text, *line;
	size_t i;

	(void)state;
	units = json_object_get(programme_of(json_object_get(f, "before"), 0), "units");
	for (i = 0; i < json_array_size(units); i++) {
		const json_t *unit = json_object_get(json_array_get(units, i), "unit");

		if (strcmp(json_string_value(unit), "Tân Mỹ") == 0)
			break;
	}
	assert_int_equal(json_array_remove(units, i), 0);
	text = weekly_text(&t, f);
	line = strstr(text, "\nTân Mỹ ");
	assert_non_null(line);
	line[1 + strcspn(line + 1, "\n")] = '\0';
	assert_null(strstr(line, "+169"));
	assert_non_null(strstr(line, " -  "));
	free(text);
	text = digest_of(&t, f, "Tân Mỹ");
	assert_null(strstr(text, "tuan nay"));
	free(text);
	text = digest_of(&t, f, "Tân Phú");
	assert_non_null(strstr(text, "tuan nay"));
	free(text);
	json_decref(f);
	figures_close(&t);
}

/* A commune below in the first programme of figures, with so many who reached its target. */
static void handed_up(json_t *figures, const char *id, const char *commune, int reached)
{
	json_t *p = json_array_get(json_object_get(figures, "programmes"), 0);
	json_t *total = json_object_get(json_object_get(p, "total"), "reached");
	json_t *target = json_array_get(json_object_get(p, "targets"), 0);

	json_array_append_new(json_object_get(p, "units"),
			      json_pack("{s:s, s:s, s:i, s:{s:i}}", "unit", commune, "kind", "",
					"total", reached, "reached", id, reached));
	json_object_set_new(total, id, json_integer(int_of(total, id) + reached));
	json_object_set_new(target, "reached",
			    json_integer(int_of(target, "reached") + reached));
}

static void assert_said(const struct report_test *t, const json_t *figures, const char *words)
{
	char *text = weekly_text(t, figures);

	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" is not in:\n%s", words, text);
	free(text);
}

/* A commune that handed up 30 this week and nothing the week before did not gain 30; nor did they lose 50 who
 * hand up no more. */
static void a_commune_that_handed_up_one_week_alone_is_in_no_change(void **state)
{
	struct report_test t;
	json_t *f = two_weeks(&t), *id;

	(void)state;
	id = json_incref(json_object_get(
	    json_array_get(json_object_get(programme_of(f, 0), "targets"), 0), "id"));
	handed_up(f, json_string_value(id), "xã Vĩnh Phú", 30);
	assert_said(&t, f, "đạt 656 hộ (tuần này +12)");
	handed_up(json_object_get(f, "before"), json_string_value(id), "xã Tây Phú", 50);
	assert_said(&t, f, "đạt 656 hộ (tuần này +12)");
	handed_up(f, json_string_value(id), "xã Tây Phú", 53);
	assert_said(&t, f, "đạt 709 hộ (tuần này +15)");
	json_decref(id);
	json_decref(f);
	figures_close(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_week_that_was_filled_in_later_is_no_week_before),
	    cmocka_unit_test(what_weeks_brought_is_not_said_to_be_of_this_week),
	    cmocka_unit_test(a_hamlet_that_was_not_there_is_compared_with_nothing),
	    cmocka_unit_test(a_commune_that_handed_up_one_week_alone_is_in_no_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
