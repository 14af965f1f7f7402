/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that come back with time, for names that cannot be listed beforehand: a table of fixed size,
 * in which two names that share a place share their tries. Nothing grows with what is sent. */
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "web/visit.h"

#define THROTTLE_PLACES 4096

struct throttle {
	pthread_mutex_t lock;
	int n;
	int64_t every_ms;
	unsigned char key[crypto_shorthash_KEYBYTES];
	int64_t
	    full_at[THROTTLE_PLACES]; /* when a place has all its tries again, monotonic ms */
};

struct throttle *throttle_new(int n, int64_t every_ms)
{
	struct throttle *t = mem_calloc(1, sizeof(*t));

	(void)pthread_mutex_init(&t->lock, NULL);
	t->n = n;
	t->every_ms = every_ms;
	crypto_shorthash_keygen(t->key);
	return t;
}

void throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

static int64_t *throttle_place(struct throttle *t, const char *what, const char *name)
{
	unsigned char hash[crypto_shorthash_BYTES];
	char *text = mem_printf("%s\n%s", what, name);
	uint32_t at;

	(void)crypto_shorthash(hash, (const unsigned char *)text, strlen(text), t->key);
	free(text);
	memcpy(&at, hash, sizeof(at));
	return &t->full_at[at % THROTTLE_PLACES];
}

int throttle_take(struct throttle *t, const char *what, const char *name, int64_t now_mono)
{
	int64_t *place, left, wait = 0;

	(void)pthread_mutex_lock(&t->lock);
	place = throttle_place(t, what, name);
	left = *place > now_mono ? *place - now_mono : 0;
	if (left + t->every_ms > t->n * t->every_ms)
		wait = left + t->every_ms - t->n * t->every_ms;
	else
		*place = now_mono + left + t->every_ms;
	(void)pthread_mutex_unlock(&t->lock);
	return (int)((wait + 999) / 1000);
}

void throttle_forget(struct throttle *t, const char *what, const char *name)
{
	(void)pthread_mutex_lock(&t->lock);
	*throttle_place(t, what, name) = 0;
	(void)pthread_mutex_unlock(&t->lock);
}
