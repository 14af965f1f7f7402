/* SPDX-License-Identifier: Apache-2.0 */
/* What several screens show alike: units by name, masked numbers, messages and campaigns as JSON. */
#ifndef MOIDAN_WEB_MODEL_H
#define MOIDAN_WEB_MODEL_H

#include "store/campaign.h"
#include "store/message.h"
#include "store/recipient.h"
#include "store/session.h"
#include "web/visit.h"

/* {"7": "ấp Tân Phú"}: yours; NULL with e. */
json_t *model_units(struct visit *v, struct err *e);
/* Of model_units(); "" for none. Borrowed. */
const char *model_unit(const json_t *units, int64_t id);
/* [{"id": 7, "name": "ấp Tân Phú", "chosen": true}] */
json_t *model_unit_choices(const json_t *units, int64_t chosen);
/* [{"name": "vneid", "title": …, "chosen": true}] */
json_t *model_programmes(const struct visit *v, const char *chosen);
const struct programme *model_programme(const struct visit *v, const char *name);

json_t *model_recipient(const struct visit *v, const json_t *units, const char *programme,
			const struct recipient *r);
json_t *model_message(const struct message_row *r);
json_t *model_campaign(const struct campaign *k);
/* An id as models name what they keep by it. */
void model_key(int64_t id, char out[24]);
/* units as of model_units(). */
json_t *model_session(const struct session *s, const json_t *units, civil_day today);
/* Counts by state: {"total": …, "finished": …, "queued": …, "states": [{"state", "n"}]}. */
json_t *model_counts(const struct message_counts *n);
/* Names of campaigns by id: {"3": "Đợt 1"}; yours, NULL with e. */
json_t *model_campaign_names(struct visit *v, struct err *e);

/* The figures of this week as they are now, or were when they were last drawn: of a long list that takes
 * seconds. Shared by all clerks: not to be changed. A new reference; NULL with e. */
json_t *model_figures_now(struct visit *v, struct err *e);
/* The frozen figures of a week, or for this week those above with what the teams have handed in by now.
 * Yours; NULL with e (EX_NOINPUT). May end v's snapshot. */
json_t *model_figures_of(struct visit *v, int week, bool *frozen, struct err *e);

#endif
