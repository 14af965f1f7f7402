/* SPDX-License-Identifier: Apache-2.0 */
/* Asked by the claim, in its transaction: may this message still go out, now? */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"
#include "campaign/together.h"

/* Decree 91/2020/NĐ-CP. */
#define DECIDE_LAW_PER_DAY 3

static bool decide_is_notice(const struct campaign_plan *p)
{
	return p != NULL && p->row->stream && p->row->lane != LANE_BULK;
}

static struct claim_verdict decide_cancel(const char *reason)
{
	return (struct claim_verdict){.decision = CLAIM_CANCEL, .reason = reason};
}

/* The number is at fault, not the person: another rung may reach them. */
static struct claim_verdict decide_number(const struct message_candidate *c, const char *reason)
{
	return (struct claim_verdict){.decision = c->onward != 0 ? CLAIM_SKIP : CLAIM_CANCEL,
				      .reason = reason};
}

/* What the row itself forbids, whatever was planned. NULL when nothing. */
static const char *decide_forbidden(const struct message_candidate *c, bool answer)
{
	if (c->recipient_hold == HOLD_DECEASED_SUSPECTED || c->recipient_hold == HOLD_DECEASED)
		return "đã mất hoặc nghi đã mất";
	if (c->recipient_hold != HOLD_NONE)
		return "đang tạm giữ";
	/* Told once that it was heard. */
	if ((c->contact_flags & CONTACT_OPTED_OUT) != 0 && !answer)
		return "đã đề nghị không nhận tin";
	return NULL;
}

/* Likewise of the number. */
static const char *decide_unusable(const struct message_candidate *c)
{
	if ((c->contact_flags & CONTACT_WRONG_PERSON) != 0)
		return "số của người khác";
	if ((c->contact_flags & CONTACT_DEAD_NUMBER) != 0)
		return "số không còn dùng";
	return NULL;
}

/* ---- what a batch looks up once -------------------------------------------------------------- */

struct decide_batch {
	struct plan_units units;
	bool has_units, has_duty;
	int texts; /* whether they hold; -1 = not asked yet */
};

struct decide_batch *decide_batch_new(void)
{
	struct decide_batch *b = mem_calloc(1, sizeof(*b));

	b->texts = -1;
	return b;
}

void decide_batch_free(struct decide_batch *b)
{
	if (b == NULL)
		return;
	plan_units_free(&b->units);
	free(b);
}

/* The batch, or one of the verdict's own (to be cleared by decide_done); with the hamlets. NULL with e. */
static struct decide_batch *decide_open(const struct eligibility *who, struct decide_batch *own,
					struct err *e)
{
	struct decide_batch *b = who->batch != NULL ? who->batch : own;

	*own = (struct decide_batch){.texts = -1};
	if (!b->has_units && plan_units_load(&b->units, who->st, e) < 0)
		return NULL;
	b->has_units = true;
	return b;
}

static void decide_done(struct decide_batch *own)
{
	plan_units_free(&own->units);
}

/* Whether what is written now is what was approved, by whom is on duty as well: 1/0/-1. */
static int decide_texts_hold(const struct eligibility *who, struct decide_batch *b,
			     struct err *e)
{
	if (b->texts < 0)
		b->texts = plan_texts_hold(who->st, who->plan, e);
	if (b->texts > 0 && !b->has_duty &&
	    plan_units_duty(&b->units, who->st, who->plan, civil_day_of(who->now), e) < 0)
		return -1;
	b->has_duty = b->texts > 0;
	return b->texts;
}

/* What the row as it is now says of the message. */
struct decide_now {
	const char *reason; /* why it is not who the message was written for; NULL = it is */
	bool number;	    /* only the number is not */
	int64_t contact_id; /* and may be written to at this one instead; 0 */
	bool failed;	    /* it could not be read */
};

/* The row changed since it was planned. */
static struct decide_now decide_changed(const struct message_candidate *c,
					const struct eligibility *who)
{
	const struct campaign_plan *p = who->plan;
	struct decide_now now = {.reason = NULL};
	struct recipient r = {0};
	struct err e = ERR_INIT;
	struct decide_batch own, *b = decide_open(who, &own, &e);
	enum exclusion why = EXCLUDED_COUNT;
	int audience = -1;
	int rc = b != NULL ? store_recipient_get(who->st, c->recipient_id, &r, &e) : -1;

	if (rc == 1)
		why = plan_judge(p, &r, plan_units_find(&b->units, r.unit_id), &audience);
	if (rc == 0) {
		now.reason = "không còn trong danh sách";
	} else if (rc == 1) {
		bool moved = why == EXCLUDED_COUNT && !p->row->stream && audience != c->audience;
		bool elsewhere = r.contact_id != c->contact_id;

		now.number = exclusion_of_number(why);
		if (why == EXCLUDED_NOT_IN_AUDIENCE)
			now.reason = programme_state_at(p->programme, r.state)->done
					 ? "đã làm xong, không cần gửi"
					 : exclusion_vi(why);
		else if (moved)
			now.reason = "đã chuyển sang đối tượng khác";
		else if (elsewhere && (why == EXCLUDED_COUNT || now.number))
			now = (struct decide_now){.reason = "số điện thoại đã thay đổi",
						  .number = true,
						  .contact_id =
						      why == EXCLUDED_COUNT ? r.contact_id : 0};
		else if (why != EXCLUDED_COUNT)
			now.reason = exclusion_vi(why);
	}
	now.failed = rc < 0;
	decide_done(&own);
	recipient_clear(&r);
	return now;
}

/* When the caps allow the next message to this number; 0 = now. A notice tells somebody of a change in
 * what they were told: it only keeps to the law's three a day. */
static int64_t decide_capped(const struct message_candidate *c,
			     const struct campaign_house *house, bool notice, int64_t now)
{
	int64_t per_day = notice ? DECIDE_LAW_PER_DAY : house->caps->per_day;
	civil_day today = civil_day_of(now);
	int week = civil_iso_week(today);
	int64_t from = 0;

	/* Counted for a day to come: the clock was set back since, and what today had is not known. A
	 * clock that was further off than a week silences nobody. */
	if (c->contact_day > today && c->contact_day <= today + 7)
		from = civil_day_start_ms(c->contact_day);
	if (c->contact_day == today && c->contact_day_count >= per_day)
		from = civil_day_start_ms(today + 1);
	if (!notice && c->contact_week == week &&
	    c->contact_week_count >= house->caps->per_week)
		from = civil_day_start_ms(civil_iso_week_monday(week) + 7);
	return from == 0 ? 0 : calendar_next_open(house->calendar, from);
}

/* When the office that the message sends people to is open on the day they come; 0 = it is. */
static int64_t decide_office(const struct message_candidate *c, const struct eligibility *who,
			     bool *failed)
{
	const struct campaign_plan *p = who->plan;
	const struct calendar *cal = who->house->calendar;
	civil_day today = civil_day_of(who->now);
	const struct plan_audience *a;
	struct recipient r = {0};
	struct decide_batch own, *b;
	struct err e = ERR_INIT;
	int64_t later = 0;
	int rc;

	if (p == NULL || p->row->stream || c->audience < 0 || c->audience >= p->n_audiences)
		return 0;
	a = &p->audiences[c->audience];
	if (!a->office)
		return 0;
	if (!a->hamlet || !calendar_hamlets_differ(cal, today))
		return calendar_visit_day(cal, NULL, today)
			   ? 0
			   : calendar_next_visit(cal, NULL, who->now);
	b = decide_open(who, &own, &e);
	rc = b != NULL ? store_recipient_get(who->st, c->recipient_id, &r, &e) : -1;
	*failed = rc < 0;
	if (rc > 0) {
		const char *hamlet = plan_office(a, plan_units_find(&b->units, r.unit_id));

		if (!calendar_visit_day(cal, hamlet, today))
			later = calendar_next_visit(cal, hamlet, who->now);
	}
	decide_done(&own);
	recipient_clear(&r);
	return later;
}

/* The text that the message is written by: the invitation's, or a reminder's. NULL when there is none. */
static const struct plan_audience *decide_text(const struct message_candidate *c,
					       const struct campaign_plan *p)
{
	const struct plan_audience *a;
	int kind;

	if (p == NULL || p->row->stream || c->audience < 0 || c->audience >= p->n_audiences ||
	    c->rung >= p->ladder.n)
		return NULL;
	a = &p->audiences[c->audience];
	kind = p->steps ? c->step % PLAN_ROUND : 0;
	if (kind > a->n_steps)
		return NULL;
	return kind > 0 ? &a->steps[kind - 1].text : a;
}

/* The session that it is about, while its seat is kept: 1, 0, -1. */
static int decide_session(const struct message_candidate *c, const struct eligibility *who,
			  struct session *out, struct err *e)
{
	struct seat s;
	int rc = store_seat_of(who->st, c->recipient_id, &s, e);

	if (rc <= 0 || s.campaign_id != who->plan->row->id)
		return rc < 0 ? -1 : 0;
	return store_session_get(who->st, s.session_id, out, e);
}

/* Who else must come, where several share the number: those whose messages are linked to this one, and those whom the
 * fan-out has not come to yet, since this one will stand for them. */
static int decide_others(const struct message_candidate *c, const struct eligibility *who,
			 struct plan_units *units, const struct recipient *first,
			 struct together *others, struct err *e)
{
	const struct campaign *row = who->plan->row;

	if (together_linked(others, who->st, who->plan, units, c->id, first, c->audience, e) <
	    0)
		return -1;
	return row->cursor < 0 || row->quota
		   ? 0
		   : together_to_come(others, who->st, who->plan, units, first, c->audience,
				      c->step, e);
}

static bool decide_shared(const struct message_candidate *c, const struct campaign_plan *p)
{
	return c->contact_shared > 1 && !p->audiences[c->audience].seat;
}

/* Writes the message anew where it may say something else by now: several share the number, and it names all of them
 * who are still to come; the row changed (a name, another hamlet); it names whoever is on duty. What cannot be written
 * goes as it was planned. */
static void decide_write(const struct message_candidate *c, const struct eligibility *who,
			 struct claim_verdict *v)
{
	const struct campaign_plan *p = who->plan;
	const struct plan_audience *a = decide_text(c, p);
	bool shared = a != NULL && decide_shared(c, p), anew;
	struct together others = {.n = 0};
	struct recipient first = {0}, all;
	struct session session = {0};
	struct plan_message m = {0};
	struct plan_writer w;
	struct err e = ERR_INIT;
	struct decide_batch own, *b;

	anew = a != NULL && (a->duty || c->recipient_rev != c->planned_rev);
	if (!shared && !anew)
		return;
	b = decide_open(who, &own, &e);
	plan_writer_init(&w, p);
	w.form = !a->step && strcmp(p->ladder.rungs[c->rung].channel, "sms") != 0;
	if (b != NULL && store_recipient_get(who->st, c->recipient_id, &first, &e) == 1 &&
	    (!shared || decide_others(c, who, &b->units, &first, &others, &e) == 0) &&
	    (anew || others.n > 0) && (!a->seat || decide_session(c, who, &session, &e) == 1) &&
	    decide_texts_hold(who, b, &e) > 0) {
		all = together_named(p, &first, &others);
		plan_writer_session(&w, a->seat ? &session : NULL);
		if (plan_render_text(&w, a, &all, plan_units_find(&b->units, first.unit_id), &m,
				     &e) == 0 &&
		    (c->text == NULL || strcmp(m.text, c->text) != 0)) {
			v->text = m.text;
			v->segments = m.count.segments;
			v->ucs2 = m.count.ucs2;
			m.text = NULL;
		}
		free(m.text);
		free(all.name);
	}
	plan_writer_free(&w);
	session_clear(&session);
	together_free(&others);
	recipient_clear(&first);
	decide_done(&own);
}

struct claim_verdict campaign_decide(const struct message_candidate *c, void *arg)
{
	const struct eligibility *who = arg;
	bool answer = who->plan != NULL && who->plan->answers;
	bool changed = c->recipient_rev != c->planned_rev && who->plan != NULL &&
		       who->plan->programme != NULL;
	const char *reason = decide_forbidden(c, answer);
	const char *why = "đủ số tin trong ngày hoặc tuần";
	int64_t later, open;
	bool failed = false;

	if (reason != NULL)
		return decide_cancel(reason);
	/* A number that was put right is another one. */
	reason = decide_unusable(c);
	if (reason != NULL && !changed)
		return decide_number(c, reason);
	if (c->expires_at <= who->now)
		return (struct claim_verdict){.decision = CLAIM_EXPIRE};
	if (changed) {
		struct decide_now now = decide_changed(c, who);
		struct claim_verdict v;

		/* What cannot be read is not sent: the claim ends here and is tried again. */
		if (now.failed)
			return (struct claim_verdict){.decision = CLAIM_STOP};
		v = now.number ? decide_number(c, now.reason) : decide_cancel(now.reason);
		v.contact_id = now.contact_id;
		if (now.reason != NULL)
			return v;
	}
	if (reason != NULL)
		return decide_number(c, reason);
	later =
	    answer ? 0 : decide_capped(c, who->house, decide_is_notice(who->plan), who->now);
	open = decide_office(c, who, &failed);
	if (failed)
		return (struct claim_verdict){.decision = CLAIM_STOP};
	if (open > later) {
		later = open;
		why = "văn phòng sắp nghỉ: gửi khi có người trực";
	}
	if (later == 0) {
		struct claim_verdict v = {.decision = CLAIM_SEND};

		decide_write(c, who, &v);
		return v;
	}
	if (later >= c->expires_at)
		return (struct claim_verdict){.decision = CLAIM_EXPIRE};
	return (struct claim_verdict){
	    .decision = CLAIM_POSTPONE, .reason = why, .due_at = later};
}
