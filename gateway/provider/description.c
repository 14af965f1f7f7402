/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/description.h"

#include <stddef.h>
#include <string.h>

#include "provider/provider.h"

#define AT(type, member) .offset = offsetof(struct type, member)

const char *const description_channels[] = {"sms", "zalo", NULL};

/* In the order of enum outcome_class; "uncertain" may be said too. */
static const char *const classes[] = {"ok",	"ok_dup",    "retry",	 "rate",
				      "badnum", "content",   "fallback", "config",
				      "money",	"uncertain", NULL};
/* "" is what a state without a class has: the `errors` are asked. */
static const char *const state_classes[] = {"",		"retry",  "rate",  "badnum", "content",
					    "fallback", "config", "money", NULL};
static const char *const states[] = {"delivered", "undelivered", "in_flight", "unknown", NULL};
static const char *const methods[] = {"POST", "GET", NULL};
static const char *const formats[] = {"json", "form", "text", NULL};
static const char *const escapes[] = {"xml", "json", "url", "plain", NULL};
static const char *const callbacks[] = {"query", "form", "json", NULL};
static const char *const times[] = {"seconds", "milliseconds", NULL};
static const char *const duplicates[] = {"none", "reference", NULL};

static const struct conf_field setting_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     AT(description_setting, name),
     .required = true,
     .help = "what stands after cfg. or secret."},
    {.key = "default",
     .type = CONF_STRING,
     AT(description_setting, fallback),
     .help = "the value where the account gives none"},
    {.key = "required",
     .type = CONF_BOOL,
     AT(description_setting, required),
     .help = "the account must give it"},
    {.key = "allowed",
     .type = CONF_STRINGS,
     AT(description_setting, allowed),
     .help = "the values it may have"},
    {.key = "help", .type = CONF_STRING, AT(description_setting, help), .help = "one line"},
    {.key = NULL},
};
static const struct conf_table setting_table = {"a setting", sizeof(struct description_setting),
						setting_fields};

static const struct conf_field secret_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     AT(description_setting, name),
     .required = true,
     .help = "what stands after secret."},
    {.key = "help", .type = CONF_STRING, AT(description_setting, help), .help = "one line"},
    {.key = NULL},
};
static const struct conf_table secret_table = {"a secret", sizeof(struct description_setting),
					       secret_fields};

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
    {.key = NULL},
};
static const struct conf_table rule_table = {"a rule", sizeof(struct description_rule),
					     rule_fields};

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
     .choices = state_classes,
     .help = "why it was not delivered; absent: the errors are asked"},
    {.key = NULL},
};
static const struct conf_table state_table = {"a state", sizeof(struct description_state),
					      state_fields};

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
    {.key = "fields",
     .type = CONF_TREE,
     AT(description_reply, fields),
     .help = "name: where it stands (JSON pointer, form key); code and id are also recorded"},
    {.key = NULL},
};
static const struct conf_table reply_table = {"a reply", sizeof(struct description_reply),
					      reply_fields};

static const struct conf_field request_fields[] = {
    {.key = "method",
     .type = CONF_CHOICE,
     AT(description_request, method),
     .choices = methods,
     .fallback = "POST",
     .help = "HTTP method"},
    {.key = "path",
     .type = CONF_STRING,
     AT(description_request, path),
     .help = "what follows base_url"},
    {.key = "query",
     .type = CONF_TREE,
     AT(description_request, query),
     .help = "name: value; a name that ends in ? is left out when its value is empty"},
    {.key = "headers", .type = CONF_TREE, AT(description_request, headers), .help = "likewise"},
    {.key = "basic",
     .type = CONF_OBJECT,
     AT(description_request, basic),
     .table = &basic_table,
     .help = "the Authorization header"},
    {.key = "json",
     .type = CONF_TREE,
     AT(description_request, json),
     .help = "the body, as JSON; one of json, form, raw"},
    {.key = "form",
     .type = CONF_TREE,
     AT(description_request, form),
     .help = "the body, as name=value&…"},
    {.key = "raw",
     .type = CONF_OBJECT,
     AT(description_request, raw),
     .table = &raw_table,
     .help = "the body, as text"},
    {.key = "reply",
     .type = CONF_OBJECT,
     AT(description_request, reply),
     .table = &reply_table,
     .help = "how to read the answer"},
    {.key = "rules",
     .type = CONF_OBJECTS,
     AT(description_request, rules),
     .table = &rule_table,
     .help = "what the answer means, first match wins"},
    {.key = NULL},
};
static const struct conf_table request_table = {"a request", sizeof(struct description_request),
						request_fields};

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

static const struct conf_field receipts_fields[] = {
    {.key = "method",
     .type = CONF_CHOICE,
     AT(description_receipts, method),
     .choices = methods,
     .fallback = "POST",
     .help = "how the provider calls"},
    {.key = "format",
     .type = CONF_CHOICE,
     AT(description_receipts, format),
     .choices = callbacks,
     .fallback = "json",
     .help = "where the fields are: the query, a form, a JSON body"},
    {.key = "each",
     .type = CONF_STRING,
     AT(description_receipts, each),
     .help = "JSON pointer to a list of receipts in one call"},
    {.key = "fields",
     .type = CONF_TREE,
     AT(description_receipts, fields),
     .help = "name: where, or {at: where, json: pointer} for JSON inside the value; id, ref, "
	     "phone, code and time are also recorded"},
    {.key = "when",
     .type = CONF_TREE,
     AT(description_receipts, when),
     .help = "which calls are receipts; others are only answered"},
    {.key = "time",
     .type = CONF_CHOICE,
     AT(description_receipts, time),
     .choices = times,
     .fallback = "seconds",
     .help = "the unit of the field time, since 1970"},
    {.key = "states",
     .type = CONF_OBJECTS,
     AT(description_receipts, states),
     .table = &state_table,
     .help = "what the fields mean, first match wins; none: unknown"},
    {.key = "errors",
     .type = CONF_OBJECTS,
     AT(description_receipts, errors),
     .table = &rule_table,
     .help = "why it was not delivered, first match wins; none: fallback"},
    {.key = "answer",
     .type = CONF_OBJECT,
     AT(description_receipts, answer),
     .table = &answer_table,
     .help = "what we answer"},
    {.key = NULL},
};
static const struct conf_table receipts_table = {
    "receipts", sizeof(struct description_receipts), receipts_fields};

static const struct conf_field text_fields[] = {
    {.key = "accents",
     .type = CONF_BOOL,
     AT(description_text, accents),
     .fallback = "true",
     .help = "takes accented (UCS-2) text"},
    {.key = "forbidden",
     .type = CONF_STRING,
     AT(description_text, forbidden),
     .fallback = "",
     .help = "characters it refuses"},
    {.key = "max_segments",
     .type = CONF_INT,
     AT(description_text, max_segments),
     .fallback = "0",
     .min = 0,
     .max = 255,
     .help = "parts at most; 0 = no limit"},
    {.key = NULL},
};
static const struct conf_table text_table = {"text", sizeof(struct description_text),
					     text_fields};

static const struct conf_field reference_fields[] = {
    {.key = "max",
     .type = CONF_INT,
     AT(description_reference, max),
     .fallback = "40",
     .min = 8,
     .max = 200,
     .help = "characters our reference may have"},
    {.key = "duplicates",
     .type = CONF_CHOICE,
     AT(description_reference, duplicates),
     .choices = duplicates,
     .fallback = "none",
     .help = "whether a reference sent again is recognised"},
    {.key = "window",
     .type = CONF_DURATION,
     AT(description_reference, window_ms),
     .fallback = "0s",
     .help = "for how long"},
    {.key = NULL},
};
static const struct conf_table reference_table = {
    "the reference", sizeof(struct description_reference), reference_fields};

static const struct conf_field limits_fields[] = {
    {.key = "rate_per_second",
     .type = CONF_INT,
     AT(description_limits, rate_per_second),
     .fallback = "0",
     .min = 0,
     .max = 100000,
     .help = "segments a second; 0 = none published"},
    {.key = "in_flight",
     .type = CONF_INT,
     AT(description_limits, in_flight),
     .fallback = "16",
     .min = 1,
     .max = 4096,
     .help = "requests at once"},
    {.key = "connect_timeout",
     .type = CONF_DURATION,
     AT(description_limits, connect_timeout_ms),
     .fallback = "10s",
     .min = 100,
     .max = 120000,
     .help = "name, connection and TLS"},
    {.key = "total_timeout",
     .type = CONF_DURATION,
     AT(description_limits, total_timeout_ms),
     .fallback = "30s",
     .min = 100,
     .max = 300000,
     .help = "the whole request"},
    {.key = "max_reply",
     .type = CONF_INT,
     AT(description_limits, max_reply),
     .fallback = "65536",
     .min = 256,
     .max = 1048576,
     .help = "bytes of an answer; a longer one is not understood"},
    {.key = NULL},
};
static const struct conf_table limits_table = {"limits", sizeof(struct description_limits),
					       limits_fields};

static const struct conf_field description_fields[] = {
    {.key = "provider",
     .type = CONF_STRING,
     AT(description, provider),
     .required = true,
     .help = "the name of the file without .yaml"},
    {.key = "title",
     .type = CONF_STRING,
     AT(description, title),
     .required = true,
     .help = "what people call it"},
    {.key = "channel",
     .type = CONF_CHOICE,
     AT(description, channel),
     .choices = description_channels,
     .fallback = "sms",
     .help = "how it reaches people"},
    {.key = "note",
     .type = CONF_STRING,
     AT(description, note),
     .fallback = "",
     .help = "what is uncertain about the contract"},
    {.key = "base_url",
     .type = CONF_STRING,
     AT(description, base_url),
     .help = "the address before each path; an account may have its own"},
    {.key = "allow_http",
     .type = CONF_BOOL,
     AT(description, allow_http),
     .help = "plain http:// is accepted"},
    {.key = "allow_private",
     .type = CONF_BOOL,
     AT(description, allow_private),
     .help = "loopback and private addresses are accepted"},
    {.key = "settings",
     .type = CONF_OBJECTS,
     AT(description, settings),
     .table = &setting_table,
     .help = "what an account must or may say, {{cfg.NAME}}"},
    {.key = "secrets",
     .type = CONF_OBJECTS,
     AT(description, secrets),
     .table = &secret_table,
     .help = "what an account must keep secret, {{secret.NAME}}"},
    {.key = "text",
     .type = CONF_OBJECT,
     AT(description, text),
     .table = &text_table,
     .help = "what texts it takes"},
    {.key = "reference",
     .type = CONF_OBJECT,
     AT(description, reference),
     .table = &reference_table,
     .help = "our reference and repeated requests"},
    {.key = "limits",
     .type = CONF_OBJECT,
     AT(description, limits),
     .table = &limits_table,
     .help = "speed, time and size"},
    {.key = "send",
     .type = CONF_OBJECT,
     AT(description, send),
     .table = &request_table,
     .help = "the request that sends one message"},
    {.key = "receipts",
     .type = CONF_OBJECT,
     AT(description, receipts),
     .table = &receipts_table,
     .help = "delivery receipts; absent: there are none"},
    {.key = NULL},
};
static const struct conf_table description_table = {
    "a provider description", sizeof(struct description), description_fields};

int description_read(const struct ydoc *doc, struct description *d, struct err *e)
{
	if (!json_is_object(doc->root))
		return ydoc_error(doc, NULL, NULL, 0, e, "a description is keys and values");
	return conf_read(doc, doc->root, &description_table, NULL, d, e);
}

int description_load(const char *path, struct ydoc *doc, struct description *d, struct err *e)
{
	if (ydoc_load_file(path, doc, e) < 0)
		return -1;
	if (description_read(doc, d, e) == 0)
		return 0;
	ydoc_free(doc);
	return -1;
}

void description_free(struct description *d)
{
	conf_free(&description_table, d);
}

json_t *provider_description_schema(void)
{
	json_t *s = conf_schema(&description_table);

	json_object_set_new(s, "$schema",
			    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(s, "title", json_string("config/providers/NAME.yaml"));
	return s;
}
