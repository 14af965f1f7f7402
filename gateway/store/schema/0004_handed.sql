-- SPDX-License-Identifier: Apache-2.0
-- What was given to those who carry it: letters (kind 1) and visit lists (kind 2).

CREATE TABLE handed (
	campaign_id INTEGER NOT NULL REFERENCES campaign(id),
	kind INTEGER NOT NULL,
	recipient_id INTEGER NOT NULL REFERENCES recipient(id),
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	PRIMARY KEY (campaign_id, kind, recipient_id)
) WITHOUT ROWID;
