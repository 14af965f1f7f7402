-- SPDX-License-Identifier: Apache-2.0
-- Tokens that providers lend for a while. A refresh token is often good for one use: whoever fetches the
-- next pair holds the lock of its provider and commits the pair before its first use.
CREATE TABLE token (
	provider TEXT NOT NULL PRIMARY KEY,
	generation INTEGER NOT NULL,            -- raised by each new pair
	access TEXT NOT NULL,
	refresh TEXT NOT NULL,                  -- '' = none came
	expires_at INTEGER NOT NULL,
	fetched_at INTEGER NOT NULL,
	dead_at INTEGER NOT NULL DEFAULT 0,     -- since when a person is needed
	reason TEXT
) WITHOUT ROWID;
