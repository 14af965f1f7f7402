/* SPDX-License-Identifier: Apache-2.0 */
/* A single notice that another system asks for, to one person of a list: "your papers are ready". The words
 * are the office's (templates/sms/notices/), the other system fills in values. */
#ifndef MOIDAN_CAMPAIGN_NOTICE_H
#define MOIDAN_CAMPAIGN_NOTICE_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "campaign/campaign.h"

/* All borrowed. */
struct notice_request {
	const char *client;	    /* whose notices: a stream of their own */
	const char *programme, *key; /* the person, as the list names them */
	const char *text;	    /* templates/sms/notices/TEXT.txt: a-z 0-9 - */
	const json_t *values;	    /* object of texts, beside ten, danh_xung, co_quan, xa, ten_the,
				       dien_thoai; NULL = none */
	int64_t expires_at;	    /* 0 = two days from now */
};
struct notice_done {
	int64_t message_id;
	int segments;
};

/* Plans the message, unaccented, in the caller's transaction; whether the person may still be written to is
 * asked again when it goes out. 0, or -1 with e (Vietnamese): EX_NOINPUT no such person or text, EX_DATAERR
 * the person is not to be written to, or the text cannot be made or would be taken for a fraud (lint). */
MUST_CHECK int campaign_notice(struct store *st, const struct campaign_house *house,
			       const struct notice_request *q, int64_t now,
			       struct notice_done *out, struct err *e);

#endif
