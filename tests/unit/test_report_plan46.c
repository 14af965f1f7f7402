/* SPDX-License-Identifier: Apache-2.0 */
/* Plan 46 from its first Wednesday to its last: what the weeks 23 to 26 of 2023 and the final report say,
 * beside tables that were computed by hand. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <unistd.h>

#include "report/document.h"
#include "report_house.h"

#define ACCOUNT 1
#define HAMLETS 3
#define WEEKS	4

static const char *const hamlets[HAMLETS] = {"Tân Phú", "Tân Mỹ", "Tân Đông"};

/* Households that get an account before the Wednesday of a week, by hamlet; what Appendix III then says
 * ("Đã tạo"); their sum; what it is of 1.057 and of 1.157; what the week brought. */
static const struct week {
	int week, wednesday;
	int gains[HAMLETS], made[HAMLETS], sum;
	const char *text;
} weeks[WEEKS] = {
    {202323,
     20230607,
     {0, 0, 0},
     {186, 169, 259},
     614,
     "đạt 614 hộ.\n  Chỉ tiêu giao 1.057: đạt 58,1 %. Danh sách 1.157: đạt 53,1 %."},
    {202324,
     20230614,
     {50, 30, 20},
     {236, 199, 279},
     714,
     "đạt 714 hộ (tuần này +100).\n  Chỉ tiêu giao 1.057: đạt 67,5 %. Danh sách 1.157: đạt "
     "61,7 %."},
    {202325,
     20230621,
     {60, 100, 100},
     {296, 299, 379},
     974,
     "đạt 974 hộ (tuần này +260).\n  Chỉ tiêu giao 1.057: đạt 92,1 %. Danh sách 1.157: đạt "
     "84,2 %."},
    {202326,
     20230628,
     {43, 76, 64},
     {339, 375, 443},
     1157,
     "đạt 1.157 hộ (tuần này +183).\n  Chỉ tiêu giao 1.057: đạt 109,5 %. Danh sách 1.157: đạt "
     "100,0 %."},
};

struct gain {
	int64_t unit_id, ids[512];
	int want, n;
};

static bool gain_take(const struct recipient *r, void *arg)
{
	struct gain *g = arg;

	if (r->unit_id == g->unit_id && r->state == 0 && g->n < g->want)
		g->ids[g->n++] = r->id;
	return g->n < g->want;
}

static int gain_set(struct store *st, void *arg, struct err *e)
{
	const struct gain *g = arg;

	for (int i = 0; i < g->n; i++) {
		if (store_recipient_set_state(st, g->ids[i], ACCOUNT, "can bo", e) < 1)
			return -1;
	}
	return 0;
}

static void they_get_an_account(struct report_test *t, const struct week *w)
{
	for (int h = 0; h < HAMLETS; h++) {
		struct gain g = {.want = w->gains[h]};
		struct err e = ERR_INIT;

		if (g.want == 0)
			continue;
		assert_int_equal(store_unit_find(t->w.st, hamlets[h], &g.unit_id, &e), 1);
		world_must(store_recipient_scan(t->w.st, "vneid", 0, SIZE_MAX, true, gain_take,
						&g, &e),
			   &e, "scan");
		assert_int_equal(g.n, g.want);
		world_do(&t->w, gain_set, &g);
	}
}

static const json_t *row_of(const json_t *figures, const char *unit)
{
	const json_t *units = json_object_get(
			 json_array_get(json_object_get(figures, "programmes"), 0), "units"),
		     *u;
	size_t i;

	json_array_foreach(units, i, u)
	{
		if (strcmp(json_string_value(json_object_get(u, "unit")), unit) == 0)
			return u;
	}
	fail_msg("%s is not there", unit);
	return NULL;
}

static void check_week(struct report_test *t, const struct week *w)
{
	struct buf text = BUF_INIT(1u << 20);
	struct err e = ERR_INIT;
	json_t *figures = NULL;
	int64_t sum = 0;

	assert_int_equal(report_frozen(t->w.st, w->week, &figures, &e), 1);
	for (int h = 0; h < HAMLETS; h++) {
		int64_t made = json_integer_value(json_object_get(
		    json_object_get(row_of(figures, hamlets[h]), "reached"), "vneid"));

		assert_int_equal(made, w->made[h]);
		sum += made;
	}
	assert_int_equal(sum, w->sum);
	world_must(report_weekly_text(&t->h, figures, &text, &e), &e, "text");
	if (strstr(buf_text(&text), w->text) == NULL)
		fail_msg("week %d does not say \"%s\":\n%s", w->week, w->text, buf_text(&text));
	json_decref(figures);
	buf_free(&text);
}

/* Words of a line are apart by one space. */
static char *text_of(const char *pdf)
{
	char *command = mem_printf("pdftotext -layout %s - | tr -s ' '", pdf), part[4096];
	struct buf out = BUF_INIT(1u << 20);
	FILE *f = popen(command, "re");
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		(void)buf_add(&out, part, n);
	assert_int_equal(pclose(f), 0);
	free(command);
	return buf_take(&out);
}

static void check_final(struct report_test *t)
{
	static const char *const lines[] = {
	    "BÁO CÁO TỔNG KẾT", "đạt 1.157 hộ",
	    /* all have arrived; what the whole window brought */
	    "1 Ấp Tân Phú 339 339 100,0 +153", "1 Ấp Tân Mỹ 375 375 100,0 +206",
	    "1 Ấp Tân Đông 443 443 100,0 +184", "Tổng cộng 1.157 1.157 0 168"};
	char path[300], *text;
	struct err e = ERR_INIT;
	json_t *figures = NULL;

	(void)snprintf(path, sizeof(path), "%s/final.pdf", t->w.dir);
	assert_int_equal(report_frozen(t->w.st, weeks[WEEKS - 1].week, &figures, &e), 1);
	world_must(report_weekly_pdf(t->w.st, &t->h, figures, "final-paper.txt", path, &e), &e,
		   "final");
	text = text_of(path);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strstr(text, lines[i]) == NULL)
			fail_msg("\"%s\" is not in:\n%s", lines[i], text);
	}
	free(text);
	json_decref(figures);
	(void)unlink(path);
}

static void weeks_23_to_26_and_the_final_report_are_those_of_the_table(void **state)
{
	struct report_test t;

	(void)state;
	clock_set_virtual(report_at(20230605, 8, 0));
	report_test_open(
	    &t, json_loads("{\"collect\": false, \"police_audience\": \"\"}", 0, NULL));
	report_test_people(&t);
	(void)report_test_tick_at(&t, report_at(20230605, 8, 0));
	for (int i = 0; i < WEEKS; i++) {
		they_get_an_account(&t, &weeks[i]);
		(void)report_test_tick_at(&t, report_at(weeks[i].wednesday, 17, 30));
	}
	/* any past week can be drawn anew, and says what it said */
	for (int i = 0; i < WEEKS; i++)
		check_week(&t, &weeks[i]);
	check_final(&t);
	report_test_close(&t);
	clock_set_real();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(weeks_23_to_26_and_the_final_report_are_those_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
