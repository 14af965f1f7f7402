/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "fuzz.h"
#include "text/vdate.h"

static void check_date(struct vdate d)
{
	bool ok;

	FUZZ_CHECK((d.precision >= DATE_YEAR) == (d.year >= 1900 && d.year <= 2026));
	FUZZ_CHECK((d.precision >= DATE_MONTH) == (d.month >= 1 && d.month <= 12));
	FUZZ_CHECK((d.precision == DATE_DAY) == (d.day > 0));
	FUZZ_CHECK(!d.invalid || d.precision <= DATE_YEAR);
	if (d.precision != DATE_DAY)
		return;
	(void)civil_day_from_date(d.year, d.month, d.day, &ok);
	FUZZ_CHECK(ok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *cell = fuzz_string(data, size);
	struct vdate_column column = {false, false};
	double serial = 0;

	check_date(vdate_parse(cell, false, 2026));
	check_date(vdate_parse(cell, true, 2026));
	vdate_column_feed(&column, cell);
	(void)vdate_column_month_first(&column);
	if (size >= sizeof(serial))
		memcpy(&serial, data, sizeof(serial));
	check_date(vdate_from_serial(serial, false, 2026));
	check_date(vdate_from_serial(serial, true, 2026));
	free(cell);
	return 0;
}
