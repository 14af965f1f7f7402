/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/row_cells.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "roster/sheet_store.h"
#include "text/vi.h"

void row_json_escape(struct buf *out, const char *text)
{
	const char *p = text;

	for (;;) {
		size_t n = 0;

		while (p[n] != '\0' && p[n] != '"' && p[n] != '\\' &&
		       (unsigned char)p[n] >= ' ')
			n++;
		(void)buf_add(out, p, n);
		p += n;
		if (*p == '\0')
			return;
		if (*p == '"' || *p == '\\')
			(void)buf_addf(out, "\\%c", *p);
		else
			(void)buf_addf(out, "\\u%04x", (unsigned)(unsigned char)*p);
		p++;
	}
}

bool row_is_clean(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*p == ' ')
		return false;
	for (; *p != '\0'; p++) {
		/* 0xc2 leads to the no-break space and the soft hyphen. */
		if (*p < ' ' || *p == 0x7f || *p == 0xc2 ||
		    (*p == ' ' && (p[1] == ' ' || p[1] == '\0')))
			return false;
	}
	return sheet_text_is_nfc(text, (size_t)(p - (const unsigned char *)text));
}

char *row_clean(const char *text)
{
	return row_is_clean(text) ? mem_strdup(text) : vi_clean(text);
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
