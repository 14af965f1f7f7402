/* SPDX-License-Identifier: Apache-2.0 */
/* The encodings Vietnamese lists come in. Decided once for a whole file, never
 * for a cell: single names are truly ambiguous between them. */
#ifndef MOIDAN_TEXT_LEGACY_H
#define MOIDAN_TEXT_LEGACY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum encoding {
	ENCODING_UTF8, /* with or without BOM, NFC or NFD */
	ENCODING_UTF16LE,
	ENCODING_UTF16BE,
	ENCODING_TCVN3, /* ABC; fonts .VnTime */
	ENCODING_VNI,	/* fonts VNI-Times */
	ENCODING_VISCII,
	ENCODING_VPS,
	ENCODING_CP1258,
	ENCODING_COUNT
};

/* "utf-8", "utf-16le", "utf-16be", "tcvn3", "vni", "viscii", "vps", "cp1258". */
const char *encoding_name(enum encoding enc);
/* 1 found, 0 not; accepts any case and the names offices use ("ABC", "VNI-Windows",
 * "windows-1258"). */
int encoding_from_name(const char *name, enum encoding *enc);

struct encoding_guess {
	enum encoding encoding;
	/* valid UTF-8 whose characters are the bytes of `encoding` seen as CP1252 */
	bool mojibake;
	int bom;   /* bytes of byte-order mark to skip */
	bool sure; /* false: another encoding scored nearly as well; show the officer rows */
};

/* Judges a sample of a file (a few hundred kilobytes at most are read). Order: BOM, UTF-16 by
 * zero bytes, strict UTF-8 and then its mojibake readings, TCVN3, VNI, CP1258, VISCII, VPS by
 * the score of valid Vietnamese syllables. A cut-off last character is forgiven. */
struct encoding_guess encoding_guess(const char *sample, size_t len);

/* The same judgement for text that is UTF-8 already (cells of an xlsx, joined by newlines):
 * UTF-8, or mojibake of a legacy encoding. */
struct encoding_guess encoding_guess_mojibake(const char *utf8, size_t len);

/* Bytes to UTF-8 NFC. Yours to free(); *out_len without the NUL; bytes that mean nothing in enc
 * become U+FFFD. TCVN3 has no accented capitals: names want vi_name_case() afterwards. */
char *encoding_decode(enum encoding enc, const char *bytes, size_t len, size_t *out_len);

/* Undoes mojibake: UTF-8 characters -> CP1252 bytes -> enc. Yours to free(); characters outside
 * CP1252 are kept as they are. */
char *encoding_unmojibake(enum encoding enc, const char *utf8, size_t *out_len);

#endif
