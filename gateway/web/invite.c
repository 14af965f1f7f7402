/* SPDX-License-Identifier: Apache-2.0 */
#include "web/invite.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/account.h"

int invite_make(struct store *st, int64_t account_id, const char *who, char token[SECRET_TOKEN],
		struct err *e)
{
	unsigned char hash[ACCOUNT_HASH], totp[ACCOUNT_TOTP];
	int rc;

	secret_token_new(token);
	secret_token_hash(token, hash);
	secret_totp_new(totp);
	rc = store_link_add(st, hash, account_id, totp,
			    clock_now_ms() + INVITE_HOURS * CLOCK_HOUR_MS, who, e);
	explicit_bzero(totp, sizeof(totp));
	return rc;
}

char *invite_link(const char *public_url, const char *host, const char *token)
{
	size_t n = public_url != NULL ? strlen(public_url) : 0;

	while (n > 0 && public_url[n - 1] == '/')
		n--;
	return n > 0 ? mem_printf("%.*s/setup/%s", (int)n, public_url, token)
		     : mem_printf("http://%s/setup/%s", host, token);
}
