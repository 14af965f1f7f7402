/* SPDX-License-Identifier: Apache-2.0 */
/* moidan message: what became of each, and the officer's word on the uncertain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "dispatch/officer.h"
#include "provider/form.h"
#include "store/asked.h"
#include "text/phone.h"

#define MESSAGE_PAGE 50

static void message_time(json_t *o, const char *key, int64_t ms)
{
	char text[32];

	if (ms == 0)
		return;
	clock_format_rfc3339(ms, text);
	json_object_set_new(o, key, json_string(text));
}

static json_t *message_json(const struct message_row *r)
{
	char masked[32];
	json_t *o;

	phone_mask(r->number, masked);
	o = json_pack("{s:I, s:I, s:I, s:i, s:i, s:s, s:s, s:i, s:i, s:b}", "id",
		      (json_int_t)r->id, "campaign", (json_int_t)r->campaign_id, "recipient",
		      (json_int_t)r->recipient_id, "step", r->step, "rung", r->rung, "state",
		      message_state_name(r->state), "number", masked, "attempts", r->attempts,
		      "segments", r->segments, "ucs2", r->ucs2);
	if (r->linked_to != 0)
		json_object_set_new(o, "linked_to", json_integer(r->linked_to));
	if (r->reason != NULL && *r->reason != '\0')
		json_object_set_new(o, "reason", json_string(r->reason));
	if (r->code != NULL && *r->code != '\0')
		json_object_set_new(o, "code", json_string(r->code));
	if (r->provider_ref != NULL && *r->provider_ref != '\0')
		json_object_set_new(o, "provider_ref", json_string(r->provider_ref));
	message_time(o, "due_at", r->due_at < INT64_MAX ? r->due_at : 0);
	message_time(o, "expires_at", r->expires_at);
	message_time(o, "sent_at", r->sent_at);
	message_time(o, "final_at", r->final_at);
	return o;
}

struct message_printer {
	json_t *list; /* NULL: print */
	int64_t last;
	long n;
};

static bool message_collect(const struct message_row *r, void *arg)
{
	struct message_printer *p = arg;
	char masked[32];

	p->last = r->id;
	p->n++;
	if (p->list != NULL) {
		json_array_append_new(p->list, message_json(r));
		return true;
	}
	phone_mask(r->number, masked);
	(void)printf("%8lld  ", (long long)r->id);
	cli_cell(masked, 16);
	if (r->rung > 0)
		(void)printf("nấc %d  ", r->rung + 1);
	cli_cell(message_state_vi(r->state), 24);
	(void)printf("%s\n", r->reason != NULL ? r->reason : "");
	return true;
}

static int message_no_state(const char *state, struct err *e)
{
	struct buf known = BUF_INIT(700);
	int rc;

	for (int s = 0; s < 32; s++) {
		const char *name = message_state_name((enum message_state)s);

		if (*name != '?')
			(void)buf_addf(&known, "%s%s", known.len > 0 ? ", " : "", name);
	}
	rc = err_set(e, EX_USAGE, "không có trạng thái \"%s\"; có: %s", state, buf_text(&known));
	buf_free(&known);
	return rc;
}

static int message_list(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *state = NULL, *number = NULL, *campaign = NULL;
	long after = 0, limit = MESSAGE_PAGE;
	const struct cli_option options[] = {
	    {.name = "state", .text = &state},	     {.name = "number", .text = &number},
	    {.name = "campaign", .text = &campaign}, {.name = "after", .number = &after},
	    {.name = "limit", .number = &limit},     {.name = NULL},
	};
	struct message_filter f = {.state = -1};
	struct message_printer p = {0};
	enum message_state wanted;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (state != NULL) {
		if (message_state_from_name(state, &wanted) == 0)
			return message_no_state(state, e);
		f.state = (int)wanted;
	}
	if (number != NULL) {
		struct phone ph = phone_parse(number, 0);

		if (ph.number == 0)
			return err_set(e, EX_USAGE, "--number: \"%s\" không phải là số điện thoại",
				       number);
		f.number = ph.number;
	}
	if (limit < 1 || after < 0)
		return err_set(e, EX_USAGE, "--limit từ 1, --after từ 0");
	f.after_id = after;
	if (cli_open(c, STORE_READER, e) < 0)
		return -1;
	if (campaign != NULL) {
		struct campaign k = {0};

		if (cli_campaign(c, campaign, &k, e) < 0)
			return -1;
		f.campaign_id = k.id;
		campaign_clear(&k);
	}
	if (c->json)
		p.list = json_array();
	if (store_message_list(c->store, &f, (size_t)limit, message_collect,
			       &p, e) < 0) {
		json_decref(p.list);
		return -1;
	}
	if (!c->json && p.n == 0)
		(void)printf("Không có tin nào như vậy.\n");
	else if (!c->json && p.n == limit)
		(void)printf("Có thể còn nữa: thêm --after %lld\n", (long long)p.last);
	if (c->json)
		return cli_print_json(
		    json_pack("{s:o, s:I}", "items", p.list, "next", (json_int_t)p.last));
	return 0;
}

static void message_attempt_add(const struct message_attempt *a, void *arg)
{
	json_t *o = json_pack("{s:i, s:i, s:s, s:i}", "n", a->n, "provider", a->provider_id,
			      "class", outcome_class_name((enum outcome_class)a->class),
			      "http_status", a->http_status);

	message_time(o, "started_at", a->started_at);
	message_time(o, "ended_at", a->ended_at);
	if (a->code != NULL && *a->code != '\0')
		json_object_set_new(o, "code", json_string(a->code));
	if (a->reason != NULL && *a->reason != '\0')
		json_object_set_new(o, "reason", json_string(a->reason));
	json_array_append_new(arg, o);
}

static int message_show(struct cli *c, int argc, char **argv, struct err *e)
{
	struct message_row r = {0};
	json_t *o, *attempts, *a;
	char *wording;
	int64_t id;
	size_t i;
	int found;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	found = store_message_get(c->store, id, &r, e);
	/* It says who is written to. */
	if (found > 0 && person_audit(c, r.recipient_id, "message.show", e) < 0) {
		message_row_clear(&r);
		return -1;
	}
	if (found == 0)
		return err_set(e, EX_NOINPUT, "không có tin số %lld", (long long)id);
	if (found < 0)
		return -1;
	o = message_json(&r);
	wording = form_wording(r.text != NULL ? r.text : "");
	json_object_set_new(o, "text", json_string(wording));
	free(wording);
	attempts = json_array();
	json_object_set_new(o, "attempts_log", attempts);
	if (store_message_attempts(c->store, id, message_attempt_add, attempts, e) < 0) {
		json_decref(o);
		message_row_clear(&r);
		return -1;
	}
	if (c->json) {
		message_row_clear(&r);
		return cli_print_json(o);
	}
	(void)printf(
	    "Tin số %lld: %s%s%s\n  tới %s, %d đoạn tin\n  %s\n", (long long)id,
	    message_state_vi(r.state), r.reason != NULL && *r.reason != '\0' ? ": " : "",
	    r.reason != NULL ? r.reason : "", json_string_value(json_object_get(o, "number")),
	    r.segments, json_string_value(json_object_get(o, "text")));
	json_array_foreach(attempts, i, a)
	{
		const char *when = json_string_value(json_object_get(a, "started_at"));
		const char *reason = json_string_value(json_object_get(a, "reason"));

		(void)printf("  lần %lld  %s  %s  %s\n",
			     (long long)json_integer_value(json_object_get(a, "n")),
			     when != NULL ? when : "-",
			     json_string_value(json_object_get(a, "class")),
			     reason != NULL ? reason : "");
	}
	json_decref(o);
	message_row_clear(&r);
	return 0;
}

static int message_retry(struct cli *c, int argc, char **argv, struct err *e)
{
	int64_t id;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 ||
	    officer_message_retry(c->store, id, cli_who(), e) < 0)
		return -1;
	cli_changed(c);
	(void)printf("Tin số %lld sẽ được gửi lại.\n", (long long)id);
	return 0;
}

static int message_release(struct cli *c, int argc, char **argv, struct err *e)
{
	bool cancel = strcmp(argv[0], "cancel") == 0;
	int64_t id;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 ||
	    (cancel ? officer_message_cancel(c->store, id, cli_who(), e)
		    : officer_message_release(c->store, id, cli_who(), e)) < 0)
		return -1;
	cli_changed(c);
	(void)printf(cancel ? "Tin số %lld đã hủy, không gửi.\n" : "Tin số %lld sẽ được gửi.\n",
		     (long long)id);
	return 0;
}

static int message_settle(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *said;
	int64_t id;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 ||
	    officer_message_settle(c->store, id, argv[2], c->house->cfg.dispatch.receipt_silence,
				   cli_who(), &said, e) < 0)
		return -1;
	cli_changed(c);
	(void)printf("Tin số %lld: %s.\n", (long long)id, said);
	return 0;
}

int cmd_message(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"list", message_list},	{"show", message_show}, {"retry", message_retry},
	    {"settle", message_settle},	{"release", message_release},
	    {"cancel", message_release}, {NULL, NULL},
	};

	return cli_verb(c, verbs, argc, argv);
}
