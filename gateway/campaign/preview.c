/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over a list: what would be sent, to whom not, at what cost, and the
 * hash that an approval covers. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"
#include "campaign/together.h"
#include "provider/form.h"
#include "store/rung.h"
#include "text/phone.h"

/* Samples are kept at every stride-th message; when the room is full every second one goes and the
 * stride doubles: between 5 and 9 of them, spread over the list, whatever its length. */
#define PREVIEW_KEPT 9

/* Contacts that several rows share, with the text they got: open addressing, 0 = free. */
struct preview_seen {
	uint64_t *keys;
	size_t n, cap;
};

struct preview_pass {
	struct store *st;
	struct err *e; /* of a read that failed */
	bool failed;
	struct plan_writer writer;
	struct plan_units units;
	struct preview_seen seen, today; /* today: who got a text of the campaign's already */
	struct seating seating;
	struct campaign_preview *out;
	crypto_hash_sha256_state hash;
	struct campaign_sample kept[PREVIEW_KEPT], first[PLAN_MAX_AUDIENCES];
	int n_kept;
	int64_t stride, longest_units, from; /* from: when the first could go out */
};

static void preview_sample_clear(struct campaign_sample *s)
{
	free(s->text);
	free(s->audience);
	memset(s, 0, sizeof(*s));
}

static void preview_sample_set(struct campaign_sample *s, const struct preview_pass *w,
			       const struct plan_message *m, int audience, uint64_t number)
{
	preview_sample_clear(s);
	s->text = form_wording(m->text);
	s->audience = mem_strdup(w->writer.plan->audiences[audience].a->id);
	s->count = m->count;
	phone_mask(number, s->masked);
}

static void preview_keep(struct preview_pass *w, const struct plan_message *m, int audience,
			 uint64_t number)
{
	int64_t nth = w->out->messages;

	if (w->first[audience].text == NULL)
		preview_sample_set(&w->first[audience], w, m, audience, number);
	if (nth % w->stride != 0)
		return;
	if (w->n_kept == PREVIEW_KEPT) {
		for (int i = 1; i < PREVIEW_KEPT; i++) {
			if (i % 2 != 0) {
				preview_sample_clear(&w->kept[i]);
				continue;
			}
			w->kept[i / 2] = w->kept[i];
			memset(&w->kept[i], 0, sizeof(w->kept[i]));
		}
		w->n_kept = PREVIEW_KEPT / 2 + 1;
		w->stride *= 2;
		if (nth % w->stride != 0)
			return;
	}
	preview_sample_set(&w->kept[w->n_kept++], w, m, audience, number);
}

static void preview_seen_put(struct preview_seen *s, uint64_t key)
{
	size_t i = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & (s->cap - 1);

	while (s->keys[i] != 0 && s->keys[i] != key)
		i = (i + 1) & (s->cap - 1);
	s->n += s->keys[i] == 0;
	s->keys[i] = key;
}

/* Adds key; false when it was there. */
static bool preview_seen_new(struct preview_seen *s, uint64_t key)
{
	size_t before;

	if (s->n * 2 >= s->cap) {
		struct preview_seen bigger = {.cap = s->cap == 0 ? 256 : s->cap * 2};

		bigger.keys = mem_calloc(bigger.cap, sizeof(*bigger.keys));
		for (size_t i = 0; i < s->cap; i++)
			if (s->keys[i] != 0)
				preview_seen_put(&bigger, s->keys[i]);
		free(s->keys);
		*s = bigger;
	}
	before = s->n;
	preview_seen_put(s, key);
	return s->n > before;
}

static bool preview_seen_has(const struct preview_seen *s, uint64_t key)
{
	size_t i;

	if (s->cap == 0)
		return false;
	i = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & (s->cap - 1);
	while (s->keys[i] != 0 && s->keys[i] != key)
		i = (i + 1) & (s->cap - 1);
	return s->keys[i] == key;
}

struct preview_today {
	struct preview_pass *w;
	int audience;
};

static uint64_t preview_key(int64_t contact_id, int like)
{
	return (uint64_t)contact_id * PLAN_MAX_AUDIENCES + (uint64_t)like;
}

static void preview_reached(int64_t contact_id, void *arg)
{
	const struct preview_today *t = arg;

	(void)preview_seen_new(&t->w->today, preview_key(contact_id, t->audience));
}

/* Whom other campaigns wrote to today with the same texts. */
static int preview_load_today(struct preview_pass *w, int64_t now)
{
	const struct campaign_plan *p = w->writer.plan;
	int64_t since = civil_day_start_ms(civil_day_of(now));

	for (int i = 0; i < p->n_audiences; i++) {
		struct preview_today t = {.w = w, .audience = i};

		if (p->audiences[i].like == i &&
		    store_message_reached(w->st, p->audiences[i].a->sms, since, p->row->id,
					  preview_reached, &t, w->e) < 0)
			return -1;
	}
	return 0;
}

static void preview_hash_number(struct preview_pass *w, uint64_t v)
{
	unsigned char le[8];

	for (int i = 0; i < 8; i++)
		le[i] = (unsigned char)(v >> (8 * i));
	(void)crypto_hash_sha256_update(&w->hash, le, sizeof(le));
}

/* NUL included, so that no two texts run together. */
static void preview_hash_text(struct preview_pass *w, const char *s)
{
	if (s == NULL)
		s = "";
	(void)crypto_hash_sha256_update(&w->hash, (const unsigned char *)s, strlen(s) + 1);
}

/* Of a message part on a rung, in đồng. */
static int64_t preview_price(const struct campaign_plan *p, int rung)
{
	const struct campaign_house *h = p->house;

	if (p->ladder.rungs[rung].paper)
		return 0;
	for (size_t i = 0; i < h->n_channels; i++) {
		if (strcmp(h->channels[i].name, p->ladder.rungs[rung].channel) == 0)
			return h->channels[i].price_per_segment;
	}
	return h->price_per_segment;
}

/* The campaign itself: what it says, to whom, when, at what price. */
static void preview_hash_begin(struct preview_pass *w)
{
	const struct campaign_plan *p = w->writer.plan;
	const struct campaign *c = p->row;
	char texts[65];

	(void)crypto_hash_sha256_init(&w->hash);
	preview_hash_text(w, "moidan campaign 1");
	preview_hash_text(w, c->name);
	preview_hash_text(w, c->programme);
	preview_hash_text(w, c->audiences);
	preview_hash_text(w, c->only_when);
	preview_hash_text(w, c->channel);
	preview_hash_text(w, c->ladder);
	preview_hash_text(w, c->parameters);
	preview_hash_number(w, (uint64_t)p->accents);
	preview_hash_number(w, (uint64_t)c->lane);
	preview_hash_number(w, (uint64_t)c->step);
	preview_hash_number(w, (uint64_t)c->starts_at);
	for (int i = 0; i < p->n_audiences; i++)
		preview_hash_number(w, (uint64_t)plan_expires_at(p, i));
	for (int i = 0; i < p->ladder.n; i++)
		preview_hash_number(w, (uint64_t)preview_price(p, i));
	plan_texts_hash(p, texts);
	preview_hash_text(w, texts);
}

static void preview_hash_end(struct preview_pass *w)
{
	unsigned char digest[crypto_hash_sha256_BYTES];

	preview_hash_number(w, (uint64_t)w->out->cost);
	(void)crypto_hash_sha256_final(&w->hash, digest);
	(void)sodium_bin2hex(w->out->hash, sizeof(w->out->hash), digest, sizeof(digest));
}

static void preview_fault(struct campaign_preview *out, const char *text)
{
	if ((size_t)out->n_faults < sizeof(out->faults) / sizeof(out->faults[0]))
		out->faults[out->n_faults] = mem_strdup(text);
	out->n_faults++;
}

/* The rung that r starts on: what is known of the number today. */
static int preview_start(struct preview_pass *w, const struct recipient *r)
{
	const struct campaign_plan *p = w->writer.plan;
	const struct ladder_config *l = p->house->ladder;
	int64_t since = w->from - (l != NULL ? l->absent_for : 0);

	for (int i = 0; p->ladder.n > 1 && l != NULL && i < p->ladder.n; i++) {
		int rc = p->ladder.rungs[i].paper
			     ? 0
			     : store_contact_absent(w->st, r->contact_id,
						    p->ladder.rungs[i].channel, since, w->e);

		w->failed = w->failed || rc < 0;
		if (rc <= 0)
			return i;
	}
	return 0;
}

/* Renders r's message; an audience whose time is over is a fault of each of its rows. */
static int preview_render(struct preview_pass *w, int audience, const struct recipient *r,
			  const struct plan_unit *unit, int rung, struct plan_message *m)
{
	const struct campaign_plan *p = w->writer.plan;
	struct err e = ERR_INIT;

	w->writer.form = strcmp(p->ladder.rungs[rung].channel, "sms") != 0;
	if (plan_expires_at(p, audience) <= w->from)
		(void)err_set(&e, EX_DATAERR, "đối tượng %s: hạn gửi đã qua",
			      p->audiences[audience].a->id);
	else if (plan_render(&w->writer, audience, r, unit, m, &e) == 0)
		return 0;
	preview_fault(w->out, e.text);
	return -1;
}

static bool preview_shared(const struct preview_pass *w, const struct recipient *r,
			   int audience)
{
	return !w->writer.plan->audiences[audience].seat && r->contact_shared > 1;
}

/* The message to the first of several who share a number: it names them all, if that can be written. Then r->name,
 * which is borrowed, becomes all their names, which are yours. */
static int preview_together(struct preview_pass *w, int audience, struct recipient *r,
			    const struct plan_unit *unit, int rung, struct plan_message *m)
{
	const struct campaign_plan *p = w->writer.plan;
	struct together others = {.n = 0};
	struct recipient all;
	struct err e = ERR_INIT;
	int rc;

	if (together_sharing(&others, w->st, p, &w->units, r, audience, w->e) < 0) {
		w->failed = true;
		together_free(&others);
		return -1;
	}
	all = together_named(p, r, &others);
	w->writer.form = strcmp(p->ladder.rungs[rung].channel, "sms") != 0;
	rc = others.n > 0 && plan_expires_at(p, audience) > w->from
		 ? plan_render(&w->writer, audience, &all, unit, m, &e)
		 : -1;
	together_free(&others);
	if (rc == 0) {
		*r = all;
		return 0;
	}
	free(all.name);
	return preview_render(w, audience, r, unit, rung, m);
}

/* The price of one more rung, for whoever goes down to it. */
static void preview_worst(struct preview_pass *w, int audience, const struct recipient *r,
			  const struct plan_unit *unit, int rung)
{
	struct plan_message m = {0};

	if (w->writer.plan->ladder.rungs[rung].paper ||
	    preview_render(w, audience, r, unit, rung, &m) < 0)
		return;
	w->out->cost_worst += m.count.segments * preview_price(w->writer.plan, rung);
	free(m.text);
}

static void preview_count(struct preview_pass *w, const struct plan_message *m, int audience,
			  const struct recipient *r, const struct plan_unit *unit, int rung)
{
	struct campaign_preview *out = w->out;
	int64_t rank = (int64_t)m->count.segments * 10000 + m->count.units;

	preview_keep(w, m, audience, r->number);
	out->messages++;
	out->by_audience[audience]++;
	out->repeated += preview_seen_has(
	    &w->today, preview_key(r->contact_id, w->writer.plan->audiences[audience].like));
	out->unknown_range +=
	    r->phone_status == PHONE_UNKNOWN_RANGE && (r->contact_flags & CONTACT_REACHED) == 0;
	out->by_segments[m->count.segments < 7 ? m->count.segments : 7]++;
	out->segments += m->count.segments;
	out->cost += m->count.segments * preview_price(w->writer.plan, rung);
	out->cost_worst += m->count.segments * preview_price(w->writer.plan, rung);
	out->segments_with += m->segments_with;
	out->segments_without += m->segments_without;
	if (rank > w->longest_units) {
		w->longest_units = rank;
		preview_sample_set(&out->longest, w, m, audience, r->number);
	}
	preview_hash_number(w, (uint64_t)r->id);
	preview_hash_number(w, r->number);
	preview_hash_text(w, m->text);
	for (int i = rung + 1; i < w->writer.plan->ladder.n; i++)
		preview_worst(w, audience, r, unit, i);
}

/* The reminders that an invitation brings with it: they are paid for and approved with it. */
static void preview_steps(struct preview_pass *w, int audience, const struct recipient *r,
			  const struct plan_unit *unit, int64_t happens)
{
	const struct campaign_plan *p = w->writer.plan;
	const struct plan_audience *a = &p->audiences[audience];
	int64_t invited = calendar_next_open(p->house->calendar, w->from);
	int rung = ladder_find(&p->ladder, "sms");

	w->writer.form = false;
	for (int k = 0; rung >= 0 && k < a->n_steps; k++) {
		int64_t due = plan_step_due(p, a->steps[k].s, invited, happens);
		struct plan_message m = {0};
		struct err e = ERR_INIT;

		if (due == 0)
			continue;
		if (plan_render_text(&w->writer, &a->steps[k].text, r, unit, &m, &e) < 0) {
			preview_fault(w->out, e.text);
			continue;
		}
		w->out->reminders++;
		w->out->segments += m.count.segments;
		w->out->cost += m.count.segments * preview_price(p, rung);
		w->out->cost_worst += m.count.segments * preview_price(p, rung);
		w->out->segments_with += m.segments_with;
		w->out->segments_without += m.segments_without;
		preview_hash_number(w, (uint64_t)due);
		preview_hash_text(w, m.text);
		free(m.text);
	}
}

/* Gives r's message a session, if its audience needs one: EXCLUDED_COUNT, or why not. *happens is what
 * its reminders lead to. */
static enum exclusion preview_seat(struct preview_pass *w, int audience,
				   const struct recipient *r, int64_t *happens)
{
	const struct campaign_plan *p = w->writer.plan;
	struct session *session = NULL;
	int round, why = EXCLUDED_COUNT;

	*happens = plan_happens(p);
	if (p->audiences[audience].seat)
		why = seating_judge(&w->seating, w->st, p, audience, r, &session, &round, w->e);
	w->failed = w->failed || why < 0;
	plan_writer_session(&w->writer, session);
	if (session != NULL) {
		session->taken++;
		*happens = session_begins(session);
	}
	return why < 0 ? EXCLUDED_NO_SEAT : (enum exclusion)why;
}

static bool preview_row(const struct recipient *r, void *arg)
{
	struct preview_pass *w = arg;
	struct campaign_preview *out = w->out;
	const struct plan_unit *unit = plan_units_find(&w->units, r->unit_id);
	struct plan_message m = {0};
	const struct ladder *l = &w->writer.plan->ladder;
	enum exclusion why, seat = EXCLUDED_COUNT;
	struct recipient named = *r; /* with the names of all who share the number */
	int audience = -1, start;
	int64_t happens = 0;

	out->recipients++;
	why = plan_judge(w->writer.plan, r, unit, &audience);
	if (why == EXCLUDED_COUNT || (exclusion_of_number(why) && ladder_paper(l, 0) >= 0))
		seat = preview_seat(w, audience, r, &happens);
	if (seat != EXCLUDED_COUNT) {
		out->excluded[seat]++;
		return !w->failed;
	}
	if (exclusion_of_number(why) && ladder_paper(l, 0) >= 0) {
		out->starts_on[ladder_paper(l, 0)]++;
		preview_hash_number(w, (uint64_t)r->id);
		return true;
	}
	if (why != EXCLUDED_COUNT) {
		out->excluded[why]++;
		return true;
	}
	start = preview_start(w, r);
	out->starts_on[start]++;
	if (w->failed || l->rungs[start].paper)
		return !w->failed;
	if (preview_shared(w, r, audience) &&
	    !preview_seen_new(&w->seen,
			      (uint64_t)r->contact_id * PLAN_MAX_AUDIENCES +
				  (uint64_t)w->writer.plan->audiences[audience].like)) {
		out->excluded[EXCLUDED_SHARED]++;
	} else if (preview_shared(w, r, audience)
		       ? preview_together(w, audience, &named, unit, start, &m) < 0
		       : preview_render(w, audience, r, unit, start, &m) < 0) {
		return !w->failed;
	} else {
		preview_count(w, &m, audience, &named, unit, start);
		preview_steps(w, audience, &named, unit, happens);
	}
	if (named.name != r->name)
		free(named.name);
	free(m.text);
	return true;
}

static bool preview_has(const struct campaign_preview *out, const struct campaign_sample *s)
{
	for (int i = 0; i < out->n_samples; i++)
		if (strcmp(out->samples[i].text, s->text) == 0)
			return true;
	return false;
}

static void preview_take_sample(struct campaign_preview *out, struct campaign_sample *s)
{
	int room = (int)(sizeof(out->samples) / sizeof(out->samples[0]));

	if (s->text == NULL || out->n_samples == room || preview_has(out, s))
		return;
	out->samples[out->n_samples++] = *s;
	memset(s, 0, sizeof(*s));
}

/* One text of each audience first, so that a rare one is seen too; then some spread over the list,
 * from its end to its beginning since the first ones are mostly there already. */
static void preview_choose_samples(struct preview_pass *w)
{
	for (int i = 0; i < PLAN_MAX_AUDIENCES; i++)
		preview_take_sample(w->out, &w->first[i]);
	for (int i = w->n_kept - 1; i >= 0; i -= 2)
		preview_take_sample(w->out, &w->kept[i]);
	for (int i = w->n_kept - 2; i >= 0; i -= 2)
		preview_take_sample(w->out, &w->kept[i]);
	for (int i = 0; i < PLAN_MAX_AUDIENCES; i++)
		preview_sample_clear(&w->first[i]);
	for (int i = 0; i < PREVIEW_KEPT; i++)
		preview_sample_clear(&w->kept[i]);
}

int campaign_preview(struct store *st, const struct campaign_plan *p, int64_t now,
		     struct campaign_preview *out, struct err *e)
{
	return campaign_preview_some(st, p, now, SIZE_MAX, out, e);
}

int campaign_preview_some(struct store *st, const struct campaign_plan *p, int64_t now,
			  size_t rows, struct campaign_preview *out, struct err *e)
{
	struct preview_pass w = {.st = st, .e = e, .out = out, .stride = 1, .from = now};
	int rc;

	if (p->row->starts_at > now)
		w.from = p->row->starts_at;
	memset(out, 0, sizeof(*out));
	plan_writer_init(&w.writer, p);
	preview_hash_begin(&w);
	rc = plan_units_load(&w.units, st, e);
	/* As of the day it starts: what is approved does not change over night. */
	if (rc == 0)
		rc = plan_units_duty(&w.units, st, p, civil_day_of(p->row->starts_at), e);
	/* What is only tried is compared with nothing: all that was ever sent would be read. */
	if (rc == 0 && rows == SIZE_MAX)
		rc = preview_load_today(&w, now);
	if (rc == 0)
		rc = seating_load(&w.seating, st, p,
				  calendar_next_open(p->house->calendar, w.from), e);
	if (rc == 0)
		rc = store_recipient_scan(st, p->row->programme, 0, rows, true, preview_row,
					  &w, e);
	if (w.failed)
		rc = -1;
	preview_hash_end(&w);
	preview_choose_samples(&w);
	seating_free(&w.seating);
	plan_units_free(&w.units);
	plan_writer_free(&w.writer);
	free(w.seen.keys);
	free(w.today.keys);
	if (rc < 0)
		campaign_preview_free(out);
	return rc;
}

void campaign_preview_free(struct campaign_preview *p)
{
	for (size_t i = 0; i < sizeof(p->samples) / sizeof(p->samples[0]); i++)
		preview_sample_clear(&p->samples[i]);
	preview_sample_clear(&p->longest);
	for (size_t i = 0; i < sizeof(p->faults) / sizeof(p->faults[0]); i++)
		free(p->faults[i]);
	memset(p, 0, sizeof(*p));
}

static json_t *preview_sample_json(const struct campaign_sample *s)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:i,s:i}", "text", s->text, "audience", s->audience,
			 "number", s->masked, "encoding", s->count.ucs2 ? "UCS-2" : "GSM-7",
			 "segments", s->count.segments, "units", s->count.units);
}

static json_t *preview_ladder_json(const struct campaign_plan *plan,
				   const struct campaign_preview *p)
{
	json_t *list = json_array();

	for (int i = 0; i < plan->ladder.n; i++)
		json_array_append_new(list,
				      json_pack("{s:s,s:I,s:I,s:I}", "channel",
						plan->ladder.rungs[i].channel, "wait_ms",
						(json_int_t)plan->ladder.rungs[i].wait,
						"starts", (json_int_t)p->starts_on[i], "price",
						(json_int_t)preview_price(plan, i)));
	return list;
}

json_t *campaign_preview_json(const struct campaign_plan *plan,
			      const struct campaign_preview *p)
{
	size_t shown = sizeof(p->faults) / sizeof(p->faults[0]);
	json_t *excluded = json_object(), *segments = json_object(), *samples = json_array(),
	       *faults = json_array();

	for (int x = 0; x < EXCLUDED_COUNT; x++)
		json_object_set_new(excluded, exclusion_name((enum exclusion)x),
				    json_integer(p->excluded[x]));
	for (int i = 1; i < 8; i++) {
		char key[4] = {(char)('0' + i), i == 7 ? '+' : '\0', '\0', '\0'};

		if (p->by_segments[i] > 0)
			json_object_set_new(segments, key, json_integer(p->by_segments[i]));
	}
	for (int i = 0; i < p->n_samples; i++)
		json_array_append_new(samples, preview_sample_json(&p->samples[i]));
	for (size_t i = 0; i < shown && (int64_t)i < p->n_faults; i++)
		json_array_append_new(faults, json_string(p->faults[i]));
	return json_pack(
	    "{s:I,s:I,s:I,s:o,s:{s:I,s:I},s:o,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:I,s:o,s:s}",
	    "recipients", (json_int_t)p->recipients, "messages", (json_int_t)p->messages,
	    "reminders", (json_int_t)p->reminders, "excluded", excluded, "warnings",
	    "unknown_range", (json_int_t)p->unknown_range, "repeated", (json_int_t)p->repeated,
	    "by_segments", segments, "segments", (json_int_t)p->segments, "cost",
	    (json_int_t)p->cost, "cost_worst", (json_int_t)p->cost_worst, "segments_with",
	    (json_int_t)p->segments_with, "segments_without", (json_int_t)p->segments_without,
	    "ladder", preview_ladder_json(plan, p), "samples", samples, "longest",
	    p->longest.text != NULL ? preview_sample_json(&p->longest) : json_null(),
	    "n_faults", (json_int_t)p->n_faults, "faults", faults, "hash", p->hash);
}
