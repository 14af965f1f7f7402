-- SPDX-License-Identifier: Apache-2.0
-- Those whose age is near a limit are looked at one by one: all that a predicate asks of them stands in the index.
DROP INDEX recipient_young;
CREATE INDEX recipient_born ON recipient(programme, birth_year, birth_month, birth_day, unit_id, state, hold, sex,
	birth_precision, phone_status, phone_flags, reach, facts_kind) WHERE birth_year >= 2000;
