/* SPDX-License-Identifier: Apache-2.0 */
/* What the loudspeaker of a hamlet says of a campaign. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/carry_list.h"
#include "text/spoken.h"

#define ALOUD_TEXT_MAX	    (16u * 1024)
#define ALOUD_ABBREVIATIONS "loudspeaker/abbreviations.txt"

/* Nobody is named in public: publishing needs a ground in law (Law 91/2025/QH15), and there is none. */
static int aloud_check(const struct carry_text *t, const char *file, struct err *e)
{
	static const enum plan_source personal[] = {PLAN_NAME, PLAN_TITLE, PLAN_GROUP, PLAN_KEY,
						    PLAN_FACT};

	for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++) {
		if (plan_text_uses(&t->body, personal[i]))
			return err_set(e, EX_CONFIG,
				       "%s: bài đọc loa không được có tên hay dữ liệu của ai",
				       file);
	}
	return 0;
}

static int aloud_say(const struct campaign_plan *p, const struct carry_text *t,
		     const struct plan_unit *unit, struct carry_speech *out, struct err *e)
{
	char *abbreviations = plan_read_file(p->house, ALOUD_ABBREVIATIONS, e);
	struct spoken_table *table =
	    abbreviations != NULL ? spoken_table_read(ALOUD_ABBREVIATIONS, abbreviations, e)
				  : NULL;
	struct buf text = BUF_INIT(ALOUD_TEXT_MAX), said = BUF_INIT(ALOUD_TEXT_MAX);
	struct recipient nobody = {0};
	struct plan_writer w;
	int rc = table != NULL ? 0 : -1;

	plan_writer_init(&w, p);
	w.r = &nobody;
	w.unit = unit;
	if (rc == 0)
		rc = carry_text_write(t, &w, &text, e);
	if (rc == 0)
		rc = spoken_text(table, buf_text(&text), &said, e);
	if (rc == 0) {
		out->syllables = spoken_syllables(buf_text(&said));
		out->seconds = (int)(out->syllables * 60 / SPOKEN_PER_MINUTE);
		out->text = buf_take(&said);
	}
	plan_writer_free(&w);
	spoken_table_free(table);
	free(abbreviations);
	buf_free(&text);
	buf_free(&said);
	return rc;
}

int carry_loudspeaker(struct store *st, const struct campaign_plan *p, const char *unit,
		      struct carry_speech *out, struct err *e)
{
	char *file = mem_printf("loudspeaker/%s.txt", p->programme->name);
	const char *place =
	    p->place_parameter != NULL ? p->place_parameter : p->audiences[0].a->place;
	json_t *more = carry_more(p, 0, 0, "");
	const struct plan_unit *found;
	struct plan_units units;
	struct carry_text t = {0};
	int rc = plan_units_load(&units, st, e);

	memset(out, 0, sizeof(*out));
	found = rc == 0 ? carry_unit_named(&units, unit) : NULL;
	if (rc == 0 && found == NULL)
		rc = err_set(e, EX_NOINPUT, "không có đơn vị nào tên \"%s\"", unit);
	if (rc == 0)
		rc = carry_text_load(&t, p, file, place, more, e);
	if (rc == 0)
		rc = aloud_check(&t, file, e);
	if (rc == 0)
		rc = aloud_say(p, &t, found, out, e);
	carry_text_free(&t);
	plan_units_free(&units);
	json_decref(more);
	free(file);
	return rc;
}
