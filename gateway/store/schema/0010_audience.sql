-- SPDX-License-Identifier: Apache-2.0
-- How many rows of a list agree in everything that a predicate looks at: counting an audience reads these
-- kinds instead of the rows. Kept by triggers, in the transaction that changes a row, so that no way of
-- writing one can forget it. reach: bits 0 to 3 as contact.flags (opted out, wrong person, dead number,
-- unconfirmed), 16 = it has a contact, 32 = others have it too. birth_year is told of those born since
-- 2000 only (0 = before, or not known): nobody asks for the age of others in a hurry.

ALTER TABLE recipient ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN facts_kind TEXT NOT NULL DEFAULT '';

UPDATE recipient SET reach = COALESCE((SELECT 16 | (c.flags & 15) | CASE WHEN c.recipients > 1 THEN 32
	ELSE 0 END FROM contact c WHERE c.id = recipient.contact_id), 0),
	facts_kind = CASE WHEN json_valid(facts) THEN json_remove(facts, '$.note', '$.email') ELSE '' END;

CREATE TABLE recipient_kind (
	id INTEGER PRIMARY KEY,
	programme TEXT NOT NULL,
	unit_id INTEGER NOT NULL,
	state INTEGER NOT NULL,
	hold INTEGER NOT NULL,
	sex INTEGER NOT NULL,
	birth_precision INTEGER NOT NULL,
	birth_year INTEGER NOT NULL,
	phone_status INTEGER NOT NULL,
	phone_flags INTEGER NOT NULL,
	reach INTEGER NOT NULL,
	facts TEXT NOT NULL,
	n INTEGER NOT NULL,
	UNIQUE (programme, unit_id, state, hold, sex, birth_precision, birth_year, phone_status, phone_flags,
		reach, facts)
);

INSERT INTO recipient_kind(programme, unit_id, state, hold, sex, birth_precision, birth_year, phone_status,
	phone_flags, reach, facts, n)
	SELECT programme, COALESCE(unit_id, 0), state, hold, sex, birth_precision,
	CASE WHEN birth_year >= 2000 THEN birth_year ELSE 0 END, phone_status, phone_flags, reach, facts_kind,
	count(*) FROM recipient GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;

CREATE TRIGGER recipient_kind_new AFTER INSERT ON recipient BEGIN
	INSERT INTO recipient_kind(programme, unit_id, state, hold, sex, birth_precision, birth_year,
		phone_status, phone_flags, reach, facts, n)
		VALUES (NEW.programme, COALESCE(NEW.unit_id, 0), NEW.state, NEW.hold, NEW.sex,
		NEW.birth_precision, CASE WHEN NEW.birth_year >= 2000 THEN NEW.birth_year ELSE 0 END,
		NEW.phone_status, NEW.phone_flags, NEW.reach, NEW.facts_kind, 1)
		ON CONFLICT (programme, unit_id, state, hold, sex, birth_precision, birth_year, phone_status,
		phone_flags, reach, facts) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER recipient_kind_change AFTER UPDATE OF programme, unit_id, state, hold, sex, birth_precision,
	birth_year, phone_status, phone_flags, reach, facts_kind ON recipient
	WHEN OLD.programme <> NEW.programme OR COALESCE(OLD.unit_id, 0) <> COALESCE(NEW.unit_id, 0) OR
	OLD.state <> NEW.state OR OLD.hold <> NEW.hold OR OLD.sex <> NEW.sex OR
	OLD.birth_precision <> NEW.birth_precision OR OLD.birth_year <> NEW.birth_year OR
	OLD.phone_status <> NEW.phone_status OR OLD.phone_flags <> NEW.phone_flags OR
	OLD.reach <> NEW.reach OR OLD.facts_kind <> NEW.facts_kind BEGIN
	UPDATE recipient_kind SET n = n - 1 WHERE programme = OLD.programme AND
		unit_id = COALESCE(OLD.unit_id, 0) AND state = OLD.state AND hold = OLD.hold AND
		sex = OLD.sex AND birth_precision = OLD.birth_precision AND
		birth_year = CASE WHEN OLD.birth_year >= 2000 THEN OLD.birth_year ELSE 0 END AND
		phone_status = OLD.phone_status AND phone_flags = OLD.phone_flags AND reach = OLD.reach AND
		facts = OLD.facts_kind;
	INSERT INTO recipient_kind(programme, unit_id, state, hold, sex, birth_precision, birth_year,
		phone_status, phone_flags, reach, facts, n)
		VALUES (NEW.programme, COALESCE(NEW.unit_id, 0), NEW.state, NEW.hold, NEW.sex,
		NEW.birth_precision, CASE WHEN NEW.birth_year >= 2000 THEN NEW.birth_year ELSE 0 END,
		NEW.phone_status, NEW.phone_flags, NEW.reach, NEW.facts_kind, 1)
		ON CONFLICT (programme, unit_id, state, hold, sex, birth_precision, birth_year, phone_status,
		phone_flags, reach, facts) DO UPDATE SET n = n + 1;
END;

-- A number is shared from the second row on, and whatever is found out about it holds for all of them.
CREATE TRIGGER contact_reach AFTER UPDATE OF flags, recipients ON contact
	WHEN (OLD.flags & 15) <> (NEW.flags & 15) OR (OLD.recipients > 1) <> (NEW.recipients > 1) BEGIN
	UPDATE recipient SET reach = 16 | (NEW.flags & 15) | CASE WHEN NEW.recipients > 1 THEN 32 ELSE 0 END
		WHERE contact_id = NEW.id;
END;

-- For those whose age is near a limit: the rows themselves are read.
CREATE INDEX recipient_young ON recipient(programme, birth_year) WHERE birth_year >= 2000;

-- Predicates that somebody gave a name.
CREATE TABLE audience (
	id INTEGER PRIMARY KEY,
	programme TEXT NOT NULL,
	name TEXT NOT NULL,
	predicate TEXT NOT NULL,
	who TEXT NOT NULL,
	at INTEGER NOT NULL,
	UNIQUE (programme, name)
);

-- A campaign may be for those only of its audiences for whom a predicate holds; its names are replaced by
-- what they stood for then.
ALTER TABLE campaign ADD COLUMN only_when TEXT;
