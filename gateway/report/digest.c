/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "report/digest.h"
#include "report/figures.h"
#include "report/report.h"
#include "report/week.h"

/* NAME, and NAME_tang: the change against the week before ("+12", "-3", "0"), when it is known. */
static void digest_put(json_t *model, const char *programme, const char *name, int64_t now,
		       const int64_t *before)
{
	char *key = mem_printf("%s_%s", programme, name);

	json_object_set_new(model, key, json_integer(now));
	if (before != NULL) {
		char *change = mem_printf("%s_tang", key);
		char *text = mem_printf("%+lld", (long long)(now - *before));

		json_object_set_new(model, change, json_string(now == *before ? "0" : text));
		free(change);
		free(text);
	}
	free(key);
}

/* The values of one programme: tong, xong, con, khong_sdt, tam_giu, da_moi, each state by its name and
 * tu_STATE for it and those after it. A unit that the programme does not know has zeros; one that it did not
 * know the week before has no changes. */
static void digest_programme(json_t *model, const json_t *p, const json_t *before,
			     const char *unit)
{
	const char *name = figures_text(p, "name");
	const json_t *row = figures_unit_of(p, unit);
	const json_t *old = before != NULL ? figures_unit_of(before, unit) : NULL;
	const json_t *states = json_object_get(p, "states"), *state;
	int64_t total = figures_int(row, "total"), done = figures_int(row, "done");
	int64_t was = figures_int(old, "done");
	size_t i;

	digest_put(model, name, "tong", total, NULL);
	digest_put(model, name, "xong", done, old != NULL ? &was : NULL);
	digest_put(model, name, "con", total - done, NULL);
	digest_put(model, name, "khong_sdt", figures_int(row, "no_phone"), NULL);
	digest_put(model, name, "tam_giu", figures_int(row, "held"), NULL);
	digest_put(model, name, "da_moi", figures_int(row, "invited"), NULL);
	json_array_foreach(states, i, state)
	{
		const char *id = figures_text(state, "name");
		char *from = mem_printf("tu_%s", id);

		was = figures_from_state(p, old, i);
		digest_put(model, name, id, figures_int(json_object_get(row, "states"), id),
			   NULL);
		digest_put(model, name, from, figures_from_state(p, row, i),
			   old != NULL ? &was : NULL);
		free(from);
	}
}

json_t *digest_model(const struct report_house *h, const json_t *figures, const char *unit,
		     struct err *e)
{
	/* "tuần này" is what they say of it */
	const json_t *before =
	    figures_follow(figures) ? json_object_get(figures, "before") : NULL;
	json_t *model = json_object();
	const char *kind = NULL;
	char day[16] = "";
	size_t i;
	const json_t *p;

	json_array_foreach(json_object_get(figures, "programmes"), i, p)
	{
		const json_t *row = figures_unit_of(p, unit);

		if (row != NULL)
			kind = figures_text(row, "kind");
		digest_programme(model, p,
				 figures_programme_of(before, figures_text(p, "name")), unit);
	}
	if (kind == NULL || *unit == '\0') {
		(void)err_set(e, EX_DATAERR, "không có số liệu của đơn vị \"%s\"", unit);
		json_decref(model);
		return NULL;
	}
	memcpy(day, figures_text(figures, "drawn_on"),
	       strnlen(figures_text(figures, "drawn_on"), 15));
	json_object_set_new(
	    model, "ap", *kind != '\0' ? json_sprintf("%s %s", kind, unit) : json_string(unit));
	json_object_set_new(model, "ngay", json_string(day));
	json_object_set_new(model, "co_quan", json_string(h->house->office));
	json_object_set_new(model, "ten_the", json_string(h->house->card_name));
	return model;
}

int report_digest_text(const struct report_house *h, const json_t *figures, const char *unit,
		       struct buf *out, struct err *e)
{
	json_t *model = digest_model(h, figures, unit, e);
	int rc = model == NULL ? -1 : notices_text(h, REPORT_DIGEST_TEXT, model, out, e);

	if (model != NULL && rc < 0)
		err_context(e, "%s", unit);
	json_decref(model);
	return rc;
}
