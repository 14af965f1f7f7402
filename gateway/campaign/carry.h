/* SPDX-License-Identifier: Apache-2.0 */
/* What a campaign says on paper and aloud: letters and visit lists for those
 * whom no message reaches, a text for the loudspeaker. The dead and the held are
 * on none of them. */
#ifndef MOIDAN_CAMPAIGN_CARRY_H
#define MOIDAN_CAMPAIGN_CARRY_H

#include <stdbool.h>
#include <stdint.h>

#include "campaign/campaign.h"
#include "store/handed.h"

struct carry_request {
	const char *unit; /* hamlet, by name; NULL = all */
	bool again;	  /* letters that were handed over before too */
	int64_t now;
};

struct carry_result {
	int64_t people; /* letters, or rows of visit lists */
	int units;
	unsigned pages;
	int64_t handed; /* left out, or noted now */
	int64_t faults; /* people whose letter cannot be made */
	char fault[sizeof(
	    ((struct err *)0)->text)]; /* the first: template, line, row by number and code */
};

/* Who is on a campaign's paper. Where its ladder has a rung "letter" or "visit": whoever is on it and
 * has not come to an end there. Otherwise those of its audiences with no number that may be texted
 * (none, a stranger's, one that waits to be confirmed). Never the dead, the held, the done, nor who
 * opted out. By hamlet in the order of the programme, or of the list, then group, then given name. */

/* One page for each, behind a cover list for each hamlet, to path: templates/letter/PROGRAMME/ID.txt
 * (the audience's id in small letters) and templates/letter/cover.txt, marks as paper_write() has them. A
 * letter whose day is over is not made and counts as a fault. EX_NOINPUT when nobody is left. */
MUST_CHECK int carry_letters(struct store *st, const struct campaign_plan *p, const char *path,
			     const struct carry_request *q, struct carry_result *out,
			     struct err *e);
/* A list for each hamlet, what to say before it (templates/visit/PROGRAMME/ID.txt, list.txt), to pdf
 * and, unless NULL, a sheet for each hamlet to xlsx. */
MUST_CHECK int carry_visits(struct store *st, const struct campaign_plan *p, const char *pdf,
			    const char *xlsx, const struct carry_request *q,
			    struct carry_result *out, struct err *e);
/* Notes that the letters or visit lists were given to whoever carries them, on the ladder's rung too;
 * audited, with numbers only. A second time notes nothing. Opens and commits its own transaction. */
MUST_CHECK int carry_hand_over(struct store *st, const struct campaign_plan *p,
			       enum handed_kind kind, const struct carry_request *q,
			       const char *who, struct carry_result *out, struct err *e);

/* Whether the text of an audience can be used: kind "letter" or "visit". 1; 0 when there is none; -1 with e
 * (EX_CONFIG: file, line, what is wrong). */
int carry_check(const struct campaign_plan *p, const char *kind, int audience, struct err *e);

/* The text of templates/loudspeaker/PROGRAMME.txt for a hamlet, in words by abbreviations.txt beside it;
 * a text that asks for somebody's name or group is refused. */
struct carry_speech {
	char *text; /* yours to free() */
	size_t syllables;
	int seconds; /* to read it once */
};
MUST_CHECK int carry_loudspeaker(struct store *st, const struct campaign_plan *p,
				 const char *unit, struct carry_speech *out, struct err *e);

#endif
