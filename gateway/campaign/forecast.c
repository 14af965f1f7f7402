/* SPDX-License-Identifier: Apache-2.0 */
/* Where a campaign is heading: the quota's own arithmetic, day by day, with what is expected of people.
 * Expectations are fractions of people until the end, where they are rounded against us. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/forecast.h"
#include "campaign/plan.h"
#include "text/vi.h"

/* How far beyond the last deadline it looks. */
#define FORECAST_BEYOND 60
/* Working days from a message to the counter, where there is no session. */
#define FORECAST_LAG 3
/* A session as they are when there is none to go by. */
#define FORECAST_SEATS 20
#define FORECAST_DAYS  400

struct forecast {
	const struct campaign_plan *p;
	struct campaign_forecast *out;
	struct campaign_quota q;
	double left, uninvited, come;
	double seats[FORECAST_DAYS];  /* free, by day from today */
	double coming[FORECAST_DAYS]; /* people on their way */
	int64_t n_sessions, session_seats;
};

static void forecast_session(const struct session *s, void *arg)
{
	struct forecast *f = arg;
	int at = s->day - f->q.today;

	if (s->state != SESSION_OPEN || at <= 0 || at >= FORECAST_DAYS)
		return;
	f->seats[at] += s->seats - s->taken;
	f->coming[at] += s->taken * f->come;
	f->n_sessions++;
	f->session_seats += s->seats;
}

/* Who is left to be invited, and what is on its way already. */
static int forecast_load(struct forecast *f, struct store *st, struct err *e)
{
	const struct campaign_plan *p = f->p;
	struct campaign_preview v;
	struct message_counts n;
	int64_t asked;

	if (campaign_preview(st, p, clock_now_ms(), &v, e) < 0)
		return -1;
	asked = v.messages + v.excluded[EXCLUDED_NO_SEAT];
	f->out->per_person = v.messages > 0 ? (double)v.cost / (double)v.messages : 0;
	f->out->by_hand = v.excluded[EXCLUDED_NO_PHONE] + v.excluded[EXCLUDED_UNCONFIRMED] +
			  v.excluded[EXCLUDED_WRONG_PERSON] + v.excluded[EXCLUDED_OPTED_OUT];
	campaign_preview_free(&v);
	if (store_message_counts(st, p->row->id, 0, &n, e) < 0)
		return -1;
	f->out->spent = (n.segments_accepted + n.segments_open) * p->house->price_per_segment;
	if (p->seats) {
		f->uninvited = (double)asked;
		return store_session_list(st, p->row->programme, f->q.today + 1,
					  forecast_session, f, e);
	}
	/* Without seats everybody is invited once; those who were are on their way. */
	asked -= n.total;
	f->uninvited = asked > 0 ? (double)asked : 0;
	return 0;
}

/* What today's quota would be with so much left; as campaign_quota() has it. */
static double forecast_quota(const struct forecast *f, civil_day day)
{
	const struct quota_target *t = f->q.ruling >= 0 ? &f->q.targets[f->q.ruling] : NULL;
	civil_day last = t != NULL ? t->last : day;
	struct campaign_quota then = f->q;

	for (int i = 0; i < f->q.n_targets; i++)
		if (last < day && f->q.targets[i].last >= day)
			last = f->q.targets[i].last;
	return ceil((double)quota_of_day(f->p->house->calendar, &then, f->left, day, last) /
		    (f->p->seats && f->come > 0.25 ? f->come : 1.0));
}

/* Gives n people seats, the earliest first; how many got one. */
static double forecast_seat(struct forecast *f, int from, double n)
{
	double given = 0;

	for (int d = from; d < FORECAST_DAYS && given < n; d++) {
		double take = f->seats[d] < n - given ? f->seats[d] : n - given;

		f->seats[d] -= take;
		f->coming[d] += take * f->come;
		given += take;
	}
	return given;
}

/* n people of a hamlet ("" = of no matter which) are at the counter so many days of its office later. */
static void forecast_send(struct forecast *f, int at, civil_day day, const char *hamlet,
			  double n)
{
	int lag = 0;

	for (int left = FORECAST_LAG; left > 0 && at + lag + 1 < FORECAST_DAYS; lag++)
		left -= calendar_office_open(f->p->house->calendar, hamlet, day + lag + 1);
	f->coming[at + lag] += n * f->come;
}

/* Those whom the texts send to their hamlet's office come on its days. */
static void forecast_send_all(struct forecast *f, int at, civil_day day, double n)
{
	bool own = false;

	for (int i = 0; i < f->p->n_audiences; i++)
		own = own || (f->p->audiences[i].office && f->p->audiences[i].hamlet);
	for (int i = 0; own && i < f->q.n_hamlets; i++)
		forecast_send(f, at, day, f->q.hamlets[i].name,
			      n * (double)f->q.hamlets[i].waiting / (double)f->q.waiting);
	if (!own || f->q.n_hamlets == 0)
		forecast_send(f, at, day, "", n);
}

static void forecast_invite(struct forecast *f, int at, civil_day day)
{
	double n = f->p->row->quota ? forecast_quota(f, day) : f->uninvited;

	n = n < f->uninvited ? n : f->uninvited;
	if (f->p->seats)
		n = forecast_seat(f, at + 1, n);
	else
		forecast_send_all(f, at, day, n);
	f->uninvited -= n;
	f->out->invitations += (int64_t)llround(n);
	if (f->uninvited < 0.5 && f->out->all_invited == 0)
		f->out->all_invited = day;
}

static void forecast_deadlines(struct forecast *f, civil_day day)
{
	for (int i = 0; i < f->q.n_targets; i++)
		if (f->q.targets[i].last == day)
			f->out->left_at[i] = (int64_t)ceil(f->left - 1e-6);
}

static void forecast_run(struct forecast *f)
{
	const struct calendar *c = f->p->house->calendar;
	civil_day end = f->q.today;

	for (int i = 0; i < f->q.n_targets; i++)
		end = f->q.targets[i].last > end ? f->q.targets[i].last : end;
	end += FORECAST_BEYOND;
	for (int at = 0; at < FORECAST_DAYS && f->q.today + at <= end; at++) {
		civil_day day = f->q.today + at;

		f->left -= f->coming[at] < f->left ? f->coming[at] : f->left;
		if (f->left < 0.5 && f->out->all_came == 0)
			f->out->all_came = day;
		if (f->uninvited >= 0.5 && f->left >= 0.5 && calendar_is_working_day(c, day))
			forecast_invite(f, at, day);
		forecast_deadlines(f, day);
	}
}

/* What would save the deadline that breaks first. */
static void forecast_save(struct forecast *f)
{
	struct campaign_forecast *o = f->out;
	double missing = 0;

	o->breaks = -1;
	for (int i = 0; i < f->q.n_targets; i++)
		if (o->left_at[i] > 0 &&
		    (o->breaks < 0 || f->q.targets[i].last < f->q.targets[o->breaks].last))
			o->breaks = i;
	if (o->breaks < 0)
		return;
	missing = (double)o->left_at[o->breaks];
	if (f->p->seats && f->uninvited >= 0.5) {
		double more =
		    missing < f->uninvited * f->come ? missing : f->uninvited * f->come;
		int64_t size =
		    f->n_sessions > 0 ? f->session_seats / f->n_sessions : FORECAST_SEATS;

		o->more_seats = (int64_t)ceil(more / (f->come > 0.05 ? f->come : 0.05) - 1e-6);
		o->seats_each = size > 0 ? size : FORECAST_SEATS;
		o->more_sessions = (o->more_seats + o->seats_each - 1) / o->seats_each;
		missing -= more;
	}
	o->visits = (int64_t)ceil(missing - 1e-6);
}

int campaign_forecast(struct store *st, const struct campaign_plan *p, civil_day today,
		      int come, struct campaign_forecast *out, struct err *e)
{
	struct forecast *f = mem_calloc(1, sizeof(*f));
	int rc = -1;

	memset(out, 0, sizeof(*out));
	f->p = p;
	f->out = out;
	if (campaign_quota(st, p, today, &f->q, e) < 0)
		goto out;
	out->observed = p->seats && f->q.no_show > 0;
	out->come = out->observed ? 1000 - f->q.no_show : come * 10;
	f->come = out->come / 1000.0;
	f->left = (double)f->q.left;
	if (forecast_load(f, st, e) < 0)
		goto out;
	out->left = f->q.left;
	out->to_invite = (int64_t)llround(f->uninvited);
	if (f->uninvited < 0.5)
		out->all_invited = today;
	forecast_run(f);
	forecast_save(f);
	out->cost = out->spent + (int64_t)llround(out->per_person * (double)out->invitations);
	out->quota = f->q;
	rc = 0;
out:
	free(f);
	return rc;
}

/* ---- shown --------------------------------------------------------------------------------- */

static json_t *forecast_day(civil_day day)
{
	char text[16];

	if (day == 0)
		return json_null();
	civil_day_format_iso(day, text);
	return json_string(text);
}

json_t *campaign_forecast_json(const struct campaign_forecast *o)
{
	json_t *list = json_array();

	for (int i = 0; i < o->quota.n_targets; i++)
		json_array_append_new(list, json_pack("{s:s,s:o,s:I,s:b}", "id",
						      o->quota.targets[i].id, "last_day",
						      forecast_day(o->quota.targets[i].last),
						      "left_then", (json_int_t)o->left_at[i],
						      "breaks", o->left_at[i] > 0));
	return json_pack("{s:I,s:I,s:i,s:b,s:o,s:o,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I}", "left",
			 (json_int_t)o->left, "to_invite", (json_int_t)o->to_invite,
			 "come_per_mille", o->come, "observed", o->observed, "all_invited",
			 forecast_day(o->all_invited), "all_came", forecast_day(o->all_came),
			 "invitations", (json_int_t)o->invitations, "spent",
			 (json_int_t)o->spent, "cost", (json_int_t)o->cost, "deadlines", list,
			 "more_seats", (json_int_t)o->more_seats, "more_sessions",
			 (json_int_t)o->more_sessions, "visits", (json_int_t)o->visits,
			 "by_hand", (json_int_t)o->by_hand);
}

static void forecast_say_day(struct buf *b, const char *what, civil_day day)
{
	char text[16];

	if (day == 0) {
		(void)buf_addf(b, "%s: không đạt được bằng tin nhắn\n", what);
		return;
	}
	civil_day_format_vi(day, text);
	(void)buf_addf(b, "%s: %s\n", what, text);
}

char *campaign_forecast_text(const struct campaign_forecast *o)
{
	struct buf b = BUF_INIT(8192);
	char a[32], c[32], day[16];

	vi_number(o->left, a);
	vi_number(o->to_invite, c);
	(void)buf_addf(&b, "Còn %s, chưa mời %s; %d,%d %% người được mời thì đến (%s)\n", a, c,
		       o->come / 10, o->come % 10,
		       o->observed ? "theo các buổi đã qua" : "giả định");
	forecast_say_day(&b, "Mời hết", o->all_invited);
	forecast_say_day(&b, "Đến hết", o->all_came);
	vi_number(o->cost, a);
	(void)buf_addf(&b, "Tổng chi phí: %s đồng\n", a);
	for (int i = 0; i < o->quota.n_targets; i++) {
		const struct quota_target *t = &o->quota.targets[i];

		civil_day_format_vi(t->last, day);
		vi_number(o->left_at[i], a);
		(void)buf_addf(&b, "Hạn %s (%s): %s%s\n", day, t->source,
			       t->last < o->quota.today ? "đã qua"
			       : o->left_at[i] > 0	? "KHÔNG KỊP, còn thiếu "
							: "kịp",
			       o->left_at[i] > 0 ? a : "");
	}
	if (o->more_seats > 0)
		(void)buf_addf(
		    &b, "Để kịp: thêm %lld lượt, tức %lld buổi nữa (mỗi buổi %lld lượt)\n",
		    (long long)o->more_seats, (long long)o->more_sessions,
		    (long long)o->seats_each);
	if (o->visits > 0)
		(void)buf_addf(
		    &b,
		    "Tin nhắn không đủ: %lld người phải đến nhà (%lld không nhắn tin "
		    "được)\n",
		    (long long)o->visits, (long long)o->by_hand);
	return buf_take(&b);
}
