/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: who got furthest, for commendations (Plan 46/KH-UBND, V: "đề xuất khen thưởng"). */
#ifndef MOIDAN_REPORT_RANKING_H
#define MOIDAN_REPORT_RANKING_H

#include "paper/grid.h"
#include "report/report.h"

/* The units of a programme by the share of their rows that reached its first target (where it has none:
 * that are done), with what they have gained since the oldest frozen week (figures_oldest; NULL: not said);
 * who is level has the same rank. NULL when the programme has no units. */
struct grid *ranking_grid(const json_t *figures, const json_t *oldest, const char *programme);

#endif
