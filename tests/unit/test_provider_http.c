/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "child_server.h"
#include "provider/http.h"

/* The server of tests/support/bad_http.py, and one pool to it. */
static struct {
	struct child_server child;
	int port, tls_port;
	struct event_base *base;
} server;

/* What came back, kept after the callback. */
struct answer {
	int calls;
	enum http_phase phase;
	int status;
	char body[256];
	size_t len;
	char error[160];
	char late[32], early[32];
};

static const struct http_limits usual = {
    .in_flight = 8,
    .connect_timeout_ms = 1500,
    .total_timeout_ms = 3000,
    .max_body = 65536,
    .allow_http = true,
    .allow_private = true,
};

static int start_server(void **state)
{
	(void)state;
	if (child_server_start(&server.child, TESTS_DIR "/support/bad_http.py") != 0 ||
	    fscanf(server.child.out, "%d %d", &server.port, &server.tls_port) != 2)
		return -1;
	server.base = event_base_new();
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	child_server_stop(&server.child);
	event_base_free(server.base);
	return 0;
}

static void keep(const struct http_reply *r, void *arg)
{
	struct answer *a = arg;

	a->calls++;
	a->phase = r->phase;
	a->status = r->status;
	a->len = r->len;
	(void)snprintf(a->body, sizeof(a->body), "%s", r->body);
	(void)snprintf(a->error, sizeof(a->error), "%s", r->error);
	(void)snprintf(a->late, sizeof(a->late), "%s",
		       http_reply_header(r, "x-LATE") ? http_reply_header(r, "x-LATE") : "");
	(void)snprintf(a->early, sizeof(a->early), "%s",
		       http_reply_header(r, "X-Early") ? http_reply_header(r, "X-Early") : "");
}

static struct http *pool(const struct http_limits *limits)
{
	struct err e = ERR_INIT;
	struct http *h = http_new(server.base, limits, &e);

	assert_non_null(h);
	return h;
}

/* One request to its end. A body makes it a POST. */
static struct answer ask(struct http *h, const char *url, const char *body)
{
	static const char *const headers[] = {"Content-Type: text/plain"};
	struct http_request req = {.method = body ? "POST" : "GET",
				   .url = url,
				   .headers = headers,
				   .n_headers = 1,
				   .body = body,
				   .body_len = body ? strlen(body) : 0};
	struct answer a = {0};
	struct err e = ERR_INIT;

	assert_int_equal(http_send(h, &req, keep, &a, &e), 0);
	assert_int_equal(a.calls, 0);
	while (a.calls == 0)
		assert_true(event_base_loop(server.base, EVLOOP_ONCE) >= 0);
	return a;
}

static struct answer ask_path(struct http *h, const char *path, const char *body)
{
	char *url = mem_printf("http://127.0.0.1:%d%s", server.port, path);
	struct answer a = ask(h, url, body);

	free(url);
	return a;
}

/* How many requests for path the server read whole. */
static int processed(const char *path)
{
	struct http *h = pool(&usual);
	char *counts = mem_printf("/counts%s", path);
	struct answer a = ask_path(h, counts, NULL);

	free(counts);
	http_free(h);
	assert_int_equal(a.phase, HTTP_ANSWERED);
	return (int)strtol(a.body, NULL, 10);
}

static void an_answer_comes_whole_with_its_headers(void **state)
{
	struct http *h = pool(&usual);
	struct answer a;

	(void)state;
	a = ask_path(h, "/early", "hello");
	assert_int_equal(a.phase, HTTP_ANSWERED);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "{\"ok\":\"yes\"}");
	assert_string_equal(a.late, "2");
	assert_string_equal(a.early, ""); /* of the 103 before it */
	assert_string_equal(a.error, "");
	assert_int_equal(http_in_flight(h), 0);
	http_free(h);
}

/* The same handle carries one after the other. */
static void what_is_asked_for_is_what_stands_after_the_host(void **state)
{
	static const struct {
		const char *rest, *asked;
	} cases[] = {
	    {"/echo", "/echo"},
	    {"/echo", "/echo"},
	    {"/echo?to=84900000001&text=a%20b%2Fc", "/echo?to=84900000001&text=a%20b%2Fc"},
	    {"/echo?at=http://x/y?z", "/echo?at=http://x/y?z"},
	    {"/echo?a=1#b", "/echo?a=1"},
	    {"", "/"},
	    {"?a=1", "/?a=1"},
	    {"#b", "/"},
	    {"/", "/"},
	    {"/echo", "/echo"},
	};
	struct http *h = pool(&usual);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer a = ask_path(h, cases[i].rest, i % 2 == 0 ? NULL : "x");

		assert_int_equal(a.phase, HTTP_ANSWERED);
		assert_string_equal(a.body, cases[i].asked);
	}
	http_free(h);
}

/* Servers that do not know the question keep libcurl waiting for a second. */
static void leave_is_not_asked_for_before_the_longest_body(void **state)
{
	struct http *h = pool(&usual);
	char *body = mem_calloc(1024 * 1024 + 1, 1);

	(void)state;
	memset(body, 'x', 1024 * 1024);
	assert_int_equal(ask_path(h, "/long", body).status, 200);
	assert_int_equal(ask_path(h, "/long", "x").status, 200);
	assert_int_equal(processed("/expect"), 0);
	free(body);
	http_free(h);
}

/* libcurl alone processes the second request twice here and reports one clean 200. */
static void a_kept_connection_that_dies_is_never_sent_twice(void **state)
{
	static const char *const paths[] = {"/fin-second", "/reset-second"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct http *h = pool(&usual);

		for (int get = 0; get < 2; get++) {
			const char *body = get ? NULL : "to=84900000001";
			struct answer a = ask_path(h, paths[i], body);

			assert_int_equal(a.phase, HTTP_ANSWERED);
			a = ask_path(h, paths[i], body);
			assert_int_equal(a.phase, HTTP_MAYBE_SENT);
			assert_string_equal(a.error,
					    "the kept connection ended without an answer");
		}
		http_free(h);
		/* two answered, two not; a fifth would be a message sent twice */
		assert_int_equal(processed(paths[i]), 4);
	}
}

static void what_may_have_been_sent_is_said_to_be(void **state)
{
	static const char *const paths[] = {"/drip",	    "/hang",	"/truncated",
					    "/chunked",	    "/endless", "/garbage",
					    "/claims-huge", "/headers", "/nothing"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct http_limits short_limits = usual;
		struct http *h;
		struct answer a;

		short_limits.total_timeout_ms = 700;
		h = pool(&short_limits);
		a = ask_path(h, paths[i], "x");
		if (a.phase != HTTP_MAYBE_SENT)
			fail_msg("%s: phase %d", paths[i], (int)a.phase);
		assert_int_equal(a.status, 0);
		assert_int_equal(a.len, 0);
		assert_true(strlen(a.error) > 5);
		assert_null(strstr(a.error, "127.0.0.1"));
		http_free(h);
	}
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
	struct http *h = pool(&usual);
	struct answer a = ask_path(h, "/redirect", "x");

	(void)state;
	assert_int_equal(a.phase, HTTP_ANSWERED);
	assert_int_equal(a.status, 302);
	http_free(h);
	assert_int_equal(processed("/redirected"), 0);
}

static void a_compressed_answer_is_not_unpacked(void **state)
{
	struct http *h = pool(&usual);
	struct answer a = ask_path(h, "/gzip", "x");

	(void)state;
	assert_int_equal(a.phase, HTTP_ANSWERED);
	assert_true(a.len < 20000);
	http_free(h);
}

static void what_proves_that_nothing_left_is_not_sent(void **state)
{
	int closed = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	struct http *h = pool(&usual);
	struct answer a;
	char url[64];

	(void)state;
	/* A port that is bound and does not listen refuses. */
	assert_int_equal(bind(closed, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(closed, (struct sockaddr *)&sa, &len), 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", ntohs(sa.sin_port));
	a = ask(h, url, "x");
	assert_int_equal(a.phase, HTTP_NOT_SENT);
	assert_non_null(strstr(a.error, "refused"));
	(void)close(closed);

	a = ask(h, "http://no-such-host.invalid/x", "x");
	assert_int_equal(a.phase, HTTP_NOT_SENT);

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/tls", server.tls_port);
	a = ask(h, url, "x");
	assert_int_equal(a.phase, HTTP_NOT_SENT);
	http_free(h);
	assert_int_equal(processed("/tls"), 0);
}

static void a_connection_that_does_not_come_about_is_not_sent(void **state)
{
	int full = socket(AF_INET, SOCK_STREAM, 0), filler[8];
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	struct http_limits limits = usual;
	struct http *h;
	struct answer a;
	char url[64];

	(void)state;
	assert_int_equal(bind(full, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(listen(full, 0), 0);
	assert_int_equal(getsockname(full, (struct sockaddr *)&sa, &len), 0);
	for (size_t i = 0; i < 8; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(filler[i], (struct sockaddr *)&sa, sizeof(sa));
	}
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", ntohs(sa.sin_port));
	limits.connect_timeout_ms = 300;
	h = pool(&limits);
	a = ask(h, url, "x");
	assert_int_equal(a.phase, HTTP_NOT_SENT);
	http_free(h);
	for (size_t i = 0; i < 8; i++)
		(void)close(filler[i]);
	(void)close(full);
}

static void a_private_address_is_refused_unless_allowed(void **state)
{
	static const char *const urls[] = {
	    "http://127.0.0.1:%d/private",	 "http://[::1]:%d/private",
	    "http://0.0.0.0:%d/private",	 "http://10.1.2.3:%d/private",
	    "http://169.254.169.254:%d/private", "http://192.168.1.1:%d/private",
	    "http://172.31.0.1:%d/private",	 "http://100.64.0.1:%d/private",
	    "http://[::ffff:127.0.0.1]:%d/",	 "http://[fe80::1]:%d/private",
	    "http://[fd00::1]:%d/private",	 "http://[64:ff9b::7f00:1]:%d/private",
	    "http://[2002:7f00:1::]:%d/private", "http://localhost:%d/private",
	    "http://[::127.0.0.1]:%d/private",	 "http://2130706433:%d/private",
	};
	struct http_limits limits = usual;
	struct http *h;

	(void)state;
	limits.allow_private = false;
	h = pool(&limits);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		char url[96];
		const char *mark = strstr(urls[i], "%d");
		struct answer a;

		(void)snprintf(url, sizeof(url), "%.*s%d%s", (int)(mark - urls[i]), urls[i],
			       server.port, mark + 2);
		a = ask(h, url, NULL);
		if (a.phase != HTTP_NOT_SENT || strstr(a.error, "private") == NULL)
			fail_msg("%s: phase %d, %s", url, (int)a.phase, a.error);
	}
	http_free(h);
	assert_int_equal(processed("/private"), 0);
}

static void a_request_that_cannot_be_meant_is_refused_at_once(void **state)
{
	static const char *const split[] = {"X-A: b\r\nX-C: d"};
	static const char *const nameless[] = {": b"};
	static const char *const no_colon[] = {"X-A"};
	static const struct http_request wrong[] = {
	    {.method = "GET", .url = "ftp://127.0.0.1/x"},
	    {.method = "GET", .url = "file:///etc/passwd"},
	    {.method = "GET", .url = "http://user:pass@127.0.0.1/x"},
	    {.method = "GET", .url = "http://127.0.0.1/a b"},
	    {.method = "GET", .url = "http://127.0.0.1/a\r\nb"},
	    {.method = "GET", .url = "/x"},
	    {.method = "GET", .url = ""},
	    {.method = "DELETE", .url = "http://127.0.0.1/x"},
	    {.method = "GET", .url = "http://127.0.0.1/x", .body = "x", .body_len = 1},
	    {.method = "GET", .url = "http://127.0.0.1/x", .headers = split, .n_headers = 1},
	    {.method = "GET", .url = "http://127.0.0.1/x", .headers = nameless, .n_headers = 1},
	    {.method = "GET", .url = "http://127.0.0.1/x", .headers = no_colon, .n_headers = 1},
	};
	struct http *h = pool(&usual);
	struct http_limits https_only = usual;
	struct http_request plain = {.method = "GET", .url = "http://127.0.0.1/x"};
	struct answer a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err e = ERR_INIT;

		if (http_send(h, &wrong[i], keep, &a, &e) == 0)
			fail_msg("case %zu was taken", i);
		assert_null(strstr(e.text, "pass"));
	}
	http_free(h);
	https_only.allow_http = false;
	h = pool(&https_only);
	{
		struct err e = ERR_INIT;

		assert_int_equal(http_send(h, &plain, keep, &a, &e), -1);
		assert_string_equal(e.text, "the URL must begin with https://");
	}
	http_free(h);
	assert_int_equal(a.calls, 0);
}

struct crowd {
	struct http *h;
	struct http_request req;
	int started, answered, total, most;
};

static void crowd_step(struct crowd *c);

static void crowd_done(const struct http_reply *r, void *arg)
{
	struct crowd *c = arg;

	assert_int_equal(r->phase, HTTP_ANSWERED);
	c->answered++;
	crowd_step(c); /* a request may be started from inside a callback */
}

static void crowd_step(struct crowd *c)
{
	struct err e = ERR_INIT;

	if (c->started < c->total) {
		c->started++;
		assert_int_equal(http_send(c->h, &c->req, crowd_done, c, &e), 0);
	}
	if (http_in_flight(c->h) > c->most)
		c->most = http_in_flight(c->h);
}

static void more_requests_than_allowed_are_refused_and_many_all_end(void **state)
{
	char *url = mem_printf("http://127.0.0.1:%d/crowd", server.port);
	struct http_limits limits = usual;
	struct crowd c = {.total = 600, .req = {.method = "POST", .url = url}};
	struct err e = ERR_INIT;

	(void)state;
	limits.in_flight = 150; /* more than one multi holds */
	limits.total_timeout_ms = 20000;
	c.h = pool(&limits);
	for (int i = 0; i < 150; i++)
		crowd_step(&c);
	assert_int_equal(http_send(c.h, &c.req, crowd_done, &c, &e), -1);
	assert_int_equal(e.code, EX_TEMPFAIL);
	while (c.answered < c.total)
		assert_true(event_base_loop(server.base, EVLOOP_ONCE) >= 0);
	assert_int_equal(c.most, 150);
	http_free(c.h);
	assert_int_equal(processed("/crowd"), 600);
	free(url);
}

static void a_pool_can_be_freed_with_requests_under_way(void **state)
{
	char *url = mem_printf("http://127.0.0.1:%d/hang", server.port);
	struct http_request req = {.method = "POST", .url = url, .body = "x", .body_len = 1};
	struct http *h = pool(&usual);
	struct answer a = {0};
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(http_send(h, &req, keep, &a, &e), 0);
	for (int i = 0; i < 5; i++)
		(void)event_base_loop(server.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	http_free(h);
	assert_int_equal(a.calls, 0);
	free(url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_comes_whole_with_its_headers),
	    cmocka_unit_test(what_is_asked_for_is_what_stands_after_the_host),
	    cmocka_unit_test(leave_is_not_asked_for_before_the_longest_body),
	    cmocka_unit_test(a_kept_connection_that_dies_is_never_sent_twice),
	    cmocka_unit_test(what_may_have_been_sent_is_said_to_be),
	    cmocka_unit_test(a_redirect_is_an_answer_and_is_not_followed),
	    cmocka_unit_test(a_compressed_answer_is_not_unpacked),
	    cmocka_unit_test(what_proves_that_nothing_left_is_not_sent),
	    cmocka_unit_test(a_connection_that_does_not_come_about_is_not_sent),
	    cmocka_unit_test(a_private_address_is_refused_unless_allowed),
	    cmocka_unit_test(a_request_that_cannot_be_meant_is_refused_at_once),
	    cmocka_unit_test(more_requests_than_allowed_are_refused_and_many_all_end),
	    cmocka_unit_test(a_pool_can_be_freed_with_requests_under_way),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
