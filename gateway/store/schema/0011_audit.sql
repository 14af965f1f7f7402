-- SPDX-License-Identifier: Apache-2.0
-- The audit is written to at its end and nowhere else. Whoever goes around this breaks the chain of hashes.
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit is append-only');
END;
