/* SPDX-License-Identifier: Apache-2.0 */
/* sim --seed N                         one seed, told step by step
 * sim [--seeds N] [--from N] [--jobs N] [--seconds N]
 *                                      many, until one does not hold or the time is over */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "sim/sim.h"

#define JOBS 16

struct options {
	uint64_t seed, seeds, from;
	int jobs;
	int64_t seconds;
	bool one;
};

/* What the processes tell: memory of all of them. */
struct report {
	struct {
		uint64_t seed, done;
		struct sim_totals totals;
	} of[JOBS];
};

static void main_no_log(const char *line, void *arg)
{
	(void)line;
	(void)arg;
}

static int64_t main_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One that reaches people by Zalo, and answers as the one of SMS does. */
static void main_add_zalo(struct world *w, const char *like)
{
	char from[300], to[300], name[32], text[4096];
	FILE *in, *out;

	(void)snprintf(from, sizeof(from), SOURCE_DIR "/config/providers/%s.yaml", like);
	(void)snprintf(name, sizeof(name), "zalo-as-%s", like);
	(void)snprintf(to, sizeof(to), "%s/%s.yaml", w->dir, name);
	in = fopen(from, "re");
	out = fopen(to, "we");
	if (in == NULL || out == NULL)
		abort();
	while (fgets(text, sizeof(text), in) != NULL)
		(void)fputs(strncmp(text, "channel:", 8) == 0 ? "channel: zalo\n" : text, out);
	(void)fclose(in);
	if (fclose(out) != 0)
		abort();
	world_add_provider(w, name, to, 9, 3, 0);
	(void)unlink(to);
}

/* A world without a store of its own: house, calendar, providers; and an empty database. */
static struct disk *main_make(struct world *w)
{
	static const char *const descriptions[] = {"esms", "kannel", "speedsms"};
	struct disk *blank;

	disk_register();
	blank = disk_new();
	disk_use(blank);
	clock_set_virtual(INT64_C(1686794400000));
	world_open(w, NULL);
	w->house.dir = SOURCE_DIR "/tests/sim/house";
	w->house.templates = SOURCE_DIR "/tests/sim/house";
	for (int i = 0; i < SIM_DIALECTS; i++)
		world_add_provider(w, descriptions[i], descriptions[i], 9, 2 + 2 * i, 0);
	for (int i = 0; i < SIM_DIALECTS; i++)
		main_add_zalo(w, descriptions[i]);
	store_close(w->st);
	w->st = NULL;
	return blank;
}

static void main_job(const struct options *o, int job, struct report *report)
{
	int64_t until = main_now() + o->seconds * 1000;
	struct world w;
	struct disk *blank;

	if (!o->one)
		log_set_sink(main_no_log, NULL);
	blank = main_make(&w);
	for (uint64_t i = (uint64_t)job; i < o->seeds; i += (uint64_t)o->jobs) {
		if (o->seconds > 0 && main_now() >= until)
			break;
		report->of[job].seed = o->from + i;
		sim_run(&w, blank, o->from + i, o->one, &report->of[job].totals);
		report->of[job].done++;
	}
	disk_free(blank);
	w.st = NULL;
	world_close(&w);
}

/* Waits for all; says which seed a process was at that ended badly. */
static int main_wait(const struct options *o, const pid_t *pids, const struct report *report)
{
	int bad = 0;

	for (int i = 0; i < o->jobs; i++) {
		int status;

		if (waitpid(pids[i], &status, 0) < 0)
			return 1;
		if (status == 0)
			continue;
		bad = 1;
		if (WIFSIGNALED(status))
			(void)fprintf(stderr,
				      "sim: seed %" PRIu64 ": ended by signal %d\n"
				      "sim: to see it: sim --seed %" PRIu64 "\n",
				      report->of[i].seed, WTERMSIG(status), report->of[i].seed);
	}
	return bad;
}

/* 0 when anything was shown at all. */
static int main_print(const struct options *o, const struct report *report, int64_t ms)
{
	struct sim_totals t = {0};
	uint64_t done = 0;

	for (int i = 0; i < o->jobs; i++) {
		const int64_t *from = (const int64_t *)&report->of[i].totals;

		done += report->of[i].done;
		for (size_t k = 0; k < sizeof(t) / sizeof(*from); k++)
			((int64_t *)&t)[k] += from[k];
	}
	(void)printf(
	    "sim: %" PRIu64 " seeds in %.1f s hold: %" PRId64 " steps, %" PRId64
	    " turns, %" PRId64 " crashes, %" PRId64 " turns undone, %" PRId64 " clock jumps\n"
	    "sim: %" PRId64 " messages, %" PRId64 " sent, %" PRId64 " times uncertain, %" PRId64
	    " left to an officer, %" PRId64 " sent twice by an officer's word, %" PRId64
	    " times down a rung\n",
	    done, (double)ms / 1000, t.steps, t.turns, t.crashes, t.full, t.jumps, t.messages,
	    t.sent, t.uncertain, t.officer, t.twice, t.down);
	return t.sent == 0 || t.crashes == 0 || t.down == 0;
}

static void main_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
	    {"seed", required_argument, NULL, 's'},    {"seeds", required_argument, NULL, 'n'},
	    {"from", required_argument, NULL, 'f'},    {"jobs", required_argument, NULL, 'j'},
	    {"seconds", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint64_t v = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;

		if (c == 's')
			*o = (struct options){.one = true, .from = v, .seeds = 1, .jobs = 1};
		else if (c == 'n')
			o->seeds = v;
		else if (c == 'f')
			o->from = v;
		else if (c == 'j')
			o->jobs = v >= 1 && v <= JOBS ? (int)v : 1;
		else if (c == 't')
			o->seconds = (int64_t)v;
		else
			exit(EX_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.seeds = 10000, .from = 1, .jobs = 2};
	int64_t began = main_now();
	struct report *report;
	pid_t pids[JOBS];
	int bad;

	main_options(argc, argv, &o);
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (report == MAP_FAILED)
		return EX_OSERR;
	if (o.one) {
		main_job(&o, 0, report);
		return 0;
	}
	for (int i = 0; i < o.jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return EX_OSERR;
		if (pids[i] == 0) {
			main_job(&o, i, report);
			exit(0);
		}
	}
	bad = main_wait(&o, pids, report);
	return bad || main_print(&o, report, main_now() - began);
}
