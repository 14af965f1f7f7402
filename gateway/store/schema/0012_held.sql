-- SPDX-License-Identifier: Apache-2.0
-- BETWEEN, not IN: for a list SQLite builds a table each time that it asks whether a row belongs to the index,
-- a tenth of what a new row cost.
DROP INDEX recipient_held;
CREATE INDEX recipient_held ON recipient(id) WHERE hold BETWEEN 1 AND 3;
