/* SPDX-License-Identifier: Apache-2.0 */
/* Who would be written to: conditions made of names, counted at once, given a name of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/audience.h"
#include "web/model.h"
#include "web/screen.h"

/* The chosen programme, else the first. NULL with e (EX_NOINPUT). */
static const struct programme *audiences_programme(struct visit *v, struct err *e)
{
	const char *name = visit_text(v, "programme");
	const struct programme *p = NULL;

	if (*name != '\0')
		p = model_programme(v, name);
	else if (v->house->n_programmes > 0)
		p = v->house->programmes[0];
	if (p == NULL)
		(void)say(e, EX_NOINPUT, "no_programme", name, NULL);
	return p;
}

/* All names, and what the page does with each: asks for it, or takes it away. */
static json_t *audiences_names(struct visit *v, const struct programme *p, struct err *e)
{
	json_t *list =
	    audience_list_json(v->st, v->house->programmes, v->house->n_programmes, p->name, e);
	json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));

		json_object_set_new(row, "ask", json_sprintf("\"%s\"", name));
		json_object_set_new(
		    row, "saved",
		    json_boolean(
			strcmp(json_string_value(json_object_get(row, "kind")), "saved") == 0));
	}
	return list;
}

/* The reasons in words, for the page. */
static json_t *audiences_reasons(const struct audience_count *n)
{
	json_t *list = json_array();

	for (int x = 0; x < AUDIENCE_REASONS; x++)
		if (n->excluded[x] > 0)
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:I}", "reason",
							exclusion_name((enum exclusion)x),
							"why", exclusion_vi((enum exclusion)x),
							"n", (json_int_t)n->excluded[x]));
	return list;
}

/* Names of people are seen: that stands in the audit, or they are not shown. */
static int audiences_looked(struct visit *v, const struct programme *p, int n, struct err *e)
{
	char *subject = mem_printf("audience/%s", p->name), detail[32];
	int rc;

	(void)snprintf(detail, sizeof(detail), "people=%d", n);
	rc = visit_audit(v, "audience.samples", subject, detail, e);
	free(subject);
	return rc;
}

static int audiences_count(struct visit *v, const struct programme *p, const char *when,
			   struct err *e)
{
	bool samples = *visit_text(v, "samples") != '\0';
	struct audience_names saved;
	struct audience_count n = {0};
	json_t *count = NULL;
	int rc = audience_names_load(&saved, v->st, p->name, e);

	if (rc == 0)
		rc = audience_count(v->st, p, when, &saved.names, samples, &n, e);
	audience_names_free(&saved);
	if (rc < 0)
		return -1;
	if (n.n_samples == 0 || audiences_looked(v, p, n.n_samples, e) == 0)
		count = audience_count_json(v->st, &n, p->name, e);
	if (count != NULL) {
		json_object_set_new(count, "reasons", audiences_reasons(&n));
		json_object_set_new(count, "any_sample", json_boolean(n.n_samples > 0));
		json_object_set_new(v->model, "count", count);
		json_object_set_new(v->model, "counted", json_true());
	}
	audience_count_free(&n);
	return count != NULL ? 0 : -1;
}

/* A name to begin with: of somebody who may be written to. */
static const char *audiences_example(const struct programme *p)
{
	for (size_t i = 0; i < p->audiences.n; i++)
		if (!programme_audience_at(p, (int)i)->hold)
			return programme_audience_at(p, (int)i)->id;
	return "phone = missing";
}

static int audiences_page(struct visit *v, bool count, struct err *e)
{
	const struct programme *p = audiences_programme(v, e);
	const char *when = visit_text(v, "when");
	json_t *names;

	if (p == NULL || (names = audiences_names(v, p, e)) == NULL)
		return -1;
	v->model =
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "programme", p->name,
		      "programme_title", p->title, "when", when, "name", visit_text(v, "name"),
		      "example", audiences_example(p), "programmes",
		      model_programmes(v, p->name), "items", names);
	return count && *when != '\0' ? audiences_count(v, p, when, e) : 0;
}

int screen_audiences(struct visit *v, struct err *e)
{
	return audiences_page(v, true, e);
}

/* What could not be understood stands there as it was written. */
int screen_audiences_again(struct visit *v, struct err *e)
{
	return audiences_page(v, false, e);
}

int screen_audience_save(struct visit *v, struct err *e)
{
	const struct programme *p = audiences_programme(v, e);
	struct store *w = visit_writer(v, e);

	if (p == NULL || w == NULL ||
	    audience_save(w, p, visit_text(v, "name"), visit_text(v, "when"), v->who.name, e) <
		0)
		return -1;
	return visit_go(v, "/audiences?programme=%s&done=audience_saved", p->name);
}

int screen_audience_remove(struct visit *v, struct err *e)
{
	const struct programme *p = audiences_programme(v, e);
	struct store *w = visit_writer(v, e);
	int rc;

	if (p == NULL || w == NULL)
		return -1;
	rc = audience_remove(w, p, visit_text(v, "name"), v->who.name, e);
	if (rc == 0)
		return say(e, EX_NOINPUT, "no_audience", visit_text(v, "name"), NULL);
	return rc < 0 ? -1
		      : visit_go(v, "/audiences?programme=%s&done=audience_removed", p->name);
}
