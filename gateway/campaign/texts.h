/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of messages, as officers write them: tried, and saved version by version in the place of a file. */
#ifndef MOIDAN_CAMPAIGN_TEXTS_H
#define MOIDAN_CAMPAIGN_TEXTS_H

#include "campaign/campaign.h"
#include "store/text_version.h"

/* A campaign of one audience, from now for two weeks, that nobody keeps: to see its texts on real people.
 * Borrows from p and a. */
struct campaign campaign_text_row(const struct programme *p, const struct programme_audience *a,
				  int64_t now);

/* The file's own text of a message; yours, NULL with e. */
char *campaign_text_file(const struct campaign_house *house, const char *name, struct err *e);
/* What counts now (st NULL: the file): *version (0 = the file), the text; yours, NULL with e. */
char *campaign_text_now(struct store *st, const struct campaign_house *house, const char *name,
			int *version, struct err *e);

/* Saves text (NULL: the file's again) for the message `name` of audience a as the version after seen: what was
 * approved with the former one must be approved anew. Opens and commits its own transaction; audited. 1 and
 * *version; 0 when somebody saved another one meanwhile; -1 with e (EX_DATAERR: it does not compile, names what
 * nobody knows, or would look like a fraud). */
int campaign_text_save(struct store *st, const struct campaign_house *house,
		       const struct programme *p, const struct programme_audience *a,
		       const char *name, const char *text, int seen, const char *who,
		       int *version, struct err *e);

#endif
