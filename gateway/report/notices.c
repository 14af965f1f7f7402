/* SPDX-License-Identifier: Apache-2.0 */
/* What the clockwork writes to officials besides the digests: counts only, one segment each, by the
 * texts of templates/digest/. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/figures.h"
#include "report/teams.h"
#include "report/view.h"
#include "report/week.h"
#include "store/campaign.h"
#include "store/message.h"
#include "text/sms.h"
#include "text/vi.h"

#define NOTICES_TEXT_MAX 2000
#define NOTICES_FILE_MAX ((size_t)64 * 1024)
/* Minutes of the day, as of any notice (Decree 91/2020/NĐ-CP). What is told at its moment is told then. */
#define NOTICES_FROM (7 * 60)
#define NOTICES_TO   (22 * 60)
#define NOTICES_LATE CLOCK_HOUR_MS

/* mark: under which the store remembers that a week had it; it is the stream's name too. */
struct notice_kind {
	const char *mark, *text;
	enum lane lane;
};
static const struct notice_kind NOTICE_REMIND = {"hand-in", "digest/hand-in.txt", LANE_NOTICE};
static const struct notice_kind NOTICE_LATE = {"hand-in-late", "digest/hand-in-late.txt",
					       LANE_URGENT};
static const struct notice_kind NOTICE_DRAFT = {"draft", "digest/draft.txt", LANE_URGENT};
static const struct notice_kind NOTICE_DRAFT_LATE = {"draft-late", "digest/draft-late.txt",
						     LANE_URGENT};

int notices_text(const struct report_house *h, const char *name, const json_t *model,
		 struct buf *out, struct err *e)
{
	struct sms_count count = {.segments = 0};
	struct buf text = BUF_INIT(NOTICES_TEXT_MAX);
	char *plain = NULL;
	int rc = 1;

	for (int body = 0; rc > 0; body++) {
		buf_reset(&text);
		rc = view_render(h->house->templates, name, body, model, &text, e);
		if (rc <= 0)
			break;
		free(plain);
		plain = sms_apply_accents(buf_text(&text), SMS_WITHOUT_ACCENTS, &count);
		if (!count.ucs2 && count.segments == 1)
			break;
	}
	if (rc == 0)
		rc = err_set(e, EX_DATAERR, "%s: dài hơn một SMS không dấu, cả bản ngắn nhất",
			     name);
	else if (rc > 0)
		rc = buf_adds(out, plain);
	free(plain);
	buf_free(&text);
	return rc;
}

/* ---- one kind -------------------------------------------------------------------------------- */

struct notice {
	const struct week *w;
	const struct notice_kind *kind;
	int64_t until, campaign_id, template_id;
	struct units units;
	struct heads heads;
	json_t *figures; /* with teams */
	size_t planned, faults;
};

/* When what was due at from, and may be late, is told: nobody is woken because a machine was. */
static int64_t notice_hours(int64_t from, int64_t now)
{
	civil_day day = civil_day_of(now);
	int64_t minute = (now - civil_day_start_ms(day)) / CLOCK_MINUTE_MS;

	if (now < from + NOTICES_LATE || (minute >= NOTICES_FROM && minute < NOTICES_TO))
		return from;
	return civil_day_start_ms(minute < NOTICES_FROM ? day : day + 1) +
	       NOTICES_FROM * CLOCK_MINUTE_MS;
}

/* 1: to be done now; 0: not, or no more; -1. */
static int notice_due(const struct week *w, const struct notice_kind *kind, int64_t from,
		      int64_t until, int64_t *wake)
{
	int64_t at = notice_hours(from, w->now);
	int rc;

	if (w->now < at && at < until)
		week_wake(wake, at);
	if (w->now < at || w->now >= until)
		return 0;
	rc = week_marked(w, kind->mark);
	return rc < 0 ? -1 : rc == 0;
}

/* The frozen figures, or those of now. */
static json_t *notice_figures(const struct week *w)
{
	json_t *figures = NULL;
	int rc = report_frozen(w->st, w->s.iso_week, &figures, w->e);

	if (rc != 0)
		return figures;
	figures = figures_draw(w->st, w->h, w->s.iso_week, w->now, w->e);
	if (figures != NULL && teams_add(w->st, w->s.iso_week, INT64_MAX, figures, w->e) < 0) {
		json_decref(figures);
		figures = NULL;
	}
	return figures;
}

static int notice_open(struct notice *n, const char *audience)
{
	const struct week *w = n->w;
	struct err why = ERR_INIT;
	size_t len;
	char *text = view_read(w->h->house->templates, n->kind->text, &len, &why);
	int rc = -1;

	if (text == NULL) {
		log_error("report", "notice_fault", "week=%d kind=%s reason=\"%s\"",
			  w->s.iso_week, n->kind->mark, why.text);
		n->faults++;
		return 0;
	}
	n->figures = notice_figures(w);
	if (n->figures != NULL &&
	    week_stream(w, n->kind->mark, n->kind->lane, &n->campaign_id) == 0 &&
	    store_template_put(w->st, n->kind->text, text, &n->template_id, w->e) == 0 &&
	    units_load(&n->units, w->st, w->e) == 0 &&
	    heads_load(&n->heads, w->st, w->h, audience, &n->units, w->e) == 0)
		rc = 0;
	free(text);
	return rc;
}

/* What is wrong with a text is logged and tried again; whatever happens, the rest goes on. */
static int notice_close(struct notice *n, int rc)
{
	bool first = false;

	json_decref(n->figures);
	heads_free(&n->heads);
	units_free(&n->units);
	if (rc < 0)
		return -1;
	log_info("report", "notices_planned", "week=%d kind=%s n=%zu faults=%zu",
		 n->w->s.iso_week, n->kind->mark, n->planned, n->faults);
	return n->faults > 0 ? 0 : week_mark(n->w, n->kind->mark, &first);
}

/* To one official; NULL text: it could not be written. */
static int notice_to(struct notice *n, const struct head *head, const char *text)
{
	return head->status != HEAD_OK ? 0
				       : week_plan(n->w, n->campaign_id, n->template_id, head,
						   n->until, text, &n->planned);
}

static bool notice_write(struct notice *n, const json_t *model, struct buf *out)
{
	struct err why = ERR_INIT;

	if (notices_text(n->w->h, n->kind->text, model, out, &why) == 0)
		return true;
	log_error("report", "notice_fault", "week=%d kind=%s reason=\"%s\"", n->w->s.iso_week,
		  n->kind->mark, why.text);
	n->faults++;
	return false;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* "17 giờ", "8 giờ 30". */
static json_t *notice_hour(int64_t at)
{
	struct civil c = civil_from_ms(at);

	return c.minute == 0 ? json_sprintf("%d giờ", c.hour)
			     : json_sprintf("%d giờ %02d", c.hour, c.minute);
}

static json_t *notice_model(const struct notice *n, int64_t moment)
{
	const struct week *w = n->w;
	json_t *o = json_object();
	const json_t *p;
	char day[16];
	size_t i;

	civil_day_format_iso(civil_day_of(moment), day);
	json_object_set_new(o, "gio", notice_hour(moment));
	json_object_set_new(o, "ngay", json_string(day));
	json_object_set_new(o, "tuan", json_integer(w->s.iso_week % 100));
	json_object_set_new(o, "co_quan", json_string(w->h->house->office));
	json_object_set_new(o, "xa", json_string(w->h->house->commune));
	/* of the first target of each programme: vneid_dat, vneid_giao, vneid_dem */
	json_array_foreach(json_object_get(n->figures, "programmes"), i, p)
	{
		static const char *const keys[][2] = {
		    {"dat", "reached"}, {"giao", "assigned"}, {"dem", "count"}};
		const json_t *t = json_array_get(json_object_get(p, "targets"), 0);

		for (size_t k = 0; t != NULL && k < 3; k++) {
			char *key = mem_printf("%s_%s", figures_text(p, "name"), keys[k][0]);

			json_object_set_new(o, key, json_integer(figures_int(t, keys[k][1])));
			free(key);
		}
	}
	return o;
}

/* What the lists say of a team: "443 259 184 58", and how many that are. */
static void notice_counted(const json_t *team, json_t *model)
{
	struct buf text = BUF_INIT(400);
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(team, "fields"), i, f)
	{
		(void)buf_addf(&text, "%s%" PRId64, i > 0 ? " " : "",
			       figures_int(f, "counted"));
	}
	json_object_set_new(model, "dang_ghi", json_string(buf_text(&text)));
	json_object_set_new(model, "so_cot", json_integer((json_int_t)i));
	buf_free(&text);
}

/* Names of the teams that are late, and how many figures differ. */
static size_t notice_teams(const json_t *figures, json_t *model)
{
	struct buf names = BUF_INIT(4000);
	const json_t *team;
	size_t i, late = 0;
	int64_t differs = 0;

	json_array_foreach(json_object_get(figures, "teams"), i, team)
	{
		char *name = teams_name(figures, team);

		differs += figures_int(team, "differs") > 0;
		if (!json_is_true(json_object_get(team, "handed_in")))
			(void)buf_addf(&names, "%s%s", late++ > 0 ? ", " : "", name);
		free(name);
	}
	json_object_set_new(model, "cac_to", json_string(buf_text(&names)));
	json_object_set_new(model, "so_to", json_integer((json_int_t)late));
	json_object_set_new(model, "muon", json_string(late > 0 ? "1" : ""));
	json_object_set_new(model, "so_lech", json_integer(differs));
	json_object_set_new(model, "lech", json_string(differs > 0 ? "1" : ""));
	buf_free(&names);
	return late + (size_t)differs;
}

/* ---- the teams ------------------------------------------------------------------------------- */

/* Whether the official is of one of the hamlets; who is not is of the commune's own team. */
static bool notice_of_hamlet(const struct notice *n, const struct head *head)
{
	const json_t *teams = json_object_get(n->figures, "teams"), *team;
	size_t i;

	json_array_foreach(teams, i, team)
	{
		const struct head *other;
		size_t k = 0;

		if (*figures_text(team, "unit") == '\0')
			continue;
		while ((other = heads_of(&n->heads, figures_text(team, "unit"),
					 figures_text(team, "kind"), &k)) != NULL) {
			if (other == head)
				return true;
		}
	}
	return false;
}

static int notice_team(struct notice *n, const json_t *team)
{
	const char *unit = figures_text(team, "unit"), *kind = figures_text(team, "kind");
	struct buf text = BUF_INIT(NOTICES_TEXT_MAX);
	json_t *model = notice_model(n, n->w->s.collect_until);
	char *name = teams_name(n->figures, team);
	const struct head *head;
	size_t i = 0;
	int rc = 0;

	json_object_set_new(model, "ap", json_string(name));
	notice_counted(team, model);
	if (notice_write(n, model, &text)) {
		while (rc == 0 && *unit != '\0' &&
		       (head = heads_of(&n->heads, unit, kind, &i)) != NULL)
			rc = notice_to(n, head, buf_text(&text));
		for (i = 0; rc == 0 && *unit == '\0' && i < n->heads.n; i++) {
			if (!notice_of_hamlet(n, &n->heads.items[i]))
				rc = notice_to(n, &n->heads.items[i], buf_text(&text));
		}
	}
	free(name);
	json_decref(model);
	buf_free(&text);
	return rc;
}

static int notices_remind(const struct week *w, int64_t *wake)
{
	struct notice n = {.w = w, .kind = &NOTICE_REMIND, .until = w->s.collect_until};
	const char *audience = w->h->cfg->team_audience;
	const json_t *team;
	size_t i;
	int rc;

	if (!w->h->cfg->collect || *audience == '\0')
		return 0;
	rc = notice_due(w, n.kind, w->s.remind_at, w->s.collect_until, wake);
	if (rc <= 0)
		return rc;
	rc = notice_open(&n, audience);
	json_array_foreach(json_object_get(n.figures, "teams"), i, team)
	{
		if (rc == 0 && !json_is_true(json_object_get(team, "handed_in")))
			rc = notice_team(&n, team);
	}
	return notice_close(&n, rc);
}

/* ---- the police ------------------------------------------------------------------------------ */

static int notice_police(struct notice *n, int64_t moment, bool only_when_wrong)
{
	struct buf text = BUF_INIT(NOTICES_TEXT_MAX);
	json_t *model;
	size_t wrong;
	int rc = notice_open(n, n->w->h->cfg->police_audience);

	if (rc < 0 || n->faults > 0)
		return notice_close(n, rc);
	model = notice_model(n, moment);
	wrong = notice_teams(n->figures, model);
	if ((wrong > 0 || !only_when_wrong) && notice_write(n, model, &text)) {
		for (size_t i = 0; rc == 0 && i < n->heads.n; i++)
			rc = notice_to(n, &n->heads.items[i], buf_text(&text));
	}
	json_decref(model);
	buf_free(&text);
	return notice_close(n, rc);
}

static int notices_late(const struct week *w, int64_t *wake)
{
	struct notice n = {.w = w, .kind = &NOTICE_LATE, .until = w->s.deadline};
	int rc;

	if (!w->h->cfg->collect)
		return 0;
	rc = notice_due(w, n.kind, w->s.late_at, w->s.deadline, wake);
	return rc <= 0 ? rc : notice_police(&n, w->s.late_at, true);
}

static int notices_draft(const struct week *w, int64_t *wake)
{
	struct notice n = {.w = w, .kind = &NOTICE_DRAFT, .until = w->s.deadline};
	int rc;

	if (!w->h->cfg->confirm)
		return 0;
	rc = notice_due(w, n.kind, w->s.ready_at, w->s.deadline, wake);
	if (rc > 0)
		rc = release_open(w);
	return rc <= 0 ? rc : notice_police(&n, w->s.deadline, false);
}

static int notices_draft_late(const struct week *w, int64_t *wake)
{
	struct notice n = {.w = w, .kind = &NOTICE_DRAFT_LATE, .until = w->s.digest_until};
	bool first;
	int open = 0, rc = notice_due(w, n.kind, w->s.push_by, w->s.digest_until, wake);

	if (rc > 0)
		open = release_open(w);
	if (rc <= 0 || open < 0)
		return rc < 0 || open < 0 ? -1 : 0;
	/* whatever is added later was not late */
	return open > 0 ? notice_police(&n, w->s.deadline, false)
			: week_mark(w, n.kind->mark, &first);
}

int notices_turn(const struct week *w, int64_t *wake)
{
	if (notices_remind(w, wake) < 0)
		return -1;
	if (*w->h->cfg->police_audience == '\0')
		return 0;
	return notices_late(w, wake) < 0 || notices_draft(w, wake) < 0 ||
		       notices_draft_late(w, wake) < 0
		   ? -1
		   : 0;
}
