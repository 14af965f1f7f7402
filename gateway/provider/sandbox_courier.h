/* SPDX-License-Identifier: Apache-2.0 */
/* Carries the sandbox's receipts to loopback receivers: a few kept connections
 * to each, the rest waits in line. A receiver that is not there yet, or does not
 * answer 2xx, is asked again five times, as eSMS asks, within eight seconds. */
#ifndef MOIDAN_PROVIDER_SANDBOX_COURIER_H
#define MOIDAN_PROVIDER_SANDBOX_COURIER_H

#include <stdbool.h>

struct courier;
struct event_base;

struct courier *courier_new(struct event_base *base);

/* Ends what is under way; what waits is lost. NULL is allowed. */
void courier_free(struct courier *c);

/* Whether url is plain http on 127.0.0.1, localhost or [::1]: nothing else is ever called. */
bool courier_may_call(const char *url);

/* Calls url by GET with query added to it, delay_ms from now. The url must be one that
 * courier_may_call(). Both are copied. */
void courier_post(struct courier *c, const char *url, const char *query, int delay_ms);

#endif
