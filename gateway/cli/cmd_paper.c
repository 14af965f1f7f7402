/* SPDX-License-Identifier: Apache-2.0 */
/* moidan letter, visit, poster: what is printed. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/carry.h"
#include "cli/cli.h"
#include "report/poster.h"
#include "text/vi.h"

/* Options of the verbs here, and the campaign they are about, made ready. */
struct paper_run {
	const char *out, *unit;
	bool again, xlsx;
	struct campaign k;
	struct campaign_plan *plan;
	struct carry_request q;
	struct carry_result done;
};

/* printed: what the audit calls a list of names that is printed; NULL = none is. */
static int paper_ready(struct cli *c, struct paper_run *r, int argc, char **argv,
		       const char *printed, struct err *e)
{
	const struct cli_option options[] = {
	    {.name = "out", .text = &r->out},
	    {.name = "unit", .text = &r->unit},
	    {.name = "again", .flag = &r->again},
	    {.name = "xlsx", .flag = &r->xlsx},
	    {.name = NULL},
	};
	char *subject;
	int rc;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0)
		return -1;
	if (printed != NULL && r->out == NULL)
		return err_set(e, EX_USAGE, "--out FILE: cần tên tệp để ghi");
	if (cli_open(c, STORE_WRITER, e) < 0 || cli_campaign(c, argv[1], &r->k, e) < 0)
		return -1;
	r->plan = campaign_plan_new(c->store, &c->house->campaign, &r->k, e);
	if (r->plan != NULL && campaign_plan_programme(r->plan) == NULL)
		return err_set(e, EX_DATAERR, "\"%s\" không có danh sách người nhận",
			       r->k.name);
	r->q =
	    (struct carry_request){.unit = r->unit, .again = r->again, .now = clock_now_ms()};
	if (r->plan == NULL || printed == NULL)
		return r->plan == NULL ? -1 : 0;
	subject = mem_printf("campaign:%lld", (long long)r->k.id);
	rc = cli_audit(c, printed, subject, "", e);
	free(subject);
	return rc;
}

/* Says what was done, and takes the run. */
static int paper_end(struct cli *c, struct paper_run *r, int rc, const char *what)
{
	if (rc == 0 && c->json) {
		rc = cli_print_json(
		    json_pack("{s:I, s:i, s:I, s:I, s:I, s:s}", "people",
			      (json_int_t)r->done.people, "units", r->done.units, "pages",
			      (json_int_t)r->done.pages, "handed", (json_int_t)r->done.handed,
			      "faults", (json_int_t)r->done.faults, "fault", r->done.fault));
	} else if (rc == 0) {
		char people[32], pages[32];

		vi_number(r->done.people, people);
		vi_number(r->done.pages, pages);
		(void)printf("%s: %s %s, %d ấp, %s trang\n", what, people,
			     campaign_plan_programme(r->plan)->row, r->done.units, pages);
	}
	if (rc == 0 && r->done.faults > 0) {
		(void)fprintf(stderr, "moidan: %lld thư không làm được: %s\n",
			      (long long)r->done.faults, r->done.fault);
		rc = EX_DATAERR;
	}
	campaign_plan_free(r->plan);
	campaign_clear(&r->k);
	return rc;
}

static int letter_print(struct cli *c, int argc, char **argv, struct err *e)
{
	struct paper_run r = {0};
	int rc = paper_ready(c, &r, argc, argv, "letter.print", e);

	if (rc == 0)
		rc = carry_letters(c->store, r.plan, r.out, &r.q, &r.done, e);
	if (rc == 0 && r.done.handed > 0 && !c->json)
		(void)printf("(không in lại %lld thư đã phát; --again để in lại)\n",
			     (long long)r.done.handed);
	return paper_end(c, &r, rc, r.out);
}

/* "a.pdf" -> "a.xlsx"; yours. */
static char *visit_sheet(const char *pdf)
{
	size_t n = strlen(pdf);

	if (n > 4 && strcmp(pdf + n - 4, ".pdf") == 0)
		n -= 4;
	return mem_printf("%.*s.xlsx", (int)n, pdf);
}

static int visit_file(struct cli *c, struct paper_run *r, const char *pdf, struct err *e)
{
	char *xlsx = r->xlsx ? visit_sheet(pdf) : NULL;
	struct carry_result one;
	int rc = carry_visits(c->store, r->plan, pdf, xlsx, &r->q, &one, e);

	if (rc == 0) {
		r->done.people += one.people;
		r->done.units += one.units;
		r->done.pages += one.pages;
	}
	free(xlsx);
	return rc;
}

struct visit_names {
	char **items;
	size_t n, cap;
};

static void visit_name(const struct unit *u, void *arg)
{
	struct visit_names *names = arg;

	names->items = mem_grow(names->items, &names->cap, names->n + 1, sizeof(*names->items));
	names->items[names->n++] = mem_strdup(u->name);
}

/* A file for each hamlet where somebody is to be visited: visit-tan-phu.pdf. */
static int visit_each(struct cli *c, struct paper_run *r, struct err *e)
{
	struct visit_names names = {0};
	int rc = store_unit_list(c->store, visit_name, &names, e);

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *plain = vi_unaccent(names.items[i]), *file = vi_lower(plain), *path;

		for (char *s = file; *s != '\0'; s++)
			*s = isalnum((unsigned char)*s) ? *s : '-';
		path = mem_printf("%s/visit-%s.pdf", r->out, file);
		r->q.unit = names.items[i];
		rc = visit_file(c, r, path, e);
		if (rc < 0 && e->code == EX_NOINPUT) { /* nobody there */
			err_clear(e);
			rc = 0;
		}
		free(path);
		free(file);
		free(plain);
	}
	if (rc == 0 && r->done.units == 0)
		rc = err_set(e, EX_NOINPUT, "không có ai cần đến nhà");
	for (size_t i = 0; i < names.n; i++)
		free(names.items[i]);
	free(names.items);
	return rc;
}

static int visit_print(struct cli *c, int argc, char **argv, struct err *e)
{
	struct paper_run r = {0};
	struct stat sb;
	int rc = paper_ready(c, &r, argc, argv, "visit.print", e);

	if (rc == 0 && r.unit == NULL && stat(r.out, &sb) == 0 && S_ISDIR(sb.st_mode))
		rc = visit_each(c, &r, e);
	else if (rc == 0)
		rc = visit_file(c, &r, r.out, e);
	return paper_end(c, &r, rc, r.out);
}

static int paper_hand_over(struct cli *c, int argc, char **argv, enum handed_kind kind,
			   struct err *e)
{
	struct paper_run r = {0};
	int rc = paper_ready(c, &r, argc, argv, NULL, e);

	if (rc == 0)
		rc = carry_hand_over(c->store, r.plan, kind, &r.q, cli_who(), &r.done, e);
	if (rc == 0 && !c->json)
		(void)printf("ghi nhận đã giao: %lld\n", (long long)r.done.handed);
	if (rc == 0 && c->json)
		rc = cli_print_json(json_pack("{s:I}", "handed", (json_int_t)r.done.handed));
	campaign_plan_free(r.plan);
	campaign_clear(&r.k);
	return rc;
}

static int letter_handed(struct cli *c, int argc, char **argv, struct err *e)
{
	return paper_hand_over(c, argc, argv, HANDED_LETTER, e);
}

static int visit_handed(struct cli *c, int argc, char **argv, struct err *e)
{
	return paper_hand_over(c, argc, argv, HANDED_VISIT, e);
}

int cmd_letter(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"print", letter_print}, {"handed", letter_handed}, {NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}

int cmd_visit(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"print", visit_print}, {"handed", visit_handed}, {NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}

int cmd_poster(struct cli *c, int argc, char **argv)
{
	const char *out = NULL, *unit = NULL;
	const struct cli_option options[] = {
	    {.name = "out", .text = &out}, {.name = "unit", .text = &unit}, {.name = NULL}};
	struct err e = ERR_INIT;
	char *label = NULL;
	int rc = cli_parse(c, argc, argv, options, 0, 0, &e);

	if (out == NULL) {
		if (rc == 0)
			(void)err_set(&e, EX_USAGE, "poster --out FILE.pdf [--unit HAMLET]");
		return cli_fail(&e);
	}
	if (rc == 0)
		rc = cli_house(c, &e);
	if (rc == 0 && unit != NULL)
		label = mem_printf("%s %s", c->house->cfg.unit.hamlet, unit);
	if (rc == 0)
		rc = report_poster(&c->house->report, label, out, clock_now_ms(), &e);
	free(label);
	if (rc < 0)
		return cli_fail(&e);
	(void)printf("%s\n", out);
	return 0;
}
