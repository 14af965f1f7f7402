-- SPDX-License-Identifier: Apache-2.0
-- Texts that an officer wrote in the place of a file of templates/: the newest version of a name counts. NULL: from
-- then on it is the file again.
CREATE TABLE text_version (
	name TEXT NOT NULL,                     -- of the file, sms/vneid/a1.txt
	version INTEGER NOT NULL,               -- from 1 on; the file is 0
	text TEXT,
	who TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (name, version)
) WITHOUT ROWID;
