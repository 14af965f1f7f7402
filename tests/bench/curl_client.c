/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick: nothing but libcurl's multi on a libevent loop, tuned as well
 * as we know how (handles reused, parsed origin and headers shared, a read event
 * that stays armed, at most 64 calls in one multi), posting over and over what
 * the gateway posts to eSMS: the same path, headers and body, byte for byte
 * as long. Prints what it reached as one JSON line.
 *
 *   curl_client URL MESSAGES IN_FLIGHT [THREADS]      URL ends in the path */
#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define CLIENT_LANE 64

static const char client_body[] =
    "{\"ApiKey\":\"khoa-thu-nghiem\",\"SecretKey\":\"bi-mat-thu-nghiem\",\"Phone\":\"0900100000\","
    "\"Content\":\"UBND xa My Phu Dong kinh moi cong dan Nguyen Van Thu mang can cuoc, dien thoai den "
    "Cong an xa lam dinh danh muc 2, han 31/12. Hoi Van phong ap Tan Phu, thu 2-6.\",\"Brandname\":"
    "\"UBND-MPD\",\"SmsType\":\"2\",\"IsUnicode\":\"0\",\"Sandbox\":\"0\",\"RequestId\":"
    "\"bench0-100000-1\",\"CallbackUrl\":\"https://tin.example.vn/callbacks/esms/"
    "0123456789abcdef0123456789abcdef\"}";

struct client_sock {
	struct client_lane *lane;
	int fd, want;
	bool reading, writing;
	struct event read, write;
};

struct client;

struct client_lane {
	struct client *client;
	CURLM *multi;
	struct event timer;
};

struct client {
	struct event_base *base;
	struct client_lane *lanes;
	struct client_sock **socks;
	size_t cap_socks;
	CURLU *url;
	const char *path;
	struct curl_slist *headers;
	long left, done, in_flight; /* left: not yet started */
	long failed;
	pthread_t thread;
};

static size_t client_write(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	*(size_t *)arg += size * n;
	return size * n;
}

static void client_finish(struct client_lane *lane)
{
	struct client *c = lane->client;
	CURLMsg *m;
	int n;

	while ((m = curl_multi_info_read(lane->multi, &n)) != NULL) {
		CURL *easy = m->easy_handle;
		long status = 0;

		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (m->data.result != CURLE_OK || status != 200)
			c->failed++;
		(void)curl_multi_remove_handle(lane->multi, easy);
		c->done++;
		if (c->left > 0) {
			c->left--;
			(void)curl_multi_add_handle(lane->multi, easy);
		} else if (--c->in_flight == 0) {
			(void)event_base_loopbreak(c->base);
		}
	}
}

static void client_ready(evutil_socket_t fd, short what, void *arg)
{
	struct client_sock *s = arg;
	struct client_lane *lane = s->lane;
	int mask = 0, running;

	if ((what & EV_READ) != 0 && (s->want & CURL_POLL_IN) != 0)
		mask |= CURL_CSELECT_IN;
	if ((what & EV_WRITE) != 0 && (s->want & CURL_POLL_OUT) != 0)
		mask |= CURL_CSELECT_OUT;
	if (mask == 0)
		return;
	(void)curl_multi_socket_action(lane->multi, fd, mask, &running);
	client_finish(lane);
}

static void client_watch(struct event *ev, bool *armed, bool want)
{
	if (*armed == want)
		return;
	if (want)
		(void)event_add(ev, NULL);
	else
		(void)event_del(ev);
	*armed = want;
}

static int client_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct client_lane *lane = arg;
	struct client *c = lane->client;
	size_t before = c->cap_socks;
	struct client_sock *s;

	(void)easy;
	(void)unused;
	c->socks = mem_grow((void *)c->socks, &c->cap_socks, (size_t)fd + 1,
			    sizeof(struct client_sock *));
	if (c->cap_socks > before)
		memset((void *)(c->socks + before), 0,
		       (c->cap_socks - before) * sizeof(struct client_sock *));
	s = c->socks[fd];
	if (s == NULL) {
		s = c->socks[fd] = mem_calloc(1, sizeof(*s));
		s->lane = lane;
		s->fd = fd;
		event_assign(&s->read, c->base, fd, EV_READ | EV_PERSIST, client_ready, s);
		event_assign(&s->write, c->base, fd, EV_WRITE | EV_PERSIST, client_ready, s);
	}
	s->want = what == CURL_POLL_REMOVE ? 0 : what;
	if ((s->want & CURL_POLL_IN) != 0)
		client_watch(&s->read, &s->reading, true);
	client_watch(&s->write, &s->writing, (s->want & CURL_POLL_OUT) != 0);
	return 0;
}

static int client_timer(CURLM *multi, long ms, void *arg)
{
	struct client_lane *lane = arg;
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)multi;
	/* Later alarms are left to the one that is set: it finds nothing to do. */
	if (ms >= 0 && (ms == 0 || evtimer_pending(&lane->timer, NULL) == 0))
		(void)evtimer_add(&lane->timer, &tv);
	return 0;
}

static void client_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct client_lane *lane = arg;
	int running;

	(void)fd;
	(void)what;
	(void)curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	client_finish(lane);
}

static CURL *client_easy(struct client *c, size_t *bytes)
{
	CURL *e = curl_easy_init();

	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CURLU, c->url);
	curl_easy_setopt(e, CURLOPT_REQUEST_TARGET, c->path);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, client_body);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)(sizeof(client_body) - 1));
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, client_write);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, bytes);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 30000L);
	return e;
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	long n = c->in_flight < c->left ? c->in_flight : c->left;
	long lanes = (n + CLIENT_LANE - 1) / CLIENT_LANE;
	size_t *bytes = mem_calloc(1, sizeof(*bytes));

	c->in_flight = n;
	c->base = event_base_new();
	c->lanes = mem_calloc((size_t)lanes, sizeof(*c->lanes));
	for (long i = 0; i < lanes; i++) {
		struct client_lane *lane = &c->lanes[i];

		lane->client = c;
		lane->multi = curl_multi_init();
		evtimer_assign(&lane->timer, c->base, client_alarm, lane);
		curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, client_wanted);
		curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
		curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, client_timer);
		curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
		curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)CLIENT_LANE);
	}
	for (long i = 0; i < n; i++) {
		c->left--;
		(void)curl_multi_add_handle(c->lanes[i / CLIENT_LANE].multi,
					    client_easy(c, bytes));
	}
	(void)event_base_dispatch(c->base);
	return NULL;
}

static double client_seconds(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long messages, in_flight, threads, failed = 0;
	struct client *clients;
	double wall, cpu;

	if (argc < 4)
		return 64;
	messages = strtol(argv[2], NULL, 10);
	in_flight = strtol(argv[3], NULL, 10);
	threads = argc > 4 ? strtol(argv[4], NULL, 10) : 1;
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	clients = mem_calloc((size_t)threads, sizeof(*clients));
	wall = client_seconds(CLOCK_MONOTONIC);
	cpu = client_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < threads; i++) {
		struct client *c = &clients[i];

		c->left = messages / threads;
		c->in_flight = in_flight / threads;
		c->url = curl_url();
		(void)curl_url_set(c->url, CURLUPART_URL, argv[1], 0);
		(void)curl_url_set(c->url, CURLUPART_PATH, "/", 0);
		c->path = strchr(strstr(argv[1], "://") + 3, '/');
		c->headers = curl_slist_append(NULL, "Content-Type: application/json");
		c->headers = curl_slist_append(c->headers, "User-Agent: moidan/" MOIDAN_VERSION);
		(void)pthread_create(&c->thread, NULL, client_main, c);
	}
	for (long i = 0; i < threads; i++) {
		(void)pthread_join(clients[i].thread, NULL);
		failed += clients[i].failed;
	}
	wall = client_seconds(CLOCK_MONOTONIC) - wall;
	cpu = client_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	messages = messages / threads * threads;
	(void)printf("{\"messages\":%ld,\"failed\":%ld,\"seconds\":%.3f,\"per_second\":%.0f,"
		     "\"cpu_us\":%.2f}\n",
		     messages, failed, wall, (double)messages / wall,
		     cpu * 1e6 / (double)messages);
	(void)fflush(stdout);
	_exit(failed == 0 ? 0 : 1); /* what it holds goes with it */
}
