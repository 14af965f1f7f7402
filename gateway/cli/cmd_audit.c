/* SPDX-License-Identifier: Apache-2.0 */
/* moidan audit: who did what, who saw whom, and that nobody changed it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "store/account.h"

#define AUDIT_SHOWN 50

struct audit_print {
	json_t *list; /* NULL: rows are printed */
};

static void audit_row(const struct audit_row *r, void *arg)
{
	struct audit_print *p = arg;
	char at[32];

	clock_format_rfc3339(r->at, at);
	if (p->list != NULL) {
		json_array_append_new(p->list, json_pack("{s:I,s:s,s:s,s:s,s:s,s:s}", "id",
							 (json_int_t)r->id, "at", at, "who",
							 r->who, "what", r->what, "subject",
							 r->subject, "detail", r->detail));
		return;
	}
	(void)printf("%6lld  %s  ", (long long)r->id, at);
	cli_cell(r->who, 14);
	cli_cell(r->what, 22);
	cli_cell(r->subject, 20);
	(void)printf("%s\n", r->detail);
}

static int audit_list(struct cli *c, int argc, char **argv, struct err *e)
{
	long before = 0, limit = AUDIT_SHOWN;
	const struct cli_option options[] = {{.name = "before", .number = &before},
					     {.name = "limit", .number = &limit},
					     {.name = NULL}};
	struct audit_print p = {.list = NULL};

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (before < 0 || limit < 1)
		return err_set(e, EX_USAGE, "--before và --limit phải là số từ 1");
	if (cli_open(c, STORE_READER, e) < 0)
		return -1;
	if (c->json)
		p.list = json_array();
	if (store_audit_list(c->store, before, (size_t)limit, audit_row, &p, e) < 0) {
		json_decref(p.list);
		return -1;
	}
	return c->json ? cli_print_json(p.list) : 0;
}

/* Who saw one person: their own entries, and the lists that they stood in. */
static int audit_person(struct cli *c, int argc, char **argv, struct err *e)
{
	struct audit_print p = {.list = NULL};
	struct recipient r = {0};
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_READER, e) < 0)
		return -1;
	rc = store_recipient_find(c->store, argv[1], argv[2], &r, e);
	if (rc == 0)
		rc = err_set(e, EX_NOINPUT, "không có mã \"%s\" trong chương trình \"%s\"",
			     argv[2], argv[1]);
	if (rc > 0 && c->json)
		p.list = json_array();
	if (rc > 0)
		rc = store_audit_person(c->store, r.id, audit_row, &p, e);
	recipient_clear(&r);
	if (rc < 0) {
		json_decref(p.list);
		return -1;
	}
	return c->json ? cli_print_json(p.list) : 0;
}

/* What is cut off at the end leaves a chain that holds: only who noted down an earlier row finds out. */
static int audit_verify(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *noted = NULL;
	const struct cli_option options[] = {{.name = "noted", .text = &noted}, {.name = NULL}};
	char hash[65], want[65] = "";
	long long row = 0;
	int64_t n = 0;

	if (cli_parse(c, argc, argv, options, 0, 0, e) < 0)
		return -1;
	if (noted != NULL && sscanf(noted, "%lld:%64[0-9a-f]", &row, want) != 2)
		return err_set(e, EX_USAGE, "--noted SỐ:MÃ, như lần kiểm tra trước đã in ra");
	if (cli_open(c, STORE_READER, e) < 0 || store_audit_verify(c->store, e) < 0)
		return -1;
	if (noted != NULL) {
		int64_t rc = store_audit_hash(c->store, row, hash, e);

		if (rc < 0)
			return -1;
		if (rc == 0 || strcmp(hash, want) != 0)
			return err_set(e, EX_DATAERR,
				       "nhật ký không còn là nhật ký đã ghi lại: dòng %lld %s",
				       row, rc == 0 ? "không còn" : "có mã khác");
	}
	n = store_audit_hash(c->store, 0, hash, e);
	if (n < 0)
		return -1;
	if (c->json)
		return cli_print_json(
		    json_pack("{s:I,s:s}", "rows", (json_int_t)n, "hash", hash));
	(void)printf(
	    "Nhật ký liền mạch: %lld dòng.\nGhi lại để lần sau kiểm tra: --noted %lld:%s\n",
	    (long long)n, (long long)n, hash);
	return 0;
}

int cmd_audit(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {{"list", audit_list},
						{"person", audit_person},
						{"verify", audit_verify},
						{NULL, NULL}};

	return cli_verb(c, verbs, argc, argv);
}
