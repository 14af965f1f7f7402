/* SPDX-License-Identifier: Apache-2.0 */
/* Messages read: whatever the clock said when they were planned, whoever came while they were counted. */
#include <inttypes.h>
#include <sqlite3.h>

#include "store/report.h"
#include "store_fixture.h"

/* Plans a message of a campaign to recipients first … first+n-1; returns nothing, or ends the test. */
static void plan(struct fixture *f, int64_t campaign, int64_t first, int64_t n)
{
	OK(store_begin(f->st, &f->e));
	for (int64_t id = first; id < first + n; id++) {
		struct message_plan p = {.campaign_id = campaign,
					 .recipient_id = id,
					 .template_id = f->template,
					 .due_at = T0,
					 .expires_at = T0 + CLOCK_DAY_MS,
					 .segments = 1,
					 .text = "thử"};
		struct recipient r = {0};
		size_t inserted = 0, linked = 0;

		assert_int_equal(store_recipient_get(f->st, id, &r, &f->e), 1);
		p.contact_id = r.contact_id;
		p.recipient_rev = r.rev;
		recipient_clear(&r);
		OK(store_message_plan(f->st, &p, 1, &inserted, &linked, &f->e));
		assert_int_equal(inserted, 1);
	}
	OK(store_commit(f->st, &f->e));
}

static int64_t another_campaign(struct fixture *f, const char *name, int64_t created_at)
{
	char *texts[] = {strdup(name), strdup("vneid"), strdup("A1"), strdup("sms"),
			 strdup("{}")};
	struct campaign c = {.name = texts[0],
			     .programme = texts[1],
			     .audiences = texts[2],
			     .channel = texts[3],
			     .parameters = texts[4],
			     .state = CAMPAIGN_RUNNING,
			     .created_at = created_at,
			     .expires_at = T0 + 10 * CLOCK_DAY_MS};

	OK(store_begin(f->st, &f->e));
	OK(store_campaign_add(f->st, &c, &f->e));
	OK(store_commit(f->st, &f->e));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	return c.id;
}

/* ---- a page of them --------------------------------------------------------------------------- */

struct page {
	int64_t ids[16];
	size_t n;
};

static bool page_take(const struct message_row *r, void *arg)
{
	struct page *page = arg;

	page->ids[page->n++] = r->id;
	return page->n < 16;
}

static void page_is(struct fixture *f, int64_t campaign, int state, int64_t first, size_t n)
{
	const struct message_filter filter = {.campaign_id = campaign, .state = state};
	struct page page = {.n = 0};
	int64_t begin = -1;

	OK(store_message_list(f->st, &filter, 16, page_take, &page, &f->e));
	assert_int_equal(page.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(page.ids[i], first + (int64_t)i);
	OK(store_message_begin(f->st, &filter, &begin, &f->e));
	if (n > 0)
		assert_in_range(begin, 0, first);
	else
		assert_true(begin == INT64_MAX);
}

static void what_a_wrong_clock_planned_is_listed(void **state)
{
	struct fixture *f = *state;
	int64_t other;

	fixture_people(f, 6, false);
	other = another_campaign(f, "hai", T0);
	/* The clock runs ten days behind, is put right, and then ten days ahead. */
	clock_set_virtual(T0 - 10 * CLOCK_DAY_MS);
	plan(f, other, 1, 2);
	clock_set_virtual(T0);
	plan(f, other, 3, 2);
	clock_set_virtual(T0 + 10 * CLOCK_DAY_MS);
	plan(f, other, 5, 1);
	clock_set_virtual(T0);
	plan(f, other, 6, 1);
	page_is(f, other, -1, 1, 6);
	page_is(f, other, MESSAGE_QUEUED, 1, 6);
	page_is(f, 0, MESSAGE_QUEUED, 1, 6);
	page_is(f, other, MESSAGE_SENT, 0, 0);
}

static void a_campaign_made_when_the_clock_stood_at_nothing_has_its_messages(void **state)
{
	struct fixture *f = *state;
	int64_t other;

	fixture_people(f, 3, false);
	other = another_campaign(f, "hai", 0);
	page_is(f, other, -1, 0, 0);
	plan(f, other, 1, 3);
	page_is(f, other, -1, 1, 3);
	page_is(f, other, MESSAGE_QUEUED, 1, 3);
}

/* ---- figures ---------------------------------------------------------------------------------- */

#define KNOWN 5
/* So many that what is kept of the known has no room for them, wherever it lies. */
#define NEWCOMERS 3000

/* Somebody else's writes, at the moment when the reader begins a statement. */
static struct {
	struct fixture *f;
	const char *at; /* words of the statement; NULL once it was there */
} meanwhile;

static struct claim_verdict claim_it(const struct message_candidate *c, void *arg)
{
	(void)c;
	(void)arg;
	return (struct claim_verdict){.decision = CLAIM_SEND};
}

static void send_to(struct fixture *f, int64_t first, int64_t n)
{
	struct message_claim claim = {.campaign_id = f->campaign,
				      .now = T0,
				      .max = (size_t)n,
				      .max_segments = (int)n,
				      .provider_id = f->provider,
				      .decide = claim_it};
	struct message_claimed *out = calloc((size_t)n, sizeof(*out));
	size_t got = 0, examined = 0;

	plan(f, f->campaign, first, n);
	OK(store_begin(f->st, &f->e));
	OK(store_message_claim(f->st, &claim, out, &got, &examined, &f->e));
	assert_int_equal(got, n);
	for (size_t i = 0; i < got; i++) {
		struct message_result r = {.id = out[i].id,
					   .attempt = out[i].attempt,
					   .event = MESSAGE_EV_ACCEPTED,
					   .at = T0,
					   .due_at = T0 + CLOCK_DAY_MS,
					   .provider_id = f->provider};

		OK(store_message_finish(f->st, &r, 1, &f->e));
		free(out[i].text);
	}
	OK(store_commit(f->st, &f->e));
	free(out);
}

static void newcomers_come(struct fixture *f)
{
	OK(store_begin(f->st, &f->e));
	for (int i = 0; i < NEWCOMERS; i++) {
		char key[32];
		enum recipient_put what;
		struct recipient r = {.key = key,
				      .name = "Trần Văn Mới",
				      .name_fold = "tran van moi",
				      .name_sort = "moi tran van",
				      .number = FIRST + 100000 + (uint64_t)i,
				      .facts = "{}",
				      .raw = "[]"};

		(void)snprintf(key, sizeof(key), "M-%04d", i);
		OK(store_recipient_put(f->st, "vneid", &r, &what, &f->e));
	}
	OK(store_commit(f->st, &f->e));
	send_to(f, KNOWN + 1, NEWCOMERS);
}

static int on_statement(unsigned what, void *arg, void *statement, void *sql)
{
	(void)what;
	(void)arg;
	(void)statement;
	if (meanwhile.at != NULL && strstr(sql, meanwhile.at) != NULL) {
		meanwhile.at = NULL;
		newcomers_come(meanwhile.f);
	}
	return 0;
}

/* SQLite calls this for each connection that is opened. */
static int listen_in(sqlite3 *db, char **error, const void *api)
{
	(void)error;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

static void figures_take(const struct message_figures *one, void *arg)
{
	struct message_figures *all = arg;

	assert_int_equal(all->invited, 0);
	*all = *one;
}

static void figures_meanwhile(struct fixture *f, const char *at)
{
	struct message_figures all = {0};
	struct store *reader;

	fixture_people(f, KNOWN, false);
	send_to(f, 1, KNOWN);
	assert_int_equal(sqlite3_auto_extension((void (*)(void))listen_in), SQLITE_OK);
	OK(store_open(f->path, STORE_READER, &reader, &f->e));
	sqlite3_reset_auto_extension();
	meanwhile.f = f;
	meanwhile.at = at;
	OK(store_message_figures(reader, "vneid", figures_take, &all, &f->e));
	assert_null(meanwhile.at);
	/* Of the newcomers nothing: they are in the next figures. */
	assert_int_equal(all.invited, KNOWN);
	assert_int_equal(all.messages, KNOWN);
	assert_int_equal(all.segments, KNOWN);
	memset(&all, 0, sizeof(all));
	OK(store_message_figures(reader, "vneid", figures_take, &all, &f->e));
	assert_int_equal(all.invited, KNOWN + NEWCOMERS);
	store_close(reader);
}

static void who_comes_while_messages_are_counted_is_not_counted(void **state)
{
	figures_meanwhile(*state, "CROSS JOIN message");
}

static void who_comes_while_the_list_is_read_is_not_counted(void **state)
{
	figures_meanwhile(*state, "hold FROM recipient WHERE programme");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(what_a_wrong_clock_planned_is_listed),
	    STORE_TEST(a_campaign_made_when_the_clock_stood_at_nothing_has_its_messages),
	    STORE_TEST(who_comes_while_messages_are_counted_is_not_counted),
	    STORE_TEST(who_comes_while_the_list_is_read_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
