/* SPDX-License-Identifier: Apache-2.0 */
/* The week's summary and digests, the texts and what they cost, the providers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/campaign.h"
#include "provider/provider.h"
#include "report/document.h"
#include "report/report.h"
#include "roster/programme.h"
#include "store/campaign.h"
#include "web/desk.h"
#include "web/model.h"
#include "web/screen.h"

#define REPORT_TEXT ((size_t)1 << 20)

/* The figures of the week that was asked for. Yours; NULL with e. */
static json_t *reports_figures(struct visit *v, int *week, bool *frozen, struct err *e)
{
	int64_t now = clock_now_ms();

	if (report_week_parse(visit_text(v, "week"), now, week, e) < 0)
		return NULL;
	store_read_end(v->st); /* the figures make a snapshot of their own */
	return report_of_week(v->st, v->house->report, *week, now, frozen, e);
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
				      json_pack("{s:s, s:O, s:s, s:s}", "unit", unit, "kind",
						json_object_get(head, "kind"), "text",
						buf_text(&text), "error", why.text));
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

/* A document is written to a file of its own for a moment: what draws it knows files only. */
static int reports_document(struct visit *v, const json_t *figures, const char *as,
			    struct err *e)
{
	char *path = mem_printf("%s-report-XXXXXX", v->house->database);
	int fd = mkstemp(path), rc;

	if (fd < 0) {
		rc = err_set(e, EX_CANTCREAT, "%s: %s", path, strerror(errno));
		free(path);
		return rc;
	}
	if (strcmp(as, "pdf") == 0)
		rc = report_weekly_pdf(v->st, v->house->report, figures, "weekly-paper.txt",
				       path, e);
	else if (strcmp(as, "xlsx") == 0)
		rc = report_weekly_xlsx(figures, path, e);
	else
		rc = report_chart_svg(v->st, figures, v->house->report->programmes[0]->name,
				      path, e);
	if (rc == 0)
		rc = visit_answer_file(v, path, e);
	(void)unlink(path);
	(void)close(fd);
	free(path);
	return rc;
}

/* The summary alone, to keep: as text, to be signed, to be gone on with; or its chart. */
int screen_weekly(struct visit *v, struct err *e)
{
	static const struct {
		const char *as, *type;
	} types[] = {
	    {"txt", "text/plain; charset=utf-8"},
	    {"pdf", "application/pdf"},
	    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	    {"svg", "image/svg+xml; charset=utf-8"},
	};
	const char *as = *visit_text(v, "as") != '\0' ? visit_text(v, "as") : "txt";
	bool frozen;
	size_t i = 0;
	int week, rc;
	json_t *figures = reports_figures(v, &week, &frozen, e);

	if (figures == NULL)
		return -1;
	while (strcmp(types[i].as, as) != 0)
		i++;
	buf_free(&v->out);
	buf_init(&v->out, REPORT_TEXT);
	rc = i == 0 ? report_weekly_text(v->house->report, figures, &v->out, e)
		    : reports_document(v, figures, as, e);
	json_decref(figures);
	v->out_type = types[i].type;
	/* The chart stands in a page. */
	if (i < 3)
		v->out_name =
		    mem_printf("bao-cao-tuan-%d-W%02d.%s", week / 100, week % 100, as);
	return rc;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Makes a campaign of one audience ready: that compiles, lints and prices its text on real people. */
static json_t *templates_one(struct visit *v, const struct programme *p,
			     const struct programme_audience *a)
{
	struct campaign k = {.name = (char *)(uintptr_t) "xem thử",
			     .programme = p->name,
			     .audiences = a->id,
			     .channel = (char *)(uintptr_t) "sms",
			     .parameters = (char *)(uintptr_t) "{}",
			     .starts_at = clock_now_ms()};
	struct err why = ERR_INIT;
	struct campaign_plan *plan;
	struct campaign_preview out = {0};
	json_t *o =
	    json_pack("{s:s, s:s, s:s}", "audience", a->id, "title", a->title, "file", a->sms);

	k.expires_at = k.starts_at + 14 * CLOCK_DAY_MS;
	plan = campaign_plan_new(v->house->campaign, &k, &why);
	if (plan != NULL && campaign_preview(v->st, plan, k.starts_at, &out, &why) == 0) {
		json_t *seen = campaign_preview_json(plan, &out);

		json_object_update(o, seen);
		json_object_set_new(o, "any", json_boolean(out.messages > 0));
		json_decref(seen);
	} else {
		json_object_set_new(o, "error_text", json_string(why.text));
	}
	campaign_preview_free(&out);
	campaign_plan_free(plan);
	return o;
}

static json_t *templates_draw(struct visit *v, struct err *e)
{
	json_t *list = json_array();

	(void)e;
	for (size_t i = 0; i < v->house->n_programmes; i++) {
		const struct programme *p = v->house->programmes[i];
		json_t *texts = json_array();

		for (size_t k = 0; k < p->audiences.n; k++) {
			const struct programme_audience *a = programme_audience_at(p, (int)k);

			if (a->sms != NULL && *a->sms != '\0' && !a->hold)
				json_array_append_new(texts, templates_one(v, p, a));
		}
		if (json_array_size(texts) > 0)
			json_array_append_new(list, json_pack("{s:s, s:s, s:O}", "name",
							      p->name, "programme_title",
							      p->title, "texts", texts));
		json_decref(texts);
	}
	return json_pack("{s:o}", "items", list);
}

int screen_templates(struct visit *v, struct err *e)
{
	v->model = clerk_cached(v->clerk, "templates", templates_draw, v, e);
	return v->model != NULL ? 0 : -1;
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

int screen_providers(struct visit *v, struct err *e)
{
	json_t *list = json_array();

	v->model = json_pack("{s:o}", "items", list);
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
		if (store_provider_list(v->st, providers_stopped, &s, e) < 0)
			return -1;
	}
	return 0;
}
