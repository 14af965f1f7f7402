/* SPDX-License-Identifier: Apache-2.0 */
/* A provider that sends nothing: a real HTTP server on loopback which answers,
 * refuses, delays and sends receipts as eSMS does. For the demo, for trials
 * and for tests; it has no path to any network but loopback. */
#ifndef MOIDAN_PROVIDER_SANDBOX_H
#define MOIDAN_PROVIDER_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sandbox_config {
	int port;	      /* 0 = any */
	uint64_t seed;	      /* of what happens to whom */
	int delay_ms;	      /* answers come after up to this long */
	int receipt_delay_ms; /* receipts after up to this long */
	int refuse_per_mille; /* "99 number blocked" */
	int busy_per_mille;   /* HTTP 503, or 429 with Retry-After */
	int drop_per_mille;   /* processes the request, then closes without an answer */
	int undelivered_per_mille;
	int duplicate_receipt_per_mille;
	bool forgets;	    /* knows no RequestId again: the same one twice is two messages */
	const char *ledger; /* file to which every processed message is written and fsynced as
				   * one line "ref phone segments\n" before it is answered; NULL = none */
};

/* Serves until SIGTERM, in this process. Writes the port as one decimal line to ready_fd and closes
 * it once it listens (-1 = no). 0, or -1 with e. */
MUST_CHECK int sandbox_run(const struct sandbox_config *cfg, int ready_fd, struct err *e);

#endif
