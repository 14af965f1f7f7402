/* SPDX-License-Identifier: Apache-2.0 */
/* The rota as people bring it: a list of theirs, a line filled in by hand; and as it is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/duty.h"
#include "campaign/sessions.h"
#include "roster/listing.h"
#include "text/phone.h"

/* ---- in ------------------------------------------------------------------------------------ */

void duty_list_free(struct duty_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].place);
		free(l->items[i].name);
	}
	free(l->items);
	memset(l, 0, sizeof(*l));
}

/* A number that can be texted; "" is none. -1 when it is something else. */
static int duty_phone(const char *text, int year, uint64_t *number)
{
	struct phone p;

	*number = 0;
	if (*text == '\0')
		return 0;
	p = phone_parse(text, year);
	if (p.status != PHONE_OK && p.status != PHONE_UNKNOWN_RANGE)
		return -1;
	*number = p.number;
	return 0;
}

int campaign_duty_fill(struct duty *d, const char *hours, const char *phone, struct err *e)
{
	if (!listing_hours(hours, &d->opens, &d->closes) || d->closes < 0)
		return err_set(e, EX_DATAERR,
			       "giờ trực phải viết như 07:30-11:00, không phải \"%s\"", hours);
	if (duty_phone(phone, civil_from_ms(clock_now_ms()).year, &d->number) < 0)
		return err_set(e, EX_DATAERR, "\"%s\" không phải là số di động", phone);
	return 0;
}

struct duty_read {
	struct store *st;
	const struct campaign_house *house;
	const char *hamlet;
	struct duty_list *out;
	int year;
};

static int duty_read_unit(const struct duty_read *in, const struct listing_row *r,
			  int64_t *unit_id, struct err *e)
{
	const char *unit = listing_value(r, "ap");

	if (*unit == '\0')
		return 0;
	if (store_unit_find(in->st, unit, unit_id, e) < 0 ||
	    (*unit_id == 0 && campaign_place_unit(in->st, unit, unit_id, e) < 0))
		return -1;
	return *unit_id != 0 ? 0
			     : err_set(e, EX_DATAERR, "dòng %d: không có %s nào tên “%s”",
				       r->number, in->hamlet, unit);
}

static int duty_read_row(const struct listing_row *r, void *arg, struct err *e)
{
	struct duty_read *in = arg;
	struct duty_list *l = in->out;
	struct duty d = {.place = (char *)(uintptr_t)listing_value(r, "noi"),
			 .name = (char *)(uintptr_t)listing_value(r, "nguoi")};

	if (listing_period(r, in->year, &d.day, &d.opens, &d.closes, e) < 0)
		return -1;
	if (duty_phone(listing_value(r, "so"), in->year, &d.number) < 0)
		return err_set(e, EX_DATAERR, "dòng %d: “%s” không phải là số di động",
			       r->number, listing_value(r, "so"));
	if (duty_read_unit(in, r, &d.unit_id, e) < 0)
		return -1;
	if (campaign_duty_check(in->st, in->house, &d, e) < 0) {
		err_context(e, "dòng %d", r->number);
		return -1;
	}
	d.place = mem_strdup(d.place);
	d.name = mem_strdup(d.name);
	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = d;
	return 0;
}

int campaign_duty_read(struct store *st, const struct campaign_house *house, const char *hamlet,
		       const char *path, const char *encoding, struct duty_list *out,
		       struct err *e)
{
	struct duty_read in = {.st = st,
			       .house = house,
			       .hamlet = hamlet,
			       .out = out,
			       .year = civil_from_ms(clock_now_ms()).year};

	memset(out, 0, sizeof(*out));
	if (listing_read(house->dir, "duty", path, encoding, duty_read_row, &in, e) == 0)
		return 0;
	duty_list_free(out);
	return -1;
}

/* ---- out ----------------------------------------------------------------------------------- */

json_t *campaign_duty_json(const struct duty *d)
{
	char day[16], hours[16], masked[32] = "";

	civil_day_format_iso(d->day, day);
	(void)snprintf(hours, sizeof(hours), "%02u:%02u %02u:%02u",
		       (unsigned)d->opens / 60 % 25, (unsigned)d->opens % 60,
		       (unsigned)d->closes / 60 % 25, (unsigned)d->closes % 60);
	if (d->number != 0)
		phone_mask(d->number, masked);
	return json_pack("{s:I,s:s,s:s#,s:s,s:s,s:s,s:s}", "id", (json_int_t)d->id, "day", day,
			 "opens", hours, 5, "closes", hours + 6, "place", d->place, "name",
			 d->name, "number", masked);
}

/* Whether the evening before somebody will be told; 1/0/-1. */
static int duty_reachable(struct store *st, const char *officials, const struct duty *d,
			  struct err *e)
{
	struct recipient r = {0};
	int rc = campaign_duty_official(st, officials, d, &r, e);

	if (rc > 0)
		rc = r.contact_id != 0 && r.hold == HOLD_NONE;
	recipient_clear(&r);
	return rc;
}

json_t *campaign_duty_unreached(struct store *st, const char *officials,
				const struct duty_list *l, struct err *e)
{
	json_t *seen = json_object(), *names = json_array(), *said = json_object();
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < l->n; i++) {
		const struct duty *d = &l->items[i];
		char *key = mem_printf("%lld %llu %s", (long long)d->unit_id,
				       (unsigned long long)d->number, d->name);

		if (json_object_get(seen, key) == NULL) {
			rc = duty_reachable(st, officials, d, e);
			json_object_set_new(seen, key, json_true());
			if (rc == 0 && json_object_get(said, d->name) == NULL) {
				json_object_set_new(said, d->name, json_true());
				json_array_append_new(names, json_string(d->name));
			}
		}
		free(key);
	}
	json_decref(seen);
	json_decref(said);
	if (rc >= 0)
		return names;
	json_decref(names);
	return NULL;
}
