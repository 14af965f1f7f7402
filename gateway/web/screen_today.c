/* SPDX-License-Identifier: Apache-2.0 */
/* What the first page says of this day and of the next one on which people come: what goes out, who sits where,
 * whom to expect. Whoever has a hamlet is told of that one alone. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "campaign/calendar.h"
#include "campaign/campaign.h"
#include "campaign/duty.h"
#include "store/campaign.h"
#include "store/message.h"
#include "store/reply.h"
#include "store/session.h"
#include "web/desk.h"
#include "web/model.h"
#include "web/screen.h"

/* Sessions of one day that are shown. */
#define TODAY_SESSIONS 6

/* ---- messages ------------------------------------------------------------------------------ */

static void today_take_due(int64_t campaign_id, int64_t n, void *arg)
{
	char key[24];

	model_key(campaign_id, key);
	json_object_set_new(arg, key, json_integer(n));
}

/* {"3": 120}: what is due before this day is over, by campaign. */
static json_t *today_draw_due(struct visit *v, const char *key, struct err *e)
{
	json_t *due = json_object();
	civil_day tomorrow = civil_day_of(clock_now_ms()) + 1;

	(void)key;
	if (store_message_due_before(v->st, civil_day_start_ms(tomorrow), today_take_due, due,
				     e) < 0) {
		json_decref(due);
		return NULL;
	}
	return due;
}

struct today {
	const struct visit *v;
	json_t *due, *done; /* by campaign */
	json_t *rows;
	bool over; /* nothing may go any more today, but for what nobody composed */
	int64_t n_due, n_sent, n_delivered;
	int64_t others_due, others_sent, others_delivered;
};

static void today_take_done(int64_t campaign_id, int64_t sent, int64_t delivered, void *arg)
{
	char key[24];

	/* What was found out today not to have gone after all was counted on another day. */
	model_key(campaign_id, key);
	json_object_set_new(arg, key,
			    json_pack("{s:I, s:I}", "sent", (json_int_t)(sent > 0 ? sent : 0),
				      "delivered",
				      (json_int_t)(delivered > 0 ? delivered : 0)));
}

static void today_campaign(const struct campaign *k, void *arg)
{
	struct today *t = arg;
	const json_t *done;
	int64_t due, sent, delivered;
	char key[24];

	model_key(k->id, key);
	done = json_object_get(t->done, key);
	sent = json_integer_value(json_object_get(done, "sent"));
	delivered = json_integer_value(json_object_get(done, "delivered"));
	due = k->state == CAMPAIGN_RUNNING && (k->stream || !t->over)
		  ? json_integer_value(json_object_get(t->due, key))
		  : 0;
	t->n_due += due;
	t->n_sent += sent;
	t->n_delivered += delivered;
	if (due + sent + delivered == 0)
		return;
	if (!k->stream) {
		json_array_append_new(t->rows,
				      json_pack("{s:I, s:s, s:I, s:I, s:I}", "id",
						(json_int_t)k->id, "name", k->name, "due",
						(json_int_t)due, "sent", (json_int_t)sent,
						"delivered", (json_int_t)delivered));
		return;
	}
	t->others_due += due;
	t->others_sent += sent;
	t->others_delivered += delivered;
}

/* "07:30–19:00", and when bulk messages may go next; whether none may any more today. */
static bool today_hours(const struct visit *v, int64_t now, json_t *o)
{
	const struct calendar *c = v->house->campaign->calendar;
	civil_day today = civil_day_of(now);
	int64_t t = calendar_next_open(c, civil_day_start_ms(today)),
		next = calendar_next_open(c, now);
	struct buf hours = BUF_INIT(200);

	while (t != INT64_MAX && civil_day_of(t) == today) {
		int64_t end = calendar_window_end(c, t);
		int from = civil_minute_of_day(t), to = civil_minute_of_day(end);

		(void)buf_addf(&hours, "%s%02d:%02d–%02d:%02d", hours.len > 0 ? ", " : "",
			       from / 60, from % 60, to / 60, to % 60);
		t = calendar_next_open(c, end > t ? end : end + 1);
	}
	json_object_set_new(o, "hours", json_string(buf_text(&hours)));
	buf_free(&hours);
	json_object_set_new(o, "open", json_boolean(next == now));
	visit_time(o, "opens_at", next == now || next == INT64_MAX ? 0 : next);
	return next == INT64_MAX || civil_day_of(next) != today;
}

/* Leaves "today" in the model. */
static int today_messages(struct visit *v, int64_t now, struct err *e)
{
	char day[16];
	const struct clerk_drawing due = {.key = "due", .draw = today_draw_due, .as_of = day};
	struct today t = {.v = v, .rows = json_array(), .done = json_object()};
	json_t *o = json_object();
	int64_t replies = 0;

	civil_day_format_iso(civil_day_of(now), day);
	t.due = clerk_cached(v->clerk, &due, v, e);
	t.over = today_hours(v, now, o);
	json_object_set_new(o, "day", json_string(day));
	json_object_set_new(o, "over", json_boolean(t.over));
	if (t.due == NULL ||
	    store_message_day(v->st, civil_day_of(now), today_take_done, t.done, e) < 0 ||
	    store_campaign_list(v->st, -1, today_campaign, &t, e) < 0 ||
	    store_reply_open(v->st, &replies, e) < 0) {
		json_decref(o);
		o = NULL;
	} else {
		json_object_set_new(o, "due", json_integer(t.n_due));
		json_object_set_new(o, "sent", json_integer(t.n_sent));
		json_object_set_new(o, "delivered", json_integer(t.n_delivered));
		json_object_set_new(o, "replies", json_integer(replies));
		json_object_set_new(o, "replies_any", json_boolean(replies > 0));
		json_object_set(o, "campaigns", t.rows);
		/* Single notices, digests, reminders: of nobody's campaign. */
		if (t.others_due + t.others_sent + t.others_delivered > 0)
			json_object_set_new(o, "others",
					    json_pack("{s:I, s:I, s:I}", "due",
						      (json_int_t)t.others_due, "sent",
						      (json_int_t)t.others_sent, "delivered",
						      (json_int_t)t.others_delivered));
		json_object_set_new(o, "any",
				    json_boolean(t.n_due + t.n_sent + t.n_delivered > 0));
		json_object_set_new(v->model, "today", o);
	}
	json_decref(t.due);
	json_decref(t.done);
	json_decref(t.rows);
	return o != NULL ? 0 : -1;
}

/* ---- duty ---------------------------------------------------------------------------------- */

struct today_duty {
	int64_t own; /* a hamlet; 0 = all */
	json_t *list;
};

static void today_take_duty(const struct duty *d, void *arg)
{
	struct today_duty *t = arg;

	if (t->own == 0 || d->unit_id == t->own)
		json_array_append_new(t->list, campaign_duty_json(d));
}

/* Leaves "duty": who is on it today, else on the next day on which somebody is. */
static int today_on_duty(struct visit *v, civil_day today, struct err *e)
{
	struct today_duty t = {.own = v->who.unit_id, .list = json_array()};
	civil_day day = today;
	char iso[16];
	int found = 1;

	while (found == 1 && json_array_size(t.list) == 0) {
		if (store_duty_list(v->st, day, day, today_take_duty, &t, e) < 0)
			found = -1;
		else if (json_array_size(t.list) == 0)
			found = store_duty_next(v->st, day, &day, e);
	}
	if (found == 1) {
		civil_day_format_iso(day, iso);
		json_object_set_new(v->model, "duty",
				    json_pack("{s:s, s:b, s:O}", "day", iso, "is_today",
					      day == today, "items", t.list));
	}
	json_decref(t.list);
	return found < 0 ? -1 : 0;
}

/* ---- sessions ------------------------------------------------------------------------------ */

struct today_next {
	struct visit *v;
	json_t *units, *list;
	civil_day today, day; /* of the next; 0 = none was found yet */
	int minute;
	int64_t own, n;
	struct err *e;
	int rc;
};

/* They come in order of day and hour. */
static void today_session(const struct session *s, void *arg)
{
	struct today_next *t = arg;
	int64_t expected = s->taken;
	json_t *o;

	if (t->rc < 0 || s->state == SESSION_CANCELLED || (t->day != 0 && s->day != t->day) ||
	    (s->day == t->today && s->closes <= t->minute) ||
	    (t->own != 0 && s->unit_id != 0 && s->unit_id != t->own))
		return;
	/* One for everybody is a hamlet's when somebody from there is expected. */
	if (t->own != 0) {
		if (store_seat_count_of_unit(t->v->st, s->id, t->own, &expected, t->e) < 0)
			t->rc = -1;
		if (t->rc < 0 || (s->unit_id == 0 && expected == 0))
			return;
	}
	t->day = s->day;
	if (++t->n > TODAY_SESSIONS)
		return;
	if (t->own == 0) {
		o = model_session(s, t->units, t->today);
	} else {
		/* Its other numbers tell of the others. */
		json_t *whole = model_session(s, t->units, t->today);

		o = json_object();
		json_object_set(o, "day", json_object_get(whole, "day"));
		json_object_set(o, "hours", json_object_get(whole, "hours"));
		json_object_set(o, "place", json_object_get(whole, "place"));
		json_object_set(o, "documents", json_object_get(whole, "documents"));
		json_decref(whole);
	}
	json_object_set_new(o, "expected", json_integer(expected));
	json_array_append_new(t->list, o);
}

/* Leaves "next": the sessions of the next day that has some. */
static int today_sessions(struct visit *v, int64_t now, struct err *e)
{
	struct today_next t = {.v = v,
			       .list = json_array(),
			       .today = civil_day_of(now),
			       .minute = civil_minute_of_day(now),
			       .own = v->who.unit_id,
			       .e = e};
	char day[16];
	int rc;

	t.units = model_units(v, e);
	rc = t.units == NULL
		 ? -1
		 : store_session_list(v->st, NULL, t.today, today_session, &t, e);
	if (rc == 0 && t.rc == 0 && t.n > 0) {
		civil_day_format_iso(t.day, day);
		json_object_set_new(
		    v->model, "next",
		    json_pack("{s:s, s:b, s:O, s:I, s:b}", "day", day, "is_today",
			      t.day == t.today, "items", t.list, "more",
			      (json_int_t)(t.n > TODAY_SESSIONS ? t.n - TODAY_SESSIONS : 0),
			      "any_more", t.n > TODAY_SESSIONS));
	}
	json_decref(t.units);
	json_decref(t.list);
	return rc < 0 || t.rc < 0 ? -1 : 0;
}

int today_fill(struct visit *v, struct err *e)
{
	int64_t now = clock_now_ms();

	if (visit_may(v, MAY_LOOK)) {
		if (today_messages(v, now, e) < 0)
			return -1;
	} else if (!visit_may(v, MAY_LOOK_OWN) || v->who.unit_id == 0) {
		return 0;
	}
	return today_on_duty(v, civil_day_of(now), e) < 0 || today_sessions(v, now, e) < 0
		   ? -1
		   : 0;
}
