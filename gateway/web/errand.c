/* SPDX-License-Identifier: Apache-2.0 */
#include "web/errand.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* More than clerks can have under way; the others are over and still looked at. */
#define ERRANDS 64

struct errands {
	pthread_mutex_t lock;
	struct errand items[ERRANDS];
	int64_t begun;
};

const char *errand_state_name(enum errand_state s)
{
	static const char *const names[] = {"checking", "importing", "refused", "imported"};

	return names[s];
}

bool errand_under_way(const struct errand *one)
{
	return one->state == ERRAND_CHECKING || one->state == ERRAND_IMPORTING;
}

struct errands *errands_new(void)
{
	struct errands *all = mem_calloc(1, sizeof(*all));

	(void)pthread_mutex_init(&all->lock, NULL);
	return all;
}

void errands_free(struct errands *all)
{
	if (all == NULL)
		return;
	(void)pthread_mutex_destroy(&all->lock);
	free(all);
}

/* With the lock. */
static struct errand *errands_of(struct errands *all, const char *token)
{
	for (size_t i = 0; i < ERRANDS; i++) {
		if (all->items[i].token[0] != '\0' && strcmp(all->items[i].token, token) == 0)
			return &all->items[i];
	}
	return NULL;
}

/* A free place, else that of the one that has been over for longest; NULL: there is none. With the lock. */
static struct errand *errands_place(struct errands *all)
{
	struct errand *oldest = NULL;

	for (size_t i = 0; i < ERRANDS; i++) {
		struct errand *one = &all->items[i];

		if (one->token[0] == '\0')
			return one;
		if (!errand_under_way(one) && (oldest == NULL || one->begun < oldest->begun))
			oldest = one;
	}
	return oldest;
}

bool errands_begin(struct errands *all, const char *token, const char *who, const char *file,
		   enum errand_state state)
{
	struct errand *one;
	bool begun = false;

	(void)pthread_mutex_lock(&all->lock);
	one = errands_of(all, token);
	if (one == NULL)
		one = errands_place(all);
	if (one != NULL && (one->token[0] == '\0' || !errand_under_way(one))) {
		*one = (struct errand){.state = state, .begun = ++all->begun};
		(void)snprintf(one->token, sizeof(one->token), "%s", token);
		(void)snprintf(one->who, sizeof(one->who), "%s", who);
		(void)snprintf(one->file, sizeof(one->file), "%.*s",
			       buf_fit(file, sizeof(one->file) - 1), file);
		begun = true;
	}
	(void)pthread_mutex_unlock(&all->lock);
	return begun;
}

void errands_step(struct errands *all, const char *token, int done, int of)
{
	struct errand *one;

	(void)pthread_mutex_lock(&all->lock);
	one = errands_of(all, token);
	if (one != NULL) {
		one->done = done;
		one->of = of;
	}
	(void)pthread_mutex_unlock(&all->lock);
}

void errands_end(struct errands *all, const char *token, enum errand_state state,
		 const struct err *why)
{
	struct errand *one;

	(void)pthread_mutex_lock(&all->lock);
	one = errands_of(all, token);
	if (one != NULL) {
		one->state = state;
		if (why != NULL)
			one->why = *why;
	}
	(void)pthread_mutex_unlock(&all->lock);
}

void errands_forget(struct errands *all, const char *token)
{
	struct errand *one;

	(void)pthread_mutex_lock(&all->lock);
	one = errands_of(all, token);
	if (one != NULL)
		*one = (struct errand){.token = ""};
	(void)pthread_mutex_unlock(&all->lock);
}

bool errands_look(struct errands *all, const char *token, const char *who, struct errand *out)
{
	const struct errand *one;
	bool found;

	(void)pthread_mutex_lock(&all->lock);
	one = errands_of(all, token);
	found = one != NULL && strcmp(one->who, who) == 0;
	if (found)
		*out = *one;
	(void)pthread_mutex_unlock(&all->lock);
	return found;
}
