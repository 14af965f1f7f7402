/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/once.h"

#include <event2/event.h>

/* Whoever waits, and on what. */
struct once {
	struct event_base *base;
	http_done_fn done;
	void *arg;
};

static void once_on_reply(const struct http_reply *reply, void *arg)
{
	struct once *o = arg;

	o->done(reply, o->arg);
	(void)event_base_loopbreak(o->base);
}

int http_once(const struct http_limits *limits, const struct http_request *req,
	      http_done_fn done, void *arg, struct err *e)
{
	struct once o = {.base = event_base_new(), .done = done, .arg = arg};
	struct http *http;
	int rc = -1;

	if (o.base == NULL)
		return err_set(e, EX_OSERR, "no event loop");
	http_global_init();
	http = http_new(o.base, limits, e);
	if (http != NULL && http_send(http, req, once_on_reply, &o, e) == 0) {
		(void)event_base_dispatch(o.base);
		rc = 0;
	}
	http_free(http);
	event_base_free(o.base);
	return rc;
}
