/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/notice.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "campaign/plan.h"
#include "text/lint.h"
#include "text/vi.h"

#define NOTICE_VOID	(2 * CLOCK_DAY_MS)
#define NOTICE_SEGMENTS 2

struct notice_text {
	const struct campaign_house *house;
	const struct notice_request *q;
	const struct recipient *r;
	int64_t now;
};

static const char *notice_value(void *arg, size_t var, const char *name)
{
	const struct notice_text *t = arg;
	const char *value;

	(void)var;
	if (strcmp(name, "ten") == 0)
		return t->r->name;
	if (strcmp(name, "danh_xung") == 0)
		return plan_title(civil_from_ms(t->now).year, t->r);
	if (strcmp(name, "co_quan") == 0)
		return t->house->office;
	if (strcmp(name, "xa") == 0)
		return t->house->commune;
	if (strcmp(name, "ten_the") == 0)
		return t->house->card_name;
	if (strcmp(name, "dien_thoai") == 0)
		return t->house->phone_office;
	value = json_string_value(json_object_get(t->q->values, name));
	return value != NULL && *value != '\0' ? value : NULL;
}

/* As it goes out, without marks; yours. NULL with e. */
static char *notice_render(const struct notice_text *t, const char *name, const char *file,
			   struct err *e)
{
	const struct template_source src = {.get = notice_value, .arg = (void *)(uintptr_t)t};
	const char *offices[] = {t->house->office, NULL};
	const struct lint_rules rules = {.offices = offices,
					 .forbidden = t->house->forbidden,
					 .max_segments_unaccented = NOTICE_SEGMENTS};
	struct lint_finding found;
	char *text = plan_stream_text(name, file, &src, PLAN_TEXT_MAX, e), *out = NULL;

	if (text != NULL && lint_text(text, &rules, &found, 1) > 0)
		(void)err_set(e, EX_DATAERR, "%s: %s", name, found.message);
	else if (text != NULL)
		out = vi_unaccent(text);
	free(text);
	return out;
}

/* Who must not be written to is said at once, where the other system can hear it. */
static int notice_person(struct store *st, const struct notice_request *q, struct recipient *r,
			 struct err *e)
{
	int rc = store_recipient_find(st, q->programme, q->key, r, e);

	if (rc == 0)
		rc = err_set(e, EX_NOINPUT, "không có mã \"%s\" trong \"%s\"", q->key,
			     q->programme);
	else if (rc > 0 && r->hold != HOLD_NONE)
		rc = err_set(e, EX_DATAERR, "người này đang được giữ lại, không nhắn");
	else if (rc > 0 && (r->contact_flags & CONTACT_OPTED_OUT) != 0)
		rc = err_set(e, EX_DATAERR, "người này từ chối nhận tin");
	else if (rc > 0 &&
		 (r->contact_id == 0 ||
		  (r->contact_flags & (CONTACT_WRONG_PERSON | CONTACT_DEAD_NUMBER)) != 0))
		rc = err_set(e, EX_DATAERR, "người này không có số nhắn tin được");
	return rc > 0 ? 0 : -1;
}

static int notice_plan(struct store *st, const struct notice_request *q,
		       const struct recipient *r, int64_t template_id, const char *text,
		       int64_t now, struct notice_done *out, struct err *e)
{
	char *name = mem_printf("API: %s", q->client);
	const struct campaign_stream stream = {.name = name, .lane = LANE_NOTICE};
	struct sms_count count = sms_count(text);
	size_t inserted = 0, linked = 0;
	struct message_plan plan = {.recipient_id = r->id,
				    .contact_id = r->contact_id,
				    .template_id = template_id,
				    .recipient_rev = r->rev,
				    .due_at = now,
				    .expires_at =
					q->expires_at != 0 ? q->expires_at : now + NOTICE_VOID,
				    .day = civil_day_of(now),
				    .ucs2 = count.ucs2,
				    .segments = count.segments,
				    .text = text};
	int rc = campaign_stream_open(st, &stream, now, &plan.campaign_id, e);

	if (rc == 0)
		rc = store_message_step(st, plan.campaign_id, r->id, &plan.step, e);
	if (rc == 0)
		rc = store_message_plan(st, &plan, 1, &inserted, &linked, e);
	if (rc == 0)
		rc = store_message_at(st, plan.campaign_id, r->id, plan.step, 0, &out->message_id,
				      e) == 1
			 ? 0
			 : -1;
	out->segments = count.segments;
	free(name);
	return rc;
}

int campaign_notice(struct store *st, const struct campaign_house *house,
		    const struct notice_request *q, int64_t now, struct notice_done *out,
		    struct err *e)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	struct recipient r = {0};
	struct notice_text t = {.house = house, .q = q, .r = &r, .now = now};
	char *name, *file = NULL, *text = NULL;
	int64_t template_id;
	int rc;

	if (*q->text == '\0' || strlen(q->text) > 60 ||
	    strspn(q->text, LETTERS) != strlen(q->text))
		return err_set(e, EX_DATAERR, "\"%s\" không phải tên mẫu (a-z, 0-9, -)",
			       q->text);
	if (q->expires_at != 0 && q->expires_at <= now)
		return err_set(e, EX_DATAERR, "hạn của tin đã qua");
	name = mem_printf("sms/notices/%s.txt", q->text);
	rc = notice_person(st, q, &r, e);
	if (rc == 0 && (file = plan_read_file(house, name, e)) == NULL) {
		err_clear(e);
		rc = err_set(e, EX_NOINPUT, "không có mẫu \"%s\"", name);
	}
	if (file != NULL && (text = notice_render(&t, name, file, e)) == NULL)
		rc = -1;
	if (rc == 0)
		rc = store_template_put(st, name, file, &template_id, e);
	if (rc == 0)
		rc = notice_plan(st, q, &r, template_id, text, now, out, e);
	recipient_clear(&r);
	free(text);
	free(file);
	free(name);
	return rc;
}
