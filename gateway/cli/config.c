/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config.h"

#include <ctype.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static const struct conf_field unit_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct unit_config, name),
     .required = true,
     .help = "the commune, as it stands in texts: \"xã Mỹ Phú Đông\""},
    {.key = "office",
     .type = CONF_STRING,
     .offset = offsetof(struct unit_config, office),
     .required = true,
     .help = "who sends; the first words of every text: \"UBND xã Mỹ Phú Đông\""},
    {.key = "parent",
     .type = CONF_STRING,
     .offset = offsetof(struct unit_config, parent),
     .fallback = "",
     .help = "the superior unit, printed in reports"},
    {.key = "phone",
     .type = CONF_STRING,
     .offset = offsetof(struct unit_config, phone),
     .fallback = "",
     .help = "the duty telephone, for texts that ask people to call"},
    {.key = "card_name",
     .type = CONF_STRING,
     .offset = offsetof(struct unit_config, card_name),
     .fallback = "căn cước",
     .help = "what the card is called: \"CCCD\" until 30/6/2024"},
    {.key = "hamlet",
     .type = CONF_STRING,
     .offset = offsetof(struct unit_config, hamlet),
     .fallback = "ấp",
     .help = "what the units below the commune are called: ấp, thôn, khóm"},
    {.key = NULL},
};
static const struct conf_table unit_table = {"the unit", sizeof(struct unit_config),
					     unit_fields};

static const struct conf_field retention_fields[] = {
    {.key = "texts",
     .type = CONF_DURATION,
     .offset = offsetof(struct retention_config, texts),
     .fallback = "180d",
     .min = CLOCK_DAY_MS,
     .max = 3650 * CLOCK_DAY_MS,
     .help = "the words of messages that have come to an end, and what teams wrote to their "
	     "figures"},
    {.key = "receipts",
     .type = CONF_DURATION,
     .offset = offsetof(struct retention_config, receipts),
     .fallback = "180d",
     .min = CLOCK_DAY_MS,
     .max = 3650 * CLOCK_DAY_MS,
     .help = "delivery receipts as they came, and what was handed over"},
    {.key = "people",
     .type = CONF_DURATION,
     .offset = offsetof(struct retention_config, people),
     .fallback = "730d",
     .min = CLOCK_DAY_MS,
     .max = 3650 * CLOCK_DAY_MS,
     .help = "rows of lists that were not imported, changed or written to since; duty rotas"},
    {.key = NULL},
};
static const struct conf_table retention_table = {"retention", sizeof(struct retention_config),
						  retention_fields};

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};

static const struct conf_field config_fields[] = {
    {.key = "database",
     .type = CONF_STRING,
     .offset = offsetof(struct config, database),
     .fallback = "/var/lib/moidan/moidan.db",
     .help = "the SQLite file that holds everything"},
    {.key = "listen",
     .type = CONF_STRING,
     .offset = offsetof(struct config, listen),
     .fallback = "127.0.0.1:8080",
     .help = "address and port; a web server stands in front"},
    {.key = "public_url",
     .type = CONF_STRING,
     .offset = offsetof(struct config, public_url),
     .fallback = "",
     .help = "https address at which providers reach us for receipts; empty = none"},
    {.key = "console_url",
     .type = CONF_STRING,
     .offset = offsetof(struct config, console_url),
     .fallback = "",
     .help = "https address at which officers open the console, for set-up links; empty = this "
	     "machine alone"},
    {.key = "templates",
     .type = CONF_STRING,
     .offset = offsetof(struct config, templates),
     .fallback = "",
     .help = "directory of the texts; empty = templates/ beside this file, or "
	     "the installed ones"},
    {.key = "descriptions",
     .type = CONF_STRING,
     .offset = offsetof(struct config, descriptions),
     .fallback = "",
     .help = "directory of programmes/ and providers/; empty = beside this file, or the "
	     "installed ones"},
    {.key = "two_person",
     .type = CONF_BOOL,
     .offset = offsetof(struct config, two_person),
     .fallback = "true",
     .help = "whoever wrote a campaign cannot approve it"},
    {.key = "one_person_below",
     .type = CONF_INT,
     .offset = offsetof(struct config, one_person_below),
     .fallback = "0",
     .min = 0,
     .max = 1000,
     .help = "a campaign of fewer messages may be approved by whoever wrote it; 0 = none"},
    {.key = "log_level",
     .type = CONF_CHOICE,
     .offset = offsetof(struct config, log_level),
     .choices = log_levels,
     .fallback = "info",
     .help = "what is logged"},
    {.key = "unit",
     .type = CONF_OBJECT,
     .offset = offsetof(struct config, unit),
     .table = &unit_table,
     .help = "who sends"},
    {.key = "providers",
     .type = CONF_OBJECTS,
     .offset = offsetof(struct config, providers),
     .table = &provider_config_table,
     .help = "who carries the messages, in order of preference"},
    {.key = "hours",
     .type = CONF_OBJECT,
     .offset = offsetof(struct config, hours),
     .table = &hours_config_table,
     .help = "when people may be written to"},
    {.key = "caps",
     .type = CONF_OBJECT,
     .offset = offsetof(struct config, caps),
     .table = &caps_config_table,
     .help = "how often one number may be written to"},
    {.key = "ladder",
     .type = CONF_OBJECT,
     .offset = offsetof(struct config, ladder),
     .table = &ladder_config_table,
     .help = "from one channel to the next"},
    {.key = "dispatch",
     .type = CONF_OBJECT,
     .offset = offsetof(struct config, dispatch),
     .table = &dispatch_config_table,
     .help = "tries, waits and batches"},
    {.key = "reports",
     .type = CONF_OBJECT,
     .offset = offsetof(struct config, reports),
     .table = &reports_config_table,
     .help = "digests and the weekly summary"},
    {.key = "retention",
     .type = CONF_OBJECT,
     .offset = offsetof(struct config, retention),
     .table = &retention_table,
     .help = "how long what is kept; `moidan purge` takes away what is older"},
    {.key = NULL},
};
const struct conf_table config_table = {"moidan.yaml", sizeof(struct config), config_fields};

static bool house_is_dir(const char *base, const char *name)
{
	char *path = mem_printf("%s/%s", base, name);
	bool is = access(path, X_OK) == 0;

	free(path);
	return is;
}

const char *house_share_dir(void)
{
	static const char *const places[] = {"share/moidan", "../share/moidan"};
	static char dir[4096 + 64];
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (dir[0] != '\0')
		return dir;
	if (n > 0) {
		exe[n] = '\0';
		(void)dirname(exe);
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			if (house_is_dir(exe, places[i])) {
				(void)snprintf(dir, sizeof(dir), "%s/%s", exe, places[i]);
				return dir;
			}
		}
	}
	(void)snprintf(dir, sizeof(dir), "/usr/share/moidan");
	return dir;
}

/* A path of the file, made relative to the file's directory. Replaces *path. */
static void house_resolve(char **path, const char *dir)
{
	char *whole;

	if (**path == '\0' || **path == '/')
		return;
	whole = mem_printf("%s/%s", dir, *path);
	free(*path);
	*path = whole;
}

/* An empty directory option becomes the one beside the file if it has probe, else the installed one. */
static void house_default_dir(char **path, const char *dir, const char *probe,
			      const char *beside, const char *installed)
{
	if (**path != '\0') {
		house_resolve(path, dir);
		return;
	}
	free(*path);
	*path = house_is_dir(dir, probe) ? mem_printf("%s%s", dir, beside)
					 : mem_printf("%s/%s", house_share_dir(), installed);
}

/* ---- secrets ----------------------------------------------------------------------------- */

static bool house_names_file(const char *key)
{
	size_t len = strlen(key);

	return len > 5 && strcmp(key + len - 5, "_file") == 0;
}

/* Secrets' paths stand deeper in the file, and are relative to it as well. */
static void house_resolve_secrets(struct config *c, const char *dir)
{
	struct provider_config *p = c->providers.items;
	struct report_push *push = c->reports.push.items;
	const char *key;
	json_t *value;

	for (size_t i = 0; i < c->providers.n; i++) {
		json_object_foreach(p[i].secrets, key, value)
		{
			char *path = house_names_file(key) && json_is_string(value)
					 ? mem_strdup(json_string_value(value))
					 : NULL;

			if (path != NULL) {
				house_resolve(&path, dir);
				json_string_set(value, path);
			}
			free(path);
		}
	}
	for (size_t i = 0; i < c->reports.push.n; i++) {
		if (push[i].secret_file != NULL)
			house_resolve(&push[i].secret_file, dir);
	}
	if (c->reports.email.password_file != NULL)
		house_resolve(&c->reports.email.password_file, dir);
}

void house_each_secret(const struct house *h, void (*fn)(const char *path, void *arg),
		       void *arg)
{
	const struct provider_config *p = h->cfg.providers.items;
	const struct report_push *push = h->cfg.reports.push.items;
	const struct report_email *mail = &h->cfg.reports.email;
	bool here = mail->password != NULL;
	const char *key;
	json_t *value;

	for (size_t i = 0; i < h->cfg.providers.n; i++) {
		json_object_foreach(p[i].secrets, key, value)
		{
			if (house_names_file(key) && json_is_string(value))
				fn(json_string_value(value), arg);
			else
				here = true;
		}
	}
	for (size_t i = 0; i < h->cfg.reports.push.n; i++) {
		if (push[i].secret_file != NULL)
			fn(push[i].secret_file, arg);
		here = here || push[i].secret != NULL;
	}
	if (mail->password_file != NULL)
		fn(mail->password_file, arg);
	for (char **v = environ; *v != NULL; v++) {
		const char *eq = strchr(*v, '=');

		if (strncmp(*v, "MOIDAN_SECRET_", 14) == 0 && eq != NULL && eq[1] != '\0' &&
		    strncmp(eq - 5, "_FILE", 5) == 0)
			fn(eq + 1, arg);
	}
	if (here)
		fn(h->path, arg);
}

static void house_warn_secret(const char *path, void *arg)
{
	struct stat sb;

	(void)arg;
	if (stat(path, &sb) == 0 && (sb.st_mode & S_IRWXO) != 0)
		log_warn("config", "secret_for_all", "path=%s mode=%03o", path,
			 (unsigned)sb.st_mode & 0777);
}

/* ---- the house --------------------------------------------------------------------------- */

static bool house_is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len > 0 && len <= 5 && text[len] == '\0' && strtol(text, NULL, 10) >= 1 &&
	       strtol(text, NULL, 10) <= 65535;
}

/* An address of ours as others see it: without TLS only on this machine. */
static int house_check_url(const struct ydoc *doc, const char *key, const char *url, struct err *e)
{
	if (*url == '\0' || strncmp(url, "https://", 8) == 0 ||
	    strncmp(url, "http://127.0.0.1", 16) == 0)
		return 0;
	return ydoc_error(doc, doc->root, key, 0, e,
			  "\"%s\" must begin with https:// (http:// only for 127.0.0.1)", key);
}

static int house_check(const struct house *h, const struct ydoc *doc, struct err *e)
{
	const struct config *c = &h->cfg;
	const char *colon = strrchr(c->listen, ':');

	if (colon == NULL || colon == c->listen || !house_is_port(colon + 1))
		return ydoc_error(
		    doc, doc->root, "listen", 0, e,
		    "\"listen\" must be address:port, such as 127.0.0.1:8080, the "
		    "port from 1 to 65535");
	if (house_check_url(doc, "public_url", c->public_url, e) < 0 ||
	    house_check_url(doc, "console_url", c->console_url, e) < 0)
		return -1;
	for (size_t i = 0; i < c->providers.n; i++) {
		const struct provider_config *p =
		    &((const struct provider_config *)c->providers.items)[i];
		const json_t *list = json_object_get(doc->root, "providers");

		if (strspn(p->name, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
			strlen(p->name) ||
		    *p->name == '\0' || strlen(p->name) > 32)
			return ydoc_error(doc, list, NULL, i, e,
					  "a provider's name is 1 to 32 of a-z, 0-9 and \"-\"");
		for (size_t k = 0; k < i; k++) {
			const struct provider_config *q =
			    &((const struct provider_config *)c->providers.items)[k];

			if (strcmp(p->name, q->name) == 0)
				return ydoc_error(doc, list, NULL, i, e,
						  "two providers are called \"%s\"", p->name);
		}
	}
	return 0;
}

static int house_load_calendar(struct house *h, const struct ydoc *doc, struct err *e)
{
	struct err own = ERR_INIT;

	h->calendar = calendar_new(&h->cfg.hours, &own);
	return h->calendar != NULL ? 0
				   : ydoc_error(doc, doc->root, "hours", 0, e, "%s", own.text);
}

static int house_load_providers(struct house *h, const struct ydoc *doc, struct err *e)
{
	const struct conf_list *list = &h->cfg.providers;

	h->providers = mem_calloc(list->n, sizeof(struct provider *));
	for (size_t i = 0; i < list->n; i++) {
		struct provider_config *account = &((struct provider_config *)list->items)[i];

		account->doc = doc;
		account->accounts = json_object_get(doc->root, "providers");
		account->index = i;
		h->providers[i] = provider_new(account, h->cfg.descriptions, e);
		account->doc = NULL;
		account->accounts = NULL;
		if (h->providers[i] == NULL)
			return -1;
		h->n_providers = i + 1;
	}
	return 0;
}

/* The words of the directory of descriptions, else the installed ones. */
static int house_load_replies(struct house *h, struct err *e)
{
	char *own = mem_printf("%s/replies.yaml", h->cfg.descriptions);
	char *shared = mem_printf("%s/config", house_share_dir());
	int rc = reply_words_load(access(own, R_OK) == 0 ? h->cfg.descriptions : shared,
				  &h->replies, e);

	free(own);
	free(shared);
	return rc;
}

static int house_load_programmes(struct house *h, struct err *e)
{
	char **names = programme_names(h->cfg.descriptions);
	size_t n = 0;
	int rc = 0;

	while (names[n] != NULL)
		n++;
	h->programmes = mem_calloc(n + 1, sizeof(struct programme *));
	for (size_t i = 0; i < n; i++) {
		if (rc == 0) {
			h->programmes[i] = programme_load(h->cfg.descriptions, names[i], e);
			rc = h->programmes[i] == NULL ? -1 : 0;
			h->n_programmes = i + (rc == 0);
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

const struct programme *house_programme(const struct house *h, const char *name)
{
	for (size_t i = 0; i < h->n_programmes; i++) {
		if (strcmp(h->programmes[i]->name, name) == 0)
			return h->programmes[i];
	}
	return NULL;
}

/* Each channel at the price of its provider that is preferred; the preferred one of SMS, else the
 * first of all. */
static const struct provider_facts *house_furnish_channels(struct house *h, size_t *n)
{
	const struct provider_facts *sms = NULL;

	*n = 0;
	for (size_t i = 0; i < h->n_providers; i++) {
		const struct provider_facts *f = provider_facts(h->providers[i]);
		size_t k = 0;

		if (sms == NULL && strcmp(f->channel, "sms") == 0)
			sms = f;
		while (k < *n && strcmp(h->channels[k].name, f->channel) != 0)
			k++;
		if (k == *n && k < sizeof(h->channels) / sizeof(h->channels[0]))
			h->channels[(*n)++] = (struct campaign_channel){
			    .name = f->channel, .price_per_segment = f->price_per_segment};
	}
	return sms != NULL ? sms : h->n_providers > 0 ? provider_facts(h->providers[0]) : NULL;
}

/* What the provider takes in the hours of a day. */
static int64_t house_segments_per_day(const struct house *h, const struct provider_facts *facts)
{
	int64_t minutes = h->cfg.hours.to - h->cfg.hours.from;

	return facts->rate_per_second * 60 * (minutes > 0 ? minutes : minutes + 1440);
}

/* What campaigns borrow. Prices and limits are those of the provider that is preferred. */
static void house_furnish_campaigns(struct house *h)
{
	size_t n;
	const struct provider_facts *facts = house_furnish_channels(h, &n);

	h->campaign = (struct campaign_house){
	    .dir = h->cfg.descriptions,
	    .templates = h->cfg.templates,
	    .office = h->cfg.unit.office,
	    .commune = h->cfg.unit.name,
	    .card_name = h->cfg.unit.card_name,
	    .phone_office = *h->cfg.unit.phone != '\0' ? h->cfg.unit.phone : NULL,
	    .calendar = h->calendar,
	    .caps = &h->cfg.caps,
	    .ladder = &h->cfg.ladder,
	    .channels = h->channels,
	    .n_channels = n,
	    .price_per_segment = facts != NULL ? facts->price_per_segment : 0,
	    .forbidden = facts != NULL ? facts->forbidden : "",
	    .max_segments = facts != NULL ? facts->max_segments : 0,
	    .can_ucs2 = facts == NULL || facts->can_ucs2,
	    .one_person_below = h->cfg.one_person_below,
	    .segments_per_day = facts != NULL ? house_segments_per_day(h, facts) : 0,
	};
}

static int house_furnish_reports(struct house *h, const struct ydoc *doc, struct err *e)
{
	static const char *const usual[] = {"vneid", "cccd"};
	const struct conf_list *asked = &h->cfg.reports.programmes;
	const char *const *names = asked->n > 0 ? asked->items : usual;
	size_t n = asked->n > 0 ? asked->n : sizeof(usual) / sizeof(usual[0]);
	struct programme **list = mem_calloc(n, sizeof(*list));

	h->report = (struct report_house){
	    .house = &h->campaign, .parent = h->cfg.unit.parent, .cfg = &h->cfg.reports};
	h->report.programmes = list;
	for (size_t i = 0; i < n; i++) {
		const struct programme *p = house_programme(h, names[i]);

		if (p == NULL)
			return ydoc_error(doc, json_object_get(doc->root, "reports"),
					  "programmes", 0, e,
					  "there is no programme \"%s\" in %s/programmes",
					  names[i], h->cfg.descriptions);
		list[h->report.n_programmes++] = (struct programme *)(uintptr_t)p;
	}
	h->report.officials = house_programme(h, h->cfg.reports.digest_programme);
	return 0;
}

/* The file alone, with its paths resolved. doc is loaded too, also on failure; free both. */
static int house_read(struct house *h, const char *path, struct ydoc *doc, struct err *e)
{
	const char *from = path != NULL ? path : getenv("MOIDAN_CONFIG"), *dir;
	char *copy;

	h->path = mem_strdup(from != NULL && *from != '\0' ? from : "/etc/moidan/moidan.yaml");
	if (access(h->path, R_OK) != 0 && from == NULL)
		return err_set(
		    e, EX_NOINPUT,
		    "%s cannot be read; \"moidan init\" writes one, --config FILE names "
		    "another",
		    h->path);
	if (ydoc_load_file(h->path, doc, e) < 0 ||
	    conf_read(doc, doc->root, &config_table, "MOIDAN", &h->cfg, e) < 0)
		return -1;
	copy = mem_strdup(h->path);
	dir = dirname(copy);
	house_resolve(&h->cfg.database, dir);
	house_resolve_secrets(&h->cfg, dir);
	house_default_dir(&h->cfg.templates, dir, "templates", "/templates", "templates");
	house_default_dir(&h->cfg.descriptions, dir, "programmes", "", "config");
	free(copy);
	return 0;
}

static int house_build(struct house *h, const struct ydoc *doc, struct err *e)
{
	if (*h->cfg.public_url != '\0')
		h->callbacks = mem_printf("%s/callbacks", h->cfg.public_url);
	log_set_level((enum log_level)h->cfg.log_level);
	if (house_check(h, doc, e) < 0 || house_load_calendar(h, doc, e) < 0 ||
	    reports_config_check(&h->cfg.reports, doc, e) < 0 ||
	    house_load_providers(h, doc, e) < 0 || house_load_programmes(h, e) < 0)
		return -1;
	if (house_load_replies(h, e) < 0)
		return -1;
	house_each_secret(h, house_warn_secret, NULL);
	house_furnish_campaigns(h);
	return house_furnish_reports(h, doc, e);
}

struct house *house_load(const char *path, struct err *e)
{
	struct house *h = mem_calloc(1, sizeof(*h));
	struct ydoc doc = {0};
	int rc = house_read(h, path, &doc, e);

	if (rc == 0)
		rc = house_build(h, &doc, e);
	ydoc_free(&doc);
	if (rc < 0) {
		house_free(h);
		return NULL;
	}
	return h;
}

char *house_descriptions(const char *path, struct err *e)
{
	struct house *h = mem_calloc(1, sizeof(*h));
	struct ydoc doc = {0};
	char *out = NULL;

	if (path == NULL && getenv("MOIDAN_CONFIG") == NULL &&
	    access("/etc/moidan/moidan.yaml", R_OK) != 0)
		out = mem_printf("%s/config", house_share_dir());
	else if (house_read(h, path, &doc, e) == 0)
		out = mem_strdup(h->cfg.descriptions);
	ydoc_free(&doc);
	house_free(h);
	return out;
}

void house_free(struct house *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n_providers; i++)
		provider_free(h->providers[i]);
	free(h->providers);
	for (size_t i = 0; i < h->n_programmes; i++)
		programme_free(h->programmes[i]);
	free(h->programmes);
	free((void *)(uintptr_t)h->report.programmes);
	calendar_free(h->calendar);
	conf_free(&reply_words_table, &h->replies);
	free(h->callbacks);
	conf_free(&config_table, &h->cfg);
	free(h->path);
	free(h);
}
