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

static void quota_hamlet(struct campaign_quota *q, const struct plan_unit *unit)
{
	int64_t id = unit != NULL ? unit->id : 0;
	const char *name = unit != NULL ? unit->name : "";
	int i = 0;

	while (i < q->n_hamlets && q->hamlets[i].unit_id != id)
		i++;
	if (i == q->n_hamlets && i < CAMPAIGN_QUOTA_HAMLETS) {
		q->hamlets[i].unit_id = id;
		(void)snprintf(q->hamlets[i].name, sizeof(q->hamlets[i].name), "%.*s",
			       buf_fit(name, sizeof(q->hamlets[i].name) - 1), name);
		q->n_hamlets++;
	}
	q->hamlets[i < CAMPAIGN_QUOTA_HAMLETS ? i : CAMPAIGN_QUOTA_HAMLETS - 1].waiting++;
}

void quota_pass_row(struct quota_pass *w, const struct recipient *r,
		    const struct plan_unit *unit)
{
	struct campaign_quota *q = &w->q;
	struct predicate_row row = {.r = r, .unit_name = unit != NULL ? unit->name : NULL};
	int audience = -1;
	enum exclusion why = plan_judge(w->p, r, unit, &audience);
	bool ours = why == EXCLUDED_COUNT ||
		    (audience >= 0 && why != EXCLUDED_DECEASED && why != EXCLUDED_HELD);

	if (r->hold == HOLD_GONE)
		return;
	q->waiting += ours;
	if (ours)
		quota_hamlet(q, unit);
	for (int i = 0; i < q->n_targets; i++) {
		if (programme_target_reached(w->p->programme, (size_t)i, &row))
			q->targets[i].reached++;
		else
			w->applies[i] = w->applies[i] || ours;
	}
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
static void quota_rule(struct quota_pass *w)
{
	const struct campaign_plan *p = w->p;
	struct campaign_quota *q = &w->q;
	civil_day last = q->today;
	int64_t day;

	q->ruling = -1;
	for (int i = 0; i < q->n_targets; i++) {
		struct quota_target *t = &q->targets[i];
		const struct quota_target *now = q->ruling >= 0 ? &q->targets[q->ruling] : NULL;
		bool over = t->last < q->today;

		t->left = t->assigned > t->reached ? t->assigned - t->reached : 0;
		if (!w->applies[i])
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

int quota_budget(struct store *st, const struct campaign_plan *p, int64_t *left, struct err *e)
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

void quota_pass_begin(struct quota_pass *w, const struct campaign_plan *p, civil_day today)
{
	*w = (struct quota_pass){.p = p,
				 .q = {.today = today, .seats = -1, .provider = -1}};
	quota_targets(p, &w->q);
}

int quota_pass_end(struct quota_pass *w, struct store *st, struct err *e)
{
	const struct campaign_plan *p = w->p;
	struct campaign_quota *q = &w->q;
	struct seat_counts seen;

	if (store_seat_counts(st, p->row->programme, &seen, e) < 0 ||
	    quota_budget(st, p, &q->budget, e) < 0)
		return -1;
	quota_rule(w);
	q->came = seen.came;
	q->absent = seen.absent;
	if (seen.came + seen.absent >= QUOTA_OBSERVED)
		q->no_show = (int)(1000 * seen.absent / (seen.came + seen.absent));
	if (q->no_show > QUOTA_NO_SHOW)
		q->no_show = QUOTA_NO_SHOW;
	q->raised = quota_ceil(q->base * 1000, 1000 - q->no_show);
	if (p->seats) {
		q->seats = 0;
		if (store_session_list(st, p->row->programme, q->today + 1, quota_seats,
				       &q->seats, e) < 0)
			return -1;
	}
	if (p->house->segments_per_day > 0)
		q->provider = p->house->segments_per_day;
	q->quota = q->raised;
	quota_hold(q, q->seats, QUOTA_BY_SEATS);
	quota_hold(q, q->provider, QUOTA_BY_PROVIDER);
	quota_hold(q, q->budget, QUOTA_BY_BUDGET);
	return 0;
}

struct quota_scan {
	struct quota_pass pass;
	struct plan_units units;
};

static bool quota_row(const struct recipient *r, void *arg)
{
	struct quota_scan *s = arg;

	quota_pass_row(&s->pass, r, plan_units_find(&s->units, r->unit_id));
	return true;
}

int campaign_quota(struct store *st, const struct campaign_plan *p, civil_day today,
		   struct campaign_quota *out, struct err *e)
{
	struct quota_scan s = {.units = {.n = 0}};
	int rc = plan_units_load(&s.units, st, e);

	quota_pass_begin(&s.pass, p, today);
	if (rc == 0)
		rc = store_recipient_scan(st, p->row->programme, 0, SIZE_MAX, true, quota_row,
					  &s, e);
	if (rc == 0)
		rc = quota_pass_end(&s.pass, st, e);
	plan_units_free(&s.units);
	*out = s.pass.q;
	return rc;
}

int quota_pass_write(struct quota_pass *w, struct store *st, struct campaign_day *day,
		     struct err *e)
{
	json_t *j;

	if (quota_pass_end(w, st, e) < 0)
		return -1;
	j = campaign_quota_json(&w->q);
	free(day->arithmetic);
	*day = (struct campaign_day){.day = w->q.today,
				     .quota = w->q.quota,
				     .arithmetic = json_dumps(j, JSON_COMPACT)};
	json_decref(j);
	return store_campaign_day_put(st, w->p->row->id, day, e);
}

/* ---- a pass that is interrupted --------------------------------------------------------------- */

json_t *quota_pass_save(const struct quota_pass *w)
{
	json_t *targets = json_array(), *hamlets = json_array();

	for (int i = 0; i < w->q.n_targets; i++)
		json_array_append_new(targets,
				      json_pack("[I, b]", (json_int_t)w->q.targets[i].reached,
						w->applies[i]));
	for (int i = 0; i < w->q.n_hamlets; i++)
		json_array_append_new(hamlets,
				      json_pack("[I, s, I]",
						(json_int_t)w->q.hamlets[i].unit_id,
						w->q.hamlets[i].name,
						(json_int_t)w->q.hamlets[i].waiting));
	return json_pack("{s:I, s:o, s:o}", "waiting", (json_int_t)w->q.waiting, "targets",
			 targets, "hamlets", hamlets);
}

void quota_pass_load(struct quota_pass *w, const json_t *saved)
{
	const json_t *row;
	size_t i;

	w->q.waiting = json_integer_value(json_object_get(saved, "waiting"));
	json_array_foreach(json_object_get(saved, "targets"), i, row)
	{
		if (i >= (size_t)w->q.n_targets)
			break;
		w->q.targets[i].reached = json_integer_value(json_array_get(row, 0));
		w->applies[i] = json_is_true(json_array_get(row, 1));
	}
	json_array_foreach(json_object_get(saved, "hamlets"), i, row)
	{
		struct quota_hamlet *h = &w->q.hamlets[i];
		const char *name = json_string_value(json_array_get(row, 1));

		if (i >= CAMPAIGN_QUOTA_HAMLETS)
			break;
		h->unit_id = json_integer_value(json_array_get(row, 0));
		(void)snprintf(h->name, sizeof(h->name), "%s", name != NULL ? name : "");
		h->waiting = json_integer_value(json_array_get(row, 2));
		w->q.n_hamlets = (int)i + 1;
	}
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
