/* SPDX-License-Identifier: Apache-2.0 */
/* moidan simulate: the whole of Plan 46 (25/5 to 30/6/2023) on a virtual clock, through the real store,
 * outbox, calendar, quota and reports. Only the provider and the people are modelled, from one seed: the
 * same seed gives the same bytes. */
#include "cli/simulate.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define SIM_ROOM 200

/* ---- luck and time ------------------------------------------------------------------------- */

/* xorshift64*: small, the same everywhere. */
static uint64_t sim_next(struct simulation *s)
{
	s->luck ^= s->luck >> 12;
	s->luck ^= s->luck << 25;
	s->luck ^= s->luck >> 27;
	return s->luck * UINT64_C(0x2545F4914F6CDD1D);
}

int64_t sim_below(struct simulation *s, int64_t n)
{
	return (int64_t)((sim_next(s) >> 11) % (uint64_t)n);
}

bool sim_chance(struct simulation *s, long per_mille)
{
	return sim_below(s, 1000) < per_mille;
}

static bool sim_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_add(struct simulation *s, const struct sim_event *ev)
{
	size_t i = s->n_events;

	s->events = mem_grow(s->events, &s->cap_events, s->n_events + 1, sizeof(*s->events));
	s->n_events++;
	s->events[i] = *ev;
	s->events[i].order = s->order++;
	while (i > 0 && sim_before(&s->events[i], &s->events[(i - 1) / 2])) {
		struct sim_event up = s->events[i];

		s->events[i] = s->events[(i - 1) / 2];
		s->events[(i - 1) / 2] = up;
		i = (i - 1) / 2;
	}
}

static struct sim_event sim_take(struct simulation *s)
{
	struct sim_event first = s->events[0];
	size_t i = 0;

	s->events[0] = s->events[--s->n_events];
	for (;;) {
		size_t least = i;

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < s->n_events; k++)
			if (sim_before(&s->events[k], &s->events[least]))
				least = k;
		if (least == i)
			return first;
		struct sim_event down = s->events[i];

		s->events[i] = s->events[least];
		s->events[least] = down;
		i = least;
	}
}

/* ---- the provider --------------------------------------------------------------------------- */

/* What left: an answer within a second, a receipt within a minute. */
static void sim_send(struct simulation *s, const struct outbox_item *item)
{
	struct sim_event ev = {.kind = SIM_RESULT,
			       .at = clock_now_ms() + 100 + sim_below(s, 700),
			       .id = item->msg.id,
			       .campaign_id = item->msg.campaign_id,
			       .number = item->msg.number,
			       .attempt = item->msg.attempt,
			       .provider_id = item->msg.provider_id,
			       .good = !sim_chance(s, 20)};

	sim_add(s, &ev);
	s->sent++;
	if (!ev.good)
		return;
	ev.kind = SIM_RECEIPT;
	ev.at += 2000 + sim_below(s, 58000);
	ev.good = !sim_chance(s, 35);
	sim_add(s, &ev);
}

/* The answer in the provider's own words, read by its description as any other. */
static void sim_answer(const struct simulation *s, const struct sim_event *ev,
		       struct outbox_result *out)
{
	char body[96];
	struct http_reply reply = {.phase = HTTP_ANSWERED, .status = 200, .body = body};

	if (ev->good)
		(void)snprintf(
		    body, sizeof(body),
		    "{\"CodeResult\":\"100\",\"CountRegenerate\":0,\"SMSID\":\"S%lld\"}",
		    (long long)ev->id);
	else
		(void)snprintf(body, sizeof(body), "busy");
	reply.status = ev->good ? 200 : 503;
	reply.len = strlen(body);
	*out = (struct outbox_result){.id = ev->id,
				      .campaign_id = ev->campaign_id,
				      .number = ev->number,
				      .attempt = ev->attempt,
				      .provider_id = ev->provider_id,
				      .at = ev->at};
	provider_classify(s->c->house->providers[0], &reply, &out->outcome);
}

static int sim_receipt(struct simulation *s, const struct sim_event *ev, struct err *e)
{
	struct message_receipt r = {.provider_id = ev->provider_id,
				    .message_id = ev->id,
				    .phone = ev->number,
				    .event = ev->good ? MESSAGE_EV_RECEIPT_DELIVERED
						      : MESSAGE_EV_RECEIPT_FAILED,
				    .at = ev->at,
				    .received_at = ev->at,
				    .raw = "",
				    .raw_len = 0};
	int rc = store_begin(s->c->store, e);

	if (rc < 0)
		return -1;
	rc = store_message_receipts(s->c->store, &r, 1, NULL, e);
	if (rc < 0) {
		store_rollback(s->c->store);
		return -1;
	}
	if (store_commit(s->c->store, e) < 0)
		return -1;
	s->delivered += ev->good;
	return ev->good ? sim_reached(s, ev, e) : 0;
}

/* ---- a turn --------------------------------------------------------------------------------- */

static int sim_turn(struct simulation *s, const struct outbox_result *results, size_t n,
		    struct err *e)
{
	struct outbox_item items[SIM_ROOM];
	struct outbox_turn t = {.now = clock_now_ms(),
				.results = results,
				.n_results = n,
				.items = items,
				.room = SIM_ROOM};
	int rc = outbox_turn(s->o, &t, e);

	if (rc < 0)
		return -1;
	s->turns++;
	for (size_t i = 0; i < t.n_items; i++) {
		if (!items[i].query)
			sim_send(s, &items[i]);
		free(items[i].msg.text);
	}
	s->wake = t.wake;
	return 0;
}

static int sim_reports(struct simulation *s, struct err *e)
{
	int64_t now = clock_now_ms();

	if (now < s->report_at)
		return 0;
	if (store_begin(s->c->store, e) < 0)
		return -1;
	if (report_tick(s->c->store, &s->c->house->report, now, &s->report_at, e) < 0) {
		store_rollback(s->c->store);
		return -1;
	}
	outbox_refresh(s->o);
	s->wake = now;
	return store_commit(s->c->store, e);
}

/* Everything that happens now; answers are collected for the turn. */
static int sim_now(struct simulation *s, struct err *e)
{
	struct outbox_result results[SIM_ROOM];
	int64_t now = clock_now_ms();
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && n < SIM_ROOM && s->n_events > 0 && s->events[0].at <= now) {
		struct sim_event ev = sim_take(s);

		switch (ev.kind) {
		case SIM_RESULT:
			sim_answer(s, &ev, &results[n++]);
			break;
		case SIM_RECEIPT:
			rc = sim_receipt(s, &ev, e);
			break;
		case SIM_COME:
			rc = sim_come(s, &ev, e);
			break;
		case SIM_CLOSE:
			rc = sim_close(s, &ev, e);
			break;
		case SIM_DAY:
			rc = sim_day(s, e);
			break;
		}
	}
	if (rc == 0)
		rc = sim_reports(s, e);
	if (rc == 0 && (n > 0 || s->wake <= now))
		rc = sim_turn(s, results, n, e);
	return rc;
}

static int sim_live(struct simulation *s, struct err *e)
{
	while (clock_now_ms() < s->end) {
		int64_t now = clock_now_ms(), next;

		if (sim_now(s, e) < 0)
			return -1;
		next = s->wake < s->report_at ? s->wake : s->report_at;
		if (s->n_events > 0 && s->events[0].at < next)
			next = s->events[0].at;
		if (next > s->end)
			next = s->end;
		clock_advance_virtual(next > now ? next - now : 1);
	}
	return 0;
}

/* ---- the house ------------------------------------------------------------------------------ */

/* In memory where there is such a place: what is shown is the logic, and nothing of it is kept. */
static int sim_make_home(struct simulation *s, struct err *e)
{
	char *path = mem_printf("%s/moidan-simulate-XXXXXX",
				access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FILE *f;

	if (mkdtemp(path) == NULL) {
		(void)err_set(e, EX_CANTCREAT, "%s: %s", path, strerror(errno));
		free(path);
		return -1;
	}
	s->home = path;
	path = mem_printf("%s/moidan.yaml", s->home);
	f = fopen(path, "we");
	if (f != NULL)
		(void)fprintf(
		    f,
		    "database: moidan.db\nlog_level: error\n"
		    "unit: {name: xã Mỹ Phú Đông, office: UBND xã Mỹ Phú Đông, card_name: "
		    "CCCD,\n"
		    "       phone: \"02963 000 000\"}\n"
		    "providers:\n"
		    "  - {name: sandbox, description: esms, base_url: \"http://127.0.0.1:9\",\n"
		    "     settings: {brandname: MYPHUDONG},\n"
		    "     secrets: {api_key: simulate, secret_key: simulate},\n"
		    "     rate_per_second: 20, in_flight: 64, price_per_segment: 350}\n");
	if (f == NULL || fclose(f) != 0) {
		(void)err_set(e, EX_CANTCREAT, "%s: %s", path, strerror(errno));
		free(path);
		return -1;
	}
	s->c->config_path = path;
	return 0;
}

static int sim_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void sim_free(struct simulation *s)
{
	outbox_free(s->o);
	store_close(s->c->store);
	s->c->store = NULL;
	if (s->home != NULL)
		(void)nftw(s->home, sim_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(s->home);
	free((char *)(uintptr_t)s->c->config_path);
	s->c->config_path = NULL;
	free(s->events);
	json_decref(s->days);
	json_decref(s->weeks);
	json_decref(s->sessions);
}

static int sim_run(struct simulation *s, struct err *e)
{
	const struct house *h;

	if (sim_make_home(s, e) < 0 || cli_house(s->c, e) < 0)
		return -1;
	h = s->c->house;
	if (cli_open(s->c, STORE_DAEMON, e) < 0 || sim_begin(s, e) < 0)
		return -1;
	s->o = outbox_new(s->c->store, &h->cfg.dispatch, &h->campaign, h->providers,
			  h->n_providers, s->luck, e);
	if (s->o == NULL)
		return -1;
	return sim_live(s, e) < 0 || sim_collect(s, e) < 0 ? -1 : 0;
}

int cmd_simulate(struct cli *c, int argc, char **argv)
{
	struct simulation s = {.c = c, .come = 62, .absent = 25};
	struct civil from = {.year = 2023, .month = 5, .day = 25, .hour = 7};
	struct civil to = {.year = 2023, .month = 7, .day = 1};
	struct err e = ERR_INIT;
	long seed = 46;
	const struct cli_option options[] = {{.name = "seed", .number = &seed},
					     {.name = "come", .number = &s.come},
					     {.name = "absent", .number = &s.absent},
					     {.name = NULL}};
	int rc;

	if (cli_parse(c, argc, argv, options, 0, 0, &e) < 0)
		return cli_fail(&e);
	if (s.come < 0 || s.come > 100 || s.absent < 0 || s.absent > 100) {
		(void)err_set(&e, EX_USAGE, "--come và --absent là phần trăm, 0 đến 100");
		return cli_fail(&e);
	}
	s.days = json_array();
	s.weeks = json_array();
	s.sessions = json_array();
	s.luck = ((uint64_t)seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
	s.end = civil_to_ms(&to);
	clock_set_virtual(civil_to_ms(&from));
	log_set_level(LOG_LEVEL_ERROR);
	rc = sim_run(&s, &e);
	if (rc == 0)
		rc = sim_print(&s);
	sim_free(&s);
	clock_set_real();
	return e.code != 0 ? cli_fail(&e) : rc;
}
