/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/hand_in.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

/* More people than a province has are a slip of the finger. */
#define HAND_IN_MOST INT64_C(9999999)

bool hand_in_field_of(const char *number, size_t i, const char *group, const char *title,
		      bool empty, bool daily, struct hand_in_field *out)
{
	if (empty || daily)
		return false;
	(void)snprintf(out->key, sizeof(out->key), "%s.%zu", number, i + 1);
	(void)snprintf(out->title, sizeof(out->title), "%s%s%s", group,
		       *group != '\0' ? ": " : "", title);
	return true;
}

static void hand_in_programme(const struct programme *p, struct hand_in_field *out, size_t *n)
{
	const struct programme_figure *f = p->appendix.columns.items;

	for (size_t i = 0; i < p->appendix.columns.n && *n < HAND_IN_FIELDS; i++)
		*n += hand_in_field_of(p->appendix.number, i, f[i].group, f[i].title,
				       *f[i].when == '\0', f[i].daily, &out[*n]);
}

size_t hand_in_fields(struct programme *const *programmes, size_t n, bool commune,
		      struct hand_in_field *out)
{
	size_t fields = 0;

	for (size_t i = 0; i < n; i++) {
		const struct programme_appendix *a = &programmes[i]->appendix;

		if (*a->number != '\0' && a->by_unit != commune)
			hand_in_programme(programmes[i], out, &fields);
	}
	return fields;
}

/* "1157", and "1.157" as offices group it. -1: it is none. */
static int64_t hand_in_number(const char *text)
{
	size_t run = strspn(text, "0123456789");
	bool grouped = text[run] == '.';
	int64_t value = 0;

	if (run == 0 || (grouped && run > 3))
		return -1;
	while (run > 0) {
		for (size_t i = 0; i < run; i++)
			value = value > HAND_IN_MOST ? value : value * 10 + (text[i] - '0');
		text += run;
		run = 0;
		if (*text == '.' && (run = strspn(++text, "0123456789")) != 3)
			return -1;
	}
	return *text == '\0' && value <= HAND_IN_MOST ? value : -1;
}

static int hand_in_values(const struct hand_in_field *fields, const char *const *values,
			  size_t n, json_t *figures, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int64_t value;

		if (*values[i] == '\0')
			continue;
		value = hand_in_number(values[i]);
		if (value < 0)
			return err_set(e, EX_DATAERR,
				       "\"%s\": \"%s\" không phải số đếm; ghi như 259 hoặc "
				       "1.157",
				       fields[i].title, values[i]);
		json_object_set_new(figures, fields[i].key, json_integer(value));
	}
	return 0;
}

static int hand_in_check(const struct hand_in *in, const struct hand_in_field *fields,
			 size_t n_fields, size_t n, struct err *e)
{
	if (n != 0 && n != n_fields)
		return err_set(e, EX_DATAERR, "cần %zu số, từ \"%s\" đến \"%s\"; có %zu số",
			       n_fields, n_fields > 0 ? fields[0].title : "",
			       n_fields > 0 ? fields[n_fields - 1].title : "", n);
	if (strlen(in->difficulties) > HAND_IN_TEXT_MAX ||
	    strlen(in->proposals) > HAND_IN_TEXT_MAX)
		return err_set(e, EX_DATAERR,
			       "khó khăn, đề xuất dài quá: mỗi phần nhiều nhất %d byte",
			       HAND_IN_TEXT_MAX);
	return 0;
}

int hand_in_take(struct store *st, struct programme *const *programmes, size_t n_programmes,
		 const struct hand_in *in, const char *const *values, size_t n, struct err *e)
{
	struct hand_in_field fields[HAND_IN_FIELDS];
	size_t n_fields = hand_in_fields(programmes, n_programmes, in->unit_id == 0, fields);
	json_t *figures = json_object();
	struct hand_in row = *in;
	char *text = NULL, subject[64];
	int rc = hand_in_check(in, fields, n_fields, n, e);

	if (rc == 0)
		rc = hand_in_values(fields, values, n, figures, e);
	if (rc == 0 && json_object_size(figures) == 0 && *in->difficulties == '\0' &&
	    *in->proposals == '\0')
		rc = err_set(e, EX_DATAERR, "chưa ghi số liệu hay ý kiến nào");
	if (rc == 0) {
		text = json_dumps(figures, JSON_COMPACT);
		row.figures = text;
		(void)snprintf(subject, sizeof(subject), "week:%d unit:%" PRId64, in->week,
			       in->unit_id);
		rc = store_hand_in_add(st, &row, e);
	}
	if (rc == 0)
		rc = store_audit(st, in->who, "report.hand_in", subject, in->way, e);
	if (rc == 0)
		log_info("campaign", "handed_in", "week=%d unit=%" PRId64 " way=%s figures=%zu",
			 in->week, in->unit_id, in->way, json_object_size(figures));
	json_decref(figures);
	free(text);
	return rc;
}
