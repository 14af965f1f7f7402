/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/programme.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"

/* A fact's spellings, folded, in order, each with its canonical value (borrowed from the tree). */
struct programme_spelling {
	char *fold;
	const char *value;
};

struct programme_values {
	struct programme_spelling *items;
	size_t n, cap;
};

struct programme_compiled {
	struct predicate **states, **audiences, **targets, **figures;
	struct programme_values *values; /* by column */
};

static int programme_spelling_compare(const void *a, const void *b)
{
	const struct programme_spelling *x = a, *y = b;

	return strcmp(x->fold, y->fold);
}

/* What texts are compared by; marks that fold to nothing ("-", "✓") stand for themselves. Yours. */
static char *programme_spelling_key(const char *text)
{
	char *fold = vi_fold(text);

	if (fold[0] != '\0')
		return fold;
	free(fold);
	return mem_strdup(text);
}

static void programme_add_spelling(struct programme_values *v, const char *text,
				   const char *value)
{
	v->items = mem_grow(v->items, &v->cap, v->n + 1, sizeof(*v->items));
	v->items[v->n++] =
	    (struct programme_spelling){.fold = programme_spelling_key(text), .value = value};
}

/* Reads one column's values. at: the column in the file, for errors. */
static int programme_compile_values(const struct ydoc *doc, const json_t *at,
				    const struct programme_column *c,
				    struct programme_values *out, struct err *e)
{
	const char *value;
	json_t *spellings, *s;
	size_t i;

	if (c->values == NULL)
		return 0;
	if (!json_is_object(c->values))
		return ydoc_error(doc, at, "values", 0, e,
				  "\"values\" must be values, each with a list of spellings");
	json_object_foreach(c->values, value, spellings)
	{
		if (!json_is_array(spellings))
			return ydoc_error(doc, c->values, value, 0, e,
					  "\"%s\" must be a list of spellings", value);
		programme_add_spelling(out, value, value);
		json_array_foreach(spellings, i, s)
		{
			char number[32] = "";

			if (json_is_integer(s))
				(void)snprintf(number, sizeof(number), "%lld",
					       (long long)json_integer_value(s));
			else if (!json_is_string(s))
				return ydoc_error(doc, spellings, NULL, i, e,
						  "must be text: put it in quotes");
			programme_add_spelling(
			    out, json_is_string(s) ? json_string_value(s) : number, value);
		}
	}
	qsort(out->items, out->n, sizeof(*out->items), programme_spelling_compare);
	for (size_t k = 1; k < out->n; k++) {
		if (strcmp(out->items[k].fold, out->items[k - 1].fold) == 0 &&
		    strcmp(out->items[k].value, out->items[k - 1].value) != 0)
			return ydoc_error(doc, at, "values", 0, e,
					  "\"%s\" is a spelling of \"%s\" and of \"%s\"",
					  out->items[k].fold, out->items[k - 1].value,
					  out->items[k].value);
	}
	return 0;
}

static int programme_compile_columns(const struct ydoc *doc, struct programme *p, struct err *e)
{
	const json_t *list = json_object_get(doc->root, "columns");
	const struct programme_column *c = p->columns.items;
	bool named = false;

	for (size_t i = 0; i < p->columns.n; i++) {
		const json_t *at = json_array_get(list, i);

		if (c[i].field == COLUMN_FACT && c[i].name[0] == '\0')
			return ydoc_error(doc, list, NULL, i, e, "a fact needs a \"name\"");
		if (c[i].field != COLUMN_FACT && (c[i].name[0] != '\0' || c[i].values != NULL))
			return ydoc_error(doc, list, NULL, i, e,
					  "only a fact has a \"name\" and \"values\"");
		named |= c[i].field == COLUMN_NAME || c[i].field == COLUMN_GIVEN_NAME;
		for (size_t k = 0; k < i; k++) {
			if (c[k].field == c[i].field && strcmp(c[k].name, c[i].name) == 0)
				return ydoc_error(doc, list, NULL, i, e,
						  "the same column stands twice: put all "
						  "spellings into one");
		}
		if (programme_compile_values(doc, at, &c[i], &p->compiled->values[i], e) < 0)
			return -1;
	}
	if (!named)
		return ydoc_error(doc, doc->root, "columns", 0, e,
				  "no column has field \"name\" or \"given_name\"");
	return 0;
}

/* Compiles one predicate and says where it stands when it is wrong. */
static int programme_compile_one(const struct ydoc *doc, struct programme *p, const char *list,
				 size_t index, const char *key, const char *text,
				 struct predicate **out, struct err *e)
{
	const json_t *at = json_array_get(json_object_get(doc->root, list), index);
	struct err why = ERR_INIT;

	if (text == NULL)
		return 0;
	*out = predicate_compile(p, text, NULL, &why);
	return *out != NULL ? 0 : ydoc_error(doc, at, key, 0, e, "%s", why.text);
}

/* What an audience says of seats and steps must go together. */
static int programme_check_audience(const struct ydoc *doc, const struct programme *p, size_t i,
				    struct err *e)
{
	const struct programme_audience *a =
	    &((const struct programme_audience *)p->audiences.items)[i];
	const json_t *at = json_array_get(json_object_get(doc->root, "audiences"), i);
	const struct programme_step *s = a->steps.items;

	if (a->came != NULL && programme_state_find(p, a->came) < 0)
		return ydoc_error(doc, at, "came", 0, e, "there is no state \"%s\"", a->came);
	for (size_t k = 0; k < a->steps.n; k++)
		if (!a->seat && s[k].when >= STEP_CAME)
			return ydoc_error(doc, at, "steps", 0, e,
					  "came, moved and cancelled are of sessions: the "
					  "audience has no \"seat: true\"");
	return 0;
}

static int programme_check_named(const struct ydoc *doc, struct programme *p, struct err *e)
{
	const struct programme_named *n = p->named.items;

	for (size_t i = 0; i < p->named.n; i++) {
		struct predicate *q = NULL;

		if (programme_audience_find(p, n[i].id) >= 0)
			return ydoc_error(
			    doc, json_array_get(json_object_get(doc->root, "named"), i), "id",
			    0, e, "an audience has this name already");
		if (programme_compile_one(doc, p, "named", i, "when", n[i].when, &q, e) < 0)
			return -1;
		predicate_free(q);
	}
	return 0;
}

static int programme_compile_appendix(struct programme *p, struct err *e)
{
	const struct programme_figure *f = p->appendix.columns.items;

	p->compiled->figures = mem_calloc(p->appendix.columns.n, sizeof(struct predicate *));
	for (size_t i = 0; i < p->appendix.columns.n; i++) {
		char where[128];

		(void)snprintf(where, sizeof(where), "%s.yaml: appendix.columns[%zu].when",
			       p->name, i);
		if (*f[i].when == '\0')
			continue;
		p->compiled->figures[i] = predicate_compile(p, f[i].when, where, e);
		if (p->compiled->figures[i] == NULL)
			return -1;
	}
	return 0;
}

static int programme_compile(const struct ydoc *doc, struct programme *p, struct err *e)
{
	struct programme_compiled *c = mem_calloc(1, sizeof(*c));
	const struct programme_state *states = p->states.items;
	const struct programme_audience *audiences = p->audiences.items;
	const struct programme_target *targets = p->targets.items;

	p->compiled = c;
	c->states = mem_calloc(p->states.n, sizeof(struct predicate *));
	c->audiences = mem_calloc(p->audiences.n, sizeof(struct predicate *));
	c->targets = mem_calloc(p->targets.n, sizeof(struct predicate *));
	c->values = mem_calloc(p->columns.n, sizeof(*c->values));
	if (programme_compile_columns(doc, p, e) < 0)
		return -1;
	for (size_t i = 0; i < p->states.n; i++) {
		if (programme_compile_one(doc, p, "states", i, "when", states[i].when,
					  &c->states[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < p->audiences.n; i++) {
		if (programme_compile_one(doc, p, "audiences", i, "when", audiences[i].when,
					  &c->audiences[i], e) < 0 ||
		    programme_check_audience(doc, p, i, e) < 0)
			return -1;
	}
	if (programme_check_named(doc, p, e) < 0)
		return -1;
	for (size_t i = 0; i < p->targets.n; i++) {
		if (programme_compile_one(doc, p, "targets", i, "done_when",
					  targets[i].done_when, &c->targets[i], e) < 0)
			return -1;
	}
	return programme_compile_appendix(p, e);
}

struct programme *programme_load(const char *dir, const char *name, struct err *e)
{
	struct programme *p = mem_calloc(1, sizeof(*p));
	char *path = mem_printf("%s/programmes/%s.yaml", dir, name);
	struct ydoc doc;
	int rc = -1;

	if (ydoc_load_file(path, &doc, e) == 0) {
		rc = conf_read(&doc, doc.root, &programme_table, NULL, p, e);
		if (rc == 0) {
			p->name = mem_strdup(name);
			rc = programme_compile(&doc, p, e);
		}
		ydoc_free(&doc);
	}
	free(path);
	if (rc == 0)
		return p;
	programme_free(p);
	return NULL;
}

/* The columns of a list that is not of people: each is named, none has values. */
static const struct conf_field listing_column_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct programme_column, name),
     .required = true,
     .help = "as the program knows the column"},
    {.key = "spellings",
     .type = CONF_STRINGS,
     .offset = offsetof(struct programme_column, spellings),
     .required = true,
     .min = 1,
     .max = 64,
     .help = "headings, accents and case do not matter"},
    {.key = "required",
     .type = CONF_BOOL,
     .offset = offsetof(struct programme_column, required),
     .fallback = "false",
     .help = "a list without this column is refused"},
    {.key = NULL},
};
static const struct conf_table listing_column_table = {
    "a column", sizeof(struct programme_column), listing_column_fields};

static const struct conf_field listing_fields[] = {
    {.key = "title",
     .type = CONF_STRING,
     .offset = offsetof(struct programme, title),
     .required = true,
     .help = "as people read it"},
    {.key = "columns",
     .type = CONF_OBJECTS,
     .offset = offsetof(struct programme, columns),
     .required = true,
     .min = 1,
     .max = 32,
     .table = &listing_column_table,
     .help = "columns of the list"},
    {.key = NULL},
};
static const struct conf_table listing_table = {"a list", sizeof(struct programme),
						listing_fields};

struct programme *programme_columns_load(const char *path, struct err *e)
{
	struct programme *p = mem_calloc(1, sizeof(*p));
	struct programme_column *c;
	struct ydoc doc;
	int rc = -1;

	if (ydoc_load_file(path, &doc, e) == 0) {
		rc = conf_read(&doc, doc.root, &listing_table, NULL, p, e);
		ydoc_free(&doc);
	}
	if (rc < 0) {
		free(p);
		return NULL;
	}
	c = p->columns.items;
	for (size_t i = 0; i < p->columns.n; i++)
		c[i].field = COLUMN_FACT;
	return p;
}

static void programme_compiled_free(struct programme *p)
{
	struct programme_compiled *c = p->compiled;

	if (c == NULL)
		return;
	for (size_t i = 0; i < p->states.n; i++)
		predicate_free(c->states[i]);
	for (size_t i = 0; i < p->audiences.n; i++)
		predicate_free(c->audiences[i]);
	for (size_t i = 0; i < p->targets.n; i++)
		predicate_free(c->targets[i]);
	for (size_t i = 0; i < p->columns.n; i++) {
		for (size_t k = 0; k < c->values[i].n; k++)
			free(c->values[i].items[k].fold);
		free(c->values[i].items);
	}
	free(c->states);
	free(c->audiences);
	for (size_t i = 0; c->figures != NULL && i < p->appendix.columns.n; i++)
		predicate_free(c->figures[i]);
	free(c->figures);
	free(c->targets);
	free(c->values);
	free(c);
}

void programme_free(struct programme *p)
{
	if (p == NULL)
		return;
	programme_compiled_free(p);
	free(p->name);
	conf_free(&programme_table, p);
	free(p);
}

static int programme_name_filter(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

static int programme_name_compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

char **programme_names(const char *dir)
{
	char *path = mem_printf("%s/programmes", dir);
	struct dirent **found = NULL;
	int n = scandir(path, &found, programme_name_filter, NULL);
	char **names = mem_calloc((size_t)(n < 0 ? 0 : n) + 1, sizeof(*names));

	for (int i = 0; i < n; i++) {
		names[i] =
		    mem_strndup(found[i]->d_name, strlen(found[i]->d_name) - strlen(".yaml"));
		free(found[i]);
	}
	if (n > 0)
		qsort(names, (size_t)n, sizeof(*names), programme_name_compare);
	free(found);
	free(path);
	return names;
}

const char *programme_fact_value(const struct programme *p, size_t c, const char *text)
{
	const struct programme_column *column =
	    &((const struct programme_column *)p->columns.items)[c];
	const struct programme_values *v = &p->compiled->values[c];
	struct programme_spelling key, *hit;

	if (*text == '\0')
		return column->empty == NULL ? "" : column->empty;
	if (column->values == NULL)
		return text;
	key.fold = programme_spelling_key(text);
	hit = bsearch(&key, v->items, v->n, sizeof(*v->items), programme_spelling_compare);
	free(key.fold);
	return hit != NULL ? hit->value : column->other;
}

int programme_state_of(const struct programme *p, const struct predicate_row *row)
{
	for (size_t i = p->states.n; i-- > 1;) {
		if (p->compiled->states[i] != NULL &&
		    predicate_holds(p->compiled->states[i], row))
			return (int)i;
	}
	return 0;
}

int programme_audience_of(const struct programme *p, const struct predicate_row *row)
{
	for (size_t i = 0; i < p->audiences.n; i++) {
		if (predicate_holds(p->compiled->audiences[i], row))
			return (int)i;
	}
	return -1;
}

bool programme_figure_counts(const struct programme *p, size_t i,
			     const struct predicate_row *row)
{
	const struct predicate *q = p->compiled->figures[i];

	return q != NULL && predicate_holds(q, row);
}

bool programme_target_reached(const struct programme *p, size_t t,
			      const struct predicate_row *row)
{
	return predicate_holds(p->compiled->targets[t], row);
}

bool programme_targets_by_kind(const struct programme *p)
{
	for (size_t t = 0; t < p->targets.n; t++) {
		if (predicate_looks(p->compiled->targets[t]) != 0)
			return false;
	}
	return true;
}

bool programme_appendix_by_kind(const struct programme *p)
{
	for (size_t i = 0; i < p->appendix.columns.n; i++) {
		const struct predicate *q = p->compiled->figures[i];

		if (q != NULL && predicate_looks(q) != 0)
			return false;
	}
	return programme_targets_by_kind(p);
}

int programme_state_find(const struct programme *p, const char *name)
{
	const struct programme_state *s = p->states.items;

	for (size_t i = 0; i < p->states.n; i++) {
		if (strcmp(s[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

const struct programme_state *programme_state_at(const struct programme *p, int state)
{
	const struct programme_state *s = p->states.items;

	return state >= 0 && (size_t)state < p->states.n ? &s[state] : NULL;
}

const struct programme_audience *programme_audience_at(const struct programme *p, int index)
{
	const struct programme_audience *a = p->audiences.items;

	return index >= 0 && (size_t)index < p->audiences.n ? &a[index] : NULL;
}

int programme_audience_find(const struct programme *p, const char *id)
{
	const struct programme_audience *a = p->audiences.items;

	for (size_t i = 0; i < p->audiences.n; i++) {
		if (strcmp(a[i].id, id) == 0)
			return (int)i;
	}
	return -1;
}
