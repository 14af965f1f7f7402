/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOIDAN_TESTS_SAID_BY_H
#define MOIDAN_TESTS_SAID_BY_H

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"

/* What a command says; yours. It must succeed. */
static inline char *said_by(const char *command)
{
	struct buf out = BUF_INIT(1u << 20);
	FILE *f = popen(command, "re");
	char part[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		(void)buf_add(&out, part, n);
	assert_int_equal(pclose(f), 0);
	return out.data != NULL ? buf_take(&out) : mem_strdup("");
}

#endif
