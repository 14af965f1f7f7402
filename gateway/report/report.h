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
	char *url;     /* https, or http to loopback */
	char *secret;  /* whsec_…: signs as Standard Webhooks do; also secret_file */
	char *secret_file;
};
/* `reports.email`. */
struct report_email {
	char *server;  /* "smtp://mail.example:587" */
	char *user, *password, *password_file;
	char *from;
	struct conf_list to; /* char * */
};
/* `reports:` of moidan.yaml. Weekdays 1 = Monday … 7. On a holiday the working day before. */
struct reports_config {
	bool enabled;
	struct conf_list programmes;    /* char *: which programmes are reported; default vneid, cccd */
	int64_t digest_weekday, digest_at;  /* 3, 17:30 */
	char *digest_programme, *digest_audience; /* officials, truong_ap */
	int64_t weekly_weekday, weekly_ready_at, weekly_push_by, weekly_deadline; /* 4, 07:00, 08:30, 09:00 */
	struct conf_list push;          /* struct report_push */
	struct report_email email;
};
extern const struct conf_table reports_config_table;

/* What reports know of the house. Borrowed, read-only. */
struct report_house {
	const struct campaign_house *house;
	const struct reports_config *cfg;
	struct programme *const *programmes; /* those of cfg->programmes, loaded */
	size_t n_programmes;
	const struct programme *officials;   /* cfg->digest_programme; NULL when it cannot be loaded */
};

/* The figures as they are now: per programme and unit, count and assigned target side by side, states,
 * invited, delivered, no phone, held, segments, cost. A JSON object, the model of everything below;
 * yours. Reads in one snapshot. */
json_t *report_figures(struct store *st, const struct report_house *h, int iso_week, int64_t now,
		       struct err *e);

/* The frozen figures of a week with "before" (the newest frozen week before it) beside them; 1/0/-1.
 * Yours. */
int report_frozen(struct store *st, int iso_week, json_t **figures, struct err *e);

/* The weekly summary as text (Vietnamese; count and target, footnote when they differ, change against
 * last week), and a hamlet's digest (≤ 1 segment unaccented) with templates/digest. */
MUST_CHECK int report_weekly_text(const struct report_house *h, const json_t *figures,
				  struct buf *out, struct err *e);
MUST_CHECK int report_digest_text(const struct report_house *h, const json_t *figures,
				  const char *unit, struct buf *out, struct err *e);

/* ---- the weekly clockwork ------------------------------------------------------------------ */

/* What the schedule asks for, and when next: civil moments moved to the working day before when they
 * fall on a holiday. */
struct report_schedule {
	int iso_week;
	int64_t digest_at, ready_at, push_by, deadline; /* UTC ms, of that week */
};
struct report_schedule report_schedule_of(const struct report_house *h, int iso_week);

/* Does what is due at now, each once a week whatever happens (crash, restart, clock set back): freezes
 * the figures, plans the digests as messages of the stream "digest", makes the push and e-mail jobs.
 * For the store thread, inside a transaction. *wake: when to come again. A week whose deadline has
 * passed while nothing ran is frozen late and pushed; its digests are not sent after its Sunday. */
MUST_CHECK int report_tick(struct store *st, const struct report_house *h, int64_t now,
			   int64_t *wake, struct err *e);

#endif
