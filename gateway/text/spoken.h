/* SPDX-License-Identifier: Apache-2.0 */
/* Text as it is read aloud over a loudspeaker: numbers, dates, hours and
 * abbreviations in words. Pure. */
#ifndef MOIDAN_TEXT_SPOKEN_H
#define MOIDAN_TEXT_SPOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Syllables a minute at which a hamlet's loudspeaker is followed: two a second, slower than the news. */
#define SPOKEN_PER_MINUTE 120

/* Appends n in words, as it is said in the South: mười lăm, hai mươi mốt, hai mươi tư, một trăm lẻ năm,
 * một nghìn không trăm năm mươi bảy. */
void spoken_number(int64_t n, struct buf *out);

/* Abbreviations and how they are said. */
struct spoken_table;
/* text: a line "CCCD = căn cước công dân" each; "#" begins a remark. name stands in errors. NULL with e
 * (EX_CONFIG). */
struct spoken_table *spoken_table_read(const char *name, const char *text, struct err *e);
void spoken_table_free(struct spoken_table *t);

/* Appends text as it is said: abbreviations by t (the longest first, whole words, capitals as they
 * stand), 1.057 and 58,1 %, 20/6 and 20/6/2023, 8 giờ 30 and 07:30, "thứ 2-6"; groups of digits like
 * those of telephone numbers digit by digit. What is left over and cannot be said (an abbreviation that
 * is not in t, a digit inside a word) is an error that names it (EX_DATAERR). */
MUST_CHECK int spoken_text(const struct spoken_table *t, const char *text, struct buf *out,
			   struct err *e);

/* Syllables of a text in words: what stands between spaces and hyphens and holds a letter. */
size_t spoken_syllables(const char *text);

#endif
