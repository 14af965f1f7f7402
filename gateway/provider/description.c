/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/description.h"

#include <stddef.h>
#include <string.h>

#include "provider/provider.h"

#define AT(type, member) .offset = offsetof(struct type, member)

const char *const description_channels[] = {"sms", "zalo", NULL};

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

static const struct conf_field text_fields[] = {
    {.key = "parameters",
     .type = CONF_BOOL,
     AT(description_text, parameters),
     .help = "no free text: a registered template and its parameters"},
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
    {.key = "same_day",
     .type = CONF_BOOL,
     AT(description_reference, same_day),
     .help = "and not after midnight (Viet Nam)"},
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
    {.key = "quota_renews",
     .type = CONF_STRING,
     AT(description_limits, quota_renews),
     .help = "time of the day (Viet Nam) at which the field quota of an answer to send begins "
	     "anew: at 0 the "
	     "provider rests until then"},
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
     .table = &description_request_table,
     .help = "the request that sends one message"},
    {.key = "batch",
     .type = CONF_OBJECT,
     AT(description, batch),
     .table = &description_batch_table,
     .help = "the request that sends several; absent: each goes alone"},
    {.key = "query",
     .type = CONF_OBJECT,
     AT(description, query),
     .table = &description_query_table,
     .help = "the request that asks what became of one; absent: it cannot be asked"},
    {.key = "receipts",
     .type = CONF_OBJECT,
     AT(description, receipts),
     .table = &description_receipts_table,
     .help = "delivery receipts; absent: there are none"},
    {.key = "replies",
     .type = CONF_OBJECT,
     AT(description, replies),
     .table = &description_replies_table,
     .help = "what citizens answer; absent: it is not handed on"},
    {.key = "verify",
     .type = CONF_OBJECT,
     AT(description, verify),
     .table = &description_verify_table,
     .help = "the signature of its calls; absent: the address is the secret"},
    {.key = "token",
     .type = CONF_OBJECT,
     AT(description, token),
     .table = &description_token_table,
     .help = "the request that brings {{token}}"},
    {.key = "authorize",
     .type = CONF_OBJECT,
     AT(description, authorize),
     .table = &description_authorize_table,
     .help = "how a person consents (moidan provider authorize)"},
    {.key = "jwt",
     .type = CONF_OBJECT,
     AT(description, jwt),
     .table = &description_jwt_table,
     .help = "{{jwt}}, made for each request"},
    {.key = "balance",
     .type = CONF_OBJECT,
     AT(description, balance),
     .table = &description_request_table,
     .help = "the request that asks for the money that is left: the field balance"},
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
