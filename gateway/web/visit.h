/* SPDX-License-Identifier: Apache-2.0 */
/* One request of a person or of another system, served on a clerk's thread: who it is, what they sent,
 * what they get. A handler reads through v->st (one snapshot), writes through visit_writer() as a
 * command would beside the daemon, and leaves a model: a page for people, JSON for others. */
#ifndef MOIDAN_WEB_VISIT_H
#define MOIDAN_WEB_VISIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/account.h"
#include "store/store.h"
#include "web/page.h"
#include "web/route.h"
#include "web/say.h"
#include "web/secret.h"
#include "web/web.h"

/* The media types of a workbook and of what is printed. */
#define VISIT_XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define VISIT_PDF  "application/pdf"

struct clerk;
struct edition;

/* Who is there. */
struct visitor {
	bool signed_in, key, over; /* over: their session was, and is no more */
	struct account account; /* unless key */
	struct api_key api_key;
	unsigned may;	  /* enum may */
	int64_t unit_id;  /* 0 = the whole commune */
	const char *name; /* for the audit: the account's, "api:NAME" */
	char *key_name;	  /* the latter */
};
void visitor_clear(struct visitor *who);

struct visit {
	/* given */
	struct clerk *clerk;
	const struct web_house *house; /* does not change while the visit lasts */
	const struct page_set *pages;
	const struct route *route;
	struct route_params params;
	bool post, secure, api; /* api: came by /api/v1, or wants JSON */
	bool streams; /* it reads an event stream to its end */
	char *path, *query;	/* path without /api/v1 */
	char *host, *cookie, *authorization, *origin, *fetch_site, *content_type, *if_match,
	    *once_key, *languages;
	char address[64];
	char *body;
	size_t body_len;
	bool body_mapped; /* it lies in a file */
	/* found out */
	struct store *st;
	struct visitor who;
	char token[SECRET_TOKEN]; /* of the session; "" */
	char form[SECRET_TOKEN];  /* what a form of this session carries */
	enum page_language language;
	json_t *input;		      /* as the route's inputs say */
	const char *file_name, *file; /* the upload, within body */
	size_t file_len;
	const struct route_input *wrong; /* the input that was refused, and which word says why */
	const char *wrong_why;
	const int64_t *made; /* the row that the work makes, told before it is committed */
	/* answered */
	int status; /* 0: 200, or 303 with location */
	json_t *model;
	char *location;
	char *cookies[2];
	struct buf out; /* with content_type: instead of a model */
	int out_file; /* likewise: a descriptor, 0 = none */
	const char *out_type;
	char *out_name; /* offered as a file of this name */
	char *etag;
	enum page_language speaks; /* of the answer, as far as it holds words */
	bool has_words;
	int retry_after; /* seconds */
	int64_t live;	 /* goes on with the progress of this campaign; 0: no */
};

/* What the route's inputs hold, "" or 0 or NULL when not given. Borrowed. */
const char *visit_text(const struct visit *v, const char *name);
int64_t visit_int(const struct visit *v, const char *name);
const json_t *visit_several(const struct visit *v, const char *name);
/* The nth parameter of the path as a row id; -1 with e (EX_NOINPUT). */
int64_t visit_id(const struct visit *v, int n, struct err *e);

/* A writer's connection, for one visit at a time; NULL with e. */
struct store *visit_writer(struct visit *v, struct err *e);
/* Writes down at once that who did what to subject: what cannot be written down is not shown. */
MUST_CHECK int visit_audit(struct visit *v, const char *what, const char *subject,
			   const char *detail, struct err *e);
/* Something changed that the dispatcher should look at. */
void visit_changed(struct visit *v);
/* Whether who may do one of these. */
bool visit_may(const struct visit *v, unsigned may);

/* Goes on elsewhere (303); for other systems the model stays the answer. 0. */
int visit_go(struct visit *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The page asks for itself again after v->retry_after seconds. */
void visit_comes_again(struct visit *v);
/* An answer of its own status. -1, so that "return visit_refuse(…)" reads well; word as in say(). */
int visit_refuse(struct visit *v, int status, struct err *e, const char *word);

/* The bytes of a file as the answer, sent as they are read; its type is the caller's to say. -1 with e (EX_NOINPUT). */
MUST_CHECK int visit_answer_file(struct visit *v, const char *path, struct err *e);

/* A document that something draws into a file beside the database, for a moment: what draws it knows files
 * only. type is static, name is taken (NULL: it stands in a page). What draw says, or -1 with e. */
MUST_CHECK int visit_answer_drawn(struct visit *v,
				  int (*draw)(struct visit *v, const char *path, void *arg,
					      struct err *e),
				  void *arg, const char *type, char *name, struct err *e);

/* The upload as a file, for a moment, for what reads files only. An error that names the file says the name that it
 * came with. What use says; refused (422) when there is no upload. */
MUST_CHECK int visit_with_upload(struct visit *v,
				 int (*use)(struct visit *v, const char *path, void *arg,
					    struct err *e),
				 void *arg, struct err *e);

/* What e says to whoever asked, for a model. Yours. */
json_t *visit_said(const struct visit *v, const struct err *e);

/* What providers and their descriptions gave as a reason, in English, put over for a page: the member "reason" of o, or of
 * each of a list. Systems get it as it stands. */
void visit_word_reasons(const struct visit *v, json_t *o);

/* "2023-06-14T02:00:00.000Z" under key, null for 0. */
void visit_time(json_t *o, const char *key, int64_t ms);

/* ---- door.c: who is it, and do they come from where they say ----------------------------------- */

/* Fills v->who, v->token, v->form; 0, or -1 with v->status. */
MUST_CHECK int door_open(struct visit *v, struct err *e);
/* A POST of a browser: from our own pages? 0, or -1 with v->status. */
MUST_CHECK int door_own_form(struct visit *v, struct err *e);
/* Begins a session of a: its cookie, its row. In v's writer; opens its own transaction. totp_step: see
 * store_account_login(). 1, 0 when the step was used, -1. */
int door_begin(struct visit *v, const struct account *a, int64_t totp_step, struct err *e);
void door_end_cookie(struct visit *v);
unsigned door_may(enum account_role role);

/* ---- input.c ------------------------------------------------------------------------------------ */

/* Reads query and body by the route's inputs into v->input, the upload into v->file. 0, or -1 with e
 * (EX_DATAERR) and v->wrong. */
MUST_CHECK int input_read(struct visit *v, struct err *e);
/* The value of a form's field as it was sent, whatever the inputs say; yours, NULL when absent. */
char *input_raw(const struct visit *v, const char *name);

/* ---- desk.c ------------------------------------------------------------------------------------ */

struct desk;
/* Threads that serve visits. done is called on base's loop. */
struct desk *desk_new(struct web *w, struct event_base *base,
		      void (*done)(struct visit *v, void *arg), struct err *e);
/* The edition that visits from now on see; those under way go on with theirs. A hold is taken. */
void desk_change(struct desk *d, struct edition *ed);
/* Takes v on success, once there is an edition. -1: too many wait. */
int desk_serve(struct desk *d, struct visit *v, void *arg);
/* Waits for what is being served; what waits is not served. Their done is not called. */
void desk_free(struct desk *d);
void visit_free(struct visit *v);

/* Runs v to its answer (desk.c calls it on a clerk's thread). */
void visit_serve(struct visit *v);
/* The language that its cookie, or another system's Accept-Language, asks for. */
enum page_language visit_language(const struct visit *v);
/* Its answer is that it is refused, as e says: a page or a problem document. Without the store. */
void visit_answer_refusal(struct visit *v, const struct err *e);

/* ---- throttle.c --------------------------------------------------------------------------------- */

/* How often something of a name may be tried: n at once, then one every every_ms. */
struct throttle;
struct throttle *throttle_new(int n, int64_t every_ms);
void throttle_free(struct throttle *t);
/* Takes a try: 0, or how many seconds to wait for one. Thread-safe. */
int throttle_take(struct throttle *t, const char *what, const char *name, int64_t now_mono);
/* Gives back the tries of a name: it was the right one. */
void throttle_forget(struct throttle *t, const char *what, const char *name);

#endif
