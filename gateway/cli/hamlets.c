/* SPDX-License-Identifier: Apache-2.0 */
/* hours.hamlets names hamlets: one that there is not would be open on all its days off, and nobody would see. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "cli/config.h"
#include "store/recipient.h"

struct hamlets {
	const struct house *h;
	char **names; /* that there are */
	size_t n, cap;
};

static void hamlets_add(struct hamlets *x, const char *name)
{
	x->names = mem_grow(x->names, &x->cap, x->n + 1, sizeof(*x->names));
	x->names[x->n++] = mem_strdup(name);
}

static void hamlets_unit(const struct unit *u, void *arg)
{
	hamlets_add(arg, u->name);
}

/* What the lists brought, and what a programme says may occur. */
static int hamlets_load(struct hamlets *x, struct err *e)
{
	struct store *st = NULL;
	int rc = 0;

	for (size_t p = 0; p < x->h->n_programmes; p++)
		for (size_t i = 0; i < x->h->programmes[p]->units.n; i++)
			hamlets_add(x, ((char **)x->h->programmes[p]->units.items)[i]);
	if (access(x->h->cfg.database, F_OK) != 0)
		return 0;
	rc = store_open(x->h->cfg.database, STORE_READER, &st, e);
	if (rc == 0)
		rc = store_unit_list(st, hamlets_unit, x, e);
	store_close(st);
	return rc;
}

static bool hamlets_has(const struct hamlets *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++) {
		if (calendar_same_hamlet(name, x->names[i]))
			return true;
	}
	return false;
}

/* The file is read once more for the line alone. */
static int hamlets_refuse(const struct hamlets *x, const char *name, size_t index,
			  struct err *e)
{
	struct buf known = BUF_INIT(4096);
	struct ydoc doc = {0};
	const json_t *list, *item;

	for (size_t i = 0; i < x->n; i++)
		(void)buf_addf(&known, "%s\"%s\"", i > 0 ? ", " : "", x->names[i]);
	if (ydoc_load_file(x->h->path, &doc, e) == 0) {
		list = json_object_get(json_object_get(doc.root, "hours"), "hamlets");
		item = json_array_get(list, index);
		(void)ydoc_error(&doc, item != NULL ? item : doc.root,
				 item != NULL ? "unit" : "hours", 0, e,
				 "there is no %s \"%s\"; there are %s",
				 x->h->cfg.unit.hamlet, name, buf_text(&known));
	}
	ydoc_free(&doc);
	buf_free(&known);
	return -1;
}

int house_check_hamlets(const struct house *h, struct err *e)
{
	const struct conf_list *list = &h->cfg.hours.hamlets;
	const struct hours_hamlet *items = list->items;
	struct hamlets x = {.h = h};
	int rc;

	if (list->n == 0)
		return 1;
	rc = hamlets_load(&x, e) < 0 ? -1 : x.n > 0;
	for (size_t i = 0; rc > 0 && i < list->n; i++) {
		if (!hamlets_has(&x, items[i].unit))
			rc = hamlets_refuse(&x, items[i].unit, i, e);
	}
	for (size_t i = 0; i < x.n; i++)
		free(x.names[i]);
	free(x.names);
	return rc;
}
