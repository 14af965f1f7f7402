-- SPDX-License-Identifier: Apache-2.0
-- Who may use the console and the API. Tokens, links and keys are kept as SHA-256 only: what is
-- read out of this file opens nothing.

CREATE TABLE account (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,              -- as typed when signing in, folded
	title TEXT NOT NULL,                    -- as shown to others
	role INTEGER NOT NULL,                  -- enum account_role
	unit_id INTEGER REFERENCES unit(id),    -- of a hamlet's account
	password TEXT,                          -- argon2id in crypt form; NULL: not set up yet
	totp BLOB,                              -- NULL: none
	totp_step INTEGER NOT NULL DEFAULT 0,   -- the last that was used; none is used twice
	disabled INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	login_at INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE account_session (
	hash BLOB NOT NULL PRIMARY KEY,
	account_id INTEGER NOT NULL REFERENCES account(id),
	created_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,
	address TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX account_session_of ON account_session(account_id);

-- A way in that works once: sets a password and, for some roles, a second factor.
CREATE TABLE account_link (
	hash BLOB NOT NULL PRIMARY KEY,
	account_id INTEGER NOT NULL REFERENCES account(id),
	expires_at INTEGER NOT NULL,
	totp BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE api_key (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	hash BLOB NOT NULL UNIQUE,
	scopes INTEGER NOT NULL,                -- enum api_scope, as bits
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	revoked_at INTEGER NOT NULL DEFAULT 0
);

-- Answers given under an Idempotency-Key, in the transaction of the work itself.
CREATE TABLE api_call (
	client TEXT NOT NULL,
	key TEXT NOT NULL,
	request BLOB NOT NULL,                  -- SHA-256 of path and body
	status INTEGER NOT NULL,                -- 0: under way
	answer TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (client, key)
) WITHOUT ROWID;
CREATE INDEX api_call_at ON api_call(at);

-- Search by the beginnings of words of the name (folded), of the list's code, by last digits (kept
-- backwards, so that they are a beginning too), within a programme and a unit. Written by search.c:
-- triggers may not touch a virtual table where the schema is not trusted.
CREATE VIRTUAL TABLE recipient_search USING fts5(
	name, digits, place, content='', columnsize=0, detail=column, prefix='1 2 3 4',
	tokenize="unicode61 remove_diacritics 0");

INSERT INTO recipient_search(rowid, name, digits, place)
	SELECT id, COALESCE(name_fold, '') || ' ' || lower(list_key),
	substr(number, -1, 1) || substr(number, -2, 1) || substr(number, -3, 1) ||
	substr(number, -4, 1) || substr(number, -5, 1) || substr(number, -6, 1) ||
	substr(number, -7, 1) || substr(number, -8, 1) || substr(number, -9, 1),
	'p' || programme || ' u' || COALESCE(unit_id, 0) FROM recipient;

CREATE INDEX recipient_held ON recipient(id) WHERE hold IN (1, 2, 3);
