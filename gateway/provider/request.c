/* SPDX-License-Identifier: Apache-2.0 */
/* A described request: compiled once, built for each message, its answer read. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "provider/parts.h"

enum {
	REQUEST_URL_MAX = 16 * 1024,
	REQUEST_BODY_MAX = 256 * 1024,
	REQUEST_HEADER_MAX = 16 * 1024,
};

static struct program *ask_add_header(struct provider_ask *a)
{
	return a->n_headers < PROVIDER_MAX_HEADERS ? &a->headers[a->n_headers++].line : NULL;
}

/* HTTP Basic (RFC 7617): both parts must be the account's, they are joined and encoded once. */
static int ask_compile_basic(struct provider_ask *a, const struct program_source *src,
			     const json_t *at, struct err *e)
{
	const struct description_basic *b = &a->d->basic;
	const json_t *basic = json_object_get(at, "basic");
	struct program pair = {0}, *line;
	const char *text;
	size_t size;
	char *encoded;
	int rc = -1;

	if (program_add_text(&pair, src, basic, "user", b->user ? b->user : "", ESCAPE_PLAIN,
			     e) < 0)
		goto out;
	program_add_fixed(&pair, ":", 1);
	if (program_add_text(&pair, src, basic, "password", b->password ? b->password : "",
			     ESCAPE_PLAIN, e) < 0)
		goto out;
	text = program_fixed(&pair);
	if (text == NULL) {
		rc = ydoc_error(src->doc, at, "basic", 0, e,
				"user and password are made of cfg. and secret. only");
		goto out;
	}
	size = sodium_base64_ENCODED_LEN(strlen(text), sodium_base64_VARIANT_ORIGINAL);
	encoded = mem_calloc(size, 1);
	sodium_bin2base64(encoded, size, (const unsigned char *)text, strlen(text),
			  sodium_base64_VARIANT_ORIGINAL);
	log_redact(encoded);
	line = ask_add_header(a);
	program_add_fixed(line, "Authorization: Basic ", 21);
	program_add_fixed(line, encoded, strlen(encoded));
	mem_free_secret(encoded, size);
	rc = 0;
out:
	program_free(&pair);
	return rc;
}

/* Header names and values that are left out when empty cannot be had here: libcurl drops a header
 * whose value is empty by itself. */
static int ask_compile_headers(struct provider_ask *a, const struct program_source *src,
			       const json_t *at, const char *type, struct err *e)
{
	json_t *headers = json_object_get(at, "headers"), *value;
	const char *name;
	struct program *line;

	if (headers != NULL && !json_is_object(headers))
		return ydoc_error(src->doc, at, "headers", 0, e,
				  "\"headers\" must be names and values");
	if (json_is_object(json_object_get(at, "basic")) &&
	    ask_compile_basic(a, src, at, e) < 0)
		return -1;
	json_object_foreach(headers, name, value)
	{
		if (strcasecmp(name, "Content-Type") == 0)
			type = NULL;
		if (!json_is_string(value) || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							   "abcdefghijklmnopqrstuvwxyz"
							   "0123456789-_") != strlen(name))
			return ydoc_error(src->doc, headers, name, 0, e,
					  "\"%s\" is no header name with a text", name);
		line = ask_add_header(a);
		if (line == NULL)
			return ydoc_error(src->doc, headers, name, 0, e, "too many headers");
		program_add_fixed(line, name, strlen(name));
		program_add_fixed(line, ": ", 2);
		if (program_add_text(line, src, headers, name, json_string_value(value),
				     ESCAPE_PLAIN, e) < 0)
			return -1;
	}
	if (type == NULL)
		return 0;
	line = ask_add_header(a);
	if (line == NULL)
		return ydoc_error(src->doc, at, "headers", 0, e, "too many headers");
	program_add_fixed(line, "Content-Type: ", 14);
	program_add_fixed(line, type, strlen(type));
	return 0;
}

static int ask_compile_body(struct provider_ask *a, const struct program_source *src,
			    const json_t *parent, const char *key, const char **type,
			    struct err *e)
{
	const json_t *at = json_object_get(parent, key);
	const struct description_raw *raw = &a->d->raw;
	const json_t *raw_at = json_object_get(at, "raw");
	bool json = json_object_get(at, "json") != NULL,
	     form = json_object_get(at, "form") != NULL;

	*type = NULL;
	a->has_body = a->d->method == METHOD_POST;
	if (json + form + (raw_at != NULL) > 1 ||
	    (!a->has_body && (json || form || raw_at != NULL)))
		return ydoc_error(src->doc, parent, key, 0, e,
				  "a POST has one of json, form and raw, a GET has none");
	if (json) {
		*type = "application/json";
		return program_add_json(&a->body, src, at, "json", e);
	}
	if (form) {
		*type = "application/x-www-form-urlencoded";
		return program_add_pairs(&a->body, src, at, "form", e);
	}
	if (raw_at == NULL)
		return 0;
	if (raw->type == NULL || raw->text == NULL || json_object_get(raw_at, "escape") == NULL)
		return ydoc_error(src->doc, at, "raw", 0, e,
				  "\"raw\" needs type, escape and text");
	*type = raw->type;
	return program_add_text(&a->body, src, raw_at, "text", raw->text,
				(enum program_escape)raw->escape, e);
}

static int ask_compile_url(struct provider_ask *a, const struct program_source *src,
			   const json_t *at, const char *base_url, struct err *e)
{
	const char *path = a->d->path ? a->d->path : "";

	if (*path != '\0' && *path != '/')
		return ydoc_error(src->doc, at, "path", 0, e, "\"path\" must begin with /");
	if (a->d->base_url == NULL) {
		program_add_fixed(&a->url, base_url, strlen(base_url));
	} else if (program_add_text(&a->url, src, at, "base_url", a->d->base_url, ESCAPE_PLAIN,
				    e) < 0) {
		return -1;
	} else if (program_fixed(&a->url) == NULL) {
		return ydoc_error(src->doc, at, "base_url", 0, e,
				  "an address is made of cfg. only");
	}
	if (program_add_text(&a->url, src, at, "path", path, ESCAPE_URL, e) < 0)
		return -1;
	if (json_object_get(at, "query") == NULL)
		return 0;
	program_add_fixed(&a->url, "?", 1);
	return program_add_pairs(&a->url, src, at, "query", e);
}

int provider_ask_compile(const struct provider *p, const struct ydoc *doc, const json_t *parent,
			 const char *key, const struct description_request *d, unsigned vars,
			 struct provider_ask *out, struct err *e)
{
	const json_t *at = json_object_get(parent, key);
	bool pointers = d->reply.format == FORMAT_JSON || d->reply.format == FORMAT_XML;
	struct program_source src = {.doc = doc,
				     .constants = p->constants,
				     .n_constants = p->n_constants,
				     .vars = vars,
				     .each = (vars & PROGRAM_MESSAGES) != 0 ? PROGRAM_VARS_EACH
									    : 0};
	const char *type;

	out->d = d;
	out->method = d->method == METHOD_GET ? "GET" : "POST";
	if (ask_compile_url(out, &src, at, p->base_url, e) < 0 ||
	    ask_compile_body(out, &src, parent, key, &type, e) < 0 ||
	    ask_compile_headers(out, &src, at, type, e) < 0 ||
	    fields_compile(doc, json_object_get(at, "reply"), pointers, &out->fields, e) < 0)
		return -1;
	out->has_token = provider_ask_uses(out, VAR_TOKEN);
	out->has_jwt = provider_ask_uses(out, VAR_JWT);
	out->code = fields_find(&out->fields, "code");
	out->id = fields_find(&out->fields, "id");
	out->quota = fields_find(&out->fields, "quota");
	if (d->reply.each != NULL &&
	    (d->reply.format != FORMAT_JSON || d->reply.each[0] != '/'))
		return ydoc_error(doc, json_object_get(at, "reply"), "each", 0, e,
				  "\"each\" is a pointer into JSON");
	return 0;
}

int provider_constant_text(const struct provider *p, const struct ydoc *doc,
			   const json_t *parent, const char *key, const char *text, char **out,
			   struct err *e)
{
	struct program_source src = {
	    .doc = doc, .constants = p->constants, .n_constants = p->n_constants};
	struct program made = {0};
	int rc = program_add_text(&made, &src, parent, key, text, ESCAPE_PLAIN, e);

	if (rc == 0)
		*out = mem_strdup(program_fixed(&made));
	program_free(&made);
	return rc;
}

void provider_ask_free(struct provider_ask *a)
{
	program_free(&a->url);
	program_free(&a->body);
	for (size_t i = 0; i < a->n_headers; i++)
		program_free(&a->headers[i].line);
	fields_free(&a->fields);
}

bool provider_ask_uses(const struct provider_ask *a, enum program_var var)
{
	for (size_t i = 0; i < a->n_headers; i++) {
		if (program_uses(&a->headers[i].line, var))
			return true;
	}
	return program_uses(&a->url, var) || program_uses(&a->body, var);
}

void provider_request_init(struct provider_request *r)
{
	*r = (struct provider_request){0};
	buf_init(&r->url, REQUEST_URL_MAX);
	buf_init(&r->body, REQUEST_BODY_MAX);
	buf_init(&r->header_text, REQUEST_HEADER_MAX);
}

void provider_request_free(struct provider_request *r)
{
	buf_free(&r->url);
	buf_free(&r->body);
	buf_free(&r->header_text);
}

static int ask_build_headers(const struct provider_ask *a, const struct program_values *v,
			     struct provider_request *r, struct err *e)
{
	size_t at[PROVIDER_MAX_HEADERS];

	buf_reset(&r->header_text);
	for (size_t i = 0; i < a->n_headers; i++) {
		r->headers[i] = program_fixed(&a->headers[i].line);
		at[i] = r->header_text.len;
		if (r->headers[i] != NULL)
			continue;
		if (program_run(&a->headers[i].line, v, &r->header_text, e) < 0 ||
		    buf_addc(&r->header_text, '\0') < 0)
			return err_set(e, EX_DATAERR, "the headers are too long");
		for (const char *c = r->header_text.data + at[i]; *c != '\0'; c++) {
			if ((unsigned char)*c < 0x20 || *c == 0x7f)
				return err_set(e, EX_DATAERR,
					       "a control character cannot stand in a header");
		}
	}
	for (size_t i = 0; i < a->n_headers; i++) {
		if (r->headers[i] == NULL)
			r->headers[i] = r->header_text.data + at[i];
	}
	r->n_headers = a->n_headers;
	return 0;
}

int provider_ask_build(const struct provider_ask *a, const struct program_values *v,
		       struct provider_request *r, struct err *e)
{
	buf_reset(&r->url);
	buf_reset(&r->body);
	if (program_run(&a->url, v, &r->url, e) < 0 ||
	    program_run(&a->body, v, &r->body, e) < 0 || ask_build_headers(a, v, r, e) < 0)
		return -1;
	r->http = (struct http_request){.method = a->method,
					.url = buf_text(&r->url),
					.headers = r->headers,
					.n_headers = r->n_headers,
					.body = a->has_body ? buf_text(&r->body) : NULL,
					.body_len = a->has_body ? r->body.len : 0};
	return 0;
}

int provider_ask_open(const struct provider *p, const struct provider_ask *a,
		      struct program_values *v, const char *token, struct provider_request *r,
		      struct err *e)
{
	struct buf jwt = BUF_INIT(REQUEST_HEADER_MAX);
	int rc = 0;

	if (a->has_token && (token == NULL || *token == '\0'))
		return err_set(e, EX_TEMPFAIL, "%s: there is no token", p->name);
	v->var[VAR_TOKEN] = token != NULL ? token : "";
	if (a->has_jwt)
		rc = provider_jwt_put(p, v, &jwt, e);
	if (rc == 0)
		rc = provider_ask_build(a, v, r, e);
	buf_free(&jwt);
	return rc;
}

void provider_ask_read(const struct provider_ask *a, const struct http_reply *reply,
		       struct values *v, struct err *e)
{
	switch (a->d->reply.format) {
	case FORMAT_JSON:
		/* A list of parts is none that could be read so. */
		if (values_read_flat(&a->fields, reply->body, reply->len, v))
			break;
		v->root = values_parse_json(reply->body, reply->len, e);
		if (v->root != NULL)
			values_read_json(&a->fields, v->root, v);
		break;
	case FORMAT_FORM:
		if (values_read_form(&a->fields, reply->body, reply->len, v, e) < 0) {
			for (size_t i = FIELD_BODY + 1; i < FIELDS_MAX; i++)
				v->value[i] = NULL;
		}
		break;
	case FORMAT_XML:
		if (values_read_xml(&a->fields, reply->body, reply->len, v, e) < 0) {
			for (size_t i = FIELD_BODY + 1; i < FIELDS_MAX; i++)
				v->value[i] = NULL;
		}
		break;
	default:
		break;
	}
	values_read_headers(&a->fields, reply->headers, reply->n_headers, v);
	(void)buf_digits(v->number[FIELD_STATUS], (unsigned)reply->status);
	v->value[FIELD_STATUS] = v->number[FIELD_STATUS];
	v->value[FIELD_BODY] = reply->body;
}
