/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a description about calls of the provider to us. */
#include "provider/description.h"

#include <stddef.h>

#include "provider/provider.h"

#define AT(type, member) .offset = offsetof(struct type, member)

/* In the order of enum receipt_state. */
static const char *const states[] = {"delivered", "undelivered", "in_flight", "unknown", NULL};
static const char *const formats[] = {"query", "form", "json", NULL};
const char *const description_times[] = {"seconds", "milliseconds", "iso", "digits", NULL};

const char *receipt_state_name(enum receipt_state s)
{
	return states[s];
}

static const struct conf_field state_fields[] = {
    {.key = "when", .type = CONF_TREE, AT(description_state, when), .help = "as in a rule"},
    {.key = "state",
     .type = CONF_CHOICE,
     AT(description_state, state),
     .required = true,
     .choices = states,
     .help = "what has become of the message"},
    {.key = "class",
     .type = CONF_CHOICE,
     AT(description_state, class),
     .choices = description_state_classes,
     .help = "why it was not delivered; absent: the errors are asked"},
    {.key = NULL},
};
static const struct conf_table state_table = {"a state", sizeof(struct description_state),
					      state_fields};

static const struct conf_field answer_fields[] = {
    {.key = "status",
     .type = CONF_INT,
     AT(description_answer, status),
     .fallback = "200",
     .min = 200,
     .max = 299,
     .help = "HTTP status"},
    {.key = "type",
     .type = CONF_STRING,
     AT(description_answer, type),
     .fallback = "text/plain; charset=utf-8",
     .help = "Content-Type"},
    {.key = "body",
     .type = CONF_STRING,
     AT(description_answer, body),
     .fallback = "",
     .help = "what the provider wants to read"},
    {.key = NULL},
};
static const struct conf_table answer_table = {"an answer", sizeof(struct description_answer),
					       answer_fields};

/* What receipts and replies have in common. */
#define INCOMING_FIELDS                                                                        \
	{.key = "method",                                                                      \
	 .type = CONF_CHOICE,                                                                  \
	 AT(description_incoming, method),                                                     \
	 .choices = description_methods,                                                       \
	 .fallback = "POST",                                                                   \
	 .help = "how the provider calls"},                                                    \
	    {.key = "format",                                                                  \
	     .type = CONF_CHOICE,                                                              \
	     AT(description_incoming, format),                                                 \
	     .choices = formats,                                                               \
	     .fallback = "json",                                                               \
	     .help = "where the fields are: the query, a form, a JSON body"},                  \
	    {.key = "each",                                                                    \
	     .type = CONF_STRING,                                                              \
	     AT(description_incoming, each),                                                   \
	     .help = "JSON pointer to a list of them in one call"},                            \
	    {.key = "time",                                                                    \
	     .type = CONF_CHOICE,                                                              \
	     AT(description_incoming, time),                                                   \
	     .choices = description_times,                                                     \
	     .fallback = "seconds",                                                            \
	     .help = "how the field time is written: seconds or milliseconds since 1970, ISO " \
		     "8601, or "                                                               \
		     "digits (yyyyMMddHHmmss, yyMMddHHmm in Viet Nam)"},                       \
	    {.key = "answer",                                                                  \
	     .type = CONF_OBJECT,                                                              \
	     AT(description_incoming, answer),                                                 \
	     .table = &answer_table,                                                           \
	     .help = "what we answer"},

static const struct conf_field receipts_fields[] = {
    INCOMING_FIELDS{
	.key = "fields",
	.type = CONF_TREE,
	AT(description_incoming, fields),
	.help =
	    "name: where, or {at: where, json: pointer} for JSON inside the value; id, ref, "
	    "phone, code and time are also recorded"},
    {.key = "when",
     .type = CONF_TREE,
     AT(description_incoming, when),
     .help = "which calls are receipts; others are only answered"},
    {.key = "states",
     .type = CONF_OBJECTS,
     AT(description_receipts, states),
     .table = &state_table,
     .help = "what the fields mean, first match wins; none: unknown"},
    {.key = "errors",
     .type = CONF_OBJECTS,
     AT(description_receipts, errors),
     .table = &description_rule_table,
     .help = "why it was not delivered, first match wins; none: fallback"},
    {.key = NULL},
};
const struct conf_table description_receipts_table = {
    "receipts", sizeof(struct description_receipts), receipts_fields};

static const struct conf_field replies_fields[] = {
    INCOMING_FIELDS{.key = "fields",
		    .type = CONF_TREE,
		    AT(description_incoming, fields),
		    .help = "as in receipts; from and text, and perhaps to, id and time"},
    {.key = "when",
     .type = CONF_TREE,
     AT(description_incoming, when),
     .help = "which calls are replies"},
    {.key = NULL},
};
const struct conf_table description_replies_table = {
    "replies", sizeof(struct description_incoming), replies_fields};

static const char *const algorithms[] = {"md5", "sha1", "sha256", NULL};
static const char *const encodings[] = {"hex", "base64", NULL};

static const struct conf_field verify_fields[] = {
    {.key = "header",
     .type = CONF_STRING,
     AT(description_verify, header),
     .help = "the header that holds the signature; or field"},
    {.key = "field",
     .type = CONF_STRING,
     AT(description_verify, field),
     .help = "the field that does: a JSON pointer, or a name of the form or query"},
    {.key = "strip",
     .type = CONF_STRINGS,
     AT(description_verify, strip),
     .help = "what may stand before it"},
    {.key = "algorithm",
     .type = CONF_CHOICE,
     AT(description_verify, algorithm),
     .choices = algorithms,
     .fallback = "sha256",
     .help = "md5, sha1 or sha256"},
    {.key = "key",
     .type = CONF_STRING,
     AT(description_verify, key),
     .help = "makes it an HMAC; absent: a plain digest"},
    {.key = "encoding",
     .type = CONF_CHOICE,
     AT(description_verify, encoding),
     .choices = encodings,
     .fallback = "hex",
     .help = "how it is written"},
    {.key = "of",
     .type = CONF_TREE,
     AT(description_verify, of),
     .help = "lists of parts, of which one must fit: text:…, body, header:NAME, field:PLACE, "
	     "url, sorted, pairs"},
    {.key = "equals",
     .type = CONF_STRING,
     AT(description_verify, equals),
     .help = "no digest: the header or field is just this"},
    {.key = "time",
     .type = CONF_STRINGS,
     AT(description_verify, time),
     .help = "parts, header:NAME or field:PLACE, that say when it was signed; each list of "
	     "\"of\" holds one"},
    {.key = "time_format",
     .type = CONF_CHOICE,
     AT(description_verify, time_format),
     .choices = description_times,
     .fallback = "seconds",
     .help = "how they are written"},
    {.key = "tolerance",
     .type = CONF_DURATION,
     AT(description_verify, tolerance_ms),
     .fallback = "0s",
     .help = "how long ago that may be; 0s = however long"},
    {.key = "ahead",
     .type = CONF_DURATION,
     AT(description_verify, ahead_ms),
     .fallback = "10m",
     .help = "how far in the future, as clocks differ"},
    {.key = NULL},
};
const struct conf_table description_verify_table = {
    "a signature", sizeof(struct description_verify), verify_fields};
