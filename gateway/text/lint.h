/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses a text that people would take for a scam, or that the network would
 * refuse or charge double for. */
#ifndef MOIDAN_TEXT_LINT_H
#define MOIDAN_TEXT_LINT_H

#include <stdbool.h>
#include <stddef.h>

/* Lists of strings end with NULL. A NULL list, NULL text or 0 asks nothing, but where said. */
struct lint_rules {
	/* Exact hosts a link may have; NULL = no links. */
	const char *const *hosts;
	/* Names one of which must stand in the text: the office, and the place to go or ask. */
	const char *const *offices;
	const char *const *places;
	/* Abbreviations allowed in capitals; NULL = the usual ones. */
	const char *const *capitals;
	/* Characters the provider refuses. */
	const char *forbidden;
	int max_segments_unaccented;
};

struct lint_finding {
	/* "link", "otp", "money", "threat", "personal_data", "callback", "digits", "capitals",
	 * "exclamation", "hidden_character", "costly_character", "forbidden_character",
	 * "office_missing", "place_missing", "too_long" */
	const char *rule;
	size_t offset;	   /* byte offset in the text */
	char message[200]; /* Vietnamese: what is wrong and what to write instead */
};

/* Checks a rendered text in NFC, best the accented one: without accents "phat" may be phạt or
 * phát. A sentence with "Công an không …" (or cán bộ, UBND, chúng tôi) may name what it warns
 * of. Returns how many findings there are; the first max are filled in. */
size_t lint_text(const char *utf8, const struct lint_rules *rules, struct lint_finding *out,
		 size_t max);

/* Whether a word of what somebody says of himself is an address that a telephone makes one to tap: with a
 * scheme, with "www.", or ending as domains do. "Ng.Văn.Tèo" is none. */
bool lint_has_address(const char *utf8);

#endif
