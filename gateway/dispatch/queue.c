/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

int bell_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0) {
		log_error("dispatch", "no_eventfd", "errno=%d", errno);
		abort();
	}
	return fd;
}

/* Neither can fail but by being full or empty, and both of these are as good. */
void bell_ring(int bell)
{
	ssize_t n = write(bell, &(uint64_t){1}, sizeof(uint64_t));

	(void)n;
}

void bell_clear(int bell)
{
	uint64_t rung;
	ssize_t n = read(bell, &rung, sizeof(rung));

	(void)n;
}

struct queue {
	pthread_mutex_t lock;
	size_t size, cap, head, len;
	int bell;
	char *data;
};

struct queue *queue_new(size_t size, size_t cap, int bell)
{
	struct queue *q = mem_calloc(1, sizeof(*q));

	(void)pthread_mutex_init(&q->lock, NULL);
	q->size = size;
	/* Of a house without providers too: places are counted modulo the room. */
	q->cap = cap > 0 ? cap : 1;
	q->bell = bell;
	q->data = mem_calloc(q->cap, size);
	return q;
}

void queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	(void)pthread_mutex_destroy(&q->lock);
	free(q->data);
	free(q);
}

/* The elements from the place of at on, without wrapping. */
static size_t queue_run(const struct queue *q, size_t at, size_t n)
{
	return n < q->cap - at ? n : q->cap - at;
}

int queue_push(struct queue *q, const void *items, size_t n)
{
	const char *from = items;
	size_t before, at, run;

	if (n == 0)
		return 0;
	(void)pthread_mutex_lock(&q->lock);
	before = q->len;
	if (n > q->cap - q->len) {
		(void)pthread_mutex_unlock(&q->lock);
		return -1;
	}
	at = (q->head + q->len) % q->cap;
	run = queue_run(q, at, n);
	memcpy(q->data + at * q->size, from, run * q->size);
	memcpy(q->data, from + run * q->size, (n - run) * q->size);
	q->len += n;
	(void)pthread_mutex_unlock(&q->lock);
	if (before == 0)
		bell_ring(q->bell);
	return 0;
}

size_t queue_pop(struct queue *q, void *items, size_t max)
{
	char *to = items;
	size_t n, run;

	(void)pthread_mutex_lock(&q->lock);
	n = q->len < max ? q->len : max;
	run = queue_run(q, q->head, n);
	memcpy(to, q->data + q->head * q->size, run * q->size);
	memcpy(to + run * q->size, q->data, (n - run) * q->size);
	q->head = (q->head + n) % q->cap;
	q->len -= n;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}
