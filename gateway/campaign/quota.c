/* SPDX-License-Identifier: Apache-2.0 */
/* How many are invited on a day. Peers pace by what a provider bears; here it is
 * what the counter bears, and the deadline. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/plan.h"
#include "text/vi.h"

/* How many must be known before anybody speaks of a rate, and the most that is believed. */
#define QUOTA_OBSERVED 10
#define QUOTA_NO_SHOW  750

struct quota_pass {
	const struct campaign_plan *p;
	struct plan_units units;
	struct campaign_quota *out;
	bool applies[CAMPAIGN_QUOTA_TARGETS]; /* to somebody whom the campaign is for */
};

static void quota_hamlet(struct campaign_quota *q, const struct plan_unit *unit)
{
	int64_t id = unit != NULL ? unit->id : 0;
	int i = 0;

	while (i < q->n_hamlets && q->hamlets[i].unit_id != id)
		i++;
	if (i == q->n_hamlets && i < CAMPAIGN_QUOTA_HAMLETS) {
		q->hamlets[i].unit_id = id;
		(void)snprintf(q->hamlets[i].name, sizeof(q->hamlets[i].name), "%s",
			       unit != NULL ? unit->name : "");
		q->n_hamlets++;
	}
	q->hamlets[i < CAMPAIGN_QUOTA_HAMLETS ? i : CAMPAIGN_QUOTA_HAMLETS - 1].waiting++;
}

static bool quota_row(const struct recipient *r, void *arg)
{
	struct quota_pass *q = arg;
	const struct programme *g = q->p->programme;
	const struct plan_unit *unit = plan_units_find(&q->units, r->unit_id);
	struct predicate_row row = {.r = r, .unit_name = unit != NULL ? unit->name : NULL};
	int audience = -1;
	enum exclusion why = plan_judge(q->p, r, unit, &audience);
	bool ours = why == EXCLUDED_COUNT ||
		    (audience >= 0 && why != EXCLUDED_DECEASED && why != EXCLUDED_HELD);

	if (r->hold == HOLD_GONE)
		return true;
	q->out->waiting += ours;
	if (ours)
		quota_hamlet(q->out, unit);
	for (int i = 0; i < q->out->n_targets; i++) {
		if (programme_target_reached(g, (size_t)i, &row))
			q->out->targets[i].reached++;
		else
			q->applies[i] = q->applies[i] || ours;
	}
	return true;
}

static int64_t quota_ceil(int64_t a, int64_t b)
{
	return a <= 0 ? 0 : (a + b - 1) / b;
}

static void quota_targets(const struct campaign_plan *p, struct campaign_quota *q)
{
	const struct programme_target *t = p->programme->targets.items;

	for (size_t i = 0; i < p->programme->targets.n && i < CAMPAIGN_QUOTA_TARGETS; i++) {
		civil_day last =
		    (civil_day)(t[i].inclusive ? t[i].deadline : t[i].deadline - 1);

		q->targets[q->n_targets++] = (struct quota_target){
		    .id = t[i].id,
		    .source = t[i].source,
		    .last = last,
		    .assigned = t[i].assigned,
		    .days = last < q->today
				? 0
				: calendar_working_days(p->house->calendar, q->today, last)};
	}
}

/* What is left is spread over the hamlets as those who wait are; one whose office is closed on more days
 * has fewer to do its part in. */
int64_t quota_of_day(const struct calendar *c, struct campaign_quota *q, double left,
		     civil_day day, civil_day last)
{
	double sum = 0;

	q->differ = false;
	q->days = last < day ? 0 : calendar_working_days(c, day, last);
	q->days = q->days > 0 ? q->days : 1;
	for (int i = 0; i < q->n_hamlets; i++) {
		struct quota_hamlet *h = &q->hamlets[i];

		h->days = last < day ? 0 : calendar_office_days(c, h->name, day, last);
		h->days = h->days > 0 ? h->days : 1;
		q->differ = q->differ || h->days != q->days;
		sum += left * (double)h->waiting / (double)q->waiting / h->days;
	}
	return (int64_t)ceil((q->differ ? sum : left / q->days) - 1e-9);
}

/* The earliest deadline that is still to come rules; when all are over, the last one. */
static void quota_rule(const struct campaign_plan *p, const struct quota_pass *pass)
{
	struct campaign_quota *q = pass->out;
	civil_day last = q->today;
	int64_t day;

	q->ruling = -1;
	for (int i = 0; i < q->n_targets; i++) {
		struct quota_target *t = &q->targets[i];
		const struct quota_target *now = q->ruling >= 0 ? &q->targets[q->ruling] : NULL;
		bool over = t->last < q->today;

		t->left = t->assigned > t->reached ? t->assigned - t->reached : 0;
		if (!pass->applies[i])
			continue;
		if (now == NULL || (now->last < q->today ? !over || t->last > now->last
							 : !over && t->last < now->last))
			q->ruling = i;
	}
	q->left = q->waiting;
	if (q->ruling >= 0) {
		q->left = q->targets[q->ruling].left;
		last = q->targets[q->ruling].last;
	} else if (p->deadline != NULL && conf_parse_date(p->deadline, &day) == 0) {
		last = (civil_day)day;
	}
	q->base = quota_of_day(p->house->calendar, q, (double)q->left, q->today, last);
}

static void quota_seats(const struct session *s, void *arg)
{
	int64_t *seats = arg;

	if (s->state == SESSION_OPEN)
		*seats += s->seats - s->taken;
}

static void quota_hold(struct campaign_quota *q, int64_t limit, enum quota_cap cap)
{
	if (limit < 0 || q->quota <= limit)
		return;
	q->quota = limit;
	q->cap = cap;
}

/* What is spent or bound already: what was accepted, and what may still go. */
static int quota_budget(struct store *st, const struct campaign_plan *p, int64_t *left,
			struct err *e)
{
	int64_t price = p->house->price_per_segment, spent;
	struct message_counts n;

	*left = -1;
	if (p->row->budget <= 0 || price <= 0)
		return 0;
	if (store_message_counts(st, p->row->id, 0, &n, e) < 0)
		return -1;
	spent = (n.segments_accepted + n.segments_open) * price;
	*left = p->row->budget > spent ? (p->row->budget - spent) / price : 0;
	return 0;
}

int campaign_quota(struct store *st, const struct campaign_plan *p, civil_day today,
		   struct campaign_quota *out, struct err *e)
{
	struct quota_pass pass = {.p = p, .out = out};
	struct seat_counts seen;
	int rc = -1;

	*out = (struct campaign_quota){.today = today, .seats = -1, .provider = -1};
	quota_targets(p, out);
	if (plan_units_load(&pass.units, st, e) < 0)
		return -1;
	if (store_recipient_scan(st, p->row->programme, 0, SIZE_MAX, true, quota_row, &pass,
				 e) < 0 ||
	    store_seat_counts(st, p->row->programme, &seen, e) < 0 ||
	    quota_budget(st, p, &out->budget, e) < 0)
		goto out;
	quota_rule(p, &pass);
	out->came = seen.came;
	out->absent = seen.absent;
	if (seen.came + seen.absent >= QUOTA_OBSERVED)
		out->no_show = (int)(1000 * seen.absent / (seen.came + seen.absent));
	if (out->no_show > QUOTA_NO_SHOW)
		out->no_show = QUOTA_NO_SHOW;
	out->raised = quota_ceil(out->base * 1000, 1000 - out->no_show);
	if (p->seats) {
		out->seats = 0;
		if (store_session_list(st, p->row->programme, today + 1, quota_seats,
				       &out->seats, e) < 0)
			goto out;
	}
	if (p->house->segments_per_day > 0)
		out->provider = p->house->segments_per_day;
	out->quota = out->raised;
	quota_hold(out, out->seats, QUOTA_BY_SEATS);
	quota_hold(out, out->provider, QUOTA_BY_PROVIDER);
	quota_hold(out, out->budget, QUOTA_BY_BUDGET);
	rc = 0;
out:
	plan_units_free(&pass.units);
	return rc;
}

int quota_today(struct store *st, const struct campaign_plan *p, int64_t at,
		struct campaign_day *day, int64_t *allowed, struct err *e)
{
	struct campaign_quota q;
	json_t *j;
	int rc = store_campaign_day_get(st, p->row->id, civil_day_of(at), day, e);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		if (campaign_quota(st, p, civil_day_of(at), &q, e) < 0)
			return -1;
		j = campaign_quota_json(&q);
		day->quota = q.quota;
		day->arithmetic = json_dumps(j, JSON_COMPACT);
		json_decref(j);
		if (store_campaign_day_put(st, p->row->id, day, e) < 0)
			return -1;
	}
	*allowed = day->quota > day->planned ? day->quota - day->planned : 0;
	return 0;
}

/* ---- shown --------------------------------------------------------------------------------- */

static const char *const quota_caps[] = {[QUOTA_UNCAPPED] = "none",
					 [QUOTA_BY_SEATS] = "seats",
					 [QUOTA_BY_PROVIDER] = "provider",
					 [QUOTA_BY_BUDGET] = "budget"};

json_t *campaign_quota_json(const struct campaign_quota *q)
{
	json_t *targets = json_array(), *hamlets = json_array();
	char day[16];

	for (int i = 0; i < q->n_targets; i++) {
		const struct quota_target *t = &q->targets[i];

		civil_day_format_iso(t->last, day);
		json_array_append_new(
		    targets,
		    json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:i,s:b}", "id", t->id, "source",
			      t->source, "last_day", day, "assigned", (json_int_t)t->assigned,
			      "reached", (json_int_t)t->reached, "left", (json_int_t)t->left,
			      "working_days", t->days, "rules", i == q->ruling));
	}
	for (int i = 0; i < q->n_hamlets; i++)
		json_array_append_new(hamlets,
				      json_pack("{s:s,s:I,s:i}", "unit", q->hamlets[i].name,
						"waiting", (json_int_t)q->hamlets[i].waiting,
						"working_days", q->hamlets[i].days));
	civil_day_format_iso(q->today, day);
	return json_pack("{s:s,s:o,s:o,s:I,s:I,s:i,s:I,s:I,s:I,s:i,s:I,s:I,s:I,s:I,s:I,s:s}",
			 "day", day, "targets", targets, "hamlets", hamlets, "waiting",
			 (json_int_t)q->waiting, "left", (json_int_t)q->left, "working_days",
			 q->days, "base", (json_int_t)q->base, "came", (json_int_t)q->came,
			 "absent", (json_int_t)q->absent, "no_show_per_mille", q->no_show,
			 "raised", (json_int_t)q->raised, "free_seats", (json_int_t)q->seats,
			 "provider_segments", (json_int_t)q->provider, "budget_segments",
			 (json_int_t)q->budget, "quota", (json_int_t)q->quota, "capped_by",
			 quota_caps[q->cap]);
}

/* a ÷ b with one decimal, rounded, as it is written here: "10,8". */
static void quota_ratio(int64_t a, int64_t b, char out[48])
{
	int64_t tenths = (a * 10 + b / 2) / b;
	char whole[32];

	vi_number(tenths / 10, whole);
	(void)snprintf(out, 48, "%s,%lld", whole, (long long)(tenths % 10));
}

static void quota_say_cap(struct buf *b, const char *what, int64_t limit, bool holds)
{
	char n[32];

	if (limit < 0)
		return;
	vi_number(limit, n);
	(void)buf_addf(b, "%s: %s%s\n", what, n, holds ? "  ← giới hạn" : "");
}

static void quota_say_targets(struct buf *b, const struct campaign_quota *q)
{
	char day[16], assigned[32], reached[32], left[32];

	for (int i = 0; i < q->n_targets; i++) {
		const struct quota_target *t = &q->targets[i];

		civil_day_format_vi(t->last, day);
		vi_number(t->assigned, assigned);
		vi_number(t->reached, reached);
		vi_number(t->left, left);
		(void)buf_addf(
		    b,
		    "Chỉ tiêu %s (%s): giao %s, đạt %s, còn %s; ngày cuối %s, còn %d "
		    "ngày làm việc%s\n",
		    t->id, t->source, assigned, reached, left, day, t->days,
		    i == q->ruling ? "  ← tính theo hạn này" : "");
	}
}

char *campaign_quota_text(const struct campaign_quota *q)
{
	struct buf b = BUF_INIT(8192);
	char a[32], n[32], ratio[48];

	quota_say_targets(&b, q);
	vi_number(q->left, a);
	vi_number(q->base, n);
	quota_ratio(q->left, q->days, ratio);
	if (q->differ) {
		(void)buf_addf(&b, "%s chia theo ấp, mỗi ấp theo số ngày làm việc của mình", a);
		for (int i = 0; i < q->n_hamlets; i++)
			(void)buf_addf(&b, "%s%s %lld người, %d ngày", i == 0 ? ": " : "; ",
				       q->hamlets[i].name, (long long)q->hamlets[i].waiting,
				       q->hamlets[i].days);
		(void)buf_addf(&b, " → %s\n", n);
	} else {
		(void)buf_addf(&b, "%s ÷ %d ngày = %s → %s\n", a, q->days, ratio, n);
	}
	if (q->no_show > 0) {
		char raised[32];

		vi_number(q->raised, raised);
		(void)buf_addf(
		    &b, "Vắng %lld trong %lld người đã hẹn (%d,%d %%): %s ÷ %d,%03d → %s\n",
		    (long long)q->absent, (long long)q->came + (long long)q->absent,
		    q->no_show / 10, q->no_show % 10, n, (1000 - q->no_show) / 1000,
		    (1000 - q->no_show) % 1000, raised);
	}
	quota_say_cap(&b, "Lượt còn trống ở các buổi", q->seats, q->cap == QUOTA_BY_SEATS);
	quota_say_cap(&b, "Nhà cung cấp gửi được trong ngày", q->provider,
		      q->cap == QUOTA_BY_PROVIDER);
	quota_say_cap(&b, "Kinh phí còn đủ", q->budget, q->cap == QUOTA_BY_BUDGET);
	vi_number(q->quota, n);
	(void)buf_addf(&b, "Chỉ tiêu mời trong ngày: %s\n", n);
	return buf_take(&b);
}
