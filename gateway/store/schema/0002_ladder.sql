-- SPDX-License-Identifier: Apache-2.0
-- A person's way down a campaign's ladder: one row of message for each rung that was tried.

-- onward: what message_onward says of silence: 0 = this is the last rung.
ALTER TABLE message ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN onward INTEGER NOT NULL DEFAULT 0;
DROP INDEX message_once;
CREATE UNIQUE INDEX message_once ON message(campaign_id, recipient_id, step, rung);
DROP INDEX message_queued;
CREATE INDEX message_queued ON message(campaign_id, rung, due_at) WHERE state = 1;

DROP TABLE message_count;
CREATE TABLE message_count (
	campaign_id INTEGER NOT NULL,
	rung INTEGER NOT NULL,
	state INTEGER NOT NULL,
	n INTEGER NOT NULL,
	segments INTEGER NOT NULL,
	PRIMARY KEY (campaign_id, rung, state)
) WITHOUT ROWID;
INSERT INTO message_count(campaign_id, rung, state, n, segments)
	SELECT campaign_id, rung, state, count(*), sum(segments) FROM message
	GROUP BY campaign_id, rung, state;

-- NULL = one rung: the campaign's channel.
ALTER TABLE campaign ADD COLUMN ladder TEXT;

-- Messages whose person may have to go on to the next rung, and when that is to be looked at.
CREATE TABLE rung_end (
	message_id INTEGER PRIMARY KEY,
	campaign_id INTEGER NOT NULL,
	due_at INTEGER NOT NULL
);
CREATE INDEX rung_end_due ON rung_end(campaign_id, due_at);

-- The number that nobody has: of letters and visits to those who have none.
INSERT INTO contact(id, number) VALUES (0, 0);

-- Numbers that a channel does not reach (no account there), and when that was last found out.
CREATE TABLE contact_absent (
	contact_id INTEGER NOT NULL,
	channel TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (contact_id, channel)
) WITHOUT ROWID;

-- Messages whose provider is being asked what became of them.
CREATE TABLE message_asked (
	message_id INTEGER PRIMARY KEY,
	asked INTEGER NOT NULL,
	absent_at INTEGER NOT NULL              -- when it first said that it has no such message; 0 = not
);

-- How many uncertain messages were settled, by what: enum message_settled_by.
CREATE TABLE message_settled (
	how INTEGER NOT NULL PRIMARY KEY,
	n INTEGER NOT NULL
);

-- What citizens and officials answered, as it came, and what was made of it.
CREATE TABLE reply (
	id INTEGER PRIMARY KEY,
	provider_id INTEGER NOT NULL,
	ref TEXT NOT NULL,                      -- the provider's id of it, or made of what it says
	number INTEGER NOT NULL,
	text TEXT NOT NULL,
	at INTEGER NOT NULL,
	received_at INTEGER NOT NULL,
	kind INTEGER NOT NULL,                  -- enum reply_kind
	open INTEGER NOT NULL,                  -- 1 = waits for an officer
	recipient_id INTEGER,                   -- of a result
	note TEXT,
	raw BLOB
);
CREATE UNIQUE INDEX reply_once ON reply(provider_id, ref);
CREATE INDEX reply_open ON reply(id) WHERE open = 1;
CREATE INDEX reply_by_number ON reply(number, id);

-- The share of its channel that a provider gets now, in hundredths of what it is configured for.
ALTER TABLE provider ADD COLUMN weight INTEGER NOT NULL DEFAULT 100;
CREATE TABLE provider_weight (
	id INTEGER PRIMARY KEY,
	provider_id INTEGER NOT NULL,
	at INTEGER NOT NULL,
	weight INTEGER NOT NULL,
	reason TEXT NOT NULL
);
