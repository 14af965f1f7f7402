/* SPDX-License-Identifier: Apache-2.0 */
/* moidan report: figures, a hamlet's digest, the weekly summary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/hand_in.h"
#include "cli/cli.h"
#include "report/document.h"
#include "report/hand_in_sheet.h"
#include "report/rollup.h"

/* The digests of one hamlet, or of each when unit is NULL; with --json [{"unit", "text"}]. */
static int report_digests(struct cli *c, const json_t *figures, const char *unit, struct err *e)
{
	json_t *out = json_array();
	const json_t *head;
	size_t i;
	int rc = 0;

	json_array_foreach(json_object_get(figures, "heads"), i, head)
	{
		const char *name = json_string_value(json_object_get(head, "unit"));
		struct buf text = BUF_INIT(4096);

		if (unit == NULL || strcmp(name, unit) == 0)
			rc = report_digest_text(&c->house->report, figures, name, &text, e);
		if (rc == 0 && text.len > 0)
			json_array_append_new(
			    out, json_pack("{s:s,s:s}", "unit", name, "text", buf_text(&text)));
		buf_free(&text);
		if (rc < 0)
			goto out;
	}
	if (json_array_size(out) == 0)
		rc = err_set(e, EX_NOINPUT, "không có số liệu của ấp \"%s\"",
			     unit != NULL ? unit : "");
	else if (c->json)
		rc = cli_print_json(json_incref(out));
	else
		json_array_foreach(out, i, head)
		{
			if (unit == NULL)
				(void)printf("%s\n  ",
					     json_string_value(json_object_get(head, "unit")));
			(void)printf("%s\n", json_string_value(json_object_get(head, "text")));
		}
out:
	json_decref(out);
	return rc;
}

/* Options of the verbs here. */
struct report_options {
	const char *week, *unit, *pdf, *xlsx, *svg, *out;
};

/* The files that were asked for; *done says whether there were any. */
static int report_files(struct cli *c, const json_t *figures, bool final,
			const struct report_options *o, bool *done, struct err *e)
{
	const struct report_house *h = &c->house->report;
	const char *text = final ? "final-paper.txt" : "weekly-paper.txt";
	const char *made[] = {o->pdf, o->xlsx, o->svg};
	int rc = 0;

	*done = o->pdf != NULL || o->xlsx != NULL || o->svg != NULL;
	if (rc == 0 && o->pdf != NULL)
		rc = report_weekly_pdf(c->store, h, figures, text, o->pdf, e);
	if (rc == 0 && o->xlsx != NULL)
		rc = report_weekly_xlsx(figures, o->xlsx, e);
	if (rc == 0 && o->svg != NULL)
		rc = report_chart_svg(c->store, figures, h->programmes[0]->name, o->svg, e);
	for (size_t i = 0; rc == 0 && i < sizeof(made) / sizeof(made[0]); i++) {
		if (made[i] != NULL)
			(void)printf("Đã ghi %s\n", made[i]);
	}
	return rc;
}

static int report_civil(struct cli *c, const struct report_options *o, struct err *e)
{
	if (o->out == NULL)
		return err_set(e, EX_USAGE, "thiếu --out FILE.pdf");
	if (cli_open(c, STORE_WRITER, e) < 0 ||
	    cli_audit(c, "report.civil_status", "", "", e) < 0 ||
	    report_civil_status(c->store, &c->house->report, o->out, clock_now_ms(), e) < 0)
		return -1;
	(void)printf("%s: chỉ dùng bản giấy, không gửi qua mạng\n", o->out);
	return 0;
}

/* Who has handed in, and what differs from the lists. */
static void report_print_teams(const json_t *figures)
{
	const json_t *team, *f;
	size_t i, k;

	json_array_foreach(json_object_get(figures, "teams"), i, team)
	{
		const char *unit = json_string_value(json_object_get(team, "unit"));

		cli_cell(*unit != '\0' ? unit
				       : json_string_value(json_object_get(figures, "commune")),
			 24);
		(void)printf("%s\n", json_is_true(json_object_get(team, "handed_in"))
					 ? "đã báo"
					 : "chưa báo");
		json_array_foreach(json_object_get(team, "fields"), k, f)
		{
			json_int_t said = json_integer_value(json_object_get(f, "said"));
			json_int_t counted = json_integer_value(json_object_get(f, "counted"));

			if (json_is_true(json_object_get(f, "differs")))
				(void)printf("    %s: báo %lld, danh sách %lld\n",
					     json_string_value(json_object_get(f, "title")),
					     (long long)said, (long long)counted);
		}
	}
}

static int report_show(struct cli *c, const char *what, const json_t *figures,
		       const struct report_options *o, struct err *e)
{
	struct buf text = BUF_INIT(1u << 20);
	bool final = strcmp(what, "final") == 0, files = false;
	int rc = 0;

	if (strcmp(what, "digest") == 0 && o->pdf != NULL && o->unit == NULL)
		return err_set(e, EX_USAGE, "thiếu --unit: bản giấy là của một ấp");
	if (strcmp(what, "digest") == 0 && o->pdf != NULL &&
	    cli_audit(c, "report.hamlet", o->unit, "", e) < 0)
		return -1;
	if (strcmp(what, "digest") == 0 && o->pdf != NULL)
		return report_hamlet_pdf(c->store, &c->house->report, figures, o->unit, o->pdf,
					 e);
	if (strcmp(what, "digest") == 0)
		return report_digests(c, figures, o->unit, e);
	if (strcmp(what, "teams") == 0 && !c->json) {
		report_print_teams(figures);
		return 0;
	}
	if (strcmp(what, "teams") == 0)
		return cli_print_json(json_incref(json_object_get(figures, "teams")));
	if (strcmp(what, "figures") == 0)
		return cli_print_json(json_incref((json_t *)(uintptr_t)figures));
	rc = report_files(c, figures, final, o, &files, e);
	if (rc < 0 || files)
		return rc;
	if (final)
		return err_set(
		    e, EX_USAGE,
		    "thiếu --pdf FILE hoặc --xlsx FILE: báo cáo tổng kết là một tệp");
	if (c->json)
		return cli_print_json(json_incref((json_t *)(uintptr_t)figures));
	rc = report_weekly_text(&c->house->report, figures, &text, e);
	if (rc == 0)
		(void)printf("%s\n", buf_text(&text));
	buf_free(&text);
	return rc;
}

/* ---- what the teams count -------------------------------------------------------------------- */

/* "443,259,184,58" into values that point into a copy, yours; "" is a figure that was not counted. */
static char *report_values(const char *text, const char *values[HAND_IN_FIELDS], size_t *n)
{
	char *copy = mem_strdup(text), *rest = copy, *one;

	*n = 0;
	while (*text != '\0' && *n < HAND_IN_FIELDS && (one = strsep(&rest, ",")) != NULL) {
		one += strspn(one, " ");
		one[strcspn(one, " ")] = '\0';
		values[(*n)++] = one;
	}
	return copy;
}

static int report_hand_in(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *week = NULL, *unit = "", *figures = "", *difficulties = "", *proposals = "",
		   *sheet = NULL;
	const struct cli_option options[] = {{.name = "week", .text = &week},
					     {.name = "unit", .text = &unit},
					     {.name = "figures", .text = &figures},
					     {.name = "difficulties", .text = &difficulties},
					     {.name = "proposals", .text = &proposals},
					     {.name = "sheet", .text = &sheet},
					     {.name = NULL}};
	const char *values[HAND_IN_FIELDS];
	struct hand_in in = {.at = clock_now_ms(), .who = cli_who(), .way = "command"};
	char *copy = NULL;
	size_t n, teams = 1;
	int rc;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0 ||
	    report_week_parse(week, in.at, &in.week, e) < 0 || cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	if (*unit != '\0' && (rc = store_unit_find(c->store, unit, &in.unit_id, e)) <= 0)
		return rc < 0 ? -1 : err_set(e, EX_NOINPUT, "không có ấp nào tên \"%s\"", unit);
	in.difficulties = difficulties;
	in.proposals = proposals;
	if (sheet != NULL)
		in.way = "sheet";
	copy = report_values(figures, values, &n);
	rc = store_begin(c->store, e);
	if (rc == 0) {
		rc = sheet != NULL
			 ? hand_in_read(c->store, &c->house->report, sheet, &in, &teams, e)
			 : hand_in_take(c->store, c->house->report.programmes,
					c->house->report.n_programmes, &in, values, n, e);
		rc = store_end(c->store, rc, e);
	}
	free(copy);
	if (rc == 0 && sheet != NULL)
		(void)printf("Đã ghi số liệu tuần %d-W%02d của %zu tổ.\n", in.week / 100,
			     in.week % 100, teams);
	else if (rc == 0)
		(void)printf("Đã ghi số liệu tuần %d-W%02d của %s.\n", in.week / 100,
			     in.week % 100, *unit != '\0' ? unit : c->house->campaign.commune);
	return rc;
}

static int report_communes(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *text = NULL;
	const struct cli_option options[] = {{.name = "week", .text = &text}, {.name = NULL}};
	int64_t now = clock_now_ms();
	const json_t *one, *t;
	json_t *all;
	size_t i, k;
	int week;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0 ||
	    report_week_parse(text, now, &week, e) < 0 || cli_open(c, STORE_READER, e) < 0)
		return -1;
	all = rollup_week(c->store, &c->house->report, week, now, e);
	if (all == NULL)
		return -1;
	if (c->json)
		return cli_print_json(all);
	json_array_foreach(json_object_get(all, "communes"), i, one)
	{
		cli_cell(json_string_value(json_object_get(one, "name")), 28);
		(void)printf("%s%s\n",
			     json_is_true(json_object_get(one, "missing")) ? "chưa gửi"
									   : "đã gửi",
			     json_is_true(json_object_get(one, "late")) ? ", MUỘN" : "");
	}
	json_array_foreach(json_object_get(all, "totals"), k, t)(void) printf(
	    "Cộng: %s: %lld/%lld, giao %lld\n", json_string_value(json_object_get(t, "title")),
	    (long long)json_integer_value(json_object_get(t, "reached")),
	    (long long)json_integer_value(json_object_get(t, "count")),
	    (long long)json_integer_value(json_object_get(t, "assigned")));
	json_decref(all);
	return 0;
}

/* A writer's verb about a week: opens, does, commits. */
static int report_week_verb(struct cli *c, int argc, char **argv,
			    int (*fn)(struct cli *c, int week, int64_t now, struct err *e),
			    int *week, struct err *e)
{
	const char *text = NULL;
	const struct cli_option options[] = {{.name = "week", .text = &text}, {.name = NULL}};
	int64_t now = clock_now_ms();

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0 ||
	    report_week_parse(text, now, week, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    store_begin(c->store, e) < 0)
		return -1;
	if (store_end(c->store, fn(c, *week, now, e), e) < 0)
		return -1;
	cli_changed(c);
	return 0;
}

static int report_backfill_one(struct cli *c, int week, int64_t now, struct err *e)
{
	return report_backfill(c->store, &c->house->report, week, cli_who(), now, e);
}

static int report_backfill_run(struct cli *c, int argc, char **argv, struct err *e)
{
	int week;

	if (report_week_verb(c, argc, argv, report_backfill_one, &week, e) < 0)
		return -1;
	(void)printf("Đã lập báo cáo bổ sung tuần %d-W%02d từ số liệu lúc này; xem rồi moidan "
		     "report confirm --week %d-W%02d.\n",
		     week / 100, week % 100, week / 100, week % 100);
	return 0;
}

static int report_confirm_one(struct cli *c, int week, int64_t now, struct err *e)
{
	return report_confirm(c->store, &c->house->report, week, NULL, cli_who(), now, e);
}

static int report_confirm_run(struct cli *c, int argc, char **argv, struct err *e)
{
	int week;

	if (report_week_verb(c, argc, argv, report_confirm_one, &week, e) < 0)
		return -1;
	(void)printf("Đã xác nhận báo cáo tuần %d-W%02d: đang giao.\n", week / 100, week % 100);
	return 0;
}

static int report_run(struct cli *c, int argc, char **argv, struct err *e)
{
	struct report_options o = {NULL};
	const char *what = argv[0];
	const struct cli_option options[] = {{.name = "week", .text = &o.week},
					     {.name = "unit", .text = &o.unit},
					     {.name = "pdf", .text = &o.pdf},
					     {.name = "xlsx", .text = &o.xlsx},
					     {.name = "svg", .text = &o.svg},
					     {.name = "out", .text = &o.out},
					     {.name = NULL}};
	json_t *figures;
	bool frozen;
	int week, rc;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (strcmp(what, "civil-status") == 0)
		return report_civil(c, &o, e);
	if (report_week_parse(o.week, clock_now_ms(), &week, e) < 0 ||
	    /* who prints names writes down that they did */
	    cli_open(c, strcmp(what, "digest") == 0 ? STORE_WRITER : STORE_READER, e) < 0)
		return -1;
	figures = report_of_week(c->store, &c->house->report, week, clock_now_ms(), &frozen, e);
	if (figures == NULL)
		return -1;
	if (!frozen && !c->json && strcmp(what, "figures") != 0)
		(void)printf("(số liệu lúc này, chưa chốt)\n");
	rc = report_show(c, what, figures, &o, e);
	json_decref(figures);
	return rc;
}

int cmd_report(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {{"figures", report_run},
						{"digest", report_run},
						{"weekly", report_run},
						{"final", report_run},
						{"teams", report_run},
						{"civil-status", report_run},
						{"hand-in", report_hand_in},
						{"confirm", report_confirm_run},
						{"communes", report_communes},
						{"backfill", report_backfill_run},
						{NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
