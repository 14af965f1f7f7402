/* SPDX-License-Identifier: Apache-2.0 */
/* moidan campaign: from a draft to the last message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/mem.h"
#include "campaign/audience.h"
#include "campaign/carry.h"
#include "campaign/forecast.h"
#include "cli/cli.h"
#include "store/rung.h"
#include "text/phone.h"
#include "text/vi.h"

const char *campaign_state_vi(enum campaign_state s)
{
	static const char *const names[] = {"nháp",	"đã trình", "đã duyệt", "đang gửi",
					    "tạm dừng", "tự dừng",  "đã hủy"};

	return names[s];
}

static json_t *campaign_json(const struct campaign *k)
{
	return json_pack(
	    "{s:I, s:s, s:s?, s:s?, s:s?, s:s, s:s?, s:s, s:b, s:b, s:I, s:I, s:s?, s:s?, s:s?}",
	    "id", (json_int_t)k->id, "name", k->name, "programme", k->programme, "audiences",
	    k->audiences, "only", k->only_when, "channel", k->channel, "ladder", k->ladder, "state",
	    campaign_state_name(k->state), "stream", k->stream, "fan_out_done", k->cursor == -1,
	    "starts_at", (json_int_t)k->starts_at, "expires_at", (json_int_t)k->expires_at,
	    "created_by", k->created_by, "approved_by", k->approved_by, "halt_reason",
	    k->halt_reason);
}

/* What runs is over once there is nothing left to do; a standing stream never is. */
static const char *campaign_progress_vi(const struct campaign *k, int finished)
{
	if (k->state != CAMPAIGN_RUNNING)
		return campaign_state_vi(k->state);
	return k->stream ? "thường xuyên" : finished > 0 ? "đã gửi xong" : "đang gửi";
}

struct campaign_listing {
	struct store *st;
	json_t *list; /* NULL: rows are printed */
	struct err *e;
	int rc;
};

static void campaign_list_row(const struct campaign *k, void *arg)
{
	struct campaign_listing *l = arg;
	int finished = campaign_is_finished(l->st, k, l->e);
	json_t *row;

	if (finished < 0) {
		l->rc = -1;
		return;
	}
	if (l->list != NULL) {
		row = campaign_json(k);
		json_object_set_new(row, "finished", json_boolean(finished));
		json_array_append_new(l->list, row);
		return;
	}
	(void)printf("%4lld  ", (long long)k->id);
	cli_cell(k->name, 32);
	(void)printf("  ");
	cli_cell(k->programme != NULL ? k->programme : "", 10);
	cli_cell(k->audiences != NULL ? k->audiences : "", 12);
	(void)printf("  %s%s%s\n", campaign_progress_vi(k, finished),
		     k->halt_reason != NULL ? ": " : "",
		     k->halt_reason != NULL ? k->halt_reason : "");
}

static int campaign_list(struct cli *c, int argc, char **argv, struct err *e)
{
	struct campaign_listing l = {.e = e};

	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || cli_open(c, STORE_READER, e) < 0)
		return -1;
	l.st = c->store;
	l.list = c->json ? json_array() : NULL;
	if (store_campaign_list(c->store, -1, campaign_list_row, &l, e) < 0 || l.rc < 0) {
		json_decref(l.list);
		return -1;
	}
	return c->json ? cli_print_json(l.list) : 0;
}

static json_t *campaign_counts_json(const struct message_counts *n)
{
	json_t *states = json_object();

	for (int s = 0; s < 32; s++) {
		if (n->by_state[s] != 0)
			json_object_set_new(states, message_state_name((enum message_state)s),
					    json_integer(n->by_state[s]));
	}
	return states;
}

/* How far each rung of a ladder has come. */
static int campaign_rungs_json(struct cli *c, const struct campaign *k, json_t **out,
			       struct err *e)
{
	struct ladder l;
	struct message_counts n;

	*out = json_array();
	if (ladder_parse(k->ladder, k->channel, &l, e) < 0)
		return -1;
	for (int i = 0; i < l.n; i++) {
		if (store_rung_counts(c->store, k->id, i, &n, e) < 0)
			return -1;
		json_array_append_new(*out, json_pack("{s:i, s:s, s:I, s:o}", "rung", i,
						      "channel", l.rungs[i].channel, "total",
						      (json_int_t)n.total, "messages",
						      campaign_counts_json(&n)));
	}
	return 0;
}

static bool campaign_unreached_row(const struct rung_person *p, void *arg)
{
	char masked[32];

	phone_mask(p->number, masked);
	json_array_append_new(arg,
			      json_pack("{s:s, s:s?, s:s?, s:s?, s:s, s:i, s:s, s:s?}", "key",
					p->key, "name", p->name, "unit", p->unit, "group",
					p->group, "number", masked, "rung", p->rung, "state",
					message_state_name(p->state), "reason", p->reason));
	return true;
}

/* Whom no rung reached, by hamlet and group. */
static int campaign_unreached(struct cli *c, const struct campaign *k, struct err *e)
{
	json_t *list = json_array(), *row;
	struct ladder l;
	size_t i;

	if (ladder_parse(k->ladder, k->channel, &l, e) < 0 ||
	    store_rung_unreached(c->store, k->id, campaign_unreached_row, list, e) < 0) {
		json_decref(list);
		return -1;
	}
	if (c->json)
		return cli_print_json(list);
	if (json_array_size(list) == 0)
		(void)printf("Không còn ai chưa tới được.\n");
	json_array_foreach(list, i, row)
	{
		static const struct {
			const char *key;
			int width;
		} cells[] = {{"unit", 16}, {"group", 8}, {"key", 10}, {"name", 26}};
		const char *reason = json_string_value(json_object_get(row, "reason"));
		json_int_t rung = json_integer_value(json_object_get(row, "rung"));
		enum message_state s = MESSAGE_HELD;

		for (size_t n = 0; n < sizeof(cells) / sizeof(cells[0]); n++) {
			const char *text =
			    json_string_value(json_object_get(row, cells[n].key));

			cli_cell(text != NULL ? text : "-", cells[n].width);
		}
		(void)message_state_from_name(json_string_value(json_object_get(row, "state")),
					      &s);
		(void)printf("%s: %s%s%s\n",
			     rung < l.n ? ladder_channel_vi(l.rungs[rung].channel) : "?",
			     message_state_vi(s), reason != NULL ? ", " : "",
			     reason != NULL ? reason : "");
	}
	json_decref(list);
	return 0;
}

static void campaign_print_states(const json_t *states, int indent)
{
	for (int s = 0; s < 32; s++) {
		const char *name = message_state_name((enum message_state)s);
		int64_t n = json_integer_value(json_object_get(states, name));
		char text[32];

		if (n == 0)
			continue;
		vi_number(n, text);
		(void)printf("%*s", indent, "");
		cli_cell(message_state_vi((enum message_state)s), 30 - indent);
		cli_cell(text, -8);
		(void)printf("\n");
	}
}

static int campaign_show(struct cli *c, int argc, char **argv, struct err *e)
{
	bool unreached = false;
	const struct cli_option options[] = {{.name = "unreached", .flag = &unreached},
					     {.name = NULL}};
	struct campaign k = {0};
	struct message_counts n;
	json_t *rungs = NULL, *states, *rung;
	int finished, rc = -1;
	size_t i;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0 ||
	    cli_open(c, STORE_READER, e) < 0 || cli_campaign(c, argv[1], &k, e) < 0)
		return -1;
	if (unreached) {
		rc = campaign_unreached(c, &k, e);
		goto out;
	}
	finished = campaign_is_finished(c->store, &k, e);
	if (finished < 0 || store_message_counts(c->store, k.id, 0, &n, e) < 0 ||
	    campaign_rungs_json(c, &k, &rungs, e) < 0)
		goto out;
	if (c->json) {
		json_t *j = campaign_json(&k);

		json_object_set_new(j, "finished", json_boolean(finished));
		json_object_set_new(j, "messages", campaign_counts_json(&n));
		json_object_set_new(j, "total", json_integer(n.total));
		json_object_set_new(j, "segments", json_integer(n.segments_accepted));
		json_object_set(j, "rungs", rungs);
		rc = cli_print_json(j);
		goto out;
	}
	(void)printf("%s (số %lld): %s\n", k.name, (long long)k.id,
		     campaign_progress_vi(&k, finished));
	(void)printf("  chương trình %s, đối tượng %s, soạn: %s, duyệt: %s\n", k.programme,
		     k.audiences, k.created_by != NULL ? k.created_by : "-",
		     k.approved_by != NULL ? k.approved_by : "-");
	states = campaign_counts_json(&n);
	campaign_print_states(states, 2);
	json_decref(states);
	json_array_foreach(rungs, i, rung)
	{
		if (json_array_size(rungs) == 1)
			break;
		(void)printf(
		    "  nấc %zu, %s\n", i + 1,
		    ladder_channel_vi(json_string_value(json_object_get(rung, "channel"))));
		campaign_print_states(json_object_get(rung, "messages"), 4);
	}
	rc = 0;
out:
	json_decref(rungs);
	campaign_clear(&k);
	return rc;
}

static void campaign_line(const char *label, int64_t n)
{
	char text[32];

	vi_number(n, text);
	(void)printf("  ");
	cli_cell(label, 44);
	cli_cell(text, -10);
	(void)printf("\n");
}

static void campaign_print_sample(const struct campaign_sample *s)
{
	(void)printf("  [%s, %s, %d đoạn tin %s]\n  %s\n", s->audience, s->masked,
		     s->count.segments, s->count.ucs2 ? "có dấu" : "không dấu", s->text);
}

static void campaign_print_preview(const struct ladder *l, const struct campaign_preview *p)
{
	campaign_line("Dòng trong danh sách", p->recipients);
	for (int x = 0; x < EXCLUDED_COUNT; x++) {
		if (p->excluded[x] != 0)
			campaign_line(exclusion_vi((enum exclusion)x), -p->excluded[x]);
	}
	campaign_line("Tin sẽ gửi", p->messages);
	if (p->reminders != 0)
		campaign_line("  kèm nhiều nhất số tin nhắc lại", p->reminders);
	if (p->repeated != 0)
		campaign_line("  LƯU Ý: hôm nay đã nhận đúng tin này", p->repeated);
	if (p->unknown_range != 0)
		campaign_line("  lưu ý: đến đầu số chưa rõ", p->unknown_range);
	for (int s = 1; s < 8; s++) {
		char label[64];

		if (p->by_segments[s] == 0)
			continue;
		(void)snprintf(label, sizeof(label), "  loại %d đoạn tin%s", s,
			       s == 7 ? " trở lên" : "");
		campaign_line(label, p->by_segments[s]);
	}
	campaign_line("Số đoạn tin", p->segments);
	campaign_line("  nếu gửi có dấu", p->segments_with);
	campaign_line("  nếu gửi không dấu", p->segments_without);
	campaign_line("Chi phí (đồng)", p->cost);
	for (int i = 0; l->n > 1 && i < l->n; i++) {
		char label[64];

		(void)snprintf(label, sizeof(label), "  bắt đầu ở nấc %d, %s", i + 1,
			       ladder_channel_vi(l->rungs[i].channel));
		campaign_line(label, p->starts_on[i]);
	}
	if (l->n > 1)
		campaign_line("Chi phí nhiều nhất, nếu ai cũng xuống hết nấc (đồng)",
			      p->cost_worst);
	(void)printf("\nTin mẫu:\n");
	for (int i = 0; i < p->n_samples; i++)
		campaign_print_sample(&p->samples[i]);
	if (p->longest.text != NULL) {
		(void)printf("Tin dài nhất:\n");
		campaign_print_sample(&p->longest);
	}
	for (int64_t i = 0; i < p->n_faults && i < 10; i++)
		(void)printf("Lỗi: %s\n", p->faults[i]);
	if (p->n_faults > 10)
		(void)printf("… và %lld lỗi nữa\n", (long long)p->n_faults - 10);
}

static int campaign_preview_run(struct cli *c, int argc, char **argv, struct err *e)
{
	struct campaign k = {0};
	struct campaign_plan *plan = NULL;
	struct campaign_preview p = {0};
	int rc = -1;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_READER, e) < 0 ||
	    cli_campaign(c, argv[1], &k, e) < 0)
		return -1;
	plan = campaign_plan_new(c->store, &c->house->campaign, &k, e);
	if (plan == NULL || campaign_preview(c->store, plan, clock_now_ms(), &p, e) < 0)
		goto out;
	if (c->json)
		rc = cli_print_json(campaign_preview_json(plan, &p));
	else
		campaign_print_preview(campaign_plan_ladder(plan), &p);
	if (!c->json || rc == 0)
		rc = p.n_faults > 0 ? EX_DATAERR : 0;
out:
	campaign_preview_free(&p);
	campaign_plan_free(plan);
	campaign_clear(&k);
	return rc;
}

/* "name=value" pairs as the JSON object that goes into the row; yours. NULL with e. */
static char *campaign_parameters(const struct cli_texts *set, struct err *e)
{
	json_t *o = json_object();
	char *text;

	for (int i = 0; i < set->n; i++) {
		const char *equals = strchr(set->items[i], '=');
		char *key;

		if (equals == NULL || equals == set->items[i]) {
			(void)err_set(e, EX_USAGE, "--set phải viết TÊN=GIÁ TRỊ, không phải \"%s\"",
				      set->items[i]);
			json_decref(o);
			return NULL;
		}
		key = mem_strndup(set->items[i], (size_t)(equals - set->items[i]));
		if (json_object_set_new(o, key, json_string(equals + 1)) < 0)
			(void)err_set(e, EX_USAGE, "--set %s: không phải là chữ UTF-8", key);
		free(key);
	}
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}

static int campaign_moment(const char *text, bool end_of_day, int64_t *ms, struct err *e)
{
	int64_t day;

	if (text == NULL)
		return 0;
	if (conf_parse_date(text, &day) < 0)
		return err_set(e, EX_USAGE, "ngày phải viết như 20/06/2023, không phải \"%s\"",
			       text);
	*ms = civil_day_start_ms((civil_day)day + (end_of_day ? 1 : 0)) - (end_of_day ? 1 : 0);
	return 0;
}

static int campaign_choice(const char *option, const char *text, const char *const *names,
			   struct err *e)
{
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
	}
	return err_set(e, EX_USAGE, "--%s: không có \"%s\"; chọn %s, %s hoặc %s", option, text,
		       names[0], names[1], names[2]);
}

/* What --only stands for, down to the last name: it is approved as it is today. */
static int campaign_only(struct cli *c, const char *programme, const char *text, char **out,
			 struct err *e)
{
	const struct programme *p = house_programme(c->house, programme);

	if (p == NULL)
		return err_set(e, EX_USAGE, "không có chương trình \"%s\"", programme);
	*out = audience_expand(c->store, p, text, "--only", e);
	return *out != NULL ? 0 : -1;
}

static int campaign_create_run(struct cli *c, int argc, char **argv, struct err *e)
{
	static const char *const accents[] = {"with", "without", "cheapest", NULL};
	static const char *const lanes[] = {"urgent", "notice", "bulk", NULL};
	const char *programme = NULL, *audience = NULL, *accent = "without", *lane = "bulk";
	const char *starts = NULL, *expires = NULL, *ladder = NULL, *only = NULL;
	struct cli_texts set = {.n = 0};
	long step = 0, budget = 0;
	bool quota = false;
	const char *catch_up = NULL;
	const struct cli_option options[] = {
	    {.name = "ladder", .text = &ladder},
	    {.name = "only", .text = &only},
	    {.name = "quota", .flag = &quota},
	    {.name = "budget", .number = &budget},
	    {.name = "catch-up", .text = &catch_up},
	    {.name = "programme", .text = &programme},
	    {.name = "audience", .text = &audience},
	    {.name = "accents", .text = &accent},
	    {.name = "lane", .text = &lane},
	    {.name = "starts", .text = &starts},
	    {.name = "expires", .text = &expires},
	    {.name = "set", .texts = &set},
	    {.name = "step", .number = &step},
	    {.name = NULL},
	};
	struct campaign k = {0};
	int chosen_accents, chosen_lane, rc = -1;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0)
		return -1;
	if (programme == NULL || audience == NULL)
		return err_set(e, EX_USAGE,
			       "thiếu --programme (chương trình) hoặc --audience (đối tượng)");
	chosen_accents = campaign_choice("accents", accent, accents, e);
	chosen_lane = campaign_choice("lane", lane, lanes, e);
	if (chosen_accents < 0 || chosen_lane < 0 ||
	    campaign_moment(starts, false, &k.starts_at, e) < 0 ||
	    campaign_moment(expires, true, &k.expires_at, e) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	if (budget < 0)
		return err_set(e, EX_USAGE, "--budget là số đồng, không âm");
	if (catch_up != NULL && conf_parse_duration(catch_up, &k.catch_up) < 0)
		return err_set(e, EX_USAGE, "--catch-up phải viết như 24h, không phải \"%s\"",
			       catch_up);
	if (only != NULL && campaign_only(c, programme, only, &k.only_when, e) < 0)
		return -1;
	k.quota = quota;
	k.budget = budget;
	k.parameters = campaign_parameters(&set, e);
	if (k.parameters == NULL) {
		campaign_clear(&k);
		return -1;
	}
	k.name = mem_strdup(argv[1]);
	k.programme = mem_strdup(programme);
	k.audiences = mem_strdup(audience);
	k.channel = mem_strdup("sms");
	k.ladder = mem_strdup(ladder);
	k.lane = (enum lane)chosen_lane;
	k.accents = chosen_accents;
	k.step = (int)step;
	rc = campaign_create(c->store, &c->house->campaign, &k, cli_who(), e);
	if (rc == 0 && c->json)
		rc = cli_print_json(campaign_json(&k));
	else if (rc == 0)
		(void)printf(
		    "Đã soạn chiến dịch số %lld. Xem trước: moidan campaign preview %lld\n",
		    (long long)k.id, (long long)k.id);
	campaign_clear(&k);
	return rc;
}

static void campaign_day_row(const struct campaign_day *d, void *arg)
{
	json_t *j = json_loads(d->arithmetic, 0, NULL);
	char day[16];

	civil_day_format_iso(d->day, day);
	json_array_append_new(arg,
			      json_pack("{s:s,s:I,s:I,s:o}", "day", day, "quota",
					(json_int_t)d->quota, "planned", (json_int_t)d->planned,
					"arithmetic", j != NULL ? j : json_null()));
}

static void campaign_print_days(const json_t *days)
{
	const json_t *row;
	size_t i;

	json_array_foreach(days, i, row)
	{
		if (i == 0)
			(void)printf("\nCác ngày đã mời:\n");
		(void)printf("  %s  chỉ tiêu %4lld  đã mời %4lld\n",
			     json_string_value(json_object_get(row, "day")),
			     json_integer_value(json_object_get(row, "quota")),
			     json_integer_value(json_object_get(row, "planned")));
	}
}

/* How many are to be invited today, and how that comes about; of a campaign that does not keep to it as
 * well, so that one can see what it would mean. */
static int campaign_quota_run(struct cli *c, int argc, char **argv, struct err *e)
{
	struct campaign k = {0};
	struct campaign_plan *plan = NULL;
	struct campaign_quota q;
	json_t *days = json_array();
	int rc = -1;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_READER, e) < 0 ||
	    cli_campaign(c, argv[1], &k, e) < 0)
		goto out;
	plan = campaign_plan_new(c->store, &c->house->campaign, &k, e);
	if (plan == NULL ||
	    campaign_quota(c->store, plan, civil_day_of(clock_now_ms()), &q, e) < 0 ||
	    store_campaign_day_list(c->store, k.id, campaign_day_row, days, e) < 0)
		goto out;
	if (c->json) {
		json_t *j = campaign_quota_json(&q);

		json_object_set_new(j, "obeyed", json_boolean(k.quota));
		json_object_set(j, "days", days);
		rc = cli_print_json(j);
	} else {
		char *text = campaign_quota_text(&q);

		(void)printf(
		    "%s%s", text,
		    k.quota ? "" : "(Chiến dịch này gửi hết một lần, không theo chỉ tiêu.)\n");
		campaign_print_days(days);
		free(text);
		rc = 0;
	}
out:
	json_decref(days);
	campaign_plan_free(plan);
	campaign_clear(&k);
	return rc;
}

static int campaign_forecast_run(struct cli *c, int argc, char **argv, struct err *e)
{
	long come = 60;
	const struct cli_option options[] = {{.name = "come", .number = &come}, {.name = NULL}};
	struct campaign k = {0};
	struct campaign_plan *plan = NULL;
	struct campaign_forecast f;
	char *text;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0 ||
	    cli_open(c, STORE_READER, e) < 0 || cli_campaign(c, argv[1], &k, e) < 0)
		return -1;
	if (come < 1 || come > 100)
		(void)err_set(e, EX_USAGE, "--come là phần trăm, 1 đến 100");
	else
		plan = campaign_plan_new(c->store, &c->house->campaign, &k, e);
	if (plan == NULL || campaign_forecast(c->store, plan, civil_day_of(clock_now_ms()),
					      (int)come, &f, e) < 0)
		goto out;
	if (c->json) {
		rc = cli_print_json(campaign_forecast_json(&f));
	} else {
		text = campaign_forecast_text(&f);
		(void)printf("%s", text);
		free(text);
		rc = 0;
	}
out:
	campaign_plan_free(plan);
	campaign_clear(&k);
	return rc;
}

/* The verbs that move a campaign on. */
static int campaign_move(struct cli *c, int argc, char **argv, struct err *e)
{
	struct campaign k = {0};
	const struct campaign_house *house;
	const char *verb = argv[0], *who = cli_who();
	int64_t retried = -1, released = -1;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    cli_campaign(c, argv[1], &k, e) < 0)
		return -1;
	house = &c->house->campaign;
	if (strcmp(verb, "submit") == 0)
		rc = campaign_submit(c->store, house, k.id, who, e);
	else if (strcmp(verb, "approve") == 0)
		rc = campaign_approve(c->store, house, k.id, who, c->house->cfg.two_person, e);
	else if (strcmp(verb, "retry-failed") == 0)
		rc = campaign_retry_failed(c->store, k.id, who, &retried, e);
	else if (strcmp(verb, "release") == 0)
		rc = campaign_release(c->store, k.id, who, &released, e);
	else if (strcmp(verb, "start") == 0)
		rc = campaign_start(c->store, house, k.id, who, e);
	else if (strcmp(verb, "pause") == 0)
		rc = campaign_pause(c->store, k.id, who, e);
	else if (strcmp(verb, "resume") == 0)
		rc = campaign_resume(c->store, k.id, who, e);
	else
		rc = campaign_cancel(c->store, k.id, who, e);
	if (rc == 0) {
		struct campaign now = {0};

		cli_changed(c);
		if (store_campaign_get(c->store, k.id, &now, e) == 1)
			(void)printf("%s: %s\n", now.name, campaign_state_vi(now.state));
		campaign_clear(&now);
		if (retried >= 0)
			(void)printf("Gửi lại %lld tin.\n", (long long)retried);
		if (released >= 0)
			(void)printf("Thả %lld tin đang giữ.%s\n", (long long)released,
				     k.state == CAMPAIGN_RUNNING
					 ? ""
					 : " Gửi tiếp: moidan campaign resume.");
	}
	campaign_clear(&k);
	return rc;
}

/* 60 to 90 seconds are listened to; it is read twice. */
#define LOUDSPEAKER_MIN 60
#define LOUDSPEAKER_MAX 90

static int campaign_loudspeaker_run(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *unit = NULL;
	const struct cli_option options[] = {{.name = "unit", .text = &unit}, {.name = NULL}};
	struct campaign k = {0};
	struct campaign_plan *plan = NULL;
	struct carry_speech speech = {0};
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0)
		return -1;
	if (unit == NULL)
		return err_set(e, EX_USAGE, "thiếu --unit (ấp nào)");
	if (cli_open(c, STORE_READER, e) < 0 || cli_campaign(c, argv[1], &k, e) < 0)
		return -1;
	plan = campaign_plan_new(c->store, &c->house->campaign, &k, e);
	if (plan == NULL || carry_loudspeaker(c->store, plan, unit, &speech, e) < 0)
		goto out;
	rc = 0;
	if (c->json) {
		rc = cli_print_json(json_pack("{s:s, s:I, s:i}", "text", speech.text,
					      "syllables", (json_int_t)speech.syllables,
					      "seconds", speech.seconds));
		goto out;
	}
	(void)printf("%s\n", speech.text);
	(void)fprintf(stderr, "(%zu tiếng, đọc một lần khoảng %d giây%s)\n", speech.syllables,
		      speech.seconds,
		      speech.seconds < LOUDSPEAKER_MIN ? ": hơi ngắn, nên 60 đến 90 giây"
		      : speech.seconds > LOUDSPEAKER_MAX ? ": dài, nên 60 đến 90 giây"
							 : "");
out:
	free(speech.text);
	campaign_plan_free(plan);
	campaign_clear(&k);
	return rc;
}

int cmd_campaign(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"list", campaign_list},
	    {"show", campaign_show},
	    {"preview", campaign_preview_run},
	    {"create", campaign_create_run},
	    {"quota", campaign_quota_run},
	    {"forecast", campaign_forecast_run},
	    {"submit", campaign_move},
	    {"retry-failed", campaign_move},
	    {"release", campaign_move},
	    {"approve", campaign_move},
	    {"start", campaign_move},
	    {"pause", campaign_move},
	    {"resume", campaign_move},
	    {"cancel", campaign_move},
	    {"loudspeaker", campaign_loudspeaker_run},
	    {NULL, NULL},
	};

	return cli_verb(c, verbs, argc, argv);
}
