/* SPDX-License-Identifier: Apache-2.0 */
/* The way down a campaign's ladder, on a virtual clock, over a real store. */
#include <sys/stat.h>
#include <unistd.h>

#include "store/private.h"
#include "store/rung.h"
#include "unit/outbox_desk.h"

#define LADDER "zalo:24h,sms:72h,letter,visit"
enum { ZALO, SMS, LETTER, VISIT, RUNGS };

/* A copy of a shipped file with one line put in the place of those that begin like it. */
static void ladder_copy(const char *from, const char *to, const char *begin, const char *line)
{
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	char text[4096];

	assert_non_null(in);
	assert_non_null(out);
	while (fgets(text, sizeof(text), in) != NULL)
		(void)fputs(strncmp(text, begin, strlen(begin)) == 0 ? line : text, out);
	(void)fclose(in);
	assert_int_equal(fclose(out), 0);
}

static const char *ladder_path(const struct desk *d, const char *name)
{
	static char paths[2][300];
	static int next;

	next = 1 - next;
	(void)snprintf(paths[next], sizeof(paths[next]), "%s/%s", d->w.dir, name);
	return paths[next];
}

static const char *const ladder_dirs[] = {"zalo", "zalo/vneid"};

/* Two channels, the provider of SMS first; the shipped texts, and a registered template. */
static void ladder_open(struct desk *d)
{
	static char templates[300];

	desk_open(d, "esms");
	ladder_copy(SOURCE_DIR "/config/providers/esms.yaml", ladder_path(d, "oa-esms.yaml"),
		    "channel:", "channel: zalo\n");
	world_add_provider(&d->w, "oa", ladder_path(d, "oa-esms.yaml"), 9, 100, 100000);
	for (size_t i = 0; i < sizeof(ladder_dirs) / sizeof(ladder_dirs[0]); i++)
		assert_int_equal(mkdir(ladder_path(d, ladder_dirs[i]), 0700), 0);
	assert_int_equal(symlink(SOURCE_DIR "/templates/sms", ladder_path(d, "sms")), 0);
	ladder_copy(SOURCE_DIR "/templates/zalo/vneid/a1.yaml",
		    ladder_path(d, "zalo/vneid/a1.yaml"),
		    "template:", "template: \"123456\"\n");
	(void)snprintf(templates, sizeof(templates), "%s", d->w.dir);
	d->w.house.templates = templates;
	d->w.caps.per_day = d->w.caps.per_week = 9;
	desk_outbox(d);
}

static void ladder_close(struct desk *d)
{
	(void)unlink(ladder_path(d, "oa-esms.yaml"));
	(void)unlink(ladder_path(d, "sms"));
	(void)unlink(ladder_path(d, "zalo/vneid/a1.yaml"));
	for (size_t i = sizeof(ladder_dirs) / sizeof(ladder_dirs[0]); i > 0; i--)
		(void)rmdir(ladder_path(d, ladder_dirs[i - 1]));
	desk_close(d);
}

static int64_t ladder_campaign(struct desk *d, const char *name, const char *ladder)
{
	int64_t id = desk_campaign(d, name, LANE_BULK);
	struct campaign c = {0};

	assert_int_equal(store_campaign_get(d->w.st, id, &c, &d->e), 1);
	free(c.ladder);
	c.ladder = strdup(ladder);
	desk_do(d, store_campaign_update(d->w.st, &c, &d->e));
	campaign_clear(&c);
	/* read anew */
	desk_outbox(d);
	return id;
}

static bool ladder_pick(const struct message_row *r, void *arg)
{
	struct message_row *out = arg;

	if (r->rung != out->rung)
		return true;
	out->id = r->id;
	out->state = r->state;
	out->linked_to = r->linked_to;
	return false;
}

/* The message of a recipient on a rung; 0 = none. */
static int64_t ladder_message(struct desk *d, int64_t campaign, int64_t recipient, int rung,
			      enum message_state *state)
{
	struct message_filter f = {
	    .campaign_id = campaign, .recipient_id = recipient, .state = -1};
	struct message_row row = {.rung = rung};

	assert_int_equal(store_message_list(d->w.st, &f, 100, ladder_pick, &row, &d->e), 0);
	if (state != NULL)
		*state = row.state;
	return row.id;
}

#define assert_rung(d, campaign, recipient, rung, want)                                        \
	do {                                                                                   \
		enum message_state is = MESSAGE_HELD;                                          \
		assert_true(ladder_message(d, campaign, recipient, rung, &is) != 0);           \
		assert_string_equal(message_state_name(is), message_state_name(want));         \
	} while (0)
#define assert_no_rung(d, campaign, recipient, rung)                                           \
	assert_true(ladder_message(d, campaign, recipient, rung, NULL) == 0)

/* Turns until there is nothing to do now; items that come are left in the desk. */
static size_t ladder_quiet(struct desk *d)
{
	size_t n = desk_turn(d, NULL, 0);

	for (int i = 0; i < 100 && n == 0 && d->wake <= clock_now_ms(); i++)
		n = desk_turn(d, NULL, 0);
	return n;
}

static void ladder_to(struct desk *d, int64_t at)
{
	desk_to(d, at);
	outbox_refresh(d->o);
}

/* One household on the first rung, under way. */
static int64_t ladder_one(struct desk *d)
{
	int64_t id;

	ladder_open(d);
	world_add_households(&d->w, 1, 1);
	id = ladder_campaign(d, "một", LADDER);
	assert_int_equal(ladder_quiet(d), 1);
	assert_string_equal(provider_facts(d->items[0].provider)->channel, "zalo");
	return id;
}

/* By whoever sent it. */
static enum receipt_fate ladder_receipt(struct desk *d, int64_t message, enum message_event ev)
{
	struct message_receipt r = {.message_id = message,
				    .event = ev,
				    .received_at = clock_now_ms(),
				    .raw = "thử",
				    .raw_len = 3};
	struct message_row row;
	enum receipt_fate fate;

	desk_row(d, message, &row);
	r.provider_id = row.provider_id;
	message_row_clear(&row);
	desk_do(d, store_message_receipts(d->w.st, &r, 1, &fate, &d->e));
	return fate;
}

/* ---- what ends a rung ------------------------------------------------------------------------ */

static void no_account_goes_to_sms_at_once_and_is_remembered_for_the_next_campaign(void **state)
{
	struct desk d;
	int64_t one = 0, two;

	(void)state;
	one = ladder_one(&d);
	/* The values of the registered template; the wording is for people. */
	assert_non_null(strstr(d.items[0].msg.text, "\"template\":\"123456\""));
	assert_non_null(strstr(d.items[0].msg.text, "Nguyễn Văn Thử"));
	assert_int_equal(desk_answer_all(&d, OUTCOME_FALLBACK), 1);
	assert_rung(&d, one, 1, ZALO, MESSAGE_REJECTED);
	assert_string_equal(provider_facts(d.items[0].provider)->channel, "sms");
	(void)desk_answer_all(&d, OUTCOME_OK);
	assert_rung(&d, one, 1, SMS, MESSAGE_SENT);

	clock_advance_virtual(7 * CLOCK_DAY_MS);
	two = ladder_campaign(&d, "hai", LADDER);
	assert_int_equal(ladder_quiet(&d), 1);
	assert_string_equal(provider_facts(d.items[0].provider)->channel, "sms");
	assert_rung(&d, two, 1, ZALO, MESSAGE_CANCELLED);
	(void)desk_answer_all(&d, OUTCOME_OK);

	/* After a month it is asked again. */
	clock_advance_virtual(25 * CLOCK_DAY_MS);
	(void)ladder_campaign(&d, "ba", LADDER);
	assert_int_equal(ladder_quiet(&d), 1);
	assert_string_equal(provider_facts(d.items[0].provider)->channel, "zalo");
	ladder_close(&d);
}

static void silence_ends_a_rung_and_delivery_does_not(void **state)
{
	struct desk d;
	int64_t id;

	(void)state;
	ladder_open(&d);
	world_add_households(&d.w, 1, 2);
	id = ladder_campaign(&d, "một", LADDER);
	assert_int_equal(ladder_quiet(&d), 2);
	(void)desk_answer_all(&d, OUTCOME_OK);
	(void)ladder_receipt(&d, ladder_message(&d, id, 1, ZALO, NULL),
			     MESSAGE_EV_RECEIPT_DELIVERED);
	(void)ladder_quiet(&d);
	ladder_to(&d, NINE + 24 * CLOCK_HOUR_MS - 1);
	assert_int_equal(ladder_quiet(&d), 0);
	assert_true(d.wake == NINE + 24 * CLOCK_HOUR_MS);
	assert_no_rung(&d, id, 2, SMS);
	ladder_to(&d, d.wake);
	assert_int_equal(ladder_quiet(&d), 1);
	assert_no_rung(&d, id, 1, SMS);
	assert_rung(&d, id, 2, SMS, MESSAGE_SENDING);
	assert_rung(&d, id, 2, ZALO, MESSAGE_SENT);
	ladder_close(&d);
}

static void what_was_not_delivered_goes_down_and_a_refused_text_does_not(void **state)
{
	struct outbox_result r[3];
	struct desk d;
	int64_t id;

	(void)state;
	ladder_open(&d);
	world_add_households(&d.w, 1, 3);
	id = ladder_campaign(&d, "một", LADDER);
	assert_int_equal(ladder_quiet(&d), 3);
	r[0] = desk_answer(&d.items[0], OUTCOME_OK);
	r[1] = desk_answer(&d.items[1], OUTCOME_CONTENT);
	r[2] = desk_answer(&d.items[2], OUTCOME_BADNUM);
	(void)desk_turn(&d, r, 3);
	assert_int_equal(ladder_receipt(&d, ladder_message(&d, id, 1, ZALO, NULL),
					MESSAGE_EV_RECEIPT_FAILED),
			 RECEIPT_APPLIED);
	assert_int_equal(ladder_quiet(&d), 1);
	assert_rung(&d, id, 1, SMS, MESSAGE_SENDING);
	assert_rung(&d, id, 2, ZALO, MESSAGE_REJECTED);
	assert_no_rung(&d, id, 2, SMS);
	/* A number that does not exist has no SMS either: a letter. */
	assert_rung(&d, id, 3, SMS, MESSAGE_CANCELLED);
	assert_rung(&d, id, 3, LETTER, MESSAGE_QUEUED);
	ladder_close(&d);
}

/* A ladder may say otherwise. */
static void what_ends_a_rung_is_the_ladders_to_say(void **state)
{
	struct outbox_result r[2];
	struct desk d;
	int64_t id;

	(void)state;
	ladder_open(&d);
	world_add_households(&d.w, 1, 2);
	id = ladder_campaign(&d, "một", "zalo:24h:content,sms");
	assert_int_equal(ladder_quiet(&d), 2);
	r[0] = desk_answer(&d.items[0], OUTCOME_CONTENT);
	r[1] = desk_answer(&d.items[1], OUTCOME_FALLBACK);
	assert_int_equal(desk_turn(&d, r, 2), 1);
	assert_rung(&d, id, 1, SMS, MESSAGE_SENDING);
	assert_no_rung(&d, id, 2, SMS);
	ladder_close(&d);
}

static void nobody_goes_down_while_uncertain(void **state)
{
	struct desk d;
	int64_t id = ladder_one(&d);

	(void)state;
	(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	/* Past the window in which it may be sent again. */
	for (int day = 1; day <= 8; day++) {
		clock_advance_virtual(CLOCK_DAY_MS);
		outbox_refresh(d.o);
		if (ladder_quiet(&d) > 0)
			(void)desk_answer_all(&d, OUTCOME_UNCERTAIN);
	}
	assert_rung(&d, id, 1, ZALO, MESSAGE_UNCERTAIN);
	assert_no_rung(&d, id, 1, SMS);
	/* An officer gives it up: now the next rung may. */
	desk_do(&d, store_message_event(d.w.st, ladder_message(&d, id, 1, ZALO, NULL),
					MESSAGE_EV_ABANDON, 0, "bỏ", &d.e));
	assert_int_equal(ladder_quiet(&d), 1);
	assert_rung(&d, id, 1, SMS, MESSAGE_SENDING);
	ladder_close(&d);
}

/* Another message learnt that the number is none: what may have gone to it does not go again. */
static void what_no_rung_can_reach_any_more_is_not_sent_again(void **state)
{
	struct desk d;
	uint64_t number;

	(void)state;
	(void)ladder_one(&d);
	number = d.items[0].msg.number;
	assert_int_equal(desk_answer_all(&d, OUTCOME_UNCERTAIN), 0);
	desk_do(&d, store_contact_flags(d.w.st, number, CONTACT_DEAD_NUMBER, 0, "thu", &d.e));
	for (int i = 0; i < 20 && d.wake != INT64_MAX; i++) {
		ladder_to(&d, d.wake > clock_now_ms() ? d.wake : clock_now_ms());
		assert_int_equal(ladder_quiet(&d), 0);
	}
	assert_state(&d, 1, MESSAGE_UNCERTAIN);
	ladder_close(&d);
}

static void whoever_is_done_held_or_opted_out_goes_no_further(void **state)
{
	struct desk d;
	int64_t id;

	(void)state;
	ladder_open(&d);
	world_add_households(&d.w, 1, 4);
	id = ladder_campaign(&d, "một", LADDER);
	assert_int_equal(ladder_quiet(&d), 4);
	(void)desk_answer_all(&d, OUTCOME_OK);
	desk_do(&d, store_recipient_set_state(d.w.st, 1, 1, "thu", &d.e));
	desk_do(&d, store_recipient_hold(d.w.st, 2, HOLD_DECEASED, "", "thu", &d.e));
	desk_do(&d, store_contact_flags(d.w.st, UINT64_C(84900000003), CONTACT_OPTED_OUT, 0,
					"thu", &d.e));
	ladder_to(&d, NINE + 25 * CLOCK_HOUR_MS);
	assert_int_equal(ladder_quiet(&d), 1);
	for (int64_t who = 1; who <= 3; who++)
		assert_no_rung(&d, id, who, SMS);
	assert_rung(&d, id, 4, SMS, MESSAGE_SENDING);
	ladder_close(&d);
}

static void a_paused_campaign_waits_on_its_rungs(void **state)
{
	struct desk d;
	int64_t id = ladder_one(&d);

	(void)state;
	(void)desk_answer_all(&d, OUTCOME_OK);
	assert_int_equal(campaign_pause(d.w.st, id, "thu", &d.e), 0);
	ladder_to(&d, NINE + 25 * CLOCK_HOUR_MS);
	assert_int_equal(ladder_quiet(&d), 0);
	assert_no_rung(&d, id, 1, SMS);
	assert_int_equal(campaign_resume(d.w.st, id, "thu", &d.e), 0);
	outbox_refresh(d.o);
	assert_int_equal(ladder_quiet(&d), 1);
	ladder_close(&d);
}

static void a_late_receipt_takes_its_person_off_the_rungs_below(void **state)
{
	struct desk d;
	int64_t id = ladder_one(&d);

	(void)state;
	(void)desk_answer_all(&d, OUTCOME_OK);
	/* In the evening, when the SMS has to wait for the morning. */
	ladder_to(&d, NINE + 24 * CLOCK_HOUR_MS);
	d.room = 0;
	(void)ladder_quiet(&d);
	assert_rung(&d, id, 1, SMS, MESSAGE_QUEUED);
	(void)ladder_receipt(&d, ladder_message(&d, id, 1, ZALO, NULL),
			     MESSAGE_EV_RECEIPT_DELIVERED);
	d.room = DESK_ROOM;
	assert_int_equal(ladder_quiet(&d), 0);
	assert_rung(&d, id, 1, ZALO, MESSAGE_DELIVERED);
	assert_rung(&d, id, 1, SMS, MESSAGE_CANCELLED);
	assert_no_rung(&d, id, 1, LETTER);
	ladder_close(&d);
}

static void who_went_down_is_not_tried_again_above(void **state)
{
	struct desk d;
	int64_t id = ladder_one(&d), message;

	(void)state;
	d.w.dispatch.max_attempts = 1;
	assert_int_equal(desk_answer_all(&d, OUTCOME_RETRY), 1);
	message = ladder_message(&d, id, 1, ZALO, NULL);
	assert_rung(&d, id, 1, ZALO, MESSAGE_FAILED);
	world_must(store_begin(d.w.st, &d.e), &d.e, "begin");
	assert_int_equal(
	    store_message_event(d.w.st, message, MESSAGE_EV_RETRY, clock_now_ms(), "thử", &d.e),
	    0);
	store_rollback(d.w.st);
	ladder_close(&d);
}

/* One message a day to a number, whichever channel it goes by. */
static void caps_hold_across_the_rungs(void **state)
{
	struct desk d;
	int64_t id;

	(void)state;
	ladder_open(&d);
	d.w.caps.per_day = 1;
	world_add_households(&d.w, 1, 1);
	id = ladder_campaign(&d, "một", LADDER);
	assert_int_equal(ladder_quiet(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_OK);
	(void)ladder_receipt(&d, ladder_message(&d, id, 1, ZALO, NULL),
			     MESSAGE_EV_RECEIPT_FAILED);
	assert_int_equal(ladder_quiet(&d), 0);
	assert_rung(&d, id, 1, SMS, MESSAGE_QUEUED);
	assert_true(d.wake >= MIDNIGHT + CLOCK_DAY_MS);
	desk_to(&d, d.wake);
	assert_int_equal(ladder_quiet(&d), 1);
	ladder_close(&d);
}

/* ---- who starts where ------------------------------------------------------------------------ */

static void who_cannot_be_texted_gets_a_letter_and_shared_numbers_go_together(void **state)
{
	struct desk d;
	struct message_counts n;
	int64_t id, none, a, b;

	(void)state;
	ladder_open(&d);
	none = world_add_household(&d.w, "KHONG", 0);
	a = world_add_household(&d.w, "A", NUMBER);
	b = world_add_household(&d.w, "B", NUMBER);
	id = ladder_campaign(&d, "một", LADDER);
	assert_int_equal(ladder_quiet(&d), 1);
	(void)desk_answer_all(&d, OUTCOME_OK);
	(void)ladder_quiet(&d);
	assert_rung(&d, id, none, ZALO, MESSAGE_CANCELLED);
	assert_rung(&d, id, none, SMS, MESSAGE_CANCELLED);
	assert_rung(&d, id, none, LETTER, MESSAGE_QUEUED);
	assert_no_rung(&d, id, none, VISIT);
	assert_rung(&d, id, b, ZALO, MESSAGE_LINKED);

	(void)ladder_receipt(&d, ladder_message(&d, id, a, ZALO, NULL),
			     MESSAGE_EV_RECEIPT_FAILED);
	assert_int_equal(ladder_quiet(&d), 1);
	assert_rung(&d, id, b, SMS, MESSAGE_LINKED);
	(void)desk_answer_all(&d, OUTCOME_BADNUM);
	(void)ladder_quiet(&d);
	/* Two houses: two letters. */
	assert_rung(&d, id, a, LETTER, MESSAGE_QUEUED);
	assert_rung(&d, id, b, LETTER, MESSAGE_QUEUED);
	assert_int_equal(store_rung_counts(d.w.st, id, LETTER, &n, &d.e), 0);
	assert_int_equal(n.by_state[MESSAGE_QUEUED], 3);
	assert_int_equal(n.total, 3);
	assert_int_equal(store_check(d.w.st, &d.e), 0);
	ladder_close(&d);
}

/* ---- letters and visits ------------------------------------------------------------------------ */

static int ladder_say(struct desk *d, int64_t message, enum rung_word word)
{
	int rc;

	world_must(store_begin(d->w.st, &d->e), &d->e, "begin");
	rc = store_rung_say(d->w.st, message, word, "thu", &d->e);
	world_must(rc, &d->e, "say");
	world_must(store_commit(d->w.st, &d->e), &d->e, "commit");
	outbox_refresh(d->o);
	return rc;
}

static bool ladder_name(const struct rung_person *p, void *arg)
{
	char *out = arg;

	(void)snprintf(out + strlen(out), 100 - strlen(out), "%s/%s ", p->key,
		       message_state_name(p->state));
	return true;
}

static void a_letter_is_handed_over_returned_and_becomes_a_visit(void **state)
{
	char list[100] = "";
	struct desk d;
	int64_t id, who, other, letter;

	(void)state;
	ladder_open(&d);
	who = world_add_household(&d.w, "A", 0);
	other = world_add_household(&d.w, "B", 0);
	id = ladder_campaign(&d, "một", LADDER);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ladder_quiet(&d), 0);
	letter = ladder_message(&d, id, who, LETTER, NULL);
	assert_int_equal(
	    store_rung_list(d.w.st, id, LETTER, MESSAGE_QUEUED, ladder_name, list, &d.e), 0);
	assert_string_equal(list, "A/queued B/queued ");
	assert_int_equal(ladder_say(&d, letter, RUNG_HANDED_OVER), 1);
	assert_int_equal(ladder_say(&d, letter, RUNG_HANDED_OVER), 0);
	(void)ladder_quiet(&d);
	assert_rung(&d, id, who, LETTER, MESSAGE_SENT);
	assert_int_equal(ladder_say(&d, letter, RUNG_RETURNED), 1);
	assert_int_equal(
	    ladder_say(&d, ladder_message(&d, id, other, LETTER, NULL), RUNG_DELIVERED), 1);
	(void)ladder_quiet(&d);
	assert_rung(&d, id, who, VISIT, MESSAGE_QUEUED);
	assert_rung(&d, id, other, LETTER, MESSAGE_DELIVERED);
	assert_no_rung(&d, id, other, VISIT);
	/* A message that a provider carries is not theirs to speak of. */
	world_add_households(&d.w, 1, 1);
	id = ladder_campaign(&d, "hai", "sms,visit");
	assert_int_equal(ladder_quiet(&d), 1);
	assert_int_equal(ladder_say(&d, d.items[0].msg.id, RUNG_DELIVERED), 0);
	ladder_close(&d);
}

static void a_letter_that_was_not_handed_over_in_time_expires(void **state)
{
	char list[100] = "";
	struct desk d;
	struct campaign c = {0};
	int64_t id, who;

	(void)state;
	ladder_open(&d);
	who = world_add_household(&d.w, "A", 0);
	id = ladder_campaign(&d, "một", LADDER);
	(void)ladder_quiet(&d);
	(void)ladder_quiet(&d);
	assert_int_equal(store_campaign_get(d.w.st, id, &c, &d.e), 1);
	assert_int_equal(campaign_is_finished(d.w.st, &c, &d.e), 0);
	ladder_to(&d, c.expires_at);
	(void)ladder_quiet(&d);
	assert_rung(&d, id, who, LETTER, MESSAGE_EXPIRED);
	assert_no_rung(&d, id, who, VISIT);
	c.cursor = -1;
	assert_int_equal(campaign_is_finished(d.w.st, &c, &d.e), 1);
	assert_int_equal(store_rung_unreached(d.w.st, id, ladder_name, list, &d.e), 0);
	assert_string_equal(list, "A/expired ");
	campaign_clear(&c);
	ladder_close(&d);
}

/* ---- a thousand people ------------------------------------------------------------------------ */

#define PEOPLE 1000

/* What a channel makes of somebody, by their number alone. */
static enum outcome_class ladder_fate(const struct outbox_item *item)
{
	uint64_t who = item->msg.number % 10;
	bool zalo = strcmp(provider_facts(item->provider)->channel, "zalo") == 0;

	if (zalo)
		return who < 5 ? OUTCOME_OK : OUTCOME_FALLBACK;
	return who < 8 ? OUTCOME_OK : OUTCOME_BADNUM;
}

struct ladder_tally {
	int seen[PEOPLE + 1][RUNGS]; /* references that a provider was given */
	int64_t ref[PEOPLE + 1][RUNGS];
	int crashes;
};

static void ladder_work(struct desk *d, struct ladder_tally *t, uint64_t *luck)
{
	struct outbox_result r[DESK_ROOM];
	size_t n = d->n, got = 0;

	for (size_t i = 0; i < n; i++) {
		const struct outbox_item *item = &d->items[i];
		size_t who = (size_t)(item->msg.number - UINT64_C(84900000000));
		int rung =
		    strcmp(provider_facts(item->provider)->channel, "zalo") == 0 ? ZALO : SMS;
		int64_t ref = item->msg.id * 1000 + item->msg.generation;

		/* What is sent again after a crash is the same message to its provider. */
		t->seen[who][rung] += t->ref[who][rung] != ref;
		t->ref[who][rung] = ref;
		r[got++] = desk_answer(item, ladder_fate(item));
	}
	*luck = *luck * UINT64_C(6364136223846793005) + 1442695040888963407u;
	/* Before the answers are known, or before what was claimed beside them has left. */
	if (*luck >> 61 != 0)
		(void)desk_turn(d, r, got);
	if (*luck >> 61 <= 1) {
		t->crashes++;
		desk_crash(d);
	}
}

static bool ladder_deliver(const struct message_row *r, void *arg)
{
	int64_t *ids = arg;

	if (ids[0] < 2000)
		ids[++ids[0]] = r->id;
	return true;
}

/* Receipts for what arrived. */
static void ladder_receipts(struct desk *d, int64_t id)
{
	static int64_t ids[2001];
	struct message_filter f = {.campaign_id = id, .state = MESSAGE_SENT};

	ids[0] = 0;
	assert_int_equal(store_message_list(d->w.st, &f, 2000, ladder_deliver, ids, &d->e), 0);
	world_must(store_begin(d->w.st, &d->e), &d->e, "begin");
	for (int64_t i = 1; i <= ids[0]; i++) {
		struct message_row row;
		struct message_receipt r = {.message_id = ids[i],
					    .event = MESSAGE_EV_RECEIPT_DELIVERED,
					    .received_at = clock_now_ms(),
					    .raw = "thử",
					    .raw_len = 3};
		enum receipt_fate fate;

		desk_row(d, ids[i], &row);
		r.provider_id = row.provider_id;
		if (row.number % 10 < (row.rung == ZALO ? 3 : 6))
			world_must(store_message_receipts(d->w.st, &r, 1, &fate, &d->e), &d->e,
				   "receipt");
		message_row_clear(&row);
	}
	world_must(store_commit(d->w.st, &d->e), &d->e, "commit");
	outbox_refresh(d->o);
}

static void a_thousand_go_down_each_rung_once_whatever_crashes(void **state)
{
	static struct ladder_tally t;
	uint64_t luck = 46;
	struct desk d;
	int64_t id;

	(void)state;
	memset(&t, 0, sizeof(t));
	ladder_open(&d);
	d.room = 20;
	world_add_households(&d.w, 1, PEOPLE);
	id = ladder_campaign(&d, "một", LADDER);
	for (int hour = 0; hour < 24 * 7; hour++) {
		for (int i = 0; i < 200; i++) {
			if (d.n == 0 && desk_turn(&d, NULL, 0) == 0 && d.wake > clock_now_ms())
				break;
			if (d.n > 0)
				ladder_work(&d, &t, &luck);
		}
		ladder_receipts(&d, id);
		clock_advance_virtual(CLOCK_HOUR_MS);
		outbox_refresh(d.o);
	}
	for (int64_t who = 1; who <= PEOPLE; who++) {
		uint64_t kind = (UINT64_C(84900000000) + (uint64_t)who) % 10;

		assert_true(t.seen[who][ZALO] <= 1 && t.seen[who][SMS] <= 1);
		assert_int_equal(t.seen[who][ZALO], 1);
		assert_int_equal(t.seen[who][SMS], kind >= 3);
		if (kind < 6) {
			assert_no_rung(&d, id, who, LETTER);
			assert_rung(&d, id, who, kind < 3 ? ZALO : SMS, MESSAGE_DELIVERED);
		} else {
			assert_rung(&d, id, who, LETTER, MESSAGE_QUEUED);
			assert_no_rung(&d, id, who, VISIT);
		}
	}
	assert_true(t.crashes > 5);
	assert_int_equal(store_check(d.w.st, &d.e), 0);
	ladder_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		no_account_goes_to_sms_at_once_and_is_remembered_for_the_next_campaign),
	    cmocka_unit_test(silence_ends_a_rung_and_delivery_does_not),
	    cmocka_unit_test(what_was_not_delivered_goes_down_and_a_refused_text_does_not),
	    cmocka_unit_test(what_ends_a_rung_is_the_ladders_to_say),
	    cmocka_unit_test(nobody_goes_down_while_uncertain),
	    cmocka_unit_test(what_no_rung_can_reach_any_more_is_not_sent_again),
	    cmocka_unit_test(whoever_is_done_held_or_opted_out_goes_no_further),
	    cmocka_unit_test(a_paused_campaign_waits_on_its_rungs),
	    cmocka_unit_test(a_late_receipt_takes_its_person_off_the_rungs_below),
	    cmocka_unit_test(caps_hold_across_the_rungs),
	    cmocka_unit_test(who_went_down_is_not_tried_again_above),
	    cmocka_unit_test(who_cannot_be_texted_gets_a_letter_and_shared_numbers_go_together),
	    cmocka_unit_test(a_letter_is_handed_over_returned_and_becomes_a_visit),
	    cmocka_unit_test(a_letter_that_was_not_handed_over_in_time_expires),
	    cmocka_unit_test(a_thousand_go_down_each_rung_once_whatever_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
