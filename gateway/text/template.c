/* SPDX-License-Identifier: Apache-2.0 */
#include "text/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/template_filter.h"
#include "text/vi.h"

#define TEMPLATE_DEPTH_MAX 16
#define TEMPLATE_NAME_MAX  64
/* A value on its way through filters. */
#define TEMPLATE_VALUE_MAX (64 * 1024)

enum template_op_kind { OP_TEXT, OP_VALUE, OP_RAW, OP_SECTION, OP_INVERTED };

/* One step of rendering. Steps of a section follow it, up to end. */
struct template_op {
	enum template_op_kind kind;
	uint32_t line, column;
	const char *text; /* OP_TEXT */
	size_t len;
	size_t var; /* the others */
	size_t filter, n_filters;
	size_t fallback; /* among its filters: where default: stands; n_filters = nowhere */
	size_t end;
};

struct template_var {
	char *name;
	bool required;
};

struct template_use {
	const struct template_filter *filter;
	char *arg;
};

struct template
{
	char *name;
	char *source; /* texts point into it */
	struct template_op *ops;
	size_t n_ops, cap_ops;
	struct template_var *vars;
	size_t n_vars, cap_vars;
	struct template_use *uses;
	size_t n_uses, cap_uses;
	bool raw;
};

/* The reading of a source. */
struct template_parser {
	struct template *t;
	const struct template_filter *more;
	const char *at, *end;	/* what is not read yet */
	const char *line_start; /* of the line at stands in */
	uint32_t line, column;	/* of at */
	size_t open[TEMPLATE_DEPTH_MAX];
	size_t depth;
	struct err *e;
};

static int parser_error(const struct template_parser *p, uint32_t line, uint32_t column,
			const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static int parser_error(const struct template_parser *p, uint32_t line, uint32_t column,
			const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	(void)err_set(p->e, EX_CONFIG, "%s:%u:%u: %s", p->t->name, line, column, text);
	free(text);
	return -1;
}

/* Moves on to to, counting lines and characters. */
static void parser_advance(struct template_parser *p, const char *to)
{
	for (; p->at < to; p->at++) {
		if (*p->at == '\n') {
			p->line++;
			p->column = 1;
			p->line_start = p->at + 1;
		} else if ((*p->at & 0xC0) != 0x80) {
			p->column++;
		}
	}
}

static struct template_op *parser_add_op(struct template_parser *p, enum template_op_kind kind)
{
	struct template *t = p->t;
	struct template_op *op;

	t->ops = mem_grow(t->ops, &t->cap_ops, t->n_ops + 1, sizeof(t->ops[0]));
	op = &t->ops[t->n_ops++];
	*op = (struct template_op){.kind = kind, .line = p->line, .column = p->column};
	return op;
}

static void parser_add_text(struct template_parser *p, const char *text, size_t len)
{
	struct template_op *op;

	if (len == 0)
		return;
	op = parser_add_op(p, OP_TEXT);
	op->text = text;
	op->len = len;
}

static bool template_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool template_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

/* Takes blanks off both ends of [*s, *s + *len). */
static void template_strip(const char **s, size_t *len)
{
	while (*len > 0 && template_is_blank(**s)) {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && template_is_blank((*s)[*len - 1]))
		(*len)--;
}

/* Cuts the next piece off [*s, *s + *len) at '|'. */
static bool template_piece(const char **s, size_t *len, const char **piece, size_t *piece_len)
{
	const char *bar;

	if (*len == 0)
		return false;
	bar = memchr(*s, '|', *len);
	*piece = *s;
	*piece_len = bar == NULL ? *len : (size_t)(bar - *s);
	*s += *piece_len + (bar != NULL);
	*len -= *piece_len + (bar != NULL);
	template_strip(piece, piece_len);
	return true;
}

/* The index of a variable, which is added where it is new. -1: no name. */
static int parser_var(struct template_parser *p, const char *name, size_t len, size_t *var)
{
	struct template *t = p->t;

	for (size_t i = 0; i < len; i++)
		if (!template_is_name(name[i]))
			return parser_error(p, p->line, p->column,
					    "\"%.*s\" is no name of a variable", (int)len,
					    name);
	if (len == 0 || len > TEMPLATE_NAME_MAX)
		return parser_error(p, p->line, p->column, "the name of a variable is missing");
	for (size_t i = 0; i < t->n_vars; i++) {
		if (strlen(t->vars[i].name) == len && memcmp(t->vars[i].name, name, len) == 0) {
			*var = i;
			return 0;
		}
	}
	t->vars = mem_grow(t->vars, &t->cap_vars, t->n_vars + 1, sizeof(t->vars[0]));
	t->vars[t->n_vars] = (struct template_var){.name = mem_strndup(name, len)};
	*var = t->n_vars++;
	return 0;
}

static const struct template_filter *parser_find_filter(const struct template_parser *p,
							const char *name)
{
	const struct template_filter *f = template_filter_find(name);

	for (const struct template_filter *m = p->more;
	     f == NULL && m != NULL && m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			f = m;
	return f;
}

/* One "name:argument" of a value. */
static int parser_filter(struct template_parser *p, const char *s, size_t len)
{
	struct template *t = p->t;
	const char *colon = memchr(s, ':', len);
	size_t name_len = colon == NULL ? len : (size_t)(colon - s);
	char *name = mem_strndup(s, name_len);
	char *arg = colon == NULL ? mem_strdup("") : mem_strndup(colon + 1, len - name_len - 1);
	const struct template_filter *f = parser_find_filter(p, name);
	struct err why = ERR_INIT;
	int rc = 0;

	if (f == NULL)
		rc = parser_error(p, p->line, p->column, "there is no filter \"%s\"", name);
	else if (template_filter_check(f, arg, &why) < 0)
		rc =
		    parser_error(p, p->line, p->column, "the filter \"%s\" %s", name, why.text);
	if (rc == 0) {
		t->uses = mem_grow(t->uses, &t->cap_uses, t->n_uses + 1, sizeof(t->uses[0]));
		t->uses[t->n_uses++] = (struct template_use){.filter = f, .arg = arg};
	} else {
		free(arg);
	}
	free(name);
	return rc;
}

/* {{name|filter|filter:argument}} */
static int parser_value(struct template_parser *p, const char *s, size_t len, bool raw)
{
	struct template *t = p->t;
	const char *piece = s;
	size_t piece_len = 0, var = 0, first = t->n_uses, fallback;
	struct template_op *op;
	bool within = false;

	(void)template_piece(&s, &len, &piece, &piece_len);
	if (parser_var(p, piece, piece_len, &var) < 0)
		return -1;
	while (template_piece(&s, &len, &piece, &piece_len))
		if (parser_filter(p, piece, piece_len) < 0)
			return -1;
	fallback = first;
	while (fallback < t->n_uses && strcmp(t->uses[fallback].filter->name, "default") != 0)
		fallback++;
	for (size_t i = 0; i < p->depth; i++)
		within |=
		    t->ops[p->open[i]].kind == OP_SECTION && t->ops[p->open[i]].var == var;
	t->vars[var].required |= !within && fallback == t->n_uses;
	t->raw |= raw;
	op = parser_add_op(p, raw ? OP_RAW : OP_VALUE);
	op->var = var;
	op->filter = first;
	op->n_filters = t->n_uses - first;
	op->fallback = fallback - first;
	return 0;
}

static int parser_open(struct template_parser *p, const char *s, size_t len,
		       enum template_op_kind kind)
{
	size_t var = 0;

	template_strip(&s, &len);
	if (parser_var(p, s, len, &var) < 0)
		return -1;
	if (p->depth == TEMPLATE_DEPTH_MAX)
		return parser_error(p, p->line, p->column, "sections are nested too deep");
	p->open[p->depth++] = p->t->n_ops;
	parser_add_op(p, kind)->var = var;
	return 0;
}

static int parser_close(struct template_parser *p, const char *s, size_t len)
{
	struct template *t = p->t;
	struct template_op *op;
	const char *name;

	template_strip(&s, &len);
	if (p->depth == 0)
		return parser_error(p, p->line, p->column, "{{/%.*s}} closes nothing", (int)len,
				    s);
	op = &t->ops[p->open[p->depth - 1]];
	name = t->vars[op->var].name;
	if (strlen(name) != len || memcmp(name, s, len) != 0)
		return parser_error(p, p->line, p->column,
				    "{{/%.*s}} stands where {{/%s}} of line %u is due",
				    (int)len, s, name, op->line);
	op->end = t->n_ops;
	p->depth--;
	return 0;
}

/* What stands between the braces. */
static int parser_tag(struct template_parser *p, const char *s, size_t len, bool raw)
{
	if (memchr(s, '\n', len) != NULL && *s != '!')
		return parser_error(p, p->line, p->column, "{{ is not closed on its line");
	if (raw)
		return parser_value(p, s, len, true);
	switch (len > 0 ? *s : '\0') {
	case '#':
		return parser_open(p, s + 1, len - 1, OP_SECTION);
	case '^':
		return parser_open(p, s + 1, len - 1, OP_INVERTED);
	case '/':
		return parser_close(p, s + 1, len - 1);
	case '!':
		return 0;
	default:
		return parser_value(p, s, len, false);
	}
}

/* Whether a mark from tag to *after stands alone on its line; then *after moves to the next
 * line. */
static bool parser_alone(const struct template_parser *p, const char *tag, const char **after)
{
	const char *next = *after;

	for (const char *s = p->line_start; s < tag; s++)
		if (!template_is_blank(*s))
			return false;
	while (next < p->end && (template_is_blank(*next) || *next == '\r'))
		next++;
	if (next < p->end && *next != '\n')
		return false;
	*after = next < p->end ? next + 1 : next;
	return true;
}

/* Reads text up to the next mark, and the mark. 1, 0 at the end, -1. */
static int parser_step(struct template_parser *p)
{
	const char *text = p->at, *text_end, *body, *close, *after;
	const char *tag = memmem(text, (size_t)(p->end - text), "{{", 2);
	size_t braces;
	int rc;

	if (tag == NULL) {
		parser_add_text(p, text, (size_t)(p->end - text));
		return 0;
	}
	parser_advance(p, tag);
	braces = p->end - tag > 2 && tag[2] == '{' ? 3 : 2;
	body = tag + braces;
	close = memmem(body, (size_t)(p->end - body), "}}}", braces);
	if (close == NULL)
		return parser_error(p, p->line, p->column, "{{ is not closed");
	after = close + braces;
	text_end = tag;
	if (braces == 2 && close > body && strchr("#^/!", *body) != NULL &&
	    parser_alone(p, tag, &after))
		text_end = p->line_start;
	parser_add_text(p, text, (size_t)(text_end - text));
	rc = parser_tag(p, body, (size_t)(close - body), braces == 3);
	parser_advance(p, after);
	return rc < 0 ? -1 : 1;
}

/* The source in NFC without the end of its last line; NULL with e. */
static char *template_source(const char *name, const char *text, size_t len, struct err *e)
{
	char *copy, *nfc;

	if (memchr(text, '\0', len) != NULL) {
		(void)err_set(e, EX_CONFIG, "%s: is not text", name);
		return NULL;
	}
	copy = mem_strndup(text, len);
	nfc = vi_nfc(copy);
	free(copy);
	if (nfc == NULL) {
		(void)err_set(e, EX_CONFIG, "%s: is not UTF-8", name);
		return NULL;
	}
	len = strlen(nfc);
	if (len > 0 && nfc[len - 1] == '\n')
		nfc[--len] = '\0';
	if (len > 0 && nfc[len - 1] == '\r')
		nfc[--len] = '\0';
	return nfc;
}

struct template *template_compile(const char *name, const char *text, size_t len,
				  const struct template_filter *more, struct err *e)
{
	struct template_parser p = {.more = more, .line = 1, .column = 1, .e = e};
	char *source = template_source(name, text, len, e);
	int rc;

	if (source == NULL)
		return NULL;
	p.t = mem_calloc(1, sizeof(*p.t));
	p.t->name = mem_strdup(name);
	p.t->source = source;
	p.at = p.line_start = source;
	p.end = source + strlen(source);
	do
		rc = parser_step(&p);
	while (rc > 0);
	if (rc == 0 && p.depth > 0) {
		const struct template_op *op = &p.t->ops[p.open[p.depth - 1]];

		rc = parser_error(&p, op->line, op->column, "{{#%s}} is not closed",
				  p.t->vars[op->var].name);
	}
	if (rc < 0) {
		template_free(p.t);
		return NULL;
	}
	return p.t;
}

void template_free(struct template *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_vars; i++)
		free(t->vars[i].name);
	for (size_t i = 0; i < t->n_uses; i++)
		free(t->uses[i].arg);
	free(t->vars);
	free(t->uses);
	free(t->ops);
	free(t->source);
	free(t->name);
	free(t);
}

size_t template_n_vars(const struct template *t)
{
	return t->n_vars;
}

const char *template_var(const struct template *t, size_t i)
{
	return t->vars[i].name;
}

bool template_var_required(const struct template *t, size_t i)
{
	return t->vars[i].required;
}

bool template_is_raw(const struct template *t)
{
	return t->raw;
}

/* One rendering. */
struct template_run {
	const struct template *t;
	const struct template_source *src;
	template_escape_fn escape;
	struct buf *out;
	struct buf scratch[2]; /* values between two filters */
	struct err *e;
};

static int run_error(const struct template_run *r, const struct template_op *op,
		     const char *why)
{
	return err_set(r->e, EX_DATAERR, "%s:%u:%u: {{%s}}: %s", r->t->name, op->line,
		       op->column, r->t->vars[op->var].name, why);
}

/* Sends *value through the filters of op; it then stands in a scratch buffer. */
static int run_filters(struct template_run *r, const struct template_op *op, const char **value)
{
	const struct template_use *use;
	size_t i = 0;

	if (op->n_filters == 0)
		return 0;
	use = &r->t->uses[op->filter];
	if ((*value == NULL || **value == '\0') && op->fallback < op->n_filters) {
		*value = "";
		i = op->fallback;
	}
	for (; i < op->n_filters; i++) {
		struct buf *to = &r->scratch[i % 2];
		struct err why = ERR_INIT;

		buf_reset(to);
		if (use[i].filter->fn(*value, use[i].arg, to, &why) < 0 || to->overflow)
			return run_error(r, op, why.code != 0 ? why.text : "giá trị quá dài");
		*value = buf_text(to);
	}
	return 0;
}

static int run_value(struct template_run *r, const struct template_op *op)
{
	const char *value = r->src->get(r->src->arg, op->var, r->t->vars[op->var].name);
	template_escape_fn escape = op->kind == OP_RAW ? template_escape_none : r->escape;

	if (value == NULL && op->fallback == op->n_filters)
		return run_error(r, op, "thiếu giá trị");
	if (run_filters(r, op, &value) < 0)
		return -1;
	if (escape(value, r->out) < 0)
		return run_error(r, op, "văn bản quá dài");
	return 0;
}

static int run_range(struct template_run *r, size_t from, size_t to);

static int run_section(struct template_run *r, size_t at)
{
	const struct template_op *op = &r->t->ops[at];
	const struct template_source *src = r->src;
	const char *name = r->t->vars[op->var].name, *value;
	int n = src->count == NULL ? -1 : src->count(src->arg, op->var, name);

	if (n < 0) {
		value = src->get(src->arg, op->var, name);
		if ((value != NULL && *value != '\0') != (op->kind == OP_SECTION))
			return 0;
		return run_range(r, at + 1, op->end);
	}
	if (op->kind == OP_INVERTED)
		return n > 0 ? 0 : run_range(r, at + 1, op->end);
	for (int i = 0; i < n; i++) {
		int rc;

		src->enter(src->arg, op->var, name, i);
		rc = run_range(r, at + 1, op->end);
		src->leave(src->arg);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int run_range(struct template_run *r, size_t from, size_t to)
{
	while (from < to) {
		const struct template_op *op = &r->t->ops[from];
		int rc;

		switch (op->kind) {
		case OP_TEXT:
			rc = buf_add(r->out, op->text, op->len);
			if (rc < 0)
				(void)err_set(r->e, EX_DATAERR, "%s: văn bản quá dài",
					      r->t->name);
			from++;
			break;
		case OP_VALUE:
		case OP_RAW:
			rc = run_value(r, op);
			from++;
			break;
		default:
			rc = run_section(r, from);
			from = op->end;
		}
		if (rc < 0)
			return -1;
	}
	return 0;
}

int template_render(const struct template *t, const struct template_source *src,
		    template_escape_fn escape, struct buf *out, struct err *e)
{
	struct template_run r = {
	    .t = t,
	    .src = src,
	    .escape = escape,
	    .out = out,
	    .scratch = {BUF_INIT(TEMPLATE_VALUE_MAX), BUF_INIT(TEMPLATE_VALUE_MAX)},
	    .e = e};
	int rc = run_range(&r, 0, t->n_ops);

	buf_free(&r.scratch[0]);
	buf_free(&r.scratch[1]);
	return rc;
}
