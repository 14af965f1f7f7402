/* SPDX-License-Identifier: Apache-2.0 */
#include "web/once.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/say.h"

/* Characters of a key. */
#define ONCE_KEY_MAX 128

int once_begin(struct once *o, int64_t api_key_id, const char *key, const char *path,
	       const void *body, size_t len, struct err *e)
{
	crypto_hash_sha256_state h;

	*o = (struct once){.client = NULL};
	if (key == NULL || *key == '\0' || strlen(key) > ONCE_KEY_MAX)
		return say(e, EX_DATAERR, "idempotency_key", TEXT_OF(ONCE_KEY_MAX), NULL);
	o->client = mem_printf("key:%lld", (long long)api_key_id);
	o->key = mem_strdup(key);
	(void)crypto_hash_sha256_init(&h);
	(void)crypto_hash_sha256_update(&h, (const unsigned char *)path, strlen(path) + 1);
	(void)crypto_hash_sha256_update(&h, body, len);
	(void)crypto_hash_sha256_final(&h, o->request);
	return 0;
}

void once_clear(struct once *o)
{
	free(o->client);
	free(o->key);
	*o = (struct once){.client = NULL};
}

int once_find(struct store *st, const struct once *o, int *status, char **answer, struct err *e)
{
	struct api_call before = {0};
	int found = store_api_call_find(st, o->client, o->key, &before, e);

	*status = 0;
	*answer = NULL;
	if (found > 0 && memcmp(before.request, o->request, ACCOUNT_HASH) != 0) {
		*status = 422;
		found = say(e, EX_DATAERR, "idempotency_other", NULL);
	} else if (found > 0 && before.status == 0) {
		*status = 409;
		found = say(e, EX_DATAERR, "under_way", NULL);
	} else if (found > 0) {
		*status = before.status;
		*answer = mem_strdup(before.answer);
	}
	api_call_clear(&before);
	return found;
}

int once_keep(struct store *st, const struct once *o, int status, const char *answer,
	      struct err *e)
{
	struct api_call c = {.status = status, .answer = (char *)(uintptr_t)answer};

	memcpy(c.request, o->request, ACCOUNT_HASH);
	return store_api_call_put(st, o->client, o->key, &c, clock_now_ms(), e);
}

int once_forget(struct store *st, const struct once *o, struct err *e)
{
	return store_api_call_drop(st, o->client, o->key, e);
}
