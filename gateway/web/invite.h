/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up links: how somebody gets in the first time, or again. */
#ifndef MOIDAN_WEB_INVITE_H
#define MOIDAN_WEB_INVITE_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"
#include "web/secret.h"

/* How long a link may wait. */
#define INVITE_HOURS 24

/* Makes a link for an account; older ones end. token is in no store and is shown once. In a
 * transaction. */
MUST_CHECK int invite_make(struct store *st, int64_t account_id, const char *who,
			   char token[SECRET_TOKEN], struct err *e);
/* Its address: under console_url, else ("") under the host that asks, by TLS unless that is this machine: cookies
 * come back by nothing else. Yours. */
char *invite_link(const char *console_url, const char *host, const char *token);

#endif
