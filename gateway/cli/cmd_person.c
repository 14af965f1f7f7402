/* SPDX-License-Identifier: Apache-2.0 */
/* What the law lets a person ask for: all that is kept about them, and that it goes. Who looked at whom
 * stands in the audit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "store/purge.h"
#include "store/session.h"

int person_audit(struct cli *c, int64_t id, const char *what, struct err *e)
{
	char *subject = mem_printf("recipient/%lld", (long long)id);
	int rc = cli_audit(c, what, subject, "", e);

	free(subject);
	return rc;
}

static json_t *person_time(int64_t ms)
{
	char text[32];

	if (ms <= 0)
		return json_null();
	clock_format_rfc3339(ms, text);
	return json_string(text);
}

static bool person_message(const struct message_row *m, void *arg)
{
	json_array_append_new(
	    arg,
	    json_pack("{s:I,s:I,s:i,s:s,s:o,s:o,s:o,s:s?,s:s?}", "id", (json_int_t)m->id,
		      "campaign", (json_int_t)m->campaign_id, "step", m->step, "state",
		      message_state_name(m->state), "planned_at", person_time(m->planned_at),
		      "sent_at", person_time(m->sent_at), "ended_at", person_time(m->final_at),
		      "text", m->text, "reason", m->reason));
	return true;
}

struct person_seats {
	struct cli *c;
	json_t *list;
};

static bool person_seat(const struct seat *s, void *arg)
{
	static const char *const states[] = {"invited", "came", "absent", "freed"};
	const struct person_seats *p = arg;
	struct session k = {0};
	struct err e = ERR_INIT;
	char day[16] = "";

	if (store_session_get(p->c->store, s->session_id, &k, &e) == 1)
		civil_day_format_iso(k.day, day);
	json_array_append_new(p->list, json_pack("{s:I,s:s,s:s?,s:s}", "session",
						 (json_int_t)s->session_id, "day", day, "place",
						 k.place, "state", states[s->state]));
	session_clear(&k);
	return true;
}

static void person_looked(int64_t at, const char *who, const char *what, const char *detail,
			  void *arg)
{
	json_array_append_new(arg, json_pack("{s:o,s:s,s:s,s:s}", "at", person_time(at), "who",
					     who, "what", what, "detail", detail));
}

static json_t *person_facts(const char *text)
{
	json_t *o = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	return o != NULL ? o : json_null();
}

static json_t *person_row(const struct recipient *r, const char *programme)
{
	char *number =
	    r->number != 0 ? mem_printf("+%llu", (unsigned long long)r->number) : NULL;
	json_t *o = json_pack(
	    "{s:s,s:s,s:s?,s:s?,s:i,s:{s:i,s:i,s:i},s:s?,s:s?,s:i,s:s,s:s?,s:i,s:o,s:o}",
	    "programme", programme, "key", r->key, "name", r->name, "group", r->group, "sex",
	    r->sex, "birth", "year", r->birth_year, "month", r->birth_month, "day",
	    r->birth_day, "number", number, "numbers_more", r->numbers_more, "state", r->state,
	    "hold", recipient_hold_name(r->hold), "hold_reason", r->hold_reason, "list_row",
	    r->source_row, "facts", person_facts(r->facts), "list_cells", person_facts(r->raw));

	free(number);
	return o;
}

static void person_before(const struct recipient_before *b, void *arg)
{
	char *number =
	    b->number != 0 ? mem_printf("+%llu", (unsigned long long)b->number) : NULL;

	json_array_append_new(
	    arg,
	    json_pack(
		"{s:o,s:s?,s:s?,s:s?,s:s?,s:s?,s:{s:i,s:i,s:i},s:i,s:s,s:s?,s:o,s:o}", "until",
		person_time(b->at), "changed_by", b->file, "name", b->name, "group", b->group,
		"number", number, "numbers_more", b->numbers_more, "birth", "year",
		b->birth_year, "month", b->birth_month, "day", b->birth_day, "state", b->state,
		"hold", recipient_hold_name(b->hold), "hold_reason", b->hold_reason, "facts",
		person_facts(b->facts), "list_cells", person_facts(b->raw)));
	free(number);
}

int person_export(struct cli *c, const struct recipient *r, const char *programme,
		  struct err *e)
{
	struct message_filter f = {.state = -1, .recipient_id = r->id};
	struct person_seats seats = {.c = c, .list = json_array()};
	json_t *messages = json_array(), *audit = json_array(), *before = json_array(), *o;
	char *subject = mem_printf("recipient/%lld", (long long)r->id);
	int rc = -1;

	if (person_audit(c, r->id, "recipient.export", e) == 0 &&
	    store_message_list(c->store, &f, SIZE_MAX, person_message, messages, e) == 0 &&
	    store_seat_each_of(c->store, r->id, person_seat, &seats, e) == 0 &&
	    store_recipient_before(c->store, r->id, person_before, before, e) == 0 &&
	    store_audit_of(c->store, subject, person_looked, audit, e) == 0) {
		o = person_row(r, programme);
		json_object_set(o, "messages", messages);
		json_object_set(o, "seats", seats.list);
		json_object_set(o, "before", before);
		json_object_set(o, "audit", audit);
		rc = cli_print_json(o);
	}
	free(subject);
	json_decref(messages);
	json_decref(seats.list);
	json_decref(audit);
	json_decref(before);
	return rc;
}

int person_erase(struct cli *c, const struct recipient *r, struct err *e)
{
	int open = 0, rc;

	if (store_begin(c->store, e) < 0)
		return -1;
	rc = store_recipient_erase(c->store, r->id, cli_who(), &open, e);
	if (rc <= 0) {
		store_rollback(c->store);
		return rc == 0 ? err_set(e, EX_DATAERR, "không xóa được: dòng không còn") : -1;
	}
	if (store_commit(c->store, e) < 0)
		return -1;
	cli_changed(c);
	(void)printf(
	    "Đã xóa tên, số điện thoại, ngày sinh, ghi chú và lời của các tin đã gửi; số liệu "
	    "giữ nguyên.\n");
	if (open > 0)
		(void)printf("%d tin đang gửi dở: lời tin xóa khi có kết quả (moidan purge).\n",
			     open);
	(void)printf("Hãy xóa người này khỏi danh sách gốc: nhập lại danh sách là có lại.\n");
	return 0;
}
