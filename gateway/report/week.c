/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "campaign/duty.h"
#include "report/figures.h"
#include "report/heads.h"
#include "report/report.h"
#include "report/view.h"
#include "report/week.h"
#include "store/campaign.h"
#include "store/message.h"

/* Under which the store remembers that a week had its digests. */
#define WEEK_DIGESTS "digests"
/* Weeks before this were over when reports were first asked for. */
#define WEEK_SINCE "reports_since"

#define WEEK_CAMPAIGN "digest"
#define WEEK_AHEAD    3 /* a moment moves back over holidays by less than that many weeks */
#define WEEK_JSON     (JSON_COMPACT | JSON_REAL_PRECISION(6))

static int64_t week_moment(civil_day day, int64_t minute)
{
	return civil_day_start_ms(day) + minute * CLOCK_MINUTE_MS;
}

static civil_day week_day(const struct report_house *h, civil_day monday, int64_t weekday)
{
	return calendar_working_day_before(h->house->calendar, monday + (civil_day)weekday - 1);
}

/* When the teams hand in: the day of the digests, but always before the summary that holds what they say where
 * the two have days of their own; a holiday may bring the summary forward to theirs. */
static civil_day week_collect_day(const struct report_house *h, civil_day digests,
				  civil_day summary)
{
	const struct reports_config *c = h->cfg;

	if (c->digest_weekday >= c->weekly_weekday || digests < summary)
		return digests;
	return calendar_working_day_before(h->house->calendar, summary - 1);
}

struct report_schedule report_schedule_of(const struct report_house *h, int iso_week)
{
	const struct reports_config *c = h->cfg;
	civil_day monday = civil_iso_week_monday(iso_week);
	civil_day digests = week_day(h, monday, c->digest_weekday);
	civil_day summary = week_day(h, monday, c->weekly_weekday);
	civil_day collect = week_collect_day(h, digests, summary);

	struct report_schedule s = {.iso_week = iso_week,
				    .remind_at = week_moment(collect, c->collect_remind_at),
				    .collect_until = week_moment(collect, c->collect_until),
				    .late_at = week_moment(collect, c->collect_late_at),
				    .digest_at = week_moment(digests, c->digest_at),
				    .digest_until =
					week_moment(monday + 6, REPORT_DIGEST_UNTIL),
				    .ready_at = week_moment(summary, c->weekly_ready_at),
				    .push_by = week_moment(summary, c->weekly_push_by),
				    .deadline = week_moment(summary, c->weekly_deadline),
				    .communes_by = week_moment(summary, c->communes_by)};

	/* not before those below have handed up */
	if (c->communes.n > 0 && s.digest_at < s.ready_at)
		s.digest_at = s.ready_at;
	return s;
}

/* ---- figures --------------------------------------------------------------------------- */

static int week_freeze(const struct week *w)
{
	char *text = NULL;
	char sha[65];
	int64_t at;
	bool frozen = false;
	json_t *figures;
	int rc = store_figures_get(w->st, REPORT_FIGURES, w->s.iso_week, &text, &at, sha, w->e);

	free(text);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	figures = figures_draw(w->st, w->h, w->s.iso_week, w->now, w->e);
	if (figures == NULL)
		return -1;
	text = json_dumps(figures, WEEK_JSON);
	json_decref(figures);
	rc = store_figures_freeze(w->st, REPORT_FIGURES, w->s.iso_week, text, w->now, &frozen,
				  w->e);
	free(text);
	if (rc == 0)
		log_info("report", "figures_frozen", "week=%d late=%s", w->s.iso_week,
			 w->now > w->s.deadline ? "true" : "false");
	return rc;
}

int report_backfill(struct store *st, const struct report_house *h, int iso_week,
		    const char *who, int64_t now, struct err *e)
{
	struct week w = {
	    .st = st, .h = h, .s = report_schedule_of(h, iso_week), .now = now, .e = e};
	char subject[32];
	int rc;

	if (iso_week >= civil_iso_week(civil_day_of(now)))
		return err_set(e, EX_USAGE, "tuần %d-W%02d chưa qua: hệ thống tự chốt số liệu",
			       iso_week / 100, iso_week % 100);
	rc = week_marked(&w, REPORT_FIGURES);
	if (rc != 0)
		return rc < 0 ? -1
			      : err_set(e, EX_DATAERR, "tuần %d-W%02d đã có số liệu",
					iso_week / 100, iso_week % 100);
	(void)snprintf(subject, sizeof(subject), "week:%d", iso_week);
	if (week_freeze(&w) < 0 || store_audit(st, who, "report.backfill", subject, "", e) < 0)
		return -1;
	return 0;
}

int week_mark(const struct week *w, const char *kind, bool *first)
{
	return store_figures_freeze(w->st, kind, w->s.iso_week, "{}", w->now, first, w->e);
}

int week_marked(const struct week *w, const char *kind)
{
	char *text = NULL;
	char sha[65];
	int64_t at;
	int rc = store_figures_get(w->st, kind, w->s.iso_week, &text, &at, sha, w->e);

	free(text);
	return rc;
}

/* ---- digests --------------------------------------------------------------------------- */

int week_stream(const struct week *w, const char *name, enum lane lane, int64_t *id)
{
	/* No audience: heads_load() found them by any word of their list, and each stream has its own. */
	const struct campaign_stream stream = {
	    .name = name, .programme = w->h->cfg->digest_programme, .lane = lane};

	return campaign_stream_open(w->st, &stream, w->now, id, w->e);
}

struct week_digests {
	int64_t campaign_id, template_id;
	struct units units;
	struct heads heads;
	size_t planned, missing, faults;
};

int week_plan(const struct week *w, int64_t campaign_id, int64_t template_id,
	      const struct head *head, int64_t until, const char *text, size_t *planned)
{
	struct sms_count count = sms_count(text);
	size_t inserted = 0, linked = 0;
	struct message_plan plan = {.campaign_id = campaign_id,
				    .recipient_id = head->recipient_id,
				    .step = w->s.iso_week,
				    .contact_id = head->contact_id,
				    .template_id = template_id,
				    .recipient_rev = head->rev,
				    .due_at = w->now,
				    .expires_at = until,
				    .day = civil_day_of(w->now),
				    .ucs2 = count.ucs2,
				    .segments = count.segments,
				    .text = text};

	if (store_message_plan(w->st, &plan, 1, &inserted, &linked, w->e) < 0)
		return -1;
	*planned += inserted;
	return 0;
}

/* The digests of one hamlet, for each of its heads. A text that cannot be written is a fault that is
 * logged and tried again, not a reason to keep the other hamlets waiting. */
static int week_hamlet(const struct week *w, struct week_digests *d, const json_t *figures,
		       const json_t *hamlet)
{
	const char *unit = figures_text(hamlet, "unit"), *kind = figures_text(hamlet, "kind");
	struct buf text = BUF_INIT(2000);
	struct err why = ERR_INIT;
	const struct head *head;
	size_t i = 0;
	int rc = 0;

	if (heads_status(&d->heads, unit, kind) != HEAD_OK) {
		log_warn("report", "digest_without_head", "week=%d unit=\"%s %s\" head=%s",
			 w->s.iso_week, kind, unit,
			 head_status_name(heads_status(&d->heads, unit, kind)));
		d->missing++;
		return 0;
	}
	if (report_digest_text(w->h, figures, unit, &text, &why) < 0) {
		log_error("report", "digest_fault", "week=%d unit=\"%s %s\" reason=\"%s\"",
			  w->s.iso_week, kind, unit, why.text);
		d->faults++;
		goto out;
	}
	while (rc == 0 && (head = heads_of(&d->heads, unit, kind, &i)) != NULL) {
		if (head->status == HEAD_OK)
			rc = week_plan(w, d->campaign_id, d->template_id, head,
				       w->s.digest_until, buf_text(&text), &d->planned);
	}
out:
	buf_free(&text);
	return rc;
}

static int week_digests_plan(const struct week *w, struct week_digests *d)
{
	struct err why = ERR_INIT;
	json_t *figures = NULL;
	const json_t *hamlet;
	size_t len, i;
	char *text = view_read(w->h->house->templates, REPORT_DIGEST_TEXT, &len, &why);
	int rc = -1;

	if (text == NULL) {
		log_error("report", "digest_fault", "week=%d reason=\"%s\"", w->s.iso_week,
			  why.text);
		d->faults++;
		return 0;
	}
	if (week_stream(w, WEEK_CAMPAIGN, LANE_NOTICE, &d->campaign_id) < 0 ||
	    store_template_put(w->st, REPORT_DIGEST_TEXT, text, &d->template_id, w->e) < 0 ||
	    report_frozen(w->st, w->s.iso_week, &figures, w->e) < 0 ||
	    units_load(&d->units, w->st, w->e) < 0 ||
	    heads_load(&d->heads, w->st, w->h, w->h->cfg->digest_audience, &d->units, w->e) < 0)
		goto out;
	json_array_foreach(json_object_get(figures, "heads"), i, hamlet)
	{
		if (week_hamlet(w, d, figures, hamlet) < 0)
			goto out;
	}
	rc = 0;
out:
	free(text);
	json_decref(figures);
	return rc;
}

static int week_digests(const struct week *w)
{
	struct week_digests d = {.campaign_id = 0};
	bool first = false;
	int rc = week_marked(w, WEEK_DIGESTS);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	rc = week_digests_plan(w, &d);
	heads_free(&d.heads);
	units_free(&d.units);
	if (rc < 0)
		return -1;
	log_info("report", "digests_planned", "week=%d n=%zu without_head=%zu faults=%zu",
		 w->s.iso_week, d.planned, d.missing, d.faults);
	return d.faults > 0 ? 0 : week_mark(w, WEEK_DIGESTS, &first);
}

/* ---- the tick -------------------------------------------------------------------------- */

void week_wake(int64_t *wake, int64_t at)
{
	if (at < *wake)
		*wake = at;
}

static int week_do(const struct week *w, int64_t *wake)
{
	const struct report_schedule *s = &w->s;
	int64_t first = s->digest_at < s->ready_at ? s->digest_at : s->ready_at;

	if (w->now < first) {
		week_wake(wake, first);
		return notices_turn(w, wake);
	}
	if (week_freeze(w) < 0)
		return -1;
	if (w->now < s->digest_at)
		week_wake(wake, s->digest_at);
	else if (w->now < s->digest_until && (week_digests(w) < 0 || unread_turn(w) < 0))
		return -1;
	if (w->now < s->ready_at)
		week_wake(wake, s->ready_at);
	else if (release_turn(w) < 0)
		return -1;
	return notices_turn(w, wake);
}

/* When reports were first asked for here. A clock that was ahead then is not believed for ever. */
static int week_since(struct store *st, int64_t now, int64_t *since, struct err *e)
{
	char *text = NULL;
	char fresh[32];
	int rc = store_meta_get(st, WEEK_SINCE, &text, e);

	*since = rc > 0 ? strtoll(text, NULL, 10) : now;
	free(text);
	if (rc < 0 || (rc > 0 && *since <= now))
		return rc < 0 ? -1 : 0;
	*since = now;
	(void)snprintf(fresh, sizeof(fresh), "%" PRId64, now);
	return store_meta_set(st, WEEK_SINCE, fresh, e);
}

int report_tick(struct store *st, const struct report_house *h, int64_t now, int64_t *wake,
		struct err *e)
{
	civil_day monday = civil_iso_week_monday(civil_iso_week(civil_day_of(now)));
	int64_t since;

	*wake = INT64_MAX;
	if (campaign_duty_tick(st, h->house, h->cfg->digest_programme, (int)h->cfg->duty_at,
			       now, wake, e) < 0)
		return -1;
	if (!h->cfg->enabled)
		return 0;
	if (week_since(st, now, &since, e) < 0)
		return -1;
	for (civil_day k = -1; k <= WEEK_AHEAD; k++) {
		struct week w = {.st = st,
				 .h = h,
				 .s = report_schedule_of(h, civil_iso_week(monday + 7 * k)),
				 .now = now,
				 .e = e};

		if (w.s.deadline > since && week_do(&w, wake) < 0)
			return -1;
	}
	return 0;
}
