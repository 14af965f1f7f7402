/* SPDX-License-Identifier: Apache-2.0 */
/* Predicates: read once by recursive descent into a row of nodes, each naming
 * where to go on when it holds and when it does not, so that a decision about
 * a row is a walk without recursion. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "roster/programme.h"
#include "text/phone.h"
#include "text/vdate.h"
#include "text/vi.h"

#define PREDICATE_MAX_NODES  1024
#define PREDICATE_MAX_DEPTH  32
#define PREDICATE_MAX_VALUES 64

enum predicate_left {
	LEFT_STATE,
	LEFT_BIRTH,
	LEFT_PHONE,
	LEFT_SEX,
	LEFT_HOLD,
	LEFT_NUMBER,
	LEFT_SHARED,
	LEFT_AGE,
	LEFT_UNIT,
	LEFT_GROUP,
	LEFT_FACT
};

static const char *const predicate_lefts[] = {"state",	"birth",  "phone", "sex",  "hold",
					      "number", "shared", "age",   "unit", "group"};

/* In the order in which the first that is true speaks: as a campaign judges a number. */
enum predicate_reach {
	REACH_OPTED_OUT,
	REACH_WRONG_PERSON,
	REACH_NONE,
	REACH_DEAD,
	REACH_UNCONFIRMED,
	REACH_OK,
	REACH_COUNT
};
static const char *const predicate_reaches[] = {"opted-out", "wrong-person", "none",
						"dead",	     "unconfirmed",  "ok"};

enum predicate_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct predicate_value {
	char *text; /* as written; of a listed fact: its canonical value */
	char *fold;
	int number; /* of the left sides that are one */
};

struct predicate_node {
	enum predicate_left left;
	enum predicate_op op;
	char *fact;
	size_t fact_len;
	bool listed; /* the fact has listed values: they compare byte by byte */
	struct predicate_value *values;
	size_t n_values;
	int yes, no; /* index of the next node, or HOLDS, FAILS */
};

#define NODE_HOLDS (-1)
#define NODE_FAILS (-2)

struct predicate {
	struct predicate_node *nodes;
	size_t n, cap;
	int start;
};

/* ---- reading ------------------------------------------------------------------------------- */

enum predicate_token {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_OP,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA
};

struct predicate_reader {
	const struct programme *p;
	const char *text, *at, *where;
	struct err *err;
	struct predicate *q;
	const struct predicate_names *names;
	struct buf *out; /* the text with its names replaced */
	enum predicate_token token;
	char *word;   /* of the token */
	size_t start; /* of the token, from the beginning of the text */
	int depth;
};

/* A condition under way: its first node, and the exits that are still open. */
struct predicate_part {
	int start;
	int first, end; /* nodes first … end - 1 are its own */
};

static int predicate_error(struct predicate_reader *r, const char *what)
{
	return err_set(r->err, EX_CONFIG, "%s%s%s, at \"%.*s\" of \"%.*s\"",
		       r->where == NULL ? "" : r->where, r->where == NULL ? "" : ": ", what,
		       buf_fit(r->text + r->start, 80), r->text + r->start,
		       buf_fit(r->text, 300), r->text);
}

static int predicate_next(struct predicate_reader *r)
{
	static const char stop[] = " \t\r\n()=!<>,\"'";
	const char *p = r->at + strspn(r->at, " \t\r\n"), *end;

	/* what was read is behind us */
	if (r->at > r->text + r->start && r->token != TOKEN_END) {
		(void)buf_add(r->out, r->text + r->start, (size_t)(r->at - r->text) - r->start);
		(void)buf_addc(r->out, ' ');
	}
	free(r->word);
	r->word = NULL;
	r->start = (size_t)(p - r->text);
	switch (*p) {
	case '\0':
		r->token = TOKEN_END;
		end = p;
		break;
	case '(':
	case ')':
	case ',':
		r->token = *p == '(' ? TOKEN_OPEN : *p == ')' ? TOKEN_CLOSE : TOKEN_COMMA;
		end = p + 1;
		break;
	case '"':
	case '\'':
		r->token = TOKEN_QUOTED;
		end = strchr(p + 1, *p);
		if (end == NULL)
			return predicate_error(r, "a quote is not closed");
		r->word = mem_strndup(p + 1, (size_t)(end - p - 1));
		end++;
		break;
	case '=':
	case '!':
	case '<':
	case '>':
		r->token = TOKEN_OP;
		end = p + 1 + (*p != '=' && p[1] == '=');
		r->word = mem_strndup(p, (size_t)(end - p));
		break;
	default:
		r->token = TOKEN_WORD;
		end = p + strcspn(p, stop);
		r->word = mem_strndup(p, (size_t)(end - p));
	}
	r->at = end;
	return 0;
}

/* What stands in the token, "" for one that is a mark. */
static const char *predicate_word(const struct predicate_reader *r)
{
	return r->word != NULL ? r->word : "";
}

static bool predicate_is_word(const struct predicate_reader *r, const char *word)
{
	return r->token == TOKEN_WORD && strcmp(predicate_word(r), word) == 0;
}

/* The exits of a part's nodes that lead to `from` lead to `to` now. */
static void predicate_link(struct predicate *q, const struct predicate_part *part, int from,
			   int to)
{
	for (int i = part->first; i < part->end; i++) {
		if (q->nodes[i].yes == from)
			q->nodes[i].yes = to;
		if (q->nodes[i].no == from)
			q->nodes[i].no = to;
	}
}

/* The column of a fact, or NULL. */
static const struct programme_column *predicate_fact(const struct programme *p,
						     const char *name)
{
	const struct programme_column *c = p->columns.items;

	for (size_t i = 0; i < p->columns.n; i++) {
		if (c[i].field == COLUMN_FACT && strcmp(c[i].name, name) == 0)
			return &c[i];
	}
	return NULL;
}

/* Which number a value is on its left side. 0 or -1. */
static int predicate_number(const struct programme *p, enum predicate_left left,
			    const char *text, int *out)
{
	static const char *const births[] = {"none", "year", "month", "day"};

	switch (left) {
	case LEFT_STATE:
		*out = programme_state_find(p, text);
		return *out < 0 ? -1 : 0;
	case LEFT_BIRTH:
		for (*out = 0; *out < 4; (*out)++) {
			if (strcmp(births[*out], text) == 0)
				return 0;
		}
		return -1;
	case LEFT_PHONE:
		for (*out = PHONE_OK; *out <= PHONE_INVALID; (*out)++) {
			if (strcmp(phone_status_name((enum phone_status) * out), text) == 0)
				return 0;
		}
		return -1;
	case LEFT_NUMBER:
		for (*out = 0; *out < REACH_COUNT; (*out)++) {
			if (strcmp(predicate_reaches[*out], text) == 0)
				return 0;
		}
		return -1;
	case LEFT_SHARED:
		*out = strcmp(text, "yes") == 0;
		return *out || strcmp(text, "no") == 0 ? 0 : -1;
	case LEFT_AGE:
		*out = (int)strtol(text, NULL, 10);
		return *text != '\0' && strspn(text, "0123456789") == strlen(text) &&
			       strlen(text) < 4
			   ? 0
			   : -1;
	case LEFT_SEX:
		*out = text[0] - '0';
		return *out >= 0 && *out <= 2 && text[1] == '\0' ? 0 : -1;
	case LEFT_HOLD:
		for (*out = HOLD_NONE; *out <= HOLD_GONE; (*out)++) {
			if (strcmp(recipient_hold_name((enum recipient_hold) * out), text) == 0)
				return 0;
		}
		return -1;
	default:
		*out = 0;
		return 0;
	}
}

/* The value under the reader becomes one of node's. */
static int predicate_read_value(struct predicate_reader *r, struct predicate_node *node)
{
	struct predicate_value *v;
	const struct programme_column *c = NULL;

	if (r->token != TOKEN_WORD && r->token != TOKEN_QUOTED)
		return predicate_error(r, "a value is expected");
	if (node->n_values == PREDICATE_MAX_VALUES)
		return predicate_error(r, "too many values");
	node->values = mem_realloc(node->values, node->n_values + 1, sizeof(*node->values));
	v = &node->values[node->n_values++];
	v->text = mem_strdup(r->word);
	v->fold = vi_fold(r->word);
	if (predicate_number(r->p, node->left, r->word, &v->number) < 0)
		return predicate_error(r, "this value does not occur on the left side");
	if (node->left == LEFT_FACT)
		c = predicate_fact(r->p, node->fact);
	if (c != NULL && c->values != NULL && r->word[0] != '\0' &&
	    json_object_get(c->values, r->word) == NULL &&
	    (c->other == NULL || strcmp(c->other, r->word) != 0) &&
	    (c->empty == NULL || strcmp(c->empty, r->word) != 0))
		return predicate_error(r, "the fact has no such value");
	return predicate_next(r);
}

static int predicate_no_left(struct predicate_reader *r)
{
	struct buf known = BUF_INIT(200);
	int rc;

	for (size_t i = 0; i < sizeof(predicate_lefts) / sizeof(predicate_lefts[0]); i++)
		(void)buf_addf(&known, "%s, ", predicate_lefts[i]);
	(void)buf_adds(&known, "or fact.NAME is expected");
	rc = predicate_error(r, buf_text(&known));
	buf_free(&known);
	return rc;
}

static int predicate_read_left(struct predicate_reader *r, struct predicate_node *node)
{
	const struct programme_column *c;

	if (r->token != TOKEN_WORD)
		return predicate_no_left(r);
	if (strncmp(r->word, "fact.", 5) == 0) {
		c = predicate_fact(r->p, r->word + 5);
		if (c == NULL && strcmp(r->word + 5, "away") != 0 &&
		    strcmp(r->word + 5, "note") != 0)
			return predicate_error(r, "no column has this fact");
		node->left = LEFT_FACT;
		node->fact = mem_strdup(r->word + 5);
		node->fact_len = strlen(node->fact);
		node->listed = c != NULL && c->values != NULL;
		return predicate_next(r);
	}
	for (size_t i = 0; i < sizeof(predicate_lefts) / sizeof(predicate_lefts[0]); i++) {
		if (strcmp(r->word, predicate_lefts[i]) == 0) {
			node->left = (enum predicate_left)i;
			return predicate_next(r);
		}
	}
	return predicate_no_left(r);
}

/* … in (VALUE, VALUE), or … OPERATOR VALUE. */
static int predicate_read_right(struct predicate_reader *r, struct predicate_node *node)
{
	static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">="};
	size_t op = 0;

	if (predicate_is_word(r, "in")) {
		if (predicate_next(r) < 0)
			return -1;
		if (r->token != TOKEN_OPEN)
			return predicate_error(r, "\"(\" is expected after in");
		do {
			if (predicate_next(r) < 0 || predicate_read_value(r, node) < 0)
				return -1;
		} while (r->token == TOKEN_COMMA);
		if (r->token != TOKEN_CLOSE)
			return predicate_error(r, "\")\" is expected");
		return predicate_next(r);
	}
	while (op < 6 && (r->token != TOKEN_OP || strcmp(r->word, ops[op]) != 0))
		op++;
	if (op == 6)
		return predicate_error(r, "one of = != < <= > >= in is expected");
	node->op = (enum predicate_op)op;
	if (op >= OP_LT && node->left != LEFT_STATE && node->left != LEFT_BIRTH &&
	    node->left != LEFT_AGE)
		return predicate_error(r, "only state, birth and age have an order");
	return predicate_next(r) < 0 ? -1 : predicate_read_value(r, node);
}

static int predicate_read_or(struct predicate_reader *r, struct predicate_part *out);

/* What a name stands for; yours. NULL: nothing. */
static char *predicate_meaning(const struct predicate_reader *r, const char *name)
{
	const struct programme_named *named = r->p->named.items;
	const char *text = NULL;
	int index = programme_audience_find(r->p, name);
	struct buf all = BUF_INIT(65536);

	if (index >= 0) {
		(void)buf_addf(&all, "(%s)", programme_audience_at(r->p, index)->when);
		for (int i = 0; i < index; i++)
			(void)buf_addf(&all, " and not (%s)",
				       programme_audience_at(r->p, i)->when);
		return buf_take(&all);
	}
	for (size_t i = 0; i < r->p->named.n && text == NULL; i++)
		text = strcmp(named[i].id, name) == 0 ? named[i].when : NULL;
	if (text == NULL && r->names != NULL)
		text = r->names->find(r->names->arg, name);
	return text != NULL ? mem_strdup(text) : NULL;
}

static bool predicate_is_left(const char *word)
{
	for (size_t i = 0; i < sizeof(predicate_lefts) / sizeof(predicate_lefts[0]); i++)
		if (strcmp(word, predicate_lefts[i]) == 0)
			return true;
	return strncmp(word, "fact.", 5) == 0;
}

/* A name where a condition may stand: 1 and its meaning is read in its place; 0; -1. */
static int predicate_read_name(struct predicate_reader *r, struct predicate_part *out)
{
	struct predicate_reader inner = *r;
	char *meaning;
	int rc;

	if ((r->token != TOKEN_WORD && r->token != TOKEN_QUOTED) ||
	    (r->token == TOKEN_WORD && predicate_is_left(predicate_word(r))))
		return 0;
	meaning = predicate_meaning(r, predicate_word(r));
	if (meaning == NULL)
		return r->token == TOKEN_QUOTED
			   ? predicate_error(r, "no predicate has this name")
			   : 0;
	if (++r->depth > PREDICATE_MAX_DEPTH) {
		free(meaning);
		return predicate_error(r, "a name that stands for itself, or too many names");
	}
	inner.text = inner.at = meaning;
	inner.start = 0;
	inner.word = NULL;
	inner.token = TOKEN_END;
	inner.depth = r->depth;
	(void)buf_adds(r->out, "( ");
	rc = predicate_next(&inner);
	if (rc == 0)
		rc = predicate_read_or(&inner, out);
	if (rc == 0 && inner.token != TOKEN_END)
		rc = predicate_error(&inner, "\"and\", \"or\" or the end is expected");
	(void)buf_adds(r->out, ") ");
	free(inner.word);
	free(meaning);
	r->depth--;
	/* the name itself is not part of the expanded text */
	r->token = TOKEN_END;
	return rc < 0 || predicate_next(r) < 0 ? -1 : 1;
}

static int predicate_read_not(struct predicate_reader *r, struct predicate_part *out)
{
	struct predicate *q = r->q;
	struct predicate_node *node;
	bool negated = false;
	int rc;

	for (; predicate_is_word(r, "not"); negated = !negated) {
		if (predicate_next(r) < 0)
			return -1;
	}
	if (r->token == TOKEN_OPEN) {
		if (++r->depth > PREDICATE_MAX_DEPTH)
			return predicate_error(r, "too many parentheses");
		if (predicate_next(r) < 0 || predicate_read_or(r, out) < 0)
			return -1;
		r->depth--;
		if (r->token != TOKEN_CLOSE)
			return predicate_error(r, "\")\" is expected");
		if (predicate_next(r) < 0)
			return -1;
	} else if ((rc = predicate_read_name(r, out)) != 0) {
		if (rc < 0)
			return -1;
	} else {
		if (q->n == PREDICATE_MAX_NODES)
			return predicate_error(r, "too long");
		out->start = out->first = (int)q->n;
		out->end = out->first + 1;
		q->nodes = mem_grow(q->nodes, &q->cap, q->n + 1, sizeof(*q->nodes));
		node = &q->nodes[q->n++];
		memset(node, 0, sizeof(*node));
		node->yes = NODE_HOLDS;
		node->no = NODE_FAILS;
		rc = predicate_read_left(r, node);
		if (rc < 0 || predicate_read_right(r, node) < 0)
			return -1;
	}
	for (int i = out->first; negated && i < out->end; i++) {
		struct predicate_node *n = &q->nodes[i];

		n->yes = n->yes < 0 ? NODE_HOLDS + NODE_FAILS - n->yes : n->yes;
		n->no = n->no < 0 ? NODE_HOLDS + NODE_FAILS - n->no : n->no;
	}
	return 0;
}

/* A chain of parts joined by one word. */
static int predicate_read_chain(struct predicate_reader *r, const char *word, int open,
				int (*read)(struct predicate_reader *, struct predicate_part *),
				struct predicate_part *out)
{
	struct predicate_part next = {0};

	if (read(r, out) < 0)
		return -1;
	while (predicate_is_word(r, word)) {
		if (predicate_next(r) < 0 || read(r, &next) < 0)
			return -1;
		predicate_link(r->q, out, open, next.start);
		out->end = next.end;
	}
	return 0;
}

static int predicate_read_and(struct predicate_reader *r, struct predicate_part *out)
{
	return predicate_read_chain(r, "and", NODE_HOLDS, predicate_read_not, out);
}

static int predicate_read_or(struct predicate_reader *r, struct predicate_part *out)
{
	return predicate_read_chain(r, "or", NODE_FAILS, predicate_read_and, out);
}

struct predicate *predicate_compile(const struct programme *p, const char *text,
				    const char *where, struct err *e)
{
	return predicate_compile_named(p, text, where, NULL, NULL, e);
}

struct predicate *predicate_compile_named(const struct programme *p, const char *text,
					  const char *where,
					  const struct predicate_names *names, char **expanded,
					  struct err *e)
{
	struct predicate *q = mem_calloc(1, sizeof(*q));
	struct buf out = BUF_INIT(65536);
	struct predicate_reader r = {.p = p,
				     .text = text,
				     .at = text,
				     .where = where,
				     .err = e,
				     .names = names,
				     .out = &out,
				     .token = TOKEN_END,
				     .q = q};
	struct predicate_part all = {0};

	if (predicate_next(&r) < 0 || predicate_read_or(&r, &all) < 0)
		goto fail;
	if (r.token != TOKEN_END) {
		(void)predicate_error(&r, "\"and\", \"or\" or the end is expected");
		goto fail;
	}
	if (out.overflow) {
		(void)predicate_error(&r, "too long");
		goto fail;
	}
	free(r.word);
	q->start = all.start;
	if (expanded != NULL)
		*expanded = mem_strdup(buf_text(&out));
	buf_free(&out);
	return q;
fail:
	buf_free(&out);
	free(r.word);
	predicate_free(q);
	return NULL;
}

bool predicate_name_free(const struct programme *p, const char *name)
{
	static const char *const words[] = {"and", "or", "not", "in"};
	struct predicate_reader r = {.p = p};
	char *meaning;

	if (*name == '\0' || strpbrk(name, "\"'") != NULL || predicate_is_left(name))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], name) == 0)
			return false;
	meaning = predicate_meaning(&r, name);
	free(meaning);
	return meaning == NULL;
}

unsigned predicate_looks(const struct predicate *q)
{
	unsigned looks = 0;
	int old = civil_from_ms(clock_now_ms()).year - 2000;

	for (size_t i = 0; i < q->n; i++) {
		const struct predicate_node *n = &q->nodes[i];

		for (size_t k = 0; n->left == LEFT_AGE && k < n->n_values; k++)
			looks |= n->values[k].number > old ? PREDICATE_DETAIL : PREDICATE_AGE;
		if (n->left == LEFT_GROUP ||
		    (n->left == LEFT_FACT && !n->listed && strcmp(n->fact, "away") != 0))
			looks |= PREDICATE_DETAIL;
	}
	return looks;
}

void predicate_free(struct predicate *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->n; i++) {
		for (size_t k = 0; k < q->nodes[i].n_values; k++) {
			free(q->nodes[i].values[k].text);
			free(q->nodes[i].values[k].fold);
		}
		free(q->nodes[i].values);
		free(q->nodes[i].fact);
	}
	free(q->nodes);
	free(q);
}

/* ---- deciding ------------------------------------------------------------------------------ */

/* Behind a JSON string that starts at p, or NULL. */
static const char *facts_string_end(const char *p)
{
	for (p++; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		if (*p == '\0')
			return NULL;
	}
	return p + 1;
}

/* The value of a fact in a flat JSON object of strings: the text between its quotes, still escaped,
 * and its length; NULL when the object has no such fact. Facts are written by this floor without
 * spaces, but a reader need not know that. */
static const char *facts_find(const char *facts, const char *name, size_t len, size_t *n)
{
	static const char space[] = " \t\r\n";
	const char *p = facts == NULL ? NULL : strchr(facts, '{'), *key, *end;

	while (p != NULL && *p != '\0') {
		key = p + 1 + strspn(p + 1, space);
		if (*key != '"' || (end = facts_string_end(key)) == NULL)
			return NULL;
		p = end + strspn(end, space);
		if (*p != ':')
			return NULL;
		p += 1 + strspn(p + 1, space);
		if (*p != '"')
			return NULL;
		if ((size_t)(end - key) == len + 2 && memcmp(key + 1, name, len) == 0) {
			end = facts_string_end(p);
			*n = end == NULL ? 0 : (size_t)(end - p) - 2;
			return end == NULL ? NULL : p + 1;
		}
		p = facts_string_end(p);
		if (p != NULL)
			p += strspn(p, space);
	}
	return NULL;
}

/* Whether free text equals a value, folded. quoted: it comes from JSON and is still escaped. */
static bool predicate_text_equals(const char *text, size_t n, bool quoted,
				  const struct predicate_value *v)
{
	json_t *j = NULL;
	char *copy, *fold;
	bool equal;

	if (strlen(v->text) == n && memcmp(v->text, text, n) == 0)
		return true;
	if (n == 0)
		return v->fold[0] == '\0';
	if (quoted && memchr(text, '\\', n) != NULL) {
		j = json_loadb(text - 1, n + 2, JSON_DECODE_ANY, NULL);
		copy = mem_strdup(j == NULL ? "" : json_string_value(j));
		json_decref(j);
	} else {
		copy = mem_strndup(text, n);
	}
	fold = vi_fold(copy);
	equal = strcmp(fold, v->fold) == 0;
	free(fold);
	free(copy);
	return equal;
}

static bool predicate_node_text(const struct predicate_node *node, const char *text, size_t n)
{
	for (size_t i = 0; i < node->n_values; i++) {
		const struct predicate_value *v = &node->values[i];

		if (node->listed ? strlen(v->text) == n && memcmp(v->text, text, n) == 0
				 : predicate_text_equals(text, n, node->left == LEFT_FACT, v))
			return true;
	}
	return false;
}

static bool predicate_node_number(const struct predicate_node *node, int number)
{
	int v = node->values[0].number;

	switch (node->op) {
	case OP_LT:
		return number < v;
	case OP_LE:
		return number <= v;
	case OP_GT:
		return number > v;
	case OP_GE:
		return number >= v;
	default:
		break;
	}
	for (size_t i = 0; i < node->n_values; i++) {
		if (node->values[i].number == number)
			return true;
	}
	return false;
}

/* Whole years today; -1 when the year of birth is not known. A month or a day that is not known has come. */
static int predicate_age(const struct recipient *r)
{
	struct civil now;
	bool to_come;

	if (r->birth_precision < DATE_YEAR || r->birth_year <= 0)
		return -1;
	now = civil_from_ms(clock_now_ms());
	to_come = r->birth_precision >= DATE_MONTH && now.month < r->birth_month;
	to_come = to_come || (r->birth_precision >= DATE_DAY && now.month == r->birth_month &&
			      now.day < r->birth_day);
	return now.year - r->birth_year - to_come;
}

static enum predicate_reach predicate_reach_of(const struct recipient *r)
{
	if ((r->contact_flags & CONTACT_OPTED_OUT) != 0)
		return REACH_OPTED_OUT;
	if ((r->contact_flags & CONTACT_WRONG_PERSON) != 0)
		return REACH_WRONG_PERSON;
	if (r->contact_id == 0)
		return REACH_NONE;
	if ((r->contact_flags & CONTACT_DEAD_NUMBER) != 0)
		return REACH_DEAD;
	if ((r->phone_flags & PHONE_CONFIRM) != 0 &&
	    (r->contact_flags & CONTACT_UNCONFIRMED) != 0)
		return REACH_UNCONFIRMED;
	return REACH_OK;
}

static bool predicate_node_holds(const struct predicate_node *node,
				 const struct predicate_row *row)
{
	const struct recipient *r = row->r;
	const char *text = "";
	size_t n = 0;
	bool equal;

	switch (node->left) {
	case LEFT_STATE:
		equal = predicate_node_number(node, r->state);
		break;
	case LEFT_BIRTH:
		equal = predicate_node_number(node, r->birth_precision);
		break;
	case LEFT_PHONE:
		equal = predicate_node_number(node, r->phone_status);
		break;
	case LEFT_SEX:
		equal = predicate_node_number(node, r->sex);
		break;
	case LEFT_HOLD:
		equal = predicate_node_number(node, (int)r->hold);
		break;
	case LEFT_NUMBER:
		equal = predicate_node_number(node, (int)predicate_reach_of(r));
		break;
	case LEFT_SHARED:
		equal = predicate_node_number(node, r->contact_shared > 1);
		break;
	case LEFT_AGE:
		if (predicate_age(r) < 0)
			return false;
		equal = predicate_node_number(node, predicate_age(r));
		break;
	case LEFT_FACT:
		text = facts_find(r->facts, node->fact, node->fact_len, &n);
		equal = predicate_node_text(node, text == NULL ? "" : text, n);
		break;
	default:
		text = node->left == LEFT_UNIT ? row->unit_name : r->group;
		text = text == NULL ? "" : text;
		equal = predicate_node_text(node, text, strlen(text));
	}
	return equal != (node->op == OP_NE);
}

bool predicate_holds(const struct predicate *q, const struct predicate_row *row)
{
	int at = q->start;

	while (at >= 0)
		at = predicate_node_holds(&q->nodes[at], row) ? q->nodes[at].yes
							      : q->nodes[at].no;
	return at == NODE_HOLDS;
}
