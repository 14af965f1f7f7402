/* SPDX-License-Identifier: Apache-2.0 */
/* A superior's page: its communes, who has handed up, who is late, and the sum. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/rollup.h"
#include "web/screen.h"

int screen_communes(struct visit *v, struct err *e)
{
	const char *one = visit_text(v, "commune");
	int64_t now = clock_now_ms();
	json_t *commune;
	char *text = NULL;
	size_t i;
	int week, rc;

	if (report_week_parse(visit_text(v, "week"), now, &week, e) < 0)
		return -1;
	v->model = rollup_week(v->st, v->house->report, week, now, e);
	if (v->model == NULL)
		return -1;
	visit_time(v->model, "deadline",
		   json_integer_value(json_object_get(v->model, "deadline")));
	json_array_foreach(json_object_get(v->model, "communes"), i, commune)
	    visit_time(commune, "received_at",
		       json_integer_value(json_object_get(commune, "received_at")));
	rc = *one != '\0' ? rollup_text(v->st, one, week, &text, e) : 0;
	if (rc > 0) {
		json_object_set_new(v->model, "commune_name", json_string(one));
		json_object_set_new(v->model, "text", json_string(text));
	}
	free(text);
	if (rc == 0 && *one != '\0')
		return say(e, EX_NOINPUT, "commune_sent_nothing", one, NULL);
	return rc < 0 ? -1 : 0;
}
