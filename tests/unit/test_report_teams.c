/* SPDX-License-Identifier: Apache-2.0 */
/* Wednesday: the teams are reminded, hand in by whichever way, the police hear who did not; what differs
 * from the lists is flagged and changes nothing. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <unistd.h>

#include "campaign/hand_in.h"
#include "report/hand_in_sheet.h"
#include "report_house.h"
#include "store/message.h"

#define WEEK	202324
#define MONDAY	report_at(20230612, 8, 0)
#define REMIND	report_at(20230614, 15, 0)
#define LATE	report_at(20230614, 17, 30)
#define DRAFT	report_at(20230615, 7, 0)
#define ALARM	report_at(20230615, 8, 30)
#define COLUMNS 4 /* of Appendix III */

static void open_week(struct report_test *t)
{
	clock_set_virtual(MONDAY);
	report_test_open(t, NULL);
	report_test_people(t);
	assert_int_equal(report_test_tick_at(t, MONDAY), REMIND);
}

static void close_week(struct report_test *t)
{
	report_test_close(t);
	clock_set_real();
}

static int hand_in(struct report_test *t, const char *unit, const char *const *values, size_t n,
		   const char *difficulties, struct err *e)
{
	struct hand_in in = {.week = WEEK,
			     .difficulties = difficulties,
			     .proposals = "",
			     .at = clock_now_ms(),
			     .who = "to",
			     .way = "command"};
	int rc;

	if (*unit != '\0')
		assert_int_equal(store_unit_find(t->w.st, unit, &in.unit_id, e), 1);
	world_must(store_begin(t->w.st, e), e, "begin");
	rc = hand_in_take(t->w.st, t->programmes, 2, &in, values, n, e);
	if (rc < 0)
		store_rollback(t->w.st);
	else
		world_must(store_commit(t->w.st, e), e, "commit");
	return rc;
}

static json_t *figures_of(struct report_test *t)
{
	struct err e = ERR_INIT;
	bool frozen;
	json_t *figures = report_of_week(t->w.st, &t->h, WEEK, clock_now_ms(), &frozen, &e);

	if (figures == NULL)
		fail_msg("%s", e.text);
	return figures;
}

static const json_t *team_of(const json_t *figures, const char *unit)
{
	const json_t *team;
	size_t i;

	json_array_foreach(json_object_get(figures, "teams"), i, team)
	{
		if (strcmp(json_string_value(json_object_get(team, "unit")), unit) == 0)
			return team;
	}
	fail_msg("no team %s", unit);
	return NULL;
}

struct texts {
	size_t n;
	char all[8][400];
};

static bool take_text(const struct message_row *r, void *arg)
{
	struct texts *t = arg;

	assert_true(t->n < 8);
	(void)snprintf(t->all[t->n++], 400, "%s", r->text);
	return true;
}

/* What a stream was told to say. */
static struct texts said(struct report_test *t, const char *stream)
{
	struct message_filter f = {.state = -1};
	struct campaign c = {0};
	struct texts out = {.n = 0};
	struct err e = ERR_INIT;

	if (store_campaign_find(t->w.st, stream, &c, &e) <= 0)
		return out;
	f.campaign_id = c.id;
	campaign_clear(&c);
	world_must(store_message_list(t->w.st, &f, 100, take_text, &out, &e), &e, "list");
	return out;
}

static void only_teams_that_have_not_are_reminded_and_only_once(void **state)
{
	static const char *const exact[COLUMNS] = {"339", "186", "153", "50"};
	struct report_test t;
	struct err e = ERR_INIT;
	struct texts m;
	size_t counted = 0;

	(void)state;
	open_week(&t);
	world_must(hand_in(&t, "Tân Phú", exact, COLUMNS, "", &e), &e, "hand in");
	(void)report_test_tick_at(&t, REMIND);
	(void)report_test_tick_at(&t, REMIND + CLOCK_HOUR_MS);
	m = said(&t, "hand-in");
	assert_int_equal(m.n, 2);
	for (size_t i = 0; i < m.n; i++) {
		assert_null(strstr(m.all[i], "Tan Phu"));
		assert_true(strlen(m.all[i]) <= 160);
		assert_non_null(strstr(m.all[i], "17 gio hom nay 14/6"));
		counted += strstr(m.all[i], "443 259 184 58. Nhan lai: SL va 4 so") != NULL;
	}
	assert_int_equal(counted, 1);
	close_week(&t);
}

static void the_police_hear_who_is_late_and_whose_figures_differ(void **state)
{
	static const char *const exact[COLUMNS] = {"339", "186", "153", "50"};
	static const char *const other[COLUMNS] = {"375", "170", "", "60"};
	struct report_test t;
	struct err e = ERR_INIT;
	struct texts m;
	json_t *figures;
	const json_t *team;

	(void)state;
	open_week(&t);
	(void)report_test_tick_at(&t, REMIND);
	world_must(hand_in(&t, "Tân Phú", exact, COLUMNS, "", &e), &e, "Tân Phú");
	world_must(hand_in(&t, "Tân Mỹ", other, COLUMNS, "thiếu máy", &e), &e, "Tân Mỹ");
	(void)report_test_tick_at(&t, LATE);
	(void)report_test_tick_at(&t, LATE + CLOCK_HOUR_MS);
	m = said(&t, "hand-in-late");
	assert_int_equal(m.n, 1);
	assert_non_null(strstr(m.all[0], "ap Tan Dong, xa My Phu Dong."));
	assert_non_null(strstr(m.all[0], "1 to co so khac"));
	/* flagged, and the lists are what they were */
	figures = figures_of(&t);
	team = team_of(figures, "Tân Mỹ");
	assert_int_equal(json_integer_value(json_object_get(team, "differs")), 1);
	team = json_array_get(json_object_get(team, "fields"), 1);
	assert_int_equal(json_integer_value(json_object_get(team, "said")), 170);
	assert_int_equal(json_integer_value(json_object_get(team, "counted")), 169);
	assert_true(json_is_true(json_object_get(team, "differs")));
	assert_int_equal(
	    json_integer_value(json_object_get(team_of(figures, "Tân Phú"), "differs")), 0);
	assert_false(json_is_true(json_object_get(team_of(figures, "Tân Đông"), "handed_in")));
	json_decref(figures);
	close_week(&t);
}

static void what_they_say_stands_in_the_summary(void **state)
{
	static const char *const other[COLUMNS] = {"375", "170", "", "60"};
	static const char *const pieces[] = {"Chưa báo: ấp Tân Phú; ấp Tân Đông;",
					     "ấp Tân Mỹ báo khác hệ thống: Đã tạo (đại diện 01 "
					     "người/hộ): báo 170, danh sách 169;",
					     "- ấp Tân Mỹ, khó khăn: thiếu máy"};
	struct report_test t;
	struct buf text = BUF_INIT(1u << 20);
	struct err e = ERR_INIT;
	json_t *figures;

	(void)state;
	open_week(&t);
	(void)report_test_tick_at(&t, DRAFT);
	world_must(hand_in(&t, "Tân Mỹ", other, COLUMNS, "thiếu máy", &e), &e, "Tân Mỹ");
	figures = figures_of(&t);
	world_must(report_weekly_text(&t.h, figures, &text, &e), &e, "text");
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (strstr(buf_text(&text), pieces[i]) == NULL)
			fail_msg("\"%s\" is not in:\n%s", pieces[i], buf_text(&text));
	}
	json_decref(figures);
	/* once confirmed, nothing that comes later changes it */
	world_must(store_begin(t.w.st, &e), &e, "begin");
	world_must(report_confirm(t.w.st, &t.h, WEEK, NULL, "duyet", clock_now_ms(), &e), &e,
		   "confirm");
	world_must(store_commit(t.w.st, &e), &e, "commit");
	clock_jump_virtual(CLOCK_HOUR_MS);
	world_must(hand_in(&t, "Tân Đông", NULL, 0, "mất điện", &e), &e, "Tân Đông");
	figures = figures_of(&t);
	buf_reset(&text);
	world_must(report_weekly_text(&t.h, figures, &text, &e), &e, "text");
	assert_null(strstr(buf_text(&text), "mất điện"));
	json_decref(figures);
	buf_free(&text);
	close_week(&t);
}

struct claims {
	struct report_test *t;
	struct eligibility who;
	size_t sent;
};

/* As when it is claimed, and their row has changed since it was planned. */
static bool claim(const struct message_row *m, void *arg)
{
	struct claims *c = arg;
	struct recipient r = {0};
	struct err e = ERR_INIT;
	struct message_candidate of = {.id = m->id,
				       .recipient_id = m->recipient_id,
				       .expires_at = m->expires_at,
				       .text = m->text};
	struct claim_verdict v;

	assert_int_equal(store_recipient_get(c->t->w.st, m->recipient_id, &r, &e), 1);
	of.contact_id = r.contact_id;
	of.number = r.number;
	of.planned_rev = r.rev;
	of.recipient_rev = r.rev + 1;
	recipient_clear(&r);
	v = campaign_decide(&of, &c->who);
	if (v.decision != CLAIM_SEND)
		fail_msg("%s: %s", m->text, v.reason);
	c->sent++;
	return true;
}

static size_t claim_all(struct report_test *t, const char *stream)
{
	struct message_filter f = {.state = -1};
	struct campaign c = {0};
	struct err e = ERR_INIT;
	struct campaign_plan *plan;
	struct claims claims = {.t = t, .who = {.st = t->w.st, .house = &t->w.house}};

	assert_int_equal(store_campaign_find(t->w.st, stream, &c, &e), 1);
	plan = campaign_plan_new(t->w.st, &t->w.house, &c, &e);
	world_must(plan != NULL ? 0 : -1, &e, stream);
	claims.who.plan = plan;
	claims.who.now = clock_now_ms();
	f.campaign_id = c.id;
	world_must(store_message_list(t->w.st, &f, 100, claim, &claims, &e), &e, "list");
	campaign_plan_free(plan);
	campaign_clear(&c);
	return claims.sent;
}

static int open_for_others(struct store *st, void *arg, struct err *e)
{
	const struct campaign_stream stream = {.name = "hand-in-late",
					       .programme = "officials",
					       .audiences = "truong_ap",
					       .lane = LANE_URGENT};
	int64_t id;

	(void)arg;
	return campaign_stream_open(st, &stream, clock_now_ms(), &id, e);
}

/* The list of officials came again between planning and sending: who was written to are no hamlet heads, and are
 * still who they were. Nor need the configuration name one of the list's own audiences. */
static void a_list_that_comes_again_takes_no_notice_away(void **state)
{
	struct report_test t;

	(void)state;
	clock_set_virtual(MONDAY);
	report_test_open(&t, json_loads("{\"digest_audience\": \"A10\"}", 0, NULL));
	report_test_people(&t);
	(void)report_test_tick_at(&t, MONDAY);
	(void)report_test_tick_at(&t, REMIND);
	assert_int_equal(claim_all(&t, "hand-in"), 3);
	/* a stream that was opened for others before */
	world_do(&t.w, open_for_others, NULL);
	(void)report_test_tick_at(&t, LATE);
	assert_int_equal(claim_all(&t, "hand-in-late"), 1);
	assert_int_equal(claim_all(&t, "digest"), 3);
	(void)report_test_tick_at(&t, DRAFT);
	assert_int_equal(claim_all(&t, "draft"), 1);
	close_week(&t);
}

/* What went out by itself holds what had been said until then, wherever it is read afterwards. */
static void what_comes_after_a_summary_went_out_is_not_in_it(void **state)
{
	struct report_test t;
	struct buf before = BUF_INIT(1u << 20), after = BUF_INIT(1u << 20);
	struct err e = ERR_INIT;
	json_t *figures;

	(void)state;
	clock_set_virtual(MONDAY);
	report_test_open(&t, json_loads("{\"confirm\": false, \"push\": [{\"url\": "
					"\"https://cong-an.example/moidan\"}]}",
					0, NULL));
	report_test_people(&t);
	(void)report_test_tick_at(&t, MONDAY);
	(void)report_test_tick_at(&t, LATE);
	world_must(hand_in(&t, "Tân Mỹ", NULL, 0, "thiếu máy", &e), &e, "Tân Mỹ");
	(void)report_test_tick_at(&t, DRAFT);
	figures = figures_of(&t);
	world_must(report_weekly_text(&t.h, figures, &before, &e), &e, "text");
	assert_non_null(strstr(buf_text(&before), "thiếu máy"));
	json_decref(figures);
	clock_jump_virtual(CLOCK_HOUR_MS);
	world_must(hand_in(&t, "Tân Đông", NULL, 0, "mất điện", &e), &e, "Tân Đông");
	figures = figures_of(&t);
	world_must(report_weekly_text(&t.h, figures, &after, &e), &e, "text");
	assert_string_equal(buf_text(&after), buf_text(&before));
	json_decref(figures);
	buf_free(&before);
	buf_free(&after);
	close_week(&t);
}

static void the_draft_and_its_lateness_are_told_once(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;
	struct texts m;

	(void)state;
	open_week(&t);
	(void)report_test_tick_at(&t, LATE);
	assert_int_equal(report_test_tick_at(&t, DRAFT), ALARM);
	m = said(&t, "draft");
	assert_int_equal(m.n, 1);
	assert_non_null(strstr(m.all[0], "muc 2 614/1.157, 0/97 CCCD."));
	assert_non_null(strstr(m.all[0], "truoc 9 gio 15/6"));
	assert_int_equal(said(&t, "draft-late").n, 0);
	(void)report_test_tick_at(&t, ALARM);
	(void)report_test_tick_at(&t, ALARM + CLOCK_MINUTE_MS);
	m = said(&t, "draft-late");
	assert_int_equal(m.n, 1);
	assert_non_null(strstr(m.all[0], "KHAN: bao cao tuan 24"));
	close_week(&t);
	/* who confirms in time hears of no lateness */
	open_week(&t);
	(void)report_test_tick_at(&t, DRAFT);
	world_must(store_begin(t.w.st, &e), &e, "begin");
	world_must(report_confirm(t.w.st, &t.h, WEEK, NULL, "duyet", clock_now_ms(), &e), &e,
		   "confirm");
	world_must(store_commit(t.w.st, &e), &e, "commit");
	(void)report_test_tick_at(&t, ALARM);
	assert_int_equal(said(&t, "draft-late").n, 0);
	close_week(&t);
}

/* Power was off from Wednesday noon to two at night, and again from Thursday to Friday. */
static void nobody_is_woken_for_what_was_due_in_the_evening(void **state)
{
	struct report_test t;

	(void)state;
	open_week(&t);
	assert_int_equal(report_test_tick_at(&t, report_at(20230615, 2, 0)), DRAFT);
	assert_int_equal(said(&t, "hand-in-late").n, 0);
	(void)report_test_tick_at(&t, DRAFT);
	assert_int_equal(said(&t, "hand-in-late").n, 1);
	assert_int_equal(report_test_tick_at(&t, report_at(20230616, 2, 0)),
			 report_at(20230616, 7, 0));
	assert_int_equal(said(&t, "draft-late").n, 0);
	(void)report_test_tick_at(&t, report_at(20230616, 7, 0));
	assert_int_equal(said(&t, "draft-late").n, 1);
	close_week(&t);
	/* nor late in the evening */
	open_week(&t);
	(void)report_test_tick_at(&t, report_at(20230614, 22, 30));
	assert_int_equal(said(&t, "hand-in-late").n, 0);
	(void)report_test_tick_at(&t, DRAFT);
	assert_int_equal(said(&t, "hand-in-late").n, 1);
	close_week(&t);
}

static void deliver_all(struct report_test *t)
{
	struct err e = ERR_INIT;
	struct job j;

	world_must(store_begin(t->w.st, &e), &e, "begin");
	while (store_job_take(t->w.st, clock_now_ms(), &j, &e) == 1) {
		world_must(store_job_finish(t->w.st, j.id, JOB_DONE, 0, clock_now_ms(), "", &e),
			   &e, "finish");
		job_clear(&j);
	}
	world_must(store_commit(t->w.st, &e), &e, "commit");
}

static void newest(const struct job *j, void *arg)
{
	int64_t *id = arg;

	*id = j->id > *id ? j->id : *id;
}

static void deliver_new(struct report_test *t)
{
	struct err e = ERR_INIT;
	int64_t id = 0;

	world_must(store_job_list(t->w.st, REPORT_JOB_PUSH, WEEK, 10, newest, &id, &e), &e,
		   "list");
	world_must(store_begin(t->w.st, &e), &e, "begin");
	world_must(store_job_finish(t->w.st, id, JOB_DONE, 0, clock_now_ms(), "", &e), &e,
		   "finish");
	world_must(store_commit(t->w.st, &e), &e, "commit");
}

/* The texts of digest/ alone. */
static void without_the_summary(struct report_test *t)
{
	char *digest = mem_printf("%s/digest", t->w.dir);

	assert_int_equal(symlink(SOURCE_DIR "/templates/digest", digest), 0);
	t->w.house.templates = t->w.dir;
	free(digest);
}

static void forget_the_texts(struct report_test *t)
{
	char *digest = mem_printf("%s/digest", t->w.dir);

	assert_int_equal(unlink(digest), 0);
	free(digest);
}

/* A week whose summary goes to one receiver, and nobody has to confirm it. */
static void week_of_one_receiver(struct report_test *t)
{
	static const char REPORTS[] =
	    "{\"confirm\": false, \"push\": [{\"url\": \"https://cong-an.example/moidan\"}]}";

	clock_set_virtual(MONDAY);
	report_test_open(t, json_loads(REPORTS, 0, NULL));
	report_test_people(t);
	(void)report_test_tick_at(t, MONDAY);
}

/* All was there in time: who is told of on Friday, too, is no reason for an urgent word to the police. */
static void a_receiver_that_is_added_later_makes_no_summary_late(void **state)
{
	struct report_test t;
	struct report_push *push;
	struct err e = ERR_INIT;
	json_t *o;

	(void)state;
	week_of_one_receiver(&t);
	(void)report_test_tick_at(&t, DRAFT);
	deliver_all(&t);
	(void)report_test_tick_at(&t, ALARM);
	push = t.cfg.push.items;
	free(push->url);
	push->url = mem_strdup("https://huyen.example/moidan");
	(void)report_test_tick_at(&t, report_at(20230616, 10, 0));
	assert_int_equal(said(&t, "draft-late").n, 0);
	deliver_all(&t);
	close_week(&t);
	/* nor does it the one that nobody waits at any more: a slip in its address was put right in time */
	week_of_one_receiver(&t);
	(void)report_test_tick_at(&t, DRAFT);
	push = t.cfg.push.items;
	free(push->url);
	push->url = mem_strdup("https://cong-an.example/moi-dan");
	(void)report_test_tick_at(&t, DRAFT + CLOCK_MINUTE_MS);
	deliver_new(&t);
	(void)report_test_tick_at(&t, ALARM);
	assert_int_equal(said(&t, "draft-late").n, 0);
	o = report_standing(t.w.st, &t.h, WEEK, ALARM, &e);
	assert_false(json_is_true(json_object_get(o, "late")));
	json_decref(o);
	close_week(&t);
	/* what cannot even be written is late */
	week_of_one_receiver(&t);
	without_the_summary(&t);
	(void)report_test_tick_at(&t, DRAFT);
	(void)report_test_tick_at(&t, ALARM);
	assert_int_equal(said(&t, "draft-late").n, 1);
	forget_the_texts(&t);
	close_week(&t);
	/* what was not there in time is late */
	week_of_one_receiver(&t);
	(void)report_test_tick_at(&t, DRAFT);
	(void)report_test_tick_at(&t, report_at(20230616, 10, 0));
	assert_int_equal(said(&t, "draft-late").n, 1);
	close_week(&t);
}

static void what_is_no_count_is_refused_and_named(void **state)
{
	static const char *const bad[][COLUMNS] = {
	    {"339", "186", "153", "năm mươi"}, {"339", "186", "153", "-1"},
	    {"339", "186", "153", "1.05"},     {"339", "186", "153", "12345678"},
	    {"1.1570", "186", "153", "50"},    {"", "", "", ""}};
	static const char *const good[COLUMNS] = {"1.157", "0", "", "50"};
	struct report_test t;
	struct err e = ERR_INIT;

	(void)state;
	open_week(&t);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		assert_int_equal(hand_in(&t, "Tân Phú", bad[i], COLUMNS, "", &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
	}
	err_clear(&e);
	assert_int_equal(hand_in(&t, "Tân Phú", good, 3, "", &e), -1);
	assert_non_null(strstr(e.text, "cần 4 số, từ \"Tổng số hộ\""));
	err_clear(&e);
	world_must(hand_in(&t, "Tân Phú", good, COLUMNS, "", &e), &e, "good");
	/* the commune's own team counts the appendix that has no hamlets */
	assert_int_equal(hand_in(&t, "", good, COLUMNS, "", &e), -1);
	assert_non_null(strstr(e.text, "cần 9 số"));
	err_clear(&e);
	world_must(hand_in(&t, "", NULL, 0, "chưa có máy", &e), &e, "words alone");
	close_week(&t);
}

/* -1 with e, or how many teams. */
static int read_sheet(struct report_test *t, const char *rows, struct err *e)
{
	struct hand_in in = {.week = WEEK, .at = MONDAY, .who = "to", .way = "sheet"};
	char *path = mem_printf("%s/bang.csv", t->w.dir);
	FILE *f = fopen(path, "wb");
	size_t n = 0;
	int rc;

	assert_non_null(f);
	(void)fprintf(f, "Đơn vị;Tổng số hộ;Chưa tạo\n%s", rows);
	(void)fclose(f);
	world_must(store_begin(t->w.st, e), e, "begin");
	rc = hand_in_read(t->w.st, &t->h, path, &in, &n, e);
	store_rollback(t->w.st);
	(void)unlink(path);
	free(path);
	return rc < 0 ? -1 : (int)n;
}

/* Whose figures they are is not guessed, and nobody hands in twice in one table. */
static void a_row_of_a_table_is_of_one_hamlet_or_refused(void **state)
{
	struct report_test t;
	struct err e = ERR_INIT;

	(void)state;
	open_week(&t);
	assert_int_equal(read_sheet(&t, "ấp Tân Phú;339;153\nTÂN MỸ;375;206\n", &e), 2);
	/* of the neighbours */
	assert_int_equal(read_sheet(&t, "Tân Mỹ;375;206\nBình Tân Phú;120;7\n", &e), -1);
	assert_non_null(strstr(e.text, "hàng 3"));
	assert_non_null(strstr(e.text, "\"Bình Tân Phú\""));
	err_clear(&e);
	/* of those who have no team */
	assert_int_equal(read_sheet(&t, "Công an;120;7\n", &e), -1);
	assert_non_null(strstr(e.text, "hàng 2"));
	err_clear(&e);
	assert_int_equal(
	    read_sheet(&t, "Ấp Tân Phú;339;153\nTân Mỹ;375;206\nTân Phú;120;7\n", &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.text, "hàng 4"));
	assert_non_null(strstr(e.text, "hàng 2"));
	close_week(&t);
}

static void a_form_that_was_filled_in_is_read_back(void **state)
{
	static const char SHEET[] = "\xEF\xBB\xBF"
				    "ỦY BAN NHÂN DÂN XÃ;;;;;;\n"
				    "STT;Đơn vị;Tổng số hộ;ĐÃ TẠO (đại diện 01 người/hộ);Chưa "
				    "tạo;Đã cài đặt VNeID;Ghi chú;Khó khăn, vướng mắc\n"
				    "1;Ấp Tân Phú;339;190;149;;x;máy ít\n"
				    "2;Tân Đông;443;;;58;;\n"
				    "3;Tân Mỹ;;;;;;\n"
				    ";Tổng cộng;782;190;149;58;;\n";
	struct report_test t;
	struct hand_in in = {.week = WEEK, .at = MONDAY, .who = "to", .way = "sheet"};
	struct err e = ERR_INIT;
	char path[320];
	json_t *figures;
	FILE *f;
	size_t n = 0;

	(void)state;
	open_week(&t);
	(void)snprintf(path, sizeof(path), "%s/so-lieu.csv", t.w.dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(SHEET, 1, sizeof(SHEET) - 1, f), sizeof(SHEET) - 1);
	(void)fclose(f);
	world_must(store_begin(t.w.st, &e), &e, "begin");
	world_must(hand_in_read(t.w.st, &t.h, path, &in, &n, &e), &e, "read");
	world_must(store_commit(t.w.st, &e), &e, "commit");
	assert_int_equal(n, 2);
	(void)unlink(path);
	figures = figures_of(&t);
	assert_int_equal(
	    json_integer_value(json_object_get(team_of(figures, "Tân Phú"), "differs")), 2);
	assert_string_equal(
	    json_string_value(json_object_get(team_of(figures, "Tân Phú"), "difficulties")),
	    "máy ít");
	assert_false(json_is_true(json_object_get(team_of(figures, "Tân Mỹ"), "handed_in")));
	/* our own form has the same headings, and nothing in it yet */
	(void)snprintf(path, sizeof(path), "%s/so-lieu.xlsx", t.w.dir);
	world_must(hand_in_form(figures, path, &e), &e, "form");
	json_decref(figures);
	world_must(store_begin(t.w.st, &e), &e, "begin");
	assert_int_equal(hand_in_read(t.w.st, &t.h, path, &in, &n, &e), -1);
	assert_non_null(strstr(e.text, "chưa ghi số liệu"));
	store_rollback(t.w.st);
	(void)unlink(path);
	close_week(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_teams_that_have_not_are_reminded_and_only_once),
	    cmocka_unit_test(the_police_hear_who_is_late_and_whose_figures_differ),
	    cmocka_unit_test(what_they_say_stands_in_the_summary),
	    cmocka_unit_test(a_list_that_comes_again_takes_no_notice_away),
	    cmocka_unit_test(what_comes_after_a_summary_went_out_is_not_in_it),
	    cmocka_unit_test(the_draft_and_its_lateness_are_told_once),
	    cmocka_unit_test(what_is_no_count_is_refused_and_named),
	    cmocka_unit_test(a_row_of_a_table_is_of_one_hamlet_or_refused),
	    cmocka_unit_test(nobody_is_woken_for_what_was_due_in_the_evening),
	    cmocka_unit_test(a_receiver_that_is_added_later_makes_no_summary_late),
	    cmocka_unit_test(a_form_that_was_filled_in_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
