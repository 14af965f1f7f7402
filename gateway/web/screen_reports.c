/* SPDX-License-Identifier: Apache-2.0 */
/* The week's summary and digests, the texts and what they cost, the providers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/campaign.h"
#include "dispatch/officer.h"
#include "dispatch/token.h"
#include "provider/provider.h"
#include "report/document.h"
#include "report/report.h"
#include "roster/programme.h"
#include "store/campaign.h"
#include "store/health.h"
#include "text/phone.h"
#include "text/vi.h"
#include "web/desk.h"
#include "web/model.h"
#include "web/screen.h"

#define REPORT_TEXT ((size_t)1 << 20)
/* Changes of a provider's share that are shown, the newest first. */
#define PROVIDERS_HISTORY 20

/* The figures of the week that was asked for. Yours; NULL with e. */
static json_t *reports_figures(struct visit *v, int *week, bool *frozen, struct err *e)
{
	int64_t now = clock_now_ms();

	if (report_week_parse(visit_text(v, "week"), now, week, e) < 0)
		return NULL;
	return model_figures_of(v, *week, frozen, e);
}

static void reports_week_name(int week, char out[16])
{
	(void)snprintf(out, 16, "%d-W%02d", week / 100, week % 100);
}

static json_t *reports_digests(const struct visit *v, const json_t *figures)
{
	json_t *list = json_array();
	const json_t *head;
	size_t i;

	json_array_foreach(json_object_get(figures, "heads"), i, head)
	{
		const char *unit = json_string_value(json_object_get(head, "unit"));
		struct buf text = BUF_INIT(4096);
		struct err why = ERR_INIT;

		if (*unit == '\0')
			continue;
		/* What cannot be written says why in its place. */
		if (report_digest_text(v->house->report, figures, unit, &text, &why) < 0)
			buf_reset(&text);
		json_array_append_new(list,
				      json_pack("{s:s, s:O, s:s, s:o}", "unit", unit, "kind",
						json_object_get(head, "kind"), "text",
						buf_text(&text), "error", visit_said(v, &why)));
		buf_free(&text);
	}
	return list;
}

/* Moments as the others of a page. */
static void reports_times(json_t *o, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		visit_time(o, *keys, json_integer_value(json_object_get(o, *keys)));
}

/* Where the week stands; seen: what is shown, for whoever confirms it. */
static int reports_standing(struct visit *v, int week, const char *text, struct err *e)
{
	static const char *const moments[] = {"frozen_at", "confirmed_at", "deadline", NULL};
	static const char *const done[] = {"done_at", NULL};
	json_t *o = report_standing(v->st, v->house->report, week, clock_now_ms(), e), *job;
	char seen[65];
	size_t i;

	if (o == NULL)
		return -1;
	reports_times(o, moments);
	json_array_foreach(json_object_get(o, "jobs"), i, job) reports_times(job, done);
	report_seen(text, seen);
	json_object_set_new(o, "seen", json_string(seen));
	json_object_set_new(v->model, "standing", o);
	return 0;
}

int screen_report_confirm(struct visit *v, struct err *e)
{
	struct store *w = visit_writer(v, e);
	int64_t now = clock_now_ms();
	int week;

	if (report_week_parse(visit_text(v, "week"), now, &week, e) < 0 || w == NULL ||
	    store_begin(w, e) < 0)
		return -1;
	if (report_confirm(w, v->house->report, week, visit_text(v, "seen"), v->who.name, now,
			   e) < 0) {
		store_rollback(w);
		if (e->code == EX_TEMPFAIL)
			v->status = 412;
		return -1;
	}
	if (store_commit(w, e) < 0)
		return -1;
	store_wake_daemon(v->house->database);
	return visit_go(v, "/reports?week=%d-W%02d&done=confirmed", week / 100, week % 100);
}

int screen_reports(struct visit *v, struct err *e)
{
	struct buf text = BUF_INIT(REPORT_TEXT);
	char name[16], before[16], after[16];
	bool frozen = false;
	int week, rc = -1;
	json_t *figures = reports_figures(v, &week, &frozen, e);

	if (figures == NULL)
		return -1;
	if (report_weekly_text(v->house->report, figures, &text, e) == 0) {
		civil_day monday = civil_iso_week_monday(week);

		reports_week_name(week, name);
		reports_week_name(civil_iso_week(monday - 7), before);
		reports_week_name(civil_iso_week(monday + 7), after);
		v->model = json_pack("{s:s, s:b, s:s, s:s, s:s, s:o}", "week", name, "frozen",
				     frozen, "before", before, "after", after, "text",
				     buf_text(&text), "digests", reports_digests(v, figures));
		json_object_set_new(
		    v->model, "is_now",
		    json_boolean(week == civil_iso_week(civil_day_of(clock_now_ms()))));
		rc = reports_standing(v, week, buf_text(&text), e);
	}
	json_decref(figures);
	buf_free(&text);
	return rc;
}

struct reports_drawn {
	const json_t *figures;
	const char *as;
};

static int reports_draw(struct visit *v, const char *path, void *arg, struct err *e)
{
	const struct reports_drawn *d = arg;

	if (strcmp(d->as, "pdf") == 0)
		return report_weekly_pdf(v->st, v->house->report, d->figures,
					 "weekly-paper.txt", path, e);
	if (strcmp(d->as, "xlsx") == 0)
		return report_weekly_xlsx(d->figures, path, e);
	return report_chart_svg(v->st, d->figures, v->house->report->programmes[0]->name, path,
				e);
}

/* The summary alone, to keep: as text, to be signed, to be gone on with; or its chart. */
int screen_weekly(struct visit *v, struct err *e)
{
	static const struct {
		const char *as, *type;
	} types[] = {
	    {"txt", "text/plain; charset=utf-8"},
	    {"pdf", "application/pdf"},
	    {"xlsx", VISIT_XLSX},
	    {"svg", "image/svg+xml; charset=utf-8"},
	};
	const char *as = *visit_text(v, "as") != '\0' ? visit_text(v, "as") : "txt";
	bool frozen;
	size_t i = 0;
	int week, rc;
	char *name;
	json_t *figures = reports_figures(v, &week, &frozen, e);

	if (figures == NULL)
		return -1;
	while (strcmp(types[i].as, as) != 0)
		i++;
	buf_free(&v->out);
	buf_init(&v->out, REPORT_TEXT);
	/* The chart stands in a page. */
	name =
	    i < 3 ? mem_printf("bao-cao-tuan-%d-W%02d.%s", week / 100, week % 100, as) : NULL;
	if (i == 0) {
		rc = report_weekly_text(v->house->report, figures, &v->out, e);
		v->out_type = types[i].type;
		v->out_name = name;
	} else {
		rc = visit_answer_drawn(v, reports_draw,
					&(struct reports_drawn){.figures = figures, .as = as},
					types[i].type, name, e);
	}
	json_decref(figures);
	return rc;
}

/* ---- providers ------------------------------------------------------------------------------- */

struct providers_state {
	const char *name;
	json_t *o;
};

static void providers_stopped(int id, const char *name, const char *reason, int64_t since,
			      void *arg)
{
	struct providers_state *s = arg;

	(void)id;
	if (reason == NULL || strcmp(name, s->name) != 0)
		return;
	json_object_set_new(s->o, "stopped", json_true());
	json_object_set_new(s->o, "reason", json_string(reason));
	visit_time(s->o, "since", since);
}

static void providers_weight(const char *name, int64_t at, int weight, const char *reason,
			     void *arg)
{
	json_t *o =
	    json_pack("{s:s, s:i, s:s}", "name", name, "weight", weight, "reason", reason);

	visit_time(o, "at", at);
	json_array_append_new(arg, o);
}

int screen_providers(struct visit *v, struct err *e)
{
	json_t *list = json_array(), *history = json_array();

	for (size_t i = 0; i < v->house->n_providers; i++) {
		const struct provider_facts *f = provider_facts(v->house->providers[i]);
		json_t *o = json_pack(
		    "{s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:b}", "name", f->name, "title",
		    f->title, "channel", f->channel, "price", (json_int_t)f->price_per_segment,
		    "in_flight", (json_int_t)f->in_flight, "rate",
		    (json_int_t)f->rate_per_second, "receipts", f->receipts, "can_ucs2",
		    f->can_ucs2, "limited", f->rate_per_second > 0);
		struct providers_state s = {.name = f->name, .o = o};

		json_array_append_new(list, o);
		if (store_provider_list(v->st, providers_stopped, &s, e) < 0) {
			json_decref(list);
			json_decref(history);
			return -1;
		}
		visit_word_reasons(v, o);
	}
	v->model = json_pack("{s:o, s:o}", "items", list, "history", history);
	if (store_provider_weights(v->st, PROVIDERS_HISTORY, providers_weight, history, e) < 0)
		return -1;
	json_object_set_new(v->model, "any_history",
			    json_boolean(json_array_size(history) > 0));
	return 0;
}

static const struct provider *providers_named(const struct visit *v, const char *name)
{
	for (size_t i = 0; i < v->house->n_providers; i++) {
		if (strcmp(provider_facts(v->house->providers[i])->name, name) == 0)
			return v->house->providers[i];
	}
	return NULL;
}

/* The token that p wants, and that it was tried, before anything goes out. */
static int providers_prepare(struct visit *v, const struct provider *p, char **token,
			     struct err *e)
{
	char *subject = mem_printf("provider:%s", provider_facts(p)->name);
	struct store *w = visit_writer(v, e);
	int rc = w == NULL ? -1 : visit_audit(v, "provider.test", subject, "", e);

	free(subject);
	*token = NULL;
	if (rc == 0 && provider_facts(p)->token)
		rc = token_obtain(w, p, token, e);
	return rc;
}

static int providers_test_failed(const struct outcome *out, struct err *e)
{
	char *what = mem_printf("%s%s%s", outcome_class_name(out->class),
				*out->code != '\0' ? ", " : "", out->code);
	char status[16];

	(void)snprintf(status, sizeof(status), "%d", out->http_status);
	(void)say(e, EX_DATAERR, "test_failed", what, status, out->reason, NULL);
	free(what);
	return -1;
}

/* A test to one's own number, in fixed words. */
int screen_provider_test(struct visit *v, struct err *e)
{
	const struct provider *p = providers_named(v, v->params.value[0]);
	struct phone to = phone_parse(visit_text(v, "number"), 0);
	struct outcome out = {0};
	char *words, *plain, *token;
	int rc;

	if (p == NULL)
		return say(e, EX_NOINPUT, "no_provider", NULL);
	if (provider_facts(p)->parameters)
		return visit_refuse(v, 422, e, "provider_registered_only");
	if (to.status != PHONE_OK)
		return visit_refuse(v, 422, e, "number_cannot_receive");
	v->retry_after = clerk_try_provider(v->clerk);
	if (v->retry_after > 0)
		return visit_refuse(v, 429, e, "provider_tests_wait");
	store_read_end(v->st); /* an answer may take a while */
	words = mem_printf("%s: tin thử của hệ thống nhắn tin. Xin bỏ qua tin này.",
			   v->house->campaign->office);
	plain = vi_unaccent(words);
	rc = providers_prepare(v, p, &token, e);
	if (rc == 0)
		rc = provider_try(p, to.number, plain, token, &out, e);
	free(words);
	free(plain);
	mem_free_secret(token, token != NULL ? strlen(token) : 0);
	if (rc < 0)
		return -1;
	if (out.class != OUTCOME_OK)
		return providers_test_failed(&out, e);
	return visit_go(v, "/providers?done=provider_tested");
}

struct providers_found {
	const char *name;
	int id;
};

static void providers_find(int id, const char *name, const char *reason, int64_t since,
			   void *arg)
{
	struct providers_found *f = arg;

	(void)since;
	if (reason != NULL && strcmp(name, f->name) == 0)
		f->id = id;
}

/* Uses one again that stopped itself for want of money, or a wrong account. */
int screen_provider_resume(struct visit *v, struct err *e)
{
	struct providers_found f = {.name = v->params.value[0]};
	struct store *w = visit_writer(v, e);

	if (store_provider_list(v->st, providers_find, &f, e) < 0 || w == NULL)
		return -1;
	if (f.id == 0)
		return say(e, EX_NOINPUT, "provider_not_stopped", NULL);
	if (officer_provider_resume(w, f.id, f.name, v->who.name, e) < 0)
		return -1;
	visit_changed(v);
	return visit_go(v, "/providers?done=provider_resumed");
}
