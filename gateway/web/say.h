/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to people when they are refused. An error of this floor names a word of the area "said" in vi.yaml
 * and en.yaml, and is worded when it is answered, in the language of who asked. Errors of the floors below are
 * sentences already, most in Vietnamese, some in English: sentences.yaml says each in the other language. */
#ifndef MOIDAN_WEB_SAY_H
#define MOIDAN_WEB_SAY_H

#include <stdbool.h>

#include "base/err.h"
#include "web/page.h"

/* A number that is a macro, as text. */
#define TEXT_OF_(n) #n
#define TEXT_OF(n)  TEXT_OF_(n)

/* Fills an empty e and returns -1, like err_set(). After word come texts for its {1}, {2}, {3}, then NULL. */
int say(struct err *e, int code, const char *word, ...) __attribute__((sentinel));
/* What e says, in l as far as there are words: *worded is false for a sentence of the floors below that nobody knows
 * and that stays as it is. Yours. */
char *say_text(const struct page_set *p, enum page_language l, const struct err *e,
	       bool *worded);

#endif
