/* SPDX-License-Identifier: Apache-2.0 */
/* What remarks say. Words are compared with their accents, since "mất" (dead,
 * lost), "mặt" (face) and "mắt" (eye) differ by nothing else; a word typed
 * without accents may be any of them. */
#ifndef MOIDAN_ROSTER_NOTE_H
#define MOIDAN_ROSTER_NOTE_H

#include "base/conf.h"

struct note_phrases;

/* Phrases from a list of char * (borrowed: must outlive the result). */
struct note_phrases *note_phrases_make(const struct conf_list *list);
void note_phrases_free(struct note_phrases *p);

/* The first phrase of `says` that stands in text outside every phrase of `unless` (NULL = none), as
 * the list spells it; NULL when there is none. */
const char *note_find(const struct note_phrases *says, const struct note_phrases *unless,
		      const char *text);

#endif
