/* SPDX-License-Identifier: Apache-2.0 */
/* The figures that teams hand in on Wednesdays (Plan 46/KH-UBND, IV: "báo cáo vào cuối ngày thứ 4 hàng
 * tuần"): which they are, and taking them in, whichever way they come. A hamlet's team counts the columns
 * of the appendices that have a row for each hamlet, the commune's own team those of the others. */
#ifndef MOIDAN_CAMPAIGN_HAND_IN_H
#define MOIDAN_CAMPAIGN_HAND_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "roster/programme.h"
#include "store/hand_in.h"

#define HAND_IN_FIELDS	 32
#define HAND_IN_TEXT_MAX 2000 /* bytes of difficulties, of proposals */

struct hand_in_field {
	char key[24];	   /* "III.2": appendix and column, from 1 */
	char title[160];   /* "Thường trú chưa cấp CCCD: Tổng" */
};

/* The field of an appendix's column number i, from 0; false when nobody counts that: it is computed, or left for
 * notes (empty). The rule for programmes of today and for figures that were frozen long ago. */
bool hand_in_field_of(const char *number, size_t i, const char *group, const char *title,
		      bool empty, bool daily, struct hand_in_field *out);

/* Of the reported programmes, in the order of their appendices' columns: how many, at most
 * HAND_IN_FIELDS. */
size_t hand_in_fields(struct programme *const *programmes, size_t n, bool commune,
		      struct hand_in_field *out);

/* Takes in what a team says: n values in the order of the fields ("1.157"; "" = not counted), or none at
 * all where only words are said. in->figures is not looked at. For the caller's transaction; 0, or -1
 * with e (Vietnamese, EX_DATAERR: which figure, what is allowed). */
MUST_CHECK int hand_in_take(struct store *st, struct programme *const *programmes,
			    size_t n_programmes, const struct hand_in *in,
			    const char *const *values, size_t n, struct err *e);

#endif
