/* SPDX-License-Identifier: Apache-2.0 */
/* The Prometheus text format, version 0.0.4. Names carry the prefix moidan_,
 * base units, _total on counters only; no label ever names a person, a number
 * or a campaign. */
#ifndef MOIDAN_WEB_METRICS_H
#define MOIDAN_WEB_METRICS_H

#include <stdint.h>

#include "base/buf.h"

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE };

/* Begins a family: its HELP and TYPE lines. name without the prefix. */
void metrics_family(struct buf *out, const char *name, enum metrics_type type,
		    const char *help);

/* One sample of the family. Labels as pairs name, value, ended by NULL; values are escaped. */
void metrics_int(struct buf *out, const char *name, int64_t value, ...)
    __attribute__((sentinel));
/* Milliseconds, printed in seconds. */
void metrics_seconds(struct buf *out, const char *name, int64_t ms, ...)
    __attribute__((sentinel));

#endif
