/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of messages: what each says of real people and costs; written anew, looked at, saved as a version. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/texts.h"
#include "web/model.h"
#include "web/screen.h"

/* Rows of a list that a text is tried on: what a page can wait for, whatever the size of the list. */
#define TEXTS_ROWS 2000

/* Puts into o what a text would send: samples, the longest, segments and cost; or why it cannot be sent. */
static void texts_try(struct visit *v, const struct programme *p,
		      const struct programme_audience *a, const struct campaign_trial *trial,
		      json_t *o)
{
	struct campaign k = campaign_text_row(p, a, clock_now_ms());
	struct err why = ERR_INIT;
	struct campaign_plan *plan =
	    campaign_plan_try(v->st, v->house->campaign, &k, trial, &why);
	struct campaign_preview out = {0};
	json_t *seen;

	if (plan == NULL || campaign_preview_some(v->st, plan, k.starts_at, TEXTS_ROWS, &out,
						  &why) < 0) {
		json_object_set_new(o, "error_text", visit_said(v, &why));
	} else {
		seen = campaign_preview_json(plan, &out);
		json_object_update(o, seen);
		json_decref(seen);
		json_object_set_new(o, "any", json_boolean(out.messages > 0));
		json_object_set_new(o, "any_fault", json_boolean(out.n_faults > 0));
		json_object_set_new(o, "limited", json_boolean(out.recipients == TEXTS_ROWS));
		json_object_set_new(o, "cost_with",
				    json_integer(out.segments_with *
						 v->house->campaign->price_per_segment));
		json_object_set_new(o, "cost_without",
				    json_integer(out.segments_without *
						 v->house->campaign->price_per_segment));
	}
	campaign_preview_free(&out);
	campaign_plan_free(plan);
}

/* ---- all of them ------------------------------------------------------------------------------ */

int screen_templates(struct visit *v, struct err *e)
{
	json_t *list = json_array();

	(void)e;
	v->model = json_pack("{s:o}", "items", list);
	for (size_t i = 0; i < v->house->n_programmes; i++) {
		const struct programme *p = v->house->programmes[i];
		json_t *texts = json_array();

		for (size_t k = 0; k < p->audiences.n; k++) {
			const struct programme_audience *a = programme_audience_at(p, (int)k);
			json_t *o;

			if (a->sms == NULL || *a->sms == '\0' || a->hold)
				continue;
			o = json_pack("{s:s, s:s, s:s, s:s}", "audience", a->id, "title",
				      a->title, "file", a->sms, "programme", p->name);
			texts_try(v, p, a, NULL, o);
			json_array_append_new(texts, o);
		}
		if (json_array_size(texts) > 0)
			json_array_append_new(list, json_pack("{s:s, s:s, s:O}", "name",
							      p->name, "programme_title",
							      p->title, "texts", texts));
		json_decref(texts);
	}
	return 0;
}

/* ---- one ------------------------------------------------------------------------------------- */

struct texts_one {
	const struct programme *p;
	const struct programme_audience *a;
	const char *name;
	int step; /* 0: the invitation, else a further message */
	char *now; /* the text that counts */
	int version;
};

static int texts_open(struct visit *v, struct texts_one *t, struct err *e)
{
	const struct programme_step *steps;
	int i;

	*t = (struct texts_one){.p = model_programme(v, v->params.value[0]),
				.step = (int)visit_int(v, "step")};
	i = t->p != NULL ? programme_audience_find(t->p, v->params.value[1]) : -1;
	t->a = i >= 0 ? programme_audience_at(t->p, i) : NULL;
	if (t->a == NULL || t->a->sms == NULL || t->a->hold ||
	    (size_t)t->step > t->a->steps.n) {
		(void)say(e, EX_NOINPUT, "no_text", NULL);
		return -1;
	}
	steps = t->a->steps.items;
	t->name = t->step == 0 ? t->a->sms : steps[t->step - 1].sms;
	t->now = campaign_text_now(v->st, v->house->campaign, t->name, &t->version, e);
	return t->now != NULL ? 0 : -1;
}

static char *texts_lf(const char *text)
{
	char *out = mem_strdup(text), *to = out;

	for (const char *s = out; *s != '\0'; s++) {
		if (*s != '\r')
			*to++ = *s;
	}
	*to = '\0';
	return out;
}

struct texts_versions {
	json_t *list;
	int64_t from; /* the one that is to be written on from */
	char *text;
};

static void texts_version(const struct text_version *t, void *arg)
{
	struct texts_versions *all = arg;
	json_t *o = json_pack("{s:i, s:s, s:b, s:b}", "version", t->version, "who", t->who,
			      "is_file", t->text == NULL, "counts",
			      json_array_size(all->list) == 0);

	visit_time(o, "at", t->at);
	if (t->text != NULL)
		json_object_set_new(o, "text", json_string(t->text));
	if (t->text != NULL && t->version == all->from && all->text == NULL)
		all->text = mem_strdup(t->text);
	json_array_append_new(all->list, o);
}

struct texts_users {
	const struct texts_one *t;
	json_t *list;
};

/* Campaigns that go on with it, or wait to. */
static void texts_user(const struct campaign *k, void *arg)
{
	struct texts_users *u = arg;
	const char *hit = k->audiences;
	size_t n = strlen(u->t->a->id);

	if (k->stream || k->state == CAMPAIGN_CANCELLED || k->finished_at != 0 ||
	    k->programme == NULL || strcmp(k->programme, u->t->p->name) != 0)
		return;
	while (hit != NULL && (hit = strstr(hit, u->t->a->id)) != NULL) {
		if ((hit == k->audiences || hit[-1] == ',') &&
		    (hit[n] == ',' || hit[n] == '\0')) {
			json_array_append_new(u->list, json_pack("{s:I, s:s, s:s}", "id",
								 (json_int_t)k->id, "name",
								 k->name, "state",
								 campaign_state_name(k->state)));
			return;
		}
		hit += n;
	}
}

static json_t *texts_steps(const struct texts_one *t)
{
	const struct programme_step *steps = t->a->steps.items;
	json_t *list = json_array();

	for (size_t i = 0; i < t->a->steps.n; i++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:b}", "step", (int)i + 1,
						      "file", steps[i].sms, "chosen",
						      t->step == (int)i + 1));
	return list;
}

/* The page of one text, with `text` in its box (NULL: what counts). */
static int texts_show(struct visit *v, const struct texts_one *t, const char *text,
		      struct err *e)
{
	struct texts_versions all = {.list = json_array(), .from = visit_int(v, "from")};
	struct texts_users users = {.t = t, .list = json_array()};
	struct campaign_trial trial = {.name = t->name, .text = text};

	v->model = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:b, s:b, s:o, s:o, s:o}",
			     "programme", t->p->name, "audience", t->a->id, "title", t->a->title,
			     "file", t->name, "step", t->step, "version", t->version, "is_file",
			     t->version == 0, "is_step", t->step > 0, "versions", all.list,
			     "used_by", users.list, "steps", texts_steps(t));
	if (store_text_list(v->st, t->name, texts_version, &all, e) < 0 ||
	    store_campaign_list(v->st, -1, texts_user, &users, e) < 0) {
		free(all.text);
		return -1;
	}
	if (text == NULL)
		trial.text = all.text != NULL ? all.text : t->now;
	json_object_set_new(v->model, "text", json_string(trial.text));
	json_object_set_new(v->model, "any_versions",
			    json_boolean(json_array_size(all.list) > 0));
	json_object_set_new(v->model, "any_users",
			    json_boolean(json_array_size(users.list) > 0));
	json_object_set_new(v->model, "any_steps", json_boolean(t->a->steps.n > 0));
	texts_try(v, t->p, t->a, &trial, v->model);
	free(all.text);
	free(v->etag);
	v->etag = mem_printf("\"%d\"", t->version);
	return 0;
}

int screen_text(struct visit *v, struct err *e)
{
	const char *typed = visit_text(v, "text");
	char *text = *typed != '\0' ? texts_lf(typed) : NULL;
	struct texts_one t;
	int rc = texts_open(v, &t, e);

	if (rc == 0)
		rc = texts_show(v, &t, text, e);
	free(t.now);
	free(text);
	return rc;
}

/* That it is still the version that was shown: a form says so by rev, another system by If-Match. */
static int texts_unchanged(struct visit *v, const struct texts_one *t, struct err *e)
{
	char etag[16];

	(void)snprintf(etag, sizeof(etag), "\"%d\"", t->version);
	if (v->who.key && v->if_match == NULL)
		return visit_refuse(v, 428, e, "if_match");
	if (v->if_match != NULL ? strcmp(v->if_match, etag) != 0
				: visit_int(v, "rev") != t->version)
		return visit_refuse(v, 412, e, "text_changed");
	return 0;
}

static int texts_save(struct visit *v, const struct texts_one *t, const char *text,
		      struct err *e)
{
	struct store *w = visit_writer(v, e);
	int version, rc;

	if (w == NULL || texts_unchanged(v, t, e) < 0)
		return -1;
	rc = campaign_text_save(w, v->house->campaign, t->p, t->a, t->name, text, t->version,
				v->who.name, &version, e);
	if (rc == 0)
		return visit_refuse(v, 412, e, "text_changed");
	if (rc < 0)
		return -1;
	v->model = json_pack("{s:s, s:i}", "file", t->name, "version", version);
	visit_changed(v);
	return visit_go(v, "/templates/%s/%s?step=%d&done=text_saved", t->p->name, t->a->id,
			t->step);
}

int screen_text_post(struct visit *v, struct err *e)
{
	const char *what = visit_text(v, "do");
	char *text = texts_lf(visit_text(v, "text"));
	struct texts_one t;
	int rc = texts_open(v, &t, e);

	if (rc == 0 && strcmp(what, "check") == 0)
		rc = texts_show(v, &t, text, e);
	else if (rc == 0)
		rc = texts_save(v, &t, strcmp(what, "file") == 0 ? NULL : text, e);
	free(t.now);
	free(text);
	return rc;
}
