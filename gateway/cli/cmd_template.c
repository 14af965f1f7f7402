/* SPDX-License-Identifier: Apache-2.0 */
/* moidan template: the texts, what each costs, and whether it would pass. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/carry.h"
#include "campaign/texts.h"
#include "cli/cli.h"
#include "provider/form.h"
#include "text/template.h"
#include "text/vi.h"

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
	char *text = NULL;
	int version = 0;

	if (c->store != NULL && store_text_now(c->store, a->sms, &version, &text, e) < 0)
		return -1;
	cli_cell(p->name, 10);
	cli_cell(a->id, 12);
	cli_cell(a->sms, 28);
	if (text != NULL)
		(void)printf("(bản %d) ", version);
	(void)printf("%s\n", a->title);
	free(text);
	return 0;
}

/* What officers saved is in the store; the files are there before there is one. */
static int template_open(struct cli *c, struct err *e)
{
	if (cli_house(c, e) < 0)
		return -1;
	return access(c->house->cfg.database, F_OK) != 0 ? 0 : cli_open(c, STORE_READER, e);
}

static int template_list(struct cli *c, int argc, char **argv, struct err *e)
{
	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || template_open(c, e) < 0)
		return -1;
	return template_each(c, template_print, e);
}

static int template_show(struct cli *c, int argc, char **argv, struct err *e)
{
	char *text;
	int version;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || template_open(c, e) < 0)
		return -1;
	text = campaign_text_now(c->store, &c->house->campaign, argv[1], &version, e);
	if (text == NULL) {
		/* Of the house's own files it would be the configuration. */
		e->code = e->code == EX_CONFIG ? EX_NOINPUT : e->code;
		return -1;
	}
	(void)fputs(text, stdout);
	free(text);
	return 0;
}

struct template_export {
	const char *dir;
	char *last; /* the name that was written last: older versions of it follow */
	int n, rc;
	struct err *e;
};

/* The directories of path, which ends at the last '/'. */
static int template_make_way(char *path, struct err *e)
{
	for (char *s = strchr(path + 1, '/'); s != NULL; s = strchr(s + 1, '/')) {
		int rc;

		*s = '\0';
		rc = mkdir(path, 0755) < 0 && errno != EEXIST
			 ? err_set(e, EX_CANTCREAT, "%s: %s", path, strerror(errno))
			 : 0;
		*s = '/';
		if (rc < 0)
			return -1;
	}
	return 0;
}

static void template_write(const struct text_version *t, void *arg)
{
	struct template_export *x = arg;
	char *path;
	FILE *f;

	if (x->rc < 0 || (x->last != NULL && strcmp(x->last, t->name) == 0))
		return;
	free(x->last);
	x->last = mem_strdup(t->name);
	if (t->text == NULL)
		return;
	path = mem_printf("%s/%s", x->dir, t->name);
	x->rc = template_make_way(path, x->e);
	f = x->rc == 0 ? fopen(path, "we") : NULL;
	if (x->rc == 0 && (f == NULL || fputs(t->text, f) < 0))
		x->rc = err_set(x->e, EX_CANTCREAT, "%s: %s", path, strerror(errno));
	if (f != NULL && fclose(f) != 0 && x->rc == 0)
		x->rc = err_set(x->e, EX_CANTCREAT, "%s: %s", path, strerror(errno));
	if (x->rc == 0)
		(void)printf("%s: bản %d, %s\n", path, t->version, t->who);
	x->n += x->rc == 0;
	free(path);
}

/* The texts that officers saved, as files. */
static int template_export(struct cli *c, int argc, char **argv, struct err *e)
{
	struct template_export x = {.e = e};

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_READER, e) < 0)
		return -1;
	x.dir = argv[1];
	if (store_text_list(c->store, NULL, template_write, &x, e) < 0)
		x.rc = -1;
	free(x.last);
	if (x.rc == 0 && x.n == 0)
		(void)printf("Chưa có mẫu nào được sửa: các tệp mẫu đang dùng.\n");
	return x.rc;
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
	struct campaign k = campaign_text_row(p, a, clock_now_ms());
	struct err own = ERR_INIT;
	struct campaign_plan *plan = campaign_plan_new(c->store, &c->house->campaign, &k, &own);
	bool bad;

	(void)e;
	cli_cell(plan != NULL ? "đạt" : "LỖI", 7);
	cli_cell(a->sms, 28);
	(void)printf("%s\n", plan != NULL ? a->title : own.text);
	bad = plan == NULL;
	campaign_plan_free(plan);
	/* What a message is told by its seat, a letter is told by the campaign. */
	k.parameters = (char *)"{\"ngay\": \"2099-12-30\", \"gio\": \"08:00\"}";
	plan = bad ? NULL : campaign_plan_new(c->store, &c->house->campaign, &k, &own);
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
	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || template_open(c, e) < 0)
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
						{"export", template_export},
						{NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
