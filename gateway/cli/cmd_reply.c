/* SPDX-License-Identifier: Apache-2.0 */
/* moidan reply: what people answered, and what an officer makes of what nobody understood. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/reply.h"
#include "cli/cli.h"
#include "text/phone.h"

#define REPLY_PAGE 50

struct reply_printer {
	json_t *list; /* NULL: print */
	int64_t last;
	bool whole; /* the text too */
};

static json_t *reply_json(const struct reply *r)
{
	char masked[32], when[32];
	json_t *o;

	phone_mask(r->number, masked);
	clock_format_rfc3339(r->received_at, when);
	o = json_pack("{s:I, s:s, s:s, s:b, s:s, s:s, s:s?}", "id", (json_int_t)r->id, "number",
		      masked, "kind", reply_kind_name(r->kind), "open", r->open, "received_at",
		      when, "text", r->text, "note", r->note);
	if (r->recipient_id != 0)
		json_object_set_new(o, "recipient", json_integer(r->recipient_id));
	return o;
}

static bool reply_print(const struct reply *r, void *arg)
{
	struct reply_printer *p = arg;
	char masked[32], when[32];

	p->last = r->id;
	if (p->list != NULL) {
		json_array_append_new(p->list, reply_json(r));
		return true;
	}
	phone_mask(r->number, masked);
	clock_format_vi(r->received_at, when);
	(void)printf("%6lld  %s  ", (long long)r->id, when);
	cli_cell(masked, 16);
	cli_cell(reply_kind_vi(r->kind), 20);
	if (p->whole)
		(void)printf("\n  %s\n  %s\n", r->text, r->open ? "chờ cán bộ" : "đã xong");
	else
		cli_cell(r->text, 40);
	(void)printf("%s%s\n", p->whole && r->note != NULL ? "  " : "",
		     r->note != NULL ? r->note : "");
	return true;
}

static int reply_list(struct cli *c, int argc, char **argv, struct err *e)
{
	bool all = false;
	long after = 0, limit = REPLY_PAGE;
	const struct cli_option options[] = {{.name = "all", .flag = &all},
					     {.name = "after", .number = &after},
					     {.name = "limit", .number = &limit},
					     {.name = NULL}};
	struct reply_filter f = {.open = true};
	struct reply_printer p = {0};

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0 || cli_open(c, STORE_READER, e) < 0)
		return -1;
	f.open = !all;
	f.after_id = after;
	if (c->json)
		p.list = json_array();
	if (store_reply_list(c->store, &f, (size_t)(limit > 0 ? limit : 1), reply_print, &p,
			     e) < 0) {
		json_decref(p.list);
		return -1;
	}
	if (c->json)
		return cli_print_json(
		    json_pack("{s:o, s:I}", "items", p.list, "next", (json_int_t)p.last));
	if (p.last == 0)
		(void)printf(all ? "Chưa có tin trả lời nào.\n"
				 : "Không có tin trả lời nào chờ cán bộ.\n");
	return 0;
}

static int reply_show(struct cli *c, int argc, char **argv, struct err *e)
{
	struct reply_filter f = {.id = 0};
	struct reply_printer p = {.whole = true};
	json_t *one;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || (f.id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_READER, e) < 0)
		return -1;
	if (c->json)
		p.list = json_array();
	if (store_reply_list(c->store, &f, 1, reply_print, &p, e) < 0 || p.last == 0) {
		json_decref(p.list);
		return p.last == 0 ? err_set(e, EX_NOINPUT, "không có tin trả lời số %lld",
					     (long long)f.id)
				   : -1;
	}
	if (!c->json)
		return 0;
	one = json_incref(json_array_get(p.list, 0));
	json_decref(p.list);
	return cli_print_json(one);
}

static int reply_settle_run(struct cli *c, int argc, char **argv, struct err *e)
{
	static const struct {
		const char *word;
		enum reply_kind kind;
	} words[] = {{"nothing", REPLY_UNKNOWN},
		     {"opt-out", REPLY_OPT_OUT},
		     {"wrong-person", REPLY_WRONG_PERSON},
		     {"will-come", REPLY_WILL_COME}};
	struct reply_house h;
	int64_t id;
	size_t i = 0;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || (id = cli_id(argv[1], e)) < 0)
		return -1;
	while (i < sizeof(words) / sizeof(words[0]) && strcmp(words[i].word, argv[2]) != 0)
		i++;
	if (i == sizeof(words) / sizeof(words[0]))
		return err_set(e, EX_USAGE,
			       "reply settle ID opt-out|wrong-person|will-come|nothing");
	if (cli_open(c, STORE_WRITER, e) < 0 || store_begin(c->store, e) < 0)
		return -1;
	h = (struct reply_house){.house = &c->house->campaign,
				 .words = &c->house->replies,
				 .officials = c->house->cfg.reports.digest_programme,
				 .programmes = c->house->programmes,
				 .n_programmes = c->house->n_programmes};
	rc = reply_settle(c->store, &h, id, words[i].kind, cli_who(), e);
	if (rc <= 0) {
		store_rollback(c->store);
		return rc == 0 ? err_set(e, EX_DATAERR, "tin trả lời số %lld không chờ cán bộ",
					 (long long)id)
			       : -1;
	}
	if (store_commit(c->store, e) < 0)
		return -1;
	cli_changed(c);
	(void)printf("Đã ghi tin trả lời số %lld.\n", (long long)id);
	return 0;
}

int cmd_reply(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {{"list", reply_list},
						{"show", reply_show},
						{"settle", reply_settle_run},
						{NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
