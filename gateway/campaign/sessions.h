/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to sessions: announced, moved, cancelled, held; who came. Each verb
 * opens and commits its own transaction and is audited. Everything that was to go
 * out about a session and is no longer true is withdrawn in that transaction. */
#ifndef MOIDAN_CAMPAIGN_SESSIONS_H
#define MOIDAN_CAMPAIGN_SESSIONS_H

#include "campaign/campaign.h"
#include "store/session.h"

/* What a change came to. */
struct session_change {
	int corrected; /* were told of it before: a correction is on its way */
	int withdrawn; /* were not told yet: are invited anew by the next pass */
	int by_hand; /* must be told by somebody: no message, no approved text, a seat given by hand */
};

/* Adds or changes sessions (see store_session_put), all or none; running campaigns look at once. what
 * (or NULL) gets one a session. -1 with EX_DATAERR when one has no place, no seats, ends before it
 * begins, or lies on a holiday or on a day off of its hamlet. */
MUST_CHECK int campaign_sessions_put(struct store *st, const struct campaign_house *house,
				     struct session *list, size_t n, enum session_put *what,
				     const char *who, struct err *e);

/* It does not take place. Seats are given back; those who were told get the audience's text for
 * `cancelled`, until the hour it would have begun. -1 with EX_DATAERR when it has begun. */
MUST_CHECK int campaign_session_cancel(struct store *st, const struct campaign_house *house,
				       int64_t id, const char *reason, const char *who,
				       struct session_change *out, struct err *e);

/* It takes place as `to` says (day, hours, place, unit; the rest stays). Those who were told keep their
 * seats and get the text for `moved` and the reminders anew. */
MUST_CHECK int campaign_session_move(struct store *st, const struct campaign_house *house,
				     int64_t id, const struct session *to, const char *who,
				     struct session_change *out, struct err *e);

/* The recipient came, or did not (SEAT_CAME, SEAT_ABSENT). Who came is put into the audience's state for
 * that and thanked where it has a text. Somebody who came without an appointment here gets a seat if one is
 * free: *seated says whether; one that they have at another session is given back. Who turns out not to
 * have come is in the state before, and not thanked. 1 done; 0 nothing to do: it is recorded already, or absent without an
 * appointment; -1. */
int campaign_session_attend(struct store *st, const struct campaign_house *house, int64_t id,
			    int64_t recipient_id, enum seat_state came, const char *who,
			    bool *seated, struct err *e);
/* Everybody of whom nothing is recorded was absent. Only once it has begun. *n counts. */
MUST_CHECK int campaign_session_close(struct store *st, int64_t id, const char *who, int *n,
				      struct err *e);
/* An officer gives somebody a seat, without a message. 1; 0 when there is none or they have an
 * appointment; -1. EX_DATAERR for whoever is held or dead. */
int campaign_session_seat(struct store *st, int64_t id, int64_t recipient_id, const char *who,
			  struct err *e);

/* The hamlet that a place names ("Văn phòng ấp Tân Phú"), 0 = none. */
MUST_CHECK int campaign_place_unit(struct store *st, const char *place, int64_t *unit_id,
				   struct err *e);

#endif
