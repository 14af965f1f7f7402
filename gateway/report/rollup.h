/* SPDX-License-Identifier: Apache-2.0 */
/* The gateways below: each of `reports.communes` pushes its summary here as it does to any receiver
 * (deliver.h), signed as Standard Webhooks do with the secret that it shares with us. Our own figures hold
 * theirs (gather.h), and go up from here in the same way. */
#ifndef MOIDAN_REPORT_ROLLUP_H
#define MOIDAN_REPORT_ROLLUP_H

#include "report/report.h"
#include "store/subordinate.h"

/* Longest summary that is taken: of a province of hundreds of communes. */
#define ROLLUP_BODY_MAX ((size_t)2 * 1024 * 1024)

/* What came in, as HTTP has it. Borrowed; a header that is absent is NULL. */
struct rollup_call {
	const char *id, *timestamp, *signature, *body;
	size_t len;
};
struct rollup_word {
	const char *commune; /* of the configuration */
	int week;
};
/* Whose it is, and whether they sent it, less than five minutes ago; only what is signed is read. 0 with *out, or -1
 * with e: EX_NOPERM
 * (nobody whom we know), EX_DATAERR (theirs, but not a summary). */
MUST_CHECK int rollup_verify(const struct reports_config *c, const struct rollup_call *call,
			     int64_t now, struct rollup_word *out, struct err *e);

/* A week of all communes: {"week", "deadline", "communes": [{"name", "received_at", "late": bool,
 * "missing": bool, "confirmed_by", "targets": [{"programme", "id", "title", "unit", "assigned", "count",
 * "reached"}]}], "totals": [target, …], "missing", "late"}; moments in UTC ms. A commune is late when its
 * summary came after communes_by, or has not come when that is past. Yours; NULL with e. */
json_t *rollup_week(struct store *st, const struct report_house *h, int iso_week, int64_t now,
		    struct err *e);
/* The figures that one commune handed up, and when (UTC ms): 1/0/-1; yours. */
int rollup_figures(struct store *st, const char *commune, int iso_week, json_t **figures,
		   int64_t *received_at, struct err *e);
/* The summary of one commune in words: 1/0/-1; yours. */
int rollup_text(struct store *st, const char *commune, int iso_week, char **text,
		struct err *e);

#endif
