/* SPDX-License-Identifier: Apache-2.0 */
/* Carries the weekly summary out of the house, and turns the weekly clockwork.
 *
 * A job goes out at least once and is known by the same name each time: an HTTP
 * POST by its webhook-id, an e-mail by its Message-ID ("INSTANCE-weekly-202324-7",
 * 7 being the job), with the same body, so that a receiver can tell a repetition.
 *   2xx                     done
 *   408, 425, 429, 5xx, no  tried again after 1, 4, 9 … minutes, at most an hour;
 *   answer, SMTP 4xx        Retry-After (seconds) is honoured up to an hour, never sooner
 *   anything else           the receiver or our configuration is wrong: an alarm at
 *                           once, and a try each hour in case somebody mends it
 * (redirects are never followed), until three days after the deadline: then the
 * job has failed. An alarm (report_late) is logged once when a job is not done at
 * push_by, and once at the deadline; a process that starts later says it again. */
#ifndef MOIDAN_REPORT_DELIVER_H
#define MOIDAN_REPORT_DELIVER_H

#include <stdint.h>

#include "base/err.h"
#include "base/shared.h"
#include "dispatch/engine.h"
#include "report/report.h"

struct event_base;
struct deliver;

/* Runs on the caller's loop; store work goes through the engine; an e-mail has a thread of its own
 * while it is under way. Checks h's configuration and reads its secrets. held is what keeps h, or NULL: a hold
 * is taken. NULL with e (EX_CONFIG). */
struct deliver *deliver_new(struct event_base *base, struct engine *en,
			    const struct report_house *h, struct shared *held, struct err *e);
/* Before engine_stop(). Waits for e-mails under way (30 s at most); a POST under way is given up and
 * repeated at the next start. A look under way ends, with its hold on the house, by engine_stop(). NULL is
 * allowed. */
void deliver_free(struct deliver *d);
/* Look again (a command, a reload). */
void deliver_wake(struct deliver *d);
/* A new configuration, or -1 with e and the old one stays. The house before is held while a look of it is under
 * way, and what goes out goes on to the receivers that it began with. */
MUST_CHECK int deliver_reconfigure(struct deliver *d, const struct report_house *h,
				   struct shared *held, struct err *e);

/* Standard Webhooks: "v1,BASE64(HMAC-SHA256(secret, id.timestamp.body))", secret being
 * "whsec_BASE64". 0, or -1 (EX_CONFIG) when it is not. */
MUST_CHECK int deliver_signature(const char *secret, const char *id, int64_t timestamp_s,
				 const char *body, size_t len, char out[64], struct err *e);

#endif
