/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: one number, several households. They get one message, which names all who must come. Who is
 * named is found out when it goes out, so that nobody is who died, declined or is done meanwhile. */
#ifndef MOIDAN_CAMPAIGN_TOGETHER_H
#define MOIDAN_CAMPAIGN_TOGETHER_H

#include "campaign/plan.h"

/* A message that names more than so many helps nobody: the others are known to whoever they live with. */
#define TOGETHER_MAX 8

struct together {
	struct recipient items[TOGETHER_MAX]; /* yours; without the first, who stands for them */
	size_t n;
};
void together_free(struct together *t);

/* Those of the campaign, with first's text, who share its number: of its list, as a preview sees them. */
MUST_CHECK int together_sharing(struct together *t, struct store *st,
				const struct campaign_plan *p, struct plan_units *units,
				const struct recipient *first, int audience, struct err *e);
/* Those whose messages are linked to this one, as they are now. */
MUST_CHECK int together_linked(struct together *t, struct store *st,
			       const struct campaign_plan *p, struct plan_units *units,
			       int64_t message_id, const struct recipient *first, int audience,
			       struct err *e);

/* And those of its list who have no message of the step yet. */
MUST_CHECK int together_to_come(struct together *t, struct store *st,
				const struct campaign_plan *p, struct plan_units *units,
				const struct recipient *first, int audience, int step,
				struct err *e);

/* first, with the names of all of them in the place of its own: "Lê Thị A, Ông Trần Văn B và Bà Võ Thị C". The
 * name is yours to free(), all else is first's. */
struct recipient together_named(const struct campaign_plan *p, const struct recipient *first,
				const struct together *t);

#endif
