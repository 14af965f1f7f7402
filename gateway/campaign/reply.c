/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign/reply.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "campaign/hand_in.h"
#include "campaign/plan.h"
#include "text/phone.h"
#include "text/vi.h"

#define REPLY_WHO "tin trả lời"
/* An answer that could not go out for so long says nothing any more. */
#define REPLY_VOID (2 * CLOCK_DAY_MS)

/* ---- words ---------------------------------------------------------------------------------- */

#define WORDS(name, what)                                                                      \
	{                                                                                      \
		.key = #name, .type = CONF_STRINGS,                                            \
		.offset = offsetof(struct reply_words, name), .required = true, .min = 1,      \
		.max = 200, .help = what                                                       \
	}

static const struct conf_field reply_fields[] = {
    WORDS(opt_out, "answers that ask for no more messages"),
    WORDS(wrong_person, "answers of somebody else"),
    WORDS(will_come, "answers that promise to come"),
    {.key = "result",
     .type = CONF_STRING,
     .offset = offsetof(struct reply_words, result),
     .fallback = "KQ",
     .help = "the word before a code and a result"},
    {.key = "figures",
     .type = CONF_STRING,
     .offset = offsetof(struct reply_words, figures),
     .fallback = "SL",
     .help = "the word before the figures of a week"},
    {.key = NULL},
};
const struct conf_table reply_words_table = {"replies.yaml", sizeof(struct reply_words),
					     reply_fields};

int reply_words_load(const char *dir, struct reply_words *out, struct err *e)
{
	char *path = mem_printf("%s/replies.yaml", dir);
	struct ydoc doc = {0};
	int rc = ydoc_load_file(path, &doc, e);

	if (rc == 0)
		rc = conf_read(&doc, doc.root, &reply_words_table, NULL, out, e);
	ydoc_free(&doc);
	free(path);
	return rc;
}

/* "Đúng" is not "Dừng", and whoever writes "dung" may mean either: taken for what the list has. */
static bool reply_is(const struct conf_list *words, const char *text, const char *fold)
{
	char *const *items = words->items;

	for (size_t i = 0; i < words->n; i++) {
		char *word = vi_fold(items[i]);
		bool same =
		    strcmp(word, fold) == 0 && vi_same_but_marks_left_out(text, items[i]);

		free(word);
		if (same)
			return true;
	}
	return false;
}

/* The next word of *s, up to a space. */
static void reply_word(const char **s, char out[64])
{
	size_t n;

	*s += strspn(*s, " \t\r\n");
	n = strcspn(*s, " \t\r\n");
	(void)snprintf(out, 64, "%.*s", n < 64 ? (int)n : 0, *s);
	*s += n;
}

/* Whether the answer begins with the word of key. */
static bool reply_begins(const char *fold, const char *word)
{
	char *key = vi_fold(word);
	size_t n = strlen(key);
	bool begins = strncmp(fold, key, n) == 0 && (fold[n] == ' ' || fold[n] == '\0');

	free(key);
	return begins;
}

enum reply_kind reply_read(const struct reply_words *w, const char *text, char code[64],
			   char result[64])
{
	char *fold = vi_fold(text), *rest;
	enum reply_kind kind = REPLY_UNKNOWN;
	const char *s = text;
	char first[64];

	code[0] = result[0] = '\0';
	if (reply_is(&w->opt_out, text, fold)) {
		kind = REPLY_OPT_OUT;
	} else if (reply_is(&w->wrong_person, text, fold)) {
		kind = REPLY_WRONG_PERSON;
	} else if (reply_is(&w->will_come, text, fold)) {
		kind = REPLY_WILL_COME;
	} else if (reply_begins(fold, w->figures)) {
		kind = REPLY_FIGURES;
	} else if (reply_begins(fold, w->result)) {
		kind = REPLY_RESULT;
		reply_word(&s, first);
		reply_word(&s, code);
		/* A result may be of several words. */
		rest = vi_fold(s);
		(void)snprintf(result, 64, "%s", strlen(rest) < 64 ? rest : "");
		free(rest);
	}
	free(fold);
	return kind;
}

/* ---- the confirmation ------------------------------------------------------------------------- */

struct reply_text {
	const struct template *t;
	const struct campaign_house *house;
	char hour[8], day[16];
};

static const char *reply_value(void *arg, size_t var, const char *name)
{
	const struct reply_text *r = arg;

	(void)var;
	if (strcmp(name, "co_quan") == 0)
		return r->house->office;
	if (strcmp(name, "xa") == 0)
		return r->house->commune;
	if (strcmp(name, "dien_thoai") == 0)
		return r->house->phone_office;
	if (strcmp(name, "gio") == 0)
		return r->hour;
	return strcmp(name, "ngay") == 0 ? r->day : NULL;
}

/* As it goes out, without marks; yours. NULL with e. file gets the text's file, yours too. */
static char *reply_render(const struct campaign_house *house, int64_t at, char **file,
			  struct err *e)
{
	struct civil c = civil_from_ms(at);
	struct reply_text r = {.house = house};
	const struct template_source src = {.get = reply_value, .arg = &r};
	char *text = NULL, *out;

	(void)snprintf(r.hour, sizeof(r.hour), "%02d:%02d", c.hour % 24, c.minute % 60);
	(void)snprintf(r.day, sizeof(r.day), "%d/%d", c.day % 32, c.month % 13);
	*file = plan_read_file(house, REPLY_OPT_OUT_TEXT, e);
	if (*file != NULL)
		text = plan_stream_text(REPLY_OPT_OUT_TEXT, *file, &src, PLAN_TEXT_MAX, e);
	out = text != NULL ? vi_unaccent(text) : NULL;
	free(text);
	return out;
}

/* Whose row stands for the number. */
struct reply_owner {
	struct store *st;
	struct err *e;
	int64_t id, contact_id;
	int rc;
};

/* What speaks against a row; HOLD_GONE when it is not there. */
static int reply_hold(struct store *st, int64_t id, enum recipient_hold *hold, struct err *e)
{
	struct recipient r = {0};
	int rc = store_recipient_get(st, id, &r, e);

	*hold = rc > 0 ? r.hold : HOLD_GONE;
	recipient_clear(&r);
	return rc < 0 ? -1 : 0;
}

/* The first who may be written to, else the first: a number that somebody had who died is their family's now. */
static bool reply_first(int64_t id, int64_t contact_id, int64_t unit_id, const char *programme,
			void *arg)
{
	struct reply_owner *o = arg;
	enum recipient_hold hold;

	(void)unit_id;
	(void)programme;
	o->rc = reply_hold(o->st, id, &hold, o->e);
	if (o->id == 0 || hold == HOLD_NONE) {
		o->id = id;
		o->contact_id = contact_id;
	}
	return o->rc == 0 && hold != HOLD_NONE;
}

/* One confirmation for each time that somebody stopped. A number that stands in no list gets none. A
 * text that cannot be made must not undo what was asked for. */
static int reply_confirm(struct store *st, const struct reply_house *h, const struct reply *r,
			 struct err *e)
{
	static const struct campaign_stream stream = {.name = REPLY_CAMPAIGN,
						      .lane = LANE_URGENT};
	struct reply_owner owner = {.st = st, .e = e};
	struct message_plan plan = {.due_at = r->received_at,
				    .expires_at = r->received_at + REPLY_VOID,
				    .day = civil_day_of(r->received_at)};
	struct err why = ERR_INIT;
	size_t inserted = 0, linked = 0;
	int64_t before = 0;
	char *file = NULL, *text;
	int rc = -1;

	if (store_number_recipients(st, r->number, reply_first, &owner, e) < 0 || owner.rc < 0)
		return -1;
	if (owner.id == 0)
		return 0;
	text = reply_render(h->house, r->received_at, &file, &why);
	if (text == NULL) {
		log_error("campaign", "not_confirmed", "reply=%" PRId64 " reason=\"%s\"", r->id,
			  why.text);
		rc = 0;
		goto out;
	}
	if (campaign_stream_open(st, &stream, r->received_at, &plan.campaign_id, e) < 0 ||
	    store_reply_before(st, r->number, REPLY_OPT_OUT, r->id, &before, e) < 0 ||
	    store_template_put(st, REPLY_OPT_OUT_TEXT, file, &plan.template_id, e) < 0)
		goto out;
	plan.recipient_id = owner.id;
	plan.contact_id = owner.contact_id;
	plan.step = (int)before;
	plan.segments = sms_count(text).segments;
	plan.text = text;
	rc = store_message_plan(st, &plan, 1, &inserted, &linked, e);
out:
	free(text);
	free(file);
	return rc;
}

/* ---- acting ----------------------------------------------------------------------------------- */

static bool reply_flagged(struct store *st, uint64_t number, unsigned flag, bool *is,
			  struct err *e)
{
	unsigned flags = 0;
	int rc = store_contact_flags_get(st, number, &flags, e);

	*is = rc > 0 && (flags & flag) != 0;
	return rc >= 0;
}

static int reply_flag(struct store *st, const struct reply_house *h, const struct reply *r,
		      enum reply_kind kind, const char *who, struct err *e)
{
	unsigned flag = kind == REPLY_OPT_OUT ? CONTACT_OPTED_OUT : CONTACT_WRONG_PERSON;
	bool is = false;

	if (!reply_flagged(st, r->number, flag, &is, e))
		return -1;
	if (is)
		return 0;
	if (store_contact_flags(st, r->number, flag, 0, who, e) < 0 ||
	    campaign_complained(st, h->house, r->number, e) < 0)
		return -1;
	log_info("campaign", "reply", "reply=%" PRId64 " kind=%s", r->id,
		 reply_kind_name(kind));
	return kind == REPLY_OPT_OUT ? reply_confirm(st, h, r, e) : 0;
}

struct reply_official {
	struct store *st;
	struct err *e;
	const char *programme;
	int64_t id, units[16];
	size_t n;
	int rc;
};

static bool reply_unit(int64_t id, int64_t contact_id, int64_t unit_id, const char *programme,
		       void *arg)
{
	struct reply_official *o = arg;
	enum recipient_hold hold;

	(void)contact_id;
	if (strcmp(programme, o->programme) != 0 || unit_id == 0)
		return true;
	o->rc = reply_hold(o->st, id, &hold, o->e);
	if (o->rc < 0)
		return false;
	/* Who is no official any more enters nothing. */
	if (hold != HOLD_NONE && hold != HOLD_OFFICER)
		return true;
	o->id = id;
	if (o->n < sizeof(o->units) / sizeof(o->units[0]))
		o->units[o->n++] = unit_id;
	return true;
}

/* Where the number's owner is an official: who->n is 0 when nowhere. */
static int reply_official(const struct reply_house *h, const struct reply *r,
			  struct reply_official *who)
{
	who->programme = h->officials;
	if (store_number_recipients(who->st, r->number, reply_unit, who, who->e) < 0)
		return -1;
	return who->rc;
}

/* The row of a code, in whichever programme: 1/0/-1. */
static int reply_row(struct store *st, const struct reply_house *h, const char *code,
		     struct recipient *out, const struct programme **p, struct err *e)
{
	char *upper = vi_upper(code);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->n_programmes; i++) {
		if (strcmp(h->programmes[i]->name, h->officials) == 0)
			continue;
		*p = h->programmes[i];
		rc = store_recipient_find(st, (*p)->name, code, out, e);
		if (rc == 0)
			rc = store_recipient_find(st, (*p)->name, upper, out, e);
	}
	free(upper);
	return rc;
}

/* By its name or its title. */
static int reply_state(const struct programme *p, const char *result)
{
	for (int i = 0; programme_state_at(p, i) != NULL; i++) {
		const struct programme_state *s = programme_state_at(p, i);
		char *name = vi_fold(s->name), *title = vi_fold(s->title);
		bool same = strcmp(name, result) == 0 || strcmp(title, result) == 0;

		free(name);
		free(title);
		if (same)
			return i;
	}
	return -1;
}

/* Why the result is not taken; NULL when it was, and *recipient says whose it is. */
static const char *reply_result(struct store *st, const struct reply_house *h,
				const struct reply *r, const char *code, const char *result,
				int64_t *recipient, int *failed, struct err *e)
{
	struct reply_official who = {.st = st, .e = e};
	const struct programme *p = NULL;
	struct recipient row = {0};
	const char *why = NULL;
	char by[40];
	bool own = false;
	int state, rc = reply_official(h, r, &who);

	*failed = rc;
	if (rc < 0)
		return NULL;
	if (who.n == 0)
		return "số này không phải của cán bộ ấp nào";
	rc = reply_row(st, h, code, &row, &p, e);
	for (size_t i = 0; rc > 0 && i < who.n; i++)
		own = own || who.units[i] == row.unit_id;
	state = rc > 0 ? reply_state(p, result) : -1;
	if (rc == 0)
		why = "không có mã này";
	else if (rc > 0 && !own)
		why = "mã này thuộc ấp khác";
	else if (rc > 0 && state < 0)
		why = "kết quả không có trong chương trình";
	if (rc > 0 && why == NULL) {
		(void)snprintf(by, sizeof(by), "recipient/%" PRId64, who.id);
		*recipient = row.id;
		rc = store_recipient_set_state(st, row.id, state, by, e);
	}
	*failed = rc < 0 ? -1 : 0;
	recipient_clear(&row);
	return why;
}

/* ---- the figures of a week ------------------------------------------------------------------- */

struct reply_hamlets {
	const struct reply_official *who;
	const char *agency; /* kind of the units that are none */
	int64_t unit_id;    /* of the first that is one */
};

static void reply_hamlet(const struct unit *u, void *arg)
{
	struct reply_hamlets *hs = arg;

	for (size_t i = 0; i < hs->who->n && hs->unit_id == 0; i++) {
		if (hs->who->units[i] == u->id && strcmp(u->kind, hs->agency) != 0)
			hs->unit_id = u->id;
	}
}

static const char *reply_agency(const struct reply_house *h)
{
	for (size_t i = 0; i < h->n_programmes; i++) {
		if (strcmp(h->programmes[i]->name, h->officials) == 0 &&
		    h->programmes[i]->unit_kind != NULL)
			return h->programmes[i]->unit_kind;
	}
	return "";
}

/* "SL 443 259 184 58 thiếu máy": the numbers, and whatever comes after them in words. */
static size_t reply_values(const char *text, char values[][64], const char *out[],
			   const char **rest)
{
	size_t n = 0, len;

	/* SL, which may stand close to what follows: "SL:443" */
	text += strspn(text, " \t\r\n");
	while (isalnum((unsigned char)*text) || (unsigned char)*text >= 0x80)
		text++;
	text += strspn(text, ":.-=");
	for (;;) {
		*rest = text + strspn(text, " \t\r\n,;");
		if (n == HAND_IN_FIELDS || **rest < '0' || **rest > '9')
			return n;
		text = *rest;
		reply_word(&text, values[n]);
		len = strlen(values[n]);
		while (len > 0 && strchr(",;.", values[n][len - 1]) != NULL)
			values[n][--len] = '\0';
		out[n] = values[n];
		n++;
	}
}

/* Why the figures are not taken; NULL when they were. room keeps the reason. */
static const char *reply_figures(struct store *st, const struct reply_house *h,
				 const struct reply *r, struct err *room, int *failed,
				 struct err *e)
{
	struct reply_official who = {.st = st, .e = e};
	struct reply_hamlets hs = {.who = &who, .agency = reply_agency(h)};
	char values[HAND_IN_FIELDS][64], by[40];
	const char *borrowed[HAND_IN_FIELDS], *rest;
	struct hand_in in = {.proposals = "", .at = r->received_at, .who = by, .way = "sms"};
	size_t n;

	*failed = reply_official(h, r, &who);
	if (*failed == 0)
		*failed = store_unit_list(st, reply_hamlet, &hs, e);
	if (*failed < 0)
		return NULL;
	if (hs.unit_id == 0 || h->n_reported == 0)
		return "số này không phải của cán bộ ấp nào";
	n = reply_values(r->text, values, borrowed, &rest);
	(void)snprintf(by, sizeof(by), "recipient/%" PRId64, who.id);
	in.week = civil_iso_week(civil_day_of(r->received_at));
	in.unit_id = hs.unit_id;
	in.difficulties = rest;
	if (hand_in_take(st, h->reported, h->n_reported, &in, borrowed, n, room) == 0)
		return NULL;
	*failed = room->code == EX_DATAERR ? 0 : -1;
	if (*failed < 0)
		*e = *room;
	return room->text;
}

static int reply_act(struct store *st, const struct reply_house *h, struct reply *r,
		     const char *code, const char *result, struct err *e)
{
	const char *why = NULL;
	struct err room = ERR_INIT;
	int64_t recipient = 0;
	int rc = 0;

	switch (r->kind) {
	case REPLY_OPT_OUT:
	case REPLY_WRONG_PERSON:
		rc = reply_flag(st, h, r, r->kind, REPLY_WHO, e);
		break;
	case REPLY_RESULT:
	case REPLY_FIGURES:
		why = r->kind == REPLY_RESULT
			  ? reply_result(st, h, r, code, result, &recipient, &rc, e)
			  : reply_figures(st, h, r, &room, &rc, e);
		if (rc == 0 && why != NULL) {
			log_warn("campaign", "result_refused",
				 "reply=%" PRId64 " reason=\"%s\"", r->id,
				 /* what was written may hold anything */
				 r->kind == REPLY_FIGURES ? "figures" : why);
			r->kind = REPLY_REFUSED;
			r->open = true;
		}
		break;
	case REPLY_WILL_COME:
		break;
	default:
		r->open = true;
		break;
	}
	if (rc < 0)
		return -1;
	return store_reply_set(st, r->id, r->kind, r->open, recipient, why, e) < 0 ? -1 : 0;
}

int reply_take(struct store *st, const struct reply_house *h, struct reply *r, struct err *e)
{
	char code[64], result[64];
	int rc;

	r->kind = reply_read(h->words, r->text, code, result);
	r->open = false;
	rc = store_reply_add(st, r, e);
	if (rc <= 0)
		return rc;
	return reply_act(st, h, r, code, result, e) < 0 ? -1 : 1;
}

static bool reply_copy(const struct reply *r, void *arg)
{
	struct reply *out = arg;

	*out = *r;
	out->ref = out->text = out->note = NULL;
	return false;
}

int reply_settle(struct store *st, const struct reply_house *h, int64_t id,
		 enum reply_kind kind, const char *who, struct err *e)
{
	const struct reply_filter f = {.id = id, .open = true};
	struct reply r = {.id = 0};
	char subject[40];

	if (store_reply_list(st, &f, 1, reply_copy, &r, e) < 0)
		return -1;
	if (r.id == 0)
		return 0;
	/* From the moment of the decision on. */
	r.received_at = clock_now_ms();
	if ((kind == REPLY_OPT_OUT || kind == REPLY_WRONG_PERSON) &&
	    reply_flag(st, h, &r, kind, who, e) < 0)
		return -1;
	(void)snprintf(subject, sizeof(subject), "reply:%" PRId64, id);
	if (store_audit(st, who, "reply.settle", subject, reply_kind_name(kind), e) < 0)
		return -1;
	return store_reply_set(st, id, kind == REPLY_UNKNOWN ? r.kind : kind, false,
			       r.recipient_id, NULL, e);
}
