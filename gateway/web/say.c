/* SPDX-License-Identifier: Apache-2.0 */
#include "web/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* Stands before the word and before each text: no sentence holds it. */
#define SAY_MARK   '\x1f'
#define SAY_MAX	   4096
#define SAY_VALUES 3

int say(struct err *e, int code, const char *word, ...)
{
	struct buf text = BUF_INIT(sizeof(e->text) - 1);
	va_list ap;

	if (e == NULL || e->code != 0)
		return -1;
	(void)buf_addf(&text, "%c%s", SAY_MARK, word);
	va_start(ap, word);
	for (const char *value; (value = va_arg(ap, const char *)) != NULL;) {
		char one = SAY_MARK;

		(void)buf_add(&text, &one, 1);
		(void)buf_add(&text, value, (size_t)buf_fit(value, text.max - text.len));
	}
	va_end(ap);
	e->code = code;
	memcpy(e->text, buf_text(&text), text.len + 1);
	buf_free(&text);
	return -1;
}

/* {1} … {3} of a word. */
static void say_fill(const char *word, char *const values[SAY_VALUES], struct buf *out)
{
	for (; *word != '\0'; word++) {
		int n = *word == '{' && word[1] >= '1' && word[1] < '1' + SAY_VALUES &&
				word[2] == '}'
			    ? word[1] - '1'
			    : -1;

		if (n < 0) {
			(void)buf_add(out, word, 1);
			continue;
		}
		(void)buf_adds(out, values[n] != NULL ? values[n] : "");
		word += 2;
	}
}

char *say_text(const struct page_set *p, enum page_language l, const struct err *e,
	       bool *worded)
{
	char *parts, *values[SAY_VALUES] = {NULL}, *key, *next;
	struct buf out = BUF_INIT(SAY_MAX);
	const char *word;

	*worded = e->text[0] == SAY_MARK;
	if (!*worded)
		return mem_strdup(e->text);
	parts = mem_strdup(e->text + 1);
	next = parts;
	for (int i = -1; i < SAY_VALUES && (next = strchr(next, SAY_MARK)) != NULL; i++) {
		*next++ = '\0';
		if (i + 1 < SAY_VALUES)
			values[i + 1] = next;
	}
	key = mem_printf("said.%s", parts);
	word = p != NULL ? page_word(p, l, key) : NULL;
	say_fill(word != NULL ? word : parts, values, &out);
	free(key);
	free(parts);
	key = mem_strdup(buf_text(&out));
	buf_free(&out);
	return key;
}
