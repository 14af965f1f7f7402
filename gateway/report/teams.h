/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: what the teams handed in, beside what the lists say. */
#ifndef MOIDAN_REPORT_TEAMS_H
#define MOIDAN_REPORT_TEAMS_H

#include <jansson.h>

#include "report/report.h"

/* Sets "teams" of figures: [{"unit": "Tân Phú" ("" = the commune's own), "kind", "unit_id",
 * "handed_in": bool, "at", "who", "way", "fields": [{"key": "III.2", "title", "said": n|null,
 * "counted": n, "differs": bool}], "differs": how many, "difficulties", "proposals"}], with what came at
 * until or before. A figure that contradicts the lists is flagged; neither changes the other. */
MUST_CHECK int teams_add(struct store *st, int iso_week, int64_t until, json_t *figures,
			 struct err *e);
/* "ấp Tân Phú"; of the commune's own team, its commune. Yours. */
char *teams_name(const json_t *figures, const json_t *team);

#endif
