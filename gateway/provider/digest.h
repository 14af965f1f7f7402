/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as providers still use them. MD5 and SHA-1 are here because a
 * provider's signature is made with them, never by our choice. Inside the floor only. */
#ifndef MOIDAN_PROVIDER_DIGEST_H
#define MOIDAN_PROVIDER_DIGEST_H

#include <stddef.h>

enum digest_algorithm { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };

enum { DIGEST_MAX = 32 };

/* The digest of data, or its HMAC (RFC 2104) when key is given, into out. Returns its length. */
size_t digest_of(enum digest_algorithm algorithm, const void *key, size_t key_len,
		 const void *data, size_t len, unsigned char out[DIGEST_MAX]);

#endif
