/* SPDX-License-Identifier: Apache-2.0 */
/* A provider is data: config/providers/NAME.yaml says how to ask it to send,
 * how to read its answers and receipts, and what it promises about duplicates.
 * No provider's name stands in C. */
#ifndef MOIDAN_PROVIDER_PROVIDER_H
#define MOIDAN_PROVIDER_PROVIDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "provider/http.h"

/* One element of `providers:` in moidan.yaml. */
struct provider_config {
	char *name; /* unique; stands in callback paths and reports */
	char *
	    description; /* a name ("esms") looked up in the configuration's providers/, or a path */
	char *base_url;	  /* overrides the description's; NULL = as described */
	json_t *settings; /* name: value, {{cfg.NAME}} */
	json_t *secrets;  /* name: value or name_file: path, {{secret.NAME}}; also from the
			      environment MOIDAN_SECRET_<PROVIDER>_<NAME>[_FILE] */
	int64_t rate_per_second;   /* segments; 0 = as described */
	int64_t in_flight;	   /* requests at once; 0 = as described (16) */
	int64_t batch;		   /* messages of one request at most; 0 = as described */
	int64_t price_per_segment; /* đồng */
	struct conf_list
	    callback_from; /* char *: where it calls from, "203.0.113.0/24"; none = anywhere */
	int64_t weight; /* its share of the messages of its channel; 0 = when no other works */
	/* Where it stands, for the errors of provider_new(): element index of accounts. NULL = in no
	 * file. Borrowed. */
	const struct ydoc *doc;
	const json_t *accounts;
	size_t index;
};
extern const struct conf_table provider_config_table;

struct provider;

/* Reads and checks the description and resolves settings and secrets (registering them with
 * log_redact). dir: the configuration directory that holds providers/. NULL with e (EX_CONFIG,
 * naming file, line and key). */
struct provider *provider_new(const struct provider_config *cfg, const char *dir,
			      struct err *e);
/* As provider_new(), but each secret is its own name: what it builds can be shown to people. */
struct provider *provider_new_masked(const struct provider_config *cfg, const char *dir,
				     struct err *e);
/* A description that is not in providers/ yet, read and checked as those are: file is what errors call it. No file
 * is opened, no secret is looked for and no account is asked: each secret and each setting that has no default is its
 * own name, as above. NULL with e (EX_CONFIG: file, line, column). */
struct provider *provider_new_draft(const char *file, const char *text, size_t len,
				    struct err *e);
void provider_free(struct provider *p);

/* How an uncertain outcome may be settled (reference: delivery classes A, B, C, D). */
enum provider_settle {
	SETTLE_DEDUP, /* A: the same reference may be sent again within the window */
	SETTLE_QUERY, /* B: ask by our reference */
	SETTLE_ECHO,  /* C: its receipts carry our reference: wait */
	SETTLE_NONE   /* D: an officer decides */
};

/* What the rest of the house needs to know; valid while the provider lives. */
struct provider_facts {
	const char *name;
	const char *title;   /* "eSMS.vn (ViHAT)" */
	const char *channel; /* "sms" */
	const char *note;    /* what is uncertain about the contract; "" when nothing */
	enum provider_settle settle;
	int64_t dedup_window_ms; /* for SETTLE_DEDUP */
	bool dedup_same_day;	 /* and on the day of its first sending only */
	bool query_by_ref;	 /* can be asked by our reference: SETTLE_QUERY */
	bool query_by_id;	 /* can be asked by its own, once that is known */
	int64_t
	    query_after_ms; /* "not found" proves nothing before that long after the sending … */
	int64_t query_window_ms; /* … nor later than this: it has forgotten */
	bool replies;		 /* hands on what citizens answer */
	bool receipts;		 /* sends delivery receipts at all */
	bool
	    receipt_by_ref; /* they carry our reference (else they are matched by the provider's) */
	bool parameters;	 /* takes no free text: messages are of provider/form.h */
	bool token;		 /* wants a token with each request */
	bool authorize;		 /* whose first needs a person's consent */
	bool token_refresh;	 /* a new one needs a refresh token … */
	const char *token_first; /* … of which the account gives the first; "" = it does not */
	int64_t token_before_ms; /* a new one is due that long before the end */
	bool balance;		 /* can be asked for the money that is left */
	int quota_renews; /* minute of the day at which quota_left begins anew; -1 = not known */
	size_t batch;		 /* messages that one request may carry; 1: each goes alone */
	const char *forbidden;	 /* characters it refuses; "" */
	int max_segments;	 /* 0 = no limit */
	bool can_ucs2;		 /* accepts accented text */
	int64_t rate_per_second; /* segments, 0 = no limit */
	int64_t in_flight;
	int64_t price_per_segment;
	int64_t weight;
	struct http_limits http;
};
const struct provider_facts *provider_facts(const struct provider *p);

/* What is to be sent. */
struct provider_message {
	uint64_t to;	  /* 84912345678 */
	const char *text; /* as it goes out: NFC, accents already decided */
	bool ucs2;
	const char *ref;	  /* our reference, [A-Za-z0-9-], ≤ 40 */
	const char *callback_url; /* where receipts go; NULL = none */
	const char *token;	  /* where facts.token; else NULL */
};

/* A request built from the description; keeps its memory between uses. */
struct provider_request {
	struct buf url, body;
	struct buf header_text; /* the headers, NUL-separated */
	const char *headers[24];
	size_t n_headers;
	struct http_request http; /* points into the above; what http_send takes */
};
void provider_request_init(struct provider_request *r);
void provider_request_free(struct provider_request *r);

/* Builds the send request. 0, or -1 with e when a value does not fit the description (a refusal
 * before anything was sent: outcome CONTENT). Thread-safe: the provider is not changed. */
MUST_CHECK int provider_build_send(const struct provider *p, const struct provider_message *m,
				   struct provider_request *r, struct err *e);

/* A message that nobody gets, built as any other: to show what would be sent, and where. */
MUST_CHECK int provider_build_example(const struct provider *p, struct provider_request *r,
				      struct err *e);

/* Classes of outcome, from the error tables of the providers. */
enum outcome_class {
	OUTCOME_OK,	   /* accepted by the provider */
	OUTCOME_OK_DUP,	   /* it says that it already has this reference: accepted before */
	OUTCOME_RETRY,	   /* refused now, may be accepted later */
	OUTCOME_RATE,	   /* too fast, or a quota that refills */
	OUTCOME_BADNUM,	   /* permanent: the number */
	OUTCOME_CONTENT,   /* permanent: the text */
	OUTCOME_FALLBACK,  /* not on this channel or provider: the next rung */
	OUTCOME_CONFIG,	   /* our account or configuration: stop this provider and tell */
	OUTCOME_MONEY,	   /* out of money: likewise */
	OUTCOME_UNCERTAIN, /* it may or may not have been sent */
	OUTCOME_COUNT
};
const char *outcome_class_name(enum outcome_class c); /* "ok", "ok_dup", … */

struct outcome {
	enum outcome_class class;
	bool not_sent;	 /* proved by the transport that nothing left (RETRY then) */
	int64_t wait_ms; /* do not try before this long from now; -1 = the house's back-off.
				* Retry-After honoured, clamped to 1 s … 6 h */
	int wait_until_minute; /* or not before this civil minute of the day (window); -1 = none */
	char code[32];	       /* the provider's code, cleaned for logs; "" */
	char reason[160];      /* English, one line, no personal data */
	char provider_ref[64]; /* the provider's id of the message; "" */
	int http_status;
	bool token_refused; /* refused for its token alone: a new one, then once more (RETRY) */
	bool
	    rest; /* refused for a quota of the account: nothing more before this one may be tried again */
	int64_t quota_left; /* messages that may still be sent today; -1 = not said */
};

/* Reads a reply by the description's rules; never fails: what is not understood is UNCERTAIN
 * (or what the HTTP status proves). */
void provider_classify(const struct provider *p, const struct http_reply *reply,
		       struct outcome *out);

/* A test: sends one message and waits for the answer, on a loop of its own. Counted nowhere, and not to be
 * repeated by itself. 0 with *out, or -1 with e when it could not be built. */
MUST_CHECK int provider_try(const struct provider *p, uint64_t to, const char *text,
			    const char *token, struct outcome *out, struct err *e);

/* Several messages in one request, at most facts.batch. As provider_build_send(); also -1 when any of them
 * does not fit: ask provider_check_send() about each before. */
MUST_CHECK int provider_build_batch(const struct provider *p, const struct provider_message *m,
				    size_t n, struct provider_request *r, struct err *e);
/* Whether a message of this text may go in one request with one of that text, as far as texts tell. */
bool provider_batch_joins(const struct provider *p, const char *text, const char *that);
/* Whether the message alone could be built: 0, or -1 with e. */
MUST_CHECK int provider_check_send(const struct provider *p, const struct provider_message *m,
				   struct err *e);
/* What became of each of the n messages (to and ref are enough) of such a request: out has n. A refusal of
 * the request for what one of them is at fault (number, text, channel) says of none which: RETRY, each alone. A
 * message of which the answer does not speak, or speaks twice, is UNCERTAIN. */
void provider_classify_batch(const struct provider *p, const struct provider_message *m,
			     size_t n, const struct http_reply *reply, struct outcome *out);

/* A question about a message that was, or may have been, sent. */
struct provider_query {
	uint64_t to;
	const char *ref; /* ours, of the attempt in question */
	const char
	    *provider_ref;  /* its own; NULL or "" = not known (then query_by_ref must hold) */
	int64_t sent_at_ms; /* when the attempt was claimed */
	const char *token;  /* where facts.token; else NULL */
};

/* Builds the question. 0, or -1 with e when it cannot be asked. Thread-safe. */
MUST_CHECK int provider_build_query(const struct provider *p, const struct provider_query *q,
				    struct provider_request *r, struct err *e);

enum found_state {
	FOUND_UNKNOWN,	   /* no answer, or none that can be understood: ask again later */
	FOUND_ACCEPTED,	   /* it has the message, nothing more is known */
	FOUND_DELIVERED,   /* likewise final, as a receipt says */
	FOUND_UNDELIVERED, /* likewise; error_class says why */
	FOUND_NOT /* it has no such message: between query_after_ms and query_window_ms after
			    * the sending a proof that it was not sent */
};

struct found {
	enum found_state state;
	enum outcome_class error_class; /* of an UNDELIVERED one, as of a receipt */
	char provider_ref[64];		/* the provider's id of the message; "" */
	char code[32];			/* the provider's, cleaned; "" */
	int64_t at_ms;			/* when it happened, 0 = not said */
	char reason[160];		/* of UNKNOWN: English, one line, no personal data */
	int http_status;
};
const char *found_state_name(enum found_state s); /* "unknown", "accepted", … */

/* Reads the answer to a question; never fails. */
void provider_classify_query(const struct provider *p, const struct http_reply *reply,
			     struct found *out);

/* Delivery receipts. */
enum receipt_state {
	RECEIPT_DELIVERED,
	RECEIPT_UNDELIVERED,
	RECEIPT_IN_FLIGHT,
	RECEIPT_UNKNOWN
};

const char *receipt_state_name(enum receipt_state s); /* "delivered", … */

struct receipt {
	enum receipt_state state;
	char provider_ref[64]; /* "" when the receipt has none */
	char ref[48];	       /* ours, "" when not echoed */
	uint64_t phone;	       /* 0 when it has none */
	char code[32];
	enum outcome_class
	    error_class; /* of an UNDELIVERED one: BADNUM, FALLBACK, CONTENT, RETRY … */
	int64_t at_ms;	 /* when it happened, 0 = not said */
};

struct callback_request {
	const char *method; /* "GET", "POST" */
	const char *query;  /* raw, without '?'; "" */
	const struct http_header *headers;
	size_t n_headers;
	const char *body;
	size_t body_len;
	const char *token; /* last path segment, as it came */
	const char *address; /* who calls, as numbers; NULL = not known */
	const char *url; /* the public address that was called, query and all; NULL = not known
			    * (then no signature over it can hold) */
};

enum callback_verdict {
	CALLBACK_FORGED, /* the token or the signature is not the provider's */
	CALLBACK_STALE, /* signed too long ago, or in the future: heard by somebody and played again? */
	CALLBACK_ELSEWHERE, /* from an address that the provider does not call from */
	CALLBACK_GENUINE
};
/* Whether the callback, of receipts or of answers, is the provider's: token compared in constant time, then what the
 * description asks for, then where the account says that it calls from. token_wanted: what we put into callback_url. */
enum callback_verdict provider_callback_judge(const struct provider *p,
					      const struct callback_request *c,
					      const char *token_wanted);
/* Whether it is GENUINE. */
bool provider_callback_verify(const struct provider *p, const struct callback_request *c,
			      const char *token_wanted);

/* Reads a verified callback. Returns the number of receipts put into out (at most max), 0 when the
 * call is of another kind and only wants an answer, -1 with e when it cannot be understood, or holds more than
 * max. What cannot be understood beside others that can is left out, and logged. */
int provider_callback_parse(const struct provider *p, const struct callback_request *c,
			    struct receipt *out, size_t max, struct err *e);

/* What to answer to a callback that was stored. Borrowed. */
void provider_callback_answer(const struct provider *p, int *status, const char **content_type,
			      const char **body);

/* What a citizen answered. */
struct inbound {
	uint64_t from;	 /* 84912345678 */
	uint64_t to;	 /* our number where it says so, else 0 (also for short codes) */
	char text[2048]; /* UTF-8, NFC, control characters as spaces; a longer one is cut */
	char provider_ref[64]; /* the provider's id of the answer: the same once only; "" */
	int64_t at_ms;	       /* when it was sent, 0 = not said */
};

/* Reads the answers of citizens in a verified callback, which may hold receipts instead: ask for both.
 * As provider_callback_parse(): how many, 0 when it is of another kind, -1 with e. */
int provider_callback_inbound(const struct provider *p, const struct callback_request *c,
			      struct inbound *out, size_t max, struct err *e);

/* What to answer to answers that were stored; never text for the citizen. Borrowed. */
void provider_inbound_answer(const struct provider *p, int *status, const char **content_type,
			     const char **body);

/* Tokens that a provider lends for a while. Whoever fetches one must be alone at it, and commit what came
 * before its first use: a refresh token is often good for one time only. */
enum token_result {
	TOKEN_LATER, /* no answer, or a passing refusal: try again */
	TOKEN_OK,
	TOKEN_DEAD /* the refresh token or our account is no good: a person is needed */
};

struct provider_token {
	enum token_result result;
	char *access, *refresh; /* of an OK one; refresh NULL = the old one stays */
	int64_t expires_at;	/* ms */
	char code[32];
	char reason[160]; /* English, one line, no secret */
};

/* The request for a new token; refresh may be NULL where the description needs none. -1 with e. */
MUST_CHECK int provider_build_token(const struct provider *p, const char *refresh,
				    struct provider_request *r, struct err *e);
/* Reads its answer, or that of an exchange; never fails. Empty by provider_token_free(). */
void provider_read_token(const struct provider *p, const struct http_reply *reply,
			 struct provider_token *out);
void provider_token_free(struct provider_token *t);

/* A person's consent (RFC 6749 §4.1, RFC 7636): the verifier is ours and secret, 43 letters and digits. */
struct provider_consent {
	const char *verifier, *state, *redirect;
};
/* Appends the address that the person opens. */
MUST_CHECK int provider_consent_url(const struct provider *p, const struct provider_consent *c,
				    struct buf *out, struct err *e);
/* The request that turns the code which the consent brought into a token. */
MUST_CHECK int provider_build_exchange(const struct provider *p,
				       const struct provider_consent *c, const char *code,
				       struct provider_request *r, struct err *e);

/* What is left of our money there: the question, and its answer as the provider writes it. */
MUST_CHECK int provider_build_balance(const struct provider *p, const char *token,
				      struct provider_request *r, struct err *e);
MUST_CHECK int provider_read_balance(const struct provider *p, const struct http_reply *reply,
				     char out[64], struct err *e);

/* The descriptions found in dir/providers, for `provider list`: each is loaded and checked.
 * cb gets the name, facts (NULL when broken) and the error text. */
void provider_each_description(const char *dir,
			       void (*cb)(const char *name, const struct provider_facts *facts,
					  const char *error, void *arg),
			       void *arg);

/* What a description says, for whoever is about to place it: {"name", "title", "channel", "note", "receipts", "replies",
 * "callbacks", "receipts_by": "GET|POST", "settle": "reference|query|receipts|none", "settings" and "secrets": [{"name", "help", …}], "rules": [{"when",
 * "class", "reason"}] of answers, "states": [{"when", "state", "class"}] of receipts, "request": {"method", "url",
 * "headers", "body"} as it would be for an example}. p must be masked, or it shows its secrets. Yours; NULL with e when
 * no example can be built. */
json_t *provider_show(const struct provider *p, struct err *e);

/* The JSON Schema of a description, for config/schema/. Yours to json_decref(). */
json_t *provider_description_schema(void);

/* A secret: the bytes of a file without its last line end, at most 4 KiB. Yours; NULL with e (EX_CONFIG). */
char *provider_read_secret(const char *path, struct err *e);

#endif
