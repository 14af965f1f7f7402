/* SPDX-License-Identifier: Apache-2.0 */
/* A test: one message by itself, outside of any campaign. */
#include <stdio.h>

#include "base/clock.h"
#include "provider/once.h"
#include "provider/provider.h"

struct trial {
	const struct provider *p;
	struct outcome *out;
};

static void try_done(const struct http_reply *reply, void *arg)
{
	const struct trial *t = arg;

	provider_classify(t->p, reply, t->out);
}

int provider_try(const struct provider *p, uint64_t to, const char *text, const char *token,
		 struct outcome *out, struct err *e)
{
	struct trial t = {.p = p, .out = out};
	struct provider_request req;
	char ref[40];
	const struct provider_message m = {.to = to, .text = text, .ref = ref, .token = token};
	int rc;

	(void)snprintf(ref, sizeof(ref), "test-%llx", (unsigned long long)clock_now_ms());
	provider_request_init(&req);
	rc = provider_build_send(p, &m, &req, e);
	if (rc == 0)
		rc = http_once(&provider_facts(p)->http, &req.http, try_done, &t, e);
	provider_request_free(&req);
	return rc;
}
