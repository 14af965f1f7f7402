/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords, tokens, second factors: pure but for the random numbers. Nothing here is logged or
 * compared in a time that depends on it. */
#ifndef MOIDAN_WEB_SECRET_H
#define MOIDAN_WEB_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/account.h"

/* 256 random bits as text: what a cookie, a link or an API key carries. */
#define SECRET_TOKEN 44 /* with its NUL */
void secret_token_new(char out[SECRET_TOKEN]);
/* What the store keeps of a token. */
void secret_token_hash(const char *token, unsigned char out[ACCOUNT_HASH]);
/* A second token, bound to the first, that may stand in a page (against forged forms). */
void secret_token_form(const char *token, char out[SECRET_TOKEN]);
/* In constant time. */
bool secret_same(const char *a, const char *b);

/* Whether a password may be set: 0, or -1 with e (as by say(), EX_DATAERR). At least 10 characters, at
 * most 128 bytes; not the account's name, not among those that are tried first. ASVS 5.0 §6.2. */
MUST_CHECK int secret_password_check(const char *password, const char *account, struct err *e);
/* argon2id, 64 MiB, about 60 ms: not on the loop, so many at once (the others wait their turn). */
#define SECRET_PASSWORD	 128
#define SECRET_PASSWORDS 2
MUST_CHECK int secret_password_hash(const char *password, char out[SECRET_PASSWORD],
				    struct err *e);
/* hash NULL (there is no such account): takes as long, and is false. */
bool secret_password_verify(const char *hash, const char *password);

/* RFC 6238 with SHA-1, 30 s, 6 figures: what telephones know. */
void secret_totp_new(unsigned char key[ACCOUNT_TOTP]);
/* The step that code belongs to, now or one step away, and after last; 0 when it is none of them. */
int64_t secret_totp_verify(const unsigned char key[ACCOUNT_TOTP], const char *code,
			   int64_t now_ms, int64_t last);
/* The key as a telephone takes it: base32, groups of four. out holds 48 bytes. */
void secret_totp_text(const unsigned char key[ACCOUNT_TOTP], bool grouped, char out[48]);

#endif
