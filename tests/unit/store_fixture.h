/* SPDX-License-Identifier: Apache-2.0 */
/* A real database in a directory of its own, with a campaign and people to write to. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/campaign.h"
#include "store/message.h"
#include "store/recipient.h"
#include "store/store.h"

#define T0    INT64_C(1686200000000) /* 08/06/2023, a Thursday, 11:53 in Viet Nam */
#define FIRST UINT64_C(84912000001)  /* invented numbers, counted up from here */

struct fixture {
	char dir[64];
	char path[96];
	struct store *st;
	struct err e;
	int64_t campaign, template;
	int provider;
};

/* Succeeds, or shows the error. */
#define OK(call)                                                                               \
	do {                                                                                   \
		if ((call) != 0)                                                               \
			fail_msg("%s: %s", #call, f->e.text);                                  \
	} while (0)

static inline void fixture_open(struct fixture *f, enum store_mode mode)
{
	OK(store_open(f->path, mode, &f->st, &f->e));
}

static inline void fixture_close(struct fixture *f)
{
	store_close(f->st);
	f->st = NULL;
}

static inline void fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f, STORE_DAEMON);
}

/* n recipients, each with a number of its own unless `shared`. Ids are 1 … n. */
static inline void fixture_people(struct fixture *f, int n, bool shared)
{
	OK(store_begin(f->st, &f->e));
	for (int i = 0; i < n; i++) {
		char key[32];
		enum recipient_put what;
		struct recipient r = {.key = key,
				      .name = "Nguyễn Thị Thử",
				      .name_fold = "nguyen thi thu",
				      .name_sort = "thu nguyen thi",
				      .number = FIRST + (shared ? 0 : (uint64_t)i),
				      .facts = "{}",
				      .raw = "[]"};

		(void)snprintf(key, sizeof(key), "TP-%04d", i + 1);
		OK(store_recipient_put(f->st, "vneid", &r, &what, &f->e));
	}
	OK(store_commit(f->st, &f->e));
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct campaign c = {.name = "Mời làm căn cước",
			     .programme = "vneid",
			     .audiences = "A1",
			     .channel = "sms",
			     .parameters = "{}",
			     .state = CAMPAIGN_RUNNING,
			     .expires_at = T0 + 10 * CLOCK_DAY_MS};

	clock_set_virtual(T0);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/moidan-test-XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	(void)snprintf(f->path, sizeof(f->path), "%s/moidan.db", f->dir);
	fixture_open(f, STORE_DAEMON);
	OK(store_begin(f->st, &f->e));
	OK(store_campaign_add(f->st, &c, &f->e));
	OK(store_template_put(f->st, "sms/a1", "Kính mời {{ten}}", &f->template, &f->e));
	OK(store_provider_put(f->st, "esms", &f->provider, &f->e));
	OK(store_commit(f->st, &f->e));
	f->campaign = c.id;
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	struct dirent *d;
	DIR *dir;

	fixture_close(f);
	dir = opendir(f->dir);
	while (dir != NULL && (d = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), d->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(f->dir);
	free(f);
	clock_set_real();
	return 0;
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
