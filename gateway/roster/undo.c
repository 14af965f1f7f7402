/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/undo.h"

#include "base/log.h"

static int undo_run(struct store *st, int64_t id, const char *who, struct import_undone *out,
		    struct err *e)
{
	int rc = store_import_undo(st, id, who, out, e);

	if (rc == 0)
		rc = err_set(e, EX_NOINPUT, "không có lần nhập số %lld", (long long)id);
	return rc < 0 ? -1 : 0;
}

int roster_undo_look(struct store *st, int64_t id, struct import_undone *out, struct err *e)
{
	int rc;

	if (store_read_begin(st, e) < 0)
		return -1;
	rc = undo_run(st, id, NULL, out, e);
	store_read_end(st);
	return rc;
}

int roster_undo(struct store *st, int64_t id, const char *who, struct import_undone *out,
		struct err *e)
{
	if (store_begin(st, e) < 0 || store_end(st, undo_run(st, id, who, out, e), e) < 0)
		return -1;
	log_info("roster", "import_undone", "import=%lld removed=%d restored=%d kept=%d",
		 (long long)id, out->removed, out->restored,
		 out->kept_listed + out->kept_decided + out->kept_written);
	return 0;
}

json_t *roster_undone_json(const struct import_undone *u)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:b}", "removed", u->removed, "restored",
			 u->restored, "kept_listed", u->kept_listed, "kept_decided",
			 u->kept_decided, "kept_written", u->kept_written, "already",
			 u->already);
}
