/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/officer.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/asked.h"
#include "store/message.h"

/* One event, audited in the same transaction. */
static int officer_apply(struct store *st, int64_t id, enum message_event ev, int64_t due_at,
			 const char *reason, const char *who, struct err *e)
{
	char subject[32];
	int rc;

	if (store_begin(st, e) < 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "message:%lld", (long long)id);
	rc = store_message_event(st, id, ev, due_at, reason, e);
	if (rc == 1 && ev != MESSAGE_EV_RETRY &&
	    store_settled_add(st, SETTLED_BY_OFFICER, e) < 0)
		rc = -1;
	if (rc == 1 && store_audit(st, who, message_event_name(ev), subject, reason, e) == 0)
		return store_commit(st, e);
	store_rollback(st);
	if (rc == 0)
		return err_set(e, EX_DATAERR,
			       "tin số %lld không ở trạng thái cho phép việc này",
			       (long long)id);
	return -1;
}

int officer_message_retry(struct store *st, int64_t id, const char *who, struct err *e)
{
	return officer_apply(st, id, MESSAGE_EV_RETRY, clock_now_ms(), "cán bộ cho gửi lại",
			     who, e);
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
		return officer_apply(st, id, words[i].event, due, words[i].reason, who, e);
	}
	return err_set(e, EX_USAGE, "message settle ID sent|not-sent|abandon");
}
