/* SPDX-License-Identifier: Apache-2.0 */
/* The contract is eSMS's as config/providers/esms.yaml has it. What happens to whom is drawn from the
 * seed and the number alone, and for what passes (busy, dropped) from how often the number was
 * called: a run tells the same story as the last one, in whatever order its requests arrive. */
#include "provider/sandbox.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "provider/sandbox_courier.h"
#include "text/phone.h"
#include "text/sms.h"

#define SANDBOX_PATH	"/SendMultipleMessage_V4_post_json/"
#define SANDBOX_STATUS	"/GetSendStatus"
#define SANDBOX_BODY	65536
#define SANDBOX_HEAD	16384
#define SANDBOX_REF	50  /* characters of a RequestId */
#define SANDBOX_PRICE	350 /* đồng a segment */
#define SANDBOX_ID_SIZE 33

/* What is drawn for a number; a thing of its own each, so that one does not follow from another. */
enum draw {
	DRAW_BUSY,
	DRAW_BUSY_HOW,
	DRAW_REFUSED,
	DRAW_DROPPED,
	DRAW_UNDELIVERED,
	DRAW_TWICE,
	DRAW_ANSWER_AFTER,
	DRAW_RECEIPT_AFTER,
	DRAW_RECEIPT_AGAIN_AFTER
};

/* A request that was read. The texts are borrowed from its JSON. */
struct order {
	const char *phone, *content, *ref, *type, *callback_url;
	uint64_t number;
	int64_t nth; /* call for this number, from 1 */
	struct sms_count count;
	bool trial; /* Sandbox=1: checked and no more */
};

/* An answer on its way: until the ledger is on the disk, then until its time has come. */
struct answer {
	LIST_ENTRY(answer) all;
	struct sandbox *sandbox;
	struct evhttp_request *http;
	struct event *timer;
	int status, delay_ms;
	bool drop;
	char *body;
	char *ref; /* of a message that was processed; NULL otherwise */
	char *callback_url, *receipt;
	int receipt_delay_ms, again_delay_ms; /* again: -1 = once is enough */
};

struct sandbox {
	const struct sandbox_config *cfg;
	struct event_base *base;
	struct evhttp *http;
	struct courier *courier;
	struct event *on_term, *on_round;
	FILE *ledger;
	json_t *calls; /* number → how often it was called */
	json_t *refs;  /* RequestId → true when answered, false while it is being worked on */
	LIST_HEAD(, answer) answers;
	struct answer **round; /* processed, not yet on the disk */
	size_t n_round, cap_round;
	uint64_t processed;
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct err *e; /* why it stopped */
	bool failed;
};

static const struct {
	const char *code, *message;
} sandbox_codes[] = {
    {"99", "The number is blocked"},
    {"101", "Wrong ApiKey or SecretKey"},
    {"104", "The brand name does not exist"},
    {"108", "Wrong phone number"},
    {"110", "Wrong data"},
    {"124", "Duplicate RequestId"},
    {"199", "The same request is being worked on"},
    {"300", "The type of message is missing"},
    {"301", "Type of service not supported"},
};

/* ---- lots -------------------------------------------------------------------------------- */

static uint64_t sandbox_draw(const struct sandbox *s, enum draw what, uint64_t number,
			     int64_t nth)
{
	const uint64_t in[] = {(uint64_t)what, number, (uint64_t)nth};
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t lot;

	(void)crypto_shorthash(out, (const unsigned char *)in, sizeof(in), s->key);
	memcpy(&lot, out, sizeof(lot));
	return lot;
}

static bool sandbox_hits(const struct sandbox *s, enum draw what, const struct order *o,
			 int64_t nth, int per_mille)
{
	return (int)(sandbox_draw(s, what, o->number, nth) % 1000) < per_mille;
}

/* From 0 up to most, both included. */
static int sandbox_up_to(const struct sandbox *s, enum draw what, const struct order *o,
			 int most)
{
	return most <= 0
		   ? 0
		   : (int)(sandbox_draw(s, what, o->number, o->nth) % ((uint64_t)most + 1));
}

/* ---- answers ----------------------------------------------------------------------------- */

static void answer_free(struct answer *a)
{
	LIST_REMOVE(a, all);
	event_free(a->timer);
	free(a->body);
	free(a->ref);
	free(a->callback_url);
	free(a->receipt);
	free(a);
}

/* Closes without a word what was processed. */
static void answer_drop(struct answer *a)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(a->http);

	if (conn != NULL)
		evhttp_connection_free(conn);
	else
		evhttp_request_free(a->http);
}

static void answer_send(struct answer *a)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(a->http);
	struct evbuffer *body = evhttp_request_get_output_buffer(a->http);

	bool busy = a->status != 200;

	/* Who is busy does not come to JSON: the proxy in front of it answers. */
	evhttp_add_header(headers, "Content-Type",
			  busy ? "text/html" : "application/json; charset=utf-8");
	if (busy)
		evhttp_add_header(headers, "Retry-After", "1");
	evbuffer_add(body, a->body, strlen(a->body));
	/* Frees the request even if its connection has gone in the meantime. */
	evhttp_send_reply(a->http, a->status, NULL, NULL);
}

static void answer_on_time(evutil_socket_t fd, short what, void *arg)
{
	struct answer *a = arg;

	(void)fd;
	(void)what;
	if (a->ref != NULL)
		json_object_set_new(a->sandbox->refs, a->ref, json_true());
	if (a->drop)
		answer_drop(a);
	else
		answer_send(a);
	answer_free(a);
}

/* body is taken. */
static struct answer *answer_new(struct sandbox *s, struct evhttp_request *http, int status,
				 char *body)
{
	struct answer *a = mem_calloc(1, sizeof(*a));

	a->sandbox = s;
	a->http = http;
	a->status = status;
	a->body = body;
	a->timer = evtimer_new(s->base, answer_on_time, a);
	LIST_INSERT_HEAD(&s->answers, a, all);
	return a;
}

static void answer_start(struct answer *a)
{
	struct timeval tv = {.tv_sec = a->delay_ms / 1000,
			     .tv_usec = (a->delay_ms % 1000) * 1000};

	evtimer_add(a->timer, &tv);
	if (a->receipt == NULL)
		return;
	courier_post(a->sandbox->courier, a->callback_url, a->receipt, a->receipt_delay_ms);
	if (a->again_delay_ms >= 0)
		courier_post(a->sandbox->courier, a->callback_url, a->receipt,
			     a->again_delay_ms);
}

static char *answer_refusal(const char *code)
{
	const char *message = "";

	for (size_t i = 0; i < sizeof(sandbox_codes) / sizeof(sandbox_codes[0]); i++) {
		if (strcmp(sandbox_codes[i].code, code) == 0)
			message = sandbox_codes[i].message;
	}
	return mem_printf("{\"CodeResult\":\"%s\",\"CountRegenerate\":0,"
			  "\"ErrorMessage\":\"%s\"}",
			  code, message);
}

/* ---- the ledger -------------------------------------------------------------------------- */

/* All that came in one turn of the loop shares one wait for the disk. */
static void sandbox_on_round(evutil_socket_t fd, short what, void *arg)
{
	struct sandbox *s = arg;

	(void)fd;
	(void)what;
	if (s->ledger != NULL &&
	    (fflush(s->ledger) != 0 || fdatasync(fileno(s->ledger)) != 0)) {
		s->failed = true;
		err_set(s->e, EX_IOERR, "%s: %s", s->cfg->ledger, strerror(errno));
		event_base_loopbreak(s->base);
		return;
	}
	for (size_t i = 0; i < s->n_round; i++)
		answer_start(s->round[i]);
	s->n_round = 0;
}

static void sandbox_record(struct sandbox *s, struct answer *a, const struct order *o)
{
	s->processed++;
	json_object_set_new(s->refs, o->ref, json_false());
	a->ref = mem_strdup(o->ref);
	if (s->ledger != NULL)
		(void)fprintf(s->ledger, "%s %s %d\n", o->ref, o->phone, o->count.segments);
	s->round =
	    mem_grow((void *)s->round, &s->cap_round, s->n_round + 1, sizeof(struct answer *));
	s->round[s->n_round++] = a;
	if (s->n_round == 1)
		event_active(s->on_round, EV_TIMEOUT, 0);
}

/* ---- requests ---------------------------------------------------------------------------- */

static const char *order_text(const json_t *root, const char *name)
{
	const char *text = json_string_value(json_object_get(root, name));

	return text == NULL ? "" : text;
}

/* A mobile number as eSMS takes it: figures only, 0… or 84…; 0 for any other. */
static uint64_t order_number(const char *phone)
{
	struct phone p;

	if (phone[strspn(phone, "0123456789")] != '\0' ||
	    (phone[0] != '0' && strncmp(phone, "84", 2) != 0))
		return 0;
	p = phone_parse(phone, 0);
	return p.status == PHONE_OK || p.status == PHONE_UNKNOWN_RANGE ? p.number : 0;
}

static void order_read(struct sandbox *s, const json_t *root, struct order *o)
{
	const char *flag = order_text(root, "Sandbox");

	*o = (struct order){.phone = order_text(root, "Phone"),
			    .content = order_text(root, "Content"),
			    .ref = order_text(root, "RequestId"),
			    .type = order_text(root, "SmsType"),
			    .callback_url = order_text(root, "CallbackUrl"),
			    .trial = strcmp(flag, "1") == 0};
	o->number = order_number(o->phone);
	o->count = sms_count(o->content);
	o->nth = 1 + json_integer_value(json_object_get(s->calls, o->phone));
	if (o->number != 0)
		json_object_set_new(s->calls, o->phone, json_integer(o->nth));
}

/* Whether a RequestId can stand in a ledger line. */
static bool order_has_ref(const struct order *o)
{
	size_t n = strlen(o->ref);

	for (size_t i = 0; i < n; i++) {
		if (o->ref[i] <= ' ' || o->ref[i] > '~')
			return false;
	}
	return n > 0 && n <= SANDBOX_REF;
}

/* The code of a refusal, NULL when the message is taken. */
static const char *sandbox_refusal(const struct sandbox *s, const json_t *root,
				   const struct order *o)
{
	const json_t *before = json_object_get(s->refs, o->ref);

	if (*order_text(root, "ApiKey") == '\0' || *order_text(root, "SecretKey") == '\0')
		return "101";
	if (*order_text(root, "Brandname") == '\0')
		return "104";
	if (o->type[0] == '\0')
		return "300";
	if (strcmp(o->type, "2") != 0 && strcmp(o->type, "8") != 0)
		return "301";
	if (o->number == 0)
		return "108";
	if (!order_has_ref(o) || o->content[0] == '\0' || o->count.units < 0 ||
	    (o->count.ucs2 && strcmp(order_text(root, "IsUnicode"), "1") != 0) ||
	    (o->callback_url[0] != '\0' && !courier_may_call(o->callback_url)))
		return "110";
	if (before != NULL && !s->cfg->forgets)
		return json_is_true(before) ? "124" : "199";
	if (sandbox_hits(s, DRAW_REFUSED, o, 0, s->cfg->refuse_per_mille))
		return "99";
	return NULL;
}

/* Depends on the RequestId alone: a sandbox started anew gives no id a second meaning. */
static void sandbox_id(const struct sandbox *s, const char *ref, char out[SANDBOX_ID_SIZE])
{
	unsigned char hash[16];

	(void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)ref, strlen(ref),
				 s->key, sizeof(s->key));
	(void)sodium_bin2hex(out, SANDBOX_ID_SIZE, hash, sizeof(hash));
}

static char *sandbox_receipt(const struct sandbox *s, const struct order *o, const char *id)
{
	bool failed = sandbox_hits(s, DRAW_UNDELIVERED, o, 0, s->cfg->undelivered_per_mille);
	char *ref = evhttp_uriencode(o->ref, -1, false);
	char *out = mem_printf("SMSID=%s&SendFailed=%d&SendStatus=5&SendSuccess=%d&TotalPrice="
			       "%d&TotalReceiver=1&TotalSent=1&RequestId=%s&TypeId=%s&"
			       "telcoid=1&phonenumber=%s&switchsmsid=",
			       id, failed, !failed, o->count.segments * SANDBOX_PRICE, ref,
			       o->type, o->phone);

	free(ref);
	return out;
}

static void sandbox_accept(struct sandbox *s, struct evhttp_request *http,
			   const struct order *o)
{
	char id[SANDBOX_ID_SIZE];
	struct answer *a;

	sandbox_id(s, o->ref, id);
	a = answer_new(
	    s, http, 200,
	    mem_printf("{\"CodeResult\":\"100\",\"CountRegenerate\":0,\"SMSID\":\"%s\"}", id));
	a->delay_ms = sandbox_up_to(s, DRAW_ANSWER_AFTER, o, s->cfg->delay_ms);
	if (o->trial) {
		answer_start(a);
		return;
	}
	a->drop = sandbox_hits(s, DRAW_DROPPED, o, o->nth, s->cfg->drop_per_mille);
	if (o->callback_url[0] != '\0') {
		a->callback_url = mem_strdup(o->callback_url);
		a->receipt = sandbox_receipt(s, o, id);
		a->receipt_delay_ms =
		    sandbox_up_to(s, DRAW_RECEIPT_AFTER, o, s->cfg->receipt_delay_ms);
		a->again_delay_ms = -1;
		if (sandbox_hits(s, DRAW_TWICE, o, 0, s->cfg->duplicate_receipt_per_mille))
			a->again_delay_ms = sandbox_up_to(s, DRAW_RECEIPT_AGAIN_AFTER, o,
							  s->cfg->receipt_delay_ms);
	}
	sandbox_record(s, a, o);
}

static void sandbox_answer(struct sandbox *s, struct evhttp_request *http, const json_t *root)
{
	const char *code;
	struct answer *a;
	struct order o;

	order_read(s, root, &o);
	code = sandbox_refusal(s, root, &o);
	if (o.number != 0 && sandbox_hits(s, DRAW_BUSY, &o, o.nth, s->cfg->busy_per_mille)) {
		a = answer_new(s, http,
			       sandbox_draw(s, DRAW_BUSY_HOW, o.number, o.nth) % 2 ? 429 : 503,
			       mem_strdup("<html><body>Busy</body></html>\n"));
	} else if (code != NULL) {
		a = answer_new(s, http, 200, answer_refusal(code));
	} else {
		sandbox_accept(s, http, &o);
		return;
	}
	a->delay_ms = sandbox_up_to(s, DRAW_ANSWER_AFTER, &o, s->cfg->delay_ms);
	answer_start(a);
}

/* Asked by our RequestId: whether it was taken. How it ended is for the receipts to say. */
static void sandbox_status(struct sandbox *s, struct evhttp_request *http)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(http)), *ref;
	char id[SANDBOX_ID_SIZE], *body;
	struct evkeyvalq asked;

	if (query == NULL || evhttp_parse_query_str(query, &asked) < 0) {
		evhttp_send_error(http, HTTP_BADREQUEST, NULL);
		return;
	}
	ref = evhttp_find_header(&asked, "RefId");
	if (ref == NULL || json_object_get(s->refs, ref) == NULL) {
		body = mem_strdup("{\"CodeResponse\":\"105\",\"ErrorMessage\":\"Not found\"}");
	} else {
		sandbox_id(s, ref, id);
		body = mem_printf(
		    "{\"CodeResponse\":\"100\",\"SMSID\":\"%s\",\"SendStatus\":2}", id);
	}
	evhttp_clear_headers(&asked);
	answer_start(answer_new(s, http, 200, body));
}

static void sandbox_on_request(struct evhttp_request *http, void *arg)
{
	struct sandbox *s = arg;
	struct evbuffer *in = evhttp_request_get_input_buffer(http);
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(http));
	size_t len = evbuffer_get_length(in);
	json_t *root;

	if (path != NULL && strcmp(path, SANDBOX_STATUS) == 0 &&
	    evhttp_request_get_command(http) == EVHTTP_REQ_GET) {
		sandbox_status(s, http);
		return;
	}
	if (strcmp(evhttp_request_get_uri(http), SANDBOX_PATH) != 0) {
		evhttp_send_error(http, HTTP_NOTFOUND, NULL);
		return;
	}
	if (evhttp_request_get_command(http) != EVHTTP_REQ_POST) {
		evhttp_send_error(http, HTTP_BADMETHOD, NULL);
		return;
	}
	root = json_loadb((const char *)evbuffer_pullup(in, -1), len, JSON_REJECT_DUPLICATES,
			  NULL);
	if (json_is_object(root))
		sandbox_answer(s, http, root);
	else
		answer_start(
		    answer_new(s, http, 200, mem_strdup("{\"error\":\"Invalid request\"}")));
	json_decref(root);
}

/* ---- the house --------------------------------------------------------------------------- */

static void sandbox_on_term(evutil_socket_t fd, short what, void *arg)
{
	struct sandbox *s = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(s->base);
}

static int sandbox_listen(struct sandbox *s, int ready_fd, struct err *e)
{
	struct sockaddr_in sa = {0};
	socklen_t len = sizeof(sa);
	struct evhttp_bound_socket *bound;

	evhttp_set_max_headers_size(s->http, SANDBOX_HEAD);
	evhttp_set_max_body_size(s->http, SANDBOX_BODY);
	evhttp_set_gencb(s->http, sandbox_on_request, s);
	bound = evhttp_bind_socket_with_handle(s->http, "127.0.0.1", (ev_uint16_t)s->cfg->port);
	if (bound == NULL ||
	    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&sa, &len) < 0)
		return err_set(e, EX_UNAVAILABLE, "127.0.0.1:%d: %s", s->cfg->port,
			       strerror(errno));
	if (ready_fd >= 0) {
		(void)dprintf(ready_fd, "%d\n", ntohs(sa.sin_port));
		(void)close(ready_fd);
	}
	return 0;
}

static int sandbox_open(struct sandbox *s, struct err *e)
{
	if (sodium_init() < 0)
		return err_set(e, EX_OSERR, "libsodium");
	memcpy(s->key, &s->cfg->seed, sizeof(s->cfg->seed));
	if (s->cfg->ledger != NULL) {
		s->ledger = fopen(s->cfg->ledger, "ae");
		if (s->ledger == NULL)
			return err_set(e, EX_CANTCREAT, "%s: %s", s->cfg->ledger,
				       strerror(errno));
	}
	s->base = event_base_new();
	s->http = s->base == NULL ? NULL : evhttp_new(s->base);
	if (s->http == NULL)
		return err_set(e, EX_OSERR, "evhttp: %s", strerror(errno));
	s->courier = courier_new(s->base);
	s->on_round = event_new(s->base, -1, 0, sandbox_on_round, s);
	s->on_term = evsignal_new(s->base, SIGTERM, sandbox_on_term, s);
	return event_add(s->on_term, NULL) == 0 ? 0 : err_set(e, EX_OSERR, "SIGTERM");
}

static void sandbox_close(struct sandbox *s)
{
	while (!LIST_EMPTY(&s->answers)) {
		struct answer *a = LIST_FIRST(&s->answers);

		/* evhttp ends those that are still on a connection. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): answer_free() takes it off the list */
		if (evhttp_request_get_connection(a->http) == NULL)
			evhttp_request_free(a->http);
		answer_free(a);
	}
	courier_free(s->courier);
	if (s->http != NULL)
		evhttp_free(s->http);
	if (s->on_round != NULL)
		event_free(s->on_round);
	if (s->on_term != NULL)
		event_free(s->on_term);
	if (s->base != NULL)
		event_base_free(s->base);
	if (s->ledger != NULL)
		(void)fclose(s->ledger);
	json_decref(s->calls);
	json_decref(s->refs);
	free((void *)s->round);
}

int sandbox_run(const struct sandbox_config *cfg, int ready_fd, struct err *e)
{
	struct sandbox s = {.cfg = cfg, .e = e, .calls = json_object(), .refs = json_object()};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	int rc = -1;

	LIST_INIT(&s.answers);
	/* A client that hangs up must not end the server. */
	(void)sigaction(SIGPIPE, &ignore, &before);
	if (sandbox_open(&s, e) < 0 || sandbox_listen(&s, ready_fd, e) < 0)
		goto out;
	if (event_base_dispatch(s.base) < 0)
		err_set(e, EX_OSERR, "the event loop ended");
	else if (!s.failed)
		rc = 0;
	log_info("sandbox", "ended", "processed=%" PRIu64, s.processed);
out:
	sandbox_close(&s);
	(void)sigaction(SIGPIPE, &before, NULL);
	return rc;
}
