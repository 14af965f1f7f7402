/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor: a campaign made ready, who it is for, and one message of it.
 * Everything that can be looked up once is looked up by campaign_plan_new(), so
 * that rendering a message compares no names. */
#ifndef MOIDAN_CAMPAIGN_PLAN_H
#define MOIDAN_CAMPAIGN_PLAN_H

#include "base/buf.h"
#include "campaign/campaign.h"
#include "campaign/stencil.h"
#include "store/session.h"
#include "text/template.h"

#define PLAN_MAX_AUDIENCES 16
#define PLAN_MAX_BODIES	   4
#define PLAN_TEXT_MAX	   4096

/* Where the store keeps what campaign_start() saw (plan_frozen). */
#define CAMPAIGN_TEXTS_KEY "campaign.%lld.texts"

/* Where the value of a variable comes from. */
enum plan_source {
	PLAN_FIXED, /* the same for everybody: house, campaign, deadline */
	PLAN_NAME,
	PLAN_TITLE, /* Ông, Bà, Ông/Bà, công dân */
	PLAN_UNIT,  /* "ấp Tân Phú" */
	PLAN_GROUP,
	PLAN_KEY,   /* the list's own code */
	PLAN_PLACE, /* where to go or ask */
	PLAN_FACT,
	/* of the session that the message names */
	PLAN_SESSION_DAY,
	PLAN_SESSION_OPENS,
	PLAN_SESSION_CLOSES,
	PLAN_SESSION_PLACE,
	PLAN_SESSION_DOCUMENTS,
	/* of the rota of the row's hamlet: whom to ask, where, when */
	PLAN_DUTY_NAME,
	PLAN_DUTY_PLACE,
	PLAN_DUTY_HOURS,
	PLAN_DUTY_DAY,
};

struct plan_var {
	enum plan_source source;
	char *value; /* PLAN_FIXED: the value, NULL = absent; PLAN_FACT: the fact's name */
};

/* A compiled text with its variables in the template's numbering. */
struct plan_text {
	struct template *t;
	struct plan_var *vars;
	size_t n_vars;
	bool seat; /* set before it is compiled: ngay, gio, noi_lam are those of a session */
};

struct plan_form;
/* What step of a round a message is: 0 invites, i + 1 is the audience's step i. A round is what was
 * announced together: an invitation with its reminders, a correction with the reminders anew. */
#define PLAN_ROUND	       32
#define PLAN_STEP(round, kind) ((round)*PLAN_ROUND + (kind))

struct plan_step;

struct plan_audience {
	const struct programme_audience *a;
	char *file; /* what the template's file says, NFC */
	struct plan_text bodies[PLAN_MAX_BODIES];
	struct stencil *stencils[PLAN_MAX_BODIES]; /* of the bodies that allow it */
	int n_bodies;
	struct plan_text
	    place; /* {{noi_lam}}: a text of its own, as it may name the hamlet; t is NULL when
				 * no body asks for it */
	struct plan_form *form; /* of a channel whose wording its provider keeps; NULL */
	bool uses_facts;	/* or anything else that no stencil has */
	int like;		/* the first audience of the campaign with the same file */
	int64_t void_at; /* the text says nothing true from here on; INT64_MAX = no limit */
	bool seat;	 /* each message names a session */
	bool step;	 /* a further message: goes by SMS alone */
	bool office;	 /* sends people to an office, which must be open */
	bool duty;	 /* may name who is on duty */
	bool hamlet;	 /* names the hamlet, whose own days off count */
	struct plan_step *steps; /* in the programme's order */
	int n_steps;
};

struct plan_step {
	const struct programme_step *s;
	struct programme_audience as; /* the audience, with the step's text */
	struct plan_audience text;
};

struct campaign_plan {
	/* Where its texts are from, while it is being made. */
	struct plan_loading {
		struct store *st;
		const struct campaign_trial *trial;
	} loading;
	const struct campaign_house *house;
	const struct campaign *row;
	struct programme *programme;
	json_t *parameters;
	char *deadline;	       /* ISO date of {{han}}: the last good day; NULL = none left */
	char *place_parameter; /* the campaign's noi_lam; NULL = the audience's place */
	bool seats;	       /* some audience needs one */
	bool steps;	       /* some has seats or further messages */
	struct ladder ladder;
	bool answers; /* the stream of what people asked for: also to who wants nothing else */
	enum sms_accents accents;
	int year; /* in which the campaign starts: who is a minor */
	struct plan_audience audiences[PLAN_MAX_AUDIENCES];
	int n_audiences;
	int *
	    of_programme; /* programme's audience -> index in audiences, -1 = not in the campaign */
	struct predicate **holds; /* of the programme's hold audiences */
	struct predicate *only;	  /* whom else the campaign is not for; NULL = nobody */
	size_t n_holds;
};

/* The names of units, read once a run. */
struct plan_units {
	struct plan_unit {
		int64_t id;
		char *name;  /* "Tân Phú": for predicates */
		char *label; /* "ấp Tân Phú": for people */
		/* Who is next on duty in its office, else in the commune's; name NULL = nobody known. */
		struct plan_duty {
			char *name, *place;
			char hours[24], day[16];
		} duty;
	} * items;
	size_t n, cap, last;
};
MUST_CHECK int plan_units_load(struct plan_units *u, struct store *st, struct err *e);
/* Fills in who is on duty first on a day after `day`, if some text of p asks for it. */
MUST_CHECK int plan_units_duty(struct plan_units *u, struct store *st,
			       const struct campaign_plan *p, civil_day day, struct err *e);
void plan_units_free(struct plan_units *u);
/* NULL when the row has no unit. */
const struct plan_unit *plan_units_find(struct plan_units *u, int64_t id);

/* Whether r is written to now: EXCLUDED_COUNT and *audience (index in the campaign), or why not. */
enum exclusion plan_judge(const struct campaign_plan *p, const struct recipient *r,
			  const struct plan_unit *unit, int *audience);

/* Whose office a message of a sends r's people to: a hamlet's name, NULL = the commune's. */
const char *plan_office(const struct plan_audience *a, const struct plan_unit *unit);

/* Form of address ("Ông", "Bà", "Ông/Bà") by the sex in the list, never by the name; who is a minor in that year is
 * a citizen ("công dân"). Static. */
const char *plan_title(int year, const struct recipient *r);

/* The text of a stream, which has no plan, filled in by src: with accents, at most max bytes; yours. NULL with
 * e. file is its source, name what errors call it. */
char *plan_stream_text(const char *name, const char *file, const struct template_source *src,
		       size_t max, struct err *e);

/* Whether r's number may be texted: EXCLUDED_COUNT, or why not. */
enum exclusion plan_judge_number(const struct recipient *r);

/* What speaks against the number alone, and not against a letter. */
bool exclusion_of_number(enum exclusion x);

/* Room for rendering one message after the other. */
struct plan_writer {
	const struct campaign_plan *plan;
	struct buf text, place;
	/* the message at hand */
	const struct plan_text *now;
	const struct recipient *r;
	const struct plan_unit *unit;
	const struct session *session; /* of an audience with seats */
	char day[16], opens[8], closes[8];
	json_t *facts;
	bool marking; /* a stencil is being cut: values are its marks */
	bool form;    /* not for SMS: the values of a registered template */
};
void plan_writer_init(struct plan_writer *w, const struct campaign_plan *p);
void plan_writer_free(struct plan_writer *w);

/* Renders one body of a into w->text, of the row, unit and facts set in w. */
MUST_CHECK int plan_write(struct plan_writer *w, const struct plan_audience *a, int body,
			  struct err *e);

/* Renders t of what is set in w into out. */
MUST_CHECK int plan_write_text(struct plan_writer *w, const struct plan_text *t,
			       struct buf *out, struct err *e);

/* The file of a text, NFC, lines ended by LF; NULL with e. Yours to free(). */
char *plan_read_file(const struct campaign_house *h, const char *name, struct err *e);
/* Compiles a text; its variables are those of the campaign, and before them the members of more (texts;
 * may be NULL). Free whatever it returns. */
MUST_CHECK int plan_text_compile(const struct campaign_plan *p, struct plan_text *t,
				 const char *name, const char *text, size_t len,
				 const json_t *more, struct err *e);
bool plan_text_uses(const struct plan_text *t, enum plan_source source);
void plan_text_free(struct plan_text *t);

/* Makes the stencils of a's bodies, each proved on trial rows to say what the template says. */
void plan_cut_stencils(const struct campaign_plan *p, struct plan_audience *a);

struct plan_message {
	char *text; /* as it goes out; yours to free() */
	struct sms_count count;
	int segments_with, segments_without; /* of the same body */
};
/* ---- plan_form.c: the audience's registered template, when the ladder has a channel for it. */
MUST_CHECK int plan_form_load(const struct campaign_plan *p, struct plan_audience *a,
			      struct err *e);
void plan_form_free(struct plan_form *f);
bool plan_form_uses(const struct plan_audience *a, enum plan_source source);
const char *plan_form_file(const struct plan_audience *a);
/* The values for what is set in w; -1 with e when one does not fit. */
MUST_CHECK int plan_form_write(struct plan_writer *w, const struct plan_audience *a,
			       struct plan_message *out, struct err *e);

/* Renders the message of audience (index in the campaign) to r: the first body that fits one
 * unaccented segment, else the last, under the campaign's accents. The first error names template,
 * line, variable, and the row by its number and code. */
MUST_CHECK int plan_render(struct plan_writer *w, int audience, const struct recipient *r,
			   const struct plan_unit *unit, struct plan_message *out,
			   struct err *e);
/* The same by any of the plan's texts: those of steps too. */
MUST_CHECK int plan_render_text(struct plan_writer *w, const struct plan_audience *a,
				const struct recipient *r, const struct plan_unit *unit,
				struct plan_message *out, struct err *e);
/* Which session the next messages are about; NULL = none. Borrowed. */
void plan_writer_session(struct plan_writer *w, const struct session *s);

/* What `day` has to bring so that so many are through by `last`, rounded up: q's hamlets have the days of their own
 * offices (written to q, with days and differ). */
int64_t quota_of_day(const struct calendar *c, struct campaign_quota *q, double left,
		     civil_day day, civil_day last);
/* Segments that the campaign's budget still allows; -1 = any number. What is spent or bound already is what was
 * accepted and what may still go. */
MUST_CHECK int quota_budget(struct store *st, const struct campaign_plan *p, int64_t *left,
			    struct err *e);
/* A list being counted for a day's quota, row by row, in as many transactions as it takes. */
struct quota_pass {
	const struct campaign_plan *p;
	struct campaign_quota q;
	bool applies[CAMPAIGN_QUOTA_TARGETS]; /* to somebody whom the campaign is for */
};
void quota_pass_begin(struct quota_pass *w, const struct campaign_plan *p, civil_day today);
void quota_pass_row(struct quota_pass *w, const struct recipient *r,
		    const struct plan_unit *unit);
/* All rows were seen: w->q is whole. */
MUST_CHECK int quota_pass_end(struct quota_pass *w, struct store *st, struct err *e);
/* Likewise, and written down with its arithmetic as *day (->arithmetic is yours to free()). In a transaction. */
MUST_CHECK int quota_pass_write(struct quota_pass *w, struct store *st,
				struct campaign_day *day, struct err *e);
/* What was counted so far, and back into a pass that has begun; yours. */
json_t *quota_pass_save(const struct quota_pass *w);
void quota_pass_load(struct quota_pass *w, const json_t *saved);

/* ---- seats (seating.c) -------------------------------------------------------------------- */

/* The sessions that may still be invited to, and what they have left. */
struct seating {
	struct session *items;
	size_t n, cap;
	civil_day from; /* sessions of this day and later */
};
/* Reads them: those that begin after the day of `at`, so that an invitation leaves a night to get ready.
 * Reads the store only when the plan has seats. */
MUST_CHECK int seating_load(struct seating *s, struct store *st, const struct campaign_plan *p,
			    int64_t at, struct err *e);
void seating_free(struct seating *s);
/* The first with a free seat: of the hamlet's own, else of those for everybody. NULL = none. Whoever
 * gives the seat away counts it in ->taken. */
struct session *seating_pick(struct seating *s, int64_t unit_id);

/* Whether r (of an audience with seats) gets an invitation: EXCLUDED_COUNT, *session and *round; or why
 * not. -1 with e. */
int seating_judge(struct seating *s, struct store *st, const struct campaign_plan *p,
		  int audience, const struct recipient *r, struct session **session, int *round,
		  struct err *e);

/* Gives back the seats, from today on, of those who no longer need one or must not be written to: done
 * meanwhile, held, gone from the list; and of those whose invitation was withdrawn or expired before it left (another
 * number, another audience): they are invited anew. In a transaction. */
MUST_CHECK int seating_sweep(struct store *st, const struct campaign_plan *p, civil_day today,
			     struct err *e);

/* The campaign is cancelled: withdraws what would still go out about its seats, from today on, and gives back those of
 * whoever was not told of theirs. Who was told comes. In a transaction. */
MUST_CHECK int seating_cancel(struct store *st, int64_t campaign_id, civil_day today,
			      struct err *e);

/* When a step of an invitation is due that goes out at `invited` for something at `happens`; 0 = it
 * would come too early or too late to be of use. */
/* What the steps of an invitation without a session lead to: the end of the deadline; INT64_MAX = none. */
int64_t plan_happens(const struct campaign_plan *p);
int64_t plan_step_due(const struct campaign_plan *p, const struct programme_step *s,
		      int64_t invited, int64_t happens);

/* When a message of this audience must no longer go out. */
int64_t plan_expires_at(const struct campaign_plan *p, int audience);

/* Whether texts and audiences are those that campaign_start() saw: 1; 0; -1. A campaign that was not started by it has
 * no record of them: 1. */
int plan_texts_hold(struct store *st, const struct campaign_plan *p, struct err *e);

/* SHA-256, in hex, of all texts and of what the house puts into them. */
void plan_texts_hash(const struct campaign_plan *p, char out[65]);

/* The same, and behind it that of whom the programme takes for which audience: what must not change under way. */
#define PLAN_FROZEN 129
void plan_frozen(const struct campaign_plan *p, char out[PLAN_FROZEN]);

#endif
