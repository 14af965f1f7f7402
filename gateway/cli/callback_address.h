/* SPDX-License-Identifier: Apache-2.0 */
/* Where a provider's calls arrive: PUBLIC_URL/callbacks/NAME/TOKEN. The token proves a call to be the provider's;
 * it is derived from one key in the store, so that it survives restarts, and a provider that is added has
 * one too. */
#ifndef MOIDAN_CLI_CALLBACK_ADDRESS_H
#define MOIDAN_CLI_CALLBACK_ADDRESS_H

#include "base/err.h"
#include "store/store.h"

#define CALLBACK_KEY   32 /* bytes */
#define CALLBACK_TOKEN 33 /* characters, with the NUL */

/* Reads the key, and makes it when there is none; st can write. 0, or -1 with e. */
MUST_CHECK int callback_key_load(struct store *st, unsigned char key[CALLBACK_KEY],
				 struct err *e);
/* The token of a provider. */
void callback_token_make(const unsigned char key[CALLBACK_KEY], const char *provider,
			 char out[CALLBACK_TOKEN]);

#endif
