/* SPDX-License-Identifier: Apache-2.0 */
/* Memory runs out in a library below us: the n-th allocation of SQLite or of jansson fails, once or from then
 * on, while a house is opened, planned, claimed, answered and receipted. The process may end itself, never
 * crash; and what it leaves is sound.
 *
 *   memory [--points N]     of each library and each way; all are spread over the whole run */
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "support/world.h"

#define NINE   INT64_C(1686794400000)
#define PEOPLE 8
#define CODE   40 /* of an end that was meant: far from those of sanitizers */

static struct {
	long calls, nth; /* nth: which fails; 0 = none */
	bool ever;
} memory;
static sqlite3_mem_methods memory_below;

static bool memory_fails(void)
{
	long n = ++memory.calls;

	return memory.nth > 0 && (n == memory.nth || (memory.ever && n > memory.nth));
}

static void *memory_sqlite(int n)
{
	return memory_fails() ? NULL : memory_below.xMalloc(n);
}

static void *memory_sqlite_again(void *p, int n)
{
	return memory_fails() ? NULL : memory_below.xRealloc(p, n);
}

static void *memory_json(size_t n)
{
	return memory_fails() ? NULL : malloc(n);
}

static void memory_hook(bool json)
{
	sqlite3_mem_methods ours;

	if (json) {
		json_set_alloc_funcs(memory_json, free);
		return;
	}
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory_below) != SQLITE_OK)
		abort();
	ours = memory_below;
	ours.xMalloc = memory_sqlite;
	ours.xRealloc = memory_sqlite_again;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK)
		abort();
}

/* A house's day, from the first file that is read. */
static void memory_day(const char *dir)
{
	struct outbox_item items[PEOPLE];
	struct outbox_turn t = {.now = NINE, .items = items, .room = PEOPLE};
	struct outbox_result results[PEOPLE];
	struct message_receipt receipt = {.event = MESSAGE_EV_RECEIPT_DELIVERED,
					  .received_at = NINE,
					  .raw = "x",
					  .raw_len = 1};
	struct err e = ERR_INIT;
	struct outbox *o;
	struct world w;

	world_open(&w, dir);
	world_add_provider(&w, "sms", "esms", 9, 100, 100000);
	world_add_households(&w, 1, PEOPLE);
	(void)world_add_campaign(&w, "một", LANE_BULK, NINE, NINE + 14 * CLOCK_DAY_MS);
	o = outbox_new(w.st, &w.dispatch, &w.house, w.providers, w.n_providers, 46, &e);
	world_must(o ? 0 : -1, &e, "outbox");
	for (int i = 0; i < 10 && t.n_items == 0; i++)
		world_must(outbox_turn(o, &t, &e), &e, "turn");
	for (size_t i = 0; i < t.n_items; i++) {
		struct http_reply reply = {.status = 200,
					   .body = "{\"CodeResult\":\"100\",\"SMSID\":\"S-1\"}",
					   .len = 34,
					   .phase = HTTP_ANSWERED};

		results[i] = (struct outbox_result){.id = items[i].msg.id,
						    .campaign_id = items[i].msg.campaign_id,
						    .number = items[i].msg.number,
						    .segments = items[i].msg.segments,
						    .attempt = items[i].msg.attempt,
						    .provider_id = items[i].msg.provider_id,
						    .at = NINE};
		provider_classify(items[i].provider, &reply, &results[i].outcome);
		free(items[i].msg.text);
	}
	receipt.message_id = t.n_items > 0 ? items[0].msg.id : 0;
	receipt.provider_id = t.n_items > 0 ? items[0].msg.provider_id : 0;
	t = (struct outbox_turn){
	    .now = NINE, .items = items, .results = results, .n_results = t.n_items};
	world_must(outbox_turn(o, &t, &e), &e, "answers");
	world_must(store_begin(w.st, &e), &e, "begin");
	world_must(store_message_receipts(w.st, &receipt, 1, NULL, &e), &e, "receipts");
	world_must(store_commit(w.st, &e), &e, "commit");
	outbox_free(o);
	world_close(&w);
}

/* What is there afterwards is sound, or was never made. */
static void memory_look(const char *dir)
{
	struct err e = ERR_INIT;
	struct store *st = NULL;
	char db[300];

	(void)snprintf(db, sizeof(db), "%.250s/moidan.db", dir);
	if (access(db, F_OK) != 0)
		return;
	world_must(store_open(db, STORE_DAEMON, &st, &e), &e, "again");
	world_must(store_check(st, &e), &e, "check");
	store_close(st);
}

static void memory_clean(const char *dir)
{
	static const char *const names[] = {"", "-wal", "-shm", "-writer", "-lock", "-ballast"};
	char path[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%.250s/moidan.db%s", dir, names[i]);
		(void)unlink(path);
	}
}

/* One process; says how many allocations there were. Its wait status. */
static int memory_life(const char *dir, bool json, long nth, bool ever, long *calls)
{
	int pipes[2], status = 0;
	pid_t pid;

	if (pipe(pipes) != 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		if (nth >= 0) {
			memory.nth = nth;
			memory.ever = ever;
			memory_hook(json);
			memory_day(dir);
			if (write(pipes[1], &memory.calls, sizeof(memory.calls)) < 0)
				abort();
		} else {
			memory_look(dir);
		}
		_exit(CODE);
	}
	(void)close(pipes[1]);
	if (calls != NULL && read(pipes[0], calls, sizeof(*calls)) != sizeof(*calls))
		*calls = 0;
	(void)close(pipes[0]);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return status;
}

/* By itself, for want of memory, or as if nothing were: sanitizers end with 1 and others with 23. */
static bool memory_was_meant(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGABRT;
	return WEXITSTATUS(status) == CODE || WEXITSTATUS(status) >= EX_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"points", required_argument, NULL, 'p'},
						{NULL, 0, NULL, 0}};
	char dir[] = "/tmp/moidan-memory-XXXXXX";
	long points = 12, bad = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'p')
			return EX_USAGE;
		points = strtol(optarg, NULL, 10);
	}
	clock_set_virtual(NINE);
	log_set_level(LOG_LEVEL_ERROR);
	if (mkdtemp(dir) == NULL)
		abort();
	for (int way = 0; way < 4; way++) {
		bool json = way & 1, ever = way & 2;
		long calls = 0, ended = 0;

		if (memory_life(dir, json, 0, false, &calls) != CODE << 8 || calls == 0)
			abort();
		memory_clean(dir);
		for (long k = 1; k <= points; k++) {
			long nth = 1 + (calls - 1) * k / points;
			int life = memory_life(dir, json, nth, ever, NULL);
			int look = memory_life(dir, json, -1, false, NULL);

			ended += life != CODE << 8;
			if (!memory_was_meant(life) || look != CODE << 8) {
				(void)printf("%s at %ld %s: status %x, afterwards %x\n",
					     json ? "jansson" : "SQLite", nth,
					     ever ? "ever" : "once", (unsigned)life,
					     (unsigned)look);
				bad++;
			}
			memory_clean(dir);
		}
		(void)printf("%s %s: %ld of %ld allocations tried, ended %ld times\n",
			     json ? "jansson" : "SQLite", ever ? "ever" : "once", points, calls,
			     ended);
		(void)fflush(stdout);
	}
	(void)rmdir(dir);
	return bad > 0;
}
