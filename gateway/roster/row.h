/* SPDX-License-Identifier: Apache-2.0 */
/* From a row of a sheet to a recipient: cleaned, checked, or refused with a
 * reason. Everything but the store. */
#ifndef MOIDAN_ROSTER_ROW_H
#define MOIDAN_ROSTER_ROW_H

#include "base/buf.h"
#include "roster/layout.h"
#include "roster/note.h"
#include "roster/roster.h"
#include "text/vdate.h"

/* Hashes of texts or numbers, each with a small number. */
struct row_seen {
	struct row_seen_slot {
		uint64_t hash; /* 0 = free */
		int value;
	} * slots;
	size_t n, cap;
};

/* A hamlet as it was met in the list. */
struct row_unit {
	char *cell; /* as it stands in cells */
	char *name, *fold, *kind;
	bool known; /* the programme's units have it */
	int64_t id; /* in the store; 0 = not put yet. Of whoever puts the rows: reading does not look at it */
};

/* A text of a column and what it came to, as far as that was asked: statuses and remarks repeat. */
struct row_memo {
	char *text;
	unsigned known; /* enum row_known, as bits */
	const char *value;
	int sex;
	bool silent, away;
};
enum row_known {
	ROW_KNOWN_VALUE = 1,  /* of a fact; NULL = not understood */
	ROW_KNOWN_SEX = 2,    /* 0 = not understood */
	ROW_KNOWN_SILENT = 4, /* no word in it says dead */
	ROW_KNOWN_AWAY = 8    /* a word in it says away */
};
/* Columns times these. */
#define ROW_MEMOS 16

struct row_reader {
	const struct programme *p;
	const struct roster_options *o;
	const struct sheet *sheet;
	const struct layout *l;
	struct roster_result *out;
	int this_year;
	bool month_first;
	struct layout_walk walk;
	struct row_seen keys, numbers, twins;
	struct row_unit **units;
	size_t n_units, cap_units;
	struct row_seen unit_at; /* by the text of the cell: index + 1 */
	struct row_memo *memo;
	size_t *absent, n_absent; /* facts of the programme that the list has no column for */
	struct note_phrases *deceased, *alive, *away;
	int *reject_index; /* rows of the sheet, beside out->rejects */
	size_t cap_reject_index;
	struct buf facts, kind, raw;
};

/* One accepted row. The recipient's texts are its own. */
struct row {
	struct recipient r;
	int index; /* of its line in the sheet */
	struct row_unit *unit; /* NULL = none; of the reader, as long as it is */
};
void row_clear(struct row *row);

/* Everything given must outlive the reader. */
void row_reader_init(struct row_reader *rd, const struct programme *p,
		     const struct roster_options *o, const struct sheet *sheet,
		     const struct layout *l, struct roster_result *out);
void row_reader_clear(struct row_reader *rd);

/* Looks the list over, once and before the first row: the order of its dates, and names that occur twice when
 * there is no column of codes. */
void row_look_over(struct row_reader *rd);
/* Reads row index; in order, each once. True when *row is to be written: then it is yours to clear.
 * False: no person, or refused (rd->out says so). */
bool row_read(struct row_reader *rd, int index, struct row *row);

/* What is remembered of a text of sheet column i; spaces before it do not count. Good until the next text of
 * the column. */
struct row_memo *row_memo(struct row_reader *rd, int i, const char *text);
/* The canonical value of the text of a fact's column with listed values; NULL = not understood. Borrowed. */
const char *row_memo_value(struct row_reader *rd, int i, struct row_memo *m);

/* Adds to the notes. column: of the sheet, -1 for the whole row. */
void row_note(struct row_reader *rd, const struct sheet_row *row, int column, const char *value,
	      const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A text of the list that messages may repeat; "", with a note, for one that would bring an address into
 * them. */
const char *row_plain(struct row_reader *rd, const struct sheet_row *row, int i,
		      const char *text);

/* Fills rd->absent. */
void row_find_absent(struct row_reader *rd);
/* r->facts and r->facts_kind, the facts that rows are counted by. */
void row_take_facts(struct row_reader *rd, const struct sheet_row *row, struct recipient *r);

#endif
