/* SPDX-License-Identifier: Apache-2.0 */
/* The commune that the report tests tell of: the shipped programmes, the lists of Mỹ Phú Đông in a real
 * store. */
#ifndef MOIDAN_TESTS_REPORT_HOUSE_H
#define MOIDAN_TESTS_REPORT_HOUSE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "report/report.h"
#include "roster/roster.h"
#include "support/world.h"

struct report_test {
	struct world w;
	struct reports_config cfg;
	struct programme *programmes[2], *officials;
	struct report_house h;
};

static inline int64_t report_at(int yyyymmdd, int hour, int minute)
{
	bool ok;
	civil_day d =
	    civil_day_from_date(yyyymmdd / 10000, yyyymmdd / 100 % 100, yyyymmdd % 100, &ok);

	assert_true(ok);
	return civil_day_start_ms(d) + hour * CLOCK_HOUR_MS + minute * CLOCK_MINUTE_MS;
}

/* reports: of a configuration, as JSON; NULL = all defaults. */
static inline void report_test_configure(struct reports_config *cfg, json_t *reports)
{
	struct err e = ERR_INIT;

	world_must(conf_read(NULL, reports, &reports_config_table, NULL, cfg, &e), &e,
		   "reports");
	json_decref(reports);
}

static inline struct programme *report_test_programme(const char *name)
{
	struct err e = ERR_INIT;
	struct programme *p = programme_load(SOURCE_DIR "/config", name, &e);

	world_must(p != NULL ? 0 : -1, &e, name);
	return p;
}

static inline void report_test_open(struct report_test *t, json_t *reports)
{
	memset(t, 0, sizeof(*t));
	world_open(&t->w, NULL);
	report_test_configure(&t->cfg, reports);
	t->programmes[0] = report_test_programme("vneid");
	t->programmes[1] = report_test_programme("cccd");
	t->officials = report_test_programme("officials");
	t->h = (struct report_house){.house = &t->w.house,
				     .parent = "Công an huyện Thoại Sơn",
				     .cfg = &t->cfg,
				     .programmes = t->programmes,
				     .n_programmes = 2,
				     .officials = t->officials};
}

static inline void report_test_close(struct report_test *t)
{
	world_close(&t->w);
	for (size_t i = 0; i < 2; i++)
		programme_free(t->programmes[i]);
	programme_free(t->officials);
	conf_free(&reports_config_table, &t->cfg);
}

/* One turn of the clockwork at the clock's now; returns when to come again. */
static inline int64_t report_test_tick(struct report_test *t, bool commit)
{
	struct err e = ERR_INIT;
	int64_t wake = 0;

	world_must(store_begin(t->w.st, &e), &e, "begin");
	world_must(report_tick(t->w.st, &t->h, clock_now_ms(), &wake, &e), &e, "tick");
	if (commit)
		world_must(store_commit(t->w.st, &e), &e, "commit");
	else
		store_rollback(t->w.st);
	return wake;
}

static inline int64_t report_test_tick_at(struct report_test *t, int64_t now)
{
	clock_set_virtual(now);
	return report_test_tick(t, true);
}

static inline void report_test_import_file(struct report_test *t, const struct programme *p,
					   const char *path)
{
	struct roster_options o = {
	    .who = "thu", .unit_kind = "ấp", .this_year = 2023, .list_year = 2023};
	struct roster_result r;
	struct err e = ERR_INIT;

	world_must(roster_import(t->w.st, p, path, &o, &r, &e), &e, path);
	roster_result_free(&r);
}

static inline void report_test_import(struct report_test *t, const struct programme *p,
				      const char *file)
{
	char *path = mem_printf(TESTS_DIR "/data/my-phu-dong/%s", file);

	report_test_import_file(t, p, path);
	free(path);
}

/* Households, people without a card, hamlet heads. */
static inline void report_test_people(struct report_test *t)
{
	report_test_import(t, t->programmes[0], "ho-dan.csv");
	report_test_import(t, t->programmes[1], "cccd-ton.csv");
	report_test_import(t, t->officials, "can-bo.csv");
}

#endif
