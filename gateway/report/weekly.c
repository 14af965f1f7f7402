/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/mem.h"
#include "report/figures.h"
#include "report/report.h"
#include "report/table.h"
#include "report/teams.h"
#include "report/view.h"
#include "report/weekly.h"
#include "text/vi.h"

#define WEEKLY_TEXT "report/weekly.txt"

/* "58,1"; "-" when there is nothing to compare with. Halves are rounded up. */
static void weekly_percent(int64_t part, int64_t whole, char out[32])
{
	int64_t mille;

	if (whole <= 0) {
		(void)snprintf(out, 32, "-");
		return;
	}
	mille = (part * 1000 + whole / 2) / whole;
	(void)snprintf(out, 32, "%lld,%lld", (long long)(mille / 10), (long long)(mille % 10));
}

/* "+12", "-3", "0". */
static void weekly_change(int64_t now, int64_t before, char out[40])
{
	char number[32];

	vi_number(now > before ? now - before : before - now, number);
	(void)snprintf(out, 40, "%s%s", now > before ? "+" : now < before ? "-" : "", number);
}

static void weekly_set(json_t *o, const char *key, int64_t v)
{
	json_object_set_new(o, key, json_integer(v));
}

/* A value that is only shown when there is something: "" is no section. */
static void weekly_set_some(json_t *o, const char *key, int64_t v)
{
	json_object_set_new(o, key, v != 0 ? json_integer(v) : json_string(""));
}

static void weekly_date(const char *iso, char out[16])
{
	int64_t day;

	out[0] = '\0';
	if (conf_parse_date(iso, &day) == 0)
		civil_day_format_vi((civil_day)day, out);
}

/* Rows that reached target id; of a programme without targets: that are done. */
static int64_t weekly_reached(const json_t *row, const char *id)
{
	return id != NULL ? figures_int(json_object_get(row, "reached"), id)
			  : figures_int(row, "done");
}

static const char *weekly_kind(const json_t *p)
{
	return figures_text(json_array_get(json_object_get(p, "units"), 0), "kind");
}

/* Whether the programme had target id then (NULL: has none). */
static bool weekly_had(const json_t *row, const char *id)
{
	return row != NULL &&
	       (id == NULL || json_object_get(json_object_get(row, "reached"), id) != NULL);
}

/* Of those below, who have no kind (gather.h), the ones that p has and other has not. */
static int64_t weekly_only_in(const json_t *p, const json_t *other, const char *id)
{
	const json_t *u;
	int64_t sum = 0;
	size_t i;

	json_array_foreach(json_object_get(p, "units"), i, u)
	{
		const char *unit = figures_text(u, "unit");

		if (*unit != '\0' && *figures_text(u, "kind") == '\0' &&
		    figures_unit_of(other, unit) == NULL)
			sum += weekly_reached(u, id);
	}
	return sum;
}

/* What all of p has gained since; "-" when that cannot be said. Who handed up in one of the two weeks alone
 * neither gained nor lost all its people. */
static void weekly_gained(const json_t *p, const json_t *before, const char *id, char out[40])
{
	const json_t *now = json_object_get(p, "total"),
		     *was = json_object_get(before, "total");

	(void)snprintf(out, 40, "-");
	if (weekly_had(was, id))
		weekly_change(weekly_reached(now, id) - weekly_only_in(p, before, id),
			      weekly_reached(was, id) - weekly_only_in(before, p, id), out);
}

static json_t *weekly_target(const json_t *t, const json_t *p, const json_t *before)
{
	json_t *o = json_object();
	const char *id = figures_text(t, "id");
	int64_t reached = figures_int(t, "reached"), assigned = figures_int(t, "assigned");
	int64_t count = figures_int(t, "count");
	int64_t sum = figures_int(t, "assigned_sum");
	const char *kind = weekly_kind(p);
	char percent[32], day[16], change[40];

	json_object_set(o, "ten_chi_tieu", json_object_get(t, "title"));
	json_object_set(o, "don_vi", json_object_get(t, "unit"));
	weekly_set(o, "dat", reached);
	weekly_set(o, "dem", count);
	weekly_set_some(o, "giao", assigned);
	weekly_percent(reached, assigned, percent);
	json_object_set_new(o, "ti_le_giao", json_string(percent));
	weekly_percent(reached, count, percent);
	json_object_set_new(o, "ti_le_dem", json_string(percent));
	weekly_date(figures_text(t, "deadline"), day);
	json_object_set_new(
	    o, "han",
	    *day == '\0'
		? json_string("")
		: json_sprintf("%s ngày %s",
			       json_is_true(json_object_get(t, "deadline_inclusive")) ? "đến"
										      : "trước",
			       day));
	json_object_set(o, "nguon", json_object_get(t, "source"));
	json_object_set_new(o, "lech",
			    json_string(assigned != 0 && assigned != count ? "1" : ""));
	weekly_set_some(o, "giao_theo_ap", sum != assigned ? sum : 0);
	json_object_set_new(o, "cap_duoi", json_string(*kind != '\0' ? kind : "đơn vị"));
	weekly_gained(p, before, id, change);
	json_object_set_new(o, "thay_doi", json_string(strcmp(change, "-") != 0 ? change : ""));
	return o;
}

/* ---- the table ------------------------------------------------------------------------- */

struct weekly_table {
	struct table t;
	const json_t *p, *before; /* programme, and the same of an earlier week or NULL */
	const char *change;	  /* what the difference is called */
};

static void weekly_number(struct table *t, int64_t n)
{
	char text[32];

	vi_number(n, text);
	table_add(t, text);
}

static void weekly_head(struct weekly_table *w, const char *title)
{
	char *text = vi_first_upper(title);

	table_add(&w->t, text);
	free(text);
}

static void weekly_heading(struct weekly_table *w, const char *kind)
{
	const json_t *states = json_object_get(w->p, "states"), *s;
	size_t targets = json_array_size(json_object_get(w->p, "targets"));
	size_t i;

	weekly_head(w, *kind != '\0' ? kind : "đơn vị");
	table_add(&w->t, "Danh sách");
	json_array_foreach(states, i, s) weekly_head(w, figures_text(s, "title"));
	for (i = 0; i < targets; i++)
		table_addf(&w->t, targets > 1 ? "Đạt chỉ tiêu (%zu)" : "Đạt chỉ tiêu", i + 1);
	if (targets == 0)
		table_add(&w->t, "Xong");
	table_add(&w->t, "Tỷ lệ %");
	if (w->before != NULL)
		table_add(&w->t, w->change);
	table_add(&w->t, "Không SĐT");
	table_add(&w->t, "Tạm giữ");
	table_add(&w->t, "Đã mời");
	table_add(&w->t, "Đã đến máy");
	w->t.columns = w->t.n;
}

/* The target whose share and change stand in a row; NULL: the programme has none. */
static const char *weekly_first(const json_t *p)
{
	const json_t *t = json_array_get(json_object_get(p, "targets"), 0);

	return t != NULL ? figures_text(t, "id") : NULL;
}

/* change: of its first target; "-" when there is nothing to compare with. */
static void weekly_row(struct weekly_table *w, const char *name, const json_t *row,
		       const char *change)
{
	const json_t *states = json_object_get(w->p, "states"), *s;
	const json_t *targets = json_object_get(w->p, "targets"), *t;
	const char *first = weekly_first(w->p);
	char text[32];
	size_t i;

	table_add(&w->t, name);
	weekly_number(&w->t, figures_int(row, "total"));
	json_array_foreach(states, i, s) weekly_number(
	    &w->t, figures_int(json_object_get(row, "states"), figures_text(s, "name")));
	json_array_foreach(targets, i, t)
	    weekly_number(&w->t, weekly_reached(row, figures_text(t, "id")));
	if (first == NULL)
		weekly_number(&w->t, weekly_reached(row, NULL));
	weekly_percent(weekly_reached(row, first), figures_int(row, "total"), text);
	table_add(&w->t, text);
	if (w->before != NULL)
		table_add(&w->t, change);
	weekly_number(&w->t, figures_int(row, "no_phone"));
	weekly_number(&w->t, figures_int(row, "held"));
	weekly_number(&w->t, figures_int(row, "invited"));
	weekly_number(&w->t, figures_int(row, "delivered"));
}

static void weekly_line(const char *line, void *arg)
{
	json_array_append_new(arg, json_pack("{s:s}", "hang", line));
}

void weekly_table(const json_t *p, const json_t *before, const char *change, struct table *out)
{
	struct weekly_table w = {.p = p, .before = before, .change = change};
	const char *first = weekly_first(p);
	char gained[40];
	size_t i;
	const json_t *u;

	weekly_heading(&w, weekly_kind(p));
	json_array_foreach(json_object_get(p, "units"), i, u)
	{
		const char *unit = figures_text(u, "unit");
		const json_t *was = figures_unit_of(before, unit);

		(void)snprintf(gained, sizeof(gained), "-");
		if (weekly_had(was, first))
			weekly_change(weekly_reached(u, first), weekly_reached(was, first),
				      gained);
		weekly_row(&w, *unit != '\0' ? unit : "(không rõ)", u, gained);
	}
	weekly_gained(p, before, first, gained);
	weekly_row(&w, "Cộng", json_object_get(p, "total"), gained);
	*out = w.t;
}

char *weekly_since(const json_t *figures)
{
	const char *week = figures_text(json_object_get(figures, "before"), "week");

	return figures_follow(figures) || strlen(week) != 8
		   ? mem_strdup("Tuần này")
		   : mem_printf("So tuần %s/%.4s", week + 6, week);
}

static json_t *weekly_lines(const json_t *p, const json_t *before, const char *change)
{
	json_t *lines = json_array();
	struct table t;

	weekly_table(p, before, change, &t);
	table_lines(&t, weekly_line, lines);
	table_free(&t);
	return lines;
}

/* ---- the whole ------------------------------------------------------------------------- */

static json_t *weekly_programme(const json_t *p, const json_t *before, const char *change,
				size_t number)
{
	json_t *o = json_object(), *targets = json_array();
	const json_t *total = json_object_get(p, "total"), *t;
	const json_t *birth = json_object_get(total, "birth");
	size_t i;

	weekly_set(o, "stt", (int64_t)number);
	json_object_set(o, "ma", json_object_get(p, "name"));
	json_object_set(o, "ten", json_object_get(p, "title"));
	json_object_set(o, "dong", json_object_get(p, "row"));
	json_array_foreach(json_object_get(p, "targets"), i, t)
	    json_array_append_new(targets, weekly_target(t, p, before));
	json_object_set_new(o, "chi_tieu", targets);
	json_object_set_new(o, "bang", weekly_lines(p, before, change));
	/* a list that never holds whole dates does not ask for them */
	json_object_set_new(o, "ngay_sinh",
			    json_string(figures_int(birth, "day") > 0 ? "1" : ""));
	weekly_set(o, "sinh_ngay", figures_int(birth, "day"));
	weekly_set(o, "sinh_thieu", figures_int(birth, "month") + figures_int(birth, "year"));
	weekly_set(o, "sinh_khong", figures_int(birth, "none"));
	weekly_set_some(o, "giu_mat", figures_int(total, "held_deceased"));
	weekly_set_some(o, "khong_con", figures_int(total, "gone"));
	weekly_set(o, "da_moi", figures_int(total, "invited"));
	weekly_set(o, "den_may", figures_int(total, "delivered"));
	weekly_set_some(o, "da_den", figures_int(total, "came"));
	weekly_set(o, "khong_lien_lac",
		   figures_int(total, "undelivered") + figures_int(total, "unreachable"));
	weekly_set(o, "khong_sdt", figures_int(total, "no_phone"));
	weekly_set(o, "tin", figures_int(total, "messages"));
	weekly_set(o, "doan", figures_int(total, "segments"));
	weekly_set(o, "chi_phi", figures_int(total, "cost"));
	return o;
}

static void weekly_missing(json_t *model, const json_t *figures)
{
	static const char *const why[][2] = {
	    {"missing", "chưa có trưởng ấp trong danh sách cán bộ"},
	    {"no_phone", "trưởng ấp chưa có số điện thoại nhắn tin được"},
	    {"held", "trưởng ấp đang được tạm giữ trong danh sách"},
	};
	json_t *list = json_array();
	size_t i;
	const json_t *head;

	json_array_foreach(json_object_get(figures, "heads"), i, head)
	{
		for (size_t k = 0; k < sizeof(why) / sizeof(why[0]); k++) {
			if (strcmp(figures_text(head, "head"), why[k][0]) == 0)
				json_array_append_new(
				    list,
				    json_pack("{s:o,s:s}", "ap",
					      json_sprintf("%s %s", figures_text(head, "kind"),
							   figures_text(head, "unit")),
					      "vi_sao", why[k][1]));
		}
	}
	json_object_set_new(model, "co_ap_thieu",
			    json_string(json_array_size(list) > 0 ? "1" : ""));
	json_object_set_new(model, "ap_thieu", list);
}

/* Who of those below is not in the figures; nothing where nobody is below. */
static void weekly_communes(json_t *model, const json_t *figures)
{
	const json_t *communes = json_object_get(figures, "communes"), *c;
	json_t *missing = json_array();
	size_t i;

	json_array_foreach(communes, i, c)
	{
		if (json_is_true(json_object_get(c, "missing")))
			json_array_append_new(
			    missing, json_pack("{s:O}", "ten", json_object_get(c, "name")));
	}
	json_object_set_new(model, "co_xa", json_string(i > 0 ? "1" : ""));
	weekly_set(model, "so_xa", (int64_t)json_array_size(communes));
	weekly_set(model, "so_xa_bao",
		   (int64_t)(json_array_size(communes) - json_array_size(missing)));
	json_object_set_new(model, "co_xa_thieu",
			    json_string(json_array_size(missing) > 0 ? "1" : ""));
	json_object_set_new(model, "xa_thieu", missing);
}

/* One team: what it said that the lists contradict, what is difficult, what it proposes. */
static json_t *weekly_team(const json_t *figures, const json_t *team)
{
	bool in = json_is_true(json_object_get(team, "handed_in"));
	char *name = teams_name(figures, team);
	json_t *differs = json_array(), *o;
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(team, "fields"), i, f)
	{
		if (json_is_true(json_object_get(f, "differs")))
			json_array_append_new(differs,
					      json_pack("{s:O, s:O, s:O}", "cot",
							json_object_get(f, "title"), "bao",
							json_object_get(f, "said"), "dem",
							json_object_get(f, "counted")));
	}
	o = json_pack("{s:s, s:s, s:s, s:o, s:O, s:O}", "to", name, "da_bao", in ? "1" : "",
		      "co_lech", json_array_size(differs) > 0 ? "1" : "", "lech", differs,
		      "kho_khan", json_object_get(team, "difficulties"), "de_xuat",
		      json_object_get(team, "proposals"));
	free(name);
	return o;
}

/* What the teams handed in; nothing at all where none did, as where nobody collects. */
static void weekly_teams(json_t *model, const json_t *figures)
{
	const json_t *teams = json_object_get(figures, "teams"), *team;
	json_t *in = json_array(), *late = json_array(), *differ = json_array();
	bool words = false;
	size_t i;

	json_array_foreach(teams, i, team)
	{
		json_t *o = weekly_team(figures, team);

		words = words || *figures_text(o, "kho_khan") != '\0' ||
			*figures_text(o, "de_xuat") != '\0';
		if (*figures_text(o, "co_lech") != '\0')
			json_array_append(differ, o);
		json_array_append_new(*figures_text(o, "da_bao") != '\0' ? in : late, o);
	}
	json_object_set_new(model, "co_to_bao",
			    json_string(json_array_size(in) > 0 ? "1" : ""));
	json_object_set_new(
	    model, "co_to_muon",
	    json_string(json_array_size(in) > 0 && json_array_size(late) > 0 ? "1" : ""));
	json_object_set_new(model, "co_y_kien", json_string(words ? "1" : ""));
	json_object_set_new(model, "co_to_lech",
			    json_string(json_array_size(differ) > 0 ? "1" : ""));
	json_object_set_new(model, "to_bao", in);
	json_object_set_new(model, "to_muon", late);
	json_object_set_new(model, "to_lech", differ);
}

/* "2023-W24" -> "24/2023". */
static json_t *weekly_week(const char *week)
{
	return *week != '\0' ? json_sprintf("%s/%.4s", week + 6, week) : json_string("");
}

json_t *weekly_model(const json_t *figures, struct err *e)
{
	const json_t *before = json_object_get(figures, "before"), *p;
	const char *week = figures_text(figures, "week");
	json_t *model, *programmes = json_array();
	char *change;
	size_t i;

	if (strlen(week) != 8) {
		json_decref(programmes);
		(void)err_set(e, EX_DATAERR, "these are no figures of a week");
		return NULL;
	}
	model = json_object();
	json_object_set(model, "co_quan", json_object_get(figures, "office"));
	json_object_set(model, "noi_nhan", json_object_get(figures, "parent"));
	json_object_set_new(model, "tuan", json_string(week + 6));
	json_object_set_new(model, "nam", json_sprintf("%.4s", week));
	json_object_set(model, "tu_ngay", json_object_get(figures, "from"));
	json_object_set(model, "den_ngay", json_object_get(figures, "to"));
	json_object_set(model, "luc", json_object_get(figures, "drawn"));
	json_object_set_new(model, "so_voi", weekly_week(figures_text(before, "week")));
	json_object_set_new(model, "lien_tuan",
			    json_string(figures_follow(figures) ? "1" : ""));
	change = weekly_since(figures);
	json_array_foreach(json_object_get(figures, "programmes"), i, p) json_array_append_new(
	    programmes,
	    weekly_programme(p, figures_programme_of(before, figures_text(p, "name")), change,
			     i + 1));
	free(change);
	json_object_set_new(model, "chuong_trinh", programmes);
	weekly_missing(model, figures);
	weekly_teams(model, figures);
	weekly_communes(model, figures);
	return model;
}

int report_weekly_text(const struct report_house *h, const json_t *figures, struct buf *out,
		       struct err *e)
{
	json_t *model = weekly_model(figures, e);
	int rc = model == NULL
		     ? -1
		     : view_render(h->house->templates, WEEKLY_TEXT, 0, model, out, e);

	json_decref(model);
	return rc < 0 ? -1 : 0;
}
