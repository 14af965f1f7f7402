/* SPDX-License-Identifier: Apache-2.0 */
/* Carries jobs out: HTTP POST (signed, idempotent by webhook-id) and e-mail
 * (one Message-ID a job), retried until the receiver said yes, alarmed when late. */
#ifndef MOIDAN_REPORT_DELIVER_H
#define MOIDAN_REPORT_DELIVER_H

#include "base/err.h"
#include "dispatch/engine.h"
#include "report/report.h"

struct event_base;
struct deliver;

/* Runs on the caller's loop; store work goes through the engine; e-mail in a thread of its own while
 * one is under way. NULL with e. */
struct deliver *deliver_new(struct event_base *base, struct engine *en,
			    const struct report_house *h, struct err *e);
void deliver_free(struct deliver *d);
/* Look again (a command, a reload). */
void deliver_wake(struct deliver *d);

/* Standard Webhooks: "v1,BASE64(HMAC-SHA256(secret, id.timestamp.body))". out holds 64 bytes. */
void deliver_signature(const char *secret, const char *id, int64_t timestamp_s, const char *body,
		       size_t len, char out[64]);

#endif
