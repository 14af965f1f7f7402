/* SPDX-License-Identifier: Apache-2.0 */
/* What the simulated weeks came to: tables for people, JSON for machines. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/simulate.h"
#include "text/vi.h"

#define SIM_BAR 40

static int64_t sim_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* One programme of a week: totals, and how far each hamlet is. */
static json_t *sim_week_programme(const json_t *p)
{
	const json_t *total = json_object_get(p, "total"), *u;
	const json_t *target = json_array_get(json_object_get(p, "targets"), 0);
	const char *id = cli_text(target, "id");
	json_t *units = json_array();
	size_t i;

	json_array_foreach(json_object_get(p, "units"), i, u)
	{
		if (*cli_text(u, "unit") == '\0')
			continue;
		json_array_append_new(
		    units, json_pack("{s:s,s:I,s:I}", "unit", cli_text(u, "unit"), "total",
				     (json_int_t)sim_int(u, "total"), "reached",
				     (json_int_t)sim_int(json_object_get(u, "reached"), id)));
	}
	return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "name",
			 cli_text(p, "name"), "total", (json_int_t)sim_int(total, "total"),
			 "assigned", (json_int_t)sim_int(target, "assigned"), "reached",
			 (json_int_t)sim_int(json_object_get(total, "reached"), id), "invited",
			 (json_int_t)sim_int(total, "invited"), "messages",
			 (json_int_t)sim_int(total, "messages"), "delivered",
			 (json_int_t)sim_int(total, "delivered"), "segments",
			 (json_int_t)sim_int(total, "segments"), "cost",
			 (json_int_t)sim_int(total, "cost"), "units", units);
}

struct sim_days {
	json_t *list;
	int campaign;
};

/* A day's quota with its arithmetic, and what was invited on it. */
static void sim_take_day(const struct campaign_day *d, void *arg)
{
	static const char *const kept[] = {"left",   "working_days", "base",	   "came",
					   "absent", "raised",	     "free_seats", "capped_by"};
	const struct sim_days *to = arg;
	json_t *a = json_loads(d->arithmetic, 0, NULL), *o;
	char day[16];

	civil_day_format_iso(d->day, day);
	o = json_pack("{s:s,s:i,s:I,s:I}", "day", day, "campaign", to->campaign, "quota",
		      (json_int_t)d->quota, "invited", (json_int_t)d->planned);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		json_object_set(o, kept[i], json_object_get(a, kept[i]));
	json_array_append_new(to->list, o);
	json_decref(a);
}

int sim_collect(struct simulation *s, struct err *e)
{
	civil_day monday = civil_iso_week_monday(202321);

	for (int i = 0; i < SIM_CAMPAIGNS; i++) {
		struct sim_days to = {.list = s->days, .campaign = i};

		if (s->campaigns[i] != 0 &&
		    store_campaign_day_list(s->c->store, s->campaigns[i], sim_take_day, &to,
					    e) < 0)
			return -1;
	}

	for (int w = 0; w < 6; w++, monday += 7) {
		json_t *figures = NULL, *list, *p;
		int week = civil_iso_week(monday);
		size_t i;
		int rc = report_frozen(s->c->store, week, &figures, e);

		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		list = json_array();
		json_array_foreach(json_object_get(figures, "programmes"), i, p)
		    json_array_append_new(list, sim_week_programme(p));
		json_array_append_new(s->weeks,
				      json_pack("{s:s,s:o}", "week", cli_text(figures, "week"),
						"programmes", list));
		json_decref(figures);
	}
	return 0;
}

static void sim_number(int64_t n, int width)
{
	char text[32];

	vi_number(n, text);
	cli_cell(text, -width);
}

static void sim_print_weeks(const struct simulation *s)
{
	const json_t *week, *p;
	size_t i, k;

	(void)printf("Số liệu từng tuần (chốt chiều thứ Tư)\n%-10s%-8s", "Tuần", "");
	cli_cell("Đã mời", -9);
	cli_cell("Đến máy", -9);
	cli_cell("Đạt", -8);
	cli_cell("Giao", -8);
	cli_cell("Đoạn tin", -10);
	cli_cell("Chi phí", -12);
	(void)printf("\n");
	json_array_foreach(s->weeks, i, week)
	{
		json_array_foreach(json_object_get(week, "programmes"), k, p)
		{
			(void)printf("%-10s%-8s", k == 0 ? cli_text(week, "week") : "",
				     cli_text(p, "name"));
			sim_number(sim_int(p, "invited"), 9);
			sim_number(sim_int(p, "delivered"), 9);
			sim_number(sim_int(p, "reached"), 8);
			sim_number(sim_int(p, "assigned"), 8);
			sim_number(sim_int(p, "segments"), 10);
			sim_number(sim_int(p, "cost"), 12);
			(void)printf("\n");
		}
	}
}

/* A bar a week for each hamlet: how many of its households have an account. */
static void sim_print_chart(const struct simulation *s)
{
	const json_t *first = json_array_get(s->weeks, 0), *week, *u;
	const json_t *units =
	    json_object_get(json_array_get(json_object_get(first, "programmes"), 0), "units");
	size_t i, k;

	(void)printf("\nTiến độ từng ấp: hộ có tài khoản định danh mức 2\n");
	json_array_foreach(units, k, u)
	{
		(void)printf("%s\n", cli_text(u, "unit"));
		json_array_foreach(s->weeks, i, week)
		{
			const json_t *p =
			    json_array_get(json_object_get(week, "programmes"), 0);
			const json_t *row = json_array_get(json_object_get(p, "units"), k);
			int64_t total = sim_int(row, "total"),
				reached = sim_int(row, "reached");
			int64_t bar = total > 0 ? (SIM_BAR * reached + total / 2) / total : 0;

			(void)printf("  %-10s", cli_text(week, "week"));
			for (int x = 0; x < SIM_BAR; x++)
				(void)printf("%s", x < bar ? "█" : "·");
			(void)printf(
			    " %3lld %%  %lld/%lld\n",
			    (long long)(total > 0 ? (100 * reached + total / 2) / total : 0),
			    (long long)reached, (long long)total);
		}
	}
}

static void sim_print_days(const struct simulation *s)
{
	static const char *const names[SIM_CAMPAIGNS] = {"vneid", "vneid 30/6", "cccd"};
	const json_t *d;
	size_t i;

	(void)printf("\nChỉ tiêu mời hằng ngày\n");
	cli_cell("Ngày", 12);
	cli_cell("Chương trình", 14);
	cli_cell("Còn", -7);
	cli_cell("÷ ngày", -8);
	cli_cell("= tròn", -8);
	cli_cell("Vắng", -9);
	cli_cell("Chỗ", -7);
	cli_cell("Chỉ tiêu", -10);
	cli_cell("Đã mời", -8);
	(void)printf("\n");
	json_array_foreach(s->days, i, d)
	{
		char absent[32], seats[32] = "-";

		(void)snprintf(absent, sizeof(absent), "%lld/%lld",
			       (long long)sim_int(d, "absent"),
			       (long long)(sim_int(d, "came") + sim_int(d, "absent")));
		if (sim_int(d, "free_seats") >= 0)
			vi_number(sim_int(d, "free_seats"), seats);
		(void)printf("%-12s", cli_text(d, "day"));
		cli_cell(names[sim_int(d, "campaign")], 14);
		sim_number(sim_int(d, "left"), 7);
		sim_number(sim_int(d, "working_days"), 8);
		sim_number(sim_int(d, "base"), 8);
		cli_cell(absent, -9);
		cli_cell(seats, -7);
		sim_number(sim_int(d, "quota"), 10);
		sim_number(sim_int(d, "invited"), 8);
		(void)printf("\n");
	}
}

static void sim_print_sessions(const struct simulation *s)
{
	const json_t *k;
	size_t i;

	(void)printf("\nCác buổi đặt máy\n");
	json_array_foreach(s->sessions, i, k)
	{
		(void)printf("  %s  ", cli_text(k, "day"));
		cli_cell(cli_text(k, "place"), 34);
		(void)printf("%3lld lượt, mời %3lld, đến %3lld, vắng %3lld\n",
			     (long long)sim_int(k, "seats"), (long long)sim_int(k, "invited"),
			     (long long)sim_int(k, "came"), (long long)sim_int(k, "absent"));
	}
}

int sim_print(struct simulation *s)
{
	if (s->c->json)
		return cli_print_json(json_pack("{s:O,s:O,s:O,s:I,s:I}", "weeks", s->weeks,
						"days", s->days, "sessions", s->sessions,
						"sent", (json_int_t)s->sent, "delivered",
						(json_int_t)s->delivered));
	(void)printf(
	    "MÔ PHỎNG Kế hoạch 46/KH-UBND, 25/5 – 30/6/2023: người và số đều bịa ra, không "
	    "tin nào ra khỏi máy.\nGiả định: %ld %% người nhận được tin thì đến, %ld %% "
	    "người có lịch hẹn vắng mặt.\n\n",
	    s->come, s->absent);
	sim_print_weeks(s);
	sim_print_chart(s);
	sim_print_sessions(s);
	sim_print_days(s);
	(void)printf("\n%lld lần gửi, %lld tin đến máy.\n", (long long)s->sent,
		     (long long)s->delivered);
	return 0;
}
