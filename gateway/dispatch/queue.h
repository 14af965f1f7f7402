/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of plain structs between threads, with a bell: an eventfd
 * that its reader waits on. Several queues may ring one bell; whoever reads a
 * bell looks into all of its queues afterwards. */
#ifndef MOIDAN_DISPATCH_QUEUE_H
#define MOIDAN_DISPATCH_QUEUE_H

#include <stddef.h>

/* An eventfd, non-blocking. Ends the process when none can be had. close() it. */
int bell_new(void);
void bell_ring(int bell);
void bell_clear(int bell);

struct queue;

/* Room for cap elements (0 is as 1) of size bytes; bell is borrowed. */
struct queue *queue_new(size_t size, size_t cap, int bell);
void queue_free(struct queue *q);

/* Copies n elements in, all or (-1: no room) none. Rings when the queue was empty. */
int queue_push(struct queue *q, const void *items, size_t n);
/* Copies at most max elements out; returns how many. */
size_t queue_pop(struct queue *q, void *items, size_t max);

#endif
