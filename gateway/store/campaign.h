/* SPDX-License-Identifier: Apache-2.0 */
/* Campaigns as rows, the texts they froze, the providers they go through. */
#ifndef MOIDAN_STORE_CAMPAIGN_H
#define MOIDAN_STORE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Numbers are stored. */
enum campaign_state {
	CAMPAIGN_DRAFT = 0,
	CAMPAIGN_SUBMITTED = 1,
	CAMPAIGN_APPROVED = 2,
	CAMPAIGN_RUNNING = 3, /* fan-out goes on or messages are due */
	CAMPAIGN_PAUSED = 4,
	CAMPAIGN_HALTED = 5,  /* stopped itself: error threshold, provider, money */
	CAMPAIGN_CANCELLED = 6,
};
const char *campaign_state_name(enum campaign_state s);

/* Lanes: a lower one goes first. */
enum lane { LANE_URGENT = 0, LANE_NOTICE = 1, LANE_BULK = 2 };

struct campaign {
	int64_t id;
	char *name;         /* unique, as the officer calls it */
	char *programme;
	char *audiences;    /* "A1,A2": the first that fits a row gives its text */
	char *channel;      /* of the first rung: "sms" */
	char *ladder;       /* "zalo:24h,sms:72h,letter,visit"; NULL = the channel alone */
	char *parameters;   /* JSON object: values for the texts (han, noi_lam …) */
	enum campaign_state state;
	enum lane lane;
	int accents;        /* enum sms_accents */
	int step;
	bool stream;        /* a standing stream (digests, single notices): never finished */
	int64_t cursor;     /* last recipient id that was fanned out; -1 = fan-out done */
	int64_t starts_at, expires_at; /* nothing before, nothing after */
	int64_t created_at, started_at, finished_at;
	char *created_by, *approved_by;
	char *hash;         /* of what was approved */
	char *halt_reason;
	bool quota;         /* so many a day as the deadline asks for, not all at once */
	int64_t pass_at;    /* the list is not gone over before; set by the fan-out */
	int64_t budget;     /* đồng that it may cost; 0 = no limit */
	int64_t catch_up;   /* ms after which what was due and did not go is stale; 0 = never */
	char *submitted_hash; /* what the author submitted for approval */
	char *only_when; /* predicate: for those of the audiences only; NULL = all of them */
};
void campaign_clear(struct campaign *c);
/* from as it is, with texts of its own; yours to clear. */
struct campaign campaign_copy(const struct campaign *from);

/* In a transaction; c->id is set. -1 with EX_DATAERR when the name is taken. */
MUST_CHECK int store_campaign_add(struct store *st, struct campaign *c, struct err *e);
/* Writes every field of an existing one. In a transaction. */
MUST_CHECK int store_campaign_update(struct store *st, const struct campaign *c, struct err *e);
/* 1/0/-1; yours to clear. */
int store_campaign_get(struct store *st, int64_t id, struct campaign *out, struct err *e);
int store_campaign_find(struct store *st, const char *name, struct campaign *out, struct err *e);
/* All in order of id; state -1 = any. Borrowed. */
MUST_CHECK int store_campaign_list(struct store *st, int state,
				   void (*fn)(const struct campaign *c, void *arg), void *arg,
				   struct err *e);

/* A version of a text: the same text gives the same id. In a transaction. */
MUST_CHECK int store_template_put(struct store *st, const char *name, const char *text,
				  int64_t *id, struct err *e);
int store_template_get(struct store *st, int64_t id, char **name, char **text, struct err *e);

/* Providers get a small number by name. In a transaction. */
MUST_CHECK int store_provider_put(struct store *st, const char *name, int *id, struct err *e);
/* A provider that must not be used: reason; NULL lifts it. In a transaction. */
MUST_CHECK int store_provider_stop(struct store *st, int id, const char *reason, struct err *e);
/* fn gets each; stopped_reason NULL when it may be used. */
MUST_CHECK int store_provider_list(struct store *st,
				   void (*fn)(int id, const char *name, const char *stopped_reason,
					      int64_t since, void *arg),
				   void *arg, struct err *e);

#endif
