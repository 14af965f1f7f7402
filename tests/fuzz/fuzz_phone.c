/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "text/phone.h"

/* A mobile number, written in full, is read as itself. */
static void check_number(uint64_t number)
{
	char e164[24], national[24], mask[32];

	phone_format_e164(number, e164);
	phone_format_national(number, national);
	phone_mask(number, mask);
	FUZZ_CHECK(strlen(e164) == 12 && strncmp(e164, "+84", 3) == 0);
	FUZZ_CHECK(strlen(national) == 10 && national[0] == '0');
	FUZZ_CHECK(strstr(mask, "•••••") != NULL);
	FUZZ_CHECK(phone_parse(e164, 2023).number == number);
	FUZZ_CHECK(phone_parse(national, 2023).number == number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *cell = fuzz_string(data, size);
	struct phone p = phone_parse(cell, 2023);

	FUZZ_CHECK(phone_status_name(p.status) != NULL);
	FUZZ_CHECK((p.status == PHONE_OK) == (p.reason == NULL));
	FUZZ_CHECK(p.n_others >= 0 && p.n_others <= PHONE_MAX_NUMBERS);
	if (p.status == PHONE_OK || p.status == PHONE_UNKNOWN_RANGE)
		check_number(p.number);
	if (p.status == PHONE_INVALID || p.status == PHONE_MISSING)
		FUZZ_CHECK(p.number == 0);
	for (int i = 0; i < p.n_others; i++)
		FUZZ_CHECK(p.others[i] != 0 && p.others[i] != p.number);
	(void)phone_operator(p.number);
	free(cell);
	return 0;
}
