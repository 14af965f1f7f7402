/* SPDX-License-Identifier: Apache-2.0 */
#include "base/failpoint.h"

#if MOIDAN_FAILPOINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void failpoint_pass(const char *name)
{
	static atomic_long passes;
	const char *at = getenv("MOIDAN_CRASH_AT");
	size_t len = strlen(name);

	if (at == NULL || strncmp(at, name, len) != 0 || at[len] != ':')
		return;
	if (atomic_fetch_add(&passes, 1) + 1 == strtol(at + len + 1, NULL, 10))
		(void)raise(SIGKILL);
}
#endif
