/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means for its message: the rules of delivery, without store
 * or threads.
 *
 * Only what is proved not sent goes back to the queue. Everything that is not
 * understood is uncertain, and is settled by what the provider promises:
 *   A  it de-duplicates our reference: the same reference again, to the same
 *      provider, while 0.8 of its window lasts (and its day, where it says so)
 *   B  it can be asked by our reference: found is sent, "not found" twice is not
 *   C  its receipts echo our reference: wait for one
 *   D  nothing: an officer decides */
#ifndef MOIDAN_DISPATCH_JUDGE_H
#define MOIDAN_DISPATCH_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/outbox.h"

/* Due at no time: an officer has to act. */
#define JUDGE_NEVER INT64_MAX

struct judgement {
	enum message_event event; /* ACCEPTED, NOT_SENT, GIVE_UP, REFUSED, UNKNOWN */
	int64_t due_at;		  /* as message_result */
	bool new_generation;
	bool
	    stop_provider; /* our account is at fault: send nothing more before somebody looked */
	bool dead_number; /* remember that the number is none */
};

/* seed is of the jitter. The result of a re-send (r->resend) is read with more care: the first try may
 * have been accepted. A refusal of the message itself (number, text, channel) is the same answer that
 * the first try got, for a provider that de-duplicates; but "not now", "too fast", "no money" or a
 * failed connection say nothing about the first try, and the message stays uncertain under the same
 * reference. */
struct judgement judge_result(const struct outbox_result *r, const struct provider_facts *facts,
			      const struct dispatch_config *cfg, uint64_t *seed);

/* How long after the sending a provider is asked about what is uncertain; before, "not found" proves nothing. */
int64_t judge_ask_after(const struct provider_facts *facts, const struct dispatch_config *cfg);

/* When a message that was accepted is first asked about, unless a receipt comes, and when nothing more is
 * waited for. A provider that cannot be asked: both at once. */
void judge_silence(const struct provider_facts *facts, const struct dispatch_config *cfg,
		   int64_t sent_at, int64_t *ask_at, int64_t *over);

enum judge_settle {
	JUDGE_RESEND, /* now, same reference, same provider */
	JUDGE_ASK,    /* now */
	JUDGE_WAIT,   /* until *due_at */
	JUDGE_OFFICER
};

/* What to do about an uncertain message whose time has come. facts NULL: its provider is no longer
 * configured. first_sent_at: when this reference first left. */
enum judge_settle judge_uncertain(const struct provider_facts *facts,
				  const struct dispatch_config *cfg, int64_t first_sent_at,
				  int64_t expires_at, int64_t now, int64_t *due_at);

#endif
