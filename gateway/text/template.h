/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with holes. Compiled once, rendered often, in one pass: a value is
 * never read as a template again.
 *
 *   {{ten}}                a value, through the escaper; missing is an error
 *   {{ten|upper|max:30}}   filters, left to right; arguments after ':'
 *   {{{html}}}             a value without the escaper (only where the caller allows it)
 *   {{#han}}…{{/han}}      kept if the value is present and not ""; a list repeats it
 *   {{^han}}…{{/han}}      kept if it is absent, "" or an empty list
 *   {{! remark }}          nothing
 *
 * Names are of letters, digits, '_', '-' and '.'; {{.}} asks the source for ".". A line that
 * holds only a section mark or a remark leaves no line behind, nor does the end of the last
 * line. The text is brought to NFC. */
#ifndef MOIDAN_TEXT_TEMPLATE_H
#define MOIDAN_TEXT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct template;

/* A filter turns in into out. 0, or -1 with e (what is wrong with the value or argument). arg
 * is "" when none was given. Built in: upper, lower, unaccent, number (1057 -> 1.057), max:N
 * (an error when longer, never a cut), default:TEXT (for a missing or empty value), date:FORM
 * (ISO date, of d dd M MM yyyy thu Thu and marks: "d/M" 20/6, "dd/MM/yyyy" 20/06/2023, "thu
 * d/M" thứ Năm 15/6), time ("08:00" -> 8 giờ 00), trim, capital (the first letter), title (danh
 * xưng: nam -> Ông, nữ -> Bà, else Ông/Bà). */
struct template_filter {
	const char *name;
	int (*fn)(const char *in, const char *arg, struct buf *out, struct err *e);
};

/* Compiles text; name stands in errors ("vneid/a1.txt:2:14: …"). more (or NULL) is a NULL-named
 * array of further filters, borrowed for the template's life. NULL with e (EX_CONFIG). */
struct template *template_compile(const char *name, const char *text, size_t len,
				  const struct template_filter *more, struct err *e);
void template_free(struct template *t);

/* The variables, each once, in order of appearance. Borrowed. */
size_t template_n_vars(const struct template *t);
const char *template_var(const struct template *t, size_t i);
/* Whether variable i is used outside of any section of its own name and without default: (and
 * so must be present). */
bool template_var_required(const struct template *t, size_t i);

/* Whether a {{{value}}} goes round the escaper: places that take none of that refuse the
 * template. */
bool template_is_raw(const struct template *t);

/* Where values come from. var is the index of template_var(). */
struct template_source {
	/* The value, borrowed until the next call; NULL = missing. "" is a value: whoever fills
	 * in messages to people gives NULL for it. */
	const char *(*get)(void *arg, size_t var, const char *name);
	/* Lists (may be NULL: no lists). -1 = not a list; else its length. Inside a section
	 * get() is asked with the element entered; leave() goes back. */
	int (*count)(void *arg, size_t var, const char *name);
	void (*enter)(void *arg, size_t var, const char *name, int index);
	void (*leave)(void *arg);
	void *arg;
};

/* Appends a value to out as the place needs it. */
typedef int (*template_escape_fn)(const char *value, struct buf *out);
int template_escape_none(const char *value, struct buf *out);
int template_escape_html(const char *value, struct buf *out);
int template_escape_json(const char *value, struct buf *out); /* inside a JSON string */
int template_escape_url(const char *value, struct buf *out);  /* RFC 3986 unreserved kept */
int template_escape_xml(const char *value, struct buf *out);
/* For messages to people: control and bidi characters of a value are dropped. */
int template_escape_text(const char *value, struct buf *out);

/* Renders into out (appending). 0, or -1 with e naming template, line and variable
 * (EX_DATAERR). */
MUST_CHECK int template_render(const struct template *t, const struct template_source *src,
			       template_escape_fn escape, struct buf *out, struct err *e);

#endif
