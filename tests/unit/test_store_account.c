/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/account.h"

static const unsigned char one[ACCOUNT_HASH] = {1}, two[ACCOUNT_HASH] = {2};
static const unsigned char factor[ACCOUNT_TOTP] = {7, 8, 9};

static void add(struct fixture *f, const char *name, enum account_role role, struct account *a)
{
	struct account row = {
	    .name = (char *)(uintptr_t)name, .title = "Lê Thị Mẫu", .role = role};

	OK(store_begin(f->st, &f->e));
	OK(store_account_add(f->st, &row, "thu", &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_account_find(f->st, name, a, &f->e), 1);
}

static void set_up(struct fixture *f, const struct account *a)
{
	OK(store_begin(f->st, &f->e));
	OK(store_account_secrets(f->st, a, "$argon2id$…", factor, "thu", &f->e));
	OK(store_commit(f->st, &f->e));
}

static void names_are_plain_and_taken_once(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
	    "",	      "a",   "Lan",
	    "le lan", "lê",  ".lan",
	    "lan-",   "a/b", "dai-hon-bon-muoi-ky-tu-thi-khong-duoc-nhan"};
	struct account a = {0};

	add(f, "le.lan", ROLE_AUTHOR, &a);
	assert_string_equal(a.title, "Lê Thị Mẫu");
	assert_int_equal(a.role, ROLE_AUTHOR);
	assert_null(a.password);
	assert_string_equal(a.created_by, "thu");
	account_clear(&a);
	OK(store_begin(f->st, &f->e));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct account row = {.name = (char *)(uintptr_t)bad[i], .title = "x"};
		struct err e = ERR_INIT;

		assert_int_equal(store_account_add(f->st, &row, "thu", &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
	}
	for (int hamlet = 0; hamlet < 2; hamlet++) {
		struct account row = {.name = "ap.tan-phu", .title = "x"};
		struct err e = ERR_INIT;

		row.role = hamlet ? ROLE_HAMLET : ROLE_VIEWER;
		row.unit_id = hamlet ? 0 : 1;
		assert_int_equal(store_account_add(f->st, &row, "thu", &e), -1);
	}
	{
		struct account row = {.name = "le.lan", .title = "x"};
		struct err e = ERR_INIT;

		assert_int_equal(store_account_add(f->st, &row, "thu", &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
	}
	store_rollback(f->st);
}

static void a_session_ends_with_password_and_account(void **state)
{
	struct fixture *f = *state;
	struct account a = {0}, found = {0};
	struct login s;

	add(f, "lan", ROLE_AUTHOR, &a);
	for (int how = 0; how < 3; how++) {
		OK(store_begin(f->st, &f->e));
		OK(store_login_add(f->st, one, a.id, "192.0.2.7", T0, &f->e));
		OK(store_login_seen(f->st, one, T0 + 5, &f->e));
		OK(store_commit(f->st, &f->e));
		assert_int_equal(store_login_find(f->st, one, &s, &found, &f->e), 1);
		assert_int_equal(s.created_at, T0);
		assert_int_equal(s.seen_at, T0 + 5);
		assert_int_equal(found.id, a.id);
		account_clear(&found);
		assert_int_equal(store_login_find(f->st, two, &s, &found, &f->e), 0);
		OK(store_begin(f->st, &f->e));
		if (how == 0)
			OK(store_login_end(f->st, one, &f->e));
		else if (how == 1)
			OK(store_account_secrets(f->st, &a, "$argon2id$…", NULL, "lan", &f->e));
		else
			OK(store_account_disable(f->st, &a, true, "thu", &f->e));
		OK(store_commit(f->st, &f->e));
		assert_int_equal(store_login_find(f->st, one, &s, &found, &f->e), 0);
	}
	account_clear(&a);
}

static void sessions_that_nobody_uses_go(void **state)
{
	struct fixture *f = *state;
	struct account a = {0};
	struct login s;

	add(f, "lan", ROLE_AUTHOR, &a);
	OK(store_begin(f->st, &f->e));
	OK(store_login_add(f->st, one, a.id, "", T0, &f->e));
	OK(store_login_add(f->st, two, a.id, "", T0 + 100, &f->e));
	OK(store_login_purge(f->st, T0 + 100, T0 - 1, T0, &f->e));
	OK(store_commit(f->st, &f->e));
	account_clear(&a);
	assert_int_equal(store_login_find(f->st, one, &s, &a, &f->e), 0);
	assert_int_equal(store_login_find(f->st, two, &s, &a, &f->e), 1);
	account_clear(&a);
}

static void the_last_administrator_stays(void **state)
{
	struct fixture *f = *state;
	struct account first = {0}, second = {0};
	struct err e = ERR_INIT;

	add(f, "quan.tri", ROLE_ADMINISTRATOR, &first);
	add(f, "quan.tri2", ROLE_ADMINISTRATOR, &second);
	set_up(f, &first);
	/* The second never set a password: it cannot get in. */
	OK(store_begin(f->st, &f->e));
	assert_int_equal(store_account_disable(f->st, &first, true, "thu", &e), -1);
	assert_int_equal(e.code, EX_NOPERM);
	store_rollback(f->st);
	set_up(f, &second);
	OK(store_begin(f->st, &f->e));
	OK(store_account_disable(f->st, &first, true, "thu", &f->e));
	err_clear(&e);
	assert_int_equal(store_account_disable(f->st, &second, true, "thu", &e), -1);
	store_rollback(f->st);
	account_clear(&first);
	account_clear(&second);
}

static void a_second_factor_is_good_once(void **state)
{
	struct fixture *f = *state;
	struct account a = {0};

	add(f, "duyet", ROLE_APPROVER, &a);
	set_up(f, &a);
	account_clear(&a);
	assert_int_equal(store_account_find(f->st, "duyet", &a, &f->e), 1);
	OK(store_begin(f->st, &f->e));
	assert_int_equal(store_account_login(f->st, &a, 55, T0, &f->e), 1);
	assert_int_equal(store_account_login(f->st, &a, 55, T0, &f->e), 0);
	assert_int_equal(store_account_login(f->st, &a, 54, T0, &f->e), 0);
	assert_int_equal(store_account_login(f->st, &a, 56, T0, &f->e), 1);
	/* whoever was let in by a password that is another by now, or is shut out, is not in */
	OK(store_account_secrets(f->st, &a, "$argon2id$another", NULL, "duyet", &f->e));
	assert_int_equal(store_account_login(f->st, &a, 57, T0, &f->e), 0);
	account_clear(&a);
	assert_int_equal(store_account_find(f->st, "duyet", &a, &f->e), 1);
	OK(store_account_disable(f->st, &a, true, "thu", &f->e));
	assert_int_equal(store_account_login(f->st, &a, 57, T0, &f->e), 0);
	OK(store_account_disable(f->st, &a, false, "thu", &f->e));
	assert_int_equal(store_account_login(f->st, &a, 57, T0, &f->e), 1);
	OK(store_commit(f->st, &f->e));
	account_clear(&a);
}

static void a_link_works_once_and_in_time(void **state)
{
	struct fixture *f = *state;
	struct account a = {0}, found = {0};
	unsigned char totp[ACCOUNT_TOTP];

	add(f, "duyet", ROLE_APPROVER, &a);
	OK(store_begin(f->st, &f->e));
	OK(store_link_add(f->st, one, a.id, factor, T0 + 10, "thu", &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_link_find(f->st, one, T0 + 10, &found, totp, &f->e), 0);
	assert_int_equal(store_link_find(f->st, one, T0 + 9, &found, totp, &f->e), 1);
	assert_memory_equal(totp, factor, sizeof(totp));
	account_clear(&found);
	/* a newer link ends the older one, the password ends both */
	OK(store_begin(f->st, &f->e));
	assert_int_equal(store_link_take(f->st, one, T0 + 10, &f->e), 0);
	assert_int_equal(store_link_take(f->st, one, T0 + 9, &f->e), 1);
	assert_int_equal(store_link_take(f->st, one, T0 + 9, &f->e), 0);
	OK(store_link_add(f->st, one, a.id, factor, T0 + 10, "thu", &f->e));
	OK(store_link_add(f->st, two, a.id, factor, T0 + 10, "thu", &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_link_find(f->st, one, T0, &found, totp, &f->e), 0);
	set_up(f, &a);
	assert_int_equal(store_link_find(f->st, two, T0, &found, totp, &f->e), 0);
	OK(store_audit_verify(f->st, &f->e));
	account_clear(&a);
}

static void a_key_that_was_revoked_opens_nothing(void **state)
{
	struct fixture *f = *state;
	struct api_key k = {.name = "phan-mem-mot-cua", .scopes = API_READ | API_SEND},
		       found = {0};

	OK(store_begin(f->st, &f->e));
	OK(store_api_key_add(f->st, &k, one, "thu", &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_api_key_find(f->st, two, &found, &f->e), 0);
	assert_int_equal(store_api_key_find(f->st, one, &found, &f->e), 1);
	assert_int_equal(found.scopes, API_READ | API_SEND);
	api_key_clear(&found);
	OK(store_begin(f->st, &f->e));
	assert_int_equal(store_api_key_revoke(f->st, k.id, "thu", &f->e), 1);
	assert_int_equal(store_api_key_revoke(f->st, k.id, "thu", &f->e), 0);
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_api_key_find(f->st, one, &found, &f->e), 0);
}

static void an_answer_is_kept_by_client_and_key(void **state)
{
	struct fixture *f = *state;
	struct api_call c = {.request = {5}, .status = 201, .answer = "{}"}, got = {0};

	OK(store_begin(f->st, &f->e));
	OK(store_api_call_put(f->st, "key:1", "k", &c, T0, &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_api_call_find(f->st, "key:2", "k", &got, &f->e), 0);
	assert_int_equal(store_api_call_find(f->st, "key:1", "k", &got, &f->e), 1);
	assert_int_equal(got.status, 201);
	assert_int_equal(got.request[0], 5);
	api_call_clear(&got);
	OK(store_begin(f->st, &f->e));
	OK(store_login_purge(f->st, 0, 0, T0 + 3 * CLOCK_DAY_MS, &f->e));
	OK(store_commit(f->st, &f->e));
	assert_int_equal(store_api_call_find(f->st, "key:1", "k", &got, &f->e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(names_are_plain_and_taken_once),
	    STORE_TEST(a_session_ends_with_password_and_account),
	    STORE_TEST(sessions_that_nobody_uses_go),
	    STORE_TEST(the_last_administrator_stays),
	    STORE_TEST(a_second_factor_is_good_once),
	    STORE_TEST(a_link_works_once_and_in_time),
	    STORE_TEST(a_key_that_was_revoked_opens_nothing),
	    STORE_TEST(an_answer_is_kept_by_client_and_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
