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
#define SAY_VALUES 4
/* Sentences within sentences. */
#define SAY_DEPTH 3

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

/* Which of {1} to {4} begins here, from 0; -1: none. */
static int say_place(const char *at)
{
	return *at == '{' && at[1] >= '1' && at[1] < '1' + SAY_VALUES && at[2] == '}'
		   ? at[1] - '1'
		   : -1;
}

static void say_fill(const char *word, char *const values[SAY_VALUES], struct buf *out)
{
	for (; *word != '\0'; word++) {
		int n = say_place(word);

		if (n < 0) {
			(void)buf_add(out, word, 1);
			continue;
		}
		(void)buf_adds(out, values[n] != NULL ? values[n] : "");
		word += 2;
	}
}

/* ---- sentences of the floors below ------------------------------------------------------- */

struct say_piece {
	const char *at;
	size_t len;
};

/* Whether text is the sentence with something in each of its places; what stands there. A place reaches to the first
 * words that follow it, the last one to those that end the sentence. */
static bool say_fits(const char *sentence, const char *text,
		     struct say_piece values[SAY_VALUES])
{
	while (*sentence != '\0') {
		int n = say_place(sentence);
		const char *next, *found;
		size_t len, left = strlen(text);

		if (n < 0) {
			if (*sentence++ != *text++)
				return false;
			continue;
		}
		sentence += 3;
		for (next = sentence; *next != '\0' && say_place(next) < 0;)
			next++;
		len = (size_t)(next - sentence);
		if (left <= len)
			return false;
		found = *next == '\0' ? text + left - len
				      : memmem(text + 1, left - 1, sentence, len);
		if (found == NULL || memcmp(found, sentence, len) != 0)
			return false;
		values[n] = (struct say_piece){text, (size_t)(found - text)};
		sentence = next;
		text = found + len;
	}
	return *text == '\0';
}

/* Appends text in the language of the sentences; false when none fits it. out NULL: only whether one does. */
static bool say_over(json_t *sentences, const char *text, int depth, struct buf *out)
{
	const char *from;
	json_t *to;

	json_object_foreach(sentences, from, to)
	{
		struct say_piece found[SAY_VALUES] = {{NULL, 0}};
		char *values[SAY_VALUES] = {NULL};

		if (!say_fits(from, text, found))
			continue;
		if (out == NULL)
			return true;
		for (int i = 0; i < SAY_VALUES; i++) {
			struct buf within = BUF_INIT(SAY_MAX);
			bool name;

			if (found[i].at == NULL)
				continue;
			name = found[i].at > text && found[i].at[-1] == '"';
			values[i] = mem_strndup(found[i].at, found[i].len);
			if (!name && depth < SAY_DEPTH &&
			    say_over(sentences, values[i], depth + 1, &within)) {
				free(values[i]);
				values[i] = mem_strdup(buf_text(&within));
			}
			buf_free(&within);
		}
		say_fill(json_string_value(to), values, out);
		for (int i = 0; i < SAY_VALUES; i++)
			free(values[i]);
		return true;
	}
	return false;
}

/* What a floor below says; yours. *worded: it is in l, be it put over or as it was. */
static char *say_sentence(const struct page_set *p, enum page_language l, const char *text,
			  bool *worded)
{
	enum page_language other = l == PAGE_VI ? PAGE_EN : PAGE_VI;
	struct buf out = BUF_INIT(SAY_MAX);
	char *said;

	*worded = p != NULL && say_over(page_sentences(p, l), text, 0, &out);
	said = mem_strdup(*worded ? buf_text(&out) : text);
	*worded = *worded || (p != NULL && say_over(page_sentences(p, other), text, 0, NULL));
	buf_free(&out);
	return said;
}

char *say_text(const struct page_set *p, enum page_language l, const struct err *e,
	       bool *worded)
{
	char *parts, *values[SAY_VALUES] = {NULL}, *key, *next;
	struct buf out = BUF_INIT(SAY_MAX);
	const char *word;

	*worded = e->text[0] == SAY_MARK;
	if (!*worded)
		return say_sentence(p, l, e->text, worded);
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
