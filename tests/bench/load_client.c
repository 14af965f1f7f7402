/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a server for so many addresses over so many kept connections, one call after the other on
 * each, and prints how fast and how late it was answered as one JSON line.
 *
 *   load_client PORT PATH CONNECTIONS REQUESTS [FIRST [FILE PEOPLE [RATE]]]
 *
 * With RATE so many requests become due a second, whether the server keeps up or not; each is timed from when it was
 * due.
 * {n} in PATH becomes FIRST, FIRST + 1 …: one of its own for each request. With FILE, a POST of what it holds: lines of
 * the head, an empty line, the body; {n} there likewise, {p} a number from 1 to PEOPLE. One thread, epoll. */
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
	char *post, *body; /* head and body of a POST; NULL: it is a GET */
	int64_t people;
	int64_t next, left, done, failed;
	int64_t rate, start_us, asked; /* rate: a second, 0 = as fast as they are answered */
	struct load_conn **idle;
	size_t n_idle;
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

/* text with its {n} and {p} filled in, in out; how long it is. */
static int load_fill(const struct load *l, const char *text, char out[LOAD_ROOM])
{
	int n = 0;

	while (*text != '\0' && n < LOAD_ROOM - 32) {
		if (strncmp(text, "{n}", 3) != 0 && strncmp(text, "{p}", 3) != 0) {
			out[n++] = *text++;
			continue;
		}
		n += snprintf(
		    out + n, 24, "%lld",
		    (long long)(text[1] == 'n' ? l->next : 1 + l->next * 7 % l->people));
		text += 3;
	}
	out[n] = '\0';
	return n;
}

static int load_post(struct load *l, char out[LOAD_ROOM])
{
	char head[LOAD_ROOM], body[LOAD_ROOM];
	int len = load_fill(l, l->body, body);

	(void)load_fill(l, l->post, head);
	return snprintf(out, LOAD_ROOM,
			"POST %.*s%lld%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n"
			"%s\r\n%s",
			(int)l->before_len, l->before, (long long)l->next++, l->after, len,
			head, body);
}

/* "Name: value\n…\n\nbody" */
static void load_read_post(struct load *l, const char *path)
{
	char text[LOAD_ROOM] = "", *end;
	FILE *f = fopen(path, "re");

	if (f == NULL || fread(text, 1, sizeof(text) - 1, f) == 0 ||
	    (end = strstr(text, "\n\n")) == NULL)
		load_die(path);
	(void)fclose(f);
	end[1] = '\0';
	l->body = mem_strdup(end + 2);
	l->post = mem_calloc(1, 2 * LOAD_ROOM);
	for (char *s = text, *to = l->post; *s != '\0'; s++) {
		if (*s == '\n')
			*to++ = '\r';
		*to++ = *s;
	}
}

static int64_t load_due_us(const struct load *l)
{
	return l->start_us + l->asked * 1000000 / l->rate;
}

static void load_ask(struct load *l, struct load_conn *c)
{
	char out[LOAD_ROOM];
	int n;

	if (l->left == 0)
		return;
	if (l->rate > 0 && load_due_us(l) > load_now_us()) {
		l->idle[l->n_idle++] = c;
		return;
	}
	l->left--;
	n = l->post != NULL
		? load_post(l, out)
		: snprintf(out, sizeof(out),
			   "GET %.*s%lld%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
			   (int)l->before_len, l->before, (long long)l->next++, l->after);
	c->asked_us = l->rate > 0 ? load_due_us(l) : load_now_us();
	l->asked++;
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

/* Asks what is due; the ms until more is. */
static int load_ask_due(struct load *l)
{
	size_t n = l->n_idle;

	if (l->rate == 0)
		return LOAD_STALL_MS;
	while (n > 0 && l->left > 0 && load_due_us(l) <= load_now_us()) {
		l->n_idle = --n;
		load_ask(l, l->idle[n]);
	}
	return n > 0 && l->left > 0 ? 1 : LOAD_STALL_MS;
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
	if (argc > 7) {
		l.people = strtoll(argv[7], NULL, 10);
		load_read_post(&l, argv[6]);
	}
	l.rate = argc > 8 ? strtoll(argv[8], NULL, 10) : 0;
	l.idle = mem_calloc((size_t)strtol(argv[3], NULL, 10), sizeof(struct load_conn *));
	l.took_us = mem_calloc((size_t)requests, sizeof(*l.took_us));
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	start = l.start_us = load_now_us();
	for (long i = strtol(argv[3], NULL, 10); i > 0; i--)
		load_connect(&l);
	while (l.done < requests) {
		int ms = load_ask_due(&l), n = epoll_wait(l.epoll, ev, LOAD_EVENTS, ms);

		if (n == 0 && ms == LOAD_STALL_MS)
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
