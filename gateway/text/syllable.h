/* SPDX-License-Identifier: Apache-2.0 */
/* Tells text in Vietnamese from the same bytes read wrongly. For this floor only. */
#ifndef MOIDAN_TEXT_SYLLABLE_H
#define MOIDAN_TEXT_SYLLABLE_H

#include <stdbool.h>

/* Counts the words with accents: those that are Vietnamese syllables (onset, rhyme, at most one
 * tone) for the text, all others, and controls, against it. utf8 is in NFC. any_case: small
 * letters among capitals are no fault (TCVN3 has no accented capitals). */
long syllable_score(const char *utf8, bool any_case);

#endif
