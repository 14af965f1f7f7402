/* SPDX-License-Identifier: Apache-2.0 */
/* Vietnamese text: one spelling of each letter (NFC), unaccented forms, case,
 * order of names, numbers as they are written. Pure; everything in is UTF-8. */
#ifndef MOIDAN_TEXT_VI_H
#define MOIDAN_TEXT_VI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads one code point at s (len > 0 bytes left) into *cp. Returns the bytes it took, or 0 when
 * they are not UTF-8 (overlong, surrogate, truncated). */
size_t vi_utf8_next(const char *s, size_t len, uint32_t *cp);
/* Writes cp (a valid code point) to out; returns 1 … 4. */
size_t vi_utf8_put(uint32_t cp, char out[4]);
bool vi_utf8_valid(const char *s, size_t len);

/* Characters that are there but cannot be seen: controls, zero-width, bidi, soft hyphen. */
bool vi_is_hidden(uint32_t cp);

/* NFC, with quality mark and tone accepted in either order (CP1258 and keyboards give ê + dot
 * where canonical order is dot + ê). Yours to free(); NULL when s is not UTF-8. */
char *vi_nfc(const char *s);

/* For storing: NFC, controls and zero-width and bidi characters dropped, every kind of space
 * one space, no space at the ends. Yours to free(); NULL when not UTF-8. Never before legacy
 * encodings were ruled out: TCVN3's "ư" is U+00AD. */
char *vi_clean(const char *s);

/* The unaccented form for an SMS: letters without marks (đ -> d), typographic quotes, dashes,
 * ellipsis, NBSP, tabs, line ends (LF) in ASCII of the GSM alphabet, case kept. What has no
 * ASCII form stays, bytes that are not UTF-8 too. Idempotent, never longer. Yours to free(). */
char *vi_unaccent(const char *s);

/* For comparing headings, names, words: unaccented, lower case, runs of anything but letters
 * and digits one space, trimmed. Spellings that differ only by place of the tone (hoà/hòa) or
 * y/i after m, l, k, h, t, s, qu, v (Mỹ/Mĩ, Quý/Quí) are equal. Yours to free(). */
char *vi_fold(const char *s);

/* Whether s may be meant for `word`, which it folds to: it has no other marks, but may have fewer ("dưng" for "dừng",
 * never "đúng"), and a tone in another place. */
bool vi_same_but_marks_left_out(const char *s, const char *word);

/* Lower and upper case of all Vietnamese letters, without a locale. Yours to free(). */
char *vi_lower(const char *s);
char *vi_upper(const char *s);

/* The first letter upper, the rest as it is: "ấp Tân Phú" at the beginning of a line. Yours to free(). */
char *vi_first_upper(const char *s);

/* A person's name in its usual case: "NGUYỄN THỊ ÚT", "nguyễn thị út" -> "Nguyễn Thị Út"; mixed
 * case is left alone but for the first letters of words ("út": TCVN3 has no capital Ú). Mostly
 * capitals (60 %) count as capitals. Spaces cleaned. Yours to free(). */
char *vi_name_case(const char *s);

/* A key whose strcmp() order is the Vietnamese order of names: given name (last word), then
 * family name, then middle names; letters a ă â b c d đ e ê … over the whole word first, tones
 * (ngang, huyền, hỏi, ngã, sắc, nặng) as tie-break. Yours to free(). */
char *vi_name_sort_key(const char *name);

/* strcmp() that takes numbers for what they are: "to 2" before "to 10". Of folded texts. */
int vi_compare_natural(const char *a, const char *b);

/* 1057 -> "1.057". out holds at least 32 bytes. */
void vi_number(int64_t n, char out[32]);

#endif
