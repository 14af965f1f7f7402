/* SPDX-License-Identifier: Apache-2.0 */
#include "text/letter.h"

#include <stddef.h>

/* base, upper, and the letter with no tone, huyền, hỏi, ngã, sắc, nặng. */
/* clang-format off */
#define LETTER_VOWELS(X)                                                                       \
	X(VI_A,      0, 0x0061, 0x00E0, 0x1EA3, 0x00E3, 0x00E1, 0x1EA1)                        \
	X(VI_ABREVE, 0, 0x0103, 0x1EB1, 0x1EB3, 0x1EB5, 0x1EAF, 0x1EB7)                        \
	X(VI_ACIRC,  0, 0x00E2, 0x1EA7, 0x1EA9, 0x1EAB, 0x1EA5, 0x1EAD)                        \
	X(VI_E,      0, 0x0065, 0x00E8, 0x1EBB, 0x1EBD, 0x00E9, 0x1EB9)                        \
	X(VI_ECIRC,  0, 0x00EA, 0x1EC1, 0x1EC3, 0x1EC5, 0x1EBF, 0x1EC7)                        \
	X(VI_I,      0, 0x0069, 0x00EC, 0x1EC9, 0x0129, 0x00ED, 0x1ECB)                        \
	X(VI_O,      0, 0x006F, 0x00F2, 0x1ECF, 0x00F5, 0x00F3, 0x1ECD)                        \
	X(VI_OCIRC,  0, 0x00F4, 0x1ED3, 0x1ED5, 0x1ED7, 0x1ED1, 0x1ED9)                        \
	X(VI_OHORN,  0, 0x01A1, 0x1EDD, 0x1EDF, 0x1EE1, 0x1EDB, 0x1EE3)                        \
	X(VI_U,      0, 0x0075, 0x00F9, 0x1EE7, 0x0169, 0x00FA, 0x1EE5)                        \
	X(VI_UHORN,  0, 0x01B0, 0x1EEB, 0x1EED, 0x1EEF, 0x1EE9, 0x1EF1)                        \
	X(VI_Y,      0, 0x0079, 0x1EF3, 0x1EF7, 0x1EF9, 0x00FD, 0x1EF5)                        \
	X(VI_A,      1, 0x0041, 0x00C0, 0x1EA2, 0x00C3, 0x00C1, 0x1EA0)                        \
	X(VI_ABREVE, 1, 0x0102, 0x1EB0, 0x1EB2, 0x1EB4, 0x1EAE, 0x1EB6)                        \
	X(VI_ACIRC,  1, 0x00C2, 0x1EA6, 0x1EA8, 0x1EAA, 0x1EA4, 0x1EAC)                        \
	X(VI_E,      1, 0x0045, 0x00C8, 0x1EBA, 0x1EBC, 0x00C9, 0x1EB8)                        \
	X(VI_ECIRC,  1, 0x00CA, 0x1EC0, 0x1EC2, 0x1EC4, 0x1EBE, 0x1EC6)                        \
	X(VI_I,      1, 0x0049, 0x00CC, 0x1EC8, 0x0128, 0x00CD, 0x1ECA)                        \
	X(VI_O,      1, 0x004F, 0x00D2, 0x1ECE, 0x00D5, 0x00D3, 0x1ECC)                        \
	X(VI_OCIRC,  1, 0x00D4, 0x1ED2, 0x1ED4, 0x1ED6, 0x1ED0, 0x1ED8)                        \
	X(VI_OHORN,  1, 0x01A0, 0x1EDC, 0x1EDE, 0x1EE0, 0x1EDA, 0x1EE2)                        \
	X(VI_U,      1, 0x0055, 0x00D9, 0x1EE6, 0x0168, 0x00DA, 0x1EE4)                        \
	X(VI_UHORN,  1, 0x01AF, 0x1EEA, 0x1EEC, 0x1EEE, 0x1EE8, 0x1EF0)                        \
	X(VI_Y,      1, 0x0059, 0x1EF2, 0x1EF6, 0x1EF8, 0x00DD, 0x1EF4)
/* clang-format on */

/* From parts to code point. */
#define LETTER_ROW(base, up, ...) [up][base] = {__VA_ARGS__},
static const uint16_t letter_cps[2][VI_LETTER_COUNT][VI_TONE_COUNT] = {
    LETTER_VOWELS(LETTER_ROW)[0][VI_DBAR] = {0x0111},
    [1][VI_DBAR] = {0x0110},
};

/* clang-format off */
#define LETTER_PACK(base, up, tone) ((up) << 7 | (tone) << 4 | (base))
#define LETTER_PARTS(base, up, t0, t1, t2, t3, t4, t5)                                         \
	[LETTER_SLOT(t0)] = LETTER_PACK(base, up, VI_NGANG),                                   \
	[LETTER_SLOT(t1)] = LETTER_PACK(base, up, VI_HUYEN),                                   \
	[LETTER_SLOT(t2)] = LETTER_PACK(base, up, VI_HOI),                                     \
	[LETTER_SLOT(t3)] = LETTER_PACK(base, up, VI_NGA),                                     \
	[LETTER_SLOT(t4)] = LETTER_PACK(base, up, VI_SAC),                                     \
	[LETTER_SLOT(t5)] = LETTER_PACK(base, up, VI_NANG),
/* clang-format on */
const uint8_t vi_letter_parts[LETTER_SLOTS_ALL] = {
    LETTER_VOWELS(LETTER_PARTS)[0x0111] = LETTER_PACK(VI_DBAR, 0, VI_NGANG),
    [0x0110] = LETTER_PACK(VI_DBAR, 1, VI_NGANG),
};

uint32_t vi_letter_cp(struct vi_letter l)
{
	return letter_cps[l.upper][l.base][l.tone];
}

char vi_letter_ascii(struct vi_letter l)
{
	static const char ascii[VI_LETTER_COUNT] = {
	    [VI_A] = 'a',     [VI_ABREVE] = 'a', [VI_ACIRC] = 'a', [VI_E] = 'e',
	    [VI_ECIRC] = 'e', [VI_I] = 'i',	 [VI_O] = 'o',	   [VI_OCIRC] = 'o',
	    [VI_OHORN] = 'o', [VI_U] = 'u',	 [VI_UHORN] = 'u', [VI_Y] = 'y',
	    [VI_DBAR] = 'd',
	};

	return ascii[l.base];
}

bool vi_letter_add_mark(struct vi_letter *l, uint32_t mark)
{
	static const struct {
		uint16_t mark;
		uint8_t from, to;
	} qualities[] = {
	    {0x0306, VI_A, VI_ABREVE}, {0x0302, VI_A, VI_ACIRC}, {0x0302, VI_E, VI_ECIRC},
	    {0x0302, VI_O, VI_OCIRC},  {0x031B, VI_O, VI_OHORN}, {0x031B, VI_U, VI_UHORN},
	};
	static const uint16_t tones[VI_TONE_COUNT] = {
	    [VI_HUYEN] = 0x0300, [VI_HOI] = 0x0309,  [VI_NGA] = 0x0303,
	    [VI_SAC] = 0x0301,	 [VI_NANG] = 0x0323,
	};

	if (l->base == VI_NO_LETTER || l->base == VI_DBAR)
		return false;
	for (size_t i = 0; i < sizeof(qualities) / sizeof(qualities[0]); i++) {
		if (qualities[i].mark == mark && qualities[i].from == l->base) {
			l->base = qualities[i].to;
			return true;
		}
	}
	for (uint8_t t = VI_HUYEN; t < VI_TONE_COUNT && l->tone == VI_NGANG; t++) {
		if (tones[t] == mark) {
			l->tone = t;
			return true;
		}
	}
	return false;
}
