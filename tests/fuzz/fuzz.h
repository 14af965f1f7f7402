/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share. */
#ifndef MOIDAN_TESTS_FUZZ_H
#define MOIDAN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must hold for every input. */
#define FUZZ_CHECK(cond)                                                                       \
	do {                                                                                   \
		if (!(cond)) {                                                                 \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,       \
				      #cond);                                                  \
			abort();                                                               \
		}                                                                              \
	} while (0)

/* The input as a C string, up to its first NUL. free() it. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	if (s == NULL)
		abort();
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

#endif
