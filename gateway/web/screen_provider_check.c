/* SPDX-License-Identifier: Apache-2.0 */
/* A description of a provider is tried before an operator places it: read by what reads those in providers/, its request
 * shown for an example, answers and receipts judged by it. Nothing is kept and nothing is sent; a description says where
 * secrets go, so that only who may write the configuration can put it in use. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/provider.h"
#include "web/screen.h"

#define CHECK_RECEIPTS 16 /* of one call that are shown */

/* The answer that was pasted, as the description judges it. */
static json_t *check_answer(const struct visit *v, const struct provider *p)
{
	const char *body = visit_text(v, "answer");
	struct http_reply reply = {.phase = HTTP_ANSWERED,
				   .status = visit_int(v, "status") != 0 ? (int)visit_int(v, "status")
									 : 200,
				   .body = body,
				   .len = strlen(body)};
	struct outcome o;

	provider_classify(p, &reply, &o);
	return json_pack("{s:i, s:s, s:s, s:s, s:s}", "status", reply.status, "class",
			 outcome_class_name(o.class), "code", o.code, "reason", o.reason, "id",
			 o.provider_ref);
}

/* The call that was pasted: its query, or its body. */
static json_t *check_receipt(const struct visit *v, const struct provider *p, const char *method)
{
	const char *text = visit_text(v, "receipt"), *query = strchr(text, '?');
	struct receipt list[CHECK_RECEIPTS];
	struct err why = ERR_INIT;
	json_t *out = json_array();
	/* An address may be pasted whole. */
	struct callback_request c = {.method = method,
				     .query = query != NULL ? query + 1 : text,
				     .body = text,
				     .body_len = strlen(text),
				     .token = ""};
	int n = provider_callback_parse(p, &c, list, CHECK_RECEIPTS, &why);

	for (int i = 0; i < n; i++)
		json_array_append_new(
		    out, json_pack("{s:s, s:s, s:s, s:s}", "state", receipt_state_name(list[i].state),
				   "ref", list[i].ref, "id", list[i].provider_ref, "code",
				   list[i].code));
	if (n > 0)
		return json_pack("{s:o}", "items", out);
	json_decref(out);
	return json_pack("{s:s, s:b}", "error", n < 0 ? why.text : "", "other", n == 0);
}

/* What was filled in beside the file. */
static json_t *check_filled(const struct visit *v)
{
	return json_pack("{s:s, s:I, s:s}", "answer", visit_text(v, "answer"), "status",
			 (json_int_t)(visit_int(v, "status") != 0 ? visit_int(v, "status") : 200),
			 "receipt", visit_text(v, "receipt"));
}

int screen_provider_check_again(struct visit *v, struct err *e)
{
	(void)e;
	v->model = json_pack("{s:o}", "filled", check_filled(v));
	return 0;
}

int screen_provider_check(struct visit *v, struct err *e)
{
	struct provider *p;
	json_t *shown;

	if (v->file == NULL)
		return visit_refuse(v, 422, e, "choose_description");
	p = provider_new_draft(v->file_name != NULL && *v->file_name != '\0' ? v->file_name
									     : "yaml",
			       v->file, v->file_len, e);
	shown = p != NULL ? provider_show(p, e) : NULL;
	if (shown == NULL) {
		e->code = EX_DATAERR; /* what is wrong came with the visit, not with us */
		provider_free(p);
		return -1;
	}
	json_object_set_new(shown, "file", json_string(v->file_name));
	if (*visit_text(v, "answer") != '\0')
		json_object_set_new(shown, "judged", check_answer(v, p));
	if (*visit_text(v, "receipt") != '\0')
		json_object_set_new(shown, "called", check_receipt(v, p, json_string_value(json_object_get(
							   shown, "receipts_by"))));
	provider_free(p);
	v->model = json_pack("{s:o, s:o}", "shown", shown, "filled", check_filled(v));
	/* Words are looked up by members of the model itself. */
	json_object_set(v->model, "settle", json_object_get(shown, "settle"));
	json_object_set(v->model, "judged_class",
			json_object_get(json_object_get(shown, "judged"), "class"));
	return 0;
}
