/* SPDX-License-Identifier: Apache-2.0 */
/* What happens on which day of Plan 46, and what people do about it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/sessions.h"
#include "cli/simulate.h"

enum { SIM_VNEID, SIM_VNEID_AGAIN, SIM_CCCD };

static int sim_import(struct simulation *s, const char *programme, const char *file,
		      struct err *e)
{
	const struct programme *p = house_programme(s->c->house, programme);
	struct roster_options o = {.who = "simulate",
				   .unit_kind = s->c->house->cfg.unit.hamlet,
				   .this_year = 2023,
				   .list_year = 2023};
	char *path = mem_printf("%s/demo/%s", house_share_dir(), file);
	struct roster_result r = {0};
	int rc = p != NULL ? roster_import(s->c->store, p, path, &o, &r, e)
			   : err_set(e, EX_CONFIG, "không có chương trình %s", programme);

	roster_result_free(&r);
	free(path);
	return rc;
}

static int sim_release(struct simulation *s, int which, const char *name, const char *programme,
		       const char *audiences, struct err *e)
{
	const struct campaign_house *house = &s->c->house->campaign;
	struct campaign k = {.name = (char *)(uintptr_t)name,
			     .programme = (char *)(uintptr_t)programme,
			     .audiences = (char *)(uintptr_t)audiences,
			     .channel = (char[]){"sms"},
			     .parameters = (char[]){"{}"},
			     .lane = LANE_BULK,
			     .accents = SMS_WITHOUT_ACCENTS,
			     .quota = true};

	if (campaign_create(s->c->store, house, &k, "người soạn", e) < 0 ||
	    campaign_submit(s->c->store, house, k.id, "người soạn", e) < 0 ||
	    campaign_approve(s->c->store, house, k.id, "người duyệt", true, e) < 0 ||
	    campaign_start(s->c->store, house, k.id, "người duyệt", e) < 0)
		return -1;
	s->campaigns[which] = k.id;
	if (s->o != NULL)
		outbox_refresh(s->o);
	s->wake = clock_now_ms();
	return 0;
}

static int64_t sim_at(int month, int day, int hour, int minute)
{
	const struct civil c = {
	    .year = 2023, .month = month, .day = day, .hour = hour, .minute = minute};

	return civil_to_ms(&c);
}

int sim_begin(struct simulation *s, struct err *e)
{
	for (civil_day d = civil_day_of(clock_now_ms()); civil_day_start_ms(d) < s->end; d++) {
		struct sim_event ev = {.kind = SIM_DAY,
				       .at = civil_day_start_ms(d) + 8 * CLOCK_HOUR_MS};

		sim_add(s, &ev);
	}
	if (sim_import(s, "vneid", "ho-dan.csv", e) < 0 ||
	    sim_import(s, "cccd", "cccd-ton.csv", e) < 0 ||
	    sim_import(s, "officials", "can-bo.csv", e) < 0)
		return -1;
	return sim_release(s, SIM_VNEID, "Mời làm định danh mức 2, cài VNeID", "vneid", "A1,A2",
			   e);
}

static void sim_each_session(const struct session *k, void *arg)
{
	struct simulation *s = arg;
	struct sim_event ev = {.kind = SIM_CLOSE,
			       .at = civil_day_start_ms(k->day) + k->closes * CLOCK_MINUTE_MS,
			       .id = k->id};

	sim_add(s, &ev);
}

/* The timetable comes with the plan itself, on 08/6. */
static int sim_timetable(struct simulation *s, struct err *e)
{
	char *path = mem_printf("%s/demo/lich-thu-nhan.csv", house_share_dir());
	int rc = session_load(s->c, "cccd", path, e);

	free(path);
	if (rc == 0)
		rc = store_session_list(s->c->store, "cccd", 0, sim_each_session, s, e);
	if (rc == 0)
		rc = sim_release(s, SIM_CCCD, "Mời làm CCCD theo lịch đặt máy", "cccd",
				 "A3,A17", e);
	return rc;
}

int sim_day(struct simulation *s, struct err *e)
{
	int64_t now = clock_now_ms();

	if (now == sim_at(6, 8, 8, 0) && sim_timetable(s, e) < 0)
		return -1;
	/* After the first deadline the second one of the same target rules. */
	if (now == sim_at(6, 21, 8, 0) &&
	    sim_release(s, SIM_VNEID_AGAIN, "Nhắc đến hạn 30/6", "vneid", "A1", e) < 0)
		return -1;
	return 0;
}

/* ---- people --------------------------------------------------------------------------------- */

/* An hour of an office within the next week. */
static int64_t sim_office_hour(struct simulation *s)
{
	const struct calendar *c = s->c->house->calendar;
	civil_day day = civil_day_of(clock_now_ms()) + 1 + (civil_day)sim_below(s, 6);

	while (!calendar_is_working_day(c, day))
		day++;
	return civil_day_start_ms(day) + 8 * CLOCK_HOUR_MS +
	       sim_below(s, 480) * CLOCK_MINUTE_MS;
}

int sim_reached(struct simulation *s, const struct sim_event *receipt, struct err *e)
{
	struct sim_event ev = {.kind = SIM_COME, .campaign_id = receipt->campaign_id};
	struct message_row m = {0};
	int rc;

	if (receipt->campaign_id != s->campaigns[SIM_VNEID] &&
	    receipt->campaign_id != s->campaigns[SIM_VNEID_AGAIN])
		return 0;
	rc = store_message_get(s->c->store, receipt->id, &m, e);
	ev.id = m.recipient_id;
	message_row_clear(&m);
	if (rc <= 0)
		return rc;
	if (!sim_chance(s, s->come * 10))
		return 0;
	ev.at = sim_office_hour(s);
	sim_add(s, &ev);
	return 0;
}

/* Level 2 first; who has it gets the app. */
int sim_come(struct simulation *s, const struct sim_event *ev, struct err *e)
{
	struct recipient r = {0};
	int rc = store_recipient_get(s->c->store, ev->id, &r, e);
	int state = r.state + 1;

	recipient_clear(&r);
	if (rc <= 0 || state > 2)
		return rc < 0 ? -1 : 0;
	if (store_begin(s->c->store, e) < 0)
		return -1;
	if (store_recipient_set_state(s->c->store, ev->id, state, "simulate", e) < 0) {
		store_rollback(s->c->store);
		return -1;
	}
	return store_commit(s->c->store, e);
}

struct sim_people {
	int64_t ids[512];
	size_t n;
};

static bool sim_person(const struct seat *seat, void *arg)
{
	struct sim_people *p = arg;

	if (seat->state == SEAT_INVITED && p->n < sizeof(p->ids) / sizeof(p->ids[0]))
		p->ids[p->n++] = seat->recipient_id;
	return true;
}

int sim_close(struct simulation *s, const struct sim_event *ev, struct err *e)
{
	const struct campaign_house *house = &s->c->house->campaign;
	struct sim_people p = {.n = 0};
	struct session k = {0};
	char day[16];
	int came = 0, absent = 0;
	bool seated;

	if (store_seat_list(s->c->store, ev->id, sim_person, &p, e) < 0 ||
	    store_session_get(s->c->store, ev->id, &k, e) < 0)
		return -1;
	for (size_t i = 0; i < p.n; i++) {
		if (sim_chance(s, s->absent * 10))
			continue;
		if (campaign_session_attend(s->c->store, house, ev->id, p.ids[i], SEAT_CAME,
					    "simulate", &seated, e) < 0) {
			session_clear(&k);
			return -1;
		}
		came++;
	}
	civil_day_format_iso(k.day, day);
	if (campaign_session_close(s->c->store, ev->id, "simulate", &absent, e) == 0)
		json_array_append_new(s->sessions,
				      json_pack("{s:s,s:s,s:i,s:i,s:i,s:i}", "day", day,
						"place", k.place, "seats", k.seats, "invited",
						(int)p.n, "came", came, "absent", absent));
	session_clear(&k);
	outbox_refresh(s->o);
	s->wake = clock_now_ms();
	return e->code != 0 ? -1 : 0;
}
