/* SPDX-License-Identifier: Apache-2.0 */
/* The duty rota: who sits where and when, from a list or by hand. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/mem.h"
#include "campaign/duty.h"
#include "web/screen.h"

static void duty_take(const struct duty *d, void *arg)
{
	struct duty_list *l = arg;

	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n] = *d;
	l->items[l->n].place = mem_strdup(d->place);
	l->items[l->n++].name = mem_strdup(d->name);
}

/* Also shows a form again that was refused, as it was filled in. */
int screen_duty(struct visit *v, struct err *e)
{
	static const char *const fields[] = {"day", "hours", "place", "name", "phone"};
	json_t *items = json_array(), *filled = json_object(), *unreached = NULL;
	struct duty_list l = {.n = 0};

	v->model = json_pack("{s:o, s:o}", "items", items, "filled", filled);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		json_object_set_new(filled, fields[i], json_string(visit_text(v, fields[i])));
	if (store_duty_list(v->st, civil_day_of(clock_now_ms()), INT32_MAX, duty_take, &l, e) ==
	    0)
		unreached = campaign_duty_unreached(v->st, v->house->officials, &l, e);
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(items, campaign_duty_json(&l.items[i]));
	duty_list_free(&l);
	if (unreached == NULL)
		return -1;
	json_object_set_new(v->model, "any_unreached",
			    json_boolean(json_array_size(unreached) > 0));
	json_object_set_new(v->model, "unreached", unreached);
	return 0;
}

/* Writes what was read or filled in; says to other systems what came of it. */
static int duty_put(struct visit *v, struct duty_list *l, bool replace, struct err *e)
{
	struct store *w = visit_writer(v, e);
	struct duty_change n;
	json_t *unreached;

	if (w == NULL || campaign_duty_put(w, l->items, l->n, replace, v->who.name, &n, e) < 0)
		return -1;
	visit_changed(v);
	unreached = campaign_duty_unreached(w, v->house->officials, l, e);
	if (unreached == NULL)
		return -1;
	v->model = json_pack("{s:i, s:i, s:i, s:o}", "added", n.added, "same", n.same,
			     "removed", n.removed, "unreached", unreached);
	return visit_go(v, "/duty?done=duty_saved");
}

int screen_duty_add(struct visit *v, struct err *e)
{
	struct duty d = {.place = (char *)(uintptr_t)visit_text(v, "place"),
			 .name = (char *)(uintptr_t)visit_text(v, "name")};
	struct duty_list one = {.items = &d, .n = 1};
	int64_t day;

	if (conf_parse_date(visit_text(v, "day"), &day) < 0)
		return visit_refuse(v, 422, e, "date");
	d.day = (civil_day)day;
	if (campaign_duty_fill(&d, visit_text(v, "hours"), visit_text(v, "phone"), e) < 0 ||
	    campaign_duty_check(v->st, v->house->campaign, &d, e) < 0)
		return -1;
	return duty_put(v, &one, false, e);
}

static int duty_read(struct visit *v, const char *path, void *arg, struct err *e)
{
	return campaign_duty_read(v->st, v->house->campaign, v->house->unit_kind, path, NULL,
				  arg, e);
}

int screen_duty_list(struct visit *v, struct err *e)
{
	struct duty_list l;
	int rc = visit_with_upload(v, duty_read, &l, e);

	if (rc < 0)
		return -1;
	rc = duty_put(v, &l, true, e);
	duty_list_free(&l);
	return rc;
}

int screen_duty_remove(struct visit *v, struct err *e)
{
	struct store *w = visit_writer(v, e);
	int64_t id = visit_id(v, 0, e);
	int rc = id < 0 || w == NULL ? -1 : campaign_duty_remove(w, id, v->who.name, e);

	if (rc == 0)
		return say(e, EX_NOINPUT, "no_duty", NULL);
	if (rc < 0)
		return -1;
	visit_changed(v);
	return visit_go(v, "/duty?done=duty_removed");
}
