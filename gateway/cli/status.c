/* SPDX-License-Identifier: Apache-2.0 */
/* moidan status: how things stand, read from the store alone, with or without a daemon. One model, as
 * JSON for machines and printed for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "dispatch/token.h"
#include "store/asked.h"
#include "store/health.h"
#include "store/message.h"
#include "store/reply.h"
#include "store/report.h"
#include "text/vi.h"

/* Jobs of the last weeks that are looked at for what is not done. */
#define STATUS_JOBS 100

struct status {
	struct cli *c;
	struct store *st;
	const struct house *h;
	int64_t now;
	json_t *out, *list; /* list: being filled by a callback */
	struct err *e;
};

static void status_int(json_t *o, const char *key, int64_t n)
{
	json_object_set_new(o, key, json_integer(n));
}

static void status_time(json_t *o, const char *key, int64_t ms)
{
	char text[32];

	if (ms > 0 && ms < INT64_MAX) {
		clock_format_rfc3339(ms, text);
		json_object_set_new(o, key, json_string(text));
	} else {
		json_object_set_new(o, key, json_null());
	}
}

static int64_t status_get(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* ---- the model --------------------------------------------------------------------------- */

static bool status_state_open(int s)
{
	return s == MESSAGE_HELD || s == MESSAGE_QUEUED || s == MESSAGE_SENDING ||
	       s == MESSAGE_UNCERTAIN;
}

/* Uncertain messages that no timer will look at again: their provider promises nothing, or is gone. */
static int status_undecided(struct status *s, int64_t uncertain, int64_t *n)
{
	struct message_open *open;
	size_t found = 0;
	int rc;

	*n = 0;
	if (uncertain == 0)
		return 0;
	open = mem_calloc((size_t)uncertain, sizeof(*open));
	rc = store_message_due(s->st, MESSAGE_UNCERTAIN, INT64_MAX, open, (size_t)uncertain,
			       &found, s->e);
	for (size_t i = 0; i < found; i++)
		*n += open[i].due_at == INT64_MAX;
	free(open);
	return rc;
}

static int status_messages(struct status *s)
{
	struct message_counts n;
	json_t *states = json_object(), *queue = json_object();
	int64_t first = 0, undecided, replies = 0;
	int queued;

	json_object_set_new(s->out, "messages", states);
	json_object_set_new(s->out, "queue", queue);
	if (store_message_counts(s->st, 0, 0, &n, s->e) < 0 ||
	    status_undecided(s, n.by_state[MESSAGE_UNCERTAIN], &undecided) < 0 ||
	    (queued = store_message_first_due(s->st, MESSAGE_QUEUED, &first, s->e)) < 0)
		return -1;
	for (int i = 0; i < 32; i++) {
		if (n.by_state[i] != 0)
			status_int(states, message_state_name((enum message_state)i),
				   n.by_state[i]);
	}
	if (store_reply_open(s->st, &replies, s->e) < 0)
		return -1;
	status_int(s->out, "messages_total", n.total);
	status_int(s->out, "segments_accepted", n.segments_accepted);
	status_time(queue, "first_due_at", queued == 1 ? first : 0);
	status_int(queue, "age_seconds",
		   queued == 1 && first < s->now ? (s->now - first) / CLOCK_SECOND_MS : 0);
	json_object_set_new(s->out, "officer",
			    json_pack("{s:I, s:I, s:I}", "uncertain", (json_int_t)undecided,
				      "held", (json_int_t)n.by_state[MESSAGE_HELD], "replies",
				      (json_int_t)replies));
	return 0;
}

/* By what uncertain messages were settled so far. */
static int status_settled(struct status *s)
{
	int64_t n[SETTLED_BY_COUNT];
	json_t *o = json_object();

	json_object_set_new(s->out, "settled", o);
	if (store_settled_counts(s->st, n, s->e) < 0)
		return -1;
	for (int i = 0; i < SETTLED_BY_COUNT; i++)
		status_int(o, message_settled_name((enum message_settled_by)i), n[i]);
	return 0;
}

static void status_take_campaign(const struct campaign *k, void *arg)
{
	struct status *s = arg;

	if (k->state != CAMPAIGN_RUNNING && k->state != CAMPAIGN_PAUSED &&
	    k->state != CAMPAIGN_HALTED)
		return;
	json_array_append_new(s->list, json_pack("{s:I, s:s, s:s, s:b, s:b, s:s?}", "id",
						 (json_int_t)k->id, "name", k->name, "state",
						 campaign_state_name(k->state), "stream",
						 k->stream, "planned", k->cursor == -1,
						 "halt_reason", k->halt_reason));
}

/* What runs and is not done yet, and what was stopped. A stream is never done and always listed. */
static int status_campaigns(struct status *s)
{
	json_t *all = json_array(), *row, *kept = json_array();
	size_t i;
	int rc;

	json_object_set_new(s->out, "campaigns", kept);
	s->list = all;
	rc = store_campaign_list(s->st, -1, status_take_campaign, s, s->e);
	json_array_foreach(all, i, row)
	{
		struct message_counts n = {0};
		int64_t open = 0;

		if (rc == 0)
			rc = store_message_counts(s->st, status_get(row, "id"), 0, &n, s->e);
		if (rc < 0)
			break;
		for (int k = 0; k < 32; k++)
			open += status_state_open(k) ? n.by_state[k] : 0;
		status_int(row, "total", n.total);
		status_int(row, "open", open);
		status_int(row, "delivered", n.by_state[MESSAGE_DELIVERED]);
		if (open > 0 || json_is_true(json_object_get(row, "stream")) ||
		    json_is_false(json_object_get(row, "planned")) ||
		    strcmp(cli_text(row, "state"), "running") != 0)
			json_array_append(kept, row);
	}
	json_decref(all);
	return rc;
}

/* A quota that is used up, until it begins anew. */
static void status_rest(struct status *s, int id, json_t *o)
{
	struct err ignored = ERR_INIT;
	int64_t until;
	char *why = NULL;

	if (store_provider_rest_get(s->st, id, &until, &why, &ignored) > 0 &&
	    until > clock_now_ms()) {
		status_time(o, "rests_until", until);
		json_object_set_new(o, "rest_reason", json_string(why));
	}
	free(why);
}

static void status_take_provider(int id, const char *name, const char *reason, int64_t since,
				 void *arg)
{
	struct status *s = arg;
	bool configured = false;
	json_t *o;

	for (size_t i = 0; i < s->h->n_providers; i++)
		configured =
		    configured || strcmp(provider_facts(s->h->providers[i])->name, name) == 0;
	if (!configured)
		return;
	o = json_pack("{s:s, s:b, s:s?}", "name", name, "stopped", reason != NULL, "reason",
		      reason);
	status_time(o, "since", reason != NULL ? since : 0);
	status_rest(s, id, o);
	json_array_append_new(s->list, o);
}

/* How it stands with the tokens of those that want one. */
static int status_tokens(struct status *s)
{
	json_t *list = json_array(), *o;

	json_object_set_new(s->out, "tokens", list);
	for (size_t i = 0; i < s->h->n_providers; i++) {
		const struct provider *p = s->h->providers[i];
		struct token_report t;

		if (token_report(s->st, p, &t, s->e) < 0)
			return -1;
		if (t.state == TOKEN_STATE_NONE)
			continue;
		o = json_pack("{s:s, s:s, s:s?}", "provider", provider_facts(p)->name, "state",
			      token_state_name(t.state), "reason",
			      *t.reason != '\0' ? t.reason : NULL);
		status_time(o, "expires_at", t.state == TOKEN_STATE_GOOD ? t.expires_at : 0);
		status_time(o, "since", t.dead_at);
		json_array_append_new(list, o);
	}
	return 0;
}

static void status_take_job(const struct job *j, void *arg)
{
	static const char *const names[] = {"waiting", "running", "done", "failed",
					    "uncertain"};
	struct status *s = arg;
	json_t *o;

	if (j->state == JOB_DONE)
		return;
	/* The target may be an address with a secret in it, and the result what a server said. */
	o = json_pack("{s:s, s:i, s:s, s:i}", "kind", j->kind, "week", j->week, "state",
		      names[j->state], "attempts", j->attempts);
	/* A draft has no moment of its own: a person decides. */
	status_time(o, "due_at",
		    j->state == JOB_WAITING && strcmp(j->kind, REPORT_JOB_CONFIRM) != 0
			? j->due_at
			: 0);
	status_time(o, "deadline", j->deadline);
	json_array_append_new(s->list, o);
}

/* The first moment of a kind after now: that of this week or of one of the next, since a moment moves
 * to the working day before its own. */
static int64_t status_next(const struct status *s, size_t member)
{
	civil_day today = civil_day_of(s->now);

	for (int week = 0; week < 4; week++) {
		struct report_schedule at =
		    report_schedule_of(&s->h->report, civil_iso_week(today + 7 * week));
		int64_t moment = *(const int64_t *)(const void *)((const char *)&at + member);

		if (moment > s->now)
			return moment;
	}
	return 0;
}

static int status_jobs(struct status *s)
{
	json_t *next = json_object();

	if (s->h->cfg.reports.enabled) {
		status_time(next, "digest_at",
			    status_next(s, offsetof(struct report_schedule, digest_at)));
		status_time(next, "weekly_ready_at",
			    status_next(s, offsetof(struct report_schedule, ready_at)));
		status_time(next, "weekly_deadline",
			    status_next(s, offsetof(struct report_schedule, deadline)));
	}
	json_object_set_new(s->out, "next", next);
	s->list = json_array();
	json_object_set_new(s->out, "jobs", s->list);
	return store_job_list(s->st, NULL, 0, STATUS_JOBS, status_take_job, s, s->e);
}

/* The newest figures that were frozen, shortened to their totals. */
static int status_figures(struct status *s)
{
	json_t *whole, *programmes = json_array(), *p;
	int week = 0, rc;
	char *text = NULL;
	size_t i;

	rc = store_figures_before(s->st, REPORT_FIGURES,
				  civil_iso_week(civil_day_of(s->now)) + 1, &week, &text, s->e);
	whole = rc == 1 ? json_loads(text, 0, NULL) : NULL;
	free(text);
	json_array_foreach(json_object_get(whole, "programmes"), i, p)
	{
		const json_t *total = json_object_get(p, "total");
		json_t *o = json_object();

		json_object_set(o, "name", json_object_get(p, "name"));
		json_object_set(o, "title", json_object_get(p, "title"));
		json_object_set(o, "row", json_object_get(p, "row"));
		for (size_t k = 0; k < 4; k++) {
			static const char *const keys[] = {"total", "done", "invited",
							   "delivered"};

			status_int(o, keys[k], status_get(total, keys[k]));
		}
		json_array_append_new(programmes, o);
	}
	json_object_set_new(s->out, "figures",
			    whole == NULL
				? json_null()
				: json_pack("{s:s, s:s, s:O}", "week", cli_text(whole, "week"),
					    "drawn_at", cli_text(whole, "drawn_at"),
					    "programmes", programmes));
	json_decref(programmes);
	json_decref(whole);
	return rc < 0 ? -1 : 0;
}

static int status_store(struct status *s)
{
	struct store_sizes n;

	if (store_sizes(s->st, &n, s->e) < 0)
		return -1;
	json_object_set_new(s->out, "database",
			    json_pack("{s:s, s:I, s:I, s:I, s:I}", "path", s->h->cfg.database,
				      "bytes", (json_int_t)n.db_bytes, "wal_bytes",
				      (json_int_t)n.wal_bytes, "free_disk_bytes",
				      (json_int_t)n.free_disk_bytes, "recipients",
				      (json_int_t)n.rows_recipient));
	return 0;
}

static int status_model(struct status *s)
{
	int pid = store_daemon_pid(s->h->cfg.database);

	s->out = json_object();
	json_object_set_new(s->out, "version", json_string(MOIDAN_VERSION));
	status_time(s->out, "at", s->now);
	json_object_set_new(s->out, "daemon",
			    json_pack("{s:b, s:i}", "running", pid != 0, "pid", pid));
	if (status_messages(s) < 0 || status_settled(s) < 0 || status_campaigns(s) < 0)
		return -1;
	s->list = json_array();
	json_object_set_new(s->out, "providers", s->list);
	if (store_provider_list(s->st, status_take_provider, s, s->e) < 0)
		return -1;
	if (status_tokens(s) < 0 || status_jobs(s) < 0 || status_figures(s) < 0)
		return -1;
	return status_store(s);
}

/* ---- for people -------------------------------------------------------------------------- */

/* "2023-06-14T02:00:00.000Z" as "09:00 14/06/2023", "-" for null. */
static void status_print_time(const json_t *o, const char *key)
{
	struct civil c = {0};
	char text[32] = "-";

	if (sscanf(cli_text(o, key), "%4d-%2d-%2dT%2d:%2d", &c.year, &c.month, &c.day, &c.hour,
		   &c.minute) == 5)
		clock_format_vi(civil_to_ms(&c) + 7 * CLOCK_HOUR_MS, text);
	(void)printf("%s", text);
}

static void status_print_count(const char *label, int64_t n)
{
	char text[32];

	vi_number(n, text);
	(void)printf("  ");
	cli_cell(label, 30);
	cli_cell(text, -9);
	(void)printf("\n");
}

static void status_print_age(int64_t seconds)
{
	if (seconds < 120)
		(void)printf("%lld giây", (long long)seconds);
	else if (seconds < 7200)
		(void)printf("%lld phút", (long long)(seconds / 60));
	else if (seconds < 172800)
		(void)printf("%lld giờ", (long long)(seconds / 3600));
	else
		(void)printf("%lld ngày", (long long)(seconds / 86400));
}

static void status_print_messages(const json_t *o)
{
	const json_t *queue = json_object_get(o, "queue"),
		     *officer = json_object_get(o, "officer");
	const json_t *states = json_object_get(o, "messages"),
		     *settled = json_object_get(o, "settled");
	int64_t by[] = {status_get(settled, "dedup"), status_get(settled, "query"),
			status_get(settled, "echo"), status_get(settled, "officer")};

	(void)printf("\nTin nhắn\n");
	for (int i = 0; i < 32; i++) {
		const char *name = message_state_name((enum message_state)i);
		int64_t n = status_get(states, name);

		if (n != 0)
			status_print_count(message_state_vi((enum message_state)i), n);
	}
	status_print_count("tất cả", status_get(o, "messages_total"));
	if (status_get(queue, "age_seconds") > 0) {
		(void)printf("  Tin đến hạn lâu nhất chưa gửi: ");
		status_print_age(status_get(queue, "age_seconds"));
		(void)printf("\n");
	} else if (*cli_text(queue, "first_due_at") != '\0') {
		(void)printf("  Tin kế tiếp đến hạn lúc ");
		status_print_time(queue, "first_due_at");
		(void)printf("\n");
	}
	if (by[0] + by[1] + by[2] + by[3] > 0)
		(void)printf(
		    "  Tin chưa rõ đã rõ: gửi lại cùng mã %lld, hỏi nhà cung cấp %lld, báo "
		    "kết quả %lld, cán bộ %lld\n",
		    (long long)by[0], (long long)by[1], (long long)by[2], (long long)by[3]);
	if (status_get(officer, "uncertain") > 0)
		(void)printf("  ! %lld tin chưa rõ đã gửi hay chưa, chờ cán bộ quyết định: "
			     "moidan message list --state uncertain\n",
			     (long long)status_get(officer, "uncertain"));
	if (status_get(officer, "replies") > 0)
		(void)printf("  ! %lld tin trả lời chờ cán bộ xem: moidan reply list\n",
			     (long long)status_get(officer, "replies"));
	if (status_get(officer, "held") > 0)
		(void)printf("  ! %lld tin đang được giữ lại, chờ cán bộ: "
			     "moidan message list --state held\n",
			     (long long)status_get(officer, "held"));
}

static void status_print_share(int64_t done, int64_t total, int64_t delivered)
{
	char texts[3][32];

	vi_number(done, texts[0]);
	vi_number(total, texts[1]);
	vi_number(delivered, texts[2]);
	(void)printf(", xong %s/%s (%lld%%), tới nơi %s", texts[0], texts[1],
		     (long long)(done * 100 / total), texts[2]);
}

static void status_print_campaigns(const json_t *o)
{
	const json_t *row;
	size_t i;

	(void)printf("\nChiến dịch\n");
	if (json_array_size(json_object_get(o, "campaigns")) == 0)
		(void)printf("  không có chiến dịch nào đang gửi\n");
	json_array_foreach(json_object_get(o, "campaigns"), i, row)
	{
		int64_t total = status_get(row, "total"), open = status_get(row, "open");
		const char *state = cli_text(row, "state"), *why;
		enum campaign_state k = CAMPAIGN_RUNNING;

		while (k < CAMPAIGN_HALTED && strcmp(campaign_state_name(k), state) != 0)
			k++;
		(void)printf("  ");
		cli_cell(cli_text(row, "name"), 30);
		(void)printf("  %s", campaign_state_vi(k));
		if (total > 0)
			status_print_share(total - open, total, status_get(row, "delivered"));
		if (json_is_false(json_object_get(row, "planned")))
			(void)printf(", còn đang lập danh sách");
		why = cli_text(row, "halt_reason");
		(void)printf("%s%s\n", *why != '\0' ? ": " : "", why);
	}
}

static void status_print_providers(const json_t *o)
{
	const json_t *row;
	size_t i;

	(void)printf("\nNhà cung cấp\n");
	if (json_array_size(json_object_get(o, "providers")) == 0)
		(void)printf("  chưa gửi tin nào qua nhà cung cấp nào\n");
	json_array_foreach(json_object_get(o, "providers"), i, row)
	{
		(void)printf("  ");
		cli_cell(cli_text(row, "name"), 30);
		if (json_is_true(json_object_get(row, "stopped"))) {
			(void)printf("  ! DỪNG từ ");
			status_print_time(row, "since");
			(void)printf(": %s\n", cli_text(row, "reason"));
		} else if (json_object_get(row, "rests_until") != NULL) {
			(void)printf("  ! nghỉ đến ");
			status_print_time(row, "rests_until");
			(void)printf(": %s\n", cli_text(row, "rest_reason"));
		} else {
			(void)printf("  hoạt động\n");
		}
	}
}

static void status_print_tokens(const json_t *o)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(o, "tokens"), i, row)
	{
		const char *state = cli_text(row, "state");

		if (strcmp(state, "dead") == 0 || strcmp(state, "missing") == 0)
			(void)printf(
			    "  ! %s cần người ủy quyền (moidan provider authorize)%s%s\n",
			    cli_text(row, "provider"),
			    *cli_text(row, "reason") != '\0' ? ": " : "",
			    cli_text(row, "reason"));
	}
}

static const char *status_job_vi(const json_t *row)
{
	static const char *const names[][2] = {{"waiting", "chờ"},
					       {"running", "đang giao"},
					       {"failed", "! KHÔNG giao được"},
					       {"uncertain", "! chưa rõ đã giao hay chưa"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], cli_text(row, "state")) == 0)
			return names[i][1];
	}
	return "?";
}

static void status_print_next(const json_t *o)
{
	const json_t *next = json_object_get(o, "next"), *row;
	size_t i;

	(void)printf("\nViệc sắp tới\n");
	if (json_object_size(next) == 0) {
		(void)printf("  báo cáo tuần đang tắt (reports.enabled)\n");
	} else {
		(void)printf("  Nhắn bản tin tuần cho trưởng ấp:  ");
		status_print_time(next, "digest_at");
		(void)printf("\n  Báo cáo tuần sẵn sàng:            ");
		status_print_time(next, "weekly_ready_at");
		(void)printf(" (hạn ");
		status_print_time(next, "weekly_deadline");
		(void)printf(")\n");
	}
	json_array_foreach(json_object_get(o, "jobs"), i, row)
	{
		int64_t week = status_get(row, "week");

		if (strcmp(cli_text(row, "kind"), REPORT_JOB_CONFIRM) == 0) {
			(void)printf("  báo cáo tuần %lld-W%02lld chờ xác nhận (moidan report "
				     "confirm), hạn ",
				     (long long)(week / 100), (long long)(week % 100));
			status_print_time(row, "deadline");
			(void)printf("\n");
			continue;
		}
		(void)printf("  %s tuần %lld-W%02lld: %s", cli_text(row, "kind"),
			     (long long)(week / 100), (long long)(week % 100),
			     status_job_vi(row));
		if (*cli_text(row, "due_at") != '\0') {
			(void)printf(" đến ");
			status_print_time(row, "due_at");
		}
		(void)printf(" (đã thử %lld lần)\n", (long long)status_get(row, "attempts"));
	}
}

static void status_print_figures(const json_t *o)
{
	const json_t *figures = json_object_get(o, "figures"), *row;
	char done[32], total[32], invited[32], delivered[32];
	size_t i;

	if (!json_is_object(figures)) {
		(void)printf("\nSố liệu: chưa chốt tuần nào\n");
		return;
	}
	(void)printf("\nSố liệu đã chốt, tuần %s (", cli_text(figures, "week"));
	status_print_time(figures, "drawn_at");
	(void)printf(")\n");
	json_array_foreach(json_object_get(figures, "programmes"), i, row)
	{
		(void)printf("  ");
		cli_cell(cli_text(row, "name"), 12);
		vi_number(status_get(row, "done"), done);
		vi_number(status_get(row, "total"), total);
		vi_number(status_get(row, "invited"), invited);
		vi_number(status_get(row, "delivered"), delivered);
		(void)printf("đã xong %s/%s %s, đã mời %s, tới nơi %s\n", done, total,
			     cli_text(row, "row"), invited, delivered);
	}
}

static void status_print(const json_t *o)
{
	const json_t *daemon = json_object_get(o, "daemon"),
		     *database = json_object_get(o, "database");
	char size[CLI_DECIMAL], wal[CLI_DECIMAL], room[CLI_DECIMAL];

	(void)printf("Mời Dân %s: ", MOIDAN_VERSION);
	if (json_is_true(json_object_get(daemon, "running")))
		(void)printf("dịch vụ đang chạy (pid %lld)\n",
			     (long long)status_get(daemon, "pid"));
	else
		(void)printf("dịch vụ KHÔNG chạy\n");
	status_print_messages(o);
	status_print_campaigns(o);
	status_print_providers(o);
	status_print_tokens(o);
	status_print_next(o);
	status_print_figures(o);
	cli_decimal((double)status_get(database, "bytes") / 1e6, size);
	cli_decimal((double)status_get(database, "wal_bytes") / 1e6, wal);
	cli_decimal((double)status_get(database, "free_disk_bytes") / 1e9, room);
	(void)printf("\nCơ sở dữ liệu: %s, %s MB, WAL %s MB, đĩa còn %s GB\n",
		     cli_text(database, "path"), size, wal, room);
}

int cmd_status(struct cli *c, int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct status s = {.c = c, .now = clock_now_ms(), .e = &e};
	int rc;

	if (cli_parse(c, argc, argv, NULL, 0, 0, &e) < 0 || cli_open(c, STORE_READER, &e) < 0)
		return cli_fail(&e);
	s.st = c->store;
	s.h = c->house;
	if (store_read_begin(s.st, &e) < 0)
		return cli_fail(&e);
	rc = status_model(&s);
	store_read_end(s.st);
	if (rc < 0) {
		json_decref(s.out);
		return cli_fail(&e);
	}
	if (c->json)
		return cli_print_json(s.out);
	status_print(s.out);
	json_decref(s.out);
	return 0;
}
