/* SPDX-License-Identifier: Apache-2.0 */
/* YAML files, read into jansson trees that remember where each value stood, so
 * that whoever finds it wrong can name file, line and column.
 *
 * The subset is what people write by hand: one document, block or flow style,
 * no anchors, aliases, tags or duplicate keys (each is an error). Plain scalars
 * become null, boolean, integer, real or string; a number with a leading zero
 * ("0912…", "00") stays a string, as do dates and times. */
#ifndef MOIDAN_BASE_YAML_H
#define MOIDAN_BASE_YAML_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

struct ydoc {
	char *path;   /* as given, for messages */
	json_t *root; /* owned */
	struct ydoc_pos *pos;
	size_t n_pos, cap_pos;
};

/* Reads at most 1 MiB. 0 or -1 (EX_NOINPUT, EX_CONFIG); on failure *doc is empty. */
MUST_CHECK int ydoc_load_file(const char *path, struct ydoc *doc, struct err *e);
MUST_CHECK int ydoc_load_text(const char *name, const char *text, size_t len, struct ydoc *doc,
			      struct err *e);
void ydoc_free(struct ydoc *doc);

/* Names a place: member key of object parent, or element index of array parent when key is NULL;
 * parent NULL means the document. Sets e (EX_CONFIG) to "file:line:column: …", returns -1. */
int ydoc_error(const struct ydoc *doc, const json_t *parent, const char *key, size_t index,
	       struct err *e, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#endif
