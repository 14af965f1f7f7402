/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"

struct ahead {
	struct ahead_work work;
	/* Slot i is the thread's until it is filled, then its reader's until he gives it back. */
	char *ring;
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t come, gone; /* a slot was filled; one may be filled again */
	/* Under the lock: how many slots were filled, and given back. */
	size_t filled, taken;
	bool ended, stop;
	bool open; /* the reader has a slot; his alone */
};

static void *ahead_slot(const struct ahead *a, size_t i)
{
	return a->ring + i % a->work.slots * a->work.slot;
}

/* Waits until a slot is free; false when nobody wants it any more. */
static bool ahead_wait(struct ahead *a)
{
	bool go;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->stop && a->filled - a->taken == a->work.slots)
		(void)pthread_cond_wait(&a->gone, &a->lock);
	go = !a->stop;
	(void)pthread_mutex_unlock(&a->lock);
	return go;
}

static void *ahead_main(void *arg)
{
	struct ahead *a = arg;
	bool more = true;

	for (size_t i = 0; more && ahead_wait(a); i++) {
		more = a->work.fill(a->work.arg, ahead_slot(a, i));
		(void)pthread_mutex_lock(&a->lock);
		a->filled += more;
		a->ended = !more;
		(void)pthread_cond_signal(&a->come);
		(void)pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

struct ahead *ahead_start(const struct ahead_work *w, bool thread)
{
	struct ahead *a = mem_calloc(1, sizeof(*a));
	sigset_t all, before;

	a->work = *w;
	a->ring = mem_calloc(w->slots, w->slot);
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->come, NULL);
	(void)pthread_cond_init(&a->gone, NULL);
	/* Signals are for the threads that know of them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	a->threaded = thread && pthread_create(&a->thread, NULL, ahead_main, a) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return a;
}

static void *ahead_next_here(struct ahead *a)
{
	a->ended = a->ended || !a->work.fill(a->work.arg, ahead_slot(a, a->filled));
	return a->ended ? NULL : ahead_slot(a, a->filled++);
}

void *ahead_next(struct ahead *a)
{
	void *slot = NULL;

	if (!a->threaded)
		return ahead_next_here(a);
	(void)pthread_mutex_lock(&a->lock);
	if (a->open) {
		a->taken++;
		(void)pthread_cond_signal(&a->gone);
	}
	while (a->filled == a->taken && !a->ended)
		(void)pthread_cond_wait(&a->come, &a->lock);
	a->open = a->filled != a->taken;
	if (a->open)
		slot = ahead_slot(a, a->taken);
	(void)pthread_mutex_unlock(&a->lock);
	return slot;
}

void ahead_end(struct ahead *a)
{
	if (a == NULL)
		return;
	if (a->threaded) {
		(void)pthread_mutex_lock(&a->lock);
		a->stop = true;
		(void)pthread_cond_signal(&a->gone);
		(void)pthread_mutex_unlock(&a->lock);
		(void)pthread_join(a->thread, NULL);
	}
	for (size_t i = 0; i < a->work.slots && a->work.clear != NULL; i++)
		a->work.clear(ahead_slot(a, i));
	(void)pthread_cond_destroy(&a->gone);
	(void)pthread_cond_destroy(&a->come);
	(void)pthread_mutex_destroy(&a->lock);
	free(a->ring);
	free(a);
}
