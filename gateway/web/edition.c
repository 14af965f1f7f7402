/* SPDX-License-Identifier: Apache-2.0 */
#include "web/edition.h"

#include <stdlib.h>

#include "base/mem.h"

static void edition_pages_end(void *pages)
{
	page_set_free(pages);
}

static void edition_end(void *what)
{
	struct edition *ed = what;

	shared_drop(ed->pages_held);
	shared_drop(ed->house_held);
	free(ed);
}

struct edition *edition_new(const struct web_config *cfg, const struct edition *before,
			    struct err *e)
{
	struct edition *ed = mem_calloc(1, sizeof(*ed));
	struct page_set *pages;

	ed->house = cfg->house;
	ed->house_held = shared_hold(cfg->held);
	ed->held = shared_new(edition_end, ed);
	if (cfg->house.campaign == NULL)
		return ed;
	pages = page_set_load(cfg->house.templates, e);
	if (pages != NULL) {
		ed->pages = pages;
		ed->pages_held = shared_new(edition_pages_end, pages);
	} else if (before != NULL) {
		ed->pages = before->pages;
		ed->pages_held = shared_hold(before->pages_held);
	}
	return ed;
}
