/* SPDX-License-Identifier: Apache-2.0 */
/* What providers call with, over real HTTP into a real store: whose it is, what is kept and applied before they
 * are answered, and what they are told when it cannot be. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/world.h"
#include "web/server.h"

#define TOKEN	    "mot-dia-chi-chi-hai-ben-biet"
#define PUBLIC	    "https://tin.example.vn"
#define SIGNING_KEY "khoa-ky-thu-nghiem"
#define NUMBER	    UINT64_C(84900000000)

/* Messages that were accepted; ids are row ids. */
enum { OF_ESMS = 1, OF_INFOBIP, OF_INFOBIP_TOO, OF_TWILIO, OF_ANDROID, MESSAGES = OF_ANDROID };

/* The last of them is known to the web server, not yet to the store. */
enum { ESMS, INFOBIP, TWILIO, ANDROID, KANNEL, ELSEWHERE, NEW, PROVIDERS };
static const struct {
	const char *name, *description, *settings, *secrets, *from;
} accounts[PROVIDERS] = {
    {"esms", "esms", "{\"brandname\":\"UBND-MPD\"}",
     "{\"api_key\":\"khoa-thu-nghiem\",\"secret_key\":\"bi-mat-thu-nghiem\"}", NULL},
    {"infobip", "infobip", "{\"sender\":\"UBND-MPD\"}",
     "{\"api_key\":\"khoa-thu-nghiem\",\"callback_token\":\"bi-mat-thu-nghiem\"}", NULL},
    {"twilio", "twilio", "{\"account_sid\":\"AC1\",\"from\":\"+15005550006\"}",
     "{\"auth_token\":\"" SIGNING_KEY "\"}", NULL},
    {"android", "android-sms", "{\"username\":\"thu\"}",
     "{\"password\":\"bi-mat-thu-nghiem\",\"signing_key\":\"" SIGNING_KEY "\"}", NULL},
    {"kannel", "kannel", "{\"username\":\"thu\",\"from\":\"UBND-MPD\"}",
     "{\"password\":\"bi-mat-thu-nghiem\"}", NULL},
    {"elsewhere", "kannel", "{\"username\":\"thu\",\"from\":\"UBND-MPD\"}",
     "{\"password\":\"bi-mat-thu-nghiem\"}", "203.0.113.0/24"},
    {"new", "kannel", "{\"username\":\"thu\",\"from\":\"UBND-MPD\"}",
     "{\"password\":\"bi-mat-thu-nghiem\"}", NULL},
};
#define HELD_BY(message)                                                                       \
	((message) == OF_ESMS	   ? ESMS                                                      \
	 : (message) == OF_TWILIO  ? TWILIO                                                    \
	 : (message) == OF_ANDROID ? ANDROID                                                   \
				   : INFOBIP)

struct place {
	struct world w;
	struct event_base *base;
	struct engine *en;
	struct web_config cfg;
	struct web *web;
	struct reply_words words;
	int64_t opened_at;
	char refs[MESSAGES + 1][48]; /* of the messages, by id */
	/* the answer last had */
	int status; /* 0: none came */
	char body[512];
	int retry_after;
};

/* ---- the ground ------------------------------------------------------------------------------- */

static void on_fatal(const struct err *e, void *arg)
{
	(void)arg;
	fail_msg("%s", e->text);
}

/* Nobody has one for a provider of no account. */
static const char *token_of(const char *provider, void *arg)
{
	(void)arg;
	return strcmp(provider, "infobip") == 0 ? TOKEN "-khac" : TOKEN;
}

static void open_provider(struct world *w, int which)
{
	struct err e = ERR_INIT;
	char *names[3] = {mem_strdup(accounts[which].name),
			  mem_strdup(accounts[which].description), NULL};
	char url[] = "http://127.0.0.1:9";
	struct provider_config c = {.name = names[0],
				    .description = names[1],
				    .base_url = url,
				    .settings = json_loads(accounts[which].settings, 0, NULL),
				    .secrets = json_loads(accounts[which].secrets, 0, NULL),
				    .weight = 100};

	if (accounts[which].from != NULL) {
		names[2] = mem_strdup(accounts[which].from);
		c.callback_from = (struct conf_list){.items = &names[2], .n = 1};
	}
	w->providers[which] = provider_new(&c, SOURCE_DIR "/config", &e);
	world_must(w->providers[which] != NULL ? 0 : -1, &e, accounts[which].name);
	w->n_providers++;
	json_decref(c.settings);
	json_decref(c.secrets);
	for (size_t i = 0; i < 3; i++)
		free(names[i]);
}

static struct claim_verdict claim_it(const struct message_candidate *c, void *arg)
{
	(void)c;
	(void)arg;
	return (struct claim_verdict){.decision = CLAIM_SEND};
}

/* One message to household id, accepted by a provider of the store. */
static void accept_one(struct place *p, int64_t campaign, int64_t id, int provider)
{
	struct message_plan plan = {.campaign_id = campaign,
				    .recipient_id = id,
				    .due_at = p->opened_at,
				    .expires_at = p->opened_at + CLOCK_DAY_MS,
				    .segments = 1,
				    .text = "thu"};
	struct message_claim claim = {.campaign_id = campaign,
				      .now = p->opened_at,
				      .max = 1,
				      .max_segments = 1,
				      .provider_id = provider,
				      .decide = claim_it};
	struct message_result r = {.event = MESSAGE_EV_ACCEPTED,
				   .at = p->opened_at,
				   .due_at = p->opened_at + CLOCK_DAY_MS,
				   .provider_id = provider};
	struct store *st = p->w.st;
	struct message_claimed out;
	struct recipient who = {0};
	struct err e = ERR_INIT;
	size_t n = 0, more = 0;

	world_must(store_template_put(st, "sms/a1", "thu", &plan.template_id, &e), &e, "text");
	world_must(store_recipient_get(st, id, &who, &e), &e, "household");
	plan.contact_id = who.contact_id;
	plan.recipient_rev = who.rev;
	recipient_clear(&who);
	world_must(store_message_plan(st, &plan, 1, &n, &more, &e), &e, "plan");
	n = 0;
	world_must(store_message_claim(st, &claim, &out, &n, &more, &e), &e, "claim");
	assert_int_equal(n, 1);
	assert_int_equal(out.id, id);
	message_ref_format(store_instance(st), out.id, out.generation, p->refs[id]);
	r.id = out.id;
	r.attempt = out.attempt;
	/* Some receipts come with the provider's reference only. */
	r.index_ref = true;
	(void)snprintf(r.provider_ref, sizeof(r.provider_ref), "P-%" PRId64, id);
	world_must(store_message_finish(st, &r, 1, &e), &e, "finish");
	free(out.text);
}

static void send_all(struct place *p)
{
	int64_t campaign;
	struct err e = ERR_INIT;

	world_add_households(&p->w, 1, MESSAGES);
	campaign = world_add_campaign(&p->w, "một", LANE_BULK, p->opened_at,
				      p->opened_at + CLOCK_DAY_MS);
	world_must(store_begin(p->w.st, &e), &e, "begin");
	for (int64_t id = 1; id <= MESSAGES; id++) {
		int provider;

		world_must(
		    store_provider_put(p->w.st, accounts[HELD_BY(id)].name, &provider, &e), &e,
		    "provider");
		accept_one(p, campaign, id, provider);
	}
	world_must(store_commit(p->w.st, &e), &e, "commit");
}

static void open_web(struct place *p)
{
	struct engine_config engine = {.dispatch = p->w.dispatch,
				       .house = &p->w.house,
				       .providers = p->w.providers,
				       .n_providers = NEW};
	struct err e = ERR_INIT;

	p->base = event_base_new();
	p->en = engine_new(p->base, p->w.st, &engine, on_fatal, NULL, &e);
	p->w.st = NULL;
	world_must(p->en != NULL ? 0 : -1, &e, "engine");
	p->cfg = (struct web_config){.house = {.public_url = PUBLIC, .replies = &p->words},
				     .listen = "127.0.0.1:0",
				     .database = p->w.db,
				     .providers = p->w.providers,
				     .n_providers = PROVIDERS,
				     .callback_token = token_of};
	p->web = web_new(p->base, p->en, &p->cfg, &e);
	world_must(p->web != NULL ? 0 : -1, &e, "web");
}

static int set_up(void **state)
{
	struct place *p = mem_calloc(1, sizeof(*p));
	struct err e = ERR_INIT;

	world_open(&p->w, NULL);
	p->opened_at = clock_now_ms();
	for (int i = 0; i < PROVIDERS; i++)
		open_provider(&p->w, i);
	world_must(reply_words_load(SOURCE_DIR "/config", &p->words, &e), &e, "words");
	send_all(p);
	open_web(p);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	web_stop(p->web);
	engine_stop(p->en, 0);
	web_free(p->web);
	event_base_free(p->base);
	conf_free(&reply_words_table, &p->words);
	world_close(&p->w);
	free(p);
	return 0;
}

/* What anybody finds in the file by now. */
static int64_t number(struct place *p, const char *sql)
{
	sqlite3_stmt *s;
	sqlite3 *db;
	int64_t n;

	assert_int_equal(sqlite3_open_v2(p->w.db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return n;
}

static void state_is(struct place *p, int message, enum message_state want)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "SELECT state FROM message WHERE id = %d", message);
	assert_string_equal(message_state_name((enum message_state)number(p, sql)),
			    message_state_name(want));
}

static void raw_is(struct place *p, const char *table, const char *want)
{
	char *sql = sqlite3_mprintf("SELECT count(*) FROM %s WHERE CAST(raw AS TEXT) = %Q",
				    table, want);

	assert_int_equal(number(p, sql), 1);
	sqlite3_free(sql);
}

/* What a table refuses from now on, or takes again. */
static void refuse(struct place *p, const char *table, bool on)
{
	char *sql = on ? sqlite3_mprintf("CREATE TRIGGER full BEFORE INSERT ON %s"
					 " BEGIN SELECT RAISE(ABORT, 'full'); END",
					 table)
		       : sqlite3_mprintf("DROP TRIGGER full");
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->w.db, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	sqlite3_free(sql);
}

/* ---- a provider ------------------------------------------------------------------------------- */

/* A call; NULL: as they are (the right token, no query, GET, no header). */
struct call {
	int provider;
	const char *name, *token, *query, *body, *header, *value, *time;
};

static void on_answer(struct evhttp_request *req, void *arg)
{
	struct place *p = arg;
	const char *after;
	int n;

	/* Each of the other tests would wait as long. */
	if (req == NULL || evhttp_request_get_response_code(req) == 0) {
		print_error("no answer\n");
		abort();
	}
	p->status = evhttp_request_get_response_code(req);
	n = evbuffer_remove(evhttp_request_get_input_buffer(req), p->body, sizeof(p->body) - 1);
	p->body[n > 0 ? n : 0] = '\0';
	after = evhttp_find_header(evhttp_request_get_input_headers(req), "Retry-After");
	p->retry_after = after != NULL ? (int)strtol(after, NULL, 10) : 0;
}

/* The status of the answer. The last header of many is the call's own. */
static int ask_with(struct place *p, const struct call *c, int other_headers)
{
	const char *name = c->name != NULL ? c->name : accounts[c->provider].name;
	char *uri = mem_printf("/callbacks/%s/%s%s%s", name,
			       c->token != NULL ? c->token : token_of(name, NULL),
			       c->query != NULL ? "?" : "", c->query != NULL ? c->query : "");
	struct evhttp_connection *conn = evhttp_connection_base_new(
	    p->base, NULL, "127.0.0.1", (ev_uint16_t)web_port(p->web));
	struct evhttp_request *req = evhttp_request_new(on_answer, p);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	evhttp_connection_set_timeout(conn, 60);
	evhttp_add_header(headers, "Host", "tin.example.vn");
	for (int i = 0; i < other_headers; i++)
		evhttp_add_header(headers, "X-Other", "y");
	if (c->header != NULL)
		evhttp_add_header(headers, c->header, c->value);
	if (c->time != NULL)
		evhttp_add_header(headers, "X-Timestamp", c->time);
	if (c->body != NULL)
		evbuffer_add(evhttp_request_get_output_buffer(req), c->body, strlen(c->body));
	p->status = 0;
	assert_int_equal(evhttp_make_request(conn, req,
					     c->body != NULL ? EVHTTP_REQ_POST : EVHTTP_REQ_GET,
					     uri),
			 0);
	while (p->status == 0)
		(void)event_base_loop(p->base, EVLOOP_ONCE);
	evhttp_connection_free(conn);
	free(uri);
	return p->status;
}

#define ask(p, ...) ask_with(p, &(struct call){__VA_ARGS__}, 0)

static const struct web_slot *slot_of(struct place *p, int provider)
{
	const struct web_slot *s = p->web->slots;

	while (s != NULL && strcmp(s->name, accounts[provider].name) != 0)
		s = s->next;
	assert_non_null(s);
	return s;
}

/* How the receipts of a provider ended, in the order of enum receipt_fate. */
static void fates_are(struct place *p, int provider, int applied, int repeated, int no_change,
		      int conflict, int orphan)
{
	const int want[RECEIPT_FATE_COUNT] = {applied, repeated, no_change, conflict, orphan};

	for (int i = 0; i < RECEIPT_FATE_COUNT; i++)
		assert_int_equal(slot_of(p, provider)->fates[i], want[i]);
}

static void refused_are(struct place *p, int token, int stale, int address, int misread,
			int busy)
{
	const int want[WEB_CB_REFUSALS] = {token, stale, address, misread, busy};

	for (int i = 0; i < WEB_CB_REFUSALS; i++)
		assert_int_equal(p->web->callbacks_refused[i], want[i]);
}

/* Nothing that a call could have moved did. */
static void nothing_came(struct place *p)
{
	for (int id = 1; id <= MESSAGES; id++)
		state_is(p, id, MESSAGE_SENT);
	assert_int_equal(number(p, "SELECT (SELECT count(*) FROM receipt)"
				   " + (SELECT count(*) FROM receipt_orphan)"
				   " + (SELECT count(*) FROM reply)"),
			 0);
}

/* ---- receipts --------------------------------------------------------------------------------- */

static int ask_esms(struct place *p, const char *ref, const char *what)
{
	char *query = mem_printf("SMSID=P-1&RequestId=%s&%s", ref, what);
	int status = ask(p, .provider = ESMS, .query = query);

	free(query);
	return status;
}

#define DELIVERED "SendStatus=5&SendSuccess=1&SendFailed=0"

static void a_receipt_is_kept_and_applied_before_its_answer(void **state)
{
	struct place *p = *state;
	const char *ref = p->refs[OF_ESMS];
	char *raw = mem_printf("GET ?SMSID=P-1&RequestId=%s&" DELIVERED "\n", ref);

	assert_int_equal(slot_of(p, ESMS)->id, 0);
	assert_int_equal(ask_esms(p, ref, DELIVERED), 200);
	assert_string_equal(p->body, "");
	state_is(p, OF_ESMS, MESSAGE_DELIVERED);
	assert_int_equal(slot_of(p, ESMS)->id,
			 number(p, "SELECT id FROM provider WHERE name = 'esms'"));
	raw_is(p, "receipt", raw);
	free(raw);
	assert_int_equal(number(p, "SELECT count(*) FROM receipt r JOIN provider p ON p.id ="
				   " r.provider_id WHERE r.message_id = 1 AND p.name = 'esms'"
				   " AND r.provider_ref = 'P-1' AND r.fate = 0"),
			 1);
	assert_in_range(number(p, "SELECT received_at FROM receipt"), p->opened_at,
			clock_now_ms());
	/* Whoever gets no answer calls again. */
	assert_int_equal(ask_esms(p, ref, DELIVERED), 200);
	assert_int_equal(number(p, "SELECT count(*) FROM receipt"), 1);
	/* Neither of these says that it arrived, or that it did not. */
	assert_int_equal(ask_esms(p, ref, "SendStatus=5&SendSuccess=1&SendFailed=1"), 200);
	assert_int_equal(ask_esms(p, ref, "SendStatus=1&SendSuccess=0&SendFailed=0"), 200);
	fates_are(p, ESMS, 1, 2, 1, 0, 0);
	state_is(p, OF_ESMS, MESSAGE_DELIVERED);
	refused_are(p, 0, 0, 0, 0, 0);
}

static void a_reference_of_somebody_else_moves_nothing(void **state)
{
	static const char *const foreign[] = {"zzzzzz-1-0", "1", "", "x-y-z"};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		char *query = mem_printf("SMSID=S-%zu&RequestId=%s&" DELIVERED, i, foreign[i]);

		assert_int_equal(ask(p, .provider = ESMS, .query = query), 200);
		free(query);
	}
	state_is(p, OF_ESMS, MESSAGE_SENT);
	fates_are(p, ESMS, 0, 0, 0, 0, 4);
	assert_int_equal(number(p, "SELECT count(*) FROM receipt_orphan WHERE message_id = 0"),
			 4);
}

#define BEARER .header = "Authorization", .value = "Bearer bi-mat-thu-nghiem"

/* Each counts, the first as the last. */
static void a_call_may_bring_several(void **state)
{
	struct place *p = *state;
	char *body = mem_printf(
	    "{\"results\":["
	    "{\"messageId\":\"P-2\",\"callbackData\":\"%s\",\"to\":\"84900000002\","
	    "\"doneAt\":\"2023-06-15T10:00:00.000+07:00\",\"status\":{\"groupId\":3,\"id\":5}},"
	    "{\"messageId\":\"P-3\",\"callbackData\":\"%s\",\"to\":\"84900000003\","
	    "\"status\":{\"groupId\":5,\"id\":8},\"error\":{\"name\":\"EC_X\"}},"
	    "{\"messageId\":\"P-9\",\"to\":\"84900000009\","
	    "\"status\":{\"groupId\":1,\"id\":7}}]}",
	    p->refs[OF_INFOBIP], p->refs[OF_INFOBIP_TOO]);
	char *raw = mem_printf("POST ?\n%s", body);

	assert_int_equal(ask(p, .provider = INFOBIP, .body = body, BEARER), 200);
	state_is(p, OF_INFOBIP, MESSAGE_DELIVERED);
	state_is(p, OF_INFOBIP_TOO, MESSAGE_UNDELIVERED);
	fates_are(p, INFOBIP, 2, 0, 0, 0, 1);
	assert_int_equal(number(p, "SELECT at FROM receipt WHERE message_id = 2"),
			 INT64_C(1686798000000));
	assert_int_equal(number(p, "SELECT count(*) FROM receipt WHERE message_id = 3 AND"
				   " code = 'EC_X'"),
			 1);
	assert_int_equal(number(p, "SELECT class FROM receipt WHERE message_id = 3"),
			 OUTCOME_BADNUM);
	assert_int_equal(number(p, "SELECT event FROM receipt_orphan"),
			 MESSAGE_EV_RECEIPT_SEEN);
	assert_int_equal(number(p, "SELECT phone FROM receipt_orphan"), NUMBER + 9);
	raw_is(p, "receipt_orphan", raw);
	free(raw);
	free(body);
}

static void a_call_of_another_kind_is_answered_and_nothing_more(void **state)
{
	struct place *p = *state;

	assert_int_equal(ask(p, .provider = INFOBIP, .body = "{\"results\":[]}", BEARER), 200);
	nothing_came(p);
	refused_are(p, 0, 0, 0, 0, 0);
}

static void what_cannot_be_read_is_refused_and_counted(void **state)
{
	struct place *p = *state;

	assert_int_equal(ask(p, .provider = INFOBIP, .body = "{", BEARER), 400);
	assert_non_null(strstr(p->body, "urn:moidan:problem:not-understood"));
	assert_int_equal(ask(p, .provider = ESMS, .query = DELIVERED), 400);
	assert_int_equal(slot_of(p, INFOBIP)->misread, 1);
	assert_int_equal(slot_of(p, ESMS)->misread, 1);
	refused_are(p, 0, 0, 0, 2, 0);
	nothing_came(p);
}

/* ---- whose call it is ------------------------------------------------------------------------- */

static void who_does_not_know_the_address_learns_nothing(void **state)
{
	struct place *p = *state;
	struct web_config fewer = p->cfg;
	struct err e = ERR_INIT;

	assert_int_equal(ask(p, .provider = ESMS, .token = TOKEN "X", .query = DELIVERED), 404);
	assert_non_null(strstr(p->body, "urn:moidan:problem:not-found"));
	assert_int_equal(ask(p, .provider = ESMS, .token = TOKEN "-khac", .query = "x=1"), 404);
	assert_int_equal(ask(p, .name = "nobody", .token = TOKEN, .query = DELIVERED), 404);
	refused_are(p, 3, 0, 0, 0, 0);
	nothing_came(p);
	/* One that is no longer configured is nobody, and comes back. */
	fewer.providers += 1;
	fewer.n_providers -= 1;
	world_must(web_reconfigure(p->web, &fewer, &e), &e, "fewer");
	assert_int_equal(ask_esms(p, p->refs[OF_ESMS], DELIVERED), 404);
	nothing_came(p);
	world_must(web_reconfigure(p->web, &p->cfg, &e), &e, "all");
	assert_int_equal(ask_esms(p, p->refs[OF_ESMS], DELIVERED), 200);
	refused_are(p, 4, 0, 0, 0, 0);
}

/* As Twilio signs: the address that it was given, then name and value of each field. */
static void sign_sha1(const char *text, char out[64])
{
	struct hmac_sha1_ctx ctx;
	uint8_t digest[SHA1_DIGEST_SIZE];

	hmac_sha1_set_key(&ctx, strlen(SIGNING_KEY), (const uint8_t *)SIGNING_KEY);
	hmac_sha1_update(&ctx, strlen(text), (const uint8_t *)text);
	hmac_sha1_digest(&ctx, sizeof(digest), digest);
	base64_encode_raw(out, sizeof(digest), digest);
	out[BASE64_ENCODE_RAW_LENGTH(sizeof(digest))] = '\0';
}

static int ask_twilio(struct place *p, const char *base, const char *query, int other_headers)
{
	char signature[64];
	char *signed_text =
	    mem_printf("%s/callbacks/twilio/" TOKEN "%s%sMessageSidP-4MessageStatusdelivered",
		       base, query != NULL ? "?" : "", query != NULL ? query : "");
	const struct call c = {.provider = TWILIO,
			       .query = query,
			       .body = "MessageStatus=delivered&MessageSid=P-4",
			       .header = "X-Twilio-Signature",
			       .value = signature};

	sign_sha1(signed_text, signature);
	free(signed_text);
	return ask_with(p, &c, other_headers);
}

static void a_signature_over_the_address_holds_for_the_public_one(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	assert_int_equal(ask_twilio(p, "https://kehoac.example", NULL, 0), 404);
	assert_int_equal(ask(p, .provider = TWILIO, .body = "MessageSid=P-4"), 404);
	/* Without a public address none can hold. */
	p->cfg.house.public_url = "";
	world_must(web_reconfigure(p->web, &p->cfg, &e), &e, "none");
	assert_int_equal(ask_twilio(p, "", NULL, 0), 404);
	p->cfg.house.public_url = NULL;
	world_must(web_reconfigure(p->web, &p->cfg, &e), &e, "none");
	assert_int_equal(ask_twilio(p, "", NULL, 0), 404);
	refused_are(p, 4, 0, 0, 0, 0);
	nothing_came(p);
	p->cfg.house.public_url = PUBLIC;
	world_must(web_reconfigure(p->web, &p->cfg, &e), &e, "one");
	assert_int_equal(ask_twilio(p, PUBLIC, NULL, 0), 204);
	state_is(p, OF_TWILIO, MESSAGE_DELIVERED);
	/* Its query is part of it; and it is found behind as many headers as there may be. */
	assert_int_equal(ask_twilio(p, PUBLIC, "a=1&b=2", 0), 204);
	assert_int_equal(ask_twilio(p, PUBLIC, NULL, GUARD_HEADERS_MAX - 4), 204);
	fates_are(p, TWILIO, 1, 2, 0, 0, 0);
	refused_are(p, 4, 0, 0, 0, 0);
}

/* As the app on the telephone signs: the body and when. */
static int ask_android(struct place *p, int64_t at)
{
	char signature[2 * SHA256_DIGEST_SIZE + 1];
	char *body =
	    mem_printf("{\"event\":\"sms:delivered\",\"payload\":{\"messageId\":\"%s\"}}",
		       p->refs[OF_ANDROID]);
	char *seconds = mem_printf("%" PRId64, at / CLOCK_SECOND_MS);
	struct hmac_sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];
	int status;

	hmac_sha256_set_key(&ctx, strlen(SIGNING_KEY), (const uint8_t *)SIGNING_KEY);
	hmac_sha256_update(&ctx, strlen(body), (const uint8_t *)body);
	hmac_sha256_update(&ctx, strlen(seconds), (const uint8_t *)seconds);
	hmac_sha256_digest(&ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(signature + 2 * i, 3, "%02x", digest[i]);
	status = ask(p, .provider = ANDROID, .body = body, .header = "X-Signature",
		     .value = signature, .time = seconds);
	free(seconds);
	free(body);
	return status;
}

static void what_was_signed_long_ago_is_refused_and_said_so(void **state)
{
	struct place *p = *state;

	assert_int_equal(ask_android(p, p->opened_at - 4 * CLOCK_DAY_MS), 403);
	assert_non_null(strstr(p->body, "urn:moidan:problem:stale"));
	refused_are(p, 0, 1, 0, 0, 0);
	nothing_came(p);
	assert_int_equal(ask_android(p, p->opened_at), 200);
	state_is(p, OF_ANDROID, MESSAGE_DELIVERED);
}

static void the_right_path_from_a_wrong_address_is_refused_and_said_so(void **state)
{
	struct place *p = *state;

	assert_int_equal(ask(p, .provider = ELSEWHERE, .query = "id=1&ref=2&s=1"), 403);
	assert_non_null(strstr(p->body, "urn:moidan:problem:address"));
	refused_are(p, 0, 0, 1, 0, 0);
	/* The proxy on this machine says for whom it speaks. */
	assert_int_equal(ask(p, .provider = ELSEWHERE, .query = "id=1&ref=2&s=1",
			     .header = "X-Forwarded-For", .value = "203.0.113.7"),
			 200);
	fates_are(p, ELSEWHERE, 0, 0, 0, 0, 1);
}

/* ---- answers of citizens ---------------------------------------------------------------------- */

#define ANSWER "from=%2B84987000001&to=8088&text=hom+khac&id=MO-1&t=1686710000"

static void an_answer_is_kept_once_and_waits_for_an_officer(void **state)
{
	struct place *p = *state;

	for (int i = 0; i < 2; i++)
		assert_int_equal(ask(p, .provider = KANNEL, .query = ANSWER), 200);
	assert_string_equal(p->body, "");
	assert_int_equal(number(p, "SELECT count(*) FROM reply"), 1);
	assert_int_equal(number(p, "SELECT count(*) FROM reply r JOIN provider p ON p.id ="
				   " r.provider_id WHERE p.name = 'kannel' AND r.ref = 'MO-1'"
				   " AND r.text = 'hom khac' AND r.open = 1"),
			 1);
	assert_int_equal(number(p, "SELECT number FROM reply"), UINT64_C(84987000001));
	assert_int_equal(number(p, "SELECT at FROM reply"), INT64_C(1686710000000));
	assert_in_range(number(p, "SELECT received_at FROM reply"), p->opened_at,
			clock_now_ms());
	raw_is(p, "reply", "GET ?" ANSWER "\n");
	assert_true(slot_of(p, KANNEL)->id > 0);
	/* Nobody counts it as a receipt; a receipt by the same path is one. */
	fates_are(p, KANNEL, 0, 0, 0, 0, 0);
	assert_int_equal(ask(p, .provider = KANNEL, .query = "id=K-1&ref=zzzzzz-1-0&s=1"), 200);
	fates_are(p, KANNEL, 0, 0, 0, 0, 1);
	assert_int_equal(number(p, "SELECT count(*) FROM reply"), 1);
}

static void answers_come_together_and_have_an_answer_of_their_own(void **state)
{
	struct place *p = *state;
	const struct report_house report = {.n_programmes = 0};
	struct err e = ERR_INIT;

	p->cfg.house.report = &report;
	world_must(web_reconfigure(p->web, &p->cfg, &e), &e, "report");
	assert_int_equal(
	    ask(p, .provider = INFOBIP, BEARER,
		.body = "{\"results\":["
			"{\"messageId\":\"a\",\"from\":\"84987000001\",\"text\":\"mai\"},"
			"{\"messageId\":\"b\",\"from\":\"84987000002\",\"text\":\"kia\"}]}"),
	    200);
	assert_int_equal(number(p, "SELECT count(*) FROM reply"), 2);
	assert_int_equal(number(p, "SELECT number FROM reply WHERE ref = 'b'"),
			 UINT64_C(84987000002));
	assert_int_equal(
	    ask(p, .provider = ESMS, .query = "sender=84987000003&content=mai&smsid=M-3"), 200);
	assert_string_equal(p->body, "<ClientResponse></ClientResponse>");
	assert_int_equal(number(p, "SELECT count(*) FROM reply"), 3);
}

/* Any of them may be the one that wants no more messages. */
static void of_many_answers_none_is_lost(void **state)
{
	enum { MANY = 500 };
	struct place *p = *state;
	struct buf body = BUF_INIT(GUARD_BODY_MAX);

	(void)buf_addf(&body, "{\"results\":[");
	for (int i = 0; i < MANY; i++)
		(void)buf_addf(&body, "%s{\"from\":\"8498%07d\",\"text\":\"a\"}",
			       i > 0 ? "," : "", i);
	(void)buf_addf(&body, "]}");
	assert_false(body.overflow);
	assert_int_equal(ask(p, .provider = INFOBIP, .body = buf_text(&body), BEARER), 200);
	assert_int_equal(number(p, "SELECT count(DISTINCT number) FROM reply"), MANY);
	buf_free(&body);
}

/* One list, one answer to it: the receipt counts and the answer is kept, or neither. */
static void a_call_may_bring_receipts_and_answers(void **state)
{
	struct place *p = *state;
	char *body = mem_printf("{\"results\":["
				"{\"from\":\"84987000001\",\"text\":\"mai\"},"
				"{\"messageId\":\"P-2\",\"callbackData\":\"%s\","
				"\"to\":\"84900000002\",\"status\":{\"groupId\":3,\"id\":5}}]}",
				p->refs[OF_INFOBIP]);

	refuse(p, "reply", true);
	(void)ask(p, .provider = INFOBIP, .body = body, BEARER);
	assert_int_equal(p->status, 503);
	refuse(p, "reply", false);
	nothing_came(p);
	fates_are(p, INFOBIP, 0, 0, 0, 0, 0);
	state_is(p, OF_INFOBIP, MESSAGE_SENT);
	assert_int_equal(ask(p, .provider = INFOBIP, .body = body, BEARER), 200);
	state_is(p, OF_INFOBIP, MESSAGE_DELIVERED);
	fates_are(p, INFOBIP, 1, 0, 0, 0, 0);
	assert_int_equal(number(p, "SELECT count(*) FROM reply WHERE number = 84987000001"), 1);
	free(body);
}

/* A network's own number, or a name, is nobody who can answer; the others are not lost for it. */
static void an_answer_that_cannot_be_read_spoils_no_other(void **state)
{
	struct place *p = *state;

	assert_int_equal(ask(p, .provider = INFOBIP, BEARER,
			     .body = "{\"results\":[{\"from\":\"VINAPHONE\",\"text\":\"x\"},"
				     "{\"from\":\"84987000001\",\"text\":\"mai\"},"
				     "{\"from\":\"191\",\"text\":\"x\"}]}"),
			 200);
	assert_int_equal(number(p, "SELECT count(*) FROM reply"), 1);
	assert_int_equal(number(p, "SELECT number FROM reply"), UINT64_C(84987000001));
	refused_are(p, 0, 0, 0, 0, 0);
	/* Alone it is answered, so that nobody else is told of it, and counted. */
	assert_int_equal(ask(p, .provider = KANNEL, .query = "from=VINAPHONE&text=x&id=1"),
			 200);
	assert_int_equal(slot_of(p, KANNEL)->misread, 1);
	refused_are(p, 0, 0, 0, 1, 0);
	assert_int_equal(number(p, "SELECT count(*) FROM reply"), 1);
}

static void where_answers_are_not_taken_they_are_only_answered(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	p->cfg.house.replies = NULL;
	world_must(web_reconfigure(p->web, &p->cfg, &e), &e, "no words");
	assert_int_equal(ask(p, .provider = KANNEL, .query = ANSWER), 200);
	nothing_came(p);
	refused_are(p, 0, 0, 0, 0, 0);
}

/* ---- when it cannot be kept ------------------------------------------------------------------- */

static void busy_is(struct place *p, const char *kind, int busy)
{
	assert_int_equal(p->status, 503);
	assert_non_null(strstr(p->body, kind));
	assert_int_equal(p->retry_after, 5);
	refused_are(p, 0, 0, 0, 0, busy);
}

static void what_is_not_stored_is_to_come_again(void **state)
{
	struct place *p = *state;

	refuse(p, "receipt", true);
	(void)ask_esms(p, p->refs[OF_ESMS], DELIVERED);
	busy_is(p, "urn:moidan:problem:not-stored", 1);
	fates_are(p, ESMS, 0, 0, 0, 0, 0);
	refuse(p, "receipt", false);
	refuse(p, "reply", true);
	(void)ask(p, .provider = KANNEL, .query = ANSWER);
	busy_is(p, "urn:moidan:problem:not-stored", 2);
	refuse(p, "reply", false);
	nothing_came(p);
	/* And then it is taken. */
	assert_int_equal(ask_esms(p, p->refs[OF_ESMS], DELIVERED), 200);
	assert_int_equal(ask(p, .provider = KANNEL, .query = ANSWER), 200);
	fates_are(p, ESMS, 1, 0, 0, 0, 0);
	assert_int_equal(number(p, "SELECT count(*) FROM reply"), 1);
}

static void a_provider_that_the_store_does_not_know_is_put_there(void **state)
{
	static const char *const calls[] = {ANSWER, "id=K-1&ref=zzzzzz-1-0&s=1"};
	static const char KNOWN[] = "SELECT count(*) FROM provider WHERE name = 'new'";
	struct place *p = *state;

	assert_int_equal(number(p, KNOWN), 0);
	refuse(p, "provider", true);
	for (int i = 0; i < 2; i++) {
		(void)ask(p, .provider = NEW, .query = calls[i]);
		busy_is(p, "urn:moidan:problem:not-stored", i + 1);
		assert_int_equal(slot_of(p, NEW)->id, 0);
	}
	refuse(p, "provider", false);
	nothing_came(p);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ask(p, .provider = NEW, .query = calls[i]), 200);
	assert_int_equal(number(p, KNOWN), 1);
	assert_int_equal(number(p, "SELECT count(*) FROM reply r JOIN provider p ON p.id ="
				   " r.provider_id WHERE p.name = 'new'"),
			 1);
	fates_are(p, NEW, 0, 0, 0, 0, 1);
}

static int hold_up(struct store *st, void *arg, struct err *e)
{
	(void)st;
	(void)e;
	return sem_wait(arg);
}

static int pass(struct store *st, void *arg, struct err *e)
{
	(void)st;
	(void)arg;
	(void)e;
	return 0;
}

static void count_down(int rc, const struct err *e, void *arg)
{
	(void)rc;
	(void)e;
	--*(int *)arg;
}

static void more_than_can_wait_is_to_come_again(void **state)
{
	struct place *p = *state;
	int waiting = 0;
	sem_t go;

	assert_int_equal(sem_init(&go, 0, 0), 0);
	assert_int_equal(engine_post(p->en, hold_up, NULL, &go), 0);
	while (engine_post(p->en, pass, count_down, &waiting) == 0)
		waiting++;
	assert_true(waiting > 1000);
	(void)ask_esms(p, p->refs[OF_ESMS], DELIVERED);
	busy_is(p, "urn:moidan:problem:queue-full", 1);
	(void)ask(p, .provider = KANNEL, .query = ANSWER);
	busy_is(p, "urn:moidan:problem:queue-full", 2);
	assert_int_equal(sem_post(&go), 0);
	while (waiting > 0)
		(void)event_base_loop(p->base, EVLOOP_ONCE);
	nothing_came(p);
	assert_int_equal(ask_esms(p, p->refs[OF_ESMS], DELIVERED), 200);
	assert_int_equal(sem_destroy(&go), 0);
}

#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CALL_TEST(a_receipt_is_kept_and_applied_before_its_answer),
	    CALL_TEST(a_reference_of_somebody_else_moves_nothing),
	    CALL_TEST(a_call_may_bring_several),
	    CALL_TEST(a_call_of_another_kind_is_answered_and_nothing_more),
	    CALL_TEST(what_cannot_be_read_is_refused_and_counted),
	    CALL_TEST(who_does_not_know_the_address_learns_nothing),
	    CALL_TEST(a_signature_over_the_address_holds_for_the_public_one),
	    CALL_TEST(what_was_signed_long_ago_is_refused_and_said_so),
	    CALL_TEST(the_right_path_from_a_wrong_address_is_refused_and_said_so),
	    CALL_TEST(an_answer_is_kept_once_and_waits_for_an_officer),
	    CALL_TEST(answers_come_together_and_have_an_answer_of_their_own),
	    CALL_TEST(of_many_answers_none_is_lost),
	    CALL_TEST(a_call_may_bring_receipts_and_answers),
	    CALL_TEST(an_answer_that_cannot_be_read_spoils_no_other),
	    CALL_TEST(where_answers_are_not_taken_they_are_only_answered),
	    CALL_TEST(what_is_not_stored_is_to_come_again),
	    CALL_TEST(a_provider_that_the_store_does_not_know_is_put_there),
	    CALL_TEST(more_than_can_wait_is_to_come_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
