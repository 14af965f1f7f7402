/* SPDX-License-Identifier: Apache-2.0 */
/* People and households, the numbers that reach them, the lists they came in. */
#ifndef MOIDAN_STORE_RECIPIENT_H
#define MOIDAN_STORE_RECIPIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Why nobody may write to this row. Numbers are stored. */
enum recipient_hold {
	HOLD_NONE = 0,
	HOLD_DECEASED_SUSPECTED = 1, /* a note or a date says so; an officer decides */
	HOLD_DECEASED = 2,           /* confirmed; for good */
	HOLD_OFFICER = 3,            /* held by hand */
	HOLD_GONE = 4,               /* no longer in the list */
	HOLD_PURGED = 5,             /* its time was over: only what is counted is left */
};
const char *recipient_hold_name(enum recipient_hold h); /* "deceased?", "deceased", "officer" … */

enum contact_flag {
	CONTACT_OPTED_OUT = 1 << 0,
	CONTACT_WRONG_PERSON = 1 << 1,
	CONTACT_DEAD_NUMBER = 1 << 2,  /* the network says that it does not exist */
	CONTACT_UNCONFIRMED = 1 << 3,  /* 2018 renumbering, 076/077: ask once */
	CONTACT_REACHED = 1 << 4,      /* a message was delivered: set with the receipt */
};

/* A row of a programme's list. Text is borrowed by the verbs that write and owned (recipient_clear)
 * by those that read. */
struct recipient {
	int64_t id;
	char *key;            /* the list's own code ("TP-0001"), or made from name, year, unit */
	int64_t unit_id;      /* hamlet; 0 = none */
	char *group;          /* Tổ */
	char *name, *name_fold, *name_sort;
	int sex;              /* 0 unknown, 1 male, 2 female */
	int birth_precision, birth_year, birth_month, birth_day;
	uint64_t number;      /* the usable mobile number, else the landline; 0 = none */
	int phone_status;     /* enum phone_status */
	unsigned phone_flags;
	char *numbers_more;   /* further numbers, space-separated digits; NULL */
	int64_t contact_id;   /* 0 = nothing can be texted. Set by the store */
	int contact_shared;   /* how many recipients have this contact (read only) */
	unsigned contact_flags; /* enum contact_flag (read only) */
	int state;            /* index of the programme's states */
	char *facts;          /* JSON object: the programme's further columns, folded where they compare */
	char *facts_kind;     /* those of them that rows are counted by; NULL = facts (written only) */
	enum recipient_hold hold;
	char *hold_reason;
	int64_t rev;          /* grows with every change that may matter to sending */
	int64_t import_id;
	int source_row;       /* spreadsheet row number */
	char *raw;            /* JSON array: the cells as they came */
};
void recipient_clear(struct recipient *r);
/* Its own texts with their NULs. */
size_t recipient_text_bytes(const struct recipient *r);
/* Moves them to `to`, one behind the other, where r borrows them from then on. Returns what is behind the last. */
char *recipient_pack(struct recipient *r, char *to);

/* Units: hamlet < commune < province. Found by folded name (and code). */
struct unit {
	int64_t id, parent_id;
	char *name;   /* "Tân Phú" */
	char *kind;   /* "ấp" */
};
/* Makes it when it is not there. In a transaction. */
MUST_CHECK int store_unit_put(struct store *st, const char *kind, const char *name,
			      int64_t parent_id, int64_t *id, struct err *e);
/* 1/0/-1 by folded name. */
int store_unit_find(struct store *st, const char *name, int64_t *id, struct err *e);
MUST_CHECK int store_unit_list(struct store *st, void (*fn)(const struct unit *u, void *arg),
			       void *arg, struct err *e);

/* ---- imports: one transaction a file --------------------------------------------------- */

enum recipient_put {
	RECIPIENT_NEW,
	RECIPIENT_UPDATED,  /* something differed; the state of the list wins, see below */
	RECIPIENT_SAME,
	RECIPIENT_PUT_COUNT
};

/* Writes one row by (programme, key). An update never lifts an officer's hold nor a decision about
 * death, and never moves the state back from what an officer set later than the list's date. rev grows
 * only when name, number, state, facts, unit or hold changed; contact counts follow. In a
 * transaction; r->id is set. */
MUST_CHECK int store_recipient_put(struct store *st, const char *programme, struct recipient *r,
				   enum recipient_put *what, struct err *e);

struct import_record {
	int64_t id;
	char *programme, *file, *sha256, *who, *encoding;
	int64_t at;
	int rows, accepted, rejected, added, updated, same, held;
	int64_t total_stated; /* of the list's own total row; -1 = none */
	int64_t undone_at; /* read only, as what follows; 0 = it stands */
	char *undone_by;
	bool undoable; /* what it changed is still kept */
};
MUST_CHECK int store_import_add(struct store *st, struct import_record *rec, struct err *e);
MUST_CHECK int store_import_finish(struct store *st, const struct import_record *rec,
				   struct err *e);
/* Newest first; programme NULL = all. */
MUST_CHECK int store_import_list(struct store *st, const char *programme, size_t max,
				 void (*fn)(const struct import_record *r, void *arg), void *arg,
				 struct err *e);

/* Former values are kept so long: after that a list cannot be taken back. */
#define IMPORT_UNDO_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/* What taking a list back did, in rows. */
struct import_undone {
	int removed;  /* came with it, and are gone */
	int restored; /* were changed by it, and have their former values */
	/* What was built on the list stays as it is: */
	int kept_listed;  /* a later list of the programme, which stands, has the row too */
	int kept_decided; /* an officer has said something else of it since */
	int kept_written; /* came with it, and was written to, given a seat or a paper */
	bool already;	  /* it was taken back before, and there is nothing more to do */
};
/* Takes back what the list did, where nothing was built on it since; again, it does what has become possible
 * since (a later list was taken back). Audited. In a transaction, best one of its own: a whole list is read and
 * written. who NULL: only reads what it would do, in a snapshot. 1; 0 when there is no such list; -1 with e,
 * Vietnamese (EX_DATAERR: nothing of it can be taken back, and why). */
MUST_CHECK int store_import_undo(struct store *st, int64_t id, const char *who,
				 struct import_undone *out, struct err *e);

/* ---- reading and deciding -------------------------------------------------------------- */

/* Rows of a programme in order of id after after_id. The row is borrowed; fn returns false to stop.
 * fast leaves out raw, name_fold, name_sort. */
MUST_CHECK int store_recipient_scan(struct store *st, const char *programme, int64_t after_id,
				    size_t max, bool fast,
				    bool (*fn)(const struct recipient *r, void *arg), void *arg,
				    struct err *e);
/* 1/0/-1; out is yours to clear. */
int store_recipient_get(struct store *st, int64_t id, struct recipient *out, struct err *e);
int store_recipient_find(struct store *st, const char *programme, const char *key,
			 struct recipient *out, struct err *e);

/* What is searched for: words as typed, each the beginning of a word of the name (accents do not matter)
 * or of the list's code, or, of three digits and more, the end of the number. */
struct recipient_search {
	const char *text;      /* NULL or "" = everybody */
	const char *programme; /* NULL = any */
	int64_t unit_id;       /* 0 = any */
	bool held;             /* only those that are held */
	int64_t after_id;      /* keyset */
	/* Whoever sees no more than so many last digits finds by these or by the whole number: by ever longer
	 * ends a masked number could be guessed digit by digit. 0 = all are seen. */
	int shown_digits;
};
/* Calls fn for at most max rows in order of id; r is borrowed, without raw, name_fold, name_sort; fn
 * returns false to stop. */
MUST_CHECK int store_recipient_search(struct store *st, const struct recipient_search *f,
				      size_t max,
				      bool (*fn)(const char *programme, const struct recipient *r,
						 void *arg),
				      void *arg, struct err *e);
/* Whose list the row is in; yours to free(). 1/0/-1. */
int store_recipient_programme(struct store *st, int64_t id, char **programme, struct err *e);

/* What a row was before a list changed it: kept for a while so that the list can be taken back. */
struct recipient_before {
	int64_t at; /* of the list that changed it */
	const char *file, *programme, *name, *numbers_more, *group, *hold_reason, *facts, *raw;
	uint64_t number;
	int birth_day, birth_month, birth_year, state;
	enum recipient_hold hold;
};
/* Calls fn for each such time, the first first. Borrowed; texts may be NULL. */
MUST_CHECK int store_recipient_before(struct store *st, int64_t id,
				      void (*fn)(const struct recipient_before *b, void *arg),
				      void *arg, struct err *e);

/* An officer's decision. In a transaction; 1/0/-1. */
int store_recipient_hold(struct store *st, int64_t id, enum recipient_hold hold, const char *reason,
			 const char *who, struct err *e);
int store_recipient_set_state(struct store *st, int64_t id, int state, const char *who,
			      struct err *e);
/* What is known of a number: 1/0 (never seen)/-1. */
int store_contact_flags_get(struct store *st, uint64_t number, unsigned *flags, struct err *e);
/* Sets or clears flags of a number (made when unknown). In a transaction. */
MUST_CHECK int store_contact_flags(struct store *st, uint64_t number, unsigned set, unsigned clear,
				   const char *who, struct err *e);

/* The contact of a number: 1/0/-1. */
int store_contact_find(struct store *st, uint64_t number, int64_t *id, struct err *e);

/* Counts for figures: per unit, of one programme. */
struct recipient_counts {
	int64_t unit_id;
	int64_t total;
	int64_t by_state[16];
	int64_t no_phone;   /* nothing that can be texted */
	int64_t held;
	int64_t held_deceased;
	int64_t by_birth_precision[4];
};
MUST_CHECK int store_recipient_counts(struct store *st, const char *programme,
				      void (*fn)(const struct recipient_counts *c, void *arg),
				      void *arg, struct err *e);

#endif
