/* SPDX-License-Identifier: Apache-2.0 */
/* One request, waited for: for commands. */
#ifndef MOIDAN_PROVIDER_ONCE_H
#define MOIDAN_PROVIDER_ONCE_H

#include "base/err.h"
#include "provider/http.h"

/* Sends req on a loop of its own; done is called before it returns. 0, or -1 with e when it could not be
 * started: then nothing was sent and done is not called. */
MUST_CHECK int http_once(const struct http_limits *limits, const struct http_request *req,
			 http_done_fn done, void *arg, struct err *e);

#endif
