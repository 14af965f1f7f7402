/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/officer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/asked.h"
#include "store/campaign.h"
#include "store/health.h"
#include "store/message.h"

/* What an officer may do, and to which messages. */
static const struct officer_deed {
	enum message_event event;
	const char *only; /* what is said when the law has no such move */
} officer_deeds[] = {
    {MESSAGE_EV_RETRY, "chỉ gửi lại được tin chắc chắn chưa gửi đi mà đã hết số lần thử"},
    {MESSAGE_EV_RELEASE, "chỉ thả được tin đang tạm giữ"},
    {MESSAGE_EV_CANCEL, "chỉ hủy được tin chưa gửi: tạm giữ, chờ gửi"},
    {MESSAGE_EV_ACCEPTED, "chỉ quyết định được tin chưa rõ"},
    {MESSAGE_EV_REQUEUE, "chỉ quyết định được tin chưa rõ"},
    {MESSAGE_EV_ABANDON, "chỉ quyết định được tin chưa rõ"},
};

/* Says what state the message is in, and in which it would have to be. */
static int officer_refuse(struct store *st, int64_t id, enum message_event ev, struct err *e)
{
	const struct officer_deed *d = officer_deeds;
	struct message_row now = {0};
	int rc = store_message_get(st, id, &now, e);

	while (d->event != ev)
		d++;
	if (rc == 0)
		(void)err_set(e, EX_NOINPUT, "không có tin số %lld", (long long)id);
	else if (rc > 0)
		(void)err_set(e, EX_DATAERR, "tin số %lld ở trạng thái “%s”: %s", (long long)id,
			      message_state_vi(now.state), d->only);
	message_row_clear(&now);
	return -1;
}

/* One event, audited in the same transaction. settles: it ends an uncertainty. */
static int officer_apply(struct store *st, int64_t id, enum message_event ev, bool settles,
			 int64_t due_at, const char *reason, const char *who, struct err *e)
{
	char subject[32];
	int rc;

	if (store_begin(st, e) < 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "message:%lld", (long long)id);
	rc = store_message_event(st, id, ev, due_at, reason, e);
	if (rc == 1 && settles && store_settled_add(st, SETTLED_BY_OFFICER, e) < 0)
		rc = -1;
	if (rc == 1 && store_audit(st, who, message_event_name(ev), subject, reason, e) == 0)
		return store_commit(st, e);
	store_rollback(st);
	return rc == 0 ? officer_refuse(st, id, ev, e) : -1;
}

int officer_message_retry(struct store *st, int64_t id, const char *who, struct err *e)
{
	return officer_apply(st, id, MESSAGE_EV_RETRY, false, clock_now_ms(),
			     "cán bộ cho gửi lại", who, e);
}

int officer_message_release(struct store *st, int64_t id, const char *who, struct err *e)
{
	return officer_apply(st, id, MESSAGE_EV_RELEASE, false, clock_now_ms(),
			     "cán bộ cho gửi", who, e);
}

int officer_message_cancel(struct store *st, int64_t id, const char *who, struct err *e)
{
	return officer_apply(st, id, MESSAGE_EV_CANCEL, false, 0, "cán bộ hủy", who, e);
}

int officer_message_settle(struct store *st, int64_t id, const char *word,
			   int64_t receipt_silence, const char *who, const char **said,
			   struct err *e)
{
	static const struct {
		const char *word, *reason, *said;
		enum message_event event;
	} words[] = {
	    {"sent", "cán bộ xác nhận: nhà cung cấp đã nhận", "đã gửi", MESSAGE_EV_ACCEPTED},
	    {"not-sent", "cán bộ xác nhận: chưa gửi", "sẽ được gửi lại", MESSAGE_EV_REQUEUE},
	    {"abandon", "cán bộ bỏ qua", "đã bỏ qua", MESSAGE_EV_ABANDON},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int64_t due = clock_now_ms();

		if (strcmp(word, words[i].word) != 0)
			continue;
		if (words[i].event == MESSAGE_EV_ACCEPTED)
			due += receipt_silence;
		*said = words[i].said;
		return officer_apply(st, id, words[i].event, true, due, words[i].reason, who,
				     e);
	}
	return err_set(
	    e, EX_USAGE,
	    "\"%s\": phải là sent (đã gửi), not-sent (chưa gửi) hoặc abandon (bỏ qua)", word);
}

int officer_provider_resume(struct store *st, int id, const char *name, const char *who,
			    struct err *e)
{
	char *subject;
	int rc;

	if (store_begin(st, e) < 0)
		return -1;
	subject = mem_printf("provider:%s", name);
	rc = store_provider_stop(st, id, NULL, e);
	if (rc == 0)
		rc = store_provider_rest_set(st, id, 0, "", e);
	if (rc == 0)
		rc = store_audit(st, who, "provider.resume", subject, NULL, e);
	free(subject);
	if (rc == 0)
		return store_commit(st, e);
	store_rollback(st);
	return -1;
}
