/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "provider/parts.h"
#include "text/sms.h"

enum {
	PROVIDER_SECRET_MAX = 4096,
	PROVIDER_REF_MAX = 40,
};

static const struct conf_field config_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct provider_config, name),
     .required = true,
     .help = "unique; a-z, 0-9 and -; stands in callback addresses and reports"},
    {.key = "description",
     .type = CONF_STRING,
     .offset = offsetof(struct provider_config, description),
     .help = "a file of providers/ without .yaml, or a path; absent: as the name"},
    {.key = "base_url",
     .type = CONF_STRING,
     .offset = offsetof(struct provider_config, base_url),
     .help = "in place of the description's"},
    {.key = "settings",
     .type = CONF_TREE,
     .offset = offsetof(struct provider_config, settings),
     .help = "name: value, as the description asks (moidan provider check)"},
    {.key = "secrets",
     .type = CONF_TREE,
     .offset = offsetof(struct provider_config, secrets),
     .help = "name: value or name_file: path; also MOIDAN_SECRET_<PROVIDER>_<NAME>[_FILE]"},
    {.key = "rate_per_second",
     .type = CONF_INT,
     .offset = offsetof(struct provider_config, rate_per_second),
     .fallback = "0",
     .min = 0,
     .max = 100000,
     .help = "segments a second; 0 = as described"},
    {.key = "in_flight",
     .type = CONF_INT,
     .offset = offsetof(struct provider_config, in_flight),
     .fallback = "0",
     .min = 0,
     .max = 4096,
     .help = "requests at once; 0 = as described (16)"},
    {.key = "batch",
     .type = CONF_INT,
     .offset = offsetof(struct provider_config, batch),
     .fallback = "0",
     .max = 200,
     .help = "messages in one request at most; 0 = as described, 1 = each alone"},
    {.key = "callback_from",
     .type = CONF_STRINGS,
     .offset = offsetof(struct provider_config, callback_from),
     .max = 64,
     .help =
	 "addresses or nets (203.0.113.0/24) from which it calls us; empty = from anywhere"},
    {.key = "weight",
     .type = CONF_INT,
     .offset = offsetof(struct provider_config, weight),
     .fallback = "100",
     .max = 1000,
     .help =
	 "its share of the messages of its channel, beside others' weights; 0 = only when no "
	 "other can be used"},
    {.key = "price_per_segment",
     .type = CONF_INT,
     .offset = offsetof(struct provider_config, price_per_segment),
     .fallback = "0",
     .min = 0,
     .max = 1000000,
     .help = "đồng, for estimates"},
    {.key = NULL},
};
const struct conf_table provider_config_table = {"a provider", sizeof(struct provider_config),
						 config_fields};

/* Reading one description: p is being filled. */
struct provider_loader {
	struct provider *p;
	const struct provider_config *cfg;
	struct ydoc doc;
	bool masked;  /* secrets are not read: their names stand for them */
	bool lenient; /* settings and secrets may be missing: only the description is checked */
	bool draft;   /* doc is read already, and names the provider: no file is looked at */
};

static void provider_constant(struct provider *p, const char *kind, const char *name,
			      const char *value)
{
	struct program_constant *c;

	p->constants = mem_realloc(p->constants, p->n_constants + 1, sizeof(*p->constants));
	c = &p->constants[p->n_constants++];
	c->name = mem_printf("%s.%s", kind, name);
	c->value = mem_strdup(value);
}

static const struct description_setting *provider_declared(const struct conf_list *list,
							   const char *name, size_t len)
{
	const struct description_setting *s = list->items;

	for (size_t i = 0; i < list->n; i++) {
		if (strlen(s[i].name) == len && strncmp(s[i].name, name, len) == 0)
			return &s[i];
	}
	return NULL;
}

static void provider_names(const struct conf_list *list, struct buf *out)
{
	const struct description_setting *s = list->items;

	for (size_t i = 0; i < list->n; i++)
		(void)buf_addf(out, "%s%s", i == 0 ? "" : ", ", s[i].name);
	if (list->n == 0)
		(void)buf_adds(out, "none");
}

/* What is wrong with the account: with key of its section (each may be NULL), which may be what is not
 * there. Returns -1. */
__attribute__((format(printf, 5, 6))) static int provider_wrong(const struct provider_loader *l,
								const char *section,
								const char *key, struct err *e,
								const char *fmt, ...)
{
	const struct provider_config *cfg = l->cfg;
	const json_t *account = json_array_get(cfg->accounts, cfg->index), *in = account;
	char text[800];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (l->draft)
		return key != NULL && json_object_get(l->doc.root, key) != NULL
			   ? ydoc_error(&l->doc, l->doc.root, key, 0, e, "%s", text)
			   : ydoc_error(&l->doc, NULL, NULL, 0, e, "%s", text);
	if (cfg->doc == NULL)
		return err_set(e, EX_CONFIG, "provider %s: %s", l->p->name, text);
	if (section != NULL)
		in = json_object_get(account, section);
	if (key != NULL && json_object_get(in, key) != NULL)
		return ydoc_error(cfg->doc, in, key, 0, e, "provider %s: %s", l->p->name, text);
	if (section != NULL && in != NULL)
		return ydoc_error(cfg->doc, account, section, 0, e, "provider %s: %s",
				  l->p->name, text);
	return ydoc_error(cfg->doc, cfg->accounts, NULL, cfg->index, e, "provider %s: %s",
			  l->p->name, text);
}

/* Every name the account gives must be one the description asks for. */
static int provider_refuse_unknown(const struct provider_loader *l, const json_t *given,
				   const struct conf_list *declared, const char *what,
				   bool files, struct err *e)
{
	struct buf known = BUF_INIT(512);
	const char *name;
	json_t *value;
	int rc = 0;

	json_object_foreach((json_t *)(uintptr_t)given, name, value)
	{
		size_t len = strlen(name);

		if (provider_declared(declared, name, len) != NULL ||
		    (files && len > 5 && strcmp(name + len - 5, "_file") == 0 &&
		     provider_declared(declared, name, len - 5) != NULL))
			continue;
		provider_names(declared, &known);
		rc = provider_wrong(l, what, name, e, "unknown key \"%s\" in its %s; known: %s",
				    name, what, buf_text(&known));
		break;
	}
	buf_free(&known);
	return rc;
}

static char *provider_scalar(const json_t *v)
{
	if (json_is_string(v))
		return mem_strdup(json_string_value(v));
	if (json_is_integer(v))
		return mem_printf("%lld", (long long)json_integer_value(v));
	if (json_is_boolean(v))
		return mem_strdup(json_is_true(v) ? "true" : "false");
	return NULL;
}

static bool provider_allowed(const struct description_setting *s, const char *value)
{
	for (size_t i = 0; i < s->allowed.n; i++) {
		if (strcmp(((char **)s->allowed.items)[i], value) == 0)
			return true;
	}
	return s->allowed.n == 0;
}

static int provider_not_allowed(const struct provider_loader *l,
				const struct description_setting *s, struct err *e)
{
	struct buf allowed = BUF_INIT(512);
	int rc;

	for (size_t i = 0; i < s->allowed.n; i++)
		(void)buf_addf(&allowed, "%s\"%s\"", i == 0 ? "" : ", ",
			       ((char **)s->allowed.items)[i]);
	rc = provider_wrong(l, "settings", s->name, e, "settings.%s must be one of %s", s->name,
			    buf_text(&allowed));
	buf_free(&allowed);
	return rc;
}

/* What a setting is where the account gives none: in a draft, which has no account, its own name. Yours. */
static char *provider_default(const struct provider_loader *l,
			      const struct description_setting *s)
{
	if (s->fallback != NULL || !l->draft || !s->required)
		return mem_strdup(s->fallback != NULL ? s->fallback : "");
	return s->allowed.n > 0 ? mem_strdup(((char **)s->allowed.items)[0])
				: mem_printf("[%s]", s->name);
}

static int provider_resolve_settings(struct provider_loader *l, struct err *e)
{
	const struct description_setting *s = l->p->d.settings.items;

	if (provider_refuse_unknown(l, l->cfg->settings, &l->p->d.settings, "settings", false,
				    e) < 0)
		return -1;
	for (size_t i = 0; i < l->p->d.settings.n; i++) {
		json_t *given = json_object_get(l->cfg->settings, s[i].name);
		char *value = given != NULL ? provider_scalar(given) : provider_default(l, &s[i]);
		bool missing = s[i].required && (value == NULL || *value == '\0');

		if ((missing && !l->lenient) || value == NULL) {
			free(value);
			return provider_wrong(l, "settings", s[i].name, e,
					      "settings.%s is missing: %s", s[i].name,
					      s[i].help ? s[i].help : "");
		}
		if (!provider_allowed(&s[i], value) && *value != '\0') {
			free(value);
			return provider_not_allowed(l, &s[i], e);
		}
		provider_constant(l->p, "cfg", s[i].name, value);
		free(value);
	}
	return 0;
}

char *provider_read_secret(const char *path, struct err *e)
{
	char text[PROVIDER_SECRET_MAX + 1], *out;
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL) {
		(void)err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
		return NULL;
	}
	n = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	if (n == 0 || n == sizeof(text)) {
		(void)err_set(e, EX_CONFIG, "%s: a secret has 1 to %d bytes", path,
			      PROVIDER_SECRET_MAX);
		return NULL;
	}
	if (text[n - 1] == '\n')
		n--;
	if (n > 0 && text[n - 1] == '\r')
		n--;
	out = mem_strndup(text, n);
	explicit_bzero(text, sizeof(text));
	return out;
}

/* MOIDAN_SECRET_ESMS_API_KEY */
static const char *provider_env(const char *provider, const char *name, const char *suffix)
{
	char *var = mem_printf("MOIDAN_SECRET_%s_%s%s", provider, name, suffix);
	const char *value;

	for (char *c = var; *c != '\0'; c++)
		*c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	value = getenv(var);
	free(var);
	return value;
}

/* The value of one secret; yours. NULL: with e when it cannot be read, without when there is none. */
static char *provider_secret(const struct provider_loader *l, const char *name, struct err *e)
{
	const char *value = provider_env(l->p->name, name, ""),
		   *file = provider_env(l->p->name, name, "_FILE");
	char *file_key = mem_printf("%s_file", name);

	if (value == NULL && file == NULL) {
		value = json_string_value(json_object_get(l->cfg->secrets, name));
		file = json_string_value(json_object_get(l->cfg->secrets, file_key));
	}
	free(file_key);
	if (value != NULL)
		return mem_strdup(value);
	return file != NULL ? provider_read_secret(file, e) : NULL;
}

/* own: why its file cannot be read; empty when none is given. */
static int provider_no_secret(const struct provider_loader *l, const char *name,
			      const struct err *own, struct err *e)
{
	char *file_key = mem_printf("%s_file", name);
	int rc;

	if (own->code != 0)
		rc = provider_wrong(l, "secrets", file_key, e, "secrets.%s: %s", name,
				    own->text);
	else
		rc = provider_wrong(l, "secrets", name, e,
				    "secrets.%s is missing: give it, %s, or "
				    "MOIDAN_SECRET_<PROVIDER>_<NAME>[_FILE]",
				    name, file_key);
	free(file_key);
	return rc;
}

static int provider_resolve_secrets(struct provider_loader *l, struct err *e)
{
	const struct description_setting *s = l->p->d.secrets.items;
	struct err own = ERR_INIT;

	if (provider_refuse_unknown(l, l->cfg->secrets, &l->p->d.secrets, "secrets", true, e) <
	    0)
		return -1;
	for (size_t i = 0; i < l->p->d.secrets.n; i++) {
		char *value = l->masked ? mem_printf("[%s]", s[i].name)
					: provider_secret(l, s[i].name, &own);

		if (value == NULL && !l->lenient)
			return provider_no_secret(l, s[i].name, &own, e);
		if (value != NULL && !l->masked)
			log_redact(value);
		provider_constant(l->p, "secret", s[i].name, value ? value : "");
		if (value != NULL)
			mem_free_secret(value, strlen(value));
	}
	return 0;
}

/* An account may point a description elsewhere: to a reseller of the same interface, or for trials to
 * a server on this machine, for which plain HTTP is good enough. */
static int provider_resolve_url(struct provider_loader *l, struct err *e)
{
	const char *url = l->cfg->base_url ? l->cfg->base_url : l->p->d.base_url;
	struct provider_facts *f = &l->p->facts;
	bool here;
	size_t len;

	if (url == NULL && l->lenient)
		url = "https://provider.invalid";
	if (url == NULL)
		return provider_wrong(l, NULL, NULL, e,
				      "base_url is missing, and its description has none");
	here = l->cfg->base_url != NULL && http_is_loopback(url);
	f->http.allow_http = l->p->d.allow_http || here;
	f->http.allow_private = l->p->d.allow_private || here;
	if (strncmp(url, "https://", 8) != 0 &&
	    !(f->http.allow_http && strncmp(url, "http://", 7) == 0))
		return provider_wrong(l, NULL, "base_url", e,
				      "base_url must begin with https://%s",
				      f->http.allow_http ? " or http://" : "");
	for (const char *c = url; *c != '\0'; c++) {
		if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || *c == '@' ||
		    *c == '?' || *c == '#')
			return provider_wrong(l, NULL, "base_url", e,
					      "base_url is scheme, host and path only");
	}
	len = strlen(url);
	while (url[len - 1] == '/')
		len--;
	l->p->base_url = mem_strndup(url, len);
	return 0;
}

static void provider_facts_fill(struct provider *p, const struct provider_config *cfg)
{
	const struct description *d = &p->d;
	struct provider_facts *f = &p->facts;

	f->name = p->name;
	f->title = d->title;
	f->channel = description_channels[d->channel];
	f->note = d->note;
	f->receipts = p->receipts.d != NULL;
	f->receipt_by_ref = f->receipts && p->receipts.ref >= 0;
	f->replies = p->replies.d != NULL;
	f->query_by_id = p->query.method != NULL && provider_ask_uses(&p->query, VAR_ID);
	f->query_by_ref = p->query.method != NULL && !f->query_by_id;
	f->query_after_ms = d->query.after_ms;
	f->query_window_ms = d->query.window_ms;
	f->settle = SETTLE_NONE;
	if (f->receipt_by_ref)
		f->settle = SETTLE_ECHO;
	if (f->query_by_ref)
		f->settle = SETTLE_QUERY;
	if (d->reference.duplicates == DUPLICATES_REFERENCE) {
		f->settle = SETTLE_DEDUP;
		f->dedup_window_ms = d->reference.window_ms;
		f->dedup_same_day = d->reference.same_day;
	}
	f->parameters = d->text.parameters;
	f->token = p->token.method != NULL;
	f->authorize = p->consent.method != NULL;
	f->token_refresh = f->token && provider_ask_uses(&p->token, VAR_REFRESH);
	f->token_first = p->token_first != NULL ? p->token_first : "";
	f->token_before_ms = d->token.before_ms;
	f->balance = p->balance.method != NULL;
	f->batch = p->batch.method != NULL ? (size_t)d->batch.max : 1;
	if (cfg->batch > 0 && (size_t)cfg->batch < f->batch)
		f->batch = (size_t)cfg->batch;
	f->forbidden = d->text.forbidden;
	f->max_segments = (int)d->text.max_segments;
	f->can_ucs2 = d->text.accents;
	f->rate_per_second =
	    cfg->rate_per_second ? cfg->rate_per_second : d->limits.rate_per_second;
	f->in_flight = cfg->in_flight ? cfg->in_flight : d->limits.in_flight;
	f->price_per_segment = cfg->price_per_segment;
	f->weight = cfg->weight;
	f->http.in_flight = (int)f->in_flight;
	f->http.connect_timeout_ms = d->limits.connect_timeout_ms;
	f->http.total_timeout_ms = d->limits.total_timeout_ms;
	f->http.max_body = (size_t)d->limits.max_reply;
}

static int provider_compile_send(struct provider_loader *l, struct err *e)
{
	struct provider *p = l->p;
	const json_t *send = json_object_get(l->doc.root, "send");

	if (send == NULL)
		return ydoc_error(&l->doc, NULL, NULL, 0, e,
				  "\"send\" is missing: the request that sends one message");
	if (provider_ask_compile(p, &l->doc, l->doc.root, "send", &p->d.send, PROGRAM_VARS_SEND,
				 &p->send, e) < 0)
		return -1;
	return provider_rules_compile(&l->doc, json_object_get(send, "rules"), &p->d.send.rules,
				      &p->send.fields, &p->rules, e);
}

static int provider_compile_query(struct provider_loader *l, struct err *e)
{
	struct provider *p = l->p;
	const struct description_query *q = &p->d.query;
	const json_t *at = json_object_get(l->doc.root, "query");

	if (!json_is_object(at))
		return 0;
	if (provider_ask_compile(p, &l->doc, l->doc.root, "query", &q->request,
				 PROGRAM_VARS_QUERY, &p->query, e) < 0 ||
	    provider_states_compile(&l->doc, at, &q->states, &q->errors, &p->query.fields,
				    &p->found, e) < 0)
		return -1;
	if (!provider_ask_uses(&p->query, VAR_ID) && !provider_ask_uses(&p->query, VAR_REF))
		return ydoc_error(&l->doc, l->doc.root, "query", 0, e,
				  "a question names its message by {{ref}} or {{id}}");
	return 0;
}

static int provider_compile_balance(struct provider_loader *l, struct err *e)
{
	struct provider *p = l->p;
	const struct description_request *d = &p->d.balance;
	const json_t *at = json_object_get(l->doc.root, "balance");

	if (!json_is_object(at))
		return 0;
	if (provider_ask_compile(p, &l->doc, l->doc.root, "balance", d, PROGRAM_VARS_COMMON,
				 &p->balance, e) < 0 ||
	    provider_rules_compile(&l->doc, json_object_get(at, "rules"), &d->rules,
				   &p->balance.fields, &p->balance_rules, e) < 0)
		return -1;
	if (fields_find(&p->balance.fields, "balance") < 0)
		return ydoc_error(&l->doc, at, "reply", 0, e, "the field balance is missing");
	return 0;
}

static int provider_check_quota(struct provider_loader *l, struct err *e)
{
	const char *text = l->p->d.limits.quota_renews;
	int64_t minute = -1;

	if (text != NULL && conf_parse_time(text, &minute) < 0)
		return ydoc_error(&l->doc, json_object_get(l->doc.root, "limits"),
				  "quota_renews", 0, e,
				  "\"quota_renews\" must be a time of day such as \"00:00\"");
	l->p->facts.quota_renews = (int)minute;
	return 0;
}

static int provider_check_reference(const struct provider_loader *l, struct err *e)
{
	const struct description_reference *r = &l->p->d.reference;

	if (r->duplicates == DUPLICATES_REFERENCE && r->window_ms < CLOCK_MINUTE_MS)
		return ydoc_error(
		    &l->doc, json_object_get(l->doc.root, "reference"), "duplicates", 0, e,
		    "a reference is recognised for how long? \"window\" is missing");
	return 0;
}

static bool provider_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 32 && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* path: NULL for a draft, which is there already. */
static int provider_read(struct provider_loader *l, const char *path, struct err *e)
{
	struct provider *p = l->p;

	if (path == NULL) {
		if (description_read(&l->doc, &p->d, e) < 0)
			return -1;
		if (!provider_name_valid(p->d.provider))
			return ydoc_error(&l->doc, l->doc.root, "provider", 0, e,
					  "a provider's name has a-z, 0-9 and - only, at most 32");
		p->name = mem_strdup(p->d.provider);
		return 0;
	}
	p->name = mem_strdup(l->cfg->name);
	if (access(path, R_OK) != 0)
		return provider_wrong(l, NULL, "description", e, "no description %s: %s", path,
				      strerror(errno));
	return description_load(path, &l->doc, &p->d, e);
}

static int provider_load(struct provider_loader *l, const char *path, struct err *e)
{
	struct provider *p = l->p;
	int rc = 0;

	if (provider_read(l, path, e) < 0)
		return -1;
	if (provider_resolve_settings(l, e) < 0 || provider_resolve_secrets(l, e) < 0 ||
	    provider_resolve_url(l, e) < 0 || provider_compile_send(l, e) < 0 ||
	    provider_batch_compile(p, &l->doc, e) < 0 || provider_compile_query(l, e) < 0 ||
	    provider_compile_balance(l, e) < 0 || provider_tokens_compile(p, &l->doc, e) < 0 ||
	    provider_jwt_compile(p, &l->doc, e) < 0 || provider_check_reference(l, e) < 0 ||
	    provider_check_quota(l, e) < 0 ||
	    provider_verify_compile(p, l->cfg, &l->doc, e) < 0 ||
	    provider_incoming_compile(p, &l->doc, e) < 0)
		rc = -1;
	else
		provider_facts_fill(p, l->cfg);
	if (!l->draft)
		ydoc_free(&l->doc);
	return rc;
}

static struct provider *provider_make(struct provider_loader *l, const char *path,
				      struct err *e)
{
	if (sodium_init() < 0)
		abort();
	l->p = mem_calloc(1, sizeof(*l->p));
	if (provider_load(l, path, e) == 0)
		return l->p;
	provider_free(l->p);
	return NULL;
}

static struct provider *provider_open(const struct provider_config *cfg, const char *path,
				      bool lenient, bool masked, struct err *e)
{
	struct provider_loader l = {.cfg = cfg, .lenient = lenient, .masked = masked};

	if (!provider_name_valid(cfg->name)) {
		(void)err_set(e, EX_CONFIG,
			      "a provider's name has a-z, 0-9 and - only, at most 32");
		return NULL;
	}
	return provider_make(&l, path, e);
}

struct provider *provider_new_draft(const char *file, const char *text, size_t len,
				    struct err *e)
{
	static const struct provider_config nobody = {.name = NULL};
	struct provider_loader l = {
	    .cfg = &nobody, .lenient = true, .masked = true, .draft = true};
	struct provider *p;

	if (ydoc_load_text(file, text, len, &l.doc, e) < 0)
		return NULL;
	p = provider_make(&l, NULL, e);
	ydoc_free(&l.doc);
	return p;
}

static struct provider *provider_find(const struct provider_config *cfg, const char *dir,
				      bool masked, struct err *e)
{
	const char *what = cfg->description ? cfg->description : cfg->name;
	char *path;
	struct provider *p;

	if (strchr(what, '/') != NULL)
		path = what[0] == '/' ? mem_strdup(what) : mem_printf("%s/%s", dir, what);
	else
		path = mem_printf("%s/providers/%s.yaml", dir, what);
	p = provider_open(cfg, path, false, masked, e);
	free(path);
	return p;
}

struct provider *provider_new(const struct provider_config *cfg, const char *dir, struct err *e)
{
	return provider_find(cfg, dir, false, e);
}

struct provider *provider_new_masked(const struct provider_config *cfg, const char *dir,
				     struct err *e)
{
	return provider_find(cfg, dir, true, e);
}

void provider_free(struct provider *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_constants; i++) {
		free(p->constants[i].name);
		mem_free_secret(p->constants[i].value, strlen(p->constants[i].value));
	}
	free(p->constants);
	provider_ask_free(&p->send);
	provider_rules_free(&p->rules);
	provider_ask_free(&p->batch);
	provider_rules_free(&p->batch_rules);
	provider_ask_free(&p->query);
	provider_states_free(&p->found);
	provider_incoming_free(p);
	provider_ask_free(&p->balance);
	provider_rules_free(&p->balance_rules);
	provider_ask_free(&p->token);
	provider_ask_free(&p->consent);
	provider_ask_free(&p->exchange);
	provider_rules_free(&p->token_rules);
	mem_free_secret(p->token_first, p->token_first != NULL ? strlen(p->token_first) : 0);
	mem_free_secret(p->jwt_key, p->jwt_key != NULL ? strlen(p->jwt_key) : 0);
	program_free(&p->jwt_header);
	program_free(&p->jwt_payload);
	provider_verify_free(&p->verify);
	description_free(&p->d);
	free(p->base_url);
	free(p->name);
	free(p);
}

const struct provider_facts *provider_facts(const struct provider *p)
{
	return &p->facts;
}

/* Whether any of the characters in set stands in text. */
static bool provider_has_forbidden(const char *text, const char *set)
{
	while (*set != '\0') {
		char one[5] = {0};
		size_t n = 1;

		while (n < 4 && ((unsigned char)set[n] & 0xc0) == 0x80)
			n++;
		memcpy(one, set, n);
		if (strstr(text, one) != NULL)
			return true;
		set += n;
	}
	return false;
}

int provider_message_check(const struct provider *p, const struct provider_message *m,
			   struct err *e)
{
	size_t len = strlen(m->ref);

	if (len == 0 || len > PROVIDER_REF_MAX || len > (size_t)p->d.reference.max)
		return err_set(e, EX_DATAERR, "the reference is too long for %s", p->name);
	for (const char *c = m->ref; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && *c != '-')
			return err_set(e, EX_DATAERR, "the reference is malformed");
	}
	if (*m->text == '\0')
		return err_set(e, EX_DATAERR, "the text is empty");
	if (p->facts.parameters)
		return 0;
	if (m->ucs2 && !p->facts.can_ucs2)
		return err_set(e, EX_DATAERR, "%s does not take accented text", p->name);
	if (*p->facts.forbidden != '\0' && provider_has_forbidden(m->text, p->facts.forbidden))
		return err_set(e, EX_DATAERR, "the text holds a character that %s refuses",
			       p->name);
	if (p->facts.max_segments > 0 && sms_count(m->text).segments > p->facts.max_segments)
		return err_set(e, EX_DATAERR, "the text has more than %d parts",
			       p->facts.max_segments);
	return 0;
}

int provider_message_form(const struct provider *p, const struct provider_message *m,
			  const char **template, const json_t **parameters, json_t **root,
			  struct err *e)
{
	*root = values_parse_json(m->text, strlen(m->text), e);
	*template = json_string_value(json_object_get(*root, "template"));
	*parameters = json_object_get(*root, "parameters");
	if (*template == NULL || !json_is_object(*parameters))
		return err_set(e, EX_DATAERR, "%s takes registered templates only", p->name);
	return 0;
}

int provider_build_send(const struct provider *p, const struct provider_message *m,
			struct provider_request *r, struct err *e)
{
	struct program_values v;
	char to[24], now[24];
	int64_t seconds = clock_now_ms() / 1000;
	json_t *form = NULL;
	int rc = 0;

	if (provider_message_check(p, m, e) < 0)
		return -1;
	(void)buf_digits(to, m->to);
	(void)buf_digits(now, seconds > 0 ? (uint64_t)seconds : 0);
	program_values_init(&v);
	v.var[VAR_TO] = to;
	v.var[VAR_TEXT] = m->text;
	v.var[VAR_REF] = m->ref;
	v.var[VAR_UNICODE] = m->ucs2 ? "1" : "0";
	v.var[VAR_CB_URL] = m->callback_url ? m->callback_url : "";
	v.var[VAR_NOW] = now;
	if (p->facts.parameters) {
		v.var[VAR_TEXT] = "";
		rc = provider_message_form(p, m, &v.var[VAR_TEMPLATE], &v.parameters, &form, e);
	}
	if (rc == 0)
		rc = provider_ask_open(p, &p->send, &v, m->token, r, e);
	json_decref(form);
	return rc;
}

static int provider_only_yaml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

void provider_each_description(const char *dir,
			       void (*cb)(const char *name, const struct provider_facts *facts,
					  const char *error, void *arg),
			       void *arg)
{
	char *folder = mem_printf("%s/providers", dir);
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, provider_only_yaml, alphasort);

	for (int i = 0; i < n; i++) {
		char *name = mem_strndup(entries[i]->d_name, strlen(entries[i]->d_name) - 5);
		char *path = mem_printf("%s/%s", folder, entries[i]->d_name);
		struct provider_config cfg = {.name = name, .description = path};
		struct err e = ERR_INIT;
		struct provider *p = provider_open(&cfg, path, true, false, &e);

		cb(name, p != NULL ? &p->facts : NULL, e.text, arg);
		provider_free(p);
		free(path);
		free(name);
		free(entries[i]);
	}
	free(entries);
	free(folder);
}
