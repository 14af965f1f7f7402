/* SPDX-License-Identifier: Apache-2.0 */
/* Coming in and going out. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "paper/paper.h"
#include "text/vi.h"
#include "web/desk.h"
#include "web/screen.h"

/* A machine that has signed in to an account is told apart from those that guess: while others are made
 * to wait, its user still gets in. Bound to the password: a new one forgets all machines. */
#define KNOWN_COOKIE "__Host-moidan-known"
#define KNOWN_DAYS   90
#define SETUP_QR_MAX (64u << 10)

/* The same answer whatever was wrong. */

int screen_login(struct visit *v, struct err *e)
{
	(void)e;
	if (v->who.signed_in)
		return visit_go(v, "/");
	v->model = json_pack("{s:s}", "name", visit_text(v, "name"));
	return 0;
}

static void login_known(const struct account *a, char out[SECRET_TOKEN])
{
	char *text = mem_printf("%s\nknown", a->password);

	secret_token_form(text, out);
	mem_free_secret(text, strlen(text));
}

static bool login_is_known(const struct visit *v, const struct account *a)
{
	const char *at = v->cookie != NULL ? strstr(v->cookie, KNOWN_COOKIE "=") : NULL;
	char want[SECRET_TOKEN], got[SECRET_TOKEN];

	if (at == NULL || a->password == NULL)
		return false;
	(void)snprintf(got, sizeof(got), "%.*s", SECRET_TOKEN - 1, at + sizeof(KNOWN_COOKIE));
	login_known(a, want);
	return secret_same(want, got);
}

/* Signed in: the session, and the machine's sign for next time. */
static int login_done(struct visit *v, const struct account *a, int64_t step, struct err *e)
{
	char known[SECRET_TOKEN];
	int rc = door_begin(v, a, step, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return visit_refuse(v, 422, e, step != 0 ? "code_used" : "login_wrong");
	clerk_password_right(v->clerk, a->name, v->address);
	login_known(a, known);
	v->cookies[1] = mem_printf(KNOWN_COOKIE
				   "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%d",
				   known, KNOWN_DAYS * 86400);
	return visit_go(v, "/");
}

int screen_login_post(struct visit *v, struct err *e)
{
	char *name = vi_lower(visit_text(v, "name"));
	struct account a = {0};
	int64_t step = 0;
	int rc = -1, found = store_account_find(v->st, name, &a, e);

	if (found < 0)
		goto out;
	v->retry_after =
	    clerk_try_password(v->clerk, name, v->address, found && login_is_known(v, &a));
	if (v->retry_after > 0) {
		(void)visit_refuse(v, 429, e, "login_wait");
		goto out;
	}
	/* All is tried before anything is said, so that the time says nothing either. */
	if (!secret_password_verify(found && !a.disabled ? a.password : NULL,
				    visit_text(v, "password"))) {
		(void)visit_refuse(v, 422, e, "login_wrong");
		goto out;
	}
	if (a.has_totp)
		step = secret_totp_verify(a.totp, visit_text(v, "code"), clock_now_ms(),
					  a.totp_step);
	if (step == 0 && (a.has_totp || account_role_wants_totp(a.role))) {
		(void)visit_refuse(v, 422, e, "login_wrong");
		goto out;
	}
	rc = login_done(v, &a, step, e);
out:
	free(name);
	account_clear(&a);
	return rc;
}

int screen_logout(struct visit *v, struct err *e)
{
	unsigned char hash[ACCOUNT_HASH];
	struct store *w;

	if (v->who.key)
		return 0;
	w = visit_writer(v, e);
	secret_token_hash(v->token, hash);
	if (w == NULL || store_begin(w, e) < 0)
		return -1;
	if (store_login_end(w, hash, e) < 0) {
		store_rollback(w);
		return -1;
	}
	if (store_commit(w, e) < 0)
		return -1;
	door_end_cookie(v);
	return visit_go(v, "/login");
}

/* ---- the set-up link ------------------------------------------------------------------------- */

/* found as the store says it; 0 when there is the link, else -1 with e. */
static int setup_found(struct visit *v, int found, struct err *e)
{
	if (found == 0) {
		v->status = 404;
		return say(e, EX_NOINPUT, "link_used", NULL);
	}
	return found < 0 ? -1 : 0;
}

static int setup_open(struct visit *v, struct account *a, unsigned char totp[ACCOUNT_TOTP],
		      struct err *e)
{
	unsigned char hash[ACCOUNT_HASH];

	secret_token_hash(v->params.value[0], hash);
	return setup_found(v, store_link_find(v->st, hash, clock_now_ms(), a, totp, e), e);
}

/* The key of the second factor: to be typed, to be opened on the telephone itself, to be photographed by it. */
static int setup_show_key(struct visit *v, const char *name, const unsigned char *totp,
			  struct err *e)
{
	struct buf path = BUF_INIT(SETUP_QR_MAX);
	char text[48], plain[48];
	char *uri;
	int side, rc;

	secret_totp_text(totp, true, text);
	secret_totp_text(totp, false, plain);
	uri = mem_printf("otpauth://totp/moidan:%s?secret=%s&issuer=moidan", name, plain);
	rc = qr_path(uri, &path, &side, e);
	if (rc == 0) {
		json_object_set_new(v->model, "secret", json_string(text));
		json_object_set_new(v->model, "uri", json_string(uri));
		json_object_set_new(v->model, "qr",
				    json_pack("{s:i, s:s}", "side", side, "path",
					      buf_text(&path)));
		explicit_bzero(path.data, path.len);
	}
	mem_free_secret(uri, strlen(uri));
	buf_free(&path);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(plain, sizeof(plain));
	return rc;
}

int screen_setup(struct visit *v, struct err *e)
{
	struct account a = {0};
	unsigned char totp[ACCOUNT_TOTP];
	int rc = 0;

	if (setup_open(v, &a, totp, e) < 0)
		return -1;
	v->model = json_pack("{s:s, s:s, s:s, s:s, s:b}", "token", v->params.value[0], "name",
			     a.name, "title", a.title, "role", account_role_name(a.role),
			     "totp", account_role_wants_totp(a.role));
	if (account_role_wants_totp(a.role))
		rc = setup_show_key(v, a.name, totp, e);
	explicit_bzero(totp, sizeof(totp));
	account_clear(&a);
	return rc;
}

/* The password and the second factor are kept; every other way in ends. The link is used up in the same
 * transaction: of two who send it at once, one comes in. */
static int setup_keep(struct visit *v, const struct account *a, const unsigned char *totp,
		      struct err *e)
{
	char hash[SECRET_PASSWORD];
	unsigned char link[ACCOUNT_HASH];
	struct store *w = visit_writer(v, e);
	int rc;

	secret_token_hash(v->params.value[0], link);
	if (w == NULL || secret_password_hash(visit_text(v, "password"), hash, e) < 0 ||
	    store_begin(w, e) < 0)
		return -1;
	rc = setup_found(v, store_link_take(w, link, clock_now_ms(), e), e);
	if (rc == 0)
		rc = store_account_secrets(w, a, hash, totp, a->name, e);
	rc = store_end(w, rc, e);
	explicit_bzero(hash, sizeof(hash));
	return rc;
}

int screen_setup_post(struct visit *v, struct err *e)
{
	struct account a = {0}, now = {0};
	unsigned char totp[ACCOUNT_TOTP];
	bool wants;
	int64_t step = 0;
	int rc = -1;

	if (setup_open(v, &a, totp, e) < 0)
		return -1;
	wants = account_role_wants_totp(a.role);
	if (strcmp(visit_text(v, "password"), visit_text(v, "again")) != 0) {
		(void)visit_refuse(v, 422, e, "passwords_differ");
		goto out;
	}
	if (secret_password_check(visit_text(v, "password"), a.name, e) < 0)
		goto out;
	if (wants) {
		step = secret_totp_verify(totp, visit_text(v, "code"), clock_now_ms(), 0);
		if (step == 0) {
			(void)visit_refuse(v, 422, e, "code_wrong");
			goto out;
		}
	}
	if (setup_keep(v, &a, wants ? totp : NULL, e) < 0)
		goto out;
	/* As it is now: the sign of this machine is made from the new password. */
	store_read_end(v->st);
	if (store_account_get(v->st, a.id, &now, e) == 1)
		rc = login_done(v, &now, step, e);
out:
	explicit_bzero(totp, sizeof(totp));
	account_clear(&a);
	account_clear(&now);
	return rc;
}

/* ---- the language ---------------------------------------------------------------------------- */

int screen_language(struct visit *v, struct err *e)
{
	(void)e;
	v->cookies[0] = mem_printf("lang=%s; Path=/; Secure; HttpOnly; SameSite=Lax; "
				   "Max-Age=31536000",
				   visit_text(v, "to"));
	return visit_go(v, "%s", v->who.signed_in ? "/" : "/login");
}
