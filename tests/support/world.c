/* SPDX-License-Identifier: Apache-2.0 */
#include "support/world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "text/phone.h"

#define WORLD_BATCH 2000

void world_must(int rc, const struct err *e, const char *what)
{
	if (rc >= 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, e->text);
	abort();
}

void world_do(struct world *w, int (*fn)(struct store *st, void *arg, struct err *e), void *arg)
{
	struct err e = ERR_INIT;

	world_must(store_begin(w->st, &e), &e, "begin");
	world_must(fn(w->st, arg, &e), &e, "do");
	world_must(store_commit(w->st, &e), &e, "commit");
}

static void world_read(const struct conf_table *table, void *out)
{
	struct err e = ERR_INIT;

	world_must(conf_read(NULL, NULL, table, NULL, out, &e), &e, table->what);
}

void world_open(struct world *w, const char *dir)
{
	struct err e = ERR_INIT;
	const char *tmp = getenv("TMPDIR");

	memset(w, 0, sizeof(*w));
	w->own_dir = dir == NULL;
	if (dir == NULL)
		(void)snprintf(w->dir, sizeof(w->dir), "%s/moidan-test-XXXXXX",
			       tmp ? tmp : "/tmp");
	else
		(void)snprintf(w->dir, sizeof(w->dir), "%s", dir);
	if (dir == NULL ? mkdtemp(w->dir) == NULL
			: mkdir(w->dir, 0700) < 0 && errno != EEXIST) {
		perror(w->dir);
		abort();
	}
	(void)snprintf(w->db, sizeof(w->db), "%s/moidan.db", w->dir);
	world_read(&hours_config_table, &w->hours);
	world_read(&caps_config_table, &w->caps);
	world_read(&dispatch_config_table, &w->dispatch);
	w->calendar = calendar_new(&w->hours, &e);
	world_must(w->calendar ? 0 : -1, &e, "calendar");
	w->house = (struct campaign_house){.dir = SOURCE_DIR "/config",
					   .templates = SOURCE_DIR "/templates",
					   .office = "UBND xã Mỹ Phú Đông",
					   .commune = "xã Mỹ Phú Đông",
					   .card_name = "căn cước",
					   .calendar = w->calendar,
					   .caps = &w->caps,
					   .price_per_segment = 350,
					   .forbidden = "",
					   .can_ucs2 = true};
	world_must(store_open(w->db, STORE_DAEMON, &w->st, &e), &e, "store");
}

void world_reopen(struct world *w)
{
	struct err e = ERR_INIT;

	store_close(w->st);
	w->st = NULL;
	world_must(store_open(w->db, STORE_DAEMON, &w->st, &e), &e, "store");
}

static void world_remove(const char *dir)
{
	static const char *const names[] = {"",	     "-wal",	 "-shm", "-writer",
					    "-lock", "-ballast", NULL};
	char path[300];

	for (size_t i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof(path), "%s/moidan.db%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

void world_close(struct world *w)
{
	store_close(w->st);
	for (size_t i = 0; i < w->n_providers; i++)
		provider_free(w->providers[i]);
	calendar_free(w->calendar);
	conf_free(&hours_config_table, &w->hours);
	conf_free(&caps_config_table, &w->caps);
	conf_free(&dispatch_config_table, &w->dispatch);
	if (w->own_dir)
		world_remove(w->dir);
}

void world_add_provider(struct world *w, const char *name, const char *description, int port,
			int64_t in_flight, int64_t rate)
{
	static const struct {
		const char *description, *settings, *secrets;
	} accounts[] = {
	    {"esms", "{\"brandname\":\"UBND-MPD\"}",
	     "{\"api_key\":\"khoa-thu-nghiem\",\"secret_key\":\"bi-mat-thu-nghiem\"}"},
	    {"kannel", "{\"username\":\"thu\",\"from\":\"UBND-MPD\"}",
	     "{\"password\":\"bi-mat-thu-nghiem\"}"},
	    {"infobip", "{\"sender\":\"UBND-MPD\"}",
	     "{\"api_key\":\"khoa-thu-nghiem\",\"callback_token\":\"bi-mat-thu-nghiem\"}"},
	    {"stringee", "{\"brandname\":\"UBND-MPD\",\"key_sid\":\"SK1\"}",
	     "{\"key_secret\":\"bi-mat-thu-nghiem\"}"},
	    {"speedsms", "{\"sender\":\"UBND-MPD\"}", "{\"access_token\":\"khoa-thu-nghiem\"}"},
	};
	struct err e = ERR_INIT;
	char url[64];
	char *names[2] = {mem_strdup(name), mem_strdup(description)};
	struct provider_config c = {.name = names[0],
				    .description = names[1],
				    .base_url = url,
				    .rate_per_second = rate,
				    .in_flight = in_flight,
				    .price_per_segment = 350,
				    .weight = 100};

	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
		if (strstr(description, accounts[i].description) == NULL)
			continue;
		c.settings = json_loads(accounts[i].settings, 0, NULL);
		c.secrets = json_loads(accounts[i].secrets, 0, NULL);
	}
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	if (w->n_providers == WORLD_MAX_PROVIDERS)
		abort();
	w->providers[w->n_providers] = provider_new(&c, SOURCE_DIR "/config", &e);
	world_must(w->providers[w->n_providers] ? 0 : -1, &e, name);
	w->n_providers++;
	json_decref(c.settings);
	json_decref(c.secrets);
	free(names[0]);
	free(names[1]);
}

static int64_t world_put(struct world *w, const char *key, uint64_t number)
{
	struct err e = ERR_INIT;
	enum recipient_put what;
	char *texts[] = {mem_strdup(key),
			 mem_strdup("Nguyễn Văn Thử"),
			 mem_strdup("nguyen van thu"),
			 mem_strdup("thu van nguyen"),
			 mem_strdup("{}"),
			 mem_strdup("[]")};
	struct recipient r = {.key = texts[0],
			      .name = texts[1],
			      .name_fold = texts[2],
			      .name_sort = texts[3],
			      .facts = texts[4],
			      .raw = texts[5],
			      .sex = 1,
			      .birth_precision = 1,
			      .birth_year = 1970,
			      .number = number,
			      .phone_status = PHONE_OK,
			      .source_row = 5};

	world_must(store_unit_put(w->st, "ấp", "Tân Phú", 0, &r.unit_id, &e), &e, "unit");
	world_must(store_recipient_put(w->st, "vneid", &r, &what, &e), &e, "household");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	return r.id;
}

int64_t world_add_household(struct world *w, const char *key, uint64_t number)
{
	struct err e = ERR_INIT;
	int64_t id;

	world_must(store_begin(w->st, &e), &e, "begin");
	id = world_put(w, key, number);
	world_must(store_commit(w->st, &e), &e, "commit");
	return id;
}

void world_add_households(struct world *w, int64_t first, int64_t n)
{
	struct err e = ERR_INIT;

	for (int64_t at = 0; at < n; at += WORLD_BATCH) {
		world_must(store_begin(w->st, &e), &e, "begin");
		for (int64_t i = at; i < n && i < at + WORLD_BATCH; i++) {
			char key[32];

			(void)snprintf(key, sizeof(key), "H-%08" PRId64, first + i);
			(void)world_put(w, key, UINT64_C(84900000000) + (uint64_t)(first + i));
		}
		world_must(store_commit(w->st, &e), &e, "commit");
	}
}

int64_t world_add_campaign(struct world *w, const char *name, enum lane lane, int64_t starts_at,
			   int64_t expires_at)
{
	struct err e = ERR_INIT;
	struct campaign c = {.state = CAMPAIGN_RUNNING,
			     .lane = lane,
			     .accents = SMS_WITHOUT_ACCENTS,
			     .starts_at = starts_at,
			     .expires_at = expires_at,
			     .created_at = starts_at,
			     .started_at = starts_at};
	char *texts[] = {mem_strdup(name),
			 mem_strdup("vneid"),
			 mem_strdup("A1"),
			 mem_strdup("sms"),
			 mem_strdup("{\"han\":\"2099-12-31\"}"),
			 mem_strdup("thu"),
			 mem_strdup("duyet")};

	c.name = texts[0];
	c.programme = texts[1];
	c.audiences = texts[2];
	c.channel = texts[3];
	c.parameters = texts[4];
	c.created_by = texts[5];
	c.approved_by = texts[6];
	world_must(store_begin(w->st, &e), &e, "begin");
	world_must(store_campaign_add(w->st, &c, &e), &e, "campaign");
	world_must(store_commit(w->st, &e), &e, "commit");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	return c.id;
}

int64_t world_count(struct world *w, int64_t campaign_id, enum message_state state)
{
	struct err e = ERR_INIT;
	struct message_counts counts;

	world_must(store_message_counts(w->st, campaign_id, 0, &counts, &e), &e, "counts");
	return counts.by_state[state];
}

enum message_state world_state(struct world *w, int64_t message_id)
{
	struct err e = ERR_INIT;
	struct message_row row = {0};
	enum message_state state;

	world_must(store_message_get(w->st, message_id, &row, &e) - 1, &e, "message");
	state = row.state;
	message_row_clear(&row);
	return state;
}
