-- SPDX-License-Identifier: Apache-2.0
-- Sessions with seats, the quota of a day, how a campaign is paced, what speaks against it. Days are civil
-- days (since 1970-01-01 in UTC+7), opens and closes minutes of the day.

ALTER TABLE campaign ADD COLUMN quota INTEGER NOT NULL DEFAULT 0;     -- 1 = so many a day as the deadline asks for
ALTER TABLE campaign ADD COLUMN pass_at INTEGER NOT NULL DEFAULT 0;   -- the list is not gone over before
ALTER TABLE campaign ADD COLUMN budget INTEGER NOT NULL DEFAULT 0;    -- dong; 0 = no limit
ALTER TABLE campaign ADD COLUMN catch_up INTEGER NOT NULL DEFAULT 0;  -- ms after which what was due is stale; 0 = never
ALTER TABLE campaign ADD COLUMN submitted_hash TEXT;                  -- what the author submitted

-- A machine at a place for some hours. taken counts the seats that are not freed: the schema itself
-- refuses to sell one twice.
CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	programme TEXT NOT NULL,
	day INTEGER NOT NULL,
	opens INTEGER NOT NULL,
	closes INTEGER NOT NULL,
	place TEXT NOT NULL,
	place_fold TEXT NOT NULL,
	unit_id INTEGER REFERENCES unit(id),    -- for this hamlet; NULL = for everybody
	seats INTEGER NOT NULL CHECK (seats >= 0),
	taken INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0 AND taken <= seats),
	team TEXT,
	documents TEXT,
	state INTEGER NOT NULL DEFAULT 0,
	reason TEXT
);
CREATE UNIQUE INDEX session_once ON session(programme, day, opens, place_fold) WHERE state = 0;

CREATE TABLE seat (
	id INTEGER PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES session(id),
	recipient_id INTEGER NOT NULL REFERENCES recipient(id),
	campaign_id INTEGER REFERENCES campaign(id),  -- NULL = given by hand
	since INTEGER NOT NULL,                       -- the round in which it was taken
	round INTEGER NOT NULL,                       -- of the campaign's steps for this recipient
	audience INTEGER NOT NULL,                    -- index in the campaign
	state INTEGER NOT NULL DEFAULT 0,
	taken_at INTEGER NOT NULL,
	settled_at INTEGER NOT NULL DEFAULT 0
);
-- One appointment at a time.
CREATE UNIQUE INDEX seat_open ON seat(recipient_id) WHERE state = 0;
CREATE INDEX seat_of_session ON seat(session_id, id);
CREATE INDEX seat_of_recipient ON seat(recipient_id, id);

-- What a morning's quota was made of, and what was invited on it.
CREATE TABLE campaign_day (
	campaign_id INTEGER NOT NULL REFERENCES campaign(id),
	day INTEGER NOT NULL,
	quota INTEGER NOT NULL,
	planned INTEGER NOT NULL DEFAULT 0,
	arithmetic TEXT NOT NULL,
	PRIMARY KEY (campaign_id, day)
) WITHOUT ROWID;

-- Who said that a campaign should not have reached them.
CREATE TABLE complaint (
	campaign_id INTEGER NOT NULL REFERENCES campaign(id),
	contact_id INTEGER NOT NULL REFERENCES contact(id),
	at INTEGER NOT NULL,
	PRIMARY KEY (campaign_id, contact_id)
) WITHOUT ROWID;
