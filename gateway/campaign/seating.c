/* SPDX-License-Identifier: Apache-2.0 */
/* Which session an invitation names, and when its steps are due. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"
#include "campaign/sessions.h"
#include "text/vi.h"

static void seating_add(const struct session *s, void *arg)
{
	struct seating *all = arg;
	struct session *item;

	if (s->state != SESSION_OPEN || s->taken >= s->seats)
		return;
	all->items = mem_grow(all->items, &all->cap, all->n + 1, sizeof(*all->items));
	item = &all->items[all->n++];
	*item = *s;
	item->programme = mem_strdup(s->programme);
	item->place = mem_strdup(s->place);
	item->team = mem_strdup(s->team);
	item->documents = mem_strdup(s->documents);
	item->reason = NULL;
}

int seating_load(struct seating *s, struct store *st, const struct campaign_plan *p, int64_t at,
		 struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->from = civil_day_of(at) + 1;
	if (!p->seats)
		return 0;
	if (store_session_list(st, p->row->programme, s->from, seating_add, s, e) == 0)
		return 0;
	seating_free(s);
	return -1;
}

void seating_free(struct seating *s)
{
	for (size_t i = 0; i < s->n; i++)
		session_clear(&s->items[i]);
	free(s->items);
	memset(s, 0, sizeof(*s));
}

struct session *seating_pick(struct seating *s, int64_t unit_id)
{
	struct session *open = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct session *x = &s->items[i];

		if (x->taken >= x->seats)
			continue;
		if (x->unit_id != 0 && x->unit_id == unit_id)
			return x;
		if (x->unit_id == 0 && open == NULL)
			open = x;
	}
	return open;
}

int seating_judge(struct seating *s, struct store *st, const struct campaign_plan *p,
		  int audience, const struct recipient *r, struct session **session, int *round,
		  struct err *e)
{
	const struct programme_audience *a = p->audiences[audience].a;
	struct seat_history history;

	*session = NULL;
	if (store_seat_history(st, r->id, p->row->id, &history, e) < 0)
		return -1;
	*round = history.rounds;
	if (history.open)
		return EXCLUDED_SEATED;
	if (history.invited >= a->invitations)
		return EXCLUDED_ENOUGH;
	*session = seating_pick(s, r->unit_id);
	return *session == NULL ? EXCLUDED_NO_SEAT : EXCLUDED_COUNT;
}

int64_t plan_happens(const struct campaign_plan *p)
{
	int64_t day;

	if (p->deadline == NULL || conf_parse_date(p->deadline, &day) < 0)
		return INT64_MAX;
	return civil_day_start_ms((civil_day)day + 1) - 1;
}

int64_t plan_step_due(const struct campaign_plan *p, const struct programme_step *s,
		      int64_t invited, int64_t happens)
{
	const struct calendar *c = p->house->calendar;
	civil_day day;
	int64_t due;

	if (s->when == STEP_AFTER) {
		due = calendar_next_open(
		    c, civil_day_start_ms(civil_day_of(invited) + (civil_day)s->days));
		return due < happens ? due : 0;
	}
	if (s->when != STEP_BEFORE || happens == INT64_MAX)
		return 0;
	/* A closed day moves a reminder to the working day before, never nearer. */
	day = calendar_working_day_before(c, civil_day_of(happens) - (civil_day)s->days);
	due = calendar_next_open(c, civil_day_start_ms(day));
	return day > civil_day_of(invited) && due < happens ? due : 0;
}

int campaign_place_unit(struct store *st, const char *place, int64_t *unit_id, struct err *e)
{
	struct plan_units u;
	size_t longest = 0;
	char *fold;

	*unit_id = 0;
	if (plan_units_load(&u, st, e) < 0)
		return -1;
	fold = vi_fold(place);
	for (size_t i = 0; i < u.n; i++) {
		char *label = vi_fold(u.items[i].label);
		const char *hit = strstr(fold, label);
		size_t n = strlen(label);

		/* With its kind before it, as a whole, and the longest: "ấp Tân Phú B" is not "ấp Tân Phú". */
		if (hit != NULL && strchr(label, ' ') != NULL && n > longest &&
		    (hit == fold || hit[-1] == ' ') && (hit[n] == '\0' || hit[n] == ' ')) {
			*unit_id = u.items[i].id;
			longest = n;
		}
		free(label);
	}
	free(fold);
	plan_units_free(&u);
	return 0;
}
