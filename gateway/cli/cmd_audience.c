/* SPDX-License-Identifier: Apache-2.0 */
/* moidan audience: who would be written to, by name and by condition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/audience.h"
#include "cli/cli.h"
#include "text/phone.h"
#include "text/vi.h"

static const struct programme *audience_programme(struct cli *c, const char *name,
						  struct err *e)
{
	const struct programme *p = house_programme(c->house, name);

	if (p == NULL)
		(void)err_set(e, EX_USAGE, "không có chương trình \"%s\"", name);
	return p;
}

/* The reasons that lie in the people themselves; those after it lie in a campaign. */
#define AUDIENCE_REASONS (EXCLUDED_UNCONFIRMED + 1)

/* ---- listing ------------------------------------------------------------------------------- */

struct audience_rows {
	json_t *list;
	const char *only; /* programme; NULL = all */
};

static void audience_row(const struct audience *a, void *arg)
{
	struct audience_rows *rows = arg;
	char at[32];

	clock_format_rfc3339(a->at, at);
	json_array_append_new(rows->list,
			      json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "programme", a->programme,
					"name", a->name, "kind", "saved", "when", a->predicate,
					"who", a->who, "at", at));
}

static void audience_shipped(const struct programme *p, json_t *list)
{
	const struct programme_named *n = p->named.items;

	for (size_t i = 0; i < p->audiences.n; i++) {
		const struct programme_audience *a = programme_audience_at(p, (int)i);

		json_array_append_new(list,
				      json_pack("{s:s,s:s,s:s,s:s,s:s}", "programme", p->name,
						"name", a->id, "kind", "audience", "when",
						a->when, "title", a->title));
	}
	for (size_t i = 0; i < p->named.n; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s}", "programme",
						      p->name, "name", n[i].id, "kind", "named",
						      "when", n[i].when, "title", n[i].title));
}

static int audience_list(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *only = NULL;
	const struct cli_option options[] = {{.name = "programme", .text = &only},
					     {.name = NULL}};
	struct audience_rows rows = {.list = json_array()};
	const json_t *row;
	size_t i;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0 ||
	    cli_open(c, STORE_READER, e) < 0 ||
	    (only != NULL && audience_programme(c, only, e) == NULL))
		goto out;
	for (i = 0; i < c->house->n_programmes; i++)
		if (only == NULL || strcmp(c->house->programmes[i]->name, only) == 0)
			audience_shipped(c->house->programmes[i], rows.list);
	if (store_audience_list(c->store, only, audience_row, &rows, e) < 0)
		goto out;
	rc = c->json ? cli_print_json(json_incref(rows.list)) : 0;
	json_array_foreach(rows.list, i, row)
	{
		if (c->json)
			break;
		cli_cell(cli_text(row, "programme"), 10);
		cli_cell(cli_text(row, "name"), 22);
		(void)printf("%s\n", *cli_text(row, "title") != '\0' ? cli_text(row, "title")
								     : cli_text(row, "when"));
	}
out:
	json_decref(rows.list);
	return rc;
}

/* ---- counting ------------------------------------------------------------------------------ */

struct audience_units {
	const struct audience_count *n;
	json_t *list, *names;
};

static void audience_unit(const struct unit *u, void *arg)
{
	struct audience_units *all = arg;
	char key[24];

	(void)snprintf(key, sizeof(key), "%lld", (long long)u->id);
	json_object_set_new(all->names, key, json_string(u->name));
	for (int i = 0; i < all->n->n_hamlets; i++)
		if (all->n->hamlets[i].unit_id == u->id)
			json_array_append_new(
			    all->list,
			    json_pack("{s:s,s:I,s:I}", "unit", u->name, "members",
				      (json_int_t)all->n->hamlets[i].members, "reachable",
				      (json_int_t)all->n->hamlets[i].reachable));
}

static json_t *audience_json(const struct audience_count *n, const char *programme,
			     struct audience_units *units, int64_t ms)
{
	json_t *excluded = json_object(), *samples = json_array();

	for (int x = 0; x < AUDIENCE_REASONS; x++)
		json_object_set_new(excluded, exclusion_name((enum exclusion)x),
				    json_integer(n->excluded[x]));
	for (int i = 0; i < n->n_samples; i++) {
		const struct recipient *r = &n->samples[i];
		char masked[32], key[24];

		phone_mask(r->number, masked);
		(void)snprintf(key, sizeof(key), "%lld", (long long)r->unit_id);
		json_array_append_new(
		    samples,
		    json_pack("{s:s?,s:s?,s:s?,s:s?,s:s}", "key", r->key, "name", r->name,
			      "unit", json_string_value(json_object_get(units->names, key)),
			      "group", r->group, "number", masked));
	}
	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:o,s:O,s:b,s:I,s:o}", "programme",
			 programme, "when", n->expanded, "recipients",
			 (json_int_t)n->recipients, "members", (json_int_t)n->members,
			 "reachable", (json_int_t)n->reachable, "shared", (json_int_t)n->shared,
			 "excluded", excluded, "units", units->list, "by_rows", n->by_rows,
			 "ms", (json_int_t)ms, "samples", samples);
}

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
	struct audience_units units = {.list = NULL};
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
	units = (struct audience_units){.n = &n, .list = json_array(), .names = json_object()};
	if (n.n_samples > 0)
		rc = audience_looked(c, p->name, n.n_samples, e);
	if (rc == 0)
		rc = store_unit_list(c->store, audience_unit, &units, e);
	if (rc == 0) {
		j = audience_json(&n, p->name, &units, clock_mono_ms() - began);
		if (!c->json)
			audience_print(&n, j);
		if (c->json)
			rc = cli_print_json(j);
		else
			json_decref(j);
	}
	json_decref(units.list);
	json_decref(units.names);
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
	struct audience_names saved = {.n = 0};
	struct predicate *q = NULL;
	const struct programme *p;
	char *expanded = NULL, *quoted;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_READER, e) < 0 ||
	    (p = audience_programme(c, argv[1], e)) == NULL)
		return -1;
	quoted = mem_printf("\"%s\"", argv[2]);
	rc = audience_names_load(&saved, c->store, p->name, e);
	if (rc == 0)
		q = predicate_compile_named(p, quoted, NULL, &saved.names, &expanded, e);
	if (rc == 0 && q == NULL) {
		err_clear(e);
		rc = err_set(e, EX_NOINPUT, "không có đối tượng tên \"%s\"", argv[2]);
	}
	if (rc == 0 && c->json)
		rc = cli_print_json(json_pack("{s:s,s:s,s:s}", "programme", p->name, "name",
					      argv[2], "when", expanded));
	else if (rc == 0)
		(void)printf("%s\n", expanded);
	predicate_free(q);
	free(expanded);
	free(quoted);
	audience_names_free(&saved);
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
