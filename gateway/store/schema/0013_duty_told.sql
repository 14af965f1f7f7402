-- SPDX-License-Identifier: Apache-2.0
-- What a message said of somebody's hours on a day, so that a rota which changes afterwards is corrected: to those
-- whom it concerns, once. A message without rows said that they are not on duty any more.
CREATE TABLE duty_told (
	id INTEGER PRIMARY KEY,
	message_id INTEGER NOT NULL REFERENCES message(id),
	day INTEGER NOT NULL,
	opens INTEGER NOT NULL,
	closes INTEGER NOT NULL,
	place TEXT NOT NULL,
	UNIQUE (message_id, opens, place)
);
CREATE INDEX duty_told_day ON duty_told(day);
