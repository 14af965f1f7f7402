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
	VAR_TO,	      /* to: 84912345678 */
	VAR_TEXT,     /* text */
	VAR_REF,      /* ref: our reference */
	VAR_UNICODE,  /* unicode: "1" with accents, "0" without */
	VAR_CB_URL,   /* cb_url: where receipts go, "" when none */
	VAR_NOW,      /* now: seconds since 1970 */
	VAR_ID,	      /* id: the provider's reference of the message */
	VAR_SENT_AT,  /* sent_at: when it was sent, seconds since 1970 */
	VAR_TEMPLATE, /* template: the number of a registered template */
	VAR_TOKEN,    /* token: what opens the door for now */
	VAR_REFRESH,  /* refresh: what brings a new one */
	VAR_CODE,     /* code: what a person's consent brought */
	VAR_VERIFIER, /* verifier, challenge, state, redirect: of that consent (RFC 7636) */
	VAR_CHALLENGE,
	VAR_STATE,
	VAR_REDIRECT,
	VAR_JWT,     /* jwt: made for this request */
	VAR_EXPIRES, /* expires: when that ends, seconds since 1970 */
	VAR_INDEX,   /* index, name, value: of a parameter, in a loop over them */
	VAR_NAME,
	VAR_VALUE,
	VAR_COUNT
};

/* Sets of them: those of a request. */
#define PROGRAM_VAR(v) (1U << (v))
#define PROGRAM_VARS_COMMON                                                                    \
	(PROGRAM_VAR(VAR_NOW) | PROGRAM_VAR(VAR_TOKEN) | PROGRAM_VAR(VAR_JWT))
#define PROGRAM_VARS_SEND                                                                      \
	(PROGRAM_VARS_COMMON | PROGRAM_VAR(VAR_TO) | PROGRAM_VAR(VAR_TEXT) |                   \
	 PROGRAM_VAR(VAR_REF) | PROGRAM_VAR(VAR_UNICODE) | PROGRAM_VAR(VAR_CB_URL) |           \
	 PROGRAM_VAR(VAR_TEMPLATE))
/* In such a set: there are several messages. */
#define PROGRAM_MESSAGES (1U << 31)
/* What each of several messages has of its own. */
#define PROGRAM_VARS_EACH                                                                      \
	(PROGRAM_VAR(VAR_TO) | PROGRAM_VAR(VAR_TEXT) | PROGRAM_VAR(VAR_REF) |                  \
	 PROGRAM_VAR(VAR_UNICODE) | PROGRAM_VAR(VAR_TEMPLATE))
#define PROGRAM_VARS_QUERY                                                                     \
	(PROGRAM_VARS_COMMON | PROGRAM_VAR(VAR_TO) | PROGRAM_VAR(VAR_REF) |                    \
	 PROGRAM_VAR(VAR_ID) | PROGRAM_VAR(VAR_SENT_AT))
#define PROGRAM_VARS_TOKEN (PROGRAM_VAR(VAR_NOW) | PROGRAM_VAR(VAR_REFRESH))
#define PROGRAM_VARS_CONSENT                                                                   \
	(PROGRAM_VAR(VAR_CHALLENGE) | PROGRAM_VAR(VAR_STATE) | PROGRAM_VAR(VAR_REDIRECT))
#define PROGRAM_VARS_EXCHANGE                                                                  \
	(PROGRAM_VAR(VAR_NOW) | PROGRAM_VAR(VAR_CODE) | PROGRAM_VAR(VAR_VERIFIER) |            \
	 PROGRAM_VAR(VAR_REDIRECT))
#define PROGRAM_VARS_JWT                                                                       \
	(PROGRAM_VAR(VAR_NOW) | PROGRAM_VAR(VAR_REF) | PROGRAM_VAR(VAR_EXPIRES))
#define PROGRAM_VARS_PARAMETER                                                                 \
	(PROGRAM_VAR(VAR_INDEX) | PROGRAM_VAR(VAR_NAME) | PROGRAM_VAR(VAR_VALUE))

/* One of several messages of a request. */
struct program_message {
	const char *to, *text, *ref, *unicode, *template;
	const json_t *parameters;
};

struct program_values {
	const char *var[VAR_COUNT]; /* never NULL */
	const json_t *parameters;   /* an object: what {$each: parameters} goes through */
	const struct program_message *messages; /* what {$each: messages} goes through */
	size_t n_messages;
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
	unsigned each; /* those that each of several messages has; 0 = there is one */
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
