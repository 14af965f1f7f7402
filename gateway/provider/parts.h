/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider is made of once its description is read. Inside the floor only. */
#ifndef MOIDAN_PROVIDER_PARTS_H
#define MOIDAN_PROVIDER_PARTS_H

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
	int64_t wait_ms;		  /* 0 = none */
	int wait_until;			  /* minute of the day; -1 = none */
};

struct provider_rules {
	struct provider_rule *items;
	size_t n;
};

/* A state of a receipt. */
struct provider_state {
	struct condition when;
	enum receipt_state state;
	enum outcome_class class;
	bool has_class;
};

struct provider_header {
	struct program line; /* "Name: value" */
};

struct provider {
	struct description d;
	struct provider_facts facts;
	char *name, *base_url;
	struct program_constant *constants;
	size_t n_constants;

	const char *method;
	bool has_body;
	struct program url, body;
	struct provider_header headers[PROVIDER_MAX_HEADERS];
	size_t n_headers;
	struct fields reply_fields;
	int reply_code, reply_id; /* fields; -1 = none */
	struct provider_rules rules;

	struct fields receipt_fields;
	int receipt_id, receipt_ref, receipt_phone, receipt_code, receipt_time;
	struct condition receipt_when;
	struct provider_state *states;
	size_t n_states;
	struct provider_rules errors;
};

MUST_CHECK int provider_rules_compile(const struct ydoc *doc, const json_t *list,
				      const struct conf_list *rules, const struct fields *f,
				      struct provider_rules *out, struct err *e);
void provider_rules_free(struct provider_rules *r);
/* The first that holds, or NULL. */
const struct provider_rule *provider_rules_find(const struct provider_rules *r,
						const struct values *v);

/* What stands in a description's receipts, into p. */
MUST_CHECK int provider_receipts_compile(struct provider *p, const struct ydoc *doc,
					 struct err *e);
void provider_receipts_free(struct provider *p);

/* Copies a provider's code or id for logs and comparison: printable ASCII without spaces; what
 * does not fit or is none becomes "". */
void provider_clean(const char *in, char *out, size_t size);

#endif
