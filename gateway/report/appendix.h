/* SPDX-License-Identifier: Apache-2.0 */
/* The appendices of a report: what each programme's own table counts. */
#ifndef MOIDAN_REPORT_APPENDIX_H
#define MOIDAN_REPORT_APPENDIX_H

#include <jansson.h>

#include "report/heads.h"
#include "report/report.h"

/* Of the reported programmes and the officials, in order of their numbers: [{"number": "I", "title": …,
 * "total": …, "by_unit": true, "columns": [{"group": …, "title": …, "empty": false}], "rows":
 * [{"unit": "Ấp Tân Phú", "counts": […]}]}]. In a transaction. Yours; NULL with e. */
json_t *appendix_draw(struct store *st, const struct report_house *h, const struct units *units,
		      int64_t now, struct err *e);

#endif
