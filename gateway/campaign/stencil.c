/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/stencil.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"

/* U+E000 … U+E003, of the private use area: three bytes each. */
#define STENCIL_MARK_LEN 3
static const char *const stencil_marks[STENCIL_HOLES] = {"\xEE\x80\x80", "\xEE\x80\x81",
							 "\xEE\x80\x82", "\xEE\x80\x83"};

/* A text both ways. */
struct stencil_piece {
	char *with, *without;
	size_t with_len, without_len;
	size_t units; /* UTF-16 units of `with` */
};

struct stencil_step {
	struct stencil_piece piece; /* unless hole >= 0 */
	int hole;
};

struct stencil {
	struct stencil_step *steps;
	size_t n, cap;
	size_t with_len, without_len, units; /* of all pieces */
	int uses[STENCIL_HOLES];
};

const char *stencil_mark(enum stencil_hole hole)
{
	return stencil_marks[hole];
}

/* Printable, one septet each: what unaccented text must be to be counted by its length. */
static bool stencil_is_gsm_plain(const char *s)
{
	/* '\n' and 0x20 … 0x7E but ^ { } \ [ ~ ] | `, a bit each */
	static const uint64_t plain[4] = {UINT64_C(0xFFFFFFFF00000400),
					  UINT64_C(0x07FFFFFE87FFFFFF)};

	for (; *s != '\0'; s++)
		if ((plain[(unsigned char)*s >> 6] >> ((unsigned char)*s & 63) & 1) == 0)
			return false;
	return true;
}

/* Letters of Latin-1, Latin Extended-A and -B up to U+01BF, and Latin Extended Additional: every
 * Vietnamese letter, no control, no mark that combines, nothing above the BMP. */
static bool stencil_is_clean(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p != '\0') {
		if (p[0] >= ' ' && p[0] < 0x7F)
			p++;
		else if (p[0] >= 0xC3 && p[0] <= 0xC6 && (p[1] & 0xC0) == 0x80)
			p += 2;
		else if (p[0] == 0xE1 && p[1] >= 0xBA && p[1] <= 0xBB && (p[2] & 0xC0) == 0x80)
			p += 3;
		else
			return false;
	}
	return true;
}

/* UTF-16 units of text without anything above the BMP. */
static size_t stencil_units(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

static void stencil_piece_free(struct stencil_piece *p)
{
	free(p->with);
	free(p->without);
}

/* Takes text. */
static void stencil_piece_set(struct stencil_piece *p, char *text)
{
	p->with = text;
	p->without = vi_unaccent(text);
	p->with_len = strlen(text);
	p->without_len = strlen(p->without);
	p->units = stencil_units(text);
}

static struct stencil_step *stencil_add(struct stencil *s)
{
	s->steps = mem_grow(s->steps, &s->cap, s->n + 1, sizeof(*s->steps));
	memset(&s->steps[s->n], 0, sizeof(*s->steps));
	return &s->steps[s->n++];
}

static int stencil_hole_at(const char *text)
{
	for (int h = 0; h < STENCIL_HOLES; h++)
		if (strncmp(text, stencil_marks[h], STENCIL_MARK_LEN) == 0)
			return h;
	return -1;
}

struct stencil *stencil_new(const char *text)
{
	struct stencil *s = mem_calloc(1, sizeof(*s));
	bool ucs2 = false, plain = true;

	while (*text != '\0') {
		struct stencil_step *step = stencil_add(s);
		size_t len = 0;

		step->hole = stencil_hole_at(text);
		if (step->hole >= 0) {
			s->uses[step->hole]++;
			text += STENCIL_MARK_LEN;
			continue;
		}
		while (text[len] != '\0' && stencil_hole_at(text + len) < 0)
			len++;
		stencil_piece_set(&step->piece, mem_strndup(text, len));
		ucs2 = ucs2 || sms_count(step->piece.with).ucs2;
		plain = plain && stencil_is_gsm_plain(step->piece.without) &&
			strpbrk(step->piece.with, "\xF0\xF1\xF2\xF3\xF4") == NULL;
		s->with_len += len;
		s->without_len += step->piece.without_len;
		s->units += step->piece.units;
		text += len;
	}
	if (ucs2 && plain)
		return s;
	stencil_free(s);
	return NULL;
}

void stencil_free(struct stencil *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		stencil_piece_free(&s->steps[i].piece);
	free(s->steps);
	free(s);
}

static struct sms_count stencil_count(bool ucs2, size_t units)
{
	size_t single = ucs2 ? 70 : 160, multi = ucs2 ? 67 : 153;
	struct sms_count c = {.ucs2 = ucs2, .units = (int)units, .segments = 1};

	if (units <= single) {
		c.room_left = (int)(single - units);
	} else {
		c.segments = (int)((units + multi - 1) / multi);
		c.room_left = (int)((size_t)c.segments * multi - units);
	}
	return c;
}

/* Puts the pieces and the values together. */
static char *stencil_join(const struct stencil *s, const struct stencil_piece *values,
			  bool accents, size_t len)
{
	char *out = mem_calloc(1, len + 1), *at = out;

	for (size_t i = 0; i < s->n; i++) {
		const struct stencil_step *step = &s->steps[i];
		const struct stencil_piece *p =
		    step->hole < 0 ? &step->piece : &values[step->hole];
		size_t n = accents ? p->with_len : p->without_len;

		memcpy(at, accents ? p->with : p->without, n);
		at += n;
	}
	return out;
}

/* Sets the values that the stencil uses; their accented text stays v's. */
static bool stencil_set_values(const struct stencil *s, const struct stencil_values *v,
			       struct stencil_piece values[STENCIL_HOLES])
{
	for (int h = 0; h < STENCIL_HOLES; h++) {
		if (s->uses[h] == 0)
			continue;
		if (v->of[h] == NULL || *v->of[h] == '\0' || !stencil_is_clean(v->of[h]))
			return false;
		stencil_piece_set(&values[h], (char *)(uintptr_t)v->of[h]);
		if (!stencil_is_gsm_plain(values[h].without))
			return false;
	}
	return true;
}

bool stencil_fill(const struct stencil *s, const struct stencil_values *v, bool want_accents,
		  struct stencil_text *out)
{
	struct stencil_piece values[STENCIL_HOLES] = {0};
	size_t with_len = s->with_len, without_len = s->without_len, units = s->units;
	bool ok = stencil_set_values(s, v, values);

	if (ok) {
		for (int h = 0; h < STENCIL_HOLES; h++) {
			with_len += (size_t)s->uses[h] * values[h].with_len;
			without_len += (size_t)s->uses[h] * values[h].without_len;
			units += (size_t)s->uses[h] * values[h].units;
		}
		out->without = stencil_join(s, values, false, without_len);
		out->without_count = stencil_count(false, without_len);
		out->with = want_accents ? stencil_join(s, values, true, with_len) : NULL;
		out->with_count = stencil_count(true, units);
	}
	for (int h = 0; h < STENCIL_HOLES; h++)
		free(values[h].without);
	return ok;
}
