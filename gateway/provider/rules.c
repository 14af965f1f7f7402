/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/rules.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/mem.h"

enum { RULES_JSON_DEPTH = 32, RULES_MAX_TESTS = 16 };

static int fields_add(struct fields *f, const char *name, const char *at, const char *json)
{
	size_t i = f->n++;

	f->field[i].name = mem_strdup(name);
	f->field[i].at = mem_strdup(at);
	f->field[i].json = mem_strdup(json);
	return (int)i;
}

static bool fields_name_valid(const char *name)
{
	return *name != '\0' && strlen(name) < 32 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static int fields_compile_one(const struct ydoc *doc, const json_t *tree, const char *name,
			      const json_t *value, bool json, struct fields *f, struct err *e)
{
	const char *at = json_string_value(value), *inner = NULL, *header = NULL;

	if (json_is_object(value)) {
		const char *key;
		json_t *unused;

		json_object_foreach((json_t *)(uintptr_t)value, key, unused)
		{
			if (strcmp(key, "at") != 0 && strcmp(key, "json") != 0 &&
			    strcmp(key, "header") != 0)
				return ydoc_error(
				    doc, value, key, 0, e,
				    "unknown key \"%s\" in a field; known: at, json, header",
				    key);
		}
		at = json_string_value(json_object_get(value, "at"));
		inner = json_string_value(json_object_get(value, "json"));
		header = json_string_value(json_object_get(value, "header"));
		if (header == NULL && (inner == NULL || inner[0] != '/'))
			return ydoc_error(doc, tree, name, 0, e,
					  "\"json\" must be a JSON pointer such as /error");
		if (header != NULL && (*header == '\0' || at != NULL || inner != NULL))
			return ydoc_error(doc, tree, name, 0, e,
					  "\"header\" is a name and stands alone");
	}
	if (!fields_name_valid(name) || fields_find(f, name) >= 0)
		return ydoc_error(doc, tree, name, 0, e,
				  "\"%s\" is no name for a field: a-z, 0-9 and _ are, but not "
				  "status or body",
				  name);
	if (header == NULL && (at == NULL || *at == '\0' || (json && at[0] != '/')))
		return ydoc_error(doc, tree, name, 0, e, "\"%s\" must be %s", name,
				  json ? "a JSON pointer such as /data/id"
				       : "the name of a form or query field");
	if (f->n == FIELDS_MAX)
		return ydoc_error(doc, tree, name, 0, e, "more than %d fields", FIELDS_MAX - 2);
	f->field[fields_add(f, name, at, inner)].header = mem_strdup(header);
	return 0;
}

int fields_compile(const struct ydoc *doc, const json_t *parent, bool json, struct fields *f,
		   struct err *e)
{
	const json_t *tree = json_object_get(parent, "fields");
	const char *name;
	json_t *value;

	*f = (struct fields){0};
	(void)fields_add(f, "status", NULL, NULL);
	(void)fields_add(f, "body", NULL, NULL);
	if (tree == NULL)
		return 0;
	if (!json_is_object(tree))
		return ydoc_error(doc, parent, "fields", 0, e,
				  "\"fields\" must be names and places");
	json_object_foreach((json_t *)(uintptr_t)tree, name, value)
	{
		if (fields_compile_one(doc, tree, name, value, json, f, e) < 0) {
			fields_free(f);
			return -1;
		}
	}
	return 0;
}

void fields_free(struct fields *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->field[i].name);
		free(f->field[i].at);
		free(f->field[i].header);
		free(f->field[i].json);
	}
	*f = (struct fields){0};
}

int fields_find(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->field[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* jansson goes 2048 deep; no answer of a provider does. */
static bool rules_too_deep(const char *text, size_t len)
{
	int depth = 0;
	bool string = false;

	for (size_t i = 0; i < len; i++) {
		if (string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				string = false;
		} else if (text[i] == '"') {
			string = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > RULES_JSON_DEPTH)
				return true;
		} else if (text[i] == '}' || text[i] == ']') {
			depth--;
		}
	}
	return false;
}

/* flags: of json_loadb(), beyond ours. */
static json_t *rules_load_json(const char *text, size_t len, size_t flags, struct err *e)
{
	json_error_t why;
	json_t *root;

	if (rules_too_deep(text, len)) {
		(void)err_set(e, EX_DATAERR, "JSON nested too deeply");
		return NULL;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES | flags, &why);
	if (root == NULL)
		(void)err_set(e, EX_DATAERR, "not JSON (line %d, column %d)", why.line,
			      why.column);
	return root;
}

json_t *values_parse_json(const char *text, size_t len, struct err *e)
{
	return rules_load_json(text, len, 0, e);
}

/* RFC 6901 over borrowed values. */
const json_t *values_pointer(const json_t *root, const char *pointer)
{
	while (*pointer == '/' && root != NULL) {
		size_t n = strcspn(pointer + 1, "/");
		char step[96];
		size_t len = 0;

		for (size_t i = 1; i <= n && len < sizeof(step) - 1; i++) {
			char c = pointer[i];

			if (c == '~' && i < n &&
			    (pointer[i + 1] == '0' || pointer[i + 1] == '1'))
				c = pointer[++i] == '0' ? '~' : '/';
			step[len++] = c;
		}
		step[len] = '\0';
		if (json_is_array(root) && len > 0 && strspn(step, "0123456789") == len)
			root = json_array_get(root, strtoul(step, NULL, 10));
		else
			root = json_object_get(root, step);
		pointer += n + 1;
	}
	return root;
}

/* A scalar as text; NULL for null, containers and what is not there. */
static const char *rules_scalar(const json_t *j, char number[32])
{
	switch (j == NULL ? JSON_NULL : json_typeof(j)) {
	case JSON_STRING:
		return json_string_value(j);
	case JSON_INTEGER:
		(void)snprintf(number, 32, "%lld", (long long)json_integer_value(j));
		return number;
	case JSON_REAL:
		(void)snprintf(number, 32, "%.17g", json_real_value(j));
		return number;
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	default:
		return NULL;
	}
}

/* JSON that stands as text inside the value, perhaps as a string that holds JSON again, perhaps
 * followed by something else (eSMS's error_info is all of that). */
static void values_read_inner(const struct fields *f, size_t i, struct values *v)
{
	const char *text = v->value[i];

	v->value[i] = NULL;
	for (int level = 0; text != NULL && level < 2; level++) {
		json_t *root = rules_load_json(text, strlen(text),
					       JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, NULL);

		/* the outer string is needed until the inner one is parsed */
		json_decref(v->inner[i]);
		v->inner[i] = root;
		text = json_string_value(root);
	}
	v->value[i] = rules_scalar(values_pointer(v->inner[i], f->field[i].json), v->number[i]);
}

void values_read_json(const struct fields *f, const json_t *root, struct values *v)
{
	for (size_t i = FIELD_BODY + 1; i < f->n; i++) {
		if (f->field[i].at == NULL)
			continue;
		v->value[i] = rules_scalar(values_pointer(root, f->field[i].at), v->number[i]);
		if (f->field[i].json != NULL)
			values_read_inner(f, i, v);
	}
}

/* ---- flat answers --------------------------------------------------------------------------- */

enum { FLAT_MEMBERS = 16, FLAT_DIGITS = 15 };

struct flat_piece {
	const char *at;
	size_t len;
};

/* A walk over the text; p is NULL once anything was met that is not plain. */
struct flat {
	const char *p, *end;
};

static void flat_space(struct flat *s)
{
	while (s->p < s->end &&
	       (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool flat_take(struct flat *s, char c)
{
	flat_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* "…" of printable ASCII without escapes; what lies between the quotes. */
static bool flat_string(struct flat *s, struct flat_piece *out)
{
	if (!flat_take(s, '"'))
		return false;
	out->at = s->p;
	while (s->p < s->end && *s->p >= ' ' && *s->p <= '~' && *s->p != '"' && *s->p != '\\')
		s->p++;
	out->len = (size_t)(s->p - out->at);
	return flat_take(s, '"') && out->at + out->len + 1 == s->p;
}

static bool flat_word(struct flat *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

/* A number as the tree would print it again: no sign of zero, no leading zero, no fraction. What
 * follows is looked at by who calls: nothing but a comma or a brace is taken there. */
static bool flat_number(struct flat *s)
{
	const char *from = s->p, *digits;

	s->p += *s->p == '-';
	digits = s->p;
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > digits && s->p - digits <= FLAT_DIGITS &&
	       (*digits != '0' || (s->p == digits + 1 && from == digits));
}

/* One scalar; at is NULL for null. */
static bool flat_value(struct flat *s, struct flat_piece *out)
{
	flat_space(s);
	if (s->p == s->end)
		return false;
	if (*s->p == '"')
		return flat_string(s, out);
	out->at = s->p;
	if (flat_word(s, "null"))
		out->at = NULL;
	else if (!flat_word(s, "true") && !flat_word(s, "false") && !flat_number(s))
		return false;
	out->len = out->at == NULL ? 0 : (size_t)(s->p - out->at);
	return true;
}

static bool flat_same(const struct flat_piece *a, const char *text, size_t len)
{
	return a->len == len && memcmp(a->at, text, len) == 0;
}

/* All members; false when it is no flat object, or a name stands there twice. */
static bool flat_read(struct flat *s, struct flat_piece *names, struct flat_piece *values,
		      size_t *n)
{
	*n = 0;
	if (!flat_take(s, '{'))
		return false;
	do {
		if (*n == FLAT_MEMBERS || !flat_string(s, &names[*n]) || !flat_take(s, ':') ||
		    !flat_value(s, &values[*n]))
			return false;
		for (size_t i = 0; i < *n; i++) {
			if (flat_same(&names[i], names[*n].at, names[*n].len))
				return false;
		}
		(*n)++;
	} while (flat_take(s, ','));
	if (!flat_take(s, '}'))
		return false;
	flat_space(s);
	return s->p == s->end;
}

/* The member that a pointer names; NULL when there is none, as for every deeper pointer. */
static const struct flat_piece *flat_find(const char *pointer, const struct flat_piece *names,
					  const struct flat_piece *values, size_t n)
{
	size_t len = strlen(pointer + 1);

	if (memchr(pointer + 1, '/', len) != NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (flat_same(&names[i], pointer + 1, len))
			return &values[i];
	}
	return NULL;
}

bool values_read_flat(const struct fields *f, const char *text, size_t len, struct values *v)
{
	struct flat_piece names[FLAT_MEMBERS], values[FLAT_MEMBERS];
	struct flat s = {text, text + len};
	size_t n;

	if (!flat_read(&s, names, values, &n))
		return false;
	for (size_t i = FIELD_BODY + 1; i < f->n; i++) {
		const char *at = f->field[i].at;

		if (at != NULL && (strchr(at, '~') != NULL || strlen(at) > 64))
			return false;
	}
	/* The values stand in a copy, each closed where its quote or its comma was. */
	buf_init(&v->text, len + 1);
	(void)buf_add(&v->text, text, len);
	for (size_t i = FIELD_BODY + 1; i < f->n; i++) {
		const struct flat_piece *at =
		    f->field[i].at ? flat_find(f->field[i].at, names, values, n) : NULL;

		if (at == NULL || at->at == NULL)
			continue;
		v->value[i] = v->text.data + (at->at - text);
		v->text.data[at->at - text + (ptrdiff_t)at->len] = '\0';
		if (f->field[i].json != NULL)
			values_read_inner(f, i, v);
	}
	return true;
}

/* ---- forms --------------------------------------------------------------------------------- */

static int rules_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes one name or value onto the end of out, with its NUL. -1 for %00, broken UTF-8. */
static int rules_decode(const char *p, size_t n, struct buf *out)
{
	size_t at = out->len;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%' && i + 2 < n && rules_hex(p[i + 1]) >= 0 &&
			   rules_hex(p[i + 2]) >= 0) {
			c = (char)(rules_hex(p[i + 1]) << 4 | rules_hex(p[i + 2]));
			i += 2;
		}
		if (c == '\0' || buf_addc(out, c) < 0)
			return -1;
	}
	if (buf_addc(out, '\0') < 0)
		return -1;
	for (size_t i = at; i + 1 < out->len;) {
		utf8proc_int32_t cp;
		utf8proc_ssize_t used =
		    utf8proc_iterate((const utf8proc_uint8_t *)out->data + i,
				     (utf8proc_ssize_t)(out->len - 1 - i), &cp);

		if (used <= 0)
			return -1;
		i += (size_t)used;
	}
	return 0;
}

/* The next pair of *text, which it goes past: onto the end of out. */
static int rules_next_pair(const char **text, const char *end, struct buf *out)
{
	const char *stop = memchr(*text, '&', (size_t)(end - *text)), *equals;
	int rc;

	stop = stop == NULL ? end : stop;
	equals = memchr(*text, '=', (size_t)(stop - *text));
	equals = equals == NULL ? stop : equals;
	rc = rules_decode(*text, (size_t)(equals - *text), out);
	if (rc == 0)
		rc = rules_decode(equals == stop ? stop : equals + 1,
				  equals == stop ? 0 : (size_t)(stop - equals - 1), out);
	*text = stop + 1;
	return rc;
}

int values_split_form(const char *text, size_t len, struct buf *out, size_t max)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		if (n++ == max || rules_next_pair(&text, end, out) < 0)
			return -1;
	}
	return (int)n;
}

int values_read_form(const struct fields *f, const char *text, size_t len, struct values *v,
		     struct err *e)
{
	size_t at[FIELDS_MAX] = {0};
	const char *end = text + len;

	buf_init(&v->text, 2 * len + 64);
	(void)buf_addc(&v->text, '\0'); /* so that an offset of 0 means absent */
	while (text < end) {
		size_t name_at = v->text.len, value_at;

		if (rules_next_pair(&text, end, &v->text) < 0)
			return err_set(e, EX_DATAERR, "a field is malformed");
		value_at = name_at + strlen(v->text.data + name_at) + 1;
		for (size_t i = FIELD_BODY + 1; i < f->n; i++) {
			if (f->field[i].at == NULL ||
			    strcmp(f->field[i].at, v->text.data + name_at) != 0)
				continue;
			if (at[i] != 0)
				return err_set(e, EX_DATAERR, "the field %s stands there twice",
					       f->field[i].name);
			at[i] = value_at;
		}
	}
	for (size_t i = FIELD_BODY + 1; i < f->n; i++) {
		v->value[i] = at[i] == 0 ? NULL : v->text.data + at[i];
		if (f->field[i].json != NULL)
			values_read_inner(f, i, v);
	}
	return 0;
}

void values_read_headers(const struct fields *f, const struct http_header *headers, size_t n,
			 struct values *v)
{
	for (size_t i = FIELD_BODY + 1; i < f->n; i++) {
		for (size_t k = 0; f->field[i].header != NULL && k < n; k++) {
			if (v->value[i] == NULL &&
			    strcasecmp(headers[k].name, f->field[i].header) == 0)
				v->value[i] = headers[k].value;
		}
	}
}

void values_free(struct values *v)
{
	json_decref(v->root);
	for (size_t i = 0; i < FIELDS_MAX; i++)
		json_decref(v->inner[i]);
	buf_free(&v->text);
}

/* A scalar of the description as text, yours; NULL for a container. */
static char *rules_text(const json_t *j)
{
	char number[32];

	return mem_strdup(rules_scalar(j, number));
}

static int test_texts(const struct ydoc *doc, const json_t *parent, const char *key,
		      const json_t *value, struct test *t, struct err *e)
{
	size_t n = json_is_array(value) ? json_array_size(value) : 1;

	t->texts = mem_calloc(n, sizeof(*t->texts));
	for (size_t i = 0; i < n; i++) {
		t->texts[i] =
		    rules_text(json_is_array(value) ? json_array_get(value, i) : value);
		if (t->texts[i] == NULL)
			return ydoc_error(doc, parent, key, 0, e,
					  "\"%s\" is compared with text or a list of texts",
					  key);
		t->n_texts = i + 1;
	}
	if (n == 0)
		return ydoc_error(doc, parent, key, 0, e, "\"%s\": the list is empty", key);
	return 0;
}

static struct test *condition_add(struct condition *c, int field, enum test_op op)
{
	struct test *t = &c->tests[c->n_tests++];

	*t = (struct test){.field = field, .op = op, .from = INT64_MIN, .to = INT64_MAX};
	return t;
}

/* field: {prefix: …, from: …} */
static int condition_compile_ops(const struct ydoc *doc, const json_t *ops, int field,
				 struct condition *c, struct err *e)
{
	static const struct {
		const char *key;
		enum test_op op;
	} known[] = {{"prefix", TEST_PREFIX},	  {"suffix", TEST_SUFFIX},
		     {"contains", TEST_CONTAINS}, {"present", TEST_PRESENT},
		     {"from", TEST_RANGE},	  {"to", TEST_RANGE}};
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)ops, key, value)
	{
		size_t i = 0;
		struct test *t;

		while (i < 6 && strcmp(known[i].key, key) != 0)
			i++;
		if (i == 6)
			return ydoc_error(
			    doc, ops, key, 0, e,
			    "unknown test \"%s\"; known: prefix, suffix, contains, "
			    "present, from, to",
			    key);
		if (c->n_tests == RULES_MAX_TESTS)
			return ydoc_error(doc, ops, key, 0, e, "too many tests");
		t = condition_add(c, field, known[i].op);
		if (t->op == TEST_PRESENT) {
			if (!json_is_boolean(value))
				return ydoc_error(doc, ops, key, 0, e,
						  "\"present\" must be true or false");
			t->present = json_is_true(value);
		} else if (t->op == TEST_RANGE) {
			if (!json_is_integer(value))
				return ydoc_error(doc, ops, key, 0, e,
						  "\"%s\" must be a whole number", key);
			*(*key == 'f' ? &t->from : &t->to) = json_integer_value(value);
		} else if (test_texts(doc, ops, key, value, t, e) < 0) {
			return -1;
		}
	}
	return 0;
}

static int condition_compile_field(const struct ydoc *doc, const json_t *when, const char *name,
				   const json_t *value, const struct fields *f,
				   struct condition *c, struct err *e)
{
	int field = fields_find(f, name);

	if (field < 0)
		return ydoc_error(doc, when, name, 0, e,
				  "\"%s\" is not among the fields, nor status or body", name);
	if (json_is_object(value))
		return condition_compile_ops(doc, value, field, c, e);
	if (c->n_tests == RULES_MAX_TESTS)
		return ydoc_error(doc, when, name, 0, e, "too many tests");
	return test_texts(doc, when, name, value, condition_add(c, field, TEST_EQUAL), e);
}

int condition_compile(const struct ydoc *doc, const json_t *parent, const struct fields *f,
		      struct condition *c, struct err *e)
{
	const json_t *when = json_object_get(parent, "when");
	const char *name;
	json_t *value;

	*c = (struct condition){0};
	if (when == NULL)
		return 0;
	if (!json_is_object(when))
		return ydoc_error(doc, parent, "when", 0, e,
				  "\"when\" must be fields and values");
	c->tests = mem_calloc(RULES_MAX_TESTS, sizeof(*c->tests));
	json_object_foreach((json_t *)(uintptr_t)when, name, value)
	{
		if (condition_compile_field(doc, when, name, value, f, c, e) < 0) {
			condition_free(c);
			return -1;
		}
	}
	return 0;
}

static bool rules_in_range(const char *value, int64_t from, int64_t to)
{
	size_t len = strlen(value), sign = value[0] == '-';
	int64_t n;

	if (len == sign || len > 18 || strspn(value + sign, "0123456789") != len - sign)
		return false;
	n = strtoll(value, NULL, 10);
	return n >= from && n <= to;
}

static bool test_text_holds(enum test_op op, const char *value, const char *want)
{
	size_t nv = strlen(value), nw = strlen(want);

	switch (op) {
	case TEST_PREFIX:
		return strncmp(value, want, nw) == 0;
	case TEST_SUFFIX:
		return nv >= nw && strcmp(value + nv - nw, want) == 0;
	case TEST_CONTAINS:
		return strstr(value, want) != NULL;
	default:
		return strcmp(value, want) == 0;
	}
}

static bool test_holds(const struct test *t, const struct values *v)
{
	const char *value = v->value[t->field];

	if (t->op == TEST_PRESENT)
		return (value != NULL && *value != '\0') == t->present;
	if (value == NULL)
		return false;
	if (t->op == TEST_RANGE)
		return rules_in_range(value, t->from, t->to);
	for (size_t i = 0; i < t->n_texts; i++) {
		if (test_text_holds(t->op, value, t->texts[i]))
			return true;
	}
	return false;
}

bool condition_holds(const struct condition *c, const struct values *v)
{
	for (size_t i = 0; i < c->n_tests; i++) {
		if (!test_holds(&c->tests[i], v))
			return false;
	}
	return true;
}

void condition_free(struct condition *c)
{
	for (size_t i = 0; i < c->n_tests; i++) {
		for (size_t k = 0; k < c->tests[i].n_texts; k++)
			free(c->tests[i].texts[k]);
		free(c->tests[i].texts);
	}
	free(c->tests);
	*c = (struct condition){0};
}
