/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON object seen through a text of templates/. */
#ifndef MOIDAN_REPORT_VIEW_H
#define MOIDAN_REPORT_VIEW_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

/* Renders the file NAME of the directory with model: strings and whole numbers are values, arrays of
 * objects are lists; what the element of a list lacks is looked for around it. Control characters of
 * values are dropped. A file may hold several bodies, the longest first, with "---" lines between them:
 * body says which, from 0. Appends to out, without the line end that closes the body.
 * 1; 0 when there are fewer bodies; -1 with e (EX_CONFIG: the text; EX_DATAERR: a value). */
int view_render(const char *dir, const char *name, int body, const json_t *model,
		struct buf *out, struct err *e);

/* The file itself; at most 64 KiB. Yours to free(); NULL with e (EX_CONFIG). */
char *view_read(const char *dir, const char *name, size_t *len, struct err *e);

#endif
