/* SPDX-License-Identifier: Apache-2.0 */
/* Figures, frozen once a week, and the two things made of them: a digest for
 * each hamlet head and the summary for the police. */
#ifndef MOIDAN_REPORT_REPORT_H
#define MOIDAN_REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "campaign/campaign.h"
#include "store/report.h"
#include "store/store.h"

/* One element of `reports.push`. */
struct report_push {
	char *url;    /* https, or http to loopback */
	char *secret; /* whsec_…: signs as Standard Webhooks do; also secret_file */
	char *secret_file;
	bool allow_private; /* the receiver may stand in a private network */
};
/* One element of `reports.communes`: a gateway below that pushes its summary to us. */
struct report_commune {
	char *name; /* as its unit.name says: "xã Mỹ Phú Đông" */
	char *secret, *secret_file; /* whsec_…, that of its reports.push */
};
/* `reports.email`. */
struct report_email {
	char *server; /* "smtp://mail.example:587" */
	char *user, *password, *password_file;
	char *from;
	struct conf_list to; /* char * */
};
/* `reports:` of moidan.yaml. Weekdays 1 = Monday … 7. On a holiday the working day before. */
struct reports_config {
	bool enabled;
	bool confirm; /* the summary goes out once a person has confirmed it */
	struct conf_list
	    programmes; /* char *: which programmes are reported; default vneid, cccd */
	bool collect; /* the teams hand in their figures */
	int64_t collect_remind_at, collect_until, collect_late_at; /* 15:00, 17:00, 17:30 */
	char *team_audience, *police_audience; /* to_truong, truong_cong_an; "" = nobody */
	int64_t digest_weekday, digest_at;	  /* 3, 17:30 */
	int64_t
	    duty_at; /* 17:30: those on duty the next day are reminded; whatever `enabled` says */
	char *digest_programme, *digest_audience; /* officials, truong_ap */
	int64_t weekly_weekday, weekly_ready_at, weekly_push_by,
	    weekly_deadline;   /* 4, 07:00, 08:30, 09:00 */
	int64_t communes_by;   /* 09:00, of the summary's day */
	struct conf_list push; /* struct report_push */
	struct conf_list communes; /* struct report_commune */
	struct report_email email;
};
extern const struct conf_table reports_config_table;

/* What reports know of the house. Borrowed, read-only. */
struct report_house {
	const struct campaign_house *house;
	const char *parent; /* the superior unit, printed in the summary; NULL or "" = none */
	const struct reports_config *cfg;
	struct programme *const *programmes; /* those of cfg->programmes, loaded */
	size_t n_programmes;
	const struct programme
	    *officials; /* cfg->digest_programme; NULL when it cannot be loaded */
};

/* What report_schedule_of() or deliver_new() could not work with: moments in the wrong order, a receiver
 * that is neither https nor this machine, an e-mail without sender. doc: moidan.yaml, to say where, or NULL.
 * 0, or -1 (EX_CONFIG). */
MUST_CHECK int reports_config_check(const struct reports_config *c, const struct ydoc *doc,
				    struct err *e);

/* Under which kind the store keeps frozen figures. */
#define REPORT_FIGURES "weekly"

/* The figures of an ISO week as they are now: per programme and unit, count and assigned target side by
 * side, states, invited, delivered, no phone, held, segments, cost; which hamlets have a head that can
 * be written to; and as "before" those of the newest week before it that were frozen before these were drawn,
 * or null. A JSON object, the
 * model of everything below, without personal data; yours. Rows that are no longer in the list are
 * counted apart ("gone") and in nothing else. Reads in one snapshot, so not inside a transaction. NULL
 * with e. */
json_t *report_figures(struct store *st, const struct report_house *h, int iso_week,
		       int64_t now, struct err *e);

/* Of the figures as they are now, what the list alone says, at once whatever its size: "drawn_at", "programmes"
 * with their targets and units; nothing of messages. Yours; NULL with e. */
json_t *report_progress(struct store *st, const struct report_house *h, int64_t now,
			struct err *e);

/* The frozen figures of a week, "before" and "teams" (as they were when it was confirmed or went out) beside them;
 * 1/0/-1. Yours. */
int report_frozen(struct store *st, int iso_week, json_t **figures, struct err *e);

/* Puts what the teams have handed in by now into figures of a week, in place of what is there. */
MUST_CHECK int report_teams(struct store *st, int iso_week, json_t *figures, struct err *e);

/* "2023-W24" -> 202324; the week of now for NULL or "". 0, or -1 (EX_USAGE). */
MUST_CHECK int report_week_parse(const char *text, int64_t now, int *iso_week, struct err *e);
/* The figures of a week: the frozen ones, or for the week of now those of now (*frozen says which). Not
 * inside a transaction. Yours; NULL with e (EX_NOINPUT when that week was never frozen). */
json_t *report_of_week(struct store *st, const struct report_house *h, int iso_week,
		       int64_t now, bool *frozen, struct err *e);

/* The weekly summary as text by templates/report/weekly.txt (count and target, footnote when they
 * differ, change against the week before), and a hamlet's digest by templates/digest/: unaccented and
 * of one segment, by the short text when the usual one is too long; -1 (EX_DATAERR) when that is too
 * long too or the unit has no figures. Both append. */
MUST_CHECK int report_weekly_text(const struct report_house *h, const json_t *figures,
				  struct buf *out, struct err *e);
MUST_CHECK int report_digest_text(const struct report_house *h, const json_t *figures,
				  const char *unit, struct buf *out, struct err *e);

/* ---- the weekly clockwork ------------------------------------------------------------------
 *
 * A week has its digest moment and its summary moment; each moves to the working day before when its
 * day is none, be that in the ISO week before: it stays the work of its own week. Whichever comes first
 * freezes the figures, so that the digests and the summary of a week show the same numbers; where others are
 * below that is the summary's moment, when they have handed up, and digests wait for it. What a week
 * asks for is found by looking at the weeks around now, and done unless the store says that it was:
 * no mark moves forward, so that a clock set to the future and back loses no week. A week that ended
 * while nothing ran is drawn late, one week back; older ones are gone, since figures of then are. */

#define REPORT_DIGEST_UNTIL (20 * 60) /* minutes of the week's Sunday */
struct report_schedule {
	int iso_week;
	/* UTC ms. Digests are void after digest_until (Sunday 20:00); a deadline met is before it. */
	int64_t remind_at, collect_until, late_at;
	int64_t digest_at, digest_until, ready_at, push_by, deadline;
	int64_t communes_by; /* until when those below hand up */
};
struct report_schedule report_schedule_of(const struct report_house *h, int iso_week);

/* Does what is due at now, each once a week whatever happens (crash, restart, clock set): freezes the
 * figures, plans the digests as messages of the stream "digest", makes the push and e-mail jobs. For
 * the store thread, inside a transaction. *wake: when to come again, INT64_MAX = never. A digest that
 * cannot be written is logged and does not hold up the summary. Reminds those on duty tomorrow, too
 * (campaign_duty_tick). */
MUST_CHECK int report_tick(struct store *st, const struct report_house *h, int64_t now,
			   int64_t *wake, struct err *e);

/* Draws the summary of a week that is over and has none: of before the gateway was there, or while it was
 * off. Its figures are those of now, and say so; the texts and the documents bear their moment. Nothing is
 * sent: it waits to be confirmed. Audited. In a transaction. 0, or -1 with e: EX_USAGE (the week is not over),
 * EX_DATAERR (it has its figures). */
MUST_CHECK int report_backfill(struct store *st, const struct report_house *h, int iso_week,
			       const char *who, int64_t now, struct err *e);

/* ---- a person's word -----------------------------------------------------------------------
 *
 * With reports.confirm the summary is a draft from its moment on (a job of kind REPORT_JOB_CONFIRM, late
 * like any other) until somebody has read it and says so; that hands it over. Whatever the configuration,
 * what a person confirms are the frozen figures and the words that stood beside them. */

/* What somebody has read, in 64 hex digits: of report_weekly_text(). */
void report_seen(const char *text, char out[65]);
/* Confirms a frozen week once and makes its jobs; audited. seen: what was read, NULL = not said. For a
 * writer, inside a transaction. 0, or -1 with e: EX_NOINPUT (not frozen yet), EX_DATAERR (confirmed
 * before), EX_TEMPFAIL (no longer what was read). */
MUST_CHECK int report_confirm(struct store *st, const struct report_house *h, int iso_week,
			      const char *seen, const char *who, int64_t now, struct err *e);
/* Where a week stands: {"week", "frozen_at", "sha256", "confirmed_at", "confirmed_by", "to_confirm",
 * "deadline", "late", "jobs": [{"kind", "to", "state", "attempts", "done_at", "result"}]}; moments in
 * UTC ms, 0 = not yet; of a receiver only its host or domain. Yours; NULL with e. */
json_t *report_standing(struct store *st, const struct report_house *h, int iso_week,
			int64_t now, struct err *e);

/* Kinds of the jobs that report_tick() makes; target is the URL or the address. The payload is the JSON
 * that is handed over: {"type": "report.weekly", "timestamp": …, "data": {"figures": …, "text": …}}; of an
 * e-mail also "papers": [{"name", "type", "base64"}], the summary to be signed and as a workbook. */
#define REPORT_JOB_PUSH	 "weekly-push"
#define REPORT_JOB_EMAIL "weekly-email"
/* Waits for report_confirm(); nothing carries it. */
#define REPORT_JOB_CONFIRM "weekly-confirm"

#endif
