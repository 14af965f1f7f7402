/* SPDX-License-Identifier: Apache-2.0 */
/* What people see: the texts of templates/console/ over a JSON model, in Vietnamese or English.
 *
 *   {{name}} {{who.name}}    a value of the model; within a list, of the element first
 *   {{t.area.key}}           a word of vi.yaml, en.yaml
 *   {{tr.area.list.FIELD}}   the word area.list.VALUE, VALUE being the model's FIELD
 *   filters: when (a moment as 08:30 14/06/2023), week (2023-W24 as 24 (12/06 – 18/06/2023)), day (of a form:
 *   20/06/2023, or as it was typed), url (within an address), and those of every template
 * true is a value, false and null are none. */
#ifndef MOIDAN_WEB_PAGE_H
#define MOIDAN_WEB_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum page_language { PAGE_VI, PAGE_EN, PAGE_LANGUAGES };
const char *page_language_name(enum page_language l); /* "vi", "en" */

struct page_set;

/* Reads and compiles DIR/console/: every *.html, the two catalogues (which must have the same words),
 * static/, and Bootstrap's stylesheet where Debian puts it. NULL with e (EX_CONFIG, EX_NOINPUT). */
struct page_set *page_set_load(const char *dir, struct err *e);
void page_set_free(struct page_set *p);

/* Page NAME within layout.html (fragment: by itself). Appends to out. */
MUST_CHECK int page_render(const struct page_set *p, enum page_language l, const char *name,
			   bool fragment, const json_t *model, struct buf *out, struct err *e);
/* A word of the catalogue; NULL when there is none. */
const char *page_word(const struct page_set *p, enum page_language l, const char *key);
/* How sentences of the floors below are said in l, in the order in which they are looked at:
 * {"không có tin số {1}": "there is no message no. {1}"}. Borrowed. */
json_t *page_sentences(const struct page_set *p, enum page_language l);

/* A file that browsers keep: name as in /static/NAME. NULL when there is none. */
struct page_file {
	char *name;
	const char *type;
	char *bytes;
	size_t len;
	char etag[24]; /* with its quotes */
};
const struct page_file *page_static(const struct page_set *p, const char *name);
/* Whether Bootstrap was there. */
bool page_has_bootstrap(const struct page_set *p);

#endif
