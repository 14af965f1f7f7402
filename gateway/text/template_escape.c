/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "text/template.h"
#include "text/vi.h"

/* What stands for one character (or one byte that is not UTF-8: valid is false) in a place;
 * NULL = it itself. room may hold the result. */
typedef const char *(*escape_one_fn)(uint32_t cp, bool valid, char room[16]);

/* Letters, digits and signs of ASCII that stay what they are in every place. */
static bool escape_never(unsigned char c)
{
	/* 0x20 … 0x7e but " & ' < > \, a bit each */
	static const uint64_t stays[4] = {UINT64_C(0xafffff3b00000000),
					  UINT64_C(0x7fffffffefffffff)};

	return (stays[c >> 6] >> (c & 63) & 1) != 0;
}

/* Whether escape_never() holds of all of eight bytes, in one go. It may say no for nothing. */
static bool escape_never_eight(const char *p)
{
	const uint64_t each = UINT64_C(0x0101010101010101), high = each << 7;
	uint64_t w, found;

	memcpy(&w, p, sizeof(w));
	/* A byte that is zero borrows; & and ' differ in one bit, so do < and >. */
	found = w - each * 0x20;
	found |= (w ^ each * '"') - each;
	found |= ((w | each) ^ each * '\'') - each;
	found |= ((w | each << 1) ^ each * '>') - each;
	found |= (w ^ each * '\\') - each;
	found |= (w ^ each * 0x7F) - each;
	return ((found | w) & high) == 0;
}

/* Appends value with each character as one() has it; stretches that stay go over in one
 * piece. */
static int escape_with(const char *value, escape_one_fn one, struct buf *out)
{
	size_t len = strlen(value), start = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n;
		char room[16];
		const char *to;

		while (i + 8 <= len && escape_never_eight(value + i))
			i += 8;
		while (i < len && escape_never((unsigned char)value[i]))
			i++;
		if (i == len)
			break;
		n = vi_utf8_next(value + i, len - i, &cp);
		to = one(cp, n > 0, room);
		if (to == NULL) {
			i += n > 0 ? n : 1;
			continue;
		}
		if (buf_add(out, value + start, i - start) < 0 || buf_adds(out, to) < 0)
			return -1;
		i += n > 0 ? n : 1;
		start = i;
	}
	return buf_add(out, value + start, len - start);
}

int template_escape_none(const char *value, struct buf *out)
{
	return buf_adds(out, value);
}

static const char *escape_markup(uint32_t cp)
{
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static const char *escape_html_one(uint32_t cp, bool valid, char room[16])
{
	(void)room;
	return valid ? escape_markup(cp) : "\xEF\xBF\xBD";
}

int template_escape_html(const char *value, struct buf *out)
{
	return escape_with(value, escape_html_one, out);
}

static const char *escape_xml_one(uint32_t cp, bool valid, char room[16])
{
	(void)room;
	if (!valid)
		return "\xEF\xBF\xBD";
	/* XML 1.0 has no way to write these */
	if ((cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r') || cp == 0xFFFE ||
	    cp == 0xFFFF)
		return "";
	return escape_markup(cp);
}

int template_escape_xml(const char *value, struct buf *out)
{
	return escape_with(value, escape_xml_one, out);
}

static const char *escape_json_one(uint32_t cp, bool valid, char room[16])
{
	if (!valid)
		return "\\ufffd";
	if (cp == '"')
		return "\\\"";
	if (cp == '\\')
		return "\\\\";
	if (cp == '\n')
		return "\\n";
	if (cp >= 0x20)
		return NULL;
	(void)snprintf(room, 16, "\\u%04x", (unsigned)cp);
	return room;
}

int template_escape_json(const char *value, struct buf *out)
{
	return escape_with(value, escape_json_one, out);
}

/* RFC 3986's unreserved. */
static bool escape_url_keeps(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

int template_escape_url(const char *value, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	while (*value != '\0') {
		size_t n = 0;

		while (escape_url_keeps((unsigned char)value[n]))
			n++;
		if (n > 0 && buf_add(out, value, n) < 0)
			return -1;
		for (value += n; *value != '\0' && !escape_url_keeps((unsigned char)*value); value++) {
			unsigned char c = (unsigned char)*value;
			char coded[3] = {'%', hex[c >> 4], hex[c & 15]};

			if (buf_add(out, coded, sizeof(coded)) < 0)
				return -1;
		}
	}
	return 0;
}

static const char *escape_text_one(uint32_t cp, bool valid, char room[16])
{
	(void)room;
	if (cp == '\t' || cp == '\n')
		return " ";
	return !valid || vi_is_hidden(cp) ? "" : NULL;
}

int template_escape_text(const char *value, struct buf *out)
{
	return escape_with(value, escape_text_one, out);
}
