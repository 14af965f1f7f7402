/* SPDX-License-Identifier: Apache-2.0 */
/* Who a visitor is, what they may do, and whether a form that they send is ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/visit.h"

/* ASVS 5.0 §7.3: by itself after so long without use, in any case after so long. */
#define DOOR_IDLE_MS  (15 * CLOCK_MINUTE_MS)
#define DOOR_WHOLE_MS (8 * CLOCK_HOUR_MS)
/* That somebody is there is written down this often. */
#define DOOR_SEEN_MS CLOCK_MINUTE_MS
/* The prefix keeps the cookie to this host, to HTTPS and to the whole path. */
#define DOOR_COOKIE "__Host-moidan"

void visitor_clear(struct visitor *who)
{
	account_clear(&who->account);
	api_key_clear(&who->api_key);
	free(who->key_name);
	*who = (struct visitor){.key = false};
}

unsigned door_may(enum account_role role)
{
	static const unsigned may[ROLE_COUNT] = {
	    [ROLE_VIEWER] = MAY_LOOK_OWN | MAY_LOOK,
	    [ROLE_AUTHOR] =
		MAY_LOOK_OWN | MAY_LOOK | MAY_EDIT | MAY_COMPOSE | MAY_UNMASK | MAY_HAND_IN,
	    [ROLE_APPROVER] =
		MAY_LOOK_OWN | MAY_LOOK | MAY_EDIT | MAY_APPROVE | MAY_UNMASK | MAY_HAND_IN,
	    [ROLE_ADMINISTRATOR] = MAY_LOOK_OWN | MAY_LOOK | MAY_RULE,
	    [ROLE_HAMLET] = MAY_LOOK_OWN | MAY_HAND_IN,
	};

	return may[role];
}

static unsigned door_scopes(unsigned scopes)
{
	return (scopes & API_READ ? (unsigned)(MAY_LOOK_OWN | MAY_LOOK) : 0) |
	       (scopes & API_WRITE ? (unsigned)(MAY_EDIT | MAY_COMPOSE | MAY_HAND_IN) : 0) |
	       (scopes & API_SEND ? (unsigned)MAY_SEND : 0);
}

/* The value of our cookie into out; false when there is none of the right length. */
static bool door_cookie(const struct visit *v, char out[SECRET_TOKEN])
{
	const char *at = v->cookie, *value;
	size_t name = strlen(DOOR_COOKIE);

	while (at != NULL && *at != '\0') {
		at += strspn(at, " ;");
		if (strncmp(at, DOOR_COOKIE "=", name + 1) == 0) {
			value = at + name + 1;
			if (strcspn(value, ";") != SECRET_TOKEN - 1)
				return false;
			memcpy(out, value, SECRET_TOKEN - 1);
			out[SECRET_TOKEN - 1] = '\0';
			return true;
		}
		at = strchr(at, ';');
	}
	return false;
}

/* That the session is in use: written once a minute. A store that is busy forgives it. */
static void door_seen(struct visit *v, const unsigned char hash[ACCOUNT_HASH], int64_t now)
{
	struct err ignored = ERR_INIT;
	/* A page that shows progress asks by itself: nobody is there for that. */
	bool by_itself = v->route == NULL || strstr(v->route->pattern, "/live") != NULL;
	struct store *w = by_itself ? NULL : visit_writer(v, &ignored);

	if (w == NULL || store_begin(w, &ignored) < 0)
		return;
	if (store_login_seen(w, hash, now, &ignored) < 0 || store_commit(w, &ignored) < 0)
		store_rollback(w);
}

static int door_open_session(struct visit *v, struct err *e)
{
	unsigned char hash[ACCOUNT_HASH];
	struct login s;
	int64_t now = clock_now_ms();
	int found;

	if (!door_cookie(v, v->token))
		return 0;
	secret_token_hash(v->token, hash);
	found = store_login_find(v->st, hash, &s, &v->who.account, e);
	if (found < 0)
		return -1;
	if (found == 0 || now - s.seen_at > DOOR_IDLE_MS ||
	    now - s.created_at > DOOR_WHOLE_MS) {
		account_clear(&v->who.account);
		v->token[0] = '\0';
		v->who.over = true;
		return 0;
	}
	secret_token_form(v->token, v->form);
	v->who.signed_in = true;
	v->who.name = v->who.account.name;
	v->who.may = door_may(v->who.account.role);
	v->who.unit_id = v->who.account.unit_id;
	if (now - s.seen_at > DOOR_SEEN_MS)
		door_seen(v, hash, now);
	return 0;
}

static int door_open_key(struct visit *v, const char *token, struct err *e)
{
	unsigned char hash[ACCOUNT_HASH];
	int found;

	secret_token_hash(token, hash);
	found = store_api_key_find(v->st, hash, &v->who.api_key, e);
	if (found < 0)
		return -1;
	if (found == 0) {
		v->status = 401;
		return say(e, EX_NOPERM, "bad_key", NULL);
	}
	v->who.signed_in = v->who.key = true;
	/* No account is called so: what a key did is not put down to a person. */
	v->who.key_name = mem_printf("api:%s", v->who.api_key.name);
	v->who.name = v->who.key_name;
	v->who.may = door_scopes(v->who.api_key.scopes);
	v->api = true;
	return 0;
}

int door_open(struct visit *v, struct err *e)
{
	if (v->authorization == NULL)
		return door_open_session(v, e);
	if (strncasecmp(v->authorization, "Bearer ", 7) != 0) {
		v->status = 401;
		return say(e, EX_NOPERM, "bearer", NULL);
	}
	return door_open_key(v, v->authorization + 7, e);
}

/* "https://host:port" is our host. */
static bool door_same_origin(const struct visit *v)
{
	const char *at = strstr(v->origin, "://");

	return at != NULL && v->host != NULL && strcasecmp(at + 3, v->host) == 0;
}

/* A browser says where a form comes from, by one header or the other; what says neither is no browser
 * of ours. The session's form token stands behind, so that no single mistake lets a foreign form in. */
int door_own_form(struct visit *v, struct err *e)
{
	char *token;
	bool ours = true;

	if (v->who.key)
		return 0;
	if (v->fetch_site != NULL)
		ours = strcmp(v->fetch_site, "same-origin") == 0;
	else if (v->origin != NULL)
		ours = door_same_origin(v);
	else
		ours = v->who.signed_in;
	if (ours && v->who.signed_in) {
		token = input_raw(v, "form");
		ours = token != NULL && secret_same(token, v->form);
		free(token);
	}
	if (ours)
		return 0;
	v->status = 403;
	return say(e, EX_NOPERM, "foreign_form", NULL);
}

int door_begin(struct visit *v, const struct account *a, int64_t totp_step, struct err *e)
{
	struct store *w = visit_writer(v, e);
	unsigned char hash[ACCOUNT_HASH];
	char token[SECRET_TOKEN], subject[64];
	int64_t now = clock_now_ms();
	int rc;

	if (w == NULL || store_begin(w, e) < 0)
		return -1;
	secret_token_new(token);
	secret_token_hash(token, hash);
	(void)snprintf(subject, sizeof(subject), "account:%s", a->name);
	rc = store_account_login(w, a, totp_step, now, e);
	if (rc == 1 &&
	    (store_login_purge(w, now - DOOR_IDLE_MS, now - DOOR_WHOLE_MS, now, e) < 0 ||
	     store_login_add(w, hash, a->id, v->address, now, e) < 0 ||
	     store_audit(w, a->name, "account.login", subject, "", e) < 0))
		rc = -1;
	if (rc == 1 && store_commit(w, e) < 0)
		return -1;
	if (rc != 1) {
		store_rollback(w);
		return rc;
	}
	v->cookies[0] =
	    mem_printf(DOOR_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict", token);
	explicit_bzero(token, sizeof(token));
	return 1;
}

void door_end_cookie(struct visit *v)
{
	free(v->cookies[0]);
	v->cookies[0] =
	    mem_strdup(DOOR_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}
