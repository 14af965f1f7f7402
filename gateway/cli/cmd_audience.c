/* SPDX-License-Identifier: Apache-2.0 */
/* moidan audience: who would be written to, by name and by condition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/audience.h"
#include "cli/cli.h"
#include "text/vi.h"

static const struct programme *audience_programme(struct cli *c, const char *name,
						  struct err *e)
{
	const struct programme *p = house_programme(c->house, name);

	if (p == NULL)
		(void)err_set(e, EX_USAGE, "không có chương trình \"%s\"", name);
	return p;
}

/* ---- listing ------------------------------------------------------------------------------- */

static int audience_list(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *only = NULL;
	const struct cli_option options[] = {{.name = "programme", .text = &only},
					     {.name = NULL}};
	json_t *list = NULL;
	const json_t *row;
	size_t i;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0 ||
	    cli_open(c, STORE_READER, e) < 0 ||
	    (only != NULL && audience_programme(c, only, e) == NULL))
		goto out;
	list =
	    audience_list_json(c->store, c->house->programmes, c->house->n_programmes, only, e);
	if (list == NULL)
		goto out;
	rc = c->json ? cli_print_json(json_incref(list)) : 0;
	json_array_foreach(list, i, row)
	{
		if (c->json)
			break;
		cli_cell(cli_text(row, "programme"), 10);
		cli_cell(cli_text(row, "name"), 22);
		(void)printf("%s\n", *cli_text(row, "title") != '\0' ? cli_text(row, "title")
								     : cli_text(row, "when"));
	}
out:
	json_decref(list);
	return rc;
}

/* ---- counting ------------------------------------------------------------------------------ */

static void audience_line(const char *label, int64_t v)
{
	char text[32];

	vi_number(v, text);
	(void)printf("  ");
	cli_cell(label, 48);
	cli_cell(text, -10);
	(void)printf("\n");
}

static void audience_print(const struct audience_count *n, const json_t *j)
{
	const json_t *row;
	size_t i;

	audience_line("Trong danh sách", n->recipients);
	audience_line("Thuộc đối tượng", n->members);
	audience_line("Nhắn tin được", n->reachable);
	if (n->shared > 0)
		audience_line("  trong đó chung số, nhận chung một tin", n->shared);
	for (int x = 0; x < AUDIENCE_REASONS; x++)
		if (n->excluded[x] > 0)
			audience_line(exclusion_vi((enum exclusion)x), n->excluded[x]);
	json_array_foreach(json_object_get(j, "units"), i, row) audience_line(
	    cli_text(row, "unit"), json_integer_value(json_object_get(row, "members")));
	if (n->n_samples > 0)
		(void)printf("\nVí dụ:\n");
	json_array_foreach(json_object_get(j, "samples"), i, row)
	{
		(void)printf("  ");
		cli_cell(cli_text(row, "key"), 12);
		cli_cell(cli_text(row, "name"), 28);
		cli_cell(cli_text(row, "unit"), 14);
		(void)printf("%s\n", cli_text(row, "number"));
	}
}

/* Names of people are seen: that stands in the audit. */
static int audience_looked(struct cli *c, const char *programme, int n, struct err *e)
{
	char *subject = mem_printf("audience/%s", programme), detail[32];
	int rc;

	(void)snprintf(detail, sizeof(detail), "people=%d", n);
	rc = cli_audit(c, "audience.samples", subject, detail, e);
	free(subject);
	return rc;
}

static int audience_count_run(struct cli *c, int argc, char **argv, struct err *e)
{
	bool samples = false;
	const struct cli_option options[] = {{.name = "samples", .flag = &samples},
					     {.name = NULL}};
	struct audience_names saved = {.n = 0};
	struct audience_count n = {0};
	const struct programme *p;
	int64_t began;
	json_t *j;
	int rc;

	if (cli_parse(c, argc, argv, options, 2, 2, e) < 0 ||
	    cli_open(c, samples ? STORE_WRITER : STORE_READER, e) < 0 ||
	    (p = audience_programme(c, argv[1], e)) == NULL)
		return -1;
	began = clock_mono_ms();
	rc = audience_names_load(&saved, c->store, p->name, e);
	if (rc == 0)
		rc = audience_count(c->store, p, argv[2], &saved.names, samples, &n, e);
	audience_names_free(&saved);
	if (rc < 0)
		return -1;
	if (n.n_samples > 0)
		rc = audience_looked(c, p->name, n.n_samples, e);
	j = rc == 0 ? audience_count_json(c->store, &n, p->name, e) : NULL;
	rc = j != NULL ? 0 : -1;
	if (rc == 0) {
		json_object_set_new(j, "ms", json_integer(clock_mono_ms() - began));
		if (!c->json)
			audience_print(&n, j);
		if (c->json)
			rc = cli_print_json(j);
		else
			json_decref(j);
	}
	audience_count_free(&n);
	return rc;
}

/* ---- saving -------------------------------------------------------------------------------- */

static int audience_save_run(struct cli *c, int argc, char **argv, struct err *e)
{
	const struct programme *p;

	if (cli_parse(c, argc, argv, NULL, 3, 3, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    (p = audience_programme(c, argv[1], e)) == NULL)
		return -1;
	return audience_save(c->store, p, argv[2], argv[3], cli_who(), e);
}

static int audience_remove_run(struct cli *c, int argc, char **argv, struct err *e)
{
	const struct programme *p;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    (p = audience_programme(c, argv[1], e)) == NULL)
		return -1;
	rc = audience_remove(c->store, p, argv[2], cli_who(), e);
	return rc == 0 ? err_set(e, EX_NOINPUT, "không có đối tượng đã lưu tên \"%s\"", argv[2])
	       : rc < 0 ? -1
			: 0;
}

/* What it stands for, down to the last name. */
static int audience_show(struct cli *c, int argc, char **argv, struct err *e)
{
	const struct programme *p;
	char *expanded, *quoted;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_READER, e) < 0 ||
	    (p = audience_programme(c, argv[1], e)) == NULL)
		return -1;
	quoted = mem_printf("\"%s\"", argv[2]);
	expanded = audience_expand(c->store, p, quoted, NULL, e);
	rc = expanded != NULL ? 0 : -1;
	if (rc < 0 && e->code == EX_DATAERR) {
		err_clear(e);
		rc = err_set(e, EX_NOINPUT, "không có đối tượng tên \"%s\"", argv[2]);
	}
	if (rc == 0 && c->json)
		rc = cli_print_json(json_pack("{s:s,s:s,s:s}", "programme", p->name, "name",
					      argv[2], "when", expanded));
	else if (rc == 0)
		(void)printf("%s\n", expanded);
	free(expanded);
	free(quoted);
	return rc;
}

int cmd_audience(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"list", audience_list},	     {"show", audience_show},
	    {"count", audience_count_run},   {"save", audience_save_run},
	    {"remove", audience_remove_run}, {NULL, NULL},
	};

	return cli_verb(c, verbs, argc, argv);
}
