/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bytes with a ceiling. The ceiling is mandatory: whatever comes from
 * outside is collected in a buf, and no peer decides how much memory we use. */
#ifndef MOIDAN_BASE_BUF_H
#define MOIDAN_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* NUL-terminated once anything was added; "" is buf_text()'s for empty */
	size_t len; /* bytes without the NUL */
	size_t cap; /* bytes allocated */
	size_t max; /* ceiling for len */
	bool overflow; /* sticky: something did not fit and was left out */
};

#define BUF_INIT(ceiling)                                                                      \
	{                                                                                      \
		.data = NULL, .len = 0, .cap = 0, .max = (ceiling), .overflow = false          \
	}

/* Empty, with a ceiling in bytes; takes no memory yet. BUF_INIT() where it is declared. */
void buf_init(struct buf *b, size_t max);

/* Gives the memory back; the buf can be used again. */
void buf_free(struct buf *b);

/* Empties, keeping the memory, and forgets an overflow. */
void buf_reset(struct buf *b);

/* Append. 0, or -1 when the ceiling would be passed: then nothing is added and overflow stays set,
 * so that a run of appends may be checked once at its end. */
int buf_add(struct buf *b, const void *p, size_t n);
/* A NUL-terminated string, without its NUL. */
int buf_adds(struct buf *b, const char *s);
/* One byte; a NUL too, which buf_text() then hides the rest behind. */
int buf_addc(struct buf *b, char c);
/* As printf() writes it: all of it, or nothing. */
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Writes v in decimal with a NUL, as snprintf() would, without being parsed each time; its length. */
size_t buf_digits(char out[21], uint64_t v);

/* Bytes of s, at most max, that end with a whole character of UTF-8: for "%.*s". Half a character is no
 * text, neither in JSON nor on a page. */
int buf_fit(const char *s, size_t max);

/* The text, never NULL, borrowed until the next change. */
const char *buf_text(const struct buf *b);

/* The text, yours to free(); the buf is empty afterwards. */
char *buf_take(struct buf *b);

#endif
