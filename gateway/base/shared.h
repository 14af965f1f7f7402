/* SPDX-License-Identifier: Apache-2.0 */
/* What several look at, each for as long as it likes: it ends with the last of them. So a configuration can be
 * replaced while an import of the old one goes on, and nobody waits. */
#ifndef MOIDAN_BASE_SHARED_H
#define MOIDAN_BASE_SHARED_H

struct shared;

/* The caller's hold on what, which end frees: on the thread that lets go last. */
struct shared *shared_new(void (*end)(void *what), void *what);
/* One more hold, on any thread that knows of another that lasts meanwhile. Returns s; NULL is allowed: what
 * nobody frees. */
struct shared *shared_hold(struct shared *s);
/* Lets go, on any thread. NULL is allowed. */
void shared_drop(struct shared *s);

#endif
