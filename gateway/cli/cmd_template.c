/* SPDX-License-Identifier: Apache-2.0 */
/* moidan template: the texts, what each costs, and whether it would pass. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "campaign/carry.h"
#include "cli/cli.h"
#include "provider/form.h"
#include "text/template.h"
#include "text/vi.h"

#define TEMPLATE_FILE_MAX 65536

/* The text of a template file; yours. NULL with e. */
static char *template_read(struct cli *c, const char *name, struct err *e)
{
	char *path = mem_printf("%s/%s", c->house->cfg.templates, name);
	struct buf text = BUF_INIT(TEMPLATE_FILE_MAX);
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		(void)err_set(e, EX_NOINPUT, "%s: không mở được", path);
		free(path);
		return NULL;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		(void)buf_add(&text, chunk, n);
	(void)fclose(f);
	free(path);
	return buf_take(&text);
}

/* Calls fn for each audience that has a text. */
static int template_each(struct cli *c,
			 int (*fn)(struct cli *c, const struct programme *p,
				   const struct programme_audience *a, struct err *e),
			 struct err *e)
{
	int bad = 0;

	for (size_t i = 0; i < c->house->n_programmes; i++) {
		const struct programme *p = c->house->programmes[i];

		for (size_t k = 0; k < p->audiences.n; k++) {
			const struct programme_audience *a = programme_audience_at(p, (int)k);

			if (a->sms != NULL && *a->sms != '\0' && !a->hold)
				bad += fn(c, p, a, e) < 0;
		}
	}
	return bad;
}

static int template_print(struct cli *c, const struct programme *p,
			  const struct programme_audience *a, struct err *e)
{
	(void)c;
	(void)e;
	cli_cell(p->name, 10);
	cli_cell(a->id, 12);
	cli_cell(a->sms, 28);
	(void)printf("%s\n", a->title);
	return 0;
}

static int template_list(struct cli *c, int argc, char **argv, struct err *e)
{
	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || cli_house(c, e) < 0)
		return -1;
	return template_each(c, template_print, e);
}

static int template_show(struct cli *c, int argc, char **argv, struct err *e)
{
	char *text;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_house(c, e) < 0)
		return -1;
	text = template_read(c, argv[1], e);
	if (text == NULL)
		return -1;
	(void)fputs(text, stdout);
	free(text);
	return 0;
}

/* What is printed for an audience, where there is such a text. */
static int template_check_paper(const struct campaign_plan *plan, const struct programme *p,
				const struct programme_audience *a, const char *kind)
{
	char *id = vi_lower(a->id), *name = mem_printf("%s/%s/%s.txt", kind, p->name, id);
	struct err own = ERR_INIT;
	int rc = carry_check(plan, kind, 0, &own);

	if (rc != 0) {
		cli_cell(rc > 0 ? "đạt" : "LỖI", 7);
		cli_cell(name, 28);
		(void)printf("%s\n", rc > 0 ? a->title : own.text);
	}
	free(name);
	free(id);
	return rc < 0 ? -1 : 0;
}

/* Makes a campaign of one audience ready: that compiles, lints and prices its text. */
static int template_check_one(struct cli *c, const struct programme *p,
			      const struct programme_audience *a, struct err *e)
{
	struct campaign k = {.name = (char *)"kiểm tra",
			     .programme = p->name,
			     .audiences = a->id,
			     .channel = (char *)"sms",
			     .parameters = (char *)"{}"};
	struct err own = ERR_INIT;
	struct campaign_plan *plan = campaign_plan_new(&c->house->campaign, &k, &own);
	bool bad;

	(void)e;
	cli_cell(plan != NULL ? "đạt" : "LỖI", 7);
	cli_cell(a->sms, 28);
	(void)printf("%s\n", plan != NULL ? a->title : own.text);
	bad = plan == NULL;
	campaign_plan_free(plan);
	/* What a message is told by its seat, a letter is told by the campaign. */
	k.parameters = (char *)"{\"ngay\": \"2099-12-30\", \"gio\": \"08:00\"}";
	plan = bad ? NULL : campaign_plan_new(&c->house->campaign, &k, &own);
	for (size_t i = 0; plan != NULL && i < 2; i++)
		bad = template_check_paper(plan, p, a, i == 0 ? "letter" : "visit") < 0 || bad;
	campaign_plan_free(plan);
	return bad ? -1 : 0;
}

/* The registered template of an audience, where the office has one: what is wrong in it, or that it has no
 * number yet. Whether each citizen's values fit is found out before anything is queued. */
static int template_check_form(struct cli *c, const struct programme *p,
			       const struct programme_audience *a, struct err *e)
{
	char *id = vi_lower(a->id), *name = mem_printf("zalo/%s/%s.yaml", p->name, id);
	char *path = mem_printf("%s/%s", c->house->cfg.templates, name);
	struct err own = ERR_INIT;
	struct form form = {0};
	int rc = 0;

	(void)e;
	if (access(path, F_OK) == 0) {
		rc = form_load(path, &form, &own);
		cli_cell(rc < 0 ? "LỖI" : form_registered(&form) ? "đạt" : "chưa", 7);
		cli_cell(name, 28);
		(void)printf("%s\n", rc < 0 ? own.text
				     : form_registered(&form)
					 ? a->title
					 : "chưa điền số mẫu đã đăng ký (template)");
		form_free(&form);
	}
	free(path);
	free(name);
	free(id);
	return rc;
}

static int template_check(struct cli *c, int argc, char **argv, struct err *e)
{
	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || cli_house(c, e) < 0)
		return -1;
	return template_each(c, template_check_one, e) +
			   template_each(c, template_check_form, e) >
		       0
		   ? EX_DATAERR
		   : 0;
}

int cmd_template(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {{"list", template_list},
						{"show", template_show},
						{"check", template_check},
						{NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
