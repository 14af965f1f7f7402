/* SPDX-License-Identifier: Apache-2.0 */
/* A list taken back. */
#ifndef MOIDAN_ROSTER_UNDO_H
#define MOIDAN_ROSTER_UNDO_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "store/recipient.h"

/* Takes the import back in one transaction (store_import_undo says what that is). 0, or -1 with e (Vietnamese):
 * EX_NOINPUT, there is none of that number; EX_DATAERR, nothing of it can be taken back. */
MUST_CHECK int roster_undo(struct store *st, int64_t id, const char *who,
			   struct import_undone *out, struct err *e);
/* What that would do now, from a snapshot that it ends: nobody who writes waits for it. Likewise. */
MUST_CHECK int roster_undo_look(struct store *st, int64_t id, struct import_undone *out,
				struct err *e);

/* {"removed":n,"restored":n,"kept_listed":n,"kept_decided":n,"kept_written":n,"already":b}. Yours. */
json_t *roster_undone_json(const struct import_undone *u);

#endif
