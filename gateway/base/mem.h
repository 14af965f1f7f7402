/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is always there: running out of it ends the process, which is
 * safe because the store is the truth and a restart picks up from it. */
#ifndef MOIDAN_BASE_MEM_H
#define MOIDAN_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed memory for n objects of size bytes; never NULL, overflow is fatal. Free with free(). */
void *mem_calloc(size_t n, size_t size) __attribute__((returns_nonnull));

/* realloc() to n objects of size bytes; never NULL, overflow is fatal. New bytes are undefined. */
void *mem_realloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));

/* Grows the array p of *cap objects so that it holds at least need; doubles. Returns the array. */
void *mem_grow(void *p, size_t *cap, size_t need, size_t size);

/* A copy of s (NULL gives NULL). Yours to free(). */
char *mem_strdup(const char *s);

/* A copy of the first n bytes at s, NUL-terminated. Yours to free(). */
char *mem_strndup(const char *s, size_t n) __attribute__((returns_nonnull));

/* sprintf into fresh memory. Yours to free(). */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *mem_vprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0), returns_nonnull));

/* Overwrites n bytes so that no compiler removes it, then free()s. NULL is allowed. */
void mem_free_secret(char *p, size_t n);

#endif
