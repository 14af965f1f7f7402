/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/row_cells.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* How many of n bytes stand in a JSON string as they are. */
static size_t row_json_run(const char *p, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t i = 0;
	uint64_t w;

	/* A byte below its match borrows: its high bit is set. */
	for (; i + sizeof(w) <= n; i += sizeof(w)) {
		uint64_t quote, slash;

		memcpy(&w, p + i, sizeof(w));
		quote = w ^ ones * '"';
		slash = w ^ ones * '\\';
		if ((((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
		     ((w - ones * ' ') & ~w)) &
		    ones << 7)
			break;
	}
	while (i < n && p[i] != '"' && p[i] != '\\' && (unsigned char)p[i] >= ' ')
		i++;
	return i;
}

void row_json_escape(struct buf *out, const char *text)
{
	const char *p = text, *end = text + strlen(text);

	for (;;) {
		size_t n = row_json_run(p, (size_t)(end - p));

		(void)buf_add(out, p, n);
		p += n;
		if (p == end)
			return;
		if (*p == '"' || *p == '\\')
			(void)buf_addf(out, "\\%c", *p);
		else
			(void)buf_addf(out, "\\u%04x", (unsigned)(unsigned char)*p);
		p++;
	}
}

bool row_identity(const char *text, struct identity *out)
{
	char digits[16];
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (isdigit((unsigned char)*text) && n < 13)
			digits[n++] = *text;
		else if (strchr(" .-'", *text) == NULL)
			return false;
	}
	if (n == 11) {
		memmove(digits + 1, digits, n++);
		digits[0] = '0';
	}
	if (n != 12)
		return false;
	out->sex = (digits[3] - '0') % 2 == 0 ? 1 : 2;
	out->year =
	    1900 + (digits[3] - '0') / 2 * 100 + (digits[4] - '0') * 10 + (digits[5] - '0');
	memcpy(out->last4, digits + 8, 4);
	out->last4[4] = '\0';
	return true;
}
