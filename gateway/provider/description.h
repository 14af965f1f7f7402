/* SPDX-License-Identifier: Apache-2.0 */
/* The file config/providers/NAME.yaml as read: its keys, their defaults and
 * limits are the tables of description.c, and nothing else knows them. Inside
 * the floor only. */
#ifndef MOIDAN_PROVIDER_DESCRIPTION_H
#define MOIDAN_PROVIDER_DESCRIPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/yaml.h"

/* A value that an account brings: {{cfg.NAME}} or {{secret.NAME}}. */
struct description_setting {
	char *name;
	char *fallback;
	bool required;
	struct conf_list allowed;
	char *help;
};

/* One line of a list that is read from the top; the first whose `when` holds counts. */
struct description_rule {
	json_t *when;
	int class;
	char *reason;
	int64_t wait_ms;
	char *wait_header;
	char *wait_until;
	bool refresh_token;
	bool rest;
};

struct description_state {
	json_t *when;
	int state;
	int class; /* of an undelivered one; 0 = ask the `errors` */
};

struct description_basic {
	char *user, *password;
};

struct description_raw {
	char *type, *text;
	int escape;
};

enum description_format { FORMAT_JSON, FORMAT_FORM, FORMAT_TEXT, FORMAT_XML };

struct description_reply {
	int format;
	char *each; /* JSON pointer to what came of each part */
	json_t *fields;
};

enum description_method { METHOD_POST, METHOD_GET };

/* A request and how to understand its answer. */
struct description_request {
	int method;
	char *base_url, *path;
	json_t *query, *headers, *json, *form;
	struct description_basic basic;
	struct description_raw raw;
	struct description_reply reply;
	struct conf_list rules; /* struct description_rule */
};

/* A request that asks what became of a message: as a request, at its place. */
struct description_query {
	struct description_request request; /* without rules */
	int64_t after_ms, window_ms;
	int time;
	struct conf_list states; /* struct description_state, of enum found_state */
	struct conf_list errors; /* struct description_rule */
};

enum description_same { SAME_NOTHING, SAME_TEMPLATE, SAME_TEXT };

/* One request that sends several messages: as a request, at its place. */
struct description_batch {
	struct description_request request;
	int64_t max;
	int same;
};

enum description_expires { EXPIRES_IN, EXPIRES_AT, EXPIRES_MILLISECONDS };

/* A request that brings a token: as a request, at its place. */
struct description_token {
	struct description_request request;
	char *first;
	int expires;
	int64_t lifetime_ms, before_ms;
};

/* How a person consents, once: the address to open, and the request that takes the code. */
struct description_authorize {
	struct description_request consent, exchange; /* without rules */
};

/* A token made for one request. */
struct description_jwt {
	char *key;
	json_t *header, *payload;
	int64_t lifetime_ms;
};

enum description_encoding { ENCODING_HEX, ENCODING_BASE64 };

/* How a callback is proved to be the provider's. */
struct description_verify {
	char *header, *field; /* where the signature is: one of them */
	struct conf_list strip;
	int algorithm; /* enum digest_algorithm */
	char *key;     /* NULL = a plain digest */
	int encoding;
	json_t *of;
	char *equals;
	struct conf_list time; /* char *: parts that say when it was signed */
	int time_format;
	int64_t tolerance_ms,
	    ahead_ms; /* how old, and how far ahead of us, it may be; 0 = any */
};

struct description_answer {
	int64_t status;
	char *type, *body;
};

enum description_callback { CALLBACK_QUERY, CALLBACK_FORM, CALLBACK_JSON };

enum description_time { TIME_SECONDS, TIME_MILLISECONDS, TIME_ISO, TIME_DIGITS };

/* A call of the provider to us. */
struct description_incoming {
	int method;
	int format;
	char *each;
	json_t *fields;
	json_t *when;
	int time;
	struct description_answer answer;
};

struct description_receipts {
	struct description_incoming in; /* first: they share its rows */
	struct conf_list states;	/* struct description_state, of enum receipt_state */
	struct conf_list errors;	/* struct description_rule */
};

struct description_text {
	bool parameters;
	bool accents;
	char *forbidden;
	int64_t max_segments;
};

enum description_duplicates { DUPLICATES_NONE, DUPLICATES_REFERENCE };

struct description_reference {
	int64_t max;
	int duplicates;
	int64_t window_ms;
	bool same_day;
};

struct description_limits {
	int64_t rate_per_second, in_flight, connect_timeout_ms, total_timeout_ms, max_reply;
	char *quota_renews;
};

struct description {
	char *provider, *title, *note, *base_url;
	int channel;
	bool allow_http, allow_private;
	struct conf_list settings, secrets; /* struct description_setting */
	struct description_text text;
	struct description_reference reference;
	struct description_limits limits;
	struct description_request send;
	struct description_batch batch;
	struct description_query query;
	struct description_receipts receipts;
	struct description_incoming replies;
	struct description_verify verify;
	struct description_token token;
	struct description_authorize authorize;
	struct description_jwt jwt;
	struct description_request balance;
};

extern const char *const description_channels[]; /* by description.channel */
extern const char *const description_methods[], *const description_times[];
extern const char *const description_state_classes[]; /* "" first: none is said */

/* description_ask.c */
extern const struct conf_table description_rule_table, description_request_table,
    description_batch_table, description_query_table, description_token_table,
    description_authorize_table, description_jwt_table;
/* description_call.c */
extern const struct conf_table description_receipts_table, description_replies_table,
    description_verify_table;

/* 0, or -1 with e naming file, line and key. doc is loaded too and must outlive the reading of the
 * trees inside d; free both. */
MUST_CHECK int description_load(const char *path, struct ydoc *doc, struct description *d,
				struct err *e);
MUST_CHECK int description_read(const struct ydoc *doc, struct description *d, struct err *e);
void description_free(struct description *d);

#endif
