-- SPDX-License-Identifier: Apache-2.0
-- What a list changed, so that it can be taken back. The rows it brought are those from new_from to new_until
-- (NULL: imported before this was kept); of each row that was there and changed, its former values.
ALTER TABLE import ADD COLUMN new_from INTEGER;
ALTER TABLE import ADD COLUMN new_until INTEGER;
ALTER TABLE import ADD COLUMN undone_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN undone_by TEXT;

CREATE TABLE import_before (
	import_id INTEGER NOT NULL REFERENCES import(id),
	recipient_id INTEGER NOT NULL REFERENCES recipient(id),
	hold_after INTEGER NOT NULL,            -- as the list left it: another hold is somebody's decision
	last_import INTEGER,                    -- the list that had it before
	source_row INTEGER NOT NULL,
	state INTEGER NOT NULL,
	state_set_at INTEGER NOT NULL,
	hold INTEGER NOT NULL,
	unit_id INTEGER,
	list_state INTEGER NOT NULL,
	list_hold INTEGER NOT NULL,
	list_hold_reason TEXT,
	number INTEGER NOT NULL,
	name TEXT,
	hold_reason TEXT,
	facts TEXT,
	raw TEXT,
	sex INTEGER NOT NULL,
	birth_precision INTEGER NOT NULL,
	birth_year INTEGER NOT NULL,
	birth_month INTEGER NOT NULL,
	birth_day INTEGER NOT NULL,
	phone_status INTEGER NOT NULL,
	phone_flags INTEGER NOT NULL,
	numbers_more TEXT,
	group_name TEXT,
	name_fold TEXT,
	name_sort TEXT,
	facts_kind TEXT NOT NULL,
	PRIMARY KEY (import_id, recipient_id)
) WITHOUT ROWID;
CREATE INDEX import_before_of ON import_before(recipient_id);
