/* SPDX-License-Identifier: Apache-2.0 */
/* moidan duty: who is on duty at the one-stop shop and in the hamlets' offices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "campaign/duty.h"
#include "cli/cli.h"

/* ---- entering ------------------------------------------------------------------------------ */

static int duty_print_change(struct cli *c, const struct duty_list *l,
			     const struct duty_change *n, struct err *e)
{
	json_t *unreached = campaign_duty_unreached(
		   c->store, c->house->cfg.reports.digest_programme, l, e),
	       *name;
	size_t i;

	if (unreached == NULL)
		return -1;
	if (c->json)
		return cli_print_json(json_pack("{s:i,s:i,s:i,s:o}", "added", n->added, "same",
						n->same, "removed", n->removed, "unreached",
						unreached));
	(void)printf("%zu ca trực: thêm %d, đã có %d, bỏ %d\n", l->n, n->added, n->same,
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
	struct duty_list l;
	struct duty_change n;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 2, 2, e) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 ||
	    campaign_duty_read(c->store, &c->house->campaign, c->house->cfg.unit.hamlet,
			       argv[2], encoding, &l, e) < 0)
		return -1;
	if (campaign_duty_put(c->store, l.items, l.n, true, cli_who(), &n, e) == 0) {
		cli_changed(c);
		rc = duty_print_change(c, &l, &n, e);
	}
	duty_list_free(&l);
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
	struct duty_list one = {.items = &d, .n = 1};
	struct duty_change n;
	int64_t when;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (day == NULL || hours == NULL || place == NULL || name == NULL)
		return err_set(e, EX_USAGE, "duty add --day D --hours H-H --place P --name N");
	if (conf_parse_date(day, &when) < 0)
		return err_set(e, EX_USAGE, "--day phải viết như 12/06/2023, không phải \"%s\"",
			       day);
	if (campaign_duty_fill(&d, hours, phone != NULL ? phone : "", e) < 0) {
		e->code = EX_USAGE;
		return -1;
	}
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
	json_array_append_new(arg, campaign_duty_json(d));
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
