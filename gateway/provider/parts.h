/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider is made of once its description is read. Inside the floor only. */
#ifndef MOIDAN_PROVIDER_PARTS_H
#define MOIDAN_PROVIDER_PARTS_H

#include "provider/address.h"
#include "provider/description.h"
#include "provider/program.h"
#include "provider/provider.h"
#include "provider/rules.h"

enum { PROVIDER_MAX_HEADERS = 24 };

/* A rule, ready to be asked. */
struct provider_rule {
	struct condition when;
	enum outcome_class class;
	const char *reason, *wait_header; /* of the description; may be NULL */
	bool refresh_token, rest;
	int64_t wait_ms; /* 0 = none */
	int wait_until;	 /* minute of the day; -1 = none */
};

struct provider_rules {
	struct provider_rule *items;
	size_t n;
};

/* What a report says has become of a message: a receipt's state or that of an answer to a query. */
struct provider_state {
	struct condition when;
	int state; /* enum receipt_state, enum found_state */
	enum outcome_class class;
	bool has_class;
};

struct provider_states {
	struct provider_state *items;
	size_t n;
	struct provider_rules errors; /* why, where a state does not say */
};

struct provider_header {
	struct program line; /* "Name: value" */
};

/* A described request, and how to read its answer. */
struct provider_ask {
	const struct description_request *d;
	const char *method;
	bool has_body, has_token, has_jwt; /* has_: it shows one */
	struct program url, body;
	struct provider_header headers[PROVIDER_MAX_HEADERS];
	size_t n_headers;
	struct fields fields;
	int code, id, quota; /* fields; -1 = none */
};

/* A described call of the provider. */
struct provider_incoming {
	const struct description_incoming *d; /* NULL = it does not call for that */
	struct fields fields;
	struct condition when;
	int id, ref, phone, code, time, from, to, text; /* fields; -1 = none */
};

/* Parts of a call, one after the other. */
struct verify_list {
	struct verify_part *parts;
	size_t n;
	struct verify_part *time; /* of what says when; NULL = nothing does. Yours */
};

struct provider_verify {
	const struct description_verify *d; /* NULL = nothing is asked but the address */
	char *key, *equals;
	struct verify_list *lists; /* any of them */
	size_t n;
	struct address_net *from; /* where calls come from; NULL = anywhere */
	size_t n_from;
};

struct provider {
	struct description d;
	struct provider_facts facts;
	char *name, *base_url;
	struct program_constant *constants;
	size_t n_constants;

	struct provider_ask send;
	struct provider_rules rules;

	struct provider_ask batch; /* method NULL = each message goes alone */
	struct provider_rules batch_rules;
	int batch_ref, batch_phone; /* fields that say whose an element is; -1 = none */

	struct provider_ask query; /* method NULL = it cannot be asked */
	struct provider_states found;

	struct provider_ask balance; /* method NULL = it cannot be asked */
	struct provider_rules balance_rules;

	struct provider_ask token, consent, exchange; /* method NULL = there is none */
	struct provider_rules token_rules;
	int token_access, token_refresh, token_expires; /* fields */
	char *token_first;				/* NULL = the account gives none */
	char *jwt_key;					/* NULL = none is made */
	struct program jwt_header, jwt_payload;

	struct provider_verify verify;
	struct provider_incoming receipts, replies;
	struct provider_states states; /* of receipts */
};

/* provider.c: whether a message fits the description, and its template and parameters into v; root is what
 * they were read from. */
MUST_CHECK int provider_message_check(const struct provider *p,
				      const struct provider_message *m, struct err *e);
MUST_CHECK int provider_message_form(const struct provider *p, const struct provider_message *m,
				     const char **template, const json_t **parameters,
				     json_t **root, struct err *e);

/* batch.c: the section batch, into p. */
MUST_CHECK int provider_batch_compile(struct provider *p, const struct ydoc *doc,
				      struct err *e);

/* outcome.c: an answer of which nothing is known yet. */
void provider_outcome_init(struct outcome *out, const struct http_reply *reply);
/* What values read from an answer to a, or from one part of it, mean by the rules, then by what HTTP
 * proves. why: it could not be read. */
void provider_outcome_read(const struct provider_ask *a, const struct provider_rules *rules,
			   const struct http_reply *reply, const struct values *v,
			   const struct err *why, struct outcome *out);

/* request.c: parent's member key as a request. vars: the variables it may use. */
MUST_CHECK int provider_ask_compile(const struct provider *p, const struct ydoc *doc,
				    const json_t *parent, const char *key,
				    const struct description_request *d, unsigned vars,
				    struct provider_ask *out, struct err *e);
/* A text of the account's values alone, parent's member key; *out is yours. */
MUST_CHECK int provider_constant_text(const struct provider *p, const struct ydoc *doc,
				      const json_t *parent, const char *key, const char *text,
				      char **out, struct err *e);
void provider_ask_free(struct provider_ask *a);
/* Whether the variable stands anywhere in it. */
bool provider_ask_uses(const struct provider_ask *a, enum program_var var);
MUST_CHECK int provider_ask_build(const struct provider_ask *a, const struct program_values *v,
				  struct provider_request *r, struct err *e);
/* The same for a request that shows a token or a JWT, where p has them. */
MUST_CHECK int provider_ask_open(const struct provider *p, const struct provider_ask *a,
				 struct program_values *v, const char *token,
				 struct provider_request *r, struct err *e);
/* Reads the fields of an answer. One that cannot be read has none, and e says why: only rules over its
 * status or its text can hold. Empty v by values_free(). */
void provider_ask_read(const struct provider_ask *a, const struct http_reply *reply,
		       struct values *v, struct err *e);

MUST_CHECK int provider_rules_compile(const struct ydoc *doc, const json_t *list,
				      const struct conf_list *rules, const struct fields *f,
				      struct provider_rules *out, struct err *e);
void provider_rules_free(struct provider_rules *r);
/* The first that holds, or NULL. */
const struct provider_rule *provider_rules_find(const struct provider_rules *r,
						const struct values *v);

/* What stands in list, the states of a report, and in errors. */
MUST_CHECK int provider_states_compile(const struct ydoc *doc, const json_t *parent,
				       const struct conf_list *states,
				       const struct conf_list *errors, const struct fields *f,
				       struct provider_states *out, struct err *e);
void provider_states_free(struct provider_states *s);
/* The state that holds, otherwise; *class is why, FALLBACK where nothing says. */
int provider_states_find(const struct provider_states *s, const struct values *v, int otherwise,
			 enum outcome_class *class);

/* call.c: receipts and replies of the description, into p. */
MUST_CHECK int provider_incoming_compile(struct provider *p, const struct ydoc *doc,
					 struct err *e);
void provider_incoming_free(struct provider *p);

/* verify.c: the description's section, into p; whether a call carries what it asks for. */
MUST_CHECK int provider_verify_compile(struct provider *p, const struct provider_config *cfg,
				       const struct ydoc *doc, struct err *e);
void provider_verify_free(struct provider_verify *v);
enum callback_verdict provider_verify_judge(const struct provider *p,
					    const struct callback_request *c);

/* token.c: the sections token, authorize and jwt, into p. */
MUST_CHECK int provider_tokens_compile(struct provider *p, const struct ydoc *doc,
				       struct err *e);
MUST_CHECK int provider_jwt_compile(struct provider *p, const struct ydoc *doc, struct err *e);
/* Makes v's {{jwt}} in out, where p has one. */
MUST_CHECK int provider_jwt_put(const struct provider *p, struct program_values *v,
				struct buf *out, struct err *e);

/* "0912345678", "84912345678" or "+84912345678"; 0 for anything else. */
uint64_t provider_phone(const char *text);
/* Milliseconds from what a provider writes (enum description_time); 0 = cannot be read. */
int64_t provider_time(int format, const char *text);

/* Copies a provider's code or id for logs and comparison: printable ASCII without spaces; what
 * does not fit or is none becomes "". */
void provider_clean(const char *in, char *out, size_t size);

#endif
