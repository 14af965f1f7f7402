/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of callbacks: a digest over parts of the call, or a fixed value. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/digest.h"
#include "provider/parts.h"

enum { VERIFY_INPUT_MAX = 512 * 1024, VERIFY_TEXT_MAX = 512, VERIFY_PAIRS_MAX = 256 };

enum verify_kind {
	VERIFY_TEXT,   /* text:… with the account's values */
	VERIFY_BODY,   /* body: as it came, byte by byte */
	VERIFY_HEADER, /* header:NAME */
	VERIFY_FIELD,  /* field:PLACE, a JSON pointer or the name of a form or query field */
	VERIFY_URL,    /* url: the public address that was called */
	VERIFY_SORTED, /* sorted: each parameter's name and value, by name, repeated ones once */
	VERIFY_PAIRS /* pairs: &name=value by name, the signature left out, & and = in values as _ */
};

struct verify_part {
	enum verify_kind kind;
	char *text;
};

/* ---- reading the description ------------------------------------------------------------------ */

static int verify_compile_part(const struct program_source *src, const json_t *list, size_t i,
			       struct verify_part *out, struct err *e)
{
	static const struct {
		const char *name;
		enum verify_kind kind;
		bool argument;
	} kinds[] = {{"text", VERIFY_TEXT, true},     {"body", VERIFY_BODY, false},
		     {"header", VERIFY_HEADER, true}, {"field", VERIFY_FIELD, true},
		     {"url", VERIFY_URL, false},      {"sorted", VERIFY_SORTED, false},
		     {"pairs", VERIFY_PAIRS, false}};
	const char *text = json_string_value(json_array_get(list, i)), *argument;
	size_t len = text == NULL ? 0 : strcspn(text, ":"), k = 0;
	struct program p = {0};
	int rc = 0;

	while (k < 7 &&
	       (strlen(kinds[k].name) != len || strncmp(kinds[k].name, text, len) != 0))
		k++;
	argument = text == NULL || text[len] == '\0' ? NULL : text + len + 1;
	if (k == 7 || kinds[k].argument != (argument != NULL))
		return ydoc_error(
		    src->doc, list, NULL, i, e,
		    "a part is text:…, body, header:NAME, field:PLACE, url, sorted "
		    "or pairs");
	out->kind = kinds[k].kind;
	if (out->kind != VERIFY_TEXT) {
		out->text = mem_strdup(argument);
		return 0;
	}
	rc = program_add_text(&p, src, list, "of", argument, ESCAPE_PLAIN, e);
	if (rc == 0)
		out->text = mem_strdup(program_fixed(&p));
	program_free(&p);
	return rc;
}

static int verify_compile_list(const struct program_source *src, const json_t *list,
			       struct verify_list *out, struct err *e)
{
	out->parts = mem_calloc(json_array_size(list), sizeof(*out->parts));
	for (size_t i = 0; i < json_array_size(list); i++) {
		out->n = i + 1;
		if (verify_compile_part(src, list, i, &out->parts[i], e) < 0)
			return -1;
	}
	return 0;
}

/* The part that a text of "time" names. */
static int verify_compile_time(const struct program_source *src, const json_t *at, size_t k,
			       struct verify_part *out, struct err *e)
{
	const json_t *list = json_object_get(at, "time");

	if (verify_compile_part(src, list, k, out, e) < 0)
		return -1;
	if (out->kind == VERIFY_HEADER || out->kind == VERIFY_FIELD)
		return 0;
	return ydoc_error(src->doc, list, NULL, k, e,
			  "what says when is header:NAME or field:PLACE");
}

/* Whether what the list is made of holds the part, so that who changes it breaks the signature. */
static bool verify_list_covers(const struct verify_list *list, const struct verify_part *part)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct verify_part *p = &list->parts[i];

		if (p->kind == part->kind && strcmp(p->text, part->text) == 0)
			return true;
		if (part->kind == VERIFY_FIELD &&
		    (p->kind == VERIFY_BODY || p->kind == VERIFY_SORTED ||
		     p->kind == VERIFY_PAIRS))
			return true;
	}
	return false;
}

static void verify_part_free(struct verify_part *part)
{
	if (part != NULL)
		free(part->text);
	free(part);
}

/* What says when a call was signed: for each list the first of "time" that it covers. */
static int verify_compile_times(const struct program_source *src, const json_t *at,
				struct provider_verify *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		struct verify_list *list = &v->lists[i];

		for (size_t k = 0; k < v->d->time.n && list->time == NULL; k++) {
			list->time = mem_calloc(1, sizeof(*list->time));
			if (verify_compile_time(src, at, k, list->time, e) < 0)
				return -1;
			if (verify_list_covers(list, list->time))
				break;
			verify_part_free(list->time);
			list->time = NULL;
		}
		if (list->time == NULL && v->d->tolerance_ms > 0)
			return ydoc_error(
			    src->doc, at, "tolerance", 0, e,
			    "\"tolerance\" needs a part of \"time\" in each list of "
			    "\"of\": what is not signed proves nothing");
	}
	return 0;
}

static int verify_compile_from(struct provider *p, const struct provider_config *cfg,
			       struct err *e)
{
	struct provider_verify *v = &p->verify;

	v->from = mem_calloc(cfg->callback_from.n, sizeof(*v->from));
	for (size_t i = 0; i < cfg->callback_from.n; i++) {
		const char *text = ((char **)cfg->callback_from.items)[i];

		if (!address_net_read(text, &v->from[i]))
			return err_set(
			    e, EX_CONFIG,
			    "provider %s: callback_from: \"%s\" is no address or net "
			    "such as 203.0.113.7 or 203.0.113.0/24",
			    p->name, text);
	}
	v->n_from = cfg->callback_from.n;
	return 0;
}

static int verify_compile_of(const struct program_source *src, const json_t *at,
			     struct provider_verify *v, struct err *e)
{
	const json_t *of = json_object_get(at, "of");

	if (!json_is_array(of) || json_array_size(of) == 0)
		return ydoc_error(src->doc, at, "of", 0, e,
				  "\"of\" is a list of lists of parts: any of them may fit");
	v->lists = mem_calloc(json_array_size(of), sizeof(*v->lists));
	for (size_t i = 0; i < json_array_size(of); i++) {
		v->n = i + 1;
		if (json_array_size(json_array_get(of, i)) == 0)
			return ydoc_error(src->doc, of, NULL, i, e, "a list of parts");
		if (verify_compile_list(src, json_array_get(of, i), &v->lists[i], e) < 0)
			return -1;
	}
	return 0;
}

int provider_verify_compile(struct provider *p, const struct provider_config *cfg,
			    const struct ydoc *doc, struct err *e)
{
	const struct description_verify *d = &p->d.verify;
	const json_t *at = json_object_get(doc->root, "verify");
	struct program_source src = {
	    .doc = doc, .constants = p->constants, .n_constants = p->n_constants};
	struct provider_verify *v = &p->verify;

	if (verify_compile_from(p, cfg, e) < 0)
		return -1;
	if (!json_is_object(at))
		return 0;
	v->d = d;
	if ((d->header != NULL) == (d->field != NULL))
		return ydoc_error(doc, doc->root, "verify", 0, e,
				  "the signature is in one header or in one field");
	if (d->equals != NULL)
		return provider_constant_text(p, doc, at, "equals", d->equals, &v->equals, e);
	if (d->key != NULL && provider_constant_text(p, doc, at, "key", d->key, &v->key, e) < 0)
		return -1;
	return verify_compile_of(&src, at, v, e) < 0 ? -1
						     : verify_compile_times(&src, at, v, e);
}

void provider_verify_free(struct provider_verify *v)
{
	for (size_t i = 0; i < v->n; i++) {
		for (size_t k = 0; k < v->lists[i].n; k++) {
			char *text = v->lists[i].parts[k].text;

			mem_free_secret(text, text != NULL ? strlen(text) : 0);
		}
		free(v->lists[i].parts);
		verify_part_free(v->lists[i].time);
	}
	free(v->lists);
	free(v->from);
	mem_free_secret(v->key, v->key != NULL ? strlen(v->key) : 0);
	mem_free_secret(v->equals, v->equals != NULL ? strlen(v->equals) : 0);
	*v = (struct provider_verify){0};
}

/* ---- a call ----------------------------------------------------------------------------------- */

/* What is looked at in a call, read once. */
struct verify_call {
	const struct callback_request *c;
	const char *params; /* where parameters stand: the body of a form, or the query */
	size_t params_len;
	json_t *root;
};

static const char *verify_header(const struct callback_request *c, const char *name)
{
	for (size_t i = 0; i < c->n_headers; i++) {
		if (strcasecmp(c->headers[i].name, name) == 0)
			return c->headers[i].value;
	}
	return NULL;
}

/* Appends a field of the call. false when it is not there, or there twice. */
static bool verify_field(struct verify_call *call, const char *place, struct buf *out)
{
	struct fields f = {.n = FIELD_BODY + 2};
	struct values v = {0};
	bool found;

	f.field[FIELD_BODY + 1].name = (char *)(uintptr_t) "x";
	f.field[FIELD_BODY + 1].at = (char *)(uintptr_t)place;
	if (place[0] != '/') {
		found = values_read_form(&f, call->params, call->params_len, &v, NULL) == 0;
	} else {
		if (call->root == NULL)
			call->root = values_parse_json(call->c->body, call->c->body_len, NULL);
		values_read_json(&f, call->root, &v);
		found = true;
	}
	found = found && v.value[FIELD_BODY + 1] != NULL;
	if (found)
		found = buf_adds(out, v.value[FIELD_BODY + 1]) == 0;
	values_free(&v);
	return found;
}

struct verify_pair {
	const char *name, *value;
};

static int verify_compare_pairs(const void *a, const void *b)
{
	const struct verify_pair *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

/* value with & and = as _. */
static void verify_put_plain(const char *value, struct buf *out)
{
	for (; *value != '\0'; value++)
		(void)buf_addc(out, *value == '&' || *value == '=' ? '_' : *value);
}

static bool verify_put_pairs(const struct provider_verify *v, const struct verify_call *call,
			     bool pairs, struct buf *out)
{
	struct verify_pair list[VERIFY_PAIRS_MAX] = {{NULL, NULL}};
	struct buf text = BUF_INIT(VERIFY_INPUT_MAX);
	size_t n = 0;
	int got = values_split_form(call->params, call->params_len, &text, VERIFY_PAIRS_MAX);
	const char *at = text.data;

	for (int i = 0; i < got; i++) {
		list[n].name = at;
		list[n].value = at + strlen(at) + 1;
		at = list[n].value + strlen(list[n].value) + 1;
		n += !pairs || v->d->field == NULL || strcmp(list[n].name, v->d->field) != 0;
	}
	qsort(list, n, sizeof(list[0]), verify_compare_pairs);
	for (size_t i = 0; i < n; i++) {
		if (pairs) {
			(void)buf_addf(out, "&%s=", list[i].name);
			verify_put_plain(list[i].value, out);
		} else if (i == 0 || verify_compare_pairs(&list[i], &list[i - 1]) != 0) {
			(void)buf_adds(out, list[i].name);
			(void)buf_adds(out, list[i].value);
		}
	}
	buf_free(&text);
	return got >= 0;
}

/* The public address: as called, with the port that its scheme implies, without one. */
static bool verify_put_url(const char *url, int variant, struct buf *out)
{
	const char *host, *end, *port;
	size_t host_len;

	if (url == NULL)
		return false;
	host = strstr(url, "://");
	if (variant == 0 || host == NULL)
		return host != NULL && buf_adds(out, url) == 0;
	host += 3;
	end = host + strcspn(host, "/?");
	port = memchr(host, ':', (size_t)(end - host));
	host_len = (size_t)((port != NULL ? port : end) - url);
	(void)buf_add(out, url, host_len);
	if (variant == 1)
		(void)buf_adds(out, strncmp(url, "https:", 6) == 0 ? ":443" : ":80");
	return buf_adds(out, end) == 0;
}

static bool verify_put(const struct provider_verify *v, const struct verify_part *part,
		       struct verify_call *call, int variant, struct buf *out)
{
	const char *header;

	switch (part->kind) {
	case VERIFY_TEXT:
		return buf_adds(out, part->text) == 0;
	case VERIFY_BODY:
		return buf_add(out, call->c->body, call->c->body_len) == 0;
	case VERIFY_HEADER:
		header = verify_header(call->c, part->text);
		return header != NULL && buf_adds(out, header) == 0;
	case VERIFY_FIELD:
		return verify_field(call, part->text, out);
	case VERIFY_URL:
		return verify_put_url(call->c->url, variant, out);
	case VERIFY_SORTED:
	case VERIFY_PAIRS:
		return verify_put_pairs(v, call, part->kind == VERIFY_PAIRS, out);
	}
	return false;
}

static bool verify_same(const char *a, const char *b)
{
	size_t len = strlen(a);

	return len > 0 && strlen(b) == len && sodium_memcmp(a, b, len) == 0;
}

static bool verify_digest_fits(const struct provider_verify *v, const struct buf *input,
			       const char *signature)
{
	unsigned char digest[DIGEST_MAX];
	char text[2 * DIGEST_MAX + 8];
	size_t n =
	    digest_of((enum digest_algorithm)v->d->algorithm, v->key,
		      v->key != NULL ? strlen(v->key) : 0, buf_text(input), input->len, digest);

	if (v->d->encoding == ENCODING_HEX)
		(void)sodium_bin2hex(text, sizeof(text), digest, n);
	else
		(void)sodium_bin2base64(text, sizeof(text), digest, n,
					sodium_base64_VARIANT_ORIGINAL);
	return verify_same(text, signature);
}

static bool verify_list_fits(const struct provider_verify *v, const struct verify_list *list,
			     struct verify_call *call, const char *signature)
{
	bool fits = false, url = false;

	for (size_t i = 0; i < list->n; i++)
		url = url || list->parts[i].kind == VERIFY_URL;
	for (int variant = 0; variant < (url ? 3 : 1) && !fits; variant++) {
		struct buf input = BUF_INIT(VERIFY_INPUT_MAX);
		bool whole = true;

		for (size_t i = 0; i < list->n && whole; i++)
			whole = verify_put(v, &list->parts[i], call, variant, &input);
		fits = whole && verify_digest_fits(v, &input, signature);
		buf_free(&input);
	}
	return fits;
}

/* What is compared: without a prefix that some senders put before it; hex in small letters. */
static char *verify_signature(const struct provider_verify *v, const char *text)
{
	char *out;

	for (size_t i = 0; i < v->d->strip.n; i++) {
		const char *prefix = ((char **)v->d->strip.items)[i];

		if (strncmp(text, prefix, strlen(prefix)) == 0) {
			text += strlen(prefix);
			break;
		}
	}
	out = mem_strdup(text);
	for (char *c = out; v->d->encoding == ENCODING_HEX && v->equals == NULL && *c != '\0';
	     c++) {
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	}
	return out;
}

/* Whether what fits was signed not too long ago. */
static bool verify_fresh(const struct provider_verify *v, const struct verify_list *list,
			 struct verify_call *call)
{
	struct buf text = BUF_INIT(VERIFY_TEXT_MAX);
	int64_t at = 0, age;

	if (v->d->tolerance_ms == 0)
		return true;
	if (verify_put(v, list->time, call, 0, &text))
		at = provider_time(v->d->time_format, buf_text(&text));
	buf_free(&text);
	age = clock_now_ms() - at;
	return at > 0 && age <= v->d->tolerance_ms && age >= -v->d->ahead_ms;
}

static bool verify_from(const struct provider_verify *v, const char *address)
{
	for (size_t i = 0; i < v->n_from; i++) {
		if (address != NULL && address_in(&v->from[i], address))
			return true;
	}
	return v->n_from == 0;
}

/* The signature, where one is asked for: whether it fits, and is fresh. */
static enum callback_verdict verify_signed(const struct provider *p,
					   const struct callback_request *c)
{
	const struct provider_verify *v = &p->verify;
	struct verify_call call = {.c = c, .params = c->body, .params_len = c->body_len};
	struct buf field = BUF_INIT(VERIFY_TEXT_MAX);
	const char *text;
	char *signature;
	bool fits = false, fresh = true;

	if (v->d == NULL)
		return CALLBACK_GENUINE;
	if (strcmp(c->method, "GET") == 0) {
		call.params = c->query;
		call.params_len = strlen(c->query);
	}
	text = v->d->header != NULL ? verify_header(c, v->d->header) : NULL;
	if (v->d->field != NULL && verify_field(&call, v->d->field, &field))
		text = buf_text(&field);
	if (text != NULL && strlen(text) <= VERIFY_TEXT_MAX) {
		signature = verify_signature(v, text);
		if (v->equals != NULL)
			fits = verify_same(v->equals, signature);
		for (size_t i = 0; i < v->n && !fits; i++) {
			fits = verify_list_fits(v, &v->lists[i], &call, signature);
			fresh = !fits || verify_fresh(v, &v->lists[i], &call);
		}
		free(signature);
	}
	json_decref(call.root);
	buf_free(&field);
	return !fits ? CALLBACK_FORGED : fresh ? CALLBACK_GENUINE : CALLBACK_STALE;
}

enum callback_verdict provider_verify_judge(const struct provider *p,
					    const struct callback_request *c)
{
	enum callback_verdict verdict = verify_signed(p, c);

	if (verdict == CALLBACK_GENUINE && !verify_from(&p->verify, c->address))
		return CALLBACK_ELSEWHERE;
	return verdict;
}
