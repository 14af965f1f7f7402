/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "web/secret.h"

/* RFC 6238, appendix B, the last six figures. */
static void the_codes_are_those_of_the_rfc(void **state)
{
	static const unsigned char key[] = "12345678901234567890";
	static const struct {
		int64_t seconds;
		const char *code;
	} cases[] = {{59, "287082"},	     {1111111109, "081804"}, {1111111111, "050471"},
		     {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t now = cases[i].seconds * 1000, step = cases[i].seconds / 30;

		assert_int_equal(secret_totp_verify(key, cases[i].code, now, 0), step);
		assert_int_equal(secret_totp_verify(key, cases[i].code, now + 30000, 0), step);
		assert_int_equal(secret_totp_verify(key, cases[i].code, now, step), 0);
		assert_int_equal(secret_totp_verify(key, cases[i].code, now + 90000, 0), 0);
	}
	assert_int_equal(secret_totp_verify(key, "287 082", 59000, 0), 1);
	assert_int_equal(secret_totp_verify(key, "", 59000, 0), 0);
	assert_int_equal(secret_totp_verify(key, "28708", 59000, 0), 0);
	assert_int_equal(secret_totp_verify(key, "2870822", 59000, 0), 0);
	assert_int_equal(secret_totp_verify(key, "28708a", 59000, 0), 0);
}

static void a_key_is_shown_in_base32(void **state)
{
	static const unsigned char key[] = "12345678901234567890";
	char text[48];

	(void)state;
	secret_totp_text(key, false, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	secret_totp_text(key, true, text);
	assert_string_equal(text, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
}

static void easy_passwords_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "ngan",
					  "matkhau123",
					  "MatKhau@123",
					  "password123",
					  "123456789012",
					  "aaaaaaaaaaaaaaaa",
					  "le.lan2024",
					  "qwerty12345",
					  "Mật Khẩu 1"};
	static const char *const good[] = {"con trâu đi trước cái cày", "T4n-Phu-8-h3m-s0ng",
					   "ruộng lúa chín vàng",
					   "0123456789abcdefABCDEF-0123456789abcdef"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		if (secret_password_check(bad[i], "le.lan", &e) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(e.code, EX_DATAERR);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err e = ERR_INIT;

		if (secret_password_check(good[i], "le.lan", &e) != 0)
			fail_msg("\"%s\": %s", good[i], e.text);
	}
}

static int64_t cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* How much work a verification is, the least of several. */
static int64_t effort(const char *hash, const char *password)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		int64_t from = cpu_us(), took;

		(void)secret_password_verify(hash, password);
		took = cpu_us() - from;
		if (took < best)
			best = took;
	}
	return best;
}

static void an_unknown_account_takes_as_long_as_a_wrong_password(void **state)
{
	char hash[SECRET_PASSWORD];
	struct err e = ERR_INIT;
	int64_t known, unknown;

	(void)state;
	assert_int_equal(secret_password_hash("con trâu đi trước", hash, &e), 0);
	assert_true(strncmp(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31) == 0);
	assert_true(secret_password_verify(hash, "con trâu đi trước"));
	assert_false(secret_password_verify(hash, "con trâu đi sau"));
	assert_false(secret_password_verify(NULL, "con trâu đi trước"));
	known = effort(hash, "sai");
	unknown = effort(NULL, "sai");
	/* The machine is shared: 20 % here, where the work is the same to the instruction. */
	if (known * 8 > unknown * 10 || unknown * 8 > known * 10)
		fail_msg("known %lld us, unknown %lld us", (long long)known,
			 (long long)unknown);
}

static void *verify(void *arg)
{
	return secret_password_verify(arg, "con trâu đi trước") ? arg : NULL;
}

/* KiB that were in memory at the same time at most. */
static long most_memory(void)
{
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");
	long kib = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	fclose(f);
	assert_true(kib > 0);
	return kib;
}

/* Each takes 64 MiB: two of eight at once take no more than that. */
static void many_at_once_wait_their_turn(void **state)
{
	long one;
	char hash[SECRET_PASSWORD];
	struct err e = ERR_INIT;
	pthread_t t[8];

	(void)state;
	assert_int_equal(secret_password_hash("con trâu đi trước", hash, &e), 0);
	one = most_memory();
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, verify, hash), 0);
	for (size_t i = 0; i < 8; i++) {
		void *got;

		assert_int_equal(pthread_join(t[i], &got), 0);
		assert_ptr_equal(got, hash);
	}
	if (most_memory() - one > 100 * 1024)
		fail_msg("%ld KiB more than one alone", most_memory() - one);
}

static void tokens_differ_and_a_form_has_its_own(void **state)
{
	char a[SECRET_TOKEN], b[SECRET_TOKEN], form[SECRET_TOKEN], again[SECRET_TOKEN];

	(void)state;
	secret_token_new(a);
	secret_token_new(b);
	assert_int_equal(strlen(a), SECRET_TOKEN - 1);
	assert_false(secret_same(a, b));
	secret_token_form(a, form);
	secret_token_form(a, again);
	assert_true(secret_same(form, again));
	assert_false(secret_same(form, a));
	secret_token_form(b, again);
	assert_false(secret_same(form, again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_codes_are_those_of_the_rfc),
	    cmocka_unit_test(a_key_is_shown_in_base32),
	    cmocka_unit_test(easy_passwords_are_refused),
	    cmocka_unit_test(an_unknown_account_takes_as_long_as_a_wrong_password),
	    cmocka_unit_test(many_at_once_wait_their_turn),
	    cmocka_unit_test(tokens_differ_and_a_form_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
