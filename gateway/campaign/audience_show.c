/* SPDX-License-Identifier: Apache-2.0 */
/* Audiences as people and other programs see them: which names there are, what a count says. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/audience.h"
#include "text/phone.h"

/* ---- names --------------------------------------------------------------------------------- */

static void show_saved(const struct audience *a, void *arg)
{
	char at[32];

	clock_format_rfc3339(a->at, at);
	json_array_append_new(arg, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "programme",
					     a->programme, "name", a->name, "kind", "saved",
					     "when", a->predicate, "who", a->who, "at", at));
}

static void show_shipped(const struct programme *p, json_t *list)
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

json_t *audience_list_json(struct store *st, struct programme *const *programmes, size_t n,
			   const char *only, struct err *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (only == NULL || strcmp(programmes[i]->name, only) == 0)
			show_shipped(programmes[i], list);
	if (store_audience_list(st, only, show_saved, list, e) < 0) {
		json_decref(list);
		return NULL;
	}
	return list;
}

char *audience_expand(struct store *st, const struct programme *p, const char *text,
		      const char *where, struct err *e)
{
	struct audience_names saved;
	struct predicate *q = NULL;
	char *out = NULL;
	int rc = audience_names_load(&saved, st, p->name, e);

	if (rc == 0)
		q = predicate_compile_named(p, text, where, &saved.names, &out, e);
	if (rc == 0 && q == NULL)
		e->code = EX_DATAERR;
	predicate_free(q);
	audience_names_free(&saved);
	return out;
}

/* ---- a count ------------------------------------------------------------------------------- */

struct show_units {
	const struct audience_count *n;
	json_t *list, *names; /* of the hamlets; by id */
};

static void show_key(int64_t id, char out[24])
{
	(void)snprintf(out, 24, "%" PRId64, id);
}

static void show_unit(const struct unit *u, void *arg)
{
	struct show_units *all = arg;
	char key[24];

	show_key(u->id, key);
	json_object_set_new(all->names, key, json_string(u->name));
	for (int i = 0; i < all->n->n_hamlets; i++)
		if (all->n->hamlets[i].unit_id == u->id)
			json_array_append_new(
			    all->list,
			    json_pack("{s:s,s:I,s:I}", "unit", u->name, "members",
				      (json_int_t)all->n->hamlets[i].members, "reachable",
				      (json_int_t)all->n->hamlets[i].reachable));
}

static json_t *show_samples(const struct audience_count *n, const json_t *names)
{
	json_t *list = json_array();

	for (int i = 0; i < n->n_samples; i++) {
		const struct recipient *r = &n->samples[i];
		char masked[32], key[24];

		phone_mask(r->number, masked);
		show_key(r->unit_id, key);
		json_array_append_new(
		    list, json_pack("{s:I,s:s?,s:s?,s:s?,s:s?,s:s}", "recipient",
				    (json_int_t)r->id, "key", r->key, "name", r->name, "unit",
				    json_string_value(json_object_get(names, key)), "group",
				    r->group, "number", masked));
	}
	return list;
}

json_t *audience_count_json(struct store *st, const struct audience_count *n,
			    const char *programme, struct err *e)
{
	struct show_units units = {.n = n, .list = json_array(), .names = json_object()};
	json_t *excluded = json_object(), *o = NULL;

	for (int x = 0; x < AUDIENCE_REASONS; x++)
		json_object_set_new(excluded, exclusion_name((enum exclusion)x),
				    json_integer(n->excluded[x]));
	if (store_unit_list(st, show_unit, &units, e) == 0)
		o = json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:O,s:O,s:b,s:o}", "programme",
			      programme, "when", n->expanded, "recipients",
			      (json_int_t)n->recipients, "members", (json_int_t)n->members,
			      "reachable", (json_int_t)n->reachable, "shared",
			      (json_int_t)n->shared, "excluded", excluded, "units", units.list,
			      "by_rows", n->by_rows, "samples", show_samples(n, units.names));
	json_decref(excluded);
	json_decref(units.list);
	json_decref(units.names);
	return o;
}
