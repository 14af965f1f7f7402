/* SPDX-License-Identifier: Apache-2.0 */
#include "web/invite.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

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

/* What browsers take for this machine (W3C Secure Contexts, 3.1). */
static bool invite_is_here(const char *host)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (strncasecmp(host, names[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
			return true;
	}
	return false;
}

char *invite_link(const char *console_url, const char *host, const char *token)
{
	size_t n = strlen(console_url);

	while (n > 0 && console_url[n - 1] == '/')
		n--;
	return n > 0 ? mem_printf("%.*s/setup/%s", (int)n, console_url, token)
		     : mem_printf("http%s://%s/setup/%s", invite_is_here(host) ? "" : "s", host,
				  token);
}
