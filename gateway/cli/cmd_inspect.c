/* SPDX-License-Identifier: Apache-2.0 */
/* moidan inspect phone|text|file ARG: what the gateway makes of a number, a text, a list. Needs no
 * store, and no configuration but for `file`, which then uses the shipped programmes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "text/phone.h"
#include "text/sms.h"
#include "text/vi.h"

#define INSPECT_INPUT_MAX (1u << 20)

/* ARG, or all of standard input for "-". Yours to free(). */
static char *inspect_argument(const char *arg, struct err *e)
{
	struct buf in = BUF_INIT(INSPECT_INPUT_MAX);
	char chunk[4096], *text;
	size_t n;

	if (strcmp(arg, "-") != 0)
		return mem_strdup(arg);
	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		(void)buf_add(&in, chunk, n);
	if (ferror(stdin) != 0)
		(void)err_set(e, EX_NOINPUT, "không đọc được dữ liệu vào: %s", err_os(errno));
	else if (in.overflow)
		(void)err_set(e, EX_DATAERR, "dữ liệu vào dài hơn 1 MiB");
	else if (memchr(buf_text(&in), '\0', in.len) != NULL)
		(void)err_set(e, EX_DATAERR, "dữ liệu vào có byte NUL: đây không phải là chữ");
	if (e->code != 0) {
		buf_free(&in);
		return NULL;
	}
	n = in.len;
	/* The end of the line that a shell adds is not of the text. */
	text = buf_take(&in);
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return text;
}

static int inspect_phone(struct cli *c, const char *text)
{
	struct phone p = phone_parse(text, 0);
	char e164[24], national[24];
	json_t *flags = json_array(), *others = json_array();

	phone_format_e164(p.number, e164);
	phone_format_national(p.number, national);
	for (unsigned bit = 1; bit != 0 && bit <= p.flags; bit <<= 1) {
		if ((p.flags & bit) != 0)
			json_array_append_new(flags, json_string(phone_flag_name(bit)));
	}
	for (int i = 0; i < p.n_others; i++) {
		char other[24];

		phone_format_e164(p.others[i], other);
		json_array_append_new(others, json_string(other));
	}
	if (c->json)
		return cli_print_json(json_pack(
		    "{s:s, s:s?, s:o, s:o, s:s?, s:s?}", "status", phone_status_name(p.status),
		    "e164", p.number != 0 ? e164 : NULL, "flags", flags, "others",
		    others, "operator", p.status == PHONE_OK ? phone_operator(p.number) : NULL,
		    "reason", p.reason));
	(void)printf("%s", phone_status_name(p.status));
	if (p.number != 0)
		(void)printf("  %s  %s", e164, phone_operator(p.number));
	if (p.reason != NULL)
		(void)printf("  %s", p.reason);
	(void)printf("\n");
	json_decref(flags);
	json_decref(others);
	return 0;
}

static int inspect_text(struct cli *c, const char *raw, struct err *e)
{
	char *text = vi_nfc(raw), *folded;
	struct sms_count count, plain;
	int rc = 0;

	if (text == NULL)
		return err_set(e, EX_DATAERR, "đây không phải là chữ UTF-8");
	folded = vi_unaccent(text);
	count = sms_count(text);
	plain = sms_count(folded);
	if (c->json) {
		rc = cli_print_json(json_pack("{s:s, s:i, s:i, s:s, s:{s:s, s:i, s:i}}",
					      "encoding", count.ucs2 ? "UCS-2" : "GSM-7",
					      "segments", count.segments, "units", count.units,
					      "folded", folded, "unaccented", "encoding",
					      plain.ucs2 ? "UCS-2" : "GSM-7", "segments",
					      plain.segments, "units", plain.units));
	} else {
		(void)printf("có dấu:    %s, %d đơn vị, %d đoạn tin\n",
			     count.ucs2 ? "UCS-2" : "GSM-7", count.units, count.segments);
		(void)printf("không dấu: %s, %d đơn vị, %d đoạn tin\n",
			     plain.ucs2 ? "UCS-2" : "GSM-7", plain.units, plain.segments);
		(void)printf("%s\n", folded);
	}
	free(text);
	free(folded);
	return rc;
}

/* Programmes of the configuration, or the shipped ones when there is none. */
static struct programme **inspect_programmes(struct cli *c, size_t *n, struct err *e)
{
	struct err ignored = ERR_INIT;
	char *dir;
	char **names;
	struct programme **list;

	if (cli_house(c, &ignored) == 0) {
		*n = c->house->n_programmes;
		return c->house->programmes;
	}
	dir = mem_printf("%s/config", house_share_dir());
	names = programme_names(dir);
	for (*n = 0; names[*n] != NULL; (*n)++)
		;
	list = mem_calloc(*n + 1, sizeof(*list));
	for (size_t i = 0; i < *n; i++) {
		list[i] = e->code == 0 ? programme_load(dir, names[i], e) : NULL;
		free(names[i]);
	}
	free(names);
	free(dir);
	return list;
}

static int inspect_file(struct cli *c, const char *path, const struct roster_options *o,
			struct err *e)
{
	struct roster_result r = {0};
	const struct programme *which = NULL;
	size_t n;
	struct programme **list = inspect_programmes(c, &n, e);
	int rc = e->code == 0 ? roster_inspect((const struct programme *const *)list, n, path,
					       o, &which, &r, e)
			      : -1;

	if (rc == 0 && c->json)
		rc = cli_print_json(import_json(which, &r));
	else if (rc == 0)
		import_print(which, &r, false);
	roster_result_free(&r);
	if (c->house == NULL) {
		for (size_t i = 0; i < n; i++)
			programme_free(list[i]);
		free(list);
	}
	return rc;
}

int cmd_inspect(struct cli *c, int argc, char **argv)
{
	struct roster_options o = {0};
	struct err e = ERR_INIT;
	long list_year = civil_from_ms(clock_now_ms()).year;
	const struct cli_option options[] = {{.name = "encoding", .text = &o.encoding},
					     {.name = "list-year", .number = &list_year},
					     {.name = NULL}};
	char *arg = NULL;
	int rc = -1;

	if (cli_parse(c, argc, argv, options, 2, 2, &e) < 0)
		return cli_fail(&e);
	if (strcmp(argv[1], "file") == 0) {
		if (import_list_year(list_year, &o, &e) == 0)
			rc = inspect_file(c, argv[2], &o, &e);
	} else if (strcmp(argv[1], "phone") == 0 || strcmp(argv[1], "text") == 0) {
		arg = inspect_argument(argv[2], &e);
		if (arg != NULL)
			rc = argv[1][0] == 'p' ? inspect_phone(c, arg)
					       : inspect_text(c, arg, &e);
	} else {
		(void)err_set(&e, EX_USAGE, "\"%s\": phải là phone, text hoặc file", argv[1]);
	}
	free(arg);
	return e.code != 0 ? cli_fail(&e) : rc;
}
