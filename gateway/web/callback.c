/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery receipts and what citizens answer: verified, stored raw, applied and
 * committed in one go by the store thread; the provider is answered only then. */
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/server.h"

/* A call as it is kept. */
#define WEB_RAW_MAX (GUARD_HEAD_MAX + GUARD_BODY_MAX)

/* One call on its way through the store. The answer is taken from the provider beforehand: a reload
 * may replace the provider before the commit. */
struct callback_work {
	struct web_request *request;
	struct web_slot *slot;
	int provider_id; /* 0: to be asked for */
	char *provider_name;
	struct receipt *receipts;
	enum receipt_fate *fates;
	size_t n_receipts;
	struct inbound *replies;
	size_t n_replies;
	struct reply_house house; /* of the replies */
	struct buf raw;
	int64_t received_at;
	int status;
	char *content_type, *body;
};

static void callback_work_free(void *arg)
{
	struct callback_work *w = arg;

	free(w->provider_name);
	free(w->receipts);
	free(w->fates);
	free(w->replies);
	buf_free(&w->raw);
	free(w->content_type);
	free(w->body);
	free(w);
}

static int callback_store_receipts(struct store *st, const struct callback_work *w,
				   struct err *e)
{
	static const enum message_event events[] = {
	    [RECEIPT_DELIVERED] = MESSAGE_EV_RECEIPT_DELIVERED,
	    [RECEIPT_UNDELIVERED] = MESSAGE_EV_RECEIPT_FAILED,
	    [RECEIPT_IN_FLIGHT] = MESSAGE_EV_RECEIPT_SEEN,
	    [RECEIPT_UNKNOWN] = MESSAGE_EV_RECEIPT_SEEN};
	struct message_receipt *rows;
	int generation, rc;

	if (w->n_receipts == 0)
		return 0;
	rows = mem_calloc(w->n_receipts, sizeof(*rows));
	for (size_t i = 0; i < w->n_receipts; i++) {
		const struct receipt *in = &w->receipts[i];
		struct message_receipt *row = &rows[i];

		row->provider_id = w->provider_id;
		if (!message_ref_parse(store_instance(st), in->ref, &row->message_id,
				       &generation))
			row->message_id = 0;
		memcpy(row->provider_ref, in->provider_ref, sizeof(row->provider_ref));
		row->phone = in->phone;
		row->event = events[in->state];
		memcpy(row->code, in->code, sizeof(row->code));
		row->class = (int)in->error_class;
		row->at = in->at_ms;
		row->received_at = w->received_at;
		row->raw = buf_text(&w->raw);
		row->raw_len = w->raw.len;
	}
	rc = store_message_receipts(st, rows, w->n_receipts, w->fates, e);
	free(rows);
	return rc;
}

static int callback_store_replies(struct store *st, const struct callback_work *w,
				  struct err *e)
{
	for (size_t i = 0; i < w->n_replies; i++) {
		const struct inbound *in = &w->replies[i];
		struct reply r = {.provider_id = w->provider_id,
				  .ref = in->provider_ref,
				  .number = in->from,
				  .text = in->text,
				  .at = in->at_ms,
				  .received_at = w->received_at,
				  .raw = buf_text(&w->raw),
				  .raw_len = w->raw.len};

		if (reply_take(st, &w->house, &r, e) < 0)
			return -1;
	}
	return 0;
}

/* On the store thread, inside its transaction. 0, or -1 with e. */
static int callback_store(struct store *st, void *arg, struct err *e)
{
	struct callback_work *w = arg;

	if (w->provider_id == 0 &&
	    store_provider_put(st, w->provider_name, &w->provider_id, e) < 0)
		return -1;
	if (callback_store_receipts(st, w, e) < 0)
		return -1;
	return callback_store_replies(st, w, e);
}

/* On our loop, after the commit. */
static void callback_stored(int rc, const struct err *e, void *arg)
{
	struct callback_work *w = arg;
	struct web_request *r = w->request;

	if (rc != 0) {
		log_error("web", "receipts_not_stored", "provider=%s reason=\"%s\"",
			  w->slot->name, e->text);
		r->web->callbacks_refused[WEB_CB_BUSY]++;
		web_header(r, "Retry-After", "5");
		web_problem(r, 503, "not-stored", "not stored, try again");
		return;
	}
	w->slot->id = w->provider_id;
	for (size_t i = 0; i < w->n_receipts; i++)
		w->slot->fates[w->fates[i]]++;
	web_reply(r, w->status, w->content_type, w->body, strlen(w->body));
}

static struct web_slot *callback_slot(struct web *web, const char *name)
{
	for (struct web_slot *s = web->slots; s != NULL; s = s->next) {
		if (s->provider != NULL && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

/* The call as providers' descriptions see it. headers has room for all that guard lets through. */
static void callback_read(struct web_request *r, struct http_header *headers,
			  struct callback_request *out)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(r->ev);
	size_t n = 0;

	for (struct evkeyval *kv = in->tqh_first; kv != NULL && n < GUARD_HEADERS_MAX;
	     kv = kv->next.tqe_next)
		headers[n++] = (struct http_header){.name = kv->key, .value = kv->value};
	*out = (struct callback_request){.method = r->method,
					 .query = r->query,
					 .headers = headers,
					 .n_headers = n,
					 .token = r->params.value[1]};
	out->body = web_request_body(r, &out->body_len);
}

/* The address as the provider knows it, for signatures over it; yours. NULL where none is known. */
static char *callback_url(const struct web_request *r)
{
	const char *base = r->web->edition->house.public_url;

	if (base == NULL || *base == '\0')
		return NULL;
	return mem_printf("%s/callbacks/%s/%s%s%s", base, r->params.value[0],
			  r->params.value[1], *r->query != '\0' ? "?" : "", r->query);
}

/* Whether it is the provider who calls. */
static enum callback_verdict callback_judge(struct web_request *r, const struct web_slot *slot,
					    struct callback_request *call)
{
	const struct web_config *cfg = &r->web->cfg;
	const char *token =
	    slot == NULL ? NULL : cfg->callback_token(slot->name, cfg->callback_arg);
	enum callback_verdict verdict;
	char *url, address[64];

	if (token == NULL)
		return CALLBACK_FORGED;
	url = callback_url(r);
	web_request_address(r, address, sizeof(address));
	call->url = url;
	call->address = address;
	verdict = provider_callback_judge(slot->provider, call, token);
	call->url = call->address = NULL;
	free(url);
	return verdict;
}

/* Whoever does not know the address learns nothing; whoever does and is refused is told, and counted. */
static bool callback_admitted(struct web_request *r, const struct web_slot *slot,
			      struct callback_request *call)
{
	int64_t *refused = r->web->callbacks_refused;

	switch (callback_judge(r, slot, call)) {
	case CALLBACK_GENUINE:
		return true;
	case CALLBACK_STALE:
		refused[WEB_CB_STALE]++;
		log_warn("web", "callback_stale", "provider=%s", slot->name);
		web_problem(r, 403, "stale", "signed too long ago, or in the future");
		break;
	case CALLBACK_ELSEWHERE:
		refused[WEB_CB_ADDRESS]++;
		log_warn("web", "callback_from_elsewhere", "provider=%s", slot->name);
		web_problem(r, 403, "address", "not from this address");
		break;
	case CALLBACK_FORGED:
		refused[WEB_CB_TOKEN]++;
		web_problem(r, 404, "not-found", "nothing here");
	}
	return false;
}

static struct callback_work *callback_work_new(struct web_request *r, struct web_slot *slot,
					       const struct callback_request *call)
{
	struct callback_work *w = mem_calloc(1, sizeof(*w));

	w->request = r;
	w->slot = slot;
	w->provider_id = slot->id;
	w->provider_name = mem_strdup(slot->name);
	/* Without the token: what is kept for disputes opens nothing. */
	buf_init(&w->raw, WEB_RAW_MAX);
	(void)buf_addf(&w->raw, "%s ?%s\n", call->method, call->query);
	(void)buf_add(&w->raw, call->body, call->body_len);
	w->received_at = clock_now_ms();
	r->work = w;
	r->work_free = callback_work_free;
	return w;
}

static void callback_add_receipts(struct callback_work *w, const struct receipt *receipts,
				  size_t n)
{
	w->n_receipts = n;
	w->receipts = mem_calloc(n, sizeof(*w->receipts));
	memcpy(w->receipts, receipts, n * sizeof(*w->receipts));
	w->fates = mem_calloc(n, sizeof(*w->fates));
}

static void callback_add_replies(struct callback_work *w, const struct inbound *replies,
				 size_t n, const struct web_house *h)
{
	w->n_replies = n;
	w->replies = mem_calloc(n, sizeof(*w->replies));
	memcpy(w->replies, replies, n * sizeof(*w->replies));
	w->house = (struct reply_house){.house = h->campaign,
					.words = h->replies,
					.officials = h->officials,
					.programmes = h->programmes,
					.n_programmes = h->n_programmes};
	if (h->report != NULL) {
		w->house.reported = h->report->programmes;
		w->house.n_reported = h->report->n_programmes;
	}
}

/* Each part of the call, in one transaction: it is answered as a whole. */
static void callback_post(struct web_request *r, struct web_slot *slot,
			  const struct callback_request *call, size_t n_receipts,
			  size_t n_replies)
{
	struct callback_work *w = callback_work_new(r, slot, call);
	const char *content_type, *body;

	if (n_receipts > 0)
		callback_add_receipts(w, r->web->receipts, n_receipts);
	if (n_replies > 0)
		callback_add_replies(w, r->web->replies, n_replies, &r->web->edition->house);
	/* What is said to an answer may go on to the citizen. */
	if (n_replies > 0)
		provider_inbound_answer(slot->provider, &w->status, &content_type, &body);
	else
		provider_callback_answer(slot->provider, &w->status, &content_type, &body);
	w->content_type = mem_strdup(content_type);
	w->body = mem_strdup(body);
	if (engine_post(r->web->engine, callback_store, callback_stored, w) < 0) {
		r->web->callbacks_refused[WEB_CB_BUSY]++;
		web_header(r, "Retry-After", "5");
		web_problem(r, 503, "queue-full", "too much at once, try again");
	}
}

static void callback_misread(struct web *web, struct web_slot *slot,
			     const struct callback_request *call)
{
	slot->misread++;
	web->callbacks_refused[WEB_CB_MISREAD]++;
	log_warn("web", "callback_misread", "provider=%s query=%zu body=%zu", slot->name,
		 strlen(call->query), call->body_len);
}

/* The answers of citizens that the call holds, into web->replies: how many; -1 none that can be read. */
static int callback_read_replies(struct web *web, const struct web_slot *slot,
				 const struct callback_request *call)
{
	struct err e = ERR_INIT;

	if (web->edition->house.replies == NULL || !provider_facts(slot->provider)->replies)
		return 0;
	return provider_callback_inbound(slot->provider, call, web->replies, WEB_REPLIES_MAX,
					 &e);
}

void web_handle_callback(struct web_request *r)
{
	struct web *web = r->web;
	struct web_slot *slot = callback_slot(web, r->params.value[0]);
	struct http_header headers[GUARD_HEADERS_MAX];
	const char *content_type, *body;
	struct callback_request call;
	struct err e = ERR_INIT;
	int receipts, replies, status;

	callback_read(r, headers, &call);
	if (!callback_admitted(r, slot, &call))
		return;
	/* A list may hold both. */
	replies = callback_read_replies(web, slot, &call);
	receipts =
	    provider_callback_parse(slot->provider, &call, web->receipts, WEB_RECEIPTS_MAX, &e);
	if (receipts > 0 || replies > 0) {
		callback_post(r, slot, &call, receipts > 0 ? (size_t)receipts : 0,
			      replies > 0 ? (size_t)replies : 0);
		return;
	}
	if (receipts < 0 || replies < 0)
		callback_misread(web, slot, &call);
	if (receipts < 0) {
		web_problem(r, 400, "not-understood", "not a receipt that is known here");
		return;
	}
	/* Also to what was no readable answer: some would send the refusal to the citizen. */
	provider_callback_answer(slot->provider, &status, &content_type, &body);
	web_reply(r, status, content_type, body, strlen(body));
}
