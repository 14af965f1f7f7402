/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold, whatever happens. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "sim/sim.h"
#include "store/report.h"

struct sim_message *sim_message(struct sim *s, int64_t id)
{
	for (size_t i = 0; i < s->n_seen; i++) {
		if (s->seen[i].id == id)
			return &s->seen[i];
	}
	return NULL;
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct sim_rows {
	struct message_row rows[SIM_MESSAGES];
	size_t n;
	bool overflow;
};

static bool rows_add(const struct message_row *r, void *arg)
{
	struct sim_rows *rows = arg;

	if (rows->n == SIM_MESSAGES) {
		rows->overflow = true;
		return false;
	}
	rows->rows[rows->n++] = *r; /* its texts are not looked at */
	return true;
}

static void rows_read(struct sim *s, struct sim_rows *rows)
{
	static const struct message_filter all = {.state = -1};
	struct err e = ERR_INIT;

	rows->n = 0;
	rows->overflow = false;
	if (store_message_list(s->w->st, &all, SIM_MESSAGES + 1, rows_add, rows, &e) < 0)
		sim_fail(s, "cannot read: %s", e.text);
	if (rows->overflow)
		sim_fail(s, "more messages than were planned");
}

static uint64_t mix(uint64_t h, int64_t v)
{
	h ^= (uint64_t)v;
	return random_next(&h);
}

uint64_t sim_digest(struct sim *s)
{
	struct sim_rows rows;
	uint64_t h = 46;

	rows_read(s, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		const struct message_row *r = &rows.rows[i];

		h = mix(h, r->id);
		h = mix(h, (int64_t)r->state);
		h = mix(h, r->attempts);
		h = mix(h, r->due_at);
		h = mix(h, r->sent_at);
		h = mix(h, r->final_at);
		h = mix(h, r->linked_to);
	}
	return h;
}

/* ---- from one look to the next ---------------------------------------------------------------- */

static void check_move(struct sim *s, const struct sim_message *m, enum message_state now)
{
	bool ok = true;

	if (now == m->state)
		return;
	switch (m->state) {
	case MESSAGE_DELIVERED:
	case MESSAGE_UNDELIVERED:
	case MESSAGE_REJECTED:
	case MESSAGE_CANCELLED:
	case MESSAGE_EXPIRED:
	case MESSAGE_ABANDONED:
		ok = false;
		break;
	case MESSAGE_NO_RECEIPT:
		ok = now == MESSAGE_DELIVERED || now == MESSAGE_UNDELIVERED;
		break;
	case MESSAGE_FAILED:
		ok = m->permits > 0;
		break;
	case MESSAGE_SENT:
		ok = now == MESSAGE_DELIVERED || now == MESSAGE_UNDELIVERED ||
		     now == MESSAGE_NO_RECEIPT;
		break;
	default:
		break;
	}
	if (!ok)
		sim_fail(s, "message %" PRId64 " was %s and is %s", m->id,
			 message_state_name(m->state), message_state_name(now));
}

/* The message of the same person on another rung; NULL: there is none. */
static struct sim_message *sim_rung(struct sim *s, int64_t campaign_id, int64_t recipient_id,
				    int rung)
{
	for (size_t i = 0; i < s->n_seen; i++) {
		struct sim_message *m = &s->seen[i];

		if (m->campaign_id == campaign_id && m->recipient_id == recipient_id &&
		    m->rung == rung)
			return m;
	}
	return NULL;
}

/* Whether a rung is over with this message: it did not arrive, or nothing was heard for its wait. */
static bool check_over(struct sim *s, const struct sim_message *m)
{
	const struct sim_message *first;

	switch (m->state) {
	case MESSAGE_UNDELIVERED:
	case MESSAGE_REJECTED:
	case MESSAGE_FAILED:
	case MESSAGE_ABANDONED:
	case MESSAGE_CANCELLED: /* skipped */
		return true;
	case MESSAGE_SENT:
	case MESSAGE_NO_RECEIPT:
		return s->jumped || clock_now_ms() - m->sent_at >= SIM_WAIT;
	case MESSAGE_LINKED: /* they go down together with the one whose number it is too */
		first = sim_message(s, m->linked_to);
		return first != NULL && first->state != MESSAGE_LINKED && check_over(s, first);
	default:
		return false;
	}
}

/* Somebody is on the next rung: from the one above, which is over, and of which nothing is unknown. */
static void check_step_down(struct sim *s, const struct message_row *r)
{
	const struct sim_message *up =
	    sim_rung(s, r->campaign_id, r->recipient_id, r->rung - 1);

	if (up == NULL)
		sim_fail(s, "message %" PRId64 " is on a rung that nobody came down to", r->id);
	if (!check_over(s, up))
		sim_fail(s, "message %" PRId64 " goes down while %" PRId64 " is %s", r->id,
			 up->id, message_state_name(up->state));
	s->totals.down++;
}

/* Who went down is not written to above again. */
static void check_above(struct sim *s, const struct sim_message *m)
{
	bool open = m->state == MESSAGE_HELD || m->state == MESSAGE_QUEUED ||
		    m->state == MESSAGE_SENDING || m->state == MESSAGE_UNCERTAIN;

	if (open && sim_rung(s, m->campaign_id, m->recipient_id, m->rung + 1) != NULL)
		sim_fail(s, "message %" PRId64 " is %s, and its person is a rung below", m->id,
			 message_state_name(m->state));
}

static void look_at(struct sim *s, const struct message_row *r)
{
	struct sim_message *m = sim_message(s, r->id);

	if (m == NULL) {
		for (size_t i = 0; i < s->n_seen; i++) {
			if (s->seen[i].campaign_id == r->campaign_id &&
			    s->seen[i].recipient_id == r->recipient_id &&
			    s->seen[i].rung == r->rung)
				sim_fail(s, "recipient %" PRId64 " has two messages",
					 r->recipient_id);
		}
		if (r->rung > 0)
			check_step_down(s, r);
		m = &s->seen[s->n_seen++];
		*m = (struct sim_message){.id = r->id,
					  .campaign_id = r->campaign_id,
					  .recipient_id = r->recipient_id,
					  .rung = r->rung,
					  .number = r->number,
					  .state = r->state};
		s->totals.messages++;
	}
	check_move(s, m, r->state);
	if (r->attempts < m->attempts)
		sim_fail(s, "message %" PRId64 " forgot an attempt", m->id);
	if (r->state != m->state)
		sim_say(s, "message  %" PRId64 ": %s -> %s", m->id,
			message_state_name(m->state), message_state_name(r->state));
	if (r->state == MESSAGE_UNCERTAIN && m->state != MESSAGE_UNCERTAIN)
		s->totals.uncertain++;
	m->uncertain = m->uncertain || r->state == MESSAGE_UNCERTAIN;
	if (r->state == MESSAGE_UNDELIVERED && m->ended_at == 0)
		m->ended_at = clock_now_ms();
	m->sent_at = r->sent_at;
	m->linked_to = r->linked_to;
	m->state = r->state;
	m->attempts = r->attempts;
	m->due_at = r->due_at;
	m->expires_at = r->expires_at;
}

/* What is counted is what is there. */
static void check_counts(struct sim *s, const struct sim_rows *rows)
{
	struct err e = ERR_INIT;

	for (size_t c = 0; c <= s->n_campaigns; c++) {
		int64_t id = c < s->n_campaigns ? s->campaigns[c] : 0;
		struct message_counts got;
		int64_t want[32] = {0}, total = 0;

		for (size_t i = 0; i < rows->n; i++) {
			if (id != 0 && rows->rows[i].campaign_id != id)
				continue;
			want[rows->rows[i].state]++;
			total++;
		}
		if (store_message_counts(s->w->st, id, 0, &got, &e) < 0)
			sim_fail(s, "cannot count: %s", e.text);
		if (got.total != total || memcmp(got.by_state, want, sizeof(want)) != 0)
			sim_fail(s, "campaign %" PRId64 " is not counted right", id);
	}
}

/* ---- what goes into reports ------------------------------------------------------------------- */

static bool has_left(const struct message_row *r)
{
	switch (r->state) {
	case MESSAGE_UNCERTAIN:
	case MESSAGE_SENT:
	case MESSAGE_NO_RECEIPT:
	case MESSAGE_DELIVERED:
	case MESSAGE_UNDELIVERED:
		return true;
	default:
		return false;
	}
}

/* The row itself, or the one that it is linked to. */
static const struct message_row *row_meant(const struct sim_rows *rows,
					   const struct message_row *r)
{
	for (size_t i = 0; r->state == MESSAGE_LINKED && i < rows->n; i++) {
		if (rows->rows[i].id == r->linked_to)
			return &rows->rows[i];
	}
	return r;
}

static void figures_add(const struct message_figures *f, void *arg)
{
	struct message_figures *sum = arg;

	sum->invited += f->invited;
	sum->delivered += f->delivered;
	sum->undelivered += f->undelivered;
	sum->messages += f->messages;
	sum->segments += f->segments;
}

/* What a person's messages, of all campaigns and rungs, come to. */
static void figures_person(const struct sim_rows *rows, size_t first,
			   struct message_figures *sum)
{
	int64_t who = rows->rows[first].recipient_id;
	bool left = false, arrived = false, bounced = false;

	for (size_t i = 0; i < first; i++) {
		if (rows->rows[i].recipient_id == who)
			return; /* counted before */
	}
	for (size_t i = first; i < rows->n; i++) {
		const struct message_row *r = row_meant(rows, &rows->rows[i]);

		if (rows->rows[i].recipient_id != who)
			continue;
		left = left || has_left(r);
		arrived = arrived || r->state == MESSAGE_DELIVERED;
		bounced = bounced || r->state == MESSAGE_UNDELIVERED;
	}
	sum->invited += left;
	sum->delivered += arrived;
	sum->undelivered += bounced && !arrived;
}

void sim_check_figures(struct sim *s)
{
	struct message_figures got = {.unit_id = 0}, want = {.unit_id = 0};
	struct sim_rows rows;
	struct err e = ERR_INIT;

	rows_read(s, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		figures_person(&rows, i, &want);
		want.messages += has_left(&rows.rows[i]);
		want.segments += has_left(&rows.rows[i]) ? rows.rows[i].segments : 0;
	}
	if (store_message_figures(s->w->st, "vneid", figures_add, &got, &e) < 0)
		sim_fail(s, "cannot draw figures: %s", e.text);
	if (memcmp(&got, &want, sizeof(got)) != 0)
		sim_fail(s,
			 "the report says %" PRId64 " invited, %" PRId64 " reached, %" PRId64
			 " messages; the queue %" PRId64 ", %" PRId64 ", %" PRId64,
			 got.invited, got.delivered, got.messages, want.invited, want.delivered,
			 want.messages);
}

void sim_look(struct sim *s)
{
	struct sim_rows rows;
	int64_t sending = 0, room = 0;

	rows_read(s, &rows);
	if (rows.n < s->n_seen)
		sim_fail(s, "%zu messages are lost", s->n_seen - rows.n);
	for (size_t i = 0; i < rows.n; i++) {
		look_at(s, &rows.rows[i]);
		sending += rows.rows[i].state == MESSAGE_SENDING;
	}
	for (size_t i = 0; i < s->n_seen; i++)
		check_above(s, &s->seen[i]);
	check_counts(s, &rows);
	for (size_t i = 0; i < s->n_providers; i++)
		room += provider_facts(s->providers[i])->in_flight;
	if (sending > room)
		sim_fail(s, "%" PRId64 " in flight, where %" PRId64 " may be", sending, room);
}

/* ---- what leaves ----------------------------------------------------------------------------- */

static void check_person(struct sim *s, const struct sim_message *m)
{
	struct recipient r = {0};
	struct err e = ERR_INIT;

	if (store_recipient_get(s->w->st, m->recipient_id, &r, &e) != 1)
		sim_fail(s, "recipient %" PRId64 " is lost", m->recipient_id);
	if (r.hold != HOLD_NONE || r.state != 0 ||
	    (r.contact_flags & (CONTACT_OPTED_OUT | CONTACT_DEAD_NUMBER)) != 0)
		sim_fail(s,
			 "message %" PRId64 " leaves for one who is held (%d), done (%d) or "
			 "declined (%u)",
			 m->id, (int)r.hold, r.state, r.contact_flags);
	recipient_clear(&r);
}

static void check_hours(struct sim *s, const struct sim_message *m, int64_t now)
{
	struct campaign c = {0};
	struct err e = ERR_INIT;
	int minute = civil_minute_of_day(now);

	if (store_campaign_get(s->w->st, m->campaign_id, &c, &e) != 1)
		sim_fail(s, "a campaign is lost");
	if (c.state != CAMPAIGN_RUNNING)
		sim_fail(s, "message %" PRId64 " of a campaign that does not run", m->id);
	if (now < c.starts_at || now >= m->expires_at)
		sim_fail(s, "message %" PRId64 " leaves outside of its time", m->id);
	if ((c.lane == LANE_BULK && !calendar_open(s->w->calendar, now)) ||
	    (c.lane == LANE_NOTICE && (minute < 7 * 60 || minute >= 22 * 60)))
		sim_fail(s, "message %" PRId64 " leaves at minute %d of the day", m->id,
			 minute);
	campaign_clear(&c);
}

void sim_check_item(struct sim *s, const struct outbox_item *item, int64_t now)
{
	struct sim_message *m = sim_message(s, item->msg.id);

	if (item->query) {
		if (m == NULL || (m->state != MESSAGE_UNCERTAIN && m->state != MESSAGE_SENT))
			sim_fail(s, "message %" PRId64 " is asked for", item->msg.id);
		return;
	}
	if (m == NULL || m->state != MESSAGE_SENDING || m->attempts != item->msg.attempt)
		sim_fail(s, "message %" PRId64 " leaves, and the disk does not say so",
			 item->msg.id);
	if (item->resend && !m->uncertain)
		sim_fail(s, "message %" PRId64 " leaves again", m->id);
	check_person(s, m);
	check_hours(s, m, now);
	m->day = civil_day_of(now);
}

/* Messages that reached a number on a day, or in a week. */
static int count_sent(const struct sim *s, uint64_t number, civil_day day, bool week)
{
	int n = 0;

	for (size_t i = 0; i < s->n_seen; i++) {
		const struct sim_message *m = &s->seen[i];

		if (m->sent == 0 || m->permits > 0 || m->number != number)
			continue;
		n += week ? civil_iso_week(m->day) == civil_iso_week(day) : m->day == day;
	}
	return n;
}

void sim_check_sent(struct sim *s, const struct sim_call *call)
{
	struct sim_message *m = sim_message(s, call->id);

	m->sent++;
	s->totals.sent++;
	if (m->sent > 1)
		s->totals.twice++;
	if (m->sent > 1 && !m->uncertain)
		sim_fail(s, "message %" PRId64 " was sent twice and never uncertain", m->id);
	if (m->sent > 1 + m->permits)
		sim_fail(s, "message %" PRId64 " was sent %d times, %d officers agreed", m->id,
			 m->sent, m->permits);
	if (count_sent(s, m->number, m->day, false) > s->w->caps.per_day)
		sim_fail(s, "message %" PRId64 ": its number got too much that day", m->id);
	if (!s->jumped && count_sent(s, m->number, m->day, true) > s->w->caps.per_week)
		sim_fail(s, "message %" PRId64 ": its number got too much that week", m->id);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void check_ended(struct sim *s, const struct sim_message *m)
{
	switch (m->state) {
	case MESSAGE_DELIVERED:
	case MESSAGE_UNDELIVERED:
		if (m->sent == 0)
			sim_fail(s, "message %" PRId64 " was not sent, and is %s", m->id,
				 message_state_name(m->state));
		break;
	case MESSAGE_NO_RECEIPT:
		if (m->sent == 0 && !m->said)
			sim_fail(s, "message %" PRId64 " was never sent", m->id);
		break;
	case MESSAGE_REJECTED:
	case MESSAGE_FAILED:
	case MESSAGE_CANCELLED:
	case MESSAGE_EXPIRED:
		if (m->sent > m->permits)
			sim_fail(s, "message %" PRId64 " was sent, and is %s", m->id,
				 message_state_name(m->state));
		break;
	case MESSAGE_LINKED:
		if (m->sent > 0)
			sim_fail(s, "message %" PRId64 " is linked and was sent", m->id);
		break;
	case MESSAGE_ABANDONED:
		break;
	case MESSAGE_UNCERTAIN:
		s->totals.officer++;
		if (m->due_at != INT64_MAX)
			sim_fail(s, "message %" PRId64 " is uncertain, and nobody is asked",
				 m->id);
		break;
	default:
		sim_fail(s, "message %" PRId64 " does not end: it is %s", m->id,
			 message_state_name(m->state));
	}
}

/* Who could not be reached by the first rung is on the second, when there was time and nothing spoke against
 * it. */
static void check_nobody_forgotten(struct sim *s, const struct sim_message *m)
{
	struct campaign c = {0};
	struct recipient r = {0};
	struct err e = ERR_INIT;
	int64_t since = m->ended_at > s->recovered_at ? m->ended_at : s->recovered_at;
	bool must;

	if (!s->ladder || s->jumped || m->rung > 0 || m->ended_at == 0 ||
	    m->state != MESSAGE_UNDELIVERED)
		return;
	if (store_campaign_get(s->w->st, m->campaign_id, &c, &e) != 1 ||
	    store_recipient_get(s->w->st, m->recipient_id, &r, &e) != 1)
		sim_fail(s, "something is lost: %s", e.text);
	must = c.state == CAMPAIGN_RUNNING && since + CLOCK_DAY_MS < c.expires_at &&
	       r.hold == HOLD_NONE && r.state == 0 &&
	       (r.contact_flags & (CONTACT_OPTED_OUT | CONTACT_DEAD_NUMBER)) == 0;
	if (must && sim_rung(s, m->campaign_id, m->recipient_id, 1) == NULL)
		sim_fail(s, "message %" PRId64 " did not arrive, and its person was forgotten",
			 m->id);
	campaign_clear(&c);
	recipient_clear(&r);
}

void sim_check_end(struct sim *s)
{
	struct err e = ERR_INIT;

	sim_look(s);
	sim_check_figures(s);
	for (size_t i = 0; i < s->n_seen; i++) {
		check_ended(s, &s->seen[i]);
		check_nobody_forgotten(s, &s->seen[i]);
	}
	if (store_check(s->w->st, &e) < 0)
		sim_fail(s, "the database: %s", e.text);
}
