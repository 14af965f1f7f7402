/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a request (URL, body, header) as a flat list of pieces, so that
 * building one is a walk and nothing is parsed or allocated for it. Values of
 * the account (cfg, secret) are put in when the description is read; a value
 * is escaped as the place where it stands needs, whether the author of the
 * description thought of it or not. Inside the floor only. */
#ifndef MOIDAN_PROVIDER_PROGRAM_H
#define MOIDAN_PROVIDER_PROGRAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/yaml.h"

/* What differs from message to message. */
enum program_var {
	VAR_TO,	     /* to: 84912345678 */
	VAR_TEXT,    /* text */
	VAR_REF,     /* ref: our reference */
	VAR_UNICODE, /* unicode: "1" with accents, "0" without */
	VAR_CB_URL,  /* cb_url: where receipts go, "" when none */
	VAR_NOW,     /* now: seconds since 1970 */
	VAR_ID,	     /* id: the provider's reference of the message */
	VAR_SENT_AT, /* sent_at: when it was sent, seconds since 1970 */
	VAR_COUNT
};

/* Which of them there are, in a request that sends and in one that asks. */
#define PROGRAM_VARS_SEND                                                                      \
	(1U << VAR_TO | 1U << VAR_TEXT | 1U << VAR_REF | 1U << VAR_UNICODE |                   \
	 1U << VAR_CB_URL | 1U << VAR_NOW)
#define PROGRAM_VARS_QUERY                                                                     \
	(1U << VAR_TO | 1U << VAR_REF | 1U << VAR_ID | 1U << VAR_SENT_AT | 1U << VAR_NOW)

struct program_values {
	const char *var[VAR_COUNT]; /* never NULL */
};

/* All of them "". */
void program_values_init(struct program_values *v);

/* A named value of the account. */
struct program_constant {
	char *name; /* "cfg.brandname", "secret.api_key" */
	char *value;
};

struct program_piece;

struct program {
	struct program_piece *pieces;
	size_t n, cap;
};

enum program_escape { ESCAPE_XML, ESCAPE_JSON, ESCAPE_URL, ESCAPE_PLAIN };

/* What is needed while compiling. */
struct program_source {
	const struct ydoc *doc;
	const struct program_constant *constants;
	size_t n_constants;
	unsigned vars; /* the variables that there are, 1 << VAR_… */
};

/* Adds to p. parent and key say where the text stands in the document, for errors.
 * _text: the fixed parts as they are written, values escaped.
 * _quoted: the fixed parts too. */
MUST_CHECK int program_add_text(struct program *p, const struct program_source *src,
				const json_t *parent, const char *key, const char *text,
				enum program_escape escape, struct err *e);
MUST_CHECK int program_add_quoted(struct program *p, const struct program_source *src,
				  const json_t *parent, const char *key, const char *text,
				  enum program_escape escape, struct err *e);
/* parent's member key as JSON. */
MUST_CHECK int program_add_json(struct program *p, const struct program_source *src,
				const json_t *parent, const char *key, struct err *e);
/* parent's member key, an object, as a=b&c=d. */
MUST_CHECK int program_add_pairs(struct program *p, const struct program_source *src,
				 const json_t *parent, const char *key, struct err *e);
/* Fixed bytes. */
void program_add_fixed(struct program *p, const char *text, size_t len);

/* Whether the variable stands anywhere in p. */
bool program_uses(const struct program *p, enum program_var var);

/* The whole text when nothing in it differs from message to message, else NULL. Borrowed. */
const char *program_fixed(const struct program *p);

/* Appends to out. 0, or -1 with e (EX_DATAERR): a value does not fit, or out is full. */
MUST_CHECK int program_run(const struct program *p, const struct program_values *values,
			   struct buf *out, struct err *e);
void program_free(struct program *p);

#endif
