/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/program.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/filter.h"
#include "text/template.h"

enum { PROGRAM_VALUE_MAX = 64 * 1024, PROGRAM_DEPTH = 16 };

enum piece_kind {
	PIECE_FIXED,  /* bytes */
	PIECE_VALUE,  /* one value, escaped */
	PIECE_FILTER, /* one hole with filters, escaped */
	PIECE_UNLESS, /* when the value is "", go on `skip` pieces further */
	PIECE_EACH, /* the pieces up to `skip` further, once for each parameter, text between */
	PIECE_MESSAGES, /* likewise, once for each message */
};

struct program_piece {
	enum piece_kind kind;
	enum program_var var;
	bool bare; /* a number, true or false outside of quotes: checked, not escaped */
	enum program_escape escape;
	size_t skip;
	char *text;
	size_t len;
	struct template *hole;
};

static const char *const program_vars[VAR_COUNT] = {
    "to",      "text",	   "ref",   "unicode", "cb_url", "now",	     "id",
    "sent_at", "template", "token", "refresh", "code",	 "verifier", "challenge",
    "state",   "redirect", "jwt",   "expires", "index",	 "name",     "value"};

static int program_escape_plain(const char *value, struct buf *out)
{
	return buf_adds(out, value);
}

static template_escape_fn program_escaper(enum program_escape escape)
{
	switch (escape) {
	case ESCAPE_XML:
		return template_escape_xml;
	case ESCAPE_JSON:
		return template_escape_json;
	case ESCAPE_URL:
		return template_escape_url;
	default:
		return program_escape_plain;
	}
}

static struct program_piece *program_add(struct program *p, enum piece_kind kind)
{
	struct program_piece *piece;

	p->pieces = mem_grow(p->pieces, &p->cap, p->n + 1, sizeof(*p->pieces));
	piece = &p->pieces[p->n++];
	*piece = (struct program_piece){.kind = kind};
	return piece;
}

/* Whether a piece of this kind goes on elsewhere than behind itself. */
static bool program_jumps(enum piece_kind kind)
{
	return kind == PIECE_UNLESS || kind == PIECE_EACH || kind == PIECE_MESSAGES;
}

void program_add_fixed(struct program *p, const char *text, size_t len)
{
	struct program_piece *last = p->n > 0 ? &p->pieces[p->n - 1] : NULL;
	char *joined;

	if (len == 0)
		return;
	/* A piece that can be jumped to must begin where it begins. */
	for (size_t i = 0; last != NULL && i < p->n; i++) {
		if (program_jumps(p->pieces[i].kind) && i + p->pieces[i].skip >= p->n)
			last = NULL;
	}
	if (last == NULL || last->kind != PIECE_FIXED) {
		last = program_add(p, PIECE_FIXED);
		last->text = mem_strdup("");
	}
	joined = mem_calloc(last->len + len + 1, 1);
	memcpy(joined, last->text, last->len);
	memcpy(joined + last->len, text, len);
	mem_free_secret(last->text, last->len);
	last->text = joined;
	last->len += len;
}

static int program_var_of(const char *name)
{
	for (int i = 0; i < VAR_COUNT; i++) {
		if (strcmp(program_vars[i], name) == 0)
			return i;
	}
	return -1;
}

static const char *program_constant_of(const struct program_source *src, const char *name)
{
	for (size_t i = 0; i < src->n_constants; i++) {
		if (strcmp(src->constants[i].name, name) == 0)
			return src->constants[i].value;
	}
	return NULL;
}

/* What a hole's template is rendered with: its one value. */
static const char *program_get(void *arg, size_t var, const char *name)
{
	(void)var;
	(void)name;
	return arg;
}

static int program_render(const struct template *hole, const char *value,
			  template_escape_fn escape, struct buf *out, struct err *e)
{
	struct template_source src = {.get = program_get, .arg = (void *)(uintptr_t)value};

	return template_render(hole, &src, escape, out, e);
}

/* The key of |hmac256:NAME in hex in place of its name; the hole, yours. */
static char *program_put_key(const struct program_source *src, const char *hole, size_t len)
{
	static const char filter[] = "|hmac256:";
	char *text = mem_strndup(hole, len), *name = strstr(text, filter), *out;
	const char *key = NULL, *rest = NULL;
	size_t n = 0;
	char *hex;

	if (name != NULL) {
		name += sizeof(filter) - 1;
		n = strcspn(name, "|}");
		rest = name + n;
		hex = mem_strndup(name, n);
		key = program_constant_of(src, hex);
		free(hex);
	}
	if (key == NULL)
		return text;
	n = strlen(key);
	hex = mem_calloc(2 * n + 1, 1);
	(void)sodium_bin2hex(hex, 2 * n + 1, (const unsigned char *)key, n);
	out = mem_printf("%.*s%s%s", (int)(name - text), text, hex, rest);
	mem_free_secret(hex, 2 * n);
	free(text);
	return out;
}

static int program_unknown(const struct program_source *src, const json_t *parent,
			   const char *key, const char *name, struct err *e)
{
	struct buf known = BUF_INIT(512);
	int rc;

	for (int i = 0; i < VAR_COUNT; i++) {
		if ((src->vars & 1U << i) != 0)
			(void)buf_addf(&known, "%s, ", program_vars[i]);
	}
	rc = ydoc_error(src->doc, parent, key, 0, e,
			"unknown value {{%s}}; known: %sand cfg. and secret. with a name that "
			"is declared",
			name, buf_text(&known));
	buf_free(&known);
	return rc;
}

/* One {{…}}, already cut out. bare: it is a JSON value by itself. */
static int program_add_hole(struct program *p, const struct program_source *src,
			    const json_t *parent, const char *key, const char *hole, size_t len,
			    enum program_escape escape, bool bare, struct err *e)
{
	struct err why = ERR_INIT;
	char *keyed = program_put_key(src, hole, len);
	struct template *t =
	    template_compile("value", keyed, strlen(keyed), provider_filters, &why);
	struct buf text = BUF_INIT(PROGRAM_VALUE_MAX);
	struct program_piece *piece;
	const char *constant, *name;
	int var, rc = 0;

	mem_free_secret(keyed, strlen(keyed));
	if (t == NULL)
		return ydoc_error(src->doc, parent, key, 0, e, "\"%s\": %s", key, why.text);
	if (template_n_vars(t) != 1) {
		template_free(t);
		return ydoc_error(src->doc, parent, key, 0, e,
				  "\"%s\": {{ }} holds one value and filters", key);
	}
	name = template_var(t, 0);
	var = program_var_of(name);
	constant = program_constant_of(src, name);
	if (constant == NULL && (var < 0 || (src->vars & 1U << var) == 0)) {
		rc = program_unknown(src, parent, key, name, e);
	} else if (constant != NULL) {
		if (program_render(t, constant, program_escaper(escape), &text, &why) < 0)
			rc = ydoc_error(src->doc, parent, key, 0, e, "\"%s\": {{%s}}: %s", key,
					name, why.text);
		else
			program_add_fixed(p, buf_text(&text), text.len);
		if (text.data != NULL)
			explicit_bzero(text.data, text.cap);
	} else {
		piece = program_add(p, memchr(hole, '|', len) ? PIECE_FILTER : PIECE_VALUE);
		piece->var = (enum program_var)var;
		piece->escape = escape;
		piece->bare = bare;
		piece->hole = t;
		t = NULL;
	}
	buf_free(&text);
	template_free(t);
	return rc;
}

/* Walks fixed parts and holes. quoted: the fixed parts are escaped too. */
static int program_add_parts(struct program *p, const struct program_source *src,
			     const json_t *parent, const char *key, const char *text,
			     enum program_escape escape, bool quoted, bool bare, struct err *e)
{
	while (*text != '\0') {
		const char *open = strstr(text, "{{"), *close;
		size_t len = open == NULL ? strlen(text) : (size_t)(open - text);
		char *fixed = mem_strndup(text, len);
		struct buf escaped = BUF_INIT(PROGRAM_VALUE_MAX);

		(void)program_escaper(quoted ? escape : ESCAPE_PLAIN)(fixed, &escaped);
		program_add_fixed(p, buf_text(&escaped), escaped.len);
		buf_free(&escaped);
		free(fixed);
		if (open == NULL)
			return 0;
		close = strstr(open, "}}");
		if (close == NULL)
			return ydoc_error(src->doc, parent, key, 0, e, "\"%s\": {{ without }}",
					  key);
		if (open[2] != '\0' && strchr("#^/!{", open[2]) != NULL)
			return ydoc_error(src->doc, parent, key, 0, e,
					  "\"%s\": sections have no place in a request", key);
		if (program_add_hole(p, src, parent, key, open, (size_t)(close + 2 - open),
				     escape, bare, e) < 0)
			return -1;
		text = close + 2;
	}
	return 0;
}

int program_add_text(struct program *p, const struct program_source *src, const json_t *parent,
		     const char *key, const char *text, enum program_escape escape,
		     struct err *e)
{
	return program_add_parts(p, src, parent, key, text, escape, false, false, e);
}

int program_add_quoted(struct program *p, const struct program_source *src,
		       const json_t *parent, const char *key, const char *text,
		       enum program_escape escape, struct err *e)
{
	return program_add_parts(p, src, parent, key, text, escape, true, false, e);
}

/* Whether a leaf is one hole that ends in |int or |bool: a JSON value without quotes. */
static bool program_is_bare(const char *text)
{
	size_t len = strlen(text);

	if (len < 4 || strncmp(text, "{{", 2) != 0 || strstr(text, "}}") != text + len - 2)
		return false;
	return (len > 9 && strcmp(text + len - 6, "|int}}") == 0) ||
	       (len > 10 && strcmp(text + len - 7, "|bool}}") == 0);
}

/* The first hole's variable in text, from *at on; -1 when there is none, -2 for a constant, whose
 * name is put into name. */
static int program_next_var(const char *text, size_t *at, char name[64])
{
	const char *open = strstr(text + *at, "{{");
	size_t len;

	if (open == NULL)
		return -1;
	open += 2;
	open += strspn(open, " ");
	len = strcspn(open, " |}");
	*at = (size_t)(open - text) + len;
	len = len < 63 ? len : 63;
	memcpy(name, open, len);
	name[len] = '\0';
	len = (size_t)program_var_of(name);
	return (int)len < 0 ? -2 : (int)len;
}

/* A key that ends in '?' is left out when a value in it is empty. Adds the jumps, whose length
 * program_close_optional() fills in. 1 when it is always left out, 0 otherwise. */
static int program_open_optional(struct program *p, const struct program_source *src,
				 const char *text)
{
	size_t at = 0, from = p->n;
	char name[64];
	int var;

	while ((var = program_next_var(text, &at, name)) != -1) {
		const char *constant;

		if (var >= 0) {
			program_add(p, PIECE_UNLESS)->var = (enum program_var)var;
			continue;
		}
		constant = program_constant_of(src, name);
		if (constant != NULL && *constant == '\0') {
			p->n = from;
			return 1;
		}
	}
	return 0;
}

static void program_close_optional(struct program *p, size_t from)
{
	for (size_t i = from; i < p->n && p->pieces[i].kind == PIECE_UNLESS; i++)
		p->pieces[i].skip = p->n - i;
}

static bool program_key_optional(const char *key)
{
	size_t len = strlen(key);

	return len > 1 && key[len - 1] == '?';
}

static int program_json_value(struct program *p, const struct program_source *src,
			      const json_t *parent, const char *key, const json_t *value,
			      int depth, struct err *e);

static void program_json_key(struct program *p, const char *key)
{
	struct buf text = BUF_INIT(PROGRAM_VALUE_MAX);

	(void)buf_addc(&text, '"');
	(void)template_escape_json(key, &text);
	(void)buf_adds(&text, "\":");
	program_add_fixed(p, buf_text(&text), text.len);
	buf_free(&text);
}

static int program_json_optional(struct program *p, const struct program_source *src,
				 const json_t *object, const char *key, const json_t *value,
				 struct err *e)
{
	size_t from = p->n;
	char *name;
	int rc;

	if (!json_is_string(value))
		return ydoc_error(src->doc, object, key, 0, e,
				  "\"%s\": only a text can be left out", key);
	if (program_open_optional(p, src, json_string_value(value)) == 1)
		return 0;
	name = mem_strndup(key, strlen(key) - 1);
	program_add_fixed(p, ",", 1);
	program_json_key(p, name);
	free(name);
	rc = program_json_value(p, src, object, key, value, 0, e);
	program_close_optional(p, from);
	return rc;
}

/* What is always there first, so that what may be left out brings its comma along. */
static int program_json_object(struct program *p, const struct program_source *src,
			       const json_t *object, int depth, struct err *e)
{
	json_t *all = (json_t *)(uintptr_t)object, *value;
	const char *key;
	size_t n = 0;

	program_add_fixed(p, "{", 1);
	json_object_foreach(all, key, value)
	{
		if (program_key_optional(key))
			continue;
		program_add_fixed(p, ",", n++ > 0);
		program_json_key(p, key);
		if (program_json_value(p, src, object, key, value, depth + 1, e) < 0)
			return -1;
	}
	json_object_foreach(all, key, value)
	{
		if (!program_key_optional(key))
			continue;
		if (n == 0)
			return ydoc_error(src->doc, object, key, 0, e,
					  "at least one member must always be there");
		if (program_json_optional(p, src, object, key, value, e) < 0)
			return -1;
	}
	program_add_fixed(p, "}", 1);
	return 0;
}

/* A loop over the parameters of a message, or over several messages. What stands between begin and end is
 * repeated. */
static int program_each_begin(struct program *p, const struct program_source *src,
			      const json_t *object, const char *between, size_t *from,
			      struct program_source *inner, struct err *e)
{
	const char *over = json_string_value(json_object_get(object, "$each"));
	bool messages = over != NULL && strcmp(over, "messages") == 0;
	struct program_piece *piece;

	if (!messages && (over == NULL || strcmp(over, "parameters") != 0))
		return ydoc_error(src->doc, object, "$each", 0, e,
				  "\"$each\" goes through the parameters, or the messages");
	if (messages ? src->each == 0 : (src->vars & PROGRAM_VAR(VAR_TEMPLATE)) == 0)
		return ydoc_error(src->doc, object, "$each", 0, e, "there are no %s here",
				  over);
	*inner = *src;
	inner->vars |= messages ? src->each : PROGRAM_VARS_PARAMETER;
	inner->each = 0;
	*from = p->n;
	piece = program_add(p, messages ? PIECE_MESSAGES : PIECE_EACH);
	piece->text = mem_strdup(between);
	piece->len = strlen(between);
	return 0;
}

static void program_each_end(struct program *p, size_t from)
{
	p->pieces[from].skip = p->n - from;
}

/* {$each: parameters, $item: ANY} is an array, {$each: parameters, "{{name}}": "{{value}}"} an object; of
 * messages likewise. */
static int program_json_each(struct program *p, const struct program_source *src,
			     const json_t *object, int depth, struct err *e)
{
	const json_t *item = json_object_get(object, "$item");
	json_t *all = (json_t *)(uintptr_t)object, *value;
	struct program_source inner = *src;
	const char *key;
	size_t from = 0;
	int rc = -1;

	if (json_object_size(object) != 2)
		return ydoc_error(src->doc, object, "$each", 0, e,
				  "beside \"$each\" stands one key: $item, or a name");
	program_add_fixed(p, item != NULL ? "[" : "{", 1);
	if (program_each_begin(p, src, object, ",", &from, &inner, e) < 0)
		return -1;
	if (item != NULL) {
		rc = program_json_value(p, &inner, object, "$item", item, depth + 1, e);
	} else {
		json_object_foreach(all, key, value)
		{
			if (strcmp(key, "$each") == 0)
				continue;
			program_add_fixed(p, "\"", 1);
			rc = program_add_parts(p, &inner, object, key, key, ESCAPE_JSON, true,
					       false, e);
			program_add_fixed(p, "\":", 2);
			if (rc == 0)
				rc = program_json_value(p, &inner, object, key, value,
							depth + 1, e);
		}
	}
	program_each_end(p, from);
	program_add_fixed(p, item != NULL ? "]" : "}", 1);
	return rc;
}

static int program_json_array(struct program *p, const struct program_source *src,
			      const json_t *parent, const char *key, const json_t *array,
			      int depth, struct err *e)
{
	program_add_fixed(p, "[", 1);
	for (size_t i = 0; i < json_array_size(array); i++) {
		program_add_fixed(p, ",", i > 0);
		if (program_json_value(p, src, parent, key, json_array_get(array, i), depth + 1,
				       e) < 0)
			return -1;
	}
	program_add_fixed(p, "]", 1);
	return 0;
}

static int program_json_value(struct program *p, const struct program_source *src,
			      const json_t *parent, const char *key, const json_t *value,
			      int depth, struct err *e)
{
	const char *text = json_string_value(value);
	bool bare;
	char *dump;
	int rc;

	if (depth > PROGRAM_DEPTH)
		return ydoc_error(src->doc, parent, key, 0, e, "nested too deeply");
	if (json_is_object(value) && json_object_get(value, "$each") != NULL)
		return program_json_each(p, src, value, depth, e);
	if (json_is_object(value))
		return program_json_object(p, src, value, depth, e);
	if (json_is_array(value))
		return program_json_array(p, src, parent, key, value, depth, e);
	if (text == NULL) {
		dump = json_dumps(value, JSON_ENCODE_ANY);
		program_add_fixed(p, dump, strlen(dump));
		free(dump);
		return 0;
	}
	bare = program_is_bare(text);
	program_add_fixed(p, "\"", !bare);
	rc = program_add_parts(p, src, parent, key, text, ESCAPE_JSON, true, bare, e);
	program_add_fixed(p, "\"", !bare);
	return rc;
}

int program_add_json(struct program *p, const struct program_source *src, const json_t *parent,
		     const char *key, struct err *e)
{
	return program_json_value(p, src, parent, key, json_object_get(parent, key), 0, e);
}

/* "param_{{index}}": {$each: parameters, $item: "{{value}}"} */
static int program_pair_each(struct program *p, const struct program_source *src,
			     const json_t *object, const char *key, const json_t *value,
			     bool first, struct err *e)
{
	const char *text = json_string_value(json_object_get(value, "$item"));
	struct program_source inner = *src;
	size_t from = 0;
	int rc = -1;

	if (text == NULL || json_object_size(value) != 2)
		return ydoc_error(src->doc, object, key, 0, e,
				  "\"%s\" must be text, or {$each: parameters, $item: text}",
				  key);
	program_add_fixed(p, "&", !first);
	if (program_each_begin(p, src, value, "&", &from, &inner, e) < 0)
		return -1;
	if (program_add_parts(p, &inner, object, key, key, ESCAPE_URL, true, false, e) == 0) {
		program_add_fixed(p, "=", 1);
		rc = program_add_parts(p, &inner, value, "$item", text, ESCAPE_URL, true, false,
				       e);
	}
	program_each_end(p, from);
	return rc;
}

static int program_pair(struct program *p, const struct program_source *src,
			const json_t *object, const char *key, const json_t *value, bool first,
			struct err *e)
{
	bool optional = program_key_optional(key);
	size_t from = p->n;
	char *name = mem_strndup(key, strlen(key) - (optional ? 1 : 0)), *dump = NULL;
	const char *text = json_string_value(value);
	int rc = -1;

	if (text == NULL) {
		dump = json_dumps(value, JSON_ENCODE_ANY);
		text = dump;
	}
	if (json_is_object(value)) {
		rc = program_pair_each(p, src, object, key, value, first, e);
		goto out;
	}
	if (json_is_array(value)) {
		rc = ydoc_error(src->doc, object, key, 0, e, "\"%s\" must be text", key);
		goto out;
	}
	if (optional && program_open_optional(p, src, text) == 1) {
		rc = 0;
		goto out;
	}
	program_add_fixed(p, "&", !first);
	if (program_add_parts(p, src, object, key, name, ESCAPE_URL, true, false, e) < 0)
		goto out;
	program_add_fixed(p, "=", 1);
	rc = program_add_parts(p, src, object, key, text, ESCAPE_URL, true, false, e);
	program_close_optional(p, from);
out:
	free(name);
	free(dump);
	return rc;
}

int program_add_pairs(struct program *p, const struct program_source *src, const json_t *parent,
		      const char *key, struct err *e)
{
	json_t *object = json_object_get(parent, key), *value;
	const char *name;
	size_t n = 0;

	if (!json_is_object(object))
		return ydoc_error(src->doc, parent, key, 0, e,
				  "\"%s\" must be names and values", key);
	for (int optional = 0; optional < 2; optional++) {
		json_object_foreach(object, name, value)
		{
			if (program_key_optional(name) != (optional == 1))
				continue;
			if (optional && n == 0)
				return ydoc_error(src->doc, object, name, 0, e,
						  "at least one must always be there");
			if (program_pair(p, src, object, name, value, n == 0, e) < 0)
				return -1;
			n++;
		}
	}
	return 0;
}

bool program_uses(const struct program *p, enum program_var var)
{
	for (size_t i = 0; i < p->n; i++) {
		enum piece_kind kind = p->pieces[i].kind;

		if (kind != PIECE_FIXED && kind != PIECE_EACH && kind != PIECE_MESSAGES &&
		    p->pieces[i].var == var)
			return true;
	}
	return false;
}

const char *program_fixed(const struct program *p)
{
	if (p->n == 0)
		return "";
	return p->n == 1 && p->pieces[0].kind == PIECE_FIXED ? p->pieces[0].text : NULL;
}

void program_values_init(struct program_values *v)
{
	for (size_t i = 0; i < VAR_COUNT; i++)
		v->var[i] = "";
	v->parameters = NULL;
	v->messages = NULL;
	v->n_messages = 0;
}

static int program_run_pieces(const struct program *p, size_t from, size_t to,
			      const struct program_values *values, struct buf *out,
			      struct err *e);

/* The pieces after `at`, once for each parameter. */
static int program_run_each(const struct program *p, size_t at,
			    const struct program_values *values, struct buf *out, struct err *e)
{
	const struct program_piece *piece = &p->pieces[at];
	struct program_values inner = *values;
	char index[24];
	const char *name;
	json_t *value;
	int n = 0;

	json_object_foreach((json_t *)(uintptr_t)values->parameters, name, value)
	{
		(void)snprintf(index, sizeof(index), "%d", ++n);
		inner.var[VAR_INDEX] = index;
		inner.var[VAR_NAME] = name;
		inner.var[VAR_VALUE] = json_string_value(value);
		if (inner.var[VAR_VALUE] == NULL)
			return err_set(e, EX_DATAERR, "the parameter %.*s is no text",
				       buf_fit(name, 64), name);
		if (n > 1)
			(void)buf_add(out, piece->text, piece->len);
		if (program_run_pieces(p, at + 1, at + piece->skip, &inner, out, e) < 0)
			return -1;
	}
	return 0;
}

/* The pieces after `at`, once for each message. */
static int program_run_messages(const struct program *p, size_t at,
				const struct program_values *values, struct buf *out,
				struct err *e)
{
	const struct program_piece *piece = &p->pieces[at];
	struct program_values inner = *values;

	for (size_t i = 0; i < values->n_messages; i++) {
		const struct program_message *m = &values->messages[i];

		inner.var[VAR_TO] = m->to;
		inner.var[VAR_TEXT] = m->text;
		inner.var[VAR_REF] = m->ref;
		inner.var[VAR_UNICODE] = m->unicode;
		inner.var[VAR_TEMPLATE] = m->template;
		inner.parameters = m->parameters;
		if (i > 0)
			(void)buf_add(out, piece->text, piece->len);
		if (program_run_pieces(p, at + 1, at + piece->skip, &inner, out, e) < 0)
			return -1;
	}
	return 0;
}

static int program_run_pieces(const struct program *p, size_t from, size_t to,
			      const struct program_values *values, struct buf *out,
			      struct err *e)
{
	for (size_t i = from; i < to; i++) {
		const struct program_piece *piece = &p->pieces[i];
		const char *value = values->var[piece->var];

		switch (piece->kind) {
		case PIECE_FIXED:
			(void)buf_add(out, piece->text, piece->len);
			break;
		case PIECE_VALUE:
			if (program_escaper(piece->escape)(value, out) < 0 && !out->overflow)
				return err_set(e, EX_DATAERR, "{{%s}} cannot be written here",
					       program_vars[piece->var]);
			break;
		case PIECE_FILTER:
			if (program_render(piece->hole, value, program_escaper(piece->escape),
					   out, e) < 0)
				return -1;
			break;
		case PIECE_UNLESS:
			if (*value == '\0')
				i += piece->skip - 1;
			break;
		case PIECE_EACH:
			if (program_run_each(p, i, values, out, e) < 0)
				return -1;
			i += piece->skip - 1;
			break;
		case PIECE_MESSAGES:
			if (program_run_messages(p, i, values, out, e) < 0)
				return -1;
			i += piece->skip - 1;
			break;
		}
	}
	return 0;
}

int program_run(const struct program *p, const struct program_values *values, struct buf *out,
		struct err *e)
{
	if (program_run_pieces(p, 0, p->n, values, out, e) < 0)
		return -1;
	if (out->overflow)
		return err_set(e, EX_DATAERR, "the request is too long");
	return 0;
}

void program_free(struct program *p)
{
	for (size_t i = 0; i < p->n; i++) {
		mem_free_secret(p->pieces[i].text, p->pieces[i].len);
		template_free(p->pieces[i].hole);
	}
	free(p->pieces);
	*p = (struct program){0};
}
