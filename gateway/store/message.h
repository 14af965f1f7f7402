/* SPDX-License-Identifier: Apache-2.0 */
/* The message and its states: one table, one door. */
#ifndef MOIDAN_STORE_MESSAGE_H
#define MOIDAN_STORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/store.h"

/* Numbers are stored: never renumber. 1 … 4 are open (somebody still has to do something). */
enum message_state {
	MESSAGE_HELD = 0,      /* waits for a person (after a restore, by an officer) */
	MESSAGE_QUEUED = 1,    /* to be sent at due_at or later */
	MESSAGE_SENDING = 2,   /* committed before the first byte left */
	MESSAGE_UNCERTAIN = 3, /* may or may not have been sent; due_at: when to settle */
	MESSAGE_SENT = 4,      /* accepted by the provider; due_at: when silence is given up on */
	MESSAGE_NO_RECEIPT = 5, /* 72 h of silence; a late receipt still counts */
	MESSAGE_DELIVERED = 10,
	MESSAGE_UNDELIVERED = 11,
	MESSAGE_REJECTED = 12,  /* permanently refused by the provider */
	MESSAGE_FAILED = 13,    /* proved not sent, tries used up; an officer may queue it again */
	MESSAGE_CANCELLED = 14, /* not sent, with a reason: done meanwhile, held, opted out … */
	MESSAGE_EXPIRED = 15,   /* not sent in time */
	MESSAGE_ABANDONED = 16, /* uncertain, given up by an officer */
	MESSAGE_LINKED = 17,    /* the same number got another row's message that day */
};

enum message_event {
	MESSAGE_EV_RELEASE,           /* an officer lets it go */
	MESSAGE_EV_HOLD,              /* an officer holds it */
	MESSAGE_EV_CLAIM,             /* taken for sending */
	MESSAGE_EV_ACCEPTED,          /* valid answer: accepted (or dup answer to a re-send) */
	MESSAGE_EV_NOT_SENT,          /* proved not sent or refused for now; tries left */
	MESSAGE_EV_GIVE_UP,           /* likewise, none left */
	MESSAGE_EV_REFUSED,           /* permanent code */
	MESSAGE_EV_UNKNOWN,           /* anything else; also: SENDING found at start-up */
	MESSAGE_EV_RESEND,            /* uncertain, the provider de-duplicates: same reference again */
	MESSAGE_EV_REQUEUE,           /* uncertain, proved not sent (query) or by an officer */
	MESSAGE_EV_ABANDON,           /* uncertain, an officer gives up */
	MESSAGE_EV_CANCEL,
	MESSAGE_EV_EXPIRE,
	MESSAGE_EV_LINK,
	MESSAGE_EV_PROMOTE,           /* the row it was linked to will not be sent: queued after all */
	MESSAGE_EV_RETRY,             /* an officer queues a failed one again */
	MESSAGE_EV_RECEIPT_DELIVERED,
	MESSAGE_EV_RECEIPT_FAILED,
	MESSAGE_EV_RECEIPT_SEEN,      /* a receipt that only proves that the provider has it */
	MESSAGE_EV_SILENCE,           /* no receipt in time */
	MESSAGE_EV_SKIP,              /* this rung cannot reach them: on to the next */
	MESSAGE_EV_HAND_OVER,         /* a letter or a visit is on its way, says an officer */
	MESSAGE_EV_COUNT
};

/* The law: 1 and *to when the event is legal in from; 0 when it is not (a receipt for a final state
 * is data and refused; our own illegal move is a fault). Source: the state table that the man page
 * moidan-states(7) prints. */
int message_next(enum message_state from, enum message_event ev, enum message_state *to);
/* The provider took it: it is paid for. */
bool message_was_accepted(enum message_state s);
bool message_is_final(enum message_state s); /* nothing more will happen by itself */
const char *message_state_name(enum message_state s);  /* "queued" … */
const char *message_state_vi(enum message_state s);    /* "chờ gửi" … */
const char *message_event_name(enum message_event ev);
int message_state_from_name(const char *name, enum message_state *s); /* 1 / 0 */

/* Our reference for a provider: INSTANCE-ID-GENERATION, e.g. "k3f9ab-1042-1". The generation changes
 * after each definite refusal and stays the same when an uncertain one is sent again, so that a
 * provider that de-duplicates only ever sees true repetitions. out holds 48 bytes. */
void message_ref_format(const char *instance, int64_t id, int generation, char out[48]);
/* 1 and the parts when ref is one of this instance; 0 otherwise. */
int message_ref_parse(const char *instance, const char *ref, int64_t *id, int *generation);

/* ---- planning -------------------------------------------------------------------------- */

struct message_plan {
	int64_t campaign_id, recipient_id;
	int step;              /* 0 = the invitation; for weekly streams the ISO week */
	int rung;              /* of the campaign's ladder, from 0 */
	int64_t onward;        /* ms of silence that end the rung; RUNG_NO_WAIT; 0 = the last rung */
	const char *skip;      /* why this rung cannot reach them: the row is cancelled at once */
	int64_t contact_id;    /* 0 = nobody's number */
	bool shared;           /* the contact has several recipients: link to an earlier one of the day */
	int64_t template_id;   /* version of the text */
	int audience;          /* index in the campaign */
	int64_t recipient_rev; /* of the recipient when it was planned */
	int64_t due_at, expires_at;
	int day;               /* civil day it is meant for (for linking) */
	bool ucs2;
	int segments;          /* 0 = a letter or a visit: it goes through no provider */
	const char *text;      /* as it goes out */
};

/* Inserts what is not there yet (UNIQUE campaign, recipient, step, rung): a second run adds nothing.
 * *inserted and *linked count the new rows. In a transaction. */
MUST_CHECK int store_message_plan(struct store *st, const struct message_plan *items, size_t n,
				  size_t *inserted, size_t *linked, struct err *e);

/* The step after the last that a recipient has of a campaign: of streams whose steps have no meaning. */
MUST_CHECK int store_message_step(struct store *st, int64_t campaign_id, int64_t recipient_id,
				  int *step, struct err *e);
/* The message of a recipient, campaign and step on a rung, or (-1) on any: 1 and *id, 0, -1. */
int store_message_at(struct store *st, int64_t campaign_id, int64_t recipient_id, int step,
		     int rung, int64_t *id, struct err *e);

/* ---- claiming -------------------------------------------------------------------------- */

/* One queued message that is due, with what may have changed since it was planned. */
struct message_candidate {
	int64_t id, campaign_id, recipient_id, contact_id, template_id;
	int step, rung, audience, attempts, generation, segments;
	bool ucs2;
	int64_t due_at, expires_at, planned_rev, onward;
	uint64_t number;
	const char *text;               /* borrowed for the call of decide */
	int64_t recipient_rev;          /* now */
	int recipient_state, recipient_hold; /* now */
	unsigned contact_flags;         /* enum contact_flag */
	int contact_day, contact_day_count, contact_week, contact_week_count;
	int contact_shared; /* how many rows of lists have this number */
};

/* SKIP: this rung cannot reach them, another may. */
enum claim_decision { CLAIM_SEND, CLAIM_CANCEL, CLAIM_SKIP, CLAIM_EXPIRE, CLAIM_POSTPONE, CLAIM_STOP };

struct claim_verdict {
	enum claim_decision decision;
	const char *reason;  /* static; for CANCEL, SKIP and POSTPONE */
	int64_t due_at;      /* for POSTPONE */
	int64_t contact_id;  /* for CANCEL and SKIP: not to this number, but it may be asked about again
			      * with that one, which its person has now; 0 = none */
	char *text; /* for SEND: what goes out instead of what was planned; given away. NULL */
	int segments; /* of text */
	bool ucs2;
};

/* A message that was claimed: SENDING once the transaction is committed. text is yours to free. */
struct message_claimed {
	int64_t id, campaign_id;
	uint64_t number;
	char *text;
	int segments, attempt, generation;
	bool ucs2;
	int provider_id;
};

struct message_claim {
	int64_t campaign_id;
	int rung;
	int64_t now;
	size_t max;          /* messages */
	int max_segments;    /* the rate that is left; at least one message is taken when > 0 */
	int provider_id;
	int civil_day, iso_week; /* for the counters of the contact */
	/* Asked for each, in order of due_at, inside the transaction. CLAIM_STOP ends the batch. */
	struct claim_verdict (*decide)(const struct message_candidate *c, void *arg);
	void *arg;
};

/* Takes due messages of one rung of a campaign. Appends to out (room for max). CANCEL, SKIP and EXPIRE of a row that
 * others are linked to promote the first of them. Returns 0 and *n, *examined; -1. In a transaction. */
MUST_CHECK int store_message_claim(struct store *st, const struct message_claim *c,
				   struct message_claimed *out, size_t *n, size_t *examined,
				   struct err *e);

/* One message, whatever its state, as a claim would see it; without its text. 1/0/-1 */
int store_message_candidate(struct store *st, int64_t id, struct message_candidate *out,
			    struct err *e);

/* When the next queued message on a rung of a campaign is due: 1 and *due_at, 0 when none is queued, -1. */
int store_message_next_due(struct store *st, int64_t campaign_id, int rung, int64_t *due_at,
			   struct err *e);

/* ---- results --------------------------------------------------------------------------- */

/* The outcome of one attempt, as the dispatcher decided it. */
struct message_result {
	int64_t id;
	int64_t campaign_id;        /* of the row and its segments, from the claim; 0 = read them again */
	int segments;
	int attempt;                /* guards against late results: must still be the current one */
	enum message_event event;   /* ACCEPTED, NOT_SENT, GIVE_UP, REFUSED, UNKNOWN */
	int64_t at;                 /* when the answer came */
	int64_t due_at;             /* NOT_SENT: next try; UNKNOWN: when to settle; ACCEPTED: when silence
				     * is given up on */
	bool new_generation;        /* NOT_SENT after a definite refusal */
	bool index_ref;             /* receipts come with the provider's reference only: index it */
	int provider_id;
	int class;                  /* enum outcome_class, as a number */
	int http_status;
	char code[32], provider_ref[64], reason[160];
};

/* Records results. A result whose message is no longer SENDING that attempt (a receipt was faster, or
 * it was settled) is kept as evidence in the attempt log and changes no state. In a transaction. */
MUST_CHECK int store_message_finish(struct store *st, const struct message_result *r, size_t n,
				    struct err *e);

/* SENDING of an older epoch -> UNCERTAIN, due for settling at once. *n counts. In a transaction. */
MUST_CHECK int store_message_recover(struct store *st, size_t *n, struct err *e);

/* Uncertain messages whose settling is due, oldest first. For SETTLE_DEDUP the caller claims them
 * again with store_message_resend. Borrowed text, see message_claimed. */
struct message_open {
	int64_t id, campaign_id, due_at, sent_at, expires_at, claimed_at;
	int provider_id, attempts, generation;
	enum message_state state;
};
MUST_CHECK int store_message_due(struct store *st, enum message_state state, int64_t now,
				 struct message_open *out, size_t max, size_t *n, struct err *e);
/* UNCERTAIN -> SENDING with the same generation; out as for a claim. On another day than its last try it
 * counts against the caps of its number again. In a transaction. */
MUST_CHECK int store_message_resend(struct store *st, int64_t id, int64_t now,
				    struct message_claimed *out, struct err *e);
/* Earliest due_at among all rows in state: 1/0/-1. */
int store_message_first_due(struct store *st, enum message_state state, int64_t *due_at,
			    struct err *e);
/* Moves due_at of a row that stays in its state. In a transaction. */
MUST_CHECK int store_message_postpone(struct store *st, int64_t id, int64_t due_at, struct err *e);

/* One event from a person or a timer (SILENCE, ABANDON, REQUEUE, RETRY, CANCEL, HOLD, RELEASE …).
 * 1 done, 0 not legal in its state (nothing changed), -1. reason is kept. In a transaction. */
int store_message_event(struct store *st, int64_t id, enum message_event ev, int64_t due_at,
			const char *reason, struct err *e);

/* All rows of a campaign in one state, in batches: 1 when rows may be left, 0 when done, -1. */
int store_message_event_campaign(struct store *st, int64_t campaign_id, enum message_state from,
				 enum message_event ev, const char *reason, size_t batch,
				 size_t *changed, struct err *e);

/* The clock was set back by so many ms: what is under way or uncertain was sent that much earlier by the
 * new time, and is as old as before. In a transaction. */
MUST_CHECK int store_message_clock_back(struct store *st, int64_t by, struct err *e);

/* Cancels what is queued or held in cancelled campaigns: what came back to the queue since, or was left
 * when a cancellation was cut short. At most batch rows; 1 when some may be left, 0, -1. In a
 * transaction. */
int store_message_withdraw(struct store *st, size_t batch, struct err *e);

/* ---- receipts -------------------------------------------------------------------------- */

struct message_receipt {
	int provider_id;
	int64_t message_id;         /* from our reference; 0 = find by provider_ref */
	char provider_ref[64];
	uint64_t phone;             /* 0 = not said; else must agree with the message's number */
	enum message_event event;   /* RECEIPT_DELIVERED, RECEIPT_FAILED, RECEIPT_SEEN */
	char code[32];
	int class;                  /* of a failure */
	int64_t at;                 /* provider's time, 0 = not said */
	int64_t received_at;
	bool asked;                 /* the answer to a question of ours */
	const char *raw;            /* the call as it came, kept for disputes; masked nowhere, purged */
	size_t raw_len;
};

enum receipt_fate {
	RECEIPT_APPLIED,   /* changed the message's state */
	RECEIPT_REPEATED,  /* the same receipt was stored before: nothing done */
	RECEIPT_NO_CHANGE, /* agrees with, or adds nothing to, the state */
	RECEIPT_CONFLICT,  /* contradicts a final state: stored, counted, state unchanged */
	RECEIPT_ORPHAN,    /* no message found yet: kept, tried again when its reference is recorded */
	RECEIPT_FATE_COUNT
};

/* Stores each raw receipt under a unique key and applies it, in the same transaction. fates (or NULL)
 * gets one a receipt. Answer the provider only after the commit. In a transaction. */
MUST_CHECK int store_message_receipts(struct store *st, const struct message_receipt *r, size_t n,
				      enum receipt_fate *fates, struct err *e);

/* ---- reading --------------------------------------------------------------------------- */

struct message_row {
	int64_t id, campaign_id, recipient_id, linked_to;
	int step, rung, attempts, segments, provider_id, class, http_status;
	enum message_state state;
	uint64_t number;
	bool ucs2;
	int64_t planned_at, due_at, expires_at, sent_at, final_at;
	char *text, *reason, *code, *provider_ref; /* yours; message_row_clear() */
};
void message_row_clear(struct message_row *r);
/* 1/0/-1 */
int store_message_get(struct store *st, int64_t id, struct message_row *out, struct err *e);

struct message_filter {
	int64_t campaign_id;   /* 0 = any */
	int state;             /* -1 = any */
	uint64_t number;       /* 0 = any */
	int64_t recipient_id;  /* 0 = any */
	int64_t after_id;      /* keyset */
	int64_t until_id;      /* not beyond this one; 0 = to the end. Nothing along a number */
};
/* The largest id of a message; 0 = there is none. */
MUST_CHECK int store_message_last(struct store *st, int64_t *id, struct err *e);
/* An id (or 0) before which no message of f's campaign and state is; INT64_MAX: there
 * is none at all. */
MUST_CHECK int store_message_begin(struct store *st, const struct message_filter *f, int64_t *id,
				   struct err *e);
/* Calls fn for at most max rows in order of id; fn returns false to stop. By number: those of the people who have
 * it now, or when nobody has it, all to that number, which takes its time in a large table. */
MUST_CHECK int store_message_list(struct store *st, const struct message_filter *f, size_t max,
				  bool (*fn)(const struct message_row *r, void *arg), void *arg,
				  struct err *e);

/* The attempts of a message, the current one included, oldest first. */
struct message_attempt {
	int n, generation, provider_id, class, http_status;
	int64_t epoch, started_at, ended_at;
	const char *code, *provider_ref, *reason;
};
MUST_CHECK int store_message_attempts(struct store *st, int64_t id,
				      void (*fn)(const struct message_attempt *a, void *arg),
				      void *arg, struct err *e);

/* Counts by state of a campaign (0 = all campaigns) and of a unit (0 = all); also segments of what
 * was accepted. */
struct message_counts {
	int64_t by_state[32];
	int64_t total, segments_accepted;
	int64_t segments_open; /* of what may still go, or may have gone */
};
MUST_CHECK int store_message_counts(struct store *st, int64_t campaign_id, int64_t unit_id,
				    struct message_counts *out, struct err *e);

/* How many messages of each campaign were found on a civil day to be accepted by a provider, and to have reached the
 * telephone (whenever they were sent); campaigns of which none was are left out. */
MUST_CHECK int store_message_day(struct store *st, civil_day day,
				 void (*fn)(int64_t campaign_id, int64_t sent, int64_t delivered,
					    void *arg),
				 void *arg, struct err *e);
/* How many of each campaign's messages wait that are due before a moment, campaigns with none left out. Counted along
 * an index: some 20 ms for a million. */
MUST_CHECK int store_message_due_before(struct store *st, int64_t before,
					void (*fn)(int64_t campaign_id, int64_t n, void *arg),
					void *arg, struct err *e);

#endif
