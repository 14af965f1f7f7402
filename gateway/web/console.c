/* SPDX-License-Identifier: Apache-2.0 */
/* Between the loop and the clerks: a request becomes a visit, an answered visit a reply. */
#include <arpa/inet.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "report/rollup.h"
#include "web/page.h"
#include "web/server.h"
#include "web/visit.h"

static void console_headers(const struct web_request *r, struct visit *v)
{
	const struct {
		const char *name;
		char **to;
	} headers[] = {{"Host", &v->host},
		       {"Cookie", &v->cookie},
		       {"Authorization", &v->authorization},
		       {"Origin", &v->origin},
		       {"Sec-Fetch-Site", &v->fetch_site},
		       {"Content-Type", &v->content_type},
		       {"If-Match", &v->if_match},
		       {"Idempotency-Key", &v->once_key},
		       {"Accept-Language", &v->languages}};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		*headers[i].to = mem_strdup(web_request_header(r, headers[i].name));
}

static struct visit *console_visit(const struct web_request *r)
{
	const char *accept = web_request_header(r, "Accept");
	struct visit *v = mem_calloc(1, sizeof(*v));

	v->route = r->route;
	v->params = r->params;
	v->post = strcmp(r->method, "POST") == 0;
	v->path = mem_strdup(r->path);
	v->query = mem_strdup(r->query);
	v->api = r->api || (accept != NULL && strstr(accept, "application/json") != NULL &&
			    strstr(accept, "text/html") == NULL);
	v->streams = accept != NULL && strstr(accept, "text/event-stream") != NULL;
	console_headers(r, v);
	return v;
}

/* Only what asks for pages by name is a person's browser, and only where there is a console. */
void web_refuse(struct web_request *r, int status, const struct err *e)
{
	const char *accept = web_request_header(r, "Accept");
	struct visit *v;

	if (r->web->edition->pages == NULL) {
		web_problem(r, status, web_problem_kind(status), web_problem_kind(status));
		return;
	}
	v = console_visit(r);
	v->api = v->api || v->authorization != NULL || accept == NULL ||
		 strstr(accept, "text/html") == NULL;
	v->house = &r->web->edition->house;
	v->pages = r->web->edition->pages;
	v->language = visit_language(v);
	v->status = status;
	visit_answer_refusal(v, e);
	if (r->work_free != NULL)
		r->work_free(r->work);
	web_visit_served(v, r);
}

void web_refuse_word(struct web_request *r, int status, const char *word)
{
	struct err e = ERR_INIT;

	(void)say(&e, EX_DATAERR, word, NULL);
	web_refuse(r, status, &e);
}

void web_visit(struct web_request *r)
{
	struct visit *v = console_visit(r);
	const char *body;

	web_request_address(r, v->address, sizeof(v->address));
	body = web_request_body(r, &v->body_len);
	if (r->mapped != NULL) {
		v->body = r->mapped;
		v->body_mapped = true;
		r->mapped = NULL;
	} else {
		v->body = mem_calloc(v->body_len + 1, 1);
		memcpy(v->body, body, v->body_len);
	}
	if (desk_serve(r->web->desk, v, r) < 0) {
		visit_free(v);
		web_header(r, "Retry-After", "2");
		web_refuse_word(r, 503, "busy");
	}
}

/* The value of a header line of a raw head; yours, NULL when absent. */
static char *console_header(const char *head, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = head; p < head + len;) {
		const char *end = memchr(p, '\r', (size_t)(head + len - p));

		if (end == NULL)
			return NULL;
		if ((size_t)(end - p) > n && strncasecmp(p, name, n) == 0 && p[n] == ':') {
			p += n + 1;
			p += *p == ' ';
			return mem_strndup(p, (size_t)(end - p));
		}
		p = end + 2;
	}
	return NULL;
}

size_t web_admits(const char *head, size_t len, void *arg)
{
	static const char *const starts[] = {"POST /imports ", "POST /api/v1/imports "};
	struct web *web = arg;
	struct visit v = {0};
	struct err e = ERR_INIT;
	static const char rollup[] = "POST /rollup ";
	const struct report_house *h = web->edition->house.report;
	size_t may = 0;

	/* Who it is stands in what is signed: so many at once may be anybody's. */
	if (strncmp(head, rollup, strlen(rollup)) == 0)
		return h != NULL && h->cfg->communes.n > 0 &&
			       throttle_take(web->rollups, "rollup", "", clock_mono_ms()) == 0
			   ? ROLLUP_BODY_MAX
			   : 0;
	if (web->desk == NULL || (strncmp(head, starts[0], strlen(starts[0])) != 0 &&
				  strncmp(head, starts[1], strlen(starts[1])) != 0))
		return 0;
	v.st = web_reader(web);
	if (v.st == NULL)
		return 0;
	v.cookie = console_header(head, len, "Cookie");
	v.authorization = console_header(head, len, "Authorization");
	if (door_open(&v, &e) == 0 && (v.who.may & MAY_COMPOSE) != 0 &&
	    throttle_take(web->uploads, "upload", v.who.name, clock_mono_ms()) == 0)
		may = WEB_UPLOAD_MAX;
	visitor_clear(&v.who);
	free(v.cookie);
	free(v.authorization);
	return may;
}

static void console_free(void *work)
{
	visit_free(work);
}

/* RFC 6266; names of ours are ASCII. */
static void console_name(struct web_request *r, const char *name)
{
	char *value = mem_printf("attachment; filename=\"%s\"", name);

	web_header(r, "Content-Disposition", value);
	free(value);
}

void web_visit_served(struct visit *v, void *arg)
{
	struct web_request *r = arg;
	char seconds[16];

	r->work = v;
	r->work_free = console_free;
	for (size_t i = 0; i < 2; i++) {
		if (v->cookies[i] != NULL)
			web_header(r, "Set-Cookie", v->cookies[i]);
	}
	if (v->etag != NULL)
		web_header(r, "ETag", v->etag);
	if (v->retry_after > 0) {
		(void)snprintf(seconds, sizeof(seconds), "%d", v->retry_after);
		web_header(r, "Retry-After", seconds);
	}
	if (v->status == 401 && v->api)
		web_header(r, "WWW-Authenticate", "Bearer");
	web_header(r, "Vary", "Accept, Accept-Language, Cookie");
	if (v->has_words)
		web_header(r, "Content-Language", page_language_name(v->speaks));
	if (v->location != NULL)
		web_header(r, "Location", v->location);
	if (v->out_name != NULL)
		console_name(r, v->out_name);
	r->page = v->out_type != NULL && strncmp(v->out_type, "text/html", 9) == 0;
	if (v->live != 0) {
		live_join(r, v->live, v->out.data, v->out.len);
		return;
	}
	if (v->out_file > 0) {
		int fd = v->out_file;

		v->out_file = 0;
		web_reply_file(r, 200, v->out_type, fd);
		return;
	}
	web_reply(r, v->status != 0 ? v->status : 200,
		  v->out_type != NULL ? v->out_type : "text/plain; charset=utf-8",
		  buf_text(&v->out), v->out.len);
}

/* openapi.yaml as it was built. */
extern const unsigned char web_openapi[];
extern const size_t web_openapi_len;

void web_handle_openapi(struct web_request *r)
{
	web_reply(r, 200, "application/yaml; charset=utf-8", web_openapi, web_openapi_len);
}

/* Styles and scripts: the address of a page names their version, so that they may be kept. */
void web_handle_static(struct web_request *r)
{
	const struct page_set *pages = r->web->edition->pages;
	const struct page_file *f =
	    pages == NULL ? NULL : page_static(pages, r->params.value[0]);
	const char *known = web_request_header(r, "If-None-Match");

	if (f == NULL) {
		web_refuse_word(r, 404, "not_found");
		return;
	}
	web_header(r, "Cache-Control", "public, max-age=3600");
	web_header(r, "ETag", f->etag);
	if (known != NULL && strcmp(known, f->etag) == 0)
		web_reply(r, 304, f->type, "", 0);
	else
		web_reply(r, 200, f->type, f->bytes, f->len);
}
