/* SPDX-License-Identifier: Apache-2.0 */
/* Lists into the store: columns matched, rows checked, people told apart from
 * titles, totals and signatures; faulty rows given back with their reasons. */
#ifndef MOIDAN_ROSTER_ROSTER_H
#define MOIDAN_ROSTER_ROSTER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "roster/programme.h"
#include "roster/sheet.h"
#include "store/store.h"

struct roster_options {
	const char *encoding; /* NULL = decide */
	const char
	    *rejects;	 /* file to write refused rows to (xlsx with a reason column); NULL */
	const char *who; /* for the audit */
	const char *unit_kind; /* "ấp" */
	/* Others of the house: that a list looks more like one of theirs is noted. NULL = none. */
	const struct programme *const *others;
	size_t n_others;
	/* Columns that a person named, "HEADING=COLUMN" (see layout.h). */
	const char *const *columns;
	size_t n_columns;
	bool dry_run;	       /* everything but the commit */
	/* Told now and then how many of the lines below the headings are done; NULL. */
	void (*progress)(int done, int of, void *arg);
	void *progress_arg;
	int this_year;	       /* for dates and ages; 0 = now */
	int list_year;	       /* the year of the list, for phones; 0 = unknown */
};

struct roster_reject {
	int row;
	char column[8]; /* "H"; "" for the whole row */
	char *value;	/* as it stood */
	char *reason;	/* Vietnamese */
};

/* What an import did, or would do. */
struct roster_result {
	char encoding[32], format[8];
	char heading_rows[16]; /* "6" or "6-7" */
	int rows;	       /* rows that are people or households */
	int accepted, rejected;
	int added, updated, same; /* not for inspect */
	int held;		  /* on hold: deceased? */
	int phones_ok, phones_landline, phones_missing, phones_invalid, phones_unknown_range;
	int phones_migrated, phones_confirm, phones_shared;
	int dates_day, dates_month, dates_year, dates_none;
	int64_t total_stated; /* of the list's own total row, -1 = none */
	char *unused;	      /* headings that nothing was made of: “Nghề nghiệp”, “Số để gọi”; "" */
	struct roster_reject *rejects;
	size_t n_rejects, cap_rejects;
	struct roster_reject
	    *notes; /* accepted, but worth a look: renumbered, held, odd date */
	size_t n_notes, cap_notes;
};
void roster_result_free(struct roster_result *r);

/* Reads path as a list of p and writes it in one transaction (none of it when anything fails).
 * A rejected row is a finding, not a failure. 0, or -1 with e (Vietnamese, EX_DATAERR when the file
 * is no list of this programme: names the missing column and what was found). */
MUST_CHECK int roster_import(struct store *st, const struct programme *p, const char *path,
			     const struct roster_options *o, struct roster_result *out,
			     struct err *e);

/* The same without a store: which of the programmes fits best is found from the headings.
 * *which (borrowed) is the programme chosen. */
MUST_CHECK int roster_inspect(const struct programme *const *programmes, size_t n,
			      const char *path, const struct roster_options *o,
			      const struct programme **which, struct roster_result *out,
			      struct err *e);

/* The result as `--json` prints it:
 * {"encoding":…,"rows":n,"accepted":n,"rejected":[{"row":n,"column":…,"reason":…}…],
 *  "phones":{"ok":n,"landline":n,"missing":n,"invalid":n,…},…}. Yours to json_decref(). */
json_t *roster_result_json(const struct roster_result *r);

#endif
