/* SPDX-License-Identifier: Apache-2.0 */
/* Who would be written to, counted at once: predicates composed by name over facts and units. */
#ifndef MOIDAN_CAMPAIGN_AUDIENCE_H
#define MOIDAN_CAMPAIGN_AUDIENCE_H

#include "campaign/campaign.h"
#include "store/audience.h"

#define AUDIENCE_SAMPLES 10
#define AUDIENCE_HAMLETS 64

/* The predicates that people saved for a programme, by name; for predicate_compile_named(). */
struct audience_names {
	struct predicate_names names;
	struct audience_saved {
		char *name, *predicate;
	} * items;
	size_t n, cap;
};
MUST_CHECK int audience_names_load(struct audience_names *all, struct store *st,
				   const char *programme, struct err *e);
void audience_names_free(struct audience_names *all);

struct audience_count {
	int64_t recipients;	     /* rows of the list */
	int64_t members;	     /* of them, for whom the predicate holds */
	int64_t reachable;	     /* of them, who can be written to */
	int64_t shared;		     /* of those, with a number that others have: one message goes to all */
	int64_t excluded[EXCLUDED_COUNT]; /* why not; NOT_IN_AUDIENCE: the rest of the list */
	struct audience_hamlet {
		int64_t unit_id, members, reachable;
	} hamlets[AUDIENCE_HAMLETS]; /* those beyond the room are counted with the last */
	int n_hamlets;
	bool by_rows; /* it asks for something that only the rows say: they were read */
	char *expanded; /* the predicate with its names replaced */
	struct recipient samples[AUDIENCE_SAMPLES]; /* of those who can be written to, spread over the list */
	int n_samples;
};
/* Counts a predicate (or a name). Counts come from kinds kept beside the rows: whatever the size of the list it
 * takes milliseconds, unless by_rows. Samples are read where samples. -1 with e: EX_DATAERR when the
 * predicate cannot be understood. */
MUST_CHECK int audience_count(struct store *st, const struct programme *p, const char *text,
			      const struct predicate_names *names, bool samples,
			      struct audience_count *out, struct err *e);
void audience_count_free(struct audience_count *c);
/* For people and other programs, numbers masked; yours, NULL with e. */
MUST_CHECK json_t *audience_count_json(struct store *st, const struct audience_count *n,
				       const char *programme, struct err *e);
/* Who is not written to for a reason that lies in the people: those before it; the others lie in a campaign. */
#define AUDIENCE_REASONS (EXCLUDED_UNCONFIRMED + 1)

/* Every name that a condition may use: the audiences and predicates of the programmes (of the one named only;
 * NULL = all), then what was saved: [{"programme", "name", "kind": audience|named|saved, "when", "title" or
 * "who", "at"}]. Yours, NULL with e. */
MUST_CHECK json_t *audience_list_json(struct store *st, struct programme *const *programmes,
				      size_t n, const char *only, struct err *e);

/* What a condition stands for today, down to the last name: yours. NULL with e (EX_DATAERR). where stands in
 * errors. */
MUST_CHECK char *audience_expand(struct store *st, const struct programme *p, const char *text,
				 const char *where, struct err *e);

/* Gives a predicate a name, audited; -1 with EX_DATAERR when the name means something already or the
 * predicate cannot be understood or would come to mean itself. */
MUST_CHECK int audience_save(struct store *st, const struct programme *p, const char *name,
			     const char *text, const char *who, struct err *e);
/* 1/0/-1; audited. */
int audience_remove(struct store *st, const struct programme *p, const char *name,
		    const char *who, struct err *e);

#endif
