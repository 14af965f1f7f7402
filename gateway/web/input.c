/* SPDX-License-Identifier: Apache-2.0 */
/* What a request carries: the query, a form (urlencoded or multipart) or a JSON object, read into the
 * inputs that its route names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/mem.h"
#include "text/vi.h"
#include "web/visit.h"

#define FORM_FIELDS_MAX 200
#define FORM_BOUNDARY	70 /* RFC 2046 §5.1.1 */

/* Gets each field, decoded; false ends the reading. */
typedef bool (*input_fn)(void *arg, const char *name, const char *value);

struct input_reader {
	input_fn fn;
	void *arg;
	int n;
};

static int input_hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* application/x-www-form-urlencoded; yours, NULL when it is none or holds NUL. */
static char *input_decode(const char *p, size_t n)
{
	char *out = mem_calloc(n + 1, 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int hi, lo;

		if (p[i] == '+') {
			out[len++] = ' ';
		} else if (p[i] != '%') {
			out[len++] = p[i];
		} else {
			hi = i + 2 < n ? input_hex(p[i + 1]) : -1;
			lo = i + 2 < n ? input_hex(p[i + 2]) : -1;
			if (hi < 0 || lo < 0 || hi + lo == 0) {
				free(out);
				return NULL;
			}
			out[len++] = (char)(hi * 16 + lo);
			i += 2;
		}
	}
	return out;
}

/* 1 to go on, 0 when fn has seen enough, -1 when it is malformed. */
static int input_urlencoded(struct input_reader *r, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		const char *amp = memchr(p, '&', (size_t)(end - p));
		const char *stop = amp != NULL ? amp : end;
		const char *equals = memchr(p, '=', (size_t)(stop - p));
		char *name, *value;
		bool go_on;

		if (stop == p) {
			p = stop + 1;
			continue;
		}
		if (r->n++ == FORM_FIELDS_MAX)
			return -1;
		name = input_decode(p, (size_t)((equals != NULL ? equals : stop) - p));
		value = equals != NULL ? input_decode(equals + 1, (size_t)(stop - equals - 1))
				       : mem_strdup("");
		if (name == NULL || value == NULL) {
			free(name);
			free(value);
			return -1;
		}
		go_on = r->fn(r->arg, name, value);
		free(name);
		explicit_bzero(value, strlen(value));
		free(value);
		if (!go_on)
			return 0;
		p = amp != NULL ? amp + 1 : end;
	}
	return 1;
}

/* The value of a parameter of a header, `name="field"`; yours, NULL when absent. */
static char *input_parameter(const char *header, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i + len + 1 < n; i++) {
		const char *from, *to;

		if ((i > 0 && strchr("; \t", header[i - 1]) == NULL) ||
		    strncasecmp(header + i, name, len) != 0 || header[i + len] != '=')
			continue;
		from = header + i + len + 1;
		if (*from == '"') {
			from++;
			to = memchr(from, '"', (size_t)(header + n - from));
		} else {
			to = from;
			while (to < header + n && strchr("; \t\r", *to) == NULL)
				to++;
		}
		return to == NULL ? NULL : mem_strndup(from, (size_t)(to - from));
	}
	return NULL;
}

/* One part: a field, or the upload, which stays where it lies. */
static int input_part(struct input_reader *r, struct visit *v, const char *p, size_t n)
{
	const char *blank = memmem(p, n, "\r\n\r\n", 4), *data;
	char *name, *file, *value;
	size_t head, len;
	int rc = 1;

	if (blank == NULL || r->n++ == FORM_FIELDS_MAX)
		return -1;
	head = (size_t)(blank - p);
	data = blank + 4;
	len = n - head - 4;
	name = input_parameter(p, head, "name");
	file = input_parameter(p, head, "filename");
	if (name == NULL || (file == NULL && memchr(data, '\0', len) != NULL)) {
		rc = -1;
	} else if (file != NULL) {
		if (v != NULL && v->file == NULL && len > 0) {
			v->file = data;
			v->file_len = len;
			rc = r->fn(r->arg, name, file);
		}
	} else {
		value = mem_strndup(data, len);
		rc = r->fn(r->arg, name, value);
		free(value);
	}
	free(name);
	free(file);
	return rc;
}

/* RFC 7578, strictly as browsers write it. */
static int input_multipart(struct input_reader *r, struct visit *v, const char *type,
			   const char *p, size_t n)
{
	char *boundary = input_parameter(type, strlen(type), "boundary"), *mark;
	const char *end = p + n, *next;
	size_t len;
	int rc = -1;

	if (boundary == NULL || *boundary == '\0' || strlen(boundary) > FORM_BOUNDARY) {
		free(boundary);
		return -1;
	}
	mark = mem_printf("\r\n--%s", boundary);
	free(boundary);
	len = strlen(mark);
	/* The first has no line before it. */
	if (n < len || memcmp(p, mark + 2, len - 2) != 0)
		goto out;
	p += len - 2;
	while (end - p >= 2 && memcmp(p, "\r\n", 2) == 0) {
		p += 2;
		next = memmem(p, (size_t)(end - p), mark, len);
		if (next == NULL)
			goto out;
		rc = input_part(r, v, p, (size_t)(next - p));
		if (rc <= 0)
			goto out;
		p = next + len;
	}
	rc = end - p >= 2 && memcmp(p, "--", 2) == 0 ? 1 : -1;
out:
	free(mark);
	return rc;
}

static int input_json_value(struct input_reader *r, const char *key, const json_t *value)
{
	char number[32];
	const json_t *item;
	size_t i;

	if (r->n++ == FORM_FIELDS_MAX)
		return -1;
	if (json_is_string(value))
		return strlen(json_string_value(value)) == json_string_length(value)
			   ? r->fn(r->arg, key, json_string_value(value))
			   : -1;
	if (json_is_integer(value)) {
		(void)snprintf(number, sizeof(number), "%lld",
			       (long long)json_integer_value(value));
		return r->fn(r->arg, key, number);
	}
	if (json_is_boolean(value))
		return r->fn(r->arg, key, json_is_true(value) ? "yes" : "");
	if (json_is_null(value))
		return 1;
	if (!json_is_array(value))
		return -1;
	json_array_foreach(value, i, item)
	{
		int rc = json_is_array(item) ? -1 : input_json_value(r, key, item);

		if (rc <= 0)
			return rc;
	}
	return 1;
}

static int input_json(struct input_reader *r, const char *p, size_t n)
{
	json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL), *value;
	const char *key;
	int rc = json_is_object(o) ? 1 : -1;

	json_object_foreach(o, key, value)
	{
		if (rc > 0)
			rc = input_json_value(r, key, value);
	}
	json_decref(o);
	return rc;
}

static bool input_is_type(const char *header, const char *type)
{
	size_t n = strlen(type);

	return header != NULL && strncasecmp(header, type, n) == 0 &&
	       (header[n] == '\0' || strchr("; \t", header[n]) != NULL);
}

static bool input_is_known(const char *type)
{
	return input_is_type(type, "application/x-www-form-urlencoded") ||
	       input_is_type(type, "multipart/form-data") ||
	       input_is_type(type, "application/json");
}

/* All fields: of the query, or, of a POST, of the body alone, so that nothing is said twice and no secret
 * stands in an address. upload NULL: it is passed over. */
static int input_each(const struct visit *v, struct visit *upload, input_fn fn, void *arg)
{
	struct input_reader r = {.fn = fn, .arg = arg};

	if (!v->post)
		return input_urlencoded(&r, v->query, strlen(v->query));
	if (v->body_len == 0)
		return 1;
	if (input_is_type(v->content_type, "application/x-www-form-urlencoded"))
		return input_urlencoded(&r, v->body, v->body_len);
	if (input_is_type(v->content_type, "multipart/form-data"))
		return input_multipart(&r, upload, v->content_type, v->body, v->body_len);
	if (input_is_type(v->content_type, "application/json"))
		return input_json(&r, v->body, v->body_len);
	return -1;
}

struct input_wanted {
	const char *name;
	char *value;
};

static bool input_take_raw(void *arg, const char *name, const char *value)
{
	struct input_wanted *w = arg;

	if (strcmp(name, w->name) != 0)
		return true;
	w->value = mem_strdup(value);
	return false;
}

char *input_raw(const struct visit *v, const char *name)
{
	struct input_wanted w = {.name = name};

	(void)input_each(v, NULL, input_take_raw, &w);
	return w.value;
}

/* ---- inputs ------------------------------------------------------------------------------ */

struct input_take {
	struct visit *v;
	struct err *e;
};

/* allowed fills the word in; or NULL. Of several, the first is told. */
static int input_bad(struct visit *v, const struct route_input *in, struct err *e, const char *why,
		     const char *allowed)
{
	if (v->wrong == NULL) {
		v->wrong = in;
		v->wrong_why = why;
	}
	return say(e, EX_DATAERR, why, allowed, NULL);
}

static int input_bad_number(struct visit *v, const struct route_input *in, struct err *e,
			    const char *why)
{
	char most[16];

	(void)snprintf(most, sizeof(most), "%d", in->max);
	return input_bad(v, in, e, why, most);
}

static int input_bad_choice(struct visit *v, const struct route_input *in, struct err *e)
{
	struct buf list = BUF_INIT(512);

	for (const char *at = in->choices; *at != '\0'; at++)
		(void)(*at == '|' ? buf_adds(&list, ", ") : buf_add(&list, at, 1));
	(void)input_bad(v, in, e, "choice", buf_text(&list));
	buf_free(&list);
	return -1;
}

static size_t input_characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static bool input_is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
		at += *at == '|';
		/* One of them, and not a run of several. */
		if (strcspn(at, "|") == n && strncmp(at, value, n) == 0)
			return true;
	}
	return false;
}

/* Text as it is stored: NFC, nothing hidden; lines kept where they are allowed. */
static char *input_clean(const struct route_input *in, const char *value)
{
	if (in->type == INPUT_SECRET || in->type == INPUT_LONG)
		return vi_nfc(value);
	return vi_clean(value);
}

static int input_put_number(struct visit *v, const struct route_input *in, const char *text,
			    struct err *e)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (*end != '\0' || *text < '0' || *text > '9' || n > in->max)
		return input_bad_number(v, in, e, "number");
	json_object_set_new(v->input, in->name, json_integer(n));
	return 0;
}

static int input_put_date(struct visit *v, const struct route_input *in, const char *text,
			  struct err *e)
{
	char iso[16];
	int64_t day;

	if (conf_parse_date(text, &day) < 0)
		return input_bad(v, in, e, "date", NULL);
	civil_day_format_iso((civil_day)day, iso);
	json_object_set_new(v->input, in->name, json_string(iso));
	return 0;
}

static int input_put(struct visit *v, const struct route_input *in, const char *text, struct err *e)
{
	json_t *into = v->input, *list;

	if (*text == '\0' && in->type != INPUT_FILE && in->type != INPUT_IN_ORDER)
		return 0;
	/* Whoever looks at the first and whoever looks at the last would not see the same. */
	if (in->type != INPUT_SEVERAL && in->type != INPUT_IN_ORDER &&
	    json_object_get(into, in->name) != NULL)
		return input_bad(v, in, e, "once_only", NULL);
	if (in->type == INPUT_INT)
		return input_put_number(v, in, text, e);
	if (in->type == INPUT_DATE)
		return input_put_date(v, in, text, e);
	if (in->type == INPUT_CHOICE && !input_is_choice(in->choices, text))
		return input_bad_choice(v, in, e);
	if (in->max > 0 && input_characters(text) > (size_t)in->max)
		return input_bad_number(v, in, e, "too_long");
	if (in->type != INPUT_SEVERAL && in->type != INPUT_IN_ORDER) {
		json_object_set_new(into, in->name, json_string(text));
		return 0;
	}
	list = json_object_get(into, in->name);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(into, in->name, list);
	}
	json_array_append_new(list, json_string(text));
	return 0;
}

/* A form that is refused comes back with what was typed, wrong or not. */
static void input_keep(struct visit *v, const struct route_input *in, const char *text)
{
	if ((in->type == INPUT_TEXT || in->type == INPUT_LONG || in->type == INPUT_INT ||
	     in->type == INPUT_DATE) &&
	    json_object_get(v->input, in->name) == NULL)
		json_object_set_new(v->input, in->name, json_string(text));
}

static bool input_take(void *arg, const char *name, const char *value)
{
	struct input_take *t = arg;

	for (const struct route_input *in = t->v->route->inputs; in->name != NULL; in++) {
		char *text;

		if (strcmp(in->name, name) != 0)
			continue;
		text = input_clean(in, value);
		if (text == NULL)
			(void)input_bad(t->v, in, t->e, "not_utf8", NULL);
		else if (input_put(t->v, in, text, t->e) < 0)
			input_keep(t->v, in, text);
		free(text);
		return true;
	}
	return true;
}

int input_read(struct visit *v, struct err *e)
{
	struct input_take t = {.v = v, .e = e};
	int rc;

	v->input = json_object();
	if (v->post && v->body_len > 0 && !input_is_known(v->content_type)) {
		v->status = 415;
		return say(e, EX_DATAERR, "media_type", NULL);
	}
	rc = input_each(v, v, input_take, &t);
	if (e->code != 0)
		return -1;
	if (rc < 0)
		return say(e, EX_DATAERR, "unreadable", NULL);
	for (const struct route_input *in = v->route->inputs; in->name != NULL; in++) {
		if (in->required && json_object_get(v->input, in->name) == NULL)
			return input_bad(v, in, e, "missing", NULL);
		if (in->type == INPUT_FILE && v->file != NULL)
			v->file_name = visit_text(v, in->name);
	}
	return 0;
}
