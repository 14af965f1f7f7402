/* SPDX-License-Identifier: Apache-2.0 */
/* Reading values out of an answer or a callback, and ordered rules over them.
 * Everything is compared as text: codes are "00", "007", 0, 106 and -118, and
 * identifiers may be larger than 2^53. Inside the floor only. */
#ifndef MOIDAN_PROVIDER_RULES_H
#define MOIDAN_PROVIDER_RULES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/yaml.h"
#include "provider/description.h"
#include "provider/http.h"

enum {
	FIELDS_MAX = 16,
	FIELD_STATUS = 0, /* always there: the HTTP status … */
	FIELD_BODY = 1,	  /* … and the text of the answer */
};

/* Which values are read, and where they stand. */
struct fields {
	size_t n;
	struct {
		char *name;
		char *at;     /* JSON pointer, or key of a query or form; NULL = not there */
		char *header; /* name of an HTTP header instead */
		char *json;   /* pointer into JSON that stands inside the value; NULL = none */
	} field[FIELDS_MAX];
};

/* The values read; NULL where absent. Empty the struct by fields_release(). */
struct values {
	const char *value[FIELDS_MAX];
	json_t *root, *inner[FIELDS_MAX];
	struct buf text; /* decoded query or form */
	char number[FIELDS_MAX][32];
};

/* Reads parent's member "fields": name -> where, {at:, json:} or {header:}. json: the places are JSON pointers. */
MUST_CHECK int fields_compile(const struct ydoc *doc, const json_t *parent, bool json,
			      struct fields *f, struct err *e);
void fields_free(struct fields *f);
/* -1 when there is no such field. */
int fields_find(const struct fields *f, const char *name);

/* Parses outside text: at most max bytes, depth 32, no duplicate keys, valid UTF-8. NULL with e. */
json_t *values_parse_json(const char *text, size_t len, struct err *e);
/* A JSON pointer (RFC 6901) over borrowed values; NULL when nothing is there. */
const json_t *values_pointer(const json_t *root, const char *pointer);
/* Reads from a JSON value (borrowed). */
void values_read_json(const struct fields *f, const json_t *root, struct values *v);
/* Reads what nearly every answer is, one object of plain ASCII texts and short whole numbers, without
 * building a tree: exactly as values_parse_json() and values_read_json() would. false, and nothing is
 * read: it is something else, well-formed or not, and they have to look. v was empty. */
bool values_read_flat(const struct fields *f, const char *text, size_t len, struct values *v);
/* Reads from "a=b&c=d". -1 with e when a field that is asked for stands there twice, or is not
 * UTF-8, or holds a NUL. */
MUST_CHECK int values_read_form(const struct fields *f, const char *text, size_t len,
				struct values *v, struct err *e);
/* "a=b&c=d" as name, NUL, value, NUL, … into out, decoded. How many pairs; -1 when it is malformed or has
 * more than max. */
int values_split_form(const char *text, size_t len, struct buf *out, size_t max);
/* Reads from XML; the places are paths of local names (/Envelope/Body/…); the first of several counts.
 * -1 with e, also for XML with a document type. */
MUST_CHECK int values_read_xml(const struct fields *f, const char *text, size_t len,
			       struct values *v, struct err *e);
/* Reads what stands in headers, which must outlive v. */
void values_read_headers(const struct fields *f, const struct http_header *headers, size_t n,
			 struct values *v);
void values_free(struct values *v);

enum test_op { TEST_EQUAL, TEST_PREFIX, TEST_SUFFIX, TEST_CONTAINS, TEST_RANGE, TEST_PRESENT };

struct test {
	int field;
	enum test_op op;
	char **texts;
	size_t n_texts;
	int64_t from, to;
	bool present;
};

/* A condition: all tests hold; none: it always holds. */
struct condition {
	struct test *tests;
	size_t n_tests;
};

/* Reads parent's member "when". */
MUST_CHECK int condition_compile(const struct ydoc *doc, const json_t *parent,
				 const struct fields *f, struct condition *c, struct err *e);
bool condition_holds(const struct condition *c, const struct values *v);
void condition_free(struct condition *c);

#endif
