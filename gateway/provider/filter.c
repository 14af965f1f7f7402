/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/filter.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/digest.h"

/* {{to|phone:0}}: 0912345678; 84: 84912345678; +84: +84912345678; bare: 912345678. */
static int filter_phone(const char *in, const char *arg, struct buf *out, struct err *e)
{
	const char *national = strncmp(in, "84", 2) == 0 ? in + 2 : NULL;

	if (national == NULL && strcmp(arg, "84") != 0 && strcmp(arg, "+84") != 0)
		return err_set(e, EX_DATAERR, "not a Vietnamese number");
	if (strcmp(arg, "84") == 0)
		return buf_adds(out, in);
	if (strcmp(arg, "+84") == 0)
		return buf_addc(out, '+') < 0 ? -1 : buf_adds(out, in);
	if (strcmp(arg, "0") == 0)
		return buf_addc(out, '0') < 0 ? -1 : buf_adds(out, national);
	if (strcmp(arg, "bare") == 0)
		return buf_adds(out, national);
	return err_set(e, EX_CONFIG, "phone: is followed by 84, +84, 0 or bare");
}

/* A whole number, without quotes where it is a JSON value of its own. */
static int filter_int(const char *in, const char *arg, struct buf *out, struct err *e)
{
	size_t sign = in[0] == '-', len = strlen(in);

	(void)arg;
	if (len == sign || len > 18 || strspn(in + sign, "0123456789") != len - sign ||
	    (in[sign] == '0' && len > sign + 1))
		return err_set(e, EX_DATAERR, "not a whole number");
	return buf_adds(out, in);
}

/* true or false, likewise. */
static int filter_bool(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	if (strcmp(in, "1") == 0 || strcmp(in, "true") == 0)
		return buf_adds(out, "true");
	if (strcmp(in, "0") == 0 || strcmp(in, "false") == 0 || *in == '\0')
		return buf_adds(out, "false");
	return err_set(e, EX_DATAERR, "neither true nor false");
}

/* {{unicode|map:1=2,0=0}} */
static int filter_map(const char *in, const char *arg, struct buf *out, struct err *e)
{
	size_t n = strlen(in);

	while (*arg != '\0') {
		size_t len = strcspn(arg, ",");

		if (len > n && arg[n] == '=' && strncmp(arg, in, n) == 0)
			return buf_add(out, arg + n + 1, len - n - 1);
		arg += len + (arg[len] == ',');
	}
	return err_set(e, EX_DATAERR, "not among the values mapped");
}

static int filter_base64(const char *in, const char *arg, struct buf *out, struct err *e)
{
	size_t n = strlen(in);
	size_t size = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
	char *text = mem_calloc(size, 1);
	int rc;

	(void)arg;
	(void)e;
	sodium_bin2base64(text, size, (const unsigned char *)in, n,
			  sodium_base64_VARIANT_ORIGINAL);
	rc = buf_adds(out, text);
	mem_free_secret(text, size);
	return rc;
}

/* A digest of the value in hex. */
static int filter_digest(enum digest_algorithm algorithm, const void *key, size_t key_len,
			 const char *in, struct buf *out)
{
	unsigned char digest[DIGEST_MAX];
	size_t n = digest_of(algorithm, key, key_len, in, strlen(in), digest);
	char hex[2 * DIGEST_MAX + 1];

	return buf_adds(out, sodium_bin2hex(hex, sizeof(hex), digest, n));
}

static int filter_md5(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	(void)e;
	return filter_digest(DIGEST_MD5, NULL, 0, in, out);
}

static int filter_sha1(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	(void)e;
	return filter_digest(DIGEST_SHA1, NULL, 0, in, out);
}

static int filter_sha256(const char *in, const char *arg, struct buf *out, struct err *e)
{
	(void)arg;
	(void)e;
	return filter_digest(DIGEST_SHA256, NULL, 0, in, out);
}

static int filter_hmac256(const char *in, const char *arg, struct buf *out, struct err *e)
{
	unsigned char key[4096];
	size_t len;
	int rc;

	if (sodium_hex2bin(key, sizeof(key), arg, strlen(arg), NULL, &len, NULL) < 0 ||
	    len == 0)
		return err_set(e, EX_CONFIG, "hmac256: is followed by the name of a secret");
	rc = filter_digest(DIGEST_SHA256, key, len, in, out);
	explicit_bzero(key, sizeof(key));
	return rc;
}

/* dd, MM, yyyy, HH, mm and ss; all else stands for itself. */
static int filter_clock(const char *in, const char *arg, struct buf *out, struct err *e)
{
	struct civil c;

	if (*in == '\0' || strlen(in) > 12 || strspn(in, "0123456789") != strlen(in))
		return err_set(e, EX_DATAERR, "not a moment in seconds");
	c = civil_from_ms(strtoll(in, NULL, 10) * CLOCK_SECOND_MS);
	while (*arg != '\0') {
		const struct {
			const char *mark;
			int value, width;
		} parts[] = {{"yyyy", c.year, 4}, {"dd", c.day, 2},    {"MM", c.month, 2},
			     {"HH", c.hour, 2},	  {"mm", c.minute, 2}, {"ss", c.second, 2}};
		size_t i = 0;

		while (i < 6 && strncmp(arg, parts[i].mark, strlen(parts[i].mark)) != 0)
			i++;
		if (i < 6)
			(void)buf_addf(out, "%0*d", parts[i].width, parts[i].value);
		else
			(void)buf_addc(out, *arg);
		arg += i < 6 ? strlen(parts[i].mark) : 1;
	}
	return out->overflow ? -1 : 0;
}

const struct template_filter provider_filters[] = {
    {"phone", filter_phone},
    {"int", filter_int},
    {"bool", filter_bool},
    {"map", filter_map},
    {"base64", filter_base64},
    {"md5", filter_md5},
    {"sha1", filter_sha1},
    {"sha256", filter_sha256},
    {"hmac256", filter_hmac256},
    {"clock", filter_clock},
    {NULL, NULL},
};
