/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that are not of people: the timetable of a machine, a duty rota. Which
 * columns there are and how they are spelt is data, config/lists/NAME.yaml; the
 * columns are matched as those of any other list. */
#ifndef MOIDAN_ROSTER_LISTING_H
#define MOIDAN_ROSTER_LISTING_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

/* One row below the heading that holds something. */
struct listing_row {
	int number; /* as the spreadsheet counts */
	int n;
	const char *const *names;  /* of the columns, as config/lists/NAME.yaml names them */
	const char *const *values; /* cleaned; "" where the list has nothing */
};
/* The value of a column; "" when it has none. Borrowed. */
const char *listing_value(const struct listing_row *r, const char *name);

/* Calls fn for each row of the list at path, in order; rows that are totals or signatures are left out.
 * fn returns -1 to end with e. encoding NULL = decide. 0, or -1 with e (Vietnamese; EX_DATAERR when the
 * file has no such list, EX_CONFIG when NAME.yaml has a fault). */
MUST_CHECK int listing_read(const char *dir, const char *name, const char *path,
			    const char *encoding,
			    int (*fn)(const struct listing_row *r, void *arg, struct err *e),
			    void *arg, struct err *e);

/* "12/06/2023", "thứ Hai 12/6/2023", a spreadsheet's date. false when it is none. */
bool listing_day(const char *text, int this_year, civil_day *day);
/* "07:30", "7h30", "7g", "13 giờ 30", a fraction of a day; and both ends of "7h30 - 11h00": *to is -1
 * when there is one only. Minutes of the day. false when it is none. */
bool listing_hours(const char *text, int *from, int *to);
/* When something is, by the columns ngay, tu and den (tu may hold both ends): the day and the minutes of it at
 * which it begins and ends. 0, or -1 with e (EX_DATAERR, Vietnamese, names the row). */
MUST_CHECK int listing_period(const struct listing_row *r, int this_year, civil_day *day,
			      int *opens, int *closes, struct err *e);

#endif
