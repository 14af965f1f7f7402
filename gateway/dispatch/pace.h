/* SPDX-License-Identifier: Apache-2.0 */
/* How fast one provider may be talked to: segments a second, requests in
 * flight, pauses that it asked for, and a fuse for when it is down. Pure: time
 * comes in as an argument. */
#ifndef MOIDAN_DISPATCH_PACE_H
#define MOIDAN_DISPATCH_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t rate;	      /* segments a second; 0 = no limit */
	int64_t limit;	      /* requests in flight at once */
	int64_t in_flight;    /* requests whose result is not yet committed */
	int64_t along;	      /* messages that go along in them, beside the first of each */
	int64_t tokens;	      /* thousandths of a segment; below zero after a long message */
	int64_t refilled_at;  /* when tokens were last counted */
	int64_t paused_until; /* nothing is sent before */
	int failures;	      /* answers in a row that spoke of a provider in trouble */
	int trips;	      /* pauses in a row that the fuse made */
};

void pace_init(struct pace *p, int64_t rate, int64_t limit);
/* New limits after a reload; what is in flight and paused stays so. */
void pace_set(struct pace *p, int64_t rate, int64_t limit);

/* Requests that may be made now, and segments; 0 when none. */
int64_t pace_room(const struct pace *p, int64_t now);
int pace_segments(struct pace *p, int64_t now);

/* A message of so many segments was claimed; its result is settled. */
void pace_take(struct pace *p, int segments);
void pace_give_back(struct pace *p);
/* The same of one that goes along in the request of another. */
void pace_take_along(struct pace *p, int segments);
void pace_give_back_along(struct pace *p);

/* When there will be room by time alone: now when there is, INT64_MAX when only a result makes
 * room. */
int64_t pace_next(struct pace *p, int64_t now);

/* The provider asked for a pause (Retry-After). */
void pace_pause(struct pace *p, int64_t until);
/* It answered like a provider that works. */
void pace_worked(struct pace *p);
/* It was unreachable, overloaded or silent. After some in a row the fuse blows: a pause of 1 s that
 * doubles to 60 s, with one message at a time as a probe, so that an outage burns neither the tries of
 * a whole queue nor leaves a whole queue uncertain. True when it blew just now. */
bool pace_failed(struct pace *p, int64_t now);

#endif
