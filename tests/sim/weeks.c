/* SPDX-License-Identifier: Apache-2.0 */
/* The weekly clockwork over so many weeks, 2023 to 2030 again and again and each time with other mishaps: what
 * is done once a week is done once. Usage: weeks [WEEKS] */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include "base/log.h"
#include "unit/report_weeks.h"

/* So long is a life; five make up the years that the calendar knows. */
#define LIFE (WEEKS_ALL / 5)

static size_t weeks_wanted = WEEKS_ALL;

static const char PUSHES[] =
    "{\"confirm\": false, \"collect\": false, \"police_audience\": \"\","
    " \"push\": [{\"url\": \"https://cong-an.example/moidan\"},"
    " {\"url\": \"https://huyen.example/moidan\"}]}";

static void few_households(struct report_test *t)
{
	char *path = mem_printf("%s/few.csv", t->w.dir);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	(void)fputs(
	    "Mã hộ;Họ và tên chủ hộ;Giới tính;Năm sinh;Ấp;Số điện thoại;TK định danh mức 2\n"
	    "A-1;Nguyễn Văn An;Nam;1970;Tân Phú;0912000001;Chưa tạo\n"
	    "A-2;Nguyễn Văn Ba;Nam;1970;Tân Mỹ;0912000002;Chưa tạo\n"
	    "A-3;Nguyễn Văn Ca;Nam;1970;Tân Đông;;Chưa tạo\n",
	    f);
	assert_int_equal(fclose(f), 0);
	report_test_import_file(t, t->programmes[0], path);
	assert_int_equal(remove(path), 0);
	free(path);
}

static bool is_frozen(struct report_test *t, int week)
{
	struct err e = ERR_INIT;
	char *json = NULL, sha[65];
	int64_t at;
	int rc = store_figures_get(t->w.st, REPORT_FIGURES, week, &json, &at, sha, &e);

	free(json);
	return rc > 0;
}

/* Digests to each head, a job for each receiver, figures, of each week; none before its moment. */
static void check_life(struct report_test *t, int64_t first)
{
	struct weeks_seen s = weeks_look(t, first);

	for (civil_day i = 0; i < LIFE; i++) {
		int week = civil_iso_week(civil_day_of(first) + 7 * i);

		assert_int_equal(s.digests[i], WEEKS_HEADS);
		assert_int_equal(s.jobs[i], WEEKS_RECEIVERS);
		assert_true(s.job_due[i] >= report_schedule_of(&t->h, week).ready_at);
		assert_true(is_frozen(t, week));
	}
}

static void each_week_has_its_own_once(void **state)
{
	uint64_t seed = 46;
	size_t weeks;

	(void)state;
	for (weeks = 0; weeks < weeks_wanted; weeks += LIFE) {
		const int64_t week = 7 * CLOCK_DAY_MS;
		int64_t first = WEEKS_FIRST + (int64_t)(weeks % WEEKS_ALL) * week;
		struct report_test t;

		clock_set_virtual(first);
		report_test_open(&t, json_loads(PUSHES, 0, NULL));
		report_test_import(&t, t.officials, "can-bo.csv");
		few_households(&t);
		weeks_live(&t, &seed, first, first + LIFE * week, 60);
		check_life(&t, first);
		report_test_close(&t);
		clock_set_real();
	}
	(void)printf("%zu weeks\n", weeks);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_week_has_its_own_once),
	};

	if (argc > 1)
		weeks_wanted = (size_t)strtoul(argv[1], NULL, 10);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
