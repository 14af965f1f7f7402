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

/* From code point to parts, packed as upper << 7 | tone << 4 | base. The letters stand in two
 * stretches, below U+01B1 and from U+1EA0 on; the second is moved up to the first. */
#define LETTER_LOW_END	  0x01B1
#define LETTER_HIGH_START 0x1EA0
#define LETTER_HIGH_END	  0x1EFA
#define LETTER_SLOT(cp)                                                                        \
	((cp) < LETTER_LOW_END ? (cp) : (cp) - LETTER_HIGH_START + LETTER_LOW_END)
#define LETTER_SLOTS_ALL LETTER_SLOT(LETTER_HIGH_END)
extern const uint8_t vi_letter_parts[LETTER_SLOTS_ALL];

/* Takes cp apart; plain a, e, i, o, u, y are letters without a tone. */
static inline struct vi_letter vi_letter_of(uint32_t cp)
{
	uint8_t p = 0;

	if (cp < LETTER_LOW_END || (cp >= LETTER_HIGH_START && cp < LETTER_HIGH_END))
		p = vi_letter_parts[LETTER_SLOT(cp)];
	return (struct vi_letter){
	    .base = p & 0x0F, .tone = (uint8_t)(p >> 4 & 7), .upper = (p & 0x80) != 0};
}

/* The code point of a letter whose base is not VI_NO_LETTER. */
uint32_t vi_letter_cp(struct vi_letter l);

/* Its letter without marks, lower case: 'a' for VI_ACIRC, 'd' for VI_DBAR. */
char vi_letter_ascii(struct vi_letter l);

/* Adds a combining mark (U+0300 … U+031B, U+0323) in whatever order; false when the letter
 * cannot take it, and then l is unchanged. */
bool vi_letter_add_mark(struct vi_letter *l, uint32_t mark);

#endif
