-- SPDX-License-Identifier: Apache-2.0
-- The first schema. Times are UTC in milliseconds; 0 or NULL = not yet. Numbers of states, events
-- and holds are those of the enums in message.h, campaign.h, recipient.h and report.h.
-- Rows of message, contact and recipient are never deleted (a purge blanks them): their ids stand in
-- references that providers keep, and must not come back.

CREATE TABLE meta (
	name TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	what TEXT NOT NULL,
	subject TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash BLOB NOT NULL              -- SHA-256 of the row before, and of this row's fields
);

CREATE TABLE unit (
	id INTEGER PRIMARY KEY,
	parent_id INTEGER REFERENCES unit(id),
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	name_fold TEXT NOT NULL
);
CREATE UNIQUE INDEX unit_by_name ON unit(name_fold, COALESCE(parent_id, 0));

CREATE TABLE import (
	id INTEGER PRIMARY KEY,
	programme TEXT NOT NULL,
	file TEXT,
	sha256 TEXT,
	who TEXT,
	encoding TEXT,
	at INTEGER NOT NULL,
	rows_read INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	rejected INTEGER NOT NULL,
	added INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	same INTEGER NOT NULL,
	held INTEGER NOT NULL,
	total_stated INTEGER NOT NULL
);

-- One telephone number, shared by whoever has it.
CREATE TABLE contact (
	id INTEGER PRIMARY KEY,
	number INTEGER NOT NULL UNIQUE,
	recipients INTEGER NOT NULL DEFAULT 0,
	flags INTEGER NOT NULL DEFAULT 0,
	day INTEGER NOT NULL DEFAULT 0,         -- civil day that day_count belongs to
	day_count INTEGER NOT NULL DEFAULT 0,
	week INTEGER NOT NULL DEFAULT 0,        -- ISO week that week_count belongs to
	week_count INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE recipient (
	id INTEGER PRIMARY KEY,
	programme TEXT NOT NULL,
	list_key TEXT NOT NULL,
	state INTEGER NOT NULL,
	hold INTEGER NOT NULL,
	rev INTEGER NOT NULL,
	contact_id INTEGER REFERENCES contact(id),
	unit_id INTEGER REFERENCES unit(id),
	import_id INTEGER REFERENCES import(id),
	source_row INTEGER NOT NULL,
	-- what the list said last, and when an officer said otherwise
	list_state INTEGER NOT NULL,
	list_hold INTEGER NOT NULL,
	list_hold_reason TEXT,
	state_set_at INTEGER NOT NULL DEFAULT 0,
	sex INTEGER NOT NULL,
	birth_precision INTEGER NOT NULL,
	birth_year INTEGER NOT NULL,
	birth_month INTEGER NOT NULL,
	birth_day INTEGER NOT NULL,
	number INTEGER NOT NULL,
	phone_status INTEGER NOT NULL,
	phone_flags INTEGER NOT NULL,
	numbers_more TEXT,
	group_name TEXT,
	name TEXT,
	name_fold TEXT,
	name_sort TEXT,
	hold_reason TEXT,
	facts TEXT,
	raw TEXT
);
CREATE UNIQUE INDEX recipient_by_key ON recipient(programme, list_key);
CREATE INDEX recipient_by_programme ON recipient(programme, id);
CREATE INDEX recipient_by_contact ON recipient(contact_id) WHERE contact_id IS NOT NULL;

CREATE TABLE campaign (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	programme TEXT,
	audiences TEXT,
	channel TEXT,
	parameters TEXT,
	state INTEGER NOT NULL,
	lane INTEGER NOT NULL,
	accents INTEGER NOT NULL,
	step INTEGER NOT NULL,
	stream INTEGER NOT NULL,
	fan_out_cursor INTEGER NOT NULL,
	starts_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL,
	created_by TEXT,
	approved_by TEXT,
	hash TEXT,
	halt_reason TEXT
);

CREATE TABLE template (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	hash TEXT NOT NULL,
	text TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	UNIQUE (name, hash)
);

CREATE TABLE provider (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	stopped_reason TEXT,
	stopped_at INTEGER NOT NULL DEFAULT 0
);

-- The hot table: rows are narrow (the text lies beside), ids and the unique key grow with the
-- fan-out, and no index is on a random key. The current attempt lives in the row.
CREATE TABLE message (
	id INTEGER PRIMARY KEY,
	campaign_id INTEGER NOT NULL REFERENCES campaign(id),
	recipient_id INTEGER NOT NULL REFERENCES recipient(id),
	step INTEGER NOT NULL,
	state INTEGER NOT NULL,
	due_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	contact_id INTEGER NOT NULL REFERENCES contact(id),
	attempts INTEGER NOT NULL DEFAULT 0,
	generation INTEGER NOT NULL DEFAULT 1,
	epoch INTEGER NOT NULL DEFAULT 0,
	provider_id INTEGER NOT NULL DEFAULT 0,
	claimed_at INTEGER NOT NULL DEFAULT 0,
	segments INTEGER NOT NULL,
	ucs2 INTEGER NOT NULL,
	audience INTEGER NOT NULL,
	template_id INTEGER NOT NULL,
	recipient_rev INTEGER NOT NULL,
	day INTEGER NOT NULL,
	planned_at INTEGER NOT NULL,
	sent_at INTEGER NOT NULL DEFAULT 0,
	final_at INTEGER NOT NULL DEFAULT 0,
	class INTEGER NOT NULL DEFAULT 0,
	http_status INTEGER NOT NULL DEFAULT 0,
	linked_to INTEGER,
	code TEXT,
	provider_ref TEXT,
	reason TEXT
);
CREATE UNIQUE INDEX message_once ON message(campaign_id, recipient_id, step);
CREATE INDEX message_queued ON message(campaign_id, due_at) WHERE state = 1;
-- BETWEEN, not IN: for a list SQLite builds a table each time it asks whether a row belongs here.
-- Not of those being sent (2): they are few, soon over, and asked for at start-up only.
CREATE INDEX message_open ON message(state, due_at) WHERE state BETWEEN 3 AND 4;
CREATE INDEX message_linked ON message(linked_to) WHERE linked_to IS NOT NULL;

CREATE TABLE message_text (
	message_id INTEGER PRIMARY KEY,
	text TEXT NOT NULL
);

-- How many messages of a campaign are in a state: kept by the one door through which states change,
-- in the same transaction, so that no page ever counts the hot table.
CREATE TABLE message_count (
	campaign_id INTEGER NOT NULL,
	state INTEGER NOT NULL,
	n INTEGER NOT NULL,
	segments INTEGER NOT NULL,
	PRIMARY KEY (campaign_id, state)
) WITHOUT ROWID;

-- A number that several rows share: which message stands for it that day.
CREATE TABLE message_shared (
	contact_id INTEGER NOT NULL,
	day INTEGER NOT NULL,
	template_id INTEGER NOT NULL,
	message_id INTEGER NOT NULL,
	PRIMARY KEY (contact_id, day, template_id)
) WITHOUT ROWID;

-- Attempts that did not simply end in "accepted", and evidence that came late (seq > 0).
CREATE TABLE attempt (
	message_id INTEGER NOT NULL,
	n INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	provider_id INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	ended_at INTEGER NOT NULL,
	event INTEGER NOT NULL,
	class INTEGER NOT NULL,
	http_status INTEGER NOT NULL,
	code TEXT,
	provider_ref TEXT,
	reason TEXT,
	PRIMARY KEY (message_id, n, seq)
) WITHOUT ROWID;

-- Only for providers whose receipts do not echo our reference.
CREATE TABLE provider_ref (
	provider_id INTEGER NOT NULL,
	ref TEXT NOT NULL,
	message_id INTEGER NOT NULL,
	PRIMARY KEY (provider_id, ref)
) WITHOUT ROWID;

CREATE TABLE receipt (
	id INTEGER PRIMARY KEY,
	message_id INTEGER NOT NULL,
	provider_id INTEGER NOT NULL,
	event INTEGER NOT NULL,
	code TEXT NOT NULL,
	at INTEGER NOT NULL,
	class INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	provider_ref TEXT NOT NULL,
	fate INTEGER NOT NULL,
	raw BLOB
);
CREATE UNIQUE INDEX receipt_once ON receipt(message_id, provider_id, event, code, at);

-- Receipts without a message so far.
CREATE TABLE receipt_orphan (
	id INTEGER PRIMARY KEY,
	provider_id INTEGER NOT NULL,
	provider_ref TEXT NOT NULL,
	message_id INTEGER NOT NULL,
	event INTEGER NOT NULL,
	code TEXT NOT NULL,
	at INTEGER NOT NULL,
	phone INTEGER NOT NULL,
	class INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	raw BLOB
);
CREATE UNIQUE INDEX receipt_orphan_once
	ON receipt_orphan(provider_id, provider_ref, message_id, event, code, at, phone);

CREATE TABLE figures (
	kind TEXT NOT NULL,
	week INTEGER NOT NULL,
	json TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (kind, week)
);

CREATE TABLE job (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	week INTEGER NOT NULL,
	target TEXT NOT NULL,
	state INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	due_at INTEGER NOT NULL,
	deadline INTEGER NOT NULL,
	done_at INTEGER NOT NULL,
	payload TEXT,
	result TEXT,
	UNIQUE (kind, week, target)
);
CREATE INDEX job_waiting ON job(due_at) WHERE state = 0;
