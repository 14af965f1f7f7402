/* SPDX-License-Identifier: Apache-2.0 */
/* What a text costs: GSM 03.38 septets or UTF-16 units, and parts. */
#ifndef MOIDAN_TEXT_SMS_H
#define MOIDAN_TEXT_SMS_H

#include <stdbool.h>
#include <stddef.h>

struct sms_count {
	bool ucs2;     /* false: GSM-7 */
	int units;     /* septets (an extension character is 2) or UTF-16 code units */
	int segments;  /* parts; 1 for an empty text by convention */
	int room_left; /* units that still fit into the last part */
};

/* Limits are 160/153 septets and 70/67 units. An escape pair or a surrogate pair is not cut in
 * two. The text is counted as it stands: bring it to NFC first. Not UTF-8: units is -1. */
struct sms_count sms_count(const char *utf8);

/* The first character of the text that GSM-7 lacks, as UTF-8 in out (5 bytes), and its byte
 * offset; -1 when all are in GSM-7. */
long sms_first_non_gsm(const char *utf8, char out[5]);

/* Accents of a campaign. CHEAPEST drops them only if that saves at least one segment. */
enum sms_accents { SMS_WITH_ACCENTS, SMS_WITHOUT_ACCENTS, SMS_CHEAPEST };

/* The text as it goes out under a policy, and its count. Yours to free(). */
char *sms_apply_accents(const char *utf8, enum sms_accents policy, struct sms_count *count);

#endif
