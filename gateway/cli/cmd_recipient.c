/* SPDX-License-Identifier: Apache-2.0 */
/* moidan recipient: one person or household; what an officer decides about it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "text/phone.h"

/* PROGRAMME KEY as two arguments; yours to clear. */
static int recipient_named(struct cli *c, const char *programme, const char *key,
			   struct recipient *out, struct err *e)
{
	int found = store_recipient_find(c->store, programme, key, out, e);

	if (found == 0)
		return err_set(e, EX_NOINPUT, "không có mã \"%s\" trong chương trình \"%s\"",
			       key, programme);
	return found < 0 ? -1 : 0;
}

static const char *recipient_state_text(const struct cli *c, const char *programme, int state)
{
	const struct programme *p = house_programme(c->house, programme);
	const struct programme_state *s = p != NULL ? programme_state_at(p, state) : NULL;

	return s != NULL ? s->title : "?";
}

static bool recipient_message(const struct message_row *r, void *arg)
{
	(void)arg;
	(void)printf("  tin số %lld: %s%s%s\n", (long long)r->id, message_state_vi(r->state),
		     r->reason != NULL && *r->reason != '\0' ? ", " : "",
		     r->reason != NULL ? r->reason : "");
	return true;
}

/* What is known of the number, which may be others' too. known: an array that is filled, or NULL: it is
 * printed. 0 or -1. */
static int recipient_number(struct cli *c, const struct recipient *r, json_t *known,
			    struct err *e)
{
	static const struct {
		unsigned flag;
		const char *word, *vi;
	} words[] = {
	    {CONTACT_OPTED_OUT, "opted-out", "không muốn nhận tin: không nhắn"},
	    {CONTACT_WRONG_PERSON, "wrong-person", "là của người khác: không nhắn"},
	    {CONTACT_DEAD_NUMBER, "dead", "không còn dùng: không nhắn"},
	    {CONTACT_UNCONFIRMED, "unconfirmed", "chưa xác nhận, chưa nhắn: hỏi lại một lần"},
	    {CONTACT_REACHED, "reached", "đã từng nhận được tin"},
	};
	unsigned flags = 0;

	if (r->number != 0 && store_contact_flags_get(c->store, r->number, &flags, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((flags & words[i].flag) == 0)
			continue;
		if (known != NULL)
			json_array_append_new(known, json_string(words[i].word));
		else
			(void)printf("  số điện thoại %s\n", words[i].vi);
	}
	return 0;
}

static int recipient_show(struct cli *c, int argc, char **argv, struct err *e)
{
	struct recipient r = {0};
	struct message_filter f = {.state = -1};
	json_t *known = NULL;
	char masked[32];
	int rc = 0;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    recipient_named(c, argv[1], argv[2], &r, e) < 0)
		return -1;
	/* Who saw whom. */
	if (person_audit(c, r.id, "recipient.show", e) < 0) {
		recipient_clear(&r);
		return -1;
	}
	phone_mask(r.number, masked);
	if (c->json && recipient_number(c, &r, known = json_array(), e) < 0) {
		json_decref(known);
		rc = -1;
	} else if (c->json) {
		rc = cli_print_json(
		    json_pack("{s:I, s:s, s:s, s:s?, s:s, s:o, s:s, s:s?, s:I, s:i, s:i}", "id",
			      (json_int_t)r.id, "key", r.key, "name", r.name, "group", r.group,
			      "number", masked, "number_flags", known, "hold",
			      recipient_hold_name(r.hold), "hold_reason", r.hold_reason, "rev",
			      (json_int_t)r.rev, "state", r.state, "row", r.source_row));
	} else {
		(void)printf("%s  %s  %s\n  trạng thái: %s\n", r.key, r.name, masked,
			     recipient_state_text(c, argv[1], r.state));
		if (r.hold != HOLD_NONE)
			(void)printf("  TẠM GIỮ: %s\n", r.hold_reason != NULL
							    ? r.hold_reason
							    : recipient_hold_name(r.hold));
		f.recipient_id = r.id;
		rc = recipient_number(c, &r, NULL, e);
		if (rc == 0)
			rc = store_message_list(c->store, &f, 50, recipient_message, NULL, e);
	}
	recipient_clear(&r);
	return rc;
}

/* Commits what was done to a row, or rolls back; says so. */
static int recipient_done(struct cli *c, int rc, const char *said, struct err *e)
{
	if (rc != 1) {
		store_rollback(c->store);
		return rc == 0 ? err_set(e, EX_DATAERR, "không đổi được: dòng không còn") : -1;
	}
	if (store_commit(c->store, e) < 0)
		return -1;
	cli_changed(c);
	(void)printf("%s\n", said);
	return 0;
}

static int recipient_hold_run(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *reason = "cán bộ giữ lại";
	bool deceased = false;
	const struct cli_option options[] = {{.name = "reason", .text = &reason},
					     {.name = "deceased", .flag = &deceased},
					     {.name = NULL}};
	struct recipient r = {0};
	int rc;

	if (cli_parse(c, argc, argv, options, 2, 2, e) < 0 ||
	    cli_open(c, STORE_WRITER, e) < 0 || recipient_named(c, argv[1], argv[2], &r, e) < 0)
		return -1;
	/* The weaker hold must not take the place of the stronger. */
	if (!deceased && (r.hold == HOLD_DECEASED || r.hold == HOLD_DECEASED_SUSPECTED)) {
		rc = err_set(
		    e, EX_DATAERR,
		    "%s đang được giữ vì đã mất hoặc nghi đã mất: giữ nguyên (xác nhận: "
		    "--deceased; nếu nhầm: recipient release)",
		    r.key);
		recipient_clear(&r);
		return rc;
	}
	rc = store_begin(c->store, e);
	if (rc == 0)
		rc = recipient_done(
		    c,
		    store_recipient_hold(c->store, r.id,
					 deceased ? HOLD_DECEASED : HOLD_OFFICER, reason,
					 cli_who(), e),
		    deceased ? "Đã ghi: người này đã mất, không nhắn nữa." : "Đã giữ lại.", e);
	recipient_clear(&r);
	return rc;
}

static int recipient_release(struct cli *c, int argc, char **argv, struct err *e)
{
	struct recipient r = {0};
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    recipient_named(c, argv[1], argv[2], &r, e) < 0)
		return -1;
	if (r.hold == HOLD_NONE) {
		(void)printf("%s không bị giữ.\n", r.key);
		recipient_clear(&r);
		return 0;
	}
	rc = store_begin(c->store, e);
	if (rc == 0)
		rc = recipient_done(c,
				    store_recipient_hold(c->store, r.id, HOLD_NONE,
							 "cán bộ cho nhắn", cli_who(), e),
				    "Đã thả ra.", e);
	recipient_clear(&r);
	return rc;
}

/* 1, -1. Who asks not to be written to, or is a stranger, speaks against the campaign as well. */
static int recipient_flag(struct cli *c, const struct recipient *r, unsigned set,
			  unsigned clear, struct err *e)
{
	if (store_contact_flags(c->store, r->number, set, clear, cli_who(), e) < 0)
		return -1;
	return set != 0 && campaign_complained(c->store, &c->house->campaign, r->number, e) < 0
		   ? -1
		   : 1;
}

/* state=NAME, or what is known of the number: opted-out, wrong-person (not-… to
 * undo), or that somebody asked and it is right. */
static int recipient_set(struct cli *c, int argc, char **argv, struct err *e)
{
	static const struct {
		const char *word;
		unsigned set, clear;
	} flags[] = {
	    {"opted-out", CONTACT_OPTED_OUT, 0},
	    {"not-opted-out", 0, CONTACT_OPTED_OUT},
	    {"wrong-person", CONTACT_WRONG_PERSON, 0},
	    {"not-wrong-person", 0, CONTACT_WRONG_PERSON},
	    {"confirmed", 0, CONTACT_UNCONFIRMED | CONTACT_DEAD_NUMBER},
	};
	const struct programme *p;
	struct recipient r = {0};
	int rc = -1, state;

	if (cli_parse(c, argc, argv, NULL, 3, 3, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    recipient_named(c, argv[1], argv[2], &r, e) < 0)
		return -1;
	p = house_programme(c->house, argv[1]);
	state = p != NULL ? programme_state_find(p, argv[3]) : -1;
	if (state >= 0) {
		rc = store_begin(c->store, e);
		if (rc == 0)
			rc = recipient_done(
			    c, store_recipient_set_state(c->store, r.id, state, cli_who(), e),
			    "Đã ghi trạng thái mới.", e);
		goto out;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(argv[3], flags[i].word) != 0)
			continue;
		rc = store_begin(c->store, e);
		if (rc == 0)
			rc = recipient_done(
			    c, recipient_flag(c, &r, flags[i].set, flags[i].clear, e),
			    "Đã ghi cho số điện thoại này.", e);
		goto out;
	}
	rc =
	    err_set(e, EX_USAGE,
		    "\"%s\" không phải trạng thái của chương trình, cũng không phải opted-out, "
		    "wrong-person, not-opted-out, not-wrong-person, confirmed",
		    argv[3]);
out:
	recipient_clear(&r);
	return rc;
}

static int recipient_export_run(struct cli *c, int argc, char **argv, struct err *e)
{
	struct recipient r = {0};
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    recipient_named(c, argv[1], argv[2], &r, e) < 0)
		return -1;
	rc = person_export(c, &r, argv[1], e);
	recipient_clear(&r);
	return rc;
}

static int recipient_erase_run(struct cli *c, int argc, char **argv, struct err *e)
{
	struct recipient r = {0};
	int rc;

	if (cli_parse(c, argc, argv, NULL, 2, 2, e) < 0 || cli_open(c, STORE_WRITER, e) < 0 ||
	    recipient_named(c, argv[1], argv[2], &r, e) < 0)
		return -1;
	rc = person_erase(c, &r, e);
	recipient_clear(&r);
	return rc;
}

int cmd_recipient(struct cli *c, int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"show", recipient_show},
	    {"export", recipient_export_run},
	    {"erase", recipient_erase_run},
	    {"hold", recipient_hold_run},
	    {"release", recipient_release},
	    {"set", recipient_set},
	    {NULL, NULL},
	};

	return cli_verb(c, verbs, argc, argv);
}
