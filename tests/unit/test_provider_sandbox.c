/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/provider.h"
#include "provider/sandbox.h"

#define TOKEN	"0123456789abcdef0123456789abcdef"
#define NUMBERS 300

/* The sandbox in a process of its own; the shipped description of eSMS, which speaks to it; and a
 * receiver of its receipts. */
static struct {
	char dir[64], ledger[96];
	pid_t pid;
	struct event_base *base;
	struct provider *provider;
	struct http *http;
	struct evhttp *receiver;
	int receiver_port;
	int unavailable; /* answers 503 to so many calls */
	int refused;
	struct receipt receipts[4 * NUMBERS];
	size_t n_receipts;
} t;

struct call {
	struct provider_request req;
	struct outcome outcome;
	bool done;
};

/* ---- the receiver ------------------------------------------------------------------------ */

static void on_receipt(struct evhttp_request *ev, void *arg)
{
	const char *uri = evhttp_request_get_uri(ev), *query = strchr(uri, '?');
	struct callback_request c = {
	    .method = evhttp_request_get_command(ev) == EVHTTP_REQ_GET ? "GET" : "POST",
	    .query = query == NULL ? "" : query + 1,
	    .body = "",
	    .token = TOKEN};
	struct err e = ERR_INIT;

	(void)arg;
	assert_int_equal(strncmp(uri, "/callbacks/esms/" TOKEN "?", 49), 0);
	if (t.unavailable > 0) {
		t.unavailable--;
		t.refused++;
		evhttp_send_error(ev, 503, NULL);
		return;
	}
	assert_true(provider_callback_verify(t.provider, &c, TOKEN));
	assert_true(t.n_receipts < sizeof(t.receipts) / sizeof(t.receipts[0]));
	assert_int_equal(
	    provider_callback_parse(t.provider, &c, &t.receipts[t.n_receipts], 1, &e), 1);
	t.n_receipts++;
	evhttp_send_reply(ev, 200, NULL, NULL);
}

/* A port on which nothing listens. */
static int closed_port(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	(void)close(fd);
	return ntohs(sa.sin_port);
}

static void open_receiver(void)
{
	assert_int_equal(
	    evhttp_bind_socket(t.receiver, "127.0.0.1", (ev_uint16_t)t.receiver_port), 0);
}

/* ---- the sandbox ------------------------------------------------------------------------- */

static int start_sandbox(const struct sandbox_config *cfg)
{
	struct sandbox_config own = *cfg;
	char text[16] = "";
	int ends[2];

	own.ledger = t.ledger;
	assert_int_equal(pipe(ends), 0);
	(void)fflush(stdout);
	t.pid = fork();
	if (t.pid == 0) {
		struct err e = ERR_INIT;

		(void)close(ends[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		/* exit() and not _exit(): a sanitizer then looks for what was not given back. */
		exit(sandbox_run(&own, ends[1], &e) == 0 ? 0 : 1);
	}
	(void)close(ends[1]);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 1);
	(void)close(ends[0]);
	return (int)strtol(text, NULL, 10);
}

static void begin(const struct sandbox_config *cfg)
{
	struct provider_config pc = {.name = (char *)"esms", .description = (char *)"esms"};
	struct err e = ERR_INIT;

	memset(&t, 0, sizeof(t));
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/moidan-sandbox-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	(void)snprintf(t.ledger, sizeof(t.ledger), "%s/ledger", t.dir);
	pc.base_url = mem_printf("http://127.0.0.1:%d", start_sandbox(cfg));
	pc.settings = json_pack("{s:s}", "brandname", "MYPHUDONG");
	pc.secrets = json_pack("{s:s, s:s}", "api_key", "trial-api-key", "secret_key",
			       "trial-secret-key");
	t.provider = provider_new(&pc, SOURCE_DIR "/config", &e);
	if (t.provider == NULL)
		fail_msg("%s", e.text);
	free(pc.base_url);
	json_decref(pc.settings);
	json_decref(pc.secrets);
	t.base = event_base_new();
	t.http = http_new(t.base, &provider_facts(t.provider)->http, &e);
	assert_non_null(t.http);
	t.receiver = evhttp_new(t.base);
	evhttp_set_gencb(t.receiver, on_receipt, NULL);
	t.receiver_port = closed_port();
}

/* Also after a test that failed. */
static int end(void **state)
{
	int status;

	(void)state;
	if (t.pid == 0)
		return 0;
	http_free(t.http);
	evhttp_free(t.receiver);
	event_base_free(t.base);
	provider_free(t.provider);
	assert_int_equal(kill(t.pid, SIGTERM), 0);
	assert_int_equal(waitpid(t.pid, &status, 0), t.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(unlink(t.ledger), 0);
	assert_int_equal(rmdir(t.dir), 0);
	t.pid = 0;
	return 0;
}

static void turn(void)
{
	struct timeval tick = {.tv_usec = 20000};

	assert_int_equal(event_base_loopexit(t.base, &tick), 0);
	assert_true(event_base_loop(t.base, EVLOOP_ONCE) >= 0);
}

static void wait_receipts(size_t n)
{
	int64_t until = clock_mono_ms() + 30 * CLOCK_SECOND_MS;

	while (t.n_receipts < n) {
		turn();
		if (clock_mono_ms() > until)
			fail_msg("%zu receipts of %zu", t.n_receipts, n);
	}
}

static void wait_ms(int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	while (clock_mono_ms() < until)
		turn();
}

/* How many lines of the ledger begin with this text; "" = all. */
static int ledger_lines(const char *begin_with)
{
	FILE *f = fopen(t.ledger, "re");
	char line[160];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strncmp(line, begin_with, strlen(begin_with)) == 0;
	(void)fclose(f);
	return n;
}

/* ---- messages ---------------------------------------------------------------------------- */

static void on_answer(const struct http_reply *r, void *arg)
{
	struct call *c = arg;

	provider_classify(t.provider, r, &c->outcome);
	c->done = true;
}

static void start_call(struct call *c, const char *ref, uint64_t to, const char *text,
		       bool ucs2, const char *host)
{
	char *url = mem_printf("http://%s:%d/callbacks/esms/" TOKEN, host, t.receiver_port);
	struct provider_message m = {
	    .to = to, .text = text, .ucs2 = ucs2, .ref = ref, .callback_url = url};
	struct err e = ERR_INIT;

	*c = (struct call){0};
	provider_request_init(&c->req);
	if (provider_build_send(t.provider, &m, &c->req, &e) < 0 ||
	    http_send(t.http, &c->req.http, on_answer, c, &e) < 0)
		fail_msg("%s", e.text);
	free(url);
}

static void finish_call(struct call *c)
{
	int64_t until = clock_mono_ms() + 30 * CLOCK_SECOND_MS;

	while (!c->done) {
		turn();
		assert_true(clock_mono_ms() < until);
	}
	provider_request_free(&c->req);
}

static struct outcome send_to_host(const char *ref, uint64_t to, const char *host)
{
	struct call c;

	start_call(&c, ref, to, "Kinh moi ong/ba den UBND xa.", false, host);
	finish_call(&c);
	return c.outcome;
}

static struct outcome send_to(const char *ref, uint64_t to)
{
	return send_to_host(ref, to, "127.0.0.1");
}

/* ---- tests ------------------------------------------------------------------------------- */

static void a_message_is_written_down_answered_and_reported(void **state)
{
	static const char accented[] =
	    "UBND xã Mỹ Phú Đông kính mời ông/bà đến làm tài khoản định danh mức 2.";
	const struct sandbox_config cfg = {.seed = 1};
	struct call c;

	(void)state;
	begin(&cfg);
	open_receiver();
	start_call(&c, "m-17-1", UINT64_C(84912000111), accented, true, "localhost");
	finish_call(&c);
	assert_int_equal(c.outcome.class, OUTCOME_OK);
	assert_string_equal(c.outcome.code, "100");
	assert_int_equal(strlen(c.outcome.provider_ref), 32);
	assert_int_equal(ledger_lines("m-17-1 0912000111 1\n"), 1);
	wait_receipts(1);
	assert_int_equal(t.receipts[0].state, RECEIPT_DELIVERED);
	assert_string_equal(t.receipts[0].ref, "m-17-1");
	assert_string_equal(t.receipts[0].provider_ref, c.outcome.provider_ref);
	assert_int_equal(t.receipts[0].phone, UINT64_C(84912000111));
}

static void a_reference_is_taken_once(void **state)
{
	const struct sandbox_config cfg = {.seed = 1, .delay_ms = 600};
	struct call two[2];
	struct outcome late;
	int taken = 0, working = 0;

	(void)state;
	begin(&cfg);
	open_receiver();
	for (int i = 0; i < 2; i++)
		start_call(&two[i], "m-18-1", UINT64_C(84912000111), "Kinh moi.", false,
			   "127.0.0.1");
	for (int i = 0; i < 2; i++) {
		finish_call(&two[i]);
		taken += two[i].outcome.class == OUTCOME_OK;
		working += strcmp(two[i].outcome.code, "199") == 0;
	}
	assert_int_equal(taken, 1);
	assert_int_equal(working, 1);
	late = send_to("m-18-1", UINT64_C(84912000111));
	assert_int_equal(late.class, OUTCOME_OK_DUP);
	assert_string_equal(late.code, "124");
	assert_int_equal(ledger_lines(""), 1);
	wait_receipts(1);
	wait_ms(200);
	assert_int_equal(t.n_receipts, 1);
}

static void what_is_dropped_was_processed(void **state)
{
	const struct sandbox_config cfg = {.seed = 1, .drop_per_mille = 1000};
	struct outcome o;

	(void)state;
	begin(&cfg);
	open_receiver();
	o = send_to("m-19-1", UINT64_C(84912000111));
	assert_int_equal(o.class, OUTCOME_UNCERTAIN);
	assert_int_equal(o.http_status, 0);
	assert_int_equal(ledger_lines("m-19-1 "), 1);
	assert_int_equal(send_to("m-19-1", UINT64_C(84912000111)).class, OUTCOME_OK_DUP);
	assert_int_equal(ledger_lines(""), 1);
	wait_receipts(1);
	assert_string_equal(t.receipts[0].ref, "m-19-1");
}

static void who_is_busy_processes_nothing(void **state)
{
	const struct sandbox_config cfg = {.seed = 1, .busy_per_mille = 1000};
	int rate = 0, unsure = 0;

	(void)state;
	begin(&cfg);
	for (int i = 0; i < 20; i++) {
		struct outcome o = send_to("m-20-1", UINT64_C(84912000100) + (uint64_t)i);

		if (o.http_status == 429) {
			assert_int_equal(o.class, OUTCOME_RATE);
			assert_int_equal(o.wait_ms, 1000);
			rate++;
		} else {
			assert_int_equal(o.http_status, 503);
			unsure++;
		}
	}
	assert_true(rate > 0 && unsure > 0);
	assert_int_equal(ledger_lines(""), 0);
}

static void a_refusal_has_the_providers_code(void **state)
{
	static const struct {
		const char *change; /* of a request that would be taken */
		const char *code;
		enum outcome_class class;
	} cases[] = {
	    {"{\"ApiKey\": \"\"}", "101", OUTCOME_CONFIG},
	    {"{\"Brandname\": null}", "104", OUTCOME_CONFIG},
	    {"{\"SmsType\": \"\"}", "300", OUTCOME_CONFIG},
	    {"{\"SmsType\": \"1\"}", "301", OUTCOME_CONFIG},
	    {"{\"Phone\": \"02963000000\"}", "108", OUTCOME_BADNUM},
	    {"{\"Phone\": \"0912 000 111\"}", "108", OUTCOME_BADNUM},
	    {"{\"Content\": \"\"}", "110", OUTCOME_CONTENT},
	    {"{\"Content\": \"mời\"}", "110", OUTCOME_CONTENT},
	    {"{\"RequestId\": \"a b\"}", "110", OUTCOME_CONTENT},
	    {"{\"CallbackUrl\": \"http://10.0.0.1/cb\"}", "110", OUTCOME_CONTENT},
	    {"{\"CallbackUrl\": \"http://127.0.0.1.example.org/cb\"}", "110", OUTCOME_CONTENT},
	    {"{\"CallbackUrl\": \"http://localhost@example.org/cb\"}", "110", OUTCOME_CONTENT},
	    {"{\"CallbackUrl\": \"https://127.0.0.1/cb\"}", "110", OUTCOME_CONTENT},
	    {"{}", "99", OUTCOME_BADNUM},
	    {"[]", "", OUTCOME_CONFIG},
	};
	const struct sandbox_config cfg = {.seed = 1, .refuse_per_mille = 1000};

	(void)state;
	begin(&cfg);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct provider_message m = {
		    .to = UINT64_C(84912000111), .text = "Kinh moi.", .ref = "m-21-1"};
		json_t *change = json_loads(cases[i].change, 0, NULL), *body;
		struct call c = {0};
		struct err e = ERR_INIT;
		char *text;

		provider_request_init(&c.req);
		assert_int_equal(provider_build_send(t.provider, &m, &c.req, &e), 0);
		body = json_loads(c.req.http.body, 0, NULL);
		assert_non_null(change);
		text = json_object_update(body, change) == 0 ? json_dumps(body, 0)
							     : json_dumps(change, 0);
		c.req.http.body = text;
		c.req.http.body_len = strlen(text);
		assert_int_equal(http_send(t.http, &c.req.http, on_answer, &c, &e), 0);
		finish_call(&c);
		if (strcmp(c.outcome.code, cases[i].code) != 0 ||
		    c.outcome.class != cases[i].class)
			fail_msg("%s: %s %s", cases[i].change, c.outcome.code,
				 outcome_class_name(c.outcome.class));
		free(text);
		json_decref(body);
		json_decref(change);
	}
	assert_int_equal(ledger_lines(""), 0);
}

static void a_receipt_is_brought_again_until_it_is_taken(void **state)
{
	const struct sandbox_config cfg = {.seed = 1, .undelivered_per_mille = 1000};

	(void)state;
	begin(&cfg);
	assert_int_equal(send_to("m-22-1", UINT64_C(84912000111)).class, OUTCOME_OK);
	wait_ms(400); /* nobody is there */
	t.unavailable = 2;
	open_receiver();
	wait_receipts(1);
	assert_int_equal(t.refused, 2);
	assert_int_equal(t.receipts[0].state, RECEIPT_UNDELIVERED);
	assert_int_equal(t.receipts[0].error_class, OUTCOME_FALLBACK);
}

static void a_receipt_may_come_before_the_answer_and_twice(void **state)
{
	const struct sandbox_config cfg = {
	    .seed = 1, .delay_ms = 2000, .duplicate_receipt_per_mille = 1000};
	struct call c;

	(void)state;
	begin(&cfg);
	open_receiver();
	start_call(&c, "m-23-1", UINT64_C(84912000111), "Kinh moi.", false, "127.0.0.1");
	wait_receipts(2);
	assert_false(c.done);
	finish_call(&c);
	assert_int_equal(c.outcome.class, OUTCOME_OK);
	assert_string_equal(t.receipts[0].provider_ref, c.outcome.provider_ref);
	assert_string_equal(t.receipts[1].provider_ref, c.outcome.provider_ref);
}

/* ---- the same story each time ------------------------------------------------------------ */

struct fate {
	char way[64]; /* classes of the answers in turn */
	int delivered, undelivered;
};

/* Sends to number i until it is taken or refused for good. A refusal that was answered uses the
 * reference up, unless it may have been taken before. */
static void follow(size_t i, const char *run, struct fate *f)
{
	struct outcome o = {.class = OUTCOME_RATE};
	int generation = 0;
	bool unsure = false;

	while (o.class == OUTCOME_RATE || o.class == OUTCOME_UNCERTAIN) {
		char ref[32];
		size_t n = strlen(f->way);

		unsure = unsure || o.class == OUTCOME_UNCERTAIN;
		if (!unsure)
			generation++;
		(void)snprintf(ref, sizeof(ref), "%s%zu-%d", run, i, generation);
		o = send_to(ref, UINT64_C(84912000000) + i);
		(void)snprintf(f->way + n, sizeof(f->way) - n, "%s ",
			       outcome_class_name(o.class));
	}
}

static size_t live(uint64_t seed, const char *run, struct fate fates[NUMBERS], size_t receipts)
{
	const struct sandbox_config cfg = {.seed = seed,
					   .receipt_delay_ms = 50,
					   .refuse_per_mille = 80,
					   .busy_per_mille = 150,
					   .drop_per_mille = 80,
					   .undelivered_per_mille = 100,
					   .duplicate_receipt_per_mille = 100};
	size_t n, taken = 0;

	begin(&cfg);
	open_receiver();
	memset(fates, 0, NUMBERS * sizeof(*fates));
	for (size_t i = 0; i < NUMBERS; i++) {
		size_t at = run[0] == 'a' ? i : NUMBERS - 1 - i;

		follow(at, run, &fates[at]);
		taken += strstr(fates[at].way, "badnum") == NULL;
	}
	wait_receipts(receipts > 0 ? receipts : taken);
	wait_ms(1000);
	n = t.n_receipts;
	assert_int_equal(ledger_lines(""), taken);
	for (size_t i = 0; i < n; i++) {
		struct fate *f = &fates[t.receipts[i].phone - UINT64_C(84912000000)];

		f->delivered += t.receipts[i].state == RECEIPT_DELIVERED;
		f->undelivered += t.receipts[i].state == RECEIPT_UNDELIVERED;
	}
	(void)end(NULL);
	return n;
}

static void what_happens_to_whom_follows_from_seed_and_number(void **state)
{
	static struct fate first[NUMBERS], second[NUMBERS], other[NUMBERS];
	int refused = 0, busy = 0, dropped = 0, undelivered = 0, twice = 0, differ = 0;
	size_t n = live(46, "a", first, 0);

	(void)state;
	/* other references, the other way round */
	assert_int_equal(live(46, "b", second, n), n);
	(void)live(47, "a", other, 0);
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct fate *f = &first[i];

		assert_string_equal(f->way, second[i].way);
		assert_int_equal(f->delivered, second[i].delivered);
		assert_int_equal(f->undelivered, second[i].undelivered);
		assert_true(f->delivered == 0 || f->undelivered == 0);
		differ += strcmp(f->way, other[i].way) != 0;
		refused += strstr(f->way, "badnum") != NULL;
		busy += strstr(f->way, "rate") != NULL;
		dropped += strstr(f->way, "uncertain ok_dup") != NULL;
		undelivered += f->undelivered > 0;
		twice += f->delivered + f->undelivered == 2;
	}
	assert_in_range(refused, 8, 50);
	assert_in_range(busy, 8, 50);
	assert_in_range(dropped, 8, 50);
	assert_in_range(undelivered, 8, 60);
	assert_in_range(twice, 8, 60);
	assert_true(differ > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_message_is_written_down_answered_and_reported, end),
	    cmocka_unit_test_teardown(a_reference_is_taken_once, end),
	    cmocka_unit_test_teardown(what_is_dropped_was_processed, end),
	    cmocka_unit_test_teardown(who_is_busy_processes_nothing, end),
	    cmocka_unit_test_teardown(a_refusal_has_the_providers_code, end),
	    cmocka_unit_test_teardown(a_receipt_is_brought_again_until_it_is_taken, end),
	    cmocka_unit_test_teardown(a_receipt_may_come_before_the_answer_and_twice, end),
	    cmocka_unit_test_teardown(what_happens_to_whom_follows_from_seed_and_number, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
