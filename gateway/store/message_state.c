/* SPDX-License-Identifier: Apache-2.0 */
/* The law of the message as one table. Pure. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/message.h"

#define STATES (MESSAGE_LINKED + 1)

struct message_state_names {
	const char *name, *vi;
};

static const struct message_state_names state_names[STATES] = {
    [MESSAGE_HELD] = {"held", "tạm giữ"},
    [MESSAGE_QUEUED] = {"queued", "chờ gửi"},
    [MESSAGE_SENDING] = {"sending", "đang gửi"},
    [MESSAGE_UNCERTAIN] = {"uncertain", "chưa rõ"},
    [MESSAGE_SENT] = {"sent", "đã gửi"},
    [MESSAGE_NO_RECEIPT] = {"no_receipt", "đã gửi, không có biên nhận"},
    [MESSAGE_DELIVERED] = {"delivered", "đã đến máy"},
    [MESSAGE_UNDELIVERED] = {"undelivered", "không đến máy"},
    [MESSAGE_REJECTED] = {"rejected", "bị từ chối"},
    [MESSAGE_FAILED] = {"failed", "gửi lỗi"},
    [MESSAGE_CANCELLED] = {"cancelled", "đã hủy"},
    [MESSAGE_EXPIRED] = {"expired", "quá hạn"},
    [MESSAGE_ABANDONED] = {"abandoned", "bỏ, không rõ kết quả"},
    [MESSAGE_LINKED] = {"linked", "chung số máy với tin khác"},
};

static const char *const event_names[MESSAGE_EV_COUNT] = {
    [MESSAGE_EV_RELEASE] = "release",
    [MESSAGE_EV_HOLD] = "hold",
    [MESSAGE_EV_CLAIM] = "claim",
    [MESSAGE_EV_ACCEPTED] = "accepted",
    [MESSAGE_EV_NOT_SENT] = "not_sent",
    [MESSAGE_EV_GIVE_UP] = "give_up",
    [MESSAGE_EV_REFUSED] = "refused",
    [MESSAGE_EV_UNKNOWN] = "unknown",
    [MESSAGE_EV_RESEND] = "resend",
    [MESSAGE_EV_REQUEUE] = "requeue",
    [MESSAGE_EV_ABANDON] = "abandon",
    [MESSAGE_EV_CANCEL] = "cancel",
    [MESSAGE_EV_EXPIRE] = "expire",
    [MESSAGE_EV_LINK] = "link",
    [MESSAGE_EV_PROMOTE] = "promote",
    [MESSAGE_EV_RETRY] = "retry",
    [MESSAGE_EV_RECEIPT_DELIVERED] = "receipt_delivered",
    [MESSAGE_EV_RECEIPT_FAILED] = "receipt_failed",
    [MESSAGE_EV_RECEIPT_SEEN] = "receipt_seen",
    [MESSAGE_EV_SILENCE] = "silence",
    [MESSAGE_EV_SKIP] = "skip",
    [MESSAGE_EV_HAND_OVER] = "hand_over",
};

/* What is not here is not legal. A legal move is stored as its state + 1, so that 0 is "no". A
 * receipt moves whatever may have been sent, and whatever is still to be sent: if the provider has
 * it, it must not be given to it again. */
#define TO(state) ((unsigned char)((state) + 1))
#define BY_RECEIPT(seen)                                                                       \
	[MESSAGE_EV_RECEIPT_DELIVERED] = TO(MESSAGE_DELIVERED),                                \
	[MESSAGE_EV_RECEIPT_FAILED] = TO(MESSAGE_UNDELIVERED),                                 \
	[MESSAGE_EV_RECEIPT_SEEN] = TO(seen)

static const unsigned char moves[STATES][MESSAGE_EV_COUNT] = {
    [MESSAGE_HELD] = {[MESSAGE_EV_RELEASE] = TO(MESSAGE_QUEUED),
		      [MESSAGE_EV_CANCEL] = TO(MESSAGE_CANCELLED),
		      [MESSAGE_EV_EXPIRE] = TO(MESSAGE_EXPIRED),
		      BY_RECEIPT(MESSAGE_SENT)},
    [MESSAGE_QUEUED] = {[MESSAGE_EV_HOLD] = TO(MESSAGE_HELD),
			[MESSAGE_EV_CLAIM] = TO(MESSAGE_SENDING),
			[MESSAGE_EV_CANCEL] = TO(MESSAGE_CANCELLED),
			[MESSAGE_EV_EXPIRE] = TO(MESSAGE_EXPIRED),
			[MESSAGE_EV_LINK] = TO(MESSAGE_LINKED),
			[MESSAGE_EV_SKIP] = TO(MESSAGE_CANCELLED),
			[MESSAGE_EV_HAND_OVER] = TO(MESSAGE_SENT),
			BY_RECEIPT(MESSAGE_SENT)},
    [MESSAGE_SENDING] = {[MESSAGE_EV_ACCEPTED] = TO(MESSAGE_SENT),
			 [MESSAGE_EV_NOT_SENT] = TO(MESSAGE_QUEUED),
			 [MESSAGE_EV_GIVE_UP] = TO(MESSAGE_FAILED),
			 [MESSAGE_EV_REFUSED] = TO(MESSAGE_REJECTED),
			 [MESSAGE_EV_UNKNOWN] = TO(MESSAGE_UNCERTAIN),
			 BY_RECEIPT(MESSAGE_SENT)},
    /* Held only by a restore: the copy does not know what happened after it was made. */
    [MESSAGE_UNCERTAIN] = {[MESSAGE_EV_HOLD] = TO(MESSAGE_HELD),
			   [MESSAGE_EV_ACCEPTED] = TO(MESSAGE_SENT),
			   [MESSAGE_EV_RESEND] = TO(MESSAGE_SENDING),
			   [MESSAGE_EV_REQUEUE] = TO(MESSAGE_QUEUED),
			   [MESSAGE_EV_ABANDON] = TO(MESSAGE_ABANDONED),
			   BY_RECEIPT(MESSAGE_SENT)},
    [MESSAGE_SENT] = {[MESSAGE_EV_SILENCE] = TO(MESSAGE_NO_RECEIPT), BY_RECEIPT(MESSAGE_SENT)},
    [MESSAGE_NO_RECEIPT] = {BY_RECEIPT(MESSAGE_NO_RECEIPT)},
    [MESSAGE_FAILED] = {[MESSAGE_EV_RETRY] = TO(MESSAGE_QUEUED)},
    [MESSAGE_LINKED] = {[MESSAGE_EV_PROMOTE] = TO(MESSAGE_QUEUED),
			[MESSAGE_EV_CANCEL] = TO(MESSAGE_CANCELLED),
			[MESSAGE_EV_EXPIRE] = TO(MESSAGE_EXPIRED)},
};

int message_next(enum message_state from, enum message_event ev, enum message_state *to)
{
	if ((unsigned)from >= STATES || (unsigned)ev >= MESSAGE_EV_COUNT ||
	    moves[from][ev] == 0)
		return 0;
	*to = (enum message_state)(moves[from][ev] - 1);
	return 1;
}

bool message_is_final(enum message_state s)
{
	return s >= MESSAGE_NO_RECEIPT;
}

const char *message_state_name(enum message_state s)
{
	return (unsigned)s < STATES && state_names[s].name ? state_names[s].name : "?";
}

const char *message_state_vi(enum message_state s)
{
	return (unsigned)s < STATES && state_names[s].vi ? state_names[s].vi : "?";
}

const char *message_event_name(enum message_event ev)
{
	return (unsigned)ev < MESSAGE_EV_COUNT ? event_names[ev] : "?";
}

bool message_was_accepted(enum message_state s)
{
	return s == MESSAGE_SENT || s == MESSAGE_NO_RECEIPT || s == MESSAGE_DELIVERED ||
	       s == MESSAGE_UNDELIVERED;
}

int message_state_from_name(const char *name, enum message_state *s)
{
	for (unsigned i = 0; i < STATES; i++) {
		if (state_names[i].name && strcmp(state_names[i].name, name) == 0) {
			*s = (enum message_state)i;
			return 1;
		}
	}
	return 0;
}

void message_ref_format(const char *instance, int64_t id, int generation, char out[48])
{
	size_t len = strnlen(instance, 7);

	/* Ids and generations count from 1; at most 7 + 1 + 19 + 1 + 10 characters. */
	memcpy(out, instance, len);
	out[len++] = '-';
	len += buf_digits(out + len, (uint64_t)id);
	out[len++] = '-';
	(void)buf_digits(out + len, (unsigned)generation);
}

/* Digits only, no sign, no leading zero but "0" itself. */
static int message_ref_number(const char **p, int64_t max, int64_t *out)
{
	const char *s = *p;
	int64_t v = 0;

	if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
		return 0;
	for (; *s >= '0' && *s <= '9'; s++) {
		int digit = *s - '0';

		if (v > (max - digit) / 10)
			return 0;
		v = v * 10 + digit;
	}
	*p = s;
	*out = v;
	return 1;
}

int message_ref_parse(const char *instance, const char *ref, int64_t *id, int *generation)
{
	size_t len = strlen(instance);
	int64_t i, g;
	const char *p = ref + len + 1;

	if (strncmp(ref, instance, len) != 0 || ref[len] != '-')
		return 0;
	if (!message_ref_number(&p, INT64_MAX, &i) || i == 0 || *p++ != '-' ||
	    !message_ref_number(&p, INT32_MAX, &g) || *p != '\0')
		return 0;
	*id = i;
	*generation = (int)g;
	return 1;
}
