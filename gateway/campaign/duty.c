/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/duty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/plan.h"
#include "campaign/sessions.h"
#include "store/reply.h"
#include "text/vi.h"

#define DUTY_STREAM   "nhắc lịch trực"
#define DUTY_TEXT_MAX 2000
/* People on duty on two days, at most: what a tick looks at. */
#define DUTY_SHIFTS 8

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

/* Ends a transaction by what was done in it: rc as it came. */
static int duty_end(struct store *st, int rc, struct err *e)
{
	if (rc >= 0)
		return store_commit(st, e) == 0 ? rc : -1;
	store_rollback(st);
	return -1;
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
	return duty_end(st, rc, e);
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
	return duty_end(st, rc, e);
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

/* ---- reminding ------------------------------------------------------------------------------ */

/* The hours of one person on one day. */
struct duty_person {
	struct duty first; /* texts are its own */
	char *shifts;	   /* "7h30-11h tại Văn phòng ấp Tân Phú; …" */
	int n;
};

struct duty_tick {
	struct store *st;
	const struct campaign_house *house;
	const char *officials;
	int64_t now;
	struct duty_person *items;
	size_t n, cap;
	struct err *e;
};

static bool duty_same_person(const struct duty *a, const struct duty *b)
{
	char *x = vi_fold(a->name), *y = vi_fold(b->name);
	bool same = a->day == b->day && a->number == b->number && strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

static void duty_tick_take(const struct duty *d, void *arg)
{
	struct duty_tick *t = arg;
	char hours[24], *shift;
	size_t i = 0;

	duty_hours(d->opens, d->closes, hours);
	shift = mem_printf("%s tại %s", hours, d->place);
	while (i < t->n && !duty_same_person(&t->items[i].first, d))
		i++;
	if (i < t->n) {
		char *both = t->items[i].n < DUTY_SHIFTS
				 ? mem_printf("%s; %s", t->items[i].shifts, shift)
				 : mem_strdup(t->items[i].shifts);

		free(t->items[i].shifts);
		free(shift);
		t->items[i].shifts = both;
		t->items[i].n++;
		return;
	}
	t->items = mem_grow(t->items, &t->cap, t->n + 1, sizeof(*t->items));
	t->items[t->n++] = (struct duty_person){.first = *d, .shifts = shift, .n = 1};
	t->items[t->n - 1].first.name = mem_strdup(d->name);
	t->items[t->n - 1].first.place = mem_strdup(d->place);
}

struct duty_text {
	const struct campaign_house *house;
	const struct duty_person *p;
	const struct recipient *r;
	char day[16];
};

static const char *duty_value(void *arg, size_t var, const char *name)
{
	const struct duty_text *t = arg;

	(void)var;
	if (strcmp(name, "co_quan") == 0)
		return t->house->office;
	if (strcmp(name, "xa") == 0)
		return t->house->commune;
	if (strcmp(name, "danh_xung") == 0)
		return plan_form_of_address(t->r->sex);
	if (strcmp(name, "ten") == 0)
		return t->r->name;
	if (strcmp(name, "ca") == 0)
		return t->p->shifts;
	return strcmp(name, "ngay") == 0 ? t->day : NULL;
}

/* As it goes out, without marks; yours. NULL with e. */
static char *duty_render(const struct duty_tick *t, const char *file,
			 const struct duty_person *p, const struct recipient *r, struct err *e)
{
	struct duty_text values = {.house = t->house, .p = p, .r = r};
	const struct template_source src = {.get = duty_value, .arg = &values};
	char *text, *out;

	civil_day_format_iso(p->first.day, values.day);
	text = plan_stream_text(DUTY_TEXT, file, &src, DUTY_TEXT_MAX, e);
	out = text != NULL ? vi_unaccent(text) : NULL;
	free(text);
	return out;
}

/* One reminder. Whoever is not in the list of officials, or cannot be texted, is told by somebody: `duty list`
 * shows them. */
static int duty_remind(const struct duty_tick *t, const struct duty_person *p, const char *file,
		       int64_t campaign_id, int64_t template_id, size_t *planned)
{
	struct message_plan m = {.campaign_id = campaign_id,
				 .template_id = template_id,
				 .step = (int)p->first.day,
				 .due_at = t->now,
				 .day = civil_day_of(t->now),
				 .expires_at = civil_day_start_ms(p->first.day) +
					       p->first.opens * CLOCK_MINUTE_MS};
	struct recipient r = {0};
	struct err why = ERR_INIT;
	struct sms_count count;
	size_t inserted = 0, linked = 0;
	char *text = NULL;
	int rc = campaign_duty_official(t->st, t->officials, &p->first, &r, t->e);

	if (rc > 0 && r.contact_id != 0 && r.hold == HOLD_NONE) {
		text = duty_render(t, file, p, &r, &why);
		if (text == NULL)
			log_error("campaign", "duty_fault", "reason=\"%s\"", why.text);
	}
	if (text != NULL) {
		count = sms_count(text);
		m.recipient_id = r.id;
		m.contact_id = r.contact_id;
		m.recipient_rev = r.rev;
		m.ucs2 = count.ucs2;
		m.segments = count.segments;
		m.text = text;
		rc = store_message_plan(t->st, &m, 1, &inserted, &linked, t->e);
		*planned += inserted;
	}
	free(text);
	recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

static int duty_remind_all(struct duty_tick *t)
{
	const struct campaign_stream stream = {
	    .name = DUTY_STREAM, .programme = t->officials, .lane = LANE_NOTICE};
	int64_t campaign_id = 0, template_id = 0;
	struct err why = ERR_INIT;
	size_t planned = 0;
	char *file = plan_read_file(t->house, DUTY_TEXT, &why);
	int rc = 0;

	if (file == NULL) { /* must not hold up what else is due */
		log_error("campaign", "duty_fault", "reason=\"%s\"", why.text);
		return 0;
	}
	if (campaign_stream_open(t->st, &stream, t->now, &campaign_id, t->e) < 0 ||
	    store_template_put(t->st, DUTY_TEXT, file, &template_id, t->e) < 0)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		const struct duty *d = &t->items[i].first;

		if (civil_day_start_ms(d->day) + d->opens * CLOCK_MINUTE_MS > t->now)
			rc = duty_remind(t, &t->items[i], file, campaign_id, template_id,
					 &planned);
	}
	free(file);
	if (rc == 0 && planned > 0)
		log_info("campaign", "duty_reminded", "n=%zu", planned);
	return rc;
}

int campaign_duty_tick(struct store *st, const struct campaign_house *house,
		       const char *officials, int evening, int64_t now, int64_t *wake,
		       struct err *e)
{
	struct duty_tick t = {
	    .st = st, .house = house, .officials = officials, .now = now, .e = e};
	civil_day today = civil_day_of(now);
	int64_t tonight = civil_day_start_ms(today) + evening * CLOCK_MINUTE_MS;
	bool late = now >= tonight;
	civil_day next;
	int rc = store_duty_next(st, today + late, &next, e);

	if (rc < 0)
		return -1;
	if (rc > 0 && civil_day_start_ms(next - 1) + evening * CLOCK_MINUTE_MS < *wake)
		*wake = civil_day_start_ms(next - 1) + evening * CLOCK_MINUTE_MS;
	rc = store_duty_list(st, today, today + late, duty_tick_take, &t, e);
	if (rc == 0 && t.n > 0)
		rc = duty_remind_all(&t);
	for (size_t i = 0; i < t.n; i++) {
		free(t.items[i].first.name);
		free(t.items[i].first.place);
		free(t.items[i].shifts);
	}
	free(t.items);
	return rc;
}
