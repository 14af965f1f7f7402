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
#include "said_by.h"

#define ON	1 /* an account is made; the file for a card is taken in */
#define HAMLETS 3
#define WEEKS	4

static const char *const hamlets[HAMLETS] = {"Tân Phú", "Tân Mỹ", "Tân Đông"};

/* Households that get an account before the Wednesday of a week, by hamlet; what Appendix III then says
 * ("Đã tạo"); their sum; what it is of 1.057 and of 1.157; what the week brought. Then the cards: files that are
 * taken in, their sum, how many are to be invited a day (what is left of 97, over the working days from that
 * Wednesday to 20/6: ten, five, none), what the sum is of 97 and of 98. */
static const struct week {
	int week, wednesday;
	int gains[HAMLETS], made[HAMLETS], sum;
	const char *text;
	int taken, cards, daily;
	const char *card_text;
} weeks[WEEKS] = {
    {202323,
     20230607,
     {0, 0, 0},
     {186, 169, 259},
     614,
     "đạt 614 hộ.\n  Chỉ tiêu giao 1.057: đạt 58,1 %. Danh sách 1.157: đạt 53,1 %.",
     0,
     0,
     10,
     "đạt 0 người.\n  Chỉ tiêu giao 97: đạt 0,0 %. Danh sách 98: đạt 0,0 %."},
    {202324,
     20230614,
     {50, 30, 20},
     {236, 199, 279},
     714,
     "đạt 714 hộ (tuần này +100).\n  Chỉ tiêu giao 1.057: đạt 67,5 %. Danh sách 1.157: đạt "
     "61,7 %.",
     20,
     20,
     16,
     "đạt 20 người (tuần này +20).\n  Chỉ tiêu giao 97: đạt 20,6 %. Danh sách 98: đạt 20,4 %."},
    {202325,
     20230621,
     {60, 100, 100},
     {296, 299, 379},
     974,
     "đạt 974 hộ (tuần này +260).\n  Chỉ tiêu giao 1.057: đạt 92,1 %. Danh sách 1.157: đạt "
     "84,2 %.",
     41,
     61,
     36,
     "đạt 61 người (tuần này +41).\n  Chỉ tiêu giao 97: đạt 62,9 %. Danh sách 98: đạt 62,2 %."},
    {202326,
     20230628,
     {43, 76, 64},
     {339, 375, 443},
     1157,
     "đạt 1.157 hộ (tuần này +183).\n  Chỉ tiêu giao 1.057: đạt 109,5 %. Danh sách 1.157: đạt "
     "100,0 %.",
     30,
     91,
     6,
     "đạt 91 người (tuần này +30).\n  Chỉ tiêu giao 97: đạt 93,8 %. Danh sách 98: đạt 92,9 %."},
};

struct gain {
	int64_t unit_id, ids[512];
	int want, n;
};

static bool gain_take(const struct recipient *r, void *arg)
{
	struct gain *g = arg;

	if ((r->unit_id == g->unit_id || g->unit_id == 0) && r->state == 0 &&
	    r->hold == HOLD_NONE && g->n < g->want)
		g->ids[g->n++] = r->id;
	return g->n < g->want;
}

static int gain_set(struct store *st, void *arg, struct err *e)
{
	const struct gain *g = arg;

	for (int i = 0; i < g->n; i++) {
		if (store_recipient_set_state(st, g->ids[i], ON, "can bo", e) < 1)
			return -1;
	}
	return 0;
}

/* Of unit_id, or of any hamlet when it is 0. */
static void they_get_on(struct report_test *t, const char *programme, int64_t unit_id, int want)
{
	struct gain g = {.unit_id = unit_id, .want = want};
	struct err e = ERR_INIT;

	if (want == 0)
		return;
	world_must(
	    store_recipient_scan(t->w.st, programme, 0, SIZE_MAX, true, gain_take, &g, &e), &e,
	    "scan");
	assert_int_equal(g.n, want);
	world_do(&t->w, gain_set, &g);
}

static void a_week_goes_by(struct report_test *t, const struct week *w)
{
	for (int h = 0; h < HAMLETS; h++) {
		struct err e = ERR_INIT;
		int64_t unit_id;

		assert_int_equal(store_unit_find(t->w.st, hamlets[h], &unit_id, &e), 1);
		they_get_on(t, "vneid", unit_id, w->gains[h]);
	}
	they_get_on(t, "cccd", 0, w->taken);
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

/* Appendix I: whoever has no card stays in it; the last column says how many are to be invited a day. */
static void check_cards(const json_t *figures, const struct week *w)
{
	const json_t *p = json_array_get(json_object_get(figures, "programmes"), 1);
	const json_t *one = json_array_get(json_object_get(figures, "appendices"), 0);
	const json_t *counts =
	    json_object_get(json_array_get(json_object_get(one, "rows"), 0), "counts");

	assert_int_equal(json_integer_value(json_object_get(
			     json_array_get(json_object_get(p, "targets"), 0), "reached")),
			 w->cards);
	assert_int_equal(json_integer_value(json_array_get(counts, 9)), w->daily);
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
	for (int i = 0; i < 2; i++) {
		const char *want = i == 0 ? w->text : w->card_text;

		if (strstr(buf_text(&text), want) == NULL)
			fail_msg("week %d does not say \"%s\":\n%s", w->week, want,
				 buf_text(&text));
	}
	check_cards(figures, w);
	json_decref(figures);
	buf_free(&text);
}

/* Words of a line are apart by one space. */
static char *text_of(const char *pdf)
{
	char *command = mem_printf("pdftotext -layout %s - | tr -s ' '", pdf);
	char *said = said_by(command);

	free(command);
	return said;
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
		a_week_goes_by(&t, &weeks[i]);
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
