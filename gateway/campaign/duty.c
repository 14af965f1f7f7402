/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/duty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"
#include "campaign/sessions.h"
#include "store/reply.h"
#include "text/vi.h"

void duty_hours(int opens, int closes, char out[24])
{
	char from[8] = "", to[8] = "";

	if (opens % 60 != 0)
		(void)snprintf(from, sizeof(from), "%02d", opens % 60);
	if (closes % 60 != 0)
		(void)snprintf(to, sizeof(to), "%02d", closes % 60);
	(void)snprintf(out, 24, "%dh%s-%dh%s", opens / 60 % 25, from, closes / 60 % 25, to);
}

/* ---- entering ------------------------------------------------------------------------------ */

static int duty_check_day(struct store *st, const struct campaign_house *house,
			  const struct duty *d, const char *day, struct err *e)
{
	struct plan_units units;
	const struct plan_unit *unit;
	bool open;

	if (plan_units_load(&units, st, e) < 0)
		return -1;
	unit = plan_units_find(&units, d->unit_id);
	open = calendar_office_open(house->calendar, unit != NULL ? unit->name : NULL, d->day);
	if (!open)
		(void)err_set(e, EX_DATAERR,
			      "%s: %s không mở cửa ngày ấy (ngày nghỉ, Thứ Bảy, Chủ nhật)", day,
			      d->place);
	plan_units_free(&units);
	return open ? 0 : -1;
}

int campaign_duty_check(struct store *st, const struct campaign_house *house, struct duty *d,
			struct err *e)
{
	char day[16];

	civil_day_format_vi(d->day, day);
	if (d->name == NULL || *d->name == '\0')
		return err_set(e, EX_DATAERR, "%s: chưa có người trực", day);
	if (d->place == NULL || *d->place == '\0')
		return err_set(e, EX_DATAERR, "%s: chưa có nơi trực", day);
	if (d->opens < 0 || d->closes > 1440 || d->opens >= d->closes)
		return err_set(e, EX_DATAERR, "%s: giờ kết thúc phải sau giờ bắt đầu", day);
	if (d->unit_id == 0 && campaign_place_unit(st, d->place, &d->unit_id, e) < 0)
		return -1;
	return duty_check_day(st, house, d, day, e);
}

/* What stands where the rota speaks, and is not in it. */
struct duty_stale {
	const struct duty *list;
	size_t n;
	int64_t *ids;
	size_t n_ids, cap;
};

static void duty_stale_take(const struct duty *d, void *arg)
{
	struct duty_stale *s = arg;
	char *place = vi_fold(d->place);
	bool spoken = false, there = false;

	for (size_t i = 0; i < s->n; i++) {
		char *other = s->list[i].day == d->day ? vi_fold(s->list[i].place) : NULL;

		spoken = spoken || (other != NULL && strcmp(other, place) == 0);
		there = there || s->list[i].id == d->id;
		free(other);
	}
	free(place);
	if (!spoken || there)
		return;
	s->ids = mem_grow(s->ids, &s->cap, s->n_ids + 1, sizeof(*s->ids));
	s->ids[s->n_ids++] = d->id;
}

static int duty_replace(struct store *st, const struct duty *list, size_t n,
			struct duty_change *out, struct err *e)
{
	struct duty_stale stale = {.list = list, .n = n};
	civil_day from = list[0].day, to = from;
	int rc;

	for (size_t i = 1; i < n; i++) {
		from = list[i].day < from ? list[i].day : from;
		to = list[i].day > to ? list[i].day : to;
	}
	rc = store_duty_list(st, from, to, duty_stale_take, &stale, e);
	for (size_t i = 0; rc >= 0 && i < stale.n_ids; i++) {
		rc = store_duty_remove(st, stale.ids[i], e);
		out->removed += rc > 0;
	}
	free(stale.ids);
	return rc < 0 ? -1 : 0;
}

int campaign_duty_put(struct store *st, struct duty *list, size_t n, bool replace,
		      const char *who, struct duty_change *out, struct err *e)
{
	char detail[64];
	int rc = store_begin(st, e);

	*out = (struct duty_change){.added = 0};
	if (rc < 0)
		return -1;
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		rc = store_duty_put(st, &list[i], e);
		out->added += rc > 0;
		out->same += rc == 0;
	}
	if (rc >= 0 && replace && n > 0)
		rc = duty_replace(st, list, n, out, e);
	(void)snprintf(detail, sizeof(detail), "added=%d same=%d removed=%d", out->added,
		       out->same, out->removed);
	if (rc >= 0)
		rc = store_audit(st, who, "duty.put", "duty", detail, e);
	return store_end(st, rc, e);
}

int campaign_duty_remove(struct store *st, int64_t id, const char *who, struct err *e)
{
	char subject[40];
	int rc = store_begin(st, e);

	if (rc < 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "duty/%lld", (long long)id);
	rc = store_duty_remove(st, id, e);
	if (rc > 0 && store_audit(st, who, "duty.remove", subject, "", e) < 0)
		rc = -1;
	return store_end(st, rc, e);
}

/* ---- who is reminded ----------------------------------------------------------------------- */

struct duty_search {
	const char *officials;
	const struct duty *d;
	char *fold;
	int64_t id;
	int found; /* how many; those of the same hamlet before the others */
	bool near;
};

static bool duty_by_number(int64_t id, int64_t contact_id, int64_t unit_id,
			   const char *programme, void *arg)
{
	struct duty_search *s = arg;

	(void)contact_id;
	(void)unit_id;
	if (strcmp(programme, s->officials) != 0)
		return true;
	s->id = id;
	s->found++;
	return true;
}

static bool duty_by_name(const struct recipient *r, void *arg)
{
	struct duty_search *s = arg;
	char *fold = r->name != NULL ? vi_fold(r->name) : NULL;
	bool same = fold != NULL && strcmp(fold, s->fold) == 0 && r->hold != HOLD_GONE;
	bool near = s->d->unit_id != 0 && r->unit_id == s->d->unit_id;

	free(fold);
	if (!same || (s->near && !near))
		return true;
	if (near && !s->near) {
		s->near = true;
		s->found = 0;
	}
	s->id = r->id;
	s->found++;
	return true;
}

int campaign_duty_official(struct store *st, const char *officials, const struct duty *d,
			   struct recipient *out, struct err *e)
{
	struct duty_search s = {.officials = officials, .d = d};
	int rc = 0;

	if (d->number != 0)
		rc = store_number_recipients(st, d->number, duty_by_number, &s, e);
	if (rc == 0 && s.found != 1) {
		s.found = 0;
		s.fold = vi_fold(d->name);
		rc =
		    store_recipient_scan(st, officials, 0, SIZE_MAX, true, duty_by_name, &s, e);
		free(s.fold);
	}
	if (rc < 0 || s.found != 1)
		return rc < 0 ? -1 : 0;
	return store_recipient_get(st, s.id, out, e);
}
