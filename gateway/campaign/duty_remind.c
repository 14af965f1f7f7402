/* SPDX-License-Identifier: Apache-2.0 */
/* Those on duty are told the evening before; when the rota changes after that, those whom it concerns are told what
 * holds now. What each message said is kept (duty_told), so that nobody hears twice, or of nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/duty.h"
#include "campaign/plan.h"
#include "store/session.h"
#include "text/vi.h"

#define DUTY_STREAM   "nhắc lịch trực"
#define DUTY_TEXT_MAX 2000
/* Shifts of a person on a day that a message has room for. */
#define DUTY_SHIFTS 8
/* A message's step is its day; each correction lies a round higher. Above every civil day. */
#define DUTY_ROUND 1000000
/* The reason of a message that the rota overtook before it left. */
#define DUTY_OVERTAKEN "lịch trực đã đổi trước khi gửi"

enum duty_word { DUTY_REMIND, DUTY_CHANGED, DUTY_OFF, DUTY_WORDS };
static const char *const duty_files[] = {
    [DUTY_REMIND] = DUTY_TEXT, [DUTY_CHANGED] = DUTY_TEXT_CHANGED, [DUTY_OFF] = DUTY_TEXT_OFF};

/* Somebody's hours of a day, in order; places are its own, folds are they however they are spelt. */
struct duty_set {
	struct duty items[DUTY_SHIFTS];
	char *folds[DUTY_SHIFTS];
	int n;
};

/* Somebody of the list of officials who is on duty on the day, or was told so. */
struct duty_person {
	int64_t recipient_id;
	struct duty_set on; /* by the rota as it is now */
};

/* What a message of the day said to one person. */
struct duty_said {
	int64_t recipient_id, message_id;
	struct duty_set set;
};

struct duty_tick {
	struct store *st;
	const struct campaign_house *house;
	const char *officials;
	int64_t now, campaign_id;
	char *files[DUTY_WORDS]; /* NULL: not wanted yet */
	size_t planned;
	struct err *e;
	/* of the day that is looked at */
	civil_day day;
	struct duty_list rota;
	struct duty_person *people;
	struct duty_said *said;
	size_t n_people, cap_people, n_said, cap_said;
	char **unknown; /* folded names of the rota that nobody, or not surely one, has */
	size_t n_unknown, cap_unknown;
};

/* ---- sets of hours ------------------------------------------------------------------------- */

/* One person may stand in the rota twice, under two names, with another end each: that is one shift, until the later of
 * them. What was told has room for one (its key is the beginning and the place), and would never equal the two. */
static void duty_set_add(struct duty_set *s, const struct duty *d)
{
	char *fold = vi_fold(d->place);
	int i = 0;

	while (i < s->n && (s->items[i].opens != d->opens || strcmp(s->folds[i], fold) != 0))
		i++;
	if (i == s->n && s->n < DUTY_SHIFTS) {
		s->items[i] = (struct duty){.day = d->day, .opens = d->opens};
		s->items[i].place = mem_strdup(d->place);
		s->folds[i] = fold;
		fold = NULL;
		s->n++;
	}
	if (i < s->n && d->closes > s->items[i].closes)
		s->items[i].closes = d->closes;
	free(fold);
}

static void duty_set_clear(struct duty_set *s)
{
	for (int i = 0; i < s->n; i++) {
		free(s->items[i].place);
		free(s->folds[i]);
	}
	s->n = 0;
}

/* Whether the shift of a is one of b's too. */
static bool duty_set_has(const struct duty_set *b, const struct duty_set *a, int shift)
{
	const struct duty *d = &a->items[shift];

	for (int k = 0; k < b->n; k++)
		if (b->items[k].opens == d->opens && b->items[k].closes == d->closes &&
		    strcmp(b->folds[k], a->folds[shift]) == 0)
			return true;
	return false;
}

static int64_t duty_begins(const struct duty *d)
{
	return civil_day_start_ms(d->day) + d->opens * CLOCK_MINUTE_MS;
}

static bool duty_ahead(const struct duty *d, int64_t now)
{
	return duty_begins(d) > now;
}

static bool duty_set_any(const struct duty_set *s, int64_t now)
{
	bool any = false;

	for (int i = 0; i < s->n; i++)
		any = any || duty_ahead(&s->items[i], now);
	return any;
}

/* Whether all that lies ahead in a is in b. */
static bool duty_set_within(const struct duty_set *a, const struct duty_set *b, int64_t now)
{
	bool all = true;

	for (int i = 0; i < a->n; i++)
		all = all && (!duty_ahead(&a->items[i], now) || duty_set_has(b, a, i));
	return all;
}

/* What is over matters to nobody any more. */
static bool duty_set_same(const struct duty_set *a, const struct duty_set *b, int64_t now)
{
	return duty_set_within(a, b, now) && duty_set_within(b, a, now);
}

/* "7h30-11h tại Văn phòng ấp Tân Phú; 13h30-17h tại …", of what lies ahead; yours. */
static char *duty_set_text(const struct duty_set *s, int64_t now)
{
	char *all = mem_strdup("");

	for (int i = 0; i < s->n; i++) {
		char hours[24], *more;

		if (!duty_ahead(&s->items[i], now))
			continue;
		duty_hours(s->items[i].opens, s->items[i].closes, hours);
		more = mem_printf("%s%s%s tại %s", all, *all != '\0' ? "; " : "", hours,
				  s->items[i].place);
		free(all);
		all = more;
	}
	return all;
}

/* ---- who and what of a day ----------------------------------------------------------------- */

static void duty_take_shift(const struct duty *d, void *arg)
{
	struct duty_list *l = &((struct duty_tick *)arg)->rota;

	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n] = *d;
	l->items[l->n].place = mem_strdup(d->place);
	l->items[l->n++].name = mem_strdup(d->name);
}

static void duty_take_said(int64_t recipient_id, int64_t message_id, const struct duty *d,
			   void *arg)
{
	struct duty_tick *t = arg;

	if (t->n_said == 0 || t->said[t->n_said - 1].message_id != message_id) {
		t->said = mem_grow(t->said, &t->cap_said, t->n_said + 1, sizeof(*t->said));
		t->said[t->n_said++] =
		    (struct duty_said){.recipient_id = recipient_id, .message_id = message_id};
	}
	duty_set_add(&t->said[t->n_said - 1].set, d);
}

static struct duty_person *duty_person(struct duty_tick *t, int64_t recipient_id)
{
	size_t i = 0;

	while (i < t->n_people && t->people[i].recipient_id != recipient_id)
		i++;
	if (i == t->n_people) {
		t->people =
		    mem_grow(t->people, &t->cap_people, t->n_people + 1, sizeof(*t->people));
		t->people[t->n_people++] = (struct duty_person){.recipient_id = recipient_id};
	}
	return &t->people[i];
}

static bool duty_same_name(const struct duty *a, const struct duty *b)
{
	return a->unit_id == b->unit_id && a->number == b->number &&
	       strcmp(a->name, b->name) == 0;
}

/* Whoever is not in the list of officials is told by somebody: the rota's page says so. */
static int duty_find_people(struct duty_tick *t)
{
	int64_t *found = mem_calloc(t->rota.n + 1, sizeof(*found));
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < t->rota.n; i++) {
		const struct duty *d = &t->rota.items[i];
		struct recipient r = {0};
		size_t k = 0;

		while (k < i && !duty_same_name(&t->rota.items[k], d))
			k++;
		rc = k < i ? 0 : campaign_duty_official(t->st, t->officials, d, &r, t->e);
		found[i] = k < i ? found[k] : rc > 0 ? r.id : 0;
		recipient_clear(&r);
		if (found[i] != 0) {
			duty_set_add(&duty_person(t, found[i])->on, d);
			continue;
		}
		t->unknown = mem_grow(t->unknown, &t->cap_unknown, t->n_unknown + 1,
				      sizeof(*t->unknown));
		t->unknown[t->n_unknown++] = vi_fold(d->name);
	}
	free(found);
	return rc < 0 ? -1 : 0;
}

static int duty_day_load(struct duty_tick *t, civil_day day)
{
	t->day = day;
	if (store_duty_list(t->st, day, day, duty_take_shift, t, t->e) < 0 ||
	    store_duty_told_list(t->st, day, duty_take_said, t, t->e) < 0 ||
	    duty_find_people(t) < 0)
		return -1;
	for (size_t i = 0; i < t->n_said; i++)
		(void)duty_person(t, t->said[i].recipient_id);
	return 0;
}

static void duty_day_clear(struct duty_tick *t)
{
	duty_list_free(&t->rota);
	for (size_t i = 0; i < t->n_people; i++)
		duty_set_clear(&t->people[i].on);
	for (size_t i = 0; i < t->n_said; i++)
		duty_set_clear(&t->said[i].set);
	for (size_t i = 0; i < t->n_unknown; i++)
		free(t->unknown[i]);
	free(t->people);
	free(t->said);
	free(t->unknown);
	t->people = NULL;
	t->said = NULL;
	t->unknown = NULL;
	t->n_people = t->cap_people = t->n_said = t->cap_said = t->n_unknown = t->cap_unknown =
	    0;
}

/* ---- what was said ------------------------------------------------------------------------- */

/* The messages of one person about the day. */
struct duty_past {
	const struct duty_tick *t;
	struct duty_round {
		int64_t id;
		enum message_state state;
	} last;	       /* id 0: there is none that the rota has not overtaken */
	int64_t heard; /* the last that left, or may have; 0 */
	int rounds;
	bool failed;
};

static const struct duty_set *duty_said_of(const struct duty_tick *t, int64_t message_id)
{
	static const struct duty_set nothing = {.n = 0};

	for (size_t i = 0; i < t->n_said; i++)
		if (t->said[i].message_id == message_id)
			return &t->said[i].set;
	return &nothing;
}

static bool duty_past_take(int64_t id, int step, enum message_state state, void *arg)
{
	struct duty_past *p = arg;
	struct message_row row = {0};

	if (step % DUTY_ROUND != p->t->day)
		return true;
	p->rounds++;
	if (state == MESSAGE_CANCELLED) {
		int rc = store_message_get(p->t->st, id, &row, p->t->e);
		bool overtaken = row.reason != NULL && strcmp(row.reason, DUTY_OVERTAKEN) == 0;

		message_row_clear(&row);
		p->failed = rc < 0;
		if (p->failed || overtaken)
			return !p->failed;
	}
	p->last = (struct duty_round){.id = id, .state = state};
	if (state != MESSAGE_HELD && state != MESSAGE_QUEUED && state != MESSAGE_CANCELLED &&
	    state != MESSAGE_EXPIRED && state != MESSAGE_FAILED && state != MESSAGE_REJECTED)
		p->heard = id;
	return true;
}

/* In order of step: the last is the latest. */
static int duty_past_load(struct duty_past *p, struct duty_tick *t, int64_t recipient_id)
{
	*p = (struct duty_past){.t = t};
	if (store_message_steps(t->st, t->campaign_id, recipient_id, 0, INT32_MAX,
				duty_past_take, p, t->e) < 0)
		return -1;
	return p->failed ? -1 : 0;
}

/* ---- saying -------------------------------------------------------------------------------- */

struct duty_text {
	const struct campaign_house *house;
	const struct recipient *r;
	const char *shifts;
	int year;
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
		return plan_title(t->year, t->r);
	if (strcmp(name, "ten") == 0)
		return t->r->name;
	if (strcmp(name, "ca") == 0)
		return t->shifts;
	return strcmp(name, "ngay") == 0 ? t->day : NULL;
}

static int duty_file(struct duty_tick *t, enum duty_word word, struct err *e)
{
	if (t->files[word] == NULL)
		t->files[word] = plan_read_file(t->house, duty_files[word], e);
	return t->files[word] != NULL ? 0 : -1;
}

/* As it goes out, without marks; yours. NULL with e. */
static char *duty_render(struct duty_tick *t, enum duty_word word, const struct recipient *r,
			 const struct duty_set *set, struct err *e)
{
	struct duty_text values = {
	    .house = t->house, .r = r, .year = civil_from_ms(t->now).year};
	const struct template_source src = {.get = duty_value, .arg = &values};
	char *shifts, *text, *out;

	if (duty_file(t, word, e) < 0)
		return NULL;
	values.shifts = shifts = duty_set_text(set, t->now);
	civil_day_format_iso(t->day, values.day);
	text = plan_stream_text(duty_files[word], t->files[word], &src, DUTY_TEXT_MAX, e);
	out = text != NULL ? vi_unaccent(text) : NULL;
	free(text);
	free(shifts);
	return out;
}

/* A reminder is of no use once they should be there. A correction is, as long as an hour of it lies ahead. */
static int64_t duty_void_at(const struct duty_tick *t, enum duty_word word,
			    const struct duty_set *on, const struct duty_set *before)
{
	int64_t first = INT64_MAX, last = 0;

	for (int k = 0; k < 2; k++) {
		const struct duty_set *s = k == 0 ? on : before;

		for (int i = 0; i < s->n; i++) {
			int64_t at = duty_begins(&s->items[i]);

			if (at <= t->now)
				continue;
			first = at < first ? at : first;
			last = at > last ? at : last;
		}
	}
	return word == DUTY_REMIND ? first : last;
}

static int duty_note(struct duty_tick *t, int64_t message_id, const struct duty_set *on)
{
	for (int i = 0; i < on->n; i++)
		if (store_duty_told(t->st, message_id, &on->items[i], t->e) < 0)
			return -1;
	return 0;
}

static int duty_plan(struct duty_tick *t, enum duty_word word, const struct recipient *r,
		     const struct duty_set *on, const struct duty_set *before, int rounds)
{
	struct message_plan m = {.campaign_id = t->campaign_id,
				 .step = (int)t->day + rounds * DUTY_ROUND,
				 .due_at = t->now,
				 .day = civil_day_of(t->now),
				 .expires_at = duty_void_at(t, word, on, before),
				 .recipient_id = r->id,
				 .contact_id = r->contact_id,
				 .recipient_rev = r->rev};
	struct err why = ERR_INIT;
	struct sms_count count;
	size_t inserted = 0, linked = 0;
	int64_t id = 0;
	char *text = duty_render(t, word, r, word == DUTY_OFF ? before : on, &why);
	int rc;

	if (text == NULL) { /* must not hold up what else is due */
		log_error("campaign", "duty_fault", "reason=\"%s\"", why.text);
		return 0;
	}
	count = sms_count(text);
	m.ucs2 = count.ucs2;
	m.segments = count.segments;
	m.text = text;
	rc = store_template_put(t->st, duty_files[word], t->files[word], &m.template_id, t->e);
	if (rc == 0)
		rc = store_message_plan(t->st, &m, 1, &inserted, &linked, t->e);
	t->planned += inserted;
	if (rc == 0)
		rc = store_message_at(t->st, m.campaign_id, r->id, m.step, 0, &id, t->e);
	free(text);
	return rc < 0 ? -1 : duty_note(t, id, on);
}

/* The rota has their name, but the list of officials does not surely have them any more. */
static bool duty_still_named(const struct duty_tick *t, const struct recipient *r)
{
	char *fold = vi_fold(r->name != NULL ? r->name : "");
	bool named = false;

	for (size_t i = 0; i < t->n_unknown; i++)
		named = named || strcmp(t->unknown[i], fold) == 0;
	free(fold);
	return named;
}

/* What r has to hear, if anything. */
static int duty_say(struct duty_tick *t, const struct duty_person *p, const struct recipient *r,
		    struct duty_past *past)
{
	const struct duty_set *on = &p->on, *heard;
	enum duty_word word;

	if (past->last.id != 0) {
		const struct duty_set *last = duty_said_of(t, past->last.id);

		/* said before it was kept what was said */
		if (last->n == 0 && past->rounds == 1)
			return duty_note(t, past->last.id, on);
		if (duty_set_same(last, on, t->now))
			return 0;
		if ((past->last.state == MESSAGE_QUEUED || past->last.state == MESSAGE_HELD) &&
		    store_message_event(t->st, past->last.id, MESSAGE_EV_CANCEL, 0,
					DUTY_OVERTAKEN, t->e) < 0)
			return -1;
	}
	heard = past->heard != 0 ? duty_said_of(t, past->heard) : duty_said_of(t, 0);
	if (duty_set_same(heard, on, t->now))
		return 0;
	word = past->heard == 0		  ? DUTY_REMIND
	       : duty_set_any(on, t->now) ? DUTY_CHANGED
					  : DUTY_OFF;
	return duty_plan(t, word, r, on, heard, past->rounds);
}

static int duty_person_turn(struct duty_tick *t, const struct duty_person *p)
{
	struct duty_past past;
	struct recipient r = {0};
	int rc = store_recipient_get(t->st, p->recipient_id, &r, t->e);

	if (rc > 0 && r.contact_id != 0 && r.hold == HOLD_NONE &&
	    (p->on.n > 0 || !duty_still_named(t, &r))) {
		rc = duty_past_load(&past, t, p->recipient_id);
		if (rc == 0)
			rc = duty_say(t, p, &r, &past);
	}
	recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

/* ---- the evening before, and from then on ---------------------------------------------------- */

static int duty_day(struct duty_tick *t, civil_day day)
{
	const struct campaign_stream stream = {
	    .name = DUTY_STREAM, .programme = t->officials, .lane = LANE_NOTICE};
	int rc = duty_day_load(t, day);

	if (rc == 0 && t->n_people > 0 && t->campaign_id == 0)
		rc = campaign_stream_open(t->st, &stream, t->now, &t->campaign_id, t->e);
	for (size_t i = 0; rc == 0 && i < t->n_people; i++)
		rc = duty_person_turn(t, &t->people[i]);
	duty_day_clear(t);
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
	rc = duty_day(&t, today);
	if (rc == 0 && late)
		rc = duty_day(&t, today + 1);
	for (int i = 0; i < DUTY_WORDS; i++)
		free(t.files[i]);
	if (rc == 0 && t.planned > 0)
		log_info("campaign", "duty_reminded", "n=%zu", t.planned);
	return rc;
}
