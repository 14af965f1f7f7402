/* SPDX-License-Identifier: Apache-2.0 */
/* store_bench [ROWS [BATCH [DIR]]]: how fast the store puts, plans, claims, finishes and takes
 * receipts, one transaction a batch, on a file in DIR. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/campaign.h"
#include "store/message.h"
#include "store/recipient.h"
#include "store/store.h"

#define TEXT                                                                                   \
	"UBND xa My Phu Dong moi ho ong/ba Nguyen Van Mau den tru so luc 08:00 ngay 20/06 de " \
	"lam dinh danh muc 2 va VNeID, mang theo CCCD. LH 02960000000"

struct bench {
	struct store *st;
	struct err e;
	int64_t rows, campaign, template, now;
	size_t batch;
	int provider;
	double longest;
};

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void want(struct bench *b, int rc)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "store_bench: %s\n", b->e.text);
	exit(b->e.code);
}

static void show(const struct bench *b, const char *what, int64_t n, double t)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	printf("%-24s %9ld rows %7.2f s %9.0f rows/s  longest %6.1f ms  max RSS %ld MB\n", what,
	       (long)n, t, (double)n / t, b->longest * 1000, u.ru_maxrss / 1024);
	(void)fflush(stdout);
}

/* Runs one batch after the other, each in a transaction, until one does nothing. */
static void run(struct bench *b, const char *what,
		size_t (*fn)(struct bench *b, int64_t from, size_t n), int64_t rows)
{
	double start = seconds();
	int64_t done = 0;
	size_t n = 1;

	b->longest = 0;
	while (n > 0 && done < rows) {
		double t = seconds();

		want(b, store_begin(b->st, &b->e));
		n = fn(b, done,
		       (size_t)(rows - done) < b->batch ? (size_t)(rows - done) : b->batch);
		want(b, store_commit(b->st, &b->e));
		done += (int64_t)n;
		t = seconds() - t;
		b->longest = t > b->longest ? t : b->longest;
	}
	show(b, what, done, seconds() - start);
}

static size_t put(struct bench *b, int64_t from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char key[32];
		enum recipient_put what;
		int64_t id = from + (int64_t)i;
		struct recipient r = {.key = key,
				      .name = "Nguyễn Văn Mẫu",
				      .name_fold = "nguyen van mau",
				      .name_sort = "mau nguyen van",
				      .number = UINT64_C(84300000000) +
						(uint64_t)id * 7919 % UINT64_C(100000007),
				      .facts = "{\"tk\":false}",
				      .raw = "[\"1\",\"Nguyễn Văn Mẫu\",\"1980\",\"0912\"]"};

		(void)snprintf(key, sizeof(key), "TP-%08ld", (long)id);
		want(b, store_recipient_put(b->st, "vneid", &r, &what, &b->e));
	}
	return n;
}

static size_t plan(struct bench *b, int64_t from, size_t n)
{
	struct message_plan *p = calloc(n, sizeof(*p));
	size_t inserted, linked;

	for (size_t i = 0; i < n; i++) {
		p[i] = (struct message_plan){.campaign_id = b->campaign,
					     .recipient_id = from + (int64_t)i + 1,
					     .contact_id = from + (int64_t)i + 1,
					     .template_id = b->template,
					     .recipient_rev = 1,
					     .due_at = b->now,
					     .expires_at = b->now + CLOCK_DAY_MS,
					     .day = 19000,
					     .segments = 1,
					     .text = TEXT};
	}
	want(b, store_message_plan(b->st, p, n, &inserted, &linked, &b->e));
	free(p);
	return n;
}

static struct claim_verdict yes(const struct message_candidate *c, void *arg)
{
	(void)c;
	(void)arg;
	return (struct claim_verdict){.decision = CLAIM_SEND};
}

/* As the daemon's turn: the results of the last batch and the claim of the next, together. */
static size_t claim_and_finish(struct bench *b, int64_t from, size_t n)
{
	static struct message_claimed *out;
	static struct message_result *r;
	static size_t had;
	struct message_claim q = {.campaign_id = b->campaign,
				  .now = b->now + from,
				  .max = n,
				  .max_segments = 1 << 30,
				  .provider_id = b->provider,
				  .civil_day = 19000,
				  .iso_week = 202302,
				  .decide = yes};
	size_t examined;

	if (out == NULL) {
		out = calloc(b->batch, sizeof(*out));
		r = calloc(b->batch, sizeof(*r));
	}
	for (size_t i = 0; i < had; i++) {
		r[i] = (struct message_result){.id = out[i].id,
					       .campaign_id = out[i].campaign_id,
					       .segments = out[i].segments,
					       .attempt = out[i].attempt,
					       .event = MESSAGE_EV_ACCEPTED,
					       .at = q.now,
					       .due_at = q.now + 3 * CLOCK_DAY_MS,
					       .provider_id = b->provider,
					       .http_status = 200,
					       .code = "100"};
		(void)snprintf(r[i].provider_ref, sizeof(r[i].provider_ref),
			       "%08lx-7d1f-41ab-9c3e-%012lx",
			       (unsigned long)(out[i].id * 2654435761U) & 0xffffffff,
			       (unsigned long)out[i].id);
	}
	want(b, store_message_finish(b->st, r, had, &b->e));
	for (size_t i = 0; i < had; i++)
		free(out[i].text);
	want(b, store_message_claim(b->st, &q, out, &had, &examined, &b->e));
	return had;
}

static size_t receive(struct bench *b, int64_t from, size_t n)
{
	struct message_receipt *r = calloc(n, sizeof(*r));

	for (size_t i = 0; i < n; i++) {
		r[i] = (struct message_receipt){.provider_id = b->provider,
						.message_id = from + (int64_t)i + 1,
						.event = MESSAGE_EV_RECEIPT_DELIVERED,
						.code = "5",
						.at = b->now,
						.received_at = b->now,
						.raw = "CodeResult=5&SMSID=1234567890",
						.raw_len = 29};
	}
	want(b, store_message_receipts(b->st, r, n, NULL, &b->e));
	free(r);
	return n;
}

int main(int argc, char **argv)
{
	struct bench b = {.rows = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000,
			  .batch = argc > 2 ? (size_t)strtol(argv[2], NULL, 10) : 200,
			  .now = clock_now_ms()};
	struct campaign c = {.name = "bench", .programme = "vneid", .state = CAMPAIGN_RUNNING};
	const char *only = argc > 4 ? argv[4] : "";
	double t;
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/store_bench.db", argc > 3 ? argv[3] : "/tmp");
	if (*only == '\0')
		(void)unlink(path);
	t = seconds();
	want(&b, store_open(path, STORE_DAEMON, &b.st, &b.e));
	printf("open %.2f s\n", seconds() - t);
	if (*only == '\0') {
		want(&b, store_begin(b.st, &b.e));
		want(&b, store_campaign_add(b.st, &c, &b.e));
		want(&b, store_template_put(b.st, "a1", TEXT, &b.template, &b.e));
		want(&b, store_provider_put(b.st, "sink", &b.provider, &b.e));
		want(&b, store_commit(b.st, &b.e));
		b.campaign = c.id;
		run(&b, "put recipients", put, b.rows);
		run(&b, "plan (fan-out)", plan, b.rows);
	} else {
		b.campaign = 1;
		b.provider = 1;
	}
	run(&b, "claim + finish", claim_and_finish, b.rows);
	run(&b, "receipts", receive, b.rows);
	store_close(b.st);
	return 0;
}
