/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: the same security headers on each, errors as problem documents. */
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "web/server.h"

static const char *const web_headers[][2] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
    /* Heard only over HTTPS, which is where the proxy puts it. */
    {"Strict-Transport-Security", "max-age=31536000"},
};

/* What is no page loads nothing. A page loads what is ours, and nothing that is written in it; its
 * address goes to ourselves alone, so that a form's POST still says where it comes from. */
static const char *const web_policies[2][2][2] = {
    {{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
     {"Referrer-Policy", "no-referrer"}},
    {{"Content-Security-Policy",
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
      "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
     {"Referrer-Policy", "same-origin"}},
};

static void web_request_free(struct web_request *r)
{
	if (r->prev != NULL)
		r->prev->next = r->next;
	else
		r->web->requests = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	if (r->work_free != NULL)
		r->work_free(r->work);
	if (r->mapped != NULL)
		(void)munmap(r->mapped, r->mapped_len + 1);
	shared_drop(r->held);
	free(r->path);
	free(r->query);
	free(r);
}

static void web_count(struct web_request *r, int status)
{
	size_t row = r->route == NULL ? web_n_routes : (size_t)(r->route - web_routes);

	r->web->answers[row][status / 100]++;
}

void web_header(struct web_request *r, const char *name, const char *value)
{
	if (r->ev != NULL)
		evhttp_add_header(evhttp_request_get_output_headers(r->ev), name, value);
}

/* What stands on every answer. */
static void web_head(struct web_request *r, const char *content_type)
{
	for (size_t i = 0; i < sizeof(web_headers) / sizeof(web_headers[0]); i++)
		web_header(r, web_headers[i][0], web_headers[i][1]);
	for (size_t i = 0; i < 2; i++)
		web_header(r, web_policies[r->page][i][0], web_policies[r->page][i][1]);
	if (evhttp_find_header(evhttp_request_get_output_headers(r->ev), "Cache-Control") ==
	    NULL)
		web_header(r, "Cache-Control", "no-store");
	web_header(r, "Content-Type", content_type);
}

void web_reply(struct web_request *r, int status, const char *content_type, const void *body,
	       size_t len)
{
	struct evbuffer *out;
	char length[24];

	web_count(r, status);
	if (r->ev == NULL) {
		web_request_free(r);
		return;
	}
	web_head(r, content_type);
	/* evhttp would count, and send, the body of an answer to HEAD. */
	(void)snprintf(length, sizeof(length), "%zu", len);
	web_header(r, "Content-Length", length);
	out = evbuffer_new();
	if (!r->head)
		evbuffer_add(out, body, len);
	gate_request_answered(r->web->gate, r->ev);
	evhttp_send_reply(r->ev, status, NULL, out);
	evbuffer_free(out);
	web_request_free(r);
}

void web_stream_begin(struct web_request *r, const char *content_type)
{
	/* It may last for hours, and what it tells is of no edition. */
	shared_drop(r->held);
	r->held = NULL;
	web_count(r, 200);
	web_head(r, content_type);
	evhttp_send_reply_start(r->ev, 200, NULL);
}

void web_stream(struct web_request *r, struct evbuffer *piece)
{
	if (r->ev != NULL)
		evhttp_send_reply_chunk(r->ev, piece);
}

void web_stream_end(struct web_request *r)
{
	if (r->ev != NULL) {
		gate_request_answered(r->web->gate, r->ev);
		evhttp_send_reply_end(r->ev);
	}
	web_request_free(r);
}

struct bufferevent *web_stream_of(const struct web_request *r)
{
	return evhttp_connection_get_bufferevent(evhttp_request_get_connection(r->ev));
}

void web_reply_file(struct web_request *r, int status, const char *content_type, int fd)
{
	struct evbuffer *out;
	struct stat is;
	char length[24];

	if (r->ev == NULL || fstat(fd, &is) < 0 || is.st_size == 0) {
		(void)close(fd);
		web_reply(r, status, content_type, "", 0);
		return;
	}
	web_count(r, status);
	web_head(r, content_type);
	(void)snprintf(length, sizeof(length), "%lld", (long long)is.st_size);
	web_header(r, "Content-Length", length);
	out = evbuffer_new();
	/* By sendfile(2), as fast as it is read. */
	(void)evbuffer_set_flags(out, EVBUFFER_FLAG_DRAINS_TO_FD);
	if (r->head)
		(void)close(fd);
	else
		(void)evbuffer_add_file(out, fd, 0, is.st_size);
	gate_request_answered(r->web->gate, r->ev);
	evhttp_send_reply(r->ev, status, NULL, out);
	evbuffer_free(out);
	web_request_free(r);
}

void web_reply_json(struct web_request *r, int status, json_t *take)
{
	char *text = json_dumps(take, JSON_COMPACT);

	json_decref(take);
	web_reply(r, status, "application/json; charset=utf-8", text, strlen(text));
	free(text);
}

const char *web_problem_kind(int status)
{
	static const struct {
		int status;
		const char *kind;
	} kinds[] = {{400, "malformed"},
		     {401, "sign-in"},
		     {403, "not-permitted"},
		     {404, "not-found"},
		     {405, "method-not-allowed"},
		     {408, "malformed"},
		     {409, "conflict"},
		     {411, "malformed"},
		     {412, "changed-meanwhile"},
		     {413, "too-large"},
		     {415, "media-type"},
		     {417, "malformed"},
		     {422, "refused"},
		     {428, "if-match"},
		     {429, "too-often"},
		     {431, "too-large"},
		     {501, "method-not-allowed"},
		     {503, "busy"},
		     {505, "malformed"},
		     {507, "busy"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].status == status)
			return kinds[i].kind;
	}
	return "internal";
}

char *web_problem_text(int status, const char *kind, const char *detail)
{
	json_t *p = json_pack("{s:o, s:s, s:i, s:s}", "type",
			      json_sprintf("urn:moidan:problem:%s", kind), "title", kind,
			      "status", status, "detail", detail);
	char *text = json_dumps(p, JSON_COMPACT);

	json_decref(p);
	return text;
}

void web_problem(struct web_request *r, int status, const char *kind, const char *detail)
{
	char *text = web_problem_text(status, kind, detail);

	web_reply(r, status, "application/problem+json; charset=utf-8", text, strlen(text));
	free(text);
}

void web_request_address(const struct web_request *r, char *out, size_t size)
{
	const char *forwarded = web_request_header(r, "X-Forwarded-For");
	char *peer = NULL;
	ev_uint16_t port;

	evhttp_connection_get_peer(evhttp_request_get_connection(r->ev), &peer, &port);
	if (peer != NULL && forwarded != NULL &&
	    (strcmp(peer, "127.0.0.1") == 0 || strcmp(peer, "::1") == 0)) {
		/* The proxy adds its own peer last; what stands before is anybody's word. */
		const char *comma = strrchr(forwarded, ',');

		forwarded = comma != NULL ? comma + 1 : forwarded;
		forwarded += strspn(forwarded, " ");
		(void)snprintf(out, size, "%s", forwarded);
	} else {
		(void)snprintf(out, size, "%s", peer != NULL ? peer : "");
	}
}

const char *web_request_header(const struct web_request *r, const char *name)
{
	if (r->ev == NULL)
		return NULL;
	return evhttp_find_header(evhttp_request_get_input_headers(r->ev), name);
}

const char *web_request_body(struct web_request *r, size_t *len)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->ev);

	if (r->mapped != NULL) {
		*len = r->mapped_len;
		return r->mapped;
	}
	*len = evbuffer_get_length(in);
	return *len == 0 ? "" : (const char *)evbuffer_pullup(in, -1);
}
