/* SPDX-License-Identifier: Apache-2.0 */
/* Asking providers what became of messages: the uncertain, and those that are silent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/judge.h"
#include "dispatch/outbox_impl.h"
#include "store/asked.h"

/* How often one message is asked about. */
#define ASK_UNCERTAIN 20
#define ASK_SILENT    12

static bool ask_wants_silent(const struct provider_facts *f, const struct message_row *row,
			     int64_t sent_at, int64_t now, int asked)
{
	bool can = f->query_by_ref ||
		   (f->query_by_id && row->provider_ref != NULL && *row->provider_ref != '\0');

	return can && asked < ASK_SILENT && now >= sent_at &&
	       now - sent_at < f->query_window_ms;
}

/* Puts a question among t's items; the message is looked at again in case no answer comes. */
static int ask_emit(struct outbox *o, struct outbox_turn *t, struct outbox_route *route,
		    const struct message_open *m, const struct message_row *row,
		    const struct message_asked *asked, struct err *e)
{
	struct message_asked next = {.asked = asked->asked + 1, .absent_at = asked->absent_at};
	int64_t again = asked->absent_at != 0
			    ? route->facts->query_after_ms
			    : outbox_backoff_ms(o->cfg->settle_after, next.asked, &o->seed);
	struct outbox_item *item = &t->items[t->n_items];

	if (store_asked_set(o->st, m->id, &next, e) < 0 ||
	    store_message_postpone(o->st, m->id, t->now + again, e) < 0)
		return -1;
	*item = (struct outbox_item){
	    .msg = {.id = m->id,
		    .campaign_id = m->campaign_id,
		    .number = row->number,
		    .text = row->provider_ref != NULL ? mem_strdup(row->provider_ref) : NULL,
		    .attempt = m->attempts,
		    .generation = m->generation,
		    .provider_id = m->provider_id},
	    .provider = route->provider,
	    .route = (int)(route - o->routes),
	    .query = true,
	    .sent_at = m->claimed_at};
	t->n_items++;
	pace_take(&route->pace, 0);
	FAILPOINT("ask.done");
	return 0;
}

int ask_message(struct outbox *o, struct outbox_turn *t, struct outbox_route *route,
		const struct message_open *m, enum ask_what *what, struct err *e)
{
	struct message_row row = {0};
	struct message_asked asked;
	int rc = store_asked_get(o->st, m->id, &asked, e);

	*what = ASK_NOTHING;
	if (rc == 0)
		rc = store_message_get(o->st, m->id, &row, e);
	if (rc <= 0)
		return rc;
	rc = 0;
	if (m->state == MESSAGE_UNCERTAIN
		? asked.asked >= ASK_UNCERTAIN
		: !ask_wants_silent(route->facts, &row, m->sent_at, t->now, asked.asked))
		goto out;
	if (pace_next(&route->pace, t->now) > t->now || route->stopped || route->waiting) {
		*what = ASK_LATER;
	} else if (t->n_items == t->room) {
		*what = ASK_FULL;
	} else {
		*what = ASK_ASKED;
		rc = ask_emit(o, t, route, m, &row, &asked, e);
	}
out:
	message_row_clear(&row);
	return rc;
}

/* ---- answers -------------------------------------------------------------------------------- */

/* What the provider says, kept and applied as a receipt is. */
static int ask_receipt(struct outbox *o, const struct outbox_result *r,
		       const struct message_row *row, struct err *e)
{
	const struct found *f = &r->found;
	struct message_receipt receipt = {
	    .provider_id = r->provider_id,
	    .message_id = r->id,
	    .event = f->state == FOUND_DELIVERED     ? MESSAGE_EV_RECEIPT_DELIVERED
		     : f->state == FOUND_UNDELIVERED ? MESSAGE_EV_RECEIPT_FAILED
						     : MESSAGE_EV_RECEIPT_SEEN,
	    .class = (int)f->error_class,
	    .at = f->at_ms,
	    .received_at = r->at,
	    .asked = true,
	    .raw = "asked for",
	    .raw_len = 9};
	enum receipt_fate fate;

	memcpy(receipt.code, f->code, sizeof(receipt.code));
	memcpy(receipt.provider_ref, f->provider_ref, sizeof(receipt.provider_ref));
	if (store_message_receipts(o->st, &receipt, 1, &fate, e) < 0)
		return -1;
	if (row->state == MESSAGE_UNCERTAIN && fate == RECEIPT_APPLIED)
		o->turn_stats.settled++;
	if (f->state != FOUND_ACCEPTED || row->state == MESSAGE_UNCERTAIN)
		return store_asked_set(o->st, r->id, NULL, e);
	return 0;
}

/* It was never there: said twice, query_after_ms apart, it is sent as if it never had been. The first may have
 * come while the provider was still writing it down. */
static int ask_absent(struct outbox *o, const struct outbox_result *r,
		      const struct provider_facts *facts, const struct message_row *row,
		      int64_t claimed_at, struct err *e)
{
	struct message_asked asked;
	int64_t age = r->at - claimed_at;
	int rc;

	if (row->state != MESSAGE_UNCERTAIN || age < judge_ask_after(facts, o->cfg) ||
	    age >= facts->query_window_ms)
		return 0;
	if (store_asked_get(o->st, r->id, &asked, e) < 0)
		return -1;
	if (asked.absent_at == 0 || r->at < asked.absent_at) {
		asked.absent_at = r->at;
		if (store_asked_set(o->st, r->id, &asked, e) < 0)
			return -1;
		o->settle_at = 0;
		return store_message_postpone(o->st, r->id, r->at + facts->query_after_ms, e);
	}
	if (r->at - asked.absent_at < facts->query_after_ms)
		return 0;
	rc = store_message_event(o->st, r->id, MESSAGE_EV_REQUEUE, r->at,
				 "nhà cung cấp không có tin này: gửi lại", e);
	if (rc <= 0)
		return rc;
	o->came_back = true;
	o->refresh = true;
	o->turn_stats.settled++;
	log_info("dispatch", "settled_by_query", "message=%lld found=no", (long long)r->id);
	return store_settled_add(o->st, SETTLED_BY_QUERY, e) < 0
		   ? -1
		   : store_asked_set(o->st, r->id, NULL, e);
}

int ask_answer(struct outbox *o, const struct outbox_result *r, struct err *e)
{
	struct outbox_route *route = outbox_route_by_id(o, r->provider_id);
	struct message_row row = {0};
	int rc;

	if (route == NULL)
		return err_set(e, EX_SOFTWARE,
			       "an answer of provider %d, which is not configured",
			       r->provider_id);
	pace_give_back(&route->pace);
	rc = store_message_get(o->st, r->id, &row, e);
	/* Of another attempt, or somebody decided meanwhile. */
	if (rc <= 0 || row.attempts != r->attempt ||
	    (row.state != MESSAGE_UNCERTAIN && row.state != MESSAGE_SENT))
		goto out;
	switch (r->found.state) {
	case FOUND_ACCEPTED:
	case FOUND_DELIVERED:
	case FOUND_UNDELIVERED:
		rc = ask_receipt(o, r, &row, e);
		o->refresh = true;
		break;
	case FOUND_NOT:
		rc = ask_absent(o, r, route->facts, &row, r->sent_at, e);
		break;
	case FOUND_UNKNOWN:
		log_debug("dispatch", "query_unanswered", "message=%lld reason=\"%s\"",
			  (long long)r->id, r->found.reason);
		break;
	}
out:
	message_row_clear(&row);
	return rc < 0 ? -1 : 0;
}
