/* SPDX-License-Identifier: Apache-2.0 */
/* What the bytes of the old encodings mean. For this floor only. */
#ifndef MOIDAN_TEXT_LEGACY_TABLES_H
#define MOIDAN_TEXT_LEGACY_TABLES_H

#include <stdint.h>

#include "text/legacy.h"

/* Fills table with the code point of each byte, 0 where it means nothing; a mark of VNI is 0, a
 * tone of CP1258 the combining mark. enc is one of the five with bytes for letters;
 * ENCODING_COUNT is CP1252, in which the others are mistaken for Western text. */
void legacy_table(enum encoding enc, uint32_t table[256]);

/* The combining marks a mark byte of VNI stands for: quality (0 = none), then tone (0 = none).
 * Whether it is one. */
bool legacy_vni_mark(unsigned char byte, uint32_t marks[2]);

/* The byte of a CP1252 character; 0 … 255, or -1. */
int legacy_cp1252_byte(uint32_t cp);

#endif
