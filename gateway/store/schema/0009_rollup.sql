-- SPDX-License-Identifier: Apache-2.0
-- Summaries that gateways below handed up: one for each commune and week, the first stays.

CREATE TABLE subordinate (
	commune TEXT NOT NULL,
	week INTEGER NOT NULL,                  -- ISO, 202324
	ref TEXT NOT NULL,                      -- webhook-id
	body TEXT NOT NULL,                     -- as it came
	sha256 TEXT NOT NULL,
	received_at INTEGER NOT NULL,
	PRIMARY KEY (commune, week)
) WITHOUT ROWID;
