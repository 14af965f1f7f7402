/* SPDX-License-Identifier: Apache-2.0 */
/* A list as text, from its bytes to its rows: what it is, its encoding, its columns, its people. */
#include "fuzz_sheet.h"
#include "roster/roster.h"

static const struct programme *csv_programmes[2];

static void csv_begin(void)
{
	struct err e = ERR_INIT;

	csv_programmes[0] = programme_load(SOURCE_DIR "/config", "vneid", &e);
	csv_programmes[1] = programme_load(SOURCE_DIR "/config", "cccd", &e);
	FUZZ_CHECK(csv_programmes[0] != NULL && csv_programmes[1] != NULL);
}

static void csv_inspect(const char *path)
{
	static const struct roster_options options = {
	    .who = "fuzz", .unit_kind = "ấp", .dry_run = true, .this_year = 2023};
	const struct programme *which = NULL;
	struct roster_result r;
	struct err e = ERR_INIT;

	if (roster_inspect(csv_programmes, 2, path, &options, &which, &r, &e) < 0) {
		FUZZ_CHECK(e.code != 0 && vi_utf8_valid(e.text, strlen(e.text)));
		return;
	}
	FUZZ_CHECK(which == csv_programmes[0] || which == csv_programmes[1]);
	FUZZ_CHECK(r.rows == r.accepted + r.rejected);
	FUZZ_CHECK((size_t)r.rejected <= r.n_rejects);
	for (size_t i = 0; i < r.n_rejects; i++) {
		const char *value = r.rejects[i].value, *reason = r.rejects[i].reason;

		FUZZ_CHECK(value == NULL || vi_utf8_valid(value, strlen(value)));
		FUZZ_CHECK(reason[0] != '\0' && vi_utf8_valid(reason, strlen(reason)));
	}
	roster_result_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path;

	if (csv_programmes[0] == NULL)
		csv_begin();
	/* An xlsx is another target's. */
	if (size >= 2 && memcmp(data, "PK", 2) == 0)
		return 0;
	path = fuzz_file(data, size);
	if (fuzz_sheet(path, NULL))
		csv_inspect(path);
	return 0;
}
