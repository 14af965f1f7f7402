/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of a machine at a place, their seats, and the days of a campaign that
 * is paced by them. */
#ifndef MOIDAN_STORE_SESSION_H
#define MOIDAN_STORE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/message.h"
#include "store/store.h"

/* Numbers are stored. */
enum session_state { SESSION_OPEN = 0, SESSION_CANCELLED = 1 };

/* Text is borrowed by the verbs that write and owned (session_clear) by those that read. */
struct session {
	int64_t id;
	char *programme;
	civil_day day;
	int opens, closes; /* minutes of the day */
	char *place;	   /* "Văn phòng ấp Tân Phú" */
	int64_t unit_id;   /* only for people of this hamlet; 0 = for everybody */
	int seats, taken;  /* taken: read only */
	char *team;	   /* who brings the machine; NULL */
	char *documents;   /* what to bring; NULL */
	enum session_state state;
	char *reason; /* why it is cancelled */
};
void session_clear(struct session *s);
/* When it begins, UTC ms. */
int64_t session_begins(const struct session *s);

enum session_put { SESSION_NEW, SESSION_CHANGED, SESSION_SAME };

/* By programme, day, beginning and place among those that are not cancelled: made, or its end, seats,
 * team and documents brought up to date. s->id is set. -1 with EX_DATAERR when it would have fewer seats
 * than are taken. In a transaction. */
MUST_CHECK int store_session_put(struct store *st, struct session *s, enum session_put *what,
				 struct err *e);
/* Writes day, hours, place, unit, seats, team, documents, state and reason of an existing one. -1 with
 * EX_DATAERR when another session stands there already, or seats are fewer than taken. In a
 * transaction. */
MUST_CHECK int store_session_update(struct store *st, const struct session *s, struct err *e);
/* 1/0/-1; yours to clear. */
int store_session_get(struct store *st, int64_t id, struct session *out, struct err *e);
/* In order of day and hour; programme NULL = all; only those that are on from_day or later. Borrowed. */
MUST_CHECK int store_session_list(struct store *st, const char *programme, civil_day from_day,
				  void (*fn)(const struct session *s, void *arg), void *arg,
				  struct err *e);

/* Numbers are stored. */
enum seat_state {
	SEAT_INVITED = 0,
	SEAT_CAME = 1,
	SEAT_ABSENT = 2,
	SEAT_FREED = 3, /* given back: cancelled, moved before it was announced, no longer needed */
};

struct seat {
	int64_t id, session_id, recipient_id;
	int64_t campaign_id; /* 0 = given by hand */
	int since, round; /* count what was announced to this recipient in the campaign: at the
			   * invitation, and by now */
	int audience;	     /* index in the campaign */
	enum seat_state state;
};

/* Takes a seat: 1 and s->id; 0 when the session is full, cancelled, or the recipient has an appointment
 * already (nothing changed); -1. Two who race for the last one: the second gets 0. In a transaction. */
int store_seat_take(struct store *st, struct seat *s, struct err *e);
/* INVITED -> CAME, ABSENT, FREED, and between CAME and ABSENT (a correction). FREED gives the place
 * back. 1 done, 0 not from its state, -1. In a transaction. */
int store_seat_set(struct store *st, int64_t id, enum seat_state to, struct err *e);
/* A new round of an open seat: what was announced before is history. In a transaction. */
MUST_CHECK int store_seat_round(struct store *st, int64_t id, int round, struct err *e);
/* Seats of a session that are not freed, in order of id; fn false to stop. */
MUST_CHECK int store_seat_list(struct store *st, int64_t session_id,
			       bool (*fn)(const struct seat *s, void *arg), void *arg,
			       struct err *e);
/* How many of them are of people of a hamlet. */
MUST_CHECK int store_seat_count_of_unit(struct store *st, int64_t session_id, int64_t unit_id,
					int64_t *n, struct err *e);
/* Open seats of a campaign in sessions that begin on from_day or later. */
MUST_CHECK int store_seat_open(struct store *st, int64_t campaign_id, civil_day from_day,
			       bool (*fn)(const struct seat *s, void *arg), void *arg,
			       struct err *e);
/* 1/0/-1: the seat of the recipient at the session, whatever its state but freed. */
int store_seat_find(struct store *st, int64_t session_id, int64_t recipient_id,
		    struct seat *out, struct err *e);

/* The appointment that the recipient has: 1/0/-1. */
int store_seat_of(struct store *st, int64_t recipient_id, struct seat *out, struct err *e);

/* All seats of a recipient, freed ones too, in order. */
MUST_CHECK int store_seat_each_of(struct store *st, int64_t recipient_id,
				  bool (*fn)(const struct seat *s, void *arg), void *arg,
				  struct err *e);

/* What is behind a recipient. */
struct seat_history {
	bool open;     /* has an appointment */
	int invited;   /* invitations to sessions that took place or are to come */
	int rounds;    /* one more than the last round in the campaign */
};
MUST_CHECK int store_seat_history(struct store *st, int64_t recipient_id, int64_t campaign_id,
				  struct seat_history *out, struct err *e);

/* Over all sessions of a programme (NULL = all): how many came, were absent, are still open. */
struct seat_counts {
	int64_t came, absent, open;
};
MUST_CHECK int store_seat_counts(struct store *st, const char *programme,
				 struct seat_counts *out, struct err *e);

/* Messages of one recipient in a campaign whose steps lie from … to. */
MUST_CHECK int store_message_steps(struct store *st, int64_t campaign_id, int64_t recipient_id,
				   int from, int to,
				   bool (*fn)(int64_t id, int step, enum message_state state,
					      void *arg),
				   void *arg, struct err *e);
/* They are void from at on: what has not left by then never does. In a transaction. */
MUST_CHECK int store_message_void(struct store *st, int64_t campaign_id, int64_t recipient_id,
				  int from, int to, int64_t at, struct err *e);

/* ---- complaints ----------------------------------------------------------------------------- */

/* Holds it against the campaign if it wrote to the contact at `since` or later: 1 and *count of all of
 * the campaign when it is new, 0, -1. In a transaction. */
int store_complaint_add(struct store *st, int64_t campaign_id, int64_t contact_id,
			int64_t since, int64_t *count, struct err *e);

/* Calls fn for each contact that a message of a campaign went to at `since` or later, with a text of this
 * name: who got it already. */
MUST_CHECK int store_message_reached(struct store *st, const char *text, int64_t since,
				     int64_t but_campaign,
				     void (*fn)(int64_t contact_id, void *arg), void *arg,
				     struct err *e);

/* ---- the quota of a day ------------------------------------------------------------------- */

struct campaign_day {
	civil_day day;
	int64_t quota, planned;
	char *arithmetic; /* JSON */
};
/* 1/0/-1; arithmetic is yours to free(). */
int store_campaign_day_get(struct store *st, int64_t campaign_id, civil_day day,
			   struct campaign_day *out, struct err *e);
/* Writes it, planned included. In a transaction. */
MUST_CHECK int store_campaign_day_put(struct store *st, int64_t campaign_id,
				      const struct campaign_day *d, struct err *e);
/* In order of day. Borrowed. */
MUST_CHECK int store_campaign_day_list(struct store *st, int64_t campaign_id,
				       void (*fn)(const struct campaign_day *d, void *arg),
				       void *arg, struct err *e);
/* Running campaigns of a programme go over their list again at once. In a transaction. */
MUST_CHECK int store_campaign_pass_now(struct store *st, const char *programme, struct err *e);

#endif
