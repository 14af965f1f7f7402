/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and their seats: announced, moved, cancelled, attended; never sold twice. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/wait.h>

#include "provider/provider.h"
#include "sessions_house.h"
#include "store/text_version.h"

#define RACES 1000

/* Everybody is invited to the timetable, and the invitations are sent. */
static void invite_all(void)
{
	import_people();
	import_timetable();
	create(false);
	run();
	(void)pass(500);
	send_due();
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
	invite_all();
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
	invite_all();
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

/* How many of what went out went to somebody. */
static size_t times_sent(int64_t recipient_id)
{
	size_t n = 0;

	for (size_t i = 0; i < sent.n; i++)
		n += sent.recipient[i] == recipient_id;
	return n;
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
	assert_int_equal(times_sent(ids[0]), 0);
	forget_sent();
	at(20230609, 8, 0);
	(void)pass(500);
	assert_int_equal(taken_of(1), before - 1);
	assert_int_equal(campaign_session_seat(home.st, 1, ids[0], "test", &e), -1);
}

struct on_rung {
	int rung, invitations, reminders;
	int64_t first; /* id of a message there */
};

static bool on_rung(const struct message_row *r, void *arg)
{
	struct on_rung *w = arg;

	if (r->campaign_id != campaign_id || r->rung != w->rung)
		return true;
	w->invitations += r->step % PLAN_ROUND == 0;
	w->reminders += r->step % PLAN_ROUND != 0;
	w->first = w->first == 0 ? r->id : w->first;
	return true;
}

static struct on_rung rung_of(int rung, int state)
{
	struct message_filter f = {.campaign_id = campaign_id, .state = state};
	struct on_rung w = {.rung = rung};

	TEST_OK(store_message_list(home.st, &f, 1000, on_rung, &w, &why));
	return w;
}

/* Nobody is invited to what they came for already, with or without an appointment. */
static void who_comes_to_another_session_is_through_and_gives_the_seat_back(void **state)
{
	struct on_rung waiting;
	int64_t ids[200] = {0};
	struct err e = ERR_INIT;
	struct recipient r = {0};
	int before;
	bool seated;

	(void)state;
	invite_all();
	forget_sent();
	TEST_OK(store_seat_list(home.st, 2, person, ids, &why));
	before = taken_of(2);
	waiting = rung_of(0, MESSAGE_QUEUED);
	at(20230612, 9, 0);
	assert_int_equal(campaign_session_attend(home.st, &home.house, 1, ids[0], SEAT_CAME,
						 "test", &seated, &e),
			 1);
	assert_true(seated);
	assert_int_equal(taken_of(2), before - 1);
	assert_int_equal(rung_of(0, MESSAGE_QUEUED).reminders, waiting.reminders - 1);
	assert_int_equal(store_recipient_get(home.st, ids[0], &r, &e), 1);
	assert_int_equal(r.state, 1);
	recipient_clear(&r);
}

static void who_comes_without_any_appointment_is_not_invited_afterwards(void **state)
{
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230608),
			    .opens = 480,
			    .closes = 660,
			    .place = (char[]){"Công an xã"},
			    .seats = 5};
	struct err e = ERR_INIT;
	struct recipient r = {0};
	int64_t ids[200] = {0};
	bool seated;

	(void)state;
	invite_all();
	forget_sent();
	TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
	test_house_close(&home);
	test_house_open(&home);
	import_people();
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	assert_int_equal(campaign_session_attend(home.st, &home.house, s.id, ids[0], SEAT_CAME,
						 "test", &seated, &e),
			 1);
	assert_int_equal(store_recipient_get(home.st, ids[0], &r, &e), 1);
	assert_int_equal(r.state, 1);
	recipient_clear(&r);
	import_timetable();
	create(false);
	run();
	(void)pass(500);
	send_due();
	assert_int_equal(times_sent(ids[0]), 0);
	forget_sent();
}

/* Everybody is planned for, on a ladder. */
static void invite_by(const char *audiences, const char *ladder)
{
	struct campaign c = test_campaign("mời", "cccd", audiences, "{}");

	c.ladder = (char *)(uintptr_t)ladder;
	import_people();
	import_timetable();
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	campaign_id = c.id;
	run();
	(void)pass(500);
}

/* The list makes a pupil of somebody before the invitation left: it is withdrawn, and the seat must not stand for
 * somebody who was never told. */
static void whose_invitation_was_withdrawn_before_it_left_is_invited_anew(void **state)
{
	struct recipient r = {0};
	enum recipient_put what;
	int64_t ids[200] = {0};
	struct err e = ERR_INIT;

	(void)state;
	invite_by("A3,A17", NULL);
	TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_recipient_get(home.st, ids[0], &r, &e), 1);
	assert_null(strstr(r.facts, "hoc_sinh"));
	free(r.facts);
	r.facts = mem_strdup("{\"cu_tru\":\"thuong_tru\",\"doi_tuong\":\"hoc_sinh\"}");
	TEST_OK(store_recipient_put(home.st, "cccd", &r, &what, &why));
	TEST_OK(store_commit(home.st, &why));
	recipient_clear(&r);
	send_due();
	assert_int_equal(times_sent(ids[0]), 0);
	forget_sent();
	at(20230609, 8, 0);
	(void)pass(500);
	send_due();
	assert_int_equal(times_sent(ids[0]), 1);
	forget_sent();
}

/* "Came" was a slip: whoever did not is invited again, and not thanked. */
static void who_was_marked_as_come_by_mistake_is_invited_again(void **state)
{
	int64_t ids[200] = {0};
	struct err e = ERR_INIT;
	struct recipient r = {0};
	bool seated;

	(void)state;
	invite_all();
	forget_sent();
	TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
	at(20230612, 9, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(campaign_session_attend(home.st, &home.house, 1, ids[0],
							 i == 0 ? SEAT_CAME : SEAT_ABSENT,
							 "test", &seated, &e),
				 1);
	assert_int_equal(store_recipient_get(home.st, ids[0], &r, &e), 1);
	assert_int_equal(r.state, 0);
	recipient_clear(&r);
	at(20230612, 15, 0);
	(void)pass(500);
	send_due();
	assert_int_equal(times_sent(ids[0]), 1);
	forget_sent();
}

/* Few seats today are no small campaign: whoever has none yet is invited once there are more. */
static void an_author_does_not_release_alone_what_more_seats_would_make_large(void **state)
{
	struct session s = {.programme = (char[]){"cccd"},
			    .day = test_day(20230616),
			    .opens = 480,
			    .closes = 600,
			    .place = (char[]){"Công an xã"},
			    .seats = 5};
	struct err e = ERR_INIT;

	(void)state;
	import_people();
	TEST_OK(campaign_sessions_put(home.st, &home.house, &s, 1, NULL, "test", &why));
	create(false);
	home.house.one_person_below = 10;
	assert_int_equal(
	    campaign_approve(home.st, &home.house, campaign_id, "soan", true, &e), -1);
	assert_int_equal(e.code, EX_NOPERM);
	home.house.one_person_below = 100;
	TEST_OK(campaign_approve(home.st, &home.house, campaign_id, "soan", true, &why));
}

static int all_taken(void)
{
	int n = 0;

	for (int id = 1; id <= 5; id++)
		n += taken_of(id);
	return n;
}

/* Who was never told has no appointment: the next campaign invites them. Who was told comes. */
static void a_campaign_that_is_cancelled_gives_back_the_seats_of_those_who_were_not_told(
    void **state)
{
	struct campaign c = test_campaign("mời lại", "cccd", "A3", "{}");
	struct campaign_preview first, second;
	int invited;

	(void)state;
	import_people();
	import_timetable();
	create(false);
	preview(&first);
	run();
	(void)pass(500);
	invited = all_taken();
	assert_int_equal(invited, first.messages);
	TEST_OK(campaign_cancel(home.st, campaign_id, "test", &why));
	assert_int_equal(all_taken(), 0);
	TEST_OK(campaign_create(home.st, &home.house, &c, "soan", &why));
	campaign_id = c.id;
	preview(&second);
	assert_int_equal(second.messages, first.messages);
	run();
	(void)pass(500);
	send_due();
	forget_sent();
	TEST_OK(campaign_cancel(home.st, campaign_id, "test", &why));
	assert_int_equal(all_taken(), invited);
	campaign_preview_free(&first);
	campaign_preview_free(&second);
}

/* The text for sessions that are off, saved anew while a campaign with the old one runs. */
static void off_is_said_otherwise(void)
{
	struct text_version t = {
	    .name = (char[]){"sms/cccd/a3-hoan.txt"},
	    .text = (char[]){"{{co_quan}} báo {{danh_xung}} {{ten}}: buổi làm {{ten_the}} "
			     "{{ngay|date:d/M}} tại {{noi_lam}} thôi không có nữa.\n"
			     "---\n"
			     "{{co_quan}}: {{danh_xung}} {{ten}}, buổi {{ngay|date:d/M}} tại "
			     "{{noi_lam}} không có nữa.\n"},
	    .who = (char[]){"soan"}};

	TEST_OK(store_begin(home.st, &why));
	assert_int_equal(store_text_put(home.st, &t, 0, &(struct err){0}), 1);
	TEST_OK(store_commit(home.st, &why));
}

static void a_text_that_nobody_approved_does_not_go_out_about_a_session(void **state)
{
	struct session to = {.day = test_day(20230615),
			     .opens = 480,
			     .closes = 660,
			     .place = (char[]){"Trụ sở Công an xã"}};
	struct session_change n;
	struct recipient r = {0};
	struct err e = ERR_INIT;
	int64_t ids[200] = {0};
	int moved, off;
	bool seated;

	(void)state;
	invite_all();
	forget_sent();
	moved = taken_of(1);
	off = taken_of(2);
	off_is_said_otherwise();
	at(20230609, 9, 0);
	/* Whoever knows the old hour is told by somebody. */
	TEST_OK(campaign_session_cancel(home.st, &home.house, 2, "máy hỏng", "test", &n, &why));
	assert_int_equal(n.corrected, 0);
	assert_int_equal(n.by_hand, off);
	TEST_OK(campaign_session_move(home.st, &home.house, 1, &to, "test", &n, &why));
	assert_int_equal(n.corrected, 0);
	assert_int_equal(n.by_hand, moved);
	/* Who came has come, whatever may be written to them. */
	TEST_OK(store_seat_list(home.st, 1, person, ids, &why));
	at(20230615, 9, 0);
	assert_int_equal(campaign_session_attend(home.st, &home.house, 1, ids[0], SEAT_CAME,
						 "test", &seated, &e),
			 1);
	assert_int_equal(store_recipient_get(home.st, ids[0], &r, &e), 1);
	assert_int_equal(r.state, 1);
	recipient_clear(&r);
	send_due();
	assert_int_equal(sent_with("khong co nua") + sent_with("doi sang"), 0);
	forget_sent();
}

/* ---- beside a ladder ------------------------------------------------------------------------ */

/* Whatever is queued and due is refused: no such number. */
static void refuse_due(void)
{
	struct message_claimed out[400];
	struct message_claim claim = {.campaign_id = campaign_id,
				      .now = clock_now_ms(),
				      .max = 400,
				      .max_segments = 100000,
				      .provider_id = 1,
				      .civil_day = civil_day_of(clock_now_ms()),
				      .decide = campaign_decide,
				      .arg = &asked};
	size_t n = 0, examined = 0;

	asked =
	    (struct eligibility){.st = home.st, .house = &home.house, .now = clock_now_ms()};
	TEST_OK(store_begin(home.st, &why));
	TEST_OK(store_message_claim(home.st, &claim, out, &n, &examined, &why));
	for (size_t k = 0; k < n; k++) {
		struct message_result r = {.id = out[k].id,
					   .attempt = out[k].attempt,
					   .event = MESSAGE_EV_REFUSED,
					   .class = OUTCOME_BADNUM,
					   .at = clock_now_ms(),
					   .provider_id = 1};

		TEST_OK(store_message_finish(home.st, &r, 1, &why));
		free(out[k].text);
	}
	TEST_OK(store_commit(home.st, &why));
}

static void go_down(void)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;
	size_t planned;
	bool more = true;

	assert_int_equal(store_campaign_get(home.st, campaign_id, &c, &e), 1);
	p = campaign_plan_new(home.st, &home.house, &c, &e);
	assert_non_null(p);
	while (more) {
		TEST_OK(store_begin(home.st, &why));
		TEST_OK(campaign_descend(home.st, p, &c, clock_now_ms(), 100, &planned, &more,
					 &why));
		TEST_OK(store_commit(home.st, &why));
	}
	campaign_plan_free(p);
	campaign_clear(&c);
}

/* A4 is sent to an office, A3 to a session; both go on to the visit when no message reaches them. */
static void who_needs_no_seat_goes_down_the_ladder_as_well_as_who_has_one(void **state)
{
	struct on_rung first, refused;
	int seats = 0;

	(void)state;
	invite_by("A3,A4", "sms:72h,visit");
	first = rung_of(0, MESSAGE_QUEUED);
	for (int i = 1; i <= 5; i++)
		seats += taken_of(i);
	assert_true(first.invitations > seats);
	refuse_due();
	refused = rung_of(0, MESSAGE_REJECTED);
	assert_int_equal(refused.invitations, first.invitations);
	go_down();
	/* also those whom no message could go to from the beginning */
	assert_int_equal(rung_of(1, MESSAGE_QUEUED).invitations,
			 refused.invitations + rung_of(0, MESSAGE_CANCELLED).invitations);
}

/* The shipped texts, and a template of A3 that Zalo has registered. */
static void with_zalo(void)
{
	char *sms = mem_printf("%s/sms", home.dir), *zalo = mem_printf("%s/zalo", home.dir),
	     *dir = mem_printf("%s/cccd", zalo), *text = mem_calloc(1, 65536), *at;
	FILE *f = fopen(SOURCE_DIR "/templates/zalo/cccd/a3.yaml", "rb");

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(symlink(SOURCE_DIR "/templates/sms", sms), 0);
	assert_int_equal(mkdir(zalo, 0700), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	at = strstr(text, "\ntemplate:");
	assert_non_null(at);
	free(sms);
	sms = mem_printf("%.*s\ntemplate: \"123456\"%s", (int)(at - text), text,
			 strchr(at + 1, '\n'));
	test_write(&home, "zalo/cccd/a3.yaml", sms);
	home.house.templates = home.dir;
	free(text);
	free(dir);
	free(zalo);
	free(sms);
}

/* What is written for a reminder is an SMS, whatever the invitation went by. */
static void reminders_of_a_session_that_moved_go_by_sms(void **state)
{
	struct session to = {.day = test_day(20230615),
			     .opens = 480,
			     .closes = 660,
			     .place = (char[]){"Trụ sở Công an xã"}};
	struct session_change n;
	int before;

	(void)state;
	with_zalo();
	invite_by("A3", "zalo:24h,sms:72h");
	before = rung_of(1, MESSAGE_QUEUED).reminders;
	assert_true(before > 0);
	send_due();
	forget_sent();
	TEST_OK(campaign_session_move(home.st, &home.house, 1, &to, "test", &n, &why));
	assert_true(n.corrected > 0);
	assert_int_equal(rung_of(0, MESSAGE_QUEUED).reminders, 0);
	assert_int_equal(rung_of(1, MESSAGE_QUEUED).reminders, before);
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
	    SESSION_TEST(who_comes_to_another_session_is_through_and_gives_the_seat_back),
	    SESSION_TEST(who_comes_without_any_appointment_is_not_invited_afterwards),
	    SESSION_TEST(whose_invitation_was_withdrawn_before_it_left_is_invited_anew),
	    SESSION_TEST(who_needs_no_seat_goes_down_the_ladder_as_well_as_who_has_one),
	    SESSION_TEST(reminders_of_a_session_that_moved_go_by_sms),
	    SESSION_TEST(
		a_campaign_that_is_cancelled_gives_back_the_seats_of_those_who_were_not_told),
	    SESSION_TEST(who_was_marked_as_come_by_mistake_is_invited_again),
	    SESSION_TEST(
		an_author_does_not_release_alone_what_more_seats_would_make_large),
	    SESSION_TEST(a_text_that_nobody_approved_does_not_go_out_about_a_session),
	    SESSION_TEST(two_officers_never_give_away_the_last_seat_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
