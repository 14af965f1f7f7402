/* SPDX-License-Identifier: Apache-2.0 */
/* Progress that moves by itself. Whoever listens is let in by a clerk, as to any page; from then on the loop
 * draws each campaign that somebody listens to once a turn, and tells all of its listeners. It waits for
 * nobody: what a listener does not read piles up to LIVE_BEHIND, then it is hung up. A stream ends after
 * LIVE_LIFE_MS and the browser comes again by itself, so that who may look is asked anew. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/campaign.h"
#include "web/model.h"
#include "web/server.h"

#define LIVE_EVERY_MS CLOCK_SECOND_MS
/* Where nothing changes a line goes out all the same: proxies end what is silent, nginx after 60 s. */
#define LIVE_PING_MS (15 * CLOCK_SECOND_MS)
/* Shorter than an answer may take (web.c). */
#define LIVE_LIFE_MS (60 * CLOCK_SECOND_MS)
#define LIVE_MAX     4096
/* Bytes that its machine has not taken: some ten events. */
#define LIVE_BEHIND 4096

struct live_listener {
	struct live_listener *next;
	struct web_request *request;
	int64_t campaign_id;
	int64_t until, told_at; /* monotonic */
	bool told;		/* of a turn of ours: what it came with may be older */
	bool dropped;
};

/* A campaign as it was last drawn. */
struct live_drawn {
	int64_t campaign_id;
	char *data;
	bool changed, over;
};

struct live {
	struct web *web;
	struct event *turn;
	struct live_listener *listeners;
	size_t n_listeners;
	struct live_drawn *drawn;
	size_t n_drawn, cap_drawn;
	int64_t dropped;
};

int live_draw(struct store *st, int64_t campaign_id, char **data, bool *over, struct err *e)
{
	struct campaign k = {0};
	struct message_counts n;
	json_t *model;
	int finished, found = store_campaign_get(st, campaign_id, &k, e);

	if (found <= 0)
		return found;
	finished = campaign_is_finished(st, &k, e);
	if (finished < 0 || store_message_counts(st, campaign_id, 0, &n, e) < 0) {
		campaign_clear(&k);
		return -1;
	}
	*over = finished > 0 || k.state != CAMPAIGN_RUNNING;
	model = model_counts(&n);
	json_object_set_new(model, "state",
			    json_string(finished ? "finished" : campaign_state_name(k.state)));
	*data = json_dumps(model, JSON_COMPACT);
	json_decref(model);
	campaign_clear(&k);
	return 1;
}

void live_event(const char *data, struct buf *out)
{
	(void)buf_addf(out, "retry: %d\nid: %lld\nevent: progress\ndata: %s\n\n", LIVE_RETRY_MS,
		       (long long)clock_now_ms(), data);
}

/* ---- listeners --------------------------------------------------------------------------- */

static void live_tell(struct live_listener *l, const void *text, size_t len, int64_t now)
{
	struct evbuffer *chunk = evbuffer_new();

	evbuffer_add(chunk, text, len);
	web_stream(l->request, chunk);
	evbuffer_free(chunk);
	l->told_at = now;
}

void live_join(struct web_request *r, int64_t campaign_id, const void *first, size_t len)
{
	struct live *live = r->web->live;
	int64_t now = clock_mono_ms();
	struct live_listener *l;
	static const struct timeval every = {.tv_sec = LIVE_EVERY_MS / 1000};

	/* One too many hears one event, and comes again. */
	if (r->ev == NULL || r->head || live->n_listeners >= LIVE_MAX) {
		web_reply(r, 200, LIVE_TYPE, first, len);
		return;
	}
	l = mem_calloc(1, sizeof(*l));
	l->request = r;
	l->campaign_id = campaign_id;
	l->until = now + LIVE_LIFE_MS;
	l->next = live->listeners;
	live->listeners = l;
	if (live->n_listeners++ == 0)
		(void)event_add(live->turn, &every);
	web_header(r, "X-Accel-Buffering", "no");
	web_stream_begin(r, LIVE_TYPE);
	live_tell(l, first, len, now);
}

/* Bytes that l has not taken yet: in us, and in the kernel (tcp(7)). */
static size_t live_behind(const struct live_listener *l)
{
	struct bufferevent *bev = web_stream_of(l->request);
	int queued = 0;

	(void)ioctl(bufferevent_getfd(bev), SIOCOUTQ, &queued);
	return evbuffer_get_length(bufferevent_get_output(bev)) + (size_t)queued;
}

/* Whether l goes on. */
static bool live_serve(struct live *live, struct live_listener *l, const struct live_drawn *d,
		       const struct buf *event, int64_t now)
{
	static const char ping[] = ":\n\n";

	if (l->request->ev == NULL)
		return false;
	if (l->dropped)
		return true; /* its end comes */
	if (live_behind(l) > LIVE_BEHIND) {
		l->dropped = true;
		live->dropped++;
		log_debug("web", "listener_dropped", "campaign=%lld",
			  (long long)l->campaign_id);
		gate_hang_up_request(live->web->gate, l->request->ev);
		return true;
	}
	if (d != NULL && (d->changed || d->over || !l->told))
		live_tell(l, event->data, event->len, now);
	else if (now - l->told_at >= LIVE_PING_MS)
		live_tell(l, ping, sizeof(ping) - 1, now);
	l->told = true;
	return d != NULL && !d->over && now < l->until;
}

/* ---- a turn ------------------------------------------------------------------------------ */

static struct live_drawn *live_find(struct live *live, int64_t campaign_id)
{
	for (size_t i = 0; i < live->n_drawn; i++) {
		if (live->drawn[i].campaign_id == campaign_id)
			return &live->drawn[i];
	}
	return NULL;
}

/* What somebody listens to, as it is now; what nobody listens to any more is forgotten. */
static void live_look(struct live *live)
{
	struct live_drawn *now = NULL, *before;
	size_t n = 0, cap = 0;
	struct store *st = web_reader(live->web);
	struct err e = ERR_INIT;

	for (const struct live_listener *l = live->listeners; l != NULL; l = l->next) {
		struct live_drawn d = {.campaign_id = l->campaign_id, .over = true};
		bool known = false;

		for (size_t i = 0; i < n; i++)
			known = known || now[i].campaign_id == l->campaign_id;
		if (known)
			continue;
		/* What cannot be read ends its streams: the page asks again, and says why. */
		if (st != NULL && live_draw(st, d.campaign_id, &d.data, &d.over, &e) < 0)
			log_error("web", "progress_unread", "reason=\"%s\"", e.text);
		before = live_find(live, d.campaign_id);
		d.changed = d.data != NULL && (before == NULL || before->data == NULL ||
					       strcmp(before->data, d.data) != 0);
		now = mem_grow(now, &cap, n + 1, sizeof(*now));
		now[n++] = d;
	}
	for (size_t i = 0; i < live->n_drawn; i++)
		free(live->drawn[i].data);
	free(live->drawn);
	live->drawn = now;
	live->n_drawn = n;
	live->cap_drawn = cap;
}

static void live_on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct live *live = arg;
	struct live_listener **at = &live->listeners;
	struct buf event = BUF_INIT(LIVE_EVENT_MAX);
	int64_t now = clock_mono_ms(), drawn = 0;

	(void)fd;
	(void)what;
	live_look(live);
	while (*at != NULL) {
		struct live_listener *l = *at;
		const struct live_drawn *d = live_find(live, l->campaign_id);

		if (d != NULL && d->data == NULL)
			d = NULL;
		if (d != NULL && drawn != d->campaign_id) {
			buf_reset(&event);
			live_event(d->data, &event);
			drawn = d->campaign_id;
		}
		if (live_serve(live, l, d, &event, now)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		live->n_listeners--;
		web_stream_end(l->request);
		free(l);
	}
	buf_free(&event);
	if (live->n_listeners == 0)
		(void)event_del(live->turn);
}

struct live *live_new(struct web *w)
{
	struct live *live = mem_calloc(1, sizeof(*live));

	live->web = w;
	live->turn = event_new(w->base, -1, EV_PERSIST, live_on_turn, live);
	return live;
}

size_t live_listeners(const struct live *live, int64_t *dropped)
{
	*dropped = live->dropped;
	return live->n_listeners;
}

void live_free(struct live *live)
{
	if (live == NULL)
		return;
	while (live->listeners != NULL) {
		struct live_listener *l = live->listeners;

		live->listeners = l->next;
		web_stream_end(l->request);
		free(l);
	}
	for (size_t i = 0; i < live->n_drawn; i++)
		free(live->drawn[i].data);
	free(live->drawn);
	event_free(live->turn);
	free(live);
}
