/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the floor: what a hamlet's digest says. */
#ifndef MOIDAN_REPORT_DIGEST_H
#define MOIDAN_REPORT_DIGEST_H

#include "report/report.h"

/* The values of templates/digest/hamlet.txt. Yours; NULL with e (EX_DATAERR: no such unit). */
json_t *digest_model(const struct report_house *h, const json_t *figures, const char *unit,
		     struct err *e);

#endif
