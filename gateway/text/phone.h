/* SPDX-License-Identifier: Apache-2.0 */
/* Vietnamese telephone numbers as offices write them. Ranges after
 * libphonenumber's metadata of 17/7/2026; the renumbering of 2018 after the
 * ministry's 21 rules. */
#ifndef MOIDAN_TEXT_PHONE_H
#define MOIDAN_TEXT_PHONE_H

#include <stdint.h>

enum phone_status {
	PHONE_OK,	/* a mobile number that can be texted */
	PHONE_MISSING,	/* nothing there: empty, "-", "ko", "chưa có", "không có" … */
	PHONE_LANDLINE, /* kept for the visit list, never texted */
	/* mobile by its form, no range we know: texted, the network knows better */
	PHONE_UNKNOWN_RANGE,
	PHONE_FOREIGN,
	PHONE_SERVICE, /* 1800/1900, 069/080, 113 … */
	PHONE_INVALID,
};

/* Flags, as bits; phone_flag_name() names each as `inspect phone` prints it. */
enum phone_flag {
	PHONE_LOST_ZERO = 1 << 0,
	/* confirm once: the holder may have changed */
	PHONE_MIGRATED_2018 = 1 << 1,
	/* needs_confirmation: the 076/077 trap of An Giang, Kiên Giang */
	PHONE_CONFIRM = 1 << 2,
	/* several_numbers: more than one number in the cell */
	PHONE_ALTERNATES = 1 << 3,
	PHONE_TEXT_AROUND = 1 << 4,
};

#define PHONE_MAX_NUMBERS 4

struct phone {
	enum phone_status status;
	unsigned flags;
	uint64_t number; /* digits with country code: 84912345678; 0 = none */
	/* further numbers of the cell that are OK or landlines */
	uint64_t others[PHONE_MAX_NUMBERS];
	int n_others;
	const char *reason; /* why not PHONE_OK, Vietnamese, one line, static; NULL when OK */
};

/* Parses one cell. file_year: the year the list was made (0 = unknown); lists from before
 * 9/2018 have 076/077 flagged. Never fails: what cannot be read is PHONE_INVALID. */
struct phone phone_parse(const char *cell, int file_year);

const char *phone_status_name(enum phone_status s); /* "ok", "missing", "landline", … */
const char *phone_flag_name(unsigned bit);	    /* NULL for a bit that is none */

/* "+84912345678". out holds 24 bytes; "" for 0. */
void phone_format_e164(uint64_t number, char out[24]);
/* "0912345678". */
void phone_format_national(uint64_t number, char out[24]);
/* "+84•••••678": the only form that may enter logs and errors; so many digits of it are seen. */
#define PHONE_SHOWN 3
void phone_mask(uint64_t number, char out[32]);

/* "Viettel", "VinaPhone" …, "" when unknown. For statistics: numbers move between networks. */
const char *phone_operator(uint64_t number);

#endif
