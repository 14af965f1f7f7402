/* SPDX-License-Identifier: Apache-2.0 */
/* What the store keeps by the row: settings, the audit, campaigns, texts, providers. */
#include "store/account.h"
#include "store_sql.h"

/* ---- the rest ----------------------------------------------------------------------------- */

static void settings_are_kept_and_replaced(void **state)
{
	struct fixture *f = *state;
	char *value = NULL;

	assert_int_equal(store_meta_get(f->st, "unit", &value, &f->e), 0);
	OK(store_begin(f->st, &f->e));
	OK(store_meta_set(f->st, "unit", "xã Mỹ Phú Đông", &f->e));
	OK(store_meta_set(f->st, "unit", "xã Mỹ Phú", &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_meta_get(f->st, "unit", &value, &f->e), 1);
	assert_string_equal(value, "xã Mỹ Phú");
	free(value);
}

static void sizes_say_how_much_there_is(void **state)
{
	struct fixture *f = *state;
	struct store_sizes sizes;

	fixture_people(f, 12, false);
	OK(store_sizes(f->st, &sizes, &f->e));
	assert_int_equal(sizes.rows_recipient, 12);
	assert_int_equal(sizes.rows_message, 0);
	assert_true(sizes.db_bytes + sizes.wal_bytes > 4096 && sizes.free_disk_bytes > 0);
}

static void write_audit(struct fixture *f)
{
	OK(store_begin(f->st, &f->e));
	OK(store_audit(f->st, "lan", "campaign.approve", "campaign/1", "hash=ab", &f->e));
	OK(store_audit(f->st, "minh", "campaign.start", "campaign/1", NULL, &f->e));
	OK(store_audit(f->st, "minh", "campaign.pause", "campaign/1", NULL, &f->e));
	OK(store_commit(f->st, &f->e));
	OK(store_audit_verify(f->st, &f->e));
}

/* While one counts whom a campaign would reach, others sign in and look people up. */
static void the_mark_moves_with_what_changes_a_campaign_alone(void **state)
{
	static const struct {
		const char *what;
		bool moves;
	} said[] = {{"account.login", false},	  {"account.password", false},
		    {"recipient.show", false},	  {"recipient.list", false},
		    {"session.sheet", false},	  {"contact.flags", true},
		    {"recipient.hold", true},	  {"campaign.approve", true},
		    {"text.save", true},	  {"session.move", true},
		    {"recipient.unmask", false}, {"not.known.yet", true}};
	struct fixture *f = *state;
	char before[STORE_MARK], now[STORE_MARK];

	OK(store_mark(f->st, before, &f->e));
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		OK(store_begin(f->st, &f->e));
		OK(store_audit(f->st, "lan", said[i].what, "recipient/1", NULL, &f->e));
		OK(store_commit(f->st, &f->e));
		OK(store_mark(f->st, now, &f->e));
		assert_int_equal(strcmp(now, before) != 0, said[i].moves);
		memcpy(before, now, sizeof(now));
	}
	sql(f, "INSERT INTO import(programme, at, rows_read, accepted, rejected, added, updated,"
	       " same, held, total_stated) VALUES ('vneid', 1, 0, 0, 0, 0, 0, 0, 0, 0)");
	OK(store_mark(f->st, now, &f->e));
	assert_string_not_equal(now, before);
}

static void a_changed_audit_row_is_named(void **state)
{
	static const char *const tampering[] = {
	    "UPDATE audit SET who = 'lanh' WHERE id = 2",
	    "UPDATE audit SET at = at + 1 WHERE id = 2",
	    "UPDATE audit SET what = what || 'campaign/', subject = '1' WHERE id = 2",
	    "UPDATE audit SET hash = zeroblob(32) WHERE id = 2",
	    "DELETE FROM audit WHERE id = 2",
	};
	struct fixture *f = *state;
	char first[65], last[65], now[65];

	/* By itself the store lets nobody do it; somebody with the file can. */
	write_audit(f);
	for (size_t i = 0; i < sizeof(tampering) / sizeof(tampering[0]); i++)
		assert_false(sql_try(f, tampering[i]));
	OK(store_audit_verify(f->st, &f->e));
	sql(f, "DROP TRIGGER audit_no_update");
	sql(f, "DROP TRIGGER audit_no_delete");
	for (size_t i = 0; i < sizeof(tampering) / sizeof(tampering[0]); i++) {
		bool gone = strncmp(tampering[i], "DELETE", 6) == 0;

		sql(f, "DELETE FROM audit");
		write_audit(f);
		sql(f, tampering[i]);
		assert_int_equal(store_audit_verify(f->st, &f->e), -1);
		assert_non_null(strstr(f->e.text, gone ? "row 3" : "row 2"));
		err_clear(&f->e);
	}
	/* What is cut off at the end is missed by whoever noted it down. */
	sql(f, "DELETE FROM audit");
	write_audit(f);
	assert_int_equal(store_audit_hash(f->st, 0, last, &f->e), 3);
	assert_int_equal(store_audit_hash(f->st, 1, first, &f->e), 1);
	assert_string_not_equal(first, last);
	sql(f, "DELETE FROM audit WHERE id = 3");
	OK(store_audit_verify(f->st, &f->e));
	assert_int_equal(store_audit_hash(f->st, 3, now, &f->e), 0);
	assert_int_equal(store_audit_hash(f->st, 1, now, &f->e), 1);
	assert_string_equal(now, first);
}

static void count_campaigns(const struct campaign *c, void *arg)
{
	(void)c;
	(*(int *)arg)++;
}

static void a_campaign_is_kept_whole_and_its_name_is_its_own(void **state)
{
	struct fixture *f = *state;
	struct campaign c = {.name = "Đợt 2",
			     .programme = "cccd",
			     .audiences = "A1,A2",
			     .channel = "sms",
			     .parameters = "{\"han\":\"20/06\"}",
			     .lane = LANE_BULK,
			     .accents = 2,
			     .step = 1,
			     .stream = true,
			     .cursor = 41,
			     .starts_at = T0,
			     .expires_at = T0 + 1,
			     .created_at = T0 + 2,
			     .created_by = "lan"},
			got = {0};
	int n = 0;

	OK(store_begin(f->st, &f->e));
	OK(store_campaign_add(f->st, &c, &f->e));
	c.state = CAMPAIGN_HALTED;
	c.halt_reason = "nhiều lỗi liên tiếp";
	c.cursor = -1;
	OK(store_campaign_update(f->st, &c, &f->e));
	assert_int_equal(store_campaign_add(f->st, &c, &f->e), -1);
	assert_int_equal(f->e.code, EX_DATAERR);
	err_clear(&f->e);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_campaign_find(f->st, "Đợt 2", &got, &f->e), 1);
	assert_int_equal(got.state, CAMPAIGN_HALTED);
	assert_int_equal(got.lane, LANE_BULK);
	assert_int_equal(got.cursor, -1);
	assert_true(got.stream && got.accents == 2 && got.step == 1);
	assert_true(got.starts_at == T0 && got.expires_at == T0 + 1 &&
		    got.created_at == T0 + 2);
	assert_string_equal(got.audiences, "A1,A2");
	assert_string_equal(got.halt_reason, "nhiều lỗi liên tiếp");
	assert_null(got.approved_by);
	campaign_clear(&got);
	assert_int_equal(store_campaign_get(f->st, 99, &got, &f->e), 0);
	OK(store_campaign_list(f->st, -1, count_campaigns, &n, &f->e));
	assert_int_equal(n, 2);
	n = 0;
	OK(store_campaign_list(f->st, CAMPAIGN_HALTED, count_campaigns, &n, &f->e));
	assert_int_equal(n, 1);
}

static void a_text_is_versioned_by_what_it_says(void **state)
{
	struct fixture *f = *state;
	int64_t a, b, c;
	char *name, *text;

	OK(store_begin(f->st, &f->e));
	OK(store_template_put(f->st, "sms/a2", "Kính mời", &a, &f->e));
	OK(store_template_put(f->st, "sms/a2", "Kính mời", &b, &f->e));
	OK(store_template_put(f->st, "sms/a2", "Trân trọng kính mời", &c, &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(a, b);
	assert_int_not_equal(a, c);
	assert_int_equal(store_template_get(f->st, c, &name, &text, &f->e), 1);
	assert_string_equal(name, "sms/a2");
	assert_string_equal(text, "Trân trọng kính mời");
	free(name);
	free(text);
}

static void see_provider(int id, const char *name, const char *reason, int64_t since, void *arg)
{
	char *out = arg;

	(void)snprintf(out + strlen(out), 100, "%d %s %s %d;", id, name, reason ? reason : "-",
		       since > 0);
}

static void a_provider_keeps_its_number_and_can_be_stopped(void **state)
{
	struct fixture *f = *state;
	char seen[256] = "";
	int again, other;

	OK(store_begin(f->st, &f->e));
	OK(store_provider_put(f->st, "esms", &again, &f->e));
	OK(store_provider_put(f->st, "kannel", &other, &f->e));
	assert_int_equal(again, f->provider);
	OK(store_provider_stop(f->st, other, "hết tiền", &f->e));
	OK(store_commit(f->st, &f->e));
	OK(store_provider_list(f->st, see_provider, seen, &f->e));
	assert_string_equal(seen, "1 esms - 0;2 kannel hết tiền 1;");
	OK(store_begin(f->st, &f->e));
	OK(store_provider_stop(f->st, other, NULL, &f->e));
	OK(store_commit(f->st, &f->e));
	seen[0] = '\0';
	OK(store_provider_list(f->st, see_provider, seen, &f->e));
	assert_string_equal(seen, "1 esms - 0;2 kannel - 0;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(settings_are_kept_and_replaced),
	    STORE_TEST(sizes_say_how_much_there_is),
	    STORE_TEST(the_mark_moves_with_what_changes_a_campaign_alone),
	    STORE_TEST(a_changed_audit_row_is_named),
	    STORE_TEST(a_campaign_is_kept_whole_and_its_name_is_its_own),
	    STORE_TEST(a_text_is_versioned_by_what_it_says),
	    STORE_TEST(a_provider_keeps_its_number_and_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
