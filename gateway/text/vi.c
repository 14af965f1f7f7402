/* SPDX-License-Identifier: Apache-2.0 */
#include "text/vi.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "text/letter.h"

/* More combining marks than this in a row are no writing; the rest is dropped, which keeps
 * reordering them linear (UAX #15, stream-safe text). */
#define VI_MARKS_MAX 30

/* How many bytes at s are ASCII. */
static size_t vi_ascii_run(const char *s, size_t len)
{
	size_t i = 0;
	uint64_t w;

	for (; i + sizeof(w) <= len; i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		if (w & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < len && (unsigned char)s[i] < 0x80)
		i++;
	return i;
}

/* vi_utf8_next(), quick for ASCII. */
static inline size_t vi_next(const char *s, size_t len, uint32_t *cp)
{
	if ((unsigned char)*s >= 0x80)
		return vi_utf8_next(s, len, cp);
	*cp = (unsigned char)*s;
	return 1;
}

/* Fresh memory for a result of at most n bytes. */
static char *vi_room(size_t n)
{
	return mem_realloc(NULL, n + 1, 1);
}

/* Whether NFC may change cp or what is before it. Stretches of code points that it leaves alone are named here,
 * all Vietnamese letters among them. */
static inline bool vi_may_change(uint32_t cp)
{
	return cp >= 0x300 && !(cp >= 0x1E00 && cp < 0x1F00) &&
	       !(cp >= 0x2002 && cp < 0x2126) && cp != 0xFFFD;
}

/* 1: NFC for certain; 0: to be looked at; -1: not UTF-8. */
static int vi_nfc_quick(const char *s, size_t len)
{
	int quick = 1;

	for (size_t i = vi_ascii_run(s, len); i < len;) {
		uint32_t cp;
		size_t n = vi_utf8_next(s + i, len - i, &cp);

		if (n == 0)
			return -1;
		if (vi_may_change(cp))
			quick = 0;
		i += n;
	}
	return quick;
}

/* What canonical composition leaves apart: a tone typed before the quality mark. In place. */
static void vi_compose_letters(char *s)
{
	size_t len = strlen(s), i = 0, o = 0;

	while (i < len) {
		uint32_t cp;
		size_t n = vi_utf8_next(s + i, len - i, &cp);
		struct vi_letter l = vi_letter_of(cp);
		char put[4];
		size_t start = i;

		i += n;
		if (l.base != VI_NO_LETTER) {
			while (i < len && (n = vi_utf8_next(s + i, len - i, &cp)) > 0 &&
			       vi_letter_add_mark(&l, cp))
				i += n;
			n = vi_utf8_put(vi_letter_cp(l), put);
			memcpy(s + o, put, n);
			o += n;
		} else {
			memmove(s + o, s + start, n);
			o += n;
		}
	}
	s[o] = '\0';
}

/* A text whose marks all belong to Vietnamese letters, composed: nearly every one that was typed or saved with its
 * accents apart. NULL when there is anything else in it. s is UTF-8. */
static char *vi_nfc_letters(const char *s, size_t len)
{
	char *out = vi_room(len);
	size_t o = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp, mark;
		size_t n = vi_next(s + i, len - i, &cp);
		struct vi_letter l = vi_letter_of(cp);
		size_t marked = i + n;

		if (vi_may_change(cp)) {
			free(out);
			return NULL;
		}
		while (l.base != VI_NO_LETTER && marked < len &&
		       (n = vi_next(s + marked, len - marked, &mark)) > 0 && mark >= 0x300 &&
		       vi_letter_add_mark(&l, mark))
			marked += n;
		if (l.base != VI_NO_LETTER)
			cp = vi_letter_cp(l);
		o += vi_utf8_put(cp, out + o);
		i = marked;
	}
	out[o] = '\0';
	return out;
}

/* By letters, or the whole way: decomposed, put in order, composed. s is UTF-8. */
static char *vi_nfc_made(const char *s, size_t len)
{
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	char *out = vi_nfc_letters(s, len), *safe;
	size_t safe_len = 0;
	utf8proc_ssize_t n;
	int marks = 0;

	if (out != NULL)
		return out;
	safe = vi_room(len);
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t took = vi_utf8_next(s + i, len - i, &cp);

		if (cp >= 0x300 &&
		    utf8proc_get_property((utf8proc_int32_t)cp)->combining_class != 0)
			marks++;
		else
			marks = 0;
		if (marks <= VI_MARKS_MAX) {
			memcpy(safe + safe_len, s + i, took);
			safe_len += took;
		}
		i += took;
	}
	n = utf8proc_decompose((const utf8proc_uint8_t *)safe, (utf8proc_ssize_t)safe_len, NULL,
			       0, how);
	/* one int32 a code point, and as many bytes are always enough for its UTF-8 */
	out = mem_realloc(NULL, (size_t)n + 1, sizeof(utf8proc_int32_t));
	(void)utf8proc_decompose((const utf8proc_uint8_t *)safe, (utf8proc_ssize_t)safe_len,
				 (utf8proc_int32_t *)(void *)out, n, how);
	(void)utf8proc_reencode((utf8proc_int32_t *)(void *)out, n, how);
	free(safe);
	vi_compose_letters(out);
	return out;
}

char *vi_nfc(const char *s)
{
	size_t len = strlen(s);
	int quick = vi_nfc_quick(s, len);

	if (quick < 0)
		return NULL;
	return quick ? mem_strndup(s, len) : vi_nfc_made(s, len);
}

static bool vi_is_space(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x85 || cp == 0xA0 ||
	       cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

bool vi_is_hidden(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0xAD || cp == 0x034F ||
	       cp == 0x061C || cp == 0x180E || (cp >= 0x200B && cp <= 0x200F) ||
	       (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) ||
	       cp == 0xFEFF || (cp >= 0xFFF9 && cp <= 0xFFFB) ||
	       (cp >= 0xE0000 && cp <= 0xE007F);
}

/* Whether vi_clean() would certainly change nothing: most texts are like that. */
static bool vi_is_clean(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;

	if (len > 0 && (p[0] == ' ' || end[-1] == ' '))
		return false;
	while (p < end) {
		if (*p < 0x80) {
			if (*p < ' ' || *p == 0x7f || (*p == ' ' && p[1] == ' '))
				return false;
			p++;
		} else if (*p >= 0xc3 && *p <= 0xc6 && end - p >= 2 && (p[1] & 0xc0) == 0x80) {
			p += 2; /* Latin, U+00C0 to U+01BF */
		} else if (*p == 0xe1 && end - p >= 3 && p[1] >= 0xb8 && p[1] <= 0xbb &&
			   (p[2] & 0xc0) == 0x80) {
			p += 3; /* Latin Extended Additional, where most of Vietnamese is */
		} else {
			return false;
		}
	}
	return true;
}

char *vi_clean(const char *s)
{
	size_t len = strlen(s), o = 0;
	bool space = false;
	char *out, *nfc;
	int quick;

	if (vi_is_clean(s, len))
		return mem_strndup(s, len);
	out = vi_room(len);
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = vi_utf8_next(s + i, len - i, &cp);

		if (n == 0) {
			free(out);
			return NULL;
		}
		if (vi_is_space(cp)) {
			space = o > 0;
		} else if (!vi_is_hidden(cp)) {
			if (space)
				out[o++] = ' ';
			space = false;
			memcpy(out + o, s + i, n);
			o += n;
		}
		i += n;
	}
	out[o] = '\0';
	quick = vi_nfc_quick(out, o);
	if (quick == 1)
		return out;
	nfc = vi_nfc_made(out, o);
	free(out);
	return nfc;
}

/* Whether cp belongs to a word: letters, their marks, digits, of any script. */
static bool vi_is_word(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') ||
		       (cp >= 'A' && cp <= 'Z');
	if (vi_letter_of(cp).base != VI_NO_LETTER)
		return true;
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ND:
		return true;
	default:
		return false;
	}
}

/* The ASCII of cp, at most 3 bytes and never more than cp's own UTF-8; "" drops it; NULL when
 * it has none. */
static const char *vi_ascii_of(uint32_t cp, char room[2])
{
	static const struct {
		uint16_t first, last;
		const char *ascii;
	} map[] = {
	    {0x00A0, 0x00A0, " "},  {0x00AB, 0x00AB, "\""},  {0x00AD, 0x00AD, ""},
	    {0x00B4, 0x00B4, "'"},  {0x00BB, 0x00BB, "\""},  {0x00D0, 0x00D0, "D"},
	    {0x00D7, 0x00D7, "x"},  {0x00F0, 0x00F0, "d"},   {0x0189, 0x0189, "D"},
	    {0x02B9, 0x02BC, "'"},  {0x0300, 0x036F, ""},    {0x2000, 0x200A, " "},
	    {0x200B, 0x200F, ""},   {0x2010, 0x2015, "-"},   {0x2018, 0x201B, "'"},
	    {0x201C, 0x201F, "\""}, {0x2022, 0x2022, "-"},   {0x2024, 0x2024, "."},
	    {0x2025, 0x2025, ".."}, {0x2026, 0x2026, "..."}, {0x2028, 0x2029, "\n"},
	    {0x202A, 0x202E, ""},   {0x202F, 0x202F, " "},   {0x2032, 0x2032, "'"},
	    {0x2033, 0x2033, "\""}, {0x2039, 0x203A, "'"},   {0x2044, 0x2044, "/"},
	    {0x205F, 0x205F, " "},  {0x2060, 0x206F, ""},    {0x20AB, 0x20AB, "d"},
	    {0x2212, 0x2212, "-"},  {0x2215, 0x2215, "/"},   {0x3000, 0x3000, " "},
	    {0xFEFF, 0xFEFF, ""},
	};
	struct vi_letter l = vi_letter_of(cp);
	utf8proc_int32_t parts[8];
	utf8proc_ssize_t n;
	int last = 0;

	room[1] = '\0';
	if (l.base != VI_NO_LETTER) {
		room[0] = vi_letter_ascii(l);
		if (l.upper)
			room[0] = (char)(room[0] - 'a' + 'A');
		return room;
	}
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (cp >= map[i].first && cp <= map[i].last)
			return map[i].ascii;
	if (cp >= 0xFF01 && cp <= 0xFF5E) { /* full width */
		room[0] = (char)(cp == 0xFF40 ? '\'' : cp - 0xFF01 + '!');
		return room;
	}
	n = utf8proc_decompose_char((utf8proc_int32_t)cp, parts, 8, UTF8PROC_DECOMPOSE, &last);
	if (n < 1 || n > 8 || parts[0] >= 0x80 || !vi_is_word((uint32_t)parts[0]))
		return NULL;
	room[0] = (char)parts[0];
	return room;
}

char *vi_unaccent(const char *s)
{
	size_t len = strlen(s), o = 0;
	char *out = vi_room(len);

	for (size_t i = 0; i < len;) {
		char room[2];
		const char *ascii;
		uint32_t cp;
		size_t n;

		if ((unsigned char)s[i] < 0x80) {
			if (s[i] == '`')
				out[o++] = '\'';
			else if (s[i] == '\t')
				out[o++] = ' ';
			else if (s[i] != '\r')
				out[o++] = s[i];
			else if (s[i + 1] != '\r' && s[i + 1] != '\n')
				out[o++] = '\n';
			i++;
			continue;
		}
		n = vi_utf8_next(s + i, len - i, &cp);
		ascii = n == 0 ? NULL : vi_ascii_of(cp, room);
		if (n == 0)
			n = 1;
		if (ascii == NULL) {
			memcpy(out + o, s + i, n);
			o += n;
		} else {
			size_t k = strlen(ascii);

			memcpy(out + o, ascii, k);
			o += k;
		}
		i += n;
	}
	out[o] = '\0';
	return out;
}

/* Case of one code point, without a locale. */
static inline uint32_t vi_cp_case(uint32_t cp, bool upper)
{
	struct vi_letter l;

	if (cp < 0x80) {
		if (upper && cp >= 'a' && cp <= 'z')
			return cp - 'a' + 'A';
		if (!upper && cp >= 'A' && cp <= 'Z')
			return cp - 'A' + 'a';
		return cp;
	}
	l = vi_letter_of(cp);
	if (l.base != VI_NO_LETTER) {
		l.upper = upper;
		return vi_letter_cp(l);
	}
	return (uint32_t)(upper ? utf8proc_toupper((utf8proc_int32_t)cp)
				: utf8proc_tolower((utf8proc_int32_t)cp));
}

static char *vi_case(const char *s, bool upper)
{
	size_t len = strlen(s), o = 0;
	/* ASCII stays one byte; anything else has two or more and becomes at most four */
	char *out = vi_room(2 * len);

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = vi_utf8_next(s + i, len - i, &cp);

		if (n == 0) {
			out[o++] = s[i++];
			continue;
		}
		o += vi_utf8_put(vi_cp_case(cp, upper), out + o);
		i += n;
	}
	out[o] = '\0';
	return out;
}

char *vi_lower(const char *s)
{
	return vi_case(s, false);
}

char *vi_upper(const char *s)
{
	return vi_case(s, true);
}

/* Mỹ = Mĩ, Quý = Quí, but Thúy is not Thúi: whether a y behind these letters is an i. */
static bool vi_fold_is_i(const char *out, size_t o)
{
	return o > 0 && (strchr("mlkhtsv", out[o - 1]) != NULL ||
			 (o > 1 && out[o - 1] == 'u' && out[o - 2] == 'q'));
}

/* vi_fold() of what is ASCII and Vietnamese letters only; NULL for other text. */
static char *vi_fold_letters(const char *s, size_t len)
{
	char *out = vi_room(len);
	bool space = false;
	size_t o = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = vi_next(s + i, len - i, &cp);
		struct vi_letter l = {.base = VI_NO_LETTER};
		char c;

		if (n == 0 || (cp >= 0x80 && (l = vi_letter_of(cp)).base == VI_NO_LETTER)) {
			free(out);
			return NULL;
		}
		i += n;
		c = l.base != VI_NO_LETTER ? vi_letter_ascii(l) : (char)cp;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
			space = o > 0;
			continue;
		}
		if (space)
			out[o++] = ' ';
		space = false;
		out[o] = c == 'y' && vi_fold_is_i(out, o) ? 'i' : c;
		o++;
	}
	out[o] = '\0';
	return out;
}

char *vi_fold(const char *s)
{
	size_t len = strlen(s), o = 0;
	char *out = vi_fold_letters(s, len), *plain;
	bool space = false;

	if (out != NULL)
		return out;
	plain = vi_unaccent(s);
	out = vi_lower(plain);
	len = strlen(out);
	free(plain);
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = vi_utf8_next(out + i, len - i, &cp);

		if (n == 0 || !vi_is_word(cp)) {
			space = o > 0;
			i += n == 0 ? 1 : n;
			continue;
		}
		if (space)
			out[o++] = ' ';
		space = false;
		if (cp == 'y' && vi_fold_is_i(out, o))
			out[i] = 'i';
		memmove(out + o, out + i, n);
		o += n;
		i += n;
	}
	out[o] = '\0';
	return out;
}

/* A word taken apart: its letters without their tone, and the tone that one of them bears. */
#define VI_WORD 32
struct vi_word {
	uint32_t letters[VI_WORD];
	size_t n;
	unsigned tone;
};

/* The next word of *s; 0 letters: there is none. What is longer than the room is cut. Letters of other widths are
 * what they stand for, and what nobody sees is nothing, as when it is folded. */
static void vi_take_word(const char **s, struct vi_word *w)
{
	w->n = 0;
	w->tone = 0;
	while (**s != '\0') {
		char room[2];
		uint32_t cp;
		size_t n = vi_next(*s, strlen(*s), &cp);
		struct vi_letter l = vi_letter_of(cp);
		const char *ascii =
		    cp < 0x80 || l.base != VI_NO_LETTER ? NULL : vi_ascii_of(cp, room);
		bool hidden = ascii != NULL && *ascii == '\0';

		if (ascii != NULL && !hidden) {
			cp = (unsigned char)*ascii;
			l = vi_letter_of(cp);
		}
		if (!hidden && !vi_is_word(cp) && w->n > 0)
			return;
		*s += n;
		if (hidden || !vi_is_word(cp))
			continue;
		if (l.tone != 0)
			w->tone = l.tone;
		l.tone = 0;
		l.upper = false;
		if (l.base == VI_Y)
			l.base = VI_I;
		if (w->n < VI_WORD)
			w->letters[w->n++] =
			    l.base != VI_NO_LETTER ? vi_letter_cp(l) : vi_cp_case(cp, false);
	}
}

bool vi_same_but_marks_left_out(const char *s, const char *word)
{
	char *typed = vi_nfc(s), *meant = vi_nfc(word);
	const char *a = typed, *b = meant;
	struct vi_word x, y;
	bool same = a != NULL && b != NULL;

	while (same) {
		vi_take_word(&a, &x);
		vi_take_word(&b, &y);
		same = x.n == y.n && (x.tone == 0 || x.tone == y.tone);
		for (size_t i = 0; same && i < x.n; i++)
			same = x.letters[i] == y.letters[i] || x.letters[i] < 0x80;
		if (x.n == 0)
			break;
	}
	free(typed);
	free(meant);
	return same;
}

/* Whether most of the letters of a name are capitals: 60 % and more. None counts as such. */
static bool vi_name_shouts(const char *name, size_t len)
{
	size_t letters = 0, uppers = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp, upper;

		i += vi_next(name + i, len - i, &cp);
		upper = vi_cp_case(cp, true);
		if (upper != cp) {
			letters++;
		} else if (vi_cp_case(cp, false) != cp) {
			letters++;
			uppers++;
		}
	}
	return uppers * 10 >= letters * 6;
}

char *vi_name_case(const char *s)
{
	char *name = vi_clean(s), *out;
	bool start = true, shouts;
	size_t len, o = 0;

	if (name == NULL)
		return mem_strdup(s);
	len = strlen(name);
	shouts = vi_name_shouts(name, len);
	out = vi_room(2 * len);
	for (size_t i = 0; i < len;) {
		uint32_t cp;

		i += vi_next(name + i, len - i, &cp);
		if (start)
			cp = vi_cp_case(cp, true);
		else if (shouts)
			cp = vi_cp_case(cp, false);
		start = !vi_is_word(cp);
		if (cp < 0x80)
			out[o++] = (char)cp;
		else
			o += vi_utf8_put(cp, out + o);
	}
	out[o] = '\0';
	free(name);
	return out;
}

/* Marks of a key. Words end before any letter begins. */
#define VI_KEY_END   '\x01'
#define VI_KEY_DIGIT 0x10 /* 0 … 9 */
#define VI_KEY_ALPHA 0x20 /* the alphabet */
#define VI_KEY_OTHER 0x7F /* then the character itself */
#define VI_KEY_TONE  0x02

/* The place of cp in the alphabet a ă â b c d đ e ê f g … z; 0 when it is no letter of it. */
static unsigned vi_alphabet(uint32_t cp, unsigned *tone)
{
	static const unsigned char bases[VI_LETTER_COUNT] = {
	    [VI_A] = 1,	    [VI_ABREVE] = 2, [VI_ACIRC] = 3, [VI_DBAR] = 7,   [VI_E] = 8,
	    [VI_ECIRC] = 9, [VI_I] = 13,     [VI_O] = 19,    [VI_OCIRC] = 20, [VI_OHORN] = 21,
	    [VI_U] = 27,    [VI_UHORN] = 28, [VI_Y] = 32,
	};
	static const unsigned char consonants[26] = {
	    ['b' - 'a'] = 4,  ['c' - 'a'] = 5,	['d' - 'a'] = 6,  ['f' - 'a'] = 10,
	    ['g' - 'a'] = 11, ['h' - 'a'] = 12, ['j' - 'a'] = 14, ['k' - 'a'] = 15,
	    ['l' - 'a'] = 16, ['m' - 'a'] = 17, ['n' - 'a'] = 18, ['p' - 'a'] = 22,
	    ['q' - 'a'] = 23, ['r' - 'a'] = 24, ['s' - 'a'] = 25, ['t' - 'a'] = 26,
	    ['v' - 'a'] = 29, ['w' - 'a'] = 30, ['x' - 'a'] = 31, ['z' - 'a'] = 33,
	};
	struct vi_letter l = vi_letter_of(cp);

	*tone = l.tone;
	if (l.base != VI_NO_LETTER)
		return bases[l.base];
	cp = vi_cp_case(cp, false);
	return cp >= 'a' && cp <= 'z' ? consonants[cp - 'a'] : 0;
}

/* One word at w: its letters, then its tones. Appends to key, returns the new length. The letters take at
 * most two bytes for each of the word's: behind that the tones wait. */
static size_t vi_key_word(const char *w, size_t len, char *key, size_t o)
{
	char *tones = key + o + 2 * len;
	unsigned tone;
	size_t t = 0;
	uint32_t cp;

	for (size_t i = 0; i < len;) {
		size_t n = vi_next(w + i, len - i, &cp);
		unsigned place = vi_alphabet(cp, &tone);

		if (place > 0) {
			key[o++] = (char)(VI_KEY_ALPHA + place);
			tones[t++] = (char)(VI_KEY_TONE + tone);
		} else if (cp >= '0' && cp <= '9') {
			key[o++] = (char)(VI_KEY_DIGIT + cp - '0');
		} else if (vi_is_word(cp)) {
			key[o++] = VI_KEY_OTHER;
			memcpy(key + o, w + i, n);
			o += n;
		}
		i += n;
	}
	key[o++] = VI_KEY_END;
	memmove(key + o, tones, t);
	o += t;
	key[o++] = VI_KEY_END;
	return o;
}

char *vi_name_sort_key(const char *name)
{
	char *clean = vi_clean(name), *key, *last;
	size_t len, o = 0;

	if (clean == NULL)
		return mem_strdup(name);
	len = strlen(clean);
	key = vi_room(4 * len + 2);
	last = strrchr(clean, ' ');
	last = last == NULL ? clean : last + 1;
	o = vi_key_word(last, strlen(last), key, o);
	for (char *w = clean; w < last;) {
		size_t n = strcspn(w, " ");

		o = vi_key_word(w, n, key, o);
		w += n + 1;
	}
	key[o] = '\0';
	free(clean);
	return key;
}

char *vi_first_upper(const char *s)
{
	uint32_t cp;
	size_t n = vi_utf8_next(s, strlen(s), &cp);
	char *first = mem_strndup(s, n), *upper = vi_upper(first), *out;

	out = mem_printf("%s%s", upper != NULL ? upper : first, s + n);
	free(upper);
	free(first);
	return out;
}

int vi_compare_natural(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *end_a, *end_b;
			unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

			if (x != y)
				return x < y ? -1 : 1;
			a = end_a;
			b = end_b;
		} else if (*a != *b) {
			return *a < *b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return (*a != '\0') - (*b != '\0');
}

void vi_number(int64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRId64, n);
	int o = 0;

	for (int i = 0; i < len; i++) {
		out[o++] = digits[i];
		if (digits[i] != '-' && i + 1 < len && (len - 1 - i) % 3 == 0)
			out[o++] = '.';
	}
	out[o] = '\0';
}
