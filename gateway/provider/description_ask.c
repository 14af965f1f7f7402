/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a description about requests and their answers. */
#include "provider/description.h"

#include <stddef.h>

#include "provider/provider.h"

#define AT(type, member) .offset = offsetof(struct type, member)

/* In the order of enum outcome_class; "uncertain" may be said too. */
static const char *const classes[] = {"ok",	"ok_dup",    "retry",	 "rate",
				      "badnum", "content",   "fallback", "config",
				      "money",	"uncertain", NULL};
/* "" is what a state without a class has: the `errors` are asked. */
const char *const description_state_classes[] = {
    "", "retry", "rate", "badnum", "content", "fallback", "config", "money", NULL};
/* In the order of enum found_state. */
static const char *const founds[] = {"unknown",	    "accepted",	 "delivered",
				     "undelivered", "not_found", NULL};
const char *const description_methods[] = {"POST", "GET", NULL};
static const char *const formats[] = {"json", "form", "text", "xml", NULL};
static const char *const escapes[] = {"xml", "json", "url", "plain", NULL};

static const struct conf_field rule_fields[] = {
    {.key = "when",
     .type = CONF_TREE,
     AT(description_rule, when),
     .help = "field: value, field: [values] or field: {prefix, suffix, contains, from, to, "
	     "present}; all must hold; absent: always"},
    {.key = "class",
     .type = CONF_CHOICE,
     AT(description_rule, class),
     .required = true,
     .choices = classes,
     .help = "what it means for the message"},
    {.key = "reason",
     .type = CONF_STRING,
     AT(description_rule, reason),
     .help = "the provider's meaning, English, one line"},
    {.key = "wait",
     .type = CONF_DURATION,
     AT(description_rule, wait_ms),
     .help = "not before this long from now"},
    {.key = "wait_header",
     .type = CONF_STRING,
     AT(description_rule, wait_header),
     .help = "a header of the answer that holds the seconds to wait"},
    {.key = "wait_until",
     .type = CONF_STRING,
     AT(description_rule, wait_until),
     .help = "not before this time of the day (Viet Nam)"},
    {.key = "refresh_token",
     .type = CONF_BOOL,
     AT(description_rule, refresh_token),
     .help = "the token is no longer good: a new one is fetched first"},
    {.key = "rest",
     .type = CONF_BOOL,
     AT(description_rule, rest),
     .help = "a quota of the account is used up: the provider as a whole waits so long"},
    {.key = NULL},
};
const struct conf_table description_rule_table = {"a rule", sizeof(struct description_rule),
						  rule_fields};

static const struct conf_field basic_fields[] = {
    {.key = "user", .type = CONF_STRING, AT(description_basic, user), .help = "user name"},
    {.key = "password",
     .type = CONF_STRING,
     AT(description_basic, password),
     .help = "password"},
    {.key = NULL},
};
static const struct conf_table basic_table = {"HTTP Basic authentication",
					      sizeof(struct description_basic), basic_fields};

static const struct conf_field raw_fields[] = {
    {.key = "type", .type = CONF_STRING, AT(description_raw, type), .help = "Content-Type"},
    {.key = "text", .type = CONF_STRING, AT(description_raw, text), .help = "the body"},
    {.key = "escape",
     .type = CONF_CHOICE,
     AT(description_raw, escape),
     .choices = escapes,
     .help = "how values are escaped in it"},
    {.key = NULL},
};
static const struct conf_table raw_table = {"a raw body", sizeof(struct description_raw),
					    raw_fields};

static const struct conf_field reply_fields[] = {
    {.key = "format",
     .type = CONF_CHOICE,
     AT(description_reply, format),
     .choices = formats,
     .fallback = "json",
     .help = "how the answer is written"},
    {.key = "each",
     .type = CONF_STRING,
     AT(description_reply, each),
     .help = "JSON pointer to a list of what came of each part; the worst counts"},
    {.key = "fields",
     .type = CONF_TREE,
     AT(description_reply, fields),
     .help =
	 "name: where it stands (JSON pointer, form key, path of XML names, {header: name}); "
	 "code, id and quota are also recorded"},
    {.key = NULL},
};
static const struct conf_table reply_table = {"a reply", sizeof(struct description_reply),
					      reply_fields};

/* What every request has. */
#define REQUEST_FIELDS                                                                         \
	{.key = "method",                                                                      \
	 .type = CONF_CHOICE,                                                                  \
	 AT(description_request, method),                                                      \
	 .choices = description_methods,                                                       \
	 .fallback = "POST",                                                                   \
	 .help = "HTTP method"},                                                               \
	    {.key = "base_url",                                                                \
	     .type = CONF_STRING,                                                              \
	     AT(description_request, base_url),                                                \
	     .help = "in place of the description's; may hold {{cfg.NAME}}"},                  \
	    {.key = "path",                                                                    \
	     .type = CONF_STRING,                                                              \
	     AT(description_request, path),                                                    \
	     .help = "what follows base_url"},                                                 \
	    {.key = "query",                                                                   \
	     .type = CONF_TREE,                                                                \
	     AT(description_request, query),                                                   \
	     .help =                                                                           \
		 "name: value; a name that ends in ? is left out when its value is empty"},    \
	    {.key = "headers",                                                                 \
	     .type = CONF_TREE,                                                                \
	     AT(description_request, headers),                                                 \
	     .help = "likewise"},                                                              \
	    {.key = "basic",                                                                   \
	     .type = CONF_OBJECT,                                                              \
	     AT(description_request, basic),                                                   \
	     .table = &basic_table,                                                            \
	     .help = "the Authorization header"},                                              \
	    {.key = "json",                                                                    \
	     .type = CONF_TREE,                                                                \
	     AT(description_request, json),                                                    \
	     .help = "the body, as JSON; one of json, form, raw"},                             \
	    {.key = "form",                                                                    \
	     .type = CONF_TREE,                                                                \
	     AT(description_request, form),                                                    \
	     .help = "the body, as name=value&…"},                                             \
	    {.key = "raw",                                                                     \
	     .type = CONF_OBJECT,                                                              \
	     AT(description_request, raw),                                                     \
	     .table = &raw_table,                                                              \
	     .help = "the body, as text"},                                                     \
	    {.key = "reply",                                                                   \
	     .type = CONF_OBJECT,                                                              \
	     AT(description_request, reply),                                                   \
	     .table = &reply_table,                                                            \
	     .help = "how to read the answer"},

static const struct conf_field request_fields[] = {
    REQUEST_FIELDS{.key = "rules",
		   .type = CONF_OBJECTS,
		   AT(description_request, rules),
		   .table = &description_rule_table,
		   .help = "what the answer means, first match wins"},
    {.key = NULL},
};
const struct conf_table description_request_table = {
    "a request", sizeof(struct description_request), request_fields};

static const char *const sames[] = {"nothing", "template", "text", NULL};

static const struct conf_field batch_fields[] = {
    REQUEST_FIELDS{.key = "rules",
		   .type = CONF_OBJECTS,
		   AT(description_request, rules),
		   .table = &description_rule_table,
		   .help = "what the answer means for each; absent: those of send"},
    {.key = "max",
     .type = CONF_INT,
     AT(description_batch, max),
     .fallback = "100",
     .min = 2,
     .max = 200,
     .help = "messages in one request at most"},
    {.key = "same",
     .type = CONF_CHOICE,
     AT(description_batch, same),
     .choices = sames,
     .fallback = "nothing",
     .help =
	 "what those that go together must have in common: a registered template, or the text"},
    {.key = NULL},
};
const struct conf_table description_batch_table = {"a batch", sizeof(struct description_batch),
						   batch_fields};

static const struct conf_field found_fields[] = {
    {.key = "when", .type = CONF_TREE, AT(description_state, when), .help = "as in a rule"},
    {.key = "state",
     .type = CONF_CHOICE,
     AT(description_state, state),
     .required = true,
     .choices = founds,
     .help = "what has become of the message"},
    {.key = "class",
     .type = CONF_CHOICE,
     AT(description_state, class),
     .choices = description_state_classes,
     .help = "why it was not delivered; absent: the errors are asked"},
    {.key = NULL},
};
static const struct conf_table found_table = {"a state", sizeof(struct description_state),
					      found_fields};

static const struct conf_field query_fields[] = {
    REQUEST_FIELDS{
	.key = "after",
	.type = CONF_DURATION,
	AT(description_query, after_ms),
	.fallback = "5m",
	.help =
	    "a message that is not found proves nothing earlier than this after it was sent"},
    {.key = "window",
     .type = CONF_DURATION,
     AT(description_query, window_ms),
     .fallback = "24h",
     .help = "nor later than this: the provider forgets"},
    {.key = "time",
     .type = CONF_CHOICE,
     AT(description_query, time),
     .choices = description_times,
     .fallback = "seconds",
     .help = "how the field time of the answer is written, as in receipts"},
    {.key = "states",
     .type = CONF_OBJECTS,
     AT(description_query, states),
     .table = &found_table,
     .help = "what the answer means, first match wins; none: unknown"},
    {.key = "errors",
     .type = CONF_OBJECTS,
     AT(description_query, errors),
     .table = &description_rule_table,
     .help = "why it was not delivered, first match wins; none: fallback"},
    {.key = NULL},
};
const struct conf_table description_query_table = {"a query", sizeof(struct description_query),
						   query_fields};

static const char *const expires[] = {"seconds", "at_seconds", "at_milliseconds", NULL};

static const struct conf_field token_fields[] = {
    REQUEST_FIELDS{.key = "rules",
		   .type = CONF_OBJECTS,
		   AT(description_request, rules),
		   .table = &description_rule_table,
		   .help = "ok: there is a token; retry: later; all else: a person is needed"},
    {.key = "first",
     .type = CONF_STRING,
     AT(description_token, first),
     .help = "the first {{refresh}}, where an account is given it"},
    {.key = "expires",
     .type = CONF_CHOICE,
     AT(description_token, expires),
     .choices = expires,
     .fallback = "seconds",
     .help = "what the field expires of the answer says: how long, or when"},
    {.key = "lifetime",
     .type = CONF_DURATION,
     AT(description_token, lifetime_ms),
     .fallback = "1h",
     .help = "where the answer does not say"},
    {.key = "before",
     .type = CONF_DURATION,
     AT(description_token, before_ms),
     .fallback = "5m",
     .help = "a new one is fetched that long before the end"},
    {.key = NULL},
};
const struct conf_table description_token_table = {"a token", sizeof(struct description_token),
						   token_fields};

/* Without rules: the consent is an address, and its code's answer is read as the token's. */
static const struct conf_field plain_fields[] = {REQUEST_FIELDS{.key = NULL}};
static const struct conf_table plain_table = {"a request", sizeof(struct description_request),
					      plain_fields};

static const struct conf_field authorize_fields[] = {
    {.key = "consent",
     .type = CONF_OBJECT,
     AT(description_authorize, consent),
     .table = &plain_table,
     .help = "the address a person opens"},
    {.key = "exchange",
     .type = CONF_OBJECT,
     AT(description_authorize, exchange),
     .table = &plain_table,
     .help = "the request that turns the code of the consent into a token"},
    {.key = NULL},
};
const struct conf_table description_authorize_table = {
    "a consent", sizeof(struct description_authorize), authorize_fields};

static const struct conf_field jwt_fields[] = {
    {.key = "key",
     .type = CONF_STRING,
     AT(description_jwt, key),
     .help = "of the signature (HS256)"},
    {.key = "header", .type = CONF_TREE, AT(description_jwt, header), .help = "as JSON"},
    {.key = "payload", .type = CONF_TREE, AT(description_jwt, payload), .help = "as JSON"},
    {.key = "lifetime",
     .type = CONF_DURATION,
     AT(description_jwt, lifetime_ms),
     .fallback = "1h",
     .help = "until {{expires}}"},
    {.key = NULL},
};
const struct conf_table description_jwt_table = {"a token made for one request",
						 sizeof(struct description_jwt), jwt_fields};
