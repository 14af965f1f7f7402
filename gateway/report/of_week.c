/* SPDX-License-Identifier: Apache-2.0 */
/* Which week is meant, and its figures. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "report/report.h"

int report_week_parse(const char *text, int64_t now, int *iso_week, struct err *e)
{
	int year, week, used = -1;

	*iso_week = civil_iso_week(civil_day_of(now));
	if (text == NULL || *text == '\0')
		return 0;
	if (sscanf(text, "%4d-W%2d%n", &year, &week, &used) != 2 || used != (int)strlen(text) ||
	    week < 1 || week > 53 || year < 2000 ||
	    civil_iso_week(civil_iso_week_monday(year * 100 + week)) != year * 100 + week)
		return err_set(e, EX_USAGE, "tuần phải viết như 2023-W24, không phải \"%s\"",
			       text);
	*iso_week = year * 100 + week;
	return 0;
}

json_t *report_of_week(struct store *st, const struct report_house *h, int iso_week,
		       int64_t now, bool *frozen, struct err *e)
{
	json_t *figures = NULL;
	int found = report_frozen(st, iso_week, &figures, e);

	*frozen = found == 1;
	if (found != 0)
		return figures;
	if (iso_week != civil_iso_week(civil_day_of(now))) {
		(void)err_set(e, EX_NOINPUT, "chưa chốt số liệu của tuần %d-W%02d",
			      iso_week / 100, iso_week % 100);
		return NULL;
	}
	return report_figures(st, h, iso_week, now, e);
}
