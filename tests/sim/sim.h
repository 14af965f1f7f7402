/* SPDX-License-Identifier: Apache-2.0 */
/* A commune in miniature: the real store and outbox on a disk that can lose power, providers and people
 * simulated, time virtual, all chance from one seed. */
#ifndef MOIDAN_TESTS_SIM_SIM_H
#define MOIDAN_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/outbox.h"
#include "sim/disk.h"
#include "sim/random.h"
#include "support/world.h"

#define SIM_MESSAGES  80
#define SIM_EVENTS    1024
#define SIM_DIALECTS  3 /* of SMS: esms, kannel, speedsms; and Zalo's, who speak alike */
#define SIM_PROVIDERS 6
#define SIM_LADDER    "zalo:2h,sms"
#define SIM_WAIT      (2 * CLOCK_HOUR_MS)
#define SIM_RESULTS   64
#define SIM_POSTS     64
#define SIM_ROOM      8

/* What can go wrong, per mille of its occasions. A seed has some of it only: what is rare beside
 * everything else is common without it. */
struct sim_faults {
	unsigned no_connection, lost_request, lost_answer, busy, garbage, no_money;
	unsigned bad_number, bad_text;
	unsigned lost_receipt, double_receipt, early_receipt, wrong_receipt;
	unsigned outage, rollback;
	unsigned crash, crash_while_handing_over, full, sync_error, jump, person;
};

/* One request under way. */
struct sim_call {
	int64_t id, campaign_id;
	int generation, attempt, provider_id, route;
	uint64_t number;
	bool resend, query;
	int64_t sent_at;
	int segments;
	int life; /* of the process that sent it */
};

struct sim_answer {
	enum http_phase phase;
	int status;
	const char *retry_after;
	char body[160];
};

enum sim_event_kind { SIM_ARRIVAL, SIM_ANSWER, SIM_RECEIPT };

struct sim_event {
	enum sim_event_kind kind;
	int64_t at; /* monotonic */
	uint64_t order;
	struct sim_call call;
	struct sim_answer answer;
	struct message_receipt receipt;
	int tries;
};

/* Something for the store thread. */
struct sim_post {
	struct sim_event receipt;
	bool is_receipt;
	enum message_event event; /* an officer's, about message id */
	int64_t id;
	enum { SIM_MOVE, SIM_HOLD, SIM_OPT_OUT, SIM_DONE, SIM_UNSTOP } what;
	bool applied;
};

/* An entry in a provider's ledger. */
struct sim_entry {
	int64_t id, at;
	int32_t day; /* civil day that it came */
	int generation, route;
	bool counts; /* a message went out for it */
};

/* What was seen of a message. */
struct sim_message {
	int64_t id, campaign_id, recipient_id, due_at, expires_at, sent_at, linked_to;
	int rung;
	int64_t ended_at; /* first seen as one that did not arrive; 0 = it was not */
	uint64_t number;
	enum message_state state;
	int attempts;
	int sent;	/* how often a provider sent it */
	int permits;	/* how often an officer queued it again from UNCERTAIN, or retried it */
	bool uncertain; /* was seen so */
	bool said;	/* an officer said that it was sent */
	int32_t day;	/* civil day of its last claim */
};

struct sim {
	struct world *w; /* house, calendar, providers; its store is the one of now */
	uint64_t seed, luck;
	struct sim_faults faults;
	struct disk *disk;
	struct outbox *o;
	struct provider *providers[SIM_PROVIDERS];
	int dialects[SIM_PROVIDERS];
	size_t n_providers;
	bool ladder;	     /* its campaigns have two rungs */
	int64_t recovered_at; /* nothing goes wrong since */
	int life;
	bool quiet;   /* nothing goes wrong any more */
	bool jumped;  /* the clock did */
	bool telling; /* and no turn was committed since: a crash now hides it */
	bool trace;
	int64_t wake, retry_at;
	int64_t silent_until; /* monotonic: no provider answers before */
	struct sim_event events[SIM_EVENTS];
	size_t n_events;
	uint64_t order;
	struct outbox_result results[SIM_RESULTS];
	size_t n_results;
	struct sim_post posts[SIM_POSTS];
	size_t n_posts;
	struct sim_entry ledger[4 * SIM_MESSAGES];
	size_t n_ledger;
	struct sim_message seen[SIM_MESSAGES];
	size_t n_seen;
	int64_t campaigns[4];
	size_t n_campaigns;
	int n_people;
	struct sim_totals {
		int64_t steps, turns, crashes, messages, sent, twice, uncertain, officer, full,
		    jumps, down;
	} totals;
};

/* Runs one seed on a copy of blank, a disk with an empty database; ends the process when something does
 * not hold. Adds to totals. */
void sim_run(struct world *w, const struct disk *blank, uint64_t seed, bool trace,
	     struct sim_totals *totals);

/* Says what happens, when asked to. */
void sim_say(const struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Something does not hold: says so with the seed, and ends the process. */
_Noreturn void sim_fail(const struct sim *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- net.c: providers, and what lies between ------------------------------------------------- */

void sim_send(struct sim *s, const struct outbox_item *item);
/* The next thing that happens outside; INT64_MAX: nothing. Monotonic. */
int64_t sim_next_event(const struct sim *s);
/* Everything until now. up: the gateway is there to be answered and called. */
void sim_happen(struct sim *s, bool up);
void sim_again(struct sim *s, struct sim_event *receipt);

/* ---- check.c: what must hold ----------------------------------------------------------------- */

/* A number for the state of all messages. */
uint64_t sim_digest(struct sim *s);
/* Looks at all messages, compares with what was seen before. */
void sim_look(struct sim *s);
/* What a report would say is what the queue holds. */
void sim_check_figures(struct sim *s);
/* An item is about to leave. */
void sim_check_item(struct sim *s, const struct outbox_item *item, int64_t now);
/* A provider sent it. */
void sim_check_sent(struct sim *s, const struct sim_call *call);
/* At the end. */
void sim_check_end(struct sim *s);
struct sim_message *sim_message(struct sim *s, int64_t id);

#endif
