-- SPDX-License-Identifier: Apache-2.0
-- How many messages a provider was found to have accepted on a civil day, and how many were found to have reached
-- the telephone: kept together with message_count, from the first day with this table on.
CREATE TABLE message_day (
	day INTEGER NOT NULL,
	campaign_id INTEGER NOT NULL,
	sent INTEGER NOT NULL,
	delivered INTEGER NOT NULL,
	PRIMARY KEY (day, campaign_id)
) WITHOUT ROWID;
