/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one commune: turns of the store thread, crashes, full disks, clocks, officers. */
#include "sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define SIM_START   INT64_C(1686794400000) /* Thứ Năm 15/6/2023, 09:00 */
#define SIM_CHAOS   90			   /* steps with faults */
#define SIM_AFTER   4000		   /* and at most so many without */
#define SIM_IN_TIME (20 * CLOCK_DAY_MS)

void sim_say(const struct sim *s, const char *fmt, ...)
{
	char at[32];
	va_list ap;

	if (!s->trace)
		return;
	clock_format_rfc3339(clock_now_ms() + 7 * CLOCK_HOUR_MS, at);
	(void)printf("%.23s  ", at);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
}

_Noreturn void sim_fail(const struct sim *s, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)fflush(stdout);
	(void)fprintf(stderr, "sim: seed %" PRIu64 ", step %" PRId64 ": %s\n", s->seed,
		      s->totals.steps, text);
	(void)fprintf(stderr, "sim: to see it: sim --seed %" PRIu64 "\n", s->seed);
	exit(1);
}

static bool sim_chance(struct sim *s, unsigned per_mille)
{
	return !s->quiet && random_per_mille(&s->luck, per_mille);
}

/* ---- life and death ------------------------------------------------------------------------- */

static void sim_stop(struct sim *s)
{
	outbox_free(s->o);
	s->o = NULL;
	store_close(s->w->st);
	s->w->st = NULL;
}

/* The lock file lies on the real disk: it remembers the seed before, and what happened after a cut. */
static void sim_forget_lock(const struct world *w)
{
	char lock[300];

	(void)snprintf(lock, sizeof(lock), "%s-lock", w->db);
	(void)unlink(lock);
}

/* The power is back: the disk has what it kept. */
static void sim_take_disk(struct sim *s)
{
	struct disk *left = disk_after_cut(s->disk, random_next(&s->luck));

	sim_stop(s);
	disk_free(s->disk);
	s->disk = left;
	disk_use(s->disk);
	sim_forget_lock(s->w);
}

/* The next process. a and b: what the disk may say, since nobody knows whether the last commit was
 * made. */
static void sim_start(struct sim *s, uint64_t a, uint64_t b)
{
	for (;;) {
		struct err e = ERR_INIT;
		uint64_t digest;

		s->life++;
		s->wake = 0;
		s->retry_at = 0;
		if (sim_chance(s, s->faults.crash / 4))
			disk_cut_at(s->disk, (int)random_below(&s->luck, 30) + 1,
				    random_next(&s->luck));
		if (store_open(s->w->db, STORE_DAEMON, &s->w->st, &e) < 0) {
			if (e.code != EX_UNAVAILABLE)
				sim_fail(s, "does not start: %s", e.text);
			s->w->st = NULL;
			disk_set_room(s->disk, SIZE_MAX); /* somebody makes room */
			continue;
		}
		digest = sim_digest(s);
		if (digest != a && digest != b)
			sim_fail(s, "the disk has neither what was before nor what was after");
		a = b = digest;
		s->o = outbox_new(s->w->st, &s->w->dispatch, &s->w->house, s->providers,
				  s->n_providers, s->seed, &e);
		if (s->o == NULL && e.code != EX_UNAVAILABLE)
			sim_fail(s, "does not begin: %s", e.text);
		if (s->o != NULL)
			b = sim_digest(s);
		if (s->o != NULL && !disk_was_cut(s->disk))
			break;
		if (s->o == NULL)
			disk_set_room(s->disk, SIZE_MAX);
		sim_say(s, "dies     while it starts");
		sim_take_disk(s);
	}
	disk_cut_at(s->disk, 0, 0);
}

static void sim_posts_fail(struct sim *s)
{
	for (size_t i = 0; i < s->n_posts; i++) {
		if (s->posts[i].is_receipt)
			sim_again(s, &s->posts[i].receipt);
	}
	s->n_posts = 0;
}

static void sim_die(struct sim *s, uint64_t before, uint64_t after)
{
	int64_t away = random_below(&s->luck, 3) ? random_between(&s->luck, 0, 5000)
						 : random_between(&s->luck, 0, CLOCK_HOUR_MS);

	sim_say(s, "dies");
	s->totals.crashes++;
	s->n_results = 0;
	sim_posts_fail(s);
	sim_take_disk(s);
	clock_advance_virtual(away);
	sim_happen(s, false);
	sim_start(s, before, after);
	sim_say(s, "lives    again, epoch %" PRId64, store_epoch(s->w->st));
	sim_look(s);
	sim_check_figures(s);
}

/* ---- a turn, as the engine takes it ---------------------------------------------------------- */

static int sim_post_run(struct sim *s, struct sim_post *p, struct err *e)
{
	struct sim_message *m = sim_message(s, p->id);
	enum receipt_fate fate;
	int rc;

	if (p->is_receipt)
		return store_message_receipts(s->w->st, &p->receipt.receipt, 1, &fate, e);
	switch (p->what) {
	case SIM_HOLD:
		return store_recipient_hold(s->w->st, m->recipient_id, HOLD_OFFICER, "", "thu",
					    e);
	case SIM_OPT_OUT:
		return store_contact_flags(s->w->st, m->number, CONTACT_OPTED_OUT, 0, "thu", e);
	case SIM_DONE:
		return store_recipient_set_state(s->w->st, m->recipient_id, 1, "thu", e);
	case SIM_UNSTOP:
		return store_provider_stop(s->w->st, (int)p->id, NULL, e);
	case SIM_MOVE:
		break;
	}
	rc = store_message_event(
	    s->w->st, p->id, p->event,
	    p->event == MESSAGE_EV_REQUEUE || p->event == MESSAGE_EV_RETRY ? clock_now_ms() : 0,
	    "cán bộ", e);
	/* Counted before it is committed: a crash in between leaves a permit too many. */
	if (rc > 0) {
		m->permits += p->event == MESSAGE_EV_REQUEUE || p->event == MESSAGE_EV_RETRY;
		m->said = m->said || p->event == MESSAGE_EV_ACCEPTED;
	}
	return rc;
}

static int sim_posts_run(struct sim *s, struct err *e)
{
	for (size_t i = 0; i < s->n_posts; i++) {
		struct err own = ERR_INIT;

		if (store_nest_begin(s->w->st, e) < 0)
			return -1;
		s->posts[i].applied = sim_post_run(s, &s->posts[i], &own) >= 0;
		if (store_nest_end(s->w->st, s->posts[i].applied, e) < 0)
			return -1;
	}
	if (s->n_posts > 0)
		outbox_refresh(s->o);
	return 0;
}

static void sim_hand_over(struct sim *s, struct outbox_turn *t, uint64_t digest)
{
	size_t n = t->n_items;
	bool dies = n > 0 && sim_chance(s, s->faults.crash_while_handing_over);

	for (size_t i = 0; i < n; i++)
		sim_check_item(s, &t->items[i], t->now);
	if (dies)
		n = random_below(&s->luck, (unsigned)n + 1);
	for (size_t i = 0; i < n; i++)
		sim_send(s, &t->items[i]);
	for (size_t i = 0; i < t->n_items; i++)
		free(t->items[i].msg.text);
	if (dies)
		sim_die(s, digest, digest);
}

static void sim_free_items(struct outbox_turn *t)
{
	for (size_t i = 0; i < t->n_items; i++)
		free(t->items[i].msg.text);
}

/* The turn that failed: what it changed is gone, and the same results come again. */
static void sim_trouble(struct sim *s, const struct err *e, uint64_t before, uint64_t after)
{
	sim_say(s, "trouble  %s", e->text);
	if (e->code == EX_UNAVAILABLE || e->code == EX_TEMPFAIL) {
		s->totals.full++;
		sim_posts_fail(s);
		if (sim_digest(s) != before)
			sim_fail(s, "a turn that failed left something");
		s->retry_at = clock_mono_ms() + CLOCK_SECOND_MS;
		outbox_set_claiming(s->o, false);
		if (random_below(&s->luck, 4) == 0)
			disk_set_room(s->disk, SIZE_MAX);
		return;
	}
	if (!disk_sync_failed(s->disk))
		sim_fail(s, "a turn failed: %s", e->text);
	sim_die(s, before, after);
}

static int sim_commit(struct sim *s, struct outbox_turn *t, uint64_t *after, struct err *e)
{
	int rc;

	if (store_begin(s->w->st, e) < 0)
		return -1;
	rc = sim_posts_run(s, e);
	if (rc == 0)
		rc = outbox_prepare(s->o, t, e);
	if (rc == 0)
		*after = sim_digest(s);
	if (rc == 0 && sim_chance(s, s->faults.rollback))
		rc = err_set(e, EX_TEMPFAIL, "rolled back by chance");
	if (rc < 0)
		store_rollback(s->w->st);
	else
		rc = store_commit(s->w->st, e);
	if (rc < 0)
		outbox_rolled_back(s->o, t);
	else
		outbox_committed(s->o);
	return rc;
}

static void sim_turn(struct sim *s)
{
	struct outbox_item items[SIM_ROOM];
	struct outbox_turn t = {.now = clock_now_ms(),
				.results = s->results,
				.n_results = s->n_results,
				.items = items,
				.room = 1 + random_below(&s->luck, SIM_ROOM)};
	uint64_t before = sim_digest(s), after = before;
	struct err e = ERR_INIT;
	int rc;

	s->totals.turns++;
	if (!s->telling && sim_chance(s, s->faults.crash))
		disk_cut_at(s->disk, (int)random_below(&s->luck, 12) + 1,
			    random_next(&s->luck));
	if (!s->telling && sim_chance(s, s->faults.sync_error))
		disk_fail_sync(s->disk, 1 + (int)random_below(&s->luck, 3));
	rc = sim_commit(s, &t, &after, &e);
	if (disk_was_cut(s->disk)) {
		/* It died on the way: of what came after, nothing happened. */
		sim_free_items(&t);
		sim_die(s, before, after);
		return;
	}
	disk_cut_at(s->disk, 0, 0);
	disk_fail_sync(s->disk, 0);
	if (rc < 0) {
		sim_trouble(s, &e, before, after);
		return;
	}
	s->telling = false;
	s->n_results = 0;
	for (size_t i = 0; i < s->n_posts; i++) {
		if (s->posts[i].is_receipt && !s->posts[i].applied)
			sim_again(s, &s->posts[i].receipt);
	}
	s->n_posts = 0;
	s->wake = t.wake;
	if (s->retry_at != 0) {
		s->retry_at = 0;
		outbox_set_claiming(s->o, true);
		s->wake = 0;
	}
	sim_look(s);
	sim_hand_over(s, &t, after);
}

/* ---- people, disks, clocks --------------------------------------------------------------------- */

static void sim_post(struct sim *s, struct sim_post p)
{
	if (s->n_posts < SIM_POSTS)
		s->posts[s->n_posts++] = p;
}

/* One who looks at the list of what needs a decision, or at somebody's row. */
static void sim_officer(struct sim *s)
{
	static const enum message_event words[] = {MESSAGE_EV_REQUEUE, MESSAGE_EV_ABANDON,
						   MESSAGE_EV_ACCEPTED};
	struct sim_message *m;
	struct sim_post p = {0};

	if (s->n_seen == 0)
		return;
	/* Mostly those that need a decision. */
	for (int i = 0; i < 20; i++) {
		m = &s->seen[random_below(&s->luck, (unsigned)s->n_seen)];
		if (m->state == MESSAGE_UNCERTAIN || m->state == MESSAGE_FAILED)
			break;
	}
	p.id = m->id;
	switch (random_below(&s->luck, 8)) {
	case 0:
		p.what = SIM_HOLD;
		break;
	case 1:
		p.what = SIM_OPT_OUT;
		break;
	case 2:
		p.what = SIM_DONE;
		break;
	case 3:
		p.what = SIM_UNSTOP;
		p.id = 1 + (int64_t)random_below(&s->luck, (unsigned)s->n_providers);
		break;
	default:
		p.what = SIM_MOVE;
		p.event = words[random_below(&s->luck, 3)];
		if (m->state == MESSAGE_FAILED)
			p.event = MESSAGE_EV_RETRY;
		if (m->state != MESSAGE_UNCERTAIN && m->state != MESSAGE_FAILED)
			return;
		break;
	}
	sim_say(s, "officer  does %d (%s) to %" PRId64, (int)p.what,
		p.what == SIM_MOVE ? message_event_name(p.event) : "-", p.id);
	sim_post(s, p);
}

/* A command beside the daemon. */
static void sim_command(struct sim *s)
{
	int64_t id = s->campaigns[random_below(&s->luck, (unsigned)s->n_campaigns)];
	struct err e = ERR_INIT;
	unsigned which = random_below(&s->luck, 10);
	int rc;

	if (which < 4)
		rc = campaign_pause(s->w->st, id, "thu", &e);
	else if (which < 9)
		rc = campaign_resume(s->w->st, id, "thu", &e);
	else
		rc = campaign_cancel(s->w->st, id, "thu", &e);
	sim_say(s, "command  %u on campaign %" PRId64 ": %s", which, id,
		rc < 0 ? e.text : "ok");
	if (random_below(&s->luck, 4) != 0) { /* else its signal comes late */
		outbox_refresh(s->o);
		s->wake = 0;
	}
	sim_look(s);
}

static void sim_jump(struct sim *s)
{
	static const int64_t by[] = {CLOCK_MINUTE_MS, CLOCK_HOUR_MS, 10 * CLOCK_HOUR_MS,
				     CLOCK_DAY_MS, 3 * CLOCK_DAY_MS};
	int64_t delta = by[random_below(&s->luck, 5)];

	if (random_below(&s->luck, 2))
		delta = -delta;
	if (clock_now_ms() + delta < SIM_START)
		delta = CLOCK_HOUR_MS;
	clock_jump_virtual(delta);
	s->jumped = true;
	s->telling = true;
	s->totals.jumps++;
	sim_say(s, "clock    was set by %" PRId64 " s", delta / 1000);
	outbox_refresh(s->o); /* the daemon is told when its clock is set */
	s->wake = 0;
}

static void sim_act(struct sim *s)
{
	if (sim_chance(s, s->faults.person))
		sim_officer(s);
	if (sim_chance(s, s->faults.person / 4))
		sim_command(s);
	if (sim_chance(s, s->faults.full)) {
		sim_say(s, "disk     is full");
		disk_set_room(s->disk, disk_bytes(s->disk) + random_below(&s->luck, 20000));
	}
	if (sim_chance(s, s->faults.jump))
		sim_jump(s);
}

/* ---- a run --------------------------------------------------------------------------------------- */

/* To the next thing that happens. False: nothing ever will. */
static bool sim_advance(struct sim *s)
{
	int64_t mono = clock_mono_ms(), now = clock_now_ms();
	int64_t next = sim_next_event(s);
	int64_t in = next == INT64_MAX ? INT64_MAX : next - mono;
	int64_t own = INT64_MAX;

	if (s->retry_at != 0)
		own = s->retry_at - mono;
	else if (s->n_results > 0 || s->n_posts > 0)
		own = 0;
	else if (s->wake < INT64_MAX)
		own = s->wake - now;
	in = own < in ? own : in;
	if (in == INT64_MAX)
		return false;
	clock_advance_virtual(in > 0 ? in : 0);
	return true;
}

static void sim_step(struct sim *s)
{
	s->totals.steps++;
	sim_happen(s, true);
	if (s->retry_at != 0 ? clock_mono_ms() >= s->retry_at
			     : s->n_results > 0 || s->n_posts > 0 || s->wake <= clock_now_ms())
		sim_turn(s);
}

static void sim_faults_choose(struct sim *s)
{
	unsigned *f = (unsigned *)&s->faults;
	static const struct sim_faults most = {.no_connection = 150,
					       .lost_request = 150,
					       .lost_answer = 200,
					       .busy = 200,
					       .garbage = 100,
					       .no_money = 30,
					       .bad_number = 150,
					       .bad_text = 150,
					       .lost_receipt = 300,
					       .double_receipt = 300,
					       .early_receipt = 400,
					       .wrong_receipt = 150,
					       .outage = 30,
					       .rollback = 100,
					       .crash = 120,
					       .crash_while_handing_over = 150,
					       .full = 40,
					       .sync_error = 20,
					       .jump = 40,
					       .person = 150};
	const unsigned *m = (const unsigned *)&most;

	for (size_t i = 0; i < sizeof(most) / sizeof(*m); i++)
		f[i] = random_below(&s->luck, 2) ? random_below(&s->luck, m[i] + 1) : 0;
}

/* Some of those of SMS; in every other life also one of Zalo, that makes one of their promises. */
static void sim_providers(struct sim *s)
{
	s->n_providers = 1 + random_below(&s->luck, SIM_DIALECTS);
	for (size_t i = 0; i < s->n_providers; i++) {
		s->providers[i] = s->w->providers[i];
		s->dialects[i] = (int)i;
	}
	s->ladder = s->seed % 2 == 0;
	if (!s->ladder)
		return;
	s->dialects[s->n_providers] = (int)random_below(&s->luck, SIM_DIALECTS);
	s->providers[s->n_providers] =
	    s->w->providers[SIM_DIALECTS + s->dialects[s->n_providers]];
	s->n_providers++;
}

/* A campaign of two rungs. */
static void sim_climb(struct sim *s, int64_t id)
{
	struct campaign c = {0};
	struct err e = ERR_INIT;

	world_must(store_begin(s->w->st, &e), &e, "begin");
	world_must(store_campaign_get(s->w->st, id, &c, &e) == 1 ? 0 : -1, &e, "campaign");
	free(c.ladder);
	c.ladder = strdup(SIM_LADDER);
	world_must(store_campaign_update(s->w->st, &c, &e), &e, "ladder");
	world_must(store_commit(s->w->st, &e), &e, "commit");
	campaign_clear(&c);
}

static void sim_people(struct sim *s)
{
	struct world *w = s->w;
	int numbers;

	s->n_people = 2 + (int)random_below(&s->luck, 9);
	numbers = 1 + (int)random_below(&s->luck, 4 * (unsigned)s->n_people);
	for (int i = 0; i < s->n_people; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "H-%d", i);
		(void)world_add_household(
		    w, key, UINT64_C(84912000000) + random_below(&s->luck, (unsigned)numbers));
	}
	s->n_campaigns = 1 + random_below(&s->luck, 3);
	for (size_t i = 0; i < s->n_campaigns; i++) {
		char name[24];
		int64_t from = SIM_START + (int64_t)random_below(&s->luck, 3) * CLOCK_HOUR_MS;

		(void)snprintf(name, sizeof(name), "c%zu", i);
		s->campaigns[i] = world_add_campaign(
		    w, name, (enum lane)random_below(&s->luck, 3), from,
		    from + random_between(&s->luck, CLOCK_DAY_MS, SIM_IN_TIME));
		if (s->ladder)
			sim_climb(s, s->campaigns[i]);
	}
}

/* Everything works again, and somebody sees to what has stopped. */
static void sim_recover(struct sim *s)
{
	struct err e = ERR_INIT;

	if (!s->quiet)
		s->recovered_at = clock_now_ms();
	s->quiet = true;
	sim_say(s, "from here on nothing goes wrong");
	disk_set_room(s->disk, SIZE_MAX);
	disk_fail_sync(s->disk, 0);
	for (size_t i = 0; i < s->n_providers; i++)
		sim_post(s, (struct sim_post){.what = SIM_UNSTOP, .id = (int64_t)i + 1});
	for (size_t i = 0; i < s->n_campaigns; i++)
		if (campaign_resume(s->w->st, s->campaigns[i], "thu", &e) < 0)
			sim_say(s, "campaign %" PRId64 ": %s", s->campaigns[i], e.text);
	outbox_refresh(s->o);
	s->wake = 0;
}

static void sim_add(struct sim_totals *to, const struct sim_totals *from)
{
	to->steps += from->steps;
	to->turns += from->turns;
	to->crashes += from->crashes;
	to->messages += from->messages;
	to->sent += from->sent;
	to->twice += from->twice;
	to->uncertain += from->uncertain;
	to->officer += from->officer;
	to->full += from->full;
	to->jumps += from->jumps;
	to->down += from->down;
}

void sim_run(struct world *w, const struct disk *blank, uint64_t seed, bool trace,
	     struct sim_totals *totals)
{
	struct sim *s = calloc(1, sizeof(*s));
	struct err e = ERR_INIT;
	uint64_t digest;

	if (s == NULL)
		abort();
	s->w = w;
	s->seed = seed;
	/* Twice: the streams of neighbours must not be each other's, shifted. */
	s->luck = seed;
	s->luck = random_next(&s->luck);
	s->trace = trace;
	s->disk = disk_copy(blank);
	disk_use(s->disk);
	sim_forget_lock(w);
	clock_set_virtual(SIM_START);
	sim_faults_choose(s);
	sim_providers(s);
	w->caps.per_day = 1 + (int64_t)random_below(&s->luck, 3);
	w->caps.per_week = w->caps.per_day + (int64_t)random_below(&s->luck, 3);
	w->dispatch.halt_after = 3 + (int64_t)random_below(&s->luck, 50);
	w->dispatch.max_attempts = 2 + (int64_t)random_below(&s->luck, 7);
	world_must(store_open(w->db, STORE_DAEMON, &w->st, &e), &e, "store");
	sim_people(s);
	digest = sim_digest(s);
	store_close(w->st);
	sim_start(s, digest, digest);
	for (int i = 0; i < SIM_CHAOS; i++) {
		if (!sim_advance(s))
			clock_advance_virtual(CLOCK_HOUR_MS);
		sim_step(s);
		sim_act(s);
	}
	/* Twice: an answer that was under way may stop a provider once more. */
	for (int round = 0; round < 2; round++) {
		sim_recover(s);
		for (int i = 0; sim_advance(s); i++) {
			if (i == SIM_AFTER)
				sim_fail(s, "it does not come to rest");
			sim_step(s);
		}
	}
	sim_check_end(s);
	sim_say(s, "holds");
	sim_stop(s);
	disk_free(s->disk);
	sim_add(totals, &s->totals);
	free(s);
}
