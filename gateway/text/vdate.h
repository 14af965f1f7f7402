/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of birth as they stand in lists, with how much of them is known. */
#ifndef MOIDAN_TEXT_VDATE_H
#define MOIDAN_TEXT_VDATE_H

#include <stdbool.h>

enum date_precision { DATE_NONE, DATE_YEAR, DATE_MONTH, DATE_DAY };

struct vdate {
	enum date_precision precision;
	int year, month, day; /* 0 where unknown */
	/* something was written that is no date (30/2, lunar "15/8 ÂL"); its year is kept if
	 * clear */
	bool invalid;
	/* a two-digit year that may be of either century (the later one is given) */
	bool ambiguous;
};

/* dd/mm/yyyy with / - . or space, yyyy-mm-dd, yyyymmdd, "ngày 5 tháng 6 năm 1979", mm/yyyy,
 * yyyy, "SN 1950", "00/00/1950", "xx/xx/1950", "1950?", trailing time. Nothing rolls over.
 * month_first reads mm/dd (decided for a column by vdate_column_month_first). Years are from
 * 1900 to this_year. */
struct vdate vdate_parse(const char *cell, bool month_first, int this_year);

/* An Excel serial number (date system 1900 or 1904); bare 4-digit 1900 … this_year is a year,
 * eight digits are yyyymmdd, 0 is nothing. */
struct vdate vdate_from_serial(double serial, bool system_1904, int this_year);

/* Feed every cell of a column; true when it is mm/dd throughout: some second field > 12 and no
 * first field > 12. Neither anywhere: undecidable, and read as dd/mm. */
struct vdate_column {
	bool first_over_12, second_over_12;
};
void vdate_column_feed(struct vdate_column *c, const char *cell);
bool vdate_column_month_first(const struct vdate_column *c);

#endif
