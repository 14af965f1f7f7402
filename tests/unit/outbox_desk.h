/* SPDX-License-Identifier: Apache-2.0 */
/* An outbox over a real store, driven turn by turn on a virtual clock; its items are answered by hand. */
#ifndef TESTS_OUTBOX_DESK_H
#define TESTS_OUTBOX_DESK_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/outbox.h"
#include "support/world.h"

#define DESK_ROOM 400

/* Thứ Năm 15/6/2023, 09:00 in Việt Nam: inside the house's hours. */
#define NINE	 INT64_C(1686794400000)
#define MIDNIGHT (NINE - 9 * CLOCK_HOUR_MS)
#define NUMBER	 UINT64_C(84912000000)

struct desk {
	struct world w;
	struct outbox *o;
	struct outbox_item items[DESK_ROOM];
	size_t n;     /* items of the last turn */
	size_t room;  /* of a turn */
	int64_t wake; /* that it said */
	struct err e;
};

static inline void desk_outbox(struct desk *d)
{
	outbox_free(d->o);
	d->o = outbox_new(d->w.st, &d->w.dispatch, &d->w.house, d->w.providers,
			  d->w.n_providers, 46, &d->e);
	assert_non_null(d->o);
}

static inline void desk_open(struct desk *d, const char *description)
{
	memset(d, 0, sizeof(*d));
	clock_set_virtual(NINE);
	world_open(&d->w, NULL);
	world_add_provider(&d->w, "chinh", description, 9, 100, 100000);
	d->room = DESK_ROOM;
	desk_outbox(d);
}

static inline void desk_free_items(struct desk *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->items[i].msg.text);
	d->n = 0;
}

static inline void desk_close(struct desk *d)
{
	desk_free_items(d);
	outbox_free(d->o);
	world_close(&d->w);
	clock_set_real();
}

/* The process ends at once, another starts. */
static inline void desk_crash(struct desk *d)
{
	desk_free_items(d);
	outbox_free(d->o);
	d->o = NULL;
	world_reopen(&d->w);
	desk_outbox(d);
}

static inline struct outbox_turn desk_begin(struct desk *d, const struct outbox_result *r,
					    size_t n)
{
	desk_free_items(d);
	return (struct outbox_turn){.now = clock_now_ms(),
				    .results = r,
				    .n_results = n,
				    .items = d->items,
				    .room = d->room};
}

/* One turn with these results; returns how many items came. */
static inline size_t desk_turn(struct desk *d, const struct outbox_result *r, size_t n)
{
	struct outbox_turn t = desk_begin(d, r, n);

	if (outbox_turn(d->o, &t, &d->e) != 0)
		fail_msg("turn: %s", d->e.text);
	d->n = t.n_items;
	d->wake = t.wake;
	return t.n_items;
}

/* Turns until the next has nothing to do by time alone; returns the items of the last that had any
 * (they may be several batches: then the test wants room). */
static inline size_t desk_run(struct desk *d)
{
	size_t n = desk_turn(d, NULL, 0);

	while (n == 0 && d->wake <= clock_now_ms())
		n = desk_turn(d, NULL, 0);
	return n;
}

static inline void desk_to(struct desk *d, int64_t at)
{
	(void)d;
	clock_advance_virtual(at - clock_now_ms());
}

static inline struct outbox_result desk_answer(const struct outbox_item *item,
					       enum outcome_class class)
{
	return (struct outbox_result){
	    .id = item->msg.id,
	    .campaign_id = item->msg.campaign_id,
	    .number = item->msg.number,
	    .segments = item->msg.segments,
	    .attempt = item->msg.attempt,
	    .provider_id = item->msg.provider_id,
	    .resend = item->resend,
	    .more = item->more,
	    .at = clock_now_ms(),
	    .outcome = {
		.class = class, .wait_ms = -1, .wait_until_minute = -1, .quota_left = -1}};
}

/* Answers all items of the last turn alike; returns what the next turn claims. */
static inline size_t desk_answer_all(struct desk *d, enum outcome_class class)
{
	struct outbox_result r[DESK_ROOM];
	size_t n = d->n;

	for (size_t i = 0; i < n; i++)
		r[i] = desk_answer(&d->items[i], class);
	return desk_turn(d, r, n);
}

/* A bulk campaign that starts now and holds for three weeks. */
static inline int64_t desk_campaign(struct desk *d, const char *name, enum lane lane)
{
	int64_t id = world_add_campaign(&d->w, name, lane, clock_now_ms(),
					clock_now_ms() + 21 * CLOCK_DAY_MS);

	outbox_refresh(d->o);
	return id;
}

static inline void desk_row(struct desk *d, int64_t id, struct message_row *row)
{
	memset(row, 0, sizeof(*row));
	assert_int_equal(store_message_get(d->w.st, id, row, &d->e), 1);
}

static inline int64_t desk_due(struct desk *d, int64_t id)
{
	struct message_row row;
	int64_t due_at;

	desk_row(d, id, &row);
	due_at = row.due_at;
	message_row_clear(&row);
	return due_at;
}

static inline void desk_assert_reason(struct desk *d, int64_t id, enum message_state state,
				      const char *reason)
{
	struct message_row row;

	desk_row(d, id, &row);
	assert_string_equal(message_state_name(row.state), message_state_name(state));
	assert_string_equal(row.reason ? row.reason : "", reason);
	message_row_clear(&row);
}

#define assert_state(d, id, state)                                                             \
	assert_string_equal(message_state_name(world_state(&(d)->w, id)),                      \
			    message_state_name(state))

/* Something that a person or a provider does, in a transaction of its own. */
#define desk_do(d, call)                                                                       \
	do {                                                                                   \
		world_must(store_begin((d)->w.st, &(d)->e), &(d)->e, "begin");                 \
		world_must((call), &(d)->e, #call);                                            \
		world_must(store_commit((d)->w.st, &(d)->e), &(d)->e, "commit");               \
		outbox_refresh((d)->o);                                                        \
	} while (0)

/* A receipt by our reference or, with ref, by the provider's. */
static inline enum receipt_fate desk_receipt(struct desk *d, int64_t message_id,
					     const char *ref, enum message_event ev)
{
	struct message_receipt r = {.provider_id = 1,
				    .message_id = message_id,
				    .event = ev,
				    .received_at = clock_now_ms(),
				    .raw = "thử",
				    .raw_len = 3};
	enum receipt_fate fate;

	(void)snprintf(r.provider_ref, sizeof(r.provider_ref), "%s", ref ? ref : "");
	desk_do(d, store_message_receipts(d->w.st, &r, 1, &fate, &d->e));
	return fate;
}

#endif
