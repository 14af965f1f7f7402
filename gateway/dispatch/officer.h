/* SPDX-License-Identifier: Apache-2.0 */
/* What an officer decides about one message, by the command line or the console. */
#ifndef MOIDAN_DISPATCH_OFFICER_H
#define MOIDAN_DISPATCH_OFFICER_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Queues a failed one again. Opens and commits its own transaction, audited. -1 with e (EX_DATAERR when
 * its state does not allow it). */
MUST_CHECK int officer_message_retry(struct store *st, int64_t id, const char *who,
				     struct err *e);
/* Lets a held one go: it is queued. Likewise. */
MUST_CHECK int officer_message_release(struct store *st, int64_t id, const char *who,
				       struct err *e);
/* Withdraws one that was not sent yet. Likewise. */
MUST_CHECK int officer_message_cancel(struct store *st, int64_t id, const char *who,
				      struct err *e);
/* The officer's word on an uncertain one: "sent" (the provider has it: silence is given up on after
 * receipt_silence ms), "not-sent" (it is queued again), "abandon". Likewise. *said (static, Vietnamese):
 * what became of it; EX_USAGE for another word. */
MUST_CHECK int officer_message_settle(struct store *st, int64_t id, const char *word,
				      int64_t receipt_silence, const char *who,
				      const char **said, struct err *e);

/* Uses a provider again that stopped itself, or rests because a quota was used up. Likewise. */
MUST_CHECK int officer_provider_resume(struct store *st, int id, const char *name, const char *who,
				       struct err *e);

#endif
