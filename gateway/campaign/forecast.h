/* SPDX-License-Identifier: Apache-2.0 */
/* When everybody will have been invited and have come, at what cost, which deadline
 * breaks and what would save it: an expectation, with its assumption shown. */
#ifndef MOIDAN_CAMPAIGN_FORECAST_H
#define MOIDAN_CAMPAIGN_FORECAST_H

#include "campaign/campaign.h"

struct campaign_forecast {
	struct campaign_quota quota; /* as it is today */
	int64_t left, to_invite;
	int come;			 /* per mille of those invited who come */
	bool observed;			 /* at sessions; else assumed */
	civil_day all_invited, all_came; /* 0 = not within two months of the last deadline */
	int64_t invitations;		 /* still to be sent */
	double per_person;		 /* đồng, reminders included */
	int64_t spent, cost;		 /* đồng: bound by now, in the end */
	int64_t left_at[CAMPAIGN_QUOTA_TARGETS]; /* of each target on its last good day */
	int breaks; /* the first deadline that is not met; -1 = none */
	/* what would save it */
	int64_t more_seats, more_sessions, seats_each;
	int64_t visits;	 /* people whom messages will not bring in time */
	int64_t by_hand; /* rows that cannot be texted */
};

/* come: per cent of those invited who come, assumed where nothing is observed. */
MUST_CHECK int campaign_forecast(struct store *st, const struct campaign_plan *p,
				 civil_day today, int come, struct campaign_forecast *out,
				 struct err *e);
json_t *campaign_forecast_json(const struct campaign_forecast *f); /* yours */
char *campaign_forecast_text(const struct campaign_forecast *f);   /* yours */

#endif
