/* SPDX-License-Identifier: Apache-2.0 */
#include "report/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/template.h"

#define VIEW_DEPTH    8
#define VIEW_TEXT_MAX ((size_t)64 * 1024)

struct view {
	const json_t *scopes[VIEW_DEPTH]; /* innermost last */
	size_t depth;
	char number[32];
};

static const json_t *view_find(const struct view *v, const char *name)
{
	for (size_t i = v->depth; i > 0; i--) {
		const json_t *value = json_object_get(v->scopes[i - 1], name);

		if (value != NULL)
			return value;
	}
	return NULL;
}

static const char *view_get(void *arg, size_t var, const char *name)
{
	struct view *v = arg;
	const json_t *value = view_find(v, name);

	(void)var;
	if (json_is_integer(value)) {
		snprintf(v->number, sizeof(v->number), "%" PRId64,
			 (int64_t)json_integer_value(value));
		return v->number;
	}
	return json_string_value(value);
}

static int view_count(void *arg, size_t var, const char *name)
{
	const json_t *value = view_find(arg, name);

	(void)var;
	return json_is_array(value) ? (int)json_array_size(value) : -1;
}

static void view_enter(void *arg, size_t var, const char *name, int index)
{
	struct view *v = arg;
	const json_t *value = json_array_get(view_find(v, name), (size_t)index);

	(void)var;
	if (v->depth == VIEW_DEPTH)
		abort(); /* models are made by this floor and are not that deep */
	v->scopes[v->depth++] = value;
}

static void view_leave(void *arg)
{
	struct view *v = arg;

	v->depth--;
}

char *view_read(const char *dir, const char *name, size_t *len, struct err *e)
{
	char *path = mem_printf("%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	char *text = NULL;

	if (f == NULL) {
		(void)err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
		goto out;
	}
	text = mem_calloc(VIEW_TEXT_MAX + 1, 1);
	*len = fread(text, 1, VIEW_TEXT_MAX + 1, f);
	if (ferror(f) || *len > VIEW_TEXT_MAX) {
		(void)err_set(e, EX_CONFIG, "%s: %s", path,
			      ferror(f) ? "cannot be read" : "is longer than 64 KiB");
		free(text);
		text = NULL;
	}
	fclose(f);
out:
	free(path);
	return text;
}

/* Body number n of a text of several; false when there are fewer. */
static bool view_body(const char *text, size_t len, int n, const char **from, size_t *body_len)
{
	static const char mark[] = "\n---\n";
	const char *end = text + len, *next;

	while ((next = memmem(text, (size_t)(end - text), mark, sizeof(mark) - 1)) != NULL &&
	       n-- > 0)
		text = next + sizeof(mark) - 1;
	*from = text;
	*body_len = (size_t)((next != NULL ? next : end) - text);
	if (*body_len > 0 && text[*body_len - 1] == '\n')
		(*body_len)--;
	return n <= 0;
}

int view_render(const char *dir, const char *name, int body, const json_t *model,
		struct buf *out, struct err *e)
{
	struct view v = {.scopes = {model}, .depth = 1};
	struct template_source src = {.get = view_get,
				      .count = view_count,
				      .enter = view_enter,
				      .leave = view_leave,
				      .arg = &v};
	size_t len = 0, body_len;
	char *text = view_read(dir, name, &len, e);
	struct template *t = NULL;
	const char *from;
	int rc = -1;

	if (text == NULL)
		goto out;
	if (!view_body(text, len, body, &from, &body_len)) {
		rc = 0;
		goto out;
	}
	t = template_compile(name, from, body_len, NULL, e);
	if (t == NULL || template_render(t, &src, template_escape_text, out, e) < 0)
		goto out;
	rc = out->overflow ? err_set(e, EX_DATAERR, "%s: the text becomes too long", name) : 1;
out:
	template_free(t);
	free(text);
	return rc;
}
