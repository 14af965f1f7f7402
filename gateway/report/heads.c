/* SPDX-License-Identifier: Apache-2.0 */
#include "report/heads.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "roster/programme.h"
#include "text/vi.h"

#define HEADS_SCAN 1000
/* Numbers that nothing is sent to (campaign_decide()). */
#define HEADS_UNHEARD (CONTACT_DEAD_NUMBER | CONTACT_WRONG_PERSON | CONTACT_OPTED_OUT)

static void units_take(const struct unit *u, void *arg)
{
	struct units *us = arg;

	us->items = mem_grow(us->items, &us->cap, us->n + 1, sizeof(*us->items));
	us->items[us->n++] = (struct unit){.id = u->id,
					   .parent_id = u->parent_id,
					   .name = mem_strdup(u->name),
					   .kind = mem_strdup(u->kind)};
}

int units_load(struct units *u, struct store *st, struct err *e)
{
	*u = (struct units){.items = NULL};
	if (store_unit_list(st, units_take, u, e) == 0)
		return 0;
	units_free(u);
	return -1;
}

void units_free(struct units *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->items[i].name);
		free(u->items[i].kind);
	}
	free(u->items);
	*u = (struct units){.items = NULL};
}

const struct unit *units_find(const struct units *u, int64_t id)
{
	for (size_t i = 0; i < u->n; i++) {
		if (u->items[i].id == id)
			return &u->items[i];
	}
	return NULL;
}

const char *head_status_name(enum head_status s)
{
	static const char *const names[] = {
	    [HEAD_OK] = "ok",
	    [HEAD_MISSING] = "missing",
	    [HEAD_NO_PHONE] = "no_phone",
	    [HEAD_HELD] = "held",
	};

	return names[s];
}

/* "Ấp Tân Phú", "Tân Phú" -> "tan phu": lists of officials write the kind, lists of people do not. */
static char *heads_fold(const char *name, const char *kind)
{
	char *fold = vi_fold(name);
	char *prefix = vi_fold(kind != NULL ? kind : "");
	size_t n = prefix != NULL ? strlen(prefix) : 0;

	if (fold != NULL && n > 0 && strncmp(fold, prefix, n) == 0 && fold[n] == ' ')
		memmove(fold, fold + n + 1, strlen(fold + n + 1) + 1);
	free(prefix);
	return fold != NULL ? fold : mem_strdup("");
}

bool heads_same_unit(const char *name, const struct unit *u)
{
	char *one = heads_fold(name, u->kind), *other = heads_fold(u->name, u->kind);
	bool same = strcmp(one, other) == 0;

	free(one);
	free(other);
	return same;
}

struct heads_scan {
	struct heads *out;
	const struct programme *officials;
	const struct units *units;
	struct predicate *who;
	int64_t last;
	size_t n;
};

static bool heads_take(const struct recipient *r, void *arg)
{
	struct heads_scan *scan = arg;
	const struct unit *u = units_find(scan->units, r->unit_id);
	struct predicate_row row = {.r = r, .unit_name = u != NULL ? u->name : NULL};
	struct heads *hs = scan->out;
	struct head *head;

	scan->last = r->id;
	scan->n++;
	if (u == NULL || r->hold == HOLD_GONE || r->hold == HOLD_PURGED ||
	    !predicate_holds(scan->who, &row))
		return true;
	hs->items = mem_grow(hs->items, &hs->cap, hs->n + 1, sizeof(*hs->items));
	head = &hs->items[hs->n++];
	*head = (struct head){.recipient_id = r->id,
			      .contact_id = r->contact_id,
			      .rev = r->rev,
			      .status = HEAD_OK,
			      .unit_fold = heads_fold(u->name, u->kind)};
	if (r->hold != HOLD_NONE)
		head->status = HEAD_HELD;
	else if (r->contact_id == 0 || (r->contact_flags & HEADS_UNHEARD) != 0)
		head->status = HEAD_NO_PHONE;
	return true;
}

int heads_load(struct heads *out, struct store *st, const struct report_house *h,
	       const char *audience, const struct units *u, struct err *e)
{
	struct heads_scan scan = {.out = out, .officials = h->officials, .units = u};
	struct err none = ERR_INIT;

	*out = (struct heads){.items = NULL};
	if (h->officials == NULL)
		return 0;
	/* an audience, or one that is named for it; nobody where the list has neither */
	scan.who = predicate_compile(h->officials, audience, NULL, &none);
	if (scan.who == NULL)
		return 0;
	do {
		scan.n = 0;
		if (store_recipient_scan(st, h->officials->name, scan.last, HEADS_SCAN, true,
					 heads_take, &scan, e) < 0) {
			heads_free(out);
			predicate_free(scan.who);
			return -1;
		}
	} while (scan.n == HEADS_SCAN);
	predicate_free(scan.who);
	return 0;
}

void heads_free(struct heads *hs)
{
	for (size_t i = 0; i < hs->n; i++)
		free(hs->items[i].unit_fold);
	free(hs->items);
	*hs = (struct heads){.items = NULL};
}

const struct head *heads_of(const struct heads *hs, const char *unit, const char *kind,
			    size_t *i)
{
	char *fold = heads_fold(unit, kind);
	const struct head *found = NULL;

	while (*i < hs->n && found == NULL) {
		const struct head *head = &hs->items[(*i)++];

		if (strcmp(head->unit_fold, fold) == 0)
			found = head;
	}
	free(fold);
	return found;
}

enum head_status heads_status(const struct heads *hs, const char *unit, const char *kind)
{
	enum head_status best = HEAD_MISSING;
	const struct head *head;
	size_t i = 0;

	while ((head = heads_of(hs, unit, kind, &i)) != NULL) {
		if (best == HEAD_MISSING || head->status == HEAD_OK)
			best = head->status;
	}
	return best;
}
