/* SPDX-License-Identifier: Apache-2.0 */
/* moidan provider: which are described, which are configured, a test to one's own number, and the use of
 * one that stopped itself. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "text/phone.h"
#include "text/vi.h"

static const char *provider_settle_vi(enum provider_settle s)
{
	static const char *const names[] = {"chống trùng theo mã", "hỏi được trạng thái",
					    "báo kết quả kèm mã",
					    "không có (cán bộ quyết định)"};

	return names[s];
}

struct provider_printer {
	json_t *list;
	int broken;
};

static void provider_described(const char *name, const struct provider_facts *f,
			       const char *error, void *arg)
{
	struct provider_printer *p = arg;

	if (f == NULL)
		p->broken++;
	if (p->list != NULL) {
		json_array_append_new(p->list,
				      json_pack("{s:s, s:s?, s:s?, s:s?, s:s?}", "name", name,
						"title", f != NULL ? f->title : NULL, "channel",
						f != NULL ? f->channel : NULL, "note",
						f != NULL && *f->note != '\0' ? f->note : NULL,
						"error", error));
		return;
	}
	cli_cell(name, 14);
	if (f == NULL) {
		(void)printf("LỖI  %s\n", error);
		return;
	}
	cli_cell(f->title, 30);
	cli_cell(f->channel, 8);
	(void)printf("tin chưa rõ: %s%s%s\n", provider_settle_vi(f->settle),
		     *f->note != '\0' ? "; lưu ý: " : "", f->note);
}

static int provider_list(struct cli *c, int argc, char **argv, struct err *e)
{
	struct provider_printer p = {0};
	char *shared = mem_printf("%s/config", house_share_dir());
	struct err none = ERR_INIT;

	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0) {
		free(shared);
		return -1;
	}
	if (c->json)
		p.list = json_array();
	provider_each_description(cli_house(c, &none) == 0 ? c->house->cfg.descriptions
							   : shared,
				  provider_described, &p);
	free(shared);
	if (c->json)
		return cli_print_json(p.list);
	return p.broken > 0 ? EX_CONFIG : 0;
}

/* The house loads every configured provider with its secrets: getting so far is the check. */
static int provider_check(struct cli *c, int argc, char **argv, struct err *e)
{
	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || cli_house(c, e) < 0)
		return -1;
	for (size_t i = 0; i < c->house->n_providers; i++) {
		const struct provider_facts *f = provider_facts(c->house->providers[i]);
		char price[32];

		vi_number(f->price_per_segment, price);
		(void)printf("đạt    ");
		cli_cell(f->name, 14);
		(void)printf(
		    "%s; %lld yêu cầu cùng lúc; %s đồng mỗi đoạn tin; báo kết quả: %s\n",
		    f->title, (long long)f->in_flight, price, f->receipts ? "có" : "không");
	}
	if (c->house->n_providers == 0)
		(void)printf("Chưa cấu hình nhà cung cấp nào (providers: trong %s)\n",
			     c->house->path);
	return 0;
}

struct provider_test {
	struct event_base *base;
	const struct provider *provider;
	struct outcome outcome;
};

static void provider_test_done(const struct http_reply *reply, void *arg)
{
	struct provider_test *t = arg;

	provider_classify(t->provider, reply, &t->outcome);
	(void)event_base_loopbreak(t->base);
}

/* Sends m once and waits for the answer. */
static int provider_test_send(struct provider_test *t, const struct provider_message *m,
			      struct err *e)
{
	struct provider_request req;
	struct http *http;
	int rc = -1;

	http_global_init();
	t->base = event_base_new();
	provider_request_init(&req);
	http = http_new(t->base, &provider_facts(t->provider)->http, e);
	if (http != NULL && provider_build_send(t->provider, m, &req, e) == 0 &&
	    http_send(http, &req.http, provider_test_done, t, e) == 0) {
		(void)event_base_dispatch(t->base);
		rc = 0;
	}
	http_free(http);
	provider_request_free(&req);
	event_base_free(t->base);
	return rc;
}

static int provider_send_test(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *text = NULL;
	const struct cli_option options[] = {{.name = "text", .text = &text}, {.name = NULL}};
	struct provider_test t = {0};
	struct phone to;
	char ref[40], *body, *plain;
	int rc;

	if (cli_parse(c, argc, argv, options, 2, 2, e) < 0 || cli_house(c, e) < 0)
		return -1;
	for (size_t i = 0; i < c->house->n_providers; i++) {
		if (strcmp(provider_facts(c->house->providers[i])->name, argv[1]) == 0)
			t.provider = c->house->providers[i];
	}
	if (t.provider == NULL)
		return err_set(e, EX_USAGE, "chưa cấu hình nhà cung cấp \"%s\"", argv[1]);
	to = phone_parse(argv[2], 0);
	if (to.status != PHONE_OK)
		return err_set(e, EX_USAGE, "số điện thoại: %s",
			       to.reason != NULL ? to.reason : "không nhắn tin được");
	body = text != NULL
		   ? mem_strdup(text)
		   : mem_printf("%s: tin thử của hệ thống nhắn tin. Xin bỏ qua tin này.",
				c->house->cfg.unit.office);
	plain = vi_unaccent(body);
	(void)snprintf(ref, sizeof(ref), "test-%llx", (unsigned long long)clock_now_ms());
	rc = provider_test_send(&t,
				&(struct provider_message){
				    .to = to.number, .text = plain, .ucs2 = false, .ref = ref},
				e);
	free(body);
	free(plain);
	if (rc < 0)
		return -1;
	(void)printf("%s%s%s (HTTP %d)%s%s\n", outcome_class_name(t.outcome.class),
		     *t.outcome.code != '\0' ? ", mã " : "", t.outcome.code,
		     t.outcome.http_status, *t.outcome.reason != '\0' ? ": " : "",
		     t.outcome.reason);
	return t.outcome.class == OUTCOME_OK ? 0 : EX_UNAVAILABLE;
}

struct provider_named {
	const char *name;
	int id; /* 0: there is none */
	bool stopped;
};

static void provider_find(int id, const char *name, const char *reason, int64_t since,
			  void *arg)
{
	struct provider_named *n = arg;

	(void)since;
	if (strcmp(n->name, name) != 0)
		return;
	n->id = id;
	n->stopped = reason != NULL;
}

/* One that stopped itself (money, account, configuration) is used again once its cause is gone. */
static int provider_resume(struct cli *c, int argc, char **argv, struct err *e)
{
	struct provider_named n = {.id = 0};
	char *subject;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	n.name = argv[1];
	if (store_provider_list(c->store, provider_find, &n, e) < 0)
		return -1;
	if (n.id == 0)
		return err_set(e, EX_NOINPUT, "chưa gửi gì qua nhà cung cấp \"%s\"", n.name);
	if (!n.stopped) {
		(void)printf("%s không bị dừng.\n", n.name);
		return 0;
	}
	if (store_begin(c->store, e) < 0)
		return -1;
	subject = mem_printf("provider:%s", n.name);
	rc = store_provider_stop(c->store, n.id, NULL, e);
	if (rc == 0)
		rc = store_audit(c->store, cli_who(), "provider.resume", subject, NULL, e);
	free(subject);
	if (rc == 0)
		rc = store_commit(c->store, e);
	else
		store_rollback(c->store);
	if (rc < 0)
		return -1;
	cli_changed(c);
	(void)printf("%s được dùng lại.\n", n.name);
	return 0;
}

int cmd_provider(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {{"list", provider_list},
						{"check", provider_check},
						{"send-test", provider_send_test},
						{"resume", provider_resume},
						{NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
