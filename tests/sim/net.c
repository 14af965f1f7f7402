/* SPDX-License-Identifier: Apache-2.0 */
/* Three providers of SMS, one for each promise about duplicates, one of Zalo that makes one of these promises, and
 * a network between them and the gateway. They answer in their own words, which the shipped descriptions have to
 * understand. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/sim.h"

/* The longest that a request waits for its answer. */
#define SIM_PATIENCE (30 * CLOCK_SECOND_MS)
/* How long the one that knows references knows them. */
#define SIM_WINDOW (24 * CLOCK_HOUR_MS)

static bool sim_luck(struct sim *s, unsigned per_mille)
{
	return !s->quiet && random_per_mille(&s->luck, per_mille);
}

static struct sim_event *sim_event(struct sim *s, enum sim_event_kind kind, int64_t in)
{
	struct sim_event *ev;

	if (s->n_events == SIM_EVENTS)
		sim_fail(s, "too many events");
	ev = &s->events[s->n_events++];
	*ev = (struct sim_event){.kind = kind, .at = clock_mono_ms() + in, .order = s->order++};
	return ev;
}

static void sim_answer(struct sim *s, const struct sim_call *call, int64_t in,
		       const struct sim_answer *a)
{
	struct sim_event *ev = sim_event(s, SIM_ANSWER, in);

	ev->call = *call;
	ev->answer = *a;
}

void sim_send(struct sim *s, const struct outbox_item *item)
{
	struct sim_call call = {.id = item->msg.id,
				.campaign_id = item->msg.campaign_id,
				.generation = item->msg.generation,
				.attempt = item->msg.attempt,
				.provider_id = item->msg.provider_id,
				.route = item->route,
				.number = item->msg.number,
				.segments = item->msg.segments,
				.resend = item->resend,
				.query = item->query,
				.sent_at = item->sent_at,
				.life = s->life};
	struct sim_answer none = {.phase = HTTP_NOT_SENT};
	struct sim_event *ev;

	if (call.query) {
		sim_say(s, "asks     after message %" PRId64 " of %d", call.id, call.route);
		sim_answer(s, &call, random_between(&s->luck, 1, 8000), &none);
		return;
	}
	sim_say(s, "leaves   message %" PRId64 " generation %d attempt %d by %d%s", call.id,
		call.generation, call.attempt, call.route, call.resend ? " again" : "");
	if (sim_luck(s, s->faults.no_connection)) {
		sim_answer(s, &call, random_between(&s->luck, 1, 2000), &none);
		return;
	}
	if (sim_luck(s, s->faults.lost_request)) {
		none.phase = HTTP_MAYBE_SENT;
		sim_answer(s, &call, SIM_PATIENCE, &none);
		return;
	}
	ev = sim_event(s, SIM_ARRIVAL, random_between(&s->luck, 1, 3000));
	ev->call = call;
}

/* ---- providers ------------------------------------------------------------------------------ */

/* What is true of a message or number throughout. */
static bool sim_trait(const struct sim *s, uint64_t of, unsigned salt, unsigned per_mille)
{
	uint64_t h = s->seed * 31 + of * 7 + salt;

	return random_per_mille(&h, per_mille);
}

enum sim_reply {
	SIM_OK,
	SIM_DUP,
	SIM_BUSY,
	SIM_SLOW_DOWN,
	SIM_GARBAGE,
	SIM_MONEY,
	SIM_NUMBER,
	SIM_TEXT,
	SIM_REPLIES
};

static void sim_write(struct sim *s, int dialect, enum sim_reply what, const char *id,
		      struct sim_answer *a)
{
	static const char *const waits[] = {"0",	  "2",	  "120", "3600",
					    "1000000000", "soon", NULL};
	static const struct {
		int status;
		const char *body; /* %s: its id */
	} words[SIM_DIALECTS][SIM_REPLIES] = {
	    {{200, "{\"CodeResult\":\"100\",\"CountRegenerate\":0,\"SMSID\":\"%s\"}"},
	     {200, "{\"CodeResult\":\"124\",\"ErrorMessage\":\"RequestId is duplicate\"}"},
	     {503, ""},
	     {429, ""},
	     {200, "<html>lỗi"},
	     {200, "{\"CodeResult\":\"103\",\"ErrorMessage\":\"het tien\"}"},
	     {200, "{\"CodeResult\":\"99\",\"ErrorMessage\":\"so bi chan\"}"},
	     {200, "{\"CodeResult\":\"146\",\"ErrorMessage\":\"sai mau\"}"}},
	    {{202, "0: Accepted for delivery"},
	     {202, "0: Accepted for delivery"},
	     {503, "Temporal failure, try again later."},
	     {503, "Temporal failure, try again later."},
	     {500, "?"},
	     {403, "Authorization failed for sendsms"},
	     {202, "Denied receivers"},
	     {400, "Empty text not allowed, rejected"}},
	    {{200, "{\"status\":\"success\",\"code\":\"00\",\"data\":{\"tranId\":\"%s\"}}"},
	     {200, "{\"status\":\"success\",\"code\":\"00\",\"data\":{\"tranId\":\"%s\"}}"},
	     {200, "{\"status\":\"error\",\"code\":\"500\",\"message\":\"internal error\"}"},
	     {429, ""},
	     {200, "{\"status\":"},
	     {200, "{\"status\":\"error\",\"code\":\"300\",\"message\":\"no money\"}"},
	     {200, "{\"status\":\"error\",\"code\":\"105\",\"message\":\"invalid number\"}"},
	     {200, "{\"status\":\"error\",\"code\":\"101\",\"message\":\"invalid\"}"}}};
	const char *text = words[dialect][what].body, *at = strstr(text, "%s");

	*a = (struct sim_answer){.phase = HTTP_ANSWERED, .status = words[dialect][what].status};
	if (at == NULL)
		(void)snprintf(a->body, sizeof(a->body), "%s", text);
	else
		(void)snprintf(a->body, sizeof(a->body), "%.*s%s%s", (int)(at - text), text, id,
			       at + 2);
	if (a->status == 429 || a->status == 503)
		a->retry_after = waits[random_below(&s->luck, 7)];
}

/* Receipts of what was accepted: some on the way, one at the end; twice, early, never, or wrong. */
static void sim_receipts(struct sim *s, const struct sim_call *call, const char *id)
{
	struct sim_event *ev;
	struct message_receipt r = {.provider_id = call->provider_id,
				    .event = MESSAGE_EV_RECEIPT_DELIVERED,
				    .raw = "?",
				    .raw_len = 1};
	int64_t in = random_between(&s->luck, 2 * CLOCK_SECOND_MS, 3 * CLOCK_HOUR_MS);
	int n = 1;

	if (s->dialects[call->route] != 2) {
		r.message_id = call->id;
	} else {
		(void)snprintf(r.provider_ref, sizeof(r.provider_ref), "%s", id);
		r.phone = call->number;
	}
	if (random_per_mille(&s->luck, 150))
		r.event = MESSAGE_EV_RECEIPT_FAILED;
	if (sim_luck(s, s->faults.lost_receipt))
		return;
	if (sim_luck(s, s->faults.early_receipt))
		in = random_between(&s->luck, 0, 50);
	if (sim_luck(s, s->faults.double_receipt))
		n = 3;
	if (random_per_mille(&s->luck, 300)) {
		ev = sim_event(s, SIM_RECEIPT, random_between(&s->luck, 0, in));
		ev->receipt = r;
		ev->receipt.event = MESSAGE_EV_RECEIPT_SEEN;
	}
	for (; n > 0; n--) {
		ev = sim_event(s, SIM_RECEIPT, in);
		ev->receipt = r;
		in += random_between(&s->luck, 0, CLOCK_HOUR_MS);
	}
	if (sim_luck(s, s->faults.wrong_receipt)) {
		ev = sim_event(s, SIM_RECEIPT, in);
		ev->receipt = r;
		ev->receipt.event = r.event == MESSAGE_EV_RECEIPT_FAILED
					? MESSAGE_EV_RECEIPT_DELIVERED
					: MESSAGE_EV_RECEIPT_FAILED;
	}
}

static enum sim_reply sim_receive(struct sim *s, const struct sim_call *call, const char *id)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; s->dialects[call->route] == 0 && i < s->n_ledger; i++) {
		const struct sim_entry *l = &s->ledger[i];

		/* Until midnight; of a clock that was set we do not know when that is. */
		if (l->route == call->route && l->id == call->id &&
		    l->generation == call->generation && now - l->at < SIM_WINDOW &&
		    (s->jumped || l->day == civil_day_of(clock_now_ms())))
			return SIM_DUP;
	}
	if (sim_luck(s, s->faults.busy))
		return random_below(&s->luck, 2) ? SIM_BUSY : SIM_SLOW_DOWN;
	if (sim_luck(s, s->faults.garbage))
		return SIM_GARBAGE;
	if (sim_luck(s, s->faults.no_money))
		return SIM_MONEY;
	if (sim_trait(s, call->number, 1, s->faults.bad_number))
		return SIM_NUMBER;
	if (sim_trait(s, (uint64_t)call->id, 2, s->faults.bad_text))
		return SIM_TEXT;
	s->ledger[s->n_ledger++ % (4 * SIM_MESSAGES)] =
	    (struct sim_entry){.id = call->id,
			       .at = now,
			       .day = civil_day_of(clock_now_ms()),
			       .generation = call->generation,
			       .route = call->route,
			       .counts = true};
	sim_check_sent(s, call);
	sim_receipts(s, call, id);
	return SIM_OK;
}

static void sim_arrive(struct sim *s, const struct sim_call *call)
{
	struct sim_answer a;
	enum sim_reply what;
	char id[32];

	if (sim_luck(s, s->faults.outage)) {
		int64_t hours = random_between(&s->luck, 1, 60);

		s->silent_until = clock_mono_ms() + hours * CLOCK_HOUR_MS;
		sim_say(s, "provider answers nobody for %" PRId64 " h", hours);
	}
	(void)snprintf(id, sizeof(id), "P%zu", s->n_ledger + 1);
	what = sim_receive(s, call, id);
	sim_say(s, "arrives  message %" PRId64 " generation %d: reply %d", call->id,
		call->generation, what);
	sim_write(s, s->dialects[call->route], what, id, &a);
	if (sim_luck(s, s->faults.lost_answer) ||
	    (!s->quiet && clock_mono_ms() < s->silent_until)) {
		a = (struct sim_answer){.phase = HTTP_MAYBE_SENT};
		sim_answer(s, call, SIM_PATIENCE, &a);
	} else {
		sim_answer(s, call, random_between(&s->luck, 1, 8000), &a);
	}
}

/* ---- back ----------------------------------------------------------------------------------- */

/* What a provider knows of a message, when it answers. */
static void sim_found(struct sim *s, const struct sim_call *c, struct found *out)
{
	size_t n = s->n_ledger < 4 * SIM_MESSAGES ? s->n_ledger : 4 * SIM_MESSAGES;

	*out = (struct found){.state = FOUND_NOT};
	for (size_t i = 0; i < n; i++) {
		if (s->ledger[i].route == c->route && s->ledger[i].id == c->id)
			out->state = FOUND_ACCEPTED;
	}
	if (out->state == FOUND_ACCEPTED && random_per_mille(&s->luck, 300))
		out->state = FOUND_DELIVERED;
	if (sim_luck(s, s->faults.lost_answer) || sim_luck(s, s->faults.garbage))
		out->state = FOUND_UNKNOWN;
}

static void sim_result(struct sim *s, const struct sim_event *ev)
{
	const struct sim_call *c = &ev->call;
	const struct sim_answer *a = &ev->answer;
	struct http_header wait = {.name = "Retry-After", .value = a->retry_after};
	struct http_reply reply = {.phase = a->phase,
				   .status = a->status,
				   .body = a->body,
				   .len = strlen(a->body),
				   .headers = &wait,
				   .n_headers = a->retry_after != NULL};
	struct outbox_result *r;

	if (c->life != s->life)
		return; /* who asked is dead */
	if (s->n_results == SIM_RESULTS)
		sim_fail(s, "more results than were asked for");
	r = &s->results[s->n_results++];
	*r = (struct outbox_result){.id = c->id,
				    .campaign_id = c->campaign_id,
				    .number = c->number,
				    .segments = c->segments,
				    .attempt = c->attempt,
				    .provider_id = c->provider_id,
				    .resend = c->resend,
				    .query = c->query,
				    .at = clock_now_ms(),
				    .sent_at = c->sent_at};
	if (c->query) {
		sim_found(s, c, &r->found);
		sim_say(s, "answer   message %" PRId64 " is %s", c->id,
			found_state_name(r->found.state));
		return;
	}
	provider_classify(s->providers[c->route], &reply, &r->outcome);
	sim_say(s, "answer   message %" PRId64 ": %s%s", c->id,
		outcome_class_name(r->outcome.class), r->outcome.not_sent ? " (not sent)" : "");
}

void sim_again(struct sim *s, struct sim_event *receipt)
{
	struct sim_event *ev;

	if (receipt->tries >= 8)
		return;
	ev = sim_event(s, SIM_RECEIPT,
		       random_between(&s->luck, CLOCK_SECOND_MS, CLOCK_MINUTE_MS));
	ev->receipt = receipt->receipt;
	ev->tries = receipt->tries + 1;
}

static void sim_call_back(struct sim *s, struct sim_event *ev, bool up)
{
	if (!up || s->n_posts == SIM_POSTS) {
		sim_again(s, ev);
		return;
	}
	ev->receipt.received_at = clock_now_ms();
	s->posts[s->n_posts++] = (struct sim_post){.is_receipt = true, .receipt = *ev};
}

static size_t sim_first(const struct sim *s)
{
	size_t first = 0;

	for (size_t i = 1; i < s->n_events; i++) {
		const struct sim_event *a = &s->events[i], *b = &s->events[first];

		if (a->at < b->at || (a->at == b->at && a->order < b->order))
			first = i;
	}
	return first;
}

int64_t sim_next_event(const struct sim *s)
{
	return s->n_events == 0 ? INT64_MAX : s->events[sim_first(s)].at;
}

void sim_happen(struct sim *s, bool up)
{
	while (s->n_events > 0) {
		size_t first = sim_first(s);
		struct sim_event ev = s->events[first];

		if (ev.at > clock_mono_ms())
			return;
		s->events[first] = s->events[--s->n_events];
		switch (ev.kind) {
		case SIM_ARRIVAL:
			sim_arrive(s, &ev.call);
			break;
		case SIM_ANSWER:
			if (up)
				sim_result(s, &ev);
			break;
		case SIM_RECEIPT:
			sim_call_back(s, &ev, up);
			break;
		}
	}
}
