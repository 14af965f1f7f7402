/* SPDX-License-Identifier: Apache-2.0 */
#include "text/legacy.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/legacy_tables.h"
#include "text/letter.h"
#include "text/syllable.h"
#include "text/vi.h"

/* How much of a sample is judged, bytes. */
#define LEGACY_SAMPLE_MAX (256 * 1024)
/* By how many points a reading as mojibake must beat the text as it stands: two words. */
#define LEGACY_MOJIBAKE_LEAD 10

static const char *const legacy_names[ENCODING_COUNT] = {
    [ENCODING_UTF8] = "utf-8",	     [ENCODING_UTF16LE] = "utf-16le",
    [ENCODING_UTF16BE] = "utf-16be", [ENCODING_TCVN3] = "tcvn3",
    [ENCODING_VNI] = "vni",	     [ENCODING_VISCII] = "viscii",
    [ENCODING_VPS] = "vps",	     [ENCODING_CP1258] = "cp1258",
};

/* Folded, without spaces. */
static const struct {
	const char *name;
	enum encoding encoding;
} legacy_aliases[] = {
    {"utf8", ENCODING_UTF8},	   {"utf8bom", ENCODING_UTF8},
    {"utf16le", ENCODING_UTF16LE}, {"utf16", ENCODING_UTF16LE},
    {"unicode", ENCODING_UTF16LE}, {"utf16be", ENCODING_UTF16BE},
    {"tcvn3", ENCODING_TCVN3},	   {"tcvn", ENCODING_TCVN3},
    {"tcvn3abc", ENCODING_TCVN3},  {"tcvn5712", ENCODING_TCVN3},
    {"abc", ENCODING_TCVN3},	   {"vntime", ENCODING_TCVN3},
    {"vni", ENCODING_VNI},	   {"vniwindows", ENCODING_VNI},
    {"vniwin", ENCODING_VNI},	   {"vnitimes", ENCODING_VNI},
    {"viscii", ENCODING_VISCII},   {"vps", ENCODING_VPS},
    {"cp1258", ENCODING_CP1258},   {"windows1258", ENCODING_CP1258},
    {"win1258", ENCODING_CP1258},  {"vietnamesecp1258", ENCODING_CP1258},
};

const char *encoding_name(enum encoding enc)
{
	return legacy_names[enc];
}

int encoding_from_name(const char *name, enum encoding *enc)
{
	char *folded = vi_fold(name), *o = folded;
	int found = 0;

	for (const char *s = folded; *s != '\0'; s++)
		if (*s != ' ')
			*o++ = *s;
	*o = '\0';
	for (size_t i = 0; i < sizeof(legacy_aliases) / sizeof(legacy_aliases[0]); i++) {
		if (strcmp(legacy_aliases[i].name, folded) == 0) {
			*enc = legacy_aliases[i].encoding;
			found = 1;
		}
	}
	free(folded);
	return found;
}

/* A decoding under way. */
struct legacy_out {
	enum encoding enc;
	uint32_t table[256]; /* of the encodings with bytes for letters */
	char *text;	     /* room for four bytes a byte, which is always enough */
	size_t len;
};

static void legacy_begin(struct legacy_out *o, enum encoding enc, size_t len)
{
	o->enc = enc;
	o->text = mem_realloc(NULL, len + 1, 4);
	o->len = 0;
	if (enc >= ENCODING_TCVN3)
		legacy_table(enc, o->table);
}

static void legacy_put(struct legacy_out *o, uint32_t cp)
{
	/* a text is a C string: NUL means nothing here either */
	o->len += vi_utf8_put(cp == 0 ? 0xFFFD : cp, o->text + o->len);
}

static void legacy_utf8(const char *s, size_t len, struct legacy_out *o)
{
	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = vi_utf8_next(s + i, len - i, &cp);

		legacy_put(o, n == 0 ? 0 : cp);
		i += n == 0 ? 1 : n;
	}
}

static void legacy_utf16(const char *s, size_t len, bool big, struct legacy_out *o)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t high = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		uint32_t u =
		    big ? (uint32_t)p[i] << 8 | p[i + 1] : (uint32_t)p[i + 1] << 8 | p[i];

		if (u >= 0xDC00 && u < 0xE000 && high != 0) {
			legacy_put(o, 0x10000 + ((high - 0xD800) << 10) + (u - 0xDC00));
			high = 0;
			continue;
		}
		if (high != 0)
			legacy_put(o, 0);
		high = u >= 0xD800 && u < 0xDC00 ? u : 0;
		if (high == 0)
			legacy_put(o, u >= 0xDC00 && u < 0xE000 ? 0 : u);
	}
	if (high != 0 || len % 2 != 0)
		legacy_put(o, 0);
}

/* The marks a byte stands for: a tone of CP1258, quality and tone of VNI. Whether it is a
 * mark. */
static bool legacy_marks(enum encoding enc, unsigned char byte, uint32_t cp, uint32_t marks[2])
{
	marks[0] = cp;
	marks[1] = 0;
	return enc == ENCODING_VNI ? cp == 0 && legacy_vni_mark(byte, marks)
				   : cp >= 0x300 && cp < 0x370;
}

static void legacy_bytes(const char *s, size_t len, struct legacy_out *o)
{
	struct vi_letter last = {.base = VI_NO_LETTER}, marked;
	size_t last_at = 0;
	uint32_t marks[2];

	for (size_t i = 0; i < len; i++) {
		unsigned char b = (unsigned char)s[i];
		uint32_t cp = o->table[b];

		marked = last;
		/* a mark is one only after a letter that takes it */
		if (legacy_marks(o->enc, b, cp, marks) &&
		    (marks[0] == 0 || vi_letter_add_mark(&marked, marks[0])) &&
		    (marks[1] == 0 || vi_letter_add_mark(&marked, marks[1]))) {
			last = marked;
			o->len = last_at;
			legacy_put(o, vi_letter_cp(last));
			continue;
		}
		last = vi_letter_of(cp);
		last_at = o->len;
		legacy_put(o, cp);
	}
}

static void legacy_decode(const char *s, size_t len, struct legacy_out *o)
{
	switch (o->enc) {
	case ENCODING_UTF8:
		legacy_utf8(s, len, o);
		break;
	case ENCODING_UTF16LE:
	case ENCODING_UTF16BE:
		legacy_utf16(s, len, o->enc == ENCODING_UTF16BE, o);
		break;
	default:
		legacy_bytes(s, len, o);
	}
}

/* What was put into o, in NFC; o is empty afterwards. */
static char *legacy_finish(struct legacy_out *o, size_t *out_len)
{
	char *nfc;

	o->text[o->len] = '\0';
	nfc = vi_nfc(o->text);
	free(o->text);
	*out_len = strlen(nfc);
	return nfc;
}

char *encoding_decode(enum encoding enc, const char *bytes, size_t len, size_t *out_len)
{
	struct legacy_out o;

	legacy_begin(&o, enc, len);
	legacy_decode(bytes, len, &o);
	return legacy_finish(&o, out_len);
}

static char *legacy_unmojibake(enum encoding enc, const char *utf8, size_t len, size_t *out_len)
{
	struct legacy_out o;
	char *run = mem_realloc(NULL, len + 1, 1);
	size_t n_run = 0;

	legacy_begin(&o, enc, len);
	for (size_t i = 0; i < len;) {
		uint32_t cp = 0xFFFD;
		size_t n = vi_utf8_next(utf8 + i, len - i, &cp);
		int byte = legacy_cp1252_byte(cp);

		i += n == 0 ? 1 : n;
		if (byte > 0) {
			run[n_run++] = (char)byte;
			continue;
		}
		legacy_decode(run, n_run, &o);
		legacy_put(&o, cp);
		n_run = 0;
	}
	legacy_decode(run, n_run, &o);
	free(run);
	return legacy_finish(&o, out_len);
}

char *encoding_unmojibake(enum encoding enc, const char *utf8, size_t *out_len)
{
	return legacy_unmojibake(enc, utf8, strlen(utf8), out_len);
}

/* In the order in which ties are decided. UTF-8 stands for a file with a few spoilt bytes, and
 * for UTF-8 that was taken for CP1252 and written as UTF-8 again. */
static const enum encoding legacy_candidates[] = {ENCODING_TCVN3,  ENCODING_VNI,
						  ENCODING_CP1258, ENCODING_VISCII,
						  ENCODING_VPS,	   ENCODING_UTF8};

/* The best reading so far and the next to it. */
struct legacy_race {
	enum encoding best;
	long score, second;
};

/* Worse than any score. */
#define LEGACY_RACE_START (LONG_MIN / 100)

/* Scores a decoded text, which it frees. */
static void legacy_enter(struct legacy_race *r, enum encoding enc, char *text)
{
	long score = syllable_score(text, enc == ENCODING_TCVN3);

	free(text);
	if (score > r->score) {
		r->second = r->score;
		r->score = score;
		r->best = enc;
	} else if (score > r->second) {
		r->second = score;
	}
}

/* Whether the winner leads by a tenth of what it has. */
static bool legacy_sure(const struct legacy_race *r)
{
	return r->score > 0 && r->second * 10 <= r->score * 9;
}

/* Bytes of UTF-8 at the start of s; a character cut off at the end counts when its start is
 * right. */
static bool legacy_is_utf8(const char *s, size_t len)
{
	size_t cut = 0;

	while (cut < 3 && cut < len && (s[len - 1 - cut] & 0xC0) == 0x80)
		cut++;
	if (cut < len && (unsigned char)s[len - 1 - cut] >= 0xC2)
		cut++;
	else
		cut = 0;
	if (vi_utf8_valid(s, len))
		return true;
	return cut > 0 && cut < 4 && vi_utf8_valid(s, len - cut);
}

/* Whether the accents of a text could be bytes seen as CP1252: there are some, and hardly a
 * character beyond that, as every line of Vietnamese has. */
static bool legacy_may_be_mojibake(const char *s, size_t len)
{
	size_t inside = 0, beyond = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = vi_utf8_next(s + i, len - i, &cp);

		beyond += cp >= 0x80 && legacy_cp1252_byte(cp) < 0;
		inside += cp >= 0x80 && legacy_cp1252_byte(cp) >= 0;
		i += n == 0 ? 1 : n;
	}
	return inside > 0 && beyond * 4 <= inside;
}

struct encoding_guess encoding_guess_mojibake(const char *utf8, size_t len)
{
	struct encoding_guess g = {.encoding = ENCODING_UTF8, .sure = true};
	struct legacy_race race = {.score = LEGACY_RACE_START, .second = LEGACY_RACE_START};
	size_t n;
	char *as_is;
	long plain;

	if (len > LEGACY_SAMPLE_MAX)
		len = LEGACY_SAMPLE_MAX;
	if (!legacy_may_be_mojibake(utf8, len))
		return g;
	as_is = encoding_decode(ENCODING_UTF8, utf8, len, &n);
	plain = syllable_score(as_is, false);
	free(as_is);
	for (size_t i = 0; i < sizeof(legacy_candidates) / sizeof(legacy_candidates[0]); i++)
		legacy_enter(&race, legacy_candidates[i],
			     legacy_unmojibake(legacy_candidates[i], utf8, len, &n));
	if (race.score > 0 && race.score >= plain + LEGACY_MOJIBAKE_LEAD) {
		g.encoding = race.best;
		g.mojibake = true;
		g.sure = legacy_sure(&race);
	}
	return g;
}

/* UTF-16 without a mark: every other byte of Western letters and digits is zero. */
static bool legacy_guess_utf16(const unsigned char *p, size_t len, struct encoding_guess *g)
{
	size_t zeros[2] = {0, 0};

	for (size_t i = 0; i < len; i++)
		zeros[i % 2] += p[i] == 0;
	if (zeros[0] + zeros[1] < len / 8 || len < 4)
		return false;
	if (zeros[0] > 8 * zeros[1])
		g->encoding = ENCODING_UTF16BE;
	else if (zeros[1] > 8 * zeros[0])
		g->encoding = ENCODING_UTF16LE;
	else
		return false;
	return true;
}

struct encoding_guess encoding_guess(const char *sample, size_t len)
{
	struct encoding_guess g = {.encoding = ENCODING_UTF8, .sure = true};
	struct legacy_race race = {.score = LEGACY_RACE_START, .second = LEGACY_RACE_START};
	size_t n;

	if (len > LEGACY_SAMPLE_MAX)
		len = LEGACY_SAMPLE_MAX;
	if (len >= 2 &&
	    (memcmp(sample, "\xFF\xFE", 2) == 0 || memcmp(sample, "\xFE\xFF", 2) == 0)) {
		g.encoding = sample[0] == '\xFF' ? ENCODING_UTF16LE : ENCODING_UTF16BE;
		g.bom = 2;
		return g;
	}
	if (len >= 3 && memcmp(sample, "\xEF\xBB\xBF", 3) == 0) {
		g = encoding_guess_mojibake(sample + 3, len - 3);
		g.bom = 3;
		return g;
	}
	if (legacy_guess_utf16((const unsigned char *)sample, len, &g))
		return g;
	if (legacy_is_utf8(sample, len))
		return encoding_guess_mojibake(sample, len);
	for (size_t i = 0; i < sizeof(legacy_candidates) / sizeof(legacy_candidates[0]); i++)
		legacy_enter(&race, legacy_candidates[i],
			     encoding_decode(legacy_candidates[i], sample, len, &n));
	g.encoding = race.best;
	g.sure = legacy_sure(&race);
	return g;
}
