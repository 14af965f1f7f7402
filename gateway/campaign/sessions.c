/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/plan.h"

/* Corrections and thanks of a programme go out by a stream of its own: they keep to the law's hours and
 * caps, not to the house's, since what they say cannot wait for tomorrow. */
#define SESSIONS_STREAM "%s: báo thay đổi lịch"

/* A plan for each campaign that seats of a session come from. */
struct sessions_plan {
	struct campaign row;
	struct campaign_plan *plan; /* NULL when it cannot be made any more */
	bool approved;		    /* its texts are still those that somebody approved */
};

/* One change of one session, over its seats. */
struct sessions_work {
	struct store *st;
	const struct campaign_house *house;
	struct session before, after;
	enum programme_step_when what;
	int64_t now, stream_id;
	struct session_change *out;
	struct sessions_plan **plans;
	size_t n_plans, cap_plans;
	struct plan_units units;
	struct seat *seats;
	size_t n_seats, cap_seats;
};

static int sessions_audit(struct store *st, int64_t id, const char *who, const char *what,
			  const char *detail, struct err *e)
{
	char subject[40];

	(void)snprintf(subject, sizeof(subject), "session/%lld", (long long)id);
	return store_audit(st, who, what, subject, detail, e);
}

static int sessions_get(struct store *st, int64_t id, struct session *out, struct err *e)
{
	int rc = store_session_get(st, id, out, e);

	return rc > 0	? 0
	       : rc < 0 ? -1
			: err_set(e, EX_NOINPUT, "không có buổi số %lld", (long long)id);
}

/* ---- adding -------------------------------------------------------------------------------- */

/* Machines come on Saturdays too, but not to a place that is closed. */
static int sessions_check_day(const struct campaign_house *house, struct store *st,
			      const struct session *s, const char *day, struct err *e)
{
	const struct calendar *c = house->calendar;
	struct plan_units units;
	const struct plan_unit *unit;
	bool closed;

	if (calendar_is_holiday(c, s->day))
		return err_set(
		    e, EX_DATAERR,
		    "buổi ngày %s tại %s: ngày nghỉ lễ; nếu vẫn làm việc, hãy ghi ngày "
		    "ấy vào hours.worked",
		    day, s->place);
	if (s->unit_id == 0 || civil_weekday(s->day) > 5)
		return 0;
	if (plan_units_load(&units, st, e) < 0)
		return -1;
	unit = plan_units_find(&units, s->unit_id);
	closed = unit != NULL && !calendar_office_open(c, unit->name, s->day);
	if (closed)
		(void)err_set(e, EX_DATAERR, "buổi ngày %s tại %s: %s nghỉ ngày ấy", day,
			      s->place, unit->label);
	plan_units_free(&units);
	return closed ? -1 : 0;
}

static int sessions_check(const struct campaign_house *house, struct store *st,
			  const struct session *s, struct err *e)
{
	char day[16];

	civil_day_format_vi(s->day, day);
	if (s->place == NULL || *s->place == '\0')
		return err_set(e, EX_DATAERR, "buổi ngày %s chưa có nơi", day);
	if (s->seats < 1)
		return err_set(e, EX_DATAERR, "buổi ngày %s tại %s: số lượt phải từ 1", day,
			       s->place);
	if (s->opens < 0 || s->closes > 1440 || s->opens >= s->closes)
		return err_set(e, EX_DATAERR,
			       "buổi ngày %s tại %s: giờ kết thúc phải sau giờ bắt đầu", day,
			       s->place);
	return sessions_check_day(house, st, s, day, e);
}

int campaign_sessions_put(struct store *st, const struct campaign_house *house,
			  struct session *list, size_t n, enum session_put *what,
			  const char *who, struct err *e)
{
	static const char *const names[] = {"session.add", "session.change", NULL};
	int rc = store_begin(st, e);

	if (rc < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		enum session_put one = SESSION_SAME;

		rc = sessions_check(house, st, &list[i], e);
		if (rc == 0)
			rc = store_session_put(st, &list[i], &one, e);
		if (rc == 0 && one != SESSION_SAME)
			rc = sessions_audit(st, list[i].id, who, names[one], "", e);
		if (rc == 0 && one != SESSION_SAME)
			rc = store_campaign_pass_now(st, list[i].programme, e);
		if (rc == 0 && what != NULL)
			what[i] = one;
	}
	return store_end(st, rc, e);
}

/* ---- changing ------------------------------------------------------------------------------ */

static bool sessions_collect(const struct seat *s, void *arg)
{
	struct sessions_work *w = arg;

	if (s->state != SEAT_INVITED)
		return true;
	w->seats = mem_grow(w->seats, &w->cap_seats, w->n_seats + 1, sizeof(*w->seats));
	w->seats[w->n_seats++] = *s;
	return true;
}

/* A plan is made of the texts as they are now. Those of a stream are not asked about again when they leave, so what
 * nobody approved must not get into it. */
static int sessions_plan_ask(struct sessions_work *w, struct sessions_plan *p, struct err *e)
{
	int hold = p->plan != NULL ? plan_texts_hold(w->st, p->plan, e) : 0;

	p->approved = hold > 0;
	if (p->plan != NULL && hold == 0)
		log_warn("campaign", "session_not_told", "campaign=%lld reason=texts_changed",
			 (long long)p->row.id);
	return hold < 0 ? -1 : 0;
}

/* The campaign's plan; NULL in *out when there is none (given by hand, its texts are gone). */
static int sessions_plan_of(struct sessions_work *w, int64_t campaign_id,
			    const struct sessions_plan **out, struct err *e)
{
	struct sessions_plan *p;
	struct err why = ERR_INIT;

	*out = NULL;
	if (campaign_id == 0)
		return 0;
	for (size_t i = 0; i < w->n_plans; i++) {
		if (w->plans[i]->row.id == campaign_id) {
			*out = w->plans[i]->plan != NULL ? w->plans[i] : NULL;
			return 0;
		}
	}
	p = mem_calloc(1, sizeof(*p));
	w->plans = mem_grow(w->plans, &w->cap_plans, w->n_plans + 1, sizeof(*w->plans));
	w->plans[w->n_plans++] = p;
	if (store_campaign_get(w->st, campaign_id, &p->row, e) < 0)
		return -1;
	p->plan = campaign_plan_new(w->st, w->house, &p->row, &why);
	*out = p->plan != NULL ? p : NULL;
	return sessions_plan_ask(w, p, e);
}

static const struct plan_step *sessions_text(const struct sessions_plan *from, int audience,
					     enum programme_step_when what, int *kind)
{
	const struct campaign_plan *p = from != NULL && from->approved ? from->plan : NULL;
	const struct plan_audience *a = p != NULL && audience >= 0 && audience < p->n_audiences
					    ? &p->audiences[audience]
					    : NULL;

	for (int k = 0; a != NULL && k < a->n_steps; k++) {
		if (a->steps[k].s->when == (int)what) {
			*kind = k + 1;
			return &a->steps[k];
		}
	}
	return NULL;
}

/* The messages of a seat: whether one may have arrived, and the ids of those that have not left. */
struct sessions_told {
	bool told;
	int64_t waiting[2 * PLAN_ROUND];
	size_t n;
};

static bool sessions_message(int64_t id, int step, enum message_state state, void *arg)
{
	struct sessions_told *t = arg;

	(void)step;
	if (state == MESSAGE_HELD || state == MESSAGE_QUEUED || state == MESSAGE_LINKED) {
		if (t->n < sizeof(t->waiting) / sizeof(t->waiting[0]))
			t->waiting[t->n++] = id;
	} else if (state < MESSAGE_REJECTED) {
		t->told = true;
	}
	return true;
}

/* Nothing about the seat that has not left goes out any more. *told: something may have. */
static int sessions_withdraw(struct sessions_work *w, const struct seat *s, bool *told,
			     struct err *e)
{
	int from = PLAN_STEP(s->since, 0), to = PLAN_STEP(s->round, PLAN_ROUND - 1);
	struct sessions_told t = {.told = false};

	*told = false;
	if (s->campaign_id == 0)
		return 0;
	if (store_message_steps(w->st, s->campaign_id, s->recipient_id, from, to,
				sessions_message, &t, e) < 0 ||
	    store_message_void(w->st, s->campaign_id, s->recipient_id, from, to, w->now, e) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++)
		if (store_message_event(w->st, t.waiting[i], MESSAGE_EV_CANCEL, 0,
					"lịch đã thay đổi", e) < 0)
			return -1;
	*told = t.told;
	return 0;
}

/* The stream that corrections of a programme go out by. In a transaction. */
static int sessions_stream(struct sessions_work *w, const char *programme, struct err *e)
{
	char *name = mem_printf(SESSIONS_STREAM, programme);
	const struct campaign_stream stream = {
	    .name = name, .programme = programme, .lane = LANE_NOTICE};
	int rc = campaign_stream_open(w->st, &stream, w->now, &w->stream_id, e);

	free(name);
	return rc;
}

/* Plans one message about the session as `about` has it, in campaign_id under step. */
static int sessions_plan_message(struct sessions_work *w, const struct campaign_plan *p,
				 const struct plan_step *step, const struct seat *s,
				 const struct recipient *r, const struct session *about,
				 struct message_plan *as, struct err *e)
{
	struct plan_writer writer;
	struct plan_message m = {0};
	size_t inserted = 0, linked = 0;
	int rc;

	plan_writer_init(&writer, p);
	plan_writer_session(&writer, about);
	rc = plan_render_text(&writer, &step->text, r, plan_units_find(&w->units, r->unit_id),
			      &m, e);
	if (rc == 0)
		rc = store_template_put(w->st, step->as.sms, step->text.file, &as->template_id,
					e);
	as->recipient_id = r->id;
	as->contact_id = r->contact_id;
	as->audience = s->audience;
	as->recipient_rev = r->rev;
	as->day = civil_day_of(as->due_at);
	as->ucs2 = m.count.ucs2;
	as->segments = m.count.segments;
	as->text = m.text;
	if (rc == 0)
		rc = store_message_plan(w->st, as, 1, &inserted, &linked, e);
	free(m.text);
	plan_writer_free(&writer);
	return rc;
}

/* Whether r may be written to at all: the claim asks again. */
static bool sessions_reachable(const struct recipient *r)
{
	return r->hold == HOLD_NONE && r->contact_id != 0 &&
	       (r->contact_flags &
		(CONTACT_OPTED_OUT | CONTACT_WRONG_PERSON | CONTACT_DEAD_NUMBER)) == 0;
}

/* The reminders of a session that was moved, anew; by SMS, as those of the invitation were. */
static int sessions_remind(struct sessions_work *w, const struct campaign_plan *p,
			   const struct seat *s, const struct recipient *r, struct err *e)
{
	const struct plan_audience *a = &p->audiences[s->audience];
	int64_t begins = session_begins(&w->after);
	int rung = ladder_find(&p->ladder, "sms");

	for (int k = 0; rung >= 0 && k < a->n_steps; k++) {
		int64_t due = plan_step_due(p, a->steps[k].s, w->now, begins);
		struct message_plan as = {.campaign_id = p->row->id,
					  .step = PLAN_STEP(s->round + 1, k + 1),
					  .rung = rung,
					  .due_at = due,
					  .expires_at = begins};

		if (due != 0 &&
		    sessions_plan_message(w, p, &a->steps[k], s, r, &w->after, &as, e) < 0)
			return -1;
	}
	return 0;
}

/* Tells one who was told before. */
static int sessions_correct(struct sessions_work *w, const struct seat *s,
			    const struct recipient *r, struct err *e)
{
	bool moved = w->what == STEP_MOVED;
	const struct session *about = moved ? &w->after : &w->before;
	/* Somebody who is not told by the old hour stands before a closed door. */
	int64_t until = session_begins(&w->before);
	struct message_plan as = {.due_at = w->now};
	const struct sessions_plan *from;
	const struct plan_step *text;
	int kind = 0;

	if (sessions_plan_of(w, s->campaign_id, &from, e) < 0)
		return -1;
	text = sessions_text(from, s->audience, w->what, &kind);
	if (text == NULL || !sessions_reachable(r)) {
		w->out->by_hand +=
		    r->hold != HOLD_DECEASED && r->hold != HOLD_DECEASED_SUSPECTED;
		return 0;
	}
	if (moved && session_begins(&w->after) > until)
		until = session_begins(&w->after);
	if (sessions_stream(w, w->before.programme, e) < 0)
		return -1;
	as.campaign_id = w->stream_id;
	as.step = PLAN_STEP((int)s->id, (s->round - s->since) % PLAN_ROUND);
	as.expires_at = until;
	if (sessions_plan_message(w, from->plan, text, s, r, about, &as, e) < 0)
		return -1;
	w->out->corrected++;
	return moved ? sessions_remind(w, from->plan, s, r, e) : 0;
}

static int sessions_change_seat(struct sessions_work *w, const struct seat *s, struct err *e)
{
	bool told = false, keep, gone;
	struct recipient r = {0};
	int rc = store_recipient_get(w->st, s->recipient_id, &r, e);

	if (rc < 0 || sessions_withdraw(w, s, &told, e) < 0) {
		recipient_clear(&r);
		return -1;
	}
	gone = rc == 0;
	keep = w->what == STEP_MOVED && (told || s->campaign_id == 0);
	rc = 0;
	if (s->campaign_id == 0)
		w->out->by_hand++;
	else if (!told)
		w->out->withdrawn++;
	else if (!gone)
		rc = sessions_correct(w, s, &r, e);
	if (rc == 0 && !keep)
		rc = store_seat_set(w->st, s->id, SEAT_FREED, e);
	if (rc >= 0 && keep)
		rc = store_seat_round(w->st, s->id, s->round + 1, e);
	recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

static void sessions_work_free(struct sessions_work *w)
{
	for (size_t i = 0; i < w->n_plans; i++) {
		campaign_plan_free(w->plans[i]->plan);
		campaign_clear(&w->plans[i]->row);
		free(w->plans[i]);
	}
	free(w->plans);
	free(w->seats);
	plan_units_free(&w->units);
	session_clear(&w->before);
}

/* In the transaction: the session as it is to be, then each of its seats. */
static int sessions_change(struct sessions_work *w, int64_t id, const struct session *to,
			   const char *reason, struct err *e)
{
	char *why = (char *)(uintptr_t)reason;

	if (sessions_get(w->st, id, &w->before, e) < 0)
		return -1;
	if (w->before.state != SESSION_OPEN)
		return err_set(e, EX_DATAERR, "buổi số %lld đã hủy", (long long)id);
	if (session_begins(&w->before) <= w->now)
		return err_set(e, EX_DATAERR, "buổi số %lld đã bắt đầu", (long long)id);
	w->after = w->before;
	if (to != NULL) {
		w->after.day = to->day;
		w->after.opens = to->opens;
		w->after.closes = to->closes;
		w->after.place = to->place;
		w->after.unit_id = to->unit_id;
		if (sessions_check(w->house, w->st, &w->after, e) < 0)
			return -1;
		if (session_begins(&w->after) <= w->now)
			return err_set(e, EX_DATAERR, "ngày giờ mới đã qua");
	} else {
		w->after.state = SESSION_CANCELLED;
		w->after.reason = why;
	}
	if (store_seat_list(w->st, id, sessions_collect, w, e) < 0 ||
	    store_session_update(w->st, &w->after, e) < 0 ||
	    plan_units_load(&w->units, w->st, e) < 0)
		return -1;
	for (size_t i = 0; i < w->n_seats; i++)
		if (sessions_change_seat(w, &w->seats[i], e) < 0)
			return -1;
	return store_campaign_pass_now(w->st, w->before.programme, e);
}

static int sessions_run(struct store *st, const struct campaign_house *house, int64_t id,
			const struct session *to, const char *reason, const char *who,
			struct session_change *out, struct err *e)
{
	struct sessions_work w = {.st = st,
				  .house = house,
				  .what = to != NULL ? STEP_MOVED : STEP_CANCELLED,
				  .now = clock_now_ms(),
				  .out = out};
	char detail[80];
	int rc;

	memset(out, 0, sizeof(*out));
	if (store_begin(st, e) < 0)
		return -1;
	rc = sessions_change(&w, id, to, reason, e);
	(void)snprintf(detail, sizeof(detail), "corrected=%d withdrawn=%d by_hand=%d",
		       out->corrected, out->withdrawn, out->by_hand);
	if (rc == 0)
		rc = sessions_audit(st, id, who, to != NULL ? "session.move" : "session.cancel",
				    detail, e);
	sessions_work_free(&w);
	return store_end(st, rc, e);
}

int campaign_session_cancel(struct store *st, const struct campaign_house *house, int64_t id,
			    const char *reason, const char *who, struct session_change *out,
			    struct err *e)
{
	return sessions_run(st, house, id, NULL, reason, who, out, e);
}

int campaign_session_move(struct store *st, const struct campaign_house *house, int64_t id,
			  const struct session *to, const char *who, struct session_change *out,
			  struct err *e)
{
	return sessions_run(st, house, id, to, NULL, who, out, e);
}

/* ---- who came ------------------------------------------------------------------------------ */

/* The state that whoever came has, as their audience says; -1 = none. */
static int sessions_came_state(struct sessions_work *w, const struct programme *g,
			       const struct recipient *r)
{
	const struct plan_unit *unit = plan_units_find(&w->units, r->unit_id);
	const struct predicate_row row = {.r = r,
					  .unit_name = unit != NULL ? unit->name : NULL};
	int audience = programme_audience_of(g, &row);
	const char *came = audience >= 0 ? programme_audience_at(g, audience)->came : NULL;

	return came != NULL ? programme_state_find(g, came) : -1;
}

/* Somebody's row and the session's programme: 1, 0, -1. Both yours. */
static int sessions_look(struct sessions_work *w, int64_t recipient_id, struct recipient *r,
			 struct programme **g, struct err *e)
{
	int rc = store_recipient_get(w->st, recipient_id, r, e);

	*g = rc > 0 ? programme_load(w->house->dir, w->before.programme, e) : NULL;
	return rc > 0 && *g == NULL ? -1 : rc;
}

/* The state of who came to a seat that no campaign gave. */
static int sessions_came_by_hand(struct sessions_work *w, const struct seat *s, const char *who,
				 struct err *e)
{
	struct recipient r = {0};
	struct programme *g;
	int rc = sessions_look(w, s->recipient_id, &r, &g, e), state = -1;

	if (rc > 0)
		state = sessions_came_state(w, g, &r);
	if (state > r.state)
		rc = store_recipient_set_state(w->st, r.id, state, who, e);
	programme_free(g);
	recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

/* Who was said to have come did not: in the state in which they are invited, and not thanked. */
static int sessions_not_come(struct sessions_work *w, const struct seat *s, const char *who,
			     struct err *e)
{
	struct recipient r = {0}, before;
	struct programme *g;
	int64_t thanks;
	int rc = sessions_look(w, s->recipient_id, &r, &g, e);

	before = r;
	if (rc > 0)
		do
			before.state--;
		while (before.state >= 0 && sessions_came_state(w, g, &before) != r.state);
	if (rc > 0 && before.state >= 0) {
		rc = store_recipient_set_state(w->st, r.id, before.state, who, e);
		if (rc > 0 && sessions_stream(w, w->before.programme, e) < 0)
			rc = -1;
		if (rc > 0)
			rc = store_message_at(w->st, w->stream_id, r.id,
					      PLAN_STEP((int)s->id, PLAN_ROUND - 1), -1,
					      &thanks, e);
		if (rc > 0)
			rc = store_message_event(w->st, thanks, MESSAGE_EV_CANCEL, 0,
						 "đã ghi nhầm là đến", e);
	}
	programme_free(g);
	recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

/* What else follows from somebody's coming: their state, thanks. */
static int sessions_came(struct sessions_work *w, const struct seat *s, const char *who,
			 struct err *e)
{
	const struct sessions_plan *from;
	const struct campaign_plan *p;
	const struct plan_step *text;
	struct recipient r = {0};
	int kind = 0, state, rc = 0;

	if (s->campaign_id == 0)
		return sessions_came_by_hand(w, s, who, e);
	if (sessions_plan_of(w, s->campaign_id, &from, e) < 0)
		return -1;
	p = from != NULL ? from->plan : NULL;
	if (p == NULL || s->audience >= p->n_audiences ||
	    p->audiences[s->audience].a->came == NULL)
		return 0;
	state = programme_state_find(p->programme, p->audiences[s->audience].a->came);
	if (store_recipient_get(w->st, s->recipient_id, &r, e) < 0)
		return -1;
	if (r.state < state)
		rc = store_recipient_set_state(w->st, r.id, state, who, e);
	text = sessions_text(from, s->audience, STEP_CAME, &kind);
	if (rc >= 0 && text != NULL && sessions_reachable(&r)) {
		struct message_plan as = {.due_at = w->now,
					  .expires_at = w->now + 2 * CLOCK_DAY_MS,
					  .step = PLAN_STEP((int)s->id, PLAN_ROUND - 1)};

		rc = sessions_stream(w, w->before.programme, e);
		as.campaign_id = w->stream_id;
		r.rev += r.state < state;
		if (rc == 0)
			rc = sessions_plan_message(w, p, text, s, &r, &w->before, &as, e);
	}
	recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

/* A seat for who came without one here. Where they have one elsewhere it is not needed any more. */
static int sessions_walk_in(struct sessions_work *w, struct seat *s, struct err *e)
{
	struct session other = {0};
	struct seat old;
	bool told, over;
	int rc = store_seat_of(w->st, s->recipient_id, &old, e);

	if (rc < 0 || w->before.taken >= w->before.seats || w->before.state != SESSION_OPEN)
		return rc < 0 ? -1 : 0;
	if (rc > 0) {
		rc = store_session_get(w->st, old.session_id, &other, e);
		over = rc > 0 && session_begins(&other) < session_begins(&w->before);
		session_clear(&other);
		if (rc < 0 || sessions_withdraw(w, &old, &told, e) < 0 ||
		    store_seat_set(w->st, old.id, over ? SEAT_ABSENT : SEAT_FREED, e) < 0)
			return -1;
		s->campaign_id = old.campaign_id;
		s->since = s->round = old.round + 1;
		s->audience = old.audience;
	}
	return store_seat_take(w->st, s, e);
}

static int sessions_attend(struct sessions_work *w, int64_t id, int64_t recipient_id,
			   enum seat_state came, const char *who, bool *seated, struct err *e)
{
	struct seat s = {.session_id = id, .recipient_id = recipient_id};
	bool told = false;
	int rc;

	if (sessions_get(w->st, id, &w->before, e) < 0)
		return -1;
	if (w->before.day > civil_day_of(w->now))
		return err_set(e, EX_DATAERR, "buổi số %lld chưa diễn ra", (long long)id);
	rc = store_seat_find(w->st, id, recipient_id, &s, e);
	if (rc == 0 && came == SEAT_CAME)
		rc = sessions_walk_in(w, &s, e);
	*seated = rc > 0;
	if (rc <= 0)
		return rc;
	/* What would still remind of it is not needed any more. */
	if (s.state == SEAT_INVITED && sessions_withdraw(w, &s, &told, e) < 0)
		return -1;
	rc = store_seat_set(w->st, s.id, came, e);
	if (rc <= 0)
		return rc;
	if (plan_units_load(&w->units, w->st, e) < 0 ||
	    (came == SEAT_CAME && sessions_came(w, &s, who, e) < 0) ||
	    (s.state == SEAT_CAME && sessions_not_come(w, &s, who, e) < 0) ||
	    store_campaign_pass_now(w->st, w->before.programme, e) < 0)
		return -1;
	return sessions_audit(w->st, id, who,
			      came == SEAT_CAME ? "session.came" : "session.absent", "", e) < 0
		   ? -1
		   : 1;
}

int campaign_session_attend(struct store *st, const struct campaign_house *house, int64_t id,
			    int64_t recipient_id, enum seat_state came, const char *who,
			    bool *seated, struct err *e)
{
	struct sessions_work w = {.st = st, .house = house, .now = clock_now_ms()};
	int rc;

	if (store_begin(st, e) < 0)
		return -1;
	rc = sessions_attend(&w, id, recipient_id, came, who, seated, e);
	sessions_work_free(&w);
	return store_end(st, rc, e);
}

int campaign_session_close(struct store *st, int64_t id, const char *who, int *n, struct err *e)
{
	struct sessions_work w = {.st = st, .now = clock_now_ms()};
	char detail[32];
	int rc;

	*n = 0;
	if (store_begin(st, e) < 0)
		return -1;
	rc = sessions_get(st, id, &w.before, e);
	if (rc == 0 && session_begins(&w.before) > w.now)
		rc = err_set(e, EX_DATAERR, "buổi số %lld chưa bắt đầu", (long long)id);
	if (rc == 0)
		rc = store_seat_list(st, id, sessions_collect, &w, e);
	for (size_t i = 0; rc == 0 && i < w.n_seats; i++) {
		rc = store_seat_set(st, w.seats[i].id, SEAT_ABSENT, e);
		*n += rc > 0;
		rc = rc < 0 ? -1 : 0;
	}
	(void)snprintf(detail, sizeof(detail), "absent=%d", *n);
	if (rc == 0)
		rc = store_campaign_pass_now(st, w.before.programme, e);
	if (rc == 0)
		rc = sessions_audit(st, id, who, "session.close", detail, e);
	sessions_work_free(&w);
	return store_end(st, rc, e);
}

static int sessions_give(struct store *st, int64_t id, int64_t recipient_id, const char *who,
			 struct err *e)
{
	struct seat s = {.session_id = id, .recipient_id = recipient_id};
	struct recipient r = {0};
	int rc = store_recipient_get(st, recipient_id, &r, e);
	bool held = rc > 0 && r.hold != HOLD_NONE;

	recipient_clear(&r);
	if (rc <= 0)
		return rc;
	if (held)
		return err_set(e, EX_DATAERR, "người này đang tạm giữ, không hẹn được");
	rc = store_seat_take(st, &s, e);
	if (rc == 1 && sessions_audit(st, id, who, "session.seat", "", e) < 0)
		return -1;
	return rc;
}

int campaign_session_seat(struct store *st, int64_t id, int64_t recipient_id, const char *who,
			  struct err *e)
{
	if (store_begin(st, e) < 0)
		return -1;
	return store_end(st, sessions_give(st, id, recipient_id, who, e), e);
}

/* ---- seats that are no longer needed ---------------------------------------------------------- */

static bool sweep_left(int64_t id, int step, enum message_state state, void *arg)
{
	bool *left = arg;

	(void)id;
	*left =
	    step % PLAN_ROUND == 0 && state != MESSAGE_CANCELLED && state != MESSAGE_EXPIRED;
	return !*left;
}

/* Whether the seat's invitation came to nothing before it left: nobody was told, and nothing is on its way. A number
 * that was refused is no reason to try it again each day. 1/0/-1 */
static int sweep_untold(struct store *st, const struct campaign_plan *p, const struct seat *s,
			struct err *e)
{
	int from = PLAN_STEP(s->since, 0), to = PLAN_STEP(s->round, PLAN_ROUND - 1);
	bool left = false;
	int64_t last;
	int rc =
	    store_message_at(st, p->row->id, s->recipient_id, from, p->ladder.n - 1, &last, e);

	/* Until the last rung something may be to come. */
	if (rc > 0 && store_message_steps(st, p->row->id, s->recipient_id, from, to, sweep_left,
					  &left, e) < 0)
		rc = -1;
	return rc > 0 ? !left : rc;
}

int seating_sweep(struct store *st, const struct campaign_plan *p, civil_day today,
		  struct err *e)
{
	struct session_change ignored = {0};
	struct sessions_work w = {
	    .st = st, .house = p->house, .now = clock_now_ms(), .out = &ignored};
	int rc = plan_units_load(&w.units, st, e);

	if (rc == 0)
		rc = store_seat_open(st, p->row->id, today, sessions_collect, &w, e);
	for (size_t i = 0; rc == 0 && i < w.n_seats; i++) {
		struct recipient r = {0};
		int audience = -1;
		enum exclusion why = EXCLUDED_NOT_IN_AUDIENCE;
		bool told;

		rc = store_recipient_get(st, w.seats[i].recipient_id, &r, e);
		if (rc > 0)
			why =
			    plan_judge(p, &r, plan_units_find(&w.units, r.unit_id), &audience);
		recipient_clear(&r);
		if (rc < 0)
			break;
		rc = why == EXCLUDED_NOT_IN_AUDIENCE || why == EXCLUDED_DECEASED ||
			     why == EXCLUDED_HELD
			 ? 1
			 : sweep_untold(st, p, &w.seats[i], e);
		if (rc <= 0)
			continue;
		rc = sessions_withdraw(&w, &w.seats[i], &told, e);
		if (rc == 0)
			rc = store_seat_set(st, w.seats[i].id, SEAT_FREED, e) < 0 ? -1 : 0;
	}
	sessions_work_free(&w);
	return rc;
}

int seating_cancel(struct store *st, int64_t campaign_id, civil_day today, struct err *e)
{
	struct sessions_work w = {.st = st, .now = clock_now_ms()};
	int rc = store_seat_open(st, campaign_id, today, sessions_collect, &w, e);

	for (size_t i = 0; rc == 0 && i < w.n_seats; i++) {
		bool told;

		rc = sessions_withdraw(&w, &w.seats[i], &told, e);
		if (rc == 0 && !told)
			rc = store_seat_set(st, w.seats[i].id, SEAT_FREED, e) < 0 ? -1 : 0;
	}
	sessions_work_free(&w);
	return rc;
}
