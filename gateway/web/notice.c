/* SPDX-License-Identifier: Apache-2.0 */
/* Single notices of other systems, as fast as the store commits: not by the clerks, who serve people one
 * at a time, but by posts to the store thread, of which many share a transaction. The notice and its
 * answer under the Idempotency-Key are one piece of work: durable before the answer, done once. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/mem.h"
#include "campaign/notice.h"
#include "web/once.h"
#include "web/screen.h"
#include "web/server.h"

struct notice_work {
	struct web_request *request;
	const struct campaign_house *house;
	char *client_name;
	struct once once;
	json_t *body;
	struct notice_request q;
	int status;
	char *answer;
	struct err why; /* for status 400 and above: worded on the loop */
};

static void notice_work_free(void *arg)
{
	struct notice_work *w = arg;

	free(w->client_name);
	once_clear(&w->once);
	free(w->answer);
	json_decref(w->body);
	free(w);
}

static const char *notice_text(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	return text != NULL ? text : "";
}

/* What the body may hold. 0, or -1 with e (EX_DATAERR). */
static int notice_read(struct notice_work *w, struct err *e)
{
	static const char *const known[] = {"programme", "key", "text", "values", "expires"};
	const char *name, *expires;
	json_t *value;
	int64_t day;

	if (!json_is_object(w->body))
		return say(e, EX_DATAERR, "not_object", NULL);
	json_object_foreach(w->body, name, value)
	{
		bool ours = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			ours = ours || strcmp(known[i], name) == 0;
		if (!ours)
			return say(e, EX_DATAERR, "unknown_member", name, NULL);
	}
	w->q = (struct notice_request){.client = w->client_name,
				       .programme = notice_text(w->body, "programme"),
				       .key = notice_text(w->body, "key"),
				       .text = notice_text(w->body, "text"),
				       .values = json_object_get(w->body, "values")};
	if (w->q.values != NULL && !json_is_object(w->q.values))
		return say(e, EX_DATAERR, "values_object", NULL);
	json_object_foreach((json_t *)(uintptr_t)w->q.values, name, value)
	{
		if (!json_is_string(value) || json_string_length(value) > 200)
			return say(e, EX_DATAERR, "values_text", name, NULL);
	}
	expires = notice_text(w->body, "expires");
	if (*expires != '\0') {
		if (conf_parse_date(expires, &day) < 0)
			return say(e, EX_DATAERR, "expires_date", NULL);
		/* to its end */
		w->q.expires_at = civil_day_start_ms((civil_day)day + 1);
	}
	return 0;
}

static int notice_status(const struct err *e)
{
	return e->code == EX_NOINPUT ? 404 : e->code == EX_DATAERR ? 422 : 0;
}

/* A refusal is an answer; what has no status is a failure of the store. */
static int notice_refuse(struct notice_work *w, const struct err *why, struct err *e)
{
	if (w->status == 0) {
		*e = *why;
		return -1;
	}
	w->why = *why;
	return 0;
}

/* On the store thread, in a transaction that others share. A refusal writes nothing and is not kept: the
 * same key may be tried again when what was wrong is put right. */
static int notice_store(struct store *st, void *arg, struct err *e)
{
	struct notice_work *w = arg;
	int64_t now = clock_now_ms();
	struct notice_done done = {0};
	struct err why = ERR_INIT;
	json_t *o;
	int rc = once_find(st, &w->once, &w->status, &w->answer, &why);

	if (rc > 0)
		return 0;
	if (rc < 0)
		return notice_refuse(w, &why, e);
	if (campaign_notice(st, w->house, &w->q, now, &done, &why) < 0) {
		w->status = notice_status(&why);
		return notice_refuse(w, &why, e);
	}
	o = json_pack("{s:I, s:s, s:i}", "id", (json_int_t)done.message_id, "state", "queued",
		      "segments", done.segments);
	w->answer = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	w->status = 201;
	return once_keep(st, &w->once, w->status, w->answer, e);
}

/* On our loop, after the commit. */
static void notice_stored(int rc, const struct err *e, void *arg)
{
	struct notice_work *w = arg;
	struct web_request *r = w->request;
	struct err why = w->why; /* answering frees w */

	if (rc < 0) {
		log_error("web", "notice_not_stored", "reason=\"%s\"", e->text);
		web_header(r, "Retry-After", "2");
		web_refuse_word(r, 503, "busy");
		return;
	}
	if (w->why.code != 0) {
		web_refuse(r, w->status, &why);
		return;
	}
	web_reply(r, w->status, "application/json; charset=utf-8", w->answer, strlen(w->answer));
}

/* Whose key it is: 0 with *key, or -1 and it was answered. */
static int notice_client(struct web_request *r, struct api_key *key)
{
	struct web *web = r->web;
	const char *authorization = web_request_header(r, "Authorization");
	struct visit v = {0};
	struct err e = ERR_INIT;
	unsigned may;

	v.st = web_reader(web);
	if (v.st == NULL) {
		web_refuse_word(r, 503, "busy");
		return -1;
	}
	v.authorization = mem_strdup(authorization);
	if (door_open(&v, &e) < 0 || !v.who.key) {
		web_refuse_word(r, 401, "bad_key");
		may = 0;
	} else {
		may = v.who.may;
		*key = v.who.api_key;
		v.who.api_key = (struct api_key){0};
		if ((may & MAY_SEND) == 0) {
			web_refuse_word(r, 403, "key_cannot_send");
			api_key_clear(key);
		}
	}
	visitor_clear(&v.who);
	if (v.authorization != NULL)
		mem_free_secret(v.authorization, strlen(v.authorization));
	return (may & MAY_SEND) != 0 ? 0 : -1;
}

void web_handle_notice(struct web_request *r)
{
	const char *once = web_request_header(r, "Idempotency-Key"), *body;
	struct api_key key = {0};
	struct notice_work *w;
	struct err e = ERR_INIT;
	size_t len;

	if (notice_client(r, &key) < 0)
		return;
	body = web_request_body(r, &len);
	w = mem_calloc(1, sizeof(*w));
	if (once_begin(&w->once, key.id, once, r->route->pattern, body, len, &e) < 0) {
		api_key_clear(&key);
		notice_work_free(w);
		web_refuse(r, 400, &e);
		return;
	}
	w->request = r;
	w->house = r->web->edition->house.campaign;
	w->client_name = mem_strdup(key.name);
	w->body = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	r->work = w;
	r->work_free = notice_work_free;
	api_key_clear(&key);
	if (notice_read(w, &e) < 0) {
		web_refuse(r, 422, &e);
	} else if (engine_post(r->web->engine, notice_store, notice_stored, w) < 0) {
		web_header(r, "Retry-After", "1");
		web_refuse_word(r, 503, "busy");
	}
}

/* Whoever comes as a person, by whichever way: another system does this with its key. */
int screen_notice(struct visit *v, struct err *e)
{
	return visit_refuse(v, 403, e, "key_only");
}
