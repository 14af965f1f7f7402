/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a campaign: drafted, approved by a second person over what a
 * preview shows, started only if that still holds, paused, withdrawn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/plan.h"
#include "store/rung.h"
#include "text/vi.h"

/* How long a campaign whose texts know no deadline may send. */
#define LIFE_DEFAULT_DAYS 14

/* Rows withdrawn in one transaction. */
#define LIFE_CANCEL_BATCH 2000

static int life_find(struct store *st, int64_t id, struct campaign *c, struct err *e)
{
	int rc = store_campaign_get(st, id, c, e);

	return rc > 0	? 0
	       : rc < 0 ? -1
			: err_set(e, EX_DATAERR, "không có chiến dịch số %lld", (long long)id);
}

static int life_wrong_state(const struct campaign *c, const char *verb, struct err *e)
{
	static const char *const states[] = {
	    [CAMPAIGN_DRAFT] = "đang soạn",
	    [CAMPAIGN_SUBMITTED] = "chờ duyệt",
	    [CAMPAIGN_APPROVED] = "đã duyệt, chưa bắt đầu",
	    [CAMPAIGN_RUNNING] = "đang gửi",
	    [CAMPAIGN_PAUSED] = "đang tạm dừng",
	    [CAMPAIGN_HALTED] = "đã tự dừng",
	    [CAMPAIGN_CANCELLED] = "đã hủy",
	};

	return err_set(e, EX_DATAERR, "chiến dịch \"%s\" %s: không %s được", c->name,
		       states[c->state], verb);
}

static int life_audit(struct store *st, int64_t id, const char *who, const char *what,
		      const char *detail, struct err *e)
{
	char *subject = mem_printf("campaign:%lld", (long long)id);
	int rc = store_audit(st, who, what, subject, detail, e);

	free(subject);
	return rc;
}

/* Writes c and the audit's line; ends the open transaction either way. */
static int life_write(struct store *st, struct campaign *c, const char *who, const char *what,
		      const char *detail, struct err *e)
{
	if (store_campaign_update(st, c, e) == 0 &&
	    life_audit(st, c->id, who, what, detail, e) == 0)
		return store_commit(st, e);
	store_rollback(st);
	return -1;
}

/* ---- draft ------------------------------------------------------------------------------- */

/* Checks the row by making its plan, and gives it its end. */
static int life_check(struct store *st, const struct campaign_house *house, struct campaign *c,
		      struct err *e)
{
	struct campaign_plan *p = campaign_plan_new(st, house, c, e);
	int64_t last, day;

	if (p == NULL)
		return -1;
	last = p->deadline != NULL && conf_parse_date(p->deadline, &day) == 0
		   ? civil_day_start_ms((civil_day)day + 1)
		   : c->starts_at + LIFE_DEFAULT_DAYS * CLOCK_DAY_MS;
	for (int i = 0; i < p->n_audiences; i++)
		if (p->audiences[i].void_at != INT64_MAX && p->audiences[i].void_at > last)
			last = p->audiences[i].void_at;
	campaign_plan_free(p);
	if (c->expires_at == 0)
		c->expires_at = last;
	if (c->expires_at <= c->starts_at)
		return err_set(e, EX_DATAERR,
			       "chiến dịch hết hạn trước khi bắt đầu: hãy xem lại ngày");
	return 0;
}

int campaign_create(struct store *st, const struct campaign_house *house, struct campaign *c,
		    const char *who, struct err *e)
{
	int64_t now = clock_now_ms();
	struct campaign row = *c; /* c's texts stay borrowed */
	struct ladder ladder;
	char empty[] = "{}", sms[] = "sms";

	if (c->name == NULL || *c->name == '\0')
		return err_set(e, EX_DATAERR, "chiến dịch chưa có tên");
	if (ladder_parse(c->ladder, c->channel, &ladder, e) < 0)
		return -1;
	row.channel = c->channel != NULL ? c->channel : sms;
	if (c->ladder != NULL)
		row.channel = ladder.rungs[0].channel;
	row.parameters = c->parameters != NULL ? c->parameters : empty;
	row.starts_at = c->starts_at != 0 ? c->starts_at : now;
	row.state = CAMPAIGN_DRAFT;
	row.cursor = 0;
	row.created_at = now;
	row.started_at = row.finished_at = 0;
	row.created_by = mem_strdup(who);
	row.approved_by = row.hash = row.halt_reason = NULL;
	if (life_check(st, house, &row, e) < 0 || store_begin(st, e) < 0)
		goto fail;
	if (store_campaign_add(st, &row, e) < 0 ||
	    life_audit(st, row.id, who, "campaign.create", row.audiences, e) < 0) {
		store_rollback(st);
		goto fail;
	}
	c->id = row.id;
	if (store_commit(st, e) < 0)
		goto fail;
	c->starts_at = row.starts_at;
	c->expires_at = row.expires_at;
	free(row.created_by);
	return 0;
fail:
	free(row.created_by);
	return -1;
}

/* ---- approve and start ------------------------------------------------------------------- */

/* What an approval covers, as it is now. */
struct life_view {
	char hash[65], frozen[PLAN_FROZEN]; /* frozen: what must not change any more */
	char mark[STORE_MARK];		    /* where lists and decisions stood */
	int64_t messages;		    /* with those that only wait for a seat */
};

/* What is decided over a view is not written when something has changed since: it is looked at again. */
#define LIFE_AGAIN 1
#define LIFE_TRIES 3

/* More than the campaign may cost is not released; one with a quota stops at its budget by itself. */
static int life_check_budget(const struct campaign *c, const struct campaign_preview *out,
			     struct err *e)
{
	char cost[32], budget[32];

	if (c->budget <= 0 || c->quota || out->cost <= c->budget)
		return 0;
	vi_number(out->cost, cost);
	vi_number(c->budget, budget);
	return err_set(e, EX_DATAERR, "chiến dịch \"%s\" tốn %s đồng, dự toán chỉ có %s đồng",
		       c->name, cost, budget);
}

/* In one snapshot: nobody who writes waits for it, however long the list is. */
static int life_preview(struct store *st, const struct campaign_house *house,
			const struct campaign *c, struct life_view *view, struct err *e)
{
	struct campaign_plan *p = NULL;
	struct campaign_preview out = {0};
	int rc = store_read_begin(st, e);

	if (rc == 0)
		rc = store_mark(st, view->mark, e);
	if (rc == 0 && (p = campaign_plan_new(st, house, c, e)) == NULL)
		rc = -1;
	if (rc == 0)
		rc = campaign_preview(st, p, clock_now_ms(), &out, e);
	store_read_end(st);
	if (rc == 0 && out.messages == 0)
		rc = err_set(e, EX_DATAERR, "chiến dịch \"%s\" không có ai để gửi%s%s", c->name,
			     out.n_faults > 0 ? ": " : "",
			     out.n_faults > 0 ? out.faults[0] : "");
	if (rc == 0)
		rc = life_check_budget(c, &out, e);
	if (rc == 0) {
		memcpy(view->hash, out.hash, sizeof(out.hash));
		plan_frozen(p, view->frozen);
		view->messages = out.messages + out.excluded[EXCLUDED_NO_SEAT];
	}
	campaign_preview_free(&out);
	campaign_plan_free(p);
	return rc;
}

/* Begins to write what was decided over a view: 0; LIFE_AGAIN when it is not what there is any more; -1. */
static int life_begin(struct store *st, const struct life_view *view, struct err *e)
{
	char mark[STORE_MARK];
	int rc = store_begin(st, e);

	if (rc < 0)
		return -1;
	rc = store_mark(st, mark, e);
	if (rc == 0 && strcmp(mark, view->mark) != 0)
		rc = LIFE_AGAIN;
	if (rc != 0)
		store_rollback(st);
	return rc;
}

/* After LIFE_AGAIN the tries-th time: 0, look again; -1 with e. */
static int life_again(int tries, struct err *e)
{
	return tries < LIFE_TRIES
		   ? 0
		   : err_set(e, EX_TEMPFAIL,
			     "danh sách đang được thay đổi liên tục: hãy thử lại sau");
}

/* Freezes texts and audiences, and sets c running. In a transaction. */
static int life_set_running(struct store *st, struct campaign *c, const char *frozen,
			    struct err *e)
{
	char *key = mem_printf(CAMPAIGN_TEXTS_KEY, (long long)c->id);
	int rc = store_meta_set(st, key, frozen, e);

	free(key);
	c->state = CAMPAIGN_RUNNING;
	c->started_at = clock_now_ms();
	return rc;
}

/* Writes what a person decided over what they saw, if the campaign is still where it was then; start: and off
 * it goes. 0, LIFE_AGAIN, -1. */
static int life_decide(struct store *st, const struct campaign *seen, enum campaign_state to,
		       const struct life_view *view, bool start, const char *who, struct err *e)
{
	bool approve = to == CAMPAIGN_APPROVED;
	struct campaign now = {0};
	char **kept;
	int rc = life_begin(st, view, e);

	if (rc != 0)
		return rc;
	rc = life_find(st, seen->id, &now, e);
	if (rc == 0 && now.state != seen->state)
		rc = life_wrong_state(&now, approve ? "duyệt" : "trình", e);
	now.state = to;
	if (rc == 0 && start)
		rc = life_audit(st, now.id, who, "campaign.approve", view->hash, e);
	if (rc == 0 && start)
		rc = life_set_running(st, &now, view->frozen, e);
	if (rc < 0) {
		store_rollback(st);
		campaign_clear(&now);
		return -1;
	}
	if (approve) {
		free(now.approved_by);
		now.approved_by = mem_strdup(who);
	}
	kept = approve ? &now.hash : &now.submitted_hash;
	free(*kept);
	*kept = mem_strdup(view->hash);
	rc = life_write(st, &now, who,
			start	  ? "campaign.start"
			: approve ? "campaign.approve"
				  : "campaign.submit",
			view->hash, e);
	campaign_clear(&now);
	return rc;
}

int campaign_submit(struct store *st, const struct campaign_house *house, int64_t id,
		    const char *who, struct err *e)
{
	struct campaign c = {0};
	struct life_view view;
	int rc = life_find(st, id, &c, e);

	if (rc == 0 && c.state != CAMPAIGN_DRAFT && c.state != CAMPAIGN_SUBMITTED)
		rc = life_wrong_state(&c, "trình", e);
	for (int tries = 1; rc == 0; tries++) {
		rc = life_preview(st, house, &c, &view, e);
		if (rc == 0)
			rc = life_decide(st, &c, CAMPAIGN_SUBMITTED, &view, false, who, e);
		if (rc != LIFE_AGAIN)
			break;
		rc = life_again(tries, e);
	}
	campaign_clear(&c);
	return rc;
}

/* Whether who may approve c at all. *own: it is their own work, of which only little may be. */
static int life_may_approve(const struct campaign_house *house, const struct campaign *c,
			    const char *who, bool two_person, bool *own, struct err *e)
{
	*own = two_person && c->created_by != NULL && strcmp(c->created_by, who) == 0;
	if (c->state != CAMPAIGN_DRAFT && c->state != CAMPAIGN_SUBMITTED &&
	    c->state != CAMPAIGN_HALTED)
		return life_wrong_state(c, "duyệt", e);
	if (*own && house->one_person_below <= 0)
		return err_set(e, EX_NOPERM,
			       "người soạn không tự duyệt được: cần một người khác duyệt");
	return 0;
}

/* Whether what there is may be approved: is it what they saw, and what was submitted? shown: NULL, or its hash. */
static int life_check_view(const struct campaign_house *house, const struct campaign *c,
			   const struct life_view *view, bool own, const char *shown,
			   struct err *e)
{
	if (shown != NULL && strcmp(shown, view->hash) != 0)
		return err_set(e, EX_PROTOCOL,
			       "danh sách, nội dung hoặc chi phí đã đổi so với lúc xem");
	if (own && view->messages >= house->one_person_below)
		return err_set(
		    e, EX_NOPERM,
		    "người soạn chỉ tự duyệt được chiến dịch dưới %lld tin, chiến dịch này có "
		    "%lld: cần một người khác duyệt",
		    (long long)house->one_person_below, (long long)view->messages);
	if (c->state == CAMPAIGN_SUBMITTED && c->submitted_hash != NULL &&
	    strcmp(c->submitted_hash, view->hash) != 0)
		return err_set(
		    e, EX_DATAERR,
		    "danh sách, bản mẫu, chi phí hoặc thời gian của chiến dịch \"%s\" "
		    "đã thay đổi sau khi trình: hãy xem trước và trình lại",
		    c->name);
	return 0;
}

static int life_approve(struct store *st, const struct campaign_house *house, int64_t id,
			const char *shown, bool start, const char *who, bool two_person,
			struct err *e)
{
	struct campaign c = {0};
	struct life_view view;
	bool own = false;
	int rc = life_find(st, id, &c, e);

	if (rc == 0)
		rc = life_may_approve(house, &c, who, two_person, &own, e);
	for (int tries = 1; rc == 0; tries++) {
		rc = life_preview(st, house, &c, &view, e);
		if (rc == 0)
			rc = life_check_view(house, &c, &view, own, shown, e);
		if (rc == 0)
			rc = life_decide(st, &c, CAMPAIGN_APPROVED, &view, start, who, e);
		if (rc != LIFE_AGAIN)
			break;
		rc = life_again(tries, e);
	}
	campaign_clear(&c);
	return rc;
}

int campaign_approve(struct store *st, const struct campaign_house *house, int64_t id,
		     const char *who, bool two_person, struct err *e)
{
	return life_approve(st, house, id, NULL, false, who, two_person, e);
}

int campaign_send_off(struct store *st, const struct campaign_house *house, int64_t id,
		      const char *shown, const char *who, bool two_person, struct err *e)
{
	return life_approve(st, house, id, shown, true, who, two_person, e);
}

/* Sets the campaign running, if it is still what was approved. 0, LIFE_AGAIN, -1. */
static int life_run(struct store *st, const struct campaign *seen, const struct life_view *view,
		    const char *who, struct err *e)
{
	struct campaign now = {0};
	int rc = life_begin(st, view, e);

	if (rc != 0)
		return rc;
	rc = life_find(st, seen->id, &now, e);
	if (rc == 0 && (now.state != CAMPAIGN_APPROVED || strcmp(now.hash, seen->hash) != 0))
		rc = life_wrong_state(&now, "bắt đầu", e);
	if (rc == 0)
		rc = life_set_running(st, &now, view->frozen, e);
	if (rc < 0)
		store_rollback(st);
	else
		rc = life_write(st, &now, who, "campaign.start", now.hash, e);
	campaign_clear(&now);
	return rc;
}

int campaign_start(struct store *st, const struct campaign_house *house, int64_t id,
		   const char *who, struct err *e)
{
	struct campaign c = {0};
	struct life_view view;
	int rc = life_find(st, id, &c, e);

	if (rc < 0 || c.state == CAMPAIGN_RUNNING)
		goto out;
	if (c.state != CAMPAIGN_APPROVED || c.hash == NULL) {
		rc = life_wrong_state(&c, "bắt đầu", e);
		goto out;
	}
	for (int tries = 1; rc == 0; tries++) {
		rc = life_preview(st, house, &c, &view, e);
		if (rc == 0 && strcmp(view.hash, c.hash) != 0)
			rc = err_set(
			    e, EX_DATAERR,
			    "danh sách, bản mẫu, chi phí hoặc thời gian của chiến dịch \"%s\" "
			    "đã thay đổi sau khi duyệt: hãy xem trước và duyệt lại",
			    c.name);
		if (rc == 0)
			rc = life_run(st, &c, &view, who, e);
		if (rc != LIFE_AGAIN)
			break;
		rc = life_again(tries, e);
	}
out:
	campaign_clear(&c);
	return rc;
}

/* ---- pause, resume, cancel --------------------------------------------------------------- */

/* One step of life: from any of the states in `from` (bits) to `to`. */
static int life_move(struct store *st, int64_t id, unsigned from, enum campaign_state to,
		     const char *verb, const char *what, const char *who, struct err *e)
{
	struct campaign c = {0};
	int rc;

	if (store_begin(st, e) < 0)
		return -1;
	rc = life_find(st, id, &c, e);
	if (rc == 0 && (from & 1U << c.state) == 0)
		rc = life_wrong_state(&c, verb, e);
	if (rc == 0 && to == CAMPAIGN_CANCELLED)
		rc = seating_cancel(st, id, civil_day_of(clock_now_ms()), e);
	if (rc < 0) {
		store_rollback(st);
	} else {
		c.state = to;
		if (to == CAMPAIGN_RUNNING) {
			free(c.halt_reason);
			c.halt_reason = NULL;
		}
		rc = life_write(st, &c, who, what, NULL, e);
	}
	campaign_clear(&c);
	return rc;
}

int campaign_pause(struct store *st, int64_t id, const char *who, struct err *e)
{
	return life_move(st, id, 1U << CAMPAIGN_RUNNING, CAMPAIGN_PAUSED, "tạm dừng",
			 "campaign.pause", who, e);
}

int campaign_resume(struct store *st, int64_t id, const char *who, struct err *e)
{
	return life_move(st, id, 1U << CAMPAIGN_PAUSED | 1U << CAMPAIGN_HALTED,
			 CAMPAIGN_RUNNING, "tiếp tục", "campaign.resume", who, e);
}

/* Withdraws the campaign's rows in one state, a transaction a batch. A row that others were linked to
 * promotes one of them: it is queued again and withdrawn in a later round. */
static int life_withdraw(struct store *st, int64_t id, enum message_state from, struct err *e)
{
	int more = 1;

	while (more > 0) {
		size_t changed = 0;

		if (store_begin(st, e) < 0)
			return -1;
		more = store_message_event_campaign(st, id, from, MESSAGE_EV_CANCEL,
						    "chiến dịch đã hủy", LIFE_CANCEL_BATCH,
						    &changed, e);
		if (more < 0) {
			store_rollback(st);
			return -1;
		}
		if (store_commit(st, e) < 0)
			return -1;
		if (changed > 0)
			more = 1;
	}
	return 0;
}

int campaign_cancel(struct store *st, int64_t id, const char *who, struct err *e)
{
	unsigned any = ~(1U << CAMPAIGN_CANCELLED);

	if (life_move(st, id, any, CAMPAIGN_CANCELLED, "hủy", "campaign.cancel", who, e) < 0)
		return -1;
	if (life_withdraw(st, id, MESSAGE_HELD, e) < 0)
		return -1;
	return life_withdraw(st, id, MESSAGE_QUEUED, e);
}

/* Moves all of a campaign's messages that are in a state, a transaction a batch, audited. */
static int life_requeue(struct store *st, int64_t id, enum message_state from,
			enum message_event ev, const char *reason, const char *what,
			const char *who, int64_t *n, struct err *e)
{
	char detail[40];
	int more = 1;

	while (more > 0) {
		size_t changed = 0;

		if (store_begin(st, e) < 0)
			return -1;
		more = store_message_event_campaign(st, id, from, ev, reason, LIFE_CANCEL_BATCH,
						    &changed, e);
		*n += (int64_t)changed;
		(void)snprintf(detail, sizeof(detail), "messages=%zu", changed);
		if (more < 0 || (changed > 0 && life_audit(st, id, who, what, detail, e) < 0)) {
			store_rollback(st);
			return -1;
		}
		if (store_commit(st, e) < 0)
			return -1;
	}
	return 0;
}

/* Whether the campaign is one that may still send. */
static int life_want_under_way(struct store *st, int64_t id, const char *verb, struct err *e)
{
	struct campaign c = {0};
	int rc = life_find(st, id, &c, e);

	if (rc == 0 && c.state != CAMPAIGN_RUNNING && c.state != CAMPAIGN_PAUSED &&
	    c.state != CAMPAIGN_HALTED)
		rc = life_wrong_state(&c, verb, e);
	campaign_clear(&c);
	return rc;
}

int campaign_retry_failed(struct store *st, int64_t id, const char *who, int64_t *n,
			  struct err *e)
{
	*n = 0;
	if (life_want_under_way(st, id, "gửi lại", e) < 0)
		return -1;
	return life_requeue(st, id, MESSAGE_FAILED, MESSAGE_EV_RETRY, "gửi lại theo lệnh",
			    "campaign.retry", who, n, e);
}

int campaign_release(struct store *st, int64_t id, const char *who, int64_t *n, struct err *e)
{
	*n = 0;
	if (life_want_under_way(st, id, "thả tin đang giữ", e) < 0)
		return -1;
	return life_requeue(st, id, MESSAGE_HELD, MESSAGE_EV_RELEASE, "cán bộ cho gửi",
			    "campaign.release", who, n, e);
}

/* ---- complaints ---------------------------------------------------------------------------- */

/* How long after a message what somebody says of it is meant by it. */
#define LIFE_COMPLAINT_DAYS 7

struct life_complaint {
	struct store *st;
	const struct campaign_house *house;
	int64_t contact_id, since;
	int64_t halt[16];
	int n;
	struct err *e;
	int rc;
};

static void life_complaint_campaign(const struct campaign *c, void *arg)
{
	struct life_complaint *w = arg;
	int64_t count = 0;
	int rc;

	if (w->rc < 0 || c->stream)
		return;
	rc = store_complaint_add(w->st, c->id, w->contact_id, w->since, &count, w->e);
	w->rc = rc;
	if (rc == 1 && count >= w->house->caps->complaints &&
	    w->n < (int)(sizeof(w->halt) / sizeof(w->halt[0])))
		w->halt[w->n++] = c->id;
}

int campaign_complained(struct store *st, const struct campaign_house *house, uint64_t number,
			struct err *e)
{
	struct life_complaint w = {.st = st,
				   .house = house,
				   .since = clock_now_ms() - LIFE_COMPLAINT_DAYS * CLOCK_DAY_MS,
				   .e = e};
	int rc = store_contact_find(st, number, &w.contact_id, e);

	if (rc <= 0)
		return rc;
	if (store_campaign_list(st, CAMPAIGN_RUNNING, life_complaint_campaign, &w, e) < 0 ||
	    w.rc < 0)
		return -1;
	for (int i = 0; i < w.n; i++) {
		struct campaign c = {0};

		if (life_find(st, w.halt[i], &c, e) < 0)
			return -1;
		log_error("campaign", "halted", "campaign=%lld reason=complaints",
			  (long long)c.id);
		c.state = CAMPAIGN_HALTED;
		free(c.halt_reason);
		c.halt_reason = mem_strdup("nhiều người đề nghị không nhận hoặc báo sai số");
		rc = store_campaign_update(st, &c, e);
		if (rc == 0)
			rc = life_audit(st, c.id, "moidan", "campaign.halt", "complaints", e);
		campaign_clear(&c);
		if (rc < 0)
			return -1;
	}
	return w.n;
}

/* A stream is for whom it is fed with today, whatever it was for when it was opened. */
static int life_keep_stream(struct store *st, const struct campaign_stream *stream,
			    const struct campaign *c, struct err *e)
{
	const char *programme = stream->programme != NULL ? stream->programme : "";
	const char *audiences = stream->audiences != NULL ? stream->audiences : "";
	struct campaign now = *c;

	if (strcmp(programme, c->programme != NULL ? c->programme : "") == 0 &&
	    strcmp(audiences, c->audiences != NULL ? c->audiences : "") == 0)
		return 0;
	/* Borrowed: the store writes them down and changes none. */
	now.programme = (char *)(uintptr_t)stream->programme;
	now.audiences = (char *)(uintptr_t)stream->audiences;
	return store_campaign_update(st, &now, e);
}

int campaign_stream_open(struct store *st, const struct campaign_stream *stream, int64_t now,
			 int64_t *id, struct err *e)
{
	struct campaign c = {0};
	int rc = store_campaign_find(st, stream->name, &c, e);

	*id = c.id;
	if (rc > 0 && c.stream)
		rc = life_keep_stream(st, stream, &c, e) < 0 ? -1 : 1;
	campaign_clear(&c);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	/* Borrowed: the store writes them down and changes none. */
	c = (struct campaign){.name = (char *)(uintptr_t)stream->name,
			      .programme = (char *)(uintptr_t)stream->programme,
			      .audiences = (char *)(uintptr_t)stream->audiences,
			      .channel = (char[]){"sms"},
			      .parameters = (char[]){"{}"},
			      .state = CAMPAIGN_RUNNING,
			      .lane = stream->lane,
			      .accents = SMS_WITHOUT_ACCENTS,
			      .stream = true,
			      .cursor = -1,
			      .created_at = now,
			      .started_at = now,
			      .created_by = (char[]){"moidan"}};
	rc = store_campaign_add(st, &c, e);
	*id = c.id;
	return rc;
}

int campaign_is_finished(struct store *st, const struct campaign *c, struct err *e)
{
	struct message_counts n;
	int64_t due;
	int rc;

	if (c->stream || (c->cursor >= 0 && c->state != CAMPAIGN_CANCELLED))
		return 0;
	if (store_message_counts(st, c->id, 0, &n, e) < 0)
		return -1;
	for (int s = 0; s <= MESSAGE_LINKED; s++)
		if (n.by_state[s] > 0 && !message_is_final((enum message_state)s))
			return 0;
	if (c->state == CAMPAIGN_CANCELLED)
		return 1;
	/* Somebody may still go on to the next rung. */
	rc = store_rung_next(st, c->id, &due, e);
	return rc < 0 ? -1 : rc == 0;
}
