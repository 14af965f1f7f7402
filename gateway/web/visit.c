/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a visit: who, may they, is it their form, what did they send, then the handler, then what
 * it left as a page or as JSON. */
#include "web/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/desk.h"
#include "web/once.h"
#include "web/server.h"

#define VISIT_PAGE_MAX ((size_t)4 << 20)

/* ---- what a handler asks for ------------------------------------------------------------- */

const char *visit_text(const struct visit *v, const char *name)
{
	const char *text = json_string_value(json_object_get(v->input, name));

	return text != NULL ? text : "";
}

int64_t visit_int(const struct visit *v, const char *name)
{
	return json_integer_value(json_object_get(v->input, name));
}

const json_t *visit_several(const struct visit *v, const char *name)
{
	return json_object_get(v->input, name);
}

int64_t visit_id(const struct visit *v, int n, struct err *e)
{
	const char *text = v->params.value[n];
	size_t len = strlen(text);

	if (len == 0 || len > 18 || strspn(text, "0123456789") < len || *text == '0')
		return say(e, EX_NOINPUT, "not_found", NULL);
	return strtoll(text, NULL, 10);
}

struct store *visit_writer(struct visit *v, struct err *e)
{
	return clerk_writer(v->clerk, e);
}

int visit_audit(struct visit *v, const char *what, const char *subject, const char *detail,
		struct err *e)
{
	struct store *w = visit_writer(v, e);

	return w == NULL ? -1 : store_audit_now(w, v->who.name, what, subject, detail, e);
}

void visit_changed(struct visit *v)
{
	clerk_changed(v->clerk);
}

bool visit_may(const struct visit *v, unsigned may)
{
	return (v->who.may & may) != 0;
}

int visit_go(struct visit *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(v->location);
	v->location = mem_vprintf(fmt, ap);
	va_end(ap);
	return 0;
}

int visit_refuse(struct visit *v, int status, struct err *e, const char *word)
{
	v->status = status;
	return say(e, EX_DATAERR, word, NULL);
}

static void visit_drop_file(struct visit *v)
{
	if (v->out_file > 0)
		(void)close(v->out_file);
	v->out_file = 0;
}

int visit_answer_file(struct visit *v, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return say(e, EX_NOINPUT, "file_gone", NULL);
	visit_drop_file(v);
	v->out_file = fd;
	return 0;
}

int visit_answer_drawn(struct visit *v,
		       int (*draw)(struct visit *v, const char *path, void *arg, struct err *e),
		       void *arg, const char *type, char *name, struct err *e)
{
	char *path = mem_printf("%s-drawn-XXXXXX", v->house->database);
	int fd = mkstemp(path), rc;

	if (fd < 0) {
		rc = err_set(e, EX_CANTCREAT, "%s: %s", path, strerror(errno));
	} else {
		rc = draw(v, path, arg, e);
		if (rc == 0)
			rc = visit_answer_file(v, path, e);
		(void)unlink(path);
		(void)close(fd);
	}
	free(path);
	if (rc == 0) {
		v->out_type = type;
		v->out_name = name;
	} else {
		free(name);
	}
	return rc;
}

/* “7” at the beginning, which the descriptor is called, as what was sent. */
static void visit_name_upload(const struct visit *v, int fd, struct err *e)
{
	char called[24], *text;

	(void)snprintf(called, sizeof(called), "“%d”", fd);
	if (strncmp(e->text, called, strlen(called)) != 0)
		return;
	text = mem_printf("“%s”%s", v->file_name != NULL ? v->file_name : "",
			  e->text + strlen(called));
	(void)snprintf(e->text, sizeof(e->text), "%.*s", buf_fit(text, sizeof(e->text) - 1),
		       text);
	free(text);
}

int visit_with_upload(struct visit *v,
		      int (*use)(struct visit *v, const char *path, void *arg, struct err *e),
		      void *arg, struct err *e)
{
	char path[40];
	int fd, rc;

	if (v->file == NULL)
		return visit_refuse(v, 422, e, "choose_file");
	fd = memfd_create("upload", MFD_CLOEXEC);
	if (fd < 0 || write(fd, v->file, v->file_len) != (ssize_t)v->file_len) {
		rc = err_set(e, EX_UNAVAILABLE, "the upload: %s", strerror(errno));
	} else {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		rc = use(v, path, arg, e);
		if (rc < 0)
			visit_name_upload(v, fd, e);
	}
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

void visit_time(json_t *o, const char *key, int64_t ms)
{
	char text[32];

	if (ms == 0) {
		json_object_set_new(o, key, json_null());
		return;
	}
	clock_format_rfc3339(ms, text);
	json_object_set_new(o, key, json_string(text));
}

void visit_free(struct visit *v)
{
	char **const texts[] = {
	    &v->path,	       &v->query,      &v->host,       &v->cookie,
	    &v->authorization, &v->origin,     &v->fetch_site, &v->content_type,
	    &v->if_match,      &v->once_key,   &v->languages,  &v->location,
	    &v->cookies[0],    &v->cookies[1], &v->out_name,   &v->etag};

	if (v == NULL)
		return;
	/* Cookies, keys and passwords came through here. */
	if (v->body_mapped)
		(void)munmap(v->body, v->body_len + 1);
	else if (v->body != NULL)
		mem_free_secret(v->body, v->body_len);
	visit_drop_file(v);
	if (v->cookie != NULL)
		explicit_bzero(v->cookie, strlen(v->cookie));
	if (v->authorization != NULL)
		explicit_bzero(v->authorization, strlen(v->authorization));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(*texts[i]);
	visitor_clear(&v->who);
	explicit_bzero(v->token, sizeof(v->token));
	json_decref(v->input);
	json_decref(v->model);
	buf_free(&v->out);
	free(v);
}

/* ---- answers ----------------------------------------------------------------------------- */

static int visit_status_of(const struct err *e)
{
	switch (e->code) {
	case EX_NOINPUT:
		return 404;
	case EX_NOPERM:
		return 403;
	case EX_DATAERR:
	case EX_USAGE:
		return 422;
	case EX_TEMPFAIL:
	case EX_UNAVAILABLE:
		return 503;
	default:
		return 500;
	}
}

/* What was just done, by the address that a form led to: only what we have a word for, so that no link
 * can make us say something. */
static void visit_frame_done(const struct visit *v, json_t *page)
{
	char *key = mem_printf("done.%s", visit_text(v, "done"));

	if (page_word(v->pages, v->language, key) != NULL)
		json_object_set_new(page, "said", json_string(visit_text(v, "done")));
	free(key);
}

/* The header and menu of a page around its own model. */
static json_t *visit_frame(const struct visit *v, const char *name, const json_t *model)
{
	json_t *page = json_object(), *may = json_object();
	static const struct {
		const char *name;
		unsigned bit;
	} bits[] = {{"look", MAY_LOOK},	      {"own", MAY_LOOK_OWN},	{"edit", MAY_EDIT},
		    {"compose", MAY_COMPOSE}, {"approve", MAY_APPROVE}, {"unmask", MAY_UNMASK},
		    {"rule", MAY_RULE},	      {"hand_in", MAY_HAND_IN}};
	char *area = mem_strdup(v->path + 1);

	area[strcspn(area, "/")] = '\0';
	for (char *s = area; *s != '\0'; s++)
		*s = *s == '-' ? '_' : *s;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		json_object_set_new(may, bits[i].name, json_boolean(v->who.may & bits[i].bit));
	json_object_set_new(page, "may", may);
	json_object_set_new(page, "lang", json_string(page_language_name(v->language)));
	json_object_set_new(page, "in_vi", json_boolean(v->language == PAGE_VI));
	json_object_set_new(page, "path", json_string(v->path));
	json_object_set_new(page, "commune", json_string(v->house->campaign->commune));
	json_object_set_new(page, "form", json_string(v->form));
	json_object_set_new(page, "plain", json_boolean(!page_has_bootstrap(v->pages)));
	json_object_set_new(page, "version", json_string(MOIDAN_VERSION));
	json_object_set_new(
	    page, "superior",
	    json_boolean(v->house->report != NULL && v->house->report->cfg->communes.n > 0));
	if (*area != '\0') {
		char *key = mem_printf("at_%s", area);

		json_object_set_new(page, key, json_true());
		free(key);
	} else {
		json_object_set_new(page, "at_home", json_true());
	}
	free(area);
	if (v->who.signed_in && !v->who.key)
		json_object_set_new(page, "me",
				    json_pack("{s:s, s:s, s:s}", "name", v->who.account.name,
					      "title", v->who.account.title, "role",
					      account_role_name(v->who.account.role)));
	visit_frame_done(v, page);
	json_object_set_new(page, "title_key", json_string(name));
	json_object_update(page, (json_t *)(uintptr_t)model);
	return page;
}

static int visit_render(struct visit *v, const char *name, struct err *e)
{
	json_t *page = visit_frame(v, name, v->model);
	int rc;

	buf_free(&v->out);
	buf_init(&v->out, VISIT_PAGE_MAX);
	rc = page_render(v->pages, v->language, name, false, page, &v->out, e);
	json_decref(page);
	v->out_type = "text/html; charset=utf-8";
	v->has_words = true;
	v->speaks = v->language;
	return rc;
}

static void visit_json(struct visit *v, const char *type)
{
	char *text = json_dumps(v->model, JSON_COMPACT);

	buf_free(&v->out);
	buf_init(&v->out, strlen(text));
	(void)buf_adds(&v->out, text);
	free(text);
	v->out_type = type;
}

static bool visit_wants_page(const struct visit *v)
{
	return !v->api;
}

json_t *visit_said(const struct visit *v, const struct err *e)
{
	bool worded;
	char *text = say_text(v->pages, v->language, e, &worded);
	json_t *said = json_string(text);

	free(text);
	return said;
}

void visit_word_reasons(const struct visit *v, json_t *o)
{
	const char *reason = json_string_value(json_object_get(o, "reason"));
	struct err e = ERR_INIT;
	json_t *item;
	size_t i;

	json_array_foreach(o, i, item) visit_word_reasons(v, item);
	if (reason == NULL || !visit_wants_page(v))
		return;
	(void)err_set(&e, EX_UNAVAILABLE, "%s", reason);
	json_object_set_new(o, "reason", visit_said(v, &e));
}

/* What went wrong, in words; yours. Sets v->speaks. People know an input by its label, systems by its name. */
static char *visit_says(struct visit *v, const struct err *e)
{
	bool worded;
	char *text = say_text(v->pages, v->language, e, &worded), *key, *whole;
	const char *label;

	v->has_words = true;
	v->speaks = worded ? v->language : PAGE_VI;
	if (v->wrong == NULL || !worded)
		return text;
	key = mem_printf("field.%s", v->wrong->name);
	label = visit_wants_page(v) ? page_word(v->pages, v->language, key) : NULL;
	whole = mem_printf("%s: %s", label != NULL ? label : v->wrong->name, text);
	free(key);
	free(text);
	return whole;
}

/* RFC 9457 §3.2: which member is wrong, for a program. */
static void visit_problem_errors(const struct visit *v, const char *detail)
{
	json_t *one;

	if (v->wrong == NULL)
		return;
	one = json_pack("{s:o, s:s, s:s}", "pointer", json_sprintf("#/%s", v->wrong->name),
			"code", v->wrong_why, "detail", detail);
	json_object_set_new(v->model, "errors", json_pack("[o]", one));
}

void visit_comes_again(struct visit *v)
{
	json_object_set_new(v->model, "again", json_integer(v->retry_after));
}

/* The page above what was asked for: whoever was refused goes on from there, not from the beginning. */
static void visit_say_above(struct visit *v)
{
	char *at = mem_strdup(v->path != NULL ? v->path : ""), *slash;
	const struct route *route;
	struct route_params params;
	unsigned allowed;

	while ((slash = strrchr(at, '/')) != NULL && slash != at) {
		*slash = '\0';
		if (route_find(web_routes, web_n_routes, ROUTE_GET, at, &route, &params,
			       &allowed) == 1 &&
		    route->page != NULL) {
			json_object_set_new(v->model, "above", json_string(at));
			break;
		}
	}
	free(at);
}

void visit_answer_refusal(struct visit *v, const struct err *e)
{
	const char *kind = web_problem_kind(v->status), *title;
	char *type, *key, *text;
	json_t *detail;
	struct err again = ERR_INIT, inside = ERR_INIT;

	/* Nothing of what was begun goes out with it. */
	visit_drop_file(v);
	free(v->out_name);
	v->out_name = NULL;
	free(v->location);
	v->location = NULL;
	text = visit_says(v, e);
	key = mem_printf("problem.%s", kind);
	type = mem_printf("urn:moidan:problem:%s", kind);
	json_decref(v->model);
	/* What a machine said inside is for the log. Whatever the words are, an answer there is. */
	if (v->status == 500) {
		free(text);
		(void)say(&inside, EX_SOFTWARE, "internal", NULL);
		text = visit_says(v, &inside);
	}
	detail = json_string(text);
	title = page_word(v->pages, visit_wants_page(v) ? v->language : v->speaks, key);
	v->model = json_pack("{s:s, s:s, s:i, s:o, s:s}", "type", type, "title",
			     title != NULL ? title : kind, "status", v->status, "detail",
			     detail != NULL ? detail : json_string(kind), "detail_lang",
			     page_language_name(v->speaks));
	free(type);
	free(key);
	if (v->retry_after > 0 && v->status == 503 && !v->post)
		visit_comes_again(v);
	if (v->who.signed_in && v->status != 401 && v->status != 403)
		visit_say_above(v);
	if (!visit_wants_page(v) || visit_render(v, "problem", &again) < 0) {
		json_object_del(v->model, "above");
		json_object_del(v->model, "detail_lang");
		json_object_del(v->model, "again");
		visit_problem_errors(v, text);
		visit_json(v, "application/problem+json; charset=utf-8");
	}
	free(text);
}

/* What went wrong, as a problem document or as a page that says it in words. */
static void visit_problem(struct visit *v, const struct err *e)
{
	bool worded;
	char *text;

	if (v->status < 400)
		v->status = visit_status_of(e);
	if (v->status >= 500 && v->retry_after == 0) {
		text = say_text(v->pages, PAGE_VI, e, &worded);
		log_error("web", "visit_failed", "route=%s status=%d reason=\"%s\"",
			  v->route->pattern, v->status, text);
		free(text);
	}
	visit_answer_refusal(v, e);
}

/* A form that was refused comes back as it was filled in, with what was wrong on top. */
static bool visit_again(struct visit *v, const struct err *why)
{
	struct err e = ERR_INIT;
	char *text;

	if (!visit_wants_page(v) || v->route->again == NULL || v->input == NULL ||
	    (why->code != EX_DATAERR && why->code != EX_USAGE))
		return false;
	json_decref(v->model);
	v->model = NULL;
	if (v->route->again(v, &e) < 0 || v->model == NULL)
		return false;
	text = visit_says(v, why);
	json_object_set_new(v->model, "error", json_string(text));
	json_object_set_new(v->model, "error_lang", json_string(page_language_name(v->speaks)));
	if (v->wrong != NULL)
		json_object_set_new(v->model, "error_at", json_string(v->wrong->name));
	free(text);
	if (v->status < 400)
		v->status = 422;
	if (visit_render(v, v->route->page, &e) == 0)
		return true;
	log_error("web", "page_failed", "page=%s reason=\"%s\"", v->route->page, e.text);
	return false;
}

/* ---- an answer once given ------------------------------------------------------------------ */

/* 0: go on; 1: answered as before; -1. Marks the key as under way. */
static int visit_once_begin(struct visit *v, const struct once *o, struct err *e)
{
	struct store *w = visit_writer(v, e);
	char *before = NULL;
	int found;

	if (w == NULL || store_begin(w, e) < 0)
		return -1;
	found = once_find(w, o, &v->status, &before, e);
	if (found == 0 && once_keep(w, o, 0, NULL, e) == 0)
		return store_commit(w, e);
	store_rollback(w);
	if (found == 1)
		v->model = json_loads(before, 0, NULL);
	free(before);
	return found == 1 ? 1 : -1;
}

struct visit_once {
	struct visit *v;
	const struct once *once;
	bool kept;
};

/* In the transaction that does the work: so is its answer, or neither. */
static int visit_once_keep(struct store *st, void *arg, struct err *e)
{
	struct visit_once *w = arg;
	int status = 200;
	json_t *model = w->v->route->answer(w->v, st, &status, e);
	char *answer;
	int rc;

	if (model == NULL)
		return -1;
	answer = json_dumps(model, JSON_COMPACT);
	rc = once_keep(st, w->once, status, answer, e);
	w->kept = rc == 0;
	FAILPOINT("once.kept");
	free(answer);
	json_decref(model);
	return rc;
}

/* What was refused may be tried again; what had nothing to write is answered alike the next time. */
static void visit_once_end(struct visit *v, const struct visit_once *done, int rc)
{
	struct err e = ERR_INIT;
	struct store *w = visit_writer(v, &e);
	char *answer = NULL;
	int put = w != NULL ? store_begin(w, &e) : -1;

	if (put == 0 && rc == 0) {
		answer = v->model != NULL ? json_dumps(v->model, JSON_COMPACT) : NULL;
		put = store_end(
		    w, once_keep(w, done->once, v->status != 0 ? v->status : 200, answer, &e),
		    &e);
	} else if (put == 0) {
		put = store_end(w, once_forget(w, done->once, &e), &e);
	}
	if (put < 0)
		log_error("web", "answer_not_kept", "reason=\"%s\"", e.text);
	free(answer);
}

static int visit_once(struct visit *v, struct err *e)
{
	struct once o;
	struct visit_once done = {.v = v, .once = &o};
	int rc;

	if (once_begin(&o, v->who.api_key.id, v->once_key, v->path, v->body, v->body_len, e) <
	    0) {
		v->status = 400;
		return -1;
	}
	rc = visit_once_begin(v, &o, e);
	if (rc == 0) {
		FAILPOINT("once.begun");
		store_with_commit(visit_writer(v, e), visit_once_keep, &done);
		rc = v->route->serve(v, e);
		store_with_commit(visit_writer(v, e), NULL, NULL);
		FAILPOINT("once.served");
		if (rc < 0 || !done.kept)
			visit_once_end(v, &done, rc);
	} else if (rc == 1) {
		rc = 0;
	}
	once_clear(&o);
	return rc;
}

/* ---- the way ----------------------------------------------------------------------------- */

/* How much English is wanted, against Vietnamese, in "vi, en-GB;q=0.8" (RFC 9110 §12.5.4). */
static double visit_weight(const char *list, const char *language)
{
	double best = 0;

	while (*list != '\0') {
		size_t n = strcspn(list, ",");
		const char *q = memmem(list, n, ";q=", 3);

		if (strncasecmp(list, language, 2) == 0 && strchr("-;, ", list[2]) != NULL) {
			double weight = q != NULL ? strtod(q + 3, NULL) : 1;

			best = weight > best ? weight : best;
		}
		list += n;
		list += strspn(list, ", ");
	}
	return best;
}

enum page_language visit_language(const struct visit *v)
{
	const char *at = v->cookie != NULL ? strstr(v->cookie, "lang=") : NULL;

	if (at != NULL)
		return strncmp(at + 5, "en", 2) == 0 ? PAGE_EN : PAGE_VI;
	/* Other systems say it; a browser in English belongs to an officer all the same. */
	if ((!v->api && v->authorization == NULL) || v->languages == NULL)
		return PAGE_VI;
	return visit_weight(v->languages, "en") > visit_weight(v->languages, "vi") ? PAGE_EN
										   : PAGE_VI;
}

/* Whether the route lets them in: 0, 1 when they were sent to the door, -1. */
static int visit_permit(struct visit *v, struct err *e)
{
	const struct route *r = v->route;

	if (r->permission == ROUTE_GUEST)
		return 0;
	if (!v->who.signed_in) {
		if (visit_wants_page(v) && !v->post) {
			(void)visit_go(v, v->who.over ? "/login?done=over" : "/login");
			return 1;
		}
		v->status = 401;
		return say(e, EX_NOPERM, "sign_in", NULL);
	}
	if (r->permission == ROUTE_MAY && !visit_may(v, r->may)) {
		v->status = 403;
		return say(e, EX_NOPERM, "role", NULL);
	}
	return 0;
}

static int visit_run(struct visit *v, struct err *e)
{
	int rc;

	v->language = visit_language(v);
	if (door_open(v, e) < 0)
		return -1;
	rc = visit_permit(v, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (v->who.signed_in) {
		v->retry_after = clerk_too_often(v->clerk, v);
		if (v->retry_after > 0)
			return visit_refuse(v, 429, e, "too_often");
	}
	if (v->post && door_own_form(v, e) < 0)
		return -1;
	if (input_read(v, e) < 0)
		return -1;
	if (v->post && v->who.key && v->route->once)
		return visit_once(v, e);
	return v->route->serve(v, e);
}

void visit_serve(struct visit *v)
{
	struct err e = ERR_INIT;
	int rc;

	v->st = clerk_reader(v->clerk, &e);
	rc = v->st == NULL ? -1 : store_read_begin(v->st, &e);
	if (rc == 0) {
		rc = visit_run(v, &e);
		store_read_end(v->st);
	}
	if (rc < 0) {
		struct err ignored = ERR_INIT;
		bool reads = v->st != NULL && store_read_begin(v->st, &ignored) == 0;

		if (!reads || !visit_again(v, &e))
			visit_problem(v, &e);
		if (reads)
			store_read_end(v->st);
		return;
	}
	if (v->location != NULL && visit_wants_page(v)) {
		v->status = 303;
		return;
	}
	if (v->out_type != NULL)
		return;
	if (v->model == NULL)
		v->model = json_object();
	if (!visit_wants_page(v) || v->route->page == NULL)
		visit_json(v, "application/json; charset=utf-8");
	else if (visit_render(v, v->route->page, &e) < 0) {
		/* What a page lacks is our fault, not that of whoever asked. */
		v->status = 500;
		visit_problem(v, &e);
	}
}
