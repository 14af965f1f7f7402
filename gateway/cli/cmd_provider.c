/* SPDX-License-Identifier: Apache-2.0 */
/* moidan provider: which are described, which are configured, what they would be sent, a test to one's own
 * number, consent, money, and the use of one that stopped itself. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/callback_address.h"
#include "cli/cli.h"
#include "dispatch/officer.h"
#include "dispatch/token.h"
#include "provider/once.h"
#include "store/health.h"
#include "store/token.h"
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
	char *dir;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0)
		return -1;
	/* Not the whole house: a description that is broken is to be shown, not to be stumbled over. */
	dir = house_descriptions(c->config_path, e);
	if (dir == NULL)
		return -1;
	if (c->json)
		p.list = json_array();
	provider_each_description(dir, provider_described, &p);
	free(dir);
	rc = c->json ? cli_print_json(p.list) : 0;
	return rc == 0 && p.broken > 0 ? EX_CONFIG : rc;
}

/* What would be sent, with the names of secrets in their place. */
static void provider_print_example(const struct provider_request *r)
{
	(void)printf("       %s %s\n", r->http.method, r->http.url);
	for (size_t i = 0; i < r->http.n_headers; i++)
		(void)printf("       %s\n", r->http.headers[i]);
	if (r->http.body != NULL && r->http.body_len > 0)
		(void)printf("       %s\n", r->http.body);
}

static int provider_example(const struct cli *c, size_t i, struct provider_request *r,
			    struct err *e)
{
	const struct provider_config *cfg =
	    (const struct provider_config *)c->house->cfg.providers.items + i;
	struct provider *masked = provider_new_masked(cfg, c->house->cfg.descriptions, e);
	int rc = masked != NULL ? provider_build_example(masked, r, e) : -1;

	if (rc == 0)
		provider_print_example(r);
	provider_free(masked);
	return rc;
}

static void provider_print_facts(const struct provider_facts *f)
{
	char price[32];

	vi_number(f->price_per_segment, price);
	(void)printf("đạt    ");
	cli_cell(f->name, 14);
	(void)printf(
	    "%s; %lld yêu cầu cùng lúc, mỗi yêu cầu đến %zu tin; %s đồng mỗi đoạn tin; báo kết "
	    "quả: %s; hỏi lại: %s; tin trả lời: %s; tin chưa rõ: %s\n",
	    f->title, (long long)f->in_flight, f->batch, price, f->receipts ? "có" : "không",
	    f->query_by_ref  ? "theo mã của ta"
	    : f->query_by_id ? "theo mã của họ"
			     : "không",
	    f->replies ? "có" : "không", provider_settle_vi(f->settle));
	if (*f->note != '\0')
		(void)printf("       lưu ý: %s\n", f->note);
}

/* The house loads every configured provider with its secrets: getting so far is the check. */
static int provider_check(struct cli *c, int argc, char **argv, struct err *e)
{
	struct provider_request r;
	int n, shown = 0, rc = 0;

	n = cli_parse(c, argc, argv, NULL, 0, 1, e);
	if (n < 0 || cli_house(c, e) < 0)
		return -1;
	provider_request_init(&r);
	for (size_t i = 0; i < c->house->n_providers && rc == 0; i++) {
		const struct provider_facts *f = provider_facts(c->house->providers[i]);

		if (n == 1 && strcmp(argv[1], f->name) != 0)
			continue;
		shown++;
		provider_print_facts(f);
		rc = provider_example(c, i, &r, e);
	}
	provider_request_free(&r);
	if (n == 1 && shown == 0)
		return err_set(e, EX_USAGE, "chưa cấu hình nhà cung cấp \"%s\"", argv[1]);
	if (c->house->n_providers == 0)
		(void)printf("Chưa cấu hình nhà cung cấp nào (providers: trong %s)\n",
			     c->house->path);
	return rc;
}

/* The configured provider of that name, or NULL with e. */
static const struct provider *provider_named(struct cli *c, const char *name, struct err *e)
{
	for (size_t i = 0; i < c->house->n_providers; i++) {
		if (strcmp(provider_facts(c->house->providers[i])->name, name) == 0)
			return c->house->providers[i];
	}
	(void)err_set(e, EX_USAGE, "chưa cấu hình nhà cung cấp \"%s\"", name);
	return NULL;
}

/* The token to show, fetched if need be: the only thing here that needs the store. */
static int provider_token_for(struct cli *c, const struct provider *p, char **token,
			      struct err *e)
{
	*token = NULL;
	if (!provider_facts(p)->token)
		return 0;
	if (cli_open(c, STORE_WRITER, e) < 0 || token_obtain(c->store, p, token, e) < 0)
		return -1;
	cli_changed(c);
	return 0;
}

/* "ten=Bà Hai" … as a message of a registered template; yours. NULL with e. */
static char *provider_test_form(const char *template, const struct cli_texts *values,
				struct err *e)
{
	json_t *parameters = json_object(), *root;
	char *text = NULL;

	for (int i = 0; i < values->n; i++) {
		const char *equals = strchr(values->items[i], '=');
		char *name;

		if (equals == NULL) {
			(void)err_set(e, EX_USAGE, "--parameter TÊN=GIÁ TRỊ");
			json_decref(parameters);
			return NULL;
		}
		name = mem_strndup(values->items[i], (size_t)(equals - values->items[i]));
		json_object_set_new(parameters, name, json_string(equals + 1));
		free(name);
	}
	root = json_pack("{s:s, s:o}", "template", template, "parameters", parameters);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text == NULL)
		(void)err_set(e, EX_USAGE, "tham số không phải là chữ UTF-8");
	return text;
}

/* The text to try p with; yours. NULL with e. */
static char *provider_test_text(struct cli *c, const struct provider *p, const char *text,
				const char *template, const struct cli_texts *values,
				struct err *e)
{
	char *body, *plain;

	if (provider_facts(p)->parameters) {
		if (template != NULL)
			return provider_test_form(template, values, e);
		(void)err_set(
		    e, EX_USAGE,
		    "%s chỉ nhận mẫu đã đăng ký: --template SỐ --parameter TÊN=GIÁ TRỊ …",
		    provider_facts(p)->name);
		return NULL;
	}
	body = text != NULL
		   ? mem_strdup(text)
		   : mem_printf("%s: tin thử của hệ thống nhắn tin. Xin bỏ qua tin này.",
				c->house->cfg.unit.office);
	plain = vi_unaccent(body);
	free(body);
	return plain;
}

static int provider_send_test(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *text = NULL, *template = NULL;
	struct cli_texts values = {.n = 0};
	const struct cli_option options[] = {{.name = "text", .text = &text},
					     {.name = "template", .text = &template},
					     {.name = "parameter", .texts = &values},
					     {.name = NULL}};
	const struct provider *p;
	struct outcome outcome = {0};
	struct phone to;
	char *body, *token = NULL;
	int rc;

	if (cli_parse(c, argc, argv, options, 2, 2, e) < 0 || cli_house(c, e) < 0)
		return -1;
	p = provider_named(c, argv[1], e);
	if (p == NULL)
		return -1;
	to = phone_parse(argv[2], 0);
	if (to.status != PHONE_OK)
		return err_set(e, EX_USAGE, "số điện thoại: %s",
			       to.reason != NULL ? to.reason : "không nhắn tin được");
	body = provider_test_text(c, p, text, template, &values, e);
	rc = body == NULL ? -1 : provider_token_for(c, p, &token, e);
	if (rc == 0)
		rc = provider_try(p, to.number, body, token, &outcome, e);
	free(body);
	mem_free_secret(token, token != NULL ? strlen(token) : 0);
	if (rc < 0)
		return -1;
	(void)printf("%s%s%s (HTTP %d)%s%s\n", outcome_class_name(outcome.class),
		     *outcome.code != '\0' ? ", mã " : "", outcome.code, outcome.http_status,
		     *outcome.reason != '\0' ? ": " : "", outcome.reason);
	return outcome.class == OUTCOME_OK ? 0 : EX_UNAVAILABLE;
}

/* 43 letters and digits that nobody can guess (RFC 7636 §4.1). */
static void provider_random(char out[44])
{
	unsigned char bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	(void)sodium_bin2base64(out, 44, bytes, sizeof(bytes),
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* A code as it is pasted: alone, or in the address that the browser was sent to, whose state must then be
 * ours. Yours; NULL with e. */
static char *provider_read_code(const char *state, struct err *e)
{
	char line[4096], *code, *got;
	size_t n;

	if (fgets(line, sizeof(line), stdin) == NULL) {
		(void)err_set(e, EX_NOINPUT, "không có mã nào được dán vào");
		return NULL;
	}
	n = strcspn(line, "\r\n");
	line[n] = '\0';
	code = strstr(line, "code=");
	if (code == NULL)
		return mem_strdup(line);
	got = strstr(line, "state=");
	if (got != NULL && strncmp(got + 6, state, strlen(state)) != 0) {
		(void)err_set(e, EX_DATAERR, "địa chỉ này không thuộc lần ủy quyền này");
		return NULL;
	}
	code += 5;
	return mem_strndup(code, strcspn(code, "&#"));
}

/* Who in charge did it, in a transaction of its own that fn may share. */
static int provider_audit(struct cli *c, const char *name,
			  int (*fn)(struct store *st, const char *name, struct err *e),
			  struct err *e)
{
	int rc;

	if (store_begin(c->store, e) < 0)
		return -1;
	rc = fn != NULL ? fn(c->store, name, e) : 0;
	if (rc == 0)
		rc = store_audit(c->store, cli_who(), "provider.authorize", name, NULL, e);
	if (rc == 0)
		rc = store_commit(c->store, e);
	else
		store_rollback(c->store);
	cli_changed(c);
	return rc;
}

/* The consent's address, and the code that came of it; yours. NULL with e. */
static char *provider_ask_consent(const struct provider *p,
				  const struct provider_consent *consent, struct err *e)
{
	struct buf url = BUF_INIT(8192);
	char *code = NULL;

	if (provider_consent_url(p, consent, &url, e) == 0) {
		(void)printf(
		    "Mở địa chỉ này, đăng nhập bằng tài khoản quản trị và đồng ý:\n%s\n"
		    "Rồi dán mã (code), hoặc cả địa chỉ mà trình duyệt được chuyển tới: ",
		    buf_text(&url));
		(void)fflush(stdout);
		code = provider_read_code(consent->state, e);
	}
	buf_free(&url);
	return code;
}

/* A person consents in a browser, once, and pastes the code that comes of it. Where nobody is asked, what
 * the account gives is tried anew. */
static int provider_authorize(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *redirect = NULL;
	const struct cli_option options[] = {{.name = "redirect", .text = &redirect},
					     {.name = NULL}};
	char verifier[44], state[44], at[32], *code;
	struct provider_consent consent = {.verifier = verifier, .state = state};
	const struct provider *p;
	int64_t expires_at = 0;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0 || cli_house(c, e) < 0)
		return -1;
	p = provider_named(c, argv[1], e);
	if (p == NULL || cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	if (!provider_facts(p)->token)
		return err_set(e, EX_USAGE, "%s không cần ủy quyền", argv[1]);
	if (!provider_facts(p)->authorize) {
		rc = provider_audit(c, argv[1], store_token_forget, e);
		if (rc == 0)
			(void)printf("%s: lần gửi tới sẽ xin mã truy cập mới bằng bí mật trong "
				     "tệp cấu hình.\n",
				     argv[1]);
		return rc;
	}
	provider_random(verifier);
	provider_random(state);
	consent.redirect = redirect != NULL ? redirect : c->house->cfg.public_url;
	if (consent.redirect == NULL || *consent.redirect == '\0')
		consent.redirect = "https://localhost/";
	code = provider_ask_consent(p, &consent, e);
	if (code != NULL && token_authorize(c->store, p, &consent, code, &expires_at, e) == 0)
		rc = provider_audit(c, argv[1], NULL, e);
	mem_free_secret(code, code != NULL ? strlen(code) : 0);
	if (rc < 0)
		return -1;
	clock_format_vi(expires_at, at);
	(void)printf(
	    "\n%s đã được ủy quyền; mã truy cập đầu tiên dùng đến %s rồi tự làm mới.\n",
	    argv[1], at);
	return 0;
}

struct provider_money {
	const struct provider *provider;
	char balance[64];
	struct err err;
	int rc;
};

static void provider_balance_done(const struct http_reply *reply, void *arg)
{
	struct provider_money *m = arg;

	m->rc = provider_read_balance(m->provider, reply, m->balance, &m->err);
}

static int provider_balance(struct cli *c, int argc, char **argv, struct err *e)
{
	struct provider_money m = {.rc = -1};
	struct provider_request r;
	char *token = NULL;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_house(c, e) < 0)
		return -1;
	m.provider = provider_named(c, argv[1], e);
	if (m.provider == NULL || provider_token_for(c, m.provider, &token, e) < 0)
		return -1;
	provider_request_init(&r);
	rc = provider_build_balance(m.provider, token, &r, e);
	if (rc == 0)
		rc = http_once(&provider_facts(m.provider)->http, &r.http,
			       provider_balance_done, &m, e);
	provider_request_free(&r);
	mem_free_secret(token, token != NULL ? strlen(token) : 0);
	if (rc < 0)
		return -1;
	if (m.rc < 0)
		return err_set(e, m.err.code, "%s", m.err.text);
	if (c->json)
		return cli_print_json(
		    json_pack("{s:s, s:s}", "provider", argv[1], "balance", m.balance));
	(void)printf("%s: còn %s\n", argv[1], m.balance);
	return 0;
}

struct provider_row {
	const char *name;
	int id; /* 0: there is none */
	bool stopped;
};

static void provider_find(int id, const char *name, const char *reason, int64_t since,
			  void *arg)
{
	struct provider_row *n = arg;

	(void)since;
	if (strcmp(n->name, name) != 0)
		return;
	n->id = id;
	n->stopped = reason != NULL;
}

/* One that stopped itself (money, account, configuration) is used again once its cause is gone. */
static int provider_resume(struct cli *c, int argc, char **argv, struct err *e)
{
	struct provider_row n = {.id = 0};
	char *why = NULL;
	int64_t until;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	n.name = argv[1];
	if (store_provider_list(c->store, provider_find, &n, e) < 0)
		return -1;
	if (n.id == 0)
		return err_set(e, EX_NOINPUT, "chưa gửi gì qua nhà cung cấp \"%s\"", n.name);
	rc = store_provider_rest_get(c->store, n.id, &until, &why, e);
	free(why);
	if (rc < 0)
		return -1;
	if (!n.stopped && rc == 0) {
		(void)printf("%s không bị dừng.\n", n.name);
		return 0;
	}
	if (officer_provider_resume(c->store, n.id, n.name, cli_who(), e) < 0)
		return -1;
	cli_changed(c);
	(void)printf("%s được dùng lại.\n", n.name);
	return 0;
}

static void provider_weight_print(const char *name, int64_t at, int weight, const char *reason,
				  void *arg)
{
	char when[32];

	if (arg != NULL) {
		clock_format_rfc3339(at, when);
		json_array_append_new(arg,
				      json_pack("{s:s, s:s, s:i, s:s}", "provider", name, "at",
						when, "weight", weight, "reason", reason));
		return;
	}
	clock_format_vi(at, when);
	(void)printf("%s  ", when);
	cli_cell(name, 14);
	(void)printf("%3d %%  %s\n", weight, reason);
}

/* Why a provider has less than its share, and since when. */
static int provider_weights(struct cli *c, int argc, char **argv, struct err *e)
{
	json_t *list = NULL;

	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || cli_open(c, STORE_READER, e) < 0)
		return -1;
	if (c->json)
		list = json_array();
	if (store_provider_weights(c->store, 100, provider_weight_print, list, e) < 0) {
		json_decref(list);
		return -1;
	}
	return c->json ? cli_print_json(list) : 0;
}

/* What is written into a provider's portal. The address is a secret: it is shown to who asks, and nowhere else. */
static int provider_callback(struct cli *c, int argc, char **argv, struct err *e)
{
	unsigned char key[CALLBACK_KEY];
	const struct provider *p;
	const struct provider_facts *f;
	char token[CALLBACK_TOKEN];

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_house(c, e) < 0)
		return -1;
	if ((p = provider_named(c, argv[1], e)) == NULL)
		return -1;
	f = provider_facts(p);
	if (!f->receipts && !f->replies)
		return err_set(e, EX_USAGE, "%s không gọi đến: %s", f->name, f->title);
	if (c->house->callbacks == NULL)
		return err_set(e, EX_CONFIG,
			       "chưa có public_url: nhà cung cấp chưa gọi đến được");
	if (cli_open(c, STORE_WRITER, e) < 0 || callback_key_load(c->store, key, e) < 0)
		return -1;
	callback_token_make(key, f->name, token);
	sodium_memzero(key, sizeof(key));
	(void)printf("%s/%s/%s\n", c->house->callbacks, f->name, token);
	return 0;
}

int cmd_provider(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {{"list", provider_list},
						{"check", provider_check},
						{"send-test", provider_send_test},
						{"authorize", provider_authorize},
						{"balance", provider_balance},
						{"resume", provider_resume},
						{"weights", provider_weights},
						{"callback", provider_callback},
						{NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
