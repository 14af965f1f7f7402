/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's timetable, and the list of one session: who is invited, who came. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "campaign/sessions.h"
#include "report/document.h"
#include "text/vi.h"
#include "web/model.h"
#include "web/screen.h"

/* Days that are over and still shown. */
#define SESSIONS_PAST 14

struct sessions {
	struct visit *v;
	json_t *list, *units;
	civil_day today;
	struct err *e;
	int rc;
};

static json_t *sessions_row(const struct sessions *x, const struct session *s)
{
	char day[16];
	json_t *o;

	civil_day_format_iso(s->day, day);
	o = json_pack("{s:I, s:s, s:o, s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:b, s:b}", "id",
		      (json_int_t)s->id, "day", day, "hours",
		      json_sprintf("%02d:%02d–%02d:%02d", s->opens / 60, s->opens % 60,
				   s->closes / 60, s->closes % 60),
		      "place", s->place, "unit", model_unit(x->units, s->unit_id), "seats",
		      s->seats, "taken", s->taken, "team", s->team != NULL ? s->team : "",
		      "documents", s->documents != NULL ? s->documents : "", "reason",
		      s->reason != NULL ? s->reason : "", "cancelled",
		      s->state == SESSION_CANCELLED, "past", s->day < x->today);
	json_object_set_new(o, "full", json_boolean(s->taken >= s->seats));
	return o;
}

static void sessions_take(const struct session *s, void *arg)
{
	struct sessions *x = arg;

	json_array_append_new(x->list, sessions_row(x, s));
}

int screen_sessions(struct visit *v, struct err *e)
{
	struct sessions x = {
	    .v = v, .list = json_array(), .today = civil_day_of(clock_now_ms()), .e = e};
	int rc;

	v->model = json_pack("{s:o}", "items", x.list);
	x.units = model_units(v, e);
	if (x.units == NULL)
		return -1;
	rc = store_session_list(v->st, NULL, x.today - SESSIONS_PAST, sessions_take, &x, e);
	json_decref(x.units);
	return rc;
}

/* ---- one -------------------------------------------------------------------------------------- */

static bool sessions_person(const struct seat *seat, void *arg)
{
	static const char *const states[] = {
	    [SEAT_INVITED] = "invited", [SEAT_CAME] = "came", [SEAT_ABSENT] = "absent"};
	struct sessions *x = arg;
	struct recipient r = {0};
	char *sort;
	int found = store_recipient_get(x->v->st, seat->recipient_id, &r, x->e);

	x->rc = found < 0 ? -1 : x->rc;
	if (found > 0) {
		sort = vi_name_sort_key(r.name != NULL ? r.name : "");
		json_array_append_new(
		    x->list,
		    json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "recipient",
			      (json_int_t)r.id, "key", r.key != NULL ? r.key : "", "name",
			      r.name != NULL ? r.name : "", "unit",
			      model_unit(x->units, r.unit_id), "group",
			      r.group != NULL ? r.group : "", "state", states[seat->state],
			      "sort", sort, "open", seat->state == SEAT_INVITED));
		free(sort);
	}
	recipient_clear(&r);
	return x->rc == 0;
}

int screen_session(struct visit *v, struct err *e)
{
	struct sessions x = {
	    .v = v, .list = json_array(), .today = civil_day_of(clock_now_ms()), .e = e};
	struct session s = {0};
	int64_t id = visit_id(v, 0, e);
	int found = id < 0 ? -1 : store_session_get(v->st, id, &s, e);

	if (found == 0)
		found = err_set(e, EX_NOINPUT, "không có buổi này");
	x.units = found > 0 ? model_units(v, e) : NULL;
	if (x.units != NULL && store_seat_list(v->st, id, sessions_person, &x, e) == 0 &&
	    x.rc == 0) {
		v->model = sessions_row(&x, &s);
		json_object_set_new(v->model, "people", report_session_order(x.list));
		json_object_set_new(v->model, "begun",
				    json_boolean(session_begins(&s) <= clock_now_ms()));
		x.list = NULL;
	}
	json_decref(x.list);
	json_decref(x.units);
	session_clear(&s);
	return v->model != NULL ? 0 : -1;
}

/* Who came, who did not: the verbs below open and commit transactions of their own. */
int screen_session_attend(struct visit *v, struct err *e)
{
	bool rest = strcmp(visit_text(v, "is"), "rest-absent") == 0, seated = false;
	enum seat_state came =
	    strcmp(visit_text(v, "is"), "came") == 0 ? SEAT_CAME : SEAT_ABSENT;
	struct store *w = visit_writer(v, e);
	int64_t id = visit_id(v, 0, e);
	int n = 0, rc;

	if (id < 0 || w == NULL)
		return -1;
	if (!rest && visit_int(v, "recipient") == 0)
		return visit_refuse(v, 422, e, "hãy chọn một người");
	rc = rest
		 ? campaign_session_close(w, id, v->who.name, &n, e)
		 : campaign_session_attend(w, v->house->campaign, id, visit_int(v, "recipient"),
					   came, v->who.name, &seated, e);
	if (rc < 0)
		return -1;
	visit_changed(v);
	return visit_go(v, "/sessions/%" PRId64 "?done=attended", id);
}
