/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test program's own, made before its first test and gone after its last. */
#ifndef MOIDAN_TESTS_FOLDER_H
#define MOIDAN_TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static char dir[] = "/tmp/moidan-test-XXXXXX";

static inline int folder_make(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static inline int folder_remove(void **state)
{
	char *command = mem_printf("rm -rf %s", dir);
	int rc = system(command);

	(void)state;
	free(command);
	return rc;
}

/* A file in it; good until the next call. */
static inline const char *folder_file(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

#endif
