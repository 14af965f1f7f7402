/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use the console and the API: accounts, logins, set-up links, keys of other systems, and
 * the answers that were given under an Idempotency-Key. Secrets come in hashed. */
#ifndef MOIDAN_STORE_ACCOUNT_H
#define MOIDAN_STORE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Numbers are stored. */
enum account_role {
	ROLE_VIEWER = 0,	/* looks, with numbers masked */
	ROLE_AUTHOR = 1,	/* imports, writes, submits */
	ROLE_APPROVER = 2,	/* approves, pauses, cancels, settles */
	ROLE_ADMINISTRATOR = 3, /* people, keys, audit, settings; sends nothing */
	ROLE_HAMLET = 4,	/* looks at its own hamlet */
	ROLE_COUNT
};
const char *account_role_name(enum account_role r);		    /* "viewer" … */
int account_role_from_name(const char *name, enum account_role *r); /* 1 / 0 */
/* Those who let others' work go out, or let others in, show a second factor. */
bool account_role_wants_totp(enum account_role r);

#define ACCOUNT_HASH 32 /* bytes: SHA-256 of a token */
#define ACCOUNT_TOTP 20 /* bytes: RFC 4226 §4 R6 */

struct account {
	int64_t id, unit_id; /* 0 = none */
	char *name, *title;
	enum account_role role;
	char *password; /* NULL: not set up yet */
	bool has_totp, disabled;
	unsigned char totp[ACCOUNT_TOTP];
	int64_t totp_step, created_at, login_at;
	char *created_by;
};
void account_clear(struct account *a);

/* In a transaction; a->id is set. -1 with EX_DATAERR when the name is taken or none (a … z, 0 … 9, and
 * ".-_" within), or a hamlet's account has no unit. Audited. */
MUST_CHECK int store_account_add(struct store *st, struct account *a, const char *who,
				 struct err *e);
/* 1/0/-1; yours to clear. */
int store_account_find(struct store *st, const char *name, struct account *out, struct err *e);
int store_account_get(struct store *st, int64_t id, struct account *out, struct err *e);
/* In order of name. Borrowed. */
MUST_CHECK int store_account_list(struct store *st,
				  void (*fn)(const struct account *a, void *arg), void *arg,
				  struct err *e);
/* A new password, and a second factor where totp is given; ends all logins and links of the account.
 * In a transaction. Audited. */
MUST_CHECK int store_account_secrets(struct store *st, const struct account *a,
				     const char *password, const unsigned char *totp,
				     const char *who, struct err *e);
/* Lets nobody in by it, or again; ends its logins and links. The last administrator who can get in
 * stays (EX_NOPERM). In a transaction. Audited. */
MUST_CHECK int store_account_disable(struct store *st, const struct account *a, bool disabled,
				     const char *who, struct err *e);
/* Records a sign-in and uses up a step of the second factor (0 = none was shown): 1, or 0 when that step
 * was used before, or the account was disabled or got another password since a was read. In a
 * transaction. */
int store_account_login(struct store *st, const struct account *a, int64_t totp_step,
			int64_t now, struct err *e);

/* Somebody who came in, until they go: a row of account_session. (A session is a machine at a place: session.h.) */
struct login {
	int64_t created_at, seen_at;
};
MUST_CHECK int store_login_add(struct store *st, const unsigned char hash[ACCOUNT_HASH],
			       int64_t account_id, const char *address, int64_t now,
			       struct err *e);
/* 1 with the login and its account (yours to clear), which is not disabled; 0; -1. */
int store_login_find(struct store *st, const unsigned char hash[ACCOUNT_HASH],
		     struct login *out, struct account *a, struct err *e);
MUST_CHECK int store_login_seen(struct store *st, const unsigned char hash[ACCOUNT_HASH],
				int64_t now, struct err *e);
MUST_CHECK int store_login_end(struct store *st, const unsigned char hash[ACCOUNT_HASH],
			       struct err *e);
/* Ends what nobody used since, and links and kept answers that are over. */
MUST_CHECK int store_login_purge(struct store *st, int64_t idle_before, int64_t begun_before,
				 int64_t now, struct err *e);

/* A way in that works once. In a transaction. Older links of the account end. Audited. */
MUST_CHECK int store_link_add(struct store *st, const unsigned char hash[ACCOUNT_HASH],
			      int64_t account_id, const unsigned char totp[ACCOUNT_TOTP],
			      int64_t expires_at, const char *who, struct err *e);
/* 1 with the account (yours to clear) and the second factor it offers; 0 when unknown or over. */
int store_link_find(struct store *st, const unsigned char hash[ACCOUNT_HASH], int64_t now,
		    struct account *a, unsigned char totp[ACCOUNT_TOTP], struct err *e);
/* Uses it up: 1, or 0 when somebody else has, or it is over. In a transaction. */
int store_link_take(struct store *st, const unsigned char hash[ACCOUNT_HASH], int64_t now,
		    struct err *e);

/* What another system may do. Numbers are stored. */
enum api_scope {
	API_READ = 1 << 0,
	API_WRITE = 1 << 1, /* lists, recipients, drafts */
	API_SEND = 1 << 2,  /* submits campaigns, sends single notices */
};
struct api_key {
	int64_t id;
	char *name, *created_by;
	unsigned scopes;
	int64_t created_at, revoked_at;
};
void api_key_clear(struct api_key *k);
/* In a transaction; k->id is set. EX_DATAERR when the name is taken. Audited. */
MUST_CHECK int store_api_key_add(struct store *st, struct api_key *k,
				 const unsigned char hash[ACCOUNT_HASH], const char *who,
				 struct err *e);
/* 1 when there is one and it is not revoked; 0; -1. Yours to clear. */
int store_api_key_find(struct store *st, const unsigned char hash[ACCOUNT_HASH],
		       struct api_key *out, struct err *e);
/* 1/0/-1. In a transaction. Audited. */
int store_api_key_revoke(struct store *st, int64_t id, const char *who, struct err *e);
MUST_CHECK int store_api_key_list(struct store *st,
				  void (*fn)(const struct api_key *k, void *arg), void *arg,
				  struct err *e);

/* What was answered to client under key. */
struct api_call {
	unsigned char request[ACCOUNT_HASH];
	int status; /* 0: still under way */
	char *answer;
};
void api_call_clear(struct api_call *c);
/* 1 and *out (yours to clear) when the key was used; else 0. */
int store_api_call_find(struct store *st, const char *client, const char *key,
			struct api_call *out, struct err *e);
/* Keeps (or replaces) the answer. In a transaction: best that of the work. */
MUST_CHECK int store_api_call_put(struct store *st, const char *client, const char *key,
				  const struct api_call *c, int64_t now, struct err *e);
/* Only what is still under way. */
MUST_CHECK int store_api_call_drop(struct store *st, const char *client, const char *key,
				   struct err *e);

/* A daemon begins: what was under way when the last one ended was not done, since the work keeps its answer as it is
 * committed. Its keys may be used again. In a transaction. */
MUST_CHECK int store_api_call_recover(struct store *st, struct err *e);

/* ---- the audit, read ----------------------------------------------------------------------- */

struct audit_row {
	int64_t id, at;
	const char *who, *what, *subject, *detail;
};
/* Newest first, before before_id (0 = from the newest). Borrowed. */
MUST_CHECK int store_audit_list(struct store *st, int64_t before_id, size_t max,
				void (*fn)(const struct audit_row *r, void *arg), void *arg,
				struct err *e);
/* What stands there of one person, oldest first: of the row itself, of its number, and of lists in whose detail
 * it is named ("ids=,12,15,"). Borrowed. */
MUST_CHECK int store_audit_person(struct store *st, int64_t recipient_id,
				  void (*fn)(const struct audit_row *r, void *arg), void *arg,
				  struct err *e);
/* The hash of row id (0 = the last one) in hex; returns its id, 0 when there is none, -1. */
int64_t store_audit_hash(struct store *st, int64_t id, char hex[65], struct err *e);

#endif
