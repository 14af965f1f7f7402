/* SPDX-License-Identifier: Apache-2.0 */
/* Campaigns: written in steps (who, what, when), checked as a whole, submitted, approved by somebody else,
 * watched. What is shown to the approver is what is approved: the form carries the hash of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/mem.h"
#include "campaign/audience.h"
#include "campaign/campaign.h"
#include "campaign/plan.h"
#include "roster/programme.h"
#include "store/audience.h"
#include "web/desk.h"
#include "web/model.h"
#include "web/screen.h"

/* What a preview is drawn under, before the campaign's number. */
#define CAMPAIGNS_KEY "preview "

/* ---- the list -------------------------------------------------------------------------------- */

struct campaigns_list {
	struct visit *v;
	json_t *list;
	struct err *e;
	int rc;
};

/* What the page says of its state: one that runs and has nothing left to do is over. */
static void campaigns_say_state(json_t *o, const struct campaign *k, bool finished)
{
	json_object_set_new(o, "finished", json_boolean(finished));
	json_object_set_new(o, "progress",
			    json_string(finished && k->state == CAMPAIGN_RUNNING
					    ? "finished"
					    : campaign_state_name(k->state)));
}

static void campaigns_row(const struct campaign *k, void *arg)
{
	struct campaigns_list *l = arg;
	struct message_counts n;
	json_t *o;
	int finished = 0;

	if (k->stream)
		return;
	o = model_campaign(k);
	if (k->state >= CAMPAIGN_RUNNING) {
		finished = campaign_is_finished(l->v->st, k, l->e);
		if (finished < 0 || store_message_counts(l->v->st, k->id, 0, &n, l->e) < 0)
			l->rc = -1;
		else
			json_object_set_new(o, "counts", model_counts(&n));
	}
	campaigns_say_state(o, k, finished > 0);
	/* Newest first. */
	json_array_insert_new(l->list, 0, o);
}

int screen_campaigns(struct visit *v, struct err *e)
{
	struct campaigns_list l = {.v = v, .list = json_array(), .e = e};

	v->model = json_pack("{s:o}", "items", l.list);
	if (store_campaign_list(v->st, -1, campaigns_row, &l, e) < 0)
		return -1;
	return l.rc;
}

/* ---- one campaign ---------------------------------------------------------------------------- */

static int campaigns_open(struct visit *v, struct campaign *k, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	int found = id < 0 ? -1 : store_campaign_get(v->st, id, k, e);

	if (found == 0)
		return say(e, EX_NOINPUT, "no_campaign", NULL);
	return found < 0 ? -1 : 0;
}

/* Who gets no message, as rows of a table; the whole sum beside. */
static json_t *campaigns_excluded(const struct campaign_preview *p)
{
	json_t *list = json_array();

	for (int x = 0; x < EXCLUDED_COUNT; x++) {
		if (p->excluded[x] > 0)
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:I}", "reason",
							exclusion_name((enum exclusion)x),
							"why", exclusion_vi((enum exclusion)x),
							"n", (json_int_t)p->excluded[x]));
	}
	return list;
}

/* The quota of this day with its arithmetic, a line a step. */
static int campaigns_quota(struct visit *v, const struct campaign_plan *plan, struct err *e)
{
	struct campaign_quota q;
	char *text;

	if (campaign_quota(v->st, plan, civil_day_of(clock_now_ms()), &q, e) < 0)
		return -1;
	text = campaign_quota_text(&q);
	json_object_set_new(v->model, "quota", campaign_quota_json(&q));
	json_object_set_new(v->model, "quota_text", json_string(text));
	free(text);
	return 0;
}

/* How far a running campaign has come with it: as it was found this morning. */
static int campaigns_day_so_far(struct visit *v, const struct campaign *k, struct err *e)
{
	struct campaign_day day = {0};
	int found = store_campaign_day_get(v->st, k->id, civil_day_of(clock_now_ms()), &day, e);

	if (found > 0)
		json_object_set_new(v->model, "today",
				    json_pack("{s:I, s:I}", "quota", (json_int_t)day.quota,
					      "planned", (json_int_t)day.planned));
	free(day.arithmetic);
	return found < 0 ? -1 : 0;
}

/* A plan's preview as the page shows it. NULL with e. */
static json_t *campaigns_look(struct visit *v, const struct campaign_plan *plan, struct err *e)
{
	struct campaign_preview p = {0};
	json_t *o;

	if (campaign_preview(v->st, plan, clock_now_ms(), &p, e) < 0)
		return NULL;
	o = campaign_preview_json(plan, &p);
	json_object_set_new(o, "excluded_list", campaigns_excluded(&p));
	json_object_set_new(o, "any_fault", json_boolean(p.n_faults > 0));
	json_object_set_new(o, "any_repeated", json_boolean(p.repeated > 0));
	json_object_set_new(o, "nobody", json_boolean(p.messages == 0));
	json_object_set_new(o, "dearer", json_boolean(p.segments_with > p.segments_without));
	json_object_set_new(o, "any_unknown", json_boolean(p.unknown_range > 0));
	campaign_preview_free(&p);
	return o;
}

/* The same, of the campaign that key names. */
static json_t *campaigns_draw(struct visit *v, const char *key, struct err *e)
{
	int64_t id = strtoll(key + strlen(CAMPAIGNS_KEY), NULL, 10);
	struct campaign k = {0};
	struct campaign_plan *plan = NULL;
	json_t *o = NULL;

	if (store_campaign_get(v->st, id, &k, e) == 1)
		plan = campaign_plan_new(v->st, v->house->campaign, &k, e);
	if (plan != NULL)
		o = campaigns_look(v, plan, e);
	campaign_plan_free(plan);
	campaign_clear(&k);
	return o;
}

/* As it was last drawn, when nothing has changed since. NULL with e: also when it is not drawn yet. */
static json_t *campaigns_drawn(struct visit *v, const struct campaign_plan *plan, struct err *e)
{
	struct clerk_drawing what = {.draw = campaigns_draw};
	char *key = mem_printf(CAMPAIGNS_KEY "%lld", (long long)plan->row->id), *as_of;
	char texts[65], mark[STORE_MARK];
	json_t *o = NULL;
	int64_t rows;

	plan_texts_hash(plan, texts);
	if (store_mark(v->st, mark, e) == 0 &&
	    store_recipient_last(v->st, plan->row->programme, &rows, e) == 0) {
		as_of = mem_printf("%s %s", mark, texts);
		what.key = key;
		what.as_of = as_of;
		what.dear = clerk_is_dear(rows);
		o = clerk_cached(v->clerk, &what, v, e);
		free(as_of);
	}
	free(key);
	return o;
}

/* What it would send and cost, as it is now; what cannot be made ready says why instead, what is still being
 * counted says so. */
static int campaigns_preview(struct visit *v, const struct campaign *k, struct err *e)
{
	struct err why = ERR_INIT;
	struct campaign_plan *plan = campaign_plan_new(v->st, v->house->campaign, k, &why);
	json_t *o;
	int rc = 0;

	if (plan == NULL) {
		json_object_set_new(v->model, "blocked", visit_said(v, &why));
		return 0;
	}
	o = campaigns_drawn(v, plan, e);
	if (o != NULL) {
		json_object_set(v->model, "preview", o);
		free(v->etag);
		v->etag = mem_printf("\"%s\"", json_string_value(json_object_get(o, "hash")));
	} else if (v->retry_after > 0) {
		err_clear(e);
		json_object_set_new(v->model, "counting", json_true());
		visit_comes_again(v);
	} else {
		rc = -1;
	}
	if (rc == 0 && k->quota)
		rc = campaigns_quota(v, plan, e);
	json_decref(o);
	campaign_plan_free(plan);
	return rc;
}

/* What was submitted is not what there is any more: the author looks again and submits again, and nobody is offered to
 * approve it meanwhile. */
static void campaigns_say_changed(struct visit *v, const struct campaign *k)
{
	const char *now =
	    json_string_value(json_object_get(json_object_get(v->model, "preview"), "hash"));
	bool changed = k->state == CAMPAIGN_SUBMITTED && now != NULL &&
		       k->submitted_hash != NULL && strcmp(k->submitted_hash, now) != 0;

	json_object_set_new(v->model, "changed", json_boolean(changed));
	if (changed)
		json_object_set_new(v->model, "can_approve", json_false());
}

static json_t *campaigns_audiences(const struct visit *v, const struct campaign *k)
{
	const struct programme *p =
	    model_programme(v, k->programme != NULL ? k->programme : "");
	json_t *list = json_array();
	char *ids = mem_strdup(k->audiences != NULL ? k->audiences : ""), *at = ids, *id;

	while ((id = strsep(&at, ",")) != NULL) {
		int i = p != NULL ? programme_audience_find(p, id) : -1;

		if (*id != '\0')
			json_array_append_new(
			    list, json_pack("{s:s, s:s}", "id", id, "title",
					    i >= 0 ? programme_audience_at(p, i)->title : id));
	}
	free(ids);
	return list;
}

int screen_campaign(struct visit *v, struct err *e)
{
	struct campaign k = {0};
	struct message_counts n;
	bool mine, waits;
	int rc = -1, finished = 0;

	if (campaigns_open(v, &k, e) < 0)
		return -1;
	v->model = model_campaign(&k);
	json_object_set_new(v->model, "audience_list", campaigns_audiences(v, &k));
	json_object_set_new(v->model, "parameters",
			    k.parameters != NULL ? json_loads(k.parameters, 0, NULL)
						 : json_object());
	mine = v->house->two_person && k.created_by != NULL &&
	       strcmp(k.created_by, v->who.name) == 0;
	waits = k.state == CAMPAIGN_SUBMITTED || k.state == CAMPAIGN_HALTED;
	json_object_set_new(v->model, "is_draft", json_boolean(k.state == CAMPAIGN_DRAFT));
	json_object_set_new(v->model, "is_submitted",
			    json_boolean(k.state == CAMPAIGN_SUBMITTED));
	json_object_set_new(
	    v->model, "can_rewrite",
	    json_boolean(k.state == CAMPAIGN_DRAFT || k.state == CAMPAIGN_SUBMITTED));
	json_object_set_new(v->model, "can_approve", json_boolean(waits && !mine));
	json_object_set_new(v->model, "own_work", json_boolean(waits && mine));
	json_object_set_new(v->model, "can_start", json_boolean(k.state == CAMPAIGN_APPROVED));
	json_object_set_new(v->model, "can_pause", json_boolean(k.state == CAMPAIGN_RUNNING));
	json_object_set_new(v->model, "can_resume", json_boolean(k.state == CAMPAIGN_PAUSED));
	json_object_set_new(v->model, "can_cancel",
			    json_boolean(k.state != CAMPAIGN_CANCELLED && !k.stream));
	if (!k.stream && (k.state < CAMPAIGN_RUNNING || k.state == CAMPAIGN_HALTED) &&
	    campaigns_preview(v, &k, e) < 0)
		goto out;
	campaigns_say_changed(v, &k);
	if (k.state >= CAMPAIGN_RUNNING) {
		finished = campaign_is_finished(v->st, &k, e);
		if (finished < 0 || store_message_counts(v->st, k.id, 0, &n, e) < 0 ||
		    (k.quota && campaigns_day_so_far(v, &k, e) < 0))
			goto out;
		json_object_set_new(v->model, "counts", model_counts(&n));
		json_object_set_new(v->model, "any_failed",
				    json_boolean(n.by_state[MESSAGE_FAILED] > 0));
		if (k.state == CAMPAIGN_RUNNING && !finished) {
			json_object_set_new(v->model, "live", json_true());
			json_object_set_new(v->model, "refresh", json_string("10"));
		}
	}
	campaigns_say_state(v->model, &k, finished > 0);
	rc = 0;
out:
	campaign_clear(&k);
	return rc;
}

/* ---- written in steps ------------------------------------------------------------------------ */

static bool campaigns_is_chosen(const json_t *list, const char *id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (strcmp(json_string_value(item), id) == 0)
			return true;
	}
	return false;
}

/* The first step's choices, or what was chosen. */
static json_t *campaigns_choices(const struct visit *v, const struct programme *p)
{
	json_t *list = json_array();

	for (size_t i = 0; p != NULL && i < p->audiences.n; i++) {
		const struct programme_audience *a = programme_audience_at(p, (int)i);

		if (a->sms == NULL || a->hold)
			continue;
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:b}", "id", a->id, "title", a->title, "chosen",
				    campaigns_is_chosen(visit_several(v, "audience"), a->id)));
	}
	return list;
}

static void campaigns_saved_name(const struct audience *a, void *arg)
{
	json_array_append_new(arg, json_pack("{s:o}", "ask", json_sprintf("\"%s\"", a->name)));
}

/* The audiences that somebody saved, to choose from. */
static int campaigns_saved(struct visit *v, const struct programme *p, struct err *e)
{
	json_t *list = json_array();

	json_object_set_new(v->model, "saved", list);
	return store_audience_list(v->st, p->name, campaigns_saved_name, list, e);
}

int screen_campaign_new(struct visit *v, struct err *e)
{
	const char *step = visit_text(v, "step"), *programme = visit_text(v, "programme");
	const struct programme *p = model_programme(v, programme);
	static const char *const kept[] = {"name",    "place",	"until",   "day",  "hour",
					   "accents", "starts", "expires", "only", "quota"};
	json_t *choices = campaigns_choices(v, p);

	v->model = json_pack("{s:s, s:o, s:o}", "programme", programme, "programmes",
			     model_programmes(v, programme), "choices", choices);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		json_object_set_new(v->model, kept[i], json_string(visit_text(v, kept[i])));
	if (p != NULL) {
		json_object_set_new(v->model, "programme_title", json_string(p->title));
		if (campaigns_saved(v, p, e) < 0)
			return -1;
	}
	/* A step without what the one before asks for is the one before. */
	if (p == NULL) {
		step = "";
	} else if (json_array_size(visit_several(v, "audience")) == 0) {
		if (*step != '\0' && strcmp(step, "who") != 0)
			json_object_set_new(v->model, "error",
					    json_string(page_word(v->pages, v->language,
								  "said.choose_audience")));
		step = "who";
	} else if (*step == '\0') {
		step = "who";
	}
	json_object_set_new(v->model, "step_programme", json_boolean(*step == '\0'));
	json_object_set_new(v->model, "step_who", json_boolean(strcmp(step, "who") == 0));
	json_object_set_new(v->model, "step_what", json_boolean(strcmp(step, "what") == 0));
	json_object_set_new(v->model, "step_when", json_boolean(strcmp(step, "when") == 0));
	json_object_set_new(v->model, "with_accents",
			    json_boolean(strcmp(visit_text(v, "accents"), "with") == 0));
	json_object_set_new(v->model, "cheapest",
			    json_boolean(strcmp(visit_text(v, "accents"), "cheapest") == 0));
	return 0;
}

/* What a draft that was refused is shown on again: the last step, or the one that was to lead there. */
int screen_campaign_again(struct visit *v, struct err *e)
{
	json_object_set_new(v->input, "step", json_string(v->post ? "when" : "what"));
	return screen_campaign_new(v, e);
}

static int64_t campaigns_day(const struct visit *v, const char *name, bool end)
{
	int64_t day;

	if (conf_parse_date(visit_text(v, name), &day) < 0)
		return 0;
	return civil_day_start_ms((civil_day)day + (end ? 1 : 0)) - (end ? 1 : 0);
}

/* The values that texts may ask for, as the row keeps them; yours. */
static char *campaigns_parameters(const struct visit *v)
{
	static const char *const names[][2] = {
	    {"place", "noi_lam"}, {"until", "han"}, {"day", "ngay"}, {"hour", "gio"}};
	json_t *o = json_object();
	char *text;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (*visit_text(v, names[i][0]) != '\0')
			json_object_set_new(o, names[i][1],
					    json_string(visit_text(v, names[i][0])));
	}
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}

static char *campaigns_joined(const json_t *list)
{
	struct buf text = BUF_INIT(1024);
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)(void)
	    buf_addf(&text, "%s%s", i > 0 ? "," : "", json_string_value(item));
	return buf_take(&text);
}

json_t *screen_campaign_created(struct visit *v, struct store *st, int *status, struct err *e)
{
	(void)st;
	(void)e;
	*status = 201;
	return json_pack("{s:I}", "id", (json_int_t)*v->made);
}

int screen_campaign_create(struct visit *v, struct err *e)
{
	static const char *const accents[] = {"without", "with", "cheapest"};
	static const enum sms_accents meant[] = {SMS_WITHOUT_ACCENTS, SMS_WITH_ACCENTS,
						 SMS_CHEAPEST};
	struct campaign k = {.name = (char *)(uintptr_t)visit_text(v, "name"),
			     .programme = (char *)(uintptr_t)visit_text(v, "programme"),
			     .lane = LANE_BULK,
			     .quota = *visit_text(v, "quota") != '\0',
			     .starts_at = campaigns_day(v, "starts", false),
			     .expires_at = campaigns_day(v, "expires", true)};
	struct store *w = visit_writer(v, e);
	const struct programme *p = model_programme(v, k.programme);
	size_t i = 0;
	int rc;

	if (w == NULL)
		return -1;
	if (json_array_size(visit_several(v, "audience")) == 0)
		return visit_refuse(v, 422, e, "choose_audience");
	while (i < 2 && strcmp(accents[i], visit_text(v, "accents")) != 0)
		i++;
	k.accents =
	    *visit_text(v, "accents") == '\0' ? (int)SMS_WITHOUT_ACCENTS : (int)meant[i];
	if (*visit_text(v, "only") != '\0' && p == NULL)
		return say(e, EX_DATAERR, "no_programme", k.programme, NULL);
	/* It is approved as it is today. */
	if (*visit_text(v, "only") != '\0' &&
	    (k.only_when =
		 audience_expand(v->st, p, visit_text(v, "only"), "chỉ những ai", e)) == NULL)
		return -1;
	k.audiences = campaigns_joined(visit_several(v, "audience"));
	k.parameters = campaigns_parameters(v);
	v->made = &k.id;
	rc = campaign_create(w, v->house->campaign, &k, v->who.name, e);
	v->made = NULL;
	free(k.audiences);
	free(k.parameters);
	free(k.only_when);
	if (rc < 0)
		return -1;
	v->model = json_pack("{s:I}", "id", (json_int_t)k.id);
	if (v->api)
		v->status = 201;
	return visit_go(v, "/campaigns/%lld?done=drafted", (long long)k.id);
}

/* ---- its life -------------------------------------------------------------------------------- */

static int campaigns_moved(struct visit *v, int64_t id, const char *said, struct err *e)
{
	struct campaign k = {0};

	visit_changed(v);
	store_read_end(v->st);
	if (store_read_begin(v->st, e) < 0 || store_campaign_get(v->st, id, &k, e) != 1)
		return -1;
	json_decref(v->model);
	v->model = model_campaign(&k);
	campaign_clear(&k);
	return visit_go(v, "/campaigns/%lld?done=%s", (long long)id, said);
}

json_t *screen_campaign_submitted(struct visit *v, struct store *st, int *status, struct err *e)
{
	int64_t id = visit_id(v, 0, e);
	struct campaign k = {0};
	json_t *model = NULL;

	*status = 200;
	if (id >= 0 && store_campaign_get(st, id, &k, e) == 1)
		model = model_campaign(&k);
	campaign_clear(&k);
	return model;
}

int screen_campaign_submit(struct visit *v, struct err *e)
{
	struct store *w = visit_writer(v, e);
	int64_t id = visit_id(v, 0, e);

	if (id < 0 || w == NULL ||
	    campaign_submit(w, v->house->campaign, id, v->who.name, e) < 0)
		return -1;
	return campaigns_moved(v, id, "submitted", e);
}

/* What provably was not sent is queued again; nothing else. */
int screen_campaign_retry(struct visit *v, struct err *e)
{
	struct store *w = visit_writer(v, e);
	int64_t id = visit_id(v, 0, e), n;

	if (id < 0 || w == NULL || campaign_retry_failed(w, id, v->who.name, &n, e) < 0)
		return -1;
	return campaigns_moved(v, id, "retried_all", e);
}

/* Approved and off it goes: the approver has seen the texts, the number and the cost. */
int screen_campaign_approve(struct visit *v, struct err *e)
{
	struct store *w = visit_writer(v, e);
	int64_t id = visit_id(v, 0, e);

	if (id < 0 || w == NULL)
		return -1;
	if (campaign_send_off(w, v->house->campaign, id, visit_text(v, "hash"), v->who.name,
			      v->house->two_person, e) == 0)
		return campaigns_moved(v, id, "approved", e);
	if (e->code != EX_PROTOCOL)
		return -1;
	err_clear(e);
	return visit_refuse(v, 412, e, "campaign_changed");
}

int screen_campaign_move(struct visit *v, struct err *e)
{
	struct store *w = visit_writer(v, e);
	const char *what = visit_text(v, "do");
	int64_t id = visit_id(v, 0, e);
	int rc;

	if (id < 0 || w == NULL)
		return -1;
	if (strcmp(what, "start") == 0)
		rc = campaign_start(w, v->house->campaign, id, v->who.name, e);
	else if (strcmp(what, "pause") == 0)
		rc = campaign_pause(w, id, v->who.name, e);
	else if (strcmp(what, "resume") == 0)
		rc = campaign_resume(w, id, v->who.name, e);
	else
		rc = campaign_cancel(w, id, v->who.name, e);
	return rc < 0 ? -1 : campaigns_moved(v, id, what, e);
}
