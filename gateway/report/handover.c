/* SPDX-License-Identifier: Apache-2.0 */
#include "report/handover.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/queue.h"
#include "provider/http.h"
#include "provider/mail.h"
#include "provider/provider.h"
#include "report/deliver.h"
#include "report/figures.h"

#define HANDOVER_IN_FLIGHT  16
#define HANDOVER_CONNECT_MS (10 * CLOCK_SECOND_MS)
#define HANDOVER_TOTAL_MS   (25 * CLOCK_SECOND_MS)
/* Of an answer only the status and Retry-After are looked at, but it must come whole. */
#define HANDOVER_ANSWER	    ((size_t)256 * 1024)
#define HANDOVER_SECRET_MIN 16
#define HANDOVER_SECRET_MAX 96
/* The figures, the summary to be signed, its workbook. */
#define HANDOVER_PAPERS 3

struct receiver {
	char *url, *secret; /* secret: NULL = not signed */
	struct http *http;
};

struct receivers {
	unsigned refs;
	struct receiver *pushes;
	size_t n_pushes;
	char *server, *user, *password, *from;
	char **to;
	size_t n_to;
};

struct handover {
	struct receivers *receivers;
	const struct job *job;
	int bell;
	char id[64];
	atomic_bool ended;
	struct handover_result result;
	/* an e-mail */
	bool threaded;
	pthread_t thread;
	json_t *payload;
	char *subject, *message_id, *filename;
	const char *to[2];
	struct mail_attachment attachments[HANDOVER_PAPERS];
	char *bytes[HANDOVER_PAPERS]; /* of attachments */
	size_t n_attachments;
	struct mail mail;
};

/* ---- receivers ---------------------------------------------------------------------------- */

/* A secret that stands in the configuration or in a file. *out NULL: there is none. */
static int receivers_secret(const char *value, const char *file, char **out, struct err *e)
{
	*out = NULL;
	if (value != NULL && *value != '\0')
		*out = mem_strdup(value);
	else if (file != NULL && *file != '\0' &&
		 (*out = provider_read_secret(file, e)) == NULL)
		return -1;
	if (*out != NULL)
		log_redact(*out);
	return 0;
}

static int receivers_add_push(struct receivers *r, struct event_base *base,
			      const struct report_push *p, struct err *e)
{
	bool here = http_is_loopback(p->url);
	struct http_limits limits = {.in_flight = HANDOVER_IN_FLIGHT,
				     .connect_timeout_ms = HANDOVER_CONNECT_MS,
				     .total_timeout_ms = HANDOVER_TOTAL_MS,
				     .max_body = HANDOVER_ANSWER,
				     .allow_http = here,
				     .allow_private = here || p->allow_private};
	struct receiver *to = &r->pushes[r->n_pushes++];
	char signature[64];

	to->url = mem_strdup(p->url);
	if (receivers_secret(p->secret, p->secret_file, &to->secret, e) < 0 ||
	    (to->secret != NULL &&
	     deliver_signature(to->secret, "", 0, "", 0, signature, e) < 0)) {
		err_context(e, "reports.push[%zu]", r->n_pushes - 1);
		return -1;
	}
	to->http = http_new(base, &limits, e);
	return to->http != NULL ? 0 : -1;
}

static int receivers_set_email(struct receivers *r, const struct report_email *m, struct err *e)
{
	char *const *to = m->to.items;

	r->server = mem_strdup(m->server);
	r->user = mem_strdup(m->user);
	r->from = mem_strdup(m->from);
	r->to = mem_calloc(m->to.n, sizeof(char *));
	for (size_t i = 0; i < m->to.n; i++)
		r->to[r->n_to++] = mem_strdup(to[i]);
	if (receivers_secret(m->password, m->password_file, &r->password, e) < 0) {
		err_context(e, "reports.email");
		return -1;
	}
	return 0;
}

struct receivers *receivers_new(struct event_base *base, const struct reports_config *c,
				struct err *e)
{
	const struct report_push *push = c->push.items;
	struct receivers *r;

	if (reports_config_check(c, NULL, e) < 0)
		return NULL;
	r = mem_calloc(1, sizeof(*r));
	r->refs = 1;
	r->pushes = mem_calloc(c->push.n, sizeof(*r->pushes));
	for (size_t i = 0; i < c->push.n; i++) {
		if (receivers_add_push(r, base, &push[i], e) < 0)
			goto fail;
	}
	if (receivers_set_email(r, &c->email, e) == 0)
		return r;
fail:
	receivers_unref(r);
	return NULL;
}

static void receivers_free_secret(char *secret)
{
	if (secret != NULL)
		mem_free_secret(secret, strlen(secret));
}

void receivers_unref(struct receivers *r)
{
	if (r == NULL || --r->refs > 0)
		return;
	for (size_t i = 0; i < r->n_pushes; i++) {
		http_free(r->pushes[i].http);
		free(r->pushes[i].url);
		receivers_free_secret(r->pushes[i].secret);
	}
	for (size_t i = 0; i < r->n_to; i++)
		free(r->to[i]);
	free(r->pushes);
	free(r->server);
	free(r->user);
	receivers_free_secret(r->password);
	free(r->from);
	free(r->to);
	free(r);
}

/* ---- the end ------------------------------------------------------------------------------ */

/* The last that is done to h on whatever thread: from here on it is its owner's alone. */
static void handover_end(struct handover *h, enum handover_end end, int64_t wait_ms,
			 const char *text)
{
	int bell = h->bell;

	h->result.end = end;
	h->result.wait_ms = wait_ms;
	(void)snprintf(h->result.text, sizeof(h->result.text), "%s", text);
	atomic_store(&h->ended, true);
	bell_ring(bell);
}

bool handover_ended(struct handover *h, struct handover_result *out)
{
	if (!atomic_load(&h->ended))
		return false;
	*out = h->result;
	return true;
}

void handover_wait(struct handover *h)
{
	if (h->threaded)
		(void)pthread_join(h->thread, NULL);
	h->threaded = false;
}

void handover_free(struct handover *h)
{
	if (h == NULL)
		return;
	handover_wait(h);
	receivers_unref(h->receivers);
	json_decref(h->payload);
	free(h->subject);
	free(h->message_id);
	free(h->filename);
	for (size_t i = 0; i < h->n_attachments; i++)
		free(h->bytes[i]);
	free(h);
}

/* ---- HTTP --------------------------------------------------------------------------------- */

int deliver_signature(const char *secret, const char *id, int64_t timestamp_s, const char *body,
		      size_t len, char out[64], struct err *e)
{
	static const char PREFIX[] = "whsec_";
	unsigned char key[HANDOVER_SECRET_MAX], mac[crypto_auth_hmacsha256_BYTES];
	size_t n = 0;
	const char *end = NULL;
	crypto_auth_hmacsha256_state hmac;
	char stamp[32];

	if (strncmp(secret, PREFIX, strlen(PREFIX)) != 0)
		return err_set(e, EX_CONFIG, "the secret does not begin with whsec_");
	secret += strlen(PREFIX);
	if (sodium_base642bin(key, sizeof(key), secret, strlen(secret), NULL, &n, &end,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    *end != '\0' || n < HANDOVER_SECRET_MIN) {
		sodium_memzero(key, sizeof(key));
		return err_set(e, EX_CONFIG,
			       "the secret is not whsec_ and base64 of %d to %d bytes",
			       HANDOVER_SECRET_MIN, HANDOVER_SECRET_MAX);
	}
	(void)snprintf(stamp, sizeof(stamp), ".%" PRId64 ".", timestamp_s);
	(void)crypto_auth_hmacsha256_init(&hmac, key, n);
	(void)crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)id, strlen(id));
	(void)crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)stamp, strlen(stamp));
	(void)crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)body, len);
	(void)crypto_auth_hmacsha256_final(&hmac, mac);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&hmac, sizeof(hmac));
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): what follows ends it */
	memcpy(out, "v1,", 3);
	(void)sodium_bin2base64(out + 3, 61, mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
	return 0;
}

/* Retry-After in seconds; a date is not read. RFC 9110 §10.2.3. */
static int64_t handover_retry_after(const struct http_reply *r)
{
	const char *value = http_reply_header(r, "Retry-After");
	char *end = NULL;
	long long s;

	if (value == NULL || *value < '0' || *value > '9')
		return 0;
	errno = 0;
	s = strtoll(value, &end, 10);
	if (errno != 0 || *end != '\0' || s > CLOCK_HOUR_MS / CLOCK_SECOND_MS)
		s = *end == '\0' ? CLOCK_HOUR_MS / CLOCK_SECOND_MS : 0;
	return s * CLOCK_SECOND_MS;
}

static void handover_answered(const struct http_reply *r, void *arg)
{
	struct handover *h = arg;
	char text[32];

	if (r->phase != HTTP_ANSWERED) {
		handover_end(h, HANDOVER_LATER, 0, r->error);
		return;
	}
	(void)snprintf(text, sizeof(text), "HTTP %d", r->status);
	if (r->status >= 200 && r->status <= 299)
		handover_end(h, HANDOVER_DONE, 0, text);
	else if (r->status == 408 || r->status == 425 || r->status == 429 || r->status >= 500)
		handover_end(h, HANDOVER_LATER, handover_retry_after(r), text);
	else
		handover_end(h, HANDOVER_REFUSED, 0, text);
}

static int handover_post(struct handover *h, struct err *e)
{
	const struct receiver *to = NULL;
	char id[96], stamp[64], mac[64], signature[96];
	const char *headers[4] = {"Content-Type: application/json", id, stamp, signature};
	int64_t now = clock_now_ms() / CLOCK_SECOND_MS;
	size_t len = strlen(h->job->payload);
	struct http_request req = {.method = "POST",
				   .headers = headers,
				   .n_headers = 3,
				   .body = h->job->payload,
				   .body_len = len};

	for (size_t i = 0; i < h->receivers->n_pushes; i++) {
		if (strcmp(h->receivers->pushes[i].url, h->job->target) == 0)
			to = &h->receivers->pushes[i];
	}
	if (to == NULL)
		return err_set(e, EX_CONFIG, "it is no longer in reports.push");
	(void)snprintf(id, sizeof(id), "webhook-id: %s", h->id);
	(void)snprintf(stamp, sizeof(stamp), "webhook-timestamp: %" PRId64, now);
	if (to->secret != NULL) {
		if (deliver_signature(to->secret, h->id, now, h->job->payload, len, mac, e) < 0)
			return -1;
		(void)snprintf(signature, sizeof(signature), "webhook-signature: %s", mac);
		req.n_headers = 4;
	}
	req.url = to->url;
	return http_send(to->http, &req, handover_answered, h, e);
}

/* ---- e-mail ------------------------------------------------------------------------------- */

static void *handover_mail(void *arg)
{
	struct handover *h = arg;
	struct err e = ERR_INIT;

	if (mail_send(&h->mail, &e) == 0)
		handover_end(h, HANDOVER_DONE, 0, "accepted by the mail server");
	else
		handover_end(h, e.code == EX_TEMPFAIL ? HANDOVER_LATER : HANDOVER_REFUSED, 0,
			     e.text);
	return NULL;
}

static void handover_attach(struct handover *h, const char *name, const char *type, char *take,
			    size_t len)
{
	h->bytes[h->n_attachments] = take;
	h->attachments[h->n_attachments++] =
	    (struct mail_attachment){.filename = name, .type = type, .data = take, .len = len};
}

/* The documents of the job, after the figures. */
static int handover_attach_papers(struct handover *h, struct err *e)
{
	size_t i;
	const json_t *o;

	json_array_foreach(json_object_get(h->payload, "papers"), i, o)
	{
		const char *text = figures_text(o, "base64");
		size_t len = strlen(text), n = 0;
		unsigned char *bytes = mem_calloc(len + 1, 1);

		if (h->n_attachments == HANDOVER_PAPERS ||
		    sodium_base642bin(bytes, len + 1, text, len, NULL, &n, NULL,
				      sodium_base64_VARIANT_ORIGINAL) != 0) {
			free(bytes);
			return err_set(e, EX_DATAERR, "a document of the job is damaged");
		}
		handover_attach(h, figures_text(o, "name"), figures_text(o, "type"),
				(char *)bytes, n);
	}
	return 0;
}

static int handover_write(struct handover *h, struct err *e)
{
	const struct receivers *r = h->receivers;
	const json_t *data, *figures;
	const char *domain = strrchr(r->from, '@');
	int year = h->job->week / 100, week = h->job->week % 100;
	char *text;

	h->payload = json_loads(h->job->payload, 0, NULL);
	data = json_object_get(h->payload, "data");
	figures = json_object_get(data, "figures");
	if (figures == NULL)
		return err_set(e, EX_DATAERR, "the job holds no figures");
	h->subject = mem_printf("%s: tổng hợp số liệu tuần %d năm %d",
				figures_text(figures, "office"), week, year);
	h->message_id = mem_printf("<%s@%s>", h->id, domain + 1);
	h->filename = mem_printf("Số liệu tuần %d-%02d.json", year, week);
	text = json_dumps(figures, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	handover_attach(h, h->filename, "application/json", text, strlen(text));
	if (handover_attach_papers(h, e) < 0)
		return -1;
	h->to[0] = h->job->target;
	h->mail = (struct mail){.url = r->server,
				.user = r->user,
				.password = r->password,
				.from = r->from,
				.to = h->to,
				.subject = h->subject,
				.text = figures_text(data, "text"),
				.message_id = h->message_id,
				.attachments = h->attachments,
				.n_attachments = h->n_attachments,
				.timeout_ms = (long)HANDOVER_TOTAL_MS};
	return 0;
}

static int handover_email(struct handover *h, struct err *e)
{
	const struct receivers *r = h->receivers;
	sigset_t all, before;
	bool known = false;
	int rc;

	for (size_t i = 0; i < r->n_to; i++)
		known = known || strcmp(r->to[i], h->job->target) == 0;
	if (!known || *r->server == '\0')
		return err_set(e, EX_CONFIG, "it is no longer in reports.email");
	if (handover_write(h, e) < 0)
		return -1;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&h->thread, NULL, handover_mail, h);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(e, EX_TEMPFAIL, "no thread: %s", strerror(rc));
	h->threaded = true;
	return 0;
}

struct handover *handover_start(struct receivers *r, const struct job *job,
				const char *instance, int bell)
{
	struct handover *h = mem_calloc(1, sizeof(*h));
	struct err e = ERR_INIT;
	int rc;

	h->receivers = r;
	r->refs++;
	h->job = job;
	h->bell = bell;
	(void)snprintf(h->id, sizeof(h->id), "%s-weekly-%d-%" PRId64, instance, job->week,
		       job->id);
	if (strcmp(job->kind, REPORT_JOB_PUSH) == 0)
		rc = handover_post(h, &e);
	else if (strcmp(job->kind, REPORT_JOB_EMAIL) == 0)
		rc = handover_email(h, &e);
	else
		rc = err_set(&e, EX_SOFTWARE, "no way to carry such a job");
	if (rc < 0)
		handover_end(h, e.code == EX_TEMPFAIL ? HANDOVER_LATER : HANDOVER_REFUSED, 0,
			     e.text);
	return h;
}
