/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <stdio.h>
#include <string.h>

#include "provider/http.h"

static const struct conf_field report_push_fields[] = {
    {.key = "url",
     .type = CONF_STRING,
     .offset = offsetof(struct report_push, url),
     .required = true,
     .help = "where the summary is POSTed to: https, or http to this machine"},
    {.key = "secret",
     .type = CONF_STRING,
     .offset = offsetof(struct report_push, secret),
     .help = "whsec_BASE64: signs each POST as Standard Webhooks do"},
    {.key = "secret_file",
     .type = CONF_STRING,
     .offset = offsetof(struct report_push, secret_file),
     .help = "a file that holds the secret"},
    {.key = "allow_private",
     .type = CONF_BOOL,
     .offset = offsetof(struct report_push, allow_private),
     .fallback = "false",
     .help = "the receiver may stand in a private network (10.x, 192.168.x …)"},
    {.key = NULL},
};
static const struct conf_table report_push_table = {
    "a receiver of the weekly summary", sizeof(struct report_push), report_push_fields};

static const struct conf_field report_commune_fields[] = {
    {.key = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct report_commune, name),
     .required = true,
     .help = "the commune, as its own unit.name says"},
    {.key = "secret",
     .type = CONF_STRING,
     .offset = offsetof(struct report_commune, secret),
     .help = "whsec_BASE64: that of its reports.push"},
    {.key = "secret_file",
     .type = CONF_STRING,
     .offset = offsetof(struct report_commune, secret_file),
     .help = "a file that holds the secret"},
    {.key = NULL},
};
static const struct conf_table report_commune_table = {
    "a gateway below", sizeof(struct report_commune), report_commune_fields};

static const struct conf_field report_email_fields[] = {
    {.key = "server",
     .type = CONF_STRING,
     .offset = offsetof(struct report_email, server),
     .fallback = "",
     .help = "smtp://host:587 or smtps://host:465; empty = no e-mail"},
    {.key = "user",
     .type = CONF_STRING,
     .offset = offsetof(struct report_email, user),
     .help = "login at the server; empty = none"},
    {.key = "password",
     .type = CONF_STRING,
     .offset = offsetof(struct report_email, password),
     .help = "its password"},
    {.key = "password_file",
     .type = CONF_STRING,
     .offset = offsetof(struct report_email, password_file),
     .help = "a file that holds the password"},
    {.key = "from",
     .type = CONF_STRING,
     .offset = offsetof(struct report_email, from),
     .fallback = "",
     .help = "address of the sender"},
    {.key = "to",
     .type = CONF_STRINGS,
     .offset = offsetof(struct report_email, to),
     .max = 20,
     .help = "addresses that get the summary, each its own e-mail"},
    {.key = NULL},
};
static const struct conf_table report_email_table = {
    "reports.email", sizeof(struct report_email), report_email_fields};

static const struct conf_field reports_config_fields[] = {
    {.key = "enabled",
     .type = CONF_BOOL,
     .offset = offsetof(struct reports_config, enabled),
     .fallback = "true",
     .help = "draw figures, digests and the summary every week"},
    {.key = "confirm",
     .type = CONF_BOOL,
     .offset = offsetof(struct reports_config, confirm),
     .fallback = "true",
     .help = "the summary goes out only once a person has confirmed it"},
    {.key = "programmes",
     .type = CONF_STRINGS,
     .offset = offsetof(struct reports_config, programmes),
     .max = 16,
     .help = "programmes that are reported, in this order; empty = vneid, cccd"},
    {.key = "collect",
     .type = CONF_BOOL,
     .offset = offsetof(struct reports_config, collect),
     .fallback = "true",
     .help = "the teams hand in their own figures on the day of the digests"},
    {.key = "collect_remind_at",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, collect_remind_at),
     .fallback = "15:00",
     .help = "when teams that have not are reminded"},
    {.key = "collect_until",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, collect_until),
     .fallback = "17:00",
     .help = "until when they hand in"},
    {.key = "collect_late_at",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, collect_late_at),
     .fallback = "17:30",
     .help = "when the police are told who is late, and whose figures differ"},
    {.key = "team_audience",
     .type = CONF_STRING,
     .offset = offsetof(struct reports_config, team_audience),
     .fallback = "to_truong",
     .help = "the officials who are reminded, of their own hamlet; empty = nobody"},
    {.key = "police_audience",
     .type = CONF_STRING,
     .offset = offsetof(struct reports_config, police_audience),
     .fallback = "truong_cong_an",
     .help = "the officials who are told of late teams and of the draft; empty = nobody"},
    {.key = "digest_weekday",
     .type = CONF_INT,
     .offset = offsetof(struct reports_config, digest_weekday),
     .fallback = "3",
     .min = 1,
     .max = 7,
     .help = "day of the digests, 1 = Monday … 7 = Sunday; a holiday: the working day before"},
    {.key = "digest_at",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, digest_at),
     .fallback = "17:30",
     .help = "when the digests are drawn and sent"},
    {.key = "duty_at",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, duty_at),
     .fallback = "17:30",
     .help = "when those who are on duty the next day are reminded"},
    {.key = "digest_programme",
     .type = CONF_STRING,
     .offset = offsetof(struct reports_config, digest_programme),
     .fallback = "officials",
     .help = "the list that holds the hamlet heads"},
    {.key = "digest_audience",
     .type = CONF_STRING,
     .offset = offsetof(struct reports_config, digest_audience),
     .fallback = "truong_ap",
     .help = "its audience that gets the digests"},
    {.key = "weekly_weekday",
     .type = CONF_INT,
     .offset = offsetof(struct reports_config, weekly_weekday),
     .fallback = "4",
     .min = 1,
     .max = 7,
     .help = "day of the summary, 1 = Monday … 7 = Sunday; a holiday: the working day before"},
    {.key = "weekly_ready_at",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, weekly_ready_at),
     .fallback = "07:00",
     .help = "when the summary is drawn, to be confirmed or handed over"},
    {.key = "weekly_push_by",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, weekly_push_by),
     .fallback = "08:30",
     .help = "an alarm when it is not confirmed and delivered by then"},
    {.key = "weekly_deadline",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, weekly_deadline),
     .fallback = "09:00",
     .help = "when it must have arrived: a second alarm"},
    {.key = "push",
     .type = CONF_OBJECTS,
     .offset = offsetof(struct reports_config, push),
     .table = &report_push_table,
     .max = 16,
     .help = "receivers by HTTP POST"},
    {.key = "communes_by",
     .type = CONF_TIME,
     .offset = offsetof(struct reports_config, communes_by),
     .fallback = "09:00",
     .help = "until when gateways below hand up on the summary's day; who comes later is late"},
    {.key = "communes",
     .type = CONF_OBJECTS,
     .offset = offsetof(struct reports_config, communes),
     .table = &report_commune_table,
     .max = 400,
     .help = "gateways below that push their summaries to /rollup here"},
    {.key = "email",
     .type = CONF_OBJECT,
     .offset = offsetof(struct reports_config, email),
     .table = &report_email_table,
     .help = "receivers by e-mail"},
    {.key = NULL},
};
const struct conf_table reports_config_table = {"reports", sizeof(struct reports_config),
						reports_config_fields};

/* What is wrong with key of at (NULL: of the file), where doc says that it stands; doc may be NULL. */
static int reports_wrong(const struct ydoc *doc, const json_t *at, const char *key,
			 struct err *e, const char *what)
{
	return doc != NULL ? ydoc_error(doc, at != NULL ? at : doc->root, key, 0, e,
					"reports: %s", what)
			   : err_set(e, EX_CONFIG, "reports: %s", what);
}

/* Everything of a week happens before its digests are void. */
#define REPORTS_SUNDAY 7

static int reports_check_moments(const struct reports_config *c, const struct ydoc *doc,
				 struct err *e)
{
	const json_t *at = doc != NULL ? json_object_get(doc->root, "reports") : NULL;

	if (c->weekly_ready_at > c->weekly_push_by || c->weekly_push_by > c->weekly_deadline)
		return reports_wrong(doc, NULL, "reports", e,
				     "weekly_ready_at, weekly_push_by and weekly_deadline must "
				     "follow each other");
	if (c->communes.n > 0 && c->communes_by > c->weekly_ready_at)
		return reports_wrong(doc, at, "communes", e,
				     "with communes, weekly_ready_at must be communes_by or "
				     "later: else our summary is drawn without theirs");
	if (c->collect_remind_at > c->collect_until || c->collect_until > c->collect_late_at)
		return reports_wrong(doc, NULL, "reports", e,
				     "collect_remind_at, collect_until and collect_late_at must "
				     "follow each other");
	if (c->digest_weekday == REPORTS_SUNDAY && c->digest_at >= REPORT_DIGEST_UNTIL)
		return reports_wrong(
		    doc, at, "digest_weekday", e,
		    "a week ends on Sunday at 20:00: choose an earlier moment");
	if (c->weekly_weekday == REPORTS_SUNDAY && c->weekly_deadline >= REPORT_DIGEST_UNTIL)
		return reports_wrong(
		    doc, at, "weekly_weekday", e,
		    "a week ends on Sunday at 20:00: choose an earlier moment");
	return 0;
}

static int reports_check_communes(const struct reports_config *c, const struct ydoc *doc,
				  struct err *e)
{
	const json_t *at = doc != NULL ? json_object_get(doc->root, "reports") : NULL;
	const struct report_commune *all = c->communes.items;
	char what[300];

	for (size_t i = 0; i < c->communes.n; i++) {
		const struct report_commune *k = &all[i];

		if ((k->secret == NULL || *k->secret == '\0') &&
		    (k->secret_file == NULL || *k->secret_file == '\0'))
			return err_set(e, EX_CONFIG,
				       "reports.communes[%zu] needs secret or secret_file", i);
		for (size_t other = 0; other < i; other++) {
			if (strcmp(all[other].name, k->name) != 0)
				continue;
			(void)snprintf(what, sizeof(what),
				       "\"%s\" is named twice: its people would be counted twice",
				       k->name);
			return reports_wrong(doc,
					     json_array_get(json_object_get(at, "communes"), i),
					     "name", e, what);
		}
	}
	return 0;
}

int reports_config_check(const struct reports_config *c, const struct ydoc *doc, struct err *e)
{
	const json_t *at = doc != NULL ? json_object_get(doc->root, "reports") : NULL;
	const json_t *email = json_object_get(at, "email");
	const struct report_push *push = c->push.items;
	const struct report_email *m = &c->email;

	if (reports_check_moments(c, doc, e) < 0)
		return -1;
	for (size_t i = 0; i < c->push.n; i++) {
		if (strncmp(push[i].url, "https://", 8) != 0 &&
		    (strncmp(push[i].url, "http://", 7) != 0 || !http_is_loopback(push[i].url)))
			return reports_wrong(
			    doc, json_array_get(json_object_get(at, "push"), i), "url", e,
			    "\"url\" must begin with https:// (http:// for this "
			    "machine only)");
	}
	if (reports_check_communes(c, doc, e) < 0)
		return -1;
	if (*m->server == '\0')
		return 0;
	if (strncmp(m->server, "smtp://", 7) != 0 && strncmp(m->server, "smtps://", 8) != 0)
		return reports_wrong(doc, email, "server", e,
				     "\"server\" must begin with smtp:// or smtps://");
	if (strchr(m->from, '@') == NULL)
		return reports_wrong(doc, email, "from", e,
				     "\"from\" must be an e-mail address");
	return 0;
}
