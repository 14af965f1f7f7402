/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/together.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/reply.h"
#include "store/rung.h"

void together_free(struct together *t)
{
	for (size_t i = 0; i < t->n; i++)
		recipient_clear(&t->items[i]);
	t->n = 0;
}

/* Adds the row if it is written to with the same text at the same number. */
static int together_add(struct together *t, struct store *st, const struct campaign_plan *p,
			struct plan_units *units, int64_t id, const struct recipient *first,
			int audience, struct err *e)
{
	struct recipient r = {0};
	int own = -1, rc = store_recipient_get(st, id, &r, e);
	enum exclusion why = EXCLUDED_HELD;

	if (rc > 0)
		why = plan_judge(p, &r, plan_units_find(units, r.unit_id), &own);
	if (why == EXCLUDED_COUNT && t->n < TOGETHER_MAX && r.contact_id == first->contact_id &&
	    r.name != NULL && p->audiences[own].like == p->audiences[audience].like)
		t->items[t->n++] = r;
	else
		recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

struct together_ids {
	const char *programme;
	int64_t but, items[TOGETHER_MAX];
	size_t n;
};

static bool together_id(int64_t id, int64_t contact_id, int64_t unit_id, const char *programme,
			void *arg)
{
	struct together_ids *ids = arg;

	(void)contact_id;
	(void)unit_id;
	if (id != ids->but && strcmp(programme, ids->programme) == 0 && ids->n < TOGETHER_MAX)
		ids->items[ids->n++] = id;
	return true;
}

int together_sharing(struct together *t, struct store *st, const struct campaign_plan *p,
		     struct plan_units *units, const struct recipient *first, int audience,
		     struct err *e)
{
	struct together_ids ids = {.programme = p->row->programme, .but = first->id};
	int rc = store_number_recipients(st, first->number, together_id, &ids, e);

	t->n = 0;
	for (size_t i = 0; rc == 0 && i < ids.n; i++)
		rc = together_add(t, st, p, units, ids.items[i], first, audience, e);
	return rc;
}

int together_to_come(struct together *t, struct store *st, const struct campaign_plan *p,
		     struct plan_units *units, const struct recipient *first, int audience,
		     int step, struct err *e)
{
	struct together_ids ids = {.programme = p->row->programme, .but = first->id};
	int rc = store_number_recipients(st, first->number, together_id, &ids, e);

	for (size_t i = 0; rc == 0 && i < ids.n; i++) {
		int64_t message;

		rc = store_message_at(st, p->row->id, ids.items[i], step, -1, &message, e);
		if (rc == 0)
			rc = together_add(t, st, p, units, ids.items[i], first, audience, e);
		else if (rc > 0)
			rc = 0;
	}
	return rc;
}

int together_linked(struct together *t, struct store *st, const struct campaign_plan *p,
		    struct plan_units *units, int64_t message_id, const struct recipient *first,
		    int audience, struct err *e)
{
	int64_t ids[TOGETHER_MAX], after = 0;
	size_t n = 0;
	int rc = store_rung_linked(st, message_id, &after, ids, TOGETHER_MAX, &n, e);

	t->n = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = together_add(t, st, p, units, ids[i], first, audience, e);
	return rc;
}

struct recipient together_named(const struct campaign_plan *p, const struct recipient *first,
				const struct together *t)
{
	struct recipient all = *first;

	all.name = mem_strdup(first->name != NULL ? first->name : "");
	for (size_t i = 0; i < t->n; i++) {
		char *more = mem_printf("%s%s%s %s", all.name, i + 1 < t->n ? ", " : " và ",
					plan_title(p->year, &t->items[i]), t->items[i].name);

		free(all.name);
		all.name = more;
	}
	return all;
}
