/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "text/vi.h"

static int cli_take_value(const struct cli_option *o, const char *value, struct err *e)
{
	char *end;

	if (o->text != NULL) {
		*o->text = value;
		return 0;
	}
	if (o->texts != NULL) {
		if (o->texts->n == (int)(sizeof(o->texts->items) / sizeof(o->texts->items[0])))
			return err_set(
			    e, EX_USAGE, "--%s: nhiều nhất %d lần", o->name,
			    (int)(sizeof(o->texts->items) / sizeof(o->texts->items[0])));
		o->texts->items[o->texts->n++] = value;
		return 0;
	}
	*o->number = strtol(value, &end, 10);
	if (*value == '\0' || *end != '\0')
		return err_set(e, EX_USAGE, "--%s cần một số nguyên, không phải \"%s\"",
			       o->name, value);
	return 0;
}

/* One option at argv[*i]; moves *i past its value. */
static int cli_take_option(struct cli *c, int argc, char **argv, int *i,
			   const struct cli_option *options, struct err *e)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);

	if (len == 4 && strncmp(name, "json", 4) == 0 && equals == NULL) {
		c->json = true;
		return 0;
	}
	for (const struct cli_option *o = options; o != NULL && o->name != NULL; o++) {
		if (strlen(o->name) != len || strncmp(o->name, name, len) != 0)
			continue;
		if (o->flag != NULL) {
			if (equals != NULL)
				return err_set(e, EX_USAGE, "--%s không kèm giá trị", o->name);
			*o->flag = true;
			return 0;
		}
		if (equals != NULL)
			return cli_take_value(o, equals + 1, e);
		if (*i + 1 >= argc)
			return err_set(e, EX_USAGE, "--%s cần một giá trị", o->name);
		return cli_take_value(o, argv[++*i], e);
	}
	return err_set(e, EX_USAGE, "không có tùy chọn \"%s\"", argv[*i]);
}

int cli_parse(struct cli *c, int argc, char **argv, const struct cli_option *options, int min,
	      int max, struct err *e)
{
	bool ended = false;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0) {
			ended = true;
		} else if (!ended && strncmp(argv[i], "--", 2) == 0) {
			if (cli_take_option(c, argc, argv, &i, options, e) < 0)
				return -1;
		} else {
			argv[++n] = argv[i];
		}
	}
	if (n < min)
		return err_set(e, EX_USAGE, "%s: còn thiếu tham số; xem \"moidan help %s\"",
			       argv[0], argv[0]);
	if (n > max)
		return err_set(e, EX_USAGE, "%s: thừa tham số \"%s\"; xem \"moidan help %s\"",
			       argv[0], argv[max + 1], argv[0]);
	return n;
}

int cli_house(struct cli *c, struct err *e)
{
	if (c->house == NULL) {
		c->house = house_load(c->config_path, e);
		/* What a command did it says itself; its log is for the daemon. */
		if (c->house != NULL && c->house->cfg.log_level == LOG_LEVEL_INFO)
			log_set_level(LOG_LEVEL_WARN);
	}
	return c->house == NULL ? -1 : 0;
}

int cli_open(struct cli *c, enum store_mode mode, struct err *e)
{
	if (cli_house(c, e) < 0)
		return -1;
	if (c->store != NULL)
		return 0;
	if (mode == STORE_READER && access(c->house->cfg.database, F_OK) != 0)
		return err_set(e, EX_NOINPUT,
			       "chưa có cơ sở dữ liệu %s: chạy \"moidan init\" trước",
			       c->house->cfg.database);
	return store_open(c->house->cfg.database, mode, &c->store, e);
}

void cli_changed(struct cli *c)
{
	store_wake_daemon(c->house->cfg.database);
}

const char *cli_who(void)
{
	static char who[80];
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw;

	if (sudo != NULL && *sudo != '\0' && geteuid() == 0) {
		(void)snprintf(who, sizeof(who), "%s", sudo);
	} else {
		pw = getpwuid(getuid());
		if (pw != NULL)
			(void)snprintf(who, sizeof(who), "%s", pw->pw_name);
		else
			(void)snprintf(who, sizeof(who), "uid:%u", (unsigned)getuid());
	}
	return who;
}

int cli_audit(struct cli *c, const char *what, const char *subject, const char *detail,
	      struct err *e)
{
	return store_audit_now(c->store, cli_who(), what, subject, detail, e);
}

int cli_fail(const struct err *e)
{
	(void)fprintf(stderr, "moidan: %s\n", e->text);
	return e->code != 0 ? e->code : EX_SOFTWARE;
}

int cli_print_json(json_t *take)
{
	int rc =
	    json_dumpf(take, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);

	json_decref(take);
	if (rc < 0 || putchar('\n') == EOF || fflush(stdout) == EOF)
		return EX_IOERR;
	return 0;
}

int cli_verb(struct cli *c, const struct cli_verb *verbs, int argc, char **argv)
{
	struct err e = ERR_INIT;
	char names[256] = "";
	size_t used = 0;

	for (const struct cli_verb *v = verbs; v->name != NULL; v++) {
		if (argc > 1 && strcmp(argv[1], v->name) == 0) {
			int rc = v->run(c, argc - 1, argv + 1, &e);

			return e.code != 0 ? cli_fail(&e) : rc;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 used > 0 ? ", " : "", v->name);
	}
	(void)err_set(&e, EX_USAGE, "%s cần một trong: %s", argv[0], names);
	return cli_fail(&e);
}

int cli_campaign(struct cli *c, const char *text, struct campaign *out, struct err *e)
{
	bool number = *text != '\0' && strspn(text, "0123456789") == strlen(text);
	int found = number ? store_campaign_get(c->store, strtoll(text, NULL, 10), out, e)
			   : store_campaign_find(c->store, text, out, e);

	if (found == 0)
		return err_set(e, EX_NOINPUT, "không có chiến dịch \"%s\"", text);
	return found < 0 ? -1 : 0;
}

int64_t cli_id(const char *text, struct err *e)
{
	char *end;
	long long id = strtoll(text, &end, 10);

	if (id < 1 || *end != '\0')
		return err_set(e, EX_USAGE, "\"%s\" không phải là số thứ tự (1, 2, 3 …)", text);
	return id;
}

void cli_cell(const char *text, int width)
{
	size_t len = strlen(text), at = 0;
	int cells = 0, room;
	uint32_t cp;

	while (at < len) {
		size_t n = vi_utf8_next(text + at, len - at, &cp);

		at += n > 0 ? n : 1;
		cells++;
	}
	room = abs(width) - cells;
	if (width < 0)
		(void)printf("%*s%s", room > 0 ? room : 0, "", text);
	else
		(void)printf("%s%*s", text, room > 0 ? room : 1, "");
}

const char *cli_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

void cli_decimal(double value, char *out)
{
	char *point;

	(void)snprintf(out, CLI_DECIMAL, "%.1f", value);
	if ((point = strchr(out, '.')) != NULL)
		*point = ',';
}
