/* SPDX-License-Identifier: Apache-2.0 */
#include "web/metrics.h"

#include <inttypes.h>
#include <stdarg.h>

void metrics_family(struct buf *out, const char *name, enum metrics_type type, const char *help)
{
	(void)buf_addf(out, "# HELP moidan_%s %s\n# TYPE moidan_%s %s\n", name, help, name,
		       type == METRICS_COUNTER ? "counter" : "gauge");
}

static void metrics_label_value(struct buf *out, const char *v)
{
	for (; *v != '\0'; v++) {
		if (*v == '\n')
			(void)buf_adds(out, "\\n");
		else if (*v == '"' || *v == '\\')
			(void)buf_addf(out, "\\%c", *v);
		else
			(void)buf_addc(out, *v);
	}
}

static void metrics_head(struct buf *out, const char *name, va_list ap)
{
	const char *label;
	char before = '{';

	(void)buf_addf(out, "moidan_%s", name);
	while ((label = va_arg(ap, const char *)) != NULL) {
		(void)buf_addf(out, "%c%s=\"", before, label);
		metrics_label_value(out, va_arg(ap, const char *));
		(void)buf_addc(out, '"');
		before = ',';
	}
	(void)buf_adds(out, before == ',' ? "} " : " ");
}

void metrics_int(struct buf *out, const char *name, int64_t value, ...)
{
	va_list ap;

	va_start(ap, value);
	metrics_head(out, name, ap);
	va_end(ap);
	(void)buf_addf(out, "%" PRId64 "\n", value);
}

void metrics_seconds(struct buf *out, const char *name, int64_t ms, ...)
{
	va_list ap;

	va_start(ap, ms);
	metrics_head(out, name, ap);
	va_end(ap);
	(void)buf_addf(out, "%s%" PRId64 ".%03d\n", ms < 0 ? "-" : "",
		       (ms < 0 ? -ms : ms) / 1000, (int)((ms < 0 ? -ms : ms) % 1000));
}
