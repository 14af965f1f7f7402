/* SPDX-License-Identifier: Apache-2.0 */
/* Sends what must not pass (requests.h, each varied at random) to a server, many connections at once.
 *   bad_client PORT COUNT SEED TARGET
 * TARGET is a path that would be answered well if it were asked for: it stands in the requests wherever they
 * keep being wrong with it, and as a whole request behind them. Prints how many were refused by a status, how
 * many by a closed connection; ends with 1 and what was sent when something was answered otherwise. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/requests.h"

#define AT_ONCE	 64
#define SEND_MAX 16384

static uint64_t luck;

/* SplitMix64. */
static uint64_t random_below(uint64_t n)
{
	uint64_t z = luck += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % n;
}

struct conn {
	int fd;
	size_t len, sent, got;
	char name[64], out[SEND_MAX], in[4096];
};

struct run {
	int port, poll;
	const char *target;
	long left, open, refused, closed;
};

static void conn_add(struct conn *c, const char *p, size_t n)
{
	if (c->len + n > SEND_MAX)
		abort();
	memcpy(c->out + c->len, p, n);
	c->len += n;
}

static void conn_adds(struct conn *c, const char *s)
{
	conn_add(c, s, strlen(s));
}

/* Headers that would be right, between those that are not. */
static void conn_add_headers(struct conn *c)
{
	static const char *const good[] = {"Accept: */*\r\n",
					   "User-Agent: a/1 (b; c)\r\n",
					   "X-Forwarded-For: 1.2.3.4\r\n",
					   "Content-Type: application/json\r\n",
					   "X-Empty:\r\n",
					   "Connection: keep-alive\r\n",
					   "Cookie: a=b; c=\"d\"\r\n"};

	for (uint64_t n = random_below(4); n > 0; n--)
		conn_adds(c, good[random_below(sizeof(good) / sizeof(good[0]))]);
}

/* One of the requests: with the target in the place of "/", headers after Host, a whole request behind. */
static void conn_write(struct conn *c, const char *target)
{
	const struct request_case *bad =
	    &bad_requests[random_below(sizeof(bad_requests) / sizeof(bad_requests[0]))];
	const char *p = bad->text, *end = bad->text + bad->len, *host;
	size_t host_len = strlen(HOST);

	c->len = c->sent = c->got = 0;
	(void)snprintf(c->name, sizeof(c->name), "%s", bad->name);
	if (random_below(2) != 0 &&
	    (strncmp(p, "GET / ", 6) == 0 || strncmp(p, "POST / ", 7) == 0)) {
		const char *slash = strchr(p, '/');

		conn_add(c, p, (size_t)(slash - p));
		conn_adds(c, target);
		p = slash + 1;
	}
	host = memmem(p, (size_t)(end - p), HOST, host_len);
	if (host != NULL) {
		conn_add(c, p, (size_t)(host - p) + host_len);
		conn_add_headers(c);
		p = host + host_len;
	}
	conn_add(c, p, (size_t)(end - p));
	if (random_below(4) != 0) {
		conn_adds(c, "GET ");
		conn_adds(c, target);
		conn_adds(c, " HTTP/1.1\r\n" HOST "\r\n");
	}
}

/* From many addresses of this machine: the ports of one would not do. */
static int conn_open(struct run *r, struct conn *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)r->port)},
			   from = {.sin_family = AF_INET};
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return -1;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)random_below(60000));
	(void)setsockopt(c->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS))
		return -1;
	conn_write(c, r->target);
	r->left--;
	r->open++;
	return epoll_ctl(r->poll, EPOLL_CTL_ADD, c->fd, &ev);
}

/* Whether what came back is a refusal, and one only. */
static int conn_judge(struct run *r, const struct conn *c)
{
	const char *second;

	if (c->got == 0) {
		r->closed++;
		return 0;
	}
	second = c->got > 9 ? memmem(c->in + 9, c->got - 9, "HTTP/1.", 7) : NULL;
	if (c->got >= 12 && strncmp(c->in, "HTTP/1.", 7) == 0 &&
	    strchr("45", c->in[9]) != NULL && second == NULL) {
		r->refused++;
		return 0;
	}
	(void)fprintf(stderr, "%s:\n%.*s\nwas answered:\n%.*s\n", c->name, (int)c->len, c->out,
		      (int)c->got, c->in);
	return -1;
}

/* 1 when it is over, else 0; -1. */
static int conn_step(struct run *r, struct conn *c, uint32_t events)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
	ssize_t n;

	if (c->sent < c->len && (events & EPOLLOUT) != 0) {
		/* In pieces, as networks do. */
		size_t piece = 1 + (size_t)random_below(c->len);

		piece = piece < c->len - c->sent ? piece : c->len - c->sent;
		n = send(c->fd, c->out + c->sent, piece, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			c->sent = c->len; /* shut out already: read what it said */
		else if (n > 0)
			c->sent += (size_t)n;
		if (c->sent == c->len) {
			(void)shutdown(c->fd, SHUT_WR);
			if (epoll_ctl(r->poll, EPOLL_CTL_MOD, c->fd, &ev) < 0)
				return -1;
		}
	}
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return 0;
	n = recv(c->fd, c->in + c->got, sizeof(c->in) - c->got, 0);
	if (n > 0) {
		c->got += (size_t)n;
		return c->got < sizeof(c->in) ? 0 : -1;
	}
	if (n < 0 && errno == EAGAIN)
		return 0;
	(void)close(c->fd);
	r->open--;
	return conn_judge(r, c) < 0 ? -1 : 1;
}

int main(int argc, char **argv)
{
	static struct conn conns[AT_ONCE];
	struct run r = {.poll = epoll_create1(0)};
	struct epoll_event events[AT_ONCE];

	if (argc != 5)
		return 64;
	r.port = atoi(argv[1]);
	r.left = atol(argv[2]);
	luck = strtoull(argv[3], NULL, 10);
	r.target = argv[4];
	for (size_t i = 0; i < AT_ONCE && r.left > 0; i++) {
		if (conn_open(&r, &conns[i]) < 0)
			return 71;
	}
	while (r.open > 0) {
		int n = epoll_wait(r.poll, events, AT_ONCE, 30000);

		if (n <= 0) {
			(void)fprintf(stderr, "no answer for 30 s, %ld open\n", r.open);
			return 1;
		}
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			int rc = conn_step(&r, c, events[i].events);

			if (rc < 0)
				return 1;
			if (rc > 0 && r.left > 0 && conn_open(&r, c) < 0)
				return 71;
		}
	}
	(void)printf("%ld %ld\n", r.refused, r.closed);
	return 0;
}
