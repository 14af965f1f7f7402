/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shared.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

struct shared {
	atomic_uint holds;
	void (*end)(void *what);
	void *what;
};

struct shared *shared_new(void (*end)(void *what), void *what)
{
	struct shared *s = mem_calloc(1, sizeof(*s));

	atomic_init(&s->holds, 1);
	s->end = end;
	s->what = what;
	return s;
}

struct shared *shared_hold(struct shared *s)
{
	if (s != NULL)
		atomic_fetch_add(&s->holds, 1);
	return s;
}

void shared_drop(struct shared *s)
{
	if (s == NULL || atomic_fetch_sub(&s->holds, 1) > 1)
		return;
	s->end(s->what);
	free(s);
}
