/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/digest.h"

#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>
#include <string.h>

/* Room for the state of any of them. */
union digest_state {
	struct md5_ctx md5;
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
};

size_t digest_of(enum digest_algorithm algorithm, const void *key, size_t key_len,
		 const void *data, size_t len, unsigned char out[DIGEST_MAX])
{
	const struct nettle_hash *const hashes[] = {[DIGEST_MD5] = &nettle_md5,
						    [DIGEST_SHA1] = &nettle_sha1,
						    [DIGEST_SHA256] = &nettle_sha256};
	const struct nettle_hash *h = hashes[algorithm];
	union digest_state outer, inner, state;

	if (key == NULL) {
		h->init(&state);
		h->update(&state, len, data);
		h->digest(&state, h->digest_size, out);
		return h->digest_size;
	}
	hmac_set_key(&outer, &inner, &state, h, key_len, key);
	hmac_update(&state, h, len, data);
	hmac_digest(&outer, &inner, &state, h, h->digest_size, out);
	explicit_bzero(&outer, sizeof(outer));
	explicit_bzero(&inner, sizeof(inner));
	explicit_bzero(&state, sizeof(state));
	return h->digest_size;
}
