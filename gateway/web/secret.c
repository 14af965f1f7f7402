/* SPDX-License-Identifier: Apache-2.0 */
#include "web/secret.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/vi.h"
#include "web/say.h"

#define PASSWORD_MIN 10
#define PASSWORD_MAX 128

#define TOTP_STEP_MS 30000
#define TOTP_MODULUS 1000000

/* ---- tokens ------------------------------------------------------------------------------ */

static void secret_text(const unsigned char bytes[32], char out[SECRET_TOKEN])
{
	(void)sodium_bin2base64(out, SECRET_TOKEN, bytes, 32,
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void secret_token_new(char out[SECRET_TOKEN])
{
	unsigned char bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	secret_text(bytes, out);
	sodium_memzero(bytes, sizeof(bytes));
}

void secret_token_hash(const char *token, unsigned char out[ACCOUNT_HASH])
{
	(void)crypto_hash_sha256(out, (const unsigned char *)token, strlen(token));
}

void secret_token_form(const char *token, char out[SECRET_TOKEN])
{
	static const char label[] = "moidan form";
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state h;

	(void)crypto_auth_hmacsha256_init(&h, (const unsigned char *)token, strlen(token));
	(void)crypto_auth_hmacsha256_update(&h, (const unsigned char *)label,
					    sizeof(label) - 1);
	(void)crypto_auth_hmacsha256_final(&h, mac);
	secret_text(mac, out);
}

bool secret_same(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && sodium_memcmp(a, b, n) == 0;
}

/* ---- passwords --------------------------------------------------------------------------- */

/* Beginnings and ends of what is tried first, folded; a password that is one of them and a few more
 * characters is one of them. */
static const char *const password_words[] = {
    "password", "passw0rd", "matkhau", "123456",   "qwerty",   "111111",  "000000",
    "abc123",	"admin",    "moidan",  "iloveyou", "anhyeuem", "yeuem",	  "vietnam",
    "letmein",	"welcome",  "congan",  "caxa",	   "quantri",  "asdfgh",  "987654",
    "112233",	"123123",   "zxcvbn",  "654321",   "hanhphuc", "khongco", "ubnd",
};

static bool password_is_common(char *fold, const char *account)
{
	size_t n = 0, mine = strlen(account);
	bool seen[256] = {false};
	int different = 0;

	for (const char *p = fold; *p != '\0'; p++) {
		if (*p != ' ')
			fold[n++] = *p;
	}
	fold[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		different += !seen[(unsigned char)fold[i]];
		seen[(unsigned char)fold[i]] = true;
	}
	if (different < 5)
		return true;
	if (mine > 2 && strstr(fold, account) != NULL && n < mine + 6)
		return true;
	for (size_t i = 0; i < sizeof(password_words) / sizeof(password_words[0]); i++) {
		size_t word = strlen(password_words[i]);

		if (n <= word + 6 && strstr(fold, password_words[i]) != NULL)
			return true;
	}
	return false;
}

int secret_password_check(const char *password, const char *account, struct err *e)
{
	size_t bytes = strlen(password), characters = 0;
	bool common;
	char *lower, *fold;

	for (size_t i = 0; i < bytes; i++)
		characters += (password[i] & 0xC0) != 0x80;
	if (!vi_utf8_valid(password, bytes) || characters < PASSWORD_MIN ||
	    bytes > PASSWORD_MAX)
		return say(e, EX_DATAERR, "password_short", TEXT_OF(PASSWORD_MIN),
			   TEXT_OF(PASSWORD_MAX), NULL);
	lower = vi_lower(password);
	fold = vi_unaccent(lower);
	common = password_is_common(fold, account);
	mem_free_secret(lower, strlen(lower));
	mem_free_secret(fold, strlen(fold));
	if (common)
		return say(e, EX_DATAERR,
			       "password_common", NULL);
	return 0;
}

/* At most two at once: the third waits. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	int n;
} password_turn = {.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER};

static void password_enter(void)
{
	(void)pthread_mutex_lock(&password_turn.lock);
	while (password_turn.n == SECRET_PASSWORDS)
		(void)pthread_cond_wait(&password_turn.freed, &password_turn.lock);
	password_turn.n++;
	(void)pthread_mutex_unlock(&password_turn.lock);
}

static void password_leave(void)
{
	(void)pthread_mutex_lock(&password_turn.lock);
	password_turn.n--;
	(void)pthread_cond_signal(&password_turn.freed);
	(void)pthread_mutex_unlock(&password_turn.lock);
}

int secret_password_hash(const char *password, char out[SECRET_PASSWORD], struct err *e)
{
	int rc;

	password_enter();
	rc = crypto_pwhash_argon2id_str(out, password, strlen(password),
					crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
					crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE);
	password_leave();
	return rc == 0 ? 0 : err_set(e, EX_OSERR, "no memory for a password's hash");
}

bool secret_password_verify(const char *hash, const char *password)
{
	/* Of a password that nobody knows, under the same parameters. */
	static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
				     "8hL1kJmC0mD2g6o5t4xg2h3q3T0m0P9r9m0l1qJ8hXk";
	bool right;

	password_enter();
	right = crypto_pwhash_argon2id_str_verify(hash != NULL ? hash : nobody, password,
						  strlen(password)) == 0;
	password_leave();
	return right && hash != NULL;
}

/* ---- second factors ---------------------------------------------------------------------- */

static uint32_t sha1_turn(uint32_t v, int n)
{
	return v << n | v >> (32 - n);
}

/* One block of SHA-1 (FIPS 180-4 §6.1): libsodium has none, and telephones know no other. */
static void sha1_block(uint32_t h[5], const unsigned char p[64])
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
		       (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = sha1_turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20   ? (b & c) | (~b & d)
			     : i < 40 ? b ^ c ^ d
			     : i < 60 ? (b & c) | (b & d) | (c & d)
				      : b ^ c ^ d;
		uint32_t k = i < 20   ? 0x5a827999
			     : i < 40 ? 0x6ed9eba1
			     : i < 60 ? 0x8f1bbcdc
				      : 0xca62c1d6;
		uint32_t t = sha1_turn(a, 5) + f + e + k + w[i];

		e = d;
		d = c;
		c = sha1_turn(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* SHA-1 of a first block and n < 56 bytes after it. */
static void sha1_after(const unsigned char first[64], const unsigned char *p, size_t n,
		       unsigned char out[20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	unsigned char last[64] = {0};
	size_t bits = (64 + n) * 8;

	memcpy(last, p, n);
	last[n] = 0x80;
	last[62] = (unsigned char)(bits >> 8);
	last[63] = (unsigned char)bits;
	sha1_block(h, first);
	sha1_block(h, last);
	for (int i = 0; i < 20; i++)
		out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* RFC 4226 §5.3 */
static int totp_code(const unsigned char key[ACCOUNT_TOTP], int64_t step)
{
	unsigned char inner[64], outer[64], counter[8], mac[20];
	uint32_t v;
	int at;

	memset(inner, 0x36, sizeof(inner));
	memset(outer, 0x5c, sizeof(outer));
	for (int i = 0; i < ACCOUNT_TOTP; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	for (int i = 0; i < 8; i++)
		counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	sha1_after(inner, counter, sizeof(counter), mac);
	sha1_after(outer, mac, sizeof(mac), mac);
	at = mac[19] & 15;
	v = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
	    (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	sodium_memzero(inner, sizeof(inner));
	sodium_memzero(outer, sizeof(outer));
	return (int)(v % TOTP_MODULUS);
}

void secret_totp_new(unsigned char key[ACCOUNT_TOTP])
{
	randombytes_buf(key, ACCOUNT_TOTP);
}

int64_t secret_totp_verify(const unsigned char key[ACCOUNT_TOTP], const char *code,
			   int64_t now_ms, int64_t last)
{
	int64_t now = now_ms / TOTP_STEP_MS, found = 0;
	char text[8], digits[8];
	size_t n = 0;

	/* "123 456" is how telephones show it. */
	for (; *code != '\0'; code++) {
		if (*code == ' ')
			continue;
		if (*code < '0' || *code > '9' || n == 6)
			return 0;
		digits[n++] = *code;
	}
	digits[n] = '\0';
	for (int64_t step = now - 1; step <= now + 1; step++) {
		(void)snprintf(text, sizeof(text), "%06d", totp_code(key, step));
		if (secret_same(text, digits) && step > last)
			found = step;
	}
	return found;
}

void secret_totp_text(const unsigned char key[ACCOUNT_TOTP], bool grouped, char out[48])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t n = 0;

	for (int i = 0; i < ACCOUNT_TOTP * 8 / 5; i++) {
		int bit = i * 5;
		unsigned two = (unsigned)key[bit / 8] << 8 |
			       (bit / 8 + 1 < ACCOUNT_TOTP ? key[bit / 8 + 1] : 0);

		if (grouped && i > 0 && i % 4 == 0)
			out[n++] = ' ';
		out[n++] = letters[two >> (11 - bit % 8) & 31];
	}
	out[n] = '\0';
}
