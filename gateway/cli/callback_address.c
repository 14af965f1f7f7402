/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/callback_address.h"

#include <sodium.h>
#include <string.h>

#include "base/mem.h"

#define CALLBACK_KEY_NAME "callback_key"

_Static_assert(CALLBACK_KEY == crypto_auth_KEYBYTES, "the key of crypto_auth");
_Static_assert(CALLBACK_TOKEN ==
		   sodium_base64_ENCODED_LEN(24, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
	       "24 bytes in base64");

int callback_key_load(struct store *st, unsigned char key[CALLBACK_KEY], struct err *e)
{
	char text[2 * CALLBACK_KEY + 1], *kept = NULL;
	size_t len = 0;
	int rc = store_meta_get(st, CALLBACK_KEY_NAME, &kept, e);

	if (rc == 0) {
		crypto_auth_keygen(key);
		(void)sodium_bin2hex(text, sizeof(text), key, CALLBACK_KEY);
		rc = store_begin(st, e);
		if (rc == 0 && (rc = store_meta_set(st, CALLBACK_KEY_NAME, text, e)) < 0)
			store_rollback(st);
		if (rc == 0)
			rc = store_commit(st, e);
		sodium_memzero(text, sizeof(text));
	} else if (rc > 0) {
		rc = sodium_hex2bin(key, CALLBACK_KEY, kept, strlen(kept), NULL, &len, NULL) ==
				 0 &&
			     len == CALLBACK_KEY
			 ? 0
			 : err_set(e, EX_DATAERR, "the store's callback_key is damaged");
	}
	if (kept != NULL)
		mem_free_secret(kept, strlen(kept));
	return rc;
}

void callback_token_make(const unsigned char key[CALLBACK_KEY], const char *provider,
			 char out[CALLBACK_TOKEN])
{
	unsigned char mac[crypto_auth_BYTES];

	(void)crypto_auth(mac, (const unsigned char *)provider, strlen(provider), key);
	(void)sodium_bin2base64(out, CALLBACK_TOKEN, mac, 24,
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(mac, sizeof(mac));
}
