/* SPDX-License-Identifier: Apache-2.0 */
/* A sheet to be pasted up, with a code that leads to the official address. */
#ifndef MOIDAN_REPORT_POSTER_H
#define MOIDAN_REPORT_POSTER_H

#include "report/report.h"

/* templates/poster/poster.txt to path; unit NULL = for the whole commune. Its line "[qr ADDRESS]" draws
 * the code: https and a host of .gov.vn, else EX_CONFIG. Must fit one page. */
MUST_CHECK int report_poster(const struct report_house *h, const char *unit, const char *path,
			     int64_t now, struct err *e);

#endif
