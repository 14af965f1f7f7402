/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/note.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"

#define NOTE_MAX_WORDS 256

/* A text in words, lower case. */
struct note_words {
	char *text;
	char *words[NOTE_MAX_WORDS];
	size_t n;
};

struct note_phrase {
	const char *spelling;
	struct note_words words, plain; /* plain: without accents */
};

struct note_phrases {
	struct note_phrase *items;
	size_t n;
};

/* Takes text, which is lower case already. */
static void note_split(char *text, struct note_words *out)
{
	char *p = text;

	out->text = text;
	out->n = 0;
	while (*p != '\0' && out->n < NOTE_MAX_WORDS) {
		while (*p != '\0' && (unsigned char)*p < 0x80 && !isalnum((unsigned char)*p))
			*p++ = '\0';
		if (*p == '\0')
			break;
		out->words[out->n++] = p;
		while ((unsigned char)*p >= 0x80 || isalnum((unsigned char)*p))
			p++;
	}
	if (*p != '\0')
		*p = '\0';
}

/* The words of any text. Without accents when plain. */
static void note_read(const char *text, bool plain, struct note_words *out)
{
	char *clean = vi_clean(text), *lower = clean == NULL ? NULL : vi_lower(clean);

	free(clean);
	if (lower != NULL && plain) {
		clean = vi_unaccent(lower);
		free(lower);
		lower = clean;
	}
	note_split(lower == NULL ? mem_strdup("") : lower, out);
}

struct note_phrases *note_phrases_make(const struct conf_list *list)
{
	struct note_phrases *p = mem_calloc(1, sizeof(*p));

	p->items = mem_calloc(list->n, sizeof(*p->items));
	for (size_t i = 0; i < list->n; i++) {
		p->items[i].spelling = ((char **)list->items)[i];
		note_read(p->items[i].spelling, false, &p->items[i].words);
		note_read(p->items[i].spelling, true, &p->items[i].plain);
	}
	p->n = list->n;
	return p;
}

void note_phrases_free(struct note_phrases *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].words.text);
		free(p->items[i].plain.text);
	}
	free(p->items);
	free(p);
}

static bool note_is_ascii(const char *word)
{
	while (*word != '\0' && (unsigned char)*word < 0x80)
		word++;
	return *word == '\0';
}

static bool note_stands_at(const struct note_phrase *p, const struct note_words *text,
			   size_t at)
{
	if (p->words.n == 0 || at + p->words.n > text->n)
		return false;
	for (size_t i = 0; i < p->words.n; i++) {
		const char *word = text->words[at + i];

		if (strcmp(word, p->words.words[i]) != 0 &&
		    (!note_is_ascii(word) || i >= p->plain.n ||
		     strcmp(word, p->plain.words[i]) != 0))
			return false;
	}
	return true;
}

const char *note_find(const struct note_phrases *says, const struct note_phrases *unless,
		      const char *text)
{
	struct note_words words;
	bool covered[NOTE_MAX_WORDS] = {false};
	const char *found = NULL;

	note_read(text, false, &words);
	for (size_t i = 0; unless != NULL && i < unless->n; i++) {
		for (size_t at = 0; at < words.n; at++) {
			if (note_stands_at(&unless->items[i], &words, at))
				memset(covered + at, 1, unless->items[i].words.n);
		}
	}
	for (size_t i = 0; i < says->n && found == NULL; i++) {
		const struct note_phrase *p = &says->items[i];

		for (size_t at = 0; at < words.n && found == NULL; at++) {
			if (note_stands_at(p, &words, at) &&
			    memchr(covered + at, 1, p->words.n) == NULL)
				found = p->spelling;
		}
	}
	free(words.text);
	return found;
}
