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
	const char *name; /* that is looked for */
	struct buf known;
	int n;
	bool found;
};

static void hamlets_add(struct hamlets *x, const char *name)
{
	x->found = x->found || calendar_same_hamlet(x->name, name);
	(void)buf_addf(&x->known, "%s\"%s\"", x->n++ > 0 ? ", " : "", name);
}

static void hamlets_unit(const struct unit *u, void *arg)
{
	hamlets_add(arg, u->name);
}

/* What the lists brought, and what a programme says may occur. */
static int hamlets_known(struct hamlets *x, struct store *st, struct err *e)
{
	for (size_t p = 0; p < x->h->n_programmes; p++)
		for (size_t i = 0; i < x->h->programmes[p]->units.n; i++)
			hamlets_add(x, ((char **)x->h->programmes[p]->units.items)[i]);
	return st != NULL ? store_unit_list(st, hamlets_unit, x, e) : 0;
}

/* The file is read once more for the line alone. */
static int hamlets_refuse(const struct hamlets *x, size_t index, struct err *e)
{
	struct ydoc doc = {0};
	const json_t *list, *item;

	if (ydoc_load_file(x->h->path, &doc, e) == 0) {
		list = json_object_get(json_object_get(doc.root, "hours"), "hamlets");
		item = json_array_get(list, index);
		(void)ydoc_error(&doc, item != NULL ? item : doc.root,
				 item != NULL ? "unit" : "hours", 0, e,
				 "there is no %s \"%s\"; there are %s",
				 x->h->cfg.unit.hamlet, x->name, buf_text(&x->known));
	}
	ydoc_free(&doc);
	return -1;
}

int house_check_hamlets(const struct house *h, struct err *e)
{
	const struct conf_list *list = &h->cfg.hours.hamlets;
	struct store *st = NULL;
	int rc = 1;

	if (list->n == 0)
		return 1;
	if (access(h->cfg.database, F_OK) == 0 &&
	    store_open(h->cfg.database, STORE_READER, &st, e) < 0)
		return -1;
	for (size_t i = 0; rc > 0 && i < list->n; i++) {
		struct hamlets x = {.h = h,
				    .name = ((struct hours_hamlet *)list->items)[i].unit,
				    .known = BUF_INIT(4096)};

		rc = hamlets_known(&x, st, e) < 0 ? -1 : x.n > 0;
		if (rc > 0 && !x.found)
			rc = hamlets_refuse(&x, i, e);
		buf_free(&x.known);
	}
	store_close(st);
	return rc;
}
