/* SPDX-License-Identifier: Apache-2.0 */
/* moidan duty: who is on duty at the one-stop shop and in the hamlets' offices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/duty.h"
#include "campaign/sessions.h"
#include "cli/cli.h"
#include "roster/listing.h"
#include "text/phone.h"
#include "text/vi.h"

static json_t *duty_json(const struct duty *d)
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

/* ---- entering ------------------------------------------------------------------------------ */

struct duty_import {
	struct cli *c;
	struct duty *list; /* texts are ours */
	int *rows;
	size_t n, cap, cap_rows;
	int year;
};

static void duty_import_free(struct duty_import *im)
{
	for (size_t i = 0; i < im->n; i++) {
		free(im->list[i].place);
		free(im->list[i].name);
	}
	free(im->list);
	free(im->rows);
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

static int duty_import_row(const struct listing_row *r, void *arg, struct err *e)
{
	struct duty_import *im = arg;
	const char *unit = listing_value(r, "ap"), *number = listing_value(r, "so");
	struct duty d = {.place = (char *)(uintptr_t)listing_value(r, "noi"),
			 .name = (char *)(uintptr_t)listing_value(r, "nguoi")};

	if (listing_period(r, im->year, &d.day, &d.opens, &d.closes, e) < 0)
		return -1;
	if (duty_phone(number, im->year, &d.number) < 0)
		return err_set(e, EX_DATAERR, "dòng %d: “%s” không phải là số di động",
			       r->number, number);
	if (*unit != '\0') {
		if (store_unit_find(im->c->store, unit, &d.unit_id, e) < 0 ||
		    (d.unit_id == 0 &&
		     campaign_place_unit(im->c->store, unit, &d.unit_id, e) < 0))
			return -1;
		if (d.unit_id == 0)
			return err_set(e, EX_DATAERR, "dòng %d: không có %s nào tên “%s”",
				       r->number, im->c->house->cfg.unit.hamlet, unit);
	}
	if (campaign_duty_check(im->c->store, &im->c->house->campaign, &d, e) < 0) {
		err_context(e, "dòng %d", r->number);
		return -1;
	}
	d.place = mem_strdup(d.place);
	d.name = mem_strdup(d.name);
	im->list = mem_grow(im->list, &im->cap, im->n + 1, sizeof(*im->list));
	im->rows = mem_grow(im->rows, &im->cap_rows, im->n + 1, sizeof(*im->rows));
	im->rows[im->n] = r->number;
	im->list[im->n++] = d;
	return 0;
}

/* Whether the evening before somebody will be told; 1/0/-1. */
static int duty_reachable(struct cli *c, const struct duty *d, struct err *e)
{
	struct recipient r = {0};
	int rc =
	    campaign_duty_official(c->store, c->house->cfg.reports.digest_programme, d, &r, e);

	if (rc > 0)
		rc = r.contact_id != 0 && r.hold == HOLD_NONE;
	recipient_clear(&r);
	return rc;
}

/* Says once for each person whom no reminder reaches. */
static int duty_unreached(struct cli *c, const struct duty_import *im, json_t *names,
			  struct err *e)
{
	for (size_t i = 0; i < im->n; i++) {
		int rc = duty_reachable(c, &im->list[i], e);
		bool said = false;
		json_t *name;
		size_t k;

		json_array_foreach(names, k, name) said =
		    said || strcmp(json_string_value(name), im->list[i].name) == 0;
		if (rc < 0)
			return -1;
		if (rc == 0 && !said)
			json_array_append_new(names, json_string(im->list[i].name));
	}
	return 0;
}

static int duty_print_change(struct cli *c, const struct duty_import *im,
			     const struct duty_change *n, struct err *e)
{
	json_t *unreached = json_array(), *name;
	size_t i;

	if (duty_unreached(c, im, unreached, e) < 0) {
		json_decref(unreached);
		return -1;
	}
	if (c->json)
		return cli_print_json(json_pack("{s:i,s:i,s:i,s:o}", "added", n->added, "same",
						n->same, "removed", n->removed, "unreached",
						unreached));
	(void)printf("%zu ca trực: thêm %d, đã có %d, bỏ %d\n", im->n, n->added, n->same,
		     n->removed);
	json_array_foreach(unreached, i, name)(void)
	    printf("Không nhắc được bằng tin nhắn (không có, trùng tên hoặc không có số di "
		   "động trong danh "
		   "sách cán bộ): %s\n",
		   json_string_value(name));
	json_decref(unreached);
	return 0;
}

/* moidan import duty FILE [--encoding NAME]: called with argv[1] = "duty". */
int duty_import(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *encoding = NULL;
	const struct cli_option options[] = {{.name = "encoding", .text = &encoding},
					     {.name = NULL}};
	struct duty_import im = {.c = c, .year = civil_from_ms(clock_now_ms()).year};
	struct duty_change n;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 2, 2, e) < 0 || cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	if (listing_read(c->house->cfg.descriptions, "duty", argv[2], encoding, duty_import_row,
			 &im, e) == 0 &&
	    campaign_duty_put(c->store, im.list, im.n, true, cli_who(), &n, e) == 0) {
		cli_changed(c);
		rc = duty_print_change(c, &im, &n, e);
	}
	duty_import_free(&im);
	return rc;
}

static int duty_add(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *day = NULL, *hours = NULL, *place = NULL, *name = NULL, *phone = NULL;
	const struct cli_option options[] = {
	    {.name = "day", .text = &day},     {.name = "hours", .text = &hours},
	    {.name = "place", .text = &place}, {.name = "name", .text = &name},
	    {.name = "phone", .text = &phone}, {.name = NULL}};
	struct duty d = {.id = 0};
	struct duty_import one = {.c = c, .list = &d, .n = 1};
	struct duty_change n;
	int64_t when;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (day == NULL || hours == NULL || place == NULL || name == NULL)
		return err_set(e, EX_USAGE, "duty add --day D --hours H-H --place P --name N");
	if (conf_parse_date(day, &when) < 0)
		return err_set(e, EX_USAGE, "--day phải viết như 12/06/2023, không phải \"%s\"",
			       day);
	if (!listing_hours(hours, &d.opens, &d.closes) || d.closes < 0)
		return err_set(e, EX_USAGE,
			       "--hours phải viết như 07:30-11:00, không phải \"%s\"", hours);
	if (phone != NULL &&
	    duty_phone(phone, civil_from_ms(clock_now_ms()).year, &d.number) < 0)
		return err_set(e, EX_USAGE, "--phone: \"%s\" không phải là số di động", phone);
	d.day = (civil_day)when;
	d.place = (char *)(uintptr_t)place;
	d.name = (char *)(uintptr_t)name;
	if (cli_open(c, STORE_WRITER, e) < 0 ||
	    campaign_duty_check(c->store, &c->house->campaign, &d, e) < 0 ||
	    campaign_duty_put(c->store, &d, 1, false, cli_who(), &n, e) < 0)
		return -1;
	cli_changed(c);
	return duty_print_change(c, &one, &n, e);
}

static int duty_remove(struct cli *c, int argc, char **argv, struct err *e)
{
	int64_t id;
	int rc;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || (id = cli_id(argv[1], e)) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	rc = campaign_duty_remove(c->store, id, cli_who(), e);
	return rc == 0	? err_set(e, EX_NOINPUT, "không có ca trực số %s", argv[1])
	       : rc < 0 ? -1
			: 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

static void duty_row(const struct duty *d, void *arg)
{
	json_array_append_new(arg, duty_json(d));
}

static int duty_print(const json_t *list)
{
	const json_t *d;
	size_t i;

	json_array_foreach(list, i, d)
	{
		int64_t day = 0;
		char text[16] = "";

		(void)conf_parse_date(json_string_value(json_object_get(d, "day")), &day);
		civil_day_format_vi((civil_day)day, text);
		(void)printf("%4lld  %s  %s-%s  ",
			     (long long)json_integer_value(json_object_get(d, "id")), text,
			     json_string_value(json_object_get(d, "opens")),
			     json_string_value(json_object_get(d, "closes")));
		cli_cell(json_string_value(json_object_get(d, "place")), 32);
		(void)printf("  %s\n", json_string_value(json_object_get(d, "name")));
	}
	return 0;
}

static int duty_list(struct cli *c, int argc, char **argv, struct err *e)
{
	bool all = false;
	const struct cli_option options[] = {{.name = "all", .flag = &all}, {.name = NULL}};
	json_t *list = json_array();
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 0, 0, e) >= 0 &&
	    cli_open(c, STORE_READER, e) == 0 &&
	    store_duty_list(c->store, all ? 0 : civil_day_of(clock_now_ms()), INT32_MAX,
			    duty_row, list, e) == 0)
		rc = c->json ? cli_print_json(json_incref(list)) : duty_print(list);
	json_decref(list);
	return rc;
}

int cmd_duty(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"list", duty_list}, {"add", duty_add}, {"remove", duty_remove}, {NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
