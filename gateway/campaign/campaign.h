/* SPDX-License-Identifier: Apache-2.0 */
/* Who is due, with which text, when, and at what cost; and the rows that come
 * of it. A campaign is checked and priced as a whole before anything is queued. */
#ifndef MOIDAN_CAMPAIGN_CAMPAIGN_H
#define MOIDAN_CAMPAIGN_CAMPAIGN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "campaign/calendar.h"
#include "campaign/ladder.h"
#include "roster/programme.h"
#include "store/campaign.h"
#include "store/message.h"
#include "store/session.h"
#include "store/store.h"
#include "text/sms.h"

/* What a channel costs and allows: of its provider that is preferred. */
struct campaign_channel {
	const char *name;
	int64_t price_per_segment; /* đồng */
};

/* What every campaign knows of the house it is sent from. All borrowed, read-only, shared. */
struct campaign_house {
	const char *dir;	  /* configuration directory: programmes/ */
	const char *templates;	  /* directory of texts */
	const char *office;	  /* "UBND xã Mỹ Phú Đông": {{co_quan}} */
	const char *commune;	  /* "xã Mỹ Phú Đông" */
	const char *card_name;	  /* "CCCD" or "căn cước": {{ten_the}} */
	const char *phone_office; /* {{dien_thoai}}; NULL when not configured */
	const struct calendar *calendar;
	const struct caps_config *caps;
	const struct ladder_config *ladder;
	/* Of the channels that have a provider; NULL: all that are known, at the price below. */
	const struct campaign_channel *channels;
	size_t n_channels;
	int64_t price_per_segment; /* đồng, of the provider of SMS */
	const char *forbidden;	   /* characters that the provider refuses; "" */
	int max_segments;	   /* of the provider; 0 = none */
	bool can_ucs2;
	int64_t one_person_below; /* an author may release so few messages alone; 0 = none */
	int64_t
	    segments_per_day; /* that the provider takes in the hours of a day; 0 = any number */
};

/* A campaign made ready: its programme, texts and parameters loaded and compiled. */
struct campaign_plan;

/* Loads what row needs. Checks: programme and audiences exist, none of them is a hold, each text
 * compiles and its variables are known, parameters are complete, the lint passes on each text.
 * NULL with e (Vietnamese; EX_CONFIG or EX_DATAERR). The texts of messages are those that officers saved
 * (st; see store/text_version.h), else the files. house and row must outlive the plan. The plan of a
 * stream has no texts: whoever feeds the stream makes them; its programme may be empty.
 *
 * Variables of a text: the campaign's parameters by name; ten (name), danh_xung (Ông, Bà, Ông/Bà, or
 * công dân for minors), ap ("ấp Tân Phú"), to (group), noi_lam (parameter, else the audience's place;
 * either may say {{ap}}), han (parameter, else the earliest target of the programme that is not over
 * when the campaign starts; always the last good day, as an ISO date for the filter `date`), co_quan,
 * xa, ten_the, dien_thoai (house), truc_ten, truc_noi, truc_gio, truc_ngay (who is next on duty in the office
 * of the hamlet, else of the commune; duty.h), fact.NAME (a column of the programme). Parameters that are dates
 * become ISO dates. A text that says han is void after that day, one that says ngay (and gio) at that
 * moment: nothing goes out then.
 *
 * A text's file may hold up to four bodies, longest first, parted by lines "---": each row gets the
 * first that fits one unaccented segment, else the last. Names are never cut. */
struct campaign_plan *campaign_plan_new(struct store *st, const struct campaign_house *house,
					const struct campaign *row, struct err *e);

/* A text instead of the one that counts, to see what it would be like. Borrowed. */
struct campaign_trial {
	const char *name; /* "sms/vneid/a1.txt" */
	const char *text; /* NFC, lines ended by LF */
};
/* The same with it. The plan is for looking only: nothing that it says is approved or sent. */
struct campaign_plan *campaign_plan_try(struct store *st, const struct campaign_house *house,
					const struct campaign *row,
					const struct campaign_trial *trial, struct err *e);
void campaign_plan_free(struct campaign_plan *p);
const struct programme *campaign_plan_programme(const struct campaign_plan *p);

/* Why a row of the programme gets no message. */
enum exclusion {
	EXCLUDED_NOT_IN_AUDIENCE,
	EXCLUDED_DECEASED, /* suspected or confirmed */
	EXCLUDED_HELD,
	EXCLUDED_OPTED_OUT,
	EXCLUDED_WRONG_PERSON,
	EXCLUDED_NO_PHONE,    /* nothing that can be texted: the visit list */
	EXCLUDED_UNCONFIRMED, /* perhaps a stranger's: waits for an officer */
	EXCLUDED_SHARED,      /* linked to another row's message */
	EXCLUDED_SEATED,      /* has an appointment already */
	EXCLUDED_ENOUGH,  /* was invited as often as the programme allows, and did not come */
	EXCLUDED_NO_SEAT, /* no session of the timetable has a free seat for it */
	EXCLUDED_COUNT
};
const char *exclusion_vi(enum exclusion x);
const char *exclusion_name(enum exclusion x); /* for other programs: "no_phone" */

struct campaign_sample {
	char *text; /* as it would go out */
	char *audience;
	char masked[32]; /* the number, masked */
	struct sms_count count;
};

/* What a campaign would send and cost, before anything is queued. */
struct campaign_preview {
	int64_t recipients; /* rows looked at */
	int64_t messages;   /* invitations */
	int64_t repeated;   /* of them, to numbers that got the same text today */
	int64_t reminders;  /* that they bring with them, at most */
	int64_t excluded[EXCLUDED_COUNT];
	int64_t by_segments[8];			 /* index = segments, 7 = seven or more */
	int64_t segments, cost;			 /* đồng; of the rung that each starts on */
	int64_t cost_worst;			 /* when everybody goes down to the last rung */
	int64_t starts_on[LADDER_MAX];		 /* people by the rung that they start on */
	int64_t segments_with, segments_without; /* the same with and without accents */
	int64_t by_audience[16];		 /* in the campaign's order */
	/* Of the messages: to numbers of ranges that no table knows and that nothing reached yet. They are
	 * sent and paid for; one that is refused is not tried again. */
	int64_t unknown_range;
	struct campaign_sample
	    samples[5]; /* real ones: one of each audience, then spread over the list */
	int n_samples;
	struct campaign_sample longest;
	char hash[65]; /* of list, texts, cost and window: what an approval covers */
	/* The first faults that rendering met: a missing value names template, line, variable and row (by
	 * its number and code); a text whose time is over by now. */
	char *faults[10];
	int64_t n_faults;
};
MUST_CHECK int campaign_preview(struct store *st, const struct campaign_plan *p, int64_t now,
				struct campaign_preview *out, struct err *e);
/* The same over the first rows of the list only; `repeated` is not counted. */
MUST_CHECK int campaign_preview_some(struct store *st, const struct campaign_plan *p,
				     int64_t now, size_t rows, struct campaign_preview *out,
				     struct err *e);
void campaign_preview_free(struct campaign_preview *p);
json_t *campaign_preview_json(const struct campaign_plan *plan,
			      const struct campaign_preview *p); /* yours */
const struct ladder *campaign_plan_ladder(const struct campaign_plan *p);

/* ---- life of a campaign. Each opens and commits its own transaction and is audited. -------- */

/* Makes a draft, checked as by campaign_plan_new(). c's text fields are borrowed; c->id is set, and
 * where they are 0 starts_at (now) and expires_at (the end of the last good day, else 14 days). */
MUST_CHECK int campaign_create(struct store *st, const struct campaign_house *house,
			       struct campaign *c, const char *who, struct err *e);
/* What follows is decided over a preview, which is drawn in a snapshot: nobody who writes waits for it. When it is
 * written, lists and decisions must stand as they stood then (store_mark()), or it is drawn anew: EX_TEMPFAIL when
 * they never keep still. */
/* DRAFT (or SUBMITTED, anew) -> SUBMITTED: the author asks for release of what a preview shows now. */
MUST_CHECK int campaign_submit(struct store *st, const struct campaign_house *house, int64_t id,
			       const char *who, struct err *e);
/* DRAFT, SUBMITTED or HALTED -> APPROVED by who, over the hash that a preview shows now, which must be
 * that of what was submitted. EX_NOPERM when who also wrote it and the configuration asks for two people
 * (two_person), unless it has fewer messages, with those that wait for a seat, than house->one_person_below;
 * EX_DATAERR when there is nobody to write to, it costs more than its budget, changed since it was submitted, or is
 * in another state. What halted keeps what it has sent: started again, it goes on with the rest. */
MUST_CHECK int campaign_approve(struct store *st, const struct campaign_house *house,
				int64_t id, const char *who, bool two_person, struct err *e);
/* Approved, and started in the same moment: shown is the hash of the preview that who has seen. EX_PROTOCOL when it
 * is another by now. */
MUST_CHECK int campaign_send_off(struct store *st, const struct campaign_house *house, int64_t id,
				const char *shown, const char *who, bool two_person,
				struct err *e);
/* APPROVED -> RUNNING. Refuses when list, texts, cost or window changed since the approval. Starting
 * what runs already changes nothing (0). */
MUST_CHECK int campaign_start(struct store *st, const struct campaign_house *house, int64_t id,
			      const char *who, struct err *e);
MUST_CHECK int campaign_pause(struct store *st, int64_t id, const char *who, struct err *e);
/* Also what halted itself, once its cause is gone. */
MUST_CHECK int campaign_resume(struct store *st, int64_t id, const char *who, struct err *e);
/* For good; withdraws what is not sent, in batches. Seats of those who were not told are given back. */
MUST_CHECK int campaign_cancel(struct store *st, int64_t id, const char *who, struct err *e);
/* FAILED messages (proved not sent, tries used up) are queued again, nothing else. *n says how many. */
MUST_CHECK int campaign_retry_failed(struct store *st, int64_t id, const char *who, int64_t *n,
				     struct err *e);
/* Queues again what a restore holds back: the officer has looked whether it was sent since the copy
 * was made. Likewise. */
MUST_CHECK int campaign_release(struct store *st, int64_t id, const char *who, int64_t *n,
				struct err *e);
/* Somebody said that they do not want messages, or are not who is written to: it is held against the
 * running campaigns that wrote to the number in the last week; caps->complaints of them halt one. How many
 * were halted; -1. In a transaction. */
int campaign_complained(struct store *st, const struct campaign_house *house, uint64_t number,
			struct err *e);
/* A standing campaign without texts of its own, unaccented SMS: whoever feeds it makes them. */
struct campaign_stream {
	const char *name, *programme, *audiences; /* the last two may be NULL */
	enum lane lane;
};
/* Its id; made when it is not there yet, and its programme and audiences put right. In a transaction. */
MUST_CHECK int campaign_stream_open(struct store *st, const struct campaign_stream *stream,
				    int64_t now, int64_t *id, struct err *e);
/* finished: fan-out is done, or was cancelled, and every message is final; a stream never is. 1/0/-1 */
int campaign_is_finished(struct store *st, const struct campaign *c, struct err *e);

/* ---- the quota of a day --------------------------------------------------------------------
 *
 * "Chỉ tiêu mời dân hàng ngày": what is left ÷ working days to the deadline, rounded up, raised by how
 * many of those invited to sessions did not come, capped by free seats, by what the provider takes in a
 * day and by the campaign's budget. */

#define CAMPAIGN_QUOTA_TARGETS 8
#define CAMPAIGN_QUOTA_HAMLETS 64

enum quota_cap { QUOTA_UNCAPPED, QUOTA_BY_SEATS, QUOTA_BY_PROVIDER, QUOTA_BY_BUDGET };

struct campaign_quota {
	civil_day today;
	struct quota_target {
		const char *id, *source; /* of the programme; borrowed */
		civil_day
		    last; /* the last good day: "đến" the day itself, "trước" the day before */
		int64_t assigned, reached, left;
		int days; /* working days from today to the last, both counted; 0 = over */
	} targets[CAMPAIGN_QUOTA_TARGETS];
	int n_targets,
	    ruling;	 /* ruling: the earliest that is not over, else the latest; -1 = none */
	int64_t waiting; /* rows of the list that are in the campaign's audiences */
	/* They by hamlet, in order of the list; those beyond the room are counted with the last. */
	struct quota_hamlet {
		int64_t unit_id;
		char name[64]; /* "" = no hamlet */
		int64_t waiting;
		int days; /* that its office is open, today to the ruling target's last day */
	} hamlets[CAMPAIGN_QUOTA_HAMLETS];
	int n_hamlets;
	bool differ;  /* some hamlet has fewer days than the commune */
	int64_t left; /* of the ruling target; without one: waiting */
	int days;     /* at least 1 */
	int64_t
	    base; /* left ÷ days, rounded up; each hamlet's part ÷ its own days where they differ */
	int64_t came, absent; /* observed at sessions */
	int no_show;	      /* per mille; observed once 10 are known, at most 750 */
	int64_t raised;
	int64_t seats, provider, budget; /* what each allows; -1 = anything */
	int64_t quota;
	enum quota_cap cap; /* what holds it down */
};
/* As it is on this day. Reads the whole list. */
MUST_CHECK int campaign_quota(struct store *st, const struct campaign_plan *p, civil_day today,
			      struct campaign_quota *out, struct err *e);
json_t *campaign_quota_json(const struct campaign_quota *q); /* yours */
/* The arithmetic for people, a line a step; yours to free(). */
char *campaign_quota_text(const struct campaign_quota *q);

/* ---- fan-out, by the store thread --------------------------------------------------------- */

/* Plans the next batch of recipients after c->cursor: renders, prices and inserts their messages and
 * moves the cursor, in the caller's transaction. *more is false when the list is at its end (cursor
 * -1). A row that cannot be rendered is logged by its id and counted in *faults, never blocking. batch
 * 0 is 500. When the texts are no longer those that campaign_start() saw, nothing is planned and the
 * campaign is HALTED (c->state, halt_reason), in the same transaction. */
MUST_CHECK int campaign_fan_out(struct store *st, const struct campaign_plan *p,
				struct campaign *c, int64_t now, size_t batch, size_t *planned,
				size_t *faults, bool *more, struct err *e);

/* ---- the way down the ladder, by the store thread ------------------------------------------- */

/* Looks at the rungs of c that ended by now, at most batch of them: whoever was not reached, and would
 * still be written to, gets a message on the next rung (or is skipped there, and looked at again), at
 * most one rung at a time; whoever a late receipt reached is taken off the rungs below. In the caller's
 * transaction. *more: some are left. As campaign_fan_out() when the texts changed. */
MUST_CHECK int campaign_descend(struct store *st, const struct campaign_plan *p,
				struct campaign *c, int64_t now, size_t batch, size_t *planned,
				bool *more, struct err *e);

/* Why whoever a letter or a visit is for must not get it any more; NULL when they may. The row as it
 * is now. Static. *failed when it could not be read. */
const char *campaign_paper_void(struct store *st, const struct campaign_plan *p,
				int64_t recipient_id, bool *failed);

/* ---- eligibility, asked again by the claim in its transaction ------------------------------- */

/* What the verdicts of one transaction look up alike: hamlets, whether the texts are still those that were approved. */
struct decide_batch;
struct decide_batch *decide_batch_new(void);
void decide_batch_free(struct decide_batch *b);

struct eligibility {
	struct store *st;
	const struct campaign_plan
	    *plan; /* NULL for a stream (digests, single notices): its rows were
					   * planned by somebody else; holds, opt-out, wrong person, expiry
					   * and the law's hours still stand, audience and caps do not */
	const struct campaign_house *house;
	int64_t now;
	struct decide_batch *batch; /* NULL: each verdict looks up for itself */
};
/* A message_claim.decide: arg is a struct eligibility *. Order of checks: deceased or held, opted out,
 * wrong person or dead number, expired, changed since planned (re-read: still in the audience; at another
 * number: it goes there), caps per day and week, whether the office that it sends people to will be open. A cap or
 * a closed office postpones to the next open moment, or expires what would come too late. plan NULL judges
 * without a programme. */
struct claim_verdict campaign_decide(const struct message_candidate *c, void *arg);

#endif
