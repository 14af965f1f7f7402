/* SPDX-License-Identifier: Apache-2.0 */
#include "text/sms.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"

/* Septets of an ASCII character in the default alphabet of 3GPP TS 23.038: 0 = not in it, 2 =
 * in the extension table. */
static int sms_ascii_septets(unsigned char c)
{
	static const unsigned char extension[] = "\f^{}\\[~]|";

	if (c >= 0x20 && c < 0x7F)
		return c == '`' ? 0 : memchr(extension, c, sizeof(extension) - 1) ? 2 : 1;
	return c == '\n' || c == '\r' ? 1 : c == '\f' ? 2 : 0;
}

/* The same for any character. */
static int sms_septets(uint32_t cp)
{
	static const uint16_t basic[] = {
	    0xA1,  0xA3,  0xA4,	 0xA5,	0xA7,  0xBF,  0xC4,  0xC5,  0xC6,  0xC7,
	    0xC9,  0xD1,  0xD6,	 0xD8,	0xDC,  0xDF,  0xE0,  0xE4,  0xE5,  0xE6,
	    0xE8,  0xE9,  0xEC,	 0xF1,	0xF2,  0xF6,  0xF8,  0xF9,  0xFC,  0x393,
	    0x394, 0x398, 0x39B, 0x39E, 0x3A0, 0x3A3, 0x3A6, 0x3A8, 0x3A9,
	};

	if (cp < 0x80)
		return sms_ascii_septets((unsigned char)cp);
	if (cp == 0x20AC) /* € */
		return 2;
	for (size_t i = 0; i < sizeof(basic) / sizeof(basic[0]) && basic[i] <= cp; i++)
		if (basic[i] == cp)
			return 1;
	return 0;
}

/* Fills parts one character at a time, as if the text were cut. */
struct sms_tally {
	int single, multi; /* what a lone message and a part of several hold */
	int total, parts, used;
};

static void sms_tally_add(struct sms_tally *t, int units)
{
	t->total += units;
	if (t->used + units > t->multi) {
		t->parts++;
		t->used = 0;
	}
	t->used += units;
}

static struct sms_count sms_tally_count(const struct sms_tally *t, bool ucs2)
{
	struct sms_count c = {.ucs2 = ucs2, .units = t->total, .segments = t->parts};

	if (t->total <= t->single) {
		c.segments = 1;
		c.room_left = t->single - t->total;
	} else {
		c.room_left = t->multi - t->used;
	}
	return c;
}

struct sms_count sms_count(const char *utf8)
{
	struct sms_tally gsm = {.single = 160, .multi = 153, .parts = 1};
	struct sms_tally ucs = {.single = 70, .multi = 67, .parts = 1};
	size_t len = strlen(utf8);
	bool ucs2 = false;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = vi_utf8_next(utf8 + i, len - i, &cp);
		int septets;

		if (n == 0)
			return (struct sms_count){.ucs2 = true, .units = -1, .segments = 1};
		septets = sms_septets(cp);
		ucs2 |= septets == 0;
		sms_tally_add(&gsm, septets);
		sms_tally_add(&ucs, cp > 0xFFFF ? 2 : 1);
		i += n;
	}
	return ucs2 ? sms_tally_count(&ucs, true) : sms_tally_count(&gsm, false);
}

long sms_first_non_gsm(const char *utf8, char out[5])
{
	size_t len = strlen(utf8);

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = vi_utf8_next(utf8 + i, len - i, &cp);

		if (n == 0 || sms_septets(cp) == 0) {
			/* a byte that is no UTF-8 shows as U+FFFD */
			n = vi_utf8_put(n == 0 ? 0xFFFD : cp, out);
			out[n] = '\0';
			return (long)i;
		}
		i += n;
	}
	out[0] = '\0';
	return -1;
}

/* A carriage return before a line feed is a unit paid for nothing. In place. */
static void sms_lf(char *s)
{
	char *o = s;

	for (; *s != '\0'; s++)
		if (s[0] != '\r' || s[1] != '\n')
			*o++ = *s;
	*o = '\0';
}

char *sms_apply_accents(const char *utf8, enum sms_accents policy, struct sms_count *count)
{
	char *with = vi_nfc(utf8), *without;
	struct sms_count c;

	if (with == NULL) {
		*count = sms_count(utf8);
		return mem_strdup(utf8);
	}
	sms_lf(with);
	*count = sms_count(with);
	if (policy == SMS_WITH_ACCENTS)
		return with;
	without = vi_unaccent(with);
	c = sms_count(without);
	if (policy == SMS_CHEAPEST && c.segments >= count->segments) {
		free(without);
		return with;
	}
	*count = c;
	free(with);
	return without;
}
