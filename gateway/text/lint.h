/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses a text that people would take for a scam, or that the network would
 * refuse or charge double for. */
#ifndef MOIDAN_TEXT_LINT_H
#define MOIDAN_TEXT_LINT_H

#include <stdbool.h>
#include <stddef.h>

struct lint_rules {
	const char *const *hosts;       /* exact hosts a link may have, NULL-terminated; NULL = no links */
	const char *const *offices;     /* names one of which must stand in the text; NULL = not asked */
	const char *const *places;      /* likewise for the place to go or ask */
	const char *const *capitals;    /* abbreviations allowed in capitals; NULL = the usual ones */
	const char *forbidden;          /* characters the provider refuses; NULL = none */
	int max_segments_unaccented;    /* 0 = not asked */
};

struct lint_finding {
	const char *rule;  /* "link", "otp", "money", "threat", "capitals", "exclamation", "digits",
	                    * "office_missing", "place_missing", "forbidden_character", "too_long" … */
	size_t offset;     /* byte offset in the text */
	char message[200]; /* Vietnamese: what is wrong and what to write instead */
};

/* Checks a rendered text. Returns how many findings there are; the first max are filled in. */
size_t lint_text(const char *utf8, const struct lint_rules *rules, struct lint_finding *out,
		 size_t max);

#endif
