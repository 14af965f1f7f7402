/* SPDX-License-Identifier: Apache-2.0 */
/* A programme is data: config/programmes/NAME.yaml says what a row of its list
 * is, how its columns are spelt, which states there are and which are done, who
 * its audiences are and with which text each is written to. */
#ifndef MOIDAN_ROSTER_PROGRAMME_H
#define MOIDAN_ROSTER_PROGRAMME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "store/recipient.h"

#define PROGRAMME_MAX_STATES 16

/* What a column means. FACT columns are the programme's own and go to facts under their name. */
enum column_field {
	COLUMN_KEY,    /* the list's own code */
	COLUMN_NUMBER, /* STT: not read */
	COLUMN_NAME,
	COLUMN_FAMILY_NAME, /* "Họ và chữ đệm", with COLUMN_GIVEN_NAME */
	COLUMN_GIVEN_NAME,
	COLUMN_SEX,
	COLUMN_BIRTH,
	COLUMN_BIRTH_MALE, /* the year written under "Nam" or "Nữ": birth and sex in one */
	COLUMN_BIRTH_FEMALE,
	COLUMN_UNIT,  /* ấp */
	COLUMN_GROUP, /* tổ */
	COLUMN_PHONE,
	COLUMN_IDENTITY, /* CCCD, CMND: compared with sex and year, never kept but for its last 4 digits */
	COLUMN_NOTE, /* goes to the fact "note"; read for notes that say dead or away */
	COLUMN_FACT,
	COLUMN_FIELD_COUNT
};

struct programme_column {
	int field;		    /* enum column_field */
	char *name;		    /* the fact's name; "" for other fields */
	struct conf_list spellings; /* char *: headings, compared by vi_fold */
	bool required;
	json_t *values; /* fact: {canonical: [spellings …]}; NULL = any text */
	char *empty;	/* canonical value of an empty cell; NULL = "" */
	char *
	    other; /* canonical value of a text that is not listed; NULL = as an empty cell, with a
		      * note for the officer */
};

struct programme_state {
	char *name;  /* "none", "account", "app" */
	char *title; /* "chưa có tài khoản" */
	bool done;
	char *
	    when; /* predicate over facts that puts a row of the list here; the first that holds, from the
		      * last state to the first */
};

/* A further message to whoever an invitation went to. */
enum programme_step_when {
	STEP_BEFORE,	/* days before the session, or before the deadline where there is none */
	STEP_AFTER,	/* days after the invitation */
	STEP_CAME,	/* when somebody came to the session */
	STEP_MOVED,	/* the session that was announced is at another place or time */
	STEP_CANCELLED, /* it does not take place */
};
struct programme_step {
	int when; /* enum programme_step_when */
	int64_t days;
	char *sms; /* template under templates/ */
};

struct programme_audience {
	char *id;    /* "A1" */
	char *title; /* "hộ chưa có tài khoản mức 2" */
	char *when;  /* predicate */
	char *
	    sms; /* template under templates/: "sms/vneid/a1.txt"; NULL: not written to by campaigns */
	char *place; /* what is written as {{noi_lam}} */
	bool hold;   /* nobody is written to: A7 */
	bool seat;   /* an invitation names one session and takes a seat there */
	int64_t invitations;	/* with a seat: to at most so many sessions, while people do not come */
	char *came;		/* with a seat: the state of whoever came; NULL = an officer sets it */
	struct conf_list steps; /* struct programme_step */
};

/* A predicate with a name, for counting and composing: it may overlap with audiences. */
struct programme_named {
	char *id; /* "A18" */
	char *title;
	char *when;
};

struct programme_target {
	char *id, *title;
	char *unit;		  /* "hộ", "người" */
	int64_t assigned;	  /* chỉ tiêu giao */
	int64_t deadline;	  /* civil day */
	bool inclusive;		  /* "đến ngày" true, "trước ngày" false */
	char *done_when;	  /* predicate of what counts as reached */
	char *source;		  /* "Kế hoạch 46/KH-UBND, II.3" */
	struct conf_list by_unit; /* struct programme_share: per hamlet, where the plan says */
};
struct programme_share {
	char *unit;
	int64_t assigned;
};

/* A table that reports print of the list: how many rows are of which kind. */
struct programme_figure {
	char *group; /* a heading over several columns; "" */
	char *title;
	char *when; /* predicate of the rows counted; "" = nothing is counted here (Ghi chú) */
	bool
	    daily; /* instead: how many are to be invited a working day to meet the first target */
};
struct programme_appendix {
	char *number; /* "III"; "" = there is no such table */
	char *title;
	char *total;  /* what the whole commune's row is called when there are no others */
	bool by_unit; /* a row each */
	struct conf_list columns; /* struct programme_figure */
};
extern const struct conf_table programme_appendix_table;

struct programme {
	char *name; /* "vneid": file name without .yaml */
	char *title;
	char *row;		    /* "hộ", "người", "cán bộ" */
	struct conf_list columns;   /* struct programme_column */
	struct conf_list states;    /* struct programme_state, in order of progress */
	struct conf_list audiences; /* struct programme_audience, the first that fits wins */
	struct conf_list named;	    /* struct programme_named */
	struct conf_list targets;   /* struct programme_target */
	struct programme_appendix appendix;
	struct conf_list deceased; /* char *: words of notes that say dead */
	struct conf_list
	    alive;	       /* char *: phrases that contain such words and do not say dead */
	struct conf_list away; /* char *: words of notes that say away: fact "away" is "co" */
	struct conf_list units; /* char *: hamlets that may occur; empty = any */
	char *
	    unit_kind; /* of units without a kind before their name; NULL = what the importer says */
	/* private: compiled predicates and values */
	struct programme_compiled *compiled;
};
extern const struct conf_table programme_table;

/* Loads dir/programmes/NAME.yaml, compiles and checks every predicate. NULL with e (EX_CONFIG with
 * file, line, key). */
struct programme *programme_load(const char *dir, const char *name, struct err *e);
void programme_free(struct programme *p);

/* Columns alone, of a list that is not of people: title and columns, all of them facts. For
 * layout_find(); nothing else may be asked of it. NULL with e. */
struct programme *programme_columns_load(const char *path, struct err *e);

/* Names of the programmes in dir, sorted; NULL-terminated, yours (free each and the array). */
char **programme_names(const char *dir);

/* ---- predicates --------------------------------------------------------------------------
 * A small language without code: comparisons joined by "and", "or", "not" and parentheses.
 *   state = none                      birth < day        (none < year < month < day)
 *   phone = missing                   fact.cu_tru = tam_tru
 *   unit in ("Tân Phú", "Tân Mỹ")     hold = none        sex = 1        group = "Tổ 1"
 *   number = wrong-person             shared = yes       age >= 14      A1 and not A18
 * Left side: state, birth, phone, number (ok, none, dead, wrong-person, opted-out, unconfirmed: whether it
 * may be texted), shared (yes, no: with other rows), age (whole years today; of somebody whose year of birth
 * is not known nothing holds), unit, group, sex, hold, fact.NAME. Operators: = != < <= > >= in; order is
 * for state, birth and age. Text compares folded. A fact that the row lacks is "". A name alone stands for
 * an audience of the programme (whom no audience before it has), for one of its `named`, or for one that
 * whoever compiles knows; in quotes where it has spaces. */
struct predicate;

/* Names that somebody gave to predicates. find: the text; NULL = unknown. Borrowed. */
struct predicate_names {
	const char *(*find)(void *arg, const char *name);
	void *arg;
};

/* What a row looks like to a predicate. unit_name may be NULL. */
struct predicate_row {
	const struct recipient *r;
	const char *unit_name;
};

/* The canonical value of a cell of column c of p (folded comparison), or NULL when values are listed
 * and text is none of them. Empty text gives the column's value for empty cells. Borrowed. */
const char *programme_fact_value(const struct programme *p, size_t c, const char *text);
/* The state a row of the list is in: the last one whose predicate holds, else the first. */
int programme_state_of(const struct programme *p, const struct predicate_row *row);

/* Compiles text for p (names of states, facts and their values are checked). where stands in errors;
 * NULL leaves it out. */
struct predicate *predicate_compile(const struct programme *p, const char *text,
				    const char *where, struct err *e);
/* The same with names (NULL = the programme's alone). *expanded (or NULL) gets the text with every name
 * replaced by what it stands for, yours to free(): it means the same when the names have changed. */
struct predicate *predicate_compile_named(const struct programme *p, const char *text,
					  const char *where,
					  const struct predicate_names *names, char **expanded,
					  struct err *e);
/* Whether name may be given to a predicate: no word of the language, no quotes, not used by p. */
bool predicate_name_free(const struct programme *p, const char *name);
/* What it looks at, as bits: rows that agree in all else need not be looked at one by one. */
enum predicate_looks {
	PREDICATE_AGE = 1 << 0,	   /* at days of birth since 2000 */
	PREDICATE_DETAIL = 1 << 1, /* at a group, a fact whose values are not listed, ages of before 2000 */
};
unsigned predicate_looks(const struct predicate *q);
void predicate_free(struct predicate *q);
/* No allocation but where a fact of free text is compared; may run on several threads at once. */
bool predicate_holds(const struct predicate *q, const struct predicate_row *row);

/* Whether the targets look at nothing but what rows of a kind have in common (store_recipient_kinds). */
bool programme_targets_by_kind(const struct programme *p);
/* Likewise the columns of its appendix, and its targets. */
bool programme_appendix_by_kind(const struct programme *p);

/* The audience of a row: index of the first whose predicate holds, -1 when none does. */
int programme_audience_of(const struct programme *p, const struct predicate_row *row);
/* Whether figure i of the appendix counts the row. */
bool programme_figure_counts(const struct programme *p, size_t i,
			     const struct predicate_row *row);
/* Whether target t counts the row as reached. */
bool programme_target_reached(const struct programme *p, size_t t,
			      const struct predicate_row *row);
int programme_state_find(const struct programme *p, const char *name); /* -1 = none */
const struct programme_state *programme_state_at(const struct programme *p, int state);
const struct programme_audience *programme_audience_at(const struct programme *p, int index);
int programme_audience_find(const struct programme *p, const char *id);

#endif
