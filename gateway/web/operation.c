/* SPDX-License-Identifier: Apache-2.0 */
/* For those who run the daemon: is it alive, can it work, how much did it do. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/campaign.h"
#include "web/metrics.h"
#include "web/server.h"

/* The store thread has work and did not move for so long: it cannot be relied on. */
#define READY_STALLED_MS (10 * CLOCK_SECOND_MS)
/* A proof that the store can be written is good for so long, */
#define READY_FRESH_MS (2 * CLOCK_SECOND_MS)
/* and figures read from it for so long. */
#define FIGURES_FRESH_MS (5 * CLOCK_SECOND_MS)

void web_handle_healthz(struct web_request *r)
{
	web_reply_json(r, 200, json_pack("{s:s}", "status", "ok"));
}

static int ready_probe(struct store *st, void *arg, struct err *e)
{
	char now[32];

	(void)arg;
	clock_format_rfc3339(clock_now_ms(), now);
	return store_meta_set(st, "ready.probe", now, e);
}

static void ready_proved(int rc, const struct err *e, void *arg)
{
	struct web_request *r = arg;

	(void)e;
	if (rc < 0) {
		web_problem(r, 503, "store-unwritable", "the database cannot be written");
		return;
	}
	r->web->ready_at = clock_mono_ms();
	web_reply_json(r, 200, json_pack("{s:s}", "status", "ready"));
}

/* A store that is open has the schema of this binary; what can change while it runs is whether it can
 * still be written and whether its thread still moves. */
void web_handle_readyz(struct web_request *r)
{
	struct web *web = r->web;

	if (engine_stalled_ms(web->engine) > READY_STALLED_MS)
		web_problem(r, 503, "store-stalled", "the store thread does not move");
	else if (web->ready_at != 0 && clock_mono_ms() - web->ready_at < READY_FRESH_MS)
		web_reply_json(r, 200, json_pack("{s:s}", "status", "ready"));
	else if (engine_post(web->engine, ready_probe, ready_proved, r) < 0)
		web_problem(r, 503, "queue-full", "the store thread has too much to do");
}

static void figures_provider(int id, const char *name, const char *stopped_reason,
			     int64_t since, void *arg)
{
	(void)id;
	(void)since;
	metrics_int(arg, "provider_up", stopped_reason == NULL, "provider", name, NULL);
}

static int figures_messages(struct store *st, struct buf *out, struct err *e)
{
	struct message_counts counts;
	int64_t due, age = 0;
	int rc;

	if (store_message_counts(st, 0, 0, &counts, e) < 0)
		return -1;
	metrics_family(out, "messages", METRICS_GAUGE, "Messages by state.");
	for (int s = 0; s <= MESSAGE_LINKED; s++) {
		const char *name = message_state_name((enum message_state)s);

		if (name != NULL)
			metrics_int(out, "messages", counts.by_state[s], "state", name, NULL);
	}
	metrics_family(out, "queue_messages", METRICS_GAUGE, "Messages waiting to be sent.");
	metrics_int(out, "queue_messages", counts.by_state[MESSAGE_QUEUED], NULL);
	metrics_family(out, "message_segments_total", METRICS_COUNTER,
		       "Segments of messages that providers accepted.");
	metrics_int(out, "message_segments_total", counts.segments_accepted, NULL);
	rc = store_message_first_due(st, MESSAGE_QUEUED, &due, e);
	if (rc < 0)
		return -1;
	if (rc == 1 && clock_now_ms() > due)
		age = clock_now_ms() - due;
	metrics_family(out, "queue_oldest_age_seconds", METRICS_GAUGE,
		       "How long the oldest message that is due has been waiting.");
	metrics_seconds(out, "queue_oldest_age_seconds", age, NULL);
	return 0;
}

static int figures_sizes(struct store *st, struct buf *out, struct err *e)
{
	struct store_sizes sizes;

	if (store_sizes(st, &sizes, e) < 0)
		return -1;
	metrics_family(out, "database_bytes", METRICS_GAUGE, "Size of the database file.");
	metrics_int(out, "database_bytes", sizes.db_bytes, NULL);
	metrics_family(out, "database_wal_bytes", METRICS_GAUGE, "Size of its log.");
	metrics_int(out, "database_wal_bytes", sizes.wal_bytes, NULL);
	metrics_family(out, "disk_free_bytes", METRICS_GAUGE, "Free space beside it.");
	metrics_int(out, "disk_free_bytes", sizes.free_disk_bytes, NULL);
	return 0;
}

/* Reads what the store knows, in one snapshot, on a connection of our own. */
static int figures_read(struct web *web, struct buf *out, struct err *e)
{
	int rc = -1;

	if (web_reader(web) == NULL)
		return err_set(e, EX_UNAVAILABLE, "no connection to the store");
	if (store_read_begin(web->reader, e) < 0)
		return -1;
	metrics_family(out, "provider_up", METRICS_GAUGE, "1 while a provider may be used.");
	if (store_provider_list(web->reader, figures_provider, out, e) < 0 ||
	    figures_messages(web->reader, out, e) < 0 || figures_sizes(web->reader, out, e) < 0)
		goto out;
	rc = 0;
out:
	store_read_end(web->reader);
	return rc;
}

static void figures_refresh(struct web *web)
{
	int64_t now = clock_mono_ms();
	struct err e = ERR_INIT;

	if (web->figures_at != 0 && now - web->figures_at < FIGURES_FRESH_MS)
		return;
	buf_reset(&web->figures);
	if (figures_read(web, &web->figures, &e) < 0) {
		log_error("web", "figures_unread", "reason=\"%s\"", e.text);
		buf_reset(&web->figures);
	}
	web->figures_at = now;
}

static void metrics_outbox(struct engine *en, struct buf *out)
{
	static const char name[] = "message_events_total";
	struct outbox_stats s;

	engine_stats(en, &s);
	metrics_family(out, name, METRICS_COUNTER, "What the dispatcher did since it started.");
	metrics_int(out, name, s.planned, "event", "planned", NULL);
	metrics_int(out, name, s.claimed, "event", "claimed", NULL);
	metrics_int(out, name, s.accepted, "event", "accepted", NULL);
	metrics_int(out, name, s.not_sent, "event", "not_sent", NULL);
	metrics_int(out, name, s.refused, "event", "refused", NULL);
	metrics_int(out, name, s.uncertain, "event", "uncertain", NULL);
	metrics_int(out, name, s.settled, "event", "settled", NULL);
	metrics_int(out, name, s.expired, "event", "expired", NULL);
	metrics_int(out, name, s.cancelled, "event", "cancelled", NULL);
	metrics_family(out, "in_flight_messages", METRICS_GAUGE,
		       "Messages handed to a provider and not yet answered.");
	metrics_int(out, "in_flight_messages", s.in_flight, NULL);
	metrics_family(out, "store_stalled_seconds", METRICS_GAUGE,
		       "How long the store thread has not finished a turn.");
	metrics_seconds(out, "store_stalled_seconds", engine_stalled_ms(en), NULL);
}

static void metrics_callbacks(const struct web *web, struct buf *out)
{
	static const char *const fates[RECEIPT_FATE_COUNT] = {
	    [RECEIPT_APPLIED] = "applied",     [RECEIPT_REPEATED] = "repeated",
	    [RECEIPT_NO_CHANGE] = "no_change", [RECEIPT_CONFLICT] = "conflict",
	    [RECEIPT_ORPHAN] = "orphan",
	};
	static const char *const refusals[WEB_CB_REFUSALS] = {[WEB_CB_TOKEN] = "token",
							      [WEB_CB_STALE] = "stale",
							      [WEB_CB_ADDRESS] = "address",
							      [WEB_CB_MISREAD] = "misread",
							      [WEB_CB_BUSY] = "busy"};

	metrics_family(out, "receipts_total", METRICS_COUNTER, "Delivery receipts stored.");
	for (const struct web_slot *s = web->slots; s != NULL; s = s->next) {
		for (int f = 0; f < RECEIPT_FATE_COUNT; f++)
			metrics_int(out, "receipts_total", s->fates[f], "provider", s->name,
				    "fate", fates[f], NULL);
	}
	metrics_family(out, "receipts_misread_total", METRICS_COUNTER,
		       "Calls of a provider that its description does not understand.");
	for (const struct web_slot *s = web->slots; s != NULL; s = s->next)
		metrics_int(out, "receipts_misread_total", s->misread, "provider", s->name,
			    NULL);
	metrics_family(out, "callbacks_refused_total", METRICS_COUNTER,
		       "Callbacks that were not stored.");
	for (int i = 0; i < WEB_CB_REFUSALS; i++)
		metrics_int(out, "callbacks_refused_total", web->callbacks_refused[i], "reason",
			    refusals[i], NULL);
}

static void metrics_http(const struct web *web, struct buf *out)
{
	int64_t dropped;
	static const char *const codes[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};

	metrics_family(out, "http_requests_total", METRICS_COUNTER, "Requests answered.");
	for (size_t row = 0; row <= web_n_routes; row++) {
		const char *route = row < web_n_routes ? web_routes[row].pattern : "none";

		for (int c = 2; c <= 5; c++) {
			if (web->answers[row][c] > 0)
				metrics_int(out, "http_requests_total", web->answers[row][c],
					    "route", route, "code", codes[c], NULL);
		}
	}
	metrics_family(out, "http_refused_total", METRICS_COUNTER,
		       "Malformed, oversized or slow requests that reached no handler.");
	for (int i = GUARD_OK + 1; i < GUARD_REASON_COUNT; i++)
		metrics_int(out, "http_refused_total", web->refused[i], "reason",
			    guard_reason_name((enum guard_reason)i), NULL);
	metrics_family(out, "http_connections", METRICS_GAUGE, "Open connections.");
	metrics_int(out, "http_connections", (int64_t)gate_connections(web->gate), NULL);
	metrics_family(out, "live_listeners", METRICS_GAUGE, "Pages that progress is told to.");
	metrics_int(out, "live_listeners", (int64_t)live_listeners(web->live, &dropped), NULL);
	metrics_family(out, "live_dropped_total", METRICS_COUNTER,
		       "Listeners hung up because they did not read.");
	metrics_int(out, "live_dropped_total", dropped, NULL);
}

void web_handle_metrics(struct web_request *r)
{
	struct web *web = r->web;
	struct buf out = BUF_INIT(1 << 20);

	metrics_family(&out, "build_info", METRICS_GAUGE, "The version that runs.");
	metrics_int(&out, "build_info", 1, "version", MOIDAN_VERSION, NULL);
	metrics_family(&out, "start_time_seconds", METRICS_GAUGE,
		       "When it started, Unix time.");
	metrics_seconds(&out, "start_time_seconds", web->started_at, NULL);
	figures_refresh(web);
	(void)buf_adds(&out, buf_text(&web->figures));
	metrics_outbox(web->engine, &out);
	metrics_callbacks(web, &out);
	metrics_http(web, &out);
	web_reply(r, 200, "text/plain; version=0.0.4; charset=utf-8", buf_text(&out), out.len);
	buf_free(&out);
}
