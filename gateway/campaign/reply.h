/* SPDX-License-Identifier: Apache-2.0 */
/* What people answer: understood by lists of words that are data, acted on, confirmed.
 *
 * Whoever asks for no more messages gets none, on any channel and in any programme, is told so once (as
 * Decree 91/2020/NĐ-CP asks), and only staff can undo it. A wrong number is not written to again. An
 * official may enter a result by code, for the hamlet that their number is registered to and no other:
 * KQ TP-0001 account, and hand in the week's figures: SL 443 259 184 58 and words. What nobody understands
 * waits for an officer. */
#ifndef MOIDAN_CAMPAIGN_REPLY_H
#define MOIDAN_CAMPAIGN_REPLY_H

#include "base/conf.h"
#include "base/err.h"
#include "campaign/campaign.h"
#include "store/reply.h"

/* The stream that answers go out by. */
#define REPLY_CAMPAIGN "Trả lời người dân"
#define REPLY_OPT_OUT_TEXT "sms/replies/opt-out.txt"

/* config/replies.yaml */
struct reply_words {
	struct conf_list opt_out, wrong_person, will_come; /* char * */
	char *result, *figures;
};
extern const struct conf_table reply_words_table;
/* Of dir/replies.yaml. Free with conf_free(). */
MUST_CHECK int reply_words_load(const char *dir, struct reply_words *out, struct err *e);

/* All borrowed. */
struct reply_house {
	const struct campaign_house *house;
	const struct reply_words *words;
	const char *officials; /* the programme that holds the numbers of officials */
	struct programme *const *programmes;
	size_t n_programmes;
	struct programme *const *reported; /* whose figures are handed in; none: nobody hands in */
	size_t n_reported;
};

/* What a text means by itself: UNKNOWN, OPT_OUT, WRONG_PERSON, WILL_COME, FIGURES, or RESULT (then the two words
 * after it are in code and result, "" when there are none; each has room for 64 bytes). */
enum reply_kind reply_read(const struct reply_words *w, const char *text, char code[64],
			   char result[64]);

/* Keeps an answer and acts on it, in the caller's transaction: 1 and r->id, r->kind, r->open; 0 when it
 * came before; -1. */
int reply_take(struct store *st, const struct reply_house *h, struct reply *r, struct err *e);

/* An officer says what an answer that waited means (UNKNOWN: nothing further); acts on it. 1, 0 when
 * there is none that waits, -1. In a transaction. */
int reply_settle(struct store *st, const struct reply_house *h, int64_t id, enum reply_kind kind,
		 const char *who, struct err *e);

#endif
