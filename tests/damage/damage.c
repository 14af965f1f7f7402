/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged databases: bits flipped, pages lost, swapped or full of noise, files cut off, a write-ahead log of
 * another day. The gateway refuses to start, or stops, or goes on as if nothing were; it never sends a second
 * time, nor to whom nobody wrote.
 *
 *   damage [--seeds N] [--seed N]      --seed tells of one */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sim/random.h"
#include "support/world.h"

/* Thứ Năm 15/6/2023, 09:00. */
#define NINE	   INT64_C(1686794400000)
#define PEOPLE	   60
#define HANDED	   20 /* given to the provider before the damage */
#define ANSWERED   14
#define RECEIVED   5
#define PAGE	   4096
#define TURNS	   8
#define AT_ONCE	   2
#define CODE	   40 /* of the first fate: far from those of sanitizers */
#define NUMBER(id) (UINT64_C(84900000000) + (uint64_t)(id))

/* How a life in a damaged house ended, as its exit code. */
enum fate {
	FATE_WELL,	 /* went on, as far as can be seen unharmed */
	FATE_REFUSED,	 /* did not start */
	FATE_STOPPED,	 /* started, and stopped for an error */
	FATE_OTHER_TEXT, /* sent words that are not those */
	FATE_LOST_LOG,	 /* sent again, under the same name, what only the lost log knew of */
	FATE_TWICE,	 /* sent what had been sent */
	FATE_STRANGER,	 /* sent to a number that nobody has */
	FATE_ABORTED,	 /* saw that something cannot be, and ended itself */
	FATE_CRASHED,
	FATES
};
static const char *const fate_names[FATES] = {"unharmed",    "refused",	     "stopped",
					      "other words", "lost its log", "TWICE",
					      "STRANGER",    "aborted",	     "CRASHED"};

struct image {
	struct buf db, wal;
};

struct damage {
	struct world w;
	struct image open, closed, early; /* with everything in the log; in the file; before */
	char *texts[PEOPLE + 1];
	struct buf lock; /* says what was opened last */
	bool tell;
	bool
	    log_lost; /* the damage took committed work away, and nothing in the files says so */
};

static void image_read(const char *path, struct buf *out)
{
	char chunk[65536];
	FILE *f = fopen(path, "rb");
	size_t n;

	buf_init(out, 1 << 26);
	while (f != NULL && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		(void)buf_add(out, chunk, n);
	if (f != NULL)
		(void)fclose(f);
}

static void image_take(struct damage *d, struct image *out)
{
	char wal[300];

	(void)snprintf(wal, sizeof(wal), "%s-wal", d->w.db);
	image_read(d->w.db, &out->db);
	image_read(wal, &out->wal);
}

static void image_write(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0)
		abort();
}

static struct outbox *damage_outbox(struct damage *d, struct err *e)
{
	return outbox_new(d->w.st, &d->w.dispatch, &d->w.house, d->w.providers,
			  d->w.n_providers, 46, e);
}

/* ---- the house before the damage ---------------------------------------------------------- */

static void damage_make(struct damage *d)
{
	struct outbox_item items[HANDED];
	struct outbox_result results[ANSWERED];
	struct message_receipt receipts[RECEIVED];
	struct outbox_turn t = {.now = NINE, .items = items, .room = HANDED};
	struct err e = ERR_INIT;
	struct outbox *o;
	char lock[300];

	world_open(&d->w, NULL);
	world_add_provider(&d->w, "sms", "esms", 9, 100, 100000);
	d->w.dispatch.settle_after = 1;
	world_add_households(&d->w, 1, PEOPLE);
	image_take(d, &d->early);
	(void)world_add_campaign(&d->w, "một", LANE_BULK, NINE, NINE + 14 * CLOCK_DAY_MS);
	o = damage_outbox(d, &e);
	world_must(o ? 0 : -1, &e, "outbox");
	while (t.n_items == 0)
		world_must(outbox_turn(o, &t, &e), &e, "turn");
	for (size_t i = 0; i < HANDED; i++) {
		if (items[i].msg.number != NUMBER(items[i].msg.id) ||
		    items[i].msg.id != (int64_t)i + 1)
			abort();
		free(items[i].msg.text);
	}
	for (size_t i = 0; i < ANSWERED; i++)
		results[i] = (struct outbox_result){
		    .id = items[i].msg.id,
		    .campaign_id = items[i].msg.campaign_id,
		    .number = items[i].msg.number,
		    .segments = items[i].msg.segments,
		    .attempt = items[i].msg.attempt,
		    .provider_id = items[i].msg.provider_id,
		    .at = NINE,
		    .outcome = {.class = OUTCOME_OK, .wait_ms = -1, .wait_until_minute = -1}};
	t = (struct outbox_turn){
	    .now = NINE, .items = items, .results = results, .n_results = ANSWERED};
	world_must(outbox_turn(o, &t, &e), &e, "answers");
	for (size_t i = 0; i < RECEIVED; i++)
		receipts[i] = (struct message_receipt){.provider_id = items[i].msg.provider_id,
						       .message_id = items[i].msg.id,
						       .event = MESSAGE_EV_RECEIPT_DELIVERED,
						       .received_at = NINE,
						       .raw = "x",
						       .raw_len = 1};
	world_must(store_begin(d->w.st, &e), &e, "begin");
	world_must(store_message_receipts(d->w.st, receipts, RECEIVED, NULL, &e), &e,
		   "receipts");
	world_must(store_commit(d->w.st, &e), &e, "commit");
	outbox_free(o);
	(void)snprintf(lock, sizeof(lock), "%s-lock", d->w.db);
	image_read(lock, &d->lock);
	image_take(d, &d->open);
	store_close(d->w.st);
	d->w.st = NULL;
	image_take(d, &d->closed);
}

/* ---- the damage --------------------------------------------------------------------------- */

static void damage_bits(uint64_t *r, struct buf *b, uint64_t n)
{
	for (uint64_t i = 0; b->len > 0 && i < n; i++)
		b->data[random_below(r, (unsigned)b->len)] ^= (char)(1 << random_below(r, 8));
}

static void damage_page(uint64_t *r, struct buf *b)
{
	size_t pages = b->len / PAGE;
	char *a, *c;

	if (pages < 3)
		return;
	a = b->data + random_below(r, (unsigned)pages) * PAGE;
	c = b->data + random_below(r, (unsigned)pages) * PAGE;
	switch (random_below(r, 4)) {
	case 0:
		memset(a, 0, PAGE);
		break;
	case 1:
		for (size_t i = 0; i < 512; i++)
			a[i + 512 * (i % 8)] = (char)random_below(r, 256);
		break;
	case 2:
		memcpy(a, c, PAGE);
		break;
	default:
		for (size_t i = 0; i < PAGE; i++) {
			char x = a[i];

			a[i] = c[i];
			c[i] = x;
		}
	}
}

static void damage_cut(uint64_t *r, struct buf *b)
{
	if (b->len > 0)
		b->len = random_below(r, (unsigned)b->len);
}

/* Changes a copy by what the seed says; its kind, for those who ask. */
static const char *damage_do(uint64_t *r, const struct damage *d, struct image *m)
{
	switch (random_below(r, 8)) {
	case 0:
		damage_bits(r, &m->db, 1);
		return "a bit";
	case 1:
		damage_bits(r, &m->db, 2 + random_below(r, 64));
		return "bits";
	case 2:
		damage_page(r, &m->db);
		return "a page";
	case 3:
		damage_cut(r, &m->db);
		return "the file cut off";
	case 4:
		damage_bits(r, &m->wal, 1 + random_below(r, 16));
		return "bits of the log";
	case 5:
		damage_cut(r, &m->wal);
		return "the log cut off";
	case 6:
		damage_page(r, &m->wal);
		return "a page of the log";
	default:
		buf_reset(&m->wal);
		(void)buf_add(&m->wal, d->early.wal.data, d->early.wal.len);
		return "the log of another day";
	}
}

/* ---- a life in it --------------------------------------------------------------------------- */

static enum fate damage_item(const struct damage *d, const struct outbox_item *item)
{
	int64_t id = item->msg.id;

	if (id < 1 || id > PEOPLE || item->msg.number != NUMBER(id))
		return FATE_STRANGER;
	/* What had no answer may be asked for again, by the name it had. */
	if (id <= ANSWERED || (id <= HANDED && (!item->resend || item->msg.generation != 1)))
		return d->log_lost && item->msg.generation == 1 ? FATE_LOST_LOG : FATE_TWICE;
	if (d->texts[id] != NULL && strcmp(d->texts[id], item->msg.text) != 0)
		return FATE_OTHER_TEXT;
	return FATE_WELL;
}

/* Keeps the words of those that are sent, when keep is set. */
static enum fate damage_live(struct damage *d, const char *path, bool keep)
{
	struct outbox_item items[PEOPLE];
	struct err e = ERR_INIT;
	enum fate worst = FATE_WELL;
	struct outbox *o;

	if (store_open(path, STORE_DAEMON, &d->w.st, &e) < 0)
		return FATE_REFUSED;
	o = damage_outbox(d, &e);
	if (o == NULL)
		worst = FATE_STOPPED;
	for (int turn = 0; o != NULL && turn < TURNS; turn++) {
		struct outbox_turn t = {.now = clock_now_ms(), .items = items, .room = PEOPLE};

		if (outbox_turn(o, &t, &e) < 0) {
			worst = worst == FATE_WELL ? FATE_STOPPED : worst;
			break;
		}
		for (size_t i = 0; i < t.n_items; i++) {
			enum fate f = damage_item(d, &items[i]);

			worst = f > worst ? f : worst;
			if (keep && items[i].msg.id <= PEOPLE)
				d->texts[items[i].msg.id] = mem_strdup(items[i].msg.text);
			free(items[i].msg.text);
		}
		clock_advance_virtual(CLOCK_SECOND_MS);
	}
	outbox_free(o);
	store_close(d->w.st);
	d->w.st = NULL;
	return worst;
}

static void damage_path(const struct damage *d, uint64_t seed, char out[300])
{
	(void)snprintf(out, 300, "%.240s/x%d.db", d->w.dir, (int)(seed % AT_ONCE));
}

static void damage_put(const struct damage *d, uint64_t seed, const struct image *m)
{
	static const char *const beside[] = {"-shm", "-writer", "-lock", "-ballast", "-wal"};
	char path[300], name[320];

	damage_path(d, seed, path);
	image_write(path, &m->db);
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, beside[i]);
		(void)unlink(name);
	}
	if (m->wal.len > 0)
		image_write(name, &m->wal);
	(void)snprintf(name, sizeof(name), "%s-lock", path);
	image_write(name, &d->lock);
}

static void damage_close(struct damage *d)
{
	struct image *const images[] = {&d->open, &d->closed, &d->early};
	static const char *const names[] = {"", "-wal", "-shm", "-writer", "-lock", "-ballast"};
	char path[300], name[320];

	for (uint64_t k = 0; k < AT_ONCE; k++) {
		damage_path(d, k, path);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			(void)snprintf(name, sizeof(name), "%s%s", path, names[i]);
			(void)unlink(name);
		}
	}
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		buf_free(&images[i]->db);
		buf_free(&images[i]->wal);
	}
	buf_free(&d->lock);
	for (int i = 0; i <= PEOPLE; i++)
		free(d->texts[i]);
	world_close(&d->w);
}

static _Noreturn void damage_child(struct damage *d, uint64_t seed)
{
	uint64_t r = seed;
	struct image m;
	char path[300];

	const char *kind;
	const struct image *from = random_below(&r, 2) ? &d->open : &d->closed;

	buf_init(&m.db, 1 << 26);
	buf_init(&m.wal, 1 << 26);
	(void)buf_add(&m.db, from->db.data, from->db.len);
	(void)buf_add(&m.wal, from->wal.data, from->wal.len);
	kind = damage_do(&r, d, &m);
	/* A log that ends early is what a crash before the commit leaves: SQLite cannot tell, a provider
	 * that knows references again can. */
	d->log_lost = from == &d->open && strstr(kind, "log") != NULL;
	if (d->tell)
		(void)fprintf(stderr, "seed %llu: %s of the %s house\n",
			      (unsigned long long)seed, kind,
			      from == &d->open ? "open" : "closed");
	damage_put(d, seed, &m);
	damage_path(d, seed, path);
	_exit(CODE + (int)damage_live(d, path, false));
}

static enum fate damage_fate(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGABRT ? FATE_ABORTED : FATE_CRASHED;
	return WEXITSTATUS(status) >= CODE && WEXITSTATUS(status) < CODE + FATES
		   ? (enum fate)(WEXITSTATUS(status) - CODE)
		   : FATE_CRASHED;
}

static pid_t damage_start(struct damage *d, uint64_t seed)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (pid == 0)
		damage_child(d, seed);
	return pid;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"seeds", required_argument, NULL, 'n'},
						{"seed", required_argument, NULL, 's'},
						{NULL, 0, NULL, 0}};
	struct damage d = {0};
	uint64_t first = 1, n = 1000;
	size_t counts[FATES] = {0};
	char path[300];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			n = strtoull(optarg, NULL, 10);
		else if (c == 's')
			first = strtoull(optarg, NULL, 10), n = 1;
		else
			return EX_USAGE;
	}
	clock_set_virtual(NINE);
	d.tell = n == 1;
	log_set_level(n == 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	damage_make(&d);
	/* What is sent without any damage. */
	damage_put(&d, 0, &d.open);
	damage_path(&d, 0, path);
	if (damage_live(&d, path, true) != FATE_WELL || d.texts[PEOPLE] == NULL)
		abort();
	if (n > 1 && freopen("/dev/null", "w", stderr) == NULL)
		abort();
	for (uint64_t at = first; at < first + n; at += AT_ONCE) {
		pid_t pids[AT_ONCE];

		for (uint64_t k = 0; k < AT_ONCE && at + k < first + n; k++)
			pids[k] = damage_start(&d, at + k);
		for (uint64_t k = 0; k < AT_ONCE && at + k < first + n; k++) {
			int status = 0;
			enum fate f;

			if (waitpid(pids[k], &status, 0) != pids[k])
				abort();
			f = damage_fate(status);
			counts[f]++;
			if (n == 1 || f == FATE_TWICE || f == FATE_STRANGER ||
			    f == FATE_CRASHED)
				(void)printf("seed %llu: %s\n", (unsigned long long)(at + k),
					     fate_names[f]);
		}
	}
	for (int f = 0; f < FATES; f++)
		(void)printf("%s %zu%s", fate_names[f], counts[f], f + 1 < FATES ? ", " : "\n");
	damage_close(&d);
	return counts[FATE_TWICE] + counts[FATE_STRANGER] + counts[FATE_CRASHED] > 0;
}
