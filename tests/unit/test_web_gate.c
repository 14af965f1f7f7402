/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "requests.h"
#include "web/gate.h"

/* A real evhttp behind a real gate, in a process of its own; the counters are shared. */
struct server {
	pid_t pid;
	int port;
	volatile int *handled, *refused, *lost;
};

static const struct gate_limits limits = {
    .connections = 8, .request_ms = 400, .idle_ms = 2000, .reply_ms = 1000};

static struct event_base *base;
static struct gate *gate;
static struct server srv;

static const char *on_refused(enum guard_reason why, void *arg)
{
	(void)why;
	(void)arg;
	++*srv.refused;
	return NULL;
}

static void on_lost(void *arg)
{
	(void)arg;
	++*srv.lost;
}

static void answer(evutil_socket_t fd, short what, void *arg)
{
	struct evhttp_request *req = arg;
	struct evbuffer *b = evbuffer_new();

	(void)fd;
	(void)what;
	evbuffer_add_printf(b, "%s %zu\n", evhttp_request_get_uri(req),
			    evbuffer_get_length(evhttp_request_get_input_buffer(req)));
	gate_request_answered(gate, req);
	evhttp_send_reply(req, 200, "OK", b);
	evbuffer_free(b);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	const struct timeval later = {.tv_usec = 200000};

	(void)arg;
	++*srv.handled;
	gate_request_begins(gate, req, on_lost, req);
	if (strcmp(evhttp_request_get_uri(req), "/later") == 0)
		event_base_once(base, -1, EV_TIMEOUT, answer, req, &later);
	else
		answer(-1, 0, req);
}

static void on_term(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	event_base_loopbreak(base);
}

static void serve(int ready)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	struct evconnlistener *l;
	socklen_t len = sizeof(a);
	struct evhttp *http;
	struct event *term;

	base = event_base_new();
	http = evhttp_new(base);
	l = evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
				    512, (struct sockaddr *)&a, sizeof(a));
	(void)getsockname(evconnlistener_get_fd(l), (struct sockaddr *)&a, &len);
	srv.port = ntohs(a.sin_port);
	gate = gate_new(base, http, l, &limits, on_refused, NULL);
	evhttp_bind_listener(http, l);
	evhttp_set_gencb(http, on_request, NULL);
	term = evsignal_new(base, SIGTERM, on_term, NULL);
	evsignal_add(term, NULL);
	if (write(ready, &srv.port, sizeof(srv.port)) < 0)
		exit(1);
	event_base_dispatch(base);
	gate_stop(gate);
	evhttp_free(http);
	gate_free(gate);
	event_free(term);
	event_base_free(base);
	exit(0);
}

static int start(void **state)
{
	int ends[2];
	volatile int *shared =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	srv.handled = shared;
	srv.refused = shared + 1;
	srv.lost = shared + 2;
	if (pipe(ends) < 0)
		return -1;
	srv.pid = fork();
	if (srv.pid == 0)
		serve(ends[1]);
	return read(ends[0], &srv.port, sizeof(srv.port)) == sizeof(srv.port) ? 0 : -1;
}

static int stop(void **state)
{
	int status;

	(void)state;
	kill(srv.pid, SIGTERM);
	waitpid(srv.pid, &status, 0);
	/* it lived to the end, and nothing leaked */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(0x7f000001),
				.sin_port = htons((unsigned short)srv.port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* What comes within ms, until the end of the stream if eof is set. */
static size_t hear(int fd, char *out, size_t size, int ms, bool *eof)
{
	size_t n = 0;

	*eof = false;
	while (n < size - 1) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (poll(&p, 1, ms) <= 0)
			break;
		got = recv(fd, out + n, size - 1 - n, 0);
		if (got <= 0) {
			*eof = true;
			break;
		}
		n += (size_t)got;
		ms = ms > 50 ? 50 : ms;
	}
	out[n] = '\0';
	return n;
}

static void say(int fd, const char *text, size_t n)
{
	assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void good_requests_are_answered_on_one_connection(void **state)
{
	static const char three[] = "GET /a HTTP/1.1\r\n" HOST "\r\n"
				    "POST /b HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
				    "GET /c HTTP/1.1\r\n" HOST "\r\n";
	char out[4096];
	int fd = dial(), before = *srv.handled;
	const char *a, *b, *c;
	bool eof;

	(void)state;
	for (int i = 0; i < 3; i++) {
		say(fd, RAW("GET /x HTTP/1.1\r\n" HOST "\r\n"));
		hear(fd, out, sizeof(out), 5000, &eof);
		assert_non_null(strstr(out, "/x 0\n"));
	}
	/* at once: answered one after the other */
	say(fd, RAW(three));
	hear(fd, out, sizeof(out), 5000, &eof);
	a = strstr(out, "/a 0\n");
	b = strstr(out, "/b 5\n");
	c = strstr(out, "/c 0\n");
	assert_true(a != NULL && b > a && c > b);
	assert_false(eof);
	assert_int_equal(*srv.handled, before + 6);
	close(fd);
}

static void bad_requests_never_reach_a_handler(void **state)
{
	int before = *srv.handled, refused = *srv.refused, sent = 0;
	char out[1024], want[16];
	bool eof;

	(void)state;
	while (sent < 10000) {
		for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
			const struct request_case *c = &bad_requests[i];
			int fd = dial();

			say(fd, c->text, c->len);
			hear(fd, out, sizeof(out), 5000, &eof);
			(void)snprintf(want, sizeof(want), "HTTP/1.1 %d ",
				       guard_reason_status(c->reason));
			if (strncmp(out, want, strlen(want)) != 0)
				fail_msg("%s: %.40s", c->name, out);
			assert_true(eof);
			close(fd);
			sent++;
		}
	}
	assert_int_equal(*srv.handled, before);
	assert_int_equal(*srv.refused, refused + sent);
}

static void a_bad_request_after_a_good_one_ends_the_connection(void **state)
{
	int before = *srv.handled;
	char out[4096];
	int fd = dial();
	bool eof;

	(void)state;
	say(fd,
	    RAW("POST /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"
		"GET /admin HTTP/1.1\r\nHost : x\r\n\r\nGET /admin HTTP/1.1\r\n" HOST "\r\n"));
	hear(fd, out, sizeof(out), 5000, &eof);
	assert_non_null(strstr(out, "/a 2\n"));
	assert_non_null(strstr(out, "HTTP/1.1 400 "));
	assert_null(strstr(out, "/admin"));
	assert_true(eof);
	assert_int_equal(*srv.handled, before + 1);
	close(fd);
}

static void a_dripping_request_is_cut_at_its_deadline(void **state)
{
	static const char slow[] =
	    "GET /a HTTP/1.1\r\nHost: gateway.example\r\nX: aaaaaaaaaaaaaaa";
	int before = *srv.handled, fd = dial();
	int64_t t = now_ms(), took;
	char out[1024];
	bool eof = false;

	(void)state;
	for (size_t i = 0; i < sizeof(slow) - 1 && !eof; i++) {
		(void)send(fd, slow + i, 1, MSG_NOSIGNAL);
		if (hear(fd, out, sizeof(out), 40, &eof) > 0)
			break;
	}
	took = now_ms() - t;
	assert_int_equal(strncmp(out, "HTTP/1.1 408 ", 13), 0);
	if (took < limits.request_ms - 5 || took > 5 * limits.request_ms)
		fail_msg("after %d ms", (int)took);
	assert_int_equal(*srv.handled, before);
	close(fd);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
	int64_t t = now_ms();
	int fd = dial();
	char out[64];
	bool eof;

	(void)state;
	assert_int_equal(hear(fd, out, sizeof(out), 8000, &eof), 0);
	assert_true(eof);
	assert_true(now_ms() - t >= limits.idle_ms);
	close(fd);
}

static void more_connections_than_allowed_wait_their_turn(void **state)
{
	int fd[9];
	char out[1024];
	bool eof;

	(void)state;
	for (size_t i = 0; i < limits.connections; i++) {
		fd[i] = dial();
		say(fd[i], RAW("GET /n HTTP/1.1\r\n" HOST "\r\n"));
		hear(fd[i], out, sizeof(out), 5000, &eof);
		assert_non_null(strstr(out, "/n 0\n"));
	}
	fd[8] = dial();
	say(fd[8], RAW("GET /ninth HTTP/1.1\r\n" HOST "\r\n"));
	assert_int_equal(hear(fd[8], out, sizeof(out), 200, &eof), 0);
	close(fd[0]);
	hear(fd[8], out, sizeof(out), 5000, &eof);
	assert_non_null(strstr(out, "/ninth 0\n"));
	for (int i = 1; i < 9; i++)
		close(fd[i]);
}

static void a_body_is_asked_for(void **state)
{
	char out[1024];
	int fd = dial();
	bool eof;

	(void)state;
	say(fd, RAW("POST /e HTTP/1.1\r\n" HOST
		    "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
	hear(fd, out, sizeof(out), 5000, &eof);
	assert_string_equal(out, "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, "abc", 3);
	hear(fd, out, sizeof(out), 5000, &eof);
	assert_int_equal(strncmp(out, "HTTP/1.1 200 ", 13), 0);
	assert_non_null(strstr(out, "/e 3\n"));
	close(fd);
}

/* The peer goes while the handler waits for the store: the answer then goes nowhere. */
static void a_lost_peer_does_no_harm(void **state)
{
	char out[1024];
	bool eof;
	int fd;

	(void)state;
	for (int i = 0; i < 4; i++) {
		fd = dial();
		say(fd, RAW("GET /later HTTP/1.1\r\n" HOST "\r\n"));
		usleep(20000);
		close(fd);
	}
	usleep(400000);
	fd = dial();
	say(fd, RAW("GET /later HTTP/1.1\r\n" HOST "\r\n"));
	hear(fd, out, sizeof(out), 5000, &eof);
	assert_non_null(strstr(out, "/later 0\n"));
	close(fd);
}

static void bytes_poured_behind_a_request_are_not_kept(void **state)
{
	char *much = calloc(1, 1 << 20), out[256];
	int fd = dial(), before = *srv.handled;
	ssize_t sent = 0;
	bool eof;

	(void)state;
	memset(much, 'A', 1 << 20);
	say(fd, RAW("GET /later HTTP/1.1\r\n" HOST "\r\n"));
	for (int i = 0; i < 64 && sent >= 0; i++)
		sent = send(fd, much, 1 << 20, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (hear(fd, out, sizeof(out), 1500, &eof) > 0)
		;
	assert_true(eof);
	assert_int_equal(*srv.handled, before + 1);
	close(fd);
	free(much);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_requests_are_answered_on_one_connection),
	    cmocka_unit_test(bad_requests_never_reach_a_handler),
	    cmocka_unit_test(a_bad_request_after_a_good_one_ends_the_connection),
	    cmocka_unit_test(a_dripping_request_is_cut_at_its_deadline),
	    cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
	    cmocka_unit_test(more_connections_than_allowed_wait_their_turn),
	    cmocka_unit_test(a_body_is_asked_for),
	    cmocka_unit_test(a_lost_peer_does_no_harm),
	    cmocka_unit_test(bytes_poured_behind_a_request_are_not_kept),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
