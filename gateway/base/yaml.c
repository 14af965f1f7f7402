/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/mem.h"

#define YAML_FILE_MAX  (1u << 20)
#define YAML_DEPTH_MAX 48

/* Where a member or element stood. The parent is a container, which is never shared: jansson's
 * true, false and null are singletons and could not be keys themselves. */
struct ydoc_pos {
	const json_t *parent;
	const char *key; /* borrowed from the parent object; NULL for an element */
	size_t index;
	int line, column;
};

struct yaml_reader {
	yaml_parser_t parser;
	struct ydoc *doc;
	struct err *err;
};

static int yaml_fail(struct yaml_reader *r, const yaml_mark_t *m, const char *what)
{
	return err_set(r->err, EX_CONFIG, "%s:%zu:%zu: %s", r->doc->path, m->line + 1,
		       m->column + 1, what);
}

static int yaml_next(struct yaml_reader *r, yaml_event_t *ev)
{
	if (yaml_parser_parse(&r->parser, ev))
		return 0;
	return yaml_fail(r, &r->parser.problem_mark,
			 r->parser.problem ? r->parser.problem : "not YAML");
}

static bool yaml_is_int(const char *s)
{
	const char *p = *s == '-' ? s + 1 : s;

	if (*p == '\0' || strlen(p) > 18 || (p[0] == '0' && p[1] != '\0'))
		return false;
	return strspn(p, "0123456789") == strlen(p);
}

static bool yaml_is_real(const char *s)
{
	const char *p = *s == '-' ? s + 1 : s;
	size_t whole = strspn(p, "0123456789"), part;

	if (whole == 0 || p[whole] != '.' || (p[0] == '0' && whole > 1))
		return false;
	part = strspn(p + whole + 1, "0123456789");
	return part > 0 && p[whole + 1 + part] == '\0';
}

static json_t *yaml_scalar(const yaml_event_t *ev)
{
	const char *s = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;

	if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (len == 0 || strcmp(s, "~") == 0 || strcmp(s, "null") == 0)
			return json_null();
		if (strcmp(s, "true") == 0)
			return json_true();
		if (strcmp(s, "false") == 0)
			return json_false();
		if (yaml_is_int(s))
			return json_integer(strtoll(s, NULL, 10));
		if (yaml_is_real(s))
			return json_real(strtod(s, NULL));
	}
	return json_stringn(s, len); /* NULL when it is not UTF-8 */
}

static void yaml_note(struct ydoc *doc, const json_t *parent, const char *key, size_t index,
		      const yaml_mark_t *m)
{
	doc->pos = mem_grow(doc->pos, &doc->cap_pos, doc->n_pos + 1, sizeof(*doc->pos));
	doc->pos[doc->n_pos++] = (struct ydoc_pos){.parent = parent,
						   .key = key,
						   .index = index,
						   .line = (int)m->line + 1,
						   .column = (int)m->column + 1};
}

static json_t *yaml_node(struct yaml_reader *r, yaml_event_t *ev, int depth);

static json_t *yaml_sequence(struct yaml_reader *r, int depth)
{
	json_t *array = json_array();
	yaml_event_t ev;

	for (;;) {
		yaml_mark_t at;
		json_t *item;

		if (yaml_next(r, &ev) < 0)
			goto fail;
		if (ev.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&ev);
			return array;
		}
		at = ev.start_mark;
		item = yaml_node(r, &ev, depth + 1);
		if (item == NULL)
			goto fail;
		yaml_note(r->doc, array, NULL, json_array_size(array), &at);
		json_array_append_new(array, item);
	}
fail:
	json_decref(array);
	return NULL;
}

/* The key of the next member, yours to free(); NULL with *end when the mapping ends. */
static char *yaml_key(struct yaml_reader *r, const json_t *object, yaml_mark_t *at, bool *end)
{
	yaml_event_t ev;
	char *key = NULL;

	*end = false;
	if (yaml_next(r, &ev) < 0)
		return NULL;
	*at = ev.start_mark;
	if (ev.type == YAML_MAPPING_END_EVENT) {
		*end = true;
	} else if (ev.type != YAML_SCALAR_EVENT) {
		(void)yaml_fail(r, at, "a key must be plain text");
	} else {
		const char *text = (const char *)ev.data.scalar.value;

		if (strlen(text) != ev.data.scalar.length || ev.data.scalar.length == 0)
			(void)yaml_fail(r, at, "a key must be plain text");
		else if (json_object_get(object, text) != NULL)
			(void)err_set(r->err, EX_CONFIG,
				      "%s:%zu:%zu: the key \"%s\" stands twice", r->doc->path,
				      at->line + 1, at->column + 1, text);
		else
			key = mem_strdup(text);
	}
	yaml_event_delete(&ev);
	return key;
}

static json_t *yaml_mapping(struct yaml_reader *r, int depth)
{
	json_t *object = json_object();
	yaml_event_t ev;

	for (;;) {
		yaml_mark_t at;
		bool end;
		char *key = yaml_key(r, object, &at, &end);
		json_t *value;

		if (end)
			return object;
		if (key == NULL)
			goto fail;
		if (yaml_next(r, &ev) < 0 || (value = yaml_node(r, &ev, depth + 1)) == NULL) {
			free(key);
			goto fail;
		}
		if (json_object_set_new(object, key, value) < 0) {
			(void)yaml_fail(r, &at, "the key is not UTF-8");
			free(key);
			goto fail;
		}
		yaml_note(r->doc, object,
			  json_object_iter_key(json_object_iter_at(object, key)), 0, &at);
		free(key);
	}
fail:
	json_decref(object);
	return NULL;
}

/* Takes ev. */
static json_t *yaml_node(struct yaml_reader *r, yaml_event_t *ev, int depth)
{
	yaml_mark_t at = ev->start_mark;
	json_t *out = NULL;

	if (depth > YAML_DEPTH_MAX) {
		(void)yaml_fail(r, &at, "nested too deeply");
	} else if (ev->type == YAML_SCALAR_EVENT) {
		if (ev->data.scalar.anchor != NULL || ev->data.scalar.tag != NULL)
			(void)yaml_fail(r, &at, "anchors and tags are not used here");
		else if ((out = yaml_scalar(ev)) == NULL)
			(void)yaml_fail(r, &at, "not UTF-8");
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		if (ev->data.sequence_start.anchor != NULL ||
		    ev->data.sequence_start.tag != NULL)
			(void)yaml_fail(r, &at, "anchors and tags are not used here");
		else
			out = yaml_sequence(r, depth);
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		if (ev->data.mapping_start.anchor != NULL || ev->data.mapping_start.tag != NULL)
			(void)yaml_fail(r, &at, "anchors and tags are not used here");
		else
			out = yaml_mapping(r, depth);
	} else {
		(void)yaml_fail(r, &at, "aliases are not used here");
	}
	yaml_event_delete(ev);
	return out;
}

static int yaml_document(struct yaml_reader *r)
{
	yaml_event_t ev;
	bool done = false;

	while (!done) {
		if (yaml_next(r, &ev) < 0)
			return -1;
		switch (ev.type) {
		case YAML_STREAM_END_EVENT:
			done = true;
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (r->doc->root != NULL) {
				(void)yaml_fail(r, &ev.start_mark, "only one document a file");
				yaml_event_delete(&ev);
				return -1;
			}
			yaml_event_delete(&ev);
			if (yaml_next(r, &ev) < 0)
				return -1;
			r->doc->root = yaml_node(r, &ev, 0);
			if (r->doc->root == NULL)
				return -1;
			continue;
		default:
			break;
		}
		yaml_event_delete(&ev);
	}
	if (r->doc->root == NULL)
		r->doc->root = json_null();
	return 0;
}

int ydoc_load_text(const char *name, const char *text, size_t len, struct ydoc *doc,
		   struct err *e)
{
	struct yaml_reader r = {.doc = doc, .err = e};
	int rc;

	*doc = (struct ydoc){.path = mem_strdup(name)};
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	rc = yaml_document(&r);
	yaml_parser_delete(&r.parser);
	if (rc < 0)
		ydoc_free(doc);
	return rc;
}

int ydoc_load_file(const char *path, struct ydoc *doc, struct err *e)
{
	struct buf text = BUF_INIT(YAML_FILE_MAX);
	char chunk[8192];
	FILE *f = fopen(path, "re");
	size_t n;
	int rc;

	*doc = (struct ydoc){0};
	if (f == NULL)
		return err_set(e, EX_NOINPUT, "%s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		(void)buf_add(&text, chunk, n);
	if (ferror(f))
		rc = err_set(e, EX_IOERR, "%s: cannot be read", path);
	else if (text.overflow)
		rc = err_set(e, EX_CONFIG, "%s: larger than 1 MiB", path);
	else
		rc = ydoc_load_text(path, buf_text(&text), text.len, doc, e);
	(void)fclose(f);
	buf_free(&text);
	return rc;
}

void ydoc_free(struct ydoc *doc)
{
	free(doc->path);
	free(doc->pos);
	json_decref(doc->root);
	*doc = (struct ydoc){0};
}

int ydoc_error(const struct ydoc *doc, const json_t *parent, const char *key, size_t index,
	       struct err *e, const char *fmt, ...)
{
	char text[800];
	int line = 1, column = 1;
	va_list ap;

	for (size_t i = 0; i < doc->n_pos; i++) {
		const struct ydoc_pos *p = &doc->pos[i];

		if (p->parent != parent || (p->key == NULL) != (key == NULL))
			continue;
		if (key != NULL ? strcmp(p->key, key) == 0 : p->index == index) {
			line = p->line;
			column = p->column;
			break;
		}
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, EX_CONFIG, "%s:%d:%d: %s", doc->path, line, column, text);
}
