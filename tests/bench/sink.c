/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 server that does next to nothing: what is measured against it is
 * the client. One thread, epoll, kept connections; answers every POST like
 * eSMS ("CodeResult":"100"), one with a list of messages like Infobip, each by
 * its id, and writes its port to standard output. It trusts its client and
 * belongs in no other place than a benchmark.
 *
 *   sink [--delay MS] [--ledger FILE] [--port N]
 *
 * --ledger: each body's RequestId is written to FILE, and the file to the disk
 * (one fdatasync for all of a round), before it is answered. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define SINK_EVENTS 512
/* A hundred messages. */
#define SINK_BUFFER 131072

struct sink_conn {
	int fd;
	size_t len;
	char in[SINK_BUFFER];
	size_t out_len; /* 0: the answer is that to one message */
	char *out;
};

/* An answer that waits: all wait equally long, so that a ring keeps them in order. */
struct sink_late {
	struct sink_conn *conn;
	int64_t at_us;
};

struct sink {
	int epoll, listener;
	int64_t delay_us;
	FILE *ledger;
	uint64_t answered;
	struct sink_late *late; /* a ring */
	size_t late_head, late_len, late_cap;
	struct sink_conn **ready; /* to be answered at the end of the round */
	size_t n_ready, cap_ready;
};

static int64_t sink_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static _Noreturn void sink_die(const char *what)
{
	(void)fprintf(stderr, "sink: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sink_answer(struct sink *s, struct sink_conn *c)
{
	char one[128], head[128];
	struct iovec out[2] = {{.iov_base = head}, {.iov_base = c->out, .iov_len = c->out_len}};
	struct msghdr m = {.msg_iov = out, .msg_iovlen = 2};

	s->answered++;
	if (c->out_len == 0) {
		out[1].iov_base = one;
		out[1].iov_len = (size_t)snprintf(
		    one, sizeof(one),
		    "{\"CodeResult\":\"100\",\"CountRegenerate\":0,\"SMSID\":\"%016llx\"}",
		    (unsigned long long)s->answered);
	}
	out[0].iov_len = (size_t)snprintf(head, sizeof(head),
					  "HTTP/1.1 200 OK\r\nContent-Type: application/json"
					  "\r\nContent-Length: %zu\r\n\r\n",
					  out[1].iov_len);
	/* What answers a hundred messages fits into an empty socket buffer. */
	if (sendmsg(c->fd, &m, MSG_NOSIGNAL) != (ssize_t)(out[0].iov_len + out[1].iov_len))
		sink_die("send");
	c->out_len = 0;
}

/* The answer to a list: each message of it under the id that it came with. */
static void sink_list(struct sink_conn *c, const char *body, size_t len)
{
	static const char key[] = "\"messageId\":\"";
	const char *end = body + len, *p = body;
	size_t n = 0;

	while ((p = memmem(p, (size_t)(end - p), key, sizeof(key) - 1)) != NULL) {
		p += sizeof(key) - 1;
		if (c->out == NULL)
			c->out = mem_calloc(SINK_BUFFER, 1);
		n += (size_t)snprintf(c->out + n, SINK_BUFFER - n,
				      "%s{\"messageId\":\"%.*s\",\"status\":{\"groupId\":1,"
				      "\"id\":26,\"name\":\"PENDING_ACCEPTED\"}}",
				      n == 0 ? "{\"messages\":[" : ",",
				      (int)strcspn(p, "\""), p);
	}
	if (n > 0)
		n += (size_t)snprintf(c->out + n, SINK_BUFFER - n, "]}");
	c->out_len = n;
}

static void sink_delay(struct sink *s, struct sink_conn *c)
{
	if (s->late_len == s->late_cap)
		sink_die("more requests at once than connections");
	s->late[(s->late_head + s->late_len++) % s->late_cap] =
	    (struct sink_late){c, sink_now_us() + s->delay_us};
}

static void sink_write_ledger(struct sink *s, const char *body, size_t len)
{
	static const char key[] = "\"RequestId\":\"";
	const char *p = memmem(body, len, key, sizeof(key) - 1);
	size_t n = 0;

	if (s->ledger == NULL || p == NULL)
		return;
	p += sizeof(key) - 1;
	while (p + n < body + len && p[n] != '"')
		n++;
	(void)fprintf(s->ledger, "%.*s\n", (int)n, p);
}

/* Takes one whole request out of the buffer; false when there is none. */
static bool sink_take(struct sink *s, struct sink_conn *c)
{
	char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
	const char *length;
	size_t head, body = 0;

	if (end == NULL)
		return false;
	head = (size_t)(end - c->in) + 4;
	*end = '\0';
	length = strcasestr(c->in, "\r\nContent-Length:");
	if (length != NULL)
		body = strtoul(length + 17, NULL, 10);
	*end = '\r';
	if (c->len < head + body)
		return false;
	sink_write_ledger(s, c->in + head, body);
	sink_list(c, c->in + head, body);
	memmove(c->in, c->in + head + body, c->len - head - body);
	c->len -= head + body;
	return true;
}

static void sink_close(struct sink_conn *c)
{
	(void)close(c->fd);
	free(c->out);
	free(c);
}

static void sink_read(struct sink *s, struct sink_conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->len, sizeof(c->in) - 1 - c->len, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			sink_close(c);
		return;
	}
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	if (!sink_take(s, c))
		return;
	s->ready = mem_grow((void *)s->ready, &s->cap_ready, s->n_ready + 1,
			    sizeof(struct sink_conn *));
	s->ready[s->n_ready++] = c;
}

static void sink_accept(struct sink *s)
{
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct sink_conn *c = mem_calloc(1, sizeof(*c));
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

		c->fd = fd;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
			sink_die("epoll_ctl");
	}
}

/* Answers what is late enough; the ms until the next, -1 = none waits. */
static int sink_answer_late(struct sink *s)
{
	while (s->late_len > 0) {
		const struct sink_late *l = &s->late[s->late_head];
		int64_t left = l->at_us - sink_now_us();

		if (left > 0)
			return (int)((left + 999) / 1000);
		sink_answer(s, l->conn);
		s->late_head = (s->late_head + 1) % s->late_cap;
		s->late_len--;
	}
	return -1;
}

static void sink_round(struct sink *s)
{
	struct epoll_event ev[SINK_EVENTS];
	int n = epoll_wait(s->epoll, ev, SINK_EVENTS, sink_answer_late(s));

	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr == s)
			sink_accept(s);
		else
			sink_read(s, ev[i].data.ptr);
	}
	if (s->ledger != NULL && s->n_ready > 0 &&
	    (fflush(s->ledger) != 0 || fdatasync(fileno(s->ledger)) != 0))
		sink_die("ledger");
	for (size_t i = 0; i < s->n_ready; i++) {
		if (s->delay_us > 0)
			sink_delay(s, s->ready[i]);
		else
			sink_answer(s, s->ready[i]);
	}
	s->n_ready = 0;
}

static void sink_listen(struct sink *s, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};
	socklen_t len = sizeof(a);

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(s->listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(s->listener, 4096) < 0 ||
	    getsockname(s->listener, (struct sockaddr *)&a, &len) < 0)
		sink_die("listen");
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &ev) < 0)
		sink_die("epoll");
	(void)printf("%d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"delay", required_argument, NULL, 'd'},
						{"ledger", required_argument, NULL, 'l'},
						{"port", required_argument, NULL, 'p'},
						{NULL, 0, NULL, 0}};
	static struct sink s;
	int port = 0, c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'd')
			s.delay_us = strtol(optarg, NULL, 10) * 1000;
		else if (c == 'p')
			port = (int)strtol(optarg, NULL, 10);
		else if (c == 'l' && (s.ledger = fopen(optarg, "ae")) == NULL)
			sink_die(optarg);
		else if (c == '?')
			return 64;
	}
	s.late_cap = 65536;
	s.late = mem_calloc(s.late_cap, sizeof(*s.late));
	sink_listen(&s, port);
	for (;;)
		sink_round(&s);
}
