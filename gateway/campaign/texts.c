/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "campaign/plan.h"

#define TEXTS_DAYS 14

struct campaign campaign_text_row(const struct programme *p, const struct programme_audience *a,
				  int64_t now)
{
	static char name[] = "xem thử", channel[] = "sms", parameters[] = "{}";

	return (struct campaign){.name = name,
				 .programme = p->name,
				 .audiences = a->id,
				 .channel = channel,
				 .parameters = parameters,
				 .accents = SMS_WITHOUT_ACCENTS, /* as campaigns are, unless asked */
				 .starts_at = now,
				 .expires_at = now + TEXTS_DAYS * CLOCK_DAY_MS};
}

char *campaign_text_file(const struct campaign_house *house, const char *name, struct err *e)
{
	return plan_read_file(house, name, e);
}

char *campaign_text_now(struct store *st, const struct campaign_house *house, const char *name,
			int *version, struct err *e)
{
	char *text = NULL;

	*version = 0;
	if (st != NULL && store_text_now(st, name, version, &text, e) < 0)
		return NULL;
	return text != NULL ? text : plan_read_file(house, name, e);
}

/* Whether a campaign with it could be sent at all. */
static int texts_check(struct store *st, const struct campaign_house *house,
		       const struct programme *p, const struct programme_audience *a,
		       const struct campaign_trial *trial, struct err *e)
{
	struct campaign row = campaign_text_row(p, a, clock_now_ms());
	struct campaign_plan *plan;

	plan = campaign_plan_try(st, house, &row, trial, e);
	campaign_plan_free(plan);
	if (plan != NULL)
		return 0;
	/* What a file of the house has wrong is the officer's to put right here. */
	e->code = EX_DATAERR;
	return -1;
}

int campaign_text_save(struct store *st, const struct campaign_house *house,
		       const struct programme *p, const struct programme_audience *a,
		       const char *name, const char *text, int seen, const char *who,
		       int *version, struct err *e)
{
	struct text_version t = {.name = (char *)(uintptr_t)name,
				 .text = (char *)(uintptr_t)text,
				 .who = (char *)(uintptr_t)who};
	char *file = text == NULL ? plan_read_file(house, name, e) : NULL;
	struct campaign_trial trial = {.name = name, .text = text != NULL ? text : file};
	int rc = -1;

	if (trial.text == NULL || texts_check(st, house, p, a, &trial, e) < 0 ||
	    store_begin(st, e) < 0)
		goto out;
	rc = store_text_put(st, &t, seen, e);
	*version = t.version;
	if (rc != 1)
		store_rollback(st);
	else if (store_commit(st, e) < 0)
		rc = -1;
out:
	free(file);
	return rc;
}
