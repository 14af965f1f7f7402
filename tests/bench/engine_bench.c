/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway without its command line and its web server, in a directory with
 * a database of its own. Each command prints one JSON line.
 *
 *   engine_bench versions
 *   engine_bench prepare DIR ROWS       so many households, and a message for each, queued
 *   engine_bench send DIR PORT MESSAGES IN_FLIGHT SENDERS [DESCRIPTION]
 *                                       sends that many or a few more of them to 127.0.0.1:PORT, as
 *                                       eSMS wants them or as described; IN_FLIGHT requests
 *
 * What is measured of `send` begins before the threads exist and ends when the results of so many
 * messages are committed; processor time is that of the whole process in that time. */
#include <curl/curl.h>
#include <event2/event.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "dispatch/engine.h"
#include "support/world.h"

#define BENCH_LOOK_MS  5
#define BENCH_COPY     INT64_C(100000) /* rows a transaction */
#define BENCH_DRAIN_MS 60000
#define BENCH_STALL_MS 60000

static double bench_seconds(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long bench_rss_kb(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static int bench_versions(void)
{
	printf("{\"libcurl\":\"%s\",\"sqlite\":\"%s\",\"libevent\":\"%s\"}\n",
	       curl_version_info(CURLVERSION_NOW)->version, sqlite3_libversion(),
	       event_get_version());
	return 0;
}

/* ---- prepare -------------------------------------------------------------------------------- */

static void bench_sql(sqlite3 *db, char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		(void)fprintf(stderr, "engine_bench: %s\n", sqlite3_errmsg(db));
		exit(EX_SOFTWARE);
	}
	sqlite3_free(sql);
}

/* The columns of recipient in which households do not differ; sqlite3_free() it. */
static char *bench_same_columns(sqlite3 *db)
{
	static const char SQL[] =
	    "SELECT group_concat(name) FROM pragma_table_info('recipient')"
	    " WHERE name NOT IN ('id', 'list_key', 'number', 'contact_id')";
	sqlite3_stmt *s = NULL;
	char *list = NULL;

	if (sqlite3_prepare_v2(db, SQL, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		list = sqlite3_mprintf("%s", sqlite3_column_text(s, 0));
	(void)sqlite3_finalize(s);
	return list;
}

/* Households like the first, as world_add_households() would number them, from the second to the n-th: a million
 * would take it the better part of a minute. Nobody looks for people here, or counts them by kind: they are not in
 * the search index, and not in recipient_kind. */
static void bench_copy_households(struct world *w, int64_t n)
{
	static const char COPY[] =
	    "BEGIN; CREATE TEMP TABLE nth AS WITH RECURSIVE n(i) AS (VALUES (%lld)"
	    " UNION ALL SELECT i + 1 FROM n WHERE i < %lld) SELECT i FROM n;"
	    "INSERT INTO contact(id, number, recipients)"
	    " SELECT c.id + i, c.number + i, c.recipients"
	    " FROM nth, recipient r, contact c WHERE r.id = 1 AND c.id = r.contact_id;"
	    "INSERT INTO recipient(id, list_key, number, contact_id, %s)"
	    " SELECT id + i, printf('H-%%08d', 1 + i), number + i, contact_id + i, %s"
	    " FROM nth, recipient WHERE id = 1; DROP TABLE nth; COMMIT";
	sqlite3 *db = NULL;
	char *same;

	store_close(w->st);
	w->st = NULL;
	if (sqlite3_open(w->db, &db) != SQLITE_OK || (same = bench_same_columns(db)) == NULL)
		exit(EX_SOFTWARE);
	bench_sql(db, sqlite3_mprintf("PRAGMA synchronous=OFF"));
	for (int64_t at = 1; at < n; at += BENCH_COPY) {
		int64_t last = at + BENCH_COPY < n ? at + BENCH_COPY - 1 : n - 1;

		bench_sql(db,
			  sqlite3_mprintf(COPY, (long long)at, (long long)last, same, same));
	}
	sqlite3_free(same);
	(void)sqlite3_close(db);
	world_reopen(w);
}

/* No provider: what is planned stays queued. */
static int64_t bench_fan_out(struct world *w)
{
	struct err e = ERR_INIT;
	struct outbox *o = outbox_new(w->st, &w->dispatch, &w->house, w->providers, 0, 1, &e);
	struct outbox_stats stats;
	struct outbox_turn t;

	world_must(o ? 0 : -1, &e, "outbox");
	do {
		t = (struct outbox_turn){.now = clock_now_ms()};
		world_must(outbox_turn(o, &t, &e), &e, "turn");
	} while (t.wake <= t.now);
	outbox_stats_get(o, &stats);
	outbox_free(o);
	return stats.planned;
}

static int bench_prepare(const char *dir, int64_t rows)
{
	struct world w;
	double start, put, planned, cpu;
	int64_t n;

	world_open(&w, dir);
	start = bench_seconds(CLOCK_MONOTONIC);
	world_add_households(&w, 1, 1);
	bench_copy_households(&w, rows);
	put = bench_seconds(CLOCK_MONOTONIC) - start;
	(void)world_add_campaign(&w, "bench", LANE_URGENT, 0,
				 clock_now_ms() + 365 * CLOCK_DAY_MS);
	start = bench_seconds(CLOCK_MONOTONIC);
	cpu = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
	n = bench_fan_out(&w);
	planned = bench_seconds(CLOCK_MONOTONIC) - start;
	cpu = bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"rows\":%" PRId64 ",\"queued\":%" PRId64 ",\"put_seconds\":%.3f,"
	       "\"seconds\":%.3f,\"per_second\":%.0f,\"cpu_us\":%.2f,\"rss_kb\":%ld}\n",
	       rows, world_count(&w, 0, MESSAGE_QUEUED), put, planned, (double)n / planned,
	       cpu * 1e6 / (double)n, bench_rss_kb());
	world_close(&w);
	return n == rows ? 0 : 1;
}

/* ---- send ----------------------------------------------------------------------------------- */

struct bench_send {
	struct engine *engine;
	struct event_base *base;
	int64_t wanted, accepted;
	double started, cpu, seconds; /* cpu: what had been used before, then in that time */
	double moved;		      /* when something was last accepted */
};

static void bench_on_fatal(const struct err *e, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, "engine_bench: %s\n", e->text);
	exit(e->code);
}

static const char *bench_token(const char *provider, void *arg)
{
	(void)provider;
	(void)arg;
	return "0123456789abcdef0123456789abcdef";
}

static void bench_look(evutil_socket_t fd, short what, void *arg)
{
	struct bench_send *b = arg;
	struct outbox_stats s;

	(void)fd;
	(void)what;
	engine_stats(b->engine, &s);
	b->seconds = bench_seconds(CLOCK_MONOTONIC) - b->started;
	if (s.accepted > b->accepted)
		b->moved = b->seconds;
	b->accepted = s.accepted;
	if (s.accepted < b->wanted && (b->seconds - b->moved) * 1000 < BENCH_STALL_MS)
		return;
	b->cpu = bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - b->cpu;
	(void)event_base_loopbreak(b->base);
}

static void bench_run(struct bench_send *b, struct world *w)
{
	struct engine_config cfg = {.dispatch = w->dispatch,
				    .house = &w->house,
				    .providers = w->providers,
				    .n_providers = w->n_providers,
				    .callback_base = "https://tin.example.vn/callbacks",
				    .callback_token = bench_token};
	struct timeval every = {.tv_usec = BENCH_LOOK_MS * 1000};
	struct err e = ERR_INIT;
	struct store *st = w->st;
	struct event *look;

	b->base = event_base_new();
	look = event_new(b->base, -1, EV_PERSIST, bench_look, b);
	(void)event_add(look, &every);
	b->started = bench_seconds(CLOCK_MONOTONIC);
	b->cpu = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
	w->st = NULL;
	b->engine = engine_new(b->base, st, &cfg, bench_on_fatal, NULL, &e);
	world_must(b->engine ? 0 : -1, &e, "engine");
	(void)event_base_dispatch(b->base);
	engine_stop(b->engine, BENCH_DRAIN_MS);
	event_free(look);
	event_base_free(b->base);
}

static int bench_send(const char *dir, int port, int64_t messages, int64_t in_flight,
		      int64_t senders, const char *description)
{
	struct bench_send b = {.wanted = messages};
	struct err e = ERR_INIT;
	struct world w;
	int64_t before, sent, left, other;
	long rss;

	world_open(&w, dir);
	world_add_provider(&w, description, description, port, in_flight, 0);
	w.dispatch.senders = senders;
	before = world_count(&w, 0, MESSAGE_SENT);
	bench_run(&b, &w);
	rss = bench_rss_kb();
	world_must(store_open(w.db, STORE_READER, &w.st, &e), &e, "reader");
	sent = world_count(&w, 0, MESSAGE_SENT) - before;
	left = world_count(&w, 0, MESSAGE_QUEUED);
	other = world_count(&w, 0, MESSAGE_SENDING) + world_count(&w, 0, MESSAGE_UNCERTAIN);
	printf("{\"messages\":%" PRId64 ",\"seconds\":%.3f,\"per_second\":%.0f,"
	       "\"cpu_us\":%.2f,\"rss_kb\":%ld,\"sent\":%" PRId64 ",\"queued\":%" PRId64
	       ",\"unsettled\":%" PRId64 "}\n",
	       b.accepted, b.seconds, (double)b.accepted / b.seconds,
	       b.cpu * 1e6 / (double)b.accepted, rss, sent, left, other);
	world_close(&w);
	return b.accepted >= messages && other == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	log_set_level(LOG_LEVEL_WARN);
	if (strcmp(verb, "versions") == 0)
		return bench_versions();
	if (strcmp(verb, "prepare") == 0 && argc == 4)
		return bench_prepare(argv[2], strtoll(argv[3], NULL, 10));
	if (strcmp(verb, "send") == 0 && (argc == 7 || argc == 8))
		return bench_send(argv[2], (int)strtol(argv[3], NULL, 10),
				  strtoll(argv[4], NULL, 10), strtoll(argv[5], NULL, 10),
				  strtoll(argv[6], NULL, 10),
				  argc > 7 ? argv[7] : "esms");
	(void)fprintf(stderr, "usage: engine_bench versions | prepare DIR ROWS |"
			      " send DIR PORT MESSAGES IN_FLIGHT SENDERS [DESCRIPTION]\n");
	return EX_USAGE;
}
