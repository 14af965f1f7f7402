-- SPDX-License-Identifier: Apache-2.0
-- What kind a new row is of is counted by kind.c and told once, at the commit: a trigger on each took a sixth
-- of what a new row cost. Until then a change of such a row takes away from a count what was not added yet, so
-- that a kind may be below nought in the transaction; whatever comes first, the sum is the same.
DROP TRIGGER recipient_kind_new;
DROP TRIGGER recipient_kind_change;

CREATE TRIGGER recipient_kind_change AFTER UPDATE OF programme, unit_id, state, hold, sex, birth_precision,
	birth_year, phone_status, phone_flags, reach, facts_kind ON recipient
	WHEN OLD.programme <> NEW.programme OR COALESCE(OLD.unit_id, 0) <> COALESCE(NEW.unit_id, 0) OR
	OLD.state <> NEW.state OR OLD.hold <> NEW.hold OR OLD.sex <> NEW.sex OR
	OLD.birth_precision <> NEW.birth_precision OR OLD.birth_year <> NEW.birth_year OR
	OLD.phone_status <> NEW.phone_status OR OLD.phone_flags <> NEW.phone_flags OR
	OLD.reach <> NEW.reach OR OLD.facts_kind <> NEW.facts_kind BEGIN
	INSERT INTO recipient_kind(programme, unit_id, state, hold, sex, birth_precision, birth_year,
		phone_status, phone_flags, reach, facts, n)
		VALUES (OLD.programme, COALESCE(OLD.unit_id, 0), OLD.state, OLD.hold, OLD.sex,
		OLD.birth_precision, CASE WHEN OLD.birth_year >= 2000 THEN OLD.birth_year ELSE 0 END,
		OLD.phone_status, OLD.phone_flags, OLD.reach, OLD.facts_kind, -1)
		ON CONFLICT (programme, unit_id, state, hold, sex, birth_precision, birth_year, phone_status,
		phone_flags, reach, facts) DO UPDATE SET n = n - 1;
	INSERT INTO recipient_kind(programme, unit_id, state, hold, sex, birth_precision, birth_year,
		phone_status, phone_flags, reach, facts, n)
		VALUES (NEW.programme, COALESCE(NEW.unit_id, 0), NEW.state, NEW.hold, NEW.sex,
		NEW.birth_precision, CASE WHEN NEW.birth_year >= 2000 THEN NEW.birth_year ELSE 0 END,
		NEW.phone_status, NEW.phone_flags, NEW.reach, NEW.facts_kind, 1)
		ON CONFLICT (programme, unit_id, state, hold, sex, birth_precision, birth_year, phone_status,
		phone_flags, reach, facts) DO UPDATE SET n = n + 1;
END;
