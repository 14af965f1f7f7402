/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/judge.h"

#include "base/clock.h"

#define JUDGE_WAIT_MIN CLOCK_SECOND_MS
#define JUDGE_MIDNIGHT (15 * CLOCK_MINUTE_MS)
#define JUDGE_WAIT_MAX (6 * CLOCK_HOUR_MS)

static uint64_t judge_random(uint64_t *seed)
{
	/* splitmix64 */
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t outbox_backoff_ms(int64_t base_ms, int n, uint64_t *seed)
{
	int64_t tries = n < 1 ? 1 : n > 1000 ? 1000 : n;
	int64_t wait;

	if (base_ms < 1)
		base_ms = 1;
	wait = base_ms < JUDGE_WAIT_MAX / (tries * tries) ? base_ms * tries * tries
							  : JUDGE_WAIT_MAX;
	/* 0.8 … 1.2 of it, so that what failed together does not come back together */
	wait = wait / 1000 * 800 + wait % 1000 * 800 / 1000 +
	       (int64_t)(judge_random(seed) % (uint64_t)(wait * 2 / 5 + 1));
	return wait < JUDGE_WAIT_MAX ? wait : JUDGE_WAIT_MAX;
}

/* When a refused message may be tried again: as the provider asked, else as the house backs off. */
static int64_t judge_next_try(const struct outbox_result *r, const struct dispatch_config *cfg,
			      uint64_t *seed)
{
	const struct outcome *o = &r->outcome;

	if (o->wait_until_minute >= 0) {
		int64_t day = civil_day_start_ms(civil_day_of(r->at));
		int64_t at = day + o->wait_until_minute * CLOCK_MINUTE_MS;

		return at > r->at ? at : at + CLOCK_DAY_MS;
	}
	if (o->wait_ms >= 0) {
		int64_t wait = o->wait_ms < JUDGE_WAIT_MIN ? JUDGE_WAIT_MIN : o->wait_ms;

		return r->at + (wait < JUDGE_WAIT_MAX ? wait : JUDGE_WAIT_MAX);
	}
	return r->at + outbox_backoff_ms(cfg->backoff, r->attempt, seed);
}

int64_t judge_ask_after(const struct provider_facts *facts, const struct dispatch_config *cfg)
{
	return facts->query_after_ms > cfg->settle_after ? facts->query_after_ms
							 : cfg->settle_after;
}

static int64_t judge_settle_at(const struct outbox_result *r,
			       const struct provider_facts *facts,
			       const struct dispatch_config *cfg)
{
	int64_t wait = cfg->settle_after;

	if (facts->settle == SETTLE_DEDUP) {
		if (r->outcome.wait_ms > wait)
			wait = r->outcome.wait_ms < JUDGE_WAIT_MAX ? r->outcome.wait_ms
								   : JUDGE_WAIT_MAX;
		return r->at + wait;
	}
	if (facts->query_by_ref)
		return r->at + judge_ask_after(facts, cfg);
	if (facts->receipts && facts->receipt_by_ref)
		return r->at + cfg->receipt_silence;
	return JUDGE_NEVER;
}

void judge_silence(const struct provider_facts *facts, const struct dispatch_config *cfg,
		   int64_t sent_at, int64_t *ask_at, int64_t *over)
{
	bool asks = facts->query_by_ref || facts->query_by_id;
	int64_t after = facts->receipts ? cfg->ask_silent : judge_ask_after(facts, cfg);

	/* Who neither sends receipts nor answers questions is silent from the first moment. */
	*over = sent_at + (facts->receipts || asks ? cfg->receipt_silence : 0);
	*ask_at = asks && sent_at + after < *over ? sent_at + after : *over;
}

struct judgement judge_result(const struct outbox_result *r, const struct provider_facts *facts,
			      const struct dispatch_config *cfg, uint64_t *seed)
{
	struct judgement j = {.event = MESSAGE_EV_UNKNOWN};
	int64_t over;

	switch (r->outcome.class) {
	case OUTCOME_OK:
	case OUTCOME_OK_DUP:
		j.event = MESSAGE_EV_ACCEPTED;
		judge_silence(facts, cfg, r->at, &j.due_at, &over);
		return j;
	case OUTCOME_BADNUM:
	case OUTCOME_CONTENT:
	case OUTCOME_FALLBACK:
		j.event = MESSAGE_EV_REFUSED;
		j.dead_number = r->outcome.class == OUTCOME_BADNUM;
		return j;
	case OUTCOME_CONFIG:
	case OUTCOME_MONEY:
		/* Not this message's fault: it goes on as soon as the provider may be used again. */
		j.stop_provider = true;
		j.event = MESSAGE_EV_NOT_SENT;
		j.due_at = r->at;
		break;
	case OUTCOME_RATE:
		/* Too fast is no failed try: its expiry ends the waiting, not a count. */
		j.event = MESSAGE_EV_NOT_SENT;
		j.due_at = judge_next_try(r, cfg, seed);
		break;
	case OUTCOME_RETRY:
		j.event =
		    r->attempt >= cfg->max_attempts ? MESSAGE_EV_GIVE_UP : MESSAGE_EV_NOT_SENT;
		j.due_at = judge_next_try(r, cfg, seed);
		break;
	default:
		break;
	}
	if (r->resend || j.event == MESSAGE_EV_UNKNOWN) {
		j.event = MESSAGE_EV_UNKNOWN;
		j.due_at = judge_settle_at(r, facts, cfg);
		return j;
	}
	/* A refusal that was answered used this reference up; what never left did not. */
	j.new_generation = !r->outcome.not_sent;
	return j;
}

/* Whether the provider still knows a reference. An age below zero is a clock that was set back: the window
 * cannot be told. A quarter of an hour before midnight is midnight, as clocks differ. */
static bool judge_remembers(const struct provider_facts *facts, int64_t first_sent_at,
			    int64_t now)
{
	int64_t age = now - first_sent_at;

	if (facts->settle != SETTLE_DEDUP || age < 0 || age >= facts->dedup_window_ms / 5 * 4)
		return false;
	return !facts->dedup_same_day ||
	       civil_day_of(first_sent_at) == civil_day_of(now + JUDGE_MIDNIGHT);
}

enum judge_settle judge_uncertain(const struct provider_facts *facts,
				  const struct dispatch_config *cfg, int64_t first_sent_at,
				  int64_t expires_at, int64_t now, int64_t *due_at)
{
	int64_t age = now - first_sent_at;

	if (facts == NULL)
		return JUDGE_OFFICER;
	if (judge_remembers(facts, first_sent_at, now) && now < expires_at)
		return JUDGE_RESEND;
	if (facts->query_by_ref && age >= 0 && age < facts->query_window_ms) {
		if (age >= judge_ask_after(facts, cfg))
			return JUDGE_ASK;
		*due_at = first_sent_at + judge_ask_after(facts, cfg);
		return JUDGE_WAIT;
	}
	if (facts->receipts && facts->receipt_by_ref && age < cfg->receipt_silence) {
		*due_at = (age >= 0 ? first_sent_at : now) + cfg->receipt_silence;
		return JUDGE_WAIT;
	}
	return JUDGE_OFFICER;
}
