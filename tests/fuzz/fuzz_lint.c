/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "text/lint.h"
#include "text/vi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {"vneid.gov.vn", NULL};
	static const char *const places[] = {"Văn phòng ấp", "Công an xã", NULL};
	static const struct lint_rules rules = {.hosts = hosts,
						.offices = places,
						.places = places,
						.forbidden = "#&%",
						.max_segments_unaccented = 1};
	struct lint_finding found[16];
	char *s = fuzz_string(data, size);
	size_t n = lint_text(s, &rules, found, 16);

	for (size_t i = 0; i < n && i < 16; i++) {
		FUZZ_CHECK(found[i].offset <= strlen(s));
		FUZZ_CHECK(vi_utf8_valid(found[i].message, strlen(found[i].message)));
		FUZZ_CHECK(found[i].rule != NULL && found[i].message[0] != '\0');
	}
	free(s);
	return 0;
}
