/* SPDX-License-Identifier: Apache-2.0 */
/* Where gateways below hand their summaries up: one request, one transaction, one answer after it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/rollup.h"
#include "web/server.h"

struct rollup_work {
	struct web_request *request;
	char *commune, *ref, *body;
	size_t len;
	int week;
	enum subordinate_put what;
};

static void rollup_work_free(void *arg)
{
	struct rollup_work *w = arg;

	free(w->commune);
	free(w->ref);
	free(w->body);
	free(w);
}

/* On the store thread, inside its transaction. */
static int rollup_store(struct store *st, void *arg, struct err *e)
{
	struct rollup_work *w = arg;

	return store_subordinate_put(st, w->commune, w->week, w->ref, w->body, w->len,
				     clock_now_ms(), &w->what, e);
}

/* On our loop, after the commit. */
static void rollup_stored(int rc, const struct err *e, void *arg)
{
	struct rollup_work *w = arg;
	struct web_request *r = w->request;

	if (rc < 0) {
		log_error("web", "rollup_not_stored", "week=%d reason=\"%s\"", w->week,
			  e->text);
		web_header(r, "Retry-After", "5");
		web_problem(r, 503, "not-stored", "not stored, try again");
		return;
	}
	log_info("web", "rollup", "week=%d commune=\"%s\" what=%s", w->week, w->commune,
		 w->what == SUBORDINATE_TAKEN	? "taken"
		 : w->what == SUBORDINATE_KNOWN ? "known"
						: "other");
	if (w->what == SUBORDINATE_OTHER)
		web_problem(r, 409, "another-summary",
			    "another summary of this week was handed up before");
	else
		web_reply_json(r, 200,
			       json_pack("{s:s}", "status",
					 w->what == SUBORDINATE_TAKEN ? "taken" : "known"));
}

void web_handle_rollup(struct web_request *r)
{
	const struct report_house *h = r->web->edition->house.report;
	struct rollup_call call = {.id = web_request_header(r, "webhook-id"),
				   .timestamp = web_request_header(r, "webhook-timestamp"),
				   .signature = web_request_header(r, "webhook-signature")};
	struct rollup_word word;
	struct err e = ERR_INIT;
	struct rollup_work *w;

	call.body = web_request_body(r, &call.len);
	if (h == NULL || rollup_verify(h->cfg, &call, clock_now_ms(), &word, &e) < 0) {
		if (e.code == EX_DATAERR)
			web_problem(r, 422, "refused", e.text);
		else
			web_problem(r, 404, "not-found", "nothing here");
		return;
	}
	w = mem_calloc(1, sizeof(*w));
	w->request = r;
	w->commune = mem_strdup(word.commune);
	w->ref = mem_strdup(call.id);
	w->body = mem_strndup(call.body, call.len);
	w->len = call.len;
	w->week = word.week;
	r->work = w;
	r->work_free = rollup_work_free;
	if (engine_post(r->web->engine, rollup_store, rollup_stored, w) < 0) {
		web_header(r, "Retry-After", "5");
		web_problem(r, 503, "queue-full", "too much at once, try again");
	}
}
