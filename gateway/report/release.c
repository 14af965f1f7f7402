/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a week: a draft, a person's word, the jobs that carry it out. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/figures.h"
#include "report/week.h"

/* Kinds under which the store remembers what a week has had. */
#define RELEASE_JOBS	  "jobs"
#define RELEASE_CONFIRMED "confirmed"

#define RELEASE_TEXT_MAX ((size_t)256 * 1024)
#define RELEASE_JSON	 (JSON_COMPACT | JSON_REAL_PRECISION(6))
#define RELEASE_LIST	 400 /* jobs of a week, more than there ever are */

/* What is handed over; papers NULL: without documents. */
static char *release_payload(const json_t *figures, const char *text, json_t *papers)
{
	json_t *o = json_pack("{s:s,s:O,s:{s:O,s:s}}", "type", "report.weekly", "timestamp",
			      json_object_get(figures, "drawn_at"), "data", "figures", figures,
			      "text", text);
	char *payload;

	if (papers != NULL)
		json_object_set(o, "papers", papers);
	payload = json_dumps(o, RELEASE_JSON);
	json_decref(o);
	return payload;
}

static int release_job(const struct week *w, const char *kind, const char *target,
		       char *payload, size_t *made)
{
	struct job j = {.kind = (char *)(uintptr_t)kind,
			.target = (char *)(uintptr_t)target,
			.week = w->s.iso_week,
			.state = JOB_WAITING,
			.due_at = w->now,
			.deadline = w->now > w->s.deadline ? w->now : w->s.deadline,
			.payload = payload};
	int rc = store_job_add(w->st, &j, w->e);

	*made += rc > 0;
	return rc < 0 ? -1 : 0;
}

static size_t release_emails(const struct reports_config *c)
{
	return c->email.server != NULL && *c->email.server != '\0' ? c->email.to.n : 0;
}

/* The receivers that a job is for, a bit each; config.c allows no more. */
static uint32_t release_pushes(const struct reports_config *c, const struct job *j)
{
	const struct report_push *push = c->push.items;
	uint32_t bits = 0;

	for (size_t i = 0; strcmp(j->kind, REPORT_JOB_PUSH) == 0 && i < c->push.n; i++)
		bits |= (uint32_t)(strcmp(push[i].url, j->target) == 0) << i;
	return bits;
}

static uint32_t release_mails(const struct reports_config *c, const struct job *j)
{
	char *const *to = c->email.to.items;
	uint32_t bits = 0;

	for (size_t i = 0; strcmp(j->kind, REPORT_JOB_EMAIL) == 0 && i < release_emails(c); i++)
		bits |= (uint32_t)(strcmp(to[i], j->target) == 0) << i;
	return bits;
}

bool release_waits(const struct reports_config *c, const struct job *j)
{
	if (j->state == JOB_DONE || j->state == JOB_FAILED)
		return false;
	return strcmp(j->kind, REPORT_JOB_CONFIRM) == 0 || release_pushes(c, j) != 0 ||
	       release_mails(c, j) != 0;
}

/* Which receivers have their job of a week. */
struct release_known {
	const struct reports_config *c;
	uint32_t pushes, mails;
};

static void release_count(const struct job *j, void *arg)
{
	struct release_known *k = arg;

	k->pushes |= release_pushes(k->c, j);
	k->mails |= release_mails(k->c, j);
}

/* Documents that cannot be drawn do not hold up the summary, which stands in the words too. */
static json_t *release_papers(const struct week *w, const json_t *figures)
{
	struct err why = ERR_INIT;
	json_t *papers = papers_draw(w->st, w->h, figures, &why);

	if (papers == NULL)
		log_error("report", "papers_fault", "week=%d reason=\"%s\"", w->s.iso_week,
			  why.text);
	return papers;
}

/* Documents take a while to draw: only where an e-mail is still to be made. */
static int release_make(const struct week *w, const struct release_known *known, size_t *made)
{
	const struct reports_config *c = w->h->cfg;
	const struct report_push *push = c->push.items;
	char *const *to = c->email.to.items;
	size_t mails = release_emails(c);
	struct buf text = BUF_INIT(RELEASE_TEXT_MAX);
	json_t *figures = NULL, *papers = NULL;
	char *plain = NULL, *full = NULL;
	int rc = -1;

	if (report_frozen(w->st, w->s.iso_week, &figures, w->e) <= 0 ||
	    report_weekly_text(w->h, figures, &text, w->e) < 0)
		goto out;
	if (mails > 0 && known->mails != (UINT32_C(1) << mails) - 1)
		papers = release_papers(w, figures);
	plain = release_payload(figures, buf_text(&text), NULL);
	full = release_payload(figures, buf_text(&text), papers);
	rc = 0;
	for (size_t i = 0; rc == 0 && i < c->push.n; i++)
		rc = release_job(w, REPORT_JOB_PUSH, push[i].url, plain, made);
	for (size_t i = 0; rc == 0 && i < mails; i++)
		rc = release_job(w, REPORT_JOB_EMAIL, to[i], full, made);
out:
	json_decref(figures);
	json_decref(papers);
	buf_free(&text);
	free(plain);
	free(full);
	return rc;
}

/* One job a receiver. A receiver that is configured later in the week still gets its summary; one of
 * a week that is over does not. */
static int release_jobs(const struct week *w)
{
	size_t pushes = w->h->cfg->push.n, mails = release_emails(w->h->cfg), made = 0;
	struct release_known known = {.c = w->h->cfg};
	int before = week_marked(w, RELEASE_JOBS);
	bool first;

	if (before < 0 || (before > 0 && w->now >= w->s.digest_until))
		return before < 0 ? -1 : 0;
	if (before > 0 && store_job_list(w->st, NULL, w->s.iso_week, RELEASE_LIST,
					 release_count, &known, w->e) < 0)
		return -1;
	if ((known.pushes != (UINT32_C(1) << pushes) - 1 ||
	     known.mails != (UINT32_C(1) << mails) - 1) &&
	    release_make(w, &known, &made) < 0)
		return -1;
	if (made > 0)
		log_info("report", "jobs_made", "week=%d n=%zu", w->s.iso_week, made);
	if (before == 0 && pushes + mails == 0)
		log_warn("report", "nobody_to_deliver_to",
			 "week=%d reason=\"reports.push and reports.email.to are empty\"",
			 w->s.iso_week);
	return before > 0 ? 0 : week_mark(w, RELEASE_JOBS, &first);
}

/* A text that is broken is logged and tried again, and holds up nothing else: nothing was written yet when it is
 * found out. */
static int release_try(const struct week *w)
{
	struct err why = ERR_INIT;
	struct week own = *w;
	int rc;

	own.e = &why;
	rc = release_jobs(&own);
	if (rc == 0)
		return 0;
	if (why.code != EX_CONFIG && why.code != EX_DATAERR) {
		*w->e = why;
		return -1;
	}
	log_error("report", "summary_fault", "week=%d reason=\"%s\"", w->s.iso_week, why.text);
	return 0;
}

struct release_left {
	const struct reports_config *c;
	bool open;
};

static void release_left(const struct job *j, void *arg)
{
	struct release_left *left = arg;

	left->open = left->open || release_waits(left->c, j);
}

int release_open(const struct week *w)
{
	struct release_left left = {.c = w->h->cfg};
	int rc;

	if (store_job_list(w->st, NULL, w->s.iso_week, RELEASE_LIST, release_left, &left,
			   w->e) < 0)
		return -1;
	if (left.open || w->h->cfg->confirm)
		return left.open;
	/* what could not be written has no jobs yet */
	rc = week_marked(w, RELEASE_JOBS);
	return rc < 0 ? -1 : rc == 0;
}

/* The draft is a job that nobody carries: it is late as any other until somebody confirms. */
static int release_draft(const struct week *w)
{
	struct job j = {.kind = (char[]){REPORT_JOB_CONFIRM},
			.target = (char[]){""},
			.week = w->s.iso_week,
			.state = JOB_WAITING,
			.due_at = INT64_MAX,
			.deadline = w->now > w->s.deadline ? w->now : w->s.deadline,
			.payload = (char[]){"{}"}};
	int rc = store_job_add(w->st, &j, w->e);

	if (rc > 0)
		log_info("report", "draft_ready", "week=%d", w->s.iso_week);
	return rc < 0 ? -1 : 0;
}

static void release_find_draft(const struct job *j, void *arg)
{
	int64_t *id = arg;

	if (j->state != JOB_DONE && j->state != JOB_FAILED)
		*id = j->id;
}

static int release_settle_draft(const struct week *w, const char *who)
{
	int64_t id = 0;

	if (store_job_list(w->st, REPORT_JOB_CONFIRM, w->s.iso_week, RELEASE_LIST,
			   release_find_draft, &id, w->e) < 0)
		return -1;
	return id == 0
		   ? 0
		   : store_job_finish(w->st, id, JOB_DONE, w->s.ready_at, w->now, who, w->e);
}

int release_turn(const struct week *w)
{
	int confirmed;

	/* a draft of when somebody still had to */
	if (!w->h->cfg->confirm)
		return release_settle_draft(w, "") < 0 ? -1 : release_try(w);
	/* or went out by itself, when nobody had to */
	confirmed = week_marked(w, RELEASE_CONFIRMED);
	if (confirmed == 0)
		confirmed = week_marked(w, RELEASE_JOBS);
	if (confirmed < 0)
		return -1;
	return confirmed > 0 ? release_try(w) : release_draft(w);
}

/* ---- confirming ---------------------------------------------------------------------------- */

void report_seen(const char *text, char out[65])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	(void)sodium_bin2hex(out, 65, hash, sizeof(hash));
}

/* Whether what was read is what stands there now; sha gets the hash of the figures. */
static int release_same(const struct week *w, const char *seen, char sha[65])
{
	struct buf text = BUF_INIT(RELEASE_TEXT_MAX);
	json_t *figures = NULL;
	char *raw = NULL, now[65];
	int64_t at;
	int rc = store_figures_get(w->st, REPORT_FIGURES, w->s.iso_week, &raw, &at, sha, w->e);

	free(raw);
	if (rc == 0)
		rc = err_set(w->e, EX_NOINPUT, "chưa chốt số liệu của tuần %d-W%02d",
			     w->s.iso_week / 100, w->s.iso_week % 100);
	if (rc < 0 || seen == NULL)
		return rc < 0 ? -1 : 0;
	rc = report_frozen(w->st, w->s.iso_week, &figures, w->e);
	if (rc > 0)
		rc = report_weekly_text(w->h, figures, &text, w->e);
	if (rc == 0) {
		report_seen(buf_text(&text), now);
		if (strcmp(now, seen) != 0)
			rc = err_set(w->e, EX_TEMPFAIL,
				     "báo cáo đã đổi từ lúc ông/bà xem: hãy xem lại rồi xác "
				     "nhận");
	}
	json_decref(figures);
	buf_free(&text);
	return rc < 0 ? -1 : 0;
}

int report_confirm(struct store *st, const struct report_house *h, int iso_week,
		   const char *seen, const char *who, int64_t now, struct err *e)
{
	struct week w = {
	    .st = st, .h = h, .s = report_schedule_of(h, iso_week), .now = now, .e = e};
	char sha[65], subject[32], *json;
	json_t *o;
	bool first = false;
	int rc;

	if (release_same(&w, seen, sha) < 0)
		return -1;
	o = json_pack("{s:s, s:s}", "who", who, "sha256", sha);
	json = json_dumps(o, RELEASE_JSON);
	json_decref(o);
	rc = store_figures_freeze(st, RELEASE_CONFIRMED, iso_week, json, now, &first, e);
	free(json);
	if (rc == 0 && !first)
		rc = err_set(e, EX_DATAERR, "báo cáo tuần %d-W%02d đã được xác nhận",
			     iso_week / 100, iso_week % 100);
	(void)snprintf(subject, sizeof(subject), "week:%d", iso_week);
	if (rc < 0 || store_audit(st, who, "report.confirm", subject, sha, e) < 0 ||
	    release_settle_draft(&w, who) < 0)
		return -1;
	log_info("report", "confirmed", "week=%d", iso_week);
	return release_jobs(&w);
}

/* ---- where a week stands ------------------------------------------------------------------- */

struct release_standing {
	const struct reports_config *c;
	json_t *jobs;
	bool open;
};

/* "https://cong-an.example/x?y" -> "cong-an.example", "ai@huyen.example" -> "huyen.example". */
static json_t *release_domain(const struct job *j)
{
	const char *at = strchr(j->target, '@'), *host = strstr(j->target, "://");

	if (host != NULL)
		return json_stringn(host + 3, strcspn(host + 3, "/?#"));
	return json_string(at != NULL ? at + 1 : j->target);
}

static void release_stand(const struct job *j, void *arg)
{
	static const char *const states[] = {[JOB_WAITING] = "waiting",
					     [JOB_RUNNING] = "running",
					     [JOB_DONE] = "done",
					     [JOB_FAILED] = "failed",
					     [JOB_UNCERTAIN] = "uncertain"};
	struct release_standing *s = arg;

	s->open = s->open || release_waits(s->c, j);
	if (strcmp(j->kind, REPORT_JOB_CONFIRM) == 0)
		return;
	json_array_insert_new(
	    s->jobs, 0,
	    json_pack("{s:s, s:o, s:s, s:i, s:I, s:s}", "kind",
		      strcmp(j->kind, REPORT_JOB_EMAIL) == 0 ? "email" : "push", "to",
		      release_domain(j), "state", states[j->state], "attempts", j->attempts,
		      "done_at", (json_int_t)j->done_at, "result",
		      j->result != NULL ? j->result : ""));
}

/* When a kind was frozen, and what; 0 when not. */
static int release_frozen_at(struct store *st, const char *kind, int week, json_t **value,
			     int64_t *at, char sha[65], struct err *e)
{
	char *text = NULL;
	int rc = store_figures_get(st, kind, week, &text, at, sha, e);

	*value = rc > 0 ? json_loads(text, 0, NULL) : NULL;
	if (rc <= 0) {
		*at = 0;
		sha[0] = '\0';
	}
	free(text);
	return rc < 0 ? -1 : 0;
}

static void release_went(const struct job *j, void *arg)
{
	bool *went = arg;

	*went = strcmp(j->kind, REPORT_JOB_CONFIRM) != 0;
}

int release_closed_at(struct store *st, int iso_week, int64_t *at, struct err *e)
{
	char *text = NULL, sha[65];
	bool went = false;
	int rc = store_job_list(st, NULL, iso_week, 1, release_went, &went, e);

	/* a draft is older than what goes out */
	if (rc == 0)
		rc = store_figures_get(st, went ? RELEASE_JOBS : RELEASE_CONFIRMED, iso_week,
				       &text, at, sha, e);
	free(text);
	return rc < 0 ? -1 : 0;
}

json_t *report_standing(struct store *st, const struct report_house *h, int iso_week,
			int64_t now, struct err *e)
{
	struct report_schedule s = report_schedule_of(h, iso_week);
	struct release_standing jobs = {.c = h->cfg, .jobs = json_array()};
	json_t *figures = NULL, *word = NULL, *o = NULL;
	int64_t frozen_at = 0, confirmed_at = 0;
	char sha[65], ignored[65];

	if (release_frozen_at(st, REPORT_FIGURES, iso_week, &figures, &frozen_at, sha, e) ==
		0 &&
	    release_frozen_at(st, RELEASE_CONFIRMED, iso_week, &word, &confirmed_at, ignored,
			      e) == 0 &&
	    store_job_list(st, NULL, iso_week, RELEASE_LIST, release_stand, &jobs, e) == 0)
		o = json_pack(
		    "{s:I, s:s, s:I, s:s, s:b, s:I, s:b, s:O}", "frozen_at",
		    (json_int_t)frozen_at, "sha256", sha, "confirmed_at",
		    (json_int_t)confirmed_at, "confirmed_by", figures_text(word, "who"),
		    "to_confirm", h->cfg->enabled && frozen_at != 0 && confirmed_at == 0,
		    "deadline", (json_int_t)s.deadline, "late",
		    h->cfg->enabled && now >= s.push_by &&
			(jobs.open || (h->cfg->confirm && frozen_at != 0 && confirmed_at == 0)),
		    "jobs", jobs.jobs);
	json_decref(jobs.jobs);
	json_decref(figures);
	json_decref(word);
	return o;
}
