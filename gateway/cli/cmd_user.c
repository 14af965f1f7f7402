/* SPDX-License-Identifier: Apache-2.0 */
/* moidan user: who may use the console. No password is ever given here: a link is, that works once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "store/account.h"
#include "store/recipient.h"
#include "web/invite.h"

static void user_print_link(struct cli *c, const char *name, const char *token)
{
	const struct config *cfg = &c->house->cfg;
	char *link = invite_link(cfg->console_url, cfg->listen, token);

	if (c->json)
		(void)cli_print_json(json_pack("{s:s, s:s}", "name", name, "link", link));
	else
		(void)printf(
		    "Đường dẫn đặt mật khẩu của \"%s\", dùng một lần, trong %d giờ%s:\n%s\n",
		    name, INVITE_HOURS,
		    *cfg->console_url != '\0'
			? ""
			: ", mở ngay trên máy này (để mở từ máy khác: điền console_url)",
		    link);
	mem_free_secret(link, strlen(link));
}

/* Ends the transaction either way, then shows the link. */
static int user_done(struct cli *c, int rc, const char *name, char token[SECRET_TOKEN],
		     struct err *e)
{
	if (rc < 0)
		store_rollback(c->store);
	else
		rc = store_commit(c->store, e);
	if (rc == 0 && *token != '\0')
		user_print_link(c, name, token);
	explicit_bzero(token, SECRET_TOKEN);
	return rc;
}

static int user_add(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *role = NULL, *title = NULL, *unit = NULL;
	const struct cli_option options[] = {{.name = "role", .text = &role},
					     {.name = "title", .text = &title},
					     {.name = "unit", .text = &unit},
					     {.name = NULL}};
	char token[SECRET_TOKEN] = "";
	struct account a = {0};
	int rc;

	if (cli_parse(c, argc, argv, options, 1, 1, e) < 0)
		return -1;
	if (role == NULL || account_role_from_name(role, &a.role) == 0)
		return err_set(e, EX_USAGE,
			       "user add NAME --role "
			       "viewer|author|approver|administrator|hamlet");
	if (cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	if (unit != NULL && store_unit_find(c->store, unit, &a.unit_id, e) != 1)
		return err_set(e, EX_NOINPUT, "không có ấp \"%s\" trong danh sách đã nhập",
			       unit);
	a.name = argv[1];
	a.title = (char *)(uintptr_t)(title != NULL ? title : argv[1]);
	if (store_begin(c->store, e) < 0)
		return -1;
	rc = store_account_add(c->store, &a, cli_who(), e);
	if (rc == 0)
		rc = invite_make(c->store, a.id, cli_who(), token, e);
	return user_done(c, rc, a.name, token, e);
}

static void user_row(const struct account *a, void *arg)
{
	json_t *list = arg;

	json_array_append_new(list,
			      json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", a->name, "title",
					a->title, "role", account_role_name(a->role), "ready",
					a->password != NULL, "disabled", a->disabled));
}

static int user_list(struct cli *c, int argc, char **argv, struct err *e)
{
	json_t *list = json_array(), *row;
	size_t i;

	if (cli_parse(c, argc, argv, NULL, 0, 0, e) < 0 || cli_open(c, STORE_READER, e) < 0 ||
	    store_account_list(c->store, user_row, list, e) < 0) {
		json_decref(list);
		return -1;
	}
	if (c->json)
		return cli_print_json(list);
	json_array_foreach(list, i, row)
	{
		cli_cell(json_string_value(json_object_get(row, "name")), 20);
		cli_cell(json_string_value(json_object_get(row, "role")), 16);
		cli_cell(json_string_value(json_object_get(row, "title")), 32);
		(void)printf("%s\n", json_is_true(json_object_get(row, "disabled")) ? "đã khóa"
				     : json_is_true(json_object_get(row, "ready"))
					 ? ""
					 : "chưa đặt mật khẩu");
	}
	json_decref(list);
	return 0;
}

static int user_change(struct cli *c, int argc, char **argv, struct err *e)
{
	char token[SECRET_TOKEN] = "";
	const char *verb = argv[0];
	struct account a = {0};
	int rc, found;

	if (cli_parse(c, argc, argv, NULL, 1, 1, e) < 0 || cli_open(c, STORE_WRITER, e) < 0)
		return -1;
	found = store_account_find(c->store, argv[1], &a, e);
	if (found == 0)
		(void)err_set(e, EX_NOINPUT, "không có tài khoản \"%s\"", argv[1]);
	if (found <= 0 || store_begin(c->store, e) < 0) {
		account_clear(&a);
		return -1;
	}
	if (strcmp(verb, "password") == 0)
		rc = invite_make(c->store, a.id, cli_who(), token, e);
	else
		rc = store_account_disable(c->store, &a, strcmp(verb, "disable") == 0,
					   cli_who(), e);
	rc = user_done(c, rc, a.name, token, e);
	account_clear(&a);
	return rc;
}

int cmd_user(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"add", user_add},	      {"list", user_list},     {"password", user_change},
	    {"disable", user_change}, {"enable", user_change}, {NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
