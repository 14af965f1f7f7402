/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and their seats, on the real list of people without a card and the real timetable. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/wait.h>

#include "base/yaml.h"
#include "campaign/forecast.h"
#include "campaign/sessions.h"
#include "campaign_house.h"
#include "roster/listing.h"
#include "roster/roster.h"

#define RACES 1000

static struct test_house home;
static int64_t campaign_id;
static char *quota_text; /* of the last quota_of() */

static void import_people(void)
{
	struct roster_options o = {
	    .who = "test", .unit_kind = "ấp", .this_year = 2023, .list_year = 2023};
	struct roster_result result;
	struct err e = ERR_INIT;
	struct programme *p = programme_load(home.house.dir, "cccd", &e);

	if (p == NULL || roster_import(home.st, p, TESTS_DIR "/data/my-phu-dong/cccd-ton.csv",
				       &o, &result, &e) < 0)
		fail_msg("%s", e.text);
	roster_result_free(&result);
	programme_free(p);
}

struct timetable {
	struct session list[16];
	size_t n;
};

static int timetable_row(const struct listing_row *r, void *arg, struct err *e)
{
	struct timetable *t = arg;
	struct session *s = &t->list[t->n++];
	int ignored;

	*s = (struct session){.programme = mem_strdup("cccd"),
			      .place = mem_strdup(listing_value(r, "noi")),
			      .team = mem_strdup(listing_value(r, "phu_trach")),
			      .seats = (int)strtol(listing_value(r, "so_luot"), NULL, 10)};
	assert_true(listing_day(listing_value(r, "ngay"), 2023, &s->day));
	assert_true(listing_hours(listing_value(r, "tu"), &s->opens, &ignored));
	assert_true(listing_hours(listing_value(r, "den"), &s->closes, &ignored));
	return campaign_place_unit(home.st, s->place, &s->unit_id, e);
}

/* The timetable that the police sent; its sessions get the numbers 1 to 5. */
static void import_timetable(void)
{
	struct timetable t = {.n = 0};
	enum session_put what[16];

	TEST_OK(listing_read(home.house.dir, "sessions",
			     TESTS_DIR "/data/my-phu-dong/lich-thu-nhan.csv", NULL,
			     timetable_row, &t, &why));
	assert_int_equal(t.n, 5);
	for (int again = 0; again < 2; again++) {
		TEST_OK(campaign_sessions_put(home.st, &home.house, t.list, t.n, what, "test",
					      &why));
		for (size_t i = 0; i < t.n; i++) {
			assert_int_equal(what[i], again ? SESSION_SAME : SESSION_NEW);
			assert_int_equal(t.list[i].id, t.list[0].id + (int64_t)i);
		}
	}
	assert_true(t.list[0].unit_id > 0 && t.list[1].unit_id > 0);
	assert_int_not_equal(t.list[0].unit_id, t.list[1].unit_id);
	assert_int_equal(t.list[3].unit_id, 0);
	for (size_t i = 0; i < t.n; i++)
		session_clear(&t.list[i]);
}

static int set_up(void **state)
{
	(void)state;
	test_house_open(&home);
	campaign_id = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_house_close(&home);
	free(quota_text);
	quota_text = NULL;
	return 0;
}

static struct session session_of(int64_t id)
{
	struct session s = {0};
	struct err e = ERR_INIT;

	assert_int_equal(store_session_get(home.st, id, &s, &e), 1);
	return s;
}

static int taken_of(int64_t id)
{
	struct session s = session_of(id);
	int taken = s.taken;

	session_clear(&s);
	return taken;
}

static void create(bool quota)
{
	struct campaign c = test_campaign("mời làm CCCD", "cccd", "A3", "{}");

	c.quota = quota;
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	campaign_id = c.id;
}

static void preview(struct campaign_preview *out)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(home.st, campaign_id, &c, &e), 1);
	p = campaign_plan_new(&home.house, &c, &e);
	if (p == NULL || campaign_preview(home.st, p, clock_now_ms(), out, &e) < 0)
		fail_msg("%s", e.text);
	campaign_plan_free(p);
	campaign_clear(&c);
}

/* One pass of the fan-out at the present hour, in batches; what it planned. */
static int64_t pass(size_t batch)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	bool more = true;
	int64_t total = 0;

	assert_int_equal(store_campaign_get(home.st, campaign_id, &c, &e), 1);
	p = campaign_plan_new(&home.house, &c, &e);
	if (p == NULL)
		fail_msg("%s", e.text);
	while (more) {
		size_t planned = 0, faults = 0;

		TEST_OK(store_begin(home.st, &why));
		TEST_OK(campaign_fan_out(home.st, p, &c, clock_now_ms(), batch, &planned,
					 &faults, &more, &why));
		TEST_OK(store_commit(home.st, &why));
		assert_int_equal(faults, 0);
		total += (int64_t)planned;
	}
	campaign_plan_free(p);
	campaign_clear(&c);
	return total;
}

static void run(void)
{
	TEST_OK(campaign_approve(home.st, &home.house, campaign_id, "duyet", true, &why));
	TEST_OK(campaign_start(home.st, &home.house, campaign_id, "duyet", &why));
}

/* What is queued by now and due goes out: every message of every running campaign, as the claim has it.
 * Texts are kept, in order. */
static struct {
	char *text[400];
	int64_t recipient[400];
	size_t n;
} sent;

static struct eligibility asked;

static struct claim_verdict ask(const struct message_candidate *c, void *arg)
{
	struct claim_verdict v = campaign_decide(c, arg);

	if (v.decision == CLAIM_SEND) {
		assert_true(sent.n < 400);
		sent.recipient[sent.n] = c->recipient_id;
		sent.text[sent.n++] = mem_strdup(c->text);
	}
	return v;
}

static void forget_sent(void)
{
	for (size_t i = 0; i < sent.n; i++)
		free(sent.text[i]);
	sent.n = 0;
}

struct running {
	int64_t ids[8];
	int n;
};

static void running_campaign(const struct campaign *c, void *arg)
{
	struct running *r = arg;

	r->ids[r->n++] = c->id;
}

static void send_due(void)
{
	struct message_claimed out[400];
	struct running all = {.n = 0};
	int64_t now = clock_now_ms();

	TEST_OK(store_campaign_list(home.st, CAMPAIGN_RUNNING, running_campaign, &all, &why));
	for (int i = 0; i < all.n; i++) {
		struct message_claim claim = {.campaign_id = all.ids[i],
					      .now = now,
					      .max = 400,
					      .max_segments = 100000,
					      .provider_id = 1,
					      .civil_day = civil_day_of(now),
					      .iso_week = civil_iso_week(civil_day_of(now)),
					      .decide = ask,
					      .arg = &asked};
		struct campaign c = {0};
		size_t n = 0, examined = 0;
		struct err e = ERR_INIT;

		assert_int_equal(store_campaign_get(home.st, all.ids[i], &c, &e), 1);
		asked = (struct eligibility){.st = home.st, .house = &home.house, .now = now};
		asked.plan = campaign_plan_new(&home.house, &c, &e);
		assert_non_null(asked.plan);
		TEST_OK(store_begin(home.st, &why));
		TEST_OK(store_message_claim(home.st, &claim, out, &n, &examined, &why));
		for (size_t k = 0; k < n; k++) {
			struct message_result r = {.id = out[k].id,
						   .attempt = out[k].attempt,
						   .event = MESSAGE_EV_ACCEPTED,
						   .at = now,
						   .due_at = now + CLOCK_DAY_MS,
						   .provider_id = 1};

			TEST_OK(store_message_finish(home.st, &r, 1, &why));
			free(out[k].text);
		}
		TEST_OK(store_commit(home.st, &why));
		campaign_plan_free((struct campaign_plan *)(uintptr_t)asked.plan);
		campaign_clear(&c);
	}
}

static void at(int yyyymmdd, int hour, int minute)
{
	clock_set_virtual(test_at(yyyymmdd, hour, minute));
}

static int sent_with(const char *words)
{
	int n = 0;

	for (size_t i = 0; i < sent.n; i++)
		n += strstr(sent.text[i], words) != NULL;
	return n;
}

/* People who are invited where the sessions of their hamlet and of the commune suffice: 72 of the list have
 * a birth date and no card, of whom those with a usable number are invited. */
static void an_invitation_names_one_session_and_none_is_sent_without_a_seat(void **state)
{
	struct campaign_preview v, later;
	int taken = 0;

	(void)state;
	import_people();
	create(false);
	preview(&v);
	/* No timetable: nobody is invited, and the reason is shown. */
	assert_int_equal(v.messages, 0);
	assert_true(v.excluded[EXCLUDED_NO_SEAT] > 40);
	assert_int_equal(campaign_approve(home.st, &home.house, campaign_id, "duyet", true,
					  &(struct err){0}),
			 -1);
	import_timetable();
	preview(&later);
	assert_int_equal(later.messages, v.excluded[EXCLUDED_NO_SEAT]);
	assert_int_equal(later.excluded[EXCLUDED_NO_SEAT], 0);
	assert_true(later.reminders > 0 && later.reminders <= later.messages);
	run();
	assert_int_equal(pass(7), later.messages + later.reminders);
	for (int64_t id = 1; id <= 5; id++) {
		struct session s = session_of(id);

		assert_true(s.taken <= s.seats);
		taken += s.taken;
		session_clear(&s);
	}
	assert_int_equal(taken, later.messages);
	/* Nothing is planned twice for the same appointment, whenever the list is gone over. */
	at(20230609, 8, 0);
	assert_int_equal(pass(500), 0);
	send_due();
	assert_int_equal(sent.n, later.messages);
	assert_true(sent_with("thu Hai 12/6") > 0 &&
		    sent_with("Van phong ap Tan Phu luc 7 gio 30 thu Hai 12/6") > 0);
	assert_int_equal(sent_with("{{"), 0);
	forget_sent();
	/* The working day before, and once. */
	at(20230613, 8, 0);
	send_due();
	assert_int_equal(sent.n, taken_of(3));
	assert_int_equal(sent_with("nhac"), taken_of(3));
	forget_sent();
	campaign_preview_free(&v);
	campaign_preview_free(&later);
}

static void fewer_seats_than_people_leave_the_rest_uninvited(void **state)
{
	struct session s = {.programme = (char *)(uintptr_t) "cccd",
			    .day = test_day(20230616),
			    .opens = 480,
			    .closes = 600,
			    .place = (char *)(uintptr_t) "Công an xã",
			    .seats = 5};
	struct campaign_preview v;

	(void)state;
	import_people();
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	create(false);
	preview(&v);
	assert_int_equal(v.messages, 5);
	assert_true(v.excluded[EXCLUDED_NO_SEAT] > 40);
	run();
	(void)pass(3);
	assert_int_equal(taken_of(1), 5);
	/* One seat fewer than are promised is refused; more seats invite more, at once. */
	s.seats = 4;
	assert_int_equal(
	    campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &(struct err){0}),
	    -1);
	s.seats = 8;
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	clock_advance_virtual(CLOCK_HOUR_MS);
	(void)pass(500);
	assert_int_equal(taken_of(1), 8);
	campaign_preview_free(&v);
}

static void cancelled_sessions_correct_those_who_were_told_and_only_those(void **state)
{
	struct session_change n;
	size_t told, everybody;

	(void)state;
	import_people();
	import_timetable();
	create(false);
	run();
	(void)pass(500);
	send_due();
	told = (size_t)taken_of(2);
	everybody = sent.n;
	assert_true(told > 5 && everybody > told);
	forget_sent();
	at(20230609, 9, 0);
	TEST_OK(campaign_session_cancel(home.st, &home.house, 2, "máy hỏng", "test", &n, &why));
	assert_int_equal(n.corrected, told);
	assert_int_equal(n.withdrawn, 0);
	assert_int_equal(taken_of(2), 0);
	send_due();
	/* Beside them only who is reminded, on Friday, of Monday. */
	assert_int_equal(sent_with("da hoan"), told);
	assert_int_equal(sent_with("thu Hai 12/6"), taken_of(1));
	assert_int_equal(sent.n, told + (size_t)taken_of(1));
	assert_int_equal(sent_with("13/6"), told);
	forget_sent();
	/* They are invited again, to what the timetable still has; nobody is reminded of what is off. */
	at(20230612, 8, 0);
	(void)pass(500);
	send_due();
	assert_int_equal(sent_with("kinh moi"), told);
	assert_int_equal(sent_with("13/6"), 0);
	forget_sent();
	assert_int_equal(campaign_session_cancel(home.st, &home.house, 2, "lại", "test", &n,
						 &(struct err){0}),
			 -1);
}

static void moved_sessions_keep_their_seats_and_say_so_once(void **state)
{
	struct session to = {.day = test_day(20230615), .opens = 480, .closes = 660};
	struct session_change n;
	int told;

	(void)state;
	import_people();
	import_timetable();
	create(false);
	run();
	(void)pass(500);
	send_due();
	forget_sent();
	told = taken_of(1);
	to.place = mem_strdup("Trụ sở Công an xã");
	at(20230609, 9, 0);
	TEST_OK(campaign_session_move(home.st, &home.house, 1, &to, "test", &n, &why));
	assert_int_equal(n.corrected, told);
	assert_int_equal(taken_of(1), told);
	send_due();
	assert_int_equal(sent.n, told);
	assert_int_equal(sent_with("doi sang 8 gio 00 thu Nam 15/6 tai Tru so Cong an xa"),
			 told);
	forget_sent();
	/* The reminder of the old hour is gone, that of the new one comes on its eve. */
	at(20230614, 8, 0);
	send_due();
	assert_int_equal(sent_with("15/6"), told);
	assert_int_equal(sent_with("12/6"), 0);
	forget_sent();
	free(to.place);
}

static void a_session_that_changes_before_anybody_was_told_corrects_nobody(void **state)
{
	struct session_change n;
	int invited;

	(void)state;
	import_people();
	import_timetable();
	create(false);
	run();
	(void)pass(500);
	invited = taken_of(1);
	TEST_OK(campaign_session_cancel(home.st, &home.house, 1, "bận", "test", &n, &why));
	assert_int_equal(n.corrected, 0);
	assert_int_equal(n.withdrawn, invited);
	send_due();
	assert_int_equal(sent_with("12/6"), 0);
	assert_int_equal(sent_with("hoan"), 0);
	forget_sent();
}

/* Everybody invited to the session, in order. */
static bool person(const struct seat *s, void *arg)
{
	int64_t *ids = arg;

	while (*ids != 0)
		ids++;
	*ids = s->recipient_id;
	return true;
}

static void the_absent_are_invited_again_at_most_so_many_times(void **state)
{
	struct session s = {.programme = (char *)(uintptr_t) "cccd",
			    .opens = 480,
			    .closes = 600,
			    .place = (char *)(uintptr_t) "Công an xã",
			    .seats = 200};
	int64_t ids[200] = {0};
	struct err e = ERR_INIT;
	struct recipient r = {0};
	bool seated = false;
	int people = 0, n = 0;

	(void)state;
	import_people();
	for (int i = 0; i < 4; i++) {
		s.day = test_day(20230612 + i);
		TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	}
	create(false);
	run();
	/* Three invitations; 08/6, 12/6 and 13/6 for the sessions of 12/6, 13/6 and 14/6. */
	for (int i = 0; i < 3; i++) {
		at(i == 0 ? 20230608 : 20230611 + i, 9, 30);
		(void)pass(500);
		send_due();
		forget_sent();
		people = people == 0 ? taken_of(1) : people;
		assert_int_equal(taken_of(i + 1), people);
		at(20230612 + i, 15, 0);
		if (i == 0) { /* one comes, and one who was marked absent by mistake */
			TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
			assert_int_equal(campaign_session_attend(home.st, &home.house, 1,
								 ids[0], SEAT_CAME, "test",
								 &seated, &e),
					 1);
			assert_int_equal(campaign_session_attend(home.st, &home.house, 1,
								 ids[1], SEAT_ABSENT, "test",
								 &seated, &e),
					 1);
			assert_int_equal(campaign_session_attend(home.st, &home.house, 1,
								 ids[1], SEAT_CAME, "test",
								 &seated, &e),
					 1);
		}
		TEST_OK(campaign_session_close(home.st, i + 1, "test", &n, &why));
		assert_int_equal(n, people - (i == 0 ? 2 : 0));
		people = n;
	}
	/* Who came is done, by the programme's own word. */
	assert_int_equal(store_recipient_get(home.st, ids[0], &r, &e), 1);
	assert_int_equal(r.state, 1);
	recipient_clear(&r);
	at(20230614, 16, 0);
	(void)pass(500);
	assert_int_equal(taken_of(4), 0);
	send_due();
	forget_sent();
}

static void who_dies_after_the_invitation_gives_the_seat_back(void **state)
{
	int64_t ids[200] = {0};
	struct err e = ERR_INIT;
	int before;

	(void)state;
	import_people();
	import_timetable();
	create(false);
	run();
	(void)pass(500);
	TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
	before = taken_of(1);
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(
	    store_recipient_hold(home.st, ids[0], HOLD_DECEASED, "giấy báo tử", "test", &e), 1);
	TEST_OK(store_commit(home.st, &why));
	send_due();
	for (size_t i = 0; i < sent.n; i++)
		assert_int_not_equal(sent.recipient[i], ids[0]);
	forget_sent();
	at(20230609, 8, 0);
	(void)pass(500);
	assert_int_equal(taken_of(1), before - 1);
	assert_int_equal(campaign_session_seat(home.st, 1, ids[0], "test", &e), -1);
}

/* ---- two officers, one last seat ------------------------------------------------------------ */

/* One officer: a process of its own with its own connection, after every last seat. Exits with how many
 * it got, in steps that a byte can tell. */
static void officer(const char *path, int who, int go, int out)
{
	struct store *st = NULL;
	struct err e = ERR_INIT;
	char byte;
	int got = 0;

	if (store_open(path, STORE_WRITER, &st, &e) < 0 || read(go, &byte, 1) != 1)
		_exit(1);
	for (int i = 1; i <= RACES; i++) {
		int rc = campaign_session_seat(st, i, i * 2 - who, "officer", &e);

		if (rc < 0)
			_exit(2);
		got += rc;
	}
	store_close(st);
	if (write(out, &got, sizeof(got)) != sizeof(got))
		_exit(3);
	_exit(0);
}

static void two_officers_never_give_away_the_last_seat_twice(void **state)
{
	struct session s = {.programme = (char *)(uintptr_t) "cccd",
			    .day = test_day(20230620),
			    .closes = 1440,
			    .seats = 1};
	char *path = mem_printf("%s/moidan.db", home.dir), place[32], key[32];
	int go[2], out[2], got[2], status;
	pid_t pid[2];

	(void)state;
	TEST_OK(store_begin(home.st, &why));
	for (int i = 1; i <= 2 * RACES; i++) {
		(void)snprintf(key, sizeof(key), "C-%04d", i);
		test_put(home.st, "cccd", key, "Nguyễn Văn Thử", "0912345678", 0, HOLD_NONE,
			 "{}");
	}
	s.place = place;
	for (int i = 1; i <= RACES; i++) {
		enum session_put what;

		(void)snprintf(place, sizeof(place), "nơi %d", i);
		s.opens = i % 1000;
		TEST_OK(store_session_put(home.st, &s, &what, &why));
		assert_int_equal(s.id, i);
	}
	TEST_OK(store_commit(home.st, &why));
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(out), 0);
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0)
			officer(path, i, go[0], out[1]);
	}
	assert_int_equal(write(go[1], "go", 2), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
		assert_int_equal(read(out[0], &got[i], sizeof(got[i])), sizeof(got[i]));
	}
	assert_int_equal(got[0] + got[1], RACES);
	/* A race, not a procession. */
	assert_true(got[0] > 0 && got[1] > 0);
	for (int i = 1; i <= RACES; i++)
		assert_int_equal(taken_of(i), 1);
	for (int i = 0; i < 2; i++) {
		(void)close(go[i]);
		(void)close(out[i]);
	}
	free(path);
}

/* ---- the quota ------------------------------------------------------------------------------ */

static void quota_of(const char *programme, const char *audiences, int day,
		     struct campaign_quota *q)
{
	struct campaign c = test_campaign("chỉ tiêu", programme, audiences, "{}");
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	c.quota = true;
	p = campaign_plan_new(&home.house, &c, &e);
	if (p == NULL || campaign_quota(home.st, p, test_day(day), q, &e) < 0)
		fail_msg("%s", e.text);
	free(quota_text);
	quota_text = campaign_quota_text(q);
	campaign_plan_free(p);
}

static void ninety_seven_cases_in_nine_working_days_are_eleven_a_day(void **state)
{
	struct campaign_quota q;

	(void)state;
	import_people();
	import_timetable();
	quota_of("cccd", "A3", 20230608, &q);
	assert_int_equal(q.left, 97);
	assert_int_equal(q.days, 9);
	assert_int_equal(q.base, 11);
	assert_int_equal(q.raised, 11);
	assert_int_equal(q.quota, 11);
	assert_int_equal(q.seats, 130);
	assert_non_null(strstr(quota_text, "97 ÷ 9 ngày = 10,8 → 11"));
	/* Later in the month fewer days are left; on the last day all that is left, if there were seats. */
	quota_of("cccd", "A3", 20230619, &q);
	assert_int_equal(q.days, 2);
	assert_int_equal(q.base, 49);
	assert_int_equal(q.seats, 0);
	assert_int_equal(q.quota, 0);
	assert_int_equal(q.cap, QUOTA_BY_SEATS);
}

static void of_two_deadlines_for_one_target_the_earlier_rules(void **state)
{
	struct campaign_quota q;

	(void)state;
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", "TP-1", "Nguyễn Văn Thử", "0912345678", 0, HOLD_NONE, "{}");
	TEST_OK(store_commit(home.st, &why));
	quota_of("vneid", "A1", 20230608, &q);
	assert_int_equal(q.n_targets, 2);
	assert_int_equal(q.ruling, 0);
	assert_int_equal(q.targets[0].last, test_day(20230620)); /* "đến ngày 20/6" */
	assert_int_equal(q.targets[1].last, test_day(20230629)); /* "trước ngày 30/6" */
	assert_int_equal(q.days, 9);
	/* Once the first is over, the second: 21, 22, 23, 26, 27, 28, 29. */
	quota_of("vneid", "A1", 20230621, &q);
	assert_int_equal(q.ruling, 1);
	assert_int_equal(q.days, 7);
	quota_of("vneid", "A1", 20230703, &q);
	assert_int_equal(q.days, 1);
}

static void a_campaign_invites_no_more_a_day_than_its_quota(void **state)
{
	struct campaign_day day;
	struct err e = ERR_INIT;
	int taken = 0;

	(void)state;
	import_people();
	import_timetable();
	create(true);
	run();
	(void)pass(4);
	for (int i = 1; i <= 5; i++)
		taken += taken_of(i);
	assert_int_equal(taken, 11);
	assert_int_equal(
	    store_campaign_day_get(home.st, campaign_id, test_day(20230608), &day, &e), 1);
	assert_int_equal(day.quota, 11);
	assert_int_equal(day.planned, 11);
	assert_non_null(strstr(day.arithmetic, "\"working_days\":9"));
	free(day.arithmetic);
	/* Not again today; the next morning, of what is left by then. */
	at(20230608, 17, 0);
	assert_int_equal(pass(500), 0);
	at(20230609, 7, 30);
	(void)pass(500);
	assert_int_equal(
	    store_campaign_day_get(home.st, campaign_id, test_day(20230609), &day, &e), 1);
	assert_int_equal(day.quota, 13); /* 97 ÷ 8 = 12,1 */
	assert_int_equal(day.planned, 13);
	free(day.arithmetic);
}

/* How many of each hamlet have a seat; in the order of units. */
static void seats_by_hamlet(int n[4])
{
	int64_t ids[400] = {0};
	struct recipient r = {0};
	struct err e = ERR_INIT;

	memset(n, 0, 4 * sizeof(*n));
	for (int i = 1; i <= 5; i++) {
		memset(ids, 0, sizeof(ids));
		TEST_OK(store_seat_list(home.st, i, person, ids, &why));
		for (int k = 0; ids[k] != 0; k++) {
			assert_int_equal(store_recipient_get(home.st, ids[k], &r, &e), 1);
			assert_true(r.unit_id >= 0 && r.unit_id < 4);
			n[r.unit_id]++;
			recipient_clear(&r);
		}
	}
}

/* The list stands hamlet by hamlet; the day's eleven do not. */
static void no_hamlet_waits_until_another_is_through(void **state)
{
	struct campaign_quota q;
	int n[4];

	(void)state;
	import_people();
	import_timetable();
	create(true);
	run();
	quota_of("cccd", "A3", 20230608, &q);
	assert_int_equal(q.n_hamlets, 3);
	(void)pass(500);
	seats_by_hamlet(n);
	assert_int_equal(n[1] + n[2] + n[3], 11);
	for (int i = 1; i <= 3; i++)
		if (n[i] < 3 || n[i] > 5) /* a third of the people each */
			fail_msg("hamlet %d: %d of 11", i, n[i]);
}

/* Of the 443 households that are left, a hamlet does its part in fewer days when its office is closed. */
static void a_hamlets_days_off_raise_the_quota_and_hold_its_invitations(void **state)
{
	static const char hours[] =
	    "hamlets:\n  - {unit: Tân Phú, closed: [2023-06-09..2023-06-13]}\n";
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230612),
			    .opens = 480,
			    .closes = 600,
			    .place = (char[]){"Văn phòng ấp Tân Phú"},
			    .seats = 20};
	struct calendar *before = home.calendar;
	struct campaign_quota q;
	struct hours_config h;
	struct ydoc doc;
	struct err e = ERR_INIT;
	int64_t due = 0;

	(void)state;
	assert_int_equal(ydoc_load_text("hours", hours, strlen(hours), &doc, &e), 0);
	assert_int_equal(conf_read(&doc, doc.root, &hours_config_table, NULL, &h, &e), 0);
	home.calendar = calendar_new(&h, &e);
	assert_non_null(home.calendar);
	home.house.calendar = home.calendar;
	conf_free(&hours_config_table, &h);
	ydoc_free(&doc);
	TEST_OK(store_begin(home.st, &why));
	test_put(home.st, "vneid", "TP-1", "Nguyễn Văn Thử", "0912345678", 0, HOLD_NONE, "{}");
	TEST_OK(store_commit(home.st, &why));
	/* 1.057 left ÷ 9 days would be 118; in the six days that the only hamlet works: 176,2 → 177 */
	quota_of("vneid", "A1", 20230608, &q);
	assert_true(q.differ);
	assert_int_equal(q.days, 9);
	assert_int_equal(q.hamlets[0].days, 6);
	assert_int_equal(q.base, 177);
	assert_non_null(strstr(quota_text, "Tân Phú 1 người, 6 ngày → 177"));
	/* No session where it is closed, nor on a holiday. */
	TEST_OK(campaign_place_unit(home.st, s.place, &s.unit_id, &why));
	assert_int_equal(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &e),
			 -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.text, "ấp Tân Phú nghỉ"));
	s.day = test_day(20230901);
	err_clear(&e);
	assert_int_equal(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &e),
			 -1);
	assert_non_null(strstr(e.text, "ngày nghỉ lễ"));
	/* "Hỏi Văn phòng ấp Tân Phú, thứ 2-6": not on the day before its days off. */
	{
		struct campaign c = test_campaign("cho", "vneid", "A1", "{}");

		TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
		campaign_id = c.id;
	}
	run();
	assert_int_equal(pass(10), 1);
	assert_int_equal(store_message_next_due(home.st, campaign_id, 0, &due, &e), 1);
	assert_int_equal(due, test_at(20230614, 7, 30));
	calendar_free(home.calendar);
	home.house.calendar = home.calendar = before;
}

static void those_who_do_not_come_raise_the_quota(void **state)
{
	struct session s = {.programme = (char *)(uintptr_t) "cccd",
			    .day = test_day(20230609),
			    .opens = 480,
			    .closes = 600,
			    .place = (char *)(uintptr_t) "Công an xã",
			    .seats = 20};
	struct campaign_quota q;
	int64_t ids[200] = {0};
	struct err e = ERR_INIT;
	int n;

	(void)state;
	import_people();
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	create(false);
	run();
	(void)pass(500);
	TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
	at(20230609, 12, 0);
	for (int i = 0; i < 15; i++) {
		bool seated;

		assert_int_equal(campaign_session_attend(home.st, &home.house, 1, ids[i],
							 SEAT_CAME, "test", &seated, &e),
				 1);
	}
	TEST_OK(campaign_session_close(home.st, 1, "test", &n, &why));
	assert_int_equal(n, 5);
	s.day = test_day(20230616);
	s.seats = 15;
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	/* 97 − 15 = 82 in the 8 working days 09/6 to 20/6: 11; a quarter does not come: 15. */
	quota_of("cccd", "A3", 20230609, &q);
	assert_int_equal(q.left, 82);
	assert_int_equal(q.days, 8);
	assert_int_equal(q.base, 11);
	assert_int_equal(q.no_show, 250);
	assert_int_equal(q.raised, 15);
	assert_int_equal(q.quota, 15);
}

static void forecast_of(int come, struct campaign_forecast *f)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(home.st, campaign_id, &c, &e), 1);
	p = campaign_plan_new(&home.house, &c, &e);
	if (p == NULL ||
	    campaign_forecast(home.st, p, civil_day_of(clock_now_ms()), come, f, &e) < 0)
		fail_msg("%s", e.text);
	campaign_plan_free(p);
	campaign_clear(&c);
}

/* 60 of the list can be texted; 97 are wanted. */
static void the_forecast_says_which_deadline_breaks_and_what_saves_it(void **state)
{
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230616),
			    .opens = 480,
			    .closes = 600,
			    .place = (char[]){"Công an xã"},
			    .seats = 20};
	struct campaign_forecast f;
	struct campaign_preview v;
	int64_t wanted;

	(void)state;
	import_people();
	create(true);
	preview(&v);
	wanted = v.excluded[EXCLUDED_NO_SEAT];
	campaign_preview_free(&v);
	/* Seats for 20 only: the others need two or three sessions more, before the 20th. */
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	forecast_of(100, &f);
	assert_int_equal(f.to_invite, wanted);
	assert_int_equal(f.all_invited, 0);
	assert_int_equal(f.breaks, 0);
	assert_int_equal(f.left_at[0], 97 - 20);
	assert_int_equal(f.more_seats, wanted - 20);
	assert_int_equal(f.more_sessions, (wanted - 20 + 19) / 20);
	/* With seats for all of them, the rest are those whom no message reaches. */
	import_timetable();
	forecast_of(100, &f);
	assert_int_equal(f.more_seats, 0);
	assert_int_equal(f.left_at[0], 97 - wanted);
	assert_int_equal(f.visits, 97 - wanted);
	assert_true(f.all_invited > test_day(20230608) && f.all_invited <= test_day(20230616));
	assert_int_equal(f.all_came, 0);
	/* If half stay away, fewer come by then. */
	forecast_of(50, &f);
	assert_true(f.left_at[0] > 97 - wanted);
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SESSION_TEST(an_invitation_names_one_session_and_none_is_sent_without_a_seat),
	    SESSION_TEST(fewer_seats_than_people_leave_the_rest_uninvited),
	    SESSION_TEST(cancelled_sessions_correct_those_who_were_told_and_only_those),
	    SESSION_TEST(moved_sessions_keep_their_seats_and_say_so_once),
	    SESSION_TEST(a_session_that_changes_before_anybody_was_told_corrects_nobody),
	    SESSION_TEST(the_absent_are_invited_again_at_most_so_many_times),
	    SESSION_TEST(who_dies_after_the_invitation_gives_the_seat_back),
	    SESSION_TEST(two_officers_never_give_away_the_last_seat_twice),
	    SESSION_TEST(ninety_seven_cases_in_nine_working_days_are_eleven_a_day),
	    SESSION_TEST(of_two_deadlines_for_one_target_the_earlier_rules),
	    SESSION_TEST(a_campaign_invites_no_more_a_day_than_its_quota),
	    SESSION_TEST(no_hamlet_waits_until_another_is_through),
	    SESSION_TEST(a_hamlets_days_off_raise_the_quota_and_hold_its_invitations),
	    SESSION_TEST(those_who_do_not_come_raise_the_quota),
	    SESSION_TEST(the_forecast_says_which_deadline_breaks_and_what_saves_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
