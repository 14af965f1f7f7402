/* SPDX-License-Identifier: Apache-2.0 */
/* What a description says and what it would send, to be read by a person. */
#include <stdlib.h>

#include "base/mem.h"
#include "provider/parts.h"

int provider_build_example(const struct provider *p, struct provider_request *r, struct err *e)
{
	struct provider_message m = {.to = UINT64_C(84900000000),
				     .text = "Tin thu",
				     .ref = "example-0-1",
				     .callback_url = "https://example.invalid/callbacks",
				     .token = "[token]"};

	if (p->facts.parameters)
		m.text = "{\"template\":\"000000\",\"parameters\":{\"ten\":\"Lê Thị Bưởi\"}}";
	return provider_build_send(p, &m, r, e);
}

static const char *show_or(const char *text, const char *without)
{
	return text != NULL ? text : without;
}

static json_t *show_settings(const struct conf_list *list)
{
	const struct description_setting *s = list->items;
	json_t *out = json_array();

	for (size_t i = 0; i < list->n; i++) {
		json_t *allowed = json_array();

		for (size_t k = 0; k < s[i].allowed.n; k++)
			json_array_append_new(allowed,
					      json_string(((char **)s[i].allowed.items)[k]));
		json_array_append_new(out, json_pack("{s:s, s:b, s:s, s:o, s:s}", "name", s[i].name,
						     "required", s[i].required, "default",
						     show_or(s[i].fallback, ""), "allowed", allowed,
						     "help", show_or(s[i].help, "")));
	}
	return out;
}

static json_t *show_when(const json_t *when)
{
	char *text = json_dumps(when, JSON_COMPACT | JSON_ENCODE_ANY);
	json_t *out = json_string(text != NULL ? text : "");

	free(text);
	return out;
}

static json_t *show_rules(const struct description_request *d)
{
	const struct description_rule *r = d->rules.items;
	json_t *out = json_array();

	for (size_t i = 0; i < d->rules.n; i++)
		json_array_append_new(out, json_pack("{s:o, s:s, s:s}", "when",
						     show_when(r[i].when), "class",
						     outcome_class_name((enum outcome_class)r[i].class),
						     "reason", show_or(r[i].reason, "")));
	return out;
}

static json_t *show_states(const struct description_receipts *d)
{
	const struct description_state *s = d->states.items;
	json_t *out = json_array();

	for (size_t i = 0; i < d->states.n; i++)
		json_array_append_new(
		    out, json_pack("{s:o, s:s, s:s}", "when", show_when(s[i].when), "state",
				   receipt_state_name((enum receipt_state)s[i].state), "class",
				   description_state_classes[s[i].class]));
	return out;
}

static json_t *show_request(const struct provider *p, struct err *e)
{
	struct provider_request r;
	json_t *out = NULL, *headers;

	provider_request_init(&r);
	if (provider_build_example(p, &r, e) == 0) {
		headers = json_array();
		for (size_t i = 0; i < r.http.n_headers; i++)
			json_array_append_new(headers, json_string(r.http.headers[i]));
		out = json_pack("{s:s, s:s, s:o, s:s#}", "method", r.http.method, "url", r.http.url,
				"headers", headers, "body", show_or(r.http.body, ""),
				(int)(r.http.body != NULL ? r.http.body_len : 0));
		if (out == NULL)
			(void)err_set(e, EX_CONFIG, "the request of an example is no text");
	}
	provider_request_free(&r);
	return out;
}

json_t *provider_show(const struct provider *p, struct err *e)
{
	static const char *const settle[] = {"reference", "query", "receipts", "none"};
	const struct provider_facts *f = &p->facts;
	json_t *request = show_request(p, e), *out;

	if (request == NULL)
		return NULL;
	out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:o}", "name", f->name, "title",
			f->title, "channel", f->channel, "note", f->note, "settle",
			settle[f->settle], "receipts", f->receipts, "replies", f->replies,
			"callbacks", f->receipts || f->replies, "request", request);
	if (out == NULL) {
		(void)err_set(e, EX_CONFIG, "the description is no text");
		return NULL;
	}
	json_object_set_new(out, "receipts_by",
			    json_string(p->d.receipts.in.format == CALLBACK_QUERY ? "GET" : "POST"));
	json_object_set_new(out, "settings", show_settings(&p->d.settings));
	json_object_set_new(out, "secrets", show_settings(&p->d.secrets));
	json_object_set_new(out, "rules", show_rules(&p->d.send));
	json_object_set_new(out, "states", f->receipts ? show_states(&p->d.receipts) : json_array());
	return out;
}
