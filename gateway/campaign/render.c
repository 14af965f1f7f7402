/* SPDX-License-Identifier: Apache-2.0 */
/* Who is written to, and one message of a plan. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/duty.h"
#include "campaign/plan.h"
#include "text/phone.h"
#include "text/vi.h"

#define PLAN_ADULT 18

/* ---- units ------------------------------------------------------------------------------- */

static void plan_units_add(const struct unit *u, void *arg)
{
	struct plan_units *all = arg;
	struct plan_unit *item;
	size_t kind = u->kind != NULL ? strlen(u->kind) : 0;
	char *name_fold = vi_fold(u->name), *kind_fold = vi_fold(kind > 0 ? u->kind : "");
	size_t n = strlen(kind_fold);
	/* "Ấp Tân Phú" of kind "ấp" says it already */
	bool said = n > 0 && strncmp(name_fold, kind_fold, n) == 0 && name_fold[n] == ' ';

	all->items = mem_grow(all->items, &all->cap, all->n + 1, sizeof(*all->items));
	item = &all->items[all->n++];
	*item = (struct plan_unit){.id = u->id, .name = mem_strdup(u->name)};
	item->label =
	    kind == 0 || said ? mem_strdup(u->name) : mem_printf("%s %s", u->kind, u->name);
	free(name_fold);
	free(kind_fold);
}

static int plan_unit_compare(const void *a, const void *b)
{
	int64_t x = ((const struct plan_unit *)a)->id, y = ((const struct plan_unit *)b)->id;

	return (x > y) - (x < y);
}

int plan_units_load(struct plan_units *u, struct store *st, struct err *e)
{
	memset(u, 0, sizeof(*u));
	if (store_unit_list(st, plan_units_add, u, e) < 0) {
		plan_units_free(u);
		return -1;
	}
	if (u->n > 0)
		qsort(u->items, u->n, sizeof(*u->items), plan_unit_compare);
	return 0;
}

void plan_units_free(struct plan_units *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->items[i].name);
		free(u->items[i].label);
		free(u->items[i].duty.name);
		free(u->items[i].duty.place);
	}
	free(u->items);
	memset(u, 0, sizeof(*u));
}

/* ---- who is on duty ----------------------------------------------------------------------- */

/* How far ahead a rota is looked up: what is further off helps nobody now. */
#define PLAN_DUTY_DAYS 14

struct plan_duties {
	struct plan_units *units;
	struct plan_duty common; /* of the commune's own office */
};

static void plan_duty_set(struct plan_duty *to, const struct duty *d)
{
	if (to->name != NULL) /* they come in order: an earlier one is there */
		return;
	to->name = mem_strdup(d->name);
	to->place = mem_strdup(d->place);
	duty_hours(d->opens, d->closes, to->hours);
	civil_day_format_iso(d->day, to->day);
}

static void plan_duty_take(const struct duty *d, void *arg)
{
	struct plan_duties *all = arg;

	if (d->unit_id == 0)
		plan_duty_set(&all->common, d);
	for (size_t i = 0; i < all->units->n; i++)
		if (all->units->items[i].id == d->unit_id)
			plan_duty_set(&all->units->items[i].duty, d);
}

int plan_units_duty(struct plan_units *u, struct store *st, const struct campaign_plan *p,
		    civil_day day, struct err *e)
{
	struct plan_duties all = {.units = u};
	bool asked = false;
	int rc = 0;

	for (int i = 0; i < p->n_audiences; i++)
		asked = asked || p->audiences[i].duty;
	if (asked)
		rc =
		    store_duty_list(st, day + 1, day + PLAN_DUTY_DAYS, plan_duty_take, &all, e);
	for (size_t i = 0; i < u->n && all.common.name != NULL; i++) {
		struct plan_duty *d = &u->items[i].duty;

		if (d->name != NULL)
			continue;
		*d = all.common;
		d->name = mem_strdup(all.common.name);
		d->place = mem_strdup(all.common.place);
	}
	free(all.common.name);
	free(all.common.place);
	return rc;
}

const struct plan_unit *plan_units_find(struct plan_units *u, int64_t id)
{
	struct plan_unit key = {.id = id}, *found;

	if (id == 0 || u->n == 0)
		return NULL;
	if (u->items[u->last].id == id) /* lists come hamlet by hamlet */
		return &u->items[u->last];
	found = bsearch(&key, u->items, u->n, sizeof(*u->items), plan_unit_compare);
	if (found != NULL)
		u->last = (size_t)(found - u->items);
	return found;
}

/* ---- who --------------------------------------------------------------------------------- */

/* Whether the number may be texted.
 * - Renumbered in 2018: yes. The network gave the holder the new number; the import shows the flag.
 * - 076/077 of an old list, or with the tail of a landline: in An Giang and Kiên Giang that is
 *   likelier a landline of before 2017 than a mobile number, and then a stranger would read the
 *   name. No, until an officer confirms the number.
 * - A mobile number of a range that no table knows: yes. Networks sell ranges before tables name
 *   them, and a receipt that would prove one can only follow a message. The preview counts them;
 *   one that the provider refuses is dead from then on. */
enum exclusion plan_judge_number(const struct recipient *r)
{
	if ((r->contact_flags & CONTACT_OPTED_OUT) != 0)
		return EXCLUDED_OPTED_OUT;
	if ((r->contact_flags & CONTACT_WRONG_PERSON) != 0)
		return EXCLUDED_WRONG_PERSON;
	if (r->contact_id == 0 || (r->contact_flags & CONTACT_DEAD_NUMBER) != 0)
		return EXCLUDED_NO_PHONE;
	if ((r->phone_flags & PHONE_CONFIRM) != 0 &&
	    (r->contact_flags & CONTACT_UNCONFIRMED) != 0)
		return EXCLUDED_UNCONFIRMED;
	return EXCLUDED_COUNT;
}

enum exclusion plan_judge(const struct campaign_plan *p, const struct recipient *r,
			  const struct plan_unit *unit, int *audience)
{
	struct predicate_row row = {.r = r, .unit_name = unit != NULL ? unit->name : NULL};
	int index;

	/* The dead first, whatever else may be true of the row. */
	if (r->hold == HOLD_DECEASED_SUSPECTED || r->hold == HOLD_DECEASED)
		return EXCLUDED_DECEASED;
	if (r->hold != HOLD_NONE)
		return EXCLUDED_HELD;
	for (size_t i = 0; i < p->n_holds; i++)
		if (predicate_holds(p->holds[i], &row))
			return EXCLUDED_HELD;
	index = programme_audience_of(p->programme, &row);
	*audience = index < 0 ? -1 : p->of_programme[index];
	/* a stream that names no audience is for whoever it is fed with */
	if (*audience < 0 && p->n_audiences > 0)
		return EXCLUDED_NOT_IN_AUDIENCE;
	if (p->only != NULL && !predicate_holds(p->only, &row)) {
		*audience = -1;
		return EXCLUDED_NOT_IN_AUDIENCE;
	}
	return plan_judge_number(r);
}

const char *plan_office(const struct plan_audience *a, const struct plan_unit *unit)
{
	return a->hamlet && unit != NULL ? unit->name : NULL;
}

bool exclusion_of_number(enum exclusion x)
{
	return x == EXCLUDED_WRONG_PERSON || x == EXCLUDED_NO_PHONE ||
	       x == EXCLUDED_UNCONFIRMED;
}

const char *exclusion_vi(enum exclusion x)
{
	static const char *const names[] = {
	    [EXCLUDED_NOT_IN_AUDIENCE] = "không thuộc đối tượng của chiến dịch",
	    [EXCLUDED_DECEASED] = "đã mất hoặc nghi đã mất",
	    [EXCLUDED_HELD] = "đang tạm giữ",
	    [EXCLUDED_OPTED_OUT] = "đã đề nghị không nhận tin",
	    [EXCLUDED_WRONG_PERSON] = "số của người khác",
	    [EXCLUDED_NO_PHONE] = "không có số nhắn tin được, cần đến nhà",
	    [EXCLUDED_UNCONFIRMED] = "số cần xác minh trước khi nhắn",
	    [EXCLUDED_SHARED] = "chung số với hộ khác, nhận chung một tin",
	    [EXCLUDED_SEATED] = "đã có lịch hẹn",
	    [EXCLUDED_ENOUGH] = "đã mời đủ số lần, cần đến nhà",
	    [EXCLUDED_NO_SEAT] = "chưa có buổi nào còn chỗ",
	};

	return (unsigned)x < EXCLUDED_COUNT ? names[x] : "";
}

const char *exclusion_name(enum exclusion x)
{
	static const char *const names[] = {
	    [EXCLUDED_NOT_IN_AUDIENCE] = "not_in_audience",
	    [EXCLUDED_DECEASED] = "deceased",
	    [EXCLUDED_HELD] = "held",
	    [EXCLUDED_OPTED_OUT] = "opted_out",
	    [EXCLUDED_WRONG_PERSON] = "wrong_person",
	    [EXCLUDED_NO_PHONE] = "no_phone",
	    [EXCLUDED_UNCONFIRMED] = "unconfirmed",
	    [EXCLUDED_SHARED] = "shared",
	    [EXCLUDED_SEATED] = "seated",
	    [EXCLUDED_ENOUGH] = "invited_enough",
	    [EXCLUDED_NO_SEAT] = "no_seat",
	};

	return (unsigned)x < EXCLUDED_COUNT ? names[x] : "";
}

/* ---- values and texts -------------------------------------------------------------------- */

void plan_writer_init(struct plan_writer *w, const struct campaign_plan *p)
{
	memset(w, 0, sizeof(*w));
	w->plan = p;
	buf_init(&w->text, PLAN_TEXT_MAX);
	buf_init(&w->place, PLAN_TEXT_MAX);
}

void plan_writer_free(struct plan_writer *w)
{
	buf_free(&w->text);
	buf_free(&w->place);
	json_decref(w->facts);
	w->facts = NULL;
}

void plan_writer_session(struct plan_writer *w, const struct session *s)
{
	w->session = s;
	if (s == NULL)
		return;
	civil_day_format_iso(s->day, w->day);
	(void)snprintf(w->opens, sizeof(w->opens), "%02u:%02u", (unsigned)s->opens / 60 % 25,
		       (unsigned)s->opens % 60);
	(void)snprintf(w->closes, sizeof(w->closes), "%02u:%02u", (unsigned)s->closes / 60 % 25,
		       (unsigned)s->closes % 60);
}

char *plan_stream_text(const char *name, const char *file, const struct template_source *src,
		       size_t max, struct err *e)
{
	struct buf text = BUF_INIT(max);
	size_t len = strlen(file);
	struct template *t;
	char *out = NULL;

	while (len > 0 && isspace((unsigned char)file[len - 1]))
		len--;
	t = template_compile(name, file, len, NULL, e);
	if (t != NULL && template_render(t, src, template_escape_text, &text, e) == 0)
		out = mem_strdup(buf_text(&text));
	template_free(t);
	buf_free(&text);
	return out;
}

const char *plan_title(int year, const struct recipient *r)
{
	if (r->birth_year > 0 && year - r->birth_year < PLAN_ADULT)
		return "công dân";
	return r->sex == 1 ? "Ông" : r->sex == 2 ? "Bà" : "Ông/Bà";
}

static const char *plan_duty_value(const struct plan_unit *u, enum plan_source source)
{
	if (u->duty.name == NULL)
		return NULL;
	return source == PLAN_DUTY_NAME	   ? u->duty.name
	       : source == PLAN_DUTY_PLACE ? u->duty.place
	       : source == PLAN_DUTY_HOURS ? u->duty.hours
					   : u->duty.day;
}

static const char *plan_get(void *arg, size_t var, const char *name)
{
	struct plan_writer *w = arg;
	const struct plan_var *v = &w->now->vars[var];
	const char *value = NULL;

	(void)name;
	switch (v->source) {
	case PLAN_FIXED:
		return v->value;
	case PLAN_NAME:
		value = w->marking ? stencil_mark(STENCIL_NAME) : w->r->name;
		break;
	case PLAN_TITLE:
		return w->marking ? stencil_mark(STENCIL_TITLE) : plan_title(w->plan->year, w->r);
	case PLAN_UNIT:
		value = w->marking	  ? stencil_mark(STENCIL_UNIT)
			: w->unit != NULL ? w->unit->label
					  : NULL;
		break;
	case PLAN_GROUP:
		value = w->marking ? stencil_mark(STENCIL_GROUP) : w->r->group;
		break;
	case PLAN_KEY:
		value = w->r->key;
		break;
	case PLAN_PLACE:
		return buf_text(&w->place);
	case PLAN_SESSION_DAY:
		return w->session != NULL ? w->day : NULL;
	case PLAN_SESSION_OPENS:
		return w->session != NULL ? w->opens : NULL;
	case PLAN_SESSION_CLOSES:
		return w->session != NULL ? w->closes : NULL;
	case PLAN_SESSION_PLACE:
		value = w->session != NULL ? w->session->place : NULL;
		break;
	case PLAN_SESSION_DOCUMENTS:
		value = w->session != NULL ? w->session->documents : NULL;
		break;
	case PLAN_DUTY_NAME:
	case PLAN_DUTY_PLACE:
	case PLAN_DUTY_HOURS:
	case PLAN_DUTY_DAY:
		value =
		    w->marking || w->unit == NULL ? NULL : plan_duty_value(w->unit, v->source);
		break;
	case PLAN_FACT:
		value = json_string_value(json_object_get(w->facts, v->value));
		break;
	}
	return value != NULL && *value != '\0' ? value : NULL;
}

int plan_write_text(struct plan_writer *w, const struct plan_text *t, struct buf *out,
		    struct err *e)
{
	const struct template_source src = {.get = plan_get, .arg = w};

	w->now = t;
	buf_reset(out);
	return template_render(t->t, &src, template_escape_text, out, e);
}

int plan_write(struct plan_writer *w, const struct plan_audience *a, int body, struct err *e)
{
	if (a->place.t != NULL && plan_write_text(w, &a->place, &w->place, e) < 0)
		return -1;
	return plan_write_text(w, &a->bodies[body], &w->text, e);
}

/* ---- stencils ---------------------------------------------------------------------------- */

static struct stencil_values plan_values(const struct plan_writer *w)
{
	return (struct stencil_values){
	    .of = {
		[STENCIL_NAME] = w->r->name,
		[STENCIL_TITLE] = plan_title(w->plan->year, w->r),
		[STENCIL_UNIT] = w->unit != NULL ? w->unit->label : NULL,
		[STENCIL_GROUP] = w->r->group,
	    }};
}

static bool plan_same_count(struct sms_count a, struct sms_count b)
{
	return a.ucs2 == b.ucs2 && a.units == b.units && a.segments == b.segments &&
	       a.room_left == b.room_left;
}

/* Whether stencil and template agree on the row in w, to the letter and to the septet. */
static bool plan_stencil_agrees(struct plan_writer *w, const struct plan_audience *a, int body)
{
	struct stencil_values v = plan_values(w);
	struct stencil_text got = {0};
	struct err e = ERR_INIT;
	bool same =
	    plan_write(w, a, body, &e) == 0 && stencil_fill(a->stencils[body], &v, true, &got);

	if (same) {
		char *plain = vi_unaccent(buf_text(&w->text));

		same = strcmp(got.with, buf_text(&w->text)) == 0 &&
		       strcmp(got.without, plain) == 0 &&
		       plan_same_count(got.with_count, sms_count(got.with)) &&
		       plan_same_count(got.without_count, sms_count(plain));
		free(plain);
	}
	free(got.with);
	free(got.without);
	return same;
}

/* Three rows betray any filter on a value: one as lists have them; one that is too long, in mixed case
 * and padded; one that the filter `title` would turn into a form of address. What a section or a
 * default does without a value, a stencil never has to know: it says no when one is missing. */
static bool plan_stencil_proved(struct plan_writer *w, const struct plan_audience *a, int body)
{
	static const struct {
		char name[128], label[128], group[128];
	} rows[] = {
	    {"Trần Thị Ngọc Hân", "ấp Tân Phú", "Tổ 1"},
	    {"  đỖ thị 2023 é, ư ĂÂÊÔƠƯĐ - xin chào tất cả bà con trong xóm ngoài ấp  ",
	     "  KHÓM đông-Á 12, dài thật là dài cho quá giới hạn của mọi bộ lọc ở đây  ",
	     "  tỔ 07 dài thật là dài cho quá giới hạn của mọi bộ lọc ở đây nữa  "},
	    {"nam", "nữ", "nam"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct recipient r = {.name = (char *)(uintptr_t)rows[i].name,
				      .group = (char *)(uintptr_t)rows[i].group,
				      .sex = (int)i};
		struct plan_unit unit = {.label = (char *)(uintptr_t)rows[i].label};

		/* The writer is the caller's, and set anew for whoever comes next. */
		/* cppcheck-suppress autoVariables */
		w->r = &r;
		/* cppcheck-suppress autoVariables */
		w->unit = &unit;
		if (!plan_stencil_agrees(w, a, body))
			return false;
	}
	return true;
}

void plan_cut_stencils(const struct campaign_plan *p, struct plan_audience *a)
{
	struct plan_writer w;

	if (a->uses_facts)
		return;
	plan_writer_init(&w, p);
	for (int b = 0; b < a->n_bodies; b++) {
		struct err e = ERR_INIT;

		w.marking = true;
		if (a->place.t != NULL && plan_write_text(&w, &a->place, &w.place, &e) < 0)
			continue;
		if (plan_write_text(&w, &a->bodies[b], &w.text, &e) < 0)
			continue;
		w.marking = false;
		a->stencils[b] = stencil_new(buf_text(&w.text));
		if (a->stencils[b] != NULL && !plan_stencil_proved(&w, a, b)) {
			stencil_free(a->stencils[b]);
			a->stencils[b] = NULL;
		}
	}
	plan_writer_free(&w);
}

/* ---- one message ------------------------------------------------------------------------- */

/* One body both ways: by its stencil where that can, else by its template. */
static int plan_fill(struct plan_writer *w, const struct plan_audience *a, int body,
		     struct stencil_text *out, struct err *e)
{
	bool accents = w->plan->accents != SMS_WITHOUT_ACCENTS;
	struct stencil_values v = plan_values(w);

	bool duty = a->duty && w->unit != NULL && w->unit->duty.name != NULL;

	/* A stencil was cut where nobody was on duty. */
	if (!duty && a->stencils[body] != NULL &&
	    stencil_fill(a->stencils[body], &v, accents, out))
		return 0;
	if (plan_write(w, a, body, e) < 0)
		return -1;
	out->without = vi_unaccent(buf_text(&w->text));
	out->without_count = sms_count(out->without);
	out->with = accents ? mem_strndup(buf_text(&w->text), w->text.len) : NULL;
	out->with_count = sms_count(buf_text(&w->text));
	return 0;
}

/* The campaign's accents. */
static void plan_settle(const struct campaign_plan *p, struct stencil_text *both,
			struct plan_message *out)
{
	bool keep = p->accents == SMS_WITH_ACCENTS ||
		    (p->accents == SMS_CHEAPEST &&
		     both->with_count.segments <= both->without_count.segments);

	out->segments_with = both->with_count.segments;
	out->segments_without = both->without_count.segments;
	out->count = keep ? both->with_count : both->without_count;
	out->text = keep ? both->with : both->without;
	free(keep ? both->without : both->with);
}

int plan_render(struct plan_writer *w, int audience, const struct recipient *r,
		const struct plan_unit *unit, struct plan_message *out, struct err *e)
{
	return plan_render_text(w, &w->plan->audiences[audience], r, unit, out, e);
}

int plan_render_text(struct plan_writer *w, const struct plan_audience *a,
		     const struct recipient *r, const struct plan_unit *unit,
		     struct plan_message *out, struct err *e)
{
	int max = w->plan->house->max_segments;

	w->r = r;
	w->unit = unit;
	if (a->uses_facts) {
		json_decref(w->facts);
		w->facts = r->facts == NULL ? NULL : json_loads(r->facts, 0, NULL);
	}
	if (w->form) {
		if (plan_form_write(w, a, out, e) < 0)
			goto fail;
		return 0;
	}
	for (int b = 0; b < a->n_bodies; b++) {
		struct stencil_text both = {0};

		if (plan_fill(w, a, b, &both, e) < 0)
			goto fail;
		if (both.without_count.segments <= 1 || b == a->n_bodies - 1) {
			plan_settle(w->plan, &both, out);
			break;
		}
		free(both.with);
		free(both.without);
	}
	if (max > 0 && out->count.segments > max) {
		free(out->text);
		out->text = NULL;
		err_set(e, EX_DATAERR, "%s: tin dài %d phần, nhà cung cấp chỉ nhận %d",
			a->a->sms, out->count.segments, max);
		goto fail;
	}
	return 0;
fail:
	if (r->source_row > 0)
		err_context(e, "dòng %d, mã %s", r->source_row, r->key);
	else
		err_context(e, "mã %s", r->key);
	return -1;
}
