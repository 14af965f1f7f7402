/* SPDX-License-Identifier: Apache-2.0 */
/* The house and its pages as they are between two reloads. Who came in one edition is served by it to the end,
 * whatever is reloaded meanwhile. */
#ifndef MOIDAN_WEB_EDITION_H
#define MOIDAN_WEB_EDITION_H

#include "base/err.h"
#include "base/shared.h"
#include "web/page.h"
#include "web/web.h"

struct edition {
	struct web_house house;
	const struct page_set *pages; /* NULL: there is no console */
	struct shared *held;	      /* to be held by whoever looks at it */
	struct shared *house_held, *pages_held;
};

/* The edition of cfg: yours, shared_drop(->held) lets go. Where its pages cannot be used e is filled, and it has
 * those of before (NULL: none). */
struct edition *edition_new(const struct web_config *cfg, const struct edition *before,
			    struct err *e);

#endif
