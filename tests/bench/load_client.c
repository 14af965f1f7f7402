/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a server for so many addresses over so many kept connections, one call after the other on
 * each, and prints how fast and how late it was answered as one JSON line.
 *
 *   load_client PORT PATH CONNECTIONS REQUESTS [FIRST]
 *
 * {n} in PATH becomes FIRST, FIRST + 1 …: one of its own for each request. One thread, epoll. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum { LOAD_EVENTS = 512, LOAD_ROOM = 4096, LOAD_STALL_MS = 60000 };

struct load_conn {
	int fd;
	int64_t asked_us; /* 0: nothing is awaited */
	size_t len;
	char in[LOAD_ROOM];
};

struct load {
	int port, epoll;
	const char *before, *after; /* what stands around {n} */
	size_t before_len;
	int64_t next, left, done, failed;
	uint32_t *took_us; /* of each answer */
};

static int64_t load_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static _Noreturn void load_die(const char *what)
{
	(void)fprintf(stderr, "load_client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void load_ask(struct load *l, struct load_conn *c)
{
	char out[LOAD_ROOM];
	int n;

	if (l->left == 0)
		return;
	l->left--;
	n = snprintf(out, sizeof(out), "GET %.*s%lld%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		     (int)l->before_len, l->before, (long long)l->next++, l->after);
	c->asked_us = load_now_us();
	c->len = 0;
	if (n >= LOAD_ROOM || send(c->fd, out, (size_t)n, MSG_NOSIGNAL) != n)
		load_die("send");
}

/* Whether a whole answer has come. */
static bool load_whole(const struct load_conn *c)
{
	const char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
	const char *length = strcasestr(c->in, "\r\nContent-Length:");
	size_t head;

	if (end == NULL)
		return false;
	head = (size_t)(end - c->in) + 4;
	if (length == NULL || length > end)
		return strcasestr(c->in, "\r\nTransfer-Encoding:") == NULL ||
		       memmem(c->in, c->len, "\r\n0\r\n\r\n", 7) != NULL;
	return c->len >= head + strtoul(length + 17, NULL, 10);
}

static void load_read(struct load *l, struct load_conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->len, sizeof(c->in) - 1 - c->len, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		load_die("the server ended a connection");
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	if (!load_whole(c))
		return;
	l->failed += strncmp(c->in, "HTTP/1.1 2", 10) != 0;
	l->took_us[l->done++] = (uint32_t)(load_now_us() - c->asked_us);
	load_ask(l, c);
}

static void load_connect(struct load *l)
{
	struct load_conn *c = mem_calloc(1, sizeof(*c));
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)l->port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		load_die("connect");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		load_die("epoll_ctl");
	load_ask(l, c);
}

static int load_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct epoll_event ev[LOAD_EVENTS];
	struct load l = {0};
	int64_t requests, start;
	const char *hole;
	double seconds;

	if (argc < 5 || (hole = strstr(argv[2], "{n}")) == NULL)
		return 64;
	l.port = (int)strtol(argv[1], NULL, 10);
	l.before = argv[2];
	l.before_len = (size_t)(hole - argv[2]);
	l.after = hole + 3;
	l.left = requests = strtoll(argv[4], NULL, 10);
	l.next = argc > 5 ? strtoll(argv[5], NULL, 10) : 1;
	l.took_us = mem_calloc((size_t)requests, sizeof(*l.took_us));
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	start = load_now_us();
	for (long i = strtol(argv[3], NULL, 10); i > 0; i--)
		load_connect(&l);
	while (l.done < requests) {
		int n = epoll_wait(l.epoll, ev, LOAD_EVENTS, LOAD_STALL_MS);

		if (n == 0)
			load_die("no answer");
		for (int i = 0; i < n; i++)
			load_read(&l, ev[i].data.ptr);
	}
	seconds = (double)(load_now_us() - start) / 1e6;
	qsort(l.took_us, (size_t)requests, sizeof(*l.took_us), load_compare);
	(void)printf("{\"requests\":%lld,\"failed\":%lld,\"seconds\":%.3f,\"per_second\":%.0f,"
		     "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n",
		     (long long)requests, (long long)l.failed, seconds,
		     (double)requests / seconds, l.took_us[requests / 2] / 1e3,
		     l.took_us[requests * 99 / 100] / 1e3, l.took_us[requests - 1] / 1e3);
	(void)fflush(stdout);
	_exit(l.failed == 0 ? 0 : 1); /* what it holds goes with it */
}
