/* SPDX-License-Identifier: Apache-2.0 */
/* The house that the campaign tests send from: the shipped programmes and texts, a real store in a
 * folder of its own, Thursday 08/06/2023 at 09:00. */
#ifndef MOIDAN_TESTS_CAMPAIGN_HOUSE_H
#define MOIDAN_TESTS_CAMPAIGN_HOUSE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "campaign/campaign.h"
#include "campaign/plan.h"
#include "text/phone.h"
#include "text/vi.h"

struct test_house {
	char dir[64];
	struct store *st;
	struct hours_config hours;
	struct caps_config caps;
	struct calendar *calendar;
	struct campaign_house house;
};

static inline civil_day test_day(int yyyymmdd)
{
	bool ok;
	civil_day d =
	    civil_day_from_date(yyyymmdd / 10000, yyyymmdd / 100 % 100, yyyymmdd % 100, &ok);

	assert_true(ok);
	return d;
}

static inline int64_t test_at(int yyyymmdd, int hour, int minute)
{
	return civil_day_start_ms(test_day(yyyymmdd)) + hour * CLOCK_HOUR_MS +
	       minute * CLOCK_MINUTE_MS;
}

#define TEST_OK(call)                                                                          \
	do {                                                                                   \
		struct err why = ERR_INIT;                                                     \
		if ((call) < 0)                                                                \
			fail_msg("%s: %s", #call, why.text);                                   \
	} while (0)

static inline void test_house_open(struct test_house *t)
{
	struct err e = ERR_INIT;
	char *path;

	memset(t, 0, sizeof(*t));
	clock_set_virtual(test_at(20230608, 9, 0));
	(void)snprintf(t->dir, sizeof(t->dir), "/tmp/moidan-campaign-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	path = mem_printf("%s/moidan.db", t->dir);
	TEST_OK(store_open(path, STORE_DAEMON, &t->st, &why));
	free(path);
	TEST_OK(conf_read(NULL, NULL, &hours_config_table, NULL, &t->hours, &why));
	TEST_OK(conf_read(NULL, NULL, &caps_config_table, NULL, &t->caps, &why));
	t->calendar = calendar_new(&t->hours, &e);
	assert_non_null(t->calendar);
	t->house = (struct campaign_house){.dir = SOURCE_DIR "/config",
					   .templates = SOURCE_DIR "/templates",
					   .office = "UBND xã Mỹ Phú Đông",
					   .commune = "xã Mỹ Phú Đông",
					   .card_name = "CCCD",
					   .phone_office = "02963881234",
					   .calendar = t->calendar,
					   .caps = &t->caps,
					   .price_per_segment = 350,
					   .forbidden = "",
					   .can_ucs2 = true};
}

/* Texts of its own, none yet, in place of the shipped ones. */
static inline void test_own_texts(struct test_house *t)
{
	static const char *const folders[] = {"sms", "sms/vneid"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path = mem_printf("%s/%s", t->dir, folders[i]);

		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
	}
	t->house.templates = t->dir;
}

static inline int test_remove(const char *path, const struct stat *sb, int type,
			      struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void test_house_close(struct test_house *t)
{
	store_close(t->st);
	calendar_free(t->calendar);
	conf_free(&hours_config_table, &t->hours);
	conf_free(&caps_config_table, &t->caps);
	(void)nftw(t->dir, test_remove, 8, FTW_DEPTH | FTW_PHYS);
	clock_set_real();
}

/* A household of ấp Tân Phú without an account, who can be texted; change what the test is about. */
static inline void test_put(struct store *st, const char *programme, const char *key,
			    const char *name, const char *phone, int state,
			    enum recipient_hold hold, const char *facts)
{
	struct phone number = phone_parse(phone, 2023);
	char *fold = vi_fold(name), *sort = vi_name_sort_key(name);
	struct recipient r = {.key = (char *)(uintptr_t)key,
			      .name = (char *)(uintptr_t)name,
			      .name_fold = fold,
			      .name_sort = sort,
			      .sex = 2,
			      .birth_precision = 3,
			      .birth_year = 1970,
			      .birth_month = 5,
			      .birth_day = 20,
			      .number = number.number,
			      .phone_status = (int)number.status,
			      .phone_flags = number.flags,
			      .state = state,
			      .facts = (char *)(uintptr_t)facts,
			      .hold = hold,
			      .source_row = 7,
			      .raw = (char *)(uintptr_t) "[]"};
	char group[] = "Tổ 1";
	enum recipient_put what;

	r.group = group;
	TEST_OK(store_unit_put(st, "ấp", "Tân Phú", 0, &r.unit_id, &why));
	TEST_OK(store_recipient_put(st, programme, &r, &what, &why));
	free(fold);
	free(sort);
}

/* A draft of programme for audiences; borrowed texts. */
static inline struct campaign test_campaign(const char *name, const char *programme,
					    const char *audiences, const char *parameters)
{
	return (struct campaign){.name = (char *)(uintptr_t)name,
				 .programme = (char *)(uintptr_t)programme,
				 .audiences = (char *)(uintptr_t)audiences,
				 .channel = (char *)(uintptr_t) "sms",
				 .parameters = (char *)(uintptr_t)parameters,
				 .lane = LANE_BULK,
				 .accents = SMS_WITHOUT_ACCENTS,
				 .starts_at = test_at(20230608, 9, 0),
				 .expires_at = test_at(20230630, 0, 0)};
}

/* Writes a file of the test's own folder. */
static inline void test_write(const struct test_house *t, const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", t->dir, name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	free(path);
}

/* What a preview of the campaign shows now; yours to free. */
static inline void test_preview(const struct test_house *t, int64_t id,
				struct campaign_preview *out)
{
	struct campaign c = {0};
	struct campaign_plan *p;
	struct err e = ERR_INIT;

	assert_int_equal(store_campaign_get(t->st, id, &c, &e), 1);
	p = campaign_plan_new(t->st, &t->house, &c, &e);
	if (p == NULL || campaign_preview(t->st, p, clock_now_ms(), out, &e) < 0)
		fail_msg("%s", e.text);
	campaign_plan_free(p);
	campaign_clear(&c);
}

#endif
