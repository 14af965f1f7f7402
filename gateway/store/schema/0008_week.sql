-- SPDX-License-Identifier: Apache-2.0
-- What the teams hand in on Wednesdays: a row each time, the newest of a team counts.

CREATE TABLE hand_in (
	id INTEGER PRIMARY KEY,
	week INTEGER NOT NULL,                  -- ISO, 202324
	unit_id INTEGER NOT NULL,               -- 0 = the commune's own team
	figures TEXT NOT NULL,                  -- JSON: {"III.2": 259}, by column of the appendix
	difficulties TEXT NOT NULL,
	proposals TEXT NOT NULL,
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	way TEXT NOT NULL                       -- console, sheet, sms, command
);
CREATE INDEX hand_in_of ON hand_in(week, unit_id, id);
