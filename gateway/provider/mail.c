/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/mail.h"

#include <ctype.h>
#include <curl/curl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "provider/http.h"

enum {
	MAIL_MAX = 16 * 1024 * 1024,
	MAIL_BASE64_LINE = 57, /* bytes that make a line of 76 (RFC 2045 §6.8) */
	MAIL_WORD =
	    39, /* bytes that make an encoded word short enough for "Subject: " (RFC 2047 §2) */
	MAIL_CONNECT_MS = 10000,
};

/* Bodies are base64 and hold no '_': no line of them can be this one. */
#define MAIL_BOUNDARY "=_moidan"

/* ---- headers ------------------------------------------------------------------------------ */

static void mail_base64(struct buf *out, const char *p, size_t n)
{
	char line[MAIL_BASE64_LINE / 3 * 4 + 1];

	(void)sodium_bin2base64(line, sizeof(line), (const unsigned char *)p, n,
				sodium_base64_VARIANT_ORIGINAL);
	(void)buf_adds(out, line);
}

static bool mail_is_plain(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] >= 0x7f)
			return false;
	}
	return n <= 60 && strstr(s, "=?") == NULL;
}

/* RFC 2047: encoded words, cut between characters. What is plain stays as it is. */
static void mail_add_text(struct buf *out, const char *utf8)
{
	size_t left = strlen(utf8);

	if (mail_is_plain(utf8)) {
		(void)buf_adds(out, utf8);
		return;
	}
	while (left > 0) {
		size_t n = left < MAIL_WORD ? left : MAIL_WORD;

		while (n < left && n > 1 && ((unsigned char)utf8[n] & 0xc0) == 0x80)
			n--;
		(void)buf_adds(out, "=?UTF-8?B?");
		mail_base64(out, utf8, n);
		(void)buf_adds(out, n < left ? "?=\r\n " : "?=");
		utf8 += n;
		left -= n;
	}
}

/* RFC 2231: filename*=UTF-8''…, in numbered parts when it is long. */
static void mail_add_filename(struct buf *out, const char *utf8)
{
	static const char HEX[] = "0123456789ABCDEF";
	size_t part = 0, used = 0;

	for (const unsigned char *p = (const unsigned char *)utf8; *p != '\0'; p++) {
		bool plain = isalnum(*p) != 0 || strchr("-._", *p) != NULL;

		/* A new part begins with a whole character. */
		if (part == 0 || (used > 48 && (*p & 0xc0) != 0x80)) {
			(void)buf_addf(out, ";\r\n\tfilename*%zu*=%s", part,
				       part == 0 ? "UTF-8''" : "");
			part++;
			used = 0;
		}
		if (plain)
			(void)buf_addc(out, (char)*p);
		else
			(void)buf_addf(out, "%%%c%c", HEX[*p >> 4], HEX[*p & 15]);
		used += plain ? 1 : 3;
	}
}

static void mail_add_date(struct buf *out)
{
	static const char *const days[] = {"", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {"",    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c = civil_from_ms(clock_now_ms());

	(void)buf_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0700\r\n", days[c.weekday],
		       c.day, months[c.month], c.year, c.hour, c.minute, c.second);
}

static void mail_add_headers(struct buf *out, const struct mail *m)
{
	mail_add_date(out);
	(void)buf_addf(out, "From: <%s>\r\n", m->from);
	for (size_t i = 0; m->to[i] != NULL; i++)
		(void)buf_addf(out, "%s<%s>", i == 0 ? "To: " : ",\r\n ", m->to[i]);
	(void)buf_addf(out, "\r\nMessage-ID: %s\r\nSubject: ", m->message_id);
	mail_add_text(out, m->subject);
	/* RFC 3834: nobody's holiday notice answers this. */
	(void)buf_adds(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
}

/* ---- bodies ------------------------------------------------------------------------------- */

static void mail_add_body(struct buf *out, const char *p, size_t n)
{
	(void)buf_adds(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	for (size_t at = 0; at < n; at += MAIL_BASE64_LINE) {
		mail_base64(out, p + at, n - at < MAIL_BASE64_LINE ? n - at : MAIL_BASE64_LINE);
		(void)buf_adds(out, "\r\n");
	}
}

/* Text is encoded with the line ends of mail (RFC 2045 §6.8). */
static void mail_add_plain(struct buf *out, const char *text)
{
	struct buf lines = BUF_INIT(MAIL_MAX);

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\n' && (p == text || p[-1] != '\r'))
			(void)buf_addc(&lines, '\r');
		(void)buf_addc(&lines, *p);
	}
	(void)buf_adds(out, "Content-Type: text/plain; charset=utf-8\r\n");
	mail_add_body(out, buf_text(&lines), lines.len);
	buf_free(&lines);
}

static void mail_add_attachment(struct buf *out, const struct mail_attachment *a)
{
	(void)buf_addf(out, "Content-Type: %s\r\nContent-Disposition: attachment", a->type);
	mail_add_filename(out, a->filename);
	(void)buf_adds(out, "\r\n");
	mail_add_body(out, a->data, a->len);
}

static void mail_build(struct buf *out, const struct mail *m)
{
	mail_add_headers(out, m);
	if (m->n_attachments == 0) {
		mail_add_plain(out, m->text);
		return;
	}
	(void)buf_adds(out, "Content-Type: multipart/mixed; boundary=\"" MAIL_BOUNDARY
			    "\"\r\n\r\n--" MAIL_BOUNDARY "\r\n");
	mail_add_plain(out, m->text);
	for (size_t i = 0; i < m->n_attachments; i++) {
		(void)buf_adds(out, "--" MAIL_BOUNDARY "\r\n");
		mail_add_attachment(out, &m->attachments[i]);
	}
	(void)buf_adds(out, "--" MAIL_BOUNDARY "--\r\n");
}

char *mail_format(const struct mail *m, size_t *len)
{
	struct buf out = BUF_INIT(MAIL_MAX);

	mail_build(&out, m);
	*len = out.len;
	(void)buf_addc(&out, '\0');
	return buf_take(&out);
}

/* ---- delivery ----------------------------------------------------------------------------- */

/* Nothing of what is put into headers and commands as it stands may end them. */
static bool mail_is_token(const char *s, const char *also)
{
	for (const char *p = s; *p != '\0'; p++) {
		if (isalnum((unsigned char)*p) == 0 && strchr(also, *p) == NULL)
			return false;
	}
	return *s != '\0';
}

static bool mail_is_address(const char *s)
{
	const char *at = s != NULL ? strrchr(s, '@') : NULL;

	return at != NULL && at > s && at[1] != '\0' &&
	       mail_is_token(s, "@.!#$%&'*+-/=?^_`{|}~") && strchr(s, '@') == at;
}

static int mail_check(const struct mail *m, struct err *e)
{
	size_t id = strlen(m->message_id);

	if (strncmp(m->url, "smtp://", 7) != 0 && strncmp(m->url, "smtps://", 8) != 0)
		return err_set(e, EX_CONFIG,
			       "the mail server must be smtp://host:port or smtps://host:port");
	if (!mail_is_address(m->from))
		return err_set(e, EX_CONFIG, "the sender is not an e-mail address");
	if (m->to[0] == NULL)
		return err_set(e, EX_CONFIG, "the e-mail has no receiver");
	for (size_t i = 0; m->to[i] != NULL; i++) {
		if (!mail_is_address(m->to[i]))
			return err_set(e, EX_CONFIG, "a receiver is not an e-mail address");
	}
	if (id < 5 || m->message_id[0] != '<' || m->message_id[id - 1] != '>' ||
	    !mail_is_token(m->message_id, "<>@.-_"))
		return err_set(e, EX_SOFTWARE, "the Message-ID is malformed");
	for (size_t i = 0; i < m->n_attachments; i++) {
		if (!mail_is_token(m->attachments[i].type, "/.+-"))
			return err_set(e, EX_SOFTWARE, "an attachment's type is malformed");
	}
	return 0;
}

struct mail_upload {
	const char *data;
	size_t len, at;
};

static size_t mail_read(char *out, size_t size, size_t n, void *arg)
{
	struct mail_upload *u = arg;
	size_t part = u->len - u->at < size * n ? u->len - u->at : size * n;

	memcpy(out, u->data + u->at, part);
	u->at += part;
	return part;
}

/* What the server says stays unsaid here: it may name addresses. */
static int mail_explain(CURLcode code, long status, struct err *e)
{
	if (status >= 500 && status <= 599)
		return err_set(e, EX_UNAVAILABLE, "SMTP %ld: the server refused", status);
	if (status >= 400 && status <= 499)
		return err_set(e, EX_TEMPFAIL, "SMTP %ld: the server asks to try later",
			       status);
	switch (code) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_USE_SSL_FAILED:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_LOGIN_DENIED:
		return err_set(e, EX_CONFIG, "%s", curl_easy_strerror(code));
	default:
		return err_set(e, EX_TEMPFAIL, "%s", curl_easy_strerror(code));
	}
}

static void mail_setup(CURL *c, const struct mail *m, const struct curl_slist *to,
		       struct mail_upload *body)
{
	bool plain = http_is_loopback(m->url);
	bool login = m->user != NULL && *m->user != '\0';

	curl_easy_setopt(c, CURLOPT_URL, m->url);
	curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* The resolver's thread is not waited for when time is up. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)MAIL_CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, m->timeout_ms);
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (login) {
		curl_easy_setopt(c, CURLOPT_USERNAME, m->user);
		curl_easy_setopt(c, CURLOPT_PASSWORD, m->password ? m->password : "");
	}
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, m->from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, mail_read);
	curl_easy_setopt(c, CURLOPT_READDATA, body);
}

int mail_send(const struct mail *m, struct err *e)
{
	struct buf out = BUF_INIT(MAIL_MAX);
	struct mail_upload body;
	struct curl_slist *to = NULL;
	CURL *c = NULL;
	CURLcode code;
	long status = 0;
	int rc = -1;

	if (mail_check(m, e) < 0)
		return -1;
	http_global_init();
	mail_build(&out, m);
	if (out.overflow) {
		(void)err_set(e, EX_DATAERR, "the e-mail is longer than 16 MiB");
		goto out;
	}
	body = (struct mail_upload){.data = buf_text(&out), .len = out.len};
	for (size_t i = 0; m->to[i] != NULL; i++) {
		struct curl_slist *more = curl_slist_append(to, m->to[i]);

		if (more == NULL)
			abort();
		to = more;
	}
	c = curl_easy_init();
	if (c == NULL)
		abort();
	mail_setup(c, m, to, &body);
	code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	rc = code == CURLE_OK ? 0 : mail_explain(code, status, e);
out:
	curl_easy_cleanup(c);
	curl_slist_free_all(to);
	buf_free(&out);
	return rc;
}
