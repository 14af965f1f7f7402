/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings, and all that is done to Vietnamese text. */
#include "fuzz.h"
#include "text/legacy.h"
#include "text/sms.h"
#include "text/vi.h"

/* fn gives the same again on what it gave. */
static void check_settled(char *(*fn)(const char *), const char *s)
{
	char *once = fn(s), *twice;

	FUZZ_CHECK(once != NULL);
	FUZZ_CHECK(vi_utf8_valid(once, strlen(once)));
	twice = fn(once);
	FUZZ_CHECK(strcmp(once, twice) == 0);
	free(once);
	free(twice);
}

static void check_text(const char *s)
{
	static const enum sms_accents policies[] = {SMS_WITH_ACCENTS, SMS_WITHOUT_ACCENTS,
						    SMS_CHEAPEST};
	struct sms_count with = {.segments = 0}, c;
	char one[5];

	check_settled(vi_nfc, s);
	check_settled(vi_clean, s);
	check_settled(vi_unaccent, s);
	check_settled(vi_fold, s);
	free(vi_lower(s));
	free(vi_upper(s));
	free(vi_name_case(s));
	free(vi_name_sort_key(s));
	(void)sms_first_non_gsm(s, one);
	for (size_t i = 0; i < 3; i++) {
		char *text = sms_apply_accents(s, policies[i], &c);

		FUZZ_CHECK(c.units >= 0 && c.segments >= 1 && c.room_left >= 0);
		if (i == 0)
			with = c;
		FUZZ_CHECK(i != 2 || c.segments <= with.segments);
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);
	struct encoding_guess g = encoding_guess(s, size);
	size_t len;

	FUZZ_CHECK(g.encoding < ENCODING_COUNT && g.bom >= 0 && (size_t)g.bom <= size);
	for (enum encoding enc = ENCODING_UTF8; enc < ENCODING_COUNT; enc++) {
		char *text = encoding_decode(enc, s, size, &len), *again;

		FUZZ_CHECK(strlen(text) == len && vi_utf8_valid(text, len));
		if (enc == g.encoding)
			check_text(text);
		again = encoding_unmojibake(enc, text, &len);
		FUZZ_CHECK(strlen(again) == len && vi_utf8_valid(again, len));
		free(again);
		free(text);
	}
	/* what is no text at all must do no harm either */
	free(vi_unaccent(s));
	free(vi_fold(s));
	free(vi_lower(s));
	free(vi_name_case(s));
	free(vi_name_sort_key(s));
	free(s);
	return 0;
}
