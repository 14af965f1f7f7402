/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's timetable, and the list of one session: who is invited, who came. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/sessions.h"
#include "report/document.h"
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

static void sessions_take(const struct session *s, void *arg)
{
	struct sessions *x = arg;

	json_array_append_new(x->list, model_session(s, x->units, x->today));
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

static int sessions_open(struct visit *v, struct session *s, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	int found = id < 0 ? -1 : store_session_get(v->st, id, s, e);

	if (found == 0)
		return say(e, EX_NOINPUT, "no_session", NULL);
	return found < 0 ? -1 : 0;
}

int screen_session(struct visit *v, struct err *e)
{
	struct sessions x = {.v = v, .today = civil_day_of(clock_now_ms()), .e = e};
	struct session_people p = {0};
	struct session s = {0};
	json_t *person;
	size_t i;

	if (sessions_open(v, &s, e) < 0)
		return -1;
	x.units = model_units(v, e);
	if (x.units != NULL && report_session_people(v->st, s.id, &p, e) == 0) {
		json_array_foreach(p.list, i, person) json_object_set_new(
		    person, "unit",
		    json_string(model_unit(x.units, json_integer_value(json_object_get(
							person, "unit_id")))));
		v->model = model_session(&s, x.units, x.today);
		json_object_set_new(v->model, "people", p.list);
		json_object_set_new(v->model, "left_out", json_integer(p.left_out));
		json_object_set_new(v->model, "any_left_out", json_boolean(p.left_out > 0));
		json_object_set_new(v->model, "begun",
				    json_boolean(session_begins(&s) <= clock_now_ms()));
	}
	json_decref(x.units);
	session_clear(&s);
	return v->model != NULL ? 0 : -1;
}

struct sessions_paper {
	struct session s;
	struct session_people people;
};

static int sessions_draw(struct visit *v, const char *path, void *arg, struct err *e)
{
	struct sessions_paper *p = arg;

	return report_session_sheet(v->house->report, &p->s, &p->people, path, clock_now_ms(),
				    e);
}

/* The sheet that lies on the table: names, hence written down before it is given. */
int screen_session_sheet(struct visit *v, struct err *e)
{
	struct sessions_paper p = {.people = {.list = NULL}};
	char subject[48];
	int rc = sessions_open(v, &p.s, e);

	(void)snprintf(subject, sizeof(subject), "session/%" PRId64, p.s.id);
	if (rc == 0)
		rc = visit_audit(v, "session.sheet", subject, "", e);
	if (rc == 0)
		rc = report_session_people(v->st, p.s.id, &p.people, e);
	if (rc == 0)
		rc = visit_answer_drawn(v, sessions_draw, &p, VISIT_PDF,
					mem_printf("buoi-%" PRId64 ".pdf", p.s.id), e);
	json_decref(p.people.list);
	session_clear(&p.s);
	return rc;
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
		return visit_refuse(v, 422, e, "choose_person");
	rc = rest
		 ? campaign_session_close(w, id, v->who.name, &n, e)
		 : campaign_session_attend(w, v->house->campaign, id, visit_int(v, "recipient"),
					   came, v->who.name, &seated, e);
	if (rc < 0)
		return -1;
	visit_changed(v);
	return visit_go(v, "/sessions/%" PRId64 "?done=attended", id);
}
