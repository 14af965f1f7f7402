/* SPDX-License-Identifier: Apache-2.0 */
#include "text/syllable.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text/letter.h"
#include "text/vi.h"

#define SYLLABLE_LETTERS_MAX 8 /* "nghiêng" has 7 */
#define SYLLABLE_GOOD	     2
#define SYLLABLE_BAD	     (-3)

static const char *const syllable_onsets[] = {
    "",	  "b",	 "c",  "ch", "d",  "đ", "g",  "gh", "gi", "h", "k",  "kh", "l", "m", "n",
    "ng", "ngh", "nh", "p",  "ph", "q", "qu", "r",  "s",  "t", "th", "tr", "v", "x",
};

/* Without tones; sorted by their bytes. "q" and "g" take those in u and i, which covers "quốc"
 * and "giếng". */
static const char *const syllable_rhymes[] = {
    "a",    "ac",   "ach",  "ai",   "am",  "an",   "ang",  "anh",  "ao",   "ap",   "at",
    "au",   "ay",   "e",    "ec",   "em",  "en",   "eng",  "eo",   "ep",   "et",   "i",
    "ia",   "ich",  "im",   "in",   "inh", "ip",   "it",   "iu",   "iêc",  "iêm",  "iên",
    "iêng", "iêp",  "iêt",  "iêu",  "o",   "oa",   "oac",  "oach", "oai",  "oam",  "oan",
    "oang", "oanh", "oao",  "oap",  "oat", "oay",  "oc",   "oe",   "oem",  "oen",  "oeo",
    "oet",  "oi",   "om",   "on",   "ong", "ooc",  "oong", "op",   "ot",   "oăc",  "oăm",
    "oăn",  "oăng", "oăt",  "u",    "ua",  "uc",   "ui",   "um",   "un",   "ung",  "up",
    "ut",   "uy",   "uya",  "uych", "uyn", "uynh", "uyp",  "uyt",  "uyu",  "uyên", "uyêt",
    "uân",  "uâng", "uât",  "uây",  "uê",  "uêch", "uên",  "uênh", "uêu",  "uôc",  "uôi",
    "uôm",  "uôn",  "uông", "uôt",  "uơ",  "y",	   "ya",   "ych",  "yn",   "ynh",  "yt",
    "yêm",  "yên",  "yêng", "yêt",  "yêu", "âc",   "âm",   "ân",   "âng",  "âp",   "ât",
    "âu",   "ây",   "ê",    "êch",  "êm",  "ên",   "êng",  "ênh",  "êp",   "êt",   "êu",
    "ô",    "ôc",   "ôi",   "ôm",   "ôn",  "ông",  "ôp",   "ôt",   "ôông", "ăc",   "ăm",
    "ăn",   "ăng",  "ăp",   "ăt",   "ơ",   "ơi",   "ơm",   "ơn",   "ơng",  "ơp",   "ơt",
    "ư",    "ưa",   "ưc",   "ưi",   "ưm",  "ưn",   "ưng",  "ưt",   "ưu",   "ươc",  "ươi",
    "ươm",  "ươn",  "ương", "ươp",  "ươt", "ươu",
};

/* A word on its way through. */
struct syllable_word {
	uint32_t letters[SYLLABLE_LETTERS_MAX];
	size_t n;
	bool accented, foreign; /* foreign: something no syllable has */
};

static int syllable_by_bytes(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

static bool syllable_is_rhyme(const char *s)
{
	return bsearch(s, syllable_rhymes, sizeof(syllable_rhymes) / sizeof(syllable_rhymes[0]),
		       sizeof(syllable_rhymes[0]), syllable_by_bytes) != NULL;
}

/* A rhyme that ends in c, ch, p or t has sắc or nặng. */
static bool syllable_tone_fits(const char *rhyme, unsigned tone)
{
	size_t n = strlen(rhyme);

	if (n > 1 && (strchr("cpt", rhyme[n - 1]) != NULL ||
		      (rhyme[n - 1] == 'h' && rhyme[n - 2] == 'c')))
		return tone == VI_SAC || tone == VI_NANG;
	return true;
}

static bool syllable_is_one(const struct syllable_word *w, bool any_case)
{
	char plain[4 * SYLLABLE_LETTERS_MAX + 1];
	unsigned tone = VI_NGANG;
	bool small = false;
	size_t len = 0;

	for (size_t i = 0; i < w->n; i++) {
		uint32_t cp = w->letters[i];
		struct vi_letter l = vi_letter_of(cp);
		bool upper = l.base != VI_NO_LETTER ? l.upper : cp >= 'A' && cp <= 'Z';

		/* Capitals follow capitals only. */
		if (upper && small && !any_case)
			return false;
		small |= !upper;
		if (l.base == VI_NO_LETTER) {
			plain[len++] = (char)(cp | 0x20);
			continue;
		}
		if (l.tone != VI_NGANG && tone != VI_NGANG)
			return false;
		if (l.tone != VI_NGANG)
			tone = l.tone;
		l.tone = VI_NGANG;
		l.upper = false;
		len += vi_utf8_put(vi_letter_cp(l), plain + len);
	}
	plain[len] = '\0';
	for (size_t i = 0; i < sizeof(syllable_onsets) / sizeof(syllable_onsets[0]); i++) {
		size_t n = strlen(syllable_onsets[i]);

		if (strncmp(plain, syllable_onsets[i], n) == 0 &&
		    syllable_is_rhyme(plain + n) && syllable_tone_fits(plain + n, tone))
			return true;
	}
	return false;
}

/* What a finished word is worth; the next begins. */
static long syllable_end(struct syllable_word *w, bool any_case)
{
	long worth = 0;

	if (w->accented)
		worth =
		    !w->foreign && syllable_is_one(w, any_case) ? SYLLABLE_GOOD : SYLLABLE_BAD;
	*w = (struct syllable_word){.n = 0};
	return worth;
}

/* Punctuation and spaces beyond ASCII that stand in good text. */
static bool syllable_is_border(uint32_t cp)
{
	return cp == 0xA0 || (cp >= 0x2010 && cp <= 0x2027) || cp == 0x20AB || cp == 0xFEFF;
}

long syllable_score(const char *utf8, bool any_case)
{
	struct syllable_word w = {.n = 0};
	size_t len = strlen(utf8);
	long score = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp = 0xFFFD;
		size_t n = vi_utf8_next(utf8 + i, len - i, &cp);
		bool letter = cp < 0x80 ? (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z'
					: vi_letter_of(cp).base != VI_NO_LETTER;

		i += n > 0 ? n : 1;
		if (letter && w.n < SYLLABLE_LETTERS_MAX) {
			w.letters[w.n++] = cp;
			w.accented |= cp >= 0x80;
		} else if (letter) {
			w.foreign = true;
			w.accented |= cp >= 0x80;
		} else if (cp >= 0xA0 && cp != 0xFFFD && !syllable_is_border(cp)) {
			w.foreign = w.accented = true;
		} else {
			score += syllable_end(&w, any_case);
			if (cp == 0xFFFD || (cp >= 0x7F && cp < 0xA0) ||
			    (cp < 0x20 && strchr("\t\n\r", (int)cp) == NULL))
				score += SYLLABLE_BAD;
		}
	}
	return score + syllable_end(&w, any_case);
}
