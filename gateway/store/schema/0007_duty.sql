-- SPDX-License-Identifier: Apache-2.0
-- Who is on duty where and when: the one-stop shop, the hamlets' offices. day is a civil day, opens and
-- closes are minutes of it.
CREATE TABLE duty (
	id INTEGER PRIMARY KEY,
	day INTEGER NOT NULL,
	opens INTEGER NOT NULL,
	closes INTEGER NOT NULL,
	place TEXT NOT NULL,
	place_fold TEXT NOT NULL,
	unit_id INTEGER REFERENCES unit(id),    -- of a hamlet's office; NULL = the commune's
	name TEXT NOT NULL,
	name_fold TEXT NOT NULL,
	number INTEGER NOT NULL DEFAULT 0,      -- where to remind them; 0 = as the list of officials has it
	UNIQUE (day, opens, place_fold, name_fold)
);
