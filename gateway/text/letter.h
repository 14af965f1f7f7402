/* SPDX-License-Identifier: Apache-2.0 */
/* The Vietnamese letters taken apart: 12 vowels with 6 tones each, and đ, in two
 * cases. One table serves composing, case, folding, order and the old
 * encodings. For this floor only. */
#ifndef MOIDAN_TEXT_LETTER_H
#define MOIDAN_TEXT_LETTER_H

#include <stdbool.h>
#include <stdint.h>

enum vi_letter_base {
	VI_NO_LETTER,
	VI_A,
	VI_ABREVE,
	VI_ACIRC,
	VI_E,
	VI_ECIRC,
	VI_I,
	VI_O,
	VI_OCIRC,
	VI_OHORN,
	VI_U,
	VI_UHORN,
	VI_Y,
	VI_DBAR,
	VI_LETTER_COUNT
};

/* In the order of the dictionary. */
enum vi_tone { VI_NGANG, VI_HUYEN, VI_HOI, VI_NGA, VI_SAC, VI_NANG, VI_TONE_COUNT };

struct vi_letter {
	uint8_t base; /* enum vi_letter_base; VI_NO_LETTER: a consonant or no letter at all */
	uint8_t tone;
	bool upper;
};

/* Takes cp apart; plain a, e, i, o, u, y are letters without a tone. */
struct vi_letter vi_letter_of(uint32_t cp);

/* The code point of a letter whose base is not VI_NO_LETTER. */
uint32_t vi_letter_cp(struct vi_letter l);

/* Its letter without marks, lower case: 'a' for VI_ACIRC, 'd' for VI_DBAR. */
char vi_letter_ascii(struct vi_letter l);

/* Adds a combining mark (U+0300 … U+031B, U+0323) in whatever order; false when the letter
 * cannot take it, and then l is unchanged. */
bool vi_letter_add_mark(struct vi_letter *l, uint32_t mark);

#endif
